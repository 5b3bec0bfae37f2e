"""The engine against the answer key: ``python -m tests.sample.compare FEED… [--seed N] [--scale N] [--periods N] [--keep DIR]``.

``--plant FEED=TIMES`` may be repeated, as for ``dq sample``. Writes the feeds, with those that their rules refer to and those whose defects break their rules, checks them by their suites,
and prints where the engine's counts per rule and organisation differ from the key, or "agrees".
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb

from dq_engine import Run, WorkerProcess, load_suite, store
from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract, Shelf, with_others
from dq_engine.sample import ANSWER_KEY, feed_names, load_feed, read_plant, write_samples
from dq_engine.sample.feed import Feed

SUITES = Path(__file__).parents[2] / "expectations"
Counts = dict[str, dict[str, int]]
"""Unexpected counts by rule and organisation; what is 0 is left out."""
Counted = Iterable[tuple[str, str, str, int | None]]
"""Extract, rule, organisation, unexpected."""


class Comparison(NamedTuple):
    """What the engine and the key say of one feed: differences in words; rules that fail, pass, or had nothing to judge."""

    feed: str
    differences: list[str]
    failed: list[str]
    passed: list[str]
    vacuous: list[str]


def suite_path(feed: Feed) -> Path:
    return SUITES / feed.level / f"{feed.name}.json"


def extracts_in(folder: Path, feeds: Iterable[str]) -> list[Extract]:
    """The feeds of a folder with their suites, each with the others that its rules refer to."""
    extracts = [
        Extract(name, ((folder / f"{name}.parquet").resolve(),), load_suite(suite_path(load_feed(name))))
        for name in sorted(feeds)
    ]
    return with_others(extracts, {}, Shelf([SUITES]))


def read_key(folder: Path) -> dict[str, Counts]:
    """The answer key: feed -> rule -> organisation -> unexpected."""
    key: dict[str, Counts] = defaultdict(lambda: defaultdict(dict))
    rows = duckdb.connect().execute(f"SELECT feed, rule, organisation, count FROM '{folder / ANSWER_KEY}'").fetchall()
    for feed, rule, organisation, unexpected in rows:
        key[feed][rule][organisation] = unexpected
    return key


def checked(extracts: list[Extract], results: Path, worker: WorkerProcess) -> Path:
    """The directory of the run over extracts."""
    results.mkdir()
    run = run_checks(extracts, Options(checksums=False), worker, counts=results)
    return store.save(run, results, worker, results)


def counted(directory: Path) -> Counted:
    """What a stored run counted of each organisation."""
    measures = f"FROM '{directory / 'measures.parquet'}' WHERE organisation IS NOT NULL"
    rows: Counted = duckdb.sql(
        f'SELECT extract, "check", organisation, sum(unexpected_count)::BIGINT {measures} GROUP BY ALL'
    ).fetchall()
    return rows


def compare(run: Run, key: dict[str, Counts], rows: Counted) -> list[Comparison]:
    """What differs between a run over samples, of which ``rows`` were counted, and their key, by extract."""
    by_feed: dict[str, Counts] = defaultdict(lambda: defaultdict(dict))
    split: set[tuple[str, str]] = set()
    for feed, rule, organisation, unexpected in rows:
        split.add((feed, rule))
        if unexpected:
            by_feed[feed][rule][organisation] = unexpected
    comparisons = []
    for extract in run.extracts:
        wanted_of = key.get(extract.name, {})
        differences = [extract.problem] if extract.problem else []
        by_status: dict[str, list[str]] = defaultdict(list)
        for outcome in extract.outcomes:
            wanted = wanted_of.get(outcome.check, {})
            found = by_feed[extract.name].get(outcome.check, {})
            by_status[outcome.status].append(outcome.check)
            if outcome.status in ("error", "skipped"):
                differences.append(f"{outcome.check}: {outcome.status}: {outcome.message}")
            elif not wanted and outcome.status == "fail":
                differences.append(
                    f"{outcome.check}: fails ({outcome.unexpected_count} unexpected), and is not in the key {some(found)}"
                )
            elif (extract.name, outcome.check) in split:
                differences += [f"{outcome.check}: {line}" for line in unlike(found, wanted)]
            elif wanted and outcome.unexpected_count != sum(wanted.values()):
                differences.append(f"{outcome.check}: engine {outcome.unexpected_count}, key {sum(wanted.values())} in all")
        known = {outcome.check for outcome in extract.outcomes}
        differences += [f"{rule}: no such rule in the suite" for rule in sorted(set(wanted_of) - known)]
        comparisons.append(Comparison(extract.name, differences, by_status["fail"], by_status["pass"], by_status["vacuous"]))
    return comparisons


def unlike(found: dict[str, int], wanted: dict[str, int]) -> list[str]:
    """The organisations whose counts differ, in words; eight at most."""
    lines = [
        f"{organisation}: engine {found.get(organisation, 0)}, key {wanted.get(organisation, 0)}"
        for organisation in sorted(found.keys() | wanted.keys())
        if found.get(organisation, 0) != wanted.get(organisation, 0)
    ]
    return lines if len(lines) <= 8 else [*lines[:8], f"and {len(lines) - 8} more organisations"]


def some(found: dict[str, int]) -> str:
    return ", ".join(f"{organisation} {count}" for organisation, count in list(found.items())[:8])


def needed(feed: str) -> set[str]:
    """The feeds that must be written for one: itself, those its rules refer to, those whose defects break its rules."""
    suite = json.loads(suite_path(load_feed(feed)).read_text(encoding="utf-8"))
    known = set(feed_names())
    others = {e["kwargs"]["other"] for e in suite["expectations"] if e.get("kwargs", {}).get("other")}
    others |= {name for e in suite["expectations"] for name in e.get("meta", {}).get("dq", {}).get("others", [])}
    return {feed} | (others & known) | {name for name in known if feed in feeds_broken_by(name)}


def feeds_broken_by(name: str) -> set[str]:
    """The feeds whose rules the defects of a feed break; none for one that cannot be imported at present."""
    try:
        return {breaks.feed for defect in load_feed(name).defects for breaks in defect.breaks}
    except Exception as error:
        print(f"{name} is left out: {error}", file=sys.stderr)
        return set()


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares what the engine counts with the answer key of the samples.")
    parser.add_argument("feeds", nargs="+", choices=feed_names(), metavar="FEED")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--periods", type=int, default=2)
    parser.add_argument("--plant", action="append", default=[], metavar="FEED=TIMES")
    parser.add_argument("--keep", type=Path, help="a folder to write the samples into, and leave them")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, WorkerProcess() as worker:
        folder = (asked.keep or Path(temporary)).resolve()
        names = set().union(*(needed(feed) for feed in asked.feeds))
        sizes = {"seed": asked.seed, "scale": asked.scale, "periods": asked.periods}
        written = write_samples(folder, worker, **sizes, feeds=sorted(names), plant=read_plant(asked.plant))
        for one in written:
            print(f"{one.feed}: {one.rows:,} rows, {one.path.stat().st_size:,} bytes")
        key = read_key(folder)
        directory = checked(extracts_in(folder, asked.feeds), Path(temporary, "results"), worker)
        compared = compare(store.load(directory), key, counted(directory))
    wrong = False
    for comparison in compared:
        wrong = wrong or bool(comparison.differences)
        print(f"\n{comparison.feed}")
        for line in comparison.differences:
            print(f"  {line}")
        print(f"  {len(comparison.failed)} rules fail; these pass: {', '.join(comparison.passed)}")
        if comparison.vacuous:
            print(f"  nothing to judge: {', '.join(comparison.vacuous)}")
        print("  agrees" if not comparison.differences else f"  {len(comparison.differences)} differences")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
