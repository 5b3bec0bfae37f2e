"""Which file a path leads to, and in which state it is: what is compared to see that nobody wrote to it meanwhile."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from msgspec import Struct

PATIENCE = 50_000_000
"""Nanoseconds that a file may be ahead of the clock of files; one that is further ahead has its time from another clock."""


class Changed(Exception):
    """A file is not what it was when it was opened."""

    def __init__(self) -> None:
        super().__init__("changed while it was being read: check it again when nothing writes to it")


class State(Struct, frozen=True):
    """What the system says of a file. ``changed_ns``, which nobody can set, is when its content, name or rights last changed."""

    device: int
    inode: int
    bytes: int
    modified_ns: int
    changed_ns: int


class Version(Struct, frozen=True):
    """A file at some time: its path, its state, and the states of the links by which the path leads to it."""

    path: str
    state: State
    links: tuple[State, ...]


def version(path: Path) -> Version:
    """The file that a path leads to, as it is now. Raises OSError."""
    links = tuple(state(part.lstat()) for part in (path, *path.parents) if part.is_symlink())
    return Version(str(path), state(path.stat()), links)


def state(status: os.stat_result) -> State:
    """What of a status tells whether a file has changed."""
    return State(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def settled(path: Path) -> Version:
    """As :func:`version`, once the clock of files has moved on, so that a later change has another time. Raises OSError."""
    found = version(path)
    while 0 <= found.state.changed_ns - _now() < PATIENCE:
        time.sleep(0.001)
    return found


def _now() -> int:
    """The time that a file is given which is changed now: on Linux it moves in steps of some milliseconds."""
    return time.clock_gettime_ns(5) if sys.platform == "linux" else time.time_ns()
