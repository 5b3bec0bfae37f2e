"""Files -> a DuckDB relation in a connection that can read these files and do nothing else.

Runs in the worker process. With :mod:`dq_engine.worker` the only user of DuckDB.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from dq_engine import pages
from dq_engine.database import duckdb
from dq_engine.sql import ident, text
from dq_engine.thrift import Malformed


class Unreadable(Exception):
    """The files are no extract that can be read; the message is for people, ``place`` says which file it is about."""

    def __init__(self, message: str, place: int) -> None:
        self.place = place
        super().__init__(message)


BELIEVERS = (
    "statistics_propagation",
    "filter_pushdown",
    "join_filter_pushdown",
    "top_n",
    "row_group_pruner",
    "compressed_materialization",
    "partitioned_execution",
)
"""DuckDB's optimizers that believe statistics: they answer from them, leave out row groups, or size tables by them."""


def blank() -> duckdb.DuckDBPyConnection:
    """An empty database in memory, which loads no extension."""
    return duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})


def connect(
    files: list[str],
    settings: dict[str, Any],
    *,
    trusting: bool = True,
    in_order: bool = False,
    database: duckdb.DuckDBPyConnection | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection in memory that may read ``files``, has no other access to the outside, and cannot be set otherwise.

    ``settings``: ``threads``, ``memory_limit`` and ``temp_directory`` of DuckDB, each optional. Without ``trusting`` it
    believes no statistics of the files, but for chunks that are said to be all NULL: see :func:`verified`. With ``in_order``,
    rows that are read and written again keep their order. ``database`` is one of :func:`blank` that is there already.
    """
    connection = blank() if database is None else database
    for name, value in settings.items():
        connection.execute(f"SET {ident(name)} = {text(str(value))}")
    if room := _room(settings):
        connection.execute(f"SET max_temp_directory_size = '{room}B'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET preserve_insertion_order = {str(in_order).lower()}")
    connection.execute("SET allow_persistent_secrets = false")
    if not trusting:
        connection.execute(f"SET disabled_optimizers = {text(','.join(BELIEVERS))}")
    connection.execute("SET python_enable_replacements = false")
    connection.execute(f"SET allowed_paths = [{', '.join(map(text, files))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _room(settings: dict[str, Any]) -> int:
    """Half of the bytes that are free where rows are put that do not fit into memory; 0 where that is not known."""
    folder = Path(settings.get("temp_directory", ""))
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder if folder.exists() else folder.parent).free // 2
    return 0


def describe(connection: duckdb.DuckDBPyConnection, files: list[str], relation: str) -> dict[str, Any]:
    """What the footers say: ``columns`` and ``rows`` of each file.

    Of a column: name in the file, name in SQL, type, NULLs or None, bytes of a value before compression or None.

    ``relation`` is the SQL that reads the files. Raises :class:`Unreadable` if the files do not have one shape, or a footer
    contradicts itself.
    """
    listed = f"[{', '.join(map(text, files))}]"
    rows = dict(connection.execute(f"SELECT file_name, num_rows FROM parquet_file_metadata({listed})").fetchall())
    shapes, flat = _shapes(connection, listed)
    first = files[0]
    said, summed, uneven = _chunks(connection, listed)
    for place, file in enumerate(files):
        if rows[file] != summed.get(file, 0) or rows[file] < 0:
            counts = f"{rows[file]:,} rows, and {summed.get(file, 0):,} in its row groups"
            raise Unreadable(f"has a footer that contradicts itself: it speaks of {counts}", place)
        if any(name == file and leaf in flat[file] for name, leaf in uneven):
            raise Unreadable(
                "has a footer that contradicts itself: a column has more or fewer values than a row group has rows", place
            )
        if shapes[file] != shapes[first]:
            raise Unreadable(_difference(shapes[first], shapes[file]), place)
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    columns = []
    own = [name for name, _ in shapes[first]]
    for place, (sql_name, type_name, *_) in enumerate(described):
        name = own[place] if place < len(own) else sql_name
        nulls, width = said.get(name, (None, None)) if place < len(own) else (None, None)
        believed = nulls is not None and 0 <= nulls <= sum(rows.values())  # else the footer contradicts itself
        columns.append([name, sql_name, type_name, nulls if believed else None, width])
    return {"columns": columns, "rows": [int(rows[file]) for file in files]}


def _chunks(
    connection: duckdb.DuckDBPyConnection, listed: str
) -> tuple[dict[str, tuple[Any, Any]], dict[str, int], list[tuple[str, int]]]:
    """What is said of each column that has a chunk in every row group, and the sum of rows of each file.

    Of a column: its NULLs (None: not said by all), and the bytes of a value before compression. Then the places of columns, each
    with its file, that do not have as many values as a row group has rows.
    """
    found = connection.execute(
        "WITH chunks AS MATERIALIZED (SELECT file_name, row_group_id, row_group_num_rows AS n, path_in_schema AS name, "
        f"column_id, num_values, stats_null_count AS nulls, total_uncompressed_size AS bytes FROM parquet_metadata({listed})), "
        "groups AS (SELECT DISTINCT file_name, row_group_id, n FROM chunks)\n"
        "SELECT true, file_name, sum(n), NULL FROM groups GROUP BY ALL\nUNION ALL\n"
        "SELECT DISTINCT NULL, file_name, column_id, NULL FROM chunks WHERE num_values <> n\nUNION ALL\n"
        "SELECT false, name, CASE WHEN count(nulls) = count(*) THEN sum(nulls) END, sum(bytes::DOUBLE) / sum(n) "
        "FROM chunks WHERE n > 0 GROUP BY name HAVING count(*) = (SELECT count(*) FROM groups WHERE n > 0)"
    ).fetchall()
    columns = {name: (nulls, width) for of_file, name, nulls, width in found if of_file is False}
    uneven = [(name, int(place)) for of_file, name, place, _ in found if of_file is None]
    return columns, {name: n for of_file, name, n, _ in found if of_file}, uneven


def verified(files: list[str], settings: dict[str, Any]) -> list[int]:
    """The numbers of rows of files, counted page by page. No lie of their footers is left that :func:`connect` would believe.

    Chunks that are said to be all NULL are read with and without that claim, from files in the ``temp_directory`` of ``settings``
    (see :func:`connect`). Raises :class:`Unreadable`.
    """
    rows = []
    for place, name in enumerate(files):
        try:
            with Path(name).open("rb") as file:
                counted = pages.counted(file)
                rows.append(counted.rows)
                if lie := _lie(file, counted, settings):
                    raise pages.Contradiction(f'its footer says that column "{lie.name}" is all NULL where it is not')
        except pages.Contradiction as error:
            raise Unreadable(f"is not what its footer says: {error}", place) from None
        except (Malformed, KeyError, IndexError, TypeError, AttributeError, OverflowError):
            raise Unreadable("is not what its footer says: its footer or a page is damaged", place) from None
        except OSError as error:
            raise Unreadable(f"cannot be read: {(error.strerror or 'unknown reason').lower()}", place) from None
    return rows


def _lie(file: BinaryIO, counted: pages.Counted, settings: dict[str, Any]) -> pages.Claim | None:
    """A column that has other values with the claim that some of its chunks are all NULL than without it, if there is one."""
    if not counted.claims:
        return None
    directory = settings["temp_directory"]
    Path(directory).mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, ignore_cleanup_errors=True) as folder:
        copies = {
            claim: [str(Path(folder) / f"{place}-{n}.parquet") for n in (0, 1)] for place, claim in enumerate(counted.claims)
        }
        for claim, paths in copies.items():
            for believed, path in enumerate(paths):
                with Path(path).open("xb") as to:
                    pages.excerpt(file, counted.footer, claim, to, believed=bool(believed))
        numbers = "count(*), bit_xor(hash(COLUMNS(*))), sum(hash(COLUMNS(*)))"
        with connect([path for paths in copies.values() for path in paths], settings, trusting=False) as connection:
            for claim, paths in copies.items():
                try:
                    found, said = (
                        connection.execute(f"SELECT {numbers} FROM read_parquet({text(path)})").fetchall() for path in paths
                    )
                except duckdb.Error:
                    return claim
                if found != said:
                    return claim
    return None


def _shapes(connection: duckdb.DuckDBPyConnection, listed: str) -> tuple[dict[str, list[tuple[str, str]]], dict[str, set[int]]]:
    """Per file, the top-level columns with a text of their type; and which columns of values have one in each row, by place."""
    shapes: dict[str, list[tuple[str, str]]] = {}
    left: dict[str, list[int]] = {}
    leaves: dict[str, int] = {}
    flat: dict[str, set[int]] = {}
    query = (
        "SELECT file_name, name, type, num_children, coalesce(logical_type, converted_type, ''), repetition_type = 'REPEATED' "
        f"FROM parquet_schema({listed})"
    )
    for file, name, physical, children, logical, repeated in connection.execute(query).fetchall():
        if file not in shapes:
            shapes[file], left[file], leaves[file], flat[file] = [], [], 0, set()
            continue
        open_groups = left[file]
        if not open_groups and physical and not repeated:
            flat[file].add(leaves[file])
        leaves[file] += bool(physical)
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
    return shapes, flat


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


_FUNCTIONS = ("range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree")
"""The table functions that a suite's query may use: they make rows of their arguments. All others look at files or settings."""
_WRITES = re.compile(r'"type":"(?!(?:SELECT|SET_OPERATION|RECURSIVE_CTE|CTE)_NODE")\w+_NODE"')
_CALLED = re.compile(r'"type":"TABLE_FUNCTION".*?"function_name":("(?:[^"\\]|\\.)*")', re.DOTALL)
_READ = re.compile(r'"table_name":("(?:[^"\\]|\\.)*")')


def refusal(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Why a query of a suite is not run, in words; "" for one SELECT that reads tables and can do nothing else.

    The lock alone is not enough: it lets a SELECT write or read the files that are allowed, by COPY in its WITH clause or by
    functions. DuckDB's own tree of the query is looked through as text, as one that is deeply nested would end a recursion.
    """
    statements = duckdb.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        return "the query must be one SELECT; nothing else is run"
    ((tree,),) = connection.execute("SELECT CAST(json_serialize_sql(?) AS VARCHAR)", [query]).fetchall()
    if tree.startswith('{"error":true') or _WRITES.search(tree):
        return "the query must be one SELECT that only reads; one with a WITH clause that writes is not run"
    for function in map(json.loads, _CALLED.findall(tree)):
        if function.casefold() not in _FUNCTIONS:
            return f"the query may not use {function}(): of table functions only {', '.join(_FUNCTIONS)} are run"
    files = {name for name in map(json.loads, _READ.findall(tree)) if "." in name or "/" in name}
    if files and files - {name for (name,) in connection.execute("SELECT view_name FROM duckdb_views()").fetchall()}:
        return "the query may not read files: name {batch}, or another extract"
    return ""


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
    "FatalException": "DuckDB failed at an earlier query of this extract, and does not go on",
}


def reason(error: BaseException) -> str:
    """Why DuckDB refused, in words that hold no value of the data.

    What DuckDB says of names and SQL (binding happens before any row is read) is passed on; what it says while it reads is not.
    """
    kind = type(error).__name__
    if kind in _BOUND_TO_NAMES:
        first = str(error).splitlines()[0]
        return re.sub(r"^(Binder|Catalog|Parser|Syntax|Permission) Error:\s*", "", first)
    if kind == "OutOfMemoryException" and "max_temp_directory_size" in str(error):
        return "needs more than half of the space that is free for temporary files: set TMPDIR to a folder on a larger disk"
    if kind == "IOException" and "No space left" in str(error):
        return "the disk is full"
    return _REASONS.get(kind, f"DuckDB could not evaluate it ({kind})")


def unreadable(error: duckdb.Error) -> str:
    """Why a file could not be opened as Parquet, in words."""
    said = str(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return "has a footer that needs more memory than there is: it is damaged, or give more with --memory-limit"
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
