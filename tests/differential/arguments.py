"""Arguments that Hypothesis draws for every expectation of Great Expectations, given the table.

They are mostly made of what the table holds, so that rules are kept about as often as they are broken; now and then they are odd.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.differential.answers import Asked
from tests.differential.tables import (
    ISO_DATES,
    KINDS,
    MOMENTS,
    NUMBERS,
    OBJECTS,
    TEXT_DATES,
    TEXT_JSON,
    Column,
    Kind,
    Table,
    as_json,
    is_null,
    tables,
)

Kwargs = dict[str, Any]
Draw = st.DrawFn
Arguments = Callable[[Draw, Table], Kwargs]

ARGUMENTS: dict[str, Arguments] = {}
"""For each type, what draws its arguments."""
OTHER = "other"
"""What the second table of an example is called."""
PAIR_IGNORE = ("both_values_are_missing", "either_value_is_missing", "neither")
STRIDE = 7
"""Types that stand together in the list are drawn for different tables. (It has no common divisor with the number of types.)"""
ROW_IGNORE = ("all_values_are_missing", "any_value_is_missing", "never")


def arguments(*types: str) -> Callable[[Arguments], Arguments]:
    """Registers a function for these types."""

    def register(function: Arguments) -> Arguments:
        for name in types:
            assert name not in ARGUMENTS
            ARGUMENTS[name] = function
        return function

    return register


@st.composite
def expectations(draw: Draw, table: Table, types: Sequence[str]) -> list[Asked]:
    """One expectation of each of the types, with arguments for this table."""
    return [Asked(f"{place}", name, draw(kwargs(table, name))) for place, name in enumerate(types)]


@st.composite
def examples(draw: Draw, types: Sequence[str], size: int) -> tuple[Table, Table, list[Asked]]:
    """A table, another one that is made of its rows, and as many expectations, whose types are drawn evenly."""
    table = draw(tables())
    start = draw(st.integers(0, len(types) - 1))
    chosen = [types[(start + place * STRIDE) % len(types)] for place in range(min(size, len(types)))]
    rows = list(range(table.rows))
    kept = rows if draw(st.booleans()) else rows[1:] if draw(st.booleans()) else [*rows, *rows[:1]]
    return table, table.picked(kept), draw(expectations(table, chosen))


@st.composite
def kwargs(draw: Draw, table: Table, name: str) -> Kwargs:
    """The arguments of one expectation; null is left out, as GX leaves it out."""
    drawn = ARGUMENTS[name](draw, table)
    return {key: value for key, value in drawn.items() if value is not None}


# ----------------------------------------------------------------------------------------------------------- small draws


def rarely(draw: Draw, of: int) -> bool:
    """Once in so many times."""
    return draw(st.integers(1, of)) == of


def one(draw: Draw, items: Sequence[Any]) -> Any:
    return draw(st.sampled_from(list(items)))


def column(draw: Draw, table: Table, kinds: Iterable[Kind] = KINDS) -> Column:
    """A column of one of the kinds if there is one; now and then any, or one of which the table knows nothing."""
    fitting = [column for column in table.columns if column.kind in kinds]
    if rarely(draw, 80):
        return Column("absent", "text", (None,) * table.rows)
    if not fitting or rarely(draw, 20):
        return one(draw, table.columns)
    return one(draw, fitting)


def text(draw: Draw, table: Table, *themes: Sequence[str]) -> Column:
    """A column of text: of those of which most values are among the themes, if there are any."""
    listed = {word for theme in themes for word in theme}
    texts = [column for column in table.columns if column.kind == "text" and column.present]
    fitting = [column for column in texts if sum(value in listed for value in column.present) > len(column.present) / 2]
    return one(draw, fitting or texts or table.columns) if not rarely(draw, 10) else column(draw, table)


def several(draw: Draw, table: Table, kinds: Iterable[Kind] = KINDS) -> list[Column]:
    """Two or three columns, of the kinds and of one kind if there are such."""
    first = column(draw, table, kinds)
    alike = [other for other in table.columns if other != first and other.kind == first.kind]
    numbers = [other for other in table.columns if other != first and {other.kind, first.kind} <= {*NUMBERS, "boolean"}]
    found = [first, one(draw, alike or numbers or table.columns)]
    if rarely(draw, 4) or found[0] == found[1]:
        found.append(one(draw, table.columns))
    names = dict.fromkeys(column.name for column in found)
    rest = [other for other in table.columns if other.name not in names]
    chosen = list({column.name: column for column in found}.values())
    return chosen if len(chosen) > 1 or not rest else [*chosen, one(draw, rest)]


def mostly(draw: Draw) -> float | None:
    return one(draw, (None, None, None, None, 0, 0.25, 0.5, 0.5, 2 / 3, 0.75, 0.9, 1, 1.0))


def members(draw: Draw, column: Column) -> list[Any]:
    """A set of values: about those of the column, now and then fewer, others, or values of another type."""
    own = list(dict.fromkeys(as_json(value) for value in column.present))
    choice = draw(st.integers(0, 9))
    if choice <= 3:
        found = own
    elif choice == 9:
        found = [*own, one(draw, ("zz", 42, "2024-03-01", 0.5))]
    elif choice <= 5 and own:
        found = draw(st.lists(st.sampled_from(own), max_size=len(own)))
    elif choice == 6 and own:
        dropped = one(draw, own)
        found = [value for value in own if value != dropped]
    else:
        found = [
            *own[:1],
            *draw(
                st.lists(st.sampled_from((0, 1, 2.5, "a", "1", True, "2024-01-31", "2024-01-31T00:00:00", "zz", -1)), max_size=3)
            ),
        ]
    if rarely(draw, 8):
        found = [*found, None]
    if rarely(draw, 10):
        found = [*found, *found[:1]]
    if rarely(draw, 12):
        found = [str(value) if index == 0 else value for index, value in enumerate(found)]
    return found


def condition(draw: Draw, table: Table) -> Kwargs:
    """A row condition for a third of the rules: objects, and now and then text."""
    if draw(st.integers(0, 2)) != 2:
        return {}
    if rarely(draw, 8):
        return {"row_condition": _text_condition(draw, table), "condition_parser": "great_expectations"}
    return {"row_condition": _condition(draw, table, depth=0)}


def _condition(draw: Draw, table: Table, depth: int) -> Kwargs:
    if depth == 0 and rarely(draw, 4):
        word = one(draw, ("and", "or"))
        return {"type": word, "conditions": [_condition(draw, table, 1) for _ in range(2)]}
    plain = [column for column in table.columns if column.kind in ("integer", "text", "boolean", "float")]
    chosen = one(draw, plain if plain and not rarely(draw, 5) else table.columns)
    name = {"name": chosen.name}
    if rarely(draw, 4):
        return {"type": "nullity", "column": name, "is_null": draw(st.booleans())}
    own = list(dict.fromkeys(as_json(value) for value in chosen.present))
    if chosen.kind == "boolean":
        return {"type": "comparison", "column": name, "operator": one(draw, ("==", "!=")), "parameter": draw(st.booleans())}
    if not own:
        return {"type": "nullity", "column": name, "is_null": one(draw, (True, True, False))}
    if rarely(draw, 4):
        listed = draw(st.lists(st.sampled_from(own), min_size=1, max_size=4))
        return {"type": "comparison", "column": name, "operator": one(draw, ("IN", "NOT_IN")), "parameter": listed}
    operator = one(draw, ("==", "!=") if chosen.kind == "text" else ("==", "!=", "<", "<=", ">", ">=", "<=", ">="))
    return {"type": "comparison", "column": name, "operator": operator, "parameter": one(draw, own)}


def _text_condition(draw: Draw, table: Table) -> str:
    chosen = one(draw, [column for column in table.columns if '"' not in column.name] or table.columns)
    name = chosen.name.replace('"', "")
    own = [as_json(value) for value in chosen.present]
    if chosen.kind in ("integer", "float") and own:
        return f'col("{name}") {one(draw, ("==", "!=", "<", "<=", ">", ">="))} {one(draw, own)!r}'
    words = [value for value in own if isinstance(value, str) and value.isalnum()]
    if chosen.kind == "text" and words:
        return f'col("{name}") {one(draw, ("==", "!="))} "{one(draw, words)}"'
    return f'col("{name}").notnull()'


def sides(draw: Draw, low: Any, high: Any, others: Sequence[Any]) -> Kwargs:
    """Two bounds: ``low`` and ``high`` keep the rule, ``others`` may break it. At least one is given."""
    style = draw(st.integers(0, 9))
    bounds: Kwargs = {"min_value": low, "max_value": high}
    if style == 0:
        del bounds["max_value"]
    elif style == 1:
        del bounds["min_value"]
    elif style <= 6 and others:
        changed = one(draw, ("min_value", "max_value"))
        bounds[changed] = one(draw, others)
        if _above(bounds["min_value"], bounds["max_value"]) and not rarely(draw, 10):
            bounds = {"min_value": bounds["max_value"], "max_value": bounds["min_value"]}
    if rarely(draw, 4):
        bounds[one(draw, ("strict_min", "strict_max"))] = True
    return bounds


def _above(low: Any, high: Any) -> bool:
    try:
        return bool(low > high)
    except TypeError:
        return False


def odd_bound(draw: Draw, bounds: Kwargs) -> Kwargs:
    """Now and then a bound of another type, or written as text."""
    key = one(draw, ("min_value", "max_value"))
    if key not in bounds or not rarely(draw, 10):
        return bounds
    value = bounds[key]
    as_text = str(value) if isinstance(value, int | float) else value
    return bounds | {
        key: one(draw, (as_text, as_text, True, 0, "2024-01-31", "2024-01-31T10:20:30", "abc", "2024-01-31T10:20:30+01:00"))
    }


def around(draw: Draw, value: float | None) -> Kwargs:
    """Bounds about a statistic, of which the value itself is one only where floating point leaves no doubt."""
    if value is None or not math.isfinite(value) or abs(value) > 1e300:
        value = 0.0
    exact = float(value * 4).is_integer() and abs(value) < 1e12
    step = max(1.0, abs(value) * 0.25)
    lows = [None, value - step, value - step, value + step, *([value, value] if exact else [])]
    highs = [None, value + step, value + step, value - step, *([value, value] if exact else [])]
    found = {"min_value": _number(one(draw, lows)), "max_value": _number(one(draw, highs))}
    if rarely(draw, 5):
        found[one(draw, ("strict_min", "strict_max"))] = True
    return found


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) and abs(value) < 2**53 else value


def floats(column: Column) -> list[float]:
    """The finite values of a column as floats; of moments, none."""
    return [float(v) for v in column.present if not isinstance(v, str | dt.date) and math.isfinite(float(v))]


# --------------------------------------------------------------------------------------------------------------- columns


@arguments("expect_column_values_to_be_null", "expect_column_values_to_not_be_null", "expect_column_values_to_be_unique")
def _plain(draw: Draw, table: Table) -> Kwargs:
    return {"column": column(draw, table).name, "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_values_to_be_dateutil_parseable", "expect_column_values_to_be_json_parseable")
def _parseable(draw: Draw, table: Table) -> Kwargs:
    return {"column": text(draw, table, TEXT_JSON, TEXT_DATES, ISO_DATES).name, "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing")
def _ordered(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, [*NUMBERS, *MOMENTS, "boolean"])
    strictly = one(draw, (None, None, True, False))
    return {"column": chosen.name, "strictly": strictly, "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_values_to_be_between")
def _between(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, [*NUMBERS, *NUMBERS, *MOMENTS, "boolean"])
    own = sorted(chosen.present)
    low, high = (own[0], own[-1]) if own else (0, 1)
    bounds = sides(draw, as_json(low), as_json(high), [as_json(value) for value in own])
    if set(bounds) <= {"strict_min", "strict_max"}:
        bounds["min_value"] = 0
    return {"column": chosen.name, **odd_bound(draw, bounds), "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set")
def _in_set(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    return {"column": chosen.name, "value_set": members(draw, chosen), "mostly": mostly(draw), **condition(draw, table)}


@arguments(
    "expect_column_distinct_values_to_be_in_set",
    "expect_column_distinct_values_to_contain_set",
    "expect_column_distinct_values_to_equal_set",
)
def _distinct(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    return {"column": chosen.name, "value_set": members(draw, chosen), **condition(draw, table)}


@arguments("expect_column_most_common_value_to_be_in_set")
def _most_common(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    ties = one(draw, (None, True, False, True))
    return {"column": chosen.name, "value_set": members(draw, chosen), "ties_okay": ties, **condition(draw, table)}


@arguments("expect_column_value_lengths_to_be_between")
def _lengths(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, ["text", "text", "integer"])
    sizes = sorted(len(str(value)) for value in chosen.present) or [0]
    found = sides(draw, sizes[0], sizes[-1], sizes)
    return {"column": chosen.name, **found, "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_value_lengths_to_equal")
def _length(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, ["text", "text", "integer"])
    sizes = [len(str(value)) for value in chosen.present] or [0]
    usual = Counter(sizes).most_common(1)[0][0]
    return {
        "column": chosen.name,
        "value": one(draw, (usual, usual, *sizes, 2.5)),
        "mostly": mostly(draw),
        **condition(draw, table),
    }


REGEXES = (
    "", ".", "^.$", "a", "^a", "b$", "[a-c]", "^[a-z]+$", "^\\d+$", "\\d", "\\w+", "^\\w+$", "^\\W", "\\s", "^\\S+$", "\\bab\\b", "^$", "\\Aa", "b\\Z", "(?i)AB",
    "(?m)^b", "(?s)a.b", "a.b", "a|1", "^(a|b|1|2)", "^[^a]", "x{2,}", "\\.", "^-?\\d+(\\.\\d+)?$", "[[:alpha:]]", "(?=a)", "(?!a)^.", "(.)\\1", "\\u65e5", "日", "[é-ü]",
    "^\\d{4}-\\d{2}-\\d{2}$", "(?P<y>\\d{4})", "(?<=a)b", "\\", "(", "[", "a**", "(?a)\\w", "^.*$", "\n", "\\n$", "\\x61", "[^\\w]", "\\D", "^\\{.*\\}$", "👩",
)  # fmt: skip


def regex(draw: Draw, chosen: Column) -> str:
    """A pattern: of a list, or one that a value of the column matches literally."""
    words = [word for value in chosen.present if isinstance(value, str) and (word := value[:3]) and word.isalnum()]
    if words and draw(st.booleans()):
        return f"{one(draw, ('', '^'))}{one(draw, words)}"
    return one(draw, REGEXES)


@arguments("expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex")
def _regex(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, ["text", "text", "text", "integer"])
    return {"column": chosen.name, "regex": regex(draw, chosen), "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_values_to_match_regex_list", "expect_column_values_to_not_match_regex_list")
def _regexes(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, ["text", "text", "text", "integer"])
    listed = [regex(draw, chosen) for _ in range(one(draw, (1, 2, 2, 3)))]
    return {"column": chosen.name, "regex_list": listed, "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_values_to_match_strftime_format")
def _strftime(draw: Draw, table: Table) -> Kwargs:
    formats = (
        *["%Y-%m-%d"] * 12,
        "%d/%m/%Y",
        "%Y-%m-%dT%H:%M:%S",
        "%H:%M",
        "%Y%m%d",
        "%b %d",
        "%A",
        "%Y-%m-%dT%H:%M:%S%z",
        "%j",
        "%y",
        "",
        "x",
        "%Q",
    )
    return {
        "column": text(draw, table, TEXT_DATES, ISO_DATES).name,
        "strftime_format": one(draw, formats),
        "mostly": mostly(draw),
        **condition(draw, table),
    }


SCHEMAS: tuple[Kwargs, ...] = (
    {},
    {"type": "object"},
    {"type": "array"},
    {"type": "string"},
    {"type": "integer"},
    {"type": ["object", "array", "null"]},
    {"type": "object", "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": "integer"}}},
    {"properties": {"a": {"type": ["integer", "null"]}}, "additionalProperties": False},
    {"minimum": 2},
    {"type": "nonsense"},
)


@arguments("expect_column_values_to_match_json_schema")
def _json_schema(draw: Draw, table: Table) -> Kwargs:
    chosen = text(draw, table, OBJECTS)
    return {"column": chosen.name, "json_schema": one(draw, SCHEMAS), "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_value_z_scores_to_be_less_than")
def _z_scores(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, ["integer", "float"] if draw(st.integers(0, 3)) else NUMBERS)
    threshold = one(draw, (0.51, 1.03, 1.53, 2.07, 3, -1.03, 0, "1.53"))
    return {
        "column": chosen.name,
        "threshold": threshold,
        "double_sided": draw(st.booleans()),
        "mostly": mostly(draw),
        **condition(draw, table),
    }


@arguments("expect_column_values_to_not_be_outliers")
def _outliers(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, ["integer", "float"] if draw(st.integers(0, 3)) else NUMBERS)
    found: Kwargs = {"column": chosen.name, "method": one(draw, (None, "iqr", "std"))}
    return found | {
        "multiplier": one(draw, (None, 1.5, 0.51, 0.93, 1.07, 3, 0, -1.03)),
        "mostly": mostly(draw),
        **condition(draw, table),
    }


TYPE_NAMES: dict[Kind, tuple[str, ...]] = {
    "integer": ("int64", "int", "BIGINT", "float64"),
    "float": ("float64", "float", "DOUBLE", "int64"),
    "text": ("str", "object", "VARCHAR", "string", "bool"),
    "boolean": ("bool", "bool_", "BOOLEAN", "object", "int64"),
    "date": ("object", "date", "DATE", "datetime64[ns]"),
    "timestamp": ("datetime64[us]", "datetime64[ns]", "datetime64", "TIMESTAMP", "str"),
    "timestamptz": ("datetime64[us, UTC]", "datetime64[ns, UTC]", "TIMESTAMPTZ", "str"),
    "decimal": ("object", "Decimal", "DECIMAL", "DECIMAL(10,2)", "float64"),
    "wide": ("object", "decimal", "DECIMAL(38,10)", "float64"),
}


def type_name(draw: Draw, chosen: Column) -> str:
    return one(draw, ("nonsense", "int32")) if rarely(draw, 16) else one(draw, TYPE_NAMES[chosen.kind])


@arguments("expect_column_values_to_be_of_type")
def _of_type(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    return {"column": chosen.name, "type_": type_name(draw, chosen), "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_type_to_be")
def _type_to_be(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    return {"column": chosen.name, "type_": type_name(draw, chosen)}


@arguments("expect_column_values_to_be_in_type_list")
def _type_list(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    usual = [TYPE_NAMES[chosen.kind][0]] if draw(st.booleans()) else []
    listed = [*usual, *(type_name(draw, one(draw, (chosen, *table.columns))) for _ in range(one(draw, (1, 2, 3))))]
    return {
        "column": chosen.name,
        "type_list": one(draw, (listed,) * 9 + ([],)),
        "mostly": mostly(draw),
        **condition(draw, table),
    }


# ----------------------------------------------------------------------------------------------------------------- pairs


def two(draw: Draw, table: Table) -> tuple[Column, Column]:
    """Two columns: of one kind most of the time."""
    first, second = table.columns[:2]
    if draw(st.integers(0, 3)) == 0:
        first = one(draw, table.columns)
        second = one(draw, [other for other in table.columns if other != first])
    return (second, first) if draw(st.booleans()) else (first, second)


@arguments("expect_column_pair_values_a_to_be_greater_than_b")
def _greater(draw: Draw, table: Table) -> Kwargs:
    a, b = two(draw, table)
    found: Kwargs = {"column_A": a.name, "column_B": b.name, "or_equal": one(draw, (None, True, True, False))}
    return found | {"ignore_row_if": one(draw, (None, *PAIR_IGNORE)), "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_pair_values_to_be_equal")
def _equal(draw: Draw, table: Table) -> Kwargs:
    a, b = two(draw, table)
    found: Kwargs = {"column_A": a.name, "column_B": b.name, "ignore_row_if": one(draw, (None, *PAIR_IGNORE))}
    return found | {"mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_pair_values_to_be_in_set")
def _pair_in_set(draw: Draw, table: Table) -> Kwargs:
    a, b = two(draw, table)
    pairs = [[None if is_null(x) else as_json(x) for x in pair] for pair in zip(a.values, b.values, strict=True)]
    own = list({repr(pair): pair for pair in pairs}.values())
    listed = own if draw(st.integers(0, 2)) < 2 else own[1:]
    if rarely(draw, 5):
        listed = [*listed, one(draw, ([1, None], ["a", "b"], [1, 2], [None, None]))]
    found: Kwargs = {"column_A": a.name, "column_B": b.name, "value_pairs_set": listed}
    return found | {"ignore_row_if": one(draw, (None, *PAIR_IGNORE)), "mostly": mostly(draw), **condition(draw, table)}


@arguments(
    "expect_compound_columns_to_be_unique",
    "expect_multicolumn_values_to_be_equal",
    "expect_select_column_values_to_be_unique_within_record",
)
def _multicolumn(draw: Draw, table: Table) -> Kwargs:
    names = [column.name for column in several(draw, table)]
    ignore = one(draw, (None, *ROW_IGNORE))
    return {"column_list": names, "ignore_row_if": ignore, "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_multicolumn_sum_to_equal")
def _multicolumn_sum(draw: Draw, table: Table) -> Kwargs:
    chosen = several(draw, table, [*NUMBERS, "boolean"])
    rows = list(zip(*(column.values for column in chosen), strict=True))
    sums = [_exactly(row) for row in rows if not any(is_null(v) or isinstance(v, str | dt.date) for v in row)]
    total = one(draw, [0, *(total for total in sums if total is not None)])
    found: Kwargs = {"column_list": [column.name for column in chosen], "sum_total": total}
    share = mostly(draw) if draw(st.booleans()) else 0.2
    return found | {"ignore_row_if": one(draw, (None, *ROW_IGNORE)), "mostly": share, **condition(draw, table)}


def _exactly(row: tuple[Any, ...]) -> float | int | None:
    """The sum of numbers as a suite would write it: with few digits."""
    total = sum(float(value) for value in row)
    rounded = float(f"{total:.12g}")
    return _number(rounded) if math.isfinite(rounded) else None


# ------------------------------------------------------------------------------------------------------------ aggregates


@arguments("expect_column_max_to_be_between", "expect_column_min_to_be_between")
def _extremum(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, [*NUMBERS, *NUMBERS, *MOMENTS, "boolean"])
    own = sorted(as_json(value) for value in chosen.present)
    bounds = sides(draw, own[0], own[-1], own) if own else {"min_value": 0}
    return {"column": chosen.name, **odd_bound(draw, bounds), **condition(draw, table)}


@arguments("expect_column_mean_to_be_between")
def _mean(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, [*NUMBERS, *NUMBERS, "boolean", "timestamp"])
    if chosen.kind in MOMENTS:
        return _extremum(draw, Table((chosen,))) | condition(draw, table)
    numbers = floats(chosen)
    bounds = around(draw, _finite(statistics.fmean, numbers))
    return {"column": chosen.name, **odd_bound(draw, bounds), **condition(draw, table)}


@arguments("expect_column_median_to_be_between")
def _median(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, [*NUMBERS, *NUMBERS, "boolean", "timestamp"])
    if chosen.kind in MOMENTS:
        return _extremum(draw, Table((chosen,))) | condition(draw, table)
    bounds = around(draw, _finite(statistics.median, floats(chosen)))
    return {"column": chosen.name, **odd_bound(draw, bounds), **condition(draw, table)}


@arguments("expect_column_stdev_to_be_between")
def _stdev(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, [*NUMBERS, *NUMBERS, "boolean"])
    numbers = floats(chosen)
    value = _finite(statistics.stdev, numbers) if len(numbers) > 1 else None
    return {"column": chosen.name, **around(draw, value), **condition(draw, table)}


@arguments("expect_column_sum_to_be_between")
def _sum(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, [*NUMBERS, *NUMBERS, "boolean"])
    exact = [Decimal(value) for value in chosen.present if not isinstance(value, str | dt.date) and math.isfinite(float(value))]
    return {"column": chosen.name, **odd_bound(draw, around(draw, float(sum(exact)))), **condition(draw, table)}


def _finite(statistic: Callable[[list[float]], float], numbers: list[float]) -> float | None:
    try:
        return statistic(numbers)
    except (statistics.StatisticsError, OverflowError, AttributeError):
        return None


@arguments("expect_column_quantile_values_to_be_between")
def _quantiles(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, [*NUMBERS, *NUMBERS, "date", "timestamp"])
    own = sorted(chosen.present)
    quantiles = one(draw, ([0.5], [0, 1], [0.1, 0.5, 0.9], [0.25, 0.75], [0.3333], [0.5, 0.25], [0.0, 0.25, 0.5, 0.75, 1.0]))
    ranges: list[list[Any]] = []
    for quantile in quantiles:
        if not own:
            ranges.append([0, 1])
            continue
        near = own[max(0, min(len(own) - 1, round(quantile * (len(own) - 1)) + one(draw, (-1, 0, 0, 0, 1))))]
        low, high = sorted([near, one(draw, (near, own[0], own[-1]))])
        ranges.append([None if rarely(draw, 6) else as_json(low), None if rarely(draw, 6) else as_json(high)])
    relative = (
        one(draw, (None, None, False, "linear", "lower", "higher", "midpoint", "nearest", True, "nonsense"))
        if rarely(draw, 2)
        else None
    )
    return {
        "column": chosen.name,
        "quantile_ranges": {"quantiles": quantiles, "value_ranges": ranges},
        "allow_relative_error": relative,
        **condition(draw, table),
    }


@arguments("expect_column_unique_value_count_to_be_between")
def _unique_count(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    return {"column": chosen.name, **_count(draw, len(set(chosen.present))), **condition(draw, table)}


@arguments("expect_column_proportion_of_unique_values_to_be_between")
def _unique_proportion(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    share = len(set(chosen.present)) / max(1, len(chosen.present))
    return {"column": chosen.name, **_share(draw, share), **condition(draw, table)}


@arguments("expect_column_proportion_of_non_null_values_to_be_between")
def _filled_proportion(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    return {"column": chosen.name, **_share(draw, len(chosen.present) / max(1, table.rows)), **condition(draw, table)}


def _share(draw: Draw, share: float) -> Kwargs:
    low, high = one(draw, (None, 0, 0.5, share, share, 0.9)), one(draw, (None, 1, 1, share, 0.75))
    return {"min_value": low, "max_value": high} | ({one(draw, ("strict_min", "strict_max")): True} if rarely(draw, 5) else {})


def _count(draw: Draw, count: int) -> Kwargs:
    low = one(draw, (None, 0, count, count, count + 1, count + 1, str(count), count - 0.5))
    high = one(draw, (None, count, count, count + 1, count + 2, count - 1, count - 1))
    found: Kwargs = {"min_value": low, "max_value": high}
    return found | ({one(draw, ("strict_min", "strict_max")): True} if rarely(draw, 5) else {})


@arguments("expect_column_kl_divergence_to_be_less_than")
def _kl(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table, ["text", "integer", "float", "boolean", *NUMBERS])
    threshold = one(draw, (None, 0, 0.01, 0.1, 0.5, 1, 2.5, 10))
    found: Kwargs = {"column": chosen.name, "threshold": threshold}
    numeric = chosen.kind in NUMBERS
    choice = draw(st.integers(0, 9))
    if choice == 0:
        found["bucketize_data"] = one(draw, (True, False))
    elif choice <= 5 or not numeric:
        found["partition_object"] = _categories(draw, chosen)
        found["tail_weight_holdout"] = one(draw, (None, None, 0.1, 0.01, 0.5))
        found["internal_weight_holdout"] = 0.1 if rarely(draw, 12) else None
    else:
        found["partition_object"] = _bins(draw, chosen)
        tails = "tail_weights" in found["partition_object"]
        found["tail_weight_holdout"] = 0.1 if tails and rarely(draw, 8) else None if tails else one(draw, (None, 0.1, 0.01))
        found["internal_weight_holdout"] = one(draw, (None, None, 0.1))
    return found | condition(draw, table)


def _categories(draw: Draw, chosen: Column) -> Kwargs:
    own = list(dict.fromkeys(as_json(value) for value in chosen.present))
    listed = own if draw(st.booleans()) else own[:-1]
    if not listed or rarely(draw, 3):
        listed = [*listed, "zz" if chosen.kind == "text" else 42]
    counts = Counter(as_json(value) for value in chosen.present)
    raw = [counts[value] or 1 for value in listed] if draw(st.booleans()) else [1 + draw(st.integers(0, 3)) for _ in listed]
    weights = [weight / sum(raw) for weight in raw]
    if rarely(draw, 20):
        weights[0] += 0.5
    return {"values": listed, "weights": weights}


def _bins(draw: Draw, chosen: Column) -> Kwargs:
    own = sorted(set(floats(chosen))) or [0.0]
    edges = sorted({own[0], own[-1] + one(draw, (0, 1)), one(draw, own), (own[0] + own[-1]) / 2})
    if len(edges) < 2:
        edges = [edges[0], edges[0] + 1]
    raw = [draw(st.integers(0, 3)) for _ in edges[1:]]
    raw = raw if any(raw) else [1] * len(raw)
    tails = {"tail_weights": [0.1, 0.1]} if rarely(draw, 4) else {}
    whole = 0.8 if tails else 1.0
    weights = [whole * weight / sum(raw) for weight in raw]
    return {"bins": [edges[0], *edges[1:]] if not rarely(draw, 20) else edges[::-1], "weights": weights, **tails}


# --------------------------------------------------------------------------------------------------------------- tables


@arguments("expect_column_to_exist")
def _exists(draw: Draw, table: Table) -> Kwargs:
    name = one(draw, (*table.names, "absent", table.names[0].upper()))
    index = one(draw, (None, None, table.names.index(name) if name in table.names else 0, 1, -1, 99, "1"))
    return {"column": name, "column_index": index}


@arguments("expect_table_columns_to_match_ordered_list")
def _ordered_list(draw: Draw, table: Table) -> Kwargs:
    return {"column_list": _names(draw, table, ordered=True)}


@arguments("expect_table_columns_to_match_set")
def _match_set(draw: Draw, table: Table) -> Kwargs:
    return {"column_set": _names(draw, table, ordered=False), "exact_match": one(draw, (None, True, False, False))}


def _names(draw: Draw, table: Table, *, ordered: bool) -> list[str] | None:
    names = list(table.names)
    choice = draw(st.integers(0, 9))
    if choice <= 3:
        return names
    if choice == 4:
        return names[::-1]
    if choice == 5:
        return names[:-1]
    if choice == 6:
        return [*names, "absent"]
    if choice == 7:
        return [name.upper() for name in names]
    return one(draw, ([], None, [*names[:1], *names], ["absent", *names[1:]]))


@arguments("expect_table_column_count_to_equal")
def _column_count(draw: Draw, table: Table) -> Kwargs:
    size = len(table.columns)
    return {"value": one(draw, (size, size, size + 1, str(size), size + 0.5))}


@arguments("expect_table_column_count_to_be_between")
def _column_counts(draw: Draw, table: Table) -> Kwargs:
    return {key: value for key, value in _count(draw, len(table.columns)).items() if not key.startswith("strict")}


@arguments("expect_table_row_count_to_equal")
def _row_count(draw: Draw, table: Table) -> Kwargs:
    rows = table.rows
    return {"value": one(draw, (rows, rows, rows, rows + 1, str(rows), rows + 0.5, rows // 2)), **condition(draw, table)}


@arguments("expect_table_row_count_to_be_between")
def _row_counts(draw: Draw, table: Table) -> Kwargs:
    return {**_count(draw, table.rows), **condition(draw, table)}


# -------------------------------------------------------------------------- what Great Expectations' pandas engine has not

PATTERNS = (
    "%",
    "_",
    "a%",
    "%b",
    "%b%",
    "a_",
    "ab",
    "%\\%%",
    "_%_",
    "1%",
    "",
    "%\n%",
    "A%",
    "日%",
    "__",
    "50!%",
    "%!_%",
    "2024-__-__%",
    "%[a-c]%",
    "%.%",
)


@arguments("expect_column_values_to_match_like_pattern", "expect_column_values_to_not_match_like_pattern")
def _like(draw: Draw, table: Table) -> Kwargs:
    pattern = one(draw, PATTERNS)
    escape = "!" if "!" in pattern else None
    chosen = column(draw, table, ["text"])
    return {"column": chosen.name, "like_pattern": pattern, "escape": escape, "mostly": mostly(draw), **condition(draw, table)}


@arguments("expect_column_values_to_match_like_pattern_list", "expect_column_values_to_not_match_like_pattern_list")
def _likes(draw: Draw, table: Table) -> Kwargs:
    listed = [one(draw, PATTERNS) for _ in range(one(draw, (1, 2, 2, 3)))]
    chosen = column(draw, table, ["text"])
    escape = "!" if any("!" in pattern for pattern in listed) else None
    return {
        "column": chosen.name,
        "like_pattern_list": listed,
        "escape": escape,
        "mostly": mostly(draw),
        **condition(draw, table),
    }


@arguments("expect_table_row_count_to_equal_other_table")
def _other_rows(draw: Draw, table: Table) -> Kwargs:
    return {"other_table_name": OTHER, **condition(draw, table)}


@arguments("unexpected_rows_expectation")
def _unexpected_rows(draw: Draw, table: Table) -> Kwargs:
    chosen = column(draw, table)
    name = '"' + chosen.name.replace('"', '""') + '"'
    test = one(draw, (f"{name} IS NULL", f"{name} IS NOT NULL", "1 = 0", f"{name} <> {name}"))
    return {"unexpected_rows_query": f"SELECT * FROM {{batch}} WHERE {test}"}


@arguments("expect_query_results_to_match_comparison")
def _comparison(draw: Draw, table: Table) -> Kwargs:
    chosen = one(draw, [column for column in table.columns if column.kind != "float"] or table.columns)
    name = '"' + chosen.name.replace('"', '""') + '"'
    return {
        "base_query": f"SELECT {name} FROM {{batch}}",
        "comparison_data_source_name": OTHER,
        "comparison_query": f"SELECT {name} FROM {OTHER}",
        "mostly": mostly(draw),
    }


SQL_ONLY = (
    "expect_column_values_to_match_like_pattern",
    "expect_column_values_to_not_match_like_pattern",
    "expect_column_values_to_match_like_pattern_list",
    "expect_column_values_to_not_match_like_pattern_list",
    "expect_table_row_count_to_equal_other_table",
    "unexpected_rows_expectation",
    "expect_query_results_to_match_comparison",
)
"""Types that Great Expectations' pandas engine has not: they are held against plain Python."""
