"""Pictures of checks: how runs went one after the other, how complete the columns of an extract are, and what fails most."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct

from dq_engine.model import FieldMeasure, Severity
from dq_engine.report.html.sheet import SMALL, WIDTH, Chart, Sheet, several
from dq_engine.report.html.svg import width_of
from dq_engine.report.score_words import day, percent
from dq_engine.report.words import cut, share

NEWEST = 120
"""Runs that a trend shows."""
LONGEST = 15
"""Checks that are named in the order of their failures."""
CLASSES = {"valid": "V", "other": "O", "default": "D", "invalid": "I", "missing": "M"}
"""The classes of values (VODIM), and the letters for them."""


class RunPoint(Struct, frozen=True):
    """A run in a trend: when it started (ISO 8601); how many checks ``judged`` anything, how many of these ``passed``, and how
    many failed at severity ``critical``.
    """

    started: str
    judged: int
    passed: int
    critical: int


class FailingCheck(Struct, frozen=True):
    """A check that failed: what it says, of which extract; ``failed`` of ``judged`` rows (or other things) break it."""

    label: str
    extract: str
    severity: Severity
    failed: int
    judged: int


# ------------------------------------------------------------------------------------------------------------- run by run


def run_trend(points: Sequence[RunPoint], *, chart_id: str) -> Chart | None:
    """From run to run, oldest first: the share of the judged checks that passed, and how many failed at "critical".

    None for fewer than two runs. At most the newest :data:`NEWEST` are drawn; the table has all, newest first.
    """
    if len(points) < 2:
        return None
    drawn = points[-NEWEST:]
    sheet = Sheet()
    sheet.text(0, 12, "Checks that passed")
    _passing(sheet, drawn, 26, 110)
    sheet.text(0, 176, "Checks that failed at severity critical")
    _critical(sheet, drawn, 190, 64)
    sheet.text(44, 272, day(drawn[0].started), "muted", size=SMALL, limit=145)
    sheet.text(342, 272, day(drawn[-1].started), "muted", align="right", size=SMALL, limit=145)
    first, last = drawn[0], drawn[-1]
    said = (
        f"{len(drawn)} runs from {day(first.started)} to {day(last.started)}, oldest at left. "
        f"Of the checks that judged anything, {_passed(first)} passed in the first run and {_passed(last)} in the last; "
        f"{first.critical:,} and {last.critical:,} failed at severity critical."
    )
    if len(drawn) < len(points):
        said += f" The table also has the {several(len(points) - len(drawn), 'run')} before these."
    return sheet.chart(
        276,
        chart_id=chart_id,
        title="Run by run",
        said=said,
        columns=("Started", "Passed", "Failed at critical"),
        rows=[(day(point.started), _passed(point), f"{point.critical:,}") for point in reversed(points)],
    )


def _places(points: Sequence[RunPoint]) -> list[float]:
    """Where runs stand: each as far from the next, however long it was between them."""
    return [56 + 276 * place / (len(points) - 1) for place in range(len(points))]


def _passing(sheet: Sheet, points: Sequence[RunPoint], y: float, height: float) -> None:
    """The line of the shares of checks that passed; it is broken where a run judged nothing."""
    shares = [point.passed / point.judged if point.judged else None for point in points]
    known = [found for found in shares if found is not None]
    least = next((start for start in (0.9, 0.75, 0.5) if known and min(known) >= start), 0.0)
    for mark in (least, (1 + least) / 2, 1):
        level = y + height * (1 - mark) / (1 - least)
        sheet.line((44, level), (342, level), "line")
        sheet.text(37, level + 4, f"{100 * mark:.3g} %", "muted", align="right", size=SMALL)
    spots = [
        None if found is None else (x, y + height * (1 - found) / (1 - least))
        for x, found in zip(_places(points), shares, strict=True)
    ]
    for _, run in groupby(spots, key=lambda spot: spot is None):
        sheet.curve([spot for spot in run if spot is not None])
    for spot in spots if len(points) <= 30 else spots[-1:]:
        if spot is not None:
            sheet.dot(*spot)
    if spots[-1] is not None:
        sheet.text(346, spots[-1][1] + 4, percent(known[-1]), size=SMALL, bold=True)


def _critical(sheet: Sheet, points: Sequence[RunPoint], y: float, height: float) -> None:
    """A bar for each run: how many checks failed at critical."""
    most = max(point.critical for point in points)
    sheet.line((44, y + height), (342, y + height), "line")
    sheet.text(37, y + height + 4, "0", "muted", align="right", size=SMALL)
    if most:
        sheet.line((44, y), (342, y), "line")
        sheet.text(37, y + 4, f"{most:,}", "muted", align="right", size=SMALL)
    width = min(18.0, max(1.5, 276 / (len(points) - 1) - 2))
    for x, point in zip(_places(points), points, strict=True):
        if point.critical:
            tall = max(1, height * point.critical / most)
            sheet.box(x - width / 2, y + height - tall, width, tall, "critical")
    last = points[-1].critical
    sheet.text(346, y + height * (1 - last / (most or 1)) + 4, f"{last:,}", size=SMALL, bold=True)


def _passed(point: RunPoint) -> str:
    return share(point.passed, point.judged)


# ------------------------------------------------------------------------------------------------------------ completeness


def completeness(fields: Sequence[FieldMeasure], *, extract: str, chart_id: str) -> Chart | None:
    """The columns of an extract, each with the shares of its values that are valid, other, default, invalid, missing.

    ``fields``: of the whole extract, in the order in which they shall stand. None where there are none, or no records.
    """
    shown = [field for field in fields if field.records]
    if not shown:
        return None
    sheet = Sheet()
    sheet.key([(name, letter, name) for name, letter in CLASSES.items()])
    y = 30.0
    for field in shown:
        sheet.text(0, y + 13, field.column, limit=124)
        x = left = 132.0
        for name, letter in CLASSES.items():
            width = 132 * _count(field, name) / field.records
            if width:
                sheet.box(x, y, max(width - 1, 1.5), 16, name)
            if width >= 14:
                sheet.text(x + (width - 1) / 2, y + 12.5, letter, f"on-{name}", align="center", size=SMALL)
            x += width
        sheet.text(left + 140, y + 12.5, _shortfalls(field), "muted", size=SMALL, limit=WIDTH - left - 140)
        y += 23
    gaps = [
        (_count(field, name) / field.records, name, field.column) for field in shown for name in ("missing", "default", "invalid")
    ]
    worst = max(gaps)
    said = f"For {several(len(shown), 'column')} of {cut(extract)}, the shares of values that are valid, other, default, "
    said += "invalid and missing."
    whole = sum(1 for field in shown if field.valid == field.records)
    said += f" In {whole:,} of them every value is valid."
    if worst[0]:
        said += f" The largest gap: {percent(worst[0])} of {cut(worst[2])} are {worst[1]}."
    return sheet.chart(
        y - 4,
        chart_id=chart_id,
        title=f"What the columns of {cut(extract)} hold",
        said=said,
        columns=("Column", "Records", *(name.capitalize() for name in CLASSES)),
        rows=[
            (field.column, f"{field.records:,}", *(share(_count(field, name), field.records) for name in CLASSES))
            for field in shown
        ],
    )


def _count(field: FieldMeasure, name: str) -> int:
    found: int = getattr(field, name)
    return found


def _shortfalls(field: FieldMeasure) -> str:
    """ "M 1.2 % · D 3 %": what is not valid, the largest first."""
    counts = [(_count(field, name), letter) for name, letter in CLASSES.items() if name != "valid"]
    found = [f"{letter} {percent(count / field.records)}" for count, letter in sorted(counts, key=lambda one: -one[0]) if count]
    return " · ".join(found[:2]) + (" …" if len(found) > 2 else "") if found else "all valid"


# ------------------------------------------------------------------------------------------------------------------ pareto


def pareto(checks: Sequence[FailingCheck], *, chart_id: str) -> Chart | None:
    """The checks with the most failures, in falling order; those after the first :data:`LONGEST` added up. None for no check.

    Failures are counted, since counts can be added up and shares of different extracts cannot; the share stands beside.
    """
    if not checks:
        return None
    ordered = sorted(checks, key=lambda check: (-check.failed, check.extract, check.label))
    named, rest = ordered[:LONGEST], ordered[LONGEST:]
    if len(rest) == 1:
        named, rest = ordered, []
    total, further = sum(check.failed for check in ordered), sum(check.failed for check in rest)
    sheet = Sheet()
    y = 0.0
    for check in named:
        sheet.text(0, y + 12, check.label, limit=WIDTH)
        width = max(2, 150 * check.failed / max(named[0].failed, 1))
        sheet.box(0, y + 18, width, 16, check.severity)
        said = (
            f"{check.failed:,}" + (f" ({percent(check.failed / check.judged)})" if check.judged else "") + f" · {check.severity}"
        )
        sheet.text(width + 7, y + 30.5, said, size=SMALL)
        room = WIDTH - width - width_of(said, SMALL) - 16
        sheet.text(WIDTH, y + 30.5, check.extract, "muted", align="right", size=SMALL, limit=room)
        y += 46
    if rest:
        sheet.text(0, y + 12, f"{several(len(rest), 'further check')}: {several(further, 'failure')}", "muted")
        y += 26
    said = f"{several(len(checks), 'check')} failed, {total:,} times in all; a row that breaks two checks counts twice."
    said += f" Most often: {cut(named[0].label)} ({cut(named[0].extract)}), {share(named[0].failed, named[0].judged)}."
    if len(ordered) > 3 and total:
        said += f" The first three make up {percent(sum(check.failed for check in ordered[:3]) / total)} of all failures."
    return sheet.chart(
        y - 10,
        chart_id=chart_id,
        title="What fails most",
        said=said,
        columns=("Check", "Extract", "Severity", "Failures"),
        rows=[(check.label, check.extract, check.severity, share(check.failed, check.judged)) for check in ordered],
    )
