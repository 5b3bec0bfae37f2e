"""Checks and what the footers say -> a :class:`Plan`: which numbers are needed, and which of them are known without a scan.

Pure. ``PASSES`` is the list of passes, in order; each takes a plan and gives a plan. What remains is grouped by
:mod:`dq_engine.scans`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from dq_engine import sql, vodim
from dq_engine.catalog import conditions, periods
from dq_engine.catalog.base import NEVER, Scope, find_column
from dq_engine.catalog.shapes import RowExpectation
from dq_engine.errors import NotEvaluable
from dq_engine.model import (
    EXTRACT,
    Aid,
    AidFact,
    BoundsFact,
    Column,
    Count,
    ExtremumFact,
    Feed,
    Field,
    Figure,
    GroupScalar,
    ItemNumber,
    JointNullsFact,
    Metric,
    NullsFact,
    Number,
    RowsFact,
    Scalar,
    Table,
)
from dq_engine.suite import Check

T = TypeVar("T")


class Planned(Struct, frozen=True):
    """A check with the metrics that it needs, by name, and what these read beside the extract; or why it cannot be evaluated."""

    check: Check
    scope: Scope
    metrics: dict[str, Metric] = {}
    problem: str = ""
    aids: tuple[Aid, ...] = ()


ALL_ROWS = Count(None, RowsFact())
"""The number of rows, in which the classes of a field add up."""


class PlannedField(Struct, frozen=True):
    """A column with the counts of its values that are not valid, and the ids of the checks that say so; or the ``problem``.

    ``violations`` are the counts of the rows that break these checks.
    """

    column: str
    field: Field
    metrics: dict[vodim.Part, Count] = {}
    violations: tuple[Count, ...] = ()
    checks: tuple[str, ...] = ()
    problem: str = ""


class Plan(Struct, frozen=True):
    """What is to be found out about one extract.

    ``organisation`` and ``period`` are the columns by which counts are split. ``known`` holds the metrics that are answered
    already, ``periods`` the columns whose values are read as periods first.
    """

    table: Table
    organisation: Column | None
    checks: tuple[Planned, ...]
    period: Column | None = None
    fields: tuple[PlannedField, ...] = ()
    known: dict[Metric, Number] = {}
    periods: tuple[Column, ...] = ()

    def wanted(self) -> Iterator[tuple[Metric, ...]]:
        """The metrics of each check, then of each field with the number of its rows."""
        yield from (tuple(planned.metrics.values()) for planned in self.checks)
        yield from ((ALL_ROWS, *planned.metrics.values()) for planned in self.fields if planned.metrics)

    def needed(self) -> tuple[Metric, ...]:
        """The metrics of all checks and fields, each once, in the order in which they are first needed."""
        return tuple(dict.fromkeys(metric for metrics in self.wanted() for metric in metrics))

    def aids(self) -> dict[Aid, tuple[Metric, ...]]:
        """What is made before the scans, in its order, each with the pending metrics that read it."""
        made = dict.fromkeys(aid for planned in self.checks for aid in planned.aids)
        return {aid: tuple(metric for metric in self.pending() if aid.name in sql_of(metric)) for aid in made}

    def pending(self) -> tuple[Metric, ...]:
        """The needed metrics that no pass has answered."""
        return tuple(metric for metric in self.needed() if metric not in self.known)


def sql_of(metric: Metric) -> str:
    """All SQL that a metric holds, as one text, in which the names of what it reads can be found."""
    match metric:
        case Count():
            return f"{metric.reads()} {metric.relation}"
        case Scalar():
            return metric.sql
        case GroupScalar():
            return f"{metric.key.columns} {metric.key.where} {metric.sql}"
        case Figure():
            return metric.select
        case ItemNumber():
            return f"{metric.items.sql} {metric.sql}"


def make_plan(checks: Sequence[Check], scope: Scope, feed: Feed, skipped: Sequence[Check] = ()) -> Plan:
    """The plan for ``checks`` on the extract, organisations and other extracts of ``scope``.

    ``feed`` names the fields whose values are put into classes; ``skipped`` are the checks of its suite that are not run.
    """
    planned = tuple(_expand(check, scope) for check in checks)
    names = dict.fromkeys(name for item in planned if not item.problem for name in item.check.expectation.periods())
    read = [*map(scope.column, names), *([scope.period] if scope.period is not None else [])]
    named = {column.sql: column for column in read if periods.spans(column)}
    plan = Plan(
        scope.table,
        scope.organisation,
        planned,
        scope.period,
        tuple(_fields(feed, planned, skipped, scope)),
        periods=tuple(named.values()),
    )
    return refined(plan)


def refined(plan: Plan) -> Plan:
    """The plan after all passes."""
    for refine in PASSES:
        plan = refine(plan)
    return plan


def _fields(feed: Feed, planned: Sequence[Planned], skipped: Sequence[Check], scope: Scope) -> Iterator[PlannedField]:
    """The fields of the feed; without any that it names, the columns that rules are about."""
    rules = [item for item in planned if _says_what_is_valid(item.check)]
    left_out = [check for check in skipped if _says_what_is_valid(check)]
    for name in feed.columns or dict.fromkeys(item.check.columns[0] for item in planned if len(item.check.columns) == 1):
        field = feed.columns.get(name, Field())
        own = [item for item in rules if _is_about(item.check, name, scope.table)]
        ids = tuple(item.check.id for item in own)
        troubles = [f"{item.check.id}: {item.problem}" for item in own if item.problem]
        troubles += [f"{check.id}: was not selected" for check in left_out if _is_about(check, name, scope.table)]
        try:
            if troubles:
                raise NotEvaluable("; ".join(troubles))
            counts = [metric for item in own if isinstance(metric := item.metrics.get("unexpected"), Count)]
            violations = tuple(metric for metric in counts if metric.relation == EXTRACT)
            planned_field = PlannedField(name, field, violations=violations, checks=ids)
            yield _classed(planned_field, scope.table, violations)
        except NotEvaluable as error:
            yield PlannedField(name, field, checks=ids, problem=str(error))


def _classed(planned: PlannedField, table: Table, violations: Sequence[Count]) -> PlannedField:
    metrics = vodim.parts(find_column(table, planned.column), planned.field, violations)
    return msgspec.structs.replace(planned, metrics=metrics)


def _is_about(check: Check, name: str, table: Table) -> bool:
    """Whether the check's column is the one that the name means."""
    try:
        return find_column(table, check.columns[0]) == find_column(table, name)
    except NotEvaluable:
        return check.columns[0].casefold() == name.casefold()


def _says_what_is_valid(check: Check) -> bool:
    """Whether the check judges the values of one column, row by row and by this extract alone, as valid or not."""
    row = isinstance(check.expectation, RowExpectation)
    return row and check.dimension == "validity" and len(check.columns) == 1 and not check.others


def _expand(check: Check, scope: Scope) -> Planned:
    try:
        for name in check.others:
            scope.other(name)
        if check.condition is not None:
            scope = msgspec.structs.replace(scope, where=conditions.predicate(check.condition, scope.column))
        return Planned(check, scope, check.expectation.metrics(scope), aids=check.expectation.aids(scope))
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


def without_violations(plan: Plan) -> Plan:
    """Fields without the rules that no row breaks: of a column that has no others, the footer may know the classes."""
    fields = tuple(
        field
        if field.problem or all(plan.known.get(metric) != 0 for metric in field.violations)
        else _classed(field, plan.table, [metric for metric in field.violations if plan.known.get(metric) != 0])
        for field in plan.fields
    )
    return msgspec.structs.replace(plan, fields=fields)


PASSES: tuple[Callable[[Plan], Plan], ...] = (without_violations, never_true, from_footer)


def _footer_count(plan: Plan, metric: Metric) -> int | None:
    if not isinstance(metric, Count):
        return None
    match metric.fact:
        case RowsFact():
            return plan.table.rows
        case NullsFact(name, negate):
            nulls = find_column(plan.table, name).nulls
            return None if nulls is None else plan.table.rows - nulls if negate else nulls
        case JointNullsFact(names, any_of):
            return _joint_nulls([find_column(plan.table, name).nulls for name in names], any_of=any_of)
    return None


def _joint_nulls(nulls: Sequence[int | None], *, any_of: bool) -> int | None:
    """The rows in which all columns, or any, are NULL, by the NULLs of each; None where these do not tell."""
    if not any_of:
        return 0 if 0 in nulls else None
    some = [count for count in nulls if count != 0]
    return 0 if not some else some[0] if len(some) == 1 else None


def without_wrong_values(plan: Plan, name: str) -> Plan:
    """The plan when the :class:`WrongValues` of that name are none."""
    fact = AidFact(name)
    found: dict[Metric, Number] = {metric: 0 for metric in plan.pending() if isinstance(metric, Count) and metric.fact == fact}
    return refined(with_known(plan, found))


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


COUNTS = ("element", "missing", "unexpected")
"""The names of the metrics that are kept per organisation."""


def split_counts(plan: Plan) -> Iterable[Count]:
    """The counts that must be split by organisation though their total is known (a total of 0 splits into zeros)."""
    if plan.organisation is None:
        return ()
    counted = [
        planned.metrics.get(name)
        for planned in plan.checks
        if "unexpected" in planned.metrics and not isinstance(planned.metrics["unexpected"], Figure | ItemNumber)
        for name in COUNTS
    ]
    counted += [metric for planned in plan.fields for metric in (ALL_ROWS, *planned.metrics.values())]
    needed = {metric: None for metric in counted if isinstance(metric, Count) and plan.known.get(metric, -1) != 0}
    return tuple(needed)
