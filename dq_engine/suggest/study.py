"""Extracts -> proposals for each: drives the worker, the profile, the counts. The day and the progress are arguments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from msgspec import Struct

from dq_engine.catalog.base import suggestion
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract, Files, Other
from dq_engine.model import Feed, Severity
from dq_engine.process import WorkerProcess
from dq_engine.suggest import candidates
from dq_engine.suggest.candidates import Rule
from dq_engine.suggest.counting import Basis, Counted, Hear, counted
from dq_engine.suggest.profile import Profile, Profiler
from dq_engine.suggest.propose import Proposed, best_forms, feed_of, propose
from dq_engine.suggest.words import feed_name, is_identifier, is_identifying
from dq_engine.suite import Suite

SAMPLE = 1_000_000
"""Rows that are read, if nobody says otherwise; of extracts with more, a sample."""
SEED = 1
LEAST = 0.9
"""The confidence from which on a rule is proposed, if nobody says otherwise."""
UNIQUE = 0.9
"""The share of rows that must seem to have different keys, by the estimate, for a key to be counted."""
TRIED = 3
"""Combinations of columns of which it is counted whether they are a key."""
SNAPSHOTS = 40
"""Rows that a register may have for each of its codes: one for each month of some years."""
MOST_REFERENCES = 30
Observer = Callable[[str, str, float], None]
"""Hears the extract, what is done on it, and how far it is (0 to 1)."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What is asked for: how many rows are read (None: all), which columns are public (patterns), from which confidence on.

    ``feed`` is the name of the feed, else it is made of the file's; ``existing`` a suite whose rules are not proposed again;
    ``severity`` one for all proposals; ``settings`` are the threads and the memory limit of DuckDB, as it spells them.
    """

    sample: int | None = SAMPLE
    public: tuple[str, ...] = ()
    least: float = LEAST
    feed: str | None = None
    existing: Suite | None = None
    severity: Severity | None = None
    settings: dict[str, str] = {}


class Studied(Struct, frozen=True):
    """What was found about one extract."""

    files: Files
    feed: Feed
    rows: int
    read: int
    proposed: Proposed


class _Looked(Struct, frozen=True):
    """An extract that was profiled, and whose rules were counted."""

    files: Files
    extract: Extract
    profile: Profile
    counts: list[Counted]
    feed: Feed


def study(
    worker: WorkerProcess,
    found: Sequence[Files],
    wanted: Wanted,
    today: dt.date,
    observer: Observer = lambda name, what, share: None,
) -> list[Studied]:
    """The proposals for each extract; with several, also for what the values of one are in another.

    Raises :class:`dq_engine.errors.ExtractError` for an extract that cannot be read, :class:`UsageError` for a column that
    somebody calls public and that none of them has.
    """
    names = _feed_names(found, wanted)
    looked = [
        _look(worker, files, name, wanted, today, lambda what, share, name=files.name: observer(name, what, share))  # type: ignore[misc]
        for files, name in zip(found, names, strict=True)
    ]
    _all_known(wanted.public, looked)
    studied = []
    for one in looked:
        hear: Hear = lambda what, share, name=one.files.name: observer(name, what, share)  # type: ignore[misc]  # noqa: E731
        references = _references(one, looked)
        others = tuple(Other(each.feed.feed, each.files.paths, each.feed, each.files.partitioned) for each in looked)
        against = msgspec.structs.replace(one.extract, others=others)
        counts = [*one.counts, *counted(worker, against, references, "all rows", wanted.settings, today, hear)]
        proposed = propose(
            one.profile,
            counts,
            list(candidates.layout(one.profile)),
            one.feed,
            least=wanted.least,
            existing=wanted.existing,
            severity=wanted.severity,
        )
        studied.append(Studied(one.files, one.feed, one.profile.rows, one.profile.read, proposed))
    return studied


def _feed_names(found: Sequence[Files], wanted: Wanted) -> list[str]:
    """A name for the feed of each extract; of two that would have the same, the whole names of the files."""
    if wanted.feed is not None and len(found) > 1:
        raise UsageError(f"--feed {wanted.feed}: {len(found)} extracts cannot all be of one feed: name one extract")
    names = [wanted.feed or feed_name(files.name) for files in found]
    return [name if names.count(name) == 1 else f"{name}_{place}" for place, name in enumerate(names, 1)]


def _look(worker: WorkerProcess, files: Files, feed: str, wanted: Wanted, today: dt.date, hear: Hear) -> _Looked:
    """Profiles an extract, or a sample of it, and counts what breaks the rules that may hold."""
    extract = Extract(files.name, files.paths, Suite(feed, Feed(feed), (), "", "", {}), files.partitioned)
    with worker.folder() as folder:
        hear("reading footers", 0.0)
        sample = Path(folder) / "sample.parquet"
        profiler = Profiler(worker, extract, wanted.settings, [sample])
        rows = profiler.opened.table.rows
        footers = {column.name: None if column.nulls is None else rows - column.nulls for column in profiler.columns}
        read = extract
        basis: Basis = "all rows"
        if wanted.sample is not None and rows > wanted.sample:
            hear(f"drawing a sample of {rows:,} rows", 0.02)
            profiler.write_sample(sample, wanted.sample, SEED)
            read, basis = Extract(files.name, (sample,), extract.suite), "a sample"
            profiler = Profiler(worker, read, wanted.settings)
        hear("counting values", 0.1)
        public = _public([column.name for column in profiler.columns], wanted.public)
        profile = profiler.profile(rows, public, footers)
        keys = _keys(profiler, profile)
        rules = candidates.candidates(profile, today)
        known, open_ = _known(profile, rules)
        shared = lambda what, share: hear(what, 0.2 + 0.5 * share)  # noqa: E731
        counts = [*known, *counted(worker, read, open_, basis, wanted.settings, today, shared)]
    counts += counted(
        worker, extract, keys, "all rows", wanted.settings, today, lambda what, share: hear(what, 0.7 + 0.3 * share)
    )
    return _Looked(files, extract, profile, counts, feed_of(feed, profile, counts, public))


def _known(profile: Profile, rules: Sequence[Rule]) -> tuple[list[Counted], list[Rule]]:
    """What the footers answer of all rows: how many values are NULL. And the rules that are left."""
    known, left = [], []
    for rule in rules:
        values = profile.column(rule.columns[0]).all_values if rule.family == "present" else None
        if values is None:
            left.append(rule)
        else:
            known.append(Counted(rule, profile.rows, profile.rows - values, "all rows"))
    return known, left


def _keys(profiler: Profiler, profile: Profile) -> list[Rule]:
    """The columns, and the combinations of up to three, that seem to tell all rows apart: to be counted exactly, on all rows."""
    keys = [candidates.key([column.name]) for column in candidates.alone(profile)]
    for size in (2, 3):
        combinations = candidates.combinations(profile, size)
        different = profiler.different_together(combinations)
        enough = UNIQUE * profile.read
        fitting = [each for each, number in zip(combinations, different, strict=True) if number >= enough]
        keys += [candidates.key([column.name for column in each]) for each in fitting[:TRIED]]
    return keys


def _public(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """The columns that somebody calls public. One whose name says that it identifies people must be called so itself."""
    fitting = [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]
    return [name for name in fitting if name in patterns or not is_identifying(name)]


def _all_known(patterns: Sequence[str], looked: Sequence[_Looked]) -> None:
    names = [column.name for one in looked for column in one.profile.columns]
    unknown = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
    if unknown:
        raise UsageError("\n".join(f"--public {each}: no column is called so{suggestion(each, names)}" for each in unknown))


def _references(one: _Looked, looked: Sequence[_Looked]) -> list[Rule]:
    """Rules that the codes of a column are among those of a register among the other extracts."""
    forms = {each.feed.feed: {c.rule.columns[0]: c.rule.suffix for c in best_forms(each.counts)} for each in looked}
    ours = forms[one.feed.feed]
    found = []
    for column in one.profile.columns:
        coded = column.name in ours or is_identifier(column.name)
        if not coded or column.column.kind != "text" or column.different < 5:
            continue
        for other in looked:
            theirs = forms[other.feed.feed]
            for register in other.profile.columns if other is not one else ():
                alike = register.name == column.name or (ours.get(column.name, "") == theirs.get(register.name))
                few = register.values <= SNAPSHOTS * register.different and register.different >= LEAST * column.different
                fewer = other.profile.rows < one.profile.rows
                if alike and few and fewer and register.column.kind == "text" and theirs.get(register.name) != "is_postcode":
                    found.append(candidates.reference(column.name, other.feed.feed, register.name))
    return found[:MOST_REFERENCES]
