"""The policy of ``dq.toml``, rule by rule: what closes the gate, with which exit code, and what is said."""

import json
from pathlib import Path

import pytest

from dq_engine.config import parse
from dq_engine.errors import ConfigError
from tests.command import dq_here
from tests.gate.project import (
    LARGEST,
    OF_CLOSED,
    POSITIVE,
    PRESENT,
    SEVENTY,
    gated,
    newest,
    project,
    write_lists,
    write_toml,
)


def test_the_default_is_strict(tmp_path: Path) -> None:
    folder = project(tmp_path, PRESENT, OF_CLOSED)
    code, verdict = gated(folder)
    assert code == 4
    assert "closed_list (critical) had nothing to judge" in verdict
    assert dq_here(folder, "check").returncode == 0, "dq check alone says what was found; that much passes"
    write_toml(folder, 'vacuous = "report"')
    code, verdict = gated(folder)
    assert code == 0
    assert "closed_list (critical) had nothing to judge" in verdict, "what passes is said all the same"


def test_an_error_closes_the_gate_unless_the_policy_says_otherwise(tmp_path: Path) -> None:
    absent = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "absent"}, "severity": "info"}
    folder = project(tmp_path, PRESENT, absent)
    code, verdict = gated(folder)
    assert code == 3
    assert "could not be evaluated" in verdict
    write_toml(folder, 'error = "report"')
    code, verdict = gated(folder)
    assert code == 0
    assert "1 could not be evaluated" in verdict


@pytest.mark.parametrize(
    ("fail_on", "expected"),
    [("critical", 0), ("warning", 1), ("info", 1), ("never", 0)],
    ids=["critical", "warning", "info", "never"],
)
def test_failures_count_from_the_severity_on(tmp_path: Path, fail_on: str, expected: int) -> None:
    severe = {**POSITIVE, "kwargs": {"column": "patients", "min_value": 9_001}}
    folder = project(tmp_path, PRESENT, severe, gate=f'fail_on = "{fail_on}"')
    code, verdict = gated(folder)
    assert code == expected
    assert "1 failed" in verdict


def test_an_option_of_the_run_does_not_loosen_the_gate(tmp_path: Path) -> None:
    folder = project(tmp_path, missing={"A81001": 1})
    assert dq_here(folder, "check", "--fail-on", "never").returncode == 0
    assert dq_here(folder, "gate").returncode == 1


def test_checks_that_were_left_out_close_the_gate(tmp_path: Path) -> None:
    folder = project(tmp_path)
    code, verdict = gated(folder, "--select", "id:patients_present")
    assert code == 4
    assert "2 of 3 (66.7 %) checks were left out by --select or --ignore" in verdict
    write_toml(folder, 'skipped = "report"')
    code, verdict = gated(folder, "--select", "id:patients_present")
    assert code == 0
    assert "2 of 3 (66.7 %) checks were left out" in verdict


def test_a_feed_that_is_required_and_was_not_checked(tmp_path: Path) -> None:
    folder = project(tmp_path, gate='[[gate.required]]\nfeed = "lists"\n[[gate.required]]\nfeed = "practices"\n')
    code, verdict = gated(folder)
    assert code == 4
    assert "for 1 reason: practices: no extract of this feed was checked, and one is required" in verdict


@pytest.mark.parametrize("listed", ['["A81001", "A89999"]', '"practices.csv"'])
def test_an_organisation_that_is_required_and_sent_nothing(tmp_path: Path, listed: str) -> None:
    folder = project(tmp_path, gate=f'[[gate.required]]\nfeed = "lists"\norganisations = {listed}\n')
    (folder / "practices.csv").write_text("organisation\nA81001\nA89999\n")
    code, verdict = gated(folder)
    assert code == 1
    assert "for 1 reason: lists: A89999 has no rows, and is required" in verdict
    gate = newest(folder).gate
    assert gate is not None
    assert [found.organisation for found in gate.findings] == ["A89999"]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("at_most = 0.02", 1),
        ("at_most = 0.03", 0),
        ('at_most = 0.02\nfeed = "lists"', 1),
        ('at_most = 0.02\ncheck = "patients_present"', 1),
        ('at_most = 0\ncheck = "patients_positive"\nseverity = "warning"', 0),
        ('at_most = 0\ncheck = "no_such_check"', 4),
        ('at_most = 0.02\nfeed = "practices"', 4),
    ],
)
def test_so_many_organisations_may_fail(tmp_path: Path, limit: str, expected: int) -> None:
    folder = project(
        tmp_path, gate=f'fail_on = "never"\n[[gate.failing_organisations]]\n{limit}\n', missing={"A81001": 3, "A81002": 2}
    )
    code, verdict = gated(folder)
    assert code == expected, verdict
    if expected == 1:
        assert "2 of 70 (2.9 %) organisations fail" in verdict
        assert "at most 0.02 are allowed" in verdict


MINIMUM = "[[gate.minimum]]\n"


@pytest.mark.parametrize(
    ("minimum", "expected", "words"),
    [
        ('dqmi = 50\nlevel = "practice"', 4, "DQMI of 50 or more over all feeds: no organisation is rated"),
        ('rating = "fair"\nlevel = "practice"', 4, "rating fair or better of all items together: no organisation is rated"),
    ],
)
def test_a_minimum_that_nobody_is_rated_for_closes_the_gate(tmp_path: Path, minimum: str, expected: int, words: str) -> None:
    code, verdict = gated(project(tmp_path, gate=MINIMUM + minimum))
    assert code == expected
    assert words in verdict


@pytest.mark.parametrize(
    ("minimum", "expected", "words"),
    [
        (
            'rating = "very good"',
            1,
            "rating very good or better of all items together: 253 of 482 (52.5 %) organisations reach it",
        ),
        ('rating = "fair"\nsource = "social_care"\norganisations = 0.5', 0, ""),
        ('dqmi = 99.9\nfeed = "hospital_activity"', 1, "DQMI of 99.9 or more of hospital_activity:"),
    ],
)
def test_a_minimum_of_the_samples(checked_samples: Path, tmp_path: Path, minimum: str, expected: int, words: str) -> None:
    text = f'[gate]\nfail_on = "never"\nerror = "report"\nvacuous = "report"\n{MINIMUM}{minimum}\n'
    (tmp_path / "dq.toml").write_text(text)
    done = dq_here(tmp_path, "gate", str(checked_samples / "dq-results"))
    assert done.returncode == expected, done.stdout
    assert words in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ("fail_on = 'severe'", "gate.fail_on"),
        ("baselines = 'x'", 'gate.baselines: unknown setting; did you mean "baseline"?'),
        ("false_alarms = 0", "gate.false_alarms"),
        ("least_rise = 2", "gate.least_rise"),
        ("error = 'ignore'", "gate.error"),
        ("required = ['lists']", "gate.required[0]"),
        ("[[gate.required]]\norganisations = ['A']", "gate.required"),
        ("[[gate.failing_organisations]]\nfeed = 'lists'", "gate.failing_organisations"),
        ("[[gate.failing_organisations]]\nat_most = 5", "gate.failing_organisations"),
        ("[[gate.minimum]]\nfeed = 'lists'", "gate.minimum[0]: expected one of dqmi and rating"),
        ("[[gate.minimum]]\ndqmi = 90\nrating = 'fair'", "gate.minimum[0]: expected one of dqmi and rating"),
        ("[[gate.minimum]]\nrating = 'fair'\nfeed = 'lists'", "items of an instrument are rated by source"),
        ("[[gate.minimum]]\nrating = 'excellent'", "gate.minimum"),
        ("[[gate.minimum]]\ndqmi = 90\nfeed = 'a'\nsource = 'hospital'", "expected a feed or a source"),
    ],
)
def test_a_policy_with_faults(gate: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"[gate]\n{gate}", Path("dq.toml"))
    assert words in str(caught.value)


def test_what_a_policy_names_and_is_not_there_is_told_before_any_work(tmp_path: Path) -> None:
    named = "[[gate.minimum]]\nrating = 'fair'\ninstrument = 'ours.json'\n[[gate.required]]\nfeed = 'lists'\norganisations = 'all.csv'\n"
    done = dq_here(project(tmp_path, gate=named), "check", "--gate")
    assert done.returncode == 2
    for name in ("ours.json", "all.csv"):
        assert f"{name}: the gate needs it, and it is not there" in done.stderr
    assert not list((tmp_path / "dq-results").glob("*Z-*"))


def test_the_gate_says_of_a_stored_run_what_the_check_said(tmp_path: Path) -> None:
    folder = project(tmp_path, missing={"A81001": 3})
    code, verdict = gated(folder)
    done = dq_here(folder, "gate")
    assert (done.returncode, " ".join(done.stdout.split())) == (code, verdict) == (1, verdict)
    found = json.loads(dq_here(folder, "gate", "--format", "json").stdout)
    assert found["exit_code"] == 1
    assert [(finding["rule"], finding["check"]) for finding in found["gate"]["findings"]] == [("fail_on", "patients_present")]
    assert (
        dq_here(folder, "gate", "--format", "junit", "--output", "gate.xml", "--format", "github", "--output", "-").returncode
        == 1
    )
    assert 'failures="1"' in (folder / "gate.xml").read_text()
    assert "CLOSES  fail_on: lists: patients_present" in dq_here(folder, "gate", "--verbose").stdout
    write_lists(folder)
    gated(folder)
    assert dq_here(folder, "gate", "--quiet").stdout == ""


def test_no_policy_is_no_gate(tmp_path: Path) -> None:
    folder = project(tmp_path, missing=dict.fromkeys(SEVENTY, 1))
    (folder / "dq.toml").write_text('[dq]\nsuites = ["expectations"]\n')
    done = dq_here(folder, "check", "lists.parquet", "--gate")
    assert done.returncode == 2
    assert "there is no table [gate] in dq.toml" in done.stderr
    assert dq_here(folder, "check", "lists.parquet").returncode == 1
    assert dq_here(folder, "gate").returncode == 1, "without a policy the gate is strict"


def test_the_verdict_of_a_run_that_is_not_stored(tmp_path: Path) -> None:
    folder = project(tmp_path, LARGEST, OF_CLOSED)
    done = dq_here(folder, "check", "--gate", "--no-results")
    assert done.returncode == 4
    assert "The gate is closed" in done.stdout
    assert not (folder / "dq-results").exists()
    write_lists(folder, missing={"A81001": 1})
    assert dq_here(folder, "check", "--gate", "--update-baseline", "--no-results").returncode == 2
