"""Great Expectations 1, by its pandas engine (the variant is the result format), or by SQLAlchemy and duckdb-engine (``sql``).

Its SQL engine needs two changes to run on DuckDB at all: it closes the connection before it fetches what duckdb-engine found, and it
knows no regular expressions of this dialect.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

from tests.bench.peers.rules import NO_RULE, Answer, Watch, asked, say

os.environ["GX_ANALYTICS_ENABLED"] = "false"
warnings.filterwarnings("ignore")


def main() -> None:
    watch = Watch()
    import great_expectations as gx

    data, suite, variant = asked()
    engine = "sql" if variant == "sql" else "pandas"
    with tempfile.TemporaryDirectory() as folder:
        batch, result_format = (in_duckdb if engine == "sql" else in_memory)(gx, watch, data, variant, folder)
        described = json.loads(suite)
        for place, one in enumerate(described["expectations"]):
            one["meta"] = {"place": place}
        answers = [NO_RULE] * len(described["expectations"])
        found = batch.validate(gx.ExpectationSuite(**described), result_format=result_format)
        for result in found.to_json_dict()["results"]:
            answers[result["expectation_config"]["meta"]["place"]] = answer(result)
    watch.lap("validate")
    say(f"gx_{variant or engine}", "great_expectations", watch, answers)


def in_memory(gx: Any, watch: Watch, data: str, variant: str, folder: str) -> tuple[Any, str]:
    import pandas

    watch.lap("import")
    frame = pandas.read_parquet(data)
    watch.lap("read")
    asset = context(gx).data_sources.add_pandas("bench").add_dataframe_asset("bench")
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame}), variant


def in_duckdb(gx: Any, watch: Watch, data: str, variant: str, folder: str) -> tuple[Any, str]:
    import duckdb
    import great_expectations.execution_engine.sqlalchemy_execution_engine as execution
    import great_expectations.expectations.metrics.column_map_metrics.column_values_match_regex as regex
    import sqlalchemy

    class Dialect(str):
        value = "duckdb"

    def matches(column: Any, pattern: str, dialect: Any, positive: bool = True) -> Any:
        found = sqlalchemy.func.regexp_matches(column, pattern)
        return found if positive else sqlalchemy.not_(found)

    execution._PERSISTED_CONNECTION_DIALECTS = (*execution._PERSISTED_CONNECTION_DIALECTS, Dialect("duckdb"))
    regex.get_dialect_regex_expression = matches
    watch.lap("import")
    database = Path(folder, "bench.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"CREATE VIEW t AS FROM read_parquet('{data}')")
    watch.lap("read")
    asset = (
        context(gx).data_sources.add_sql("bench", connection_string=f"duckdb:///{database}").add_table_asset("t", table_name="t")
    )
    return asset.add_batch_definition_whole_table("all").get_batch(), "SUMMARY"


def context(gx: Any) -> Any:
    made = gx.get_context(mode="ephemeral")
    made.variables.progress_bars = {"globally": False}
    return made


def answer(result: dict[str, Any]) -> Answer:
    raised = result["exception_info"]
    if any(one.get("raised_exception") for one in [raised, *raised.values()] if isinstance(one, dict)):
        return NO_RULE
    return Answer(bool(result["success"]), result.get("result", {}).get("unexpected_count"))


if __name__ == "__main__":
    main()
