"""Pointblank over polars or DuckDB, without extracts of failing rows: a plan of steps. It has none for minimum, maximum, median and
different values."""

from __future__ import annotations

from typing import Any

from tests.bench.peers import rules
from tests.bench.peers.hand import COUNTABLE
from tests.bench.peers.polars_frame import moment
from tests.bench.peers.rules import NO_RULE, Answer, Rule, Watch, asked, rules_of, say

STATISTICS = {"mean": "avg", "sum": "sum", "stdev": "sd"}


def main() -> None:
    watch = Watch()
    import pointblank

    data, suite, engine = asked()
    frame: Any
    if engine == "duckdb":
        import ibis

        watch.lap("import")
        frame = ibis.duckdb.connect().read_parquet(data, table_name="t")
    else:
        import polars

        watch.lap("import")
        frame = polars.read_parquet(data)
    watch.lap("read")
    listed = rules_of(suite)
    plan = pointblank.Validate(frame, tbl_name="t")
    steps: list[int] = []
    for rule in listed:
        before = len(plan.validation_info)
        plan = add(pointblank, plan, rule, frame)
        steps.append(len(plan.validation_info) - before)
    done = iter(plan.interrogate(collect_extracts=False, collect_tbl_checked=False).validation_info)
    answers = [answer(rule, [next(done) for _ in range(count)]) for rule, count in zip(listed, steps, strict=True)]
    watch.lap("validate")
    say(f"pointblank_{engine}", "pointblank", watch, answers)


def add(pointblank: Any, plan: Any, rule: Rule, frame: Any) -> Any:
    """The plan with the steps of a rule: one, or two for a statistic with two bounds, or none."""
    share = {"thresholds": pointblank.Thresholds(critical=round(1 - rule.mostly, 6) if rule.mostly < 1 else 1)}
    unless = {"na_pass": True, **share}
    if rule.kind == rules.PRESENT:
        return plan.col_vals_not_null(rule.column, **share)
    if rule.kind == rules.MEMBER:
        return plan.col_vals_in_set(rule.column, [*rule.kwargs["value_set"], None], **share)
    if rule.kind == rules.RANGE:
        return plan.col_vals_between(rule.column, moment(rule.low), moment(rule.high), **unless)
    if rule.kind == rules.PATTERN:
        return plan.col_vals_regex(rule.column, rule.kwargs["regex"], **unless)
    if rule.kind == rules.LENGTH:
        return plan.col_vals_str_len(rule.column, min_val=rule.low, max_val=rule.high, **unless)
    if rule.kind in (rules.UNIQUE, rules.KEY):
        return plan.rows_distinct(columns_subset=rule.columns, **share)
    if rule.kind == rules.PAIR:
        return plan.col_vals_ge(rule.columns[0], pointblank.col(rule.columns[1]), **unless)
    if rule.kind == rules.SUM:
        return plan.col_vals_expr(added_up(rule, frame) == rule.kwargs["sum_total"], **share)
    if rule.kind == rules.ROWS:
        middle = (rule.low + rule.high) // 2
        return plan.row_count_match(count=middle, tol=(middle - rule.low, rule.high - middle))
    if rule.kind == rules.COLUMNS:
        schema = pointblank.Schema(columns=[(column,) for column in rule.kwargs["column_set"]])
        return plan.col_schema_match(schema, complete=True, in_order=False)
    name = STATISTICS.get(rule.statistic)
    if name:
        plan = getattr(plan, f"col_{name}_ge")(rule.column, rule.low)
        return getattr(plan, f"col_{name}_le")(rule.column, rule.high)
    return plan


def added_up(rule: Rule, frame: Any) -> Any:
    if not hasattr(frame, "execute"):
        import polars

        return polars.sum_horizontal(rule.columns)
    first, *others = (frame[column] for column in rule.columns)
    return sum(others, first)


def answer(rule: Rule, steps: list[Any]) -> Answer:
    if not steps or any(step.eval_error for step in steps):
        return NO_RULE
    if rule.kind not in COUNTABLE:
        return Answer(all(step.all_passed for step in steps))
    (step,) = steps
    return Answer(step.n_failed == 0 if rule.mostly == 1 else not step.critical, step.n_failed)


if __name__ == "__main__":
    main()
