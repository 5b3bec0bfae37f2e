"""``row_condition``: which rows an expectation speaks about.

Takes what a suite says (a Condition object of GX 1.x, or its older ``col("x") > 1`` text) and gives a tree of values;
:func:`predicate` turns the tree into SQL. NULL follows SQL's three-valued logic: a comparison with NULL selects no row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dq_engine import sql
from dq_engine.catalog.wording import allowed, in_words
from dq_engine.model import Column

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "IN", "NOT_IN"]
Tag = Literal["comparison", "nullity", "and", "or"]
MAX_DEPTH = 60
"""Deeper nesting (of objects and lists) is refused."""
MAX_LEAVES = 100
"""Great Expectations' own limit on the comparisons in one condition."""


class ColumnName(Struct, frozen=True):
    """The column that a condition names."""

    name: str


class Comparison(Struct, frozen=True, tag_field="type", tag="comparison", forbid_unknown_fields=True):
    """A column compared with a value, or with a list of values for IN and NOT_IN."""

    column: ColumnName
    operator: Operator
    parameter: str | int | float | bool | list[str | int | float | bool]


class Nullity(Struct, frozen=True, tag_field="type", tag="nullity", forbid_unknown_fields=True):
    """A column that has no value, or that has one."""

    column: ColumnName
    is_null: bool


class And(Struct, frozen=True, tag_field="type", tag="and", forbid_unknown_fields=True):
    """All of the conditions."""

    conditions: list[Comparison | Nullity | And | Or]


class Or(Struct, frozen=True, tag_field="type", tag="or", forbid_unknown_fields=True):
    """Any of the conditions."""

    conditions: list[Comparison | Nullity | And | Or]


Condition = Comparison | Nullity | And | Or


class InvalidCondition(ValueError):
    """A condition that cannot be understood; the message is for people, ``path`` the place of the fault below the condition."""

    def __init__(self, message: str, path: str = "") -> None:
        self.path = path
        super().__init__(message)


def read(raw: dict[str, Any] | str, parser: str | None) -> Condition:
    """The condition that a suite's ``row_condition`` and ``condition_parser`` mean. Raises :class:`InvalidCondition`."""
    if isinstance(raw, str):
        if parser not in (None, "great_expectations", "great_expectations__experimental__"):
            raise InvalidCondition(
                f'text for the parser "{parser}" is not supported; write a Condition object, such as '
                '{"type": "comparison", "column": {"name": "x"}, "operator": "==", "parameter": 1}'
            )
        return _read_text(raw)
    if _depth(raw) > MAX_DEPTH:
        raise InvalidCondition(f"is nested more than {MAX_DEPTH} deep")
    try:
        condition: Condition = msgspec.convert(raw, Condition)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        choices = {".operator": Operator, ".type": Tag}
        options = next((allowed(choice) for end, choice in choices.items() if place.rstrip("`").endswith(end)), "")
        raise InvalidCondition(in_words(message, raw) + options, place.rstrip("`")) from None
    for part in _parts(condition):
        if isinstance(part, And | Or) and not part.conditions:
            raise InvalidCondition('"conditions" is empty: give at least one')
        if isinstance(part, Comparison) and isinstance(part.parameter, list) != (part.operator in ("IN", "NOT_IN")):
            raise InvalidCondition(f'a list goes with IN and NOT_IN, and only with them; not with "{part.operator}"')
    if sum(1 for _ in leaves(condition)) > MAX_LEAVES:
        raise InvalidCondition(f"has more than {MAX_LEAVES} comparisons")
    return condition


def _depth(raw: object) -> int:
    """How deeply objects and lists are nested, without recursion."""
    deepest, pending = 0, [(raw, 1)]
    while pending:
        value, depth = pending.pop()
        deepest = max(deepest, depth)
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        pending += [(part, depth + 1) for part in inner]
    return deepest


def _parts(condition: Condition) -> Iterator[Condition]:
    yield condition
    if isinstance(condition, And | Or):
        for part in condition.conditions:
            yield from _parts(part)


def leaves(condition: Condition) -> Iterator[Comparison | Nullity]:
    """Every comparison of a condition, from left to right."""
    if isinstance(condition, And | Or):
        for part in condition.conditions:
            yield from leaves(part)
    else:
        yield condition


def columns(condition: Condition | None) -> tuple[str, ...]:
    """The names of the columns that a condition uses."""
    return tuple(leaf.column.name for leaf in leaves(condition)) if condition else ()


def predicate(condition: Condition, find: Callable[[str], Column]) -> str:
    """The condition as SQL; ``find`` gives the column of a name.

    Raises :class:`dq_engine.sql.Incomparable` where a value does not fit the type of its column.
    """
    if isinstance(condition, And | Or):
        word = " AND " if isinstance(condition, And) else " OR "
        empty = "TRUE" if isinstance(condition, And) else "FALSE"
        return word.join(f"({predicate(part, find)})" for part in condition.conditions) or empty
    column = find(condition.column.name)
    if isinstance(condition, Nullity):
        return f"{column.sql} IS {'' if condition.is_null else 'NOT '}NULL"
    if condition.operator in ("IN", "NOT_IN"):
        values = condition.parameter if isinstance(condition.parameter, list) else [condition.parameter]
        literals = [sql.typed(value, column) for value in values]
        return sql.in_list(column.sql, literals, negate=condition.operator == "NOT_IN")
    if isinstance(condition.parameter, list):
        raise sql.Incomparable(f'a list goes with IN and NOT_IN, not with "{condition.operator}"')
    symbol = {"==": "=", "!=": "<>"}.get(condition.operator, condition.operator)
    return f"{column.sql} {symbol} {sql.typed(condition.parameter, column)}"


def spoken(condition: Condition) -> str:
    """The condition as part of an English sentence."""
    if isinstance(condition, And | Or):
        word = " and " if isinstance(condition, And) else " or "
        return word.join(f"({spoken(part)})" if isinstance(part, And | Or) else spoken(part) for part in condition.conditions)
    name = condition.column.name
    if isinstance(condition, Nullity):
        return f"{name} has {'no' if condition.is_null else 'a'} value"
    words = {
        "==": "is",
        "!=": "is not",
        "<": "is below",
        "<=": "is at most",
        ">": "is above",
        ">=": "is at least",
        "IN": "is one of",
        "NOT_IN": "is none of",
    }
    value = condition.parameter
    shown = ", ".join(sql.spoken(item) for item in value) if isinstance(value, list) else sql.spoken(value)
    return f"{name} {words[condition.operator]} {shown}"


_NAME = r"""col\(\s*(?P<quote>["'])(?P<name>(?:(?!(?P=quote)).)+)(?P=quote)\s*\)"""
_NULLITY = re.compile(rf"\s*{_NAME}\s*\.\s*(?P<null>notnull|isnull)\(\s*\)\s*")
_COMPARISON = re.compile(
    rf"""\s*{_NAME}\s*(?P<operator>==|!=|<=|>=|<|>)\s*
    (?:(?P<date>date\(\s*)?(?P<q>["'])(?P<text>(?:(?!(?P=q)).)*)(?P=q)(?(date)\s*\))|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>[Tt]rue|[Ff]alse))\s*""",
    re.VERBOSE,
)


def _read_text(raw: str) -> Condition:
    if match := _NULLITY.fullmatch(raw):
        return Nullity(ColumnName(match["name"]), match["null"] == "isnull")
    if match := _COMPARISON.fullmatch(raw):
        value: str | int | float | bool
        if match["number"] is not None:
            value = sql.as_number(match["number"])
        elif match["word"] is not None:
            value = match["word"].lower() == "true"
        else:
            value = match["text"]
        return Comparison(ColumnName(match["name"]), msgspec.convert(match["operator"], Operator), value)
    raise InvalidCondition('text must read like col("x") == "y", col("x") > 1, or col("x").notnull(); or use a Condition object')
