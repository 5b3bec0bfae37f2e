"""A world in which hospital and community data are bad and prescribing is good is rated so, item by item, PCG/T by PCG/T.

Defects befall the records of hospitals twenty times and those of community services eight times as often as usual, prescribing
never. How often they befall each PCG/T is planted, too (0, 0.5, 1, 2 or 4 times); what came of it is in the answer key.
"""

import datetime as dt
import statistics
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from math import atanh, sqrt, tanh
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from msgspec.structs import replace

from dq_engine import WorkerProcess, chosen, store
from dq_engine.engine import Options, run_checks
from dq_engine.model import Run
from dq_engine.rating import instrument as instruments
from dq_engine.rating import sampling, survey
from dq_engine.rating.study import NOT_KNOWN, SHARES
from dq_engine.sample import write_samples
from dq_engine.scores import OVERALL, POOR_OR_WORSE, Instrument, Rating, Scores, TermRule
from dq_engine.scoring import Asked, Scorer
from tests.rating.looks import comparable, consistent
from tests.sample import planted

PLANT = {"hospital": 20, "community": 8, "prescribing": 0}
FEEDS = ("hospital_activity", "community_services", "prescribing", "practices", "pcgts", "patients", "allocations")
"""The feeds to compare, registers, and what rules about these need; with patients and allocations one item is rated that
prescribing is a part of."""
BAD = ("hospital", "community")


class World(NamedTuple):
    """The extracts, the stored run over them, its scores by the default instrument, and the defects planted and counted."""

    data: Path
    run: Path
    scores: Scores
    factors: dict[str, float]
    rates: dict[str, float]


def checked(paths: Sequence[str], results: Path, worker: WorkerProcess) -> Path:
    """The directory of the run over extracts: folders, or globs."""
    results.mkdir()
    run: Run = run_checks(chosen.extracts(paths, None, None), Options(as_of=dt.date(2024, 12, 1)), worker, counts=results)
    return store.save(run, results, worker, results)


@pytest.fixture(scope="module")
def world(worker: WorkerProcess, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    write_samples(folder / "data", worker, feeds=FEEDS, plant=PLANT)
    run = checked([str(folder / "data")], folder / "results", worker)
    scores = Scorer([run], worker, Asked()).scores()
    rates = planted.rates(folder / "data", ("hospital_activity", "community_services"))
    return World(folder / "data", run, scores, planted.factors(), rates)


def scores_of(ratings: Collection[Rating], item: str) -> dict[str, float]:
    """The scores of an item, of the organisations that are rated."""
    return {one.organisation: one.score for one in ratings if one.item == item and one.score is not None}


def poor_or_worse(scores: Scores, item: str) -> float:
    (row,) = (row for row in scores.tables if row.item == item and not row.by)
    (share,) = (share for share in row.shares if share.rating == POOR_OR_WORSE)
    assert share.share is not None
    return share.share


# ---------------------------------------------------------------------------------------------------------- item by item


def test_what_was_planted_bad_is_rated_bad_and_prescribing_is_not(world: World) -> None:
    """Each item of hospitals and of community services has a lower median score, and more PCG/Ts at poor or worse, than the
    item that rests on prescribing; of the five ratings, half of the PCG/Ts or more have one of the two worst.
    """
    good = "primary_care.commission"
    for source in BAD:
        for function in ("improve_health", "commission", "develop_services"):
            bad = f"{source}.{function}"
            medians = [statistics.median(scores_of(world.scores.ratings, item).values()) for item in (bad, good)]
            shares = [poor_or_worse(world.scores, item) for item in (bad, good)]
            assert medians[0] < 0.9 < 0.99 < medians[1], bad
            assert shares[1] < 0.1 < 0.5 < shares[0], bad


def test_prescribing_that_nothing_is_wrong_with_has_full_scores(world: World) -> None:
    found = [one for one in world.scores.dimensions if one.feed == "prescribing"]
    assert {one.measure for one in found} >= {"item_score", "validity", "completeness", "consistency", "coverage"}
    assert {one.score for one in found} == {1.0}
    assert len({one.organisation for one in found}) == 481


def of_prescribing(raw: Instrument) -> Instrument:
    """The instrument in which what serves primary care is prescribing alone."""
    terms = tuple(TermRule(name, 0.25, "prescribing") for name in ("item_score", "validity", "consistency", "coverage"))
    items = tuple(replace(one, terms=terms) if one.source == "primary_care" else one for one in raw.items)
    return replace(raw, name="prescribing", items=items)


def test_function_by_function_prescribing_is_very_good_where_the_others_are_poor(
    world: World, worker: WorkerProcess, tmp_path: Path
) -> None:
    (tmp_path / "own.json").write_bytes(instruments.dump(of_prescribing(instruments.read(instruments.default())[0])))
    scores = Scorer([world.run], worker, Asked(instrument=tmp_path / "own.json", dimensions=False)).scores()
    for function in ("improve_health", "commission", "develop_services"):
        ratings = [one for one in scores.ratings if one.item == f"primary_care.{function}" and one.rating]
        assert len(ratings) == 481
        assert {one.rating for one in ratings} == {"very good"}
        assert all(poor_or_worse(scores, f"{source}.{function}") > 0.5 for source in BAD)


# ------------------------------------------------------------------------------------------------------------- the order


def ranks(values: Mapping[str, float]) -> dict[str, float]:
    """The rank of each, equal ones sharing the mean of theirs."""
    found: dict[str, float] = {}
    for _, group in groupby(sorted(values, key=lambda code: values[code]), key=lambda code: values[code]):
        codes = list(group)
        found |= dict.fromkeys(codes, len(found) + (len(codes) + 1) / 2)
    return found


class Correlation(NamedTuple):
    """Spearman's rank correlation, its 95 % interval by Fisher's transformation, and of how many PCG/Ts."""

    rho: float
    low: float
    high: float
    n: int


def spearman(a: Mapping[str, float], b: Mapping[str, float]) -> Correlation:
    both = sorted(a.keys() & b.keys())
    x, y = (ranks({code: values[code] for code in both}) for values in (a, b))
    rho = statistics.correlation([x[code] for code in both], [y[code] for code in both])
    reach = 1.959964 / sqrt(len(both) - 3)
    return Correlation(rho, tanh(atanh(rho) - reach), tanh(atanh(rho) + reach), len(both))


def test_the_more_was_planted_the_worse_a_pcgt_is_rated(world: World) -> None:
    """The order of PCG/Ts by score goes against that by defects: planted (factors) and counted by the answer key (rates).

    Printed: the correlations, by pytest -s. Asserted: that even the weaker end of the interval is well on that side.
    """
    means: dict[str, list[float]] = {}
    for one in world.scores.ratings:
        if one.item.startswith("hospital.") and one.score is not None:
            means.setdefault(one.organisation, []).append(one.score)
    hospital = {code: statistics.mean(scores) for code, scores in means.items()}
    for name, scores in (("overall", scores_of(world.scores.ratings, OVERALL)), ("hospital", hospital)):
        for what, defects in (("factors", world.factors), ("rates", world.rates)):
            found = spearman(scores, defects)
            print(f"{name} / {what}: {found.rho:.3f} ({found.low:.3f} to {found.high:.3f}), {found.n} PCG/Ts")
            assert found.n > 450
            assert found.high < -0.5


# ------------------------------------------------------------------------------------------- explained, sampled, shuffled


def test_ratings_of_a_world_are_explained_down_to_the_counts(world: World, worker: WorkerProcess) -> None:
    scorer = Scorer([world.run], worker, Asked(dimensions=False))
    rated = [one for one in world.scores.ratings if one.rating and one.item != OVERALL]
    worst, best = min(rated, key=lambda one: one.score or 0), max(rated, key=lambda one: (one.score or 0, one.organisation))
    for one in (worst, best, rated[len(rated) // 2]):
        explained = scorer.explain(one.organisation, one.item)
        assert explained.rating == one
        consistent(explained, {})
        assert any(term.rules for term in explained.terms)
        consistent(scorer.explain(one.organisation, OVERALL), {})


def test_a_table_of_a_sample_is_the_estimate_of_the_survey(world: World, worker: WorkerProcess) -> None:
    asked = Asked(sample=72, strata=("region",), by=("region", "kind"), seed=3, dimensions=False)
    scorer = Scorer([world.run], worker, asked)
    scores = scorer.scores()
    assert scores.sample is not None and scorer.sample is not None
    assert len(scores.sample.members) == 72
    assert {one.organisation for one in scores.ratings} == set(scores.sample.members)
    whole = {(one.organisation, one.item): one.rating for one in world.scores.ratings}
    assert all(one.rating == whole[one.organisation, one.item] for one in scores.ratings)
    for row in scores.tables:
        known = scorer.registered
        group = {
            code: stratum
            for code, stratum in scorer.population.items()
            if not row.by or (getattr(known[code], row.by) or NOT_KNOWN) == row.group
        }
        sample = sampling.within(scorer.sample, group)
        assert (row.population, row.sampled) == (len(group), len(sample.members))
        for share, (name, ratings) in zip(row.shares, SHARES, strict=True):
            answers = {code: None if (rating := whole[code, row.item]) is None else rating in ratings for code in sample.members}
            expected = survey.proportion(sample, answers)
            assert (share.rating, share.count, share.of) == (name, expected.count, expected.answered)
            assert (share.share, share.low, share.high) == (expected.share, expected.low, expected.high)
    assert {row.group for row in scores.tables if row.by == "kind"} >= {"PCG", "PCT"}
    assert len({row.group for row in scores.tables if row.by == "region"}) >= 8


def test_extracts_in_files_in_any_order_are_scored_the_same(world: World, worker: WorkerProcess, tmp_path: Path) -> None:
    """The hospitals' records and the register, each in one file, and shuffled in several."""
    for form in ("whole", "dealt"):
        (tmp_path / form).mkdir()
    for feed, files in (("hospital_activity", 5), ("pcgts", 2)):
        (tmp_path / "whole" / f"{feed}.parquet").symlink_to(world.data / f"{feed}.parquet")
        rows = f"read_parquet('{world.data / feed}.parquet', file_row_number = true)"
        for place in range(files):
            dealt = f"FROM {rows} WHERE hash(file_row_number) % {files} = {place} ORDER BY hash(file_row_number, 1)"
            path = tmp_path / "dealt" / f"{feed}_{place}.parquet"
            duckdb.sql(f"SELECT * EXCLUDE file_row_number {dealt}").write_parquet(str(path))
    first, second = (
        comparable(Scorer([checked(paths, tmp_path / f"run_{form}", worker)], worker, Asked()).scores())
        for form in ("whole", "dealt")
        for paths in [[str(tmp_path / form / f"{feed}*.parquet") for feed in ("hospital_activity", "pcgts")]]
    )
    assert first == second
    assert any(one.rating for one in first.ratings)
