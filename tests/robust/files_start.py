"""Sound files with every type, encoding and codec, each with a suite of rules that its footer and its rows may answer."""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

Rule = dict[str, Any]
ROWS = 60


class Start(NamedTuple):
    """A file and the suite that it is checked by."""

    name: str
    content: bytes
    suite: dict[str, Any]


def _rule(name: str, **kwargs: Any) -> Rule:
    return {"type": name, "kwargs": kwargs}


def _some(values: list[Any]) -> list[Any]:
    return [None if place % 7 == 3 else value for place, value in enumerate(values)]


def _between(column: str, values: list[Any]) -> list[Rule]:
    """Rules that the values keep, and one that the largest breaks."""
    low, high = (value if isinstance(value, int | float) else str(value) for value in (min(values), max(values)))
    return [
        _rule("expect_column_values_to_be_between", column=column, min_value=low, max_value=high),
        _rule("expect_column_max_to_be_between", column=column, max_value=high),
        _rule("expect_column_values_to_be_between", column=column, max_value=high, strict_max=True),
    ]


def _numbers() -> Iterator[tuple[str, pa.Array, list[Rule]]]:
    n = list(range(ROWS))
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        yield name, pa.array(_some(n), getattr(pa, name)()), _between(name, n)
    for name in ("float32", "float64"):
        yield name, pa.array([place / 4 for place in n], getattr(pa, name)()), _between(name, [place / 4 for place in n])
    for digits in (5, 15, 30):
        values = [decimal.Decimal(place) / 100 for place in n]
        yield (
            f"decimal{digits}",
            pa.array(_some(values), pa.decimal128(digits, 2)),
            _between(f"decimal{digits}", list(map(float, values))),
        )
    yield (
        "bool",
        pa.array(_some([place % 2 == 0 for place in n])),
        [_rule("expect_column_values_to_be_in_set", column="bool", value_set=[True, False])],
    )


def _times() -> Iterator[tuple[str, pa.Array, list[Rule]]]:
    days = [dt.date(2024, 1, 1) + dt.timedelta(place) for place in range(ROWS)]
    yield "day", pa.array(_some(days)), _between("day", days)
    moments = [dt.datetime(2024, 1, 1) + dt.timedelta(hours=place) for place in range(ROWS)]
    for unit in ("ms", "us", "ns"):
        yield f"at_{unit}", pa.array(_some(moments), pa.timestamp(unit)), _between(f"at_{unit}", moments)
    zoned = pa.array(moments, pa.timestamp("us", "UTC"))
    yield (
        "zoned",
        zoned,
        [_rule("expect_column_values_to_be_between", column="zoned", min_value="2024-01-01", max_value="2025-01-01")],
    )
    yield "time", pa.array([dt.time(place % 24) for place in range(ROWS)]), []


def _texts() -> Iterator[tuple[str, pa.Array, list[Rule]]]:
    codes = [f"A{place:05}" for place in range(ROWS)]
    rules = [
        _rule("expect_column_values_to_match_regex", column="code", regex="^A[0-9]{5}$"),
        _rule("expect_column_value_lengths_to_equal", column="code", value=6),
        _rule("expect_column_values_to_be_unique", column="code"),
    ]
    yield "code", pa.array(_some(codes)), rules
    kinds = [("a", "b", "c")[place % 3] for place in range(ROWS)]
    yield "kind", pa.array(kinds), [_rule("expect_column_values_to_be_in_set", column="kind", value_set=["a", "b", "c"])]
    yield (
        "long",
        pa.array([str(place) * 30 for place in range(ROWS)]),
        [_rule("expect_column_value_lengths_to_be_between", column="long", max_value=60)],
    )
    yield "blob", pa.array([bytes([place]) * 5 for place in range(ROWS)]), []
    yield "fixed", pa.array([bytes([place]) * 4 for place in range(ROWS)], pa.binary(4)), []


def _nested() -> Iterator[tuple[str, pa.Array, list[Rule]]]:
    yield "list", pa.array([[place] * (place % 4) if place % 5 else None for place in range(ROWS)], pa.list_(pa.int64())), []
    yield "pair", pa.array([{"x": place, "y": None if place % 2 else "y"} for place in range(ROWS)]), []
    deep = [[{"a": [place, None]}] if place % 3 else None for place in range(ROWS)]
    yield "deep", pa.array(deep), []
    yield "map", pa.array([[(str(place), place)] for place in range(ROWS)], pa.map_(pa.string(), pa.int64())), []
    yield "n", pa.array(range(ROWS)), [_rule("expect_column_values_to_be_unique", column="n")]


def _started(name: str, columns: list[tuple[str, pa.Array, list[Rule]]], **options: Any) -> Start:
    feed = options.pop("feed", {})
    table = pa.table({column: values for column, values, _ in columns})
    to = io.BytesIO()
    pq.write_table(
        table, to, **{"row_group_size": 25, "data_page_size": 120, "write_batch_size": 10, "store_schema": False, **options}
    )
    rules = [rule for _, _, own in columns for rule in own]
    rules += [_rule("expect_column_values_to_not_be_null", column=column) for column, _, _ in columns]
    rules.append(_rule("expect_table_row_count_to_equal", value=table.num_rows))
    listed = [{**rule, "id": str(place)} for place, rule in enumerate(rules)]
    suite = {"name": name, "expectations": listed, "meta": {"dq": {"feed": "rows", **feed}}}
    return Start(name, to.getvalue(), suite)


@functools.cache
def starts() -> tuple[Start, ...]:
    """The sound files; small, so that a mutation is likely to hit what matters."""
    numbers, times, texts, nested = (list(make()) for make in (_numbers, _times, _texts, _nested))
    by_name = {column[0]: column for column in (*numbers, *times, *texts, *nested)}
    few = [by_name[name] for name in ("int64", "code", "kind", "day")]
    found = [
        _started("numbers", numbers[:6], compression="none"),
        _started("more numbers", numbers[6:], compression="snappy"),
        _started("times", times, compression="gzip"),
        _started("texts", texts, compression="zstd"),
        _started("nested", nested, compression="lz4"),
        _started("nested 2", nested, data_page_version="2.0"),
        _started("by organisation", few, feed={"organisation_column": "code", "period_column": "day"}),
        _started("without dictionaries", few, use_dictionary=False, compression="brotli", data_page_version="2.0"),
        _started(
            "with indexes", few, write_page_index=True, write_page_checksum=True, bloom_filter_options={"code": {"ndv": 60}}
        ),
        _started("without statistics", few, write_statistics=False),
        _started("one row group", few, row_group_size=1000, data_page_size=1 << 20),
        _started("INT96", [by_name["at_us"], by_name["at_ns"]], use_deprecated_int96_timestamps=True),
        _started(
            "deltas",
            [by_name[name] for name in ("int32", "int64", "code", "long")],
            use_dictionary=False,
            column_encoding={
                "int32": "DELTA_BINARY_PACKED",
                "int64": "DELTA_BINARY_PACKED",
                "code": "DELTA_BYTE_ARRAY",
                "long": "DELTA_LENGTH_BYTE_ARRAY",
            },
            data_page_version="2.0",
        ),
        _started("split streams", [by_name["float32"], by_name["float64"]], use_dictionary=False, use_byte_stream_split=True),
    ]
    nothing = [(name, values.slice(0, 0), rules) for name, values, rules in few]
    nulls = [(name, pa.nulls(ROWS, values.type), rules) for name, values, rules in few]
    return (*found, _started("no rows", nothing), _started("NULLs alone", nulls))
