"""Markdown, as a renderer of GitHub's flavour shows it: texts of others stay text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dq_engine.model import Run
from dq_engine.report import markdown
from dq_engine.report.words import clean

from .conftest import BAD, each_kind

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
TEXTS = {"text", "code_inline", "softbreak", "text_special"}


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def shown(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


@each_kind
def test_nothing_in_it_is_markup_but_its_own(kind: str, runs: dict[str, Run]) -> None:
    tokens = RENDERER.parse(markdown.render(runs[kind], verbose=True).decode())
    assert {token.type for token in inline(tokens)} <= TEXTS
    assert not {token.type for token in tokens} & {"html_block", "fence", "code_block", "hr", "blockquote_open"}
    kinds = " ".join(token.type for token in tokens)
    for row in re.findall("tr_open (.*?) tr_close", kinds):
        assert row.count("td_open") + row.count("th_open") in (3, 4)


def test_hostile_texts_are_shown_as_they_are(runs: dict[str, Run]) -> None:
    tokens = RENDERER.parse(markdown.render(runs["hostile"], verbose=True).decode())
    cells = [shown(token) for token in tokens if token.type == "inline"]
    assert clean(f"says {BAD}") in cells
    assert clean(f"=cmd {BAD}") in cells
    (extract,) = runs["hostile"].extracts
    assert "add-mask" in extract.name
    assert clean(extract.name) in cells


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("|`\\<>[]()*_~#&:/@!-+=.1 w"))))
@example("a\\|b `c` || www.x.example")
@example("`|`")
@example("1. x")
@example("- x")
@example("&amp;")
@example("http://x|")
def test_any_text_is_one_cell_that_shows_it(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {markdown.text(text)} | end |\n"
    cells = [shown(token) for token in RENDERER.parse(table) if token.type == "inline"]
    assert [" ".join(cell.split()) for cell in cells] == ["a", "b", " ".join(clean(text).split()), "end"]
    (item, *_) = [shown(token) for token in RENDERER.parse(f"- {markdown.text(text)}\n") if token.type == "inline"] or [""]
    assert " ".join(item.split()) == " ".join(clean(text).split())


def test_it_says_what_was_waived_and_what_the_gate_holds(runs: dict[str, Run]) -> None:
    waived = markdown.render(runs["waived"]).decode()
    assert "WAIVED" in waived
    assert "3 failed (1 critical, 1 warning, 1 info; 1 waived)" in waived
    assert "waived by A. Lead until 2030-05-31" in waived
    assert "no extract of the feed list\\_sizes came" in markdown.render(runs["gate"]).decode()


@pytest.mark.parametrize("room", [0, 40, 300, 700, 100_000])
def test_what_there_is_no_room_for_is_left_out_and_it_says_so(room: int, runs: dict[str, Run]) -> None:
    whole, cut = markdown.render(runs["error"]), markdown.render(runs["error"], room=room)
    assert len(cut) <= room
    assert cut == whole or cut == b"" or cut.endswith(b"\nMore was found than there is room for here.\n")
    assert cut != b"" or room < 100
