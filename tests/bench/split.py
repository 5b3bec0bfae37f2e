"""What splitting the rows of an extract costs: ``python -m tests.bench.split [ROWS [FOLDER]]``, ten million rows if nobody says.

No test: nothing here passes or fails. The extract and the suite of 46 rules are those of ``python -m tests.bench``; the same check runs
with and without ``--split``, within 512 MB and with two threads. A second suite repeats keys on purpose: every row of it fails.
The extract stays in FOLDER, if that is named.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from tests.bench import extract, processes, suites

ALL_REPEATED = {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["gender", "status"]}}


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else temporary).absolute()
        folder.mkdir(exist_ok=True)
        data = folder / f"events_{rows}.parquet"
        if not data.exists():
            extract.write(data, rows)
        print(f"{rows:,} rows in {len(extract.COLUMNS)} columns, {data.stat().st_size / 1e6:,.0f} MB")
        whole = suites.suite(46, rows)
        keys = {"name": "keys", "expectations": [ALL_REPEATED]}
        for name, suite in (("46 rules", whole), ("a key that all rows have repeated", keys)):
            path = folder / "suite.json"
            path.write_text(json.dumps(suite), encoding="utf-8")
            command = [
                sys.executable,
                "-m",
                "dq_engine",
                "check",
                str(data),
                "--suite",
                str(path),
                "--no-results",
                "--no-checksums",
            ]
            limits = ["--memory-limit", "512MB", "--threads", "2", "--quiet"]
            for what, options in (("checked", []), ("checked and split", ["--split", str(folder / "_split")])):
                used = processes.run([*command, *limits, *options], folder, os.environ, 3600)
                print(
                    f"{name}, {what}: {used.wall:.1f} s, {used.cpu:.1f} s CPU, {used.memory:,.0f} MB at most, exit code {used.code}"
                )
            written = sorted((folder / "_split").rglob("*.parquet"))
            print("  " + ", ".join(f"{file.name} {file.stat().st_size / 1e6:,.0f} MB" for file in written))


if __name__ == "__main__":
    main()
