"""Rows are counted in several ways, and which one is chosen changes no answer: not in any outcome, nor in any count by organisation."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import Run, WorkerProcess
from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Case, Expectation
from dq_engine.catalog.shapes import KeyExpectation, RowExpectation
from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract
from dq_engine.scans import Tuning
from tests.catalog.test_examples import table_of as example_table
from tests.catalog.test_laws import ANY, ROWS, Rule, all_found, suites_of, table_of

ONE_SCAN = Tuning(work=1_000_000, rows=1_000_000)
WAYS = {
    "by value wherever that can be": Tuning(work=0, rows=0, width=1e9, rules=1),
    "by suspect rows wherever that can be": Tuning(work=0, rows=0, width=0.0, rules=1_000_000),
}
SPLIT: dict[str, dict[str, Any]] = {
    "whole": {},
    "by organisation": {"organisation_column": "org"},
    "by organisation and period": {"organisation_column": "org", "period_column": "d"},
}
CODES = {
    "u": {"default_codes": ["a"], "other_codes": ["b", "c"]},
    "n": {"default_codes": [0]},
    "t": {},
    "f": {"other_codes": [0.5]},
}


def checked(source: Path, suite: dict[str, Any], tuning: Tuning, worker: WorkerProcess) -> Run:
    extract = Extract(source.stem, (source,), dq_engine.load_suite(suite))
    return run_checks([extract], Options(show_values=True, checksums=False), worker, tuning=tuning)


def everything(run: Run) -> tuple[Any, ...]:
    """What a run says of the data, but for queries and times."""
    measures = sorted(map(repr, run.measures))
    fields = sorted(map(repr, run.fields))
    failing = [outcome.failing_organisations for outcome in run.outcomes]
    return all_found(run), failing, measures, fields, run.extracts[0].problem, run.extracts[0].organisations


@pytest.mark.parametrize("split", SPLIT.values(), ids=SPLIT)
@pytest.mark.parametrize("tuning", WAYS.values(), ids=WAYS)
@settings(max_examples=7, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, rules=suites_of(*ANY, most=6), coded=st.booleans())
def test_the_way_in_which_rows_are_counted_changes_no_answer(
    rows: Any,
    rules: list[Rule],
    coded: bool,
    tuning: Tuning,
    split: dict[str, Any],
    make_suite: Any,
    worker: WorkerProcess,
    tmp_path: Path,
) -> None:
    source = tmp_path / "extract.parquet"
    pq.write_table(table_of(rows), source, row_group_size=5)
    suite = make_suite(*rules, **split, **({"columns": CODES} if coded else {}))
    assert everything(checked(source, suite, tuning, worker)) == everything(checked(source, suite, ONE_SCAN, worker))


COUNTING = (RowExpectation, KeyExpectation)
"""The shapes whose numbers are counts of rows or groups; the others know one way only."""
ALONE = [
    pytest.param(cls, case, id=f"{name}-{case.title}")
    for name, cls in CATALOG.items()
    for case in cls.examples
    if issubclass(cls, COUNTING) and not case.others
]


@pytest.mark.parametrize(("cls", "case"), ALONE)
def test_the_examples_of_the_catalogue_are_answered_alike(
    cls: type[Expectation], case: Case, make_suite: Any, worker: WorkerProcess, tmp_path: Path
) -> None:
    """The first example of a type in both ways, the others in turns."""
    table = example_table(case)
    codes = pa.array([f"A8100{place % 3}" if place % 5 else None for place in range(table.num_rows)], pa.string())
    if "org" not in table.column_names:
        table = table.append_column("org", codes)
    source = tmp_path / "extract.parquet"
    pq.write_table(table, source)
    suite = make_suite((cls.name, case.arguments), organisation_column="org")
    expected = everything(checked(source, suite, ONE_SCAN, worker))
    place = cls.examples.index(case)
    for name in [*WAYS] if place == 0 else [[*WAYS][place % len(WAYS)]]:
        assert everything(checked(source, suite, WAYS[name], worker)) == expected, name


def test_the_ways_are_taken(make_suite: Any, worker: WorkerProcess, tmp_path: Path) -> None:
    """That the others agree says something only if they are other ways."""
    source = tmp_path / "extract.parquet"
    pq.write_table(pa.table({"sex": ["1", "2", "X", None] * 50, "org": ["A81001", "A81002"] * 100}), source)
    suite = make_suite(
        ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["1", "2"]}),
        ("expect_column_unique_value_count_to_be_between", {"column": "org", "max_value": 2}),
        ("expect_column_values_to_match_regex", {"column": "org", "regex": "^A"}),
        organisation_column="org",
    )
    ways = [
        Counter(query.purpose for query in checked(source, suite, tuning, worker).extracts[0].queries)
        for tuning in (ONE_SCAN, *WAYS.values())
    ]
    assert [way["different values"] for way in ways] == [0, 2, 1], "a key is looked at by value in any case"
    assert [way["suspect rows"] for way in ways] == [0, 0, 1]
    assert [way["rows"] for way in ways] == [1, 1, 1]


def test_a_code_that_reads_like_a_rule_is_a_text(make_suite: Any, worker: WorkerProcess, tmp_path: Path) -> None:
    source = tmp_path / "extract.parquet"
    rule = '(length("c") > 3)'
    codes = [rule, f"x WHEN {rule} THEN 3", "9"]
    pq.write_table(pa.table({"c": [*codes, "long", "a", None] * 20}), source)
    field = {"default_codes": codes}
    suite = make_suite(("expect_column_value_lengths_to_be_between", {"column": "c", "max_value": 3}), columns={"c": field})
    expected = everything(checked(source, suite, ONE_SCAN, worker))
    for name, tuning in WAYS.items():
        assert everything(checked(source, suite, tuning, worker)) == expected, name
    (counted,) = checked(source, suite, WAYS["by value wherever that can be"], worker).fields
    assert (counted.default, counted.invalid, counted.valid, counted.missing) == (60, 20, 20, 20)
