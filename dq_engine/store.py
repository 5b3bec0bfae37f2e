"""Run directories: ``RESULTS/RUN_ID/run.json`` and the Parquet files of :mod:`dq_engine.run_tables`, written whole or not at all.

A run is first written to a hidden folder beside its place, synced to disk, and then renamed: a reader sees all of it or nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
from msgspec import Struct

from dq_engine import locks, run_tables
from dq_engine._version import __version__
from dq_engine.errors import StoreError, UsageError, WorkerError
from dq_engine.model import RUN_VERSION, ExtractRun, Run
from dq_engine.seal import SEAL, seal

STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Characters that steer a terminal or hide what they are; JSON text spells them as escapes, which mean the same."""
RUN = "run.json"
A_DAY = 86_400
"""Seconds after which what another machine left here, whose locks may not be seen, counts as left behind."""


class Head(Struct, frozen=True, order=True):
    """What tells runs apart, and their order."""

    started: str
    id: str


class _Form(Struct, frozen=True):
    """Of which version a record is, and which dq wrote it."""

    version: int
    engine: dict[str, str] = {}


Record = TypeVar("Record", bound=Struct)


def encode(run: Run, indent: int = 2) -> bytes:
    """The text of ``run.json``: the run without what its Parquet files hold; on one line if ``indent`` is negative."""
    extracts = tuple(map(_storable, run.extracts))
    head = msgspec.structs.replace(run, extracts=extracts, measures=(), fields=(), organisations=())
    raw = msgspec.json.format(msgspec.json.encode(head), indent=indent) + b"\n"
    return raw if raw.isascii() else STEERING.sub(_escaped, raw.decode()).encode()


def _storable(extract: ExtractRun) -> ExtractRun:
    """The record as JSON can hold it: infinities, which it does not know, become their names where values of the data are."""
    if not any(outcome.unexpected or outcome.gx_result for outcome in extract.outcomes):
        return extract
    from dq_engine.results import storable  # noqa: PLC0415  it loads the catalogue, which who reads a stored run can do without

    outcomes = []
    for outcome in extract.outcomes:
        said = {} if outcome.unexpected is None else msgspec.structs.asdict(outcome.unexpected)
        rows = {name: tuple(map(storable, said[name])) for name in ("values", "index", "rows") if said.get(name)}
        unexpected = msgspec.structs.replace(outcome.unexpected, **rows) if outcome.unexpected else None
        outcomes.append(msgspec.structs.replace(outcome, unexpected=unexpected, gx_result=storable(outcome.gx_result)))
    return msgspec.structs.replace(extract, outcomes=tuple(outcomes))


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def decode(raw: bytes, origin: str) -> Run:
    """The run in the text of a ``run.json``, without what its Parquet files hold. Raises :class:`StoreError`."""
    return _decoded(raw, origin, Run)


def _decoded(raw: bytes, origin: str, kind: type[Record]) -> Record:
    try:
        form = msgspec.json.decode(raw, type=_Form)
        if form.version == RUN_VERSION:
            return msgspec.json.decode(raw, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise StoreError(f"{origin}: is not the record of a run: {error}") from None
    except UnicodeDecodeError:
        raise StoreError(f"{origin}: is not the record of a run: it is not UTF-8 text") from None
    except RecursionError:
        raise StoreError(f"{origin}: is not the record of a run: it is nested too deeply") from None
    written = f"was written by dq {form.engine.get('dq', 'of an unknown version')}, as version {form.version} of a run's record"
    if form.version > RUN_VERSION:
        raise StoreError(f"{origin}: {written}; this is dq {__version__}, which knows versions up to {RUN_VERSION}: upgrade dq")
    raise StoreError(f"{origin}: {written}; this is dq {__version__}, which reads version {RUN_VERSION}: check again")


def run_directory(path: Path) -> Path:
    """The directory of a run: ``path`` itself, or the newest run in a folder of runs. Raises :class:`UsageError`."""
    if not path.is_dir():
        raise UsageError(f"{path}: is {'not the directory of a run' if path.exists() else 'not there'}: check something first")
    if (path / RUN).is_file():
        return path
    found = directories(path)
    if not found:
        raise UsageError(f"{path}: holds no run: check something first")
    return found[-1]


def directories(results: Path) -> list[Path]:
    """The directories of the runs in a folder of runs, oldest first; those that are being written or removed are none yet."""
    ages = {}
    for entry in results.iterdir():
        with contextlib.suppress(OSError):  # it was removed meanwhile
            if not entry.name.startswith(".") and (entry / RUN).is_file():
                ages[entry] = _age(entry)
    return sorted(ages, key=ages.__getitem__)


def _age(directory: Path) -> tuple[str, int, str]:
    """What is larger for a newer run: the second of its id, and of those of one second when it was written."""
    return directory.name.partition("-")[0], (directory / RUN).stat().st_mtime_ns, directory.name


def _record(directory: Path) -> tuple[bytes, str]:
    """The text of the record of the run in a directory, and where it is from. Raises :class:`StoreError`."""
    path = directory / RUN
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {words(error)}") from None


def head(directory: Path) -> Head:
    """When the run in a directory was started, and its id. Raises :class:`StoreError`."""
    return read(directory, Head)


def read(directory: Path, kind: type[Record]) -> Record:
    """What ``kind`` keeps of the record of the run in a directory. Raises :class:`StoreError`."""
    return _decoded(*_record(directory), kind)


def load(directory: Path) -> Run:
    """The run in a directory, without what its Parquet files hold. Raises :class:`StoreError`."""
    run = read(directory, Run)
    complete(directory)
    return run


def complete(directory: Path) -> None:
    """Raises :class:`StoreError` if files of the run in a directory are not there."""
    missing = [name for name in run_tables.TABLES if not (directory / name).is_file()]
    if missing:
        raise StoreError(f"{directory}: lacks {', '.join(missing)}: it is of an older dq, or damaged; check again")


def prepare(results: Path) -> None:
    """Makes the results folder and tries to write in it, before any work is done. Raises :class:`UsageError`.

    What runs left there that were killed while they were stored is removed.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results):
            pass
        sweep(results)
    except OSError as error:
        raise UsageError(
            f"{results}: no results can be written here: {words(error)}. Choose another folder with --results"
        ) from None


def save(run: Run, results: Path, worker: run_tables.Worker, counts: Path | None = None) -> Path:
    """Writes the run below ``results`` and gives its directory. Raises :class:`StoreError`; then nothing is left behind.

    ``counts`` is the folder of its counts by organisation that are no values of the run, as
    :func:`dq_engine.engine.run_checks` leaves them.
    """
    return save_judged(run, results, worker, counts, lambda tables: run)[1]


def save_judged(
    run: Run, results: Path, worker: run_tables.Worker, counts: Path | None, judge: Callable[[Path], Run]
) -> tuple[Run, Path]:
    """As :func:`save`, but stored, and given, is what ``judge`` makes of the run by the folder in which it is being written."""
    final, staging = results / run.id, hidden(results, run.id)
    lock = -1
    try:
        lock = locks.make(staging)
        write(staging / RUN, encode(run))
        run_tables.write(run, staging.resolve(), worker, counts)
        if (judged := judge(staging)) is not run:
            run = judged
            write(staging / RUN, encode(run))
        for table in run_tables.TABLES:
            sync(staging / table)
        write(staging / SEAL, seal(run, {name: digest(staging / name) for name in (RUN, *run_tables.TABLES)}))
        for folder in (staging, results):
            sync(folder)
        staging.rename(final)
        sync(results)
    except (OSError, WorkerError) as error:
        shutil.rmtree(staging, ignore_errors=True)
        reason = words(error) if isinstance(error, OSError) else str(error)
        raise StoreError(f"{final}: the run could not be stored: {reason}. Its results are complete as printed") from None
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    finally:
        if lock >= 0:
            os.close(lock)
    return run, final


def hidden(results: Path, run: str) -> Path:
    """Where a run is while it is written or removed: no reader sees it, and :func:`sweep` removes it if it is left behind."""
    return results / f".{run}.{machine()}.partial"


def sweep(results: Path) -> None:
    """Removes what processes left behind that were killed while they wrote or removed runs here."""
    locks.sweep(results, _left_by(re.escape(machine())))
    locks.sweep(results, _left_by("[^.]*"), A_DAY)


def _left_by(machine: str) -> re.Pattern[str]:
    return re.compile(rf"\.\d{{8}}T\d{{6}}Z-[0-9a-f]{{6}}\.{machine}\.partial")


def machine() -> str:
    """The name of this machine in names of files: elsewhere its locks may not be known."""
    return re.sub(r"[^\w-]", "_", platform.node())[:64]


def digest(path: Path) -> str:
    """The SHA-256 of a file, as ``sha256sum`` prints it. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def replace_file(path: Path, content: bytes | Path) -> None:
    """Writes a file, or what is in another one, whole or not at all. Raises OSError.

    A link stays one, and what is no file (a pipe, a device) is written to as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_stream(path):
        with path.open("wb") as stream:
            _put(content, stream)
        return
    place = Path(os.path.realpath(path))
    locks.sweep(place.parent, re.compile(rf"\.{re.escape(place.name)}\.\d+\.partial"))
    staging = place.with_name(f".{place.name}.{os.getpid()}.partial")
    try:
        with staging.open("wb") as file:
            lock = locks.hold(staging)
            try:
                _put(content, file)
                file.flush()
                os.fsync(file.fileno())
                staging.replace(place)
            finally:
                os.close(lock)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise


def copy_run(run: Path, place: Path) -> None:
    """Makes the directory ``place`` a copy of that of a run, whole or not at all; what was there is replaced. Raises OSError."""
    place = Path(os.path.realpath(place))
    place.parent.mkdir(parents=True, exist_ok=True)
    locks.sweep(place.parent, re.compile(rf"\.{re.escape(place.name)}\.\d+\.partial"))
    staging, old = place.with_name(f".{place.name}.{os.getpid()}.partial"), place.with_name(f".{place.name}.old")
    if old.exists() and not place.exists():  # somebody was killed between the two renames below
        old.rename(place)
    lock = locks.make(staging)
    try:
        for name in (RUN, *run_tables.TABLES, SEAL):
            if (run / name).is_file():
                shutil.copyfile(run / name, staging / name)
                sync(staging / name)
        sync(staging)
        put_folder(staging, place, old)
        sync(place.parent)
    finally:
        os.close(lock)
        shutil.rmtree(staging, ignore_errors=True)
        if old.exists() and not place.exists():
            old.rename(place)


def _put(content: bytes | Path, file: BinaryIO) -> None:
    if isinstance(content, bytes):
        file.write(content)
        return
    with content.open("rb") as other:
        shutil.copyfileobj(other, file)


def put_folder(new: Path, place: Path, old: Path) -> None:
    """Puts a folder where another may be, which is at ``old`` meanwhile, and back if that fails. Raises OSError."""
    place.parent.mkdir(exist_ok=True)
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        with contextlib.suppress(OSError):
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def is_stream(path: Path) -> bool:
    """Whether a path is no place for a file: another kind of thing is there, such as a pipe or a device."""
    devices = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))
    return (path.exists() and not path.is_file()) or path.absolute().parent in devices


def write(path: Path, content: bytes) -> None:
    """Writes a file, and waits until it is on disk. Raises OSError."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Waits until what is at ``path`` is on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
