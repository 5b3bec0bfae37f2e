"""Control charts: limits that can be worked out by hand, what is never an alarm, and how often chance raises one."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_engine.control_charts import ALARMS, FACTORS, LEAST, MOST, false_alarms, individuals, likelihood, proportions
from tests.history import alarms


def test_limits_are_those_of_the_xmr_chart_widened_for_eight_points() -> None:
    past = [10.0, 12.0] * 4
    signal = individuals(past, 30, 0.1)
    assert signal is not None
    assert (signal.rule, signal.past, signal.centre) == ("outside", 8, 11)
    assert math.isclose(signal.high, 11 + FACTORS[1] * 2) and math.isclose(signal.low, 11 - FACTORS[1] * 2)
    assert individuals(past, 20.4, 0.1) is None


def test_factors_come_near_to_those_of_the_nhs_as_points_grow_more() -> None:
    assert len(FACTORS) == MOST - LEAST + 2
    assert sorted(FACTORS, reverse=True) == [*FACTORS] and FACTORS[-1] > 2.66


def test_numbers_that_never_varied_may_vary_by_what_is_possible() -> None:
    assert individuals([15.0] * 10, 18, 1.0) is None
    assert individuals([15.0] * 10, 19, 1.0) is not None
    assert individuals([15.0] * 10, 1, 1.0, "above") is None


def test_eight_on_one_side_of_the_mean_are_a_shift() -> None:
    past = [10.0, 12.0, 10.0, 12.0, 10.0, 12.0, 10.0, 12.0, *[9.6, 9.4] * 3, 9.6]
    signal = individuals(past, 9.4, 0.1)
    assert signal is not None and signal.rule == "shift"
    assert individuals(past[:-1], 9.6, 0.1) is None, "seven are none"


def test_what_grows_steadily_is_judged_by_its_growth() -> None:
    past = [100.0 + 10 * place + place % 2 for place in range(12)]
    assert individuals(past, 221, 0.5) is None
    signal = individuals(past, 150, 0.5)
    assert signal is not None and signal.changes


def test_a_check_that_never_failed_alarms_when_it_is_unlikely_by_chance() -> None:
    past = [(0, 1_000)] * 8
    assert proportions(past, (3, 1_000)) is None
    signal = proportions(past, (4, 1_000))
    assert signal is not None and signal.high == 0
    assert math.isclose(likelihood(3, 1_000, 0, 8_000), (1 / 9) ** 3)
    assert proportions([(5, 5)] * 8, (5, 5)) is None


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 50), st.just(1_000)), min_size=LEAST, max_size=30), st.integers(1, 10_000))
def test_a_share_that_is_not_larger_than_before_is_never_outside(past: list[tuple[int, int]], of: int) -> None:
    counted = sum(count for count, _ in past)
    signal = proportions(past, (counted * of // (1_000 * len(past[-MOST:]) * 2), of))
    assert signal is None or signal.rule == "shift"


@settings(max_examples=40)
@given(st.lists(st.floats(-1e9, 1e9), min_size=LEAST, max_size=40), st.floats(-1e9, 1e9), st.floats(1, 1e3))
def test_the_limits_that_are_told_are_those_that_were_crossed(past: list[float], newest: float, least: float) -> None:
    signal = individuals(past, newest, least)
    if signal is not None and signal.rule == "outside":
        assert signal.low <= signal.centre <= signal.high
        assert not signal.low <= newest <= signal.high


@pytest.mark.parametrize("points", [LEAST, 15, MOST])
@pytest.mark.parametrize("kind", alarms.STABLE)
def test_chance_raises_no_more_alarms_than_are_stated(kind: str, points: int) -> None:
    """Of 800 series; four standard errors more are taken for chance."""
    series, stated = 800, false_alarms(points)
    assert alarms.rate(alarms.STABLE[kind], points, series) <= stated + 4 * math.sqrt(stated / series)


def test_a_real_drop_is_found() -> None:
    assert alarms.rate(alarms.dropped(8), 12, 300) > 0.9
    assert alarms.rate(alarms.dropped(8), LEAST, 300) > 0.75
    assert set(ALARMS) == {8, 15}
