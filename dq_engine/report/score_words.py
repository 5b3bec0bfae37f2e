"""How shares, scores and parts of ratings are put into words; shared by the outputs of scoring for people."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil, floor

from dq_engine.model import Level
from dq_engine.report.words import clean
from dq_engine.scores import NOTICE, OVERALL, InstrumentReference, Part, RunReference, Wave

WIDTH = 100
"""Characters of a line."""
LABEL = 12
"""Characters of a label at the beginning of a line."""
LEVELS: dict[Level, tuple[str, str]] = {"pcgt": ("PCG/T", "PCG/Ts"), "practice": ("practice", "practices")}
"""A level in words: one organisation, several."""
TOGETHER = "All items together"
"""The title of the item that sums up all others."""
DIGITS = 4
"""Decimals of a score."""


def percent(share: float) -> str:
    """ "12.3 %": never 0 % or 100 % where it is not exactly that."""
    if share in (0, 1):
        return f"{share * 100:.0f} %"
    shown = f"{100 * share:.1f}"
    return f"{'<0.1' if shown == '0.0' else '>99.9' if shown == '100.0' else shown} %"


def interval(low: float, high: float) -> str:
    """ "12.1–24.9 %", rounded outwards."""
    return f"{floor(round(low * 1000, 6)) / 10:.1f}–{ceil(round(high * 1000, 6)) / 10:.1f} %"


def counted(count: int, of: int, share: float | None) -> str:
    """ "5 of 72 (6.9 %)"."""
    return f"{count:,} of {of:,}" + ("" if share is None else f" ({percent(share)})")


def rounded_down(score: float) -> str:
    """A score, rounded down: one that does not reach a cut-point, or 1, is not shown as if it did."""
    return f"{floor(round(score * 10**DIGITS, 6)) / 10**DIGITS:.{DIGITS}f}"


def rounded_up(score: float) -> str:
    """What a score must reach, or may reach at most, rounded up."""
    return f"{ceil(round(score * 10**DIGITS, 6)) / 10**DIGITS:.{DIGITS}f}"


def points(change: float) -> str:
    """Percentage points: "+3.1", "−0.4", "0"; never 0 where there is a change."""
    if change == 0:
        return "0"
    shown = f"{abs(100 * change):.1f}"
    return ("−" if change < 0 else "+") + ("<0.1" if shown == "0.0" else shown)


def number(value: float) -> str:
    """A number as people write it: 0.97, 1, 12.5."""
    return f"{value:,.10g}"


def kappa(value: float) -> str:
    """ "0.83"; never 1 where it is not exactly that."""
    shown = f"{value:.2f}"
    return ">0.99" if shown == "1.00" and value < 1 else shown


def part_name(part: Part) -> str:
    """What a part measures: "item score of prescribing (bnf_code, items)"."""
    columns = f" ({', '.join(part.columns)})" if part.columns else ""
    return clean(f"{part.measure.replace('_', ' ')} of {part.feed or 'the feeds of the source'}{columns}")


def title(item: str, titles: Mapping[str, str]) -> list[str]:
    """An item by its title and its id; a second line where one is too short."""
    known = {OVERALL: TOGETHER, **titles}
    return wrapped(f"{known[item]} ({item})" if item in known else item, hanging=2)


def wave_name(wave: Wave, runs: Sequence[RunReference]) -> str:
    """A wave in words."""
    if wave.first or wave.last:
        stretch = f"{wave.first} to {wave.last}" if wave.first and wave.last else f"to {wave.last}"
        return clean(f"Wave {wave.name}: {stretch if wave.last else f'from {wave.first} on'}")
    own = next((run for run in runs if run.id == wave.name), None)
    return clean(f"Run {wave.name}, {day(own.started)}" if own else "All data" if wave.name == "all" else f"Wave {wave.name}")


def day(moment: str) -> str:
    """The day of a moment (ISO 8601), as people write it."""
    try:
        found = dt.datetime.fromisoformat(moment)
    except ValueError:
        return clean(moment)
    return f"{found.day} {found:%B %Y}"


def labelled(label: str, text: str) -> Iterator[str]:
    """Text behind a label, broken into lines that stand below each other."""
    first, *others = _broken(text, WIDTH - LABEL) or [""]
    yield f"{label:<{LABEL}}{first}"
    yield from (f"{'':{LABEL}}{line}" for line in others)


def few(names: Iterable[str], room: int) -> str:
    """The first names, and how many there are besides."""
    listed = [clean(name) for name in names]
    return ", ".join([*listed[:room], *([f"{len(listed) - room:,} more"] if len(listed) > room else [])])


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of cells as lines: the first column flush left, the others flush right, each as wide as it must be."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def wrapped(text: str, indent: int = 0, hanging: int = 0) -> list[str]:
    """Text broken into lines, indented; the second and further ones by ``hanging`` more."""
    return _broken(text, WIDTH, " " * indent, " " * (indent + hanging))


def _broken(text: str, width: int, first: str = "", later: str = "") -> list[str]:
    """Lines of a text; a number and its per cent stay together."""
    lines = textwrap.wrap(
        clean(text).replace(" %", "\0%"),
        width,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in lines]


def notice() -> str:
    """What every output begins with."""
    return NOTICE[0].upper() + NOTICE[1:]


def instrument_lines(label: str, instrument: InstrumentReference) -> Iterator[str]:
    """Which instrument was used, and where its numbers come from."""
    provenance = instrument.provenance
    yield from labelled(
        label,
        f"{instrument.name} {instrument.version}. Its numbers are {provenance.status}: {provenance.source.rstrip('.')}.",
    )


def run_lines(runs: Iterable[RunReference]) -> Iterator[str]:
    """The runs, one a line."""
    for place, run in enumerate(runs):
        yield from labelled("" if place else "Runs", f"{run.id} of {day(run.started)}")
