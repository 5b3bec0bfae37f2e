"""The documented reasons for which the engine's answer may be another than that of Great Expectations' pandas engine.

Most reasons are a *rewriting*: the same question, put so that pandas does not stumble (a decimal as a double, a date as a time stamp,
rows selected beforehand). The difference is explained only if Great Expectations then answers as the engine does. The others are
*statements*: what the engine must have said, with the documents' words for it. The names are those of ARCHITECTURE.md, "Where the
answers differ".
"""

from __future__ import annotations

import datetime as dt
import keyword
import math
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from tests.differential.answers import COUNTS, Answer, Asked, columns_of, differences, leaves
from tests.differential.rows import as_object, moment, selected, spelling, too_long
from tests.differential.tables import DECIMALS, MOMENTS, NUMBERS, Column, Table, is_null

Ask = Callable[[pd.DataFrame, Asked], Answer]
EXACT = 2**53
"""Whole numbers up to here are doubles too."""


def as_it_is(value: Any) -> Any:
    """The value: what most rewritings leave alone."""
    return value


@dataclass(frozen=True)
class Question:
    """An expectation about a table, and the frame that Great Expectations gets to see.

    ``restored`` makes a value of its answer what it was before a rewriting, and ``ours`` one of the engine's comparable with that.
    """

    table: Table
    asked: Asked
    frame: pd.DataFrame
    restored: Callable[[Any], Any] = as_it_is
    ours: Callable[[Any], Any] = as_it_is

    @property
    def type(self) -> str:
        return self.asked.type

    @property
    def columns(self) -> list[Column]:
        return [self.table.column(name) for name in columns_of(self.asked) if self.table.has(name)]

    def told(self, **kwargs: Any) -> Question:
        """The question with other arguments; None takes one away."""
        changed = {key: value for key, value in {**self.asked.kwargs, **kwargs}.items() if value is not None}
        return replace(self, asked=replace(self.asked, kwargs=changed))

    def seen(self, **series: pd.Series) -> Question:
        """The question about a frame in which these columns are others."""
        frame = self.frame.copy()
        for name, values in series.items():
            frame[name] = values
        changed = replace(self, frame=frame)
        if set(series) & set(condition_columns(self.asked)):
            return _chosen(changed, self.asked.kwargs["row_condition"])
        return changed


Rewriting = Callable[[Question], Question | None]


def explain(table: Table, asked: Asked, theirs: Answer, ours: Answer, ask: Ask) -> list[str]:
    """The reasons that explain why the answers differ; none if nothing does."""
    question = Question(table, asked, table.frame())
    for label, statement in STATEMENTS:
        if statement(question, theirs, ours):
            return [label]
    alone: list[tuple[str, Question]] = []
    labels, whole = [], question
    for label, rewriting in REWRITINGS:
        if (first := rewriting(question)) is not None:
            alone.append((label, first))
        if (changed := rewriting(whole)) is not None:
            labels.append(label)
            whole = changed
    for label, changed in alone:
        if agree(ask(changed.frame, changed.asked), ours, changed):
            return [label]
    return labels if len(labels) > 1 and agree(ask(whole.frame, whole.asked), ours, whole) else []


def agree(theirs: Answer, ours: Answer, question: Question) -> bool:
    """Whether the answer to the rewritten question is the engine's, each value in the spelling that the rewriting gave it.

    A rewriting that makes GX fail explains no failure of the engine, unless it does no more than to select rows.
    """
    if theirs.end != "answered" and ours.end != "answered":
        return question.frame.dtypes.equals(question.table.frame().dtypes)
    if KL in question.type and question.columns and not any(_judged(question).values()):
        if no_partition(question, theirs, ours):
            return True
        theirs, ours = (
            replace(answer, result={"observed_value": answer.result.get("observed_value")}) for answer in (theirs, ours)
        )
    both = (_restored(theirs, question.restored), _restored(ours, question.ours))
    return not differences(*both) or rounding(question, theirs, ours)


def _restored(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    """The answer with the values of its lists changed; without their counts; yes and no are 1 and 0, as all rewritings have it."""
    changed = {key: _each(value, change) if key in LISTS else value for key, value in answer.result.items() if key != COUNTS}
    return replace(answer, result={key: _each(value, _number) for key, value in changed.items()})


LISTS = ("partial_unexpected_list", "unexpected_list", "partial_missing_list")


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    return [_each(item, change) for item in value] if isinstance(value, list) else change(value)


def condition_columns(asked: Asked) -> Iterator[str]:
    """The columns of the row condition."""
    if (condition := asked.kwargs.get("row_condition")) is not None:
        yield from (leaf["column"]["name"] for leaf in leaves(as_object(condition)))


# ------------------------------------------------------------------------------------------------------------ rewritings


def condition_object(question: Question) -> Question | None:
    """The text of a condition as an object: GX's own reader of texts knows but few characters."""
    condition = question.asked.kwargs.get("row_condition")
    return question.told(row_condition=as_object(condition), condition_parser=None) if isinstance(condition, str) else None


def rows_of_condition(question: Question) -> Question | None:
    """The rows are selected beforehand. For conditions on which pandas and SQL differ."""
    condition = question.asked.kwargs.get("row_condition")
    if condition is None or not any(_differs(leaf, question) for leaf in leaves(as_object(condition))):
        return None
    return _chosen(question, condition)


def _chosen(question: Question, condition: Any) -> Question:
    kept = selected(question.table, condition)
    chosen = question.told(row_condition=None, condition_parser=None)
    return replace(chosen, frame=question.frame.iloc[kept].reset_index(drop=True), table=question.table.picked(kept))


def _differs(leaf: dict[str, Any], question: Question) -> bool:
    column = question.table.column(leaf["column"]["name"])
    if not column.name.isidentifier() or keyword.iskeyword(column.name):
        return True
    if leaf["type"] == "nullity":
        return False
    listed = leaf["parameter"] if isinstance(leaf["parameter"], list) else [leaf["parameter"]]
    if any(isinstance(value, str) and (not value.isprintable() or set(value) & set("\\`'\"")) for value in listed):
        return True
    negative = leaf["operator"] in ("!=", "NOT_IN") and column.nulls > 0
    return negative or column.kind in (*MOMENTS, *DECIMALS, "boolean") or _large(column) or not column.present


def pairs_of_condition(question: Question) -> Question | None:
    """Great Expectations leaves the condition of pairs in a set out of account in some of its numbers."""
    condition = question.asked.kwargs.get("row_condition")
    if condition is None or question.type != "expect_column_pair_values_to_be_in_set":
        return None
    return _chosen(question, condition)


TEXTS = ("expect_column_value_lengths", "expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex")


def text_of_values(question: Question) -> Question | None:
    """Lengths and patterns of what is no text: the value as SQL spells it (pandas: whole numbers beside NULL as 1.0, True, …)."""
    if not question.type.startswith(TEXTS):
        return None
    chosen = [column for column in question.columns if column.kind != "text"]
    made = {column.name: _text_series(column) for column in chosen}
    return replace(question.seen(**made), restored=_of_text, ours=_of_text) if made else None


def _of_text(value: Any) -> Any:
    """A number for the text of one; the text of yes and no."""
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _text_series(column: Column) -> pd.Series:
    return pd.Series([None if is_null(value) else spelling(value, column.kind) for value in column.values], dtype="str")


def exact_integers(question: Question) -> Question | None:
    """Whole numbers stay whole numbers: pandas makes doubles of them beside NULL, and its sums overflow."""
    made = {}
    for column in question.columns:
        if column.kind == "integer" and (_large(column) or "sum" in question.type):
            made[column.name] = pd.Series([None if is_null(value) else int(value) for value in column.values], dtype=object)
    return question.seen(**made) if made else None


def _large(column: Column) -> bool:
    return column.kind == "integer" and any(abs(value) > EXACT for value in column.present)


def decimals(question: Question) -> Question | None:
    """Decimals by their decimal spelling: as doubles, which are equal to a literal if they are spelled as it is."""
    floats = any(column.kind == "float" for column in question.columns)
    double = float if any(map(too_long, _literals(question.asked.kwargs))) else _double
    if question.type.startswith(TEXTS) or (question.type == SUM and not floats):
        return None
    made = {
        column.name: pd.Series([None if is_null(value) else double(value) for value in column.values], dtype="float64")
        for column in question.columns
        if column.kind in DECIMALS
    }
    return question.seen(**made) if made else None


def _literals(kwargs: Any) -> Iterator[Any]:
    """The values among the arguments, but for those of the row condition."""
    if isinstance(kwargs, dict):
        yield from (item for key, value in kwargs.items() if key != "row_condition" for item in _literals(value))
    elif isinstance(kwargs, list):
        yield from (item for value in kwargs for item in _literals(value))
    else:
        yield kwargs


def _double(value: Decimal) -> float:
    """The nearest double that is not spelled as another decimal; so it equals no literal that the decimal does not equal."""
    near = float(value)
    if Decimal(repr(near)) == value:
        return near
    return math.nextafter(near, math.inf if value > Decimal(repr(near)) else -math.inf)


SUM = "expect_multicolumn_sum_to_equal"


def decimal_sums(question: Question) -> Question | None:
    """Sums of whole numbers and decimals are exact: as whole numbers of the smallest unit."""
    columns = question.columns
    kinds = {column.kind for column in columns}
    if question.type != SUM or not kinds & {"integer", *DECIMALS} or not kinds <= {"integer", "boolean", *DECIMALS}:
        return None
    total = Decimal(repr(question.asked.kwargs["sum_total"]))
    places = max(map(_places, (total, *(value for values in _judged(question).values() for value in values))))
    unit = 10**places
    made = {
        column.name: pd.Series([None if value is None else int(Decimal(value) * unit) for value in column.values], dtype=object)
        for column in columns
    }
    if int(float(total * unit)) != total * unit:
        return None
    scaled = question.told(sum_total=float(total * unit)).seen(**made)
    return replace(scaled, restored=lambda value: value / unit if isinstance(value, int) else value)


def _places(value: Any) -> int:
    """How many digits stand behind the point."""
    exponent = value.normalize().as_tuple().exponent if isinstance(value, Decimal) else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def booleans(question: Question) -> Question | None:
    """Yes and no beside NULL are 1 and 0, where values are compared or added."""
    if question.type.startswith(TEXTS) or "set" in question.type:
        return None
    made = {
        column.name: pd.Series([None if value is None else float(value) for value in column.values], dtype="float64")
        for column in question.columns
        if column.kind == "boolean"
    }
    return question.seen(**made) if made else None


def empty_columns(question: Question) -> Question | None:
    """A column without any value has no type: nothing in it is wrong, and it has no statistic."""
    made = {
        column.name: pd.Series([math.nan] * len(column.values), dtype="float64")
        for column in question.columns
        if not column.present and column.kind != "float"
    }
    return question.seen(**made) if made else None


def one_null(question: Question) -> Question | None:
    """NULL is one value, whatever the type of its column (pandas has None, NaN and NaT)."""
    if question.type not in MANY or not any(column.nulls for column in question.columns):
        return None
    made = {}
    for name in (column.name for column in question.columns):
        values = question.frame[name].astype(object)
        made[name] = values.where(values.notna(), None)
    return question.seen(**made)


MANY = (
    "expect_select_column_values_to_be_unique_within_record",
    "expect_compound_columns_to_be_unique",
    "expect_multicolumn_values_to_be_equal",
)


def moments(question: Question) -> Question | None:
    """Dates and times, and the texts that mean some, as moments in UTC."""
    temporal = [column for column in question.columns if column.kind in MOMENTS]
    if not temporal or question.type.startswith(TEXTS):
        return None
    made = {column.name: pd.Series([_naive(value) for value in column.values], dtype="datetime64[us]") for column in temporal}
    kwargs = question.asked.kwargs
    changed: dict[str, Any] = {}
    for key in ("min_value", "max_value"):
        if isinstance(kwargs.get(key), str):
            changed[key] = _moment(kwargs[key], temporal[0])
    if isinstance(kwargs.get("value_set"), list):
        read = [_moment(member, temporal[0]) for member in kwargs["value_set"]]
        read = [f"{NO_MOMENT}{member}" if isinstance(member, str) else member for member in read]
        usable = [member for member in read if isinstance(member, dt.datetime) or "distinct" in question.type]
        changed["value_set"] = usable
    if isinstance(kwargs.get("value_pairs_set"), list):
        sides = [
            question.table.column(kwargs[key]) if question.table.has(kwargs[key]) else temporal[0]
            for key in ("column_A", "column_B")
        ]
        changed["value_pairs_set"] = [
            tuple(_moment(item, side) if side.kind in MOMENTS else item for item, side in zip(pair, sides, strict=True))
            for pair in kwargs["value_pairs_set"]
        ]
    partition = kwargs.get("partition_object")
    if isinstance(partition, dict) and isinstance(partition.get("values"), list):
        changed["partition_object"] = {**partition, "values": [_moment(value, temporal[0]) for value in partition["values"]]}
    rewritten = question.told(**changed).seen(**made)
    return replace(rewritten, restored=lambda value: value.removeprefix(NO_MOMENT) if isinstance(value, str) else value)


NO_MOMENT = "no moment: "
"""Before a text that is no ISO 8601: pandas reads "1" as the first of this month."""


def _naive(value: Any) -> dt.datetime | None:
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time.min)
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value


def _moment(text: Any, column: Column) -> Any:
    """A text as a moment without zone; anything else, and text that is no moment, as it is."""
    if not isinstance(text, str):
        return text
    try:
        return _naive(moment(text.strip(), column))
    except ValueError:
        return text


REWRITINGS: tuple[tuple[str, Rewriting], ...] = (
    ("3: texts of conditions may have any characters", condition_object),
    ("3: a comparison with NULL selects no row; literals of conditions are read as the column's type", rows_of_condition),
    ("3: a condition holds for pairs in a set too", pairs_of_condition),
    ("2: the text of a value is SQL's", text_of_values),
    ("2: whole numbers are exact", exact_integers),
    ("2: dates and times are read as the column's type", moments),
    ("2: decimals by their spelling", decimals),
    ("2: sums of decimals and whole numbers are exact", decimal_sums),
    ("2: yes and no beside NULL are 1 and 0", booleans),
    ("2: a column without a value has no type", empty_columns),
    ("2: NULL is one value, whatever its type", one_null),
)


# ------------------------------------------------------------------------------------------------------------ statements

Statement = Callable[[Question, Answer, Answer], bool]


def no_partition(question: Question, theirs: Answer, ours: Answer) -> bool:
    """Of nothing there is no distribution; GX makes one of weights that are 0 or no numbers."""
    if KL not in question.type or not question.columns or any(_judged(question).values()):
        return False
    if theirs.end == "raised":
        passes = question.asked.kwargs.get("threshold") is None
        return ours.end == "answered" and ours.success == passes and ours.result.get("observed_value") is None
    return differences(theirs, ours) == ["details"] and "details" not in ours.result


KL = "kl_divergence"


def says_nothing(question: Question, theirs: Answer, ours: Answer) -> bool:
    """Arguments by which anything would pass are refused."""
    kwargs = question.asked.kwargs
    empty = {
        "expect_column_distinct_values_to_contain_set": kwargs.get("value_set") == [],
        "expect_table_columns_to_match_ordered_list": not kwargs.get("column_list"),
        "expect_table_columns_to_match_set": not kwargs.get("column_set"),
    }
    return ours.end == "refused" and empty.get(question.type, False)


def wrong_order(question: Question, theirs: Answer, ours: Answer) -> bool:
    """Bounds in the wrong order are refused."""
    low, high = (_as_number(question.asked.kwargs.get(key)) for key in ("min_value", "max_value"))
    if low is None or high is None or ours.end != "refused" or isinstance(low, str) != isinstance(high, str):
        return False
    return bool(low > high)


def _as_number(bound: Any) -> Any:
    try:
        return bound if bound is None else float(bound)
    except ValueError:
        return bound


def earlier(question: Question, theirs: Answer, ours: Answer) -> bool:
    """A fault of the arguments alone is found before data are read, where GX finds it with the first value, or never."""
    unread = "json_schema" in question.asked.kwargs and not any(_judged(question).values())
    return ours.end == "refused" and (theirs.end == "raised" or unread)


def no_pattern(question: Question, theirs: Answer, ours: Answer) -> bool:
    """A pattern that Python's re does not know is refused, though there be nothing that it is held against."""
    kwargs = question.asked.kwargs
    return ours.end == "refused" and not all(map(_compiles, kwargs.get("regex_list") or [kwargs.get("regex", "")]))


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def other_type(question: Question, theirs: Answer, ours: Answer) -> bool:
    """Rules about texts or numbers are errors for columns of other types, though none of their values is judged."""
    texts = question.type.endswith(("_parseable", "_match_json_schema", "_match_strftime_format"))
    wrong = [column for column in question.columns if (column.kind != "text" if texts else column.kind in ("text", *MOMENTS))]
    judged = _judged(question)
    if question.type == SUM and not all(
        map(all, zip(*([not is_null(v) for v in c.values] for c in question.columns), strict=True))
    ):
        return ours.end == "raised" and bool(wrong)
    return ours.end == "raised" and bool(wrong) and not all(judged[column.name] for column in wrong)


def other_bound(question: Question, theirs: Answer, ours: Answer) -> bool:
    """A bound of another type than the column's is an error, though there be no statistic that is held against it."""
    numbers = all(column.kind not in (*MOMENTS, "text") for column in question.columns)
    given = [_as_number(question.asked.kwargs.get(key)) for key in ("min_value", "max_value")]
    unlike = any(bound is not None and isinstance(bound, str) == numbers for bound in given)
    told = "cannot be compared with the bound" in ours.message  # GX compares text with the text of a date
    return ours.end == "raised" and bool(question.columns) and (told or (unlike and not any(_judged(question).values())))


def _judged(question: Question) -> dict[str, list[Any]]:
    """The values of each column that the row condition leaves."""
    rows = selected(question.table, question.asked.kwargs.get("row_condition"))
    picked = question.table.picked(rows)
    return {column.name: picked.column(column.name).present for column in question.columns}


STATISTICS = ("max", "min", "mean", "median", "stdev", "sum", "kl_divergence")


def rounding(question: Question, theirs: Answer, ours: Answer) -> bool:
    """Statistics that agree up to rounding, on either side of a bound: those of decimals are exact."""
    if (
        not question.type.startswith(tuple(f"expect_column_{name}_" for name in STATISTICS))
        or theirs.end != "answered"
        or ours.end != "answered"
    ):
        return False
    pair = [answer.result.get("observed_value") for answer in (theirs, ours)]
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in pair):
        return False
    numbers = [abs(float(v)) for values in _judged(question).values() for v in values if not isinstance(v, str | dt.date)]
    room = 1e-9 * max([1e-300, *(value for value in numbers if math.isfinite(value))])
    kwargs = question.asked.kwargs
    bounds = [_as_number(kwargs.get(key)) for key in ("min_value", "max_value", "threshold")]
    near = [bound for bound in bounds if isinstance(bound, float) and abs(bound - pair[1]) <= room]
    return abs(pair[0] - pair[1]) <= room and (theirs.success == ours.success or bool(near))


def no_deviation(question: Question, theirs: Answer, ours: Answer) -> bool:
    """Equal values are no outliers; the mean of equal doubles may be another than they, by rounding."""
    kwargs = question.asked.kwargs
    about = question.type.startswith("expect_column_value_z_scores") or (
        kwargs.get("method") == "std" and kwargs.get("multiplier") == 0
    )
    if not about or ours.end != "answered" or not question.columns:
        return False
    return len(set(_judged(question)[question.columns[0].name])) == 1 and ours.result["unexpected_count"] == 0


def nearly_alike(question: Question, theirs: Answer, ours: Answer) -> bool:
    """Of values that differ by rounding only, or whose squares overflow, the deviation is one of rounding, or none."""
    if not question.type.startswith(("expect_column_value_z_scores", "expect_column_values_to_not_be_outliers")):
        return False
    values = [float(v) for found in _judged(question).values() for v in found if not isinstance(v, str | dt.date)]
    most = max(map(abs, values), default=0.0)
    return ours.end == "answered" and bool(values) and (max(values) - min(values) <= 1e-12 * most or most > 1e150)


def overflowing(question: Question, theirs: Answer, ours: Answer) -> bool:
    """A sum that overflows on the way, and is finite or infinite by the order of the rows, is within no bounds either way."""
    if not question.type.startswith(tuple(f"expect_column_{name}_to_be_between" for name in ("sum", "mean", "stdev"))):
        return False
    values = [abs(float(v)) for found in _judged(question).values() for v in found if not isinstance(v, str | dt.date)]
    same = theirs.end == ours.end == "answered" and theirs.success == ours.success
    return same and any(math.isfinite(value) and value > 1e300 for value in values)


def too_many_intervals(question: Question, theirs: Answer, ours: Answer) -> bool:
    """An automatic partition has at most 10,000 intervals; numpy makes millions for one far value."""
    return KL in question.type and ours.end == "raised" and "more than 10,000 intervals" in ours.message


def too_large_to_fit(question: Question, theirs: Answer, ours: Answer) -> bool:
    """A number with more digits before its point than a column has is compared with it as a double."""
    listed = [abs(float(literal)) for literal in _literals(question.asked.kwargs) if too_long(literal)]
    values = [abs(float(value)) for column in question.columns if column.kind == "wide" for value in column.present]
    return theirs.end == ours.end == "answered" and bool(set(listed) & set(values))


def lone_moment(question: Question, theirs: Answer, ours: Answer) -> bool:
    """One moment has no deviation, so it passes as one number does; GX fails on it."""
    if not question.type.startswith("expect_column_value_z_scores") or theirs.end != "raised" or ours.end != "answered":
        return False
    (column,) = question.columns
    return column.kind in MOMENTS and len(_judged(question)[column.name]) < 2 and ours.success


def too_large(question: Question, theirs: Answer, ours: Answer) -> bool:
    """A sum of decimals of more than 38 digits is an error, and so is a mean that needs it."""
    if question.type not in (SUM, "expect_column_sum_to_be_between", "expect_column_mean_to_be_between") or ours.end != "raised":
        return False
    wide = [column for column in question.columns if column.kind == "wide"]
    if question.type != SUM:
        return any(abs(sum(column.present)) >= LARGEST for column in wide)
    rows = zip(*(column.values for column in question.columns), strict=True)
    sums = [sum(Decimal(value) for value in row if isinstance(value, int | Decimal)) for row in rows]
    return bool(wide) and any(abs(value) >= LARGEST for value in sums)


LARGEST = Decimal(10) ** 28
"""The integer part of a decimal with 38 digits, ten of them behind the point, is below."""


def quantiles_of_moments(question: Question, theirs: Answer, ours: Answer) -> bool:
    """GX has no quantiles of dates and times; ours are those of their ranks."""
    if question.type != "expect_column_quantile_values_to_be_between" or theirs.end != "raised" or ours.end != "answered":
        return False
    columns = question.columns
    relative = question.asked.kwargs.get("allow_relative_error", False)
    if (
        not columns
        or columns[0].kind not in MOMENTS
        or relative not in (False, "nearest", "linear", "lower", "higher", "midpoint")
    ):
        return False
    ordered = sorted(
        int(_naive(value).replace(tzinfo=dt.UTC).timestamp() * 10**6) for value in _judged(question)[columns[0].name]
    )
    if not ordered:
        return not ours.success
    ranges = question.asked.kwargs["quantile_ranges"]
    kept = True
    for quantile, (low, high) in zip(ranges["quantiles"], ranges["value_ranges"], strict=True):
        value = float(np.quantile(np.array(ordered, dtype="float64"), quantile, method=relative or "nearest"))
        sides = [
            None if side is None else _moment(side, columns[0]).replace(tzinfo=dt.UTC).timestamp() * 10**6 for side in (low, high)
        ]
        kept &= (sides[0] is None or sides[0] <= value + 1) and (sides[1] is None or value <= sides[1] + 1)
    return kept == ours.success


DIALECT = re.compile(r"\[\[:|\\p\{|\(\?<[a-z]|\(\?[a-z]*[aLux]")


def dialect(question: Question, theirs: Answer, ours: Answer) -> bool:
    """A pattern means what Python's re means by it, where pandas hands it to another engine."""
    patterns = question.asked.kwargs.get("regex_list") or [question.asked.kwargs.get("regex", "")]
    if (
        "regex" not in question.type
        or not any(map(DIALECT.search, patterns))
        or ours.end != "answered"
        or not all(map(_compiles, patterns))
    ):
        return False
    (column,) = question.columns
    texts = [spelling(value, column.kind) for value in _judged(question)[column.name]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [[bool(re.search(pattern, text)) for pattern in patterns] for text in texts]
    whole = all if question.asked.kwargs.get("match_on") == "all" else any
    wrong = [any(hits) if "not_match" in question.type else not whole(hits) for hits in found]
    return ours.result["unexpected_count"] == sum(wrong)


def microsecond(question: Question, theirs: Answer, ours: Answer) -> bool:
    """The mean of moments is exact and rounded to a microsecond (pandas' is cut off, and may lie on the other side of a bound)."""
    if question.type not in ("expect_column_mean_to_be_between", "expect_column_median_to_be_between"):
        return False
    pair = [answer.result.get("observed_value") for answer in (theirs, ours)]
    try:
        first, second = (_naive(dt.datetime.fromisoformat(str(text))) for text in pair)
    except ValueError:
        return False
    return first is not None and second is not None and abs(first - second) <= dt.timedelta(microseconds=1)


def first_column(question: Question, theirs: Answer, ours: Answer) -> bool:
    """The column index 0 is the first column."""
    kwargs, names = question.asked.kwargs, question.table.names
    if question.type != "expect_column_to_exist" or kwargs.get("column_index") != 0:
        return False
    return ours.end == "answered" and ours.success == (names[0] == kwargs["column"])


def family(column: Column) -> str:
    return "number" if column.kind in (*NUMBERS, "boolean") else "moment" if column.kind in MOMENTS else column.kind


def unlike_types(question: Question, theirs: Answer, ours: Answer) -> bool:
    """Columns of unlike types are not compared."""
    pairs = (
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_a",
        "expect_multicolumn_values_to_be_equal",
        "expect_select_column",
    )
    families = {family(column) for column in question.columns}
    return question.type.startswith(pairs) and len(families) > 1 and ours.end == "raised"


MEANS: dict[str, set[str]] = {
    "integer": {"int64", "int", "bigint"},
    "float": {"float64", "float", "double"},
    "text": {"str", "object", "varchar", "string"},
    "boolean": {"bool", "bool_", "boolean"},
    "date": {"date", "object"},
    "timestamp": {"datetime64[us]", "datetime64[ns]", "datetime64", "timestamp"},
    "timestamptz": {"datetime64[us, utc]", "datetime64[ns, utc]", "timestamptz"},
    "decimal": {"decimal", "decimal(10,2)", "object"},
    "wide": {"decimal", "decimal(38,10)", "object"},
}
"""The names, of those that are drawn, by which a kind is called."""
NOT_EXACTLY = {"datetime64[ns]", "datetime64[ns, utc]"}
"""Names that mean another size, where a rule asks for exactly one type."""


def vocabulary(question: Question, theirs: Answer, ours: Answer) -> bool:
    """The names of types are those of one table, and tell of the column, not of each value."""
    kwargs = question.asked.kwargs
    if question.type not in (
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_be_in_type_list",
        "expect_column_type_to_be",
    ):
        return False
    names = {name.lower() for name in kwargs.get("type_list") or [kwargs.get("type_", "")]}
    known = set().union(*MEANS.values()) | {"int32"}
    if ours.end == "refused":
        return not names & known
    column = question.columns[0] if question.columns else None
    if column is None or ours.end != "answered":
        return False
    means = MEANS[column.kind] - (NOT_EXACTLY if question.type == "expect_column_type_to_be" else set())
    return ours.success == bool(means & names)


STATEMENTS: tuple[tuple[str, Statement], ...] = (
    ("5: arguments by which anything would pass are refused", says_nothing),
    ("5: bounds in the wrong order are refused", wrong_order),
    ("5: faults of arguments are found before data are read", earlier),
    ("1: nothing to judge has no partition", no_partition),
    ("7: a pattern that Python does not know is refused", no_pattern),
    ("7: a pattern means what Python's re means", dialect),
    ("5: rules about texts or numbers are errors for columns of other types", other_type),
    ("5: bounds of another type than the column are errors", other_bound),
    ("2: statistics agree up to rounding, and those of decimals are exact", rounding),
    ("2: sums of more than 38 digits are errors", too_large),
    ("5: an automatic partition has at most 10,000 intervals", too_many_intervals),
    ("2: one moment has no deviation", lone_moment),
    ("2: equal values are no outliers", no_deviation),
    ("2: statistics agree up to rounding, and have none where they overflow", nearly_alike),
    ("2: statistics agree up to rounding, and have none where they overflow", overflowing),
    ("2: a number with more digits than the column's decimals compares as a double", too_large_to_fit),
    ("2: quantiles of dates and times", quantiles_of_moments),
    ("2: means of moments are rounded to microseconds", microsecond),
    ("4: column_index 0 is the first column", first_column),
    ("6: names of types", vocabulary),
    ("8: columns of unlike types are not compared", unlike_types),
)
