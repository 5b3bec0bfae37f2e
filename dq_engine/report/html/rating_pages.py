"""The ratings of the newest run -> the study's tables with their pictures, and the ratings of every organisation. Pure."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from dq_engine.model import Organisation
from dq_engine.rating.study import NOT_KNOWN
from dq_engine.report import score_words, words
from dq_engine.report.html import charts, places
from dq_engine.report.html.about import RunAbout, SiteAbout
from dq_engine.report.html.pages import MOST, STATUSES, Pages, paged
from dq_engine.report.html.run_pages import facts_of, turns
from dq_engine.scores import (
    NOT_RATED,
    OVERALL,
    POOR_OR_WORSE,
    RATINGS,
    STEPS,
    Band,
    Change,
    Instrument,
    NotCounted,
    Provenance,
    Rating,
    Scores,
    Share,
    TableRow,
)

MAP, WAVES, LEFT_OUT = "ratings/organisations.html", "ratings/waves.html", "ratings/not-counted.html"
"""The ratings of every organisation; the tables of every wave; what was not counted: the first page of each."""
BY = {"region": "ratings/by-region.html", "kind": "ratings/by-kind.html"}
"""The (first) page of the tables by group."""
NOBODY = "Nobody is rated."
REASONS, FEW = 12, 3
"""Reasons that are spelled out; organisations and items that are named of many."""
ROOM = MOST - 60_000
"""Bytes of the rows of a page: what is around them needs some, too."""
MAP_ROOM = 500_000
"""Bytes of the rows of a page of the map, whose many cells a browser needs longer for: about 500 organisations."""


class Rated(Struct, frozen=True):
    """Ratings with the instrument that they are by; ``wave`` is the one that is told of, the last one."""

    scores: Scores
    instrument: Instrument
    wave: str

    @property
    def units(self) -> str:
        """What the organisations are called."""
        return score_words.LEVELS[self.scores.level][1]

    def title(self, item: str) -> str:
        """An item in words."""
        return words.clean({OVERALL: score_words.TOGETHER, **self.scores.titles}.get(item, item))


class Cell(Struct, frozen=True):
    """A cell of a table: a figure, and lines that say more."""

    text: str
    more: tuple[str, ...] = ()


def pages(about: SiteAbout, made: Pages) -> Iterator[tuple[str, bytes]]:
    """The pages with their places; where nothing could be rated, one that says why."""
    rated = _rated(about)
    if rated is None:
        nothing = {"rated": False, "why": words.clean(about.run.no_ratings)}
        yield places.RATINGS, made.page("ratings.jinja", places.RATINGS, view=nothing)
        return
    waves = about.waves or rated.scores
    yield from _map(about.run, rated, made)
    for by in _bys(rated):
        yield from _by_group(rated, waves, by, made)
    if len(waves.waves) > 1:
        yield from _by_wave(rated, waves, made)
    if rated.scores.not_counted:
        yield from _left_out(about, rated, made)
    yield places.RATINGS, made.page("ratings.jinja", places.RATINGS, view=_study(about, rated, waves))


def entries(about: SiteAbout) -> Iterator[tuple[str, str, str, str]]:
    """The items, as they can be searched for: kind, title, address from the root of the site, and what is said besides."""
    if rated := _rated(about):
        for item in rated.instrument.items:
            yield "Item", rated.title(item.id), places.link(places.RATINGS, "", _anchor(item.id)), words.clean(item.question)


def _rated(about: SiteAbout) -> Rated | None:
    scores, instrument = about.run.scores, about.run.instrument
    return Rated(scores, instrument, scores.waves[-1].name) if scores and instrument and scores.ratings else None


def _bys(rated: Rated) -> list[str]:
    """What there are groups by."""
    return [by for by in BY if any(row.by == by for row in rated.scores.tables)]


def _anchor(item: str) -> str:
    return f"item-{places.name(item)}"


# ----------------------------------------------------------------------------------------------------------- first page


def _study(about: SiteAbout, rated: Rated, waves: Scores) -> dict[str, Any]:
    scores, instrument = rated.scores, rated.instrument
    rows = [row for row in scores.tables if row.wave == rated.wave and not row.by]
    own = [rating for rating in scores.ratings if rating.wave == rated.wave]
    groups = [(by, len({row.group for row in scores.tables if row.by == by})) for by in _bys(rated)]
    return {
        "rated": True,
        "notice": score_words.notice(),
        "units": rated.units,
        "instrument": words.clean(f"{scores.instrument.name} {scores.instrument.version}"),
        "status": scores.instrument.provenance.status,
        "whom": _whom(rated, rows),
        "run": about.run.run.id,
        "started": about.run.run.started,
        "facts": facts_of(
            [
                ("Name", f"{instrument.title} ({scores.instrument.name} {scores.instrument.version})"),
                ("What it rates", instrument.description),
                ("Where its numbers come from", _provenance(scores.instrument.provenance)),
                ("Where its cut-points come from", _provenance(instrument.scale.provenance)),
            ]
        ),
        "notes": [words.clean(note) for note in dict.fromkeys((*scores.notes, *waves.notes))],
        "short": _in_short(rated, rows),
        "wave": score_words.wave_name(scores.waves[-1], scores.runs) if len(scores.waves) > 1 else "",
        "sample": _sample(rated),
        "table": _table(rated, rows, "Ratings of each item", anchored=True),
        "remarks": list(_remarks(rated, rows)),
        "distribution": charts.distribution(rows, scores.titles, chart_id="distribution") if rows else None,
        "by": [{"by": by, "groups": f"{count:,} group{'' if count == 1 else 's'}", "place": BY[by]} for by, count in groups],
        "trend": _trend(rated, waves) if len(waves.waves) > 1 else None,
        "map": charts.heat_map(own, scores.titles, scores.level, chart_id="heat-map"),
        "map_place": MAP,
        "unrated": _unrated(about.run, rated, own),
        "not_counted": _reasons(scores.not_counted),
        "not_counted_place": LEFT_OUT,
        "bands": _bands(instrument.scale.bands),
        "items": [
            {
                "title": rated.title(item.id),
                "question": words.clean(item.question),
                "provenance": _provenance(item.provenance),
                "bands": _bands(item.bands),
            }
            for item in instrument.items
        ],
    }


def _whom(rated: Rated, rows: Sequence[TableRow]) -> str:
    population = rows[0].population if rows else 0
    everybody = f"{population:,} {score_words.LEVELS[rated.scores.level][population != 1]}"
    sample = rated.scores.sample
    return f"All {everybody}" if sample is None else words.clean(f"{sample.design}, to estimate what holds for all {everybody}")


def _provenance(provenance: Provenance) -> str:
    said = f"{provenance.status.capitalize()}. {provenance.source.rstrip('.')}."
    return words.clean(f"{said} {provenance.notes}".strip())


def _in_short(rated: Rated, rows: Sequence[TableRow]) -> str:
    """What is worst."""
    found = [row for row in rows if row.rated]
    items = [row for row in found if row.item != OVERALL]
    if not found:
        return f"No {rated.units} could be rated."
    worst = max(items or found, key=lambda row: _worse(row).share or 0)
    if not _worse(worst).count:
        return f"No {rated.units} are rated poor or worse for any item."
    together = "".join(f" {score_words.TOGETHER}: {_said(_worse(row))}." for row in found if row.item == OVERALL)
    return f"Most often poor or worse: {rated.title(worst.item)}, {_said(_worse(worst))}.{together}"


def _sample(rated: Rated) -> dict[str, Any] | None:
    """The strata of the sample, and for how many each organisation that was drawn stands."""
    sample = rated.scores.sample
    if sample is None:
        return None
    return {
        "design": words.clean(sample.design),
        "strata": [
            (words.clean(name) or "all", f"{population:,}", f"{drawn:,}", f"{population / drawn:.4g}" if drawn else "–")
            for name, population, drawn in sample.strata
        ],
    }


def _bands(bands: Sequence[Band]) -> list[tuple[str, str]]:
    """Each rating with its scores, the best first."""
    return [
        (band.rating, f"{score_words.number(band.from_)} to {'' if band is bands[-1] else 'below '}{score_words.number(band.to)}")
        for band in reversed(bands)
    ]


# --------------------------------------------------------------------------------------------------------------- tables


def _table(rated: Rated, rows: Iterable[TableRow], caption: str, *, anchored: bool = False) -> dict[str, Any]:
    """The study's table: a line for each item, below its source."""
    return {
        "caption": caption,
        "first": "Item",
        "columns": ["Poor or worse", "Not rated"],
        "ratings": RATINGS,
        "groups": _below_sources(rated, {row.item: _cells(row) for row in rows}, anchored=anchored),
    }


def _below_sources(rated: Rated, cells: Mapping[str, Sequence[Cell]], *, anchored: bool = False) -> list[dict[str, Any]]:
    """Lines of items, those of each source of the instrument together; all items together come last."""
    found: dict[str, list[dict[str, Any]]] = {}
    known = {item.id: item for item in rated.instrument.items}
    for item, own in cells.items():
        rule = known.get(item)
        title = words.clean(rated.instrument.sources[rule.source]) if rule else ""
        name = words.clean(rated.instrument.functions[rule.function]) if rule else rated.title(item)
        found.setdefault(title, []).append({"name": name, "id": _anchor(item) if anchored else "", "cells": own})
    return [{"title": title, "rows": rows} for title, rows in found.items()]


def _cells(row: TableRow) -> list[Cell]:
    """How many have each rating; how many are poor or worse, of how many; how many are not rated."""
    *five, worse = row.shares
    return [*map(_cell, five), _of(worse), Cell(f"{row.sampled - row.rated:,} of {row.sampled:,}")]


def _cell(share: Share) -> Cell:
    if share.share is None:
        return Cell("–")
    return Cell(f"{share.count:,}", _estimate(share) if share.share or share.low is not None else ())


def _of(share: Share) -> Cell:
    if share.share is None:
        return Cell("–", ("nobody is rated",))
    return Cell(f"{share.count:,} of {share.of:,}", _estimate(share))


def _estimate(share: Share) -> tuple[str, ...]:
    """ "13.5 %"; of a sample "~13.5 %" and the 95 % interval, "11.2–18.9 %"."""
    said = score_words.percent(share.share or 0)
    return (said,) if share.low is None or share.high is None else (f"~{said}", score_words.interval(share.low, share.high))


def _said(share: Share) -> str:
    limited = share.low is not None and share.high is not None
    said = f"{share.count:,} of {share.of:,} ({'~' * limited}{score_words.percent(share.share or 0)})"
    return f"{said}, 95 % interval {score_words.interval(share.low or 0, share.high or 0)}" if limited else said


def _worse(row: TableRow) -> Share:
    return next(share for share in row.shares if share.rating == POOR_OR_WORSE)


def _remarks(rated: Rated, rows: Sequence[TableRow]) -> Iterator[str]:
    """Each remark on rows once, with the items that it is about, if these are not all."""
    notes = {row.item: row.note for row in rows if row.note and row.note != NOBODY}
    for note in dict.fromkeys(notes.values()):
        about = [rated.title(item) for item, own in notes.items() if own == note]
        yield words.clean(note) + ("" if len(about) == len(rows) else f" ({score_words.few(about, FEW)})")


# ---------------------------------------------------------------------------------------------------------------- waves


def _trend(rated: Rated, waves: Scores) -> dict[str, Any]:
    rows = [row for row in waves.tables if not row.by]
    return {
        "chart": charts.trend(rows, waves.waves, waves.titles, chart_id="trend"),
        "table": _waves_table(rated, waves, rows, "Poor or worse in each wave"),
        "changes": _changes_table(rated, [change for change in waves.changes if not change.by]),
        "empty": score_words.few((wave.name for wave in waves.waves if wave.name not in _known(waves)), len(waves.waves)),
        "place": WAVES,
    }


def _known(waves: Scores) -> list[str]:
    """The waves in which anybody is rated."""
    there = {row.wave for row in waves.tables if row.rated}
    return [wave.name for wave in waves.waves if wave.name in there]


def _waves_table(rated: Rated, waves: Scores, rows: Iterable[TableRow], caption: str) -> dict[str, Any]:
    """How many are poor or worse, of how many, by item and wave."""
    found: dict[str, dict[str, TableRow]] = {}
    for row in rows:
        found.setdefault(row.item, {})[row.wave] = row
    names = _known(waves)
    cells = {item: [_of(_worse(own[name])) for name in names] for item, own in found.items()}
    return {
        "caption": caption,
        "first": "Item",
        "columns": [words.clean(name) for name in names],
        "ratings": (),
        "groups": _below_sources(rated, cells),
    }


def _changes_table(rated: Rated, changes: Sequence[Change]) -> dict[str, Any] | None:
    """By how much the share of poor or worse changed, by item and pair of waves; None if nobody is rated in two waves."""
    pairs = list(dict.fromkeys((one.earlier, one.later) for one in changes if one.change is not None))
    if not pairs:
        return None
    found: dict[str, dict[tuple[str, str], Change]] = {}
    for one in changes:
        found.setdefault(one.item, {})[one.earlier, one.later] = one
    cells = {item: [_change(own[pair]) for pair in pairs] for item, own in found.items()}
    return {
        "caption": "Change of poor or worse, in percentage points",
        "first": "Item",
        "columns": [words.clean(f"{earlier} to {later}") for earlier, later in pairs],
        "ratings": (),
        "groups": _below_sources(rated, cells),
    }


def _change(change: Change) -> Cell:
    if change.change is None:
        return Cell("–", ("nobody is rated in both",))
    limits = (
        ()
        if change.low is None or change.high is None
        else (f"{score_words.points(change.low)} to {score_words.points(change.high)}",)
    )
    return Cell(score_words.points(change.change), (*limits, f"of {change.both:,}"))


def _by_wave(rated: Rated, waves: Scores, made: Pages) -> Iterator[tuple[str, bytes]]:
    """The study's table of every wave, the newest first."""
    sections = []
    for wave in reversed(waves.waves):
        rows = [row for row in waves.tables if row.wave == wave.name and not row.by]
        title = score_words.wave_name(wave, waves.runs)
        sections.append({"title": title, "id": f"wave-{places.name(wave.name)}", "tables": [_table(rated, rows, title)]})
    yield from _sections(rated, WAVES, "Ratings in each wave", sections, made)


def _by_group(rated: Rated, waves: Scores, by: str, made: Pages) -> Iterator[tuple[str, bytes]]:
    """For each item the study's table with a line for each group; and its waves, if there are several."""
    sections = []
    several = len(waves.waves) > 1 and bool(_known(waves))
    for item in dict.fromkeys(row.item for row in rated.scores.tables if row.by == by):
        own = [row for row in rated.scores.tables if row.item == item and row.by == by and row.wave == rated.wave]
        found = {row.group: _cells(row) for row in own}
        tables = [_groups_table(f"{rated.title(item)}, by {by}", by, found, RATINGS, ["Poor or worse", "Not rated"])]
        in_waves = {(row.group, row.wave): row for row in waves.tables if row.item == item and row.by == by}
        if several and in_waves:
            names = _known(waves)
            of = {group: [_of(_worse(in_waves[group, name])) for name in names] for group in found}
            columns = [words.clean(name) for name in names]
            tables.append(_groups_table(f"{rated.title(item)}: poor or worse by {by}, in each wave", by, of, (), columns))
        sections.append({"title": rated.title(item), "id": _anchor(item), "tables": tables})
    yield from _sections(rated, BY[by], f"Ratings by {by}", sections, made)


def _groups_table(
    caption: str, by: str, cells: Mapping[str, Sequence[Cell]], ratings: Sequence[str], columns: Sequence[str]
) -> dict[str, Any]:
    lines = [{"name": words.clean(group), "id": "", "cells": own} for group, own in cells.items()]
    groups = [{"title": "", "rows": lines}]
    return {"caption": caption, "first": by.capitalize(), "columns": columns, "ratings": ratings, "groups": groups}


def _sections(
    rated: Rated, first: str, title: str, sections: Sequence[Mapping[str, Any]], made: Pages
) -> Iterator[tuple[str, bytes]]:
    dealt = paged((made.fragment("rating_rows.jinja", "section", first, section) for section in sections), ROOM)
    left = iter(sections)
    for number, parts in enumerate(dealt, 1):
        at = places.further(first, number)
        view = {
            "title": title,
            "contents": [{"text": section["title"], "anchor": section["id"]} for section in itertools.islice(left, len(parts))],
            "notice": score_words.notice(),
            "sampled": rated.scores.sample is not None,
            "turns": turns(first, at, len(dealt)),
            "number": number,
            "sections": parts,
        }
        yield at, made.page("rating_tables.jinja", at, view=view)


# -------------------------------------------------------------------------------------------- not rated and not counted


def _unrated(about: RunAbout, rated: Rated, ratings: Sequence[Rating]) -> dict[str, Any]:
    """Why ratings are missing, what is most frequent first."""
    own = [rating for rating in ratings if rating.item != OVERALL]
    found: dict[str, list[Rating]] = {}
    for rating in own:
        if rating.rating is None:
            found.setdefault(rating.reason, []).append(rating)
    ordered = sorted(found.items(), key=lambda one: -len(one[1]))
    rows = []
    for reason, missing in ordered[:REASONS]:
        codes = list(dict.fromkeys(rating.organisation for rating in missing))
        first = [(words.clean(code), places.organisation(code) if code in about.organisations else "") for code in codes[:FEW]]
        rows.append(
            {
                "reason": words.clean(reason),
                "ratings": words.share(len(missing), len(own)),
                "organisations": f"{len(codes):,}",
                "first": first,
                "more": max(len(codes) - FEW, 0),
            }
        )
    return {
        "said": f"{words.share(sum(map(len, found.values())), len(own))} ratings of items are missing.",
        "rows": rows,
        "further": f"{len(ordered) - REASONS:,}" if len(ordered) > REASONS else "",
    }


def _reasons(found: Sequence[NotCounted]) -> list[tuple[str, str]]:
    return [(words.clean(reason), f"{count:,}") for reason, count in Counter(one.reason for one in found).most_common(REASONS)]


def _left_out(about: SiteAbout, rated: Rated, made: Pages) -> Iterator[tuple[str, bytes]]:
    """The checks and fields that add nothing to any score."""
    titles = {extract.name: words.clean(extract.title) for extract in about.run.run.extracts}
    there = {one.status for one in rated.scores.not_counted}
    results = [(status, said[0]) for status, said in STATUSES.items() if status in there]
    dealt = paged(
        (
            made.fragment(
                "rating_rows.jinja",
                "left_out",
                LEFT_OUT,
                {
                    "extract": titles.get(one.extract, words.clean(one.extract)),
                    "check": words.clean(one.check),
                    "place": about.places.get((one.extract, one.check), ""),
                    "anchor": places.check_anchor(one.check),
                    "dimension": one.dimension,
                    "status": one.status,
                    "reason": words.clean(one.reason),
                },
            )
            for one in rated.scores.not_counted
        ),
        ROOM,
    )
    for number, rows in enumerate(dealt, 1):
        at = places.further(LEFT_OUT, number)
        view = {
            "count": f"{len(rated.scores.not_counted):,}",
            "what": "checks and fields" + (" of this page" if len(dealt) > 1 else ""),
            "selects": [{"key": "status", "label": "Result", "choices": results}],
            "turns": turns(LEFT_OUT, at, len(dealt)),
            "number": number,
            "rows": rows,
        }
        yield at, made.page("not_counted.jinja", at, view=view)


# -------------------------------------------------------------------------------------------------- every organisation


def _map(about: RunAbout, rated: Rated, made: Pages) -> Iterator[tuple[str, bytes]]:
    """Organisations by items, the worst first; with scores only for those who work with the data."""
    found: dict[str, dict[str, Rating]] = {}
    for rating in rated.scores.ratings:
        if rating.wave == rated.wave:
            found.setdefault(rating.organisation, {})[rating.item] = rating
    known = {organisation.code: organisation for organisation in rated.scores.organisations}
    items = [OVERALL, *(item.id for item in rated.instrument.items)]
    codes = sorted(found, key=lambda code: _badness(found[code], code, scores=about.figures.internal))
    said = {step: made.fragment("rating_rows.jinja", "cell", MAP, step, rating or NOT_RATED) for rating, step in STEPS.items()}
    rows = [_organisation(code, known.get(code), found[code], about) for code in codes]
    cells = (Markup("").join(said[row["steps"].get(item, 0)] for item in items) for row in rows)
    dealt = paged(map(functools.partial(made.fragment, "rating_rows.jinja", "organisation", MAP), rows, cells), MAP_ROOM)
    done = 0
    for number, parts in enumerate(dealt, 1):
        at = places.further(MAP, number)
        here = rows[done : done + len(parts)]
        view = {
            "notice": score_words.notice(),
            "units": rated.units,
            "said": f"{len(rows):,} {score_words.LEVELS[rated.scores.level][len(rows) != 1]}, the worst first"
            + (f"; this page has {done + 1:,} to {done + len(here):,}." if len(dealt) > 1 else "."),
            "what": rated.units + (" of this page" if len(dealt) > 1 else ""),
            "legend": [*enumerate(RATINGS, 1), (0, NOT_RATED)],
            "columns": [_column(rated, item) for item in items],
            "scores": about.figures.internal,
            "selects": list(_selects(here)),
            "turns": turns(MAP, at, len(dealt)),
            "number": number,
            "rows": parts,
        }
        done += len(here)
        yield at, made.page("rating_map.jinja", at, view=view)


def _badness(ratings: Mapping[str, Rating], code: str, *, scores: bool) -> tuple[float, float, int, str]:
    """By what organisations are ordered: the overall rating, its score (if scores may be known), how many items are poor."""
    whole = ratings.get(OVERALL)
    step = STEPS[whole.rating] if whole else 0
    score = whole.score if scores and whole and whole.score is not None else 1.0
    return (step or len(STEPS), score, -sum(STEPS[one.rating] in (1, 2) for one in ratings.values()), code)


def _organisation(code: str, known: Organisation | None, ratings: Mapping[str, Rating], about: RunAbout) -> dict[str, Any]:
    whole = ratings.get(OVERALL)
    region, kind = (known.region, known.kind) if known else ("", "")
    scored = about.figures.internal and whole is not None and whole.score is not None
    return {
        "code": words.clean(code),
        "place": places.organisation(code) if code in about.organisations else "",
        "region": words.clean(region or NOT_KNOWN),
        "kind": words.clean(kind or NOT_KNOWN),
        "rating": (whole and whole.rating) or NOT_RATED,
        "said": [words.clean(kind), words.clean(region)],
        "score": score_words.rounded_down(whole.score) if scored and whole and whole.score is not None else "",
        "scores": about.figures.internal,
        "steps": {item: STEPS[rating.rating] for item, rating in ratings.items()},
    }


def _column(rated: Rated, item: str) -> dict[str, str]:
    """What is above a column: a few words, of the ids of source and function; and the whole title."""
    rule = next((one for one in rated.instrument.items if one.id == item), None)
    short = f"{rule.source.capitalize()}: {rule.function}".replace("_", " ") if rule else "All items"
    return {"short": words.clean(short), "title": rated.title(item), "anchor": _anchor(item)}


def _selects(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What the organisations of a page can be filtered by: only what tells them apart."""
    for key, label in (("rating", score_words.TOGETHER), ("region", "Region"), ("kind", "Kind")):
        texts = {row[key] for row in rows}
        if len(texts) > 1:
            listed = [text for text in (*RATINGS, NOT_RATED) if text in texts] if key == "rating" else sorted(texts)
            yield {"key": key, "label": label, "choices": [(places.name(text), text) for text in listed]}
