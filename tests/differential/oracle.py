"""What the types mean that Great Expectations' pandas engine has not, in plain Python: LIKE, queries, another table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.differential.answers import Answer, Asked
from tests.differential.rows import selected, spelling
from tests.differential.tables import Table, as_json, is_null


def answer(table: Table, other: Table, asked: Asked) -> Answer:
    """What the documents say; ``other`` is the table of which the expectation speaks."""
    kwargs = asked.kwargs
    rows = selected(table, kwargs.get("row_condition"))
    if asked.type == "unexpected_rows_expectation":
        if '"absent"' in kwargs["unexpected_rows_query"]:
            return Answer("raised", message="no such column")
        found = len(_unexpected(table, kwargs["unexpected_rows_query"]))
        return Answer("answered", found == 0, {"observed_value": found})
    if asked.type == "expect_table_row_count_to_equal_other_table":
        sizes = {"self": len(rows), "other": other.rows}
        return Answer("answered", sizes["self"] == sizes["other"], {"observed_value": sizes})
    if asked.type == "expect_query_results_to_match_comparison":
        return _matched(table, other, asked)
    name = kwargs["column"]
    if not table.has(name):
        return Answer("raised", message="no such column")
    column = table.column(name)
    like = _like(asked)
    return mapped([column.values[row] for row in rows], lambda value: like(spelling(value, column.kind)), kwargs.get("mostly", 1))


def mapped(values: list[Any], right: Callable[[Any], bool], mostly: float) -> Answer:
    """The result of a rule about single values."""
    present = [value for value in values if not is_null(value)]
    wrong = [value for value in present if not right(value)]
    size, judged = len(values), len(present)
    share = 100 * len(wrong) / judged if judged else None
    listed = [as_json(value) for value in wrong]
    result = {
        "element_count": size,
        "unexpected_count": len(wrong),
        "unexpected_percent": share,
        "partial_unexpected_list": listed,
        "unexpected_list": listed,
        "missing_count": size - judged,
        "missing_percent": 100 * (size - judged) / size if size else None,
        "unexpected_percent_total": 100 * len(wrong) / size if size else None,
        "unexpected_percent_nonmissing": share,
        "partial_unexpected_counts": [{"value": as_json(value), "count": count} for value, count in Counter(wrong).items()],
    }
    return Answer("answered", not judged or (judged - len(wrong)) / judged >= mostly, result)


def _like(asked: Asked) -> Callable[[str], bool]:
    kwargs = asked.kwargs
    listed = kwargs.get("like_pattern_list") or [kwargs["like_pattern"]]
    patterns = [re.compile(translated(pattern, kwargs.get("escape")), re.DOTALL) for pattern in listed]
    if "not_match" in asked.type:
        return lambda value: not any(pattern.fullmatch(value) for pattern in patterns)
    if kwargs.get("match_on") == "all":
        return lambda value: all(pattern.fullmatch(value) for pattern in patterns)
    return lambda value: any(pattern.fullmatch(value) for pattern in patterns)


def translated(pattern: str, escape: str | None) -> str:
    """A LIKE pattern as a regular expression that the whole of a text matches."""
    made, characters = "", iter(pattern)
    for character in characters:
        if character == escape:
            made += re.escape(next(characters))
        else:
            made += {"%": ".*", "_": "."}.get(character, re.escape(character))
    return made


QUERY = re.compile(
    r'SELECT \* FROM \{batch\} WHERE (?:1 = 0|"(?P<name>(?:[^"]|"")*)" (?P<test>IS NULL|IS NOT NULL|<> .*))', re.DOTALL
)


def _unexpected(table: Table, query: str) -> list[int]:
    """The rows that a query of :mod:`tests.differential.arguments` gives. NaN is NULL there."""
    match = QUERY.fullmatch(query)
    assert match is not None, query
    if match["name"] is None or match["test"].startswith("<>"):
        return []
    wanted = match["test"] == "IS NULL"
    return selected(table, {"type": "nullity", "column": {"name": match["name"].replace('""', '"')}, "is_null": wanted})


def _matched(table: Table, other: Table, asked: Asked) -> Answer:
    name = asked.kwargs["base_query"].partition('"')[2].rpartition('"')[0].replace('""', '"')
    here, there = Counter(map(repr, table.column(name).values)), Counter(map(repr, other.column(name).values))
    size = max(table.rows, other.rows)
    unexpected = size - (here & there).total()
    share = 100 * unexpected / size if size else 0.0
    return Answer(
        "answered",
        100 - share >= 100 * asked.kwargs.get("mostly", 1),
        {"unexpected_count": unexpected, "unexpected_percent": share},
    )
