"""Counts by organisation and period: SQL over the tables in which the worker keeps what its scans counted. Pure.

There may be many groups and many checks, so the counts stay in the worker: each scan fills a table with a row for each group
(``o``, ``p`` and numbers), and at the end two statements write all of them to Parquet, one row for each check or field and
group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from dq_engine import sql
from dq_engine.model import Count, Items, Metric
from dq_engine.vodim import ValueClass

GROUP = "o, p"
"""The columns of the organisation and of the period; "" stands for a period where there are none."""
OF_GROUPS = "o IS NOT NULL"
"""True for all rows but that of the whole."""
WIDE = '"dq:split"'
NAMED = "o AS organisation, nullif(p, '') AS period"


class Counted(Struct, frozen=True):
    """The tables of one extract: of rows and of items each with the columns of their metrics, of repeated keys one each."""

    rows: tuple[tuple[str, Mapping[Metric, str]], ...] = ()
    repeated: tuple[tuple[str, Metric], ...] = ()
    items: Mapping[Items, tuple[str, Mapping[Metric, str]]] = {}


class Triple(Struct, frozen=True):
    """Where the counts of a check are: a relation, and SQL of the values considered, not judged, and unexpected."""

    relation: str
    element: str
    missing: str
    unexpected: str


def table(kind: str, number: int) -> str:
    """The name of a table of counts."""
    return sql.ident(f"dq:{kind} {number}")


def numbered(metrics: Sequence[Metric]) -> dict[Metric, str]:
    """The columns of a table in which the numbers of ``metrics`` stand."""
    return {metric: f"m{place}" for place, metric in enumerate(metrics, 1)}


def totals(name: str, columns: Sequence[str]) -> str:
    """How many groups and organisations a table of rows has, and then the numbers of the whole."""
    counts = f"(SELECT count(o) FROM {name}), (SELECT count(DISTINCT o) FROM {name})"
    return f"SELECT {', '.join([counts, *columns])} FROM {name} WHERE o IS NULL"


def wide(counted: Counted) -> str:
    """The statement that joins the tables of rows and of repeated keys into one, with a column for each count."""
    (first, _), *others = counted.rows
    joins = [f"JOIN {name} USING ({GROUP})" for name, _ in others]
    joins += [f"LEFT JOIN {name} USING ({GROUP})" for name, _ in counted.repeated]
    columns = [f"{name}.{column} AS {_column(metric, counted)}" for metric, (name, column) in _places(counted).items()]
    columns += [f"coalesce({name}.n, 0) AS {_column(metric, counted)}" for name, metric in counted.repeated]
    return f"CREATE TEMP TABLE {WIDE} AS SELECT {', '.join([GROUP, *columns])}\nFROM {first} {' '.join(joins)}\nWHERE {OF_GROUPS}"


def _places(counted: Counted) -> dict[Metric, tuple[str, str]]:
    """Each count of rows with the first table that has it."""
    found: dict[Metric, tuple[str, str]] = {}
    for name, columns in counted.rows:
        for metric, column in columns.items():
            if isinstance(metric, Count):
                found.setdefault(metric, (name, column))
    return found


def _column(metric: Metric, counted: Counted) -> str:
    known = [*_places(counted), *(metric for _, metric in counted.repeated)]
    return f"c{known.index(metric)}"


def triple(metrics: Mapping[str, Metric], counted: Counted, known: Mapping[Metric, object]) -> Triple | None:
    """Where the counts of a check with these metrics are; None where they are not split. A total of 0 splits into zeros."""
    wanted = [metrics.get(name) for name in ("element", "missing", "unexpected")]
    for name, columns in counted.items.values():
        if wanted[2] in columns:
            return Triple(name, *(columns[metric] for metric in wanted if metric is not None))
    found = [column(metric, counted, known) for metric in wanted]
    if not counted.rows or None in found:
        return None
    return Triple(WIDE, *(text for text in found if text is not None))


def column(metric: Metric | None, counted: Counted, known: Mapping[Metric, object]) -> str | None:
    """SQL of a count in the joined table; None where it was not split."""
    if metric is None:
        return None
    if metric in _places(counted) or any(metric == repeated for _, repeated in counted.repeated):
        return _column(metric, counted)
    return "0" if known.get(metric) == 0 else None


def failing(triples: Mapping[int, Triple]) -> str:
    """For each check, by its place: how many organisations fail it."""
    return "\nUNION ALL ".join(
        f"SELECT {place}, count(DISTINCT CASE WHEN {found.unexpected} > 0 THEN o END)\nFROM {found.relation} WHERE {OF_GROUPS}"
        for place, found in triples.items()
    )


def measures(triples: Mapping[int, Triple], path: str) -> str:
    """The statement that writes the counts of checks, each by its place among the checks of the suite."""
    return _copy(
        [
            f"SELECT {place} AS thing, {NAMED}, {found.element} AS element_count, {found.missing} AS missing_count, "
            f"{found.unexpected} AS unexpected_count FROM {found.relation} WHERE {OF_GROUPS}"
            for place, found in triples.items()
        ],
        path,
    )


def fields(columns: Mapping[int, Mapping[ValueClass, str]], records: str, path: str) -> str:
    """The statement that writes the classes of fields, each by its place among the fields; ``records`` is SQL of the rows."""
    return _copy(
        [
            f"SELECT {place} AS thing, {NAMED}, {records} AS records, "
            + ", ".join(f'{text} AS "{name}"' for name, text in classes.items())
            + f" FROM {WIDE}"
            for place, classes in columns.items()
        ],
        path,
    )


def unequal(columns: Mapping[int, Mapping[ValueClass, str]], records: str) -> str:
    """The number of groups in which the classes of a field do not add up to the records, for each field."""
    sums = [f"coalesce(count_if({' + '.join(classes.values())} <> {records}), 0)" for classes in columns.values()]
    return f"SELECT {', '.join(sums)} FROM {WIDE}"


def _copy(selects: Sequence[str], path: str) -> str:
    joined = "\nUNION ALL ".join(selects)
    return f"COPY ({joined}) TO {sql.text(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
