"""The reference suite as somebody would write it by hand: which numbers each rule needs, and what follows from them.

Shared by the runners that are no data-quality tools: DuckDB, polars and DataFusion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.bench.peers import rules
from tests.bench.peers.rules import Answer, Rule

ROW_RULES = (rules.PRESENT, rules.MEMBER, rules.RANGE, rules.PATTERN, rules.LENGTH, rules.PAIR, rules.SUM)
"""The types that judge each row on its own."""


COUNTABLE = (*ROW_RULES, rules.UNIQUE, rules.KEY)
"""The types of which it can be said how many rows break them."""


class Number(NamedTuple):
    """A number about the extract.

    ``what`` is "rows"; "present" (rows in which all the columns have a value); "wrong" (rows that break a rule); "repeated" (rows
    whose values another row has, too); "distinct" (different values); or a statistic ("mean").
    """

    what: str
    columns: tuple[str, ...] = ()
    place: int | None = None


class Shape(NamedTuple):
    """A rule, and the numbers that it is judged by."""

    rule: Rule
    numbers: tuple[Number, ...]


ALL = Number("rows")


def shapes(listed: list[Rule]) -> list[Shape]:
    """What each rule needs."""
    return [Shape(rule, _needs(rule, place)) for place, rule in enumerate(listed)]


def _needs(rule: Rule, place: int) -> tuple[Number, ...]:
    if rule.kind in (rules.ROWS, rules.COLUMNS):
        return (ALL,)
    columns = tuple(rule.columns)
    of = ALL if rule.kind in (rules.PRESENT, rules.KEY, rules.SUM) else Number("present", columns)
    if rule.kind == rules.PRESENT:
        return (of, Number("present", columns))
    if rule.kind in ROW_RULES:
        return (of, Number("wrong", columns, place))
    if rule.kind in (rules.UNIQUE, rules.KEY):
        return (of, Number("repeated", columns))
    if rule.kind in (rules.DISTINCT, rules.PROPORTION):
        return (of, Number("distinct", columns))
    return (Number(rule.statistic, columns),)


def judged(shape: Shape, numbers: Mapping[Number, Any], columns: list[str]) -> Answer:
    """Whether the rule holds; ``columns`` are those of the extract."""
    rule, values = shape.rule, [numbers[number] for number in shape.numbers]
    if rule.kind == rules.COLUMNS:
        wanted = set(rule.kwargs["column_set"])
        return Answer(wanted == set(columns) if rule.kwargs.get("exact_match", True) else wanted <= set(columns))
    if rule.kind == rules.PRESENT:
        return tolerated(rule, values[0], values[0] - values[1])
    if rule.kind in COUNTABLE:
        return tolerated(rule, values[0], int(values[1] or 0))
    if rule.kind == rules.PROPORTION:
        return within(rule, values[1] / values[0] if values[0] else None)
    return within(rule, values[-1])


def tolerated(rule: Rule, of: int, count: int) -> Answer:
    """Of ``of`` rows ``count`` break the rule: whether as many as ``mostly`` asks do not."""
    return Answer(of == 0 or (of - count) / of >= rule.mostly, count)


def within(rule: Rule, value: Any) -> Answer:
    """Whether a number is within the bounds of the rule."""
    return Answer(value is not None and rule.low <= value <= rule.high)
