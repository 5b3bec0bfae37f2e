"""What it costs that extracts elsewhere are downloaded whole: ``python -m tests.remote.measure [PATH …]``.

Prints, for extracts that suites claim (else ``sample_data``), how many of their bytes are columns of which rules speak. With
``--run``: time and memory of ``dq check`` for 50 small files and a large one, here and at an S3 server of this machine.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from dq_engine.errors import UsageError
from dq_engine.feeds import Shelf, find_files
from dq_engine.remote import size
from tests.remote import servers

ROWS = 14_000_000
SPENT = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{used.ru_utime + used.ru_stime:.1f} s of processor time, {used.ru_maxrss // 1024} MB in the larger of the processes")
"""
SUITE = """{"name": "rows", "expectations": [
  {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}},
  {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 0, "max_value": 99}}]}"""


def columns(paths: list[str]) -> None:
    """Prints the bytes of the columns that rules, or counts by organisation and period, read."""
    shelf, read, all_bytes = Shelf([]), 0, 0
    for files in (files for path in paths for files in find_files(path)):
        try:
            suites = shelf.claim(files)
        except UsageError:
            continue
        names = [name for suite in suites for check in suite.checks for name in check.columns]
        names += [name for s in suites for name in (s.feed.organisation_column, s.feed.period_column) if name]
        spoken_of = {name.casefold() for name in names}
        own, whole = 0, sum(path.stat().st_size for path in files.paths)
        for path in files.paths:
            query = "SELECT path_in_schema, sum(total_compressed_size)::BIGINT FROM parquet_metadata(?) GROUP BY ALL"
            chunks = duckdb.execute(query, [str(path)]).fetchall()
            own += sum(count for name, count in chunks if name.partition(",")[0].casefold() in spoken_of)
        print(f"{files.name}: {size(own)} of {size(whole)} ({own / whole:.0%})")
        read, all_bytes = read + own, all_bytes + whole
    print(f"together: {size(read)} of {size(all_bytes)} ({read / all_bytes:.0%})")


def run() -> None:
    """Prints the time and memory of checks."""
    with tempfile.TemporaryDirectory() as name, servers.s3() as s3:
        folder = Path(name)
        (folder / "suite.json").write_text(SUITE)
        wide = (
            f"SELECT hash(range) AS a, hash(range + 1)::VARCHAR AS b, uuid()::VARCHAR AS c, range % 100 AS n FROM range({ROWS})"
        )
        files = {f"many/{n:02}": "SELECT range AS a, range % 100 AS n FROM range(20000)" for n in range(50)} | {"one/large": wide}
        for path, select in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            duckdb.execute(f"COPY ({select}) TO '{folder / path}.parquet'")
            s3.put(f"{path}.parquet", (folder / f"{path}.parquet").read_bytes())
        keys = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3.port}", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        for path in ("many", f"s3://{servers.BUCKET}/many/", "one", f"s3://{servers.BUCKET}/one/"):
            command = [sys.executable, "-m", "dq_engine", "check", path, "--suite", "suite.json", "--no-results", "--quiet"]
            before = time.monotonic()
            said = subprocess.run(
                [sys.executable, "-c", SPENT, *command],
                cwd=folder,
                env={**os.environ, **keys},
                check=True,
                capture_output=True,
                text=True,
            ).stdout.splitlines()[-1]
            print(f"{path}: {time.monotonic() - before:.1f} s, {said}")


if __name__ == "__main__":
    run() if "--run" in sys.argv else columns(sys.argv[1:] or ["sample_data"])
