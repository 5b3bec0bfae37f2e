"""The SQL that a run stores finds, in a DuckDB that knows nothing of it, exactly what the run counted."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import WorkerProcess
from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Case, Expectation
from dq_engine.catalog.queries import ExpectQueryResultsToMatchComparison
from dq_engine.catalog.shapes import SchemaExpectation
from dq_engine.model import ExtractRun, Outcome, Run
from tests.catalog.test_examples import table_of
from tests.conftest import MakeSuite

SAMPLES = Path(__file__).parents[1] / "sample_data"
SUITES = Path(__file__).parents[1] / "expectations"
Rule = tuple[str, dict[str, Any]]


def elsewhere() -> duckdb.DuckDBPyConnection:
    """A DuckDB that knows nothing of the run, far from Greenwich."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Pacific/Auckland'")
    return connection


def found(extract: ExtractRun, outcome: Outcome) -> list[tuple[Any, ...]]:
    """What the SQL of a check gives to somebody who pastes it."""
    with elsewhere() as connection:
        return connection.execute(extract.script(outcome)).fetchall()


def agrees(connection: duckdb.DuckDBPyConnection, outcome: Outcome) -> bool:
    """Whether the SQL gives as many rows as break the rule; or the observed value."""
    described = connection.execute(f"DESCRIBE {outcome.rows_sql}").fetchall()
    if [column[0] for column in described] != ["observed_value"]:
        ((rows,),) = connection.execute(f"SELECT count(*) FROM (\n{outcome.rows_sql}\n)").fetchall()
        return bool(rows == outcome.unexpected_count)
    ((observed,),) = connection.execute(outcome.rows_sql).fetchall()
    return bool(outcome.observed_value == (str(observed) if isinstance(observed, dt.date) else pytest.approx(observed)))


WITHOUT_SQL = (SchemaExpectation, ExpectQueryResultsToMatchComparison)
"""The columns answer the first; the second counts the longer of two differences, of which no SELECT gives just that."""


def judged_in_python(run: Run) -> bool:
    """Whether a rule of the run was judged by a test in Python, which no SQL says."""
    return any(query.purpose.startswith("values for the test") for query in run.extracts[0].queries)


def disagreeing(run: Run) -> list[str]:
    """The checks of which the SQL gives something else, or of which there is none though it is judged by the rows."""
    (extract,) = run.extracts
    with elsewhere() as connection:
        for view in extract.views:
            connection.execute(view)
        return [
            outcome.check
            for outcome in extract.outcomes
            if outcome.status in ("pass", "fail")
            and not issubclass(CATALOG[outcome.expectation], WITHOUT_SQL)
            and not (outcome.rows_sql == "" and judged_in_python(run))
            and not (outcome.rows_sql and agrees(connection, outcome))
        ]


def write(path: Path, columns: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def only(run: Run) -> Outcome:
    (outcome,) = run.outcomes
    return outcome


def condition(name: str, operator: str, parameter: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


# ------------------------------------------------------------------------------------------------- what the SQL finds


@pytest.mark.parametrize("cls", [pytest.param(cls, id=name) for name, cls in CATALOG.items()])
def test_every_example_that_fails(cls: type[Expectation], make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    for place, case in enumerate(case for case in cls.examples if not case.passes):
        run = run_of(cls, case, make_suite, worker, tmp_path / str(place))
        assert only(run).status == "fail"
        assert disagreeing(run) == [], (case.title, only(run).rows_sql)
        assert bool(only(run).rows_sql) != (issubclass(cls, WITHOUT_SQL) or judged_in_python(run))


def run_of(cls: type[Expectation], case: Case, make_suite: MakeSuite, worker: WorkerProcess, folder: Path) -> Run:
    """The run of an example, on files that stay, with columns whose values may be shown."""
    folder.mkdir()
    for name in ("", *case.others):
        pq.write_table(table_of(case, name), folder / f"{name or 'table'}.parquet")
    public = {name: {"sensitivity": "public"} for name in case.data}
    others = {name: folder / f"{name}.parquet" for name in case.others}
    suite = make_suite((cls.name, case.arguments), columns=public)
    return dq_engine.check(folder / "table.parquet", suite, others=others, worker=worker)


@pytest.mark.parametrize("feed", ["pcgt/population_needs", "targets/gp_it", "pcgt/opt_outs"])
def test_sample_data(feed: str, worker: WorkerProcess) -> None:
    """Rules of every shape, across extracts and over periods, on files with planted defects."""
    run = dq_engine.check(SAMPLES / f"{Path(feed).name}.parquet", SUITES / f"{feed}.json", worker=worker)
    assert run.exit_code in (0, 1)
    assert disagreeing(run) == []


NAN = float("nan")
MOMENTS = [dt.datetime(2024, 3, day, hour, tzinfo=dt.UTC) for day, hour in ((1, 0), (1, 23), (2, 1), (31, 13))]
TABLE: dict[str, Any] = {
    "practice": ["A81001", "A81001", "5D7", None],
    "sex": ["1", "X", None, "1"],
    "patients": [120, 3400, -1, None],
    "share": pa.array([0.5, NAN, NAN, 1.5], from_pandas=False),
    "small": pa.array([0.1, NAN, 1.5, None], pa.float32(), from_pandas=False),
    "seen": pa.array(MOMENTS, pa.timestamp("us", tz="UTC")),
    "month": ["2024-03", "202403", "MAR-24", "?"],
    "void": pa.nulls(4),
}
ALL_OF_ONE = {"type": "or", "conditions": [condition("patients", ">", 0), condition("sex", "==", "X")]}
RULES: list[Rule] = [
    ("expect_column_values_to_not_be_null", {"column": "share"}),
    ("expect_column_values_to_not_be_null", {"column": "share", "row_condition": ALL_OF_ONE}),
    ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["1"], "mostly": 0.1, "row_condition": ALL_OF_ONE}),
    ("expect_column_values_to_be_in_set", {"column": "seen", "value_set": ["2024-03-01T00:00:00"]}),
    ("expect_column_values_to_be_between", {"column": "small", "max_value": 1}),
    ("expect_column_values_to_be_valid_ods_code", {"column": "practice", "row_condition": ALL_OF_ONE}),
    ("expect_column_values_to_be_valid_snomed_ct_code", {"column": "patients"}),
    ("expect_column_pair_values_date_to_be_in_period", {"column_A": "seen", "column_B": "month"}),
    ("expect_column_values_to_be_unique", {"column": "practice"}),
    ("expect_column_values_to_be_unique", {"column": "share"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["practice", "share"]}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["share", "void"], "ignore_row_if": "never"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["share", "void"], "row_condition": condition("patients", ">", 0)}),
    ("expect_column_distinct_values_to_equal_set", {"column": "sex", "value_set": ["1", "2", "2", None, 3, "it's"]}),
    ("expect_column_distinct_values_to_contain_set", {"column": "patients", "value_set": [120, "x", 1.5, True]}),
    ("expect_column_distinct_values_to_contain_set", {"column": "void", "value_set": [1, "x"]}),
    ("expect_column_distinct_values_to_be_in_set", {"column": "patients", "value_set": ["y"], "row_condition": ALL_OF_ONE}),
    ("expect_column_mean_to_be_between", {"column": "patients", "min_value": 0, "row_condition": condition("sex", "==", "X")}),
    ("expect_column_max_to_be_between", {"column": "small", "min_value": 0}),
    ("expect_column_max_to_be_fresh", {"column": "seen", "max_age_days": 1}),
    ("expect_column_unique_value_count_to_be_between", {"column": "share", "max_value": 1}),
    ("expect_column_proportion_of_unique_values_to_be_between", {"column": "practice", "row_condition": ALL_OF_ONE}),
    ("expect_column_proportion_of_non_null_values_to_be_between", {"column": "share", "row_condition": ALL_OF_ONE}),
    ("expect_table_row_count_to_equal", {"value": 1, "row_condition": condition("sex", "==", "X")}),
    ("expect_totals_to_be_close_to_previous_period", {"column": "patients", "period_column": "seen"}),
    ("expect_share_to_reach_target", {"column": "sex", "value_set": ["1"], "min_share": 0.9, "by": "practice"}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT sex FROM {batch} -- of all;"}),
]


def test_nulls_nan_zones_conditions_and_odd_members(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", TABLE)
    suite = make_suite(*RULES, columns={name: {"sensitivity": "public"} for name in TABLE}, organisation_column="practice")
    run = dq_engine.check(path, suite, as_of=dt.date(2024, 4, 1), worker=worker)
    assert {outcome.check: outcome.message for outcome in run.outcomes if outcome.status not in ("pass", "fail")} == {}
    assert disagreeing(run) == []


QUOTES, SIGN = "a\"b'; DROP VIEW dq_extract --", " /* {batch}\n"
ODD = ["it's", 'a"b', "--", "*/ x", "\\", "'); SELECT 1; --", ""]
HOSTILE: list[Rule] = [
    ("expect_column_values_to_be_in_set", {"column": QUOTES, "value_set": ODD[:4], "row_condition": condition(SIGN, "<", 6)}),
    ("expect_column_distinct_values_to_equal_set", {"column": QUOTES, "value_set": [*ODD[3:], "');--"]}),
    ("expect_compound_columns_to_be_unique", {"column_list": [QUOTES, "n"]}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["k1", "n"]}),
    ("expect_column_mean_to_be_between", {"column": "dq_extract", "max_value": 0}),
    ("expect_share_to_reach_target", {"column": QUOTES, "value_set": ODD[:1], "min_share": 1, "by": "organisation"}),
]


def test_names_and_values_that_look_like_sql(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    numbers = {"n": [1, 1, 2, 3, 4, 5, 6], "k1": [2, 2, 2, 3, 4, 5, 6], "dq_extract": range(7), SIGN: range(7)}
    path = write(tmp_path / "it's; --" / "rows [1]*.parquet", {QUOTES: ODD, "organisation": ODD, **numbers})
    suite = make_suite(*HOSTILE, columns={"dq_extract": {"sensitivity": "public"}})
    run = dq_engine.check(path, suite, worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["fail", "fail", "pass", "fail", "fail", "fail"]
    assert disagreeing(run) == []


def test_rows_of_a_repeated_key_stand_together(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", {"code": ["b", "a", "c", "b", "a"], "n": [1, 2, 3, 4, 5]})
    run = dq_engine.check(path, make_suite(("expect_column_values_to_be_unique", {"column": "code"})), worker=worker)
    rows = found(run.extracts[0], only(run))
    assert [code for code, _ in rows] == ["a", "a", "b", "b"]
    assert {n for _, n in rows} == {1, 2, 4, 5}


def test_values_that_lack_and_values_too_many_have_their_numbers_of_rows(
    make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path
) -> None:
    path = write(tmp_path / "rows.parquet", {"sex": ["1", "M", "M"]})
    rule = ("expect_column_distinct_values_to_equal_set", {"column": "sex", "value_set": ["1", "2", 9]})
    run = dq_engine.check(path, make_suite(rule), worker=worker)
    assert sorted(found(run.extracts[0], only(run))) == [("2", 0), ("9", 0), ("M", 2)]


# ----------------------------------------------------------------------------------------------- how it reads, what it needs


def test_a_predicate_reads_as_a_person_would_write_it(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", {"code": ["A81001", "?"], "n": [1, 2]})
    rule = {"column": "code", "value_set": ["A81001"], "row_condition": condition("n", ">", 0)}
    run = dq_engine.check(path, make_suite(("expect_column_values_to_be_in_set", rule)), worker=worker)
    assert only(run).rows_sql == 'SELECT *\nFROM dq_extract\nWHERE ("n" > 0)\n  AND ("code" NOT IN (\'A81001\'))'
    assert run.extracts[0].views == (
        'CREATE OR REPLACE VIEW dq_extract AS SELECT "code", "n"\n'
        f"FROM read_parquet(['{path}'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false)",
    )


OTHERS: list[Rule] = [
    ("expect_column_values_to_not_be_null", {"column": "code"}),
    ("expect_column_values_to_exist_in_other_extract", {"column": "code", "other": "known", "other_column": "code"}),
    (
        "expect_column_values_to_exist_in_other_extract",
        {"column": "code", "other": "open", "other_column": "code", "as_of": "month", "close_column": "closed"},
    ),
]
OPEN = {"code": ["a"], "closed": pa.array([None], pa.date32())}


def test_a_script_makes_only_what_its_select_reads(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", {"code": ["a", "b"], "month": ["2024-10", "202410"]})
    others = {"known": write(tmp_path / "k.parquet", {"code": ["a"]}), "open": write(tmp_path / "o.parquet", OPEN)}
    run = dq_engine.check(path, make_suite(*OTHERS), others=others, worker=worker)
    (extract,) = run.extracts
    assert disagreeing(run) == []
    names = {view.split()[4 if "VIEW" in view else 5].strip('"') for view in extract.views}
    assert names == {"dq_extract", "known", "open", "dq"}
    made = [extract.script(outcome).count("CREATE OR REPLACE") for outcome in run.outcomes]
    assert made == [1, 2, 3]
    run = dq_engine.check(path, make_suite(*OTHERS), others=others, select=["0"], worker=worker)
    assert len(run.extracts[0].views) == 1


def test_a_script_may_be_pasted_twice(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", {"code": ["a", "b"], "month": ["2024-10", "202410"]})
    run = dq_engine.check(path, make_suite(OTHERS[2]), others={"open": write(tmp_path / "o.parquet", OPEN)}, worker=worker)
    with duckdb.connect() as connection:
        for _ in range(2):
            assert connection.execute(run.extracts[0].script(only(run))).fetchall() == [("b", "202410")]


def test_checks_without_a_plan_and_very_long_ones_have_no_sql(
    make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path
) -> None:
    path = write(tmp_path / "rows.parquet", {"code": ["a"], "n": [1]})
    rules: Sequence[Rule] = [
        ("expect_column_to_exist", {"column": "code"}),
        ("expect_column_values_to_not_be_null", {"column": "txet"}),
        ("expect_column_values_to_not_be_null", {"column": "n"}),
        ("expect_column_values_to_be_in_set", {"column": "code", "value_set": [f"code {n}" for n in range(3000)]}),
    ]
    run = dq_engine.check(path, make_suite(*rules), ignore=["2"], worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass", "error", "skipped", "fail"]
    assert [outcome.rows_sql for outcome in run.outcomes] == [""] * 4
    assert [run.extracts[0].script(outcome) for outcome in run.outcomes] == [""] * 4
    assert run.extracts[0].views == ()


# ------------------------------------------------------------------------------------------------------- names of files


NO_NULL: Rule = ("expect_column_values_to_not_be_null", {"column": "n"})


def partitions(folder: Path, *names: str) -> list[Path]:
    return [write(folder / name, {"n": pa.array([None, 1], pa.int64())}) for name in names]


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (("month=2024-10/part-0.parquet", "month=2024-11/part-0.parquet"), ["month=*/*.parquet"]),
        (("month=Q1/org=A81001/a.parquet", "month=Q2/org=5D7/b.parquet"), ["month=*/org=*/*.parquet"]),
        (("month=10/a.parquet", "month=11/a.parquet", "month=11/a.txt"), ["month=*/*.parquet"]),
    ],
    ids=["one key", "two keys", "beside another file"],
)
def test_partitions_are_found_without_their_values(
    names: tuple[str, ...], files: list[str], make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path
) -> None:
    partitions(tmp_path / "rows [x]", *names)
    run = dq_engine.check(tmp_path / "rows [x]", make_suite(NO_NULL), worker=worker)
    (view,) = run.extracts[0].views
    assert all(f"/rows [[]x]/{file}'" in view for file in files)
    assert not any(part in view for name in names for part in Path(name).parent.parts)
    assert disagreeing(run) == []


@pytest.mark.parametrize(
    ("checked", "beside", "file"),
    [
        ("month=2024-10/part-0.parquet", "month=2024-11/part-0.parquet", "'file 1'"),
        ("month=2024-10/part-0.parquet", "month=2024-11/part-1.parquet", "/month=*/part-0.parquet'"),
        ("list_9434765919.parquet", "list_9434765870.parquet", "'file 1'"),
        ("list_9434765919.parquet", "other.parquet", "/list_*.parquet'"),
        ("list.parquet", "list_2.parquet", "/list.parquet'"),
        ("list\u202e.parquet", "other.parquet", "'file 1'"),
    ],
)
def test_a_pattern_finds_the_files_that_were_checked_and_no_others(
    checked: str, beside: str, file: str, make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path
) -> None:
    path, _ = partitions(tmp_path, checked, beside)
    run = dq_engine.check(path, make_suite(NO_NULL), worker=worker)
    (view,) = run.extracts[0].views
    assert file in view
    assert "2024-10" not in view
    assert "9434765919" not in view
    assert "file 1" in view or disagreeing(run) == []
