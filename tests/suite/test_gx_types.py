"""Great Expectations keeps the types that are ours, once it was told of them."""

import json
import logging
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import dq_engine
from dq_engine.catalog import CATALOG
from dq_engine.suite import Check

pytestmark = pytest.mark.filterwarnings("ignore:The condition_parser parameter is deprecated:DeprecationWarning")
SUITES = sorted(
    path
    for folder in ("practice", "pcgt", "targets")
    for path in (Path(__file__).parents[2] / "expectations" / folder).glob("*.json")
)


@pytest.fixture(scope="module")
def gx() -> ModuleType:
    """Great Expectations, which takes long to import."""
    reason = "great_expectations is not installed: it is an extra (dq-engine[gx])"
    return pytest.importorskip("great_expectations", reason=reason)


@pytest.fixture(scope="module", autouse=True)
def registered(gx: ModuleType) -> list[str]:
    from dq_engine import gx as ours

    return ours.register()


def test_what_great_expectations_lacks_is_registered_once(registered: list[str]) -> None:
    from great_expectations.expectations.registry import get_expectation_impl

    from dq_engine import gx as ours

    lacked = [name for name in CATALOG if get_expectation_impl(name).__module__.startswith(ours.__name__)]
    assert registered in (lacked, []), "another test of this process may have been first"
    assert "expect_share_to_reach_target" in lacked
    assert "expect_column_values_to_be_unique" not in lacked
    assert ours.register() == []


def test_great_expectations_says_our_types_in_our_words(gx: ModuleType) -> None:
    suite = gx.ExpectationSuite(
        name="codes",
        expectations=[{"type": "expect_column_values_to_be_valid_ods_code", "kwargs": {"column": "$x<b>", "kind": "practice"}}],
    )
    [expectation] = suite.expectations
    expectation.render()
    [rendered] = expectation.rendered_content
    said = rendered.to_json_dict()["value"]
    assert said["template"] == "$statement"
    assert said["params"]["statement"]["value"] == "Every value of $x<b> has the form of the code of a practice"


@pytest.mark.parametrize("path", SUITES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_shipped_suite_is_read_and_written_whole(gx: ModuleType, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    with caplog.at_level(logging.WARNING):
        saved = gx.ExpectationSuite(**raw).to_json_dict()
    assert caplog.messages == []
    there, back = dq_engine.load_suite(raw), dq_engine.load_suite(saved)
    assert [check.expectation for check in back.checks] == [check.expectation for check in there.checks]
    assert [(check.id, check.severity, check.condition) for check in back.checks] == [
        (check.id, check.severity, check.condition) for check in there.checks
    ]
    assert back.feed == there.feed


def test_great_expectations_says_that_it_cannot_evaluate_them(gx: ModuleType) -> None:
    import pandas as pd

    suite = gx.ExpectationSuite(
        name="targets",
        expectations=[
            {"type": "expect_share_to_reach_target", "kwargs": {"column": "on", "value_set": [True], "min_share": 0.9}}
        ],
    )
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": pd.DataFrame({"on": [True]})})
    result = batch.validate(suite)
    assert not result.success
    assert "is evaluated by dq" in str(result.results[0].exception_info)


def test_parameters_are_read_and_written_whole(gx: ModuleType) -> None:
    """The placeholder and not a value, so that the rule stays the same rule."""
    listed = [
        ("expect_column_values_to_be_between", {"column": "patients", "min_value": {"$PARAMETER": "least"}, "max_value": 9000}),
        ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": {"$PARAMETER": "codes"}, "mostly": 0.95}),
        ("expect_column_max_to_be_between", {"column": "day", "min_value": {"$PARAMETER": "now() - timedelta(days=1)"}}),
    ]
    ours = {"name": "lists", "expectations": [{"type": name, "kwargs": kwargs} for name, kwargs in listed]}
    saved = gx.ExpectationSuite(**ours).to_json_dict()
    there, back = dq_engine.load_suite(ours), dq_engine.load_suite(saved)
    assert [(check.id, check.statement) for check in back.checks] == [(check.id, check.statement) for check in there.checks]
    assert back.parameters == ("least", "codes")


def test_every_example_comes_back_through_great_expectations_as_the_same_check(gx: ModuleType) -> None:
    listed = [
        {
            "type": name,
            "kwargs": case.arguments,
            "severity": ("critical", "warning", "info")[place % 3],
            "notes": ["one", "two"],
            "description": "It is so.",
            "meta": {"dq": {"rule": f"r{place}_{number}"}, "ours": 1},
        }
        for place, (name, cls) in enumerate(CATALOG.items())
        for number, case in enumerate(cls.examples)
    ]
    ours = {"name": "all", "expectations": listed, "meta": {"dq": {"feed": "all"}}}
    saved = gx.ExpectationSuite(**json.loads(json.dumps(ours))).to_json_dict()
    there, back = dq_engine.load_suite(ours), dq_engine.load_suite(json.loads(json.dumps(saved)))
    assert len(back.checks) == len(listed) > 200

    def said(check: Check) -> tuple[Any, ...]:
        return (check.id, check.expectation, check.severity, check.notes, check.description, check.condition, check.others)

    assert list(map(said, back.checks)) == list(map(said, there.checks))
