"""Aggregates: is a statistic of a column within its bounds?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from dq_engine import sql
from dq_engine.catalog.base import Case, Scope, number
from dq_engine.catalog.bounds import MaxNumber, MinNumber
from dq_engine.catalog.ranges import PROVABLE
from dq_engine.catalog.shapes import AggregateExpectation, nothing
from dq_engine.errors import NotEvaluable
from dq_engine.model import Column, Dimension, ExtremumFact, Judgement, Kahn, Number

STATISTIC = Column("statistic", "statistic", "DOUBLE", "float")


def numeric(column: Column, noun: str) -> None:
    """Refuses columns that have no arithmetic. Raises :class:`NotEvaluable`."""
    if column.kind not in sql.NUMERIC and column.kind not in ("boolean", "null"):
        raise NotEvaluable(f'column "{column.name}" is of type {column.type}, which has no {noun}')


def moment_of(column: Column) -> Column:
    """A column of the moments between those of a column of dates or times."""
    zoned = column.kind == "timestamptz"
    return Column(column.name, "", "TIMESTAMPTZ" if zoned else "TIMESTAMP", "timestamptz" if zoned else "timestamp")


def as_number(column: Column, value: str) -> str:
    """Numbers as they are, yes and no as 1 and 0."""
    return f"CAST({value} AS TINYINT)" if column.kind == "boolean" else value


class ExpectColumnMinToBeBetween(AggregateExpectation, frozen=True, kw_only=True):
    """The smallest value lies between two bounds.

    Why: the first date of a period, the smallest list: it shows where an extract begins and whether it began too early.
    NULLs: left out. The value is shown only where the column's values may be shown.
    See also: expect_column_values_to_be_between.
    """

    name = "expect_column_min_to_be_between"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    reveals = True
    noun = "minimum"
    examples = (
        Case("at least one", {"n": [1, 5, None]}, {"column": "n", "min_value": 1}, True),
        Case("below", {"n": [0, 5]}, {"column": "n", "min_value": 1}, False),
    )

    def metric(self, column: Column, value: str) -> str:
        return f"min({as_number(column, value)})"

    def extremum(self, column: Column) -> ExtremumFact | None:
        return ExtremumFact(column.name, "lo") if column.kind in PROVABLE else None


class ExpectColumnMaxToBeBetween(AggregateExpectation, frozen=True, kw_only=True):
    """The largest value lies between two bounds.

    Why: the last date tells how fresh an extract is; the largest count shows a slipped decimal.
    NULLs: left out. The value is shown only where the column's values may be shown.
    See also: expect_column_values_to_be_between.
    """

    name = "expect_column_max_to_be_between"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    reveals = True
    noun = "maximum"
    examples = (
        Case(
            "fresh",
            {"d": ["2024-03-01", "2024-03-31"]},
            {"column": "d", "min_value": "2024-03-31"},
            True,
            types={"d": "DATE"},
        ),
        Case("stale", {"d": ["2024-03-01"]}, {"column": "d", "min_value": "2024-03-31"}, False, types={"d": "DATE"}),
    )

    def metric(self, column: Column, value: str) -> str:
        return f"max({as_number(column, value)})"

    def extremum(self, column: Column) -> ExtremumFact | None:
        return ExtremumFact(column.name, "hi") if column.kind in PROVABLE else None


class ExpectColumnMeanToBeBetween(AggregateExpectation, frozen=True, kw_only=True):
    """The mean lies between two bounds.

    Why: a mean that moves says that units, coverage or meaning changed.
    NULLs: left out. Of fewer than ten values the mean is not shown, unless the column is public.
    See also: expect_column_median_to_be_between.
    """

    name = "expect_column_mean_to_be_between"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    noun = "mean"
    examples = (
        Case("two", {"n": [1, 3, None]}, {"column": "n", "min_value": 2, "max_value": 2}, True),
        Case("too high", {"n": [10, 30]}, {"column": "n", "max_value": 10}, False),
    )

    def metric(self, column: Column, value: str) -> str:
        if column.kind in sql.TEMPORAL:
            moment = moment_of(column)
            total, count = f"sum(epoch_us(CAST({value} AS {moment.type})))", f"count({value})"
            return f"make_{moment.kind}(CAST((2 * {total} + sign({total}) * {count}) // (2 * {count}) AS BIGINT))"
        numeric(column, self.noun)
        return f"avg({as_number(column, value)})"

    def measured(self, column: Column) -> Column:
        return moment_of(column) if column.kind in sql.TEMPORAL else STATISTIC


class ExpectColumnMedianToBeBetween(AggregateExpectation, frozen=True, kw_only=True):
    """The median lies between two bounds.

    Why: as the mean, and a few wild values do not move it.
    NULLs: left out. Of an even number of values it is the mean of the middle two. It is shown only where values may be shown.
    See also: expect_column_mean_to_be_between.
    """

    name = "expect_column_median_to_be_between"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    reveals = True
    in_the_middle = True
    noun = "median"
    examples = (
        Case("two", {"n": [1, 2, 900]}, {"column": "n", "min_value": 2, "max_value": 2}, True),
        Case("between the middle two", {"n": [1, 2, 3, 4]}, {"column": "n", "min_value": 3}, False),
    )

    def metric(self, column: Column, value: str) -> str:
        if column.kind not in sql.TEMPORAL:
            numeric(column, self.noun)
        if column.kind == "decimal":  # of two decimals DuckDB's own has no digit more than they
            value = f"CAST({value} AS DOUBLE)"
        return f"median({as_number(column, value)})"

    def measured(self, column: Column) -> Column:
        return moment_of(column) if column.kind in sql.TEMPORAL else STATISTIC


class ExpectColumnStdevToBeBetween(AggregateExpectation, frozen=True, kw_only=True):
    """The standard deviation (of a sample, n - 1) lies between two bounds.

    Why: 0 means that a column was filled with one value; a jump means that units are mixed.
    NULLs: left out. One value has no standard deviation: the check is then vacuous.
    See also: expect_column_mean_to_be_between.
    """

    name = "expect_column_stdev_to_be_between"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    noun = "standard deviation"
    least = 2
    betrays = False
    examples = (
        Case("one", {"n": [1.0, 2.0, 3.0]}, {"column": "n", "min_value": 1, "max_value": 1}, True),
        Case("all the same", {"n": [5, 5, 5]}, {"column": "n", "min_value": 0, "strict_min": True}, False),
    )
    min_value: MinNumber = None
    max_value: MaxNumber = None

    def metric(self, column: Column, value: str) -> str:
        numeric(column, self.noun)
        return f"stddev_samp({as_number(column, value)})"

    def measured(self, column: Column) -> Column:
        return STATISTIC


class ExpectColumnSumToBeBetween(AggregateExpectation, frozen=True, kw_only=True):
    """The sum lies between two bounds.

    Why: money and list sizes have totals that someone has published.
    NULLs: left out. Whole numbers are added exactly, without overflow. The sum of no value is nothing to judge here (GX: 0).
    See also: expect_multicolumn_sum_to_equal.
    """

    name = "expect_column_sum_to_be_between"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    noun = "sum"
    examples = (
        Case("six", {"n": [1, 2, 3, None]}, {"column": "n", "min_value": 6, "max_value": 6}, True),
        Case("short", {"n": [1, 2]}, {"column": "n", "min_value": 6}, False),
    )

    def metric(self, column: Column, value: str) -> str:
        numeric(column, self.noun)
        return f"sum({as_number(column, value)})"

    def measured(self, column: Column) -> Column:
        return column if column.kind in sql.NUMERIC else STATISTIC

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing = number(numbers["element"]), number(numbers["missing"])
        if element == missing:
            return Judgement(None, "values", element, missing, 0, self.holds(0), 0, message=nothing(element, 0))
        return super().judge(scope, numbers)
