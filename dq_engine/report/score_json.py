"""Scores, explanations and comparisons as JSON: everything that was found, in the shape of their classes."""

from __future__ import annotations

import json
import re

import msgspec
from msgspec import Struct

_BEYOND = re.compile(r"[^\n -~]")


def encode(found: Struct) -> bytes:
    """The text of the JSON, indented. It is ASCII: what steers a terminal, and all beyond, is spelled as escapes."""
    raw = msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"
    if raw.isascii() and b"\x7f" not in raw:
        return raw
    return _BEYOND.sub(_spelled, raw.decode()).encode()


def _spelled(found: re.Match[str]) -> str:
    return "\\u007f" if found[0] == "\x7f" else json.dumps(found[0])[1:-1]
