"""The five shapes of an expectation. A class of the catalogue writes one SQL method; its shape derives everything else.

========= ================================================= ==========================================================
shape     the author writes                                 the shape derives
========= ================================================= ==========================================================
Row       ``violation()``: SQL, true for a bad row          counts, ``mostly``, counts per organisation, failing rows
Aggregate ``metric()``: a SQL scalar                        bounds, the observed value
Key       ``key()`` and a metric over its groups            one GROUP BY per key, shared
Schema    ``judge_columns()``                               an answer without any scan
Query     ``query()``: a SELECT of the failing rows         their number
========= ================================================= ==========================================================

Everything here is pure. ``metrics()`` says which numbers a check needs, ``judge()`` what these numbers mean; nothing here knows
how a count is phrased or run. Semantics are those of Great Expectations' pandas engine, with typed literals and NaN as NULL
(ARCHITECTURE.md, "Where the answers differ from Great Expectations").
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from dq_engine import sql
from dq_engine.errors import NotEvaluable
from dq_engine.model import (
    BoundsFact,
    Column,
    Count,
    Dimension,
    ExtremumFact,
    GroupScalar,
    Judgement,
    Key,
    Metric,
    NullsFact,
    Number,
    QueryCount,
    RowsFact,
    Scalar,
    Table,
)

Numbers = Mapping[Metric, Number]
Bound = int | float | str
"""A bound: a number, or a date or date-time in ISO 8601 text."""
ColumnName = Annotated[str, Meta(description="The column that the rule is about.", min_length=1)]
Mostly = Annotated[float, Meta(description="The share of the judged rows that must keep the rule, 0 to 1.", ge=0, le=1)]
FEW = 10
"""A statistic over fewer values than this says too much of a single one, and is shown masked."""


class Fault(Struct, frozen=True):
    """A fault between the arguments of one expectation; ``argument`` says where, "" for the expectation as a whole."""

    argument: str
    message: str


class Case(Struct, frozen=True):
    """An example that documents an expectation and tests it.

    ``data`` maps columns to values, ``types`` a column to its DuckDB type where it is not plain from the values.
    """

    title: str
    data: dict[str, list[Any]]
    arguments: dict[str, Any]
    passes: bool
    unexpected: int | None = None
    types: dict[str, str] = {}


class Scope(Struct, frozen=True):
    """What a check is evaluated on: the table, and the SQL of its row condition (None: all rows)."""

    table: Table
    where: str | None = None

    def column(self, name: str) -> Column:
        """The column of that name (upper and lower case are told apart only where two names need it)."""
        return find_column(self.table, name)


def find_column(table: Table, name: str) -> Column:
    """The column called ``name``; without regard to case if that is unambiguous. Raises :class:`NotEvaluable`."""
    exact = [column for column in table.columns if column.name == name]
    if len(exact) > 1:
        raise NotEvaluable(f'the extract has {len(exact)} columns called "{name}": none of them can be checked')
    if exact:
        return exact[0]
    folded = [column for column in table.columns if column.name.casefold() == name.casefold()]
    if len(folded) == 1:
        return folded[0]
    if folded:
        raise NotEvaluable(f'column "{name}" could be any of {", ".join(c.name for c in folded)}: write it exactly')
    raise NotEvaluable(f'the extract has no column "{name}"{suggestion(name, [c.name for c in table.columns])}')


def suggestion(name: str, known: Sequence[str]) -> str:
    """ "; did you mean …?" for the nearest known name, or nothing."""
    folded = {item.casefold(): item for item in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""


def scalar_column(scope: Scope, name: str) -> Column:
    """The column, if its values can be compared. Raises :class:`NotEvaluable` for lists, structs and maps."""
    column = scope.column(name)
    if column.kind == "nested":
        raise NotEvaluable(f'column "{name}" is nested ({column.type}); only null, type and existence rules apply to it')
    return column


def number(value: Number) -> int:
    """A count among the numbers, as a whole number; what was not counted (no rows) is 0."""
    return int(value) if isinstance(value, int | float) else 0


class Expectation(Struct, frozen=True, kw_only=True):
    """Base of all expectations: an instance holds the arguments of one check.

    Class attributes: ``name`` (the full GX id), ``dimension``, ``examples``. ``conditional`` says whether ``row_condition``
    is accepted. A class without ``name`` is a shape, not an expectation.
    """

    name: ClassVar[str] = ""
    dimension: ClassVar[Dimension] = "validity"
    examples: ClassVar[tuple[Case, ...]] = ()
    conditional: ClassVar[bool] = True

    def faults(self) -> Iterator[Fault]:
        """Faults that the types of the arguments do not show. None by default."""
        return iter(())

    def subject(self) -> tuple[str, ...]:
        """The names of the columns that the rule speaks about."""
        return ()

    def statement(self) -> str:
        """The rule as one English sentence without a full stop."""
        raise NotImplementedError

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        """The numbers that the check needs, by the names that ``judge`` uses. Raises :class:`NotEvaluable`."""
        raise NotImplementedError

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        """What the numbers mean."""
        raise NotImplementedError


def kept(judged: int, unexpected: int, mostly: float) -> bool:
    """GX's rule for ``mostly``: the share of judged rows that are not unexpected is at least ``mostly``."""
    return judged == 0 or (judged - unexpected) / judged >= mostly


# ------------------------------------------------------------------------------------------------------------------- Row


class RowExpectation(Expectation, frozen=True, kw_only=True):
    """A rule that each row keeps or breaks by itself. ``exemplary`` says whether failing values have anything to show."""

    exemplary: ClassVar[bool] = True
    mostly: Mostly = 1.0

    def violation(self, scope: Scope) -> str:
        """SQL that is true for a row that breaks the rule; NULL or false for any other row."""
        raise NotImplementedError

    def missing(self, scope: Scope) -> Count:
        """The rows that the rule does not judge."""
        raise NotImplementedError

    def proof(self, scope: Scope) -> NullsFact | BoundsFact | None:
        """How the footer can prove that no row breaks the rule, if it can."""
        return None

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        missing = self.missing(scope)
        fact = self.proof(scope) if scope.where is None else None
        return {
            "element": Count(scope.where, None if scope.where else RowsFact()),
            "missing": within(missing, scope.where),
            "unexpected": Count(sql.all_of(scope.where, self.violation(scope)), fact),
        }

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing, unexpected = (number(numbers[name]) for name in ("element", "missing", "unexpected"))
        judged = element - missing
        success = kept(judged, unexpected, self.mostly)
        return Judgement(
            success if judged else None, "rows", element, missing, unexpected, success, message=nothing(element, judged)
        )


def within(count: Count, where: str | None) -> Count:
    """The count among the rows of a condition."""
    return count if where is None or count.predicate == NEVER else Count(sql.all_of(where, count.predicate))


def nothing(element: int, judged: int) -> str:
    """Why there was nothing to judge; "" where there was."""
    if judged:
        return ""
    return "no rows to judge" if element == 0 else f"none of the {element:,} rows has a value to judge"


NEVER = "FALSE"


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


class PairRowExpectation(RowExpectation, frozen=True, kw_only=True):
    """A rule about the values of two columns in the same row."""

    column_A: ColumnName  # noqa: N815  the argument's name in Great Expectations
    column_B: ColumnName  # noqa: N815
    ignore_row_if: Annotated[PairIgnore, Meta(description="Which rows are not judged.")] = "both_values_are_missing"

    def subject(self) -> tuple[str, ...]:
        return (self.column_A, self.column_B)

    def missing(self, scope: Scope) -> Count:
        a, b = scalar_column(scope, self.column_A), scalar_column(scope, self.column_B)
        rules = {
            "both_values_are_missing": f"{a.sql} IS NULL AND {b.sql} IS NULL",
            "either_value_is_missing": f"{a.sql} IS NULL OR {b.sql} IS NULL",
            "neither": NEVER,
        }
        return Count(rules[self.ignore_row_if])

    def broken(self, scope: Scope, kept_when: str) -> str:
        """True for a judged row for which ``kept_when`` is not true (a NULL on one side breaks the rule)."""
        missing = self.missing(scope).predicate
        return sql.all_of(None if missing == NEVER else f"NOT ({missing})", f"({kept_when}) IS NOT TRUE") or ""


class MulticolumnRowExpectation(RowExpectation, frozen=True, kw_only=True):
    """A rule about the values of several columns in the same row."""

    column_list: Annotated[list[str], Meta(description="The columns, two or more.", min_length=2)]
    ignore_row_if: Annotated[RowIgnore, Meta(description="Which rows are not judged.")] = "all_values_are_missing"

    def subject(self) -> tuple[str, ...]:
        return tuple(self.column_list)

    def missing(self, scope: Scope) -> Count:
        return Count(missing_rows(scope, self.column_list, self.ignore_row_if))


def missing_rows(scope: Scope, names: Sequence[str], ignore: RowIgnore) -> str:
    """SQL for the rows that ``ignore_row_if`` leaves out."""
    if ignore == "never":
        return NEVER
    word = " AND " if ignore == "all_values_are_missing" else " OR "
    return word.join(f"{scalar_column(scope, name).sql} IS NULL" for name in names)


# ------------------------------------------------------------------------------------------------------------- Aggregate


MinValue = Annotated[Bound | None, Meta(description="The smallest value allowed; null for none.")]
MaxValue = Annotated[Bound | None, Meta(description="The largest value allowed; null for none.")]
StrictMin = Annotated[bool, Meta(description="It must be above min_value, not equal to it.")]
StrictMax = Annotated[bool, Meta(description="It must be below max_value, not equal to it.")]


class Bounded:
    """What expectations with ``min_value``, ``max_value``, ``strict_min`` and ``strict_max`` have in common."""

    __slots__ = ()
    min_value: Bound | None
    max_value: Bound | None
    strict_min: bool
    strict_max: bool

    def bound_faults(self, *, needed: bool = False, ordered: bool = False) -> Iterator[Fault]:
        """Faults of the bounds: unreadable text; none given though ``needed``; min above max though ``ordered``."""
        usable = True
        for argument, value in (("min_value", self.min_value), ("max_value", self.max_value)):
            if isinstance(value, str) and not readable(value):
                usable = False
                yield Fault(argument, f"expected a number, a date such as 2024-03-31, or a time; got {sql.spoken(value)}")
        if needed and self.min_value is None and self.max_value is None:
            yield Fault("", "needs min_value or max_value, or both")
        if usable and ordered and above(self.min_value, self.max_value):
            yield Fault("min_value", f"min_value {self.min_value} is above max_value {self.max_value}: no value can be between")

    def between(self) -> str:
        """The bounds in words."""
        low = None if self.min_value is None else f"{'above' if self.strict_min else 'at least'} {self.min_value}"
        high = None if self.max_value is None else f"{'below' if self.strict_max else 'at most'} {self.max_value}"
        if low and high and not (self.strict_min or self.strict_max):
            return f"is between {self.min_value} and {self.max_value}"
        given = [words for words in (low, high) if words]
        return "is " + " and ".join(given) if given else "exists"

    def inside(self, expression: str, column: Column) -> str:
        """SQL: ``expression`` is within the bounds, which are read as the type of ``column``."""
        return sql.all_of(*self._sides(expression, column, ">=", ">", "<=", "<")) or f"{expression} IS NOT NULL"

    def outside(self, expression: str, column: Column) -> str:
        """SQL: ``expression`` is outside the bounds; NULL for NULL."""
        sides = [side for side in self._sides(expression, column, "<", "<=", ">", ">=") if side]
        return " OR ".join(sides) or NEVER

    def holds(self, value: float) -> bool:
        """Whether a count or proportion is within the bounds."""
        low, high = as_float(self.min_value), as_float(self.max_value)
        above_low = low is None or (value > low if self.strict_min else value >= low)
        below_high = high is None or (value < high if self.strict_max else value <= high)
        return above_low and below_high

    def _sides(self, expression: str, column: Column, low: str, strict_low: str, high: str, strict_high: str) -> list[str | None]:
        try:
            minimum = None if self.min_value is None else sql.orderable(self.min_value, column)
            maximum = None if self.max_value is None else sql.orderable(self.max_value, column)
        except sql.Incomparable as error:
            raise NotEvaluable(f'column "{column.name}": {error}') from None
        return [
            None if minimum is None else f"{expression} {strict_low if self.strict_min else low} {minimum}",
            None if maximum is None else f"{expression} {strict_high if self.strict_max else high} {maximum}",
        ]


def readable(value: str) -> bool:
    """Whether text of a bound is a number, a date or a date-time."""
    for kind in ("timestamp", "float", "time"):
        try:
            sql.orderable(value, Column("", "", "", kind))
        except sql.Incomparable:
            continue
        return True
    return False


def as_float(value: Bound | None) -> int | float | None:
    """A numeric bound as a number; None where there is none."""
    return sql.as_number(value) if isinstance(value, str) else value


def above(low: Bound | None, high: Bound | None) -> bool:
    """Whether ``low`` is above ``high``, for two numbers or two dates of the same spelling."""
    if low is None or high is None or isinstance(low, str) != isinstance(high, str):
        return False
    if isinstance(low, str):
        return len(low) == len(str(high)) and low > str(high) and low[:1].isdigit()
    return low > high  # type: ignore[operator]


class AggregateExpectation(Bounded, Expectation, frozen=True, kw_only=True):
    """A rule about one statistic of a column; NULLs are left out.

    ``reveals`` says that the statistic is itself a value of the column, so that it is shown only where values may be shown;
    ``betrays`` that it tells the value where all values are alike.
    """

    reveals: ClassVar[bool] = False
    betrays: ClassVar[bool] = True
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
        extremum = self.extremum(column) if scope.where is None else None
        few = None
        if not column.shown and not self.reveals:
            few = f"count({value}) < {FEW}" + (f" OR min({value}) = max({value})" if self.betrays else "")
        return {
            "element": Count(scope.where, None if scope.where else RowsFact()),
            "missing": within(Count(f"{column.sql} IS NULL", NullsFact(self.column)), scope.where),
            "observed": self._on(extremum, statistic, shown_statistic(statistic, few, shown=column.shown or not self.reveals)),
            "inside": self._on(extremum, statistic, inside),
        }

    @staticmethod
    def _on(extremum: ExtremumFact | None, statistic: str, expression: str) -> Scalar:
        if extremum is None:
            return Scalar(expression)
        return Scalar(expression, ExtremumFact(extremum.column, expression.replace(statistic, extremum.sql)))

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing = number(numbers["element"]), number(numbers["missing"])
        judged, inside, observed = element - missing, numbers["inside"], numbers["observed"]
        unexpected = 0 if inside else 1
        if judged < self.least or (inside is None and observed is None):
            reason = nothing(element, judged) or f"{judged:,} value{'s are' if judged > 1 else ' is'} too few for a {self.noun}"
            return Judgement(None, "values", element, missing, 0, self.of_nothing(), observed, message=reason)
        untold = {} if observed is not None else {"not_shown": f"the {self.noun} would tell a single value"}
        return Judgement(bool(inside), "values", element, missing, unexpected, bool(inside), observed, untold)

    def of_nothing(self) -> bool:
        """What GX answers where no value is: false, as the statistic is null."""
        return False


def shown_statistic(statistic: str, few: str | None, *, shown: bool) -> str:
    """SQL of what may be shown of a statistic: itself, or its shape."""
    if not shown:
        return sql.masked(f"CAST({statistic} AS VARCHAR)")
    return statistic if few is None else f"CASE WHEN {few} THEN NULL ELSE {statistic} END"


# ------------------------------------------------------------------------------------------------------------------- Key


class KeyExpectation(Expectation, frozen=True, kw_only=True):
    """A rule about groups of equal values. ``by_rows`` says whether failures are rows, or else different values."""

    by_rows: ClassVar[bool] = False

    def key(self, scope: Scope) -> Key:
        """The columns that are grouped, and which rows take part."""
        raise NotImplementedError

    def violation(self, scope: Scope) -> str | None:
        """SQL over a group (``k1`` …, ``n``) that is true for a group that breaks the rule; None if groups cannot."""
        return None

    def group_metric(self, scope: Scope, expression: str) -> GroupScalar:
        """The metric that ``expression`` makes over the groups of this key."""
        return GroupScalar(self.key(scope), expression)


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
        return {"element": Count(None, RowsFact()), "unexpected": QueryCount(self.query())}

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, unexpected = number(numbers["element"]), number(numbers["unexpected"])
        success = unexpected == 0
        if element == 0 and success:
            return Judgement(None, "rows", 0, 0, 0, True, 0, message="no rows to judge")
        return Judgement(success, "rows", element, 0, unexpected, success, unexpected)
