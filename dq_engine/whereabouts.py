"""The files that a run names -> those that are there now, held against their checksums.

A run names files without what may be a value: a value of a partition, or a number that may be somebody's. Of several files that
could be meant, it is the one with the checksum.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from dq_engine import privacy
from dq_engine.bundle import DataFile
from dq_engine.errors import StoreError
from dq_engine.versions import state

CHUNK = 1 << 20
Hear = Callable[[float], None]
"""Hears how much of the work is done, from 0 to 1."""


class Found(Struct, frozen=True):
    """A file that was sought: where it is, or what is wrong."""

    file: DataFile
    path: Path | None = None
    problem: str = ""


def named(path: str) -> list[Path]:
    """The files that a run may mean by a path."""
    if "…" not in path:
        return [Path(path)] if Path(path).is_file() else []
    pattern = "*".join(map(glob.escape, path.split("…")))
    return [Path(one) for one in sorted(glob.glob(pattern)) if privacy.shown(one) == path and Path(one).is_file()]  # noqa: PTH207  a text with what Path would leave out


def below(folders: Sequence[Path], names: Iterable[str]) -> dict[str, list[Path]]:
    """The files in folders, however deep, that a bundle may mean by a name. Links to folders are not followed.

    Raises :class:`StoreError` if a folder cannot be read.
    """
    found: dict[str, list[Path]] = {name: [] for name in names}
    ends: dict[str, list[str]] = {}
    for name in found:
        ends.setdefault(name.rpartition("/")[2], []).append(name)

    def refuse(error: OSError) -> None:
        raise StoreError(f"{error.filename}: cannot be read: {(error.strerror or 'unknown reason').lower()}")

    for folder in folders:
        for place, _, files in os.walk(folder, onerror=refuse):
            for file in files:
                shown = privacy.shown(os.path.relpath(os.path.join(place, file), folder))  # noqa: PTH118  many files, as texts
                for name in ends.get(shown.rpartition("/")[2], ()):
                    if f"/{shown}".endswith(f"/{name}") and (path := Path(place, file)).is_file():
                        found[name].append(path)
    return found


def compared(sought: Sequence[tuple[DataFile, Sequence[Path]]], hear: Hear) -> Iterator[Found]:
    """Each file that is sought, with the candidates for it: the one that has its bytes, or what is wrong. Reads all of it."""
    digests: dict[Path, str | OSError] = {}
    total, done = sum(file.bytes for file, _ in sought) or 1, 0

    def digest(path: Path, size: int) -> str | OSError:
        if path not in digests:
            try:
                digests[path] = read(path, lambda read: hear(min(1.0, (done + min(read, size)) / total)))
            except OSError as error:
                digests[path] = error
        return digests[path]

    for file, candidates in sought:
        yield _found(file, candidates, digest)
        done += file.bytes
        hear(done / total)


def _found(file: DataFile, candidates: Sequence[Path], digest: Callable[[Path, int], str | OSError]) -> Found:
    problem = "is not there"
    for path in candidates:
        try:
            size = path.stat().st_size
        except OSError:
            continue
        if size != file.bytes:
            problem = f"has changed: {size:,} bytes, and {file.bytes:,} were checked"
            continue
        found = digest(path, size)
        if found == file.sha256:
            return Found(file, path)
        if isinstance(found, OSError):
            problem = f"cannot be read: {(found.strerror or 'unknown reason').lower()}"
        else:
            problem = "has changed: its SHA-256 is another than that of what was checked"
    if len(candidates) > 1:
        problem = f"is none of the {len(candidates):,} files of that name: it has changed, or is not there"
    return Found(file, None, problem)


def read(path: Path, hear: Callable[[int], None], copy: Path | None = None) -> str:
    """The SHA-256 of a file; what was read is also written to ``copy``, and synced. ``hear`` hears of bytes. Raises OSError."""
    digest, done = hashlib.sha256(), 0
    if copy is not None:
        copy.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file, copy.open("xb") if copy else contextlib.nullcontext() as target:
        before = state(os.fstat(file.fileno()))
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if target is not None:
                target.write(chunk)
            hear(done := done + len(chunk))
        if target is not None:
            target.flush()
            os.fsync(target.fileno())
        if state(os.fstat(file.fileno())) != before:
            raise OSError(0, "it was changed while it was being read", str(path))
    return digest.hexdigest()
