"""The pages of the reference as values: complete, plain, and free of mark-up but for code between backticks."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_engine import explain, feed_page, load_suite
from dq_engine.catalog import CATALOG
from dq_engine.reference import (
    Argument,
    ExampleCase,
    ExampleColumn,
    ExampleExtract,
    Fact,
    FeedColumn,
    FeedPage,
    FeedRule,
    RulePage,
    Section,
    pieces,
)
from tests.generated import SUITES

PAGES = [pytest.param(page, id=page.name) for page in explain.rule_pages()]


def texts(value: Any) -> Iterator[str]:
    """Every text that a page says in its own words, and not what an example has as data or arguments."""
    if isinstance(value, ExampleCase):
        yield value.title
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


# ---------------------------------------------------------------------------------------------------------- expectations


def test_pages_are_those_of_the_catalogue_in_its_order() -> None:
    assert [page.name for page in explain.rule_pages()] == list(CATALOG)


@pytest.mark.parametrize("page", PAGES)
def test_page_is_complete(page: RulePage) -> None:
    labels = [section.label for section in page.sections]
    assert [label for label in labels if label not in ("Inferred", "Names")] == ["Why", "NULLs", "See also"]
    assert all(section.text.endswith(".") for section in page.sections)
    assert page.summary.endswith(".")
    assert 2 <= len(page.examples) <= 4
    assert all(case.data and all(column.values for column in case.data) for case in page.examples)
    assert all(argument.type and argument.meaning.endswith(".") for argument in page.arguments)


@pytest.mark.parametrize("page", PAGES)
def test_arguments_are_those_of_the_schema(page: RulePage) -> None:
    schema = json.loads(json.dumps(explain.arguments_schema(CATALOG[page.name])))
    assert [argument.name for argument in page.arguments] == list(schema["properties"])
    required = [argument.name for argument in page.arguments if argument.required]
    assert sorted(required) == sorted(schema["required"])
    assert [argument.name for argument in page.arguments][: len(required)] == required, "they come first"
    for argument in page.arguments:
        if argument.required:
            assert argument.default == ""
        else:
            assert json.loads(argument.default) == schema["properties"][argument.name]["default"]


@pytest.mark.parametrize("page", PAGES)
def test_page_is_data_alone_and_nan_in_an_example_is_null(page: RulePage) -> None:
    assert msgspec.json.decode(msgspec.json.encode(page), type=RulePage) == page


@pytest.mark.parametrize("page", PAGES)
def test_other_extract_of_an_example_is_one_that_its_arguments_name(page: RulePage) -> None:
    for case in page.examples:
        words = {word for argument in case.arguments.values() for word in re.findall(r"\w+", str(argument))}
        assert {extract.name for extract in case.others} <= words
        assert all(column.values for extract in case.others for column in extract.data)


def test_page_says_what_the_class_says() -> None:
    arguments = {"column": "provider", "other": "trusts", "other_column": "code"}
    page = explain.rule_page(CATALOG["expect_column_distinct_values_to_exist_in_other_extract"])
    assert page == RulePage(
        name="expect_column_distinct_values_to_exist_in_other_extract",
        summary="Every different value is found in a column of another extract.",
        sections=(
            Section("Why", "one unknown organisation may have a million rows; this counts organisations, not rows."),
            Section("NULLs", "not judged; NULLs of the other match nothing."),
            Section("See also", "expect_column_values_to_exist_in_other_extract, expect_column_distinct_values_to_be_in_set."),
        ),
        dimension="consistency",
        kahn="conformance.relational",
        context="validation",
        arguments=(
            Argument("column", "text", "", True, "The column that the rule is about."),
            Argument("other", "text", "", True, "The other extract: its feed, or a name given with --with."),
            Argument("other_column", "text", "", True, "The column of the other extract."),
            Argument(
                "other_condition",
                "any or text or null",
                "null",
                False,
                "Which rows of the other extract count; written as row_condition is.",
            ),
        ),
        examples=(
            ExampleCase(
                "one of two providers is unknown",
                arguments,
                (ExampleColumn("provider", ("RZ1", "RZ9", "RZ9", "RZ9", None)),),
                False,
                1,
                (ExampleExtract("trusts", (ExampleColumn("code", ("RZ1", "RZ2")),)),),
            ),
            ExampleCase(
                "all are known",
                arguments,
                (ExampleColumn("provider", ("RZ1", "RZ2")),),
                True,
                0,
                (ExampleExtract("trusts", (ExampleColumn("code", ("RZ1", "RZ2", None)),)),),
            ),
        ),
    )


# ----------------------------------------------------------------------------------------------------------------- feeds


def test_page_of_a_feed_says_what_its_suite_says(make_suite: Any) -> None:
    suite = make_suite(
        ("expect_column_to_exist", {"column": "code"}),
        ("expect_column_values_to_exist_in_other_extract", {"column": "code", "other": "practices", "other_column": "code"}),
        ("expect_column_values_to_be_unique", {"column": "code"}),
        purpose="targets",
        description="Lists.",
        source="social_care",
        organisation_column="code",
        register={"code": "code", "region": "area"},
        columns={
            "code": {
                "description": "Who.",
                "type": "text",
                "sensitivity": "public",
                "default_codes": ["Q99", 9],
                "other_codes": ["X"],
                "tolerance": 0.05,
                "item": "experimental",
            },
            "area": {"sensitivity": "public"},
            "born": {"sensitivity": "identifying"},
        },
    )
    first, second, third = suite["expectations"]
    first |= {"severity": "info", "notes": ["A form.", "Inferred."]}
    second |= {"severity": "critical", "description": "It is known."}
    third |= {"severity": "critical"}
    page = feed_page.describe(load_suite(suite))
    assert page == FeedPage(
        feed="tests",
        title="tests",
        description="Lists. These are targets: a rule that fails says that one is missed, not that the data are wrong.",
        level="practice",
        source="social care",
        purpose="targets",
        owner="Not stated.",
        facts=(
            Fact("file", "`tests.parquet`, or any file that is checked with this suite"),
            Fact("level", "data about general practices"),
            Fact("source of the records", "social care"),
            Fact("organisation", "`code`"),
            Fact("period", "none"),
            Fact("held against", "`practices`"),
            Fact("register of organisations", "code `code`, region `area`"),
        ),
        columns=(
            FeedColumn("code", "text", "Who.", "`Q99`, `9` (tolerated up to 5 %); other: `X`", "on trial", "yes"),
            FeedColumn("area", "", "", "", "", "yes"),
            FeedColumn("born", "", "", "", "", "never: it identifies people"),
        ),
        columns_note=feed_page.ITEMS_NOTE,
        rules=(
            FeedRule("1", "expect_column_values_to_exist_in_other_extract", "It is known", "critical", "consistency", ""),
            FeedRule(
                "2", "expect_column_values_to_be_unique", "Every value of code occurs only once", "critical", "uniqueness", ""
            ),
            FeedRule("0", "expect_column_to_exist", "There is a column code", "info", "consistency", "A form. Inferred."),
        ),
    )


def test_page_of_a_feed_without_data_items_says_nothing_of_them(make_suite: Any) -> None:
    suite = make_suite(("expect_column_to_exist", {"column": "code"}), columns={"code": {}}, title="Lists", owner="The PCG/T.")
    page = feed_page.describe(load_suite(suite))
    assert (page.title, page.owner, page.columns_note) == ("Lists", "The PCG/T.", "")
    assert "Data items" not in feed_page.page(load_suite(suite))


# ---------------------------------------------------------------------------------------------------------- code in texts


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", ()),
        ("no code", (("no code", False),)),
        ("`all`", (("all", True),)),
        ("from `min_value` on", (("from ", False), ("min_value", True), (" on", False))),
        ("`a``b`", (("a", True), ("b", True))),
        ("one ` alone", (("one ` alone", False),)),
        ("`a` and ` alone", (("a", True), (" and ` alone", False))),
        ("nothing `` between", (("nothing `` between", False),)),
        ("`<b>` & |", (("<b>", True), (" & |", False))),
    ],
)
def test_text_is_cut_at_its_backticks(text: str, cut: tuple[tuple[str, bool], ...]) -> None:
    assert pieces(text) == cut


@given(st.text(alphabet="`a \n", max_size=12))
def test_pieces_together_are_the_text(text: str) -> None:
    assert "".join(f"`{piece}`" if code else piece for piece, code in pieces(text)) == text


@pytest.mark.parametrize(
    "page",
    [*PAGES, *(pytest.param(feed_page.describe(load_suite(path)), id=name) for name, path in SUITES.items())],
)
def test_every_backtick_of_a_page_belongs_to_code(page: RulePage | FeedPage) -> None:
    said = list(texts(page))
    assert page.examples[0].title in said if isinstance(page, RulePage) else page.title in said
    assert [text for text in said for piece, _ in pieces(text) if "`" in piece] == []
