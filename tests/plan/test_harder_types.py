"""Fusion holds: rules that SQL cannot state in the one scan cost themselves alone, whether they are slow, fail, or cannot be judged."""

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import Outcome, Run, WorkerProcess

ROWS = 400
PLAIN = [
    ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["0", "1"]}),
    ("expect_column_values_to_be_between", {"column": "n", "min_value": 5}),
    ("expect_column_values_to_match_regex", {"column": "code", "regex": "^A[0-9]{5}$"}),
    ("expect_column_mean_to_be_between", {"column": "n", "min_value": 1}),
]
HARDER = [
    ("expect_column_values_to_match_regex", {"column": "code", "regex": "^(?!A0000[0-9])A"}),
    ("expect_column_values_to_be_increasing", {"column": "n"}),
    ("expect_column_values_to_be_decreasing", {"column": "n", "mostly": 0.5}),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "n", "threshold": 1.5, "double_sided": True}),
    ("expect_column_values_to_not_be_outliers", {"column": "n"}),
    ("expect_column_values_to_match_strftime_format", {"column": "day", "strftime_format": "%Y-%m-%d"}),
    ("expect_column_values_to_be_dateutil_parseable", {"column": "code"}),
    ("expect_column_values_to_be_json_parseable", {"column": "sex"}),
    ("expect_column_values_to_match_json_schema", {"column": "sex", "json_schema": {"maximum": 1}}),
    (
        "expect_column_quantile_values_to_be_between",
        {"column": "n", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[40, 60]]}},
    ),
    (
        "expect_column_kl_divergence_to_be_less_than",
        {"column": "sex", "partition_object": {"values": ["0", "1", "2"], "weights": [0.4, 0.4, 0.2]}, "threshold": 1},
    ),
    ("expect_column_most_common_value_to_be_in_set", {"column": "sex", "value_set": ["0"]}),
]
CATASTROPHE = ("expect_column_values_to_match_regex", {"column": "trap", "regex": r"^(?=(a+)+$)a"})
SPLIT: dict[str, dict[str, str]] = {"whole": {}, "by organisation": {"organisation_column": "org"}}


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    first = dt.date(2024, 1, 1)
    table = pa.table(
        {
            "code": [f"A{place % 50:05}" for place in range(ROWS)],
            "sex": [str(place % 3) for place in range(ROWS)],
            "n": [place % 100 for place in range(ROWS)],
            "day": [(first + dt.timedelta(days=place % 31)).isoformat() for place in range(ROWS)],
            "org": [f"B{place % 7:05}" for place in range(ROWS)],
            "trap": ["a" * 40 + "!"] * ROWS,
        }
    )
    path = tmp_path_factory.mktemp("harder") / "extract.parquet"
    pq.write_table(table, path, row_group_size=90)
    return path


def found(outcome: Outcome) -> tuple[object, ...]:
    """What a check found, whatever else was checked."""
    counts = (outcome.element_count, outcome.missing_count, outcome.unexpected_count, outcome.failing_organisations)
    return (outcome.status, *counts, outcome.observed_value, outcome.examples)


def rows_read(run: Run) -> list[str]:
    return [query.sql for query in run.extracts[0].queries if query.purpose == "rows"]


@pytest.mark.parametrize("split", SPLIT.values(), ids=SPLIT)
def test_scan_of_the_other_rules_is_the_same_to_the_letter(
    split: dict[str, str], extract: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    alone = dq_engine.check(extract, make_suite(*PLAIN, columns={"n": {}}, **split), worker=worker)
    together = dq_engine.check(extract, make_suite(*PLAIN, *HARDER, columns={"n": {}}, **split), worker=worker)
    assert rows_read(together)[0] == rows_read(alone)[0]
    assert list(map(found, together.outcomes[: len(PLAIN)])) == list(map(found, alone.outcomes))


@pytest.mark.parametrize("split", SPLIT.values(), ids=SPLIT)
def test_each_answers_together_as_it_does_alone(
    split: dict[str, str], extract: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    rules = [*PLAIN, *HARDER]
    together = dq_engine.check(extract, make_suite(*rules, **split), worker=worker).outcomes
    assert Counter(outcome.status for outcome in together).keys() <= {"pass", "fail"}
    for rule, outcome in zip(rules, together, strict=True):
        (alone,) = dq_engine.check(extract, make_suite(rule, **split), worker=worker).outcomes
        assert found(outcome) == found(alone), rule


def test_pattern_that_never_ends_is_an_error_of_its_own_check_alone(
    extract: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    pid = worker.pid
    run = dq_engine.check(extract, make_suite(*PLAIN, CATASTROPHE, *HARDER), worker=worker, check_timeout=2)
    slow = run.outcomes[len(PLAIN)]
    assert slow.status == "error"
    assert "took longer than 2 seconds" in slow.message
    assert "aaa" not in slow.message
    assert {outcome.status for outcome in run.outcomes if outcome is not slow} <= {"pass", "fail"}
    assert worker.pid == pid, "the worker lives on"
    assert run.exit_code == 3


def test_what_cannot_be_judged_is_an_error_of_its_own_check_alone(extract: Path, make_suite: Any, worker: WorkerProcess) -> None:
    broken = [
        ("expect_column_values_to_match_json_schema", {"column": "code", "json_schema": {"maximum": 1}}),
        ("expect_column_values_to_be_increasing", {"column": "code"}),
        ("expect_column_value_z_scores_to_be_less_than", {"column": "code", "threshold": 1, "double_sided": True}),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch} WHERE nowhere > 1"}),
    ]
    run = dq_engine.check(extract, make_suite(*broken, *PLAIN, *HARDER), worker=worker)
    assert [outcome.status for outcome in run.outcomes[: len(broken)]] == ["error"] * len(broken)
    assert {outcome.status for outcome in run.outcomes[len(broken) :]} <= {"pass", "fail"}
