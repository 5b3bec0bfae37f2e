"""The Python API: :func:`load_suite` and :func:`check`."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from dq_engine.engine import Options, run_checks
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract, Files, Other, Shelf, find_together, other_extract, read_suite, with_others
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
    others: Mapping[str, Any] | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    fail_on: str = "critical",
    show_values: bool = False,
    threads: int | None = None,
    memory_limit: str | None = None,
    timeout: float | None = None,
    as_of: dt.date | None = None,
    checksums: bool = True,
    worker: WorkerProcess | None = None,
) -> Run:
    """Checks one extract by a suite.

    ``source`` is a path (file, folder or glob), several paths that are one extract together, or a table: a pandas or polars
    DataFrame, a pyarrow Table, or anything else with ``__arrow_c_stream__``. ``name`` is what the results call it.
    ``others`` are the other extracts that rules of the suite speak of, by name, each as ``source``; those that are not given are
    looked for beside the files of ``source``. ``as_of`` is the day on which the data are looked at, else today.
    The other options are the flags of ``dq check``; ``memory_limit`` is text such as "512MB", ``timeout`` is in seconds, and
    ``checksums=False`` leaves the SHA-256 of the files out of the run.
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
        as_of=as_of,
        checksums=checksums,
    )
    with tempfile.TemporaryDirectory(prefix="dq-") as directory:
        shelf = Shelf([])
        extract = _extract(source, loaded, name, Path(directory))
        given = {key: _other(key, value, shelf, Path(directory)) for key, value in (others or {}).items()}
        (extract,) = with_others([extract], given, shelf)
        if worker is not None:
            return run_checks([extract], options, worker)
        with WorkerProcess() as own:
            return run_checks([extract], options, own)


def _extract(source: Any, suite: Suite, name: str | None, directory: Path) -> Extract:
    files = _files(source, directory / "table.parquet", suite.feed.feed)
    return Extract(name or files.name, files.paths, suite, files.partitioned)


def _other(name: str, source: Any, shelf: Shelf, directory: Path) -> Other:
    return other_extract(name, _files(source, directory / f"{name}.parquet", name), shelf)


def _files(source: Any, table: Path, name: str) -> Files:
    """The files of a source; a table in memory is written to ``table``, and called ``name``."""
    if isinstance(source, str | PathLike):
        return find_together([str(source)])
    if isinstance(source, list | tuple) and source and all(isinstance(item, str | PathLike) for item in source):
        return find_together([str(item) for item in source])
    if hasattr(source, "__arrow_c_stream__"):
        from dq_engine.frames import write_frame  # noqa: PLC0415  pyarrow is loaded only for tables

        write_frame(source, table)
        return Files(name, (table,))
    raise UsageError(
        f"cannot check a {type(source).__name__}: expected a path, several paths, or a pandas, polars or pyarrow table"
    )
