"""What was found of a release bundle, for people: the verdict first, and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterator

from dq_engine.bundle import Manifest, Verification
from dq_engine.report.words import clean

MOST = 20
"""Faults that are spelled out."""


def plain(found: Verification) -> str:
    """The verification as lines of text."""
    return "".join(f"{clean(line)}\n" for line in _lines(found))


def _lines(found: Verification) -> Iterator[str]:
    manifest = found.manifest
    if not found.verified:
        yield f"REFUSED: {len(found.faults):,} fault{'' if len(found.faults) == 1 else 's'}"
        yield from (f"  {fault.file}: {fault.words}" for fault in found.faults[:MOST])
        if len(found.faults) > MOST:
            yield f"  and {len(found.faults) - MOST:,} more"
        return
    assert manifest is not None
    said = "unsigned, and whole" if not found.signed else "genuine" if found.key else "whole"
    yield f"{manifest.run.result}, {said}: {manifest.run.verdict}"
    yield from _about(manifest)
    if found.key:
        yield f"  signed with key {found.key}"
    elif found.signed:
        yield "  signature: not checked, as no --key was given"
    else:
        yield "  signature: none; anybody can have made this bundle"
    yield f"  files: {len(manifest.files):,} of {len(manifest.files):,} are as they were released"
    yield f"  {_extracts(found)}"


def _about(manifest: Manifest) -> Iterator[str]:
    run, despite = manifest.run, manifest.despite
    if despite is not None:
        yield f"  released despite that by {despite.by}: {despite.reason}"
    if run.gate is not None and run.gate.words != run.verdict:
        yield f"  gate: {run.gate.words}"
    engine = ", ".join(f"{name} {version}" for name, version in run.engine.items())
    yield f"  run {run.id} of {len(run.extracts):,} extract{'' if len(run.extracts) == 1 else 's'}, by {engine}"
    counts = ", ".join(f"{number:,} {name}" for name, number in run.checks.items() if name != "planned")
    yield f"  {run.checks['planned']:,} checks: {counts}; released {manifest.released}"
    if run.holds_values:
        yield "  run/run.json holds values of the extracts: the run was made with --show-values"
    if manifest.instrument is not None:
        yield f"  rated by {manifest.instrument.name} {manifest.instrument.version}: modelled ratings, no survey responses"


def _extracts(found: Verification) -> str:
    """How many of the files that results depend on were looked at."""
    if found.data_checked is None:
        return f"extracts: not checked, 0 of {found.data_files:,} files; --data DIR says where they are"
    return f"extracts: {found.data_checked:,} of {found.data_files:,} files checked"
