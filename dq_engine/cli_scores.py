"""The commands ``dq score`` and ``dq calibrate``: options in, what was asked out; the results to the terminal or a file."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dq_engine import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dq_engine.model import Organisation
    from dq_engine.process import WorkerProcess
    from dq_engine.rating.comparison import Comparison
    from dq_engine.report.progress import Silence
    from dq_engine.scores import Explanation, Scores
    from dq_engine.scoring import Asked, Scorer

EXIT_CODES = (
    "Exit codes: 0 done; 2 wrong usage, instrument, sample or survey; 3 a run cannot be read, or something cannot be written or "
    "fitted; 4 nobody is rated; 130 interrupted."
)
NOBODY_RATED = 4


class Level(StrEnum):
    """Which organisations are rated."""

    PRACTICE = "practice"
    PCGT = "pcgt"


class By(StrEnum):
    """What groups are of."""

    REGION = "region"
    KIND = "kind"


class Allocation(StrEnum):
    """How a sample is shared out among strata."""

    PROPORTIONAL = "proportional"
    EQUAL = "equal"


class Format(StrEnum):
    """How results are written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class Table(StrEnum):
    """Which table is written as CSV or Parquet."""

    RATINGS = "ratings"
    STUDY = "study"
    CHANGES = "changes"
    DIMENSIONS = "dimensions"
    DQMI = "dqmi"
    NOT_COUNTED = "not-counted"


Runs = Annotated[
    list[Path] | None,
    typer.Argument(help="Directories of runs, or folders of runs: then the newest in each. None: the newest that was stored."),
]
Waves = Annotated[
    list[str] | None,
    typer.Option(
        "--waves",
        metavar="WAVES",
        help="tracker, month, quarter, year, or NAME=FIRST..LAST such as spring=2024-03..2024-05. May be repeated. "
        "Default: all data together, or each run by itself.",
    ),
]
Organisations = Annotated[
    Path | None,
    typer.Option(
        help="A .csv or .parquet file with organisation, level, parent, region, kind, for what registers in the runs do not say."
    ),
]
RatedLevel = Annotated[Level | None, typer.Option(help="Rate practices or PCG/Ts. Default: the instrument's level.")]
Groups = Annotated[list[By] | None, typer.Option("--by", help="Tables by region or by kind, too. May be repeated.")]
SampleOf = Annotated[
    str | None, typer.Option(metavar="N|FILE", help="Look at N organisations, drawn at random, or at those that FILE lists.")
]
Strata = Annotated[str, typer.Option(metavar="LIST", help="What a sample is drawn by: region, kind, region,kind or none.")]
Seed = Annotated[int, typer.Option(help="Another seed draws another sample.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


# ----------------------------------------------------------------------------------------------------------------- score


def score(
    context: typer.Context,
    runs: Runs = None,
    instrument: Annotated[
        list[Path] | None,
        typer.Option(help="The instrument's file; given twice, the two are compared. Default: the one that comes with dq."),
    ] = None,
    level: RatedLevel = None,
    by: Groups = None,
    sample: SampleOf = None,
    strata: Strata = "region",
    allocation: Annotated[Allocation, typer.Option(help="How a sample is shared out among strata.")] = Allocation.PROPORTIONAL,
    seed: Seed = 1,
    waves: Waves = None,
    organisations: Organisations = None,
    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="ORG ITEM", help="One rating, down to the counts: of the organisation for the item, or overall."),
    ] = None,
    wave: Annotated[str | None, typer.Option(metavar="NAME", help="The wave that --explain is about. Default: the last.")] = None,
    format: Annotated[Format, typer.Option(help="How the results are written.")] = Format.TEXT,
    table: Annotated[Table | None, typer.Option(help="Which table csv and parquet hold. Default: ratings.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the results to this file, not to standard output.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Rate the data of organisations as IM&T leads might, from runs that are stored. A modelled rating, not a survey response."""
    from dq_engine.score_api import asked_for  # noqa: PLC0415

    instruments: list[Path] = instrument or []
    _refuse(_troubles(instruments, by or [], explain, wave, format, table, output))
    options: dict[str, Any] = {
        "level": level.value if level else None,
        "by": [one.value for one in by or ()],
        "sample": sample_of(sample),
        "strata": strata_of(strata),
        "allocation": allocation.value,
        "seed": seed,
        "waves": waves or (),
        "organisations": organisations,
        "dimensions": _with_dimensions(format, table) and explain is None and len(instruments) < 2,
    }
    asked = [asked_for(instrument=one, **options) for one in instruments] or [asked_for(**options)]
    with terminal.worker_of(context) as worker:
        with terminal.progress(len(asked), quiet=quiet) as observer:
            asking = _Asking(worker, runs or [], observer)
            found = asking.explanation(asked[0], explain, wave) if explain is not None else asking.ratings(asked)
        _deliver(found, asking.organisations, format, (table or Table.RATINGS).value, output, worker)
    if output is not None and not quiet:
        terminal.say(f"written to {output}")
    if not asking.anybody:
        terminal.say("nobody is rated: no data came for any item, or too little")
        raise typer.Exit(NOBODY_RATED)


def sample_of(given: str | None) -> int | str | None:
    """How many organisations to draw, or the file of a sample."""
    return int(given) if given and re.fullmatch(r"[+-]?\d+", given) else given


def strata_of(given: str) -> list[str]:
    """By what a sample is drawn."""
    return [] if given == "none" else [name.strip() for name in given.split(",")]


def _troubles(
    instruments: Sequence[Path],
    by: Sequence[By],
    explain: tuple[str, str] | None,
    wave: str | None,
    format: Format,
    table: Table | None,
    output: Path | None,
) -> list[str]:
    """Options that do not go together."""
    as_table = format in (Format.CSV, Format.PARQUET)
    return [
        trouble
        for trouble, found in {
            "--instrument: two can be compared, not more": len(instruments) > 2,
            "--by: two instruments are compared for all organisations together": len(instruments) > 1 and bool(by),
            "--explain is about one instrument": explain is not None and len(instruments) > 1,
            "--explain is written as text or json": explain is not None and as_table,
            "--wave goes with --explain; --waves says which waves there are": wave is not None and explain is None,
            "--table goes with --format csv or parquet": table is not None and not as_table,
            "--table: two instruments are compared in one table": table is not None and len(instruments) > 1,
            "--format parquet needs --output": format is Format.PARQUET and output is None,
        }.items()
        if found
    ]


def _refuse(troubles: list[str]) -> None:
    from dq_engine.errors import UsageError  # noqa: PLC0415

    if troubles:
        raise UsageError("\n".join(troubles))


def _with_dimensions(format: Format, table: Table | None) -> bool:
    """Whether the scores of dimensions are wanted, which take longer."""
    return format is Format.JSON or table in (Table.DIMENSIONS, Table.DQMI)


class _Asking:
    """Runs, a worker and who hears of progress; once scores are there, the known organisations, and whether any is rated."""

    def __init__(self, worker: WorkerProcess, runs: Sequence[Path], observer: Silence) -> None:
        self.worker, self.observer = worker, observer
        self.runs = runs or [terminal.results_folder(terminal.project())]
        self.organisations: dict[str, Organisation] = {}
        self.anybody = True

    def explanation(self, asked: Asked, of: tuple[str, str], wave: str | None) -> Explanation:
        """The way from one rating down to the counts."""
        return self.scorer(asked).explain(*of, wave)

    def ratings(self, asked: Sequence[Asked]) -> Scores | Comparison:
        """The scores by one instrument, or two instruments side by side."""
        from dq_engine import libraries  # noqa: PLC0415
        from dq_engine.rating import instrument  # noqa: PLC0415
        from dq_engine.rating.comparison import compare  # noqa: PLC0415

        if len(asked) > 1:
            libraries.needed(libraries.AGREEMENT, "comparing two instruments")
        found = [(scorer, self.scores(scorer)) for scorer in map(self.scorer, asked)]
        self.anybody = any(rating.rating is not None for _, scores in found for rating in scores.ratings)
        first, scores = found[0]
        if len(found) == 1:
            return scores
        second, others = found[1]
        if first.level != second.level:
            _refuse([f"the first instrument rates {first.level}, the second {second.level}: say which with --level"])
        return compare(scores, others, instrument.compare(first.instrument, second.instrument))

    def scorer(self, asked: Asked) -> Scorer:
        """The runs, opened."""
        from dq_engine.scoring import Scorer  # noqa: PLC0415

        self.observer(_name(asked), "opening runs", 0.0)
        scorer = Scorer(self.runs, self.worker, asked)
        self.organisations |= scorer.registered
        return scorer

    def scores(self, scorer: Scorer) -> Scores:
        """The scores of the runs."""
        name = _name(scorer.asked)
        return scorer.scores(lambda phase, fraction: self.observer(name, phase, fraction))


def _name(asked: Asked) -> str:
    return asked.instrument.name if asked.instrument else "ratings"


# --------------------------------------------------------------------------------------------------------------- writing


def _deliver(
    found: Scores | Comparison | Explanation,
    organisations: Mapping[str, Organisation],
    format: Format,
    table: str,
    output: Path | None,
    worker: WorkerProcess,
) -> None:
    """Writes what was found to the file, or to standard output."""
    from dq_engine.report import score_json, score_tables  # noqa: PLC0415
    from dq_engine.score_files import write_parquet  # noqa: PLC0415
    from dq_engine.scores import Explanation, Scores  # noqa: PLC0415

    if format is Format.TEXT:
        text = _text(found)
        if output is None:
            terminal.write(text)
            return
        content = text.encode()
    elif format is Format.JSON:
        content = score_json.encode(found)
    else:
        assert not isinstance(found, Explanation)
        rows = score_tables.table(table, found, organisations) if isinstance(found, Scores) else score_tables.comparison(found)
        if format is Format.PARQUET and output is not None:
            write_parquet(rows, output, worker)
            return
        content = score_tables.as_csv(rows)
    if output is None:
        terminal.write(content.decode(), raw=True)
    else:
        terminal.write_file(output, content)


def _text(found: Scores | Comparison | Explanation) -> str:
    from dq_engine.report import comparison_text, explanation_text, score_text  # noqa: PLC0415
    from dq_engine.scores import Explanation, Scores  # noqa: PLC0415

    if isinstance(found, Scores):
        return score_text.plain(found)
    return explanation_text.plain(found) if isinstance(found, Explanation) else comparison_text.plain(found)


# ------------------------------------------------------------------------------------------------------------- calibrate


def calibrate(
    context: typer.Context,
    survey: Annotated[
        Path,
        typer.Option(help="The answers: a .csv or .parquet file with organisation, item, answer and, of several waves, wave."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the new instrument is written.")],
    runs: Runs = None,
    instrument: Annotated[
        Path | None, typer.Option(help="The instrument to calibrate. Default: the one that comes with dq.")
    ] = None,
    level: RatedLevel = None,
    waves: Waves = None,
    organisations: Organisations = None,
    per_item: Annotated[
        bool, typer.Option("--per-item", help="Cut-points of their own for items that have enough answers.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed deals organisations otherwise in cross-validation.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it is there.")] = False,
    quiet: Quiet = False,
) -> None:
    """Fit an instrument's cut-points to the answers of a survey, and write the new instrument with its provenance."""
    import datetime as dt  # noqa: PLC0415

    from dq_engine import libraries  # noqa: PLC0415
    from dq_engine.rating import answers  # noqa: PLC0415
    from dq_engine.rating import calibrate as fitting  # noqa: PLC0415
    from dq_engine.rating import instrument as instruments  # noqa: PLC0415
    from dq_engine.report import calibration_text  # noqa: PLC0415
    from dq_engine.score_api import asked_for  # noqa: PLC0415

    _refuse([f"{output}: is there already; --force replaces it"] if output.exists() and not force else [])
    libraries.needed(libraries.AGREEMENT, "calibrating")
    asked = asked_for(
        instrument=instrument,
        level=level.value if level else None,
        waves=waves or (),
        organisations=organisations,
        dimensions=False,
    )
    with terminal.worker_of(context) as worker, terminal.progress(1, quiet=quiet) as observer:
        given = answers.read_survey(survey, worker)
        asking = _Asking(worker, runs or [], observer)
        scorer = asking.scorer(asked)
        scores = asking.scores(scorer)
    known = scorer.population or {rating.organisation for rating in scores.ratings}
    matched = answers.survey_answers(given, scorer.instrument, scores.ratings, known)
    calibration = fitting.calibrate(matched, scores.ratings, scorer.instrument, per_item=per_item, seed=seed)
    made = fitting.new_instrument(scorer.instrument, calibration, given, dt.datetime.now(dt.UTC).date())
    terminal.write_file(output, instruments.dump(made))
    terminal.write(calibration_text.plain(calibration, scorer.instrument, made))
    if not quiet:
        terminal.say(f"written to {output}")
