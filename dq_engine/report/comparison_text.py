"""Two instruments side by side, for people: in what they differ, and how far their ratings of the same data agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dq_engine.report.score_words import (
    LEVELS,
    aligned,
    counted,
    few,
    instrument_lines,
    kappa,
    labelled,
    notice,
    run_lines,
    title,
    wave_name,
    wrapped,
)
from dq_engine.scores import RATINGS

if TYPE_CHECKING:
    from dq_engine.rating.agreement import Agreement, Kappa
    from dq_engine.rating.comparison import Compared, Comparison

KAPPA = (
    "Kappa: weighted kappa with linear weights, and its 95 % interval; 1 is perfect agreement, 0 what chance gives. Each "
    "organisation counts the same."
)
FEW = 5
"""Things that are listed of many."""


def plain(comparison: Comparison) -> str:
    """The comparison as lines of text, about 100 characters wide."""
    blocks = [[notice()], [*_head(comparison)], [*_differences(comparison.differences)], wrapped(KAPPA)]
    for wave in comparison.waves:
        blocks.append([wave_name(wave, comparison.runs)])
        blocks += [[*_item(comparison, item)] for item in comparison.items if item.wave == wave.name]
    blocks.append([*_unmatched(comparison)])
    blocks.append([line for note in comparison.notes for line in wrapped(note, hanging=2)])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(comparison: Comparison) -> Iterator[str]:
    yield from instrument_lines("First", comparison.first)
    yield from instrument_lines("Second", comparison.second)
    yield from run_lines(comparison.runs)
    if comparison.sample is not None:
        yield from labelled("About", f"{LEVELS[comparison.level][1]}: {comparison.sample.design}")


def _differences(found: Sequence[str]) -> Iterator[str]:
    if not found:
        yield "The instruments do not differ."
        return
    yield "In the second one"
    for difference in found:
        yield from wrapped(difference, indent=2, hanging=2)


def _item(comparison: Comparison, compared: Compared) -> Iterator[str]:
    """A table with a row for each rating by the first instrument, and a column for each by the second."""
    found = compared.agreement
    yield from title(compared.item, comparison.titles)
    if found.answers:
        shares = (found.exact / found.answers, found.near / found.answers)
        yield from wrapped(
            f"the same rating: {counted(found.exact, found.answers, shares[0])}; the same or the next: "
            f"{counted(found.near, found.answers, shares[1])}; kappa {_kappa(found.linear)}",
            indent=2,
        )
        yield from aligned(_table(found))
    alone = [
        f"{count:,} {by}"
        for count, by in (
            (compared.first_only, "by the first alone"),
            (compared.second_only, "by the second alone"),
            (compared.neither, "by neither"),
        )
        if count
    ]
    if alone:
        yield from wrapped(f"rated {', '.join(alone)}", indent=2)


def _table(found: Agreement) -> Iterator[list[str]]:
    yield ["  first ↓  second →", *RATINGS]
    for rating, row in zip(RATINGS, found.table, strict=True):
        yield [f"  {rating}", *(f"{count:,}" for count in row)]


def _kappa(found: Kappa) -> str:
    if found.value is None:
        return "cannot be told: all ratings are the same"
    limits = "" if found.low is None or found.high is None else f" ({kappa(found.low)} to {kappa(found.high)})"
    return f"{kappa(found.value)}{limits}"


def _unmatched(comparison: Comparison) -> Iterator[str]:
    for items, which in ((comparison.first_items, "first"), (comparison.second_items, "second")):
        if items:
            yield from wrapped(f"Only the {which} has {few(items, FEW)}", hanging=2)
