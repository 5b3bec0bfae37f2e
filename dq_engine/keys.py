"""Whether keys of a large extract are repeated, and where: SQL that needs no group for each of them. Pure.

Three ways, each right for all data. A column whose values never fall has repeated ones side by side (:func:`ascending`). Else the
hashes of keys are grouped, which take less room than keys, and keys with a hash in common are compared (:func:`narrowed`). If row
groups follow each other in some column of the key, as in extracts that are written month by month, that is done in parts: equal
keys have equal values in that column, so they are in the same part, and only the hashes of one part are in memory at once.

Where parts begin is a value of the extract. It stays in the worker, in a variable that queries name (:func:`cut`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dq_engine import sql
from dq_engine.compile import where_of
from dq_engine.model import EXTRACT, Column, Key

CUTS = "dq:cuts"
"""The variable with the values at which parts begin, ascending, but for the first part."""
CUT_KINDS = frozenset({"integer", "decimal", "date", "timestamp", "text"})
"""Kinds of columns whose minima and maxima in footers compare as their values do."""


def repeated(key: Key) -> str:
    """The hashes ``h`` of all keys that occur more than once, and seldom one of two keys that have it in common."""
    return f"SELECT {_hash(key)} AS h\nFROM {EXTRACT}{where_of(key)}\nGROUP BY 1 HAVING count(*) > 1"


def narrowed(key: Key, by: Key, hashes: str) -> Key:
    """The key on those rows alone that can be repeated, as those of ``by``, which has no further column, are in ``hashes``.

    NULL is not told from NULL by a rule about several columns, and not judged by one about a single one.
    """
    found = f"{_hash(by)} IN (SELECT h FROM {hashes})"
    if key != by:
        found = " OR ".join([found, *(f"{column} IS NULL" for column in by.columns)])
    return Key(key.columns, sql.all_of(key.where, found))


def ascending(key: Key, rows: int | None = None) -> str:
    """One row about a key of one column: how often a value is less than the one before it, and how many rows have it repeated.

    The second is right only if the first is 0, in whatever order the rows come: then equal values stand side by side. ``rows``
    of them are looked at, or all.
    """
    some = "" if rows is None else f" LIMIT {rows}"
    second = "k1 = b1 AND b1 IS DISTINCT FROM b2"
    return f"SELECT count_if(k1 < b1), count_if(k1 = b1) + count_if({second})\nFROM ({_after_others(key, some)})"


def repeated_in_order(key: Key) -> str:
    """As :func:`repeated`, for a key of which no value is less than the one before it."""
    return f"SELECT DISTINCT hash(k1) AS h\nFROM ({_after_others(key)})\nWHERE k1 = b1"


def _after_others(key: Key, some: str = "") -> str:
    """The values ``k1`` of a key of one column, each with the two before it."""
    (column,) = key.columns
    before = ", ".join(f"lag(k1, {place}) OVER () AS b{place}" for place in (1, 2))
    return f"SELECT k1, {before} FROM (SELECT {column} AS k1 FROM {EXTRACT}{where_of(key)}{some})"


def _hash(key: Key) -> str:
    return f"hash({', '.join(key.columns)})"


def in_portions(key: Key, count: int) -> list[Key]:
    """The key on so many portions of its groups, by their hashes."""
    if count == 1:
        return [key]
    return [Key(key.columns, sql.all_of(key.where, f"{_hash(key)} % {count} = {place}")) for place in range(count)]


# --------------------------------------------------------------------------------------------------------------------- parts


def can_part(column: Column) -> bool:
    """Whether footers say where the values of a column lie, so that reading some of them skips row groups."""
    return column.bounded and column.kind in CUT_KINDS


def cut(column: Column, rows: int, files: Sequence[str]) -> str:
    """The statement that chooses where parts of about so many rows begin: at minima of row groups."""
    groups = f"SELECT low, n, sum(n) OVER (ORDER BY low ROWS UNBOUNDED PRECEDING) - n AS before FROM ({_groups(column, files)})"
    firsts = f"SELECT min(low) AS low FROM ({groups}) WHERE low IS NOT NULL GROUP BY before // {rows}"
    return f"SET VARIABLE {sql.ident(CUTS)} = (SELECT list(low ORDER BY low)[2:] FROM ({firsts}))"


def reading(column: Column, files: Sequence[str]) -> str:
    """One row: how many cuts there are, how many rows are read for all parts, and for the largest; NULLs if it cannot be said."""
    cuts = f"getvariable({sql.text(CUTS)})"
    first, last = (f"len(list_filter({cuts}, lambda cut: cut <= {end}))" for end in ("low", "high"))
    parts = f"SELECT n, low, high, unnest(range({first}, {last} + 1)) AS part FROM ({_groups(column, files)})"
    summed = f"SELECT sum(n) AS n, count(*) = count(low) AND count(*) = count(high) AS said FROM ({parts}) GROUP BY part"
    return f"SELECT len({cuts}), sum(n), max(n) FROM ({summed}) HAVING bool_and(said)"


def _groups(column: Column, files: Sequence[str]) -> str:
    """The row groups that have any value of a column: their numbers of rows, minima and maxima."""
    listed = ", ".join(map(sql.text, files))
    low, high = (f"TRY_CAST(stats_{end}_value AS {column.type})" for end in ("min", "max"))
    own = f"path_in_schema = {sql.text(column.footer or column.name)}"
    return (
        f"SELECT row_group_num_rows AS n, {low} AS low, {high} AS high FROM parquet_metadata([{listed}]) "
        f"WHERE {own} AND row_group_num_rows > 0 AND stats_null_count IS DISTINCT FROM num_values"
    )


def in_parts(key: Key, column: Column, cuts: int) -> Iterator[Key]:
    """The key on each part of its rows, as at least one cut makes them; every row is in one of them."""
    begins = [f"getvariable({sql.text(CUTS)})[{place}]" for place in range(1, cuts + 1)]
    for place in range(cuts + 1):
        least = f"{column.sql} >= {begins[place - 1]}" if place else None
        below = f"{column.sql} < {begins[place]}" if place < cuts else None
        yield Key(key.columns, sql.all_of(key.where, least, below))
    if column.nulls != 0:
        yield Key(key.columns, sql.all_of(key.where, f"{column.sql} IS NULL"))
