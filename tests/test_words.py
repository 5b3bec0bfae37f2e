"""How numbers and values are put into words: nothing is rounded into a lie, and nothing steers a terminal."""

import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dq_engine.model import Example, Outcome, Severity, Status
from dq_engine.report.words import LONGEST, clean, cut, kinds, share, tally, value

WHOLES = st.one_of(st.integers(1, 300), st.integers(1, 10**12))


@st.composite
def parts(draw: st.DrawFn) -> tuple[int, int]:
    """A part and its whole: anything, or nearly nothing, or nearly all."""
    whole = draw(WHOLES)
    few = min(whole, draw(st.integers(0, 200)))
    return draw(st.sampled_from([few, whole - few, draw(st.integers(0, whole))])), whole


@given(parts())
@example((0, 1))
@example((1, 1))
@example((1, 10**12))
@example((10**12 - 1, 10**12))
@example((1999, 2000))
@example((1, 20_000))
def test_share_is_none_or_all_only_where_it_is(case: tuple[int, int]) -> None:
    part, whole = case
    words = share(part, whole)
    assert ("(0 %)" in words) == (part == 0)
    assert ("(100 %)" in words) == (part == whole)


@given(parts())
@example((999, 100_000))
@example((9_951, 1_000_000))
def test_share_is_near_the_truth_and_holds_both_numbers(case: tuple[int, int]) -> None:
    part, whole = case
    match = re.fullmatch(r"([\d,]+) of ([\d,]+) \(([<>]?)(\d+(?:\.\d+)?) %\)", share(part, whole))
    assert match, share(part, whole)
    assert (int(match[1].replace(",", "")), int(match[2].replace(",", ""))) == (part, whole)
    true, said = 100 * part / whole, float(match[4])
    if match[3]:
        assert true < said if match[3] == "<" else true > said
    else:
        assert abs(true - said) <= 0.05 + 1e-9
        assert said == 0 or abs(true - said) <= 0.05 * true + 1e-9


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (0, 200, "0 of 200 (0 %)"),
        (3, 200, "3 of 200 (1.5 %)"),
        (100, 200, "100 of 200 (50 %)"),
        (200, 200, "200 of 200 (100 %)"),
        (1, 3, "1 of 3 (33.3 %)"),
        (1, 1000, "1 of 1,000 (0.1 %)"),
        (12, 100_000, "12 of 100,000 (0.012 %)"),
        (1, 1_000_000, "1 of 1,000,000 (<0.01 %)"),
        (999_999, 1_000_000, "999,999 of 1,000,000 (>99.9 %)"),
        (0, 0, "0 of 0"),
    ],
)
def test_share_in_words(part: int, whole: int, words: str) -> None:
    assert share(part, whole) == words


# --------------------------------------------------------------------------------------------------------------- values

STEERING = [
    *map(chr, range(32)),
    *"\x7f\x85\x9b\xad\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\ue000\ud800",
]


@given(st.text(st.one_of(st.characters(), st.characters(codec=None), st.sampled_from(STEERING))))
@example("".join(STEERING))
def test_clean_text_holds_nothing_that_steers_or_hides(text: str) -> None:
    cleaned = clean(text)
    assert {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} == set()
    assert not {unicodedata.bidirectional(c) for c in cleaned} & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert len(cleaned.splitlines()) <= 1
    cleaned.encode()


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs", "M"])))
def test_clean_leaves_other_text_as_it_is(text: str) -> None:
    assert clean(text) == text


@given(st.text())
def test_clean_text_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_clean_says_what_was_there() -> None:
    assert clean("a\x1b[31mb\n") == "a\\x1b[31mb\\x0a"


def shown(value: object, count: int = 1) -> Example:
    return Example("shape", count, json.dumps(value))


@pytest.mark.parametrize(
    ("given_example", "words"),
    [
        (Example("A99999", 3), "A99999"),
        (shown("A81001"), "'A81001'"),
        (shown(""), "''"),
        (shown("it's"), '"it\'s"'),
        (shown(7), "7"),
        (shown(1.50), "1.5"),
        (shown(True), "true"),
        (shown({"from": "2024-01-01", "to": None}), "from 2024-01-01 | to NULL"),
    ],
)
def test_value_is_shown_where_it_may_be_and_else_its_shape(given_example: Example, words: str) -> None:
    assert value(given_example) == words


def test_kinds_have_counts_and_a_note_and_say_how_many_more_there_are() -> None:
    many = [Example(f"{'A' * n}", 1000 * n) for n in range(1, 8)]
    assert kinds(many[:2], "") == "A (×1,000), AA (×2,000)"
    assert kinds(many[:1], "values are hidden") == "A (×1,000); values are hidden"
    assert kinds(many, "") == "A (×1,000), AA (×2,000), AAA (×3,000), AAAA (×4,000), AAAAA (×5,000), and 2 more kinds"
    assert kinds(many[:6], "").endswith("and 1 more kind")
    assert kinds(many, "", room=7).count("×") == 7


def test_kind_of_failing_values_is_one_line_that_is_not_too_long() -> None:
    words = kinds([Example("x" * 500, 1), shown("\x1b[2J\n" * 300)], "")
    assert len(words) < 2 * LONGEST + 30
    assert words.isprintable()
    assert "…" in words


def test_cut_text_says_that_it_is_cut() -> None:
    assert cut("x" * LONGEST) == "x" * LONGEST
    assert cut("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"


def outcome(status: Status, severity: Severity = "critical") -> Outcome:
    return Outcome("id", "lists", "expect", {}, "a rule", status, severity, "validity")


def test_tally_counts_every_check_once() -> None:
    outcomes = [
        *[outcome("pass")] * 3,
        outcome("fail"),
        *[outcome("fail", "warning")] * 2,
        outcome("fail", "info"),
        outcome("error"),
        outcome("vacuous"),
        outcome("skipped"),
    ]
    assert tally(outcomes) == (
        "10 checks: 3 passed, 4 failed (1 critical, 2 warning, 1 info), 1 could not be evaluated, 1 had nothing to judge,"
        " 1 not selected"
    )
    assert tally(outcomes[:3]) == "3 checks: 3 passed"
    assert tally(outcomes[4:6]) == "2 checks: 2 failed (2 warning)"
    assert tally(outcomes[:1]) == "1 check: 1 passed"
    assert tally([]) == "0 checks"
