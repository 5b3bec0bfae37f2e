"""Runs that pages are made of: two on a part of the sample data, and one of hostile texts."""

import json
import shutil
from pathlib import Path

import duckdb

from tests.command import dq, dq_here

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
FEEDS = ("pcgts", "allocations", "hospital_activity", "workforce")
LONG = "long " * 2_000
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{7*7}}{% for x in [1] %}",
    "\u202eevil\u202c",
    "' onmouseover='alert(1)",
    "</title></table><h1>x",
    LONG,
)


def two_runs(folder: Path) -> None:
    """``folder/results``: a run on four feeds, and a later one on three of them, in which one is mended and one is spoilt.

    Rules that need list sizes cannot be evaluated in either.
    """
    first, second = folder / "first", folder / "second"
    for place in (first, second):
        place.mkdir(parents=True)
        for feed in FEEDS:
            shutil.copy(SAMPLES / f"{feed}.parquet", place)
    (second / "workforce.parquet").unlink()
    _rewrite(second / "allocations.parquet", "SELECT * REPLACE (coalesce(revenue_allocation, 1) AS revenue_allocation) FROM old")
    _rewrite(second / "pcgts.parquet", "SELECT * EXCLUDE (name), name FROM old")
    for place in (first, second):
        done = dq_here(folder, "check", str(place), "--results", str(folder / "results"), "--quiet")
        assert done.returncode == 3, done.stderr


def _rewrite(file: Path, select: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE old AS SELECT * FROM '{file}'")
        connection.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet)")


def hostile_run(folder: Path) -> None:
    """``folder/results``: a run in which every text that somebody else writes is hostile: names of columns, files, suites, rules and
    organisations, values, notes, regions."""
    columns = [f"c{n} {text[:400]}" for n, text in enumerate(HOSTILE)]
    rows = [[f"{text[:200]}{row}" for text in HOSTILE] for row in range(3)] + [[None] * len(HOSTILE)]
    file = folder / '"><img src=x onerror=alert(1)>{{7*7}}.parquet'
    with duckdb.connect() as connection:
        names = ", ".join('"' + column.replace('"', '""') + '" VARCHAR' for column in columns)
        connection.execute(f"CREATE TABLE t (organisation VARCHAR, parent VARCHAR, region VARCHAR, kind VARCHAR, {names})")
        for row, values in enumerate(rows):
            given = [HOSTILE[row][:60], HOSTILE[row + 1][:60], HOSTILE[row + 2][:200], HOSTILE[row + 3][:200], *values]
            connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(given))})", given)
        connection.execute("COPY t TO '" + str(file).replace("'", "''") + "' (FORMAT parquet)")
    public = {"sensitivity": "public"}
    suite = {
        "name": HOSTILE[0],
        "meta": {
            "dq": {
                "feed": "lists",
                "title": HOSTILE[1],
                "owner": HOSTILE[2],
                "level": "pcgt",
                "organisation_column": "organisation",
                "register": {"code": "organisation", "parent": "parent", "region": "region", "kind": "kind"},
                "columns": dict.fromkeys(("organisation", "parent", "region", "kind", *columns), public),
            }
        },
        "expectations": [
            {
                "type": kind,
                "kwargs": {"column": column, **arguments},
                "severity": severity,
                "notes": [text, HOSTILE[(n + 1) % len(HOSTILE)]],
                "description": text,
                "id": f"{n}{kind[-4:]} {text[:300]}",
            }
            for n, (text, column) in enumerate(zip(HOSTILE, columns, strict=True))
            for kind, arguments, severity in (
                ("expect_column_values_to_not_be_null", {}, "critical"),
                ("expect_column_values_to_be_in_set", {"value_set": ["x", *HOSTILE]}, "warning"),
            )
        ],
    }
    (folder / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
    command = ["check", str(file), "--suite", "suite.json", "--results", "results", "--quiet", "--show-values"]
    done = dq(folder, *command)
    assert done.returncode == 1, done.stderr
