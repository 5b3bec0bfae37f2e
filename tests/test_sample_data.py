"""The sample data, its answer key and the engine agree; the key was counted by plain Python, without the engine."""

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import Run, WorkerProcess
from dq_engine.sample import write_samples
from tests.sample_answers import ANSWER_KEY, SUITES, answer_text

SAMPLES = ANSWER_KEY.parent
KEY: dict[str, dict[str, dict[str, Any]]] = json.loads(ANSWER_KEY.read_text(encoding="utf-8"))
COUNTS = ("element_count", "missing_count", "unexpected_count")
ANSWERS = [pytest.param(feed, check, id=f"{feed}-{check[:8]}-{KEY[feed][check]['type']}") for feed in KEY for check in KEY[feed]]


@pytest.fixture(scope="module")
def runs(worker: WorkerProcess) -> dict[str, Run]:
    """The four sample extracts, each checked by the suite of its feed."""
    return {
        feed: dq_engine.check(SAMPLES / f"{feed}.parquet", SUITES / f"{feed}.json", worker=worker, show_values=True)
        for feed in KEY
    }


def test_there_is_an_answer_for_each_check_of_the_four_suites(runs: dict[str, Run]) -> None:
    assert (
        sorted(KEY)
        == sorted(path.stem for path in SUITES.glob("*.json"))
        == sorted(path.stem for path in SAMPLES.glob("*.parquet"))
    )
    for feed, run in runs.items():
        assert [outcome.check for outcome in run.outcomes] == list(KEY[feed])


@pytest.mark.parametrize(("feed", "check"), ANSWERS)
def test_engine_gives_the_answer_of_the_key(feed: str, check: str, runs: dict[str, Run]) -> None:
    answer = KEY[feed][check]
    (outcome,) = (outcome for outcome in runs[feed].outcomes if outcome.check == check)
    assert (outcome.expectation, outcome.status) == (answer["type"], answer["verdict"]), outcome.message
    assert {name: getattr(outcome, name) for name in COUNTS if name in answer} == {
        name: answer[name] for name in COUNTS if name in answer
    }
    if "observed_value" in answer:
        wanted, found = answer["observed_value"], outcome.observed_value
        both_numbers = isinstance(wanted, float) and isinstance(found, int | float)
        assert math.isclose(wanted, found, rel_tol=1e-12) if both_numbers else wanted == found


@pytest.mark.parametrize("feed", KEY)
def test_engine_counts_each_organisation_as_the_key_does(feed: str, runs: dict[str, Run]) -> None:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for measure in runs[feed].measures:
        if measure.organisation is not None and measure.unexpected_count:
            found[measure.check][measure.organisation] = measure.unexpected_count
    wanted = {
        check: {organisation or "(none)": count for organisation, count in answer["by_organisation"].items()}
        for check, answer in KEY[feed].items()
        if "by_organisation" in answer
    }
    assert {check: found.get(check, {}) for check in wanted} == wanted


def test_key_has_checks_of_every_verdict_and_organisations_that_fail() -> None:
    answers = [answer for feed in KEY.values() for answer in feed.values()]
    assert {answer["verdict"] for answer in answers} == {"pass", "fail", "vacuous"}
    assert sum(bool(answer.get("by_organisation")) for answer in answers) > 40


def test_samples_written_anew_are_the_tables_of_the_repository(tmp_path: Path) -> None:
    write_samples(tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(KEY)
    for feed in KEY:
        anew, committed = (pq.read_table(folder / f"{feed}.parquet") for folder in (tmp_path, SAMPLES))
        assert anew.schema == committed.schema
        assert repr(anew.to_pylist()) == repr(committed.to_pylist()), "compared as text, as NaN equals nothing"


def test_key_written_anew_is_the_key_of_the_repository() -> None:
    assert answer_text() == ANSWER_KEY.read_text(encoding="utf-8")
