"""What follows WHERE in SQL, as far as it means the same everywhere. Pure; the text itself never becomes SQL.

Comparisons of columns, values and arithmetic, AND, OR, NOT, IN, BETWEEN, IS NULL, LIKE, LENGTH, columns of yes and no, names in
double quotes or backticks, texts in single quotes, DATE '2024-03-31'. With the parser spark double quotes are a text's, as in
Spark. All else is refused with a reason: functions, subqueries, CASE, division, comparing with NULL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dq_engine import sql
from dq_engine.catalog import like
from dq_engine.catalog.condition_tree import (
    All,
    Among,
    Condition,
    Either,
    Fits,
    Holds,
    InvalidCondition,
    Measure,
    Named,
    Nothing,
    Operator,
    Sign,
    Term,
    Value,
    calculation,
    compared,
    opposite,
)

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_COMPARISONS: dict[str, Operator] = {"EQ": "==", "NEQ": "!=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_SIGNS: dict[str, Sign] = {"Add": "+", "Sub": "-", "Mul": "*", "Mod": "mod"}
_MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "DATETIME")
_TRANSLATED = "comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, LIKE, LENGTH, +, -, * and % are translated"


class Unreadable(InvalidCondition):
    """The text is no SQL at all."""


def read(text: str, parser: str | None) -> Condition:
    """The condition that a text of SQL means. Raises :class:`InvalidCondition`; :class:`Unreadable` for what is no SQL."""
    from sqlglot import Dialect, exp  # noqa: PLC0415  few suites need it
    from sqlglot.errors import SqlglotError  # noqa: PLC0415

    dialect = "spark" if parser == "spark" else "sqlite"
    if dialect == "spark" and "\\" in text:
        raise InvalidCondition(
            "this part of SQL is not translated: \\ (Spark reads it in ways of its own; write a Condition object)"
        )
    try:
        with _quietly():
            parsed = Dialect.get_or_raise(dialect).parse_into(exp.Condition, text)
    except SqlglotError:
        raise Unreadable("is no SQL that could follow WHERE") from None
    except RecursionError:
        raise InvalidCondition("is nested too deeply for SQL") from None
    if len(parsed) != 1 or parsed[0] is None:
        raise Unreadable("is no SQL that could follow WHERE")
    try:
        return _Reader(dialect, doubtful=parser is None and '"' in text).condition(parsed[0])
    except RecursionError:
        raise InvalidCondition("is nested too deeply for SQL") from None


@contextmanager
def _quietly() -> Iterator[None]:
    """Keeps to itself what sqlglot would log about a text: the author is told by an error."""
    import logging  # noqa: PLC0415  few suites need it

    def none(_: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger("sqlglot")
    logger.addFilter(none)
    try:
        yield
    finally:
        logger.removeFilter(none)


class _Reader:
    """Translates the tree that sqlglot makes; each kind of node that is not named here is refused.

    ``doubtful``: nobody said whose SQL it is, so a name in double quotes may be a text in Spark.
    """

    def __init__(self, dialect: str, *, doubtful: bool) -> None:
        from sqlglot import ErrorLevel  # noqa: PLC0415

        self.silent = ErrorLevel.IGNORE
        self.dialect = dialect
        self.doubtful = doubtful

    def refused(self, node: Expr, why: str = _TRANSLATED) -> InvalidCondition:
        text = node.sql(self.dialect, comments=False, unsupported_level=self.silent)
        shown = " ".join(text.split())
        return InvalidCondition(f"this part of SQL is not translated: {shown if len(shown) <= 60 else shown[:59] + '…'} ({why})")

    def parts(self, node: Expr, *names: str) -> list[Expr]:
        """The named children of a node, if it says nothing more than these."""
        said = {name for name, value in node.args.items() if value not in (None, False, [])}
        if said - set(names) or not said:
            raise self.refused(node)
        return [node.args[name] for name in names]

    def condition(self, node: Expr) -> Condition:
        kind = type(node).__name__
        if kind in ("And", "Or"):
            made = tuple(self.condition(part) for part in self.flat(node))
            return All(made) if kind == "And" else Either(made)
        if kind in _COMPARISONS:
            return self.comparison(node, _COMPARISONS[kind])
        readers: dict[str, Callable[[], Condition]] = {
            "Paren": lambda: self.condition(*self.parts(node, "this")),
            "Not": lambda: opposite(self.condition(*self.parts(node, "this"))),
            "Column": lambda: Holds(self.column(node)),
            "Is": lambda: self.nullity(node),
            "In": lambda: self.membership(node),
            "Between": lambda: self.between(node),
            "Like": lambda: self.likeness(node, ""),
            "Escape": lambda: self.escaped(node),
        }
        if kind not in readers:
            raise self.refused(node)
        return readers[kind]()

    def flat(self, node: Expr) -> list[Expr]:
        """The members of a chain of ANDs, or of ORs, from left to right."""
        members: list[Expr] = []
        current = node
        while type(current) is type(node):
            current, right = self.parts(current, "this", "expression")
            members.append(right)
        return [current, *reversed(members)]

    def comparison(self, node: Expr, operator: Operator) -> Condition:
        left, right = self.parts(node, "this", "expression")
        if "Null" in (type(left).__name__, type(right).__name__):
            raise self.refused(node, "nothing equals NULL; write x IS NULL or x IS NOT NULL")
        if self.doubtful and all(type(side).__name__ == "Column" for side in (left, right)) and self.is_quoted(left, right):
            raise self.refused(node, "'x' is a text and `x` a column; \"x\" may be either")
        try:
            return compared(self.term(left), operator, self.term(right))
        except InvalidCondition as error:
            raise error if str(error).startswith("this part") else self.refused(node, str(error)) from None

    def is_quoted(self, *columns: Expr) -> bool:
        return any(column.this.args.get("quoted") for column in columns)

    def nullity(self, node: Expr) -> Condition:
        column, what = self.parts(node, "this", "expression")
        if type(what).__name__ != "Null" or type(column).__name__ != "Column":
            raise self.refused(node, "of IS only x IS NULL and x IS NOT NULL are translated")
        return Nothing(self.column(column))

    def membership(self, node: Expr) -> Condition:
        said = {name for name, value in node.args.items() if value}
        if said != {"this", "expressions"} or type(node.this).__name__ != "Column":
            raise self.refused(node, "IN needs a column before it and a list of values behind it, as in x IN (1, 2)")
        values = [self.term(item) for item in node.args["expressions"] if type(item).__name__ != "Null"]
        if len(values) < len(node.args["expressions"]):
            raise self.refused(node, "NULL is no value of a list; add: OR x IS NULL")
        if not all(isinstance(value, Value) for value in values):
            raise self.refused(node, "a list holds values only, and texts stand in single quotes")
        return Among(self.column(node.this), tuple(value for value in values if isinstance(value, Value)))

    def between(self, node: Expr) -> Condition:
        column, low, high = (self.term(part) for part in self.parts(node, "this", "low", "high"))
        try:
            return All((compared(column, ">=", low), compared(column, "<=", high)))
        except InvalidCondition as error:
            raise self.refused(node, str(error)) from None

    def escaped(self, node: Expr) -> Condition:
        inner, escape = self.parts(node, "this", "expression")
        sign = self.term(escape)
        if (
            type(inner).__name__ != "Like"
            or not isinstance(sign, Value)
            or not isinstance(sign.value, str)
            or len(sign.value) != 1
        ):
            raise self.refused(node, "ESCAPE goes with LIKE, and is one character in single quotes")
        return self.likeness(inner, sign.value)

    def likeness(self, node: Expr, escape: str) -> Condition:
        negate = bool(node.args.get("negate"))
        column, pattern = self.parts(node, "this", "expression", *(["negate"] if negate else []))[:2]
        text = self.term(pattern)
        if type(column).__name__ != "Column" or not isinstance(text, Value) or not isinstance(text.value, str) or text.moment:
            raise self.refused(node, "LIKE needs a column before it and a text in single quotes behind it")
        try:
            like.matches("", text.value, escape or None)
        except like.Unfinished:
            raise self.refused(node, "the pattern ends with its escape character") from None
        made = Fits(self.column(column), "like", text.value, escape)
        return opposite(made) if negate else made

    # --------------------------------------------------------------------------------------------------------- terms

    def term(self, node: Expr) -> Term:
        kind = type(node).__name__
        if kind in _SIGNS:
            left, right = self.parts(node, "this", "expression")
            return self.calculated(node, _SIGNS[kind], self.term(left), self.term(right))
        readers: dict[str, Callable[[], Term]] = {
            "Paren": lambda: self.term(*self.parts(node, "this")),
            "Column": lambda: self.column(node),
            "Literal": lambda: self.literal(node),
            "Boolean": lambda: Value(bool(node.this)),
            "Length": lambda: Measure(self.column(*self.parts(node, "this")).name),
            "Neg": lambda: self.calculated(node, "-", Value(0), self.term(*self.parts(node, "this"))),
        }
        moments = dict.fromkeys(("Cast", "TryCast", "Date"), lambda: self.moment(node))
        if kind not in readers and kind not in moments:
            raise self.refused(node)
        return (readers | moments)[kind]()

    def calculated(self, node: Expr, sign: Sign, left: Term, right: Term) -> Term:
        try:
            return calculation(sign, left, right)
        except InvalidCondition as error:
            raise self.refused(node, str(error)) from None

    def column(self, node: Expr) -> Named:
        if type(node).__name__ != "Column" or type(node.this).__name__ != "Identifier":
            raise self.refused(node)
        if any(node.args.get(name) for name in ("table", "db", "catalog", "join_mark")):
            raise self.refused(node, "a name with a dot is written in quotes, as in `a.b`; other tables are not at hand")
        return Named(str(node.this.this))

    def literal(self, node: Expr) -> Value:
        text = str(node.this)
        if node.is_string:
            return Value(text)
        try:
            return Value(sql.as_number(text))
        except sql.Incomparable as error:
            raise self.refused(node, str(error)) from None

    def moment(self, node: Expr) -> Value:
        """``DATE '2024-03-31'`` and its like."""
        text = node.this
        to = node.args["to"].this.name if "to" in node.args else "DATE"
        said = {name for name, value in node.args.items() if value} - {"this", "to"}
        if said or to not in _MOMENTS or type(text).__name__ != "Literal" or not text.is_string:
            raise self.refused(node)
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}" + ("" if to == "DATE" else "([ T].+)?"), str(text.this).strip()):
            raise self.refused(node, "write DATE '2024-03-31' or TIMESTAMP '2024-03-31 12:00:00'")
        return Value(str(text.this).strip(), moment=True)
