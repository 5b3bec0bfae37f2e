"""SHA-256 of files, worked out by a thread beside the scans. Files in, hexadecimal digests out, as ``sha256sum`` prints them."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Iterable
from types import TracebackType

from dq_engine.errors import WorkerError
from dq_engine.versions import Changed, State, Version, state

CHUNK = 1 << 20
"""Bytes that are read at once; between two of them the thread looks whether it should end."""


class Checksums:
    """Digests of files, each version of a file worked out once. Use it as a context manager: the thread ends with it.

    Raises :class:`dq_engine.errors.WorkerError` if no thread can be started.

    Nobody waits for the end of the thread: a file that cannot be read on holds up no interrupt.
    """

    def __init__(self) -> None:
        self._found: dict[Version, str | OSError | Changed | None] = {}
        self._asked: queue.SimpleQueue[Version | None] = queue.SimpleQueue()
        self._news = threading.Condition()
        self._ended = threading.Event()

    def __enter__(self) -> Checksums:
        try:
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:
            raise WorkerError("no thread for checksums is to be had: see ulimit -u", "NotStarted") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._asked.put(None)

    def begin(self, versions: Iterable[Version]) -> None:
        """Asks for the digests of files, which may take their time."""
        for version in versions:
            if version not in self._found:
                self._found[version] = None
                self._asked.put(version)

    def of(self, version: Version, seconds: float | None = None) -> str | None:
        """The digest of a file that was asked for; None if it is not there after ``seconds``.

        Raises OSError if the file cannot be read, :class:`Changed` if it was not that version of it any more.
        """
        with self._news:
            self._news.wait_for(lambda: self._found[version] is not None, seconds)
        found = self._found[version]
        if isinstance(found, OSError | Changed):
            raise found
        return found

    def _work(self) -> None:
        while version := self._asked.get():
            found = self._digest(version.path, version.state)
            if self._ended.is_set():
                return
            with self._news:
                self._found[version] = found
                self._news.notify_all()

    def _digest(self, path: str, wanted: State) -> str | OSError | Changed:
        digest, chunk = hashlib.sha256(), bytearray(CHUNK)
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123  the path of a record is a text
                if state(os.fstat(file.fileno())) != wanted:
                    return Changed()
                while (size := file.readinto(chunk)) and not self._ended.is_set():
                    digest.update(memoryview(chunk)[:size])
                if state(os.fstat(file.fileno())) != wanted:
                    return Changed()
        except OSError as error:
            return OSError(error.errno, error.strerror, path)  # what fails in reading does not name the file
        return digest.hexdigest()
