"""dbt's tests become suites that say what dbt says: its own verdicts on the same tables, and its settings one by one."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pytest

from dq_engine import WorkerProcess, interchange
from dq_engine.errors import SourceError
from tests.interchange.judged import HERE, expectations, outcomes, said, suites_in, suites_of

PROJECT = HERE / "dbt"
VERDICTS = json.loads((PROJECT / "verdicts.json").read_text())["verdicts"]
NOT_SAID = {"a_test_of_ours_list_sizes_registered__male_female", "no_negative_lists"}
"""A macro of the project, and a test in SQL of its own."""


def seed(name: str) -> pa.Table:
    return csv.read_csv(PROJECT / "seeds" / f"{name}.csv", convert_options=csv.ConvertOptions(strings_can_be_null=True))


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    lists = seed("list_sizes")
    coded = lists.filter(lists["practice_code"].is_valid()).group_by("practice_code")
    totals = coded.aggregate([("registered", "sum"), ([], "count_all")]).rename_columns(
        ["practice_code", "registered", "snapshots"]
    )
    return {"practices": seed("practices"), "list_sizes": lists, "practice_totals": totals}


def test_dq_says_what_dbt_said_of_the_same_tables(tables: dict[str, pa.Table], worker: WorkerProcess) -> None:
    suites = suites_of(PROJECT / "manifest.json")
    assert suites.keys() == tables.keys()
    judged: dict[str, tuple[str, int | None]] = {}
    shared: set[str] = set()
    for name, suite in suites.items():
        found = outcomes(suite, tables[name], worker, {"practices": tables["practices"]})
        places = [outcome.check for of_rule in found.values() for outcome in of_rule]
        for path, of_rule in found.items():
            assert {outcome.status for outcome in of_rule} <= {"pass", "fail"}, path
            if '["test.' not in path:
                assert {outcome.status for outcome in of_rule} == {"pass"}, "dbt built the table under its contract"
                continue
            test = path.split(".")[3]
            failed = [outcome.severity for outcome in of_rule if outcome.status == "fail"]
            judged[test] = ("fail" if "critical" in failed else "warn" if failed else "pass", of_rule[0].unexpected_count)
            if any(places.count(outcome.check) > 1 for outcome in of_rule):
                shared.add(test)
    assert judged.keys() == VERDICTS.keys() - NOT_SAID
    for test, (status, count) in judged.items():
        verdict = VERDICTS[test]
        if test in shared:  # two tests that say the same are one expectation, as severe as the severer one
            assert (status == "pass") == (verdict["status"] == "pass"), test
        else:
            assert status == verdict["status"], test
        if test.startswith(("not_null", "relationships")):
            assert count == verdict["failures"], test


def test_properties_say_what_the_manifest_says_that_dbt_made_of_them() -> None:
    properties, manifest = suites_of(PROJECT / "models" / "schema.yml"), suites_of(PROJECT / "manifest.json")
    for name in manifest:
        without = [one for one in expectations(manifest[name]) if "2020-01-01" not in str(one)]  # dbt evaluated its Jinja
        assert sorted(map(str, expectations(properties[name]))) == sorted(map(str, without))
    assert json.loads(properties["practices"].text)["meta"]["dq"]["owner"] == "The registration team"


def test_what_is_not_carried_over_is_kept_with_its_place() -> None:
    suite = suites_of(PROJECT / "models" / "schema.yml")["list_sizes"]
    assert not suite.complete
    lost = json.loads(suite.text)["meta"]["not_carried_over"]
    assert {one["was"]: one["why"] for one in lost} == said(suite, "not_carried_over")
    assert said(suite, "not_carried_over") == {
        "$.seeds[1].data_tests[0]": "what a_test_of_ours means is in a macro, which dq does not know",
        "$.seeds[1].columns[2].data_tests[3]": "it depends on Jinja, which is not evaluated",
    }


def of_test(test: Any, column: str | None = "x") -> Any:
    """What a test becomes: the expectations, or why there is none."""
    place: dict[str, Any] = {"data_tests": [test]} if column is None else {"columns": [{"name": column, "data_tests": [test]}]}
    (suite,) = suites_in({"models": [{"name": "t", **place}]}).values()
    if lost := said(suite, "not_carried_over"):
        return next(iter(lost.values()))
    return [
        (entry["type"], entry["kwargs"], entry.get("severity", "critical")) for entry in json.loads(suite.text)["expectations"]
    ]


def judged(test: Any, worker: WorkerProcess, **columns: list[Any]) -> list[tuple[str, str]]:
    """The severities and statuses of what a test of the column x, or of none, becomes, on a table."""
    column = "x" if "x" in columns else None
    place: dict[str, Any] = {"columns": [{"name": "x", "tests": [test]}]} if column else {"tests": [test]}
    (suite,) = suites_in({"models": [{"name": "t", **place}]}).values()
    (found,) = outcomes(suite, pa.table(columns), worker).values()
    return [(outcome.severity, outcome.status) for outcome in found]


@pytest.mark.parametrize(
    ("test", "values", "status"),
    [
        ({"dbt_utils.accepted_range": {"min_value": 0, "max_value": 9}}, [0, 9, None], "pass"),
        ({"dbt_utils.accepted_range": {"min_value": 0, "inclusive": False}}, [0, 9], "fail"),
        ({"dbt_utils.expression_is_true": {"expression": ">= 2"}}, [2, None], "pass"),
        ({"dbt_utils.expression_is_true": {"expression": ">= 2"}}, [1, None], "fail"),
        ("dbt_utils.not_constant", [1, 1, None], "fail"),
        ("dbt_utils.not_constant", [1, 2], "pass"),
        ("dbt_utils.at_least_one", [None, 1], "pass"),
        ({"dbt_utils.not_null_proportion": {"at_least": 0.5}}, [None, 1], "pass"),
        ({"dbt_utils.not_null_proportion": {"at_least": 0.6}}, [None, 1], "fail"),
        ("dbt_utils.not_empty_string", ["a", None], "pass"),
        ("dbt_utils.not_empty_string", ["a", " \t"], "fail"),
        ({"dbt_expectations.expect_column_values_to_be_in_set": {"value_set": ["a"]}}, ["a", "a"], "pass"),
        ({"dbt_expectations.expect_column_values_to_be_in_set": {"value_set": ["a"]}}, ["a", None], "fail"),
        ({"dbt_expectations.expect_column_values_to_be_between": {"min_value": 1, "strictly": True}}, [1, 2], "fail"),
        (
            {"dbt_expectations.expect_column_value_lengths_to_equal": {"value": 2, "row_condition": "x <> 'abc'"}},
            ["ab", "abc"],
            "pass",
        ),
    ],
)
def test_tests_of_packages_mean_what_their_sql_says(test: Any, values: list[Any], status: str, worker: WorkerProcess) -> None:
    statuses = {found for _, found in judged(test, worker, x=values)}
    assert ("fail" if "fail" in statuses else "pass") == status
    assert statuses <= {"pass", "fail"}


def test_keys_with_null_are_keys_to_a_unique_combination(worker: WorkerProcess) -> None:
    test = {"dbt_utils.unique_combination_of_columns": {"arguments": {"combination_of_columns": ["a", "b"]}}}
    assert judged(test, worker, a=["1", "1"], b=[None, None]) == [("critical", "fail")], "GROUP BY puts NULLs together"
    assert judged(test, worker, a=["1", "1"], b=[None, "2"]) == [("critical", "pass")]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, [("critical", "fail")]),
        ({"severity": "warn"}, [("warning", "fail")]),
        ({"error_if": ">2"}, [("critical", "pass"), ("warning", "fail")]),
        ({"error_if": ">1", "warn_if": ">1"}, [("critical", "fail")]),
        ({"severity": "warn", "warn_if": ">= 3", "error_if": ">0"}, [("warning", "pass")]),
        ({"where": "n > 1", "error_if": "!= 1", "warn_if": "!= 1"}, [("critical", "pass")]),
    ],
)
def test_severity_and_numbers_of_failures(config: dict[str, str], expected: list[Any], worker: WorkerProcess) -> None:
    assert judged({"not_null": {"config": config}}, worker, x=[None, None, 1], n=[1, 2, 3]) == expected


@pytest.mark.parametrize(
    ("test", "why"),
    [
        ({"accepted_values": {"values": ["{{ var('a') }}"]}}, "Jinja"),
        ({"not_null": {"config": {"error_if": "between 1 and 2"}}}, "comparison with a number"),
        ({"not_null": {"config": {"fail_calc": "sum(n)"}}}, "fail_calc"),
        ({"relationships": {"to": "{{ var('parent') }}", "field": "id"}}, "other Jinja is not evaluated"),
        ({"accepted_values": {"values": ["a"], "strict": True}}, "strict"),
        ({"accepted_values": {}}, "expected the argument values"),
        ({"dbt_utils.accepted_range": {"min_value": "other_column"}}, "got SQL: other_column"),
        ("dbt_utils.mutually_exclusive_ranges", "macro"),
        ({"dbt_utils.not_null_proportion": {"at_least": 0.5, "config": {"error_if": ">1"}}}, "not counted by dq"),
    ],
)
def test_what_no_expectation_says_is_told_why(test: Any, why: str) -> None:
    assert why in of_test(test)


def test_freshness_of_a_source_in_days() -> None:
    table = {"name": "lists", "loaded_at_field": "loaded", "freshness": {"warn_after": {"count": 24, "period": "hour"}}}
    source = {
        "name": "nhs",
        "freshness": {"error_after": {"count": 7, "period": "day"}},
        "tables": [table, {"name": "other", "freshness": None}],
    }
    (suite,) = suites_in({"sources": [source]}).values()
    assert expectations(suite) == [("expect_column_max_to_be_fresh", {"column": "loaded", "max_age_days": 1})]
    table["freshness"] = {"error_after": {"count": 36, "period": "hour"}}
    (suite,) = suites_in({"sources": [source]}).values()
    assert said(suite, "not_carried_over") == {
        "$.sources[0].tables[0].freshness.error_after": "ages are counted in whole days of all rows"
    }


def test_every_fault_of_a_properties_file_is_told_at_once() -> None:
    text = "models:\n  - name: a\n    columns: text\n    tests: [{not_null: 3}]\n  - columns: []\n  - 7\n"
    with pytest.raises(SourceError) as error:
        interchange.imported(text, "schema.yml")
    assert str(error.value).splitlines() == [
        "schema.yml: $.models[2]: expected an object; got a number",
        "schema.yml: $.models[0].columns: expected a list; got text",
        "schema.yml: $.models[0].tests[0]: expected the arguments of not_null, an object; got a number",
        "schema.yml: $.models[1].name: is missing: a table has a name",
    ]
