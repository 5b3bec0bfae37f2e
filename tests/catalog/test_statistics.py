"""Quantiles, outliers, most common values and distributions: what they say of awkward columns, and what they do not tell."""

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import Outcome, SuiteError, WorkerProcess
from dq_engine.catalog.distribution import divergence

QUANTILES = "expect_column_quantile_values_to_be_between"
OUTLIERS = "expect_column_values_to_not_be_outliers"
SCORES = "expect_column_value_z_scores_to_be_less_than"
COMMON = "expect_column_most_common_value_to_be_in_set"
DIVERGENCE = "expect_column_kl_divergence_to_be_less_than"
INFINITY = math.inf
THREE_BINS = {"bins": [0, 1, 2, 3], "weights": [0.25, 0.5, 0.25]}
Q1_UP_TO_3 = {"quantiles": [0.25, 0.5], "value_ranges": [[None, 3]]}


def judged(
    worker: WorkerProcess, make_suite: Any, values: Any, rule: str, *, shown: bool = False, more: Any = None, **arguments: Any
) -> Outcome:
    """The outcome of a rule on the column ``x``; ``more`` are further columns."""
    suite = make_suite((rule, {"column": "x", **arguments}))
    (outcome,) = dq_engine.check(pa.table({"x": values, **(more or {})}), suite, worker=worker, show_values=shown).outcomes
    return outcome


def of_gx(worker: WorkerProcess, make_suite: Any, values: Any, rule: str, *, shown: bool = True, **arguments: Any) -> Any:
    """What the result of the rule on the column ``x`` holds in the shape of Great Expectations."""
    suite = make_suite((rule, {"column": "x", **arguments}))
    return dq_engine.check(pa.table({"x": values}), suite, worker=worker, show_values=shown).to_gx()["results"][0]["result"]


# ------------------------------------------------------------------------------------------------------------- quantiles


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.one_of(st.integers(-9, 9).map(float), st.floats(-9, 9), st.sampled_from([INFINITY, -INFINITY])), min_size=1
    ),
    quantiles=st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.56, 1.0])), min_size=1, max_size=4),
    method=st.sampled_from(["nearest", "linear", "lower", "higher", "midpoint"]),
)
def test_quantiles_are_those_of_numpy(
    values: list[float], quantiles: list[float], method: Any, worker: WorkerProcess, make_suite: Any
) -> None:
    ranges = {"quantiles": quantiles, "value_ranges": [[None, None]] * len(quantiles)}
    found = of_gx(worker, make_suite, [*values, None, math.nan], QUANTILES, quantile_ranges=ranges, allow_relative_error=method)
    with np.errstate(invalid="ignore"):
        expected = np.percentile(np.array(values), np.array(quantiles) * 100, method=method)
    told = [math.nan if value is None else value for value in found["observed_value"]["values"]]
    np.testing.assert_array_equal(told, expected)


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        ([10, 20], True),
        ([None, 10.001], True),
        ([None, 9.9991], True),
        ([None, 9.998], False),
        ([10.0009, None], True),
        ([10.002, None], False),
        (["10", "11"], True),
        ([20, 10.0009], True),
        ([20, 5], False),
    ],
)
def test_a_bound_is_kept_by_what_is_close_to_it(bounds: list[Any], kept: bool, worker: WorkerProcess, make_suite: Any) -> None:
    ranges = {"quantiles": [0.5], "value_ranges": [bounds]}
    assert judged(worker, make_suite, [1, 10, 30], QUANTILES, quantile_ranges=ranges).status == ("pass" if kept else "fail")


@pytest.mark.parametrize(
    ("values", "bounds", "told"),
    [
        (pa.array([dt.date(2024, 1, 1), dt.date(2024, 3, 1)]), ["2024-01-01", "2024-01-01"], "2024-01-01"),
        (
            pa.array([dt.datetime(2024, 1, 1, 9), None], pa.timestamp("us")),
            ["2024-01-01T08:00:00", "2024-01-01T09:00:00"],
            "2024-01-01T09:00:00",
        ),
        (
            pa.array([dt.datetime(2024, 1, 1, 9, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")),
            ["2024-01-01T09:00:00", None],
            "2024-01-01T09:00:00+00:00",
        ),
        (pa.array([Decimal("1.10"), Decimal("2.20")]), [1.1, 1.1], 1.1),
        (pa.array([True, False, True]), [1, 1], True),
    ],
    ids=["date", "timestamp", "zoned", "decimal", "boolean"],
)
def test_columns_of_many_types_have_quantiles(
    values: pa.Array, bounds: list[Any], told: Any, worker: WorkerProcess, make_suite: Any
) -> None:
    ranges = {"quantiles": [0.5], "value_ranges": [bounds]}
    assert judged(worker, make_suite, values, QUANTILES, quantile_ranges=ranges).status == "pass"
    found = of_gx(worker, make_suite, values, QUANTILES, quantile_ranges=ranges)
    assert found["observed_value"] == {"quantiles": [0.5], "values": [told]}


def test_infinity_keeps_a_bound_that_is_infinite(worker: WorkerProcess, make_suite: Any) -> None:
    ranges = {"quantiles": [0, 1], "value_ranges": [[1, INFINITY], [INFINITY, 5]]}
    assert judged(worker, make_suite, [2.0, INFINITY], QUANTILES, quantile_ranges=ranges).status == "pass"


def test_dates_keep_bounds_exactly(worker: WorkerProcess, make_suite: Any) -> None:
    ranges = {"quantiles": [0.5], "value_ranges": [["2024-01-02", None]]}
    assert judged(worker, make_suite, [dt.date(2024, 1, 1)], QUANTILES, quantile_ranges=ranges).status == "fail"


def test_quantiles_without_a_range_are_told_and_not_checked(worker: WorkerProcess, make_suite: Any) -> None:
    found = of_gx(worker, make_suite, [1, 2, 3, 4, 50], QUANTILES, quantile_ranges=Q1_UP_TO_3)
    assert found["observed_value"] == {"quantiles": [0.25, 0.5], "values": [2, 3]}
    assert found["details"] == {"success_details": [True]}


def test_quantiles_are_not_told_of_a_column_that_is_not_shown(worker: WorkerProcess, make_suite: Any) -> None:
    outcome = judged(worker, make_suite, [41, 42, 43], QUANTILES, quantile_ranges=Q1_UP_TO_3)
    assert (outcome.status, outcome.unexpected_count, outcome.observed_value) == ("fail", 1, None)
    assert "4" not in str(outcome.details).replace("0.25", "")


def test_quantiles_are_those_of_the_rows_of_a_condition(worker: WorkerProcess, make_suite: Any) -> None:
    condition = {"type": "comparison", "column": {"name": "y"}, "operator": "==", "parameter": 1}
    rows = {"y": [1, 1, 1, 2, 2]}
    outcome = judged(
        worker, make_suite, [1, 2, 3, 80, 90], QUANTILES, quantile_ranges=Q1_UP_TO_3, more=rows, row_condition=condition
    )
    assert outcome.status == "pass"


def test_text_and_approximation_cannot_be_evaluated(worker: WorkerProcess, make_suite: Any) -> None:
    text = judged(worker, make_suite, ["a"], QUANTILES, quantile_ranges=Q1_UP_TO_3)
    about = judged(worker, make_suite, [1], QUANTILES, quantile_ranges=Q1_UP_TO_3, allow_relative_error=True)
    assert (text.status, about.status) == ("error", "error")
    assert "has no quantiles" in text.message
    assert "write allow_relative_error false" in about.message


# -------------------------------------------------------------------------------------------------- outliers and z-scores


@pytest.mark.parametrize(
    ("values", "arguments", "wrong"),
    [
        ([1, 2, 3, 4, 7], {"multiplier": 1.5}, 0),
        ([1, 2, 3, 4, 7.001], {"multiplier": 1.5}, 1),
        ([1, 2, 3, 4, 5], {"multiplier": 0}, 2),
        ([1, 2, 3, 4, 5, 6, INFINITY], {}, 1),
        ([1, 2, INFINITY, INFINITY], {}, 0),
        ([5.0], {}, 0),
        ([5, 5, 5, 6], {"method": "std", "multiplier": 0}, 4),
        ([1, 2, 3], {"method": "std", "multiplier": 1}, 2),
        ([1, 2, 3], {"method": "std", "multiplier": 1.0001}, 0),
        ([5, 5, 5], {"method": "std", "multiplier": 3}, 0),
        ([5, INFINITY, -INFINITY], {"method": "std"}, 0),
        ([5], {"method": "std"}, 0),
    ],
)
def test_outliers_lie_outside_the_fences_or_on_the_deviation(
    values: list[float], arguments: dict[str, Any], wrong: int, worker: WorkerProcess, make_suite: Any
) -> None:
    outcome = judged(worker, make_suite, [*map(float, values), None, math.nan], OUTLIERS, **arguments)
    assert (outcome.unexpected_count, outcome.missing_count, outcome.denominator) == (wrong, 2, len(values))


@pytest.mark.parametrize(
    ("values", "threshold", "double_sided", "wrong"),
    [
        ([1.0, 2, 3], 1, True, 2),
        ([1.0, 2, 3], 1, False, 1),
        ([1.0, 2, 3], -1, True, 2),
        ([1.0, 2, 3], -1, False, 3),
        ([1.0, 2, 3], 1.0001, True, 0),
        ([7.0, 7, 7], 0, True, 0),
        ([7.0], 0, True, 0),
        ([1, 2, INFINITY], 0.1, True, 0),
        ([dt.date(2024, 1, 1), dt.date(2024, 1, 2), dt.date(2024, 1, 3)], 1, True, 2),
        ([Decimal("1.1"), Decimal("2.1"), Decimal("3.1")], 0.999, True, 2),
        ([True, False, False, False], 1, True, 1),
    ],
)
def test_scores_are_held_against_the_threshold(
    values: list[Any], threshold: float, double_sided: bool, wrong: int, worker: WorkerProcess, make_suite: Any
) -> None:
    outcome = judged(worker, make_suite, [*values, None], SCORES, threshold=threshold, double_sided=double_sided)
    assert (outcome.unexpected_count, outcome.missing_count) == (wrong, 1)


def test_statistics_are_those_of_the_rows_of_a_condition_and_counted_by_organisation(
    worker: WorkerProcess, make_suite: Any
) -> None:
    condition = {"type": "comparison", "column": {"name": "y"}, "operator": "==", "parameter": 1}
    rows = {"x": [1, 2, 3, 4, 90, 100, 100, 100, 100, 100], "y": [1] * 5 + [2] * 5, "org": ["A81001", "B81002"] * 5}
    suite = make_suite((OUTLIERS, {"column": "x", "row_condition": condition}), organisation_column="org")
    run = dq_engine.check(pa.table(rows), suite, worker=worker)
    assert (run.outcomes[0].unexpected_count, run.outcomes[0].element_count) == (1, 5)
    counts = {measure.organisation: (measure.element_count, measure.unexpected_count) for measure in run.measures}
    assert counts == {None: (5, 1), "A81001": (3, 1), "B81002": (2, 0)}


@pytest.mark.parametrize("rule", [OUTLIERS, SCORES])
def test_text_has_no_outliers(rule: str, worker: WorkerProcess, make_suite: Any) -> None:
    arguments: dict[str, Any] = {"threshold": 1, "double_sided": True} if rule == SCORES else {}
    outcome = judged(worker, make_suite, ["a", "b"], rule, **arguments)
    assert outcome.status == "error"
    assert "is of type VARCHAR" in outcome.message


# ------------------------------------------------------------------------------------------------------ most common value


@pytest.mark.parametrize(
    ("values", "listed", "ties_okay", "passes"),
    [
        (["a", "b", "a"], ["a"], None, True),
        (["a", "b", "a"], ["b"], None, False),
        (["a", "b"], ["a", "b"], None, False),
        (["a", "b"], ["b"], True, True),
        (["a", "b"], ["c"], True, False),
        (["a", None, None, None], ["a"], None, True),
        (["a"], [], None, False),
        ([1, 1, 2], [1.0], None, True),
        ([1, 1, 2], ["1"], None, False),
        ([dt.date(2024, 1, 1)], ["2024-01-01"], None, True),
        ([True, True, False], [True], None, True),
    ],
)
def test_the_most_common_value_is_listed(
    values: list[Any], listed: list[Any], ties_okay: bool | None, passes: bool, worker: WorkerProcess, make_suite: Any
) -> None:
    outcome = judged(worker, make_suite, values, COMMON, value_set=listed, ties_okay=ties_okay)
    assert outcome.status == ("pass" if passes else "fail")
    assert (outcome.observed_value, outcome.details.get("values")) == (None, None), "what is not shown is not told"


def test_all_most_common_values_are_told_where_they_may_be(worker: WorkerProcess, make_suite: Any) -> None:
    assert of_gx(worker, make_suite, ["b", "a", "c", "b", "a"], COMMON, value_set=["a"]) == {"observed_value": ["a", "b"]}


# ---------------------------------------------------------------------------------------------------------- distributions


def test_divergence_is_the_relative_entropy() -> None:
    assert divergence([0.5, 0.5], [0.5, 0.5]) == 0
    assert divergence([1, 0], [0.5, 0.5]) == pytest.approx(math.log(2))
    assert divergence([5, 5], [1, 3]) == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))
    assert divergence([0.5, 0.5], [1, 0]) == INFINITY
    assert math.isnan(divergence([0, 0], [0.5, 0.5]))


@pytest.mark.parametrize(
    ("values", "partition", "holdouts", "expected"),
    [
        (["a", "a", "b", "b"], {"values": ["a", "b"], "weights": [0.5, 0.5]}, {}, 0.0),
        (["a"], {"values": ["a", "b"], "weights": [0.5, 0.5]}, {}, math.log(2)),
        (["a", "c"], {"values": ["a", "b"], "weights": [0.5, 0.5]}, {}, None),
        (["a", "c"], {"values": ["a"], "weights": [1]}, {"tail_weight_holdout": 0.5}, 0.0),
        (
            ["a", "c", "d", "d"],
            {"values": ["a"], "weights": [1]},
            {"tail_weight_holdout": 0.75},
            0.25 * math.log(0.25 / 0.375) + 0.5 * math.log(0.5 / 0.375),
        ),
        ([0, 1, 1, 3], THREE_BINS, {}, 0.0),
        ([0, 1, 1, 3, 4], THREE_BINS, {}, None),
        ([-1, 4], THREE_BINS, {"tail_weight_holdout": 0.5}, math.log(2)),
        ([-5, 1, 1, 5], {"bins": [-INFINITY, 1, 2, INFINITY], "weights": [0.25, 0.5, 0.25]}, {}, 0.0),
        ([-INFINITY, 1, 1, INFINITY], {"bins": ["-Infinity", 1, 2, "Infinity"], "weights": [0.25, 0.5, 0.25]}, {}, 0.0),
        ([-5, 1, 1, 5], {"bins": [-INFINITY, 1, 2], "weights": [0.25, 0.75]}, {"tail_weight_holdout": 0.2}, None),
        ([-1, 1, 1, 4], {"bins": [0, 3], "weights": [0.5], "tail_weights": [0.25, 0.25]}, {}, 0.0),
        ([0, 0, 1, 1], {"bins": [0, 1, 2], "weights": [1, 0]}, {"internal_weight_holdout": 0.5}, 0.0),
    ],
)
def test_divergence_from_a_partition(
    values: list[Any],
    partition: dict[str, Any],
    holdouts: dict[str, Any],
    expected: float | None,
    worker: WorkerProcess,
    make_suite: Any,
) -> None:
    if expected is None and "tail_weight_holdout" in holdouts:
        expected = 0.25 * math.log(0.25 / 0.2) + 0.5 * math.log(0.5 / 0.6) + 0.25 * math.log(0.25 / 0.2)
    typed = [*map(float, values), math.nan] if isinstance(values[0], float | int) else [*values, None]
    outcome = judged(worker, make_suite, typed, DIVERGENCE, partition_object=partition, threshold=10, **holdouts)
    assert outcome.observed_value == (None if expected is None else pytest.approx(expected, abs=1e-12))
    assert outcome.status == ("fail" if expected is None else "pass")
    assert judged(worker, make_suite, typed, DIVERGENCE, partition_object=partition, **holdouts).status == "pass", "no threshold"


def test_dates_are_spread_over_intervals(worker: WorkerProcess, make_suite: Any) -> None:
    days = [dt.date(2024, 1, 1), dt.date(2024, 1, 31), dt.date(2024, 2, 1), dt.date(2024, 3, 1)]
    partition = {"bins": ["2024-01-01", "2024-02-01", "2024-03-01"], "weights": [0.5, 0.5]}
    assert judged(worker, make_suite, days, DIVERGENCE, partition_object=partition, threshold=0).observed_value == 0


def test_partitions_are_told_as_great_expectations_does(worker: WorkerProcess, make_suite: Any) -> None:
    partition = {"values": ["a", "b"], "weights": [0.5, 0.5]}
    found = of_gx(worker, make_suite, ["a", "b", "x", "y"], DIVERGENCE, partition_object=partition, tail_weight_holdout=0.5)
    assert found["details"] == {
        "observed_partition": {"values": ["a", "b", "x", "y"], "weights": [0.25] * 4},
        "expected_partition": {"values": ["a", "b", "x", "y"], "weights": [0.25] * 4},
    }


def test_unlisted_values_are_not_told_of_a_column_that_is_not_shown(worker: WorkerProcess, make_suite: Any) -> None:
    partition = {"values": ["a", "b"], "weights": [0.5, 0.5]}
    outcome = judged(
        worker, make_suite, ["a", "Jane"], DIVERGENCE, partition_object=partition, tail_weight_holdout=0.5, threshold=0
    )
    assert "Jane" not in str(outcome.details)
    assert outcome.details["observed_partition"] == {"values": ["a", "b"], "weights": [0.5, 0]}
    assert outcome.details["not_listed"] == {"values": 1, "rows": 1}


def test_without_a_partition_the_column_is_divided_as_numpy_divides_it(worker: WorkerProcess, make_suite: Any) -> None:
    values = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 9.0, 17.0]
    found = of_gx(worker, make_suite, values, DIVERGENCE)
    counts, edges = np.histogram(values, found["details"]["observed_partition"]["bins"])
    assert found["details"]["observed_partition"]["weights"] == (counts / 8).tolist()
    assert (edges[0], edges[-1], len(edges)) == (0.5, 17.0, 12)
    hidden = judged(worker, make_suite, values, DIVERGENCE)
    assert (hidden.status, "bins" in str(hidden.details)) == ("pass", False), "edges are values of the column"


def test_without_a_partition_values_are_held_against_themselves(worker: WorkerProcess, make_suite: Any) -> None:
    outcome = judged(worker, make_suite, ["a", "b", "b", None], DIVERGENCE, bucketize_data=False, threshold=0)
    assert (outcome.status, outcome.observed_value) == ("pass", 0)


@pytest.mark.parametrize("values", [[3, 3, 3], [1.0, INFINITY]], ids=["all alike", "infinite"])
def test_what_cannot_be_divided_is_an_error(values: list[float], worker: WorkerProcess, make_suite: Any) -> None:
    outcome = judged(worker, make_suite, values, DIVERGENCE)
    assert outcome.status == "error"
    assert "give a partition" in outcome.message


@pytest.mark.parametrize(
    ("rule", "arguments", "said"),
    [
        (DIVERGENCE, {"partition_object": {}}, "partition_object: expected values and weights"),
        (DIVERGENCE, {"partition_object": {"weights": [1]}}, "expected values or bins"),
        (DIVERGENCE, {"partition_object": {"values": ["a"], "weights": [0.9]}}, "add up to 0.9; expected 1"),
        (DIVERGENCE, {"partition_object": {"values": ["a", "b"], "weights": [1]}}, "has 1 weights for 2 values"),
        (DIVERGENCE, {"partition_object": {"values": ["a", "a"], "weights": [0.5, 0.5]}}, "has 'a' twice"),
        (DIVERGENCE, {"partition_object": {"values": ["a", "b"], "weights": [1.5, -0.5]}}, "at least 0"),
        (DIVERGENCE, {"partition_object": {"bins": [0, 1], "weights": [0.5, 0.5]}}, "has 2 edges for 2 weights"),
        (DIVERGENCE, {"partition_object": {"bins": [1, 0], "weights": [1]}}, "must rise"),
        (DIVERGENCE, {"partition_object": {"bins": ["a", "b"], "weights": [1]}}, "must rise"),
        (DIVERGENCE, {"partition_object": {"bins": [-INFINITY, INFINITY], "weights": [1]}}, "any column would pass"),
        (DIVERGENCE, {"partition_object": {"bins": [-INFINITY, 1], "weights": [0.5], "tail_weights": [0, 0.5]}}, "tail_weights"),
        (DIVERGENCE, {"partition_object": {"values": ["a"], "weights": [1]}, "internal_weight_holdout": 0.1}, "is for bins"),
        (DIVERGENCE, {"partition_object": {"bins": [0, 1], "weights": [1]}, "bucketize_data": False}, "must be true"),
        (DIVERGENCE, {"threshold": -1}, "at least 0"),
        (QUANTILES, {"quantile_ranges": {"quantiles": [0.5]}}, "quantile_ranges: expected quantiles"),
        (QUANTILES, {"quantile_ranges": {"quantiles": [50], "value_ranges": [[0, 1]]}}, "50.0 is no quantile"),
        (QUANTILES, {"quantile_ranges": {"quantiles": [0.5], "value_ranges": []}}, "any column would pass"),
        (QUANTILES, {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1], [0, 1]]}}, "2 ranges for 1 quantiles"),
        (QUANTILES, {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [["soon", None]]}}, "got 'soon'"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(rule: str, arguments: dict[str, Any], said: str, make_suite: Any) -> None:
    with pytest.raises(SuiteError) as raised:
        dq_engine.load_suite(make_suite((rule, {"column": "x", **arguments})))
    assert said in str(raised.value)
