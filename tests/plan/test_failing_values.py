"""Kinds of failing values: the shapes of values, also where some of these are guessed beforehand."""

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import Run, WorkerProcess, sql
from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract
from dq_engine.scans import Tuning

TEXTS = st.text(st.one_of(st.sampled_from("aZ09 .-?'\\[]{}()*+\n\t…éÉß٣\0"), st.characters(codec="utf-8")), max_size=45)


def mask(text: str, likely: list[str]) -> str:
    """The shape of a text by the SQL of the engine."""
    ((found,),) = duckdb.execute(f"SELECT {sql.masked('t', likely)} FROM (SELECT {sql.text(text)} AS t)").fetchall()
    return str(found)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("943 476 5919", "999 999 9999"),
        ("LS2 9JT", "AA9 9AA"),
        ("O'Néill-Smith", "A'Aaaaa-Aaaaa"),
        ("ǅungla", "Aaaaaa"),
        ("٣", "9"),
        ("a\tb\nc", "a?a?a"),
        ("", ""),
        ("x" * 40, "a" * 40),
        ("x" * 41, "a" * 40 + "…"),
    ],
)
def test_the_shape_of_a_text(text: str, shape: str) -> None:
    assert mask(text, []) == shape
    assert mask(text, [shape]) == shape


@given(text=TEXTS, others=st.lists(TEXTS, max_size=3))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_likely_shapes_change_no_shape(text: str, others: list[str]) -> None:
    shape = mask(text, [])
    likely = [shape, *(mask(other, []) for other in others)]
    assert mask(text, likely) == mask(text, list(reversed(likely))) == shape


@given(text=TEXTS, likely=st.lists(TEXTS, max_size=4))
@settings(deadline=None, max_examples=40, derandomize=True)
def test_no_text_passes_for_a_shape(text: str, likely: list[str]) -> None:
    """Whatever is said to be likely: no letter or digit of a text is shown."""
    assert mask(text, [*likely, text]) == mask(text, [])


# ----------------------------------------------------------------------------------------------------------------- whole runs

ROWS = 1200
VALUES = {
    "number": [f"{place % 977:03d} {place:07d}" if place % 5 else f"{place:010d}" for place in range(ROWS)],
    "postcode": [("LS2 9JT", "M1 1AE", "sw1a", "?", None)[place % 5] for place in range(ROWS)],
    "day": [None if place % 9 == 0 else f"2024-{1 + place % 12:02d}-{1 + place % 28:02d}" for place in range(ROWS)],
    "amount": [place / 8 - 40 for place in range(ROWS)],
    "twice": [place // 2 for place in range(ROWS)],
    "half": [f"H{place // 4}" for place in range(ROWS)],
}
RULES: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_match_regex", {"column": "number", "regex": "^[0-9]{10}$"}),
    ("expect_column_values_to_be_in_set", {"column": "postcode", "value_set": ["M1 1AE"]}),
    ("expect_column_values_to_be_between", {"column": "day", "max_value": "2023-12-31"}),
    ("expect_column_values_to_be_between", {"column": "amount", "max_value": -100}),
    ("expect_column_pair_values_to_be_equal", {"column_A": "number", "column_B": "postcode"}),
    ("expect_column_values_to_be_unique", {"column": "twice"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["twice", "half"]}),
    ("expect_column_values_to_not_be_null", {"column": "day"}),
]


@pytest.mark.parametrize("show_values", [False, True], ids=["masked", "values shown"])
def test_kinds_are_the_same_where_shapes_are_guessed(
    show_values: bool, make_suite: Any, worker: WorkerProcess, tmp_path: Path
) -> None:
    source = tmp_path / "extract.parquet"
    days = pa.array(VALUES["day"]).cast(pa.date32())
    pq.write_table(pa.table({**VALUES, "day": days}), source)
    extract = Extract("extract", (source,), dq_engine.load_suite(make_suite(*RULES)))

    def run(least: int) -> Run:
        options = Options(show_values=show_values, checksums=False)
        return run_checks([extract], options, worker, tuning=Tuning(masked=least))

    guessed, worked_out = run(1), run(1_000_000)
    for ours, theirs in zip(guessed.outcomes, worked_out.outcomes, strict=True):
        assert (ours.status, ours.examples, ours.examples_note) == ("fail", theirs.examples, theirs.examples_note)
    kinds = {example.shape: example.count for example in worked_out.outcomes[0].examples}
    assert show_values or kinds == {"999 9999999": ROWS * 4 // 5}
    purposes = [Counter(query.purpose for query in one.extracts[0].queries) for one in (guessed, worked_out)]
    assert [found["likely shapes of failing values"] for found in purposes] == [1, 0]
    used = [query.sql for query in guessed.extracts[0].queries if query.purpose == "failing values"]
    assert show_values or sum("regexp_full_match" in query for query in used) == 3, "rows, a key, a key of two columns"
