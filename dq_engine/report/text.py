"""A run for people at a terminal: a table per extract (:func:`table`), or plain lines for logs (:func:`plain`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dq_engine.model import ExtractRun, Outcome, Run
from dq_engine.report.entries import of_policy
from dq_engine.report.words import ORDER, ROOM, clean, finding, heading, kinds, mark, rows_written, tally, unchanged, waived

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {"pass": "pass", "fail": "FAIL", "error": "ERROR", "vacuous": "vacuous", "skipped": "skipped", "waived": "WAIVED"}
STYLES = {
    "pass": "green",
    "fail": "bold red",
    "error": "bold magenta",
    "vacuous": "yellow",
    "skipped": "dim",
    "waived": "bold yellow",
}


def shown(outcomes: Sequence[Outcome], *, verbose: bool) -> list[Outcome]:
    """The outcomes to list, worst first: all of them, or those that did not pass and were not left out on purpose."""
    severities = {"critical": 0, "warning": 1, "info": 2}
    listed = [outcome for outcome in outcomes if verbose or outcome.status not in ("pass", "skipped")]
    return sorted(listed, key=lambda o: (ORDER.index(mark(o)), severities[o.severity]))


def plain(run: Run, *, verbose: bool = False) -> str:
    """The run as lines of text, without colour."""
    lines: list[str] = []
    for extract in run.extracts:
        lines += [*_plain(extract, verbose=verbose), ""]
    if told := of_policy(run, None if verbose else ROOM):
        lines += [*told, ""]
    return "\n".join([*lines, clean(run.verdict), ""])


def _plain(extract: ExtractRun, *, verbose: bool) -> Iterator[str]:
    yield heading(extract)
    if extract.reused:
        yield f"  {unchanged(extract)}"
    if extract.problem:
        yield f"  ERROR    {clean(extract.problem)}"
    messages = set()
    for outcome in shown(extract.outcomes, verbose=verbose):
        if outcome.status == "error" and extract.problem and outcome.message == extract.problem and not verbose:
            messages.add(outcome.check)
            continue
        yield f"  {MARKS[mark(outcome)]:<8} {outcome.severity:<8}  {clean(outcome.statement)}"
        if found := finding(outcome):
            yield f"{'':21}{found}"
        if outcome.examples or outcome.examples_note:
            yield f"{'':21}failing values: {kinds(outcome.examples, outcome.examples_note)}"
        if accepted := waived(outcome):
            yield f"{'':21}{accepted}"
    if messages:
        yield f"  ERROR    for this reason {len(messages)} of its checks could not be evaluated"
    yield f"  {tally(extract.outcomes)}"
    yield from (f"{'    ' if place else '  '}{line}" for place, line in enumerate(rows_written(extract)))


def table(run: Run, console: Console, *, verbose: bool = False) -> None:
    """Prints the run to a terminal, a table per extract."""
    from rich.table import Table  # noqa: PLC0415  rich is loaded only for a terminal
    from rich.text import Text  # noqa: PLC0415

    for extract in run.extracts:
        console.print(Text(heading(extract), style="bold"))
        if extract.reused:
            console.print(Text(unchanged(extract), style="dim"))
        if extract.problem:
            console.print(Text(clean(extract.problem), style=STYLES["error"]))
        outcomes = shown(extract.outcomes, verbose=verbose)
        if extract.problem and not verbose:
            outcomes = [o for o in outcomes if o.message != extract.problem]
        if outcomes:
            grid = Table(expand=True, pad_edge=False)
            for name, options in (
                ("result", {"no_wrap": True}),
                ("severity", {"no_wrap": True}),
                ("rule", {"ratio": 5}),
                ("found", {"ratio": 4}),
            ):
                grid.add_column(name, overflow="fold", **options)
            for outcome in outcomes:
                found = Text(finding(outcome))
                if outcome.examples or outcome.examples_note:
                    found.append(f"\nfailing values: {kinds(outcome.examples, outcome.examples_note)}", style="dim")
                if accepted := waived(outcome):
                    found.append(f"\n{accepted}", style=STYLES["waived"])
                grid.add_row(
                    Text(MARKS[mark(outcome)], style=STYLES[mark(outcome)]),
                    Text(outcome.severity),
                    Text(clean(outcome.statement)),
                    found,
                )
            console.print(grid)
        console.print(Text(tally(extract.outcomes)))
        for line in rows_written(extract):
            console.print(Text(line, style="yellow"))
        console.print()
    for line in of_policy(run, None if verbose else ROOM):
        console.print(Text(line))
    style = {0: "bold green", 1: "bold red"}.get(run.exit_code, "bold magenta")
    console.print(Text(clean(run.verdict), style=style))
