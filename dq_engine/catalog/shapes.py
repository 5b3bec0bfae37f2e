"""The six shapes of an expectation. A class of the catalogue writes one SQL method; its shape derives everything else.

========= ================================================= ==========================================================
shape     the author writes                                 the shape derives
========= ================================================= ==========================================================
Row       ``violation()``: SQL, true for a bad row          counts, ``mostly``, counts per organisation, failing rows
Aggregate ``metric()``: a SQL scalar                        bounds, the observed value
Key       ``key()`` and a metric over its groups            one GROUP BY per key, shared
Schema    ``judge_columns()``                               an answer without any scan
Query     ``query()``: a SELECT of the failing rows         their number
Item      ``items()``: a SELECT of what is judged           counts, ``mostly``, counts per organisation, failing items
========= ================================================= ==========================================================

Everything here is pure. ``metrics()`` says which numbers a check needs, ``judge()`` what these numbers mean; nothing here knows
how a count is phrased or run. Semantics are those of Great Expectations' pandas engine, with typed literals and NaN as NULL
(ARCHITECTURE.md, "Where the answers differ from Great Expectations").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import NEVER, ColumnName, Expectation, Fault, Mostly, Scope, kept, number, scalar_column
from dq_engine.catalog.bounds import Bounded, MaxValue, MinValue, StrictMax, StrictMin
from dq_engine.model import (
    EXTRACT,
    AidFact,
    BoundsFact,
    Column,
    Count,
    ExtremumFact,
    Figure,
    GroupScalar,
    ItemNumber,
    Items,
    JointNullsFact,
    Judgement,
    Key,
    Metric,
    MiddleFact,
    NullsFact,
    Number,
    RowsFact,
    Scalar,
    Table,
)

FEW = 10
"""A statistic over fewer values than this says too much of a single one, and is shown masked."""


# ------------------------------------------------------------------------------------------------------------------- Row


class RowExpectation(Expectation, frozen=True, kw_only=True):
    """A rule that each row keeps or breaks by itself. ``exemplary`` says whether failing values have anything to show."""

    exemplary: ClassVar[bool] = True
    mostly: Mostly = 1.0

    def violation(self, scope: Scope) -> str:
        """SQL that is true for a row that breaks the rule; NULL or false for any other row."""
        raise NotImplementedError

    def plainly(self, scope: Scope) -> str:
        """The violation as people read it: it means the same, and may take longer."""
        return self.violation(scope)

    def missing(self, scope: Scope) -> Count:
        """The rows that the rule does not judge."""
        raise NotImplementedError

    def proof(self, scope: Scope) -> NullsFact | BoundsFact | AidFact | None:
        """How the footer, or an aid, can prove that no row breaks the rule, if it can."""
        return None

    def of_value(self, scope: Scope) -> str:
        """The violation where each different value is judged once; "" if it is the same there."""
        return ""

    def relation(self, scope: Scope) -> str:
        """From where rows that break the rule are counted: the extract, or a view among the aids with its rows and columns."""
        return EXTRACT

    def broken(self, scope: Scope, kept_when: str) -> str:
        """True for a judged row for which ``kept_when`` is not true (a NULL on one side breaks the rule)."""
        missing = self.missing(scope).predicate
        return sql.all_of(None if missing == NEVER else f"NOT ({missing})", f"({kept_when}) IS NOT TRUE") or ""

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        missing = self.missing(scope)
        fact: NullsFact | JointNullsFact | BoundsFact | AidFact | None = self.proof(scope)
        if scope.where is not None and not isinstance(fact, AidFact | BoundsFact):
            fact = _never(fact)
        of_value = self.of_value(scope)
        broken = Count(
            sql.all_of(scope.where, self.violation(scope)),
            fact,
            relation=self.relation(scope),
            of_value=(sql.all_of(scope.where, of_value) or "") if of_value else "",
        )
        return {"element": considered(scope), "missing": within(missing, scope.where), "unexpected": broken}

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        return judged_rows(numbers, self.mostly)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return None


def judged_rows(numbers: Mapping[str, Number], mostly: float, unit: str = "rows") -> Judgement:
    """What the rows (or other units) considered, not judged and unexpected mean, by ``mostly``."""
    element, missing, unexpected = (number(numbers[name]) for name in ("element", "missing", "unexpected"))
    judged = element - missing
    success = kept(judged, unexpected, mostly)
    message = nothing(element, judged, unit)
    return Judgement(success if judged else None, unit, element, missing, unexpected, success, message=message)


def considered(scope: Scope) -> Count:
    """The rows that a check is about: those of its condition, or all."""
    return Count(scope.where, None if scope.where else RowsFact())


def nulls(scope: Scope, name: str) -> Count:
    """The rows considered in which the column has no value."""
    return within(Count(f"{scope.column(name).sql} IS NULL", NullsFact(name)), scope.where)


def within(count: Count, where: str | None) -> Count:
    """The count among the rows of a condition."""
    if where is None or count.predicate == NEVER:
        return count
    return Count(sql.all_of(where, count.reads()), _never(count.fact))


def _never(fact: object) -> JointNullsFact | None:
    """What of a fact still holds within a condition: that there is no NULL in the whole column."""
    if isinstance(fact, NullsFact) and not fact.negate:
        return JointNullsFact((fact.column,))
    return fact if isinstance(fact, JointNullsFact) and not fact.any else None


def nothing(element: int, judged: int, unit: str = "rows") -> str:
    """Why there was nothing to judge; "" where there was."""
    if judged:
        return ""
    return f"no {unit} to judge" if element == 0 else f"none of the {element:,} {unit} has a value to judge"


class ColumnRowExpectation(RowExpectation, frozen=True, kw_only=True):
    """A rule about the values of one column; NULL is not judged."""

    column: ColumnName

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def missing(self, scope: Scope) -> Count:
        column = scope.column(self.column)
        return Count(f"{column.sql} IS NULL", NullsFact(self.column))

    def every(self, rule: str) -> str:
        """The sentence that ``rule`` ("is one of …") makes, with ``mostly``."""
        return f"{share(self.mostly)} of {self.column} {rule}"


def share(mostly: float, noun: str = "value") -> str:
    """ "Every value" or "At least 95 % of the values"."""
    return f"Every {noun}" if mostly >= 1 else f"At least {mostly * 100:.10g} % of the {noun}s"


PairIgnore = Literal["both_values_are_missing", "either_value_is_missing", "neither"]
RowIgnore = Literal["all_values_are_missing", "any_value_is_missing", "never"]
ROW_IGNORE: dict[PairIgnore, RowIgnore] = {
    "both_values_are_missing": "all_values_are_missing",
    "either_value_is_missing": "any_value_is_missing",
    "neither": "never",
}
"""What is said of pairs, as it is said of rows."""


class PairRowExpectation(RowExpectation, frozen=True, kw_only=True):
    """A rule about the values of two columns in the same row."""

    column_A: ColumnName  # noqa: N815  the argument's name in Great Expectations
    column_B: ColumnName  # noqa: N815
    ignore_row_if: Annotated[PairIgnore, Meta(description="Which rows are not judged.")] = "both_values_are_missing"

    def subject(self) -> tuple[str, ...]:
        return (self.column_A, self.column_B)

    def missing(self, scope: Scope) -> Count:
        return missing_rows(scope, self.subject(), ROW_IGNORE[self.ignore_row_if])


class MulticolumnRowExpectation(RowExpectation, frozen=True, kw_only=True):
    """A rule about the values of several columns in the same row."""

    column_list: Annotated[list[str], Meta(description="The columns, two or more.", min_length=2)]
    ignore_row_if: Annotated[RowIgnore, Meta(description="Which rows are not judged.")] = "all_values_are_missing"

    def subject(self) -> tuple[str, ...]:
        return tuple(self.column_list)

    def missing(self, scope: Scope) -> Count:
        return missing_rows(scope, self.column_list, self.ignore_row_if)


def missing_rows(scope: Scope, names: Sequence[str], ignore: RowIgnore) -> Count:
    """The rows that ``ignore_row_if`` leaves out."""
    if ignore == "never":
        return Count(NEVER)
    every = ignore == "all_values_are_missing"
    nulls = [f"{scalar_column(scope, name).sql} IS NULL" for name in names]
    return Count((" AND " if every else " OR ").join(nulls), JointNullsFact(tuple(names), any=not every))


# ------------------------------------------------------------------------------------------------------------- Aggregate


class AggregateExpectation(Bounded, Expectation, frozen=True, kw_only=True):
    """A rule about one statistic of a column; NULLs are left out.

    ``reveals`` says that the statistic is itself a value of the column, so that it is shown only where values may be shown;
    ``betrays`` that it tells the value where all values are alike, ``in_the_middle`` that the one or two values in the middle of
    all are enough for it.
    """

    reveals: ClassVar[bool] = False
    betrays: ClassVar[bool] = True
    in_the_middle: ClassVar[bool] = False
    noun: ClassVar[str] = ""
    least: ClassVar[int] = 1
    column: ColumnName
    min_value: MinValue = None
    max_value: MaxValue = None
    strict_min: StrictMin = False
    strict_max: StrictMax = False

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def faults(self) -> Iterator[Fault]:
        return self.bound_faults()

    def statement(self) -> str:
        return f"The {self.noun} of {self.column} {self.between()}"

    def metric(self, column: Column, value: str) -> str:
        """SQL of the statistic over ``value``, the column's values with NULL for rows that do not take part."""
        raise NotImplementedError

    def extremum(self, column: Column) -> ExtremumFact | None:
        """How the footer can give the statistic, if it can."""
        return None

    def measured(self, column: Column) -> Column:
        """A column of the statistic's own type, by which the bounds are read."""
        return column

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        column = scalar_column(scope, self.column)
        value = column.sql if scope.where is None else f"CASE WHEN {scope.where} THEN {column.sql} END"
        statistic = self.metric(column, value)
        measured = self.measured(column)
        inside = self.inside(f"({statistic})", measured)
        if measured.kind == "float":  # infinities of both signs have no sum, mean or deviation: NaN, which is within no bounds
            inside = f"NOT isnan({statistic}) AND {inside}"
        fact: ExtremumFact | MiddleFact | None = self.extremum(column) if scope.where is None else None
        if self.in_the_middle:
            fact = MiddleFact(value, self.metric(column, "x"))
        told = sql.as_json(statistic, measured.kind) if measured.kind == "timestamptz" else statistic  # the worker holds none
        few = None
        if not column.shown and not self.reveals:
            few = f"count({value}) < {FEW}" + (f" OR min({value}) = max({value})" if self.betrays else "")
        return {
            "element": considered(scope),
            "missing": nulls(scope, self.column),
            "observed": self._on(fact, statistic, shown_statistic(told, few, shown=column.shown or not self.reveals)),
            "inside": self._on(fact, statistic, inside),
        }

    def observed(self, scope: Scope) -> str:
        column = scalar_column(scope, self.column)
        return self.metric(column, column.sql)

    @staticmethod
    def _on(fact: ExtremumFact | MiddleFact | None, statistic: str, expression: str) -> Scalar:
        if fact is None:
            return Scalar(expression)
        return Scalar(expression, msgspec.structs.replace(fact, sql=expression.replace(statistic, fact.sql)))

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing = number(numbers["element"]), number(numbers["missing"])
        judged, inside, observed = element - missing, numbers["inside"], numbers["observed"]
        unexpected = 0 if inside else 1
        if judged < self.least or (inside is None and observed is None):
            reason = nothing(element, judged) or f"{judged:,} value{'s are' if judged > 1 else ' is'} too few for a {self.noun}"
            return Judgement(None, "values", element, missing, 0, False, observed, message=reason)  # GX: null is a failure
        untold = {} if observed is not None else {"not_shown": f"the {self.noun} would tell a single value"}
        return Judgement(bool(inside), "values", element, missing, unexpected, bool(inside), observed, untold)


def shown_statistic(statistic: str, few: str | None, *, shown: bool) -> str:
    """SQL of what may be shown of a statistic: itself, or its shape."""
    if not shown:
        return sql.masked(f"CAST({statistic} AS VARCHAR)")
    return statistic if few is None else f"CASE WHEN {few} THEN NULL ELSE {statistic} END"


# ------------------------------------------------------------------------------------------------------------------- Key


class KeyExpectation(Expectation, frozen=True, kw_only=True):
    """A rule about groups of equal values. ``by_rows``: failures are the rows of keys that are repeated, not different values."""

    by_rows: ClassVar[bool] = False

    def key(self, scope: Scope) -> Key:
        """The columns that are grouped, and which rows take part."""
        raise NotImplementedError

    def violation(self, scope: Scope) -> str | None:
        """SQL over a group (``k1`` …, ``n``) that is true for a group that breaks the rule; None if groups cannot."""
        return None

    def required(self, scope: Scope) -> Sequence[tuple[str, str | None]]:
        """The keys that must be there, each as SQL of a text and of the key's type; None if no value of that type can be it."""
        return ()

    def group_metric(self, scope: Scope, expression: str, *, summed: bool = False) -> GroupScalar:
        """The metric that ``expression`` makes over the groups of this key; ``summed`` as in :class:`GroupScalar`."""
        return GroupScalar(self.key(scope), expression, summed=summed)


# ---------------------------------------------------------------------------------------------------------------- Schema


class SchemaExpectation(Expectation, frozen=True, kw_only=True):
    """A rule about the columns, which the footer answers."""

    conditional: ClassVar[bool] = False

    def judge_columns(self, table: Table) -> Judgement:
        """The answer, from the columns alone."""
        raise NotImplementedError

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        return {}

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        return self.judge_columns(scope.table)


# ----------------------------------------------------------------------------------------------------------------- Query


class QueryExpectation(Expectation, frozen=True, kw_only=True):
    """A rule that a SELECT states: the rows that it gives break it."""

    conditional: ClassVar[bool] = False

    def query(self) -> str:
        """The SELECT of the failing rows, over the view ``dq_extract``."""
        raise NotImplementedError

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        query = self.query()
        return {
            "element": Count(None, RowsFact()),
            "unexpected": Figure(f"SELECT count(*) AS n FROM (\n{query}\n)", "n", (query,)),
        }

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, unexpected = number(numbers["element"]), number(numbers["unexpected"])
        success = unexpected == 0
        if element == 0 and success:
            return Judgement(None, "rows", 0, 0, 0, True, 0, message="no rows to judge")
        return Judgement(success, "rows", element, 0, unexpected, success, unexpected)


# ------------------------------------------------------------------------------------------------------------------ Item


class ItemExpectation(Expectation, frozen=True, kw_only=True):
    """A rule about things that are no rows of the extract: organisations that should be there, keys, periods.

    ``unit`` names them in the plural.
    """

    unit: ClassVar[str] = "items"
    mostly: Mostly = 1.0

    def items(self, scope: Scope) -> Items:
        """The things that are judged."""
        raise NotImplementedError

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        items = self.items(scope)
        return {
            "element": ItemNumber(items, "count(*)"),
            "missing": ItemNumber(items, "coalesce(count_if(missing), 0)"),
            "unexpected": ItemNumber(items, "coalesce(count_if(unexpected AND NOT missing), 0)"),
        }

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        return judged_rows(numbers, self.mostly, self.unit)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        return None
