"""Facts known about real NHS open data are what the engine finds (README.md beside this file says how they are written)."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import dq_engine
from dq_engine import WorkerProcess
from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract, Shelf, with_others

HERE = Path(__file__).parent
SUITES = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.json")) if path.stem != "meanings"
}


def numbers_of_suites() -> dict[str, set[float]]:
    """By fact, the numbers that the suites state of it."""
    found: dict[str, set[float]] = defaultdict(set)
    for suite in SUITES.values():
        for expectation in suite["expectations"]:
            fact = expectation["meta"]["fact"]
            stated = [fact[name] for name in ("unexpected_count", "observed_value", "element_count") if name in fact]
            assert stated
            found[fact["id"]] |= ({fact["value"]} - {None}) if "value" in fact else set(stated)
    return found


@pytest.fixture(scope="module")
def facts(real_data: Path) -> dict[str, dict[str, Any]]:
    listed = json.loads((real_data / "ground_truth.json").read_text(encoding="utf-8"))
    return {fact["id"]: fact for fact in listed}


def test_every_fact_is_expressed_by_a_suite(facts: dict[str, Any]) -> None:
    assert set(numbers_of_suites()) == set(facts)


def test_the_suites_state_the_numbers_of_the_facts(facts: dict[str, Any]) -> None:
    for identity, stated in numbers_of_suites().items():
        expected = facts[identity]["expected"]
        numbers = set(expected) if isinstance(expected, list) else {expected}
        assert stated == numbers, identity


@pytest.mark.parametrize("name", SUITES)
def test_the_engine_finds_the_numbers(name: str, real_data: Path, worker: WorkerProcess, tmp_path: Path) -> None:
    suite = dq_engine.load_suite(HERE / f"{name}.json")
    (extract,) = with_others([Extract(name, (real_data / f"{name}.parquet",), suite)], {}, Shelf([]))
    options = Options(show_values=True, checksums=False)
    run = run_checks([extract], options, worker, counts=tmp_path)  # the counts of each practice are as many as the rows
    assert run.extracts[0].problem == ""
    assert len(run.outcomes) == len(SUITES[name]["expectations"])
    differences = []
    for outcome in run.outcomes:
        fact = outcome.meta["fact"]
        judged = outcome.status in ("pass", "fail")
        if "unexpected_count" in fact:
            found, right = outcome.unexpected_count, outcome.unexpected_count == fact["unexpected_count"]
            right = right and outcome.element_count == fact.get("element_count", outcome.element_count)
        else:
            found = outcome.observed_value
            right = isinstance(found, int | float) and abs(found - fact["observed_value"]) <= 0.005
        if not (judged and right):
            differences.append((fact, outcome.statement, outcome.status, found, outcome.message))
    assert differences == []
    clean = [outcome for outcome in run.outcomes if outcome.meta["fact"].get("unexpected_count") == 0]
    assert [(o.statement, o.status) for o in clean if o.status != "pass" or not o.denominator] == [], (
        "what is clean passes, of something"
    )
