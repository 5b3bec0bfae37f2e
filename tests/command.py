"""The command: as a user starts it, in a process of its own, or (faster) as that process would run it, in this one."""

import atexit
import contextlib
import functools
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

from dq_engine import WorkerProcess, cli
from dq_engine.feeds import LINKS


def dq(
    folder: Path,
    *arguments: str,
    before: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    deadline: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Runs ``dq`` in ``folder``; whatever happens, it ends, says something (unless told not to), and shows no traceback.

    ``before`` are words of the command line before it, ``environment`` is added to that of the tests.
    """
    try:
        done = subprocess.run(
            [*before, sys.executable, "-m", "dq_engine", *arguments],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"dq {' '.join(arguments)} does not end")
    return _decent(done)


def dq_here(folder: Path, *arguments: str, deadline: float = 120) -> subprocess.CompletedProcess[str]:
    """As :func:`dq`, without the time that two processes take to start: the command runs in this one, with a worker that lives on.

    For what a command says and does, not for how its process begins and ends. tests/cli/test_exit_codes.py holds both against
    each other.
    """
    worker = _kept()
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors, write_through=True) for errors in ("strict", "backslashreplace"))
    with (
        contextlib.chdir(folder),
        _started_as(["dq", *arguments], deadline),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        cli.main(worker)
    said, complained = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    code = ended.value.code or 0
    assert isinstance(code, int)
    kept = (worker.spill, worker.directory / LINKS)
    left = [path.name for path in worker.directory.iterdir() if path.is_dir() and path not in kept]
    assert left == [], "a command removes its temporary folders"
    return _decent(subprocess.CompletedProcess(["dq", *arguments], code, said, complained))


def _decent(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    said = done.stdout + done.stderr
    assert said.strip() or "--quiet" in done.args
    assert "Traceback" not in said, said
    assert "a fault of dq itself" not in said, said
    return done


class _Kept(WorkerProcess):
    """A worker that outlives the command which has it."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass


@functools.cache
def _kept() -> WorkerProcess:
    worker = _Kept()
    atexit.register(worker.close)
    return worker


@contextlib.contextmanager
def _started_as(words: list[str], deadline: float) -> Iterator[None]:
    """This process as if it had been started so; what changes is put back. A test fails that is not done in time."""

    def late(number: int, frame: object) -> None:
        pytest.fail(f"{' '.join(words)} does not end")

    own, handlers = sys.argv, {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)}
    sys.argv = words
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, deadline)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.argv = own
        for number, handler in handlers.items():
            signal.signal(number, handler)
