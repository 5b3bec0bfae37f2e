"""Verifying a release bundle: a folder from somebody -> what is wrong with it. Offline; nothing is believed before it is due.

From the outside in: the signature, then what was signed, then the manifest by its checksum, then each file by its own, then
whether all of these say the same. Files are only ever those that lie in the folder: no path that is written in it is followed.
"""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from dq_engine import bundle, run_tables, signing, store, whereabouts
from dq_engine.bundle import ATTESTATION, MANIFEST, DataFile, Fault, Manifest, Statement, Verification
from dq_engine.errors import StoreError, UsageError
from dq_engine.model import RUN_VERSION, Run
from dq_engine.whereabouts import Hear

if TYPE_CHECKING:
    from securesystemslib.signer import Key

LARGEST = 64 * 1024 * 1024
"""Bytes of a manifest or an attestation; a larger one is refused unread. A thousand checks take less than a megabyte."""
LARGEST_RECORD = 16 * LARGEST
"""Bytes of the record of a run, which may hold failing rows."""
RECORD = f"{bundle.RUN}/{store.RUN}"
"""The record of the run in a bundle."""

Shape = TypeVar("Shape", bound=Struct)


class _Wrong(Exception):
    """A fault after which nothing more of the bundle can be believed."""

    def __init__(self, file: str, words: str) -> None:
        self.fault = Fault(file, words)
        super().__init__(words)


class _Version(Struct):
    version: int


def verify(
    folder: Path, keys: Sequence[Key], *, data: Sequence[Path] = (), unsigned: bool = False, hear: Hear = lambda fraction: None
) -> Verification:
    """What is wrong with the bundle in a folder; every fault at once, where one does not make all others pointless.

    ``keys`` are those that are believed; without any, the signature is not looked at. ``unsigned`` allows a bundle that nobody
    signed. ``data`` are folders with the extracts: where they are given, all of the extracts must be there. Raises
    :class:`UsageError` if there is no folder, :class:`StoreError` if it cannot be read, or is of another version of dq.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is {'not a folder' if folder.exists() else 'not there'}: a bundle is a folder")
    found = _Found()
    try:
        return found.verified(folder, keys, data, hear, unsigned=unsigned)
    except _Wrong as wrong:
        return found.refused([wrong.fault])
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: cannot be read: {store.words(error)}") from None


class _Found:
    """What is known of a bundle so far."""

    def __init__(self) -> None:
        self.signed = False
        self.key: str | None = None
        self.manifest: Manifest | None = None

    def refused(self, faults: Sequence[Fault]) -> Verification:
        return Verification(verified=False, faults=tuple(faults), signed=self.signed, key=self.key, manifest=self.manifest)

    def verified(self, folder: Path, keys: Sequence[Key], data: Sequence[Path], hear: Hear, *, unsigned: bool) -> Verification:
        there, empty, faults = _listing(folder)
        statement = self._statement(there, keys, unsigned=unsigned)
        self.manifest = manifest = _manifest(there, statement)
        sought = bundle.data_files(manifest.run)
        own, others = (sum(file.bytes for file in files) for files in (manifest.files, sought if data else ()))
        total = own + others or 1
        right, wrong = _files(manifest, there, lambda read: hear(read / total))
        faults += [*wrong, *_unknown(manifest, there, empty)]
        if RECORD in right:
            faults += _contradictions(manifest, statement, there)
        inside = {sha for path, sha in right.items() if path.startswith(f"{bundle.EXTRACTS}/")}
        outside = [file for file in sought if file.sha256 not in inside]
        missing: list[Fault] = []
        if data:
            missing = _changed(outside, data, lambda part: hear((own + part * others) / total))
        return Verification(
            verified=not faults and not missing,
            faults=(*faults, *missing),
            signed=self.signed,
            key=self.key,
            manifest=manifest,
            data_files=len(sought),
            data_checked=len(sought) - len(missing if data else outside) if data or inside else None,
        )

    def _statement(self, there: Mapping[str, Path], keys: Sequence[Key], *, unsigned: bool) -> Statement:
        """What the attestation says, once it is known who says it."""
        envelope = _decoded(ATTESTATION, _content(there, ATTESTATION), bundle.Envelope)
        self.signed = bool(envelope.signatures)
        if envelope.payload_type != bundle.PAYLOAD_TYPE:
            raise _Wrong(ATTESTATION, f"holds no in-toto statement: expected the payload type {bundle.PAYLOAD_TYPE}")
        if len(envelope.signatures) > 1:
            raise _Wrong(ATTESTATION, f"has {len(envelope.signatures)} signatures, and dq makes one")
        if not envelope.signatures and not unsigned:
            raise _Wrong(ATTESTATION, "is unsigned: anybody can have made it")
        if envelope.signatures and keys:
            self.key = signing.signed_by(envelope, keys)
            named = envelope.signatures[0].keyid
            if self.key is None and named in {key.keyid for key in keys}:
                raise _Wrong(ATTESTATION, f"was changed: its signature is not that of key {named} for what it holds")
            if self.key is None:
                raise _Wrong(ATTESTATION, f"is signed with key {named}, which is none of those that were given")
        return _decoded(ATTESTATION, envelope.payload, Statement)


# ------------------------------------------------------------------------------------------------------ the outer layers


def _listing(folder: Path) -> tuple[dict[str, Path], list[str], list[Fault]]:
    """The files in a folder by their paths below it, the empty folders, and what may not be there: links, devices."""
    found: dict[str, Path] = {}
    empty: list[str] = []
    faults: list[Fault] = []
    waiting = [(folder, "")]
    while waiting:
        place, path = waiting.pop()
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        if path and not entries:
            empty.append(path)
        for entry in entries:
            inner = f"{path}/{entry.name}" if path else entry.name
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                waiting.append((Path(entry.path), inner))
            elif stat.S_ISREG(mode):
                found[inner] = Path(entry.path)
            else:
                faults.append(Fault(_spelled(inner), f"is {'a link' if stat.S_ISLNK(mode) else 'no ordinary file'}"))
    return found, empty, faults


def _spelled(path: str) -> str:
    """A path as text: bytes that are none are spelled with a backslash."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _content(there: Mapping[str, Path], name: str, most: int = LARGEST) -> bytes:
    """The content of a file that every bundle has."""
    if name not in there:
        raise _Wrong(name, "is not there")
    with there[name].open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise _Wrong(name, f"is too large: more than {most:,} bytes")
    return raw


def _decoded(name: str, raw: bytes, shape: type[Shape]) -> Shape:
    try:
        return bundle.decode(raw, shape)
    except bundle.Unusable as error:
        raise _Wrong(name, str(error)) from None


def _manifest(there: Mapping[str, Path], statement: Statement) -> Manifest:
    """The manifest, if it is the one that the statement is about."""
    raw = _content(there, MANIFEST)
    subjects = [subject.digest for subject in statement.subject if subject.name == MANIFEST]
    if subjects != [{"sha256": bundle.sha256(raw)}]:
        raise _Wrong(MANIFEST, f"is not the one that {ATTESTATION} speaks of: its SHA-256 is another")
    version = _version_of(raw)
    if version not in (None, bundle.MANIFEST_VERSION):
        raise StoreError(
            f"{there[MANIFEST]}: is of another version of dq ({version}, and this one reads {bundle.MANIFEST_VERSION})"
        )
    return _decoded(MANIFEST, raw, Manifest)


# ------------------------------------------------------------------------------------------------------ the inner layers


def _files(manifest: Manifest, there: Mapping[str, Path], hear: Hear) -> tuple[dict[str, str], list[Fault]]:
    """The files that are as the manifest says, with their SHA-256, and the faults of the others. ``hear`` hears of bytes."""
    right: dict[str, str] = {}
    faults, done = [], 0
    listed = Counter(file.path for file in manifest.files)
    faults += [Fault(path, "is listed more than once in the manifest") for path, times in listed.items() if times > 1]
    needed = {f"{bundle.RUN}/{name}" for name in (store.RUN, *run_tables.TABLES)}
    faults += [Fault(MANIFEST, f"does not list {path}, which belongs to a run") for path in sorted(needed - listed.keys())]
    for file in manifest.files:
        parts = file.path.split("/")
        if {"", ".", ".."} & {*parts} or "\\" in file.path or not file.path.isprintable():
            faults.append(Fault(MANIFEST, f"lists a path that leads out of the bundle, or is none: {file.path!r}"))
        elif file.path not in there:
            faults.append(Fault(file.path, "is not there"))
        elif (size := there[file.path].stat().st_size) != file.bytes:
            faults.append(Fault(file.path, f"was changed: it has {size:,} bytes, and the manifest says {file.bytes:,}"))
        elif whereabouts.read(there[file.path], lambda read, before=done: hear(before + read)) != file.sha256:  # type: ignore[misc]
            faults.append(Fault(file.path, "was changed: its SHA-256 is not that of the manifest"))
        else:
            right[file.path] = file.sha256
        done += file.bytes
    return right, faults


def _unknown(manifest: Manifest, there: Mapping[str, Path], empty: Sequence[str]) -> list[Fault]:
    """Files and empty folders that the manifest does not know."""
    listed = {file.path for file in manifest.files}
    folders = {folder.as_posix() for path in listed for folder in PurePosixPath(path).parents}
    faults = [
        Fault(_spelled(path), "is not in the manifest: somebody added it")
        for path in sorted(there.keys() - listed - {MANIFEST, ATTESTATION})
    ]
    return faults + [
        Fault(_spelled(path), "is an empty folder that the manifest does not know") for path in empty if path not in folders
    ]


def _changed(sought: Sequence[DataFile], data: Sequence[Path], hear: Hear) -> list[Fault]:
    """The files of extracts that are not in the folders as they were."""
    candidates = whereabouts.below(data, {file.name for file in sought})
    found = whereabouts.compared([(file, candidates[file.name]) for file in sought], hear)
    return [Fault(one.file.name, f"extract: {one.problem}") for one in found if one.problem]


def _run(there: Mapping[str, Path]) -> Run:
    """The record of the run. No key of it stands there twice, so that every reader reads the same."""
    raw, path = _content(there, RECORD, LARGEST_RECORD), there[RECORD]
    try:
        run = store.decode(raw, str(path))
        json.loads(raw, object_pairs_hook=_object)
    except (StoreError, ValueError, RecursionError) as error:
        version = _version_of(raw)
        if version not in (None, RUN_VERSION):
            raise StoreError(
                f"{path}: is the record of another version of dq ({version}, and this one reads {RUN_VERSION})"
            ) from None
        raise _Wrong(RECORD, str(error).removeprefix(f"{path}: ")) from None
    return run


def _version_of(raw: bytes) -> int | None:
    """The version of the shape that a text says it has; None if it says none."""
    try:
        return msgspec.json.decode(raw, type=_Version).version
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("is not the record of a run: a key stands in it twice")
    return made


def _contradictions(manifest: Manifest, statement: Statement, there: Mapping[str, Path]) -> list[Fault]:
    """Where the run, the manifest and the statement do not say the same."""
    try:
        run = _run(there)
    except _Wrong as wrong:
        return [wrong.fault]
    faults = [
        Fault(MANIFEST, f"says another {name} than {RECORD}")
        for name in _differences(manifest.run, bundle.released_run(run), "run")
    ]
    said = bundle.statement(manifest, bundle.sha256(bundle.encode(manifest)), run)
    faults += [
        Fault(ATTESTATION, f"says another {name} than the manifest and {RECORD}") for name in _differences(statement, said, "")
    ]
    files = {file.path: file.sha256 for file in manifest.files}
    if bundle.suite_paths(run) != {suite.sha256: suite.path for suite in manifest.suites}:
        faults.append(Fault(MANIFEST, f"lists other suites than those of {RECORD}"))
    kept = {suite.path: suite.sha256 for suite in manifest.suites}
    if manifest.instrument is not None:
        kept[manifest.instrument.path] = manifest.instrument.sha256
    faults += [Fault(MANIFEST, f"says two things of {path}") for path, sha in kept.items() if files.get(path) != sha]
    if (run.exit_code != 0) != (manifest.despite is not None):
        faults.append(Fault(MANIFEST, "says why a run is released that passed, or does not say it of one that did not"))
    return faults


def _differences(one: Struct, other: Struct, path: str) -> list[str]:
    """The names of the fields in which two values of one shape differ."""
    names = []
    for field in msgspec.structs.fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        name = f"{path}.{field.encode_name}".removeprefix(".")
        if mine == theirs:
            continue
        both = isinstance(mine, Struct) and type(mine) is type(theirs)
        names += _differences(mine, theirs, name) if both else [name]
    return names
