"""The commands ``dq gate`` and ``dq diff``, and what ``dq check`` has of the gate: may data be released, and what changed."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dq_engine import outputs, terminal

if TYPE_CHECKING:
    from dq_engine.config import Config
    from dq_engine.gating import Terms
    from dq_engine.model import Run
    from dq_engine.process import WorkerProcess

GATE_CODES = (
    "Exit codes: 0 the gate is open; 1 something failed; 2 wrong usage, policy or waivers; 3 something could not be evaluated or "
    "read; 4 something was not checked; 130 interrupted. 3 wins over 1, and 1 over 4."
)
DIFF_CODES = "Exit codes: 0 shown, whatever changed; 2 wrong usage; 3 a run cannot be read; 130 interrupted."

Baseline = Annotated[
    Path | None,
    typer.Option(metavar="RUN", help="A stored run: only what got worse since then fails. Default: that of dq.toml."),
]
Waivers = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The failures that somebody accepted. Default: those of dq.toml.")
]


class Format(StrEnum):
    """How differences are written."""

    TEXT = "text"
    JSON = "json"


def terms_of(
    config: Config | None, fail_on: str | None, waivers: Path | None, baseline: Path | None, *, itself: bool = False
) -> Terms:
    """By what a run is judged: the policy of the project, or what is safe, and what the command names in its place."""
    from dq_engine.gating import Terms  # noqa: PLC0415
    from dq_engine.policy import Policy  # noqa: PLC0415

    return Terms(
        policy=(config.gate if config else None) or Policy(),
        root=config.root if config else Path(),
        today=datetime.now(UTC).date(),
        fail_on=fail_on or (config.dq.fail_on if config else None) or "critical",
        waivers=waivers,
        baseline=baseline,
        itself=itself,
    )


class Judging:
    """What ``dq check`` makes of its run before it is stored: waivers are applied, and the gate decides if it was asked for.

    Raises :class:`dq_engine.errors.UsageError` for what cannot be used, before any work is done.
    """

    def __init__(
        self,
        config: Config | None,
        fail_on: str | None,
        *,
        gate: bool,
        waivers: Path | None,
        baseline: Path | None,
        update_baseline: bool,
    ) -> None:
        from dq_engine.errors import UsageError  # noqa: PLC0415

        policy = config.gate if config else None
        self.asked = gate or update_baseline or baseline is not None
        self.needed = self.asked or waivers is not None or (policy is not None and policy.waivers is not None)
        if gate and policy is None:
            raise UsageError("--gate ends by the policy of the project: there is no table [gate] in dq.toml")
        if not self.needed:
            return
        from dq_engine import gating  # noqa: PLC0415

        self.terms = terms_of(config, fail_on, waivers, baseline)
        self.update = self.terms.baseline_folder if update_baseline else None
        if update_baseline and self.update is None:
            raise UsageError("--update-baseline: say where the baseline is, with --baseline or in dq.toml")
        if self.update is not None and not self.update.exists():
            self.terms = terms_of(config, fail_on, waivers, self.update, itself=True)
        gating.ready(self.terms, gate=self.asked)

    def judged(self, run: Run, tables: Path, worker: WorkerProcess) -> Run:
        """The run with its waivers, and the verdict of the gate if that was asked for; ``tables`` has its Parquet files."""
        from dq_engine import gating  # noqa: PLC0415

        return (gating.gated if self.asked else gating.waived)(run, tables, self.terms, worker)

    def keep(self, run: Run, stored: Path) -> str:
        """Makes the stored run the baseline, if that was asked for and it passes; says what was done."""
        from dq_engine import gating  # noqa: PLC0415

        if not self.needed or self.update is None:
            return ""
        if run.exit_code:
            return f"the baseline {self.update} stays as it is: the run does not pass"
        gating.update_baseline(stored, self.update)
        known = sum(outcome.status == "fail" and outcome.waiver is None for outcome in run.outcomes)
        failing = f"{known:,} failing check{'' if known == 1 else 's'}"
        return f"{self.update} is the baseline now: run {run.id}, with {failing} known from now on"


def gate(
    context: typer.Context,
    run: Annotated[
        Path | None, typer.Argument(help="A stored run, or a folder of runs: then its newest. None: that of dq.toml.")
    ] = None,
    waivers: Waivers = None,
    baseline: Baseline = None,
    format: Annotated[
        list[outputs.Format] | None,
        typer.Option(
            help="How the verdict is written; text: the paragraph, others: the whole run, as dq check does. May be repeated, "
            "each with an --output of its own, in the same order.  [default: text]"
        ),
    ] = None,
    output: Annotated[
        list[Path] | None, typer.Option("--output", "-o", help="Write to this file, not to standard output, which is -.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing if the gate is open.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List everything that the gate found, too.")] = False,
) -> None:
    """Decide by the policy of dq.toml whether the data of a stored run may be released. Reads no extract."""
    with terminal.worker_of(context) as worker:
        from dq_engine import gating, store  # noqa: PLC0415
        from dq_engine.report import gate_text  # noqa: PLC0415

        asked = outputs.wanted(format or [], output or [])
        config = terminal.project()
        terms = terms_of(config, None, waivers, baseline)
        gating.ready(terms, gate=True)
        directory = store.run_directory(run or terminal.results_folder(config))
        judged = gating.gated(store.load(directory), directory, terms, worker)
        troubles = outputs.write_outputs(
            judged,
            asked,
            lambda: directory,
            worker,
            words=lambda run: gate_text.plain(run, verbose=verbose),
            quiet=quiet,
            verbose=verbose,
        )
    for trouble in troubles:
        terminal.say(trouble)
    raise typer.Exit(3 if troubles else judged.exit_code)


def diff(
    context: typer.Context,
    earlier: Annotated[Path, typer.Argument(help="A stored run, or a folder of runs: then its newest.")],
    later: Annotated[Path, typer.Argument(help="Another one, to be held against it.")],
    format: Annotated[Format, typer.Option(help="How the differences are written.")] = Format.TEXT,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every organisation.")] = False,
) -> None:
    """Say what changed between two stored runs: what got worse or better by more than chance, and what cannot be compared."""
    with terminal.worker_of(context) as worker:
        from dq_engine import gating, store  # noqa: PLC0415
        from dq_engine.report import diff_text  # noqa: PLC0415

        terms = terms_of(terminal.project(), None, None, None)
        directory = store.run_directory(later)
        found = gating.between(earlier, store.load(directory), directory, worker, terms.policy)
        if format is Format.JSON:
            terminal.write(diff_text.as_json(found), raw=True)
        else:
            terminal.write(diff_text.plain(found, verbose=verbose))
