"""The worker, or its judging child, is killed, crashes or stops at some moment."""

import contextlib
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dq_engine import docs, score, store
from dq_engine.engine import Options, run_checks
from dq_engine.errors import DqError
from dq_engine.feeds import Extract, find_files, read_suite
from dq_engine.model import Run
from dq_engine.process import WorkerProcess
from tests.robust.faults import Tally, World, below, marked

DEADLY = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM)
TOLD = ("SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM", "--timeout", "--check-timeout", "in Python")
"""One of these is in the message of each check that could not be evaluated."""


class Killer:
    """Sends a signal to the worker, or to a child of it, at a moment; ``hit`` says whom it met, "" if nobody was there."""

    def __init__(
        self, worker: WorkerProcess, number: int, seconds: float, *, child: bool = False, doing: Callable[[], str] = str
    ) -> None:
        self.worker, self.number, self.child, self.doing = worker, number, child, doing
        self.hit = ""
        self.timer = threading.Timer(seconds, self.kill)
        self.timer.start()

    def kill(self, number: int = 0) -> None:
        with contextlib.suppress(AssertionError, ProcessLookupError):
            pid, name = self.worker.pid, "worker,"
            if self.child:
                deadline = time.monotonic() + 1
                while not below(pid) and time.monotonic() < deadline:
                    pass
                pid, name = next(iter(below(pid)), 0), "judging child"
            if pid:
                os.kill(pid, number or self.number)
                self.hit = f"{name} {self.doing()}".strip()

    def over(self) -> None:
        self.timer.cancel()
        self.timer.join()


def told(run: Run) -> dict[str, object]:
    return {o.check: (o.status, o.element_count, o.missing_count, o.unexpected_count) for o in run.outcomes}


def split(run: Path) -> int:
    import pyarrow.parquet as pq

    return pq.ParquetFile(run / "measures.parquet").metadata.num_rows


def checking(folder: Path, chance: random.Random, count: int) -> Tally:
    """Checks and stores by the Python API with one worker, which is struck in the middle."""
    world, tally = World(folder, 1500), Tally()
    world.results.mkdir()
    (files,) = find_files(str(world.extract))
    extract = Extract(files.name, files.paths, read_suite(world.suite))
    phase = ""

    def observe(name: str, doing: str, fraction: float) -> None:
        nonlocal phase
        phase = doing.partition(" ")[0]

    def checked(worker: WorkerProcess, timeout: float | None) -> tuple[Run, Path]:
        nonlocal phase
        with worker.folder() as counts:
            phase = "starting"
            run = run_checks([extract], Options(threads=1, timeout=timeout), worker, counts=Path(counts), observer=observe)
            phase = "storing"
            return run, store.save(run, world.results, worker, Path(counts))

    with marked(world):
        with WorkerProcess() as worker:
            clean, stored = checked(worker, None)
            life, groups = 0.0, split(stored)
            for _ in range(3):
                began = time.monotonic()
                checked(worker, None)
                life = max(life, time.monotonic() - began)
            while tally.total() < count:
                stops = chance.random() < 0.05
                number = signal.SIGSTOP if stops else chance.choice(DEADLY)
                child = not stops and chance.random() < 0.15
                killer = Killer(worker, number, chance.random() * life * 1.1, child=child, doing=lambda: phase)
                began = time.monotonic()
                try:
                    run, stored = checked(worker, 2 * life + 1.0 if stops else None)
                finally:
                    killer.over()
                    if stops:
                        killer.kill(signal.SIGKILL)  # it may have met the worker when all was done
                if not killer.hit:
                    life = 0.9 * life + 0.1 * (time.monotonic() - began)
                    continue
                errors = [outcome for outcome in run.outcomes if outcome.status == "error"]
                found, wanted = told(run), told(clean)
                assert run.planned == len(run.outcomes) == len(wanted)
                assert all(any(word in outcome.message for word in TOLD) for outcome in errors), errors
                assert all(found[check] == wanted[check] for check in found if found[check][0] != "error"), found  # type: ignore[index]
                problem = run.extracts[0].problem
                assert run.exit_code == (3 if errors or problem else clean.exit_code), (run.exit_code, problem)
                assert split(stored) == groups or errors or problem
                stored_now = world.runs()
                assert stored in stored_now
                for directory in stored_now:
                    if directory != stored:
                        shutil.rmtree(directory)
                left = [path.name for path in worker.directory.iterdir() if path != worker.spill]
                assert left == [], left
                lost = "checks lost" if errors else "counts lost" if problem else "nothing lost"
                tally[f"{killer.hit if not child else 'judging child'}{' (stopped)' if stops else ''}: {lost}"] += 1
        world.nobody()
        world.no_temporary_file()
    return tally


def struck(
    worker: WorkerProcess, work: Callable[[], object], chance: random.Random, count: int
) -> Iterator[tuple[str, object | DqError]]:
    """What came of work that was struck in the middle, so many times: its value, or the error that it ended with."""
    began = time.monotonic()
    work()
    life = time.monotonic() - began
    while count:
        number = chance.choice(DEADLY)
        killer = Killer(worker, number, chance.random() * life)
        try:
            value: object | DqError = work()
        except DqError as error:
            value = error
        finally:
            killer.over()
        if killer.hit:
            count -= 1
            yield signal.Signals(number).name, value


def some_runs(world: World, worker: WorkerProcess, count: int = 2) -> None:
    world.results.mkdir()
    (files,) = find_files(str(world.extract))
    extract = Extract(files.name, files.paths, read_suite(world.suite))
    for _ in range(count):
        store.save(run_checks([extract], Options(threads=1), worker), world.results, worker)


def building(folder: Path, chance: random.Random, count: int) -> Tally:
    """Pages of stored runs: they are whole afterwards, or an error says why not, and then the next build makes them whole."""
    world, tally = World(folder, 600), Tally()
    site, wanted = folder / "site", docs.Wanted()
    with marked(world), WorkerProcess() as worker:
        some_runs(world, worker)

        def build() -> object:
            shutil.rmtree(site, ignore_errors=True)
            return docs.build([world.results], site, wanted, worker)

        build()
        clean = pages(site)
        for name, value in struck(worker, build, chance, count):
            if isinstance(value, DqError):
                assert str(value) and not [p for p in site.rglob("*") if p.name.startswith(".")], value
                docs.build([world.results], site, wanted, worker)
            assert pages(site) == clean
            tally[f"{name}: {'said, and mended by the next build' if isinstance(value, DqError) else 'whole'}"] += 1
    world.nobody()
    world.no_temporary_file()
    return tally


def pages(site: Path) -> dict[str, int]:
    """The files of a site, without what differs from build to build."""
    return {str(path.relative_to(site)): path.stat().st_size for path in sorted(site.rglob("*")) if path.is_file()}


def scoring(folder: Path, chance: random.Random, count: int) -> Tally:
    """Ratings: the same as ever, or an error that says why there are none."""
    world, tally = World(folder), Tally()
    with marked(world), WorkerProcess() as worker:
        some_runs(world, worker)

        def rated() -> object:
            return score(world.results, worker=worker).ratings

        clean = rated()
        for name, value in struck(worker, rated, chance, count):
            if isinstance(value, DqError):
                assert value.exit_code == 3 and name in str(value), value
            else:
                assert value == clean
            tally[f"{name}: {'said' if isinstance(value, DqError) else 'rated all the same'}"] += 1
    world.nobody()
    world.no_temporary_file()
    return tally


def by_the_command(folder: Path, chance: random.Random, count: int) -> Tally:
    """Whole ``dq check`` processes, whose worker is killed."""
    world, tally = World(folder), Tally()
    began = time.monotonic()
    clean = world.done(world.check("--output", "out.json", "--format", "json"))
    life = time.monotonic() - began
    assert clean.returncode == 1, clean.stderr
    while tally.total() < count:
        before = len(world.runs())
        (world.folder / "out.json").unlink()
        process = world.begin(world.check("--output", "out.json", "--format", "json"))
        deadline = time.monotonic() + chance.random() * life
        hit = 0
        while process.poll() is None and not hit:
            if time.monotonic() >= deadline:
                hit = next(iter(below(process.pid)), 0)
                if hit:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(hit, chance.choice((signal.SIGKILL, signal.SIGSEGV)))
            else:
                threading.Event().wait(0.002)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in out + err and "fault of dq" not in err, err
        code = process.returncode
        assert code in (1, 3), (code, out, err)
        run = store.decode((world.folder / "out.json").read_bytes(), "out.json")
        errors = [outcome for outcome in run.outcomes if outcome.status == "error"]
        assert (code == 3) == bool(errors or run.extracts[0].problem), (code, err)
        assert len(world.runs()) == before + 1, "the run is stored, by another worker if need be"
        world.nobody()
        world.no_temporary_file()
        assert not list(world.folder.glob(".*"))
        if hit:
            tally["incomplete, and said so" if code == 3 else "nothing lost"] += 1
    return tally
