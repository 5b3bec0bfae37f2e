"""Quantiles: exactly, by the place of a value in the sorted column."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from dq_engine import sql
from dq_engine.catalog.aggregates import as_number, numeric
from dq_engine.catalog.base import Case, ColumnName, Expectation, Fault, Scope, number, scalar_column
from dq_engine.catalog.bounds import Bound, readable
from dq_engine.catalog.shapes import considered, nothing, nulls
from dq_engine.errors import NotEvaluable
from dq_engine.model import EXTRACT, Column, Dimension, Figure, Judgement, Kahn, Kind, Metric, Number

Method = Literal["linear", "lower", "higher", "midpoint", "nearest"]
"""How pandas reads a quantile that falls between two values."""
BETWEEN: tuple[Method, ...] = ("linear", "midpoint")
"""The methods by which a quantile may be no value of the column."""
CLOSE, CLOSE_TO = 1e-8, 1e-4
"""A quantile keeps a bound if it is as near to it as this, absolutely and relatively (Great Expectations' own tolerance)."""


def order_statistics(value: str, where: str | None, quantiles: Sequence[float], method: Method) -> str:
    """SELECT of one row: ``n``, the number of values that are not NULL, and the quantiles, ``q0`` and so on; NULL of no value.

    ``value`` is SQL of a value of the extract; for the methods that fall between two, of a double. A quantile q is at the place
    q (n - 1), from 0, of the sorted values, as numpy has it: "nearest" takes the even place of two that are as near, and what
    infinities leave without a value is NULL. The values are sorted, which DuckDB does on disk if memory is short.
    """
    given = f"SELECT {value} AS x FROM {EXTRACT} WHERE {sql.all_of(where, f'{value} IS NOT NULL')}"
    at = [f"(n - 1) * CAST('{quantile * 100 / 100!r}' AS DOUBLE) AS at{k}" for k, quantile in enumerate(quantiles)]
    places = [place for k in range(len(quantiles)) for place in _places(k, method)]
    found = [f"{_quantile(k, method)} AS q{k}" for k in range(len(quantiles))]
    return (
        f"WITH given AS NOT MATERIALIZED ({given}),\n"
        f"places AS (SELECT n, {', '.join(places)}\nFROM (SELECT n, {', '.join(at)} FROM (SELECT count(*) AS n FROM given))),\n"
        "ranked AS (SELECT x, row_number() OVER (ORDER BY x) - 1 AS place FROM given)\n"
        f"SELECT coalesce(any_value(n), 0) AS n, {', '.join(found)}\nFROM ranked, places"
    )


def _places(k: int, method: Method) -> Iterator[str]:
    """SQL of the places that quantile ``k`` is read from, and of its weight between two."""
    at = f"at{k}"
    low, part = f"floor({at})", f"({at} - floor({at}))"
    if method in BETWEEN:
        yield f"least({low}, n - 1) AS low{k}"
        yield f"least({low} + 1, n - 1) AS high{k}"
        yield f"{part if method == 'linear' else f'CASE WHEN {part} = 0 THEN 0 ELSE 0.5 END'} AS weight{k}"
    elif method == "nearest":
        yield f"{low} + CASE WHEN {part} > 0.5 THEN 1 WHEN {part} < 0.5 THEN 0 ELSE {low} % 2 END AS low{k}"
    else:
        yield f"{low if method == 'lower' else f'ceil({at})'} AS low{k}"


def _quantile(k: int, method: Method) -> str:
    """SQL of quantile ``k`` over the sorted values; between two values as numpy reckons."""
    low, high, weight = f"max(CASE WHEN place = low{k} THEN x END)", f"max(CASE WHEN place = high{k} THEN x END)", f"weight{k}"
    if method not in BETWEEN:
        return low
    weight = f"any_value({weight})"
    upper, lower = f"{high} - ({high} - {low}) * (1 - {weight})", f"{low} + ({high} - {low}) * {weight}"
    return f"nullif(CASE WHEN {weight} >= 0.5 THEN {upper} ELSE {lower} END, 'NaN'::DOUBLE)"


class QuantileRanges(Struct, frozen=True):
    """The argument ``quantile_ranges``: quantiles, 0 to 1, and for each a lower and an upper bound, null for none."""

    quantiles: list[float]
    value_ranges: list[tuple[Bound | None, Bound | None]]


class ExpectColumnQuantileValuesToBeBetween(Expectation, frozen=True, kw_only=True):
    """Quantiles of the column lie between two bounds each.

    Why: quartiles and the median say how values are spread, and a few wild ones do not move them; a mean hides it.
    NULLs: left out. A quantile that falls between two values is the nearer of the two, by place; `allow_relative_error` may name
    another of pandas' ways ("linear", "lower", "higher", "midpoint"). A bound is kept by what is off by no more than a ten
    thousandth of it; bounds of dates are kept exactly. Quantiles without a range are not checked. They are exact, and, as they
    are values of the column, shown only where its values may be shown.
    See also: expect_column_median_to_be_between, expect_column_values_to_not_be_outliers.
    """

    name = "expect_column_quantile_values_to_be_between"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case(
            "quartiles of list sizes",
            {"patients": [2100, 5400, 8300, 11900, 24000]},
            {
                "column": "patients",
                "quantile_ranges": {"quantiles": [0.25, 0.5, 0.75], "value_ranges": [[4000, 6000], [7000, 9000], [10000, None]]},
            },
            True,
            0,
        ),
        Case(
            "waits are longer than they should be",
            {"days": [3, 9, 14, 20, 41, None]},
            {"column": "days", "quantile_ranges": {"quantiles": [0.5, 0.75], "value_ranges": [[None, 14], [None, 18]]}},
            False,
            1,
        ),
        Case(
            "between two values",
            {"days": [10, 20]},
            {
                "column": "days",
                "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[15, 15]]},
                "allow_relative_error": "linear",
            },
            True,
            0,
        ),
        Case(
            "half of the dates are of this year",
            {"seen": ["2023-11-30", "2024-01-05", "2024-02-01"]},
            {"column": "seen", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [["2024-01-01", None]]}},
            True,
            0,
            types={"seen": "DATE"},
        ),
    )
    column: ColumnName
    quantile_ranges: Annotated[
        dict[str, Any],
        Meta(description="`quantiles`, 0 to 1, and `value_ranges`, for each a list of its lower and upper bound, null for none."),
    ]
    allow_relative_error: Annotated[
        bool | Method, Meta(description="How a quantile between two values is read; false for the nearest value.")
    ] = False

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def ranges(self) -> QuantileRanges:
        """The quantiles and their bounds. Raises :class:`msgspec.ValidationError` if they are not as described."""
        return msgspec.convert(_without_flags(self.quantile_ranges), QuantileRanges)

    @property
    def method(self) -> Method:
        """How a quantile between two values is read."""
        return "nearest" if isinstance(self.allow_relative_error, bool) else self.allow_relative_error

    def faults(self) -> Iterator[Fault]:
        argument = "quantile_ranges"
        try:
            ranges = self.ranges
        except msgspec.ValidationError as error:
            yield Fault(argument, f"expected quantiles, a list of numbers, and value_ranges, a list of pairs of bounds: {error}")
            return
        wrong = [quantile for quantile in ranges.quantiles if not 0 <= quantile <= 1]
        if wrong:
            yield Fault(f"{argument}.quantiles", f"{wrong[0]} is no quantile: expected numbers from 0 to 1")
        if not ranges.value_ranges:
            yield Fault(f"{argument}.value_ranges", "is empty: any column would pass")
        if len(ranges.value_ranges) > len(ranges.quantiles):
            counted = f"{len(ranges.value_ranges)} ranges for {len(ranges.quantiles)} quantiles"
            yield Fault(f"{argument}.value_ranges", f"has {counted}: expected no more ranges than quantiles")
        for bound in (bound for pair in ranges.value_ranges for bound in pair if isinstance(bound, str)):
            if not readable(bound):
                what = f"expected a number, a date such as 2024-03-31, or a time; got {sql.spoken(bound)}"
                yield Fault(f"{argument}.value_ranges", what)

    def statement(self) -> str:
        parts = [
            f"{quantile:.10g} {_bounded(low, high)}"
            for quantile, (low, high) in zip(self.ranges.quantiles, self.ranges.value_ranges, strict=False)
        ]
        word = "Quantile" if len(parts) == 1 else "Quantiles"
        return f"{word} of {self.column}: {', '.join(parts)}"

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        if self.allow_relative_error is True:
            raise NotEvaluable("quantiles are exact here: write allow_relative_error false, or how to read between two values")
        column, ranges = scalar_column(scope, self.column), self.ranges
        quantiles, measured = self._select(scope)
        inside = [_inside(f"q{k}", pair, measured) for k, pair in enumerate(ranges.value_ranges)]
        kept = [f"CASE WHEN {condition} THEN '1' ELSE '0' END" for condition in inside]
        shown = ", ".join(sql.as_json(f"q{k}", measured.kind) for k in range(len(ranges.quantiles)))
        told = f", CAST(to_json([{shown}]) AS VARCHAR) AS found, {self._told()} AS told" if column.shown else ""
        select = f"SELECT concat({', '.join(kept)}) AS kept{told}\nFROM (\n{quantiles}\n)"
        names = ("kept", "found", "told") if column.shown else ("kept",)
        figures = {name: Figure(select, name) for name in names}
        return {"element": considered(scope), "missing": nulls(scope, self.column), **figures}

    def _select(self, scope: Scope) -> tuple[str, Column]:
        """SELECT of the quantiles, ``q0`` and so on, and a column of their type. Raises :class:`NotEvaluable`."""
        value, quantile, measured = self._read(scalar_column(scope, self.column))
        read = ", ".join(f"{quantile.format(f'q{k}')} AS q{k}" for k in range(len(self.ranges.quantiles)))
        ordered = order_statistics(value, scope.where, self.ranges.quantiles, self.method)
        return f"SELECT {read}\nFROM (\n{ordered}\n)", measured

    def _told(self) -> str:
        """SQL of the quantiles as people read them."""
        parts = [f"'{q:.10g}: ' || coalesce(CAST(q{k} AS VARCHAR), 'none')" for k, q in enumerate(self.ranges.quantiles)]
        return f"concat_ws(', ', {', '.join(parts)})"

    def _read(self, column: Column) -> tuple[str, str, Column]:
        """SQL of the values that are sorted, SQL of a quantile of these, "{}", and a column of its type.

        Raises :class:`NotEvaluable` for columns that have no quantiles.
        """
        if column.kind not in sql.TEMPORAL:
            numeric(column, "quantiles")
        if self.method not in BETWEEN:
            return column.sql, "{}", column
        if column.kind not in sql.TEMPORAL:
            return f"CAST({as_number(column, column.sql)} AS DOUBLE)", "{}", Column(column.name, "", "DOUBLE", "float")
        kind: Kind = "timestamptz" if column.kind == "timestamptz" else "timestamp"
        made = f"make_{kind}(CAST(round({{}}) AS BIGINT))"
        return f"CAST(epoch_us({column.sql}) AS DOUBLE)", made, Column(column.name, "", kind.upper(), kind)

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing = number(numbers["element"]), number(numbers["missing"])
        quantiles, checked = self.ranges.quantiles, len(self.ranges.value_ranges)
        found = numbers.get("found")
        values = json.loads(str(found)) if found is not None else [None] * len(quantiles)
        kept = [flag == "1" for flag in str(numbers["kept"])]
        details: dict[str, Any] = {"quantiles": quantiles, "values": values, "success_details": kept}
        if element == missing:
            return Judgement(None, "quantiles", checked, 0, 0, False, details=details, message=nothing(element, 0))
        observed = numbers.get("told")
        if found is None:
            details["not_shown"] = "quantiles are values of the column"
        return Judgement(all(kept), "quantiles", checked, 0, kept.count(False), all(kept), observed, details)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        details = judgement.details
        observed = {"quantiles": details["quantiles"], "values": details["values"]}
        return {"observed_value": observed, "details": {"success_details": details["success_details"]}}

    def observed(self, scope: Scope) -> str:
        return f"any_value((SELECT {self._told()} FROM (\n{self._select(scope)[0]}\n)))"


def _without_flags(value: Any) -> Any:
    """The value with yes and no as 1 and 0."""
    if isinstance(value, dict):
        return {key: _without_flags(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_flags(item) for item in value]
    return int(value) if isinstance(value, bool) else value


def _bounded(low: Bound | None, high: Bound | None) -> str:
    """A range in words."""
    if low is None or high is None:
        return f"at most {high}" if high is not None else f"at least {low}" if low is not None else "whatever it is"
    return f"between {low} and {high}"


def _inside(quantile: str, pair: tuple[Bound | None, Bound | None], column: Column) -> str:
    """SQL: the quantile, of the type of ``column``, is within its bounds, or close to one. Raises :class:`NotEvaluable`."""
    value = as_number(column, quantile)
    sides, close = [f"{value} IS NOT NULL"], []
    for bound, sign in zip(pair, (">=", "<="), strict=True):
        if bound is None:
            continue
        try:
            sides.append(f"{value} {sign} {sql.orderable(bound, column)}")
            limit = 0.0 if column.kind in sql.TEMPORAL else float(sql.as_number(bound) if isinstance(bound, str) else bound)
        except sql.Incomparable as error:
            raise NotEvaluable(f'column "{column.name}": {error}') from None
        if math.isinf(limit):
            close.append(f"{value} = {sql.number(limit)}")
        elif column.kind not in sql.TEMPORAL:
            tolerance = sql.number(CLOSE + CLOSE_TO * abs(limit))
            close.append(f"abs(CAST({value} AS DOUBLE) - {sql.number(limit)}) <= {tolerance}")
    return " OR ".join([f"({sql.all_of(*sides)})", *close])
