"""What became of each part of something that was carried over, for people to read, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dq_engine.changes import Change

HEADINGS = {
    "not_carried_over": "not carried over",
    "remains": "still to be put right",
    "to_look_at": "to look at",
    "carried_over": "carried over",
    "changed": "changed",
    "left_out": "left out, without effect on what is checked",
}
LONGEST = 120
"""Characters of a value that are shown in a line."""


def lines(changes: Sequence[Change], headings: Mapping[str, str] = HEADINGS) -> list[str]:
    """The changes under the heading of their kind, those that are alike together."""
    found: list[str] = []
    for kind, heading in headings.items():
        of_kind = [change for change in changes if change.kind == kind]
        if of_kind:
            found.append(f"  {heading} ({len(of_kind)}):")
            for alike in _alike(of_kind):
                found += _lines(alike)
    return found


def as_json(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """The changes as JSON."""
    return [{"kind": c.kind, "path": c.path, "was": c.was, "to": c.to, "became": c.became, "why": c.why} for c in changes]


def _alike(changes: list[Change]) -> list[list[Change]]:
    """Changes that differ in nothing but the expectation, or in nothing but it and what they move, are told together."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        moved = change.to is not None and change.was == change.became and change.kind == "changed"
        shown = "" if moved else json.dumps([change.was, change.became], sort_keys=True)
        same = json.dumps([_numbered(change.path)[1], _numbered(change.to or "")[1], change.why, shown])
        found.setdefault(same, []).append(change)
    return list(found.values())


def _numbered(path: str) -> tuple[int | None, str]:
    """The number of the expectation in a path, and the path without it."""
    head, found, tail = path.partition(".expectations[")
    number, closed, rest = tail.partition("]")
    return (int(number), f"{head}{found}]{rest}") if closed and number.isdigit() else (None, path)


def _lines(alike: list[Change]) -> list[str]:
    first = alike[0]
    numbers = [number for change in alike if (number := _numbered(change.path)[0]) is not None]
    where = first.path
    if len(alike) > 1 and numbers:
        where = _numbered(first.path)[1].replace(".expectations[]", f".expectations[{_ranges(numbers)}]", 1)
    moved = first.to is not None and first.was == first.became
    line = f"    {where}"
    if moved and first.kind == "changed":
        line += f" -> {_below(first.to or '', alone=len(alike) == 1)}"
    elif first.kind == "changed":
        there = "" if first.to == first.path else f"{_below(first.to or '', alone=len(alike) == 1)}: "
        line += f": {_value(first.was)} -> {there}{_value(first.became)}"
    elif first.was is not None or first.kind == "left_out":
        line += f": {_value(first.was)}"
    why = first.why if first.kind == "carried_over" else f"{first.why[:1].upper()}{first.why[1:]}"
    return [line, f"      {why}{'' if why.endswith(('?', '.')) else '.'}"]


def _below(path: str, *, alone: bool) -> str:
    return path if alone else _numbered(path)[1].partition(".expectations[].")[2] or path


def _ranges(numbers: list[int]) -> str:
    """ "0-3,7": whole numbers in order, those that follow one another as a range."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ends)


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"
