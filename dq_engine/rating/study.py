"""Ratings of many organisations -> the tables of the study: the share of organisations at each rating, and how it changed. Pure.

Shares have the form of the Department of Health's problem scores (National surveys of NHS patients, general practice, 1998 to
2002): those with the answer, of those with any. Organisations that are not rated are in no share; each row says how many there
are, how many were looked at and how many are rated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from dq_engine.model import Organisation, Rated
from dq_engine.rating import survey
from dq_engine.rating.sampling import Sample, within
from dq_engine.scores import POOR_OR_WORSE, RATINGS, Change, Rating, Share, TableRow, Wave

By = Literal["region", "kind"]
"""What groups can be of."""
NOT_KNOWN = "(not known)"
"""The group of the organisations of which the registers do not say it."""
SHARES: tuple[tuple[str, tuple[Rated, ...]], ...] = (
    *((rating, (rating,)) for rating in RATINGS),
    (POOR_OR_WORSE, RATINGS[: RATINGS.index("poor") + 1]),
)
"""The shares of a row: what each is called, and the ratings that it counts."""

Rates = Mapping[str, Rated | None]
"""The rating of each organisation, in one wave and item; None or absent: not rated."""


class _Group(NamedTuple):
    """Organisations that rows are about: all those there are, or were looked at; and the part of the sample that is theirs."""

    by: str
    name: str
    population: int
    codes: Sequence[str]
    sample: Sample | None


def tables(
    ratings: Iterable[Rating],
    organisations: Mapping[str, Organisation],
    population: Mapping[str, str],
    sample: Sample | None,
    by: Sequence[By],
    waves: Sequence[Wave],
) -> tuple[list[TableRow], list[Change]]:
    """The rows of the tables, and the changes of "poor or worse" from each wave to the next.

    ``organisations``: what the registers say, by code. ``population``: every organisation that there is, and its stratum (any
    text, if there is no sample). ``sample``: those that were looked at; None: all. ``by``: what there are further rows by.
    ``waves`` in the order of time.

    There is a row for each wave, item (in the order of the ratings) and group: first all organisations, then each group in the
    order of names, that of which nothing is known last. Without a sample a share is a count, and has no interval. With one, only
    sampled organisations count, and what is said is an estimate for all by :mod:`dq_engine.rating.survey`. That of a group is
    made within the sampled organisations of the group, of which the number in each stratum of the population is known. Changes
    are those of the organisations that are rated in both waves. A rated organisation that is not in the population does not
    count, and a note says so.
    """
    found: dict[tuple[str, str], dict[str, Rated | None]] = {}
    for rating in ratings:
        found.setdefault((rating.wave, rating.item), {})[rating.organisation] = rating.rating
    items = list(dict.fromkeys(item for _, item in found))
    groups = _groups(organisations, population, sample, by)
    rows = [
        _row(wave.name, item, group, rates, population)
        for wave in waves
        for item in items
        for rates in [found.get((wave.name, item), {})]
        for group in groups
    ]
    changes = [
        _change(item, group, (earlier.name, found.get((earlier.name, item), {})), (later.name, found.get((later.name, item), {})))
        for earlier, later in pairwise(waves)
        for item in items
        for group in groups
    ]
    return rows, changes


def _groups(
    organisations: Mapping[str, Organisation], population: Mapping[str, str], sample: Sample | None, by: Sequence[By]
) -> list[_Group]:
    whole = sample.population if sample else len(population)
    groups = [_Group("", "", whole, list(sample.members if sample else population), sample)]
    for kind in by:
        members: dict[str, dict[str, str]] = {}
        for code, stratum in population.items():
            known = organisations.get(code)
            members.setdefault((known and getattr(known, kind)) or NOT_KNOWN, {})[code] = stratum
        for name in sorted(members, key=lambda name: (name == NOT_KNOWN, name)):
            part = within(sample, members[name]) if sample else None
            groups.append(_Group(kind, name, len(members[name]), list(part.members if part else members[name]), part))
    return groups


def _row(wave: str, item: str, group: _Group, rates: Rates, population: Mapping[str, str]) -> TableRow:
    notes = []
    strangers = 0 if group.by else sum(rating is not None and code not in population for code, rating in rates.items())
    if strangers == 1:
        notes.append("1 rated organisation that is not in the population does not count.")
    elif strangers:
        notes.append(f"{strangers:,} rated organisations that are not in the population do not count.")
    silent = group.sample.silent if group.sample else ()
    counts = Counter(rating for code in group.codes if code not in silent and (rating := rates.get(code)) is not None)
    rated = counts.total()
    if not rated:
        shares = tuple(Share(name, 0, 0, None) for name, _ in SHARES)
        notes.append("Nobody is rated.")
    elif group.sample is None:
        shares = tuple(_counted(name, sum(counts[rating] for rating in which), rated) for name, which in SHARES)
    else:
        estimates = [survey.proportion(group.sample, _answers(group, rates, which)) for _, which in SHARES]
        shares = tuple(
            Share(name, estimate.count, estimate.answered, estimate.share, estimate.low, estimate.high)
            for (name, _), estimate in zip(SHARES, estimates, strict=True)
        )
        notes += list(dict.fromkeys(estimate.note for estimate in estimates if estimate.note))
    return TableRow(
        wave=wave,
        item=item,
        by=group.by,
        group=group.name,
        population=group.population,
        sampled=len(group.codes),
        rated=rated,
        shares=shares,
        note=" ".join(notes),
    )


def _counted(name: str, count: int, rated: int) -> Share:
    return Share(name, count, rated, count / rated)


def _answers(group: _Group, rates: Rates, which: Sequence[Rated]) -> dict[str, bool | None]:
    """Whether each organisation of the group has one of these ratings; None: not rated."""
    return {code: None if (rating := rates.get(code)) is None else rating in which for code in group.codes}


def _change(item: str, group: _Group, earlier: tuple[str, Rates], later: tuple[str, Rates]) -> Change:
    name, which = SHARES[-1]
    before, after = (_answers(group, rates, which) for _, rates in (earlier, later))
    found = survey.change(group.sample, before, after) if group.sample else survey.census_change(before, after)
    return Change(
        item=item,
        by=group.by,
        group=group.name,
        rating=name,
        earlier=earlier[0],
        later=later[0],
        both=found.both or 0,
        change=found.change,
        low=found.low,
        high=found.high,
    )
