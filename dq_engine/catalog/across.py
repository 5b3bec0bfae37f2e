"""Across extracts, row by row: is a value known to another extract, and does the other say the same?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import Case, ColumnName, Fault, Scope, named, number, scalar_column
from dq_engine.catalog.others import (
    AsOf,
    CloseColumn,
    Dated,
    On,
    OpenColumn,
    Other,
    OtherColumn,
    OtherCondition,
    OtherName,
    Pair,
    found,
    outer,
    pairs,
    same_key,
)
from dq_engine.catalog.shapes import (
    ColumnRowExpectation,
    KeyExpectation,
    MulticolumnRowExpectation,
    RowIgnore,
    considered,
    judged_rows,
    nulls,
    share,
)
from dq_engine.errors import NotEvaluable
from dq_engine.model import Count, Dimension, Judgement, Kahn, Key, Metric, Number

PRACTICES: dict[str, dict[str, list[Any]]] = {"practices": {"code": ["A81001", "A81002"], "closed": [None, "2024-03-31"]}}
CLOSING = {"practices.closed": "DATE"}


class ExpectColumnValuesToExistInOtherExtract(Dated, ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value is found in a column of another extract.

    Why: a list, a prescription or a spell that names an organisation nobody knows cannot be paid, linked or compared.
    NULLs: not judged; NULLs of the other match nothing. With `as_of` a row of the other counts only if it was open at some
    time of that date or period; an open or close date that is NULL means open-ended, and a row of this extract without a date or
    period that is understood is not judged. Values of unlike types compare as text.
    See also: expect_compound_columns_to_exist_in_other_extract, expect_column_distinct_values_to_exist_in_other_extract,
    expect_column_values_to_not_exist_in_other_extract.
    """

    name = "expect_column_values_to_exist_in_other_extract"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples: ClassVar[tuple[Case, ...]] = (
        Case(
            "a practice that nobody knows",
            {"practice": ["A81001", "A81001", "Y99999", None]},
            {"column": "practice", "other": "practices", "other_column": "code"},
            False,
            1,
            others=PRACTICES,
        ),
        Case(
            "closed before the month",
            {"practice": ["A81002", "A81002", "A81001"], "month": ["2024-03", "2024-04", "2024-04"]},
            {"column": "practice", "other": "practices", "other_column": "code", "as_of": "month", "close_column": "closed"},
            False,
            1,
            CLOSING,
            PRACTICES,
        ),
        Case(
            "one of 2 may be unknown",
            {"practice": ["A81001", "Y99999"]},
            {"column": "practice", "other": "practices", "other_column": "code", "mostly": 0.5},
            True,
            1,
            others=PRACTICES,
        ),
    )
    other: OtherName
    other_column: OtherColumn
    other_condition: OtherCondition = None
    as_of: AsOf = None
    open_column: OpenColumn = None
    close_column: CloseColumn = None

    def subject(self) -> tuple[str, ...]:
        return named(self.column, self.as_of)

    def faults(self) -> Iterator[Fault]:
        yield from self.other_faults()
        yield from self.dated_faults()

    def statement(self) -> str:
        return self.every(f"is found in {self.other_column} of {self.spoken_other()}{self.spoken_date()}")

    def known(self, scope: Scope) -> str:
        """SQL that is true for a value that the other extract has."""
        table = scope.other(self.other)
        key = pairs(scope, table, {self.column: self.other_column})
        return self.found(scope, table, key)

    def violation(self, scope: Scope) -> str:
        return self.broken(scope, self.known(scope))


class ExpectColumnValuesToNotExistInOtherExtract(ExpectColumnValuesToExistInOtherExtract, frozen=True, kw_only=True):
    """No value is found in a column of another extract.

    Why: nobody who has opted out may be in an extract that leaves the practice (care.data's Type 1 objection:
    https://www.thegoodpractice.london/type-1-opt-out).
    NULLs: not judged; NULLs of the other match nothing. `as_of` as in expect_column_values_to_exist_in_other_extract.
    See also: expect_column_values_to_exist_in_other_extract.
    """

    name = "expect_column_values_to_not_exist_in_other_extract"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case(
            "one patient has opted out",
            {"nhs_number": ["8000000001", "8000000002", None]},
            {
                "column": "nhs_number",
                "other": "opt_outs",
                "other_column": "nhs_number",
                "other_condition": {"type": "comparison", "column": {"name": "kind"}, "operator": "==", "parameter": "1"},
            },
            False,
            1,
            others={"opt_outs": {"nhs_number": ["8000000001", "8000000002"], "kind": ["2", "1"]}},
        ),
        Case(
            "nobody has",
            {"nhs_number": ["8000000001"]},
            {"column": "nhs_number", "other": "opt_outs", "other_column": "nhs_number"},
            True,
            0,
            others={"opt_outs": {"nhs_number": ["8000000002"]}},
        ),
    )

    def statement(self) -> str:
        none = "No value" if self.mostly >= 1 else f"At most {(1 - self.mostly) * 100:.10g} % of the values"
        return f"{none} of {self.column} is found in {self.other_column} of {self.spoken_other()}{self.spoken_date()}"

    def violation(self, scope: Scope) -> str:
        return self.broken(scope, f"NOT {self.known(scope)}")


class ExpectCompoundColumnsToExistInOtherExtract(Dated, MulticolumnRowExpectation, frozen=True, kw_only=True):
    """Every combination of values is found in one row of another extract.

    Why: the share of hospital records that find their patient by NHS number and date of birth is what linking primary care to
    hospital data can yield (the identifiers of care.data: NHS number, date of birth, postcode, gender).
    NULLs: `ignore_row_if` says which rows are not judged, by default those in which any value is missing; a NULL that is judged
    matches nothing. `as_of` as in expect_column_values_to_exist_in_other_extract.
    See also: expect_column_values_to_exist_in_other_extract.
    """

    name = "expect_compound_columns_to_exist_in_other_extract"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case(
            "the same person",
            {"nhs": ["8000000001", "8000000002"], "born": ["1970-01-01", "1980-01-01"]},
            {"column_list": ["nhs", "born"], "other": "patients", "other_column_list": ["nhs_number", "birth"]},
            False,
            1,
            others={"patients": {"nhs_number": ["8000000001", "8000000002"], "birth": ["1970-01-01", "1980-01-02"]}},
        ),
        Case(
            "one link in two is enough",
            {"nhs": ["8000000001", "8000000002", None], "born": ["1970-01-01", "1980-01-01", "1990-01-01"]},
            {
                "column_list": ["nhs", "born"],
                "other": "patients",
                "other_column_list": ["nhs_number", "birth"],
                "mostly": 0.5,
            },
            True,
            1,
            others={"patients": {"nhs_number": ["8000000001"], "birth": ["1970-01-01"]}},
        ),
    )
    ignore_row_if: Annotated[RowIgnore, Meta(description="Which rows are not judged.")] = "any_value_is_missing"
    other: OtherName
    other_column_list: Annotated[
        list[str], Meta(description="The columns of the other extract, in the same order.", min_length=2)
    ]
    other_condition: OtherCondition = None
    as_of: AsOf = None
    open_column: OpenColumn = None
    close_column: CloseColumn = None

    def subject(self) -> tuple[str, ...]:
        return named(*self.column_list, self.as_of)

    def faults(self) -> Iterator[Fault]:
        if len(self.other_column_list) != len(self.column_list):
            yield Fault("other_column_list", f"has {len(self.other_column_list)} columns, column_list {len(self.column_list)}")
        yield from self.other_faults()
        yield from self.dated_faults()

    def statement(self) -> str:
        own, theirs = ", ".join(self.column_list), ", ".join(self.other_column_list)
        each = share(self.mostly, "combination")
        return f"{each} of {own} is found in {theirs} of {self.spoken_other()}{self.spoken_date()}"

    def violation(self, scope: Scope) -> str:
        table = scope.other(self.other)
        key = pairs(scope, table, list(zip(self.column_list, self.other_column_list, strict=True)))
        return self.broken(scope, self.found(scope, table, key))


class ExpectColumnValuesToAgreeWithOtherExtract(Other, ColumnRowExpectation, frozen=True, kw_only=True):
    """Where the other extract knows the key, it has the same value.

    Why: a practice whose commissioner, list size or postcode differs between two feeds is counted, paid or linked in two ways.
    NULLs: rows without a value, without the key in the other, or whose counterpart there is NULL are not judged: that a value is
    there is a rule of its own. Where the other has the key more than once, one row that agrees is enough.
    See also: expect_column_values_to_exist_in_other_extract, expect_column_sum_to_reconcile_with_other_extract.
    """

    name = "expect_column_values_to_agree_with_other_extract"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case(
            "one postcode differs",
            {"practice": ["A", "B", "C"], "postcode": ["ZZ1 1AA", "ZZ2 2BB", "ZZ3 3CC"]},
            {"column": "postcode", "other": "practices", "other_column": "postcode", "on": {"practice": "code"}},
            False,
            1,
            others={"practices": {"code": ["A", "B"], "postcode": ["ZZ1 1AA", "ZZ2 2BD"]}},
        ),
        Case(
            "numbers within 2",
            {"practice": ["A", "B"], "list": [1001, 2000]},
            {"column": "list", "other": "lists", "other_column": "patients", "on": {"practice": "code"}, "tolerance": 2},
            True,
            0,
            others={"lists": {"code": ["A", "B"], "patients": [1000, 2002]}},
        ),
        Case(
            "padded with blanks",
            {"practice": ["A"], "postcode": ["ZZ1 1AA  "]},
            {
                "column": "postcode",
                "other": "practices",
                "other_column": "postcode",
                "on": {"practice": "code"},
                "ignore_whitespace": True,
            },
            True,
            0,
            others={"practices": {"code": ["A"], "postcode": ["ZZ1 1AA"]}},
        ),
    )
    other: OtherName
    other_column: OtherColumn
    on: On
    tolerance: Annotated[float, Meta(description="How far numbers may differ.", ge=0)] = 0
    ignore_whitespace: Annotated[bool, Meta(description="Blanks before and after texts do not count.")] = False
    other_condition: OtherCondition = None

    def subject(self) -> tuple[str, ...]:
        return named(self.column, *self.on)

    def faults(self) -> Iterator[Fault]:
        if not self.on:
            yield Fault("on", "is empty: name the columns of the key")
        yield from self.other_faults()

    def statement(self) -> str:
        within = f" within {self.tolerance:g}" if self.tolerance else ""
        key = ", ".join(self.on)
        return self.every(f"agrees{within} with {self.other_column} of {self.spoken_other()} for the same {key}")

    def missing(self, scope: Scope) -> Count:
        table, known, value = self._counterpart(scope)
        there = found(table, known, f"{value.other.sql} IS NOT NULL")
        return Count(f"{value.own.sql} IS NULL OR NOT {there}")

    def violation(self, scope: Scope) -> str:
        table, known, value = self._counterpart(scope)
        there = found(table, known, f"{value.other.sql} IS NOT NULL")
        return f"{value.own.sql} IS NOT NULL AND {there} AND NOT {found(table, known, self._same(value))}"

    def _counterpart(self, scope: Scope) -> tuple[Any, str, Pair]:
        table = scope.other(self.other)
        known = sql.all_of(same_key(pairs(scope, table, self.on)), self.chosen(table)) or ""
        (value,) = pairs(scope, table, {self.column: self.other_column})
        return table, known, value

    def _same(self, value: Pair) -> str:
        own, theirs = outer(value.own), value.other.sql
        if self.tolerance:
            if not {value.own.kind, value.other.kind} <= sql.NUMERIC:
                raise NotEvaluable(f'tolerance needs numbers; "{self.column}" and "{self.other_column}" are not both numeric')
            return f"abs({own} - {theirs}) <= {sql.number(self.tolerance)}"
        if self.ignore_whitespace:
            return f"trim(CAST({own} AS VARCHAR)) = trim(CAST({theirs} AS VARCHAR))"
        return value.equal(own, theirs)


class ExpectColumnDistinctValuesToExistInOtherExtract(Other, KeyExpectation, frozen=True, kw_only=True):
    """Every different value is found in a column of another extract.

    Why: one unknown organisation may have a million rows; this counts organisations, not rows.
    NULLs: not judged; NULLs of the other match nothing.
    See also: expect_column_values_to_exist_in_other_extract, expect_column_distinct_values_to_be_in_set.
    """

    name = "expect_column_distinct_values_to_exist_in_other_extract"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case(
            "one of two providers is unknown",
            {"provider": ["RZ1", "RZ9", "RZ9", "RZ9", None]},
            {"column": "provider", "other": "trusts", "other_column": "code"},
            False,
            1,
            others={"trusts": {"code": ["RZ1", "RZ2"]}},
        ),
        Case(
            "all are known",
            {"provider": ["RZ1", "RZ2"]},
            {"column": "provider", "other": "trusts", "other_column": "code"},
            True,
            0,
            others={"trusts": {"code": ["RZ1", "RZ2", None]}},
        ),
    )
    column: ColumnName
    other: OtherName
    other_column: OtherColumn
    other_condition: OtherCondition = None

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def faults(self) -> Iterator[Fault]:
        return self.other_faults()

    def statement(self) -> str:
        return f"Every different value of {self.column} is found in {self.other_column} of {self.spoken_other()}"

    def key(self, scope: Scope) -> Key:
        column = scalar_column(scope, self.column)
        return Key((column.sql,), sql.all_of(scope.where, f"{column.sql} IS NOT NULL"))

    def violation(self, scope: Scope) -> str:
        table = scope.other(self.other)
        (pair,) = pairs(scope, table, {self.column: self.other_column})
        there = sql.all_of(f"{pair.other.sql} IS NOT NULL", self.chosen(table))
        left, right = pair.comparable("k1"), pair.comparable(pair.other.sql)
        return f"{left} NOT IN (SELECT {right} FROM {table.view} WHERE {there})"

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        return {
            "rows": considered(scope),
            "nulls": nulls(scope, self.column),
            "element": self.group_metric(scope, "count(*)", summed=True),
            "unexpected": self.group_metric(scope, f"coalesce(count_if({self.violation(scope)}), 0)", summed=True),
        }

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        judged = judged_rows({**numbers, "missing": 0}, 1.0, "different values")
        if judged.success is not None:
            return judged
        rows = number(numbers["rows"])
        message = "no rows to judge" if rows == 0 else f"none of the {rows:,} rows has a value to judge"
        return Judgement(None, "values", 0, 0, 0, gx_success=True, message=message)
