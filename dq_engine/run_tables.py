"""The Parquet files of a run: measures of checks, measures of fields, and what registers say of organisations.

They are written by way of small text files, which the writer joins: descriptions as JSON, which holds any text, and counts, of
which there are many, as CSV of whole numbers. Where there are very many, texts that recur become an ENUM first: Parquet then
takes them from a list, and does not look for each of millions whether it has been seen.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from dq_engine.errors import StoreError, WorkerDied, WorkerError
from dq_engine.model import ExtractRun, FieldMeasure, Measure, Organisation, Outcome, Run
from dq_engine.sql import ident, text

MEASURES, FIELDS, ORGANISATIONS = "measures.parquet", "fields.parquet", "organisations.parquet"
TABLES = (MEASURES, FIELDS, ORGANISATIONS)

Columns = Mapping[str, str]
"""Names of columns and DuckDB's types of them, in order."""
EXTRACT: Columns = dict.fromkeys(("run", "started", "extract", "feed", "level", "source", "purpose"), "VARCHAR")
CHECK: Columns = {
    **EXTRACT,
    **dict.fromkeys(("check", "expectation", "columns", "dimension", "kahn", "severity"), "VARCHAR"),
    "weight": "DOUBLE",
    "unit": "VARCHAR",
}
FIELD: Columns = {**EXTRACT, "column": "VARCHAR", "item": "VARCHAR", "tolerance": "DOUBLE"}
PLACE: Columns = {"place": "INTEGER", "thing": "INTEGER"}
GROUP: Columns = {"organisation": "VARCHAR", "period": "VARCHAR"}
COUNTED: Columns = dict.fromkeys(("element_count", "missing_count", "unexpected_count"), "BIGINT")
CLASSES: Columns = dict.fromkeys(("records", "valid", "other", "default", "invalid", "missing"), "BIGINT")
ORGANISATION: Columns = dict.fromkeys(("run", "code", "level", "parent", "region", "kind"), "VARCHAR")
AS_CSV = (
    *("run", "extract", "feed", "check", "severity", "dimension", "organisation", "period", "unit"),
    *COUNTED,
    "denominator",
)
"""The columns of measures as CSV."""
FOREIGN = ("extract", "check", "organisation")
"""Those of them whose texts somebody else chose."""


class Worker(Protocol):
    """What reads and writes Parquet: the worker process."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carries out one request."""


class CountFiles(Struct, frozen=True):
    """Where the counts by organisation and period of one extract are, of its checks and of its fields: Parquet files.

    They have a row for each group, and in it a list ``counts`` with an entry for each check or field: that is ``thing``, its
    place in the record of the extract. Without such counts there is no file.
    """

    measures: Path
    fields: Path


def count_files(folder: Path, place: int) -> CountFiles:
    """The files of the extract at that place of the run."""
    return CountFiles(folder / f"{place}-{MEASURES}", folder / f"{place}-{FIELDS}")


def by_group(extract: ExtractRun, files: CountFiles, worker: Worker) -> tuple[list[Measure], list[FieldMeasure]]:
    """The counts by organisation and period of an extract as values, from the files that the worker has written of it.

    Its connection to the extract may read them. Where it cannot any more, they are opened. Raises :class:`WorkerError`.
    """
    there = [path for path in (files.measures, files.fields) if path.exists()]
    if not there:
        return [], []
    try:
        measured, classed = _counts(files.measures, COUNTED, worker), _counts(files.fields, CLASSES, worker)
    except WorkerError:
        first, *others = there
        asked = {f"{place}": {"files": [str(path)], "relation": parquet(path)} for place, path in enumerate(others)}
        opened = {"op": "open", "files": [str(first)], "relation": parquet(first), "settings": {}, "others": asked, "written": []}
        worker.ask(opened)
        measured, classed = _counts(files.measures, COUNTED, worker), _counts(files.fields, CLASSES, worker)
    measures = [
        Measure(extract.name, extract.outcomes[thing].check, organisation, element, missing, unexpected, period)
        for thing, organisation, period, element, missing, unexpected in measured
    ]
    fields = [
        FieldMeasure(extract.name, extract.fields[thing].column, organisation, period, *numbers)
        for thing, organisation, period, *numbers in classed
    ]
    return measures, fields


def organisations(directory: Path, worker: Worker) -> list[Organisation]:
    """What the registers of a stored run say. Raises :class:`dq_engine.errors.WorkerError`."""
    columns = [name for name in ORGANISATION if name != "run"]
    path = directory.resolve() / ORGANISATIONS
    return [
        Organisation(*row)
        for row in rows(path, f"SELECT {', '.join(map(ident, columns))} FROM {parquet(path)} ORDER BY ALL", worker)
    ]


def open_stored(directory: Path, written: Sequence[Path], worker: Worker) -> None:
    """Opens the files of a stored run for what follows, which may write the files ``written`` and no others.

    Raises :class:`dq_engine.errors.WorkerError`.
    """
    measures, *others = (directory.resolve() / name for name in TABLES)
    request = {
        "op": "open",
        "files": [str(measures)],
        "relation": parquet(measures),
        "settings": {},
        "others": {path.stem: {"files": [str(path)], "relation": parquet(path)} for path in others},
        "written": [str(path) for path in written],
    }
    worker.ask(request)


def copied(directory: Path, extract: ExtractRun, files: CountFiles, worker: Worker) -> list[FieldMeasure]:
    """Writes the counts by organisation and period of an extract of a stored run, which is open, into ``files``.

    Gives the classes of its fields over the whole extract. Raises :class:`dq_engine.errors.WorkerError`.
    """
    checks = {outcome.check: thing for thing, outcome in enumerate(extract.outcomes)}
    fields = {field.column: thing for thing, field in enumerate(extract.fields)}
    measured, classed = directory.resolve() / MEASURES, directory.resolve() / FIELDS
    _copy(measured, extract.name, "check", checks, COUNTED, files.measures, worker)
    _copy(classed, extract.name, "column", fields, CLASSES, files.fields, worker)
    totals = (
        f'SELECT "column", {", ".join(map(ident, CLASSES))} FROM {parquet(classed)} '
        f"WHERE extract = {text(extract.name)} AND organisation IS NULL"
    )
    found = {column: numbers for column, *numbers in worker.ask({"op": "query", "sql": totals})["rows"]}
    return [FieldMeasure(extract.name, column, None, None, *found[column]) for column in fields if column in found]


def _copy(
    stored: Path, extract: str, named: str, things: Mapping[str, int], counted_by: Columns, path: Path, worker: Worker
) -> None:
    """Writes a file of counts from a file of a stored run: row by row, so that nothing needs to be held at once."""
    numbers = ", ".join(f"{text(name)}: {ident(name)}" for name in counted_by)
    places = ", ".join(f"({text(name)}, {thing})" for name, thing in things.items())
    of_groups = f"FROM {parquet(stored)} WHERE extract = {text(extract)} AND organisation IS NOT NULL"
    if not things or not worker.ask({"op": "query", "sql": f"SELECT count(*) {of_groups}"})["rows"][0][0]:
        return
    select = (
        f"SELECT organisation, period, [{{'thing': thing, {numbers}}}] AS counts "
        f"FROM (SELECT * {of_groups}) JOIN (VALUES {places}) t(name, thing) ON {ident(named)} = name"
    )
    options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480, USE_TMP_FILE false"
    worker.ask({"op": "query", "sql": f"COPY ({select}) TO {text(str(path))} ({options})"})


def registered(directory: Path, before: int, count: int, worker: Worker) -> list[Organisation]:
    """``count`` organisations of a stored run, which is open, after the first ``before``: registers follow one another.

    Raises :class:`dq_engine.errors.WorkerError`.
    """
    columns = ", ".join(ident(name) for name in ORGANISATION if name != "run")
    relation = f"read_parquet({text(str(directory.resolve() / ORGANISATIONS))}, file_row_number = true)"
    where = f"file_row_number >= {before} AND file_row_number < {before + count}"
    select = f"SELECT {columns} FROM {relation} WHERE {where} ORDER BY file_row_number"
    return [Organisation(*row) for row in worker.ask({"op": "query", "sql": select})["rows"]]


def _counts(path: Path, counted_by: Columns, worker: Worker) -> list[list[Any]]:
    """The counts in a file that is open, or none if it is not there."""
    if not path.exists():
        return []
    found: list[list[Any]] = worker.ask({"op": "query", "sql": f"{_one_by_one(path, counted_by)} ORDER BY ALL"})["rows"]
    return found


def rows(path: Path, select: str, worker: Worker) -> list[list[Any]]:
    """What a SELECT over a file of a run gives; nothing if it is not there. Raises :class:`dq_engine.errors.WorkerError`."""
    if not path.exists():
        return []
    opened = {"op": "open", "files": [str(path)], "relation": parquet(path), "settings": {}, "others": {}, "written": []}
    worker.ask(opened)
    found: list[list[Any]] = worker.ask({"op": "query", "sql": select})["rows"]
    return found


def parquet(path: Path) -> str:
    """SQL of the relation over a file of a run."""
    return f"read_parquet({text(str(path))})"


def _one_by_one(path: Path, counted_by: Columns) -> str:
    """The SELECT that gives a file of counts with a row for each check or field and group."""
    numbers = ", ".join(f"counted.{ident(name)}" for name in counted_by)
    groups = f"SELECT organisation, period, unnest(counts) AS counted FROM {parquet(path)}"
    return f"SELECT counted.thing, organisation, period, {numbers} FROM ({groups})"


def write(run: Run, folder: Path, worker: Worker, counts: Path | None = None) -> None:
    """Writes the files of ``run`` into ``folder``; ``counts`` is the folder of its counts that are not values of the run.

    Raises OSError and :class:`dq_engine.errors.WorkerError`.
    """
    parts = folder / "parts"
    parts.mkdir()
    checks: dict[tuple[str, str], Mapping[str, Any]] = {}
    fields: dict[tuple[str, str], Mapping[str, Any]] = {}
    counted: list[Path] = []
    classed: list[Path] = []
    for place, extract in enumerate(run.extracts):
        shared = _extract(run, extract)
        for thing, outcome in enumerate(extract.outcomes):
            checks[extract.name, outcome.check] = {"place": place, "thing": thing, **shared, **_check(outcome)}
        for thing, field in enumerate(extract.fields):
            own = {"column": field.column, "item": field.item, "tolerance": field.tolerance}
            fields[extract.name, field.column] = {"place": place, "thing": thing, **shared, **own}
        if counts is not None:
            files = count_files(counts, place)
            counted += _taken(files.measures, parts)
            classed += _taken(files.fields, parts)
    measured = (
        ((m.extract, m.check), (m.organisation, m.period), (m.element_count, m.missing_count, m.unexpected_count))
        for m in run.measures
    )
    put = (
        ((m.extract, m.column), (m.organisation, m.period), (m.records, m.valid, m.other, m.default, m.invalid, m.missing))
        for m in run.fields
    )
    denominator = 'n.element_count - n.missing_count AS "denominator"'
    statements = [
        *_counts_file(folder / MEASURES, parts, CHECK, checks, COUNTED, measured, counted, denominator),
        *_counts_file(folder / FIELDS, parts, FIELD, fields, CLASSES, put, classed),
    ]
    lines = parts / "organisations.json"
    _json_lines(lines, ({"run": run.id, **msgspec.structs.asdict(organisation)} for organisation in run.organisations))
    statements.append(_to(folder / ORGANISATIONS, f"SELECT * FROM {_read_lines(lines, ORGANISATION)}"))
    request = {"op": "write", "directory": str(folder), "statements": statements}
    try:
        worker.ask(request)
    except WorkerDied:
        worker.ask(request)  # of another worker: what was found out is not lost with the first
    shutil.rmtree(parts)


def written(run: Run, worker: Worker, counts: Path) -> Path:
    """The files of a run that is not stored, in a folder below ``counts``, of which the counts are taken.

    Raises :class:`dq_engine.errors.StoreError`.
    """
    folder = counts.resolve() / "tables"
    try:
        folder.mkdir()
        write(run, folder, worker, counts)
    except (OSError, WorkerError) as error:
        raise StoreError(f"the counts could not be written: {error.strerror if isinstance(error, OSError) else error}") from None
    return folder


def write_csv(directory: Path, file: Path, worker: Worker) -> None:
    """Writes the measures of a run in ``directory`` to a CSV file: UTF-8, commas, a header; what is not known is empty.

    No text in it is a formula to a spreadsheet, and none steers a terminal. There may be millions of rows, which are not sorted:
    that would take a gigabyte. Raises :class:`dq_engine.errors.StoreError`.
    """
    path = directory.resolve() / MEASURES
    columns = ", ".join(f"{_safe(name) if name in FOREIGN else ident(name)} AS {ident(name)}" for name in AS_CSV)
    opened = {"op": "open", "files": [str(path)], "relation": parquet(path), "settings": {}, "others": {}, "written": [str(file)]}
    select = f"SELECT {columns} FROM {parquet(path)}"
    try:
        worker.ask(opened)
        worker.ask({"op": "query", "sql": f"COPY ({select}) TO {text(str(file))} (FORMAT csv, HEADER, USE_TMP_FILE false)"})
    except WorkerError as error:
        raise StoreError(f"the counts could not be written as CSV: {error}") from None


def _safe(column: str) -> str:
    """SQL of the texts of a column, without what steers a terminal, and with an apostrophe before what would be a formula."""
    name, steering = ident(column), "[\\p{C}\\p{Zl}\\p{Zp}]"
    plain = f"regexp_replace({name}, '{steering}', '\ufffd', 'g')"
    marked = f"CASE WHEN regexp_matches({plain}, '^[\\s\ufffd]*[=+@-]') THEN '''' || {plain} ELSE {plain} END"
    return f"CASE WHEN regexp_matches({name}, '{steering}|^\\s*[=+@-]') THEN {marked} ELSE {name}::VARCHAR END"


def _taken(file: Path, folder: Path) -> list[Path]:
    """A file of counts, moved to where it can be read together with what is written there; none if there is no such file."""
    return [Path(shutil.move(file, folder))] if file.exists() else []


def _extract(run: Run, extract: ExtractRun) -> dict[str, Any]:
    return {
        "run": run.id,
        "started": run.started,
        "extract": extract.name,
        "feed": extract.feed,
        "level": extract.level,
        "source": extract.source,
        "purpose": extract.purpose,
    }


def _check(outcome: Outcome) -> dict[str, Any]:
    return {
        "check": outcome.check,
        "expectation": outcome.expectation,
        "columns": ", ".join(_columns(outcome.kwargs)),
        "dimension": outcome.dimension,
        "kahn": outcome.kahn,
        "severity": outcome.severity,
        "weight": outcome.weight,
        "unit": outcome.unit,
    }


def _columns(kwargs: dict[str, Any]) -> Iterable[str]:
    for name in ("column", "column_A", "column_B"):
        if isinstance(kwargs.get(name), str):
            yield kwargs[name]
    if isinstance(kwargs.get("column_list"), list):
        yield from map(str, kwargs["column_list"])


def _counts_file(
    path: Path,
    parts: Path,
    described_by: Columns,
    things: Mapping[tuple[str, str], Mapping[str, Any]],
    counted_by: Columns,
    rows: Iterable[tuple[tuple[str, str], tuple[str | None, str | None], Sequence[int]]],
    files: Sequence[Path],
    *further: str,
) -> list[str]:
    """The statements that write one file: what is counted, for which organisation and period, and the counts.

    These are ``rows``, which are written into the folder ``parts``, and those of ``files``.
    """
    groups: dict[tuple[str | None, str | None], int] = {}
    described, grouped, counts = (parts / f"{path.stem}.{ending}" for ending in ("things.json", "groups.json", "csv"))
    with counts.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            (things[key]["place"], things[key]["thing"], groups.setdefault(group, len(groups)), *numbers)
            for key, group, numbers in rows
        )
    _json_lines(described, things.values())
    _json_lines(grouped, ({"group": n, "organisation": o, "period": p} for (o, p), n in groups.items()))
    columns = {**PLACE, "group": "INTEGER", **counted_by}
    read = f"read_csv({text(str(counts))}, header = false, auto_detect = false, delim = ',', columns = {_struct(columns)})"
    numbers = ", ".join(map(ident, counted_by))
    selects = [
        f"SELECT place, thing, organisation, period, {numbers} FROM {read} "
        f'JOIN {_read_lines(grouped, {"group": "INTEGER", **GROUP})} USING ("group")'
    ]
    selects += [f"SELECT {part.name.partition('-')[0]} AS place, * FROM ({_one_by_one(part, counted_by)})" for part in files]
    table = ident(path.stem)
    recurring = [name for name, kind in described_by.items() if kind == "VARCHAR" and name != "started"] if files else []
    kinds = {**{name: ident(f"{path.stem} {name}") for name in recurring}, "started": "TIMESTAMPTZ"}
    named = ", ".join(f"CAST({ident(n)} AS {kinds.get(n, kind)}) AS {ident(n)}" for n, kind in {**PLACE, **described_by}.items())
    chosen = [*(f"t.{ident(n)}" for n in described_by), *(f"n.{ident(n)}" for n in (*GROUP, *counted_by)), *further]
    union = "\nUNION ALL ".join(selects)
    return [
        f"CREATE TEMP TABLE {table} AS SELECT * FROM {_read_lines(described, {**PLACE, **described_by})}",
        *(
            f"CREATE TYPE {kinds[n]} AS ENUM (SELECT DISTINCT {ident(n)} FROM {table} WHERE {ident(n)} IS NOT NULL)"
            for n in recurring
        ),
        _to(path, f"SELECT {', '.join(chosen)} FROM ({union}) n JOIN (SELECT {named} FROM {table}) t USING (place, thing)"),
    ]


def _json_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def _read_lines(path: Path, columns: Columns) -> str:
    return f"read_json({text(str(path))}, format = 'newline_delimited', columns = {_struct(columns)})"


def _struct(columns: Columns) -> str:
    return "{" + ", ".join(f"{text(name)}: {text(kind)}" for name, kind in columns.items()) + "}"


def _to(path: Path, select: str) -> str:
    return f"COPY ({select}) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)"
