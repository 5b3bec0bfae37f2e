"""Which waves data are scored in: what somebody asks for -> stretches of time. Pure.

The waves of the National Tracker Survey were October to December 1999, October to December 2000, and January to March 2002
(slides "Primary Care Trusts: modernising the NHS?", Diane Jones).
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import re
from collections.abc import Iterable, Sequence

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
EXPECTED = "expected tracker, month, quarter, year, or NAME=FIRST..LAST such as spring=2024-03..2024-05"
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")


def waves(asked: Sequence[str], last_days: Iterable[str]) -> list[Wave]:
    """The waves that texts ask for, in the order of time; ``last_days`` (ISO 8601) are those of the periods that there are.

    ``tracker``: the three of the Tracker Survey. ``month``, ``quarter``, ``year`` (the NHS's, from April): one for each that has
    data. NAME=FIRST..LAST: days, or months as 2024-10. Nothing: all data are one wave. Raises :class:`UsageError` with everything
    that is wrong.
    """
    if not asked:
        return [EVERYTHING]
    found: dict[str, Wave] = {}
    troubles = []
    for text in asked:
        try:
            for wave in _asked(text, last_days):
                if wave.name in found and found[wave.name] != wave:
                    raise UsageError(f'--waves: two waves are called "{wave.name}"')
                found[wave.name] = wave
        except UsageError as error:
            troubles.append(str(error))
    ordered = sorted(found.values(), key=lambda wave: (wave.first, wave.last))
    for before, after in itertools.pairwise(ordered):
        if after.first <= before.last:
            troubles.append(f'--waves: "{before.name}" and "{after.name}" overlap: a period can belong to one wave only')
    if not ordered and not troubles:
        troubles.append("--waves: no data have a period, so that there are no waves")
    if troubles:
        raise UsageError("\n".join(troubles))
    return ordered


def _asked(text: str, last_days: Iterable[str]) -> list[Wave]:
    if text == "tracker":
        return list(TRACKER)
    if text in SPANS:
        return list(dict.fromkeys(_around(dt.date.fromisoformat(day), text) for day in sorted(last_days)))
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
    return [Wave(name, start.isoformat(), end.isoformat())]


def _around(day: dt.date, span: str) -> Wave:
    """The month, quarter or NHS year that a day is in."""
    if span == "month":
        start, name = day.replace(day=1), f"{day:%Y-%m}"
        end = _month_end(day)
    elif span == "quarter":
        number = (day.month - 1) // 3
        start, name = dt.date(day.year, 3 * number + 1, 1), f"{day.year}Q{number + 1}"
        end = _month_end(dt.date(day.year, 3 * number + 3, 1))
    else:
        year = day.year if day.month > 3 else day.year - 1
        start, end, name = dt.date(year, 4, 1), dt.date(year + 1, 3, 31), f"{year}/{(year + 1) % 100:02}"
    return Wave(name, start.isoformat(), end.isoformat())


def _month_end(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
