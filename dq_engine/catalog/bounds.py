"""``min_value`` and ``max_value`` with their strict flags, as many expectations take them: faults, words, SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import NEVER, Fault
from dq_engine.errors import NotEvaluable
from dq_engine.model import Column

Bound = int | float | str
"""A bound: a number, or a date or date-time in ISO 8601 text."""
MinValue = Annotated[Bound | None, Meta(description="The smallest value allowed; null for none.")]
MaxValue = Annotated[Bound | None, Meta(description="The largest value allowed; null for none.")]
MinNumber = Annotated[int | float | None, Meta(description="The smallest number allowed; null for none.")]
MaxNumber = Annotated[int | float | None, Meta(description="The largest number allowed; null for none.")]
"""Bounds of what is a number whatever the column holds: a share, a deviation."""
StrictMin = Annotated[bool, Meta(description="It must be above min_value, not equal to it.")]
StrictMax = Annotated[bool, Meta(description="It must be below max_value, not equal to it.")]


class Bounded:
    """What expectations with ``min_value``, ``max_value``, ``strict_min`` and ``strict_max`` have in common."""

    __slots__ = ()
    min_value: Bound | None
    max_value: Bound | None
    strict_min: bool
    strict_max: bool

    def bound_faults(self, *, needed: bool = False, ordered: bool = False) -> Iterator[Fault]:
        """Faults of the bounds: unreadable text; none given though ``needed``; min above max though ``ordered``."""
        usable = True
        for argument, value in (("min_value", self.min_value), ("max_value", self.max_value)):
            if isinstance(value, str) and not readable(value):
                usable = False
                yield Fault(argument, f"expected a number, a date such as 2024-03-31, or a time; got {sql.spoken(value)}")
        if needed and self.min_value is None and self.max_value is None:
            yield Fault("", "needs min_value or max_value, or both")
        if usable and ordered and above(self.min_value, self.max_value):
            yield Fault("min_value", f"min_value {self.min_value} is above max_value {self.max_value}: no value can be between")

    def between(self) -> str:
        """The bounds in words."""
        low = None if self.min_value is None else f"{'above' if self.strict_min else 'at least'} {self.min_value}"
        high = None if self.max_value is None else f"{'below' if self.strict_max else 'at most'} {self.max_value}"
        if low and high and not (self.strict_min or self.strict_max):
            return f"is between {self.min_value} and {self.max_value}"
        given = [words for words in (low, high) if words]
        return "is " + " and ".join(given) if given else "exists"

    def inside(self, expression: str, column: Column) -> str:
        """SQL: ``expression`` is within the bounds, which are read as the type of ``column``."""
        return sql.all_of(*self._sides(expression, column, ">=", ">", "<=", "<")) or f"{expression} IS NOT NULL"

    def outside(self, expression: str, column: Column) -> str:
        """SQL: ``expression`` is outside the bounds; NULL for NULL."""
        sides = [side for side in self._sides(expression, column, "<", "<=", ">", ">=") if side]
        return " OR ".join(sides) or NEVER

    def holds(self, value: float) -> bool:
        """Whether a count or proportion is within the bounds."""
        low, high = as_float(self.min_value), as_float(self.max_value)
        above_low = low is None or (value > low if self.strict_min else value >= low)
        below_high = high is None or (value < high if self.strict_max else value <= high)
        return above_low and below_high

    def _sides(self, expression: str, column: Column, low: str, strict_low: str, high: str, strict_high: str) -> list[str | None]:
        try:
            minimum = None if self.min_value is None else sql.orderable(self.min_value, column)
            maximum = None if self.max_value is None else sql.orderable(self.max_value, column)
        except sql.Incomparable as error:
            raise NotEvaluable(f'column "{column.name}": {error}') from None
        return [
            None if minimum is None else f"{expression} {strict_low if self.strict_min else low} {minimum}",
            None if maximum is None else f"{expression} {strict_high if self.strict_max else high} {maximum}",
        ]


def readable(value: str) -> bool:
    """Whether text of a bound is a number, a date or a date-time."""
    for kind in ("timestamp", "float", "time"):
        try:
            sql.orderable(value, Column("", "", "", kind))
        except sql.Incomparable:
            continue
        return True
    return False


def as_float(value: Bound | None) -> int | float | None:
    """A numeric bound as a number; None where there is none."""
    return sql.as_number(value) if isinstance(value, str) else value


def above(low: Bound | None, high: Bound | None) -> bool:
    """Whether ``low`` is above ``high``, for two numbers, two dates or moments of ISO 8601, or two times of the same spelling."""
    if low is None or high is None or isinstance(low, str) != isinstance(high, str):
        return False
    if isinstance(low, str):
        first, last = sql.moment(low), sql.moment(str(high))
        if first is not None and last is not None:
            return first > last
        return len(low) == len(str(high)) and low > str(high) and low[:1].isdigit()
    return low > high  # type: ignore[operator]
