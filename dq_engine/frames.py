"""Tables in memory -> a Parquet file that the worker can read. Imports pyarrow, and nothing imports it before it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dq_engine.errors import UsageError


def write_frame(frame: Any, path: Path) -> None:
    """Writes a pandas, polars or pyarrow table (anything with ``__arrow_c_stream__``) to ``path``; a pandas index is left out.

    Raises :class:`UsageError` if pyarrow is not installed or the table has values that Parquet cannot hold.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        raise UsageError('checking a table needs pyarrow: install it with pip install "dq-engine[frames]"') from None
    try:
        if type(frame).__module__.partition(".")[0] == "pandas":
            table = pa.Table.from_pandas(frame, preserve_index=False)
        else:
            table = pa.table(frame)
        pq.write_table(table.replace_schema_metadata(None), path, compression="zstd")
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UsageError(
            f"the table cannot be written as Parquet ({type(error).__name__}): give each column values of one type"
        ) from None
