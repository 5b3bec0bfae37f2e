"""Is a rise chance? Held against scipy, and against the rate of false alarms that is promised."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from dq_engine.significance import Counts, at_least, by_chance, threshold, variation

SIZES = st.integers(0, 3_000)


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    before, after = draw(SIZES), draw(SIZES)
    few = draw(st.booleans())
    return Counts(
        draw(st.integers(0, min(before, 9) if few else before)),
        before,
        draw(st.integers(0, min(after, 9) if few else after)),
        after,
    )


@given(counts())
@settings(max_examples=300, derandomize=True, deadline=None)
def test_the_probability_is_that_of_the_hypergeometric_distribution(found: Counts) -> None:
    judged, failures = found.judged_before + found.judged_after, found.before + found.after
    expected = float(hypergeom.sf(found.after - 1, judged, failures, found.judged_after)) if found.risen else 1.0
    assert by_chance(found) == pytest.approx(expected, rel=1e-8, abs=1e-300)
    assert at_least(found) <= by_chance(found) * (1 + 1e-9), "nothing is less probable than all failures on one side"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Counts(0, 11, 11, 11), 1 / 705_432),  # 1 / (22 choose 11), by hand
        (Counts(1, 10, 1, 10), 1.0),
        (Counts(0, 0, 5, 5), 1.0),
        (Counts(0, 5, 0, 0), 1.0),
        (Counts(3, 10, 2, 10), 1.0),
        (Counts(0, 1, 1, 1), 0.5),
    ],
)
def test_small_counts(found: Counts, expected: float) -> None:
    assert by_chance(found) == pytest.approx(expected)


def test_large_counts_are_as_the_normal_distribution_says() -> None:
    """2.8284 standard errors: one-sided 0.002339."""
    assert by_chance(Counts(50_000_000, 100_000_000, 50_020_000, 100_000_000)) == pytest.approx(0.002339, rel=1e-3)
    assert by_chance(Counts(0, 10**9, 10**6, 10**9)) == 0.0


def test_what_could_show_nothing_does_not_share_the_rate() -> None:
    """Five of ten is the least that can be significant at one in a hundred: the thousand others do not count."""
    silent = [Counts(0, 50, 1, 50)] * 1_000
    assert threshold(silent, 0.01) == 0.01
    assert threshold([*silent, Counts(0, 100, 9, 100)], 0.01) == 0.01
    assert threshold([Counts(0, 1_000, 60, 1_000)] * 40, 0.01) == 0.01 / 40
    assert threshold([], 0.01) == 0.01


def test_where_only_chance_is_at_work_there_are_no_more_false_alarms_than_promised() -> None:
    """Of 200 pairs of runs with 100 organisations each, at most one in ten may alarm: 20, and chance (99.9 %) adds 14."""
    chance = random.Random(20031101)

    def failures(records: int) -> int:
        return sum(chance.random() < 0.05 for _ in range(records))

    alarms = 0
    for _ in range(200):
        family = [Counts(failures(n), n, failures(n), n) for n in (chance.choice((5, 20, 60)) for _ in range(100))]
        significant = threshold(family, 0.1)
        alarms += any(by_chance(found) <= significant for found in family)
    assert 0 < alarms <= 34, "none at all would mean that the test can find nothing"


def test_failures_that_come_in_pairs_are_counted_as_one() -> None:
    """A repeated key fails in two rows: with 60 pairs before and 90 after, the rise is chance one time in 200, not in 100,000."""
    chance = random.Random(1)
    places = []
    for _ in range(150):
        pairs = [chance.random() < 0.6 for _ in range(1)]
        later = sum(pairs)
        places.append(Counts(2 * (len(pairs) - later), 40, 2 * later, 40))
    assert variation(places) == pytest.approx(2, rel=0.05)
    whole = Counts(120, 6_000, 180, 6_000)
    assert by_chance(whole) < 0.0005
    assert by_chance(whole.divided(2)) == pytest.approx(0.008, rel=0.1)


def test_one_place_that_got_worse_does_not_hide_itself() -> None:
    still = [Counts(place % 2, 80, 1 - place % 2, 80) for place in range(40)]
    assert variation([*still, Counts(0, 80, 30, 80)]) == pytest.approx(1, abs=0.05)
    assert variation(still[:9]) == 1, "too few to say"
    assert variation([]) == 1


@given(counts(), st.floats(1, 50))
@settings(max_examples=100, derandomize=True, deadline=None)
def test_divided_counts_are_counts(found: Counts, times: float) -> None:
    less = found.divided(times)
    assert 0 <= less.before <= less.judged_before <= found.judged_before
    assert 0 <= less.after <= less.judged_after <= found.judged_after


def test_a_practice_that_is_worse_is_found_among_thousands() -> None:
    chance = random.Random(7)
    family = [Counts(int(chance.random() < 0.05), 80, int(chance.random() < 0.05), 80) for _ in range(6_500)]
    assert by_chance(Counts(0, 80, 12, 80)) <= threshold([*family, Counts(0, 80, 12, 80)], 0.01)
