"""How much is wrong with the samples on purpose, by PCG/T: the factor that it was planted with, and what the answer key counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import duckdb

from dq_engine.sample import feed_names, load_feed, world
from tests.sample.compare import read_key

PERSON_FEEDS = ("community_services", "hospital_activity", "mental_health", "social_care")
"""The feeds of records about people that other bodies send about PCG/Ts: one for each source but primary care."""


def factors(seed: int = 1) -> dict[str, float]:
    """The factor of each PCG/T of a world: 0, 0.5, 1, 2 or 4 times as many defects as the rates of the feeds say."""
    with duckdb.connect() as connection:
        for statement in world.statements(seed, 1, 1):
            connection.execute(statement)
        return {code: float(factor) for code, factor in connection.execute("SELECT pcgt_code, factor FROM pcgt").fetchall()}


def rates(directory: Path, feeds: Collection[str] = PERSON_FEEDS) -> dict[str, float]:
    """Broken rules per record of each PCG/T of which there are records, from the answer key and the numbers of rows.

    Over those of ``feeds`` (feeds by PCG/T) that are in the folder. What the key counts once, such as a period for which nothing
    was sent, is left out; so are codes that are no PCG/T's.
    """
    key = read_key(directory)
    broken: Counter[str] = Counter()
    records: Counter[str] = Counter()
    for feed in feeds:
        path, column = directory / f"{feed}.parquet", load_feed(feed).organisation
        if not path.exists():
            continue
        records.update(dict(duckdb.sql(f"SELECT {column}, count(*) FROM '{path}' GROUP BY ALL").fetchall()))
        for rule, counts in key.get(feed, {}).items():
            if rule not in _counted_once(feed):
                broken.update(counts)
    return {pcgt: broken[pcgt] / records[pcgt] for pcgt in sorted(factors()) if records[pcgt]}


def _counted_once(feed: str) -> set[str]:
    """The rules of a feed that some defect breaks once, however many rows it befalls."""
    every = [(name, breaks) for name in feed_names() for defect in load_feed(name).defects for breaks in defect.breaks]
    return {breaks.rule for name, breaks in every if breaks.once and (breaks.feed or name) == feed}
