"""Tallies of an organisation -> its score in each dimension, by feed and by source, and its Data Quality Maturity Index. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dq_engine.rating import dqmi
from dq_engine.rating.intervals import combine, wilson
from dq_engine.scores import MEASURES, DimensionScore, Dqmi, Part, Tally

Tallies = Mapping[Part, Tally]


def dimensions(tallies: Tallies, sources: Mapping[str, str], wave: str, organisation: str) -> list[DimensionScore]:
    """The score of each measure in each feed, in the order of the tallies, then in each source, in the order of their names.

    ``sources`` says of which source a feed is. A source's score is the mean over the rules of its feeds, each by its weight. The
    feeds' limits are combined as those of an item are.
    """
    found = []
    by_source: dict[tuple[str, int], list[tuple[Tally, float, float, float]]] = {}
    for part, tally in _whole(tallies):
        score = min(1.0, tally.numerator / tally.denominator)
        low, high = wilson(score, tally.records)
        source = sources[part.feed]
        by_source.setdefault((source, MEASURES.index(part.measure)), []).append((tally, score, low, high))
        counts = (tally.numerator, tally.denominator, tally.records, tally.kept, tally.judged)
        found.append(DimensionScore(wave, organisation, source, part.feed, part.measure, score, low, high, *counts))
    for source, place in sorted(by_source):
        parts = by_source[source, place]
        score, low, high = _mean(parts)
        whole = _sum([part[0] for part in parts])
        counts = (whole.numerator, whole.denominator, whole.records, whole.kept, whole.judged)
        found.append(DimensionScore(wave, organisation, source, "", MEASURES[place], score, low, high, *counts))
    return found


def _whole(tallies: Tallies) -> Iterator[tuple[Part, Tally]]:
    """The parts that are about all columns of a feed, and have data."""
    return ((part, tally) for part, tally in tallies.items() if not part.columns and tally.denominator > 0)


def _mean(parts: Sequence[tuple[Tally, float, float, float]]) -> tuple[float, float, float]:
    """The mean of scores by their denominators, with its limits; of each its tally, score and limits."""
    if len(parts) == 1:
        return parts[0][1:]
    whole = sum([tally.denominator for tally, *_ in parts])
    weighed = [(tally.denominator / whole, score, low, high) for tally, score, low, high in parts]
    score = min(1.0, sum([weight * score for weight, score, _, _ in weighed]))
    return score, *combine(score, [(weight * (score - low), weight * (high - score)) for weight, score, low, high in weighed])


def _sum(tallies: Sequence[Tally]) -> Tally:
    if len(tallies) == 1:
        return tallies[0]
    records = [tally.records for tally in tallies if tally.records is not None]
    return Tally(
        sum([tally.numerator for tally in tallies]),
        sum([tally.denominator for tally in tallies]),
        sum(records) if records else None,
        sum([tally.kept for tally in tallies]),
        sum([tally.judged for tally in tallies]),
    )


def indices(tallies: Tallies, wave: str, organisation: str, *, experimental: bool) -> list[Dqmi]:
    """The index of an organisation by feed and over all, from the tallies of item scores and of coverage."""
    items: dict[str, tuple[float, int]] = {}
    coverages: dict[str, float] = {}
    for part, tally in _whole(tallies):
        if part.measure == "item_score":
            items[part.feed] = (tally.numerator, round(tally.denominator))
        elif part.measure == "coverage":
            coverages[part.feed] = tally.numerator / tally.denominator
    return dqmi.of_feeds(items, coverages, experimental=experimental, wave=wave, organisation=organisation)
