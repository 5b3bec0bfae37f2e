"""Two runs, and in what they differ: what got worse, what got better, and what cannot be compared. Pure.

A check that counts things (rows, submissions, totals …) got worse if the share of what fails has risen by more than chance
explains (:mod:`dq_engine.significance`) and by no less than ``least_rise``: at an organisation, or elsewhere, which is all that
is left when the organisations that got worse are taken out. So a practice that is worse is named, and not the whole extract with
it. A check of another kind (a maximum, the columns) got worse if it passed and fails now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from dq_engine.model import ExtractRun, Outcome, Run, Severity, Status
from dq_engine.significance import Counts, by_chance, threshold, variation

Kind = Literal["compared", "new check", "left out", "another rule", "not compared"]
"""Whether a check could be compared: it is new, was left out, is another rule now, or was not judged in both runs."""
UNCOUNTED = ("values", "columns", "different values")
"""Units of checks that judge something as a whole: one more or less of them is no question of chance."""
Sums = Mapping[tuple[str, str], Mapping[str, Counts]]
"""For an extract (of the later run) and a check, the organisations where anything was unexpected, then or now."""


class Change(Struct, frozen=True):
    """A share that has risen or fallen: ``organisation`` is "" for what is left of the extract.

    ``probability``: that so much comes by chance.
    """

    organisation: str
    counts: Counts
    probability: float


class CheckDifference(Struct, frozen=True, omit_defaults=True):
    """What became of one check: its status then and now (None: it was not there), and counts over the whole extract."""

    kind: Kind
    extract: str
    check: str
    statement: str
    severity: Severity
    unit: str
    earlier: Status | None
    later: Status | None
    counts: Counts | None = None
    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()

    @property
    def newly_failing(self) -> bool:
        """Whether it was the same rule, passed, and fails now."""
        return self.kind == "compared" and self.earlier == "pass" and self.later == "fail"

    @property
    def got_worse(self) -> bool:
        """Whether it got worse by more than chance explains; a check that counts nothing: whether it fails newly."""
        return bool(self.worse) or (self.newly_failing and self.counts is None)

    @property
    def got_better(self) -> bool:
        """Whether it got better by more than chance explains; a check that counts nothing: whether it passes newly."""
        mended = self.kind == "compared" and self.counts is None and self.earlier == "fail" and self.later == "pass"
        return bool(self.better) or mended


class ExtractDifference(Struct, frozen=True, omit_defaults=True):
    """An extract in both runs, or (None) in one of them: names, rows and organisations then and now."""

    extract: str
    earlier: str | None
    later: str | None
    rows: tuple[int | None, int | None] = (None, None)
    organisations: tuple[int | None, int | None] = (None, None)


class Differences(Struct, frozen=True):
    """In what the run ``later`` differs from ``earlier`` (their ids).

    ``comparisons``: how many shares were compared; ``significant``: the probability at and below which a rise counts, so that
    all of them together raise a false alarm with the probability ``false_alarms`` at most.
    """

    earlier: str
    later: str
    extracts: tuple[ExtractDifference, ...]
    checks: tuple[CheckDifference, ...]
    comparisons: int
    false_alarms: float
    least_rise: float
    significant: float


def differences(earlier: Run, later: Run, sums: Sums, *, false_alarms: float = 0.01, least_rise: float = 0.0) -> Differences:
    """In what two runs differ; ``sums`` are what both counted at organisations.

    ``false_alarms``: the probability, 0 to 1, that anything is said to have risen where only chance is at work; likewise for
    what fell. ``least_rise``: shares that change by less, 0 to 1, are let be.
    """
    pairs = list(paired(earlier, later))
    parameters = [run.options.get("parameters") for run in (earlier, later)]
    found = [
        _Compared(now, old, new, sums, same_rules=parameters[0] == parameters[1] and was.suite.sha256 == now.suite.sha256)
        for was, now in pairs
        if was is not None and now is not None
        for old, new in _checks(was, now)
    ]
    family = [counts for compared in found for counts in compared.family()]
    rose = threshold(family, false_alarms)
    fell = threshold([counts.turned for counts in family], false_alarms)
    return Differences(
        earlier=earlier.id,
        later=later.id,
        extracts=tuple(_extract(was, now) for was, now in pairs),
        checks=tuple(compared.difference(rose, fell, least_rise) for compared in found),
        comparisons=len(family),
        false_alarms=false_alarms,
        least_rise=least_rise,
        significant=rose,
    )


def paired(earlier: Run, later: Run) -> Iterator[tuple[ExtractRun | None, ExtractRun | None]]:
    """The extracts of both runs: those of one name, else those that are the only ones of their feed and purpose in each run."""
    names = {extract.name: extract for extract in earlier.extracts}
    alone = _alone(earlier)
    taken = set()
    for now in later.extracts:
        was = names.get(now.name)
        if was is None and (_alone(later).get((now.feed, now.purpose)) is now):
            was = alone.get((now.feed, now.purpose))
        if was is not None:
            taken.add(was.name)
        yield was, now
    yield from ((was, None) for was in earlier.extracts if was.name not in taken)


def _alone(run: Run) -> dict[tuple[str, str], ExtractRun | None]:
    found: dict[tuple[str, str], ExtractRun | None] = {}
    for extract in run.extracts:
        key = extract.feed, extract.purpose
        found[key] = None if key in found else extract
    return found


def _extract(was: ExtractRun | None, now: ExtractRun | None) -> ExtractDifference:
    named = now or was
    assert named is not None
    return ExtractDifference(
        named.name,
        was.name if was else None,
        now.name if now else None,
        (was.rows if was else None, now.rows if now else None),
        (was.organisations if was else None, now.organisations if now else None),
    )


def _checks(was: ExtractRun, now: ExtractRun) -> Iterator[tuple[Outcome | None, Outcome | None]]:
    before = {outcome.check: outcome for outcome in was.outcomes}
    after = {outcome.check: outcome for outcome in now.outcomes}
    return ((before.get(check), after.get(check)) for check in dict.fromkeys([*after, *before]))


class _Compared:
    """One check of both runs, before it is known which probability is significant."""

    def __init__(self, now: ExtractRun, old: Outcome | None, new: Outcome | None, sums: Sums, *, same_rules: bool) -> None:
        self.extract, self.old, self.new = now.name, old, new
        self.kind = _kind(old, new, same_rules=same_rules)
        self.whole: Counts | None = None
        self.organisations: Mapping[str, Counts] = {}
        self.variation = 1.0
        if self.kind == "compared" and old is not None and new is not None and new.unit not in UNCOUNTED:
            self.whole = _counts(old, new)
            self.organisations = sums.get((now.name, new.check), {})
            self.variation = variation(list(self.organisations.values()))

    def family(self) -> Iterator[Counts]:
        """The counts that are compared: at each organisation, and over all."""
        if self.whole is not None:
            yield self.whole.divided(self.variation)
            yield from (counts.divided(self.variation) for counts in self.organisations.values())

    def difference(self, rose: float, fell: float, least_rise: float) -> CheckDifference:
        """What became of the check, where rises count from the probability ``rose`` on, and falls from ``fell`` on."""
        named = self.new or self.old
        assert named is not None
        return CheckDifference(
            kind=self.kind,
            extract=self.extract,
            check=named.check,
            statement=named.statement,
            severity=named.severity,
            unit=named.unit,
            earlier=self.old.status if self.old else None,
            later=self.new.status if self.new else None,
            counts=self.whole,
            worse=tuple(self._changes(rose, least_rise, lambda counts: counts)),
            better=tuple(self._changes(fell, least_rise, lambda counts: counts.turned)),
        )

    def _changes(self, significant: float, least_rise: float, way: Callable[[Counts], Counts]) -> Iterator[Change]:
        if self.whole is None:
            return
        found = []
        for code, counts in self.organisations.items():
            probability = by_chance(way(counts.divided(self.variation)))
            if probability <= significant and way(counts).rise >= least_rise:
                found.append(Change(code, counts, probability))
        yield from sorted(found, key=lambda change: (change.probability, change.organisation))
        rest = self.whole.without(change.counts for change in found)
        probability = by_chance(way(rest.divided(self.variation)))
        if probability <= significant and way(rest).rise >= least_rise:
            yield Change("", rest, probability)


def _kind(old: Outcome | None, new: Outcome | None, *, same_rules: bool) -> Kind:
    """Whether outcomes can be compared. Arguments of ``same_rules`` (a suite and its parameters) differ by the clock alone."""
    if old is None:
        return "new check"
    if new is None:
        return "left out"
    if not same_rules and (old.expectation, old.kwargs) != (new.expectation, new.kwargs):
        return "another rule"
    judged = ("pass", "fail")
    return "compared" if old.status in judged and new.status in judged else "not compared"


def _counts(old: Outcome, new: Outcome) -> Counts | None:
    if old.unexpected_count is None or new.unexpected_count is None or old.denominator is None or new.denominator is None:
        return None
    return Counts(old.unexpected_count, old.denominator, new.unexpected_count, new.denominator)


def worst_first(checks: Sequence[CheckDifference]) -> list[CheckDifference]:
    """The checks with what got worse first, then the most severe."""
    severities: tuple[Severity, ...] = ("critical", "warning", "info")
    return sorted(checks, key=lambda found: (not found.got_worse, not found.newly_failing, severities.index(found.severity)))
