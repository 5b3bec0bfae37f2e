"""What changed from one run to another, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from dq_engine.differences import Change, CheckDifference, Differences, ExtractDifference, worst_first
from dq_engine.report.words import clean, share

ROOM = 10
"""Organisations of a check that are spelled out."""


def plain(found: Differences, *, verbose: bool = False) -> str:
    """The differences as lines of text; with every organisation if ``verbose``."""
    lines = [f"From run {found.earlier} to run {found.later}", ""]
    for extract in found.extracts:
        lines += _extract(extract, found.checks, None if verbose else ROOM)
    lines.append(_summary(found))
    return "\n".join([*map(clean, lines), ""])


def as_json(found: Differences) -> str:
    """The differences as JSON."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def _extract(extract: ExtractDifference, checks: Sequence[CheckDifference], room: int | None) -> Iterator[str]:
    if extract.later is None:
        yield f"{extract.extract} is not there any more"
    elif extract.earlier is None:
        yield f"{extract.extract} is new"
    else:
        named = "" if extract.earlier == extract.later else f" (was {extract.earlier})"
        rows = _numbers("rows", *extract.rows)
        yield " · ".join([f"{extract.later}{named}", *rows, *_numbers("organisations", *extract.organisations)])
        said = [line for check in worst_first(checks) if check.extract == extract.later for line in _check(check, room)]
        yield from said or ["  nothing changed by more than chance"]
    yield ""


def _numbers(what: str, before: int | None, after: int | None) -> Iterator[str]:
    if before is not None and after is not None:
        yield f"{after:,} {what}" + (f" (was {before:,})" if before != after else "")


def _check(check: CheckDifference, room: int | None) -> Iterator[str]:
    mark = _mark(check)
    if not mark:
        return
    yield f"  {mark:<13} {check.severity:<8}  {check.statement} [{check.check}]"
    detail = f"{'':25}"
    if check.kind == "compared" and check.counts is not None:
        before, after = (
            share(check.counts.before, check.counts.judged_before),
            share(check.counts.after, check.counts.judged_after),
        )
        yield f"{detail}over all: {before} {check.unit}, now {after}"
    elif check.earlier != check.later:
        yield f"{detail}{check.earlier or 'not there'}, now {check.later or 'not there'}"
    for word, changes in (("worse", check.worse), ("better", check.better)):
        for change in changes[:room]:
            yield f"{detail}{word} {_change(change, alone=len(changes) == 1)}"
        if room is not None and len(changes) > room:
            yield f"{detail}and {len(changes) - room:,} more places where it is {word}: --verbose lists them"


def _mark(check: CheckDifference) -> str:
    if check.got_worse and check.got_better:
        return "WORSE, BETTER"
    if check.got_worse:
        return "WORSE"
    if check.got_better:
        return "better"
    if check.kind in ("new check", "left out", "another rule"):
        return check.kind
    if check.earlier != check.later:
        return "newly failing" if check.newly_failing else "changed"
    return ""


def _change(change: Change, *, alone: bool) -> str:
    counts = change.counts
    place = f"at {change.organisation}" if change.organisation else "over all organisations" if alone else "elsewhere"
    before, after = share(counts.before, counts.judged_before), share(counts.after, counts.judged_after)
    return f"{place}: {before}, now {after}; by chance {change.probability:.1g}"


def _summary(found: Differences) -> str:
    compared = sum(check.kind == "compared" for check in found.checks)
    worse, better = (sum(getattr(check, name) for check in found.checks) for name in ("got_worse", "got_better"))
    return (
        f"{compared:,} of {len(found.checks):,} checks were compared, by {found.comparisons:,} shares: {worse:,} got worse, "
        f"{better:,} got better. A rise counts if chance gives it with a probability of {found.significant:.1g} or less; where "
        f"nothing but chance is at work, at most {100 * found.false_alarms:.4g} % of comparisons name anything that got worse, "
        "more where failures come in batches."
    )
