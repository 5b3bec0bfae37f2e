"""``row_condition``: which rows an expectation speaks about.

Takes what a suite says (a Condition object of GX 1.x, or text of one of four languages) and gives a tree of values
(:mod:`~dq_engine.catalog.condition_tree`); :func:`predicate` turns it into SQL. NULL follows SQL's three-valued logic in each
language: a comparison with NULL selects no row, nor does its negation. (pandas keeps such rows for ``!=`` and ``not``.)

============================  =====================================================================================
``condition_parser``          text is
============================  =====================================================================================
``great_expectations``        ``col("x") > 1`` (:mod:`~dq_engine.catalog.condition_col`)
``pandas``                    what ``DataFrame.query`` takes (:mod:`~dq_engine.catalog.condition_pandas`)
``spark``, ``sqlalchemy``     what follows WHERE in SQL (:mod:`~dq_engine.catalog.condition_sql`)
none                          ``col("x") > 1``; else a pandas query, as in GX; else SQL, where pandas could not read it
============================  =====================================================================================
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dq_engine import sql
from dq_engine.catalog import condition_col, condition_pandas, condition_sql
from dq_engine.catalog.condition_tree import (
    MAX_DEPTH,
    All,
    Among,
    Compared,
    Condition,
    Either,
    InvalidCondition,
    Named,
    Nothing,
    Value,
    checked,
    columns,
    predicate,
    spoken,
)
from dq_engine.catalog.condition_tree import Operator as Sign
from dq_engine.catalog.wording import allowed, in_words

__all__ = ["MAX_DEPTH", "MAX_LEAVES", "Condition", "InvalidCondition", "Written", "columns", "predicate", "read", "spoken"]

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "IN", "NOT_IN"]
Tag = Literal["comparison", "nullity", "and", "or", "pass_through"]
OWN_PARSERS = ("great_expectations", "great_expectations__experimental__")
SQL_PARSERS = ("spark", "sqlalchemy")
PARSERS = (*OWN_PARSERS, "pandas", *SQL_PARSERS)
MAX_LEAVES = 100
"""Great Expectations' own limit on the comparisons in one condition."""
MAX_TEXT = 100_000
"""Longer text is refused unread."""
MAX_PARTS = 1000
"""The most comparisons that a text may have."""


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


class PassThrough(Struct, frozen=True, tag_field="type", tag="pass_through", forbid_unknown_fields=True):
    """Text in the language of an engine: a pandas query, or SQL where `condition_parser` is spark."""

    pass_through_filter: str


class And(Struct, frozen=True, tag_field="type", tag="and", forbid_unknown_fields=True):
    """All of the conditions."""

    conditions: list[Comparison | Nullity | And | Or | PassThrough]


class Or(Struct, frozen=True, tag_field="type", tag="or", forbid_unknown_fields=True):
    """Any of the conditions."""

    conditions: list[Comparison | Nullity | And | Or | PassThrough]


Written = Comparison | Nullity | And | Or | PassThrough
"""A condition as a suite writes it, if not as text."""


def read(raw: dict[str, Any] | str, parser: str | None) -> Condition:
    """The condition that a suite's ``row_condition`` and ``condition_parser`` mean. Raises :class:`InvalidCondition`."""
    if parser is not None and parser not in PARSERS:
        raise InvalidCondition(f'the parser "{parser}" is unknown: expected one of {", ".join(PARSERS)}')
    if isinstance(raw, str):
        return _limited(_from_text(raw, parser))
    if depth(raw) > MAX_DEPTH:
        raise InvalidCondition(f"is nested more than {MAX_DEPTH} deep")
    try:
        written: Written = msgspec.convert(raw, Written)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        choices = {".operator": Operator, ".type": Tag}
        options = next((allowed(choice) for end, choice in choices.items() if place.rstrip("`").endswith(end)), "")
        if place.endswith(".parameter`") and message.endswith("got `null`"):
            options = '; a condition of type "nullity" chooses rows without a value'
        raise InvalidCondition(in_words(message, raw) + options, place.rstrip("`")) from None
    for part in _parts(written):
        if isinstance(part, And | Or) and not part.conditions:
            raise InvalidCondition('"conditions" is empty: give at least one')
        if isinstance(part, Comparison):
            _check(part)
    if sum(1 for part in _parts(written) if not isinstance(part, And | Or)) > MAX_LEAVES:
        raise InvalidCondition(f"has more than {MAX_LEAVES} comparisons")
    return _limited(_meant(written, parser))


def _limited(condition: Condition) -> Condition:
    if len(columns(checked(condition))) > MAX_PARTS:
        raise InvalidCondition(f"has more than {MAX_PARTS:,} comparisons")
    return condition


def depth(raw: object) -> int:
    """How deeply objects and lists are nested, without recursion."""
    found, level = 0, [raw]
    while level:
        found += 1
        inner = (value.values() if isinstance(value, dict) else value for value in level if isinstance(value, dict | list))
        level = list(itertools.chain.from_iterable(inner))
    return found


def _parts(written: Written) -> Iterator[Written]:
    yield written
    if isinstance(written, And | Or):
        for part in written.conditions:
            yield from _parts(part)


def _check(comparison: Comparison) -> None:
    values = comparison.parameter
    if isinstance(values, list) != (comparison.operator in ("IN", "NOT_IN")):
        raise InvalidCondition(f'a list goes with IN and NOT_IN, and only with them; not with "{comparison.operator}"')
    if isinstance(values, list) and len({isinstance(value, str) for value in values}) > 1:
        raise InvalidCondition(f'the list of "{comparison.operator}" has texts and numbers: give values of one kind')


def _meant(written: Written, parser: str | None) -> Condition:
    match written:
        case And(conditions):
            return All(tuple(_meant(part, parser) for part in conditions))
        case Or(conditions):
            return Either(tuple(_meant(part, parser) for part in conditions))
        case Nullity(column, is_null):
            return Nothing(Named(column.name), negate=not is_null)
        case PassThrough(text):
            return _from_engine_text(text, None if parser in OWN_PARSERS else parser)
        case Comparison(column, sign, parameter):
            if isinstance(parameter, list):
                return Among(Named(column.name), tuple(Value(value) for value in parameter), negate=sign == "NOT_IN")
            return Compared(Named(column.name), msgspec.convert(sign, Sign), Value(parameter))


def _from_text(text: str, parser: str | None) -> Condition:
    if parser in OWN_PARSERS or (parser is None and condition_col.begins(text)):
        try:
            return condition_col.read(text)
        except sql.Incomparable as error:
            raise InvalidCondition(str(error)) from None
    return _from_engine_text(text, parser)


def _from_engine_text(text: str, parser: str | None) -> Condition:
    if not text.strip():
        raise InvalidCondition(f"is empty: text must read like {condition_col.FORMS}; or use a Condition object")
    if len(text) > MAX_TEXT:
        raise InvalidCondition(f"is longer than {MAX_TEXT:,} characters")
    if parser in SQL_PARSERS:
        return condition_sql.read(text, parser)
    try:
        return condition_pandas.read(text)
    except condition_pandas.Unreadable as error:
        if parser == "pandas":
            raise
        try:
            return condition_sql.read(text, None)
        except condition_sql.Unreadable as other:
            raise InvalidCondition(f"{error}; and {other}") from None
