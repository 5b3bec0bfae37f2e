"""``--select`` and ``--ignore``: which checks are run."""

import json
from collections.abc import Sequence

import pytest

from dq_engine.errors import UsageError
from dq_engine.selection import selection
from dq_engine.suite import parse_suite

ENTRIES = [
    {"id": "filled", "type": "expect_column_values_to_not_be_null", "kwargs": {"column": "practice"}},
    {"id": "coded", "type": "expect_column_values_to_be_in_set", "kwargs": {"column": "sex", "value_set": ["1"]}},
    {
        "id": "once",
        "type": "expect_compound_columns_to_be_unique",
        "kwargs": {"column_list": ["practice", "sex"]},
        "severity": "warning",
    },
    {"id": "rows", "type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}, "severity": "info"},
    {
        "id": "sql:1",
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE false"},
        "meta": {"dq": {"dimension": "timeliness"}},
    },
]
CHECKS = parse_suite(json.dumps({"name": "lists", "expectations": ENTRIES}), "suite.json").checks
ALL = [check.id for check in CHECKS]


def chosen(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[str]:
    selected = selection(select, ignore)
    return [check.id for check in CHECKS if selected(check)]


@pytest.mark.parametrize(
    ("term", "ids"),
    [
        ("id:filled", ["filled"]),
        ("id:?o*", ["coded", "rows"]),
        ("id:sql:1", ["sql:1"]),
        ("type:expect_column_values_to_be_in_set", ["coded"]),
        ("type:column_values_to_be_in_set", ["coded"]),
        ("type:*unique*", ["once"]),
        ("type:unexpected_rows_expectation", ["sql:1"]),
        ("column:practice", ["filled", "once"]),
        ("column:s*", ["coded", "once"]),
        ("column:*", ["filled", "coded", "once"]),
        ("dimension:completeness", ["filled", "rows"]),
        ("dimension:timeliness", ["sql:1"]),
        ("dimension:[uv]*", ["coded", "once"]),
        ("severity:warning", ["once"]),
        ("severity:*i*", ["filled", "coded", "once", "rows", "sql:1"]),
        ("practice", ["filled", "once"]),
        ("filled", ["filled"]),
        ("table_row_count_to_be_between", ["rows"]),
        ("*row*", ["rows", "sql:1"]),
        ("*", ALL),
        ("Practice", []),
        ("warning", []),
        ("column:", []),
    ],
)
def test_term(term: str, ids: list[str]) -> None:
    assert chosen([term]) == ids
    assert chosen(ignore=[term]) == [one for one in ALL if one not in ids]


def test_without_terms_all_checks_are_run() -> None:
    assert chosen() == ALL


def test_any_term_of_select_is_enough_and_any_of_ignore_too() -> None:
    assert chosen(["id:filled", "severity:info"]) == ["filled", "rows"]
    assert chosen(ignore=["id:filled", "severity:info"]) == ["coded", "once", "sql:1"]


def test_ignore_comes_before_select() -> None:
    assert chosen(["column:practice"], ["severity:warning"]) == ["filled"]
    assert chosen(["id:filled"], ["id:filled"]) == []


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("colum:practice", 'cannot select by "colum"; did you mean "column"? Known: id, type, column, dimension, severity'),
        ("status:fail", 'cannot select by "status". Known: id, type, column, dimension, severity'),
        (":x", 'cannot select by "". Known: id, type, column, dimension, severity'),
    ],
)
def test_key_that_is_not_known_is_refused(term: str, message: str) -> None:
    for arguments in (([term], []), ([], [term])):
        with pytest.raises(UsageError) as refused:
            selection(*arguments)
        assert str(refused.value) == message
