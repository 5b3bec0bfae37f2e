"""Extracts that lie elsewhere: addresses in, files of this machine out, which are then checked like any others.

``s3://bucket/key``, folders and globs there, and single files of web servers (``https://``). What is there is listed first and
mirrored as empty files in the run's private temporary folder, so that all that is said of paths (names, folders of partitions,
suites, other extracts) holds for addresses, too. Only files that are checked are then filled. The worker never touches the
network, and no credential reaches it. Without an address nothing of this is loaded.
"""

from __future__ import annotations

import contextlib
import glob
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from dq_engine.addresses import Address, address, is_name, is_remote
from dq_engine.errors import UsageError
from dq_engine.feeds import SUFFIXES, Extract, Files, Origin, Other, find_files, located, named, unavailable
from dq_engine.privacy import shown
from dq_engine.process import WorkerProcess

if TYPE_CHECKING:
    from dq_engine.stores import Entry
    from dq_engine.transfers import Network

Hear = Callable[[str, str, float], None]
"""Hears what is worked on, what is done, and how far it is (0 to 1)."""


class Remote:
    """The extracts of one run that lie elsewhere. Use it as a context manager: the files that it fetched end with it.

    ``anonymous``: S3 is asked without credentials. ``said`` is what was downloaded, in words.
    """

    def __init__(self, worker: WorkerProcess, *, anonymous: bool = False) -> None:
        self.worker, self.anonymous = worker, anonymous
        self.said = ""
        self._open = contextlib.ExitStack()
        self._root: Path | None = None
        self._network: Network | None = None
        self._entries: dict[Path, tuple[Address, Entry]] = {}
        self._listed: dict[Path, str] = {}

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def find(self, argument: str, *, whole: bool = False) -> list[Files]:
        """As :func:`dq_engine.feeds.find_files`, also for addresses, of which nothing is downloaded yet.

        What cannot be looked at is an extract with a ``problem``. Raises :class:`UsageError` for what is not there, or cannot
        be an extract.
        """
        if not is_remote(argument):
            return find_files(argument, whole=whole)
        wanted = address(argument)
        network, place = self._connected(wanted.scheme), self._place(wanted)
        from dq_engine.stores import Trouble  # noqa: PLC0415  loaded with the network

        try:
            for where, entry in _listed(network, wanted):
                self._mark(where, entry)
        except Trouble as trouble:
            name = named(place) if wanted.stem is not None else place.stem
            place.parent.mkdir(parents=True, exist_ok=True)
            return [Files(shown(name), (place,), origins=(Origin(wanted.url),), problem=f"{shown(wanted.url)}: {trouble}")]
        base = str(self._folder(wanted.scheme))
        local = str(place) if wanted.stem is None else glob.escape(base) + str(place)[len(base) :]
        try:
            found = find_files(local, whole=whole)
        except UsageError as error:
            said = str(error).replace(local, wanted.url).replace(f"{base}/", f"{wanted.scheme}://")
            raise type(error)(shown(said)) from None
        if (known := _known_below(wanted)) is not None:
            self._listed.update(dict.fromkeys((path for files in found for path in files.paths), known))
        return [msgspec.structs.replace(files, origins=self._origins(files.paths)) for files in found]

    def fetch(self, extracts: Sequence[Extract], *, timeout: float | None, hear: Hear) -> list[Extract]:
        """The extracts with their files, and those of others, downloaded; with a ``problem`` where that was not possible.

        ``timeout`` are the seconds for one extract. All files are compared with what their store said of them before and
        says of them afterwards.
        """
        groups = [[path for path in _needed(extract) if path in self._entries] for extract in extracts]
        paths = list(dict.fromkeys(path for group in groups for path in group))
        if not paths:
            return list(extracts)
        network = self._network
        assert network is not None
        from dq_engine.stores import Trouble  # noqa: PLC0415  loaded with the network
        from dq_engine.transfers import Download  # noqa: PLC0415

        total = sum(self._entries[path][1].bytes for path in paths)
        free = shutil.disk_usage(self._folder()).free
        arrived: Mapping[Path, Entry | Trouble]
        if total > free:
            missing = f"{size(total - free)} are missing: set TMPDIR to a folder on a larger disk"
            why = Trouble(
                f"the files from elsewhere have {size(total)}, and {size(free)} are free for temporary files: {missing}"
            )
            arrived = dict.fromkeys(paths, why)
        else:
            wanted = [[Download(self._entries[p][0].scheme, self._entries[p][1], p) for p in group] for group in groups]

            def tell() -> None:
                done = f"downloading, {network.arrived} of {len(paths)} files, {size(network.received)} of {size(total)}"
                hear("files from elsewhere", done, min(0.99, network.received / max(1, total)))

            arrived = network.downloaded(wanted, timeout, tell)
            tries = f", {network.failed} failed tries" if network.failed else ""
            self.said = f"downloaded {network.arrived} of {len(paths)} files, {size(network.received)}{tries}"
        came = {path: self._origin(path, answer) for path, answer in arrived.items() if not isinstance(answer, Trouble)}
        failed = {path: str(answer) for path, answer in arrived.items() if isinstance(answer, Trouble)}
        return [self._with(extract, came, failed) for extract in extracts]

    def _with(self, extract: Extract, came: Mapping[Path, Origin], failed: Mapping[Path, str]) -> Extract:
        """The extract with what is known after the downloads."""
        others = []
        for other in extract.others:
            origins = self._known(other, came)
            problem = other.problem or unavailable(other.name, _why(other, origins, failed))
            others.append(msgspec.structs.replace(other, origins=origins, problem=problem))
        origins = self._known(extract, came)
        problem = extract.problem or _why(extract, origins, failed)
        return msgspec.structs.replace(extract, origins=origins, problem=problem, others=tuple(others))

    def _known(self, of: Extract | Other, came: Mapping[Path, Origin]) -> tuple[Origin | None, ...]:
        """Where the files came from; () where all lie here."""
        origins = tuple(came.get(path, origin) for path, origin in zip(of.files, self._origins(of.files), strict=True))
        return origins if any(origins) else of.origins

    # ------------------------------------------------------------------------------------------------------------ the mirror

    def _mark(self, where: Address, entry: Entry) -> None:
        """Makes the empty file for one that is elsewhere. Raises :class:`UsageError` for Parquet that can have none."""
        place, usable = self._place(where), all(map(is_name, where.url.partition("://")[2].split("/")))
        try:
            if usable:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
        except OSError:  # a file and a folder of one name
            usable = False
        if not usable:
            if where.url.lower().endswith(SUFFIXES):
                raise UsageError(f"{shown(where.url)}: cannot be a file here: its path has an empty, unusable or ambiguous part")
            return
        known, _ = self._entries.setdefault(place, (where, entry))
        if known.path != where.path:
            raise UsageError(f"{shown(where.url)}: is given twice with different queries: a run can check only one of them")

    def _place(self, where: Address) -> Path:
        """Where a file is put."""
        return self._folder(where.scheme) / where.url.partition("://")[2]

    def _folder(self, scheme: str = "") -> Path:
        if self._root is None:
            self._root = Path(self._open.enter_context(self.worker.folder()))
        return self._root / scheme

    def _origins(self, paths: Sequence[Path]) -> tuple[Origin | None, ...]:
        return tuple(self._origin(path) if path in self._entries else None for path in paths)

    def _origin(self, path: Path, entry: Entry | None = None) -> Origin:
        etag, version = ("", "") if entry is None else (entry.etag.strip('"'), entry.version)
        return Origin(self._entries[path][0].url, etag, version, self._listed.get(path, ""))

    def _connected(self, scheme: str) -> Network:
        """The network, with what is needed for a scheme. Raises :class:`UsageError` if a library is not installed."""
        from dq_engine import stores, transfers  # noqa: PLC0415  most extracts are here

        stores.needed(scheme)
        if self._network is None:
            self._network = self._open.enter_context(transfers.Network(anonymous=self.anonymous))
        return self._network


def size(count: int) -> str:
    """A number of bytes, as people write it."""
    number, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{count:,} bytes" if unit == "bytes" else f"{number:.1f} {unit}"


def _listed(network: Network, wanted: Address) -> Iterator[tuple[Address, Entry]]:
    """The files that an address may mean, each with its own address; and those that lie beside a single one.

    These are what rules may speak of, or what was meant by a name that is not there; they need not be known.
    """
    from dq_engine.stores import Trouble  # noqa: PLC0415  loaded with the network

    if wanted.scheme != "s3":
        entry = network.entry(wanted.scheme, wanted.path)
        yield from [] if entry is None else [(wanted, entry)]
        return
    if wanted.stem is not None:
        found = network.listed(wanted.stem, deep="/" in wanted.path[len(wanted.stem) :])
    else:
        folder, _, name = wanted.path.rpartition("/")
        entry = network.entry("s3", wanted.path) if folder and name else None
        found = [entry] if entry else network.listed(f"{wanted.path.rstrip('/')}/", deep=True)
        if folder and name and (entry or not found):
            with contextlib.suppress(Trouble):
                found = [*found, *network.listed(f"{folder}/", deep=False)]
    for entry in found:
        if not entry.path.endswith("/"):  # the sign of a folder without files
            yield Address("s3", entry.path, f"s3://{entry.path}"), entry


def _known_below(wanted: Address) -> str | None:
    """How the addresses begin of files that :func:`_listed` gives without exception."""
    if wanted.scheme != "s3":
        return None
    if wanted.stem is None:
        return f"{wanted.url.rstrip('/')}/"
    return f"s3://{wanted.stem}" if "/" in wanted.path[len(wanted.stem) :] else None


def _needed(extract: Extract) -> Iterator[Path]:
    """The files of an extract, and of those that it is held against."""
    if not extract.problem:
        yield from extract.files
        for other in extract.others:
            yield from other.files if not other.problem else ()


def _why(of: Extract | Other, origins: Sequence[Origin | None], failed: Mapping[Path, str]) -> str:
    """Why the files are not all here; "" if they are."""
    urls = zip(of.files, located(of.files, origins), strict=True)
    return next((f"{shown(url)}: {failed[path]}" for path, url in urls if path in failed), "")
