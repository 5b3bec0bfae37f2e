"""Whose a temporary file or folder is: a lock that the kernel takes away when the process that holds it ends, however it ends.

What was left behind by processes that were killed can be told so from what living ones are at work on. Where the file system
knows no locks, nothing is taken to be left behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not POSIX
    fcntl = None  # type: ignore[assignment]


def make(path: Path, mode: int = 0o777) -> int:
    """Makes a folder that is this process's own for as long as the descriptor which this gives is open. Raises OSError."""
    while True:
        path.mkdir(mode)
        with contextlib.suppress(FileNotFoundError):  # somebody swept it up before it was locked
            return hold(path)


def hold(path: Path) -> int:
    """Locks what is at ``path`` as this process's own, and gives the descriptor that holds the lock. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        _lock(descriptor, alone=False)
        if not _still_there(path, descriptor):
            raise FileNotFoundError(2, "it was removed meanwhile", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Waits until no other process is here with this folder, and keeps the others waiting. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, alone=True)
        yield
    finally:
        os.close(descriptor)


def sweep(folder: Path, name: re.Pattern[str], seconds: float = 0.0) -> None:
    """Removes files and folders of this user in ``folder`` that no living process has locked.

    Only those whose names match, and that nobody has written to for so many ``seconds``.
    """
    with contextlib.suppress(OSError):
        for entry in [entry for entry in os.scandir(folder) if name.fullmatch(entry.name)]:
            with contextlib.suppress(OSError):
                _remove_if_left(Path(entry.path), seconds)


def _remove_if_left(path: Path, seconds: float) -> None:
    status = path.lstat()
    if status.st_uid != os.geteuid() or not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)) or fcntl is None:
        return
    if time.time() - status.st_mtime < seconds:
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _still_there(path, descriptor):
            if stat.S_ISDIR(status.st_mode):
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, alone: bool) -> None:
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)


def _still_there(path: Path, descriptor: int) -> bool:
    try:
        there, held = path.lstat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)
