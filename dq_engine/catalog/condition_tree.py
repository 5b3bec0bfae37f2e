"""What a ``row_condition`` means, in whatever language it was written: a tree of values. Pure.

:func:`predicate` turns it into SQL, :func:`spoken` into English, :func:`columns` names what it reads. The logic is SQL's, with
three values: a comparison with NULL is neither true nor false, nor is its negation, and only rows for which the whole is true
are chosen.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from dq_engine import sql
from dq_engine.catalog import like
from dq_engine.model import Column

Operator = Literal["==", "!=", "<", "<=", ">", ">="]
Sign = Literal["+", "-", "*", "/", "//", "%", "**", "mod"]
"""``//`` and ``%`` round down, as Python's do; ``mod`` has the sign of what is divided, as SQL's."""
Feature = Literal["length", "year", "quarter", "month", "day"]
Kind = Literal["contains", "starts", "ends", "pattern", "like"]

SAID: dict[Kind, str] = {
    "contains": "contains",
    "starts": "starts with",
    "ends": "ends with",
    "pattern": "fits the pattern",
    "like": "is like",
}

MAX_DEPTH = 60
"""Deeper nesting is refused."""
MAX_POWER = 3
SYMBOLS: dict[Operator, str] = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
FLIPPED: dict[Operator, Operator] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
OPPOSITE: dict[Operator, Operator] = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class InvalidCondition(ValueError):
    """A condition that cannot be understood; the message is for people, ``path`` the place of the fault below the condition."""

    def __init__(self, message: str, path: str = "") -> None:
        self.path = path
        super().__init__(message)


class Named(Struct, frozen=True):
    """The values of a column."""

    name: str


class Value(Struct, frozen=True):
    """A value that the condition spells; ``moment``: a date or time (as ISO 8601 text) and never mere text."""

    value: str | int | float | bool
    moment: bool = False


class Calculation(Struct, frozen=True):
    """Arithmetic of two numbers, at least one of them a column's."""

    sign: Sign
    left: Term
    right: Term


class Measure(Struct, frozen=True):
    """A number that each value of a column has: the number of its characters, or a part of its date."""

    name: str
    what: Feature = "length"


Term = Named | Value | Calculation | Measure


class Compared(Struct, frozen=True):
    """Two terms compared; a value stands on the right."""

    left: Named | Calculation | Measure
    operator: Operator
    right: Term


class Among(Struct, frozen=True):
    """A column's value is one of the values, or with ``negate`` none of them.

    ``apart``: as in pandas, a text is simply not equal to a number; otherwise comparing them is a mistake.
    """

    column: Named
    values: tuple[Value, ...]
    negate: bool = False
    apart: bool = False


class Nothing(Struct, frozen=True):
    """A column has no value; with ``negate``: it has one."""

    column: Named
    negate: bool = False


class Holds(Struct, frozen=True):
    """A column of yes and no says yes."""

    column: Named


class Fits(Struct, frozen=True):
    """The text of a column contains, starts or ends with a text, or fits a pattern (of RE2, or of LIKE with its ``escape``)."""

    column: Named
    kind: Kind
    text: str
    escape: str = ""
    said: str = ""


class Not(Struct, frozen=True):
    """The opposite of a condition; neither true nor false where that is neither."""

    condition: Condition


class All(Struct, frozen=True):
    """All of the conditions."""

    conditions: tuple[Condition, ...]


class Either(Struct, frozen=True):
    """At least one of the conditions."""

    conditions: tuple[Condition, ...]


Condition = Compared | Among | Nothing | Holds | Fits | Not | All | Either
Find = Callable[[str], Column]


# ------------------------------------------------------------------------------------------------------------- making


def calculation(sign: Sign, left: Term, right: Term) -> Term:
    """The arithmetic of two terms; of two numbers the result. Raises :class:`InvalidCondition` where it is not translated."""
    for term in (left, right):
        if isinstance(term, Value) and (isinstance(term.value, bool | str)):
            raise InvalidCondition(f"{sql.spoken(term.value)} is no number, and only numbers can be calculated with")
    if isinstance(left, Value) and isinstance(right, Value):
        return Value(_result(sign, left.value, right.value))
    whole = isinstance(right, Value) and isinstance(right.value, int)
    if sign in ("//", "%", "mod") and not (whole and isinstance(right, Value) and right.value != 0):
        shown = "%" if sign == "mod" else sign
        raise InvalidCondition(f"{shown} is translated only with a whole number other than 0 behind it, as in x {shown} 2")
    if sign == "**" and not (isinstance(right, Value) and right.value in range(2, MAX_POWER + 1)):
        raise InvalidCondition("** is translated only with 2 or 3 behind it; write x * x")
    return Calculation(sign, left, right)


def _result(sign: Sign, left: object, right: object) -> int | float:
    functions: dict[Sign, Callable[[int | float, int | float], int | float]] = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "//": operator.floordiv,
        "%": operator.mod,
    }
    assert isinstance(left, int | float)
    assert isinstance(right, int | float)
    if sign not in functions:
        raise InvalidCondition(f"{'%' if sign == 'mod' else sign} is not calculated between two numbers: write the result")
    try:
        return functions[sign](left, right)
    except (ZeroDivisionError, OverflowError):
        raise InvalidCondition(f"{left} {sign} {right} has no result") from None


def compared(left: Term, operator: Operator, right: Term) -> Compared:
    """The comparison of two terms, a value on the right. Raises :class:`InvalidCondition` where neither names a column."""
    if not isinstance(left, Value):
        return Compared(left, operator, right)
    if isinstance(right, Value):
        raise InvalidCondition(f"{sql.spoken(left.value)} and {sql.spoken(right.value)} are compared, and neither is a column")
    return Compared(right, FLIPPED[operator], left)


def opposite(condition: Condition) -> Condition:
    """What holds where a condition is false; both are neither true nor false for the same rows."""
    match condition:
        case Compared(left, sign, right):
            return Compared(left, OPPOSITE[sign], right)
        case Among(column, values, negate, apart):
            return Among(column, values, not negate, apart)
        case Nothing(column, negate):
            return Nothing(column, not negate)
        case Not(part):
            return part
        case _:
            return Not(condition)


def checked(condition: Condition) -> Condition:
    """The same, if it is not nested too deeply. Raises :class:`InvalidCondition`."""
    pending: list[tuple[Condition | Term, int]] = [(condition, 1)]
    while pending:
        part, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise InvalidCondition(f"is nested more than {MAX_DEPTH} deep")
        pending += [(inner, depth + 1) for inner in _inner(part)]
    return condition


def _inner(part: Condition | Term) -> tuple[Condition | Term, ...]:
    if isinstance(part, All | Either):
        return part.conditions
    if isinstance(part, Not):
        return (part.condition,)
    return (part.left, part.right) if isinstance(part, Calculation | Compared) else ()


# ------------------------------------------------------------------------------------------------------------ reading


def columns(condition: Condition | None) -> tuple[str, ...]:
    """The names of the columns that a condition uses, from left to right."""
    return tuple(_names(condition)) if condition else ()


def _names(part: Condition | Term) -> Iterator[str]:
    if isinstance(part, Named | Measure):
        yield part.name
    elif isinstance(part, Among | Nothing | Holds | Fits):
        yield part.column.name
    for inner in _inner(part):
        yield from _names(inner)


# ---------------------------------------------------------------------------------------------------------------- SQL


def predicate(condition: Condition, find: Find) -> str:
    """The condition as SQL; ``find`` gives the column of a name.

    Raises :class:`dq_engine.sql.Incomparable` where a value does not fit the type of its column.
    """
    match condition:
        case All(parts) | Either(parts):
            word, empty = (" AND ", "TRUE") if isinstance(condition, All) else (" OR ", "FALSE")
            return word.join(f"({predicate(part, find)})" for part in parts) or empty
        case Not(part):
            return f"NOT ({predicate(part, find)})"
        case Compared():
            return _comparison(condition, find)
        case _:
            return _of_column(condition, find(condition.column.name))


def _of_column(condition: Among | Nothing | Holds | Fits, column: Column) -> str:
    match condition:
        case Nothing(_, negate):
            return f"{column.sql} IS {'NOT ' if negate else ''}NULL"
        case Holds():
            return _truth(column)
        case Fits():
            return _fitting(condition, column)
        case Among():
            return _among(condition, column)


def _truth(column: Column) -> str:
    if column.kind not in ("boolean", "null"):
        raise sql.Incomparable(f'column "{column.name}" of type {column.type} is neither true nor false: compare it with a value')
    return column.sql if column.kind == "boolean" else "NULL"


def _fitting(fits: Fits, column: Column) -> str:
    if column.kind == "null":
        return "NULL"
    if column.kind != "text":
        raise sql.Incomparable(f'column "{column.name}" of type {column.type} has no text to search')
    text = sql.text(fits.text)
    if fits.kind == "like":
        return like.matches(column.sql, fits.text, fits.escape or None)
    function = {"contains": "contains", "starts": "starts_with", "ends": "suffix", "pattern": "regexp_matches"}[fits.kind]
    return f"{function}({column.sql}, {text})"


def _among(among: Among, column: Column) -> str:
    values = [value for value in among.values if not (among.apart and _never_equal(value, column))]
    literals = [_literal(value, column) for value in values]
    if among.apart and len(literals) == 1:
        return f"{column.sql} {'<>' if among.negate else '='} {literals[0]}"
    return sql.in_list(column.sql, literals, negate=among.negate)


def _never_equal(value: Value, column: Column) -> bool:
    """Whether no value of the column can equal the value, because one is text and the other a number."""
    if value.moment:
        return False
    if isinstance(value.value, str):
        return column.kind in sql.NUMERIC or column.kind == "boolean"
    return column.kind == "text" or (column.kind == "boolean" and value.value not in (0, 1))


def _literal(value: Value, column: Column) -> str:
    if value.moment and column.kind not in (*sql.TEMPORAL, "null"):
        raise sql.Incomparable(f'the date {value.value} cannot be compared with column "{column.name}" of type {column.type}')
    return sql.typed(value.value, column)


def _comparison(comparison: Compared, find: Find) -> str:
    left, right, symbol = comparison.left, comparison.right, SYMBOLS[comparison.operator]
    if isinstance(left, Named) and isinstance(right, Value):
        column = find(left.name)
        return f"{column.sql} {symbol} {_literal(right, column)}"
    if isinstance(left, Named) and isinstance(right, Named):
        a, b = find(left.name), find(right.name)
        if sql.family(a) != sql.family(b) and "null" not in (a.kind, b.kind):
            raise sql.Incomparable(
                f'columns "{a.name}" ({a.type}) and "{b.name}" ({b.type}) cannot be compared: their types differ'
            )
        return f"{sql.operand(a)} {symbol} {sql.operand(b)}"
    return f"{_number(left, find)} {symbol} {_number(right, find)}"


Precision = Literal["whole", "decimal", "double", "spelled"]
"""How a number is held; ``spelled``: by its digits (0.1), as what it meets needs it."""


class _Operand(Struct, frozen=True):
    sql: str
    precision: Precision


def _number(term: Term, find: Find) -> str:
    """A term as SQL of a number. What is no number (infinity less infinity) is NULL, as it is in the extract."""
    if isinstance(term, Value):
        return _calculated(term, find).sql
    operand = _calculated(term, find)
    return (
        f"nullif({operand.sql}, 'NaN'::DOUBLE)"
        if operand.precision == "double" and isinstance(term, Calculation)
        else operand.sql
    )


def _calculated(term: Term, find: Find) -> _Operand:
    match term:
        case Value(value):
            if isinstance(value, str):
                raise sql.Incomparable(f"{sql.spoken(value)} is no number, and cannot be compared with one")
            return _Operand(sql.number(value), "whole" if isinstance(value, int) else "spelled")
        case Measure(name, what):
            return _Operand(_measured(find(name), what), "whole")
        case Named(name):
            column = find(name)
            if column.kind not in (*sql.NUMERIC, "null"):
                raise sql.Incomparable(f'column "{column.name}" of type {column.type} cannot be calculated with')
            precisions: dict[str, Precision] = {"integer": "whole", "decimal": "decimal", "float": "double", "null": "whole"}
            return _Operand("NULL" if column.kind == "null" else column.sql, precisions[column.kind])
        case Calculation(sign, left, right):
            return _sum(sign, _calculated(left, find), _calculated(right, find))


def _measured(column: Column, what: Feature) -> str:
    kinds = ("text",) if what == "length" else ("date", "timestamp", "timestamptz")
    if column.kind not in (*kinds, "null"):
        raise sql.Incomparable(f'column "{column.name}" of type {column.type} has no {what}')
    value = f"({column.sql} AT TIME ZONE 'UTC')" if column.kind == "timestamptz" else column.sql
    return "NULL" if column.kind == "null" else f"{what}({value})"


def _sum(sign: Sign, left: _Operand, right: _Operand) -> _Operand:
    if sign == "/":
        return _Operand(f"({_double(left)} / {_double(right)})", "double")
    if sign in ("//", "%", "mod"):
        if left.precision != "whole":
            raise sql.Incomparable(f"{'%' if sign == 'mod' else sign} is translated only for whole numbers")
        a, b = _huge(left), right.sql
        if sign == "mod":
            return _Operand(f"({a} % {b})", "whole")
        rest = f"(({a} % {b} + {b}) % {b})"
        return _Operand(rest if sign == "%" else f"(({a} - {rest}) // {b})", "whole")
    if sign == "**":
        power = _prepared(left, left)[0]
        return _Operand(f"({' * '.join([power.sql] * int(right.sql))})", power.precision)
    first, second = _prepared(left, right)
    return _Operand(f"({first.sql} {sign} {second.sql})", first.precision)


def _prepared(left: _Operand, right: _Operand) -> tuple[_Operand, _Operand]:
    """Both, held alike: whole numbers without overflow, decimals exactly, all else as doubles."""
    both = {left.precision, right.precision}
    if both == {"whole"}:
        return _Operand(_huge(left), "whole"), _Operand(_huge(right), "whole")
    if "decimal" in both and "double" not in both:
        return _Operand(left.sql, "decimal"), _Operand(right.sql, "decimal")
    return _Operand(_double(left), "double"), _Operand(_double(right), "double")


def _huge(operand: _Operand) -> str:
    return f"CAST({operand.sql} AS HUGEINT)"


def _double(operand: _Operand) -> str:
    return operand.sql if operand.precision == "double" else f"CAST({operand.sql} AS DOUBLE)"


# ------------------------------------------------------------------------------------------------------------ English


def spoken(condition: Condition) -> str:
    """The condition as part of an English sentence."""
    match condition:
        case All(parts) | Either(parts):
            word = " and " if isinstance(condition, All) else " or "
            return word.join(_bracketed(part) for part in parts)
        case Not(part):
            return f"not ({spoken(part)})"
        case Compared(left, sign, right):
            words = {"==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
            return f"{_spoken_term(left)} {words[sign]} {_spoken_term(right)}"
        case _:
            return f"{condition.column.name} {_spoken_of_column(condition)}"


def _spoken_of_column(condition: Among | Nothing | Holds | Fits) -> str:
    match condition:
        case Nothing(_, negate):
            return f"has {'a' if negate else 'no'} value"
        case Holds():
            return "is true"
        case Fits(_, kind, text, _, said):
            return f"{SAID[kind]} {sql.spoken(said or text)}"
        case Among(_, values, negate, apart):
            shown = ", ".join(_spoken_term(value) for value in values) or "nothing"
            single = apart and len(values) == 1
            return f"is{' not' if single and negate else '' if single else ' none of' if negate else ' one of'} {shown}"


def _bracketed(part: Condition) -> str:
    return f"({spoken(part)})" if isinstance(part, All | Either) else spoken(part)


def _spoken_term(term: Term) -> str:
    match term:
        case Named(name):
            return name
        case Value(value, moment):
            return str(value) if moment else sql.spoken(value)
        case Measure(name, what):
            return f"the {what} of {name}"
        case Calculation("-", Value(0), right):
            return f"-{_inside(right)}"
        case Calculation(sign, left, right):
            return f"{_inside(left)} {'%' if sign == 'mod' else sign} {_inside(right)}"


def _inside(term: Term) -> str:
    return f"({_spoken_term(term)})" if isinstance(term, Calculation) else _spoken_term(term)
