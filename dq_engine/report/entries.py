"""What outputs for machines tell of a run, one thing after another: its checks, and whatever else its exit code speaks of. Pure.

A reader of such an output must never see less than the exit code says. So an extract that could not be opened is an entry beside
its checks, as is each finding of the gate that is not about a check that is listed as failing; and where a run does not pass and
no entry says why, its verdict is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from dq_engine.model import SEVERITIES, ExtractRun, Outcome, Run, Severity
from dq_engine.report import words
from dq_engine.report.words import Mark

Level = Literal["error", "warning", "note", "none"]
"""How loud an entry is; what GitHub and SARIF call it."""
LEVELS: dict[Severity, Level] = {"critical": "error", "warning": "warning", "info": "note"}
"""How loud a failure is."""


class Entry(Struct, frozen=True):
    """One thing to tell: ``about`` and ``key`` say of what, the same in each run; ``title`` is what should be, ``found`` what is.

    ``about`` is the name of an extract, or "" where it is all of the run; ``key`` the id of a check, or what else it is.
    ``mark`` is "note" for what somebody should know and nobody need act upon. ``held``: whether the exit code is due to it.
    ``outcome`` is there for a check, ``extract`` for all that is about an extract.
    """

    about: str
    key: str
    mark: Mark | Literal["note"]
    held: bool
    title: str
    found: str
    severity: Severity = "critical"
    extract: ExtractRun | None = None
    outcome: Outcome | None = None

    @property
    def level(self) -> Level:
        """How loud it is: a failure by its severity, what could not be evaluated as an error, what was accepted as a note."""
        if self.mark == "fail":
            return LEVELS[self.severity]
        if self.mark == "error" or self.held:
            return "error"
        return {"vacuous": "warning", "waived": "note", "note": "note"}.get(self.mark, "none")  # type: ignore[return-value]


def entries(run: Run) -> list[Entry]:
    """All there is to tell of a run, extract by extract, in the order of the suites; then of the gate, then of the run."""
    found = [entry for extract in run.extracts for entry in _of_extract(run, extract)]
    failing = {(entry.about, entry.key) for entry in found if entry.mark in ("fail", "error") or entry.held}
    found += _of_gate(run, failing)
    if run.exit_code and not any(entry.held for entry in found):
        found.append(Entry("", "verdict", "error", held=True, title="The run passes", found=words.clean(run.verdict)))
    return found


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
        yield Entry(
            extract.name,
            outcome.check,
            words.mark(outcome),
            _held(run, extract, outcome, empty=empty),
            words.clean(outcome.statement),
            words.waived(outcome) or words.finding(outcome),
            outcome.severity,
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
    fail_on = run.options.get("fail_on", "critical")
    counts = fail_on in SEVERITIES and SEVERITIES.index(outcome.severity) >= SEVERITIES.index(fail_on)
    return mark == "error" or (mark == "fail" and counts) or (mark == "vacuous" and empty)


def _of_gate(run: Run, failing: set[tuple[str, str]]) -> Iterator[Entry]:
    """The findings of the gate, but for those about checks that are listed as failing."""
    by_name = {extract.name: extract for extract in run.extracts}
    by_feed = {extract.feed: extract for extract in run.extracts}
    seen: dict[str, int] = {}
    for finding in run.gate.findings if run.gate else ():
        extract = by_name.get(finding.extract) or by_feed.get(finding.extract)
        about = extract.name if extract else finding.extract
        if finding.check and any(key == finding.check and name in (about or name, about) for name, key in failing):
            continue
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
