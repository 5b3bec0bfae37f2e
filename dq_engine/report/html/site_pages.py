"""The pages of a site that are about no single run: all runs, the catalogue, help, the index for searching. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

from dq_engine.history import RunState
from dq_engine.reference import EVERY_RULE_TAKES, ExampleColumn, pieces
from dq_engine.report import score_words, words
from dq_engine.report.html import charts, organisation_pages, places, rating_pages
from dq_engine.report.html.about import SiteAbout
from dq_engine.report.html.pages import STATUSES, Pages
from dq_engine.report.html.run_pages import tone

VERDICTS = {"pass": "passed", "fail": "failed", "error": "not evaluated"}
"""What a list of runs calls their ends."""


def pages(about: SiteAbout, made: Pages) -> Iterator[tuple[str, bytes]]:
    """The pages that tell of the newest run, and the index for searching."""
    yield from organisation_pages.pages(about, made)
    yield from rating_pages.pages(about, made)
    yield from _rules(about, made)
    yield places.HELP, made.page("help.jinja", places.HELP, statuses_said=STATUSES)
    yield "assets/search.js", _search(about)


# ------------------------------------------------------------------------------------------------------------------ runs


def runs_page(states: Sequence[RunState], made: Pages) -> tuple[str, bytes]:
    """The list of all runs, given oldest first, with their trend."""
    counted = [Counter((check.status, check.severity) for extract in run.extracts for check in extract.checks) for run in states]
    points = []
    rows: list[dict[str, Any]] = []
    for run, counts in zip(states, counted, strict=True):
        of = Counter[str]()
        for (status, _), count in counts.items():
            of[status] += count
        judged = of["pass"] + of["fail"]
        points.append(charts.RunPoint(run.started, judged, of["pass"], counts["fail", "critical"]))
        colour, _ = tone(run.exit_code)
        rows.append(
            {
                "id": run.id,
                "started": run.started,
                "tone": colour,
                "verdict": words.clean(run.verdict),
                "share": of["pass"] / judged if judged else -1,
                "passed": words.share(of["pass"], judged),
                "failed": of["fail"],
                "failures": f"{of['fail']:,} ({counts['fail', 'critical']:,} critical)",
                "unjudged": of["error"] + of["vacuous"] + of["skipped"],
                "extracts": f"{len(run.extracts):,}",
            }
        )
    seen = {row["tone"] for row in rows}
    view = {
        "count": f"{len(rows):,} run{'' if len(rows) == 1 else 's'}, from {score_words.day(states[0].started)} to "
        f"{score_words.day(states[-1].started)}",
        "trend": charts.run_trend(points, chart_id="runs"),
        "verdicts": [(colour, said) for colour, said in VERDICTS.items() if colour in seen],
        "rows": rows[::-1],
    }
    return places.RUNS, made.page("runs.jinja", places.RUNS, view=view)


# ------------------------------------------------------------------------------------------------------------- catalogue


def _rules(about: SiteAbout, made: Pages) -> Iterator[tuple[str, bytes]]:
    users: dict[str, list[dict[str, str]]] = {}
    for extract in about.run.run.extracts:
        for outcome in extract.outcomes:
            users.setdefault(outcome.expectation, []).append(
                {
                    "statement": words.clean(outcome.statement),
                    "title": words.clean(extract.title),
                    "status": words.mark(outcome),
                    "place": about.places[extract.name, outcome.check],
                    "anchor": places.check_anchor(outcome.check),
                }
            )
    listed = [{"rule": rule, "place": places.rule(rule.name), "used": len(users.get(rule.name, ()))} for rule in about.rules]
    dimensions = sorted({rule.dimension for rule in about.rules})
    select = {"key": "dimension", "label": "Dimension", "choices": [(dimension, dimension) for dimension in dimensions]}
    yield places.RULES, made.page("rules.jinja", places.RULES, rules=listed, select=select, coded=coded)
    names = {rule.name: places.rule(rule.name) for rule in about.rules}
    for rule in about.rules:
        at = places.rule(rule.name)
        sections = [(section.label, coded(section.text, names, at)) for section in rule.sections]
        view = {"rule": rule, "sections": sections, "users": users.get(rule.name, []), "also": EVERY_RULE_TAKES}
        yield at, made.page("rule.jinja", at, view=view, coded=coded, as_json=as_json, rows=_rows)


def coded(text: str, names: Mapping[str, str] = MappingProxyType({}), page: str = "") -> Markup:
    """A text with its code as code; words that are ``names`` lead to their places."""
    made = []
    for piece, code in pieces(text):
        if code:
            made.append(Markup("<code>{}</code>").format(piece))
            continue
        for word in re.split(r"(\w+)", piece):
            linked = Markup('<a href="{}">{}</a>').format(places.link(names[word], page), word) if word in names else escape(word)
            made.append(linked)
    return Markup("").join(made)


def as_json(value: Any) -> str:
    """A value of an example as JSON writes it."""
    return json.dumps(value, ensure_ascii=False)


def _rows(columns: Sequence[ExampleColumn]) -> list[tuple[Any, ...]]:
    return list(zip(*(column.values for column in columns), strict=True))


# ---------------------------------------------------------------------------------------------------------------- search


def _search(about: SiteAbout) -> bytes:
    """The script that holds what can be searched for; pages load it when somebody searches."""
    entries = json.dumps([*_entries(about)], ensure_ascii=True, separators=(",", ":"))
    return f"dqSearch({entries});\n".encode()


def _entries(about: SiteAbout) -> Iterable[tuple[str, str, str, str]]:
    """Kind, title, address from the root of the site, and what is said besides."""
    run = about.run.run
    for extract in run.extracts:
        yield (
            "Extract",
            words.clean(extract.title),
            places.link(places.extract(run.id, extract.name), ""),
            words.clean(extract.name),
        )
    yield from rating_pages.entries(about)
    yield from organisation_pages.entries(about)
    for extract in run.extracts:
        for outcome in extract.outcomes:
            address = places.link(about.places[extract.name, outcome.check], "", places.check_anchor(outcome.check))
            said = f"{words.clean(extract.title)}, {STATUSES[words.mark(outcome)][0].lower()}"
            yield "Check", words.clean(outcome.statement), address, said
    for rule in about.rules:
        yield "Rule", rule.name, places.link(places.rule(rule.name), ""), rule.summary.replace("`", "")
