"""Texts of suites -> broken and odd ones: by bytes, by the structure of their JSON, by their meaning. Pure; chance is an argument."""

from __future__ import annotations

import copy
import json
import re
import typing
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import msgspec

from dq_engine.catalog import CATALOG
from dq_engine.coercion import options
from dq_engine.suite import ENTRY_KEYS, RUN_OPTIONS, SUITE_KEYS, arguments_of

Path = tuple[Any, ...]

NUMBERS = (
    *(b"0", b"-0", b"-1", b"00012", b"0x10", b".5", b"5.", b"1e5", b"1E+400", b"-1e999", b"1e-400", b"0.1", b"1.0", b"1.5"),
    *(b"9007199254740993", b"9223372036854775808", b"-9223372036854775809", b"18446744073709551616", b"1" + b"0" * 38),
    *(
        b"9" * 400,
        b"9" * 5000,
        b"0." + b"3" * 2000,
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"nan",
        b"1_000",
        b"1,5",
        b"true",
        b"null",
    ),
)
PIECES = (
    *(b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\\ud800"),
    *(
        b"\\u0000",
        b"\\uD83D\\uDE00",
        b"\\x41",
        b"\\",
        b'"',
        b"'",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"//x\n",
        b"/*",
        b"\x1b[31m",
    ),
    *(b"\r\n", b"\x0b", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xe2\x80\xae", b" " * 3000, b"$PARAMETER", b"<script>", b"\x7f", b"\t"),
)
TEXTS = (
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "\udfff\ud800",
        "\u202e",
        "\x1b[2J",
        "a" * 5000,
        "é",
        "e\u0301",
        "😀",
        "NULL",
        "null",
        "None",
        "nan",
    ),
    *(
        "inf",
        "-Infinity",
        "true",
        "no",
        "0",
        "1",
        "-1",
        "1.0",
        "1e3",
        "1e999",
        "٣",
        "１",
        "0x10",
        "1_000",
        "9" * 400,
        "' OR '1'='1",
    ),
    *('"; DROP TABLE x; --', "read_csv('/etc/passwd')", "$x", "{x}", "%s", "\\", "a.b", "2024-02-30", "2024-03-31", "0000-00-00"),
    *("9999-12-31T23:59:59.999999", "2024-03-31T12:00:00+25:00", "20240331", "2024-W01", "24:00", "12:60", "now", "1970-01-01"),
    *("-5000-01-01", "2024/25", "2024-13", "99999-01-01", "infinity", "epoch", "P1D", "<b>", "[a](b)", "a|b", "\n", "a\nb", "\t"),
)
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        10**18,
        2**63,
        -(2**64),
        10**38,
        10**400,
        0.5,
        -0.0,
        1e308,
        5e-324,
        float("inf"),
        -float("inf"),
    ),
    *([], {}, [None], [[]], [1, "1", 1.0, True], ["a", "a"], {"$PARAMETER": "x"}, {"$PARAMETER": 3}, {"": None}, *TEXTS),
)
NAMES = (
    "no_such_column",
    "N_INT",
    'we "ird',
    "sel ect",
    "a.b",
    "Case",
    "case",
    "CASE",
    "it's",
    "",
    " ",
    "*",
    "dq_row",
    "filename",
    "\ud800",
    "a\0b",
)
"""Names of columns: of none, and of some of :mod:`tests.robust.suites_tables`, in one spelling or another."""
PATTERNS = (
    *(
        "",
        "^",
        "$",
        ".*",
        "^$",
        "(a+)+$",
        "(a|a)*b",
        "(.*)*x",
        "([a-z]+)*1",
        "(?=a)",
        "(?<!a)b",
        r"(a)\1",
        "(?P<n>a)(?P=n)",
        "[",
        "(",
        "a{",
    ),
    *(
        "a{1000}",
        "a{1001}",
        "(a{999}){999}",
        "a{0,65536}",
        "(" * 50 + ")" * 50,
        "(" * 3000,
        r"\d+",
        r"\w",
        r"\b",
        r"\B",
        r"\Z",
        r"\p{L}",
    ),
    *(
        "(?i)ß",
        "(?i)k",
        "[[:alpha:]]",
        "[^\\W\\d]",
        "(?s).",
        "(?x) a # b",
        "(?a)\\w",
        "(?i:ſ)",
        "\\x00",
        "\\u0130",
        "[\ud800-\udfff]",
    ),
    *(
        "\x00",
        "a|",
        "|",
        "(?#c)",
        "a*+",
        "(?>a)",
        "(?(1)a|b)",
        "\\",
        "[a-\\d]",
        "[z-a]",
        "(?z)",
        "a**",
        "\U0010ffff",
        "(?i)[À-ÿ]{50}",
    ),
)
LIKES = ("%", "_", "", "%%", "a%", "%a_", "[a-c]%", "[^a]%", "[", "[]", "\\%", "\\", "%\ud800%", "_" * 300, "%a" * 60)
FORMATS = (
    "%Y-%m-%d",
    "%d/%m/%y",
    "%",
    "%%",
    "%Q",
    "",
    "%j",
    "%s",
    "%Z",
    "%Y" * 200,
    "%-d",
    "%C",
    "%G-W%V-%u",
    "\0",
    "%\ud800",
    "%f%f",
    "%c",
)
CONDITIONS: tuple[Any, ...] = (
    *('col("n_int") > 1', 'col("n_int") > 1 and x', 'col("t") == date("2024-01-01")', 'col("t").notnull()', 'col("', "col()"),
    *(
        "n_int > 1",
        "n_int == 1 and not (t == 'a')",
        "1 < n_int <= 3",
        "t in ['a', 'b']",
        "t.str.contains('(a+)+b')",
        "t.isnull()",
    ),
    *("`sel ect` > 1", "n_int ** 2 > 1", "n_int / 0 > 1", "n_int // 2 == 1", "n_int % 0", "@x > 1", "__import__('os')", "t == t"),
    *("not b", "b", "n_int", "d > '2024-01-01'", "d.dt.year > 2000", "t.str.len() > 1", "n_float == n_float", "n_dec > 0.1"),
    *("n_int IS NOT NULL", "t LIKE 'a%' ESCAPE '\\'", "t LIKE '%' OR d > DATE '2024-01-01'", "n_int BETWEEN 1 AND 3", "NOT b"),
    *("n_int IN (SELECT 1)", "1 = 1", "1", "n_int = NULL", 't = "a"', "'a' = t", "CASE WHEN b THEN 1 END = 1", "n_int > 1; DROP"),
    *(
        "(" * 70 + "b" + ")" * 70,
        "not " * 100 + "b",
        " and ".join(["b"] * 1100),
        "b" + " or b" * 120,
        "n_int" + " + 1" * 500 + " > 1",
    ),
    *(
        "n_int > " + "9" * 400,
        "n_int > 1e999",
        "n_float > nan",
        "t > 1",
        "b > 'x'",
        "ts > '2024-13-01'",
        "",
        " ",
        "\0",
        "\ud800",
        "a\nb",
    ),
    {"type": "comparison", "column": {"name": "n_int"}, "operator": ">", "parameter": 1},
    {"type": "comparison", "column": {"name": "t"}, "operator": "IN", "parameter": ["a", "b"]},
    {"type": "comparison", "column": {"name": "n_int"}, "operator": "==", "parameter": [1]},
    {"type": "nullity", "column": {"name": "t"}, "is_null": True},
    {"type": "nullity", "column": {"name": "t"}, "is_null": "no"},
    {"type": "pass_through", "pass_through_filter": "n_int > 1"},
    *({"type": "and", "conditions": []}, {"type": "or"}, {"type": "xor"}, {}, [], 1, {"$PARAMETER": "x"}),
)
PARSERS = ("pandas", "spark", "sqlalchemy", "great_expectations", "great_expectations__experimental__", "polars", "", None, 1)
EXPRESSIONS = (
    *(
        "x",
        "x + 1",
        "now()",
        "now() - timedelta(days=1)",
        "2^3^2",
        "(x",
        "x y",
        "datetime(2024, 1, 1)",
        "1/0",
        "9^9^9^9",
        "PI * E",
    ),
    *(
        "-" * 200 + "x",
        "(" * 60 + "x" + ")" * 60,
        "x" * 1001,
        "sin(1e999)",
        "round(2.5, 1e5)",
        "f(x)",
        "",
        " ",
        "urn:great_expectations:x",
    ),
    *("abs(x=1)", "datetime(0,0,0)", "timedelta(days=1e300)", "exp(1000)", "1", "\ud800", "x.y", "1.2.3", "trunc(now())", "0^-1"),
)
WORDS = (
    "column",
    "column_list",
    "column_A",
    "column_B",
    "column_set",
    "value_set",
    "mostly",
    "min_value",
    "max_value",
    "regex",
    "meta",
)


def by_bytes(text: bytes, chance: Random, donor: bytes = b"") -> bytes:
    """The text with one to four faults that no JSON library would make."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        text = chance.choice(BYTES)(text, chance, donor)
    return text


def _flipped(text: bytes, chance: Random, donor: bytes) -> bytes:
    data = bytearray(text or b"{}")
    for _ in range(chance.choice((1, 1, 2, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _cut(text: bytes, chance: Random, donor: bytes) -> bytes:
    return text[: chance.randrange(len(text) + 1)]


def _without(text: bytes, chance: Random, donor: bytes) -> bytes:
    start, length = chance.randrange(len(text) + 1), chance.choice((1, 2, 10, 100))
    return text[:start] + text[start + length :]


def _twice(text: bytes, chance: Random, donor: bytes) -> bytes:
    start, length = chance.randrange(len(text) + 1), chance.choice((1, 10, 100, 1000))
    return text[: start + length] + text[start:]


def _spliced(text: bytes, chance: Random, donor: bytes) -> bytes:
    start, place = chance.randrange(len(text) + 1), chance.randrange(len(donor) + 1)
    return text[:start] + donor[place : place + chance.choice((20, 200, 5000))] + text[start + chance.choice((0, 20)) :]


def _with_piece(text: bytes, chance: Random, donor: bytes) -> bytes:
    place = chance.choice((0, len(text), chance.randrange(len(text) + 1)))
    return text[:place] + chance.choice(PIECES) + text[place:]


def _replaced(pattern: bytes, made: Callable[[Random, bytes], bytes]) -> Callable[[bytes, Random, bytes], bytes]:
    """A change of one of the places that a pattern finds."""

    def change(text: bytes, chance: Random, donor: bytes) -> bytes:
        found = list(re.finditer(pattern, text))
        if not found:
            return _flipped(text, chance, donor)
        match = chance.choice(found)
        return text[: match.start()] + made(chance, match[0]) + text[match.end() :]

    return change


def _nested(chance: Random, _: bytes) -> bytes:
    depth = chance.choice((10, 100, 400, 990, 5000, 60_000))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"conditions":', b"}]")))
    return opening * depth + b"1" + closing * chance.choice((depth, depth - 1))


VALUE = rb'"(?:[^"\\]|\\.)*"(?=\s*[,}\]])|-?\d[\d.eE+-]*|true|false|null'
BYTES: tuple[Callable[[bytes, Random, bytes], bytes], ...] = (
    *(_flipped, _cut, _without, _twice, _spliced, _with_piece, _with_piece),
    _replaced(rb"-?\d[\d.eE+-]*", lambda chance, _: chance.choice(NUMBERS)),
    _replaced(VALUE, lambda chance, _: chance.choice(NUMBERS)),
    _replaced(VALUE, _nested),
    _replaced(VALUE, lambda chance, _: json.dumps(chance.choice(TEXTS)).encode()),
    _replaced(rb'"[^"]*"\s*:\s*[^,{}\[\]]+,', lambda chance, found: found * chance.choice((2, 2, 500))),
    _replaced(rb'"[^"]*"', lambda chance, found: found.replace(b'"', b"'")),
    _replaced(rb"[,:{}\[\]]", lambda chance, found: chance.choice((b"", b",,", b" ", found * 2, b"]", b"}"))),
    _replaced(rb"\w+", lambda chance, found: chance.choice((found.upper(), found[::-1], found * 50, b"expectations"))),
    lambda text, chance, donor: text.decode("utf-8", "replace").encode(
        chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig"))
    ),
)


# --------------------------------------------------------------------------------------------------------------- structure


def by_structure(raw: Any, chance: Random) -> Any:
    """The JSON value with one to four changes of its shape; it is copied, not changed."""
    holder = {"": copy.deepcopy(raw)}
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        chance.choice(STRUCTURES)(holder, chance)
    return holder[""]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def at(value: Any, path: Path) -> Any:
    """The value at a path."""
    for key in path:
        value = value[key]
    return value


def _place(holder: Any, chance: Random) -> tuple[Any, Any]:
    """What holds a value, and its key there; shallow ones are as likely as deep ones."""
    known = list(places(holder))
    depth = chance.choice(sorted({len(path) for path in known}))
    path = chance.choice([path for path in known if len(path) == depth])
    return at(holder, path[:-1]), path[-1]


def _gone(holder: Any, chance: Random) -> None:
    parent, key = _place(holder, chance)
    if parent is not holder:
        del parent[key]


def _doubled(holder: Any, chance: Random) -> None:
    parent, key = _place(holder, chance)
    if isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[chance.choice((f"{key}_", key.upper(), f" {key}", "expectation_type", "id"))] = copy.deepcopy(parent[key])


def _retyped(holder: Any, chance: Random) -> None:
    parent, key = _place(holder, chance)
    value = parent[key]
    choices: list[Any] = [copy.deepcopy(chance.choice(ODD)), [value], {"": value}, {"type": value}]
    if isinstance(value, bool | int | float):
        choices += [
            str(value),
            -value,
            value * 10**30 if abs(value) < 1e200 else 0,
            float(value) if abs(value) < 1e300 else 1.0,
            bool(value),
        ]
    if isinstance(value, str):
        choices += [
            value * 100,
            value.upper(),
            [value, value],
            list(value),
            len(value),
            value + "\ud800",
            value.encode("utf-16", "replace").decode("latin-1"),
        ]
    if isinstance(value, list):
        choices += [
            value * 2,
            (value or [1]) * (3000 if len(str(value)) < 200 else 1),
            dict(enumerate(map(str, value))),
            value[:1],
            value[::-1],
            [*value, None],
            [*value, value],
        ]
    if isinstance(value, dict):
        choices += [list(value.items()), list(value.values()), {**value, "": 1}, dict(reversed(value.items()))]
    parent[key] = json.loads(json.dumps(chance.choice(choices)))


def _swapped(holder: Any, chance: Random) -> None:
    (first, a), (second, b) = _place(holder, chance), _place(holder, chance)
    one, other = copy.deepcopy(first[a]), copy.deepcopy(second[b])
    first[a] = other
    if isinstance(second, list) or b in second:
        second[b] = one


def _renamed(holder: Any, chance: Random) -> None:
    parent, key = _place(holder, chance)
    if isinstance(parent, dict) and parent is not holder:
        name = chance.choice((*WORDS, *ENTRY_KEYS, *SUITE_KEYS, *RUN_OPTIONS, f"{key}s", str(key)[::-1], chance.choice(TEXTS)))
        parent[name] = parent.pop(key)


def _with_unknown(holder: Any, chance: Random) -> None:
    known = [path for path in [("",), *(places(holder))] if isinstance(at(holder, path), dict)]
    if known:
        name = chance.choice((*WORDS, *ENTRY_KEYS, *SUITE_KEYS, "expectation_type", "ge_cloud_id", "unknown", *TEXTS))
        at(holder, chance.choice(known))[name] = copy.deepcopy(chance.choice(ODD))


def _huge(holder: Any, chance: Random) -> None:
    parent, key = _place(holder, chance)
    count = chance.choice((150, 3000, 20_000)) if len(str(parent[key])) < 2000 else 150
    parent[key] = chance.choice(
        (
            list(range(count)),
            [str(n) for n in range(count)],
            {str(n): n for n in range(count)},
            "x" * count,
            [parent[key]] * min(count, 300),
        )
    )


def _deeper(holder: Any, chance: Random) -> None:
    """A condition, or any other value, within many."""
    known = [path for path in places(holder) if path[-1] == "row_condition"] or list(places(holder))
    path = chance.choice(known)
    value = at(holder, path)
    for _ in range(chance.choice((2, 30, 59, 61, 150))):
        value = {"type": chance.choice(("and", "or")), "conditions": [value]} if path[-1] == "row_condition" else [value]
    at(holder, path[:-1])[path[-1]] = value


STRUCTURES: tuple[Callable[[Any, Random], None], ...] = (
    *(_gone, _gone, _doubled, _retyped, _retyped, _retyped, _swapped, _renamed, _with_unknown, _huge, _deeper),
)


# ----------------------------------------------------------------------------------------------------------------- meaning


def by_meaning(raw: Any, chance: Random, columns: Sequence[str]) -> Any:
    """A suite with one to six changes that leave its shape and may leave it valid; what is no suite is changed by its structure."""
    raw = copy.deepcopy(raw)
    entries = [entry for entry in _list(raw) if isinstance(entry, dict) and isinstance(entry.get("kwargs", {}), dict)]
    if not entries:
        return by_structure(raw, chance)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        entry = chance.choice(entries)
        entry.setdefault("kwargs", {})
        chance.choice(MEANINGS)(raw, entry, chance, columns)
    return raw


def _list(raw: Any) -> list[Any]:
    found = raw.get("expectations") if isinstance(raw, dict) else None
    return found if isinstance(found, list) else []


def _argument(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    """An argument of the type gets a value of a type that it may take, or nearly."""
    cls = CATALOG.get(entry.get("type")) if isinstance(entry.get("type"), str) else None
    if cls is not None:
        hints, fields = arguments_of(cls)
        name = chance.choice(list(fields))
        entry["kwargs"][name] = value_of(name, hints[name], chance, columns)


def value_of(name: str, hint: Any, chance: Random, columns: Sequence[str]) -> Any:
    """A value for an argument of that name and type: often one that it takes."""
    if chance.random() < 0.1:
        return copy.deepcopy(chance.choice(ODD))
    if chance.random() < 0.04:
        return {"$PARAMETER": chance.choice(EXPRESSIONS)}
    if "column" in name and "set" not in name and "list" not in name and name != "column_index":
        return _column(chance, columns)
    named: dict[str, Sequence[Any]] = {
        "regex": PATTERNS,
        "like_pattern": LIKES,
        "strftime_format": FORMATS,
        "row_condition": CONDITIONS,
    }
    for part, choices in named.items():
        if name in (part, f"{part}_list"):
            return (
                [chance.choice(choices) for _ in range(chance.choice((0, 1, 3)))]
                if name.endswith("_list")
                else chance.choice(choices)
            )
    return _of_hint(hint, chance, columns)


def _of_hint(hint: Any, chance: Random, columns: Sequence[str]) -> Any:
    option = chance.choice([option for option, _ in options(hint)])
    origin = typing.get_origin(option) or option
    if origin is typing.Literal:
        return chance.choice(typing.get_args(option))
    if origin in (list, tuple):
        (item, *_) = typing.get_args(option) or (Any,)
        return [_of_hint(item, chance, columns) for _ in range(chance.choice((0, 1, 2, 3, 40)))]
    if origin is dict:
        return {
            _text(chance, columns): _of_hint((typing.get_args(option) or (str, Any))[1], chance, columns)
            for _ in range(chance.choice((0, 1, 3)))
        }
    if origin is bool:
        return chance.choice((True, False, 1, "yes", "off"))
    if origin is int:
        return chance.choice((0, 1, 2, 3, 5, 10, 60, -1, 10**6, 2**31, 2**63, 10**40, "3", 2.0, 2.5))
    if origin is float:
        return chance.choice((0, 1, 0.5, 0.9, 1 - 2**-53, 1e-9, 2, 3.5, 100, -1, 1e18, 1e308, -1e308, "0.5", 10**40, 5e-324))
    if origin is str:
        return _text(chance, columns)
    if isinstance(option, type) and issubclass(option, msgspec.Struct):
        hints, fields = arguments_of(option)
        return {name: _of_hint(hints[name], chance, columns) for name in fields if fields[name].required or chance.random() < 0.5}
    return None if origin is type(None) else copy.deepcopy(chance.choice(ODD))


def _text(chance: Random, columns: Sequence[str]) -> str:
    return chance.choice(
        (
            chance.choice(TEXTS),
            _column(chance, columns),
            chance.choice(("a", "b", "A1", "x", "2024-01-01", "1", "int", "VARCHAR")),
        )
    )


def _column(chance: Random, columns: Sequence[str]) -> str:
    return chance.choice(columns) if columns and chance.random() < 0.85 else chance.choice(NAMES)


def _other_column(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    names = [name for name in entry["kwargs"] if isinstance(name, str) and "column" in name]
    if names:
        name = chance.choice(names)
        several = isinstance(entry["kwargs"][name], list)
        entry["kwargs"][name] = (
            [_column(chance, columns) for _ in range(chance.choice((1, 2, 3)))] if several else _column(chance, columns)
        )


def _other_type(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    """The arguments of one type in another, which takes as many of them as others do."""
    known = set(entry["kwargs"])
    types = chance.sample(list(CATALOG), 8)
    entry["type"] = max(types, key=lambda name: len(known & set(CATALOG[name].__struct_fields__)))


def _example(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    """An example of the catalogue, with columns that are there."""
    cls = chance.choice(list(CATALOG.values()))
    if cls.examples:
        kwargs = copy.deepcopy(chance.choice(cls.examples).arguments)
        for name, value in kwargs.items():
            if "column" in name and isinstance(value, str):
                kwargs[name] = _column(chance, columns)
        entry |= {"type": cls.name, "kwargs": kwargs}


def _bound(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    name = chance.choice(("min_value", "max_value", "mostly", "strict_min", "value", "parse_strings_as_datetimes", "or_equal"))
    entry["kwargs"][name] = copy.deepcopy(chance.choice((chance.choice(ODD), 0, 1, 5, "2024-01-01", 0.5)))


def _conditional(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    made = copy.deepcopy(chance.choice(CONDITIONS))
    if isinstance(made, str) and columns and chance.random() < 0.5:
        made = re.sub(
            r"\b(n_int|t|d)\b", lambda match: f"`{chance.choice(columns)}`" if chance.random() < 0.3 else match[0], made
        )
    if isinstance(made, dict) and chance.random() < 0.5:
        others = [other for other in CONDITIONS if isinstance(other, dict)]
        made = {"type": chance.choice(("and", "or")), "conditions": [made, copy.deepcopy(chance.choice(others))]}
    entry["kwargs"]["row_condition"] = made
    if chance.random() < 0.6:
        entry["kwargs"]["condition_parser"] = chance.choice(PARSERS)


def _parameter(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    if entry["kwargs"]:
        name, text = chance.choice(list(entry["kwargs"])), chance.choice(EXPRESSIONS)
        own = {f"$PARAMETER.{text}": entry["kwargs"][name]} if chance.random() < 0.3 else {}
        entry["kwargs"][name] = {"$PARAMETER": text, **own}


def _values(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    name = chance.choice([name for name in entry["kwargs"] if "set" in name] or ["value_set"])
    members = [copy.deepcopy(chance.choice(ODD)) for _ in range(chance.choice((0, 1, 3, 10)))]
    entry["kwargs"][name] = chance.choice(
        (members, ["a", "b", *members], list(range(chance.choice((3, 2000)))), [members], dict.fromkeys("ab", 1))
    )


def _feed(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    """What ``meta.dq`` of the suite says."""
    meta = raw.setdefault("meta", {}) if isinstance(raw.get("meta", {}), dict) else {}
    own = meta.setdefault("dq", {}) if isinstance(meta.get("dq", {}), dict) else {}
    listed = own.setdefault("columns", {}) if isinstance(own.get("columns", {}), dict) else {}
    codes = [copy.deepcopy(chance.choice((*ODD[3:16], "a", "9", 9, 1.5))) for _ in range(chance.choice((1, 2, 50)))]
    field = {
        chance.choice(("default_codes", "other_codes")): codes,
        "type": chance.choice(("text", "integer", "date", "decimal", "float", "boolean", "timestamp", "varchar")),
        "sensitivity": chance.choice(("public", "sensitive", "identifying", "secret")),
        "tolerance": chance.choice((0, 0.5, 1, 2, "0.1")),
        "item": chance.choice(("current", "experimental", None, 1)),
    }
    kept = chance.sample(list(field), chance.choice((1, 2, 3)))
    settings: tuple[Callable[[], Any], ...] = (
        lambda: own.update(organisation_column=_column(chance, columns)),
        lambda: own.update(period_column=_column(chance, columns)),
        lambda: own.update(register={name: _column(chance, columns) for name in ("code", "parent", "region", "kind")}),
        lambda: listed.update({_column(chance, columns): {name: field[name] for name in kept}}),
        lambda: own.update(
            {chance.choice(("feed", "title", "owner", "level", "source", "purpose")): chance.choice((*TEXTS, "pcgt", "targets"))}
        ),
    )
    for _ in range(chance.choice((1, 2))):
        chance.choice(settings)()


def _about(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    """What is said of an expectation beside its arguments."""
    choices: dict[str, Sequence[Any]] = {
        "severity": ("critical", "warning", "info", "fatal", None, 1),
        "id": (*TEXTS, "1", "same"),
        "description": (*TEXTS, "It is so."),
        "notes": (*TEXTS, ["a", "b"], [1], {}),
        "meta": (
            {"dq": {"rule": "same"}},
            {"dq": {"weight": chance.choice((0, -1, 1e308, float("inf"), "2"))}},
            {"x": float("inf")},
            {"dq": []},
        ),
    }
    name = chance.choice(list(choices))
    entry[name] = copy.deepcopy(chance.choice(choices[name]))


def _again(raw: Any, entry: Any, chance: Random, columns: Sequence[str]) -> None:
    raw["expectations"] += [copy.deepcopy(entry) | {"id": f"again{n}"} for n in range(chance.choice((1, 2, 12)))]


MEANINGS: tuple[Callable[[Any, Any, Random, Sequence[str]], None], ...] = (
    *(_argument, _argument, _argument, _other_column, _other_column, _other_type, _example, _bound, _conditional),
    *(_parameter, _values, _feed, _about, _again),
)
