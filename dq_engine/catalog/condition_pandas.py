"""What ``DataFrame.query`` of pandas takes, as far as it can be said in SQL. Pure; nothing of the text is ever run.

Comparisons (also ``1 < x <= 3``, and of columns with columns), ``in`` and ``not in``, ``and``, ``or`` and ``not`` (``&``, ``|``
and ``~``), columns of yes and no, ``.isnull()`` and its like, ``.isin()``, ``.between()``, ``.str.contains()`` and its like,
``.str.len()``, ``.dt.year`` and its like, arithmetic, names in backticks, ``datetime.date(…)``. As in pandas (3.1), ``&`` and
``|`` bind like ``and`` and ``or``, ``x == [1, 2]`` means ``x in [1, 2]``, ``x == x`` means that there is a value, and a number
equals no text. All else is refused with a reason.

Unlike pandas: a comparison with NULL selects no row, nor does its negation; a text is a date where its column holds dates.
"""

from __future__ import annotations

import ast
import datetime as dt
import io
import math
import re
import tokenize
from collections.abc import Iterator
from typing import Literal

from dq_engine import regex
from dq_engine.catalog.condition_tree import (
    MAX_DEPTH,
    All,
    Among,
    Condition,
    Either,
    Feature,
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

_QUOTED = "_dq_quoted_{}_"
_VARIABLE = "_dq_variable_"
_COMPARISONS: dict[type[ast.cmpop], Operator] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_SIGNS: dict[type[ast.operator], Sign] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_NULL_METHODS = {"isnull": False, "isna": False, "notnull": True, "notna": True}
_TEXT_METHODS = ("contains", "startswith", "endswith", "match", "fullmatch")
_INCLUSIVE: dict[str, tuple[Operator, Operator]] = {
    "both": (">=", "<="),
    "left": (">=", "<"),
    "right": (">", "<="),
    "neither": (">", "<"),
}
_DATE_PARTS: dict[str, Feature] = {"year": "year", "quarter": "quarter", "month": "month", "day": "day"}
_TRANSLATED = (
    "comparisons, in, and, or, not, isnull(), notnull(), isin(), between(), str.contains() and arithmetic are translated"
)


_WIDEST = 100
"""Spaces in a row before what is no Python. Python's tokenizer reads all of them again for each: 4,000 took eight seconds."""


class Unreadable(InvalidCondition):
    """The text is no expression of Python at all."""


def read(text: str) -> Condition:
    """The condition that a pandas query means. Raises :class:`InvalidCondition`; :class:`Unreadable` for what is no Python."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        raise Unreadable("is no pandas query: that is one line")
    reader = _Reader()
    try:
        source = reader.prepared(lines[0].strip())
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, tokenize.TokenError, ValueError):
        raise Unreadable(f"is no pandas query: {_why(lines[0])}") from None
    except (MemoryError, RecursionError):
        raise InvalidCondition("is nested too deeply for a pandas query") from None
    if _depth(tree) > 3 * MAX_DEPTH:
        raise InvalidCondition("is nested too deeply for a pandas query")
    return reader.condition(tree)


def _why(line: str) -> str:
    if re.search(r"(?<![=!<>])=(?!=)", line):
        return "a single = compares nothing in Python, == does"
    return "it is no expression of Python"


def _depth(tree: ast.AST) -> int:
    deepest, pending = 0, [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        pending += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    return deepest


class _Reader:
    """Reads one text; knows what its names in backticks are."""

    def __init__(self) -> None:
        self.quoted: dict[str, str] = {}

    # ----------------------------------------------------------------------------------------------------- the text

    def prepared(self, line: str) -> str:
        """The text as Python: names in backticks become identifiers, ``&`` and ``|`` become ``and`` and ``or``, as in pandas."""
        source = "".join(self.identifier(piece) if is_name else piece for is_name, piece in _pieces(line))
        tokens = []
        gap = 0
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            gap = gap + 1 if token.type == tokenize.ERRORTOKEN and token.string.isspace() else 0
            if gap > _WIDEST:
                raise SyntaxError
            words = {"&": (tokenize.NAME, "and"), "|": (tokenize.NAME, "or"), "@": (tokenize.OP, _VARIABLE)}
            known = token.type == tokenize.OP and token.string in words
            if token.type != tokenize.COMMENT:
                tokens.append(words[token.string] if known else (token.type, token.string))
        return tokenize.untokenize(tokens).strip()

    def identifier(self, name: str) -> str:
        made = _QUOTED.format(len(self.quoted))
        self.quoted[made] = name
        return made

    def shown(self, node: ast.AST) -> str:
        """A part of the text as its author knows it, at most 60 characters."""
        text = ast.unparse(node).replace(_VARIABLE, "@")
        for made, name in self.quoted.items():
            text = text.replace(made, f"`{name}`")
        return text if len(text) <= 60 else text[:59] + "…"

    def refused(self, node: ast.AST, why: str) -> InvalidCondition:
        return InvalidCondition(f"this part of a pandas query is not translated: {self.shown(node)} ({why})")

    # ---------------------------------------------------------------------------------------------------- conditions

    def condition(self, node: ast.expr) -> Condition:
        match node:
            case ast.BoolOp(op, parts):
                made = tuple(self.condition(part) for part in parts)
                return All(made) if isinstance(op, ast.And) else Either(made)
            case ast.UnaryOp(ast.Not() | ast.Invert(), part):
                return opposite(self.condition(part))
            case ast.Compare(left, operators, rights):
                pairs = zip([left, *rights[:-1]], operators, rights, strict=True)
                comparisons = tuple(self.comparison(node, *pair) for pair in pairs)
                return comparisons[0] if len(comparisons) == 1 else All(comparisons)
            case ast.Call():
                return self.call(node)
            case ast.Name():
                return Holds(self.column(node))
        raise self.refused(node, f"it is neither true nor false; {_TRANSLATED}")

    def comparison(self, whole: ast.Compare, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Condition:
        if isinstance(sign, ast.Is | ast.IsNot):
            raise self.refused(whole, "write x.isnull() or x.notnull() for None, and == otherwise")
        if any(isinstance(side, ast.Constant) and side.value is None for side in (left, right)):
            raise self.refused(whole, "nothing equals None; write x.isnull() or x.notnull()")
        if isinstance(sign, ast.In | ast.NotIn):
            return self.membership(whole, left, right, negate=isinstance(sign, ast.NotIn))
        operator = _COMPARISONS[type(sign)]
        if isinstance(left, ast.List | ast.Tuple):
            left, right = right, left
        if isinstance(right, ast.List | ast.Tuple):
            if operator not in ("==", "!="):
                raise self.refused(whole, "a list goes with ==, !=, in and not in")
            return self.membership(whole, left, right, negate=operator == "!=")
        if truth := self.truth(left, operator, right):
            return truth
        return self.of_terms(self.term(left), operator, self.term(right), whole)

    def truth(self, left: ast.expr, operator: Operator, right: ast.expr) -> Condition | None:
        """``(x > 1) == True``: the condition, or its opposite; None for any other comparison."""
        conditions = (ast.BoolOp, ast.Compare)
        for part, value in ((left, right), (right, left)):
            is_condition = isinstance(part, conditions) or (isinstance(part, ast.Call) and self.is_question(part))
            if is_condition and isinstance(value, ast.Constant) and isinstance(value.value, bool) and operator in ("==", "!="):
                made = self.condition(part)
                return made if value.value == (operator == "==") else opposite(made)
        return None

    def of_terms(self, left: Term, operator: Operator, right: Term, whole: ast.expr) -> Condition:
        if left == right and isinstance(left, Named) and operator in ("==", "!="):
            return Nothing(left, negate=operator == "==")
        try:
            made = compared(left, operator, right)
        except InvalidCondition as error:
            raise self.refused(whole, str(error)) from None
        if isinstance(made.left, Named) and isinstance(made.right, Value) and operator in ("==", "!="):
            return Among(made.left, (made.right,), negate=operator == "!=", apart=True)
        return made

    def membership(self, whole: ast.expr, left: ast.expr, right: ast.expr, *, negate: bool) -> Condition:
        if isinstance(right, ast.Constant) and isinstance(right.value, str):
            right = ast.List([right])  # as pandas does: no search in the text
        if not isinstance(right, ast.List | ast.Tuple):
            raise self.refused(
                whole, "in needs a list of values, as in x in [1, 2]; a part of a text is found by x.str.contains()"
            )
        column = self.term(left)
        if not isinstance(column, Named):
            raise self.refused(whole, "before in stands a column")
        return Among(column, self.values(right.elts), negate=negate, apart=True)

    def values(self, nodes: list[ast.expr]) -> tuple[Value, ...]:
        made = []
        for node in nodes:
            if isinstance(node, ast.Constant) and node.value is None:
                raise self.refused(node, "None is no value of a list; add: or x.isnull()")
            term = self.term(node)
            if not isinstance(term, Value):
                raise self.refused(node, "a list holds values only; compare columns one by one, joined with or")
            made.append(term)
        return tuple(made)

    # --------------------------------------------------------------------------------------------------------- calls

    def is_question(self, node: ast.Call) -> bool:
        return isinstance(node.func, ast.Attribute) and node.func.attr in (*_NULL_METHODS, "isin", "between", *_TEXT_METHODS)

    def call(self, node: ast.Call) -> Condition:
        """A method that is true or false for each row."""
        match node.func:
            case ast.Attribute(ast.Attribute(owner, "str"), name) if name in _TEXT_METHODS:
                return self.search(node, self.owner(owner), name)
            case ast.Attribute(owner, name) if name in _NULL_METHODS and not node.args and not node.keywords:
                return Nothing(self.owner(owner), negate=_NULL_METHODS[name])
            case ast.Attribute(owner, "isin") if len(node.args) == 1 and isinstance(node.args[0], ast.List | ast.Tuple):
                if not node.keywords:
                    return Among(self.owner(owner), self.values(node.args[0].elts), apart=True)
            case ast.Attribute(owner, "between"):
                return self.between(node, self.term(owner))
        raise self.refused(node, f"functions are not; {_TRANSLATED}")

    def owner(self, node: ast.expr) -> Named:
        term = self.term(node)
        if not isinstance(term, Named):
            raise self.refused(node, "a method is called on a column")
        return term

    def options(self, node: ast.Call, names: tuple[str, ...], given: int) -> dict[str, object]:
        """The arguments by name: the first ``given`` by place or name, the rest by name only."""
        found: dict[str, object] = {}
        if len(node.args) > given:
            raise self.refused(node, f"write {names[given]} with its name" if given < len(names) else "it has too many arguments")
        for name, value in [*zip(names, node.args, strict=False), *((item.arg or "**", item.value) for item in node.keywords)]:
            if name not in names or name in found:
                raise self.refused(node, f"its argument {name} is not translated")
            found[name] = value.value if name not in names[:given] and isinstance(value, ast.Constant) else value
        if any(name not in found for name in names[:given]):
            raise self.refused(node, f"{' and '.join(names[:given])} must be given")
        return found

    def between(self, node: ast.Call, column: Term) -> Condition:
        options = self.options(node, ("left", "right", "inclusive"), 2)
        signs = _INCLUSIVE.get(str(options.get("inclusive", "both")))
        if signs is None:
            raise self.refused(node, f"inclusive is one of {', '.join(_INCLUSIVE)}")
        bounds = [self.term(side) for side in (options["left"], options["right"]) if isinstance(side, ast.expr)]
        return All(tuple(self.of_terms(column, sign, bound, node) for sign, bound in zip(signs, bounds, strict=True)))

    def search(self, node: ast.Call, column: Named, name: str) -> Condition:
        """``.str.contains("…")`` and its like."""
        known = {"contains": ("pat", "case", "na", "regex"), "startswith": ("pat", "na"), "endswith": ("pat", "na")}
        options = self.options(node, known.get(name, ("pat", "case", "na")), 1)
        text = options["pat"]
        if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
            raise self.refused(node, "it needs a text in quotes")
        if options.get("na", False) not in (False, None):
            raise self.refused(node, "na is False: rows without a value are chosen by: or x.isnull()")
        if not isinstance(options.get("case", True), bool) or not isinstance(options.get("regex", True), bool):
            raise self.refused(node, "case and regex are True or False")
        plain: dict[str, Literal["starts", "ends", "contains"]] = {
            "startswith": "starts",
            "endswith": "ends",
            "contains": "contains",
        }
        if name in ("startswith", "endswith") or (options.get("regex", True) is False and options.get("case", True)):
            return Fits(column, plain[name], text.value)
        pattern = re.escape(text.value) if options.get("regex", True) is False else text.value
        pattern = {"match": rf"\A(?:{pattern})", "fullmatch": rf"\A(?:{pattern})\Z"}.get(name, pattern)
        try:
            re2 = regex.to_re2(pattern if options.get("case", True) else f"(?i:{pattern})")
        except ValueError as error:
            raise self.refused(node, str(error)) from None
        return Fits(column, "pattern", re2, said=text.value)

    # --------------------------------------------------------------------------------------------------------- terms

    def term(self, node: ast.expr) -> Term:
        match node:
            case ast.Name(name):
                return Value(math.inf) if name in ("inf", "Inf") else self.column(node)
            case ast.Constant(value) if isinstance(value, str | int | float):
                return Value(value)
            case ast.UnaryOp(ast.UAdd() | ast.USub(), part):
                inner = self.term(part)
                plain = isinstance(node.op, ast.UAdd) and not isinstance(inner, Value)
                return inner if plain else self.calculated(node, "+" if isinstance(node.op, ast.UAdd) else "-", Value(0), inner)
            case ast.BinOp(left, sign, right) if type(sign) in _SIGNS:
                return self.calculated(node, _SIGNS[type(sign)], self.term(left), self.term(right))
            case ast.Call() | ast.Attribute():
                return self.measure(node) or self.moment(node)
        reasons: dict[type[ast.expr], str] = {
            ast.Subscript: "rows are chosen by their values, not by their place",
            ast.Compare: "a condition is compared with True or False only",
            ast.BoolOp: "a condition is compared with True or False only",
        }
        raise self.refused(node, reasons.get(type(node), _TRANSLATED))

    def calculated(self, node: ast.expr, sign: Sign, left: Term, right: Term) -> Term:
        try:
            return calculation(sign, left, right)
        except InvalidCondition as error:
            raise self.refused(node, str(error)) from None

    def column(self, node: ast.Name) -> Named:
        if node.id in self.quoted:
            return Named(self.quoted[node.id])
        if node.id.startswith(_VARIABLE):
            raise self.refused(node, "there are no variables; write the value itself")
        if node.id == "index":
            raise self.refused(
                node, "rows are chosen by their values, not by their place; a column of that name is written `index`"
            )
        return Named(node.id)

    def measure(self, node: ast.expr) -> Measure | None:
        """``x.str.len()`` and ``x.dt.year``; None for anything else."""
        match node:
            case ast.Call(ast.Attribute(ast.Attribute(owner, "str"), "len"), [], []):
                return Measure(self.owner(owner).name)
            case ast.Attribute(ast.Attribute(owner, "dt"), name) if name in _DATE_PARTS:
                return Measure(self.owner(owner).name, _DATE_PARTS[name])
        return None

    def moment(self, node: ast.Call | ast.Attribute) -> Value:
        """``datetime.date(2024, 3, 31)``, ``datetime.datetime(…)`` and ``Timestamp("…")``, which are values."""
        if isinstance(node, ast.Attribute):
            raise self.refused(node, f"a column whose name has a dot is written in backticks, as in `a.b`; {_TRANSLATED}")
        name = ast.unparse(node.func).replace(_VARIABLE, "")
        numbers = [part.value if isinstance(part, ast.Constant) else None for part in node.args]
        utc = [ast.unparse(item.value) for item in node.keywords if item.arg == "tzinfo"]
        try:
            if name in ("Timestamp", "pd.Timestamp", "pd.to_datetime") and not node.keywords and len(numbers) == 1:
                return Value(dt.datetime.fromisoformat(str(numbers[0])).isoformat(), moment=True)
            whole = [number for number in numbers if isinstance(number, int)]
            if len(whole) == len(numbers) and name == "datetime.date" and not node.keywords:
                return Value(dt.date(*whole).isoformat(), moment=True)
            known = len(node.keywords) == len(utc) and all(zone in ("datetime.timezone.utc", "datetime.UTC") for zone in utc)
            if len(whole) == len(numbers) and name in ("datetime.datetime", "datetime") and known:
                moment = dt.datetime(*whole)  # type: ignore[arg-type]
                return Value(moment.replace(tzinfo=dt.UTC if utc else None).isoformat(), moment=True)
        except (TypeError, ValueError) as error:
            raise self.refused(node, f"it is no date: {error}") from None
        raise self.refused(node, f"functions are not; {_TRANSLATED}")


def _pieces(line: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces, each with whether it is a name in backticks; backticks within quotes are text. As pandas splits it."""
    pattern = re.compile(r"""`((?:[^`]|``)*)`|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^`"']+|.)""", re.DOTALL)
    for match in pattern.finditer(line):
        yield (True, match[1].replace("``", "`")) if match[1] is not None else (False, match[2])
