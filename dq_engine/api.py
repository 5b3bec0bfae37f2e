"""The Python API: :func:`load_suite` and :func:`check`."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import Any

from dq_engine import parameters as suite_parameters
from dq_engine import result_format as result_formats
from dq_engine.engine import Options, run_checks, silent
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract, Files, Find, Other, Shelf, find_together, other_extract, read_suite, with_others
from dq_engine.judging import SECONDS
from dq_engine.model import Run
from dq_engine.process import WorkerProcess
from dq_engine.remote import Remote
from dq_engine.suite import Suite, parse_suite, with_parameters


def load_suite(source: str | PathLike[str] | Mapping[str, Any]) -> Suite:
    """The suite in a JSON file, or in a dict of the same shape.

    Raises :class:`dq_engine.SuiteError` with every fault of the suite, each with its JSON path.
    """
    if isinstance(source, Mapping):
        return parse_suite(json.dumps(source, default=suite_parameters.plain), "the suite", file=False)
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
    check_timeout: float = SECONDS,
    result_format: str | Mapping[str, Any] | None = None,
    as_of: dt.date | None = None,
    parameters: Mapping[str, Any] | None = None,
    checksums: bool = True,
    verify_statistics: bool = False,
    anonymous: bool = False,
    split: str | PathLike[str] | None = None,
    worker: WorkerProcess | None = None,
) -> Run:
    """Checks one extract by a suite.

    ``source`` is a path (file, folder or glob, here or at ``s3://``), several paths that are one extract together, or a table:
    a pandas or polars DataFrame, a pyarrow Table, or anything else with ``__arrow_c_stream__``. ``name`` is what the results call
    it.
    ``others`` are the other extracts that rules of the suite speak of, by name, each as ``source``; those that are not given are
    looked for beside the files of ``source``. ``as_of`` is the day on which the data are looked at, else today.
    ``parameters`` are the values of the suite's parameters, by name.
    ``result_format`` is Great Expectations': with it, failing rows are looked at one by one, for :meth:`Run.to_gx`.
    The other options are the flags of ``dq check``; ``memory_limit`` is text such as "512MB", ``timeout`` is in seconds, and
    ``checksums=False`` leaves the SHA-256 of the files out of the run. ``verify_statistics=True`` believes nothing that footers
    say of values. ``anonymous=True`` reads ``s3://`` without credentials. ``split`` is a folder into which all rows are written,
    those that pass and those that fail apart.
    ``worker`` is a :class:`dq_engine.WorkerProcess` to use, so that many calls need not start one each.

    Bad data never raises: see the outcomes of the run. Raises :class:`dq_engine.SuiteError` for a suite that is not valid and
    :class:`dq_engine.UsageError` for a source that is not there or not of these kinds.
    """
    values = suite_parameters.from_values(parameters or {})
    given = suite_parameters.given(values, as_of, dt.datetime.now(dt.UTC))
    loaded = with_parameters(suite if isinstance(suite, Suite) else load_suite(suite), given)
    options = Options(
        select=tuple(select),
        ignore=tuple(ignore),
        fail_on=fail_on,
        show_values=show_values,
        threads=threads,
        memory_limit=memory_limit,
        timeout=timeout,
        check_timeout=check_timeout,
        result_format=None if result_format is None else result_formats.read(result_format),
        as_of=as_of,
        checksums=checksums,
        verify_statistics=verify_statistics,
        parameters=values,
        split=None if split is None else str(Path(split)),
    )
    with ExitStack() as stack:
        used = worker if worker is not None else stack.enter_context(WorkerProcess())
        directory = stack.enter_context(used.folder())  # even if this process is killed, no table with data is left
        remote = stack.enter_context(Remote(used, anonymous=anonymous))
        shelf = Shelf([])
        extract = _extract(source, loaded, name, Path(directory), remote.find)
        named = {key: _other(key, value, shelf, Path(directory), remote.find) for key, value in (others or {}).items()}
        extracts = remote.fetch(with_others([extract], named, shelf), timeout=timeout, hear=silent)
        return run_checks(extracts, options, used)


def _extract(source: Any, suite: Suite, name: str | None, directory: Path, find: Find) -> Extract:
    files = _files(source, directory / "table.parquet", suite.feed.feed, find)
    return Extract(name or files.name, files.paths, suite, files.partitioned, origins=files.origins, problem=files.problem)


def _other(name: str, source: Any, shelf: Shelf, directory: Path, find: Find) -> Other:
    file = name if name.isidentifier() else hashlib.sha256(name.encode()).hexdigest()[:16]  # a name can hold what no path can
    return other_extract(name, _files(source, directory / f"{file}.parquet", name, find), shelf)


def _files(source: Any, table: Path, name: str, find: Find) -> Files:
    """The files of a source; a table in memory is written to ``table``, and called ``name``."""
    if isinstance(source, str | PathLike):
        return find_together([str(source)], find)
    if isinstance(source, list | tuple) and source and all(isinstance(item, str | PathLike) for item in source):
        return find_together([str(item) for item in source], find)
    if hasattr(source, "__arrow_c_stream__"):
        from dq_engine.frames import write_frame  # noqa: PLC0415  pyarrow is loaded only for tables

        write_frame(source, table)
        return Files(name, (table,))
    raise UsageError(
        f"cannot check a {type(source).__name__}: expected a path, several paths, or a pandas, polars or pyarrow table"
    )
