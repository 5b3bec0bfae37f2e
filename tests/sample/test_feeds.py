"""Each feed fits its suite: same columns, and defects that befall rows and break rules that there are."""

import json
from functools import cache
from typing import Any

import pytest

from dq_engine.sample import feed_names, load_feed, statement
from dq_engine.sample.feed import Feed
from tests.sample.compare import suite_path
from tests.sample.conftest import MakeWorld

KINDS = {
    "VARCHAR": "text",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "SMALLINT": "integer",
    "DOUBLE": "float",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}
"""What a suite calls DuckDB's types; DECIMAL(p, s) is ``decimal``."""


@cache
def suite_of(name: str) -> dict[str, Any]:
    suite: dict[str, Any] = json.loads(suite_path(load_feed(name)).read_text(encoding="utf-8"))
    return suite


@cache
def rules_of(name: str) -> frozenset[str]:
    return frozenset(expectation["meta"]["dq"]["rule"] for expectation in suite_of(name)["expectations"])


@pytest.fixture(params=feed_names())
def feed(request: pytest.FixtureRequest) -> Feed:
    return load_feed(request.param)


def test_feed_is_called_like_its_module_and_contradicts_nothing() -> None:
    for name in feed_names():
        assert load_feed(name).name == name
        statement.check(load_feed(name))


def test_feed_is_what_its_suite_says(feed: Feed) -> None:
    meta = suite_of(feed.name)["meta"]["dq"]
    assert (meta["feed"], meta["level"], meta["source"], meta["organisation_column"]) == feed[:4]
    kinds = [(column.name, KINDS.get(column.type, column.type.split("(")[0].lower())) for column in feed.columns]
    assert kinds == [(name, column["type"]) for name, column in meta["columns"].items()]
    assert meta["columns"][feed.organisation]["sensitivity"] == "public"


def test_defects_break_rules_that_there_are(feed: Feed) -> None:
    unknown = [
        f"{defect.name}: {breaks.feed or feed.name}/{breaks.rule}"
        for defect in feed.defects
        for breaks in defect.breaks
        if (breaks.feed and breaks.feed not in feed_names()) or breaks.rule not in rules_of(breaks.feed or feed.name)
    ]
    assert unknown == []


def test_defects_are_told_in_a_sentence_and_named_once(feed: Feed) -> None:
    assert len({defect.name for defect in feed.defects}) == len(feed.defects) > 0
    assert [defect.name for defect in feed.defects if not (defect.what.endswith(".") and defect.what[0].isupper())] == []
    assert [defect.name for defect in feed.defects if not defect.breaks] == []


def test_each_defect_befalls_a_row_of_the_smallest_world(feed: Feed, make_world: MakeWorld) -> None:
    with make_world() as world:
        befallen = dict(world.execute(statement.befallen(feed)).fetchall())
    assert [defect.name for defect in feed.defects if not befallen.get(defect.name)] == []
