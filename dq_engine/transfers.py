"""Work on the network: what stores say, and downloads, several at once, with tries, deadlines and checks before and after.

It is done by an event loop in a thread of its own, as there may be a loop in the thread of who asks already.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent import futures
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from msgspec import Struct

from dq_engine import stores
from dq_engine.stores import Entry, Trouble

Answer = TypeVar("Answer")

AT_ONCE = 8
"""Files that are downloaded at the same time."""
WAITS = (0.25, 1.0, 3.0)
"""Seconds before another try; after the last one there is none."""
EVERY = 0.2
"""Seconds between two looks at how far the downloads are."""
GRACE = 5
"""Seconds that connections get to end."""
CHANGED = "changed while it was being downloaded: check it again when nothing writes to it"


class Download(Struct, frozen=True):
    """A file to be had: the scheme of its store, what that says of it, and where it is put."""

    scheme: str
    entry: Entry
    to: Path


class Network:
    """All stores that a run asks. Use it as a context manager: connections end with it, and nothing is logged meanwhile.

    ``received`` are the bytes of files that came, ``arrived`` the files that are whole, ``failed`` the tries that failed.
    """

    def __init__(self, *, anonymous: bool) -> None:
        self.anonymous = anonymous
        self.received = self.arrived = self.failed = 0
        self._stores: dict[str, stores.S3 | stores.Web] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Network:
        self._levels = stores.hushed()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(futures.TimeoutError):
            asyncio.run_coroutine_threadsafe(self._ended(), self._loop).result(GRACE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(GRACE)
        if not self._thread.is_alive():
            self._loop.close()
        for logger, level in self._levels.items():
            logger.setLevel(level)

    def entry(self, scheme: str, path: str) -> Entry | None:
        """The file at a path; None if there is none. Raises :class:`Trouble`."""

        async def asked() -> Entry | None:
            store = self._store(scheme)
            return await self._patiently(lambda: store.entry(path))

        return self._done(asked())

    def listed(self, path: str, *, deep: bool) -> list[Entry]:
        """The files of S3 whose paths begin with ``path``; unless ``deep`` those without a further "/".

        Raises :class:`Trouble`.
        """

        async def asked() -> list[Entry]:
            store = self._store("s3")
            assert isinstance(store, stores.S3)
            return await self._patiently(lambda: store.listed(path, deep=deep))

        return self._done(asked())

    def downloaded(
        self, groups: Sequence[Sequence[Download]], timeout: float | None, tell: Callable[[], None]
    ) -> dict[Path, Entry | Trouble]:
        """Downloads files, those of a group in ``timeout`` seconds.

        Gives for each what its store said in the end, or why it did not come. ``tell`` is called again and again meanwhile.
        """
        return self._done(self._fetched(groups, timeout), tell)

    def _done(self, work: Coroutine[Any, Any, Answer], tell: Callable[[], None] = lambda: None) -> Answer:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        while not futures.wait([future], EVERY).done:
            tell()
        return future.result()

    def _store(self, scheme: str) -> stores.S3 | stores.Web:
        if scheme not in self._stores:
            self._stores[scheme] = stores.store(scheme, anonymous=self.anonymous)
        return self._stores[scheme]

    async def _fetched(self, groups: Sequence[Sequence[Download]], timeout: float | None) -> dict[Path, Entry | Trouble]:
        slots = asyncio.Semaphore(AT_ONCE)
        tasks: dict[Path, asyncio.Task[Entry | Trouble]] = {}
        for group in groups:
            clock = _Clock(timeout)
            for wanted in group:
                if wanted.to not in tasks:
                    tasks[wanted.to] = asyncio.create_task(self._in_time(wanted, clock, slots))
        return {path: await task for path, task in tasks.items()}

    async def _in_time(self, wanted: Download, clock: _Clock, slots: asyncio.Semaphore) -> Entry | Trouble:
        async with slots:
            try:
                async with asyncio.timeout_at(clock.deadline()):
                    return await self._patiently(lambda: self._once(wanted))
            except TimeoutError:
                return Trouble("took longer than the time limit allows: give more with --timeout")
            except Trouble as trouble:
                return trouble

    async def _once(self, wanted: Download) -> Entry:
        """Downloads one file, and looks whether it is still what it was."""
        store, before, received = self._store(wanted.scheme), wanted.entry, 0
        try:
            with wanted.to.open("wb") as file:
                async with contextlib.aclosing(store.read(before)) as pieces:
                    async for piece in pieces:
                        file.write(piece)
                        received += len(piece)
                        self.received += len(piece)
                        if received > before.bytes:
                            raise Trouble(CHANGED)
            if received < before.bytes:
                raise Trouble(f"was cut off: {received:,} of {before.bytes:,} bytes came", passing=True)
            after = await store.entry(before.path)
            if after is None or (after.bytes, after.etag) != (before.bytes, before.etag):
                raise Trouble(CHANGED)
            if after.modified_ns:
                os.utime(wanted.to, ns=(after.modified_ns, after.modified_ns))
        except BaseException as error:
            self.received -= received
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                raise stores.of_disk(error) from None
            raise
        self.arrived += 1
        return after

    async def _patiently(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """What an attempt gives, tried again where that may help."""
        for wait in WAITS:
            try:
                return await attempt()
            except Trouble as trouble:
                if not trouble.passing:
                    raise
            self.failed += 1
            await asyncio.sleep(wait)
        try:
            return await attempt()
        except Trouble as trouble:
            raise Trouble(f"{trouble} ({len(WAITS) + 1} tries)" if trouble.passing else str(trouble)) from None

    async def _ended(self) -> None:
        """Ends what is still at work, and the connections."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for store in self._stores.values():
            with contextlib.suppress(Exception):  # they are not needed any more
                await store.close()


class _Clock:
    """The time that one extract may take, from its first download on."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.ends: float | None = None

    def deadline(self) -> float | None:
        """When it is over, in the time of the event loop; None: never."""
        if self.ends is None and self.seconds is not None:
            self.ends = asyncio.get_running_loop().time() + self.seconds
        return self.ends
