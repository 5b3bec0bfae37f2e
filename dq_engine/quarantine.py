"""Which rows of an extract fail, by which checks, and the SQL that writes them apart from the others. Pure.

A row fails if it breaks a rule of a check that *failed*. What ``mostly`` tolerates, a check that passed has let through: its
rows pass, else a release that the gate accepts would lose rows. Severity and waivers change nothing: whoever takes failing rows
finds the ids beside them, and can leave out those that do not matter. Every row of a repeated key fails, the first one too.

Rows are written as they are read from the files, in their order, by two statements. DuckDB keeps the order of rows that stream
through filters, and loses it where it joins, as it does for a long IN list, too. So which rows fail is found out first, and is
kept in the worker as a variable: a text of bits, one for each row. With it the passing rows stream, and the failing ones, of
which there are few in most extracts, are sorted by their places. What a rule finds by looking further than the row (repeated
keys, other extracts, the row before, tables) has bits of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from dq_engine import sql, unexpected
from dq_engine.catalog.shapes import KeyExpectation, RowExpectation
from dq_engine.compile import as_read, lines, place_of_row, read_parquet, unlike_columns
from dq_engine.errors import NotEvaluable
from dq_engine.model import EXTRACT, Count, Key, Outcome, Table
from dq_engine.opening import Opened
from dq_engine.plan import Planned

IDS = "dq_failed_checks"
"""The further column of failing rows."""
FAILING = "dq:failing rows"
"""The variable that says which rows fail."""
NAMES = frozenset({"file_index", "file_row_number"})
"""Columns of these names leave no room for the place of a row."""
MOST_PLACES = 1_000_000_000
"""More rows than this have no bits: DuckDB makes no longer texts of them."""


class Mark(Struct, frozen=True):
    """A failed check with the number of rows that break it: by ``predicate``, SQL about the row alone.

    Else they are found beforehand, and ``bits`` is the name of the variable that says which they are: those of ``rows`` (SQL of
    rows with their places), or those whose ``key`` is repeated.
    """

    check: str
    count: int
    predicate: str = ""
    bits: str = ""
    rows: str = ""
    key: Key | None = None


class Rows(Struct, frozen=True):
    """The rows to write: the extract's ``relation``, its columns ``stored`` (name, identifier), and what marks failing ones."""

    table: Table
    relation: str
    stored: tuple[tuple[str, str], ...]
    files: tuple[int, ...]
    marks: tuple[Mark, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the extract's columns."""
        return tuple(name for name, _ in self.stored)

    @property
    def ids_column(self) -> str:
        """The name of the column of ids: one that no column of the extract has."""
        taken = {name.casefold() for name in self.columns}
        return next(name for n in range(1, len(taken) + 2) if (name := IDS if n == 1 else f"{IDS}_{n}") not in taken)

    @property
    def prefix(self) -> str:
        """What the names of columns of ours begin with, and no other."""
        return unlike_columns(self.table, (stored for _, stored in self.stored))

    @property
    def place(self) -> str:
        """The identifier of the place of a row."""
        return sql.ident(f"{self.prefix}place")


def about_rows(planned: Planned) -> bool:
    """Whether a check is about single rows."""
    expectation = planned.check.expectation
    return isinstance(expectation, RowExpectation) or (isinstance(expectation, KeyExpectation) and expectation.by_rows)


def unsplit(checks: Sequence[Planned], outcomes: Mapping[str, Outcome], rows: int) -> str:
    """Why the rows are not split; "" if they can be. No row may pass that nobody judged."""
    judging = [outcomes[planned.check.id] for planned in checks if about_rows(planned)]
    errors = [outcome.check for outcome in judging if outcome.status == "error"]
    if errors:
        others = f" and {len(errors) - 1:,} more" if len(errors) > 1 else ""
        return f"the check {errors[0]}{others} about its rows could not be evaluated"
    if rows and not any(outcome.status in ("pass", "fail") for outcome in judging):
        return "no check judged any single row of it"
    return ""


def rows_of(opened: Opened, checks: Sequence[Planned], outcomes: Mapping[str, Outcome]) -> Rows:
    """The rows of an extract with what marks those that fail. Raises :class:`NotEvaluable` if they cannot be written so."""
    names = [name for name, _ in opened.stored]
    for (name, identifier), column in zip(opened.stored, opened.table.columns, strict=True):
        if sql.ident(name) != identifier or names.count(name) > 1:
            raise NotEvaluable(
                f'the column "{column.footer or column.name}" cannot be written under its name: '
                "it has none, or another column has the same but for upper and lower case"
            )
    marks = tuple(_marks([planned for planned in checks if about_rows(planned)], outcomes))
    rows = tuple(file.rows or 0 for file in opened.files)
    if marks and sum(rows) > MOST_PLACES:
        raise NotEvaluable(f"it has more than {MOST_PLACES:,} rows, of which some fail")
    if marks and NAMES & {name.casefold() for name in (*names, *(column.name for column in opened.table.columns))}:
        raise NotEvaluable(f"it has a column called {' or '.join(sorted(NAMES))}, so that the order of its rows cannot be read")
    return Rows(opened.table, opened.relation, opened.stored, rows, marks)


def _marks(checks: Sequence[Planned], outcomes: Mapping[str, Outcome]) -> Iterator[Mark]:
    failed = [planned for planned in checks if outcomes[planned.check.id].status == "fail"]
    for place, planned in enumerate(failed, 1):
        found, bits = outcomes[planned.check.id], f"dq:rows {place}"
        count, violation = found.unexpected_count or 0, planned.metrics["unexpected"]
        if not isinstance(violation, Count):
            yield Mark(found.check, count, bits=bits, key=unexpected.repeated_key(planned.check.expectation, planned.scope))
        elif violation.relation == EXTRACT and sql.read_by(violation.reads()) is not None:
            yield Mark(found.check, count, violation.reads())
        else:
            yield Mark(found.check, count, bits=bits, rows=unexpected.breaking(violation))


def unmarked(checks: Sequence[Planned], outcomes: Mapping[str, Outcome]) -> tuple[str, ...]:
    """The ids of failed checks that are about no single row."""
    ids = [planned.check.id for planned in checks if not about_rows(planned)]
    return tuple(check for check in ids if outcomes[check].status == "fail")


def kept(mark: Mark, found: Sequence[str], rows: int) -> Iterator[str]:
    """The statements that keep which rows a mark finds: ``found`` is SQL of them, in one or several portions."""
    for place, portion in enumerate(found):
        before = f" | getvariable({sql.text(mark.bits)})" if place else ""
        yield _kept(mark.bits, "dq_row", portion, rows, before)


def _kept(name: str, places: str, rows_found: str, rows: int, before: str = "") -> str:
    bits = f"coalesce(bitstring_agg({places}, 0, {rows - 1}), bitstring('0', {rows}))"
    return f"SET VARIABLE {sql.ident(name)} = (SELECT {bits}{before}\nFROM {rows_found})"


def marked(rows: Rows) -> str:
    """The statement that keeps which rows any mark finds."""
    inner = f"SELECT {lines([*map(as_read, rows.table.columns), _place(rows)])}\nFROM {rows.relation}"
    any_of = " OR ".join(_found(mark, rows.place) for mark in rows.marks)
    return _kept(FAILING, rows.place, f"({inner}) AS {EXTRACT}\nWHERE {any_of}", rows.table.rows)


def passing(rows: Rows, path: str) -> str:
    """The statement that writes the rows that no mark finds. Without a join, which would lose their order."""
    columns = [stored for _, stored in rows.stored]
    if not rows.marks:
        return _copied(f"SELECT {lines(columns)}\nFROM {rows.relation}", path)
    inner = f"SELECT {lines([*columns, _place(rows)])}\nFROM {rows.relation}"
    return _copied(f"SELECT {lines(columns)}\nFROM ({inner})\nWHERE {_bit(FAILING, rows.place)} = 0", path)


def failing(rows: Rows, path: str) -> str:
    """The statement that writes the rows that a mark finds, with the ids of their checks. DuckDB may join where it finds them."""
    ids_column = sql.ident(rows.ids_column)
    if not rows.marks:
        stored = lines([*(stored for _, stored in rows.stored), f"CAST([] AS VARCHAR[]) AS {ids_column}"])
        return _copied(f"SELECT {stored}\nFROM {rows.relation}\nWHERE FALSE", path)
    prefix, read, own = rows.prefix, [], []
    for place, ((_, stored), column) in enumerate(zip(rows.stored, rows.table.columns, strict=True)):
        read.append(as_read(column))
        if read[-1] == stored:
            own.append(stored)
        else:
            read.append(f"{stored} AS {sql.ident(f'{prefix}{place}')}")
            own.append(f"{sql.ident(f'{prefix}{place}')} AS {stored}")
    each = ", ".join(f"CASE WHEN {_found(mark, rows.place)} THEN {sql.text(mark.check)} END" for mark in rows.marks)
    ids = f"CAST(list_filter([{each}], lambda id: id IS NOT NULL) AS VARCHAR[]) AS {ids_column}"
    inner = f"SELECT {lines([*read, _place(rows)])}\nFROM {rows.relation}"
    where = f"WHERE {_bit(FAILING, rows.place)} = 1\nORDER BY {rows.place}"
    return _copied(f"SELECT {lines([*own, ids])}\nFROM ({inner}) AS {EXTRACT}\n{where}", path)


def _place(rows: Rows) -> str:
    return f"CAST({place_of_row(rows.files)} AS INTEGER) AS {rows.place}"


def _found(mark: Mark, place: str) -> str:
    return f"({mark.predicate})" if mark.predicate else f"({_bit(mark.bits, place)} = 1)"


def _bit(name: str, place: str) -> str:
    return f"get_bit(getvariable({sql.text(name)}), {place})"


def _copied(select: str, path: str) -> str:
    return f"COPY (\n{select}\n) TO {sql.text(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"


def shape(relation: str) -> str:
    """The query that gives names and types of what a relation has."""
    return f"DESCRIBE SELECT * FROM {relation}"


def written(path: str) -> str:
    """SQL of the relation of rows that were written."""
    return f"read_parquet({sql.text(path)}, hive_partitioning = false)"


def tallies(rows: Rows, path: str) -> str:
    """The query that gives how many of the failing rows that were written name each check."""
    return f"SELECT id, count(*) FROM (SELECT unnest({sql.ident(rows.ids_column)}) AS id FROM {written(path)}) GROUP BY id"


Ask = Callable[[str], list[list[Any]]]
"""Puts a query to the worker, and gives its rows."""


def readable_as_they_are(opened: Opened, ask: Ask) -> None:
    """Raises :class:`NotEvaluable` if DuckDB reads something else than what stands in the files."""
    plain = read_parquet(opened.paths, partitioned=False)
    if plain != opened.relation:
        own = {name.casefold() for name, *_ in ask(shape(plain))}
        keys = {part.partition("=")[0] for path in opened.paths for part in Path(path).parent.parts if "=" in part}
        for key in sorted(keys):
            if key.casefold() in own:
                raise NotEvaluable(f'"{key}" is a column of its files and a key of their folders, too')
    listed = ", ".join(map(sql.text, opened.paths))
    for (name,) in ask(f"SELECT name FROM parquet_schema([{listed}]) WHERE precision > {sql.MOST_DIGITS} LIMIT 1"):
        raise NotEvaluable(f'the decimals of "{name}" have more than {sql.MOST_DIGITS} digits, which DuckDB rounds')


def verify(rows: Rows, ask: Ask, files: tuple[str, str], counts: tuple[int, int]) -> None:
    """Holds what was written against the extract: names, types, the number of rows, and for each check that of its failing rows.

    ``files`` are those of passing and of failing rows, ``counts`` what DuckDB says that it wrote. Raises :class:`NotEvaluable`.
    """
    own = [line[:2] for line in ask(shape(rows.relation))]
    for path, further in zip(files, ([], [[rows.ids_column, "VARCHAR[]"]]), strict=True):
        found = [line[:2] for line in ask(shape(written(path)))]
        for name, kind in (column for column in [*own, *further] if column not in found):
            raise NotEvaluable(f'the column "{name}" of type {kind} cannot be written as it is')
    there = [ask(f"SELECT count(*) FROM {written(path)}")[0][0] for path in files]
    if there != list(counts) or sum(counts) != rows.table.rows:
        told = f"{counts[0]:,} passing and {counts[1]:,} failing rows of {rows.table.rows:,}"
        raise NotEvaluable(f"{told} were written, which do not add up: please report it")
    named = {str(check): int(count) for check, count in ask(tallies(rows, files[1]))}
    if named != {mark.check: mark.count for mark in rows.marks}:
        raise NotEvaluable("there are not as many failing rows as were counted for a check: please report it")
