"""The outputs that a command is asked for: which formats, where each goes, and writing them, of a run that is new or stored.

The n-th ``--output`` belongs to the n-th ``--format``; ``-`` is standard output, of which there is one. What people read is said
besides, unless they want quiet: on standard error where a format for machines takes standard output, and there where several
formats go to files. A single one that goes to a file stands in place of the text.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from dq_engine import terminal

if TYPE_CHECKING:
    from dq_engine.model import Run
    from dq_engine.process import WorkerProcess
    from dq_engine.report.origins import Origin

STANDARD = Path("-")
"""What stands for standard output."""
CHUNK = 1 << 20


class Format(StrEnum):
    """How results are written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"
    CSV = "csv"
    GX = "gx"


class Wanted(NamedTuple):
    """One output: its format, and the file that it goes to; None for standard output."""

    format: Format
    path: Path | None


def wanted(formats: Sequence[Format], outputs: Sequence[Path]) -> list[Wanted]:
    """The outputs that are asked for. Raises :class:`dq_engine.errors.UsageError` where that is not clear."""
    from dq_engine.errors import UsageError  # noqa: PLC0415

    named = list(formats) or [Format.TEXT]
    places = list(outputs) or [STANDARD] * (len(named) == 1)
    if len(named) != len(places):
        raise UsageError(
            f"{len(named)} times --format and {len(places)} times --output: each --format needs an --output of its own, "
            "in the same order; --output - is standard output"
        )
    if places.count(STANDARD) > 1:
        raise UsageError("--output - is given twice: only one format can go to standard output")
    if doubled := [place for place in places if places.count(place) > 1]:
        raise UsageError(f"--output {doubled[0]} is given twice: each format needs a file of its own")
    return [Wanted(form, None if place == STANDARD else place) for form, place in zip(named, places, strict=True)]


def write_outputs(
    run: Run,
    asked: Sequence[Wanted],
    measures: Callable[[], Path],
    worker: WorkerProcess,
    *,
    result_format: str | None = None,
    words: Callable[[Run], str] | None = None,
    quiet: bool = False,
    verbose: bool = False,
) -> list[str]:
    """Writes a run as it is asked for, and gives what could not be written, in words; all else is written even so.

    ``measures`` gives the directory of the run with its Parquet files, when they are needed: they are read by the ``worker``.
    ``result_format`` says how much a result of Great Expectations holds; ``words`` makes the text for people, if that is not the
    one of ``dq check``. What goes to standard output is written last.
    """
    writer = _Writer(run, measures, worker, result_format, words, quiet=quiet, verbose=verbose)
    for one in sorted(asked, key=lambda one: one.path is None):
        writer.write(one)
    if any(one.format is Format.TEXT for one in asked):
        return writer.troubles
    if any(one.path is None for one in asked):
        if not quiet:
            writer.tell(sys.stderr)
    elif len(asked) > 1 and not (quiet and run.exit_code == 0):
        writer.tell(sys.stdout)
    return writer.troubles


class _Writer:
    """Writes the outputs of one run, and keeps what went wrong."""

    def __init__(
        self,
        run: Run,
        measures: Callable[[], Path],
        worker: WorkerProcess,
        result_format: str | None,
        words: Callable[[Run], str] | None,
        *,
        quiet: bool,
        verbose: bool,
    ) -> None:
        self.run = run
        self.measures = measures
        self.worker = worker
        self.result_format = result_format
        self.words = words
        self.quiet = quiet
        self.verbose = verbose
        self.troubles: list[str] = []

    def write(self, one: Wanted) -> None:
        """Writes one output; trouble with it is kept."""
        from dq_engine.errors import DqError  # noqa: PLC0415

        try:
            if one.format is Format.TEXT and one.path is None:
                if not (self.quiet and self.run.exit_code == 0):
                    self.tell(sys.stdout)
            elif one.format is Format.CSV:
                self.table(one.path)
            elif one.path is None:
                terminal.write(self.rendered(one.format).decode(), raw=True)
            else:
                terminal.write_file(one.path, self.rendered(one.format))
            if one.format is Format.GITHUB:
                self.summary()
        except DqError as error:
            self.troubles.append(str(error))

    def rendered(self, form: Format) -> bytes:
        """The run in a format other than CSV."""
        match form:
            case Format.JSON:
                from dq_engine import store  # noqa: PLC0415

                made = store.encode(self.run)
            case Format.JUNIT:
                from dq_engine.report import junit  # noqa: PLC0415

                made = junit.render(self.run, origin())
            case Format.SARIF:
                from dq_engine.report import sarif  # noqa: PLC0415

                made = sarif.render(self.run, origin(), verbose=self.verbose)
            case Format.GITHUB:
                from dq_engine.report import github  # noqa: PLC0415

                made = github.render(self.run, origin())
            case Format.MARKDOWN:
                from dq_engine.report import markdown  # noqa: PLC0415

                made = markdown.render(self.run, verbose=self.verbose)
            case Format.GX:
                document = self.run.to_gx(self.result_format or "SUMMARY")
                made = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
            case _:
                made = self.plain().encode()
        return made

    def plain(self) -> str:
        """The text for people, in lines."""
        if self.words is not None:
            return self.words(self.run)
        from dq_engine.report import text  # noqa: PLC0415

        return text.plain(self.run, verbose=self.verbose)

    def tell(self, stream: TextIO | None) -> None:
        """Says to people what the run found: a table on a terminal, lines elsewhere."""
        if stream is not None and stream.isatty() and self.words is None:
            from rich.console import Console  # noqa: PLC0415

            from dq_engine.report import text  # noqa: PLC0415

            text.table(self.run, Console(file=stream, highlight=False), verbose=self.verbose)
        elif stream is not None and stream is sys.stderr:
            terminal.tell(self.plain())
        else:
            terminal.write(self.plain())

    def table(self, path: Path | None) -> None:
        """Writes the counts of checks as CSV, of which there may be millions: no more than a piece of it is in memory here."""
        from dq_engine import run_tables  # noqa: PLC0415

        with self.worker.folder() as folder:
            written = Path(folder).resolve() / "measures.csv"
            run_tables.write_csv(self.measures(), written, self.worker)
            if path is not None:
                terminal.write_file(path, written)
                return
            with written.open(encoding="utf-8", newline="") as file:
                while piece := file.read(CHUNK):
                    terminal.write(piece, raw=True)

    def summary(self) -> None:
        """Adds the run to the summary of a step of GitHub, if this is one. Raises :class:`dq_engine.errors.StoreError`."""
        from dq_engine import store  # noqa: PLC0415
        from dq_engine.errors import StoreError  # noqa: PLC0415
        from dq_engine.report import markdown  # noqa: PLC0415

        place = os.environ.get("GITHUB_STEP_SUMMARY")
        if not place:
            return
        try:
            with Path(place).open("ab") as file:
                file.write(markdown.render(self.run, verbose=self.verbose, room=markdown.LARGEST - file.tell()))
        except OSError as error:
            raise StoreError(f"{place}: the summary could not be written: {store.words(error)}") from None


def origin() -> Origin:
    """Where paths of a run are: from the working folder, and in a job of GitHub in the repository that it works on."""
    from dq_engine.report.origins import Origin  # noqa: PLC0415

    here = Path.cwd()
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or here)
    return Origin(str(here), str(workspace if here.is_relative_to(workspace) else here))
