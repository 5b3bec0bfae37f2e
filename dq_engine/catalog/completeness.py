"""Completeness: is a value there?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from dq_engine.catalog.base import NEVER, Case, ColumnName, Expectation, Fault, Scope, number
from dq_engine.catalog.bounds import Bounded, MaxNumber, MinNumber, StrictMax, StrictMin
from dq_engine.catalog.shapes import ColumnRowExpectation, considered, nothing, nulls, share
from dq_engine.model import Count, Dimension, Judgement, Kahn, Metric, NullsFact, Number


class ExpectColumnValuesToNotBeNull(ColumnRowExpectation, frozen=True, kw_only=True):
    """The column has a value in every row.

    Why: a record without its key, code or date cannot be counted, linked or paid for.
    NULLs: they are what is counted; NaN counts as NULL. Empty text is a value: add a length or pattern rule for it.
    See also: expect_column_values_to_be_null, expect_column_proportion_of_non_null_values_to_be_between.
    """

    name = "expect_column_values_to_not_be_null"
    dimension: ClassVar[Dimension] = "completeness"
    kahn: ClassVar[Kahn] = "completeness"
    exemplary = False
    examples = (
        Case("every row has a value", {"nhs_number": ["9434765919", "9876543210"]}, {"column": "nhs_number"}, True),
        Case("one row has none", {"nhs_number": ["9434765919", None]}, {"column": "nhs_number"}, False, 1),
        Case("half may be missing", {"x": [1.5, float("nan")]}, {"column": "x", "mostly": 0.5}, True, 1),
    )

    def statement(self) -> str:
        return f"{self.column} has a value in {share(self.mostly, 'row').lower()}"

    def missing(self, scope: Scope) -> Count:
        return Count(NEVER)

    def violation(self, scope: Scope) -> str:
        return f"{scope.column(self.column).sql} IS NULL"

    def proof(self, scope: Scope) -> NullsFact:
        return NullsFact(self.column)


class ExpectColumnValuesToBeNull(ColumnRowExpectation, frozen=True, kw_only=True):
    """The column has no value in any row.

    Why: a field that must not be filled (free text in an extract that may hold none, a withdrawn code) is empty.
    NULLs: they are what is wanted; NaN counts as NULL.
    See also: expect_column_values_to_not_be_null.
    """

    name = "expect_column_values_to_be_null"
    dimension: ClassVar[Dimension] = "validity"
    examples = (
        Case(
            "no row has a value",
            {"free_text": [None, None]},
            {"column": "free_text"},
            True,
            types={"free_text": "VARCHAR"},
        ),
        Case("one row has a value", {"free_text": [None, "rang the patient"]}, {"column": "free_text"}, False, 1),
    )

    def statement(self) -> str:
        return f"{self.column} is empty in {share(self.mostly, 'row').lower()}"

    def missing(self, scope: Scope) -> Count:
        return Count(NEVER)

    def violation(self, scope: Scope) -> str:
        return f"{scope.column(self.column).sql} IS NOT NULL"

    def proof(self, scope: Scope) -> NullsFact:
        return NullsFact(self.column, negate=True)


class ExpectColumnProportionOfNonNullValuesToBeBetween(Bounded, Expectation, frozen=True, kw_only=True):
    """The share of rows with a value lies between two bounds (0 to 1).

    Why: for optional fields, completeness has a usual level; a fall, or a rise, says that something changed upstream.
    NULLs: they count against the share; NaN counts as NULL.
    See also: expect_column_values_to_not_be_null with `mostly`.
    """

    name = "expect_column_proportion_of_non_null_values_to_be_between"
    dimension: ClassVar[Dimension] = "completeness"
    kahn: ClassVar[Kahn] = "completeness"
    examples = (
        Case("two of three", {"postcode": ["ZZ99 3VZ", "ZZ99 3WZ", None]}, {"column": "postcode", "min_value": 0.6}, True),
        Case("too few", {"postcode": ["ZZ99 3VZ", None, None]}, {"column": "postcode", "min_value": 0.6}, False),
    )
    column: ColumnName
    min_value: MinNumber = None
    max_value: MaxNumber = None
    strict_min: StrictMin = False
    strict_max: StrictMax = False

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def faults(self) -> Iterator[Fault]:
        return self.bound_faults()

    def statement(self) -> str:
        return f"The share of rows in which {self.column} has a value {self.between()}"

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        return {"element": considered(scope), "missing": nulls(scope, self.column)}

    def observed(self, scope: Scope) -> str:
        return f"count({scope.column(self.column).sql}) / count(*)"

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing = number(numbers["element"]), number(numbers["missing"])
        observed = (element - missing) / element if element else 0.0
        holds = self.holds(observed)
        return Judgement(
            holds if element else None,
            "rows",
            element,
            0,
            0 if holds else missing,
            holds,
            observed,
            message=nothing(element, element),
        )
