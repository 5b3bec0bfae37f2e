"""The command ``dq``: arguments in, text and exit codes out. Everything else is elsewhere, and imported when it is needed."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dq_engine import (
    cli_check,
    cli_convert,
    cli_docs,
    cli_gate,
    cli_history,
    cli_import,
    cli_release,
    cli_scores,
    cli_store,
    cli_suggest,
    terminal,
)
from dq_engine._version import __version__
from dq_engine.commands import COMMANDS, Group

if TYPE_CHECKING:
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

INTERRUPTED = 130


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


COMMANDS.add(epilog=f"Example: dq check sample_data/practices.parquet --fail-on warning\n\n{cli_check.EXIT_CODES}")(
    cli_check.check
)


# ------------------------------------------------------------------------------------------------- lint, explain and plan


@COMMANDS.add(epilog="Example: dq lint expectations/practice/*.json")
def lint(
    suites: Annotated[list[Path], typer.Argument(help="Suites, or folders of suites.")],
    param: Annotated[list[str] | None, cli_check.PARAM] = None,
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
COMMANDS.add(epilog=f"Example: dq import target/manifest.json -o suites\n\n{cli_import.EXIT_CODES}")(cli_import.import_)
COMMANDS.add(epilog=f"Example: dq export expectations/practice/*.json -o contract.odcs.yaml\n\n{cli_import.EXPORT_CODES}")(
    cli_import.export
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
    param: Annotated[list[str] | None, cli_check.PARAM] = None,
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
        with Remote(worker, anonymous=anonymous) as remote:
            found = chosen.extracts([extract], suite, None, with_ or [], given, remote.find)
            (wanted,) = cli_check.fetched(remote, found, None, quiet=False)
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
