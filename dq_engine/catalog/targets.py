"""Targets: is the share that was promised reached, by the whole and by each organisation?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import Case, ColumnName, Fault, Scope, named, number, scalar_column
from dq_engine.catalog.bounds import Bound, readable
from dq_engine.catalog.others import Other, OtherCondition, OtherName, pairs
from dq_engine.catalog.sets import Member, listed, literals
from dq_engine.catalog.shapes import FEW, ItemExpectation, judged_rows
from dq_engine.errors import NotEvaluable
from dq_engine.model import Column, Dimension, ItemNumber, Items, Judgement, Kahn, Metric, Number

CONNECTED: dict[str, list[Any]] = {"pcgt": ["8A0", "8A0", "8A0", "8A1", "8A1"], "nhsnet": [True, True, True, True, False]}


class ExpectShareToReachTarget(Other, ItemExpectation, frozen=True, kw_only=True):
    """The share of those that meet a condition reaches a target.

    Why: Information for Health and the NHS Plan set targets as shares: 95 % of practices on NHSnet by March 2001, 35 % of acute
    hospitals at level 3 of the electronic patient record by March 2002. The study asks whether PCG/Ts can meet national and local
    targets: the same rule with a national `min_share`, for the whole and `by` PCG/T, or with each PCG/T's own target from another
    extract.
    NULLs: a unit of which no row has a value is not counted: whether it answered is a rule of its own. Of several targets in the
    other extract the highest counts. An organisation without a
    unit that counts, or without a target, is not judged. A unit of several rows (`per`) meets the condition if any of them does.
    See also: expect_column_values_to_be_in_set, expect_column_values_to_be_between.
    """

    name = "expect_share_to_reach_target"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    unit = "targets"
    examples = (
        Case(
            "4 of 5 practices are connected; 95 % was the target",
            CONNECTED,
            {"column": "nhsnet", "value_set": [True], "min_share": 0.95},
            False,
            1,
        ),
        Case(
            "one of two PCG/Ts reaches it",
            CONNECTED,
            {"column": "nhsnet", "value_set": [True], "by": "pcgt", "min_share": 0.95},
            False,
            1,
        ),
        Case(
            "hospitals, of which each has many rows, at level 3 or above",
            {"trust": ["RZ0", "RZ0", "RZ1"], "level": [3, 3, 1]},
            {"column": "level", "min_value": 3, "per": ["trust"], "min_share": 0.35},
            True,
            0,
        ),
        Case(
            "each PCG/T's own target",
            CONNECTED,
            {
                "column": "nhsnet",
                "value_set": [True],
                "by": "pcgt",
                "other": "plans",
                "other_column": "nhsnet_target",
                "on": {"pcgt": "code"},
            },
            True,
            0,
            others={"plans": {"code": ["8A0", "8A1"], "nhsnet_target": [0.9, 0.5]}},
        ),
    )
    column: ColumnName
    value_set: Annotated[list[Member] | None, Meta(description="Values that meet the condition.")] = None
    min_value: Annotated[Bound | None, Meta(description="Or the least value that meets it.")] = None
    per: Annotated[tuple[str, ...], Meta(description="Columns that together make one unit; none: each row is one.")] = ()
    by: Annotated[str | None, Meta(description="The column of organisations, each of which must reach the target.")] = None
    min_share: Annotated[Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="The target, 0 to 1.")] = None
    other: Annotated[OtherName | None, Meta(description="Or the extract that holds targets.")] = None
    other_column: Annotated[str | None, Meta(description="Its column of targets, 0 to 1.")] = None
    on: Annotated[dict[str, str] | None, Meta(description="The column of `by`, with its column in the other.")] = None
    other_condition: OtherCondition = None

    def subject(self) -> tuple[str, ...]:
        return named(self.column, *self.per, self.by)

    def faults(self) -> Iterator[Fault]:
        if (self.value_set is None) == (self.min_value is None):
            yield Fault("", "needs value_set or min_value, and not both: which values meet the condition?")
        if isinstance(self.min_value, str) and not readable(self.min_value):
            yield Fault("min_value", f"expected a number, a date such as 2024-03-31, or a time; got {sql.spoken(self.min_value)}")
        if (self.min_share is None) == (self.other is None):
            yield Fault("", "needs min_share or other, and not both: what is the target?")
        if self.other is not None:
            if self.other_column is None:
                yield Fault("other_column", "is missing: which column of the other holds the targets?")
            if self.by is None or list(self.on or ()) != [self.by]:
                yield Fault("on", "must name the column of by, and its column in the other")
            yield from self.other_faults()

    def statement(self) -> str:
        meets = f"is at least {self.min_value}" if self.value_set is None else f"is one of {listed(self.value_set)}"
        unit = f"different {', '.join(self.per)}" if self.per else "rows"
        target = (
            f"at least {(self.min_share or 0) * 100:.10g} %"
            if self.other is None
            else f"at least the target in {self.other_column} of {self.spoken_other()}"
        )
        each = f", in each {self.by}" if self.by else ""
        return f"The share of {unit} whose {self.column} {meets} is {target}{each}"

    def items(self, scope: Scope) -> Items:
        by = None if self.by is None else scalar_column(scope, self.by)
        label = "NULL::VARCHAR" if by is None else f"CAST({by.sql} AS VARCHAR)"
        column = scalar_column(scope, self.column)
        unit = [scalar_column(scope, name).sql for name in self.per]
        grouped = ", ".join([label, *unit])
        shared = f"{column.sql} IS NOT NULL"
        where = sql.all_of(scope.where, shared)
        met = self._met(column)
        units = (
            f"SELECT {label} AS organisation, bool_or({met}) AS met FROM {scope.table.view} WHERE {where} GROUP BY {grouped}"
            if unit
            else f"SELECT {label} AS organisation, {met} AS met FROM {scope.table.view} WHERE {where}"
        )
        everyone = f"SELECT DISTINCT {label} AS organisation FROM {scope.table.view}" + (
            f" WHERE {scope.where}" if scope.where else ""
        )
        counted = "SELECT organisation, count(*) AS units, coalesce(count_if(met), 0) AS meeting FROM units GROUP BY organisation"
        return Items(
            f"WITH units AS ({units}), counted AS ({counted}), everyone AS ({everyone}), targets AS ({self._targets(scope)}) "
            "SELECT everyone.organisation AS organisation, coalesce(units, 0) AS units, coalesce(meeting, 0) AS meeting, "
            "round(100 * meeting / units, 1) AS share, "
            "units IS NULL OR target IS NULL AS missing, "
            "coalesce(meeting / units < target, FALSE) AS unexpected "
            "FROM everyone LEFT JOIN counted ON everyone.organisation IS NOT DISTINCT FROM counted.organisation "
            "LEFT JOIN targets ON targets.code IS NULL OR targets.code = everyone.organisation",
            (
                *([Column(by.name, "organisation", "VARCHAR", "text", shown=by.shown)] if by is not None else []),
                Column("per cent", "share", "DOUBLE", "float", shown=column.shown),
                Column("of", "units", "BIGINT", "integer", shown=True),
            ),
            split=by is not None,
            coded=by is not None and by.shown,
        )

    def _met(self, column: Column) -> str:
        if self.value_set is not None:
            return sql.in_list(column.sql, literals(column, self.value_set))
        try:
            assert self.min_value is not None
            return f"{column.sql} >= {sql.orderable(self.min_value, column)}"
        except sql.Incomparable as error:
            raise NotEvaluable(f'column "{self.column}": {error}') from None

    def _targets(self, scope: Scope) -> str:
        if self.other is None or self.other_column is None:
            return f"SELECT NULL::VARCHAR AS code, {sql.number(self.min_share or 0)} AS target"
        table = scope.other(self.other)
        (key,) = pairs(scope, table, self.on or {})
        target = scalar_column(Scope(table), self.other_column)
        if target.kind not in sql.NUMERIC:
            raise NotEvaluable(f'column "{self.other_column}" of {self.other} is not numeric ({target.type}): it is no share')
        where = sql.all_of(f"{key.other.sql} IS NOT NULL", self.chosen(table))
        code = f"CAST({key.other.sql} AS VARCHAR) AS code"
        return f"SELECT {code}, max({target.sql}) AS target FROM {table.view} WHERE {where} GROUP BY 1"

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        items = self.items(scope)
        told = "TRUE" if scope.column(self.column).shown else f"sum(units) >= {FEW} AND sum(meeting) NOT IN (0, sum(units))"
        return {
            **super().metrics(scope),
            "units": ItemNumber(items, f"CASE WHEN {told} THEN sum(units) END"),
            "meeting": ItemNumber(items, f"CASE WHEN {told} THEN sum(meeting) END"),
        }

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        judged = judged_rows(numbers, self.mostly, self.unit)
        units, meeting = number(numbers["units"]), number(numbers["meeting"])
        if not units:
            return judged
        details: dict[str, Any] = {"units": units, "meeting": meeting}
        return Judgement(
            judged.success,
            "targets" if self.by is None else f"organisations ({self.by})",
            judged.element_count,
            judged.missing_count,
            judged.unexpected_count,
            judged.gx_success,
            round(meeting / units, 6),
            details,
            judged.message,
        )
