"""dq inside Great Expectations. Importing it tells Great Expectations of our types and of the data source ``dq_duckdb``.

- ``context.data_sources.add_dq_duckdb(name)``: Parquet files, checked by Great Expectations with dq as its engine;
- :func:`run_suite`: a native run of dq as Great Expectations' own result, stored and shown by its context, actions included;
- :func:`register`: Great Expectations keeps the types that are ours;
- :func:`statement`: what the catalogue calls a rule.

Needs the extra ``gx``; without it the functions that need Great Expectations raise, and nothing is registered. Great
Expectations sends statistics of its use to its makers: where ``GX_ANALYTICS_ENABLED`` says nothing, importing this module
before Great Expectations says no for it.
"""

from __future__ import annotations

import importlib
import os

from dq_engine.gx.running import run_suite
from dq_engine.gx.types import register, statement

__all__ = ["register", "run_suite", "statement"]

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
try:
    importlib.import_module("great_expectations")
except ImportError:
    pass  # the functions say so, with how to get it
else:
    from dq_engine.gx import datasource as datasource  # defining a data source is what registers it

    register()
