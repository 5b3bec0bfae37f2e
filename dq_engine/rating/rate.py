"""An instrument and the tallies of one organisation -> its ratings, with interval, reasons and what would lift them. Pure.

Scores, and the ends of bands that they are held against, are rounded to 12 digits: 0.95 that came out of a sum as
0.9499999999999999 is 0.95.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from math import floor, fsum

from dq_engine.model import Rated
from dq_engine.rating.intervals import combine, wilson
from dq_engine.scores import OVERALL, Band, Instrument, ItemRule, Lift, Part, Rating, Tally, Term

NO_DATA = "no data came"
NOTHING = Tally(0.0, 0.0, 0)
"""The tally of a part that nothing came for, where that counts as a score of 0."""

DIGITS = 12
REACHED = 4e-13
"""A sum that lacks less than this is rounded to what it lacks."""
REASONS = 3
"""Terms that say why a rating is what it is."""
ROOM = 5
"""Missing parts that a reason spells out."""

Terms = tuple[tuple[Part, float], ...]


_Known = tuple[Tally, float, float, float]
"""What is known of a part: its tally, its score and the limits of this score."""
_ZERO: _Known = (NOTHING, 0.0, 0.0, 0.0)


def parts_of(instrument: Instrument, feeds: Mapping[str, str]) -> dict[str, Terms]:
    """What each item of an instrument is made of in this run: its parts in their order, each with its weight.

    ``feeds``: the feeds of the run and the source of each. A term for all feeds of a source is split evenly among those that are
    in the run; if none is, its part has the feed "", of which no organisation has data. A feed that a term names stays, whether
    it is in the run or not. Terms about the same part are one; a term of weight 0 is none.
    """
    expanded = {}
    for item in instrument.items:
        of_source = sorted(feed for feed, source in feeds.items() if source == item.source) or [""]
        weights: dict[Part, list[float]] = {}
        for term in item.terms:
            named = of_source if term.feed is None else [term.feed]
            for feed in named if term.weight else ():
                weights.setdefault(Part(feed, term.measure, term.columns), []).append(term.weight / len(named))
        expanded[item.id] = tuple((part, fsum(weights[part])) for part in sorted(weights))
    return expanded


def rate(
    instrument: Instrument,
    expanded: Mapping[str, Terms],
    tallies: Mapping[Part, Tally],
    wave: str,
    organisation: str,
    feeds: Container[str] | None = None,
) -> list[Rating]:
    """The ratings of one organisation in one wave: of the items in the instrument's order, then the overall one.

    ``expanded`` is what :func:`parts_of` answered. An item's score is the mean of the scores of its terms, by their weights.
    Terms without data are left out, and the others keep their proportions; where the instrument says that non-submission is
    "zero", they score 0 instead, if the feed is one of ``feeds``, which are those of the run (None: all that terms name). An item
    is rated if terms with at least the instrument's ``least_weight`` have a score. The bands must go from 0 to 1 without a gap.

    Worse measures never make a score or rating better, nor raise an end of its interval. A measure that is no longer there at
    all can, if it was a bad one and non-submission is not "zero". Raises ValueError for a tally that is no share.
    """
    known: dict[Part, _Known] = {}
    scale = _Steps(instrument.scale.bands)
    missing_is_zero = instrument.non_submission == "zero"
    ratings: list[Rating] = []
    for item in instrument.items:
        scored: list[tuple[Part, float, _Known]] = []
        missing: list[Part] = []
        whole = measured = counted = 0.0
        for part, weight in expanded[item.id]:
            whole += weight
            what = known.get(part)
            if what is None and (tally := tallies.get(part)) is not None:
                what = known[part] = _look_up(part, tally)
            if what is not None:
                measured += weight
            else:
                missing.append(part)
                if not (missing_is_zero and part.feed and (feeds is None or part.feed in feeds)):
                    continue
                what = _ZERO
            counted += weight
            scored.append((part, weight, what))
        if not scored:
            ratings.append(Rating(wave, organisation, item.id, None, reason=NO_DATA))
            continue
        share = round(measured / whole, DIGITS) if missing else 1.0
        if missing and round(counted / whole, DIGITS) < instrument.least_weight:
            reason = _too_little(instrument, item, counted / whole, missing)
            ratings.append(Rating(wave, organisation, item.id, None, measured=share, reason=reason))
        else:
            steps = _Steps(item.bands) if item.bands else scale
            ratings.append(_rated(wave, organisation, item.id, steps, scored, counted, share))
    ratings.append(_overall(instrument, scale, ratings, wave, organisation))
    return ratings


def terms_of(terms: Terms, tallies: Mapping[Part, Tally]) -> list[Term]:
    """The terms of an item that have data, each with its share of their weight together."""
    there = [(part, weight, _look_up(part, tallies[part])) for part, weight in terms if part in tallies]
    whole = fsum(weight for _, weight, _ in there)
    return [
        Term(part, weight / whole, score, low, high, weight / whole * (1 - score), tally)
        for part, weight, (tally, score, low, high) in there
    ]


def _look_up(part: Part, tally: Tally) -> _Known:
    if tally.denominator <= 0 or not 0 <= tally.numerator <= tally.denominator * (1 + 1e-9):
        raise ValueError(f"{_name(part)}: {tally.numerator} of {tally.denominator} is no share")
    score = tally.numerator / tally.denominator
    if score > 1:
        score = 1.0
    low, high = wilson(score, tally.records)
    return tally, score, low, high


def _rated(
    wave: str,
    organisation: str,
    item: str,
    steps: _Steps,
    scored: Sequence[tuple[Part, float, _Known]],
    whole: float,
    measured: float,
) -> Rating:
    """The rating of an item of which the terms ``scored``, of the weight ``whole`` together, have a score."""
    weighted = 0.0
    reaches: dict[str, tuple[float, float]] = {}  # by feed, as the terms of one stand on the same records
    pulls: list[tuple[float, Part, float, _Known]] = []
    for part, of_whole, what in scored:
        _, score, low, high = what
        weight = of_whole / whole
        weighted += weight * score
        below, above = reaches.get(part.feed, (0.0, 0.0))
        reaches[part.feed] = (below + weight * (score - low), above + weight * (high - score))
        if score < 1:
            pulls.append((weight * (score - 1), part, weight, what))
    pulls.sort()
    score = round(weighted, DIGITS)
    low, high = _limits(score, combine(score, reaches.values()))
    rating, between, better, start = steps.rated(score, low, high)
    return Rating(
        wave,
        organisation,
        item,
        rating,
        score,
        low,
        high,
        between,
        measured,
        "",
        tuple(
            [
                Term(part, weight, score, low, high, -pull, tally)
                for pull, part, weight, (tally, score, low, high) in pulls[:REASONS]
            ]
        ),
        better,
        _lift(start - weighted, pulls) if better else (),
    )


def _lift(lacking: float, pulls: Iterable[tuple[float, Part, float, _Known]]) -> tuple[Lift, ...]:
    """The fewest changes that add ``lacking`` to the weighted sum: the greatest pulls first, each as far as it must."""
    lifts = []
    for pull, part, weight, (_, score, _, _) in pulls:
        if lacking < -pull:
            lifts.append(Lift(part, score, min(1.0, score + (lacking + REACHED / 4) / weight)))
            break
        lifts.append(Lift(part, score, 1.0))
        lacking += pull
        if lacking < REACHED:
            break
    return tuple(lifts)


def _overall(instrument: Instrument, scale: _Steps, ratings: Sequence[Rating], wave: str, organisation: str) -> Rating:
    """The mean of the items that are rated, by their weights; the limits likewise, since items stand on the same data."""
    weights = {item.id: item.weight for item in instrument.items}
    rows = [
        (weights[rating.item], rating.score, rating.low, rating.high)
        for rating in ratings
        if rating.score is not None and rating.low is not None and rating.high is not None and weights[rating.item]
    ]
    if not rows:
        return Rating(wave, organisation, OVERALL, None, reason="no item is rated")
    whole = fsum(weight for weight, _, _, _ in rows)
    score, *ends = (fsum(row[0] * row[place] for row in rows) / whole for place in (1, 2, 3))
    score = round(score, DIGITS)
    low, high = _limits(score, (ends[0], ends[1]))
    rating, between, _, _ = scale.rated(score, low, high)
    measured = round(whole / fsum(weights.values()), DIGITS)
    return Rating(wave, organisation, OVERALL, rating, score, low, high, between, measured)


def _limits(score: float, ends: tuple[float, float]) -> tuple[float, float]:
    return min(round(ends[0], DIGITS), score), max(round(ends[1], DIGITS), score)


class _Steps:
    """The bands of an item, ready to look scores up in."""

    def __init__(self, bands: Sequence[Band]) -> None:
        self.bands = bands
        self.starts = [round(band.from_, DIGITS) for band in bands]

    def rated(self, score: float, low: float, high: float) -> tuple[Rated, tuple[Rated, Rated] | None, Rated | None, float]:
        """The rating of a score; those of its limits, where they differ; the next better one, if any, and where it starts."""
        worst, place, best = (bisect_right(self.starts, value) - 1 for value in (low, score, high))
        between = None if worst == best else (self.bands[worst].rating, self.bands[best].rating)
        if place + 1 == len(self.bands):
            return self.bands[place].rating, between, None, 1.0
        return self.bands[place].rating, between, self.bands[place + 1].rating, self.starts[place + 1]


# ----------------------------------------------------------------------------------------------------------------- words


def _too_little(instrument: Instrument, item: ItemRule, counted: float, missing: Sequence[Part]) -> str:
    source = instrument.sources.get(item.source, item.source)
    names = list(dict.fromkeys(_name(part) if part.feed else f"feed of {source}" for part in missing))
    more = [f"{len(names) - ROOM} more"] if len(names) > ROOM else []
    lacking = ", ".join([*(f"no {name}" for name in names[:ROOM]), *more])
    return f"only {_percent(counted)} of the weight was measured, and {instrument.least_weight * 100:.10g} % is needed: {lacking}"


def _name(part: Part) -> str:
    return f"{part.feed}.{part.measure}" + (f" ({', '.join(part.columns)})" if part.columns else "")


def _percent(share: float) -> str:
    """Rounded down to a tenth: what is too little never looks as if it were enough."""
    return f"{floor(round(share * 1000, 6)) / 10:g} %"
