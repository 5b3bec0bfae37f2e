"""What a hostile suite may try: statements, queries that never end or take all memory, texts that would break out of SQL."""

from collections.abc import Iterator
from dataclasses import dataclass

SECRET = "hunter2 hidden"
"""What the files hold that a suite has no business with."""


@dataclass(frozen=True)
class Attack:
    """``sql`` does what its author wants in a connection without a lock, after ``before``.

    ``{secret}`` is a file that the suite may not read (``.csv``, ``.parquet``, ``.json``), ``{own}`` that of the extract, ``{out}``
    one that is not there yet. ``network``: in a connection without a lock it looks for a host that does not exist.
    """

    name: str
    sql: str
    before: str = ""
    network: bool = False


def _reading() -> Iterator[Attack]:
    for function in ("read_text", "read_blob", "read_csv", "read_csv_auto", "sniff_csv", "glob"):
        yield Attack(f"{function} another file", f"SELECT * FROM {function}('{{secret}}.csv')")
    for function in ("read_json", "read_ndjson", "read_json_objects"):
        yield Attack(f"{function} another file", f"SELECT * FROM {function}('{{secret}}.json')")
    for function in ("read_parquet", "parquet_scan", "parquet_metadata", "parquet_schema", "parquet_file_metadata",
                     "parquet_kv_metadata", "parquet_full_metadata"):  # fmt: skip
        yield Attack(f"{function} another file", f"SELECT * FROM {function}('{{secret}}.parquet')")
        yield Attack(f"{function} its own file", f"SELECT * FROM {function}('{{own}}')")
    yield Attack("bloom filter of another file", "SELECT * FROM parquet_bloom_probe('{secret}.parquet', 'a', 1)")
    yield Attack("file in FROM", "SELECT * FROM '{secret}.parquet'")
    yield Attack("own file in FROM", "SELECT * FROM '{own}'")
    yield Attack("own file as text", "SELECT * FROM read_blob('{own}')")
    yield Attack("own file in its folder", "SELECT * FROM glob('{own}')")
    yield Attack("columns of another file", "SELECT * FROM (DESCRIBE '{secret}.csv')")
    yield Attack("summary of another file", "SELECT * FROM (SUMMARIZE '{secret}.csv')")
    yield Attack("file by a list", "SELECT * FROM read_text(['{secret}.csv'])")
    yield Attack("file by a pattern", "SELECT * FROM read_text('{secret}*v')")
    yield Attack("file in a subquery", "SELECT (SELECT content FROM read_text('{secret}.csv')) AS a")
    yield Attack("file in WHERE", "SELECT 1 AS a WHERE EXISTS (FROM '{secret}.csv')")
    yield Attack("file in WITH", "WITH x AS MATERIALIZED (FROM '{secret}.csv') SELECT * FROM x")
    yield Attack("file in UNION", "SELECT 'a' AS a UNION ALL BY NAME SELECT content AS a FROM read_text('{secret}.csv')")
    yield Attack("file in a lateral join", "SELECT * FROM range(2) AS r, LATERAL (SELECT * FROM read_text('{secret}.csv'))")
    yield Attack("file by query()", "SELECT * FROM query('FROM ''{secret}.csv''')")
    yield Attack("file by query_table()", "SELECT * FROM query_table('{secret}.csv')")
    yield Attack("file by a serialised query",
                 "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM ''{secret}.csv'''))")  # fmt: skip
    yield Attack("file by a histogram", "SELECT * FROM histogram_values('{secret}.csv', a)")
    yield Attack("environment", "SELECT * FROM read_blob('/proc/self/environ')")
    yield Attack("its own command line", "SELECT * FROM read_blob('/proc/self/cmdline')")
    yield Attack("a deleter that reads", "SELECT * FROM destroy_external_resource('read_text', '{secret}.csv')")
    for place in ("https://dq.invalid/a.parquet", "s3://dq.invalid/a.parquet", "http://dq.invalid/a.csv"):
        function = "read_csv" if place.endswith("csv") else "read_parquet"
        yield Attack(place, f"SELECT * FROM {function}('{place}')", network=True)
        yield Attack(f"{place} in FROM", f"SELECT * FROM '{place}'", network=True)
    yield Attack("a text sent away", "SELECT * FROM read_text('https://dq.invalid/' || 'stolen')", network=True)


def _writing() -> Iterator[Attack]:
    yield Attack("COPY TO", "COPY (SELECT 'x' AS a) TO '{out}'")
    yield Attack("COPY FROM", "COPY t FROM '{secret}.csv'", "CREATE TABLE t (a VARCHAR)")
    yield Attack("COPY TO its own file", "COPY (SELECT 'x' AS a) TO '{own}'")
    yield Attack("COPY in WITH", "WITH x AS (COPY (SELECT 'x' AS a) TO '{out}') SELECT * FROM x")
    yield Attack("COPY over its own file in WITH",
                 "WITH x AS (COPY (SELECT 'x' AS a) TO '{own}' (USE_TMP_FILE false)) SELECT * FROM x")  # fmt: skip
    yield Attack("EXPORT", "EXPORT DATABASE '{out}'")
    yield Attack("ATTACH", "ATTACH '{out}' AS stolen")
    yield Attack("ATTACH in memory", "ATTACH ':memory:' AS other")
    yield Attack("DETACH", "DETACH other", "ATTACH ':memory:' AS other")
    yield Attack("USE", "USE other", "ATTACH ':memory:' AS other")
    yield Attack("CREATE TABLE", "CREATE TABLE t (a INTEGER)")
    yield Attack("CREATE over the extract", "CREATE OR REPLACE TEMP VIEW dq_extract AS SELECT 1 AS a",
                 "CREATE TEMP VIEW dq_extract AS SELECT 2 AS a")  # fmt: skip
    yield Attack("CREATE MACRO", "CREATE OR REPLACE TEMP MACRO count_if(x) AS 0")
    yield Attack("CREATE SEQUENCE", "CREATE SEQUENCE s")
    yield Attack("CREATE TYPE", "CREATE TYPE mood AS ENUM ('a')")
    yield Attack("CREATE SECRET", "CREATE SECRET (TYPE http, BEARER_TOKEN 'x')")
    for name in ("t", '"dq:counts 1"', "dq_wrong_1", "dq_derived_1"):
        before = f"CREATE TEMP TABLE {name} (a INTEGER); INSERT INTO {name} VALUES (1)"
        yield Attack(f"INSERT {name}", f"INSERT INTO {name} VALUES (1)", before)
        yield Attack(f"INSERT {name} in WITH", f"WITH x AS (INSERT INTO {name} VALUES (1) RETURNING a) SELECT * FROM x", before)
        yield Attack(f"UPDATE {name} in WITH", f"WITH x AS (UPDATE {name} SET a = 0 RETURNING a) SELECT * FROM x", before)
        yield Attack(f"DELETE {name} in WITH", f"WITH x AS (DELETE FROM {name} RETURNING a) SELECT * FROM x", before)
        yield Attack(f"UPDATE {name}", f"UPDATE {name} SET a = 0", before)
        yield Attack(f"DROP {name}", f"DROP TABLE {name}", before)
        yield Attack(f"ALTER {name}", f"ALTER TABLE {name} ADD COLUMN b INTEGER", before)
        yield Attack(f"TRUNCATE {name}", f"TRUNCATE {name}", before)
    yield Attack("DROP the extract", "DROP VIEW dq_extract", "CREATE VIEW dq_extract AS SELECT 1 AS a")
    yield Attack("MERGE", "MERGE INTO t USING (SELECT 1 AS a) AS u ON t.a = u.a WHEN MATCHED THEN DELETE",
                 "CREATE TABLE t (a INTEGER)")  # fmt: skip
    yield Attack("COMMENT", "COMMENT ON TABLE t IS 'x'", "CREATE TABLE t (a INTEGER)")


def _settings() -> Iterator[Attack]:
    for statement in (
        *("SET threads = 1", "SET GLOBAL memory_limit = '10GB'", "SET max_expression_depth = 100000", "RESET threads"),
        *("SET TimeZone = 'Asia/Tokyo'", "SET VARIABLE x = 1", "RESET VARIABLE x", "SET search_path = 'temp'"),
        *("PRAGMA threads = 1", "PRAGMA database_list", "PRAGMA enable_profiling", "PRAGMA disable_optimizer"),
        *("SET enable_profiling = 'json'", "SET profiling_output = '{out}.txt'", "SET log_query_path = '{out}'"),
        *("SET temp_directory = '{out}'", "SET file_search_path = '/'", "SET secret_directory = '{out}'"),
        *("CHECKPOINT", "FORCE CHECKPOINT", "BEGIN", "VACUUM", "ANALYZE", "CALL pragma_version()"),
        *("EXPLAIN SELECT 1", "EXPLAIN ANALYZE SELECT 1", "PREPARE p AS SELECT 1", "SHOW databases; SELECT 1"),
        *("SELECT 1; SELECT 2", "SELECT 1; COPY (SELECT 1) TO '{out}'", "SELECT 1;; PRAGMA database_list"),
    ):
        yield Attack(statement, statement, "SET VARIABLE x = 2" if "RESET VARIABLE" in statement else "")
    yield Attack("EXECUTE", "EXECUTE p", "PREPARE p AS SELECT 1")
    yield Attack("DEALLOCATE", "DEALLOCATE p", "PREPARE p AS SELECT 1")
    for function in (
        *("enable_logging()", "enable_logging(level = 'trace')", "disable_logging()", "truncate_duckdb_logs()", "duckdb_logs()"),
        *("enable_logging('QueryLog', storage = 'file', storage_path = '{out}')", "enable_profiling()", "checkpoint()"),
        *("enable_profiling(format = 'json', save_location = '{out}.json')", "disable_profiling()", "duckdb_settings()"),
        *("duckdb_secrets()", "duckdb_extensions()", "duckdb_temporary_files()", "duckdb_databases()", "duckdb_variables()"),
        *("duckdb_external_resources()", "duckdb_external_file_cache()", "pragma_database_size()", "pragma_user_agent()"),
        *("pragma_version()", "pragma_platform()", "duckdb_memory()", "duckdb_extension_repositories()", "duckdb_functions()"),
        *("which_secret('s3://a', 's3')", "duckdb_logs_parsed('QueryLog')", "duckdb_profiling_settings()"),
        *("pragma_table_info('t')", "pragma_storage_info('t')", "pragma_show('t')", "duckdb_table_sample('t')"),
    ):
        yield Attack(function, f"SELECT * FROM {function}", "CREATE TABLE t (a INTEGER)")
    for statement in ("INSTALL httpfs", "LOAD httpfs", "FORCE INSTALL spatial FROM 'https://dq.invalid'"):
        yield Attack(statement, statement, network=True)


ATTACKS = (*_reading(), *_writing(), *_settings())
"""All of these are an ``error`` of the check: nothing is passed, and nothing happens."""

HARMLESS = (
    "SELECT setseed(0.5) AS a WHERE false",
    "SELECT write_log('x') AS a WHERE false",
    "SELECT getvariable('x') AS a WHERE getvariable('x') IS NOT NULL",
    "SELECT current_setting('threads') AS a WHERE false",
    "SELECT current_query() AS a WHERE false",
    "WITH dq_extract AS (SELECT 1 AS a WHERE false) SELECT * FROM dq_extract",
    "SELECT 1 AS a FROM pg_catalog.pg_settings WHERE name = 'no such setting'",
    "SELECT a FROM information_schema.tables, (SELECT 1 AS a) WHERE false",
    "SELECT x FROM range(10) AS r(x) WHERE x > 100",
    "FROM (PIVOT (SELECT 1 AS a, 2 AS b) ON a IN (1, 2) USING sum(b)) WHERE false",
    "SELECT * FROM json_each('[1]') WHERE false",
    "SELECT 1 AS a WHERE false -- ) UNION ALL SELECT 1 FROM dq_extract",
    "SELECT 1 AS a /* */ WHERE false ; ; ;",
)
"""Queries that do nothing to anybody: they run, and give no row."""

ENDLESS = (
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) AS n FROM r HAVING max(n) < 0",
    "SELECT max(x) AS n FROM range(1000000000000000000) AS r(x) HAVING max(x) < 0",
    "SELECT count(*) AS n FROM range(10000000) AS a(x), range(10000000) AS b(y) WHERE x * y % 7 = 8 HAVING count(*) < 0",
    "SELECT 1 AS n WHERE sleep_ms(1000000) IS NULL",
    "SELECT levenshtein(repeat('x', 200000), repeat('y', 200000)) AS n",
)
"""They end at the time limit."""

GREEDY = (
    "SELECT 1 AS n FROM range(3) AS r(i) WHERE length(repeat('x' || i, 2000000000)) < 0",
    "SELECT 1 AS n FROM range(3) AS r(i) WHERE len(range(i, 200000000)) < 0",
    "SELECT max(length(s)) AS n FROM (SELECT string_agg(repeat('x', 1000000), '') AS s FROM range(20000)) HAVING n < 0",
    "SELECT max(len(s)) AS n FROM (SELECT list(repeat('x', 100000) || i) AS s FROM range(200000) AS r(i)) HAVING n < 0",
)
"""They end at the memory limit."""

REFUSED_BY_DUCKDB = (
    "SELECT regexp_matches('a', '((a{1,100}){1,100}){1,100}') AS n",
    f"SELECT {'(' * 5000}1{')' * 5000} AS n",
    f"SELECT {'+'.join(['1'] * 20_000)} AS n",
    "SELECT $1 AS n",
    "SELECT ? AS n",
    "SELECT * FROM self",
    "SELECT * FROM queries",
)

TEXTS = (
    """x'; COPY (SELECT 1) TO 'stolen'; --""",
    """x"; DROP VIEW dq_extract; --""",
    """') OR TRUE --""",
    """") OR TRUE --""",
    """' || (SELECT content FROM read_text('/etc/passwd')) || '""",
    """\\'; ATTACH 'stolen'; --""",
    """$$; SET threads = 1; $$""",
    "x /* y",
    "x -- y\n) UNION ALL SELECT 1 --",
    "{batch} {0} {{ }} %s %(a)s ${HOME} $PARAMETER $(id) `id`",
    "x' IN (SELECT 1) OR 'x' = 'x",
    "E'\\x41' U&'\\0041' x'41'",
    "dq_extract; SELECT 2",
    "\u2018x\u2019 \uff07; DROP TABLE x; \u02bc",
    "../../etc/passwd",
    "*/ 1 /*",
    'col("a") == 1',
    "\t\r\n\x0b\x01\x7f\x85\u2028",
)
"""Texts that would do something if they were pasted into SQL, a pattern, a path or a template; here they are names and values."""

DEEP = 100_000
CONDITIONS: dict[str, tuple[str | None, str]] = {
    "brackets": ("great_expectations", "(" * DEEP + 'col("a") == 1' + ")" * DEEP),
    "open brackets": ("pandas", "(" * DEEP),
    "pandas brackets": ("pandas", "(" * 2000 + "a == 1" + ")" * 2000),
    "SQL brackets": ("sqlalchemy", "(" * DEEP + "a = 1" + ")" * DEEP),
    "pandas terms": ("pandas", " and ".join(["a == 1"] * 20_000)),
    "SQL terms": ("spark", " OR ".join(["a = 1"] * 20_000)),
    "own terms": ("great_expectations", " and ".join(['col("a") == 1'] * 20_000)),
    "unary minus": ("pandas", "a == " + "-" * 20_000 + "1"),
    "not": ("sqlalchemy", "NOT " * 20_000 + "a = 1"),
    "power": ("pandas", "a == 9**9**9**9"),
    "long number": ("pandas", "a == " + "9" * 50_000),
    "long text": ("pandas", "org == '" + "x" * 200_000 + "'"),
    "any language": (None, "(" * 30_000 + "a" * 30_000),
    "list": ("pandas", "a in [" + ", ".join(["1"] * 3_000) + "]"),
    "sum": ("pandas", "a == " + "+".join(["1"] * 30_000)),
}
"""Texts of row conditions, with their languages, that are long or deep."""

EXPRESSIONS = (
    *("9^9^9^9", "2^4095 * 2^4095", "exp(exp(exp(9)))", "(" * 400 + "1" + ")" * 400, "-" * 900 + "1"),
    *("9" * 990, "1e999999", "now() + timedelta(days = 1e300)", "1/0", "x" * 100_000, "+".join(["1"] * 100_000)),
    *("trunc(1e308 * 10)", "now(now(now()))", "datetime(10^18, 1, 1)", "__import__('os')", "().__class__"),
)
"""Expressions of parameters that are large, deep, or no expressions."""

_REFERENCES = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)} | {"a40": {"type": "integer"}}
SCHEMAS = {
    "references that double": ({"$defs": _REFERENCES, "$ref": "#/$defs/a0"}, "1"),
    "pattern": ({"pattern": "^(a+)+$"}, '"' + "a" * 40 + '!"'),
    "names of properties": ({"patternProperties": {"^(a|aa)+$": {}}}, '{"' + "a" * 60 + '!": 1}'),
    "unique items": ({"uniqueItems": True}, "[" + ", ".join(f'{{"a": {n}}}' for n in range(20_000)) + "]"),
}
"""JSON Schemas with a value each on which they take for ever."""
