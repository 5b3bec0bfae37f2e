"""Values of a run -> what the tables of checks show of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine.history import CheckState, RunState
from dq_engine.model import ExtractRun, Outcome
from dq_engine.report import words
from dq_engine.report.html import places
from dq_engine.report.html.figures import Figures

RANKS = {mark: place for place, mark in enumerate(words.ORDER)}
SEVERITIES = {"critical": 0, "warning": 1, "info": 2}
MOST_SHAPES = 20
MOST_HISTORY = 8
"""Earlier runs that a check tells of."""
LONGEST = 20_000
"""Characters of a text on a page: longer ones are cut, and say so."""


class Earlier(Struct, frozen=True):
    """What an earlier run found of a check; ``place`` is the page that says more."""

    started: str
    status: str
    found: str
    place: str


class CheckView(Struct, frozen=True, kw_only=True):
    """A check as pages show it: texts, and numbers to sort by. ``key``: its extract and id as the run has them."""

    key: tuple[str, str]
    id: str
    anchor: str
    extract: str
    title: str
    source: str
    place: str
    statement: str
    status: str
    rank: int
    severity: str
    severity_rank: int
    dimension: str
    kahn: str
    found: str
    sort: float
    needed: str
    message: str
    waived: str
    change: str
    shapes: tuple[tuple[str, str], ...]
    shapes_note: str
    sql: str
    notes: tuple[str, ...]
    history: tuple[Earlier, ...]
    organisations: tuple[tuple[str, str, str], ...]
    expectation: str
    rule_place: str
    arguments: str
    counts: str


class Context(Struct, frozen=True):
    """What the pages of a run know besides the run.

    ``earlier``: the runs before it, oldest first; ``changes``: what is new of checks, by extract and check; ``rules``: the
    expectations that have a page; ``worst``: by extract and check, organisations with their counts of unexpected and judged;
    ``organisations``: the codes that have a page.
    """

    figures: Figures
    earlier: tuple[RunState, ...]
    changes: Mapping[tuple[str, str], str]
    rules: frozenset[str]
    worst: Mapping[tuple[str, str], Sequence[tuple[str, int, int]]]
    organisations: frozenset[str]


def in_order(extract: ExtractRun) -> list[Outcome]:
    """The outcomes of an extract, those first that a reader should see first."""
    return sorted(extract.outcomes, key=lambda outcome: (RANKS[words.mark(outcome)], SEVERITIES[outcome.severity]))


def checks(extract: ExtractRun, context: Context, place: str) -> list[CheckView]:
    """The checks of an extract as pages show them, in order; ``place`` is the page of the extract."""
    past = _past(extract.name, context.earlier)
    return [_check(extract, outcome, context, place, past) for outcome in in_order(extract)]


def _past(extract: str, earlier: Sequence[RunState]) -> list[tuple[RunState, dict[str, CheckState]]]:
    """The runs that looked at the extract, newest first, with what they found."""
    found = []
    for run in reversed(earlier):
        for state in run.extracts:
            if state.name == extract:
                found.append((run, {check.check: check for check in state.checks}))
    return found[:MOST_HISTORY]


def _check(
    extract: ExtractRun,
    outcome: Outcome,
    context: Context,
    place: str,
    past: Sequence[tuple[RunState, Mapping[str, CheckState]]],
) -> CheckView:
    figures = context.figures
    judged = outcome.denominator or 0
    return CheckView(
        key=(extract.name, outcome.check),
        id=words.clean(outcome.check),
        anchor=places.check_anchor(outcome.check),
        extract=words.clean(extract.name),
        title=words.clean(extract.title),
        source=extract.source,
        place=place,
        statement=text(outcome.statement),
        status=words.mark(outcome),
        rank=RANKS[words.mark(outcome)],
        severity=outcome.severity,
        severity_rank=SEVERITIES[outcome.severity],
        dimension=outcome.dimension,
        kahn=outcome.kahn,
        found=figures.finding(outcome),
        sort=(outcome.unexpected_count or 0) / judged if judged and figures.internal else 0.0,
        needed=needed(outcome.kwargs) if figures.internal else "",
        message=text(outcome.message) if outcome.status in ("error", "vacuous", "skipped") else "",
        waived=_waived(outcome, figures),
        change=context.changes.get((extract.name, outcome.check), ""),
        shapes=_shapes(outcome) if figures.internal else (),
        shapes_note=text(outcome.examples_note) if figures.internal else "",
        sql=text(extract.script(outcome)) if figures.internal else "",
        notes=tuple(text(note) for note in _notes(outcome)),
        history=tuple(
            _earlier(run, found[outcome.check], extract.name, figures) for run, found in past if outcome.check in found
        ),
        organisations=tuple(
            (
                words.clean(code),
                places.organisation(code) if code in context.organisations else "",
                figures.counted(outcome.unit, unexpected, of),
            )
            for code, unexpected, of in context.worst.get((extract.name, outcome.check), ())
        ),
        expectation=words.clean(outcome.expectation),
        rule_place=places.rule(outcome.expectation) if outcome.expectation in context.rules else "",
        arguments=text(json.dumps(outcome.kwargs, ensure_ascii=False)) if figures.internal else "",
        counts=figures.counts(outcome),
    )


def at(view: CheckView, place: str) -> CheckView:
    """The same check on another page."""
    return msgspec.structs.replace(view, place=place)


def needed(kwargs: Mapping[str, Any]) -> str:
    """The share that must keep the rule, where less than all will do."""
    mostly = kwargs.get("mostly")
    if isinstance(mostly, bool) or not isinstance(mostly, int | float) or mostly >= 1:
        return ""
    return f"{100 * mostly:.6g} %"


def _shapes(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    return tuple(
        (words.cut(words.clean(words.value(example))), f"{example.count:,}") for example in outcome.examples[:MOST_SHAPES]
    )


def _waived(outcome: Outcome, figures: Figures) -> str:
    """Who accepted an outcome, until when and why; for the public only until when. "" if nobody did."""
    if outcome.waiver is None or words.mark(outcome) != "waived":
        return ""
    return text(words.waived(outcome)) if figures.internal else f"waived until {words.clean(outcome.waiver.expires)}"


def _notes(outcome: Outcome) -> list[str]:
    return [outcome.notes] if isinstance(outcome.notes, str) and outcome.notes else list(outcome.notes or ())


def _earlier(run: RunState, found: CheckState, extract: str, figures: Figures) -> Earlier:
    counted = figures.counted(found.unit, found.unexpected, found.denominator) if found.status in ("pass", "fail") else ""
    return Earlier(run.started, found.status, counted, places.extract(run.id, extract))


def text(given: str) -> str:
    """A text of any origin as a page shows it: nothing that steers or hides, lines kept, not endless."""
    lines = "\n".join(words.clean(line) for line in given.split("\n"))
    return lines if len(lines) <= LONGEST else f"{lines[:LONGEST]} … ({len(lines) - LONGEST:,} further characters are left out)"
