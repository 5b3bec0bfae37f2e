"""Old and foreign Great Expectations suites become suites of 1.x, and nothing of them goes in silence."""

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_engine.catalog import CATALOG
from dq_engine.changes import LOSSES
from dq_engine.convert import Conversion, NoSuite, convert
from dq_engine.errors import SuiteError
from dq_engine.suite import NotUsable, parse_suite
from tests.command import dq, dq_here

FOLDER = Path(__file__).parent / "convert"
OLD = sorted(path for path in FOLDER.glob("*.json") if not path.name.endswith(".gx1.json"))
WHOLE = {"v0_18_registrations", "v0_8_prescribing", "v0_3_lists", "cloud"}
"""The suites of which nothing is lost."""
NULLS = {"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "code"}}


def converted(path: Path) -> Conversion:
    return convert(path.read_text(encoding="utf-8"), path.stem)


def old(*expectations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"expectation_suite_name": "tests", "data_asset_type": None, "expectations": list(expectations), "meta": {}, **more}


def entry(name: str, /, **kwargs: Any) -> dict[str, Any]:
    return {"expectation_type": name, "kwargs": kwargs, "meta": {}}


def of(suite: dict[str, Any]) -> tuple[dict[str, Any], dict[str, tuple[str, Any]]]:
    """What a suite becomes, and each change: its path, its kind and why."""
    conversion = convert(json.dumps(suite), "tests")
    return json.loads(conversion.text), {change.path: (change.kind, change.why) for change in conversion.changes}


# ----------------------------------------------------------------------------------------------------- suites as they were


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_a_suite_becomes_what_stands_beside_it(path: Path) -> None:
    conversion = converted(path)
    assert conversion.text == path.with_suffix(".gx1.json").read_text(encoding="utf-8")
    assert conversion.complete == (path.stem in WHOLE)


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_dq_reads_what_a_suite_becomes(path: Path) -> None:
    conversion = converted(path)
    suite = parse_suite(conversion.text, path.name)
    assert suite.name == conversion.name
    again = convert(conversion.text, "again")
    assert [change for change in again.changes if change.kind not in ("to_look_at", "not_carried_over")] == []
    assert json.loads(again.text) == json.loads(conversion.text), "a converted suite is one of 1.x"


def test_the_report_of_a_suite() -> None:
    done = dq_here(FOLDER, "convert", "v0_13_appointments.json", "--check")
    assert done.stdout == (FOLDER / "v0_13_appointments.report.txt").read_text(encoding="utf-8")
    assert done.returncode == 1


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_nothing_of_a_suite_goes_in_silence(path: Path) -> None:
    spoken_of(json.loads(path.read_text(encoding="utf-8")), converted(path))


def leaves(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            step = f".{key}" if re.fullmatch(r"[\w$-]+", key, re.ASCII) else f"[{json.dumps(key)}]"
            yield from leaves(item, path + step)
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from leaves(item, f"{path}[{place}]")
    else:
        yield path, value


def spoken_of(before: Any, conversion: Conversion) -> None:
    """Every value of a suite is in the new one under the same key, or the report names it, or something that it is a part of."""
    there = {(path.rpartition(".")[2], json.dumps(value)) for path, value in leaves(json.loads(conversion.text))}
    told = {change.path for change in conversion.changes}
    for path, value in leaves(before):
        steps = [path[: match.start()] for match in re.finditer(r"\.|\[", path)] + [path]
        if not told.intersection(steps) and value not in ({}, [], None):
            assert (path.rpartition(".")[2], json.dumps(value)) in there, f"{path} is gone"
    for change in conversion.changes:
        assert change.why
        assert change.was is None or change.kind == "remains" or at(before, change.path) == change.was or change.to == change.path


def at(document: Any, path: str) -> Any:
    for key, quoted, place in re.findall(r"\.([\w$-]+)|\[(\"[^]]*\")\]|\[(\d+)\]", path):
        document = document[int(place)] if place else document.get(key or json.loads(quoted))
    return document


SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["code", "never", "2019/04/01", "", "\u202e<b>\x1b[1m"])
)
VALUES = (
    SCALARS
    | st.lists(SCALARS, max_size=2)
    | st.dictionaries(st.sampled_from(["$PARAMETER", "content", "notes", "x.y"]), SCALARS, max_size=2)
)
KEYS = st.sampled_from(
    ["column", "mostly", "value_set", "min_value", "row_condition", "condition_parser", "meta", "auto", "é.x", "batch_id"]
)
TYPES = st.sampled_from(["expect_column_values_to_be_in_set", "expect_column_values_to_be_between", "expect_file_size", "", None])
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "expectation_type": TYPES,
        "type": TYPES,
        "kwargs": st.dictionaries(KEYS, VALUES, max_size=4) | SCALARS,
        "meta": st.dictionaries(st.sampled_from(["notes", "severity", "dq", "id"]), VALUES, max_size=2) | SCALARS,
        "ge_cloud_id": VALUES,
        "id": VALUES,
        "notes": VALUES,
        "severity": VALUES,
        "expectation_context": VALUES | st.fixed_dictionaries({"description": SCALARS}),
        "enabled": VALUES,
    },
)
SUITES = st.fixed_dictionaries(
    {"expectations": st.lists(ENTRIES | SCALARS, max_size=4)},
    optional={
        "expectation_suite_name": VALUES,
        "name": VALUES,
        "data_asset_name": VALUES,
        "evaluation_parameters": VALUES,
        "suite_parameters": VALUES,
        "meta": st.dictionaries(st.sampled_from(["great_expectations_version", "notes", "x"]), VALUES, max_size=2) | SCALARS,
        "notes": VALUES,
        "id": VALUES,
        "ge_cloud_id": VALUES,
        "a\nb": VALUES,
    },
)


@settings(max_examples=200, deadline=None)
@given(SUITES)
def test_nothing_of_any_suite_goes_in_silence(suite: dict[str, Any]) -> None:
    conversion = convert(json.dumps(suite), "any")
    spoken_of(suite, conversion)
    try:
        parse_suite(conversion.text, "any")
    except SuiteError:
        assert not conversion.complete, "what dq cannot read is said to remain"
    else:
        assert not any(change.kind == "remains" for change in conversion.changes)
    assert conversion.carried <= conversion.expectations == len(suite["expectations"])


# ------------------------------------------------------------------------------------------------------------ single rules


def test_every_expectation_of_today_is_carried_over_as_it_is() -> None:
    """The arguments are those of the examples in the catalogue."""
    rules = [entry(name, **case.arguments) for name, cls in CATALOG.items() for case in cls.examples]
    once = list({json.dumps(rule, sort_keys=True): rule for rule in rules}.values())
    conversion = convert(json.dumps(old(*once), default=str), "all")
    assert [change for change in conversion.changes if change.kind in LOSSES] == []
    kept = [(one["type"], one["kwargs"]) for one in json.loads(conversion.text)["expectations"]]
    assert kept == [
        (rule["expectation_type"], {key: value for key, value in rule["kwargs"].items() if value is not None}) for rule in once
    ]


def test_old_names_of_rules_are_those_of_today() -> None:
    suite, changes = of(
        old(
            entry("expect_column_pair_values_A_to_be_greater_than_B", column_A="discharged", column_B="admitted"),
            entry("expect_multicolumn_values_to_be_unique", column_list=["referrer", "provider"]),
            entry("ExpectColumnValuesToBeUnique", column="code"),
        )
    )
    assert [one["type"] for one in suite["expectations"]] == [
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_select_column_values_to_be_unique_within_record",
        "expect_column_values_to_be_unique",
    ]
    assert changes["$.expectations[1].expectation_type"][0] == "changed"


@pytest.mark.parametrize(
    "name, reason",
    [
        ("expect_column_chisquare_test_p_value_to_be_greater_than", "no statistical tests"),
        ("expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than", "no statistical tests"),
        ("expect_file_line_regex_match_count_to_equal", "no rules about files"),
        ("expect_column_values_to_be_valid_imei", "a package or a project of its own"),
        ("expect_column_values_to_be_nul", 'did you mean "expect_column_values_to_be_null"?'),
    ],
)
def test_a_rule_that_is_gone_is_named_and_kept_in_meta(name: str, reason: str) -> None:
    lost = entry(name, column="code")
    suite, changes = of(old(lost, NULLS))
    kind, why = changes["$.expectations[0].expectation_type"]
    assert kind == "not_carried_over"
    assert why.startswith("this rule is no longer checked: ")
    assert reason in why
    assert [one["type"] for one in suite["expectations"]] == ["expect_column_values_to_not_be_null"]
    assert suite["meta"]["not_carried_over"] == [{"was": "$.expectations[0]", "why": [why], "expectation": lost}]


def test_an_argument_that_asked_for_nothing_is_no_loss_and_one_that_asked_for_something_is() -> None:
    asked, plain = (
        of(old(entry("expect_column_max_to_be_between", column="day", max_value="2024-03-31", parse_strings_as_datetimes=flag)))
        for flag in (True, False)
    )
    assert asked[0] == plain[0]
    assert asked[1]["$.expectations[0].kwargs.parse_strings_as_datetimes"][0] == "not_carried_over"
    assert plain[1]["$.expectations[0].kwargs.parse_strings_as_datetimes"][0] == "left_out"


@pytest.mark.parametrize(
    "given, wanted",
    [
        ("2019/04/01", "2019-04-01"),
        ("1 April 2019", "2019-04-01"),
        ("Apr 1, 2019 09:30:00", "2019-04-01T09:30:00"),
        ("2019-04-01", "2019-04-01"),
    ],
)
def test_dates_that_can_be_read_in_one_way_become_iso_8601(given: str, wanted: str) -> None:
    rule = entry("expect_column_values_to_be_between", column="day", min_value=given, parse_strings_as_datetimes=True)
    assert of(old(rule))[0]["expectations"][0]["kwargs"]["min_value"] == wanted


def test_a_date_that_could_be_two_is_not_guessed_at() -> None:
    rule = entry("expect_column_values_to_be_between", column="day", min_value="03/04/2019", parse_strings_as_datetimes=True)
    suite, changes = of(old(rule, NULLS))
    assert len(suite["expectations"]) == 1
    assert "expected a number, a date such as 2024-03-31" in changes["$.expectations[0].kwargs.min_value"][1]


@pytest.mark.parametrize(
    "kind, kwargs, given, wanted",
    [
        ("expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}, "never", "neither"),
        ("expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}, "either_value_is_missing", None),
        ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}, "neither", "never"),
        (
            "expect_compound_columns_to_be_unique",
            {"column_list": ["a", "b"]},
            "both_values_are_missing",
            "all_values_are_missing",
        ),
    ],
)
def test_ignore_row_if_is_spelled_as_1_x_does(kind: str, kwargs: dict[str, Any], given: str, wanted: str | None) -> None:
    suite, changes = of(old(entry(kind, **kwargs, ignore_row_if=given)))
    assert suite["expectations"][0]["kwargs"]["ignore_row_if"] == wanted or given
    assert ("$.expectations[0].kwargs.ignore_row_if" in changes) == (wanted is not None)


def test_a_parameter_keeps_its_expression_and_its_values_are_said_to_be_needed() -> None:
    rule = entry("expect_table_row_count_to_equal", value={"$PARAMETER": "rows + 1", "$PARAMETER.rows": 10})
    suite, changes = of(old(rule, evaluation_parameters={"unused": 1}))
    assert suite["expectations"][0]["kwargs"] == {"value": {"$PARAMETER": "rows + 1"}}
    assert suite["suite_parameters"] == {"unused": 1, "rows": 10}
    kind, why = changes['$.expectations[0].kwargs.value["$PARAMETER.rows"]']
    assert kind == "not_carried_over"
    assert "--param rows=10" in why
    assert changes["$.evaluation_parameters.unused"][0] == "changed"


@pytest.mark.parametrize("form", ["{}", "trunc(0.9 * {})"])
def test_a_value_from_a_stored_result_cannot_be_carried_over(form: str) -> None:
    urn = form.format("urn:great_expectations:validations:practices:expect_table_row_count_to_equal.result.observed_value")
    suite, changes = of(old(entry("expect_table_row_count_to_equal", value={"$PARAMETER": urn}), NULLS))
    assert len(suite["expectations"]) == 1
    assert changes["$.expectations[0].kwargs.value"][0] == "not_carried_over"
    assert "--param" in changes["$.expectations[0].kwargs.value"][1]


def test_notes_among_the_arguments_are_found() -> None:
    noted = entry("expect_column_values_to_be_null", column="code", meta={"notes": {"format": "markdown", "content": ["One."]}})
    suite, changes = of(old(noted))
    assert suite["expectations"] == [{"type": noted["expectation_type"], "kwargs": {"column": "code"}, "notes": ["One."]}]
    assert changes["$.expectations[0].kwargs.meta.notes"][0] == "changed"


def test_the_severity_that_nobody_gave_is_told_once() -> None:
    changes = of(old(NULLS, entry("expect_column_values_to_be_unique", column="code")))[1]
    assert [path for path, (kind, _) in changes.items() if kind == "to_look_at"] == ["$.expectations"]
    assert "critical" in changes["$.expectations"][1]
    given = {**NULLS, "severity": "warning"}
    assert of(old(given))[1].keys().isdisjoint({"$.expectations"})


def test_the_same_rule_twice_stays_once_and_nothing_is_lost_but_what_only_one_says() -> None:
    noted = {**NULLS, "meta": {"notes": "Agreed in May."}}
    suite, changes = of(old(NULLS, NULLS, noted))
    assert len(suite["expectations"]) == 1
    assert changes["$.expectations[1]"] == ("left_out", "it is the same as $.expectations[0]")
    assert changes["$.expectations[2]"][0] == "not_carried_over"


def test_the_record_of_gx_cloud_is_read_in_both_its_forms() -> None:
    inner = old(NULLS)
    for record in ({"data": {"attributes": {"suite": inner}, "type": "expectation_suite"}}, {"data": [inner]}, {"data": inner}):
        assert of(record)[0]["expectations"] == of(inner)[0]["expectations"]
    with pytest.raises(NoSuite, match="holds 2 suites"):
        convert(json.dumps({"data": [inner, inner]}), "two")


def test_a_suite_of_1_x_stays_as_it_is() -> None:
    suite = {"name": "codes", "expectations": [{"type": NULLS["expectation_type"], "kwargs": NULLS["kwargs"], "meta": {}}]}
    conversion = convert(json.dumps({**suite, "id": "3705d38a-0eec-4bd8-9956-fdb34df924b6", "meta": {}}), "other")
    assert not conversion.old
    assert conversion.changes == ()


# ------------------------------------------------------------------------------------------------------ Great Expectations


@pytest.fixture(scope="module")
def gx() -> Any:
    return pytest.importorskip("great_expectations", reason="great_expectations is not installed: it is an extra (dq-engine[gx])")


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_great_expectations_reads_what_a_suite_becomes(path: Path, gx: Any) -> None:
    written = json.loads(converted(path).text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # conditions as text
        suite = gx.ExpectationSuite(**json.loads(json.dumps(written)))
        dumped = suite.to_json_dict()
    assert [one["type"] for one in dumped["expectations"]] == [one["type"] for one in written["expectations"]]
    assert dumped["meta"].items() >= written["meta"].items()
    assert (dumped["name"], dumped.get("notes")) == (written["name"], written.get("notes"))


@pytest.mark.parametrize(
    "text",
    [
        'col("age") > 18',
        'col("age")>=-1.5',
        'col("dose") < 1e3',
        'col("status") == "open"',
        "col(\"status\") != 'open case'",
        'col("status").notNull()',
        'col("day") >= date("2024-04-01")',
    ],
)
def test_conditions_mean_what_great_expectations_reads_in_them(text: str, gx: Any) -> None:
    kwargs = {"column": "code", "row_condition": text, "condition_parser": "great_expectations"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        theirs = gx.expectations.ExpectColumnValuesToNotBeNull(**kwargs).row_condition
    ours = of(old(entry("expect_column_values_to_not_be_null", **kwargs)))[0]["expectations"][0]["kwargs"]
    assert ours == {"column": "code", "row_condition": json.loads(theirs.json())}


# ------------------------------------------------------------------------------------------------------------- the command


def write(folder: Path, name: str, document: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def test_an_old_suite_is_converted_and_checks_an_extract(tmp_path: Path) -> None:
    write(tmp_path, "old.json", old(NULLS, entry("expect_column_values_to_be_unique", column="code", mostly=None)))
    pq.write_table(pa.table({"code": ["A81001", "A81002", "A81002"]}), tmp_path / "codes.parquet")
    done = dq(tmp_path, "convert", "old.json", "-o", "new.json")
    assert done.returncode == 0
    assert "old.json: a suite of Great Expectations before 1.0, all 2 expectations carried over" in done.stdout
    assert "  written to new.json" in done.stdout
    assert dq_here(tmp_path, "lint", "new.json").returncode == 0
    checked = dq_here(tmp_path, "check", "codes.parquet", "--suite", "new.json", "--no-results")
    assert checked.returncode == 1
    assert "2 of 3" in checked.stdout


def test_a_loss_is_exit_1_and_only_reported_if_asked(tmp_path: Path) -> None:
    write(tmp_path, "old.json", old(NULLS, entry("expect_file_hash_to_equal", value="x")))
    done = dq_here(tmp_path, "convert", "old.json", "--check", "--quiet")
    assert done.returncode == 1
    assert "1 of 2 expectations carried over" in done.stdout
    assert "not written" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]


def test_nothing_is_written_over_unless_forced(tmp_path: Path) -> None:
    write(tmp_path, "old.json", old(NULLS))
    there = write(tmp_path, "old.gx1.json", "mine")
    refused = dq_here(tmp_path, "convert", "old.json")
    assert refused.returncode == 2
    assert "old.gx1.json: is there already, and nothing was written. Give --force" in refused.stderr
    assert there.read_text() == "mine"
    assert dq_here(tmp_path, "convert", "old.json", "--force", "--quiet").returncode == 0
    assert json.loads(there.read_text())["name"] == "tests"


def test_a_folder_is_converted_into_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "gx/expectations/gp/practices.json", old(NULLS))
    write(tmp_path, "gx/expectations/lists.json", old(entry("expect_table_row_count_to_equal", value=3)))
    write(
        tmp_path,
        "gx/expectations/new.json",
        {"name": "new", "expectations": [{"type": NULLS["expectation_type"], "kwargs": {"column": "a"}}]},
    )
    write(tmp_path, "gx/checkpoints/daily.json", {"name": "daily", "validations": []})
    write(tmp_path, "gx/expectations/.ge_store_backend_id", "store_backend_id = 1")
    done = dq_here(tmp_path, "convert", "gx", "-o", "suites")
    assert done.returncode == 0
    assert "gx/expectations/new.json: is a suite of 1.x already, and nothing has to change" in done.stdout
    written = sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "suites").rglob("*.json"))
    assert written == ["suites/expectations/gp/practices.json", "suites/expectations/lists.json", "suites/expectations/new.json"]


def test_a_name_without_an_ending_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "gx/old.json", old(NULLS))
    assert "written to new/old.json" in dq_here(tmp_path, "convert", "gx/old.json", "-o", "new/").stdout
    assert (tmp_path / "new" / "old.json").is_file()


def test_a_suite_without_a_rule_is_said_to_remain_useless(tmp_path: Path) -> None:
    write(tmp_path, "old.json", old())
    done = dq_here(tmp_path, "convert", "old.json")
    assert done.returncode == 1
    assert "still to be put right (1):" in done.stdout
    assert "A suite without an expectation checks nothing." in done.stdout


def test_what_was_written_beside_is_not_converted_again(tmp_path: Path) -> None:
    write(tmp_path, "one.json", old(NULLS))
    assert dq_here(tmp_path, "convert", ".", "--quiet").returncode == 0
    (tmp_path / "one.json").unlink()
    again = dq_here(tmp_path, "convert", ".")
    assert again.returncode == 2
    assert "no suite was found" in again.stderr


def test_the_report_as_json_holds_every_change(tmp_path: Path) -> None:
    write(tmp_path, "old.json", old(NULLS))
    done = dq_here(tmp_path, "convert", "old.json", "--format", "json")
    (report,) = json.loads(done.stdout)["suites"]
    assert {key: report[key] for key in ("file", "written", "old", "complete", "expectations", "carried_over")} == {
        "file": "old.json",
        "written": "old.gx1.json",
        "old": True,
        "complete": True,
        "expectations": 1,
        "carried_over": 1,
    }
    assert {
        "kind": "changed",
        "path": "$.expectation_suite_name",
        "was": "tests",
        "to": "$.name",
        "became": "tests",
        "why": "1.x calls it name",
    } in report["changes"]


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "is not JSON: it is empty"),
        ("expectations: []", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"expectations": ' + "[" * 150 + "]" * 150 + "}", "is nested more than 100 deep"),
        ('{"expectations": [], "expectations": []}', 'the key "expectations" occurs twice'),
        ('{"expectations": [NaN]}', "NaN is not a number that JSON knows"),
        ("[]", "is no suite: expected a JSON object with expectations; got a list"),
        ('{"name": "daily", "validations": []}', "is no suite: it has no list of expectations"),
        ('{"success": true, "results": [], "statistics": {}}', "is a result of Great Expectations, not a suite"),
        ('{"data": 3}', "is no suite: expected a JSON object with expectations; got a number"),
    ],
)
def test_what_is_no_suite_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, "bad.json", text)
    done = dq_here(tmp_path, "convert", "bad.json")
    assert done.returncode == 2
    assert done.stderr.startswith("dq: bad.json: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bad.json"]


def test_files_that_cannot_be_read_are_named_and_the_others_converted(tmp_path: Path) -> None:
    write(tmp_path, "old.json", old(NULLS))
    (tmp_path / "latin.json").write_bytes(b'{"name": "caf\xe9"}')
    done = dq_here(tmp_path, "convert", "old.json", "latin.json", "gone.json", "-o", "new")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["dq: latin.json: is not a suite: not UTF-8 text", "dq: gone.json: no such suite"]


def test_no_text_of_a_suite_steers_the_terminal_or_adds_a_line(tmp_path: Path) -> None:
    evil = "\x1b[31m<script>\u202e\u2028\nforged.json: all right\r"
    suite = old(
        {**entry(evil, column=evil), evil: 1},
        entry("expect_column_values_to_be_unique", column=evil, **{evil: evil}),
        **{evil: evil},
    )
    write(tmp_path, "old.json", suite)
    done = dq_here(tmp_path, "convert", "old.json", "--check")
    assert done.returncode == 1
    assert all(character.isprintable() or character == "\n" for character in done.stdout)
    assert not any(line.startswith("forged") for line in done.stdout.splitlines())


def test_text_that_utf_8_cannot_hold_is_carried_over_and_said_to_be_none(tmp_path: Path) -> None:
    write(tmp_path, "old.json", json.dumps(old(NULLS, meta={"owner": "\ud800", "größe": "日本"})))
    done = dq_here(tmp_path, "convert", "old.json")
    assert done.returncode == 1
    assert "half of a surrogate pair" in done.stdout + done.stderr
    assert json.loads((tmp_path / "old.gx1.json").read_text(encoding="utf-8"))["meta"] == {"owner": "\ud800", "größe": "日本"}


def test_a_large_suite_is_converted() -> None:
    many = old(*(entry("expect_column_values_to_not_be_null", column=f"column_{place}") for place in range(2000)))
    conversion = convert(json.dumps(many), "many")
    assert conversion.carried == conversion.expectations == 2000
    with pytest.raises(NotUsable, match="is too large"):
        convert(" " * (32 * 1024 * 1024 + 1), "huge")
