"""What the suites that come with dq find in real data is what expectations/REAL_DATA.md says, and somebody looked at each failure."""

import re
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
    assert {name: re.split(r"[(;]", said)[0].strip() for name, said in problems.items()} == {
        "workforce": 'nothing is counted per organisation: the extract has no column "pcgt_code"',
        "qof": 'nothing is counted per period: the extract has no column "reporting_year"',
        "hospital_activity": 'nothing is counted per period: the extract has no column "period"',
    }, "these files lack a column by which their suites count"


def test_each_failure_has_a_meaning_and_each_meaning_a_failure(extracts: list[dict[str, Any]]) -> None:
    failed = {e["name"]: {o["check"] for o in e["outcomes"] if o["status"] == "fail"} for e in extracts}
    assert {name: set(rules) for name, rules in product.MEANINGS.items()} == {
        name: rules for name, rules in failed.items() if rules
    }
