"""What either engine says of one expectation, and in what two answers differ."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

End = Literal["answered", "raised", "refused"]


@dataclass(frozen=True)
class Asked:
    """One expectation: its type and its arguments, as JSON has them. Answers are joined on its id."""

    id: str
    type: str
    kwargs: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """``end``: answered; raised (an exception in the result); refused (before any data was read). ``message`` says why not answered."""

    end: End
    success: bool = False
    result: dict[str, Any] = field(default_factory=dict)
    message: str = ""


PLACES = ("partial_unexpected_index_list", "unexpected_index_list", "unexpected_index_query", "unexpected_index_column_names")
"""Where the failing rows are: the engine tells it on request only, and has tests of its own for it."""
UNORDERED = (
    "partial_unexpected_list",
    "unexpected_list",
    "partial_unexpected_counts",
    "partial_missing_list",
    "missing_list",
    "unexpected_list_nonmissing",
)
COUNTS = "partial_unexpected_counts"
TOLERANCE = 1e-9


def differences(theirs: Answer, ours: Answer) -> list[str]:
    """The names of what differs: ``end``, ``success``, or keys of the result."""
    if theirs.end != ours.end:
        return ["end"]
    if theirs.end != "answered":
        return []
    found = [] if theirs.success == ours.success else ["success"]
    keys = [*theirs.result, *(key for key in ours.result if key not in theirs.result)]
    if COUNTS not in theirs.result:  # GX leaves them out where it cannot sort the values: NULL beside text
        keys = [key for key in keys if key != COUNTS]
    return found + [key for key in keys if key not in PLACES and not _same(key, theirs.result.get(key), ours.result.get(key))]


def _same(key: str, theirs: Any, ours: Any) -> bool:
    if key == COUNTS and isinstance(theirs, list) and isinstance(ours, list):
        return counted(theirs) == counted(ours)
    if key in UNORDERED and isinstance(theirs, list) and isinstance(ours, list):
        return Counter(map(spelled, theirs)) == Counter(map(spelled, ours))
    if key == "observed_value" and isinstance(theirs, list) and all(isinstance(item, str) for item in theirs):
        return Counter(map(spelled, theirs)) == Counter(map(spelled, ours if isinstance(ours, list) else [ours]))
    return close(plain(theirs), plain(ours))


def counted(counts: list[dict[str, Any]]) -> Counter[str]:
    """How often each value was counted; entries of one value (GX has one for each NaN) are added up."""
    found: Counter[str] = Counter()
    for entry in counts:
        found[spelled(entry["value"])] += entry["count"]
    return found


MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?")


def plain(value: Any) -> Any:
    """A value of a result in one spelling: numbers as numbers, moments in UTC, what stands for NULL as None."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return None if isinstance(value, float) and math.isnan(value) else value
    if isinstance(value, str):
        return _moment(value) if MOMENT.fullmatch(value) else None if value == "NaT" else value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _moment(text: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment.isoformat()


def spelled(value: Any) -> str:
    """A text that is the same for values that are the same (1 and 1.0 are)."""
    return json.dumps(_rounded(plain(value)), sort_keys=True, default=str)


def _rounded(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        if isinstance(value, list):
            return [_rounded(item) for item in value]
        return {key: _rounded(item) for key, item in value.items()} if isinstance(value, dict) else value
    try:
        return f"{float(value) + 0.0:.12g}"
    except OverflowError:
        return str(value)


def close(a: Any, b: Any) -> bool:
    """Deep equality, of numbers up to the tolerance."""
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a == b or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-12)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    return bool(a == b)


def columns_of(asked: Asked) -> list[str]:
    """The columns that the arguments name, but for the row condition."""
    single = [asked.kwargs[key] for key in ("column", "column_A", "column_B") if isinstance(asked.kwargs.get(key), str)]
    listed = asked.kwargs.get("column_list") if "columns_to_match" not in asked.type else None
    return [*single, *(name for name in (listed or []) if isinstance(name, str))]


def leaves(condition: Any) -> Iterator[dict[str, Any]]:
    """The comparisons of a row condition that is an object."""
    if isinstance(condition, dict):
        inner = condition.get("conditions")
        if isinstance(inner, list):
            for part in inner:
                yield from leaves(part)
        else:
            yield condition
