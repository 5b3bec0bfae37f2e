"""What outputs for machines tell of a run, one thing after another: its checks, and whatever else its exit code speaks of. Pure.

A reader of such an output must never see less than the exit code says. So an extract that could not be opened is an entry beside
its checks, as is each finding of the gate that is not about a check that is listed as failing; and where a run does not pass and
no entry says why, its verdict is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from dq_engine.model import ExtractRun, GateFinding, Outcome, Run, Severity, at_or_above
from dq_engine.report import words
from dq_engine.report.words import Mark

Level = Literal["error", "warning", "note", "none"]
"""How loud an entry is; what GitHub and SARIF call it."""
LEVELS: dict[Severity, Level] = {"critical": "error", "warning": "warning", "info": "note"}
"""How loud a failure is."""

COULD_NOT = 3
"""The exit code of what could not be evaluated."""


class Entry(Struct, frozen=True):
    """One thing to tell: ``about`` and ``key`` say of what, the same in each run; ``title`` is what should be, ``found`` what is.

    ``about`` is the name of an extract, or "" where it is all of the run; ``key`` the id of a check, or what else it is.
    ``mark`` is "note" for what somebody should know and nobody need act upon. ``held``: whether the exit code is due to it.
    ``known``: whether it fails as it did in the baseline that the gate held it against, so that nothing is due to it.
    ``outcome`` is there for a check, ``extract`` for all that is about an extract.
    """

    about: str
    key: str
    mark: Mark | Literal["note"]
    held: bool
    title: str
    found: str
    severity: Severity = "critical"
    known: bool = False
    extract: ExtractRun | None = None
    outcome: Outcome | None = None

    @property
    def level(self) -> Level:
        """How loud it is: a failure by its severity, what could not be evaluated as an error, what is accepted as a note."""
        if self.known:
            return "note"
        if self.mark == "fail":
            return LEVELS[self.severity]
        if self.mark == "error" or self.held:
            return "error"
        return {"vacuous": "warning", "waived": "note", "note": "note"}.get(self.mark, "none")  # type: ignore[return-value]


def entries(run: Run) -> list[Entry]:
    """All there is to tell of a run, extract by extract, in the order of the suites; then of the gate, then of the run."""
    found = [entry for extract in run.extracts for entry in _of_extract(run, extract)]
    found += _of_gate(run)
    if run.exit_code and not any(entry.held for entry in found):
        found.append(Entry("", "verdict", "error", held=True, title="The run passes", found=words.clean(run.verdict)))
    return found


def findings(run: Run) -> list[GateFinding]:
    """The findings of the gate, but for those that are said already by what is listed: of a check, or of an extract."""
    return [finding for finding in (run.gate.findings if run.gate else ()) if not _said(run, finding)]


def _said(run: Run, finding: GateFinding) -> bool:
    about = [extract for extract in run.extracts if finding.extract in ("", extract.name, extract.feed)]
    if finding.organisation:
        return False
    if not finding.check:
        return finding.exit_code == COULD_NOT and bool(finding.extract) and any(extract.problem for extract in about)
    marks = {words.mark(outcome) for extract in about for outcome in extract.outcomes if outcome.check == finding.check}
    return bool(marks & {"fail", "error", "vacuous"}) or ("waived" in marks and not finding.exit_code)


def of_policy(run: Run, room: int | None) -> list[str]:
    """What became of each waiver, and what the gate found that is not listed otherwise, in at most so many lines and one more."""
    lines = [f"waiver {use.state}: {use.words}" for use in run.waivers]
    lines += [f"{finding.rule}: {finding.words}" for finding in sorted(findings(run), key=lambda one: not one.exit_code)]
    shown = lines if room is None else lines[:room]
    return [*map(words.clean, shown), *([f"and {len(lines) - len(shown):,} more"] if len(lines) > len(shown) else [])]


def _of_extract(run: Run, extract: ExtractRun) -> Iterator[Entry]:
    if extract.problem:
        yield Entry(
            extract.name,
            "extract",
            "error",
            held=True,
            title="The extract can be opened and read",
            found=words.clean(extract.problem),
            extract=extract,
        )
    empty = not any(outcome.status in ("pass", "fail") for outcome in extract.outcomes)
    for outcome in extract.outcomes:
        mark, held = words.mark(outcome), _held(run, extract, outcome, empty=empty)
        yield Entry(
            extract.name,
            outcome.check,
            mark,
            held,
            words.clean(outcome.statement),
            words.waived(outcome) or words.finding(outcome),
            outcome.severity,
            mark == "fail" and not held and run.gate is not None and run.gate.baseline != "",
            extract,
            outcome,
        )


def _held(run: Run, extract: ExtractRun, outcome: Outcome, *, empty: bool) -> bool:
    """Whether the exit code is due to an outcome: by the gate's findings; without a gate, as ``dq check`` decides."""
    mark = words.mark(outcome)
    if run.gate is not None:
        about = {"", extract.name, extract.feed}
        named = [f for f in run.gate.findings if f.exit_code and f.check == outcome.check and f.extract in about]
        return mark in ("fail", "error", "vacuous") and bool(named)
    counts = at_or_above(outcome.severity, run.options.get("fail_on", "critical"))
    return mark == "error" or (mark == "fail" and counts) or (mark == "vacuous" and empty)


def _of_gate(run: Run) -> Iterator[Entry]:
    by_name = {extract.name: extract for extract in run.extracts}
    by_feed = {extract.feed: extract for extract in run.extracts}
    seen: dict[str, int] = {}
    for finding in findings(run):
        extract = by_name.get(finding.extract) or by_feed.get(finding.extract)
        about = extract.name if extract else finding.extract
        key = ".".join(filter(None, ("gate", finding.rule, finding.check, finding.organisation)))
        seen[f"{about} {key}"] = number = seen.get(f"{about} {key}", 0) + 1
        yield Entry(
            about,
            key if number == 1 else f"{key}.{number}",
            "note" if not finding.exit_code else "fail" if finding.exit_code == 1 else "error",
            held=bool(finding.exit_code),
            title=words.clean(f"The run keeps the policy's {finding.rule}"),
            found=words.clean(finding.words),
            severity="critical" if finding.exit_code else "info",
            extract=extract,
        )
