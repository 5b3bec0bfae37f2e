"""Great Expectations' types that SQL says: LIKE, pairs and several columns, tables, types by name, and queries that are compared."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import Outcome, SuiteError, WorkerProcess
from tests.command import dq_here


def outcome(worker: WorkerProcess, table: Any, name: str, others: Any = None, **kwargs: Any) -> Outcome:
    suite = {"name": "tests", "expectations": [{"type": name, "kwargs": kwargs}]}
    data = table if isinstance(table, pa.Table) else pa.table(table)
    (found,) = dq_engine.check(data, suite, others=others, worker=worker).outcomes
    return found


def faults(name: str, **kwargs: Any) -> str:
    with pytest.raises(SuiteError) as caught:
        dq_engine.load_suite({"name": "tests", "expectations": [{"type": name, "kwargs": kwargs}]})
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------------------ LIKE


@pytest.mark.parametrize(
    ("value", "pattern", "escape", "matches"),
    [
        ("A81001", "A_____", None, True),
        ("A81001", "A81", None, False),
        ("a81001", "A%", None, False),
        ("", "%", None, True),
        ("", "_", None, False),
        ("two\nlines", "two%lines", None, True),
        ("日本", "__", None, True),
        ("é", "_", None, True),
        ("O'Neill", "O'%", None, True),
        ("a\\b", "a\\b", None, True),
        ("a_b", "a\\_b", None, False),
        ("a_b", "a\\_b", "\\", True),
        ("axb", "a\\_b", "\\", False),
        ("a\\xb", "a\\\\_b", "\\", True),
        ("a\\_b", "a\\!_b", "!", True),
        ("100%", "100!%", "!", True),
        ("1000", "100!%", "!", False),
        ("ab", "a!b", "!", True),
        ("a!b", "a!!b", "!", True),
        ("50%", "50%%", "%", True),
        ("a_b", "aé_b", "é", True),
        ("axb", "aé_b", "é", False),
        ("x\0y", "x\0%", None, True),
    ],
)
def test_like_means_what_sql_means(worker: WorkerProcess, value: str, pattern: str, escape: str | None, matches: bool) -> None:
    table = {"t": [value, None]}
    positive = outcome(
        worker, table, "expect_column_values_to_match_like_pattern", column="t", like_pattern=pattern, escape=escape
    )
    negative = outcome(
        worker,
        table,
        "expect_column_values_to_not_match_like_pattern_list",
        column="t",
        like_pattern_list=[pattern],
        escape=escape,
    )
    assert (positive.unexpected_count, positive.denominator) == (0 if matches else 1, 1)
    assert negative.unexpected_count == (1 if matches else 0)


def test_like_reads_values_that_are_not_text_as_text(worker: WorkerProcess) -> None:
    table = {"n": [101, 202], "d": [dt.date(2024, 3, 31), dt.date(2023, 3, 31)]}
    for column, pattern in (("n", "1%"), ("d", "2024-%")):
        found = outcome(worker, table, "expect_column_values_to_match_like_pattern", column=column, like_pattern=pattern)
        assert found.unexpected_count == 1


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"like_pattern_list": ["a%", "b!"], "escape": "!"}, "like_pattern_list[1]: 'b!' ends with the escape character"),
        ({"like_pattern_list": ["a%"], "escape": "!!"}, "escape: expected one character"),
        ({"like_pattern_list": ["a%"], "escape": ""}, "escape: expected one character"),
        ({"like_pattern_list": []}, "like_pattern_list: "),
        ({"like_pattern_list": ["a%"], "match_on": "none"}, "match_on: "),
    ],
)
def test_like_patterns_that_cannot_be_meant_are_told_when_the_suite_is_read(kwargs: dict[str, Any], said: str) -> None:
    assert said in faults("expect_column_values_to_match_like_pattern_list", column="t", **kwargs)


# ---------------------------------------------------------------------------------------------------- pairs and several


@pytest.mark.parametrize("more", [0, 40], ids=["few pairs", "many pairs"])
@pytest.mark.parametrize(
    ("ignore", "unexpected", "judged"),
    [("both_values_are_missing", 3, 5), ("either_value_is_missing", 1, 3), ("neither", 4, 6)],
)
def test_pairs_compare_by_type_and_null_matches_null(
    worker: WorkerProcess, more: int, ignore: str, unexpected: int, judged: int
) -> None:
    table = {"a": [1, 1, 2, None, 3, None], "b": ["x", "y", "x", "x", None, None]}
    pairs = [[1.0, "x"], [2, "x"], [1, None], ["3", "x"], *([n, str(n)] for n in range(100, 100 + more))]
    name = "expect_column_pair_values_to_be_in_set"
    found = outcome(worker, table, name, column_A="a", column_B="b", value_pairs_set=pairs, ignore_row_if=ignore)
    assert (found.unexpected_count, found.denominator) == (unexpected, judged)
    allowed = [*pairs, [3, None], [None, "x"], [None, None], [1, "y"]]
    found = outcome(worker, table, name, column_A="a", column_B="b", value_pairs_set=allowed, ignore_row_if=ignore)
    assert (found.status, found.unexpected_count) == ("pass", 0)


def test_pairs_of_dates_and_a_condition_on_rows(worker: WorkerProcess) -> None:
    table = {"opened": [dt.date(2024, 4, 1), dt.date(2020, 1, 1)], "open": [True, False]}
    kwargs: dict[str, Any] = {"column_A": "opened", "column_B": "open", "value_pairs_set": [["2024-04-01", True]]}
    assert outcome(worker, table, "expect_column_pair_values_to_be_in_set", **kwargs).unexpected_count == 1
    kwargs["row_condition"] = {"type": "comparison", "column": {"name": "open"}, "operator": "==", "parameter": True}
    assert outcome(worker, table, "expect_column_pair_values_to_be_in_set", **kwargs).status == "pass"


def test_columns_of_unlike_types_never_have_the_same_value_but_can_both_be_missing(worker: WorkerProcess) -> None:
    table = {"n": [1, 2, None, None], "t": ["1", "x", None, "y"]}
    name = "expect_select_column_values_to_be_unique_within_record"
    assert outcome(worker, table, name, column_list=["n", "t"]).status == "pass"
    assert outcome(worker, table, name, column_list=["n", "t"], ignore_row_if="never").unexpected_count == 1
    assert "cannot be compared" in outcome(worker, table, "expect_multicolumn_values_to_be_equal", column_list=["n", "t"]).message


def test_numbers_and_moments_of_different_types_are_compared_within_a_row(worker: WorkerProcess) -> None:
    table = {
        "i": [1, 2],
        "f": [1.0, 2.5],
        "d": pa.array([Decimal("1.0"), Decimal("2.5")]),
        "day": [dt.date(2024, 3, 31)] * 2,
        "moment": [dt.datetime(2024, 3, 31), dt.datetime(2024, 3, 31, 12)],
    }
    for columns in (["i", "f", "d"], ["day", "moment"]):
        assert outcome(worker, table, "expect_multicolumn_values_to_be_equal", column_list=columns).unexpected_count == 1
    name = "expect_select_column_values_to_be_unique_within_record"
    assert outcome(worker, table, name, column_list=["i", "f", "d"]).unexpected_count == 2
    assert outcome(worker, table, name, column_list=["day", "moment"]).unexpected_count == 1


def test_rows_to_ignore_are_one_of_the_three_kinds() -> None:
    name = "expect_select_column_values_to_be_unique_within_record"
    assert "ignore_row_if: " in faults(name, column_list=["a", "b"], ignore_row_if="both_values_are_missing")


# ---------------------------------------------------------------------------------------------------------------- tables


@pytest.mark.parametrize("name", ["practices", "GP list/2024 (old)", "public.practices", "Ünïcode"])
def test_other_table_can_be_called_anything(worker: WorkerProcess, name: str) -> None:
    table, others = {"x": [1, 2, 3]}, {name: pa.table({"y": [1, 2]})}
    kwargs: dict[str, Any] = {"others": others, "other_table_name": name}
    found = outcome(worker, table, "expect_table_row_count_to_equal_other_table", **kwargs)
    assert (found.status, found.details) == ("fail", {"self": 3, "other": 2})
    condition = {"type": "comparison", "column": {"name": "x"}, "operator": "<", "parameter": 3}
    found = outcome(worker, table, "expect_table_row_count_to_equal_other_table", row_condition=condition, **kwargs)
    assert (found.status, found.details) == ("pass", {"self": 2, "other": 2})


def test_other_table_that_is_not_there_is_an_error_that_says_what_to_do(worker: WorkerProcess) -> None:
    found = outcome(worker, {"x": [1]}, "expect_table_row_count_to_equal_other_table", other_table_name="main table")
    assert found.status == "error"
    assert '"main table"' in found.message
    assert "--with main table=PATH" in found.message


# ----------------------------------------------------------------------------------------------------------------- types

TYPED = pa.table(
    {
        "big": pa.array([1], pa.int64()),
        "small": pa.array([1], pa.int16()),
        "real": pa.array([1.5], pa.float32()),
        "text": ["a"],
        "flag": [True],
        "day": [dt.date(2024, 3, 31)],
        "price": pa.array([Decimal("1.50")], pa.decimal128(10, 2)),
        "moment": pa.array([dt.datetime(2024, 3, 31)], pa.timestamp("us")),
        "nano": pa.array([dt.datetime(2024, 3, 31)], pa.timestamp("ns")),
        "zoned": pa.array([dt.datetime(2024, 3, 31)], pa.timestamp("us", "UTC")),
        "listed": [[1, 2]],
    }
)


@pytest.mark.parametrize(
    ("column", "right", "wrong"),
    [
        ("big", "int64 int Int INTEGER BIGINT INT8 LongType INT64", "int32 int8 Int64 SMALLINT str object HUGEINT IntegerType"),
        ("small", "int16 int SMALLINT INT2 ShortType", "int64 BIGINT uint16"),
        ("real", "float32 float FLOAT REAL FLOAT4", "float64 DOUBLE int"),
        ("text", "str string STRING VARCHAR TEXT object object_ O String nvarchar StringType", "int bytes category"),
        ("flag", "bool bool_ BOOLEAN Boolean boolean", "int str object"),
        ("day", "DATE date object DateType", "datetime64 TIMESTAMP str"),
        ("price", "DECIMAL NUMERIC decimal Decimal DECIMAL(10,2) numeric(10, 2) object", "DECIMAL(12,2) float DOUBLE"),
        ("moment", "datetime64 datetime64[ns] datetime TIMESTAMP DATETIME timestamp", "DATE TIMESTAMPTZ object"),
        ("zoned", "TIMESTAMPTZ Timestamp DatetimeTZDtype datetime", "datetime64 TIMESTAMP DATE"),
        ("listed", "list object BIGINT[] ARRAY", "BIGINT dict str"),
    ],
)
def test_types_go_by_the_names_of_duckdb_sql_pandas_and_spark(worker: WorkerProcess, column: str, right: str, wrong: str) -> None:
    for names, status in ((right, "pass"), (wrong, "fail")):
        for name in names.replace(", ", ",").split():
            found = outcome(worker, TYPED, "expect_column_values_to_be_of_type", column=column, type_=name)
            assert found.status == status, name


@pytest.mark.parametrize(
    ("column", "wanted", "status", "observed"),
    [
        ("big", "int", "pass", "int64"),
        ("small", "int", "fail", "int16"),
        ("small", "INTEGER", "pass", "SMALLINT"),
        ("real", "float", "fail", "float32"),
        ("moment", "datetime64[us]", "pass", "datetime64[us]"),
        ("moment", "datetime64[ns]", "fail", "datetime64[us]"),
        ("nano", "datetime64[ns]", "pass", "datetime64[ns]"),
        ("nano", "datetime64", "pass", "datetime64[ns]"),
        ("zoned", "datetime64[us, UTC]", "pass", "datetime64[us, UTC]"),
        ("text", "str", "pass", "str"),
        ("day", "object", "pass", "object"),
        ("day", "VARCHAR", "fail", "DATE"),
    ],
)
def test_exact_type_is_told_in_the_language_of_the_rule(
    worker: WorkerProcess, column: str, wanted: str, status: str, observed: str
) -> None:
    found = outcome(worker, TYPED, "expect_column_type_to_be", column=column, type_=wanted)
    assert (found.status, found.observed_value) == (status, observed)


def test_list_of_types_may_name_types_of_elsewhere_but_not_only_such(worker: WorkerProcess) -> None:
    name = "expect_column_values_to_be_in_type_list"
    assert outcome(worker, TYPED, name, column="text", type_list=["MYSQL_LONGTEXT", "str"]).status == "pass"
    assert outcome(worker, TYPED, name, column="text", type_list=["MYSQL_LONGTEXT", "int"]).status == "fail"
    assert 'unknown type name "VRACHAR"; did you mean "VARCHAR"?' in faults(name, column="text", type_list=["VRACHAR"])
    assert "any type would pass" in faults(name, column="text")
    assert 'unknown type name "strr"' in faults("expect_column_type_to_be", column="text", type_="strr")


# --------------------------------------------------------------------------------------------------------------- queries


def compared(worker: WorkerProcess, base: str, comparison: str, **kwargs: Any) -> Outcome:
    table, other = (
        pa.table({"n": [1, 2, 2, None], "t": ["a", "b", "b", None]}),
        pa.table({"n": [2.0, 1.0, 2.0], "t": ["b", "a", "b"]}),
    )
    queries = {"base_query": base, "comparison_data_source_name": "{any}", "comparison_query": comparison}
    return outcome(worker, table, "expect_query_results_to_match_comparison", {"sent": other}, **queries, **kwargs)


@pytest.mark.parametrize(
    ("base", "comparison"),
    [
        ("SELECT n, t FROM {batch} WHERE n IS NOT NULL", "SELECT n, t AS other_name FROM sent"),
        ("SELECT n, n FROM {batch} WHERE n > 0 ORDER BY n;", "SELECT n, n FROM SENT -- both twice"),
        ("SELECT b.n FROM {batch} AS b JOIN {batch} USING (t)", "SELECT n FROM sent UNION ALL SELECT 2 UNION ALL SELECT 2"),
        ("SELECT count(*) FROM (SELECT {batch}.n FROM {batch})", "SELECT 4.0"),
        ("SELECT NULL FROM {batch} LIMIT 1", "SELECT 'NaN'::DOUBLE"),
        ("SELECT max(n) = 2 FROM {batch}", "SELECT 1"),
        ("SELECT 1.50::DECIMAL(10, 4) FROM {batch} LIMIT 1", "SELECT 1.5::DOUBLE"),
        ("SELECT 1e20::DOUBLE FROM {batch} LIMIT 1", "SELECT 100000000000000000000::HUGEINT"),
        ("SELECT 0.00001 FROM {batch} LIMIT 1", "SELECT 1e-5::DOUBLE"),
        ("SELECT -0.0::DOUBLE FROM {batch} LIMIT 1", "SELECT 0"),
        ("SELECT DATE '2024-03-31' FROM {batch} LIMIT 1", "SELECT TIMESTAMPTZ '2024-03-31 01:00:00+01'"),
        ("SELECT TIMESTAMP '2024-03-31 10:00:00.500' FROM {batch} LIMIT 1", "SELECT TIMESTAMP_NS '2024-03-31 10:00:00.5'"),
        ("SELECT {{'a': 1}} AS s, [1, 2] FROM {batch} LIMIT 1", "SELECT {'a': 1}, [1, 2]"),
        ("FROM {batch} SELECT t WHERE t IS NULL", "SELECT NULL::INTEGER"),
    ],
)
def test_results_that_are_the_same_match(worker: WorkerProcess, base: str, comparison: str) -> None:
    found = compared(worker, base, comparison)
    assert (found.status, found.unexpected_count, found.message) == ("pass", 0, "")


@pytest.mark.parametrize(
    ("base", "comparison", "unexpected", "most"),
    [
        ("SELECT n FROM {batch}", "SELECT n FROM sent", 1, 4),
        ("SELECT DISTINCT n FROM {batch}", "SELECT n FROM sent", 1, 3),
        ("SELECT n, t FROM {batch}", "SELECT t, n FROM sent", 4, 4),
        ("SELECT n FROM {batch} WHERE n = 1", "SELECT '1'", 1, 1),
        ("SELECT '1' FROM {batch} LIMIT 1", "SELECT TRUE", 1, 1),
        ("SELECT 9007199254740993 FROM {batch} LIMIT 1", "SELECT 9007199254740992::DOUBLE", 1, 1),
        ("SELECT DATE '2024-03-31' FROM {batch} LIMIT 1", "SELECT '2024-03-31'", 1, 1),
        ("SELECT n, t FROM {batch} WHERE n = 1", "SELECT n FROM sent WHERE n = 1", 1, 1),
        ("SELECT n FROM {batch}", "SELECT * FROM sent LIMIT 0", 4, 4),
        ("SELECT range FROM {batch}, range(250) WHERE n = 1", "SELECT range FROM range(230)", 20, 250),
    ],
)
def test_rows_without_a_counterpart_are_counted(
    worker: WorkerProcess, base: str, comparison: str, unexpected: int, most: int
) -> None:
    found = compared(worker, base, comparison)
    assert (found.status, found.unexpected_count, found.element_count) == ("fail", unexpected, most)


def test_share_of_the_rows_may_differ_and_nothing_on_both_sides_is_no_pass(worker: WorkerProcess) -> None:
    assert compared(worker, "SELECT n FROM {batch}", "SELECT n FROM sent", mostly=0.75).status == "pass"
    assert compared(worker, "SELECT n FROM {batch}", "SELECT n FROM sent", mostly=0.76).status == "fail"
    nothing = compared(worker, "SELECT * FROM {batch} LIMIT 0", "SELECT n FROM sent LIMIT 0")
    assert (nothing.status, nothing.gx_success) == ("vacuous", True)


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        ("SELECT 1; DROP VIEW dq_extract", "must be one SELECT"),
        ("SELECT 1) UNION ALL (SELECT 2", ""),
        ("SELECT * FROM read_csv('/etc/passwd')", ""),
        ("SELECT m FROM sent", '"m"'),
    ],
)
def test_comparison_that_is_no_harmless_select_is_an_error(worker: WorkerProcess, comparison: str, said: str) -> None:
    found = compared(worker, "SELECT n FROM {batch}", comparison)
    assert found.status == "error"
    assert said in found.message


def test_base_query_must_speak_of_the_extract() -> None:
    name, rest = "expect_query_results_to_match_comparison", {"comparison_data_source_name": "x", "comparison_query": "SELECT 1"}
    assert "base_query: does not speak of {batch}" in faults(name, base_query="SELECT 1", **rest)
    assert "base_query: {table} is unknown" in faults(name, base_query="SELECT 1 FROM {table}", **rest)


# -------------------------------------------------------------------------------------- the extracts that queries speak of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A list with a practice that the register does not have, and a suite as Great Expectations writes it."""
    pq.write_table(pa.table({"practice": ["A81001", "Y99999"]}), tmp_path / "lists.parquet")
    pq.write_table(pa.table({"code": ["A81001"]}), tmp_path / "register.parquet")
    query = "SELECT b.practice FROM {batch} b LEFT JOIN practices p ON p.code = b.practice WHERE p.code IS NULL"
    suite = {
        "name": "lists",
        "expectations": [{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}],
    }
    (tmp_path / "suite.json").write_text(json.dumps(suite))
    return tmp_path


def told(folder: Path, *arguments: str) -> tuple[str, Any, str]:
    done = dq_here(folder, "check", *arguments, "--format", "json", "--no-results")
    (found,) = json.loads(done.stdout)["extracts"][0]["outcomes"]
    return found["status"], found.get("unexpected_count"), found.get("message", "")


def test_query_reads_the_extract_that_the_command_names(project: Path) -> None:
    named = ("lists.parquet", "--suite", "suite.json", "--with", "practices=register.parquet")
    assert told(project, *named) == ("fail", 1, "")
    assert told(project, *named, "--with", "spare=register.parquet") == ("fail", 1, "")


def test_query_reads_the_extract_that_the_project_names(project: Path) -> None:
    (project / "dq.toml").write_text(
        '[[extracts]]\npath = "lists.parquet"\nsuite = "suite.json"\nwith = { practices = "register.parquet" }\n'
    )
    assert told(project) == ("fail", 1, "")


def test_extract_that_nobody_names_is_not_there_for_a_query(project: Path) -> None:
    status, _, message = told(project, "lists.parquet", "--suite", "suite.json")
    assert status == "error"
    assert "practices" in message


def test_name_of_an_extract_counts_as_a_word_only(worker: WorkerProcess) -> None:
    broken = pa.table({"n": [1]})
    query = "SELECT practices_closed FROM {batch} WHERE practices_closed > 0"
    suite = {
        "name": "tests",
        "expectations": [{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}],
    }
    run = dq_engine.check(pa.table({"practices_closed": [0]}), suite, others={"practices": broken}, worker=worker)
    assert [found.status for found in run.outcomes] == ["pass"]
    assert run.extracts[0].others == ()


@pytest.mark.parametrize("name", ["dq_extract", "DQ_Extract"])
def test_other_extract_cannot_take_the_place_of_the_one_that_is_checked(worker: WorkerProcess, name: str) -> None:
    found = outcome(
        worker,
        {"n": [1]},
        "unexpected_rows_expectation",
        {name: pa.table({"n": [2]})},
        unexpected_rows_query=f"FROM {{batch}}, {name}",
    )
    assert found.status == "error"
    assert "another name" in found.message
