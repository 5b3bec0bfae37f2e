"""Writing samples: the same rows every time, whatever the threads; other rows by another seed; and what goes wrong."""

from pathlib import Path

import duckdb
import pytest

from dq_engine import UsageError, WorkerProcess
from dq_engine.errors import WorkerError
from dq_engine.sample import ANSWER_KEY, MOST_SORTED, feed_names, write_samples

FEEDS = ["pcgts", "practices", "list_sizes"]
Rows = list[tuple[object, ...]]


def rows_in(folder: Path) -> dict[str, Rows]:
    """All rows of all files of a folder, in file order."""
    with duckdb.connect() as connection:
        paths = [*sorted(folder.glob("*.parquet")), folder / ANSWER_KEY]
        return {str(path.relative_to(folder)): connection.execute(f"SELECT * FROM '{path}'").fetchall() for path in paths}


@pytest.fixture(scope="module")
def first(worker: WorkerProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    folder = tmp_path_factory.mktemp("first")
    write_samples(folder, worker, feeds=FEEDS)
    return rows_in(folder)


def test_written_is_what_is_said(worker: WorkerProcess, tmp_path: Path) -> None:
    written = write_samples(tmp_path / "new" / "folder", worker, feeds=FEEDS)
    assert [one.feed for one in written] == sorted(FEEDS)
    found = rows_in(tmp_path / "new" / "folder")
    assert set(found) == {ANSWER_KEY, *(f"{feed}.parquet" for feed in FEEDS)}
    assert {one.path.name: one.rows for one in written} == {name: len(rows) for name, rows in found.items() if name != ANSWER_KEY}


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_same_arguments_give_the_same_rows_whatever_the_threads(
    worker: WorkerProcess, tmp_path: Path, first: dict[str, Rows], threads: int
) -> None:
    write_samples(tmp_path, worker, feeds=reversed(FEEDS), threads=threads)  # type: ignore[arg-type]
    assert rows_in(tmp_path) == first


def test_files_that_are_not_sorted_have_an_order_too(worker: WorkerProcess, tmp_path: Path) -> None:
    scale = MOST_SORTED + 1
    for threads in (1, 2):
        write_samples(tmp_path / str(threads), worker, feeds=["pcgts", "practices"], scale=scale, threads=threads)
    assert rows_in(tmp_path / "1") == rows_in(tmp_path / "2")


@pytest.mark.parametrize("changed", [{"seed": 2}, {"scale": 2}, {"periods": 3}])
def test_other_arguments_give_other_rows(
    worker: WorkerProcess, tmp_path: Path, first: dict[str, Rows], changed: dict[str, int]
) -> None:
    write_samples(tmp_path, worker, feeds=FEEDS, **changed)  # type: ignore[arg-type]
    found = rows_in(tmp_path)
    assert found.keys() == first.keys()
    assert all(found[name] != first[name] for name in found)


def test_large_feed_needs_little_memory(worker: WorkerProcess, tmp_path: Path) -> None:
    """A million rows of list sizes within 150 MB: they are not held."""
    (written,) = write_samples(tmp_path, worker, feeds=["list_sizes"], scale=17, periods=3, memory_limit="150MB")
    assert written.rows > 1_100_000


def test_key_of_some_feeds_is_about_these_feeds_only(worker: WorkerProcess, tmp_path: Path) -> None:
    write_samples(tmp_path, worker, feeds=["practices"])
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT DISTINCT feed FROM '{tmp_path / ANSWER_KEY}'").fetchall() == [("practices",)]


def test_progress_tells_which_feed_is_written(worker: WorkerProcess, tmp_path: Path) -> None:
    heard: list[tuple[str, float]] = []
    write_samples(tmp_path, worker, feeds=["list_sizes"], scale=8, progress=lambda feed, fraction: heard.append((feed, fraction)))
    assert {feed for feed, _ in heard} == {"list_sizes"}
    assert all(0 <= fraction <= 1 for _, fraction in heard)


def test_unknown_feed_is_refused(worker: WorkerProcess, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such feed: lists \(known: .*list_sizes"):
        write_samples(tmp_path, worker, feeds=["lists"])


@pytest.mark.parametrize("wrong", [{"scale": 0}, {"periods": 0}, {"scale": -1}])
def test_world_without_rows_is_refused(worker: WorkerProcess, tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="must be at least 1"):
        write_samples(tmp_path, worker, feeds=["pcgts"], **wrong)  # type: ignore[arg-type]


def test_folder_that_cannot_be_made_is_refused(worker: WorkerProcess, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be made"):
        write_samples(tmp_path / "file" / "folder", worker, feeds=["pcgts"])


def test_file_that_cannot_be_written_is_an_error_and_leaves_no_old_key(worker: WorkerProcess, tmp_path: Path) -> None:
    write_samples(tmp_path, worker, feeds=["practices"])
    (tmp_path / "pcgts.parquet").mkdir()
    (tmp_path / "pcgts.parquet" / "file").touch()
    with pytest.raises(WorkerError, match="could not be written"):
        write_samples(tmp_path, worker, feeds=["pcgts"])
    assert not (tmp_path / ANSWER_KEY).exists()


def test_names_with_quotes_are_folders_like_others(worker: WorkerProcess, tmp_path: Path) -> None:
    (written,) = write_samples(tmp_path / "o'hara's \"data\"", worker, feeds=["pcgts"])
    assert written.path.is_file()


def test_every_feed_is_found_by_its_module() -> None:
    assert set(FEEDS) <= set(feed_names())
    assert feed_names() == sorted(feed_names())
