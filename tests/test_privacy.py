"""No value of an extract leaves dq: planted values are looked for in everything that it prints, stores or leaves behind."""

import base64
import contextlib
import datetime as dt
import functools
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_engine import WorkerProcess
from dq_engine.catalog import CATALOG
from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract, read_suite
from tests import command
from tests.command import dq_here
from tests.waiting import until

NAME, NHS, BORN, AMOUNT = "ZQXJKV Wpfhgt", 9434765919, dt.date(1931, 7, 14), Decimal("77123.4567")
SEEN = dt.datetime(1931, 7, 14, 13, 47, 53, 123456)
MONTH = "ZQXJKVmonth"
OTHER = "QJXVKW Lmbdfs"
SPELLINGS = (
    *("qjxvkw", "lmbdfs"),
    *("zqxjkv", "wpfhgt", "5a51584a4b56", "\\x5a\\x51"),
    *("9434765919", "943 476 5919", "943-476-5919", "9,434,765,919", "9.434765919e", "9.43476591"),
    *("1931-07-14", "19310714", "14/07/1931", "14.07.1931", "14 jul", "1931, 7, 14", "13:47:53"),
    *("-14051", "-1214006400", "-1213956727"),
    *("77123.4", "77,123.4", "77123,4", "771234567", "7.71234"),
)
"""What none of the outputs may hold, in lower case."""


def in_base64(text: str) -> Iterable[str]:
    """How a text reads within a longer one in base64, wherever it begins: without the characters that its neighbours change."""
    for before in range(3):
        yield base64.b64encode(b"?" * before + text.encode()).decode().rstrip("=")[(0, 2, 3)[before] : -1]


ENCODED = (
    *(piece for text in (NAME, OTHER, MONTH, str(NHS), "1931-07-14", "77123.4567") for piece in in_base64(text)),
    *("\\u005a\\u0051", "&#90;&#81;", "&#x5a;&#x51;", "%5A%51", "Z\0Q\0X\0", "\0Z\0Q\0X", NAME[::-1]),
    *(packed.decode("latin-1") for packed in (struct.pack("<q", NHS), struct.pack(">q", NHS), struct.pack("<d", float(AMOUNT)))),
    struct.pack("<q", (SEEN - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)).decode("latin-1"),
)
"""The same in other clothes: in base64, as escapes, in two bytes a character, as numbers lie in a file (minima and maxima, too)."""
COLUMNS: dict[str, pa.Array] = {
    "text": pa.array([NAME]),
    "integer": pa.array([NHS], pa.int64()),
    "digits": pa.array([str(NHS)]),
    "float": pa.array([float(AMOUNT)], pa.float64()),
    "decimal": pa.array([AMOUNT], pa.decimal128(12, 4)),
    "date": pa.array([BORN], pa.date32()),
    "timestamp": pa.array([SEEN], pa.timestamp("us")),
    "zoned": pa.array([SEEN], pa.timestamp("us", tz="UTC")),
    "time": pa.array([SEEN.time()], pa.time64("us")),
    "binary": pa.array([NAME.encode()], pa.binary()),
    "category": pa.array([NAME]).dictionary_encode(),
    "list": pa.array([[NAME, str(NHS)]]),
    "struct": pa.array([{"name": NAME, "born": BORN}]),
    "org": pa.array([f"{NAME} surgery"]),
}
SCALAR = [name for name in COLUMNS if name not in ("list", "struct")]
LOW: dict[str, Any] = {"date": "1900-01-01", "timestamp": "1900-01-01", "zoned": "1900-01-01"}


def rule(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": name, "kwargs": kwargs}


def over(columns: Iterable[str], name: str, **kwargs: Any) -> list[dict[str, Any]]:
    """The rule for each of the columns."""
    return [rule(name, column=column, **kwargs) for column in columns]


def bounded(name: str) -> list[dict[str, Any]]:
    """The rule with a bound that the column can be compared with, and (an error) with one that it cannot."""
    fitting = [rule(name, column=column, max_value=LOW.get(column, 0)) for column in SCALAR]
    return [*fitting, *over(COLUMNS, name, min_value="2030-01-01"), *over(COLUMNS, name, max_value=-1)]


CONDITION = {"type": "comparison", "column": {"name": "text"}, "operator": "!=", "parameter": "x"}
CASTS = [
    "SELECT * FROM {batch} WHERE CAST(text AS INTEGER) > 0",
    "SELECT * FROM {batch} WHERE CAST(digits AS TINYINT) > 0",
    "SELECT * FROM {batch} WHERE CAST(integer AS TINYINT) > 0",
    "SELECT * FROM {batch} WHERE CAST(text AS DATE) IS NULL",
    "SELECT * FROM {batch} WHERE strptime(text, '%Y') IS NULL",
    "SELECT * FROM {batch} WHERE integer * integer * integer > 0",
    "SELECT * FROM {batch} WHERE error(text)",
    "SELECT * FROM {batch} WHERE error(text) IS NULL ORDER BY 1",
    "SELECT * FROM {batch} WHERE date_trunc(text, date) IS NULL",
    "SELECT * FROM {batch} WHERE regexp_matches('x', '(' || text)",
    "SELECT * FROM {batch} WHERE CAST(text AS JSON) IS NULL",
    "SELECT * FROM {batch} WHERE CAST(text AS UUID) IS NULL",
    "SELECT * FROM {batch} WHERE CAST(text AS BOOLEAN)",
    "SELECT * FROM {batch} WHERE CAST(text AS STRUCT(a INTEGER)) IS NULL",
    "SELECT * FROM {batch} WHERE CAST(org AS ENUM ('a')) IS NULL",
    "SELECT * FROM {batch} WHERE json_extract(to_json({{'a': 1}}), '$.' || text || '[') IS NULL",
    "SELECT * FROM {batch} WHERE make_date(integer, 1, 1) IS NULL",
    "SELECT * FROM {batch} WHERE format('{{:d}}', text) IS NULL",
    "SELECT * FROM {batch} WHERE timezone(text, timestamp) IS NULL",
    "SELECT * FROM {batch} WHERE (SELECT text FROM {batch} UNION ALL SELECT org FROM {batch}) IS NULL",
    "SELECT * FROM {batch} WHERE nextval(text) IS NULL",
    "SELECT * FROM query_table((SELECT text FROM {batch}))",
    "SELECT * FROM {batch} WHERE txet = 1",
    "SELECT * FROM {batch} PIVOT (count(*) FOR text IN (SELECT 1))",
    "PIVOT {batch} ON text USING count(*)",
    "SELECT * FROM {batch} JOIN read_csv(text) ON true",
]
"""Queries of a suite: they fail, or fall over the data in many ways."""
KEY = {"other": "other", "on": {"text": "text"}}
ACROSS: dict[str, list[dict[str, Any]]] = {
    "expect_column_distinct_values_to_exist_in_other_extract": [
        rule("", column=a, other="other", other_column=b) for a in COLUMNS for b in (a, "missing")
    ],
    "expect_column_max_to_be_fresh": over(COLUMNS, "", max_age_days=1),
    "expect_column_sum_to_reconcile_with_other_extract": [
        rule("", column=a, other_column=b, other="other", on={c: c})
        for a in ("integer", "float", "decimal", "text", None)
        for b in ("decimal", None)
        for c in ("org", "date")
    ],
    "expect_column_values_to_agree_with_other_extract": [
        rule("", column=name, other_column=name, other="other", on={"integer": "integer"}, tolerance=tolerance)
        for name in COLUMNS
        for tolerance in ((0, 0.5) if name in ("integer", "text") else (0,))
    ],
    "expect_column_values_to_exist_in_other_extract": [
        *(rule("", column=a, other="other", other_column=a) for a in COLUMNS),
        *(rule("", column=a, other="other", other_column="date") for a in ("text", "integer", "org")),
        *(rule("", column="org", other="other", other_column="org", as_of=a, close_column=a) for a in COLUMNS),
    ],
    "expect_column_values_to_not_exist_in_other_extract": [rule("", column=a, other="other", other_column=a) for a in COLUMNS],
    "expect_compound_columns_to_exist_in_other_extract": [
        rule("", column_list=[a, "org"], other="other", other_column_list=[a, "org"]) for a in COLUMNS
    ],
    "expect_organisations_to_be_present": [
        *(rule("", column=a, other="other", other_column=a) for a in COLUMNS),
        *(rule("", column="org", other="other", other_column="org", period_column=a) for a in COLUMNS),
    ],
    "expect_share_to_reach_target": [
        *(rule("", column=a, value_set=["a"], min_share=1, by=b) for a in COLUMNS for b in ("org", "integer", None)),
        *(rule("", column=a, min_value=1e12, min_share=1, per=["text"]) for a in COLUMNS),
    ],
    "expect_totals_to_be_close_to_previous_period": [
        rule("", column=a, period_column=b, by=["org"], other=c)
        for a in ("integer", "text", None)
        for b in ("date", "text", "digits")
        for c in ("other", None)
    ],
}
COMPARED = [("SELECT * FROM {batch}", query) for query in ("SELECT * FROM other", "SELECT text FROM other WHERE error(text)")]
GX_SQL: dict[str, list[dict[str, Any]]] = {
    "expect_column_pair_values_to_be_in_set": [
        rule("", column_A=a, column_B="org", value_pairs_set=pairs)
        for a in COLUMNS
        for pairs in ([["x", "y"], [1, None]], [[str(n), None] for n in range(30)], [[n, "x"] for n in range(30)])
    ],
    "expect_column_type_to_be": over(COLUMNS, "", type_="BIT"),
    "expect_column_values_to_be_in_type_list": over(COLUMNS, "", type_list=["BIT", "int16"]),
    "expect_column_values_to_match_like_pattern": over(COLUMNS, "", like_pattern="x!%", escape="!"),
    "expect_column_values_to_match_like_pattern_list": over(COLUMNS, "", like_pattern_list=["x", "_"]),
    "expect_column_values_to_not_match_like_pattern": over(COLUMNS, "", like_pattern="%"),
    "expect_column_values_to_not_match_like_pattern_list": over(COLUMNS, "", like_pattern_list=["x", "%"]),
    "expect_multicolumn_values_to_be_equal": [rule("", column_list=[a, b]) for a in COLUMNS for b in ("org", "integer", "date")],
    "expect_query_results_to_match_comparison": [
        rule("", base_query=base, comparison_data_source_name="other", comparison_query=comparison)
        for base, comparison in [*COMPARED, *((query, "SELECT 1") for query in CASTS)]
    ],
    "expect_select_column_values_to_be_unique_within_record": [rule("", column_list=[a, a]) for a in COLUMNS],
    "expect_table_column_count_to_be_between": [rule("", max_value=1)],
    "expect_table_column_count_to_equal": [rule("", value=77)],
    "expect_table_row_count_to_equal_other_table": [rule("", other_table_name="other")],
}
BINS = {"bins": [0, 5, 9], "weights": [0.5, 0.5]}
QUANTILES = {"quantiles": [0, 0.5, 1], "value_ranges": [[None, 1], [None, 1]]}
GX_STATISTICS: dict[str, list[dict[str, Any]]] = {
    "expect_column_kl_divergence_to_be_less_than": [
        rule("", column=a, partition_object=partition, tail_weight_holdout=holdout, threshold=0, bucketize_data=bucketize)
        for a in COLUMNS
        for partition, holdout, bucketize in (
            ({"values": ["a", 1], "weights": [0.5, 0.5]}, 0.1, True),
            (BINS, 0.1, True),
            (None, 0, True),
            (None, 0, False),
        )
    ],
    "expect_column_most_common_value_to_be_in_set": over(COLUMNS, "", value_set=["a", 1]),
    "expect_column_quantile_values_to_be_between": [
        rule("", column=a, quantile_ranges=QUANTILES, allow_relative_error=method)
        for a in COLUMNS
        for method in (False, "linear", "midpoint")
    ]
    + over(COLUMNS, "", quantile_ranges={"quantiles": [0, 0.5], "value_ranges": [[None, None]]}),
    "expect_column_value_z_scores_to_be_less_than": over(COLUMNS, "", threshold=-1, double_sided=False),
    "expect_column_values_to_be_decreasing": over(COLUMNS, "", strictly=True),
    "expect_column_values_to_be_increasing": over(COLUMNS, "", strictly=True),
    "expect_column_values_to_not_be_outliers": [
        *over(COLUMNS, "", multiplier=0),
        *over(COLUMNS, "", method="std", multiplier=0),
    ],
}
NHS_FORMATS: dict[str, list[dict[str, Any]]] = {
    **{
        f"expect_column_values_to_{name}": over(COLUMNS, "")
        for name in (
            *("be_valid_bnf_code", "be_valid_dmd_code", "be_valid_ethnic_category", "be_valid_gender_code", "be_valid_gss_code"),
            *("be_valid_icd10_code", "be_valid_nhs_number", "be_valid_ods_code", "be_valid_opcs4_code", "be_valid_read_code"),
            *("be_valid_snomed_ct_code", "be_valid_uk_postcode", "not_be_pseudo_postcode", "not_be_reserved_nhs_number"),
        )
    },
    "expect_column_pair_values_date_to_be_in_period": [
        rule("", column_A=a, column_B=b) for a in ("date", "text") for b in COLUMNS
    ],
    "expect_column_pair_values_to_be_bnf_parent_and_child": [rule("", column_A=a, column_B="text") for a in COLUMNS],
    "expect_column_pair_values_to_be_within_days": [
        rule("", column_A=a, column_B=b, min_days=1, max_days=2) for a in ("date", "timestamp", "text") for b in COLUMNS
    ],
    "expect_multicolumn_linkage_identifiers_to_be_usable": [
        rule("", column_list=[a, b, "text", "org"]) for a in ("digits", "integer", "text") for b in ("date", "text")
    ],
}
RULES: dict[str, list[dict[str, Any]]] = {
    name: list(rules)
    for name, rules in {
        "expect_column_distinct_values_to_be_in_set": over(COLUMNS, "", value_set=["a", 1]),
        "expect_column_distinct_values_to_contain_set": over(COLUMNS, "", value_set=["a", 1]),
        "expect_column_distinct_values_to_equal_set": over(COLUMNS, "", value_set=["a", 1]),
        "expect_column_max_to_be_between": bounded(""),
        "expect_column_mean_to_be_between": bounded(""),
        "expect_column_median_to_be_between": bounded(""),
        "expect_column_min_to_be_between": bounded(""),
        "expect_column_pair_values_a_to_be_greater_than_b": [
            rule("", column_A=a, column_B=b) for a in COLUMNS for b in ("text", "integer", "date")
        ],
        "expect_column_pair_values_to_be_equal": [rule("", column_A=a, column_B="org") for a in COLUMNS],
        "expect_column_proportion_of_non_null_values_to_be_between": over(COLUMNS, "", max_value=0.5),
        "expect_column_proportion_of_unique_values_to_be_between": over(COLUMNS, "", max_value=0.5),
        "expect_column_stdev_to_be_between": [*over(COLUMNS, "", max_value=0), *over(COLUMNS, "", min_value=2030)],
        "expect_column_sum_to_be_between": bounded(""),
        "expect_column_to_exist": [*over(COLUMNS, "", column_index=77), rule("", column="txet")],
        "expect_column_unique_value_count_to_be_between": over(COLUMNS, "", max_value=0),
        "expect_column_value_lengths_to_be_between": over(COLUMNS, "", max_value=1),
        "expect_column_value_lengths_to_equal": over(COLUMNS, "", value=1),
        "expect_column_values_to_be_between": bounded(""),
        "expect_column_values_to_be_dateutil_parseable": over(COLUMNS, ""),
        "expect_column_values_to_be_in_set": [*over(COLUMNS, "", value_set=["a"]), *over(COLUMNS, "", value_set=[1])],
        "expect_column_values_to_be_json_parseable": over(COLUMNS, ""),
        "expect_column_values_to_be_null": over(COLUMNS, ""),
        "expect_column_values_to_be_of_type": over(COLUMNS, "", type_="BIT"),
        "expect_column_values_to_be_unique": over(COLUMNS, ""),
        "expect_column_values_to_match_json_schema": over(COLUMNS, "", json_schema={"type": "array"}),
        "expect_column_values_to_match_regex": over(COLUMNS, "", regex="^x$"),
        "expect_column_values_to_match_regex_list": over(COLUMNS, "", regex_list=["^x$", "(?=x)"]),
        "expect_column_values_to_match_strftime_format": over(COLUMNS, "", strftime_format="%Y"),
        "expect_column_values_to_not_be_in_set": over(COLUMNS, "", value_set=["a", 1]),
        "expect_column_values_to_not_be_null": over(COLUMNS, ""),
        "expect_column_values_to_not_match_regex": over(COLUMNS, "", regex="."),
        "expect_column_values_to_not_match_regex_list": over(COLUMNS, "", regex_list=["(?=.)"]),
        "expect_compound_columns_to_be_unique": [rule("", column_list=[name, "month"]) for name in COLUMNS],
        "expect_multicolumn_sum_to_equal": [
            rule("", column_list=[name, "integer"], sum_total=1) for name in COLUMNS if name != "integer"
        ],
        "expect_table_columns_to_match_ordered_list": [rule("", column_list=["a"])],
        "expect_table_columns_to_match_set": [rule("", column_set=["a"])],
        "expect_table_row_count_to_be_between": [rule("", min_value=77)],
        "expect_table_row_count_to_equal": [rule("", value=77)],
        "unexpected_rows_expectation": [rule("", unexpected_rows_query=query) for query in ("SELECT * FROM {batch}", *CASTS)],
        **ACROSS,
        **NHS_FORMATS,
        **GX_SQL,
        **GX_STATISTICS,
    }.items()
}
BY_ROW = ("expect_column_values_to_be_in_set", "expect_column_values_to_match_regex", "expect_column_mean_to_be_between")


@functools.cache
def expectations() -> tuple[dict[str, Any], ...]:
    """Every kind of expectation on every kind of column, with and without a condition on rows."""
    found: list[dict[str, Any]] = []
    for name, rules in RULES.items():
        for own in rules:
            if all(column in CATALOGUED[name] for column in own["kwargs"]):
                found.append({"type": name, "kwargs": own["kwargs"]})
            if name in BY_ROW:
                found.append({"type": name, "kwargs": {**own["kwargs"], "row_condition": CONDITION}})
    for column in FURTHER:
        found += over([column], "expect_column_values_to_be_null") + over([column], "expect_column_values_to_be_unique")
        found += over([column], "expect_column_values_to_be_in_set", value_set=["a"])
        found += over([column], "expect_column_values_to_match_regex", regex="^x$")
        found += over([column], "expect_column_max_to_be_between", max_value=0)
        found += over([column], "expect_column_mean_to_be_between", max_value=0)
        found += over([column], "expect_column_distinct_values_to_be_in_set", value_set=[1])
    texts = dict.fromkeys(json.dumps(item, sort_keys=True) for item in found)
    return tuple({**json.loads(text), "id": f"rule {place}"} for place, text in enumerate(texts))


def some(step: int, first: int = 0) -> list[dict[str, Any]]:
    """Every ``step``-th rule of each type, from the ``first`` on."""
    by_type = ([item for item in expectations() if item["type"] == name] for name in CATALOG)
    return [item for items in by_type for item in items[first::step]]


CATALOGUED = {name: set(cls.__struct_fields__) for name, cls in CATALOG.items()}


def write_suite(
    folder: Path, rules: Sequence[dict[str, Any]], columns: dict[str, str] | None = None, period: str | None = None
) -> None:
    described = {name: {"sensitivity": sensitivity} for name, sensitivity in (columns or {}).items()}
    feed = {"feed": "rows", "organisation_column": "org", "columns": described}
    meta = {"dq": feed if period is None else {**feed, "period_column": period}}
    (folder / "suite.json").write_text(json.dumps({"name": "rows", "expectations": rules, "meta": meta}))


FURTHER: dict[str, pa.Array] = {
    "unsigned": pa.array([NHS], pa.uint64()),
    "small": pa.array([NAME], pa.large_string()),
    "fixed": pa.array([NAME.ljust(16).encode()], pa.binary(16)),
    "nanoseconds": pa.array([SEEN], pa.timestamp("ns")),
    "milliseconds": pa.array([SEEN], pa.timestamp("ms")),
    "wide": pa.array([AMOUNT], pa.decimal128(38, 20)),
    "map": pa.array([[(NAME, NHS)]], pa.map_(pa.string(), pa.int64())),
    "deep": pa.array([[{"names": [{"name": NAME}], "born": BORN}]]),
    "numbers": pa.array([[NHS, None]], pa.list_(pa.int64())),
    "coded": pa.array([NHS]).dictionary_encode(),
}
"""Columns of further types, for a few rules of each shape."""


def write_rows(path: Path, times: int = 1) -> None:
    """The planted values, also where a file holds more than its columns: in its footer, of the columns and of the whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = COLUMNS | FURTHER
    names = {"pandas": json.dumps({"index_columns": [NAME], "columns": [{"name": str(NHS)}]}), NAME: str(NHS)}
    told = {key.encode(): value.encode() for key, value in names.items()}
    schema = pa.schema([pa.field(name, array.type, metadata=told) for name, array in columns.items()], metadata=told)
    table = pa.concat_tables([pa.table(columns)] * times).unify_dictionaries().combine_chunks()
    pq.write_table(table.cast(schema), path, write_page_index=True, write_statistics=True, store_schema=True)
    written = path.read_bytes()
    (maker,) = set(re.findall(rb"parquet-cpp-arrow version [\d.]+", written))
    path.write_bytes(written.replace(maker, NAME.encode()[: len(maker)].ljust(len(maker))))


def write_other(path: Path) -> None:
    """Another extract: a month earlier, half of its values the same, the rest recognisable too."""
    texts = {name: pa.array([OTHER, *COLUMNS[name].to_pylist()]) for name in ("text", "digits", "category", "org")}
    earlier = {"date": pa.array([BORN - dt.timedelta(31), BORN], pa.date32())}
    rest = {name: pa.concat_arrays([array, array]) for name, array in COLUMNS.items() if name not in (*texts, *earlier)}
    pq.write_table(pa.table({**texts, **earlier, **rest}), path)


def dq(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The real command, with its temporary files below ``folder``."""
    (folder / "temporary").mkdir(exist_ok=True)
    return command.dq(folder, *arguments, environment={"TMPDIR": str(folder / "temporary")}, deadline=600)


def artefacts(folder: Path, done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Everything that the command printed, stored or left behind, as text."""
    found = {"standard output": done.stdout, "standard error": done.stderr}
    for place in ("dq-results", "temporary", "site"):
        found |= contents(folder / place)
    return found


def contents(folder: Path) -> dict[str, str]:
    """The names of all files below a folder, what tables hold and their footers say, and the bytes of all."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        found[f"name of {name}"] = name
        if path.suffix == ".parquet":
            rows, footer = pq.read_table(path).to_pylist(), pq.read_metadata(path)
            found[name] = json.dumps([rows, footer.to_dict(), str(footer.metadata)], default=str, ensure_ascii=False)
        if path.is_file():
            found[f"bytes of {name}"] = path.read_bytes().decode("latin-1")
    return found


def leaks(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Which planted values are in which of the texts, with what is around them."""
    found = []
    for name, text in texts.items():
        lower = text.lower()
        places = [*(lower.find(spelling) for spelling in SPELLINGS), *(text.find(code) for code in ENCODED)]
        found += [(name, text[max(0, at - 80) : at + 60]) for at in places if at >= 0]
    return found


def outcomes_of(folder: Path) -> list[dict[str, Any]]:
    (path,) = (folder / "dq-results").glob("*/run.json")
    return [outcome for extract in json.loads(path.read_bytes())["extracts"] for outcome in extract["outcomes"]]


# --------------------------------------------------------------------------------------------------------------- tests


def test_every_kind_of_expectation_is_tried() -> None:
    """A new expectation must be tried here, too."""
    assert RULES.keys() == CATALOG.keys()
    assert {item["type"] for item in expectations()} == CATALOG.keys()


def test_what_is_searched_for_would_be_found() -> None:
    plain = {name: json.dumps(array.to_pylist(), default=str) for name, array in COLUMNS.items()}
    plain["binary"] = str(COLUMNS["binary"][0].as_py())
    assert {name for name, _ in leaks(plain)} == COLUMNS.keys()


@pytest.mark.parametrize("column", [*COLUMNS, *FURTHER])
def test_what_is_searched_for_would_be_found_in_a_file(column: str, tmp_path: Path) -> None:
    """In the rows, in the statistics and in the footer alone."""
    pq.write_table(pa.table({column: (COLUMNS | FURTHER)[column]}), tmp_path / "rows.parquet", compression="none")
    assert leaks(contents(tmp_path))
    write_rows(tmp_path / "rows.parquet")
    footer = pq.read_metadata(tmp_path / "rows.parquet")
    assert leaks({"of the whole": str(footer.metadata)}) and leaks({"maker": footer.created_by})


@pytest.mark.parametrize("dressed", [*ENCODED, *(f"x{code}y" for code in in_base64(NAME))], ids=ascii)
def test_what_is_dressed_up_would_be_found(dressed: str) -> None:
    assert leaks({"text": f"..{dressed}.."})


@pytest.mark.parametrize("before", range(5))
def test_base64_is_found_wherever_it_begins(before: int) -> None:
    assert leaks({"text": base64.b64encode(b"x" * before + NAME.encode() + b"yz").decode()})


FORMATS = tuple(
    word
    for form in ("gx", "text", "junit", "sarif", "github", "markdown", "csv")
    for word in ("--format", form, "--output", f"told/{form}")
)
"""All formats of ``dq check`` but JSON, each into a file."""
FILE = f"part {NHS}.parquet"
"""The name of a file: a number of nine digits or more may be somebody's."""


def test_no_value_leaves(tmp_path: Path) -> None:
    """A folder of partitions, whose key is a value, too; all rules fail, or cannot be evaluated, and pages are made of the run.

    One half of the rules is tried here, the other on a single row, and each in both ways by python -m tests.robust.leaks.
    What ``--format json`` prints is looked through as well: it is run.json to the byte (tests/cli/test_store.py).
    """
    write_suite(tmp_path, some(2), period="month")
    write_rows(tmp_path / "rows" / f"month={MONTH}" / FILE, 3)
    write_other(tmp_path / "earlier.parquet")
    options = ("--threads", "1", "--fail-on", "never", *FORMATS, "--result-format", "COMPLETE")
    done = dq(tmp_path, "check", "rows", "--suite", "suite.json", "--with", "other=earlier.parquet", *options)
    assert done.returncode == 3
    assert len(list((tmp_path / "told").iterdir())) == FORMATS.count("--format")
    made = dq_here(tmp_path, "docs", "--output", "site")
    assert made.returncode == 0, made.stderr
    assert len(list((tmp_path / "site").rglob("*.html"))) > 5
    shutil.rmtree(tmp_path / "site" / "rules")  # the catalogue: its examples are not of this extract
    assert leaks({**artefacts(tmp_path, done), "said of the pages": made.stdout + made.stderr}) == []
    (directory,) = (tmp_path / "dq-results").iterdir()
    split = pq.read_table(directory / "measures.parquet").to_pylist()
    assert {(row["organisation"], row["period"]) for row in split} == {
        (None, None),
        ("(not a code)", "(none)"),
        ("(not a code)", None),
    }
    statuses = {outcome["status"] for outcome in outcomes_of(tmp_path)}
    assert {"fail", "error"} <= statuses
    judged = {outcome["expectation"] for outcome in outcomes_of(tmp_path) if outcome["status"] in ("pass", "fail")}
    assert judged == CATALOG.keys()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_no_value_of_a_single_row_leaves(tmp_path: Path) -> None:
    """Of which every statistic is that value."""
    write_suite(tmp_path, some(2, 1), period="month")
    write_rows(tmp_path / "rows" / f"month={MONTH}" / FILE)
    write_other(tmp_path / "earlier.parquet")
    done = dq_here(
        tmp_path, "check", "rows", "--suite", "suite.json", "--with", "other=earlier.parquet", "--verbose", deadline=600
    )
    assert done.returncode == 3
    assert leaks(artefacts(tmp_path, done)) == []
    assert {"fail", "error"} <= {outcome["status"] for outcome in outcomes_of(tmp_path)}


@pytest.mark.parametrize("column", SCALAR)
def test_a_period_column_may_hold_anything(column: str, tmp_path: Path) -> None:
    """A number of somebody is no period, and a day of birth is told by its month at most."""
    write_suite(tmp_path, over(("text", "digits"), "expect_column_values_to_be_unique"), period=column)
    write_rows(tmp_path / "rows.parquet", 3)
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--verbose")
    assert leaks(artefacts(tmp_path, done)) == []
    (directory,) = (tmp_path / "dq-results").iterdir()
    month = "1931-07-01/1931-07-31"
    periods = {"date": {None, month}, "timestamp": {None, month}, "zoned": {None, month}}
    readable = column not in ("float", "decimal", "time", "binary")
    expected = periods.get(column, {None, "(none)"}) if readable else {None}
    for name in ("measures.parquet", "fields.parquet"):
        assert {row["period"] for row in pq.read_table(directory / name).to_pylist()} == expected
    assert done.returncode == (1 if readable else 3)


@pytest.mark.parametrize("spelled", ["1931-07-14", "19310714", 19310714, "14/07/1931", "14JUL1931", "14-Jul-1931"], ids=str)
def test_a_day_in_a_period_column_is_told_by_its_month(spelled: str | int, tmp_path: Path) -> None:
    """Whether it is a date or a text: the day of birth of somebody who is alone in a month could be told otherwise."""
    write_suite(tmp_path, [rule("expect_column_values_to_not_be_null", column="born")], period="born")
    pq.write_table(pa.table({"born": [spelled], "org": ["5D7"]}), tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--verbose")
    assert done.returncode == 0
    assert leaks(artefacts(tmp_path, done)) == []
    (measures,) = (tmp_path / "dq-results").glob("*/measures.parquet")
    assert {row["period"] for row in pq.read_table(measures).to_pylist()} == {None, "1931-07-01/1931-07-31"}


def test_a_column_that_identifies_people_is_no_period_however_it_is_written(tmp_path: Path) -> None:
    write_suite(tmp_path, [rule("expect_column_values_to_not_be_null", column="org")], {"DATE": "identifying"}, period="date")
    write_rows(tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json")
    assert done.returncode in (2, 3)
    assert "1931" not in "".join(artefacts(tmp_path, done).values())


def test_counts_hold_no_value_while_they_wait_to_be_stored(tmp_path: Path, worker: WorkerProcess) -> None:
    """They lie in files until all extracts are checked, and a killed process may leave them behind."""
    rules = over(SCALAR, "expect_column_values_to_not_be_null")
    rules += over(("text", "digits", "org"), "expect_column_values_to_not_match_regex", regex=".")
    rules += over(SCALAR, "expect_column_values_to_be_unique")
    write_suite(tmp_path, rules, {"text": "public", "date": "public"}, period="month")
    path = tmp_path / "rows" / f"month={MONTH}" / "part-0.parquet"
    write_rows(path, 3)
    (tmp_path / "counts").mkdir()
    extract = Extract("rows", (path,), read_suite(tmp_path / "suite.json"), partitioned=True)
    run_checks([extract], Options(), worker, counts=tmp_path / "counts")
    assert sorted(found.name for found in (tmp_path / "counts").iterdir()) == ["0-fields.parquet", "0-measures.parquet"]
    texts = {}
    for found in (tmp_path / "counts").iterdir():
        texts[found.name] = json.dumps(pq.read_table(found).to_pylist(), default=str)
        texts[f"bytes of {found.name}"] = found.read_bytes().decode("latin-1")
    assert leaks(texts) == []


def test_a_register_tells_what_is_public_and_of_whom_it_is(tmp_path: Path) -> None:
    """Its own codes, and those of the organisations above, are the only columns of the extract that are stored."""
    columns = {"org": "public", "parent": "public", "region": "sensitive", "text": "sensitive"}
    write_suite(tmp_path, [rule("expect_column_values_to_not_be_null", column="text")], columns)
    suite = json.loads((tmp_path / "suite.json").read_text())
    suite["meta"]["dq"]["register"] = {"code": "org", "parent": "parent"}
    (tmp_path / "suite.json").write_text(json.dumps(suite))
    pq.write_table(pa.table({"org": ["A81001"], "parent": ["Q81"], "region": [NAME], "text": [NAME]}), tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json")
    assert done.returncode == 0
    assert leaks(artefacts(tmp_path, done)) == []
    (found,) = (tmp_path / "dq-results").glob("*/organisations.parquet")
    assert [(row["code"], row["parent"], row["region"]) for row in pq.read_table(found).to_pylist()] == [("A81001", "Q81", "")]
    suite["meta"]["dq"]["register"]["region"] = "region"
    (tmp_path / "suite.json").write_text(json.dumps(suite))
    assert dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--show-values").returncode == 2


@pytest.mark.parametrize("rows", [9, 12, 100])
def test_a_statistic_of_equal_values_is_such_a_value(rows: int, tmp_path: Path) -> None:
    """The mean of a hundred times the same number is that number."""
    rules = [item for item in expectations() if "_mean_" in item["type"] or "_median_" in item["type"]]
    write_suite(tmp_path, rules)
    write_rows(tmp_path / "rows.parquet", rows)
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--verbose", "--format", "json")
    assert leaks(artefacts(tmp_path, done)) == []


def test_a_statistic_of_the_rows_of_a_condition_is_one_of_few(tmp_path: Path) -> None:
    """Many rows in the extract, and one that fulfils the condition."""
    table = pa.table({"text": [NAME] + ["x"] * 50, "integer": [NHS] + [1] * 50, "org": ["5D7"] * 51})
    pq.write_table(table, tmp_path / "rows.parquet")
    rules = [
        rule(f"expect_column_{word}_to_be_between", column="integer", max_value=0, row_condition=CONDITION)
        for word in ("min", "max", "mean", "median", "sum", "stdev")
    ]
    write_suite(tmp_path, rules)
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--format", "json")
    assert leaks(artefacts(tmp_path, done)) == []


def test_a_null_beside_one_value(tmp_path: Path) -> None:
    """Many rows, and one of them with a value."""
    table = pa.table({"integer": [NHS] + [None] * 50, "org": ["5D7"] * 51})
    pq.write_table(table, tmp_path / "rows.parquet")
    rules = [
        rule(f"expect_column_{word}_to_be_between", column="integer", max_value=0)
        for word in ("min", "max", "mean", "median", "sum", "stdev")
    ]
    write_suite(tmp_path, rules)
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--format", "json")
    assert leaks(artefacts(tmp_path, done)) == []


@pytest.mark.parametrize("trouble", ["damaged", "cut off", "no time", "no memory", "no such column", "too many organisations"])
def test_no_value_leaves_when_things_go_wrong(trouble: str, tmp_path: Path) -> None:
    path = tmp_path / "rows" / f"month={MONTH}" / "part-0.parquet"
    write_suite(tmp_path, some(15))
    write_rows(path)
    options: tuple[str, ...] = ("--verbose",)
    if trouble == "damaged":
        content = bytearray(path.read_bytes())
        content[20:400] = bytes(reversed(content[20:400]))
        path.write_bytes(content)
    elif trouble == "cut off":
        path.write_bytes(path.read_bytes()[:-500])
    elif trouble == "no time":
        options = ("--verbose", "--timeout", "0.001")
    elif trouble == "no memory":
        options = ("--verbose", "--memory-limit", "1MB")
    elif trouble == "no such column":
        write_suite(tmp_path, [{**item, "kwargs": {**item["kwargs"], "column": "zzz"}} for item in expectations()
                               if "column" in item["kwargs"]])  # fmt: skip
    else:
        many = pa.table({"org": [f"{NAME} {n}" for n in range(120_000)], "text": [NAME] * 120_000})
        pq.write_table(many, path)
        write_suite(tmp_path, [rule("expect_column_values_to_match_regex", column="text", regex="^x")],
                    {"org": "public"})  # fmt: skip
    write_other(tmp_path / "earlier.parquet")
    done = dq(tmp_path, "check", "rows", "--suite", "suite.json", "--with", "other=earlier.parquet", *options)
    assert done.returncode == 3
    assert leaks(artefacts(tmp_path, done)) == []


ENDLESS = "SELECT a.text FROM {batch} a, range(100000000) b(x), range(100000000) c(y) WHERE a.text || b.x * c.y = ''"
"""A query that holds values for years."""
CRASHES = {
    "the worker": (1, rule("unexpected_rows_expectation", unexpected_rows_query=ENDLESS)),
    "the judge": (2, rule("expect_column_values_to_match_regex", column="org", regex="^(?=(((.+)+)+)+!)")),
    "dq itself": (0, rule("unexpected_rows_expectation", unexpected_rows_query=ENDLESS)),
}
"""Which process is killed: how far below the one that was started, and what it works on."""


def below(pid: int) -> list[int]:
    """The children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return found


def busy(pid: int) -> bool:
    """Whether a process has had a while of processor time since it began to work."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > 0.6
    return False


WITH_CORES = ("sh", "-c", 'ulimit -c unlimited && exec "$@"', "sh", sys.executable)
"""Begins a command line of Python: core files may be as large as they like."""


@pytest.fixture(scope="session")
def cores_are_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where a process that is not hardened leaves no core file either."""
    folder = tmp_path_factory.mktemp("crash")
    subprocess.run([*WITH_CORES, "-c", "import os; os.abort()"], cwd=folder, stderr=subprocess.DEVNULL, check=False)
    if not list(folder.iterdir()):
        pytest.skip("core files are not written into the folder of a process here")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT], ids=["SIGSEGV", "SIGABRT"])
@pytest.mark.parametrize("who", CRASHES)
@pytest.mark.usefixtures("cores_are_written")
def test_a_process_that_crashes_leaves_nothing(who: str, number: signal.Signals, tmp_path: Path) -> None:
    """No core file, no file in a temporary folder; and its command line and environment told nothing while it ran."""
    depth, slow = CRASHES[who]
    write_suite(tmp_path, [slow])
    write_rows(tmp_path / "rows" / f"month={MONTH}" / FILE)
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen(
        [*WITH_CORES, "-m", "dq_engine", "check", "rows", "--suite", "suite.json"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    levels = [[process.pid]]

    def at_work() -> bool:
        levels[1:] = [found := below(process.pid), [pid for own in found for pid in below(own)]]
        return any(busy(pid) for pid in levels[max(depth, 1)])

    until(at_work)
    told = {}
    for pid in chain(*levels):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                told[f"{name} of {pid}"] = Path(f"/proc/{pid}/{name}").read_bytes().decode("latin-1")
    for pid in levels[depth]:
        os.kill(pid, number)
    out, err = process.communicate(timeout=100)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in chain(*levels)))
    done = subprocess.CompletedProcess([], process.returncode, out, err)
    assert done.returncode == (3 if depth else -number)
    assert leaks({**artefacts(tmp_path, done), **told}) == []
    assert len(told) >= 3
    assert {path.name for path in tmp_path.iterdir()} <= {"rows", "suite.json", "temporary", "dq-results"}
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_folder_of_results_that_cannot_be_written(tmp_path: Path) -> None:
    write_suite(tmp_path, some(30))
    write_rows(tmp_path / "rows" / f"month={MONTH}" / FILE)
    (tmp_path / "occupied").write_text("a file")
    done = dq_here(tmp_path, "check", "rows", "--suite", "suite.json", "--results", "occupied/results", "--verbose")
    assert done.returncode in (2, 3)
    assert leaks(artefacts(tmp_path, done)) == []


def test_no_function_tells_what_it_cannot_take() -> None:
    """A part of the functions of DuckDB on each column; all of them: python -m tests.robust.leaks."""
    from tests.robust.leaks import functions

    said = list(functions(40))
    assert len(said) > 100
    assert [found for _, found in said if found] == []


def test_partitions_named_one_by_one(tmp_path: Path) -> None:
    """Extracts of one name are told apart by their folders: not by those that are values."""
    write_suite(tmp_path, [rule("expect_column_values_to_not_be_null", column="text")])
    for month in (MONTH, f"{MONTH}2"):
        write_rows(tmp_path / "rows" / f"month={month}" / "part-0.parquet")
    paths = [str(path) for path in sorted((tmp_path / "rows").rglob("*.parquet"))]
    done = dq_here(tmp_path, "check", *paths, "--suite", "suite.json", "--verbose")
    assert done.returncode == 0
    assert leaks(artefacts(tmp_path, done)) == []


def test_partition_of_a_file_whose_name_is_hidden_is_a_column(tmp_path: Path) -> None:
    """DuckDB gets such a file by another name, which must not lose the partition."""
    rules = over(("month",), "expect_column_values_to_be_in_set", value_set=["2024-10"])
    write_suite(tmp_path, rules, {"month": "public"}, period="month")
    write_rows(tmp_path / "rows" / "month=2024-10" / FILE)
    write_rows(tmp_path / "rows" / "month=2024-11" / FILE)
    done = dq_here(tmp_path, "check", "rows", "--suite", "suite.json", "--verbose")
    assert done.returncode == 1
    assert [(found["status"], found["unexpected_count"]) for found in outcomes_of(tmp_path)] == [("fail", 1)]
    assert leaks(artefacts(tmp_path, done)) == []


def test_partitions_of_different_shapes(tmp_path: Path) -> None:
    write_suite(tmp_path, [rule("expect_column_values_to_not_be_null", column="text")])
    write_rows(tmp_path / "rows" / f"month={MONTH}" / "part-0.parquet")
    other = tmp_path / "rows" / f"month={MONTH}2" / "part-0.parquet"
    other.parent.mkdir()
    pq.write_table(pa.table({"text": [NHS]}), other)
    done = dq(tmp_path, "check", "rows", "--suite", "suite.json", "--verbose")
    assert done.returncode == 3
    assert leaks(artefacts(tmp_path, done)) == []


def test_a_plan_holds_no_value(tmp_path: Path) -> None:
    write_suite(tmp_path, some(3))
    write_rows(tmp_path / "rows" / f"month={MONTH}" / FILE)
    done = dq_here(tmp_path, "plan", "suite.json", "rows")
    assert done.returncode == 0
    assert leaks(artefacts(tmp_path, done)) == []


@pytest.mark.parametrize(("asked", "shown"), [((), {"text"}), (("--show-values",), {"text", "digits"})], ids=["", "asked"])
def test_what_may_be_shown(asked: tuple[str, ...], shown: set[str], tmp_path: Path) -> None:
    """Public columns always, sensitive ones on demand, identifying ones never; a pair only if both may be."""
    columns = {
        "text": "public",
        "digits": "sensitive",
        "date": "identifying",
        "timestamp": "identifying",
        "decimal": "identifying",
    }
    rules = [
        *over(columns, "expect_column_values_to_be_null"),
        *over(columns, "expect_column_values_to_not_match_regex", regex="."),
        *over(("text", "digits"), "expect_column_distinct_values_to_be_in_set", value_set=["a"]),
        *over(("date", "timestamp"), "expect_column_max_to_be_between", max_value="1900-01-01"),
        *over(("date", "timestamp"), "expect_column_mean_to_be_between", max_value="1900-01-01"),
        rule("expect_column_pair_values_to_be_equal", column_A="text", column_B="digits"),
        rule("expect_column_pair_values_a_to_be_greater_than_b", column_A="float", column_B="decimal"),
    ]
    write_suite(tmp_path, rules, columns)
    write_rows(tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--verbose", *asked)
    assert done.returncode == 1
    texts = artefacts(tmp_path, done)
    output = texts["standard output"]
    (stored,) = (text for name, text in texts.items() if name.startswith("bytes") and name.endswith("run.json"))
    assert {name for name, value in {"text": NAME, "digits": str(NHS)}.items() if value in output} == shown
    assert {name for name, value in {"text": NAME, "digits": str(NHS)}.items() if value in stored} == shown
    found = {around for _, around in leaks(texts) if any(sign in around for sign in ("1931", "13:47", "7123"))}
    assert found == set()


def test_identifying_values_stay_even_if_all_are_asked_for(tmp_path: Path) -> None:
    names = (*(name for name in COLUMNS | FURTHER if name != "org"), "month")
    write_suite(tmp_path, some(4), dict.fromkeys(names, "identifying"))
    suite = json.loads((tmp_path / "suite.json").read_text())
    suite["expectations"] = [item for item in suite["expectations"] if "org" not in json.dumps(item["kwargs"])]
    (tmp_path / "suite.json").write_text(json.dumps(suite))
    write_rows(tmp_path / "rows" / f"month={MONTH}" / "part-0.parquet")
    done = dq_here(tmp_path, "check", "rows", "--suite", "suite.json", "--verbose", "--show-values")
    texts = artefacts(tmp_path, done)
    organisation = f"{NAME} surgery"
    assert leaks({name: text.replace(organisation, "…") for name, text in texts.items()}) == []


def test_an_organisation_column_may_not_identify_people(tmp_path: Path) -> None:
    write_suite(tmp_path, expectations()[:1], {"org": "identifying"})
    write_rows(tmp_path / "rows.parquet")
    assert dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json").returncode == 2


@pytest.mark.parametrize("written", ["Integer", "INTEGER"])
def test_column_is_identifying_however_the_extract_writes_its_name(written: str, tmp_path: Path) -> None:
    """A rule finds the column without regard to case, so its sensitivity must be found so, too."""
    write_suite(tmp_path, [rule("expect_column_values_to_be_null", column="integer")], {"integer": "identifying"})
    pq.write_table(pa.table({written: [NHS], "org": ["5D7"]}), tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--verbose", "--show-values")
    assert done.returncode == 1
    assert leaks(artefacts(tmp_path, done)) == []


def test_column_that_identifies_people_is_no_organisation_however_it_is_written(tmp_path: Path) -> None:
    """The suite says that "ORG" identifies people, and names "org" as the column of organisations."""
    write_suite(tmp_path, [rule("expect_column_values_to_be_null", column="org")], {"ORG": "identifying"})
    pq.write_table(pa.table({"org": ["5D7"]}), tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json")
    assert done.returncode in (2, 3)
    assert "5D7" not in "".join(artefacts(tmp_path, done).values())


@pytest.mark.parametrize(
    "name",
    [
        *("dq_organisation", "dq: organisation", "DQ: Organisation", "o", "grouping", "dq_extract"),
        *("dq:organisation", "DQ:Organisation", "dq:period", "dq1:organisation", "p", "grouped", "k1", "n", "span", "value"),
    ],
)
def test_no_column_is_taken_for_the_organisations_because_of_its_name(name: str, tmp_path: Path) -> None:
    """A sender chooses the names of columns, so none of them may get in between."""
    write_suite(
        tmp_path,
        [rule("expect_column_values_to_be_null", column="org"), rule("expect_column_values_to_be_unique", column="org")],
        period="month",
    )
    columns = {"org": ["5D7", "5D7"], "month": ["2024-10", "202410"], name: [NAME, NAME]}
    pq.write_table(pa.table(columns), tmp_path / "last.parquet")
    pq.write_table(pa.table(dict(reversed(columns.items()))), tmp_path / "first.parquet")
    done = dq_here(tmp_path, "check", "first.parquet", "last.parquet", "--suite", "suite.json", "--verbose")
    assert leaks(artefacts(tmp_path, done)) == []
    for table in ("measures", "fields"):
        (found,) = (tmp_path / "dq-results").glob(f"*/{table}.parquet")
        groups = {(row["extract"], row["organisation"], row["period"]) for row in pq.read_table(found).to_pylist()}
        wanted = ((None, None), ("5D7", "2024-10-01/2024-10-31"))
        assert groups == {(extract, *group) for extract in ("first", "last") for group in wanted}
    assert done.returncode == 1


@pytest.mark.parametrize("number", [1, 2])
def test_no_column_is_taken_for_a_class_because_of_its_name(number: int, tmp_path: Path) -> None:
    """The classes of two fields are worked out beside the columns; a column of that name is neither counted nor an error."""
    write_suite(tmp_path, over(("org", "text"), "expect_column_values_to_match_regex", regex="^5D7$"))
    pq.write_table(pa.table({"org": ["5D7"], "text": ["x"], f"dq:class {number}": [0]}), tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json")
    assert done.returncode == 1
    (found,) = (tmp_path / "dq-results").glob("*/fields.parquet")
    whole = [row for row in pq.read_table(found).to_pylist() if row["organisation"] is None]
    assert [(row["column"], row["valid"], row["invalid"]) for row in whole] == [("org", 1, 0), ("text", 0, 1)]


@pytest.mark.parametrize("value", ["Zqxjkv", "ZQXJKV"])
def test_a_name_in_the_place_of_an_organisation(value: str, tmp_path: Path) -> None:
    """A surname is letters alone; a code of the NHS is not."""
    write_suite(tmp_path, [rule("expect_column_values_to_be_null", column="org")])
    pq.write_table(pa.table({"org": [value, "5D7"]}), tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json", "--verbose")
    assert done.returncode == 1
    assert leaks(artefacts(tmp_path, done)) == []


def test_what_a_suite_says_is_not_data(tmp_path: Path) -> None:
    write_suite(tmp_path, [rule("expect_column_values_to_be_in_set", column="org", value_set=["SUITE_MEMBER"])])
    write_rows(tmp_path / "rows.parquet")
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json")
    assert "SUITE_MEMBER" in done.stdout


# ------------------------------------------------------------------------------------------------- terminal characters

EVIL = "\x1b[31mred\x07\x9b31m\u202egro.shn\u2066\u200b"
STEERING = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b")


def steering(text: str) -> list[str]:
    return [character for character in STEERING if character in text]


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A folder in which names, values and a suite hold characters that steer a terminal."""
    rules = [
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": EVIL, "value_set": [f"other {EVIL}"]},
            "notes": EVIL,
            "id": EVIL,
        },
        {
            "type": "expect_column_values_to_be_null",
            "kwargs": {"column": EVIL},
            "description": f"Nothing in {EVIL}",
        },
        rule("expect_column_values_to_not_be_null", column=f"no {EVIL}"),
        rule("expect_column_distinct_values_to_contain_set", column=EVIL, value_set=[f"absent {EVIL}"]),
        rule("expect_table_columns_to_match_set", column_set=[f"absent {EVIL}"]),
        rule("unexpected_rows_expectation", unexpected_rows_query=f"SELECT * FROM {{batch}} WHERE '{EVIL}' = 1"),
    ]
    meta = {"dq": {"feed": "rows", "title": EVIL, "columns": {EVIL: {"sensitivity": "public"}}}}
    suite = {"name": f"suite {EVIL}", "expectations": rules, "meta": meta}
    (tmp_path / f"suite {EVIL}.json").write_text(json.dumps(suite), encoding="utf-8")
    bad = {"name": EVIL, EVIL: 1, "expectations": [{"type": EVIL, "kwargs": {EVIL: EVIL}}]}
    (tmp_path / f"bad {EVIL}.json").write_text(json.dumps(bad), encoding="utf-8")
    pq.write_table(pa.table({EVIL: [f"value {EVIL}"]}), tmp_path / f"rows {EVIL}.parquet")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", f"rows {EVIL}.parquet", "--suite", f"suite {EVIL}.json", "--verbose", "--show-values"),
        ("check", f"rows {EVIL}.parquet", "--suite", f"suite {EVIL}.json", "--results", f"results {EVIL}"),
        ("check", f"rows {EVIL}.parquet", "--suite", f"bad {EVIL}.json"),
        ("check", f"gone {EVIL}.parquet", "--suite", f"suite {EVIL}.json"),
        ("check", f"rows {EVIL}.parquet", "--suite", f"gone {EVIL}.json"),
        ("check", f"rows {EVIL}.parquet"),
        ("check", f"rows {EVIL}.parquet", "--select", f"{EVIL}:x"),
        ("lint", f"suite {EVIL}.json"),
        ("lint", f"bad {EVIL}.json"),
        ("lint", "."),
        ("explain", EVIL),
        ("plan", f"suite {EVIL}.json", f"rows {EVIL}.parquet"),
    ],
    ids=lambda arguments: "".join(c for c in " ".join(arguments) if c.isalnum() or c in " .-"),
)
def test_nothing_steers_the_terminal(arguments: tuple[str, ...], evil: Path) -> None:
    done = dq_here(evil, *arguments)
    assert done.stdout + done.stderr
    assert steering(done.stdout) == []
    assert steering(done.stderr) == []


@pytest.mark.parametrize("format", ["junit", "sarif", "github", "markdown", "csv"])
def test_no_format_steers_a_terminal(format: str, evil: Path) -> None:
    asked = ("--format", format, "--show-values", "--quiet", "--no-results", "--verbose")
    done = dq_here(evil, "check", f"rows {EVIL}.parquet", "--suite", f"suite {EVIL}.json", *asked)
    assert done.stdout
    assert steering(done.stdout) == []


def test_json_on_a_terminal_is_no_danger_either(evil: Path) -> None:
    done = dq_here(evil, "check", f"rows {EVIL}.parquet", "--suite", f"suite {EVIL}.json", "--format", "json", "--show-values")
    assert json.loads(done.stdout)["extracts"][0]["title"] == EVIL
    assert steering(done.stdout) == []
