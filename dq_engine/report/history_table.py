"""A history as a table, for spreadsheets: a row for each run in each series, or for each run's ratings."""

from __future__ import annotations

from collections.abc import Iterator

from dq_engine.report.score_tables import Columns, Row, Table
from dq_engine.scores import RATINGS
from dq_engine.trends import History

SERIES: Columns = {
    **dict.fromkeys(("extract", "organisation", "measure", "check", "statement", "severity", "run", "day", "status"), "VARCHAR"),
    "value": "DOUBLE",
    "of": "BIGINT",
    "mark": "VARCHAR",
    "anomaly": "VARCHAR",
}
OF_RATINGS: Columns = {
    **dict.fromkeys(("item", "organisation", "run", "day"), "VARCHAR"),
    **dict.fromkeys(("population", "rated", "poor_or_worse", *RATINGS), "BIGINT"),
    "rating": "VARCHAR",
    "score": "DOUBLE",
}


def table(history: History) -> Table:
    """The points of all series, the anomalies beside the points that they are about; or the ratings."""
    return Table(OF_RATINGS, tuple(_ratings(history))) if history.item else Table(SERIES, tuple(_points(history)))


def _points(history: History) -> Iterator[Row]:
    found = {(a.extract, a.measure, a.check, a.run): a.words for a in history.anomalies}
    for one in history.series:
        for point in one.points:
            words = found.get((one.extract, one.measure, one.check, point.run))
            told = (one.extract, one.organisation, one.measure, one.check, one.statement, one.severity)
            yield (*told, point.run, point.day, point.status, point.value, point.of, point.mark, words)


def _ratings(history: History) -> Iterator[Row]:
    for point in history.ratings:
        counts = (point.counts[rating] for rating in RATINGS)
        numbers = (point.population, point.rated, point.poor_or_worse, *counts)
        yield (history.item, history.organisation, point.run, point.day, *numbers, point.rating, point.score)
