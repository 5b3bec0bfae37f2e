"""Forms: what the rules about codes and identifiers have in common. Pure.

Values are judged as they stand: a blank before or after a code, or small letters for capitals, break its form.
"""

from __future__ import annotations

from collections.abc import Callable

from dq_engine import sql
from dq_engine.catalog.base import Scope
from dq_engine.catalog.shapes import ColumnRowExpectation
from dq_engine.errors import NotEvaluable
from dq_engine.model import Column

VALUE = "code"
"""What a value is called where each different value of a column is judged once."""


def code_column(scope: Scope, name: str) -> Column:
    """The column, if it can hold codes: text or whole numbers. Raises :class:`NotEvaluable` for any other type."""
    column = scope.column(name)
    if column.kind not in ("text", "integer", "null"):
        raise NotEvaluable(f'column "{name}" is of type {column.type}: codes must be text or whole numbers')
    return column


def has_form(text: str, pattern: str) -> str:
    """SQL: the whole of ``text`` matches the pattern."""
    return f"regexp_full_match({text}, {sql.text(pattern)})"


def once_per_value(scope: Scope, column: Column, wrong: Callable[[str], str]) -> str:
    """SQL: the value is one of those that are wrong; ``wrong`` makes the predicate of a text, judged once per different value.

    Codes have few different values. Most of the time is then that of finding them, however costly the predicate. The count of
    each value is in the predicate only so that DuckDB does not move it to where it would be evaluated for each row.
    """
    listed = f"SELECT {column.sql} AS {VALUE}, count(*) AS n FROM {scope.table.view} WHERE {column.sql} IS NOT NULL GROUP BY 1"
    text = sql.as_text(Column(VALUE, VALUE, column.type, column.kind))
    return f"{column.sql} IN (SELECT {VALUE} FROM ({listed}) WHERE CASE WHEN n > 0 THEN {wrong(text)} END)"


class FormExpectation(ColumnRowExpectation, frozen=True, kw_only=True):
    """A rule about the form of codes of which a column has few different ones. (A shape: it has no name.)"""

    def pattern(self) -> str:
        """The regular expression that the whole of a code matches."""
        raise NotImplementedError

    def wrong(self, text: str) -> str:
        """SQL: the text is no such code. It must raise no error, whatever the text is."""
        return f"NOT {has_form(text, self.pattern())}"

    def violation(self, scope: Scope) -> str:
        return once_per_value(scope, code_column(scope, self.column), self.wrong)

    def of_value(self, scope: Scope) -> str:
        return self.plainly(scope)

    def plainly(self, scope: Scope) -> str:
        column = code_column(scope, self.column)
        return f"{column.sql} IS NOT NULL AND ({self.wrong(sql.as_text(column))})"
