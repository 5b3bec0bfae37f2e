"""Every expectation of the catalogue keeps the promises of its documentation."""

import datetime as dt
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pyarrow as pa
import pytest

import dq_engine
from dq_engine import Outcome, SuiteError, WorkerProcess, explain
from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Case, Expectation
from dq_engine.catalog.shapes import ItemExpectation, SchemaExpectation
from dq_engine.catalog.tables import RowCountExpectation
from dq_engine.model import Dimension, Kahn

ROOT = Path(__file__).resolve().parents[2]
SUITES = [*sorted((ROOT / "expectations").rglob("*.json")), *sorted((ROOT / "tests" / "realdata").glob("*.json"))]
SUITES = [path for path in SUITES if "expectations" in json.loads(path.read_text(encoding="utf-8"))]

CLASSES = [pytest.param(cls, id=name) for name, cls in CATALOG.items()]
EXAMPLES = [pytest.param(cls, case, id=f"{name}-{case.title}") for name, cls in CATALOG.items() for case in cls.examples]

KAHN_OF_DIMENSION: dict[str, set[str]] = {
    "completeness": {"completeness"},
    "coverage": {"completeness"},
    "uniqueness": {"plausibility.uniqueness", "plausibility.atemporal"},
    "validity": {"conformance.value", "plausibility.atemporal"},
    "consistency": {"conformance.relational", "conformance.computational", "plausibility.atemporal", "plausibility.temporal"},
    "accuracy": {"plausibility.atemporal"},
    "timeliness": {"plausibility.temporal"},
}
"""The categories of Kahn et al. 2016 that rules of a dimension can have. Values are valid by their form or by their size; how many
different values there are is a distribution."""
KAHN_BY_OHDSI = {
    "expect_column_values_to_be_of_type": "conformance.value",
    "expect_column_to_exist": "conformance.relational",
    "expect_column_values_to_exist_in_other_extract": "conformance.relational",
    "expect_column_values_to_not_be_null": "completeness",
    "expect_column_values_to_be_between": "plausibility.atemporal",
    "expect_column_pair_values_a_to_be_greater_than_b": "plausibility.temporal",
}
"""The tags of checks of the same kind (cdmDatatype, cdmField, isForeignKey, measureValueCompleteness, plausibleValueLow and High,
plausibleTemporalAfter): https://github.com/OHDSI/DataQualityDashboard, inst/csv/OMOP_CDMv5.4_Check_Descriptions.csv."""

JUDGED_WHEN_EMPTY = {
    "expect_column_sum_to_reconcile_with_other_extract": "fail",
    "expect_organisations_to_be_present": "fail",
    "expect_column_distinct_values_to_contain_set": "fail",
    "expect_column_distinct_values_to_equal_set": "fail",
    "expect_query_results_to_match_comparison": "fail",
}
"""What can be said of a table without rows though its shape needs values: members of a set, keys and organisations of another
extract, and rows of a comparison are known to be absent."""
JUDGED_WHEN_NULL = {
    **JUDGED_WHEN_EMPTY,
    "expect_column_values_to_not_be_null": "fail",
    "expect_column_values_to_be_null": "pass",
    "expect_column_proportion_of_non_null_values_to_be_between": "fail",
    "unexpected_rows_expectation": "pass",
}
"""What can be said of rows that are all NULL: the rules about NULLs judge them, and a query sees the rows."""

EMPTY_EXAMPLES = {
    "a practice that closed is expected until then": "vacuous",
    "only of the PCG/Ts that the extract is about": "vacuous",
}
"""Nobody is expected where there is no period, or none of the bodies whose organisations are expected."""

TYPES = {"DATE": pa.date32(), "VARCHAR": pa.string()}


def table_of(case: Case, other: str = "") -> pa.Table:
    """The table of an example, or of another extract that it has, with the types that it states."""
    columns = {}
    for name, values in (case.others[other] if other else case.data).items():
        stated = case.types.get(f"{other}.{name}" if other else name)
        typed = [dt.date.fromisoformat(value) if stated == "DATE" and value else value for value in values]
        columns[name] = pa.array(typed, type=TYPES[stated] if stated else None, from_pandas=False)
    return pa.table(columns)


def all_null(table: pa.Table) -> pa.Table:
    return pa.table({field.name: pa.nulls(3, field.type) for field in table.schema})


def others_of(case: Case) -> dict[str, pa.Table]:
    return {name: table_of(case, name) for name in case.others}


def without_rows(table: pa.Table) -> pa.Table:
    return table.slice(0, 0)


class Asked:
    """Examples that were checked on their tables, changed in one way: those whose tables are the same then as one suite."""

    def __init__(self, change: Callable[[pa.Table], pa.Table], worker: WorkerProcess) -> None:
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        groups: dict[str, list[tuple[str, Case]]] = {}
        for name, cls in CATALOG.items():
            for case in cls.examples:
                table = change(table_of(case))
                same = repr((table.schema, table.to_pydict(), case.others, case.types))
                groups.setdefault(same, []).append((name, case))
        for group in groups.values():
            listed = [{"type": name, "kwargs": case.arguments, "id": str(place)} for place, (name, case) in enumerate(group)]
            suite = {"name": "examples", "expectations": listed, "meta": {"dq": {"feed": "tests"}}}
            _, case = group[0]
            run = dq_engine.check(change(table_of(case)), suite, others=others_of(case), worker=worker)
            for (name, case), outcome in zip(group, run.outcomes, strict=True):
                self.outcomes[name, case.title] = outcome


@pytest.fixture(scope="module")
def as_stated(worker: WorkerProcess) -> Asked:
    return Asked(lambda table: table, worker)


@pytest.fixture(scope="module")
def emptied(worker: WorkerProcess) -> Asked:
    return Asked(without_rows, worker)


@pytest.fixture(scope="module")
def nulled(worker: WorkerProcess) -> Asked:
    return Asked(all_null, worker)


@pytest.mark.parametrize(("cls", "case"), EXAMPLES)
def test_example_gives_the_verdict_and_count_that_it_states(cls: type[Expectation], case: Case, as_stated: Asked) -> None:
    outcome = as_stated.outcomes[cls.name, case.title]
    assert (outcome.status, outcome.message) == ("pass" if case.passes else "fail", "")
    if case.unexpected is not None:
        assert outcome.unexpected_count == case.unexpected
    if outcome.unexpected_count is not None:
        assert 0 <= outcome.unexpected_count <= (outcome.denominator or 0), "no more than were judged"


@pytest.mark.parametrize(("cls", "case"), EXAMPLES)
def test_table_without_rows_is_vacuous_not_passed(cls: type[Expectation], case: Case, emptied: Asked) -> None:
    outcome = emptied.outcomes[cls.name, case.title]
    if issubclass(cls, SchemaExpectation):
        assert outcome.status == ("pass" if case.passes else "fail"), "the columns are the same without rows"
    elif issubclass(cls, RowCountExpectation):
        assert (outcome.status, outcome.observed_value) == ("fail", 0), "0 is a number of rows"
    else:
        expected = EMPTY_EXAMPLES.get(case.title) or JUDGED_WHEN_EMPTY.get(cls.name, "vacuous")
        assert outcome.status == expected, outcome.message
        unit = cls.unit if issubclass(cls, ItemExpectation) else "rows"
        assert (outcome.message == f"no {unit} to judge") == (expected == "vacuous")


@pytest.mark.parametrize(("cls", "case"), EXAMPLES)
def test_table_of_nulls_is_vacuous_where_no_value_can_be_judged(cls: type[Expectation], case: Case, nulled: Asked) -> None:
    outcome = nulled.outcomes[cls.name, case.title]
    if issubclass(cls, SchemaExpectation):
        assert outcome.status == ("pass" if case.passes else "fail"), "a column of NULLs has its name and type"
    elif issubclass(cls, RowCountExpectation):
        assert outcome.observed_value == 3
    else:
        expected = EMPTY_EXAMPLES.get(case.title) or JUDGED_WHEN_NULL.get(cls.name, "vacuous")
        assert outcome.status == expected, outcome.message


@pytest.mark.parametrize(("cls", "case"), EXAMPLES)
def test_statement_is_one_line_without_a_full_stop(cls: type[Expectation], case: Case, make_suite: Any) -> None:
    statement = dq_engine.load_suite(make_suite((cls.name, case.arguments))).checks[0].statement
    assert statement.strip()
    assert len(statement.splitlines()) == 1
    assert not statement.endswith(".")


@pytest.mark.parametrize("cls", CLASSES)
def test_docstring_says_what_why_nulls_and_see_also(cls: type[Expectation]) -> None:
    text = inspect.getdoc(cls) or ""
    first, blank, rest = (*text.split("\n", 2), "", "")[:3]
    assert first.endswith(".")
    assert not blank
    for section in ("Why:", "NULLs:", "See also:"):
        assert re.search(rf"^{section} \S", rest, re.MULTILINE), f"no section {section}"


@pytest.mark.parametrize("cls", CLASSES)
def test_see_also_names_other_expectations_that_exist(cls: type[Expectation]) -> None:
    _, _, see_also = (inspect.getdoc(cls) or "").partition("See also:")
    names = re.findall(r"\b(?:expect_\w+|\w+_expectation)\b", see_also)
    assert names
    assert cls.name not in names
    assert set(names) <= set(CATALOG)


@pytest.mark.parametrize("cls", CLASSES)
def test_there_are_two_to_four_examples_of_which_one_passes_and_one_fails(cls: type[Expectation]) -> None:
    assert 2 <= len(cls.examples) <= 4
    assert {case.passes for case in cls.examples} == {True, False}
    assert len({case.title for case in cls.examples}) == len(cls.examples)


@pytest.mark.parametrize("cls", CLASSES)
def test_class_is_called_as_its_expectation_in_camel_case(cls: type[Expectation]) -> None:
    assert cls.__name__ == "".join(part[:1].upper() + part[1:] for part in cls.name.split("_"))


@pytest.mark.parametrize("cls", CLASSES)
def test_page_has_the_sections_the_arguments_and_the_examples(cls: type[Expectation]) -> None:
    page = explain.page(cls)
    assert page.startswith(f"## {cls.name}\n")
    for part in ("Why: ", "NULLs: ", "See also: ", f"Dimension: {cls.dimension}"):
        assert f"\n{part}" in page
    for argument in cls.__struct_fields__:
        assert f"| `{argument}` |" in page
    for case in cls.examples:
        assert f"- {case.title}: " in page


@pytest.mark.parametrize("cls", CLASSES)
def test_category_of_kahn_fits_the_dimension(cls: type[Expectation]) -> None:
    assert cls.kahn in KAHN_OF_DIMENSION[cls.dimension]
    assert cls.kahn == KAHN_BY_OHDSI.get(cls.name, cls.kahn)


def test_every_dimension_and_every_category_of_kahn_has_an_expectation() -> None:
    assert {cls.dimension for cls in CATALOG.values()} == set(get_args(Dimension)) == set(KAHN_OF_DIMENSION)
    assert {cls.kahn for cls in CATALOG.values()} == set(get_args(Kahn))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("expect_column_values_to_be_unique", "plausibility.uniqueness; verification."),
        ("expect_column_sum_to_reconcile_with_other_extract", "conformance.computational; validation."),
        (
            "expect_totals_to_be_close_to_previous_period",
            "plausibility.temporal; verification, or validation where it looks into another extract.",
        ),
    ],
)
def test_page_says_category_and_context_of_kahn(name: str, said: str) -> None:
    assert f"\nKahn et al. 2016: {said}\n" in explain.page(CATALOG[name])


# --------------------------------------------------------------------------------------------------------------- schemas


def complaints(schema: dict[str, Any], document: Any) -> list[str]:
    """What a validator of JSON Schema (2020-12) says of a document."""
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("cls", CLASSES)
def test_schema_of_the_arguments_accepts_the_examples(cls: type[Expectation]) -> None:
    schema = explain.arguments_schema(cls)
    jsonschema.Draft202012Validator.check_schema(schema)
    for case in cls.examples:
        assert complaints(schema, case.arguments) == []


@pytest.mark.parametrize("cls", CLASSES)
def test_schema_and_engine_refuse_an_unknown_and_a_missing_argument(cls: type[Expectation], make_suite: Any) -> None:
    schema = explain.arguments_schema(cls)
    good = cls.examples[0].arguments
    bad = [{**good, "colunm": "x"}, *({k: v for k, v in good.items() if k != name} for name in schema["required"])]
    for arguments in bad:
        assert complaints(schema, arguments)
        with pytest.raises(SuiteError):
            dq_engine.load_suite(make_suite((cls.name, arguments)))


@pytest.fixture(scope="module")
def suite_schema() -> Iterator[dict[str, Any]]:
    yield json.loads(explain.as_text(explain.suite_schema()))


def test_schema_of_suites_is_valid(suite_schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(suite_schema)


def test_there_are_suites_to_try_the_schema_on() -> None:
    levels = [path.parent.name for path in SUITES]
    assert (levels.count("practice"), levels.count("pcgt"), levels.count("targets")) == (8, 9, 2)
    assert len([path for path in SUITES if path.parent.name == "realdata"]) > 20


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_schema_and_engine_accept_the_shipped_suites(path: Path, suite_schema: dict[str, Any]) -> None:
    suite = json.loads(path.read_text(encoding="utf-8"))
    assert complaints(suite_schema, suite) == []
    assert len(dq_engine.load_suite(path).checks) == len(suite["expectations"])


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"type": "expect_column_to_exit", "kwargs": {"column": "a"}}, id="unknown type"),
        pytest.param({"type": "expect_column_to_exist", "kwargs": {"colunm": "a"}}, id="unknown argument"),
        pytest.param({"type": "expect_column_to_exist", "kwargs": {}}, id="missing argument"),
        pytest.param({"type": "expect_column_to_exist", "kwargs": {"column": 1}}, id="argument of the wrong type"),
        pytest.param({"type": "expect_column_to_exist"}, id="no arguments"),
        pytest.param(
            {"type": "expect_column_to_exist", "kwargs": {"column": "a", "row_condition": 'col("a") > 1'}},
            id="row condition where none is taken",
        ),
        pytest.param(
            {
                "type": "expect_column_values_to_not_be_null",
                "kwargs": {"column": "a", "row_condition": {"type": "nullity", "column": {"name": "a"}}},
            },
            id="row condition with a part missing",
        ),
        pytest.param({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "mostly": 1.5}}, id="mostly"),
        pytest.param({"type": "expect_column_to_exist", "kwargs": {"column": "a"}, "severity": "fatal"}, id="severity"),
        pytest.param({"type": "expect_column_to_exist", "kwargs": {"column": "a"}, "meta": {"dq": {"wieght": 1}}}, id="meta.dq"),
        pytest.param({"type": "expect_column_to_exist", "kwargs": {"column": "a"}, "note": "x"}, id="unknown key"),
    ],
)
def test_schema_and_engine_refuse_the_same_faults(entry: dict[str, Any], suite_schema: dict[str, Any]) -> None:
    suite = {"name": "tests", "expectations": [entry]}
    assert complaints(suite_schema, suite)
    with pytest.raises(SuiteError):
        dq_engine.load_suite(suite)
