"""Where the expectations of a suite stand in its text. Pure; the text is one that was read as JSON without a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecoder

from dq_engine.model import Place

_SPACE = re.compile(r"[ \t\n\r]*")
_NEXT = re.compile(r"[ \t\n\r]*[:,][ \t\n\r]*|[ \t\n\r]*")
"""What stands between two values, with the white space around it."""
_value = JSONDecoder().raw_decode


def of_expectations(text: str) -> list[Place]:
    """The places of the members of the array ``expectations``, in order; none if there is no such array.

    Lines end with a line feed: text that was read from a file has no other ends of lines.
    """
    return list(_places(text, _starts(text)))


def _starts(text: str) -> Iterator[int]:
    """How many characters stand before each member of the array ``expectations`` of the object that ``text`` is."""
    at = _after(_SPACE, text, 0)
    if text[at] != "{":
        return
    at = _after(_SPACE, text, at + 1)
    while text[at] != "}":
        key, at = _value(text, at)
        at = _after(_NEXT, text, at)
        if key == "expectations" and text[at] == "[":
            yield from _members(text, at)
            return
        _, at = _value(text, at)
        at = _after(_NEXT, text, at)


def _members(text: str, at: int) -> Iterator[int]:
    at = _after(_SPACE, text, at + 1)
    while text[at] != "]":
        yield at
        _, at = _value(text, at)
        at = _after(_NEXT, text, at)


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    assert found is not None  # both match the empty text
    return found.end()


def _places(text: str, offsets: Iterator[int]) -> Iterator[Place]:
    line, start, done = 1, 0, 0
    for offset in offsets:
        line += text.count("\n", done, offset)
        start = max(start, text.rfind("\n", done, offset) + 1)
        done = offset
        yield Place(line, offset - start + 1)
