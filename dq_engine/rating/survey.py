"""What a stratified sample says of all organisations: shares and their changes, with intervals. Pure.

In stratum h there are N organisations, n are sampled and r of these answered (were rated). A sampled organisation weighs N/n; one
that answered weighs N/r, so that those that answered also stand for those of their stratum that did not (weighting-class
adjustment for non-response). The variance is that of a stratified mean with the finite-population correction 1 - r/N (Cochran,
Sampling Techniques, 3rd edition 1977, 5.3 and 5.10): the answers count as a random part of the stratum.

The interval of a share p is Korn and Graubard's (Survey Methodology 1998;24:193-201), as in R's ``svyciprop(method="beta")``:
Clopper and Pearson's with the effective sample size p (1 - p) / variance, times (t(r - 1) / t(r - strata))². Four rules are
added, where the method as published says nothing or is too sure:

* At 0 and at 1 the variance is 0 and tells nothing. The effective size is then 1 / sum (N/total)² (1 - r/2N) / r, as of a share
  that is the same in all strata. In one stratum it is r / (1 - r/2N), with which the limit is that of the hypergeometric
  distribution but for a fraction of an organisation (Wise, Biometrika 1954;41:317-329). (The National Center for Health
  Statistics of the United States takes r: Vital and Health Statistics 2(175), 2017.)
* Two or more answers of a stratum that are all the same have variance 0 as well, however few they are. The stratum then counts
  as if one further answer had been the other one, or as the overall share where that is nearer; but the variance of no share
  becomes larger by this than if the share were the same in all strata. Where ten each are sampled from strata of 300, 20 and 20
  and one in ten organisations has the property, the plain interval covers this in 67 % of samples, and this one in 99 %.
* One answer alone has no variance. Its distance from the overall share stands for it: R's ``survey.lonely.psu="adjust"``.
* Of N organisations a whole number has the property, not fewer than were seen with it and not more than were not seen without it.
  Limits are rounded outwards to such numbers. So the interval becomes the share as the sample becomes a census, and covers the
  truth in 95 % of samples even if nearly everybody was sampled.

A change is the difference of the shares of those that answered both times. Its interval combines theirs, with their correlation
(MOVER: Zou and Donner, Statistics in Medicine 2008;27:1693-1702); for answers that all weigh the same this is Newcombe's method
for pairs, with his continuity correction (Statistics in Medicine 1998;17:2635-2650, method 10).

Of the survey libraries svy is kept up (samplics, its forerunner, is archived), and the tests hold this module against it. It is
not used here: its interval knows nothing of the finite population at 0 and 1 and has no width where strata are uniform, it has
none of this kind for a change, its allocation does not keep a minimum of two, and an estimate takes it many times as long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import ceil, floor, sqrt
from typing import NamedTuple

from msgspec import Struct, structs

from dq_engine.rating.intervals import CONFIDENCE
from dq_engine.rating.sampling import Sample, stratum_name

_TAIL = (1 - CONFIDENCE) / 2
_ROUNDING = 1e-9
"""Of an organisation: what is nearer to a whole number is that number."""


class Estimate(Struct, frozen=True):
    """The share of the population that has a property, as a sample tells it.

    ``share`` is from 0 to 1 and weighted; ``low`` and ``high`` are its 95 % interval. All three are None where nobody answered;
    ``low`` and ``high`` also where everybody was looked at. ``count`` of the ``answered`` have the property, unweighted;
    ``sampled`` were looked at, of ``population``. ``effective``: the size of a simple random sample from an endless population
    that would be as exact; None where nothing was left to chance. ``note``: what a reader must know, in sentences.
    """

    share: float | None
    low: float | None
    high: float | None
    count: int
    answered: int
    sampled: int
    population: int
    effective: float | None = None
    note: str = ""


class Difference(Struct, frozen=True):
    """By how much a share changed, from -1 to 1, with its 95 % interval; None as in :class:`Estimate`.

    ``both``: organisations that answered both times; None where the two samples are not the same.
    """

    change: float | None
    low: float | None
    high: float | None
    both: int | None = None
    note: str = ""


def weights(sample: Sample, answered: Collection[str]) -> dict[str, float]:
    """How many organisations of the population each of those that answered stands for; they add up to the population.

    With all members as ``answered`` these are the design weights N/n; else N/r, adjusted for the members that did not answer. The
    weight of a stratum of which nobody answered is shared by the others.
    """
    codes = [code for code in sample.members if code in answered]
    each = {cell.name: sample.population * cell.part / cell.answered for cell in _cells(sample, codes)}
    return {code: each[sample.members[code]] for code in codes}


# -------------------------------------------------------------------------------------------------------------- estimation


def proportion(sample: Sample, answers: Mapping[str, bool | None]) -> Estimate:
    """The share of the population that has a property, from the answers of the sample.

    ``answers``: whether an organisation has it; None or absent: it did not answer (was not rated). Answers of organisations
    outside the sample, and of those that did not respond, do not count. Where nobody of a stratum answered, its weight is shared
    by the others, and ``note`` says so.
    """
    given = _given(sample, answers)
    cells = _cells(sample, given)
    yes = _counts(sample, cells, {code for code, answer in given.items() if answer})
    count, answered, population = sum(yes), len(given), sample.population
    if not cells:
        return Estimate(None, None, None, 0, 0, len(sample.members), population, note=_note(sample, cells))
    share = _share(cells, yes)
    low, high, effective = _korn_graubard(cells, yes, share)
    low = min(max(floor(low * population + _ROUNDING), count) / population, share)
    high = max(min(ceil(high * population - _ROUNDING), population - answered + count) / population, share)
    return Estimate(share, low, high, count, answered, len(sample.members), population, effective, note=_note(sample, cells))


def census(answers: Mapping[str, bool | None]) -> Estimate:
    """The share of those that answered (None: not rated), where everybody was looked at: without an interval."""
    given = [answer for answer in answers.values() if answer is not None]
    share = sum(given) / len(given) if given else None
    return Estimate(share, None, None, sum(given), len(given), len(answers), len(answers))


def change(sample: Sample, earlier: Mapping[str, bool | None], later: Mapping[str, bool | None]) -> Difference:
    """The change of a share between two times, by the organisations of the sample that answered both times.

    ``earlier`` and ``later`` are as the answers of :func:`proportion`.
    """
    before, after = _given(sample, earlier), _given(sample, later)
    both = before.keys() & after.keys()
    cells = _cells(sample, both)
    if not cells:
        return Difference(None, None, None, 0, _note(sample, cells))
    had = {code for code in both if before[code]}
    has = {code for code in both if after[code]}
    first, second, twice = (_counts(sample, cells, codes) for codes in (had, has, had & has))
    found = difference(
        proportion(sample, {code: code in had for code in both}),
        proportion(sample, {code: code in has for code in both}),
        _correlation(cells, first, second, twice),
    )
    return structs.replace(found, both=len(both), note=_note(sample, cells))


def difference(earlier: Estimate, later: Estimate, correlation: float = 0.0) -> Difference:
    """The difference of two estimates of a share, of samples that were drawn apart or (``correlation``) are the same.

    No interval where one of them has none.
    """
    if earlier.share is None or later.share is None:
        return Difference(None, None, None)
    found = later.share - earlier.share
    if earlier.low is None or earlier.high is None or later.low is None or later.high is None:
        return Difference(found, None, None)
    down, up = later.share - later.low, later.high - later.share
    below, above = earlier.share - earlier.low, earlier.high - earlier.share
    # |correlation| is at most 1, so that only a rounding error can make these negative
    low = found - sqrt(max(0.0, down * down + above * above - 2 * correlation * down * above))
    high = found + sqrt(max(0.0, up * up + below * below - 2 * correlation * up * below))
    return Difference(found, low, high)


def census_change(earlier: Mapping[str, bool | None], later: Mapping[str, bool | None]) -> Difference:
    """The change of the share among those that answered both times, where everybody was looked at: without an interval."""
    both = [code for code, answer in earlier.items() if answer is not None and later.get(code) is not None]
    found = (sum(bool(later[code]) for code in both) - sum(bool(earlier[code]) for code in both)) / len(both) if both else None
    return Difference(found, None, None, len(both))


# ------------------------------------------------------------------------------------------------------------- arithmetic


class _Cell(NamedTuple):
    """A stratum of which somebody answered.

    ``part``: of the whole weight; ``fraction``: of its organisations that answered; both with its share of the weight of the
    strata of which nobody did.
    """

    name: str
    part: float
    fraction: float
    answered: int

    @property
    def scale(self) -> float:
        """The variance of the overall share, per variance of one answer of this stratum."""
        return self.part * self.part * (1 - self.fraction) / self.answered


def _given(sample: Sample, answers: Mapping[str, bool | None]) -> dict[str, bool]:
    silent = sample.silent
    return {code: answer for code in sample.members if (answer := answers.get(code)) is not None and code not in silent}


def _cells(sample: Sample, answered: Collection[str]) -> list[_Cell]:
    counts = Counter(sample.members[code] for code in answered)
    rows = [row for row in sample.strata if counts[row.name]]
    standing, population = sum(row.population for row in rows), sample.population
    return [
        _Cell(
            row.name,
            row.population / standing,
            # whole numbers: exactly 1 where everybody answered
            counts[row.name] * standing / (row.population * population),
            counts[row.name],
        )
        for row in rows
    ]


def _counts(sample: Sample, cells: Sequence[_Cell], codes: Iterable[str]) -> list[int]:
    counts = Counter(sample.members[code] for code in codes)
    return [counts[cell.name] for cell in cells]


def _share(cells: Sequence[_Cell], yes: Sequence[int]) -> float:
    if sum(yes) == sum(cell.answered for cell in cells):
        return 1.0
    return sum(cell.part * count / cell.answered for cell, count in zip(cells, yes, strict=True))


def _covariance(cells: Sequence[_Cell], first: Sequence[int], second: Sequence[int], twice: Sequence[int]) -> float:
    """Of the shares of two properties; ``twice`` counts those that have both. Of one with itself: its variance."""
    one, other = _share(cells, first), _share(cells, second)
    total = 0.0
    for cell, a, b, ab in zip(cells, first, second, twice, strict=True):
        if cell.answered == 1:
            total += cell.scale * (a - one) * (b - other)
        else:
            total += cell.scale * (ab - a * b / cell.answered) / (cell.answered - 1)
    return total


def _variance(cells: Sequence[_Cell], yes: Sequence[int], share: float) -> float:
    """The variance of a share; strata of two or more answers that are all the same do not count as if they were certain."""
    found = doubtful = _covariance(cells, yes, yes, yes)
    for cell, count in zip(cells, yes, strict=True):
        if cell.answered > 1 and count in (0, cell.answered):
            further = 1 / (cell.answered + 1)
            near = min(share, further) if count == 0 else max(share, 1 - further)
            doubtful += cell.scale * near * (1 - near)
    even = share * (1 - share) * sum(cell.scale for cell in cells)
    return max(found, min(doubtful, even))


def _korn_graubard(cells: Sequence[_Cell], yes: Sequence[int], share: float) -> tuple[float, float, float | None]:
    """The interval of a share, and the effective sample size."""
    from scipy.special import betaincinv, stdtrit  # noqa: PLC0415  checking data does without scipy

    answered = sum(cell.answered for cell in cells)
    if all(cell.fraction == 1 for cell in cells):
        return share, share, None
    if sum(yes) in (0, answered):
        effective = 1 / sum(cell.part * cell.part * (1 - cell.fraction / 2) / cell.answered for cell in cells)
    else:
        effective = share * (1 - share) / _variance(cells, yes, share)
    size = effective
    if answered > 1:
        size *= float(stdtrit(answered - 1, _TAIL) / stdtrit(max(answered - len(cells), 1), _TAIL)) ** 2
    with_it, without = size * share, size * (1 - share)
    low = float(betaincinv(with_it, without + 1, _TAIL)) if with_it else 0.0
    high = float(betaincinv(with_it + 1, without, 1 - _TAIL)) if without else 1.0
    return low, high, effective


def _correlation(cells: Sequence[_Cell], first: Sequence[int], second: Sequence[int], twice: Sequence[int]) -> float:
    """Of two shares of the same answers; a positive one with Newcombe's correction, for continuity."""
    spread = _covariance(cells, first, first, first) * _covariance(cells, second, second, second)
    if spread <= 0:
        return 0.0
    found = _covariance(cells, first, second, twice) / sqrt(spread)
    if found <= 0:
        return max(found, -1.0)
    one, other = _share(cells, first), _share(cells, second)
    answered = sum(cell.answered for cell in cells)
    return min(max(found - 1 / (2 * answered * sqrt(one * (1 - one) * other * (1 - other))), 0.0), 1.0)


# ------------------------------------------------------------------------------------------------------------------ words


def _note(sample: Sample, cells: Sequence[_Cell]) -> str:
    if not cells:
        return "Nobody answered."
    answered = {cell.name for cell in cells}
    unheard = [stratum_name(row.name) for row in sample.strata if row.name not in answered]
    lonely = [stratum_name(cell.name) for cell in cells if cell.answered == 1 and cell.fraction < 1]
    sentences = []
    if unheard:
        sentences.append(f"Nobody answered of {', '.join(unheard)}: the other strata stand for them.")
    if lonely:
        sentences.append(
            f"Only one answered of {', '.join(lonely)}: its distance from the overall share stands for its variance."
        )
    return " ".join(sentences)
