"""Ratings of the same data by two instruments, side by side: for each item, how often they agree, and how far. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from dq_engine.model import Level
from dq_engine.rating.agreement import Agreement, agreement
from dq_engine.scores import NOTICE, RATINGS, InstrumentReference, Rating, RunReference, SampleReference, Scores, Wave

COMPARISON_VERSION = 1
"""The version of the shape of a comparison as JSON."""


class Compared(Struct, frozen=True):
    """An item in a wave by both instruments.

    ``agreement``: of the organisations that both rate; in its table, a row for each rating by the first instrument and a column
    for each by the second. The others are rated by one of them alone, or by none.
    """

    wave: str
    item: str
    agreement: Agreement
    first_only: int
    second_only: int
    neither: int


class Comparison(Struct, frozen=True, kw_only=True):
    """Two instruments: in what they differ, and how their ratings agree; the shape of its JSON.

    ``first_items`` and ``second_items`` are items that the other instrument has not.
    """

    version: int
    first: InstrumentReference
    second: InstrumentReference
    differences: tuple[str, ...]
    level: Level
    runs: tuple[RunReference, ...]
    waves: tuple[Wave, ...]
    items: tuple[Compared, ...]
    first_items: tuple[str, ...] = ()
    second_items: tuple[str, ...] = ()
    sample: SampleReference | None = None
    notes: tuple[str, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)
    notice: str = NOTICE


def compare(first: Scores, second: Scores, differences: Sequence[str]) -> Comparison:
    """The ratings of ``first`` beside those of ``second``: the same runs, level and sample, each by its instrument.

    ``differences`` of the instruments, as :func:`dq_engine.rating.instrument.compare` says them. Every organisation counts the
    same, also those of a sample.
    """
    one, other = _by_item(first.ratings), _by_item(second.ratings)
    both = [key for key in one if key in other]
    names, others = ({item: None for _, item in found} for found in (one, other))
    return Comparison(
        version=COMPARISON_VERSION,
        first=first.instrument,
        second=second.instrument,
        differences=tuple(differences),
        level=first.level,
        runs=first.runs,
        waves=first.waves,
        items=tuple(_compared(wave, item, one[wave, item], other[wave, item]) for wave, item in both),
        first_items=tuple(item for item in names if item not in others),
        second_items=tuple(item for item in others if item not in names),
        sample=first.sample,
        notes=tuple(dict.fromkeys([*first.notes, *second.notes])),
        titles={**second.titles, **first.titles},
    )


def _by_item(ratings: Sequence[Rating]) -> dict[tuple[str, str], dict[str, Rating]]:
    found: dict[tuple[str, str], dict[str, Rating]] = {}
    for rating in ratings:
        found.setdefault((rating.wave, rating.item), {})[rating.organisation] = rating
    return found


def _compared(wave: str, item: str, one: Mapping[str, Rating], other: Mapping[str, Rating]) -> Compared:
    pairs = list(_pairs(one, other))
    rated = [(code, first, second) for code, first, second in pairs if first is not None and second is not None]
    return Compared(
        wave,
        item,
        agreement(rated),
        first_only=sum(first is not None and second is None for _, first, second in pairs),
        second_only=sum(first is None and second is not None for _, first, second in pairs),
        neither=sum(first is None and second is None for _, first, second in pairs),
    )


def _pairs(one: Mapping[str, Rating], other: Mapping[str, Rating]) -> Iterator[tuple[str, int | None, int | None]]:
    """The organisations with their ratings, as places in RATINGS; None: not rated."""
    for code in dict.fromkeys([*one, *other]):
        first, second = (found[code].rating if code in found else None for found in (one, other))
        yield code, None if first is None else RATINGS.index(first), None if second is None else RATINGS.index(second)
