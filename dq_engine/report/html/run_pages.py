"""A run, with what was before it and the ratings that follow from it -> its pages. Pure: values in, HTML out."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from markupsafe import Markup

from dq_engine.history import KINDS, CheckChange, ExtractState, before, changes, state
from dq_engine.model import Dimension, ExtractRun, Kahn, Outcome, Run, Status
from dq_engine.report import score_words, words
from dq_engine.report.entries import of_policy
from dq_engine.report.html import charts, places, views
from dq_engine.report.html.about import RunAbout
from dq_engine.report.html.pages import STATUSES, Pages, paged
from dq_engine.scores import OVERALL, POOR_OR_WORSE, TableRow

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
SOURCES = {
    "primary_care": "Primary care",
    "hospital": "Hospital",
    "community": "Community",
    "mental_health": "Mental health",
    "social_care": "Social care",
}
"""What pages call the sources of feeds."""
HEADLINES = {0: ("pass", "The data passed"), 1: ("fail", "The data failed"), 4: ("error", "Nothing was checked")}
"""How a run ended, by its exit code; all other codes mean that something could not be evaluated."""
COULD_NOT = ("error", "Some of the data could not be checked")
FIRST = 6
"""Changes of a kind that the overview names."""
POLICY = 100
"""Lines of what the policy says that the overview has."""
UNJUDGED: tuple[Status, ...] = ("error", "vacuous", "skipped")


def tone(exit_code: int) -> tuple[str, str]:
    """How a run ended: its colour, and its headline."""
    return HEADLINES.get(exit_code, COULD_NOT)


def pages(about: RunAbout, made: Pages, *, newest: bool) -> tuple[list[tuple[str, bytes]], dict[tuple[str, str], str]]:
    """The pages of a run with their places, and where each check is, by extract and id.

    Of the newest run, its overview and the list of its checks are those of the site, too. The overview comes last.
    """
    run = about.run
    changed = changes(about.earlier, state(run))
    context = views.Context(
        figures=about.figures,
        earlier=about.earlier,
        changes={(change.extract, change.check): change.kind for change in changed if change.later is not None},
        rules=about.rules,
        worst=about.worst,
        organisations=about.organisations,
    )
    shown: list[views.CheckView] = []
    found: list[tuple[str, bytes]] = []
    for place, extract in enumerate(run.extracts):
        found += _extract(about, context, extract, place, made, shown)
    if about.figures.internal:
        found += _queries(run, made)
    at = places.run(run.id, "run.html")
    found.append((at, made.page("run.jinja", at, view=_run(about))))
    where = {view.key: view.place for view in shown}
    overview = _overview(about, changed, where)
    for checks, first in [(places.run(run.id, "checks.html"), places.run(run.id)), *[(places.CHECKS, places.OVERVIEW)] * newest]:
        found += _all_checks(run, shown, made, checks)
        found.append((first, made.page("overview.jinja", first, view=overview)))
    return found, where


# ------------------------------------------------------------------------------------------------------- lists of checks


def _extract(
    about: RunAbout, context: views.Context, extract: ExtractRun, number: int, made: Pages, shown: list[views.CheckView]
) -> Iterator[tuple[str, bytes]]:
    first = places.extract(about.run.id, extract.name)
    checks = views.checks(extract, context, first)
    dealt = paged(made.fragment("checks.jinja", "whole", first, check) for check in checks)
    done = 0
    for place, rows in enumerate(dealt, 1):
        at = places.further(first, place)
        views_here = checks[done : done + len(rows)]
        done += len(rows)
        shown += [views.at(view, at) for view in views_here]
        view = {
            "run": about.run.id,
            "title": extract.title,
            "number": place,
            "pages": len(dealt),
            "turns": turns(first, at, len(dealt)),
            "tally": words.tally(extract.outcomes),
            "problem": words.clean(extract.problem),
            "facts": _extract_facts(about, extract),
            "completeness": _completeness(about, extract, number) if place == 1 else None,
            "selects": _selects(views_here),
            "rows": rows,
        }
        yield at, made.page("extract.jinja", at, view=view)


def _completeness(about: RunAbout, extract: ExtractRun, number: int) -> charts.Chart | None:
    own = [field for field in about.fields if field.extract == extract.name]
    return (
        charts.completeness(own, extract=extract.title, chart_id=f"completeness-{number}")
        if own and about.figures.internal
        else None
    )


def _all_checks(run: Run, shown: Sequence[views.CheckView], made: Pages, first: str) -> Iterator[tuple[str, bytes]]:
    in_order = sorted(shown, key=lambda view: (view.rank, view.severity_rank))
    dealt = paged(made.fragment("checks.jinja", "brief", first, check) for check in in_order)
    done = 0
    for place, rows in enumerate(dealt, 1):
        at = places.further(first, place)
        view = {
            "run": run.id,
            "number": place,
            "pages": len(dealt),
            "turns": turns(first, at, len(dealt)),
            "tally": words.tally(run.outcomes),
            "selects": _selects(in_order[done : done + len(rows)], across=True),
            "rows": rows,
        }
        done += len(rows)
        yield at, made.page("all_checks.jinja", at, view=view)


def turns(first: str, at: str, count: int) -> list[dict[str, Any]]:
    """The links from page to page of a long list that begins at ``first``, for the page ``at``."""
    listed = [places.further(first, number) for number in range(1, count + 1)]
    return [{"number": n, "href": places.link(page, at), "current": page == at} for n, page in enumerate(listed, 1)]


def _selects(checks: Sequence[views.CheckView], *, across: bool = False) -> list[dict[str, Any]]:
    """What a list of checks can be filtered by: only what tells its checks apart, and "not passed" at a stroke."""
    selects: list[tuple[str, str, list[tuple[str, str]]]] = [
        ("status", "Result", [(status, said[0]) for status, said in STATUSES.items()]),
        ("severity", "Severity", [(severity, severity) for severity in views.SEVERITIES]),
        ("dimension", "Dimension", [(dimension, dimension) for dimension in DIMENSIONS]),
    ]
    if across:
        titles = dict(sorted((check.extract, f"{check.title} ({check.extract})") for check in checks))
        selects += [("source", "Source", list(SOURCES.items())), ("extract", "Extract", list(titles.items()))]
    there = {key: {getattr(check, key) for check in checks} for key, _, _ in selects}
    return [
        {"key": key, "label": label, "choices": [choice for choice in choices if choice[0] in there[key]]}
        for key, label, choices in selects
    ]


def _extract_facts(about: RunAbout, extract: ExtractRun) -> list[dict[str, Any]]:
    facts = [
        ("Extract", f"{extract.name} (feed {extract.feed}{', targets' if extract.purpose == 'targets' else ''})"),
        ("Source", SOURCES.get(extract.source, extract.source)),
        ("Level", {"practice": "practices", "pcgt": "primary care groups and trusts"}[extract.level]),
        ("Rows", "not known" if extract.rows is None else about.figures.number(extract.rows)),
        ("Organisations", "" if extract.organisations is None else f"{extract.organisations:,}"),
        ("Suite", f"{extract.suite.name}, {extract.suite.path}" if about.figures.internal else extract.suite.name),
        ("Held against", ", ".join(other.name for other in extract.others)),
        ("Run", f"{about.run.id} of {score_words.day(about.run.started)}"),
        ("Not scanned again", f"nothing has changed since run {extract.reused}" if extract.reused else ""),
        ("Rows in files", _sentence("; ".join(words.rows_written(extract))) if about.figures.internal else ""),
    ]
    return facts_of(facts)


def facts_of(facts: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Labels and texts as the rows of a summary list; without those that have no text."""
    return [{"key": {"text": key}, "value": {"text": words.clean(text)}} for key, text in facts if text]


# ----------------------------------------------------------------------------------------------------- run page, queries


def _run(about: RunAbout) -> dict[str, Any]:
    run, internal = about.run, about.figures.internal
    facts = [
        ("Started", run.started),
        ("Took", f"{run.seconds:.1f} seconds"),
        ("Not scanned again", _not_scanned(run)),
        ("Rows in files", _rows_written(run)),
        ("Exit code", str(run.exit_code)),
        ("Checks", words.tally(run.outcomes)),
        *((f"Version of {name}", version) for name, version in run.engine.items()),
    ]
    return {
        "run": run.id,
        "verdict": _sentence(run.verdict if internal else run.public_verdict),
        "facts": facts_of(facts),
        "options": facts_of((name, _option(value)) for name, value in run.options.items()) if internal else [],
        "files": [
            (
                words.clean(file.path if internal else file.path.rsplit("/", 1)[-1]),
                words.clean(extract.name),
                f"{file.bytes:,}" if internal else "",
                "" if file.rows is None else about.figures.number(file.rows),
                moment(file.modified_ns) if internal else "",
                (file.sha256 or "not computed") if internal else "",
            )
            for extract in run.extracts
            for file in extract.files
        ],
        "suites": [
            (
                words.clean(extract.suite.name),
                words.clean(extract.name),
                words.clean(extract.suite.path) if internal else "",
                f"{extract.planned:,}",
                extract.suite.sha256,
            )
            for extract in run.extracts
        ],
        "kahn": _kahn(run.outcomes),
        "timings": [
            (
                words.clean(extract.name),
                f"{extract.seconds:.2f}",
                "0" if extract.reused else f"{len(extract.queries):,}",
                "0.00" if extract.reused else f"{sum(query.seconds for query in extract.queries):.2f}",
            )
            for extract in sorted(run.extracts, key=lambda extract: -extract.seconds)
        ],
        "queries": [(words.clean(extract.title), _queries_place(run, extract)) for extract in run.extracts if extract.queries]
        if internal
        else [],
    }


def _not_scanned(run: Run) -> str:
    """How many extracts were not scanned, and of which runs their results are; "" if all were."""
    reused = [extract.reused for extract in run.extracts if extract.reused]
    told = f"{len(reused)} of {len(run.extracts)} extracts: nothing had changed since run {', '.join(sorted(set(reused)))}"
    return told if reused else ""


def _rows_written(run: Run) -> str:
    """Of how many extracts rows were written; "" if nobody asked for that."""
    asked = [extract.split for extract in run.extracts if extract.split]
    written = sum(split.passing is not None for split in asked)
    told = f"of {written} of {len(run.extracts)} extracts all rows, with the values of patients, were written to files"
    return _sentence(told) if asked else ""


def _option(value: Any) -> str:
    whole = isinstance(value, list | tuple | dict | bool)
    return "not set" if value in (None, [], (), {}) else json.dumps(value) if whole else str(value)


def moment(nanoseconds: int) -> str:
    """A moment, given in nanoseconds since 1970, in UTC."""
    return f"{dt.datetime.fromtimestamp(nanoseconds / 1e9, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _kahn(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """The matrix of the Data Quality Dashboard of OHDSI: categories by contexts."""
    rows = []
    for category in get_args(Kahn):
        cells = [category.replace(".", ": ")]
        for context in ("verification", "validation"):
            here = [outcome for outcome in outcomes if outcome.kahn == f"{category}, {context}"]
            judged = [outcome for outcome in here if outcome.status in ("pass", "fail")]
            passed = sum(outcome.status == "pass" for outcome in judged)
            unjudged = f"; {len(here) - len(judged):,} judged nothing" if len(here) > len(judged) else ""
            cells.append(words.share(passed, len(judged)) + unjudged if here else "–")
        rows.append(tuple(cells))
    return rows


def _queries_place(run: Run, extract: ExtractRun) -> str:
    return places.run(run.id, f"queries/{places.name(extract.name)}.html")


def _queries(run: Run, made: Pages) -> Iterator[tuple[str, bytes]]:
    for extract in run.extracts:
        if not extract.queries:
            continue
        first = _queries_place(run, extract)
        listed = (
            made.fragment("query.jinja", "query", first, n, query.purpose, f"{query.seconds:.4f}", views.text(query.sql))
            for n, query in enumerate(extract.queries, 1)
        )
        dealt = paged(listed)
        for place, rows in enumerate(dealt, 1):
            at = places.further(first, place)
            view = {"run": run.id, "title": extract.title, "turns": turns(first, at, len(dealt)), "rows": rows}
            view["scanned"] = words.clean(extract.reused)
            yield at, made.page("queries.jinja", at, view=view)


# -------------------------------------------------------------------------------------------------------------- overview


def _overview(about: RunAbout, changed: Sequence[CheckChange], where: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    run = about.run
    colour, headline = tone(run.exit_code)
    counts = Counter[str](words.mark(outcome) for outcome in run.outcomes)
    return {
        "run": run.id,
        "started": run.started,
        "tone": colour,
        "headline": headline,
        "verdict": _sentence(run.verdict if about.figures.internal else run.public_verdict),
        "planned": f"{run.planned:,}",
        "checks_place": places.run(run.id, "checks.html"),
        "tiles": [
            {"status": status, "count": f"{counts[status]:,}", "words": said[0].lower()}
            for status, said in STATUSES.items()
            if counts[status] or status in ("fail", "pass")
        ],
        "gate": of_policy(run, POLICY) if about.figures.internal else [],
        "untold": list(_untold(about, where)),
        "dimensions": DIMENSIONS,
        "matrix": [_matrix_row(about, extract) for extract in run.extracts],
        "ratings": _ratings(about),
        "no_ratings": f"Nobody is rated: this run holds no data for any item of the instrument. {about.no_ratings}".strip(),
        "before": _before(about),
        "changes": list(_change_groups(about, changed, where)),
        "pareto": _pareto(about),
    }


def _sentence(verdict: str) -> str:
    said = words.clean(verdict)
    return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")


def _untold(about: RunAbout, where: Mapping[tuple[str, str], str]) -> Iterator[dict[str, str]]:
    """What was not judged, by extract; and extracts that earlier runs looked at and this one did not."""
    run = about.run
    for extract in run.extracts:
        counts = Counter(outcome.status for outcome in extract.outcomes)
        said = [
            f"{counts[status]:,} of {extract.planned:,} {STATUSES[status][0].lower()}" for status in UNJUDGED if counts[status]
        ]
        if extract.problem:
            said.append(words.clean(extract.problem))
        if said:
            place = places.extract(run.id, extract.name)
            yield {"title": words.clean(extract.title), "text": "; ".join(said), "place": place}
    here = {extract.name for extract in run.extracts}
    known = dict.fromkeys(extract.name for state in reversed(about.earlier) for extract in state.extracts)
    for name in known:
        found = before(about.earlier, name)
        if name not in here and found is not None:
            last, extract_state = found
            text = f"not in this run; last checked on {score_words.day(last.started)}: {_counted(extract_state)}"
            yield {"title": words.clean(extract_state.title), "text": text, "place": places.extract(last.id, name)}


def _counted(extract: ExtractState) -> str:
    counts = Counter(check.status for check in extract.checks)
    return f"{counts['fail']:,} of {counts['fail'] + counts['pass']:,} failed"


def _matrix_row(about: RunAbout, extract: ExtractRun) -> dict[str, Any]:
    place = places.extract(about.run.id, extract.name)
    cells = [_matrix_cell(extract.outcomes, place, "checks")]
    for dimension in DIMENSIONS:
        here = [outcome for outcome in extract.outcomes if outcome.dimension == dimension]
        cells.append(_matrix_cell(here, place, f"dimension={dimension}"))
    unjudged = sum(outcome.status in UNJUDGED for outcome in extract.outcomes)
    return {
        "title": words.clean(extract.title),
        "name": words.clean(extract.name),
        "place": place,
        "rows": "–" if extract.rows is None else about.figures.number(extract.rows),
        "cells": cells,
        "unjudged": unjudged,
    }


def _matrix_cell(outcomes: Sequence[Outcome], place: str, anchor: str) -> dict[str, Any]:
    judged = [outcome for outcome in outcomes if outcome.status in ("pass", "fail")]
    passed = sum(outcome.status == "pass" for outcome in judged)
    percent = score_words.percent(passed / len(judged)) if judged else ""
    return {
        "passed": passed,
        "of": len(judged),
        "percent": percent,
        "bad": passed < len(judged),
        "place": place,
        "anchor": anchor,
    }


def _ratings(about: RunAbout) -> dict[str, Any] | None:
    """Poor or worse by source and function: the first wave of the scores, all organisations."""
    scores, instrument = about.scores, about.instrument
    if scores is None or instrument is None or not any(row.rated for row in scores.tables):
        return None
    rows = {row.item: row for row in scores.tables if row.by == "" and row.wave == scores.waves[-1].name}
    by_pair = {(item.source, item.function): rows.get(item.id) for item in instrument.items}
    whole = rows.get(OVERALL)
    units = score_words.LEVELS[scores.level][1]
    return {
        "notice": score_words.notice(),
        "units": units,
        "about": f"The instrument {words.clean(f'{instrument.name} {instrument.version}')} is {instrument.provenance.status}."
        + (f" All together: {_worse(whole)} {units} poor or worse." if whole else ""),
        "functions": [words.clean(title) for title in instrument.functions.values()],
        "rows": [
            (words.clean(title), [_rating_cell(by_pair.get((source, function))) for function in instrument.functions])
            for source, title in instrument.sources.items()
        ],
    }


def _worse(row: TableRow) -> str:
    share = next(share for share in row.shares if share.rating == POOR_OR_WORSE)
    said = score_words.counted(share.count, share.of, share.share)
    return said if share.low is None or share.high is None else f"~{said}, {score_words.interval(share.low, share.high)}"


def _rating_cell(row: TableRow | None) -> dict[str, Any] | None:
    if row is None or not row.rated:
        return None
    five = [share for share in row.shares if share.rating != POOR_OR_WORSE]
    return {
        "worse": _worse(row),
        "usual": max(five, key=lambda share: share.count).rating,
        "bar": bar([share.share or 0 for share in five]),
        "place": places.RATINGS,
        "anchor": f"item-{places.name(row.item)}",
    }


def bar(shares: Sequence[float]) -> Markup:
    """A small bar of the shares of the five ratings, worst first; a figure beside it says what matters."""
    part = Markup('<rect class="c-rating-{}" x="{:.2f}" y="0" width="{:.2f}" height="8"/>')
    left, parts = 0.0, []
    for place, share in enumerate(shares, 1):
        width = 100 * share
        if width:
            parts.append(part.format(place, left, width - min(0.5, width / 2)))
        left += width
    whole = Markup('<svg class="dq-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{}</svg>')
    return whole.format(Markup("").join(parts))


def _before(about: RunAbout) -> str:
    """With what the run is compared."""
    found = {extract.name: before(about.earlier, extract.name) for extract in about.run.extracts}
    days = Counter(score_words.day(one[0].started) for one in found.values() if one is not None)
    if not days:
        return ""
    new = sum(one is None for one in found.values())
    said = "; ".join(f"{count:,} of {len(found):,} extracts with the run of {day}" for day, count in days.items())
    return f"Compared: {said}." + (f" {new:,} of {len(found):,} extracts are new." if new else "")


def _change_groups(
    about: RunAbout, changed: Sequence[CheckChange], where: Mapping[tuple[str, str], str]
) -> Iterator[dict[str, Any]]:
    for kind in KINDS:
        here = [change for change in changed if change.kind == kind]
        if here:
            yield {
                "title": kind.capitalize(),
                "count": f"{len(here):,}",
                "more": max(len(here) - FIRST, 0),
                "first": [_change(about, change, where) for change in here[:FIRST]],
            }


def _change(about: RunAbout, change: CheckChange, where: Mapping[tuple[str, str], str]) -> dict[str, str]:
    def counted(state: Any) -> str:
        if state is None or state.status not in ("pass", "fail"):
            return "" if state is None else STATUSES[state.status][0].lower()
        return about.figures.counted(state.unit, state.unexpected, state.denominator)

    was, now = counted(change.earlier), counted(change.later)
    first = places.extract(about.run.id, change.extract)
    return {
        "statement": words.clean(change.statement),
        "title": words.clean(change.title),
        "severity": change.severity,
        "text": f"{was} → {now}" if was and now else was or now,
        "place": where.get((change.extract, change.check), first),
        "anchor": places.check_anchor(change.check),
    }


def _pareto(about: RunAbout) -> charts.Chart | None:
    failing = [
        charts.FailingCheck(outcome.statement, extract.title, outcome.severity, outcome.unexpected_count, outcome.denominator)
        for extract in about.run.extracts
        for outcome in extract.outcomes
        if outcome.status == "fail" and outcome.unexpected_count and outcome.denominator
    ]
    return charts.pareto(failing, chart_id="pareto") if failing and about.figures.internal else None
