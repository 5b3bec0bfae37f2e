"""Samples have the sizes that were asked for, are the same wherever they are drawn, and what cannot be a sample is an error."""

import hashlib
import random
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_engine.errors import UsageError
from dq_engine.rating.sampling import Allocation, Member, Stratum, allocate, draw, take, take_from, within

REGIONS = {"A": 104, "B": 83, "C": 72, "D": 64, "E": 52, "F": 44, "G": 36, "H": 26}
PCGS = {f"{region}{place:03}": region for region, count in REGIONS.items() for place in range(count)}
"""481 organisations in eight regions of invented sizes: as many as there were primary care groups."""
POPULATIONS = st.dictionaries(st.sampled_from("ABCDEFGHIJ"), st.integers(1, 60), min_size=1)
ALLOCATIONS: tuple[Allocation, ...] = ("proportional", "equal")


def told(call: object, *arguments: object) -> list[str]:
    """The lines of the error that a call raises."""
    assert callable(call)
    with pytest.raises(UsageError) as caught:
        call(*arguments)
    return str(caught.value).splitlines()


# ------------------------------------------------------------------------------------------------------------- allocation


def test_proportional_allocation_by_hand() -> None:
    """72 x 104/481 = 15.57, 12.42, 10.78, 9.58, 7.78, 6.59, 5.39, 3.89: whole parts 67, the five largest remainders go up."""
    assert allocate(REGIONS, 72, "proportional") == {"A": 15, "B": 12, "C": 11, "D": 10, "E": 8, "F": 7, "G": 5, "H": 4}


def test_equal_allocation_by_hand() -> None:
    assert set(allocate(REGIONS, 72, "equal").values()) == {9}
    assert allocate({"small": 5, "one": 1, "large": 100, "middle": 50}, 30, "equal") == {
        "small": 5,
        "one": 1,
        "large": 12,
        "middle": 12,
    }


def test_a_small_stratum_gives_two_and_the_others_less() -> None:
    """Proportionally, "tiny" would give 0.2 of 20: it gives 2, and the other 18 are 18 x 600/990 = 10.9 and 7.1."""
    assert allocate({"tiny": 10, "large": 600, "middle": 390}, 20, "proportional") == {"tiny": 2, "large": 11, "middle": 7}


@given(POPULATIONS, st.sampled_from(ALLOCATIONS), st.data())
def test_an_allocation_has_the_size_and_respects_every_stratum(
    populations: dict[str, int], how: Allocation, data: st.DataObject
) -> None:
    least = {name: min(2, count) for name, count in populations.items()}
    size = data.draw(st.integers(sum(least.values()), sum(populations.values())))
    sizes = allocate(populations, size, how)
    assert sum(sizes.values()) == size
    assert all(least[name] <= sizes[name] <= populations[name] for name in populations)
    for name, count in populations.items():  # a larger stratum never gives less; equal ones differ by one at most
        for other, fewer in populations.items():
            if count >= fewer:
                assert sizes[name] >= sizes[other] - (count == fewer)
    if how == "equal":
        free = [sizes[name] for name in populations if sizes[name] < populations[name]]
        assert not free or max(free) - min(free) <= 1


@given(POPULATIONS, st.sampled_from(ALLOCATIONS), st.randoms(use_true_random=False))
def test_an_allocation_does_not_depend_on_the_order_of_strata(
    populations: dict[str, int], how: Allocation, chance: random.Random
) -> None:
    size = (sum(populations.values()) + sum(min(2, count) for count in populations.values())) // 2
    names = list(populations)
    chance.shuffle(names)
    assert allocate({name: populations[name] for name in names}, size, how) == allocate(populations, size, how)


@pytest.mark.parametrize("how", ALLOCATIONS)
def test_an_allocation_is_that_of_svy(how: Allocation) -> None:
    """Where no minimum and no stratum's size interferes. Equal parts differ in which strata have one more."""
    svy = pytest.importorskip("svy", reason="svy is not installed: an independent check of survey statistics")
    for size in (72, 100, 137):
        theirs = svy.SampleSize().allocate(size, pop_size=REGIONS, method=how).n
        ours = allocate(REGIONS, size, how)
        assert sorted(ours.values()) == sorted(theirs.values())
        assert how == "equal" or ours == theirs


def test_sizes_that_cannot_be_are_errors() -> None:
    assert told(allocate, REGIONS, 482, "equal") == ["a sample of 482 cannot be drawn: there are 481 organisations"]
    assert told(allocate, REGIONS, 15, "proportional") == [
        "a sample of 15 is too small for 8 strata: at least 16 are needed, two from each stratum or all that it has; draw more, "
        "or join strata"
    ]
    assert told(allocate, {"one": 1, "more": 9}, 2, "equal")[0].startswith("a sample of 2 is too small for 2 strata: at least 3")
    assert told(allocate, {"only": 0}, 0, "equal")[0].startswith("a sample of 0 is too small for 1 stratum: at least 1 ")


# ----------------------------------------------------------------------------------------------------------------- drawing


def test_a_sample_of_72_of_481() -> None:
    sample = draw(PCGS, 72, "proportional", 2002)
    assert sample.design == ("72 of 481 organisations, drawn at random from 8 strata, proportional allocation, seed 2002")
    assert (len(sample.members), sample.population, sample.seed) == (72, 481, 2002)
    assert sample.strata[0] == ("A", 104, 15)
    assert all(PCGS[code] == stratum for code, stratum in sample.members.items())
    assert Counter(sample.members.values()) == {row.name: row.sampled for row in sample.strata}


def test_a_sample_is_the_same_wherever_it_is_drawn() -> None:
    """The digest was made once: another Python, machine or order of the organisations must draw the same 72."""
    for order in range(3):
        codes = list(PCGS)
        random.Random(order).shuffle(codes)
        sample = draw({code: PCGS[code] for code in codes}, 72, "proportional", 2002)
        assert hashlib.sha256(",".join(sample.members).encode()).hexdigest()[:16] == "995a35909d15dbc9"
    assert draw(PCGS, 72, "proportional", 2003).members != sample.members


def test_every_organisation_is_as_likely_as_another_of_its_stratum() -> None:
    """1000 samples: an organisation of the largest region is expected 1000 x 15/104 = 144 times, standard deviation 11."""
    times = Counter(code for seed in range(1000) for code in draw(PCGS, 72, "proportional", seed).members)
    assert all(abs(times[code] - 144.2) < 4.5 * 11.1 for code in PCGS if PCGS[code] == "A")


def test_a_few_organisations_fewer_leave_the_rest_of_the_sample() -> None:
    sample = draw(PCGS, 72, "equal", 7)
    gone = {"A000", "B010", "C020"} - sample.members.keys()
    fewer = draw({code: stratum for code, stratum in PCGS.items() if code not in gone}, 72, "equal", 7)
    assert gone and fewer.members == sample.members


def test_there_must_be_something_to_draw_from() -> None:
    assert told(draw, {}, 1, "equal", 1) == ["no sample can be drawn: there are no organisations"]
    assert "there are 481 organisations" in told(draw, PCGS, 500, "equal", 1)[0]
    assert "too small for 8 strata" in told(draw, PCGS, 8, "equal", 1)[0]


# ------------------------------------------------------------------------------------------------- drawn elsewhere, and parts


def test_a_sample_that_was_drawn_elsewhere() -> None:
    register = {"P1": "north", "P2": "north", "P3": "north", "P4": "island", "P5": "south", "P6": "south"}
    sample = take(
        [Member("P5", "south"), Member("P6"), Member("P1", "north", responded=False), Member("P2"), Member("P4")], register
    )
    assert sample.design == "5 of 6 organisations from 3 strata, drawn elsewhere"
    assert sample.strata == (("island", 1, 1), ("north", 3, 2), ("south", 2, 2))
    assert sample.members == {"P1": "north", "P2": "north", "P4": "island", "P5": "south", "P6": "south"}
    assert sample.silent == {"P1"}
    assert sample.reference.members == ("P1", "P2", "P4", "P5", "P6")
    assert (sample.reference.seed, sample.reference.strata) == (None, sample.strata)


def test_everything_that_is_wrong_with_a_sample_is_told_at_once() -> None:
    register = {f"N{place}": "north" for place in range(12)} | {
        "S1": "south",
        "S2": "south",
        "U": "",
        "E1": "east",
        "E2": "east",
        "E3": "east",
    }
    wrong = [Member("N1"), Member("N1"), Member("X9"), Member("X1"), Member("S1", "north"), Member("N2", "")]
    assert told(take, wrong, register) == [
        "the sample names organisations that are not in the population: X1, X9",
        "the sample names organisations more than once: N1",
        "the sample has organisations in another stratum than the population: N2 ((no name) instead of north), "
        "S1 (north instead of south)",
        "stratum (no name): its only organisation is not in the sample; sample it, or join the stratum with another",
        "stratum east: none of its 3 organisations is in the sample; sample two or more of them, or join the stratum with another",
        "stratum south: only one of its 2 organisations is in the sample, which cannot tell how they vary; sample two or more of "
        "them, or join the stratum with another",
    ]
    assert told(take, [], register) == ["the sample is empty: it must name the organisations that were looked at"]


def test_a_part_of_a_sample_knows_how_many_of_the_group_there_are() -> None:
    sample = draw(PCGS, 72, "proportional", 3)
    group: Mapping[str, str] = {code: stratum for code, stratum in PCGS.items() if code.endswith("7") or stratum == "H"}
    part = within(sample, group)
    assert part.population == len(group)
    assert part.members == {code: stratum for code, stratum in sample.members.items() if code in group}
    assert part.strata[-1] == Stratum("H", 26, 4)
    assert part.strata[0] == Stratum("A", 10, sum(code in group for code, stratum in sample.members.items() if stratum == "A"))


def test_a_sample_may_have_strata_of_its_own() -> None:
    members = [Member("5A1", "poor"), Member("5A2", "poor"), Member("5A3", "rich"), Member("5A4", "rich", responded=False)]
    sample = take_from(members, {"poor": 40, "rich": 2}, {"5A1", "5A2", "5A3", "5A4", "5A9"})
    assert sample.strata == (Stratum("poor", 40, 2), Stratum("rich", 2, 2))
    assert (sample.population, sample.silent) == (42, frozenset({"5A4"}))


def test_everything_that_is_wrong_with_strata_of_its_own() -> None:
    members = [Member("5A1", "a"), Member("5A1", "a"), Member("XXX", "b"), Member("5A2", "c"), Member("5A3"), Member("5A4", "d")]
    assert told(take_from, members, {"a": 9, "b": 9, "c": 0, "d": 1, "e": 3}, {"5A1", "5A2", "5A3", "5A4"}) == [
        "the sample names organisations that are not in the population: XXX",
        "the sample names organisations more than once: 5A1",
        "the sample does not say how many organisations the stratum has: (no name)",
        "stratum c: 1 in the sample, of 0 that it is said to have",
        "stratum b: only one of its 9 organisations is in the sample, which cannot tell how they vary; sample two or more of them, "
        "or join the stratum with another",
        "stratum e: none of its 3 organisations is in the sample; sample two or more of them, or join the stratum with another",
    ]
