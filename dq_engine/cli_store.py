"""The commands ``dq store …``: which runs are stored, which may go, smaller ones, another place, and whether they are whole."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dq_engine import terminal
from dq_engine.cli_scores import Quiet
from dq_engine.commands import Commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dq_engine.upkeep import Stored

EXIT_CODES = (
    "Exit codes: 0 done; 2 wrong usage; 3 a run cannot be read or is damaged, or something cannot be written; 130 interrupted."
)
UNITS = {"d": 1, "w": 7}

Results = Annotated[Path | None, typer.Argument(help="The folder of runs. None: that of the project, dq-results.")]
STORE = Commands()
"""The commands of ``dq store``."""


@STORE.add(epilog=f"Example: dq store list dq-results\n\n{EXIT_CODES}", name="list")
def list_runs(results: Results = None) -> None:
    """List the runs of a folder, oldest first, with their size."""
    from dq_engine import upkeep  # noqa: PLC0415

    folder = _folder(results)
    runs, troubles = upkeep.stored(folder)
    for run in runs:
        names = ", ".join(extract.name for extract in run.head.extracts)
        terminal.write(f"{run.head.id}  exit code {run.head.exit_code}  {_size(run.bytes):>9}  {names}\n")
    terminal.say(f"{folder}: {_runs(runs)}, {_size(sum(run.bytes for run in runs))}")
    _tell(troubles)


@STORE.add(epilog=f"Example: dq store prune dq-results --older-than 90d --dry-run\n\n{EXIT_CODES}")
def prune(
    results: Results = None,
    keep: Annotated[int | None, typer.Option(min=1, metavar="N", help="Keep the newest N runs of each extract.")] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Remove only runs that were started so long ago, such as 90d or 12w.")
    ] = None,
    before: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Remove only runs that were started before that day.")
    ] = None,
    keep_run: Annotated[
        list[str] | None,
        typer.Option("--keep-run", metavar="ID", help="Keep this run in any case. May be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
) -> None:
    """Remove old runs. The newest run of each extract stays, and one whose results a later run took over.

    So does the baseline that the policy in dq.toml names. Of --keep and an age, both must allow it. Runs that cannot be read
    stay, and are named.
    """
    from dq_engine import upkeep  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415

    if keep is None and older_than is None and before is None:
        raise UsageError("say which runs may go: --keep N, --older-than AGE or --before DATE")
    if older_than is not None and before is not None:
        raise UsageError("--older-than and --before both say from when on runs stay: leave one out")
    day = before.date() if before else _day(older_than) if older_than else None
    folder = _folder(results)
    runs, troubles = upkeep.stored(folder)
    pruned = upkeep.to_prune(runs, keep, day, [*(keep_run or ()), *_baseline(runs)])
    for run, why in pruned.stay:
        terminal.write(f"kept {run.head.id}: {why}\n")
    if not dry_run:
        upkeep.remove(folder, pruned.go)
    for run in pruned.go:
        terminal.write(f"{'would remove' if dry_run else 'removed'} {run.head.id}  {_size(run.bytes)}\n")
    done = "would be removed" if dry_run else "removed"
    terminal.say(f"{folder}: {len(pruned.go):,} of {_runs(runs)} {done}, {_size(sum(run.bytes for run in pruned.go))}")
    _tell(troubles)


@STORE.add(epilog=f"Example: dq store compact dq-results --keep 3\n\n{EXIT_CODES}")
def compact(
    context: typer.Context,
    results: Results = None,
    keep: Annotated[int, typer.Option(min=1, metavar="N", help="Leave the newest N runs of each extract as they are.")] = 1,
    quiet: Quiet = False,
) -> None:
    """Make older runs smaller: without SQL, times of queries and examples of failing values.

    Counts, outcomes, ratings and trends stay the same. Later runs take over no results of such a run.
    """
    from dq_engine import upkeep  # noqa: PLC0415

    folder = _folder(results)
    runs, troubles = upkeep.stored(folder)
    with terminal.worker_of(context) as worker, terminal.progress(1, quiet=quiet) as observer:
        done = upkeep.compact(folder, runs, keep, worker, lambda phase, fraction: observer("store", phase, fraction))
    terminal.say(
        f"{folder}: {done.runs:,} of {_runs(runs)} made smaller, from {_size(done.before)} to {_size(done.after)}; "
        f"{done.already:,} small already, {done.whole:,} newest left as they are"
    )
    _tell(troubles)


@STORE.add(epilog=f"Example: dq store move dq-results archive/2024\n\n{EXIT_CODES}")
def move(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The folder of runs.")],
    destination: Annotated[Path, typer.Argument(metavar="TO", help="Where they go; it is made. Runs that are there stay.")],
    quiet: Quiet = False,
) -> None:
    """Move all runs to another folder, also on another disk. Each is removed only when its copy is on disk and is the same."""
    from dq_engine import upkeep  # noqa: PLC0415

    with terminal.progress(1, quiet=quiet) as observer:
        done = upkeep.move(source, destination, lambda phase, fraction: observer("store", phase, fraction))
    there = f"; {done.merged:,} of them were there already, and are the same" if done.merged else ""
    terminal.say(f"{done.runs:,} run{'' if done.runs == 1 else 's'} moved to {destination}, {_size(done.bytes)}{there}")


@STORE.add(epilog=f"Example: dq store verify dq-results\n\n{EXIT_CODES}")
def verify(results: Results = None) -> None:
    """Say which runs are not as they were stored, by the checksums that each was sealed with."""
    from dq_engine import store, upkeep  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415

    folder = _folder(results)
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not there")
    directories = [folder] if (folder / store.RUN).is_file() else store.directories(folder)
    found = {directory: upkeep.faults(directory) for directory in directories}
    damaged = sum(map(bool, found.values()))
    terminal.say(f"{folder}: {len(found) - damaged:,} of {len(found):,} runs are as they were stored")
    _tell([fault for faults in found.values() for fault in faults])


def _folder(results: Path | None) -> Path:
    return results or terminal.results_folder(terminal.project())


def _baseline(runs: Sequence[Stored]) -> list[str]:
    """The id of the baseline of the gate, if it is one of the runs."""
    config = terminal.project()
    if config is None or config.gate is None or config.gate.baseline is None:
        return []
    place = (config.root / config.gate.baseline).resolve()
    return [run.head.id for run in runs if run.directory.resolve() == place]


def _tell(troubles: Sequence[str]) -> None:
    for trouble in troubles:
        terminal.say(trouble)
    if troubles:
        raise typer.Exit(3)


def _day(age: str) -> date:
    from dq_engine.errors import UsageError  # noqa: PLC0415

    found = re.fullmatch(r"([0-9]{1,5})([dw])", age)
    if found is None:
        raise UsageError(f'--older-than: expected a number of days or weeks, such as 90d or 12w; got "{age}"')
    return datetime.now(UTC).date() - timedelta(days=int(found[1]) * UNITS[found[2]])


def _runs(runs: Sequence[Stored]) -> str:
    return f"{len(runs):,} run{'' if len(runs) == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
