"""Stored runs, in short -> series over time, and what is unusual about the newest point of each. Pure.

A point of a series is a *delivery*: of several runs that saw the same newest period, or the same files where an extract has no
periods, the newest counts. The day of a run is the one that ``--as-of`` named, else the one on which it was started.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dq_engine.control_charts import LEAST, MOST, RUN, Signal, false_alarms, individuals, proportions
from dq_engine.model import File, Severity, Status

Measure = Literal[
    "rows",
    "organisations",
    "rows of the newest period",
    "organisations of the newest period",
    "days since the newest period",
    "organisations gone",
    "failing share",
]
Mark = Literal["", "again", "rule changed"]
"""Why a point is not compared with others: a later run saw the same delivery, or the rule had other arguments."""
FEW = 20
"""A period for which fewer than one in so many organisations sent data, of those in the fullest one, is taken for a mistake."""
SELDOM = 0.25
"""If more organisations than this are expected to be gone by chance, one that is gone is no anomaly by itself."""
HISTORY_VERSION = 1
"""The version of the shape of a history as JSON."""
METHOD = (
    f"Control charts (XmR; Laney's p' for shares) of the newest delivery against up to {MOST} before it. An anomaly is a "
    f"point outside limits that are wider where few points are known, or the last of {RUN} on one side of the mean. Of shares, "
    "ages and organisations gone, only more is one. Where points follow each other as in a walk, their changes are judged. An "
    "organisation that was in every delivery before and is gone is one, where that hardly happens by chance. Seasons are not "
    "modelled. Where nothing changes about 1 series in 200 raises an alarm after 8 deliveries, and 1 in 100 after 15 (measured "
    "by simulation); more do where deliveries depend on each other."
)


# --------------------------------------------------------------------------------------------------------- what is read


class OutcomeRecord(Struct, frozen=True):
    """What a trend needs of an outcome, as :class:`dq_engine.model.Outcome` has it."""

    check: str
    expectation: str
    kwargs: dict[str, Any]
    statement: str
    status: Status
    severity: Severity
    unit: str = "rows"
    unexpected_count: int | None = None
    denominator: int | None = None


class ExtractRecord(Struct, frozen=True):
    """What a trend needs of an extract, as :class:`dq_engine.model.ExtractRun` has it."""

    name: str
    title: str
    outcomes: tuple[OutcomeRecord, ...]
    files: tuple[File, ...] = ()
    rows: int | None = None
    organisations: int | None = None


class Chosen(Struct, frozen=True):
    """The options of a run that a trend depends on."""

    as_of: str | None = None


class RunRecord(Struct, frozen=True):
    """What a trend needs of a run, as :class:`dq_engine.model.Run` has it."""

    id: str
    started: str
    options: Chosen
    extracts: tuple[ExtractRecord, ...]

    @property
    def day(self) -> str:
        """The day that the run is of, as ISO 8601 writes it."""
        return self.options.as_of or self.started[:10]


class Sent(Struct, frozen=True):
    """What came for one period (None: the extract has none): from how many organisations, how many rows."""

    run: str
    extract: str
    period: str | None
    organisations: int
    rows: int


class Gone(Struct, frozen=True):
    """Which of the organisations that ``there`` were in the delivery before are not in that of ``run``: how many, the first few.

    ``regulars``: how many were in each of so many ``deliveries`` before; ``missing`` of these are gone, the first few by name.
    """

    run: str
    there: int
    gone: int
    some: tuple[str, ...] = ()
    deliveries: int = 0
    regulars: int = 0
    missing: int = 0
    named: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------------------- what is made of it


class Point(Struct, frozen=True, omit_defaults=True):
    """One run in a series: a number, or for a share ``value`` of ``of``; None where there is none. ``mark``: see :data:`Mark`."""

    run: str
    day: str
    value: float | None
    of: int | None = None
    status: Status | None = None
    mark: Mark = ""


class Series(Struct, frozen=True, omit_defaults=True):
    """One thing over time, oldest first; of a ``check`` or of the whole extract, of one ``organisation`` or of all.

    ``gone`` is what is known of those that are gone at the newest point, where the series is about that.
    """

    extract: str
    title: str
    measure: Measure
    points: tuple[Point, ...]
    check: str = ""
    statement: str = ""
    severity: Severity | None = None
    unit: str = ""
    organisation: str = ""
    gone: Gone | None = None

    @property
    def compared(self) -> list[Point]:
        """The points that can be compared with each other."""
        return [point for point in self.points if not point.mark and point.value is not None and point.of != 0]

    @property
    def known(self) -> bool:
        """Whether the newest point is one of these."""
        compared = self.compared
        return bool(compared) and compared[-1] is self.points[-1]


class Anomaly(Struct, frozen=True, omit_defaults=True):
    """Something unusual about the newest point of a series: ``value`` (``of`` a denominator) is not from ``low`` to ``high``.

    ``rule``: "outside", "shift", or "always there before". ``past``: how many points it was compared with. ``words`` say it.
    """

    extract: str
    measure: Measure
    run: str
    rule: str
    words: str
    value: float
    past: int
    low: float | None = None
    centre: float | None = None
    high: float | None = None
    of: int | None = None
    check: str = ""
    organisation: str = ""


class Judged(Struct, frozen=True):
    """How many series were judged; how many have too few points or no newest number; how many alarms chance alone would raise."""

    judged: int
    too_few: int
    without_number: int
    expected: float


class Seen(Struct, frozen=True):
    """A run in a history: when it was started, and the day that it is of."""

    id: str
    started: str
    day: str


class RatingPoint(Struct, frozen=True, omit_defaults=True):
    """How one run rates an item: how many of ``rated`` organisations have each rating; of one organisation its own, and score."""

    run: str
    day: str
    rated: int
    population: int
    counts: dict[str, int]
    poor_or_worse: int
    rating: str | None = None
    score: float | None = None


class History(Struct, frozen=True, omit_defaults=True):
    """What stored runs say over time. ``left_out``: why runs are not in it."""

    version: int
    runs: tuple[Seen, ...]
    left_out: tuple[str, ...]
    series: tuple[Series, ...]
    anomalies: tuple[Anomaly, ...]
    judged: Judged
    method: str = METHOD
    item: str = ""
    organisation: str = ""
    ratings: tuple[RatingPoint, ...] = ()


# ------------------------------------------------------------------------------------------------------------ anomalies


def anomalies(series: Iterable[Series]) -> tuple[Anomaly, ...]:
    """What is unusual about the newest points, in the order of the series. Nothing is said of series with too few points."""
    return tuple(anomaly for one in series for anomaly in _anomalies(one))


def judged(series: Iterable[Series]) -> Judged:
    """How much could be judged, and how many alarms are expected where nothing changed."""
    whole, few, without, expected = 0, 0, 0, 0.0
    for one in series:
        if not one.known:
            without += 1
        elif len(one.compared) <= LEAST:
            few += 1
        else:
            whole += 1
            expected += false_alarms(len(one.compared) - 1) + min(_by_chance(one), SELDOM)
    return Judged(whole, few, without, expected)


def _anomalies(series: Series) -> Iterator[Anomaly]:
    if not series.known or len(series.compared) <= LEAST:
        return
    *past, newest = series.compared
    if signal := _signal(series.measure, past, newest):
        yield _anomaly(series, newest, signal)
    gone = series.gone
    if gone is not None and gone.missing and _by_chance(series) <= SELDOM:
        who = names(gone.named, gone.missing)
        words = f"{who} sent nothing, and {_was(gone.missing)} in each of the {gone.deliveries} deliveries before"
        rule, of = "always there before", gone.regulars
        yield Anomaly(series.extract, series.measure, newest.run, rule, words, gone.missing, gone.deliveries, of=of)


def _signal(measure: Measure, past: Sequence[Point], newest: Point) -> Signal | None:
    if measure in ("failing share", "organisations gone"):
        pairs = [(int(point.value or 0), point.of or 0) for point in (*past, newest)]
        return proportions(pairs[:-1], pairs[-1])
    numbers = [point.value or 0.0 for point in past]
    if measure == "days since the newest period":
        return individuals(numbers, newest.value or 0.0, 1.0, "above")
    mean = math.fsum(numbers[-MOST:]) / len(numbers[-MOST:])
    least = math.sqrt(max(mean, 1.0)) if measure.startswith("rows") else 1.0
    return individuals(numbers, newest.value or 0.0, least)


def _by_chance(series: Series) -> float:
    """How many of the organisations that were always there would be gone now, by how often any were gone before."""
    if series.gone is None or not series.gone.regulars:
        return 0.0
    past = series.compared[:-1]
    return series.gone.regulars * (sum(p.value or 0 for p in past) + 0.5) / (sum(p.of or 0 for p in past) + 1)


def _anomaly(series: Series, newest: Point, signal: Signal) -> Anomaly:
    value = newest.value or 0.0
    low, high = ((limit if newest.of is not None else max(0.0, limit)) for limit in (signal.low, signal.high))
    after = f"{signal.past} deliveries before"
    said, limits = shown(value, newest.of), f"{_number(low, newest.of)} to {_number(high, newest.of)}"
    if signal.rule == "shift":
        side = "above" if (value / newest.of if newest.of else value) > signal.centre else "below"
        words = f"{said}: the last of {RUN} in a row {side} the mean of {_number(signal.centre, newest.of)}"
    elif newest.of is not None:
        words = f"{said}: at most {_number(high, newest.of)} was to be expected after the {after}"
    elif series.measure == "days since the newest period":
        words = f"{said}: at most {_number(high, None)} was to be expected after the {after}"
    else:
        words = f"{said}: {limits} was to be expected after the {after}"
    return Anomaly(
        series.extract, series.measure, newest.run, signal.rule, words, value, signal.past,
        signal.low, signal.centre, signal.high, newest.of, series.check, series.organisation,
    )  # fmt: skip


def shown(value: float, of: int | None) -> str:
    """A number, or a share with its denominator."""
    return f"{value:,.0f}" if of is None else f"{value:,.0f} of {of:,} ({_number(value / of, of) if of else '–'})"


def names(codes: Sequence[str], count: int) -> str:
    """The first few of so many organisations."""
    return ", ".join(codes) + (f" and {count - len(codes):,} more" if count > len(codes) else "")


def _number(value: float, of: int | None) -> str:
    return f"{value:,.0f}" if of is None else f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.1f} %"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


# --------------------------------------------------------------------------------------------------------------- series


class Visit(Struct, frozen=True):
    """One run that looked at an extract; ``newest`` is the newest period that it saw, ``again`` that a later run saw the same."""

    run: str
    day: str
    record: ExtractRecord
    newest: str | None
    again: bool

    @property
    def mark(self) -> Mark:
        """What the point of this run is marked with."""
        return "again" if self.again else ""


def in_order(runs: Iterable[RunRecord]) -> list[RunRecord]:
    """The runs by the day that they are of, oldest first; those of one second as they are given."""
    return sorted(runs, key=lambda run: (run.day, run.started))


def visits(runs: Sequence[RunRecord], sent: Iterable[Sent]) -> dict[str, list[Visit]]:
    """For each extract the runs (in order) that looked at it; where it could not be opened, there are no numbers."""
    periods: dict[tuple[str, str], list[Sent]] = {}
    for one in sent:
        periods.setdefault((one.run, one.extract), []).append(one)
    found: dict[str, list[Visit]] = {}
    later: set[tuple[str, object]] = set()
    for run in reversed(runs):
        for record in run.extracts:
            newest = newest_period(periods.get((run.id, record.name), ()))
            files = tuple(file.sha256 for file in record.files)
            delivery = newest or (files if all(files) and record.rows is not None else run.id)
            found.setdefault(record.name, []).append(Visit(run.id, run.day, record, newest, (record.name, delivery) in later))
            later.add((record.name, delivery))
    return {name: found[name][::-1] for name in sorted(found)}


def newest_period(sent: Iterable[Sent]) -> str | None:
    """The period that ends last, of those for which enough organisations sent data; None if there are no periods."""
    having = [one for one in sent if _end(one.period) is not None]
    fullest = max((one.organisations for one in having), default=0)
    enough = [one.period for one in having if one.period and one.organisations * FEW >= fullest]
    return max(enough, key=lambda period: (_end(period) or dt.date.min, period), default=None)


def of_extract(visited: Sequence[Visit], sent: Iterable[Sent], gone: Iterable[Gone]) -> Iterator[Series]:
    """The series of one extract: how much came, from whom, how old, and what each check found."""
    yield _counted(visited, "rows", {visit.run: visit.record.rows for visit in visited})
    yield _counted(visited, "organisations", {visit.run: visit.record.organisations for visit in visited})
    name = visited[-1].record.name
    came = {(one.run, one.period): one for one in sent if one.extract == name}
    newest = {visit.run: came[visit.run, visit.newest] for visit in visited if visit.newest}
    if any(newest[visit.run].rows != visit.record.rows for visit in visited if visit.run in newest):
        yield _counted(visited, "rows of the newest period", {run: one.rows for run, one in newest.items()})
        yield _counted(visited, "organisations of the newest period", {run: one.organisations for run, one in newest.items()})
    if newest:
        yield _counted(visited, "days since the newest period", {visit.run: _age(visit) for visit in visited})
    known = {one.run: one for one in gone}
    if known:
        points = tuple(
            Point(visit.run, visit.day, one.gone, one.there, mark=visit.mark)
            if (one := known.get(visit.run))
            else Point(visit.run, visit.day, None, mark=visit.mark)
            for visit in visited
        )
        yield _series(visited, "organisations gone", points, known.get(visited[-1].run))
    yield from of_checks(visited)


def of_checks(
    visited: Sequence[Visit],
    found: Mapping[tuple[str, str], tuple[int, int]] | None = None,
    organisation: str = "",
) -> Iterator[Series]:
    """The failing shares of the checks of an extract; those of one organisation if ``found`` says so, by run and check."""
    newest: dict[str, OutcomeRecord] = {}
    for visit in visited:
        newest |= {outcome.check: outcome for outcome in visit.record.outcomes}
    by_run = [{outcome.check: outcome for outcome in visit.record.outcomes} for visit in visited]
    record = visited[-1].record
    for check, rule in newest.items():
        points = []
        for visit, outcomes in zip(visited, by_run, strict=True):
            outcome = outcomes.get(check)
            if outcome is None:
                points.append(Point(visit.run, visit.day, None, mark=visit.mark))
                continue
            evaluated = outcome.status in ("pass", "fail")
            counts = (outcome.unexpected_count, outcome.denominator)
            value, of = counts if found is None else found.get((visit.run, check), (None, None))
            same = (outcome.expectation, outcome.kwargs) == (rule.expectation, rule.kwargs)
            mark: Mark = visit.mark or ("" if same else "rule changed")
            points.append(Point(visit.run, visit.day, value if evaluated else None, of, outcome.status, mark))
        if found is not None and all(point.value is None for point in points):
            continue
        yield Series(
            record.name,
            record.title,
            "failing share",
            tuple(points),
            check,
            rule.statement,
            rule.severity,
            rule.unit,
            organisation,
        )


def of_organisation(
    visited: Sequence[Visit], organisation: str, rows: Mapping[str, int], found: Mapping[tuple[str, str], tuple[int, int]]
) -> Iterator[Series]:
    """The series of one organisation in one extract: its rows, by run, and its failing shares, by run and check."""
    if not any(visit.run in rows for visit in visited):
        return
    counted = _counted(visited, "rows", {visit.run: rows.get(visit.run, 0) for visit in visited})
    yield msgspec.structs.replace(counted, organisation=organisation)
    yield from of_checks(visited, found, organisation)


def _counted(visited: Sequence[Visit], measure: Measure, numbers: Mapping[str, int | None]) -> Series:
    return _series(
        visited, measure, tuple(Point(visit.run, visit.day, numbers.get(visit.run), mark=visit.mark) for visit in visited)
    )


def _series(visited: Sequence[Visit], measure: Measure, points: tuple[Point, ...], gone: Gone | None = None) -> Series:
    record = visited[-1].record
    return Series(record.name, record.title, measure, points, gone=gone)


def _age(visit: Visit) -> int | None:
    end = _end(visit.newest)
    return None if end is None else (dt.date.fromisoformat(visit.day) - end).days


def _end(period: str | None) -> dt.date | None:
    """The last day of an interval as ISO 8601 writes it."""
    try:
        return dt.date.fromisoformat(period.partition("/")[2]) if period else None
    except ValueError:
        return None
