"""Periods: which days a value names, and dates that must lie in them or near each other."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

import dq_engine
from dq_engine import SuiteError, WorkerProcess

IN_PERIOD = "expect_column_pair_values_date_to_be_in_period"
WITHIN = "expect_column_pair_values_to_be_within_days"
DAY = dt.timedelta(days=1)

PERIODS = [
    ("2024-10-01", "2024-10-01", "2024-10-01"),
    ("20241001", "2024-10-01", "2024-10-01"),
    ("01/10/2024", "2024-10-01", "2024-10-01"),
    ("01OCT2024", "2024-10-01", "2024-10-01"),
    ("01-Oct-2024", "2024-10-01", "2024-10-01"),
    ("2024-10", "2024-10-01", "2024-10-31"),
    ("2024/10", "2024-10-01", "2024-10-31"),
    ("202402", "2024-02-01", "2024-02-29"),
    ("202312", "2023-12-01", "2023-12-31"),
    ("OCT-24", "2024-10-01", "2024-10-31"),
    ("Oct 2024", "2024-10-01", "2024-10-31"),
    ("October 2024", "2024-10-01", "2024-10-31"),
    ("May 2024", "2024-05-01", "2024-05-31"),
    ("september-2024", "2024-09-01", "2024-09-30"),
    ("2024", "2024-01-01", "2024-12-31"),
    ("2024/25", "2024-04-01", "2025-03-31"),
    ("2024-25", "2024-04-01", "2025-03-31"),
    ("1999/00", "1999-04-01", "2000-03-31"),
    ("2009-10", "2009-10-01", "2009-10-31"),
    ("2009/10", "2009-04-01", "2010-03-31"),
    ("2012-13", "2012-04-01", "2013-03-31"),
    ("2024Q1", "2024-01-01", "2024-03-31"),
    ("2024Q2", "2024-04-01", "2024-06-30"),
    ("2024-Q3", "2024-07-01", "2024-09-30"),
    ("2024-Q4", "2024-10-01", "2024-12-31"),
    ("2016_01-03", "2016-01-01", "2016-03-31"),
    ("2016_12-12", "2016-12-01", "2016-12-31"),
]
NO_PERIODS = [
    *("", " ", "x", "NULL", "Oct", "24", "2024-13", "2024-00", "2024-26", "2024/13", "2024/24", "2024-0z", "202413", "202400", "20241301"),
    *("2024-02-30", "30/02/2024", "2023-02-29", "2024-1-1", "2024-1-01 ", " 024-10-01", "2024-10-1 ", "2024-10-01 00:00:00"),
    *("2024 10", "2024-10 ", " 2024-10", "2024 ", " 024", "1e3 ", "+202", "-202", "20.4", "2e23", "2024\t", "2_24", "2024_10"),
    *("2024Q0", "2024Q5", "2024-Q5", "2024q3", "2024Q33", "2016_03-01", "2016_00-03", "2016_01-13", "2016_0a-03", "2016-01_03"),
    *("Octo 2024", "Oct 24x", "OCT-2 ", "Oct  2024", " Oct 2024", "Oct 2024 ", "Sept 2024", "99OCT2024", "01OCT24", "0-OCT2024"),
    *("2024/2", "202 /25", "１２３４", "２０２４-10", "infinity", "-infinity", "epoch", "éééé", "99999999", "0000", "\0", "2024\0"),
]  # fmt: skip


def judged(data: dict[str, Any], make_suite: Any, worker: WorkerProcess, rule: str = IN_PERIOD, **arguments: Any) -> Any:
    """The outcome of the rule on columns ``a`` and ``b``."""
    suite = make_suite((rule, {"column_A": "a", "column_B": "b", **arguments}))
    (outcome,) = dq_engine.check(pa.table(data), suite, worker=worker).outcomes
    return outcome


def counted(dates: list[dt.date], written: list[str], make_suite: Any, worker: WorkerProcess) -> list[int]:
    """Of each pair of a date and a period, how many (0 or 1) break the rule."""
    codes = [f"A{place:05}" for place in range(len(dates))]
    suite = make_suite((IN_PERIOD, {"column_A": "a", "column_B": "b"}), organisation_column="org")
    run = dq_engine.check(pa.table({"a": dates, "b": written, "org": codes}), suite, worker=worker)
    counts = {measure.organisation: measure.unexpected_count for measure in run.measures}
    return [counts[code] for code in codes]


def test_period_has_its_first_and_last_day_and_none_beyond(make_suite: Any, worker: WorkerProcess) -> None:
    written, dates = [], []
    for period, first, last in PERIODS:
        begins, ends = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        written += [period] * 4
        dates += [begins - DAY, begins, ends, ends + DAY]
    counts = counted(dates, written, make_suite, worker)
    assert {period: counts[4 * place : 4 * place + 4] for place, (period, _, _) in enumerate(PERIODS)} == {
        period: [1, 0, 0, 1] for period, _, _ in PERIODS
    }


@pytest.mark.parametrize("day", ["0001-01-01", "0024-10-01", "2024-01-01", "2024-10-01", "2025-03-31"])
def test_value_that_names_no_period_holds_no_date(day: str, make_suite: Any, worker: WorkerProcess) -> None:
    counts = counted([dt.date.fromisoformat(day)] * len(NO_PERIODS), NO_PERIODS, make_suite, worker)
    assert [period for period, count in zip(NO_PERIODS, counts, strict=True) if not count] == []


def test_every_month_and_financial_year(make_suite: Any, worker: WorkerProcess) -> None:
    days = [dt.date(1995, 1, 1) + DAY * place for place in range(0, 16_000)]
    year = [day.year - (day.month < 4) for day in days]
    for written in (
        [f"{day:%Y-%m}" for day in days],
        [f"{day:%Y%m}" for day in days],
        [f"{day:%Y}" for day in days],
        [f"{day:%Y}Q{(day.month + 2) // 3}" for day in days],
        [f"{first}/{(first + 1) % 100:02}" for first in year],
    ):
        assert judged({"a": days, "b": written}, make_suite, worker).unexpected_count == 0
        later = [day + dt.timedelta(days=367) for day in days]
        assert judged({"a": later, "b": written}, make_suite, worker).unexpected_count == len(days)


@pytest.mark.parametrize(
    ("period", "kept"),
    [
        (pa.array([202410]), True),
        (pa.array([20241015], pa.int32()), True),
        (pa.array([2024], pa.int16()), True),
        (pa.array([202409]), False),
        (pa.array([-202410]), False),
        (pa.array([2**62]), False),
        (pa.array([dt.date(2024, 10, 15)]), True),
        (pa.array([dt.datetime(2024, 10, 15, 23, 59)]), True),
        (pa.array([dt.datetime(2024, 10, 15, 23, 59)], pa.timestamp("us", "UTC")), True),
        (pa.array([dt.date(2024, 10, 14)]), False),
    ],
)
def test_periods_in_columns_of_other_types(period: pa.Array, kept: bool, make_suite: Any, worker: WorkerProcess) -> None:
    outcome = judged({"a": [dt.date(2024, 10, 15)], "b": period}, make_suite, worker)
    assert outcome.unexpected_count == (0 if kept else 1)


@pytest.mark.parametrize(
    ("a", "b", "kept"),
    [
        ("2024-10-15", "2024/25", True),
        ("15/10/2024", "2024-10", True),
        ("2024-10", "2024/25", True),
        ("2024-03", "2024/25", False),
        ("2024", "2024/25", False),
        ("2024/25", "2024-10", False),
        ("no date", "2024-10", False),
    ],
)
def test_dates_and_periods_as_text(a: str, b: str, kept: bool, make_suite: Any, worker: WorkerProcess) -> None:
    assert judged({"a": [a], "b": [b]}, make_suite, worker).unexpected_count == (0 if kept else 1)


@pytest.mark.parametrize("rule", [IN_PERIOD, WITHIN])
def test_missing_values_as_ignore_row_if_says(rule: str, make_suite: Any, worker: WorkerProcess) -> None:
    day = dt.date(2024, 10, 1)
    data = {"a": [day, None, day, None], "b": [day, day, None, None]}
    for ignore, counts in {"both_values_are_missing": (1, 2), "either_value_is_missing": (3, 0), "neither": (0, 3)}.items():
        outcome = judged(data, make_suite, worker, rule, ignore_row_if=ignore)
        assert (outcome.missing_count, outcome.unexpected_count) == counts


@pytest.mark.parametrize(
    ("days", "bounds", "kept"),
    [
        (0, {}, True),
        (-1, {}, False),
        (30, {"max_days": 30}, True),
        (31, {"max_days": 30}, False),
        (-1, {"min_days": -1, "max_days": 0}, True),
        (-2, {"min_days": -1, "max_days": 0}, False),
        (-400, {"min_days": None, "max_days": 0}, True),
        (1, {"min_days": None, "max_days": 0}, False),
        (7, {"min_days": 7, "max_days": 7}, True),
    ],
)
def test_days_between_two_dates(
    days: int, bounds: dict[str, int | None], kept: bool, make_suite: Any, worker: WorkerProcess
) -> None:
    day = dt.date(2024, 3, 1)
    outcome = judged({"a": [day + days * DAY], "b": [day]}, make_suite, worker, WITHIN, **bounds)
    assert outcome.unexpected_count == (0 if kept else 1)


def test_days_are_counted_from_date_to_date(make_suite: Any, worker: WorkerProcess) -> None:
    late, early = dt.datetime(2024, 3, 1, 23, 59), dt.datetime(2024, 3, 2, 0, 1)
    assert judged({"a": [early], "b": [late]}, make_suite, worker, WITHIN, min_days=1, max_days=1).unexpected_count == 0
    assert judged({"a": [late], "b": [late.date()]}, make_suite, worker, WITHIN, max_days=0).unexpected_count == 0


@pytest.mark.parametrize(
    ("rule", "column", "message"),
    [
        (IN_PERIOD, pa.array([1.5]), "names no period"),
        (IN_PERIOD, pa.array([True]), "names no period"),
        (IN_PERIOD, pa.array([["2024"]]), "is nested"),
        (WITHIN, pa.array(["2024-10-01"]), "must be a date or a time"),
        (WITHIN, pa.array([20241001]), "must be a date or a time"),
        (WITHIN, pa.array([[1]]), "is nested"),
    ],
)
def test_columns_of_other_types_are_an_error(
    rule: str, column: pa.Array, message: str, make_suite: Any, worker: WorkerProcess
) -> None:
    for data in ({"a": column, "b": [dt.date(2024, 10, 1)]}, {"a": [dt.date(2024, 10, 1)], "b": column}):
        outcome = judged(data, make_suite, worker, rule)
        assert outcome.status == "error"
        assert message in outcome.message


@pytest.mark.parametrize("rule", [IN_PERIOD, WITHIN])
def test_column_without_a_type_is_missing(rule: str, make_suite: Any, worker: WorkerProcess) -> None:
    data = {"a": [dt.date(2024, 10, 1)], "b": pa.nulls(1)}
    assert judged(data, make_suite, worker, rule).unexpected_count == 1
    assert judged(data, make_suite, worker, rule, ignore_row_if="either_value_is_missing").status == "vacuous"


@pytest.mark.parametrize(
    "bounds", [{"min_days": None}, {"min_days": None, "max_days": None}, {"min_days": 2, "max_days": 1}, {"max_days": -1}]
)
def test_bounds_that_mean_nothing_are_refused(bounds: dict[str, int | None], make_suite: Any) -> None:
    with pytest.raises(SuiteError, match="max_days"):
        dq_engine.load_suite(make_suite((WITHIN, {"column_A": "a", "column_B": "b", **bounds})))
