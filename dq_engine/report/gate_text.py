"""The verdict of the gate for people, as one paragraph, and for programs, as JSON."""

from __future__ import annotations

import textwrap

import msgspec

from dq_engine.model import Gate
from dq_engine.report.words import clean

WIDTH = 120
"""Characters of a line."""


def plain(gate: Gate, *, verbose: bool = False) -> str:
    """The verdict as a paragraph; with everything that was found as a list below it."""
    lines = textwrap.wrap(gate.words, WIDTH, break_long_words=False, break_on_hyphens=False)
    if verbose:
        for found in sorted(gate.findings, key=lambda finding: not finding.exit_code):
            mark = "CLOSES" if found.exit_code else "known"
            lines.append(f"  {mark:<7} {clean(found.rule)}: {clean(found.words)}")
    return "\n".join([*lines, ""])


def as_json(gate: Gate) -> str:
    """The verdict as JSON."""
    return msgspec.json.format(msgspec.json.encode(gate), indent=2).decode() + "\n"
