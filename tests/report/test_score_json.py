"""Scores as JSON: everything that was found, in a text that steers no terminal."""

import json

import jsonschema
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Struct

from dq_engine import explain
from dq_engine.rating.comparison import Comparison
from dq_engine.report.score_json import encode
from dq_engine.scores import Explanation, Scores
from tests.report import made


@pytest.mark.parametrize(
    ("found", "kind"),
    [(made.CENSUS, Scores), (made.SAMPLE, Scores), (made.EXPLANATION, Explanation), (made.COMPARISON, Comparison)],
)
def test_what_was_found_comes_back_as_it_was(found: Struct, kind: type[Struct]) -> None:
    assert msgspec.json.decode(encode(found), type=kind) == found


@pytest.mark.parametrize("scores", [made.CENSUS, made.SAMPLE])
def test_scores_have_the_shape_of_the_published_schema(scores: Scores) -> None:
    jsonschema.validate(json.loads(encode(scores)), explain.scores_schema())


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example('\x1b[31m \x7f \u202e \U000e0041 é 🏥 " \\ \0')
def test_any_text_survives_and_none_steers_a_terminal(text: str) -> None:
    raw = encode(msgspec.structs.replace(made.SAMPLE, notes=(text,)))
    assert json.loads(raw)["notes"] == [text]
    assert set(raw) <= {10, *range(32, 127)}
