"""How surely a rule holds beyond the rows that were looked at. Pure arithmetic.

Of ``n`` rows ``k`` break a rule. :func:`most_exceptions` is the largest share ``p`` of exceptions that is compatible with that:
if it were larger, ``k`` or fewer would have been found with a probability of at most 5 %, as ``P(X <= k) <= exp(-n D(k/n, p))``
with ``D`` the relative entropy (Chernoff 1952; Hoeffding 1963, doi 10.1080/01621459.1963.10500830, theorem 1). For ``k`` = 0 it
is ``1 - 0.05 ** (1 / n)``, about 3/n: the rule of three (Hanley and Lippman-Hand 1983, doi 10.1001/jama.1983.03330370053031).

A rule that was made of the data fits them too well: a set of values of the column, the shapes of its values, its least and its
largest value. Such a rule is given by ``d`` of the rows alone, and is judged by the others; that there were ``n choose d`` ways
to choose these, and several ``d``, is paid for (sample compression: Floyd and Warmuth 1995, doi 10.1007/BF00993593).

Assumed, and said wherever a confidence is: rows are independent of each other, and those to come are like those looked at. Rows
of one organisation or month resemble each other, so the truth is wider. The bound is for each rule by itself, not for all.
"""

from __future__ import annotations

import math

LEVEL = 0.95
"""How surely a bound holds."""
MOST_CHOSEN = 30
"""By more rows than this no rule is made of the data."""
SHARES = (0.999, 0.995, 0.99, 0.98, 0.95, 0.9)
"""What ``mostly`` may be: a share that people can remember."""
ASSUMED = "rows are independent of each other, and those to come are like those looked at"
METHOD = (
    "Confidence is the share of rows that keep the rule, at least, with 95 % certainty (Chernoff-Hoeffding bound; for no "
    f"exception the rule of three). Assumed: {ASSUMED}. It is said of each rule by itself."
)


def most_exceptions(n: int, exceptions: int, chosen: int = 0) -> float:
    """The share of rows that break the rule, at most, with 95 % certainty: from 0 to 1.

    ``exceptions`` of ``n`` rows looked at break it; ``chosen`` of them would make the rule, if it is made of the data.
    """
    judged = n - chosen
    if judged < 1 or exceptions >= judged or chosen > MOST_CHOSEN:
        return 1.0
    ways = math.lgamma(n + 1) - math.lgamma(chosen + 1) - math.lgamma(judged + 1) + math.log(MOST_CHOSEN) if chosen else 0.0
    enough = (ways - math.log(1 - LEVEL)) / judged
    share = exceptions / judged
    low, high = share, 1.0
    for _ in range(60):  # far below the last digit that is shown
        middle = (low + high) / 2
        low, high = (middle, high) if _entropy(share, middle) < enough else (low, middle)
    return high


def confidence(n: int, exceptions: int, chosen: int = 0) -> float:
    """The share of rows that keep the rule, at least, with 95 % certainty; rounded down to five digits."""
    return math.floor((1 - most_exceptions(n, exceptions, chosen)) * 100_000) / 100_000


def mostly(least: float) -> float | None:
    """The largest of :data:`SHARES` that rows keep by that confidence; None if there is none."""
    return next((share for share in SHARES if share <= least), None)


def _entropy(share: float, other: float) -> float:
    """The relative entropy of two events, of probability ``share`` < 1 and of a larger one."""
    if other >= 1:
        return math.inf
    first = share * math.log(share / other) if share else 0.0
    return first + (1 - share) * (math.log1p(-share) - math.log1p(-other))
