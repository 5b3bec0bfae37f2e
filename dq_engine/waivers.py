"""Waivers: failures that somebody accepted, with owner, reason and last day. Text and runs in, runs out. Pure.

A file of waivers is TOML, to be reviewed like code::

    [[waivers]]
    check = "population_agrees_with_register"
    extract = "allocations"          # an extract, or its feed; default: every one that has the check
    owner = "J. Smith, IM&T lead"
    reason = "The register of two merged PCTs is late; agreed with finance on 3 March."
    expires = 2026-12-31             # the last day on which it holds
    organisations = ["9A5", "8J0"]   # only failures there; default: all
    at_most = 7                      # no more failures than these
    accepts = "fail"                 # or "vacuous": that there is nothing to judge

A waiver changes no status: a check that fails still fails, and is shown as waived. It covers a check wholly or not at all. What
could not be evaluated cannot be waived: nobody knows what is accepted there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from dq_engine import tables
from dq_engine.catalog.wording import brief
from dq_engine.errors import ConfigError
from dq_engine.model import ExtractRun, Outcome, Run, Waiver, WaiverUse

Failing = Mapping[tuple[str, str], Mapping[str, int]]
"""For an extract and a check, how much is unexpected at each organisation where anything is."""
SOON = 14
"""Days before its last one from which on it is said of a waiver that it will expire."""
Words = Annotated[str, Meta(min_length=1)]


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    """A waiver as the file says it."""

    check: Words
    owner: Words
    reason: Words
    expires: dt.date
    extract: str = ""
    organisations: list[str] = []
    at_most: Annotated[int, Meta(ge=0)] | None = None
    accepts: Literal["fail", "vacuous"] = "fail"


def parse(text: str, origin: str) -> tuple[Waiver, ...]:
    """The waivers that ``text`` (TOML) describes. Raises :class:`ConfigError` with every fault that it has."""
    raw = tables.parsed(text, origin)
    faults = tables.unknown(raw, ("waivers",))
    listed: Any = raw.get("waivers", [])
    if not isinstance(listed, list):
        faults.append("waivers: expected [[waivers]], with two brackets")
        listed = []
    written = [tables.converted(item, _Written, f"waivers[{place}]", faults) for place, item in enumerate(listed)]
    for place, item in enumerate(written):
        if item is None:
            continue
        if not all(text.strip() for text in (item.check, item.owner, item.reason)):
            faults.append(f"waivers[{place}]: check, owner and reason must say something")
        if item.accepts == "vacuous" and (item.organisations or item.at_most is not None):
            faults.append(f"waivers[{place}]: organisations and at_most are about failures, of which a vacuous check has none")
        if item in written[:place]:
            faults.append(f"waivers[{place}]: the same as waivers[{written.index(item)}]")
    if faults:
        raise ConfigError("\n".join(f"{origin}: {brief(fault)}" for fault in faults))
    return tuple(
        Waiver(
            item.check,
            item.owner,
            item.reason,
            item.expires.isoformat(),
            item.extract,
            tuple(item.organisations),
            item.at_most,
            item.accepts,
        )
        for item in written
        if item is not None
    )


def applied(run: Run, waivers: Sequence[Waiver], failing: Failing, today: dt.date) -> Run:
    """The run with the waivers that cover what it found, and with what became of each of them.

    ``failing`` says where the checks fail of which waivers name organisations.
    """
    uses = {waiver: _Use() for waiver in waivers}
    extracts = []
    for extract in run.extracts:
        outcomes = tuple(_waived(extract, outcome, uses, failing, today) for outcome in extract.outcomes)
        extracts.append(msgspec.structs.replace(extract, outcomes=outcomes))
    said = tuple(use.said(waiver, today) for waiver, use in uses.items())
    return msgspec.structs.replace(run, extracts=tuple(extracts), waivers=said)


def speaks_of(waiver: Waiver, extract: ExtractRun, check: str) -> bool:
    """Whether a waiver is about a check of an extract."""
    return waiver.check == check and waiver.extract in ("", extract.name, extract.feed)


def holds(waiver: Waiver, today: dt.date) -> bool:
    """Whether the last day of a waiver has not passed."""
    return today <= dt.date.fromisoformat(waiver.expires)


class _Use:
    """What is found out of one waiver: whether its check is in the run, where it covers and where it does not suffice."""

    def __init__(self) -> None:
        self.covered: list[str] = []
        self.beyond: list[str] = []
        self.needless: list[str] = []

    def said(self, waiver: Waiver, today: dt.date) -> WaiverUse:
        """What became of the waiver, in words."""
        named = f"{waiver.check}{f' of {waiver.extract}' if waiver.extract else ''}"
        if not holds(waiver, today):
            still = "; the check still fails" if self.beyond else ""
            return WaiverUse(waiver, "expired", f"the waiver of {named} by {waiver.owner} expired on {waiver.expires}{still}")
        until = f"until {waiver.expires}"
        left = (dt.date.fromisoformat(waiver.expires) - today).days
        until += f" ({left} day{'' if left == 1 else 's'} left)" if left <= SOON else ""
        if self.beyond:
            return WaiverUse(
                waiver, "partly", f"the waiver of {named} by {waiver.owner} covers a part only: {'; '.join(self.beyond)}"
            )
        if self.covered:
            return WaiverUse(waiver, "applied", f"{named} is waived by {waiver.owner} {until}: {waiver.reason}")
        why = ", ".join(self.needless) if self.needless else "no check of that id was run"
        return WaiverUse(waiver, "unused", f"the waiver of {named} by {waiver.owner} was not needed: {why}")


def _waived(extract: ExtractRun, outcome: Outcome, uses: Mapping[Waiver, _Use], failing: Failing, today: dt.date) -> Outcome:
    """The outcome with the first waiver that covers it; without one that it had before."""
    covering = None
    for waiver, use in uses.items():
        if not speaks_of(waiver, extract, outcome.check):
            continue
        if outcome.status != waiver.accepts:
            words = {"pass": "it passes", "fail": "it fails", "error": "it could not be evaluated"}
            words |= {"vacuous": "it had nothing to judge", "skipped": "it was not selected"}
            use.needless.append(f"{words[outcome.status]} in {extract.name}")
        elif not holds(waiver, today):
            use.beyond.append(extract.name)
        elif beyond := "; ".join(_beyond(waiver, outcome, failing.get((extract.name, outcome.check), {}))):
            use.beyond.append(f"{extract.name}: {beyond}")
        else:
            use.covered.append(extract.name)
            covering = covering or waiver
    return msgspec.structs.replace(outcome, waiver=covering)


def _beyond(waiver: Waiver, outcome: Outcome, where: Mapping[str, int]) -> Iterator[str]:
    """What of a failure a waiver does not accept."""
    if waiver.organisations:
        others = sorted(set(where) - set(waiver.organisations))
        accepted = sum(count for code, count in where.items() if code in waiver.organisations)
        if others:
            more = f" and {len(others) - 5:,} more" if len(others) > 5 else ""
            yield f"it fails at {', '.join(others[:5])}{more}, too"
        elif accepted < (outcome.unexpected_count or 1):
            yield "it fails where no organisation is known, too"
    if waiver.at_most is not None and (outcome.unexpected_count is None or outcome.unexpected_count > waiver.at_most):
        count = "an unknown number" if outcome.unexpected_count is None else f"{outcome.unexpected_count:,}"
        yield f"it fails {count} times, and at most {waiver.at_most:,} are accepted"
