"""SHA-256 of files, worked out by a thread beside the scans. Files in, hexadecimal digests out, as ``sha256sum`` prints them."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterable
from types import TracebackType

from dq_engine.model import File

CHUNK = 1 << 20
"""Bytes that are read at once; between two of them the thread looks whether it should end."""
Version = tuple[str, int, int]
"""A file as it was at some time: path, bytes, modification time."""


class Checksums:
    """Digests of files, each version of a file worked out once. Use it as a context manager: the thread ends with it.

    Nobody waits for the end of the thread: a file that cannot be read on holds up no interrupt.
    """

    def __init__(self) -> None:
        self._found: dict[Version, str | OSError | None] = {}
        self._asked: queue.SimpleQueue[Version | None] = queue.SimpleQueue()
        self._news = threading.Condition()
        self._ended = threading.Event()

    def __enter__(self) -> Checksums:
        threading.Thread(target=self._work, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._asked.put(None)

    def begin(self, files: Iterable[File]) -> None:
        """Asks for the digests of files, which may take their time."""
        for file in files:
            if (version := _version(file)) not in self._found:
                self._found[version] = None
                self._asked.put(version)

    def of(self, file: File, seconds: float | None = None) -> str | None:
        """The digest of a file that was asked for; None if it is not there after ``seconds``.

        Raises OSError if the file cannot be read.
        """
        version = _version(file)
        with self._news:
            self._news.wait_for(lambda: self._found[version] is not None, seconds)
        found = self._found[version]
        if isinstance(found, OSError):
            raise found
        return found

    def _work(self) -> None:
        while version := self._asked.get():
            found = self._digest(version[0])
            if self._ended.is_set():
                return
            with self._news:
                self._found[version] = found
                self._news.notify_all()

    def _digest(self, path: str) -> str | OSError:
        digest, chunk = hashlib.sha256(), bytearray(CHUNK)
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123  the path of a record is a text
                while (size := file.readinto(chunk)) and not self._ended.is_set():
                    digest.update(memoryview(chunk)[:size])
        except OSError as error:
            return OSError(error.errno, error.strerror, path)  # what fails in reading does not name the file
        return digest.hexdigest()


def _version(file: File) -> Version:
    return file.path, file.bytes, file.modified_ns
