"""The seal of a stored run: few bytes that tell whether it may hold the results of an extract that is to be checked. Pure.

It lies beside the record of the run, which may be megabytes: :mod:`dq_engine.reuse` reads many seals and at most few records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from dq_engine.model import ExtractRun, File, OtherExtract, Run

SEAL = "seal.json"
"""The name of the file."""


class SealedExtract(Struct, frozen=True, array_like=True):
    """One extract of a run: its name, and what :func:`likeness` and :func:`contents` say of it."""

    name: str
    likeness: str
    contents: str


class Seal(Struct, frozen=True):
    """``extracts`` are those of which the results may be taken; ``files`` are the files of the run with the SHA-256 of each.

    A run has a seal also if nothing may be taken of it: by that it can be told whether it is still as it was stored.
    """

    extracts: tuple[SealedExtract, ...]
    files: dict[str, str]


def seal(run: Run, files: Mapping[str, str]) -> bytes:
    """The text of the seal of a run."""
    sealed = tuple(_sealed(extract) for extract in run.extracts if extract.fingerprint)
    return msgspec.json.encode(Seal(sealed, dict(files)))


def _sealed(extract: ExtractRun) -> SealedExtract:
    asked = likeness(extract.fingerprint, extract.files, extract.others)
    return SealedExtract(extract.name, asked, contents(extract.files, extract.others))


def read(raw: bytes) -> Seal | None:
    """The seal in a text; None if it is none."""
    try:
        return msgspec.json.decode(raw, type=Seal)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return None


def likeness(fingerprint: str, files: Sequence[File], others: Sequence[OtherExtract]) -> str:
    """What can be said without reading the files: the fingerprint, and the bytes of each file. Equal ones are worth a look."""
    sizes = [[file.bytes for file in files], [[other.name, [file.bytes for file in other.files]] for other in others]]
    return hashlib.sha256(msgspec.json.encode([fingerprint, sizes])).hexdigest()


def contents(files: Sequence[File], others: Sequence[OtherExtract]) -> str:
    """The checksums of all files, in one. Where these are equal, and the likeness too, the results are the same."""
    digests = [[file.sha256 for file in files], [[other.name, [file.sha256 for file in other.files]] for other in others]]
    return hashlib.sha256(msgspec.json.encode(digests)).hexdigest()
