"""What is behind each part of a score: the checks and fields of the runs that feed it, and those that add nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from dq_engine.catalog import CATALOG
from dq_engine.coercion import whole
from dq_engine.model import ExtractRun, FieldRun, Outcome, Run
from dq_engine.scores import MEASURES, MeasureName, NotCounted, Part, PartRules, Rule

COVERAGE = "coverage"
ITEM_SCORE: MeasureName = "item_score"


def feeds_of(runs: Iterable[Run]) -> dict[str, ExtractRun]:
    """The feeds of the runs, each with one extract of it that says of which level and source it is."""
    return {extract.feed: extract for run in runs for extract in run.extracts if extract.purpose == "quality"}


def all_parts(runs: Iterable[Run]) -> list[Part]:
    """Every measure of every feed of the runs."""
    return [Part(feed, measure) for feed in sorted(feeds_of(runs)) for measure in MEASURES]


def behind(parts: Iterable[Part], runs: Sequence[Run], *, experimental: bool = False) -> list[PartRules]:
    """The rules behind each part, in the order of the parts; parts that have none are left out.

    A dimension is made of the checks that state it, if they were judged; the item score of the data items of the current set
    (``experimental``: those on trial, too), or of the columns that the part names. Only suites about quality count.
    """
    feeds = feeds_of(runs)
    found = []
    for part in dict.fromkeys(parts):
        rules = tuple(_rules(part, runs, experimental=experimental))
        if rules:
            found.append(PartRules(part, feeds[part.feed].level, feeds[part.feed].source, rules))
    return found


def _rules(part: Part, runs: Sequence[Run], *, experimental: bool) -> Iterator[Rule]:
    for run, extract in _extracts(runs):
        if extract.feed != part.feed:
            continue
        if part.measure == ITEM_SCORE:
            for field in extract.fields:
                if not field.problem and _is_item(field, part.columns, experimental=experimental):
                    yield Rule(run.id, extract.name, "", field.column, 1.0, "")
            continue
        for outcome in extract.outcomes:
            if outcome.dimension == part.measure and counts(outcome) and _about(outcome, part.columns):
                yield Rule(run.id, extract.name, outcome.check, "", outcome.weight, outcome.kahn)


def _extracts(runs: Iterable[Run]) -> Iterator[tuple[Run, ExtractRun]]:
    return ((run, extract) for run in runs for extract in run.extracts if extract.purpose == "quality")


def _is_item(field: FieldRun, columns: Sequence[str], *, experimental: bool) -> bool:
    if columns:
        return field.column.casefold() in {name.casefold() for name in columns}
    return field.item == "current" or (experimental and field.item == "experimental")


def counts(outcome: Outcome) -> bool:
    """Whether a check adds to scores: it was judged, and the suite gives it a weight."""
    return outcome.status in ("pass", "fail") and outcome.weight > 0


def _about(outcome: Outcome, columns: Sequence[str]) -> bool:
    """Whether a check is about one of the columns; any is, where none are named."""
    wanted = {name.casefold() for name in columns}
    return not wanted or not wanted.isdisjoint(name.casefold() for name in columns_of(outcome))


def columns_of(outcome: Outcome) -> tuple[str, ...]:
    """The columns that a check speaks about; none where its type or its arguments are not known (any more)."""
    cls = CATALOG.get(outcome.expectation)
    try:
        return () if cls is None else msgspec.convert(whole(outcome.kwargs), cls).subject()
    except msgspec.ValidationError:
        return ()


NOTHING = "had nothing to judge"
NOT_SPLIT = "was judged for the extract as a whole, and says nothing of single organisations"


def not_counted(runs: Sequence[Run], split: Callable[[str, str, str], bool]) -> list[NotCounted]:
    """The checks and fields that add nothing to any score of an organisation, each with the reason.

    ``split`` says of a run, extract and check (or column) whether it was counted by organisation.
    """
    found = []
    for run, extract in _extracts(runs):
        for o in extract.outcomes:
            reason = "" if split(run.id, extract.name, o.check) else NOT_SPLIT
            if not counts(o):
                reason = o.message or ("has a weight of 0" if o.status in ("pass", "fail") else NOTHING)
            if reason:
                found.append(NotCounted(extract.name, o.check, o.dimension, o.status, reason))
        for field in (field for field in extract.fields if field.item is not None):
            if field.problem:
                found.append(NotCounted(extract.name, field.column, ITEM_SCORE, "error", field.problem))
            elif not split(run.id, extract.name, field.column):
                found.append(NotCounted(extract.name, field.column, ITEM_SCORE, "vacuous", NOT_SPLIT))
    return found


def sources(runs: Iterable[Run]) -> Mapping[str, str]:
    """The feeds of the runs, and the source of each."""
    return {feed: extract.source for feed, extract in feeds_of(runs).items()}
