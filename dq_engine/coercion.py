"""The value that a suite gives for an argument -> the value of the argument's own type, as Great Expectations reads it. Pure.

GX reads arguments by pydantic 1: true is the number 1; text that spells a number is one where a number is wanted; where a whole
number is wanted, 5.5 is 5; yes and no may be words; a number is text where text is wanted. Names of columns stay text, and so do
the members of lists of text, so that a list of columns with a number in it is a fault.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Meta

from dq_engine.catalog.wording import allowed, in_words
from dq_engine.parameters import is_parameter

TRUE = frozenset({"1", "on", "t", "true", "y", "yes"})
FALSE = frozenset({"0", "off", "f", "false", "n", "no"})
_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(.*))?")


class Refused(ValueError):
    """A value that an argument does not take: at which ``place`` within it, and why."""

    def __init__(self, place: str, message: str) -> None:
        self.place = place
        super().__init__(message)


def argument(value: Any, wanted: Any) -> Any:
    """The value as an argument whose type hint is ``wanted``. Raises :class:`Refused`."""
    if (place := parameter_within(value)) is not None:
        raise Refused(place, "a parameter stands for a whole argument, and not for a part of one")
    value = whole(coerced(value, wanted))
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("", "expected a finite number")
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        raise Refused(place.rstrip("`"), in_words(message, value) + allowed(wanted)) from None


def coerced(value: Any, wanted: Any, *, within: bool = False) -> Any:
    """The value as a hint wants it, or as it is if it cannot be that. ``within`` a list numbers do not become text."""
    allowed_types = list(options(wanted))
    kinds = [typing.get_origin(option) or option for option, _ in allowed_types]
    if isinstance(value, list):
        (item,) = next((typing.get_args(option) for option, _ in allowed_types if typing.get_origin(option) is list), (Any,))
        return [coerced(each, item, within=True) for each in value]
    if not isinstance(value, bool | int | float | str):
        return value
    if str in kinds and bool not in kinds and (int in kinds or float in kinds):
        return _bound(value)
    if type(value) in kinds or (isinstance(value, str) and typing.Literal in kinds):
        return value
    for kind, (_, free) in zip(kinds, allowed_types, strict=True):
        found = _text(value) if kind is str and free and not within else READERS.get(kind, _unread)(value)
        if found is not None:
            return found
    return value


def options(wanted: Any, *, free: bool = True) -> Iterator[tuple[Any, bool]]:
    """The types that a hint allows, each with whether any text is allowed where it is text."""
    if typing.get_origin(wanted) is typing.Annotated:
        wanted, *notes = typing.get_args(wanted)
        free &= not any(isinstance(note, Meta) and (note.min_length or note.pattern) for note in notes)
        yield from options(wanted, free=free)
    elif typing.get_origin(wanted) in (typing.Union, types.UnionType):
        for option in typing.get_args(wanted):
            yield from options(option, free=free)
    else:
        yield wanted, free


def parameter_within(value: Any) -> str | None:
    """Where the first parameter within a value stands; None if there is none."""
    return next(_parameters(value), None)


def _parameters(value: Any, place: str = "") -> Iterator[str]:
    """Where within a value a parameter stands."""
    if is_parameter(value):
        yield place
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _parameters(item, f"{place}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _parameters(item, f"{place}[{number}]")


def _integer(value: bool | int | float | str) -> int | None:
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def _number(value: bool | int | float | str) -> int | float | None:
    if isinstance(value, int):
        return int(value)
    try:
        found = float(value)
        return int(value) if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value) else found
    except (ValueError, OverflowError):
        return None


def _boolean(value: bool | int | float | str) -> bool | None:
    spelled = str(whole(value)).lower()
    return True if spelled in TRUE else False if spelled in FALSE else None


def _text(value: bool | int | float | str) -> str:
    return str(value)


def _unread(value: object) -> None:
    return None


READERS: dict[Any, typing.Callable[[Any], Any]] = {int: _integer, float: _number, bool: _boolean}


def _bound(value: bool | int | float | str) -> int | float | str:
    """A bound that may be a number, or a date or time as text: numbers as such, and dates with all their digits."""
    number = _number(value)
    if number is not None and math.isfinite(number):
        return number if isinstance(value, str | bool) else value
    if not isinstance(value, str) or (found := _MOMENT.fullmatch(value.strip())) is None:
        return value
    year, month, day, hour, minute, rest = found.groups()
    text = f"{year}-{int(month):02}-{int(day):02}" + (f" {int(hour):02}:{int(minute):02}{rest}" if hour else "")
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return value
    return value if len(value) == len(text) else text


def whole(value: Any) -> Any:
    """The value with whole numbers as such, by their decimal spelling: GX saves 1 as 1.0, and both mean the same."""
    if isinstance(value, float) and value.is_integer():
        return int(decimal.Decimal(repr(value)))
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value
