"""The Python API: what it accepts, what it refuses and how, and that its results travel."""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import DqError, Run, StoreError, SuiteError, UsageError, WorkerProcess
from dq_engine.store import decode, encode

DATA: dict[str, list[Any]] = {
    "practice": ["A81001", "A81002", "B82001", None, "b82001", "B82001"],
    "patients": [1200, 0, 3400, 560, -1, 3400],
    "share": [0.5, 0.25, None, 0.75, 1.5, 0.125],
    "open": [True, True, False, True, None, False],
    "from": [dt.date(2024, month, 1) for month in range(1, 7)],
}
TABLE = pa.table(DATA)
RULES = [
    ("expect_table_row_count_to_equal", {"value": 6}),
    ("expect_table_columns_to_match_ordered_list", {"column_list": list(DATA)}),
    ("expect_column_values_to_not_be_null", {"column": "practice"}),
    ("expect_column_values_to_match_regex", {"column": "practice", "regex": r"^[A-Z]\d{5}$"}),
    ("expect_column_values_to_be_unique", {"column": "practice"}),
    ("expect_column_values_to_be_between", {"column": "patients", "min_value": 0}),
    ("expect_column_values_to_be_in_set", {"column": "open", "value_set": [True]}),
    ("expect_column_values_to_be_of_type", {"column": "from", "type_": "DATE"}),
    ("expect_column_max_to_be_between", {"column": "from", "max_value": "2024-05-31"}),
    ("expect_column_mean_to_be_between", {"column": "share", "min_value": 0.5, "max_value": 0.75}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch} WHERE patients = 0"}),
]
STATUSES = ["pass", "pass", "fail", "fail", "fail", "fail", "fail", "pass", "fail", "pass", "fail"]


def as_file(folder: Path) -> Path:
    pq.write_table(TABLE, folder / "lists.parquet")
    return folder / "lists.parquet"


def as_files(folder: Path) -> list[str]:
    paths = []
    for start in (0, 2, 4):
        paths.append(str(folder / f"lists_{start}.parquet"))
        pq.write_table(TABLE.slice(start, 2), paths[-1])
    return paths


def as_glob(folder: Path) -> str:
    as_files(folder)
    return str(folder / "lists_*.parquet")


def as_folder(folder: Path) -> Path:
    as_files(folder)
    return folder


SOURCES: dict[str, Callable[[Path], Any]] = {
    "path": as_file,
    "path as text": lambda folder: str(as_file(folder)),
    "several paths": as_files,
    "glob": as_glob,
    "folder": as_folder,
    "pandas": lambda folder: TABLE.to_pandas(),
    "pandas with Arrow types": lambda folder: TABLE.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas with an index of its own": lambda folder: TABLE.to_pandas().set_index(pd.Index(range(10, 16), name="row")),
    "polars": lambda folder: pl.from_arrow(TABLE),
    "pyarrow": lambda folder: TABLE,
    "pyarrow in chunks": lambda folder: pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]),
}


def found(run: Run) -> list[Any]:
    """What each check found, but for the name of the extract."""
    return [msgspec.structs.replace(outcome, extract="") for outcome in run.outcomes]


@pytest.fixture(scope="module")
def expected(make_suite: Any, worker: WorkerProcess) -> list[Any]:
    run = dq_engine.check(TABLE, make_suite(*RULES), worker=worker, show_values=True)
    assert [outcome.status for outcome in run.outcomes] == STATUSES
    return found(run)


def test_public_names_are_these_and_all_can_be_had() -> None:
    assert dq_engine.__all__ == [
        "DqError",
        "Example",
        "Explanation",
        "ExtractRun",
        "InstrumentError",
        "Measure",
        "Outcome",
        "Rating",
        "Run",
        "Scores",
        "StoreError",
        "Suite",
        "SuiteError",
        "UsageError",
        "WorkerProcess",
        "__version__",
        "check",
        "explain_rating",
        "load_suite",
        "score",
    ]
    assert dir(dq_engine) == dq_engine.__all__
    assert all(getattr(dq_engine, name).__doc__ for name in dq_engine.__all__ if name != "__version__")
    with pytest.raises(AttributeError, match="chekc"):
        dq_engine.chekc  # noqa: B018


@pytest.mark.parametrize("kind", SOURCES)
def test_outcomes_are_the_same_whatever_holds_the_table(
    kind: str, tmp_path: Path, expected: list[Any], make_suite: Any, worker: WorkerProcess
) -> None:
    run = dq_engine.check(SOURCES[kind](tmp_path), make_suite(*RULES), worker=worker, show_values=True)
    assert found(run) == expected
    assert run.extracts[0].rows == 6


def test_a_worker_is_started_where_none_is_given(make_suite: Any, expected: list[Any]) -> None:
    assert found(dq_engine.check(TABLE, make_suite(*RULES), show_values=True)) == expected


@pytest.mark.parametrize("form", ["dict", "path", "text", "suite"])
def test_suite_may_be_a_dict_a_path_or_a_loaded_suite(
    form: str, tmp_path: Path, expected: list[Any], make_suite: Any, worker: WorkerProcess
) -> None:
    raw, path = make_suite(*RULES), tmp_path / "suite.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    suite = {"dict": raw, "path": path, "text": str(path), "suite": dq_engine.load_suite(raw)}[form]
    outcomes = found(dq_engine.check(TABLE, suite, worker=worker, show_values=True))
    assert all((outcome.at is not None) == (form in ("path", "text")) for outcome in outcomes), "only a file has places"
    assert [msgspec.structs.replace(outcome, at=None) for outcome in outcomes] == expected


@pytest.mark.parametrize("kind", ["path", "folder", "pyarrow"])
def test_extract_is_called_by_the_name_given_or_by_its_file_or_feed(
    kind: str, tmp_path: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    source, suite = SOURCES[kind](tmp_path), make_suite(*RULES)
    named = dq_engine.check(source, suite, name="March", worker=worker)
    assert {outcome.extract for outcome in named.outcomes} == {"March"}
    own = {"path": "lists", "folder": tmp_path.name, "pyarrow": "tests"}[kind]
    assert dq_engine.check(source, suite, worker=worker).extracts[0].name == own


def test_values_are_shown_only_on_request(make_suite: Any, worker: WorkerProcess) -> None:
    rule = ("expect_column_values_to_match_regex", {"column": "practice", "regex": "^[A-Z]"})
    hidden, shown = (dq_engine.check(TABLE, make_suite(rule), worker=worker, show_values=show) for show in (False, True))
    assert [(example.shape, example.value) for example in hidden.outcomes[0].examples] == [("a99999", None)]
    assert [(example.shape, json.loads(example.value)) for example in shown.outcomes[0].examples] == [("a99999", "b82001")]
    assert "b82001" not in encode(hidden).decode()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param(42, ["int", "path", "pandas"], id="number"),
        pytest.param(None, ["NoneType", "path"], id="nothing"),
        pytest.param([], ["list", "path"], id="no paths"),
        pytest.param([TABLE], ["list", "path"], id="list of tables"),
        pytest.param({"a": [1]}, ["dict", "path"], id="dict"),
    ],
)
def test_source_of_another_kind_is_refused_with_the_kinds_that_are_accepted(
    source: Any, words: list[str], make_suite: Any, worker: WorkerProcess
) -> None:
    with pytest.raises(UsageError) as refused:
        dq_engine.check(source, make_suite(*RULES), worker=worker)
    assert all(word in str(refused.value) for word in words)


def test_path_that_is_not_there_is_refused_with_the_nearest_name(tmp_path: Path, make_suite: Any, worker: WorkerProcess) -> None:
    as_file(tmp_path)
    with pytest.raises(UsageError, match=r"list\.parquet: no such file or folder.*lists\.parquet"):
        dq_engine.check(tmp_path / "list.parquet", make_suite(*RULES), worker=worker)


def test_folder_and_glob_without_files_are_refused(tmp_path: Path, make_suite: Any, worker: WorkerProcess) -> None:
    with pytest.raises(UsageError, match="holds no Parquet file"):
        dq_engine.check(tmp_path, make_suite(*RULES), worker=worker)
    with pytest.raises(UsageError, match="no file matches"):
        dq_engine.check(str(tmp_path / "*.parquet"), make_suite(*RULES), worker=worker)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(pd.DataFrame({"a": [1, "x", None]}), id="column of mixed types"),
        pytest.param(pd.DataFrame({"a": [object()]}), id="column of objects"),
        pytest.param(pd.DataFrame({"a": [1 + 2j]}), id="complex numbers"),
    ],
)
def test_frame_that_parquet_cannot_hold_is_refused(frame: pd.DataFrame, make_suite: Any, worker: WorkerProcess) -> None:
    with pytest.raises(UsageError, match="cannot be written as Parquet"):
        dq_engine.check(frame, make_suite(*RULES), worker=worker)


def test_suite_with_faults_is_refused_with_all_of_them(worker: WorkerProcess) -> None:
    entries = [
        {"type": "expect_column_to_exit", "kwargs": {"column": "a"}},
        {"type": "expect_column_to_exist", "kwargs": {"colunm": "a"}},
    ]
    with pytest.raises(SuiteError) as refused:
        dq_engine.check(TABLE, {"name": "", "expectations": entries}, worker=worker)
    assert [problem.path for problem in refused.value.problems] == [
        "$.name",
        "$.expectations[0].type",
        "$.expectations[1].kwargs.colunm",
        "$.expectations[1].kwargs.column",
    ]
    assert 'did you mean "expect_column_to_exist"?' in str(refused.value)


def test_suite_that_is_not_there_is_refused(tmp_path: Path, worker: WorkerProcess) -> None:
    with pytest.raises(UsageError, match=r"suite\.json"):
        dq_engine.check(TABLE, tmp_path / "suite.json", worker=worker)


def test_bad_data_does_not_raise(tmp_path: Path, make_suite: Any, worker: WorkerProcess) -> None:
    path = tmp_path / "lists.parquet"
    path.write_bytes(b"this is no Parquet file")
    run = dq_engine.check(path, make_suite(*RULES), worker=worker)
    assert {outcome.status for outcome in run.outcomes} == {"error"}
    assert not run.success
    assert run.exit_code == 3


@pytest.mark.parametrize("options", [{"select": ["colum:a"]}, {"fail_on": "fatal"}], ids=str)
def test_option_that_means_nothing_is_refused(options: dict[str, Any], make_suite: Any, worker: WorkerProcess) -> None:
    with pytest.raises(UsageError):
        dq_engine.check(TABLE, make_suite(*RULES), worker=worker, **options)


def test_errors_are_of_one_family_with_exit_codes() -> None:
    assert {error: error.exit_code for error in (UsageError, SuiteError, StoreError)} == {
        UsageError: 2,
        SuiteError: 2,
        StoreError: 3,
    }
    assert all(issubclass(error, DqError) for error in (UsageError, SuiteError, StoreError))


# --------------------------------------------------------------------------------------------------------- travelling


@pytest.fixture(scope="module")
def run(make_suite: Any, worker: WorkerProcess) -> Run:
    """A run with every status."""
    rules = [
        *RULES,
        ("expect_column_values_to_not_be_null", {"column": "absent"}),
        ("expect_column_values_to_be_null", {"column": "share"}),
        ("expect_column_distinct_values_to_equal_set", {"column": "practice", "value_set": ["A81001", "C83001"]}),
        (
            "expect_column_values_to_not_be_null",
            {
                "column": "share",
                "row_condition": {"type": "comparison", "column": {"name": "patients"}, "operator": ">", "parameter": 9999},
            },
        ),
    ]
    suite = make_suite(
        *rules,
        organisation_column="practice",
        period_column="from",
        register={"code": "practice"},
        columns={"practice": {"sensitivity": "public"}},
    )
    suite["expectations"][0] |= {
        "notes": ["counted", "by hand"],
        "severity": "info",
        "meta": {"owner": "IM&T", "dq": {"weight": 2}},
    }
    run = dq_engine.check(TABLE, suite, worker=worker, ignore=["id:1"])
    assert {outcome.status for outcome in run.outcomes} == {"pass", "fail", "error", "vacuous", "skipped"}
    return run


def test_run_comes_back_from_json_as_it_was_but_for_what_its_parquet_files_hold(run: Run) -> None:
    back = decode(encode(run), "run.json")
    assert back == msgspec.structs.replace(run, measures=(), fields=(), organisations=())
    assert run.measures
    assert run.fields
    assert run.organisations
    assert encode(back) == encode(run)


def test_text_that_is_no_run_is_refused_with_its_origin(run: Run) -> None:
    for text in (b"", b"{}", b"[]", encode(run)[:100], encode(run).replace(b'"status": "pass"', b'"status": "green"')):
        with pytest.raises(StoreError, match=r"^somewhere/run\.json: "):
            decode(text, "somewhere/run.json")


def test_result_for_great_expectations_counts_as_it_does(run: Run) -> None:
    document = run.to_gx()
    assert json.loads(json.dumps(document)) == document
    evaluated = [outcome for outcome in run.outcomes if outcome.status != "skipped"]
    assert [result["expectation_config"]["type"] for result in document["results"]] == [
        outcome.expectation for outcome in evaluated
    ]
    assert document["statistics"]["evaluated_expectations"] == len(evaluated)
    for outcome, result in zip(evaluated, document["results"], strict=True):
        assert result["success"] == (outcome.status in ("pass", "vacuous"))
        assert result["exception_info"]["raised_exception"] == (outcome.status == "error")
    assert document["success"] is False


@pytest.mark.parametrize("ids", ["UUIDs", "ids of the author's own"])
def test_result_loads_in_great_expectations(ids: str, make_suite: Any, worker: WorkerProcess) -> None:
    reason = "great_expectations is not installed: it is an extra (dq-engine[gx])"
    pytest.importorskip("great_expectations", reason=reason)
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema

    suite = make_suite(*RULES)
    if ids == "UUIDs":
        for entry in suite["expectations"]:
            entry["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, entry["id"]))
    document = dq_engine.check(TABLE, suite, worker=worker, show_values=True).to_gx()
    loaded = expectationSuiteValidationResultSchema.load(document)
    assert (loaded.success, loaded.suite_name) == (False, "tests")
    again = json.loads(json.dumps(loaded.to_json_dict(), default=str))
    assert again["statistics"] == document["statistics"]
    for key in ("success", "result", "exception_info"):
        assert [result[key] for result in again["results"]] == [result[key] for result in document["results"]]
