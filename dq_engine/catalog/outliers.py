"""Outliers: values that lie too far from the others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.aggregates import as_number, numeric
from dq_engine.catalog.base import Case, Fault, Scope, scalar_column
from dq_engine.catalog.quantiles import order_statistics
from dq_engine.catalog.shapes import ColumnRowExpectation
from dq_engine.model import EXTRACT, Column, Derived, Dimension, Kahn


def as_double(column: Column) -> str:
    """SQL of the column's value as a double: yes and no as 1 and 0, moments as microseconds."""
    value = f"epoch_us({column.sql})" if column.kind in sql.TEMPORAL else as_number(column, column.sql)
    return f"CAST({value} AS DOUBLE)"


def mean_and_deviation(value: str, where: str | None) -> str:
    """SELECT of one row: the ``mean`` and the ``deviation`` (of a sample) of ``value``, SQL of doubles; NULL where there is none.

    Infinities have neither. Sums are compensated, so that they do not depend on the order of the rows.
    """
    given = f"SELECT {value} AS x FROM {EXTRACT} WHERE {sql.all_of(where, f'{value} IS NOT NULL')}"
    centre = "SELECT fsum(x) / count(*) AS mean, count(*) AS n FROM given"
    deviation = "sqrt(fsum((x - mean) * (x - mean)) / nullif(any_value(n) - 1, 0))"
    return (
        f"WITH given AS NOT MATERIALIZED ({given}),\ncentre AS ({centre}),\n"
        f"spread AS (SELECT any_value(mean) AS mean, {deviation} AS deviation FROM given, centre)\n"
        "SELECT CASE WHEN isfinite(mean) THEN mean END AS mean, CASE WHEN isfinite(deviation) THEN deviation END AS deviation\n"
        "FROM spread"
    )


class ExpectColumnValueZScoresToBeLessThan(ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value is less than so many standard deviations away from the mean.

    Why: in a column of like things, a value far from all others is a slipped decimal, another unit or another thing.
    NULLs: not judged, and left out of the mean and the deviation (of a sample, n - 1), which are those of the rows considered.
    Where values are all alike, or infinite, there is no deviation, and no value breaks the rule. With `double_sided` false only
    values above the mean are looked at. Dates and times have deviations, too.
    See also: expect_column_values_to_not_be_outliers, expect_column_stdev_to_be_between.
    """

    name = "expect_column_value_z_scores_to_be_less_than"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case(
            "all near the mean",
            {"patients": [8100, 8300, 7900, 8050]},
            {"column": "patients", "threshold": 2, "double_sided": True},
            True,
            0,
        ),
        Case(
            "one list size with a digit too many",
            {"patients": [8100, 8300, 7900, 8050, 8200, 81500]},
            {"column": "patients", "threshold": 2, "double_sided": True},
            False,
            1,
        ),
        Case(
            "below does not count",
            {"patients": [8100, 8300, 7900, 8050, 8200, 8]},
            {"column": "patients", "threshold": 2, "double_sided": False},
            True,
            0,
        ),
    )
    threshold: Annotated[float, Meta(description="So many standard deviations are too many.")]
    double_sided: Annotated[bool, Meta(description="Values below the mean are looked at, too.")]

    def statement(self) -> str:
        side = "from" if self.double_sided else "above"
        limit = abs(self.threshold) if self.double_sided else self.threshold
        return self.every(f"is less than {limit:.10g} standard deviations {side} the mean")

    def aids(self, scope: Scope) -> tuple[Derived, ...]:
        return (self._statistics(scope),)

    def _statistics(self, scope: Scope) -> Derived:
        column = scalar_column(scope, self.column)
        if column.kind not in sql.TEMPORAL:
            numeric(column, "standard deviation")
        return Derived(mean_and_deviation(as_double(column), scope.where))

    def violation(self, scope: Scope) -> str:
        table, value = self._statistics(scope).name, as_double(scalar_column(scope, self.column))
        score = f"({value} - (SELECT mean FROM {table})) / (SELECT nullif(deviation, 0) FROM {table})"
        if self.double_sided:
            return f"abs({score}) >= {sql.number(abs(self.threshold))}"
        return f"{score} >= {sql.number(self.threshold)}"


class ExpectColumnValuesToNotBeOutliers(ColumnRowExpectation, frozen=True, kw_only=True):
    """No value lies far outside the middle half of the values, or far from their mean.

    Why: as expect_column_value_z_scores_to_be_less_than; by quartiles, wild values do not hide themselves by moving the limits.
    NULLs: not judged, and left out of the quartiles, which are those of the rows considered. By "iqr" a value may lie
    `multiplier` times the distance between the quartiles outside them; by "std" it must lie less than `multiplier` standard
    deviations from the mean. Where there is no such distance (infinite values, one value) no value breaks the rule.
    See also: expect_column_value_z_scores_to_be_less_than, expect_column_quantile_values_to_be_between.
    """

    name = "expect_column_values_to_not_be_outliers"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case("waits of days", {"days": [3, 9, 14, 20, 34, None]}, {"column": "days"}, True, 0),
        Case("one wait of a year", {"days": [3, 9, 14, 20, 41, 365]}, {"column": "days"}, False, 1),
        Case(
            "within two deviations",
            {"days": [3, 9, 14, 20, 41]},
            {"column": "days", "method": "std", "multiplier": 2},
            True,
            0,
        ),
    )
    method: Annotated[Literal["iqr", "std"], Meta(description="By quartiles, or by standard deviations.")] = "iqr"
    multiplier: Annotated[float, Meta(description="So many times the distance is allowed.", ge=0)] = 1.5

    def faults(self) -> Iterator[Fault]:
        if not math.isfinite(self.multiplier):
            yield Fault("multiplier", "expected a finite number")

    def statement(self) -> str:
        if self.method == "iqr":
            return self.every(f"lies at most {self.multiplier:.10g} times the distance between the quartiles outside them")
        return self.every(f"is less than {self.multiplier:.10g} standard deviations from the mean")

    def aids(self, scope: Scope) -> tuple[Derived, ...]:
        return (self._statistics(scope),)

    def _statistics(self, scope: Scope) -> Derived:
        """One row: ``low`` and ``high``, outside which a value is an outlier; or ``mean`` and ``reach``. NULL: none is."""
        column = scalar_column(scope, self.column)
        numeric(column, "quartiles" if self.method == "iqr" else "standard deviation")
        value, multiplier = as_double(column), sql.number(float(self.multiplier))
        if self.method == "std":
            select = mean_and_deviation(value, scope.where)
            return Derived(f"SELECT mean, CAST({multiplier} AS DOUBLE) * deviation AS reach FROM (\n{select}\n)")
        quartiles = order_statistics(value, scope.where, (0.25, 0.75), "linear")
        reach = f"CAST({multiplier} AS DOUBLE) * (q1 - q0)"
        return Derived(
            f"SELECT CASE WHEN finite THEN q0 - {reach} END AS low, CASE WHEN finite THEN q1 + {reach} END AS high\n"
            f"FROM (SELECT *, isfinite(q0) AND isfinite(q1) AS finite FROM (\n{quartiles}\n))"
        )

    def violation(self, scope: Scope) -> str:
        table, value = self._statistics(scope).name, as_double(scalar_column(scope, self.column))
        if self.method == "iqr":
            return f"{value} < (SELECT low FROM {table}) OR {value} > (SELECT high FROM {table})"
        reach, distance = f"(SELECT reach FROM {table})", f"abs({value} - (SELECT mean FROM {table}))"
        return f"CASE WHEN {reach} > 0 THEN {distance} >= {reach} WHEN {reach} <= 0 THEN {distance} > 0 END"
