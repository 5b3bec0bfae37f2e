"""Tables: are the rows and columns there that should be?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from dq_engine.catalog.base import Case, ColumnName, Expectation, Fault, Scope, number
from dq_engine.catalog.bounds import Bounded, StrictMax, StrictMin
from dq_engine.catalog.shapes import SchemaExpectation, considered
from dq_engine.model import Dimension, Judgement, Kahn, Metric, Number, Table


class RowCountExpectation(Expectation, frozen=True, kw_only=True):
    """A rule about the number of rows. (A shape: it has no name.)"""

    dimension: ClassVar[Dimension] = "completeness"
    kahn: ClassVar[Kahn] = "completeness"

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        return {"element": considered(scope)}

    def observed(self, scope: Scope) -> str:
        return "count(*)"

    def right(self, rows: int) -> bool:
        """Whether the number of rows is right."""
        raise NotImplementedError

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        rows = number(numbers["element"])
        success = self.right(rows)
        return Judgement(success, "tables", 1, 0, 0 if success else 1, success, rows)


class ExpectTableRowCountToBeBetween(Bounded, RowCountExpectation, frozen=True, kw_only=True):
    """The number of rows lies between two bounds.

    Why: half a file looks like a whole one until somebody counts.
    NULLs: every row counts. An extract without rows is judged too: 0 is a number.
    See also: expect_table_row_count_to_equal.
    """

    name = "expect_table_row_count_to_be_between"
    examples = (
        Case("three", {"x": [1, 2, 3]}, {"min_value": 1, "max_value": 5}, True),
        Case("too few", {"x": [1, 2, 3]}, {"min_value": 4}, False),
    )
    min_value: Annotated[int | None, Meta(description="The smallest number of rows allowed; null for none.")] = None
    max_value: Annotated[int | None, Meta(description="The largest number of rows allowed; null for none.")] = None
    strict_min: StrictMin = False
    strict_max: StrictMax = False

    def faults(self) -> Iterator[Fault]:
        return self.bound_faults(ordered=True)

    def statement(self) -> str:
        return f"The number of rows {self.between()}"

    def right(self, rows: int) -> bool:
        return self.holds(rows)


class ExpectTableRowCountToEqual(RowCountExpectation, frozen=True, kw_only=True):
    """The number of rows is exactly the given one.

    Why: the sender said how many rows were sent.
    NULLs: every row counts.
    See also: expect_table_row_count_to_be_between.
    """

    name = "expect_table_row_count_to_equal"
    examples = (
        Case("three", {"x": [1, 2, 3]}, {"value": 3}, True),
        Case("not four", {"x": [1, 2, 3]}, {"value": 4}, False),
    )
    value: Annotated[int, Meta(description="The number of rows.", ge=0)]

    def statement(self) -> str:
        return f"There are exactly {self.value:,} rows"

    def right(self, rows: int) -> bool:
        return rows == self.value


class ExpectTableRowCountToEqualOtherTable(RowCountExpectation, frozen=True, kw_only=True):
    """There are as many rows as in another extract.

    Why: a table that was split off, enriched or sent on must not lose or double a record on the way.
    NULLs: every row counts. `row_condition` chooses among the rows of this extract; the other's are all counted.
    See also: expect_table_row_count_to_equal, expect_column_sum_to_reconcile_with_other_extract.
    """

    name = "expect_table_row_count_to_equal_other_table"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case(
            "a list size for each practice",
            {"practice": ["A81001", "A81002"], "patients": [4012, 7730]},
            {"other_table_name": "practices"},
            True,
            others={"practices": {"code": ["A81001", "A81002"]}},
        ),
        Case(
            "one practice more",
            {"practice": ["A81001", "A81002"], "patients": [4012, 7730]},
            {"other_table_name": "practices"},
            False,
            others={"practices": {"code": ["A81001", "A81002", "A81003"]}},
        ),
    )
    other_table_name: Annotated[
        str, Meta(description="The other extract: its feed, or a name given with --with or in dq.toml.", min_length=1)
    ]

    def others(self) -> tuple[str, ...]:
        return (self.other_table_name,)

    def statement(self) -> str:
        return f"There are as many rows as in {self.other_table_name}"

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        rows, others = number(numbers["element"]), scope.other(self.other_table_name).rows
        success = rows == others
        details = {"self": rows, "other": others}
        return Judgement(success, "tables", 1, 0, 0 if success else 1, success, rows, details)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return {"observed_value": judgement.details}


class ExpectTableColumnCountToBeBetween(Bounded, SchemaExpectation, frozen=True, kw_only=True):
    """The number of columns lies between two bounds.

    Why: a file that was read with the wrong separator has one column; a pivot gone wrong has hundreds.
    NULLs: nothing to do with values.
    See also: expect_table_column_count_to_equal, expect_table_columns_to_match_set.
    """

    name = "expect_table_column_count_to_be_between"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case("two", {"practice": ["A81001"], "patients": [4012]}, {"min_value": 2, "max_value": 4}, True),
        Case("too few", {"practice,patients": ["A81001,4012"]}, {"min_value": 2}, False, 1),
    )
    min_value: Annotated[int | float | None, Meta(description="The smallest number of columns allowed; null for none.")] = None
    max_value: Annotated[int | float | None, Meta(description="The largest number of columns allowed; null for none.")] = None
    strict_min: ClassVar[bool] = False  # type: ignore[misc]  # no argument of this expectation in Great Expectations
    strict_max: ClassVar[bool] = False  # type: ignore[misc]

    def faults(self) -> Iterator[Fault]:
        return self.bound_faults(ordered=True)

    def statement(self) -> str:
        return f"The number of columns {self.between()}"

    def judge_columns(self, table: Table) -> Judgement:
        return column_count(table, success=self.holds(len(table.columns)))


class ExpectTableColumnCountToEqual(SchemaExpectation, frozen=True, kw_only=True):
    """The number of columns is exactly the given one.

    Why: readers that go by position need each column to be there, and none between.
    NULLs: nothing to do with values.
    See also: expect_table_column_count_to_be_between, expect_table_columns_to_match_ordered_list.
    """

    name = "expect_table_column_count_to_equal"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case("two", {"practice": ["A81001"], "patients": [4012]}, {"value": 2}, True),
        Case("one more", {"practice": ["A81001"], "patients": [4012], "note": [None]}, {"value": 2}, False, 1),
    )
    value: Annotated[int, Meta(description="The number of columns.", ge=0)]

    def statement(self) -> str:
        return f"There are exactly {self.value:,} columns"

    def judge_columns(self, table: Table) -> Judgement:
        return column_count(table, success=len(table.columns) == self.value)


def column_count(table: Table, *, success: bool) -> Judgement:
    """What the number of columns means."""
    return Judgement(success, "tables", 1, 0, 0 if success else 1, success, len(table.columns))


class ExpectColumnToExist(SchemaExpectation, frozen=True, kw_only=True):
    """The column is there, at the given position if one is given.

    Why: a renamed column is the commonest break of a feed.
    NULLs: nothing to do with values. Upper and lower case matter. Position 0 is the first column, -1 the last.
    See also: expect_table_columns_to_match_set.
    """

    name = "expect_column_to_exist"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case("there", {"a": [1], "b": [2]}, {"column": "b"}, True),
        Case("not the first", {"a": [1], "b": [2]}, {"column": "b", "column_index": 0}, False, 1),
        Case("absent", {"a": [1]}, {"column": "c"}, False, 1),
    )
    column: ColumnName
    column_index: Annotated[int | None, Meta(description="Its position, from 0; negative from the end.")] = None

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def statement(self) -> str:
        return f"There is a column {self.column}" + ("" if self.column_index is None else f" at position {self.column_index}")

    def judge_columns(self, table: Table) -> Judgement:
        names = [column.name for column in table.columns]
        success = self.column in names
        if success and self.column_index is not None:
            place = self.column_index % len(names) if -len(names) <= self.column_index < len(names) else -1
            success = place == names.index(self.column)
        return Judgement(success, "columns", 1, 0, 0 if success else 1, success)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return {}


def columns_and_mismatches(judgement: Judgement) -> dict[str, Any]:
    """What Great Expectations tells of columns held against a list."""
    mismatched = judgement.details.get("mismatched")
    return {"observed_value": judgement.details["columns"], **({"details": {"mismatched": mismatched}} if mismatched else {})}


class ExpectTableColumnsToMatchSet(SchemaExpectation, frozen=True, kw_only=True):
    """The columns are those listed, in any order.

    Why: a new column may hold what may not be sent; a lost one breaks whoever reads it.
    NULLs: nothing to do with values. With `exact_match` false, further columns are allowed.
    See also: expect_table_columns_to_match_ordered_list, expect_column_to_exist.
    """

    name = "expect_table_columns_to_match_set"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case("the same", {"a": [1], "b": [2]}, {"column_set": ["b", "a"]}, True),
        Case("one absent, one foreign", {"a": [1], "b": [2]}, {"column_set": ["a", "c"]}, False, 2),
        Case("more are allowed", {"a": [1], "b": [2]}, {"column_set": ["a"], "exact_match": False}, True),
    )
    column_set: Annotated[list[str] | None, Meta(description="The names of the columns.")] = None
    exact_match: Annotated[bool | None, Meta(description="No further column is allowed.")] = True

    def faults(self) -> Iterator[Fault]:
        if not self.column_set and not self.exact_match:
            yield Fault("column_set", "is empty or missing: any columns would pass")

    def statement(self) -> str:
        names = ", ".join(self.column_set or ())
        return f"The columns are {names}, in any order" if self.exact_match else f"The columns include {names}"

    def judge_columns(self, table: Table) -> Judgement:
        wanted, found = set(self.column_set or ()), {column.name for column in table.columns}
        absent, foreign = sorted(wanted - found), sorted(found - wanted)
        bad = len(absent) + (len(foreign) if self.exact_match else 0)
        mismatched = {key: names for key, names in (("unexpected", foreign), ("missing", absent)) if names}
        details: dict[str, Any] = {"mismatched": mismatched} if mismatched else {}
        observed = [column.name for column in table.columns]
        return Judgement(bad == 0, "columns", len(wanted | found), 0, bad, bad == 0, None, {"columns": observed, **details})

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return columns_and_mismatches(judgement)


class ExpectTableColumnsToMatchOrderedList(SchemaExpectation, frozen=True, kw_only=True):
    """The columns are exactly those listed, in that order.

    Why: readers that go by position (and there are many) break silently when columns move.
    NULLs: nothing to do with values.
    See also: expect_table_columns_to_match_set.
    """

    name = "expect_table_columns_to_match_ordered_list"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case("in order", {"a": [1], "b": [2]}, {"column_list": ["a", "b"]}, True),
        Case("swapped", {"a": [1], "b": [2]}, {"column_list": ["b", "a"]}, False, 2),
    )
    column_list: Annotated[list[str] | None, Meta(description="The names of the columns, in order.")] = None

    def faults(self) -> Iterator[Fault]:
        if self.column_list is None:
            yield Fault("column_list", "is missing: without it any columns would pass")

    def statement(self) -> str:
        return f"The columns are, in this order: {', '.join(self.column_list or ())}"

    def judge_columns(self, table: Table) -> Judgement:
        found = [column.name for column in table.columns]
        wanted = found if self.column_list is None else self.column_list
        mismatched = []
        for place in range(max(len(wanted), len(found))):
            expected = wanted[place] if place < len(wanted) else None
            actual = found[place] if place < len(found) else None
            if expected != actual:
                mismatched.append({"Expected Column Position": place, "Expected": expected, "Found": actual})
        details: dict[str, Any] = {"columns": found, **({"mismatched": mismatched} if mismatched else {})}
        good = not mismatched
        return Judgement(good, "columns", max(len(wanted), len(found)), 0, len(mismatched), good, None, details)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return columns_and_mismatches(judgement)
