"""Totals: do two extracts, or two periods of one, add up to the same?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal, NamedTuple

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog import periods
from dq_engine.catalog.base import Case, Fault, Scope, named, scalar_column
from dq_engine.catalog.others import On, Other, OtherCondition, OtherName, Pair, pairs
from dq_engine.catalog.shapes import ItemExpectation
from dq_engine.errors import NotEvaluable
from dq_engine.model import Column, Dimension, Items, Kahn, Table

SummedColumn = Annotated[str | None, Meta(description="The column that is summed; null: rows are counted.")]
ROUNDING = 1e-9
"""Sums of floating-point numbers that differ by less than this share of them are equal."""


def total(table: Table, name: str | None) -> tuple[str, bool, bool]:
    """SQL of a column's sum or of the number of rows; whether it is of floating point, and whether it may be shown.

    Raises :class:`NotEvaluable` for a column that is not numeric.
    """
    if name is None:
        return "count(*)", False, True
    column = scalar_column(Scope(table), name)
    if column.kind not in sql.NUMERIC:
        raise NotEvaluable(f'column "{name}" is not numeric ({column.type}): it has no sum')
    return f"sum({column.sql})", column.kind == "float", column.shown


def spoken_total(name: str | None) -> str:
    """A total in words."""
    return "The number of rows" if name is None else f"The sum of {name}"


class _Owner(NamedTuple):
    """Whose an item is: SQL of the organisation's code; whether items have one, and whether its codes may be shown."""

    sql: str
    split: bool
    coded: bool


def _organisation(scope: Scope, columns: Mapping[str, Column]) -> _Owner:
    """The organisation of items that are told apart by columns of the extract; ``columns`` maps SQL of their values to them."""
    own = [(value, column) for value, column in columns.items() if scope.organisation and column.sql == scope.organisation.sql]
    if not own:
        return _Owner("NULL::VARCHAR", split=False, coded=False)
    value, column = own[0]
    return _Owner(f"CAST({value} AS VARCHAR)", split=True, coded=column.shown)


class ExpectColumnSumToReconcileWithOtherExtract(Other, ItemExpectation, frozen=True, kw_only=True):
    """For each key, the sum of a column equals that of the other extract.

    Why: money follows the registered population: £2.60 a head in 2014-16
    (https://www.digitalhealth.net/2014/04/plans-for-230m-gp-it-spend-released/). Lists, populations and allocations that do not
    add up to each other pay somebody for patients whom nobody has.
    NULLs: rows without a key take no part, NULLs do not add to a sum; a key that has no sum on either side is not judged. A key
    that only one of the two has is unexpected, unless `unmatched` is "ignore": then not judged. Judged are keys, not rows.
    See also: expect_column_values_to_agree_with_other_extract, expect_totals_to_be_close_to_previous_period.
    """

    name = "expect_column_sum_to_reconcile_with_other_extract"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.computational"
    unit = "keys"
    examples = (
        Case(
            "lists against the register of PCG/Ts",
            {"pcgt": ["8A0", "8A0", "8A1"], "patients": [600, 400, 900]},
            {"column": "patients", "other": "pcgts", "other_column": "population", "on": {"pcgt": "code"}},
            False,
            1,
            others={"pcgts": {"code": ["8A0", "8A1"], "population": [1000, 990]}},
        ),
        Case(
            "£2.60 a head, within 1 %",
            {"pcgt": ["8A0"], "allocation": [2613.0]},
            {
                "column": "allocation",
                "other": "pcgts",
                "other_column": "population",
                "on": {"pcgt": "code"},
                "factor": 2.6,
                "relative_tolerance": 0.01,
            },
            True,
            0,
            others={"pcgts": {"code": ["8A0"], "population": [1000]}},
        ),
        Case(
            "rows against a stated number of practices; one PCG/T has no practice at all",
            {"pcgt": ["8A0", "8A0"]},
            {"column": None, "other": "pcgts", "other_column": "practices", "on": {"pcgt": "code"}},
            False,
            1,
            others={"pcgts": {"code": ["8A0", "8A1"], "practices": [2, 5]}},
        ),
    )
    other: OtherName
    on: On
    column: SummedColumn = None
    other_column: Annotated[str | None, Meta(description="The column that is summed there; null: rows are counted.")] = None
    factor: Annotated[float, Meta(description="The other's sum is multiplied by it, such as pounds a head.", gt=0)] = 1
    relative_tolerance: Annotated[float, Meta(description="How far apart they may be, as a share of the other's.", ge=0)] = 0
    absolute_tolerance: Annotated[float, Meta(description="How far apart they may be in any case.", ge=0)] = 0
    unmatched: Annotated[Literal["fail", "ignore"], Meta(description="What a key means that only one side has.")] = "fail"
    other_condition: OtherCondition = None

    def subject(self) -> tuple[str, ...]:
        return named(self.column, *self.on)

    def faults(self) -> Iterator[Fault]:
        if not self.on:
            yield Fault("on", "is empty: name the columns of the key")
        yield from self.other_faults()

    def statement(self) -> str:
        times = "" if self.factor == 1 else f", times {self.factor:g}"
        bounds = [f"{self.relative_tolerance * 100:g} %" if self.relative_tolerance else "", f"{self.absolute_tolerance:g}"]
        within = " or ".join(bound for bound in bounds if bound not in ("", "0"))
        theirs = spoken_total(self.other_column).lower()
        key = ", ".join(self.on)
        ours = spoken_total(self.column)
        near = f" within {within}" if within else ""
        return f"{ours} per {key} equals {theirs} of {self.spoken_other()}{times}{near}"

    def items(self, scope: Scope) -> Items:
        table = scope.other(self.other)
        key = pairs(scope, table, self.on)
        ours, our_float, our_shown = total(scope.table, self.column)
        theirs, their_float, their_shown = total(table, self.other_column)
        scaled = theirs if self.factor == 1 else f"{theirs} * {sql.number(self.factor)}"
        join = " AND ".join(f"ours.k{n} = theirs.k{n}" for n in range(1, len(key) + 1))
        here = _totals(scope.table.view, [(pair, pair.own) for pair in key], ours, scope.where)
        there = _totals(table.view, [(pair, pair.other) for pair in key], scaled, self.chosen(table))
        keys = ", ".join(f"coalesce(ours.k{n}, theirs.k{n}) AS k{n}" for n in range(1, len(key) + 1))
        rounding = ROUNDING if our_float or their_float or self.factor != 1 else 0.0
        tolerance = (
            f"greatest({sql.number(self.absolute_tolerance)}, {sql.number(max(self.relative_tolerance, rounding))} * abs(there))"
        )
        unmatched = "TRUE" if self.unmatched == "fail" else "FALSE"
        judged = (
            f"SELECT {keys}, ours.total AS here, theirs.total AS there, ours.k1 IS NULL OR theirs.k1 IS NULL AS alone "
            f"FROM ({here}) AS ours FULL JOIN ({there}) AS theirs ON {join}"
        )
        owner = _organisation(scope, {f"k{n}": pair.own for n, pair in enumerate(key, 1)})
        return Items(
            f"SELECT {owner.sql} AS organisation, k1, {''.join(f'k{n}, ' for n in range(2, len(key) + 1))}here, there, "
            f"(here IS NULL AND there IS NULL) OR (alone AND NOT {unmatched}) AS missing, "
            f"alone OR NOT coalesce(abs(here - there) <= {tolerance}, FALSE) AS unexpected FROM ({judged})",
            (
                *(_named(pair.own, f"k{n}", shown=pair.own.shown and pair.other.shown) for n, pair in enumerate(key, 1)),
                Column("here", "here", "DOUBLE", "float", shown=our_shown),
                Column("in the other", "there", "DOUBLE", "float", shown=their_shown),
            ),
            split=owner.split,
            coded=owner.coded,
        )


def _totals(view: str, key: list[tuple[Pair, Column]], statistic: str, where: str | None) -> str:
    """SQL of a total per key, ``k1`` … and ``total``; rows without a key take no part."""
    columns = ", ".join(f"{pair.comparable(column.sql)} AS k{n}" for n, (pair, column) in enumerate(key, 1))
    there = sql.all_of(where, *(f"{column.sql} IS NOT NULL" for _, column in key))
    places = ", ".join(str(n) for n in range(1, len(key) + 1))
    return f"SELECT {columns}, {statistic} AS total FROM {view} WHERE {there} GROUP BY {places}"


def _named(column: Column, place: str, *, shown: bool) -> Column:
    return Column(column.name, place, "VARCHAR", column.kind, shown=shown)


class ExpectTotalsToBeCloseToPreviousPeriod(ItemExpectation, frozen=True, kw_only=True):
    """A total differs little from that of the period before.

    Why: half a month's prescriptions, or a practice that lost a tenth of its patients overnight, is a fault of the extract more
    often than of the world.
    NULLs: rows without a period, or whose period is not understood, take no part; NULL in `by` is a group of its own. What was
    not there in the period before, or was 0, is not judged; what was there and is not any more is unexpected. The first period
    has none before it: an extract of one period has nothing to judge, unless `other` is an earlier extract of the same shape.
    See also: expect_column_sum_to_reconcile_with_other_extract, expect_organisations_to_be_present.
    """

    name = "expect_totals_to_be_close_to_previous_period"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.temporal"
    unit = "totals"
    examples = (
        Case(
            "a practice lost half of its list",
            {"practice": ["A", "B", "A", "B"], "month": ["2024-10", "2024-10", "2024-11", "2024-11"], "list": [100, 90, 98, 45]},
            {"column": "list", "period_column": "month", "by": ["practice"], "max_change": 0.1},
            False,
            1,
        ),
        Case(
            "a third of the rows is gone",
            {"month": ["202410", "202410", "202410", "202411", "202411"]},
            {"column": None, "period_column": "month", "max_change": 0.2},
            False,
            1,
        ),
        Case(
            "the period before is in an earlier extract",
            {"month": ["2024-11"], "list": [101]},
            {"column": "list", "period_column": "month", "other": "october", "max_change": 0.02},
            True,
            0,
            others={"october": {"month": ["2024-10"], "list": [100]}},
        ),
    )
    period_column: Annotated[str, Meta(description="The column of dates or periods.", min_length=1)]
    column: SummedColumn = None
    by: Annotated[tuple[str, ...], Meta(description="The columns of which each combination has a total of its own.")] = ()
    max_change: Annotated[float, Meta(description="How much a total may change, as a share of the one before.", gt=0)] = 0.2
    other: Annotated[OtherName | None, Meta(description="An earlier extract of the same shape, named with --with.")] = None

    def others(self) -> tuple[str, ...]:
        return () if self.other is None else (self.other,)

    def periods(self) -> tuple[str, ...]:
        return (self.period_column,)

    def subject(self) -> tuple[str, ...]:
        return named(self.column, self.period_column, *self.by)

    def statement(self) -> str:
        each = f" per {', '.join(self.by)}" if self.by else ""
        before = f" (or of {self.other})" if self.other else ""
        change = f"differs by at most {self.max_change * 100:g} %"
        return f"{spoken_total(self.column)}{each} {change} from the previous {self.period_column}{before}"

    def items(self, scope: Scope) -> Items:
        groups = [scalar_column(scope, name) for name in self.by]
        _, _, shown = total(scope.table, self.column)
        own = self._by_period(scope.table, scope.where, periods.spans(scalar_column(scope, self.period_column)))
        everything = own
        if self.other is not None:
            earlier = self._by_period(scope.other(self.other), None, None)
            everything = f"{own} UNION ALL SELECT * FROM ({earlier}) WHERE period NOT IN (SELECT period FROM ({own}))"
        names = [f"g{n}" for n in range(1, len(groups) + 1)]
        same = "".join(f" AND now.{name} IS NOT DISTINCT FROM before.{name}" for name in names)
        chosen = "".join(f", coalesce(now.{name}, before.{name}) AS {name}" for name in names)
        periods_with_previous = (
            "SELECT period, lag(period) OVER (ORDER BY period) AS previous FROM (SELECT DISTINCT period FROM totals)"
        )
        compared = (
            f"SELECT coalesce(now.period, before.next) AS period{chosen}, now.total AS total, before.total AS previous "
            "FROM (SELECT totals.*, p.previous AS prior FROM totals JOIN pairs p USING (period) WHERE prior IS NOT NULL) AS now "
            "FULL JOIN (SELECT totals.*, p.period AS next FROM totals JOIN pairs p ON totals.period = p.previous) AS before "
            f"ON now.prior = before.period{same}"
        )
        owner = _organisation(scope, dict(zip(names, groups, strict=True)))
        judged = f" WHERE period IN (SELECT period FROM ({own}))" if self.other is not None else ""
        change = f"abs(total / previous - 1) <= {sql.number(self.max_change)}"
        return Items(
            f"WITH totals AS ({everything}), pairs AS ({periods_with_previous}) "
            f"SELECT {owner.sql} AS organisation, period, {''.join(f'{name}, ' for name in names)}total, previous, "
            "previous IS NULL OR previous = 0 AS missing, "
            f"total IS NULL OR NOT {change} AS unexpected FROM ({compared}){judged}",
            (
                *(Column(c.name, name, "VARCHAR", c.kind, shown=c.shown) for c, name in zip(groups, names, strict=True)),
                Column(self.period_column, "period", "DATE", "date", shown=scalar_column(scope, self.period_column).shown),
                Column("total", "total", "DOUBLE", "float", shown=shown),
                Column("previous", "previous", "DOUBLE", "float", shown=shown),
            ),
            split=owner.split,
            coded=owner.coded,
        )

    def _by_period(self, table: Table, where: str | None, spans: str | None) -> str:
        """SQL of the total of each period and group of a table; a period is its first day, in ``spans`` if that is given."""
        scope = Scope(table)
        period = scalar_column(scope, self.period_column)
        first, source = periods.first_day(period, period.sql), table.view
        if spans is not None:
            first = '"dq first"'
            days = f'(SELECT value AS "dq value", first AS {first} FROM {spans})'
            source = f'{table.view} JOIN {days} AS span ON span."dq value" = {table.view}.{period.sql}'
        groups = "".join(f", {scalar_column(scope, name).sql} AS g{n}" for n, name in enumerate(self.by, 1))
        statistic, _, _ = total(table, self.column)
        there = sql.all_of(where, f"{first} IS NOT NULL")
        return f"SELECT {first} AS period{groups}, CAST({statistic} AS DOUBLE) AS total FROM {source} WHERE {there} GROUP BY ALL"
