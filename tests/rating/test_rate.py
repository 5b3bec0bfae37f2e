"""What a person reads off a rating: a score that never rises when data get worse, how sure it is, why, and what would lift it."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dq_engine.rating.intervals import wilson
from dq_engine.rating.rate import parts_of, rate
from dq_engine.scores import (
    MEASURES,
    OVERALL,
    RATINGS,
    Band,
    Instrument,
    ItemRule,
    Lift,
    MeasureName,
    Part,
    Provenance,
    Rating,
    Scale,
    Tally,
    TermRule,
)

ASSUMED = Provenance("assumed", "tests")
HOSPITAL = {"apc": "hospital", "outpatients": "hospital"}


def bands(*cuts: float) -> tuple[Band, ...]:
    """The five bands between 0, four cut-points and 1."""
    return tuple(Band(rating, *ends) for rating, ends in zip(RATINGS, pairwise((0.0, *cuts, 1.0)), strict=True))


EVEN = bands(0.2, 0.4, 0.6, 0.8)


def item(*terms: TermRule, name: str = "hospital.commission", source: str = "hospital", **more: Any) -> ItemRule:
    return ItemRule(name, source, "commission", "How good are they?", terms, ASSUMED, **more)


def instrument(*items: ItemRule, cuts: tuple[Band, ...] = EVEN, **more: Any) -> Instrument:
    sources = {"hospital": "Hospital services", "community": "Community services"}
    return Instrument("test", "1.0.0", "Test", ASSUMED, sources, {"commission": "C"}, Scale(cuts, ASSUMED), items, **more)


def rated(made: Instrument, tallies: dict[Part, Tally], feeds: dict[str, str] | None = None) -> dict[str, Rating]:
    """The ratings of an organisation by their items, in a run with the feeds of a hospital if no others are given."""
    known = HOSPITAL if feeds is None else feeds
    ratings = rate(made, parts_of(made, known), tallies, "2001", "5A1", known)
    return {rating.item: rating for rating in ratings}


def one(made: Instrument, tallies: dict[Part, Tally], feeds: dict[str, str] | None = None) -> Rating:
    """The rating of the first item."""
    return rated(made, tallies, feeds)[made.items[0].id]


VALID, FULL, CAME = Part("apc", "validity"), Part("apc", "completeness"), Part("outpatients", "coverage")
THREE = item(TermRule("validity", 0.5, "apc"), TermRule("completeness", 0.3, "apc"), TermRule("coverage", 0.2, "outpatients"))
TALLIES = {VALID: Tally(60, 100, 100), FULL: Tally(450, 500, 100), CAME: Tally(3, 4, None)}
"""Scores 0.6, 0.9 and 0.75: 0.3 + 0.27 + 0.15 = 0.72."""


# -------------------------------------------------------------------------------------------------- the score and its band


def test_the_score_is_the_weighted_mean_and_its_band_the_rating() -> None:
    rating = one(instrument(THREE), TALLIES)
    assert (rating.score, rating.rating, rating.measured, rating.reason) == (0.72, "good", 1.0, "")
    assert (rating.wave, rating.organisation, rating.item) == ("2001", "5A1", "hospital.commission")


def test_terms_of_one_feed_add_up_and_certain_ones_add_nothing() -> None:
    """Both feeds' terms stand on 100 records each: Wilson gives 0.5020 to 0.6906 for 60 and 0.8256 to 0.9448 for 90 of 100."""
    rating = one(instrument(THREE), TALLIES)
    below = 0.5 * (0.6 - 0.5020) + 0.3 * (0.9 - 0.8256)
    above = 0.5 * (0.6906 - 0.6) + 0.3 * (0.9448 - 0.9)
    assert (rating.low, rating.high) == pytest.approx((0.72 - below, 0.72 + above), abs=0.0001)


def test_terms_of_different_feeds_are_combined_by_the_root_of_squares() -> None:
    two = item(TermRule("validity", 0.5, "apc"), TermRule("validity", 0.5, "outpatients"))
    rating = one(instrument(two), {VALID: Tally(60, 100, 100), Part("outpatients", "validity"): Tally(90, 100, 100)})
    below = 0.5 * ((0.6 - 0.5020) ** 2 + (0.9 - 0.8256) ** 2) ** 0.5
    assert rating.score == 0.75
    assert rating.low == pytest.approx(0.75 - below, abs=0.0001)


def test_many_judgements_of_few_records_are_no_more_sure() -> None:
    """Five rules judged the same 100 records: 450 of 500 is as sure as 90 of 100."""
    only = instrument(item(TermRule("completeness", 1.0, "apc")))
    assert one(only, {FULL: Tally(450, 500, 100)}).low == one(only, {FULL: Tally(90, 100, 100)}).low


@pytest.mark.parametrize(
    ("numerator", "rating"),
    [
        (0, "very poor"),
        (19, "very poor"),
        (20, "poor"),
        (40, "fair"),
        (60, "good"),
        (79, "good"),
        (80, "very good"),
        (100, "very good"),
    ],
)
def test_a_band_begins_at_its_cut_point(numerator: int, rating: str) -> None:
    assert one(instrument(item(TermRule("validity", 1.0, "apc"))), {VALID: Tally(numerator, 100, 100)}).rating == rating


def test_a_score_on_a_cut_point_is_not_lost_to_floating_point() -> None:
    """0.7 x 0.5 + 0.1 x 0.5 + 0.2 x 1 comes out as 0.6 less a rounding error in some orders; 0.1 + 0.2 + 0.3 is no better."""
    names = ["a", "b", "c", "d", "e", "f"]
    weights = [0.1, 0.2, 0.3, 0.1, 0.2, 0.1]
    rules = [TermRule("validity", weight, name) for name, weight in zip(names, weights, strict=True)]
    tallies = {Part(name, "validity"): Tally(6 * n, 10 * n, 10) for n, name in enumerate(names, 1)}
    for turn in range(len(rules)):
        rating = one(instrument(item(*rules[turn:], *rules[:turn])), tallies, dict.fromkeys(names, "hospital"))
        assert (rating.score, rating.rating) == (0.6, "good")


def test_an_item_can_have_bands_of_its_own() -> None:
    assert one(instrument(replace(THREE, bands=bands(0.1, 0.2, 0.3, 0.7))), TALLIES).rating == "very good"


def test_an_interval_across_a_cut_point_says_which_ratings_it_is_between() -> None:
    only = instrument(item(TermRule("validity", 1.0, "apc")))
    assert one(only, {VALID: Tally(62, 100, 100)}).between == ("fair", "good")
    assert one(only, {VALID: Tally(6200, 10_000, 10_000)}).between is None


# ------------------------------------------------------------------------------------------------------------ missing data


def test_a_missing_term_leaves_the_others_their_proportions() -> None:
    """0.6 and 0.9 with weights 5 to 3: 0.7125."""
    rating = one(instrument(THREE), {VALID: TALLIES[VALID], FULL: TALLIES[FULL]})
    assert (rating.score, rating.measured) == (0.7125, 0.8)
    assert [term.weight for term in rating.why] == pytest.approx([0.625, 0.375])


def test_nothing_came() -> None:
    ratings = rated(instrument(THREE), {})
    assert ratings[THREE.id] == Rating("2001", "5A1", THREE.id, None, reason="no data came")
    assert ratings[OVERALL] == Rating("2001", "5A1", OVERALL, None, reason="no item is rated")


def test_too_little_came_and_the_reason_says_how_much_and_what_is_missing() -> None:
    rating = one(instrument(THREE), {FULL: TALLIES[FULL]})
    assert (rating.rating, rating.score, rating.measured) == (None, None, 0.3)
    assert rating.reason == ("only 30 % of the weight was measured, and 50 % is needed: no apc.validity, no outpatients.coverage")


def test_exactly_enough_is_enough() -> None:
    """0.3 + 0.15 + 0.05 is less than half of 0.3 + 0.15 + 0.05 + 0.1 + 0.4, in floating point."""
    names = ["a", "b", "c", "d", "e"]
    rules = [TermRule("validity", weight, name) for name, weight in zip(names, [0.3, 0.15, 0.05, 0.1, 0.4], strict=True)]
    tallies = {Part(name, "validity"): Tally(1, 2, 2) for name in "abc"}
    rating = one(instrument(item(*rules)), tallies, dict.fromkeys(names, "hospital"))
    assert (rating.rating, rating.measured) == ("fair", 0.5)


def test_what_is_too_little_is_never_rounded_up_to_enough() -> None:
    rules = TermRule("validity", 0.4999, "apc"), TermRule("coverage", 0.5001, "outpatients")
    assert "only 49.9 % of the weight" in one(instrument(item(*rules)), {VALID: Tally(1, 2, 2)}).reason


def test_a_long_list_of_what_is_missing_is_cut() -> None:
    rules = [TermRule(measure, 0.125, "apc", ("sex", "age")) for measure in MEASURES]
    reason = one(instrument(item(*rules)), {Part("apc", "validity", ("sex", "age")): Tally(1, 2, 2)}).reason
    assert "no apc.accuracy (sex, age), " in reason
    assert reason.endswith(", 2 more")


def test_a_source_of_which_no_feed_is_in_the_run() -> None:
    part_of_it = item(TermRule("validity", 0.4, "apc"), TermRule("coverage", 0.3), TermRule("timeliness", 0.3))
    rating = one(instrument(part_of_it), {VALID: Tally(1, 2, 2)}, {"apc": "elsewhere"})
    assert rating.reason == "only 40 % of the weight was measured, and 50 % is needed: no feed of Hospital services"


def test_not_sending_is_no_data_unless_the_instrument_says_otherwise() -> None:
    assert instrument(THREE).non_submission == "not_rated"


def test_where_non_submission_counts_it_scores_0() -> None:
    """0.5 x 0 + 0.3 x 0.9 + 0.2 x 0 = 0.27, of which only the 0.3 was measured; without anything the score is 0."""
    strict = instrument(THREE, non_submission="zero")
    rating = one(strict, {FULL: TALLIES[FULL]})
    assert (rating.score, rating.rating, rating.measured) == (0.27, "poor", 0.3)
    assert [(term.part, term.score, term.low, term.high, term.tally.denominator) for term in rating.why[:2]] == [
        (VALID, 0, 0, 0, 0),
        (CAME, 0, 0, 0, 0),
    ]
    nothing = one(strict, {})
    assert (nothing.score, nothing.low, nothing.high, nothing.rating, nothing.measured) == (0, 0, 0, "very poor", 0)


def test_what_nobody_was_asked_for_is_no_non_submission() -> None:
    """The run has no feed of the source, or not the one that a term names."""
    strict = instrument(item(TermRule("validity", 0.5), TermRule("coverage", 0.5, "apc")), non_submission="zero")
    assert one(strict, {}, {"visits": "community"}).reason == "no data came"
    assert one(strict, {}, {"outpatients": "hospital"}).score == 0
    unasked = rate(strict, parts_of(strict, {}), {}, "2001", "5A1")[0]
    assert [term.part for term in unasked.why] == [Part("apc", "coverage")]


# ------------------------------------------------------------------------------------------------------------------- parts


def test_a_term_for_all_feeds_is_split_evenly_among_those_of_its_source() -> None:
    made = instrument(item(TermRule("validity", 0.6), TermRule("coverage", 0.4, "apc")))
    assert parts_of(made, {**HOSPITAL, "visits": "community"}) == {
        "hospital.commission": (
            (Part("apc", "coverage"), 0.4),
            (Part("apc", "validity"), 0.3),
            (Part("outpatients", "validity"), 0.3),
        )
    }


def test_feeds_that_are_not_in_the_run_keep_their_weight() -> None:
    made = instrument(item(TermRule("validity", 0.6), TermRule("coverage", 0.4, "apc", ("sex",))))
    assert parts_of(made, {}) == {"hospital.commission": ((Part("", "validity"), 0.6), (Part("apc", "coverage", ("sex",)), 0.4))}


def test_two_terms_about_one_part_are_one() -> None:
    made = instrument(item(TermRule("validity", 0.6), TermRule("validity", 0.4, "apc"), TermRule("coverage", 0.0)))
    assert dict(parts_of(made, HOSPITAL)["hospital.commission"]) == pytest.approx(
        {VALID: 0.7, Part("outpatients", "validity"): 0.3}
    )


def test_a_tally_that_is_no_share_is_refused() -> None:
    for wrong in (Tally(2, 1, 1), Tally(-1, 1, 1), Tally(0, 0, 0)):
        with pytest.raises(ValueError, match=r"apc\.validity: .* is no share"):
            one(instrument(THREE), {VALID: wrong})


def test_a_sum_that_misses_its_whole_by_a_rounding_error_is_all_of_it() -> None:
    weights = [0.1] * 3
    assert sum(weights) > 0.3
    assert one(instrument(item(TermRule("validity", 1.0, "apc"))), {VALID: Tally(sum(weights), 0.3, 1)}).score == 1


# ------------------------------------------------------------------------------------------------------------ why and lift


def test_why_names_the_terms_that_pull_most() -> None:
    """Pulls: 0.5 x 0.4 = 0.2; 0.2 x 0.25 = 0.05; 0.3 x 0.1 = 0.03."""
    rating = one(instrument(THREE), TALLIES)
    assert [term.part for term in rating.why] == [VALID, CAME, FULL]
    assert [term.pull for term in rating.why] == pytest.approx([0.2, 0.05, 0.03])
    assert rating.why[0].tally == TALLIES[VALID]
    assert (rating.why[0].low, rating.why[0].high) == wilson(0.6, 100)


def test_why_names_three_at_most_and_none_without_fault() -> None:
    rules = [TermRule(measure, 0.125, "apc") for measure in MEASURES]
    tallies = {Part("apc", measure): Tally(place, 10, 10) for place, measure in enumerate(MEASURES)}
    assert [term.score for term in one(instrument(item(*rules)), tallies).why] == [0, 0.1, 0.2]
    flawless = one(instrument(THREE), dict.fromkeys(TALLIES, Tally(5, 5, 5)))
    assert (flawless.why, flawless.next, flawless.lift) == ((), None, ())


def test_one_change_lifts_where_one_is_enough() -> None:
    """0.72 to 0.8 needs 0.08, and validity weighs a half: from 0.6 to 0.76."""
    rating = one(instrument(THREE), TALLIES)
    assert rating.next == "very good"
    assert [(lift.part, lift.now) for lift in rating.lift] == [(VALID, 0.6)]
    assert rating.lift[0].needed == pytest.approx(0.76)


def test_the_next_change_is_named_where_one_is_not_enough() -> None:
    """To 0.95 it needs 0.23: validity gives 0.2, and of coverage 0.03 / 0.2 is needed."""
    rating = one(instrument(THREE, cuts=bands(0.2, 0.4, 0.6, 0.95)), TALLIES)
    assert rating.lift[0] == Lift(VALID, 0.6, 1.0)
    assert (rating.lift[1].part, rating.lift[1].now) == (CAME, 0.75)
    assert rating.lift[1].needed == pytest.approx(0.9)
    assert len(rating.lift) == 2


def test_a_change_that_is_just_enough_is_the_only_one() -> None:
    """0.5 x 0.6 + 0.5 x 0.8 = 0.7; the first at 1 makes it 0.9."""
    two = item(TermRule("validity", 0.5, "apc"), TermRule("completeness", 0.5, "apc"))
    rating = one(instrument(two, cuts=bands(0.2, 0.4, 0.6, 0.9)), {VALID: Tally(6, 10, 10), FULL: Tally(8, 10, 10)})
    assert rating.lift == (Lift(VALID, 0.6, 1.0),)


def test_very_good_has_no_next() -> None:
    rating = one(instrument(THREE, cuts=bands(0.2, 0.4, 0.6, 0.7)), TALLIES)
    assert (rating.rating, rating.next, rating.lift) == ("very good", None, ())
    assert len(rating.why) == 3


# ----------------------------------------------------------------------------------------------------------------- overall


def two_items(first: float = 3.0, second: float = 1.0) -> Instrument:
    return instrument(
        item(TermRule("validity", 1.0, "apc"), name="a", weight=first),
        item(TermRule("coverage", 1.0, "outpatients"), name="b", weight=second, bands=bands(0.1, 0.2, 0.3, 0.4)),
    )


def test_the_overall_rating_is_the_mean_of_items_by_their_weights() -> None:
    """3/4 of 0.6 and 1/4 of 0.75: 0.6375; the limits likewise. The scale's bands, not an item's own."""
    overall = rated(two_items(), TALLIES)[OVERALL]
    assert (overall.score, overall.rating, overall.measured) == (0.6375, "good", 1.0)
    low, high = wilson(0.6, 100)
    assert (overall.low, overall.high) == pytest.approx((0.75 * low + 0.1875, 0.75 * high + 0.1875))
    assert (overall.between, overall.why, overall.lift) == (("fair", "good"), (), ())


def test_the_overall_rating_is_last_and_of_the_rated_items_only() -> None:
    ratings = rated(two_items(), {VALID: TALLIES[VALID]})
    assert list(ratings) == ["a", "b", OVERALL]
    assert (ratings[OVERALL].score, ratings[OVERALL].measured) == (0.6, 0.75)


# -------------------------------------------------------------------------------------------------------------- properties

FEEDS = ("apc", "outpatients", "visits")
PARTS = [Part(feed, measure) for feed in FEEDS for measure in ("item_score", "validity", "coverage")]
WEIGHTS = st.integers(1, 100)


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    """One to three items of some parts each; cut-points and weights as they come."""

    def cuts() -> tuple[Band, ...]:
        return bands(*sorted(draw(st.lists(st.integers(1, 99), min_size=4, max_size=4, unique=True).map(hundredths))))

    def terms() -> tuple[TermRule, ...]:
        weights = draw(st.dictionaries(st.sampled_from(PARTS), WEIGHTS, min_size=1, max_size=6))
        whole = sum(weights.values())
        return tuple(TermRule(part.measure, weight / whole, part.feed) for part, weight in weights.items())

    items = [
        item(*terms(), name=f"item_{place}", weight=draw(WEIGHTS), bands=cuts() if draw(st.booleans()) else ())
        for place in range(draw(st.integers(1, 3)))
    ]
    policy = draw(st.sampled_from(["not_rated", "zero"]))
    return instrument(*items, cuts=cuts(), non_submission=policy, least_weight=draw(st.sampled_from([0.0, 0.3, 0.5, 1.0])))


def hundredths(numbers: Iterable[int]) -> list[float]:
    return [number / 100 for number in numbers]


@st.composite
def tally(draw: st.DrawFn, part: Part) -> Tally:
    denominator = draw(st.integers(1, 1000))
    numerator = draw(st.integers(0, denominator))
    return Tally(numerator, denominator, None if part.measure == "coverage" else draw(st.integers(1, denominator)))


ORGANISATIONS = st.lists(st.sampled_from(PARTS), min_size=1, unique=True).flatmap(
    lambda parts: st.fixed_dictionaries({part: tally(part) for part in parts})
)
often = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def all_ratings(made: Instrument, tallies: dict[Part, Tally]) -> dict[str, Rating]:
    return rated(made, tallies, dict.fromkeys(FEEDS, "hospital"))


def rank(rating: Rating) -> int:
    assert rating.rating is not None
    return RATINGS.index(rating.rating)


@often
@given(made=instruments(), tallies=ORGANISATIONS, data=st.data())
def test_making_a_measure_worse_makes_nothing_better(made: Instrument, tallies: dict[Part, Tally], data: st.DataObject) -> None:
    """More unexpected values in the same records, or fewer of the expected periods."""
    part = data.draw(st.sampled_from(sorted(tallies)))
    worse = replace(tallies[part], numerator=data.draw(st.integers(0, int(tallies[part].numerator))))
    before, after = all_ratings(made, tallies), all_ratings(made, {**tallies, part: worse})
    for name, then in before.items():
        now = after[name]
        assert (now.rating is None) == (then.rating is None)
        if now.score is None or then.score is None:
            continue
        assert rank(now) <= rank(then)
        assert now.score <= then.score
        assert now.low is not None and then.low is not None and now.low <= then.low + 1e-9
        assert now.high is not None and then.high is not None and now.high <= then.high + 1e-9


@often
@given(made=instruments(), tallies=ORGANISATIONS, data=st.data())
def test_sending_less_makes_nothing_better_where_non_submission_counts(
    made: Instrument, tallies: dict[Part, Tally], data: st.DataObject
) -> None:
    strict = replace(made, non_submission="zero")
    gone = data.draw(st.sampled_from(sorted(tallies)))
    before = all_ratings(strict, tallies)
    after = all_ratings(strict, {part: tally for part, tally in tallies.items() if part != gone})
    for name, then in before.items():
        assert rank(after[name]) <= rank(then)


@often
@given(made=instruments(), tallies=ORGANISATIONS)
def test_a_rating_agrees_with_its_numbers(made: Instrument, tallies: dict[Part, Tally]) -> None:
    own = {rule.id: rule.bands for rule in made.items}
    for rating in all_ratings(made, tallies).values():
        assert 0 <= rating.measured <= 1
        if rating.score is None or rating.low is None or rating.high is None:
            assert rating.rating is None and rating.reason
            continue
        assert 0 <= rating.low <= rating.score <= rating.high <= 1
        cuts = own.get(rating.item) or made.scale.bands
        lowest, named, highest = (band_of(value, cuts) for value in (rating.low, rating.score, rating.high))
        assert rating.rating == named
        assert rating.between == (None if lowest == highest else (lowest, highest))
        assert not rating.reason


def band_of(score: float, cuts: Iterable[Band]) -> str:
    *_, last = (band.rating for band in cuts if band.from_ <= score)
    return last


@often
@given(made=instruments(), tallies=ORGANISATIONS, times=st.integers(2, 50))
def test_more_records_of_the_same_shares_never_widen_an_interval(
    made: Instrument, tallies: dict[Part, Tally], times: int
) -> None:
    more = {part: replace(had, records=had.records and had.records * times) for part, had in tallies.items()}
    narrow = all_ratings(made, more)
    for name, wide in all_ratings(made, tallies).items():
        assert narrow[name].score == wide.score
        if wide.low is not None and wide.high is not None:
            assert (narrow[name].low or 0) >= wide.low - 1e-9
            assert (narrow[name].high or 0) <= wide.high + 1e-9


@often
@given(made=instruments(), tallies=ORGANISATIONS, data=st.data())
def test_the_order_of_terms_changes_nothing(made: Instrument, tallies: dict[Part, Tally], data: st.DataObject) -> None:
    shuffled = tuple(replace(rule, terms=tuple(data.draw(st.permutations(rule.terms)))) for rule in made.items)
    assert all_ratings(replace(made, items=shuffled), tallies) == all_ratings(made, tallies)


@often
@given(made=instruments(), tallies=ORGANISATIONS, data=st.data())
def test_terms_without_data_do_as_if_they_had_not_been(made: Instrument, tallies: dict[Part, Tally], data: st.DataObject) -> None:
    """Leaving a term out and naming only the others, in the same proportions, is the same."""
    lenient = replace(made, non_submission="not_rated", least_weight=0.0)
    rule = data.draw(st.sampled_from(lenient.items))
    kept = [term for term in rule.terms if Part(term.feed or "", term.measure) in tallies]
    assume(kept)
    whole = sum(term.weight for term in kept)
    without = replace(rule, terms=tuple(replace(term, weight=term.weight / whole) for term in kept))
    a = all_ratings(lenient, tallies)[rule.id]
    b = all_ratings(replace(lenient, items=(without,)), tallies)[rule.id]
    assert a.score == pytest.approx(b.score, abs=1e-11)
    assert a.low == pytest.approx(b.low, abs=1e-9)
    assert b.measured == 1


@often
@given(made=instruments(), tallies=ORGANISATIONS)
def test_what_would_lift_a_rating_does_and_no_less_of_it_would(made: Instrument, tallies: dict[Part, Tally]) -> None:
    for name, rating in all_ratings(made, tallies).items():
        if rating.next is None:
            assert rating.lift == ()
            continue
        assert RATINGS.index(rating.next) == rank(rating) + 1
        assert all(lift.needed > lift.now for lift in rating.lift)
        assert all(lift.needed == 1 for lift in rating.lift[:-1])
        assert all_ratings(made, lifted(tallies, rating.lift))[name].rating == rating.next
        last = rating.lift[-1]
        too_little = replace(last, needed=max(last.now, last.needed - 1e-6))
        short = all_ratings(made, lifted(tallies, (*rating.lift[:-1], too_little)))[name]
        assert rank(short) <= rank(rating)


def lifted(tallies: dict[Part, Tally], lifts: Iterable[Lift]) -> dict[Part, Tally]:
    return {**tallies, **{lift.part: Tally(lift.needed, 1.0, None) for lift in lifts}}


@given(st.sampled_from(MEASURES), st.integers(1, 1000))
def test_an_item_of_one_measure_is_as_good_as_that_measure(measure: MeasureName, records: int) -> None:
    rating = one(instrument(item(TermRule(measure, 1.0, "apc"))), {Part("apc", measure): Tally(records, records, records)})
    assert (rating.score, rating.high, rating.rating) == (1, 1, "very good")
    assert rating.low == pytest.approx(records / (records + 1.959964**2), abs=1e-6)
