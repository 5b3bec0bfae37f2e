"""``col("x") > 1``: the language of conditions that Great Expectations had of its own. Pure.

Its grammar (GX 1.24.1, ``legacy_row_conditions.py``) takes one comparison with a number, a text or a ``date("…")``, or
``.notnull()``, and reads no further than it understands. Here what follows is refused, and a few spellings more are taken.
"""

from __future__ import annotations

import re

import msgspec

from dq_engine import sql
from dq_engine.catalog.condition_tree import Compared, Condition, InvalidCondition, Named, Nothing, Operator, Value

FORMS = 'col("x") == "y", col("x") > 1, or col("x").notnull()'
_NAME = r"""col\(\s*(?P<quote>["'])(?P<name>(?:(?!(?P=quote)).)+)(?P=quote)\s*\)"""
_NULLITY = re.compile(rf"\s*{_NAME}\s*\.\s*(?P<null>(?i:notnull|isnull))\(\s*\)\s*")
_COMPARISON = re.compile(
    rf"""\s*{_NAME}\s*(?P<operator>==|!=|<=|>=|<|>)\s*
    (?:(?P<date>date\s*\(\s*)?(?P<q>["'])(?P<text>(?:(?!(?P=q)).)*)(?P=q)(?(date)\s*\))
    |(?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?![\w.])|(?P<word>[Tt]rue|[Ff]alse)\b)\s*""",
    re.VERBOSE,
)
_BEGINNING = re.compile(r"\s*\(*\s*col\s*\(")


def begins(text: str) -> bool:
    """Whether a text is written in this language, or tries to be."""
    return _BEGINNING.match(text) is not None


def read(text: str) -> Condition:
    """The condition that the text means. Raises :class:`InvalidCondition`."""
    for form in (_NULLITY, _COMPARISON):
        match = form.match(text)
        if match is None:
            continue
        if match.end() < len(text):
            raise InvalidCondition(
                f"{sql.spoken(text[match.end() :].strip())} is too much: one comparison is read, such as "
                f"{match[0].strip()}. Join several as Condition objects"
            )
        return _nullity(match) if form is _NULLITY else _comparison(match)
    raise InvalidCondition(f"text must read like {FORMS}; or use a Condition object")


def _nullity(match: re.Match[str]) -> Condition:
    return Nothing(Named(match["name"]), negate=match["null"].lower() == "notnull")


def _comparison(match: re.Match[str]) -> Condition:
    value: str | int | float | bool
    if match["number"] is not None:
        value = sql.as_number(match["number"])
    elif match["word"] is not None:
        value = match["word"].lower() == "true"
    else:
        value = match["text"].lstrip(" \t\r\n")  # GX skips these too
    return Compared(Named(match["name"]), msgspec.convert(match["operator"], Operator), Value(value))
