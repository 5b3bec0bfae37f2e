"""Parameters of suites: expressions mean what they mean in Great Expectations, and a check without its value costs itself alone."""

import datetime as dt
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import Run, UsageError, WorkerProcess, parameters
from dq_engine.catalog import CATALOG
from dq_engine.parameters import InvalidExpression, NotAnswered
from dq_engine.suite import Suite, with_parameters
from tests.command import dq_here

NOW = dt.datetime(2024, 3, 31, 12, 30)
VALUES: dict[str, Any] = {
    "least": 5,
    "share": 0.25,
    "loss": -2,
    "spelled": " 7 ",
    "start": "2024-01-31",
    "zoned": "2024-01-31T10:00:00+00:00",
    "codes": ["1", "2"],
    "nothing": None,
    "yes": True,
    "word": "many",
    "E": 3,
}


def answer(text: str, values: dict[str, Any] = VALUES) -> Any:
    return parameters.evaluated(parameters.parse(text), parameters.Given(values, NOW))


# --------------------------------------------------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("least", 5),
        (" least ", 5),
        ("codes", ["1", "2"]),
        ("nothing", None),
        ("yes", True),
        ("word", "many"),
        ("start", "2024-01-31"),
        ("least + 1", 6),
        ("2 - 3 - 4", -5),
        ("least / 2 * 3", 7.5),
        ("4 / 2", 2.0),
        ("least * -2", -10),
        ("--least", 5),
        ("-+least", -5),
        ("-2 ^ 2", 4),
        ("2 ^ 3 ^ 2", 512),
        ("2 ^ -1", 0.5),
        ("(least + 1) * 2", 12),
        (".5 + 1e3", 1000.5),
        ("spelled + 1", 8),
        ("PI * 2", 2 * math.pi),
        ("pi - PI", 0),
        ("E + 1", 4),
        ("sin(0) + cos(0) + tan(0) + exp(0)", 2),
        ("abs(loss)", 2),
        ("trunc(5.7) + trunc(-5.7)", 0),
        ("round(2.5)", 2),
        ("round(2.567, 2)", 2.57),
        ("sgn(loss) + sgn(0)", -1),
        ("now()", "2024-03-31T12:30:00"),
        ("now() - timedelta(days=1, hours=0.5)", "2024-03-30T12:00:00"),
        ("start + timedelta(least)", "2024-02-05T00:00:00"),
        ("datetime(2024, least, 1)", "2024-05-01T00:00:00"),
        ("datetime(year=2024, month=2, day=29)", "2024-02-29T00:00:00"),
        ("zoned - timedelta(days=1)", "2024-01-30T10:00:00+00:00"),
    ],
)
def test_expression_has_this_value(text: str, value: Any) -> None:
    assert answer(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("absent", 'needs the parameter "absent": give it with --param absent=VALUE'),
        (
            "absent + other * absent",
            'needs the parameters "absent" and "other": give them with --param absent=VALUE --param other=VALUE',
        ),
        ("now", 'needs the parameter "now"'),
        ("PI", 'needs the parameter "PI"'),
        ("1 / (least - 5)", '"1 / (least - 5)" cannot be worked out: it divides by zero'),
        ("word + 1", 'the parameter "word" is neither a number nor an ISO 8601 date'),
        ("yes + 1", 'the parameter "yes" is neither'),
        ("nothing + 1", 'the parameter "nothing" is neither'),
        ("codes + 1", 'the parameter "codes" is neither'),
        ("start + 1", "its parts do not fit together"),
        ("start - zoned", "its parts do not fit together"),
        ("-start", "its parts do not fit together"),
        ("round(start)", "its parts do not fit together"),
        ("now(1)", "its parts do not fit together"),
        ("sin(1, 2)", "its parts do not fit together"),
        ("datetime(2024, 13, 1)", "an argument of a function is out of range"),
        ("start - datetime(2024, 1, 1)", "is a time span: expected a number, or a date and time"),
        ("(0 - 8) ^ 0.5", "a negative number has no such power"),
        ("0 ^ loss", "it divides by zero"),
    ],
)
def test_expression_without_a_value_says_why(text: str, words: str) -> None:
    with pytest.raises(NotAnswered) as refused:
        answer(text)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "9^9^9^9",
        "9^99999",
        "exp(1000)",
        "1e400 * least",
        "1e308 * 10",
        "round(least, -99999999)",
        "timedelta(days=1e300) + start",
        "*".join(["9^1000"] * 5),
    ],
)
def test_numbers_that_are_too_large_are_refused_before_they_are_worked_out(text: str) -> None:
    with pytest.raises(NotAnswered, match="a number is too large"):
        answer(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it ends too early"),
        ("least +", "it ends too early"),
        ("sin(least", "it ends too early"),
        ("sin(least,)", r"'\)' is not understood \(character 11\)"),
        ("least most", r"'most' is not understood \(character 7\)"),
        ("2..3", "is not understood"),
        ("5.", "is not understood"),
        ("_least", "is not understood"),
        ("größe", "is not understood"),
        ("least; most", "is not understood"),
        ("least.bit_length()", "is not understood"),
        ("__import__(1)", "there is no function __import__"),
        ("timedelta(1, hours=2)", "'hours=2' is not understood|hours=2"),
        ("eval(1)", "there is no function eval .* Known: sin, cos, tan"),
        ("+-least", "has a [+] before a -: write one sign"),
        ("12", "12 is a number and no parameter"),
        ("urn:great_expectations:validations:lists:rows", "Great Expectations before 1.0 stored"),
        ("(" * 60 + "least" + ")" * 60, "nested too deeply"),
        ("2^" * 60 + "least", "nested too deeply"),
        ("least" * 300, "is too long: 1,500 characters, of at most 1,000"),
    ],
)
def test_text_that_is_no_expression_is_refused_whatever_the_values_are(text: str, words: str) -> None:
    with pytest.raises(InvalidExpression, match=words):
        parameters.parse(text)


def test_expression_knows_which_parameters_it_needs() -> None:
    assert parameters.parse("least * (most - least) + PI + now() - E").names == ("least", "most")
    assert parameters.parse("now() - timedelta(days=delay)").names == ("delay",)
    assert parameters.parse("pi").names == ("PI",), "alone it is a name, as in Great Expectations"


@pytest.fixture(scope="module")
def theirs() -> Callable[[str], Any]:
    """What Great Expectations gives for an expression; importing it takes long."""
    reason = "great_expectations is not installed: it is an extra (dq-engine[gx])"
    pytest.importorskip("great_expectations", reason=reason)
    from great_expectations.core.suite_parameters import parse_suite_parameter

    return lambda text: parse_suite_parameter(text, dict(VALUES))


def refused_only_here(text: str) -> bool:
    """What Great Expectations takes and we do not: see the docstring of the module."""
    return "+-" in text.replace(" ", "") or "+ -" in text


NUMBERS = st.sampled_from(
    ["0", "1", "2", "3.5", ".5", "1e2", "least", "share", "loss", "spelled", "E", "PI", "(least)", "absent", "word"]
)
TIMES = st.sampled_from(["start", "zoned", "datetime(2024, 2, least)", "datetime(year=2024, month=1, day=1)"])
SPANS = st.sampled_from(["timedelta(least)", "timedelta(days=2, hours=least)", "timedelta(weeks=share)"])


def longer(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.builds("{}{}{}".format, parts, st.sampled_from(["+", "-", "*", "/", " - ", " ^ ", "^"]), parts)
    called = st.builds(
        "{}({})".format, st.sampled_from(["sin", "cos", "tan", "exp", "abs", "trunc", "round", "sgn", "-", ""]), parts
    )
    return joined | called


@settings(max_examples=200, deadline=None)
@given(
    text=st.recursive(NUMBERS | TIMES | SPANS, longer, max_leaves=6).filter(
        lambda text: (
            text.count("(") < 5 and text.count("^") < 2
        )  # a power of a power: Great Expectations computes it to the last digit
    )
)
def test_expressions_mean_what_they_mean_in_great_expectations(theirs: Callable[[str], Any], text: str) -> None:
    try:
        wanted = theirs(text)
    except Exception:
        wanted = None
    else:
        if isinstance(wanted, float) and not math.isfinite(wanted):
            wanted = None
    try:
        found = answer(text)
    except InvalidExpression:
        assert wanted is None or refused_only_here(text) or text.strip(".5e123 ") == ""
    except NotAnswered as refused:
        assert wanted is None or "too large" in str(refused)
    else:
        alone = text.startswith("(") and text.endswith(")")
        assert found == wanted or (wanted is None and alone), "brackets around all are refused there"


# -------------------------------------------------------------------------------------------------------- what is given


def test_values_on_the_command_line_are_json_or_else_text() -> None:
    texts = [
        "least=0.9",
        'codes=["1", 2]',
        "day=2024-03-31",
        "code=007",
        "none=null",
        "open=true",
        "empty=",
        "sum=a=b",
        "huge=NaN",
    ]
    assert parameters.from_texts(texts) == {
        "least": 0.9,
        "codes": ["1", 2],
        "day": "2024-03-31",
        "code": "007",
        "none": None,
        "open": True,
        "empty": "",
        "sum": "a=b",
        "huge": "NaN",
    }


@pytest.mark.parametrize("text", ["least", "=1", "1st=2", "_x=1", "a b=1", "größe=1"])
def test_value_without_a_usable_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected NAME=VALUE, such as least=0\.9"):
        parameters.from_texts([text])


def test_two_values_for_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="--param least: is given twice"):
        parameters.from_texts(["least=1", "least=2"])


def test_python_values_are_read_as_json() -> None:
    given = {"day": dt.date(2024, 3, 31), "at": dt.datetime(2024, 3, 31, 9), "codes": {"b", "a"}, "pair": (1, 2)}
    assert parameters.from_values(given) == {
        "day": "2024-03-31",
        "at": "2024-03-31T09:00:00",
        "codes": ["a", "b"],
        "pair": [1, 2],
    }
    for name, value in [("least", math.nan), ("least", [math.inf]), ("a b", 1)]:
        with pytest.raises(UsageError, match=f'parameter "{name}"'):
            parameters.from_values({name: value})


def test_time_is_that_of_the_run_or_the_midnight_of_the_day_as_of_which_it_looks() -> None:
    started = dt.datetime(2024, 3, 31, 1, 30, 15, 999, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert parameters.given({}, None, started).now == dt.datetime(2024, 3, 31, 0, 30, 15)
    assert parameters.given({}, dt.date(2024, 1, 31), started).now == dt.datetime(2024, 1, 31)


# ------------------------------------------------------------------------------------------------------ checks with them

TABLE = pa.table(
    {
        "practice": ["A81001", "A81002", None],
        "patients": [1200, 0, 3400],
        "from": [dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2024, 3, 29)],
    }
)


def asked(text: str) -> dict[str, str]:
    return {"$PARAMETER": text}


RULES = [
    ("expect_column_values_to_be_between", {"column": "patients", "min_value": asked("least"), "max_value": asked("least * 10")}),
    ("expect_column_values_to_not_be_null", {"column": "practice", "mostly": asked("share")}),
    ("expect_column_values_to_be_in_set", {"column": "practice", "value_set": asked("codes")}),
    ("expect_column_max_to_be_between", {"column": "from", "min_value": asked("now() - timedelta(days=1)")}),
    ("expect_column_to_exist", {"column": "patients"}),
]
SUITE = {"name": "lists", "expectations": [{"type": name, "kwargs": kwargs, "id": name} for name, kwargs in RULES]}
AS_OF = dt.date(2024, 3, 31)


def checked(worker: WorkerProcess, suite: Any = SUITE, **given: Any) -> Run:
    return dq_engine.check(TABLE, suite, worker=worker, as_of=AS_OF, parameters=given)


def test_values_stand_in_the_place_of_parameters(worker: WorkerProcess) -> None:
    run = checked(worker, least=340, share=0.5, codes=["A81001", "A81002"])
    assert [(outcome.status, outcome.unexpected_count) for outcome in run.outcomes] == [
        ("fail", 1),
        ("pass", 1),
        ("pass", 0),
        ("fail", 1),
        ("pass", 0),
    ]
    assert [outcome.kwargs for outcome in run.outcomes][:4] == [
        {"column": "patients", "min_value": 340, "max_value": 3400},
        {"column": "practice", "mostly": 0.5},
        {"column": "practice", "value_set": ["A81001", "A81002"]},
        {"column": "from", "min_value": "2024-03-30T00:00:00"},
    ]
    assert [outcome.statement for outcome in run.outcomes][:3] == [
        "Every value of patients is between 340 and 3400",
        "practice has a value in at least 50 % of the rows",
        "Every value of practice is one of 'A81001', 'A81002'",
    ]
    assert run.options["parameters"] == {"least": 340, "share": 0.5, "codes": ["A81001", "A81002"]}
    (config,) = {json.dumps(result["expectation_config"]["kwargs"]) for result in run.to_gx()["results"][:1]}
    assert json.loads(config)["min_value"] == 340


def test_check_without_its_value_is_an_error_that_says_how_to_give_it_and_the_others_run(worker: WorkerProcess) -> None:
    run = checked(worker, least=340)
    assert [outcome.status for outcome in run.outcomes] == ["fail", "error", "error", "fail", "pass"]
    _, share, codes, _, _ = run.outcomes
    assert share.message == 'mostly: needs the parameter "share": give it with --param share=VALUE'
    assert share.statement == "practice has a value in every row (mostly is $share)"
    assert share.kwargs == {"column": "practice", "mostly": {"$PARAMETER": "share"}}
    assert codes.statement == "Every value of practice is one of '$codes'"
    assert run.exit_code == 3


@pytest.mark.parametrize(
    ("given", "place", "message"),
    [
        (
            {"least": "many"},
            0,
            'max_value: "least * 10" cannot be worked out: the parameter "least" is neither a number nor an ISO 8601 date',
        ),
        ({"least": 0}, 0, ""),
        ({"least": -1}, 0, "min_value: min_value -1 is above max_value -10: no value can be between"),
        ({"share": 95}, 1, "mostly: expected a number of at most 1; got 95"),
        ({"share": "0.5"}, 1, ""),
        ({"codes": "A81001"}, 2, "value_set: expected a list; got text"),
        ({"codes": asked("codes")}, 2, 'value_set: the value of the parameter "codes" is a parameter again'),
    ],
)
def test_value_is_read_as_one_that_the_suite_holds(
    worker: WorkerProcess, given: dict[str, Any], place: int, message: str
) -> None:
    run = checked(worker, **{"least": 1, "share": 1, "codes": [], **given})
    outcome = run.outcomes[place]
    if message:
        assert outcome.status == "error"
        assert message in outcome.message
    else:
        assert outcome.status in ("pass", "fail")
    assert {other.status for other in run.outcomes if other is not outcome} <= {"pass", "fail"}


def test_suite_that_was_read_once_takes_other_values_each_time(worker: WorkerProcess) -> None:
    suite = dq_engine.load_suite(SUITE)
    assert suite.parameters == ("least", "share", "codes")
    first, second = (checked(worker, suite, least=least).outcomes[0] for least in (340, 0))
    assert (first.status, second.status) == ("fail", "fail")
    assert (first.kwargs["max_value"], second.kwargs["max_value"]) == (3400, 0)


def test_values_that_the_suite_stores_are_ignored_as_in_great_expectations(worker: WorkerProcess) -> None:
    suite = {**SUITE, "suite_parameters": {"least": 340, "share": 0.5, "codes": ["A81001"]}}
    assert [outcome.status for outcome in checked(worker, suite).outcomes[:3]] == ["error"] * 3


def test_value_written_beside_the_parameter_comes_first(worker: WorkerProcess) -> None:
    beside = {"$PARAMETER": "rows", "$PARAMETER.rows": 3}
    suite = {"name": "rows", "expectations": [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": beside}}]}
    (outcome,) = checked(worker, suite, rows=7).outcomes
    assert (outcome.status, outcome.kwargs) == ("pass", {"value": 3})


def test_id_of_a_rule_is_the_same_whatever_the_value_is(worker: WorkerProcess) -> None:
    suite = {"name": "lists", "expectations": [{"type": name, "kwargs": kwargs} for name, kwargs in RULES]}
    ids = [[outcome.check for outcome in checked(worker, suite, **given).outcomes] for given in ({}, {"least": 1}, {"least": 2})]
    assert ids[0] == ids[1] == ids[2]
    assert ids[0][0] == "column_values_to_be_between.patients.c527c19f"


def test_rule_that_is_not_evaluated_does_not_make_its_column_look_valid(worker: WorkerProcess) -> None:
    run = checked(worker)
    fields = {field.column: field for extract in run.extracts for field in extract.fields}
    assert "needs the parameter" in fields["practice"].problem


EXAMPLES = {name: cls.examples[0].arguments for name, cls in CATALOG.items()}


def open_suite(arguments: dict[str, dict[str, Any]]) -> Suite:
    entries = [
        {"type": name, "kwargs": {argument: asked(argument) for argument in kwargs}, "id": name}
        for name, kwargs in arguments.items()
    ]
    return dq_engine.load_suite({"name": "open", "expectations": entries})


@pytest.mark.parametrize("name", CATALOG)
def test_every_argument_of_every_type_may_be_a_parameter(name: str) -> None:
    written = dq_engine.load_suite({"name": "s", "expectations": [{"type": name, "kwargs": EXAMPLES[name]}]}).checks[0]
    suite = open_suite({name: EXAMPLES[name]})
    given = parameters.Given(parameters.from_values(EXAMPLES[name]), NOW)
    (check,) = with_parameters(suite, given).checks
    assert (check.expectation, check.statement, check.columns, check.others) == (
        written.expectation,
        written.statement,
        written.columns,
        written.others,
    )
    (bare,) = suite.checks
    assert isinstance(bare.expectation, CATALOG[name])
    assert "$" in bare.statement or not EXAMPLES[name]
    for argument in EXAMPLES[name]:
        some = {**EXAMPLES[name], argument: asked(argument)}
        (part,) = dq_engine.load_suite({"name": "s", "expectations": [{"type": name, "kwargs": some}]}).checks
        assert part.statement


def test_no_check_without_values_stops_a_run(worker: WorkerProcess) -> None:
    run = dq_engine.check(TABLE, open_suite({name: kwargs for name, kwargs in EXAMPLES.items() if kwargs}), worker=worker)
    assert {outcome.status for outcome in run.outcomes} == {"error"}
    assert all("needs the parameter" in outcome.message for outcome in run.outcomes)


# ------------------------------------------------------------------------------------------------------------ commands


@pytest.fixture
def project(tmp_path: Path) -> Path:
    pq.write_table(TABLE, tmp_path / "lists.parquet")
    (tmp_path / "lists.json").write_text(json.dumps(SUITE), encoding="utf-8")
    return tmp_path


CHECK = ("check", "lists.parquet", "--suite", "lists.json", "--format", "json", "--as-of", "2024-03-31")


def test_command_takes_values_and_comes_before_the_project(project: Path) -> None:
    (project / "dq.toml").write_text("[dq.parameters]\nleast = 1\nshare = 0.5\ncodes = ['A81001']\n", encoding="utf-8")
    run = json.loads(
        dq_here(project, *CHECK, "--param", "least=340", "--param", 'codes=["A81001", "A81002"]', "--no-results").stdout
    )
    assert [outcome["status"] for outcome in run["extracts"][0]["outcomes"]] == ["fail", "pass", "pass", "fail", "pass"]
    assert run["options"]["parameters"] == {"least": 340, "share": 0.5, "codes": ["A81001", "A81002"]}


def test_command_says_what_is_missing(project: Path) -> None:
    done = dq_here(project, "check", "lists.parquet", "--suite", "lists.json", "--no-results")
    assert done.returncode == 3
    assert 'needs the parameter "share": give it with --param share=VALUE' in done.stdout
    assert dq_here(project, *CHECK, "--param", "share").returncode == 2


def test_lint_lists_what_a_suite_needs_and_judges_the_values_that_are_given(project: Path) -> None:
    without = dq_here(project, "lint", "lists.json")
    assert (without.returncode, without.stdout) == (
        0,
        "lists.json: 5 expectations, all right; needs the parameters least, share, codes\n",
    )
    unusable = dq_here(project, "lint", "lists.json", "--param", "share=95", "--param", "least=1")
    assert unusable.returncode == 2
    assert "$.expectations[1].kwargs: mostly: expected a number of at most 1; got 95" in unusable.stderr


def test_plan_shows_the_sql_with_values(project: Path) -> None:
    done = dq_here(project, "plan", "lists.json", "lists.parquet", "--param", "least=34")
    assert '"patients" < 34 OR "patients" > 340' in done.stdout
    assert 'needs the parameter "share"' in done.stdout
