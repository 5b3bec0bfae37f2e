"""What changed from run to run, and what is kept of a run."""

import msgspec

from dq_engine.history import CheckState, ExtractState, RunState, before, changes, state
from dq_engine.model import ExtractRun, Outcome, Run, Status, SuiteReference


def check(name: str, status: Status, severity: str = "critical", unexpected: int | None = 0) -> CheckState:
    return CheckState(name, f"{name} holds", status, severity, "completeness", "rows", unexpected, 10)  # type: ignore[arg-type]


def run(number: int, **extracts: list[CheckState]) -> RunState:
    found = tuple(
        ExtractState(name, name.title(), name, "practice", "primary_care", "quality", 10, "", tuple(checks))
        for name, checks in extracts.items()
    )
    return RunState(f"run{number}", f"2024-01-0{number}T00:00:00+00:00", 1.0, 0, "passed", 1, found)


def said(earlier: list[RunState], later: RunState) -> list[tuple[str, str]]:
    return [(change.kind, change.check) for change in changes(earlier, later)]


def test_every_kind_of_change_is_told_most_important_first() -> None:
    was = [
        check("a", "pass"),
        check("b", "fail"),
        check("c", "pass"),
        check("d", "vacuous"),
        check("e", "pass"),
        check("same", "fail"),
    ]
    now = [
        check("a", "fail"),
        check("b", "pass"),
        check("c", "error"),
        check("d", "pass"),
        check("new", "pass"),
        check("same", "fail"),
    ]
    assert said([run(1, lists=was)], run(2, lists=now)) == [
        ("newly failing", "a"),
        ("no longer evaluated", "c"),
        ("check left out", "e"),
        ("mended", "b"),
        ("evaluated again", "d"),
        ("new check", "new"),
    ]


def test_a_check_that_was_only_not_selected_did_not_change() -> None:
    was = [check("a", "fail"), check("b", "skipped"), check("c", "fail")]
    now = [check("a", "skipped"), check("b", "fail"), check("c", "fail")]
    assert said([run(1, lists=was)], run(2, lists=now)) == [("new check", "b")]


def test_critical_changes_come_before_others_of_their_kind() -> None:
    was = [check("a", "pass", "info"), check("b", "pass", "critical")]
    now = [check("a", "fail", "info"), check("b", "fail", "critical")]
    assert said([run(1, lists=was)], run(2, lists=now)) == [("newly failing", "b"), ("newly failing", "a")]


def test_each_extract_is_compared_with_the_newest_run_that_looked_at_it() -> None:
    earlier = [run(1, lists=[check("a", "pass")]), run(2, other=[check("a", "fail")]), run(3, other=[check("a", "pass")])]
    later = run(4, lists=[check("a", "fail")], other=[check("a", "pass")], third=[check("a", "fail")])
    found = changes(earlier, later)
    assert [(change.extract, change.kind, change.earlier and change.earlier.status) for change in found] == [
        ("lists", "newly failing", "pass")
    ]
    assert before(earlier, "other") == (earlier[2], earlier[2].extracts[0])
    assert before(earlier, "third") is None


def test_an_error_that_becomes_vacuous_is_still_not_evaluated() -> None:
    assert said([run(1, lists=[check("a", "error")])], run(2, lists=[check("a", "vacuous")])) == []


def test_what_is_kept_of_a_run_says_how_many_only_if_that_is_wanted() -> None:
    outcome = Outcome(
        "a", "lists", "expect_x", {}, "a holds", "fail", "critical", "validity",
        element_count=10, missing_count=1, unexpected_count=3, denominator=9,
    )  # fmt: skip
    extract = ExtractRun(
        "lists", "lists", "Lists", "practice", "primary_care", SuiteReference("s", "s.json", "0"), 1, (outcome,), rows=10
    )
    whole = Run(
        version=2, id="r", started="2024-01-01T00:00:00+00:00", seconds=1.0, engine={}, options={},
        extracts=(extract,), planned=1, exit_code=1, verdict="failed",
    )  # fmt: skip
    kept = state(whole).extracts[0]
    assert (kept.rows, kept.checks[0].unexpected, kept.checks[0].denominator) == (10, 3, 9)
    less = state(whole, counts=False)
    assert (less.extracts[0].rows, less.extracts[0].checks[0].unexpected, less.extracts[0].checks[0].denominator) == (
        None,
        None,
        None,
    )
    assert less.extracts[0].checks[0].status == "fail"
    assert msgspec.json.decode(msgspec.json.encode(less), type=RunState) == less
