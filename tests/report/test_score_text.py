"""What people read of scores, as text beside this file. ``python -m tests.report.test_score_text`` writes the texts anew."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_engine.report import calibration_text, comparison_text, explanation_text, score_text
from dq_engine.report.score_words import WIDTH, interval, percent, rounded_down, rounded_up
from dq_engine.scores import NOTICE, NotCounted
from tests.report import made

FOLDER = Path(__file__).parent / "golden"
SHOWN: dict[str, Callable[[], str]] = {
    "census": lambda: score_text.plain(made.CENSUS),
    "sample": lambda: score_text.plain(made.SAMPLE),
    "explanation": lambda: explanation_text.plain(made.EXPLANATION),
    "explanation_overall": lambda: explanation_text.plain(made.OVERALL_EXPLANATION),
    "explanation_nothing": lambda: explanation_text.plain(made.NOTHING),
    "comparison": lambda: comparison_text.plain(made.COMPARISON),
    "calibration": lambda: calibration_text.plain(made.CALIBRATION, made.BEFORE, made.AFTER),
    "calibration_not_validated": lambda: calibration_text.plain(made.NOT_VALIDATED, made.BEFORE, made.AFTER),
}

in_every_text = pytest.mark.parametrize("name", SHOWN)


@in_every_text
def test_text_is_as_it_was_read(name: str) -> None:
    assert SHOWN[name]() == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@in_every_text
def test_text_says_first_that_ratings_are_modelled_and_names_the_instrument(name: str) -> None:
    first, _, *lines = SHOWN[name]().splitlines()
    assert first.lower() == NOTICE
    head = " ".join(lines[:4])
    assert "small 1." in head
    assert "assumed" in head or "answers.csv" in head


@in_every_text
def test_no_line_is_wider_than_a_page_or_ends_in_blanks(name: str) -> None:
    for line in SHOWN[name]().splitlines():
        assert len(line) <= WIDTH + 10, line
        assert line == line.rstrip()


@in_every_text
def test_no_percentage_stands_without_what_it_is_of(name: str) -> None:
    """On each line with a percentage, or on the one above where that has the intervals of the other, there is a "n of m" or N."""
    lines = SHOWN[name]().splitlines()
    for before, line in pairwise(lines):
        if re.search(r"\(~?[<>]?\d[\d.]* %\)", line):
            assert re.search(r"\d of \d", line) or re.search(r"\d of \d", before), line


def test_names_from_outside_cannot_steer_a_terminal() -> None:
    hostile = "\x1b[31mred\u202e"
    row = msgspec.structs.replace(made.CENSUS.tables[0], by="region", group=hostile, note=hostile)
    scores = msgspec.structs.replace(
        made.CENSUS,
        tables=(*made.CENSUS.tables, row),
        titles={made.HOSPITAL: hostile},
        notes=(hostile,),
        not_counted=(NotCounted(hostile, hostile, "validity", "error", hostile),),
    )
    shown = score_text.plain(scores)
    assert "red" in shown
    assert not {"\x1b", "\u202e"} & {*shown}


@given(st.floats(0, 1))
def test_percentage_is_none_or_all_only_where_it_is(share: float) -> None:
    shown = percent(share)
    assert (shown == "0 %") == (share == 0)
    assert (shown == "100 %") == (share == 1)
    if shown[0] not in "<>":
        assert abs(float(shown.removesuffix(" %")) - 100 * share) <= 0.05 + 1e-9


@given(st.floats(0, 1), st.floats(0, 1))
def test_intervals_are_rounded_outwards(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    shown = [float(limit) for limit in interval(low, high).removesuffix(" %").split("–")]
    assert shown[0] <= 100 * low + 1e-6
    assert shown[1] >= 100 * high - 1e-6


@given(st.floats(0, 1))
def test_a_score_is_never_shown_as_if_it_reached_what_it_does_not(score: float) -> None:
    assert float(rounded_down(score)) <= score + 1e-9
    assert float(rounded_up(score)) >= score - 1e-9
    assert float(rounded_up(score)) - float(rounded_down(score)) <= 1.0001e-4


if __name__ == "__main__":
    for name, make in SHOWN.items():
        (FOLDER / f"{name}.txt").write_text(make(), encoding="utf-8")
