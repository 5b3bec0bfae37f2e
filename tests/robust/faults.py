"""What befalls a run from outside: ``python -m tests.robust.faults --kills 1000 --seed 1`` and so on, kind by kind.

Every kind draws its moments by chance, over the whole life of a run, and asks after each fault what a user would: is every planned check
reported, is the exit code right, does the message say what happened, is every stored run whole, is nothing of ours left, no process, no file?
Prints how many were tried and what came of them; the first that is not as it should be ends it, with what led to it.

Folders are made below ``--folder``, and removed. tests/robust/test_faults.py does a small part of all this, always the same.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dq_engine import store
from dq_engine.model import Run
from dq_engine.run_tables import TABLES
from tests.waiting import until

MARK = "DQ_FAULTS_MARK"
"""The environment variable by which processes of a trial are found, whoever their parent is by then."""
PATTERN = r"(?=C)C\d+"
"""A pattern that only Python can search for: it makes a judging child."""
RULES: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "code"}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "code", "regex": PATTERN}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 0, "max_value": 10}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "key"}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "n", "min_value": 0}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "month", "value_set": ["2024-10", "2024-11"]}},
    {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE n > 1000"}},
]
"""Rules of every shape that has a statement, or a process, of its own; the third fails."""
ROWS = 6000


class Tally(Counter[str]):
    """How often what came of a trial."""

    def told(self, kind: str) -> str:
        return f"{kind}: {self.total()} tried: " + ", ".join(f"{count} {what}" for what, count in sorted(self.items()))


class World:
    """A folder with an extract and its suite, a folder of its own for temporary files, and a mark for its processes."""

    def __init__(self, folder: Path, rows: int = ROWS) -> None:
        self.folder, self.mark = folder, uuid.uuid4().hex
        self.temporary, self.results = folder / "temporary", folder / "results"
        self.temporary.mkdir(parents=True)
        meta = {"feed": "rows", "organisation_column": "org", "period_column": "month"}
        rules = [{**rule, "id": f"r{place}"} for place, rule in enumerate(RULES)]
        self.suite = folder / "suite.json"
        self.suite.write_text(json.dumps({"name": "rows", "expectations": rules, "meta": {"dq": meta}}))
        self.extract = folder / "rows.parquet"
        pq.write_table(table(rows), self.extract)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "TMPDIR": str(self.temporary), MARK: self.mark}

    def check(self, *more: str) -> list[str]:
        fixed = (
            "check",
            "rows.parquet",
            "--suite",
            "suite.json",
            "--results",
            "results",
            "--fail-on",
            "critical",
            "--threads",
            "1",
        )
        return [sys.executable, "-m", "dq_engine", *fixed, *more]

    def begin(self, command: list[str], **options: Any) -> "subprocess.Popen[str]":
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": self.environment, "text": True, **options}
        return subprocess.Popen(command, cwd=self.folder, start_new_session=True, **given)

    def done(self, command: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        process = self.begin(command, **options)
        out, err = process.communicate(timeout=300)
        return decent(subprocess.CompletedProcess(command, process.returncode, out or "", err or ""))

    # ----------------------------------------------------------------------------------------------------- what is left

    def processes(self) -> list[int]:
        """The processes that bear the mark, but for this one; one that has ended and was not waited for does not count."""
        return [pid for pid in running() if pid != os.getpid() and f"{MARK}={self.mark}" in environment_of(pid)]

    def nobody(self, seconds: float = 20) -> None:
        """No process outlives the trial; they may take a moment to notice that they are alone."""
        try:
            until(lambda: not self.processes(), seconds)
        except AssertionError:
            told = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() for pid in self.processes()}
            for pid in told:
                os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"processes outlive their command: {told}") from None

    def no_temporary_file(self) -> None:
        left = sorted(str(path.relative_to(self.temporary)) for path in self.temporary.rglob("*"))
        assert left == [], f"left in the folder for temporary files: {left}"

    def runs(self, *, hidden: bool = False) -> list[Path]:
        """The runs in the folder of results, each of which is whole; what is hidden may be there only if that is said."""
        entries = sorted(self.results.iterdir()) if self.results.is_dir() else []
        seen = [entry for entry in entries if not entry.name.startswith(".")]
        assert hidden or seen == entries, f"left beside the runs: {[e.name for e in entries if e not in seen]}"
        for directory in seen:
            whole(directory)
        return seen


def table(rows: int, *, worst: int = 11) -> pa.Table:
    """``rows`` rows that break one rule once, by the value ``worst``."""
    numbers = range(rows)
    return pa.table(
        {
            "org": [f"A{n % 97:05}" for n in numbers],
            "month": ["2024-10" if n % 2 else "2024-11" for n in numbers],
            "code": [f"C{n % 50}" for n in numbers],
            "key": list(numbers),
            "n": [worst if n == rows // 2 else n % 10 for n in numbers],
        }
    )


def whole(directory: Path) -> Run:
    """A stored run with everything that belongs to it."""
    run = store.load(directory)
    assert run.id == directory.name
    assert run.planned == len(run.outcomes)
    assert all(outcome.message for outcome in run.outcomes if outcome.status == "error")
    assert not [entry.name for entry in directory.iterdir() if entry.is_dir() or entry.name.startswith(".")]
    for name in TABLES:
        pq.read_table(directory / name)
    return run


def decent(done: "subprocess.CompletedProcess[str]") -> "subprocess.CompletedProcess[str]":
    """What ended decently: no traceback, no fault that dq calls its own."""
    said = done.stdout + done.stderr
    assert "Traceback" not in said and "Exception ignored" not in said, said
    assert "a fault of dq itself" not in said, said
    return done


def running() -> Iterator[int]:
    """The processes that have not ended."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X"):
                    yield int(entry.name)


def environment_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def below(pid: int) -> list[int]:
    """The children of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@contextlib.contextmanager
def marked(world: World) -> Iterator[None]:
    """Children of this process bear the mark of the world, and its folder is the one for temporary files."""
    before, folder = dict(os.environ), tempfile.tempdir
    os.environ.update(world.environment)
    tempfile.tempdir = None
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        tempfile.tempdir = folder


Kind = Callable[[Path, random.Random, int], Tally]
"""Does so many trials of one kind in a folder."""


def kinds() -> dict[str, tuple[Kind, int]]:
    """The kinds of fault, each with how many trials there are unless somebody says otherwise."""
    from tests.robust import faults_disks, faults_files, faults_limits, faults_parents, faults_together, faults_workers

    return {
        "kills": (faults_workers.checking, 800),
        "kills-docs": (faults_workers.building, 60),
        "kills-score": (faults_workers.scoring, 60),
        "kills-command": (faults_workers.by_the_command, 80),
        "parents": (faults_parents.stopped, 220),
        "parents-docs": (faults_parents.stopped_in_pages, 30),
        "disks": (faults_disks.full, 60),
        "files": (faults_files.meddled, 400),
        "together": (faults_together.checks, 100),
        "together-docs": (faults_together.pages, 10),
        "limits": (faults_limits.all_of_them, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = kinds()
    for name, (_, usual) in known.items():
        parser.add_argument(f"--{name}", type=int, metavar="COUNT", nargs="?", const=usual, help=f"usually {usual}")
    parser.add_argument("--all", action="store_true", help="every kind, as often as usual")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = vars(parser.parse_args())
    for name, (trials, usual) in known.items():
        count = given[name.replace("-", "_")] or (usual if given["all"] else 0)
        if count:
            folder = Path(tempfile.mkdtemp(prefix=f"faults-{name}-", dir=given["folder"]))
            began, before = time.monotonic(), processor()
            tally = trials(folder, random.Random(f"{name} {given['seed']}"), count)
            shutil.rmtree(folder)
            print(f"{tally.told(name)} ({time.monotonic() - began:.0f} s, {processor() - before:.0f} s of processor)", flush=True)


def processor() -> float:
    """Seconds of processor time of this process and of those that it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
