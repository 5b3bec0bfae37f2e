"""What expectations across extracts have in common: how they name the other extract, its rows and their keys. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from dq_engine import sql
from dq_engine.catalog import conditions, periods
from dq_engine.catalog.base import Fault, Scope, find_column, scalar_column
from dq_engine.catalog.wording import NAME_PATTERN
from dq_engine.errors import NotEvaluable
from dq_engine.model import EXTRACT, Column, Count, Table

OtherName = Annotated[str, Meta(description="The other extract: its feed, or a name given with --with.", pattern=NAME_PATTERN)]
OtherColumn = Annotated[str, Meta(description="The column of the other extract.", min_length=1)]
OtherCondition = Annotated[
    dict[str, Any] | str | None, Meta(description="Which rows of the other extract count; written as row_condition is.")
]
AsOf = Annotated[
    str | None, Meta(description="A column of this extract, a date or a period: rows of the other count if open then.")
]
OpenColumn = Annotated[str | None, Meta(description="The other's column of the day from which on a row counts.")]
CloseColumn = Annotated[str | None, Meta(description="The other's column of the last day on which a row counts.")]
On = Annotated[dict[str, str], Meta(description="The key: columns of this extract, each with its column in the other.")]


class Other:
    """Mixin of the arguments by which rows of another extract are chosen; each class declares the fields itself."""

    __slots__ = ()
    other: str | None
    other_condition: dict[str, Any] | str | None

    def others(self) -> tuple[str, ...]:
        """The one other extract, or none."""
        return () if self.other is None else (self.other,)

    def other_faults(self) -> Iterator[Fault]:
        """Faults of ``other`` and ``other_condition``."""
        if self.other == EXTRACT:
            yield Fault("other", f"{EXTRACT} is the extract itself")
        if self.other_condition is not None:
            try:
                conditions.read(self.other_condition, None)
            except conditions.InvalidCondition as error:
                yield Fault(f"other_condition{error.path}", str(error))

    def spoken_other(self) -> str:
        """The other extract in a sentence, with the condition on its rows."""
        if self.other_condition is None:
            return str(self.other)
        return f"{self.other} (where {conditions.spoken(conditions.read(self.other_condition, None))})"

    def chosen(self, table: Table) -> str | None:
        """SQL of which rows of the other count; None: all. Raises :class:`NotEvaluable`."""
        if self.other_condition is None:
            return None
        try:
            return conditions.predicate(conditions.read(self.other_condition, None), lambda name: find_column(table, name))
        except sql.Incomparable as error:
            raise NotEvaluable(f"other_condition: {error}") from None


class Dated(Other):
    """Mixin of the arguments by which rows of another extract count only while they are open."""

    __slots__ = ()
    as_of: str | None
    open_column: str | None
    close_column: str | None

    def dated_faults(self) -> Iterator[Fault]:
        """Faults of the three arguments together."""
        if self.as_of is None and (self.open_column or self.close_column):
            yield Fault("as_of", "is missing: open_column and close_column need a date or a period to be held against")
        if self.as_of is not None and not (self.open_column or self.close_column):
            yield Fault("as_of", "needs open_column, close_column, or both")

    def spoken_date(self) -> str:
        """What is added to a sentence."""
        return "" if self.as_of is None else f", open as of {self.as_of}"

    def periods(self) -> tuple[str, ...]:
        """The column of ``as_of``."""
        return () if self.as_of is None else (self.as_of,)

    def missing(self, scope: Scope) -> Count:
        """The rows that the shape does not judge, and those whose ``as_of`` names no date or period."""
        shape: Count = super().missing(scope)  # type: ignore[misc]  # that of the shape beside which this mixin stands
        undated = self.undated(scope)
        return shape if undated is None else Count(f"{shape.predicate} OR {undated}")

    def undated(self, scope: Scope) -> str | None:
        """SQL that is true for a row whose ``as_of`` names no date or period; None where there is no ``as_of``."""
        if self.as_of is None:
            return None
        moment = scalar_column(scope, self.as_of)
        spans = periods.spans(moment)
        if spans is None:
            return f"{moment.sql} IS NULL"
        return f"coalesce({moment.sql} NOT IN (SELECT value FROM {spans} WHERE first IS NOT NULL), TRUE)"

    def found(self, scope: Scope, table: Table, key: Sequence[Pair]) -> str:
        """SQL that is true where the other has a row with the key that counts, open at some time of the period of ``as_of``."""
        where = [same_key(key), self.chosen(table)]
        if self.as_of is None:
            return found(table, *where)
        moment = scalar_column(scope, self.as_of)
        spans = periods.spans(moment)
        if spans is None:
            first, last = periods.first_day(moment, outer(moment)), periods.last_day(moment, outer(moment))
            return found(table, *where, overlap(table, self.open_column, self.close_column, first, last))
        of_moment = f"dq_span.value = {outer(moment)}"
        is_open = overlap(table, self.open_column, self.close_column, "dq_span.first", "dq_span.last")
        return found(table, *where, of_moment, is_open, beside=f", {spans} AS dq_span")


def overlap(table: Table, open_column: str | None, close_column: str | None, first: str, last: str) -> str | None:
    """SQL that is true where a row of ``table`` is open at some time from ``first`` to ``last``; None if nothing says when."""
    opens = None if open_column is None else find_column(table, open_column)
    closes = None if close_column is None else find_column(table, close_column)
    return sql.all_of(
        None if opens is None else f"({opens.sql} IS NULL OR {periods.first_day(opens, opens.sql)} <= {last})",
        None if closes is None else f"({closes.sql} IS NULL OR {periods.last_day(closes, closes.sql)} >= {first})",
    )


class Pair(Struct, frozen=True):
    """A column of this extract and its counterpart in the other."""

    own: Column
    other: Column

    def comparable(self, expression: str) -> str:
        """A value of either column as it can be compared with one of the other: as text, where the types are not of one kind."""
        kinds = {self.own.kind, self.other.kind}
        alike = len(kinds) == 1 or kinds <= sql.NUMERIC or kinds <= sql.TEMPORAL or "null" in kinds
        return expression if alike else f"CAST({expression} AS VARCHAR)"

    def equal(self, left: str, right: str) -> str:
        """SQL that is true where ``left``, of the own column, equals ``right``, of the other."""
        return f"{self.comparable(left)} = {self.comparable(right)}"


def pairs(scope: Scope, table: Table, on: Mapping[str, str] | Sequence[tuple[str, str]]) -> list[Pair]:
    """The columns of a key. Raises :class:`NotEvaluable` for columns that are not there, or cannot be compared."""
    other = Scope(table)
    named = on.items() if isinstance(on, Mapping) else on
    return [Pair(scalar_column(scope, own), scalar_column(other, counterpart)) for own, counterpart in named]


def outer(column: Column) -> str:
    """SQL of an own column inside a subquery over another extract, whose columns may have the same name."""
    return f"{EXTRACT}.{column.sql}"


def found(table: Table, *predicates: str | None, beside: str = "") -> str:
    """SQL that is true where the other extract has a row that fulfils all of the predicates."""
    where = sql.all_of(*predicates)
    return f"EXISTS (SELECT 1 FROM {table.view}{beside}{f' WHERE {where}' if where else ''})"


def same_key(key: Sequence[Pair]) -> str:
    """SQL that is true where a row of the other has the key of the row outside."""
    return sql.all_of(*(pair.equal(outer(pair.own), pair.other.sql) for pair in key)) or "TRUE"
