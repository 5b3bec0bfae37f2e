"""The newest run -> a page for each organisation, and the list of all. Pure: values in, HTML out.

What is the same for all organisations (rules, tags, heads of tables) is made once: there can be thousands of pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, cast, get_args

from markupsafe import Markup
from msgspec import Struct

from dq_engine.findings import Finding
from dq_engine.model import Dimension, Level, Organisation
from dq_engine.report import score_words, words
from dq_engine.report.html import places, views
from dq_engine.report.html.about import SiteAbout
from dq_engine.report.html.pages import Pages, paged
from dq_engine.report.html.run_pages import SOURCES, turns
from dq_engine.scores import OVERALL, RATINGS, STEPS, Band, Part, Rating, Scores

ROWS = 500
"""Organisations on a page of the list."""
MEMBERS = 200
"""Practices that the page of a PCG/T lists."""
STRANGERS = 50
"""Codes without a page that the list names."""
LATEST = 12
"""Runs, and waves, that a history tells of."""
FIRST = 3
"""Items whose reasons are seen at once; those of the others can be opened."""
NOT_OF_THE_LEVEL = "other"
"""How the list marks organisations of the level that is not rated."""
Entry = tuple[str, str, str, str]


class _Check(Struct, frozen=True):
    """A check as the pages of all organisations show it: all of its row but what was found."""

    opening: Markup
    closing: Markup
    unit: str
    choices: Mapping[str, tuple[str, str]]


class _Found(Struct, frozen=True):
    """How many checks found something at an organisation; of how many more that is hidden; how many judged anything."""

    something: int
    hidden: int
    judging: int

    @property
    def words(self) -> str:
        hidden = f"; {self.hidden:,} hidden" if self.hidden else ""
        return f"{self.something:,} of {self.judging:,}{hidden}"


class _Time(Struct, frozen=True):
    """Runs or waves, oldest first: the heads of their columns, and by organisation and item a place among the ratings in each.

    0 is "not rated"; None: nothing is known.
    """

    title: str
    what: str
    heads: tuple[tuple[str, str, str], ...]
    ratings: Mapping[str, Mapping[str, Sequence[int | None]]]


def known(registered: Iterable[Organisation], levels: Mapping[str, str], scores: Scores | None) -> dict[str, Organisation]:
    """The organisations that have a page, by code.

    Those of registers and those that are rated; of a level that no register is about, all that something was counted for.
    """
    found = {organisation.code: organisation for organisation in registered}
    covered = {organisation.level for organisation in found.values()}
    if scores is not None:
        found = {organisation.code: organisation for organisation in scores.organisations} | found
        for code in {rating.organisation for rating in scores.ratings}:
            found.setdefault(code, Organisation(code, scores.level))
    for code, level in levels.items():
        if level not in covered:
            found.setdefault(code, Organisation(code, cast("Level", level)))
    return dict(sorted(found.items()))


def entries(about: SiteAbout) -> Iterator[Entry]:
    """The organisations for the index of the search: kind, title, address from the root of the site, and more words."""
    for organisation in known(about.registered, about.levels, about.run.scores).values():
        yield "Organisation", _short(organisation.code), places.organisation(organisation.code), _described(organisation)


def pages(about: SiteAbout, made: Pages) -> Iterator[tuple[str, bytes]]:
    """The pages of organisations, and the list of them, with their places."""
    yield from _Book(about, made).pages()


def _described(organisation: Organisation) -> str:
    """ "practice, GP, North East"."""
    level = score_words.LEVELS[organisation.level][0]
    return ", ".join(filter(None, (level, _short(organisation.kind), _short(organisation.region))))


def _short(text: str) -> str:
    """A text of a register or the data, for lists."""
    return words.cut(words.clean(text))


class _Book:
    def __init__(self, about: SiteAbout, made: Pages) -> None:
        self.about, self.made, self.run = about, made, about.run
        self.figures, self.scores, self.instrument = about.run.figures, about.run.scores, about.run.instrument
        self.known = known(about.registered, about.levels, about.run.scores)
        self.members: dict[str, list[str]] = defaultdict(list)
        for organisation in self.known.values():
            if organisation.parent and organisation.parent != organisation.code:
                self.members[organisation.parent].append(organisation.code)
        self.level = self.scores.level if self.scores else None
        self.ratings = _ratings(self.scores)
        self.titles = {OVERALL: score_words.TOGETHER, **(self.scores.titles if self.scores else {})}
        self.items = [*(item.id for item in self.instrument.items), OVERALL] if self.scores and self.instrument else []
        self.bands = self._bands()
        self.tags = {rating: self._fragment("tag", rating) for rating in (*RATINGS, None)}
        self.times = [time for time in (self._runs(), self._waves()) if time]
        self.time_heads = [self._fragment("heads", time.heads) for time in self.times]
        self.outcomes = {
            (extract.name, one.check): (extract, one) for extract in self.run.run.extracts for one in extract.outcomes
        }
        self.checks: dict[tuple[str, str], _Check] = {}
        self.cells: dict[tuple[str, int | None, int | None], Markup] = {}
        self.part_names: dict[Part, str] = {}
        self.found: dict[str, _Found] = {}

    def pages(self) -> Iterator[tuple[str, bytes]]:
        in_order = sorted(self.known, key=lambda code: (self.known[code].level != "practice", code))
        for code, findings, judging in self.about.found(in_order):
            hidden = sum(finding.unexpected is None for finding in findings)
            self.found[code] = _Found(len(findings) - hidden, hidden, judging)
            yield from self._organisation(self.known[code], findings)
        yield from self._index()

    def _fragment(self, macro: str, *values: Any) -> Markup:
        return self.made.fragment("organisation_parts.jinja", macro, places.ORGANISATIONS, *values)

    def _bands(self) -> dict[str, Sequence[Band]]:
        if self.instrument is None:
            return {}
        return {item.id: item.bands or self.instrument.scale.bands for item in self.instrument.items}

    # ------------------------------------------------------------------------------------------------------------ history

    def _runs(self) -> _Time | None:
        """The ratings of the latest runs, if there is more than one."""
        past = self.about.past[-LATEST:]
        if len(past) < 2:
            return None
        heads = tuple((score_words.day(one.started), places.run(one.run), "") for one in past)
        digits: dict[str, dict[str, list[int | None]]] = {}
        for place, one in enumerate(past):
            for code in one.ratings.keys() & self.known.keys():
                own = digits.setdefault(code, {})
                for item, digit in zip(one.items, one.ratings[code], strict=True):
                    own.setdefault(item, [None] * len(past))[place] = int(digit)
        return _Time("Run by run", "runs", heads, digits)

    def _waves(self) -> _Time | None:
        """The ratings wave by wave, if there is more than one."""
        scores = self.about.waves
        if scores is None or len(scores.waves) < 2:
            return None
        waves = scores.waves[-LATEST:]
        heads = tuple(
            (words.clean(wave.name), "", words.clean(" to ".join(filter(None, (wave.first, wave.last))))) for wave in waves
        )
        column = {wave.name: place for place, wave in enumerate(waves)}
        digits: dict[str, dict[str, list[int | None]]] = {}
        for rating in scores.ratings:
            if rating.wave in column:
                own = digits.setdefault(rating.organisation, {}).setdefault(rating.item, [None] * len(waves))
                own[column[rating.wave]] = STEPS[rating.rating]
        return _Time("Wave by wave", "waves", heads, digits)

    def _history(self, code: str) -> list[dict[str, Any]]:
        """The ratings over runs and waves: the overall one, and the items of which it changed."""
        history = []
        for time, heads in zip(self.times, self.time_heads, strict=True):
            own = time.ratings.get(code, {})
            rows = [(item, self._stretches(own[item])) for item in (OVERALL, *self.items[:-1]) if item in own]
            shown = [(self._title(item), stretches) for item, stretches in rows if item == OVERALL or len(stretches) > 1]
            if rows:
                caption = f"Ratings of the latest {time.what}, oldest first"
                same = len(rows) - len(shown)
                history.append({"title": time.title, "caption": caption, "heads": heads, "rows": shown, "same": same})
        return history

    def _stretches(self, digits: Sequence[int | None]) -> list[tuple[int, Markup]]:
        """For how many columns a rating lasted."""
        return [
            (len([*stretch]), Markup("\N{EN DASH}") if digit is None else self.tags[RATINGS[digit - 1] if digit else None])
            for digit, stretch in groupby(digits)
        ]

    # -------------------------------------------------------------------------------------------------- an organisation

    def _organisation(self, organisation: Organisation, findings: Sequence[Finding]) -> Iterator[tuple[str, bytes]]:
        code = organisation.code
        first = places.organisation(code)
        shown = self._in_order([finding for finding in findings if finding.unexpected is not None])
        checks = [self._check((finding.extract, finding.check)) for finding in shown]
        rows = [self._row(check, finding) for check, finding in zip(checks, shown, strict=True)]
        dealt = paged(rows)
        done = 0
        about = self._about(organisation)
        for number, here in enumerate(dealt, 1):
            at = places.further(first, number)
            view = {
                **about,
                "number": number,
                "pages": len(dealt),
                "turns": turns(first, at, len(dealt)),
                "selects": _selects(checks[done : done + len(here)]),
                "rows": Markup("\n".join(here)),  # noqa: S704  rows were made by templates
            }
            done += len(here)
            yield at, self.made.page("organisation.jinja", at, view=view, internal=self.figures.internal)

    def _about(self, organisation: Organisation) -> dict[str, Any]:
        """What the page of an organisation says above its checks."""
        code, found = organisation.code, self.found[organisation.code]
        members = self.members.get(code, [])
        most = sorted(members, key=lambda member: (-self.found[member].something if member in self.found else 0, member))
        return {
            "code": views.text(code),
            "described": _described(organisation),
            "parent": self._linked(organisation.parent),
            "notice": score_words.notice(),
            "ratings": self._rated(organisation),
            "history": self._history(code),
            "judging": found.judging,
            "hidden": f"{found.hidden:,}" if found.hidden else "",
            "tally": f"{found.something:,} of {found.judging:,}",
            "members": [(self._linked(member), self.found[member].words) for member in most[:MEMBERS] if member in self.found],
            "all_members": f"{len(members):,}",
            "more_members": f"{len(members) - MEMBERS:,}" if len(members) > MEMBERS else "",
        }

    def _linked(self, code: str) -> tuple[str, str]:
        """A code with its page, if it has one."""
        return _short(code), places.organisation(code) if code in self.known else ""

    # ------------------------------------------------------------------------------------------------------------ ratings

    def _rated(self, organisation: Organisation) -> dict[str, Any]:
        """The ratings of an organisation, or why there are none."""
        own = self.ratings.get(organisation.code)
        if own is None or self.instrument is None:
            return {"why_not": self._why_not(organisation), "counts_for": self._counts_for(organisation)}
        overall = own[OVERALL]
        worst_first = sorted(
            (own[item] for item in self.items[:-1] if own[item].score is not None), key=lambda rating: rating.score or 0.0
        )
        lowered = [self._lowered(rating) for rating in worst_first if rating.next and rating.why]
        return {
            "why_not": "",
            "overall": self._rating(overall),
            "reason": _reason(own),
            "between": ""
            if overall.between is None
            else f"Few records leave open whether it is {overall.between[0]} or {overall.between[1]}."
            if RATINGS.index(overall.between[1]) - RATINGS.index(overall.between[0]) == 1
            else f"Few records leave open which rating from {overall.between[0]} to {overall.between[1]} it is.",
            "functions": [words.clean(title) for title in self.instrument.functions.values()],
            "rows": [(words.clean(title), [self._rating(own.get(item)) for item in items]) for title, items in self._by_source()],
            "reasons": self._reasons(own),
            "lowered": lowered[:FIRST],
            "lowered_too": lowered[FIRST:],
        }

    def _by_source(self) -> Iterator[tuple[str, list[str]]]:
        """The titles of the sources, each with its items in the order of the functions."""
        assert self.instrument is not None
        by_pair = {(item.source, item.function): item.id for item in self.instrument.items}
        for source, title in self.instrument.sources.items():
            yield title, [by_pair.get((source, function), "") for function in self.instrument.functions]

    def _rating(self, rating: Rating | None) -> tuple[Markup, str]:
        """A rating as a tag; for those who work with the data with its score and interval."""
        if rating is None:
            return Markup("\N{EN DASH}"), ""
        if rating.score is None or rating.low is None or rating.high is None or not self.figures.internal:
            return self.tags[rating.rating], ""
        limits = f"{score_words.rounded_down(rating.low)} to {score_words.rounded_up(rating.high)}"
        return self.tags[rating.rating], f"{score_words.rounded_down(rating.score)} ({limits})"

    def _title(self, item: str) -> str:
        return words.clean(self.titles.get(item, item))

    def _reasons(self, own: Mapping[str, Rating]) -> list[tuple[str, str]]:
        """Why items are not rated, and which."""
        reasons: dict[str, list[str]] = {}
        for item in self.items[:-1]:
            if own[item].rating is None:
                reasons.setdefault(own[item].reason, []).append(self._title(item))
        return [(words.clean(reason), "; ".join(titles)) for reason, titles in reasons.items()]

    def _lowered(self, rating: Rating) -> dict[str, Any]:
        """What lowers the rating of an item most, and what would help it up."""
        exact = self.figures.internal
        start = next((band.from_ for band in self.bands[rating.item] if band.rating == rating.next), None)
        return {
            "title": self._title(rating.item),
            "tag": self.tags[rating.rating],
            "terms": [
                self._part(term.part)
                + (
                    f": {score_words.rounded_down(term.score)}, lowers the score by {score_words.rounded_up(term.pull)}"
                    if exact
                    else ""
                )
                for term in rating.why
            ],
            "next": ""
            if start is None
            else f"{rating.next}, from {score_words.number(start)} on,"
            if exact
            else f"{rating.next}",
            "lift": [
                self._part(lift.part)
                + (f": {score_words.rounded_down(lift.now)} → {score_words.rounded_up(lift.needed)}" if exact else "")
                for lift in rating.lift
            ],
        }

    def _part(self, part: Part) -> str:
        name = self.part_names.get(part)
        if name is None:
            name = self.part_names[part] = score_words.part_name(part)
        return name

    def _why_not(self, organisation: Organisation) -> str:
        if self.scores is None:
            return words.clean(self.run.no_ratings) or "No ratings follow from this run."
        if organisation.level == self.scores.level:
            return (
                "It is not in the sample whose organisations were looked at." if self.scores.sample else "It could not be rated."
            )
        own, rated = score_words.LEVELS[organisation.level][1], score_words.LEVELS[self.scores.level][1]
        said = f"{own[:1].upper()}{own[1:]} are not rated here: {rated} are."
        if organisation.level != "practice":
            return said
        return f"{said} What this practice sends counts for " + (
            "its PCG/T." if organisation.parent else "nobody: no register says for whom."
        )

    def _counts_for(self, organisation: Organisation) -> Markup | None:
        """How the organisation is rated for which a practice counts."""
        own = self.ratings.get(organisation.parent, {}).get(OVERALL) if organisation.level != self.level else None
        return self.tags[own.rating] if own else None

    # ------------------------------------------------------------------------------------------------------------- checks

    def _in_order(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Most first; where counts can be hidden, by what is shown of them alone."""
        if self.figures.internal:
            return findings
        return sorted(findings, key=lambda finding: (-self._share(finding, -1.0), finding.extract, finding.check))

    def _share(self, finding: Finding, otherwise: float) -> float:
        """The share of a finding as it may be shown, or ``otherwise``."""
        _, outcome = self.outcomes[finding.extract, finding.check]
        share = self.figures.share(outcome.unit, finding.unexpected, finding.judged)
        return otherwise if share is None else share

    def _check(self, key: tuple[str, str]) -> _Check:
        check = self.checks.get(key)
        if check is None:
            extract, outcome = self.outcomes[key]
            source = SOURCES.get(extract.source, extract.source)
            choices = {
                "severity": (outcome.severity, outcome.severity),
                "dimension": (outcome.dimension, outcome.dimension),
                "source": (extract.source, source),
                "extract": (places.name(extract.name), f"{_short(extract.title)} ({_short(extract.name)})"),
            }
            view = {
                "data": {name: value for name, (value, _) in choices.items()},
                "place": self.about.places.get(key, places.extract(self.run.run.id, extract.name)),
                "anchor": places.check_anchor(outcome.check),
                "statement": views.text(outcome.statement),
                "title": _short(extract.title),
                "source": source,
                "severity": outcome.severity,
                "severity_rank": views.SEVERITIES[outcome.severity],
                "dimension": outcome.dimension,
                "status": words.mark(outcome),
                "rank": views.RANKS[words.mark(outcome)],
            }
            opening, closing = self._fragment("opening", view), self._fragment("closing", view)
            check = self.checks[key] = _Check(opening, closing, outcome.unit, choices)
        return check

    def _row(self, check: _Check, finding: Finding) -> Markup:
        cell = self._cell(check.unit, finding.unexpected, finding.judged)
        return Markup(f"{check.opening}{cell}{check.closing}")  # noqa: S704  all three were made by templates

    def _cell(self, unit: str, unexpected: int | None, judged: int | None) -> Markup:
        """The cell of what was found: organisations have many alike, so each is made once."""
        key = (unit, unexpected, judged)
        if key not in self.cells:
            share = self.figures.share(*key)
            counted = self.figures.counted(*key)
            self.cells[key] = self._fragment("found", "" if share is None else f"{share:.4g}", counted)
        return self.cells[key]

    # --------------------------------------------------------------------------------------------------------------- list

    def _index(self) -> Iterator[tuple[str, bytes]]:
        in_order = sorted(self.known.values(), key=lambda one: (one.level != (self.level or "pcgt"), one.code))
        listed = [self._fragment("listed", self._listed(organisation)) for organisation in in_order]
        dealt = [rows for start in range(0, max(len(listed), 1), ROWS) for rows in paged(listed[start : start + ROWS])]
        strangers = sorted(set(self.about.levels) - set(self.known))
        about = {
            "tally": self._tally(),
            "notice": score_words.notice() if self.scores else "",
            "no_ratings": "" if self.scores else words.clean(self.run.no_ratings) or "No ratings follow from this run.",
            "other": self._other_level(),
            "sources": [words.clean(title) for title, _ in self._by_source()] if self.ratings and self.instrument else [],
            "rated": bool(self.ratings),
            "strangers": f"{len(strangers):,}" if strangers else "",
            "strange": [_short(code) for code in strangers[:STRANGERS]],
            "stranger": f"{len(strangers) - STRANGERS:,}" if len(strangers) > STRANGERS else "",
        }
        done = 0
        for number, rows in enumerate(dealt, 1):
            at = places.further(places.ORGANISATIONS, number)
            here = in_order[done : done + len(rows)]
            done += len(rows)
            view = {
                **about,
                "number": number,
                "pages": len(dealt),
                "turns": turns(places.ORGANISATIONS, at, len(dealt)),
                "selects": self._choices(here),
                "rows": rows,
            }
            yield at, self.made.page("organisations.jinja", at, view=view)

    def _tally(self) -> str:
        counts = defaultdict[str, int](int)
        for organisation in self.known.values():
            counts[organisation.level] += 1
        said = [f"{count:,} {score_words.LEVELS[level][count != 1]}" for level in get_args(Level) if (count := counts[level])]
        rated = sum(own[OVERALL].rating is not None for own in self.ratings.values())
        return (" and ".join(reversed(said)) or "No organisations") + (f". Rated: {rated:,}" if self.scores else "")

    def _other_level(self) -> str:
        if self.scores is None or all(one.level == self.scores.level for one in self.known.values()):
            return ""
        if self.scores.level == "pcgt":
            return "Practices have no rating of their own: what they send counts for their PCG/T."
        return "PCG/Ts are not rated here: practices are."

    def _listed(self, organisation: Organisation) -> dict[str, Any]:
        own = self.ratings.get(organisation.code)
        overall = own[OVERALL] if own else None
        found = self.found[organisation.code]
        code, place = self._linked(organisation.code)
        return {
            "data": {key: places.name(value) for key, (value, _) in self._filtered(organisation).items() if value},
            "code": code,
            "place": place,
            "level": score_words.LEVELS[organisation.level][0],
            "kind": _short(organisation.kind),
            "region": _short(organisation.region),
            "parent": self._linked(organisation.parent),
            "rating": self.tags[overall.rating] if overall else "",
            "rank": (overall.score if self.figures.internal else RATINGS.index(overall.rating) if overall.rating else -1)
            if overall and overall.score is not None
            else "",
            "reason": words.cut(_reason(own)) if own else "" if organisation.level != self.level else self._why_not(organisation),
            "sources": [
                self._range([own[item] for item in items if item]) if own else ("", "", "") for _, items in self._by_source()
            ]
            if self.ratings and self.instrument
            else [],
            "rated": bool(self.ratings),
            "something": found.something,
            "found": found.words,
        }

    def _range(self, ratings: Iterable[Rating]) -> tuple[int | str, Markup | str, str]:
        """From the worst to the best of some ratings: something to sort by, the worst, the best if it is another one."""
        found = sorted(RATINGS.index(rating.rating) for rating in ratings if rating.rating)
        if not found:
            return "", self.tags[None], ""
        worst, best = found[0], found[-1]
        return worst * len(RATINGS) + best, self.tags[RATINGS[worst]], "" if best == worst else f"to {RATINGS[best]}"

    def _filtered(self, organisation: Organisation) -> dict[str, tuple[str, str]]:
        """What an organisation can be found by in the list: the value and how it reads."""
        own = self.ratings.get(organisation.code)
        rating = (
            (own[OVERALL].rating or "not rated") if own else "not rated" if organisation.level == self.level else NOT_OF_THE_LEVEL
        )
        return {
            "level": (organisation.level, score_words.LEVELS[organisation.level][1]),
            "rating": (rating, rating) if rating != NOT_OF_THE_LEVEL and self.scores else ("", ""),
            "region": (organisation.region, organisation.region),
            "kind": (organisation.kind, organisation.kind),
        }

    def _choices(self, organisations: Iterable[Organisation]) -> list[dict[str, Any]]:
        there: dict[str, dict[str, str]] = {"level": {}, "rating": {}, "region": {}, "kind": {}}
        for organisation in organisations:
            for key, (value, text) in self._filtered(organisation).items():
                if value:
                    there[key][value] = text
        order = {rating: place for place, rating in enumerate((*RATINGS, "not rated"))}
        return [
            {
                "key": key,
                "label": key.capitalize(),
                "choices": [
                    (places.name(value), _short(text))
                    for value, text in sorted(found.items(), key=lambda one: (order.get(one[0], 0), one))
                ],
            }
            for key, found in there.items()
            if found
        ]


def _ratings(scores: Scores | None) -> dict[str, dict[str, Rating]]:
    """The ratings of each organisation by item, of the newest wave."""
    found: dict[str, dict[str, Rating]] = {}
    if scores is not None and scores.waves:
        newest = scores.waves[-1].name
        for rating in scores.ratings:
            if rating.wave == newest:
                found.setdefault(rating.organisation, {})[rating.item] = rating
    return found


def _reason(own: Mapping[str, Rating]) -> str:
    """Why the overall rating is not there: the reasons of the items, without repeating one."""
    overall = own[OVERALL]
    if overall.rating is not None:
        return ""
    reasons = dict.fromkeys(rating.reason for rating in own.values() if rating.item != OVERALL and rating.reason)
    return words.clean(f"{overall.reason}: {'; '.join(reasons)}" if reasons else overall.reason)


def _selects(checks: Iterable[_Check]) -> list[dict[str, Any]]:
    """What the checks of an organisation can be filtered by."""
    there: dict[str, dict[str, str]] = {"severity": {}, "dimension": {}, "source": {}, "extract": {}}
    for check in checks:
        for key, (value, text) in check.choices.items():
            there[key][value] = text
    places_of = {text: place for place, text in enumerate((*views.SEVERITIES, *get_args(Dimension), *SOURCES))}
    return [
        {
            "key": key,
            "label": key.capitalize(),
            "choices": sorted(found.items(), key=lambda one: (places_of.get(one[0], 0) if key != "extract" else 0, one[1])),
        }
        for key, found in there.items()
    ]
