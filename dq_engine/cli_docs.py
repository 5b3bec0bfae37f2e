"""The command ``dq docs``: stored runs -> pages of HTML, for those who work with the data or for the public."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dq_engine import terminal
from dq_engine.cli_scores import (
    By,
    Organisations,
    Quiet,
    RatedLevel,
    SampleOf,
    Seed,
    Strata,
    Waves,
    sample_of,
    strata_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dq_engine.process import WorkerProcess
    from dq_engine.scoring import Asked

EXIT_CODES = (
    "Exit codes: 0 done; 2 wrong usage or instrument; 3 a run cannot be read, or pages cannot be written; 130 interrupted."
)
FOLDER = "dq-docs"
"""The folder of the pages, if the command does not name one."""


class Audience(StrEnum):
    """For whom pages are."""

    INTERNAL = "internal"
    PUBLIC = "public"


def docs(
    context: typer.Context,
    runs: Annotated[
        list[Path] | None,
        typer.Argument(help="Directories of runs, or folders of runs: then all in each. None: all that were stored."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help=f"The folder of the pages; it is made, or brought up to date. Default: {FOLDER}."),
    ] = None,
    audience: Annotated[
        Audience, typer.Option(help="public: small counts are hidden, others rounded; no shapes of values, SQL or scores.")
    ] = Audience.INTERNAL,
    instrument: Annotated[
        Path | None, typer.Option(help="The instrument of the ratings. Default: the one that comes with dq.")
    ] = None,
    level: RatedLevel = None,
    by: Annotated[
        list[By] | None, typer.Option(help="Tables by region or by kind. Default: both, unless FILE is a sample.")
    ] = None,
    sample: SampleOf = None,
    strata: Strata = "region",
    seed: Seed = 1,
    waves: Waves = None,
    organisations: Organisations = None,
    gx: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the newest run into this folder as Data Docs of Great Expectations; other pages only if --output "
            "is given.",
        ),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Show the first page in the browser.")] = False,
    quiet: Quiet = False,
) -> None:
    """Make HTML pages of stored runs: what was checked and found, ratings, history. Reads no extract."""
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.score_api import asked_for  # noqa: PLC0415

    if gx is not None and audience is Audience.PUBLIC:
        raise UsageError("--gx shows all counts as they are: it cannot be for the public")
    drawn = sample_of(sample)
    given = runs or [terminal.results_folder(terminal.project())]
    asked = asked_for(
        instrument=instrument,
        level=level.value if level else None,
        by=[one.value for one in by] if by else [] if isinstance(drawn, str) else ["region", "kind"],
        sample=drawn,
        strata=strata_of(strata),
        seed=seed,
        waves=waves or (),
        organisations=organisations,
        dimensions=False,
    )
    first: list[Path] = []
    with terminal.worker_of(context) as worker:
        if gx is None or output is not None:
            first.append(build(given, output or Path(FOLDER), worker, audience=audience, asked=asked, quiet=quiet))
        if gx is not None:
            first.append(_data_docs(given, gx, quiet=quiet))
    if open_:
        import webbrowser  # noqa: PLC0415

        webbrowser.open(first[0].resolve().as_uri())


def build(
    runs: Sequence[Path],
    output: Path,
    worker: WorkerProcess,
    *,
    audience: Audience = Audience.INTERNAL,
    asked: Asked | None = None,
    quiet: bool,
) -> Path:
    """Builds the pages, says where they are, and gives the first. Raises :class:`dq_engine.errors.DqError`."""
    needed()
    from dq_engine import docs as site  # noqa: PLC0415

    with terminal.progress(1, quiet=quiet) as observer:
        wanted = site.Wanted(audience.value, asked) if asked else site.Wanted(audience.value)
        built = site.build(runs, output, wanted, worker, lambda phase, fraction: observer("pages", phase, fraction))
    for reason in built.left_out:
        terminal.say(f"a run is left out: {reason}")
    if not quiet:
        told = f"{built.runs:,} run{'' if built.runs == 1 else 's'}"
        made = f"{built.pages:,} pages made in {built.seconds:.1f} s" if built.pages else "nothing has changed"
        terminal.say(f"{told}, {made}: open {built.index}")
    return built.index


def needed() -> None:
    """Raises :class:`dq_engine.errors.UsageError` if what makes pages is not installed."""
    from dq_engine import libraries  # noqa: PLC0415

    libraries.needed(libraries.PAGES, "making pages", "docs")


def _data_docs(runs: Sequence[Path], folder: Path, *, quiet: bool) -> Path:
    from dq_engine import docs as site  # noqa: PLC0415
    from dq_engine import store  # noqa: PLC0415
    from dq_engine.gx_docs import write_data_docs  # noqa: PLC0415

    newest = site.newest(site.runs_in(runs))
    index = write_data_docs([store.load(newest)], folder)
    if not quiet:
        terminal.say(f"run {newest.name} as Data Docs of Great Expectations: open {index}")
    return index
