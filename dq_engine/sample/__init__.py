"""Synthetic extracts of four practice-level feeds: clean rows of an invented world, then planted, counted defects.

The world has four heirs of primary care groups and trusts with fifteen general practices each; the same codes stand
in all four feeds. Every organisation, address, drug and number is invented: practice codes begin with T9, postcodes lie
in the area ZZ, telephone numbers in the range that Ofcom keeps for fiction (01632 960000 to 960999).

Each number is a hash of what it describes (:func:`dq_engine.sample.world.draw`), so that the same rows come out on every
machine and a new column moves no other. Each feed is a module of its own. A defect is one small function there: its
docstring says what it breaks, it returns how many rows. Only :func:`write_samples` needs pyarrow.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dq_engine.sample import appointments, list_sizes, practices, prescribing
from dq_engine.sample.world import Defect, Feed, Row

__all__ = ["SCHEMAS", "Defect", "Planted", "Row", "build_samples", "planted_defects", "write_samples"]

FEEDS: dict[str, Feed] = {
    "practices": practices.FEED,
    "list_sizes": list_sizes.FEED,
    "prescribing": prescribing.FEED,
    "appointments": appointments.FEED,
}
SCHEMAS = {name: feed.schema for name, feed in FEEDS.items()}
"""The columns of each feed, in file order, with DuckDB's names of their types."""


class Planted(NamedTuple):
    """One planted defect: in which feed, the function's name, its docstring, and how many rows it broke or added."""

    feed: str
    name: str
    what: str
    rows: int


def build_feed(name: str) -> tuple[list[Row], list[Planted]]:
    """Return the rows of one feed with its defects planted, and what was planted."""
    feed = FEEDS[name]
    rows = feed.clean_rows()
    planted = [Planted(name, defect.__name__, defect.__doc__ or "", defect(rows)) for defect in feed.defects]
    return rows, planted


def build_samples() -> dict[str, list[Row]]:
    """Return the rows of every feed, defects included."""
    return {feed: build_feed(feed)[0] for feed in FEEDS}


def planted_defects() -> list[Planted]:
    """Return every planted defect with the number of rows it broke, removed or added."""
    return [planted for feed in FEEDS for planted in build_feed(feed)[1]]


def write_samples(directory: Path) -> None:
    """Write ``<feed>.parquet`` for every feed into ``directory``, which is made where it does not exist."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import, and needed here alone
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
    }
    directory.mkdir(parents=True, exist_ok=True)
    for feed, rows in build_samples().items():
        schema = pa.schema([(column, types[name]) for column, name in SCHEMAS[feed].items()])
        table = pa.Table.from_pylist(rows, schema=schema)
        pq.write_table(table, directory / f"{feed}.parquet", compression="zstd", compression_level=9)
