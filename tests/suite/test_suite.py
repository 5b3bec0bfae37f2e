"""What a valid suite gives: ids that stay, sentences that people read, and the same checks whoever wrote the JSON."""

import datetime as dt
import enum
import json
from pathlib import Path
from typing import Any

import pytest

import dq_engine
from dq_engine import feeds
from dq_engine.errors import UsageError
from dq_engine.suite import Check, Suite, parse_suite

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "practice"}}
IN_SET = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "sex", "value_set": ["1", "2", "9"]}}
FEED = {"dq": {"feed": "list_sizes"}}
UUID = "6f1f0c1e-95a6-4d26-9f0f-17f7df1b8a11"


def parsed(*entries: dict[str, Any], **top: Any) -> Suite:
    return parse_suite(json.dumps({"name": "List sizes", "expectations": entries, **top}), "suite.json")


def check_of(entry: dict[str, Any], **changes: Any) -> Check:
    (check,) = parsed({**entry, **changes}).checks
    return check


def under(condition: Any, **kwargs: Any) -> Check:
    """The check of a rule that speaks only of the rows that fulfil the condition."""
    return check_of(NOT_NULL, kwargs={"column": "practice", "row_condition": condition, **kwargs})


def comparison(name: str, operator: str, parameter: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


# ----------------------------------------------------------------------------------------------------------------- ids


def test_id_that_is_given_is_kept() -> None:
    assert check_of(NOT_NULL, id=UUID).id == UUID
    assert check_of(NOT_NULL, id="practice.filled").id == "practice.filled"


def test_id_that_is_derived_says_what_it_is_of_and_stays() -> None:
    """Stored runs are compared by id, so no release may derive another one."""
    assert check_of(NOT_NULL).id == "column_values_to_not_be_null.practice.48e81745"
    assert check_of(IN_SET).id == "column_values_to_be_in_set.sex.402af272"


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "info"},
        {"notes": "why"},
        {"description": "Practices are filled in."},
        {"meta": {"owner": "IM&T", "dq": {"weight": 2}}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_derived_id_does_not_change_with_what_is_said_about_a_rule(changes: dict[str, Any]) -> None:
    assert check_of(NOT_NULL, **changes).id == check_of(NOT_NULL).id


def test_derived_id_does_not_change_with_the_order_of_arguments_or_of_rules() -> None:
    backwards = {**IN_SET, "kwargs": dict(reversed(IN_SET["kwargs"].items()))}
    assert check_of(backwards).id == check_of(IN_SET).id
    assert {check.id for check in parsed(NOT_NULL, IN_SET).checks} == {check.id for check in parsed(IN_SET, NOT_NULL).checks}


@pytest.mark.parametrize(
    "kwargs",
    [
        {"column": "Practice"},
        {"column": "practice", "mostly": 0.9},
        {"column": "practice", "row_condition": 'col("sex") == "1"'},
        {"column": "practice", "row_condition": 'col("sex") == "2"'},
    ],
    ids=str,
)
def test_rules_that_differ_have_different_ids(kwargs: dict[str, Any]) -> None:
    other = {**NOT_NULL, "kwargs": kwargs}
    first, second = parsed(NOT_NULL, other).checks
    assert first.id != second.id


# ----------------------------------------------------------------------------------------------------------- sentences


def test_statement_is_a_sentence_without_a_full_stop() -> None:
    assert check_of(NOT_NULL).statement == "practice has a value in every row"
    assert check_of(IN_SET).statement == "Every value of sex is one of '1', '2', '9'"


def test_description_of_the_suite_comes_before_the_statement() -> None:
    assert check_of(NOT_NULL, description="Practices are filled in.").statement == "Practices are filled in"
    assert check_of(NOT_NULL, description="").statement == "practice has a value in every row"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (comparison("sex", "==", "1"), "sex is '1'"),
        (comparison("sex", "!=", "1"), "sex is not '1'"),
        (comparison("age", "<", 18), "age is below 18"),
        (comparison("age", "<=", 18), "age is at most 18"),
        (comparison("age", ">", 1.5), "age is above 1.5"),
        (comparison("age", ">=", 18), "age is at least 18"),
        (comparison("open", "==", True), "open is true"),
        (comparison("sex", "IN", ["1", "2"]), "sex is one of '1', '2'"),
        (comparison("sex", "NOT_IN", ["9"]), "sex is none of '9'"),
        ({"type": "nullity", "column": {"name": "closed"}, "is_null": True}, "closed has no value"),
        ({"type": "nullity", "column": {"name": "closed"}, "is_null": False}, "closed has a value"),
        (
            {
                "type": "or",
                "conditions": [
                    comparison("sex", "==", "1"),
                    {"type": "and", "conditions": [comparison("age", ">", 17), comparison("age", "<", 65)]},
                ],
            },
            "sex is '1' or (age is above 17 and age is below 65)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_row_condition_is_part_of_the_sentence(condition: dict[str, Any], words: str) -> None:
    assert under(condition).statement == f"practice has a value in every row, where {words}"


@pytest.mark.parametrize("parser", [None, "great_expectations", "great_expectations__experimental__"])
@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ('col("sex") == "1"', comparison("sex", "==", "1")),
        ("col('sex')=='it is'", comparison("sex", "==", "it is")),
        ('  col( "list size" )  >=  10 ', comparison("list size", ">=", 10)),
        ('col("share") < -0.5', comparison("share", "<", -0.5)),
        ('col("share") != 1e3', comparison("share", "!=", 1000.0)),
        ('col("open") == True', comparison("open", "==", True)),
        ('col("open") == false', comparison("open", "==", False)),
        ('col("day") > date("2024-03-31")', comparison("day", ">", "2024-03-31")),
        ('col("closed").isnull()', {"type": "nullity", "column": {"name": "closed"}, "is_null": True}),
        ('col("closed").notnull()', {"type": "nullity", "column": {"name": "closed"}, "is_null": False}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_condition_as_text_is_the_condition_as_an_object(text: str, condition: dict[str, Any], parser: str | None) -> None:
    read = under(text, **({"condition_parser": parser} if parser else {}))
    assert read.condition == under(condition).condition
    assert read.statement == under(condition).statement


# ------------------------------------------------------------------------------------------------------- what is given


def test_everything_that_a_suite_says_is_kept() -> None:
    meta = {"owner": "IM&T", "dq": {"dimension": "accuracy", "weight": 2.5}}
    check = check_of(NOT_NULL, id=UUID, severity="warning", notes=["counted", "by hand"], meta=meta)
    assert (check.severity, check.dimension, check.weight) == ("warning", "accuracy", 2.5)
    assert (check.notes, check.meta, check.gx_id) == (["counted", "by hand"], meta, UUID)
    assert check.kwargs == NOT_NULL["kwargs"]
    assert check.columns == ("practice",)


def test_what_a_suite_leaves_open_has_a_default() -> None:
    suite = parsed(NOT_NULL)
    (check,) = suite.checks
    assert (check.severity, check.dimension, check.weight, check.notes) == ("critical", "completeness", 1.0, "")
    assert (suite.feed.feed, suite.feed.level, suite.feed.source) == ("list_sizes", "practice", "primary_care")
    assert suite.feed.organisation_column is None
    assert suite.feed.columns == {}


def test_feed_says_what_kind_of_data_it_is() -> None:
    own = {
        "feed": "appointments",
        "title": "Appointments in general practice",
        "level": "pcgt",
        "source": "community",
        "organisation_column": "org",
        "columns": {"org": {"sensitivity": "public"}, "sex": {"description": "Gender", "default_codes": ["9", 0]}},
    }
    feed = parsed(NOT_NULL, meta={"dq": own, "great_expectations_version": "1.24.1"}).feed
    assert (feed.feed, feed.title, feed.level, feed.source) == (own["feed"], own["title"], "pcgt", "community")
    assert feed.organisation_column == "org"
    assert {name: field.sensitivity for name, field in feed.columns.items()} == {"org": "public", "sex": "sensitive"}
    assert feed.columns["sex"].default_codes == ("9", 0)


def test_feed_says_which_codes_are_other_which_columns_are_data_items_and_what_is_tolerated() -> None:
    gender = {"default_codes": ["0"], "other_codes": ["9"], "tolerance": 0.035, "item": "current"}
    columns = {"gender": gender, "lsoa": {"item": "experimental"}, "name": {}}
    fields = parsed(NOT_NULL, meta={"dq": {"columns": columns}}).feed.columns
    assert (fields["gender"].default_codes, fields["gender"].other_codes, fields["gender"].tolerance) == (("0",), ("9",), 0.035)
    assert (fields["name"].other_codes, fields["name"].tolerance) == ((), 0)
    assert [field.item for field in fields.values()] == ["current", "experimental", None]


def test_feed_says_what_a_register_holds() -> None:
    own = {
        "register": {"code": "code", "region": "area"},
        "columns": {name: {"sensitivity": "public"} for name in ("code", "area")},
    }
    register = parsed(NOT_NULL, meta={"dq": own}).feed.register
    assert register is not None
    assert (register.code, register.parent, register.region, register.kind) == ("code", None, "area", None)
    assert parsed(NOT_NULL).feed.register is None


KNOWN = {
    "type": "expect_column_values_to_exist_in_other_extract",
    "kwargs": {"column": "practice", "other": "practices", "other_column": "code"},
}
QUERY = {
    "type": "unexpected_rows_expectation",
    "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} SEMI JOIN patients USING (id)"},
}


@pytest.mark.parametrize(
    ("entry", "tag"),
    [
        (NOT_NULL, "completeness, verification"),
        (KNOWN, "conformance.relational, validation"),
        (QUERY, "plausibility.atemporal, verification"),
        ({**QUERY, "meta": {"dq": {"others": ["patients"]}}}, "plausibility.atemporal, validation"),
        ({**NOT_NULL, "meta": {"dq": {"dimension": "accuracy"}}}, "completeness, verification"),
    ],
)
def test_tag_of_kahn_is_that_of_the_type_and_tells_whether_another_extract_is_looked_into(
    entry: dict[str, Any], tag: str
) -> None:
    assert check_of(entry).kahn == tag


def test_options_of_a_run_change_nothing() -> None:
    options = {"batch_id": "b", "result_format": {"result_format": "SUMMARY"}, "catch_exceptions": True}
    assert check_of(IN_SET, kwargs={**IN_SET["kwargs"], **options}).expectation == check_of(IN_SET).expectation


def test_suite_of_python_values_is_read_as_its_json_would_be() -> None:
    class Choice(enum.Enum):
        ANY = "any_value_is_missing"

    def suite(*kwargs: dict[str, Any]) -> Suite:
        types = ["expect_compound_columns_to_be_unique", "expect_table_columns_to_match_set", "expect_column_max_to_be_between"]
        entries = [{"type": name, "kwargs": given} for name, given in zip(types, kwargs, strict=True)]
        return dq_engine.load_suite({"name": "lists", "expectations": entries})

    python = suite(
        {"column_list": ("practice", "sex"), "ignore_row_if": Choice.ANY},
        {"column_set": {"sex", "practice"}},
        {"column": "day", "min_value": dt.date(2024, 3, 31), "max_value": dt.datetime(2024, 4, 30, 12)},
    )
    plain = suite(
        {"column_list": ["practice", "sex"], "ignore_row_if": "any_value_is_missing"},
        {"column_set": ["practice", "sex"]},
        {"column": "day", "min_value": "2024-03-31", "max_value": "2024-04-30T12:00:00"},
    )
    assert python.checks == plain.checks


# --------------------------------------------------------------------------------------------------------------- files


def write(folder: Path, content: bytes, name: str = "lists.json") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def test_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    text = json.dumps({"name": "List sizes — März", "expectations": [NOT_NULL], "meta": FEED}, ensure_ascii=False).encode()
    plain, marked = (feeds.read_suite(write(tmp_path, start + text)) for start in (b"", b"\xef\xbb\xbf"))
    assert marked == plain
    assert plain.name == "List sizes — März"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b'{"name": "Gr\xf6\xdfe"}', "not UTF-8 text"), ("{}".encode("utf-16"), "not UTF-8 text")],
    ids=["Latin-1", "UTF-16"],
)
def test_file_in_another_encoding_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        feeds.read_suite(write(tmp_path, content))


def test_folder_and_missing_file_are_refused(tmp_path: Path) -> None:
    write(tmp_path, b"{}")
    with pytest.raises(UsageError, match=r"list\.json: no such suite \(is it .*lists\.json\?\)"):
        feeds.read_suite(tmp_path / "list.json")
    with pytest.raises(UsageError, match="is a folder; a suite is a JSON file"):
        feeds.read_suite(tmp_path)


def test_suite_says_where_it_comes_from_and_which_text_it_was(tmp_path: Path) -> None:
    text = json.dumps({"name": "lists", "expectations": [NOT_NULL]}).encode()
    first = feeds.read_suite(write(tmp_path, text))
    second = feeds.read_suite(write(tmp_path, text + b"\n", "other.json"))
    assert (Path(first.origin).name, Path(second.origin).name) == ("lists.json", "other.json")
    assert first.sha256 != second.sha256
    assert first.checks == second.checks


# --------------------------------------------------------------------------------------------- through Great Expectations


def test_suite_saved_by_great_expectations_gives_the_same_checks() -> None:
    reason = "great_expectations is not installed: it is an extra (dq-engine[gx])"
    gx = pytest.importorskip("great_expectations", reason=reason)
    ours = {
        "name": "List sizes",
        "meta": {"dq": {"feed": "lists", "organisation_column": "practice"}},
        "expectations": [
            {**NOT_NULL, "id": UUID, "severity": "warning", "notes": "why", "description": "Practices are filled in."},
            {**IN_SET, "kwargs": {**IN_SET["kwargs"], "mostly": 0.95}, "meta": {"dq": {"weight": 2}}},
            {
                "type": "expect_column_values_to_be_between",
                "kwargs": {"column": "patients", "min_value": 0.5, "row_condition": comparison("sex", "IN", ["1", "2"])},
            },
            {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1, "max_value": 9}, "severity": "info"},
            {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["practice", "sex"]}},
            {"type": "expect_column_to_exist", "kwargs": {"column": "patients"}},
            {
                "type": "unexpected_rows_expectation",
                "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE patients < 0"},
                "description": "No list is negative",
            },
        ],
    }
    saved = gx.ExpectationSuite(**ours).to_json_dict()
    there, back = dq_engine.load_suite(ours), dq_engine.load_suite(saved)
    assert back.feed == there.feed

    def told(suite: Suite) -> list[Any]:
        return [(c.expectation, c.condition, c.severity, c.weight, c.notes, c.statement, c.gx_id) for c in suite.checks]

    assert told(back) == told(there)


def test_ids_and_sentences_stay_when_great_expectations_saves_the_suite() -> None:
    """It writes the bound 1 as 1.0: the same rule, whose history must not end here."""
    reason = "great_expectations is not installed: it is an extra (dq-engine[gx])"
    gx = pytest.importorskip("great_expectations", reason=reason)
    between = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "patients", "min_value": 1}}
    ours = {"name": "lists", "expectations": [NOT_NULL, IN_SET, between]}
    saved = gx.ExpectationSuite(**ours).to_json_dict()
    there, back = dq_engine.load_suite(ours), dq_engine.load_suite(saved)
    assert [check.statement for check in back.checks] == [check.statement for check in there.checks]
    assert [check.id for check in back.checks] == [check.id for check in there.checks]
