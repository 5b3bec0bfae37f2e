"""Making a release bundle: a stored run, its suites and the checksums of its extracts -> a folder, whole or not at all.

Nothing is released that is not what was checked: the files of the run are held against its seal, suites and extracts against the
checksums that the run recorded. Before it is put in its place, the bundle is verified like one from somebody else.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from dq_engine import bundle, feeds, locks, run_tables, score_api, signing, store, verify, whereabouts
from dq_engine._version import __version__
from dq_engine.bundle import BundledFile, BundledInstrument, BundledSuite, Despite, Manifest
from dq_engine.errors import Refused, StoreError, UsageError
from dq_engine.model import Run
from dq_engine.process import WorkerProcess
from dq_engine.rating import instrument as instruments
from dq_engine.report import score_json
from dq_engine.seal import SEAL
from dq_engine.seal import read as read_seal
from dq_engine.whereabouts import Found, Hear

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

MOST = 10
"""Files that a message names."""
DESPITE = "--despite-verdict REASON --by NAME releases it all the same, marked as failed"


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be released, and how.

    ``output`` is the folder of the bundle, ``root`` one to which paths of suites may be relative besides the working folder.
    ``gated``: only what a gate let through is released, unless it is ``despite`` the verdict. ``instrument`` is the file of one,
    by which the run is rated (None: no ratings). ``data``: folders in which the extracts are looked for, instead of where they
    were when they were checked; ``include_extracts``: they go with the bundle.
    """

    output: Path
    root: Path | None = None
    gated: bool = False
    instrument: Path | None = None
    data: tuple[Path, ...] = ()
    include_extracts: bool = False
    despite: Despite | None = None


def release(
    directory: Path,
    wanted: Wanted,
    signer: CryptoSigner | None,
    *,
    worker: WorkerProcess | None = None,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    hear: Callable[[str, float], None] = lambda phase, fraction: None,
) -> Manifest:
    """Writes the bundle of the run in a directory, and gives its manifest; without a ``signer`` nobody signs.

    ``worker`` is one to use for ratings. Raises :class:`Refused` for a run that is not to be released, :class:`UsageError` for
    what cannot be done as it was asked, and :class:`StoreError` where what was checked is not there any more, or the bundle
    cannot be written; then nothing is left of it.
    """
    if wanted.output.exists() or wanted.output.is_symlink():
        raise UsageError(f"{wanted.output}: is there already; a bundle is never replaced")
    run = store.load(directory)
    _refuse(run, wanted)
    if wanted.instrument is not None:
        instruments.read(wanted.instrument)  # its faults are told before any work is done
    suites = _suites(run, wanted.root)
    found = _extracts(run, wanted.data, lambda part: hear("comparing extracts with what was checked", part))
    try:
        with _whole(wanted.output, private=wanted.include_extracts) as staging:
            files = _Staged(staging)
            _copy_run(directory, files)
            for suite, text in suites:
                files.write(suite.path, text)
            if wanted.include_extracts:
                _include(found, files, lambda part: hear("copying extracts", part))
            instrument = None
            if wanted.instrument is not None:
                hear("rating", 0.0)
                instrument = _rate(wanted.instrument, files, worker)
            manifest = Manifest(
                version=bundle.MANIFEST_VERSION,
                released=clock().isoformat(timespec="seconds"),
                released_with={"dq": __version__, "python": platform.python_version()},
                run=bundle.released_run(run),
                suites=tuple(suite for suite, _ in suites),
                files=tuple(sorted(files.written, key=lambda file: file.path)),
                instrument=instrument,
                despite=wanted.despite,
            )
            digest = files.write(bundle.MANIFEST, bundle.encode(manifest)).sha256
            statement = bundle.encode(bundle.statement(manifest, digest, run))
            files.write(bundle.ATTESTATION, bundle.encode(signing.sign(statement, signer)))
            _verify(staging, signer, lambda part: hear("verifying", part))
    except OSError as error:
        raise StoreError(f"{wanted.output}: the bundle could not be written: {store.words(error)}") from None
    return manifest


# -------------------------------------------------------------------------------------------------- what may be released


def _refuse(run: Run, wanted: Wanted) -> None:
    if run.exit_code != 0 and wanted.despite is None:
        raise Refused(f"run {run.id} is not released: {run.verdict}\n{DESPITE}")
    if run.exit_code == 0 and wanted.gated and run.gate is None:
        raise Refused(f"run {run.id} is not released: the project has a gate, and did not ask it: dq check --gate does")
    if run.exit_code == 0 and wanted.despite is not None:
        raise UsageError("--despite-verdict: the run passed, so there is nothing to release it despite of; leave it out")
    unknown = [extract.name for extract in bundle.released_run(run).extracts if not extract.files or not _all_known(extract)]
    if unknown:
        raise Refused(
            f"run {run.id} is not released: no checksum says which files were checked ({_some(unknown)}): check again without "
            "--no-checksums, and without checksums = false in dq.toml"
        )


def _all_known(extract: bundle.CheckedExtract) -> bool:
    return all(file.sha256 for files in (extract.files, *(other.files for other in extract.others)) for file in files)


def _suites(run: Run, root: Path | None) -> list[tuple[BundledSuite, bytes]]:
    """The suites of a run, each with its text as it was. Raises :class:`StoreError` naming all that are not as they were."""
    found, troubles = [], []
    names = {extract.suite.sha256: extract.suite for extract in run.extracts}
    for digest, path in bundle.suite_paths(run).items():
        recorded = names[digest].path
        texts = list(_texts(recorded, root))
        text = next((text for text in texts if bundle.sha256(text) == digest), None)
        if text is not None:
            found.append((BundledSuite(names[digest].name, path, digest), text))
        elif texts:
            troubles.append(f"{recorded}: the suite has changed since the run: check again")
        else:
            troubles.append(f"{recorded}: the suite is not there: release in the folder in which dq check ran")
    if troubles:
        raise StoreError("\n".join(troubles))
    return found


def _texts(path: str, root: Path | None) -> Iterator[bytes]:
    """The texts that may be that of the suite at a path, as suites are read: without a byte order mark, lines ending in LF."""
    places = [*whereabouts.named(path), *(whereabouts.named(str(root / path)) if root else ())]
    name = PurePosixPath(path).name
    for place in [*places, *(one for one in feeds.suite_files(feeds.shipped()) if one.name == name)]:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            yield place.read_text(encoding="utf-8-sig").encode()


def _extracts(run: Run, data: Sequence[Path], hear: Hear) -> list[Found]:
    """The files of all extracts, which are what they were. Raises :class:`StoreError` naming those that are not."""
    recorded = {(file.name, file.sha256): (file, path) for file, path in bundle.recorded(run)}
    inside = whereabouts.below(data, {file.name for file, _ in recorded.values()}) if data else {}
    sought = [(file, inside[file.name] if data else whereabouts.named(path)) for file, path in recorded.values()]
    found = list(whereabouts.compared(sought, hear))
    if troubles := [f"{one.file.name}: {one.problem}" for one in found if one.problem]:
        more = [f"and {len(troubles) - MOST:,} more"] if len(troubles) > MOST else []
        raise StoreError(
            "\n".join(
                [
                    f"run {run.id} is not released: {len(troubles):,} of {len(found):,} files are not those that were checked",
                    *troubles[:MOST],
                    *more,
                    "check again; if they were only moved, --data DIR says where they are",
                ]
            )
        )
    return found


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")


# --------------------------------------------------------------------------------------------------------------- writing


class _Staged:
    """A bundle that is being made: its folder, and the files that were ``written`` into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[BundledFile] = []

    def copy(self, source: Path, path: str, hear: Callable[[int], None] = lambda read: None) -> BundledFile:
        """Copies a file into the bundle. Raises OSError."""
        digest = whereabouts.read(source, hear, self.folder / path)
        return self._noted(BundledFile(path, (self.folder / path).stat().st_size, digest))

    def write(self, path: str, content: bytes) -> BundledFile:
        """Writes a file of the bundle. Raises OSError."""
        store.replace_file(self.folder / path, content)
        return self._noted(BundledFile(path, len(content), bundle.sha256(content)))

    def _noted(self, file: BundledFile) -> BundledFile:
        self.written.append(file)
        return file


@contextlib.contextmanager
def _whole(final: Path, *, private: bool) -> Iterator[Path]:
    """A folder to write into, which is put in its place at the end, or else removed. Raises OSError."""
    final.parent.mkdir(parents=True, exist_ok=True)
    locks.sweep(final.parent, re.compile(rf"\.{re.escape(final.name)}\.\d+\.partial"))
    staging = final.with_name(f".{final.name}.{os.getpid()}.partial")
    lock = locks.make(staging, 0o700 if private else 0o777)
    try:
        yield staging
        staging.rename(final)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _copy_run(directory: Path, files: _Staged) -> None:
    """Copies a stored run. Raises :class:`StoreError` if it is not what was stored: its seal says so, if it has one."""
    copied = {name: files.copy(directory / name, f"{bundle.RUN}/{name}").sha256 for name in (store.RUN, *run_tables.TABLES)}
    if not (directory / SEAL).exists():
        return
    sealed = read_seal((directory / SEAL).read_bytes())
    changed = sorted(name for name, digest in copied.items() if sealed is None or sealed.files.get(name) != digest)
    if changed:
        raise StoreError(f"{directory}: was changed after it was stored ({', '.join(changed)}): check again")


def _include(found: Sequence[Found], files: _Staged, hear: Hear) -> None:
    """Copies the extracts, by the names that they really have. Raises :class:`StoreError` if one has changed meanwhile."""
    total, done = sum(one.file.bytes for one in found) or 1, 0
    for one in found:
        assert one.path is not None
        own = "/".join(one.path.absolute().parts[-len(PurePosixPath(one.file.name).parts) :])
        path = f"{bundle.EXTRACTS}/{own}"
        if (files.folder / path).exists():
            path = f"{bundle.EXTRACTS}/{one.file.sha256[:16]}/{own}"
        copied = files.copy(one.path, path, lambda read, before=done: hear((before + read) / total))  # type: ignore[misc]
        if copied.sha256 != one.file.sha256:
            raise StoreError(f"{one.file.name}: has changed while the bundle was made: check again")
        done += one.file.bytes


def _rate(instrument: Path, files: _Staged, worker: WorkerProcess | None) -> BundledInstrument:
    """Rates the run as it stands in the bundle, by the instrument as it stands there."""
    copied = files.copy(instrument, bundle.INSTRUMENT)
    scores = score_api.score(files.folder / bundle.RUN, instrument=files.folder / bundle.INSTRUMENT, worker=worker)
    used = msgspec.structs.replace(scores.instrument, path=bundle.INSTRUMENT)
    runs = tuple(msgspec.structs.replace(run, path=bundle.RUN) for run in scores.runs)
    files.write(bundle.SCORES, score_json.encode(msgspec.structs.replace(scores, instrument=used, runs=runs)))
    return BundledInstrument(used.name, used.version, copied.path, copied.sha256)


def _verify(staging: Path, signer: CryptoSigner | None, hear: Hear) -> None:
    """The bundle, as somebody else will see it. Raises :class:`StoreError`."""
    found = verify.verify(staging, [signer.public_key] if signer else [], unsigned=signer is None, hear=hear)
    if not found.verified:
        raise StoreError("\n".join(f"the bundle would be refused: {fault.file}: {fault.words}" for fault in found.faults))
