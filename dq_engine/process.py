"""The worker process as its parent sees it: started early, asked one thing at a time, ended in every case."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from dq_engine import locks
from dq_engine.errors import WorkerDied, WorkerError

GRACE = 0.2
"""Seconds that a worker gets to end by itself."""
SECRETS = ("AWS_", "FSSPEC_")
"""How variables begin by which credentials are found; the child has no use for them."""
SILENCE = 60
"""Seconds without a sign of life (one is due every quarter of a second) after which a worker counts as stuck."""


class WorkerProcess:
    """A child that runs queries. Use it as a context manager; a worker that died is replaced at the next :meth:`ask`.

    Raises :class:`WorkerError` if there cannot be one: no process, no thread, no folder for temporary files is to be had.
    """

    def __init__(self) -> None:
        self.version = ""
        try:
            self.directory = Path(tempfile.gettempdir()) / f"dq-{os.urandom(8).hex()}"
        except OSError:
            why = "there is no folder for temporary files that can be written: set TMPDIR to one"
            raise WorkerError(why, "NotStarted") from None
        self._child: _Child | None = None
        self._lock = -1
        try:
            self._child = _Child(self.directory)  # before the folder is made, so that there is always somebody to remove it
            self._lock = locks.make(self.directory, 0o700)
        except OSError as error:
            self.close()
            raise WorkerError(f"{self.directory}: cannot be made: {_reason(error)}: set TMPDIR to another folder") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def spill(self) -> Path:
        """The folder for rows that do not fit into memory."""
        return self.directory / "spill"

    def folder(self) -> tempfile.TemporaryDirectory[str]:
        """A temporary folder that the child removes if this process is killed and cannot do so.

        Raises :class:`WorkerError` where it cannot be made.
        """
        try:
            self.directory.mkdir(mode=0o700, exist_ok=True)
            return tempfile.TemporaryDirectory(dir=self.directory, ignore_cleanup_errors=True)
        except OSError as error:
            raise WorkerError(f"{self.directory}: no folder can be made here: {_reason(error)}", "NoFolder") from None

    @property
    def pid(self) -> int:
        """The process id of the child."""
        assert self._child is not None
        return self._child.process.pid

    def ask(
        self, request: dict[str, Any], *, deadline: float | None = None, progress: Callable[[float], None] | None = None
    ) -> dict[str, Any]:
        """The answer to ``request``. ``deadline`` is a time of ``time.monotonic``; ``progress`` hears per cents.

        Raises :class:`WorkerError` if the worker says that it cannot, :class:`WorkerDied` if it ends or the deadline passes. A
        worker that is not waited for to the end is ended: its answer would be taken for that to the next request. One that
        was ended from outside while nothing was asked of it is replaced when an extract is opened, which needs nothing of it.
        """
        if self._child is not None and request["op"] == "open" and self._child.process.poll() is not None:
            self._stop()
        if self._child is None:
            with contextlib.suppress(OSError):  # whoever needs the folder will say so
                self.directory.mkdir(mode=0o700, exist_ok=True)
            shutil.rmtree(self.spill, ignore_errors=True)
            self._child = _Child(self.directory)
        try:
            self._child.requests.put((json.dumps(request) + "\n").encode())
            while True:
                answer = self._next(self._child, deadline)
                if "progress" in answer:
                    if progress is not None:
                        progress(answer["progress"])
                elif "ready" in answer:
                    self.version = answer["duckdb"]
                else:
                    break
        except BaseException:
            self._stop(at_once=True)
            raise
        if "error" in answer:
            raise WorkerError(answer["error"]["message"], answer["error"]["kind"], answer["error"]["place"])
        return answer

    def close(self) -> None:
        """Ends the child and removes what it left on disk."""
        self._stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def _next(self, child: _Child, deadline: float | None) -> dict[str, Any]:
        """The next message of the child. Silence is counted in seconds in which this process was not stopped itself."""
        line, silent = None, 0
        while True:
            left = SILENCE if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                line = child.answers.get(timeout=min(left, 1.0))
                break
            except queue.Empty:
                silent += 1
            if left == 0.0:
                raise WorkerDied("took longer than the time limit allows: give more with --timeout", "Timeout")
            if silent >= SILENCE:
                raise WorkerDied(f"the worker gave no sign of life for {SILENCE} seconds: try again", "Stuck")
        if line is None:
            raise _death(child.end())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _stop(self, *, at_once: bool = False) -> None:
        """Ends the child; ``at_once`` without the chance to remove the folder, which is needed by those after it."""
        child, self._child = self._child, None
        if child is not None:
            if at_once:
                child.process.kill()
            child.end()


class _Child:
    """One process, and two threads that write to it and listen to it: it may stop to read or to write at any time.

    Raises :class:`WorkerError` if it cannot be started.
    """

    def __init__(self, directory: Path) -> None:
        self.requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dq_engine.worker", str(directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if not name.startswith(SECRETS)},
            )
        except OSError as error:
            raise WorkerError(f"the worker process could not be started: {_reason(error)}", "NotStarted") from None
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._speak, self._listen)]
        try:
            for thread in self.threads:
                thread.start()
        except BaseException as error:
            self.process.kill()
            self.process.wait()
            if isinstance(error, RuntimeError):
                why = "the worker process could not be started: no more threads are to be had"
                raise WorkerError(why, "NotStarted") from None
            raise

    def end(self) -> int:
        """Ends the process, if it has not ended, and gives its exit code."""
        self.requests.put(None)
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for thread in self.threads:
            thread.join(GRACE)
        return self.process.returncode

    def _speak(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError), self.process.stdin as pipe:  # that it is gone is heard by its silence
            while (line := self.requests.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines, contextlib.suppress(ValueError):
            for line in lines:
                if line.endswith(b"\n"):  # what a dying process said by half is no answer
                    self.answers.put(line)
        self.answers.put(None)


def _death(code: int) -> WorkerDied:
    """Why a child is gone that was needed."""
    if code == -signal.SIGKILL:
        why = "the worker was killed (SIGKILL), as happens when the machine runs out of memory"
        return WorkerDied(f"{why}: try again, with a lower --memory-limit if that was it", "Killed")
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        if name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"):
            return WorkerDied(f"the worker was ended from outside ({name}): try again", "Ended")
        if name in ("SIGXCPU", "SIGXFSZ"):
            return WorkerDied(f"the worker met a limit of the system ({name}): see ulimit -a", "Ended")
        return WorkerDied(f"the worker crashed ({name}): the file may be damaged or crafted", "Crashed")
    return WorkerDied(f"the worker ended before it had answered (exit code {code}): try again", "Ended")


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
