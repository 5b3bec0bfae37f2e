"""The numbers of :mod:`tests.bench.peers.hand` as SQL, for DuckDB and DataFusion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.bench.peers import rules
from tests.bench.peers.hand import Number
from tests.bench.peers.rules import Rule

FUNCTIONS = {"mean": "avg", "stdev": "stddev_samp"}


def literal(value: Any, kind: str) -> str:
    """A value of a rule as it is compared with a column of this type."""
    quoted = "'" + str(value).replace("'", "''") + "'"
    if "DATE" in kind.upper():
        return f"DATE {quoted}"
    return str(value) if isinstance(value, int | float) else quoted


def wrong(rule: Rule, types: Mapping[str, str], regex: str) -> str:
    """The predicate of the rows that break a row rule; ``regex`` is the function that finds a pattern in a text."""
    if rule.kind == rules.PAIR:
        return "{} < {}".format(*rule.columns)
    if rule.kind == rules.SUM:
        return f"{' + '.join(rule.columns)} <> {rule.kwargs['sum_total']}"
    column = rule.column
    if rule.kind == rules.PRESENT:
        return f"{column} IS NULL"
    if rule.kind == rules.MEMBER:
        return f"{column} NOT IN ({', '.join(literal(value, types[column]) for value in rule.kwargs['value_set'])})"
    if rule.kind == rules.PATTERN:
        return f"NOT {regex}({column}, {literal(rule.kwargs['regex'], '')})"
    if rule.kind == rules.LENGTH:
        return f"character_length({column}) NOT BETWEEN {rule.low} AND {rule.high}"
    return f"{column} NOT BETWEEN {literal(rule.low, types[column])} AND {literal(rule.high, types[column])}"


def own_query(number: Number, table: str) -> str | None:
    """The query of a number that has one of its own, because it groups; None for what one SELECT can hold with the others."""
    columns = ", ".join(number.columns)
    some = " OR ".join(f"{column} IS NOT NULL" for column in number.columns)
    if number.what == "repeated":
        groups = f"SELECT count(*) AS c FROM {table} WHERE {some} GROUP BY {columns} HAVING count(*) > 1"
        return f"SELECT coalesce(sum(c), 0) FROM ({groups}) AS g"
    if number.what == "distinct":
        return f"SELECT count(*) FROM (SELECT {columns} FROM {table} WHERE {some} GROUP BY {columns}) AS g"
    return None


def aggregate(number: Number, predicate: str, count_if: str) -> str:
    """The aggregate of a number; ``count_if`` counts the rows for which its "{}" is true."""
    if number.what == "rows":
        return "count(*)"
    if number.what == "wrong":
        return count_if.format(predicate)
    if number.what == "present":
        if len(number.columns) == 1:
            return f"count({number.columns[0]})"
        return count_if.format(" AND ".join(f"{column} IS NOT NULL" for column in number.columns))
    return f"{FUNCTIONS.get(number.what, number.what)}({number.columns[0]})"
