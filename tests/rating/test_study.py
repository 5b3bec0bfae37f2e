"""The study's tables, worked out by hand.

Ten organisations: six in the North (N1 to N6), four in the South (S1 to S4); the even ones are trusts, the others groups, and what
S4 is, no register says. In the first wave each is rated as ``FIRST`` says, in the second one as ``SECOND``.
"""

from collections.abc import Mapping
from itertools import combinations

import pytest

from dq_engine.model import Organisation, Rated
from dq_engine.rating import survey
from dq_engine.rating.sampling import Sample, Stratum, draw, within
from dq_engine.rating.study import By, tables
from dq_engine.scores import RATINGS, Change, Rating, Share, TableRow, Wave

VERY_POOR, POOR, FAIR, GOOD, VERY_GOOD = RATINGS
FIRST: dict[str, Rated | None] = {
    "N1": VERY_POOR, "N2": POOR, "N3": FAIR, "N4": GOOD, "N5": GOOD, "N6": None,
    "S1": POOR, "S2": POOR, "S3": VERY_GOOD, "S4": POOR,
}  # fmt: skip
SECOND: dict[str, Rated | None] = {
    "N1": FAIR, "N2": POOR, "N3": GOOD, "N4": POOR, "N5": VERY_GOOD, "N6": GOOD,
    "S1": FAIR, "S2": GOOD, "S3": None, "S4": POOR,
}  # fmt: skip
POPULATION = {code: {"N": "north", "S": "south"}[code[0]] for code in FIRST}
REGISTER = {
    code: Organisation(code, "pcgt", region=stratum.title(), kind=["trust", "group"][int(code[1]) % 2])
    for code, stratum in POPULATION.items()
    if code != "S4"
}
WAVES = [Wave("1999"), Wave("2000")]
# the first three of the North, the first two of the South
SAMPLE = Sample(
    "by hand", None, (Stratum("north", 6, 3), Stratum("south", 4, 2)), {c: POPULATION[c] for c in ("N1", "N2", "N3", "S1", "S2")}
)


def ratings(*waves: Mapping[str, Rated | None], item: str = "hospital.commission", of: list[Wave] | None = None) -> list[Rating]:
    named = zip(of or WAVES, waves, strict=False)
    return [Rating(wave.name, code, item, rating) for wave, rates in named for code, rating in rates.items()]


def made(
    *rates: Mapping[str, Rated | None],
    sample: Sample | None = None,
    by: tuple[By, ...] = (),
    organisations: Mapping[str, Organisation] = REGISTER,
) -> tuple[dict[tuple[str, str], TableRow], dict[str, Change]]:
    """The rows by wave and group, the changes by group."""
    rows, changes = tables(ratings(*rates), organisations, POPULATION, sample, by, WAVES[: len(rates)])
    return {(row.wave, row.group): row for row in rows}, {change.group: change for change in changes}


def shares(row: TableRow) -> dict[str, tuple[int, int, float | None]]:
    return {share.rating: (share.count, share.of, share.share) for share in row.shares}


def worse(row: TableRow) -> Share:
    assert row.shares[-1].rating == "poor or worse"
    return row.shares[-1]


# ------------------------------------------------------------------------------------------------- all are looked at


def test_without_a_sample_shares_are_counts_of_those_that_are_rated() -> None:
    row = made(FIRST)[0]["1999", ""]
    assert (row.item, row.by, row.population, row.sampled, row.rated, row.note) == ("hospital.commission", "", 10, 10, 9, "")
    assert shares(row) == {
        "very poor": (1, 9, 1 / 9),
        "poor": (4, 9, 4 / 9),
        "fair": (1, 9, 1 / 9),
        "good": (2, 9, 2 / 9),
        "very good": (1, 9, 1 / 9),
        "poor or worse": (5, 9, 5 / 9),
    }
    assert {(share.low, share.high) for share in row.shares} == {(None, None)}


def test_groups_come_after_all_in_the_order_of_their_names_and_the_unknown_last() -> None:
    rows, changes = tables(ratings(FIRST, SECOND), REGISTER, POPULATION, None, ("region", "kind"), WAVES)
    groups = [("", ""), *(("region", n) for n in ("North", "South", "(not known)"))]
    groups += [("kind", n) for n in ("group", "trust", "(not known)")]
    assert [(row.wave, row.by, row.group) for row in rows] == [(w, *group) for w in ("1999", "2000") for group in groups]
    assert [(change.by, change.group) for change in changes] == groups


def test_groups_are_what_the_registers_say() -> None:
    rows, _ = made(FIRST, by=("region", "kind"))
    found = {group: (row.population, row.rated, worse(row).count, worse(row).of) for (_, group), row in rows.items()}
    assert found["North"] == (6, 5, 2, 5)
    assert found["South"] == (3, 3, 2, 3)
    assert found["trust"] == (4, 3, 2, 3)
    assert found["group"] == (5, 5, 2, 5)


def test_an_organisation_without_a_known_group_has_one_all_the_same() -> None:
    rows, _ = made(FIRST, by=("region",))
    assert (rows["1999", "(not known)"].population, worse(rows["1999", "(not known)"]).count) == (1, 1)
    blank = {**REGISTER, "S4": Organisation("S4", "pcgt")}
    assert made(FIRST, by=("region",), organisations=blank)[0] == rows


def test_a_change_is_that_of_the_organisations_rated_both_times() -> None:
    """Both times: all but N6 and S3. Poor or worse of these: N1, N2, S1, S2, S4, then N2, N4, S4; 3/8 less 5/8."""
    change = made(FIRST, SECOND)[1][""]
    assert (change.earlier, change.later, change.rating, change.both) == ("1999", "2000", "poor or worse", 8)
    assert change.change == pytest.approx(-2 / 8)
    assert (change.low, change.high) == (None, None)


def test_nobody_is_rated() -> None:
    rows, changes = made(FIRST, {})
    row = rows["2000", ""]
    assert (row.population, row.sampled, row.rated, row.note) == (10, 10, 0, "Nobody is rated.")
    assert set(shares(row).values()) == {(0, 0, None)}
    assert (changes[""].both, changes[""].change) == (0, None)


def test_rated_organisations_that_are_not_in_the_population_do_not_count() -> None:
    rows, _ = made({**FIRST, "X1": VERY_POOR, "X2": None}, by=("region",))
    assert rows["1999", ""].note == "1 rated organisation that is not in the population does not count."
    assert shares(rows["1999", ""]) == shares(made(FIRST)[0]["1999", ""])
    assert rows["1999", "North"].note == ""
    two = made({**FIRST, "X1": VERY_POOR, "X2": FAIR})[0]["1999", ""]
    assert two.note == "2 rated organisations that are not in the population do not count."


def test_every_item_has_its_rows_in_the_order_of_the_ratings() -> None:
    both = [*ratings(FIRST, item="hospital"), *ratings(SECOND, item="overall")]
    rows, _ = tables(both, REGISTER, POPULATION, None, (), WAVES[:1])
    assert [(row.item, row.rated) for row in rows] == [("hospital", 9), ("overall", 9)]


def test_changes_are_between_waves_that_follow_each_other() -> None:
    three = [*WAVES, Wave("2002")]
    rows, changes = tables(ratings(FIRST, SECOND, FIRST, of=three), REGISTER, POPULATION, None, (), three)
    assert len(rows) == 3
    assert [(change.earlier, change.later, change.change) for change in changes] == [
        ("1999", "2000", -0.25),
        ("2000", "2002", 0.25),
    ]


# -------------------------------------------------------------------------------------------------- a sample is looked at


def test_with_a_sample_shares_are_weighted_by_stratum() -> None:
    """North: 2 of 3, for 6 of 10; South: 2 of 2, for 4 of 10; so 0.4 + 0.4. Fair: 1 of 3 of the North, 0.2."""
    row = made(FIRST, sample=SAMPLE)[0]["1999", ""]
    assert (row.population, row.sampled, row.rated) == (10, 5, 5)
    assert shares(row)["poor or worse"] == (4, 5, pytest.approx(0.8))
    assert shares(row)["poor"] == (3, 5, pytest.approx(0.6))
    assert shares(row)["fair"] == (1, 5, pytest.approx(0.2))
    for share in row.shares:
        assert share.low is not None and share.share is not None and share.high is not None
        assert 0 <= share.low <= share.share <= share.high <= 1


def test_the_interval_is_that_of_the_survey() -> None:
    row = made(FIRST, sample=SAMPLE)[0]["1999", ""]
    estimate = survey.proportion(SAMPLE, {code: FIRST[code] in ("very poor", "poor") for code in SAMPLE.members})
    assert (worse(row).low, worse(row).high) == (estimate.low, estimate.high)


def test_what_is_not_rated_is_stood_for_by_its_stratum() -> None:
    """N1 gone: of the North 1 of 2, so 0.6 / 2 + 0.4."""
    row = made({**FIRST, "N1": None}, sample=SAMPLE)[0]["1999", ""]
    assert (row.sampled, row.rated) == (5, 4)
    assert shares(row)["poor or worse"] == (3, 4, pytest.approx(0.7))


def test_a_member_that_did_not_respond_is_not_rated() -> None:
    quiet = Sample(SAMPLE.design, None, SAMPLE.strata, SAMPLE.members, frozenset({"N1"}))
    row = made(FIRST, sample=quiet)[0]["1999", ""]
    assert (row.sampled, row.rated) == (5, 4)
    assert shares(row)["poor or worse"] == (3, 4, pytest.approx(0.7))


def test_a_group_that_is_a_stratum_is_estimated_from_its_part_of_the_sample() -> None:
    row = made(FIRST, sample=SAMPLE, by=("region",))[0]["1999", "North"]
    assert (row.population, row.sampled, row.rated) == (6, 3, 3)
    assert shares(row)["poor or worse"] == (2, 3, pytest.approx(2 / 3))


def test_a_group_across_strata_is_weighted_by_its_own_numbers() -> None:
    """Groups: N1, N3, N5 of the North, two of them sampled and one poor or worse; S1, S3 of the South, one sampled and poor.

    (3 x 1/2 + 2 x 1) / 5 = 0.7, where the sample alone says 2 of 3.
    """
    row = made(FIRST, sample=SAMPLE, by=("kind",))[0]["1999", "group"]
    assert (row.population, row.sampled, row.rated) == (5, 3, 3)
    assert shares(row)["poor or worse"] == (2, 3, pytest.approx(0.7))
    assert "Only one answered of south" in row.note


def test_a_group_of_which_nobody_was_sampled_has_a_row_and_no_share() -> None:
    row = made(FIRST, sample=SAMPLE, by=("kind",))[0]["1999", "(not known)"]
    assert (row.population, row.sampled, row.rated, worse(row).share, row.note) == (1, 0, 0, None, "Nobody is rated.")


def test_a_change_in_the_sample_is_weighted_and_has_an_interval() -> None:
    """Poor or worse: N1, N2, S1, S2, then N2. North -1/3, South -1: 0.6 x -1/3 + 0.4 x -1 = -0.6."""
    change = made(FIRST, SECOND, sample=SAMPLE)[1][""]
    assert change.both == 5
    assert change.change == pytest.approx(-0.6)
    assert change.low is not None and change.high is not None and -1 <= change.low < -0.6 < change.high <= 1


def test_groups_are_right_on_average_over_all_samples() -> None:
    """Each possible sample of three of the North and two of the South is as likely as any other: the mean is the census."""
    rates = {**FIRST, "N6": FAIR}
    trusts = {"N2", "N4", "N6", "S2"}
    truth = sum(rates[code] in ("very poor", "poor") for code in trusts) / 4
    means = []
    north, south = ([code for code in POPULATION if code[0] == letter] for letter in "NS")
    for codes in ((*a, *b) for a in combinations(north, 3) for b in combinations(south, 2)):
        if not {"S2"} & set(codes) or not trusts & set(codes) & set(north):
            continue  # of a stratum nobody was sampled, so that another stands for it
        sample = Sample("", None, SAMPLE.strata, {code: POPULATION[code] for code in codes})
        share = worse(made(rates, sample=sample, by=("kind",))[0]["1999", "trust"]).share
        assert share is not None
        means.append(share)
    assert len(means) == 19 * 3
    assert sum(means) / len(means) == pytest.approx(truth)


def test_a_sample_of_everybody_is_the_census() -> None:
    everybody = draw(POPULATION, 10, "proportional", 1)
    rates = {**FIRST, "N6": FAIR}
    rows, _ = made(rates, sample=everybody, by=("region", "kind"))
    for key, row in made(rates, by=("region", "kind"))[0].items():
        assert [share.share for share in rows[key].shares] == pytest.approx([share.share for share in row.shares])
        assert {share.low for share in rows[key].shares} == {share.share for share in rows[key].shares}


def test_the_part_of_a_sample_is_the_surveys() -> None:
    trusts = {code: POPULATION[code] for code in ("N2", "N4", "N6", "S2")}
    row = made(FIRST, sample=SAMPLE, by=("kind",))[0]["1999", "trust"]
    estimate = survey.proportion(within(SAMPLE, trusts), {"N2": True, "S2": True})
    assert (row.rated, worse(row).low, worse(row).high) == (2, estimate.low, estimate.high)
