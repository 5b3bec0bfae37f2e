"""The data source ``dq_duckdb``: as Great Expectations' own, with the same answers, and with expectations that are ours."""

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

import dq_engine.gx  # noqa: F401  it registers the data source
from tests.gx.conftest import PATIENTS, gx, quiet

from great_expectations.datasource.fluent.interfaces import TestConnectionError as NoConnection  # isort: skip

pytestmark = [
    pytest.mark.filterwarnings("ignore:This pattern is interpreted as a regular expression:UserWarning"),
    pytest.mark.filterwarnings("ignore:The condition_parser parameter is deprecated:DeprecationWarning"),
]
RULES: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "nhs_number"}},
    {"type": "expect_column_values_to_be_null", "kwargs": {"column": "weight", "mostly": 0.2}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "practice", "regex": "^([A-Z][0-9]{5}|Dr .*)$"}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "practice", "regex": "^[A-Z][0-9]{5}$"}},
    {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "nhs_number", "value": 10}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "nhs_number"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "weight", "min_value": 10, "max_value": 300}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "min_value": 0, "max_value": 120}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "PRACTICE", "value_set": ["A81001", "A81002"]}},
    {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {
            "column": "age",
            "row_condition": {"type": "comparison", "column": {"name": "practice"}, "operator": "!=", "parameter": "A81002"},
        },
    },
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "weight", "min_value": 60, "max_value": 80}},
    {"type": "expect_column_stdev_to_be_between", "kwargs": {"column": "age", "max_value": 10}},
    {"type": "expect_column_max_to_be_between", "kwargs": {"column": "nhs_number", "min_value": 0}},
    {"type": "expect_column_most_common_value_to_be_in_set", "kwargs": {"column": "practice", "value_set": ["A81001"]}},
    {"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": {"column_A": "age", "column_B": "weight"}},
    {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["nhs_number", "practice"]}},
    {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "age", "type_": "float64"}},
    {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "born", "type_": "date"}},
    {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 5}},
    {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": PATIENTS.column_names}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "gone"}},
]
OURS = [
    {"type": "expect_column_values_to_be_valid_nhs_number", "kwargs": {"column": "nhs_number"}},
    {"type": "expect_column_values_to_be_valid_ods_code", "kwargs": {"column": "practice", "kind": "practice"}},
    {"type": "expect_column_values_to_be_valid_nhs_number", "kwargs": {"column": "gone"}},
]
FORMATS: list[Any] = [
    "BOOLEAN_ONLY",
    "SUMMARY",
    "COMPLETE",
    {"result_format": "COMPLETE", "unexpected_index_column_names": ["practice"], "include_unexpected_rows": True},
    {"result_format": "SUMMARY", "exclude_unexpected_values": True, "return_unexpected_index_query": False},
]


def suite_of(rules: list[dict[str, Any]], name: str = "patients") -> Any:
    return gx.ExpectationSuite(name=name, expectations=[dict(rule) for rule in rules])


def answers(batch: Any, suite: Any, result_format: Any) -> list[str]:
    """The results, one text each, without the name of the batch (or a hash of it) and where in the code an error was raised."""
    results = batch.validate(suite, result_format=result_format).results
    texts = [json.dumps(one.to_json_dict(), default=str, sort_keys=True).replace(batch.id, "batch") for one in results]
    return sorted(re.sub(r'"exception_traceback": "(?:[^"\\]|\\.)*"|domain_kwargs_id=\'[0-9a-f]*', "", text) for text in texts)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A path, and its batch definitions in a data source of Great Expectations' own and in ours."""
    path = tmp_path_factory.mktemp("both") / "table.parquet"
    pq.write_table(PATIENTS, path)
    context = quiet(gx.get_context(mode="ephemeral"))
    theirs = context.data_sources.add_pandas("theirs").add_parquet_asset("table", path=path)
    mine = context.data_sources.add_dq_duckdb("mine").add_parquet_asset("table", path)
    return path, theirs.add_batch_definition_whole_dataframe("all"), mine.add_batch_definition_whole_table("all")


@pytest.mark.parametrize("result_format", FORMATS, ids=str)
def test_answers_are_those_of_great_expectations(both: Any, result_format: Any) -> None:
    path, theirs, mine = both
    pq.write_table(PATIENTS, path)
    suite = suite_of(RULES)
    expected = answers(theirs.get_batch(), suite, result_format)
    assert answers(mine.get_batch(), suite, result_format) == expected
    assert len(expected) == len(RULES)


TEXTS = st.one_of(st.sampled_from(["A1", "a1", "", " ", "é", "1\n", "ÅÄÖ", "42", "NaN"]), st.text(max_size=3))
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([2**31 - 1, -(2**31)]))
LARGE = st.one_of(NUMBERS, st.sampled_from([2**53 + 1, 2**53, 2**63 - 1]))
DOUBLES = st.one_of(st.sampled_from([0.0, -0.0, 0.1, 2.5, float("nan"), float("inf"), float("-inf")]), st.floats(width=32))
COLUMNS = {
    "text": (pa.string(), TEXTS),
    "word": (pa.string(), TEXTS),
    "small": (pa.int32(), NUMBERS),
    "large": (pa.int64(), LARGE),
    "double": (pa.float64(), DOUBLES),
    "flag": (pa.bool_(), st.booleans()),
    "day": (pa.date32(), st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 5))),
}
NAMES = st.sampled_from(list(COLUMNS))
PATTERNS = st.sampled_from(
    ["^A", "1$", r"\d", r"^\w*$", "[^a-z]", "", "é|Å", r"\s", ".", r"^(A|B)?1", "[[:alpha:]]", "a++", "(?i)a"]
)
BOUNDS = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([0.1, 2.5, 2**53 + 1]))


def rules() -> st.SearchStrategy[dict[str, Any]]:
    column, values = {"column": NAMES}, st.lists(st.one_of(TEXTS, NUMBERS, DOUBLES), min_size=1, max_size=4)
    bounds = {"min_value": BOUNDS, "max_value": BOUNDS, "strict_min": st.booleans(), "strict_max": st.booleans()}
    lengths = {"min_value": st.integers(0, 2), "max_value": st.integers(1, 3), "strict_max": st.booleans()}
    pair = {"column_A": NAMES, "column_B": NAMES, "ignore_row_if": st.sampled_from(["both_values_are_missing", "neither"])}
    lists = {"regex_list": st.lists(PATTERNS, min_size=1, max_size=2)}
    known: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "expect_column_values_to_not_be_null": column,
        "expect_column_values_to_be_null": column,
        "expect_column_values_to_be_in_set": {**column, "value_set": values},
        "expect_column_values_to_not_be_in_set": {**column, "value_set": values},
        "expect_column_values_to_be_between": {**column, **bounds},
        "expect_column_value_lengths_to_equal": {**column, "value": st.integers(0, 3)},
        "expect_column_value_lengths_to_be_between": {**column, **lengths},
        "expect_column_values_to_match_regex": {**column, "regex": PATTERNS},
        "expect_column_values_to_not_match_regex": {**column, "regex": PATTERNS},
        "expect_column_values_to_match_regex_list": {**column, **lists},
        "expect_column_values_to_not_match_regex_list": {**column, **lists},
        "expect_column_values_to_be_unique": column,
        "expect_column_pair_values_to_be_equal": pair,
        "expect_column_pair_values_a_to_be_greater_than_b": {**pair, "or_equal": st.booleans()},
        "expect_compound_columns_to_be_unique": {"column_list": st.lists(NAMES, min_size=2, max_size=3, unique=True)},
        "expect_column_sum_to_be_between": {**column, "min_value": st.integers(0, 3)},
        "expect_column_stdev_to_be_between": {**column, "min_value": st.integers(0, 1)},
    }
    return st.one_of(
        [st.fixed_dictionaries({"type": st.just(name), "kwargs": st.fixed_dictionaries(of)}) for name, of in known.items()]
    )


def taken(rule: dict[str, Any]) -> bool:
    """Whether Great Expectations takes the rule at all."""
    try:
        suite_of([rule])
    except Exception:
        return False
    return True


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows, clean = draw(st.integers(0, 4)), draw(st.booleans())
    columns = {}
    for name, (kind, values) in COLUMNS.items():
        listed = st.lists(values if clean else st.none() | values, min_size=rows, max_size=rows)
        columns[name] = pa.array(draw(listed), kind, from_pandas=False)
    return pa.table(columns)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    table=tables(),
    drawn=st.lists(rules().filter(taken), min_size=4, max_size=8),
    result_format=st.sampled_from(["SUMMARY", "COMPLETE"]),
)
def test_drawn_tables_and_rules_have_the_answers_of_great_expectations(
    both: Any, table: pa.Table, drawn: list[dict[str, Any]], result_format: str
) -> None:
    path, theirs, mine = both
    pq.write_table(table, path)
    suite = suite_of(drawn)
    assert answers(mine.get_batch(), suite, result_format) == answers(theirs.get_batch(), suite, result_format)


def test_expectations_that_are_ours_are_judged_and_errors_stay_their_own(ephemeral: Any, extract: Path) -> None:
    asset = ephemeral.data_sources.add_dq_duckdb("extracts").add_parquet_asset("patients", extract)
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    numbers, codes, gone = batch.validate(suite_of(OURS), result_format="COMPLETE").results
    found = {one.expectation_config.kwargs["column"]: one for one in (numbers, codes, gone)}
    assert found["nhs_number"].result["unexpected_list"] == ["1234567890"], "result_format says what is shown"
    assert (found["practice"].success, found["practice"].result["unexpected_count"]) == (False, 1)
    assert 'the extract has no column "gone"' in found["gone"].exception_info["exception_message"]


def test_other_data_sources_say_where_our_expectations_are_judged(ephemeral: Any) -> None:
    asset = ephemeral.data_sources.add_pandas("frames").add_dataframe_asset("patients")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": PATIENTS.to_pandas()})
    [result] = batch.validate(suite_of(OURS[:1])).results
    assert "use dq_engine.gx.run_suite, or a data source of the type dq_duckdb" in str(result.exception_info)


def test_asset_may_be_several_files_that_are_one_table(ephemeral: Any, tmp_path: Path) -> None:
    for place in range(3):
        pq.write_table(PATIENTS.slice(place, 1), tmp_path / f"part-{place}.parquet")
    asset = ephemeral.data_sources.add_dq_duckdb("extracts").add_parquet_asset("patients", tmp_path / "*.parquet")
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    rules = [
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}},
    ]
    count, ages = batch.validate(suite_of(rules), result_format="COMPLETE").results
    assert count.success
    assert ages.result["unexpected_index_list"] == [2], "rows are numbered over all files"


def test_what_is_not_there_or_not_whole_is_refused(ephemeral: Any, extract: Path, tmp_path: Path) -> None:
    source = ephemeral.data_sources.add_dq_duckdb("extracts")
    with pytest.raises(NoConnection, match=r"nothing\.parquet"):
        source.add_parquet_asset("patients", tmp_path / "nothing.parquet")
    definition = source.add_parquet_asset("patients", extract).add_batch_definition_whole_table("all")
    with pytest.raises(Exception, match="an asset of dq_duckdb is checked whole"):
        definition.get_batch({"month": "2026-01"})


def test_project_with_the_data_source_runs_in_a_new_process(project: Any, extract: Path) -> None:
    asset = project.data_sources.add_dq_duckdb("extracts").add_parquet_asset("patients", extract)
    suite = project.suites.add(suite_of([*RULES[:4], *OURS[:2]]))
    data = asset.add_batch_definition_whole_table("all")
    definition = project.validation_definitions.add(gx.ValidationDefinition(name="all", data=data, suite=suite))
    actions = [gx.checkpoint.UpdateDataDocsAction(name="docs")]
    project.checkpoints.add(gx.Checkpoint(name="nightly", validation_definitions=[definition], actions=actions))
    root = Path(project.root_directory).parent
    program = (
        "import dq_engine.gx, great_expectations as gx\n"
        f"result = gx.get_context(mode='file', project_root_dir={str(root)!r}).checkpoints.get('nightly').run()\n"
        "[found] = result.run_results.values()\n"
        "print('evaluated', found.statistics['evaluated_expectations'], found.statistics['successful_expectations'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=300)
    assert "evaluated 6 2" in done.stdout, done.stderr
    pages = list(root.glob("gx/uncommitted/data_docs/local_site/validations/**/*.html"))
    assert len(pages) == 1 and "NHS number with a right check digit" in pages[0].read_text(encoding="utf-8")
