"""What Great Expectations takes for an argument we take with the same meaning, and what it refuses we refuse, but for the reasons listed.

Every type that both know, every argument, many odd values, JSON all of them. The types come from the catalogue: a new one is tried here
without a change.
"""

import contextlib
import datetime as dt
import importlib.util
import io
import json
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Expectation
from dq_engine.suite import parse_suite, read_arguments
from tests.suite.test_invalid import refusal

pytestmark = pytest.mark.filterwarnings("ignore")
LACKS = object()
"""What is told of an argument that is refused."""


def known_there() -> list[str]:
    """The types of the catalogue that Great Expectations has, from the files that come with it: importing it takes long."""
    found = importlib.util.find_spec("great_expectations")
    if found is None or not found.submodule_search_locations:
        return []
    schemas = Path(found.submodule_search_locations[0]) / "expectations" / "core" / "schemas" / "index.json"
    index = json.loads(schemas.read_text(encoding="utf-8"))
    return [name for name in CATALOG if name in index["expectations"] or name in index["documented_absent"]]


TYPES = known_there()
COMMON = {
    "id",
    "meta",
    "notes",
    "description",
    "severity",
    "windows",
    "result_format",
    "catch_exceptions",
    "rendered_content",
    "batch_id",
    "row_condition",
    "condition_parser",
    "library_metadata",
}
WITHOUT_EFFECT = {("expect_column_kl_divergence_to_be_less_than", bound) for bound in ("min_value", "max_value")}
"""Arguments that change nothing, there and here, whatever they are."""
PARAMETER = {"$PARAMETER": "named"}
VALUES: list[Any] = [
    *(None, True, False, 0, 1, 5, 5.0, 5.5, -1, 0.95),
    *("", "5", "5.5", " 5 ", "-1", "0.95", "1_000", "1e3", "0", "1", "x", "\\", "("),
    *("true", "False", "yes", "no", "ON", "off", "t", "n"),
    *("2024-03-31", "2024-3-5", "2024-03-31 10:00", "2024-3-5 1:02", "2024-03-31T10:00:00Z", "2024-03-31T10:00:00.5+01:00"),
    *("20240331", "31/03/2024", "2024-02-30", "10:00", "inf", "-Infinity", "nan"),
    *("any", "all", "never", "neither", "all_values_are_missing", "both_values_are_missing", "iqr", "std", "%Y-%m-%d"),
    *([], ["a"], ["a", "b"], ["a", "a"], [1, "a", None], [1, 2], [1.5, True], [[1, 2]], [["a", "b"], ["c", None]], [["a"]]),
    *({}, {"a": 1}, PARAMETER),
]


@pytest.fixture(scope="module")
def theirs() -> Callable[[str, dict[str, Any]], Any]:
    """An expectation of Great Expectations with these arguments, or None if it refuses them."""
    pytest.importorskip("great_expectations", reason="great_expectations is not installed: it is an extra (dq-engine[gx])")
    from great_expectations.expectations.registry import get_expectation_impl

    def made(name: str, kwargs: dict[str, Any]) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                return get_expectation_impl(name)(**kwargs)
            except Exception:
                return None

    return made


def ours(name: str, kwargs: dict[str, Any]) -> Expectation | None:
    """Our expectation with these arguments, or None if they are refused."""
    arguments, faults = read_arguments(CATALOG[name], json.loads(json.dumps(kwargs)))
    if faults:
        return None
    expectation = CATALOG[name](**arguments)
    return None if list(expectation.faults()) else expectation


def same(here: Any, there: Any) -> bool:
    """Whether both mean the same: theirs is a Python value, ours may be the text that spells it."""
    if isinstance(there, Enum):
        there = there.value
    if isinstance(there, dt.date):
        moment = there if isinstance(there, dt.datetime) else dt.datetime.combine(there, dt.time.min)
        return isinstance(here, str) and dt.datetime.fromisoformat(here).isoformat() == moment.isoformat()
    if isinstance(here, list | tuple) and isinstance(there, list | tuple | set):
        return len(here) == len(there) and all(map(same, here, there))
    return bool(here == there)


def is_object(value: Any) -> bool:
    """Whether pydantic makes an object of the value: it does of what is empty, and of a list of pairs."""
    pairs = isinstance(value, list) and all(isinstance(item, list) and len(item) == 2 for item in value)
    return value == "" or isinstance(value, dict) or pairs


def spelled(value: Any) -> str:
    return str(value).strip().lower()


REASONS: dict[str, Callable[[str, str, Any], bool]] = {
    "an object stands for a parameter there, so any is taken, and fails when it is evaluated": lambda name, argument, value: (
        is_object(value) and value is not PARAMETER
    ),
    "bounds, limits and totals that are no finite number say nothing, or cannot be met": lambda name, argument, value: (
        spelled(value) in ("inf", "-infinity", "nan")
    ),
    "a number of rows, columns, characters or a limit is not negative": lambda name, argument, value: spelled(value) == "-1",
    "bounds in the wrong order are found before the data are read": lambda name, argument, value: (
        argument in ("min_value", "max_value") and ours(name, {**without_bounds(name), argument: value}) is not None
    ),
    "a time of day is a bound for a column of that type": lambda name, argument, value: value == "10:00",
    "a number of columns is no date": lambda name, argument, value: "column_count" in name and str(value).startswith("2024-"),
    "a column may be named by a parameter": lambda name, argument, value: value is PARAMETER,
    "texts in lists are texts": lambda name, argument, value: (
        isinstance(value, list) and not all(isinstance(i, str) for i in value)
    ),
    "without a list anything would pass": lambda name, argument, value: (
        argument in ("column_list", "type_list") and value is None
    ),
    "a text that is no choice, type, pattern or query is found before the data are read": lambda name, argument, value: (
        not isinstance(value, dict)
        and argument
        in (
            "ignore_row_if",
            "type_",
            "type_list",
            "regex",
            "base_query",
            "comparison_query",
            "unexpected_rows_query",
            "allow_relative_error",
        )
    ),
    "a partition that cannot be one is found before the data are read": lambda name, argument, value: (
        argument in ("internal_weight_holdout", "tail_weight_holdout")
    ),
    "a name of another extract is a name": lambda name, argument, value: (
        argument
        in (
            "other_table_name",
            "comparison_data_source_name",
        )
    ),
}
"""Why an argument that Great Expectations takes is refused here, or the other way round. Everything else is a fault."""


def base(name: str) -> dict[str, Any]:
    return CATALOG[name].examples[0].arguments


def without_bounds(name: str) -> dict[str, Any]:
    return {argument: value for argument, value in base(name).items() if argument not in ("min_value", "max_value")}


def differences(name: str, theirs: Callable[[str, dict[str, Any]], Any]) -> Iterator[tuple[str, Any, str]]:
    """Argument, value and words of every difference, whether it has a reason or not."""
    for argument in CATALOG[name].__struct_fields__:
        for value in VALUES if (name, argument) not in WITHOUT_EFFECT else ():
            kwargs = {**base(name), argument: value}
            there, here = theirs(name, kwargs), ours(name, kwargs) if value is not PARAMETER else PARAMETER
            if there is None and here is not None:
                yield argument, value, "is taken here alone"
            elif there is not None and here is None:
                yield argument, value, "is taken there alone"
            elif here is not None and here is not PARAMETER and not same(getattr(here, argument), getattr(there, argument)):
                yield argument, value, f"means {getattr(here, argument)!r} here, and {getattr(there, argument)!r} there"


@pytest.mark.parametrize("name", TYPES)
def test_arguments_mean_what_they_mean_in_great_expectations(name: str, theirs: Callable[[str, dict[str, Any]], Any]) -> None:
    assert theirs(name, base(name)) is not None, "the first example of the catalogue is none for Great Expectations"
    unexplained = [
        f"{argument}={value!r} {words}"
        for argument, value, words in differences(name, theirs)
        if words.startswith("means") or not any(reason(name, argument, value) for reason in REASONS.values())
    ]
    assert not unexplained, "\n".join(unexplained)


@pytest.mark.parametrize("name", TYPES)
def test_arguments_are_those_of_great_expectations(name: str, theirs: Callable[[str, dict[str, Any]], Any]) -> None:
    fields = set(theirs(name, base(name)).__fields__) - COMMON
    assert set(CATALOG[name].__struct_fields__) == fields
    required = {argument for argument in fields if theirs(name, {k: v for k, v in base(name).items() if k != argument}) is None}
    lacking = {argument for argument in base(name) if ours(name, {k: v for k, v in base(name).items() if k != argument}) is None}
    assert lacking - required <= {"column_list", "column_set", "type_list"}, "without them anything would pass"
    assert required <= lacking


def test_every_reason_is_needed(theirs: Callable[[str, dict[str, Any]], Any]) -> None:
    found = [(name, argument, value) for name in TYPES for argument, value, _ in differences(name, theirs)]
    assert [words for words, reason in REASONS.items() if not any(reason(*one) for one in found)] == []


STEERING = {
    "batch_id": "b",
    "result_format": {"result_format": "SUMMARY"},
    "catch_exceptions": True,
    "library_metadata": {"maturity": "production"},
    "meta": {"owner": "IM&T"},
    "rendered_content": None,
    "windows": None,
    "row_condition": None,
    "condition_parser": None,
}


def test_arguments_that_say_nothing_about_the_data_change_nothing() -> None:
    plain = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "practice"}}
    steered = {**plain, "kwargs": {**plain["kwargs"], **STEERING}}
    first, second = (parse_suite(json.dumps({"name": "s", "expectations": [entry]}), "s").checks[0] for entry in (plain, steered))
    assert (first.expectation, first.condition, first.statement) == (second.expectation, second.condition, second.statement)


@pytest.mark.parametrize("argument", ["parse_strings_as_datetimes", "allow_cross_type_comparisons", "output_strftime_format"])
def test_arguments_of_great_expectations_before_1_0_are_unknown(argument: str) -> None:
    entry = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 1, argument: True}}
    assert f"kwargs.{argument}: unknown argument" in refusal(json.dumps({"name": "s", "expectations": [entry]}))


def test_results_tell_arguments_as_they_were_read_and_ids_as_they_were_written() -> None:
    kwargs = {"column": "age", "min_value": True, "max_value": "90", "strict_min": "no", "mostly": "0.95"}
    entry = {"type": "expect_column_values_to_be_between", "kwargs": kwargs}
    (check,) = parse_suite(json.dumps({"name": "s", "expectations": [entry]}), "s").checks
    assert check.kwargs == {"column": "age", "min_value": 1, "max_value": 90, "strict_min": False, "mostly": 0.95}
    assert check.kwargs["min_value"] is not True
    assert check.statement == "At least 95 % of the values of age is between 1 and 90"
    assert check.id == "column_values_to_be_between.age.d7bcffe8"
