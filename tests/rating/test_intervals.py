"""Intervals are the published ones, stay inside 0 to 1, and never promise more for less data."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dq_engine.rating.intervals import Z, combine, wilson

SHARES = st.floats(0, 1)
COUNTS = st.integers(1, 10_000_000)


@pytest.mark.parametrize(
    ("found", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_published_intervals_of_a_share(found: int, of: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (score)."""
    assert wilson(found / of, of) == pytest.approx((low, high), abs=0.00005)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062)],
)
def test_the_published_intervals_of_a_combination(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10: the same method for the difference of two shares."""
    one, other = first[0] / first[1], second[0] / second[1]
    (low_one, high_one), (low_other, high_other) = wilson(one, first[1]), wilson(other, second[1])
    pieces = [(one - low_one, high_one - one), (high_other - other, other - low_other)]
    assert combine(one - other, pieces) == pytest.approx((low, high), abs=0.00005)


def test_the_deviate_is_that_of_95_percent() -> None:
    assert pytest.approx(1.959964, abs=5e-7) == Z


def test_nothing_wrong_leaves_the_upper_end_at_1_and_nothing_right_the_lower_at_0() -> None:
    for records in (1, 3, 7, 9, 49, 1_000_003):
        assert wilson(1.0, records)[1] == 1.0
        assert wilson(0.0, records)[0] == 0.0


def test_what_was_not_sampled_is_certain() -> None:
    assert wilson(0.3, None) == (0.3, 0.3)


@pytest.mark.parametrize(("share", "records"), [(0.5, 0), (0.5, -1), (1.1, 5), (-0.1, 5), (float("nan"), 5), (2.0, None)])
def test_what_has_no_interval_is_refused(share: float, records: int | None) -> None:
    with pytest.raises(ValueError, match="share"):
        wilson(share, records)


@example(4.512899619609933e-19, 3_591_246)
@example(1.2120370226816699e-19, 1_948)
@example(0.9999999999999776, 3_210_833)
@example(0.9999999999999999, 18)
@given(SHARES, COUNTS)
def test_the_share_is_in_its_interval_and_that_between_0_and_1(share: float, records: int) -> None:
    low, high = wilson(share, records)
    assert 0 <= low <= share <= high <= 1


@given(SHARES, COUNTS, COUNTS)
def test_more_records_never_widen_the_interval(share: float, a: int, b: int) -> None:
    fewer, more = sorted((a, b))
    wide, narrow = wilson(share, fewer), wilson(share, more)
    assert narrow[0] >= wide[0] - 1e-12
    assert narrow[1] <= wide[1] + 1e-12


@given(SHARES, SHARES, COUNTS)
def test_a_greater_share_never_has_a_lower_limit(a: float, b: float, records: int) -> None:
    less, more = sorted((a, b))
    for lower, higher in zip(wilson(less, records), wilson(more, records), strict=True):
        assert higher >= lower - 1e-12


def test_a_combination_of_one_piece_is_that_piece() -> None:
    low, high = wilson(0.7, 30)
    assert combine(0.7, [(0.7 - low, high - 0.7)]) == pytest.approx((low, high), abs=1e-15)


def test_independent_pieces_make_a_narrower_interval_than_dependent_ones() -> None:
    """3 and 4 are 5 where they are independent, and 7 where they are not."""
    low, high = combine(0.5, [(0.03, 0.04), (0.04, 0.03)])
    assert (0.5 - low, high - 0.5) == pytest.approx((0.05, 0.05))


def test_a_combination_stays_between_0_and_1() -> None:
    """Distances whose sum is a rounding error longer than the way to the end."""
    score = 0.23324769997121986
    assert combine(score, [(0.23324769997121989, 0.0)])[0] == 0
    assert combine(1 - score, [(0.0, 0.233247699971221)])[1] == 1


PIECE = st.tuples(st.floats(0.01, 1), COUNTS)


@given(st.lists(PIECE, min_size=1, max_size=5), st.data())
def test_no_limit_of_a_mean_rises_when_a_piece_falls(pieces: list[tuple[float, int]], data: st.DataObject) -> None:
    shares = data.draw(st.lists(SHARES, min_size=len(pieces), max_size=len(pieces)))
    place = data.draw(st.integers(0, len(pieces) - 1))
    lower = [share if at != place else share * data.draw(SHARES) for at, share in enumerate(shares)]
    whole = sum(weight for weight, _ in pieces)

    def mean(shares: list[float]) -> tuple[float, float]:
        score, reaches = 0.0, []
        for share, (weight, records) in zip(shares, pieces, strict=True):
            low, high = wilson(share, records)
            score += weight / whole * share
            reaches.append((weight / whole * (share - low), weight / whole * (high - share)))
        return combine(score, reaches)

    before, after = mean(shares), mean(lower)
    assert all(now <= then + 1e-9 for now, then in zip(after, before, strict=True))
    assert all(a <= b for a, b in pairwise((0.0, *after, 1.0)))
