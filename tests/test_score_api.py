"""The Python API of scoring: what it accepts, what it refuses and how, and that it says the same as the command.

The ratings of the small world are worked out by hand in :mod:`tests.scored`.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import dq_engine
from dq_engine import InstrumentError, Run, Scores, StoreError, UsageError, WorkerProcess
from dq_engine.scores import NOTICE
from tests.command import dq_here
from tests.scored import INSTRUMENT, ITEM, RATINGS, SPELLS, spells, write_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world, and a run over it."""
    folder = tmp_path_factory.mktemp("world") / "world"
    write_world(folder)
    assert dq_here(folder, "check", ".", "--fail-on", "never", "--quiet").returncode == 0
    return folder


def rated(scores: Scores) -> dict[str, str | None]:
    return {rating.organisation: rating.rating for rating in scores.ratings if rating.item == ITEM}


def score(world: Path, worker: WorkerProcess, **options: Any) -> Scores:
    return dq_engine.score(world / "dq-results", instrument=world / "small.json", worker=worker, **options)


def test_ratings_are_those_that_were_worked_out_by_hand(world: Path, worker: WorkerProcess) -> None:
    scores = score(world, worker)
    assert rated(scores) == RATINGS
    assert scores.notice == NOTICE


def test_the_command_says_the_same(world: Path, worker: WorkerProcess) -> None:
    options: dict[str, Any] = {"by": ["region"], "sample": 4, "strata": ["kind"], "waves": ["month"]}
    arguments = ("--by", "region", "--sample", "4", "--strata", "kind", "--waves", "month", "--format", "json")
    shown = json.loads(dq_here(world, "score", "--instrument", "small.json", *arguments).stdout)
    scores = msgspec.to_builtins(score(world, worker, **options))
    shown["instrument"]["path"] = scores["instrument"]["path"] = ""
    assert shown == json.loads(json.dumps(scores))


@pytest.mark.parametrize("form", ["path", "text", "list", "run", "runs"])
def test_runs_may_be_paths_or_what_check_gave(form: str, world: Path, worker: WorkerProcess) -> None:
    run = dq_engine.check(spells(), SPELLS, worker=worker)
    results = world / "dq-results"
    given = {"path": results, "text": str(results), "list": [results], "run": run, "runs": [run]}[form]
    scores = dq_engine.score(given, instrument=world / "small.json", worker=worker)
    sent = {code: rating for code, rating in RATINGS.items() if rating is not None}
    assert rated(scores) == (sent if isinstance(given, Run) or form == "runs" else RATINGS)


def test_a_worker_is_started_where_none_is_given(world: Path) -> None:
    assert rated(dq_engine.score(world / "dq-results", instrument=world / "small.json")) == RATINGS


def test_scores_of_dimensions_are_left_out_on_demand(world: Path, worker: WorkerProcess) -> None:
    whole, part = score(world, worker), score(world, worker, dimensions=False)
    assert whole.dimensions and whole.dqmi
    assert not part.dimensions and not part.dqmi
    assert whole.ratings == part.ratings


def test_one_rating_is_explained_down_to_the_counts(world: Path, worker: WorkerProcess) -> None:
    explained = dq_engine.explain_rating(world / "dq-results", "5B1", ITEM, instrument=world / "small.json", worker=worker)
    assert (explained.rating.rating, explained.rating.next) == ("very poor", "poor")
    days, codes = explained.terms
    assert [(rule.kept, rule.judged) for rule in days.rules] == [(4, 20)]
    (code,) = codes.rules
    assert code.classes is not None
    assert msgspec.structs.astuple(code.classes) == (12, 0, 4, 2, 2, 0.1)
    assert code.share == pytest.approx(0.7)


def test_a_wave_is_explained(world: Path, worker: WorkerProcess) -> None:
    found = {
        wave: dq_engine.explain_rating(
            world / "dq-results", "5A2", ITEM, wave=wave, waves=["month"], instrument=world / "small.json", worker=worker
        ).rating.rating
        for wave in ("2024-10", "2024-11", None)
    }
    assert found == {"2024-10": "very good", "2024-11": "poor", None: "poor"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"level": "ward"}, ["level", '"ward"', "practice, pcgt"]),
        ({"by": ["county"]}, ["by", '"county"', "region, kind"]),
        ({"by": "county"}, ["by", '"county"', "region, kind"]),
        ({"strata": ["size", 3]}, ["strata", '"size"', '"3"']),
        ({"allocation": "square"}, ["allocation", '"square"', "proportional, equal"]),
        ({"sample": 0}, ["sample", "got 0"]),
        ({"level": "ward", "allocation": "square", "sample": -1}, ["level", "allocation", "sample"]),
        ({"waves": "autumn"}, ["autumn", "tracker"]),
        ({"sample": 3}, ["a sample of 3 is too small"]),
        ({"sample": "gone.csv"}, ["gone.csv: no such file"]),
    ],
    ids=str,
)
def test_options_that_mean_nothing_are_refused_all_at_once(
    options: dict[str, Any], words: list[str], world: Path, worker: WorkerProcess
) -> None:
    with pytest.raises(UsageError) as refused:
        score(world, worker, **options)
    assert all(word in str(refused.value) for word in words)


def test_a_word_alone_is_taken_for_one(world: Path, worker: WorkerProcess) -> None:
    scores = score(world, worker, by="kind", waves="month", sample=4, strata="kind")
    assert {row.by for row in scores.tables} == {"", "kind"}
    assert [wave.name for wave in scores.waves] == ["2024-10", "2024-11"]
    assert scores.sample is not None and len(scores.sample.strata) == 2


@pytest.mark.parametrize(
    ("runs", "words"),
    [(42, "int"), (None, "NoneType"), ([], "no run"), ([42], "int")],
    ids=["number", "nothing", "no runs", "list of numbers"],
)
def test_what_is_no_run_is_refused(runs: Any, words: str, worker: WorkerProcess) -> None:
    with pytest.raises(UsageError, match=words):
        dq_engine.score(runs, worker=worker)


def test_runs_that_are_not_there_or_cannot_be_read_are_told_apart(tmp_path: Path, worker: WorkerProcess) -> None:
    with pytest.raises(UsageError, match="is not there"):
        dq_engine.score(tmp_path / "gone", worker=worker)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(StoreError, match="not the record of a run"):
        dq_engine.score(tmp_path / "run", worker=worker)


def test_an_instrument_with_faults_is_refused_with_all_of_them(world: Path, tmp_path: Path, worker: WorkerProcess) -> None:
    (tmp_path / "faulty.json").write_text(json.dumps({**INSTRUMENT, "version": "one", "least_weight": 2}))
    with pytest.raises(InstrumentError) as refused:
        dq_engine.score(world / "dq-results", instrument=tmp_path / "faulty.json", worker=worker)
    assert [problem.path for problem in refused.value.problems] == ["$.version", "$.least_weight"]


def test_unknown_organisations_items_and_waves_are_refused(world: Path, worker: WorkerProcess) -> None:
    for options, word in (
        ({"organisation": "9Z9", "item": ITEM}, "9Z9"),
        ({"organisation": "5A1", "item": "hospital"}, ITEM),
        ({"organisation": "5A1", "item": ITEM, "wave": "spring"}, "spring"),
    ):
        with pytest.raises(UsageError, match=word):
            dq_engine.explain_rating(world / "dq-results", instrument=world / "small.json", worker=worker, **options)  # type: ignore[arg-type]
