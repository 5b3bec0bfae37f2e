"""What many tests share: one worker process, a short way to write a suite, and the data that is not part of the repository."""

import fcntl
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dq_engine import WorkerProcess
from tests.command import dq

LONG = (
    "test_action",
    "test_privacy",
    "test_laws",
    "test_answer_key",
    "test_examples",
    "test_site",
    "test_differential",
    "test_bad_extracts",
    "test_gx_conformance",
    "test_faults",
    "test_hostile_suites",
    "test_files",
    "test_browser_means",
    "test_scoring",
    "test_write",
    "test_calibrate",
    "test_score",
    "test_world",
    "test_planting",
    "test_datasource",
    "test_worker_death",
    "test_store",
    "test_exit_codes",
)
"""The files that take longest: they run first, so that no process works on one of them when the others have done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


Suite = dict[str, Any]
MakeSuite = Callable[..., Suite]


def limits() -> dict[str, tuple[int, int]]:
    """What this process may take, by kind."""
    return {kind: resource.getrlimit(getattr(resource, kind)) for kind in dir(resource) if kind.startswith("RLIMIT_")}


@pytest.fixture(autouse=True)
def _limits_stay() -> Iterator[None]:
    """No test may leave a limit of the process behind: the next would suffer it, the browser first."""
    before = limits()
    yield
    assert limits() == before


@pytest.fixture(scope="session")
def worker() -> Iterator[WorkerProcess]:
    """One worker for all checks of a session: starting one takes longer than most checks."""
    with WorkerProcess() as process:
        yield process


@pytest.fixture(scope="session")
def make_suite() -> MakeSuite:
    """``make_suite((type, kwargs), …, **meta_dq)``: a suite whose expectations have their place as id ("0", "1", …)."""

    def suite(*expectations: tuple[str, dict[str, Any]], **feed: Any) -> Suite:
        listed = [{"type": name, "kwargs": kwargs, "id": str(place)} for place, (name, kwargs) in enumerate(expectations)]
        return {"name": "tests", "expectations": listed, "meta": {"dq": {"feed": "tests", **feed}}}

    return suite


@pytest.fixture(scope="session")
def checked_samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which ``dq check sample_data`` was run, once for all processes that run tests; only to be read."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "checked_samples"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            folder.mkdir()
            for name in ("sample_data", "expectations"):
                (folder / name).symlink_to(Path(__file__).resolve().parents[1] / name)
            dq(folder, "check", "sample_data", "--fail-on", "never", "--quiet", deadline=300)
    assert len(list(folder.glob("dq-results/*/run.json"))) == 1
    return folder


def folder_of(variable: str, what: str) -> Path:
    """The folder that an environment variable names; skips the test where it is not set."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: it names the folder with {what}, which is not part of the repository")
    folder = Path(value)
    assert folder.is_dir(), f"{variable} names {value}, which is not a folder"
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with extracts of NHS open data and the facts known about them (see realdata/README.md)."""
    return folder_of("DQ_REAL_DATA", "extracts of NHS open data")


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The folder with the cases recorded from Great Expectations."""
    return folder_of("DQ_CONFORMANCE", "cases recorded from Great Expectations")
