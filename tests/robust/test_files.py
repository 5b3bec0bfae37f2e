"""Damaged Parquet files and bombs: a small part of what ``python -m tests.robust.files`` tries, always the same files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from dq_engine import WorkerProcess, check
from tests.robust import files_change
from tests.robust.files import Judge, Oracle, cases
from tests.robust.files_bombs import BOMBS
from tests.robust.files_start import starts

SEED = 20261122
COUNT = 40
QUICK = (
    "256 MB of zeros, said to be 2 GB",
    "a text of 2 GB that is not there",
    "a schema 10,000 deep",
    "1,000 columns, all in the same bytes",
    "an endless list of row groups",
)


@pytest.fixture(scope="module")
def judge(worker: WorkerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    folder = tmp_path_factory.mktemp("files")
    with Oracle(folder) as oracle:
        yield Judge(worker, oracle, folder)


def test_damaged_files(judge: Judge) -> None:
    tried = [judge.try_file(kind, content, start) for kind, content, start in cases(SEED, 0, COUNT)]
    assert [finding for one in tried for finding in one.findings] == []
    assert {one.ended for one in tried} >= {"error: refused", "error in some checks", "fail"}
    assert any(one.confirmed for one in tried)


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("name", QUICK)
def test_bombs(name: str, verify: bool, judge: Judge) -> None:
    tried = judge.try_bomb(name, BOMBS[name], verify=verify)
    assert tried.findings == ()


def test_a_wrong_pass_would_be_found(judge: Judge, tmp_path: Path) -> None:
    """The sound file's passes are not confirmed by readings of another file."""
    one, other = (start for start in starts() if start.name in ("without statistics", "NULLs alone"))
    path = tmp_path / "rows.parquet"
    path.write_bytes(one.content)
    outcomes = check(path, one.suite, worker=judge.worker, checksums=False).extracts[0].outcomes
    passed = {outcome.check: outcome for outcome in outcomes if outcome.status == "pass"}
    wrong, confirmed = judge.unconfirmed(passed, path, one)
    assert (wrong, confirmed) == ([], "pyarrow")
    path.unlink()
    path.write_bytes(other.content)
    wrong, _ = judge.unconfirmed(passed, path, one)
    assert len(wrong) > 5


@pytest.mark.parametrize("change", [*files_change.OF_FOOTER, *files_change.OF_PAGES, *files_change.ANYWHERE])
def test_each_way_changes_the_file(change: files_change.Change) -> None:
    chance = random.Random(1)
    content = starts()[0].content
    assert any(change(content, chance) != content for _ in range(5))
