"""The pages of ratings: every number that is shown is that of the scores, with what it is of; text stays text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from dq_engine.model import Organisation
from dq_engine.report.html import places, rating_pages
from dq_engine.report.html.about import RunAbout, SiteAbout
from dq_engine.report.html.figures import Exact, Published
from dq_engine.report.html.pages import MOST, Pages, Site
from dq_engine.scores import OVERALL, RATINGS, Change, NotCounted, Rating, SampleReference, Scores, Wave
from tests.rating.runs import Extract, Rule, instrument, item, made
from tests.report.made import REFERENCE, RUN, SAMPLE, row

HOSPITAL, CARE = "hospital.commission", "social_care.commission"
TITLES = {HOSPITAL: "Hospital records: Commission services", CARE: "Social care records: Commission services"}
INSTRUMENT = instrument(
    item("commission"),
    item("commission", source="social_care"),
    sources={"hospital": "Hospital records", "social_care": "Social care records"},
    functions={"commission": "Commission services"},
)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}\u202e'
SHOWN = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}\\x202e'


class Read(HTMLParser):
    """A page as a reader has it: the rows of its tables, its links, ids, tags, and its text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.in_cell = False
        self.feed(page.decode())
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self.links += [given["href"] or ""] if tag == "a" else []
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"
        if self.in_cell:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())

    def row(self, first: str, place: int = 0) -> list[str]:
        return [row for row in self.rows if row and row[0] == first][place]


def rating(code: str, item: str, step: int, wave: str = "all", score: float | None = None, reason: str = "") -> Rating:
    return Rating(wave, code, item, RATINGS[step - 1] if step else None, score, reason=reason)


def ratings(code: str, *steps: int, score: float | None = None) -> list[Rating]:
    """The ratings of the two items, and of both together."""
    return [
        rating(code, name, step, score=score if name == OVERALL else None, reason="" if step else "no data came")
        for name, step in zip((HOSPITAL, CARE, OVERALL), steps, strict=True)
    ]


def scores(**more: Any) -> Scores:
    settings: dict[str, Any] = {
        "waves": (Wave("all"),),
        "ratings": (
            *ratings("5A1", 5, 4, 5, score=0.95),
            *ratings("5A2", 1, 0, 1, score=0.2512),
            *ratings("5A3", 0, 0, 0),
            *ratings("5A4", 2, 5, 2, score=0.6),
        ),
        "tables": (
            row("all", HOSPITAL, 1, 1, 0, 0, 1, population=4),
            row("all", CARE, 0, 0, 0, 1, 1, population=4),
            row("all", OVERALL, 1, 1, 0, 0, 1, population=4),
        ),
        "organisations": (
            Organisation("5A1", "pcgt", region="North", kind="PCT"),
            Organisation("5A2", "pcgt", region="South West"),
        ),
        **more,
    }
    return Scores(version=1, instrument=REFERENCE, level="pcgt", runs=(RUN,), titles=TITLES, **settings)


def about(found: Scores | None, *, internal: bool = True, **more: Any) -> SiteAbout:
    run = made(Extract("spells", [Rule("days", "completeness")]), id=RUN.id)
    site = {name: more.pop(name) for name in ("waves",) if name in more}
    settings: dict[str, Any] = {
        "scores": found,
        "instrument": INSTRUMENT if found else None,
        "organisations": frozenset({"5A1", "5A2"}),
        **more,
    }
    return SiteAbout(
        run=RunAbout(
            run=run,
            earlier=(),
            figures=Exact() if internal else Published(),
            rules=frozenset(),
            worst={},
            **settings,
        ),
        past=(),
        rules=(),
        levels={},
        found=lambda codes: iter(()),
        places={("spells", "days"): places.extract(RUN.id, "spells")},
        **site,
    )


def read(site: SiteAbout) -> dict[str, Read]:
    return {place: Read(page) for place, page in rating_pages.pages(site, Pages(Site("For tests.", "1")))}


def test_a_row_of_the_study_has_every_count_with_what_it_is_of() -> None:
    page = read(about(scores()))[places.RATINGS]
    assert page.row("Commission services") == [
        "Commission services",
        "1 33.3 %",
        "1 33.3 %",
        "0",
        "0",
        "1 33.3 %",
        "2 of 3 66.7 %",
        "1 of 4",
    ]
    assert page.row("Commission services", 1)[4:] == ["1 50.0 %", "1 50.0 %", "0 of 2 0 %", "2 of 4"]
    assert page.row("All items together")[6:] == ["2 of 3 66.7 %", "1 of 4"]
    assert [row[0] for row in page.rows if row][:5] == [
        "Item", "Hospital records", "Commission services", "Social care records", "Commission services",
    ]  # fmt: skip
    assert {"item-" + places.name(name) for name in (HOSPITAL, CARE, OVERALL)} <= set(page.ids)
    assert "Modelled rating, not a survey response." in page.text and "its numbers are assumed" in page.text
    assert "Most often poor or worse: Hospital records: Commission services, 2 of 3 (66.7 %)" in page.text
    assert "All 4 PCG/Ts" in page.text and "interval" not in page.text


def test_a_sample_has_estimates_with_intervals_and_says_how_it_was_drawn() -> None:
    sample = SampleReference("72 of 6500 organisations, drawn at random", 7, (("North", 4000, 40), (HOSTILE, 2500, 32)))
    found = msgspec.structs.replace(
        SAMPLE, ratings=tuple(ratings("5A1", 5, 4, 5)), sample=sample, tables=SAMPLE.tables, titles=TITLES
    )
    page = read(about(found))[places.RATINGS]
    shown = page.row("Commission services")
    assert shown[1] == "0 ~0 % 0.0–5.0 %" and shown[6:] == ["14 of 71 ~18.4 % 10.4–28.7 %", "1 of 72"]
    assert "14 of 71 (~18.4 %), 95 % interval 10.4–28.7 %" in page.text
    assert page.row("North") == ["North", "4,000", "40", "100"] and page.row(SHOWN)[3] == "78.12"
    assert "to estimate what holds for all 6,500 practices" in page.text
    assert "Nobody answered of South: the other strata stand for them." in page.text


def test_what_is_not_rated_is_shown_as_such_with_its_reasons() -> None:
    nobody = row("all", HOSPITAL, 0, 0, 0, 0, 0, population=4, note="Nobody is rated.")
    found = scores(tables=(nobody, *scores().tables[1:]))
    made = read(about(found))
    page = made[places.RATINGS]
    assert page.row("Commission services") == ["Commission services", *["–"] * 5, "– nobody is rated", "4 of 4"]
    assert page.row("no data came") == ["no data came", "3 of 8 (37.5 %)", "2: 5A2 , 5A3"]
    assert "3 of 8 (37.5 %) ratings of items are missing." in page.text
    assert "../organisations/5A2.html" in page.links and "../organisations/5A3.html" not in page.links
    assert made[rating_pages.MAP].row("5A3") == ["5A3", "– not rated", "– not rated", "– not rated", "–"]


def test_only_the_first_reasons_are_spelled_out() -> None:
    many = [rating(f"5B{place}", HOSPITAL, 0, reason=f"reason {place}") for place in range(rating_pages.REASONS + 3)]
    page = read(about(scores(ratings=tuple(many))))[places.RATINGS]
    assert page.row("reason 1") == ["reason 1", "1 of 15 (6.7 %)", "1: 5B1"]
    assert "And 3 further reasons" in page.text


def test_organisations_are_listed_worst_first_with_a_rating_in_words_for_each_item() -> None:
    page = read(about(scores()))[rating_pages.MAP]
    head, *rows = [row for row in page.rows if len(row) == 5]
    assert head == ["Organisation", "All items", "Hospital: commission", "Social care: commission", "Score"]
    assert [row[0].split()[0] for row in rows] == ["5A2", "5A4", "5A1", "5A3"]
    assert rows[0] == ["5A2 South West", "1 very poor", "1 very poor", "– not rated", "0.2512"]
    assert rows[2] == ["5A1 PCT North", "5 very good", "5 very good", "4 good", "0.9500"]
    body = [given for tag, given in page.tags if tag == "tr" and "data-region" in given]
    options = {given["value"] for tag, given in page.tags if tag == "option"}
    assert {given[key] for given in body for key in ("data-region", "data-kind", "data-rating")} <= options
    assert all(" " not in (option or "") for option in options)
    assert "../organisations/5A1.html" in page.links and "../organisations/5A4.html" not in page.links


def test_the_public_gets_no_scores_and_no_order_by_them() -> None:
    close = (*ratings("5A1", 4, 4, 4, score=0.8012), *ratings("5A2", 4, 4, 4, score=0.8011))
    internal, public = (read(about(scores(ratings=close), internal=who))[rating_pages.MAP] for who in (True, False))
    assert [row[0].split()[0] for row in internal.rows[1:]] == ["5A2", "5A1"]
    assert [row[0].split()[0] for row in public.rows[1:]] == ["5A1", "5A2"]
    assert "0.8012" in internal.text and "0.801" not in public.text and public.rows[0][-1] != "Score"


def test_a_long_list_of_organisations_goes_on_on_further_pages_that_link_to_each_other() -> None:
    many = [one for place in range(1000) for one in ratings(f"X{place:04}{'y' * 300}", 1 + place % 5, 3, 1 + place % 5)]
    site = about(scores(ratings=tuple(many)), organisations=frozenset(f"X{place:04}" for place in range(1000)))
    pages = dict(rating_pages.pages(site, Pages(Site("For tests.", "1"))))
    lists = [place for place in pages if place.startswith("ratings/organisations")]
    assert lists == ["ratings/organisations.html", "ratings/organisations-2.html"]
    assert max(map(len, pages.values())) < MOST
    shown = [Read(pages[place]) for place in lists]
    assert all({"organisations.html", "organisations-2.html"} <= set(page.links) for page in shown)
    assert sum(row[0].startswith("X") for page in shown for row in page.rows) == 1000
    last = sum(row[0].startswith("X") for row in shown[0].rows)
    assert f"this page has {last + 1:,} to 1,000" in shown[1].text


def test_groups_have_a_page_of_their_own_with_a_row_each() -> None:
    groups = (
        row("all", HOSPITAL, 1, 0, 0, 0, 0, by="region", group="North", population=2),
        row("all", HOSPITAL, 0, 1, 0, 0, 1, by="region", group=HOSTILE, population=2),
    )
    made = read(about(scores(tables=(*scores().tables, *groups))))
    page = made["ratings/by-region.html"]
    assert page.row("North")[6:] == ["1 of 1 100 %", "1 of 2"]
    assert page.row(SHOWN)[6:] == ["1 of 2 50.0 %", "0 of 2"]
    assert "by-region.html" in made[places.RATINGS].links and "ratings/by-kind.html" not in made


def test_waves_are_told_side_by_side_with_their_changes() -> None:
    waves = scores(
        waves=(Wave("autumn", "2024-10-01", "2024-11-30"), Wave("winter", "2024-12-01"), Wave("spring", "2025-03-01")),
        tables=(
            row("autumn", HOSPITAL, 0, 6, 12, 120, 345),
            row("winter", HOSPITAL, 0, 0, 0, 0, 487),
            row("spring", HOSPITAL, 0, 0, 0, 0, 0, note="Nobody is rated."),
        ),
        changes=(
            Change(HOSPITAL, "", "", "poor or worse", "autumn", "winter", 483, -6 / 483, -0.02, 0.00001),
            Change(HOSPITAL, "", "", "poor or worse", "winter", "spring", 0, None),
        ),
    )
    made = read(about(scores(), waves=waves))
    page = made[places.RATINGS]
    assert ["Item", "autumn", "winter"] in page.rows and "Nobody is rated in spring." in page.text
    assert ["Commission services", "6 of 483 1.2 %", "0 of 487 0 %"] in page.rows
    assert ["Commission services", "−1.2 −2.0 to +<0.1 of 483"] in page.rows
    assert ["Item", "autumn to winter"] in page.rows
    every = made[rating_pages.WAVES]
    assert [row[6:] for row in every.rows if row[0] == "Commission services"] == [
        ["– nobody is rated", "487 of 487"], ["0 of 487 0 %", "0 of 487"], ["6 of 483 1.2 %", "4 of 487"],
    ]  # fmt: skip
    alone = read(about(scores()))
    assert rating_pages.WAVES not in alone and "Wave by wave" not in alone[places.RATINGS].text


def test_what_was_not_counted_is_counted_by_reason_and_listed() -> None:
    left_out = (
        NotCounted("spells", "days", "completeness", "fail", "was judged for the extract as a whole"),
        NotCounted("spells", HOSTILE, "validity", "vacuous", "no rows to judge"),
    )
    made = read(about(scores(not_counted=left_out)))
    assert made[places.RATINGS].row("no rows to judge") == ["no rows to judge", "1"]
    page = made[rating_pages.LEFT_OUT]
    assert page.row("spells") == ["spells", "days", "completeness", "✗ Failed", "was judged for the extract as a whole"]
    assert page.row("spells", 1)[1] == SHOWN
    assert places.link(places.extract(RUN.id, "spells"), rating_pages.LEFT_OUT, "check-days") in page.links


@pytest.mark.parametrize("hostile", [HOSTILE, "x" * 10_000, "javascript:alert(1)"])
def test_hostile_text_stays_text(hostile: str) -> None:
    evil = msgspec.structs.replace(
        INSTRUMENT,
        title=hostile,
        description=hostile,
        sources={"hospital": hostile, "social_care": "Social care records"},
        functions={"commission": hostile},
        items=tuple(msgspec.structs.replace(one, question=hostile) for one in INSTRUMENT.items),
    )
    found = scores(
        ratings=(*scores().ratings, *ratings(hostile, 0, 1, 0)),
        organisations=(Organisation(hostile, "pcgt", region=hostile, kind=hostile),),
        notes=(hostile,),
    )
    found = msgspec.structs.replace(found, titles=dict.fromkeys(TITLES, hostile))
    made = read(about(found, instrument=evil, organisations=frozenset({hostile})))
    plain = read(about(scores()))
    for place, page in made.items():
        assert not [given for tag, given in page.tags if any(name.startswith("on") or name == "style" for name in given)]
        for tag in ("script", "img", "iframe"):
            assert [name for name, _ in page.tags].count(tag) == [name for name, _ in plain[place].tags].count(tag)
        assert not [link for link in page.links if link.startswith("javascript:")]
        assert "49" not in page.text or "{{7*7}}" not in hostile
    shown = SHOWN if hostile == HOSTILE else hostile
    assert shown in made[places.RATINGS].text and made[rating_pages.MAP].row(f"{shown} {shown} {shown}")[1] == "– not rated"


def test_links_within_the_pages_lead_somewhere() -> None:
    made = read(about(scores(not_counted=(NotCounted("spells", "days", "validity", "fail", "so"),))))
    for place, page in made.items():
        assert len(page.ids) == len(set(page.ids))
        for link in page.links:
            target, _, anchor = link.partition("#")
            to = f"ratings/{target}" if target else place
            if "/" not in target:
                assert to in made and (not anchor or anchor in made[to].ids), link


def test_where_nothing_could_be_rated_the_page_says_why() -> None:
    made = read(about(None, no_ratings=f"No run: {HOSTILE}"))
    assert list(made) == [places.RATINGS] and f"No run: {SHOWN}" in made[places.RATINGS].text
    assert not list(rating_pages.entries(about(None)))


def test_items_can_be_searched_for() -> None:
    found = list(rating_pages.entries(about(scores())))
    page = read(about(scores()))[places.RATINGS]
    assert [(kind, title) for kind, title, _, _ in found] == [("Item", title) for title in TITLES.values()]
    assert all(address.startswith("ratings/index.html#") and address.partition("#")[2] in page.ids for _, _, address, _ in found)
