"""Distributions: are the values spread as they should be?"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Struct

from dq_engine import sql
from dq_engine.catalog.aggregates import as_number, numeric
from dq_engine.catalog.base import Case, ColumnName, Expectation, Fault, Scope, number, scalar_column
from dq_engine.catalog.bounds import Bound, MaxValue, MinValue
from dq_engine.catalog.quantiles import order_statistics
from dq_engine.catalog.sets import Member, literals
from dq_engine.catalog.shapes import considered, nothing, nulls
from dq_engine.errors import NotEvaluable
from dq_engine.model import EXTRACT, Column, Dimension, Figure, GroupScalar, Judgement, Kahn, Key, Metric, Number

MOST_BINS = 10_000
"""An automatic partition into more bins than this is not made."""
MOST_VALUES = 200
"""No more values that a partition does not have are listed than this."""
Weights = list[float]


class Partition(Struct, frozen=True):
    """What is expected: shares (``weights``) of ``values``; or of intervals between ``bins`` and outside (``tail_weights``)."""

    weights: Weights
    values: list[Member] | None = None
    bins: list[Bound] | None = None
    tail_weights: tuple[float, float] | None = None

    @property
    def edges(self) -> list[Bound]:
        """The bins, with infinities as such, however they are written."""
        words = {"infinity": math.inf, "+infinity": math.inf, "-infinity": -math.inf, "inf": math.inf, "-inf": -math.inf}
        return [words.get(edge.strip().lower(), edge) if isinstance(edge, str) else edge for edge in self.bins or ()]


def divergence(observed: Sequence[float], expected: Sequence[float]) -> float:
    """The relative entropy of what is observed to what is expected, natural logarithm; both are scaled to a sum of 1.

    Infinite where something is observed that is expected nowhere; NaN where nothing is observed or expected.
    """
    total, whole = math.fsum(observed), math.fsum(expected)
    if not total or not whole:
        return math.nan
    return math.fsum(_entropy(p / total, q / whole) for p, q in zip(observed, expected, strict=True))


def _entropy(p: float, q: float) -> float:
    if p > 0 and q > 0:
        return p * math.log(p / q)
    return 0.0 if p == 0 and q >= 0 else math.inf


class ExpectColumnKlDivergenceToBeLessThan(Expectation, frozen=True, kw_only=True):
    """The values are spread over categories, or over intervals, nearly as they should be.

    Why: a share that moves (a region that is half as large, an age band that is gone) breaks no rule about single values. The
    Kullback-Leibler divergence is 0 for equal shares, 0.1 for a small and 1 for a large difference.
    NULLs: left out. `partition_object` has `values` and `weights`; or `bins` (edges, one more than weights, rising; the first or
    last may be infinite), `weights` and, for what lies outside, `tail_weights`. What the partition gives no weight makes the
    divergence infinite, unless `tail_weight_holdout` (for unlisted values, or both tails) or `internal_weight_holdout` (for bins
    of weight 0) keeps some. Without partition the column is divided automatically and held against itself. Without threshold
    nothing fails. `min_value` and `max_value` change nothing, as in Great Expectations.
    See also: expect_column_values_to_be_in_set, expect_column_quantile_values_to_be_between.
    """

    name = "expect_column_kl_divergence_to_be_less_than"
    dimension: ClassVar[Dimension] = "accuracy"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case(
            "half and half",
            {"sex": ["1", "1", "2", "2", None]},
            {"column": "sex", "partition_object": {"values": ["1", "2"], "weights": [0.5, 0.5]}, "threshold": 0.1},
            True,
            0,
        ),
        Case(
            "a value that nobody expected",
            {"sex": ["1", "2", "9"]},
            {"column": "sex", "partition_object": {"values": ["1", "2"], "weights": [0.5, 0.5]}, "threshold": 0.1},
            False,
            1,
        ),
        Case(
            "a few others are expected",
            {"sex": ["1", "1", "1", "1", "2", "2", "2", "2", "9"]},
            {
                "column": "sex",
                "partition_object": {"values": ["1", "2"], "weights": [0.5, 0.5]},
                "tail_weight_holdout": 0.1,
                "threshold": 0.1,
            },
            True,
            0,
        ),
        Case(
            "ages in bands",
            {"age": [12, 35, 48, 80]},
            {
                "column": "age",
                "partition_object": {"bins": [0, 18, 65, 120], "weights": [0.25, 0.5, 0.25]},
                "threshold": 0.1,
            },
            True,
            0,
        ),
    )
    column: ColumnName
    partition_object: Annotated[
        dict[str, Any] | None,
        Meta(description="`values` and `weights`; or `bins`, `weights` and `tail_weights`; null to divide the column itself."),
    ] = None
    threshold: Annotated[float | None, Meta(description="The largest divergence allowed, at least 0; null for any.")] = None
    internal_weight_holdout: Annotated[float, Meta(description="The share expected in all bins of weight 0.", ge=0, le=1)] = 0.0
    tail_weight_holdout: Annotated[
        float, Meta(description="The share expected of unlisted values, or outside all bins.", ge=0, le=1)
    ] = 0.0
    bucketize_data: Annotated[bool, Meta(description="Without partition: divide into intervals, not into values.")] = True
    min_value: MinValue = None
    max_value: MaxValue = None

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def partition(self) -> Partition | None:
        """What is expected; None if that is the column itself. Raises :class:`msgspec.ValidationError`."""
        return None if self.partition_object is None else msgspec.convert(self.partition_object, Partition)

    def observed(self, scope: Scope) -> str:
        column, partition = scalar_column(scope, self.column), self.partition
        if partition is None:
            return ""
        if partition.values is None:
            expected = ", ".join(map(sql.number, self._expected(partition, partition.edges)))
            counts = "unnest(CAST(string_split(counts, ',') AS DOUBLE[]))"
            between = _between_edges(column, scope.where, partition.edges)
            shares = f"SELECT {counts} AS p, unnest([{expected}]) AS q\nFROM (\n{between}\n)"
            return f"any_value((\n{_entropy_of(shares)}\n))"
        where = sql.all_of(scope.where, f"{column.sql} IS NOT NULL")
        members = ", ".join(member or "NULL" for member in _members(column, partition))
        weights, tail = ", ".join(map(sql.number, partition.weights)), sql.number(self.tail_weight_holdout)
        shares = (
            f"SELECT coalesce(n, 0) AS p, coalesce(w * CASE WHEN others > 0 THEN 1 - {tail} ELSE 1 END, {tail} / others) AS q\n"
            "FROM (SELECT n, w, count_if(w IS NULL) OVER () AS others\n"
            f"FROM (SELECT {column.sql} AS v, count(*) AS n FROM {EXTRACT} WHERE {where} GROUP BY 1)\n"
            f"FULL JOIN (SELECT unnest([{members}]) AS v, unnest([{weights}]) AS w) USING (v))"
        )
        return f"any_value((\n{_entropy_of(shares)}\n))"

    # ------------------------------------------------------------------------------------------------------------- faults

    def faults(self) -> Iterator[Fault]:
        argument = "partition_object"
        if self.threshold is not None and not self.threshold >= 0:
            yield Fault("threshold", "expected a number of at least 0: no divergence is below it")
        try:
            partition = self.partition
        except msgspec.ValidationError as error:
            yield Fault(argument, f"expected values and weights, or bins and weights: {error}")
            return
        if partition is None:
            if self.tail_weight_holdout and self.bucketize_data:
                yield Fault("tail_weight_holdout", "must be 0 without a partition: nothing lies outside")
            if self.internal_weight_holdout and not self.bucketize_data:
                yield Fault("internal_weight_holdout", "is for bins: expected 0 where bucketize_data is false")
            return
        if partition.values is None and partition.bins is None:
            yield Fault(argument, "expected values or bins beside its weights")
            return
        if any(not 0 <= weight < math.inf for weight in (*partition.weights, *(partition.tail_weights or ()))):
            yield Fault(f"{argument}.weights", "expected numbers of at least 0")
        if partition.tail_weights is not None and self.tail_weight_holdout:
            yield Fault("tail_weight_holdout", "must be 0 where the partition has tail_weights: both say what lies outside")
        if partition.values is not None:
            yield from self._faults_of_values(partition, partition.values)
        else:
            yield from self._faults_of_bins(partition)

    def _faults_of_values(self, partition: Partition, values: Sequence[Member]) -> Iterator[Fault]:
        argument = "partition_object"
        if len(values) != len(partition.weights):
            yield Fault(f"{argument}.weights", f"has {len(partition.weights)} weights for {len(values)} values")
        if len(set(values)) < len(values):
            twice = next(value for place, value in enumerate(values) if value in values[:place])
            yield Fault(f"{argument}.values", f"has {sql.spoken(twice)} twice")
        if not adds_up(partition.weights):
            yield Fault(f"{argument}.weights", f"add up to {math.fsum(partition.weights):.10g}; expected 1")
        if self.internal_weight_holdout:
            yield Fault("internal_weight_holdout", "is for bins: expected 0 for a partition of values")

    def _faults_of_bins(self, partition: Partition) -> Iterator[Fault]:
        argument, edges = "partition_object", partition.edges
        if len(edges) != len(partition.weights) + 1:
            yield Fault(f"{argument}.bins", f"has {len(edges)} edges for {len(partition.weights)} weights; expected one more")
        if not rising(edges):
            yield Fault(f"{argument}.bins", "must rise: numbers, or dates and times as ISO 8601 text")
        if not adds_up([*partition.weights, *(partition.tail_weights or ())]):
            total = math.fsum([*partition.weights, *(partition.tail_weights or ())])
            yield Fault(
                f"{argument}.weights", f"add up to {total:.10g}{' with tail_weights' * bool(partition.tail_weights)}; expected 1"
            )
        if not self.bucketize_data:
            yield Fault("bucketize_data", "must be true for a partition of bins")
        ends = [edge for edge in (*edges[:1], *edges[-1:]) if isinstance(edge, float) and math.isinf(edge)]
        if ends and partition.tail_weights is not None:
            yield Fault(f"{argument}.tail_weights", "must be left out where an end of the bins is infinite: that is the tail")
        if len(ends) == len(edges) == 2:
            yield Fault(f"{argument}.bins", "is one interval without ends: any column would pass")
        if len(ends) == 2 and self.tail_weight_holdout:
            yield Fault("tail_weight_holdout", "must be 0 where both ends of the bins are infinite: nothing lies outside")

    def statement(self) -> str:
        if self.partition_object is None:
            what = f"The values of {self.column}, divided automatically, are spread as they are"
        else:
            what = f"The values of {self.column} are spread as the partition says"
        return what if self.threshold is None else f"{what} (divergence at most {self.threshold:.10g})"

    # -------------------------------------------------------------------------------------------------------- what is counted

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        column, partition = scalar_column(scope, self.column), self.partition
        both: dict[str, Metric] = {"element": considered(scope), "missing": nulls(scope, self.column)}
        if partition is None and self.bucketize_data:
            return {**both, **_automatic(column, scope.where)}
        if partition is not None and partition.values is None:
            return {**both, "counts": Figure(_between_edges(column, scope.where, partition.edges), "counts")}
        members = _members(column, partition)
        key = Key((column.sql,), sql.all_of(scope.where, f"{column.sql} IS NOT NULL"))
        foreign = sql.in_list("k1", [member for member in members if member], negate=True)
        counts = [f"coalesce(sum(CASE WHEN k1 = {member} THEN n END), 0)" if member else "0" for member in members]
        both["counts"] = GroupScalar(key, f"concat_ws(',', {', '.join(counts)})" if counts else "''")
        both["others"] = GroupScalar(key, f"count_if({foreign})")
        both["other_rows"] = GroupScalar(key, f"coalesce(sum(CASE WHEN {foreign} THEN n END), 0)")
        both["other_logs"] = GroupScalar(key, f"coalesce(fsum(CASE WHEN {foreign} THEN n * ln(n) END), 0)")
        if column.shown:
            first = f"arg_min({{'v': {sql.as_json('k1', column.kind)}, 'n': n}}, k1, {MOST_VALUES}) FILTER ({foreign})"
            both["named"] = GroupScalar(key, f"CAST(to_json({first}) AS VARCHAR)")
        return both

    # --------------------------------------------------------------------------------------------------------------- judging

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        element, missing = number(numbers["element"]), number(numbers["missing"])
        judged, partition, shown = element - missing, self.partition, scope.column(self.column).shown
        if not judged:
            success = self.threshold is None
            return Judgement(None, "values", element, missing, 0, success, message=nothing(element, 0))
        if partition is None and self.bucketize_data:
            found, details = self._of_itself(numbers, judged, shown=shown)
        elif partition is not None and partition.values is None:
            found, details = self._over_bins(
                partition, partition.edges, [int(n) for n in str(numbers["counts"]).split(",")], judged
            )
        else:
            found, details = self._over_values(partition, numbers, judged)
        success = self.threshold is None or found <= self.threshold
        observed = found if math.isfinite(found) else None
        return Judgement(success, "values", element, missing, 0 if success else 1, success, observed, details)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        parts = {
            name: judgement.details[name] for name in ("observed_partition", "expected_partition") if name in judgement.details
        }
        return {"observed_value": judgement.observed, **({"details": parts} if parts else {})}

    def _over_values(
        self, partition: Partition | None, numbers: Mapping[str, Number], judged: int
    ) -> tuple[float, dict[str, Any]]:
        """The divergence over categories, and what it was made of."""
        others, other_rows = number(numbers["others"]), number(numbers["other_rows"])
        named = json.loads(str(numbers["named"])) if numbers.get("named") is not None else []
        if partition is None:
            itself = {"values": [other["v"] for other in named], "weights": [other["n"] / judged for other in named]}
            return 0.0, {"observed_partition": itself, "expected_partition": itself}
        counts = [int(count) for count in str(numbers["counts"]).split(",") if count]
        observed = [count / judged for count in counts]
        scale = 1 - self.tail_weight_holdout if others else 1.0
        expected = [weight * scale for weight in partition.weights]
        each = self.tail_weight_holdout / others if others else 0.0
        found = self._with_others(observed, expected, numbers, judged)
        values = [*(partition.values or ()), *(other["v"] for other in named)]
        more = [*(other["n"] / judged for other in named)]
        details: dict[str, Any] = {
            "observed_partition": {"values": values, "weights": [*observed, *more]},
            "expected_partition": {"values": values, "weights": [*expected, *(each for _ in more)]},
        }
        if others > len(named):
            details["not_listed"] = {"values": others - len(named), "rows": other_rows - sum(other["n"] for other in named)}
        return found, details

    def _with_others(self, observed: Weights, expected: Weights, numbers: Mapping[str, Number], judged: int) -> float:
        """The divergence with the unlisted values, of which only their number, rows and the sum of n ln n are known."""
        others, rows, logs = number(numbers["others"]), number(numbers["other_rows"]), numbers["other_logs"]
        if not others:
            return divergence(observed, expected)
        whole = math.fsum(expected) + self.tail_weight_holdout
        if not self.tail_weight_holdout or not whole:
            return math.inf
        each = self.tail_weight_holdout / others / whole
        assert isinstance(logs, int | float)
        listed = [_entropy(p, q / whole) for p, q in zip(observed, expected, strict=True)]
        return math.fsum([*listed, (logs - rows * math.log(judged) - rows * math.log(each)) / judged])

    def _expected(self, partition: Partition, edges: Sequence[Bound]) -> Weights:
        """What is expected below the first edge, in each interval, and above the last; nothing beyond infinity."""
        kept = 1 - self.tail_weight_holdout - self.internal_weight_holdout
        inside = [weight * kept for weight in partition.weights]
        empty = inside.count(0)
        if self.internal_weight_holdout and empty:
            inside = [weight or self.internal_weight_holdout / empty for weight in inside]
        low, high = edges[0] == -math.inf, edges[-1] == math.inf
        tail = self.tail_weight_holdout / (1 if low or high else 2)
        first, last = partition.tail_weights or (0.0 if low else tail, 0.0 if high else tail)
        return [first, *inside, last]

    def _over_bins(
        self, partition: Partition, edges: Sequence[Bound], counts: Sequence[int], judged: int
    ) -> tuple[float, dict[str, Any]]:
        """The divergence over intervals; ``counts`` are the values below the first edge, in each interval, and above the last."""
        observed, expected = [count / judged for count in counts], self._expected(partition, edges)
        found = divergence(observed, expected)
        start, stop = int(edges[0] == -math.inf), int(edges[-1] == math.inf)
        details = {}
        for name, shares in (("observed_partition", observed), ("expected_partition", expected)):
            first, *inside, last = shares[start : len(shares) - stop]
            details[name] = {"bins": edges[start : len(edges) - stop], "weights": inside, "tail_weights": [first, last]}
        return found, details

    def _of_itself(self, numbers: Mapping[str, Number], judged: int, *, shown: bool) -> tuple[float, dict[str, Any]]:
        """The divergence of the column from itself, over intervals of its own. Raises :class:`NotEvaluable`.

        As in Great Expectations the tails are expected to hold what rounding leaves of the shares; that may be less than nothing.
        """
        bins = numbers["bins"]
        if not isinstance(bins, int | float):
            raise NotEvaluable("the values cannot be divided into intervals: they are all alike, or infinite; give a partition")
        if bins > MOST_BINS:
            raise NotEvaluable(f"the values would be divided into more than {MOST_BINS:,} intervals: give a partition")
        counts = dict(json.loads(str(numbers["counts"])))
        inside = [counts.get(place, 0) for place in range(int(bins))]
        total = 0.0
        for count in inside:
            total += count / judged
        edges: list[Bound] = []
        if shown:
            first, last = float(numbers["first"] or 0), float(numbers["last"] or 0)
            edges = [*(first + place * ((last - first) / bins) for place in range(int(bins))), last]
        tail = (1 - total) / 2
        partition = Partition([count / judged for count in inside], tail_weights=(tail, tail))
        found, details = self._over_bins(partition, edges or [0.0], [0, *inside, 0], judged)
        if not edges:
            details = {name: {"weights": part["weights"], "tail_weights": part["tail_weights"]} for name, part in details.items()}
        return found, details


def _entropy_of(shares: str) -> str:
    """SQL of the divergence of ``p`` from ``q``, columns of a SELECT; NULL if it is infinite."""
    scaled = f"SELECT p / sum(p) OVER () AS p, q / sum(q) OVER () AS q FROM (\n{shares}\n)"
    each = "CASE WHEN p > 0 THEN p * ln(p / q) ELSE 0 END"
    return f"SELECT CASE WHEN bool_and(p = 0 OR q > 0) THEN sum({each}) END FROM (\n{scaled}\n)"


def adds_up(weights: Sequence[float]) -> bool:
    """Whether shares add up to 1, as near as Great Expectations wants it."""
    return abs(math.fsum(weights) - 1) <= 1e-8 + 1e-5


def rising(edges: Sequence[Bound]) -> bool:
    """Whether edges are numbers, or dates and times (between infinities), each above the one before."""
    inner = edges[edges[:1] == [-math.inf] : len(edges) - (edges[-1:] == [math.inf])]
    texts = [edge for edge in inner if isinstance(edge, str)]
    if not texts:
        return all(low < high for low, high in itertools.pairwise(edges))  # type: ignore[operator]
    try:
        moments = [sql.typed(edge, Column("", "", "TIMESTAMP", "timestamp")) for edge in inner]
    except sql.Incomparable:
        return False
    return all(low < high for low, high in itertools.pairwise(moments))


def _members(column: Column, partition: Partition | None) -> list[str]:
    """The values of a partition as SQL; "" for one that no value of the column can equal."""
    values = (partition.values if partition else None) or ()
    return [next(iter(literals(column, [value])), "") if column.kind != "null" else "" for value in values]


def _between_edges(column: Column, where: str | None, edges: Sequence[Bound]) -> str:
    """SELECT of the numbers of values below the first edge, in each interval, and above the last. Raises :class:`NotEvaluable`.

    An interval has its lower edge and not its upper one; the last has both.
    """
    if column.kind not in sql.TEMPORAL:
        numeric(column, "intervals")
    value = f"CAST({column.sql} AS DOUBLE)" if column.kind == "float" else as_number(column, column.sql)
    below = []
    for place, edge in enumerate(edges):
        last = place == len(edges) - 1
        if isinstance(edge, float) and math.isinf(edge):
            below.append("count(x)" if last else "0")
            continue
        try:
            below.append(f"count_if(x {'<=' if last else '<'} {sql.orderable(edge, column)})")
        except sql.Incomparable as error:
            raise NotEvaluable(f'column "{column.name}": {error}') from None
    upto = ", ".join(f"{count} AS c{place}" for place, count in enumerate([*below, "count(x)"]))
    counts = ["c0", *(f"c{place + 1} - c{place}" for place in range(len(below)))]
    given = f"SELECT {value} AS x FROM {EXTRACT}{f' WHERE {where}' if where else ''}"
    return f"SELECT concat_ws(',', {', '.join(counts)}) AS counts\nFROM (SELECT {upto}\nFROM ({given}))"


def _automatic(column: Column, where: str | None) -> dict[str, Metric]:
    """The intervals that numpy's "auto" makes of a column, with the numbers of values in those that have any.

    ``bins`` is their number, NULL where there can be none; ``first`` and ``last`` are the outer edges, if values may be shown.
    """
    numeric(column, "intervals")
    value = f"CAST({as_number(column, column.sql)} AS DOUBLE)"
    given = f"SELECT {value} AS x FROM {EXTRACT} WHERE {sql.all_of(where, f'{column.sql} IS NOT NULL')}"
    width = "2 * (q2 - q1) / pow(n, CAST('0.3333333333333333' AS DOUBLE))"
    bins = f"greatest(ceil(log2(n + 1)), CASE WHEN q2 - q1 < 1e-10 THEN 0 ELSE ceil((q3 - q0) / ({width})) END)"
    narrowest = "greatest(abs(q0), abs(q3)) * 2.220446049250313e-16"
    divided = f"CASE WHEN isfinite(q3 - q0) AND (q3 - q0) / ({bins}) > {narrowest} THEN {bins} END"
    near = "CAST(greatest(least(floor((x - q0) / step), bins - 1), 0) AS BIGINT)"
    above = "near + 1 < bins AND x >= q0 + (near + 1) * step"
    place = f"CASE WHEN x < q0 + near * step THEN near - 1 WHEN {above} THEN near + 1 ELSE near END"
    select = (
        f"WITH quantiles AS (\n{order_statistics(value, where, (0.0, 0.25, 0.75, 1.0), 'nearest')}\n),\n"
        f"divided AS (SELECT *, (q3 - q0) / bins AS step FROM (SELECT *, {divided} AS bins FROM quantiles)),\n"
        f"near AS (SELECT *, {near} AS near FROM ({given}), divided WHERE bins <= {MOST_BINS}),\n"
        f"places AS (SELECT {place} AS place, count(*) AS rows FROM near GROUP BY 1)\n"
        "SELECT bins, (SELECT CAST(to_json(list([place, rows])) AS VARCHAR) FROM places) AS counts"
        f"{', q0 AS first, q3 AS last' if column.shown else ''}\nFROM divided"
    )
    return {name: Figure(select, name) for name in ("bins", "counts", *(("first", "last") if column.shown else ()))}
