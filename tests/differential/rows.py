"""Which rows a condition selects, in plain Python with SQL's three-valued logic: what the documents say that the engine does."""

from __future__ import annotations

import datetime as dt
import math
import operator
import re
from decimal import Decimal
from typing import Any

from tests.differential.tables import Column, Kind, Table, is_null

COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXT = re.compile(
    r"""col\("(?P<name>[^"]*)"\)\s*(?:\.(?P<null>notnull|isnull)\(\)|(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>.*))""", re.DOTALL
)


def as_object(condition: Any) -> dict[str, Any]:
    """A condition as an object; text as GX's own parser reads it."""
    if not isinstance(condition, str):
        return dict(condition)
    match = TEXT.fullmatch(condition)
    assert match is not None, condition
    name = {"name": match["name"]}
    if match["null"]:
        return {"type": "nullity", "column": name, "is_null": match["null"] == "isnull"}
    raw = match["value"]
    value: Any = raw[1:-1] if raw.startswith('"') else float(raw) if re.search("[.en]", raw) else int(raw)
    return {"type": "comparison", "column": name, "operator": match["operator"], "parameter": value}


def selected(table: Table, condition: Any) -> list[int]:
    """The places of the rows for which the condition is true."""
    if condition is None:
        return list(range(table.rows))
    tree = as_object(condition)
    return [row for row in range(table.rows) if holds(table, tree, row) is True]


def holds(table: Table, condition: dict[str, Any], row: int) -> bool | None:
    """True, false, or None for unknown."""
    if condition["type"] in ("and", "or"):
        parts = [holds(table, part, row) for part in condition["conditions"]]
        decisive = condition["type"] == "or"
        return decisive if decisive in parts else None if None in parts else not decisive
    column = table.column(condition["column"]["name"])
    value = column.values[row]
    if condition["type"] == "nullity":
        return is_null(value) == condition["is_null"]
    if is_null(value):
        return None
    listed = condition["parameter"] if isinstance(condition["parameter"], list) else [condition["parameter"]]
    if column.kind == "wide" and any(map(too_long, listed)):
        value = float(value)
        column = Column(column.name, "float", ())
    if condition["operator"] in ("IN", "NOT_IN"):
        found = any(value == typed(item, column) for item in condition["parameter"])
        return found == (condition["operator"] == "IN")
    return bool(COMPARE[condition["operator"]](value, typed(condition["parameter"], column)))


def typed(value: Any, column: Column) -> Any:
    """A literal of a suite, read as the column's type: moments from text, without zone as UTC; decimals by their spelling."""
    if column.kind in ("date", "timestamp", "timestamptz") and isinstance(value, str):
        return moment(value, column)
    if column.kind in ("decimal", "wide") and isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value)) if math.isfinite(value) else value
    return value


def too_long(value: Any) -> bool:
    """A number with more digits before its point than a decimal of our tables has: beside it, decimals are doubles."""
    return isinstance(value, int | float) and abs(value) >= 1e28


def moment(text: str, column: Column) -> Any:
    """A text as a date or a moment that can be compared with those of the column."""
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is not None:
        found = found.astimezone(dt.UTC).replace(tzinfo=None)
    if column.kind == "timestamptz":
        return found.replace(tzinfo=dt.UTC)
    return found.date() if column.kind == "date" and found.time() == dt.time.min else found


def spelling(value: Any, kind: Kind) -> str:
    """A value of a column of that kind as SQL spells it."""
    if kind == "wide":
        return f"{value:.10f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return str(value).replace("+00:00", "+00")
    if isinstance(value, float):
        return _float(value)
    return str(value)


def _float(value: float) -> str:
    """A double as DuckDB spells it: like Python, but for where the exponent begins."""
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return repr(value)
