"""Tallies of an organisation -> its score in each dimension, by feed and by source, and its Data Quality Maturity Index. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dq_engine.rating import dqmi
from dq_engine.rating.intervals import combine, wilson
from dq_engine.scores import MEASURES, DimensionScore, Dqmi, MeasureName, Part, Tally

Tallies = Mapping[Part, Tally]


def dimensions(tallies: Tallies, sources: Mapping[str, str], wave: str, organisation: str) -> Iterator[DimensionScore]:
    """The score of each measure in each feed, then in each source; ``sources`` says of which source a feed is.

    A source's score is the mean over the rules of its feeds, each by its weight. The feeds' limits are combined as those of an
    item are.
    """
    whole = {part: tally for part, tally in tallies.items() if not part.columns and tally.denominator > 0}
    for part in sorted(whole):
        yield _score({part: whole[part]}, sources[part.feed], part.feed, part.measure, wave, organisation)
    for source in sorted({sources[part.feed] for part in whole}):
        for measure in MEASURES:
            own = {part: tally for part, tally in whole.items() if part.measure == measure and sources[part.feed] == source}
            if own:
                yield _score(own, source, "", measure, wave, organisation)


def _score(tallies: Tallies, source: str, feed: str, measure: MeasureName, wave: str, organisation: str) -> DimensionScore:
    numerator = sum(tally.numerator for tally in tallies.values())
    denominator = sum(tally.denominator for tally in tallies.values())
    pieces = []
    for tally in tallies.values():
        share = min(1.0, tally.numerator / tally.denominator)
        low, high = wilson(share, tally.records)
        weight = tally.denominator / denominator
        pieces.append((weight * (share - low), weight * (high - share)))
    score = min(1.0, numerator / denominator)
    low, high = combine(score, pieces)
    records = [tally.records for tally in tallies.values() if tally.records is not None]
    return DimensionScore(
        wave,
        organisation,
        source,
        feed,
        measure,
        score,
        low,
        high,
        numerator,
        denominator,
        sum(records) if records else None,
        sum(tally.kept for tally in tallies.values()),
        sum(tally.judged for tally in tallies.values()),
    )


def indices(tallies: Tallies, wave: str, organisation: str, *, experimental: bool) -> list[Dqmi]:
    """The index of an organisation by feed and over all, from the tallies of item scores and of coverage."""
    return dqmi.of_feeds(
        {part.feed: (tally.numerator, round(tally.denominator)) for part, tally in _of(tallies, "item_score")},
        {part.feed: tally.numerator / tally.denominator for part, tally in _of(tallies, "coverage")},
        experimental=experimental,
        wave=wave,
        organisation=organisation,
    )


def _of(tallies: Tallies, measure: MeasureName) -> Iterator[tuple[Part, Tally]]:
    return (
        (part, tally)
        for part, tally in sorted(tallies.items(), key=lambda item: item[0])
        if part.measure == measure and not part.columns and tally.denominator > 0
    )
