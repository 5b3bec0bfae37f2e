"""Looks for planted values in everything that dq leaves, with every option, rule and function: ``python -m tests.robust.leaks``.

What tests/test_privacy.py does for a part. Takes some minutes; prints what it tried, and ends with 1 if a value was found.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import duckdb

from dq_engine import sources
from dq_engine.worker import limit_memory
from tests.command import dq
from tests.test_privacy import (
    COLUMNS,
    FILE,
    FORMATS,
    FURTHER,
    MONTH,
    artefacts,
    expectations,
    leaks,
    write_other,
    write_rows,
    write_suite,
)

ROWS = (1, 3, 12)
OPTIONS: tuple[tuple[str, ...], ...] = (
    ("--verbose",),
    ("--format", "json", "--threads", "1"),
    *(("--format", "gx", "--result-format", form) for form in ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE")),
    FORMATS,
    ("--as-of", "2024-10-31", "--fail-on", "never", "--no-checksums"),
    ("--memory-limit", "30MB", "--verbose"),
    ("--timeout", "0.05", "--verbose"),
    ("--timeout", "1.5", "--verbose"),
    ("--check-timeout", "0.001", "--verbose"),
    ("--select", "expect_column_values_to_be_in_set", "--quiet"),
)
"""Every option of ``dq check`` but ``--show-values``, and every format."""
AFTER = OPTIONS[5]
"""After a check with these options, other commands are tried on its run."""
AFTERWARDS: tuple[tuple[str, ...], ...] = (
    ("docs", "--output", "site"),
    ("docs", "--output", "site", "--audience", "public"),
    ("docs", "--gx", "site/gx"),
    ("release", "--unsigned", "--output", "site/bundle", "--despite-verdict", "a test", "--by", "nobody"),
    ("verify", "site/bundle", "--allow-unsigned", "--data", "."),
    ("score",),
    ("plan", "suite.json", "rows"),
    ("lint", "suite.json"),
)
"""What may be made of a run, or of the extract, besides."""


def commands(step: int) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What was run, and which planted values it left."""
    for rows, options in product(ROWS, OPTIONS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_suite(folder, expectations()[::step], period="month")
            write_rows(folder / "rows" / f"month={MONTH}" / FILE, rows)
            write_other(folder / "earlier.parquet")
            done = run(folder, "check", "rows", "--suite", "suite.json", "--with", "other=earlier.parquet", *options)
            yield f"{rows} rows: check {' '.join(options)}: exit code {done[0]}", leaks(done[1])
            if options == AFTER:
                for further in AFTERWARDS:
                    done = run(folder, *further)
                    yield f"{rows} rows: {' '.join(further)}: exit code {done[0]}", leaks(done[1])


def run(folder: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """The exit code of a command, and all that there is after it."""
    (folder / "temporary").mkdir(exist_ok=True)
    done = dq(folder, *arguments, environment={"TMPDIR": str(folder / "temporary")}, deadline=1200)
    left = artefacts(folder, done)  # pages of the catalogue have values of its own examples, whatever was checked
    return done.returncode, {name: text for name, text in left.items() if "rules/" not in name}


def functions(step: int) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What is said of each function of DuckDB that cannot take a planted value, in each column."""
    with tempfile.TemporaryDirectory() as name, memory_as_before():
        path = Path(name) / "rows.parquet"
        write_rows(path)
        connection = opened(path)
        listed = connection.execute(
            "SELECT DISTINCT function_name, function_type, least(len(parameters), 4) FROM duckdb_functions() "
            "WHERE function_type IN ('scalar', 'aggregate', 'macro', 'window') AND function_name NOT IN ('sleep_ms', 'pg_sleep') ORDER BY ALL"
        ).fetchall()
        for function, kind, count in listed[::step]:
            for first, rest in product(COLUMNS | FURTHER if count else [""], ("text", "integer") if count > 1 else ("",)):
                sql = asked(function, kind, [first, *[rest] * (count - 1)] if count else [])
                try:
                    connection.execute(sql).fetchall()
                except MemoryError:  # is told without a word of DuckDB
                    connection = opened(path)
                except duckdb.Error as error:
                    yield sql, leaks({sql: sources.reason(error)})
                    if isinstance(error, duckdb.InternalError | duckdb.FatalException):
                        connection = opened(path)


@contextmanager
def memory_as_before() -> Iterator[None]:
    """Afterwards this process may have as much memory as before: what is done next here has limits of its own, or none."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection as the worker has it, to a file."""
    connection = sources.connect([str(path)], {"threads": "1", "memory_limit": "300MB"})
    limit_memory(connection, asked=True)
    connection.execute(f"CREATE TEMP VIEW dq_extract AS SELECT * FROM read_parquet('{path}')")
    return connection


def asked(function: str, kind: str, arguments: list[str]) -> str:
    """A query whose rows depend on a function of columns."""
    quoted = [f'"{argument}"' for argument in arguments]
    called = f'"{function}"({", ".join(quoted)})'
    if not re.match(r"\w", function):
        called = f"({' '.join([*quoted[:-1], function, *quoted[-1:]])})"
    if kind == "aggregate":
        return f"SELECT 1 FROM dq_extract HAVING {called} IS NULL"
    return f"SELECT 1 FROM dq_extract {f'QUALIFY {called} OVER ()' if kind == 'window' else f'WHERE {called}'} IS NULL"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="try every STEP-th rule and function only")
    parser.add_argument("--only", choices=["commands", "functions"])
    chosen = parser.parse_args()
    tried = found = 0
    for part in (functions, commands):
        if chosen.only in (None, part.__name__):
            for what, leaked in part(chosen.step):
                tried += 1
                found += len(leaked)
                if leaked or part is commands:
                    print(f"{what}: {len(leaked)} values found", *leaked, sep="\n  ", flush=True)
    print(f"{tried:,} tried, {found:,} values found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
