"""Counts -> proposals: which rules are worth a person's time, and why. Pure.

Left out are rules that others imply, that too many rows break, or that too few rows speak for; the notes say how many.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine.catalog import CATALOG
from dq_engine.model import Dimension, Feed, Field, FieldType, Level, Sensitivity, Severity
from dq_engine.suggest import confidence as sure
from dq_engine.suggest.candidates import (
    IDENTIFYING_FORMS,
    OF_ITS_OWN,
    ORGANISATIONS,
    Family,
    Rule,
    period_form,
)
from dq_engine.suggest.counting import Basis, Counted
from dq_engine.suggest.profile import ColumnProfile, Profile
from dq_engine.suggest.words import PERIODS, is_identifying, says
from dq_engine.suite import Suite, read_arguments

LEAST: dict[Family, float] = {
    "present": 0.95,
    "form": 0.95,
    "companion": 0.9,
    "clean": 0.95,
    "set": 0.95,
    "range": 0.98,
    "pair": 0.98,
    "key": 0.98,
    "other": 0.9,
}
"""The share of rows that must keep a rule of each family, at least, for it to be one."""
SHOWN = 3
"""Shapes that are shown with a proposal."""
MOST_ALONE = 3
"""Columns that tell rows apart by themselves, of which that is proposed."""
TYPES: dict[str, FieldType] = {
    "text": "text",
    "integer": "integer",
    "decimal": "decimal",
    "float": "float",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


class Proposal(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule that is proposed, with its reason; and what a person decided, ``accepted``: yes, no, or not yet (None).

    ``confidence`` is the share of rows that keep the rule, at least, with 95 % certainty (:mod:`dq_engine.suggest.confidence`);
    None for what one file shows only once. ``exceptions`` of the ``judged`` rows break it. ``accepted_by`` says by which rule it
    was accepted, if no person did. ``shapes`` are those that most values of its column have, as dq shows values.
    """

    rule: str
    statement: str
    type: str
    kwargs: dict[str, Any]
    severity: Severity
    dimension: Dimension
    reason: str
    confidence: float | None
    basis: Basis
    judged: int
    exceptions: int
    shapes: list[str] = []
    accepted: bool | None = None
    accepted_by: str | None = None


def feed_of(name: str, profile: Profile, counts: Sequence[Counted], public: Sequence[str]) -> Feed:
    """What the profile says of the feed: its organisation and period columns, and types and sensitivity of all columns.

    Public are the columns of organisations and periods by their form, and those that somebody calls so. Identifying are those
    whose values look like NHS numbers or postcodes, or whose name says so; NHS numbers are never public. Others are sensitive.
    """
    forms = {one.rule.columns[0]: one.rule.suffix for one in best_forms(counts)}
    organisation = next(
        (column.name for column in profile.columns if forms.get(column.name) in ORGANISATIONS and column.different > 1), None
    )
    period = next((column.name for column in profile.columns if is_period(column)), None)
    level: Level = "practice" if organisation and ORGANISATIONS[forms[organisation]] == "practice" else "pcgt"
    fields = {}
    for column in profile.columns:
        form = forms.get(column.name)
        known = form in IDENTIFYING_FORMS or is_identifying(column.name)
        public_by_form = column.name in (organisation, period) or form in ORGANISATIONS
        said = column.name in public and form != "is_nhs_number"
        level_of: Sensitivity = "public" if said else "identifying" if known else "public" if public_by_form else "sensitive"
        fields[column.name] = Field(type=TYPES.get(column.column.kind), sensitivity=level_of)
    return Feed(name, level=level, organisation_column=organisation, period_column=period, columns=fields)


def is_period(column: ColumnProfile) -> bool:
    """Whether the column names the period that a row is of: few different ones, each of many rows."""
    few = column.different <= max(1, min(400, column.values // 10))
    if column.column.kind in ("date", "timestamp"):
        return few and says(column.name, *PERIODS, "register") and not is_identifying(column.name)
    return few and period_form(column) is not None


def best_forms(counts: Iterable[Counted]) -> list[Counted]:
    """For each column the form that its values have, of those that nearly all have."""
    forms = [one for one in counts if one.rule.family == "form" and _holds(one)]
    return _best(forms)


def _holds(one: Counted) -> bool:
    return one.judged > 0 and 1 - one.exceptions / one.judged >= _least(one.rule)


def _least(rule: Rule) -> float:
    return LEAST["range"] if rule.family == "form" and rule.rank >= OF_ITS_OWN else LEAST[rule.family]


def _best(counts: Iterable[Counted]) -> list[Counted]:
    """Of the rules of one family about the same columns, the best: of the catalogue, if one is; that most rows keep.

    Shares that are alike to a hundredth count as the same; then the rank decides.
    """
    best: dict[tuple[Family, tuple[str, ...]], Counted] = {}
    for one in sorted(counts, key=_worse):
        best.setdefault((one.rule.family, one.rule.columns), one)
    return list(best.values())


def _worse(one: Counted) -> tuple[bool, float, int]:
    rule = one.rule
    return rule.family == "form" and rule.rank >= OF_ITS_OWN, -round(1 - one.exceptions / one.judged, 2), rule.rank


class Proposed(Struct, frozen=True):
    """The proposals for one extract, and what was left out, in words."""

    proposals: tuple[Proposal, ...]
    notes: tuple[str, ...]


def propose(
    profile: Profile,
    counts: Sequence[Counted],
    facts: Sequence[Rule],
    feed: Feed,
    *,
    least: float,
    existing: Suite | None = None,
    severity: Severity | None = None,
) -> Proposed:
    """The proposals. ``facts`` are rules that need no count; ``least`` is the confidence from which on a rule is proposed.

    What ``existing``, a suite, has already is left out. ``severity`` is for all proposals, if it is given.
    """
    kept = list(_worthwhile(counts, profile))
    sure_enough = [one for one in kept if _confidence(one) >= least]
    key = next((one.rule.columns for one in sure_enough if one.rule.family == "key"), ())
    weighty = {feed.organisation_column, feed.period_column, *key}
    found = [made for one in sure_enough if (made := _proposal(one, profile, weighty)) is not None]
    said = {one.rule.columns[0] for one in sure_enough if one.rule.family in ("form", "range", "set")}
    found = [*_facts([rule for rule in facts if rule.columns[:1] not in {(name,) for name in said}], profile), *found]
    found.sort(key=lambda one: _place(one, profile))
    known = {_subject(check.expectation.name, check.kwargs) for check in existing.checks} if existing else set()
    new = [one for one in found if _subject(one.type, one.kwargs) not in known]
    names = _apart(new)
    given = [
        msgspec.structs.replace(one, rule=name, severity=severity or one.severity) for one, name in zip(new, names, strict=True)
    ]
    return Proposed(tuple(given), tuple(_notes(profile, kept, least, feed, len(found) - len(new))))


def _place(one: Proposal, profile: Profile) -> tuple[int, int]:
    """Where a proposal stands: rules about the file first, then by the columns in their order, then those about several."""
    names = [one.kwargs[key] for key in ("column", "column_A", "column_B") if key in one.kwargs]
    places = {column.name: place for place, column in enumerate(profile.columns)}
    return len(names) + 2 * ("column_list" in one.kwargs), places[names[0]] if names else 0


def _confidence(one: Counted) -> float:
    return sure.confidence(one.judged, one.exceptions, one.rule.chosen)


def _worthwhile(counts: Sequence[Counted], profile: Profile) -> Iterator[Counted]:
    """The rules that hold and that no other one implies."""
    holding = [one for one in counts if _holds(one)]
    best = _best(one for one in holding if one.rule.family not in ("pair", "key"))
    by_column: dict[str, dict[Family, Counted]] = {}
    for one in best:
        by_column.setdefault(one.rule.columns[0], {})[one.rule.family] = one
    for one in best:
        families = by_column[one.rule.columns[0]]
        form = families.get("form")
        listed = "set" in families and (form is None or form.rule.suffix not in IDENTIFYING_FORMS)
        without = {
            "form": listed and one.rule.suffix not in ORGANISATIONS,
            "clean": form is not None or listed,
            "range": listed or (form is not None and one.rule.suffix != "not_in_future"),
            "set": not listed,
            "companion": form is None or form.rule.suffix not in IDENTIFYING_FORMS,
        }
        if not without.get(one.rule.family, False):
            yield one
    yield from _keys([one for one in holding if one.rule.family == "key"], profile)
    yield from _pairs([one for one in holding if one.rule.family == "pair"])


def _keys(holding: Sequence[Counted], profile: Profile) -> Iterator[Counted]:
    """Columns that tell rows apart alone; or else the combination that does so best: each column more must halve the exceptions.

    A running number is of the file, and says nothing of what the rows are about: combinations are looked for beside it.
    """
    single = [one for one in holding if len(one.rule.columns) == 1][:MOST_ALONE]
    yield from single
    together = [one for one in holding if len(one.rule.columns) > 1]
    if not any(profile.column(one.rule.columns[0]).column.kind == "text" for one in single):
        yield from sorted(together, key=lambda one: (one.exceptions << len(one.rule.columns), len(one.rule.columns)))[:1]


def _pairs(holding: Sequence[Counted]) -> Iterator[Counted]:
    """Pairs in order, without those that follow from two others, which judge as many rows; pairs in both orders are equal."""
    by_names = {one.rule.columns: one for one in holding}
    equal = {names for names in by_names if names[::-1] in by_names}
    strict = {names for names in by_names if names not in equal}
    for names, one in by_names.items():
        first, second = names
        between = [middle for middle, last in strict if last == second and (first, middle) in strict]
        filled = [m for m in between if min(by_names[first, m].judged, by_names[m, second].judged) >= one.judged]
        if names in strict and not filled:
            yield one
        if names in equal and first < second and not one.exceptions and not by_names[second, first].exceptions:
            kwargs = {"column_A": first, "column_B": second, "ignore_row_if": "either_value_is_missing"}
            rule = Rule("expect_column_pair_values_to_be_equal", kwargs, "pair", names, "equal", why=one.rule.why)
            yield Counted(rule, one.judged, 0, one.basis)


# ------------------------------------------------------------------------------------------------------------- in words


def _proposal(one: Counted, profile: Profile, weighty: Iterable[str | None]) -> Proposal | None:
    rule, least = one.rule, _confidence(one)
    kwargs = dict(rule.kwargs if rule.ready is None else rule.ready)
    if one.exceptions:
        share = sure.mostly(least)
        if share is None or share < _least(rule):
            return None
        kwargs["mostly"] = share
    severity = "critical" if rule.family == "present" and rule.columns[0] in weighty else rule.severity
    made = _made(rule, kwargs, "warning" if one.exceptions else severity, _reason(one, profile), least, one)
    return msgspec.structs.replace(made, shapes=_shapes(rule, profile))


def _shapes(rule: Rule, profile: Profile) -> list[str]:
    """The shapes that most values have, of a rule about one column of texts."""
    column = profile.column(rule.columns[0])
    if len(rule.columns) > 1 or rule.family in ("present", "clean") or column.column.kind != "text":
        return []
    return [f"{shape} ({percent(count / column.previewed)})" for shape, count in column.shapes[:SHOWN]]


def _made(rule: Rule, kwargs: dict[str, Any], severity: Severity, reason: str, least: float | None, one: Counted) -> Proposal:
    cls = CATALOG[rule.type]
    spoken, _ = read_arguments(cls, {**rule.kwargs, **({"mostly": kwargs["mostly"]} if "mostly" in kwargs else {})})
    statement = cls(**spoken).statement()
    return Proposal(
        rule=rule.name,
        statement=statement if rule.ready is None else statement.replace(rule.kwargs["max_value"], "today"),
        type=rule.type,
        kwargs=kwargs,
        severity=severity,
        dimension=cls.dimension,
        reason=reason,
        confidence=least,
        basis=one.basis,
        judged=one.judged,
        exceptions=one.exceptions,
    )


def _reason(one: Counted, profile: Profile) -> str:
    """Why the rule is proposed: what was counted, what that says of other rows, and why it was looked at."""
    rule, n = one.rule, one.exceptions
    what = "rows" if rule.family in ("pair", "key") or len(rule.columns) > 1 else "values"
    found = f"{n:,} of {one.judged:,} {what} {_broken(rule, n)}"
    sample = f" in a sample of {profile.read:,} of {profile.rows:,} rows" if one.basis == "a sample" else ""
    most = sure.most_exceptions(one.judged, n, rule.chosen)
    others = f"with 95 % confidence fewer than {percent(most)} of such rows do"
    chosen = f", of which {rule.chosen} made the rule" if rule.chosen else ""
    doubt = "; these are faults, or it is no rule" if n else ""
    return f"{found}{sample}{chosen}{doubt}; {others}{'; ' + rule.why if rule.why else ''}"


def _broken(rule: Rule, n: int) -> str:
    one = n == 1
    if rule.family == "present":
        return "is NULL" if one else "are NULL"
    if rule.family == "key":
        return "stand more than once"
    return "breaks it" if one else "break it"


def percent(share: float) -> str:
    """A share as a percentage with two digits that matter: 0.026 %."""
    return f"{float(f'{100 * share:.2g}'):.10f}".rstrip("0").rstrip(".") + " %"


def _facts(facts: Sequence[Rule], profile: Profile) -> Iterator[Proposal]:
    """What one file shows once: nothing can be estimated from it."""
    one = "one file shows it once, so there is nothing to estimate"
    for rule in facts:
        what = "These are the columns of the file" if not rule.columns else f"The file has it as {rule.kwargs['type_']}"
        reason = f"{what}; {one}{'; ' + rule.why if rule.why else ''}"
        yield _made(rule, dict(rule.kwargs), rule.severity, reason, None, Counted(rule, len(profile.columns), 0, "this file"))
    if profile.rows:
        low, high = max(1, _rounded(profile.rows / 2)), _rounded(profile.rows * 2)
        rule = Rule("expect_table_row_count_to_be_between", {"min_value": low, "max_value": high}, "layout", (), "rows_as_usual")
        why = "half to twice as many are allowed: a file that is cut off has fewer, one that was loaded twice more"
        reason = f"The file has {profile.rows:,} rows; {why}; one file does not say how much they vary"
        yield _made(rule, rule.kwargs, "warning", reason, None, Counted(rule, profile.rows, 0, "this file"))


def _rounded(rows: float) -> int:
    return int(float(f"{rows:.2g}"))


def _subject(name: str, kwargs: Mapping[str, Any]) -> tuple[str, str]:
    """What a rule is about: its type, columns, and the other extract; whatever its bounds, values and tolerance are."""
    columns = [kwargs.get(key) for key in ("column", "column_A", "column_B", "other", "other_column", "kind", "scheme")]
    return name, str([*columns, sorted(map(str, kwargs.get("column_list") or ()))])


def _apart(proposals: Sequence[Proposal]) -> list[str]:
    """Names of rules that differ."""
    taken: set[str] = set()
    names = []
    for one in proposals:
        name = next(n for n in itertools.chain([one.rule], (f"{one.rule}_{k}" for k in itertools.count(2))) if n not in taken)
        taken.add(name)
        names.append(name)
    return names


def _notes(profile: Profile, kept: Sequence[Counted], least: float, feed: Feed, known: int) -> Iterator[str]:
    """What was left out, and what a person could say to have more."""
    unsure = sum(_confidence(one) < least for one in kept)
    if unsure:
        them = "rule holds, but has" if unsure == 1 else "rules hold, but have"
        yield f"{unsure} more {them} a confidence below {least:g}: there are too few rows, or too many exceptions"
    if known:
        yield f"{known} more {'is' if known == 1 else 'are'} in the suite already"
    empty = [column.name for column in profile.columns if not column.values]
    if empty:
        yield f"{len(empty)} of {len(profile.columns)} columns have no value, and no proposals: {', '.join(empty)}"
    few = [column.name for column in profile.columns if _would_have_values(column, feed)]
    if few:
        listed = ", ".join(few[:8]) + (" …" if len(few) > 8 else "")
        them = "column has" if len(few) == 1 else "columns have"
        yield f"{len(few)} more {them} few different values, not looked at. If they are no secret: --public COLUMN ({listed})"


def _would_have_values(column: ColumnProfile, feed: Feed) -> bool:
    text = column.column.kind == "text" and 1 <= column.different <= 20 and column.values >= 10 * column.different
    return text and feed.columns[column.name].sensitivity == "sensitive" and period_form(column) is None
