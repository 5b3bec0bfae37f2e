"""The only place where text of a user (names, values of a suite) becomes SQL.

Takes names, Python values and columns; gives SQL text for DuckDB. Knows nothing of expectations.
"""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import math
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the worker imports this module, and must start without the model and what that imports
    from dq_engine.model import Column, Kind

NUMERIC: frozenset[Kind] = frozenset({"integer", "decimal", "float"})
TEMPORAL: frozenset[Kind] = frozenset({"date", "timestamp", "timestamptz"})

MOST_DIGITS = 38
"""Digits of DuckDB's widest decimal."""
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
Value = str | int | float | bool | None


class Incomparable(ValueError):
    """A value cannot be compared with the values of a column, because of its type."""


def ident(name: str) -> str:
    """The SQL identifier that means exactly ``name``."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """The SQL string literal for ``value``. NUL characters, which SQL text cannot hold, are spelled with chr(0)."""
    pieces = ["'" + piece.replace("'", "''") + "'" for piece in value.split("\0")]
    return pieces[0] if len(pieces) == 1 else "(" + " || chr(0) || ".join(pieces) + ")"


_PIECES = re.compile(r"""'(?:[^']|'')*'|("(?:[^"]|"")+")|(\bSELECT\b)""")


def read_by(expression: str) -> frozenset[str] | None:
    """The quoted identifiers in an expression of ours, each with its quotes; None if there is a query in it."""
    pieces = list(_PIECES.finditer(expression))
    return None if any(piece[2] for piece in pieces) else frozenset(piece[1] for piece in pieces if piece[1])


def number(value: int | float) -> str:
    """The SQL literal for a number. Decimals keep their decimal spelling: 1.1 is the decimal 1.1, not the nearest double."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value) if value >= 0 else f"({value})"
    if math.isnan(value):
        return "'NaN'::DOUBLE"
    if math.isinf(value):
        return "'Infinity'::DOUBLE" if value > 0 else "'-Infinity'::DOUBLE"
    return repr(value) if value >= 0 else f"({value!r})"


def exact(value: int | float, column: Column) -> str:
    """The literal of a number to be compared with those of a column: written out, as one with an exponent is a double to DuckDB.

    It is a double beside doubles, and where no decimal has room for both the number and those of the column.
    """
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return number(value)
    if abs(value) > sys.float_info.max:
        return number(math.inf if value > 0 else -math.inf)
    written = format(decimal.Decimal(repr(value)), "f")
    whole, _, part = written.lstrip("-").partition(".")
    width, scale = map(int, found.groups()) if (found := _DECIMAL.fullmatch(column.type)) else (0, 0)
    if max(len(whole), width - scale) + max(len(part), scale) > MOST_DIGITS:
        return number(float(value))
    if column.kind == "float":
        return number(value)
    return written if value >= 0 else f"({written})"


def typed(value: Value, column: Column) -> str:
    """The literal of ``value``, read as the type of ``column`` (dates and times from ISO 8601 text; without zone means UTC).

    Raises :class:`Incomparable` where no value of that type can equal it.
    """
    kind = column.kind
    if value is None:
        raise Incomparable("null is not a value")
    if kind == "null":
        return "NULL"
    if kind in NUMERIC and isinstance(value, int | float):
        return exact(value, column)
    if kind == "boolean" and value in (0, 1) and not isinstance(value, str):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str) and kind in (*TEMPORAL, "time", "text", "other"):
        return _from_text(value, column)
    raise Incomparable(f"{spoken(value)} cannot be compared with a column of type {column.type}")


def _from_text(value: str, column: Column) -> str:
    if column.kind in TEMPORAL:
        return _moment(value, column.kind)
    if column.kind == "time":
        return _time(value)
    return text(value) if column.kind == "text" else f"TRY_CAST({text(value)} AS {column.type})"


def family(column: Column) -> str:
    """Columns of one family can be compared with each other."""
    if column.kind in NUMERIC or column.kind == "boolean":
        return "number"
    return "moment" if column.kind in TEMPORAL else f"{column.kind} {column.type if column.kind == 'other' else ''}"


def operand(column: Column) -> str:
    """A column as it is compared: yes and no as 1 and 0; a column without any value as NULL."""
    if column.kind == "null":
        return "NULL"
    return f"CAST({column.sql} AS TINYINT)" if column.kind == "boolean" else column.sql


def orderable(value: Value, column: Column) -> str:
    """The literal of a bound for ``column``: as :func:`typed`, and numbers may also be written as text ("5")."""
    if column.kind == "null":
        return "NULL"
    if column.kind in NUMERIC and isinstance(value, str):
        return number(as_number(value))
    if column.kind == "boolean" and isinstance(value, int | float):
        return number(value)
    if column.kind in ("text", "other", "nested"):
        raise Incomparable(f"a column of type {column.type} cannot be compared with the bound {spoken(value)}")
    return typed(value, column)


def as_number(value: str) -> int | float:
    """The number that a text spells. Raises :class:`Incomparable` if it spells none, or none that is finite."""
    try:
        spelled = int(value) if re.fullmatch(r"\s*[+-]?\d+\s*", value) else float(value)
        finite = math.isfinite(spelled)
    except (ValueError, OverflowError):  # a whole number that no double can be near to
        spelled, finite = math.nan, False
    if not finite:
        raise Incomparable(f"{spoken(value)} is not a number")
    return spelled


def spoken(value: object) -> str:
    """A value of a suite as it reads in a message: text in quotes, at most 60 characters."""
    if isinstance(value, str):
        shown = repr(value)
    elif value is None or isinstance(value, bool):
        shown = {True: "true", False: "false", None: "null"}[value]
    else:
        shown = str(value)
    return shown if len(shown) <= 60 else shown[:57] + "…'"


def all_of(*predicates: str | None) -> str | None:
    """The conjunction of the predicates that are given; None if none is."""
    given = [predicate for predicate in predicates if predicate]
    if not given:
        return None
    return given[0] if len(given) == 1 else " AND ".join(f"({predicate})" for predicate in given)


def in_list(expression: str, literals: list[str], *, negate: bool = False) -> str:
    """``expression [NOT] IN (literals)``; for no literal at all, what that means for a value that is not NULL."""
    if not literals:
        return f"{expression} IS NOT NULL" if negate else f"{expression} IS NULL AND FALSE"
    return f"{expression} {'NOT IN' if negate else 'IN'} ({', '.join(literals)})"


def as_text(column: Column) -> str:
    """The text of a column's value, as GX's ``str(value)`` gives it."""
    return column.sql if column.kind == "text" else f"CAST({column.sql} AS VARCHAR)"


def as_json(expression: str, kind: Kind) -> str:
    """A value for JSON: dates and times as ISO 8601 text, anything else as it is."""
    if kind not in ("timestamp", "timestamptz"):
        return expression
    text_of = f"replace(CAST({expression} AS VARCHAR), ' ', 'T')"
    return text_of if kind == "timestamp" else f"{text_of} || ':00'"


def masked(expression: str, likely: Sequence[str] = (), limit: int = 40) -> str:
    """The shape of a text: letters become ``A`` or ``a``, digits ``9``; what follows ``limit`` characters is left out.

    ``likely`` are shapes that many of the texts have. They change no answer: a text that matches one of them has that shape, and
    to find that out costs a tenth of working the shape out, letter by letter.
    """
    shape = f"substr({expression}, 1, {limit})"
    for pattern, mask in (
        (r"[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]", "a"),
        (r"[\p{Lu}\p{Lt}]", "A"),
        (r"\p{N}", "9"),
        (r"\p{C}", "?"),
    ):
        shape = f"regexp_replace({shape}, '{pattern}', '{mask}', 'g')"
    shape = f"{shape} || CASE WHEN length({expression}) > {limit} THEN '…' ELSE '' END"
    patterns = {one: pattern for one in likely if len(one) <= limit and (pattern := _pattern(one))}
    known = [f"WHEN regexp_full_match({expression}, '{pattern}') THEN {text(one)}" for one, pattern in patterns.items()]
    return f"CASE {' '.join(known)} ELSE {shape} END" if known else shape


def _pattern(shape: str) -> str:
    """A pattern (RE2) of ASCII texts, all of that shape; "" if there is none."""
    classes = {"a": "[a-z]", "A": "[A-Z]", "9": "[0-9]"}
    if not (shape.isascii() and shape.isprintable()) or any(letter.isalnum() and letter not in classes for letter in shape):
        return ""
    runs = ((classes.get(letter, f"\\x{{{ord(letter):x}}}"), len(list(run))) for letter, run in itertools.groupby(shape))
    return "".join(one if length == 1 else f"{one}{{{length}}}" for one, length in runs)


def _moment(value: str, kind: Kind) -> str:
    found = moment(value)
    if found is None:
        raise Incomparable(f"{spoken(value)} is not an ISO 8601 date or time")
    if kind == "timestamptz":
        return f"TIMESTAMPTZ '{found.isoformat(sep=' ')}+00'"
    if kind == "date" and found.time() == dt.time.min:
        return f"DATE '{found.date().isoformat()}'"
    return f"TIMESTAMP '{found.isoformat(sep=' ')}'"


def moment(value: str) -> dt.datetime | None:
    """The moment that a date or time of ISO 8601 names, in UTC without zone; None for any other text."""
    try:
        found = dt.datetime.fromisoformat(value.strip())
        return found if found.tzinfo is None else found.astimezone(dt.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _time(value: str) -> str:
    try:
        return f"TIME '{dt.time.fromisoformat(value.strip()).isoformat()}'"
    except ValueError:
        raise Incomparable(f"{spoken(value)} is not an ISO 8601 time") from None
