"""Somebody writes to the extract, or puts another in its place, while it is checked."""

import os
import random
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq

from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract, find_files, read_suite
from dq_engine.model import Run
from dq_engine.process import WorkerProcess
from tests.robust.faults import ROWS, Tally, World, marked, table
from tests.robust.faults_workers import told

Meddle = Callable[[Path, bytes, bytes], None]
"""What somebody does to a file, of which the content is the first, with the second."""


def write(path: Path, content: bytes) -> None:
    """Writes over what is there, without making the file anew."""
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()


def beside(path: Path, content: bytes) -> Path:
    other = path.with_name("beside")
    other.write_bytes(content)
    return other


def replaced(path: Path, one: bytes, other: bytes) -> None:
    beside(path, other).rename(path)


def replaced_with_its_time(path: Path, one: bytes, other: bytes) -> None:
    status, new = path.stat(), beside(path, other)
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.rename(path)


def overwritten(path: Path, one: bytes, other: bytes) -> None:
    write(path, other)


def overwritten_with_its_time(path: Path, one: bytes, other: bytes) -> None:
    status = path.stat()
    write(path, other)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def there_and_back(path: Path, one: bytes, other: bytes) -> None:
    """Replaced, and the same file put back, before anybody looks."""
    kept = path.with_name("kept")
    status, new = path.stat(), beside(path, other)
    path.rename(kept)
    new.rename(path)
    threading.Event().wait(0.02)
    kept.rename(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def overwritten_and_back(path: Path, one: bytes, other: bytes) -> None:
    status = path.stat()
    write(path, other)
    threading.Event().wait(0.02)
    write(path, one)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def truncated(path: Path, one: bytes, other: bytes) -> None:
    os.truncate(path, len(one) // 2)


def appended(path: Path, one: bytes, other: bytes) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def deleted(path: Path, one: bytes, other: bytes) -> None:
    path.unlink()


def touched(path: Path, one: bytes, other: bytes) -> None:
    path.touch()


def closed(path: Path, one: bytes, other: bytes) -> None:
    path.chmod(0)


def linked_elsewhere(path: Path, one: bytes, other: bytes) -> None:
    """The path is a link to the extract, and then to another: both files stay as they are."""
    target = path.with_name("other.parquet")
    link = path.with_name("link")
    link.symlink_to(target)
    link.rename(path)


def linked_there_and_back(path: Path, one: bytes, other: bytes) -> None:
    linked_elsewhere(path, one, other)
    threading.Event().wait(0.02)
    link = path.with_name("link")
    link.symlink_to(path.with_name("first.parquet"))
    link.rename(path)


MEDDLING: tuple[Meddle, ...] = (
    replaced, replaced_with_its_time, overwritten, overwritten_with_its_time, there_and_back, overwritten_and_back, truncated,
    appended, deleted, touched, closed, linked_elsewhere, linked_there_and_back,
)  # fmt: skip


def two_contents(folder: Path) -> tuple[bytes, bytes]:
    """Two extracts of the same number of bytes, of which the first keeps all rules and the other does not."""
    contents = []
    for worst in (9, 11):
        path = folder / "made.parquet"
        pq.write_table(table(ROWS, worst=worst), path, compression="none", use_dictionary=False, write_statistics=False)
        contents.append(path.read_bytes())
        path.unlink()
    assert len(contents[0]) == len(contents[1])
    return contents[0], contents[1]


def meddled(folder: Path, chance: random.Random, count: int) -> Tally:
    """No outcome speaks of another content than the one of which the run records the checksum."""
    world, tally = World(folder), Tally()
    contents = two_contents(folder)
    suite, path = read_suite(world.suite), world.extract
    path.unlink()
    for name, content in zip(("first", "other"), contents, strict=True):
        (folder / f"{name}.parquet").write_bytes(content)
    with marked(world), WorkerProcess() as worker:

        def checked(timing: float | None = None, meddle: Meddle | None = None, checksums: bool = True) -> tuple[Run, bool]:
            happened: list[str] = []

            def happens() -> None:
                assert meddle is not None
                meddle(path, *contents)
                happened.append("")

            if path.exists() or path.is_symlink():
                path.unlink()
            if meddle in (linked_elsewhere, linked_there_and_back):
                path.symlink_to("first.parquet")
            else:
                path.write_bytes(contents[0])
            (files,) = find_files(str(path))
            extract = Extract("rows", (path,), suite, files.partitioned)
            timer = None if timing is None else threading.Timer(timing, happens)
            if timer:
                timer.start()
            run = run_checks([extract], Options(threads=1, checksums=checksums), worker)
            if timer:
                timer.cancel()
                timer.join()
            return run, bool(happened)

        answers = {}
        for content in contents:
            path.write_bytes(content)
            extract = Extract("rows", (path,), suite)
            answers[sha256(content).hexdigest()] = told(run_checks([extract], Options(threads=1), worker))
        assert len({str(answer) for answer in answers.values()}) == 2
        began = time.monotonic()
        checked()
        life = time.monotonic() - began
        while tally.total() < count:
            meddle = MEDDLING[tally.total() % len(MEDDLING)]
            with_checksums = chance.random() < 0.8
            run, happened = checked(chance.random() * life, meddle, with_checksums)
            if not happened:
                continue
            (record,) = run.extracts
            if all(outcome.status == "error" for outcome in run.outcomes):
                said = run.outcomes[0].message
                assert run.exit_code == 3
                assert all(outcome.message == said for outcome in run.outcomes) and said
                what = (
                    "an error: it changed"
                    if "changed while" in said
                    else "an error: gone"
                    if "exist" in said
                    else "an error: unreadable"
                )
            elif with_checksums:
                digest = record.files[0].sha256
                assert told(run) == answers[digest], f"{meddle.__name__}: outcomes of another content than was recorded"
                what = "checked before or after it"
            else:
                assert told(run) in answers.values(), f"{meddle.__name__}: outcomes of no content that there was"
                what = "checked before or after it (no checksum)"
            tally[f"{meddle.__name__}: {what}"] += 1
    world.nobody()
    return tally
