"""The record of a run says which bytes were checked: as ``sha256sum`` does, once for each file, and never in the way."""

import datetime as dt
import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import WorkerProcess, store
from dq_engine.checksums import Checksums
from dq_engine.feeds import Extract, Other, read_suite
from dq_engine.model import ExtractRun, Run
from dq_engine.run import Limits, Progress, check_extract
from dq_engine.run_tables import count_files
from dq_engine.versions import Version, version
from tests.command import dq

RULE = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}, "id": "n"}
THERE = {
    "type": "expect_column_values_to_exist_in_other_extract",
    "kwargs": {"column": "n", "other": "known", "other_column": "n"},
    "id": "known",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An extract of two files, another one, and a suite."""
    (tmp_path / "suite.json").write_text(json.dumps({"name": "rows", "expectations": [RULE, THERE]}))
    (tmp_path / "rows").mkdir()
    for name, values in {"rows/a": [1, 2], "rows/b": [3], "known": [1, 2, 3]}.items():
        pq.write_table(pa.table({"n": values}), tmp_path / f"{name}.parquet")
    return tmp_path


CHECK = ("check", "rows/*.parquet", "--suite", "suite.json", "--with", "known=known.parquet")


def stored(folder: Path) -> Run:
    (directory,) = (folder / "dq-results").iterdir()
    return store.load(directory)


def digests(run: Run) -> dict[str, str]:
    """The checksums of all files of a run, by name."""
    files = [file for extract in run.extracts for file in (*extract.files, *(f for o in extract.others for f in o.files))]
    return {Path(file.path).name: file.sha256 for file in files}


def test_the_record_has_what_sha256sum_says(folder: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    assert dq(folder, *CHECK).returncode == 0
    names = ["rows/a.parquet", "rows/b.parquet", "known.parquet"]
    said = subprocess.run(["sha256sum", *names], cwd=folder, capture_output=True, encoding="utf-8", check=True).stdout
    lines = [line.split() for line in said.splitlines()]
    assert digests(stored(folder)) == {Path(name).name: digest for digest, name in lines}


@pytest.mark.parametrize("how", ["option", "setting"])
def test_checksums_are_left_out_where_somebody_says_so(how: str, folder: Path) -> None:
    if how == "setting":
        (folder / "dq.toml").write_text("[dq]\nchecksums = false\n")
    assert dq(folder, *CHECK, *(["--no-checksums"] if how == "option" else [])).returncode == 0
    assert set(digests(stored(folder)).values()) == {""}


@pytest.mark.parametrize("wanted", [True, False])
def test_python_has_the_option(wanted: bool, folder: Path, worker: WorkerProcess) -> None:
    path = folder / "known.parquet"
    run = dq_engine.check(path, {"name": "n", "expectations": [RULE]}, checksums=wanted, worker=worker)
    assert digests(run)["known.parquet"] == (hashlib.sha256(path.read_bytes()).hexdigest() if wanted else "")
    assert run.options["checksums"] is wanted


# ----------------------------------------------------------------------------------------------------- trouble with files


class Unreadable(Checksums):
    """Finds a bad block in one of the files."""

    def of(self, file: Version, seconds: float | None = None) -> str | None:
        if file.path.endswith("b.parquet"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), file.path)
        return super().of(file, seconds)


def checked(folder: Path, worker: WorkerProcess, checksums: Checksums, limits: Limits, heard: Progress) -> ExtractRun:
    """The extract of the folder, checked with these checksums."""
    files = (folder / "rows" / "a.parquet", folder / "rows" / "b.parquet")
    known = Other("known", (folder / "known.parquet",))
    extract = Extract("rows", files, read_suite(folder / "suite.json"), others=(known,))
    with worker.folder() as counts:
        return check_extract(
            worker,
            extract,
            lambda check: True,
            limits,
            today=dt.date(2024, 4, 1),
            show_values=False,
            progress=heard,
            files=count_files(Path(counts), 0),
            checksums=checksums,
        ).run


def silent(phase: str, fraction: float) -> None:
    """Hears nothing."""


def test_a_file_that_cannot_be_read_spoils_its_extract(folder: Path, worker: WorkerProcess) -> None:
    with Unreadable() as checksums:
        run = checked(folder, worker, checksums, Limits(), silent)
    said = {(outcome.status, outcome.message) for outcome in run.outcomes}
    assert said == {("error", "b.parquet cannot be read: input/output error")}
    assert run.problem == "b.parquet cannot be read: input/output error"


def test_a_file_that_changes_meanwhile_spoils_its_extract(folder: Path, worker: WorkerProcess) -> None:
    path = folder / "rows" / "b.parquet"

    def grow(phase: str, fraction: float) -> None:
        if phase == "writing counts":
            path.write_bytes(path.read_bytes() + b"x")

    with Checksums() as checksums:
        run = checked(folder, worker, checksums, Limits(), grow)
    assert {outcome.status for outcome in run.outcomes} == {"error"}
    assert "changed" in run.problem


def test_waiting_for_checksums_is_within_the_time_limit(folder: Path, worker: WorkerProcess) -> None:
    """These never come: nothing has begun to work them out."""
    run = checked(folder, worker, Checksums(), Limits(timeout=3), silent)
    assert {outcome.status for outcome in run.outcomes} == {"error"}
    assert "longer than the time limit allows" in run.problem


# --------------------------------------------------------------------------------------------------------- the thread


def versions(*paths: Path) -> tuple[Version, ...]:
    return tuple(map(version, paths))


def test_a_file_is_read_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    """What is asked for a second time is answered though the file is gone."""
    path = tmp_path / "rows"
    path.write_bytes(b"x" * 3_000_000)
    (file,) = versions(path)
    with Checksums() as checksums:
        checksums.begin([file])
        first = checksums.of(file)
        path.unlink()
        checksums.begin([file])
        assert checksums.of(file, 0) == first == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_another_version_of_a_file_has_its_own_checksum(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"one")
    with Checksums() as checksums:
        (one,) = versions(path)
        checksums.begin([one])
        checksums.of(one)
        path.write_bytes(b"three")
        (three,) = versions(path)
        checksums.begin([three])
        assert checksums.of(three) == hashlib.sha256(b"three").hexdigest()
        assert checksums.of(one) == hashlib.sha256(b"one").hexdigest()


@pytest.mark.parametrize("trouble", ["gone", "a folder"])
def test_what_cannot_be_read_is_named(trouble: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.mkdir()
    (file,) = versions(path)
    if trouble == "gone":
        path.rmdir()
    with Checksums() as checksums:
        checksums.begin([file, file])
        with pytest.raises(FileNotFoundError if trouble == "gone" else IsADirectoryError) as raised:
            checksums.of(file)
    assert raised.value.filename == str(path)


WAITS = """
import sys
from pathlib import Path
from dq_engine.checksums import Checksums
from dq_engine.versions import version
with Checksums() as checksums:
    file = version(Path(sys.argv[1]))
    checksums.begin([file])
    print("waiting", checksums.of(file, 0), flush=True)
    checksums.of(file)
"""


def test_an_interrupt_does_not_wait_for_a_file_that_cannot_be_read_on(tmp_path: Path) -> None:
    """Nobody ever writes into the pipe, so the thread stays where it opens it."""
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen([sys.executable, "-c", WAITS, str(tmp_path / "pipe")], stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting None\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert said.endswith("KeyboardInterrupt\n")
