"""Counts by organisation and period: which rows belong together, what is counted so, and what the files and their rows' order change (nothing)."""

import datetime as dt
import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import Run, WorkerProcess, load_suite
from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract
from dq_engine.model import Organisation

OCTOBER, NOVEMBER = "2024-10-01/2024-10-31", "2024-11-01/2024-11-30"
NOT_NULL = ("expect_column_values_to_not_be_null", {"column": "c"})
SPLIT = {"organisation_column": "org", "period_column": "month"}
Group = tuple[str | None, str | None]


def by_group(run: Run, check: str = "0") -> dict[Group, tuple[int, int, int]]:
    """The counts of a check (considered, not judged, unexpected) by organisation and period, without the whole."""
    return {
        (m.organisation, m.period): (m.element_count, m.missing_count, m.unexpected_count)
        for m in run.measures
        if m.check == check and m.organisation is not None
    }


def records(run: Run, column: str = "c") -> dict[Group, int]:
    """The records of a field by organisation and period, without the whole."""
    return {(f.organisation, f.period): f.records for f in run.fields if f.column == column and f.organisation is not None}


def test_counts_are_values_also_if_the_worker_dies_once_they_are_written(make_suite: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"org": ["5D7", "5D8"], "month": ["2024-10"] * 2, "c": [1, None]}), tmp_path / "rows.parquet")
    extract = Extract("rows", (tmp_path / "rows.parquet",), load_suite(make_suite(NOT_NULL, **SPLIT)))
    with WorkerProcess() as own:

        def kill(name: str, phase: str, fraction: float) -> None:
            if phase == "done":
                os.kill(own.pid, signal.SIGKILL)

        run = run_checks([extract], Options(), own, observer=kill)
    assert by_group(run) == {("5D7", OCTOBER): (1, 0, 0), ("5D8", OCTOBER): (1, 0, 1)}
    assert records(run) == {("5D7", OCTOBER): 1, ("5D8", OCTOBER): 1}


# --------------------------------------------------------------------------------------------------------------- periods


def test_spellings_of_one_month_are_one_period(make_suite: Any, worker: WorkerProcess) -> None:
    months = ["202410", "2024-10", "OCT-24", "2024/10", "October 2024", "2024-11", "01/10/2024", "20241031"]
    table = pa.table({"org": ["5D7"] * 8, "month": months, "c": [1, None, 1, 1, None, 1, 1, 1]})
    run = dq_engine.check(table, make_suite(NOT_NULL, **SPLIT), worker=worker)
    assert by_group(run) == {("5D7", OCTOBER): (7, 0, 2), ("5D7", NOVEMBER): (1, 0, 0)}
    assert records(run) == {("5D7", OCTOBER): 7, ("5D7", NOVEMBER): 1}
    assert run.extracts[0].period_column == "month"


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("2024", "2024-01-01/2024-12-31"),
        ("2024/25", "2024-04-01/2025-03-31"),
        ("2024Q3", "2024-07-01/2024-09-30"),
        ("2016_01-03", "2016-01-01/2016-03-31"),
        ("2024-02", "2024-02-01/2024-02-29"),
    ],
)
def test_a_longer_period_is_told_from_its_first_to_its_last_day(
    text: str, interval: str, make_suite: Any, worker: WorkerProcess
) -> None:
    table = pa.table({"org": ["5D7"], "month": [text], "c": [1]})
    assert set(by_group(dq_engine.check(table, make_suite(NOT_NULL, **SPLIT), worker=worker))) == {("5D7", interval)}


@pytest.mark.parametrize(
    "months",
    [
        pytest.param([dt.date(2024, 10, 1), dt.date(2024, 10, 31), dt.date(2024, 11, 1), None], id="dates"),
        pytest.param([dt.datetime(2024, 10, 1), dt.datetime(2024, 10, 31, 23, 59), dt.datetime(2024, 11, 1), None], id="times"),
        pytest.param(
            pa.array(
                [dt.datetime(2024, 10, 1), dt.datetime(2024, 10, 31, 23), dt.datetime(2024, 11, 1), None],
                pa.timestamp("us", "UTC"),
            ),
            id="times of UTC",
        ),
        pytest.param(["2024-10-01", "31/10/2024", "20241101", None], id="texts of days"),
        pytest.param([20241001, 202410, 20241130, None], id="whole numbers"),
        pytest.param(pa.array(["2024-10", "OCT-24", "2024-11", None]).dictionary_encode(), id="categories"),
    ],
)
def test_days_are_counted_by_month_however_they_are_written(months: Any, make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"org": ["5D7"] * 4, "month": months, "c": [1, 1, None, None]})
    run = dq_engine.check(table, make_suite(NOT_NULL, **SPLIT), worker=worker)
    assert by_group(run) == {("5D7", OCTOBER): (2, 0, 0), ("5D7", NOVEMBER): (1, 0, 1), ("5D7", "(none)"): (1, 0, 1)}
    assert run.extracts[0].problem == ""


@pytest.mark.parametrize(
    "months",
    [
        pytest.param([None, "", "x", "2024-13", "99", "9434765919", "the 1st of May"], id="texts"),
        pytest.param([None, -1, 0, 13, 202413, 9434765919, 2**62], id="whole numbers"),
        pytest.param(pa.nulls(7), id="no type"),
        pytest.param(
            pa.array([None, 2**31 - 2, -(2**31) + 2, 2932897, -719529, None, None], pa.int32()).cast(pa.date32()),
            id="days of other eras",
        ),
    ],
)
def test_what_names_no_period_is_counted_as_none(months: Any, make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"org": ["5D7"] * 7, "month": months, "c": [1, None, 1, 1, 1, 1, 1]})
    run = dq_engine.check(table, make_suite(NOT_NULL, **SPLIT), worker=worker)
    assert by_group(run) == {("5D7", "(none)"): (7, 0, 1)}
    assert [outcome.status for outcome in run.outcomes] == ["fail"]


def test_without_an_organisation_column_nothing_is_split(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"month": ["2024-10", "2024-11"], "c": [1, None]})
    run = dq_engine.check(table, make_suite(NOT_NULL, period_column="month"), worker=worker)
    assert [(m.organisation, m.period, m.unexpected_count) for m in run.measures] == [(None, None, 1)]
    assert [(f.column, f.organisation, f.period, f.valid) for f in run.fields] == [("c", None, None, 1)]
    assert run.exit_code == 1


def test_without_a_period_column_there_are_no_periods(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"org": ["5D7", "5D8"], "c": [1, None]})
    run = dq_engine.check(table, make_suite(NOT_NULL, organisation_column="org"), worker=worker)
    assert by_group(run) == {("5D7", None): (1, 0, 0), ("5D8", None): (1, 0, 1)}
    assert records(run) == {("5D7", None): 1, ("5D8", None): 1}


# ----------------------------------------------------------------------------------------- columns that split and cannot


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (None, 'nothing is counted per period: the extract has no column "month" (the suite names it as its period column)'),
        (pa.array([1.5, 2.5]), 'nothing is counted per period: column "month" is of type DOUBLE, which names no period'),
        (pa.array([True, False]), 'nothing is counted per period: column "month" is of type BOOLEAN, which names no period'),
        (
            pa.array([["2024-10"], []]),
            'nothing is counted per period: column "month" is of type VARCHAR[], which names no period',
        ),
    ],
    ids=["none", "float", "boolean", "list"],
)
def test_a_period_column_that_cannot_be_one_is_a_problem_of_the_run(
    column: Any, said: str, make_suite: Any, worker: WorkerProcess
) -> None:
    table = pa.table({"org": ["5D7", "5D8"], "c": [1, 2]} | ({} if column is None else {"month": column}))
    run = dq_engine.check(table, make_suite(NOT_NULL, **SPLIT), worker=worker)
    assert run.extracts[0].problem.startswith(said)
    assert run.exit_code == 3
    assert [outcome.status for outcome in run.outcomes] == ["pass"]
    assert by_group(run) == {("5D7", None): (1, 0, 0), ("5D8", None): (1, 0, 0)}


@pytest.mark.parametrize("name", ["org", "month"])
def test_a_column_that_splits_and_cannot_be_read_costs_the_split_alone(
    name: str, tmp_path: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    """Rules about other columns are judged all the same."""
    columns = {"org": ["1", "2", "3"], "month": ["202410", "202411", "202411"], "c": ["a", None, "b"]}
    pq.write_table(pa.table({**columns, name: ["1", "2", "Zqxjkv"]}), tmp_path / "rows.parquet")
    rules = [NOT_NULL, ("expect_column_values_to_be_in_set", {"column": "c", "value_set": ["a"]})]
    suite = load_suite(make_suite(*rules, columns={"c": {}, "org": {"sensitivity": "public"}}, **SPLIT))
    run = run_checks([Extract("rows", (tmp_path / "rows.parquet",), suite, types={name: "integer"})], Options(), worker)
    assert [(outcome.status, outcome.unexpected_count) for outcome in run.outcomes] == [("fail", 1), ("fail", 1)]
    assert f'column "{name}" could not be read' in run.extracts[0].problem
    assert "Zqxjkv" not in run.extracts[0].problem
    assert run.exit_code == 3
    groups = {"org": set(), "month": {("1", None), ("2", None), ("3", None)}}[name]
    assert set(by_group(run)) == set(by_group(run, "1")) == groups
    assert ("c", None, 1, 1, 1) in [(f.column, f.organisation, f.valid, f.invalid, f.missing) for f in run.fields]


def test_a_column_of_dates_that_cannot_be_read_is_no_period(tmp_path: Path, make_suite: Any, worker: WorkerProcess) -> None:
    pq.write_table(pa.table({"org": ["5D7"], "month": ["not a day"], "c": [1]}), tmp_path / "rows.parquet")
    suite = load_suite(make_suite(NOT_NULL, **SPLIT))
    run = run_checks([Extract("rows", (tmp_path / "rows.parquet",), suite, types={"month": "date"})], Options(), worker)
    assert run.extracts[0].problem.startswith('nothing is counted per period: column "month" could not be read: a value cannot')
    assert by_group(run) == {("5D7", None): (1, 0, 0)}


def test_a_column_of_very_many_values_holds_no_organisations(make_suite: Any, worker: WorkerProcess) -> None:
    """Say, somebody took the patients' column for it: checks are judged, nothing is counted by it, and the run says why."""
    count = 100_001
    table = pa.table({"org": [f"P{n:06}" for n in range(count)], "month": ["2024-10"] * count, "c": [1] * count})
    rules = [NOT_NULL, ("expect_column_values_to_be_in_set", {"column": "c", "value_set": [2]})]
    run = dq_engine.check(table, make_suite(*rules, **SPLIT), worker=worker)
    assert [(outcome.status, outcome.unexpected_count) for outcome in run.outcomes] == [("pass", 0), ("fail", count)]
    assert run.extracts[0].problem == (
        'nothing is counted per organisation: column "org" has more than 100,000 different values: it cannot be the column of '
        "organisations that the suite calls it"
    )
    assert run.exit_code == 3
    assert by_group(run) == records(run) == {}
    assert run.extracts[0].organisations is None
    assert [(f.organisation, f.invalid) for f in run.fields] == [(None, count)]


def test_as_many_organisations_as_there_can_be_are_counted(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"org": [f"P{n:06}" for n in range(100_000)], "c": [n % 2 or None for n in range(100_000)]})
    run = dq_engine.check(table, make_suite(NOT_NULL, organisation_column="org"), worker=worker)
    assert run.extracts[0].organisations == 100_000
    assert run.outcomes[0].failing_organisations == 50_000
    assert len(by_group(run)) == len(records(run)) == 100_000


def test_very_many_pairs_of_an_organisation_and_a_period_are_not_counted(make_suite: Any, worker: WorkerProcess) -> None:
    years, organisations = 100, 5_001
    table = pa.table(
        {
            "org": [f"P{n:04}" for n in range(organisations)] * years,
            "month": [f"{1950 + year}" for year in range(years) for _ in range(organisations)],
            "c": pa.array([1] * years * organisations, pa.int8()),
        }
    )
    run = dq_engine.check(table, make_suite(NOT_NULL, **SPLIT), worker=worker)
    assert run.extracts[0].problem.startswith("nothing is counted per organisation: there are more than 500,000 pairs")
    assert [outcome.status for outcome in run.outcomes] == ["pass"]
    assert by_group(run) == {}


# ---------------------------------------------------------------------------------------------- repeated keys and items


def test_repeated_keys_are_counted_where_their_rows_are(make_suite: Any, worker: WorkerProcess) -> None:
    """A key may occur twice in one month, in two months, or at two organisations: each of its rows is counted where it is."""
    rows = [
        ("5D7", "2024-10", "twice in a month"),
        ("5D7", "OCT-24", "twice in a month"),
        ("5D7", "2024-10", "in two months"),
        ("5D7", "2024-11", "in two months"),
        ("5D7", "2024-11", "at two organisations"),
        ("5D8", "2024-11", "at two organisations"),
        ("5D8", "2024-10", "once"),
        ("5D8", None, "twice in a month"),
        ("5D8", "2024-10", None),
    ]
    org, month, key = zip(*rows, strict=True)
    table = pa.table({"org": org, "month": month, "c": key})
    rules = [
        ("expect_column_values_to_be_unique", {"column": "c"}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["c", "org"], "ignore_row_if": "any_value_is_missing"}),
    ]
    run = dq_engine.check(table, make_suite(*rules, **SPLIT), worker=worker)
    assert by_group(run) == {
        ("5D7", OCTOBER): (3, 0, 3),
        ("5D7", NOVEMBER): (2, 0, 2),
        ("5D8", OCTOBER): (2, 1, 0),
        ("5D8", NOVEMBER): (1, 0, 1),
        ("5D8", "(none)"): (1, 0, 1),
    }
    assert by_group(run, "1") == {
        ("5D7", OCTOBER): (3, 0, 3),
        ("5D7", NOVEMBER): (2, 0, 1),
        ("5D8", OCTOBER): (2, 1, 0),
        ("5D8", NOVEMBER): (1, 0, 0),
        ("5D8", "(none)"): (1, 0, 0),
    }
    assert [(o.unexpected_count, o.failing_organisations) for o in run.outcomes] == [(7, 2), (4, 1)]


def test_what_did_not_come_is_counted_in_the_period_for_which_it_is_due(make_suite: Any, worker: WorkerProcess) -> None:
    arguments = {"column": "org", "other": "practices", "other_column": "code", "period_column": "month"}
    suite = make_suite(("expect_organisations_to_be_present", arguments), NOT_NULL, **SPLIT)
    sent = pa.table({"org": ["A81001", "A81002", "A81001"], "month": ["2024-10", "202410", "NOV-24"], "c": [1, 2, 3]})
    run = dq_engine.check(sent, suite, others={"practices": pa.table({"code": ["A81001", "A81002"]})}, worker=worker)
    assert by_group(run) == {
        ("A81001", OCTOBER): (1, 0, 0),
        ("A81002", OCTOBER): (1, 0, 0),
        ("A81001", NOVEMBER): (1, 0, 0),
        ("A81002", NOVEMBER): (1, 0, 1),
    }
    assert by_group(run, "1").keys() == by_group(run).keys() - {("A81002", NOVEMBER)}
    assert [outcome.failing_organisations for outcome in run.outcomes] == [1, 0]


@pytest.mark.parametrize("period", [{}, {"period_column": "c"}], ids=["none", "another"])
def test_items_have_a_period_only_if_it_is_that_of_the_suite(
    period: dict[str, str], make_suite: Any, worker: WorkerProcess
) -> None:
    """Measures of one extract are not to mean different things by a period."""
    arguments = {"column": "org", "other": "practices", "other_column": "code", "period_column": "month"}
    suite = make_suite(("expect_organisations_to_be_present", arguments), organisation_column="org", **period)
    sent = pa.table({"org": ["A81001", "A81001"], "month": ["2024-10", "2024-11"], "c": ["2023", "2024"]})
    run = dq_engine.check(sent, suite, others={"practices": pa.table({"code": ["A81001"]})}, worker=worker)
    assert by_group(run) == {("A81001", None): (2, 0, 0)}


def test_rules_about_statistics_tables_and_queries_are_not_split(make_suite: Any, worker: WorkerProcess) -> None:
    rules = [
        ("expect_column_max_to_be_between", {"column": "c", "min_value": 0}),
        ("expect_table_row_count_to_equal", {"value": 2}),
        ("expect_column_to_exist", {"column": "c"}),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch} WHERE c < 0"}),
    ]
    table = pa.table({"org": ["5D7", "5D8"], "month": ["2024-10", "2024-11"], "c": [1, 2]})
    run = dq_engine.check(table, make_suite(*rules, **SPLIT), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass"] * 4
    assert [by_group(run, str(place)) for place in range(4)] == [{}] * 4
    assert [outcome.failing_organisations for outcome in run.outcomes] == [None] * 4


def test_an_empty_extract_has_no_groups(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"org": pa.array([], pa.string()), "month": pa.array([], pa.string()), "c": pa.array([], pa.int64())})
    run = dq_engine.check(table, make_suite(NOT_NULL, **SPLIT), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["vacuous"]
    assert by_group(run) == records(run) == {}
    assert [(f.records, f.valid) for f in run.fields] == [(0, 0)]


def test_rules_across_extracts_are_split_though_they_have_scans_of_their_own(make_suite: Any, worker: WorkerProcess) -> None:
    """There are more of them than share a scan."""
    rules = [
        (
            "expect_column_values_to_exist_in_other_extract",
            {"column": "c", "other": "other", "other_column": "c", "mostly": n / 20},
        )
        for n in range(20)
    ]
    table = pa.table({"org": ["5D7", "5D7", "5D8"], "month": ["2024-10", "2024-11", "2024-11"], "c": [1, 2, None]})
    run = dq_engine.check(table, make_suite(*rules, NOT_NULL, **SPLIT), others={"other": pa.table({"c": [1]})}, worker=worker)
    for place in range(20):
        assert by_group(run, str(place)) == {
            ("5D7", OCTOBER): (1, 0, 0),
            ("5D7", NOVEMBER): (1, 0, 1),
            ("5D8", NOVEMBER): (1, 1, 0),
        }
    assert by_group(run, "20") == {("5D7", OCTOBER): (1, 0, 0), ("5D7", NOVEMBER): (1, 0, 0), ("5D8", NOVEMBER): (1, 0, 1)}


# ------------------------------------------------------------------------------------------------ files, and order of rows


def test_neither_the_files_nor_the_order_of_rows_change_anything(tmp_path: Path, make_suite: Any, worker: WorkerProcess) -> None:
    chance = random.Random(4)
    months = ["2024-10", "202410", "OCT-24", "2024-11", "nonsense", None]
    rows = [
        {
            "org": chance.choice(["A81001", "A81002", "5D7", "somebody", None]),
            "month": chance.choice(months),
            "key": chance.randrange(400),
            "sex": chance.choice(["1", "2", "9", "X", "?", " ", None]),
            "age": chance.choice([-1, 0, 30, 200, None]),
            "day": chance.choice([dt.date(2024, 10, 1), dt.date(1900, 1, 1), None]),
        }
        for _ in range(500)
    ]
    rules = [
        ("expect_column_values_to_be_unique", {"column": "key"}),
        ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["1", "2", "X"]}),
        ("expect_column_values_to_be_between", {"column": "age", "min_value": 0, "max_value": 120}),
        ("expect_column_values_to_not_be_null", {"column": "day"}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["org", "key"]}),
        (
            "expect_organisations_to_be_present",
            {"column": "org", "other": "other", "other_column": "c", "period_column": "month"},
        ),
        ("expect_column_values_to_exist_in_other_extract", {"column": "org", "other": "other", "other_column": "c"}),
    ]
    fields = {
        "sex": {"default_codes": ["9"], "other_codes": ["X"]},
        "age": {"default_codes": ["-1"]},
        "day": {"default_codes": ["1900-01-01"]},
    }
    suite = make_suite(*rules, columns=fields, **SPLIT)
    others = {"other": pa.table({"c": ["A81001", "A81002", "A81003"]})}
    schema = pa.schema([("org", pa.string()), ("month", pa.string()), ("key", pa.int64()), ("sex", pa.string()),
                        ("age", pa.int64()), ("day", pa.date32())])  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / "one.parquet")
    chance.shuffle(rows)
    paths = []
    for place in range(5):
        paths.append(tmp_path / f"of five {place}.parquet")
        pq.write_table(pa.Table.from_pylist(rows[place * 100 : place * 100 + 100], schema=schema), paths[-1], row_group_size=7)
    one, five = (
        dq_engine.check(source, suite, others=others, name="rows", worker=worker) for source in (tmp_path / "one.parquet", paths)
    )
    assert len(one.measures) > 100
    assert len(one.fields) == 3 * (1 + 5 * 3), "three fields, in all and for five organisations in three periods"
    assert sorted(map(repr, five.measures)) == sorted(map(repr, one.measures))
    assert sorted(map(repr, five.fields)) == sorted(map(repr, one.fields))
    assert five.extracts[0].fields == one.extracts[0].fields
    again = ("status", "unexpected_count", "failing_organisations", "examples")
    assert [[getattr(o, name) for name in again] for o in five.outcomes] == [
        [getattr(o, name) for name in again] for o in one.outcomes
    ]
    repeated = Counter(measure.check for measure in one.measures if measure.organisation is not None and measure.unexpected_count)
    assert repeated.keys() == set("0123456"), "each rule is broken somewhere, or this proves little"


# -------------------------------------------------------------------------------------------------------------- registers

PUBLIC = {name: {"sensitivity": "public"} for name in ("code", "parent", "region", "kind")}
REGISTER = {"code": "code", "parent": "parent", "region": "region", "kind": "kind"}


def register(make_suite: Any, **feed: Any) -> dict[str, Any]:
    rule = ("expect_table_row_count_to_be_between", {"min_value": 0})
    suite: dict[str, Any] = make_suite(rule, **{"register": REGISTER, "columns": PUBLIC, **feed})
    return suite


def test_a_register_says_what_its_latest_period_says(make_suite: Any, worker: WorkerProcess) -> None:
    """The order of the rows is irrelevant; what the latest period leaves open is not taken from an earlier one."""
    rows = [
        ("A81001", "OCT-24", "QNX", "Y59", "GP"),
        ("A81001", "2023-01", "OLD", "Y58", "GP"),
        ("A81002", "2024-09", "QNX", "Y59", "GP"),
        ("A81002", "202410", None, None, "closed"),
        ("A81003", None, "QWE", "Y56", "GP"),
        (None, "2024-10", "QNX", "Y59", "GP"),
    ]
    for ordered in (rows, rows[::-1]):
        code, month, parent, region, kind = zip(*ordered, strict=True)
        table = pa.table({"code": code, "month": month, "parent": parent, "region": region, "kind": kind})
        run = dq_engine.check(table, register(make_suite, period_column="month", level="practice"), worker=worker)
        assert run.organisations == (
            Organisation("A81001", "practice", "QNX", "Y59", "GP"),
            Organisation("A81002", "practice", "", "", "closed"),
            Organisation("A81003", "practice", "QWE", "Y56", "GP"),
        )


def test_a_register_of_dates(make_suite: Any, worker: WorkerProcess) -> None:
    days = [dt.date(2024, 10, 31), dt.date(2024, 10, 1)]
    table = pa.table({"code": ["QNX", "QNX"], "day": days, "parent": ["new", "old"], "region": [1, 2], "kind": [None, "x"]})
    run = dq_engine.check(table, register(make_suite, period_column="day", level="pcgt"), worker=worker)
    assert run.organisations == (Organisation("QNX", "pcgt", "new", "1", ""),)


def test_a_register_that_contradicts_itself_says_the_same_in_any_order(make_suite: Any, worker: WorkerProcess) -> None:
    parents = ["QNX", "QWE", "QOC"]
    said = set()
    for turn in range(3):
        turned = parents[turn:] + parents[:turn]
        table = pa.table({"code": ["A81001"] * 3, "parent": turned, "region": turned, "kind": turned})
        said.add(dq_engine.check(table, register(make_suite), worker=worker).organisations)
    assert len(said) == 1


def test_a_register_may_say_little(make_suite: Any, worker: WorkerProcess) -> None:
    run = dq_engine.check(pa.table({"code": ["A81001"]}), register(make_suite, register={"code": "code"}), worker=worker)
    assert run.organisations == (Organisation("A81001", "practice"),)


def test_a_suite_for_targets_registers_nothing(make_suite: Any, worker: WorkerProcess) -> None:
    """Suites of one feed read the same extract: one of them says what it registers."""
    table = pa.table({"code": ["A81001"]})
    suite = register(make_suite, register={"code": "code"}, purpose="targets")
    assert dq_engine.check(table, suite, worker=worker).organisations == ()


def test_a_register_without_one_of_its_columns_is_a_problem_of_the_run(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"code": ["A81001"], "parent": ["QNX"], "region": ["Y59"]})
    run = dq_engine.check(table, register(make_suite), worker=worker)
    assert run.organisations == ()
    assert run.exit_code == 3
    assert 'the organisations that the extract registers could not be read: the extract has no column "kind"' in run.verdict


# ------------------------------------------------------------------------------------------ queries of a suite, and counts


@pytest.mark.parametrize("name", ["0-fields.parquet", "0-measures.parquet"])
@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1 AS thing) TO '{path}' (FORMAT parquet)",
        "SELECT 1; COPY (SELECT 1 AS thing) TO '{path}' (FORMAT parquet)",
        "WITH x AS (COPY (SELECT 1) TO '{path}') SELECT * FROM x",
        "EXPORT DATABASE '{path}'",
        "ATTACH '{path}' AS other",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{path}''')",
        "SELECT * FROM '{path}'",
        "SELECT * FROM read_parquet('{path}')",
        "SELECT * FROM read_text('{path}')",
        "SELECT * FROM glob('{folder}/*')",
    ],
)
def test_a_query_of_a_suite_reaches_no_file_of_counts(
    query: str, name: str, tmp_path: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    """Of all files but those of the extracts, the worker may write these two. A query of a suite is one SELECT, which cannot,
    and it runs before they are there."""
    counts = tmp_path / "counts"
    counts.mkdir()
    pq.write_table(pa.table({"org": ["5D7"], "month": ["2024-10"], "c": [1]}), tmp_path / "rows.parquet")
    written = query.format(path=counts / name, folder=counts)
    rules = [("unexpected_rows_expectation", {"unexpected_rows_query": written.replace("{", "{{") + " --{batch}"}), NOT_NULL]
    suite = load_suite(make_suite(*rules, **SPLIT))
    run = run_checks([Extract("rows", (tmp_path / "rows.parquet",), suite)], Options(), worker, counts=counts)
    outcome = run.outcomes[0]
    assert (outcome.status, outcome.unexpected_count) == ("error", None)
    assert run.outcomes[1].status == "pass"
    found = pq.read_table(counts / name).to_pylist()
    assert [row["organisation"] for row in found] == ["5D7"], "what the engine counted, and nothing else"
    assert sorted(path.name for path in counts.iterdir()) == ["0-fields.parquet", "0-measures.parquet"]


def test_organisation_without_a_value_to_compare_is_counted_all_the_same(make_suite: Any, worker: WorkerProcess) -> None:
    """Rules about the order read a view that has only rows with a value."""
    table = pa.table({"org": ["A81001", "A81001", "B81002", "B81002", "C81003"], "n": [1, 2, None, None, 1]})
    rule = ("expect_column_values_to_be_increasing", {"column": "n"})
    run = dq_engine.check(table, make_suite(rule, organisation_column="org"), worker=worker)
    found = {group[0]: counts for group, counts in by_group(run).items()}
    assert found == {"A81001": (2, 0, 0), "B81002": (2, 2, 0), "C81003": (1, 0, 1)}
    assert run.outcomes[0].failing_organisations == 1
