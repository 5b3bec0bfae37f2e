"""Extracts -> a :class:`Run`: every extract in turn, on one worker. Clock, worker and progress are arguments."""

from __future__ import annotations

import datetime as dt
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import results, run_tables
from dq_engine._version import __version__
from dq_engine.checksums import Checksums
from dq_engine.config import MEMORY
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract
from dq_engine.judging import SECONDS
from dq_engine.model import FAIL_ON, Run
from dq_engine.process import WorkerProcess
from dq_engine.result_format import ResultFormat
from dq_engine.reuse import Earlier, Reuse
from dq_engine.run import Checked, Limits, Progress, check_extract
from dq_engine.scans import MEASURED, Tuning
from dq_engine.selection import selection

RUN_VERSION = 2
"""The version of the shape of ``run.json``."""
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
    extracts of which nothing changed, unless ``options.fresh``. Raises :class:`UsageError` for options that cannot be used.
    ``tuning`` says from where on scans are divided; the answers do not depend on it.
    """
    if counts is None:
        with worker.folder() as folder:
            run = run_checks(
                extracts, options, worker, counts=Path(folder), earlier=earlier, clock=clock, observer=observer, tuning=tuning
            )
            return run_tables.loaded(run, Path(folder), worker)
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
    with Checksums() as checksums:
        reuse = None
        if earlier is not None and options.checksums:
            wanted = [[check for check in extract.suite.checks if selected[extract.ignore](check)] for extract in extracts]
            reuse = Reuse(earlier, extracts, wanted, written, today, worker, checksums, counts, fresh=options.fresh)
        for place, extract in enumerate(extracts):
            hear: Progress = lambda phase, fraction, name=extract.name: observer(name, phase, fraction)  # type: ignore[misc]  # noqa: E731
            begun = time.monotonic()
            if reuse and (taken := reuse.taken(place, options.timeout, hear)):
                checked.append(taken)
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
                files=run_tables.count_files(counts, place),
                checksums=checksums if options.checksums else None,
                form=options.result_format,
            )
            checked.append(reuse.marked(place, done) if reuse else done)
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
        measures=tuple(measure for done in checked for measure in done.measures),
        fields=tuple(measure for done in checked for measure in done.fields),
        organisations=tuple(organisation for done in checked for organisation in done.organisations),
    )
