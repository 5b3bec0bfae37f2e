"""Opening an extract and the others that it is held against: what their footers say, and the views that queries read.

Asks the worker; reads no row.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import compile as phrase
from dq_engine import privacy
from dq_engine.catalog.types import kind_of
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract, Origin, Other, located, readable
from dq_engine.model import EXTRACT, ORDERED, Column, Feed, FieldType, File, OtherExtract, Table
from dq_engine.sql import ident
from dq_engine.versions import Changed, Version, settled, version

Ask = Callable[[dict[str, Any]], dict[str, Any]]
"""Puts a request to the worker and gives its answer. Raises :class:`dq_engine.errors.WorkerError`."""


MOST_PATTERNS = 100
"""More patterns than this for the files of one extract are not worth looking them all up."""


class Opened(Struct, frozen=True):
    """An extract that is open in the worker.

    ``table`` are its columns, ``others`` the other extracts by name (or why there is none), ``paths`` and ``other_paths`` the
    files as queries spell them, ``files`` and ``other_files`` the files as they were, ``views`` what makes the views, ``ordered``
    the one in which rows know their place ("" where names of columns leave no room for it); ``shared_views`` what makes them
    elsewhere, by name. ``versions`` are the files of all of them as they were: nothing may have happened to them since.
    ``relation`` is the SQL that reads the files as they are, and ``stored`` the columns there: their names in the files (of
    partitions: in the paths), and the identifiers that reach them.
    """

    table: Table
    others: dict[str, Table | str]
    paths: list[str]
    other_paths: list[str]
    files: tuple[File, ...]
    other_files: tuple[OtherExtract, ...]
    views: tuple[str, ...]
    ordered: str = ""
    shared_views: Mapping[str, str] = {}
    versions: tuple[Version, ...] = ()
    relation: str = ""
    stored: tuple[tuple[str, str], ...] = ()


def open_extract(
    ask: Ask,
    extract: Extract,
    wanted: Sequence[str],
    directory: Path,
    settings: dict[str, Any],
    *,
    show: bool,
    written: Sequence[str] = (),
    verify: bool = False,
    in_order: bool = False,
) -> Opened:
    """Opens an extract and those of its others that are ``wanted``.

    ``show`` is as ``--show-values``, ``verify`` as ``--verify-statistics``, which the configuration may ask for, too.
    ``directory`` holds links to files whose names DuckDB would misread; ``written`` are the only files that queries may write,
    with ``in_order`` in the order in which rows are read. Raises :class:`dq_engine.errors.WorkerError` and OSError
    if the extract cannot be read, :class:`UsageError` if its columns cannot be called as the configuration says.
    """
    versions = [settled(path) for path in extract.files]
    files = tuple(map(file_of, versions))
    paths = readable(extract.files, directory)
    relation = phrase.read_parquet(paths, partitioned=extract.partitioned)
    others = [other for other in extract.others if other.name in wanted]
    troubles: dict[str, Table | str] = {other.name: other.problem for other in others if other.problem}
    asked: dict[str, Any] = {}
    known: dict[str, OtherExtract] = {}
    for other in others:
        if other.problem:
            continue
        try:
            there = [settled(path) for path in other.files]
            known[other.name] = OtherExtract(other.name, tuple(map(file_of, there)))
            versions += there
        except OSError as error:
            troubles[other.name] = f'the extract "{other.name}" cannot be read: {(error.strerror or "unknown reason").lower()}'
            continue
        listed = readable(other.files, directory, f"other{len(asked)}-")
        asked[other.name] = {"files": listed, "relation": phrase.read_parquet(listed, partitioned=other.partitioned)}
    verify = verify or extract.verify_statistics or any(other.verify_statistics for other in others if other.name in asked)
    described = ask(
        {
            "op": "open",
            "files": paths,
            "settings": settings,
            "relation": relation,
            "others": asked,
            "written": list(written),
            "verify": verify,
            "in_order": in_order,
        }
    )
    table = _table(described, extract.suite.feed, extract, show=show, trusting=not verify)
    views = [phrase.view(table, paths, partitioned=extract.partitioned)]
    own = as_shared(extract.files, 1, extract.origins)
    shared = {table.view: phrase.view(table, own, partitioned=extract.partitioned)}
    place = len(paths) + 1
    tables: dict[str, Table | str] = dict(troubles)
    for other in others:
        if other.name not in asked:
            continue
        tables[other.name] = found = _other_table(described["others"][other.name], other, show=show, trusting=not verify)
        if isinstance(found, Table):
            views.append(phrase.view(found, asked[other.name]["files"], partitioned=other.partitioned))
            shared[found.view] = phrase.view(found, as_shared(other.files, place, other.origins), partitioned=other.partitioned)
        place += len(other.files)
    rows, ordered = described["rows"], ""
    if not phrase.ROW_NAMES & {column.sql.casefold() for column in table.columns}:
        ordered = phrase.ordered_view(table, paths, rows, partitioned=extract.partitioned)
        shared[ORDERED] = phrase.ordered_view(table, own, rows, partitioned=extract.partitioned)
    counted = zip(files, rows, strict=True)
    files = tuple(msgspec.structs.replace(file, rows=rows) for file, rows in counted)
    other_paths = [path for other in asked.values() for path in other["files"]]
    return Opened(
        table,
        tables,
        paths,
        other_paths,
        files,
        tuple(known.values()),
        tuple(views),
        ordered,
        shared,
        tuple(versions),
        relation,
        tuple((name, ident(sql_name)) for name, sql_name, *_ in described["columns"]),
    )


def as_shared(files: Sequence[Path], first: int, origins: Sequence[Origin | None] = ()) -> list[str]:
    """The files as SQL elsewhere can name them: by paths, or by patterns without what :func:`privacy.shown` leaves out.

    Patterns stand for files only if they find these and no others. Files that cannot be named are "file 1" and so on, counted
    from ``first``, as in the queries that are stored.
    """
    named = located(files, origins)
    if all(path.isprintable() for path in named):
        if all(privacy.shown(path) == path for path in named):
            return [glob.escape(path) for path in named]
        folders = [f"{privacy.pattern(path.rpartition('/')[0])}/*{privacy.pattern(Path(path).suffix)}" for path in named]
        for patterns in (list(dict.fromkeys(folders)), list(dict.fromkeys(map(privacy.pattern, named)))):
            if len(patterns) <= MOST_PATTERNS and sorted(_matching(patterns, files, origins)) == sorted(named):
                return patterns
    return [f"file {place}" for place in range(first, first + len(files))]


def _matching(patterns: Sequence[str], files: Sequence[Path], origins: Sequence[Origin | None]) -> list[str]:
    """What patterns find, as DuckDB does; elsewhere only if all that is there has an entry in the folder of these ``files``."""
    start = there = ""
    if any(origins):
        first = next(origin for origin in origins if origin is not None)
        scheme, _, path = first.url.partition("://")
        start, there = f"{scheme}://", str(files[0]).removesuffix(path)
        if None in origins or not first.listed or not all(one.startswith(glob.escape(first.listed)) for one in patterns):
            return []
    local = [glob.escape(there) + pattern.removeprefix(start) for pattern in patterns]
    found = [path for pattern in local for path in glob.glob(pattern, include_hidden=True)]  # noqa: PTH207  as DuckDB does
    return [start + path.removeprefix(there) for path in found]


def file_of(version: Version) -> File:
    """The file of a version, as it is recorded."""
    return File(version.path, version.state.bytes, version.state.modified_ns)


def told(file: File, origin: Origin | None) -> File:
    """The file as a run tells of it: by where it came from, and without what :func:`privacy.shown` leaves out."""
    if origin is None:
        return msgspec.structs.replace(file, path=privacy.shown(file.path))
    return msgspec.structs.replace(file, path=privacy.shown(origin.url), etag=origin.etag, version=origin.version)


def unchanged(opened: Opened) -> None:
    """Raises :class:`Changed` if a file is not what it was, OSError if one is gone."""
    if any(version(Path(then.path)) != then for then in opened.versions):
        raise Changed


def _table(
    described: Mapping[str, Any], feed: Feed, source: Extract | Other, *, show: bool, trusting: bool, view: str = EXTRACT
) -> Table:
    names = source.columns
    columns = [_column(*column) for column in described["columns"]]
    there = {column.name for column in columns}
    for name in names:
        if name not in there:
            raise UsageError(f'dq.toml calls the column "{name}" "{names[name]}", but the extract has no such column')
    renamed = [_called(column, names[column.name]) if column.name in names else column for column in columns]
    taken = [column.sql.casefold() for column in renamed]
    for column in renamed:
        if column.stored and taken.count(column.sql.casefold()) > 1:
            raise UsageError(f'dq.toml calls the column "{column.footer}" "{column.name}", but that name is taken')
    for name in source.types:
        if name not in {column.name for column in renamed}:
            raise UsageError(f'dq.toml says as what type the column "{name}" is read, but the extract has no such column')
    renamed = [_read_as(column, source.types[column.name]) if column.name in source.types else column for column in renamed]
    if not trusting:
        renamed = [msgspec.structs.replace(column, bounded=False) for column in renamed]
    shown = tuple(privacy.disclose(column, feed, show_values=show) for column in renamed)
    return Table(shown, sum(described["rows"]), view, trusting)


def _other_table(described: Mapping[str, Any], other: Other, *, show: bool, trusting: bool) -> Table | str:
    if "trouble" in described:
        return f'the extract "{other.name}", {privacy.shown(other.files[described["place"]].name)}, {described["trouble"]}'
    try:
        return _table(described, other.feed, other, show=show, trusting=trusting, view=ident(other.name))
    except UsageError as error:
        return f'the extract "{other.name}": {error}'


def _column(name: str, sql_name: str, type_name: str, nulls: int | None, width: float | None) -> Column:
    kind = kind_of(type_name)
    return Column(name, ident(sql_name), type_name, kind, None if kind in ("float", "nested") else nulls, width=width)


def _called(column: Column, name: str) -> Column:
    return msgspec.structs.replace(column, name=name, sql=ident(name), stored=column.sql, footer=column.name)


READ_AS: dict[FieldType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(38, 9)",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def _read_as(column: Column, wanted: FieldType) -> Column:
    """The column with its values read as another type; one that cannot be read makes the checks of the column errors."""
    name = READ_AS[wanted]
    if name == column.type:
        return column
    stored = f"CAST({column.stored or column.sql} AS {name})"
    footer = column.footer or column.name
    return msgspec.structs.replace(column, type=name, kind=kind_of(name), stored=stored, footer=footer, bounded=False)
