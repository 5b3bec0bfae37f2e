"""Ranges: is a value within its bounds?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dq_engine.catalog.base import Case, Fault, Scope, scalar_column
from dq_engine.catalog.bounds import Bounded, MaxValue, MinValue, StrictMax, StrictMin
from dq_engine.catalog.shapes import ColumnRowExpectation
from dq_engine.model import BoundsFact, Column, Kahn, Kind

PROVABLE: frozenset[Kind] = frozenset({"integer", "decimal", "date", "timestamp"})
"""Types whose minimum and maximum a Parquet footer keeps exactly (floats may hide NaN, text may be cut)."""


class ExpectColumnValuesToBeBetween(Bounded, ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value lies between `min_value` and `max_value`.

    Why: a negative list size, an age of 130 or a date before the organisation existed is wrong whatever its format.
    NULLs: not judged; NaN counts as NULL. Dates and times are compared as the column's type; without zone they are UTC.
    Text columns cannot be compared with bounds: the check is then an error, not a pass.
    See also: expect_column_min_to_be_between, expect_column_max_to_be_between.
    """

    name = "expect_column_values_to_be_between"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case("ages in range", {"age": [0, 54, 95]}, {"column": "age", "min_value": 0, "max_value": 120}, True),
        Case("one below", {"age": [-1, 54, None]}, {"column": "age", "min_value": 0, "max_value": 120}, False, 1),
        Case("strict bound", {"items": [0, 1]}, {"column": "items", "min_value": 0, "strict_min": True}, False, 1),
        Case(
            "dates",
            {"born": ["1899-12-31", "1950-01-01"]},
            {"column": "born", "min_value": "1900-01-01"},
            False,
            1,
            types={"born": "DATE"},
        ),
    )

    min_value: MinValue = None
    max_value: MaxValue = None
    strict_min: StrictMin = False
    strict_max: StrictMax = False

    def faults(self) -> Iterator[Fault]:
        return self.bound_faults(needed=True, ordered=True)

    def statement(self) -> str:
        return self.every(self.between())

    def violation(self, scope: Scope) -> str:
        column = scalar_column(scope, self.column)
        value = f"CAST({column.sql} AS TINYINT)" if column.kind == "boolean" else column.sql
        return self.outside(value, column)

    def proof(self, scope: Scope) -> BoundsFact | None:
        column = scalar_column(scope, self.column)
        if column.kind not in PROVABLE:
            return None
        proof = [
            self.inside_one("lo", column, low=True) if self.min_value is not None else "",
            self.inside_one("hi", column, low=False) if self.max_value is not None else "",
        ]
        return BoundsFact(column.name, " AND ".join(part for part in proof if part))

    def inside_one(self, expression: str, column: Column, *, low: bool) -> str:
        """SQL: ``expression`` keeps the lower (or upper) bound."""
        sides = self._sides(expression, column, ">=", ">", "<=", "<")
        return sides[0 if low else 1] or ""
