"""The verdict of the gate for people: one paragraph, and on request everything that it found."""

from __future__ import annotations

import textwrap

from dq_engine.model import Run
from dq_engine.report.words import clean

WIDTH = 120
"""Characters of a line."""


def plain(run: Run, *, verbose: bool = False) -> str:
    """The verdict on a run as a paragraph; with ``verbose``, everything that the gate found as a list below it."""
    lines = textwrap.wrap(clean(run.verdict), WIDTH, break_long_words=False, break_on_hyphens=False)
    if verbose and run.gate is not None:
        for found in sorted(run.gate.findings, key=lambda finding: not finding.exit_code):
            mark = "CLOSES" if found.exit_code else "known"
            lines.append(f"  {mark:<7} {clean(found.rule)}: {clean(found.words)}")
    return "\n".join([*lines, ""])
