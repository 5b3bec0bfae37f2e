"""The pages of organisations: who has one, what it says, what the public does not see; text stays text."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from dq_engine.findings import Finding
from dq_engine.model import ExtractRun, Organisation, Outcome, Run, SuiteReference
from dq_engine.report.html import organisation_pages, places
from dq_engine.report.html.about import Past, RunAbout, SiteAbout
from dq_engine.report.html.figures import Exact, Figures, Published
from dq_engine.report.html.pages import MOST, Pages, Site
from dq_engine.scores import OVERALL, Lift, Part, Rating, SampleReference, Scores, Tally, Term, Wave
from tests.rating.runs import instrument, item
from tests.report.made import REFERENCE, RUN

HOSPITAL, CARE = "hospital.commission", "social_care.commission"
INSTRUMENT = instrument(
    item("commission"),
    item("commission", source="social_care"),
    sources={"hospital": "Hospital records", "social_care": "Social care records"},
    functions={"commission": "Commission services"},
)
TITLES = {HOSPITAL: "Hospital records: Commission services", CARE: "Social care records: Commission services"}
PCGT = Organisation("5A1", "pcgt", region="North East", kind="PCT")
OTHER = Organisation("5A2", "pcgt", region="South", kind="PCG")
PRACTICE = Organisation("A81001", "practice", parent="5A1", region="North East")
HOMELESS = Organisation("A81002", "practice")
REGISTERED = (PCGT, OTHER, PRACTICE, HOMELESS)
TERM = Term(Part("spells", "completeness", ("day",)), 0.5, 0.4321, 0.4, 0.5, 0.2839, Tally(4.0, 9.0, 9))
RATINGS = (
    Rating(
        "all",
        "5A1",
        HOSPITAL,
        "poor",
        0.7161,
        0.7,
        0.8432,
        ("poor", "good"),
        1.0,
        "",
        (TERM,),
        "fair",
        (Lift(TERM.part, 0.4321, 0.6),),
    ),
    Rating("all", "5A1", CARE, None, reason="no data came"),
    Rating("all", "5A1", OVERALL, "poor", 0.7161, 0.7, 0.8432, ("poor", "good"), 0.5),
    *(Rating("all", "5A2", one, None, reason="no data came") for one in (HOSPITAL, CARE)),
    Rating("all", "5A2", OVERALL, None, reason="no item is rated"),
)
SCORES = Scores(
    version=1,
    instrument=REFERENCE,
    level="pcgt",
    runs=(RUN,),
    waves=(Wave("all"),),
    ratings=RATINGS,
    tables=(),
    organisations=(PCGT, OTHER),
    titles=TITLES,
)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}\u202e'
SHOWN = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}\\x202e'
FOUND = {
    "5A1": ([Finding("spells", "days", 3, 200), Finding("spells", "codes", 40, 4000)], 7),
    "A81001": ([Finding("spells", "codes", 12, 480)], 2),
}


def outcome(check: str, **given: Any) -> Outcome:
    return Outcome(check, "spells", "expect_it", {}, f"The rule of {check}", "fail", "critical", "validity", **given)


def extract(*outcomes: Outcome, name: str = "spells", title: str = "Hospital spells") -> ExtractRun:
    suite = SuiteReference(name, f"{name}.json", "0" * 64)
    return ExtractRun(name, "spells", title, "pcgt", "hospital", suite, len(outcomes), outcomes)


SPELLS = extract(outcome("days"), msgspec.structs.replace(outcome("codes"), severity="info", dimension="accuracy", status="pass"))


def about(
    *registered: Organisation,
    found: dict[str, tuple[list[Finding], int]] | None = None,
    levels: dict[str, str] | None = None,
    figures: Figures | None = None,
    extracts: Sequence[ExtractRun] = (SPELLS,),
    scores: Scores | None = SCORES,
    **given: Any,
) -> SiteAbout:
    run = Run(
        version=1,
        id=RUN.id,
        started=RUN.started,
        seconds=1.0,
        engine={},
        options={},
        extracts=tuple(extracts),
        planned=2,
        exit_code=1,
        verdict="failed",
    )
    own = RunAbout(
        run=run,
        earlier=(),
        figures=figures or Exact(),
        rules=frozenset(),
        organisations=frozenset(),
        worst={},
        scores=scores,
        instrument=INSTRUMENT if scores else None,
        no_ratings="" if scores else "Nothing could be rated: no measures.",
    )
    judged = FOUND if found is None else found

    def by_organisation(codes: Sequence[str]) -> Iterable[tuple[str, list[Finding], int]]:
        return ((code, *judged.get(code, ([], 0))) for code in codes)

    defaults: dict[str, Any] = {"past": (), "rules": (), "places": {}}
    return SiteAbout(run=own, levels=levels or {}, found=by_organisation, registered=registered, **{**defaults, **given})


class Read(HTMLParser):
    """A page as a reader has it: its text, rows of tables, links, and tags with their attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.page = page
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.cell = False
        self.feed(page.decode())
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.cell = False

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"
        if self.cell:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())

    def row(self, first: str) -> list[str]:
        return next(row for row in self.rows if row and row[0] == first)

    def all_of(self, tag: str, key: str) -> list[str | None]:
        return [given[key] for name, given in self.tags if name == tag and key in given]


Made = Callable[..., dict[str, Read]]


@pytest.fixture(scope="module")
def made() -> Made:
    """``made(about)``: the pages by their places."""
    pages = Pages(Site("For tests.", "dq 1"))
    return lambda given: {place: Read(page) for place, page in organisation_pages.pages(given, pages)}


def of(site: dict[str, Read], code: str) -> Read:
    return site[places.organisation(code)]


# ----------------------------------------------------------------------------------------------------------- who has a page


def test_every_registered_organisation_has_a_page_and_a_line(made: Made) -> None:
    site = made(about(*REGISTERED, levels={"A81001": "practice", "XXX": "practice"}))
    assert set(site) == {places.ORGANISATIONS, *(places.organisation(one.code) for one in REGISTERED)}
    listed = site[places.ORGANISATIONS]
    assert [row[0] for row in listed.rows[1:]] == ["5A1", "5A2", "A81001", "A81002"]
    assert "2 PCG/Ts and 2 practices. Rated: 1." in listed.text
    assert "Codes in the data that are in no register, and so without a page or a rating: 1." in listed.text
    assert "XXX" in listed.text


def test_only_some_codes_of_no_register_are_named(made: Made) -> None:
    strangers = {f"X{number:04}": "practice" for number in range(60)}
    text = made(about(*REGISTERED, levels=strangers))[places.ORGANISATIONS].text
    assert "Codes in the data that are in no register, and so without a page or a rating: 60." in text
    assert "X0049" in text
    assert "X0050" not in text
    assert "and 10 more" in text


def test_without_a_register_all_that_was_counted_for_has_a_page(made: Made) -> None:
    site = made(about(levels={"A81001": "practice", "5A9": "pcgt"}, scores=None))
    assert set(site) == {places.ORGANISATIONS, places.organisation("A81001"), places.organisation("5A9")}
    listed = site[places.ORGANISATIONS]
    assert "Nothing could be rated: no measures." in listed.text
    assert "rated" not in listed.row("5A9")
    assert "12 of 480 (2.5 %) rows" in of(site, "A81001").text


def test_a_level_that_no_register_is_about_is_not_left_out() -> None:
    found = organisation_pages.known([PRACTICE], {"A81001": "practice", "XXX": "practice", "5A1": "pcgt"}, None)
    assert sorted(found) == ["5A1", "A81001"]


def test_search_finds_every_page(made: Made) -> None:
    given = about(*REGISTERED)
    found = list(organisation_pages.entries(given))
    assert ("Organisation", "5A1", "organisations/5A1.html", "PCG/T, PCT, North East") in found
    assert {address for _, _, address, _ in found} == set(made(given)) - {places.ORGANISATIONS}


def test_odd_codes_have_pages_of_their_own(made: Made) -> None:
    codes = ["../../etc/passwd", "con", "a b", "A B", "index", "5A1-2", "☃" * 200]
    site = made(about(*(Organisation(code, "pcgt") for code in codes), scores=None))
    assert len(site) == len(codes) + 1
    assert all(posixpath.dirname(posixpath.normpath(place)) == "organisations" for place in site)
    links = {unquote(link) for link in site[places.ORGANISATIONS].links}
    assert {posixpath.basename(place) for place in site} <= links | {"index.html"}


# ------------------------------------------------------------------------------------------------------------- what it says


def test_a_rated_organisation_says_how_why_and_what_would_help(made: Made) -> None:
    page = of(made(about(*REGISTERED)), "5A1")
    assert "PCG/T, PCT, North East" in page.text
    assert "Modelled rating, not a survey response" in page.text
    assert "All items together: poor score and 95 % interval: 0.7161 (0.7000 to 0.8432)" in page.text
    assert "Few records leave open which rating from poor to good it is." in page.text
    assert page.row("Hospital records") == ["Hospital records", "poor 0.7161 (0.7000 to 0.8432)"]
    assert page.row("Social care records") == ["Social care records", "not rated"]
    assert "Not rated, as no data came: Social care records: Commission services" in page.text
    assert "completeness of spells (day): 0.4321, lowers the score by 0.2839" in page.text
    assert "It would be rated fair, from" in page.text
    assert "with completeness of spells (day): 0.4321 → 0.6000." in page.text


def test_an_organisation_that_is_not_rated_says_why(made: Made) -> None:
    site = made(about(*REGISTERED))
    assert "no item is rated: no data came." in of(site, "5A2").text
    assert site[places.ORGANISATIONS].row("5A2")[1] == "not rated no item is rated: no data came"
    practice = of(site, "A81001").text
    assert "Practices are not rated here: PCG/Ts are. What this practice sends counts for its PCG/T." in practice
    assert "That is rated poor over all items" in practice
    assert "counts for nobody: no register says for whom." in of(site, "A81002").text


def test_who_is_not_in_the_sample_is_told_so(made: Made) -> None:
    sample = SampleReference("1 of 2", 7, (), ("5A1",))
    scores = msgspec.structs.replace(SCORES, ratings=RATINGS[:3], sample=sample)
    assert "It is not in the sample" in of(made(about(*REGISTERED, scores=scores)), "5A2").text


def test_practices_and_pcgts_lead_to_each_other(made: Made) -> None:
    site = made(about(*REGISTERED))
    assert "A81001.html" in of(site, "5A1").links
    assert "A81001 : 1 of 2" in of(site, "5A1").text
    assert "5A1.html" in of(site, "A81001").links
    assert "Practices" not in of(site, "5A2").text


def test_a_pcgt_lists_the_practices_with_most_first_and_counts_the_others(made: Made) -> None:
    practices = [Organisation(f"A{number:05}", "practice", parent="5A1") for number in range(203)]
    found = {"A00202": ([Finding("spells", "codes", 1, 2)], 3)}
    page = of(made(about(PCGT, *practices, found=found)), "5A1")
    listed = [link for link in page.links if link.startswith("A0")]
    assert len(listed) == 200
    assert listed[0] == "A00202.html"
    assert "Practices: 203" in page.text
    assert "and 3 more" in page.text


def test_failing_checks_have_what_was_found_here_and_lead_to_the_check(made: Made) -> None:
    where = {("spells", "codes"): "runs/r/extracts/spells-2.html"}
    page = of(made(about(*REGISTERED, places=where)), "5A1")
    assert "2 of 7 checks that judged anything here found something." in page.text
    assert page.row("3 of 200 (1.5 %) rows") == [
        "3 of 200 (1.5 %) rows",
        "The rule of days Hospital spells, Hospital",
        "critical",
        "validity",
        "Whole extract: ✗ Failed",
    ]
    assert f"../{places.extract(RUN.id, 'spells')}#{places.check_anchor('days')}" in page.links
    assert "../runs/r/extracts/spells-2.html#check-codes" in page.links
    assert page.all_of("tr", "data-severity") == ["critical", "info"]
    assert page.all_of("option", "value") == ["", "critical", "info", "", "validity", "accuracy", "", "hospital", "", "spells"]


def test_where_nothing_was_judged_that_is_said(made: Made) -> None:
    site = made(about(*REGISTERED, found={"5A2": ([], 4)}))
    assert "No check judged anything here" in of(site, "5A1").text
    assert "None: nothing that could be told apart by organisation breaks a rule here." in of(site, "5A2").text
    assert "form" not in [tag for tag, _ in of(site, "5A2").tags]


def test_history_tells_of_stretches_and_of_what_did_not_change(made: Made) -> None:
    items = (HOSPITAL, CARE, OVERALL)
    past = [
        Past(f"2024010{n}T000000Z-ab", f"2024-01-0{n}", items, {"5A1": ratings}) for n, ratings in enumerate(("202", "203"), 1)
    ]
    past.append(Past("20240103T000000Z-ab", "2024-01-03", items, {"5A2": "111"}))
    page = of(made(about(*REGISTERED, past=tuple(past))), "5A1")
    assert page.row("Item") == ["Item", "1 January 2024", "2 January 2024", "3 January 2024"]
    assert page.row("All items together") == ["All items together", "poor", "fair", "–"]
    assert page.row(TITLES[CARE]) == [TITLES[CARE], "not rated", "–"]
    assert page.all_of("td", "colspan") == ["2", "2"]
    assert "../runs/20240101T000000Z-ab/index.html" in page.links
    assert "Run by run" not in of(made(about(*REGISTERED, past=tuple(past[:1]))), "5A1").text


def test_waves_stand_beside_each_other(made: Made) -> None:
    waves = msgspec.structs.replace(
        SCORES,
        waves=(Wave("autumn", "2024-10-01", "2024-11-30"), Wave("winter", "2024-12-01")),
        ratings=(
            Rating("autumn", "5A1", OVERALL, "fair", 0.75),
            Rating("winter", "5A1", OVERALL, "good", 0.85),
            *(Rating(wave, "5A1", HOSPITAL, "good", 0.85) for wave in ("autumn", "winter")),
        ),
    )
    page = of(made(about(*REGISTERED, waves=waves)), "5A1")
    assert page.row("Item") == ["Item", "autumn 2024-10-01 to 2024-11-30", "winter 2024-12-01"]
    assert page.row("All items together") == ["All items together", "fair", "good"]
    assert "1 other item: the same throughout." in page.text


def test_the_list_has_ratings_by_source_and_can_be_filtered(made: Made) -> None:
    listed = made(about(*REGISTERED))[places.ORGANISATIONS]
    assert listed.row("5A1") == ["5A1", "poor", "2 of 7", "PCG/T PCT", "North East", "", "poor", "not rated"]
    assert listed.row("A81001") == ["A81001", "", "1 of 2", "practice", "North East", "5A1", "", ""]
    regions = listed.all_of("tr", "data-region")
    assert all(region and " " not in region for region in regions)
    assert set(regions) <= set(listed.all_of("option", "value"))
    assert {"poor", places.name("not rated")} == set(listed.all_of("tr", "data-rating"))


# -------------------------------------------------------------------------------------------------- the public; text; length


def test_the_public_sees_no_small_count_and_no_score(made: Made) -> None:
    found = {
        "5A1": (
            [Finding("spells", "days", None, 200), Finding("spells", "codes", 43, 4001), Finding("spells", "other", 3, 200)],
            7,
        )
    }
    extracts = [extract(*SPELLS.outcomes, outcome("other"))]
    past = tuple(Past(f"r{n}", "2024-01-01", (HOSPITAL, CARE, OVERALL), {"5A1": "202"}) for n in range(2))
    site = made(about(*REGISTERED, found=found, figures=Published(), extracts=extracts, past=past))
    page = of(site, "5A1")
    rows = [row[0] for row in page.rows if row[1:] and row[1].startswith("The rule of")]
    assert rows[0] == "45 of 4,000 (1 %) rows"
    assert [row[0] for row in rows[1:]] == ["*"], "what is hidden before is not listed, small ones that are not are hidden here"
    assert "The counts of 1 are hidden." in page.text
    everything = b"".join(one.page for one in site.values()).decode()
    assert not [
        secret for secret in ("0.71", "0.70", "0.84", "0.43", "0.28", "0.6000", "4001", "0.0107", "0.015") if secret in everything
    ]
    assert "poor" in page.row("Hospital records")[1]
    assert "It would be rated fair if this were better: completeness of spells (day)." in page.text


def test_what_is_hidden_is_counted_and_not_listed(made: Made) -> None:
    extracts = [extract(*(outcome(f"rule{number}") for number in range(3)))]
    findings = [Finding("spells", f"rule{number}", None, 200) for number in (2, 0, 1)]
    page = of(made(about(PCGT, found={"5A1": (findings, 3)}, figures=Published(), extracts=extracts)), "5A1")
    assert not [row for row in page.rows if row[0].startswith("*")]
    assert "The counts of 3 are hidden" in page.text and "None of which the count may be published" in page.text


def test_hostile_text_stays_text(made: Made) -> None:
    hostile = Organisation(HOSTILE, "pcgt", HOSTILE, HOSTILE, HOSTILE)
    bad = extract(msgspec.structs.replace(outcome(HOSTILE), statement=HOSTILE), name=HOSTILE, title=HOSTILE)
    scores = msgspec.structs.replace(
        SCORES,
        ratings=tuple(
            msgspec.structs.replace(one, organisation=HOSTILE, reason=HOSTILE, why=(), lift=())
            for one in RATINGS
            if one.organisation == "5A2"
        ),
        organisations=(),
        titles=dict.fromkeys(TITLES, HOSTILE),
    )
    waves = msgspec.structs.replace(
        scores, waves=(Wave(HOSTILE, HOSTILE), Wave("b")), ratings=(Rating("b", HOSTILE, OVERALL, "fair", 0.7),)
    )
    found = {HOSTILE: ([Finding(HOSTILE, HOSTILE, 1, 2)], 1)}
    levels = {f"{HOSTILE}!": "pcgt"}
    site = made(about(hostile, found=found, levels=levels, extracts=[bad], scores=scores, waves=waves))
    for page in site.values():
        assert SHOWN in page.text
        assert "\u202e" not in page.text
        assert "img" not in [tag for tag, _ in page.tags]
        assert page.page.count(b"<script") == 2
        assert not [key for _, given in page.tags for key in given if key.startswith("on") or key == "style"]


def test_long_lists_are_dealt_out(made: Made) -> None:
    practices = [Organisation(f"A{number:05}", "practice") for number in range(550)]
    site = dict(organisation_pages.pages(about(*practices, found={}, scores=None), Pages(Site("For tests.", "dq 1"))))
    assert len(site) == 552
    first, second = Read(site[places.ORGANISATIONS]), Read(site["organisations/index-2.html"])
    assert (len(first.rows) - 1, len(second.rows) - 1) == (500, 50)
    assert {"index.html", "index-2.html"} <= set(first.links) & set(second.links)


def test_very_many_checks_go_on_on_further_pages(made: Made) -> None:
    rules = [msgspec.structs.replace(outcome(f"rule{number}"), statement="<" * 4_000) for number in range(120)]
    found = {"5A1": ([Finding("spells", rule.check, 1, 2) for rule in rules], 120)}
    site = made(about(PCGT, found=found, extracts=[extract(*rules)]))
    parts = [site["organisations/5A1.html"], site["organisations/5A1-2.html"], site["organisations/5A1-3.html"]]
    assert sum(len(part.all_of("tr", "data-severity")) for part in parts) == 120
    assert all(len(part.page) < MOST + 100_000 for part in parts)
    assert "5A1-2.html" in parts[0].links
    assert "Hospital records" in parts[0].text
    assert "Hospital records" not in parts[1].text


def test_an_organisation_with_nothing_found_has_a_small_page(made: Made) -> None:
    assert len(of(made(about(*REGISTERED)), "5A2").page) < 15_000


def test_links_lead_to_pages_that_there_are(made: Made) -> None:
    site = made(about(*REGISTERED, levels={"XXX": "practice"}))
    others = {
        places.OVERVIEW,
        places.CHECKS,
        places.HELP,
        places.RUNS,
        places.RATINGS,
        places.RULES,
        places.extract(RUN.id, "spells"),
    }
    for place, page in site.items():
        paths = [urlsplit(link).path for link in page.links]
        led = {posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(path))) for path in paths if path}
        assert led <= {*site, *others}
