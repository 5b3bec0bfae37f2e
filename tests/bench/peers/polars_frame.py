"""polars, by hand: one lazy select over the file for what does not group by several columns, and a query for each key."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.bench.peers import rules
from tests.bench.peers.hand import Number, judged, shapes
from tests.bench.peers.rules import Rule, Watch, asked, rules_of, say


def main() -> None:
    watch = Watch()
    import polars

    watch.lap("import")
    data, suite, _ = asked()
    frame = polars.scan_parquet(data)
    columns = frame.collect_schema().names()
    watch.lap("read")
    listed = rules_of(suite)
    judge = shapes(listed)
    needed = list(dict.fromkeys(number for shape in judge for number in shape.numbers))
    keys = [number for number in needed if number.what == "repeated" and len(number.columns) > 1]
    together = [number for number in needed if number not in keys]
    selected = [expression(polars, number, listed).alias(str(place)) for place, number in enumerate(together)]
    numbers: dict[Number, Any] = dict(zip(together, frame.select(selected).collect().row(0), strict=True))
    for key in keys:
        groups = frame.select(key.columns).group_by(key.columns).len().filter(polars.col("len") > 1)
        numbers[key] = groups.select(polars.col("len").sum()).collect().item() or 0
    answers = [judged(shape, numbers, columns) for shape in judge]
    watch.lap("validate")
    say("polars", "polars", watch, answers)


def expression(polars: Any, number: Number, listed: list[Rule]) -> Any:
    """A number as an expression of polars."""
    if number.what == "rows":
        return polars.len()
    if number.place is not None:
        return wrong(polars, listed[number.place]).sum()
    column = polars.col(number.columns[0])
    if number.what == "present":
        if len(number.columns) == 1:
            return column.count()
        return polars.all_horizontal(polars.col(name).is_not_null() for name in number.columns).sum()
    if number.what == "repeated":
        return (column.is_duplicated() & column.is_not_null()).sum()
    if number.what == "distinct":
        return column.drop_nulls().n_unique()
    return getattr(column, "std" if number.what == "stdev" else number.what)()


def wrong(polars: Any, rule: Rule) -> Any:
    """The rows that break a row rule."""
    if rule.kind == rules.PAIR:
        first, second = rule.columns
        return polars.col(first) < polars.col(second)
    if rule.kind == rules.SUM:
        return polars.sum_horizontal(rule.columns) != rule.kwargs["sum_total"]
    column = polars.col(rule.column)
    if rule.kind == rules.MEMBER:
        return ~column.is_in(rule.kwargs["value_set"])
    if rule.kind == rules.PATTERN:
        return ~column.str.contains(rule.kwargs["regex"])
    if rule.kind == rules.LENGTH:
        return ~column.str.len_chars().is_between(rule.low, rule.high)
    return ~column.is_between(moment(rule.low), moment(rule.high))


def moment(value: Any) -> Any:
    """A bound as it is compared: the bounds of the suites that are texts are days."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


if __name__ == "__main__":
    main()
