"""Failing rows one by one, in the order of the extract, as Great Expectations lists them: on request only.

A check -> the SELECT of its failing rows; rows that it gave -> :class:`Unexpected`. Only what may be shown is selected. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from dq_engine.catalog.base import Expectation, Scope, find_column
from dq_engine.catalog.shapes import KeyExpectation, RowExpectation
from dq_engine.model import EXTRACT, ORDERED, Column, Count, Key, Unexpected
from dq_engine.plan import Planned
from dq_engine.result_format import COMPLETE, ResultFormat

MOST_PLACES = 100_000
"""More places of failing rows than this are not listed."""


class Asked(Struct, frozen=True):
    """The ``select`` of failing rows: their places, then values of ``columns``.

    Of these, ``values`` are those that the rule is about (None: they may not be shown), ``index`` those by which rows are named
    (None: not asked for, or not shown), ``rows`` those of whole rows.
    """

    select: str
    columns: tuple[Column, ...]
    values: tuple[Column, ...] | None
    index: tuple[Column, ...] | None
    rows: tuple[Column, ...] | None


def asked(planned: Planned, form: ResultFormat) -> Asked | None:
    """What is asked of the extract about the failing rows of a check; None of a check that has none to list.

    Raises :class:`dq_engine.errors.NotEvaluable` for an index column that is not there.
    """
    source = _source(planned)
    if source is None or form.result_format == "BOOLEAN_ONLY":
        return None
    scope, table = planned.scope, planned.scope.table
    subject = tuple(scope.column(name) for name in planned.check.columns)
    shown = all(column.shown for column in subject) and not form.exclude_unexpected_values
    index = None
    if form.unexpected_index_column_names is not None:
        named = tuple(find_column(table, name) for name in form.unexpected_index_column_names)
        index = named if all(column.shown for column in named) else None
    rows = tuple(column for column in table.columns if column.shown and form.include_unexpected_rows) or None
    values = subject if shown else None
    columns = tuple(dict.fromkeys([*(values or ()), *(index or ()), *(rows or ())]))
    chosen = ", ".join(["dq_row", *map(_native, columns)])
    most = MOST_PLACES if form.result_format == "COMPLETE" else form.listed
    select = f"SELECT {chosen}\nFROM {source}\nORDER BY dq_row LIMIT {most}"
    return Asked(select, columns, values, index, rows)


def _source(planned: Planned) -> str | None:
    """SQL of the failing rows with their places; None where there are none."""
    metric = planned.metrics.get("unexpected")
    if isinstance(metric, Count) and isinstance(planned.check.expectation, RowExpectation):
        return breaking(metric)
    key = repeated_key(planned.check.expectation, planned.scope)
    return None if key is None else repeated(key)


def repeated_key(expectation: Expectation, scope: Scope) -> Key | None:
    """The key that no two rows may have in common; None for a rule about something else."""
    return expectation.key(scope) if isinstance(expectation, KeyExpectation) and expectation.by_rows else None


def breaking(violation: Count) -> str:
    """SQL of the rows that are counted as violations, with their places."""
    relation = ORDERED if violation.relation == EXTRACT else violation.relation
    return f"{relation} AS {EXTRACT}\nWHERE {violation.reads()}"


def repeated(key: Key) -> str:
    """SQL of the rows whose key is repeated, with their places."""
    where = f"\nWHERE {key.where}" if key.where else ""
    counted = f"count(*) OVER (PARTITION BY {', '.join(key.columns)})"
    return f"(SELECT *\nFROM {ORDERED} AS {EXTRACT}{where}\nQUALIFY {counted} > 1)"


def listings(planned: Planned) -> dict[str, str]:
    """The SELECTs of what a rule lists by itself, cut to what is listed; none unless all that it may read may be shown."""
    scope = planned.scope
    tables = [scope.table, *map(scope.other, planned.check.others)]
    if not all(column.shown for table in tables for column in table.columns):
        return {}
    found = planned.check.expectation.listings()
    return {key: f"SELECT * FROM (\n{select}\n) LIMIT {COMPLETE}" for key, select in found.items()}


def _native(column: Column) -> str:
    """A value as the worker can give it: moments with a zone as those of UTC."""
    return f"timezone('UTC', {column.sql})" if column.kind == "timestamptz" else column.sql


def read(asked: Asked, found: Sequence[Sequence[Any]]) -> Unexpected:
    """The failing rows that the SELECT gave."""
    rows = [(place, dict(zip(asked.columns, map(_told, asked.columns, values), strict=True))) for place, *values in found]

    def of(columns: tuple[Column, ...] | None) -> tuple[dict[str, Any], ...] | None:
        return None if columns is None else tuple({column.name: row[column] for column in columns} for _, row in rows)

    return Unexpected(tuple(place for place, _ in rows), of(asked.values), of(asked.index), of(asked.rows))


def _told(column: Column, value: Any) -> Any:
    """The value as Great Expectations writes it in JSON."""
    if column.kind == "float" and isinstance(value, str):
        return float(value)
    return f"{value}+00:00" if column.kind == "timestamptz" and value is not None else value
