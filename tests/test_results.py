"""What a run ends with: the exit code and the verdict, from the outcomes of its checks."""

import itertools

import pytest

from dq_engine.model import SEVERITIES, ExtractRun, Outcome, Severity, Status, SuiteReference
from dq_engine.results import conclude

STATUSES: tuple[Status, ...] = ("pass", "fail", "error", "vacuous", "skipped")
Short = tuple[Status, Severity]
P, F, W, I, E, V, S = (  # noqa: E741  a pass; a failure that is critical, a warning or information; an error; vacuous; skipped
    ("pass", "critical"),
    ("fail", "critical"),
    ("fail", "warning"),
    ("fail", "info"),
    ("error", "critical"),
    ("vacuous", "critical"),
    ("skipped", "critical"),
)


def extract(*outcomes: Short, name: str = "lists", planned: int | None = None, problem: str = "") -> ExtractRun:
    return ExtractRun(
        name=name,
        feed="lists",
        title="",
        level="practice",
        source="primary_care",
        suite=SuiteReference("lists", "lists.json", "0" * 64),
        planned=len(outcomes) if planned is None else planned,
        outcomes=tuple(
            Outcome(str(place), name, "expect", {}, "a rule", status, severity, "validity")
            for place, (status, severity) in enumerate(outcomes)
        ),
        problem=problem,
    )


def code(*outcomes: Short, fail_on: str = "critical") -> int:
    return conclude([extract(*outcomes)], fail_on)[0]


@pytest.mark.parametrize(
    ("outcomes", "critical", "warning", "info", "never"),
    [
        pytest.param([P], 0, 0, 0, 0, id="a pass"),
        pytest.param([F], 1, 1, 1, 0, id="a critical failure"),
        pytest.param([W], 0, 1, 1, 0, id="a warning"),
        pytest.param([I], 0, 0, 1, 0, id="information"),
        pytest.param([E], 3, 3, 3, 3, id="an error"),
        pytest.param([V], 4, 4, 4, 4, id="nothing to judge"),
        pytest.param([S], 4, 4, 4, 4, id="nothing selected"),
        pytest.param([], 4, 4, 4, 4, id="no check"),
        pytest.param([P, F], 1, 1, 1, 0, id="a pass and a failure"),
        pytest.param([P, W, I], 0, 1, 1, 0, id="a pass and lesser failures"),
        pytest.param([P, V, S], 0, 0, 0, 0, id="a pass and nothing else"),
        pytest.param([F, E], 3, 3, 3, 3, id="3 over 1"),
        pytest.param([V, E], 3, 3, 3, 3, id="3 over 4"),
        pytest.param([F, V], 1, 1, 1, 0, id="a failure and nothing else"),
        pytest.param([W, V], 0, 1, 1, 0, id="a warning and nothing else"),
        pytest.param([("error", "info"), P], 3, 3, 3, 3, id="an error of a lesser rule"),
    ],
)
def test_exit_code(outcomes: list[Short], critical: int, warning: int, info: int, never: int) -> None:
    codes = {gate: code(*outcomes, fail_on=gate) for gate in ("critical", "warning", "info", "never")}
    assert codes == {"critical": critical, "warning": warning, "info": info, "never": never}


def test_zero_only_where_something_was_judged_and_nothing_failed_at_the_gate() -> None:
    kinds: list[Short] = list(itertools.product(STATUSES, SEVERITIES))
    for outcomes in itertools.combinations_with_replacement(kinds, 2):
        for gate in (*SEVERITIES, "never"):
            at_gate = SEVERITIES[SEVERITIES.index(gate) :] if gate != "never" else ()
            right = (
                any(status in ("pass", "fail") for status, _ in outcomes)
                and not any(status == "error" for status, _ in outcomes)
                and not any(status == "fail" and severity in at_gate for status, severity in outcomes)
            )
            for order in (outcomes, outcomes[::-1]):
                assert (code(*order, fail_on=gate) == 0) == right, (order, gate)


@pytest.mark.parametrize("planned", [0, 1, 3])
@pytest.mark.parametrize("outcomes", [[P, P], [P, F], [F, E]], ids=["passes", "a failure", "an error"])
def test_checks_that_are_not_reported_are_never_a_success(planned: int, outcomes: list[Short]) -> None:
    number, verdict = conclude([extract(*outcomes, planned=planned)], "never")
    assert number == 3
    assert verdict == f"not complete: {planned} checks were planned and 2 reported"


def test_problem_of_an_extract_is_told() -> None:
    run = [extract(P), extract(P, name="other", problem="its organisations are unknown")]
    assert conclude(run, "critical") == (3, "not complete: other: its organisations are unknown")


def test_three_wins_over_one_and_one_over_four_across_extracts() -> None:
    empty, failed, broken = extract(V, name="a"), extract(F, name="b"), extract(E, name="c")
    assert conclude([empty, extract(P)], "critical")[0] == 4
    assert conclude([empty, failed], "critical")[0] == 1
    assert conclude([failed, empty], "critical")[0] == 1
    assert conclude([empty, failed, broken], "critical")[0] == 3
    assert conclude([broken, failed, empty], "critical")[0] == 3


@pytest.mark.parametrize(
    ("outcomes", "fail_on", "verdict"),
    [
        ([P, P, P], "critical", "passed: 3 of 3 checks passed"),
        ([P], "critical", "passed: 1 of 1 check passed"),
        ([P, V, S], "critical", "passed: 1 of 3 checks passed, 2 not judged"),
        (
            [P, W],
            "critical",
            "passed (nothing failed at critical or above): 1 of 2 checks passed, 1 failed at a lower severity",
        ),
        ([P, W, F], "warning", "failed: 2 of 3 checks failed at severity warning or above"),
        ([F], "critical", "failed: 1 of 1 check failed at severity critical or above"),
        ([E, P], "critical", "not complete: 1 of 2 checks could not be evaluated"),
        ([V, S], "critical", "nothing was checked: no check had anything to judge"),
    ],
)
def test_verdict(outcomes: list[Short], fail_on: str, verdict: str) -> None:
    assert conclude([extract(*outcomes)], fail_on)[1] == verdict


def test_verdict_names_the_extracts_in_which_nothing_was_checked() -> None:
    run = [extract(P, name="a"), extract(V, name="b"), extract(S, name="c")]
    assert conclude(run, "critical") == (4, "nothing was checked in b, c: no check had anything to judge")


def test_verdict_does_not_call_a_critical_failure_one_of_a_lower_severity() -> None:
    number, verdict = conclude([extract(P, F)], "never")
    assert number == 0
    assert "1 failed" in verdict
    assert "lower severity" not in verdict


def test_a_run_without_any_extract_is_no_success() -> None:
    assert conclude([], "critical")[0] == 4
