"""How long scoring takes: ``python -m tests.bench.scoring [FOLDER] [--waves N]``, on a made-up run of 6,500 practices and all feeds.

No test: nothing here passes or fails. The run has the checks and fields of the suites that come with dq, each counted for every
practice in one period: about three million counts; with N waves in N months, which N times as many are. It is written with SQL,
without any extract; into FOLDER, if that is named.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dq_engine import WorkerProcess, load_suite, store
from dq_engine.feeds import shipped
from dq_engine.model import RUN_VERSION, ExtractRun, FieldRun, Outcome, Run, SuiteReference
from dq_engine.run_tables import CHECK, FIELD
from dq_engine.scores import Scores
from dq_engine.scoring import Asked, Scorer
from dq_engine.suite import Check, Suite

PRACTICES, PCGTS, REGIONS = 6_500, 481, 8
PERIODS = ("2024-10-01/2024-10-31", "2024-11-01/2024-11-30", "2024-12-01/2024-12-31")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scoring")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--waves", type=int, default=1, choices=range(1, len(PERIODS) + 1))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(given.folder or folder).absolute()
        if not (run / store.RUN).exists():
            run.mkdir(parents=True, exist_ok=True)
            with timed("making the run"):
                make(run, given.waves)
        waves = ("month",) if given.waves > 1 else ()
        with WorkerProcess() as worker:
            for level in ("practice", "pcgt"):
                for dimensions in (False, True):
                    asked = Asked(level=level, by=("region", "kind"), dimensions=dimensions, waves=waves)
                    what = f"level {level}{', with dimensions' if dimensions else ''}"
                    with timed(f"{what}: opening"):
                        scorer = Scorer([run], worker, asked)
                    with timed(f"{what}: scores"):
                        scores = scorer.scores()
                    print(f"{what}: {said(scores)}", flush=True)
                code = scores.ratings[0].organisation
                with timed(f"level {level}: one explanation"):
                    scorer.explain(code, "hospital.commission")


@contextmanager
def timed(what: str) -> Iterator[None]:
    before = os.times()
    yield
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    print(f"{what}: {after.elapsed - before.elapsed:.2f} s ({cpu:.2f} s CPU of this process)", flush=True)


def said(scores: Scores) -> str:
    rated = sum(rating.rating is not None for rating in scores.ratings)
    return f"{len(scores.ratings):,} ratings, {rated:,} rated; {len(scores.dimensions):,} scores of dimensions"


# --------------------------------------------------------------------------------------------------------------- the run


def make(folder: Path, waves: int = 1) -> None:
    """A run as it is stored: its record, and its three tables. Each practice sends all feeds in each of the ``waves``."""
    suites = [load_suite(path) for path in sorted(shipped().glob("p*/*.json"))]
    run = Run(
        version=RUN_VERSION,
        id="20250101T000000Z-000000",
        started="2025-01-01T00:00:00+00:00",
        seconds=0.0,
        engine={},
        options={},
        extracts=tuple(extract(suite) for suite in suites),
        planned=0,
        exit_code=0,
        verdict="made for a measurement",
    )
    (folder / store.RUN).write_bytes(store.encode(run))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE practice AS SELECT 'T' || (10000 + i) AS code, i FROM range({PRACTICES}) t(i)")
        checks = [[*shared(run, one), *check(o)] for one in run.extracts for o in one.outcomes]
        described(connection, folder, "checks", CHECK, checks)
        connection.execute(f"CREATE TABLE wave AS SELECT unnest({list(PERIODS[:waves])}) AS period")
        counts = '100 AS element_count, hash(code, extract, "check") % 5 AS missing_count'
        counted = (
            f"SELECT *, element_count - missing_count AS denominator FROM (SELECT c.*, code AS organisation, period, "
            f'{counts}, CASE WHEN hash(code, extract, "check", 1) % 4 = 0 THEN hash(code) % 20 ELSE 0 END AS unexpected_count '
            "FROM checks c, practice, wave)"
        )
        copy(connection, counted, folder / "measures.parquet")
        fields = [[*shared(run, one), f.column, f.item, f.tolerance] for one in run.extracts for f in one.fields]
        described(connection, folder, "fields", FIELD, fields)
        classes = '100 - (n + 2) AS valid, 0 AS other, 1 AS "default", n AS invalid, 1 AS missing'
        classed = (
            f"SELECT * EXCLUDE n, {classes} FROM (SELECT f.*, code AS organisation, period, 100 AS records, "
            'hash(code, extract, "column") % 9 AS n FROM fields f, practice, wave)'
        )
        copy(connection, classed, folder / "fields.parquet")
        practices = f"SELECT code, 'practice' AS level, 'P' || (100 + i % {PCGTS}) AS parent, 'R' || i % {REGIONS} AS region, '' AS kind FROM practice"
        pcgts = f"SELECT 'P' || (100 + i), 'pcgt', '', 'R' || i % {REGIONS}, CASE WHEN i % 3 = 0 THEN 'PCT' ELSE 'PCG' END FROM range({PCGTS}) t(i)"
        copy(connection, f"SELECT '{run.id}' AS run, * FROM ({practices} UNION ALL {pcgts})", folder / "organisations.parquet")


def extract(suite: Suite) -> ExtractRun:
    feed = suite.feed
    fields = [FieldRun(name, (), field.item, field.tolerance) for name, field in feed.columns.items() if field.item]
    return ExtractRun(
        name=suite.name,
        feed=feed.feed,
        title=feed.title or feed.feed,
        level="practice",
        source=feed.source,
        suite=SuiteReference(suite.name, suite.origin, suite.sha256),
        planned=len(suite.checks),
        outcomes=tuple(outcome(one, suite.name) for one in suite.checks),
        fields=tuple(fields),
    )


def outcome(one: Check, name: str) -> Outcome:
    return Outcome(
        check=one.id,
        extract=name,
        expectation=one.expectation.name,
        kwargs=one.kwargs,
        statement=one.statement,
        status="fail",
        severity=one.severity,
        dimension=one.dimension,
        kahn=one.kahn,
        weight=one.weight,
    )


def shared(run: Run, one: ExtractRun) -> list[object]:
    return [run.id, run.started, one.name, one.feed, one.level, one.source, one.purpose]


def check(o: Outcome) -> list[object]:
    return [o.check, o.expectation, "", o.dimension, o.kahn, o.severity, o.weight, o.unit]


def described(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, columns: dict[str, str], rows: list[list[object]]
) -> None:
    """A table of what is counted, in the columns of a stored run."""
    lines = folder / f"{name}.json"
    lines.write_text("\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows))
    typed = "{" + ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items()) + "}"
    chosen = "* REPLACE (CAST(started AS TIMESTAMPTZ) AS started)"
    connection.execute(
        f"CREATE TABLE {name} AS SELECT {chosen} FROM read_json('{lines}', format = 'newline_delimited', columns = {typed})"
    )
    lines.unlink()


def copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main()
