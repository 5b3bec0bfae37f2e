"""A browser, pages that may not complain, and the site of the sample data."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.command import dq
from tests.docs.means import Faults, forget, opened_browser

ROOT = Path(__file__).resolve().parents[2]
NewPage = Callable[..., Page]
BuiltOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all tests here of a worker. It ends with them: while it runs, nothing else in the process can use asyncio."""
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def faults() -> Faults:
    """What the test's pages complained of; ``faults.take()`` to expect it."""
    return Faults()


@pytest.fixture
def new_page(browser: Browser, faults: Faults) -> Iterator[NewPage]:
    """``new_page(color_scheme="dark", java_script_enabled=False, …)``: an empty page with a history and storage of its own.

    At the end of the test no page of it may have complained.
    """
    contexts = []

    def new(**options: Any) -> Page:
        context = browser.new_context(offline=True, reduced_motion="reduce", **options)
        faults.watch(context)
        contexts.append(context)
        return context.new_page()

    yield new
    left = faults.take()
    for context in contexts:
        context.close()
    assert not left, "\n".join(left)


@pytest.fixture(scope="package")
def kept_page(browser: Browser) -> Page:
    """One for many tests: to start a process for a new page, and to warm it, takes longer than most of them."""
    return browser.new_context(offline=True, reduced_motion="reduce").new_page()


@pytest.fixture
def page(kept_page: Page, faults: Faults) -> Iterator[Page]:
    """A page of 1280 by 900, light, that has seen and stored nothing; at the end of the test it may not have complained."""
    kept_page.set_viewport_size({"width": 1280, "height": 900})
    faults.watch(kept_page.context)
    yield kept_page
    forget(kept_page)
    left = faults.take()
    faults.leave(kept_page.context)
    assert not left, "\n".join(left)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> BuiltOnce:
    """``built_once(name, build)``: the folder that ``build(folder)`` filled, once for all workers of the session."""
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root

    def built(name: str, build: Callable[[Path], object]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                partial = shared / f"{name}.partial"
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                build(partial)
                partial.rename(folder)
        return folder

    return built


@pytest.fixture(scope="session")
def site(built_once: BuiltOnce, checked_samples: Path) -> Path:
    """The pages of a run of the sample data."""

    def build(folder: Path) -> None:
        done = dq(folder, "docs", str(checked_samples / "dq-results"), "--output", "site", deadline=300)
        assert done.returncode == 0, done.stderr

    return built_once("samples", build) / "site"
