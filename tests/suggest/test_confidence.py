"""The bound on exceptions: the rule of three where there are none, and right at least 95 times of 100 whatever the truth is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_engine.suggest.confidence import SHARES, confidence, most_exceptions, mostly


def test_without_exceptions_it_is_the_rule_of_three() -> None:
    for n in (10, 300, 11_482, 1_000_000):
        assert most_exceptions(n, 0) == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-9)
    assert most_exceptions(1000, 0) == pytest.approx(3 / 1000, rel=0.01)


def test_few_rows_say_little_and_none_say_nothing() -> None:
    assert confidence(0, 0) == 0
    assert confidence(1, 0) == 0.05
    assert confidence(29, 0) > 0.9 > confidence(28, 0)
    assert confidence(5, 5) == 0


@given(st.integers(1, 10**9), st.floats(0, 1), st.integers(0, 30))
def test_it_is_above_what_was_found_and_grows_with_exceptions_and_with_what_was_made_of_the_data(
    n: int, share: float, chosen: int
) -> None:
    exceptions = int(n * share)
    bound = most_exceptions(n, exceptions, chosen)
    assert exceptions / n <= bound <= 1
    assert bound <= most_exceptions(n, min(n, exceptions + 1), chosen) + 1e-12
    assert most_exceptions(n, exceptions) <= bound + 1e-12
    least = confidence(n, exceptions, chosen)
    assert 0 <= least <= 1 - bound + 1e-12
    assert mostly(least) is None or mostly(least) in SHARES


@pytest.mark.parametrize(("n", "truth"), [(50, 0.05), (300, 0.01), (300, 0.2)])
def test_of_samples_from_rows_with_exceptions_at_most_one_in_twenty_has_a_bound_that_is_too_low(n: int, truth: float) -> None:
    chance = random.Random(1)
    low = 0
    for _ in range(200):
        exceptions = sum(chance.random() < truth for _ in range(n))
        low += most_exceptions(n, exceptions) < truth
    assert low <= 200 * 0.05 + 7  # more than two standard deviations of 200 draws


def test_the_bound_for_sets_of_values_holds_for_sets_that_are_read_off_the_sample() -> None:
    """Codes of which some are rare: the share of rows whose code no sample has seen is below the bound."""
    chance = random.Random(2)
    weights = [2.0 ** -min(rank, 9) for rank in range(14)]
    total, n, low = sum(weights), 400, 0
    for _ in range(100):
        seen = set(chance.choices(range(14), weights, k=n))
        unseen = sum(weight for rank, weight in enumerate(weights) if rank not in seen) / total
        low += unseen > most_exceptions(n, 0, chosen=len(seen))
    assert low <= 5
