"""Soda Core 4 over DuckDB: the suite as a data contract.

It has no range of days, no rule about two columns, and no statistic but mean, sum, minimum and maximum: these are SQL expressions.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.peers import rules
from tests.bench.peers.hand import ROW_RULES
from tests.bench.peers.hand_sql import wrong
from tests.bench.peers.rules import NO_RULE, Answer, Rule, Watch, asked, rules_of, say


def main() -> None:
    watch = Watch()
    import duckdb
    from soda_core.contracts import verify_contract_locally
    from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

    watch.lap("import")
    data, suite, _ = asked()
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW t AS FROM read_parquet('{data}')")
    types = {name: kind for name, kind, *_ in connection.execute("DESCRIBE t").fetchall()}
    watch.lap("read")
    listed = rules_of(suite)
    of_table: list[dict[str, Any]] = []
    of_columns: dict[str, list[dict[str, Any]]] = {column: [] for column in types}
    for place, rule in enumerate(listed):
        column, kind, arguments = check(rule, types)
        named = {"name": f"r{place}"} if kind == "schema" else {"name": f"r{place}", "qualifier": f"r{place}"}
        (of_columns[column] if column else of_table).append({kind: {**named, **arguments}})
    columns = [{"name": name, "checks": checks} if checks else {"name": name} for name, checks in of_columns.items()]
    with tempfile.TemporaryDirectory() as folder:
        contract = Path(folder, "contract.yml")
        contract.write_text(json.dumps({"dataset": "duckdb/main/t", "checks": of_table, "columns": columns}))
        source = DuckDBDataSourceImpl.from_existing_cursor(connection, name="duckdb")
        found = verify_contract_locally(data_sources=[source], contract_file_path=str(contract))
    results = {one.check.name: one for part in found.contract_verification_results for one in part.check_results}
    answers = [answer(rule, results.get(f"r{place}")) for place, rule in enumerate(listed)]
    watch.lap("validate")
    say("soda", "soda-core", watch, answers)


def check(rule: Rule, types: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    """The check of a rule: its column ("" for the table), its kind and its arguments."""
    percent = {"metric": "percent", "must_be_less_than_or_equal": round((1 - rule.mostly) * 100, 6)}
    tolerance = {"threshold": percent if rule.mostly < 1 else {"must_be": 0}}
    if rule.kind == rules.PRESENT:
        return rule.column, "missing", tolerance
    if rule.kind == rules.MEMBER:
        return rule.column, "invalid", {"valid_values": rule.kwargs["value_set"], **tolerance}
    if rule.kind == rules.PATTERN:
        return rule.column, "invalid", {"valid_format": {"name": "pattern", "regex": rule.kwargs["regex"]}, **tolerance}
    if rule.kind == rules.LENGTH:
        return rule.column, "invalid", {"valid_min_length": rule.low, "valid_max_length": rule.high, **tolerance}
    if rule.kind == rules.RANGE and types[rule.column] != "DATE":
        return rule.column, "invalid", {"valid_min": rule.low, "valid_max": rule.high, **tolerance}
    if rule.kind in (rules.RANGE, rules.PAIR, rules.SUM):
        return "", "failed_rows", {"expression": wrong(rule, types, "regexp_matches"), **tolerance}
    if rule.kind == rules.UNIQUE:
        return rule.column, "duplicate", tolerance
    if rule.kind == rules.KEY:
        return "", "duplicate", {"columns": rule.columns, **tolerance}
    if rule.kind == rules.COLUMNS:
        return "", "schema", {}
    bounds = {"threshold": {"must_be_between": {"greater_than_or_equal": rule.low, "less_than_or_equal": rule.high}}}
    if rule.kind == rules.ROWS:
        return "", "row_count", bounds
    if rule.statistic in ("mean", "sum", "min", "max"):
        return rule.column, "aggregate", {"function": rule.statistic.replace("mean", "avg"), **bounds}
    different = f"count(DISTINCT {rule.column})"
    expressions = {rules.DISTINCT: different, rules.PROPORTION: f"{different} / count({rule.column})"}
    function = {"stdev": "stddev_samp"}.get(rule.statistic, rule.statistic)
    return "", "metric", {"expression": expressions.get(rule.kind, f"{function}({rule.column})"), **bounds}


def answer(rule: Rule, result: Any) -> Answer:
    if result is None or result.outcome.name not in ("PASSED", "FAILED"):
        return NO_RULE
    found = result.diagnostic_metric_values or {}
    names = ("missing_count",) if rule.kind == rules.PRESENT else ("invalid_count", "failed_rows_count")
    counts = [int(found[name]) for name in names if name in found]
    return Answer(result.outcome.name == "PASSED", counts[0] if counts and rule.kind in ROW_RULES else None)


if __name__ == "__main__":
    main()
