"""Checks and what the footers say -> a :class:`Plan`: which numbers are needed, and which of them are known without a scan.

Pure. ``PASSES`` is the list of passes, in order; each takes a plan and gives a plan. What remains is grouped by :func:`scans`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from dq_engine import sql
from dq_engine.catalog import conditions, periods
from dq_engine.catalog.base import NEVER, Scope, find_column
from dq_engine.errors import NotEvaluable
from dq_engine.model import (
    BoundsFact,
    Column,
    Count,
    ExtremumFact,
    GroupScalar,
    ItemNumber,
    Items,
    Key,
    Metric,
    NullsFact,
    Number,
    QueryCount,
    RowsFact,
    Scalar,
    Table,
)
from dq_engine.suite import Check

T = TypeVar("T")


class Planned(Struct, frozen=True):
    """A check with the metrics that it needs, by name; or the ``problem`` for which it cannot be evaluated."""

    check: Check
    scope: Scope
    metrics: dict[str, Metric] = {}
    problem: str = ""


class Plan(Struct, frozen=True):
    """What is to be found out about one extract.

    ``known`` holds the metrics that are answered already, ``periods`` the columns whose values are read as periods first.
    """

    table: Table
    organisation: Column | None
    checks: tuple[Planned, ...]
    known: dict[Metric, Number] = {}
    periods: tuple[Column, ...] = ()

    def pending(self) -> tuple[Metric, ...]:
        """The metrics that no pass has answered, each once, in the order in which they are first needed."""
        needed = dict.fromkeys(metric for planned in self.checks for metric in planned.metrics.values())
        return tuple(metric for metric in needed if metric not in self.known)


MOST_TOGETHER = 8
"""Metrics that look into other extracts and share a scan: DuckDB joins for each, and planning many joins takes very long."""


class Scans(Struct, frozen=True):
    """The pending metrics by the scan that answers them.

    ``rows``: one scan for all that read this extract alone, and few for those that look into others; then one scan per key, per
    kind of items, and per query of the suite.
    """

    rows: tuple[tuple[Count | Scalar, ...], ...]
    keys: dict[Key, tuple[GroupScalar, ...]]
    items: dict[Items, tuple[ItemNumber, ...]]
    queries: tuple[QueryCount, ...]


def make_plan(checks: Sequence[Check], scope: Scope) -> Plan:
    """The plan for ``checks`` on the extract, organisations and other extracts of ``scope``."""
    planned = tuple(_expand(check, scope) for check in checks)
    names = dict.fromkeys(name for item in planned if not item.problem for name in item.check.expectation.periods())
    named = {column.sql: column for column in map(scope.column, names) if periods.spans(column)}
    plan = Plan(scope.table, scope.organisation, planned, periods=tuple(named.values()))
    for refine in PASSES:
        plan = refine(plan)
    return plan


def _expand(check: Check, scope: Scope) -> Planned:
    try:
        for name in check.others:
            scope.other(name)
        if check.condition is not None:
            scope = msgspec.structs.replace(scope, where=conditions.predicate(check.condition, scope.column))
        return Planned(check, scope, check.expectation.metrics(scope))
    except NotEvaluable as error:
        return Planned(check, scope, problem=str(error))
    except sql.Incomparable as error:
        return Planned(check, scope, problem=f"row_condition: {error}")


def never_true(plan: Plan) -> Plan:
    """No row fulfils FALSE: its count is 0."""
    return with_known(plan, {metric: 0 for metric in plan.pending() if isinstance(metric, Count) and metric.predicate == NEVER})


def from_footer(plan: Plan) -> Plan:
    """Row counts and NULL counts that the footers hold."""
    return with_known(plan, {metric: count for metric in plan.pending() if (count := _footer_count(plan, metric)) is not None})


PASSES: tuple[Callable[[Plan], Plan], ...] = (never_true, from_footer)


def _footer_count(plan: Plan, metric: Metric) -> int | None:
    if not isinstance(metric, Count):
        return None
    match metric.fact:
        case RowsFact():
            return plan.table.rows
        case NullsFact(name, negate):
            nulls = find_column(plan.table, name).nulls
            return None if nulls is None else plan.table.rows - nulls if negate else nulls
    return None


def footer_questions(plan: Plan) -> tuple[Count | Scalar, ...]:
    """The pending metrics that the footer's minimum and maximum may answer."""
    return tuple(
        metric
        for metric in plan.pending()
        if isinstance(metric, Count | Scalar)
        and isinstance(metric.fact, BoundsFact | ExtremumFact)
        and find_column(plan.table, metric.fact.column).bounded
    )


def with_known(plan: Plan, answers: dict[Metric, Number]) -> Plan:
    """The plan with ``answers`` added to what is known."""
    return msgspec.structs.replace(plan, known={**plan.known, **answers})


def scans(plan: Plan) -> Scans:
    """How the pending metrics are grouped: all of rows in one scan, then a scan per key, per kind of items and per query."""
    rows: list[Count | Scalar] = []
    keys: dict[Key, list[GroupScalar]] = {}
    items: dict[Items, list[ItemNumber]] = {}
    queries: list[QueryCount] = []
    for metric in plan.pending():
        match metric:
            case Count() | Scalar():
                rows.append(metric)
            case GroupScalar():
                keys.setdefault(metric.key, []).append(metric)
            case ItemNumber():
                items.setdefault(metric.items, []).append(metric)
            case QueryCount():
                queries.append(metric)
    rows = list(dict.fromkeys([*rows, *per_organisation(plan)]))
    alone = {metric for planned in plan.checks if not planned.check.others for metric in planned.metrics.values()}
    across = {metric for planned in plan.checks for metric in planned.metrics.values()} - alone
    return Scans(
        tuple(map(tuple, in_groups([m for m in rows if m not in across], [m for m in rows if m in across]))),
        {key: tuple(metrics) for key, metrics in keys.items()},
        {kind: tuple(metrics) for kind, metrics in items.items()},
        tuple(queries),
    )


def in_groups(alone: Sequence[T], across: Sequence[T]) -> Iterator[Sequence[T]]:
    """What reads this extract alone, all together; then what looks into others, a few at a time."""
    if alone:
        yield alone
    for start in range(0, len(across), MOST_TOGETHER):
        yield across[start : start + MOST_TOGETHER]


COUNTS = ("element", "missing", "unexpected")
"""The names of the metrics that are kept per organisation."""


def per_organisation(plan: Plan) -> Iterable[Count]:
    """The counts that must be split by organisation though their total is known (a total of 0 splits into zeros)."""
    if plan.organisation is None:
        return ()
    needed = {
        metric: None
        for planned in plan.checks
        if "unexpected" in planned.metrics and not isinstance(planned.metrics["unexpected"], QueryCount | ItemNumber)
        for name in COUNTS
        if isinstance(metric := planned.metrics.get(name), Count) and plan.known.get(metric, -1) != 0
    }
    return tuple(needed)
