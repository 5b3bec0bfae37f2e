"""Faults from outside: a small part of ``python -m tests.robust.faults``, always the same, and what it found in its time."""

import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dq_engine import WorkerProcess, locks, store
from dq_engine.engine import Options, run_checks
from dq_engine.errors import UsageError, WorkerDied
from dq_engine.feeds import Extract, read_suite
from dq_engine.model import Run
from dq_engine.report.progress import Lines
from tests.robust import faults_disks, faults_files, faults_limits, faults_parents, faults_together, faults_workers
from tests.robust.faults import Kind, World
from tests.waiting import until

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at processes in /proc, which Linux has")

PARTS: dict[str, tuple[Kind, int]] = {
    "worker": (faults_workers.checking, 6),
    "ratings": (faults_workers.scoring, 3),
    "command": (faults_parents.stopped, 5),
    "file": (faults_files.meddled, len(faults_files.MEDDLING)),
    "disk": (faults_disks.full, 3),
    "together": (faults_together.checks, 4),
    "pages together": (faults_together.pages, 2),
}


@pytest.mark.parametrize("part", PARTS)
def test_what_befalls_a_run_leaves_it_whole_or_unstored(part: str, tmp_path: Path) -> None:
    kind, count = PARTS[part]
    tally = kind(tmp_path, random.Random(part), count)
    if skipped := [what for what in tally if what.startswith("left out")]:
        pytest.skip(skipped[0])
    assert tally.total() == count


@pytest.mark.parametrize(
    "case", ["ulimit -v 400000", "ulimit -n 6", "ulimit -u 5", "no standard stream", "standard error is full"]
)
def test_limits_of_the_system(case: str, tmp_path: Path) -> None:
    came = faults_limits.alone(tmp_path, case)
    if came.startswith("left out"):
        pytest.skip(came)
    assert came


# ------------------------------------------------------------------------------------------------------ what is left behind


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "world", 100)


@pytest.fixture
def extract(world: World) -> Extract:
    return Extract("rows", (world.extract,), read_suite(world.suite))


def partial(world: World, name: str) -> Path:
    """A folder as one who was killed while storing a run leaves it."""
    folder = world.results / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    return folder


def test_what_a_killed_command_left_is_swept_by_the_next(world: World) -> None:
    """But nothing of one that lives, or that may live on another machine, and nothing that merely looks alike."""
    mine = f"20240331T120000Z-{{}}.{os.uname().nodename}.partial"
    dead, living = partial(world, "." + mine.format("aaaaaa")), partial(world, "." + mine.format("bbbbbb"))
    elsewhere, long_ago = (partial(world, f".20240331T120000Z-cccccc.{name}.partial") for name in ("elsewhere", "long-ago"))
    others = partial(world, ".git")
    os.utime(long_ago, (0, 0))
    left, theirs = world.temporary / "dq-0123456789abcdef", world.temporary / "dq-results"
    for folder in (left, theirs):
        folder.mkdir()
    held = locks.hold(living)
    try:
        assert world.done(world.check()).returncode == 1
    finally:
        os.close(held)
    hidden = {path for path in world.results.iterdir() if path.name.startswith(".")}
    assert hidden == {living, elsewhere, others}
    assert not dead.exists() and not long_ago.exists()
    until(lambda: not left.exists())
    assert theirs.exists()


def test_a_run_that_is_being_stored_is_no_run_yet(world: World) -> None:
    partial(world, ".20240331T120000Z-aaaaaa.here.partial")
    with pytest.raises(UsageError, match="holds no run"):
        store.run_directory(world.results)
    done = world.done([sys.executable, "-m", "dq_engine", "docs", "results", "-o", "site"])
    assert done.returncode == 2 and "holds no run" in done.stderr


def test_a_worker_whose_parent_is_gone_before_it_has_begun_removes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "dq-0123456789abcdef"
    folder.mkdir()
    reading, writing = os.pipe()
    os.close(reading)
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "dq_engine.worker", str(folder)], stdin=subprocess.DEVNULL, stdout=writing
    )
    os.close(writing)
    assert worker.wait(timeout=60) == 0
    assert not folder.exists()


def test_a_judging_child_whose_parent_is_gone_before_it_has_begun_ends() -> None:
    child = subprocess.Popen([sys.executable, "-P", "-m", "dq_engine.judging"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    first = {"test": "json", "arguments": {}, "seconds": 60, "memory": 1_000_000_000, "parent": 1}
    said, _ = child.communicate((json.dumps(first) + '\n["1", "{"]\n').encode())
    assert said == b""


# ------------------------------------------------------------------------------------------------------- the worker


def test_an_answer_that_nobody_waited_for_is_not_taken_for_that_to_the_next_question(extract: Extract) -> None:
    """Somebody at a notebook interrupts a check, and asks something else."""

    class Interrupted(Exception):
        pass

    def interrupt(per_cent: float) -> None:
        raise Interrupted

    with WorkerProcess() as worker:
        run_checks([extract], Options(), worker)
        endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range + random() < 0"
        with pytest.raises(Interrupted):
            worker.ask({"op": "query", "sql": endless}, progress=interrupt)
        assert run_checks([extract], Options(timeout=30), worker).exit_code == 1


def test_a_worker_that_stops_to_listen_is_given_up_in_time() -> None:
    with WorkerProcess() as worker:
        os.kill(worker.pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(WorkerDied, match="--timeout"):
            worker.ask({"op": "query", "sql": "SELECT 1 -- " + "x" * 5_000_000}, deadline=began + 0.5)
        directory = worker.directory
    assert not directory.exists()


class KilledOnce:
    """A worker that is killed when it is to write the counts of a run."""

    def __init__(self, worker: WorkerProcess) -> None:
        self.worker, self.killed = worker, False

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if not self.killed:
            self.killed = True
            os.kill(self.worker.pid, signal.SIGKILL)
        return self.worker.ask(request)


def test_a_run_whose_worker_is_killed_while_it_is_stored_is_stored_by_another(world: World, extract: Extract) -> None:
    world.results.mkdir()
    with WorkerProcess() as worker, worker.folder() as counts:
        run = run_checks([extract], Options(), worker, counts=Path(counts))
        store.save(run, world.results, KilledOnce(worker), Path(counts))
    assert [path.name for path in world.runs()] == [run.id]


# --------------------------------------------------------------------------------------------------------- the files


@pytest.fixture
def contents(world: World) -> Iterator[tuple[bytes, bytes]]:
    """Two extracts of the same length; the first is at its place."""
    one, other = faults_files.two_contents(world.folder)
    world.extract.write_bytes(one)
    yield one, other


def test_a_file_of_the_same_size_and_time_is_another_file_all_the_same(
    world: World, extract: Extract, contents: tuple[bytes, bytes]
) -> None:
    """Whenever it is put there: no outcome is of another content than the one of the checksum in the record."""
    met: set[str] = set()
    with WorkerProcess() as worker:

        def checked(meddle: Callable[..., None] | None, phase: str) -> Run:
            world.extract.unlink()
            world.extract.write_bytes(contents[0])

            def observe(name: str, doing: str, fraction: float) -> None:
                if meddle is not None and doing == phase and phase not in met:
                    met.add(phase)
                    meddle(world.extract, *contents)

            return run_checks([extract], Options(), worker, observer=observe)

        clean = faults_workers.told(checked(None, ""))
        for meddle in (faults_files.overwritten_with_its_time, faults_files.replaced_with_its_time, faults_files.there_and_back):
            met.clear()
            for phase in ("opening", "scanning 6,000 rows", "writing counts", "waiting for checksums"):
                run = checked(meddle, phase)
                (record,) = run.extracts
                statuses = {outcome.status for outcome in run.outcomes}
                assert phase in met
                if statuses != {"error"}:
                    assert phase == "opening" and record.files[0].sha256 == sha256(world.extract.read_bytes()).hexdigest()
                    assert (faults_workers.told(run) == clean) == (world.extract.read_bytes() == contents[0])
                else:
                    assert "changed while it was being read" in run.outcomes[0].message
                    assert run.exit_code == 3


def test_an_output_that_is_a_link_or_a_pipe_stays_one(world: World) -> None:
    world.results.mkdir()
    target, link, pipe = world.folder / "target", world.folder / "link", world.folder / "pipe"
    link.symlink_to(target)
    store.replace_file(link, b"results")
    assert link.is_symlink() and target.read_bytes() == b"results"
    os.mkfifo(pipe)
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(pipe.read_bytes()), daemon=True)
    reader.start()
    store.replace_file(pipe, b"results")
    reader.join(30)
    assert said == [b"results"] and pipe.is_fifo()


def test_progress_that_nobody_can_be_told_spoils_nothing() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with io.FileIO("/dev/full", "w") as full:
        lines = Lines(io.TextIOWrapper(full, write_through=True), 1)
        lines.current, lines.started = "rows", time.monotonic() - 60
        lines.spoken = lines.started
        lines("rows", "scanning", 0.5)
        assert lines.spoken != lines.started, "it was tried"


# -------------------------------------------------------------------------------------------------------- the pages


def test_a_site_of_which_a_part_was_put_in_place_is_made_again(world: World) -> None:
    """A build was killed between two folders."""
    assert world.done(world.check("--docs", "site")).returncode == 1
    site = world.folder / "site"
    before = faults_workers.pages(site)
    mark = site / "site.json"
    newest = json.loads(mark.read_text())["newest"]
    mark.write_text(re.sub(newest, "", mark.read_text()))
    shutil.rmtree(site / "rules")
    (site / "index.html").unlink()
    assert world.done([sys.executable, "-m", "dq_engine", "docs", "results", "-o", "site"]).returncode == 0
    assert faults_workers.pages(site) == before
