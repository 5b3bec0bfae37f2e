"""The Python API: :func:`load_suite` and :func:`check`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from dq_engine.engine import Options, run_checks
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract, find_files, read_suite
from dq_engine.model import Run
from dq_engine.process import WorkerProcess
from dq_engine.suite import Suite, parse_suite


def load_suite(source: str | PathLike[str] | Mapping[str, Any]) -> Suite:
    """The suite in a JSON file, or in a dict of the same shape.

    Raises :class:`dq_engine.SuiteError` with every fault of the suite, each with its JSON path.
    """
    if isinstance(source, Mapping):
        return parse_suite(json.dumps(source, default=str), "the suite")
    return read_suite(Path(source))


def check(
    source: Any,
    suite: Suite | str | PathLike[str] | Mapping[str, Any],
    *,
    name: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    fail_on: str = "critical",
    show_values: bool = False,
    threads: int | None = None,
    memory_limit: str | None = None,
    timeout: float | None = None,
    worker: WorkerProcess | None = None,
) -> Run:
    """Checks one extract by a suite.

    ``source`` is a path (file, folder or glob), several paths that are one extract together, or a table: a pandas or polars
    DataFrame, a pyarrow Table, or anything else with ``__arrow_c_stream__``. ``name`` is what the results call it.
    The other options are the flags of ``dq check``; ``memory_limit`` is text such as "512MB", ``timeout`` is in seconds.
    ``worker`` is a :class:`dq_engine.WorkerProcess` to use, so that many calls need not start one each.

    Bad data never raises: see the outcomes of the run. Raises :class:`dq_engine.SuiteError` for a suite that is not valid and
    :class:`dq_engine.UsageError` for a source that is not there or not of these kinds.
    """
    loaded = suite if isinstance(suite, Suite) else load_suite(suite)
    options = Options(
        select=tuple(select),
        ignore=tuple(ignore),
        fail_on=fail_on,
        show_values=show_values,
        threads=threads,
        memory_limit=memory_limit,
        timeout=timeout,
    )
    with tempfile.TemporaryDirectory(prefix="dq-") as directory:
        extract = _extract(source, loaded, name, Path(directory))
        if worker is not None:
            return run_checks([extract], options, worker)
        with WorkerProcess() as own:
            return run_checks([extract], options, own)


def _extract(source: Any, suite: Suite, name: str | None, directory: Path) -> Extract:
    if isinstance(source, str | PathLike):
        (files,) = find_files(str(source), whole=True)
        return Extract(name or files.name, files.paths, suite, files.partitioned)
    if isinstance(source, list | tuple) and source and all(isinstance(item, str | PathLike) for item in source):
        found = [files for item in source for files in find_files(str(item), whole=True)]
        paths = tuple(path for files in found for path in files.paths)
        return Extract(name or found[0].name, paths, suite, any(files.partitioned for files in found))
    if hasattr(source, "__arrow_c_stream__"):
        from dq_engine.frames import write_frame  # noqa: PLC0415  pyarrow is loaded only for tables

        path = directory / "table.parquet"
        write_frame(source, path)
        return Extract(name or suite.feed.feed, (path,), suite)
    raise UsageError(
        f"cannot check a {type(source).__name__}: expected a path, several paths, or a pandas, polars or pyarrow table"
    )
