"""A command as a whole process: its wall time, the processor time of its tree, and the most memory that its tree held at once."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

POLL = 0.02
"""Seconds between two looks at the memory of a tree. A process that ends sooner may have been seen once."""


class Used(NamedTuple):
    """What a command took.

    Seconds; MB as the sum of the resident memory of the tree, in which pages that two processes share count twice; the exit code,
    None if its time was up; and the last of what it said, both streams together.
    """

    wall: float
    cpu: float
    memory: float
    code: int | None
    said: str


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float) -> Used:
    """Runs a command in ``folder``; after ``timeout`` seconds it and all in its process group are ended."""
    with (folder / "said").open("w+b") as said:
        started = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(timeout, end)
        watcher = _Watcher(child.pid)
        timer.start()
        watcher.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            end()
            raise
        finally:
            wall = time.perf_counter() - started
            timer.cancel()
            watcher.done.set()
        child.returncode = os.waitstatus_to_exitcode(status)
        watcher.join()
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    cpu = usage.ru_utime + usage.ru_stime
    return Used(wall, cpu, watcher.peak / 1e6, None if late.is_set() else child.returncode, text)


class _Watcher(threading.Thread):
    """Looks at a tree of processes until it is ``done``; ``peak`` is the most bytes that it held."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.done = pid, 0, threading.Event()

    def run(self) -> None:
        page = resource.getpagesize()
        while True:
            self.peak = max(self.peak, page * sum(_resident(pid) for pid in _tree(self.pid)))
            if self.done.wait(POLL):
                return


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _resident(pid: int) -> int:
    """Pages; 0 for a process that is gone, or where the system does not say."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return 0


def busy() -> float:
    """Seconds that the processors of this machine have worked so far, for anybody; 0 where the system does not say."""
    with contextlib.suppress(OSError):
        user, nice, system, _, _, *others = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        return sum(map(int, (user, nice, system, *others))) / os.sysconf("SC_CLK_TCK")
    return 0.0


def own() -> float:
    """Of these, seconds of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
