"""How often defects fall, for a PCG/T with a given factor: shares of its rows, and the ranges of a draw that have these shares.

``times`` says how many times as often as usual. It is as if each row were drawn for so many times, and each draw fell into the
defects with the usual share; half a draw has half the share. So once is the usual share exactly, never is none, and the share of
rows that are befallen grows with ``times`` and with the factor, and never reaches beyond all rows. Fractions, so that the same
whole numbers come out on every machine. Pure.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

DRAWN = 1_000_000
"""The draw that decides on defects is below this."""
MOST_TIMES = 1000
"""The largest ``times``; far below it, every row of a PCG/T with any defects is befallen."""
SLOTS_OF_A_DRAW = 8 * DRAWN
"""Slots are counted in so many parts of a draw, so that rounding does not move them."""


class Chances(NamedTuple):
    """Shares of rows, from 0 to 1: those that are drawn for ``once``, and those that are drawn for ``more`` than once."""

    once: Fraction
    more: Fraction


def chances(share: Fraction, times: Fraction) -> Chances:
    """The shares after ``times`` draws, each of which befalls ``share`` of the rows (0 to 1)."""
    whole, part = divmod(times, 1)
    whole_spared, part_spared = (1 - share) ** whole, 1 - part * share
    once = whole_spared * part * share
    if whole:
        once += whole * share * (1 - share) ** (whole - 1) * part_spared
    return Chances(once, 1 - whole_spared * part_spared - once)


class Range(NamedTuple):
    """The draws of rows that are befallen: more than once below ``more``, once from there to ``end``.

    The slots of defects lie one after another from ``more`` on; ``unit`` is the width of a slot of 1, in parts of a draw.
    """

    more: int
    end: int
    unit: int


def laid_out(usual: Fraction, slots: int, times: Fraction, *, apart: bool) -> Range:
    """The range of a PCG/T whose rows ``usual``-ly have a defect with that share, where all slots together are ``slots`` wide.

    ``apart``: rows that are drawn for more than once have a range of their own; else the slots share theirs out.
    """
    once, more = chances(min(usual, Fraction(1)), times)
    if not apart:
        once, more = once + more, Fraction(0)
    begin = round(more * DRAWN)
    return Range(begin, math.ceil((once + more) * DRAWN), max(1, round(once * DRAWN * SLOTS_OF_A_DRAW / slots)))
