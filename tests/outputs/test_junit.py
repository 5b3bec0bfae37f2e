"""JUnit XML, as its readers read it."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from dq_engine.model import GateFinding, Run
from dq_engine.report import junit
from dq_engine.report.origins import Origin

from .conftest import SUITE, WAIVER, accepted, each_kind, gated

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no character of XML 1.0 (production 2)."""


def read(run: Run, origin: Origin) -> JUnitXml:
    return JUnitXml.fromstring(junit.render(run, origin))


def cases(run: Run, origin: Origin) -> dict[tuple[str, str], TestCase]:
    found = [case for suite in read(run, origin) for case in suite]
    named = {(case.classname, case.name): case for case in found}
    assert len(named) == len(found), "each test case can be told from the others"
    return named


def told(case: TestCase) -> tuple[type, str, str]:
    (result,) = case.result
    return type(result), result.type or "", result.message


@each_kind
def test_a_file_without_failure_and_error_is_of_a_run_that_passes(kind: str, runs: dict[str, Run], origin: Origin) -> None:
    found = read(runs[kind], origin)
    assert found.tests > 0
    if runs[kind].exit_code:
        assert found.failures + found.errors > 0
    assert found.tests == sum(1 for suite in found for _ in suite)
    assert found.failures == sum(isinstance(r, Failure) for suite in found for case in suite for r in case.result)
    assert found.errors == sum(isinstance(r, Error) for suite in found for case in suite for r in case.result)
    assert found.skipped == sum(isinstance(r, Skipped) for suite in found for case in suite for r in case.result)


@each_kind
def test_no_case_is_green_but_of_a_check_that_passed(kind: str, runs: dict[str, Run], origin: Origin) -> None:
    passed = {outcome.check for outcome in runs[kind].outcomes if outcome.status == "pass"}
    assert {name for (_, name), case in cases(runs[kind], origin).items() if not case.result} == passed


def test_each_outcome_has_its_own_word(runs: dict[str, Run], origin: Origin) -> None:
    found = cases(runs["error"], origin)
    assert told(found["rows", "sex_known"]) == (
        Failure, "critical", "sex has a value in every row: 1 of 4 (25 %) rows, in 1 organisation",
    )  # fmt: skip
    assert told(found["rows", "sex_valid"])[:2] == (Failure, "warning")
    assert told(found["rows", "code_listed"])[:2] == (Failure, "info")
    assert told(found["rows", "nowhere_known"])[:2] == (Error, "error")
    assert told(found["rows", "empty_valid"]) == (Skipped, "", "none of the 4 rows has a value to judge")
    assert told(cases(runs["skipped"], origin)["good", "code_present"]) == (Skipped, "", "not selected")


def test_where_nothing_at_all_was_judged_vacuous_checks_are_errors(runs: dict[str, Run], origin: Origin) -> None:
    found = cases(runs["no rows"], origin)
    assert [told(case)[:2] for case in found.values()] == [(Error, "vacuous")] * 2
    held = gated(runs["vacuous"], 4, GateFinding("vacuous", 4, "must judge something", "good", "empty_valid"))
    assert told(cases(held, origin)["good", "empty_valid"])[:2] == (Error, "vacuous")


def test_what_was_accepted_is_skipped_and_says_by_whom_until_when_and_why(runs: dict[str, Run], origin: Origin) -> None:
    message = "waived by A. Lead until 2030-05-31: the sender mends it | in May"
    assert told(cases(runs["waived"], origin)["rows", "sex_known"]) == (Skipped, "", message)
    assert told(cases(runs["waived"], origin)["rows", "sex_valid"])[0] is Failure
    both = accepted(runs["vacuous"], msgspec.structs.replace(WAIVER, check="empty_valid", accepts="vacuous"))
    assert told(cases(both, origin)["good", "empty_valid"]) == (Skipped, "", message)


def test_an_extract_that_cannot_be_opened_is_an_error_beside_its_checks(runs: dict[str, Run], origin: Origin) -> None:
    found = cases(runs["torn"], origin)
    assert set(found) == {("torn", name) for name in ("extract", "sex_known", "sex_valid", "code_listed")}
    assert {told(case)[0] for case in found.values()} == {Error}


def test_what_the_gate_holds_against_a_run_is_in_it(runs: dict[str, Run], origin: Origin) -> None:
    found = cases(runs["gate"], origin)
    assert told(found["dq", "gate.required.feeds"])[:2] == (Error, "error")
    assert told(found["rows", "gate.rows.A81001"])[0] is Failure
    assert told(found["rows", "gate.waivers"])[0] is Skipped
    assert [suite.name for suite in read(runs["gate"], origin)] == ["rows", "gate"]
    assert ("rows", "gate.fail_on.sex_known") not in found, "the check itself says so"


@pytest.mark.parametrize("check", ["sex_known", "nobody"])
def test_a_finding_about_a_check_that_does_not_fail_is_a_failure_of_its_own(
    check: str, runs: dict[str, Run], origin: Origin
) -> None:
    """Such as a waiver that does not reach far enough, or a check that is no longer there."""
    held = gated(accepted(runs["failing"], WAIVER), 1, GateFinding("checks", 1, "why", "rows", check))
    assert told(cases(held, origin)["rows", f"gate.checks.{check}"])[0] is Failure


def test_a_run_of_nothing_is_an_error_that_says_so(runs: dict[str, Run], origin: Origin) -> None:
    (case,) = cases(runs["nothing"], origin).values()
    assert told(case) == (Error, "error", "The run passes: nothing was checked: no check had anything to judge")


def test_hostile_texts_leave_the_file_well_formed(runs: dict[str, Run], origin: Origin) -> None:
    raw = junit.render(runs["hostile"], origin).decode()
    assert not ILLEGAL.search(raw)
    assert "\u202e" not in raw
    root = ET.fromstring(raw)
    assert {element.tag for element in root.iter()} == {"testsuites", "testsuite", "testcase", "failure", "error"}
    assert {case.get("file") for case in root.iter("testcase")} == {SUITE}


def test_lines_are_those_of_the_expectations(runs: dict[str, Run], origin: Origin, world: Path) -> None:
    (extract,) = runs["error"].extracts
    lines = (world / extract.suite.path).read_text(encoding="utf-8").split("\n")
    for case in ET.fromstring(junit.render(runs["error"], origin)).iter("testcase"):
        assert lines[int(case.get("line") or 0) - 1] == "    {"


def test_cases_are_called_the_same_in_each_run(runs: dict[str, Run], origin: Origin) -> None:
    assert {name for _, name in cases(runs["tolerated"], origin)} < {name for _, name in cases(runs["failing"], origin)}
