"""Bad suites, each beside the exact message that it gets: one problem a line. ``python -m tests.suite.test_invalid`` writes them anew."""

import re
from pathlib import Path

import pytest

from dq_engine.errors import SuiteError
from dq_engine.suite import parse_suite

FOLDER = Path(__file__).parent / "invalid"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def refusal(text: str, origin: str = "suite.json") -> str:
    """What is said of a suite that is not valid."""
    with pytest.raises(SuiteError) as refused:
        parse_suite(text, origin)
    return str(refused.value)


def refusal_of(name: str) -> str:
    path = FOLDER / f"{name}.json"
    return refusal(path.read_text(encoding="utf-8"), path.name) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_bad_suite_gets_exactly_this_message(name: str) -> None:
    assert refusal_of(name) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_every_message_belongs_to_a_suite() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_line_names_the_file_and_a_place_in_it(name: str) -> None:
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        file, place, what = line.split(": ", maxsplit=2)
        assert re.fullmatch(rf"{name}\.json(:\d+:\d+)?", file)
        assert (":" in file) == place.startswith("$.expectations[")
        assert place.startswith(("$", "is "))
        assert what


LEAF = '{"type": "comparison", "column": {"name": "sex"}, "operator": "==", "parameter": "1"}'
SUITE = (
    '{"name": "deep", "meta": {"own": META}, "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "sex"}}]}'
)
NOT_NULL = '{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sex", "row_condition": CONDITION}}'


def test_suite_that_is_nested_too_deeply() -> None:
    text = SUITE.replace("META", "[" * 100_000 + "]" * 100_000)
    assert refusal(text) == "suite.json: is not usable JSON: it is nested too deeply"


@pytest.mark.parametrize("depth", [100, 350])
def test_condition_that_is_nested_deeply_is_read_or_refused(depth: int) -> None:
    """It is within what JSON allows, so it must not overtax what reads the conditions, or what words them."""
    condition = '{"type": "and", "conditions": [' * depth + LEAF + "]}" * depth
    text = '{"name": "deep", "expectations": [' + NOT_NULL.replace("CONDITION", condition) + "]}"
    try:
        (check,) = parse_suite(text, "suite.json").checks
    except SuiteError as refused:
        assert "nested" in str(refused)
    else:
        assert "sex is '1'" in check.statement


if __name__ == "__main__":
    for each in NAMES:
        (FOLDER / f"{each}.txt").write_text(refusal_of(each), encoding="utf-8")
