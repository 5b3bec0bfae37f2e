"""``--baseline``: only what got worse fails, and it is named; chance is let be."""

import json
from pathlib import Path

import duckdb
import pytest

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
    write_suite,
    write_toml,
)

SOME = dict.fromkeys(list(SEVENTY)[::7], 1)
"""Ten practices that leave out one list size each."""
BASELINE = 'baseline = "baseline"\n'


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A project whose baseline fails at ten practices."""
    folder = project(tmp_path, gate=BASELINE, missing=SOME)
    code, verdict = gated(folder, "--update-baseline")
    assert code == 0, verdict
    assert (folder / "baseline/run.json").is_file()
    return folder


def test_the_first_baseline_takes_all_that_fails_for_known(tmp_path: Path) -> None:
    folder = project(tmp_path, gate=BASELINE, missing=SOME)
    refused = dq_here(folder, "check", "--gate")
    assert refused.returncode == 2
    assert "baseline: is not there" in refused.stderr.replace(str(folder) + "/", "")
    assert "--update-baseline" in refused.stderr
    made = dq_here(folder, "check", "--update-baseline")
    assert made.returncode == 0
    assert "with 1 failing check known from now on" in made.stderr
    assert newest(folder).gate is not None
    assert [outcome.status for outcome in newest(folder).outcomes] == ["fail", "pass", "pass"], "what fails is not said to pass"


def test_what_is_as_before_passes(kept: Path) -> None:
    assert gated(kept)[0] == 0


def test_a_change_within_chance_passes_and_is_counted(kept: Path) -> None:
    write_lists(kept, missing={**SOME, "A81001": 3, "A81002": 1})
    code, verdict = gated(kept)
    assert code == 0, verdict
    assert "1 failed" in verdict


def test_the_practice_that_got_worse_is_named_and_no_other(kept: Path) -> None:
    write_lists(kept, missing={**SOME, "A81033": 30})
    code, verdict = gated(kept)
    assert code == 1
    assert "patients_present (critical) got worse at A81033: from 0 of 80 (0 %) to 30 of 80 (37.5 %)" in verdict
    gate = newest(kept).gate
    assert gate is not None
    assert [(found.rule, found.check, found.organisation) for found in gate.findings if found.exit_code] == [
        ("baseline", "patients_present", "A81033")
    ]


def test_a_little_more_everywhere_is_found_though_it_is_chance_at_each(kept: Path) -> None:
    write_lists(kept, missing=dict.fromkeys(SEVENTY, 2))
    code, verdict = gated(kept)
    assert code == 1
    assert "got worse over all organisations: from 10 of 5,600 (0.18 %) to 140 of 5,600 (2.5 %)" in verdict
    gate = newest(kept).gate
    assert gate is not None
    assert [found.organisation for found in gate.findings if found.exit_code] == [""]


def test_a_rise_that_is_small_enough_is_let_be(kept: Path) -> None:
    write_lists(kept, missing=dict.fromkeys(SEVENTY, 2))
    write_toml(kept, BASELINE + "least_rise = 0.05\n")
    assert gated(kept)[0] == 0


def test_a_check_that_counts_nothing_got_worse_if_it_fails_now(kept: Path) -> None:
    write_lists(kept, {**SEVENTY, "A82000": 50_000}, missing=SOME)
    code, verdict = gated(kept)
    assert code == 1
    assert "largest_list (critical) fails, and passed before" in verdict


def test_a_first_failure_within_chance_fails_only_if_no_new_failures_are_allowed(tmp_path: Path) -> None:
    folder = project(tmp_path, gate=BASELINE)
    assert gated(folder, "--update-baseline")[0] == 0
    write_lists(folder, missing={"A81001": 1})
    code, verdict = gated(folder)
    assert code == 0
    assert "patients_present (critical) fails, and passed before, within chance: from 0 of 5,600 (0 %) to 1 of 5,600" in verdict
    write_toml(folder, BASELINE + "no_new_failures = true\n")
    code, verdict = gated(folder)
    assert code == 1
    assert "patients_present (critical) fails, and passed before" in verdict


def test_a_new_check_that_fails_counts_and_a_check_that_is_gone_too(kept: Path) -> None:
    below = {
        **POSITIVE,
        "kwargs": {"column": "patients", "max_value": 9_000},
        "severity": "critical",
        "meta": {"dq": {"rule": "small"}},
    }
    write_suite(kept, PRESENT, POSITIVE, LARGEST, below)
    code, verdict = gated(kept)
    assert code == 1
    assert "small (critical) fails, and the baseline does not have it" in verdict
    write_suite(kept, PRESENT, POSITIVE)
    code, verdict = gated(kept)
    assert code == 4
    assert "largest_list was checked in the baseline, and is not any more" in verdict


def test_a_rule_that_was_changed_is_no_longer_known(kept: Path) -> None:
    loose = {**PRESENT, "kwargs": {"column": "patients", "mostly": 0.9999}}
    write_suite(kept, loose, POSITIVE, LARGEST)
    code, verdict = gated(kept)
    assert code == 1
    assert "patients_present (critical) fails, and the baseline has another rule of this name" in verdict


def test_a_check_that_the_baseline_did_not_judge_counts_when_it_fails(tmp_path: Path) -> None:
    folder = project(tmp_path, PRESENT, OF_CLOSED, gate=BASELINE)
    assert gated(folder, "--update-baseline")[0] == 0
    assert gated(folder)[0] == 0, "it had nothing to judge then, and has nothing now"
    write_lists(folder, {**SEVENTY, "Y99999": 5}, missing={"Y99999": 5})
    code, verdict = gated(folder)
    assert code == 1
    assert "closed_list (critical) fails, and the baseline did not judge it" in verdict


def test_a_rule_that_asks_the_clock_is_the_same_rule_and_one_with_another_parameter_is_not(tmp_path: Path) -> None:
    by_clock = {"column": "patients", "max_value": {"$PARAMETER": "9004 + most"}}
    asking = {"type": "expect_column_values_to_be_between", "kwargs": by_clock, "meta": {"dq": {"rule": "few_patients"}}}
    dated = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "sent", "min_value": {"$PARAMETER": "now()"}},
        "meta": {"dq": {"rule": "sent_today"}},
    }
    folder = project(tmp_path, PRESENT, asking, dated, gate=BASELINE)
    connection = duckdb.connect()
    connection.execute(
        f"COPY (SELECT *, TIMESTAMP '2024-01-01' AS sent FROM '{folder}/lists.parquet') TO '{folder}/dated.parquet' (FORMAT parquet)"
    )
    connection.close()
    (folder / "dated.parquet").replace(folder / "lists.parquet")
    assert gated(folder, "--update-baseline", "--param", "most=1")[0] == 0
    code, verdict = gated(folder, "--param", "most=1")
    assert code == 0, verdict
    assert "3 checks were compared" in verdict
    code, verdict = gated(folder, "--param", "most=2")
    assert code == 1
    assert "few_patients (critical) fails, and the baseline has another rule of this name" in verdict


def test_an_extract_that_is_gone_closes_the_gate(kept: Path) -> None:
    write_suite(kept, PRESENT, feed="others")
    write_lists(kept, name="others")
    text = (kept / "dq.toml").read_text()
    (kept / "dq.toml").write_text(text.replace("lists.parquet", "others.parquet"))
    code, verdict = gated(kept)
    assert code == 4
    assert "lists was checked in the baseline, and is not any more" in verdict


def test_an_extract_of_another_name_is_known_by_its_feed(kept: Path) -> None:
    (kept / "lists.parquet").rename(kept / "lists_2024-11.parquet")
    text = (kept / "dq.toml").read_text()
    (kept / "dq.toml").write_text(text.replace("lists.parquet", "lists_2024-11.parquet"))
    code, verdict = gated(kept)
    assert (code, "3 checks were compared" in verdict) == (0, True), verdict


def test_the_baseline_follows_only_a_run_that_passes(kept: Path) -> None:
    before = (kept / "baseline/run.json").read_bytes()
    write_lists(kept, missing={**SOME, "A81033": 30})
    done = dq_here(kept, "check", "--update-baseline")
    assert done.returncode == 1
    assert "stays as it is: the run does not pass" in done.stderr
    assert (kept / "baseline/run.json").read_bytes() == before
    write_lists(kept)
    assert dq_here(kept, "check", "--update-baseline").returncode == 0
    assert (kept / "baseline/run.json").read_bytes() != before
    write_lists(kept, missing=dict.fromkeys(list(SEVENTY)[::3], 2))
    assert gated(kept)[0] == 1, "what was mended may not come back"


def test_what_could_not_be_evaluated_is_no_baseline(kept: Path) -> None:
    (kept / "lists.parquet").write_bytes(b"PAR1 no more")
    done = dq_here(kept, "check", "--baseline", "first", "--update-baseline")
    assert done.returncode == 3
    assert not (kept / "first").exists()


@pytest.mark.parametrize(
    ("prepare", "expected", "words"),
    [
        (lambda place: (place / "measures.parquet").unlink(), 3, "lacks measures.parquet"),
        (lambda place: (place / "run.json").write_text("{}"), 3, "is not the record of a run"),
        (lambda place: (place / "run.json").unlink(), 2, "holds no run"),
        (lambda place: (place / "measures.parquet").write_bytes(b"PAR1"), 3, "measures.parquet"),
    ],
    ids=["table gone", "another record", "no record", "damaged table"],
)
def test_a_baseline_that_cannot_be_read_never_passes(kept: Path, prepare: object, expected: int, words: str) -> None:
    assert callable(prepare)
    prepare(kept / "baseline")
    done = dq_here(kept, "check", "--gate")
    assert done.returncode == expected
    assert words in done.stderr


def test_diff_says_in_words_and_json_what_changed(kept: Path) -> None:
    write_lists(kept, {**SEVENTY, "A82000": 10}, missing={**SOME, "A81033": 30})
    assert dq_here(kept, "check", "--fail-on", "never").returncode == 0
    said = dq_here(kept, "diff", "baseline", "dq-results")
    assert said.returncode == 0
    assert "lists · 5,610 rows (was 5,600) · 71 organisations (was 70)" in said.stdout
    assert "WORSE         critical  patients has a value in every row [patients_present]" in said.stdout
    assert "worse at A81033: 0 of 80 (0 %), now 30 of 80 (37.5 %); by chance" in said.stdout
    assert "3 of 3 checks were compared" in said.stdout
    found = json.loads(dq_here(kept, "diff", "baseline", "dq-results", "--format", "json").stdout)
    assert [(check["check"], [change["organisation"] for change in check.get("worse", [])]) for check in found["checks"]] == [
        ("patients_present", ["A81033"]),
        ("patients_positive", []),
        ("largest_list", []),
    ]
    back = dq_here(kept, "diff", "dq-results", "baseline").stdout
    assert "better        critical" in back
    assert "better at A81033: 30 of 80 (37.5 %), now 0 of 80 (0 %)" in back
    same = dq_here(kept, "diff", "baseline", "baseline").stdout
    assert "nothing changed by more than chance" in same
