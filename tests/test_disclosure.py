"""Figures for the public: what somebody can conclude who knows all of them, and the rule.

The attacker lists every table that would have been published in the same way. A small count is safe if each of the values that
a small count can have is among these tables. The attacker is also told the exact total, unless it is small itself.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dq_engine.disclosure import HES, Counts, Disclosure, also_hidden, cell, counts, hidden_sql, method, shown, suppress

MHSDS = Disclosure(least=5)
RULES = (HES, MHSDS, Disclosure(least=3, base=3), Disclosure(least=4, base=7), Disclosure(least=10, base=3))
NUMBERS = st.one_of(st.integers(0, 20), st.integers(0, 300_000))
PARTS = st.lists(NUMBERS, min_size=1, max_size=14)

Table = tuple[int, ...]


def tables(total: int, parts: int) -> Iterator[Table]:
    """Every way to share out a total."""
    for bars in combinations(range(total + parts - 1), parts - 1):
        edges = (-1, *bars, total + parts - 1)
        yield tuple(right - left - 1 for left, right in pairwise(edges))


def shared_out(parts: int, totals: int, rule: Disclosure) -> Iterator[list[Table]]:
    """What an attacker has to tell apart: all tables with a small total, and those of each greater total below ``totals``."""
    yield [table for total in range(rule.least) for table in tables(total, parts)]
    for total in range(rule.least, totals):
        yield list(tables(total, parts))


def found(candidates: Iterable[Table], publish: Callable[[Table], Hashable]) -> dict[Table, list[set[int]]]:
    """For each table, the values that an attacker thinks possible at each of its places."""
    alike = defaultdict(list)
    for table in candidates:
        alike[publish(table)].append(table)
    possible = {key: [set(values) for values in zip(*same, strict=True)] for key, same in alike.items()}
    return {table: possible[key] for key, same in alike.items() for table in same}


def narrowed(
    candidates: Iterable[Table], publish: Callable[[Table], Hashable], rule: Disclosure
) -> list[tuple[Table, int, set[int]]]:
    """The small counts of which the attacker can rule out a value that a small count can have: table, place, what is left."""
    every = set(range(1, rule.least))
    return [
        (table, place, possible[place])
        for table, possible in found(candidates, publish).items()
        for place, value in enumerate(table)
        if rule.small(value) and not every <= possible[place]
    ]


def primary_only(table: Table) -> Hashable:
    return cell(sum(table)), tuple(cell(part) for part in table)


# --------------------------------------------------------------------------------------------------------- why it is needed


def test_with_small_counts_hidden_and_nothing_else_the_attacker_wins() -> None:
    """12 + 6 = 18 is published as 10 + * = 20: only 12 + 6, 11 + 7 and 12 + 7 give that, so * is 6 or 7."""
    candidates = [table for total in range(50) for table in tables(total, 2)]

    assert found(candidates, primary_only)[12, 6][1] == {6, 7}
    assert found(candidates, lambda table: (cell(sum(table)), suppress(table)))[12, 6][1] >= {1, 2, 3, 4, 5, 6, 7}


def test_many_hidden_counts_protect_nobody_if_each_must_be_one() -> None:
    """A total of 10 is at most 12: of twelve parts that are not 0, each is 1."""
    ones = (1,) * 12
    candidates = [tuple(part + 1 for part in table) for total in range(5) for table in tables(total, 12)]

    assert found(candidates, primary_only)[ones] == [{1}] * 12
    assert suppress((*ones, 0)) == (None,) * 13


# ------------------------------------------------------------------------------------------------------------ parts of a total


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("parts", "totals"), [(1, 12), (2, 40), (3, 28), (4, 18), (6, 10)])
def test_the_attacker_can_rule_out_no_small_value_of_a_part(rule: Disclosure, parts: int, totals: int) -> None:
    for candidates in shared_out(parts, totals, rule):
        assert not narrowed(candidates, lambda table: suppress(table, rule), rule)[:3]


def test_the_attacker_can_rule_out_no_small_value_where_nearly_all_parts_are_one() -> None:
    """Seven parts, none of them 0, of a total of 13 to 17: no part can be 7 and the total 12."""
    assert suppress((1, 1, 1, 1, 1, 1, 7)) == (None,) * 7
    assert suppress((1, 1, 1, 1, 1, 8, 0)) == (None,) * 6 + (0,)
    assert not narrowed(tables(13, 7), suppress, HES)[:3]


@settings(max_examples=100)
@given(parts=PARTS, rule=st.sampled_from(RULES), data=st.data())
def test_in_a_large_table_any_small_value_could_stand_where_a_small_one_is_hidden(
    parts: list[int], rule: Disclosure, data: st.DataObject
) -> None:
    """Tables too large to list: for each value one other table with the same total is found that is published in the same way."""
    published = suppress(parts, rule)
    places = [i for i, part in enumerate(parts) if rule.small(part)]
    assume(places and not rule.small(sum(parts)))
    place = data.draw(st.sampled_from(places))

    assert published[place] is None
    for value in range(1, rule.least):
        assert any(suppress(other, rule) == published for other in others(parts, published, place, value, rule))


def others(
    parts: Sequence[int], published: Sequence[int | None], place: int, value: int, rule: Disclosure
) -> Iterator[Sequence[int]]:
    """Tables of the same total with the value at the place, and all but one of the others as low as they can be."""
    hidden = [i for i, figure in enumerate(published) if figure is None and i != place]
    lowest = [0 if figure == 0 else max(rule.least, (figure or 0) - rule.base // 2) for figure in published]
    for filled in reversed(range(len(hidden) + 1)):
        for rest in hidden or [place]:
            table = [*lowest]
            for i in hidden:
                table[i] = 0
            for i in [i for i in hidden if i != rest][:filled]:
                table[i] = 1
            table[place] = value
            if hidden:
                table[rest] = sum(parts) - sum(table)
            if min(table) >= 0 and sum(table) == sum(parts):
                yield table


@given(parts=PARTS, rule=st.sampled_from(RULES))
def test_what_is_shown_is_a_multiple_of_the_base_near_the_truth_and_never_small(parts: list[int], rule: Disclosure) -> None:
    for part, figure in zip(parts, suppress(parts, rule), strict=True):
        if figure is not None:
            assert figure % rule.base == 0
            assert abs(figure - part) <= rule.base / 2
            assert not rule.small(part)
            assert (figure == 0) == (part == 0)


@given(parts=st.lists(st.one_of(st.just(0), st.integers(8, 10_000)), max_size=30))
def test_nothing_is_hidden_where_nothing_is_small(parts: list[int]) -> None:
    assert None not in suppress(parts)


@given(parts=st.lists(st.integers(0, 100), min_size=1, max_size=8), data=st.data())
def test_of_two_parts_that_are_shown_the_larger_is_not_shown_as_the_smaller(parts: list[int], data: st.DataObject) -> None:
    figures = sorted((part, figure) for part, figure in zip(parts, suppress(parts), strict=True) if figure is not None)

    assert [figure for _, figure in figures] == sorted(figure for _, figure in figures)


@pytest.mark.parametrize(
    ("parts", "published"),
    [
        ((), ()),
        ((0, 0), (0, 0)),
        ((100_000, 40, 0, 503, 3), (None, 40, 0, 505, None)),  # the first large one goes with the small one
        ((40, 503, 100_000, 3, 3, 0), (None, 505, 100_000, None, None, 0)),
        ((8, 100, 1), (None, None, None)),  # * + 100 + * = 110 leaves 13 for the two at most: the small one could be no 7
        ((3, 2, 0), (None, None, None)),  # a total of 5
        ((20, 0, 0), (20, 0, 0)),
    ],
)
def test_how_a_breakdown_is_shown(parts: tuple[int, ...], published: tuple[int | None, ...]) -> None:
    assert suppress(parts) == published


# ------------------------------------------------------------------------------------------------------------ counts of a check


def checks(element: int) -> list[Table]:
    """All counts of a check that looked at so many: element, missing, denominator, unexpected, kept."""
    return [
        (element, missing, element - missing, unexpected, element - missing - unexpected)
        for missing in range(element + 1)
        for unexpected in range(element - missing + 1)
    ]


@pytest.mark.parametrize("also", [(), ("missing",), ("unexpected",), ("missing", "unexpected")])
@pytest.mark.parametrize("rule", RULES)
def test_the_attacker_can_rule_out_no_small_value_of_a_check(rule: Disclosure, also: tuple[str, ...]) -> None:
    """Even if the number of records is known exactly, as that of registered patients is."""
    for element in range(rule.least, 40):
        assert not narrowed(checks(element), lambda table: counts(table[0], table[1], table[3], rule, also=also), rule)[:3]


def test_of_few_records_nothing_is_shown() -> None:
    assert {counts(table[0], table[1], table[3]) for element in range(1, 8) for table in checks(element)} == {Counts(*[None] * 5)}


@pytest.mark.parametrize(
    ("element", "missing", "unexpected", "published", "percent"),
    [
        (0, 0, 0, Counts(0, 0, 0, 0, 0), None),
        (12_342, 0, 0, Counts(12_340, 0, 12_340, 0, 12_340), 0),
        (1_001, 0, 498, Counts(1_000, 0, 1_000, 500, 505), 50),
        (12_342, 0, 3, Counts(12_340, 0, 12_340, None, None), None),
        (12_342, 0, 12_339, Counts(12_340, 0, 12_340, None, None), None),  # 3 keep the rule
        (12_342, 5, 98, Counts(12_340, None, None, 100, None), None),  # 5 are missing, and would be records less denominator
        (12_342, 12_339, 0, Counts(12_340, None, None, None, None), None),  # 3 were judged
        (18, 6, 10, Counts(20, None, None, None, None), None),
        (50, 50, 0, Counts(50, 50, 0, 0, 0), None),
        (40, 0, 40, Counts(40, 0, 40, 40, 0), 100),
    ],
)
def test_how_a_check_is_shown(element: int, missing: int, unexpected: int, published: Counts, percent: float | None) -> None:
    assert counts(element, missing, unexpected) == published
    assert published.percent == percent


@given(missing=NUMBERS, unexpected=NUMBERS, kept=NUMBERS, rule=st.sampled_from(RULES))
def test_figures_of_a_check_are_rounded_each_by_itself_and_the_percentage_is_theirs(
    missing: int, unexpected: int, kept: int, rule: Disclosure
) -> None:
    published = counts(missing + unexpected + kept, missing, unexpected, rule)
    exact = {
        "element": missing + unexpected + kept,
        "missing": missing,
        "denominator": unexpected + kept,
        "unexpected": unexpected,
        "kept": kept,
    }

    for name, count in exact.items():
        assert getattr(published, name) in (None, cell(count, rule))
    if published.percent is None:
        assert None in (published.unexpected, published.denominator) or published.denominator == 0
    else:
        assert published.percent == 100 * published.unexpected / published.denominator
        assert 0 <= published.percent <= 100


def test_an_organisation_that_is_hidden_for_others_hides_what_would_tell() -> None:
    assert counts(1_000, 0, 300, also=["unexpected"]) == Counts(1_000, 0, 1_000, None, None)
    assert counts(1_000, 200, 300, also=["missing"]) == Counts(1_000, None, None, 300, None)
    assert counts(1_000, 200, 300, also=["element"]) == Counts(*[None] * 5)


@pytest.mark.parametrize(("element", "missing", "unexpected"), [(10, 11, 0), (10, 5, 6), (10, -1, 0), (10, 0, -1)])
def test_counts_that_contradict_each_other_are_refused(element: int, missing: int, unexpected: int) -> None:
    with pytest.raises(ValueError, match=f"contradict each other: element=10, missing={missing}, unexpected={unexpected}"):
        counts(element, missing, unexpected)


# -------------------------------------------------------------------------------------------------------- across organisations

CODES = ("A81001", "B82002", "Y00001", "C83003", "(none)", "D84004", "E85005")


def by_organisation(table: Table, check: str, rule: Disclosure) -> Hashable:
    """What pages show of one check in each organisation."""
    figures = dict(zip(CODES, table, strict=False))
    also = also_hidden(figures, check, rule)
    return tuple(None if code in also else cell(count, rule) for code, count in figures.items())


@pytest.mark.parametrize("rule", RULES[:2])
@pytest.mark.parametrize(("parts", "totals"), [(2, 40), (3, 27)])
def test_no_organisation_is_the_total_less_the_others(rule: Disclosure, parts: int, totals: int) -> None:
    for candidates in shared_out(parts, totals, rule):
        assert not narrowed(candidates, lambda table: by_organisation(table, "nhs_number", rule), rule)[:3]


def test_one_large_count_is_hidden_with_small_ones_and_not_the_same_organisation_for_all_checks() -> None:
    figures = {f"A8{i:04}": 100 + i for i in range(30)} | {"Y00001": 3, "Y00002": 0}

    hidden = [also_hidden(figures, f"check {i}") for i in range(20)]

    assert {len(names) for names in hidden} == {1}
    assert len(set(hidden)) > 5
    assert also_hidden(dict(reversed(figures.items())), "check 0") == hidden[0]
    assert also_hidden({name: 2 * count for name, count in figures.items()}, "check 0") == hidden[0]


def test_no_organisation_is_hidden_for_others_where_none_is_small() -> None:
    assert also_hidden({"A81001": 20, "B82002": 0}) == frozenset()


@settings(max_examples=50, deadline=None)
@given(
    table=st.dictionaries(
        st.text(max_size=3),
        st.dictionaries(
            st.text(max_size=4), st.one_of(st.integers(0, 3), st.integers(0, 30), st.integers(0, 9_000)), max_size=20
        ),
        max_size=4,
    ),
    rule=st.sampled_from(RULES),
)
def test_sql_hides_the_same(database: duckdb.DuckDBPyConnection, table: dict[str, dict[str, int]], rule: Disclosure) -> None:
    rows = [(check, organisation, n) for check, figures in table.items() for organisation, n in figures.items()]
    columns = [[row[i] for row in rows] for i in range(3)]
    counted = '(SELECT unnest($1::VARCHAR[]) AS "check", unnest($2::VARCHAR[]) AS organisation, unnest($3::BIGINT[]) AS n)'

    answer = database.execute(hidden_sql(counted, rule), columns).fetchall()

    assert sorted(answer) == sorted(
        (check, organisation, n, rule.small(n) or organisation in also_hidden(table[check], check, rule))
        for check, organisation, n in rows
    )


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


# ------------------------------------------------------------------------------------------------------------------------ words


def test_how_figures_are_written() -> None:
    assert [shown(figure) for figure in (None, 0, 10, 12_340, 1_000_000)] == ["*", "0", "10", "12,340", "1,000,000"]


def test_the_paragraph_on_the_page_tells_of_the_rule_that_is_used() -> None:
    assert "from 1 to 7 are not shown" in method()
    assert "nearest 5" in method()
    assert "from 1 to 3 are not shown" in method(Disclosure(least=4, base=7))
    assert "nearest 7" in method(Disclosure(least=4, base=7))


@pytest.mark.parametrize(
    ("least", "base", "message"),
    [
        (2, 3, "must be 3 or more"),
        (8, 4, "give an odd number"),
        (8, 0, "give an odd number"),
        (8, -5, "odd"),
        (3, 7, "at most 5"),
    ],
)
def test_a_rule_that_protects_nobody_is_refused(least: int, base: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Disclosure(least=least, base=base)
