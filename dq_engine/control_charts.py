"""Whether the newest of a series of numbers is unlike those before it: control charts, by closed forms. Pure.

The chart is the XmR chart (individuals and moving range), the NHS's own for data over time: NHS England, "Making data count", and
NHSRplotthedots (https://cran.r-project.org/package=NHSRplotthedots), which sets limits at the mean ± 2.66 average moving ranges
(2.66 = 3 / 1.128, where 1.128 is the mean range of two normal numbers with a deviation of 1). Two of its rules are used, of the
newest point alone:

- **outside**: it lies beyond the limits of the points before it. Limits from few points are often too near: at 2.66 the rule
  errs once in 32 times after 8 points, and not once in 370 as after very many. So they are as wide as :data:`FACTORS` says, which
  makes it about one in 370 after any number of points.
- **shift**: it is the last of eight points on one side of the mean of all (Wheeler, "Understanding Variation", 2000). The NHS
  takes seven: that errs twice as often, and here hundreds of series are judged at once.

Proportions are judged by the p′ chart of Laney (2002, "Improved control charts for attributes", Quality Engineering 14(4)), which
measures how much they vary beside what their denominators explain. Counts are too few for it where hardly anything ever fails, so
a point must also be unlikely by the exact test of two counts (Przyborowski & Wilenski 1940, Biometrika 31).

Where points follow each other as in a walk (von Neumann's ratio below 1: 1941, Annals of Mathematical Statistics 12(4)), not the
points are judged but their changes, and not for a shift. Seasons are not modelled. ``python -m tests.history.alarms`` measures
how often all this errs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

LEAST, MOST = 8, 24
"""Points before the newest without which nothing is judged; how many of them, the newest, are looked at."""
RUN = 8
"""Points on one side of the mean that are a shift."""
FACTORS = (5.16, 4.73, 4.42, 4.17, 4.00, 3.87, 3.74, 3.66, 3.56, 3.49, 3.44, 3.39, 3.34, 3.30, 3.27, 3.23, 3.21, 3.19)
"""How many average moving ranges the limits are away from the mean, by the number of points, from 7 to 24.

Quantiles of |newest - mean| / average moving range of normal numbers, at 1 - 0.0027, from two million series each.
"""
KNOWN = 3.0
"""The same in deviations that are known and not measured."""
RARE = 0.00135
"""The chance beyond three deviations on one side."""
WALK = 1.0
"""Von Neumann's ratio below which points follow each other."""
ALARMS = {8: 0.005, 15: 0.01}
"""Of series in which nothing changes, the share that raise an alarm, after so many points or more: rounded up from the worst of
several kinds (normal, Poisson, binomial with and without further variation). See ``tests/history/alarms.py``."""

Rule = Literal["outside", "shift"]
Side = Literal["both", "above"]
"""What is looked for: any difference, or only numbers that are too large."""


class Signal(Struct, frozen=True):
    """Why the newest point is unlike those before: it is not from ``low`` to ``high``, or one of ``RUN`` beside the ``centre``.

    With ``changes`` the limits are those of what may follow the point before it. ``past`` points were looked at.
    """

    rule: Rule
    low: float
    centre: float
    high: float
    past: int
    changes: bool = False


def false_alarms(past: int) -> float:
    """The share of series in which nothing changes that raise an alarm, after so many points. As measured: :data:`ALARMS`."""
    return ALARMS[max(points for points in ALARMS if points <= max(past, LEAST))]


def individuals(past: Sequence[float], newest: float, least: float, side: Side = "both") -> Signal | None:
    """What is wrong with the newest number after at least ``LEAST`` others, oldest first; None: nothing.

    ``least`` is the smallest deviation that is taken for possible: numbers may be alike for long, and still change once.
    """
    past = past[-MOST:]
    found = _outside(past, newest, least, side)
    centre = math.fsum((*past, newest)) / (len(past) + 1)
    if found is None and _shifted([number - centre for number in (*past, newest)], side):
        width = _width(past, least)
        return Signal("shift", centre - width, centre, centre + width, len(past))
    return found


def proportions(past: Sequence[tuple[int, int]], newest: tuple[int, int]) -> Signal | None:
    """What is wrong with the newest count of a denominator (above 0) after ``LEAST`` others or more; None: not too large."""
    past = past[-MOST:]
    counted, judged = sum(count for count, _ in past), sum(of for _, of in past)
    share = counted / judged
    if share == 1:
        return None
    count, of = newest
    spread = math.sqrt(share * (1 - share))
    standard = [(n / m - share) * math.sqrt(m) / spread for n, m in past] if spread else [0.0] * len(past)
    latest = (count / of - share) * math.sqrt(of) / spread if spread else math.inf
    if count / of <= share:
        return None
    outside = _outside(standard, latest, 1.0, "above") if spread else Signal("outside", 0.0, 0.0, 0.0, len(past))
    unit = spread / math.sqrt(of)
    if outside is not None and likelihood(count, of, counted, judged) <= RARE:
        low, high = (min(1.0, max(0.0, share + limit * unit)) for limit in (outside.low, outside.high))
        return Signal("outside", low, share, high, len(past), outside.changes)
    pooled = (counted + count) / (judged + of)
    if not _shifted([n / m - pooled for n, m in (*past, newest)], "above"):
        return None
    width = _width(standard, 1.0) * unit
    return Signal("shift", max(0.0, pooled - width), pooled, min(1.0, pooled + width), len(past))


def likelihood(count: int, of: int, counted: int, judged: int) -> float:
    """The chance of at least ``count`` of ``of`` where the share is that of ``counted`` of ``judged``.

    Both counts are taken together: their sum given, the first is binomial with ``of / (of + judged)`` of it.
    """
    total, part = count + counted, of / (of + judged)
    if count <= total * part:
        return 1.0
    term = math.exp(
        math.lgamma(total + 1)
        - math.lgamma(count + 1)
        - math.lgamma(counted + 1)
        + count * math.log(part)
        + counted * math.log1p(-part)
    )
    chance = 0.0
    for more in range(count, total + 1):
        chance += term
        if term < chance * 1e-12:
            break
        term *= (total - more) / (more + 1) * part / (1 - part)
    return min(1.0, chance)


def _outside(past: Sequence[float], newest: float, least: float, side: Side) -> Signal | None:
    """The limits of the newest number, if it is beyond them."""
    if _walks(past):
        steps, before = _steps(past), past[-1]
        centre, width = before + math.fsum(steps) / len(steps), _width(steps, least * math.sqrt(2))
        changes = True
    else:
        centre, width, changes = math.fsum(past) / len(past), _width(past, least), False
    low, high = centre - width, centre + width
    inside = newest <= high if side == "above" else low <= newest <= high
    return None if inside else Signal("outside", low, centre, high, len(past), changes)


def _width(past: Sequence[float], least: float) -> float:
    """How far the limits are from the mean of the points."""
    moving = math.fsum(map(abs, _steps(past))) / (len(past) - 1)
    known = KNOWN * math.sqrt(1 + 1 / len(past)) * least
    return max(FACTORS[min(len(past), MOST) - LEAST + 1] * moving, known)


def _walks(past: Sequence[float]) -> bool:
    mean = math.fsum(past) / len(past)
    squares = math.fsum((number - mean) ** 2 for number in past)
    return math.fsum(step * step for step in _steps(past)) < WALK * squares


def _shifted(distances: Sequence[float], side: Side) -> bool:
    """Whether the newest points, of enough, are all on one side, and those before them do not walk."""
    before, latest = distances[:-RUN], distances[-RUN:]
    above = all(distance > 0 for distance in latest)
    below = side == "both" and all(distance < 0 for distance in latest)
    return len(before) >= LEAST and (above or below) and not _walks(before)


def _steps(numbers: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(numbers)]
