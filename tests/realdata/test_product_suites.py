"""What the suites that come with dq find in real data is what expectations/REAL_DATA.md says, and somebody looked at each failure."""

from pathlib import Path
from typing import Any

import pytest

from tests.realdata import product


@pytest.fixture(scope="module")
def extracts(real_data: Path) -> list[dict[str, Any]]:
    return product.run(real_data.resolve())


def test_page_is_fresh(extracts: list[dict[str, Any]]) -> None:
    written = product.PAGE.read_text(encoding="utf-8")
    assert written == product.page(extracts), "stale: run .venv/bin/python -m tests.realdata.product"


def test_each_rule_was_evaluated_or_left_out_on_purpose(extracts: list[dict[str, Any]]) -> None:
    errors = [(e["name"], o["check"], o["message"]) for e in extracts for o in e["outcomes"] if o["status"] == "error"]
    assert errors == []
    problems = {e["name"]: e["problem"] for e in extracts if e.get("problem")}
    assert set(problems) == {"workforce"}
    assert "nothing is counted per organisation" in problems["workforce"], "it has no column of PCG/Ts"


def test_each_failure_has_a_meaning_and_each_meaning_a_failure(extracts: list[dict[str, Any]]) -> None:
    failed = {e["name"]: {o["check"] for o in e["outcomes"] if o["status"] == "fail"} for e in extracts}
    assert {name: set(rules) for name, rules in product.MEANINGS.items()} == {
        name: rules for name, rules in failed.items() if rules
    }
