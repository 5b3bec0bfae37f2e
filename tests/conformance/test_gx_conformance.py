"""The engine answers as Great Expectations 1.24.1 does, but for the cases listed with a reason in deviations.json."""

import importlib.util
import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import dq_engine
from dq_engine import SuiteError, WorkerProcess
from dq_engine.catalog import CATALOG

DEVIATIONS: dict[str, str] = json.loads((Path(__file__).parent / "deviations.json").read_text(encoding="utf-8"))
CHUNKS = 8
ITSELF = "main_table"
"""How some cases call the table itself in the place of another."""
PLACE = re.compile(r"^\$\.expectations\[(\d+)\]")


@pytest.fixture(scope="module")
def corpus(conformance: Path) -> ModuleType:
    """The module that lies beside the cases: it reads them and compares results."""
    spec = importlib.util.spec_from_file_location("gxcorpus", conformance / "gxcorpus.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cases(conformance: Path, corpus: ModuleType) -> list[dict[str, Any]]:
    return list(corpus.read_jsonl(str(conformance / "cases.jsonl")))


def answers(cases: Sequence[dict[str, Any]], corpus: ModuleType, worker: WorkerProcess) -> dict[str, dict[str, Any]]:
    """What the engine says of cases that ask of the same data in the same way, in the words of Great Expectations; one suite.

    Those whose suite is refused are asked alone.
    """
    case = cases[0]
    listed = [{"id": case["id"], "type": case["expectation_type"], "kwargs": case["kwargs"]} for case in cases]
    table = corpus.to_arrow(case["data"], case["schema"])
    tables = {name: corpus.to_arrow(other["data"], other["schema"]) for name, other in (case.get("aux_tables") or {}).items()}
    options = {"others": {ITSELF: table, **tables}, "parameters": case.get("expectation_parameters"), "checksums": False}
    form = case["result_format"]
    suite = {"name": "cases", "expectations": listed}
    try:
        run = dq_engine.check(table, suite, worker=worker, show_values=True, result_format=form, **options)
    except SuiteError as error:
        if len(cases) == 1:
            return {case["id"]: {"success": None, "result": {}, "exception": str(error)}}
        places = {int(place) for problem in error.problems for place in PLACE.findall(problem.path)}
        assert places, f"the suite as a whole was refused: {error}"
        alone = [cases[place : place + 1] for place in sorted(places)]
        others = [case for place, case in enumerate(cases) if place not in places]
        parts = [answers(part, corpus, worker) for part in (*alone, others) if part]
        return {name: answer for part in parts for name, answer in part.items()}
    results = run.to_gx(form)["results"]
    return {
        case["id"]: {
            "success": result["success"],
            "result": result["result"],
            "exception": result["exception_info"]["exception_message"],
        }
        for case, result in zip(cases, results, strict=True)
    }


def together(cases: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The cases by the data of which they ask and the form of the answer."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        asked = [case.get(key) for key in ("data", "schema", "aux_tables", "expectation_parameters", "result_format")]
        groups.setdefault(json.dumps(asked), []).append(case)
    return list(groups.values())


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_cases_are_answered_as_great_expectations_answers_them(
    chunk: int, cases: list[dict[str, Any]], corpus: ModuleType, worker: WorkerProcess
) -> None:
    unlisted, stale = {}, []
    part = together(cases)[chunk::CHUNKS]
    answered = {name: answer for group in part for name, answer in answers(group, corpus, worker).items()}
    for case in itertools.chain.from_iterable(part):
        differences = corpus.compare_expected(case["expected"], answered[case["id"]], case.get("compare"))
        if differences and case["id"] not in DEVIATIONS:
            unlisted[case["id"]] = differences
        elif not differences and case["id"] in DEVIATIONS:
            stale.append(case["id"])
    assert unlisted == {}, "these answers differ, and deviations.json does not say why"
    assert stale == [], "deviations.json lists these, though the answers agree"


def test_every_deviation_is_of_a_case_that_exists_and_has_a_reason(cases: list[dict[str, Any]]) -> None:
    assert all(len(reason.split()) > 5 for reason in DEVIATIONS.values())
    there = DEVIATIONS.keys() & {case["id"] for case in cases}
    if not there:
        pytest.skip("these are other cases than those whose deviations are listed")
    assert there == DEVIATIONS.keys()


def test_every_expectation_of_great_expectations_is_in_the_catalogue_and_has_cases(
    cases: list[dict[str, Any]], conformance: Path
) -> None:
    theirs = json.loads((conformance / "catalog.json").read_text(encoding="utf-8"))
    assert len(theirs) == 59
    assert theirs.keys() <= CATALOG.keys()
    assert {case["expectation_type"] for case in cases} <= theirs.keys()
    assert cases
