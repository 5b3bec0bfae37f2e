"""The way from a rating down to the counts, for people: bands, what pulls the rating down, what would lift it, every rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dq_engine.report.score_words import (
    LEVELS,
    aligned,
    few,
    instrument_lines,
    labelled,
    notice,
    number,
    part_name,
    percent,
    rounded_down,
    rounded_up,
    wrapped,
)
from dq_engine.report.words import clean, share
from dq_engine.scores import OVERALL, Band, Explanation, FieldClasses, Rating, RuleScore, Term, TermExplained

FEW = 5
"""Things that are listed of many."""
LEGEND = "V valid, O other, D default codes, I invalid, M missing values, of N records"
"""The letters of the item score's formula."""


def plain(explained: Explanation) -> str:
    """The explanation as lines of text, about 100 characters wide."""
    rating = explained.rating
    blocks = [
        [notice()],
        [*_head(explained)],
        [*_verdict(explained)],
        [*_lift(rating, explained.bands)],
        [*_items(explained.items)],
        [LEGEND] if any(rule.classes for term in explained.terms for rule in term.rules) else [],
        *([*_term(term)] for term in _by_pull(explained)),
        [*_not_counted(explained)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(explained: Explanation) -> Iterator[str]:
    organisation, rating = explained.organisation, explained.rating
    known = [LEVELS[organisation.level][0], organisation.kind, organisation.region]
    yield from instrument_lines("Instrument", explained.instrument)
    yield from labelled("About", f"{organisation.code} ({', '.join(filter(None, known))})")
    yield from labelled("Wave", "all data" if rating.wave == "all" else rating.wave)
    yield from labelled("Item", rating.item)
    yield from labelled("Question", explained.question)
    if rating.item != OVERALL:
        provenance = explained.provenance
        yield from labelled("", f"{provenance.status.capitalize()}: {provenance.source.rstrip('.')}. {provenance.notes}".strip())
    bands = ", ".join(f"{band.rating} {number(band.from_)}–{number(band.to)}" for band in explained.bands)
    yield from labelled("Cut-points", bands)


def _verdict(explained: Explanation) -> Iterator[str]:
    rating = explained.rating
    if rating.rating is None or rating.score is None:
        yield from labelled("Rating", f"not rated: {rating.reason}")
        return
    yield from labelled("Rating", f"{rating.rating.upper()}, by a score of {rounded_down(rating.score)}{_between(rating)}")
    if rating.measured < 1:
        of = "of the weight of all items is rated" if explained.items else "of the item's weight was measured"
        yield from labelled("", f"{percent(rating.measured)} {of}.")


def _between(rating: Rating) -> str:
    if rating.low is None or rating.high is None or rating.low == rating.high:
        return "."
    limits = f" (95 % interval {rounded_down(rating.low)} to {rounded_up(rating.high)})."
    if rating.between is None:
        return f"{limits} The whole interval lies in this band."
    return f"{limits} The interval reaches from {rating.between[0]} to {rating.between[1]}: few records leave this open."


def _lift(rating: Rating, bands: Sequence[Band]) -> Iterator[str]:
    if rating.next is None:
        return
    start = next(band.from_ for band in bands if band.rating == rating.next)
    yield f"It would be rated {rating.next}, from {number(start)} on, with"
    for change in rating.lift:
        name = part_name(change.part)
        yield from wrapped(f"{name}: {rounded_down(change.now)} → {rounded_up(change.needed)}", indent=2, hanging=2)


def _items(items: Sequence[Rating]) -> Iterator[str]:
    """What an overall rating is the mean of."""
    if not items:
        return
    rows = [["item", "rating", "score", "95 % interval"]]
    for item in sorted(items, key=lambda item: (item.score is None, item.score or 0.0)):
        if item.score is None or item.low is None or item.high is None:
            rows.append([f"  {clean(item.item)}", "not rated", "", ""])
        else:
            limits = f"{rounded_down(item.low)}–{rounded_up(item.high)}"
            rows.append([f"  {clean(item.item)}", item.rating or "", rounded_down(item.score), limits])
    yield from aligned(rows)
    for reason in dict.fromkeys(item.reason for item in items if item.rating is None):
        about = [item.item for item in items if item.reason == reason]
        yield from wrapped(f"* Not rated: {reason} ({few(about, FEW)})", hanging=2)


# ----------------------------------------------------------------------------------------------------------------- terms


def _by_pull(explained: Explanation) -> list[TermExplained]:
    """The greatest pull first; then what nothing came for."""
    return sorted(explained.terms, key=lambda term: (term.term is None, -(term.term.pull if term.term else 0.0)))


def _term(explained: TermExplained) -> Iterator[str]:
    term = explained.term
    if term is None:
        yield from wrapped(f"{part_name(explained.part)}: nothing came, for {_weight(explained.weight)} of the item's weight")
        return
    pulls = f"lowers the score by {rounded_up(term.pull)}" if term.pull else "does not lower the score"
    yield from wrapped(f"{part_name(explained.part)}: {_score(term)}; weight {_weight(term.weight)}, {pulls}", hanging=2)
    for rule in explained.rules:
        yield from _rule(rule)


def _weight(share: float) -> str:
    return f"{number(round(100 * share, 1))} %"


def _score(term: Term) -> str:
    if not term.tally.denominator:
        return "nothing came, which counts as 0"
    found = rounded_down(term.score)
    if term.tally.records is None:
        return f"{found}, a fact and no sample"
    records = f"{term.tally.records:,.0f} record{'' if term.tally.records == 1 else 's'}"
    return f"{found} ({rounded_down(term.low)} to {rounded_up(term.high)}; {records})"


def _rule(rule: RuleScore) -> Iterator[str]:
    weight = f", weight {number(rule.rule.weight)}" if rule.rule.weight != 1 else ""
    name = rule.rule.check or rule.rule.column
    if rule.classes is None:
        yield from wrapped(f"{share(int(rule.kept), int(rule.judged))} kept{weight}: {rule.statement} [{name}]", 2, 4)
    else:
        yield from wrapped(f"{name}{weight}: {_formula(rule.classes, rule.share)}", 2, 4)


def _formula(classes: FieldClasses, found: float) -> str:
    """The DQMI's formula with the counts of the five classes filled in."""
    valid, other, default, invalid, missing = (
        int(count) for count in (classes.valid, classes.other, classes.default, classes.invalid, classes.missing)
    )
    records = valid + other + default + invalid + missing
    excess, tolerated = "", ""
    if classes.tolerance is not None:
        tolerated = f"; {number(100 * classes.tolerance)} % D tolerated"
        if (beyond := max(0.0, default - classes.tolerance * records)) > 0:
            excess = f" − {number(round(beyond, 6))} in excess"
    formula = f"(V {valid:,} + O {other:,} + D {default:,}{excess}) / N {records:,} = {rounded_down(found)}"
    return f"{formula}; I {invalid:,}, M {missing:,}{tolerated}"


def _not_counted(explained: Explanation) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for one in explained.not_counted:
        found.setdefault(one.reason, []).append(f"{one.extract}.{one.check}")
    if found:
        yield "Not counted"
    for reason, checks in found.items():
        yield from wrapped(f"{reason}: {len(checks):,} ({few(checks, FEW)})", 2, 2)
