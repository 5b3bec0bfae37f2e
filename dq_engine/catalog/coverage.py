"""Coverage and freshness: did everybody send who should have, and is it of this time?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog import periods
from dq_engine.catalog.base import Case, ColumnName, Expectation, Fault, Scope, named, number, scalar_column
from dq_engine.catalog.others import (
    CloseColumn,
    OpenColumn,
    Other,
    OtherColumn,
    OtherCondition,
    OtherName,
    overlap,
    pairs,
)
from dq_engine.catalog.shapes import ItemExpectation, considered, nothing, nulls, shown_statistic
from dq_engine.errors import NotEvaluable
from dq_engine.model import Column, Dimension, Items, Judgement, Kahn, Metric, Number, Scalar


class ExpectOrganisationsToBePresent(Other, ItemExpectation, frozen=True, kw_only=True):
    """Every organisation that another extract expects has sent something.

    Why: an extract can be perfect and lack a third of the practices. Coverage is what was received of what was expected
    (https://nhsd-proxy.dokku3.ebmdatalab.net/data-and-information/data-tools-and-services/data-services/data-quality/data-quality-maturity-index-methodology);
    closed organisations are not expected.
    NULLs: an expected organisation without a code is left out. Judged are the organisations that the other extract names, with
    `period_column` in each period of this extract: those open at some time of it (a date that is NULL means open-ended). Two
    spellings of one month are one period; a row condition says which rows count as sent, and whose periods. An organisation that
    is absent is counted under its own code. If this extract has no period that is understood, none is judged.
    See also: expect_column_values_to_exist_in_other_extract, expect_totals_to_be_close_to_previous_period.
    """

    name = "expect_organisations_to_be_present"
    dimension: ClassVar[Dimension] = "coverage"
    kahn: ClassVar[Kahn] = "completeness"
    unit = "expected submissions"
    examples = (
        Case(
            "one of three practices did not send",
            {"practice": ["A81001", "A81001", "A81003"]},
            {"column": "practice", "other": "practices", "other_column": "code"},
            False,
            1,
            others={"practices": {"code": ["A81001", "A81002", "A81003"]}},
        ),
        Case(
            "a practice that closed is expected until then",
            {"practice": ["A81001", "A81002", "A81001"], "month": ["2024-03", "2024-03", "2024-04"]},
            {
                "column": "practice",
                "other": "practices",
                "other_column": "code",
                "period_column": "month",
                "close_column": "closed",
            },
            True,
            0,
            {"practices.closed": "DATE"},
            {"practices": {"code": ["A81001", "A81002"], "closed": [None, "2024-03-31"]}},
        ),
        Case(
            "only of the PCG/Ts that the extract is about",
            {"practice": ["A81001"], "pcgt": ["8A0"]},
            {
                "column": "practice",
                "other": "practices",
                "other_column": "code",
                "within": {"pcgt": "parent"},
            },
            False,
            1,
            others={"practices": {"code": ["A81001", "A81002", "B81001"], "parent": ["8A0", "8A0", "8A1"]}},
        ),
    )
    column: ColumnName
    other: OtherName
    other_column: OtherColumn
    other_condition: OtherCondition = None
    period_column: Annotated[str | None, Meta(description="The column of periods: each organisation is expected in each.")] = None
    open_column: OpenColumn = None
    close_column: CloseColumn = None
    within: Annotated[
        dict[str, str] | None,
        Meta(description="Only organisations whose value of the other's column is among those of this extract's column."),
    ] = None

    def periods(self) -> tuple[str, ...]:
        return () if self.period_column is None else (self.period_column,)

    def subject(self) -> tuple[str, ...]:
        return named(self.column, self.period_column, *(self.within or {}))

    def faults(self) -> Iterator[Fault]:
        yield from self.other_faults()
        if (self.open_column or self.close_column) and self.period_column is None:
            yield Fault("period_column", "is missing: open_column and close_column need a period to be held against")

    def statement(self) -> str:
        every = "Every" if self.mostly >= 1 else f"At least {self.mostly * 100:.10g} % of every"
        each = f" in each {self.period_column}" if self.period_column else ""
        within = f", for the same {', '.join(self.within)}" if self.within else ""
        return f"{every} {self.other_column} of {self.spoken_other()}{within} has rows here{each}"

    def items(self, scope: Scope) -> Items:
        table = scope.other(self.other)
        (code,) = pairs(scope, table, {self.column: self.other_column})
        limits = [
            f"{pair.comparable(pair.other.sql)} IN (SELECT {pair.comparable(pair.own.sql)} FROM {scope.table.view})"
            for pair in pairs(scope, table, self.within or {})
        ]
        expected = sql.all_of(f"{code.other.sql} IS NOT NULL", self.chosen(table), *limits)
        sent = sql.all_of(scope.where, f"{code.own.sql} IS NOT NULL")
        label = "CAST(code AS VARCHAR) AS organisation"
        theirs, ours = code.comparable(code.other.sql), code.comparable(code.own.sql)
        shown = Column(self.other_column, "code", code.other.type, code.other.kind, shown=code.own.shown)
        if self.period_column is None:
            items = (
                f"SELECT {label}, code, FALSE AS missing, code NOT IN (SELECT {ours} FROM {scope.table.view} WHERE {sent}) "
                f"AS unexpected FROM (SELECT DISTINCT {theirs} AS code FROM {table.view} WHERE {expected})"
            )
            return Items(items, (shown,), split=True, coded=code.own.shown)
        period, view = scalar_column(scope, self.period_column), scope.table.view
        dates = f"(SELECT DISTINCT {period.sql} AS value, {period.sql} AS first, {period.sql} AS last FROM {view})"
        spans = periods.spans(period) or dates
        meant = f" AND value IN (SELECT {period.sql} FROM {view} WHERE {scope.where})" if scope.where else ""
        open_then = overlap(table, self.open_column, self.close_column, '"dq first"', '"dq last"') or "TRUE"
        named = 'value AS "dq value", first AS "dq first", last AS "dq last"'
        items = (
            f"WITH spans AS (SELECT {named} FROM {spans} WHERE first IS NOT NULL{meant}), "
            'periods AS (SELECT min("dq value") AS "dq period", "dq first", "dq last" FROM spans GROUP BY ALL), '
            f'due AS (SELECT DISTINCT {theirs} AS code, "dq period" AS period, "dq first" AS first, "dq last" AS last '
            f"FROM {table.view}, periods WHERE {expected} AND {open_then}), "
            f'sent AS (SELECT DISTINCT {ours} AS sent_code, "dq first", "dq last" '
            f'FROM {view} JOIN spans ON "dq value" = {view}.{period.sql} WHERE {sent}) '
            f"SELECT {label}, code, period, first, last, FALSE AS missing, sent_code IS NULL AS unexpected FROM due "
            'LEFT JOIN sent ON code = sent_code AND first = "dq first" AND last = "dq last"'
        )
        then = Column(self.period_column, "period", period.type, period.kind, shown=period.shown)
        reported = periods.reported(period, "first", "last") if scope.period == period else "NULL"
        return Items(items, (shown, then), split=True, coded=code.own.shown, period=reported)


class ExpectColumnMaxToBeFresh(Expectation, frozen=True, kw_only=True):
    """The latest date is at most so many days before the day of the run.

    Why: last year's register looks as valid as this month's. The day is that of the run, or `--as-of`.
    NULLs: left out. A period (2024-10, 2024/25) counts by its last day; values that are no dates or periods are left out.
    See also: expect_column_max_to_be_between, expect_column_pair_values_to_be_within_days.
    """

    name = "expect_column_max_to_be_fresh"
    dimension: ClassVar[Dimension] = "timeliness"
    kahn: ClassVar[Kahn] = "plausibility.temporal"
    dated: ClassVar[bool] = True
    examples = (
        Case("a day of long ago", {"day": ["1999-04-01", None]}, {"column": "day", "max_age_days": 400}, False, 1),
        Case("old data may be old", {"month": ["1999-04"]}, {"column": "month", "max_age_days": 400_000}, True, 0),
    )
    column: ColumnName
    max_age_days: Annotated[int, Meta(description="The greatest age in days that is allowed.", ge=0)]

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def statement(self) -> str:
        return f"The latest {self.column} is at most {self.max_age_days:,} days before the day of the run"

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        column = scalar_column(scope, self.column)
        if column.kind not in (*sql.TEMPORAL, "text", "integer", "null"):
            raise NotEvaluable(f'column "{self.column}" ({column.type}) holds neither dates nor periods')
        value = column.sql if scope.where is None else f"CASE WHEN {scope.where} THEN {column.sql} END"
        latest = _latest(column, value)
        oldest = scope.today - dt.timedelta(days=min(self.max_age_days, (scope.today - dt.date.min).days))
        return {
            "element": considered(scope),
            "missing": nulls(scope, self.column),
            "observed": Scalar(shown_statistic(f"CAST({latest} AS VARCHAR)", None, shown=column.shown)),
            "fresh": Scalar(f"{latest} >= DATE '{oldest.isoformat()}'"),
        }

    def observed(self, scope: Scope) -> str:
        column = scalar_column(scope, self.column)
        return _latest(column, column.sql)

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing = number(numbers["element"]), number(numbers["missing"])
        fresh, latest = numbers["fresh"], numbers["observed"]
        if fresh is None:
            message = nothing(element, element - missing) or f"no value of {self.column} is a date or a period"
            return Judgement(None, "values", element, missing, 0, gx_success=False, message=message)
        return Judgement(bool(fresh), "values", element, missing, 0 if fresh else 1, bool(fresh), latest)


def _latest(column: Column, value: str) -> str:
    """SQL of the last day of the latest date or period."""
    return f"max({periods.last_day(column, value)})"
