"""Where the rows of extracts are written when they are split: a folder for each extract, put in place whole or not at all.

They are rows of patients, so only their owner may read them. A folder has the rows of one run: those of an earlier one go when
those of this one come, and also if there are none, as nobody shall take old rows for new ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from dq_engine import locks, store
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract, home_of
from dq_engine.model import Split, SplitFile
from dq_engine.privacy import shown
from dq_engine.run import RowFiles

PASSING, FAILING = "passing.parquet", "failing.parquet"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
LONGEST = 100
"""Characters of the name of a folder."""


def folder_name(extract: str) -> str:
    """The name of the folder of an extract: its own, with + for /, or one with a checksum if others could be called the same."""
    parts = extract.split("/")
    if all(map(_PLAIN.fullmatch, parts)) and len(extract) <= LONGEST:
        return "+".join(parts)
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", extract)[:LONGEST].strip("-_.") or "extract"
    return f"{readable}-{hashlib.sha256(extract.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def refuse_inside(directory: Path | None, folders: Iterable[Path]) -> None:
    """Raises :class:`UsageError` if files in ``directory`` would be taken for extracts where ``folders`` are looked into."""
    if directory is None:
        return
    place = Path(os.path.realpath(directory))
    for folder in folders:
        real = Path(os.path.realpath(folder))
        if place.is_relative_to(real) and not any(part.startswith((".", "_")) for part in place.relative_to(real).parts):
            raise UsageError(
                f"--split {directory}: lies in {shown(str(folder))}, where a later check would take the rows for extracts. "
                "Choose another folder, or one whose name begins with _, which dq passes over"
            )


class RowFolders:
    """The folders below ``directory``, one for each extract. Use it as a context manager: what was not put in place goes.

    ``links`` is a folder in which queries write: links there lead to the files, which are made on the disk where they stay.
    ``files`` are those links for each extract.
    Raises :class:`UsageError` if nothing can be written there, or something else than rows would be replaced.
    """

    def __init__(self, directory: Path, extracts: Sequence[Extract], links: Path) -> None:
        self.directory, self.links, self.lock = directory, links, -1
        refuse_inside(directory, (home_of(extract.files) for extract in extracts))
        self.names = [folder_name(extract.name) for extract in extracts]
        folded = [name.casefold() for name in self.names]
        for name in self.names:
            if folded.count(name.casefold()) > 1:
                raise UsageError(f"--split {directory}: the rows of two extracts would be in {name}: check them one by one")
        self.made = not directory.exists()
        self.staging = directory / f".dq-split.{store.machine()}.{os.urandom(4).hex()}.partial"
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in self.names:
                if other := self._others(name):
                    raise UsageError(f"--split {directory / name}: is no folder of rows that may be replaced: {other} is there")
            self._sweep()
            self.lock = locks.make(self.staging, 0o700)
            self.files = tuple(map(self._empty, range(len(extracts))))
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                why = store.words(error)
                raise UsageError(f"--split {directory}: no rows can be written here: {why}") from None
            raise

    def __enter__(self) -> RowFolders:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Removes what was not put in place."""
        shutil.rmtree(self.staging, ignore_errors=True)
        if self.lock >= 0:
            os.close(self.lock)
        if self.made:
            with contextlib.suppress(OSError):  # there are rows in it
                self.directory.rmdir()

    def _empty(self, place: int) -> RowFiles:
        """Makes the files for the rows of the extract at that place of the run."""
        folder = self.staging / str(place)
        folder.mkdir(mode=0o700)
        links = [self.links / f"{place}-{name}" for name in (PASSING, FAILING)]
        for link, name in zip(links, (PASSING, FAILING), strict=True):
            os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            link.symlink_to((folder / name).absolute())
        return RowFiles(*links)

    def put(self, place: int, split: Split) -> Split:
        """Puts what was written of the extract at that place into its folder, instead of what is there; and says what is there.

        Raises OSError; then what was there is there still.
        """
        name, new = self.names[place], self.staging / str(place)
        if split.passing is None or split.failing is None:
            self._remove(name)
            return split
        for file in (PASSING, FAILING):
            store.sync(new / file)
        store.sync(new)
        told = [self._told(new / file, name, was.rows) for file, was in ((PASSING, split.passing), (FAILING, split.failing))]
        with locks.alone(self.directory):
            if other := self._others(name):
                raise FileExistsError(17, f"{other} is in the way", str(self.directory / name))
            store.put_folder(new, self.directory / name, self.staging / f"{place}.old")
            store.sync(self.directory)
        return msgspec.structs.replace(split, passing=told[0], failing=told[1])

    def _told(self, file: Path, name: str, rows: int) -> SplitFile:
        place = self.directory / name / file.name
        return SplitFile(shown(str(place.absolute())), rows, file.stat().st_size, store.digest(file))

    def _remove(self, name: str) -> None:
        """Removes the rows of an earlier run."""
        with locks.alone(self.directory):
            if (self.directory / name).exists() and not self._others(name):
                (self.directory / name).rename(self.staging / f"{name}.old")

    def _others(self, name: str) -> str:
        """What stands where the folder of an extract shall be and is no file of rows; "" if nothing does."""
        folder = self.directory / name
        try:
            if folder.is_symlink():
                return "a link"
            return next((entry.name for entry in sorted(folder.iterdir()) if entry.name not in (PASSING, FAILING)), "")
        except FileNotFoundError:
            return ""
        except NotADirectoryError:
            return "a file"

    def _sweep(self) -> None:
        """Removes what runs left here that were killed."""
        locks.sweep(self.directory, re.compile(rf"\.dq-split\.{re.escape(store.machine())}\.[0-9a-f]{{8}}\.partial"))
        locks.sweep(self.directory, re.compile(r"\.dq-split\.[^.]*\.[0-9a-f]{8}\.partial"), store.A_DAY)
