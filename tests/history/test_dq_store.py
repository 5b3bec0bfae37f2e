"""``dq store``: runs are listed, pruned, compacted, moved and verified; none is lost, whoever is at work meanwhile or is killed."""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dq_engine import api, locks, store, upkeep
from dq_engine.errors import UsageError
from dq_engine.model import Run
from dq_engine.process import WorkerProcess
from dq_engine.upkeep import ExtractHead, RunHead, Stored, to_prune
from tests.command import dq_here
from tests.history.world import check, copies, stored, write_month
from tests.waiting import until

COPIES, CHECKS = 8, 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, worker: WorkerProcess) -> tuple[Path, list[str]]:
    """A project with one real run and some of its kind before it; only to be copied."""
    folder = tmp_path_factory.mktemp("made")
    write_month(folder, 0, wrong=3)
    check(folder, 0)
    (real,) = stored(folder)
    return folder, [*copies(store.load(real), folder / "dq-results", worker, COPIES), real.name]


@pytest.fixture
def project(made: tuple[Path, list[str]], tmp_path: Path) -> tuple[Path, list[str]]:
    return Path(shutil.copytree(made[0], tmp_path / "project")), made[1]


def names(folder: Path) -> list[str]:
    return [path.name for path in stored(folder)]


# --------------------------------------------------------------------------------------------------------------- prune


def run(number: int, *extracts: str, reused: str = "", day: str = "") -> Stored:
    started = day or f"2024-01-{number + 1:02}"
    heads = tuple(ExtractHead(name, reused) for name in extracts)
    return Stored(RunHead(f"r{number}", f"{started}T09:00:00+00:00", 0, heads), Path(f"r{number}"), 1)


def gone(runs: list[Stored], **asked: Any) -> list[str]:
    return [one.head.id for one in to_prune(runs, **asked).go]


def test_the_newest_runs_of_each_extract_stay() -> None:
    runs = [run(0, "lists"), run(1, "lists", "visits"), run(2, "lists"), run(3, "lists"), run(4, "lists")]
    assert gone(runs, keep=2) == ["r0", "r2"]
    assert gone(runs, keep=1) == ["r0", "r2", "r3"]


def test_of_a_number_and_an_age_both_must_allow_it() -> None:
    runs = [run(number, "lists") for number in range(6)]
    day = dt.date(2024, 1, 4)
    assert gone(runs, before=day) == ["r0", "r1", "r2"]
    assert gone(runs, keep=4, before=day) == ["r0", "r1"]
    assert gone(runs, keep=1, before=dt.date(2030, 1, 1)) == ["r0", "r1", "r2", "r3", "r4"]


def test_the_newest_run_of_an_extract_stays_however_old_it_is() -> None:
    runs = [run(0, "old"), run(1, "lists"), run(2, "lists")]
    pruned = to_prune(runs, before=dt.date(2030, 1, 1))
    assert [one.head.id for one in pruned.go] == ["r1"]
    assert [(one.head.id, why) for one, why in pruned.stay] == [(id, "the newest run of an extract") for id in ("r0", "r2")]


def test_a_run_whose_results_were_taken_over_stays_with_the_one_that_took_them() -> None:
    runs = [run(0, "lists"), run(1, "lists", reused="r0"), run(2, "lists"), run(3, "lists", reused="r0")]
    pruned = to_prune(runs, keep=1)
    assert [one.head.id for one in pruned.go] == ["r1", "r2"]
    assert [(one.head.id, why) for one, why in pruned.stay] == [("r0", "run r3 took over its results")]


def test_a_protected_run_stays_and_one_that_is_not_there_is_a_mistake() -> None:
    runs = [run(number, "lists") for number in range(4)]
    assert gone(runs, keep=1, protected=["r1"]) == ["r0", "r2"]
    with pytest.raises(UsageError, match="r9: there is no such run to keep"):
        to_prune(runs, keep=1, protected=["r1", "r9"])


def test_prune_removes_what_a_dry_run_names(project: tuple[Path, list[str]]) -> None:
    folder, ids = project
    dry = dq_here(folder, "store", "prune", "--keep", "3", "--keep-run", ids[1], "--dry-run")
    assert names(folder) == sorted(ids)
    done = dq_here(folder, "store", "prune", "--keep", "3", "--keep-run", ids[1])
    assert done.stdout == dry.stdout.replace("would remove", "removed")
    assert names(folder) == sorted([ids[1], *ids[-3:]])
    assert f"kept {ids[1]}: protected" in done.stdout and "5 of 9 runs removed" in done.stderr
    assert [path.name for path in (folder / "dq-results").iterdir() if path.name.startswith(".")] == []
    assert dq_here(folder, "history").returncode == 0


def test_the_baseline_of_the_gate_stays(project: tuple[Path, list[str]]) -> None:
    folder, ids = project
    (folder / "dq.toml").write_text(f'[gate]\nbaseline = "dq-results/{ids[2]}"\n')
    assert dq_here(folder, "store", "prune", "--keep", "1").returncode == 0
    assert names(folder) == [ids[2], ids[-1]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say which runs may go"),
        (("--older-than", "soon"), 'such as 90d or 12w; got "soon"'),
        (("--older-than", "1d", "--before", "2024-01-01"), "leave one out"),
        (("--keep", "1", "--keep-run", "nobody"), "nobody: there is no such run to keep"),
        (("nowhere", "--keep", "1"), "nowhere: is not there"),
    ],
)
def test_wrong_usage_removes_nothing(arguments: tuple[str, ...], says: str, made: tuple[Path, list[str]]) -> None:
    done = dq_here(made[0], "store", "prune", *arguments)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert names(made[0]) == sorted(made[1])


# ------------------------------------------------------------------------------------------------------- compact, verify


def test_compacted_runs_are_small_and_say_the_same(project: tuple[Path, list[str]], worker: WorkerProcess) -> None:
    folder, ids = project
    before = dq_here(folder, "history", "--format", "csv").stdout
    outcomes = [(o.check, o.status, o.unexpected_count, o.denominator) for o in store.load(stored(folder)[0]).outcomes]
    done = dq_here(folder, "store", "compact", "--quiet")
    assert "8 of 9 runs made smaller" in done.stderr, done.stderr
    assert dq_here(folder, "history", "--format", "csv").stdout == before
    assert dq_here(folder, "store", "verify").returncode == 0
    small = store.load(stored(folder)[0])
    assert [(o.check, o.status, o.unexpected_count, o.denominator) for o in small.outcomes] == outcomes
    assert not small.extracts[0].queries and not small.extracts[0].views
    assert {o.examples_note for o in small.outcomes if o.status == "fail"} == {"not kept: the run was compacted"}
    newest = next(path for path in stored(folder) if path.name == ids[-1])
    assert store.load(newest).extracts[0].queries, "the newest is as it was"
    again = dq_here(folder, "store", "compact", "--quiet")
    assert "0 of 9 runs made smaller" in again.stderr and "8 small already" in again.stderr
    pages = dq_here(folder, "docs", "--output", "site", "--quiet", f"dq-results/{ids[0]}")
    assert pages.returncode == 0


def test_results_of_a_compacted_run_are_not_taken_over(tmp_path: Path) -> None:
    for place in (0, 1):
        write_month(tmp_path, place, wrong=3)
        check(tmp_path, place)
    dq_here(tmp_path, "store", "compact", "--quiet")
    write_month(tmp_path, 0, wrong=3)
    check(tmp_path, 0)
    newest = max(map(store.load, stored(tmp_path)), key=lambda run: (run.started, run.id))
    assert newest.extracts[0].reused == "" and newest.outcomes[1].examples


def test_verify_names_the_file_that_is_not_as_it_was(project: tuple[Path, list[str]]) -> None:
    folder, ids = project
    results = folder / "dq-results"
    table = results / ids[0] / "measures.parquet"
    table.write_bytes(table.read_bytes()[:-9] + b"!" + table.read_bytes()[-8:])
    record = results / ids[2] / "run.json"
    record.write_text(record.read_text().replace('"exit_code": 0', '"exit_code": 1'))
    (results / ids[4] / "seal.json").unlink()
    (results / ids[6] / "fields.parquet").unlink()
    done = dq_here(folder, "store", "verify")
    assert done.returncode == 3 and "5 of 9 runs are as they were stored" in done.stderr
    for told in (
        f"{ids[0]}/measures.parquet: is not as it was stored",
        f"{ids[2]}/run.json: is not as it was stored",
        f"{ids[4]}/seal.json: is not there",
        f"{ids[6]}: lacks fields.parquet",
    ):
        assert told in done.stderr
    refused = dq_here(folder, "store", "compact", "--quiet")
    assert refused.returncode == 3 and f"{ids[0]}/measures.parquet: is not as it was stored" in refused.stderr


def test_a_run_of_which_nothing_may_be_taken_is_sealed_too(tmp_path: Path) -> None:
    write_month(tmp_path, 0)
    (tmp_path / "visits.json").write_text(json.dumps({"name": "visits", "expectations": []}))
    found = api.check(str(tmp_path / "visits.parquet"), {"name": "v", "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "no such column"}}]})  # fmt: skip
    assert isinstance(found, Run)
    with WorkerProcess() as own:
        directory = store.save(found, tmp_path, own)
    assert upkeep.faults(directory) == []


# ---------------------------------------------------------------------------------------------------------------- move


def test_move_takes_all_runs_to_another_place(project: tuple[Path, list[str]]) -> None:
    folder, ids = project
    before = {path.name: upkeep._digests(path) for path in stored(folder)}
    shutil.copytree(folder / "dq-results" / ids[3], folder / "archive" / ids[3])
    done = dq_here(folder, "store", "move", "dq-results", "archive", "--quiet")
    assert done.returncode == 0 and "9 runs moved to archive" in done.stderr and "1 of them were there already" in done.stderr
    assert list((folder / "dq-results").iterdir()) == []
    assert {path.name: upkeep._digests(path) for path in (folder / "archive").iterdir()} == before
    assert dq_here(folder, "store", "verify", "archive").returncode == 0


def test_another_run_of_the_same_name_is_in_the_way(project: tuple[Path, list[str]]) -> None:
    folder, ids = project
    there = Path(shutil.copytree(folder / "dq-results" / ids[5], folder / "archive" / ids[5]))
    (there / "run.json").write_text((there / "run.json").read_text() + " ")
    done = dq_here(folder, "store", "move", "dq-results", "archive", "--quiet")
    assert done.returncode == 3
    assert f"archive/{ids[5]}: is another run of the same name, with other bytes" in done.stderr
    assert names(folder) == sorted(ids) and len(list((folder / "archive").iterdir())) == 1


@pytest.mark.parametrize("place", ["dq-results", "dq-results/inside", ".", "visits.parquet"])
def test_places_where_runs_cannot_go(place: str, project: tuple[Path, list[str]]) -> None:
    folder, ids = project
    assert dq_here(folder, "store", "move", "dq-results", place, "--quiet").returncode in (2, 3)
    assert names(folder) == sorted(ids)


def test_a_disk_that_cannot_be_written_loses_nothing(project: tuple[Path, list[str]]) -> None:
    folder, ids = project
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    assert dq_here(folder, "store", "move", "dq-results", "/dev/full", "--quiet").returncode == 2
    assert dq_here(folder, "store", "move", "dq-results", "/proc/archive", "--quiet").returncode == 3
    assert names(folder) == sorted(ids)


def whole(folder: Path) -> set[str]:
    """The runs in a folder, all of which are as they were stored."""
    found = [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
    assert [fault for path in found for fault in upkeep.faults(path)] == []
    return {path.name for path in found}


@pytest.mark.parametrize("moment", [1, 4])
def test_a_move_that_is_killed_loses_nothing_and_can_be_done_again(moment: int, project: tuple[Path, list[str]]) -> None:
    """Killed as soon as so many runs are seen at the destination, in whatever the command is doing then."""
    folder, ids = project
    command = [sys.executable, "-m", "dq_engine", "store", "move", "dq-results", "archive", "--quiet"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        archive = folder / "archive"
        until(lambda: process.poll() is not None or (archive.is_dir() and len([*archive.iterdir()]) >= moment))
        process.send_signal(signal.SIGKILL)
    assert whole(folder / "dq-results") | whole(archive) == set(ids)
    again = dq_here(folder, "store", "move", "dq-results", "archive", "--quiet")
    assert again.returncode == 0, again.stderr
    assert whole(archive) == set(ids)
    assert not [*(folder / "dq-results").iterdir()] and len([*archive.iterdir()]) == len(ids)


def test_runs_that_are_stored_meanwhile_are_not_harmed(project: tuple[Path, list[str]]) -> None:
    """Many ``dq check`` at once, beside prune and move again and again: each run is whole, in one place or the other."""
    folder, ids = project
    command = [
        sys.executable,
        "-m",
        "dq_engine",
        "check",
        "visits.parquet",
        "--suite",
        "visits.json",
        "--fail-on",
        "never",
        "--fresh",
    ]
    checks = [subprocess.Popen([*command, "--quiet"], cwd=folder, stderr=subprocess.PIPE) for _ in range(CHECKS)]
    rounds = 0
    while any(process.poll() is None for process in checks):
        assert dq_here(folder, "store", "prune", "--keep", "40", "--keep-run", ids[-1]).returncode in (0, 2)
        assert dq_here(folder, "store", "move", "dq-results", "archive", "--quiet").returncode == 0
        rounds += 1
    said = [process.communicate()[1].decode() for process in checks]
    assert [process.returncode for process in checks] == [0] * CHECKS, said
    assert len(whole(folder / "dq-results") | whole(folder / "archive")) == len(ids) + CHECKS and rounds


def test_what_a_living_process_writes_is_not_swept_up(project: tuple[Path, list[str]]) -> None:
    folder, _ = project
    staging = store.hidden(folder / "dq-results", "20300101T000000Z-abcdef")
    lock = locks.make(staging)
    (staging / "run.json").write_text("half")
    try:
        assert dq_here(folder, "store", "prune", "--keep", "1").returncode == 0
        assert (staging / "run.json").read_text() == "half"
    finally:
        os.close(lock)
    assert dq_here(folder, "store", "move", "dq-results", "archive", "--quiet").returncode == 0
    assert not staging.exists(), "left behind by a process that is gone"


def test_list_says_how_large_runs_are(made: tuple[Path, list[str]]) -> None:
    done = dq_here(made[0], "store", "list")
    assert [line.split()[0] for line in done.stdout.splitlines()] == made[1]
    assert "9 runs, " in done.stderr and done.stdout.count("visits") == 9
    assert msgspec.json.decode((stored(made[0])[0] / "seal.json").read_bytes())["files"].keys() >= {"run.json"}
