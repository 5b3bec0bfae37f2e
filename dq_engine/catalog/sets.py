"""Sets: is a value one of those that are allowed?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import Case, ColumnName, Expectation, Fault, Scope, number, scalar_column
from dq_engine.catalog.shapes import ColumnRowExpectation, KeyExpectation, considered, nothing, nulls
from dq_engine.model import EXTRACT, Column, Dimension, Figure, GroupScalar, Judgement, Kahn, Key, Metric, Number

Member = str | int | float | bool | None
ValueSet = Annotated[list[Member], Meta(description="The values; dates and times as ISO 8601 text.")]
ROOM = 8


def literals(column: Column, members: list[Member]) -> list[str]:
    """The members that a value of the column can equal, as SQL, without repeats."""
    found: dict[str, None] = {}
    for member in members:
        try:
            found[sql.typed(member, column)] = None
        except sql.Incomparable:
            continue
    return list(found)


def listed(members: list[Member]) -> str:
    """The members in words; a long list is cut, with its size."""
    shown = ", ".join(sql.spoken(member) for member in members[:ROOM])
    return shown if len(members) <= ROOM else f"{shown} … ({len(members)} values)"


class ExpectColumnValuesToBeInSet(ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value is one of those listed.

    Why: a code outside its code list means nothing to whoever reads it next.
    NULLs: not judged. Numbers compare as numbers (1 equals 1.0), text with text only; dates in the list are ISO 8601 text.
    See also: expect_column_values_to_not_be_in_set, expect_column_distinct_values_to_be_in_set.
    """

    name = "expect_column_values_to_be_in_set"
    examples = (
        Case("known genders", {"gender": ["1", "2", "9"]}, {"column": "gender", "value_set": ["0", "1", "2", "9"]}, True),
        Case(
            "one unknown code",
            {"gender": ["1", "M", None]},
            {"column": "gender", "value_set": ["0", "1", "2", "9"]},
            False,
            1,
        ),
        Case(
            "dates as text",
            {"day": ["2024-03-31"]},
            {"column": "day", "value_set": ["2024-03-31"]},
            True,
            types={"day": "DATE"},
        ),
    )
    value_set: ValueSet

    def statement(self) -> str:
        return self.every(f"is one of {listed(self.value_set)}")

    def violation(self, scope: Scope) -> str:
        column = scalar_column(scope, self.column)
        members = literals(column, self.value_set)
        return sql.in_list(column.sql, members, negate=True)


class ExpectColumnValuesToNotBeInSet(ColumnRowExpectation, frozen=True, kw_only=True):
    """No value is one of those listed.

    Why: placeholders, withdrawn codes and test records must not be taken for data.
    NULLs: not judged.
    See also: expect_column_values_to_be_in_set.
    """

    name = "expect_column_values_to_not_be_in_set"
    examples = (
        Case("no placeholder", {"practice": ["A81001"]}, {"column": "practice", "value_set": ["V81999"]}, True),
        Case(
            "one placeholder",
            {"practice": ["A81001", "V81999"]},
            {"column": "practice", "value_set": ["V81999"]},
            False,
            1,
        ),
    )
    value_set: ValueSet

    def statement(self) -> str:
        return self.every(f"is none of {listed(self.value_set)}")

    def violation(self, scope: Scope) -> str:
        column = scalar_column(scope, self.column)
        return sql.in_list(column.sql, literals(column, self.value_set))


class DistinctSetExpectation(KeyExpectation, frozen=True, kw_only=True):
    """A rule about the set of the different values of a column. (A shape: it has no name.)"""

    column: ColumnName
    value_set: ValueSet

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def key(self, scope: Scope) -> Key:
        column = scalar_column(scope, self.column)
        return Key((column.sql,), sql.all_of(scope.where, f"{column.sql} IS NOT NULL"))

    def members(self, scope: Scope) -> list[str]:
        """The members of the set as SQL."""
        return literals(scalar_column(scope, self.column), self.value_set)

    def members_apart(self, scope: Scope) -> list[tuple[str, str | None]]:
        """Each member as SQL of a text, and of the column's type if one of its values can equal it."""
        column = scalar_column(scope, self.column)
        return [
            (sql.text(str(member)), next(iter(literals(column, [member])), None) if column.kind != "null" else None)
            for member in self.unlike(column)
        ]

    def unlike(self, column: Column) -> list[Member]:
        """The members without those that mean the same as one before them: 1 and 1.0, or two spellings of a day."""
        found: dict[object, Member] = {}
        for member in self.value_set:
            found.setdefault(tuple(literals(column, [member])) or member, member)
        return list(found.values())

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        members = self.members(scope)
        flags = ", ".join(f"CASE WHEN bool_or(k1 = {member}) THEN '1' ELSE '0' END" for member in members)
        return {
            "element": considered(scope),
            "missing": nulls(scope, self.column),
            "distinct": self.group_metric(scope, "count(*)", summed=True),
            "foreign": self.group_metric(scope, f"count_if({sql.in_list('k1', members, negate=True)})", summed=True),
            "found": self.group_metric(scope, f"concat('', {flags})" if flags else "''"),
        }

    def absent(self, scope: Scope, found: Number) -> list[Member]:
        """The members of the set that the column does not have. ``found`` holds a 1 or 0 for each that it could have."""
        column = scalar_column(scope, self.column)
        present = {member for member, flag in zip(self.members(scope), str(found), strict=True) if flag == "1"}
        return [member for member in self.unlike(column) if not present.intersection(literals(column, [member]))]

    def result(self, scope: Scope, numbers: Mapping[str, Number], *, foreign_matters: bool, absent_matters: bool) -> Judgement:
        """The judgement, over the different values that the column has or should have."""
        element, missing = number(numbers["element"]), number(numbers["missing"])
        distinct = number(numbers["distinct"])
        foreign = number(numbers["foreign"]) if foreign_matters else 0
        absent = self.absent(scope, numbers["found"]) if absent_matters else []
        success = not foreign and not absent
        details: dict[str, Any] = {"absent_members": absent} if absent_matters else {}
        empty = distinct == 0 and success
        return Judgement(
            None if empty else success,
            "different values",
            distinct + len(absent),
            0,
            foreign + len(absent),
            success,
            details=details,
            message=nothing(element, element - missing) if empty else "",
        )

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        absent = judgement.details.get("absent_members")
        foreign = {"unexpected_count": judgement.unexpected_count - len(absent or ())}
        missing = {} if absent is None else {"missing_count": len(absent), "partial_missing_list": absent}
        return {"observed_value": None, **foreign, **missing}


class ExpectColumnDistinctValuesToBeInSet(DistinctSetExpectation, frozen=True, kw_only=True):
    """The different values of the column are all among those listed.

    Why: as expect_column_values_to_be_in_set, counted by different value: one wrong code in a million rows is one.
    NULLs: left out.
    See also: expect_column_values_to_be_in_set, expect_column_distinct_values_to_equal_set.
    """

    name = "expect_column_distinct_values_to_be_in_set"
    examples = (
        Case("all listed", {"sex": ["1", "2", "2"]}, {"column": "sex", "value_set": ["1", "2", "9"]}, True, 0),
        Case("one value too many", {"sex": ["1", "M", "M"]}, {"column": "sex", "value_set": ["1", "2"]}, False, 1),
    )

    def faults(self) -> Iterator[Fault]:
        if not self.value_set:
            yield Fault("value_set", "is empty: no value could be among its members")

    def statement(self) -> str:
        return f"The different values of {self.column} are all among {listed(self.value_set)}"

    def violation(self, scope: Scope) -> str | None:
        return sql.in_list("k1", self.members(scope), negate=True)

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        return self.result(scope, numbers, foreign_matters=True, absent_matters=False)


class ExpectColumnDistinctValuesToContainSet(DistinctSetExpectation, frozen=True, kw_only=True):
    """Every value listed occurs in the column.

    Why: a category that is wholly absent (a sex, a region, a month) means that part of the data did not arrive.
    NULLs: left out.
    See also: expect_column_distinct_values_to_equal_set.
    """

    name = "expect_column_distinct_values_to_contain_set"
    dimension: ClassVar[Dimension] = "completeness"
    kahn: ClassVar[Kahn] = "completeness"
    examples = (
        Case("both there", {"sex": ["1", "2", "9"]}, {"column": "sex", "value_set": ["1", "2"]}, True, 0),
        Case("one absent", {"sex": ["1", "1"]}, {"column": "sex", "value_set": ["1", "2"]}, False, 1),
    )

    def faults(self) -> Iterator[Fault]:
        if not self.value_set:
            yield Fault("value_set", "is empty: any column would pass")

    def statement(self) -> str:
        return f"Each of {listed(self.value_set)} occurs in {self.column}"

    def required(self, scope: Scope) -> list[tuple[str, str | None]]:
        return self.members_apart(scope)

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        return self.result(scope, numbers, foreign_matters=False, absent_matters=True)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return {key: value for key, value in (super().gx_result(judgement) or {}).items() if key != "unexpected_count"}


class ExpectColumnDistinctValuesToEqualSet(DistinctSetExpectation, frozen=True, kw_only=True):
    """The different values of the column are exactly those listed.

    Why: both at once: nothing foreign, nothing absent.
    NULLs: left out.
    See also: expect_column_distinct_values_to_be_in_set, expect_column_distinct_values_to_contain_set.
    """

    name = "expect_column_distinct_values_to_equal_set"
    examples = (
        Case("exactly these", {"sex": ["1", "2"]}, {"column": "sex", "value_set": ["1", "2"]}, True, 0),
        Case("one foreign, one absent", {"sex": ["1", "9"]}, {"column": "sex", "value_set": ["1", "2"]}, False, 2),
    )

    def statement(self) -> str:
        return f"The different values of {self.column} are exactly {listed(self.value_set)}"

    def violation(self, scope: Scope) -> str | None:
        return sql.in_list("k1", self.members(scope), negate=True)

    def required(self, scope: Scope) -> list[tuple[str, str | None]]:
        return self.members_apart(scope)

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        return self.result(scope, numbers, foreign_matters=True, absent_matters=True)


MOST_MODES = 200
"""No more of the commonest values are listed than this."""


class ExpectColumnMostCommonValueToBeInSet(Expectation, frozen=True, kw_only=True):
    """The most common value is one of those listed.

    Why: the usual answer is known beforehand (most attendances are on time, most lists are open); another one shows that codes
    were swapped or that a default took over.
    NULLs: left out. If several values are equally common none of them is the most common, unless `ties_okay`: then it is enough
    that one of them is listed. The values are shown only where the column's values may be shown.
    See also: expect_column_values_to_be_in_set, expect_column_kl_divergence_to_be_less_than.
    """

    name = "expect_column_most_common_value_to_be_in_set"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case("most attended", {"status": ["5", "5", "6", "7"]}, {"column": "status", "value_set": ["5", "6"]}, True, 0),
        Case("the default took over", {"status": ["9", "9", "5", None]}, {"column": "status", "value_set": ["5"]}, False, 1),
        Case("two are equally common", {"sex": ["1", "2"]}, {"column": "sex", "value_set": ["1", "2"]}, False, 1),
        Case("and that is allowed", {"sex": ["1", "2"]}, {"column": "sex", "value_set": ["1"], "ties_okay": True}, True, 0),
    )
    column: ColumnName
    value_set: ValueSet
    ties_okay: Annotated[bool | None, Meta(description="Several values may be equally common, if one is listed.")] = None

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def statement(self) -> str:
        noun = "A most common value" if self.ties_okay else "The most common value"
        return f"{noun} of {self.column} is one of {listed(self.value_set)}"

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        column = scalar_column(scope, self.column)
        key = Key((column.sql,), sql.all_of(scope.where, f"{column.sql} IS NOT NULL"))
        listed_rows = f"CASE WHEN {sql.in_list('k1', literals(column, self.value_set))} THEN n END"
        found: dict[str, Metric] = {
            "element": considered(scope),
            "missing": nulls(scope, self.column),
            "modes": GroupScalar(key, "coalesce(element_at(histogram(n), max(n))[1], 0)"),
            "listed": GroupScalar(key, f"coalesce(element_at(histogram({listed_rows}), max(n))[1], 0)"),
        }
        if column.shown:
            listing = f"to_json(list({sql.as_json('v', column.kind)} ORDER BY v))"
            modes = f"{self._modes(scope)} ORDER BY v LIMIT {MOST_MODES}"
            found["values"] = Figure(f"SELECT CAST({listing} AS VARCHAR) AS modes\nFROM ({modes})", "modes")
        return found

    def _modes(self, scope: Scope) -> str:
        """SELECT of the most common values, ``v``."""
        column = scalar_column(scope, self.column)
        where = sql.all_of(scope.where, f"{column.sql} IS NOT NULL")
        groups = f"SELECT {column.sql} AS v, count(*) AS n FROM {EXTRACT} WHERE {where} GROUP BY 1"
        return f"SELECT v FROM ({groups}) QUALIFY n = max(n) OVER ()"

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing = number(numbers["element"]), number(numbers["missing"])
        modes, common = number(numbers["modes"]), number(numbers["listed"])
        values = json.loads(str(told)) if (told := numbers.get("values")) is not None else None
        if element == missing:
            reason = nothing(element, 0)
            return Judgement(None, "values", element, missing, 0, False, details={"values": []}, message=reason)
        success = common > 0 if self.ties_okay else modes == common == 1
        details: dict[str, Any] = {"modes": modes}
        if values is None:
            details["not_shown"] = "the most common value is a value of the column"
        else:
            details["values"] = values
        observed = values[0] if values and modes == 1 else None
        return Judgement(success, "values", element, missing, 0 if success else 1, success, observed, details)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return {"observed_value": judgement.details.get("values")}

    def observed(self, scope: Scope) -> str:
        return f"any_value((SELECT CASE WHEN count(*) = 1 THEN any_value(v) END FROM ({self._modes(scope)})))"
