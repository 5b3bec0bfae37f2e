"""The worker process as its parent sees it: started early, asked one thing at a time, ended in every case."""

from __future__ import annotations

import contextlib
import json
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

from dq_engine.errors import WorkerDied, WorkerError

GRACE = 0.2
"""Seconds that a worker gets to end by itself."""
SILENCE = 60.0
"""Seconds without a sign of life (one is due every quarter of a second) after which a worker counts as stuck."""


class WorkerProcess:
    """A child that runs queries. Use it as a context manager; a worker that died is replaced at the next :meth:`ask`."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="dq-"))
        self.version = ""
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._start()

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def spill(self) -> Path:
        """The folder for rows that do not fit into memory."""
        return self.directory / "spill"

    def folder(self) -> tempfile.TemporaryDirectory[str]:
        """A temporary folder that the child removes if this process is killed and cannot do so."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=self.directory)

    @property
    def pid(self) -> int:
        """The process id of the child."""
        assert self._process is not None
        return self._process.pid

    def ask(
        self, request: dict[str, Any], *, deadline: float | None = None, progress: Callable[[float], None] | None = None
    ) -> dict[str, Any]:
        """The answer to ``request``. ``deadline`` is a time of ``time.monotonic``; ``progress`` hears per cents.

        Raises :class:`WorkerError` if the worker says that it cannot, :class:`WorkerDied` if it ends or the deadline passes.
        """
        if self._process is None:
            self.directory.mkdir(mode=0o700, exist_ok=True)
            shutil.rmtree(self.spill, ignore_errors=True)
            self._start()
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, OSError):
            raise self._died() from None
        while True:
            answer = self._next(deadline)
            if "progress" in answer:
                if progress is not None:
                    progress(answer["progress"])
            elif "ready" in answer:
                self.version = answer["duckdb"]
            elif "error" in answer:
                raise WorkerError(answer["error"]["message"], answer["error"]["kind"], answer["error"]["place"])
            else:
                return answer

    def close(self) -> None:
        """Ends the child and removes what it left on disk."""
        self._stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self) -> None:
        self._answers = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dq_engine.worker", str(self.directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        threading.Thread(target=_listen, args=(self._process, self._answers), daemon=True).start()

    def _next(self, deadline: float | None) -> dict[str, Any]:
        try:
            left = SILENCE if deadline is None else max(0.0, deadline - time.monotonic())
            line = self._answers.get(timeout=min(left, SILENCE))
        except queue.Empty:
            if self._process is not None:
                self._process.kill()  # if only its input ended, it would remove the folder, which those after it need
            self._stop()
            if left < SILENCE:
                raise WorkerDied("took longer than the time limit allows: give more with --timeout", "Timeout") from None
            raise WorkerDied(f"the worker gave no sign of life for {SILENCE:.0f} seconds", "Stuck") from None
        if line is None:
            raise self._died()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _died(self) -> WorkerDied:
        assert self._process is not None
        code = self._process.wait()
        self._stop()
        if code == -signal.SIGKILL:
            return WorkerDied("the worker was killed (SIGKILL), as happens when the machine runs out of memory", "Killed")
        if code < 0:
            name = signal.Signals(-code).name
            return WorkerDied(f"the worker crashed ({name}): the file may be damaged or crafted", "Crashed")
        return WorkerDied(f"the worker ended before it had answered (exit code {code})", "Ended")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listen(process: subprocess.Popen[str], answers: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    with process.stdout as lines, contextlib.suppress(ValueError):
        for line in lines:
            answers.put(line)
    answers.put(None)
