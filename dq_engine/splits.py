"""Counts by organisation and period: SQL over the tables in which the worker keeps what its scans counted. Pure.

There may be many groups and many checks, so the counts stay in the worker: each scan fills a table with a row for each group
(``o``, ``p`` and numbers), and at the end two statements write all of them to Parquet. There, too, a group is one row: its
counts are a list, with an entry for each check or field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from dq_engine import sql
from dq_engine.model import Count, GroupScalar, Items, Metric

GROUP = "o, p"
"""The columns of the organisation and of the period; "" stands for a period where there are none."""
OF_GROUPS = "o IS NOT NULL"
"""True for all rows but that of the whole."""


class Counted(Struct, frozen=True):
    """The tables of one extract: of rows and of items each with the columns of their metrics, of repeated keys one each."""

    rows: tuple[tuple[str, Mapping[Metric, str]], ...] = ()
    repeated: tuple[tuple[str, Metric], ...] = ()
    items: Mapping[Items, tuple[str, Mapping[Metric, str]]] = {}


class Found(Struct, frozen=True):
    """Where counts are: a relation, and SQL of each of them."""

    relation: str
    counts: tuple[str, ...]


def table(kind: str, number: int) -> str:
    """The name of a table of counts."""
    return sql.ident(f"dq:{kind} {number}")


def kept(name: str, select: str) -> str:
    """The statement that fills a table of counts, in the place of one that is of no use."""
    return f"CREATE OR REPLACE TEMP TABLE {name} AS {select}"


def added(name: str, select: str) -> str:
    """The statement that adds rows to a table."""
    return f"INSERT INTO {name} {select}"


def numbered(metrics: Sequence[Metric]) -> dict[Metric, str]:
    """The columns of a table in which the numbers of ``metrics`` stand."""
    return {metric: f"m{place}" for place, metric in enumerate(metrics, 1)}


def totals(name: str, columns: Sequence[str]) -> str:
    """How many groups and organisations a table of rows has, and then the numbers of the whole."""
    sums = [f"CAST(coalesce(sum({column}), 0) AS BIGINT)" for column in columns]
    return f"SELECT {', '.join(['count(*)', 'count(DISTINCT o)', *sums])} FROM {name}"


def item_totals(name: str, columns: Sequence[str]) -> str:
    """The numbers of the whole of a table of items, which has a row for it."""
    return f"SELECT {', '.join(columns)} FROM {name} WHERE o IS NULL"


def in_classes(parts: Found) -> Found:
    """Where the records and the classes of a field are, by its records and parts."""
    records, *others = parts.counts
    null, blank, default, invalid, other = others
    valid = f"{records} - {' - '.join(others)}"
    return Found(parts.relation, (records, f"({valid})", other, default, invalid, f"({null} + {blank})"))


def of_check(metrics: Mapping[str, Metric], counted: Counted, known: Mapping[Metric, object]) -> Found | None:
    """Where the values considered, not judged and unexpected of a check are; None where they are not split."""
    wanted = [metrics[name] for name in ("element", "missing", "unexpected") if name in metrics]
    if len(wanted) < 3:
        return None
    for name, columns in counted.items.values():
        if wanted[2] in columns:
            return Found(name, tuple(columns[metric] for metric in wanted))
    return of_rows(wanted, counted, known)


def of_rows(wanted: Sequence[Metric], counted: Counted, known: Mapping[Metric, object]) -> Found | None:
    """Where counts of rows are; None where one of them is not split. A total of 0 splits into zeros.

    That is one table where a single scan counted them all, and else the tables of several scans, joined by group: to the first
    that is ``wanted``, as those of views among the aids may lack groups without a row to judge.
    """
    repeated = {metric: name for name, metric in counted.repeated}
    zero = {metric for metric in wanted if known.get(metric) == 0}
    needed = [metric for metric in wanted if isinstance(metric, Count) and metric not in zero]
    split = all(
        isinstance(metric, Count) or (isinstance(metric, GroupScalar) and metric in {*repeated, *zero}) for metric in wanted
    )
    if not counted.rows or not split:
        return None
    complete = [(name, columns) for name, columns in counted.rows if all(metric in columns for metric in needed)]
    places: dict[Metric, tuple[str, str]] = {}
    for name, columns in complete[:1] or counted.rows:
        for metric in needed:
            if metric in columns:
                places.setdefault(metric, (name, columns[metric]))
    if len(places) < len(set(needed)):
        return None
    tables = list(dict.fromkeys(name for name, _ in places.values())) or [counted.rows[0][0]]
    apart = [repeated[metric] for metric in dict.fromkeys(wanted) if metric in repeated and metric not in zero]
    joins = [f" LEFT JOIN {name} USING ({GROUP})" for name in (*tables[1:], *apart)]
    texts = {
        metric: f"{name}.{column}" if name == tables[0] else f"coalesce({name}.{column}, 0)"
        for metric, (name, column) in places.items()
    }
    texts |= {metric: f"coalesce({name}.n, 0)" for metric, name in repeated.items()} | dict.fromkeys(zero, "0")
    return Found(tables[0] + "".join(joins), tuple(texts[metric] for metric in wanted))


def failing(checks: Mapping[int, Found]) -> str:
    """For each check, by its place: how many organisations fail it."""
    parts = []
    for relation, found in _by_relation(checks).items():
        fails = ", ".join(f"bool_or({counts[2]} > 0) AS f{place}" for place, counts in found.items())
        by_organisation = f"SELECT {fails} FROM {relation} WHERE {OF_GROUPS} GROUP BY o"
        numbers = ", ".join(f"coalesce(count_if(f{place}), 0)" for place in found)
        places = ", ".join(map(str, found))
        parts.append(f"SELECT unnest([{places}]), unnest([{numbers}])\nFROM ({by_organisation})")
    return "\nUNION ALL ".join(parts)


def unequal(fields: Mapping[int, Found]) -> str:
    """For each field, by its place: in how many groups it has more values that are not valid than records."""
    parts = []
    for relation, found in _by_relation(fields).items():
        sums = ", ".join(f"coalesce(count_if({valid} < 0), 0)" for _, valid, *_ in found.values())
        places = ", ".join(map(str, found))
        parts.append(f"SELECT unnest([{places}]), unnest([{sums}])\nFROM {relation} WHERE {OF_GROUPS}")
    return "\nUNION ALL ".join(parts)


def written(things: Mapping[int, Found], names: Sequence[str], path: str, rows: int) -> str:
    """The statement that writes the counts of checks or fields, each by its place as ``thing``; ``names`` are those of counts.

    ``rows`` is the number of rows of the extract: narrow numbers and small groups of rows halve the time and the memory.
    """
    kind = "INTEGER" if rows < 2**31 else "BIGINT"
    selects = []
    for relation, found in _by_relation(things).items():
        entries = [
            _entry({"thing": str(place), **dict(zip(names, counts, strict=True))}, kind) for place, counts in found.items()
        ]
        group = "o AS organisation, nullif(p, '') AS period"
        selects.append(f"SELECT {group}, [{', '.join(entries)}] AS counts\nFROM {relation} WHERE {OF_GROUPS}")
    joined = "\nUNION ALL ".join(selects)
    options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480, USE_TMP_FILE false"
    return f"COPY ({joined}) TO {sql.text(path)} ({options})"


def _entry(values: Mapping[str, str], kind: str) -> str:
    return "{" + ", ".join(f"{sql.text(name)}: CAST({value} AS {kind})" for name, value in values.items()) + "}"


def _by_relation(things: Mapping[int, Found]) -> dict[str, dict[int, tuple[str, ...]]]:
    grouped: dict[str, dict[int, tuple[str, ...]]] = {}
    for place, found in things.items():
        grouped.setdefault(found.relation, {})[place] = found.counts
    return grouped
