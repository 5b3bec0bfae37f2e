"""Checks -> the SQL by which somebody finds, in DuckDB, what breaks them; and what that SQL reads. Pure.

One statement per shape: failing rows, rows of repeated keys, failing values, failing items, the suite's own query; for a rule
about a number that number. These are not the queries that were run: they give values, and so are only written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dq_engine import sql
from dq_engine.catalog.base import Expectation, Scope
from dq_engine.catalog.periods import spans, spans_table
from dq_engine.catalog.shapes import ItemExpectation, KeyExpectation, QueryExpectation, RowExpectation
from dq_engine.compile import groups
from dq_engine.model import EXTRACT, ORDERED, Column, Derived, Items, Key, WrongValues
from dq_engine.plan import Planned

LONGEST = 20_000
"""Characters of a SELECT. A longer one (a value set of thousands) is left out: nobody reads it, and the record would swell."""
OBSERVED = "observed_value"
"""The column of a SELECT that gives the observed value."""


def rows_sql(planned: Planned) -> str:
    """The SELECT over the extract's view that gives what breaks a check, or its observed value; "" where there is none.

    There is none for a check that cannot be evaluated, for a rule about the columns, for one that SQL cannot state, and where it
    would be too long.
    """
    if planned.problem or any(isinstance(aid, WrongValues) for aid in planned.aids):
        return ""
    select = _select(planned.check.expectation, planned.scope, planned.check.columns)
    derived = [f"{aid.name} AS (\n{aid.sql}\n)" for aid in planned.aids if isinstance(aid, Derived)]
    if select and derived:
        select = f"WITH {', '.join(derived)}\n{select}"
    return select if len(select) <= LONGEST else ""


def _select(expectation: Expectation, scope: Scope, columns: Sequence[str]) -> str:
    if isinstance(expectation, RowExpectation):
        return f"SELECT *\n{_considered(scope.where, expectation.plainly(scope), relation=expectation.relation(scope))}"
    if isinstance(expectation, ItemExpectation):
        return _failing_items(expectation.items(scope))
    if isinstance(expectation, QueryExpectation):
        return expectation.query()
    if isinstance(expectation, KeyExpectation):
        found = "\nUNION ALL\n".join(_failing_keys(expectation, scope, [scope.column(name) for name in columns]))
        if found:
            return found
    observed = expectation.observed(scope)
    return f"SELECT {observed} AS {OBSERVED}\n{_considered(scope.where)}" if observed else ""


def _considered(*predicates: str | None, relation: str = EXTRACT) -> str:
    """The rows of the extract, or of a view with its rows, that fulfil the predicates, a line for each."""
    given = [predicate for predicate in predicates if predicate]
    if len(given) > 1:
        given = [f"({predicate})" for predicate in given]
    read = EXTRACT if relation == EXTRACT else f"{relation} AS {EXTRACT}"
    return "\nWHERE ".join([f"FROM {read}", *given[:1]]) + "".join(f"\n  AND {predicate}" for predicate in given[1:])


def _failing_keys(expectation: KeyExpectation, scope: Scope, columns: Sequence[Column]) -> Iterator[str]:
    """The rows of repeated keys; or the values that break the rule, with their rows, and those that are not there."""
    key, violation = expectation.key(scope), expectation.violation(scope)
    if expectation.by_rows:
        names = ", ".join(key.columns)
        yield f"SELECT *\n{_considered(key.where)}\nQUALIFY count(*) OVER (PARTITION BY {names}) > 1\nORDER BY {names}"
        return
    if violation is not None:
        names = ", ".join(f"k{place} AS {sql.ident(column.name)}" for place, column in enumerate(columns, 1))
        yield f'SELECT {names}, n AS "rows"\nFROM ({groups(key)})\nWHERE {violation}'
    yield from _absent_keys(key, expectation.required(scope))


def _absent_keys(key: Key, required: Sequence[tuple[str, str | None]]) -> Iterator[str]:
    comparable = [value for _, value in required if value is not None]
    others = [name for name, value in required if value is None]
    if comparable:
        wanted = f"SELECT unnest([{', '.join(comparable)}]) AS absent"
        there = f"SELECT {key.columns[0]}\n{_considered(key.where)}"
        yield f'SELECT absent, 0 AS "rows"\nFROM ({wanted})\nWHERE absent NOT IN (\n{there}\n)'
    if others:
        yield f'SELECT unnest([{", ".join(others)}]) AS absent, 0 AS "rows"'


def _failing_items(items: Items) -> str:
    names = ", ".join(f"{column.sql} AS {sql.ident(column.name)}" for column in items.shown)
    return f"SELECT {names}\nFROM (\n{items.sql}\n)\nWHERE unexpected AND NOT missing"


def views(asked: Sequence[Planned], made: Mapping[str, str]) -> tuple[str, ...]:
    """The statements that make what the SELECTs of the checks ``asked`` read, in their order; ``made`` are those of the views.

    That is the extract's own view, and views of others and tables of periods only if a check needs them.
    """
    if not asked:
        return ()
    scope = asked[0].scope
    others = dict.fromkeys(name for planned in asked for name in planned.check.others)
    tables = [scope.table, *map(scope.other, others)]
    named = dict.fromkeys(name for planned in asked for name in planned.check.expectation.periods())
    read = {column.sql: column for column in map(scope.column, named) if spans(column)}
    ordered = ORDERED in made and any(ORDERED in aid.sql for planned in asked for aid in planned.aids if isinstance(aid, Derived))
    zoned = any(column.kind == "timestamptz" for table in tables for column in table.columns)
    return (
        *(["SET TimeZone = 'UTC'"] if zoned else []),
        *(made[table.view] for table in tables),
        *([made[ORDERED]] if ordered else []),
        *(spans_table(column, scope.table.view) for column in read.values()),
    )
