"""Mutated suites: what must hold of any text. ``python -m tests.robust.suites`` tries ten thousand; here are a few, and what they found."""

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import dq_engine
from dq_engine import SuiteError, WorkerProcess, config, parameters, regex, store
from dq_engine.errors import ConfigError, UsageError
from dq_engine.suite import parse_suite
from tests.robust import suites, suites_kept, suites_texts

SEED = 2026
CHUNK = 40
"""Mutants that are tried in one test."""


@pytest.fixture(scope="module")
def bench(worker: WorkerProcess) -> Iterator[suites_kept.Bench]:
    with tempfile.TemporaryDirectory() as folder:
        yield suites_kept.Bench(Path(folder), worker)


@pytest.fixture(scope="module")
def starts() -> list[suites_texts.Start]:
    return suites_texts.starts(recorded=False)


@pytest.mark.parametrize("first", range(1, 1 + 3 * CHUNK, CHUNK))
def test_mutants_are_read_and_run_or_refused_in_words(
    first: int, starts: list[suites_texts.Start], bench: suites_kept.Bench
) -> None:
    tally = suites.Tally()
    for number in range(first, first + CHUNK):
        one = suites.mutant(number, SEED, starts)
        try:
            suites.tried(one, SEED, bench, tally, commands=False)
        except Exception as error:
            error.add_note(f"mutant {number} of {one.start.name}, {one.level}: {one.content[:2000]!r}")
            raise
    assert sum(count for name, count in tally.tried.items() if "run" in name) > CHUNK / 6
    assert tally.outcomes["pass"] and tally.outcomes["fail"]


# ------------------------------------------------------------------------------------------------------ what mutants found


def suite_with(kwargs: dict[str, Any], **about: Any) -> str:
    entry = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 0, **kwargs}, **about}
    return json.dumps({"name": "one", "expectations": [entry]})


def refusal(text: str) -> str:
    with pytest.raises(SuiteError) as refused:
        parse_suite(text, "suite.json")
    return str(refused.value)


@pytest.mark.parametrize("digits", [400, 5000])
def test_condition_with_a_number_that_nothing_can_hold_is_refused(digits: int) -> None:
    said = refusal(suite_with({"row_condition": f"n > {'9' * digits}", "condition_parser": "spark"}))
    assert said.startswith("suite.json:1:34: $.expectations[0].kwargs.row_condition: ")
    assert "is not a number" in said
    assert len(said) < 1000


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    text = suite_with({"row_condition": 'col("HALF") > 1'}, description="😀").replace('"kwargs"', '\n"kwargs"')
    assert "\\ud83d\\ude00" in text, "both halves are one character"
    assert parse_suite(text, "suite.json").checks[0].description == "😀"
    said = refusal(text.replace("HALF", "\\uD800"))
    assert said == "suite.json: is not usable JSON: \\ud800 (line 2) is half of a surrogate pair, which is no character"


@pytest.mark.parametrize("depth", [150, 400, 800])
def test_argument_that_is_nested_deeply_is_refused(depth: int) -> None:
    said = refusal(suite_with({}).replace('"min_value": 0', '"min_value": ' + "[" * depth + "]" * depth))
    assert "nested too deeply" in said if depth > 250 else "expected a number" in said


@pytest.mark.parametrize("value", ["\udcff", ["a", {"b": "\ud800"}]])
def test_parameter_that_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match='parameter "which": the value holds half of a surrogate pair'):
        parameters.from_values({"which": value})
    with pytest.raises(UsageError, match='parameter "which": the value holds half of a surrogate pair'):
        parameters.from_texts([f"which={json.dumps(value)}"])


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "one", "%s": 1, "expectations": []}',
        '{"name": "one", "expectations": [{"type": "%s"}]}',
        '{"name": "one", "expectations": [{"type": "expect_column_to_exist", "kwargs": {"%s": 1}}]}',
        '{"name": "one", "expectations": [{"type": "expect_column_to_exist", "severity": "%s"}]}',
        '{"%s": 1, "%s": 2}',
    ],
)
def test_message_about_a_long_text_is_short(text: str) -> None:
    lines = refusal(text.replace("%s", "long" * 5000)).splitlines()
    assert "longlong" in lines[0]
    assert max(map(len, lines)) < suites_kept.LONGEST


def test_message_about_a_long_pattern_is_short() -> None:
    text = (
        suite_with({"column": "n"})
        .replace('"min_value": 0', f'"regex": "({"a" * 9000}"')
        .replace("to_be_between", "to_match_regex")
    )
    said = refusal(text)
    assert "missing )" in said
    assert len(said) < 1000


def test_long_pattern_is_translated_in_a_time_that_grows_with_its_length() -> None:
    """It took 64 times as long for eight times the length: here, many minutes."""
    assert regex.to_re2("a é" * 25_000) == r"a \x{e9}" * 25_000
    assert regex.to_re2(r"(?a)a\b" + r"b\b" * 10_000) == r"a\b" + r"b\b" * 10_000


def test_outcome_of_a_column_with_a_long_name_is_short(worker: WorkerProcess) -> None:
    run = dq_engine.check(pa.table({"n": [1]}), parse_suite(suite_with({"column": "n" * 9000}), "suite.json"), worker=worker)
    assert "no column" in run.outcomes[0].message
    assert len(run.outcomes[0].message) <= 1000


@pytest.mark.parametrize(
    ("text", "said"),
    [("threads = " + "9" * 5000, "a number with too many digits"), ("a = " + "[" * 5000, "is nested too deeply")],
)
def test_settings_that_python_cannot_hold_are_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.parse(f"[dq]\n{text}", Path("dq.toml"))


@pytest.mark.parametrize("term", ["\udcff", "id:\ud800*"])
def test_term_of_a_selection_that_is_no_text_is_refused(term: str, worker: WorkerProcess) -> None:
    suite = parse_suite(suite_with({}), "suite.json")
    for options in ({"select": [term]}, {"ignore": [term]}):
        with pytest.raises(UsageError, match="half of a surrogate pair"):
            dq_engine.check(pa.table({"n": [1]}), suite, worker=worker, **options)


def test_infinity_among_failing_values_is_not_lost_in_the_record(worker: WorkerProcess) -> None:
    suite = parse_suite(suite_with({"max_value": 1}), "suite.json")
    table = pa.table({"n": [0.5, float("inf"), 2.0]})
    run = dq_engine.check(table, suite, worker=worker, show_values=True, result_format="COMPLETE")
    assert run.to_gx()["results"][0]["result"]["unexpected_list"] == [float("inf"), 2.0]
    (outcome,) = store.decode(store.encode(run), "run.json").outcomes
    assert outcome.unexpected is not None
    assert outcome.unexpected.values == ({"n": "Infinity"}, {"n": 2.0})


@pytest.mark.parametrize(
    ("rule", "arguments"),
    [
        (
            "expect_column_kl_divergence_to_be_less_than",
            {"partition_object": {"values": [0.5, math.inf], "weights": [0.5, 0.5]}, "threshold": 1},
        ),
        (
            "expect_column_quantile_values_to_be_between",
            {"quantile_ranges": {"quantiles": [0.0, 1.0], "value_ranges": [[0, 1], [1, None]]}},
        ),
    ],
)
def test_infinity_in_a_result_of_great_expectations_outlives_storing(
    rule: str, arguments: dict[str, Any], worker: WorkerProcess
) -> None:
    entry = {"type": rule, "kwargs": {"column": "n", **arguments}}
    suite = parse_suite(json.dumps({"name": "one", "expectations": [entry]}), "suite.json")
    run = dq_engine.check(pa.table({"n": [0.5, float("inf")]}), suite, worker=worker, show_values=True)
    (before,), (after,) = (told.to_gx()["results"] for told in (run, store.decode(store.encode(run), "run.json")))
    assert "Infinity" in json.dumps(before["result"])
    assert after["result"] == before["result"]


def test_weight_without_an_end_is_refused() -> None:
    said = refusal(suite_with({}, meta={"dq": {"weight": float("inf")}}))
    assert said == "suite.json:1:34: $.expectations[0].meta.dq.weight: expected a finite number; got inf"


def test_record_of_a_run_with_an_infinity_in_the_suites_own_notes_can_be_read(worker: WorkerProcess) -> None:
    suite = parse_suite(suite_with({}, meta={"mine": [float("inf"), {"low": -float("inf")}]}), "suite.json")
    run = dq_engine.check(pa.table({"n": [1]}), suite, worker=worker)
    (outcome,) = store.decode(store.encode(run), "run.json").outcomes
    assert outcome.meta == {"mine": ["Infinity", {"low": "-Infinity"}]} == run.outcomes[0].meta
