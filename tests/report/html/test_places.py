"""Where pages are: names that any text can have, and links that lead there."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_engine.report.html import places

texts = st.text(max_size=200) | st.sampled_from(
    ["8e8", "8E8", "gp_it/targets", "../../etc/passwd", "index", "CON", "a" * 500, ""]
)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (places.organisation("8G1"), "organisations/8G1.html"),
        (places.extract("20240102T030405Z-abcdef", "list_sizes"), "runs/20240102T030405Z-abcdef/extracts/list_sizes.html"),
        (places.rule("expect_column_to_exist"), "rules/expect_column_to_exist.html"),
        (places.further("checks.html", 1), "checks.html"),
        (places.further("checks.html", 3), "checks-3.html"),
    ],
)
def test_usual_names_stay_as_they_are(place: str, said: str) -> None:
    assert place == said


@given(texts, texts)
def test_different_texts_have_different_files_also_where_capitals_are_not_told_apart(one: str, other: str) -> None:
    names = [places.organisation(text).casefold() for text in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    anchors = [places.check_anchor(text) for text in (one, other)]
    assert (anchors[0] == anchors[1]) == (one == other)


@given(texts)
def test_no_text_leads_out_of_its_folder_or_makes_an_odd_name(text: str) -> None:
    folder, name = places.organisation(text).split("/")
    assert folder == "organisations"
    assert len(name) < 100
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
    assert name.removesuffix(".html").strip(".") and name != "index.html"


def test_links_are_relative_to_the_page_that_says_them() -> None:
    assert places.link("assets/dq.css", "index.html") == "assets/dq.css"
    assert places.link("organisations/8G1.html", "runs/r/extracts/a.html") == "../../../organisations/8G1.html"
    assert places.link("checks.html", "checks.html", "status=fail&text=a b") == "checks.html#status=fail&text=a%20b"
    assert unquote(places.link("a b#.html", "x/y.html")) == "../a b#.html"
    assert places.root("runs/r/extracts/a.html") == "../../../"
