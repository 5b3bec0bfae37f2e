"""DuckDB as the worker uses it: connections, statements, results, errors.

All of that is in the extension module ``_duckdb``. The package ``duckdb`` adds relations, expressions and data frames, which
nothing here uses; loading it takes three times as long as the extension alone, at every start
(``python -m tests.bench``).
"""

from __future__ import annotations

try:
    import _duckdb as duckdb
except ImportError:  # a version of DuckDB that calls its extension otherwise
    import duckdb  # type: ignore[no-redef]

__all__ = ["duckdb"]
