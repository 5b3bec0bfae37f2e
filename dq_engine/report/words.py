"""How outcomes are put into words; shared by every output for people."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from dq_engine.model import Example, ExtractRun, Outcome, Status

Mark = Literal[Status, "waived"]
"""What outputs call an outcome: its status, or that somebody accepted it."""

ROOM = 8
"""Items of a list that are spelled out."""
LONGEST = 100
"""Characters of one failing value that are shown in a line."""
ORDER: tuple[Mark, ...] = ("error", "fail", "vacuous", "waived", "skipped", "pass")
"""Marks by how soon a reader should see them."""


def mark(outcome: Outcome) -> Mark:
    """The status of an outcome; of one that somebody accepted, that it is waived."""
    return "waived" if outcome.waiver is not None and outcome.status in ("fail", "vacuous") else outcome.status


def waived(outcome: Outcome) -> str:
    """Who accepted an outcome, until when and why; "" if nobody did."""
    if outcome.waiver is None or mark(outcome) != "waived":
        return ""
    return clean(f"waived by {outcome.waiver.owner} until {outcome.waiver.expires}: {outcome.waiver.reason}")


def clean(text: str) -> str:
    """The text without characters that steer a terminal or hide what they are (control, format and bidi characters)."""
    if text.isprintable():
        return text
    return "".join(f"\\x{ord(c):02x}" if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") else c for c in text)


def share(part: int, whole: int) -> str:
    """ "3 of 200 (1.5 %)": never a percentage without what it is of; never 0 % or 100 % where it is not exactly that."""
    if whole == 0:
        return f"{part:,} of 0"
    percent = 100 * part / whole
    shown = f"{percent:.2g}" if percent < 1 else f"{percent:.1f}".removesuffix(".0")
    if 0 < part < whole and (shown in ("100", "0") or percent < 0.01):
        shown = "<0.01" if percent < 50 else ">99.9"
    return f"{part:,} of {whole:,} ({shown} %)"


def finding(outcome: Outcome) -> str:
    """What was found, in words: counts with their denominator, the observed value, or why there is nothing."""
    parts = []
    if outcome.status in ("pass", "fail"):
        if outcome.denominator is not None and outcome.unexpected_count is not None:
            parts.append(counted(outcome.unit, outcome.unexpected_count, outcome.denominator))
        if "meeting" in outcome.details:
            parts.append(f"met by {share(outcome.details['meeting'], outcome.details['units'])}")
        elif outcome.observed_value is not None and not isinstance(outcome.observed_value, bool) and outcome.unit != "rows":
            parts.insert(0, f"observed {observed(outcome)}")
        if outcome.failing_organisations:
            parts.append(f"in {outcome.failing_organisations:,} organisation{'' if outcome.failing_organisations == 1 else 's'}")
    if absent := outcome.details.get("absent_members"):
        parts.append(
            "absent: " + ", ".join(map(str, absent[:ROOM])) + (f" and {len(absent) - ROOM} more" if len(absent) > ROOM else "")
        )
    if mismatched := outcome.details.get("mismatched"):
        parts.append(mismatch(mismatched))
    if untold := outcome.details.get("not_shown"):
        parts.append(f"not shown: {untold}")
    if outcome.message:
        parts.append(outcome.message)
    return clean(", ".join(parts))


def in_counts(outcome: Outcome) -> str:
    """What was found, in counts alone, or why there is nothing: for those outside, to whom no observed value is told."""
    if outcome.denominator is not None and outcome.unexpected_count is not None:
        return clean(counted(outcome.unit, outcome.unexpected_count, outcome.denominator))
    return clean(outcome.message)


def counted(unit: str, unexpected: int, denominator: int) -> str:
    """The unexpected of what was judged, in words."""
    if unit == "different values":
        return f"{unexpected:,} wrong or absent, of {denominator:,} different values"
    return f"of {denominator:,} values" if unit == "values" else f"{share(unexpected, denominator)} {unit}"


def mismatch(mismatched: dict[str, list[str]] | list[dict[str, object]]) -> str:
    """Which columns are absent or foreign, or where the order differs."""
    if isinstance(mismatched, list):
        first = mismatched[0]
        return (
            f"first difference at position {first['Expected Column Position']}: {first['Found']} instead of {first['Expected']}"
        )
    words = {"missing": "absent", "unexpected": "foreign"}
    return "; ".join(f"{words[key]}: {', '.join(names)}" for key, names in mismatched.items())


def observed(outcome: Outcome) -> str:
    """The observed value, as people write it."""
    value = outcome.observed_value
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def kinds(examples: Sequence[Example], note: str, room: int = 5) -> str:
    """Failing values as shapes with their counts."""
    shown = [f"{cut(clean(value(e)))} (×{e.count:,})" for e in examples[:room]]
    if len(examples) > room:
        shown.append(f"and {len(examples) - room} more kind{'' if len(examples) - room == 1 else 's'}")
    return ", ".join(shown) + (f"; {note}" if note else "")


def value(example: Example) -> str:
    """A failing value, if it may be shown, or its shape."""
    if example.value is None:
        return example.shape
    decoded = json.loads(example.value)
    if isinstance(decoded, dict):
        return " | ".join(f"{name} {'NULL' if part is None else part}" for name, part in decoded.items())
    return repr(decoded) if isinstance(decoded, str) else str(example.value)


def cut(text: str) -> str:
    """The text, cut where it is too long for a line."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def tally(outcomes: Sequence[Outcome]) -> str:
    """How many checks had which outcome, of how many."""
    counts = Counter(outcome.status for outcome in outcomes)
    accepted = Counter(outcome.status for outcome in outcomes if mark(outcome) == "waived")
    severities = Counter(outcome.severity for outcome in outcomes if outcome.status == "fail")
    failed = ", ".join(f"{severities[s]} {s}" for s in ("critical", "warning", "info") if severities[s])
    words = {
        "pass": f"{counts['pass']} passed",
        "fail": f"{counts['fail']} failed ({failed}{_accepted(accepted['fail'])})",
        "error": f"{counts['error']} could not be evaluated",
        "vacuous": f"{counts['vacuous']} had nothing to judge"
        + (f" ({accepted['vacuous']} waived)" if accepted["vacuous"] else ""),
        "skipped": f"{counts['skipped']} not selected",
    }
    shown = [words[status] for status in ("pass", "fail", "error", "vacuous", "skipped") if counts[status]]
    checks = f"{len(outcomes)} check{'' if len(outcomes) == 1 else 's'}"
    return f"{checks}: {', '.join(shown)}" if shown else checks


def _accepted(count: int) -> str:
    return f"; {count} waived" if count else ""


def unchanged(extract: ExtractRun) -> str:
    """That an extract was not scanned, and since when; "" for one that was."""
    return f"unchanged since run {clean(extract.reused)}: not scanned again" if extract.reused else ""


def rows_written(extract: ExtractRun) -> list[str]:
    """What became of the rows of an extract that were to be split, line by line; none if nobody asked for that."""
    split = extract.split
    if split is None:
        return []
    if split.passing is None or split.failing is None:
        return [f"no rows were written: {clean(split.reason)}"]
    folder, _, passing = clean(split.passing.path).rpartition("/")
    failing = clean(split.failing.path).rpartition("/")[2]
    total = split.passing.rows + split.failing.rows
    ids = f"with the ids of the checks that they fail in {split.ids_column}"
    lines = [
        f"rows of the extract, with the values of patients, were written to {folder}",
        f"{split.passing.rows:,} of {total:,} rows pass ({passing}), {split.failing.rows:,} fail ({failing}, {ids})",
    ]
    if split.unmarked:
        checks = "1 failed check is" if len(split.unmarked) == 1 else f"{len(split.unmarked)} failed checks are"
        lines.append(f"{checks} about no single row, and mark none: {clean(', '.join(split.unmarked))}")
    return lines


def heading(extract: ExtractRun) -> str:
    """An extract in one line: what, how many rows and organisations, by which suite."""
    parts = [clean(extract.name)]
    if extract.rows is not None:
        parts.append(f"{extract.rows:,} rows" + (f" in {len(extract.files)} files" if len(extract.files) > 1 else ""))
    if extract.organisations is not None:
        parts.append(f"{extract.organisations:,} organisations")
    parts.append(f"suite {clean(extract.suite.path)}")
    parts.append(f"{extract.seconds:.2f} s")
    return " · ".join(parts)
