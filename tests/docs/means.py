"""What is asked of a page in a real browser: does it complain, is it accessible, is its HTML valid, how does it look."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, WebError, sync_playwright

CHECKERS = Path(__file__).resolve().parents[2] / ".venv" / "checkers" / "node_modules"
AXE = CHECKERS / "axe-core" / "axe.min.js"
VALIDATOR = CHECKERS / "vnu-jar" / "build" / "dist" / "vnu.jar"

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOCAL = ("file:", "about:", "data:", "blob:")
CHECKED = (".html", ".css", ".svg")
CUT = 6000


def needed(path: str | Path | None, what: str) -> Path:
    """``path`` if there is such a file; else the test is skipped, and in CI fails: there it would be missed by nobody."""
    if path is not None and Path(path).is_file():
        return Path(path)
    said = f"{what} is not there: python3 .ci/environment.py test installs it, or says how"
    if os.environ.get("CI") == "true":
        pytest.fail(said, pytrace=False)
    pytest.skip(said)


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Debian's Chromium, headless, with nowhere to go but to files. Playwright starts it without its sandbox, as root must."""
    chromium = needed(shutil.which("chromium"), "the browser (Debian's chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--host-resolver-rules=MAP * ~NOTFOUND"])
        yield browser
        browser.close()


class Faults:
    """What pages complained of since it was last asked: errors and warnings of the console (the breach of a
    Content-Security-Policy is one), exceptions, dialogs, requests that are not for a file (none is let through)."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._contexts: list[BrowserContext] = []

    def watch(self, context: BrowserContext) -> None:
        for event, heard in self._events().items():
            context.on(event, heard)  # type: ignore[call-overload]
        self._contexts.append(context)

    def leave(self, context: BrowserContext) -> None:
        """What a context complains of from now on is somebody else's."""
        self._contexts.remove(context)
        for event, heard in self._events().items():
            context.remove_listener(event, heard)

    def take(self) -> list[str]:
        """The faults so far; afterwards there are none. A test that expects faults takes them; whatever is left at its end fails it."""
        for context in self._contexts:
            for page in context.pages:
                page.title()  # the browser has reported all that came before its answer
        found, self._found = self._found, []
        return found

    def _events(self) -> dict[str, Callable[[Any], None]]:
        return {"console": self._console, "weberror": self._exception, "dialog": self._dialog, "request": self._request}

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self._found.append(f"console {message.type}: {message.text}")

    def _exception(self, error: WebError) -> None:
        self._found.append(f"exception: {error.error}")

    def _dialog(self, dialog: Dialog) -> None:
        self._found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith(LOCAL):
            self._found.append(f"request: {request.url}")


def forget(page: Page) -> None:
    """Makes a page as good as new: empty, without a past, a store, an address to go back to, or a way of its own to look."""
    page.goto("about:blank")
    page.emulate_media(media="null", color_scheme="null")
    session = page.context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": "file://", "storageTypes": "all"})
    session.send("Page.resetNavigationHistory")
    session.detach()


@cache
def _axe() -> str:
    return needed(AXE, "axe-core, the checker of accessibility,").read_text(encoding="utf-8")


def axe(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA and good practice on the page as it is shown now, one text per element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    options = {"runOnly": {"type": "tag", "values": STANDARDS}, "resultTypes": ["violations"], "preload": False}
    found: list[dict[str, Any]] = page.evaluate("async options => (await axe.run(document, options)).violations", options)
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}\n  {' '.join(map(str, node['target']))}\n  {node['html']}\n  {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def valid(*paths: Path) -> list[str]:
    """What the Nu validator says of files, and of all HTML, CSS and SVG in folders: ``file:line: error: message``.

    One call for many files: Java takes seconds to start. What a policy lets a page load is left to the browser: for the validator no
    file is its page's ``'self'``.
    """
    for path in paths:
        assert path.suffix in CHECKED or any(path.rglob("*.html")), f"{path} holds nothing that is checked"
    java = needed(shutil.which("java"), "Java, which the validator of HTML runs on,")
    jar = needed(VALIDATOR, "vnu, the validator of HTML,")
    which = [
        "--skip-non-html",
        "--also-check-css",
        "--also-check-svg",
        "--filterpattern",
        "Resource violates Content Security Policy.*",
    ]
    how = ["--format", "json", "--stdout", "--exit-zero-always"]
    command = [java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss4m", "-jar", jar, *which, *how, *paths]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0 and done.stdout, done.stderr
    return [
        f"{message.get('url', '').removeprefix('file:')}:{message.get('lastLine', '')}: "
        f"{message.get('subType', message['type'])}: {message['message']}"
        for message in json.loads(done.stdout)["messages"]
    ]


def screenshot(page: Page, path: Path, width: int, dark: bool = False) -> None:
    """The whole page (no more than its first 6,000 pixels) as it looks at this width, light or dark, as PNG."""
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.set_viewport_size({"width": width, "height": 900})
    height = page.evaluate("() => document.documentElement.scrollHeight")
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": min(max(height, 900), CUT)})


def chosen(site: Path, patterns: Sequence[str] = (), most: int = 3) -> list[Path]:
    """The pages of a site that patterns name; without any, at most so many of each folder."""
    if patterns:
        return sorted({path for pattern in patterns for path in site.glob(pattern) if path.suffix == ".html"})
    folders = sorted({path.parent for path in site.rglob("*.html")})
    return [path for folder in folders for path in sorted(folder.glob("*.html"))[:most]]
