"""Pairs and more: do values of one row fit together?"""

from __future__ import annotations

import itertools
from typing import Annotated, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import NEVER, Case, Scope, scalar_column
from dq_engine.catalog.sets import ROOM, Member
from dq_engine.catalog.shapes import MulticolumnRowExpectation, PairRowExpectation, share
from dq_engine.errors import NotEvaluable
from dq_engine.model import EXTRACT, Column, Derived, Dimension, Kahn


def comparable(a: Column, b: Column) -> None:
    """Refuses two columns whose values have no common order. Raises :class:`NotEvaluable`."""
    if sql.family(a) != sql.family(b) and "null" not in (a.kind, b.kind):
        raise NotEvaluable(f'columns "{a.name}" ({a.type}) and "{b.name}" ({b.type}) cannot be compared: their types differ')


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
        return self.broken(scope, f"{sql.operand(a)} {'>=' if self.or_equal else '>'} {sql.operand(b)}")


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
        return self.broken(scope, f"{sql.operand(a)} = {sql.operand(b)}")


class ExpectColumnPairValuesToBeInSet(PairRowExpectation, frozen=True, kw_only=True):
    """In every row, the values of the two columns are together one of the pairs listed.

    Why: two codes can each be right and not belong together: a practice and its PCG/T, an age band and a programme.
    NULLs: `ignore_row_if` says which rows are left out (by default those with both NULL); NULL matches null in a pair, and
    nothing else. Numbers compare as numbers, text with text only; dates in the pairs are ISO 8601 text.
    See also: expect_column_values_to_be_in_set, expect_column_pair_values_to_be_equal.
    """

    name = "expect_column_pair_values_to_be_in_set"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case(
            "practices and their regions",
            {"practice": ["A81001", "B81002", None], "region": ["Y63", "Y60", None]},
            {"column_A": "practice", "column_B": "region", "value_pairs_set": [["A81001", "Y63"], ["B81002", "Y60"]]},
            True,
            0,
        ),
        Case(
            "one in another region",
            {"practice": ["A81001", "B81002"], "region": ["Y60", "Y60"]},
            {"column_A": "practice", "column_B": "region", "value_pairs_set": [["A81001", "Y63"], ["B81002", "Y60"]]},
            False,
            1,
        ),
        Case(
            "a missing reason is allowed where nobody died",
            {"died": [0, 1, 1], "cause": [None, "I21", None]},
            {"column_A": "died", "column_B": "cause", "value_pairs_set": [[0, None], [1, "I21"]]},
            False,
            1,
        ),
    )
    value_pairs_set: Annotated[
        list[tuple[Member, Member]], Meta(description="The pairs, each a value of column A and one of B; null stands for NULL.")
    ]

    def statement(self) -> str:
        shown = ", ".join(f"{sql.spoken(a)} with {sql.spoken(b)}" for a, b in self.value_pairs_set[:ROOM])
        more = "" if len(self.value_pairs_set) <= ROOM else f" … ({len(self.value_pairs_set)} pairs)"
        every = "is" if self.mostly >= 1 else "are"
        return f"{share(self.mostly, 'pair')} of {self.column_A} and {self.column_B} {every} one of {shown}{more}"

    def violation(self, scope: Scope) -> str:
        a, b = scalar_column(scope, self.column_A), scalar_column(scope, self.column_B)
        if found := self.aids(scope):
            same = f"a IS NOT DISTINCT FROM {EXTRACT}.{a.sql} AND b IS NOT DISTINCT FROM {EXTRACT}.{b.sql}"
            return self.broken(scope, f"EXISTS (SELECT 1 FROM {found[0].name} WHERE {same})")
        pairs = [f"{_is(a, left)} AND {_is(b, right)}" for left, right in self.possible(a, b)]
        return self.broken(scope, " OR ".join(pairs) or NEVER)

    def aids(self, scope: Scope) -> tuple[Derived, ...]:
        """A table of the pairs where they are many: looking each up in it is faster than trying one after the other."""
        a, b = scalar_column(scope, self.column_A), scalar_column(scope, self.column_B)
        pairs = self.possible(a, b)
        if len(pairs) <= FEW_PAIRS or "other" in (a.kind, b.kind):  # a value of another kind may turn out to be unreadable: NULL
            return ()
        rows = [f"({_null(a) if left is None else left}, {_null(b) if right is None else right})" for left, right in pairs]
        return (Derived(f"SELECT DISTINCT a, b FROM (VALUES {', '.join(rows)}) AS pairs(a, b)"),)

    def possible(self, a: Column, b: Column) -> list[tuple[str | None, str | None]]:
        """The pairs that the columns can have, each once, as SQL; None stands for NULL."""
        found: dict[tuple[str | None, str | None], None] = {}
        for left, right in self.value_pairs_set:
            try:
                found[_literal(a, left), _literal(b, right)] = None
            except sql.Incomparable:
                continue
        return list(found)


FEW_PAIRS = 20
"""Up to so many pairs are compared one by one, in the scan of all other rules."""


def _literal(column: Column, member: Member) -> str | None:
    """SQL of a member; None for NULL. Raises :class:`sql.Incomparable` where no value of the column can equal it."""
    if member is None:
        return None
    if column.kind == "null":
        raise sql.Incomparable(f'column "{column.name}" has no value')
    return sql.typed(member, column)


def _is(column: Column, literal: str | None) -> str:
    return f"{column.sql} IS NULL" if literal is None else f"{column.sql} = {literal}"


def _null(column: Column) -> str:
    return f"CAST(NULL AS {'INTEGER' if column.kind == 'null' else column.type})"


class ExpectMulticolumnValuesToBeEqual(MulticolumnRowExpectation, frozen=True, kw_only=True):
    """In every row, the columns all have the same value.

    Why: what stands in three places must be the same in all of them, or nobody knows which one is right.
    NULLs: `ignore_row_if` says which rows are left out (by default those all NULL); in any other row NULL equals NULL only.
    See also: expect_column_pair_values_to_be_equal, expect_select_column_values_to_be_unique_within_record.
    """

    name = "expect_multicolumn_values_to_be_equal"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case(
            "three times the same",
            {"sent": [12, None], "received": [12, None], "counted": [12, None]},
            {"column_list": ["sent", "received", "counted"]},
            True,
            0,
        ),
        Case(
            "one lost, one not counted",
            {"sent": [12, 7, 3], "received": [11, 7, 3], "counted": [11, None, 3]},
            {"column_list": ["sent", "received", "counted"]},
            False,
            2,
        ),
    )

    def statement(self) -> str:
        names = f"{', '.join(self.column_list[:-1])} and {self.column_list[-1]}"
        return f"{names} are equal in every row" + ("" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %")

    def violation(self, scope: Scope) -> str:
        first, *others = [scalar_column(scope, name) for name in self.column_list]
        for other in others:
            comparable(first, other)
        same = [f"{sql.operand(first)} IS NOT DISTINCT FROM {sql.operand(other)}" for other in others]
        return self.broken(scope, " AND ".join(same))


class ExpectSelectColumnValuesToBeUniqueWithinRecord(MulticolumnRowExpectation, frozen=True, kw_only=True):
    """In every row, no two of the columns have the same value.

    Why: nobody is the referrer and the receiver, and three diagnoses of one stay are three different ones.
    NULLs: `ignore_row_if` says which rows are left out (by default those all NULL); in any other row NULL is a value like others,
    so two NULLs break the rule. Values of unlike types (text and numbers) are never the same.
    See also: expect_multicolumn_values_to_be_equal, expect_compound_columns_to_be_unique.
    """

    name = "expect_select_column_values_to_be_unique_within_record"
    dimension: ClassVar[Dimension] = "uniqueness"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case(
            "referred elsewhere",
            {"from": ["A81001", "A81002", None], "to": ["RAE", "RCB", None]},
            {"column_list": ["from", "to"]},
            True,
            0,
        ),
        Case(
            "one refers to itself, one has two gaps",
            {"d1": ["I21", "E11", "J45"], "d2": ["E11", "E11", None], "d3": ["J45", "I10", None]},
            {"column_list": ["d1", "d2", "d3"]},
            False,
            2,
        ),
        Case(
            "only full records are judged",
            {"d1": ["I21", "J45"], "d2": ["E11", None], "d3": ["J45", None]},
            {"column_list": ["d1", "d2", "d3"], "ignore_row_if": "any_value_is_missing"},
            True,
            0,
        ),
    )

    def statement(self) -> str:
        names = f"{', '.join(self.column_list[:-1])} and {self.column_list[-1]}"
        return f"{names} are all different in every row" + ("" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %")

    def violation(self, scope: Scope) -> str:
        columns = [scalar_column(scope, name) for name in self.column_list]
        return self.broken(scope, " AND ".join(_different(a, b) for a, b in itertools.combinations(columns, 2)))


def _different(a: Column, b: Column) -> str:
    """SQL that is true where two columns do not have the same value, nor both none."""
    if sql.family(a) != sql.family(b) and "null" not in (a.kind, b.kind):
        return f"({a.sql} IS NOT NULL OR {b.sql} IS NOT NULL)"
    return f"{sql.operand(a)} IS DISTINCT FROM {sql.operand(b)}"


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
            if sql.family(column) != "number" and column.kind != "null":
                raise NotEvaluable(f'column "{column.name}" is of type {column.type}, which cannot be added')
        terms = [f"CAST({column.sql} AS HUGEINT)" if column.kind in ("integer", "boolean") else column.sql for column in columns]
        return self.broken(scope, f"{' + '.join(terms)} = {sql.number(self.sum_total)}")
