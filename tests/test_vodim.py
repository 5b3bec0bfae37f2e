"""The values of a field are Valid, Other, Default, Invalid or Missing: each in one class, and the classes add up to the records."""

import datetime as dt
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import Run, WorkerProcess, load_suite
from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract
from dq_engine.model import FieldMeasure, FieldRun

CLASSES = ("valid", "other", "default", "invalid", "missing")
Rule = tuple[str, dict[str, Any]]


def in_set(column: str, *members: Any, **more: Any) -> Rule:
    return "expect_column_values_to_be_in_set", {"column": column, "value_set": list(members), **more}


def classes(measure: FieldMeasure) -> dict[str, int]:
    """The classes in which there are values."""
    return {name: count for name in CLASSES if (count := getattr(measure, name))}


def whole(run: Run) -> dict[str, dict[str, int]]:
    """By column, the classes of its values in the whole extract."""
    return {field.column: classes(field) for field in run.fields if field.organisation is None}


def found(values: Any, field: dict[str, Any], *rules: Rule, worker: WorkerProcess, make_suite: Any) -> dict[str, int]:
    """The classes of the values of a column ``c`` that the suite describes so."""
    table = pa.table({"c": values})
    run = dq_engine.check(
        table, make_suite(*rules, ("expect_column_to_exist", {"column": "c"}), columns={"c": field}), worker=worker
    )
    assert run.extracts[0].fields[0].problem == ""
    return whole(run)["c"]


# --------------------------------------------------------------------------------------------------------------- classes


def test_each_class(make_suite: Any, worker: WorkerProcess) -> None:
    values = ["1", "2", "X", "9", "?", None, ""]
    field = {"default_codes": ["9"], "other_codes": ["X"]}
    counted = found(values, field, in_set("c", "1", "2", "X"), worker=worker, make_suite=make_suite)
    assert counted == {"valid": 2, "other": 1, "default": 1, "invalid": 1, "missing": 2}


@pytest.mark.parametrize(
    ("value", "field", "is_in"),
    [
        pytest.param(" ", {"default_codes": [" "]}, "missing", id="missing before default"),
        pytest.param(" ", {"other_codes": [" "]}, "missing", id="missing before other"),
        pytest.param("", {}, "missing", id="missing before invalid"),
        pytest.param("9", {"default_codes": ["9"]}, "default", id="default before invalid"),
        pytest.param("X", {"other_codes": ["X"]}, "invalid", id="invalid before other"),
        pytest.param("1", {"other_codes": ["1"]}, "other", id="other before valid"),
        pytest.param("1", {"other_codes": ["X"], "default_codes": ["9"]}, "valid", id="valid"),
    ],
)
def test_a_value_of_two_classes_is_in_the_first(
    value: str, field: dict[str, Any], is_in: str, make_suite: Any, worker: WorkerProcess
) -> None:
    counted = found([value], field, in_set("c", "1"), worker=worker, make_suite=make_suite)
    assert counted == {is_in: 1}


@pytest.mark.parametrize("text", ["", " ", "   ", "\t", "\n", "\r\n", "\u00a0", " \u00a0\t "], ids=ascii)
def test_a_text_of_blanks_is_missing(text: str, make_suite: Any, worker: WorkerProcess) -> None:
    assert found([text], {}, worker=worker, make_suite=make_suite) == {"missing": 1}


@pytest.mark.parametrize("text", [" a ", "-", "0", ".", "NULL", "\0", "\u200b"], ids=ascii)
def test_a_text_with_a_character_is_not_missing(text: str, make_suite: Any, worker: WorkerProcess) -> None:
    assert found([text], {}, worker=worker, make_suite=make_suite) == {"valid": 1}


def test_a_number_that_is_none_is_missing(make_suite: Any, worker: WorkerProcess) -> None:
    values = pa.array([float("nan"), None, 0.0], from_pandas=False)
    assert found(values, {}, worker=worker, make_suite=make_suite) == {"valid": 1, "missing": 2}


DAY = dt.date(1900, 1, 1)


@pytest.mark.parametrize(
    ("values", "codes", "expected"),
    [
        pytest.param([9, 10, None], [9], 1, id="whole numbers"),
        pytest.param([9, 99, 10], ["9", " 99"], 2, id="whole numbers, written as text"),
        pytest.param([9.5, 9.25], [9.5], 1, id="floats"),
        pytest.param([Decimal("9.50"), Decimal("9.25")], [9.5], 1, id="decimals"),
        pytest.param(["9", "09", 'it"s; --', "X "], ["9", 'it"s; --', "X"], 2, id="texts"),
        pytest.param(["9", "9.0"], [9], 1, id="texts, written as a number"),
        pytest.param([DAY, dt.date(2024, 1, 1)], ["1900-01-01"], 1, id="dates"),
        pytest.param([dt.datetime(1900, 1, 1), dt.datetime(1900, 1, 1, 1)], ["1900-01-01"], 1, id="times"),
        pytest.param([True, False, True], [1], 2, id="booleans"),
        pytest.param(pa.array(["9", "8", "9"]).dictionary_encode(), ["9"], 2, id="categories"),
        pytest.param(pa.nulls(3), ["9"], 0, id="no type"),
    ],
)
@pytest.mark.parametrize("kind", ["default", "other"])
def test_codes_of_any_type(
    values: Any, codes: list[Any], expected: int, kind: str, make_suite: Any, worker: WorkerProcess
) -> None:
    counted = found(values, {f"{kind}_codes": codes}, worker=worker, make_suite=make_suite)
    assert counted.get(kind, 0) == expected


def test_a_row_condition_limits_what_is_invalid(make_suite: Any, worker: WorkerProcess) -> None:
    only = {"type": "comparison", "column": {"name": "kind"}, "operator": "==", "parameter": "a"}
    table = pa.table({"c": ["x", "x", "1", "x"], "kind": ["a", "b", "a", None]})
    run = dq_engine.check(table, make_suite(in_set("c", "1", row_condition=only)), worker=worker)
    assert whole(run)["c"] == {"valid": 3, "invalid": 1}


def test_a_value_that_breaks_several_rules_is_invalid_once(make_suite: Any, worker: WorkerProcess) -> None:
    rules = [
        in_set("c", "1", "22"),
        ("expect_column_value_lengths_to_equal", {"column": "c", "value": 1}),
        ("expect_column_values_to_match_regex", {"column": "c", "regex": "^[0-9]+$", "mostly": 0.1}),
    ]
    run = dq_engine.check(pa.table({"c": ["1", "xx", "22", "2", None]}), make_suite(*rules), worker=worker)
    assert whole(run)["c"] == {"valid": 1, "invalid": 3, "missing": 1}
    assert run.extracts[0].fields == (FieldRun("c", ("0", "1", "2")),)


def test_rules_that_do_not_say_what_is_valid_make_nothing_invalid(make_suite: Any, worker: WorkerProcess) -> None:
    """Missing values, repeated values, two columns together, statistics, and what another extract says are other questions."""
    rules = [
        ("expect_column_values_to_not_be_null", {"column": "c"}),
        ("expect_column_values_to_be_unique", {"column": "c"}),
        ("expect_column_pair_values_to_be_equal", {"column_A": "c", "column_B": "d"}),
        ("expect_column_max_to_be_between", {"column": "c", "max_value": 0}),
        ("expect_column_distinct_values_to_be_in_set", {"column": "c", "value_set": [1]}),
        ("expect_column_values_to_exist_in_other_extract", {"column": "c", "other": "other", "other_column": "c"}),
    ]
    table, other = pa.table({"c": [7, 7, None], "d": [1, 2, 3]}), pa.table({"c": [8]})
    run = dq_engine.check(table, make_suite(*rules), others={"other": other}, worker=worker)
    assert {outcome.status for outcome in run.outcomes} == {"fail"}
    assert whole(run)["c"] == {"valid": 2, "missing": 1}
    assert run.extracts[0].fields[0] == FieldRun("c")


def test_fields_are_those_of_the_suite_and_else_the_columns_of_rules(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"a": [1], "b": [1], "c": [1]})
    rules = [in_set("a", 1), ("expect_column_pair_values_to_be_equal", {"column_A": "b", "column_B": "c"})]
    named = dq_engine.check(table, make_suite(*rules, columns={"c": {}, "a": {}}), worker=worker)
    assert [field.column for field in named.extracts[0].fields] == ["c", "a"]
    unnamed = dq_engine.check(table, make_suite(*rules), worker=worker)
    assert [field.column for field in unnamed.extracts[0].fields] == ["a"]


def test_two_columns_of_one_name_in_other_letters_are_two_fields(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"c": ["1", "x"], "C": ["x", "x"]})
    run = dq_engine.check(table, make_suite(in_set("c", "1"), in_set("C", "2"), columns={"c": {}, "C": {}}), worker=worker)
    assert whole(run) == {"c": {"valid": 1, "invalid": 1}, "C": {"invalid": 2}}
    assert [field.checks for field in run.extracts[0].fields] == [("0",), ("1",)]


def test_a_field_is_found_without_regard_to_letters(make_suite: Any, worker: WorkerProcess) -> None:
    run = dq_engine.check(pa.table({"CODE": ["1", "x"]}), make_suite(in_set("Code", "1"), columns={"code": {}}), worker=worker)
    assert whole(run) == {"code": {"valid": 1, "invalid": 1}}


def test_what_the_instrument_needs_to_know_of_a_field_is_kept(make_suite: Any, worker: WorkerProcess) -> None:
    fields = {
        "a": {"default_codes": ["9"], "tolerance": 0.1, "item": "current"},
        "b": {"item": "experimental"},
        "c": {"default_codes": ["9"]},
    }
    run = dq_engine.check(
        pa.table({"a": ["1"], "b": ["1"], "c": ["1"]}), make_suite(in_set("a", "1"), columns=fields), worker=worker
    )
    assert run.extracts[0].fields == (
        FieldRun("a", ("0",), "current", 0.1),
        FieldRun("b", (), "experimental"),  # without default codes there is nothing to tolerate
        FieldRun("c", (), None, 0.0),
    )


# -------------------------------------------------------------------------------------------------- what is not measured


def problem(run: Run, column: str) -> str:
    (said,) = (field.problem for field in run.extracts[0].fields if field.column == column)
    assert all(field.column != column for field in run.fields)
    return said


@pytest.mark.parametrize(
    ("values", "code", "says"),
    [
        ([1, 2], "unknown", "'unknown' is not a number"),
        ([DAY], "unknown", "'unknown' is not an ISO 8601 date or time"),
        ([DAY], 9, "9 cannot be compared with a column of type DATE"),
        ([True], "N", "'N' cannot be compared with a column of type BOOLEAN"),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["default_codes", "other_codes"])
def test_a_code_that_no_value_can_equal(
    values: list[Any], code: Any, says: str, kind: str, make_suite: Any, worker: WorkerProcess
) -> None:
    table = pa.table({"c": values, "d": values})
    suite = make_suite(("expect_column_to_exist", {"column": "c"}), columns={"c": {kind: [code]}, "d": {}})
    run = dq_engine.check(table, suite, worker=worker)
    assert problem(run, "c") == f'a default or other code of column "c": {says}'
    assert whole(run) == {"d": {"valid": len(values)}}
    assert run.exit_code == 0, "the checks of the suite have passed"


def test_a_nested_column(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"c": [[1], []]})
    run = dq_engine.check(table, make_suite(("expect_column_values_to_not_be_null", {"column": "c"})), worker=worker)
    assert problem(run, "c") == 'column "c" is nested (BIGINT[]): its values are not put into classes'


def test_a_column_that_is_not_there(make_suite: Any, worker: WorkerProcess) -> None:
    suite = make_suite(in_set("c", 1), columns={"c": {}, "cc": {}})
    run = dq_engine.check(pa.table({"c": [1]}), suite, worker=worker)
    assert problem(run, "cc") == 'the extract has no column "cc"; did you mean "c"?'
    assert whole(run) == {"c": {"valid": 1}}


def test_a_rule_that_is_not_selected(make_suite: Any, worker: WorkerProcess) -> None:
    """Without the rule too much would be called valid."""
    rules = [in_set("c", 1), in_set("c", 1, 2), in_set("d", 1), ("expect_column_values_to_not_be_null", {"column": "d"})]
    run = dq_engine.check(pa.table({"c": [1], "d": [1]}), make_suite(*rules), worker=worker, ignore=["id:1", "id:3"])
    assert problem(run, "c") == "1: was not selected"
    assert whole(run) == {"d": {"valid": 1}}


def test_a_rule_that_cannot_be_evaluated(make_suite: Any, worker: WorkerProcess) -> None:
    rules = [in_set("c", 1), ("expect_column_values_to_be_between", {"column": "c", "min_value": "2024-01-01"}), in_set("d", 1)]
    run = dq_engine.check(pa.table({"c": [1], "d": [2]}), make_suite(*rules), worker=worker)
    assert [outcome.status for outcome in run.outcomes] == ["pass", "error", "fail"]
    assert problem(run, "c") == f"1: {run.outcomes[1].message}"
    assert whole(run) == {"d": {"invalid": 1}}


SPLIT = {"whole": {}, "split": {"organisation_column": "org", "period_column": "month"}}


@pytest.mark.parametrize("split", SPLIT.values(), ids=SPLIT)
def test_a_column_that_cannot_be_read_costs_its_own_field(
    split: dict[str, str], tmp_path: Path, make_suite: Any, worker: WorkerProcess
) -> None:
    """The scan of all fails over one value; then each field is counted as if it were alone."""
    table = {"n": ["1", "NA"], "c": ["x", "1"], "m": [5, 9], "org": ["5D7", "5D8"], "month": ["2024-10", "2024-11"]}
    pq.write_table(pa.table(table), tmp_path / "rows.parquet")
    rules = [
        in_set("c", "1"),
        ("expect_column_values_to_be_between", {"column": "n", "min_value": 0}),
        in_set("m", 5),
        ("expect_column_values_to_not_be_null", {"column": "n"}),
    ]
    suite = make_suite(*rules, columns={"c": {}, "n": {}, "m": {"default_codes": [9]}}, **split)
    extract = Extract("rows", (tmp_path / "rows.parquet",), load_suite(suite), types={"n": "integer"})
    run = run_checks([extract], Options(), worker)
    assert [outcome.status for outcome in run.outcomes] == ["fail", "error", "fail", "pass"]
    assert problem(run, "n") == "a value cannot be converted to the type that the rule needs"
    assert whole(run) == {"c": {"valid": 1, "invalid": 1}, "m": {"valid": 1, "default": 1}}
    parts = {(field.column, field.organisation): classes(field) for field in run.fields if field.organisation is not None}
    alone = {("c", "5D7"): {"invalid": 1}, ("c", "5D8"): {"valid": 1}, ("m", "5D7"): {"valid": 1}, ("m", "5D8"): {"default": 1}}
    assert parts == (alone if split else {})
    failing = {outcome.check: outcome.failing_organisations for outcome in run.outcomes}
    assert failing == ({"0": 1, "1": None, "2": 1, "3": 0} if split else dict.fromkeys(failing))
    assert run.extracts[0].problem == ""


def test_figures_that_do_not_add_up_are_refused() -> None:
    fitting = FieldMeasure("rows", "c", "5D7", None, 15, 1, 2, 3, 4, 5)
    assert fitting.records == 15
    for records in (14, 16):
        with pytest.raises(ArithmeticError, match=f"the classes of c in rows do not add up to {records} records"):
            FieldMeasure("rows", "c", "5D7", None, records, 1, 2, 3, 4, 5)


# -------------------------------------------------------------------------------------------------------------- the sums

TEXTS = ["", " ", "\t", "1", "2", "3", "9", "X", "ab", "é", "\u00a0", "\0"]
NUMBERS = [-1, 0, 1, 2, 9, 99, 2**40]
MONTHS = ["2024-10", "202410", "OCT-24", "2024-11", "nonsense", "", "9434765919", "2024/25"]
NAMED = {
    **dict.fromkeys(("2024-10", "202410", "OCT-24"), "2024-10-01/2024-10-31"),
    "2024-11": "2024-11-01/2024-11-30",
    "2024/25": "2024-04-01/2025-03-31",
}
ORGANISATIONS = ["A81001", "5D7", "RAE", "not a code", ""]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "t": st.one_of(st.none(), st.sampled_from(TEXTS)),
            "n": st.one_of(st.none(), st.sampled_from(NUMBERS)),
            "org": st.one_of(st.none(), st.sampled_from(ORGANISATIONS)),
            "month": st.one_of(st.none(), st.sampled_from(MONTHS)),
        }
    ),
    max_size=30,
)
FIELD = st.fixed_dictionaries(
    {
        "default": st.lists(st.sampled_from(TEXTS), max_size=3),
        "other": st.lists(st.sampled_from(TEXTS), max_size=3),
        "valid": st.one_of(st.none(), st.lists(st.sampled_from(TEXTS), min_size=1, max_size=6)),
        "lowest": st.one_of(st.none(), st.sampled_from([-1, 0, 1, 5])),
        "only": st.one_of(st.none(), st.integers(0, 9)),
    }
)


def class_of_text(row: dict[str, Any], said: dict[str, Any]) -> str:
    value = row["t"]
    if value is None or not value.strip(" \t\n\r\u00a0"):
        return "missing"
    if value in said["default"]:
        return "default"
    judged = said["only"] is None or (row["n"] is not None and row["n"] > said["only"])
    if said["valid"] is not None and judged and value not in said["valid"]:
        return "invalid"
    return "other" if value in said["other"] else "valid"


def class_of_number(row: dict[str, Any], said: dict[str, Any]) -> str:
    if row["n"] is None:
        return "missing"
    if row["n"] in (9, 99):
        return "default"
    if said["lowest"] is not None and row["n"] < said["lowest"]:
        return "invalid"
    return "other" if row["n"] == 0 else "valid"


def organisation_of(code: str | None) -> str:
    return "(none)" if code is None else code if code in ("A81001", "5D7", "RAE") else "(not a code)"


def counted(rows: Sequence[dict[str, Any]], said: dict[str, Any]) -> dict[tuple[str, str | None, str | None], dict[str, int]]:
    """The classes by column, organisation and period, counted without any SQL."""
    counts: dict[tuple[str, str | None, str | None], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        group = (organisation_of(row["org"]), NAMED.get(row["month"] or "", "(none)"))
        for column, kind in (("t", class_of_text(row, said)), ("n", class_of_number(row, said))):
            counts[column, *group][kind] += 1
            counts[column, None, None][kind] += 1
    return {key: dict(value) for key, value in counts.items()}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, said=FIELD, files=st.integers(1, 3))
def test_classes_are_those_that_counting_by_hand_gives(
    rows: list[dict[str, Any]], said: dict[str, Any], files: int, make_suite: Any, worker: WorkerProcess
) -> None:
    said["other"] = [code for code in said["other"] if code not in said["default"]]
    rules: list[Rule] = []
    if said["valid"] is not None:
        only = {"type": "comparison", "column": {"name": "n"}, "operator": ">", "parameter": said["only"]}
        rules.append(in_set("t", *said["valid"], **({} if said["only"] is None else {"row_condition": only})))
    if said["lowest"] is not None:
        rules.append(("expect_column_values_to_be_between", {"column": "n", "min_value": said["lowest"]}))
    fields = {
        "t": {"default_codes": said["default"], "other_codes": said["other"]},
        "n": {"default_codes": [9, "99"], "other_codes": [0]},
    }
    rules.append(("expect_table_row_count_to_be_between", {"min_value": 0}))
    suite = make_suite(*rules, columns=fields, organisation_column="org", period_column="month")
    schema = pa.schema([("t", pa.string()), ("n", pa.int64()), ("org", pa.string()), ("month", pa.string())])
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for place in range(files):
            paths.append(Path(folder, f"{place}.parquet"))
            pq.write_table(pa.Table.from_pylist(rows[place::files], schema=schema), paths[-1])
        run = dq_engine.check(paths, suite, worker=worker)
    assert run.extracts[0].problem == ""
    assert all(sum(classes(field).values()) == field.records for field in run.fields)
    given_by_engine = {(field.column, field.organisation, field.period): classes(field) for field in run.fields}
    expected = counted(rows, said) or {("t", None, None): {}, ("n", None, None): {}}
    assert given_by_engine == expected
    assert json.dumps([field.records for field in run.fields])  # whole numbers, as JSON has them
