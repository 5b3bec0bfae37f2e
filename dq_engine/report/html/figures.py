"""How counts appear on pages: as they are, for those who work with the data; or, for the public, rounded and partly hidden."""

from __future__ import annotations

from typing import Protocol

from dq_engine import disclosure
from dq_engine.disclosure import HES, Disclosure
from dq_engine.model import Outcome
from dq_engine.report import words

NO_PEOPLE = frozenset({"tables", "columns", "expected submissions", "targets"})
"""What checks count that are no people, nor made of people: it is shown exactly. Everything else is taken for people."""


class Figures(Protocol):
    """How the counts of rows, values or keys appear."""

    internal: bool
    """Whether shapes of values, SQL, scores and statistics appear, too."""

    def finding(self, outcome: Outcome) -> str:
        """What a check found, in words."""

    def counted(self, unit: str, unexpected: int | None, denominator: int | None) -> str:
        """How many of those that were judged break a rule; None: hidden already, or not known."""

    def share(self, unit: str, unexpected: int | None, denominator: int | None) -> float | None:
        """The share of those that break a rule, by what :meth:`counted` shows; None where that is hidden."""

    def counts(self, outcome: Outcome) -> str:
        """All counts of a check: considered, missing, judged, unexpected."""

    def number(self, count: int) -> str:
        """A count of rows."""


class Exact:
    """Counts as they are."""

    internal = True

    def finding(self, outcome: Outcome) -> str:
        """As on a terminal; why there is nothing to find stands elsewhere on the page."""
        return "" if outcome.status in ("error", "vacuous", "skipped") else words.finding(outcome)

    def counted(self, unit: str, unexpected: int | None, denominator: int | None) -> str:
        """ "3 of 200 (1.5 %) rows"."""
        return "" if unexpected is None or denominator is None else words.counted(unit, unexpected, denominator)

    def share(self, unit: str, unexpected: int | None, denominator: int | None) -> float | None:
        """The share, exactly."""
        return None if unexpected is None or denominator is None else unexpected / max(denominator, 1)

    def counts(self, outcome: Outcome) -> str:
        """ "480 rows considered, 3 of them missing, 477 judged, 2 unexpected"."""
        if outcome.element_count is None or outcome.denominator is None or outcome.unexpected_count is None:
            return ""
        return (
            f"{outcome.element_count:,} {outcome.unit} considered, {outcome.missing_count or 0:,} missing, "
            f"{outcome.denominator:,} judged, {outcome.unexpected_count:,} unexpected"
        )

    def number(self, count: int) -> str:
        """ "12,345"."""
        return f"{count:,}"


class Published:
    """Counts as :mod:`dq_engine.disclosure` lets them be published."""

    internal = False

    def __init__(self, rule: Disclosure = HES) -> None:
        self.rule = rule

    def finding(self, outcome: Outcome) -> str:
        """What was counted, and in how many organisations; no statistic and no list of what was found."""
        if outcome.status not in ("pass", "fail") or outcome.unexpected_count is None or outcome.element_count is None:
            return ""
        if outcome.unit in NO_PEOPLE:
            found = words.counted(outcome.unit, outcome.unexpected_count, outcome.denominator or 0)
        else:
            of = disclosure.counts(outcome.element_count, outcome.missing_count or 0, outcome.unexpected_count, self.rule)
            found = self._said(outcome.unit, of.unexpected, of.denominator, of.percent)
        failing = outcome.failing_organisations
        return found + (f", in {failing:,} organisation{'' if failing == 1 else 's'}" if failing else "")

    def counted(self, unit: str, unexpected: int | None, denominator: int | None) -> str:
        """ "15 of 200 (7 %) rows", "15 rows", "* rows"."""
        if unit in NO_PEOPLE and unexpected is not None and denominator is not None:
            return words.counted(unit, unexpected, denominator)
        if unexpected is None:
            return f"{disclosure.HIDDEN} {unit}"
        if denominator is None:
            return f"{disclosure.shown(disclosure.cell(unexpected, self.rule))} {unit}"
        of = disclosure.counts(denominator, 0, unexpected, self.rule)
        return self._said(unit, of.unexpected, of.denominator, of.percent)

    def share(self, unit: str, unexpected: int | None, denominator: int | None) -> float | None:
        """The share by published figures; None where one of them is hidden."""
        if unexpected is None or denominator is None:
            return None
        if unit in NO_PEOPLE:
            return unexpected / max(denominator, 1)
        percent = disclosure.counts(denominator, 0, unexpected, self.rule).percent
        return None if percent is None else percent / 100

    def counts(self, outcome: Outcome) -> str:
        """ "480 rows considered, * of them missing, 475 judged, * unexpected"."""
        if outcome.element_count is None or outcome.unexpected_count is None or outcome.unit in NO_PEOPLE:
            return ""
        of = disclosure.counts(outcome.element_count, outcome.missing_count or 0, outcome.unexpected_count, self.rule)
        element, missing, judged, unexpected = map(disclosure.shown, (of.element, of.missing, of.denominator, of.unexpected))
        return f"{element} {outcome.unit} considered, {missing} missing, {judged} judged, {unexpected} unexpected"

    def number(self, count: int) -> str:
        """ "12,345", or "*"."""
        return disclosure.shown(disclosure.cell(count, self.rule))

    @staticmethod
    def _said(unit: str, unexpected: int | None, denominator: int | None, percent: float | None) -> str:
        share = "" if percent is None else f" ({percent:.0f} %)"
        return f"{disclosure.shown(unexpected)} of {disclosure.shown(denominator)}{share} {unit}"
