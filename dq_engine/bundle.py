"""Release bundles as values: a run -> its manifest -> the statement that is signed. Pure.

A bundle is a folder: the stored run (``run/``), the suites as they were (``suites/``), an instrument and the ratings by it if
they are wanted, ``extracts/`` if they are to go with it, ``manifest.json`` with the checksum of every file, and
``attestation.dsse.json``. That is an envelope of DSSE (https://github.com/secure-systems-lab/dsse, protocol.md and envelope.md)
around an in-toto Statement v1 with the predicate https://in-toto.io/attestation/test-result/v0.1
(https://github.com/in-toto/attestation, spec/v1 and spec/predicates/test-result.md).

The statement follows from the manifest and the run, and much of the manifest from the run: who verifies a bundle makes them
again, and compares.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct, field

from dq_engine.model import SEVERITIES, ExtractRun, File, Gate, Outcome, Run, Status

MANIFEST, ATTESTATION = "manifest.json", "attestation.dsse.json"
RUN, SUITES, EXTRACTS = "run", "suites", "extracts"
"""The folders of a bundle."""
INSTRUMENT, SCORES = "instrument.json", "scores.json"
MANIFEST_VERSION = 1
"""The version of the shape of the manifest."""
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"

Result = Literal["PASSED", "WARNED", "FAILED"]
Shape = TypeVar("Shape", bound=Struct)
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*")


# -------------------------------------------------------------------------------------------------------------- manifest


class BundledFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the bundle: its path below the bundle's folder, with slashes."""

    path: str
    bytes: int
    sha256: str


class DataFile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file of an extract. ``name`` is its path below the folder that it has in common with the others of the extract.

    As everywhere, it is without values of partitions, so several files may have one name.
    """

    name: str
    bytes: int
    sha256: str
    rows: int | None = None


class Reference(Struct, frozen=True, forbid_unknown_fields=True):
    """Another extract that checks were held against: what rules call it, and its files."""

    name: str
    files: tuple[DataFile, ...]


class CheckedExtract(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An extract that was checked: by which suite (name and SHA-256), in which files, held against which others."""

    name: str
    feed: str
    suite: str
    suite_sha256: str
    files: tuple[DataFile, ...]
    rows: int | None = None
    others: tuple[Reference, ...] = ()


class ReleasedRun(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a run says in short. ``checks`` are numbers of checks: those planned, by status, and those waived.

    ``holds_values``: its record holds values of the extracts, because somebody asked for that (``--show-values``).
    """

    id: str
    started: str
    engine: dict[str, str]
    result: Result
    verdict: str
    exit_code: int
    checks: dict[str, int]
    extracts: tuple[CheckedExtract, ...]
    gate: Gate | None = None
    holds_values: bool = False


class BundledSuite(Struct, frozen=True, forbid_unknown_fields=True):
    """A suite: its name, and the file of the bundle that holds its text as it was."""

    name: str
    path: str
    sha256: str


class BundledInstrument(Struct, frozen=True, forbid_unknown_fields=True):
    """The instrument of the ratings in the bundle."""

    name: str
    version: str
    path: str
    sha256: str


class Despite(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a run that did not pass is released, and who answers for that."""

    reason: str
    by: str


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything that a bundle holds. ``files`` are all its files, but for the manifest itself and the attestation.

    ``released`` is when, ``released_with`` by which versions; those that checked are in ``run``.
    """

    version: int
    released: str
    released_with: dict[str, str]
    run: ReleasedRun
    suites: tuple[BundledSuite, ...]
    files: tuple[BundledFile, ...]
    instrument: BundledInstrument | None = None
    despite: Despite | None = None


def released_run(run: Run) -> ReleasedRun:
    """What the manifest says of a run."""
    statuses: Counter[Status] = Counter(outcome.status for outcome in run.outcomes)
    waived = sum(outcome.waiver is not None for outcome in run.outcomes)
    return ReleasedRun(
        id=run.id,
        started=run.started,
        engine=run.engine,
        result=result(run),
        verdict=run.verdict,
        exit_code=run.exit_code,
        checks={"planned": run.planned, **dict(sorted(statuses.items())), **({"waived": waived} if waived else {})},
        extracts=tuple(map(_checked, run.extracts)),
        gate=run.gate,
        holds_values=run.options.get("show_values") is True,
    )


def _checked(extract: ExtractRun) -> CheckedExtract:
    return CheckedExtract(
        name=extract.name,
        feed=extract.feed,
        suite=extract.suite.name,
        suite_sha256=extract.suite.sha256,
        files=_data(extract.files),
        rows=extract.rows,
        others=tuple(Reference(other.name, _data(other.files)) for other in extract.others),
    )


def _data(files: Sequence[File]) -> tuple[DataFile, ...]:
    names = names_of([file.path for file in files])
    return tuple(DataFile(name, file.bytes, file.sha256, file.rows) for name, file in zip(names, files, strict=True))


def names_of(paths: Sequence[str]) -> list[str]:
    """The paths below the folder that they have in common, above any ``key=value`` folders: nothing of the machine is in them."""
    if not paths:
        return []
    parents = [PurePosixPath(path).parent.parts for path in paths]
    common = 0
    for parts in zip(*parents, strict=False):
        if len(set(parts)) > 1 or "=" in parts[0]:
            break
        common += 1
    return ["/".join(PurePosixPath(path).parts[common:]) for path in paths]


def recorded(run: Run) -> Iterator[tuple[DataFile, str]]:
    """Each file that the results of a run depend on, with the path that the run names; a file may be there several times."""
    for extract in run.extracts:
        for files in (extract.files, *(other.files for other in extract.others)):
            yield from zip(_data(files), (file.path for file in files), strict=True)


def data_files(run: ReleasedRun) -> list[DataFile]:
    """The files that the results depend on, each once; rows are known of those that were checked."""
    found: dict[tuple[str, str], DataFile] = {}
    for extract in run.extracts:
        for file in extract.files:
            found[file.name, file.sha256] = file
    for file in (file for extract in run.extracts for other in extract.others for file in other.files):
        found.setdefault((file.name, file.sha256), file)
    return list(found.values())


def suite_paths(run: Run) -> dict[str, str]:
    """Where in the bundle the text of each suite is, by its SHA-256."""
    names = {extract.suite.sha256: PurePosixPath(extract.suite.path).name for extract in run.extracts}
    names = {digest: name if _SAFE.fullmatch(name) else "suite.json" for digest, name in names.items()}
    times = Counter(name.lower() for name in names.values())
    return {
        digest: f"{SUITES}/{name}" if times[name.lower()] == 1 else f"{SUITES}/{digest[:16]}-{name}"
        for digest, name in names.items()
    }


# ---------------------------------------------------------------------------------------------------------------- result


def result(run: Run) -> Result:
    """The result of a run in the words of the predicate: WARNED, if it passed although not every check did."""
    if run.exit_code != 0:
        return "FAILED"
    return "PASSED" if all(outcome.status in ("pass", "skipped") for outcome in run.outcomes) else "WARNED"


def _tests(run: Run) -> dict[Result, tuple[str, ...]]:
    """The names of the checks, by their results; those that were not selected are no tests of this run."""
    found: dict[Result, list[str]] = {"PASSED": [], "WARNED": [], "FAILED": []}
    for outcome in run.outcomes:
        if outcome.status == "pass":
            found["PASSED"].append(_test(outcome))
        elif outcome.status != "skipped":
            found["FAILED" if _counts(outcome, run) else "WARNED"].append(_test(outcome))
    return {of: tuple(names) for of, names in found.items()}


def _test(outcome: Outcome) -> str:
    return f"{outcome.extract}/{outcome.check}"


def _counts(outcome: Outcome, run: Run) -> bool:
    """Whether a check that did not pass is among the reasons for which the run did not."""
    if run.exit_code == 0:
        return False
    if run.gate is not None:
        held = {(finding.extract, finding.check) for finding in run.gate.findings if finding.exit_code}
        return outcome.status == "error" or (outcome.extract, outcome.check) in held
    fail_on = run.options.get("fail_on")
    least = SEVERITIES.index(fail_on) if fail_on in SEVERITIES else len(SEVERITIES)
    failed = outcome.status == "fail" and outcome.waiver is None and SEVERITIES.index(outcome.severity) >= least
    return outcome.status == "error" or failed


# ------------------------------------------------------------------------------------------------------------- statement


class ResourceDescriptor(Struct, frozen=True, forbid_unknown_fields=True):
    """A file, by its checksum."""

    name: str
    digest: dict[str, str]


class TestResult(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The predicate. ``dq_released_despite`` is a field of ours, as the specification allows."""

    result: Result
    configuration: tuple[ResourceDescriptor, ...]
    passed_tests: tuple[str, ...] = field(name="passedTests")
    warned_tests: tuple[str, ...] = field(name="warnedTests")
    failed_tests: tuple[str, ...] = field(name="failedTests")
    dq_released_despite: Despite | None = field(name="dqReleasedDespite", default=None)


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """An in-toto Statement v1."""

    type: str = field(name="_type")
    subject: tuple[ResourceDescriptor, ...]
    predicate_type: str = field(name="predicateType")
    predicate: TestResult


def statement(manifest: Manifest, digest: str, run: Run) -> Statement:
    """What is signed: the manifest, by its SHA-256 (``digest``), and the extracts that were checked, had these results.

    The configuration are the suites, the instrument, and the other extracts that checks were held against.
    """
    checked = [file for extract in manifest.run.extracts for file in extract.files]
    digests = {file.sha256 for file in checked}
    others = [file for extract in manifest.run.extracts for other in extract.others for file in other.files]
    tests = _tests(run)
    configuration = [(suite.path, suite.sha256) for suite in manifest.suites]
    if manifest.instrument is not None:
        configuration.append((manifest.instrument.path, manifest.instrument.sha256))
    return Statement(
        type=STATEMENT_TYPE,
        subject=_descriptors([(MANIFEST, digest), *((file.name, file.sha256) for file in checked)]),
        predicate_type=PREDICATE_TYPE,
        predicate=TestResult(
            result=manifest.run.result,
            configuration=_descriptors(
                [*configuration, *((file.name, file.sha256) for file in others if file.sha256 not in digests)]
            ),
            passed_tests=tests["PASSED"],
            warned_tests=tests["WARNED"],
            failed_tests=tests["FAILED"],
            dq_released_despite=manifest.despite,
        ),
    )


def _descriptors(files: Iterable[tuple[str, str]]) -> tuple[ResourceDescriptor, ...]:
    """Each file once; where several have one name, the later ones are numbered: names should be unique."""
    seen: Counter[str] = Counter()
    found = []
    for name, digest in dict.fromkeys(files):
        seen[name] += 1
        found.append(ResourceDescriptor(name if seen[name] == 1 else f"{name}#{seen[name]}", {"sha256": digest}))
    return tuple(found)


# -------------------------------------------------------------------------------------------------------------- envelope


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """A signature, and a hint at the key that made it."""

    keyid: str
    sig: bytes


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """An envelope of DSSE; without signatures if nobody signed."""

    payload: bytes
    payload_type: str = field(name="payloadType")
    signatures: tuple[Signature, ...]


# ------------------------------------------------------------------------------------------------------------------ text


class Unusable(ValueError):
    """A text is not what dq would have written; the words say what is wrong with it."""


def encode(value: Struct) -> bytes:
    """The JSON text of a manifest, a statement or an envelope: always the same for the same value, ASCII."""
    return (json.dumps(msgspec.to_builtins(value), indent=2) + "\n").encode()


def decode(raw: bytes, shape: type[Shape]) -> Shape:
    """The value of a text that :func:`encode` made. Raises :class:`Unusable` for any other, if only a space differs.

    So nothing can stand in it that one reader sees and another does not: no key twice, no unknown one, no other spelling.
    """
    try:
        value = msgspec.json.decode(raw, type=shape)
    except RecursionError:
        raise Unusable("cannot be read: it is nested too deeply") from None
    except UnicodeDecodeError:
        raise Unusable("cannot be read: it is not UTF-8 text") from None
    except msgspec.MsgspecError as error:
        raise Unusable(f"cannot be read as what dq writes: {error}") from None
    if encode(value) != raw:
        raise Unusable("is not spelled as dq writes it")
    return value


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, as ``sha256sum`` prints it."""
    return hashlib.sha256(content).hexdigest()


# ---------------------------------------------------------------------------------------------------------- verification


class Fault(Struct, frozen=True):
    """One reason for which a bundle is refused: the file of the bundle, or of the extracts, and what is wrong with it."""

    file: str
    words: str


class Verification(Struct, frozen=True, kw_only=True):
    """What was found of a bundle. ``verified``: there is no fault.

    ``key`` is the id of the key that signed, None if none of the given did, or none was given; ``signed`` whether there is a
    signature at all. ``manifest`` is None if it cannot be believed. Of the ``data_files`` that the results depend on
    ``data_checked`` were found and are the same; None says that nobody asked.
    """

    verified: bool
    faults: tuple[Fault, ...]
    signed: bool = False
    key: str | None = None
    manifest: Manifest | None = None
    data_files: int = 0
    data_checked: int | None = None
