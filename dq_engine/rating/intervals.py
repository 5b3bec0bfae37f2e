"""How sure a score is: the interval of one share, and the interval of a mean of shares. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
"""The confidence of every interval that is not said to have another."""
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""The standard normal deviate that belongs to it, 1.95996…."""


def wilson(share: float, n: int | None, z: float = Z) -> tuple[float, float]:
    """The interval of a share that was found in ``n`` records: its lower and upper limit, both from 0 to 1.

    The limits are the two shares that are ``z`` of their own standard deviations away from the one that was found
    (Wilson 1927, doi 10.1080/01621459.1927.10502953). ``share``, from 0 to 1, need not be a whole number of records: a mean of
    several rules on the same records is none. The lower limit of 0 is 0, the upper limit of 1 is 1. ``n`` is None where nothing
    was sampled; then both limits are the share. Raises ValueError for a share outside 0 to 1 and for fewer records than one.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share is from 0 to 1; got {share}")
    if n is None:
        return share, share
    if n < 1:
        raise ValueError(f"a share of {n} records has no interval")
    scaled = z * z / n
    centre = share + scaled / 2
    reach = sqrt(scaled * (share * (1 - share) + scaled / 4))
    low = (centre - reach) / (1 + scaled)
    high = (centre + reach) / (1 + scaled)
    # a rounding error may put a limit on the wrong side of the share, or outside 0 to 1
    return 0.0 if low < 0 else low if low < share else share, 1.0 if high > 1 else high if high > share else share


def combine(score: float, pieces: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The interval of a score that is a weighted mean of independent pieces: its lower and upper limit, both from 0 to 1.

    A piece is how far its own limits are below and above it, each times its weight in the mean. What stands on the same records
    is one piece, whose distances were added up. The distances of different pieces are combined by the root of the sum of their
    squares: the method of variance estimates recovery (MOVER; Zou and Donner 2008, doi 10.1002/sim.3095). It keeps the
    skewness of each piece's interval, and is exact for one piece.

    Where no limit of a piece falls when the piece rises, no limit of the score does: the derivative of the lower limit by the
    score s of a piece of weight w and lower limit l is w (1 - r (1 - l')), with r, its share in the root, from 0 to 1; that is at
    least w times the smaller of 1 and l', and so not negative. The upper limit likewise.
    """
    below = above = 0.0
    for down, up in pieces:
        below += down * down
        above += up * up
    return max(0.0, score - sqrt(below)), min(1.0, score + sqrt(above))
