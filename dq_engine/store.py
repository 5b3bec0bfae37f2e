"""Run directories: ``RESULTS/RUN_ID/run.json`` and the Parquet files of :mod:`dq_engine.run_tables`, written whole or not at all.

A run is first written to a hidden folder beside its place, synced to disk, and then renamed: a reader sees all of it or nothing.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from dq_engine import run_tables
from dq_engine.errors import StoreError, UsageError, WorkerError
from dq_engine.model import Run

STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Characters that steer a terminal or hide what they are; JSON text spells them as escapes, which mean the same."""
RUN = "run.json"


class Head(Struct, frozen=True, order=True):
    """What tells runs apart, and their order."""

    started: str
    id: str


Record = TypeVar("Record", Run, Head)


def encode(run: Run) -> bytes:
    """The text of ``run.json``: the run without what its Parquet files hold, indented."""
    raw = (
        msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(run, measures=(), fields=(), organisations=())), indent=2)
        + b"\n"
    )
    return raw if raw.isascii() else STEERING.sub(_escaped, raw.decode()).encode()


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def decode(raw: bytes, origin: str) -> Run:
    """The run in the text of a ``run.json``, without what its Parquet files hold. Raises :class:`StoreError`."""
    return _decoded(raw, origin, Run)


def _decoded(raw: bytes, origin: str, kind: type[Record]) -> Record:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise StoreError(f"{origin}: is not the record of a run: {error}") from None


def run_directory(path: Path) -> Path:
    """The directory of a run: ``path`` itself, or the newest run in a folder of runs. Raises :class:`UsageError`."""
    if not path.is_dir():
        raise UsageError(f"{path}: is {'not the directory of a run' if path.exists() else 'not there'}: check something first")
    if (path / RUN).is_file():
        return path
    found = sorted((entry for entry in path.iterdir() if (entry / RUN).is_file()), key=lambda entry: entry.name)
    if not found:
        raise UsageError(f"{path}: holds no run: check something first")
    return found[-1]


def _record(directory: Path) -> tuple[bytes, str]:
    """The text of the record of the run in a directory, and where it is from. Raises :class:`StoreError`."""
    path = directory / RUN
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {words(error)}") from None


def head(directory: Path) -> Head:
    """When the run in a directory was started, and its id. Raises :class:`StoreError`."""
    return _decoded(*_record(directory), Head)


def load(directory: Path) -> Run:
    """The run in a directory, without what its Parquet files hold. Raises :class:`StoreError`."""
    run = _decoded(*_record(directory), Run)
    missing = [name for name in run_tables.TABLES if not (directory / name).is_file()]
    if missing:
        raise StoreError(f"{directory}: lacks {', '.join(missing)}: it is of an older dq, or damaged; check again")
    return run


def prepare(results: Path) -> None:
    """Makes the results folder and tries to write in it, before any work is done. Raises :class:`UsageError`."""
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results):
            pass
    except OSError as error:
        raise UsageError(
            f"{results}: no results can be written here: {words(error)}. Choose another folder with --results"
        ) from None


def save(run: Run, results: Path, worker: run_tables.Worker, counts: Path | None = None) -> Path:
    """Writes the run below ``results`` and gives its directory. Raises :class:`StoreError`; then nothing is left behind.

    ``counts`` is the folder of its counts by organisation that are no values of the run, as
    :func:`dq_engine.engine.run_checks` leaves them.
    """
    final, staging = results / run.id, results / f".{run.id}.partial"
    try:
        staging.mkdir()
        _write(staging / RUN, encode(run))
        run_tables.write(run, staging.resolve(), worker, counts)
        for table in run_tables.TABLES:
            _sync(staging / table)
        for folder in (staging, results):
            _sync(folder)
        staging.rename(final)
        _sync(results)
    except (OSError, WorkerError) as error:
        shutil.rmtree(staging, ignore_errors=True)
        reason = words(error) if isinstance(error, OSError) else str(error)
        raise StoreError(f"{final}: the run could not be stored: {reason}. Its results are complete as printed") from None
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return final


def words(error: OSError) -> str:
    """An error of the operating system, for people."""
    known = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "permission denied",
        errno.ENOTDIR: "a part of the path is a file, not a folder",
        errno.EEXIST: "a file of that name is in the way",
    }
    return known.get(error.errno or 0, (error.strerror or "unknown reason").lower())


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _write(staging, content)
        staging.replace(path)
    except OSError:
        staging.unlink(missing_ok=True)
        raise


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
