"""What is kept of a run for the runs after it, and what changed from run to run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from dq_engine.model import Dimension, Level, Purpose, Run, Severity, Source, Status

Kind = Literal["newly failing", "mended", "no longer evaluated", "evaluated again", "new check", "check left out"]
KINDS: tuple[Kind, ...] = ("newly failing", "no longer evaluated", "check left out", "mended", "evaluated again", "new check")
"""What can change about a check, most important first."""


class CheckState(Struct, frozen=True, array_like=True):
    """What a run found of one check; ``unexpected`` of ``denominator`` as in :class:`dq_engine.model.Outcome`."""

    check: str
    statement: str
    status: Status
    severity: Severity
    dimension: Dimension
    unit: str = "rows"
    unexpected: int | None = None
    denominator: int | None = None


class ExtractState(Struct, frozen=True):
    """What a run found of one extract."""

    name: str
    title: str
    feed: str
    level: Level
    source: Source
    purpose: Purpose
    rows: int | None
    problem: str
    checks: tuple[CheckState, ...]


class RunState(Struct, frozen=True):
    """What a run found, in short."""

    id: str
    started: str
    seconds: float
    exit_code: int
    verdict: str
    planned: int
    extracts: tuple[ExtractState, ...]


class CheckChange(Struct, frozen=True):
    """What changed about a check since ``earlier``; None where the check was not there, or is not there now."""

    kind: Kind
    extract: str
    title: str
    check: str
    statement: str
    severity: Severity
    earlier: CheckState | None
    later: CheckState | None


def state(run: Run, *, counts: bool = True) -> RunState:
    """A run, in short; without ``counts``, only what became of each check."""
    return RunState(
        id=run.id,
        started=run.started,
        seconds=run.seconds,
        exit_code=run.exit_code,
        verdict=run.public_verdict,
        planned=run.planned,
        extracts=tuple(
            ExtractState(
                name=extract.name,
                title=extract.title,
                feed=extract.feed,
                level=extract.level,
                source=extract.source,
                purpose=extract.purpose,
                rows=extract.rows if counts else None,
                problem=extract.problem,
                checks=tuple(
                    CheckState(o.check, o.statement, o.status, o.severity, o.dimension, o.unit)
                    if not counts
                    else CheckState(
                        o.check, o.statement, o.status, o.severity, o.dimension, o.unit, o.unexpected_count, o.denominator
                    )
                    for o in extract.outcomes
                ),
            )
            for extract in run.extracts
        ),
    )


def before(states: Sequence[RunState], extract: str) -> tuple[RunState, ExtractState] | None:
    """The newest of the runs (oldest first) that looked at an extract of that name."""
    for run in reversed(states):
        for found in run.extracts:
            if found.name == extract:
                return run, found
    return None


def changes(earlier: Sequence[RunState], later: RunState) -> list[CheckChange]:
    """What changed about each check since the newest earlier run (oldest first) of its extract, most important first.

    A check that was only left out by ``--select`` or ``--ignore``, now or then, did not change.
    """
    found: list[CheckChange] = []
    for extract in later.extracts:
        previous = before(earlier, extract.name)
        if previous is not None:
            found += _changes(extract, _by_check(previous[1].checks), _by_check(extract.checks))
    severities: tuple[Severity, ...] = ("critical", "warning", "info")
    return sorted(found, key=lambda change: (KINDS.index(change.kind), severities.index(change.severity)))


def _by_check(checks: Iterable[CheckState]) -> dict[str, CheckState]:
    return {check.check: check for check in checks if check.status != "skipped"}


def _changes(extract: ExtractState, earlier: Mapping[str, CheckState], later: Mapping[str, CheckState]) -> Iterable[CheckChange]:
    skipped = {check.check for check in extract.checks} - set(later)
    for name in dict.fromkeys([*earlier, *later]):
        was, now = earlier.get(name), later.get(name)
        if name not in skipped and (kind := _kind(was, now)):
            known = now or was
            assert known is not None
            yield CheckChange(kind, extract.name, extract.title, name, known.statement, known.severity, was, now)


def _kind(was: CheckState | None, now: CheckState | None) -> Kind | None:
    if was is None:
        return "new check"
    if now is None:
        return "check left out"
    if was.status == now.status:
        return None
    if now.status == "fail":
        return "newly failing"
    if now.status in ("error", "vacuous"):
        return "no longer evaluated" if was.status in ("pass", "fail") else None
    return "mended" if was.status == "fail" else "evaluated again"
