"""The budget of queries: however many checks, an extract is read once, and what the footers know is not read at all.

With counts by organisation, statistics over the whole extract have a scan of their own.
"""

import datetime as dt
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import Run, WorkerProcess

ROWS = 1000
Rule = tuple[str, dict[str, Any]]
COUNTING = {"totals": 1, "classes of fields": 1, "failing organisations": 1, "counts": 2}
"""What counts by organisation cost in addition: none of it reads the file."""
SPLIT: dict[str, dict[str, str]] = {
    "whole": {},
    "by organisation": {"organisation_column": "org"},
    "by organisation and month": {"organisation_column": "org", "period_column": "day"},
}


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 1,000 rows in several row groups, with columns that checks speak of and one that none does."""
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=place % 90) for place in range(ROWS)]
    table = pa.table(
        {
            "key": list(range(ROWS)),
            "code": [f"A{place % 50:05}" for place in range(ROWS)],
            "sex": [str(place % 3) for place in range(ROWS)],
            "n": [place % 100 for place in range(ROWS)],
            "price": [place / 8 if place % 7 else None for place in range(ROWS)],
            "day": days,
            "unused": [f"text {place}" for place in range(ROWS)],
            "org": [f"B{place % 7:05}" for place in range(ROWS)],
        }
    )
    path = tmp_path_factory.mktemp("budget") / "extract.parquet"
    pq.write_table(table, path, row_group_size=300)
    return path


def passing(count: int) -> list[Rule]:
    """That many different checks about rows and statistics, all of which hold."""
    kinds: list[Any] = [
        lambda i: ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["0", "1", "2", f"x{i}"]}),
        lambda i: ("expect_column_values_to_be_between", {"column": "price", "min_value": -i - 1}),
        lambda i: ("expect_column_values_to_match_regex", {"column": "code", "regex": f"^A[0-9]{{5}}$|{i}"}),
        lambda i: ("expect_column_mean_to_be_between", {"column": "price", "max_value": 1000 + i}),
        lambda i: ("expect_column_max_to_be_between", {"column": "n", "max_value": 1000 + i}),
    ]
    return [kinds[place % len(kinds)](place) for place in range(count)]


def failing(count: int) -> list[Rule]:
    return [("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["0", f"x{i}"]}) for i in range(count)]


def purposes(run: Run) -> Counter[str]:
    """How many queries were made for each purpose."""
    return Counter(query.purpose for query in run.extracts[0].queries)


def query_for(run: Run, purpose: str) -> str:
    (sql,) = (query.sql for query in run.extracts[0].queries if query.purpose == purpose)
    return sql


def scans_of(run: Run, extract: Path) -> list[set[str]]:
    """The columns that each scan of the file reads when the queries for the rows are run, by DuckDB's own plan."""

    def nodes(plan: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for node in plan:
            yield node
            yield from nodes(node.get("children", []))

    with duckdb.connect() as connection:
        connection.execute(query_for(run, "view").replace("file 1", str(extract)))
        queries = [query.sql for query in run.extracts[0].queries if query.purpose == "rows"]
        plans = [connection.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()[0][1] for sql in queries]
    scans = [node for plan in plans for node in nodes(json.loads(plan)) if "PARQUET" in node["name"].upper()]
    assert scans, plans
    read = []
    for scan in scans:
        listed = scan["extra_info"].get("Projections", [])
        columns = [name for name in ([listed] if isinstance(listed, str) else listed) if name]
        assert len(columns) == len(set(columns)), "a column is read twice"
        read.append(set(columns))
    return read


@pytest.mark.parametrize("split", SPLIT.values(), ids=SPLIT)
@pytest.mark.parametrize("count", [5, 50, 300])
def test_number_of_queries_does_not_grow_with_the_number_of_checks(
    count: int, split: dict[str, str], extract: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    run = dq_engine.check(extract, make_suite(*passing(count), **split), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass"] * count
    assert purposes(run) == {"view": 1, "footer": 1, "rows": 2 if split else 1, **(COUNTING if split else {})}


@pytest.mark.parametrize("split", SPLIT.values(), ids=SPLIT)
def test_file_is_read_once_and_only_the_columns_that_checks_need(
    split: dict[str, str], extract: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    run = dq_engine.check(extract, make_suite(*passing(50), **split), worker=worker)
    if split:
        assert scans_of(run, extract) == [{"sex", "price", "code", *split.values()}, {"price"}]
    else:
        assert scans_of(run, extract) == [{"sex", "price", "code"}]


def test_file_is_read_once_whatever_the_rules_about_rows(extract: Path, make_suite: Any, worker: WorkerProcess) -> None:
    condition = {"row_condition": {"type": "comparison", "column": {"name": "sex"}, "operator": "==", "parameter": "1"}}
    rules = [
        ("expect_column_median_to_be_between", {"column": "price", "min_value": 1}),
        ("expect_column_stdev_to_be_between", {"column": "price", "min_value": 1}),
        ("expect_column_values_to_not_be_null", {"column": "code", **condition}),
        ("expect_table_row_count_to_be_between", {"min_value": 1, **condition}),
        ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "key", "column_B": "n", "or_equal": True}),
        ("expect_multicolumn_sum_to_equal", {"column_list": ["key", "n"], "sum_total": 0, "mostly": 0}),
    ]
    run = dq_engine.check(extract, make_suite(*rules), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass"] * len(rules)
    assert scans_of(run, extract) == [{"price", "sex", "key", "n"}], "that no code is missing or blank the footer knows"


def test_rows_are_not_read_where_the_footer_knows_the_answers(extract: Path, make_suite: Any, worker: WorkerProcess) -> None:
    rules = [
        ("expect_column_values_to_not_be_null", {"column": "n"}),
        ("expect_column_proportion_of_non_null_values_to_be_between", {"column": "day", "min_value": 1}),
        ("expect_table_row_count_to_equal", {"value": ROWS}),
        ("expect_table_row_count_to_be_between", {"min_value": 1}),
        ("expect_column_min_to_be_between", {"column": "n", "min_value": 0}),
        ("expect_column_max_to_be_between", {"column": "day", "max_value": "2024-12-31"}),
        ("expect_column_values_to_be_between", {"column": "n", "min_value": 0, "max_value": 99}),
        ("expect_column_values_to_be_between", {"column": "day", "min_value": "2024-01-01"}),
        ("expect_column_to_exist", {"column": "key"}),
        ("expect_column_values_to_be_of_type", {"column": "n", "type_": "int64"}),
        ("expect_table_columns_to_match_set", {"column_set": ["code"], "exact_match": False}),
    ]
    run = dq_engine.check(extract, make_suite(*rules), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass"] * len(rules)
    assert purposes(run) == {"view": 1, "footer": 1}
    assert {(field.column, field.valid, field.missing) for field in run.fields} == {
        (name, ROWS, 0) for name in ("n", "day", "key")
    }


@pytest.mark.parametrize(("statistics", "read"), [(True, set()), (["n"], {"code"})], ids=["statistics", "none of texts"])
def test_texts_are_read_only_to_tell_blanks_from_values_and_nothing_else_is(
    statistics: Any, read: set[str], extract: Path, tmp_path: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    path = tmp_path / "texts.parquet"
    pq.write_table(pq.read_table(extract, columns=["code", "n"]), path, write_statistics=statistics)
    rules = [
        ("expect_column_values_to_not_be_null", {"column": "code"}),
        ("expect_column_values_to_be_between", {"column": "n", "min_value": 0, "max_value": 99}),
    ]
    run = dq_engine.check(path, make_suite(*rules), worker=worker)
    assert purposes(run) == {"view": 1, "footer": 1, **({"rows": 1} if read else {})}
    assert not read or scans_of(run, path) == [read]
    assert {(field.column, field.valid) for field in run.fields} == {("code", ROWS), ("n", ROWS)}


def test_rows_are_read_where_the_footer_cannot_prove_that_all_are_in_range(
    extract: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    rule = ("expect_column_values_to_be_between", {"column": "n", "max_value": 98})
    run = dq_engine.check(extract, make_suite(rule), worker=worker)
    assert run.outcomes[0].unexpected_count == ROWS / 100
    assert purposes(run)["rows"] == 1


def test_rows_are_read_where_the_file_has_no_statistics(
    extract: Path, tmp_path: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    path = tmp_path / "plain.parquet"
    pq.write_table(pq.read_table(extract), path, write_statistics=False)
    rules = [
        ("expect_column_values_to_not_be_null", {"column": "code"}),
        ("expect_column_min_to_be_between", {"column": "n", "min_value": 0}),
    ]
    run = dq_engine.check(path, make_suite(*rules), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass", "pass"]
    assert purposes(run)["rows"] == 1
    assert scans_of(run, path) == [{"code", "n"}]


def test_the_footer_is_not_believed_about_floats(tmp_path: Path, make_suite: Any, worker: WorkerProcess) -> None:
    """Its statistics leave out NaN, which counts as NULL here."""
    path = tmp_path / "floats.parquet"
    pq.write_table(pa.table({"f": pa.array([1.0, math.nan, None, 2.0], from_pandas=False)}), path)
    run = dq_engine.check(path, make_suite(("expect_column_values_to_not_be_null", {"column": "f"})), worker=worker)
    assert run.outcomes[0].unexpected_count == 2


def test_checks_on_the_same_key_share_one_query(extract: Path, make_suite: Any, worker: WorkerProcess) -> None:
    rules = [
        ("expect_column_values_to_be_unique", {"column": "code", "mostly": 0}),
        ("expect_column_unique_value_count_to_be_between", {"column": "code", "max_value": 50}),
        ("expect_column_proportion_of_unique_values_to_be_between", {"column": "code", "max_value": 0.5}),
        ("expect_column_distinct_values_to_contain_set", {"column": "code", "value_set": ["A00001"]}),
        ("expect_column_unique_value_count_to_be_between", {"column": "code", "min_value": 2}),
    ]
    run = dq_engine.check(extract, make_suite(*rules), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass"] * len(rules)
    assert purposes(run) == {"view": 1, "footer": 1, "key": 1}


def test_each_further_key_costs_one_query(extract: Path, make_suite: Any, worker: WorkerProcess) -> None:
    rules = [("expect_column_values_to_be_unique", {"column": "key"})] + [
        ("expect_compound_columns_to_be_unique", {"column_list": ["key", column]}) for column in ("sex", "n")
    ]
    run = dq_engine.check(extract, make_suite(*rules), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass"] * 3
    assert purposes(run)["key"] == 3


def test_nothing_more_is_asked_when_all_checks_pass(extract: Path, make_suite: Any, worker: WorkerProcess) -> None:
    rules = [*passing(10), ("expect_column_values_to_be_unique", {"column": "key"})]
    run = dq_engine.check(extract, make_suite(*rules, organisation_column="org"), worker=worker)
    assert purposes(run) == {"view": 1, "footer": 1, "rows": 2, "key": 1, **COUNTING}


@pytest.mark.parametrize("count", [1, 10, 100])
def test_failing_values_of_all_rules_about_rows_are_asked_for_at_once(
    count: int, extract: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    run = dq_engine.check(extract, make_suite(*failing(count), *passing(5)), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["fail"] * count + ["pass"] * 5
    assert all(outcome.examples for outcome in run.outcomes[:count])
    assert purposes(run)["failing values"] == 1
    assert purposes(run)["rows"] == 1
