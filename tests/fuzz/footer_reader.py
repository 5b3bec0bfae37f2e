"""Whatever a footer says, the extract is described or refused in words. ``python -m tests.fuzz.footer_reader --folder FOLDER``.

The first line of an input says whether the rest is a footer (Thrift; nothing reads the pages before it) or a whole file. It is
read as the worker reads it, in this process: what DuckDB does not survive ends the process, and the driver starts another.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from dq_engine import compile as phrase
from dq_engine import sources, sql
from dq_engine.catalog.base import Scope
from dq_engine.catalog.types import base_of, kind_of
from dq_engine.errors import UsageError, WorkerError
from dq_engine.feeds import Extract
from dq_engine.opening import open_extract
from dq_engine.plan import footer_questions, make_plan
from dq_engine.suite import parse_suite
from dq_engine.thrift import BINARY, BYTE, DOUBLE, FALSE, I16, I32, I64, LIST, STRUCT, TRUE, Fields, Value, read, written
from dq_engine.worker import Worker

Change = Callable[[bytes, int], bytes]
SLOTS = 64
"""Paths that are written in turn: DuckDB may remember a file by its path, size and time."""
OFTEN = 500
"""Files after which a connection is replaced."""
ASKED = 4
"""Of so many inputs one is asked for minima and maxima, too, which takes longer than all the rest."""
KINDS = {
    *("integer", "decimal", "float", "text", "boolean", "date", "timestamp", "timestamptz", "time", "other", "nested", "null"),
}


class Wrong(AssertionError):
    """What should not be."""


class _Kept(Worker):
    """The worker, but that its connection is for many files one after another."""

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        return {**self.describe(request["files"], request["relation"]), "others": {}}


class _Reader:
    """Reads files as the worker does, in one connection for many of them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dq-fuzz-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.paths = [self.folder / f"{slot}.parquet" for slot in range(SLOTS)]
        self.settings = {"threads": 1, "memory_limit": "256MB", "temp_directory": str(self.folder / "spill")}
        self.worker = _Kept()
        self.count = 0

    def written(self, content: bytes) -> Path:
        """The path of a file with that content, which the worker may read."""
        if self.count % OFTEN == 0:
            if self.worker.connection is not None:
                self.worker.connection.close()
            self.worker.connection = sources.connect([str(path) for path in self.paths], self.settings)
        path = self.paths[self.count % SLOTS]
        path.write_bytes(content)
        self.count += 1
        return path

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the worker answers, as its parent would hear it. Raises :class:`WorkerError`."""
        answer: dict[str, Any] = json.loads(json.dumps(self.worker.answer(request)))
        if "error" in answer:
            raise WorkerError(answer["error"]["message"], answer["error"]["kind"], answer["error"]["place"])
        return answer


@functools.cache
def reader() -> _Reader:
    """The reader of this process."""
    return _Reader()


def judge(data: bytes) -> list[str]:
    """Reads an input; gives what was said of it. Raises if anything but a description or a refusal in words comes of it."""
    own = reader()
    path = own.written(content(data))
    if data.startswith(b"file"):
        try:
            rows = sources.verified([str(path)], own.settings)
            if any(count < 0 for count in rows):
                raise Wrong("fewer than no rows were counted")
        except sources.Unreadable as error:
            if zlib.crc32(data) % 2:
                return refused(str(error))
    try:
        table = open_extract(own.ask, Extract("fuzz", (path,), SUITE), (), own.folder, {}, show=False).table
    except (WorkerError, UsageError) as error:
        return refused(str(error))
    if not table.columns or table.rows < 0:
        raise Wrong(f"an extract with {len(table.columns)} columns and {table.rows} rows")
    for column in table.columns:
        if column.kind not in KINDS or kind_of(column.type) != column.kind or not base_of(column.type):
            raise Wrong(f"a column of type {column.type} is of the kind {column.kind}")
        if column.nulls is not None and not 0 <= column.nulls <= table.rows:
            raise Wrong("more or less NULLs than there can be are believed")
    said = [f"{column.kind} {base_of(column.type)} {column.nulls is None}" for column in table.columns]
    if zlib.crc32(data) % ASKED:
        return said
    asked = {column.name: column.kind in sql.TEMPORAL for column in table.columns if column.name and column.kind != "nested"}
    suite = parse_suite(suite_text(dict(list(asked.items())[:2])), "suite.json")
    plan = make_plan(list(suite.checks), Scope(table), suite.feed, [])
    if questions := footer_questions(plan):
        try:
            (answers,) = own.ask({"op": "query", "sql": phrase.footer_scan(questions, table, [str(path)])})["rows"]
            said += [type(answer).__name__ for answer in answers]
        except WorkerError as error:
            said += refused(str(error))
    return said


def refused(message: str) -> list[str]:
    """What is said of a file that cannot be read, which must be words and not too many."""
    if not message.strip() or len(message) > 20_000 or "Traceback" in message:
        raise Wrong("an error without words, or with too many")
    return [message[:300]]


def suite_text(columns: Mapping[str, bool]) -> str:
    """A suite that asks what footers can answer of columns, each with whether its values are dates."""
    listed: list[dict[str, Any]] = [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]
    for name, dated in columns.items():
        low, high = ("2020-01-01", "2024-01-01") if dated else (0, 10)
        kwargs = {"column": name, "min_value": low, "max_value": high}
        listed += [{"type": f"expect_column_{kind}_to_be_between", "kwargs": kwargs} for kind in ("values", "max")]
    return json.dumps({"name": "footers", "expectations": listed})


def content(data: bytes) -> bytes:
    """The file that an input stands for."""
    head, _, rest = data.partition(b"\n")
    if head != b"footer":
        return rest
    return b"PAR1" + bytes(64) + rest + len(rest).to_bytes(4, "little") + b"PAR1"


SUITE = parse_suite(suite_text({}), "suite.json")


# ----------------------------------------------------------------------------------------------------------------- inputs

TABLES = (
    "SELECT range AS n, range::VARCHAR AS t FROM range(20)",
    "SELECT range::DECIMAL(9,2) AS small, range::DECIMAL(38,9) AS wide, range::DOUBLE AS f, range::FLOAT AS g FROM range(5)",
    "SELECT DATE '2024-01-01' + range::INTEGER AS d, now()::TIMESTAMP AS ts, now() AS tz, TIME '12:00' AS tm FROM range(5)",
    "SELECT [range] AS l, {'a': range, 'b': [range]} AS s, MAP {'k': range} AS m, gen_random_uuid() AS u FROM range(3)",
    "SELECT NULL::INTEGER AS nil, range % 2 = 0 AS b, 'x'::BLOB AS raw, '{}'::JSON AS j FROM range(4)",
    "SELECT 1::UTINYINT AS a, 2::USMALLINT AS b, 3::UINTEGER AS c, 4::UBIGINT AS d, 5::TINYINT AS e, 6::SMALLINT AS f",
    "SELECT 1 AS x WHERE false",
    'SELECT 1 AS "a.b", 2 AS "A", 3 AS " ", 4 AS "we ""ird", 5 AS "list", 6 AS "é"',
)


def seeds() -> Iterator[bytes]:
    """Inputs to begin with: small files of all types."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        for place, table in enumerate(TABLES):
            path = Path(folder) / f"{place}.parquet"
            for options in ("", ", ROW_GROUP_SIZE 2, COMPRESSION 'uncompressed'", ", KV_METADATA {k: 'v'}, PARQUET_VERSION v2"):
                connection.execute(f"COPY ({table}) TO {sql.text(str(path))} (FORMAT parquet{options})")
                whole = path.read_bytes()
                length = int.from_bytes(whole[-8:-4], "little")
                yield b"footer\n" + whole[-8 - length : -8]
            yield b"file\n" + whole


def mutated(data: bytes, most: int, chance: Random, change: Change) -> bytes:
    """Another input: bytes changed by libFuzzer, or one to four values of the footer changed."""
    head, _newline, rest = data.partition(b"\n")
    length = int.from_bytes(rest[-8:-4], "little")
    body, end = (rest[: -8 - length], rest[-8 - length : -8]) if head == b"file" else (b"", rest)
    if chance.random() < 0.3 and head == b"file":
        body = change(body, max(1, most - len(end) - 16))
    elif chance.random() < 0.3:
        end = change(end, max(1, most - len(body) - 16))
    else:
        try:
            fields, _ = read(end)
            for _ in range(chance.choice((1, 1, 2, 4))):
                _altered(fields, chance)
            end = written(fields)
        except (IndexError, TypeError, RecursionError, OverflowError, ValueError):  # what was altered cannot be written
            end = change(end, max(1, most - len(body) - 16))
    whole = body + end + len(end).to_bytes(4, "little") + b"PAR1" if head == b"file" else end
    return (head + b"\n" + whole)[:most]


def _altered(fields: Fields, chance: Random) -> None:
    """Changes one value somewhere below."""
    number = chance.choice(list(fields))
    kind, value = fields[number]
    if kind == STRUCT and value and chance.random() < 0.85:
        return _altered(value, chance)
    if kind == LIST and value.items and chance.random() < 0.8:
        place = chance.randrange(len(value.items))
        if value.type == STRUCT and value.items[place] and chance.random() < 0.85:
            return _altered(value.items[place], chance)
        return chance.choice(
            (
                lambda: value.items.pop(place),
                lambda: value.items.insert(place, value.items[place]),
                lambda: value.items.__setitem__(place, _other(value.type, value.items[place], chance)),
                value.items.reverse,
            )
        )()
    if chance.random() < 0.2:
        del fields[number]
    elif chance.random() < 0.15:
        fields[chance.randrange(1, 20)] = fields[number]
    else:
        fields[number] = Value(kind, _other(kind, value, chance))


def _other(kind: int, value: Any, chance: Random) -> Any:
    if kind in (TRUE, FALSE):
        return not value
    if kind in (BYTE,):
        return chance.randrange(256)
    if kind in (I16, I32, I64):
        near = (value + 1, value - 1, -value, value * 2, chance.randrange(64))
        return chance.choice((*near, 0, 1, -1, 2**15, 2**31 - 1, -(2**31), 2**32, 2**62, 2**63 - 1, -(2**63)))
    if kind == DOUBLE:
        return chance.choice((0.0, -1.0, float("inf"), float("nan")))
    if kind == BINARY:
        texts = (
            b"",
            b"\0",
            b"\xff",
            b"\xed\xa0\x80",
            b"a.b",
            b"list",
            b"n",
            b"t",
            b'"',
            b"'",
            b"x" * 300,
            value[:-1],
            value + b"\xc3",
            value * 2,
        )
        return chance.choice(texts)
    return value


if __name__ == "__main__":
    from tests.fuzz.driver import main

    main("footer_reader")
