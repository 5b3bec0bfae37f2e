"""The command ``dq history``: stored runs -> what came and what was found over time, and what is unusual about the newest."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dq_engine import terminal
from dq_engine.cli_scores import Quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dq_engine.trends import History

EXIT_CODES = (
    "Exit codes: 0 done; 1 an anomaly, with --fail-on-anomaly; 2 wrong usage; 3 a run cannot be read (the others are shown); "
    "4 there is no run, or with --fail-on-anomaly nothing that can be judged; 130 interrupted."
)


class Format(StrEnum):
    """How a history is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def history(
    context: typer.Context,
    runs: Annotated[
        list[Path] | None,
        typer.Argument(help="Directories of runs, or folders of runs: then all in each. None: all that were stored."),
    ] = None,
    extract: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this extract, or those that a pattern fits. May be repeated.")
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this check, or those that a pattern fits, with a line for every run."),
    ] = None,
    organisation: Annotated[
        str, typer.Option(metavar="CODE", help="What was counted of one organisation; with --rating, how it was rated.")
    ] = "",
    rating: Annotated[
        str, typer.Option(metavar="ITEM", help="How each run rates an item, such as hospital.commission, or overall.")
    ] = "",
    instrument: Annotated[
        Path | None, typer.Option(help="The instrument of --rating. Default: the one that comes with dq.")
    ] = None,
    last: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the newest N runs. Default: all; 12 for --rating.")
    ] = None,
    fail_on_anomaly: Annotated[bool, typer.Option("--fail-on-anomaly", help="Exit code 1 if anything is unusual.")] = False,
    format: Annotated[Format, typer.Option(help="How the history is written.")] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the history to this file, not to standard output.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List the checks that always passed, too.")] = False,
    quiet: Quiet = False,
) -> None:
    """Show stored runs over time: rows, organisations, age, failing shares, and what is unusual about the newest delivery."""
    _refuse_together(rating, instrument, [*(extract or ()), *(check or ())], fail_on_anomaly=fail_on_anomaly)
    with terminal.worker_of(context) as worker:
        from dq_engine.past import Past  # noqa: PLC0415

        given = runs or [terminal.results_folder(terminal.project())]
        with terminal.progress(1, quiet=quiet) as observer:
            observer("history", "reading runs", 0.0)
            past = Past(given, last or (RATED if rating else None))
            observer("history", "counting", 0.3)
            if rating:
                found = past.ratings(rating, worker, instrument, organisation)
            else:
                found = past.history(worker, extract or (), check or (), organisation)
            observer("history", "done", 1.0)
    for reason in found.left_out:
        terminal.say(f"a run is left out: {reason}")
    if found.runs:
        _deliver(found, format, output, verbose=verbose, single=bool(check))
    else:
        terminal.say(f"{', '.join(map(str, given))}: no run can be shown")
    if code := _exit_code(found, fail_on_anomaly=fail_on_anomaly):
        raise typer.Exit(code)


RATED = 12
"""Runs that ``--rating`` rates if nobody says how many: each takes as long as ``dq score``."""


def _refuse_together(rating: str, instrument: Path | None, chosen: Sequence[str], *, fail_on_anomaly: bool) -> None:
    from dq_engine.errors import UsageError  # noqa: PLC0415

    troubles = {
        "--rating is about items: leave --extract and --check out": bool(rating and chosen),
        "--rating finds no anomalies: leave --fail-on-anomaly out": bool(rating and fail_on_anomaly),
        "--instrument goes with --rating": instrument is not None and not rating,
    }
    if told := [trouble for trouble, there in troubles.items() if there]:
        raise UsageError("\n".join(told))


def _exit_code(found: History, *, fail_on_anomaly: bool) -> int:
    if found.left_out:
        return 3
    if not found.runs or (fail_on_anomaly and not found.judged.judged):
        return 4
    return 1 if fail_on_anomaly and found.anomalies else 0


def _deliver(found: History, format: Format, output: Path | None, *, verbose: bool, single: bool) -> None:
    from dq_engine.report import history_table, history_text, score_json, score_tables  # noqa: PLC0415

    if format is Format.TEXT:
        content = history_text.plain(found, verbose=verbose, single=single).encode()
    elif format is Format.JSON:
        content = score_json.encode(found)
    else:
        content = score_tables.as_csv(history_table.table(found))
    if output is not None:
        terminal.write_file(output, content)
    else:
        terminal.write(content.decode(), raw=format is not Format.TEXT)
