"""Synthetic extracts of NHS feeds of an invented world, with planted defects and the key that says what they break.

The modules make SQL text; the worker process runs it, one row at a time as it were: no feed is held in memory. ``world`` has the
places, people and random draws, ``feeds`` a module for each feed, ``feed`` what a feed is, ``statement`` how a feed becomes SQL.
Organisations, people, addresses, drugs and numbers are all invented: practice codes begin with T9, postcodes lie in the area
ZZ, telephone numbers in the range that Ofcom keeps for fiction (01632 960000 to 960999), NHS numbers begin with 8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dq_engine.errors import UsageError
from dq_engine.process import WorkerProcess
from dq_engine.sample import statement, world
from dq_engine.sample.feed import Feed
from dq_engine.sample.feeds import feed_names, load_feed
from dq_engine.sample.planting import planted, read_plant
from dq_engine.sql import text

__all__ = ["ANSWER_KEY", "MOST_SORTED", "Written", "feed_names", "load_feed", "read_plant", "write_samples"]

ANSWER_KEY = "_key/answer_key.parquet"
"""The file beside the feeds: ``feed``, ``rule``, ``organisation``, ``unexpected``; pairs that are not there have 0."""
MOST_SORTED = 10
"""Up to this scale files are sorted; beyond, rows stay as they come, practice by practice: large feeds are not sorted on disk."""
COMPRESSED = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3"


class Written(NamedTuple):
    """A feed that was written: its name, its file, its rows."""

    feed: str
    path: Path
    rows: int


def silent(feed: str, fraction: float) -> None:
    """Progress that nobody hears."""


def write_samples(
    directory: Path,
    worker: WorkerProcess,
    *,
    seed: int = 1,
    scale: int = 1,
    periods: int = 2,
    feeds: Sequence[str] | None = None,
    plant: Mapping[str, float] | None = None,
    progress: Callable[[str, float], None] = silent,
    threads: int = 1,
    memory_limit: str = "1GB",
) -> list[Written]:
    """Writes ``<feed>.parquet`` for each feed (``feeds``: all), and the answer key, into ``directory``, which is made.

    ``scale`` 1 is the smallest world; rows are about proportional to it. The same arguments give the same rows everywhere. The
    key holds what the rules of the feeds written are broken by. ``progress`` hears which feed is written, and how much of it is
    (0 to 1). More threads only buffer more: rows come in one stream.

    ``plant`` maps feeds, or sources for all of their feeds, to how many times as often as usual defects befall them: as if each
    row were drawn for so many times. 0 plants none, 1 is usual, 1,000 the most; what is said of a feed goes before what is said
    of its source. A row has one defect at most, but rows that are drawn for more than once have one that spoils most of them,
    where the feed has such a defect. The key is of rows: far above the usual times, the totals of a whole extract may leave their
    tolerances besides.

    Raises :class:`UsageError` for a feed or source that is not known, a scale or number of periods below 1, times that cannot
    be had, or a folder that cannot be made; :class:`dq_engine.WorkerError` if writing fails.
    """
    chosen = planted(plant or {}, [_known(name) for name in (feed_names() if feeds is None else sorted(set(feeds)))])
    try:
        making = world.statements(seed, scale, periods)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / ANSWER_KEY).parent.mkdir(exist_ok=True)
        (directory / ANSWER_KEY).unlink(missing_ok=True)
    except ValueError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{directory}: cannot be made ({error.strerror})") from None
    folder = directory.resolve()
    statements = [*making, BREACHES]
    writing: dict[int, Feed] = {}
    for feed in chosen:
        writing[len(statements)] = feed
        select = statement.rows(feed, ordered=scale <= MOST_SORTED)
        statements.append(f"COPY (\n{select}\n) TO {text(str(folder / f'{feed.name}.parquet'))} ({COMPRESSED})")
        statements.append(f"INSERT INTO breach\n{statement.breaches(feed)}")
    statements.append(f"COPY (\n{_key(chosen)}\n) TO {text(str(folder / ANSWER_KEY))} ({COMPRESSED})")

    def heard(per_cent: float) -> None:
        place = int(per_cent // 100)
        if place in writing:
            progress(writing[place].name, per_cent / 100 - place)

    settings = {
        "threads": threads,
        "memory_limit": memory_limit,
        "temp_directory": str(worker.directory / "spill"),
    }
    request = {"op": "write", "directory": str(folder), "statements": statements, "settings": settings}
    counts = worker.ask(request, progress=heard)["rows"]
    return [Written(feed.name, directory / f"{feed.name}.parquet", counts[place]) for place, feed in writing.items()]


BREACHES = "CREATE TABLE breach (feed VARCHAR, rule VARCHAR, organisation VARCHAR, item VARCHAR, once BOOLEAN, unexpected BIGINT)"
"""Below the folder of the feeds, and passed over when that is checked, as its name begins with _. Columns: ``feed``, ``rule``,
``organisation``, ``count``; pairs that are not there have 0."""


def _known(name: str) -> Feed:
    try:
        feed = load_feed(name)
    except KeyError:
        raise UsageError(f"no such feed: {name} (known: {', '.join(feed_names())})") from None
    statement.check(feed)
    return feed


def _key(feeds: Sequence[Feed]) -> str:
    """SELECT of the answer key: what is counted by row is added up, of what is counted once each item counts once."""
    names = ", ".join(text(feed.name) for feed in feeds)
    return (
        "SELECT feed, rule, organisation, "
        "(coalesce(sum(unexpected) FILTER (NOT once), 0) + count(DISTINCT item) FILTER (once))::BIGINT AS count\n"
        f"FROM breach WHERE feed IN ({names})\nGROUP BY feed, rule, organisation\nORDER BY feed, rule, organisation"
    )
