"""How often defects fall when they are planted several times: shares worked out by hand, and what must hold of all of them."""

from fractions import Fraction
from itertools import pairwise

import pytest

from dq_engine.sample.chance import DRAWN, SLOTS_OF_A_DRAW, chances, laid_out


@pytest.mark.parametrize(
    ("times", "once", "more"),
    [
        ("0", "0", "0"),
        ("0.5", "0.05", "0"),
        ("1", "0.1", "0"),
        ("1.5", "0.14", "0.005"),  # 0.1 * 0.95 + 0.9 * 0.05, and 0.1 * 0.05
        ("2", "0.18", "0.01"),  # 2 * 0.1 * 0.9, and 0.1 * 0.1
        ("3", "0.243", "0.028"),  # 3 * 0.1 * 0.81, and 3 * 0.01 * 0.9 + 0.001
    ],
)
def test_a_tenth_of_the_rows_is_drawn_for_several_times(times: str, once: str, more: str) -> None:
    assert chances(Fraction(1, 10), Fraction(times)) == (Fraction(once), Fraction(more))


def test_more_times_and_larger_shares_befall_more_rows_and_never_more_than_all() -> None:
    times = [Fraction(number, 4) for number in range(60)] + [Fraction(1000)]
    shares = [Fraction(number, 20) for number in range(20)]
    befallen = {(share, time): chances(share, time) for share in shares for time in times}
    assert all(min(each) >= 0 and sum(each) <= 1 for each in befallen.values())
    for fewer, more in pairwise(times):
        assert all(sum(befallen[share, fewer]) < sum(befallen[share, more]) for share in shares if share)
        assert all(befallen[share, fewer].more <= befallen[share, more].more for share in shares)
    for smaller, larger in pairwise(shares):
        assert all(sum(befallen[smaller, time]) < sum(befallen[larger, time]) for time in times if time)


def test_every_row_is_befallen_where_every_draw_befalls_it() -> None:
    assert chances(Fraction(1), Fraction(1)) == (1, 0)
    assert chances(Fraction(1), Fraction(2)) == (0, 1)
    assert chances(Fraction(1), Fraction(1, 4)) == (Fraction(1, 4), 0)


def test_ranges_are_laid_out_by_shares() -> None:
    """A share of 0.2 of all draws and slots 1,000 wide together: once, a slot of 1 is 200 draws wide; twice, 320 and 40,000 heavy."""
    usual, slots = Fraction(1, 5), 1000
    assert laid_out(usual, slots, Fraction(1), apart=True) == (0, DRAWN // 5, 200 * SLOTS_OF_A_DRAW)
    assert laid_out(usual, slots, Fraction(2), apart=True) == (40_000, 360_000, 320 * SLOTS_OF_A_DRAW)
    assert laid_out(usual, slots, Fraction(2), apart=False) == (0, 360_000, 360 * SLOTS_OF_A_DRAW)
