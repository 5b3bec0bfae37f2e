"""Dates: does a date lie where the row's other date or period says that it must?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog import periods
from dq_engine.catalog.base import Case, Fault, Scope, scalar_column
from dq_engine.catalog.shapes import PairRowExpectation
from dq_engine.errors import NotEvaluable
from dq_engine.model import Dimension, Kahn

Days = Annotated[int | None, Meta(description="Days, below 0 where A may be before B; null for no bound.")]


class ExpectColumnPairValuesDateToBeInPeriod(PairRowExpectation, frozen=True, kw_only=True):
    """In every row, the date of column A lies in the period that column B names.

    Why: a row that is sent with another month than its own is counted twice, or not at all. Data Validation Engine and code
    library of the NHS reject or warn of dates outside what is submitted: https://github.com/nhsengland/Reusable-Code-Library.
    Inferred: that a row's date lies in its own period, where a feed has both.
    NULLs: `ignore_row_if` says which rows are left out (by default those with both NULL); a NULL on one side breaks the rule, and
    so does a value that is no date or period. Periods are dates, months (2024-10, 202410), years (2024), NHS financial years
    (2024/25, from 1 April to 31 March), quarters (2024Q3) and spans of months (2024_01-03), as text or whole numbers. The date
    may also be written as text, or be a period itself that must lie in the other.
    See also: expect_column_pair_values_to_be_within_days, expect_column_pair_values_a_to_be_greater_than_b.
    """

    name = "expect_column_pair_values_date_to_be_in_period"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.temporal"
    examples = (
        Case(
            "in their month",
            {"seen": ["2024-10-01", "2024-10-31"], "period": ["2024-10", "2024-10"]},
            {"column_A": "seen", "column_B": "period"},
            True,
            types={"seen": "DATE"},
        ),
        Case(
            "one in the month after",
            {"seen": ["2024-10-31", "2024-11-01"], "period": ["2024-10", "2024-10"]},
            {"column_A": "seen", "column_B": "period"},
            False,
            1,
            types={"seen": "DATE"},
        ),
        Case(
            "in the financial year",
            {"seen": ["2024-04-01", "2025-03-31", "2025-04-01"], "year": ["2024/25", "2024/25", "2024/25"]},
            {"column_A": "seen", "column_B": "year"},
            False,
            1,
            types={"seen": "DATE"},
        ),
        Case(
            "no such month",
            {"seen": ["2024-10-01"], "period": [202413]},
            {"column_A": "seen", "column_B": "period"},
            False,
            1,
            types={"seen": "DATE"},
        ),
    )

    def periods(self) -> tuple[str, ...]:
        return (self.column_A, self.column_B)

    def statement(self) -> str:
        return f"{self.column_A} lies in the period {self.column_B} in every row" + (
            "" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %"
        )

    def violation(self, scope: Scope) -> str:
        first, last = periods.own_days(scalar_column(scope, self.column_A))
        begins, ends = periods.own_days(scalar_column(scope, self.column_B))
        return self.broken(scope, f"{first} >= {begins} AND {last} <= {ends}")


class ExpectColumnPairValuesToBeWithinDays(PairRowExpectation, frozen=True, kw_only=True):
    """In every row, the date of column A is from `min_days` to `max_days` after that of column B.

    Why: what is recorded months after the event came too late to be used; an age of 130 years or below 0 is a wrong date of
    birth. Ages above 120 and dates out of order are refused by https://github.com/nhsengland/Reusable-Code-Library.
    Inferred: how many days are too many is for each feed to say.
    NULLs: `ignore_row_if` says which rows are left out (by default those with both NULL); a NULL on one side breaks the rule.
    Days are counted from date to date, whatever the time of day. Both columns must be dates or times.
    See also: expect_column_pair_values_date_to_be_in_period, expect_column_pair_values_a_to_be_greater_than_b.
    """

    name = "expect_column_pair_values_to_be_within_days"
    dimension: ClassVar[Dimension] = "timeliness"
    kahn: ClassVar[Kahn] = "plausibility.temporal"
    examples = (
        Case(
            "recorded in time",
            {"recorded": ["2024-10-31", "2024-10-01"], "happened": ["2024-10-01", "2024-10-01"]},
            {"column_A": "recorded", "column_B": "happened", "max_days": 30},
            True,
            types={"recorded": "DATE", "happened": "DATE"},
        ),
        Case(
            "one too late, one before",
            {"recorded": ["2024-11-01", "2024-09-30"], "happened": ["2024-10-01", "2024-10-01"]},
            {"column_A": "recorded", "column_B": "happened", "max_days": 30},
            False,
            2,
            types={"recorded": "DATE", "happened": "DATE"},
        ),
        Case(
            "may be before",
            {"recorded": ["2024-09-30"], "happened": ["2024-10-01"]},
            {"column_A": "recorded", "column_B": "happened", "min_days": -1, "max_days": 0},
            True,
            types={"recorded": "DATE", "happened": "DATE"},
        ),
    )
    min_days: Days = 0
    max_days: Days = None

    def faults(self) -> Iterator[Fault]:
        if self.min_days is None and self.max_days is None:
            yield Fault("max_days", "is missing: with neither min_days nor max_days, every row passes")
        elif self.min_days is not None and self.max_days is not None and self.min_days > self.max_days:
            yield Fault("max_days", f"is below min_days ({self.max_days} < {self.min_days}): no row could pass")

    def statement(self) -> str:
        bounds = {
            (True, True): f"{self.min_days} to {self.max_days} days",
            (True, False): f"at least {self.min_days} days",
            (False, True): f"at most {self.max_days} days",
        }
        span = bounds[self.min_days is not None, self.max_days is not None]
        return f"{self.column_A} is {span} after {self.column_B} in every row" + (
            "" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %"
        )

    def violation(self, scope: Scope) -> str:
        a, b = scalar_column(scope, self.column_A), scalar_column(scope, self.column_B)
        for column in (a, b):
            if column.kind not in (*sql.TEMPORAL, "null"):
                raise NotEvaluable(f'column "{column.name}" is of type {column.type}: it must be a date or a time')
        days = " - ".join("CAST(NULL AS DATE)" if each.kind == "null" else f"CAST({each.sql} AS DATE)" for each in (a, b))
        low = None if self.min_days is None else f"{days} >= {sql.number(self.min_days)}"
        high = None if self.max_days is None else f"{days} <= {sql.number(self.max_days)}"
        return self.broken(scope, sql.all_of(low, high) or "")
