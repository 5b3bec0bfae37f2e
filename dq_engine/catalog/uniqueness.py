"""Uniqueness: does a value, or a combination of values, occur once?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import NEVER, Case, ColumnName, Fault, Mostly, Scope, number, scalar_column
from dq_engine.catalog.bounds import Bounded, MaxNumber, MinNumber, StrictMax, StrictMin
from dq_engine.catalog.shapes import (
    KeyExpectation,
    RowIgnore,
    considered,
    judged_rows,
    missing_rows,
    nothing,
    nulls,
    share,
    within,
)
from dq_engine.model import Count, Dimension, GroupScalar, Judgement, Kahn, Key, Metric, NullsFact, Number


class RepeatedKeyExpectation(KeyExpectation, frozen=True, kw_only=True):
    """A rule that no key occurs twice; every row of a repeated key is unexpected. (A shape: it has no name.)"""

    dimension: ClassVar[Dimension] = "uniqueness"
    kahn: ClassVar[Kahn] = "plausibility.uniqueness"
    by_rows = True
    mostly: Mostly = 1.0

    def ignored(self, scope: Scope) -> Count:
        """The rows that the rule does not judge."""
        raise NotImplementedError

    def violation(self, scope: Scope) -> str | None:
        return "n > 1"

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        return {
            "element": considered(scope),
            "missing": within(self.ignored(scope), scope.where),
            "unexpected": GroupScalar(self.key(scope), "coalesce(sum(n) FILTER (n > 1), 0)", repeated=True, summed=True),
        }

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        return judged_rows(numbers, self.mostly)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return None


class ExpectColumnValuesToBeUnique(RepeatedKeyExpectation, frozen=True, kw_only=True):
    """No value occurs more than once.

    Why: a key that occurs twice counts a patient, a practice or a payment twice.
    NULLs: not judged; NaN counts as NULL. Every row with a repeated value is unexpected, the first one too.
    See also: expect_compound_columns_to_be_unique, expect_column_proportion_of_unique_values_to_be_between.
    """

    name = "expect_column_values_to_be_unique"
    examples = (
        Case("each once", {"code": ["A81001", "A81002", None]}, {"column": "code"}, True, 0),
        Case("one twice", {"code": ["A81001", "A81001", "A81002"]}, {"column": "code"}, False, 2),
    )
    column: ColumnName

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def statement(self) -> str:
        return f"{share(self.mostly)} of {self.column} occurs only once" if self.mostly >= 1 else self._most()

    def _most(self) -> str:
        return f"{share(self.mostly)} of {self.column} occur only once"

    def key(self, scope: Scope) -> Key:
        column = scalar_column(scope, self.column)
        return Key((column.sql,), sql.all_of(scope.where, f"{column.sql} IS NOT NULL"))

    def ignored(self, scope: Scope) -> Count:
        return Count(f"{scalar_column(scope, self.column).sql} IS NULL", NullsFact(self.column))


class ExpectCompoundColumnsToBeUnique(RepeatedKeyExpectation, frozen=True, kw_only=True):
    """No combination of values of the columns occurs more than once.

    Why: most feeds have one row per organisation, period and category; a second one doubles the count.
    NULLs: NULL equals NULL within a combination; `ignore_row_if` says which rows are left out (by default those all NULL).
    See also: expect_column_values_to_be_unique.
    """

    name = "expect_compound_columns_to_be_unique"
    examples = (
        Case("each once", {"p": ["A", "A"], "sex": ["1", "2"]}, {"column_list": ["p", "sex"]}, True, 0),
        Case("one twice", {"p": ["A", "A", "B"], "sex": ["1", "1", None]}, {"column_list": ["p", "sex"]}, False, 2),
    )
    column_list: Annotated[list[str], Meta(description="The columns, two or more.", min_length=2)]
    ignore_row_if: Annotated[RowIgnore, Meta(description="Which rows are not judged.")] = "all_values_are_missing"

    def subject(self) -> tuple[str, ...]:
        return tuple(self.column_list)

    def statement(self) -> str:
        names = f"{', '.join(self.column_list[:-1])} and {self.column_list[-1]}"
        every = "No combination" if self.mostly >= 1 else f"For at least {self.mostly * 100:.10g} % of the rows no combination"
        return f"{every} of {names} occurs more than once"

    def key(self, scope: Scope) -> Key:
        missing = missing_rows(scope, self.column_list, self.ignore_row_if).predicate
        columns = tuple(scalar_column(scope, name).sql for name in self.column_list)
        return Key(columns, sql.all_of(scope.where, None if missing == NEVER else f"NOT ({missing})"))

    def ignored(self, scope: Scope) -> Count:
        return missing_rows(scope, self.column_list, self.ignore_row_if)


class DistinctCountExpectation(Bounded, KeyExpectation, frozen=True, kw_only=True):
    """A rule about how many different values a column has. (A shape: it has no name.)"""

    dimension: ClassVar[Dimension] = "uniqueness"
    column: ColumnName

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def faults(self) -> Iterator[Fault]:
        return self.bound_faults()

    def key(self, scope: Scope) -> Key:
        column = scalar_column(scope, self.column)
        return Key((column.sql,), sql.all_of(scope.where, f"{column.sql} IS NOT NULL"))

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        return {
            "element": considered(scope),
            "missing": nulls(scope, self.column),
            "distinct": self.group_metric(scope, "count(*)", summed=True),
        }

    def observed(self, scope: Scope) -> str:
        return f"count(DISTINCT {scalar_column(scope, self.column).sql})"

    def observe(self, distinct: int, judged: int) -> float:
        """The number that the bounds speak of."""
        raise NotImplementedError

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing, distinct = (number(numbers[name]) for name in ("element", "missing", "distinct"))
        judged = element - missing
        observed = self.observe(distinct, judged)
        holds = self.holds(observed)
        return Judgement(
            holds if judged else None,
            "values",
            element,
            missing,
            0 if holds else 1,
            holds,
            observed,
            message=nothing(element, judged),
        )


class ExpectColumnUniqueValueCountToBeBetween(DistinctCountExpectation, frozen=True, kw_only=True):
    """The number of different values lies between two bounds.

    Why: the number of practices, supplier names or age bands is known; too few says that some did not arrive.
    NULLs: left out.
    See also: expect_column_distinct_values_to_equal_set.
    """

    name = "expect_column_unique_value_count_to_be_between"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case("two", {"sex": ["1", "2", "2", None]}, {"column": "sex", "min_value": 2, "max_value": 2}, True),
        Case("too many", {"sex": ["1", "2", "9"]}, {"column": "sex", "max_value": 2}, False),
    )
    min_value: Annotated[int | None, Meta(description="The smallest number allowed; null for none.")] = None
    max_value: Annotated[int | None, Meta(description="The largest number allowed; null for none.")] = None
    strict_min: StrictMin = False
    strict_max: StrictMax = False

    def statement(self) -> str:
        return f"The number of different values of {self.column} {self.between()}"

    def observe(self, distinct: int, judged: int) -> float:
        return distinct


class ExpectColumnProportionOfUniqueValuesToBeBetween(DistinctCountExpectation, frozen=True, kw_only=True):
    """The number of different values, divided by the number of values, lies between two bounds (0 to 1).

    Why: identifiers are nearly all different; categories are not. A change shows a mix-up of columns or a double load.
    NULLs: left out.
    See also: expect_column_values_to_be_unique.
    """

    name = "expect_column_proportion_of_unique_values_to_be_between"
    kahn: ClassVar[Kahn] = "plausibility.uniqueness"
    examples = (
        Case("all different", {"id": [1, 2, 3, None]}, {"column": "id", "min_value": 1}, True),
        Case("two of four", {"id": [1, 1, 2, 2]}, {"column": "id", "min_value": 0.9}, False),
    )
    min_value: MinNumber = None
    max_value: MaxNumber = None
    strict_min: StrictMin = False
    strict_max: StrictMax = False

    def statement(self) -> str:
        return f"The share of different values among the values of {self.column} {self.between()}"

    def observed(self, scope: Scope) -> str:
        return f"{super().observed(scope)} / count({scalar_column(scope, self.column).sql})"

    def observe(self, distinct: int, judged: int) -> float:
        return distinct / judged if judged else 0.0
