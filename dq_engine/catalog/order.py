"""Order: do the values rise, or fall, from row to row?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import Case, Scope, scalar_column
from dq_engine.catalog.shapes import ColumnRowExpectation
from dq_engine.errors import NotEvaluable
from dq_engine.model import ORDERED, Column, Derived, Dimension, Kahn, Table

Strictly = Annotated[bool | None, Meta(description="A value may not equal the one before it.")]


def unlike_columns(table: Table) -> str:
    """An identifier for a further column: who sends the extract chooses the names of its columns, and could choose ours."""
    names = {column.sql.strip('"').casefold() for column in table.columns}
    return next(name for n in range(len(names) + 1) if (name := f"dq_previous{n or ''}") not in names)


class OrderExpectation(ColumnRowExpectation, frozen=True, kw_only=True):
    """A rule about each value and the one before it. (A shape: it has no name.)"""

    rising: ClassVar[bool]
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.temporal"
    strictly: Strictly = None

    def aids(self, scope: Scope) -> tuple[Derived, ...]:
        return (self._with_previous(scope),)

    def relation(self, scope: Scope) -> str:
        return self._with_previous(scope).name

    def _ordered(self, scope: Scope) -> Column:
        column = scalar_column(scope, self.column)
        if column.kind not in (*sql.NUMERIC, *sql.TEMPORAL, "boolean", "null"):
            raise NotEvaluable(f'column "{column.name}" is of type {column.type}: only numbers, dates and times rise and fall')
        return column

    def _with_previous(self, scope: Scope) -> Derived:
        """The rows that have a value, with the value before it in the order of the files."""
        column = self._ordered(scope)
        previous = f"lag({column.sql}) OVER (ORDER BY dq_row) AS {unlike_columns(scope.table)}"
        where = sql.all_of(scope.where, f"{column.sql} IS NOT NULL")
        return Derived(f"SELECT *, {previous}\nFROM {ORDERED} AS dq_extract WHERE {where}", view=True)

    def violation(self, scope: Scope) -> str:
        column, previous = self._ordered(scope), unlike_columns(scope.table)
        wrong = f"{column.sql} {'<' if self.rising else '>'}{'=' if self.strictly else ''} {previous}"
        if self.strictly and column.kind == "float":
            return f"{wrong} AND NOT (isinf({column.sql}) AND {column.sql} = {previous})"
        return wrong


class ExpectColumnValuesToBeIncreasing(OrderExpectation, frozen=True, kw_only=True):
    """No value is below the one before it, in the order of the rows.

    Why: a running number or a time stamp that falls back shows rows that were inserted, repeated or put together wrongly.
    NULLs: left out before values are compared, as are the rows that a row condition leaves out. The order is that of the rows in
    the files, over all files in their order. The first value has none before it; every other is held against the one before it,
    even if that breaks the rule. With `strictly` equal values break it, too (two equal infinities do not).
    See also: expect_column_values_to_be_decreasing, expect_column_values_to_be_unique.
    """

    name = "expect_column_values_to_be_increasing"
    rising = True
    examples = (
        Case("in order of arrival", {"arrived": [1, 2, None, 2, 5]}, {"column": "arrived"}, True, 0),
        Case("one row out of order", {"arrived": [1, 5, 2, 6]}, {"column": "arrived"}, False, 1),
        Case("a number given twice", {"attendance": [101, 102, 102]}, {"column": "attendance", "strictly": True}, False, 1),
    )

    def statement(self) -> str:
        return self.every(f"is {'above' if self.strictly else 'not below'} the one before it")


class ExpectColumnValuesToBeDecreasing(OrderExpectation, frozen=True, kw_only=True):
    """No value is above the one before it, in the order of the rows.

    Why: what is sorted from the largest, or from the latest, must not rise again: a rise shows where two lists were joined.
    NULLs: left out before values are compared, as are the rows that a row condition leaves out. The order is that of the rows in
    the files, over all files in their order. With `strictly` equal values break the rule, too (two equal infinities do not).
    See also: expect_column_values_to_be_increasing.
    """

    name = "expect_column_values_to_be_decreasing"
    rising = False
    examples = (
        Case("from the largest", {"patients": [24000, 11900, None, 8300, 8300]}, {"column": "patients"}, True, 0),
        Case(
            "a date rises again",
            {"seen": ["2024-03-31", "2024-02-29", "2024-03-01"]},
            {"column": "seen"},
            False,
            1,
            types={"seen": "DATE"},
        ),
    )

    def statement(self) -> str:
        return self.every(f"is {'below' if self.strictly else 'not above'} the one before it")
