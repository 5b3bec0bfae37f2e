"""Estimates are the published ones, agree with other software, and cover the truth as often as they say."""

import random
from collections.abc import Iterator, Mapping
from math import ceil, comb, floor, sqrt
from statistics import fmean
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from dq_engine.rating.intervals import wilson
from dq_engine.rating.sampling import Allocation, Member, Sample, Stratum, draw, take, within
from dq_engine.rating.survey import Difference, Estimate, census, census_change, change, difference, proportion, weights

ENDLESS = 10**9
"""A multiple of the population with which its being finite does not matter."""


def sampled(*strata: tuple[str, int, int], seed: int | None = None) -> Sample:
    """A sample of (stratum, population, sampled), whose members are the stratum's name and a number."""
    members = {f"{name}{place:04}": name for name, _, number in strata for place in range(number)}
    return Sample("made for a test", seed, tuple(Stratum(*stratum) for stratum in strata), members)


def first(sample: Sample, yes: Mapping[str, int], answered: Mapping[str, int] | None = None) -> dict[str, bool | None]:
    """Answers: of each stratum the first ``yes`` have the property, and only the first ``answered`` (all) answered."""

    def answer(code: str, stratum: str) -> bool | None:
        place = int(code[len(stratum) :])
        return None if answered is not None and place >= answered[stratum] else place < yes[stratum]

    return {code: answer(code, stratum) for code, stratum in sample.members.items()}


def error(estimate: Estimate) -> float:
    """The standard error of a share."""
    assert estimate.share is not None and estimate.effective is not None
    return sqrt(estimate.share * (1 - estimate.share) / estimate.effective)


def interval(found: Estimate | Difference) -> tuple[float, float]:
    assert found.low is not None and found.high is not None
    return found.low, found.high


# ------------------------------------------------------------------------------------------------------ published examples


def test_a_stratified_share_of_a_textbook() -> None:
    """Lohr, Sampling: Design and Analysis, 1st edition 1999, example 4.3: women among the members of learned societies.

    Members, valid returns and the percentage of women in seven disciplines; the share is 0.2465, its standard error 0.0071. The
    percentages are rounded, so the counts, and with them the share, are right within 0.0005.
    """
    societies = {
        "Literature": (9100, 636, 38),
        "Classics": (1950, 451, 27),
        "Philosophy": (5500, 481, 18),
        "History": (10850, 611, 19),
        "Linguistics": (2100, 493, 36),
        "Political Science": (5500, 575, 13),
        "Sociology": (9000, 588, 26),
    }
    sample = sampled(*((name, members, returned) for name, (members, returned, _) in societies.items()))
    women = {name: round(returned * percentage / 100) for name, (_, returned, percentage) in societies.items()}
    found = proportion(sample, first(sample, women))
    assert found.share == pytest.approx(0.2465, abs=0.0005)
    assert error(found) == pytest.approx(0.0071, abs=0.00005)
    assert (found.answered, found.population) == (3835, 44000)


def test_the_interval_of_r_for_a_stratified_sample() -> None:
    """R's survey package: ``svyciprop(~I(api00 > 875), design, method="beta")`` of its data ``apistrat``, without ``fpc``.

    5 of 200 schools: 4 of 100 elementary, 0 of 50 high, 1 of 50 middle, of 4421, 755 and 1018. The result, 0.0318 (0.00997 to
    0.0744), is printed in issue 39 of gergness/srvyr.
    """
    sample = sampled(("E", 4421 * ENDLESS, 100), ("H", 755 * ENDLESS, 50), ("M", 1018 * ENDLESS, 50))
    found = proportion(sample, first(sample, {"E": 4, "H": 0, "M": 1}))
    assert found.share == pytest.approx(0.0318, abs=0.00005)
    low, high = interval(found)
    assert low == pytest.approx(0.00997, abs=5e-6)
    assert high == pytest.approx(0.0744, abs=5e-5)


@pytest.mark.parametrize(
    ("yes", "of", "low", "high"),
    [(0, 20, 0.0, 0.1684), (682, 925, 0.7076, 0.7654), (20, 20, 0.8316, 1.0), (1, 10, 0.0025, 0.4450)],
)
def test_a_simple_sample_of_an_endless_population_has_the_exact_interval(yes: int, of: int, low: float, high: float) -> None:
    """Clopper and Pearson 1934. 682 of 925 is the example of R's ``binom.test`` (0.7076683, 0.7654066), after Conover 1971.

    Korn and Graubard's effective size has r - 1 in the place of r, which only 1 of 10 shows.
    """
    sample = sampled(("all", ENDLESS, of))
    assert interval(proportion(sample, first(sample, {"all": yes}))) == pytest.approx(
        (low, high), abs=0.0001 if of != 10 else 0.03
    )


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((5, 56), (0, 29), -0.0381, 0.1926)],
)
def test_the_published_difference_of_samples_drawn_apart(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10, which starts from Wilson's intervals."""
    found = difference(_wilson(*other), _wilson(*one))
    assert found.change == pytest.approx(one[0] / one[1] - other[0] / other[1])
    assert interval(found) == pytest.approx((low, high), abs=0.00005)


def test_the_published_difference_of_pairs() -> None:
    """Fagerland, Lydersen and Laake, Statistics in Medicine 2014;33:2850-2875: airway hyper-responsiveness of 21 children.

    Before and after 1, before only 1, after only 7, neither 12; Newcombe's interval is -0.507 to -0.026. The corrected
    correlation is 0 there, as 1 x 12 - 1 x 7 is less than half of 21.
    """
    found = difference(_wilson(8, 21), _wilson(2, 21))
    assert interval(found) == pytest.approx((-0.507, -0.026), abs=0.0005)


def _wilson(yes: int, of: int) -> Estimate:
    return Estimate(yes / of, *wilson(yes / of, of), yes, of, of, ENDLESS)


# ---------------------------------------------------------------------------------------------------------- other software

DESIGNS = st.lists(
    st.integers(1, 40).flatmap(
        lambda population: st.tuples(st.just(population), st.integers(min(2, population), population)).flatmap(
            lambda sizes: st.tuples(st.just(sizes), st.integers(1, sizes[1])).flatmap(
                lambda answered: st.tuples(st.just(answered), st.integers(0, answered[1]))
            )
        )
    ),
    min_size=1,
    max_size=6,
)
"""Strata as ((population, sampled), answered), with the property."""


def designed(rows: list[Any]) -> tuple[Sample, dict[str, bool | None]]:
    names = "ABCDEF"
    sample = sampled(*((name, row[0][0][0], row[0][0][1]) for name, row in zip(names, rows, strict=False)))
    yes = {name: row[1] for name, row in zip(names, rows, strict=False)}
    answered = {name: row[0][1] for name, row in zip(names, rows, strict=False)}
    return sample, first(sample, yes, answered)


@pytest.fixture(scope="module")
def svy() -> Any:
    return pytest.importorskip("svy", reason="svy is not installed: an independent check of survey statistics")


def of_svy(svy: Any, sample: Sample, answers: Mapping[str, bool | None]) -> tuple[float, float, float, float]:
    """Share, standard error and Korn-Graubard interval by svy, which is held against R's survey package."""
    polars = pytest.importorskip("polars")
    populations = {row.name: row.population for row in sample.strata}
    standing = weights(sample, [code for code, answer in answers.items() if answer is not None])
    rows = [
        {"y": int(bool(answers[code])), "stratum": sample.members[code], "weight": weight, "N": populations[sample.members[code]]}
        for code, weight in standing.items()
    ]
    design = svy.Design(stratum="stratum", wgt="weight", pop_size="N", singleton="center")
    row = (
        svy.Sample(polars.DataFrame(rows), design).estimation.prop("y", ci_method="beta").to_polars().filter(polars.col("y") == 1)
    )
    return tuple(row.select("est", "se", "lci", "uci").row(0))


@given(rows=DESIGNS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@example(rows=[(((40, 12), 9), 3), (((30, 8), 8), 2), (((25, 6), 1), 1), (((1, 1), 1), 0)])
def test_an_estimate_is_that_of_svy(svy: Any, rows: list[Any]) -> None:
    """Stratified, with non-response, finite population, and strata of one answer ("center" is R's "adjust")."""
    sample, answers = designed(rows)
    ours = proportion(sample, answers)
    assume(0 < ours.count < ours.answered > len(rows) and ours.effective is not None)
    share, se, low, high = of_svy(svy, sample, answers)
    assert ours.share == pytest.approx(share)
    if any(row[0][1] > 1 and row[1] in (0, row[0][1]) for row in rows):  # a uniform stratum: theirs is too sure
        assert error(ours) >= se - 1e-12
    else:
        assert error(ours) == pytest.approx(se)
        fewest = max(floor(low * ours.population + 1e-6), ours.count)
        most = min(ceil(high * ours.population - 1e-6), ours.population - ours.answered + ours.count)
        assert interval(ours) == pytest.approx((min(fewest / ours.population, share), max(most / ours.population, share)))


@pytest.mark.parametrize(("number", "population"), [(72, 481), (30, 100), (72, 100), (9, 60), (5, 20), (2, 10), (15, 20)])
def test_none_seen_has_the_limit_of_the_hypergeometric_distribution(number: int, population: int) -> None:
    """If ``most`` have the property, seeing none still has a probability above 2.5 %; the limit is that or one or two more."""

    def seeing_none(holding: int) -> float:
        return comb(population - holding, number) / comb(population, number)

    most = max(holding for holding in range(population) if seeing_none(holding) > 0.025)
    sample = sampled(("all", population, number))
    none, everyone = (proportion(sample, first(sample, {"all": yes})) for yes in (0, number))
    assert (none.share, none.low, everyone.share, everyone.high) == (0, 0, 1, 1)
    assert round(interval(none)[1] * population) - most in (0, 1, 2)
    assert interval(everyone)[0] == pytest.approx(1 - interval(none)[1])


# ------------------------------------------------------------------------------------------------------------ by hand, laws


def test_those_that_answered_stand_for_their_stratum() -> None:
    """Of 60 in the north 6 are sampled and 4 answer, 1 yes; of 40 in the south 4 and 4, 3 yes: (60 x 1/4 + 40 x 3/4)/100."""
    sample = sampled(("north", 60, 6), ("south", 40, 4))
    answers = first(sample, {"north": 1, "south": 3}, {"north": 4, "south": 4})
    found = proportion(sample, answers)
    assert found.share == pytest.approx(0.45)
    assert (found.count, found.answered, found.sampled, found.population, found.note) == (4, 8, 10, 100, "")
    # variance 0.6² (1 - 4/60) (1/4 x 3/4)/3 + 0.4² (1 - 4/40) (3/4 x 1/4)/3 = 0.021 + 0.009
    assert error(found) == pytest.approx(sqrt(0.03))
    assert set(weights(sample, sample.members).values()) == {10}
    assert weights(sample, [code for code, answer in answers.items() if answer is not None]) == pytest.approx(
        {f"north000{place}": 15 for place in range(4)} | {f"south000{place}": 10 for place in range(4)}
    )


def test_a_stratum_of_which_nobody_answered_is_stood_for_by_the_others() -> None:
    sample = sampled(("north", 60, 6), ("south", 40, 4), ("", 20, 2))
    answers = first(sample, {"north": 3, "south": 1, "": 0}, {"north": 6, "south": 4, "": 0})
    found = proportion(sample, answers)
    assert found.share == pytest.approx((60 * 3 / 6 + 40 * 1 / 4) / 100)
    assert found.note == "Nobody answered of (no name): the other strata stand for them."
    heard = proportion(sampled(("north", 60, 6), ("south", 40, 4)), answers)
    assert found.effective is not None and heard.effective is not None and found.effective < heard.effective
    standing = weights(sample, [code for code, answer in answers.items() if answer is not None])
    assert sum(standing.values()) == pytest.approx(120)


def test_a_stratum_of_one_answer_is_said() -> None:
    sample = sampled(("north", 60, 6), ("south", 40, 4))
    found = proportion(sample, first(sample, {"north": 3, "south": 1}, {"north": 6, "south": 1}))
    assert found.note == "Only one answered of south: its distance from the overall share stands for its variance."
    # variance 0.6² (1 - 6/60) (1/2 x 1/2)/5 + 0.4² (1 - 1/40) (1 - 0.7)²
    assert error(found) == pytest.approx(sqrt(0.0162 + 0.01404))


def test_strata_of_uniform_answers_leave_doubt() -> None:
    """All of the north have it and none of the south, as far as 8 each tell: the share is not 0.5 for certain."""
    sample = sampled(("north", 50, 8), ("south", 50, 8))
    low, high = interval(proportion(sample, first(sample, {"north": 8, "south": 0})))
    assert low < 0.45 and high > 0.55


def test_nobody_answered() -> None:
    sample = sampled(("north", 60, 6), ("south", 40, 4))
    assert proportion(sample, {}) == Estimate(None, None, None, 0, 0, 10, 100, None, "Nobody answered.")
    assert change(sample, {"north0001": True}, {"south0001": True}) == Difference(None, None, None, 0, "Nobody answered.")
    assert difference(proportion(sample, {}), proportion(sample, {"north0001": True})) == Difference(None, None, None)


def test_who_did_not_respond_does_not_count_and_neither_does_who_was_not_sampled() -> None:
    register = {"P1": "n", "P2": "n", "P3": "n", "P4": "n", "P5": "n"}
    sample = take([Member("P1"), Member("P2"), Member("P3", responded=False)], register)
    found = proportion(sample, dict.fromkeys(register, True) | {"P1": False})
    assert (found.count, found.answered, found.sampled, found.population) == (1, 2, 3, 5)
    assert change(sample, dict.fromkeys(register, True), dict.fromkeys(register, False)).both == 2


def test_where_everybody_was_looked_at_nothing_is_left_to_chance() -> None:
    sample = sampled(("north", 7, 7), ("south", 3, 3))
    answers = first(sample, {"north": 2, "south": 3})
    assert proportion(sample, answers) == Estimate(0.5, 0.5, 0.5, 5, 10, 10, 10)
    moved = change(sample, answers, first(sample, {"north": 1, "south": 2}))
    assert moved.change == pytest.approx(-0.2)
    assert (moved.low, moved.high, moved.both) == (moved.change, moved.change, 10)
    assert census(answers) == Estimate(0.5, None, None, 5, 10, 10, 10)
    assert census(answers | {"x": None}) == Estimate(0.5, None, None, 5, 10, 11, 11)
    assert census({}) == Estimate(None, None, None, 0, 0, 0, 0)
    later = first(sample, {"north": 1, "south": 2}, {"north": 7, "south": 1})
    assert census_change(answers, later) == Difference(-1 / 8, None, None, 8)
    assert census_change(answers, {}) == Difference(None, None, None, 0)
    assert difference(census(answers), census(later)) == Difference(2 / 8 - 0.5, None, None)


def test_what_was_seen_bounds_what_there_can_be() -> None:
    """19 of 20 were looked at: if none of these has it, at most 1 of 20 can; if all have it, at least 19 do."""
    sample = sampled(("all", 20, 19))
    assert interval(proportion(sample, first(sample, {"all": 0}))) == (0, 1 / 20)
    assert interval(proportion(sample, first(sample, {"all": 19}))) == (19 / 20, 1)
    one_half, other_half = ({code: (int(code[3:]) < 9) == side for code in sample.members} for side in (True, False))
    # 9 had it, 10 have it: the one that was not seen can make this a change by 0 to 2 of 20
    assert interval(change(sample, one_half, other_half)) == pytest.approx((0, 2 / 20))


@given(DESIGNS)
@settings(max_examples=150, deadline=None)
def test_an_interval_holds_the_share_and_stays_possible(rows: list[Any]) -> None:
    sample, answers = designed(rows)
    found = proportion(sample, answers)
    low, high = interval(found)
    assert found.share is not None
    assert 0 <= low <= found.share <= high <= 1
    assert low >= found.count / found.population - 1e-12
    assert high <= 1 - (found.answered - found.count) / found.population + 1e-12
    opposite = proportion(sample, {code: None if answer is None else not answer for code, answer in answers.items()})
    assert interval(opposite) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    everyone = [code for code, answer in answers.items() if answer is not None]
    standing = weights(sample, everyone)
    assert sum(standing.values()) == pytest.approx(sample.population)
    assert sum(standing[code] for code in everyone if answers[code]) / sample.population == pytest.approx(found.share)


@given(st.integers(2, 80), st.integers(1, 400))
@settings(deadline=None)
def test_more_answers_with_the_property_raise_share_and_limits(number: int, more: int) -> None:
    """Unless more than nine tenths are sampled: there the limit where none was seen is an organisation too careful."""
    assume(9 * more >= number)
    sample = sampled(("all", number + more, number))
    found = [proportion(sample, first(sample, {"all": yes})) for yes in range(number + 1)]
    assert [one.share for one in found] == sorted(one.share for one in found if one.share is not None)
    limits = [interval(one) for one in found]
    assert [low for low, _ in limits] == sorted(low for low, _ in limits)
    assert [high for _, high in limits] == sorted(high for _, high in limits)


@given(DESIGNS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_a_change_stays_possible_and_backwards_is_its_opposite(rows: list[Any], chance: random.Random) -> None:
    sample, earlier = designed(rows)
    later = {code: None if chance.random() < 0.1 else chance.random() < 0.5 for code in earlier}
    found, back = change(sample, earlier, later), change(sample, later, earlier)
    if found.change is None:
        assert found.both == 0 and back.change is None
        return
    low, high = interval(found)
    assert -1 <= low <= found.change <= high <= 1
    assert (back.change, *interval(back)) == pytest.approx((-found.change, -high, -low), abs=1e-9)


def test_a_change_by_hand() -> None:
    """72 of 481 in one stratum, 36 of them poor at first; 10 improve and 2 get worse: 28 are poor then.

    The correlation of the two answers is (26 x 34 - 10 x 2 - 36)/sqrt(36 x 36 x 28 x 44), corrected by half of 72.
    """
    sample = sampled(("all", 481, 72))
    poor = first(sample, {"all": 36})
    later = {code: place < 26 or place in (70, 71) for place, code in enumerate(poor)}
    found = change(sample, poor, later)
    (low_1, high_1), (low_2, high_2) = interval(proportion(sample, poor)), interval(proportion(sample, later))
    correlation = (26 * 34 - 10 * 2 - 36) / sqrt(36 * 36 * 28 * 44)
    down, above, up, below = 28 / 72 - low_2, high_1 - 0.5, high_2 - 28 / 72, 0.5 - low_1
    assert found.change == pytest.approx(-8 / 72)
    assert interval(found) == pytest.approx(
        (
            -8 / 72 - sqrt(down**2 + above**2 - 2 * correlation * down * above),
            -8 / 72 + sqrt(up**2 + below**2 - 2 * correlation * up * below),
        )
    )
    assert interval(found)[1] < 0


def test_no_change_seen_is_not_no_change_for_certain() -> None:
    sample = sampled(("all", 481, 72))
    poor = first(sample, {"all": 36})
    found = change(sample, poor, poor)
    assert found.change == 0
    assert interval(found)[0] < -0.02 and interval(found)[1] > 0.02


# ---------------------------------------------------------------------------------------------------------------- coverage

REGIONS = {"A": 104, "B": 83, "C": 72, "D": 64, "E": 52, "F": 44, "G": 36, "H": 26}
PCGS = {f"{region}{place:04}": region for region, count in REGIONS.items() for place in range(count)}
"""481 organisations, as many as there were primary care groups, in eight regions of invented sizes."""
DRAWS = 2000
LEAST = 0.95 - 3 * sqrt(0.95 * 0.05 / DRAWS)
"""0.935: what 2000 samples cover, less three standard deviations, if each covers with probability 0.95."""
LEAST_OF_HALF = 0.95 - 3 * sqrt(0.95 * 0.05 / (DRAWS // 2))
"""0.929: of 1000 samples."""


def truth(share: float, *, uneven: bool) -> dict[str, bool]:
    """Who has the property; ``uneven``: regions differ, from (almost) everybody to nobody."""
    places = enumerate(REGIONS.items())
    parts = {name: share * (2 - 2 * place / 7 if uneven else 1) for place, (name, _) in places}
    return {code: int(code[1:]) < round(min(parts[name], 1) * REGIONS[name]) for code, name in PCGS.items()}


@pytest.fixture(scope="module")
def samples() -> Iterator[dict[Allocation, list[Sample]]]:
    half = DRAWS // 2
    yield {
        "proportional": [draw(PCGS, 72, "proportional", seed) for seed in range(half)],
        "equal": [draw(PCGS, 72, "equal", seed) for seed in range(half, DRAWS)],
    }


@pytest.mark.parametrize(("number", "population"), [(19, 20), (15, 20), (6, 30), (25, 50), (72, 100), (90, 100), (72, 481)])
def test_a_simple_sample_covers_every_truth(number: int, population: int) -> None:
    """Counted, not simulated: of all samples, whatever the number of organisations with the property, 95 % or more cover it."""
    sample = sampled(("all", population, number))
    intervals = [interval(proportion(sample, first(sample, {"all": yes}))) for yes in range(number + 1)]
    for holding in range(population + 1):
        covering = sum(
            comb(holding, yes) * comb(population - holding, number - yes)
            for yes, (low, high) in enumerate(intervals)
            if low * population - 1e-6 <= holding <= high * population + 1e-6
        )
        assert covering / comb(population, number) >= 0.95


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_intervals_cover_the_census(samples: dict[Allocation, list[Sample]], share: float, *, uneven: bool) -> None:
    """And not by being wide: no more than 1.25 times as wide as 1.96 true standard errors to each side.

    That is for shares that are the same everywhere; intervals take only little from differences between small strata.
    """
    held = truth(share, uneven=uneven)
    census_value = sum(held.values()) / 481
    covered, wide = 0, 0.0
    for allocation in samples.values():
        shares = {name: fmean(held[code] for code in PCGS if PCGS[code] == name) for name in REGIONS}
        variance = sum(
            (row.population / 481) ** 2
            * (1 - row.sampled / row.population)
            * shares[row.name]
            * (1 - shares[row.name])
            * row.population
            / (row.population - 1)
            / row.sampled
            for row in allocation[0].strata
        )
        for sample in allocation:
            low, high = interval(proportion(sample, held))
            covered += low <= census_value <= high
            wide += (high - low) / (2 * 1.96 * sqrt(variance))
    assert covered / DRAWS >= LEAST
    if share != 0.02 and not uneven:
        assert wide / DRAWS < 1.25


def test_intervals_cover_the_census_where_some_do_not_answer(samples: dict[Allocation, list[Sample]]) -> None:
    """In the regions between 50 % and 92 % answer, whatever they would say; the regions differ."""
    held = truth(0.3, uneven=True)
    chance = random.Random(8)
    rates = {name: 0.5 + 0.06 * place for place, name in enumerate(REGIONS)}
    census_value = sum(held.values()) / 481
    covered = 0
    for allocation in samples.values():
        for sample in allocation:
            answers = {code: held[code] for code, name in sample.members.items() if chance.random() < rates[name]}
            low, high = interval(proportion(sample, answers))
            covered += low <= census_value <= high
    assert covered / DRAWS >= LEAST


def test_intervals_of_a_group_cover_the_census_of_the_group(samples: dict[Allocation, list[Sample]]) -> None:
    """A group that lies across the regions: a third of each, so that some regions have one of it in the sample, or none."""
    group = {code: name for code, name in PCGS.items() if int(code[1:]) % 3 == 0}
    held = {code: (int(code[1:]) // 3) % 10 < 4 for code in group}
    census_value = sum(held.values()) / len(group)
    covered = 0
    for allocation in samples.values():
        for sample in allocation:
            low, high = interval(proportion(within(sample, group), held))
            covered += low <= census_value <= high
    assert covered / DRAWS >= LEAST


@pytest.mark.parametrize("held", [(30, 2, 2), (12, 11, 11)])
def test_intervals_cover_where_a_large_stratum_may_look_uniform(held: tuple[int, int, int]) -> None:
    """Ten each of 300, 20 and 20 organisations: plain Korn-Graubard intervals cover in 67 % and 37 % of samples."""
    sizes = {"X": 300, "Y": 20, "Z": 20}
    register = {f"{name}{place:04}": name for name, size in sizes.items() for place in range(size)}
    having = {
        code: int(code[1:]) < number for name, number in zip("XYZ", held, strict=True) for code in register if code[0] == name
    }
    covered = 0
    for seed in range(DRAWS // 2):
        low, high = interval(proportion(draw(register, 30, "equal", seed), having))
        covered += low <= sum(held) / 340 <= high
    assert covered / (DRAWS // 2) >= LEAST_OF_HALF


@pytest.mark.parametrize(("improve", "worsen"), [(4, 0), (0, 0), (2, 1)])
def test_intervals_of_a_change_cover_the_census(samples: dict[Allocation, list[Sample]], improve: int, worsen: int) -> None:
    """Every other organisation is poor at first; of ten of these ``improve`` improve, of ten others ``worsen`` get worse."""
    poor = {code: int(code[1:]) % 2 == 0 for code in PCGS}
    later = {code: int(code[1:]) // 2 % 10 >= improve if poor[code] else int(code[1:]) // 2 % 10 < worsen for code in PCGS}
    census_value = (sum(later.values()) - sum(poor.values())) / 481
    covered = 0
    for allocation in samples.values():
        for sample in allocation[: DRAWS // 4]:
            low, high = interval(change(sample, poor, later))
            covered += low <= census_value <= high
    assert covered / (DRAWS // 2) >= LEAST_OF_HALF
