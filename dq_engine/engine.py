"""Extracts -> a :class:`Run`: every extract in turn, on one worker. Clock, worker and progress are arguments."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import results, run_tables, store
from dq_engine._version import __version__
from dq_engine.checksums import Checksums
from dq_engine.config import MEMORY
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract
from dq_engine.judging import SECONDS
from dq_engine.model import FAIL_ON, RUN_VERSION, FieldMeasure, Measure, Run, Split
from dq_engine.process import WorkerProcess
from dq_engine.quarantine_files import RowFolders
from dq_engine.result_format import ResultFormat
from dq_engine.reuse import Earlier, Reuse
from dq_engine.run import Checked, Limits, Progress, check_extract
from dq_engine.scans import MEASURED, Tuning
from dq_engine.selection import selection

Observer = Callable[[str, str, float], None]
"""Hears the extract, what is done on it, and how far it is (0 to 1)."""


class Options(Struct, frozen=True, kw_only=True):
    """What may be chosen for a run; named as the flags of ``dq check``."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "critical"
    show_values: bool = False
    threads: int | None = None
    memory_limit: str | None = None
    timeout: float | None = None
    check_timeout: float = SECONDS
    result_format: ResultFormat | None = None
    as_of: dt.date | None = None
    checksums: bool = True
    verify_statistics: bool = False
    fresh: bool = False
    split: str | None = None
    parameters: dict[str, Any] = {}


def silent(extract: str, phase: str, fraction: float) -> None:
    """An observer that says nothing."""


def run_checks(
    extracts: Sequence[Extract],
    options: Options,
    worker: WorkerProcess,
    *,
    counts: Path | None = None,
    earlier: Earlier | None = None,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    observer: Observer = silent,
    tuning: Tuning = MEASURED,
) -> Run:
    """Checks all extracts. Never raises for bad data: what cannot be evaluated is an outcome that says why.

    ``counts`` is a folder for the counts by organisation and period, of which there may be millions: they stay there in files,
    for :func:`dq_engine.store.save`. Without it they become values of the run. ``earlier`` are runs whose results are taken for
    extracts of which nothing changed, unless ``options.fresh`` or rows are to be split. ``tuning`` says from where on scans are
    divided; the answers do not depend on it. Raises :class:`UsageError` for options that cannot be used.
    """
    with contextlib.nullcontext(counts) if counts else worker.folder() as folder:
        return _run(
            extracts,
            options,
            worker,
            Path(folder),
            counts is None,
            earlier=earlier,
            clock=clock,
            observer=observer,
            tuning=tuning,
        )


def _run(
    extracts: Sequence[Extract],
    options: Options,
    worker: WorkerProcess,
    counts: Path,
    values: bool,
    *,
    earlier: Earlier | None,
    clock: Callable[[], dt.datetime],
    observer: Observer,
    tuning: Tuning,
) -> Run:
    """As :func:`run_checks`; with ``values``, the counts in the files of the folder become values of the run, too."""
    if options.fail_on not in FAIL_ON:
        raise UsageError(f'fail_on: expected one of {", ".join(FAIL_ON)}; got "{options.fail_on}"')
    if options.memory_limit is not None and not MEMORY.fullmatch(options.memory_limit):
        raise UsageError(f'memory limit: expected a size such as "512MB"; got "{options.memory_limit}"')
    started, before = clock(), time.monotonic()
    selected = {extract.ignore: selection(options.select, (*options.ignore, *extract.ignore)) for extract in extracts}
    limits = Limits(
        options.threads, options.memory_limit, options.timeout, options.check_timeout, options.verify_statistics, tuning
    )
    today = options.as_of or started.date()
    written = msgspec.json.decode(msgspec.json.encode(options))
    checked: list[Checked] = []
    measures: list[Measure] = []
    fields: list[FieldMeasure] = []

    def found(done: Checked, files: run_tables.CountFiles) -> None:
        checked.append(done)
        if values:
            measured, classed = run_tables.by_group(done.run, files, worker)
            measures.extend(measured)
            fields.extend(classed)

    with Checksums() as checksums, contextlib.ExitStack() as ending:
        reuse, rows = None, None
        if options.split is not None:
            rows = ending.enter_context(RowFolders(Path(options.split), extracts, counts))
        if earlier is not None and options.checksums:
            wanted = [[check for check in extract.suite.checks if selected[extract.ignore](check)] for extract in extracts]
            reuse = Reuse(
                earlier, extracts, wanted, written, today, worker, checksums, counts, fresh=options.fresh or rows is not None
            )
        for place, extract in enumerate(extracts):
            hear: Progress = lambda phase, fraction, name=extract.name: observer(name, phase, fraction)  # type: ignore[misc]  # noqa: E731
            begun, files = time.monotonic(), run_tables.count_files(counts, place)
            if reuse and (taken := reuse.taken(place, options.timeout, hear)):
                found(taken, files)
                continue
            left = None if options.timeout is None else max(0.001, options.timeout - (time.monotonic() - begun))
            done = check_extract(
                worker,
                extract,
                selected[extract.ignore],
                msgspec.structs.replace(limits, timeout=left),
                today=today,
                show_values=options.show_values,
                progress=hear,
                files=files,
                checksums=checksums if options.checksums else None,
                form=options.result_format,
                rows_to=rows.files[place] if rows else None,
            )
            found(reuse.marked(place, done) if reuse else done, files)
        if rows is not None:
            checked = [_put(rows, place, done) for place, done in enumerate(checked)]
    runs = [done.run for done in checked]
    exit_code, verdict = results.conclude(runs, options.fail_on)
    return Run(
        version=RUN_VERSION,
        id=f"{started:%Y%m%dT%H%M%SZ}-{os.urandom(3).hex()}",
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - before, 3),
        engine={"dq": __version__, "duckdb": worker.version, "python": platform.python_version()},
        options=written,
        extracts=tuple(runs),
        planned=sum(extract.planned for extract in runs),
        exit_code=exit_code,
        verdict=verdict,
        measures=(*(measure for done in checked for measure in done.measures), *measures),
        fields=(*(measure for done in checked for measure in done.fields), *fields),
        organisations=tuple(organisation for done in checked for organisation in done.organisations),
    )


def _put(rows: RowFolders, place: int, done: Checked) -> Checked:
    """What was found, with the files of rows in their places. That they cannot be put there is a problem of the extract."""
    assert done.run.split is not None
    try:
        run = msgspec.structs.replace(done.run, split=rows.put(place, done.run.split))
    except OSError as error:
        why = store.words(error)
        problem = done.run.problem or f"its rows could not be put in place: {why}"
        run = msgspec.structs.replace(done.run, split=Split(reason=why), problem=problem, fingerprint="")
    return msgspec.structs.replace(done, run=run)
