"""How many times as often as usual defects shall befall feeds: what was asked for -> the feeds, planted so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from dq_engine.errors import UsageError
from dq_engine.sample.chance import MOST_TIMES
from dq_engine.sample.feed import Feed
from dq_engine.sample.feeds import feed_names
from dq_engine.sample.statement import SOURCE_HALVES

EXPECTED = f"expected FEED=TIMES with 0 to {MOST_TIMES} times, such as hospital=20"


def read_plant(texts: Iterable[str]) -> dict[str, float]:
    """The texts FEED=TIMES of a command as a mapping, for :func:`planted`.

    Raises :class:`UsageError` with every text that cannot be read, and every name that is given twice.
    """
    plant: dict[str, float] = {}
    faults = []
    for given in texts:
        name, _, number = given.partition("=")
        times = _number(number)
        if not name or times is None:
            faults.append(f"--plant {given}: {EXPECTED}")
        elif name in plant:
            faults.append(f"--plant {given}: {name} is given twice; leave one of them out")
        else:
            plant[name] = times
    if faults:
        raise UsageError("\n".join(faults))
    return plant


def planted(plant: Mapping[str, float], feeds: Iterable[Feed]) -> list[Feed]:
    """The feeds with the times that ``plant`` has for them: their own, else those of their source, else once.

    Raises :class:`UsageError` with every name that is neither a feed nor a source, and every number that cannot be had.
    """
    sources = list(SOURCE_HALVES)
    known = f"feeds: {', '.join(feed_names())}; sources: {', '.join(sources)}"
    unknown = sorted(set(plant) - {*feed_names(), *sources})
    faults = [f"planted {name}: no such feed or source ({known})" for name in unknown]
    faults += [
        f"planted {name}={times:g}: expected a number from 0 to {MOST_TIMES}, the largest possible for every feed"
        for name, times in sorted(plant.items())
        if not 0 <= times <= MOST_TIMES
    ]
    if faults:
        raise UsageError("\n".join(faults))
    return [_with(feed, Fraction(str(plant.get(feed.name, plant.get(feed.source, 1))))) for feed in feeds]


def _with(feed: Feed, times: Fraction) -> Feed:
    return feed._replace(times=times) if times else feed._replace(defects=())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
