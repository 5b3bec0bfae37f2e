"""The command ``dq``: arguments in, text and exit codes out. Everything else is elsewhere, and imported when it is needed."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dq_engine import (
    cli_convert,
    cli_docs,
    cli_gate,
    cli_history,
    cli_release,
    cli_scores,
    cli_store,
    cli_suggest,
    outputs,
    terminal,
)
from dq_engine._version import __version__
from dq_engine.commands import COMMANDS, Group
from dq_engine.outputs import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dq_engine.config import Config
    from dq_engine.engine import Options
    from dq_engine.model import Run
    from dq_engine.process import WorkerProcess
    from dq_engine.suite import Suite

app = typer.Typer(
    name="dq",
    help="Checks the data quality of Parquet extracts by Great Expectations suites.",
    epilog="Example: dq check sample_data",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EXIT_CODES = (
    "Exit codes: 0 passed; 1 a check failed at --fail-on or above; 2 wrong usage, suite or configuration; "
    "3 something could not be evaluated; 4 nothing was checked; 130 interrupted."
)


INTERRUPTED = 130
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


class Schema(StrEnum):
    """Which JSON Schema is printed."""

    SUITE = "suite"
    RUN = "run"
    INSTRUMENT = "instrument"
    SCORES = "scores"


def main(worker: WorkerProcess | None = None) -> None:
    """Runs the command; ``worker`` is one that is already started, if there is one.

    No error that is expected leaves a traceback, and none that is not tells a value of the data.
    """
    try:
        terminal.stop_on_signals()
        app(obj=worker)
    except SystemExit as stop:
        if stop.code in (INTERRUPTED, *(128 + number for number in (signal.SIGTERM, signal.SIGHUP))):
            terminal.say("interrupted")
        raise
    except KeyboardInterrupt:
        terminal.say("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        terminal.discard_output()
        sys.exit(3)
    except Exception as error:
        from dq_engine.errors import DqError  # noqa: PLC0415

        if isinstance(error, DqError):
            terminal.say(str(error))
            sys.exit(error.exit_code)
        if os.environ.get("DQ_TRACEBACK"):
            raise
        place = _place(error)
        terminal.say(f"a fault of dq itself ({type(error).__name__} in {place}). Please report it; DQ_TRACEBACK=1 shows more")
        sys.exit(3)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dq {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Checks the data quality of Parquet extracts by Great Expectations suites."""


# ----------------------------------------------------------------------------------------------------------------- check


@COMMANDS.add(epilog=f"Example: dq check sample_data/practices.parquet --fail-on warning\n\n{EXIT_CODES}")
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
        from dq_engine.errors import DqError  # noqa: PLC0415
        from dq_engine.remote import Remote  # noqa: PLC0415
        from dq_engine.reuse import Earlier  # noqa: PLC0415

        asked = outputs.wanted(format or [], output or [])
        _refuse(asked, result_format, docs, no_results=no_results, update_baseline=update_baseline)
        config = terminal.project()
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
        folder = results or terminal.results_folder(config)
        with Remote(worker, anonymous=terminal.anonymous(config)) as remote, worker.folder() as counts:
            extracts = chosen.extracts(paths or [], suite, config, with_ or [], given, remote.find)
            if not no_results:
                store.prepare(folder)
            with terminal.progress(1, quiet=quiet) as hear:
                extracts = remote.fetch(extracts, timeout=settings.timeout, hear=hear)
            if remote.said and not quiet:
                terminal.say(remote.said)
            with terminal.progress(len(extracts), quiet=quiet) as observer:
                earlier = None if no_results else Earlier(folder)
                run = run_checks(extracts, settings, worker, counts=Path(counts), earlier=earlier, observer=observer)
            places.append(folder / run.id)
            place = folder if not no_results else Path(counts) if judging.needed else None
            run, tables, troubles = _stored(run, place, worker, Path(counts), judging)
            stored = None if no_results else tables
            troubles += outputs.write_outputs(
                run,
                asked,
                lambda: _tables(run, place is not None, tables, worker, Path(counts)),
                worker,
                result_format=result_format.value if result_format else None,
                quiet=quiet,
                verbose=verbose,
            )
        if stored is not None and not quiet:
            terminal.say(f"stored in {stored}")
        if stored is not None and (said := judging.keep(run, stored)) and not quiet:
            terminal.say(said)
        if stored is not None and docs is not None:
            try:
                cli_docs.build([folder], docs, worker, quiet=quiet)
            except DqError as error:
                troubles.append(str(error))
    for trouble in troubles:
        terminal.say(trouble)
    raise typer.Exit(3 if troubles else run.exit_code)


def _refuse(
    asked: Sequence[outputs.Wanted], result_format: Level | None, docs: Path | None, *, no_results: bool, update_baseline: bool
) -> None:
    """Refuses, before any work is done, options that do not go together."""
    from dq_engine.errors import UsageError  # noqa: PLC0415

    if result_format is not None and not any(one.format is Format.GX for one in asked):
        raise UsageError("--result-format says what a validation result of Great Expectations holds: it needs --format gx")
    if docs is not None:
        cli_docs.needed()
        if no_results:
            raise UsageError("--docs makes pages of stored runs: leave --no-results out")
    if update_baseline and no_results:
        raise UsageError("--update-baseline needs the stored run: leave --no-results out")


def _stored(
    run: Run, folder: Path | None, worker: WorkerProcess, counts: Path, judging: cli_gate.Judging
) -> tuple[Run, Path | None, list[str]]:
    """The run as it was judged and stored, its directory, and what went wrong: then it is stored unjudged, or not at all.

    Without a ``folder`` nothing is stored, and nothing can go wrong.
    """
    from dq_engine import store  # noqa: PLC0415
    from dq_engine.errors import DqError, StoreError  # noqa: PLC0415

    troubles: list[str] = []
    if folder is None:
        return run, None, troubles

    def judge(tables: Path) -> Run:
        try:
            return judging.judged(run, tables, worker) if judging.needed else run
        except DqError as error:
            troubles.append(f"the run could not be judged: {error}")
            return run

    try:
        judged, stored = store.save_judged(run, folder, worker, counts, judge)
    except StoreError as error:
        return run, None, [str(error)]
    return judged, stored, troubles


def _tables(run: Run, asked: bool, stored: Path | None, worker: WorkerProcess, counts: Path) -> Path:
    """The directory with the counts of the run: where it is stored, or, if that was not ``asked`` for, one below ``counts``."""
    from dq_engine import run_tables  # noqa: PLC0415
    from dq_engine.errors import StoreError  # noqa: PLC0415

    if asked and stored is None:
        raise StoreError("there are no counts to write, as the run could not be stored")
    return stored or run_tables.written(run, worker, counts)


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


# ------------------------------------------------------------------------------------------------- lint, explain and plan


@COMMANDS.add(epilog="Example: dq lint expectations/practice/*.json")
def lint(
    suites: Annotated[list[Path], typer.Argument(help="Suites, or folders of suites.")],
    param: Annotated[list[str] | None, PARAM] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of suites that are right.")] = False,
) -> None:
    """Check suites: every fault of each, with its place and what to do; and which parameters they need. Reads no data."""
    from dq_engine import parameters  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.feeds import read_suite, suite_files  # noqa: PLC0415
    from dq_engine.suite import checked_with  # noqa: PLC0415

    faults = 0
    given = parameters.given(parameters.from_texts(param or []), None, datetime.now(UTC))
    files = [path for given in suites for path in (suite_files(given) if given.is_dir() else [given])]
    for path in files:
        try:
            suite = checked_with(read_suite(path), given)
        except UsageError as error:
            faults += len(str(error).splitlines())
            terminal.say(str(error))
        else:
            if not quiet:
                needs = f"; needs the parameters {', '.join(suite.parameters)}" if suite.parameters else ""
                terminal.write(f"{path}: {len(suite.checks)} expectations, all right{needs}\n")
    if not files:
        terminal.say("no suite was found")
        raise typer.Exit(4)
    if faults:
        terminal.say(f"{faults} fault{'' if faults == 1 else 's'} in {len(files)} suite{'' if len(files) == 1 else 's'}")
        raise typer.Exit(2)


COMMANDS.add(epilog=f"Example: dq convert great_expectations/expectations -o suites\n\n{cli_convert.EXIT_CODES}")(
    cli_convert.convert
)


@COMMANDS.add(epilog="Example: dq explain expect_column_values_to_be_in_set")
def explain(
    name: Annotated[str | None, typer.Argument(help="An expectation, or a feed; none: a list of all expectations.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference of all expectations, in Markdown.")] = False,
    schema: Annotated[Schema | None, typer.Option(help="The JSON Schema of suites, run.json, instruments or scores.")] = None,
) -> None:
    """Explain what can be expected: what a rule says, why, what it does with NULLs, its arguments and examples."""
    from dq_engine import explain as pages  # noqa: PLC0415
    from dq_engine import feed_page  # noqa: PLC0415

    if schema is not None:
        terminal.write(pages.as_text(pages.SCHEMAS[schema.value]()))
    elif markdown:
        terminal.write(pages.reference())
    elif name is not None:
        suites = _suites_for(name)
        terminal.write("\n".join(feed_page.page(suite) for suite in suites) if suites else pages.page(pages.find(name)) + "\n")
    else:
        terminal.write(pages.listing() + "\n")


@COMMANDS.add(epilog="Example: dq sample samples --seed 7 --scale 2, then dq check samples")
def sample(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(help="The folder into which the files are written; it is made.")],
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another world; the same one the same rows.")] = 1,
    scale: Annotated[int, typer.Option(min=1, help="1 is the smallest; the number of rows is about proportional to it.")] = 1,
    periods: Annotated[int, typer.Option(min=1, help="Months, from October 2024 on.")] = 2,
    feed: Annotated[list[str] | None, typer.Option("--feed", help="Only this feed; may be repeated. Default: all.")] = None,
    plant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FEED=TIMES",
            help="How many times as often as usual defects befall a feed, or the feeds of a source, such as hospital=20: 0 none, "
            "1 as usual, 1000 at most. Rows that are befallen more than once are spoilt for the most part in the feeds of "
            "hospital, community, mental_health and social_care, and have one defect elsewhere. May be repeated.",
        ),
    ] = None,
    memory_limit: Annotated[str, typer.Option(help='Memory that writing may use, such as "512MB".')] = "1GB",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no list of what was written.")] = False,
) -> None:
    """Write the extracts of an invented world, with planted defects and the key that says what they break."""
    with terminal.worker_of(context) as worker:
        from dq_engine.sample import ANSWER_KEY, feed_names, read_plant, write_samples  # noqa: PLC0415

        times = read_plant(plant or [])
        wanted = feed or list(feed_names())
        places = {name: place for place, name in enumerate(sorted(wanted))}
        with terminal.progress(len(wanted), quiet=quiet) as observer:
            written = write_samples(
                directory,
                worker,
                seed=seed,
                scale=scale,
                periods=periods,
                feeds=wanted,
                plant=times,
                memory_limit=memory_limit,
                progress=lambda name, fraction: observer(name, f"writing feed {places[name] + 1} of {len(places)}", fraction),
            )
    if not quiet:
        lines = [f"{one.path}: {one.rows:,} rows" for one in written]
        terminal.write(
            "\n".join([*lines, f"{directory / ANSWER_KEY}: what the defects break, by feed, rule and organisation"]) + "\n"
        )


def _suites_for(feed: str) -> list[Suite]:
    """The suites of the feed of that name, as they would be found from the working folder; none if there is no such feed."""
    from dq_engine import feeds  # noqa: PLC0415

    config = terminal.project()
    shelf = feeds.Shelf([config.root / folder for folder in config.dq.suites] if config else [])
    return shelf.of_feed(feed, Path.cwd())


@COMMANDS.add(epilog="Example: dq plan expectations/practice/practices.json sample_data/practices.parquet")
def plan(
    context: typer.Context,
    suite: Annotated[Path, typer.Argument(help="The suite.")],
    extract: Annotated[str, typer.Argument(help="The extract: a file, a folder or a quoted glob, here or at s3://.")],
    with_: Annotated[
        list[str] | None, typer.Option("--with", metavar="NAME=PATH", help="Where another extract is that rules speak of.")
    ] = None,
    param: Annotated[list[str] | None, PARAM] = None,
) -> None:
    """Print the SQL that would be run, and what the footers answer without it. Reads the footers, and no data."""
    with terminal.worker_of(context) as worker:
        from dq_engine import chosen, parameters  # noqa: PLC0415
        from dq_engine.addresses import is_remote  # noqa: PLC0415
        from dq_engine.remote import Remote  # noqa: PLC0415
        from dq_engine.run import explain_plan  # noqa: PLC0415

        given = parameters.given(parameters.from_texts(param or []), None, datetime.now(UTC))
        elsewhere = any(map(is_remote, [extract, *(text.partition("=")[2] for text in with_ or [])]))
        anonymous = elsewhere and terminal.anonymous(terminal.project())
        with Remote(worker, anonymous=anonymous) as remote, terminal.progress(1, quiet=False) as hear:
            found = chosen.extracts([extract], suite, None, with_ or [], given, remote.find)
            (wanted,) = remote.fetch(found, timeout=None, hear=hear)
            terminal.write(explain_plan(worker, wanted) + "\n")


COMMANDS.add(epilog=f"Example: dq gate dq-results --baseline baseline\n\n{cli_gate.GATE_CODES}")(cli_gate.gate)
COMMANDS.add(epilog=f"Example: dq diff baseline dq-results\n\n{cli_gate.DIFF_CODES}")(cli_gate.diff)


# ----------------------------------------------------------------------------------------- what is made of stored runs

COMMANDS.add(epilog=f"Example: dq docs dq-results --output site --open\n\n{cli_docs.EXIT_CODES}")(cli_docs.docs)
COMMANDS.add(epilog=f"Example: dq score --sample 72 --strata region,kind\n\n{cli_scores.EXIT_CODES}")(cli_scores.score)
COMMANDS.add(epilog=f"Example: dq history dq-results --extract list_sizes --fail-on-anomaly\n\n{cli_history.EXIT_CODES}")(
    cli_history.history
)
COMMANDS.add(epilog=f"Example: dq calibrate --survey answers.csv --output ours.json\n\n{cli_scores.EXIT_CODES}")(
    cli_scores.calibrate
)
COMMANDS.group(
    "store",
    cli_store.STORE,
    "Look after stored runs: list, prune, compact, move and verify them.",
    f"Example: dq store prune --keep 12\n\n{cli_store.EXIT_CODES}",
)

# ------------------------------------------------------------------------------------------------------ init and suggest

COMMANDS.add(epilog=f"Example: dq init data/list_sizes.parquet\n\n{cli_suggest.INIT_EXIT_CODES}")(cli_suggest.init)
COMMANDS.add(epilog=f"Example: dq suggest sample_data/practices.parquet --output proposals.json\n\n{cli_suggest.EXIT_CODES}")(
    cli_suggest.suggest
)


# ---------------------------------------------------------------------------------------------------- release and verify

COMMANDS.add(epilog=f"Example: dq release --key release.pem --output bundle\n\n{cli_release.RELEASE_CODES}")(cli_release.release)
COMMANDS.add(epilog=f"Example: dq verify bundle --key release.pem.pub --data sample_data\n\n{cli_release.VERIFY_CODES}")(
    cli_release.verify
)
COMMANDS.add(epilog=f"Example: dq keygen release.pem\n\n{cli_release.KEYGEN_CODES}")(cli_release.keygen)


if __name__ == "__main__":
    main()
