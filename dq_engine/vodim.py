"""The classes of a field's values: Valid, Other, Default, Invalid or Missing, each value in exactly one. Pure.

What is counted are the parts that are not valid, as there are few such values: valid is what is left of the records.

The five outcomes are those of NHS England's data-quality reports (https://github.com/NHSDigital/mental-health-monthly-statistics,
``validity_v5.sql``). A value that could be in two classes is in the first of Missing, Default, Invalid, Other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from dq_engine import sql
from dq_engine.catalog.base import NEVER
from dq_engine.errors import NotEvaluable
from dq_engine.model import BoundsFact, Classes, Column, Count, Field, InClass, NullsFact

ValueClass = Literal["valid", "other", "default", "invalid", "missing"]
CLASSES: tuple[ValueClass, ...] = get_args(ValueClass)
Part = Literal["null", "blank", "default", "invalid", "other"]
"""What is counted: NULL and blank texts are missing, and what is none of these is valid."""
PARTS: tuple[Part, ...] = get_args(Part)
NO_BREAK = "chr(160)"
BLANKS = f"' ' || chr(9) || chr(10) || chr(13) || {NO_BREAK}"
"""Characters of which a blank text consists; all come before "!" but the last, the no-break space."""


def parts(column: Column, field: Field, violations: Sequence[Count]) -> dict[Part, Count]:
    """The values that are not valid, each in one part. ``violations`` count the rows that break a rule about the column.

    Raises :class:`NotEvaluable` for a nested column, and for codes that no value of the column's type can equal.
    """
    if column.kind == "nested":
        raise NotEvaluable(f'column "{column.name}" is nested ({column.type}): its values are not put into classes')
    broken = [count for count in violations if count.predicate != NEVER]
    null = f"{column.sql} IS NULL"
    conditions: dict[Part, tuple[str, ...]] = {
        "null": (null,),
        "blank": (_blank(column),) if column.kind == "text" else (),
        "default": _among(column, field.default_codes),
        "invalid": tuple(count.reads() for count in broken),
        "other": _among(column, field.other_codes),
    }
    of_value = {**conditions, "invalid": tuple(count.reads(of_value=True) for count in broken)}
    classes = Classes(tuple(conditions.values()), tuple(of_value.values()))
    counts: dict[Part, Count] = {"null": Count(null, NullsFact(column.name))}
    for place, name in enumerate(PARTS[1:], 1):
        none = BoundsFact(column.name, f"lo >= '!' AND hi < {NO_BREAK}") if name == "blank" else None
        counts[name] = Count(InClass(classes, place), none) if conditions[name] else Count(NEVER)
    return counts


def in_classes(records: int, counts: Mapping[Part, int]) -> dict[ValueClass, int]:
    """The values by class, from the number of records and of the values in each part."""
    other, default, invalid = counts["other"], counts["default"], counts["invalid"]
    missing = counts["null"] + counts["blank"]
    valid = records - other - default - invalid - missing
    return {"valid": valid, "other": other, "default": default, "invalid": invalid, "missing": missing}


def _blank(column: Column) -> str:
    """SQL: a text of blanks. Most texts are told from blanks by their first character, which costs far less than trimming."""
    return f"({column.sql} < '!' OR {column.sql} >= {NO_BREAK}) AND trim({column.sql}, {BLANKS}) = ''"


def _among(column: Column, codes: Sequence[str | int | float]) -> tuple[str, ...]:
    """SQL: the value is one of the codes; nothing where there are none."""
    return (sql.in_list(column.sql, [_literal(column, code) for code in codes]),) if codes else ()


def _literal(column: Column, code: str | int | float) -> str:
    try:
        if column.kind in sql.NUMERIC and isinstance(code, str):
            return sql.number(sql.as_number(code))
        if column.kind == "text":
            return sql.text(str(code))
        return sql.typed(code, column)
    except sql.Incomparable as error:
        raise NotEvaluable(f'a default or other code of column "{column.name}": {error}') from None
