"""cuallee over DuckDB or polars: one check with a rule for each that it has.

Its statistics can only be asked to equal a value, it takes the columns of a key one by one, and NULL breaks its rules: these are
computed, and not compared.
"""

from __future__ import annotations

from typing import Any

from tests.bench.peers import rules
from tests.bench.peers.polars_frame import moment
from tests.bench.peers.rules import NO_RULE, NULLABLE, Answer, Rule, Watch, asked, rules_of, say


def main() -> None:
    watch = Watch()
    import cuallee

    data, suite, engine = asked()
    frame: Any
    if engine == "duckdb":
        import duckdb

        watch.lap("import")
        frame = duckdb.connect()
        frame.execute(f"CREATE VIEW t AS FROM read_parquet('{data}')")
        check = cuallee.Check(cuallee.CheckLevel.WARNING, "bench", table_name="t")
    else:
        import polars

        watch.lap("import")
        frame = polars.read_parquet(data)
        check = cuallee.Check(cuallee.CheckLevel.WARNING, "bench")
    watch.lap("read")
    listed = rules_of(suite)
    added = [add(check, rule, sql=engine == "duckdb") for rule in listed]
    found = check.validate(frame)
    table = found.to_dicts() if hasattr(found, "to_dicts") else found.to_dict("records")
    lines = iter(sorted(table, key=lambda line: int(line["id"])))
    answers = [NO_RULE if says is None else answer(rule, says, next(lines)) for rule, says in zip(listed, added, strict=True)]
    watch.lap("validate")
    say(f"cuallee_{engine}", "cuallee", watch, answers)


def answer(rule: Rule, says: bool, line: dict[str, Any]) -> Answer:
    if not says or (rule.kind != rules.PRESENT and NULLABLE.intersection(rule.columns)):
        return NO_RULE
    return Answer(line["status"] == "PASS", None if rule.kind == rules.UNIQUE else int(line["violations"]))


def add(check: Any, rule: Rule, sql: bool) -> bool | None:
    """Adds a rule to the check: True if it says what the rule says, False if it only computes the same, None if there is none."""
    share = {"pct": rule.mostly}
    if rule.kind in (rules.ROWS, rules.COLUMNS):
        return None
    if rule.kind == rules.PRESENT:
        check.is_complete(rule.column, **share)
    elif rule.kind == rules.MEMBER:
        check.is_contained_in(rule.column, tuple(rule.kwargs["value_set"]), **share)
    elif rule.kind == rules.RANGE:
        bounds = (rule.low, rule.high) if sql else (moment(rule.low), moment(rule.high))
        check.is_between(rule.column, bounds, **share)
    elif rule.kind == rules.PATTERN:
        check.has_pattern(rule.column, rule.kwargs["regex"], **share)
    elif rule.kind == rules.LENGTH:
        check.satisfies(rule.column, f"length({rule.column}) BETWEEN {rule.low} AND {rule.high}", **share)
    elif rule.kind == rules.PAIR:
        check.satisfies(rule.columns[0], " >= ".join(rule.columns), **share)
    elif rule.kind == rules.SUM:
        check.satisfies(rule.columns[0], f"{' + '.join(rule.columns)} = {rule.kwargs['sum_total']}", **share)
    elif rule.kind == rules.UNIQUE:
        check.is_unique(rule.column)
    else:
        compute(check, rule)
        return False
    return True


def compute(check: Any, rule: Rule) -> None:
    """A rule that computes what this one needs."""
    if rule.kind == rules.KEY:
        check.are_unique(tuple(rule.columns))
    elif rule.kind in (rules.DISTINCT, rules.PROPORTION):
        check.has_cardinality(rule.column, 1)
    elif rule.statistic == "median":
        check.has_percentile(rule.column, 1, 0.5)
    else:
        {"mean": check.has_mean, "min": check.has_min, "max": check.has_max, "stdev": check.has_std, "sum": check.has_sum}[
            rule.statistic
        ](rule.column, 1.0)


if __name__ == "__main__":
    main()
