"""``dq history``: what came and what was found over time, and what is unusual about the newest, end to end."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest

from dq_engine import store
from dq_engine.model import ExtractRun, Run
from dq_engine.process import WorkerProcess
from tests import scored
from tests.command import dq_here
from tests.history.world import PRACTICES, check, copies, stored, write_month

USUAL = 10
"""Months in which nothing happens."""


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which ten months came as they always come; only to be copied."""
    folder = tmp_path_factory.mktemp("usual")
    for place in range(USUAL):
        write_month(folder, place)
        check(folder, place)
    return folder


@pytest.fixture
def project(usual: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(usual, tmp_path / "project"))


def anomalies(folder: Path, *arguments: str) -> dict[tuple[str, str], str]:
    """What ``dq history`` calls unusual: the words, by measure and check."""
    done = dq_here(folder, "history", "--format", "json", "--quiet", *arguments)
    assert done.returncode in (0, 1, 3), done.stderr
    return {(found["measure"], found.get("check", "")): found["words"] for found in json.loads(done.stdout)["anomalies"]}


def test_months_that_come_as_always_are_no_anomaly(project: Path) -> None:
    done = dq_here(project, "history", "--fail-on-anomaly")
    assert done.returncode == 0, done.stdout
    assert "visits · Visits · 10 runs, 2024-02-15 to 2024-11-15" in done.stdout
    assert re.search(
        r"No anomaly in the \d+ of \d+ series that could be judged: about 0\.\d alarms expected by chance", done.stdout
    )
    assert "Seasons are not modelled" in done.stdout and "1 series in 200" in done.stdout.replace("\n", " ")


def test_a_drop_in_volume_is_named(project: Path) -> None:
    write_month(project, USUAL, rows=12)
    check(project, USUAL)
    found = anomalies(project, "--fail-on-anomaly")
    assert set(found) == {("rows", "")}
    assert re.fullmatch(r"4\d\d: 7\d\d to 8\d\d was to be expected after the 10 deliveries before", found["rows", ""])
    assert dq_here(project, "history", "--fail-on-anomaly").returncode == 1
    assert dq_here(project, "history").returncode == 0


def test_late_data_are_named(project: Path) -> None:
    """The next month does not come: a month later the newest is still the old one."""
    check(project, USUAL - 1, days=46)
    found = anomalies(project)
    assert list(found.values()) == ["46: at most 18 was to be expected after the 9 deliveries before"]
    text = dq_here(project, "history").stdout
    assert "11 runs, 10 deliveries" in text and "days since the newest period" in text


def test_a_practice_that_is_gone_is_named(project: Path) -> None:
    write_month(project, USUAL, practices=[code for code in PRACTICES if code != "P80007"])
    check(project, USUAL)
    found = anomalies(project)
    assert list(found.values()) == ["P80007 sent nothing, and was in each of the 10 deliveries before"]
    assert re.search(r"organisations gone .* 1 of 40 \(2.5 %\): P80007 ", dq_here(project, "history").stdout)


def test_values_that_suddenly_fail_are_named_with_their_denominator(project: Path) -> None:
    write_month(project, USUAL, missing=0.3, wrong=5)
    check(project, USUAL)
    found = anomalies(project)
    assert set(found) == {("failing share", "reason_there"), ("failing share", "minutes_right")}
    assert re.match(r"2\d\d of \d+ \(\d\d\.\d %\): at most \d", found["failing share", "reason_there"])
    assert re.match(r"5 of \d+ \(0\.6\d %\): at most \d", found["failing share", "minutes_right"])


def test_fewer_than_eight_deliveries_before_are_not_judged(tmp_path: Path) -> None:
    for place in range(4):
        write_month(tmp_path, place)
        check(tmp_path, place)
    done = dq_here(tmp_path, "history", "--fail-on-anomaly")
    assert "Nothing could be judged for anomalies" in done.stdout
    assert "too few deliveries to judge (at most 3 of 8 before the newest)" in done.stdout
    assert "No anomaly" not in done.stdout
    assert done.returncode == 4


def test_the_same_delivery_again_counts_once_and_other_arguments_are_not_compared(project: Path) -> None:
    check(project, USUAL - 1)
    suite = json.loads((project / "visits.json").read_text())
    suite["expectations"][1]["kwargs"]["min_value"] = 11
    (project / "visits.json").write_text(json.dumps(suite))
    write_month(project, USUAL)
    check(project, USUAL)
    done = dq_here(project, "history", "--check", "minutes_right")
    assert done.stdout.count("(other arguments: not comparable)") == USUAL
    assert done.stdout.count("(a later run saw the same delivery)") == 1
    assert "1 series has too few deliveries to judge (at most 0 of 8 before the newest)." in done.stdout
    assert re.search(r"2024-12-15  \S+ +FAIL +(\d+) of \1 \(100 %\)\n", done.stdout), done.stdout


def test_an_extract_that_cannot_be_opened_now_has_no_number_and_is_not_judged(project: Path) -> None:
    (project / "visits.parquet").write_bytes(b"PAR1 is no file PAR1")
    done = dq_here(project, "check", "visits.parquet", "--suite", "visits.json", "--results", "dq-results", "--quiet")
    assert done.returncode == 3
    text = dq_here(project, "history").stdout
    assert "No anomaly" not in text and "Nothing could be judged" in text
    assert re.search(r"rows +[▁▂▃▄▅▆▇█]{10}· +no number", text), text
    assert dq_here(project, "history", "--fail-on-anomaly").returncode == 4


def test_one_organisation_over_time(project: Path) -> None:
    done = dq_here(project, "history", "--organisation", "P80003", "--verbose")
    assert "visits · Visits · organisation P80003 · 10 runs" in done.stdout
    assert re.search(r"rows +[▁▂▃▄▅▆▇█]{10} +\d\d  \(before: 18 to 22\)", done.stdout)
    assert dq_here(project, "history", "--organisation", "P99999").returncode == 2


def test_ratings_over_time(tmp_path: Path) -> None:
    """Of a world whose ratings are known: two of five trusts are poor or worse."""
    scored.write_world(tmp_path)
    for _ in range(2):
        dq_here(tmp_path, "check", "trusts.parquet", "spells.parquet", "--fail-on", "never", "--quiet")
    asked = ("history", "--instrument", "small.json", "--rating")
    done = dq_here(tmp_path, *asked, scored.ITEM)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("poor or worse 2 of 5 (40 %) rated, of 6: 1 very poor, 1 poor, 0 fair, 1 good, 2 very good") == 2
    assert dq_here(tmp_path, *asked, scored.ITEM, "--organisation", "5B1").stdout.count("very poor  score 0.450") == 2
    wrong = dq_here(tmp_path, *asked, "hospital.commision")
    assert wrong.returncode == 2 and 'did you mean "hospital.commission"?' in wrong.stderr
    assert dq_here(tmp_path, *asked, scored.ITEM, "--organisation", "XXX").returncode == 2


def test_tables_for_spreadsheets(project: Path) -> None:
    done = dq_here(project, "history", "--format", "csv", "--last", "3")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["day"] for row in rows} == {"2024-09-15", "2024-10-15", "2024-11-15"}
    assert {row["measure"] for row in rows} >= {"rows", "organisations", "failing share", "organisations gone"}
    of = [row for row in rows if row["check"] == "reason_there"]
    assert len(of) == 3 and all(int(row["of"]) > float(row["value"]) > 0 for row in of)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere",), 2, "nowhere: is not there"),
        (("empty",), 4, "no run can be shown"),
        (("--extract", "visit"), 2, 'did you mean "visits"?'),
        (("--check", "reason_their"), 2, 'did you mean "reason_there"?'),
        (("--rating", "overall", "--fail-on-anomaly"), 2, "--rating finds no anomalies"),
    ],
)
def test_what_cannot_be_shown(arguments: tuple[str, ...], code: int, says: str, usual: Path) -> None:
    (usual / "empty").mkdir(exist_ok=True)
    done = dq_here(usual, "history", *arguments)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr


# ---------------------------------------------------------------------------------------------------- versions of records


def newer(directory: Path, version: int = 3) -> None:
    """As if another dq had written the run: its record says so, and says things in another way."""
    record = json.loads((directory / "run.json").read_text())
    record |= {"version": version, "engine": {"dq": "9.1.0"}}
    for extract in record["extracts"]:
        extract["outcomes"] = []
    (directory / "run.json").write_text(json.dumps(record))


def test_a_run_of_a_newer_version_is_refused_by_whatever_reads_runs(project: Path) -> None:
    *_, newest = stored(project)
    newer(newest)
    words = "was written by dq 9.1.0, as version 3 of a run's record; this is dq 0.1.0, which knows versions up to 2: upgrade dq"
    for command in (("score",), ("docs", "--output", "site"), ("history",), ("store", "verify"), ("store", "list")):
        done = dq_here(project, *command)
        assert done.returncode == 3, command
        assert f"{newest.name}/run.json: {words}" in done.stderr, done.stderr
    assert not (project / "site").exists()
    for command in (("store", "prune", "--keep", "1"), ("store", "compact")):
        assert dq_here(project, *command).returncode == 3
    assert dq_here(project, "store", "move", "dq-results", "elsewhere").returncode == 3
    assert newest.is_dir() and list((project / "elsewhere").iterdir()) == []
    with pytest.raises(store.StoreError, match=r"upgrade dq"):
        store.load(newest)


def test_a_history_shows_the_others_and_says_what_it_leaves_out(project: Path) -> None:
    newer(stored(project)[3])
    done = dq_here(project, "history")
    assert done.returncode == 3
    assert "a run is left out: " in done.stderr and "visits · Visits · 9 runs" in done.stdout


def test_a_check_takes_nothing_from_a_run_of_a_newer_version(project: Path) -> None:
    *_, newest = stored(project)
    seal = json.loads((newest / "seal.json").read_text())
    newer(newest)
    seal["files"]["run.json"] = store.digest(newest / "run.json")
    (newest / "seal.json").write_text(json.dumps(seal))
    check(project, USUAL - 1)
    (again,) = {*stored(project)} - {newest, *stored(project)[: stored(project).index(newest)]}
    run = store.load(again)
    assert [extract.reused for extract in run.extracts] == [""]
    assert [outcome.status for outcome in run.outcomes] == ["pass", "pass"]


def test_a_run_of_an_older_version_says_what_to_do(project: Path) -> None:
    newer(stored(project)[-1], version=1)
    done = dq_here(project, "score")
    assert done.returncode == 3
    assert "which reads version 2: check again" in done.stderr


# ------------------------------------------------------------------------------------------------------ simulated histories


def test_stored_runs_with_a_slow_decline(usual: Path, tmp_path: Path, worker: WorkerProcess) -> None:
    """The last eight have a few rows less each: no single one is outside, all together are a shift."""
    run = store.load(stored(usual)[0])

    def fewer(extract: ExtractRun, place: int) -> ExtractRun:
        return msgspec.structs.replace(extract, rows=1_000_000 + (place * 4 % 11) * 1_000 - (9_000 if place >= 16 else 0))

    copies(run, tmp_path / "dq-results", worker, 24, fewer)
    found = anomalies(tmp_path, "--extract", "visits")
    assert "the last of 8 in a row below the mean" in found["rows", ""]


def test_damage_in_a_table_is_told(project: Path) -> None:
    table = stored(project)[2] / "measures.parquet"
    table.write_bytes(table.read_bytes()[:200])
    done = dq_here(project, "history")
    assert done.returncode == 3
    assert str(table.relative_to(project)) in done.stderr
    assert isinstance(store.load(table.parent), Run)
