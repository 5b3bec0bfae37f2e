"""What does not fit into memory is found out in another way: with real limits, and the same answers."""

import datetime as dt
import decimal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import Run, WorkerProcess
from dq_engine import compile as phrase
from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Scope
from dq_engine.model import Column, Scalar, Table

LIMITS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "groups": (
        "SELECT md5(CAST(i AS VARCHAR)) AS v FROM range(1000000) r(i)",
        "50MB",
        "expect_column_unique_value_count_to_be_between",
        {"min_value": 1_000_000, "max_value": 1_000_000},
    ),
    "hashes of keys": (
        "SELECT hash(i) AS v, i % 7 AS w FROM range(1900000) r(i)",
        "24MB",
        "expect_compound_columns_to_be_unique",
        {"column_list": ["v", "w"]},
    ),
    "a median": (
        "SELECT CAST(hash(i) % 1000 AS BIGINT) AS v FROM range(6000000) r(i)",
        "30MB",
        "expect_column_median_to_be_between",
        {"min_value": 499, "max_value": 500},
    ),
}


@pytest.mark.parametrize("what", LIMITS)
def test_a_limit_of_memory_changes_no_answer(what: str, make_suite: Any, worker: WorkerProcess, tmp_path: Path) -> None:
    select, limit, name, arguments = LIMITS[what]
    source = tmp_path / "rows.parquet"
    duckdb.execute(f"COPY ({select}) TO '{source}' (FORMAT parquet)").fetchall()
    suite = make_suite((name, arguments if "column_list" in arguments else {"column": "v", **arguments}))

    def run(**options: Any) -> Run:
        return dq_engine.check(source, suite, worker=worker, checksums=False, **options)

    limited, whole = run(memory_limit=limit), run()
    assert [outcome.status for outcome in limited.outcomes] == ["pass"]
    assert limited.outcomes == whole.outcomes
    ways = [Counter(query.purpose for query in one.extracts[0].queries) for one in (limited, whole)]
    if what == "a median":
        assert [way["middle values"] for way in ways] == [1, 0]
    else:
        assert ways[0]["key"] > ways[1]["key"] + 3, "portion after portion"


TYPES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any], str, str]] = {
    "integers": (pa.int64(), st.integers(-(2**62), 2**62), "BIGINT", "integer"),
    "few integers": (pa.int8(), st.integers(-3, 3), "TINYINT", "integer"),
    "doubles": (pa.float64(), st.floats(allow_nan=False), "DOUBLE", "float"),
    "decimals": (
        pa.decimal128(6, 2),
        st.integers(-9999, 9999).map(lambda n: decimal.Decimal(n) / 100),
        "DECIMAL(6,2)",
        "decimal",
    ),
    "dates": (pa.date32(), st.dates(dt.date(1900, 1, 1), dt.date(2030, 1, 1)), "DATE", "date"),
    "moments": (pa.timestamp("us"), st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2030, 1, 1)), "TIMESTAMP", "timestamp"),
}


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize("kind", TYPES)
@given(data=st.data())
@settings(deadline=None, max_examples=25, derandomize=True)
def test_the_middle_values_are_enough_for_a_median(kind: str, data: st.DataObject, database: duckdb.DuckDBPyConnection) -> None:
    of_arrow, values, of_duckdb, family = TYPES[kind]
    drawn = data.draw(st.lists(st.one_of(st.none(), values), max_size=12))
    column = Column("v", '"v"', of_duckdb, family, shown=True)  # type: ignore[arg-type]
    bounds = {"min_value": "1990-01-01" if family in ("date", "timestamp") else 0}
    rule = CATALOG["expect_column_median_to_be_between"](column="v", **bounds)
    found = rule.metrics(Scope(Table((column,), len(drawn))))
    scalars = [metric for metric in found.values() if isinstance(metric, Scalar)]
    assert len(scalars) == 2
    with database.cursor() as connection:
        connection.register("rows", pa.table({"v": pa.array(drawn, of_arrow)}))
        connection.execute("CREATE TEMP TABLE dq_extract AS SELECT * FROM rows")
        asked = phrase.row_scan(scalars, Table((column,), len(drawn)))
        expected = connection.execute(asked).fetchall()
        assert str(connection.execute(phrase.middle_scan(scalars)).fetchall()) == str(expected)
