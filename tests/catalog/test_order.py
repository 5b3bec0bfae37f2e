"""Increasing and decreasing values: the order is that of the rows in the files, however they are read."""

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import WorkerProcess

INCREASING = "expect_column_values_to_be_increasing"
DECREASING = "expect_column_values_to_be_decreasing"
INFINITY = math.inf


def counts(worker: WorkerProcess, make_suite: Any, table: Any, **arguments: Any) -> tuple[int | None, int | None]:
    """How many values of the column ``x`` fall, and how many rise."""
    rules = [(rule, {"column": "x", **arguments}) for rule in (INCREASING, DECREASING)]
    first, second = dq_engine.check(table, make_suite(*rules), worker=worker).outcomes
    assert first.message == second.message == ""
    return first.unexpected_count, second.unexpected_count


@pytest.mark.parametrize(
    ("values", "strictly", "falling", "rising"),
    [
        ([1, 2, 3], False, 0, 2),
        ([3, 2, 1], None, 2, 0),
        ([1, 1, 2, 1], False, 1, 1),
        ([1, 1, 2, 1], True, 2, 2),
        ([5, None, 4, None, None, 6], False, 1, 1),
        ([9, 1, 2, 3], False, 1, 2),
        ([1.5, math.nan, 0.5], False, 1, 0),
        ([-INFINITY, INFINITY, INFINITY, 0.0], True, 1, 1),
        ([2**63 - 1, 2**63 - 2], True, 1, 0),
        ([Decimal("1.10"), Decimal("1.1"), Decimal("1.2")], True, 1, 2),
        ([dt.date(2024, 1, 2), dt.date(2024, 1, 1)], False, 1, 0),
        ([dt.datetime(2024, 1, 1, 9), dt.datetime(2024, 1, 1, 8, 59, 59)], False, 1, 0),
        ([False, True, False], False, 1, 1),
        ([7], True, 0, 0),
    ],
)
def test_values_are_held_against_those_before_them(
    values: list[Any], strictly: bool | None, falling: int, rising: int, worker: WorkerProcess, make_suite: Any
) -> None:
    assert counts(worker, make_suite, pa.table({"x": values}), strictly=strictly) == (falling, rising)


def test_rows_that_a_condition_leaves_out_are_not_before_others(worker: WorkerProcess, make_suite: Any) -> None:
    condition = {"type": "comparison", "column": {"name": "y"}, "operator": "==", "parameter": 1}
    table = pa.table({"x": [1, 9, 2, 0, 3], "y": [1, 2, 1, 2, 1]})
    assert counts(worker, make_suite, table) == (2, 2)
    assert counts(worker, make_suite, table, row_condition=condition) == (0, 2)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_order_is_that_of_the_files(threads: int, tmp_path: Path, worker: WorkerProcess, make_suite: Any) -> None:
    rows = 60_000
    for place in range(3):
        numbers = pa.array(range(place * rows, (place + 1) * rows))
        pq.write_table(pa.table({"x": numbers}), tmp_path / f"part_{place}.parquet", row_group_size=2_048 + place)
    rules = [(rule, {"column": "x", "strictly": True}) for rule in (INCREASING, DECREASING)]
    rising, falling = dq_engine.check(tmp_path, make_suite(*rules), worker=worker, threads=threads).outcomes
    assert (rising.unexpected_count, falling.unexpected_count) == (0, 3 * rows - 1)


def test_one_value_out_of_order_between_two_files_is_found(tmp_path: Path, worker: WorkerProcess, make_suite: Any) -> None:
    pq.write_table(pa.table({"x": [1, 2, 8]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [7, 9]}), tmp_path / "b.parquet")
    run = dq_engine.check(tmp_path, make_suite((INCREASING, {"column": "x"})), worker=worker, show_values=True)
    (outcome,) = run.outcomes
    assert (outcome.status, outcome.unexpected_count) == ("fail", 1)
    assert [(example.value, example.count) for example in outcome.examples] == [("7", 1)]


def test_failures_are_counted_by_organisation_though_the_order_is_that_of_all(worker: WorkerProcess, make_suite: Any) -> None:
    table = pa.table({"x": [1, 5, 2, 6, 3], "org": ["A81001", "B81002", "A81001", "B81002", "A81001"]})
    suite = make_suite((INCREASING, {"column": "x"}), organisation_column="org")
    run = dq_engine.check(table, suite, worker=worker)
    found = {measure.organisation: (measure.element_count, measure.unexpected_count) for measure in run.measures}
    assert found == {None: (5, 2), "A81001": (3, 2), "B81002": (2, 0)}


def test_a_column_may_have_the_name_of_the_one_that_is_added(worker: WorkerProcess, make_suite: Any) -> None:
    table = pa.table({"x": [1, 2, 1], "dq_previous": ["a", "b", "c"], "DQ_PREVIOUS1": [1, 2, 3]})
    assert counts(worker, make_suite, table) == (1, 1)


def test_the_sql_of_a_failure_gives_its_rows(tmp_path: Path, worker: WorkerProcess, make_suite: Any) -> None:
    pq.write_table(pa.table({"x": [3, 1, 2, None, 0]}), tmp_path / "a.parquet")
    run = dq_engine.check(tmp_path, make_suite((INCREASING, {"column": "x"})), worker=worker)
    script = run.extracts[0].script(run.outcomes[0])
    assert [row[0] for row in duckdb.connect().execute(script).fetchall()] == [1, 0]


@pytest.mark.parametrize("values", [["a", "b"], [dt.time(1, 2)], [b"a"]], ids=["text", "times", "bytes"])
def test_text_neither_rises_nor_falls(values: list[Any], worker: WorkerProcess, make_suite: Any) -> None:
    (outcome,) = dq_engine.check(pa.table({"x": values}), make_suite((DECREASING, {"column": "x"})), worker=worker).outcomes
    assert outcome.status == "error"
    assert "only numbers, dates and times rise and fall" in outcome.message
