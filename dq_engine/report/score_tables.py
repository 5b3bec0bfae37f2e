"""Scores as tables, for spreadsheets and databases: a row for each rating, share, change, score of a dimension, index or reason.

Every row begins with the notice that it is modelled, the instrument with its version and provenance, and the wave.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from dq_engine.model import Organisation
from dq_engine.report.score_words import number, part_name, rounded_up
from dq_engine.report.words import clean
from dq_engine.scores import RATINGS, InstrumentReference, Rating, Scores

if TYPE_CHECKING:
    from dq_engine.rating.comparison import Comparison

ColumnType = Literal["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"]
Columns = Mapping[str, ColumnType]
"""Names of columns and DuckDB's types of them, in order."""
Cell = str | int | float | bool | None
Row = tuple[Cell, ...]
Organisations = Mapping[str, Organisation]
"""What registers say of organisations, by code."""
FORMULAS = ("=", "+", "-", "@")
"""With one of these a spreadsheet takes a text for a formula."""


class Table(Struct, frozen=True):
    """A table: its columns, and rows that have a cell for each."""

    columns: Columns
    rows: tuple[Row, ...]


def _texts(*names: str) -> dict[str, ColumnType]:
    return dict.fromkeys(names, "VARCHAR")


def _whole(*names: str) -> dict[str, ColumnType]:
    return dict.fromkeys(names, "BIGINT")


def _floats(*names: str) -> dict[str, ColumnType]:
    return dict.fromkeys(names, "DOUBLE")


SHARED = _texts("notice", "instrument", "instrument_version", "provenance", "wave")
ORGANISATION = _texts("organisation", "region", "kind")
RATING: Columns = {
    **ORGANISATION,
    **_texts("item", "title", "rating"),
    **_floats("score", "low", "high"),
    **_texts("between_low", "between_high"),
    **_floats("measured"),
    **_texts("reason", "why", "next", "lift"),
}
STUDY: Columns = {
    **_texts("item", "title", "by", "group"),
    **_whole("population", "sampled", "rated"),
    **_texts("rating"),
    **_whole("count", "of"),
    **_floats("share", "low", "high"),
    **_texts("sample", "note"),
}
CHANGE: Columns = {
    **_texts("item", "title", "by", "group", "rating", "earlier", "later"),
    **_whole("both"),
    **_floats("change", "low", "high"),
    **_texts("sample"),
}
DIMENSION: Columns = {
    **ORGANISATION,
    **_texts("source", "feed", "measure"),
    **_floats("score", "low", "high", "numerator", "denominator"),
    **_whole("records", "kept", "judged"),
}
DQMI: Columns = {
    **ORGANISATION,
    **_texts("feed"),
    "experimental": "BOOLEAN",
    **_whole("items"),
    **_floats("mean_item_score", "mean_coverage", "dqmi"),
}
NOT_COUNTED: Columns = _texts("extract", "check", "dimension", "status", "reason")
COMPARISON: Columns = {
    **SHARED,
    **_texts("second_instrument", "second_version", "second_provenance", "item", "title", "first_rating", "second_rating"),
    **_whole("organisations"),
}


# ---------------------------------------------------------------------------------------------------------------- tables


def table(name: str, scores: Scores, organisations: Organisations) -> Table:
    """The table of that name, which is one of :data:`TABLES`."""
    columns, rows = TABLES[name]
    shared = _shared(scores.instrument, scores.notice)
    return Table({**SHARED, **columns}, tuple((*shared, wave, *cells) for wave, *cells in rows(scores, organisations)))


def _shared(instrument: InstrumentReference, notice: str) -> Row:
    return notice, instrument.name, instrument.version, instrument.provenance.status


def _organisation(code: str, organisations: Organisations) -> Row:
    known = organisations.get(code)
    return code, known.region if known else "", known.kind if known else ""


def _ratings(scores: Scores, organisations: Organisations) -> Iterator[Row]:
    for rating in scores.ratings:
        yield (
            rating.wave,
            *_organisation(rating.organisation, organisations),
            rating.item,
            scores.titles.get(rating.item, ""),
            rating.rating or "not rated",
            rating.score,
            rating.low,
            rating.high,
            *(rating.between or ("", "")),
            rating.measured,
            rating.reason,
            "; ".join(f"{part_name(term.part)}: {number(round(term.score, 6))}" for term in rating.why),
            rating.next or "",
            _lift(rating),
        )


def _lift(rating: Rating) -> str:
    return "; ".join(f"{part_name(lift.part)}: to {rounded_up(lift.needed)}" for lift in rating.lift)


def _study(scores: Scores, organisations: Organisations) -> Iterator[Row]:
    for row in scores.tables:
        place = (row.wave, row.item, scores.titles.get(row.item, ""), row.by, row.group, row.population, row.sampled, row.rated)
        for share in row.shares:
            yield *place, share.rating, share.count, share.of, share.share, share.low, share.high, _design(scores), row.note


def _design(scores: Scores) -> str:
    return scores.sample.design if scores.sample else ""


def _changes(scores: Scores, organisations: Organisations) -> Iterator[Row]:
    for change in scores.changes:
        title = scores.titles.get(change.item, "")
        place = (change.later, change.item, title, change.by, change.group, change.rating, change.earlier, change.later)
        yield *place, change.both, change.change, change.low, change.high, _design(scores)


def _dimensions(scores: Scores, organisations: Organisations) -> Iterator[Row]:
    for score in scores.dimensions:
        whole = (None if score.records is None else int(score.records), int(score.kept), int(score.judged))
        yield (
            score.wave,
            *_organisation(score.organisation, organisations),
            score.source,
            score.feed,
            score.measure,
            score.score,
            score.low,
            score.high,
            score.numerator,
            score.denominator,
            *whole,
        )


def _indices(scores: Scores, organisations: Organisations) -> Iterator[Row]:
    for index in scores.dqmi:
        yield (
            index.wave,
            *_organisation(index.organisation, organisations),
            index.feed,
            index.experimental,
            index.items,
            index.mean_item_score,
            index.mean_coverage,
            index.dqmi,
        )


def _not_counted(scores: Scores, organisations: Organisations) -> Iterator[Row]:
    for one in scores.not_counted:
        yield "", one.extract, one.check, one.dimension, one.status, one.reason


TABLES: Mapping[str, tuple[Columns, Callable[[Scores, Organisations], Iterator[Row]]]] = {
    "ratings": (RATING, _ratings),
    "study": (STUDY, _study),
    "changes": (CHANGE, _changes),
    "dimensions": (DIMENSION, _dimensions),
    "dqmi": (DQMI, _indices),
    "not-counted": (NOT_COUNTED, _not_counted),
}
"""The tables that there are: the columns of each after the shared ones, and what makes its rows."""


def comparison(found: Comparison) -> Table:
    """How many organisations have each pair of ratings by two instruments, by wave and item."""
    shared, (_, *second) = _shared(found.first, found.notice), _shared(found.second, found.notice)
    return Table(
        COMPARISON,
        tuple(
            (*shared, one.wave, *second, one.item, found.titles.get(one.item, ""), first, other, count)
            for one in found.items
            for first, row in zip(RATINGS, one.agreement.table, strict=True)
            for other, count in zip(RATINGS, row, strict=True)
        ),
    )


# ------------------------------------------------------------------------------------------------------------------- CSV


def as_csv(found: Table) -> bytes:
    """The table as CSV: UTF-8, commas, a header; what is not known is empty. No text of it is a formula to a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(found.columns)
    writer.writerows(map(_written, found.rows))
    return text.getvalue().encode()


def _written(row: Iterable[Cell]) -> Iterator[str | int | float | None]:
    for cell in row:
        if isinstance(cell, bool):
            yield "true" if cell else "false"
        elif isinstance(cell, str):
            safe = clean(cell)
            yield f"'{safe}" if safe.lstrip().startswith(FORMULAS) else safe
        else:
            yield cell
