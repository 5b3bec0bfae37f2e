"""A history for people: what came and what was found over time, what is unusual about the newest, and how surely."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from dq_engine.control_charts import LEAST
from dq_engine.report.words import clean, share
from dq_engine.trends import Anomaly, History, Point, Series, names

BARS = "▁▂▃▄▅▆▇█"
ROOM = 24
"""Points of a picture, the newest."""
NO_NUMBER = "·"
MARKS = {"pass": "pass", "fail": "FAIL", "error": "ERROR", "vacuous": "vacuous", "skipped": "skipped", None: "–"}


def plain(history: History, *, verbose: bool = False, single: bool = False) -> str:
    """The history as lines of text; ``verbose``: all checks; ``single``: each check with a line for every run."""
    lines = list(_ratings(history)) if history.item else []
    for _, group in itertools.groupby(history.series, lambda one: one.extract):
        lines += [*_extract(list(group), history, verbose=verbose, single=single), ""]
    if history.series:
        lines += _conclusion(history)
    return "\n".join([*lines, ""])


def _extract(series: Sequence[Series], history: History, *, verbose: bool, single: bool) -> Iterator[str]:
    first = series[0]
    runs = len(first.points)
    deliveries = sum(point.mark != "again" for point in first.points)
    again = f", {_of(deliveries, 'delivery', 'deliveries')}" if deliveries != runs else ""
    days = f"{first.points[0].day} to {first.points[-1].day}" if runs > 1 else first.points[0].day
    whose = f" · organisation {clean(first.organisation)}" if first.organisation else ""
    yield f"{clean(first.extract)} · {clean(first.title)}{whose} · {_of(runs, 'run', 'runs')}{again}, {days}"
    if first.points[-1].run != history.runs[-1].id:
        yield f"  not in the newest run, {clean(history.runs[-1].id)}"
    left = 0
    for one in series:
        own = [anomaly for anomaly in history.anomalies if _is_of(anomaly, one)]
        if one.check and not (verbose or single or own or _worth_a_look(one)):
            left += 1
            continue
        yield from _runs(one) if single else _line(one)
        for anomaly in own:
            yield f"      ANOMALY: {clean(anomaly.words)}"
    if left:
        more = _of(left, "more check has", "more checks have")
        yield f"  {more} passed, or had nothing to judge, each time: --verbose lists them"


def _line(series: Series) -> Iterator[str]:
    newest = series.points[-1]
    if series.check:
        yield f"  {MARKS[newest.status]:<8} {series.severity or '':<8}  {clean(series.statement)}"
        yield f"      {picture(series):<{ROOM}}  {_number(newest)}{_before(series)}"
        return
    who = ""
    if series.gone is not None and series.gone.some:
        who = f": {clean(names(series.gone.some, series.gone.gone))}"
    yield f"  {series.measure:<36}{picture(series):<{ROOM}}  {_number(newest)}{who}{_before(series)}"


def _runs(series: Series) -> Iterator[str]:
    """A line for every run."""
    yield (
        f"  {series.severity or ''}: {clean(series.statement)}  [{clean(series.check)}]"
        if series.check
        else f"  {series.measure}"
    )
    for point in series.points:
        told = MARKS[point.status] if series.check else ""
        yield f"    {point.day}  {clean(point.run):<24}  {told:<8}  {_number(point)}{_WHY[point.mark]}"
    yield f"      {picture(series)}"


_WHY = {"": "", "again": "  (a later run saw the same delivery)", "rule changed": "  (other arguments: not comparable)"}


def picture(series: Series) -> str:
    """The newest points as bars, from the smallest to the largest; of runs that saw the same delivery the last."""
    shown = [point for point in series.points if point.mark != "again"][-ROOM:]
    values = [_value(point) if point.mark == "" else None for point in shown]
    known = [value for value in values if value is not None]
    least, span = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)
    return "".join(
        NO_NUMBER if value is None else BARS[round((value - least) / span * (len(BARS) - 1))] if span else BARS[0]
        for value in values
    )


def _value(point: Point) -> float | None:
    if point.value is None or point.of == 0:
        return None
    return point.value / point.of if point.of else point.value


def _number(point: Point) -> str:
    if point.value is None:
        return "no number"
    return share(int(point.value), point.of) if point.of is not None else f"{point.value:,.0f}"


def _before(series: Series) -> str:
    past = [_value(point) for point in series.compared if point is not series.points[-1]]
    known = [value for value in past if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    if series.points[-1].of is None and series.measure not in ("failing share", "organisations gone"):
        span = f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"
    else:
        span = f"{100 * low:.3g} %" if low == high else f"{100 * low:.3g} to {100 * high:.3g} %"
    return f"  (before: {span})"


def _worth_a_look(series: Series) -> bool:
    """Whether a check is listed without being asked for: it ever failed, or could not be evaluated, or has a new meaning."""
    return any(point.status in ("fail", "error") or point.mark == "rule changed" for point in series.points)


def _is_of(anomaly: Anomaly, series: Series) -> bool:
    return (anomaly.extract, anomaly.measure, anomaly.check) == (series.extract, series.measure, series.check)


def _ratings(history: History) -> Iterator[str]:
    whose = f" · organisation {clean(history.organisation)}" if history.organisation else ""
    yield f"{clean(history.item)}{whose} · {_of(len(history.ratings), 'run', 'runs')} (modelled ratings, no survey responses)"
    for point in history.ratings:
        if history.organisation:
            score = "" if point.score is None else f"  score {point.score:.3f}"
            yield f"  {point.day}  {clean(point.run):<24}  {point.rating or 'not rated'}{score}"
        else:
            counts = ", ".join(f"{count:,} {rating}" for rating, count in point.counts.items())
            worse = f"poor or worse {share(point.poor_or_worse, point.rated)}"
            yield f"  {point.day}  {clean(point.run):<24}  {worse} rated, of {point.population:,}: {counts}"


def _conclusion(history: History) -> Iterator[str]:
    judged, found = history.judged, len(history.anomalies)
    all_of = judged.judged + judged.too_few + judged.without_number
    if judged.judged:
        told = "No anomaly" if not found else _of(found, "anomaly", "anomalies")
        chance = f"about {judged.expected:.1f} alarm{'' if f'{judged.expected:.1f}' == '1.0' else 's'} expected by chance alone"
        yield f"{told} in the {judged.judged:,} of {all_of:,} series that could be judged: {chance} in so many."
    else:
        yield f"Nothing could be judged for anomalies, in any of {all_of:,} series."
    if judged.too_few:
        most = max(len(one.compared) - 1 for one in history.series if one.known and len(one.compared) <= LEAST)
        few = _of(judged.too_few, "series has", "series have")
        yield f"{few} too few deliveries to judge (at most {most} of {LEAST} before the newest)."
    if judged.without_number:
        yield f"{_of(judged.without_number, 'series has', 'series have')} no number in the newest run."
    yield history.method


def _of(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
