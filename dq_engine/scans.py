"""A plan -> the scans that answer what no footer does: which numbers are found together, and by which way. Pure.

Four ways to count rows, each right for all data and fast for some; what decides costs time if it is wrong, and nothing else:

- once per different value: rules about one column that has few different values are judged on these, and weighed by the rows.
- among the suspect rows: rules that hardly any row breaks are counted in the rows that break one of them.
- by groups of a key: what rules about uniqueness need; rules about its only column are judged on the groups, too.
- in one scan of all rows: everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from dq_engine import sql
from dq_engine.catalog.shapes import ColumnRowExpectation, RowExpectation
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
    Key,
    Metric,
    NullsFact,
    RowsFact,
    Scalar,
)
from dq_engine.plan import ALL_ROWS, Plan, Planned, split_counts

T = TypeVar("T")

MOST_TOGETHER = 8
"""Metrics that look into other tables and share a scan: DuckDB joins for each, and planning many joins takes very long."""
SELDOM = 0.1
"""The share of rows up to which NULLs are counted among the suspect rows."""


class Tuning(Struct, frozen=True):
    """From where on scans are divided, which pays for large extracts only; the answers are the same whatever is said here.

    ``work``: up to as many rows times numbers, all are counted in one scan. ``rows``: up to as many rows, keys are grouped at
    once. ``width``: the bytes of a value (:attr:`Column.width`) below which a text column is taken to have few different values;
    a number has half as many. ``rules``: how many about a column of numbers make it worth finding its different values, as each
    costs little by row. ``masked``: from so many failing values on, likely shapes are looked for before all are masked.
    ``part``: about so many rows are compared at once where keys can be compared in parts.
    """

    work: int = 3_000_000
    rows: int = 50_000
    width: float = 6.0
    rules: int = 4
    masked: int = 20_000
    part: int = 1_000_000


MEASURED = Tuning()
"""What pays by measurement (``python -m tests.bench``)."""


class ByValue(Struct, frozen=True):
    """What is found out on the different values of a column, for the reason ``why``. None of ``counts`` is true for NULL."""

    column: Column
    counts: tuple[Count, ...]
    key: Key | None
    groups: tuple[GroupScalar, ...]
    why: str


class Scans(Struct, frozen=True):
    """The pending metrics by the scan that answers them.

    ``rows``: one scan for all that read this extract alone, and few for those that look into other extracts or aids. ``values``:
    one per column whose different values are judged. ``suspects``: counts in the rows that fulfil one of their predicates. Then
    one scan per key, per kind of items, and per SELECT of its own.
    """

    rows: tuple[tuple[Count | Scalar, ...], ...]
    values: tuple[ByValue, ...]
    suspects: tuple[Count, ...]
    keys: dict[Key, tuple[GroupScalar, ...]]
    items: dict[Items, tuple[ItemNumber, ...]]
    figures: dict[str, tuple[Figure, ...]]


def scans(plan: Plan, without: Collection[Metric] = (), tuning: Tuning = MEASURED) -> Scans:
    """How the pending metrics are grouped. Those of ``without`` are left out, as what they read could not be made."""
    rows: list[Count | Scalar] = []
    keys: dict[Key, list[GroupScalar]] = {}
    items: dict[Items, list[ItemNumber]] = {}
    figures: dict[str, list[Figure]] = {}
    for metric in plan.pending():
        match metric:
            case _ if metric in without:
                continue
            case Count() | Scalar():
                rows.append(metric)
            case GroupScalar():
                keys.setdefault(metric.key, []).append(metric)
            case ItemNumber():
                items.setdefault(metric.items, []).append(metric)
            case Figure():
                figures.setdefault(metric.select, []).append(metric)
    rows = list(dict.fromkeys([*rows, *(metric for metric in split_counts(plan) if metric not in without)]))
    across = _across(plan)
    values: list[ByValue] = []
    suspects: list[Count] = []
    if plan.table.rows * len(rows) > tuning.work:
        values = list(_by_value(plan, rows, across, keys, tuning))
        apart = {metric for each in values for metric in each.counts}
        suspects = [metric for metric in _seldom(plan, rows) if metric not in apart and metric not in across]
        rows = [metric for metric in rows if metric not in {*apart, *suspects}]
        for each in values:
            if each.key is not None:
                del keys[each.key]
    return Scans(
        tuple(tuple(group) for group in _row_scans(rows, across)),
        tuple(values),
        tuple(suspects),
        {key: tuple(metrics) for key, metrics in keys.items()},
        {kind: tuple(metrics) for kind, metrics in items.items()},
        {select: tuple(metrics) for select, metrics in figures.items()},
    )


def _across(plan: Plan) -> set[Metric]:
    """The metrics that look into other tables, and no others do."""
    across = {metric for planned in plan.checks if planned.check.others for metric in planned.metrics.values()}
    across -= {metric for planned in plan.checks if not planned.check.others for metric in planned.metrics.values()}
    across.discard(ALL_ROWS)
    across.update(metric for metrics in plan.aids().values() for metric in metrics)
    return across


def _row_scans(rows: Sequence[Count | Scalar], across: Collection[Metric]) -> Iterator[Sequence[Count | Scalar]]:
    relations: dict[str, list[Count | Scalar]] = {EXTRACT: []}
    for metric in rows:
        relations.setdefault(metric.relation if isinstance(metric, Count) else EXTRACT, []).append(metric)
    for found in relations.values():
        yield from in_groups([m for m in found if m not in across], [m for m in found if m in across])


def in_groups(alone: Sequence[T], across: Sequence[T]) -> Iterator[Sequence[T]]:
    """What reads this extract alone, all together; then what looks into other tables, a few at a time."""
    if alone:
        yield alone
    for start in range(0, len(across), MOST_TOGETHER):
        yield across[start : start + MOST_TOGETHER]


def _seldom(plan: Plan, rows: Iterable[Count | Scalar]) -> Iterator[Count]:
    """Counts of what hardly any row has: violations, the classes of fields, and NULLs of which the footers say so."""
    broken = {
        planned.metrics.get("unexpected") for planned in plan.checks if isinstance(planned.check.expectation, RowExpectation)
    }
    broken |= {metric for field in plan.fields for metric in field.metrics.values()}
    for metric in rows:
        if not isinstance(metric, Count) or metric.relation != EXTRACT:
            continue
        if sql.read_by(metric.reads()) is None:
            continue
        if isinstance(metric.fact, NullsFact):
            nulls = plan.known.get(metric)
            if not metric.fact.negate and isinstance(nulls, int) and nulls <= SELDOM * plan.table.rows:
                yield metric
        elif metric in broken:
            yield metric


def _by_value(
    plan: Plan,
    rows: Sequence[Count | Scalar],
    across: Collection[Metric],
    keys: dict[Key, list[GroupScalar]],
    tuning: Tuning,
) -> Iterator[ByValue]:
    """The columns whose different values are judged, with the counts that only NULL cannot fulfil."""
    valued = {metric: column for planned in plan.checks for metric, column in _of_values(planned)}
    valued |= {
        metric: column
        for field in plan.fields
        for name, metric in field.metrics.items()
        if name != "null" and (column := _only_column(plan, metric))
    }
    counts: dict[Column, list[Count]] = {}
    for metric in rows:
        if isinstance(metric, Count) and metric not in across and (column := valued.get(metric)):
            counts.setdefault(column, []).append(metric)
    for column, found in counts.items():
        key = Key((column.sql,), f"{column.sql} IS NOT NULL")
        shared = key if key in keys and column.kind != "float" else None
        if why := _worth(column, found, shared, tuning):
            yield ByValue(column, tuple(found), shared, tuple(keys[shared]) if shared else (), why)


def _of_values(planned: Planned) -> Iterator[tuple[Metric, Column]]:
    """The violation of a rule about one column, which no NULL breaks, and that column."""
    expectation = planned.check.expectation
    if planned.problem or not isinstance(expectation, ColumnRowExpectation):
        return
    column, violation = planned.scope.column(expectation.column), planned.metrics["unexpected"]
    judged = expectation.missing(planned.scope).predicate == f"{column.sql} IS NULL"
    if (
        judged
        and isinstance(violation, Count)
        and violation.relation == EXTRACT
        and _columns(violation) == frozenset({column.sql})
    ):
        yield violation, column


def _only_column(plan: Plan, metric: Count) -> Column | None:
    read = _columns(metric)
    return next((column for column in plan.table.columns if read == frozenset({column.sql})), None)


def _columns(metric: Count) -> frozenset[str] | None:
    """The columns that a count reads where values are judged; None if it looks further."""
    return sql.read_by(metric.reads(of_value=True))


def _worth(column: Column, counts: Sequence[Count], key: Key | None, tuning: Tuning) -> str:
    """Why the different values of a column are worth finding; "" where they are not."""
    if not _can_be_grouped(column, counts):
        return ""
    if key is not None:
        return "its different values are needed anyway"
    if any(count.reads(of_value=True) != count.reads() for count in counts):
        return "a rule about it is costly, and codes have few different values"
    if not has_few_values(column, tuning):
        return ""
    said = f"the footers say {column.width:.1f} bytes for each value"
    is_text = column.kind == "text"
    return said if is_text else f"{said}, and there are {len(counts)} rules" if len(counts) >= tuning.rules else ""


def has_few_values(column: Column, tuning: Tuning) -> bool:
    """Whether a column seems to have few different values for its rows. An error costs time and nothing else."""
    return column.width is not None and column.width <= (tuning.width if column.kind == "text" else tuning.width / 2)


def _can_be_grouped(column: Column, counts: Sequence[Count]) -> bool:
    """Whether equal values are the same to all counts: 0.0 and -0.0 are not the same text, for example."""
    if column.sql.casefold() in ('"n"', '"k1"') or column.kind in ("nested", "other", "null"):
        return False  # the names are those of groups
    return column.kind != "float" or not any("VARCHAR" in count.reads() for count in counts)


def explained(plan: Plan, wanted: Scans) -> Iterator[str]:
    """What answers the numbers of a plan, and why, a line each."""
    facts: list[type] = [type(metric.fact) for metric in plan.known if isinstance(metric, Count | Scalar)]
    known = {
        "by numbers of rows and NULLs in the footers": sum(map(facts.count, (RowsFact, NullsFact, JointNullsFact))),
        "by minima and maxima in the footers": facts.count(BoundsFact) + facts.count(ExtremumFact),
        "because nothing can break the rule, or no value is wrong": facts.count(type(None)) + facts.count(AidFact),
    }
    yield from (f"{_numbers(count)} known without a scan, {how}" for how, count in known.items() if count)
    for each in wanted.values:
        found = _numbers(len(each.counts) + len(each.groups))
        yield f"{found} found once per different value of {each.column.sql}: {each.why}"
    if wanted.suspects:
        yield f"{_numbers(len(wanted.suspects))} counted in suspect rows alone: hardly any row is expected to break these rules"
    for metrics in wanted.rows:
        yield f"{_numbers(len(metrics))} found in a scan of all rows"
    for key, groups in wanted.keys.items():
        yield f"{_numbers(len(groups))} found by the key {', '.join(key.columns)}"


def _numbers(count: int) -> str:
    return "1 number is" if count == 1 else f"{count} numbers are"
