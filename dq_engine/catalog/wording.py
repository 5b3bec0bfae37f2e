"""What the checker of types says of a value -> what people are told. Pure.

Suites, their conditions and ``dq.toml`` are checked alike, so that one fault has one wording wherever it is.
"""

from __future__ import annotations

import re
import typing
from typing import Any

from dq_engine import sql

NAME_PATTERN = "^[a-z][a-z0-9_]*$"
"""The pattern of names that suites give: of feeds, rules and other extracts."""


LONGEST = 1000
"""Characters of a message, or of a place in a file, that people are shown."""


def brief(text: str) -> str:
    """The text, if people can be shown it whole; else its beginning and its end."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 200]} … {text[-190:]}"


def in_words(message: str, value: Any) -> str:
    """A message of the type checker, for people."""
    message = brief(message)
    names = {
        "array": "a list",
        "object": "an object",
        "str": "text",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "null": "null",
    }
    if match := re.fullmatch(r"Expected `([^`]+)`(?:, got `([^`]+)`)?(.*)", message):
        parts = [part.strip() for part in match[1].split("|")]
        parts = [part for part in parts if part != "int" or "float" not in parts]
        wanted = " or ".join(names.get(part, part) for part in parts)
        if match[2] == "null":
            return f"expected {wanted}; null is not allowed here"
        got = names.get(match[2], match[2]) if match[2] else sql.spoken(value) if not isinstance(value, list) else f"{len(value)}"
        return f"expected {wanted}{constraint(match[3])}; got {got}"
    if match := re.fullmatch(r"Invalid (?:enum )?value (.*)", message):
        return f"{match[1]} is not allowed here"
    if match := re.fullmatch(r"Object missing required field `(.*)`", message):
        return f'"{match[1]}" is missing'
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        return f'"{match[1]}" is unknown here'
    return message[:1].lower() + message[1:]


def constraint(text: str) -> str:
    """The end of a message of the type checker ("<= 1.0", "of length >= 2") in words."""
    text = text.replace(f"matching regex {NAME_PATTERN!r}", "of lower-case letters, digits and underscores")
    text = text.replace("of length >= 1", "that is not empty").replace("of length >=", "with at least")
    text = re.sub(r"\.0\b", "", text.replace("<=", "of at most").replace(">=", "of at least").replace(">", "above"))
    return text


def allowed(wanted: Any) -> str:
    """The values of a choice, as the end of a message; nothing for any other type."""
    if typing.get_origin(wanted) is typing.Annotated:
        wanted = typing.get_args(wanted)[0]
    options = [option for part in (wanted, *typing.get_args(wanted)) for option in choices(part)]
    return f": expected one of {', '.join(map(str, options))}" if options else ""


def choices(wanted: Any) -> tuple[Any, ...]:
    """The values of a Literal type; none for any other type."""
    return typing.get_args(wanted) if typing.get_origin(wanted) is typing.Literal else ()
