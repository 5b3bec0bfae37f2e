"""Waivers: who accepted what until when; shown as waived, never as passed."""

import datetime as dt
from pathlib import Path

import pytest

from dq_engine import waivers
from dq_engine.errors import ConfigError
from tests.command import dq_here
from tests.gate.project import OF_CLOSED, PRESENT, gated, newest, project, write_lists, write_toml, write_waiver

WAIVERS = 'waivers = "waivers.toml"\n'
TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """A project in which two practices leave out three and two list sizes."""
    return project(tmp_path, gate=WAIVERS, missing={"A81001": 3, "A81002": 2})


def use(folder: Path) -> tuple[str, str]:
    """What became of the only waiver of the newest run, and the words."""
    (found,) = newest(folder).waivers
    return found.state, found.words


def test_a_waived_failure_opens_the_gate_and_stays_a_failure(failing: Path) -> None:
    write_waiver(failing)
    code, verdict = gated(failing)
    assert code == 0
    assert "of 3 checks in 1 extract, 2 passed, 1 is waived" in verdict
    assert "patients_present (critical) fails; waived by J. Smith until 2099-12-31: Moved to another system" in verdict
    run = newest(failing)
    assert run.outcomes[0].status == "fail"
    assert run.outcomes[0].waiver is not None
    assert use(failing) == ("applied", "patients_present is waived by J. Smith until 2099-12-31: Moved to another system")
    plain = dq_here(failing, "check")
    assert plain.returncode == 0, "a waiver holds for dq check without --gate, too"
    assert "1 failed and is waived" in plain.stdout
    assert "2 of 3 checks passed" in plain.stdout


def test_a_waiver_that_was_taken_back_does_not_live_on_in_results_that_are_taken_again(failing: Path) -> None:
    write_waiver(failing)
    settings = (failing / "dq.toml").read_text().replace("reuse = false\n", "")
    (failing / "dq.toml").write_text(settings)
    assert dq_here(failing, "check").returncode == 0
    (failing / "dq.toml").write_text(settings.replace(WAIVERS, ""))
    done = dq_here(failing, "check")
    assert "not scanned again" in done.stdout
    assert done.returncode == 1
    assert newest(failing).outcomes[0].waiver is None


def test_an_expired_waiver_is_reported_and_the_failure_counts(failing: Path) -> None:
    write_waiver(failing, expires=f"{TODAY - dt.timedelta(days=1)}")
    code, verdict = gated(failing)
    assert code == 1
    assert "patients_present (critical) fails: 5 of 5,600" in verdict
    assert (
        f"the waiver of patients_present by J. Smith expired on {TODAY - dt.timedelta(days=1)}; the check still fails" in verdict
    )
    assert newest(failing).outcomes[0].waiver is None
    assert dq_here(failing, "check").returncode == 1


def test_the_last_day_counts_and_is_near(failing: Path) -> None:
    write_waiver(failing, expires=f"{TODAY}")
    assert gated(failing)[0] == 0
    assert "0 days left" in use(failing)[1]
    write_waiver(failing, expires=f"{TODAY + dt.timedelta(days=14)}")
    gated(failing)
    assert "14 days left" in use(failing)[1]


def test_a_waiver_that_nothing_needs_is_reported(failing: Path) -> None:
    write_waiver(failing, check="patients_positive")
    code, verdict = gated(failing)
    assert code == 1
    assert use(failing) == (
        "unused",
        "the waiver of patients_positive by J. Smith was not needed: it passes in lists",
    )
    write_waiver(failing, check="patient_present")
    gated(failing)
    assert use(failing)[1].endswith("was not needed: no check of that id was run")
    write_lists(failing)
    assert gated(failing)[0] == 0
    write_toml(failing, WAIVERS + 'unused_waivers = "fail"\n')
    code, verdict = gated(failing)
    assert code == 1
    assert "for 1 reason: the waiver of patient_present by J. Smith was not needed" in verdict


@pytest.mark.parametrize(
    ("more", "state", "words"),
    [
        ('organisations = ["A81001", "A81002"]', "applied", ""),
        ('organisations = ["A81001"]', "partly", "covers a part only: lists: it fails at A81002, too"),
        ("at_most = 5", "applied", ""),
        ("at_most = 4", "partly", "lists: it fails 5 times, and at most 4 are accepted"),
        ('organisations = ["A81001"]\nat_most = 4', "partly", "it fails at A81002, too; it fails 5 times, and at most 4"),
        ('extract = "lists"', "applied", ""),
        ('extract = "other"', "unused", "no check of that id was run"),
    ],
)
def test_a_waiver_covers_what_it_says_and_no_more(failing: Path, more: str, state: str, words: str) -> None:
    write_waiver(failing, more=more)
    code, _ = gated(failing)
    assert code == (0 if state == "applied" else 1)
    assert use(failing)[0] == state
    assert words in use(failing)[1]


def test_rows_of_no_organisation_are_not_accepted_by_a_waiver_for_some(tmp_path: Path) -> None:
    folder = project(tmp_path, PRESENT, gate=WAIVERS)
    write_lists(folder, {"A81001": 80, "": 10}, missing={"A81001": 3, "": 1})
    write_waiver(folder, more='organisations = ["A81001"]')
    assert gated(folder)[0] == 1
    assert "it fails" in use(folder)[1]


def test_that_nothing_is_judged_can_be_waived_and_what_fails_cannot_by_that(tmp_path: Path) -> None:
    folder = project(tmp_path, PRESENT, OF_CLOSED, gate=WAIVERS)
    write_waiver(folder, check="closed_list", more='accepts = "vacuous"')
    code, verdict = gated(folder)
    assert code == 0
    assert "closed_list (critical) has nothing to judge; waived by J. Smith" in verdict
    write_waiver(folder, check="closed_list")
    assert gated(folder)[0] == 4
    assert use(folder)[1].endswith("was not needed: it had nothing to judge in lists")
    write_waiver(folder, check="patients_present", more='accepts = "vacuous"')
    write_lists(folder, missing={"A81001": 1})
    assert gated(folder)[0] == 1


def test_what_could_not_be_evaluated_cannot_be_waived(failing: Path) -> None:
    write_waiver(failing)
    (failing / "lists.parquet").write_bytes(b"PAR1 no more")
    assert gated(failing)[0] == 3
    assert use(failing)[1].endswith("it could not be evaluated in lists")


def test_one_practice_of_many_that_got_worse_is_waived_beside_what_is_known(tmp_path: Path) -> None:
    """What the baseline knows needs no waiver: only the practice that got worse does."""
    folder = project(tmp_path, gate=WAIVERS + 'baseline = "baseline"\n', missing={"A81001": 3, "A81002": 2})
    (folder / "waivers.toml").write_text("")
    assert dq_here(folder, "check", "--update-baseline").returncode == 0
    write_lists(folder, missing={"A81001": 3, "A81002": 2, "A81033": 30})
    assert gated(folder)[0] == 1
    write_waiver(folder, more='organisations = ["A81002"]')
    assert gated(folder)[0] == 1
    write_waiver(folder, more='organisations = ["A81033"]')
    code, verdict = gated(folder)
    assert code == 0, verdict
    assert "got worse at A81033: from 0 of 80 (0 %) to 30 of 80 (37.5 %); waived by J. Smith" in verdict
    write_waiver(folder, more='organisations = ["A81033"]\nat_most = 29')
    assert gated(folder)[0] == 1
    write_waiver(folder, more='organisations = ["A81033"]', expires="2024-01-01")
    assert gated(folder)[0] == 1


def test_every_fault_of_a_file_of_waivers_is_told_before_any_work(failing: Path) -> None:
    (failing / "waivers.toml").write_text(
        "[[waivers]]\ncheck = 'a'\nowner = ' '\nreason = 'r'\nexpires = 2024-01-01\n"
        "[[waivers]]\nchek = 'a'\nowner = 'o'\nreason = 'r'\nexpires = '2024-13-01'\n"
        "[[waivers]]\ncheck = 'a'\nowner = 'o'\nreason = 'r'\nexpires = 2024-01-01\naccepts = 'vacuous'\nat_most = 1\n"
        "[[waivers]]\ncheck = 'b'\nowner = 'o'\nreason = 'r'\nexpires = 2024-01-01\nat_most = -1\n"
        "[waiver]\n"
    )
    done = dq_here(failing, "check", "--gate")
    assert done.returncode == 2
    for words in (
        "unknown table 'waiver'",
        "waivers[0]: check, owner and reason must say something",
        'waivers[1].chek: unknown setting; did you mean "check"?',
        "waivers[1].check: is missing",
        "waivers[1].expires",
        "waivers[2]: organisations and at_most are about failures",
        "waivers[3].at_most",
    ):
        assert words in done.stderr, words
    assert not list((failing / "dq-results").glob("*Z-*"))


@pytest.mark.parametrize(
    ("text", "words"),
    [("[[waivers", "is not TOML"), ("waivers = 1", "expected [[waivers]]"), ("waivers = [1]", "expected a table")],
)
def test_what_is_no_file_of_waivers(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"waivers\.toml: ") as caught:
        waivers.parse(text, "waivers.toml")
    assert words in str(caught.value)


def test_waivers_that_are_not_there_are_no_empty_list(failing: Path) -> None:
    done = dq_here(failing, "check")
    assert done.returncode == 2
    assert "waivers.toml: there is no such file of waivers" in done.stderr
