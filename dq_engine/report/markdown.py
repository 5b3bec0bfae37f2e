"""A run as Markdown of GitHub's flavour: for the summary of a step, a comment, a wiki. Nothing in it comes from others but text.

Whatever somebody else wrote is escaped character by character; a text in which a renderer could find an address, a person or an
issue becomes code, in which it looks for none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dq_engine.model import ExtractRun, Outcome, Run
from dq_engine.report import words
from dq_engine.report.entries import of_policy
from dq_engine.report.text import MARKS, shown

LARGEST = 1_000_000
"""Bytes of a summary that GitHub surely keeps: of a step it takes 1 MiB, and drops what is near that."""
POLICY = 20
"""Lines of what the policy says, unless all are asked for."""
LINKS = re.compile(r"://|www\.|[@#]|\bGH-\d", re.IGNORECASE)
"""What renderers make links of, without brackets."""
PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#!|~&$^]|^[-+=]|(?<=\d)[.)](?=\s|$))")
"""What means something to Markdown, at the place where it stands."""
SIGNS = {
    "fail": "\N{CROSS MARK}",
    "error": "\N{HEAVY EXCLAMATION MARK SYMBOL}",
    "vacuous": "\N{EMPTY SET}",
    "waived": "\N{WARNING SIGN}",
    "skipped": "\N{EN DASH}",
    "pass": "\N{CHECK MARK}",
}


def render(run: Run, *, verbose: bool = False, room: int | None = None) -> bytes:
    """The run as Markdown, UTF-8; of more than ``room`` bytes the last lines are left out, and it says so."""
    lines = [line.encode("utf-8", "backslashreplace") + b"\n" for line in _lines(run, verbose=verbose)]
    if room is None or sum(map(len, lines)) <= room:
        return b"".join(lines)
    last = b"\nMore was found than there is room for here.\n"
    left, kept = room - len(last), []
    for line in lines:
        left -= len(line)
        if left < 0:
            break
        kept.append(line)
    return b"".join([*kept, last]) if room >= len(last) else b""


def _lines(run: Run, *, verbose: bool) -> Iterator[str]:
    yield f"## {SIGNS['pass' if run.exit_code == 0 else 'fail']} {text(_sentence(run.public_verdict))}"
    yield ""
    if run.gate is not None:
        yield text(run.gate.words)
        yield ""
    if told := of_policy(run, None if verbose else POLICY):
        yield from (f"- {text(line)}" for line in told)
        yield ""
    yield "| Extract | Rows | Checks |"
    yield "| --- | --- | --- |"
    for extract in run.extracts:
        yield _row(extract.name, "" if extract.rows is None else f"{extract.rows:,}", words.tally(extract.outcomes))
    yield ""
    for extract in run.extracts:
        yield from _extract(extract, verbose=verbose)
    yield f"Run {text(run.id)} of dq {text(run.engine.get('dq', ''))}, exit code {run.exit_code}."


def _extract(extract: ExtractRun, *, verbose: bool) -> Iterator[str]:
    outcomes = shown(extract.outcomes, verbose=verbose)
    if not outcomes and not extract.problem:
        return
    yield f"### {text(extract.name)}"
    yield ""
    if extract.problem:
        yield f"{SIGNS['error']} {text(extract.problem)}"
        yield ""
    if outcomes:
        yield "| Result | Severity | Rule | Found |"
        yield "| --- | --- | --- | --- |"
    for outcome in outcomes:
        mark = words.mark(outcome)
        yield _row(f"{SIGNS[mark]} {MARKS[mark]}", outcome.severity, outcome.statement, _found(outcome))
    yield ""


def _found(outcome: Outcome) -> str:
    said = [words.waived(outcome), words.finding(outcome)]
    if outcome.examples or outcome.examples_note:
        said.append(f"failing values: {words.kinds(outcome.examples, outcome.examples_note)}")
    return "; ".join(filter(None, said))


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(text, cells))} |"


def _sentence(verdict: str) -> str:
    return verdict[:1].upper() + verdict[1:]


def text(given: str) -> str:
    """A text that Markdown shows as it is, on one line, also in a cell of a table."""
    cleaned = words.clean(given).strip()
    return code(cleaned) if LINKS.search(cleaned) else PUNCTUATION.sub(r"\\\1", cleaned)


def code(cleaned: str) -> str:
    """A text as code. A bar would end the cell of a table, so it stands outside, as a character reference."""
    return "&#124;".join(_span(piece) if piece else "" for piece in cleaned.split("|"))


def _span(piece: str) -> str:
    fence = "`" * (max(map(len, re.findall("`+", piece)), default=0) + 1)
    room = " " if piece[0] in "` " or piece[-1] in "` " else ""
    return f"{fence}{room}{piece}{room}{fence}"
