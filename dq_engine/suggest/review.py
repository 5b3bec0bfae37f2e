"""A person decides, proposal by proposal. Who asks, tells and keeps what was decided is passed in."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dq_engine.model import Severity
from dq_engine.suggest.proposals import Document
from dq_engine.suggest.propose import Proposal

SEVERITIES: dict[str, Severity] = {"c": "critical", "w": "warning", "i": "info"}
QUESTION = "y accept, n refuse, c/w/i accept as critical/warning/info, s skip, q stop: "


def review(
    found: Document, ask: Callable[[str], str | None], tell: Callable[[str], None], keep: Callable[[Document], None]
) -> Document:
    """Asks about each proposal that nobody has decided, and gives the document with what was decided.

    ``ask`` gives the answer to a question, None at the end of all answers.
    """
    left, total = len(found.undecided()), len(found.undecided())
    for place, extract in enumerate(found.extracts):
        for number, one in enumerate(extract.proposals):
            if one.accepted is not None:
                continue
            tell(in_words(one, f"{total - left + 1} of {total}, {extract.extract}"))
            answer = _answer(ask, tell)
            if answer == "q":
                return found
            left -= 1
            if answer != "s":
                found = _with(found, place, number, _decided(one, answer))
                keep(found)
    return found


def in_words(one: Proposal, title: str = "") -> str:
    """A proposal as people read it."""
    sure = "" if one.confidence is None else f"confidence {one.confidence:.5f}, "
    lines = [f"{title + ': ' if title else ''}{one.rule}", f"  {one.statement}", f"  {sure}{one.severity}, {one.dimension}"]
    lines.append(f"  why: {one.reason}")
    if one.shapes:
        lines.append(f"  most values look like {', '.join(one.shapes)}")
    return "\n".join(lines)


def _answer(ask: Callable[[str], str | None], tell: Callable[[str], None]) -> str:
    """The letter of the answer; q at the end of all answers. Nothing but the letters and yes or no is taken for one."""
    while True:
        said = ask(QUESTION)
        answer = "q" if said is None else said.strip().lower()
        if answer in ("y", "n", "c", "w", "i", "s", "q", "yes", "no"):
            return answer[0]
        tell("  please answer with one of these letters")


def _decided(one: Proposal, answer: str) -> Proposal:
    severity = SEVERITIES.get(answer, one.severity)
    return msgspec.structs.replace(one, accepted=answer != "n", severity=severity)


def _with(found: Document, place: int, number: int, one: Proposal) -> Document:
    extract = found.extracts[place]
    proposals = [one if at == number else each for at, each in enumerate(extract.proposals)]
    extracts = [
        msgspec.structs.replace(extract, proposals=proposals) if at == place else each for at, each in enumerate(found.extracts)
    ]
    return msgspec.structs.replace(found, extracts=extracts)
