"""Which checks and fields are behind a part of a score."""

from typing import Any

import pytest

from dq_engine import load_suite
from dq_engine.feeds import shipped
from dq_engine.model import Outcome
from dq_engine.rating import parts as behind
from dq_engine.rating.parts import columns_of
from dq_engine.scores import Part, PartRules, Rule
from dq_engine.suite import Suite
from tests.rating.runs import Column, Extract, made, outcome
from tests.rating.runs import Rule as Given

SUITES = [pytest.param(load_suite(path), id=path.stem) for path in sorted(shipped().glob("p*/*.json"))]


@pytest.mark.parametrize("suite", SUITES)
def test_a_stored_check_is_about_the_columns_that_its_suite_says(suite: Suite) -> None:
    stored = {
        check.id: outcome(
            Given(check.id, check.dimension, (), {"expectation": check.expectation.name, "kwargs": check.kwargs}), ""
        )
        for check in suite.checks
    }
    assert {id: columns_of(one) for id, one in stored.items()} == {check.id: check.columns for check in suite.checks}


@pytest.mark.parametrize(
    "more",
    [
        {"expectation": "expect_what_a_later_dq_can", "kwargs": {"column": "sex"}},
        {"expectation": "expect_column_values_to_be_in_set", "kwargs": {"column": "sex"}},
        {"expectation": "expect_column_values_to_be_in_set", "kwargs": {"column": 3, "value_set": []}},
    ],
    ids=["type", "argument", "kind"],
)
def test_a_check_that_is_not_understood_is_about_no_column(more: dict[str, Any]) -> None:
    assert columns_of(outcome(Given("any", "validity", (), more), "extract")) == ()


RUN = made(
    Extract(
        "spells",
        [
            Given("sex", "validity", (), {"weight": 2.0, "kwargs": {"column": "Sex"}}),
            Given(
                "age", "validity", (), {"status": "fail", "kwargs": {"column": "age"}, "kahn": "conformance.value, verification"}
            ),
            Given("broken", "validity", (), {"status": "error"}),
            Given("empty", "completeness", (), {"status": "vacuous"}),
        ],
        [
            Column("sex"),
            Column("age", more={"item": "experimental"}),
            Column("note", more={"item": None}),
            Column("bad", more={"problem": "x"}),
        ],
    ),
    Extract("spells", [Given("sex", "validity")], more={"name": "targets", "purpose": "targets"}),
    Extract("lists", [Given("sex", "validity")], level="practice", source="primary_care"),
)


def rules(*parts: Part, experimental: bool = False) -> dict[Part, list[str]]:
    found = behind.behind(parts, [RUN], experimental=experimental)
    return {one.part: [rule.check or rule.column for rule in one.rules] for one in found}


def test_a_dimension_is_made_of_the_checks_that_were_judged() -> None:
    whole, sexes, full = Part("spells", "validity"), Part("spells", "validity", ("SEX", "other")), Part("spells", "completeness")
    assert rules(whole, sexes, whole, full) == {whole: ["sex", "age"], sexes: ["sex"]}


def test_the_item_score_is_made_of_data_items_or_of_the_columns_that_are_named() -> None:
    items, named = Part("spells", "item_score"), Part("spells", "item_score", ("Note", "Sex", "bad"))
    assert rules(items, named) == {items: ["sex"], named: ["sex", "note"]}
    assert rules(items, named, experimental=True) == {items: ["sex", "age"], named: ["sex", "note"]}


def test_what_is_said_of_a_rule() -> None:
    found = behind.behind([Part("spells", "validity"), Part("lists", "validity"), Part("spells", "item_score")], [RUN])
    assert found[0] == PartRules(
        Part("spells", "validity"),
        "pcgt",
        "hospital",
        (
            Rule("r1", "spells", "sex", "", 2.0, "completeness, verification"),
            Rule("r1", "spells", "age", "", 1.0, "conformance.value, verification"),
        ),
    )
    assert (found[1].level, found[1].source, [rule.extract for rule in found[1].rules]) == ("practice", "primary_care", ["lists"])
    assert found[2].rules == (Rule("r1", "spells", "", "sex", 1.0, ""),)


def test_every_measure_of_every_feed_is_a_part() -> None:
    assert behind.sources([RUN]) == {"spells": "hospital", "lists": "primary_care"}
    assert [part.feed for part in behind.all_parts([RUN])] == ["lists"] * 8 + ["spells"] * 8


@pytest.mark.parametrize(
    ("status", "weight", "expected"),
    [
        ("pass", 1.0, True),
        ("fail", 0.5, True),
        ("pass", 0.0, False),
        ("error", 1.0, False),
        ("vacuous", 1.0, False),
        ("skipped", 1.0, False),
    ],
)
def test_a_check_counts_if_it_was_judged_and_has_a_weight(status: str, weight: float, expected: bool) -> None:
    one: Outcome = outcome(Given("any", "validity", (), {"status": status, "weight": weight}), "extract")
    assert behind.counts(one) is expected
