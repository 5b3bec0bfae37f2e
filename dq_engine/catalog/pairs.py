"""Pairs and more: do values of one row fit together?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import Case, Scope, scalar_column
from dq_engine.catalog.shapes import MulticolumnRowExpectation, PairRowExpectation
from dq_engine.errors import NotEvaluable
from dq_engine.model import Column, Dimension, Kahn


def comparable(a: Column, b: Column) -> None:
    """Refuses two columns whose values have no common order. Raises :class:`NotEvaluable`."""
    if family(a) != family(b) and "null" not in (a.kind, b.kind):
        raise NotEvaluable(f'columns "{a.name}" ({a.type}) and "{b.name}" ({b.type}) cannot be compared: their types differ')


def family(column: Column) -> str:
    """Columns of one family can be compared with each other."""
    if column.kind in sql.NUMERIC or column.kind == "boolean":
        return "number"
    return "moment" if column.kind in sql.TEMPORAL else f"{column.kind} {column.type if column.kind == 'other' else ''}"


def operand(column: Column) -> str:
    """A column as it is compared: yes and no as 1 and 0; a column without any value as NULL."""
    if column.kind == "null":
        return "NULL"
    return f"CAST({column.sql} AS TINYINT)" if column.kind == "boolean" else column.sql


class ExpectColumnPairValuesAToBeGreaterThanB(PairRowExpectation, frozen=True, kw_only=True):
    """In every row, the value of column A is greater than that of column B.

    Why: nobody is discharged before admission, and no practice closes before it opens.
    NULLs: `ignore_row_if` says which rows are left out (by default those with both NULL); a NULL on one side breaks the rule.
    See also: expect_column_pair_values_to_be_equal.
    """

    name = "expect_column_pair_values_a_to_be_greater_than_b"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.temporal"
    examples = (
        Case("later", {"out": [2, 3], "in": [1, 1]}, {"column_A": "out", "column_B": "in"}, True),
        Case("one the same day", {"out": [1, 3], "in": [1, 1]}, {"column_A": "out", "column_B": "in"}, False, 1),
        Case(
            "the same is allowed",
            {"out": [1], "in": [1]},
            {"column_A": "out", "column_B": "in", "or_equal": True},
            True,
        ),
        Case(
            "still open",
            {"out": [3, None], "in": [1, 1]},
            {"column_A": "out", "column_B": "in", "ignore_row_if": "either_value_is_missing"},
            True,
        ),
    )
    or_equal: Annotated[bool | None, Meta(description="Equal values keep the rule too.")] = None

    def statement(self) -> str:
        return f"{self.column_A} is {'at least' if self.or_equal else 'greater than'} {self.column_B} in every row" + (
            "" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %"
        )

    def violation(self, scope: Scope) -> str:
        a, b = scalar_column(scope, self.column_A), scalar_column(scope, self.column_B)
        comparable(a, b)
        return self.broken(scope, f"{operand(a)} {'>=' if self.or_equal else '>'} {operand(b)}")


class ExpectColumnPairValuesToBeEqual(PairRowExpectation, frozen=True, kw_only=True):
    """In every row, the two columns have the same value.

    Why: the same fact held twice must agree, or one of them is wrong.
    NULLs: `ignore_row_if` says which rows are left out (by default those with both NULL); NULL equals nothing.
    See also: expect_column_pair_values_a_to_be_greater_than_b.
    """

    name = "expect_column_pair_values_to_be_equal"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case("the same", {"a": ["x", None], "b": ["x", None]}, {"column_A": "a", "column_B": "b"}, True),
        Case("one differs", {"a": ["x", "y"], "b": ["x", None]}, {"column_A": "a", "column_B": "b"}, False, 1),
    )

    def statement(self) -> str:
        return f"{self.column_A} and {self.column_B} are equal in every row" + (
            "" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %"
        )

    def violation(self, scope: Scope) -> str:
        a, b = scalar_column(scope, self.column_A), scalar_column(scope, self.column_B)
        comparable(a, b)
        return self.broken(scope, f"{operand(a)} = {operand(b)}")


class ExpectMulticolumnSumToEqual(MulticolumnRowExpectation, frozen=True, kw_only=True):
    """In every row, the columns add up to the given total.

    Why: shares of a whole are 100 %, and parts of a count are the count.
    NULLs: `ignore_row_if` says which rows are left out (by default those all NULL); in any other row a NULL breaks the rule.
    Whole numbers and decimals are added exactly; floats as doubles, without tolerance.
    See also: expect_column_sum_to_be_between.
    """

    name = "expect_multicolumn_sum_to_equal"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.computational"
    examples = (
        Case(
            "a hundred",
            {"male": [49, 50], "female": [51, 50]},
            {"column_list": ["male", "female"], "sum_total": 100},
            True,
        ),
        Case("one short", {"male": [49], "female": [50]}, {"column_list": ["male", "female"], "sum_total": 100}, False, 1),
    )
    sum_total: Annotated[int | float, Meta(description="The total of each row.")]

    def statement(self) -> str:
        return f"{' + '.join(self.column_list)} is {self.sum_total} in every row" + (
            "" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %"
        )

    def violation(self, scope: Scope) -> str:
        columns = [scalar_column(scope, name) for name in self.column_list]
        for column in columns:
            if family(column) != "number" and column.kind != "null":
                raise NotEvaluable(f'column "{column.name}" is of type {column.type}, which cannot be added')
        terms = [f"CAST({column.sql} AS HUGEINT)" if column.kind in ("integer", "boolean") else column.sql for column in columns]
        return self.broken(scope, f"{' + '.join(terms)} = {sql.number(self.sum_total)}")
