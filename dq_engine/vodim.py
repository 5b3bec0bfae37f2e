"""The classes of a field's values: Valid, Other, Default, Invalid or Missing, each value in exactly one. Pure.

The five outcomes are those of NHS England's data-quality reports (https://github.com/NHSDigital/mental-health-monthly-statistics,
``validity_v5.sql``). A value that could be in two classes is in the first of Missing, Default, Invalid, Other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from dq_engine import sql
from dq_engine.catalog.base import NEVER
from dq_engine.errors import NotEvaluable
from dq_engine.model import CLASS, Column, Count, Field, NullsFact

ValueClass = Literal["valid", "other", "default", "invalid", "missing"]
CLASSES: tuple[ValueClass, ...] = get_args(ValueClass)
BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
"""Characters of which a blank text consists."""


def classes(column: Column, field: Field, violations: Sequence[str]) -> dict[ValueClass, Count]:
    """The number of values in each class. ``violations`` are SQL, each true for a row that breaks a rule about the column.

    Raises :class:`NotEvaluable` for a nested column, and for codes that no value of the column's type can equal.
    """
    if column.kind == "nested":
        raise NotEvaluable(f'column "{column.name}" is nested ({column.type}): its values are not put into classes')
    default, other = _among(column, field.default_codes), _among(column, field.other_codes)
    invalid = " OR ".join(f"({violation})" for violation in violations if violation != NEVER)
    if column.kind != "text" and not (default or other or invalid):
        counts = dict.fromkeys(CLASSES, Count(NEVER))
        counts["missing"] = Count(f"{column.sql} IS NULL", NullsFact(column.name))
        counts["valid"] = Count(f"{column.sql} IS NOT NULL", NullsFact(column.name, negate=True))
        return counts
    conditions: dict[ValueClass, str] = {"missing": _missing(column), "default": default, "invalid": invalid, "other": other}
    cases = " ".join(f"WHEN {true} THEN {CLASSES.index(name)}" for name, true in conditions.items() if true)
    of = f"CASE {cases} ELSE {CLASSES.index('valid')} END"
    there = [name for name in CLASSES if name == "valid" or conditions[name]]
    return {
        name: Count(f"{CLASS} = {place}", classes=of) if name in there else Count(NEVER) for place, name in enumerate(CLASSES)
    }


def _missing(column: Column) -> str:
    """SQL: there is no value. Most texts are told from blanks by their first character, which costs far less than trimming."""
    missing = f"{column.sql} IS NULL"
    if column.kind != "text":
        return missing
    return f"{missing} OR (({column.sql} < '!' OR {column.sql} >= chr(160)) AND trim({column.sql}, {BLANKS}) = '')"


def _among(column: Column, codes: Sequence[str | int | float]) -> str:
    """SQL: the value is one of the codes; "" where there are none."""
    return sql.in_list(column.sql, [_literal(column, code) for code in codes]) if codes else ""


def _literal(column: Column, code: str | int | float) -> str:
    try:
        if column.kind in sql.NUMERIC and isinstance(code, str):
            return sql.number(sql.as_number(code))
        if column.kind == "text":
            return sql.text(str(code))
        return sql.typed(code, column)
    except sql.Incomparable as error:
        raise NotEvaluable(f'a default or other code of column "{column.name}": {error}') from None
