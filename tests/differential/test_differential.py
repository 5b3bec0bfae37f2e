"""The engine and Great Expectations' pandas engine are asked the same: where their answers differ, a documented reason says why."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dq_engine import WorkerProcess
from dq_engine.catalog import CATALOG

pytest.importorskip("great_expectations", reason="great_expectations is not installed: it is an extra (dq-engine[gx])")

from tests.differential import gx_side
from tests.differential.arguments import ARGUMENTS, SQL_ONLY, examples
from tests.differential.compare import Example, compare
from tests.differential.reasons import REWRITINGS, STATEMENTS

TYPES = tuple(ARGUMENTS)
PARTS = 4
"""Into so many tests it is divided, so that several processes can share the work."""
TABLES, SIZE = 6, 15
"""Of each part: tables, and expectations for each."""
ARCHITECTURE = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", range(PARTS))
def test_answers_differ_only_for_documented_reasons(part: int, worker: WorkerProcess) -> None:
    types = TYPES[part::PARTS]

    @settings(
        max_examples=TABLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(st.data())
    def ask_both(data: st.DataObject) -> None:
        table, other, asked = data.draw(examples(types, SIZE))
        theirs = gx_side.ask(table.frame(), [one for one in asked if one.type not in SQL_ONLY])
        findings = list(compare(Example(table, other, asked, theirs), worker, {}))
        unexplained = [finding.shown() for finding in findings if finding.verdict == "unexplained"]
        assert not unexplained, json.dumps(unexplained, indent=1, ensure_ascii=False, default=str)
        verdicts.update(finding.verdict for finding in findings)

    verdicts: Counter[str] = Counter()
    ask_both()
    assert verdicts["agreed"] > verdicts["explained"] > 0


def test_every_type_of_great_expectations_is_drawn() -> None:
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    theirs = {name for name in list_registered_expectation_implementations() if name in CATALOG}
    assert set(ARGUMENTS) <= set(CATALOG), "the catalogue lacks a type of Great Expectations"
    assert len(ARGUMENTS) == 59
    assert set(ARGUMENTS) <= theirs


def test_every_reason_is_one_of_those_in_the_documents() -> None:
    listed = ARCHITECTURE.partition("## Where the answers differ from Great Expectations")[2].partition("\n## ")[0]
    numbers = {line.partition(".")[0] for line in listed.splitlines() if line[:1].isdigit()}
    assert {label.partition(":")[0] for label, _ in (*REWRITINGS, *STATEMENTS)} <= numbers
