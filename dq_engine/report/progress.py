"""Progress for people who wait: a bar on a terminal, lines in a log, nothing when quiet. Always on standard error."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from dq_engine.report.words import clean

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 0.5
"""Seconds after which somebody at a terminal wants to know; quicker work shows no bar."""
LOG_PATIENCE = 2.0
"""Seconds after which a log gets its first line about an extract."""
EVERY = 10.0
"""Seconds between two lines of a log about one extract."""


class Silence:
    """Says nothing."""

    def __enter__(self) -> Silence:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return

    def __call__(self, extract: str, phase: str, fraction: float) -> None:
        """Hears how far an extract is."""


class Lines(Silence):
    """A line when an extract takes long, and again every ten seconds; and one when such an extract is done."""

    def __init__(self, stream: TextIO, total: int) -> None:
        self.stream, self.total = stream, total
        self.place, self.current = 0, ""
        self.started = self.spoken = time.monotonic()

    def __call__(self, extract: str, phase: str, fraction: float) -> None:
        """Hears how far an extract is."""
        now = time.monotonic()
        if extract != self.current:
            self.place, self.current = self.place + 1, extract
            self.started = self.spoken = now
        waited = LOG_PATIENCE if self.spoken == self.started else EVERY
        long_done = fraction >= 1 and self.spoken != self.started
        if now - self.spoken >= waited or long_done:
            self.spoken = now
            done = f"{now - self.started:.0f} s, {fraction:.0%}"
            with contextlib.suppress(OSError):  # nobody can be told
                print(f"dq: {self.place} of {self.total}, {clean(extract)}: {phase} ({done})", file=self.stream, flush=True)


class Bar(Silence):
    """A bar for the whole run, shown once it takes longer than half a second."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.current = total, -1, ""
        self.started = time.monotonic()
        self.bar: Progress | None = None
        self.task: TaskID | None = None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, extract: str, phase: str, fraction: float) -> None:
        """Hears how far an extract is."""
        if extract != self.current:
            self.done, self.current = self.done + 1, extract
        if self.bar is None:
            if time.monotonic() - self.started < PATIENCE:
                return
            from rich.console import Console  # noqa: PLC0415  rich is loaded only when somebody waits
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
            )
            self.bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("", total=self.total)
            self.bar.start()
        assert self.task is not None
        self.bar.update(self.task, completed=self.done + fraction, description=f"{clean(extract)}: {phase}")
