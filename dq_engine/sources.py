"""Files -> a DuckDB relation in a connection that can read these files and do nothing else.

Runs in the worker process. With :mod:`dq_engine.worker` the only importer of duckdb.
"""

from __future__ import annotations

import re
from typing import Any

import duckdb

from dq_engine.sql import ident, text


class Unreadable(Exception):
    """The files are no extract that can be read; the message is for people, ``place`` says which file it is about."""

    def __init__(self, message: str, place: int) -> None:
        self.place = place
        super().__init__(message)


def connect(files: list[str], settings: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """A connection in memory that may read ``files``, has no other access to the outside, and cannot be set otherwise.

    ``settings``: ``threads``, ``memory_limit`` and ``temp_directory`` of DuckDB, each optional.
    """
    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    for name, value in settings.items():
        connection.execute(f"SET {ident(name)} = {text(str(value))}")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET allow_persistent_secrets = false")
    connection.execute(f"SET allowed_paths = [{', '.join(map(text, files))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def describe(connection: duckdb.DuckDBPyConnection, files: list[str], relation: str) -> dict[str, Any]:
    """What the footers say: ``columns`` (name in the file, name in SQL, type, NULLs or None) and ``rows`` of each file.

    ``relation`` is the SQL that reads the files. Raises :class:`Unreadable` if the files do not have one shape.
    """
    listed = f"[{', '.join(map(text, files))}]"
    rows = dict(connection.execute(f"SELECT file_name, num_rows FROM parquet_file_metadata({listed})").fetchall())
    shapes = _shapes(connection, listed)
    first = files[0]
    for place, file in enumerate(files):
        if shapes[file] != shapes[first]:
            raise Unreadable(_difference(shapes[first], shapes[file]), place)
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    nulls = dict(
        connection.execute(
            "SELECT path_in_schema, CASE WHEN count(stats_null_count) = count(*) THEN sum(stats_null_count) END "
            f"FROM parquet_metadata({listed}) WHERE row_group_num_rows > 0 GROUP BY ALL HAVING count(*) = "
            "(SELECT count(*) FROM (SELECT DISTINCT file_name, row_group_id "
            f"FROM parquet_metadata({listed}) WHERE row_group_num_rows > 0))"
        ).fetchall()
    )
    columns = []
    own = [name for name, _ in shapes[first]]
    for place, (sql_name, type_name, *_) in enumerate(described):
        name = own[place] if place < len(own) else sql_name
        known = nulls.get(name) if place < len(own) else None
        columns.append([name, sql_name, type_name, None if known is None else int(known)])
    return {"columns": columns, "rows": [int(rows[file]) for file in files]}


def _shapes(connection: duckdb.DuckDBPyConnection, listed: str) -> dict[str, list[tuple[str, str]]]:
    """Per file, the top-level columns with a text of their type."""
    shapes: dict[str, list[tuple[str, str]]] = {}
    left: dict[str, list[int]] = {}
    query = (
        f"SELECT file_name, name, type, num_children, coalesce(logical_type, converted_type, '') FROM parquet_schema({listed})"
    )
    for file, name, physical, children, logical in connection.execute(query).fetchall():
        if file not in shapes:
            shapes[file], left[file] = [], []
            continue
        open_groups = left[file]
        if not open_groups:
            shapes[file].append((name, f"{physical or 'group'} {logical}".strip()))
        else:
            open_groups[-1] -= 1
            shapes[file][-1] = (
                shapes[file][-1][0],
                f"{shapes[file][-1][1]}, {name} {physical or 'group'} {logical}".strip(),
            )
        while open_groups and open_groups[-1] == 0:
            open_groups.pop()
        if children:
            open_groups.append(int(children))
    return shapes


def _difference(first: list[tuple[str, str]], other: list[tuple[str, str]]) -> str:
    """How the columns of a file differ from those of the first."""
    mine, theirs = dict(first), dict(other)
    parts = []
    if absent := [name for name in mine if name not in theirs]:
        parts.append("lacks " + ", ".join(f'"{name}"' for name in absent))
    if foreign := [name for name in theirs if name not in mine]:
        parts.append("has in addition " + ", ".join(f'"{name}"' for name in foreign))
    parts += [
        f'has "{name}" as {theirs[name]}, not {mine[name]}' for name in mine if name in theirs and theirs[name] != mine[name]
    ]
    what = "; ".join(parts) or "has the same columns in another order"
    return f"{what}, unlike the first file: the files of an extract must have one shape"


_BOUND_TO_NAMES = ("BinderException", "CatalogException", "ParserException", "SyntaxException", "PermissionException")
_REASONS = {
    "OutOfMemoryException": "needs more memory than the limit allows: give more with --memory-limit",
    "ConversionException": "a value cannot be converted to the type that the rule needs",
    "OutOfRangeException": "a number becomes too large to be computed",
    "InvalidInputException": "a value is outside what the rule can compute, or a page of the file is damaged",
    "IOException": "the file cannot be read any more: it is damaged, or was changed or removed meanwhile",
    "SerializationException": "the data cannot be read: a page of the file is damaged",
    "InterruptException": "was interrupted",
    "InternalException": "DuckDB failed on this file: it may be damaged",
}


def reason(error: BaseException) -> str:
    """Why DuckDB refused, in words that hold no value of the data.

    What DuckDB says of names and SQL (binding happens before any row is read) is passed on; what it says while it reads is not.
    """
    kind = type(error).__name__
    if kind in _BOUND_TO_NAMES:
        first = str(error).splitlines()[0]
        return re.sub(r"^(Binder|Catalog|Parser|Syntax|Permission) Error:\s*", "", first)
    if kind == "IOException" and "No space left" in str(error):
        return "the disk is full"
    return _REASONS.get(kind, f"DuckDB could not evaluate it ({kind})")


def unreadable(error: duckdb.Error) -> str:
    """Why a file could not be opened as Parquet, in words."""
    said = str(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return _REASONS["OutOfMemoryException"]
    known = {
        "No magic bytes": "is not a Parquet file, or it is cut off: its end is missing",
        "too small to be a Parquet": "is not a Parquet file: it is too small to be one",
        "at least one non-root column": "has no columns",
        "No files found": "does not exist any more",
        "ncrypt": "is encrypted: dq has no key for it",
        "Could not read": "cannot be read",
        "Permission denied": "cannot be read: permission denied",
    }
    for sign, words in known.items():
        if sign in said:
            return words
    return f"cannot be read as Parquet: its footer is damaged ({type(error).__name__})"
