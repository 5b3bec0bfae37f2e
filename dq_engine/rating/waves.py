"""Which waves data are scored in: what somebody asks for -> stretches of time. Pure.

The waves of the National Tracker Survey were October to December 1999, October to December 2000, and January to March 2002
(slides "Primary Care Trusts: modernising the NHS?", Diane Jones).
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence

from dq_engine.errors import UsageError
from dq_engine.scores import Wave

TRACKER = (
    Wave("Oct-Dec 1999", "1999-10-01", "1999-12-31"),
    Wave("Oct-Dec 2000", "2000-10-01", "2000-12-31"),
    Wave("Jan-Mar 2002", "2002-01-01", "2002-03-31"),
)
EVERYTHING = Wave("all")
"""The wave of all data, where nobody asks for waves."""
SPANS = ("month", "quarter", "year")
FEW = 20
"""A wave of which fewer than one in so many organisations have data, of those in the fullest wave, is taken for a mistake."""
EXPECTED = "expected tracker, month, quarter, year, or NAME=FIRST..LAST such as spring=2024-03..2024-05"
MOST_TROUBLES = 20
"""So many troubles are listed."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
_PERIOD = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}/([0-9]{4}-[0-9]{2}-[0-9]{2})")


def waves(asked: Sequence[str], periods: Mapping[str, int]) -> tuple[list[Wave], list[Wave]]:
    """The waves that texts ask for, and those for which there are too few data, both in the order of time.

    ``tracker``: the three of the Tracker Survey. ``month``, ``quarter``, ``year`` (the NHS's, from April): one for each that has
    data. NAME=FIRST..LAST: days, or months as 2024-10. Nothing: all data are one wave.

    ``periods``: how many organisations have data for each period (an ISO 8601 interval; others are passed over), which belongs
    where its last day lies. A month, quarter or year that hardly anybody (:data:`FEW`) has data for comes from a mistyped date
    and makes no wave. Raises :class:`UsageError` with everything that is wrong.
    """
    if not asked:
        return [EVERYTHING], []
    found: dict[str, Wave] = {}
    left_out: list[Wave] = []
    troubles = []
    for text in dict.fromkeys(asked):
        try:
            named, rare = _asked(text, periods)
        except UsageError as error:
            troubles.append(str(error))
            continue
        left_out += rare
        for wave in named:
            if found.setdefault(wave.name, wave) != wave:
                troubles.append(f'--waves: two waves are called "{wave.name}"')
    ordered = sorted(found.values(), key=_in_time)
    troubles += _overlaps(ordered)
    if not ordered and not troubles:
        troubles.append("--waves: no data have a period, so that there are no waves")
    if troubles:
        more = [f"--waves: and {len(troubles) - MOST_TROUBLES} more faults"] if len(troubles) > MOST_TROUBLES else []
        raise UsageError("\n".join([*troubles[:MOST_TROUBLES], *more]))
    return ordered, sorted(left_out, key=_in_time)


def _in_time(wave: Wave) -> tuple[str, str]:
    return wave.first, wave.last


def _overlaps(ordered: Sequence[Wave]) -> Iterator[str]:
    """What is wrong with waves, in the order of time, of which one begins before another ends."""
    longest = None
    for wave in ordered:
        if longest is not None and wave.first <= longest.last:
            yield f'--waves: "{longest.name}" and "{wave.name}" overlap: a period can belong to one wave only'
        if longest is None or wave.last > longest.last:
            longest = wave


def _asked(text: str, periods: Mapping[str, int]) -> tuple[list[Wave], list[Wave]]:
    """The waves that one text asks for, and those for which there are too few data."""
    if text == "tracker":
        return list(TRACKER), []
    if text in SPANS:
        return _spans(text, periods)
    name, equals, stretch = text.partition("=")
    first, dots, last = stretch.partition("..")
    if not (name and equals and dots and _DAY.fullmatch(first) and _DAY.fullmatch(last)):
        raise UsageError(f"--waves {text}: {EXPECTED}")
    try:
        start = dt.date.fromisoformat(first if len(first) > 7 else f"{first}-01")
        end = dt.date.fromisoformat(last) if len(last) > 7 else _month_end(dt.date.fromisoformat(f"{last}-01"))
    except ValueError:
        raise UsageError(f"--waves {text}: there is no such day; {EXPECTED}") from None
    if end < start:
        raise UsageError(f"--waves {text}: ends before it begins")
    return [Wave(name, start.isoformat(), end.isoformat())], []


def _spans(span: str, periods: Mapping[str, int]) -> tuple[list[Wave], list[Wave]]:
    """The months, quarters or years that periods end in, and those of them for which there are too few data."""
    having: dict[Wave, int] = {}
    for period, organisations in periods.items():
        if day := _last_day(period):
            wave = _around(day, span)
            having[wave] = max(organisations, having.get(wave, 0))
    fullest = max(having.values(), default=0)
    kept = [wave for wave, organisations in having.items() if organisations * FEW >= fullest]
    return kept, [wave for wave in having if wave not in kept]


def _last_day(period: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(found[1]) if (found := _PERIOD.fullmatch(period)) else None
    except ValueError:
        return None


def _around(day: dt.date, span: str) -> Wave:
    """The month, quarter or NHS year that a day is in."""
    if span == "month":
        start, end, name = day.replace(day=1), _month_end(day), day.isoformat()[:7]
    elif span == "quarter":
        number = (day.month + 2) // 3
        start, end = day.replace(month=3 * number - 2, day=1), _month_end(day.replace(month=3 * number, day=1))
        name = f"{day.year:04}Q{number}"
    else:
        year = day.year if day.month > 3 else day.year - 1
        start = dt.date(year, 4, 1) if year >= dt.MINYEAR else dt.date.min
        end = dt.date(year + 1, 3, 31) if year < dt.MAXYEAR else dt.date.max
        name = f"{year:04}/{(year + 1) % 100:02}"
    return Wave(name, start.isoformat(), end.isoformat())


def _month_end(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
