"""Cut-points from the answers of a survey: what is found, how sure it is, and when nothing is fitted."""

import bisect
import csv
import datetime as dt
import itertools
import math
import random
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dq_engine.errors import DqError, UsageError
from dq_engine.process import WorkerProcess
from dq_engine.rating import instrument as instruments
from dq_engine.rating.agreement import agreement, students_t, weighted_kappa
from dq_engine.rating.answers import Answer, read_survey, survey_answers
from dq_engine.rating.calibrate import Calibration, CannotCalibrate, calibrate, new_instrument
from dq_engine.rating.ordinal import NoFit, Regression, proportional_odds
from dq_engine.rating.records import Record, Records
from dq_engine.scores import RATINGS, Instrument, Rating

CUTS = (0.60, 0.70, 0.80, 0.88)
SLOPE = 15.0
ON = dt.date(2026, 11, 22)


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    """The instrument that comes with the engine: five sources, three functions."""
    return instruments.read(instruments.default())[0]


def people(
    organisations: int,
    items: Sequence[str],
    *,
    seed: int = 1,
    waves: Sequence[str] = ("all",),
    cuts: Callable[[str], Sequence[float]] = lambda item: CUTS,
    slope: float = SLOPE,
    manner: float = 0.0,
    best: float = 1.0,
) -> tuple[list[Answer], list[Rating]]:
    """Answers that follow the proportional odds model, and the ratings of an instrument with other cut-points beside them.

    ``manner``: the standard deviation, in log odds, of how kind the people of an organisation are.
    """
    draw = random.Random(seed)
    answers, ratings = [], []
    for number in range(organisations):
        code, kind = f"A{number:05}", manner * draw.gauss(0, 1)
        for wave in waves:
            for item in items:
                score = draw.uniform(0.45, best)
                latent = slope * score + kind + math.log(1 / (1 - draw.random()) - 1)
                answer = RATINGS[bisect.bisect_left([slope * cut for cut in cuts(item)], latent)]
                rated = RATINGS[bisect.bisect_right([0.2, 0.4, 0.6, 0.95], score)]
                answers.append(Answer(len(answers) + 2, wave, code, item, answer))
                ratings.append(Rating(wave, code, item, rated, score))
    return answers, ratings


@pytest.fixture(scope="module")
def usual(instrument: Instrument) -> Calibration:
    """A calibration with answers of 72 organisations for five items, in two waves."""
    return calibrate(*people(72, items_of(instrument, 5), waves=("1999", "2000")), instrument)


def items_of(instrument: Instrument, many: int) -> list[str]:
    return [item.id for item in instrument.items[:many]]


# ------------------------------------------------------------------------------------------------- published examples


def test_the_regression_agrees_with_a_published_one() -> None:
    """Applying to graduate school (UCLA, stats.oarc.ucla.edu/r/dae/ordinal-logistic-regression): polr of R's MASS found these."""
    with (files("statsmodels.miscmodels.tests") / "results" / "ologit_ucla.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    steps = ["unlikely", "somewhat likely", "very likely"]
    found = proportional_odds(
        [[float(row[name]) for name in ("pared", "public", "gpa")] for row in rows],
        [steps.index(row["apply"]) for row in rows],
        range(len(rows)),
    )
    assert len(rows) == 400
    assert found.slopes == pytest.approx((1.0477, -0.0587, 0.6157), abs=1e-4)
    assert found.thresholds == pytest.approx((2.2039, 4.2994), abs=1e-3)
    errors = [math.sqrt(found.covariance[place][place]) for place in range(5)]
    # published: from the likelihood alone. These do not trust the model as far, and differ by up to an eighth here
    assert errors == pytest.approx((0.2658, 0.2979, 0.2606, 0.7795, 0.8043), rel=0.125)


def test_linear_kappa_agrees_with_a_published_one() -> None:
    """Output of SAS PROC FREQ, as statsmodels' own tests quote it: 0.4701, 95 % limits 0.1845 and 0.7558."""
    kappa = weighted_kappa([[0, 4, 1], [0, 8, 0], [0, 1, 5]], "linear")
    assert (kappa.value, kappa.low, kappa.high) == pytest.approx((0.4701, 0.1845, 0.7558), abs=5e-5)


def test_quadratic_kappa_agrees_with_a_published_one() -> None:
    """Two abstractors, 100 abstracts (Gwet, Handbook of Inter-Rater Reliability; R's irrCAC, kappa2.table): 0.8921569."""
    assert weighted_kappa([[13, 0, 0], [0, 20, 7], [0, 4, 56]], "quadratic").value == pytest.approx(0.8921569, abs=5e-8)


def test_agreement_by_hand() -> None:
    """Four answers: three are the rating, one is two steps off. By chance: (1·1·3 + 1·3·0 …) as worked out below."""
    found = agreement([("a", 0, 0), ("b", 0, 0), ("c", 4, 4), ("d", 2, 4)])
    assert (found.exact, found.near, found.answers, found.organisations) == (3, 3, 4, 4)
    assert found.table == ((2, 0, 0, 0, 0), (0,) * 5, (0, 0, 0, 0, 1), (0,) * 5, (0, 0, 0, 0, 1))
    # answers: 1/2 worst, 1/4 middle, 1/4 best; ratings: 1/2 worst, 1/2 best. Distance by chance: 1/2·1/2·4 + 1/4·(2+2)/2 + 1/4·1/2·4
    # = 1 + 1/2 + 1/2 = 2; found: 1/4·2 = 1/2. Squared: 1/4·16 + 1/4·4 + 1/8·16 = 7; found: 1/4·4 = 1
    assert found.linear.value == pytest.approx(1 - 0.5 / 2)
    assert found.quadratic.value == pytest.approx(1 - 1 / 7)


def test_kappa_is_not_told_where_everybody_says_the_same() -> None:
    found = agreement([("a", 3, 3), ("b", 3, 3)])
    assert (found.exact, found.linear.value, found.quadratic.low) == (2, None, None)


def test_kappa_is_0_where_the_ratings_are_all_the_same() -> None:
    found = agreement([("a", 0, 3), ("b", 3, 3), ("c", 4, 3)])
    assert (found.linear.value, found.linear.low, found.linear.high) == (0, None, None)


def test_kappa_without_an_interval_where_it_hangs_on_one_organisation() -> None:
    found = agreement([("a", 3, 3), ("a", 3, 3), ("b", 3, 3), ("b", 2, 2)])
    assert found.linear.value == 1
    assert (found.linear.low, found.linear.high) == (None, None)


def test_the_limits_of_a_cut_point_are_those_that_the_data_do_not_refute() -> None:
    """Fieller: threshold - limit × slope is t of its own standard errors away from 0, at each limit."""
    model = Regression((12.0,), (7.5, 9.0), ((2.0, 1.1, 1.4), (1.1, 1.0, 0.9), (1.4, 0.9, 1.3)), 30)
    for step in (0, 1):
        score, low, high = model.crossing(step)
        assert low < score < high
        for limit in (low, high):
            distance = model.thresholds[step] - limit * 12.0
            spread = model.covariance[step + 1][step + 1] - 2 * limit * model.covariance[0][step + 1] + limit**2 * 2.0
            assert abs(distance) == pytest.approx(2.045230 * math.sqrt(spread))  # t of 29 degrees, from tables


def test_a_cut_point_has_no_limits_where_the_slope_may_be_none() -> None:
    with pytest.raises(NoFit, match="the interval of the slope includes 0"):
        Regression((1.0,), (0.5,), ((1.0, 0.1), (0.1, 1.0)), 30).crossing(0)


def test_students_t_is_that_of_the_tables() -> None:
    assert [students_t(freedom) for freedom in (1, 10, 30)] == pytest.approx([12.706, 2.228, 2.042], abs=5e-4)


# --------------------------------------------------------------------------------------------- what is known is found


def test_known_cut_points_are_found_and_the_intervals_hold_them(instrument: Instrument) -> None:
    """60 surveys of 72 organisations, 4 items each, whose people are kind or strict (a standard deviation of log odds of 0.8)."""
    held, off = 0, [0.0] * 4
    for seed in range(60):
        answers, ratings = people(72, items_of(instrument, 4), seed=seed, manner=0.8)
        known = {(rating.organisation, rating.item): rating.score for rating in ratings}
        model = proportional_odds(
            [[known[answer.organisation, answer.item]] for answer in answers],
            [RATINGS.index(answer.answer) for answer in answers if answer.answer],
            [answer.organisation for answer in answers],
        )
        for step, cut in enumerate(CUTS):
            score, low, high = model.crossing(step)
            held += low <= cut <= high
            off[step] += (score - cut) / 60
    assert held / 240 == pytest.approx(0.95, abs=0.035)
    assert off == pytest.approx([0, 0, 0, 0], abs=0.004)


def test_a_survey_gives_cut_points_near_those_that_made_its_answers(instrument: Instrument) -> None:
    answers, ratings = people(100, items_of(instrument, 5))
    found = calibrate(answers, ratings, instrument)
    assert [cut.score for cut in found.scale.cut_points] == pytest.approx(CUTS, abs=0.02)
    assert all(cut.low <= truth <= cut.high for cut, truth in zip(found.scale.cut_points, CUTS, strict=True))
    assert [(cut.below, cut.above) for cut in found.scale.cut_points] == [*itertools.pairwise(RATINGS)]
    slope, low, high = found.scale.slope
    assert low < SLOPE < high and slope == pytest.approx(SLOPE, rel=0.15)
    assert [found.scale.thresholds[step] / slope for step in range(4)] == pytest.approx(
        [cut.score for cut in found.scale.cut_points]
    )
    assert (found.given, found.used, found.left_out, found.scale.organisations) == (500, 500, (), 100)
    assert sum(found.scale.counts) == 500


def test_ratings_agree_better_with_fitted_cut_points_and_the_estimate_without_flattery_is_given_too(
    instrument: Instrument,
) -> None:
    answers, ratings = people(100, items_of(instrument, 5))
    found = calibrate(answers, ratings, instrument)
    assert found.validated is not None
    before, after, validated = found.before.quadratic.value, found.after.quadratic.value, found.validated.quadratic.value
    assert before is not None and after is not None and validated is not None
    assert before < validated < after + 0.02
    assert found.after.answers == found.validated.answers == 500
    for told in (found.before, found.after, found.validated):
        for kappa in (told.linear, told.quadratic):
            assert kappa.value is not None and kappa.low is not None and kappa.high is not None
            assert kappa.low < kappa.value < kappa.high
    given = sum(row[place] for place, row in enumerate(found.after.table))
    assert given == found.after.exact


def test_agreement_afterwards_is_that_of_the_new_instrument(instrument: Instrument) -> None:
    answers, ratings = people(60, items_of(instrument, 5))
    found = calibrate(answers, ratings, instrument)
    assert same(changed(instrument, found), answers, ratings) == found.after.exact


def same(instrument: Instrument, answers: Sequence[Answer], ratings: Sequence[Rating]) -> int:
    """How many answers are what the instrument makes of the score beside them."""
    own = {item.id: item.bands or instrument.scale.bands for item in instrument.items}
    count = 0
    for answer, rating in zip(answers, ratings, strict=True):
        assert rating.score is not None
        [band] = [one for one in own[rating.item] if one.from_ <= rating.score < one.to or (one.to == 1.0 == rating.score)]
        count += band.rating == answer.answer
    return count


def test_the_same_answers_give_the_same_calibration_in_any_order(instrument: Instrument) -> None:
    answers, ratings = people(60, items_of(instrument, 5))
    again = calibrate(answers[::-1], ratings[::-1], instrument)
    first = calibrate(answers, ratings, instrument)
    assert [cut.score for cut in again.scale.cut_points] == pytest.approx([cut.score for cut in first.scale.cut_points], abs=1e-6)
    assert (again.before, again.after.table) == (first.before, first.after.table)
    assert calibrate(answers, ratings, instrument) == first


def test_the_seed_decides_who_is_left_out_together(instrument: Instrument) -> None:
    answers, ratings = people(60, items_of(instrument, 5))
    one, other = (calibrate(answers, ratings, instrument, seed=seed) for seed in (1, 2))
    assert one.scale == other.scale
    assert one.validated != other.validated


def test_an_organisation_that_says_everything_twice_makes_nothing_surer(instrument: Instrument) -> None:
    answers, ratings = people(80, items_of(instrument, 2))
    twice = [*answers, *(msgspec.structs.replace(answer, wave="again") for answer in answers)]
    rated = [*ratings, *(msgspec.structs.replace(rating, wave="again") for rating in ratings)]
    once, doubled = calibrate(answers, ratings, instrument), calibrate(twice, rated, instrument)
    for one, two in zip(once.scale.cut_points, doubled.scale.cut_points, strict=True):
        assert two.score == pytest.approx(one.score, abs=1e-5)
        assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.02)
    assert once.before.linear.low == pytest.approx(doubled.before.linear.low)


def test_one_answer_each_has_nearly_the_interval_of_leaving_out_organisations_in_turn() -> None:
    draw = random.Random(5)
    pairs = [(str(number), answer := draw.randrange(5), min(4, answer + draw.randrange(2))) for number in range(200)]
    one = agreement(pairs)
    two = agreement([*pairs, *pairs])
    assert one.linear.value == pytest.approx(two.linear.value)
    assert one.linear.low == pytest.approx(two.linear.low, abs=0.005)


def test_an_item_with_enough_answers_gets_cut_points_of_its_own(instrument: Instrument) -> None:
    strict, mild, rare = items_of(instrument, 3)
    harder = (0.66, 0.76, 0.86, 0.93)
    answers, ratings = people(150, [strict, mild], cuts=lambda item: harder if item == strict else CUTS)
    more, also = people(10, [rare])
    found = calibrate([*answers, *more], [*ratings, *also], instrument, per_item=True)
    assert [fit.item for fit in found.items] == [strict, mild]
    for fit, truth in zip(found.items, (harder, CUTS), strict=True):
        assert [cut.score for cut in fit.cut_points] == pytest.approx(truth, abs=0.04)
    reasons = dict(found.pooled)
    assert set(reasons) == {item.id for item in instrument.items[2:]}
    assert reasons[rare].startswith("too few answers to fit cut-points: 10 can be used. Lacking are ")
    assert "answers of 10 more organisations (10 of at least 20)" in reasons[rare]
    assert found.validated is not None and found.validated.answers == 310
    new = changed(instrument, found)
    pooled = changed(instrument, calibrate([*answers, *more], [*ratings, *also], instrument))
    given = [*answers, *more], [*ratings, *also]
    assert same(new, *given) == found.after.exact != same(pooled, *given)
    assert [bool(item.bands) for item in new.items] == [True, True] + [False] * 13
    assert "Own cut-points calibrated on survey.csv, SHA-256 5d7" in new.items[0].provenance.notes
    assert new.items[0].provenance.status == instrument.items[0].provenance.status
    assert instruments.faults(new) == []


# ------------------------------------------------------------------------------------------------ when nothing is fitted


def refusal(answers: Sequence[Answer], ratings: Sequence[Rating], instrument: Instrument) -> str:
    with pytest.raises(CannotCalibrate) as error:
        calibrate(answers, ratings, instrument)
    assert isinstance(error.value, DqError) and error.value.exit_code == 3
    return str(error.value)


def test_too_few_answers_are_counted(instrument: Instrument) -> None:
    [item] = items_of(instrument, 1)
    answers, ratings = people(100, [item])
    per_rating = {rating: [answer for answer in answers if answer.answer == rating] for rating in RATINGS}
    few = [*per_rating["very poor"][:7], *per_rating["poor"][:10], *per_rating["fair"][:9], *per_rating["very good"][:10]]
    assert refusal(few, ratings, instrument) == (
        "too few answers to fit cut-points: 36 can be used of 36 given. Lacking are "
        '3 more answers "very poor" (7 of at least 10); 1 more answers "fair" (9 of at least 10); '
        '10 more answers "good" (0 of at least 10)'
    )


def test_too_few_organisations_are_counted(instrument: Instrument) -> None:
    answers, ratings = people(19, items_of(instrument, 15))
    assert refusal(answers, ratings, instrument) == (
        "too few answers to fit cut-points: 285 can be used of 285 given. Lacking are "
        "answers of 1 more organisations (19 of at least 20)"
    )
    answers, ratings = people(20, items_of(instrument, 15))
    assert calibrate(answers, ratings, instrument).scale.organisations == 20


def test_what_is_left_out_is_said(instrument: Instrument) -> None:
    answers, ratings = people(60, items_of(instrument, 5))
    answers = [msgspec.structs.replace(answer, answer=None) if answer.row < 12 else answer for answer in answers]
    unrated = [
        Rating(rating.wave, rating.organisation, rating.item, None, reason="no data came") if place >= 293 else rating
        for place, rating in enumerate(ratings[:-3])
    ]
    found = calibrate(answers, unrated, instrument)
    assert found.left_out == (("the answer is blank", 10), ("the organisation is not rated for the item", 7))
    assert (found.given, found.used, found.scale.answers, found.before.answers) == (300, 283, 283, 283)
    assert refusal(answers, [], instrument).startswith(
        "too few answers to fit cut-points: 0 can be used of 300 given "
        "(of 10 the answer is blank; of 290 the organisation is not rated for the item). Lacking are "
    )


def test_answers_that_do_not_rise_with_the_scores(instrument: Instrument) -> None:
    answers, ratings = people(60, items_of(instrument, 5), slope=0.01, cuts=lambda item: (-200, -60, 60, 200))
    said = refusal(answers, ratings, instrument)
    assert said.startswith("no cut-points can be fitted: answers do not rise with the scores. The slope is ")
    assert said.endswith(", and would have to lie above 0")


def test_answers_in_which_one_is_the_best(instrument: Instrument) -> None:
    answers, ratings = people(60, items_of(instrument, 5))
    turned = [msgspec.structs.replace(one, answer=RATINGS[4 - RATINGS.index(one.answer)]) for one in answers if one.answer]
    assert refusal(turned, ratings, instrument).endswith(
        ", and would have to lie above 0. Is 1 the best answer of the survey? Here it is very poor"
    )


def test_cut_points_outside_the_scores_that_there_can_be(instrument: Instrument) -> None:
    answers, ratings = people(200, items_of(instrument, 5), slope=6, cuts=lambda item: (0.5, 0.6, 0.7, 1.15))
    said = refusal(answers, ratings, instrument)
    assert said.startswith('no cut-points can be fitted: the answers put the cut-point between "good" and "very good" at 1.1')
    assert said.endswith(
        "outside the scores that there can be (0 to 1): people with the same score answer too differently, "
        "or use one end of the scale only"
    )


def test_answers_that_are_the_ratings_themselves(instrument: Instrument) -> None:
    answers, ratings = people(60, items_of(instrument, 5))
    own = [
        msgspec.structs.replace(answer, answer=RATINGS[bisect.bisect_right(CUTS, rating.score or 0)])
        for answer, rating in zip(answers, ratings, strict=True)
    ]
    assert refusal(own, ratings, instrument) == (
        "no cut-points can be fitted: the answers follow the scores without a single exception, so that the slope has no limit"
    )


def test_answers_beside_one_score_only(instrument: Instrument) -> None:
    answers, ratings = people(60, items_of(instrument, 5))
    level = [msgspec.structs.replace(rating, score=0.75) for rating in ratings]
    assert refusal(answers, level, instrument) == "no cut-points can be fitted: all answers stand beside the same score"


def test_where_others_answers_do_not_suffice_there_is_no_agreement_without_flattery(instrument: Instrument) -> None:
    """All answers "very good" come from one organisation: without it nothing can be fitted."""
    items = items_of(instrument, 10)
    answers, ratings = people(60, items, cuts=lambda item: (0.5, 0.6, 0.7, 9), best=0.8)
    best = [Answer(0, "all", "BEST", item, "very good") for item in items]
    rated = [Rating("all", "BEST", item, "very good", 0.99) for item in items]
    found = calibrate([*answers, *best], [*ratings, *rated], instrument)
    assert found.validated is None
    assert found.not_validated == (
        "without some of the organisations, the answers of the others do not suffice to fit cut-points"
    )


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    many=st.integers(60, 250),
    near=st.sampled_from([0.0, 0.5, 0.9, 0.999]),
    steps=st.sampled_from([2, 5, 10, 1000]),
    noise=st.sampled_from([0, 1, 1, 2]),
)
def test_any_answers_give_bands_from_0_to_1_or_a_reason(
    seed: int, many: int, near: float, steps: int, noise: int, instrument: Instrument
) -> None:
    """Scores and answers at random: heaps of equal scores, scores near each other, answers that follow them or not."""
    draw = random.Random(seed)
    [item] = items_of(instrument, 1)
    answers, ratings = [], []
    for number in range(many):
        step = draw.randrange(steps)
        place = step * 5 // steps + draw.randint(-noise, noise)
        code = f"A{number % 30:05}{number // 30}"
        answers.append(Answer(number, "all", code, item, RATINGS[max(0, min(4, place))]))
        score = near + (1 - near) * (0.3 + 0.4 * step / (steps - 1))
        ratings.append(Rating("all", code, item, "fair" if score < 0.95 else "good", score))
    try:
        found = calibrate(answers, ratings, instrument)
    except CannotCalibrate as refused:
        assert str(refused)
        return
    new = changed(instrument, found)
    assert instruments.faults(new) == []
    ends = [(band.from_, band.to) for band in new.scale.bands]
    assert ends[0][0] == 0 and ends[-1][1] == 1
    assert all(low < high for low, high in ends)
    assert all(one[1] == two[0] for one, two in itertools.pairwise(ends))
    for cut in found.scale.cut_points:
        assert 0 <= cut.low <= cut.score <= cut.high <= 1


# -------------------------------------------------------------------------------------------------------- instrument


def changed(instrument: Instrument, found: Calibration) -> Instrument:
    return new_instrument(instrument, found, Records("surveys/survey.csv", "5d7" * 21 + "0", (), ()), ON)


def test_the_new_instrument_says_where_its_cut_points_come_from(instrument: Instrument, usual: Calibration) -> None:
    new = changed(instrument, usual)
    assert instruments.faults(new) == []
    assert (instrument.version, new.version) == ("1.0.0", "1.1.0")
    assert new.name == instrument.name
    assert [band.to for band in new.scale.bands[:-1]] == [round(cut.score, 6) for cut in usual.scale.cut_points]
    for provenance in (new.provenance, new.scale.provenance):
        assert provenance.status == "calibrated"
        assert provenance.source == f"survey.csv, SHA-256 {'5d7' * 21}0"
        for said in (
            "720 answers of 72 organisations",
            "(very poor ",
            "), of 1999, 2000; fitted",
            "fitted on 2026-11-22",
            "95 % intervals",
        ):
            assert said in provenance.notes
    assert "Cut-points only; weights and the rest as in version 1.0.0 (assumed: " in new.provenance.notes
    assert new.items == instrument.items
    assert instruments.parse(instruments.dump(new).decode(), "new.json") == new


def test_items_that_were_answered_follow_the_new_scale_and_others_keep_their_own_cut_points(
    instrument: Instrument, usual: Calibration
) -> None:
    items = tuple(msgspec.structs.replace(item, bands=instrument.scale.bands) for item in instrument.items)
    owning = msgspec.structs.replace(instrument, items=items)
    new = changed(owning, usual)
    assert [bool(item.bands) for item in new.items] == [False] * 5 + [True] * 10


def test_a_calibration_is_for_the_instrument_whose_ratings_it_saw(instrument: Instrument, usual: Calibration) -> None:
    with pytest.raises(UsageError, match=rf"the calibration is of {instrument.name} 1\.0\.0, not of {instrument.name} 1\.1\.0"):
        changed(changed(instrument, usual), usual)


@pytest.mark.parametrize(("old", "new"), [("1.0.0", "1.1.0"), ("2.9.3", "2.10.0"), ("0.1.0-draft", "0.2.0")])
def test_the_next_minor_version(old: str, new: str, instrument: Instrument, usual: Calibration) -> None:
    assert changed(*(msgspec.structs.replace(one, version=old) for one in (instrument, usual))).version == new


def test_a_version_without_numbers(instrument: Instrument, usual: Calibration) -> None:
    with pytest.raises(UsageError, match='the version "draft" must be three numbers'):
        changed(*(msgspec.structs.replace(one, version="draft") for one in (instrument, usual)))


# ------------------------------------------------------------------------------------------------------------ survey

CODES = ("5D7", "5D8", "5C1", "A81001")


def survey(*rows: tuple[str, ...]) -> Records:
    """A survey with these rows: organisation, item, answer and, where there is one, wave."""
    named = [dict(zip(("organisation", "item", "answer", "wave"), (*row, ""), strict=False)) for row in rows]
    return Records("survey.csv", "0" * 64, (), tuple(Record(number, values) for number, values in enumerate(named, 2)))


def rated(*waves: str) -> list[Rating]:
    return [Rating(wave, "5D7", "hospital.commission", "fair", 0.7) for wave in waves]


def faults(records: Records, instrument: Instrument, waves: Sequence[str] = ("all",)) -> list[str]:
    with pytest.raises(UsageError) as error:
        survey_answers(records, instrument, rated(*waves), CODES)
    assert error.value.exit_code == 2
    return [line.removeprefix("survey.csv: ") for line in str(error.value).splitlines()]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((rating, rating) for rating in RATINGS),
        ("Very Good", "very good"),
        ("VERY_POOR", "very poor"),
        ("very-poor", "very poor"),
        ("very  poor", "very poor"),
        *((str(number), rating) for number, rating in enumerate(RATINGS, 1)),
        ("4.0", "good"),
        ("", None),
    ],
)
def test_answers_are_labels_or_numbers_of_which_1_is_very_poor(said: str, meant: str | None, instrument: Instrument) -> None:
    item = instrument.items[0].id
    assert survey_answers(survey(("5D7", item, said)), instrument, rated("all"), CODES) == (Answer(2, "all", "5D7", item, meant),)


@pytest.mark.parametrize("said", ["0", "6", "3.5", "-1", "don't know", "excellent", "very", "VG", "٣", "1e0", "good?"])
def test_other_answers_are_off_the_scale(said: str, instrument: Instrument) -> None:
    [fault] = faults(survey(("5D7", instrument.items[0].id, said)), instrument)
    shown = f'"{said}"' if said in ("0", "6", "VG") else "(not shown: it has not the form of a code)"
    scale = "very poor, poor, fair, good, very good, or 1 to 5 (1 is very poor)"
    assert fault == f"row 2: the answer {shown} is not on the scale: {scale}"


def test_every_fault_of_a_survey_is_told_at_once(instrument: Instrument) -> None:
    item, other = items_of(instrument, 2)
    records = survey(
        ("5D7", item, "good"),
        ("5d8", item, "good"),
        ("Ann Bell", item, "7"),
        ("5D7", item[:-1], "fair"),
        ("ZZZ", other, "poor"),
        ("5D7", item, ""),
        ("ZZZ", item, "7"),
        ("5C1", item, "5"),
        ("5C1", item, "4"),
        ("5C1", item, "4"),
    )
    assert faults(records, instrument) == [
        "rows 2 and 7: answers for the same organisation and item: keep one",
        'row 3: the organisation (not shown: it has not the form of a code) is none of the 4 that there are; did you mean "5D8"?',
        "row 4: the organisation (not shown: it has not the form of a code) is none of the 4 that there are",
        'rows 4 and 8: the answer "7" is not on the scale: very poor, poor, fair, good, very good, or 1 to 5 (1 is very poor)',
        f'row 5: the item is none of the instrument\'s 15; did you mean "{item}"?',
        'rows 6 and 8: the organisation "ZZZ" is none of the 4 that there are',
        "rows 9, 10 and 11: answers for the same organisation and item: keep one",
    ]


def test_the_same_item_may_be_answered_in_each_wave_once(instrument: Instrument) -> None:
    item = instrument.items[0].id
    two = survey(("5D7", item, "good", "1999"), ("5D7", item, "fair", "2000"))
    found = survey_answers(two, instrument, rated("1999", "2000", "2002"), CODES)
    assert [(answer.wave, answer.answer) for answer in found] == [("1999", "good"), ("2000", "fair")]
    again = survey(("5D7", item, "good", "1999"), ("5D7", item, "good", "1999"), ("5D7", item, "good", "2000"))
    assert faults(again, instrument, ["1999", "2000"]) == [
        "rows 2 and 3: answers for the same organisation and item in the same wave: keep one"
    ]


def test_waves_that_were_not_scored(instrument: Instrument) -> None:
    item = instrument.items[0].id
    said = faults(
        survey(("5D7", item, "good", "1999"), ("5C1", item, "good", ""), ("5D8", item, "good", "x")), instrument, ["1999"]
    )
    assert said == ['row 3: the wave is none that was scored: "1999"', 'row 4: the wave is none that was scored: "1999"']
    said = faults(survey(("5D7", item, "good", "1999")), instrument)
    assert said == ['has a column "wave", but the scores are not split into waves: say which there are']


def test_a_survey_without_waves_beside_scores_of_one_or_of_several(instrument: Instrument) -> None:
    plain = survey(("5D7", instrument.items[0].id, "good"))
    assert [answer.wave for answer in survey_answers(plain, instrument, rated("2002"), CODES)] == ["2002"]
    assert faults(plain, instrument, ["1999", "2000"]) == [
        'does not say which wave an answer is of: add a column wave; the waves are "1999", "2000"'
    ]


def test_a_survey_needs_scores(instrument: Instrument) -> None:
    with pytest.raises(UsageError, match="there are no ratings that a survey could be about"):
        survey_answers(survey(("5D7", instrument.items[0].id, "good")), instrument, [], CODES)


WORDS = st.text("abcdefghijklmnopqrstuvwxyz '-", min_size=4, max_size=20).filter(lambda text: text.strip() == text)


@given(
    rows=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=30),
    numbers=st.lists(st.integers(10**6, 10**10), min_size=1, max_size=5),
)
def test_a_wrong_file_is_refused_without_a_word_of_it(
    rows: list[tuple[str, str, str]], numbers: list[int], instrument: Instrument
) -> None:
    """Names, diagnoses and NHS numbers where codes, items and answers should be: no one of them is in the message."""
    held = [(f"Zq{a}", f"Zq{b}", f"Zq{c}") for a, b, c in rows] + [(str(n), f"Zq{n}", str(n)) for n in numbers]
    said = "\n".join(faults(survey(*held), instrument))
    assert "Zq" not in said
    assert not any(str(number) in said for number in numbers)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(
        st.tuples(st.sampled_from(CODES), st.integers(0, 14)), st.sampled_from([None, *range(5)]), min_size=1, max_size=30
    ),
    numbered=st.booleans(),
    ending=st.sampled_from(["csv", "parquet"]),
)
def test_whatever_a_survey_says_is_read(
    said: dict[tuple[str, int], int | None],
    numbered: bool,
    ending: str,
    instrument: Instrument,
    tmp_path: Path,
    worker: WorkerProcess,
) -> None:
    path = tmp_path / f"survey.{ending}"
    words = [None if answer is None else answer + 1 if numbered else RATINGS[answer].title() for answer in said.values()]
    columns = {
        "item": [instrument.items[item].id for _, item in said],
        "answer": words,
        "organisation": [code for code, _ in said],
    }
    kinds = {"answer": pl.Float64 if numbered else pl.String}
    frame = pl.DataFrame(columns, schema_overrides=kinds)
    (frame.write_csv if ending == "csv" else frame.write_parquet)(path)
    found = survey_answers(read_survey(path, worker), instrument, rated("all"), CODES)
    assert [(one.organisation, one.item, one.answer) for one in found] == [
        (code, instrument.items[item].id, None if answer is None else RATINGS[answer]) for (code, item), answer in said.items()
    ]
