"""Tables of scores as Parquet files, which the worker writes: whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from dq_engine import locks
from dq_engine.errors import StoreError, WorkerError
from dq_engine.process import WorkerProcess
from dq_engine.report.score_tables import Table
from dq_engine.sql import text
from dq_engine.store import is_stream, words


def write_parquet(table: Table, path: Path, worker: WorkerProcess) -> None:
    """Writes the table to ``path``, by way of a hidden folder beside it. Raises :class:`dq_engine.errors.StoreError`."""
    place = Path(os.path.realpath(path))
    staging = place.with_name(f".{place.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        locks.sweep(place.parent, re.compile(rf"\.{re.escape(place.name)}\.\d+\.partial"))
        lock = locks.make(staging)
    except OSError as error:
        raise _unwritten(path, words(error)) from None
    try:
        rows, written = staging / "rows.json", staging / "rows.parquet"
        with rows.open("w", encoding="utf-8") as file:
            for row in table.rows:
                file.write(json.dumps(dict(zip(table.columns, row, strict=True))) + "\n")
        columns = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in table.columns.items())
        read = f"read_json({text(str(rows))}, format = 'newline_delimited', columns = {{{columns}}})"
        sql = f"COPY (SELECT * FROM {read}) TO {text(str(written))} (FORMAT parquet, COMPRESSION zstd)"
        worker.ask({"op": "write", "directory": str(staging), "sql": sql})
        with written.open("rb") as file:
            os.fsync(file.fileno())
        if is_stream(path):
            path.write_bytes(written.read_bytes())
        else:
            written.replace(place)
    except OSError as error:
        raise _unwritten(path, words(error)) from None
    except WorkerError as error:
        raise _unwritten(path, str(error)) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        os.close(lock)


def _unwritten(path: Path, reason: str) -> StoreError:
    return StoreError(f"{path}: the results could not be written: {reason}")
