"""The engine finds in the samples what was planted there, and nothing else: per feed, rule and organisation."""

from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from dq_engine import Run, WorkerProcess, store
from dq_engine.engine import Options, run_checks
from dq_engine.model import Measure
from dq_engine.sample import feed_names
from tests.sample.compare import Comparison, compare, extracts_in, read_key
from tests.sample.conftest import Samples

NO_ROWS_OF_NETWORKS = "the samples have no rows of primary care networks"
VACUOUS = {"list_sizes": {"pcn_code_form": NO_ROWS_OF_NETWORKS}}
"""Rules that have nothing to judge in the samples, by feed, and why."""
WORLDS = [(1, 1), (7, 2)]
"""Seeds and scales; the first are those of the repository's sample data (test_sample_data.py)."""


def stored(directory: Path) -> Run:
    """The run in a directory, with its measures."""
    rows = pq.read_table(directory / "measures.parquet", columns=list(Measure.__struct_fields__)).to_pylist()
    return msgspec.structs.replace(store.load(directory), measures=tuple(Measure(**row) for row in rows))


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: f"seed {world[0]}, scale {world[1]}")
def checked(
    request: pytest.FixtureRequest, samples: Samples, worker: WorkerProcess, checked_samples: Path
) -> tuple[Run, dict[str, Comparison]]:
    """The run over one world, and how it compares with the key, by feed."""
    if request.param == WORLDS[0]:
        folder, (run,) = checked_samples / "sample_data", map(stored, checked_samples.glob("dq-results/*"))
    else:
        folder = samples(*request.param)
        run = run_checks(extracts_in(folder, feed_names()), Options(), worker)
    return run, {comparison.feed: comparison for comparison in compare(run, read_key(folder))}


@pytest.mark.parametrize("feed", feed_names())
def test_engine_counts_what_the_key_says(checked: tuple[Run, dict[str, Comparison]], feed: str) -> None:
    assert checked[1][feed].differences == []


@pytest.mark.parametrize("feed", feed_names())
def test_only_listed_rules_have_nothing_to_judge(checked: tuple[Run, dict[str, Comparison]], feed: str) -> None:
    assert sorted(checked[1][feed].vacuous) == sorted(VACUOUS.get(feed, {}))


@pytest.mark.parametrize("feed", feed_names())
def test_rules_fail_in_every_feed_and_none_fails_that_nobody_broke(checked: tuple[Run, dict[str, Comparison]], feed: str) -> None:
    run, comparisons = checked
    (extract,) = (extract for extract in run.extracts if extract.name == feed)
    assert comparisons[feed].failed
    assert {outcome.status for outcome in extract.outcomes} <= {"pass", "fail", "vacuous"}
