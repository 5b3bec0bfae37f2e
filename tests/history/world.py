"""Months of an extract as practices send it, and runs of these: real ones by ``dq check``, or copies of one with other numbers."""

import calendar
import datetime as dt
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from dq_engine import store
from dq_engine.model import ExtractRun, Run
from dq_engine.process import WorkerProcess
from tests.command import dq_here

PRACTICES = [f"P8{number:04}" for number in range(40)]
SUITE = {
    "name": "visits",
    "meta": {"dq": {"feed": "visits", "title": "Visits", "organisation_column": "practice", "period_column": "month"}},
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "reason", "mostly": 0.5}, "id": "reason_there"},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "minutes", "min_value": 1}, "id": "minutes_right"},
    ],
}


def month_of(place: int) -> dt.date:
    """The first day of a month, counted from January 2024."""
    return dt.date(2024 + place // 12, place % 12 + 1, 1)


def write_month(
    folder: Path, place: int, *, practices: Sequence[str] = PRACTICES, rows: int = 20, missing: float = 0.05, wrong: int = 0
) -> Path:
    """The extract of one month: about so many rows of each practice, a share of them without a reason."""
    chance = random.Random(place)
    sent = [code for code in practices for _ in range(rows + chance.randint(-2, 2))]
    month = f"{month_of(place):%Y-%m}"
    table = {
        "practice": sent,
        "month": [month] * len(sent),
        "reason": [None if chance.random() < missing else "a" for _ in sent],
        "minutes": [0 if row < wrong else 10 for row in range(len(sent))],
    }
    path = folder / "visits.parquet"
    pq.write_table(pa.table(table), path)
    return path


def check(folder: Path, place: int, days: int = 15) -> None:
    """Runs ``dq check`` on what is there, so many days after the end of that month."""
    if not (folder / "visits.json").exists():
        (folder / "visits.json").write_text(json.dumps(SUITE), encoding="utf-8")
    first = month_of(place)
    end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    day = (end + dt.timedelta(days=days)).isoformat()
    done = dq_here(
        folder, "check", "visits.parquet", "--suite", "visits.json", "--as-of", day, "--fail-on", "never", "--quiet",
        "--results", "dq-results",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def stored(folder: Path) -> list[Path]:
    """The runs that a reader sees."""
    return sorted(path for path in (folder / "dq-results").iterdir() if not path.name.startswith("."))


def copies(
    run: Run, results: Path, worker: WorkerProcess, count: int, change: Callable[[ExtractRun, int], ExtractRun] = lambda x, n: x
) -> list[str]:
    """Stores a run again and again, a month apart, each time with other numbers and other files; gives the ids."""
    ids = []
    results.mkdir(exist_ok=True)
    for place in range(count):
        started = dt.datetime(2024, 1, 15, 9, tzinfo=dt.UTC) + dt.timedelta(days=30 * place)
        extracts = tuple(_other(change(extract, place), place) for extract in run.extracts)
        ids.append(f"{started:%Y%m%dT%H%M%SZ}-{place:06x}")
        options = {**run.options, "as_of": None}
        one = msgspec.structs.replace(run, id=ids[-1], started=started.isoformat(), extracts=extracts, options=options)
        store.save(one, results, worker)
    return ids


def _other(extract: ExtractRun, place: int) -> ExtractRun:
    files = tuple(msgspec.structs.replace(file, sha256=f"{place:064x}") for file in extract.files)
    return msgspec.structs.replace(extract, files=files)
