"""Tables that Hypothesis draws: what makes engines disagree, in few rows. Each is seen by the engine as Parquet, by GX as a DataFrame."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

Kind = Literal["integer", "float", "text", "boolean", "date", "timestamp", "timestamptz", "decimal", "wide"]
KINDS: tuple[Kind, ...] = ("integer", "float", "text", "boolean", "date", "timestamp", "timestamptz", "decimal", "wide")
NUMBERS: tuple[Kind, ...] = ("integer", "float", "decimal", "wide")
MOMENTS: tuple[Kind, ...] = ("date", "timestamp", "timestamptz")
DECIMALS: tuple[Kind, ...] = ("decimal", "wide")
ARROW = {
    "integer": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "decimal": pa.decimal128(10, 2),
    "wide": pa.decimal128(38, 10),
}
MOST_ROWS = 12


def is_null(value: Any) -> bool:
    """NULL as Great Expectations' pandas engine sees it: NaN too."""
    return value is None or (isinstance(value, float) and math.isnan(value))


@dataclass(frozen=True)
class Column:
    """A column: its name, its kind, and its values as Python has them."""

    name: str
    kind: Kind
    values: tuple[Any, ...]

    @property
    def present(self) -> list[Any]:
        return [value for value in self.values if not is_null(value)]

    @property
    def nulls(self) -> int:
        return sum(map(is_null, self.values))


@dataclass(frozen=True)
class Table:
    """A table of one to six columns."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def rows(self) -> int:
        return len(self.columns[0].values)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def has(self, name: Any) -> bool:
        return name in self.names

    def arrow(self) -> pa.Table:
        arrays = [pa.array(column.values, type=ARROW[column.kind], from_pandas=False) for column in self.columns]
        return pa.Table.from_arrays(arrays, names=self.names)

    def frame(self) -> pd.DataFrame:
        """What ``pandas.read_parquet`` makes of the table."""
        return self.arrow().to_pandas()

    def picked(self, rows: list[int]) -> Table:
        """The table with these of its rows."""
        return Table(tuple(Column(c.name, c.kind, tuple(c.values[row] for row in rows)) for c in self.columns))


def as_json(value: Any) -> Any:
    """The value as a suite would write it; Parquet's infinities have no spelling there, and become large numbers."""
    if isinstance(value, float) and math.isinf(value):
        return math.copysign(1e300, value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep="T")
    return value.isoformat() if isinstance(value, dt.date) else value


# ------------------------------------------------------------------------------------------------------------ values

SMALL = (0, 1, 2, 3, 4, 5, 7, 9, 10, 12, -1, -2, 100)
EXTREME = (2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**62, 2**31, 10**15)
FLOATS = (0.0, -0.0, 1.0, 1.5, 2.0, 2.5, 0.1, 0.2, 0.3, 0.1 + 0.2, -1.0, -2.5, 10.0, 100.0, 1 / 3, 1e15)
WILD_FLOATS = (math.inf, -math.inf, math.nan, 5e-324, 1e-300, 1e308, -1e308, 1.7976931348623157e308, 2.0**53)
WORDS = (
    "a",
    "b",
    "A",
    "ab",
    "aB",
    "abc",
    "b1",
    "A81001",
    "x y",
    "1",
    "2",
    "10",
    "1.0",
    "-5",
    "007",
    "+1",
    "1e3",
    "true",
    "None",
    "nan",
)
ODD_WORDS = (
    "",
    " ",
    "a ",
    " a",
    "a\n",
    "\n",
    "a\nb",
    "\t",
    "é",
    "e\u0301",
    "ß",
    "ẞ",
    "İ",
    "日本",
    "٣",
    "𝒳",
    "😀",
    "👩‍⚕️",
    "a%b",
    "a_b",
    "50%",
    "\\",
    "a'b",
    'a"b',
    "\u00a0",
    "\ufeffa",
    "\u200b",
)
TEXT_DATES = (
    "2024-01-31",
    "2024-02-30",
    "2024-1-5",
    "31/01/2024",
    "2024-01-31T10:20:30",
    "2024-01-31 10:20",
    "Jan 5",
    "Jan 5 2024",
    "20240131",
    "10:20",
    "2024-01-31T10:20:30+01:00",
    "2024-01-31T00:00:00Z",
    "Monday",
)
ISO_DATES = ("2024-01-31", "2024-02-29", "2023-12-01", "1999-1-5")
OBJECTS = ("{}", '{"a": 1}', '{"a": "x"}', '{"a": null}', '{"a": 1, "b": 2}', '{"a": 1} ')
TEXT_JSON = (
    *OBJECTS,
    "[]",
    "[1, 2]",
    "null",
    "NaN",
    '"x"',
    "3",
    "2.5",
    "true",
    "{'a': 1}",
    "[1,]",
    "1 2",
    '"\\u00e9"',
    '{"a": 1, "a": "x"}',
)
DATES = (
    dt.date(2024, 1, 31),
    dt.date(2024, 2, 29),
    dt.date(2024, 3, 1),
    dt.date(1970, 1, 1),
    dt.date(1899, 12, 31),
    dt.date(1900, 1, 1),
    dt.date(2024, 1, 30),
    dt.date(2024, 12, 31),
    dt.date(2199, 12, 31),
)
TIMES = (dt.time(0, 0), dt.time(0, 0), dt.time(10, 20, 30), dt.time(23, 59, 59, 999999), dt.time(0, 0, 0, 1), dt.time(12, 0))
CENTS = ("0.00", "0.10", "0.20", "0.30", "1.00", "1.10", "1.50", "2.00", "-1.10", "10.00", "99999999.99", "-99999999.99", "0.01")
TENTHS = ("0", "0.1", "0.2", "0.3", "1", "1.1", "2", "-1.1", "0.0000000001", "0.3333333333", "100", "12345.6789")
WIDEST = (
    "12345678901234567890.1234567891",
    "9999999999999999999999999999.9999999999",
    "-9999999999999999999999999999.9999999999",
    "9007199254740993",
)

_letters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_moments = st.builds(dt.datetime.combine, st.sampled_from(DATES), st.sampled_from(TIMES))


def values(kind: Kind) -> st.SearchStrategy[Any]:
    """Values of a kind, none of them NULL; ordinary ones most of the time."""
    match kind:
        case "integer":
            return _mostly(st.sampled_from(SMALL), st.sampled_from(EXTREME))
        case "float":
            return _mostly(st.sampled_from(FLOATS), st.sampled_from(WILD_FLOATS))
        case "text":
            return st.one_of(
                st.sampled_from(WORDS),
                st.sampled_from(ODD_WORDS),
                st.sampled_from(TEXT_DATES),
                st.sampled_from(TEXT_JSON),
                st.text(_letters, max_size=4),
            )
        case "boolean":
            return st.booleans()
        case "date":
            return st.sampled_from(DATES)
        case "timestamp":
            return _moments
        case "timestamptz":
            return _moments.map(lambda moment: moment.replace(tzinfo=dt.UTC))
        case "decimal":
            return st.sampled_from(CENTS).map(Decimal)
        case "wide":
            return _mostly(st.sampled_from(TENTHS), st.sampled_from(WIDEST)).map(Decimal)


def _mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """``usual`` five times of six. Which of the two is drawn once for the pool of a column, so that most columns have no extremes."""
    return st.integers(0, 5).flatmap(lambda pick: rare if pick == 0 else usual)


THEMES = ("words", "words", "odd", "dates", "iso", "json", "objects", "any", "numbers")


@st.composite
def pools(draw: st.DrawFn, kind: Kind) -> list[Any]:
    """The few different values that the columns of one kind share, so that they repeat and agree with each other."""
    if kind == "text":
        theme = draw(st.sampled_from(THEMES))
        source = {
            "words": st.sampled_from(WORDS),
            "odd": st.one_of(st.sampled_from(ODD_WORDS), st.text(_letters, max_size=3)),
            "dates": st.sampled_from(TEXT_DATES),
            "iso": st.sampled_from(ISO_DATES),
            "json": st.sampled_from(TEXT_JSON),
            "objects": st.sampled_from(OBJECTS),
            "numbers": st.sampled_from([word for word in WORDS if word[-1].isdigit()]),
            "any": values("text"),
        }[theme]
        return draw(st.lists(source, min_size=1, max_size=5))
    if kind in ("integer", "float", "wide"):
        tame = draw(st.integers(0, 3)) > 0
        usual = {"integer": SMALL, "float": FLOATS, "wide": TENTHS}[kind]
        source = st.sampled_from(usual) if tame else values(kind)
        drawn = draw(st.lists(source, min_size=1, max_size=6))
        return [Decimal(value) if kind == "wide" else value for value in drawn]
    return draw(st.lists(values(kind), min_size=1, max_size=5))


@st.composite
def columns(draw: st.DrawFn, name: str, kind: Kind, rows: int, pool: list[Any]) -> Column:
    """A column: as it comes, without NULLs, constant, all different or all NULL."""
    shape = draw(
        st.sampled_from(
            ("mixed", "mixed", "mixed", "mixed", "full", "full", "full", "full", "constant", "unique", "sorted", "empty")
        )
    )
    if shape == "empty":
        return Column(name, kind, (None,) * rows)
    if shape == "constant":
        return Column(name, kind, (pool[0],) * rows)
    if shape == "unique":
        drawn = draw(st.lists(values(kind), min_size=rows, max_size=rows))
        return Column(name, kind, tuple(value if value not in drawn[:place] else None for place, value in enumerate(drawn)))
    picks = draw(st.lists(st.integers(-1 if shape == "mixed" else 0, len(pool) - 1), min_size=rows, max_size=rows))
    chosen = [None if pick < 0 else pool[pick] for pick in picks]
    if shape == "sorted":
        chosen.sort(key=lambda value: (is_null(value), 0 if is_null(value) else value))
    return Column(name, kind, tuple(chosen))


ODD_NAMES = ("list size", "Größe", "select", 'a"b', "x.y", "C", "1st")


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table: up to twelve rows; two columns that share their values, one of text, one of numbers, and up to two more."""
    rows = draw(st.sampled_from((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, MOST_ROWS)))
    twins = draw(st.sampled_from(KINDS))
    others = ["text", draw(st.sampled_from(NUMBERS)), *draw(st.lists(st.sampled_from(KINDS), max_size=2))]
    odd = draw(st.one_of(st.none(), st.none(), st.none(), st.sampled_from(ODD_NAMES)))
    shared = draw(pools(twins))
    made = [draw(columns(f"{twins}_{place}", twins, rows, shared)) for place in (0, 1)]
    for place, kind in enumerate(others, 2):
        name = odd if odd and place == 2 else f"{kind}_{place}"
        made.append(draw(columns(name, kind, rows, draw(pools(kind)))))
    return Table(tuple(made))
