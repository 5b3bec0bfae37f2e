"""Measurements, as ratios of things that run in turn on the same machine: ``python -m tests.bench.measure``.

No test: nothing here passes or fails. Each line is one comparison, with the median of the ratios and their spread. Whole processes, and
others than dq, are measured by ``python -m tests.bench``.

- organisations: totals and counts per organisation in one statement (GROUPING SETS), against counts per organisation alone
  (GROUP BY) and totals alone, with the aggregates of the engine, on a million rows and 6,500 organisations.
- fused: all checks of a suite at once, against the same checks one at a time, on a million rows.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

import dq_engine
from dq_engine.compile import phrase
from dq_engine.model import Count

ROWS, ORGANISATIONS, RUNS = 1_000_000, 6_500, 7


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "rows.parquet")
        make(data)
        organisations(data)
        fused(data)


def compare(name: str, first: Callable[[], object], second: Callable[[], object]) -> None:
    """Runs the two in turn, after one warm-up, and prints the ratio of their times."""
    ratios = []
    for number in range(RUNS + 1):
        times = []
        for work in (first, second):
            before = time.perf_counter()
            work()
            times.append(time.perf_counter() - before)
        if number:
            ratios.append(times[0] / times[1])
    print(
        f"{name}: median {statistics.median(ratios):.2f} (from {min(ratios):.2f} to {max(ratios):.2f}, {RUNS} pairs)", flush=True
    )


def make(path: Path) -> None:
    duckdb.execute(
        f"COPY (SELECT 'A' || lpad(CAST(hash(i) % {ORGANISATIONS} AS VARCHAR), 5, '0') AS practice, "
        "CAST(hash(i, 1) % 120 AS INTEGER) AS age, CAST(hash(i, 2) % 3 AS VARCHAR) AS sex, (hash(i, 3) % 100000) / 100.0 AS cost "
        f"FROM range({ROWS}) t(i)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )


def organisations(data: Path) -> None:
    bounds = [Count(f"age > {bound}") for bound in range(20)]
    statistics = "avg(cost), stddev_samp(cost), min(age), max(age)"
    numbers = ", ".join([*(phrase(count, grouped=True) for count in bounds), statistics])
    of_all = ", ".join([*(phrase(count) for count in bounds), statistics])

    def query(columns: str, grouping: str) -> Callable[[], object]:
        return lambda: duckdb.execute(f"SELECT {columns} FROM read_parquet('{data}') {grouping}").fetchall()

    sets = query(f"practice, {numbers}", "GROUP BY GROUPING SETS ((), (practice))")
    compare("organisations: GROUPING SETS / GROUP BY", sets, query(f"practice, {numbers}", "GROUP BY practice"))
    compare("organisations: GROUPING SETS / totals alone", sets, query(of_all, ""))


def fused(data: Path) -> None:
    rules = [
        *(
            {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": bound}}
            for bound in range(60, 75)
        ),
        *(
            {"type": "expect_column_values_to_not_be_in_set", "kwargs": {"column": "sex", "value_set": [sex]}}
            for sex in "3456789"
        ),
        *({"type": "expect_column_mean_to_be_between", "kwargs": {"column": "cost", "max_value": bound}} for bound in range(5)),
    ]
    whole = dq_engine.load_suite({"name": "all", "expectations": rules})
    parts = [dq_engine.load_suite({"name": "one", "expectations": [rule]}) for rule in rules]
    with dq_engine.WorkerProcess() as worker:
        compare(
            f"fused: {len(rules)} checks at once / one at a time",
            lambda: dq_engine.check(data, whole, worker=worker),
            lambda: [dq_engine.check(data, part, worker=worker) for part in parts],
        )


if __name__ == "__main__":
    main()
