"""Pictures of ratings: how they are distributed, where they are, and how they change from wave to wave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from statistics import median_low

from dq_engine.model import Level
from dq_engine.report.html.sheet import SMALL, WIDTH, Chart, Sheet, by_source, several, title_of
from dq_engine.report.html.svg import width_of
from dq_engine.report.score_words import LEVELS, day, interval, percent
from dq_engine.report.words import cut
from dq_engine.scores import NOT_RATED, OVERALL, RATINGS, STEPS, Rating, RunReference, Share, TableRow, Wave

BANDS = 240
"""Rows of the heat map; where there are more organisations, several are one row."""
LEGIBLE = 60
"""Up to this many organisations, each has a row that a numeral fits in."""
TOPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Where the scale of a trend may end."""
KEY = [(f"rating-{step}", str(step), rating) for step, rating in enumerate(RATINGS, 1)]
"""What the colours of ratings mean."""


# ---------------------------------------------------------------------------------------------------------- distribution


def distribution(rows: Sequence[TableRow], titles: Mapping[str, str], *, chart_id: str) -> Chart:
    """How many organisations have each rating: a bar for each row of the study's table (``by`` "", one wave).

    "Poor or worse" has its 95 % interval where the row is of a sample. ``titles``: of the items. Raises ValueError for no rows.
    """
    if not rows:
        raise ValueError("a distribution needs rows")
    sampled = any(row.shares[-1].low is not None for row in rows)
    sheet = Sheet()
    sheet.key(KEY)
    if not sampled:
        sheet.text(WIDTH, 40, "rated · poor or worse", "muted", align="right", size=SMALL)
    y = 26.0 if sampled else 46.0
    for source, members in by_source([row.item for row in rows], titles):
        if source:
            y += 20
            sheet.text(0, y, source, bold=True)
        for place, name in members:
            row = rows[place]
            if sampled:
                sheet.text(0, y + 19, name, size=SMALL)
                sheet.text(0, y + 35, _figures(row), "muted", size=SMALL)
                y += 16
            else:
                sheet.text(0, y + 19, name, size=SMALL, limit=WIDTH - width_of(_figures(row), SMALL) - 4)
                sheet.text(WIDTH, y + 19, _figures(row), "muted", align="right", size=SMALL)
            _bar(sheet, row, y + 25)
            y += 60 if sampled else 51
        y += 6
    sheet.text(0, y + 6, "0 %", "muted", size=SMALL)
    sheet.text(WIDTH / 2, y + 6, "50 %", "muted", align="center", size=SMALL)
    sheet.text(WIDTH, y + 6, "100 %", "muted", align="right", size=SMALL)
    return sheet.chart(
        y + 10,
        chart_id=chart_id,
        title="Ratings of each item",
        said=_distribution_said(rows, titles, sampled),
        columns=("Item", "Rated", *map(str.capitalize, RATINGS), "Poor or worse", *(["95 % interval"] if sampled else [])),
        rows=[
            (
                title_of(row.item, titles),
                f"{row.rated:,} of {row.sampled:,}",
                *map(_counted, row.shares),
                *([_interval(row.shares[-1])] if sampled else []),
            )
            for row in rows
        ],
    )


def _bar(sheet: Sheet, row: TableRow, y: float) -> None:
    """The five ratings side by side, and below them the interval of "poor or worse"."""
    if not row.rated:
        sheet.box(0, y, WIDTH, 18, "rating-0")
        sheet.text(WIDTH / 2, y + 13, NOT_RATED, "muted", align="center", size=SMALL)
    left = 0.0
    for step, share in enumerate(row.shares[:-1], 1):
        width = WIDTH * (share.share or 0)
        if width:
            sheet.box(left, y, max(width - 1, 0.8), 18, f"rating-{step}")
        said = f"{share.count:,}"
        if width > 7 * len(said) + 7:
            sheet.text(left + (width - 1) / 2, y + 13.5, said, f"on-rating-{step}", align="center", size=SMALL)
        left += width
    worse = row.shares[-1]
    if worse.share is not None and worse.low is not None and worse.high is not None:
        low, high, y = WIDTH * worse.low, WIDTH * worse.high, y + 24
        sheet.line((low, y), (high, y))
        for end in (low, high):
            sheet.line((end, y - 3), (end, y + 3))
        sheet.dot(WIDTH * worse.share, y, "ink")


def _figures(row: TableRow) -> str:
    """ "481 · 3.5 %": how many are rated, and the share that is poor or worse; in a sample, with its interval and in words."""
    worse = row.shares[-1]
    if worse.share is None:
        return f"{row.rated:,} rated"
    if worse.low is None:
        return f"{row.rated:,} · {percent(worse.share)}"
    return f"{row.rated:,} rated · {percent(worse.share)} poor or worse ({_interval(worse)})"


def _counted(share: Share) -> str:
    return f"{share.count:,}" + ("" if share.share is None else f" ({percent(share.share)})")


def _interval(share: Share) -> str:
    return "" if share.low is None or share.high is None else interval(share.low, share.high)


def _distribution_said(rows: Sequence[TableRow], titles: Mapping[str, str], sampled: bool) -> str:
    """The text alternative of a distribution."""
    said = f"For {several(len(rows), 'item')}, the share of organisations at each rating, from very poor to very good."
    shares = [(row.shares[-1].share, cut(title_of(row.item, titles))) for row in rows]
    known = [(share, title) for share, title in shares if share is not None]
    if not known:
        return f"{said} No organisation is rated."
    (most, worst), (least, best) = (pick(known, key=lambda one: one[0]) for pick in (max, min))
    said += f" Poor or worse are {percent(most)} in {worst}"
    if most > least:
        said += f", the most, and {percent(least)} in {best}, the least"
    elif len(known) > 1:
        said += " and in all others"
    said += "."
    return said + (" The lines below the bars are 95 % intervals of poor or worse." if sampled else "")


# -------------------------------------------------------------------------------------------------------------- heat map


def heat_map(ratings: Iterable[Rating], titles: Mapping[str, str], level: Level, *, chart_id: str) -> Chart:
    """Organisations (rows, worst overall first) by items (columns), from the ratings of one wave. Raises ValueError for none.

    Above :data:`BANDS` organisations, a row stands for several neighbours, with the median of their ratings. The chart's
    ``rows`` are empty: the page has a table of its own.
    """
    steps: dict[str, dict[str, int]] = defaultdict(dict)
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for rating in ratings:
        steps[rating.organisation][rating.item] = STEPS[rating.rating]
        if rating.score is not None:
            scores[rating.organisation][rating.item] = rating.score
    if not steps:
        raise ValueError("a heat map needs ratings")
    present = {item for found in steps.values() for item in found}
    items = [item for item in dict.fromkeys((OVERALL, *titles, *sorted(present))) if item in present]
    order = sorted(steps, key=lambda code: (_overall(scores[code]), code))
    bands = [[steps[code] for code in group] for group in _groups(order)]
    matrix = [[_median(found.get(item, 0) for found in band) for item in items] for band in bands]
    sheet = Sheet()
    sheet.key([*KEY, ("rating-0", "–", NOT_RATED)])
    sources = by_source(items, titles)
    names = max(width_of(name, SMALL) for _, members in sources for _, name in members)
    left, top = 56, (92 if any(source for source, _ in sources) else 40) + min(210, names)
    column = min(44.0, (WIDTH - left) / len(items))
    height = 20 if len(order) <= LEGIBLE else max(3, 720 // len(bands))
    _columns(sheet, sources, left, column, top)
    _rows(sheet, order, len(bands), left - 8, top, height)
    for place in range(len(items)):
        _column(sheet, [row[place] for row in matrix], left + place * column, column - 1, top, height)
    return sheet.chart(
        top + height * len(bands) + 2,
        chart_id=chart_id,
        title=f"Ratings of all {LEVELS[level][1]}",
        said=_heat_map_said(steps, items, titles, level, len(bands)),
    )


def _column(sheet: Sheet, steps: Sequence[int], x: float, width: float, y: float, height: int) -> None:
    """The cells of an item. Where rows are too low for a numeral, equal neighbours are one cell, with one where it is tall."""
    apart = height >= 20
    for step, run in groupby(steps):
        long = len(list(run))
        for tall in [height] * long if apart else [height * long]:
            if step or apart:
                sheet.box(x, y, width, tall - apart, f"rating-{step}")
            if tall >= 16 and width >= 13:
                sheet.text(x + width / 2, y + tall / 2 + 4, str(step or "–"), f"on-rating-{step}", align="center", size=SMALL)
            y += tall


def _columns(sheet: Sheet, sources: list[tuple[str, list[tuple[int, str]]]], left: float, column: float, top: float) -> None:
    """The names above the columns: sources over several columns, and upright what is below them."""
    for source, members in sources:
        if source:
            x, width = left + members[0][0] * column, len(members) * column - 5
            lines = _broken(source, width)
            for place, said in enumerate(lines):
                sheet.text(x, 78 + 14 * (place - len(lines)), said, size=SMALL, limit=width + 5)
            sheet.line((x, 70), (x + width, 70), "line")
        for place, name in members:
            sheet.text(
                left + place * column + column / 2 + 4,
                top - 7,
                name,
                size=SMALL,
                limit=top - (80 if source else 32),
                upright=True,
            )


def _rows(sheet: Sheet, order: Sequence[str], bands: int, x: float, top: float, height: int) -> None:
    """What stands left of the rows: codes where there is room, else how many organisations are above."""
    if len(order) <= LEGIBLE:
        for place, code in enumerate(order):
            sheet.text(x, top + height * place + 14, code, align="right", size=SMALL, limit=x)
        return
    sheet.text(x, top + 10, "worst", align="right", size=SMALL)
    sheet.text(x, top + height * bands, "best", align="right", size=SMALL)
    for part in (1, 2, 3):
        sheet.text(x, top + height * bands * part / 4 + 4, f"{len(order) * part // 4:,}", "muted", align="right", size=SMALL)


def _broken(text: str, width: float) -> list[str]:
    """The text in lines of about so many pixels."""
    lines = [""]
    for part in text.split(" "):
        if lines[-1] and len(f"{lines[-1]} {part}") * 6.6 > width and len(lines) < 3:
            lines.append(part)
        else:
            lines[-1] = f"{lines[-1]} {part}".lstrip()
    return lines


def _overall(scores: Mapping[str, float]) -> float:
    """By what organisations are ordered: the overall score, else the mean of those there are; without any, last."""
    if OVERALL in scores:
        return scores[OVERALL]
    return sum(scores.values()) / len(scores) if scores else 2.0


def _groups(order: Sequence[str]) -> list[Sequence[str]]:
    """Neighbours together, so that there are at most :data:`BANDS` groups, about equally large."""
    count = min(BANDS, len(order))
    return [order[first:last] for first, last in pairwise(len(order) * place // count for place in range(count + 1))]


def _median(steps: Iterable[int]) -> int:
    """The median of the ratings there are, of two the worse; 0 where there is none."""
    rated = [step for step in steps if step]
    return median_low(rated) if rated else 0


def _heat_map_said(
    steps: Mapping[str, Mapping[str, int]], items: Sequence[str], titles: Mapping[str, str], level: Level, bands: int
) -> str:
    """The text alternative of a heat map."""
    said = f"The ratings of {len(steps):,} {LEVELS[level][len(steps) != 1]} (rows, worst first) "
    said += f"in {several(len(items), 'item')} (columns)."
    if bands < len(steps):
        few, many = len(steps) // bands, -(-len(steps) // bands)
        several_of = f"{few} or {many}" if few < many else f"{few}"
        said += f" Each of the {bands} rows stands for {several_of} neighbours, by the median of their ratings; "
        said += "the numbers beside the rows count them."
    poor = {item: sum(1 for found in steps.values() if found.get(item) in (1, 2)) for item in items}
    most = max(poor, key=lambda item: poor[item])
    rated = sum(1 for found in steps.values() if found.get(most))
    if poor[most]:
        said += f" Most often poor or worse: {cut(title_of(most, titles))}, {poor[most]:,} of the {rated:,} that are rated here."
    return said + " A table of its own has every rating."


# ----------------------------------------------------------------------------------------------------------------- trend


def trend(
    rows: Sequence[TableRow],
    waves: Sequence[Wave],
    titles: Mapping[str, str],
    *,
    chart_id: str,
    runs: Sequence[RunReference] = (),
) -> Chart | None:
    """The share that is poor or worse in each wave, a small picture for each item; None for fewer than two waves.

    ``rows``: of the study's tables, ``by`` "". All small pictures have one scale; 95 % intervals are bands.
    ``runs``: those that are a wave each are called by their day.
    """
    places = {wave.name: place for place, wave in enumerate(waves)}
    found: dict[str, dict[int, TableRow]] = defaultdict(dict)
    for row in rows:
        if row.wave in places:
            found[row.item][places[row.wave]] = row
    if len(waves) < 2 or not found:
        return None
    days = {run.id: day(run.started) for run in runs}
    names = [days.get(wave.name, wave.name) for wave in waves]
    items = sorted(found, key=lambda item: item != OVERALL)
    worst = [row.shares[-1] for of_item in found.values() for row in of_item.values()]
    top = next(end for end in TOPS if end >= min(1, max(share.high or share.share or 0 for share in worst)))
    sheet = Sheet()
    for place, item in enumerate(items):
        x, y = place % 2 * (WIDTH / 2 + 6), place // 2 * 160
        source, _, name = title_of(item, titles).rpartition(": ")
        sheet.text(x, y + 12, source, "muted", size=SMALL, limit=WIDTH / 2 - 8)
        sheet.text(x, y + 29, name, limit=WIDTH / 2 - 8)
        _small(sheet, found[item], names, top, x + 36, y + 44)
    return sheet.chart(
        (len(items) + 1) // 2 * 160 - 16,
        chart_id=chart_id,
        title="Poor or worse, wave by wave",
        said=_trend_said(found, names, titles),
        columns=("Item", "Wave", "Rated", "Poor or worse", "95 % interval"),
        rows=[
            (title_of(item, titles), names[place], f"{row.rated:,}", _counted(row.shares[-1]), _interval(row.shares[-1]))
            for item in items
            for place, row in sorted(found[item].items())
        ],
    )


def _small(sheet: Sheet, rows: Mapping[int, TableRow], waves: Sequence[str], top: float, left: float, y: float) -> None:
    """The small picture of an item: its line, broken where a wave has no rating, and the newest share in words."""
    width, height = 112, 70

    def at(place: int, share: float) -> tuple[float, float]:
        return left + width * place / (len(waves) - 1), y + height * (1 - share / top)

    for part in (0, 0.5, 1):
        sheet.line((left, y + height * (1 - part)), (left + width, y + height * (1 - part)), "line")
        sheet.text(left - 7, y + height * (1 - part) + 4, f"{100 * top * part:.3g} %", "muted", align="right", size=SMALL)
    shown = [(place, row.shares[-1]) for place, row in sorted(rows.items()) if row.shares[-1].share is not None]
    for _, run in groupby(enumerate(shown), key=lambda one: one[1][0] - one[0]):
        stretch = [one for _, one in run]
        sheet.curve([at(place, share.share or 0) for place, share in stretch])
        sheet.band(
            [
                (*at(place, share.low), at(place, share.high)[1])
                for place, share in stretch
                if share.low is not None and share.high is not None
            ]
        )
        for place, share in stretch if len(waves) <= 12 or len(stretch) == 1 else stretch[-1:]:
            sheet.dot(*at(place, share.share or 0))
    for place, share in shown[-1:]:
        x, middle = at(place, share.share or 0)
        sheet.text(x + 8, middle + 4, percent(share.share or 0), bold=True, size=SMALL)
    fits = max(width_of(name, SMALL) for name in (waves[0], waves[-1])) < width / 2 - 2
    first, last = (left, left + width) if fits else (left - 36, left + width + 42)
    sheet.text(first, y + height + 18, waves[0], "muted", size=SMALL, limit=(last - first) / 2 - 2)
    sheet.text(last, y + height + 18, waves[-1], "muted", align="right", size=SMALL, limit=(last - first) / 2 - 2)


def _trend_said(found: Mapping[str, Mapping[int, TableRow]], waves: Sequence[str], titles: Mapping[str, str]) -> str:
    """The text alternative of a trend: which items changed most between their first and last wave."""
    changes = []
    for item, rows in found.items():
        known = [row.shares[-1].share for _, row in sorted(rows.items()) if row.shares[-1].share is not None]
        if len(known) > 1:
            changes.append(
                (known[-1] - known[0], f"{cut(title_of(item, titles))}, from {percent(known[0])} to {percent(known[-1])}")
            )
    said = f"The share of organisations rated poor or worse in {several(len(found), 'item')}"
    said += f", in {len(waves)} waves from {cut(waves[0])} to {cut(waves[-1])}."
    rise, fall = max(changes, default=(0.0, "")), min(changes, default=(0.0, ""))
    if rise[0] > 0:
        said += f" Largest rise: {rise[1]}."
    if fall[0] < 0:
        said += f" Largest fall: {fall[1]}."
    if any(row.shares[-1].low is not None for rows in found.values() for row in rows.values()):
        said += " Bands are 95 % intervals."
    return said
