"""Results as Great Expectations gives them: each format holds its fields, failing rows in the order of the files, no more values."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import Run, UsageError, WorkerProcess
from dq_engine.catalog import CATALOG
from tests.catalog.test_examples import table_of
from tests.command import dq_here

COUNTS = {"element_count", "unexpected_count", "unexpected_percent"}
MISSING = {"missing_count", "missing_percent", "unexpected_percent_total", "unexpected_percent_nonmissing"}
SUMMARY = {"partial_unexpected_counts", "partial_unexpected_index_list"}
COMPLETE = {"unexpected_list", "unexpected_index_list", "unexpected_index_query"}
NOT_RENDERED = ("expect_table_columns_to_match_ordered_list", "BOOLEAN_ONLY")
"""Great Expectations' page of this rule reads the observed value, which a result of this format has not, its own neither."""
IN_SET = ("expect_column_values_to_be_in_set", {"column": "code", "value_set": ["A81001"]})
TABLE = pa.table(
    {"id": [11, 12, 13, 14, 15], "code": ["B2", "A81001", None, "C3", "B2"], "n": [1.0, 2.0, float("inf"), 2.0, None]}
)


def result_of(
    rule: tuple[str, dict[str, Any]], form: Any, make_suite: Any, worker: WorkerProcess, **options: Any
) -> dict[str, Any]:
    options = {"show_values": True, **options}
    run = dq_engine.check(options.pop("table", TABLE), make_suite(rule), worker=worker, result_format=form, **options)
    (result,) = run.to_gx(form)["results"]
    found: dict[str, Any] = result["result"]
    return found


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("BOOLEAN_ONLY", set()),
        ("BASIC", COUNTS | MISSING | {"partial_unexpected_list"}),
        ("SUMMARY", COUNTS | MISSING | {"partial_unexpected_list"} | SUMMARY),
        ("COMPLETE", COUNTS | MISSING | {"partial_unexpected_list"} | SUMMARY | COMPLETE),
        ({"result_format": "SUMMARY", "partial_unexpected_count": 0}, COUNTS | MISSING | {"partial_unexpected_list"}),
        (
            {"result_format": "BASIC", "return_unexpected_index_query": True},
            COUNTS | MISSING | {"partial_unexpected_list", "unexpected_index_query"},
        ),
        (
            {"result_format": "COMPLETE", "return_unexpected_index_query": False, "include_unexpected_rows": True},
            (COUNTS | MISSING | {"partial_unexpected_list", "unexpected_rows"} | SUMMARY | COMPLETE) - {"unexpected_index_query"},
        ),
        (
            {"result_format": "COMPLETE", "exclude_unexpected_values": True},
            COUNTS | MISSING | {"partial_unexpected_index_list", "unexpected_index_list", "unexpected_index_query"},
        ),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, str | dict) else "fields",
)
def test_format_holds_its_fields(form: Any, fields: set[str], make_suite: Any, worker: WorkerProcess) -> None:
    assert set(result_of(IN_SET, form, make_suite, worker)) == fields


def test_failing_rows_are_listed_in_the_order_of_the_files(tmp_path: Path, make_suite: Any, worker: WorkerProcess) -> None:
    codes = [f"B{place:05}" if place % 3 == 0 else "A81001" for place in range(3000)]
    for part in range(3):
        pq.write_table(
            pa.table({"code": codes[part * 1000 : part * 1000 + 1000]}), tmp_path / f"{part}.parquet", row_group_size=70
        )
    result = result_of(IN_SET, "COMPLETE", make_suite, worker, table=str(tmp_path), threads=2)
    places = [place for place in range(3000) if place % 3 == 0]
    assert result["unexpected_count"] == 1000
    assert result["unexpected_list"] == [codes[place] for place in places[:200]]
    assert result["unexpected_index_list"] == places
    assert result["partial_unexpected_list"] == [codes[place] for place in places[:20]]
    assert result["partial_unexpected_index_list"] == places[:20]


def test_counts_of_values_are_of_those_listed_most_frequent_first(make_suite: Any, worker: WorkerProcess) -> None:
    result = result_of(IN_SET, "COMPLETE", make_suite, worker)
    assert result["partial_unexpected_counts"] == [{"value": "B2", "count": 2}, {"value": "C3", "count": 1}]
    assert result["unexpected_list"] == ["B2", "C3", "B2"]


def test_rows_are_named_by_columns(make_suite: Any, worker: WorkerProcess) -> None:
    form = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]}
    result = result_of(IN_SET, form, make_suite, worker)
    assert result["unexpected_index_column_names"] == ["id"]
    assert result["unexpected_index_list"] == [{"code": "B2", "id": 11}, {"code": "C3", "id": 14}, {"code": "B2", "id": 15}]
    result = result_of(IN_SET, {**form, "exclude_unexpected_values": True}, make_suite, worker)
    assert result["unexpected_index_list"] == [{"id": [11, 14, 15]}]


def test_pairs_are_lists_and_several_columns_objects(make_suite: Any, worker: WorkerProcess) -> None:
    pair = ("expect_column_pair_values_to_be_equal", {"column_A": "id", "column_B": "n"})
    assert result_of(pair, "BASIC", make_suite, worker)["partial_unexpected_list"][:3] == [
        [11, 1.0],
        [12, 2.0],
        [13, float("inf")],
    ]
    keys = ("expect_compound_columns_to_be_unique", {"column_list": ["code", "n"]})
    table = pa.table({"code": ["x", "y", "x"], "n": [1, 1, 1]})
    result = result_of(keys, "COMPLETE", make_suite, worker, table=table)
    assert result["unexpected_list"] == [{"code": "x", "n": 1}] * 2
    assert result["partial_unexpected_counts"] == [{"value": ["x", 1], "count": 2}]
    assert result["unexpected_index_list"] == [0, 2]


def test_values_that_may_not_be_shown_are_left_out_and_counts_stay(make_suite: Any, worker: WorkerProcess) -> None:
    form = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"], "include_unexpected_rows": True}
    run = dq_engine.check(TABLE, make_suite(IN_SET), worker=worker, result_format=form)
    (result,) = run.to_gx(form)["results"]
    assert set(result["result"]) == COUNTS | MISSING | {"unexpected_index_column_names", "unexpected_index_query"}
    assert result["result"]["unexpected_count"] == 3
    identifying = make_suite(IN_SET, columns={"code": {"sensitivity": "identifying"}, "id": {}, "n": {}})
    run = dq_engine.check(TABLE, identifying, worker=worker, result_format=form, show_values=True)
    assert "B2" not in json.dumps(run.to_gx(form))


def test_column_by_which_rows_are_to_be_named_is_not_there(make_suite: Any, worker: WorkerProcess) -> None:
    form = {"result_format": "COMPLETE", "unexpected_index_column_names": ["ID_"]}
    run = dq_engine.check(TABLE, make_suite(IN_SET), worker=worker, result_format=form, show_values=True)
    assert (
        run.outcomes[0].examples_note == 'failing rows could not be listed: the extract has no column "ID_"; did you mean "id"?'
    )
    assert run.to_gx(form)["results"][0]["result"]["unexpected_count"] == 3


def test_column_called_as_a_place_leaves_no_room_for_places(make_suite: Any, worker: WorkerProcess) -> None:
    table = TABLE.append_column("File_Row_Number", pa.array([1, 2, 3, 4, 5]))
    run = dq_engine.check(table, make_suite(IN_SET), worker=worker, result_format="COMPLETE", show_values=True)
    assert "the order of its rows cannot be read" in run.outcomes[0].examples_note
    assert run.outcomes[0].unexpected_count == 3


def test_format_that_there_is_not_is_refused(make_suite: Any, worker: WorkerProcess) -> None:
    with pytest.raises(UsageError, match='expected one of BOOLEAN_ONLY, BASIC, SUMMARY, COMPLETE; got "ALL"'):
        dq_engine.check(TABLE, make_suite(IN_SET), worker=worker, result_format="ALL")
    with pytest.raises(UsageError, match="unexpected_count"):
        dq_engine.check(TABLE, make_suite(IN_SET), worker=worker, result_format={"unexpected_count": 3})


def test_command_writes_a_result_for_great_expectations(tmp_path: Path, make_suite: Any) -> None:
    pq.write_table(TABLE, tmp_path / "t.parquet")
    (tmp_path / "s.json").write_text(json.dumps(make_suite(IN_SET)))
    base = ["check", "t.parquet", "--suite", "s.json", "--no-results", "--quiet", "--format", "gx"]
    summary = json.loads(dq_here(tmp_path, *base).stdout)
    assert set(summary["results"][0]["result"]) == COUNTS | MISSING
    complete = json.loads(dq_here(tmp_path, *base, "--result-format", "COMPLETE", "--show-values").stdout)
    assert complete["results"][0]["result"]["unexpected_list"] == ["B2", "C3", "B2"]
    refused = dq_here(tmp_path, "check", "t.parquet", "--suite", "s.json", "--result-format", "BASIC")
    assert refused.returncode == 2
    assert "it needs --format gx" in refused.stderr


@pytest.fixture(scope="module")
def runs(make_suite: Any, worker: WorkerProcess) -> dict[str, Run]:
    """A run of one example of each expectation that needs no other extract, with all that a result can hold."""
    cases = {name: [case for case in cls.examples if not case.others] for name, cls in CATALOG.items()}
    options = {"worker": worker, "result_format": "COMPLETE", "show_values": True}
    return {
        name: dq_engine.check(table_of(found[-1]), make_suite((name, found[-1].arguments)), **options)
        for name, found in cases.items()
        if found
    }


@pytest.mark.parametrize("form", ["BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"])
def test_result_of_each_format_loads_and_renders_in_great_expectations(form: str, runs: dict[str, Run]) -> None:
    ours = pytest.importorskip("dq_engine.gx", reason="great_expectations is not installed: it is an extra (dq-engine[gx])")
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    ours.register()
    documents = {name: run.to_gx(form) for name, run in runs.items() if (name, form) != NOT_RENDERED}
    whole = {**documents["expect_column_to_exist"], "results": [one["results"][0] for one in documents.values()]}
    for result in whole["results"]:
        result["expectation_config"].pop("id", None)
    whole = json.loads(json.dumps(whole))
    loaded = expectationSuiteValidationResultSchema.load(whole)
    again = json.loads(json.dumps(loaded.to_json_dict(), default=str))
    assert [result["result"] for result in again["results"]] == [result["result"] for result in whole["results"]]
    page = DefaultJinjaPageView().render(ValidationResultsPageRenderer(run_info_at_end=True).render(loaded))
    assert page.count("<tr") > len(documents) > 75
