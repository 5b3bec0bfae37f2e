"""Is a share of failures higher than before, or is that chance? Exact, for small counts as for large ones. Pure.

Two samples of judged things are compared by Fisher's exact test, one-sided (R. A. Fisher, The Logic of Inductive Inference,
1935). Many comparisons at once are held to one rate of false alarms by Tarone's method (R. E. Tarone, A Modified Bonferroni
Method for Discrete Data, Biometrics 46, 1990): a comparison that could not have shown anything, whatever had been found, is not
among those that share the rate. So it finds more than Bonferroni's method where most organisations have few failures or none, and
it assumes nothing of how comparisons depend on each other.

Fisher's test takes things to fail independently of each other. They do not: a repeated key fails in two rows, a batch as a whole.
How much more than by chance failures vary from one time to the other is seen at the organisations (D. Spiegelhalter, Handling
over-dispersion of performance indicators, Quality and Safety in Health Care 14, 2005), and all counts are divided by that before
they are compared (J. Rao and A. Scott, A Simple Method for the Analysis of Clustered Binary Data, Biometrics 48, 1992).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import astuple

LEAST_PLACES = 10
"""Organisations with failures, below which nothing is known of how much more than by chance they vary."""
CUT = 0.1
"""The share of organisations that vary most and are taken to vary no more than the next: they may be what is looked for."""
SMALLEST = 1e-17
"""A term of a sum that is smaller than this, relative to the sum, is its last: those after it are smaller still."""


class Counts(Struct, frozen=True):
    """How many failed, of how many that were judged: ``before`` of ``judged_before``, ``after`` of ``judged_after``."""

    before: int
    judged_before: int
    after: int
    judged_after: int

    @property
    def risen(self) -> bool:
        """Whether the share of failures is higher than before."""
        return self.after * self.judged_before > self.before * self.judged_after

    @property
    def rise(self) -> float:
        """By how much the share has risen, from -1 to 1; 0 where one of the two was not judged."""
        if not self.judged_before or not self.judged_after:
            return 0.0
        return self.after / self.judged_after - self.before / self.judged_before

    @property
    def turned(self) -> Counts:
        """The same with before and after exchanged: what rose has fallen."""
        return Counts(self.after, self.judged_after, self.before, self.judged_before)

    def without(self, others: Iterable[Counts]) -> Counts:
        """What is left when some of those that were counted are taken out."""
        left = astuple(self)
        for other in others:
            left = tuple(of - taken for of, taken in zip(left, astuple(other), strict=True))
        return Counts(*(max(0, number) for number in left))

    def divided(self, times: float) -> Counts:
        """The counts of so many times fewer things, of which the shares are the same: whole numbers, and never more failures."""
        before, after = int(self.before / times), int(self.after / times)
        return Counts(before, max(before, int(self.judged_before / times)), after, max(after, int(self.judged_after / times)))


def variation(places: Sequence[Counts]) -> float:
    """How many times as much as by chance alone failures vary from one time to the other, by what many places show; at least 1.

    The mean of the squared deviations in units of those of the hypergeometric distribution; the largest tenth is winsorised, so
    that a place that got worse does not hide itself. 1 where too few places have failures to say.
    """
    squares = sorted(square for counts in places if (square := _square(counts)) is not None)
    if len(squares) < LEAST_PLACES:
        return 1.0
    largest = squares[math.ceil(len(squares) * (1 - CUT)) - 1]
    return max(1.0, sum(min(square, largest) for square in squares) / len(squares))


def _square(counts: Counts) -> float | None:
    """The squared deviation of the failures after from their expectation, by its variance; None where they cannot vary."""
    judged, failures = counts.judged_before + counts.judged_after, counts.before + counts.after
    if judged < 2:
        return None
    share = failures / judged
    spread = counts.judged_after * share * (1 - share) * counts.judged_before / (judged - 1)
    return (counts.after - counts.judged_after * share) ** 2 / spread if spread > 0 else None


def by_chance(counts: Counts) -> float:
    """The probability that so many failures, or more, come after by chance, if all failures fell on either side alike: 0 to 1.

    This is the p-value of Fisher's exact test, one-sided; 1 where the share has not risen.
    """
    return _tail(counts, counts.after) if counts.risen else 1.0


def at_least(counts: Counts) -> float:
    """The smallest probability that :func:`by_chance` could give with so many failures on both sides together."""
    return _tail(counts, min(counts.before + counts.after, counts.judged_after))


def _tail(counts: Counts, least: int) -> float:
    """The probability of ``least`` failures or more after, by the hypergeometric distribution."""
    failures, judged, after = counts.before + counts.after, counts.judged_before + counts.judged_after, counts.judged_after
    most = min(failures, after)
    if least <= max(0, failures - counts.judged_before):
        return 1.0
    first = _log_choose(failures, least) + _log_choose(judged - failures, after - least) - _log_choose(judged, after)
    total = term = 1.0
    for found in range(least, most):
        term *= (failures - found) * (after - found) / ((found + 1) * (judged - failures - after + found + 1))
        total += term
        if term < SMALLEST * total:
            break
    return min(1.0, math.exp(first + math.log(total)))


def _log_choose(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def threshold(comparisons: Sequence[Counts], false_alarms: float) -> float:
    """The p-value at and below which a comparison counts, so that all of them together raise a false alarm at that rate at most.

    ``false_alarms`` is the probability, 0 to 1, that anything is said to have risen where nothing but chance is at work.
    """
    possible = sorted(least for counts in comparisons if (least := at_least(counts)) <= false_alarms)
    shared = 1
    while bisect.bisect_right(possible, false_alarms / shared) > shared:
        shared += 1
    return false_alarms / shared
