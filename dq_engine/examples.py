"""Kinds of failing values: the queries that find them, for the checks that failed. Pure.

A kind is the shape of values (letters ``A``/``a``, digits ``9``), or one value where values may be shown. All row checks are
looked at in one query, since they may break on the same rows; each key, and each kind of items, in one of its own. Every query
gives rows of (place of the check, shape, value as JSON or NULL, rows, kinds in all), at most ``MOST_EXAMPLES`` per check, the
commonest first.

To mask a value costs more than all rules about it. So where many fail, some of them are masked first (:func:`likely_shapes`),
and all others are held against the shapes that these have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import sql
from dq_engine.catalog import conditions
from dq_engine.catalog.shapes import KeyExpectation, RowExpectation
from dq_engine.compile import as_extract, groups, lines
from dq_engine.model import EXTRACT, Column, Count, ItemNumber, Items, Key, Outcome
from dq_engine.plan import Planned
from dq_engine.scans import Tuning, has_few_values, in_groups

MOST_EXAMPLES = 20
"""Kinds of failing values that are kept per check."""
SAMPLED = 500
"""Values that are masked to learn which shapes are likely."""
COMMON = 25
"""As many of these must have a shape."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Sample(Struct, frozen=True):
    """A column with values that will be masked: those in the rows of a relation that fulfil ``where`` ("": in all)."""

    column: Column
    relation: str
    where: str


class Failing(Struct, frozen=True):
    """A failed row check: the predicate of its failing rows, the columns to show, and all columns that the predicate reads.

    ``relation`` is where the rows are, if not in the extract. ``by_value``: the columns seem to have few different values.
    """

    predicate: str
    shown: tuple[Column, ...]
    read: tuple[str, ...]
    relation: str = EXTRACT
    by_value: bool = False


Likely = Mapping[str, Sequence[str]]
"""Shapes that many values of a column have, by the name of the column; see :func:`dq_engine.sql.masked`."""


def samples(failed: Sequence[Planned], outcomes: Mapping[str, Outcome], least: int) -> list[Sample]:
    """One sample for each column with at least so many failing values: those of the check with the most of them."""
    found: dict[str, Sample] = {}
    counted = [(outcomes[planned.check.id].unexpected_count or 0, planned) for planned in failed]
    many = [(count, planned) for count, planned in counted if count >= least]
    for _, planned in sorted(many, key=lambda pair: -pair[0]):
        metric, expectation = planned.metrics.get("unexpected"), planned.check.expectation
        if isinstance(expectation, KeyExpectation):
            relation, where = EXTRACT, expectation.key(planned.scope).where or ""
        elif _by_rows(planned) and isinstance(metric, Count):
            relation, where = metric.relation, metric.reads()
        else:
            continue
        for column in _columns(planned):
            found.setdefault(column.name, Sample(column, relation, where))
    return list(found.values())


def likely_shapes(samples: Sequence[Sample]) -> str:
    """Rows of (name of the column, shape): those that many of the first values of a sample have, the commonest first."""
    firsts = []
    for sample in samples:
        where = f" WHERE {sample.where}" if sample.where else ""
        some = f"SELECT {sample.column.sql} FROM {as_extract(sample.relation)}{where} LIMIT {SAMPLED}"
        firsts.append(f"SELECT {sql.text(sample.column.name)} AS c, {_shape([sample.column])} AS s FROM ({some})")
    counted = f"SELECT c, s, count(*) AS n FROM ({' UNION ALL '.join(firsts)}) GROUP BY c, s"
    return f"SELECT c, s FROM ({counted}) WHERE n >= {COMMON} ORDER BY c, n DESC, s"


def questions(
    failed: Sequence[Planned], likely: Likely, possible: Callable[[Key], Key], tuning: Tuning, rows: int
) -> Iterator[tuple[Sequence[Planned], str]]:
    """The checks that are looked at together, with the query; a place in its answer is that of the check among these.

    ``possible`` narrows a key to the rows that can have it repeated, ``rows`` are those of the extract.
    """
    by_row = [planned for planned in failed if _by_rows(planned)]
    across = [planned for planned in by_row if planned.check.others or planned.aids]
    few = rows > tuning.rows
    for group in in_groups([planned for planned in by_row if planned not in across], across):
        yield group, row_examples([_of_rows(planned, tuning, few_values=few) for planned in group], likely)
    for planned in failed:
        expectation, metric = planned.check.expectation, planned.metrics.get("unexpected")
        if isinstance(expectation, KeyExpectation) and (violation := expectation.violation(planned.scope)):
            key = expectation.key(planned.scope)
            key = possible(key) if expectation.by_rows else key
            yield [planned], key_examples(key, _columns(planned), violation, likely, by_rows=expectation.by_rows)
        if isinstance(metric, ItemNumber):
            yield [planned], item_examples(metric.items)


def _by_rows(planned: Planned) -> bool:
    expectation = planned.check.expectation
    return isinstance(expectation, RowExpectation) and expectation.exemplary


def _columns(planned: Planned) -> list[Column]:
    return [planned.scope.column(name) for name in planned.check.columns]


def _of_rows(planned: Planned, tuning: Tuning, *, few_values: bool) -> Failing:
    """How the failing rows of a check are found. Values are grouped first if that is asked for and a column seems to have few."""
    metric, subject = planned.metrics["unexpected"], _columns(planned)
    assert isinstance(metric, Count)
    condition = [planned.scope.column(name) for name in conditions.columns(planned.check.condition)]
    read = {column.sql: column for column in (*subject, *condition)}
    by_value = few_values and len(read) == 1 and metric.relation == EXTRACT and has_few_values(subject[0], tuning)
    return Failing(metric.reads(), tuple(subject), tuple(sorted(read)), metric.relation, by_value)


def row_examples(failed: Sequence[Failing], likely: Likely = NOTHING) -> str:
    """Of row checks. Failing rows are first grouped by what their checks read: a value is masked once, not once per row."""
    together: dict[tuple[object, ...], list[int]] = {}
    for place, check in enumerate(failed):
        together.setdefault((check.read, check.shown) if check.relation == EXTRACT else (place,), []).append(place)
    kinds = "\nUNION ALL ".join(_failing({place: failed[place] for place in places}, likely) for places in together.values())
    ranks = "count(*) OVER (PARTITION BY c) AS kinds, row_number() OVER (PARTITION BY c ORDER BY n DESC, s, v) AS place"
    ranked = f"SELECT *, {ranks} FROM ({kinds}) WHERE n IS NOT NULL"
    return f"SELECT c, s, v, n, kinds FROM ({ranked}) WHERE place <= {MOST_EXAMPLES} ORDER BY c, place"


def _failing(checks: dict[int, Failing], likely: Likely) -> str:
    """Kinds of failing values of checks that read and show the same columns, with the rows ``n`` that break each check ``c``."""
    first = checks[min(checks)]
    any_failed = " OR ".join(f"({check.predicate})" for check in checks.values())
    rows, columns = _unlike(first.read), ", ".join(first.read)
    values = f"SELECT {columns}, count(*) AS {rows} FROM {as_extract(first.relation)} WHERE {any_failed} GROUP BY ALL"
    if first.by_value:
        grouped = f"SELECT {columns}, count(*) AS {rows} FROM {EXTRACT} GROUP BY ALL"
        values = f"SELECT * FROM ({grouped}) AS {EXTRACT} WHERE CASE WHEN {rows} > 0 THEN {any_failed} END"
    alone = len(checks) == 1  # all values are then its own, and its predicate may speak of more than the values
    broken = {place: rows if alone else f"CASE WHEN {check.predicate} THEN {rows} END" for place, check in checks.items()}
    named = lines([f"{number} AS n{place}" for place, number in broken.items()])
    shown = f"SELECT {_shape(first.shown, likely)} AS s, {_value(first.shown)} AS v, {named} FROM ({values}) AS {EXTRACT}"
    sums = ", ".join(f"sum(n{place})" for place in checks)
    kinds = f"SELECT s, v, [{sums}] AS sums FROM ({shown}) GROUP BY s, v"
    return f"SELECT unnest([{', '.join(map(str, checks))}]) AS c, s, v, unnest(sums) AS n FROM ({kinds})"


def _unlike(names: Sequence[str]) -> str:
    """A name for the number of rows that none of the columns beside it has."""
    taken = {name.casefold() for name in names}
    return next(name for number in range(len(names) + 1) if (name := f'"dq_rows_{number}"') not in taken)


def key_examples(key: Key, columns: Sequence[Column], violation: str, likely: Likely = NOTHING, *, by_rows: bool) -> str:
    """Of a rule about a key. Counts rows, or else different values."""
    renamed = [
        Column(column.name, f"k{place}", column.type, column.kind, shown=column.shown) for place, column in enumerate(columns, 1)
    ]
    if all(column.shown for column in columns):  # each key is a kind of its own, and no more are masked than are shown
        names = ", ".join(column.sql for column in renamed)
        counted = "n" if by_rows else "1"
        failing = f"SELECT {names}, {counted} AS n, count(*) OVER () AS kinds FROM ({groups(key)}) WHERE {violation}"
        first = f"{failing} ORDER BY n DESC, {names} LIMIT {MOST_EXAMPLES}"
        return f"SELECT 0, {_shape(renamed)}, {_value(renamed)}, n, kinds FROM ({first}) ORDER BY n DESC, {names}"
    counted = "sum(n)" if by_rows else "count(*)"
    failing = f"SELECT {_shape(renamed, likely)} AS s, {_value(renamed)} AS v, n FROM ({groups(key)}) WHERE {violation}"
    kinds = f"SELECT s, v, {counted} AS n FROM ({failing}) GROUP BY s, v"
    return f"SELECT 0, s, v, n, count(*) OVER () AS kinds FROM ({kinds}) ORDER BY n DESC, s, v LIMIT {MOST_EXAMPLES}"


def item_examples(items: Items) -> str:
    """Of a rule about items."""
    failing = f"SELECT {_shape(items.shown)} AS s, {_value(items.shown)} AS v FROM ({items.sql}) WHERE unexpected AND NOT missing"
    kinds = f"SELECT s, v, count(*) AS n FROM ({failing}) GROUP BY s, v"
    return f"SELECT 0, s, v, n, count(*) OVER () AS kinds FROM ({kinds}) ORDER BY n DESC, s, v LIMIT {MOST_EXAMPLES}"


def _zero(column: Column) -> Column:
    """The column with -0.0 as 0.0: grouping takes them for one value, and either could stand for it."""
    return msgspec.structs.replace(column, sql=f"({column.sql} + 0)") if column.kind == "float" else column


def _shape(columns: Sequence[Column], likely: Likely = NOTHING) -> str:
    masks = [sql.masked(sql.as_text(_zero(column)), likely.get(column.name, ())) for column in columns]
    shapes = [f"coalesce({mask}, 'NULL')" for mask in masks]
    if len(columns) == 1:
        return shapes[0]
    return " || ' | ' || ".join(
        f"{sql.text(column.name + ' ')} || {shape}" for column, shape in zip(columns, shapes, strict=True)
    )


def _value(columns: Sequence[Column]) -> str:
    if not all(column.shown for column in columns):
        return "NULL::VARCHAR"
    if len(columns) == 1:
        return f"CAST(to_json({_zero(columns[0]).sql}) AS VARCHAR)"
    pairs = ", ".join(f"{sql.text(column.name)}, {_zero(column).sql}" for column in columns)
    return f"CAST(json_object({pairs}) AS VARCHAR)"
