"""pandera over polars: a schema, validated lazily, so that it finds every failure.

It has no tolerance: it counts what breaks a rule, and whether that is too much it cannot say where the suite has ``mostly``.
"""

from __future__ import annotations

from typing import Any

from tests.bench.peers import rules
from tests.bench.peers.hand import ROW_RULES
from tests.bench.peers.polars_frame import moment
from tests.bench.peers.rules import Answer, Rule, Watch, asked, rules_of, say


def main() -> None:
    watch = Watch()
    import pandera.polars as pandera
    import polars

    watch.lap("import")
    data, suite, _ = asked()
    frame = polars.read_parquet(data)
    watch.lap("read")
    listed = rules_of(suite)
    schema = schema_of(pandera, polars, listed, frame.columns)
    failures: dict[str, int] = {}
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as found:
        for error in found.schema_errors:
            cases = error.failure_cases
            failures[key_of(error)] = len(cases) if hasattr(cases, "__len__") else 1
    answers = [answer(rule, place, failures) for place, rule in enumerate(listed)]
    watch.lap("validate")
    say("pandera_polars", "pandera", watch, answers)


def schema_of(pandera: Any, polars: Any, listed: list[Rule], columns: list[str]) -> Any:
    checks: dict[str, list[Any]] = {column: [] for column in columns}
    table: list[Any] = []
    present, unique, key = set(), set(), None
    for place, rule in enumerate(listed):
        name = {"name": f"r{place}"}
        if rule.kind == rules.PRESENT:
            present.add(rule.column)
        elif rule.kind == rules.MEMBER:
            checks[rule.column].append(pandera.Check.isin(rule.kwargs["value_set"], **name))
        elif rule.kind == rules.RANGE:
            checks[rule.column].append(pandera.Check.in_range(moment(rule.low), moment(rule.high), **name))
        elif rule.kind == rules.PATTERN:
            checks[rule.column].append(pandera.Check.str_matches(rule.kwargs["regex"], **name))
        elif rule.kind == rules.LENGTH:
            checks[rule.column].append(pandera.Check.str_length(rule.low, rule.high, **name))
        elif rule.kind == rules.UNIQUE:
            unique.add(rule.column)
        elif rule.kind == rules.KEY:
            key = rule.columns
        elif rule.kind == rules.COLUMNS:
            pass  # the schema is strict
        elif rule.kind in (rules.PAIR, rules.SUM, rules.ROWS):
            table.append(pandera.Check(over(table_test(polars, rule)), **name))
        else:
            checks[rule.column].append(pandera.Check(over(column_test(polars, rule)), **name))
    described = {
        column: pandera.Column(None, of, nullable=column not in present, unique=column in unique) for column, of in checks.items()
    }
    return pandera.DataFrameSchema(described, checks=table, unique=key, strict=True)


def over(test: Any) -> Any:
    """A check that selects an expression from the frame that it is given."""
    return lambda data: data.lazyframe.select(test)


def table_test(polars: Any, rule: Rule) -> Any:
    if rule.kind == rules.ROWS:
        return polars.len().is_between(rule.low, rule.high)
    if rule.kind == rules.SUM:
        return polars.sum_horizontal(rule.columns) == rule.kwargs["sum_total"]
    first, second = (polars.col(column) for column in rule.columns)
    return (first >= second) | first.is_null() | second.is_null()


def column_test(polars: Any, rule: Rule) -> Any:
    column = polars.col(rule.column)
    if rule.kind in (rules.DISTINCT, rules.PROPORTION):
        different = column.drop_nulls().n_unique()
        value = different if rule.kind == rules.DISTINCT else different / column.count()
    else:
        value = getattr(column, "std" if rule.statistic == "stdev" else rule.statistic)()
    return value.is_between(rule.low, rule.high)


def key_of(error: Any) -> str:
    """What an error of the schema is about: the name of a check, or what else was broken at which column."""
    name = getattr(error.check, "name", None) or str(error.check)
    return (
        name if name.startswith("r") and name[1:].isdigit() else f"{error.reason_code.name} {getattr(error.schema, 'name', '')}"
    )


def answer(rule: Rule, place: int, failures: dict[str, int]) -> Answer:
    if rule.kind == rules.KEY:
        return Answer(not any(key.startswith("DUPLICATES") for key in failures))
    about = {rules.PRESENT: "SERIES_CONTAINS_NULLS", rules.UNIQUE: "SERIES_CONTAINS_DUPLICATES"}.get(rule.kind)
    count = failures.get(f"{about} {rule.column}" if about else f"r{place}", 0)
    verdict = None if rule.mostly < 1 and count else not count
    return Answer(verdict, count if rule.kind in (*ROW_RULES, rules.UNIQUE) else None)


if __name__ == "__main__":
    main()
