"""Rules about texts that Python judges: counts, conditions and types as for any other rule, and a limit to the time they take."""

import datetime as dt
import json
import re
from typing import Any

import pyarrow as pa
import pytest

import dq_engine
from dq_engine import Outcome, SuiteError, WorkerProcess
from tests.conftest import MakeSuite

MATCH, NOT_MATCH = "expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex"
MATCH_LIST, NOT_MATCH_LIST = f"{MATCH}_list", f"{NOT_MATCH}_list"
STRFTIME = "expect_column_values_to_match_strftime_format"
DATEUTIL = "expect_column_values_to_be_dateutil_parseable"
JSON = "expect_column_values_to_be_json_parseable"
JSON_SCHEMA = "expect_column_values_to_match_json_schema"

WORDS = ["", " ", "a", "A", "aa", "abba", "é", "日本", "😀😀", "x\n", "A81001", "A00000", "'", '"', "\\", "1", "\0\0", "%_", None]
PATTERNS = [
    "(?=a)", "^(?!a)", "(?<=a)b", r"(?<!A)\d", r"(.)\1", r"(a)?(?(1)b|x)", "a++b", r"\Bb", r"\w{900}|a", "\0(?=\0)", "a$b|^(?=日)",
]  # fmt: skip
"""Each has something that DuckDB has not."""


def outcome(values: Any, name: str, make_suite: MakeSuite, worker: WorkerProcess, **kwargs: Any) -> Outcome:
    table = values if isinstance(values, pa.Table) else pa.table({"c": values})
    return dq_engine.check(table, make_suite((name, {"column": "c", **kwargs})), worker=worker).outcomes[0]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_that_duckdb_has_not_means_what_it_means_in_python(
    pattern: str, make_suite: MakeSuite, worker: WorkerProcess
) -> None:
    there = [word for word in WORDS if word is not None]
    found = [word for word in there if re.search(pattern, word)]
    with_letter = [word for word in there if re.search(pattern, word) or re.search("[a-z]", word)]
    with_both = [word for word in there if re.search(pattern, word) and re.search("[a-z]", word)]
    rules = {
        (MATCH, "regex"): len(there) - len(found),
        (NOT_MATCH, "regex"): len(found),
        (MATCH_LIST, "any"): len(there) - len(with_letter),
        (MATCH_LIST, "all"): len(there) - len(with_both),
        (NOT_MATCH_LIST, ""): len(with_letter),
    }
    suite = make_suite(
        *(
            (name, {"column": "c", "regex": pattern})
            if how == "regex"
            else (name, {"column": "c", "regex_list": ["[a-z]", pattern], **({"match_on": how} if how else {})})
            for name, how in rules
        )
    )
    run = dq_engine.check(pa.table({"c": WORDS * 2}), suite, worker=worker)
    assert [outcome.unexpected_count for outcome in run.outcomes] == [2 * count for count in rules.values()]
    assert {outcome.denominator for outcome in run.outcomes} == {2 * len(there)}
    assert {outcome.missing_count for outcome in run.outcomes} == {2}


def test_values_that_are_not_text_are_searched_as_text(make_suite: MakeSuite, worker: WorkerProcess) -> None:
    twice = r"(\d)\1"
    assert outcome([11, 12, -122, None], MATCH, make_suite, worker, regex=twice).unexpected_count == 1
    assert outcome([1.5, 2.225, float("nan"), 33.0], MATCH, make_suite, worker, regex=twice).unexpected_count == 1
    days = [dt.date(2024, 1, 22), dt.date(2024, 3, 15), None]
    assert outcome(days, NOT_MATCH, make_suite, worker, regex=twice).unexpected_count == 1
    assert outcome([[1], None], MATCH, make_suite, worker, regex=twice).status == "error"


@pytest.mark.parametrize(
    ("name", "kwargs", "good", "bad"),
    [
        (MATCH, {"regex": "^(?=a)"}, "ab", "ba"),
        (NOT_MATCH_LIST, {"regex_list": ["^(?=b)", "c"]}, "ab", "ba"),
        (STRFTIME, {"strftime_format": "%d/%m/%Y"}, "31/12/2024", "2024-12-31"),
        (DATEUTIL, {}, "31 December 2024", "some day"),
        (JSON, {}, '{"a": 1}', '{"a": 1'),
        (JSON_SCHEMA, {"json_schema": {"required": ["a"]}}, '{"a": 1}', "{}"),
    ],
)
class TestEachRule:
    """What holds for each kind of rule: ``good`` keeps it and ``bad`` breaks it."""

    def test_counts_and_mostly(
        self, name: str, kwargs: dict[str, Any], good: str, bad: str, make_suite: MakeSuite, worker: WorkerProcess
    ) -> None:
        values = [good, bad, None, good, bad, good, good, good]
        found = outcome(values, name, make_suite, worker, **kwargs)
        assert (found.status, found.element_count, found.missing_count, found.unexpected_count) == ("fail", 8, 1, 2)
        assert outcome(values, name, make_suite, worker, **kwargs, mostly=5 / 7).status == "pass"
        assert outcome(values, name, make_suite, worker, **kwargs, mostly=0.75).status == "fail"

    def test_nothing_to_judge(
        self, name: str, kwargs: dict[str, Any], good: str, bad: str, make_suite: MakeSuite, worker: WorkerProcess
    ) -> None:
        for values in (pa.nulls(3, pa.string()), pa.nulls(3), pa.array([], pa.string())):
            found = outcome(values, name, make_suite, worker, **kwargs)
            assert (found.status, found.gx_success) == ("vacuous", True)

    def test_rows_of_a_condition_only(
        self, name: str, kwargs: dict[str, Any], good: str, bad: str, make_suite: MakeSuite, worker: WorkerProcess
    ) -> None:
        table = pa.table({"c": [good, bad, bad, None, bad], "kind": ["in", "out", "in", "in", None]})
        only = {"type": "comparison", "column": {"name": "kind"}, "operator": "==", "parameter": "in"}
        found = outcome(table, name, make_suite, worker, **kwargs, row_condition=only)
        assert (found.element_count, found.missing_count, found.unexpected_count) == (3, 1, 1)
        other = {**only, "operator": "!=", "parameter": "out"}
        none = outcome(table.slice(0, 2), name, make_suite, worker, **kwargs, row_condition=other)
        assert (none.status, none.denominator, none.unexpected_count) == ("pass", 1, 0)

    def test_counts_by_organisation_and_classes_of_the_field(
        self, name: str, kwargs: dict[str, Any], good: str, bad: str, make_suite: MakeSuite, worker: WorkerProcess
    ) -> None:
        table = pa.table({"org": ["5D7", "5D7", "5D8", "5D8"], "c": [good, bad, good, None]})
        suite = make_suite((name, {"column": "c", **kwargs}), organisation_column="org", columns={"c": {}})
        run = dq_engine.check(table, suite, worker=worker)
        assert {m.organisation: m.unexpected_count for m in run.measures} == {None: 1, "5D7": 1, "5D8": 0}
        classes = {m.organisation: (m.valid, m.invalid, m.missing) for m in run.fields if m.column == "c"}
        assert classes == {None: (2, 1, 1), "5D7": (1, 1, 0), "5D8": (1, 0, 1)}

    def test_values_are_shown_only_where_they_may_be(
        self, name: str, kwargs: dict[str, Any], good: str, bad: str, make_suite: MakeSuite, worker: WorkerProcess
    ) -> None:
        found = outcome([good, bad, bad], name, make_suite, worker, **kwargs)
        (example,) = found.examples
        assert (example.count, example.value) == (2, None)
        assert example.shape == re.sub(r"\d", "9", re.sub("[a-z]", "a", bad))
        suite = make_suite((name, {"column": "c", **kwargs}))
        (shown,) = dq_engine.check(pa.table({"c": [good, bad]}), suite, worker=worker, show_values=True).outcomes[0].examples
        assert json.loads(shown.value) == bad


@pytest.mark.parametrize("values", [[1, 2], [1.5], [True], [dt.date(2024, 1, 1)], [dt.datetime(2024, 1, 1)], [["a"]], [b"a"]])
def test_a_column_that_is_not_text(values: list[Any], make_suite: MakeSuite, worker: WorkerProcess) -> None:
    for name, kwargs in ((STRFTIME, {"strftime_format": "%Y"}), (DATEUTIL, {}), (JSON_SCHEMA, {"json_schema": {}})):
        found = outcome(values, name, make_suite, worker, **kwargs)
        assert found.status == "error"
        assert 'column "c" has the type' in found.message and "about texts" in found.message
    assert outcome([*values, None], JSON, make_suite, worker).unexpected_count == len(values)


def test_a_value_that_is_no_json_cannot_be_held_against_a_schema(make_suite: MakeSuite, worker: WorkerProcess) -> None:
    table = pa.table({"c": ['{"a": 1}', "Mrs Smith"], "kind": ["json", "text"]})
    found = outcome(table, JSON_SCHEMA, make_suite, worker, json_schema={"type": "object"})
    assert found.status == "error"
    assert "a value is not JSON" in found.message and "Smith" not in found.message
    only = {"type": "comparison", "column": {"name": "kind"}, "operator": "==", "parameter": "json"}
    assert outcome(table, JSON_SCHEMA, make_suite, worker, json_schema={"type": "object"}, row_condition=only).status == "pass"


def test_a_schema_may_refer_to_its_own_parts_and_to_drafts(make_suite: MakeSuite, worker: WorkerProcess) -> None:
    schema = {
        "$defs": {"code": {"$anchor": "code", "pattern": r"^(?!0)\w+$"}, "list": {"items": {"$ref": "#code"}}},
        "properties": {"codes": {"$ref": "#/$defs/list"}, "schema": {"$ref": "http://json-schema.org/draft-07/schema#"}},
    }
    values = ['{"codes": ["E11"]}', '{"codes": ["E11", "0"]}', '{"schema": {"type": "text"}}', '{"schema": true}', "[]"]
    assert outcome(values, JSON_SCHEMA, make_suite, worker, json_schema=schema).unexpected_count == 2


def test_a_schema_that_refers_to_what_is_elsewhere_is_refused(make_suite: MakeSuite) -> None:
    suite = make_suite((JSON_SCHEMA, {"column": "c", "json_schema": {"not": {"items": {"$ref": "file:///etc/hosts"}}}}))
    with pytest.raises(SuiteError, match="it refers to 'file:///etc/hosts', which it does not have"):
        dq_engine.load_suite(suite)


def test_a_pattern_that_takes_for_ever_costs_its_own_check_only(make_suite: MakeSuite, worker: WorkerProcess) -> None:
    endless = r"^(?=a)(a+)+$"
    table = pa.table({"c": ["a" * 40 + "b", "a"], "n": [1, 2]})
    rules = [
        (MATCH, {"column": "c", "regex": "^a"}),
        (MATCH, {"column": "c", "regex": endless}),
        (NOT_MATCH, {"column": "c", "regex": r"(.)\1"}),
        ("expect_column_sum_to_be_between", {"column": "n", "max_value": 3}),
    ]
    run = dq_engine.check(table, make_suite(*rules), worker=worker, check_timeout=2)
    assert [found.status for found in run.outcomes] == ["pass", "error", "fail", "pass"]
    message = run.outcomes[1].message
    assert "took longer than 2 seconds in Python: give more with --check-timeout" in message
    assert "has a lookahead" in message and "Rewrite the pattern" in message
    assert run.exit_code == 3
