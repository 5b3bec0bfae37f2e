"""The child process: SQL in, numbers out. ``python -m dq_engine.worker DIRECTORY``, spoken to by :mod:`dq_engine.process`.

One JSON object a line on standard input, each answered by one on standard output (``{"progress": per cent}`` lines may come
before it). A crafted file may crash or stall this process, and then it alone. It holds no more than a query's result, writes
no core dump, and ends when its input ends, that is, when its parent is gone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import json
import math
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dq_engine import locks, sources
from dq_engine.database import duckdb
from dq_engine.sql import ident, text

if TYPE_CHECKING:
    from dq_engine.judging import JudgeProcess

PROGRESS_EVERY = 0.25
"""Seconds between two reports of progress, by which the parent knows that this process is alive."""
SLACK = 1_000_000_000
"""Bytes that this process may take beyond twice the memory limit of DuckDB."""
TEMPORARY = re.compile("dq-[0-9a-f]{16}")
"""The names of folders for temporary files."""


class Worker:
    """The state of the process: at most one open extract. ``settings`` are those of one of untrusted files, else None."""

    def __init__(self) -> None:
        self.connection: duckdb.DuckDBPyConnection | None = None
        self.writing: duckdb.DuckDBPyConnection | None = None
        self.written = 0
        self.half_written: set[str] = set()
        self.settings: dict[str, Any] | None = None
        self.spare: duckdb.DuckDBPyConnection | None = None
        self.preparing: threading.Thread | None = None
        self.judges: JudgeProcess | None = None
        self.speaking = threading.Lock()

    def prepare(self) -> None:
        """Makes a database, beside what else is done, before one is asked for: it takes longer than a small file."""

        def make() -> None:
            with contextlib.suppress(duckdb.Error, MemoryError):  # who asks for it is told
                self.spare = sources.blank()

        thread = threading.Thread(target=make, daemon=True)
        with contextlib.suppress(RuntimeError):  # no more threads are to be had
            thread.start()
            self.preparing = thread

    def blank(self) -> duckdb.DuckDBPyConnection:
        """An empty database: the one that was prepared, or a new one."""
        if self.preparing is not None:
            self.preparing.join()
            self.preparing = None
        spare, self.spare = self.spare, None
        return sources.blank() if spare is None else spare

    def say(self, message: dict[str, Any]) -> None:
        """Writes one message to the parent. That it is gone is noticed by the end of the input, and only there."""
        line = json.dumps(message, separators=(",", ":"))
        with self.speaking, contextlib.suppress(BrokenPipeError):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request. Expected trouble is an answer, too: ``{"error": {"kind", "message"}}``."""
        operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "open": self.open,
            "query": lambda asked: self.query(asked["sql"]),
            "suite_query": lambda asked: self.suite_query(asked["queries"], asked["sql"]),
            "judge": self.judge,
            "write": self.write,
        }
        try:
            return operations[request["op"]](request)
        except sources.Unreadable as error:
            return failure("Unreadable", str(error), error.place)
        except duckdb.Error as error:
            return failure(type(error).__name__, sources.reason(error))
        except MemoryError:
            return failure("OutOfMemoryException", "needs more memory than there is")

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Opens the files of an extract, and of the others that it is held against, and says what their footers say.

        With ``verify``, nothing is said of columns but their names and types, and the rows are counted. With ``in_order``, rows
        that are written keep their order.
        """
        if self.connection is not None:
            self.connection.close()
        others = request["others"]
        allowed = [*request["files"], *(file for other in others.values() for file in other["files"]), *request["written"]]
        self.half_written.update(request["written"])
        verify = request.get("verify", False)
        self.settings = request["settings"] if verify else None
        in_order = request.get("in_order", False)
        settings, blank = request["settings"], self.blank()
        self.connection = sources.connect(allowed, settings, trusting=not verify, in_order=in_order, database=blank)
        limit_memory(self.connection, asked="memory_limit" in request["settings"])
        self.prepare()  # another extract is opened next, or the run is written
        described = self.describe(request["files"], request["relation"])
        return {**described, "others": {name: self.describe_other(other) for name, other in others.items()}}

    def describe(self, files: list[str], relation: str) -> dict[str, Any]:
        """What the footers of files that are one extract say. Raises :class:`sources.Unreadable`."""
        assert self.connection is not None
        try:
            with memory_for_footers(files):
                described = sources.describe(self.connection, files, relation)
            if self.settings is None:
                return described
            columns = [[name, sql, kind, None, None] for name, sql, kind, *_ in described["columns"]]
            return {"columns": columns, "rows": sources.verified(files, self.settings)}
        except duckdb.Error as error:
            raise self.culprit(files, error) from None

    def describe_other(self, other: dict[str, Any]) -> dict[str, Any]:
        """As :meth:`describe`; trouble with another extract is the trouble of the checks that need it, and no more."""
        try:
            return self.describe(other["files"], other["relation"])
        except sources.Unreadable as error:
            return {"trouble": str(error), "place": error.place}

    def culprit(self, files: list[str], error: duckdb.Error) -> sources.Unreadable:
        """Which of the files cannot be read, and why."""
        assert self.connection is not None
        for place, file in enumerate(files):
            try:
                with memory_for_footers([file]):
                    self.connection.execute("SELECT count(*) FROM parquet_schema(?)", [file]).fetchall()
            except duckdb.Error as own:
                return sources.Unreadable(sources.unreadable(own), place)
        return sources.Unreadable(sources.unreadable(error), 0)

    def query(self, sql: str) -> dict[str, Any]:
        """Runs one query of the engine's own."""
        assert self.connection is not None
        rows = self.connection.execute(sql).fetchall()
        return {"rows": [[plain(value) for value in row] for row in rows]}

    def suite_query(self, queries: list[str], sql: str) -> dict[str, Any]:
        """Runs ``sql``, which holds ``queries`` of a suite, if each of these is one SELECT that only reads tables."""
        assert self.connection is not None
        for query in queries:
            if why := sources.refusal(self.connection, query):
                return failure("Refused", why)
        return self.query(sql)

    def judge(self, request: dict[str, Any]) -> dict[str, Any]:
        """Puts the values of ``sql`` that a test in Python finds wrong into ``table``, and says how many there are."""
        from dq_engine.judging import BATCH, Judge, JudgeFailed, JudgeProcess  # noqa: PLC0415  few extracts have such checks

        assert self.connection is not None
        wrong: list[str] = []
        try:
            self.judges = self.judges or JudgeProcess()
            with Judge(request["test"], request["arguments"], request["seconds"], child=self.judges) as judge:
                values = self.connection.execute(request["sql"])
                while batch := values.fetchmany(BATCH):
                    wrong += judge.wrong([value for (value,) in batch])
        except JudgeFailed as error:
            return failure("JudgeFailed", str(error))
        name = ident(request["table"])
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} (value VARCHAR)")
        for start in range(0, len(wrong), BATCH):
            self.connection.execute(f"INSERT INTO {name} SELECT unnest(?::VARCHAR[])", [wrong[start : start + BATCH]])
        return {"wrong": len(wrong)}

    def write(self, request: dict[str, Any]) -> dict[str, Any]:
        """Runs what writes Parquet files inside ``directory``, in a connection that sees no extract and nothing else outside.

        Asked with ``sql``, one statement; or with ``statements``, text of the engine's own that reads no extract either, and is
        answered by the rows that each statement wrote. ``settings`` as for :func:`sources.connect`. Progress is 100 for each
        statement that is done, and the per cent of the one that runs.
        """
        connection = self.blank()
        for name, value in request.get("settings", {}).items():
            connection.execute(f"SET {ident(name)} = {text(str(value))}")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET allowed_directories = [{text(request['directory'])}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        statements = request.get("statements", [])
        self.writing, self.written = connection, 0
        try:
            if not statements:
                connection.execute(request["sql"])
            rows = []
            for statement in statements:
                counted = connection.execute(statement).fetchone()
                rows.append(None if counted is None else counted[0])
                self.written += 1
        except duckdb.IOException as error:
            full = "No space left" in str(error)
            return failure("IOException", "the disk is full" if full else "the file could not be written")
        except duckdb.Error as error:
            if not statements:
                raise
            return failure(type(error).__name__, f"statement {self.written + 1}: {str(error).splitlines()[0]}")
        finally:
            self.writing = None
            connection.close()
        return {"rows": rows}

    def serve(self, request: dict[str, Any]) -> None:
        """Answers one request, and reports progress until the answer is there."""
        done = threading.Event()
        threading.Thread(target=self.report, args=(done,), daemon=True).start()
        try:
            answer = self.answer(request)
        finally:
            done.set()
        self.say(answer)

    def end(self, directory: Path) -> NoReturn:
        """Ends this process and removes ``directory``, into which a query may still be spilling rows.

        So go the files to which links there lead: rows that nobody has put in place.
        """
        for connection in (self.connection, self.writing):
            with contextlib.suppress(duckdb.Error, AttributeError):
                connection.interrupt()  # type: ignore[union-attr]
        for link in self.half_written:
            with contextlib.suppress(OSError):
                Path(os.path.realpath(link)).unlink()
        for _ in range(100):
            shutil.rmtree(directory, ignore_errors=True)
            if not directory.exists():
                break
        os._exit(0)

    def report(self, done: threading.Event) -> None:
        """Tells the parent how far the running query is, until it is done."""
        while not done.wait(PROGRESS_EVERY):
            connection, done_before, progress = self.writing or self.connection, self.written if self.writing else 0, 0.0
            with contextlib.suppress(duckdb.Error):
                progress = connection.query_progress() if connection is not None else 0.0
            self.say({"progress": 100.0 * done_before + max(progress, 0.0)})


def failure(kind: str, message: str, place: int | None = None) -> dict[str, Any]:
    """An answer that says what went wrong, and with which of the files."""
    return {"error": {"kind": kind, "message": message, "place": place}}


def plain(value: Any) -> Any:
    """A value of a result as JSON holds it: numbers, text, yes and no, nothing."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent >= 0 else float(value)  # type: ignore[operator]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def harden() -> None:
    """No core dump (it would hold patients' data): neither as a file nor piped to a program, which the limit alone allows."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes  # noqa: PLC0415

        dumpable = 4  # PR_SET_DUMPABLE of Linux
        ctypes.CDLL(None).prctl(dumpable, 0, 0, 0, 0)


def limit_memory(connection: duckdb.DuckDBPyConnection, *, asked: bool) -> None:
    """Limits the memory of this process, where its system can: DuckDB does not count the texts and lists that a query makes.

    Room beyond DuckDB's own limit: as much again and ``SLACK``, if somebody ``asked`` for that limit; else a seventh of it, as
    the limit is then most of the machine. What needs more fails as what needs more than DuckDB's limit does.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  POSIX only

        ((most,),) = connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
        data = resource.getpagesize() * int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        most = data + (2 * most + SLACK if asked else most + most // 7)
        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))


@contextlib.contextmanager
def memory_for_footers(files: list[str]) -> Iterator[None]:
    """Limits the memory of this process by the size of the files, where its system can, while their footers are read.

    A footer of forty bytes can speak of two thousand million row groups, and DuckDB makes room for all before it reads one.
    """
    with contextlib.ExitStack() as after:
        with contextlib.suppress(ImportError, ValueError, OSError):
            import resource  # noqa: PLC0415  POSIX only

            before, hard = resource.getrlimit(resource.RLIMIT_DATA)
            data = resource.getpagesize() * int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
            most = data + SLACK + 20 * sum(Path(file).stat().st_size for file in files)
            resource.setrlimit(resource.RLIMIT_DATA, (most if before == resource.RLIM_INFINITY else min(most, before), hard))
            after.callback(resource.setrlimit, resource.RLIMIT_DATA, (before, hard))
        yield


def main(directory: str) -> None:
    """Answers requests until standard input ends; then removes ``directory``, which may hold spilled rows, and ends."""
    harden()
    worker = Worker()
    requests: list[dict[str, Any]] = []
    arrived = threading.Condition()

    def listen() -> None:
        for line in sys.stdin:
            with arrived:
                requests.append(json.loads(line))
                arrived.notify()
        worker.end(Path(directory))

    threading.Thread(target=listen, daemon=True).start()
    worker.say({"ready": True, "duckdb": duckdb.__version__})
    with contextlib.suppress(RuntimeError):  # no more threads are to be had
        threading.Thread(target=locks.sweep, args=(Path(directory).parent, TEMPORARY), daemon=True).start()
    worker.prepare()
    while True:
        with arrived:
            while not requests:
                arrived.wait()
            request = requests.pop(0)
        worker.serve(request)


if __name__ == "__main__":
    main(sys.argv[1])
