"""The Data Quality Maturity Index, as NHS England publishes it: counts of data items -> item scores -> the index.

Source: "Data Quality Maturity Index (DQMI) methodology", its pages "Methodology" and "Appendix 1: example of DQMI calculation":
https://production-like.nhsd.io/data-and-information/data-tools-and-services/data-services/data-quality/data-quality-maturity-index-methodology/methodology
and, beside it, /appendix-1-example-of-dqmi-calculation. The table of the example prints a coverage of 1 in every row; its formula
has 1, 1/3 and 2/3. The formula is what gives the printed index, 47.2, as the product of two means (the mean of the products
is 49.76).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum

from msgspec import Struct

from dq_engine.scores import Dqmi


class DataItem(Struct, frozen=True):
    """The counts of one data item (a column of a feed) for an organisation.

    ``valid_and_complete``: values that are there and pass every rule on their own: valid, "other" and default codes together.
    ``defaults``: default codes among them. ``tolerance``: the share of the records that may have one, 0 to 1; None where
    default codes mean nothing for this item. ``experimental``: on trial, not in the published index.
    """

    feed: str
    column: str
    records: int
    valid_and_complete: int
    defaults: int = 0
    tolerance: float | None = None
    experimental: bool = False


def item_score(records: int, valid_and_complete: int, defaults: int = 0, tolerance: float | None = None) -> float:
    """The score of a data item, 0 to 1: the share of its records that are valid and complete, less the defaults in excess.

    In excess are the default codes beyond ``tolerance`` times the records; ``tolerance`` is a share from 0 (no default is
    accepted) to 1 (each is), or None ("-" in the publication): defaults do not apply. The published example floors both the
    excess and the score at 0. Raises ValueError for counts that cannot be: no records, or more valid ones than there are.
    """
    if records < 1 or not 0 <= valid_and_complete <= records or not 0 <= defaults <= records:
        raise ValueError(f"impossible counts: {valid_and_complete} valid and {defaults} defaults of {records} records")
    if tolerance is None:
        return valid_and_complete / records
    if not 0 <= tolerance <= 1:
        raise ValueError(f"a tolerance is from 0 to 1; got {tolerance}")
    excess = max(0.0, defaults - tolerance * records)
    return max(0.0, (valid_and_complete - excess) / records)


def coverage(submitted: float, expected: float) -> float | None:
    """The share of the expected periods that came, 0 to 1; what came beyond them does not count.

    None where nothing was expected (a closed organisation, for one). Raises ValueError for a negative number.
    """
    if submitted < 0 or expected < 0:
        raise ValueError(f"impossible coverage: {submitted} periods of {expected}")
    return min(1.0, submitted / expected) if expected else None


def dqmi(items: Iterable[tuple[float, float]]) -> float:
    """The index, 0 to 100, of (item score, coverage of the item's feed) pairs: mean item score x mean coverage x 100.

    A product of two means over the items that came, not the mean of the products. Raises ValueError if there is no item.
    """
    pairs = list(items)
    if not pairs:
        raise ValueError("an index of no items")
    return 100 * _mean([score for score, _ in pairs]) * _mean([covered for _, covered in pairs])


def index(
    items: Iterable[DataItem],
    coverages: Mapping[str, tuple[float, float]],
    *,
    experimental: bool,
    wave: str,
    organisation: str,
) -> list[Dqmi]:
    """The index of one organisation: of each feed, in the order of their names, then of all feeds (feed "").

    ``coverages``: for a feed, the periods that came and those that were expected. ``experimental``: with the items on trial;
    else only the others. Items without records did not come and have no part in it; if none came, there is no index and the
    list is empty. A feed of which the coverage is not known has no index, and neither has the whole with it.
    """
    scores: dict[str, list[float]] = {}
    for item in items:
        if item.records and (experimental or not item.experimental):
            score = item_score(item.records, item.valid_and_complete, item.defaults, item.tolerance)
            scores.setdefault(item.feed, []).append(score)
    covered = {feed: share for feed, periods in coverages.items() if (share := coverage(*periods)) is not None}
    sums = {feed: (fsum(found), len(found)) for feed, found in sorted(scores.items())}
    return of_feeds(sums, covered, experimental=experimental, wave=wave, organisation=organisation)


def of_feeds(
    scores: Mapping[str, tuple[float, int]],
    coverages: Mapping[str, float],
    *,
    experimental: bool,
    wave: str,
    organisation: str,
) -> list[Dqmi]:
    """The index by feed and over all (feed ""), as :func:`index` gives it, from the sum and number of each feed's item scores.

    ``coverages``: the coverage of each feed of which it is known, 0 to 1.
    """
    groups = [(feed, [feed]) for feed in scores]
    if scores:
        groups.append(("", list(scores)))
    found = []
    for name, feeds in groups:
        items = sum(scores[feed][1] for feed in feeds)
        mean = min(1.0, fsum(scores[feed][0] for feed in feeds) / items)
        known = [coverages[feed] * scores[feed][1] for feed in feeds if feed in coverages]
        covered = fsum(known) / items if len(known) == len(feeds) else None
        index = None if covered is None else 100 * mean * covered
        found.append(Dqmi(wave, organisation, name, experimental, items, mean, covered, index))
    return found


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
