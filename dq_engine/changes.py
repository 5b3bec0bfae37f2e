"""What becomes of each part of something that is carried over into a suite, as values. Pure.

Suites of older versions (:mod:`dq_engine.convert`) and what comes from elsewhere (:mod:`dq_engine.interchange`) are told of
alike.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from msgspec import Struct

Kind = Literal["not_carried_over", "remains", "to_look_at", "carried_over", "changed", "left_out"]
"""What became of something: lost; there, but ``dq lint`` has a fault to find; the same and worth a look; an expectation now;
written otherwise with the same meaning; left out without effect."""
LOSSES: tuple[Kind, ...] = ("not_carried_over", "remains")
KEPT = "not_carried_over"
"""The key of ``meta`` under which a suite keeps what it has lost."""


class Change(Struct, frozen=True):
    """What differs between both: it ``was`` at ``path`` of the source, and ``became`` at ``to`` of the suite (None: gone)."""

    kind: Kind
    path: str
    was: Any
    to: str | None
    became: Any
    why: str


def step(key: str) -> str:
    """A key as a step of a JSON path; one that is no plain word in brackets and quotes."""
    return f".{key}" if re.fullmatch(r"[\w$-]+", key, re.ASCII) else f"[{json.dumps(key)}]"


def as_text(suite: dict[str, Any]) -> str:
    """The suite as JSON text, in UTF-8 where that can hold it."""
    text = json.dumps(suite, indent=2, ensure_ascii=False) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(suite, indent=2) + "\n"
    return text
