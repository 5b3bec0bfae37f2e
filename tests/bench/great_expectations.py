"""The same suite by Great Expectations' pandas engine and by dq, as ratios: ``python -m tests.bench.great_expectations``.

No test. Both run in this process, which has imported them; each ratio is of a pair that ran in turn on a million rows.

- plain: rules that dq answers in one scan or by the footers; Great Expectations reads the file and judges.
- harder: the same with rules about order, outliers, quantiles, JSON and a pattern with lookaround; and what these cost dq.
- memory is not compared: the two share the process.
"""

from __future__ import annotations

import functools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

import dq_engine
from dq_engine import WorkerProcess

ROWS, PAIRS = 1_000_000, 3
Rule = tuple[str, dict[str, Any]]
PLAIN: list[Rule] = [
    *(("expect_column_values_to_not_be_null", {"column": name}) for name in ("practice", "age", "sex", "cost", "day")),
    ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["0", "1", "2", "9"]}),
    ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["0", "1"], "mostly": 0.5}),
    ("expect_column_values_to_not_be_in_set", {"column": "practice", "value_set": ["V81999"]}),
    ("expect_column_values_to_be_between", {"column": "age", "min_value": 0, "max_value": 120}),
    ("expect_column_values_to_be_between", {"column": "age", "min_value": 16}),
    ("expect_column_values_to_be_between", {"column": "cost", "min_value": 0, "max_value": 900}),
    ("expect_column_values_to_match_regex", {"column": "practice", "regex": "^A[0-9]{5}$"}),
    ("expect_column_values_to_not_match_regex", {"column": "practice", "regex": "^B"}),
    ("expect_column_value_lengths_to_equal", {"column": "practice", "value": 6}),
    ("expect_column_value_lengths_to_be_between", {"column": "sex", "min_value": 1, "max_value": 1}),
    ("expect_column_values_to_be_unique", {"column": "id"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["id", "practice"]}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "cost", "column_B": "age"}),
    ("expect_column_unique_value_count_to_be_between", {"column": "practice", "min_value": 6000}),
    ("expect_column_distinct_values_to_be_in_set", {"column": "sex", "value_set": ["0", "1", "2"]}),
    *(
        (f"expect_column_{name}_to_be_between", {"column": "cost", "min_value": 0})
        for name in ("min", "max", "mean", "median", "sum")
    ),
    ("expect_column_stdev_to_be_between", {"column": "cost", "min_value": 1}),
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
    ("expect_table_columns_to_match_set", {"column_set": ["id", "practice", "age", "sex", "cost", "day", "note"]}),
]
HARDER: list[Rule] = [
    ("expect_column_values_to_match_regex", {"column": "practice", "regex": "^(?!V)A"}),
    ("expect_column_values_to_be_increasing", {"column": "id"}),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "cost", "threshold": 3, "double_sided": True}),
    ("expect_column_values_to_not_be_outliers", {"column": "cost"}),
    (
        "expect_column_quantile_values_to_be_between",
        {"column": "cost", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[1, 999]]}},
    ),
    ("expect_column_values_to_be_json_parseable", {"column": "note"}),
    ("expect_column_values_to_match_strftime_format", {"column": "day", "strftime_format": "%Y-%m-%d"}),
    ("expect_column_most_common_value_to_be_in_set", {"column": "sex", "value_set": ["0", "1", "2"]}),
]


def main() -> None:
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("bench")
    with tempfile.TemporaryDirectory() as folder, WorkerProcess() as worker:
        path = Path(folder, "rows.parquet")
        duckdb.execute(
            f"COPY (SELECT i AS id, 'A' || lpad(CAST(hash(i) % 6500 AS VARCHAR), 5, '0') AS practice, "
            "CAST(hash(i, 1) % 120 AS INTEGER) AS age, CAST(hash(i, 2) % 3 AS VARCHAR) AS sex, (hash(i, 3) % 100000) / 100.0 AS cost, "
            "CAST(DATE '2024-01-01' + CAST(hash(i, 4) % 366 AS INTEGER) AS VARCHAR) AS day, "
            "'{\"seen\": ' || (hash(i, 5) % 1000) || '}' AS note "
            f"FROM range({ROWS}) t(i)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
        for name, rules in (("plain", PLAIN), ("harder", [*PLAIN, *HARDER])):
            suite = {"name": name, "expectations": [{"type": kind, "kwargs": kwargs} for kind, kwargs in rules]}
            theirs = gx.ExpectationSuite(**suite)
            asset = source.add_parquet_asset(name, path=path)
            definition = asset.add_batch_definition(name)
            assert "error" not in {outcome.status for outcome in dq_engine.check(path, suite, worker=worker).outcomes}
            pairs(
                f"{name}: {len(rules)} rules, Great Expectations / dq",
                functools.partial(lambda definition, theirs: definition.get_batch().validate(theirs), definition, theirs),
                functools.partial(dq_engine.check, path, suite, worker=worker),
            )
        both = [*PLAIN, *HARDER]
        alone, together = ({"name": "s", "expectations": [{"type": k, "kwargs": v} for k, v in some]} for some in (PLAIN, both))
        pairs(
            "harder rules beside plain ones / plain ones alone, dq",
            lambda: dq_engine.check(path, together, worker=worker),
            lambda: dq_engine.check(path, alone, worker=worker),
        )
        scans = [rows_scan(dq_engine.check(path, suite, worker=worker)) for suite in (alone, together) for _ in range(PAIRS)]
        apart, beside = statistics.median(scans[:PAIRS]), statistics.median(scans[PAIRS:])
        print(f"the scan of the plain rules, beside harder ones / alone: {beside / apart:.2f}")


def rows_scan(run: dq_engine.Run) -> float:
    """Seconds of the fused scan of a run."""
    return next(query.seconds for query in run.extracts[0].queries if query.purpose == "rows")


def pairs(name: str, first: Callable[[], object], second: Callable[[], object]) -> None:
    """Runs the two in turn and prints the ratio of their times, with the times of the last pair."""
    ratios, times = [], (0.0, 0.0)
    for _ in range(PAIRS):
        found = []
        for work in (first, second):
            before = time.perf_counter()
            work()
            found.append(time.perf_counter() - before)
        times = (found[0], found[1])
        ratios.append(times[0] / times[1])
    spread = f"from {min(ratios):.2f} to {max(ratios):.2f}, {PAIRS} pairs; last {times[0]:.2f} s and {times[1]:.2f} s"
    print(f"{name}: median {statistics.median(ratios):.2f} ({spread})", flush=True)


if __name__ == "__main__":
    main()
