"""What a damaged file holds, by two readers that believe no statistics. A process of its own: these may crash, hang or eat memory.

``python -m tests.robust.files_oracle``: each line of the input names a file, a reader ("pyarrow"; or "duckdb", without the optimizers
that believe statistics), and a file in which to write what that reads. The answer, a line of JSON, are the columns that it could read.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys

import pyarrow as pa
import pyarrow.parquet as pq

from dq_engine import sources
from dq_engine.database import duckdb
from dq_engine.sql import ident, text

MEMORY = 3 << 30
MOST = 1_000_000
"""Rows of a file that is read here."""


def by_pyarrow(path: str) -> pa.Table | None:
    """The columns that pyarrow can read; None where it cannot read the file."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=False)
        if file.metadata.num_rows > MOST:
            return None
        names: list[str] = []
        columns: list[pa.ChunkedArray] = []
        for name in file.schema_arrow.names:
            try:
                column = file.read([name]).column(0)
                column.validate(full=True)
                column.to_pylist()
            except (pa.ArrowException, OSError, ValueError, OverflowError, UnicodeDecodeError):
                continue
            names, columns = [*names, name], [*columns, column]
        rows = file.metadata.num_rows
        return pa.table(dict(zip(names, columns, strict=True))) if all(len(column) == rows for column in columns) else None
    except (pa.ArrowException, OSError, ValueError, OverflowError, UnicodeDecodeError):
        return None


def by_duckdb(path: str, to: str) -> list[str]:
    """The columns that DuckDB can read, which it writes to another file; none where it cannot read the file."""
    relation = f"read_parquet({text(path)}, can_have_nan = true)"
    try:
        with sources.connect([path, to], {"threads": 1, "memory_limit": "512MB"}, trusting=False) as connection:
            ((rows,),) = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()
            if rows > MOST:
                return []
            readable = []
            for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall():
                with contextlib.suppress(duckdb.Error):
                    connection.execute(f"SELECT sum(hash({ident(name)})) FROM {relation}").fetchall()
                    readable.append(name)
            columns = ", ".join(map(ident, readable))
            connection.execute(f"COPY (SELECT {columns} FROM {relation}) TO {text(to)} (FORMAT parquet, USE_TMP_FILE false)")
            return readable
    except duckdb.Error:
        return []


def main() -> None:
    """Answers until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        asked = json.loads(line)
        columns: list[str] = []
        with contextlib.suppress(MemoryError, pa.ArrowException, OSError):
            if asked["reader"] == "duckdb":
                columns = by_duckdb(asked["path"], asked["to"])
            elif (found := by_pyarrow(asked["path"])) is not None and found.num_columns:
                pq.write_table(found, asked["to"])
                columns = found.column_names
        print(json.dumps(columns), flush=True)


if __name__ == "__main__":
    main()
