"""Keys of large extracts that are compared in parts: the same rows are found, and no value leaves the worker."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import Run, WorkerProcess, keys
from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract
from dq_engine.model import Column, Key
from dq_engine.scans import Tuning

ROWS, GROUP = 4000, 100
TYPES = {
    "integer": ("BIGINT", [place // 3 for place in range(ROWS)]),
    "date": ("DATE", [dt.date(2019, 1, 1) + dt.timedelta(days=place // 4) for place in range(ROWS)]),
    "timestamp": ("TIMESTAMP", [dt.datetime(2024, 1, 1) + dt.timedelta(minutes=place) for place in range(ROWS)]),
    "text": ("VARCHAR", [f"P{place // 2:05d}" for place in range(ROWS)]),
}


def about(source: Path, worker: WorkerProcess, suite: Any, part: int, *, verify: bool = False) -> Run:
    extract = Extract("rows", (source,), dq_engine.load_suite(suite))
    options = Options(checksums=False, verify_statistics=verify)
    return run_checks([extract], options, worker, tuning=Tuning(rows=0, part=part))


def table(kind: str, *, disorder: bool = False, nulls: bool = False) -> pa.Table:
    """Rows in the order of a column but for some; pairs of it with a code are repeated near by, and far away."""
    values = list(TYPES[kind][1])
    if nulls:
        values = [None if place % 11 == 0 else value for place, value in enumerate(values)]
    if disorder:
        values = [values[place * 37 % ROWS] for place in range(ROWS)]
    else:
        for place in range(0, ROWS - 150, 150):
            values[place + 140] = values[place]
    return pa.table({"at": values, "code": [f"C{place % 7}" for place in range(ROWS)], "n": list(range(ROWS))})


def queries(run: Run) -> Iterator[str]:
    return (query.sql for query in run.extracts[0].queries)


@pytest.mark.parametrize("nulls", [False, True], ids=["no NULLs", "NULLs"])
@pytest.mark.parametrize("kind", TYPES)
def test_parts_find_what_the_whole_finds(kind: str, nulls: bool, make_suite: Any, worker: WorkerProcess, tmp_path: Path) -> None:
    source = tmp_path / "rows.parquet"
    pq.write_table(table(kind, nulls=nulls), source, row_group_size=GROUP)
    suite = make_suite(("expect_compound_columns_to_be_unique", {"column_list": ["code", "at"]}))
    parts, whole = about(source, worker, suite, 500), about(source, worker, suite, ROWS)
    assert sum(sql.startswith("INSERT INTO") for sql in queries(parts)) == 8 - 1 + nulls
    assert not any("dq:cuts" in sql for sql in queries(whole))
    (ours,), (theirs,) = parts.outcomes, whole.outcomes
    assert ours.unexpected_count and ours == theirs
    text = "\n".join(queries(parts))
    assert not any(str(value) in text for value in TYPES[kind][1][GROUP:] if len(str(value)) > 4), "where parts begin is a value"


@pytest.mark.parametrize("why", ["no order", "not to be believed", "too few rows", "no minima"])
def test_keys_are_compared_at_once_where_parts_do_not_pay(
    why: str, make_suite: Any, worker: WorkerProcess, tmp_path: Path
) -> None:
    source = tmp_path / "rows.parquet"
    rows = table("date", disorder=why == "no order")
    pq.write_table(rows, source, row_group_size=GROUP, write_statistics=why != "no minima")
    suite = make_suite(("expect_compound_columns_to_be_unique", {"column_list": ["code", "at"]}))
    run = about(source, worker, suite, ROWS if why == "too few rows" else 500, verify=why == "not to be believed")
    assert run.outcomes[0].unexpected_count == about(source, worker, suite, ROWS).outcomes[0].unexpected_count
    assert not any(sql.startswith("INSERT INTO") for sql in queries(run))
    assert any(sql.startswith('CREATE OR REPLACE TEMP TABLE "dq:keys') for sql in queries(run))


VALUES = st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=8, max_size=30)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@given(values=VALUES, group=st.integers(1, 3), size=st.integers(1, 5))
@settings(deadline=None, max_examples=50, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much])
def test_every_row_is_in_one_part(
    values: list[int | None],
    group: int,
    size: int,
    database: duckdb.DuckDBPyConnection,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    source = tmp_path_factory.getbasetemp() / "parts.parquet"
    pq.write_table(pa.table({"v": pa.array(values, pa.int64())}), source, row_group_size=group)
    column = Column("v", '"v"', "BIGINT", "integer")
    with database.cursor() as connection:
        connection.execute(keys.cut(column, size, [str(source)]))
        said = connection.execute(keys.reading(column, [str(source)])).fetchall()
        (cuts,) = connection.execute(f"SELECT coalesce(len(getvariable('{keys.CUTS}')), 0)").fetchone() or (0,)
        assume(cuts > 0)
        found: list[int | None] = []
        largest = 0
        for part in keys.in_parts(Key(('"v"',), "true"), column, cuts):
            read = connection.execute(f"SELECT v FROM read_parquet('{source}') WHERE {part.where}").fetchall()
            largest = max(largest, len(read))
            found += [value for (value,) in read]
    assert sorted(map(str, found)) == sorted(map(str, values))
    for known, rows, most in said:
        assert known == cuts and rows >= len(values) - values.count(None)
        assert most >= largest or None in values
