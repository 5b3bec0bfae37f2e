"""Table Schemas become suites that say what the standard says: the library's own verdicts on the same tables, and details of it."""

import json
import re
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pytest

from dq_engine import WorkerProcess
from dq_engine.errors import SourceError
from dq_engine.model import Outcome
from tests.interchange.judged import HERE, expectations, outcomes, said, suites_in, suites_of

PACKAGE = HERE / "frictionless"
VERDICTS = json.loads((PACKAGE / "verdicts.json").read_text())["broken"]
BEYOND = {"list-sizes": {"categories:band": 1, "uniqueKeys:form": 2}}
"""What the standard forbids and frictionless 5.21 does not look for."""


def table(name: str, numbers: list[str]) -> pa.Table:
    """A table as Parquet holds it: texts that stand for no value are still there, and numbers are numbers."""
    types = dict.fromkeys(numbers, pa.int64())
    options = csv.ConvertOptions(column_types=types, true_values=["yes", "true"], false_values=["no", "false"], null_values=[""])
    return csv.read_csv(PACKAGE / f"{name}.csv", convert_options=options)


def called(path: str, fields: list[dict[str, Any]]) -> str:
    """The rule at a path, as the record of the library calls it."""
    name = fields[int(found[1])]["name"] if (found := re.search(r"\.fields\[(\d+)\]", path)) else ""
    if constraint := re.search(r"constraints\.(\w+)$", path):
        return f"unique-error:{name}" if constraint[1] == "unique" else f"constraint-error:{name}:{constraint[1]}"
    if path.endswith((".type", ".format")):
        return f"type-error:{name}"
    if path.endswith(".categories"):
        return f"categories:{name}"
    return "primary-key" if path.endswith(".primaryKey") else path


def broken(found: dict[str, list[Outcome]], raw: dict[str, Any]) -> dict[str, int]:
    """How many rows break each rule; none that is kept."""
    rules: dict[str, int] = {}
    for path, of_rule in found.items():
        name = called(path, raw["fields"])
        if ".foreignKeys" in path:
            keys = raw["foreignKeys"][0]["fields"]
            name = f"foreign-key:{keys if isinstance(keys, str) else ','.join(keys)}"
        elif ".uniqueKeys" in path:
            name = f"uniqueKeys:{','.join(raw['uniqueKeys'][0])}"
        assert {outcome.status for outcome in of_rule} <= {"pass", "fail", "vacuous"}, (path, of_rule)
        count = sum(outcome.unexpected_count or 0 for outcome in of_rule if outcome.status == "fail")
        if count:
            rules[name] = rules.get(name, 0) + count
    return rules


def test_dq_finds_what_the_library_finds_in_the_same_tables(worker: WorkerProcess) -> None:
    practices, lists = table("practices", ["partners"]), table("list_sizes", ["registered"])
    suites = suites_of(PACKAGE / "datapackage.json")
    raw = {one["name"]: one["schema"] for one in json.loads((PACKAGE / "datapackage.json").read_text())["resources"]}
    found = {
        "practices": broken(outcomes(suites["practices"], practices, worker), raw["practices"]),
        "list-sizes": broken(outcomes(suites["list-sizes"], lists, worker, {"practices": practices}), raw["list-sizes"]),
    }
    for name, rules in found.items():
        beyond = BEYOND.get(name, {})
        assert {rule: rules[rule] for rule in rules if rule in beyond} == beyond
        assert rules.keys() - beyond.keys() == VERDICTS[name].keys()
        for rule, count in VERDICTS[name].items():
            if not rule.startswith(
                ("unique-error", "primary-key")
            ):  # of which dq counts every row, the library all but the first
                assert rules[rule] == count, rule


def of_field(**field: Any) -> Any:
    (suite,) = suites_in({"fields": [{"name": "x", **field}]}).values()
    return suite


def failing(worker: WorkerProcess, values: list[Any], **field: Any) -> int:
    """How many rows break a field's constraints."""
    found = outcomes(of_field(**field), pa.table({"x": values}), worker)
    return sum(o.unexpected_count or 0 for path, of_rule in found.items() for o in of_rule if "constraints" in path)


@pytest.mark.parametrize(
    ("constraints", "values", "count"),
    [
        ({"pattern": "a|b"}, ["a", "b", "ab", "xb", None], 2),  # the whole value; frictionless 5.21 says ^a|b$
        ({"required": True}, ["a", "", None], 2),
        ({"unique": True}, ["", "", None, None, "a"], 0),
        ({"minLength": 2}, ["", "a", "ab"], 1),
        ({"maxLength": 1}, ["", "a", "ab"], 1),
        ({"enum": ["a"]}, ["", "a", "b"], 1),
    ],
)
def test_texts_that_stand_for_no_value_are_none(constraints: Any, values: list[Any], count: int, worker: WorkerProcess) -> None:
    assert failing(worker, values, type="string", constraints=constraints) == count


def test_numbers_that_stand_for_no_value_are_none(worker: WorkerProcess) -> None:
    constraints = {"minimum": 0, "unique": True}
    assert failing(worker, [-99, -99, 3], type="integer", missingValues=["-99", "-"], constraints=constraints) == 0
    assert failing(worker, [-99, -98, 3], type="integer", missingValues=["-99"], constraints=constraints) == 1


def test_keys_within_a_table_and_of_several_columns(worker: WorkerProcess) -> None:
    reference = {"fields": ["a", "b"], "reference": {"fields": ["c", "d"]}}
    fields = [{"name": name, "type": "string"} for name in "abcd"]
    (suite,) = suites_in({"fields": fields, "foreignKeys": [reference], "uniqueKeys": [["a", "b"]]}).values()
    rows = pa.table({"a": ["1", "1", "9", "1"], "b": ["2", None, "9", ""], "c": ["1"] * 4, "d": ["2"] * 4})
    found = {path.split(".")[1]: o for path, (o,) in outcomes(suite, rows, worker).items() if "Keys" in path}
    assert found["foreignKeys[0]"].unexpected_count == 1
    assert found["uniqueKeys[0]"].status == "pass"


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (None, ("expect_table_columns_to_match_ordered_list", {"column_list": ["x"]})),
        ("equal", ("expect_table_columns_to_match_set", {"column_set": ["x"], "exact_match": True})),
        ("subset", ("expect_table_columns_to_match_set", {"column_set": ["x"], "exact_match": False})),
        ("partial", None),
    ],
)
def test_which_fields_there_must_be(match: str | None, expected: Any) -> None:
    (suite,) = suites_in({"fields": [{"name": "x", "type": "string"}], **({"fieldsMatch": match} if match else {})}).values()
    assert [one for one in expectations(suite) if "table" in one[0]] == ([expected] if expected else [])
    assert bool(said(suite, "not_carried_over")) == (expected is None)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ({"type": "string", "constraints": {"pattern": "[a-z-[aeiou]]"}}, "mean something else in Python"),
        ({"type": "string", "constraints": {"pattern": r"\p{Lu}+"}}, "regex"),
        ({"type": "string", "format": "wkt"}, "this form"),
        ({"type": "geopoint"}, "this type"),
        ({"type": "array", "constraints": {"minLength": 2}}, "how many parts"),
        ({"type": "string", "constraints": {"requird": True}}, "does not know this key"),
    ],
)
def test_what_no_expectation_says_is_kept(field: dict[str, Any], why: str) -> None:
    suite = of_field(**field)
    assert any(why in reason for reason in said(suite, "not_carried_over").values())
    assert json.loads(suite.text)["meta"]["not_carried_over"]


def test_examples_of_values_are_not_kept() -> None:
    suite = of_field(type="string", example="Mrs Planted")
    assert "Planted" not in suite.text + str(suite.changes)


def test_every_fault_of_a_schema_is_told_at_once() -> None:
    raw = {"fields": [{"type": "string"}, {"name": "a", "constraints": []}, 7], "missingValues": [3], "uniqueKeys": [[]]}
    with pytest.raises(SourceError) as error:
        suites_in(raw)
    assert len(str(error.value).splitlines()) == 5
