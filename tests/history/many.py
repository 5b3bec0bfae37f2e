"""What many stored runs cost, and what compaction saves: ``python -m tests.history.many FOLDER --runs 200``.

Checks sample_data once, makes further runs of it (a month apart, the files copied with other ids), and times the commands that
read them, before and after ``dq store compact``.
"""

import argparse
import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]


def again(directory: Path, id: str, started: dt.datetime, day: dt.date) -> Path:
    """A copy of a stored run with another id, start and day; sealed."""
    made = directory.parent / id
    made.mkdir()
    record = json.loads((directory / "run.json").read_bytes())
    record["options"]["as_of"] = day.isoformat()
    for extract in record["extracts"]:
        for file in extract["files"]:
            file["sha256"] = hashlib.sha256(f"{id}{file['path']}".encode()).hexdigest()
    record |= {"id": id, "started": started.isoformat(timespec="seconds")}
    (made / "run.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    for path in directory.glob("*.parquet"):
        columns = (
            f"* REPLACE ('{id}' AS run"
            + ("" if path.stem == "organisations" else f", TIMESTAMPTZ '{record['started']}' AS started")
            + ")"
        )
        duckdb.sql(f"COPY (SELECT {columns} FROM '{path}') TO '{made / path.name}' (FORMAT parquet, COMPRESSION zstd)")
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made.iterdir()}
    (made / "seal.json").write_text(json.dumps({"extracts": [], "files": digests}), encoding="utf-8")
    return made


def many(folder: Path, runs: int) -> None:
    (folder / "sample_data").symlink_to(ROOT / "sample_data")
    (folder / "expectations").symlink_to(ROOT / "expectations")
    dq(folder, "check", "sample_data", "--fail-on", "never", "--quiet")
    (first,) = (folder / "dq-results").iterdir()
    for number in range(1, runs):
        start = dt.datetime(2010, 1, 15, 9, tzinfo=dt.UTC) + dt.timedelta(days=30 * number)
        again(first, f"{start:%Y%m%dT%H%M%SZ}-{number:06x}", start, start.date())


def dq(folder: Path, *arguments: str) -> float:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "dq_engine", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"dq {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
    return time.monotonic() - started


def size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def measure(folder: Path, runs: int, docs: int) -> None:
    results = folder / "dq-results"
    print(f"{runs} runs of sample_data, {os.cpu_count()} processors")
    for state in ("as stored", "compacted"):
        print(f"{state}: {size(results):.0f} MB")
        print(f"  dq history            {dq(folder, 'history', '--quiet', '--output', 'history.txt'):6.1f} s")
        some = [str(path) for path in sorted(results.iterdir())[-docs:]]
        print(f"  dq docs, {docs} runs       {dq(folder, 'docs', *some, '--quiet', '--output', f'site-{state[:2]}'):6.1f} s")
        if state == "as stored":
            print(f"  dq store verify       {dq(folder, 'store', 'verify'):6.1f} s")
            print(f"  dq store compact      {dq(folder, 'store', 'compact', '--quiet'):6.1f} s")


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("folder", type=Path)
    reader.add_argument("--runs", type=int, default=200)
    reader.add_argument("--docs", type=int, default=5)
    given = reader.parse_args()
    given.folder.mkdir(parents=True)
    many(given.folder, given.runs)
    measure(given.folder, given.runs, given.docs)
