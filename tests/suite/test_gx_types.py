"""Great Expectations keeps the types that are ours, once it was told of them."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

import dq_engine
from dq_engine import gx as ours
from dq_engine.catalog import CATALOG

gx = pytest.importorskip("great_expectations", reason="great_expectations is not installed: it is an extra (dq-engine[gx])")
pytestmark = pytest.mark.filterwarnings("ignore:The condition_parser parameter is deprecated:DeprecationWarning")
SUITES = sorted(
    path
    for folder in ("practice", "pcgt", "targets")
    for path in (Path(__file__).parents[2] / "expectations" / folder).glob("*.json")
)


@pytest.fixture(scope="module", autouse=True)
def registered() -> list[str]:
    return ours.register()


def test_what_great_expectations_lacks_is_registered_once(registered: list[str]) -> None:
    from great_expectations.expectations.registry import get_expectation_impl

    lacked = [name for name in CATALOG if get_expectation_impl(name).__module__ == ours.__name__]
    assert registered in (lacked, []), "another test of this process may have been first"
    assert "expect_share_to_reach_target" in lacked
    assert "expect_column_values_to_be_unique" not in lacked
    assert ours.register() == []


def test_great_expectations_says_our_types_in_our_words() -> None:
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
def test_shipped_suite_is_read_and_written_whole(path: Path, caplog: pytest.LogCaptureFixture) -> None:
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


def test_great_expectations_says_that_it_cannot_evaluate_them() -> None:
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
