"""How far ratings agree with the answers that people gave: exact agreement and weighted kappa. Pure.

Weighted kappa is Cohen's (Psychological Bulletin 1968;70:213–220), with linear weights (Cicchetti and Allison) and quadratic
ones (Fleiss and Cohen). Where every organisation gave one answer, its interval is that of Fleiss, Cohen and Everitt
(Psychological Bulletin 1969;72:323–327). Several answers of one organisation come from the same person and resemble each other:
then organisations, not answers, are left out in turn (jackknife), with Student's t on one less than there are; leaving the
clusters out of account makes such intervals too narrow (Yang and Zhou, Computational Statistics and Data Analysis 2015;82:1–18).
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from dq_engine.rating.intervals import Z
from dq_engine.scores import RATINGS

Weighting = Literal["linear", "quadratic"]
Counts = Mapping[tuple[int, int], int]


class Kappa(Struct, frozen=True):
    """Weighted kappa with its 95 % interval: 1 is perfect agreement, 0 what chance gives. None: it cannot be told."""

    value: float | None
    low: float | None
    high: float | None


class Agreement(Struct, frozen=True):
    """How answers agree with ratings.

    ``exact`` of ``answers`` are the rating itself, ``near`` are that or next to it. ``table``: a row for each answer, a column
    for each rating, worst first.
    """

    answers: int
    organisations: int
    exact: int
    near: int
    linear: Kappa
    quadratic: Kappa
    table: tuple[tuple[int, ...], ...]


def agreement(pairs: Sequence[tuple[str, int, int]]) -> Agreement:
    """The agreement of (organisation, answer, rating); answers and ratings are places in :data:`RATINGS`."""
    together: Counter[tuple[int, int]] = Counter()
    by_organisation: dict[str, Counter[tuple[int, int]]] = {}
    for organisation, answer, rating in pairs:
        together[answer, rating] += 1
        by_organisation.setdefault(organisation, Counter())[answer, rating] += 1
    groups = list(by_organisation.values())
    return Agreement(
        answers=len(pairs),
        organisations=len(groups),
        exact=sum(count for (answer, rating), count in together.items() if answer == rating),
        near=sum(count for (answer, rating), count in together.items() if abs(answer - rating) <= 1),
        linear=_kappa(together, groups, "linear"),
        quadratic=_kappa(together, groups, "quadratic"),
        table=_table(together),
    )


def weighted_kappa(table: Sequence[Sequence[int]], weighting: Weighting) -> Kappa:
    """Weighted kappa of a table of independent pairs, with the interval of Fleiss, Cohen and Everitt.

    Where one side says the same one thing always, kappa is 0 by its nature and has no interval; where both do, there is none.
    """
    rows, columns = _used(table)
    if len(rows | columns) < 2:
        return Kappa(None, None, None)
    if len(rows) == 1 or len(columns) == 1:
        return Kappa(0.0, None, None)
    from statsmodels.stats.inter_rater import cohens_kappa  # noqa: PLC0415  takes seconds to load

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of its test of kappa = 0 and of a variance just below 0
        found = cohens_kappa(table, wt=weighting)
    wide = Z * math.sqrt(max(found.var_kappa, 0.0))
    return Kappa(float(found.kappa), max(-1.0, float(found.kappa - wide)), min(1.0, float(found.kappa + wide)))


def students_t(freedom: int) -> float:
    """The 97.5 % point of Student's t, by which a standard error becomes half a 95 % interval."""
    from scipy.special import stdtrit  # noqa: PLC0415  takes long to load

    return float(stdtrit(freedom, 0.975))


def _kappa(together: Counts, groups: Sequence[Counts], weighting: Weighting) -> Kappa:
    whole = weighted_kappa(_table(together), weighting)
    if whole.low is None or whole.value is None or all(sum(group.values()) == 1 for group in groups):
        return whole
    from statsmodels.stats.inter_rater import cohens_kappa  # noqa: PLC0415  takes seconds to load

    left_out = []
    for group in groups:
        rest = _table({pair: count - group.get(pair, 0) for pair, count in together.items()})
        if len(set.union(*_used(rest))) < 2:
            return Kappa(whole.value, None, None)
        left_out.append(float(cohens_kappa(rest, wt=weighting, return_results=False)))
    mean = sum(left_out) / len(left_out)
    error = math.sqrt((len(groups) - 1) / len(groups) * sum((value - mean) ** 2 for value in left_out))
    wide = students_t(len(groups) - 1) * error
    return Kappa(whole.value, max(-1.0, whole.value - wide), min(1.0, whole.value + wide))


def _table(counts: Counts) -> tuple[tuple[int, ...], ...]:
    places = range(len(RATINGS))
    return tuple(tuple(counts.get((answer, rating), 0) for rating in places) for answer in places)


def _used(table: Sequence[Sequence[int]]) -> tuple[set[int], set[int]]:
    """Which rows and which columns of a table are not empty."""
    rows = {place for place, row in enumerate(table) if any(row)}
    return rows, {place for row in table for place, count in enumerate(row) if count}
