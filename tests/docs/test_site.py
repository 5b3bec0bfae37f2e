"""The pages of the sample data in a real browser: what readers do with them. No page may complain, or ask for anything elsewhere."""

import os
import random
import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.docs.conftest import NewPage
from tests.docs.means import axe, valid

KINDS = {
    "overview": "index.html",
    "ratings": "ratings/index.html",
    "every rating": "ratings/organisations.html",
    "ratings by region": "ratings/by-region.html",
    "organisations": "organisations/index.html",
    "a PCG/T": "organisations/8G1.html",
    "checks": "checks.html",
    "runs": "runs/index.html",
    "a run": "runs/*/run.html",
    "an extract": "runs/*/extracts/hospital_activity.html",
    "queries": "runs/*/queries/allocations.html",
    "rules": "rules/index.html",
    "a rule": "rules/expect_column_values_to_exist_in_other_extract.html",
    "help": "help.html",
}
"""A page of each kind."""


def one(site: Path, pattern: str) -> Path:
    (page,) = site.glob(pattern)
    return page


def opened(page: Page, path: Path, anchor: str = "") -> Page:
    page.goto(path.as_uri() + (f"#{anchor}" if anchor else ""))
    return page


def shown(rows: Locator) -> int:
    return rows.filter(visible=True).count()


def test_every_page_opens_without_a_word_of_complaint(site: Path, page: Page) -> None:
    """Of pages that are alike (organisations, rules, queries) 8 each, drawn at random; with DQ_EVERY_PAGE=1 all."""
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 2_000
    if not os.environ.get("DQ_EVERY_PAGE"):
        for folder in ("organisations", "rules", "queries"):
            alike = [path for path in pages if path.parent.name == folder and not path.name.startswith("index")]
            pages = sorted(set(pages) - set(alike) | set(random.Random(5).sample(alike, min(len(alike), 8))))
    for path in pages:
        page.goto(path.as_uri(), wait_until="load")
        seen = page.evaluate(
            "() => [document.querySelectorAll('h1').length, document.title, document.documentElement.scrollWidth <= innerWidth, "
            "document.querySelectorAll('[style]').length]"
        )
        assert seen[0] == 1 and seen[1].endswith("– dq") and seen[2] and not seen[3], (path, seen)


LONG = {"every rating": "8g", "organisations": "8g", "checks": "nhs number"}
"""Words by which long lists are made shorter for a check that looks at every element again and again."""
DARK = ["overview", "ratings", "every rating", "a PCG/T", "checks", "an extract", "a run"]
"""Kinds of pages that have all colours between them."""


@pytest.mark.parametrize(("scheme", "kind"), [*(("light", kind) for kind in KINDS), *(("dark", kind) for kind in DARK)])
def test_no_barrier_is_found(site: Path, page: Page, kind: str, scheme: Literal["light", "dark"]) -> None:
    page.set_viewport_size({"width": 1280 if scheme == "light" else 375, "height": 900})
    page.emulate_media(color_scheme=scheme)
    opened(page, one(site, KINDS[kind]))
    if kind in LONG:
        page.get_by_label(re.compile("^Words")).fill(LONG[kind])
    details = page.locator("main details")
    if details.count():
        details.first.evaluate("details => { details.open = true; }")
    assert axe(page) == []


def test_the_html_of_each_kind_of_page_is_valid(site: Path) -> None:
    some = [*site.glob("organisations/8G*.html")] + [one(site, pattern) for pattern in KINDS.values()]
    assert valid(*some, *site.glob("assets/*.css"), *site.glob("assets/*.svg")) == []


def test_no_page_is_wider_than_a_telephone(site: Path, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    for pattern in KINDS.values():
        opened(page, one(site, pattern))
        wide, window = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window, pattern


# ---------------------------------------------------------------------------------------------------------------- filters


def test_checks_are_filtered_by_result_severity_dimension_source_and_extract(site: Path, page: Page) -> None:
    opened(page, site / "checks.html")
    rows = page.locator("table.dq-checks tbody tr")
    everything = rows.count()
    expect(page.locator(".dq-filters__count")).to_have_text(f"{everything} of {everything} checks shown")
    page.get_by_label("Result").select_option("fail")
    page.get_by_label("Severity").select_option("critical")
    page.get_by_label("Source").select_option("hospital")
    left = shown(rows)
    assert 0 < left < everything
    assert left == page.locator('tr[data-status="fail"][data-severity="critical"][data-source="hospital"]').count()
    expect(page.locator(".dq-filters__count")).to_have_text(f"{left} of {everything} checks shown")
    page.get_by_label("Dimension").select_option("completeness")
    page.get_by_label("Extract", exact=True).select_option("hospital_activity")
    assert (
        shown(rows)
        == page.locator(
            'tr[data-status="fail"][data-severity="critical"][data-dimension="completeness"][data-extract="hospital_activity"]'
        ).count()
    )
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".dq-filters__count")).to_have_text(f"{everything} of {everything} checks shown")
    assert shown(rows) == everything


def test_a_filter_is_part_of_the_address_and_the_back_button_undoes_it(site: Path, page: Page) -> None:
    opened(page, site / "checks.html")
    rows = page.locator("table.dq-checks tbody tr")
    everything = rows.count()
    page.get_by_label("Result").select_option("vacuous")
    assert page.url.endswith("#status=vacuous")
    few = shown(rows)
    page.get_by_label("Severity").select_option("critical")
    page.go_back()
    expect(page.get_by_label("Severity")).to_have_value("")
    assert shown(rows) == few
    page.go_back()
    expect(page.get_by_label("Result")).to_have_value("")
    assert shown(rows) == everything
    opened(page, site / "help.html")
    opened(page, site / "checks.html", "status=vacuous")
    expect(page.get_by_label("Result")).to_have_value("vacuous")
    assert shown(rows) == few


def test_the_overview_leads_to_what_it_counts(site: Path, page: Page) -> None:
    opened(page, site / "index.html")
    tile = page.locator(".dq-tiles li", has_text="nothing to judge")
    count = int(tile.locator("strong").inner_text())
    tile.get_by_role("link").click()
    expect(page.locator(".dq-filters__count")).to_have_text(re.compile(rf"^{count} of \d+ checks shown"))
    assert shown(page.locator("table.dq-checks tbody tr")) == count


def test_words_are_looked_for_in_what_a_row_says(site: Path, page: Page) -> None:
    opened(page, site / "checks.html")
    page.get_by_label("Words in a rule").fill("NHS number")
    rows = page.locator("table.dq-checks tbody tr").filter(visible=True)
    assert rows.count() > 3
    for row in rows.all():
        assert "nhs" in row.inner_text().lower() and "number" in row.inner_text().lower()


def test_an_organisation_shows_its_checks_and_they_lead_to_the_rule(site: Path, page: Page) -> None:
    opened(page, site / "organisations" / "index.html")
    page.get_by_label("Words").fill("8g1 pcg/t")
    page.get_by_role("link", name="8G1", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("8G1")
    rows = page.locator("table.dq-list tbody tr")
    everything = rows.count()
    page.get_by_label("Source", exact=True).select_option("hospital")
    assert 0 < shown(rows) < everything
    rows.filter(visible=True).first.get_by_role("link").first.click()
    target = page.locator("tr:target")
    expect(target).to_be_visible()
    expect(target.locator("details")).to_have_attribute("open", "")


def test_rows_are_sorted_by_a_click_on_their_head(site: Path, page: Page) -> None:
    opened(page, one(site, KINDS["an extract"]))
    head = page.locator("th", has=page.get_by_role("button", name="Found"))
    cells = page.locator("table.dq-checks tbody td:nth-child(3)")
    for direction in ("ascending", "descending"):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", direction)
        values = [float(cell.get_attribute("data-value") or 0) for cell in cells.all()]
        assert values == sorted(values, reverse=direction == "descending")
    assert page.locator("th[aria-sort]").count() == 1


# ------------------------------------------------------------------------------------------------------- links and search


def test_an_address_of_a_check_opens_it(site: Path, page: Page) -> None:
    opened(page, one(site, KINDS["an extract"]), "check-spell_unique")
    row = page.locator("#check-spell_unique")
    expect(row).to_be_in_viewport()
    expect(row.get_by_text("SQL that finds them")).to_be_visible()
    page.go_back()
    opened(page, one(site, KINDS["an extract"]))
    page.get_by_label("Result").select_option("pass")
    assert shown(page.locator("#check-spell_unique")) == 0


@pytest.mark.parametrize(
    ("words", "kind", "title"),
    [
        ("8G1", "PCG/T", "8G1"),
        ("hospital activity", "Extract", "Hospital activity"),
        ("spell_id provider_code more than once", "Check", "No combination of provider_code and spell_id"),
        ("exist_in_other_extract", "Rule", "expect_column_values_to_exist_in_other_extract"),
        ("hospital commission", "Item", "Hospital EPR"),
    ],
)
def test_the_search_finds_whatever_there_is(site: Path, page: Page, words: str, kind: str, title: str) -> None:
    opened(page, one(site, KINDS["an extract"]))
    box = page.get_by_label("Search checks, organisations, extracts and rules")
    box.fill(words)
    found = page.locator("#search-results a").filter(has_text=kind).filter(has_text=title).first
    expect(found).to_be_visible()
    found.click()
    expect(page.locator("main")).to_contain_text(title)


def test_the_search_is_used_with_the_keyboard(site: Path, page: Page) -> None:
    opened(page, site / "index.html")
    page.get_by_label("Search checks").fill("8G1")
    page.locator("#search-results a").first.wait_for()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#search-results a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search-results")).to_be_hidden()
    page.keyboard.type("zzzz")
    expect(page.locator("#search-found")).to_have_text("0 found")


def test_the_first_stop_of_the_keyboard_leads_past_the_menu(site: Path, page: Page) -> None:
    opened(page, site / "index.html")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to main content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_sql_and_ids_are_copied_by_a_button(site: Path, new_page: NewPage) -> None:
    page = new_page(viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"])
    opened(page, one(site, KINDS["an extract"]), "check-spell_unique")
    row = page.locator("#check-spell_unique")
    row.get_by_role("button", name="Copy SQL of spell_unique").click()
    expect(row.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == row.locator("pre").inner_text() and "QUALIFY" in copied


# -------------------------------------------------------------------------------------------------- colours, paper, scripts


def test_colours_follow_the_system_and_the_choice_of_the_reader_is_kept(site: Path, new_page: NewPage) -> None:
    page = new_page(color_scheme="dark", viewport={"width": 1280, "height": 900})

    def paper() -> str:
        return str(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))

    opened(page, site / "index.html")
    dark = paper()
    page.get_by_role("button", name="Light colours").click()
    light = paper()
    assert light != dark
    opened(page, site / "help.html")
    assert paper() == light
    page.get_by_role("button", name="Dark colours").click()
    assert paper() == dark


def test_all_is_there_without_scripts(site: Path, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    opened(page, one(site, KINDS["an extract"]))
    rows = page.locator("table.dq-checks tbody tr")
    assert shown(rows) == rows.count() == 35
    for needs_scripts in (".dq-filters", ".dq-search", ".dq-theme", ".dq-copy", ".dq-sort"):
        assert page.locator(needs_scripts).filter(visible=True).count() == 0, needs_scripts
    row = page.locator("#check-spell_unique")
    row.locator("summary").click()
    expect(row.locator("pre")).to_be_visible()
    page.get_by_role("link", name="Organisations").first.click()
    page.get_by_role("link", name="8G1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("8G1")


def test_printing_unfolds_everything_and_leaves_out_what_paper_cannot_do(site: Path, page: Page, tmp_path: Path) -> None:
    opened(page, one(site, KINDS["an extract"]))
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    for name in (".dq-filters", ".dq-search", ".nhsuk-header__navigation", ".dq-copy"):
        assert page.locator(name).filter(visible=True).count() == 0, name
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator("main details[open]").count() == 0
    pdf = page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) > 3
