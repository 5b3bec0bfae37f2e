"""The engine finds in the samples what was planted there, and nothing else: per feed, rule and organisation."""

from pathlib import Path

import pytest

from dq_engine import Run, WorkerProcess, store
from dq_engine.sample import feed_names
from tests.sample.compare import Comparison, checked, compare, counted, extracts_in, read_key
from tests.sample.conftest import Samples

NO_ROWS_OF_NETWORKS = "the samples have no rows of primary care networks"
VACUOUS = {"list_sizes": {"pcn_code_form": NO_ROWS_OF_NETWORKS}}
"""Rules that have nothing to judge in the samples, by feed, and why."""
WORLDS = [(1, 1), (7, 2)]
"""Seeds and scales; the first are those of the repository's sample data (test_sample_data.py)."""


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: f"seed {world[0]}, scale {world[1]}")
def compared(
    request: pytest.FixtureRequest,
    samples: Samples,
    worker: WorkerProcess,
    checked_samples: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Run, dict[str, Comparison]]:
    """The run over one world, and how it compares with the key, by feed."""
    if request.param == WORLDS[0]:
        folder, (directory,) = checked_samples / "sample_data", checked_samples.glob("dq-results/*")
    else:
        folder = samples(*request.param)
        directory = checked(extracts_in(folder, feed_names()), tmp_path_factory.mktemp("checked") / "results", worker)
    run = store.load(directory)
    return run, {comparison.feed: comparison for comparison in compare(run, read_key(folder), counted(directory))}


@pytest.mark.parametrize("feed", feed_names())
def test_engine_counts_what_the_key_says(compared: tuple[Run, dict[str, Comparison]], feed: str) -> None:
    assert compared[1][feed].differences == []


@pytest.mark.parametrize("feed", feed_names())
def test_only_listed_rules_have_nothing_to_judge(compared: tuple[Run, dict[str, Comparison]], feed: str) -> None:
    assert sorted(compared[1][feed].vacuous) == sorted(VACUOUS.get(feed, {}))


@pytest.mark.parametrize("feed", feed_names())
def test_rules_fail_in_every_feed_and_none_fails_that_nobody_broke(
    compared: tuple[Run, dict[str, Comparison]], feed: str
) -> None:
    run, comparisons = compared
    (extract,) = (extract for extract in run.extracts if extract.name == feed)
    assert comparisons[feed].failed
    assert {outcome.status for outcome in extract.outcomes} <= {"pass", "fail", "vacuous"}
