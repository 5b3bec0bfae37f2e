"""``dq sample --plant FEED=TIMES``: what is planted less, as usual or more, and what is said where it cannot be."""

from collections import defaultdict
from pathlib import Path
from statistics import mean

import duckdb
import pyarrow.parquet as pq
import pytest

from dq_engine import UsageError, WorkerProcess, store
from dq_engine.sample import ANSWER_KEY, write_samples
from tests.command import dq_here
from tests.sample.compare import checked, compare, counted, extracts_in, needed, read_key
from tests.sample.planted import PERSON_FEEDS, factors, rates

HEAVILY = {"hospital": 40, "community": 10, "mental_health": 8, "social_care": 6.5, "prescribing": 0}
FEEDS = sorted({"prescribing"}.union(*map(needed, PERSON_FEEDS)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, worker: WorkerProcess) -> Path:
    """A world in which prescribing is good, and what others send about people is bad."""
    folder = tmp_path_factory.mktemp("planted")
    write_samples(folder, worker, seed=5, feeds=FEEDS, plant=HEAVILY)
    return folder


@pytest.fixture(scope="module")
def directory(folder: Path, worker: WorkerProcess) -> Path:
    """The directory of the run over that world."""
    return checked(extracts_in(folder, PERSON_FEEDS), folder / "results", worker)


def test_engine_counts_what_the_key_says_of_heavily_planted_feeds(directory: Path, folder: Path) -> None:
    comparisons = compare(store.load(directory), read_key(folder), counted(directory))
    compared = {comparison.feed: comparison for comparison in comparisons}
    assert [line for feed in PERSON_FEEDS for line in compared[feed].differences] == []
    assert all(len(compared[feed].failed) > 25 for feed in PERSON_FEEDS)


def test_most_of_what_is_measured_becomes_bad_where_it_is_heavily_planted(directory: Path) -> None:
    """Of the PCG/Ts with the largest factor, less than 70 in 100 values are right, in each dimension but uniqueness."""
    worst = {pcgt for pcgt, factor in factors(5).items() if factor == 4}
    select = "SELECT extract, dimension, sum(element_count - missing_count), sum(unexpected_count)"
    where = "WHERE list_contains(?, organisation) AND list_contains(?, extract)"
    query = f"{select} FROM '{directory / 'measures.parquet'}' {where} GROUP BY ALL"
    sums = duckdb.execute(query, [sorted(worst), PERSON_FEEDS]).fetchall()
    shares = {(feed, dimension): 1 - wrong / judged for feed, dimension, judged, wrong in sums if judged > 1000}
    assert {dimension for _, dimension in shares} >= {"completeness", "validity", "consistency", "accuracy"}
    assert {part: share for part, share in shares.items() if share > 0.7 and part[1] not in ("uniqueness", "coverage")} == {}


@pytest.mark.parametrize("feed", PERSON_FEEDS)
def test_rates_of_pcgts_follow_their_factors(folder: Path, feed: str) -> None:
    by_factor: dict[float, list[float]] = defaultdict(list)
    planted = factors(5)
    for pcgt, rate in rates(folder, [feed]).items():
        by_factor[planted[pcgt]].append(rate)
    assert set(by_factor) == {0, 0.5, 1, 2, 4}
    assert set(by_factor[0]) == {0}
    means = [mean(by_factor[factor]) for factor in (0, 0.5, 1, 2, 4)]
    assert means == sorted(set(means))
    assert means[-1] > 5


def test_rate_is_broken_rules_by_records(tmp_path: Path, worker: WorkerProcess) -> None:
    """Of one PCG/T with defects, counted from the files."""
    write_samples(tmp_path, worker, feeds=["social_care"], plant={"social_care": 4})
    found = rates(tmp_path)
    pcgt = max(found, key=lambda code: found[code])
    records = [row for row in pq.read_table(tmp_path / "social_care.parquet").to_pylist() if row["pcgt_code"] == pcgt]
    key = pq.read_table(tmp_path / ANSWER_KEY).to_pylist()
    broken = [row for row in key if row["organisation"] == pcgt and row["rule"] != "pcgts_all_present"]
    assert found[pcgt] == sum(row["count"] for row in broken) / len(records)


def test_feed_that_is_planted_0_times_is_clean(folder: Path, tmp_path: Path, worker: WorkerProcess) -> None:
    """Nothing breaks its rules in the key, also where its source is planted often."""
    assert "prescribing" not in read_key(folder)
    write_samples(tmp_path, worker, feeds=["prescribing", "qof"], plant={"primary_care": 3, "prescribing": 0})
    assert set(read_key(tmp_path)) == {"qof"}


@pytest.mark.parametrize("feed", ["hospital_activity", "community_services"])
def test_engine_finds_nothing_wrong_in_a_feed_that_is_planted_0_times(tmp_path: Path, worker: WorkerProcess, feed: str) -> None:
    """Though there are defects in the registers that its rules look up."""
    write_samples(tmp_path, worker, feeds=sorted(needed(feed)), plant={feed: 0})
    assert {"patients", "practices"} <= set(read_key(tmp_path))
    directory = checked(extracts_in(tmp_path, [feed]), tmp_path / "results", worker)
    (comparison,) = compare(store.load(directory), read_key(tmp_path), counted(directory))
    assert (comparison.differences, comparison.failed) == ([], [])


def test_what_other_feeds_cause_stays_in_a_feed_that_is_planted_0_times(tmp_path: Path, worker: WorkerProcess) -> None:
    write_samples(tmp_path, worker, feeds=["pcgts", "list_sizes"], plant={"pcgts": 0})
    key = read_key(tmp_path)
    assert set(key["pcgts"]) == {"population_reconciles"}, "the lists of its practices do not add up to the PCG/T's population"
    assert len(key["list_sizes"]) > 5


def test_times_are_those_of_the_feed_before_those_of_its_source(tmp_path: Path, worker: WorkerProcess) -> None:
    feeds = ["hospital_activity", "social_care"]
    plants = ({"hospital": 5, "hospital_activity": 2}, {"hospital_activity": 2}, {"hospital": 2.0}, {"hospital": 5}, {})
    keys = []
    for number, plant in enumerate(plants):
        write_samples(tmp_path / str(number), worker, feeds=feeds, plant=plant)
        keys.append({feed: dict(rules) for feed, rules in read_key(tmp_path / str(number)).items()})
    assert keys[0] == keys[1] == keys[2]
    assert [key["social_care"] for key in keys[1:]] == 4 * [keys[0]["social_care"]]
    totals = [sum(count for rule in key["hospital_activity"].values() for count in rule.values()) for key in keys[2:]]
    assert totals[1] > totals[0] > totals[2]


def test_as_usual_is_as_if_nothing_was_said(tmp_path: Path, worker: WorkerProcess) -> None:
    for name, plant in (("said", {"community": 1, "pcgts": 1.0}), ("unsaid", None)):
        write_samples(tmp_path / name, worker, feeds=["community_services", "pcgts"], plant=plant)
    for file in ("community_services.parquet", "pcgts.parquet", ANSWER_KEY):
        said, unsaid = (list(map(repr, duckdb.sql(f"FROM '{tmp_path / name / file}'").fetchall())) for name in ("said", "unsaid"))
        assert said == unsaid


@pytest.mark.parametrize("times", [-1, 1000.5, float("nan"), float("inf")])
def test_times_that_cannot_be_had_are_refused_with_the_largest(tmp_path: Path, worker: WorkerProcess, times: float) -> None:
    with pytest.raises(UsageError, match=r"planted hospital=.*from 0 to 1000, the largest possible"):
        write_samples(tmp_path / "world", worker, feeds=["pcgts"], plant={"hospital": times})
    assert not (tmp_path / "world").exists()


def test_unknown_feeds_and_wrong_times_are_told_together(tmp_path: Path, worker: WorkerProcess) -> None:
    with pytest.raises(UsageError) as refused:
        write_samples(tmp_path / "world", worker, feeds=["pcgts"], plant={"hospitals": 2, "gp": 1, "community": -2})
    told = str(refused.value).splitlines()
    assert [line.split(":")[0] for line in told] == ["planted gp", "planted hospitals", "planted community=-2"]
    assert "hospital_activity" in told[0] and "primary_care" in told[0]


def test_command_plants_as_it_is_told(tmp_path: Path) -> None:
    arguments = [
        "sample",
        "world",
        "--feed",
        "opt_outs",
        "--feed",
        "allocations",
        "--plant",
        "opt_outs=0",
        "--plant",
        "primary_care=1.5",
    ]
    made = dq_here(tmp_path, *arguments)
    assert made.returncode == 0, made.stderr
    assert set(read_key(tmp_path / "world")) == {"allocations"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["hospital"], "--plant hospital: expected FEED=TIMES"),
        (["hospital=much"], "--plant hospital=much: expected FEED=TIMES"),
        (["=3"], "--plant =3: expected FEED=TIMES"),
        (["hospital=2", "hospital=3"], "--plant hospital=3: hospital is given twice"),
        (["hospitals=2"], "planted hospitals: no such feed or source (feeds: allocations"),
        (["hospital=2000"], "planted hospital=2000: expected a number from 0 to 1000"),
    ],
)
def test_command_says_what_it_cannot_plant(tmp_path: Path, given: list[str], told: str) -> None:
    options = [word for each in given for word in ("--plant", each)]
    made = dq_here(tmp_path, "sample", "world", "--feed", "pcgts", *options)
    assert made.returncode == 2
    assert told in made.stderr
    assert not (tmp_path / "world").exists()
