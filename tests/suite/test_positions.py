"""Where expectations stand in the text of a suite: line and column lead to their opening bracket."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dq_engine
from dq_engine import positions
from dq_engine.feeds import read_suite
from dq_engine.model import Place
from tests.command import dq_here

EXISTS = {"type": "expect_column_to_exist", "kwargs": {"column": "a"}}
OTHERS = [{**EXISTS, "kwargs": {"column": name}} for name in ("b", "🦆\u2028é", '\\"]},{')]
SPACE = st.text(st.sampled_from(" \t\n"), max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def at(text: str, place: Place) -> str:
    """What stands at a place of a text."""
    return text.split("\n")[place.line - 1][place.column - 1 :]


@given(st.data())
def test_place_leads_to_the_expectation_however_the_text_is_laid_out(data: st.DataObject) -> None:
    entries = data.draw(st.lists(VALUES, max_size=5))
    members = data.draw(st.dictionaries(st.text(max_size=5).filter(lambda key: key != "expectations"), VALUES, max_size=4))
    listed = [*members.items(), ("expectations", entries)]
    data.draw(st.randoms(use_true_random=False)).shuffle(listed)
    space = lambda: data.draw(SPACE)  # noqa: E731
    indent = data.draw(st.sampled_from([None, 1, 2]))
    dumped = lambda value: json.dumps(value, indent=indent, ensure_ascii=data.draw(st.booleans()))  # noqa: E731

    def array(values: list[Any]) -> str:
        return "[" + space() + ",".join(f"{space()}{dumped(value)}{space()}" for value in values) + space() + "]"

    inside = ",".join(
        f"{space()}{json.dumps(key)}{space()}:{space()}{array(value) if key == 'expectations' else dumped(value)}{space()}"
        for key, value in listed
    )
    text = f"{space()}{{{inside}}}{space()}"
    found = positions.of_expectations(text)
    assert len(found) == len(entries)
    for place, entry in zip(found, entries, strict=True):
        rest = "\n".join([at(text, place), *text.split("\n")[place.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == entry


@pytest.mark.parametrize(
    "text", ["{}", " [1] ", '{"expectations": {}}', '{"expectations": []}', '{"a": {"expectations": [1]}}', "7"]
)
def test_text_without_expectations_has_no_places(text: str) -> None:
    assert positions.of_expectations(text) == []


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", [None, 2])
def test_places_are_those_that_an_editor_shows(start: str, newline: str, indent: int | None, tmp_path: Path) -> None:
    """An editor does not count a byte order mark, takes CR LF for one end of a line, and a duck for one character."""
    text = json.dumps({"name": "🦆", "expectations": [EXISTS, *OTHERS]}, indent=indent, ensure_ascii=False)
    path = tmp_path / "suite.json"
    path.write_bytes((start + text.replace("\n", newline)).encode())
    checks = read_suite(path).checks
    assert len(checks) == 4
    for check, entry in zip(checks, [EXISTS, *OTHERS], strict=True):
        assert check.at is not None
        written = json.dumps(entry, indent=indent, ensure_ascii=False).split("\n")[0]
        assert at(text, check.at).startswith(written)


def test_a_suite_that_is_no_file_has_no_places() -> None:
    suite = dq_engine.load_suite({"name": "made", "expectations": [EXISTS]})
    assert [check.at for check in suite.checks] == [None]


def test_lint_says_line_and_column_of_the_expectation_that_has_the_fault(tmp_path: Path) -> None:
    suite = {"name": "s", "expectations": [EXISTS, {"type": "expect_column_to_exit", "kwargs": {}}, EXISTS]}
    text = json.dumps(suite, indent=4)
    (tmp_path / "s.json").write_text(text, encoding="utf-8")
    said = dq_here(tmp_path, "lint", "s.json").stderr.splitlines()
    assert said[0].startswith("dq: s.json:10:9: $.expectations[1].type: unknown expectation type")
    assert said[1].startswith("dq: s.json:14:9: $.expectations[2]: says the same as $.expectations[0]")
    assert at(text, Place(10, 9)) == at(text, Place(14, 9)) == "{"
