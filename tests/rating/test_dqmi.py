"""The Data Quality Maturity Index is the published one.

The worked example is that of NHS England, "Data Quality Maturity Index methodology, Appendix 1: example of DQMI calculation".
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_engine.rating.dqmi import DataItem, coverage, dqmi, index, item_score
from dq_engine.scores import Dqmi

# feed, records, valid and complete, defaults, tolerance (None: "-"), printed score in per cent
PUBLISHED: list[tuple[str, int, int, int, float | None, float]] = [
    ("ds1", 2_500, 2_400, 100, 0.02, 94),
    ("ds1", 2_500, 2_500, 100, 1.0, 100),
    ("ds1", 2_500, 2_000, 100, 0.0, 76),
    ("ds2", 1_000, 900, 900, 0.0, 0),
    ("ds2", 1_000, 800, 800, 1.0, 80),
    ("ds2", 1_000, 900, 450, 0.0, 45),
    ("ds2", 1_000, 1_000, 100, 0.035, 93.5),
    ("ds3", 10_000, 10_000, 0, None, 100),
    ("ds3", 10_000, 10_000, 0, None, 100),
    ("ds7", 50_000, 50_000, 100, 0.02, 100),
    ("ds7", 50_000, 49_000, 5_000, 1.0, 98),
    ("ds7", 50_000, 45_000, 5_000, 0.035, 83.5),
]
COVERAGE = {"ds1": (12, 12), "ds2": (4, 12), "ds3": (1, 3), "ds7": (2, 3)}
"""1, 1/3, 1/3 and 2/3, as in the formula of the example."""


def items(rows: list[tuple[str, int, int, int, float | None, float]] = PUBLISHED) -> list[DataItem]:
    return [
        DataItem(feed, f"item {place}", records, valid, defaults, tolerance)
        for place, (feed, records, valid, defaults, tolerance, _) in enumerate(rows)
    ]


def found(rows: list[Dqmi]) -> dict[str, Dqmi]:
    return {row.feed: row for row in rows}


def of(
    counted: list[DataItem], coverages: dict[str, tuple[float, float]] | None = None, experimental: bool = False
) -> dict[str, Dqmi]:
    known = COVERAGE if coverages is None else coverages
    return found(index(counted, known, experimental=experimental, wave="2024", organisation="A81001"))


@pytest.mark.parametrize(("feed", "records", "valid", "defaults", "tolerance", "printed"), PUBLISHED)
def test_each_item_score_of_the_published_example(
    feed: str, records: int, valid: int, defaults: int, tolerance: float | None, printed: float
) -> None:
    assert 100 * item_score(records, valid, defaults, tolerance) == pytest.approx(printed, abs=1e-9), feed


def test_the_published_index() -> None:
    """9.7/12 x 7/12 x 100; the publication prints 47.2. The mean of the products would be 49.76."""
    whole = of(items())[""]
    assert whole.items == 12
    assert whole.mean_item_score == pytest.approx(9.7 / 12)
    assert whole.mean_coverage == pytest.approx(7 / 12)
    assert whole.dqmi == pytest.approx(47.1528, abs=0.00005)
    assert round(whole.dqmi or 0, 1) == 47.2
    assert whole.dqmi != pytest.approx(49.76, abs=0.01)


def test_the_index_of_each_feed() -> None:
    """(0.94 + 1 + 0.76)/3 = 0.9; (0 + 0.8 + 0.45 + 0.935)/4 = 0.54625, a third of which came."""
    by_feed = of(items())
    assert list(by_feed) == ["ds1", "ds2", "ds3", "ds7", ""]
    assert by_feed["ds1"].dqmi == pytest.approx(90)
    assert by_feed["ds2"].dqmi == pytest.approx(54.625 / 3)
    assert (by_feed["ds7"].wave, by_feed["ds7"].organisation) == ("2024", "A81001")


def test_the_order_of_items_does_not_matter() -> None:
    assert of(items()[::-1]) == of(items())


def test_the_mean_of_products_is_another_number() -> None:
    """Two items: scores 1 and 0, coverages 1 and 0. Means of a half each make 25; the mean of the products would be 50."""
    assert dqmi([(1.0, 1.0), (0.0, 0.0)]) == 25


def test_items_on_trial_count_only_in_the_experimental_index() -> None:
    counted = [DataItem("a", "sex", 10, 10), DataItem("a", "ethnicity", 10, 5, experimental=True)]
    assert of(counted, {"a": (1, 1)})["a"].dqmi == 100
    trial = of(counted, {"a": (1, 1)}, experimental=True)["a"]
    assert (trial.dqmi, trial.items, trial.experimental) == (75, 2, True)


def test_without_known_coverage_there_is_no_index() -> None:
    by_feed = of([DataItem("a", "sex", 10, 10), DataItem("b", "sex", 10, 5)], {"a": (1, 1)})
    assert by_feed["a"].dqmi == 100
    assert (by_feed["b"].dqmi, by_feed["b"].mean_coverage, by_feed["b"].mean_item_score) == (None, None, 0.5)
    assert (by_feed[""].dqmi, by_feed[""].mean_coverage, by_feed[""].mean_item_score) == (None, None, 0.75)


def test_an_item_that_did_not_come_has_no_part_in_the_index() -> None:
    assert of([DataItem("a", "sex", 10, 10), DataItem("a", "age", 0, 0)], {"a": (1, 1)})["a"].items == 1
    assert of([DataItem("a", "age", 0, 0)], {"a": (1, 1)}) == {}
    assert of([], {"a": (1, 1)}) == {}


def test_coverage_is_the_share_of_what_was_expected() -> None:
    assert coverage(4, 12) == pytest.approx(1 / 3)
    assert coverage(13, 12) == 1
    assert coverage(0, 12) == 0
    assert coverage(0, 0) is None


@pytest.mark.parametrize("counts", [(0, 0, 0), (10, 11, 0), (10, -1, 0), (10, 5, 11), (10, 5, -1)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="impossible counts"):
        item_score(*counts)


def test_other_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        item_score(10, 5, 1, 2.0)
    with pytest.raises(ValueError, match="coverage"):
        coverage(-1, 12)
    with pytest.raises(ValueError, match="no items"):
        dqmi([])


@given(st.data())
def test_an_item_gets_no_better_by_fewer_valid_values_more_defaults_or_less_tolerance(data: st.DataObject) -> None:
    records = data.draw(st.integers(1, 10_000))
    valid, defaults = data.draw(st.integers(0, records)), data.draw(st.integers(0, records))
    tolerance = data.draw(st.floats(0, 1))
    score = item_score(records, valid, defaults, tolerance)
    assert 0 <= score <= valid / records
    assert item_score(records, data.draw(st.integers(0, valid)), defaults, tolerance) <= score
    assert item_score(records, valid, data.draw(st.integers(defaults, records)), tolerance) <= score
    assert item_score(records, valid, defaults, tolerance * data.draw(st.floats(0, 1))) <= score
