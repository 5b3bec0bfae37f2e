"""Small Parquet files that would be very large if they were read: of bytes, rows, columns, levels."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from dq_engine.thrift import BINARY, I32, I64, LIST, STRUCT, Fields, Listed, Value, written
from tests.robust import footer as f

INT64, BYTE_ARRAY = 2, 6
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8
NONE, GZIP = 0, 2
RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("expect_column_values_to_not_be_null", {}),
    ("expect_column_values_to_be_unique", {}),
    ("expect_column_value_lengths_to_be_between", {"max_value": 5}),
    ("expect_column_values_to_match_regex", {"regex": "^(a|b)+c"}),
    ("expect_column_values_to_be_between", {"max_value": 7}),
)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _levels(value: int, times: int) -> bytes:
    """Definition levels: one run."""
    run = _varint(times << 1) + bytes([value])
    return len(run).to_bytes(4, "little") + run


def _page(rows: int, content: bytes, *, size: int, encoding: int = PLAIN, dictionary: bool = False) -> bytes:
    own: Fields = {1: Value(I32, rows), 2: Value(I32, encoding)}
    own |= {} if dictionary else {3: Value(I32, RLE), 4: Value(I32, RLE)}
    header = {
        f.PAGE_KIND: Value(I32, 2 if dictionary else 0),
        f.PAGE_SIZE: Value(I32, size),
        f.PAGE_SIZE_HERE: Value(I32, len(content)),
        f.PAGE_DICTIONARY if dictionary else f.PAGE_V1: Value(STRUCT, own),
    }
    return written(header) + content


def _file(rows: int, pages: bytes, *, kind: int, codec: int = NONE, dictionary: int = 0, groups: int = 1) -> bytes:
    """A file of one column "x" that may be NULL; all its row groups are the same pages."""
    column: Fields = {1: Value(I32, kind), 3: Value(I32, 1), 4: Value(BINARY, b"x")}
    column |= {6: Value(I32, 0)} if kind == BYTE_ARRAY else {}
    meta: Fields = {
        1: Value(I32, kind),
        2: Value(LIST, Listed(I32, [PLAIN, RLE])),
        3: Value(LIST, Listed(BINARY, [b"x"])),
        4: Value(I32, codec),
        5: Value(I64, rows),
        6: Value(I64, len(pages)),
        7: Value(I64, len(pages)),
        9: Value(I64, 4 + dictionary),
    }
    meta |= {11: Value(I64, 4)} if dictionary else {}
    group: Fields = {
        1: Value(LIST, Listed(STRUCT, [{2: Value(I64, 4), 3: Value(STRUCT, meta)}])),
        2: Value(I64, len(pages)),
        3: Value(I64, rows),
    }
    root: Fields = {4: Value(BINARY, b"schema"), 5: Value(I32, 1)}
    footer: Fields = {
        1: Value(I32, 1),
        2: Value(LIST, Listed(STRUCT, [root, column])),
        3: Value(I64, rows * groups),
        4: Value(LIST, Listed(STRUCT, [group] * groups)),
    }
    return f.joined(f.MAGIC + pages, footer)


def _zeros(size: int) -> bytes:
    """So many zeros, by gzip."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [squeezed.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, squeezed.flush()])


def _unpacked(said: int) -> bytes:
    """A page of 256 MB of zeros in 256 kB, said to be of another size."""
    size = 1 << 28
    return _file(size // 8, _page(size // 8, _zeros(size), size=said), kind=INT64, codec=GZIP)


def _packed(size: int) -> bytes:
    """A page of numbers that are all 0, as large as it says."""
    rows = size // 8 - 1
    levels = _levels(1, rows)
    squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [squeezed.compress(levels), *(squeezed.compress(bytes(8 << 10)) for _ in range(rows >> 10))]
    parts += [squeezed.compress(bytes(8 * (rows % 1024))), squeezed.flush()]
    return _file(rows, _page(rows, b"".join(parts), size=len(levels) + 8 * rows), kind=INT64, codec=GZIP)


def _long_dictionary(rows: int, length: int) -> bytes:
    """A text of many bytes, once in the dictionary and in each row."""
    text = length.to_bytes(4, "little") + b"a" * length
    first = _page(1, text, size=len(text), dictionary=True)
    content = _levels(1, rows) + bytes([1]) + _varint(rows << 1) + bytes([0])
    return _file(
        rows, first + _page(rows, content, size=len(content), encoding=RLE_DICTIONARY), kind=BYTE_ARRAY, dictionary=len(first)
    )


def _nulls(rows: int, groups: int = 1) -> bytes:
    """NULLs by the run, in a dozen bytes."""
    content = _levels(0, rows)
    return _file(rows, _page(rows, content, size=len(content)), kind=INT64, groups=groups)


def _ones(rows: int) -> bytes:
    """A run of one number from a dictionary."""
    first = _page(1, bytes(8), size=8, dictionary=True)
    content = _levels(1, rows) + bytes([1]) + _varint(rows << 1) + bytes([0])
    return _file(
        rows, first + _page(rows, content, size=len(content), encoding=RLE_DICTIONARY), kind=INT64, dictionary=len(first)
    )


def _huge_text() -> bytes:
    """One text that says that it is of 2 GB."""
    content = _levels(1, 1) + (2**31 - 1).to_bytes(4, "little") + b"a"
    return _file(1, _page(1, content, size=len(content)), kind=BYTE_ARRAY)


def _one_row() -> bytes:
    to = io.BytesIO()
    pq.write_table(pa.table({"x": [1]}), to)
    return to.getvalue()


def _schema(change: Callable[[Fields, list[Fields]], list[Fields]]) -> bytes:
    def changed(footer: Fields) -> None:
        root, column = footer[2].value.items
        footer[2] = Value(LIST, Listed(STRUCT, change(root, [column])))

    return f.changed(_one_row(), changed)


def _deep(depth: int) -> bytes:
    group: Fields = {3: Value(I32, 1), 4: Value(BINARY, b"x"), 5: Value(I32, 1)}
    return _schema(lambda root, leaf: [root, *([group] * depth), *leaf])


def _wide(columns: int) -> bytes:
    def wide(root: Fields, leaf: list[Fields]) -> list[Fields]:
        own = [{**leaf[0], 4: Value(BINARY, f"x{place}".encode())} for place in range(columns - 1)]
        return [{**root, 5: Value(I32, columns)}, *leaf, *own]

    content = _schema(wide)

    def chunks(footer: Fields) -> None:
        for group in f.groups(footer):
            items = group[f.COLUMNS].value.items
            items += [items[0]] * (columns - 1)

    return f.changed(content, chunks)


def _endless_list() -> bytes:
    """A footer whose list of row groups is said to have two thousand million of them."""
    body, footer = f.parted(_one_row())
    end = written({number: value for number, value in footer.items() if number < f.ROW_GROUPS})[:-1]
    end += bytes([0x19, 0xFC]) + _varint(2**31 - 1) + bytes(100)
    return body + end + len(end).to_bytes(4, "little") + f.MAGIC


NOT_NULL, UNIQUE, BETWEEN, LENGTHS, FEW_ROWS = (
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_unique",
    "expect_column_values_to_be_between",
    "expect_column_value_lengths_to_be_between",
    "expect_table_row_count_to_be_between",
)
OF_ONE_NUMBER = (NOT_NULL, BETWEEN, LENGTHS)
OF_ONE_ROW = (*OF_ONE_NUMBER, UNIQUE, FEW_ROWS)


class Bomb(NamedTuple):
    """What makes the file, and the rules that its rows keep: no others may pass."""

    made: Callable[[], bytes]
    kept: tuple[str, ...] = ()


BOMBS: dict[str, Bomb] = {
    "256 MB of zeros, said to be 2 GB": Bomb(lambda: _unpacked(2**31 - 1)),
    "256 MB of zeros, said to be 100 bytes": Bomb(lambda: _unpacked(100)),
    "a page of 128 MB": Bomb(lambda: _packed(1 << 27), OF_ONE_NUMBER),
    "a page of 1 GB": Bomb(lambda: _packed(1 << 30), OF_ONE_NUMBER),
    "a text of 1 MB in each of a million rows": Bomb(lambda: _long_dictionary(1_000_000, 1 << 20), (NOT_NULL,)),
    "a text of 16 MB in each of 100 million rows": Bomb(lambda: _long_dictionary(100_000_000, 1 << 24), (NOT_NULL,)),
    "a text of 2 GB that is not there": Bomb(_huge_text, (FEW_ROWS,)),
    "2 thousand million NULLs": Bomb(lambda: _nulls(2**31 - 1)),
    "100,000 row groups of 2 thousand million NULLs": Bomb(lambda: _nulls(2**31 - 1, 100_000)),
    "2 thousand million times one number": Bomb(lambda: _ones(2**31 - 1), OF_ONE_NUMBER),
    "100 million times one number": Bomb(lambda: _ones(100_000_000), OF_ONE_NUMBER),
    "a schema 100 deep": Bomb(lambda: _deep(100), (NOT_NULL, UNIQUE, FEW_ROWS)),
    "a schema 10,000 deep": Bomb(lambda: _deep(10_000), (NOT_NULL, UNIQUE, FEW_ROWS)),
    "a schema 1,000,000 deep": Bomb(lambda: _deep(1_000_000), (NOT_NULL, UNIQUE, FEW_ROWS)),
    "1,000 columns, all in the same bytes": Bomb(lambda: _wide(1_000), OF_ONE_ROW),
    "10,000 columns": Bomb(lambda: _wide(10_000), OF_ONE_ROW),
    "a million columns": Bomb(lambda: _wide(1_000_000), OF_ONE_ROW),
    "100,000 row groups without rows": Bomb(lambda: _nulls(0, 100_000), (FEW_ROWS,)),
    "an endless list of row groups": Bomb(_endless_list),
}


def suite() -> dict[str, Any]:
    """The rules for the column of all of them."""
    rules = [{"type": name, "kwargs": {"column": "x", **kwargs}} for name, kwargs in RULES]
    rules.append({"type": FEW_ROWS, "kwargs": {"max_value": 10}})
    listed = [{**rule, "id": str(place)} for place, rule in enumerate(rules)]
    return {"name": "bombs", "expectations": listed, "meta": {"dq": {"feed": "rows"}}}
