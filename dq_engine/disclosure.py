"""What the public may be shown of counts of people: small ones hidden, others rounded, none to be found by subtraction. Pure.

The rule, and where it is from:

- Hospital Episode Statistics: sub-national counts of 1 to 7 are shown as ``*``, 8 and more are shown, national ones are left as
  they are, and what counts no people (providers, say) is exempt. Fact, from a copy of the page:
  http://gasilskill.blogg.se/2023/october/incontrol2018.html ; the method changed in September 2018, before that 1 to 5 were
  hidden: https://digital.nhs.uk/data-and-information/data-tools-and-services/data-services/hospital-episode-statistics/change-to-disclosure-control-methodology-for-hes-and-ecds-from-september-2018
- That the others are rounded to the nearest 5 is inferred for those statistics. It is a fact of the code of the Mental Health
  Services Data Set (NHSDigital/mental-health-monthly-statistics, commit 7b4d742), which hides counts below 5.

Assumed here: the stricter of the two for all figures, national ones too; that each row is a person unless somebody knows better.
Organisations, checks, files and days are no people: what counts them does not come here.

0 is shown as 0. Nobody is among none; and where nobody breaks a rule, that is what the public should see. Yet a 0 is hidden where
it would help to find another: among the parts of a small total, and where one each uses up nearly all of the total (twelve parts
that are not 0, of a total of at most 12).

What is kept secret: a count from 1 to ``least`` - 1 is never shown. Somebody who knows this module, all that is published of its
table, and even the exact total if that is not small itself, still finds **each** of the values from 1 to ``least`` - 1 possible.
So it does not help to know why more is hidden: that depends on published figures, and on which parts are 0, small or large, not
on how small or large.

What it does not do: it takes one table at a time. Who knows some of the hidden parts (an organisation knows its own), or sees the
same rows in another table or an earlier run, can find out more. So counts of a check in each organisation are safe as a list with
its total; that missing and unexpected counts are two such lists over the same rows is not taken into account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct

HIDDEN = "*"
"""What stands for a hidden count."""


class Disclosure(Struct, frozen=True):
    """The rule: counts from 1 to ``least`` - 1 are hidden, others are rounded to the nearest multiple of ``base``.

    Raises ValueError for a rule that hides nothing (``least`` below 3), one with ties (an even ``base``), and one by which a
    count that may be shown would be rounded to 0.
    """

    least: int = 8
    base: int = 5

    def __post_init__(self) -> None:
        if self.least < 3:
            raise ValueError(
                f"the least count that is shown is {self.least}: it must be 3 or more, else * stands for one number only."
            )
        if self.base < 1 or self.base % 2 == 0:
            raise ValueError(
                f"counts cannot be rounded to the nearest {self.base}: give an odd number, so that none lies half-way."
            )
        if self.base // 2 >= self.least:
            raise ValueError(f"{self.least} would be rounded to 0: choose a base of at most {2 * self.least - 1}.")

    def rounded(self, count: int) -> int:
        """The nearest multiple of the base."""
        return (count + self.base // 2) // self.base * self.base

    def small(self, count: int) -> bool:
        """Whether the count must be hidden for its own sake."""
        return 0 < count < self.least

    def floor(self, count: int) -> int:
        """The least count that is shown as this one is: 0 for 0; one that is hidden has none, and gives ``least``."""
        return max(self.least, self.rounded(count) - self.base // 2) if count else 0


HES = Disclosure()
"""The default: that of Hospital Episode Statistics."""


def cell(count: int, rule: Disclosure = HES) -> int | None:
    """A count that stands alone, as a total does: rounded, or None if it is small."""
    return None if rule.small(count) else rule.rounded(count)


def shown(count: int | None) -> str:
    """A published count as pages write it: ``12,340``, or ``*`` if it is hidden."""
    return HIDDEN if count is None else f"{count:,}"


# ----------------------------------------------------------------------------------------------------- parts of one total


def suppress(parts: Sequence[int], rule: Disclosure = HES) -> tuple[int | None, ...]:
    """The parts of a total, as they may stand beside ``cell(sum(parts))``: rounded, or None where hidden.

    - No part is small: all are shown.
    - The total is small: none is shown, 0 neither.
    - Else the small ones are hidden, and with them the **first** that is not small: so the caller puts first what readers can do
      without (of the classes of a field, the valid ones).
    - If the total leaves so little for these that a small one could be narrowed down, all but zeros are hidden; and zeros too,
      if the number of parts alone would give it away.
    """
    hidden = _hidden(parts, rule)
    return tuple(None if i in hidden else rule.rounded(part) for i, part in enumerate(parts))


def _hidden(parts: Sequence[int], rule: Disclosure) -> frozenset[int]:
    """Which parts are hidden, by position. :func:`hidden_sql` says the same in SQL."""
    total = sum(parts)
    if rule.small(total):
        return frozenset(range(len(parts)))
    small = [i for i, part in enumerate(parts) if rule.small(part)]
    if not small:
        return frozenset()
    least_total = rule.floor(total)
    large = [i for i, part in enumerate(parts) if part >= rule.least]
    # what can be left for a small one, if the first large one is as low as can be, and so are all that are shown and hidden
    room = least_total - rule.least - sum(rule.floor(parts[i]) for i in large[1:]) - (len(small) - 1)
    if len(large) > 1 and room >= rule.least - 1:
        return frozenset([*small, large[0]])
    filled = [i for i, part in enumerate(parts) if part]
    # one less than would do: so that this number of parts is also found where zeros are hidden, and is possible there
    if len(filled) <= least_total + 1 - rule.least:
        return frozenset(filled)
    return frozenset(range(len(parts)))


# ------------------------------------------------------------------------------------------------------ counts of a check

Figure = Literal["element", "missing", "unexpected"]
"""The three counts of a check from which the others follow."""


class Counts(Struct, frozen=True):
    """What is published of the counts of one check; None is hidden.

    element = missing + denominator, and denominator = unexpected + kept, hold of the counts; published ones are rounded each by
    itself and need not add up.
    """

    element: int | None
    missing: int | None
    denominator: int | None
    unexpected: int | None
    kept: int | None

    @property
    def percent(self) -> float | None:
        """Unexpected of denominator, from 0 to 100, by these two as published; None if one is hidden or none were judged."""
        return 100 * self.unexpected / self.denominator if self.denominator and self.unexpected is not None else None


def counts(element: int, missing: int, unexpected: int, rule: Disclosure = HES, *, also: Collection[Figure] = ()) -> Counts:
    """The counts of one check as they may be published together. ``also`` names those that are hidden for the sake of others.

    - Nothing is shown of a total that is small: neither of an element count nor of a denominator.
    - Missing and denominator are hidden together if one of them is small, and so are unexpected and kept: else each is the total
      less the other. If few are missing, unexpected is hidden too unless much is left of the element count.
    - Kept is shown only beside its denominator and unexpected count.

    Raises ValueError if the counts contradict each other.
    """
    judged = element - missing
    kept = judged - unexpected
    if min(missing, unexpected, kept) < 0:
        raise ValueError(f"counts of a check contradict each other: {element=}, {missing=}, {unexpected=}.")
    if "element" in also or rule.small(element):
        return Counts(None, None, None, None, None)
    apart = "missing" in also or (missing > 0 and judged > 0 and (rule.small(missing) or rule.small(judged)))
    within = (
        "unexpected" in also
        or rule.small(unexpected)
        or rule.small(judged)
        or (unexpected > 0 and rule.small(kept))
        or (apart and rule.floor(element) - rule.floor(unexpected) < 2 * rule.least - 1)
    )
    return Counts(
        element=rule.rounded(element),
        missing=None if apart else rule.rounded(missing),
        denominator=None if apart or rule.small(judged) else rule.rounded(judged),
        unexpected=None if within else rule.rounded(unexpected),
        kept=None if apart or within else rule.rounded(kept),
    )


# ---------------------------------------------------------------------------------------------------- across organisations


def also_hidden(counts: Mapping[str, int], check: str = "", rule: Disclosure = HES) -> frozenset[str]:
    """The organisations whose count is hidden though it is not small, so that no small one is the total less the others.

    As :func:`suppress` does it; which large one is hidden is drawn by lot (the least SHA-256 of check and organisation), so that
    it is the same one in each run, not the same one for all checks, and no count has a say in it.
    """
    names = sorted(counts, key=lambda name: hashlib.sha256(f"{check}\n{name}".encode()).hexdigest())
    hidden = _hidden([counts[name] for name in names], rule)
    return frozenset(name for i, name in enumerate(names) if i in hidden and not rule.small(counts[name]))


def hidden_sql(relation: str, rule: Disclosure = HES) -> str:
    """SQL (DuckDB's) that says for many checks at once which counts of organisations are hidden, small ones included.

    ``relation`` is SQL for rows with the columns ``check``, ``organisation`` (texts, together unique, not NULL) and ``n`` (not
    NULL); the SELECT gives these and ``hidden``. It agrees with :func:`also_hidden`.
    """
    least, half = rule.least, rule.base // 2

    def floor(count: str) -> str:
        return f"if({count} = 0, 0, greatest({least}, ({count} + {half}) // {rule.base} * {rule.base} - {half}))"

    return f"""
WITH summed AS (
    SELECT "check" AS of, sum(n) AS total, count_if(n BETWEEN 1 AND {least - 1}) AS few, count_if(n >= {least}) AS many,
        count_if(n > 0) AS filled, sum({floor("n")}) FILTER (WHERE n >= {least}) AS least_large,
        arg_min({{organisation: organisation, n: n}}, sha256("check" || chr(10) || organisation))
            FILTER (WHERE n >= {least}) AS lot
    FROM {relation} GROUP BY ALL
), judged AS (
    SELECT of, lot.organisation AS drawn, CASE
        WHEN total BETWEEN 1 AND {least - 1} THEN 'all'
        WHEN few = 0 THEN 'none'
        WHEN many > 1 AND {floor("total")} - {least} - (least_large - {floor("lot.n")}) - (few - 1) >= {least - 1} THEN 'drawn'
        WHEN filled <= {floor("total")} + 1 - {least} THEN 'filled'
        ELSE 'all'
    END AS also
    FROM summed
)
SELECT "check", organisation, n, n BETWEEN 1 AND {least - 1} OR also = 'all' OR (also = 'filled' AND n > 0)
    OR (also = 'drawn' AND organisation = drawn) AS hidden
FROM {relation} JOIN judged ON of = "check"
""".strip()


def method(rule: Disclosure = HES) -> str:
    """What a page says of its figures, in one paragraph of plain text."""
    return (
        f"Counts from 1 to {rule.least - 1} are not shown: {HIDDEN} stands in their place. Other counts are rounded to the "
        f"nearest {rule.base}; 0 stays 0. Where a small count could be worked out from others, some of these are hidden too, so "
        f"{HIDDEN} can stand for any number. Percentages are worked out from the rounded counts, and totals may differ from the "
        "sum of their parts. Each row is counted as a person. Numbers of organisations, checks and files are exact."
    )
