"""The SQL of six small plans, as text beside this file, and what each query answers. ``python -m tests.plan.test_golden`` writes them anew.

The plans are made without any file, from a table that is described by hand; the queries are run on a file of that shape.
"""

import datetime as dt
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_engine import compile as phrase
from dq_engine.catalog.base import Scope
from dq_engine.model import Column, Feed, Field, Kind, Table
from dq_engine.plan import Plan, make_plan
from dq_engine.scans import Tuning, scans
from dq_engine.sql import ident, text
from dq_engine.suite import parse_suite

FOLDER = Path(__file__).parent / "golden"
FILE = "file 1"
Rule = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Given:
    """The columns of an extract (values, DuckDB's type, what kind that is), rules, and perhaps the columns that split counts.

    ``fields`` are the fields that the suite describes; without any the columns of rules are fields. ``divided``: the scans are
    divided, as they are for a large extract.
    """

    columns: dict[str, tuple[list[Any], str, Kind]]
    rules: list[Rule]
    organisation: str | None = None
    period: str | None = None
    shown: tuple[str, ...] = ()
    fields: dict[str, Field] = field(default_factory=dict)
    divided: bool = False


DAYS = [dt.date(2024, 3, 1), dt.date(2024, 3, 31), None, dt.date(2024, 4, 1)]
LISTS: dict[str, tuple[list[Any], str, Kind]] = {
    "practice": (["A81001", "A81001", "5D7", None], "VARCHAR", "text"),
    "sex": (["1", "2", "X", None], "VARCHAR", "text"),
    "patients": ([120, 3400, -1, 560], "BIGINT", "integer"),
    "share": ([0.5, float("nan"), None, 1.5], "DOUBLE", "float"),
    "day": (DAYS, "DATE", "date"),
    "open": ([True, True, False, None], "BOOLEAN", "boolean"),
}


def only(name: str, operator: str, parameter: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


BY_ROW: list[Rule] = [
    ("expect_column_values_to_not_be_null", {"column": "practice"}),
    ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["1", "2", "9"]}),
    ("expect_column_values_to_be_between", {"column": "patients", "min_value": 0, "max_value": 3000, "strict_max": True}),
    ("expect_column_values_to_match_regex", {"column": "practice", "regex": r"^[A-Z]\d{5}$"}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "patients", "column_B": "share"}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["patients", "share"], "sum_total": 120.5}),
]
OTHERS: list[Rule] = [
    ("expect_column_mean_to_be_between", {"column": "share", "min_value": 0, "max_value": 1}),
    ("expect_column_max_to_be_between", {"column": "day", "min_value": "2024-03-31"}),
    ("expect_column_values_to_be_unique", {"column": "practice"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["practice", "day"]}),
    ("expect_column_distinct_values_to_equal_set", {"column": "sex", "value_set": ["1", "2"]}),
    ("expect_column_to_exist", {"column": "day"}),
    ("expect_table_row_count_to_equal", {"value": 4}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch} WHERE patients < 0;"}),
]
EITHER = {
    "type": "or",
    "conditions": [
        {"type": "and", "conditions": [only("patients", ">", 0), only("day", "<=", "2024-03-31")]},
        {"type": "nullity", "column": {"name": "share"}, "is_null": True},
    ],
}
QUOTES, SPACES, REMARK, SIGN = "a\"b'; DROP VIEW dq_extract --", " two\nlines ", "/* x", "🩺{batch}$1%s"
ODD = ["it's", 'a"b', "a\0b", "\0", "--", "*/ x", "🩺", "\\", "'); SELECT 1; --", "", "{batch}"]
CLASSED: list[Rule] = [
    ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["1", "2", "9"]}),
    ("expect_column_values_to_match_regex", {"column": "sex", "regex": "^[0-9]$", "row_condition": only("patients", ">", 0)}),
    ("expect_column_values_to_be_between", {"column": "patients", "min_value": 0, "max_value": 3000}),
    ("expect_column_values_to_not_be_null", {"column": "day"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["practice", "sex"], "ignore_row_if": "never"}),
]
CODES = {
    "sex": Field(default_codes=("9", "X"), other_codes=("0",)),
    "patients": Field(default_codes=(9999, "-1")),
    "share": Field(other_codes=(0.5,)),
    "day": Field(default_codes=("1900-01-01",)),
    "open": Field(),
    "practice": Field(),
}
MONTHS = ["202410", "2024-10", "OCT-24", "x"]
PLANS: dict[str, Given] = {
    "shapes": Given(LISTS, [*BY_ROW, *OTHERS]),
    "organisations": Given(LISTS, [*BY_ROW, *OTHERS], organisation="practice"),
    "divided": Given(LISTS, [*BY_ROW, *OTHERS], fields=CODES, divided=True),
    "divided_days": Given(LISTS, [*BY_ROW[3:], *CLASSED], organisation="practice", period="day", fields=CODES, divided=True),
    "days": Given(LISTS, CLASSED, organisation="practice", period="day", fields=CODES),
    "months": Given(
        {"dq:period": (MONTHS, "VARCHAR", "text"), **LISTS}, CLASSED, organisation="practice", period="dq:period", fields=CODES
    ),
    "conditions": Given(
        LISTS,
        [
            (
                "expect_column_values_to_not_be_null",
                {"column": "practice", "mostly": 0.5, "row_condition": only("sex", "IN", ["1", "X"])},
            ),
            ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["1"], "mostly": 0.9, "row_condition": EITHER}),
            (
                "expect_column_values_to_be_between",
                {"column": "patients", "min_value": 0, "row_condition": 'col("open") == True'},
            ),
            ("expect_column_sum_to_be_between", {"column": "patients", "min_value": 0, "row_condition": only("sex", "!=", "X")}),
            ("expect_column_min_to_be_between", {"column": "day", "min_value": "2024-01-01", "row_condition": EITHER}),
            ("expect_column_values_to_be_unique", {"column": "practice", "mostly": 0.5, "row_condition": EITHER}),
            (
                "expect_compound_columns_to_be_unique",
                {"column_list": ["practice", "sex"], "row_condition": 'col("day") < date("2024-04-01")'},
            ),
            ("expect_table_row_count_to_be_between", {"max_value": 3, "row_condition": only("sex", "NOT_IN", ["9"])}),
        ],
        organisation="sex",
        shown=("sex",),
    ),
    "hostile": Given(
        {
            QUOTES: ([*ODD, None], "VARCHAR", "text"),
            SPACES: ([*range(11), None], "BIGINT", "integer"),
            REMARK: ([*ODD[::-1], None], "VARCHAR", "text"),
            SIGN: ([*range(6), *range(6)], "INTEGER", "integer"),
            "dq_extract": ([1] * 12, "INTEGER", "integer"),
            "n": ([*range(11), 0], "INTEGER", "integer"),
            "k1": ([0, 0, *range(10)], "INTEGER", "integer"),
        },
        [
            ("expect_column_values_to_be_in_set", {"column": QUOTES, "value_set": ODD}),
            ("expect_column_values_to_not_be_in_set", {"column": REMARK, "value_set": ODD[:3]}),
            ("expect_column_values_to_match_regex", {"column": QUOTES, "regex": r"['\"\0]|--"}),
            (
                "expect_column_values_to_be_between",
                {"column": SPACES, "min_value": 1, "row_condition": only(QUOTES, "!=", ODD[8])},
            ),
            ("expect_column_pair_values_to_be_equal", {"column_A": SPACES, "column_B": SIGN}),
            ("expect_column_mean_to_be_between", {"column": SIGN, "min_value": 1, "row_condition": only(REMARK, "IN", ODD)}),
            ("expect_column_max_to_be_between", {"column": "dq_extract", "min_value": 1}),
            ("expect_column_distinct_values_to_contain_set", {"column": REMARK, "value_set": ODD}),
            ("expect_compound_columns_to_be_unique", {"column_list": ["n", "k1"], "row_condition": only("n", ">", 0)}),
            (
                "unexpected_rows_expectation",
                {"unexpected_rows_query": "SELECT n -- {{a}} remark\nFROM {batch} /* ; */ WHERE n > 9 -- end"},
            ),
        ],
        organisation=REMARK,
    ),
}


def plan_of(given: Given) -> Plan:
    """The plan, from what a footer would say of the columns (NULLs of numbers that may be NaN are not known)."""
    rows = len(next(iter(given.columns.values()))[0])
    columns = tuple(
        Column(
            name,
            ident(name),
            type_name,
            kind,
            None if kind == "float" else values.count(None),
            shown=name in given.shown,
            width=1.0 if given.divided else None,
        )
        for name, (values, type_name, kind) in given.columns.items()
    )
    entries = [{"type": name, "kwargs": kwargs} for name, kwargs in given.rules]
    suite = parse_suite(json.dumps({"name": "golden", "expectations": entries}), "golden")
    by, period = (
        next((column for column in columns if column.name == name), None) for name in (given.organisation, given.period)
    )
    scope = Scope(Table(columns, rows), organisation=by, period=period)
    plan = make_plan(suite.checks, scope, Feed("golden", columns=given.fields))
    assert [planned.problem for planned in plan.checks] == [""] * len(given.rules)
    return plan


def answered(given: Given, folder: Path) -> Iterator[str]:
    """Every query of the plan, and the rows that it gives on a file of that shape."""
    arrays = {
        name: pa.array(values, {"INTEGER": pa.int32()}.get(kind), from_pandas=False)
        for name, (values, kind, _) in given.columns.items()
    }
    path = folder / "golden.parquet"
    pq.write_table(pa.table(arrays), path)
    with duckdb.connect() as connection:
        plan = plan_of(given)
        view = ("view", phrase.view(plan.table, [FILE], partitioned=False))
        for purpose, query in [
            view,
            *phrase.written(plan, Tuning(work=0, rows=0) if given.divided else Tuning()),
            *repeated(plan),
        ]:
            rows = connection.execute(query.replace(f"'{FILE}'", text(str(path)))).fetchall()
            if purpose == "view":
                described = connection.execute(f"DESCRIBE {phrase.EXTRACT}").fetchall()
                assert [row[1] for row in described] == [kind for _, kind, _ in given.columns.values()]
            if purpose in ("view", "periods"):
                rows = []
            if plan.organisation is not None:
                rows.sort(key=repr)  # groups come in any order
            yield f"-- {ascii(purpose)[1:-1]}\n{query};\n" + "".join(f"-- answer: {row!a}\n" for row in rows)


def repeated(plan: Plan) -> Iterator[tuple[str, str]]:
    """The queries that are made, too, where keys are repeated and counts are split."""
    if plan.organisation is not None:
        for key in scans(plan).keys:
            yield "repeated keys", phrase.duplicates_by_organisation(key, plan.organisation, plan.period)


def written(name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return "\n".join(answered(PLANS[name], Path(folder)))


@pytest.mark.parametrize("name", PLANS)
def test_plan_is_written_and_answered_as_before(name: str) -> None:
    path = FOLDER / f"{name}.sql"
    assert written(name) == path.read_bytes().decode(), "if it may change: .venv/bin/python -m tests.plan.test_golden"


def test_every_text_belongs_to_a_plan() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(PLANS)


@pytest.mark.parametrize("name", PLANS)
def test_text_holds_no_character_that_sql_cannot_hold(name: str) -> None:
    assert not re.search(r"[\0\r]", (FOLDER / f"{name}.sql").read_bytes().decode())


if __name__ == "__main__":
    for each in PLANS:
        (FOLDER / f"{each}.sql").write_bytes(written(each).encode())
