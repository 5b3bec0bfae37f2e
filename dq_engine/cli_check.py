"""The command ``dq check``: extracts are counted, judged, stored and told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

import typer

from dq_engine import cli_docs, cli_gate, outputs, terminal
from dq_engine.outputs import Format

if TYPE_CHECKING:
    from dq_engine.config import Config
    from dq_engine.engine import Options
    from dq_engine.feeds import Extract
    from dq_engine.model import Run
    from dq_engine.process import WorkerProcess
    from dq_engine.remote import Remote

EXIT_CODES = (
    "Exit codes: 0 passed; 1 a check failed at --fail-on or above; 2 wrong usage, suite or configuration; "
    "3 something could not be evaluated; 4 nothing was checked; 130 interrupted."
)
PARAM = typer.Option(
    "--param",
    metavar="NAME=VALUE",
    help='A parameter of suites, where they say {"$PARAMETER": "NAME"}: JSON, else text. May be repeated; comes before dq.toml.',
)


class FailOn(StrEnum):
    """From which severity on a failed check fails the run."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


class Level(StrEnum):
    """How much a validation result of Great Expectations holds."""

    BOOLEAN_ONLY = "BOOLEAN_ONLY"
    BASIC = "BASIC"
    SUMMARY = "SUMMARY"
    COMPLETE = "COMPLETE"


def check(
    context: typer.Context,
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files, folders or quoted globs, here or at s3://; none: the extracts of dq.toml.")
    ] = None,
    suite: Annotated[
        Path | None, typer.Option("--suite", "-s", help="The suite for all paths; else found by place and name.")
    ] = None,
    with_: Annotated[
        list[str] | None, typer.Option("--with", metavar="NAME=PATH", help="Where another extract is that rules speak of.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Only these checks: a pattern for id, type or column, or key:pattern.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Not these checks; as --select.")] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="The severity from which a failure fails the run. Default: critical.")
    ] = None,
    format: Annotated[
        list[Format] | None,
        typer.Option(
            help="How the results are written; csv: the counts of checks by organisation and period; gx: as a validation result "
            "of Great Expectations. May be repeated, each with an --output of its own, in the same order.  [default: text]"
        ),
    ] = None,
    result_format: Annotated[
        Level | None, typer.Option(help="With --format gx: what the result holds, up to failing rows.  [default: SUMMARY]")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Write the results to this file, not to standard output, which is -."),
    ] = None,
    results: Annotated[Path | None, typer.Option(help="The folder in which runs are stored. Default: dq-results.")] = None,
    no_results: Annotated[bool, typer.Option("--no-results", help="Store nothing.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of a scan. Default: all processors.")] = None,
    memory_limit: Annotated[
        str | None, typer.Option(help='Memory of a scan, such as "512MB".  [default: most of the machine]')
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds that one extract may take. Default: no limit.")
    ] = None,
    check_timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds for one check that is judged in Python. Default: 60.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day for rules about the age of data. Default: today.")
    ] = None,
    param: Annotated[list[str] | None, PARAM] = None,
    docs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Make HTML pages of this run, and of those stored before it, in this folder."),
    ] = None,
    gate: Annotated[bool, typer.Option("--gate", help="End by the policy of dq.toml, as dq gate does.")] = False,
    waivers: cli_gate.Waivers = None,
    baseline: cli_gate.Baseline = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="If the run passes, it is the baseline from now on; the first one always.")
    ] = False,
    no_checksums: Annotated[
        bool, typer.Option("--no-checksums", help="Record no SHA-256 of the files: for very large ones.")
    ] = False,
    verify_statistics: Annotated[
        bool, typer.Option("--verify-statistics", help="Believe nothing that footers say of values: for untrusted files.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Scan all extracts, also those of which nothing changed since an earlier run.")
    ] = False,
    split: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write the rows that pass and those that fail, with their values, to Parquet files there."
        ),
    ] = None,
    openlineage: Annotated[
        bool,
        typer.Option("--openlineage", help="Send events with the results to where OPENLINEAGE_URL or openlineage.yml says."),
    ] = False,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show failing values of columns that do not identify people.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no text unless the run does not pass.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List the checks that passed, too.")] = False,
) -> None:
    """Check extracts, and say what is wrong with them."""
    with terminal.worker_of(context) as worker, terminal.telling() as places:
        from dq_engine import chosen, parameters, quarantine_files, store  # noqa: PLC0415
        from dq_engine.engine import run_checks  # noqa: PLC0415
        from dq_engine.errors import UsageError  # noqa: PLC0415
        from dq_engine.remote import Remote  # noqa: PLC0415
        from dq_engine.reuse import Earlier  # noqa: PLC0415

        asked = outputs.wanted(format or [], output or [])
        if result_format is not None and not any(one.format is Format.GX for one in asked):
            raise UsageError("--result-format says what a validation result of Great Expectations holds: it needs --format gx")
        if docs is not None:
            cli_docs.needed()
            if no_results:
                raise UsageError("--docs makes pages of stored runs: leave --no-results out")
        if update_baseline and no_results:
            raise UsageError("--update-baseline needs the stored run: leave --no-results out")
        config = terminal.project()
        tell = _tellers(config, openlineage=openlineage, stored=not no_results)
        judging = cli_gate.Judging(
            config,
            fail_on.value if fail_on else None,
            gate=gate,
            waivers=waivers,
            baseline=baseline,
            update_baseline=update_baseline,
        )
        day = None if as_of is None else as_of.date()
        values = {**(config.dq.parameters if config else {}), **parameters.from_texts(param or [])}
        settings = _options(
            config,
            select,
            ignore,
            fail_on,
            threads,
            memory_limit,
            timeout,
            check_timeout,
            day,
            values,
            show_values=show_values,
            result_format=result_format,
            no_checksums=no_checksums,
            verify_statistics=verify_statistics,
            fresh=fresh,
            split=split,
        )
        given = parameters.given(values, day, datetime.now(UTC))
        quarantine_files.refuse_inside(split, chosen.looked_into(paths or [], config))
        folder = None if no_results else results or terminal.results_folder(config)
        with Remote(worker, anonymous=terminal.anonymous(config)) as remote, worker.folder() as counts:
            extracts = chosen.extracts(paths or [], suite, config, with_ or [], given, remote.find)
            if folder is not None:
                store.prepare(folder)
            extracts = fetched(remote, extracts, settings.timeout, quiet=quiet)
            with terminal.progress(len(extracts), quiet=quiet) as observer:
                earlier = None if folder is None else Earlier(folder)
                run = run_checks(extracts, settings, worker, counts=Path(counts), earlier=earlier, observer=observer)
            if folder is not None:
                places.append(folder / run.id)
            done = _concluded(run, folder, worker, Path(counts), judging)
            troubles = done.troubles + outputs.write_outputs(
                done.run,
                asked,
                done.tables,
                worker,
                result_format=result_format.value if result_format else None,
                quiet=quiet,
                verbose=verbose,
            )
        if folder is not None and done.stored is not None:
            troubles += _after(done.run, done.stored, folder, worker, judging, docs, quiet=quiet)
        troubles += tell(_ended(done.run, troubles), stored=done.stored is not None)
    for trouble in troubles:
        terminal.say(trouble)
    raise typer.Exit(3 if troubles else done.run.exit_code)


def fetched(remote: Remote, extracts: list[Extract], timeout: float | None, *, quiet: bool) -> list[Extract]:
    """The extracts, with the files of those that lie elsewhere."""
    with terminal.progress(1, quiet=quiet) as observer:
        found = remote.fetch(extracts, timeout=timeout, hear=observer)
    if remote.said and not quiet:
        terminal.say(remote.said)
    return found


class _Concluded(NamedTuple):
    """A run that was judged, and its directory if it is stored; ``tables`` gives the one with its counts; what went wrong."""

    run: Run
    stored: Path | None
    tables: Callable[[], Path]
    troubles: list[str]


def _concluded(run: Run, folder: Path | None, worker: WorkerProcess, counts: Path, judging: cli_gate.Judging) -> _Concluded:
    """Judges a run by its counts, and stores it in ``folder``, or nowhere. What cannot be judged is stored as it is."""
    from dq_engine import run_tables, store  # noqa: PLC0415
    from dq_engine.errors import DqError, StoreError  # noqa: PLC0415

    troubles: list[str] = []

    def judge(tables: Path) -> Run:
        try:
            return judging.judged(run, tables, worker) if judging.needed else run
        except DqError as error:
            troubles.append(f"the run could not be judged: {error}")
            return run

    def none() -> Path:
        raise StoreError("there are no counts to write, as the run could not be stored")

    if folder is None and not judging.needed:
        return _Concluded(run, None, lambda: run_tables.written(run, worker, counts), troubles)
    try:
        judged, stored = store.save_judged(run, folder or counts, worker, counts, judge)
    except StoreError as error:
        return _Concluded(run, None, none, [*troubles, str(error)])
    return _Concluded(judged, stored if folder else None, lambda: stored, troubles)


def _after(
    run: Run,
    stored: Path,
    folder: Path,
    worker: WorkerProcess,
    judging: cli_gate.Judging,
    docs: Path | None,
    *,
    quiet: bool,
) -> list[str]:
    """What follows when a run is stored: the baseline, and pages. Gives what went wrong."""
    from dq_engine.errors import DqError  # noqa: PLC0415

    if not quiet:
        terminal.say(f"stored in {stored}")
    try:
        if (said := judging.keep(run, stored)) and not quiet:
            terminal.say(said)
        if docs is not None:
            cli_docs.build([folder], docs, worker, quiet=quiet)
    except DqError as error:
        return [str(error)]
    return []


def _ended(run: Run, troubles: list[str]) -> Run:
    """The run as others are told of it: nobody hears that it passed if something else that was asked for went wrong."""
    from msgspec.structs import replace  # noqa: PLC0415

    return replace(run, exit_code=3, verdict="; ".join([run.verdict, *troubles])) if troubles else run


class _Tell(Protocol):
    def __call__(self, run: Run, *, stored: bool) -> list[str]: ...


def _tellers(config: Config | None, *, openlineage: bool, stored: bool) -> _Tell:
    """Makes sure, before any work is done, that those can be told of the run who must be; ``stored``: whether it is to be.

    What it gives tells them, and returns what went wrong where somebody must be told; what else went wrong is only said.
    """
    notify = config.notify if config and stored else ()
    if notify:
        from dq_engine import notifications  # noqa: PLC0415

        notifications.ready(notify)
    emit = None
    if openlineage:
        from dq_engine import lineage  # noqa: PLC0415

        emit = lineage.sender()

    def tell(run: Run, *, stored: bool) -> list[str]:
        from dq_engine.errors import DqError  # noqa: PLC0415

        required, others = notifications.tell(run, notify) if notify and stored else ([], [])
        for trouble in others:
            terminal.say(trouble)
        try:
            if emit is not None:
                emit(run)
        except DqError as error:
            required.append(str(error))
        return required

    return tell


def _options(
    config: Config | None,
    select: list[str] | None,
    ignore: list[str] | None,
    fail_on: FailOn | None,
    threads: int | None,
    memory_limit: str | None,
    timeout: float | None,
    check_timeout: float | None,
    as_of: date | None,
    parameters: dict[str, Any],
    *,
    show_values: bool,
    result_format: Level | None,
    no_checksums: bool,
    verify_statistics: bool,
    fresh: bool,
    split: Path | None,
) -> Options:
    from dq_engine.config import Settings  # noqa: PLC0415
    from dq_engine.engine import Options  # noqa: PLC0415
    from dq_engine.judging import SECONDS  # noqa: PLC0415
    from dq_engine.result_format import ResultFormat  # noqa: PLC0415

    settings = config.dq if config else Settings()
    return Options(
        select=tuple(select or ()),
        ignore=tuple(ignore or ()),
        fail_on=fail_on.value if fail_on else settings.fail_on or "critical",
        show_values=show_values,
        threads=threads or settings.threads,
        memory_limit=memory_limit or settings.memory_limit,
        timeout=timeout or settings.timeout,
        check_timeout=check_timeout or settings.check_timeout or SECONDS,
        result_format=None if result_format is None else ResultFormat(result_format.value),
        as_of=as_of,
        checksums=settings.checksums and not no_checksums,
        verify_statistics=verify_statistics or settings.verify_statistics,
        fresh=fresh or not settings.reuse,
        parameters=parameters,
        split=None if split is None else str(split),
    )
