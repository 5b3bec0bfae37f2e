"""Scores for people: who was rated by what, the study's table of each wave, groups, changes, and what was not counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dq_engine.report.score_words import (
    LEVELS,
    TOGETHER,
    aligned,
    counted,
    few,
    instrument_lines,
    interval,
    labelled,
    notice,
    percent,
    points,
    run_lines,
    title,
    wave_name,
    wrapped,
)
from dq_engine.report.words import clean
from dq_engine.scores import OVERALL, POOR_OR_WORSE, RATINGS, Change, NotCounted, Scores, Share, TableRow, Wave

NAME = 26
"""Characters of the name of a group, at most."""
FEW = 3
"""Things that are listed of many."""


def plain(scores: Scores) -> str:
    """The scores as lines of text, about 100 characters wide."""
    lines = [notice(), "", *_head(scores), ""]
    for wave in scores.waves:
        rows = [row for row in scores.tables if row.wave == wave.name]
        lines += [*_table(scores, wave, [row for row in rows if not row.by]), ""]
        for by in dict.fromkeys(row.by for row in rows if row.by and any(row.rated for row in rows)):
            lines += [*_groups(scores, wave, [row for row in rows if row.by == by]), ""]
    for earlier, later in dict.fromkeys((change.earlier, change.later) for change in scores.changes):
        own = [change for change in scores.changes if (change.earlier, change.later) == (earlier, later)]
        lines += [*_changes(scores, own), ""]
    lines += [*_not_counted(scores.not_counted), ""] if scores.not_counted else []
    lines += [line for note in scores.notes for line in wrapped(note, hanging=2)]
    return "\n".join(lines).rstrip() + "\n"


# ------------------------------------------------------------------------------------------------------------------ head


def _head(scores: Scores) -> Iterator[str]:
    one, several = LEVELS[scores.level]
    yield from instrument_lines("Instrument", scores.instrument)
    yield from run_lines(scores.runs)
    rows = [row for row in scores.tables if not row.by]
    population = rows[-1].population if rows else 0
    if scores.sample is None:
        yield from labelled("About", f"all {population:,} {one if population == 1 else several}")
    else:
        yield from labelled(
            "About",
            f"{several}: {scores.sample.design}. Counts are of the sample; percentages (~) are weighted estimates for all "
            f"{population:,}, with 95 % intervals.",
        )
    if rated := [row for row in rows if row.rated]:
        yield from labelled("In short", _in_short(scores, [row for row in rated if row.wave == rated[-1].wave]))


def _in_short(scores: Scores, rows: Sequence[TableRow]) -> str:
    """What is worst, of the rows of one wave."""
    wave = f" in {rows[0].wave}" if len(scores.waves) > 1 else ""
    items = [row for row in rows if row.item != OVERALL]
    worst = max(items or rows, key=lambda row: _worse(row).share or 0.0)
    if not _worse(worst).share:
        return f"Nobody is rated poor or worse for any item{wave}."
    together = "".join(f" {TOGETHER}: {_said(_worse(row))}." for row in rows if row.item == OVERALL)
    return f"Most often poor or worse{wave}: {scores.titles.get(worst.item, worst.item)}, {_said(_worse(worst))}.{together}"


def _worse(row: TableRow) -> Share:
    return next(share for share in row.shares if share.rating == POOR_OR_WORSE)


def _said(share: Share) -> str:
    return _of(share) + (f", {_limits(share)}" if share.low is not None else "")


# ---------------------------------------------------------------------------------------------------------------- tables


def _table(scores: Scores, wave: Wave, rows: Sequence[TableRow]) -> Iterator[str]:
    """A line for each item, under its title: how many have each rating, of how many; and a line of intervals, if there are."""
    name = wave_name(wave, scores.runs)
    if not any(row.rated for row in rows):
        yield f"{name}: nobody is rated"
        yield from _unrated(scores, wave)
        return
    yield name
    lines = {row.item: _cells(row) for row in rows}
    head = ["", *RATINGS, "poor or worse", "not rated"]
    shown = iter(aligned([head, *(cells for several in lines.values() for cells in several)]))
    yield next(shown)
    for item, several in lines.items():
        yield from title(item, scores.titles)
        yield from (next(shown) for _ in several)
    yield from _notes({row.item: row.note for row in rows})
    yield from _unrated(scores, wave)


def _cells(row: TableRow) -> list[list[str]]:
    *ratings, worse = row.shares
    lines = [["", *map(_cell, ratings), _of(worse), f"{row.sampled - row.rated:,} of {row.sampled:,}"]]
    if any(share.low is not None for share in row.shares):
        lines.append(["", *map(_limits, row.shares), ""])
    return lines


def _cell(share: Share) -> str:
    if share.share is None:
        return "–"
    return f"{share.count:,} ({_percent(share)})" if share.share else "0"


def _of(share: Share) -> str:
    return f"{share.count:,} of {share.of:,}" + ("" if share.share is None else f" ({_percent(share)})")


def _percent(share: Share) -> str:
    """The share; of a sample it is an estimate, and need not be the count divided by what it is of."""
    return ("" if share.low is None else "~") + percent(share.share or 0.0)


def _limits(share: Share) -> str:
    return "" if share.low is None or share.high is None else interval(share.low, share.high)


def _notes(notes: dict[str, str]) -> Iterator[str]:
    """Each note once, with what it is about, if that is not everything."""
    for note in dict.fromkeys(filter(None, notes.values())):
        about = [name for name, own in notes.items() if own == note]
        yield from wrapped(f"* {note}" + (f" ({few(about, FEW)})" if len(about) < len(notes) else ""), hanging=2)


def _unrated(scores: Scores, wave: Wave) -> Iterator[str]:
    """Why ratings are lacking."""
    reasons: dict[str, list[str]] = {}
    for rating in scores.ratings:
        if rating.wave == wave.name and rating.rating is None and rating.item != OVERALL:
            reasons.setdefault(rating.reason, []).append(rating.organisation)
    for reason, codes in sorted(reasons.items(), key=lambda found: -len(found[1]))[:FEW]:
        of = counted(len(codes), sum(rating.wave == wave.name and rating.item != OVERALL for rating in scores.ratings), None)
        yield from wrapped(f"* Not rated: {of} ratings, since {reason} ({few(dict.fromkeys(codes), FEW)})", hanging=2)
    if len(reasons) > FEW:
        yield f"* Not rated: {len(reasons) - FEW:,} further reasons, which --format csv lists"


def _groups(scores: Scores, wave: Wave, rows: Sequence[TableRow]) -> Iterator[str]:
    """By item a line for each group: how many have each rating, and the share of "poor or worse"."""
    yield f"{wave_name(wave, scores.runs)}, by {rows[0].by}"
    cells = [["", *RATINGS, "poor or worse", "95 % interval" if scores.sample else ""]]
    for row in rows:
        *ratings, worse = row.shares
        counts = [f"{share.count:,}" if worse.of else "–" for share in ratings]
        cells.append([f"  {_name(row.group)}", *counts, _of(worse), _limits(worse)])
    shown = iter(aligned(cells))
    yield next(shown)
    last = ""
    for row in rows:
        if row.item != last:
            yield from title(row.item, scores.titles)
            last = row.item
        yield next(shown)
    yield from _notes({f"{row.item} in {row.group}": row.note for row in rows if row.note != "Nobody is rated."})


def _name(group: str) -> str:
    name = clean(group)
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _changes(scores: Scores, changes: Sequence[Change]) -> Iterator[str]:
    """By how many percentage points "poor or worse" changed from one wave to the next."""
    earlier, later = changes[0].earlier, changes[0].later
    told = [change for change in changes if change.change is not None]
    head = f"Change of poor or worse from {earlier} to {later}"
    if not told:
        yield from wrapped(f"{head}: nobody is rated in both", hanging=2)
        return
    yield from wrapped(f"{head}: percentage points, of those rated in both", hanging=2)
    shown = iter(aligned([_change(change) for change in told]))
    last = ""
    for change in told:
        if change.item != last:
            yield from title(change.item, scores.titles)
            last = change.item
        yield next(shown)


def _change(change: Change) -> list[str]:
    limits = "" if change.low is None or change.high is None else f"({points(change.low)} to {points(change.high)})"
    return [f"  {_name(change.group) if change.by else 'all'}", points(change.change or 0.0), limits, f"of {change.both:,}"]


# ------------------------------------------------------------------------------------------------------------ not counted


def _not_counted(found: Sequence[NotCounted]) -> Iterator[str]:
    reasons = Counter(one.reason for one in found)
    yield f"Not counted: {len(found):,} of the checks and fields, which add nothing to any score"
    for reason, count in reasons.most_common(FEW):
        first = [f"{one.extract}.{one.check}" for one in found if one.reason == reason]
        yield from wrapped(f"{reason}: {count:,} ({few(first, FEW)})", indent=2, hanging=2)
    if left := len(found) - sum(count for _, count in reasons.most_common(FEW)):
        yield f"  other reasons: {left:,}"
    yield "  See --format csv --table not-counted"
