"""Rules of others that only a query can state, as ``unexpected_rows_expectation``: a SELECT that gives a row where they are
broken. Pure.

Names and values become SQL through :mod:`dq_engine.sql`; SQL of a source stays SQL, which the worker looks through as it does
every query of a suite.
"""

from __future__ import annotations

from dq_engine import sql

QUERY = "unexpected_rows_expectation"
BATCH = "{batch}"


def query(text: str) -> tuple[str, dict[str, str]]:
    """The expectation that a SELECT gives no row."""
    return QUERY, {"unexpected_rows_query": text}


def escaped(text: str) -> str:
    """SQL of a source, in which braces are its own."""
    return text.replace("{", "{{").replace("}", "}}")


def name(column: str) -> str:
    """A column, as it stands in a query."""
    return escaped(sql.ident(column))


def value(literal: str | int | float | bool) -> str:
    """A value, as it stands in a query."""
    return escaped(sql.text(literal) if isinstance(literal, str) else sql.number(literal))


def rows(where: str | None = None) -> str:
    """The rows of the extract, or those of a condition in SQL."""
    return BATCH if where is None else f"(SELECT * FROM {BATCH} WHERE {escaped(where)})"


def unkept(found: str, test: str) -> str:
    """SELECT of the one value that a SELECT finds, where a test of it, as SQL about ``found``, is not true; no value is none."""
    return f"SELECT found FROM (SELECT ({found}) AS found) WHERE ({test}) IS NOT TRUE"


def orphans(columns: list[str], others: list[str], other: str = BATCH) -> str:
    """SELECT of the rows whose key, if it is whole, is not found in columns of another extract, or of this one."""
    whole = " AND ".join(f"child.{name(column)} IS NOT NULL" for column in columns)
    same = " AND ".join(f"parent.{name(there)} = child.{name(here)}" for here, there in zip(columns, others, strict=True))
    return f"SELECT child.* FROM {BATCH} AS child WHERE {whole} AND NOT EXISTS (SELECT 1 FROM {other} AS parent WHERE {same})"
