"""Upkeep of a folder of runs: which are there, which may go, smaller ones, another place, whether they are as they were stored.

A run is there whole or not at all, wherever a command is killed; ``dq check`` may store runs here meanwhile. Commands of upkeep
wait for each other. A command that reads runs just while they are removed, moved or compacted may end with an error, never with
other results.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from dq_engine import locks, run_tables, store
from dq_engine.errors import StoreError, UsageError, WorkerDied, WorkerError
from dq_engine.model import ExtractRun, Outcome
from dq_engine.run_tables import Worker
from dq_engine.seal import SEAL, seal
from dq_engine.seal import read as read_seal
from dq_engine.sql import text

NOT_KEPT = "not kept: the run was compacted"
"""What stands for failing values that compaction took away."""
LEVEL = 9
"""How much work zstd puts into files that are compacted; its default is 3, and 19 saves a little more for twice the time."""
Progress = Callable[[str, float], None]


class ExtractHead(Struct, frozen=True):
    """What upkeep needs of an extract, as :class:`dq_engine.model.ExtractRun` has it."""

    name: str
    reused: str = ""


class RunHead(Struct, frozen=True):
    """What upkeep needs of a run, as :class:`dq_engine.model.Run` has it."""

    id: str
    started: str
    exit_code: int
    extracts: tuple[ExtractHead, ...]


class Stored(Struct, frozen=True):
    """A run that is stored: its record, where it is, and the bytes of its files."""

    head: RunHead
    directory: Path
    bytes: int


class Pruned(Struct, frozen=True):
    """What pruning makes of runs: which go, and which stay though they were meant, each with the reason."""

    go: tuple[Stored, ...]
    stay: tuple[tuple[Stored, str], ...]


class Compacted(Struct, frozen=True):
    """How many runs were made smaller, their bytes before and after, how many are small already, or whole for later runs."""

    runs: int
    before: int
    after: int
    already: int
    whole: int


class Moved(Struct, frozen=True):
    """How many runs were moved, how many of these were there already, and their bytes."""

    runs: int
    merged: int
    bytes: int


def silent(what: str, fraction: float) -> None:
    """Hears nothing."""


def stored(results: Path) -> tuple[list[Stored], list[str]]:
    """The runs in a folder, oldest first; and what is wrong with those that cannot be read. Raises :class:`UsageError`."""
    if not results.is_dir():
        raise UsageError(f"{results}: is {'not a folder of runs' if results.exists() else 'not there'}")
    found, troubles = [], []
    for directory in store.directories(results):
        try:
            run = store.read(directory, RunHead)
            dt.datetime.fromisoformat(run.started)
            found.append(Stored(run, directory, sum(map(_bytes, _files(directory)))))
        except StoreError as error:
            troubles.append(str(error))
        except ValueError:
            troubles.append(f"{directory / store.RUN}: does not say when the run was started")
    return sorted(found, key=lambda one: one.head.started), troubles


# --------------------------------------------------------------------------------------------------------------- prune


def to_prune(
    runs: Sequence[Stored], keep: int | None = None, before: dt.date | None = None, protected: Collection[str] = ()
) -> Pruned:
    """Which of the runs (oldest first) may go: all but the newest ``keep`` of each extract, and started ``before`` the day. Pure.

    Given both, a run goes if both say so. The newest run of an extract stays, as does one whose results a run that stays took
    over (that names it as the one which scanned), and those whose ids are ``protected``. Raises :class:`UsageError` for ids of
    no run.
    """
    unknown = [id for id in protected if id not in {run.head.id for run in runs}]
    if unknown:
        raise UsageError(f"{', '.join(unknown)}: there is no such run to keep")
    newest, within = newest_of(runs, 1), newest_of(runs, keep) if keep is not None else set()
    meant = [
        run
        for run in runs
        if run.head.id not in within and (before is None or dt.datetime.fromisoformat(run.head.started).date() < before)
    ]
    reasons = dict.fromkeys(newest, "the newest run of an extract") | dict.fromkeys(
        protected, "protected, as a baseline or by --keep-run"
    )
    go = {run.head.id for run in meant if run.head.id not in reasons}
    for run in reversed(runs):  # a run is older than those that took its results
        if run.head.id not in go:
            for taken in sorted({extract.reused for extract in run.head.extracts} & go):
                reasons[taken] = f"run {run.head.id} took over its results"
                go.discard(taken)
    return Pruned(
        tuple(run for run in meant if run.head.id in go),
        tuple((run, reasons[run.head.id]) for run in meant if run.head.id not in go),
    )


def newest_of(runs: Sequence[Stored], count: int) -> set[str]:
    """The ids of the newest ``count`` runs (they are given oldest first) of each extract."""
    seen: dict[str, int] = {}
    found = set()
    for run in reversed(runs):
        for extract in run.head.extracts:
            seen[extract.name] = seen.get(extract.name, 0) + 1
            if seen[extract.name] <= count:
                found.add(run.head.id)
    return found


def remove(results: Path, runs: Iterable[Stored]) -> None:
    """Removes runs that are there still, each of them at once for whoever reads. Raises :class:`StoreError`."""
    with _alone(results):
        for run in runs:
            if run.directory.exists():
                _remove(run.directory, run.head.id)


def _remove(directory: Path, run: str) -> None:
    with _told(directory, "could not be removed"):
        if directory.is_symlink():
            raise StoreError(f"{directory}: is a link, and stays")
        gone = store.hidden(directory.parent, run)
        directory.rename(gone)
        store.sync(directory.parent)
        shutil.rmtree(gone, ignore_errors=True)  # somebody else may sweep it up, too
        if gone.exists():
            raise StoreError(f"{gone}: is left of a run that was removed, and could not be deleted")


# ------------------------------------------------------------------------------------------------------------- compact


def compact(results: Path, runs: Sequence[Stored], keep: int, worker: Worker, progress: Progress = silent) -> Compacted:
    """Makes runs smaller but for the newest ``keep`` of each extract: SQL, times of queries and failing values go.

    What is left gives the same ratings, trends, counts and outcomes. Results of such a run are not taken over by later ones,
    which would lack what is gone. Raises :class:`StoreError` for a run that is not as it was stored.
    """
    whole = newest_of(runs, keep)
    older = [run for run in runs if run.head.id not in whole]
    made = before = after = 0
    with _alone(results):
        for place, run in enumerate(older):
            progress(f"run {place + 1} of {len(older)}", place / len(older))
            if (now := _compact(run, worker)) is not None:
                made, before, after = made + 1, before + run.bytes, after + now
    progress("done", 1.0)
    return Compacted(made, before, after, len(older) - made, len(runs) - len(older))


def _compact(stored: Stored, worker: Worker) -> int | None:
    """Makes one run smaller, file by file; gives its bytes, None if it is small already."""
    directory = stored.directory
    if (directory / SEAL).exists() and (troubles := faults(directory)):
        raise StoreError("\n".join(troubles))
    run = store.load(directory)
    less = msgspec.structs.replace(run, extracts=tuple(map(_less, run.extracts)))
    content, record = store.encode(less, indent=-1), directory / store.RUN
    sealed = directory / SEAL
    with _told(directory, "could not be compacted"):
        if record.read_bytes() == content and sealed.exists():
            return None
        staging = store.hidden(directory.parent, run.id)
        lock = locks.make(staging)
        try:
            _smaller(directory, staging.resolve(), worker)
            store.write(staging / store.RUN, content)
            shutil.copystat(record, staging / store.RUN)  # of runs of one second, the time tells which is newer
            names = (store.RUN, *run_tables.TABLES)
            for name in names:
                store.sync(staging / name)
            made = seal(less, {name: store.digest(staging / name) for name in names})
            sealed.unlink(missing_ok=True)  # a run without one is whole, and not believed to be as it was stored
            store.sync(directory)
            for name in names:
                (staging / name).replace(directory / name)
            store.replace_file(sealed, made)
            store.sync(directory)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            os.close(lock)
    return sum(map(_bytes, _files(directory)))


def _less(extract: ExtractRun) -> ExtractRun:
    outcomes = tuple(map(_short, extract.outcomes))
    return msgspec.structs.replace(extract, outcomes=outcomes, queries=(), views=(), fingerprint="")


def _short(outcome: Outcome) -> Outcome:
    note = NOT_KEPT if outcome.examples or outcome.unexpected else outcome.examples_note
    return msgspec.structs.replace(outcome, rows_sql="", examples=(), unexpected=None, examples_note=note)


def _smaller(directory: Path, folder: Path, worker: Worker) -> None:
    options = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {LEVEL}, USE_TMP_FILE false"
    for name in run_tables.TABLES:
        path = directory.resolve() / name
        request = {
            "op": "open",
            "files": [str(path)],
            "relation": run_tables.parquet(path),
            "settings": {},
            "others": {},
            "written": [str(folder / name)],
        }
        try:
            worker.ask(request)
            copied = f"COPY (SELECT * FROM {run_tables.parquet(path)}) TO {text(str(folder / name))} ({options})"
            worker.ask({"op": "query", "sql": copied})
        except WorkerDied:
            raise
        except WorkerError as error:
            raise StoreError(f"{path}: {error}: the run is damaged") from None


# ---------------------------------------------------------------------------------------------------------------- move


def move(source: Path, destination: Path, progress: Progress = silent) -> Moved:
    """Moves all runs to another folder, also on another file system: each is copied, synced, compared, and only then removed.

    A run that is at the destination already, byte for byte, is only removed from the source. Raises :class:`UsageError` for
    folders that cannot be moved so, :class:`StoreError` if another run of the same name is in the way (then nothing is moved), or
    if something cannot be read or written (then what is moved is moved, and the rest is where it was).
    """
    _refuse_places(source, destination)
    with _told(destination, "no runs can be stored here"):
        destination.mkdir(parents=True, exist_ok=True)
    merged = 0
    with contextlib.ExitStack() as stack:
        for folder in sorted((source, destination), key=lambda path: str(path.resolve())):
            stack.enter_context(_alone(folder))
        runs, troubles = stored(source)
        if troubles:
            raise StoreError("\n".join([*troubles, "nothing was moved"]))
        there = {run.head.id for run in runs if (destination / run.directory.name).exists()}
        if clashes := [
            f"{destination / run.directory.name}: is another run of the same name, with other bytes"
            for run in runs
            if run.head.id in there and _digests(run.directory) != _digests(destination / run.directory.name)
        ]:
            raise StoreError("\n".join([*clashes, "nothing was moved"]))
        for place, run in enumerate(runs):
            progress(f"run {place + 1} of {len(runs)}", place / len(runs))
            if run.head.id in there:
                merged += 1
            else:
                _copy(run, destination)
            _remove(run.directory, run.head.id)
    progress("done", 1.0)
    return Moved(len(runs), merged, sum(run.bytes for run in runs))


def _refuse_places(source: Path, destination: Path) -> None:
    if not source.is_dir():
        raise UsageError(f"{source}: is {'not a folder of runs' if source.exists() else 'not there'}")
    here, there = source.resolve(), destination.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise UsageError(f"{destination}: is {source} itself, or one is in the other")
    if (source / store.RUN).is_file() or (destination / store.RUN).is_file():
        raise UsageError(f"{source}: one of the two is the directory of a run; give folders of runs")
    if destination.exists() and not destination.is_dir():
        raise UsageError(f"{destination}: is a file; give a folder for the runs")


def _copy(run: Stored, destination: Path) -> None:
    final, staging = destination / run.directory.name, store.hidden(destination, run.head.id)
    with _told(final, "could not be written"):
        before, lock = _digests(run.directory), locks.make(staging)
        try:
            for name in before:
                (staging / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(run.directory / name, staging / name)
                store.sync(staging / name)
            for folder in {(staging / name).parent for name in before} | {staging}:
                store.sync(folder)
            if _digests(staging) != before or _digests(run.directory) != before:
                raise StoreError(f"{run.directory}: the copy is not the same, or the run was changed meanwhile; it stays")
            staging.rename(final)
            store.sync(destination)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        finally:
            os.close(lock)


# -------------------------------------------------------------------------------------------------------------- verify


def faults(directory: Path) -> list[str]:
    """What is not as it was stored in the directory of a run, each with the file."""
    try:
        store.load(directory)
        raw = (directory / SEAL).read_bytes() if (directory / SEAL).exists() else None
        sealed = read_seal(raw) if raw is not None else None
        if sealed is None:
            said = "is no seal" if raw is not None else "is not there: whether the run is as it was stored cannot be told"
            return [f"{directory / SEAL}: {said}"]
        names = {store.RUN, *run_tables.TABLES}
        if set(sealed.files) != names:
            return [f"{directory / SEAL}: is not the seal of a run: it names {', '.join(sorted(sealed.files)) or 'no file'}"]
        changed = (name for name in sorted(names) if store.digest(directory / name) != sealed.files[name])
        return [f"{directory / name}: is not as it was stored" for name in changed]
    except StoreError as error:
        return [str(error)]
    except OSError as error:
        return [f"{directory}: cannot be read: {store.words(error)}"]


# --------------------------------------------------------------------------------------------------------------- files


def _files(directory: Path) -> list[Path]:
    """All files in the directory of a run. Raises :class:`StoreError` if it holds a link, or what is no file."""
    found = []
    for path in sorted(directory.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise StoreError(f"{path}: is a link, or no file: no run has that")
        if path.is_file():
            found.append(path)
    return found


def _digests(directory: Path) -> Mapping[str, str]:
    return {path.relative_to(directory).as_posix(): store.digest(path) for path in _files(directory)}


def _bytes(path: Path) -> int:
    return path.stat().st_size


@contextlib.contextmanager
def _alone(results: Path) -> Iterator[None]:
    with _told(results, "cannot be used"), locks.alone(results):
        store.sweep(results)
        yield


@contextlib.contextmanager
def _told(where: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{where}: {what}: {store.words(error)}") from None
