"""``{"$PARAMETER": "…"}``: the name of a parameter, or an expression of parameters -> a value. Pure: the time is an argument.

The grammar is that of Great Expectations 1.24 (``core/suite_parameters.py``), and so is its meaning::

    expression  term, then + or - and a term, …                 timedelta, datetime: their arguments are
    term        factor, then * or / and a factor, …             those of Python
    factor      atom, then ^ and a factor                       2^3^2 is 2^(3^2)
    atom        signs and a number, a name, PI, E, a call, or (expression)    -2^2 is (-2)^2
    call        sin cos tan exp abs trunc round sgn now datetime timedelta, with arguments by place or by name

A name alone stands for the value as it is, whatever it is. Within an expression a value must be a number or a date, or text that
spells one. What differs from GX: nothing is evaluated as Python, sizes are limited, ``now()`` is in UTC, dates are ISO 8601
(GX reads 03/04/2024 as the 4th of March), ``+-x`` is refused (GX takes it for x), and an expression in brackets may stand alone.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from msgspec import Struct

from dq_engine import sql
from dq_engine.errors import UsageError

KEY = "$PARAMETER"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_$]*")
"""What a parameter may be called, so that an expression can speak of it."""
NAMED = "A name begins with a letter, and has letters, digits, _ or $ (A to Z only)"
LONGEST, DEEPEST, LARGEST = 1000, 50, 4096
"""Characters of an expression, brackets and powers within each other, bits of a whole number."""
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<number>(?:\d+|\.\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_$]*)|(?P<sign>[-+*/^(),=]))"
)
_OLD = "urn:great_expectations:"
Operand = int | float | dt.datetime | dt.timedelta


class Given(Struct, frozen=True):
    """The parameters of a run, and what ``now()`` gives in it: a time in UTC, without zone."""

    values: Mapping[str, Any]
    now: dt.datetime


def given(values: Mapping[str, Any], as_of: dt.date | None, now: dt.datetime) -> Given:
    """The parameters of a run that looks at the data as of a day, from whose midnight on ``now()`` counts, or else ``now``."""
    second = now.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    return Given(values, second if as_of is None else dt.datetime.combine(as_of, dt.time.min))


class InvalidExpression(ValueError):
    """Text that is no expression, whatever the parameters are; the message says why."""


class NotAnswered(ValueError):
    """An expression that these parameters give no value; the message says why, and names what is missing."""


class Number(Struct, frozen=True):
    """A number as it is written."""

    value: int | float


class Name(Struct, frozen=True):
    """A parameter, or a constant."""

    name: str


class Minus(Struct, frozen=True):
    """The negative of something."""

    of: Node


class Operation(Struct, frozen=True):
    """Two operands and what joins them."""

    sign: str
    left: Node
    right: Node


class Call(Struct, frozen=True):
    """A function with its arguments, by place or by name."""

    function: str
    by_place: tuple[Node, ...] = ()
    by_name: tuple[tuple[str, Node], ...] = ()


Node = Number | Name | Minus | Operation | Call


class Expression(Struct, frozen=True):
    """What stands behind ``$PARAMETER``: its text, what it means, and the parameters that it needs, each once."""

    text: str
    root: Node
    names: tuple[str, ...]


def is_parameter(value: object) -> bool:
    """Whether an argument of a suite is written as a parameter."""
    return isinstance(value, dict) and KEY in value


def expression_of(value: Mapping[str, Any]) -> Expression:
    """The expression of an argument that is written as a parameter. Raises :class:`InvalidExpression`."""
    text = value[KEY]
    if not isinstance(text, str):
        raise InvalidExpression(f"expected the name of a parameter or an expression behind {KEY}, as text")
    if extra := [key for key in value if key not in (KEY, f"{KEY}.{text}")]:
        raise InvalidExpression(f'"{extra[0]}" is unknown beside {KEY}')
    if is_parameter(value.get(f"{KEY}.{text}")):
        raise InvalidExpression("the value beside it is a parameter again: write the value itself")
    return parse(text)


def parse(text: str) -> Expression:
    """The expression that a text spells. Raises :class:`InvalidExpression`."""
    if text.strip().startswith(_OLD):
        raise InvalidExpression(
            "is a value of an earlier run, which Great Expectations before 1.0 stored: give it as a parameter with a name"
        )
    if len(text) > LONGEST:
        raise InvalidExpression(f"is too long: {len(text):,} characters, of at most {LONGEST:,}")
    root = _Reader(text).whole()
    if isinstance(root, Number):
        raise InvalidExpression(f"{text.strip()} is a number and no parameter: write it as the argument itself")
    return Expression(text, root, tuple(dict.fromkeys(_names(root, alone=True))))


def evaluated(expression: Expression, given: Given) -> Any:
    """The value of an expression, as JSON: a parameter's own, or a number, or a date and time as ISO 8601 text.

    Raises :class:`NotAnswered`.
    """
    values = given.values
    if missing := [name for name in expression.names if name not in values]:
        raise NotAnswered(wanting(missing))
    if isinstance(expression.root, Name):
        if is_parameter(value := values[expression.root.name]):
            raise NotAnswered(f'the value of the parameter "{expression.root.name}" is a parameter again: give the value itself')
        return value
    try:
        result = _Answer(given).of(expression.root)
    except RecursionError:
        raise NotAnswered(f'"{_cut(expression.text)}" is nested too deeply') from None
    except (ArithmeticError, TypeError, ValueError) as error:
        reason = str(error) if isinstance(error, NotAnswered) else _reason(error)
        raise NotAnswered(f'"{_cut(expression.text)}" cannot be worked out: {reason}') from None
    if isinstance(result, dt.datetime):
        return result.isoformat()
    if isinstance(result, dt.timedelta):
        raise NotAnswered(f'"{_cut(expression.text)}" is a time span: expected a number, or a date and time')
    return result


def wanting(names: Iterable[str]) -> str:
    """What is said of parameters that are not given."""
    listed = list(names)
    what, them = ("the parameter", "it") if len(listed) == 1 else ("the parameters", "them")
    quoted, options = " and ".join(f'"{name}"' for name in listed), " ".join(f"--param {name}=VALUE" for name in listed)
    return f"needs {what} {quoted}: give {them} with {options}"


# ----------------------------------------------------------------------------------------------------------- what is given


def from_texts(texts: Iterable[str]) -> dict[str, Any]:
    """Parameters from texts NAME=VALUE; a value that is JSON is read as JSON, any other is text. Raises :class:`UsageError`."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise UsageError(f"--param {text}: expected NAME=VALUE, such as least=0.9. {NAMED}")
        if name in found:
            raise UsageError(f"--param {name}: is given twice")
        try:
            found[name] = json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            found[name] = value
        _check(name, found[name])
    return found


def from_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters from Python values, as JSON: dates as ISO 8601 text, tuples and sets as lists. Raises :class:`UsageError`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise UsageError(f'parameter "{name}" cannot be called so. {NAMED}')
        try:
            found[name] = json.loads(json.dumps(value, default=plain), parse_constant=_no_constant)
        except (ValueError, TypeError, RecursionError) as error:
            raise UsageError(f'parameter "{name}": cannot be written as JSON: {error}') from None
        _check(name, found[name])
    return found


def _check(name: str, value: Any) -> None:
    """Raises :class:`UsageError` for a value that holds text which is none, such as bytes of a command line that are no UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UsageError(f'parameter "{name}": the value holds half of a surrogate pair, or bytes that are not UTF-8') from None


def plain(value: object) -> Any:
    """A Python value that JSON does not know, as one that it knows; any other as text."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a number of numpy
        return value.item()
    return str(value)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number that JSON knows")


# --------------------------------------------------------------------------------------------------------- text -> meaning


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self.split())
        self.place = 0
        self.depth = 0

    def split(self) -> Iterator[tuple[str, str, int]]:
        """Kind, text and place of each token."""
        end = len(self.text.rstrip(" \t\r\n"))
        place = 0
        while place < end:
            match = _TOKEN.match(self.text, place)
            if match is None or match.lastgroup is None:
                raise self.trouble(place)
            yield match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)
            place = match.end()

    def trouble(self, place: int) -> InvalidExpression:
        rest = self.text[place : place + 20]
        found = f"{sql.spoken(rest)} is not understood" if rest else "it ends too early"
        return InvalidExpression(f'"{_cut(self.text)}" is no expression: {found} (character {place + 1})')

    def peek(self, *signs: str) -> bool:
        """Whether one of the signs is next."""
        return self.place < len(self.tokens) and self.tokens[self.place][0] == "sign" and self.tokens[self.place][1] in signs

    def next(self) -> tuple[str, str, int]:
        if self.place == len(self.tokens):
            raise self.trouble(len(self.text))
        self.place += 1
        return self.tokens[self.place - 1]

    def take(self, sign: str) -> None:
        kind, text, place = self.next()
        if (kind, text) != ("sign", sign):
            raise self.trouble(place)

    def whole(self) -> Node:
        root = self.expression()
        if self.place < len(self.tokens):
            raise self.trouble(self.tokens[self.place][2])
        return root

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise InvalidExpression(f'"{_cut(self.text)}" is nested too deeply: at most {DEEPEST} brackets and powers')

    def expression(self) -> Node:
        left = self.term()
        while self.peek("+", "-"):
            left = Operation(self.next()[1], left, self.term())
        return left

    def term(self) -> Node:
        left = self.factor()
        while self.peek("*", "/"):
            left = Operation(self.next()[1], left, self.factor())
        return left

    def factor(self) -> Node:
        self.deeper()
        base = self.atom()
        if self.peek("^"):
            self.next()
            base = Operation("^", base, self.factor())
        self.depth -= 1
        return base

    def atom(self) -> Node:
        start = self.place
        while self.peek("+", "-"):
            self.next()
        signs = [text for _, text, _ in self.tokens[start : self.place]]
        if "+" in signs and "-" in signs[signs.index("+") :]:
            raise InvalidExpression(f'"{_cut(self.text)}" has a + before a -: write one sign')
        operand = self.operand()
        return operand if signs.count("-") % 2 == 0 else Minus(operand)

    def operand(self) -> Node:
        kind, text, place = self.next()
        if kind == "number":
            if text.count(".") > 1:
                raise self.trouble(place)
            return Number(int(text) if text.isdigit() else float(text))
        if kind == "name" and self.peek("("):
            return self.call(text, place)
        if kind == "name":
            if not NAME.fullmatch(text):
                raise self.trouble(place)
            return Name(text.upper() if text.lower() in ("pi", "e") else text)
        if text != "(":
            raise self.trouble(place)
        inner = self.expression()
        self.take(")")
        return inner

    def call(self, function: str, place: int) -> Node:
        if function not in FUNCTIONS:
            what = f"there is no function {function} (character {place + 1}). Known: {', '.join(FUNCTIONS)}"
            raise InvalidExpression(f'"{_cut(self.text)}": {what}')
        self.take("(")
        by_place: list[Node] = []
        by_name: list[tuple[str, Node]] = []
        while not self.peek(")"):
            if by_place or by_name:
                self.take(",")
            kind, text, at = self.tokens[self.place] if self.place < len(self.tokens) else ("", "", len(self.text))
            if kind == "name" and self.tokens[self.place + 1 : self.place + 2] and self.tokens[self.place + 1][1] == "=":
                self.place += 2
                by_name.append((text, self.expression()))
            else:
                by_place.append(self.expression())
            if by_place and by_name:
                raise self.trouble(at)
        self.take(")")
        return Call(function, tuple(by_place), tuple(by_name))


def _names(node: Node, *, alone: bool = False) -> Iterator[str]:
    """The parameters without which a node has no value."""
    match node:
        case Name(name):
            if alone or name not in (*CONSTANTS, "now"):
                yield name
        case Minus(of):
            yield from _names(of)
        case Operation(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case Call(_, by_place, by_name):
            for argument in (*by_place, *(argument for _, argument in by_name)):
                yield from _names(argument)


# -------------------------------------------------------------------------------------------------------- meaning -> value


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and base.bit_length() * exponent > LARGEST:
        raise OverflowError
    return base**exponent


def _round(number: Any, ndigits: int | None = None) -> Any:
    if ndigits is not None and abs(ndigits) > 400:
        raise OverflowError
    return round(number, ndigits)


CONSTANTS = {"PI": math.pi, "E": math.e}
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": _power,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
    "abs": abs,
    "trunc": math.trunc,
    "round": _round,
    "sgn": lambda value: -1 if value < -1e-12 else 1 if value > 1e-12 else 0,
    "now": lambda: None,
    "datetime": dt.datetime,
    "timedelta": dt.timedelta,
}


class _Answer:
    """Works out nodes from the values of parameters and the time."""

    def __init__(self, given: Given) -> None:
        self.values = given.values
        self.now = given.now

    def of(self, node: Node) -> Operand:
        match node:
            case Number(value):
                return self.checked(value)
            case Name(name):
                return self.named(name)
            case Minus(of):
                return self.checked(-self.of(of))  # type: ignore[operator]  # of a date: TypeError, which is told
            case Operation(sign, left, right):
                return self.checked(OPERATIONS[sign](self.of(left), self.of(right)))
            case Call("now", (), ()):
                return self.now
            case Call(function, by_place, by_name):
                by_name_values = {name: self.of(argument) for name, argument in by_name}
                return self.checked(FUNCTIONS[function](*map(self.of, by_place), **by_name_values))

    def named(self, name: str) -> Operand:
        if name not in self.values:
            return CONSTANTS.get(name, self.now)
        value = self.values[name]
        if not isinstance(value, bool):
            if isinstance(value, int | float):
                return self.checked(value)
            if isinstance(value, str) and (found := _from_text(value)) is not None:
                return self.checked(found)
        raise NotAnswered(f'the parameter "{name}" is neither a number nor an ISO 8601 date')

    @staticmethod
    def checked(value: Any) -> Operand:
        """The value, if expressions may go on with it."""
        if isinstance(value, int) and value.bit_length() > LARGEST:
            raise OverflowError
        if isinstance(value, float) and not math.isfinite(value):
            raise OverflowError
        if isinstance(value, complex):
            raise NotAnswered("a negative number has no such power")
        if not isinstance(value, int | float | dt.datetime | dt.timedelta):
            raise TypeError
        return value


def _from_text(text: str) -> Operand | None:
    """The number, or else the date and time, that a text spells."""
    if len(text) > 100:
        return None
    for read in (int, float, dt.datetime.fromisoformat):
        try:
            return read(text.strip())
        except ValueError:
            continue
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, ZeroDivisionError):
        return "it divides by zero"
    if isinstance(error, ArithmeticError):
        return "a number is too large"
    return "its parts do not fit together" if isinstance(error, TypeError) else "an argument of a function is out of range"


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
