"""What all commands share: words and results to the terminal or a file, progress, the worker, the settings of the project."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import typer

    from dq_engine.config import Config
    from dq_engine.process import WorkerProcess
    from dq_engine.report.progress import Silence

RESULTS = "dq-results"
"""The folder of runs, where nothing says otherwise."""


def say(message: str) -> None:
    """Says something about the work, on standard error."""
    from dq_engine.report.words import clean  # noqa: PLC0415

    if sys.stderr is None:
        return
    with contextlib.suppress(OSError):  # nobody can be told
        for line in message.splitlines():
            print(f"dq: {clean(line)}", file=sys.stderr)


@contextlib.contextmanager
def telling() -> Iterator[list[Path]]:
    """If the work is interrupted, says which of the listed places are there: what is stored is stored whole or not at all."""
    places: list[Path] = []
    try:
        yield places
    except (KeyboardInterrupt, SystemExit):
        there = [str(place) for place in places if place.is_dir()]
        say(f"stored in {', '.join(there)}" if there else "nothing was stored")
        raise


def stop_on_signals() -> None:
    """A signal that asks this process to end ends it in order: exit code 128 + its number, and nothing is left behind."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, _stopped)


def end_undisturbed() -> None:
    """From here on signals change nothing any more: what is left to do is to clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _stopped(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def write(text: str, *, raw: bool = False) -> None:
    """Writes results to standard output; only ``raw`` text (JSON, CSV) may hold what steers a terminal.

    Raises :class:`dq_engine.errors.StoreError` where they cannot be written, and BrokenPipeError where nobody reads on.
    """
    from dq_engine.errors import StoreError  # noqa: PLC0415
    from dq_engine.report.words import clean  # noqa: PLC0415
    from dq_engine.store import words  # noqa: PLC0415

    if sys.stdout is None:
        raise StoreError("the results could not be written: standard output is closed")
    try:
        sys.stdout.write(
            text if raw else "".join(clean(line.removesuffix("\n")) + "\n" for line in text.splitlines(keepends=True))
        )
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        raise StoreError(f"the results could not be written: {words(error)}") from None


def tell(text: str) -> None:
    """Writes text for people to standard error."""
    from dq_engine.report.words import clean  # noqa: PLC0415

    with contextlib.suppress(OSError):  # nobody can be told
        for line in text.splitlines():
            print(clean(line), file=sys.stderr)


def discard_output() -> None:
    """What could not be written is not tried again at the end."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(path: Path, content: bytes | Path) -> None:
    """Writes results, or those in another file, to a file, whole or not at all. Raises :class:`dq_engine.errors.StoreError`."""
    from dq_engine import store  # noqa: PLC0415
    from dq_engine.errors import StoreError  # noqa: PLC0415

    try:
        store.replace_file(path, content)
    except OSError as error:
        raise StoreError(f"{path}: the results could not be written: {store.words(error)}") from None


def worker_of(context: typer.Context) -> WorkerProcess:
    """The worker that was started before all else, or else a new one."""
    from dq_engine.process import WorkerProcess  # noqa: PLC0415

    return context.obj if isinstance(context.obj, WorkerProcess) else WorkerProcess()


def project() -> Config | None:
    """The settings of the project that the working folder belongs to. Raises :class:`dq_engine.errors.ConfigError`."""
    from dq_engine import config  # noqa: PLC0415
    from dq_engine.errors import ConfigError  # noqa: PLC0415

    path = config.find(Path.cwd())
    if path is None:
        return None
    try:
        return config.parse(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({type(error).__name__})") from None


def anonymous(config: Config | None) -> bool:
    """Whether stores elsewhere are asked without credentials."""
    return config is not None and config.dq.remote.anonymous


def results_folder(config: Config | None) -> Path:
    """The folder in which runs are stored, if the command does not name one."""
    return Path(config.root / (config.dq.results or RESULTS) if config else RESULTS)


def progress(total: int, *, quiet: bool) -> Silence:
    """Who hears how far the work is: a bar on a terminal, lines otherwise, or nobody."""
    from dq_engine.report import progress as observers  # noqa: PLC0415

    if quiet or sys.stderr is None:
        return observers.Silence()
    return observers.Bar(total) if sys.stderr.isatty() else observers.Lines(sys.stderr, total)
