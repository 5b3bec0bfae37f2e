"""Checks and what the footers say -> a :class:`Plan`: which numbers are needed, and which of them are known without a scan.

Pure. ``PASSES`` is the list of passes, in order; each takes a plan and gives a plan. What remains is grouped by :func:`scans`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from dq_engine import sql
from dq_engine.catalog import conditions
from dq_engine.catalog.base import NEVER, Scope, find_column
from dq_engine.errors import NotEvaluable
from dq_engine.model import (
    BoundsFact,
    Column,
    Count,
    ExtremumFact,
    GroupScalar,
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


class Planned(Struct, frozen=True):
    """A check with the metrics that it needs, by name; or the ``problem`` for which it cannot be evaluated."""

    check: Check
    scope: Scope
    metrics: dict[str, Metric] = {}
    problem: str = ""


class Plan(Struct, frozen=True):
    """What is to be found out about one extract. ``known`` holds the metrics that are answered already."""

    table: Table
    organisation: Column | None
    checks: tuple[Planned, ...]
    known: dict[Metric, Number] = {}

    def pending(self) -> tuple[Metric, ...]:
        """The metrics that no pass has answered, each once, in the order in which they are first needed."""
        needed = dict.fromkeys(metric for planned in self.checks for metric in planned.metrics.values())
        return tuple(metric for metric in needed if metric not in self.known)


class Scans(Struct, frozen=True):
    """The pending metrics by the scan that answers them: one over the rows, one per key, one per query of the suite."""

    rows: tuple[Count | Scalar, ...]
    keys: dict[Key, tuple[GroupScalar, ...]]
    queries: tuple[QueryCount, ...]


def make_plan(checks: Sequence[Check], table: Table, organisation: Column | None) -> Plan:
    """The plan for ``checks`` on an extract with ``table``; counts are also wanted per value of ``organisation``, if given."""
    plan = Plan(table, organisation, tuple(_expand(check, table) for check in checks))
    for refine in PASSES:
        plan = refine(plan)
    return plan


def _expand(check: Check, table: Table) -> Planned:
    scope = Scope(table)
    try:
        if check.condition is not None:
            scope = Scope(table, conditions.predicate(check.condition, scope.column))
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
        if isinstance(metric, Count | Scalar) and isinstance(metric.fact, BoundsFact | ExtremumFact)
    )


def with_known(plan: Plan, answers: dict[Metric, Number]) -> Plan:
    """The plan with ``answers`` added to what is known."""
    return msgspec.structs.replace(plan, known={**plan.known, **answers})


def scans(plan: Plan) -> Scans:
    """How the pending metrics are grouped: all row and aggregate metrics in one scan, one scan per key, one per query."""
    rows: list[Count | Scalar] = []
    keys: dict[Key, list[GroupScalar]] = {}
    queries: list[QueryCount] = []
    for metric in plan.pending():
        match metric:
            case Count() | Scalar():
                rows.append(metric)
            case GroupScalar():
                keys.setdefault(metric.key, []).append(metric)
            case QueryCount():
                queries.append(metric)
    return Scans(
        tuple(dict.fromkeys([*rows, *per_organisation(plan)])),
        {key: tuple(metrics) for key, metrics in keys.items()},
        tuple(queries),
    )


COUNTS = ("element", "missing", "unexpected")
"""The names of the metrics that are kept per organisation."""


def per_organisation(plan: Plan) -> Iterable[Count]:
    """The counts that must be split by organisation though their total is known (a total of 0 splits into zeros)."""
    if plan.organisation is None:
        return ()
    needed = {
        metric: None
        for planned in plan.checks
        if "unexpected" in planned.metrics and not isinstance(planned.metrics["unexpected"], QueryCount)
        for name in COUNTS
        if isinstance(metric := planned.metrics.get(name), Count) and plan.known.get(metric, -1) != 0
    }
    return tuple(needed)
