"""Text of others stays text, on every page, and leads nowhere."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.command import dq
from tests.docs.conftest import BuiltOnce
from tests.docs.means import Faults, valid
from tests.docs.sites import HOSTILE, hostile_run

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
STEERING = set("\u202e\u202c\u2066\u2069\u200b\x1b")


@pytest.fixture(scope="module")
def hostile(built_once: BuiltOnce) -> Path:
    def build(folder: Path) -> None:
        hostile_run(folder)
        done = dq(folder, "docs", "results", "--output", "site")
        assert done.returncode == 0, done.stderr

    return built_once("hostile", build) / "site"


class Elements(HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_no_page_has_an_element_an_attribute_or_an_address_that_somebody_else_wrote(hostile: Path) -> None:
    pages = sorted(hostile.rglob("*.html"))
    assert len(pages) > 70
    for page in pages:
        found = Elements(page)
        for tag, attributes in found.elements:
            assert tag not in ("img", "iframe", "object", "embed", "base", "style"), (page.name, tag)
            assert not [name for name in attributes if name.startswith("on") or name == "style"], (page.name, attributes)
            address = attributes.get("href") or attributes.get("src") or ""
            assert ":" not in address.partition("#")[0], (page.name, address)
            if tag == "script":
                assert (attributes.get("src") or "").endswith((".js",)), page.name
        policies = [
            a["content"] for tag, a in found.elements if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policies == [POLICY], page.name
        assert not STEERING & set(page.read_text(encoding="utf-8")), page.name


def test_the_texts_are_there_as_they_were_written(hostile: Path) -> None:
    extract = next((hostile / "runs").glob("*/extracts/*.html"))
    text = Elements(extract).text
    for hostile_text in HOSTILE[:4]:
        assert hostile_text in text
    assert "\\x202eevil" in text, "what steers is spelled out"


def test_in_a_browser_nothing_happens(hostile: Path, page: Page, faults: Faults) -> None:
    for path in sorted(hostile.rglob("*.html")):
        if path.parent.name == "rules" and path.name != "index.html":
            continue
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.locator("h1").count() == 1, path
        assert page.title().endswith("– dq"), path
        box: Any = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert box[0] <= box[1], f"{path} is wider than the window"
    page.goto((hostile / "index.html").as_uri())
    page.get_by_label("Search checks").fill("script")
    page.locator("#search-results a").first.wait_for()
    assert page.locator("#search-results script, #search-results img").count() == 0
    assert faults.take() == []


def test_its_html_is_valid(hostile: Path) -> None:
    pages = [page for page in hostile.rglob("*.html") if page.parent.name != "rules"]
    assert valid(*pages) == []
