"""Which conditions of Great Expectations dq can prove clean, and by which expectation of its own.

Great Expectations' pandas engine judges what pandas made of a column: whole numbers with NULLs become floating point, for
example. A condition is here only with the kinds of columns and arguments for which "no row breaks it" means the same to both.
Of these, Hypothesis draws tables and compares (``tests/gx/test_datasource.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

Kind = Literal["text", "small", "whole", "double", "other"]
"""What a column holds: text; whole numbers of at most 32 bits; larger ones without NULLs; doubles; others that can be NULL."""
Arguments = Mapping[str, Any]

FOREIGN = re.compile(r"\[:|[+*?}]\+|\(\?[^:]|\\[pPuUxNgkZAzQEhHRXCK0]")
"""What Python's ``re`` and pandas may read differently in a pattern: POSIX classes, possessive quantifiers, groups with a
question mark but for ``(?:``, and escapes that one of the two lacks."""


def _texts(values: Any) -> bool:
    return isinstance(values, list | tuple) and len(values) > 0 and all(isinstance(value, str) for value in values)


def _wholes(values: Any) -> bool:
    within = 2**31
    return (
        isinstance(values, list | tuple)
        and len(values) > 0
        and all(type(value) is int and -within < value < within for value in values)
    )


def _set(kinds: list[Kind], given: Arguments) -> bool:
    [kind] = kinds
    return (kind == "text" and _texts(given["value_set"])) or (kind == "small" and _wholes(given["value_set"]))


def _bounds(kinds: list[Kind], given: Arguments) -> bool:
    bounds = [bound for bound in (given.get("min_value"), given.get("max_value")) if bound is not None]
    numbers = all(type(bound) in (int, float) and abs(bound) < 2**53 for bound in bounds)
    return kinds[0] in ("small", "double") and bool(bounds) and numbers and bounds == sorted(bounds)


def _lengths(kinds: list[Kind], given: Arguments) -> bool:
    bounds = [given[name] for name in ("value", "min_value", "max_value") if given.get(name) is not None]
    return kinds == ["text"] and bool(bounds) and all(type(bound) in (int, float) and bound == int(bound) for bound in bounds)


def _pattern(kinds: list[Kind], given: Arguments) -> bool:
    patterns = given.get("regex_list") or [given.get("regex")]
    return kinds == ["text"] and _texts(patterns) and not any(FOREIGN.search(pattern) for pattern in patterns)


def _keys(kinds: list[Kind], given: Arguments) -> bool:
    return set(kinds) <= {"text", "small", "whole"}


def _alike(kinds: list[Kind], given: Arguments) -> bool:
    return len(set(kinds)) == 1 and kinds[0] in ("text", "small", "double")


def _numbers(kinds: list[Kind], given: Arguments) -> bool:
    return set(kinds) <= {"small", "double"}


def _any(kinds: list[Kind], given: Arguments) -> bool:
    return True


CONDITIONS: dict[str, tuple[str, Callable[[list[Kind], Arguments], bool]]] = {
    "column_values.nonnull": ("expect_column_values_to_not_be_null", _any),
    "column_values.null": ("expect_column_values_to_be_null", _any),
    "column_values.in_set": ("expect_column_values_to_be_in_set", _set),
    "column_values.not_in_set": ("expect_column_values_to_not_be_in_set", _set),
    "column_values.between": ("expect_column_values_to_be_between", _bounds),
    "column_values.value_length.equals": ("expect_column_value_lengths_to_equal", _lengths),
    "column_values.value_length.between": ("expect_column_value_lengths_to_be_between", _lengths),
    "column_values.match_regex": ("expect_column_values_to_match_regex", _pattern),
    "column_values.not_match_regex": ("expect_column_values_to_not_match_regex", _pattern),
    "column_values.match_regex_list": ("expect_column_values_to_match_regex_list", _pattern),
    "column_values.not_match_regex_list": ("expect_column_values_to_not_match_regex_list", _pattern),
    "column_values.unique": ("expect_column_values_to_be_unique", _keys),
    "column_pair_values.equal": ("expect_column_pair_values_to_be_equal", _alike),
    "column_pair_values.a_greater_than_b": ("expect_column_pair_values_a_to_be_greater_than_b", _numbers),
    "compound_columns.unique": ("expect_compound_columns_to_be_unique", _keys),
}
"""The conditions by their metric, each with the expectation of dq that says the same, and when it does."""


def rule(metric: str, domain: Arguments, given: Arguments, kind: Callable[[str], Kind | None]) -> dict[str, Any] | None:
    """The expectation of dq by which the condition can be proved clean; None if there is none for these columns and arguments.

    ``kind`` tells the kind of a column, None for what pandas may change.
    """
    name, _, part = metric.rpartition(".")
    if part != "condition" or name not in CONDITIONS or domain.get("row_condition") is not None:
        return None
    expectation, holds = CONDITIONS[name]
    columns = columns_of(domain)
    kinds = [kind(column) for column in columns]
    known = [one for one in kinds if one is not None]
    if len(known) < len(columns) or len(set(columns)) < len(columns) or not holds(known, given):
        return None
    said = {key: domain[key] for key in ("column", "column_A", "column_B", "column_list", "ignore_row_if") if domain.get(key)}
    plain = {key: int(value) if holds is _lengths and type(value) is float else value for key, value in given.items()}
    return {"type": expectation, "kwargs": {**said, **{key: value for key, value in plain.items() if value is not None}}}


def columns_of(domain: Arguments) -> list[str]:
    """The columns that the arguments of a metric name."""
    single = [domain[key] for key in ("column", "column_A", "column_B") if isinstance(domain.get(key), str)]
    listed = domain.get("column_list")
    return single + ([name for name in listed if isinstance(name, str)] if isinstance(listed, list | tuple) else [])
