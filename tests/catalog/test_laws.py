"""Laws that hold whatever the data and the rules: Hypothesis draws small tables with awkward values, and suites over them."""

import datetime as dt
import itertools
import math
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import Outcome, Run, WorkerProcess
from dq_engine.catalog import CATALOG
from dq_engine.catalog.shapes import RowExpectation
from dq_engine.catalog.uniqueness import RepeatedKeyExpectation

Rule = tuple[str, dict[str, Any]]


def thoroughly(examples: int) -> settings:
    """Every example starts several checks of some 0.05 s, so they are few; none has a time limit."""
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )


# ---------------------------------------------------------------------------------------------------------------- tables

SCHEMA = pa.schema(
    [
        ("n", pa.int64()),
        ("m", pa.int32()),
        ("f", pa.float64()),
        ("t", pa.string()),
        ("u", pa.string()),
        ("d", pa.date32()),
        ("e", pa.date32()),
        ("b", pa.bool_()),
        ("org", pa.string()),
    ]
)
INTEGERS = [-(2**63), -3, -1, 0, 1, 2, 3, 2**53 + 1, 2**63 - 1]
FLOATS = [math.nan, -math.inf, math.inf, -1.5, -0.0, 0.0, 0.5, 1.0, 2.25]
WORDS = ["", " ", "a", "A", "a ", "é", "e\u0301", "日本", "😀", "x\n", "A81001", "NULL", "NaN", "'", '"', "\\", "1", "\0", "%_"]
DAYS = [
    dt.date(1, 1, 1),
    dt.date(1899, 12, 31),
    dt.date(1970, 1, 1),
    dt.date(2024, 2, 29),
    dt.date(2024, 3, 31),
    dt.date(9999, 12, 31),
]
ORGANISATIONS = ["A81001", "B82002", "5D7", "not a code", "a", ""]


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


WORD = st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_categories=["Cs"]), max_size=3))
COLUMNS = {
    "n": maybe(st.sampled_from(INTEGERS)),
    "m": maybe(st.integers(-2, 3)),
    "f": maybe(st.sampled_from(FLOATS)),
    "t": maybe(WORD),
    "u": maybe(st.sampled_from(["a", "b", "A81001", ""])),
    "d": maybe(st.sampled_from(DAYS)),
    "e": maybe(st.sampled_from(DAYS)),
    "b": maybe(st.booleans()),
    "org": maybe(st.sampled_from(ORGANISATIONS)),
}
ROW = st.fixed_dictionaries(COLUMNS)
ROWS = st.lists(ROW, max_size=12)


def table_of(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """The table of the rows; NaN stays NaN."""
    columns = [pa.array([row[field.name] for row in rows], type=field.type, from_pandas=False) for field in SCHEMA]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


# ----------------------------------------------------------------------------------------------------------------- rules

NULL_SHARE = {"mostly": st.sampled_from([0, 0.5, 0.9, 1])}
PATTERNS = st.sampled_from(["a", "^A", r"^[A-Z]\d{5}$", r"\s", r"\w", "^$", "é", ".", r"(?s)^.$", "[^a]", r"\d", "(?i)a"])
MEMBERS = {
    "n": st.sampled_from([*INTEGERS, 1.0, 0.5, "1", None, True]),
    "m": st.sampled_from([-1, 0, 1, 2, 1.0, 0.5, "1", None]),
    "f": st.sampled_from([-1.5, 0, 0.5, 1, 2.25, "x"]),
    "t": st.one_of(WORD, st.sampled_from([1, None])),
    "u": st.sampled_from(["a", "b", "c", "", 1]),
    "d": st.sampled_from(["1970-01-01", "2024-02-29", "9999-12-31", "no date", 1]),
    "b": st.sampled_from([True, False, 1, 0]),
}
NUMBERS = st.sampled_from([-2, -1.5, 0, 0.25, 1, 2.25, 3])
BOUNDS = {
    "n": NUMBERS,
    "m": NUMBERS,
    "f": NUMBERS,
    "b": st.sampled_from([0, 1]),
    "d": st.sampled_from([day.isoformat() for day in DAYS]),
}


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """A ``row_condition`` over one column, or two joined."""
    column = draw(st.sampled_from(["m", "t", "d", "b"]))
    operator = draw(st.sampled_from(["==", "!=", "<", ">=", "IN", "NOT_IN", "nullity"]))
    name = {"name": column}
    if operator == "nullity":
        return {"type": "nullity", "column": name, "is_null": draw(st.booleans())}
    value = {"m": st.integers(-2, 3), "t": WORD, "d": st.sampled_from([day.isoformat() for day in DAYS]), "b": st.booleans()}[
        column
    ]
    parameter = draw(st.lists(value, min_size=1, max_size=3) if operator in ("IN", "NOT_IN") else value)
    return {"type": "comparison", "column": name, "operator": operator, "parameter": parameter}


@st.composite
def bounds(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> dict[str, Any]:
    """``min_value`` or ``max_value`` or both in order, perhaps strict."""
    low, high = sorted(draw(st.tuples(values, values)))
    given = draw(st.sampled_from([("min_value",), ("max_value",), ("min_value", "max_value")]))
    limits = {name: value for name, value in (("min_value", low), ("max_value", high)) if name in given}
    return limits | draw(st.fixed_dictionaries({}, optional={"strict_min": st.booleans(), "strict_max": st.booleans()}))


@st.composite
def row_rules(draw: st.DrawFn) -> Rule:
    """A rule that each row keeps or breaks by itself."""
    kind = draw(
        st.sampled_from(
            ["set", "not set", "null", "not null", "between", "regex", "not regex", "lengths", "length", "pair", "sum"]
        )
    )
    column = draw(st.sampled_from(sorted(MEMBERS)))
    kwargs: dict[str, Any] = {"column": column}
    if kind in ("set", "not set"):
        name = "expect_column_values_to_be_in_set" if kind == "set" else "expect_column_values_to_not_be_in_set"
        kwargs["value_set"] = draw(st.lists(MEMBERS[column], max_size=4))
    elif kind in ("null", "not null"):
        name = f"expect_column_values_to_{'be' if kind == 'null' else 'not_be'}_null"
    elif kind == "between":
        name, kwargs["column"] = "expect_column_values_to_be_between", draw(st.sampled_from(sorted(BOUNDS)))
        kwargs |= draw(bounds(BOUNDS[kwargs["column"]]))
    elif kind in ("regex", "not regex"):
        name = f"expect_column_values_to_{'' if kind == 'regex' else 'not_'}match_regex"
        kwargs |= {"column": draw(st.sampled_from(["t", "u", "m", "d"])), "regex": draw(PATTERNS)}
    elif kind == "lengths":
        name = "expect_column_value_lengths_to_be_between"
        kwargs |= {"column": draw(st.sampled_from(["t", "u", "m"])), **draw(bounds(st.integers(0, 6)))}
    elif kind == "length":
        name = "expect_column_value_lengths_to_equal"
        kwargs |= {"column": draw(st.sampled_from(["t", "u", "d"])), "value": draw(st.integers(0, 10))}
    elif kind == "pair":
        a, b = draw(st.sampled_from([("n", "m"), ("m", "f"), ("t", "u"), ("d", "e"), ("m", "b")]))
        kwargs = {"column_A": a, "column_B": b}
        kwargs["ignore_row_if"] = draw(st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"]))
        name = draw(
            st.sampled_from(["expect_column_pair_values_to_be_equal", "expect_column_pair_values_a_to_be_greater_than_b"])
        )
        if name.endswith("than_b"):
            kwargs["or_equal"] = draw(st.booleans())
    else:
        name = "expect_multicolumn_sum_to_equal"
        kwargs = {"column_list": draw(st.sampled_from([["n", "m"], ["m", "f"], ["m", "b"]])), "sum_total": draw(NUMBERS)}
        kwargs["ignore_row_if"] = draw(st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"]))
    return name, kwargs | draw(st.fixed_dictionaries({}, optional={**NULL_SHARE, "row_condition": conditions()}))


@st.composite
def aggregate_rules(draw: st.DrawFn) -> Rule:
    """A rule about one statistic. The bounds of the standard deviation are such that no rounding lies on them."""
    statistic = draw(st.sampled_from(["min", "max", "mean", "median", "stdev", "sum"]))
    column = draw(st.sampled_from(["m", "f", "b"] if statistic in ("stdev", "sum") else ["m", "f", "b", "d"]))
    limits = draw(bounds(st.sampled_from([0.1234567, 0.7654321, 1.2345678]) if statistic == "stdev" else BOUNDS[column]))
    condition = draw(st.fixed_dictionaries({}, optional={"row_condition": conditions()}))
    return f"expect_column_{statistic}_to_be_between", {"column": column, **limits, **condition}


@st.composite
def key_rules(draw: st.DrawFn) -> Rule:
    """A rule that no key occurs twice."""
    options = draw(st.fixed_dictionaries({}, optional={**NULL_SHARE, "row_condition": conditions()}))
    if draw(st.booleans()):
        return "expect_column_values_to_be_unique", {"column": draw(st.sampled_from(["n", "f", "t", "d", "b", "org"])), **options}
    ignore = draw(st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"]))
    columns = draw(st.sampled_from([["m", "u"], ["f", "d"], ["org", "b"], ["t", "m", "b"]]))
    return "expect_compound_columns_to_be_unique", {"column_list": columns, "ignore_row_if": ignore, **options}


@st.composite
def distinct_rules(draw: st.DrawFn) -> Rule:
    """A rule about the different values of a column."""
    column = draw(st.sampled_from(["m", "f", "u", "d", "b"]))
    condition = draw(st.fixed_dictionaries({}, optional={"row_condition": conditions()}))
    kind = draw(st.sampled_from(["be_in", "contain", "equal", "count", "proportion"]))
    if kind == "count":
        return "expect_column_unique_value_count_to_be_between", {
            "column": column,
            **draw(bounds(st.integers(0, 5))),
            **condition,
        }
    if kind == "proportion":
        limits = draw(bounds(st.sampled_from([0, 0.25, 0.7, 1])))
        return "expect_column_proportion_of_unique_values_to_be_between", {"column": column, **limits, **condition}
    members = draw(st.lists(MEMBERS[column], min_size=1, max_size=4))
    return f"expect_column_distinct_values_to_{kind}_set", {"column": column, "value_set": members, **condition}


@st.composite
def table_rules(draw: st.DrawFn) -> Rule:
    """A rule about the rows as a whole."""
    kind = draw(st.sampled_from(["rows", "between", "non null", "query"]))
    if kind == "rows":
        return "expect_table_row_count_to_equal", {"value": draw(st.integers(0, 12))}
    if kind == "between":
        condition = draw(st.fixed_dictionaries({}, optional={"row_condition": conditions()}))
        return "expect_table_row_count_to_be_between", {**draw(bounds(st.integers(0, 12))), **condition}
    if kind == "query":
        where = draw(st.sampled_from(["m > 0", "f IS NULL", "t = u", "d <= e OR b"]))
        return "unexpected_rows_expectation", {"unexpected_rows_query": f"SELECT * FROM {{batch}} WHERE {where}"}
    limits = draw(bounds(st.sampled_from([0, 0.25, 0.7, 1])))
    return "expect_column_proportion_of_non_null_values_to_be_between", {
        "column": draw(st.sampled_from(sorted(COLUMNS))),
        **limits,
    }


def suites_of(*rules: st.SearchStrategy[Rule], most: int = 4) -> st.SearchStrategy[list[Rule]]:
    return st.lists(st.one_of(*rules), min_size=1, max_size=most)


ANY = (row_rules(), row_rules(), aggregate_rules(), key_rules(), distinct_rules(), table_rules())

# ------------------------------------------------------------------------------------------------------------ comparison


def found(outcome: Outcome) -> dict[str, Any]:
    """What a check found, but for where and when."""
    examples = sorted((example.shape, example.count, example.value) for example in outcome.examples)
    return {
        "rule": (outcome.expectation, outcome.kwargs),
        "status": outcome.status,
        "counts": (outcome.element_count, outcome.missing_count, outcome.unexpected_count, outcome.denominator),
        "message": outcome.message,
        "gx_success": outcome.gx_success,
        "details": outcome.details,
        "observed": rounded(outcome.observed_value),
        "examples": (examples, outcome.examples_note),
    }


def rounded(value: Any) -> Any:
    return float(f"{value:.9g}") + 0.0 if isinstance(value, float) else value


def all_found(run: Run) -> list[dict[str, Any]]:
    return [found(outcome) for outcome in run.outcomes]


def check(source: Any, suite: dict[str, Any], worker: WorkerProcess) -> Run:
    return dq_engine.check(source, suite, worker=worker, show_values=True)


# ------------------------------------------------------------------------------------------------------------------ laws


@thoroughly(25)
@given(rows=ROWS, rules=suites_of(*ANY))
def test_checks_find_together_what_each_finds_alone(rows: Any, rules: list[Rule], make_suite: Any, worker: WorkerProcess) -> None:
    table = table_of(rows)
    together = all_found(check(table, make_suite(*rules), worker))
    alone = [all_found(check(table, make_suite(rule), worker))[0] for rule in rules]
    assert together == alone


@thoroughly(30)
@given(rows=ROWS, column=st.sampled_from(sorted(MEMBERS)), pattern=PATTERNS, data=st.data())
def test_a_rule_and_its_negation_share_out_the_judged_rows(
    rows: Any, column: str, pattern: str, data: st.DataObject, make_suite: Any, worker: WorkerProcess
) -> None:
    members = data.draw(st.lists(MEMBERS[column], max_size=4))
    condition = data.draw(st.fixed_dictionaries({}, optional={"row_condition": conditions()}))
    text = {"column": data.draw(st.sampled_from(["t", "u", "m", "d"])), "regex": pattern, **condition}
    chosen = {"column": column, "value_set": members, **condition}
    rules = [
        ("expect_column_values_to_be_in_set", chosen),
        ("expect_column_values_to_not_be_in_set", chosen),
        ("expect_column_values_to_match_regex", text),
        ("expect_column_values_to_not_match_regex", text),
        ("expect_column_values_to_be_null", {"column": column, **condition}),
        ("expect_column_values_to_not_be_null", {"column": column, **condition}),
    ]
    outcomes = check(table_of(rows), make_suite(*rules), worker).outcomes
    assert "error" not in [outcome.status for outcome in outcomes]
    for rule, negation in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert rule.denominator == negation.denominator == rule.unexpected_count + negation.unexpected_count


@thoroughly(30)
@given(rows=ROWS, rules=suites_of(*ANY), seed=st.integers(0, 1000))
def test_the_order_of_the_rows_is_irrelevant(
    rows: Any, rules: list[Rule], seed: int, make_suite: Any, worker: WorkerProcess
) -> None:
    shuffled = random.Random(seed).sample(rows, len(rows))
    suite = make_suite(*rules)
    assert all_found(check(table_of(shuffled), suite, worker)) == all_found(check(table_of(rows), suite, worker))


@thoroughly(30)
@given(rows=ROWS, rules=suites_of(row_rules(), most=6))
def test_a_doubled_table_doubles_the_counts_of_rules_about_rows(
    rows: Any, rules: list[Rule], make_suite: Any, worker: WorkerProcess
) -> None:
    suite = make_suite(*rules)
    once, twice = (check(table_of(times), suite, worker).outcomes for times in (rows, [*rows, *rows]))
    for single, double in zip(once, twice, strict=True):
        assert double.status == single.status
        assert double.element_count == 2 * single.element_count
        assert double.missing_count == 2 * single.missing_count
        assert double.unexpected_count == 2 * single.unexpected_count


@thoroughly(30)
@given(rows=ROWS, rules=suites_of(*ANY), shown=st.booleans())
def test_an_organisation_column_changes_no_outcome_and_its_counts_add_up(
    rows: Any, rules: list[Rule], shown: bool, make_suite: Any, worker: WorkerProcess
) -> None:
    table = table_of(rows)
    run, without = (
        dq_engine.check(table, make_suite(*rules, **feed), worker=worker, show_values=shown)
        for feed in ({"organisation_column": "org"}, {})
    )
    assert all_found(run) == all_found(without)
    assert run.extracts[0].problem == ""
    parts = defaultdict(list)
    for measure in run.measures:
        if measure.organisation is not None:
            parts[measure.check].append(measure)
    for outcome in run.outcomes:
        if not rows or not issubclass(CATALOG[outcome.expectation], RowExpectation | RepeatedKeyExpectation):
            continue
        own = parts[outcome.check]
        assert sum(measure.element_count for measure in own) == outcome.element_count
        assert sum(measure.missing_count for measure in own) == outcome.missing_count
        assert sum(measure.unexpected_count for measure in own) == outcome.unexpected_count
        assert sum(measure.unexpected_count > 0 for measure in own) == outcome.failing_organisations
        assert {measure.organisation for measure in own} == {organisation_of(row["org"], shown) for row in rows}


def organisation_of(code: str | None, shown: bool) -> str:
    """What a row's organisation is called: its code, if values may be shown or it has the form of a code."""
    if code is None:
        return "(none)"
    has_form = 2 <= len(code) <= 9 and code.isascii() and code.isalnum()
    return code if shown or has_form else "(not a code)"


@thoroughly(30)
@given(rows=ROWS, rules=suites_of(*ANY), cuts=st.lists(st.integers(0, 12), min_size=1, max_size=3))
def test_splitting_a_table_over_files_changes_nothing(
    rows: Any, rules: list[Rule], cuts: list[int], make_suite: Any, worker: WorkerProcess
) -> None:
    table, suite = table_of(rows), make_suite(*rules, organisation_column="org", period_column="d")
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for start, end in itertools.pairwise(edges):
            paths.append(Path(folder, f"part{len(paths)}.parquet"))
            pq.write_table(table.slice(start, end - start), paths[-1])
        split = check(paths, suite, worker)
    whole = check(table, suite, worker)
    assert all_found(split) == all_found(whole)
    for found_of in (lambda run: run.measures, lambda run: run.fields):
        parts, all_at_once = (
            sorted(repr(msgspec.structs.replace(measure, extract="")) for measure in found_of(run)) for run in (split, whole)
        )
        assert parts == all_at_once


@thoroughly(30)
@given(
    rows=ROWS,
    rules=suites_of(*ANY),
    options=st.fixed_dictionaries(
        {
            "row_group_size": st.sampled_from([1, 2, 5, 100]),
            "use_dictionary": st.booleans(),
            "data_page_version": st.sampled_from(["1.0", "2.0"]),
            "version": st.sampled_from(["1.0", "2.6"]),
        }
    ),
)
def test_statistics_and_row_groups_of_the_file_change_nothing(
    rows: Any, rules: list[Rule], options: dict[str, Any], make_suite: Any, worker: WorkerProcess
) -> None:
    """What the footer answers is what a scan answers."""
    table, suite = table_of(rows), make_suite(*rules)
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        for statistics in (True, False, ["m", "d"]):
            path = Path(folder, f"{len(answers)}.parquet")
            pq.write_table(table, path, write_statistics=statistics, **options)
            run = check(path, suite, worker)
            answers.append((all_found(run), [msgspec.structs.replace(field, extract="") for field in run.fields]))
    assert answers[0] == answers[1] == answers[2]


@thoroughly(40)
@given(rows=st.lists(ROW, min_size=1, max_size=12), rules=suites_of(aggregate_rules(), most=6))
def test_a_statistic_passes_only_as_a_number_or_date_within_its_bounds(
    rows: Any, rules: list[Rule], make_suite: Any, worker: WorkerProcess
) -> None:
    for outcome in check(table_of(rows), make_suite(*rules), worker).outcomes:
        if outcome.status != "pass":
            continue
        observed = outcome.observed_value
        assert observed is not None
        assert observed != "NaN", f"{outcome.kwargs} is kept by no number"
        low, high = outcome.kwargs.get("min_value"), outcome.kwargs.get("max_value")
        if isinstance(low if low is not None else high, str):
            value = dt.datetime.fromisoformat(str(observed))
            low, high = (None if bound is None else dt.datetime.fromisoformat(bound) for bound in (low, high))
        else:
            value = float(observed)
        if low is not None:
            assert value > low if outcome.kwargs.get("strict_min") else value >= low
        if high is not None:
            assert value < high if outcome.kwargs.get("strict_max") else value <= high


@pytest.mark.parametrize("statistic", ["mean", "stdev", "sum"])
def test_a_statistic_of_opposite_infinities_does_not_pass(statistic: str, make_suite: Any, worker: WorkerProcess) -> None:
    """Their sum is no number, so it lies within no bounds (DuckDB sorts NaN above every number)."""
    table = pa.table({"f": [1.0, math.inf, -math.inf]})
    rule = (f"expect_column_{statistic}_to_be_between", {"column": "f", "min_value": 0})
    (outcome,) = dq_engine.check(table, make_suite(rule), worker=worker).outcomes
    assert outcome.status != "pass"
    assert not outcome.gx_success


def test_a_check_that_cannot_be_computed_costs_itself_alone(make_suite: Any, worker: WorkerProcess) -> None:
    """A date of the year 5,881,580 is no timestamp, so such days have no mean; every other check of the scan is judged."""
    days = pa.array([2**31 - 2, 0], pa.int32()).cast(pa.date32())
    rules = [
        ("expect_column_mean_to_be_between", {"column": "day", "min_value": "2020-01-01"}),
        ("expect_column_values_to_be_in_set", {"column": "n", "value_set": [1]}),
        ("expect_column_mean_to_be_between", {"column": "n", "min_value": 1}),
    ]
    table = pa.table({"day": days, "n": [1, 2], "org": ["A81001", "B82002"]})
    for feed in ({}, {"organisation_column": "org"}):
        outcomes = check(table, make_suite(*rules, **feed), worker).outcomes
        assert [outcome.status for outcome in outcomes] == ["error", "fail", "pass"]
        assert "cannot be converted" in outcomes[0].message
