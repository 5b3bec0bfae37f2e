"""Every suite that comes with dq says whose data it is about, what their columns are, and where each of its rules comes from."""

import re
from pathlib import Path

import duckdb
import pytest

import dq_engine
from dq_engine.sample import feed_names, load_feed
from dq_engine.suite import Suite

ROOT = Path(__file__).parents[2]
PATHS = sorted(path for folder in ("practice", "pcgt", "targets") for path in (ROOT / "expectations" / folder).glob("*.json"))
SUITES = {f"{path.parent.name}/{path.stem}": dq_engine.load_suite(path) for path in PATHS}
EACH = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
QUALITY = {suite.feed.feed: suite for suite in SUITES.values() if suite.feed.purpose == "quality"}
DUCKDB_TYPES = {
    "text": {"VARCHAR"},
    "integer": {"INTEGER", "BIGINT", "SMALLINT"},
    "decimal": {"DECIMAL"},
    "float": {"DOUBLE"},
    "boolean": {"BOOLEAN"},
    "date": {"DATE"},
    "timestamp": {"TIMESTAMP"},
}


def test_there_is_a_suite_for_each_feed_of_the_samples_and_no_other() -> None:
    assert sorted(QUALITY) == sorted(feed_names())
    for name, suite in QUALITY.items():
        assert (suite.feed.level, suite.feed.source) == (load_feed(name).level, load_feed(name).source)
        assert suite.feed.organisation_column == load_feed(name).organisation


@EACH
def test_suite_says_what_the_data_are_and_who_answers_for_them(suite: Suite) -> None:
    feed = suite.feed
    for said in (feed.title, feed.description, feed.owner, feed.organisation_column, feed.period_column):
        assert said
    assert {feed.organisation_column, feed.period_column} <= feed.columns.keys()
    for name, field in feed.columns.items():
        assert field.description, name
        assert field.type, name


@EACH
def test_each_rule_has_a_name_and_says_where_it_comes_from(suite: Suite) -> None:
    for check in suite.checks:
        assert check.id == check.meta["dq"]["rule"], check.place
        notes = check.notes if isinstance(check.notes, str) else " ".join(check.notes)
        assert re.search(r"https?://\S|Inferred|Computed", notes), f"{check.id} has no source: {notes!r}"


@pytest.mark.parametrize("name", QUALITY)
def test_columns_are_those_of_the_sample_in_order_and_type(name: str) -> None:
    described = duckdb.cursor().sql(f"DESCRIBE FROM '{ROOT / 'sample_data' / f'{name}.parquet'}'").fetchall()
    columns = QUALITY[name].feed.columns
    assert [row[0] for row in described] == list(columns)
    for row in described:
        assert row[1].split("(")[0] in DUCKDB_TYPES[columns[row[0]].type or ""], row[0]


FORMED_BY_TYPE = ("date", "boolean")
"""A column of such a type holds nothing that has not its form."""


@pytest.mark.parametrize("name", QUALITY)
def test_data_items_are_answers_whose_validity_somebody_judges(name: str) -> None:
    suite = QUALITY[name]
    judged = {check.columns[0] for check in suite.checks if check.dimension == "validity" and len(check.columns) == 1}
    ruled = {column for check in suite.checks for column in check.columns}
    items = {column: field for column, field in suite.feed.columns.items() if field.item}
    assert "current" in {field.item for field in items.values()}
    assert not items.keys() & {suite.feed.organisation_column, suite.feed.period_column}
    for column, field in items.items():
        assert not re.search(r"name|address|telephone", column)
        assert column in (ruled if field.type in FORMED_BY_TYPE else judged), f"no rule says when {column} is valid"


@pytest.mark.parametrize("name", QUALITY)
def test_data_items_are_not_what_most_records_rightly_leave_empty(name: str) -> None:
    items = [column for column, field in QUALITY[name].feed.columns.items() if field.item]
    filled = ", ".join(f'count("{column}") / count(*)' for column in items)
    (shares,) = duckdb.cursor().sql(f"SELECT {filled} FROM '{ROOT / 'sample_data' / f'{name}.parquet'}'").fetchall()
    assert {column: share for column, share in zip(items, shares, strict=True) if share < 0.9} == {}


def test_every_item_on_trial_and_every_tolerance_has_its_reason() -> None:
    _, _, said = (ROOT / "expectations" / "SOURCES.md").read_text(encoding="utf-8").partition("## Data items")
    for name, suite in QUALITY.items():
        for column, field in suite.feed.columns.items():
            if field.item == "experimental":
                assert f"| {name}: `{column}` |" in said
            if field.tolerance:
                assert f"{name}' `{column}`" in said or f"{name}'s `{column}`" in said


def test_registers_are_those_of_practices_and_of_pcgts() -> None:
    registers = {name: suite.feed.register for name, suite in QUALITY.items() if suite.feed.register}
    assert {name: register.code for name, register in registers.items()} == {
        name: QUALITY[name].feed.organisation_column for name in ("practices", "pcgts")
    }
    assert registers["practices"].parent == "commissioner"
    assert (registers["pcgts"].region, registers["pcgts"].kind) == ("region_name", "kind")


def test_coverage_is_what_was_received_of_what_was_expected() -> None:
    for suite in SUITES.values():
        for check in suite.checks:
            expected = check.expectation.name == "expect_organisations_to_be_present"
            assert (check.dimension == "coverage") == expected, check.id


@pytest.mark.parametrize("name", QUALITY)
def test_what_identifies_people_is_marked_so(name: str) -> None:
    for column, field in QUALITY[name].feed.columns.items():
        if column in ("nhs_number", "date_of_birth", "patient_id", "person_id"):
            assert field.sensitivity == "identifying", column
        if column == "postcode" and "nhs_number" in QUALITY[name].feed.columns:
            assert field.sensitivity == "identifying", column
