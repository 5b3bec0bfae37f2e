"""Thousands of damaged and hostile Parquet files, each checked by the real engine and judged by properties.

``python -m tests.robust.files --count 10000 --seed 1 [--minutes M] [--kept FOLDER]`` starts from sound files (files_start), damages
them (files_change) or crafts bombs (files_bombs), and asks of each run: no exception, an end in time, the exit code that the outcomes
ask for, an outcome for each check with a reason for each error, a record that can be written. And no wrong pass: a check that passed
with ``--verify-statistics`` must pass on what pyarrow, or DuckDB without statistics, reads of the file, written anew
(files_oracle). Files with damaged footers are checked without the option, too; wrong passes there are counted apart.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow.parquet as pq
from msgspec import Struct

from dq_engine import WorkerProcess, check, store
from dq_engine.model import Outcome, Run
from dq_engine.thrift import Malformed
from tests.robust import files_change
from tests.robust import footer as f
from tests.robust.files_bombs import BOMBS, Bomb, suite
from tests.robust.files_start import Start, starts

TIMEOUT = 20.0
"""Seconds for one run, in which the machine may be busy with other things."""
SLACK = 15.0
MEMORY = "256MB"
READING = 30.0
"""Seconds for the oracle to read a file."""
RULES = 6
"""Of the rules of a file, how many are tried at once."""
FOOTER = {change.__name__ for change in files_change.OF_FOOTER}


class Finding(Struct, frozen=True):
    """What is wrong with the run of one file."""

    file: str
    what: str


class Tried(Struct, frozen=True):
    """A file that was tried: how its run ended, and what is wrong with that."""

    kind: str
    ended: str
    findings: tuple[Finding, ...] = ()
    believed: int = 0
    confirmed: str = ""


class Oracle:
    """The other readers, in a process that is started anew when it dies or hangs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def readings(self, path: Path) -> Iterator[Path]:
        """Files with what each reader finds, the more independent first."""
        for reader in ("pyarrow", "duckdb"):
            to = self.folder / f"{reader}.parquet"
            to.unlink(missing_ok=True)
            if self.read({"path": str(path), "reader": reader, "to": str(to)}):
                yield to

    def read(self, asked: dict[str, str]) -> list[str]:
        """The columns that a reader could read; none if it died or took too long."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.robust.files_oracle"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
            ready, _, _ = select.select([self.process.stdout], [], [], READING)
            if ready and (line := self.process.stdout.readline()):
                columns: list[str] = json.loads(line)
                return columns
        self.end()
        return []


class Judge:
    """Checks files on one worker, and judges how that went."""

    def __init__(self, worker: WorkerProcess, oracle: Oracle, folder: Path) -> None:
        self.worker, self.oracle, self.folder = worker, oracle, folder

    def try_file(self, kind: str, content: bytes, start: Start) -> Tried:
        """Everything about one file."""
        path = self.folder / "rows.parquet"
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        run, findings = self.run(path, start, verify=True)
        if run is None:
            return Tried(kind, "exception", tuple(findings))
        passed = _passed(run)
        wrong, confirmed = self.unconfirmed(_without_rows(passed, content), path, start)
        findings += [Finding(start.name, f"wrong pass of {name}") for name in wrong]
        believed = 0
        if kind in FOOTER:
            believing, more = self.run(path, start, verify=False)
            findings += more
            new = {} if believing is None else {check: one for check, one in _passed(believing).items() if check not in passed}
            believed = len(self.unconfirmed(_without_rows(new, content), path, start)[0])
        return Tried(kind, _ended(run), tuple(findings), believed, confirmed)

    def try_bomb(self, name: str, bomb: Bomb, *, verify: bool) -> Tried:
        """A bomb must be done with in time, whether it can be read or not."""
        path, start = self.folder / "rows.parquet", Start(name, b"", suite())
        path.unlink(missing_ok=True)
        path.write_bytes(bomb.made())
        run, findings = self.run(path, start, verify=verify)
        if run is None:
            return Tried(name, "exception", tuple(findings))
        wrong = [outcome.expectation for outcome in _passed(run).values() if outcome.expectation not in bomb.kept]
        return Tried(name, _ended(run), (*findings, *(Finding(name, f"wrong pass of {rule}") for rule in wrong)))

    def run(self, path: Path, start: Start, *, verify: bool) -> tuple[Run | None, list[Finding]]:
        """A run and what is wrong with it, whatever it found."""
        before = time.monotonic()
        try:
            run = check(
                path,
                start.suite,
                worker=self.worker,
                checksums=False,
                threads=1,
                memory_limit=MEMORY,
                timeout=TIMEOUT,
                verify_statistics=verify,
            )
            store.encode(run)
        except Exception as error:  # whatever it is, it is a finding
            return None, [Finding(start.name, f"exception: {type(error).__name__}: {error}")]
        return run, [Finding(start.name, what) for what in _faults(run, start, time.monotonic() - before)]

    def unconfirmed(self, passed: Mapping[str, Outcome], path: Path, start: Start) -> tuple[list[str], str]:
        """The passed checks that pass on no reading of the file, and by which readings the others are confirmed."""
        left, by = dict(passed), []
        for reading in self.oracle.readings(path) if left else ():
            if self.same_as(reading, start):
                sound = self.sound(start)
            else:
                run, _ = self.run(reading, start, verify=False)
                sound = set() if run is None else set(_passed(run))
            if sound & set(left):
                by.append(reading.stem)
            left = {check: outcome for check, outcome in left.items() if check not in sound}
            if not left:
                break
        return [f"{outcome.expectation} {outcome.kwargs}" for outcome in left.values()], "+".join(by)

    def same_as(self, reading: Path, start: Start) -> bool:
        """Whether a reading is the sound table."""
        return bool(pq.read_table(reading).equals(_table(start)))

    def sound(self, start: Start) -> set[str]:
        """The checks that pass on the sound file."""
        if start.name not in _SOUND:
            start = next(one for one in starts() if one.name == start.name)
            path = self.folder / "sound.parquet"
            path.unlink(missing_ok=True)
            path.write_bytes(start.content)
            run, _ = self.run(path, start, verify=False)
            assert run is not None
            _SOUND[start.name] = set(_passed(run))
        return _SOUND[start.name]


_SOUND: dict[str, set[str]] = {}
_TABLES: dict[str, Any] = {}


def _table(start: Start) -> Any:
    if start.name not in _TABLES:
        _TABLES[start.name] = pq.read_table(io.BytesIO(start.content))
    return _TABLES[start.name]


def _passed(run: Run) -> dict[str, Outcome]:
    return {outcome.check: outcome for outcome in run.extracts[0].outcomes if outcome.status == "pass"}


def _without_rows(passed: dict[str, Outcome], content: bytes) -> dict[str, Outcome]:
    """The passed checks but for those that speak of the number of rows alone and are right by the headers of the pages."""
    counted = {outcome.check: outcome for outcome in passed.values() if outcome.expectation == "expect_table_row_count_to_equal"}
    if not counted:
        return passed
    rows: Counter[str] = Counter()
    with contextlib.suppress(Malformed, KeyError, IndexError, TypeError, AttributeError, ValueError):
        for meta in f.chunks(f.parted(content)[1]):
            for page in f.pages(content, meta):
                own = page.header.get(f.PAGE_V1) or page.header.get(f.PAGE_V2)
                rows[repr(meta[f.PATH])] += own.value[1].value if own else 0
    right = {check for check, outcome in counted.items() if outcome.kwargs["value"] in (set(rows.values()) or {0})}
    return {check: outcome for check, outcome in passed.items() if check not in right}


def _ended(run: Run) -> str:
    """How a run ended, in a few words."""
    outcomes = run.extracts[0].outcomes
    statuses = {outcome.status for outcome in outcomes}
    if died := next((o.message for o in outcomes if "the worker" in o.message or "--timeout" in o.message), ""):
        return "error: " + died.partition(":")[0][:50]
    if statuses == {"error"}:
        return "error: memory" if "--memory-limit" in outcomes[0].message else "error: refused"
    if "error" in statuses:
        return "error in some checks"
    return "fail" if "fail" in statuses else "pass" if "pass" in statuses else "vacuous"


def _faults(run: Run, start: Start, seconds: float) -> Iterator[str]:
    """What is wrong with a run, whatever it found."""
    (extract,) = run.extracts
    planned = [rule["id"] for rule in start.suite["expectations"]]
    if [outcome.check for outcome in extract.outcomes] != planned or run.planned != len(planned):
        yield "not every check has an outcome"
    statuses = {outcome.status for outcome in extract.outcomes}
    right = 3 if "error" in statuses or extract.problem else 1 if "fail" in statuses else 0 if "pass" in statuses else 4
    if run.exit_code != right:
        yield f"exit code {run.exit_code}, not {right}"
    for outcome in extract.outcomes:
        if outcome.status == "error" and not outcome.message:
            yield "an error without a reason"
        counts = (outcome.element_count, outcome.missing_count, outcome.unexpected_count)
        if any(count is not None and count < 0 for count in counts):
            yield f"counts below 0: {outcome.expectation} {counts}"
        if outcome.status == "pass" and None not in counts and outcome.unexpected_count and "mostly" not in outcome.kwargs:
            yield f"a pass with failures: {outcome.expectation}"
    if seconds > TIMEOUT + SLACK:
        yield f"ended after {seconds:.0f} seconds"


def cases(seed: int, first: int, count: int) -> Iterator[tuple[str, bytes, Start]]:
    """Damaged files: the same for the same seed and number."""
    sound = starts()
    for number in range(first, first + count):
        chance = random.Random(f"{seed} {number}")
        start = some_rules(chance.choice(sound), chance)
        kind, content = files_change.mutated(start.content, chance)
        yield kind, content, start


def some_rules(start: Start, chance: random.Random) -> Start:
    """The file with a few of its rules: planning many takes longer than reading a small file."""
    rules = start.suite["expectations"]
    chosen = sorted(chance.sample(range(len(rules)), min(RULES, len(rules))))
    return start._replace(suite={**start.suite, "expectations": [rules[place] for place in chosen]})


def report(tried: Sequence[Tried]) -> str:
    """How many files of each kind ended how."""
    lines = [f"{len(tried)} files"]
    for title, counted in (
        ("how runs ended", Counter(one.ended for one in tried)),
        ("ways", Counter(one.kind for one in tried)),
        ("files with passes, confirmed by", Counter(one.confirmed for one in tried if one.confirmed)),
        ("findings", Counter(finding.what.partition(":")[0][:60] for one in tried for finding in one.findings)),
    ):
        lines += [f"{title}:", *(f"  {number:6,}  {name}" for name, number in counted.most_common())]
    lines.append(f"files with a wrong pass without --verify-statistics: {sum(bool(one.believed) for one in tried)}")
    return "\n".join(lines)


def _most_memory(worker: WorkerProcess) -> str:
    """The most memory that the worker has used, where the system tells; "?" also of one that was ended."""
    with contextlib.suppress(OSError, AssertionError):
        lines = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("VmHWM"))
    return "?"


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries files, and says what came out."""
    parser = argparse.ArgumentParser(prog="python -m tests.robust.files")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--kept", type=Path, help="a folder for files with findings")
    parser.add_argument("--bombs", action="store_true", help="only the bombs")
    asked = parser.parse_args(arguments)
    deadline = time.monotonic() + 60 * asked.minutes
    tried: list[Tried] = []
    with tempfile.TemporaryDirectory(prefix="dq-files-") as folder, WorkerProcess() as worker, Oracle(Path(folder)) as oracle:
        judge = Judge(worker, oracle, Path(folder))
        if asked.bombs:
            for name, bomb in BOMBS.items():
                for verify in (True, False):
                    begun = time.monotonic()
                    one = judge.try_bomb(name, bomb, verify=verify)
                    tried.append(one)
                    took = f"{time.monotonic() - begun:.0f} s, the worker at most {_most_memory(worker)}"
                    print(f"{name}: {one.ended} ({took})", *(finding.what for finding in one.findings), sep="; ", flush=True)
            return int(any(one.findings for one in tried))
        for number, (kind, content, start) in enumerate(cases(asked.seed, asked.first, asked.count), asked.first):
            if time.monotonic() > deadline:
                break
            one = judge.try_file(kind, content, start)
            tried.append(one)
            for finding in one.findings:
                print(f"{number} {kind} {finding.file}: {finding.what}", flush=True)
            if one.findings and asked.kept:
                asked.kept.mkdir(exist_ok=True)
                (asked.kept / f"{asked.seed}-{number}-{kind}.parquet").write_bytes(content)
            if len(tried) % 200 == 0:
                print(report(tried), flush=True)
    print(report(tried))
    return int(any(one.findings for one in tried))


if __name__ == "__main__":
    sys.exit(main())
