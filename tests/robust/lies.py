"""Files whose footers, indexes and page headers lie, in every way that a reader could believe; and the same without a claim."""

from __future__ import annotations

import datetime as dt
import decimal
import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dq_engine.thrift import BINARY, FALSE, I32, I64, LIST, STRUCT, TRUE, Fields, Listed, Value, read
from dq_engine.thrift import written as encoded
from tests.robust import footer as f

ROWS = 600
GROUP = 200
BYTE_ARRAY = 6
Change = Callable[[Fields], None]


def table() -> pa.Table:
    """Rows with faults of all kinds, most of them in the last row group."""
    last = range(2 * GROUP, ROWS)
    return pa.table(
        {
            "n": pa.array([None if row % 97 == 5 else row for row in range(ROWS)], pa.int64()),
            "d": pa.array([None if row % 89 == 7 else row / 4 for row in range(ROWS)], pa.float64()),
            "code": pa.array([None if row % 83 == 9 else f"A{row - (row in last and row % 50 == 0):05}" for row in range(ROWS)]),
            "practice": pa.array([f"P{row % 3:05}" for row in range(ROWS)]),
            "kind": pa.array([("a", "b", "c")[row // GROUP] for row in range(ROWS)]),
            "day": pa.array([dt.date(2024, 1, 1) + dt.timedelta(row // 3) for row in range(ROWS)]),
            "at": pa.array([dt.datetime(2024, 1, 1) + dt.timedelta(hours=row) for row in range(ROWS)], pa.timestamp("us")),
            "yes": pa.array([None if row % 79 == 3 else row < 500 for row in range(ROWS)]),
            "sum": pa.array([decimal.Decimal(row) / 100 for row in range(ROWS)], pa.decimal128(9, 2)),
            "gone": pa.array([None if row < 2 * GROUP else row for row in range(ROWS)], pa.int32()),
            "list": pa.array([[row, None] if row % 2 else None for row in range(ROWS)], pa.list_(pa.int32())),
            "pair": pa.array([{"x": row, "y": None} for row in range(ROWS)], pa.struct({"x": pa.int32(), "y": pa.string()})),
        }
    )


def written(content: pa.Table, **options: Any) -> bytes:
    """A table as Parquet, in row groups of 200 rows."""
    to = io.BytesIO()
    pq.write_table(content, to, row_group_size=GROUP, **{"data_page_size": 200, **options})
    return to.getvalue()


def of_statistics(change: Callable[[Fields, Fields], None], *columns: str) -> Change:
    """A lie of the statistics of chunks; ``change`` takes the statistics and the meta data around them."""

    def lie(footer: Fields) -> None:
        for meta in f.chunks(footer, *columns):
            statistics = dict(meta[f.STATISTICS].value) if f.STATISTICS in meta else {}
            change(statistics, meta)
            meta[f.STATISTICS] = Value(STRUCT, statistics)

    return lie


def nulls(count: Callable[[int, int], int]) -> Change:
    """The NULLs are ``count`` of the true ones and the values."""

    def change(statistics: Fields, meta: Fields) -> None:
        true = statistics[f.NULLS].value if f.NULLS in statistics else 0
        statistics[f.NULLS] = Value(I64, count(true, meta[f.VALUES].value))

    return of_statistics(change)


def _copied(*pairs: tuple[int, int]) -> Change:
    """Each field of the statistics is that of another one."""

    def change(statistics: Fields, meta: Fields) -> None:
        before = dict(statistics)
        statistics.update({to: before[of] for to, of in pairs if of in before})

    return of_statistics(change)


def _cut(*, texts: bool) -> Change:
    """Minima and maxima have two bytes alone, and are called exact."""

    def change(statistics: Fields, meta: Fields) -> None:
        for field in (f.MIN, f.MAX):
            if field in statistics and (meta[f.PHYSICAL].value == BYTE_ARRAY) is texts:
                statistics[field] = Value(BINARY, statistics[field].value[:2])
        statistics[f.MIN_EXACT] = statistics[f.MAX_EXACT] = Value(TRUE, True)

    return of_statistics(change)


def _distinct(count: int) -> Change:
    return of_statistics(lambda statistics, meta: statistics.update({f.DISTINCT: Value(I64, count)}))


def _all_alike(statistics: Fields, meta: Fields) -> None:
    if f.MIN in statistics:
        statistics[f.MAX] = statistics[f.MIN]
    statistics[f.NULLS], statistics[f.DISTINCT] = Value(I64, 0), Value(I64, 1)


def _sorted(footer: Fields) -> None:
    for group in f.groups(footer):
        columns = [{1: Value(I32, place), 2: Value(TRUE, True), 3: Value(FALSE, False)} for place in range(4)]
        group[f.SORTING] = Value(LIST, Listed(STRUCT, columns))


def _encodings(footer: Fields) -> None:
    for meta in f.chunks(footer):
        meta[2] = Value(LIST, Listed(I32, [0]))
        meta[13] = Value(LIST, Listed(STRUCT, [{1: Value(I32, 0), 2: Value(I32, 8), 3: Value(I32, 1)}]))


def _without(footer: Fields) -> None:
    for group in f.groups(footer):
        group.pop(f.SORTING, None)
        for chunk in group[f.COLUMNS].value.items:
            for field in (f.OFFSET_INDEX, f.OFFSET_INDEX_LENGTH, f.COLUMN_INDEX, f.COLUMN_INDEX_LENGTH):
                chunk.pop(field, None)
            for field in (f.STATISTICS, f.BLOOM, f.BLOOM_LENGTH, f.SIZES):
                chunk[f.META].value.pop(field, None)


def rows(of_groups: int, *, of_values: int = 0, of_file: int | None = None) -> Change:
    """Each row group, each of its chunks, and the file are said to have so many rows, or values, more."""

    def lie(footer: Fields) -> None:
        for group in f.groups(footer):
            group[f.GROUP_ROWS] = Value(I64, group[f.GROUP_ROWS].value + of_groups)
        for meta in f.chunks(footer):
            meta[f.VALUES] = Value(I64, meta[f.VALUES].value + of_values)
        total = of_groups * len(f.groups(footer)) if of_file is None else of_file
        footer[f.NUM_ROWS] = Value(I64, footer[f.NUM_ROWS].value + total)

    return lie


STATISTICS: dict[str, Change] = {
    "no NULLs": nulls(lambda true, values: 0),
    "NULLs everywhere but once": nulls(lambda true, values: values - 1),
    "more NULLs than values": nulls(lambda true, values: values + 1),
    "fewer NULLs than none": nulls(lambda true, values: -1),
    "one NULL more": nulls(lambda true, values: true + 1),
    "the maximum is the minimum": _copied((f.MAX, f.MIN), (f.OLD_MAX, f.OLD_MIN)),
    "the minimum is the maximum": _copied((f.MIN, f.MAX), (f.OLD_MIN, f.OLD_MAX)),
    "minimum and maximum are swapped": _copied((f.MIN, f.MAX), (f.MAX, f.MIN), (f.OLD_MIN, f.OLD_MAX), (f.OLD_MAX, f.OLD_MIN)),
    "texts are cut and called exact": _cut(texts=True),
    "one value alone": of_statistics(_all_alike),
    "one different value": _distinct(1),
    "all values are different": _distinct(GROUP),
    "no different value": _distinct(0),
    "sorted by all columns": _sorted,
    "other encodings": _encodings,
}
"""Lies about values that the option does not even notice: the answer is that of the pages."""

REFUSED: dict[str, Change] = {
    "NULLs everywhere": nulls(lambda true, values: values),
    "all NULL in one column": of_statistics(
        lambda statistics, meta: statistics.update({f.NULLS: Value(I64, meta[f.VALUES].value)}), "code"
    ),
    "all NULL in a field": of_statistics(
        lambda statistics, meta: statistics.update({f.NULLS: Value(I64, meta[f.VALUES].value)}), "pair.x"
    ),
    "fewer rows": rows(-50, of_values=-50),
    "more rows": rows(+50, of_values=+50),
    "fewer rows, but not in the chunks": rows(-50),
    "more rows, but not in the chunks": rows(+50),
    "fewer values than rows": rows(0, of_values=-50),
    "numbers are cut": _cut(texts=False),
    "no rows": rows(-GROUP, of_values=-GROUP),
    "fewer rows in the file than in its row groups": rows(0, of_file=-100),
    "more rows in the file than in its row groups": rows(0, of_file=+100),
    "more rows in a row group than in the file": rows(+50, of_values=+50, of_file=0),
}
"""Lies that no answer is given to."""


def _of_pages(change: Callable[[Fields], None]) -> Callable[[bytes], bytes]:
    def changed(header: Fields, content: bytes) -> tuple[Fields, bytes]:
        for version, place in ((f.PAGE_V1, 5), (f.PAGE_V2, 8)):
            if version in header:
                own = dict(header[version].value)
                statistics = dict(own[place].value) if place in own else {}
                change(statistics)
                own[place] = Value(STRUCT, statistics)
                header = {**header, version: Value(STRUCT, own)}
        return header, content

    return lambda content: f.with_pages(content, changed)


def _counts_of_pages(**counts: int) -> Callable[[bytes], bytes]:
    fields = {"nulls": 2, "rows": 3}

    def changed(header: Fields, content: bytes) -> tuple[Fields, bytes]:
        if f.PAGE_V2 in header:
            own = dict(header[f.PAGE_V2].value) | {fields[name]: Value(I32, count) for name, count in counts.items()}
            header = {**header, f.PAGE_V2: Value(STRUCT, own)}
        return header, content

    return lambda content: f.with_pages(content, changed)


def _sorted_dictionary(header: Fields, content: bytes) -> tuple[Fields, bytes]:
    if f.PAGE_DICTIONARY in header:
        header = {**header, f.PAGE_DICTIONARY: Value(STRUCT, {**header[f.PAGE_DICTIONARY].value, 3: Value(TRUE, True)})}
    return header, content


def _indexes(field: int, length: int) -> Callable[[bytes], bytes]:
    """The indexes of all columns are those of the first chunk."""

    def lie(footer: Fields) -> None:
        chunks = [chunk for group in f.groups(footer) for chunk in group[f.COLUMNS].value.items]
        for chunk in chunks:
            chunk[field], chunk[length] = chunks[0][field], chunks[0][length]

    return lambda content: f.changed(content, lie)


def _null_pages(content: bytes) -> bytes:
    """The column index says of each page that it holds NULLs alone."""
    out = bytearray(content)
    _, footer = f.parted(content)
    for group in f.groups(footer):
        for chunk in group[f.COLUMNS].value.items:
            if f.COLUMN_INDEX in chunk:
                place = chunk[f.COLUMN_INDEX].value
                index, end = read(content, place)
                index[1] = Value(LIST, Listed(index[1].value.type, [True] * len(index[1].value.items)))
                again = encoded(index)
                assert len(again) == end - place
                out[place:end] = again
    return bytes(out)


def _empty_blooms(content: bytes) -> bytes:
    """Bloom filters that have seen no value."""
    out = bytearray(content)
    _, footer = f.parted(content)
    for meta in f.chunks(footer):
        if f.BLOOM in meta:
            header, begins = read(content, meta[f.BLOOM].value)
            out[begins : begins + header[1].value] = bytes(header[1].value)
    return bytes(out)


PAGES: dict[str, Callable[[bytes], bytes]] = {
    "page headers: no NULLs": _of_pages(lambda statistics: statistics.update({f.NULLS: Value(I64, 0)})),
    "page headers: many NULLs": _of_pages(lambda statistics: statistics.update({f.NULLS: Value(I64, 200)})),
    "page headers: the maximum is the minimum": _of_pages(
        lambda statistics: statistics.update({f.MAX: statistics.get(f.MIN, Value(BINARY, b"")), f.NULLS: Value(I64, 0)})
    ),
    "page headers: other counts of NULLs": _counts_of_pages(nulls=0),
    "dictionaries are sorted": lambda content: f.with_pages(content, _sorted_dictionary),
    "column indexes of another column": _indexes(f.COLUMN_INDEX, f.COLUMN_INDEX_LENGTH),
    "offset indexes of another column": _indexes(f.OFFSET_INDEX, f.OFFSET_INDEX_LENGTH),
    "column indexes: pages of NULLs": _null_pages,
    "bloom filters that exclude all values": _empty_blooms,
}
"""Lies outside the footer."""


def without_claims(content: bytes) -> bytes:
    """The file without statistics, indexes and bloom filters."""
    return f.changed(content, _without)
