"""The scores of dimensions by feed and by source, and the index: from the tallies of one organisation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_engine.rating.dimensions import dimensions, indices
from dq_engine.rating.dqmi import DataItem, index
from dq_engine.rating.intervals import wilson
from dq_engine.scores import MEASURES, DimensionScore, Part, Tally

SOURCES = {"spells": "hospital", "visits": "hospital", "lists": "primary_care"}


def by_place(tallies: dict[Part, Tally]) -> dict[tuple[str, str, str], DimensionScore]:
    return {(one.source, one.feed, one.measure): one for one in dimensions(tallies, SOURCES, "2001", "5A1")}


def test_a_feed_has_the_score_and_interval_of_its_tally() -> None:
    one = by_place({Part("spells", "validity"): Tally(1.5, 2.0, 100, 140, 190)})["hospital", "spells", "validity"]
    assert one == DimensionScore(
        "2001", "5A1", "hospital", "spells", "validity", 0.75, *wilson(0.75, 100), 1.5, 2.0, 100, 140, 190
    )


def test_a_source_has_the_mean_over_the_rules_of_its_feeds() -> None:
    """1.5 of 2 and 0.5 of 6: 2 of 8, or 0.25. Its limits are nearer than if both feeds stood on the same records."""
    tallies = {
        Part("spells", "validity"): Tally(1.5, 2.0, 100, 140, 190),
        Part("visits", "validity"): Tally(0.5, 6.0, 50, 20, 240),
        Part("lists", "validity"): Tally(1.0, 1.0, 10, 10, 10),
    }
    found = by_place(tallies)
    whole = found["hospital", "", "validity"]
    assert (whole.score, whole.numerator, whole.denominator, whole.records) == (0.25, 2.0, 8.0, 150)
    assert (whole.kept, whole.judged) == (160, 430)
    one, other = wilson(0.75, 100), wilson(0.5 / 6, 50)
    apart = 0.25 * one[0] + 0.75 * other[0]
    assert apart < whole.low < 0.25 < whole.high < 0.25 * one[1] + 0.75 * other[1]
    assert found["primary_care", "", "validity"].low == found["primary_care", "lists", "validity"].low
    assert list(found) == [
        ("hospital", "spells", "validity"),
        ("hospital", "visits", "validity"),
        ("primary_care", "lists", "validity"),
        ("hospital", "", "validity"),
        ("primary_care", "", "validity"),
    ]


def test_facts_have_no_interval_in_a_source_either() -> None:
    tallies = {Part("spells", "coverage"): Tally(1.0, 2.0, None), Part("visits", "coverage"): Tally(1.0, 1.0, None)}
    one = by_place(tallies)["hospital", "", "coverage"]
    assert (one.score, one.low, one.high, one.records) == (pytest.approx(2 / 3), one.score, one.score, None)


def test_parts_about_some_columns_and_parts_without_data_have_no_score_of_their_own() -> None:
    tallies = {Part("spells", "validity", ("sex",)): Tally(1.0, 1.0, 9), Part("spells", "accuracy"): Tally(0.0, 0.0, 0)}
    assert dimensions(tallies, SOURCES, "2001", "5A1") == []
    assert indices(tallies, "2001", "5A1", experimental=False) == []


@st.composite
def some_tallies(draw: st.DrawFn) -> dict[Part, Tally]:
    tallies = {}
    for feed in draw(st.sets(st.sampled_from(sorted(SOURCES)))):
        for measure in draw(st.sets(st.sampled_from(MEASURES))):
            weight = draw(st.floats(0.01, 20))
            records = None if measure == "coverage" else draw(st.integers(1, 10_000))
            tallies[Part(feed, measure)] = Tally(weight * draw(st.floats(0, 1)), weight, records)
    return tallies


@given(some_tallies())
def test_scores_and_limits_are_in_order_and_a_source_lies_between_its_feeds(tallies: dict[Part, Tally]) -> None:
    found = by_place(tallies)
    for (source, feed, measure), one in found.items():
        assert 0 <= one.low <= one.score <= one.high <= 1
        if not feed:
            own = [other.score for (of, name, what), other in found.items() if name and (of, what) == (source, measure)]
            assert min(own) - 1e-9 <= one.score <= max(own) + 1e-9


def first(tallies: dict[Part, Tally]) -> float | None:
    return indices(tallies, "2001", "5A1", experimental=False)[0].dqmi


ITEMS = [
    DataItem("spells", "sex", 100, 90),
    DataItem("spells", "ethnic_category", 100, 95, defaults=10, tolerance=0.05),
    DataItem("visits", "sex", 50, 25),
]


def test_the_index_is_the_one_of_the_counts() -> None:
    """Spells: 0.9 and 0.9, all three periods came; visits: 0.5, one of two came."""
    tallies = {
        Part("spells", "item_score"): Tally(1.8, 2.0, 100),
        Part("spells", "coverage"): Tally(1.0, 1.0, None),
        Part("visits", "item_score"): Tally(0.5, 1.0, 50),
        Part("visits", "coverage"): Tally(0.5, 1.0, None),
    }
    expected = index(ITEMS, {"spells": (3, 3), "visits": (1, 2)}, experimental=False, wave="2001", organisation="5A1")
    found = indices(tallies, "2001", "5A1", experimental=False)
    assert [one.feed for one in found] == ["spells", "visits", ""]
    for one, other in zip(found, expected, strict=True):
        assert (one.items, one.mean_item_score, one.mean_coverage) == (
            other.items,
            pytest.approx(other.mean_item_score),
            pytest.approx(other.mean_coverage),
        )
        assert one.dqmi == pytest.approx(other.dqmi)
    assert found[-1].dqmi == pytest.approx(100 * (0.9 + 0.9 + 0.5) / 3 * (1 + 1 + 0.5) / 3)


def test_there_is_no_index_without_coverage() -> None:
    items, covered = Tally(1.8, 2.0, 100), Tally(1.0, 1.0, None)
    assert first({Part("spells", "item_score"): items}) is None
    assert indices({Part("spells", "coverage"): covered}, "2001", "5A1", experimental=True) == []
    assert first({Part("spells", "item_score"): items, Part("spells", "coverage"): covered}) == pytest.approx(90.0)
