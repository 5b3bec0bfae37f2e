"""Contracts of the Open Data Contract Standard become suites, and suites contracts that the standard's own schema takes."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import open_data_contract_standard
import pyarrow as pa
import pytest

from dq_engine import WorkerProcess, interchange
from dq_engine.errors import SourceError
from dq_engine.interchange import document, odcs_export
from dq_engine.suite import parse_suite
from tests.command import dq_here
from tests.interchange.judged import HERE, expectations, outcomes, said, suites_in, suites_of

ROOT = HERE.parent.parent
SHIPPED = [path for folder in ("practice", "pcgt", "targets") for path in sorted((ROOT / "expectations" / folder).glob("*.json"))]
STANDARD = jsonschema.Draft201909Validator(
    json.loads((Path(open_data_contract_standard.__file__).parent / "schema.json").read_text(encoding="utf-8"))
)
CONTRACT = HERE / "odcs" / "list_sizes.odcs.yaml"


def valid(contract: Any) -> None:
    assert [f"{list(fault.absolute_path)}: {fault.message}" for fault in STANDARD.iter_errors(contract)] == []


def written(path: Path) -> odcs_export.Written:
    text = path.read_text(encoding="utf-8")
    return odcs_export.Written(parse_suite(text, path.name), json.loads(text))


# ---------------------------------------------------------------------------------------------------- there and back again


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_suite_comes_back_from_its_contract(path: Path) -> None:
    one = written(path)
    text = odcs_export.as_yaml([one], odcs_export.Contract())
    valid(document.read(text, "contract.yaml"))
    (suite,) = interchange.imported(text, "contract.yaml").suites
    again = json.loads(suite.text)
    assert again["meta"].pop("imported_from")["format"] == "Open Data Contract Standard"
    assert again == one.raw
    assert suite.complete


def test_several_suites_are_one_contract(tmp_path: Path) -> None:
    names = ["practice/practices.json", "practice/list_sizes.json", "targets/gp_it.json"]
    done = dq_here(ROOT / "expectations", "export", *names, "-o", str(tmp_path / "all.odcs.yaml"), "--status", "active")
    assert done.returncode == 0, done.stderr
    valid(contract := document.read((tmp_path / "all.odcs.yaml").read_text(), "all"))
    assert contract["status"] == "active"
    assert dq_here(tmp_path, "import", "all.odcs.yaml", "-o", "suites", "--quiet").returncode == 0
    assert dq_here(tmp_path, "lint", "suites").returncode == 0
    for path in tmp_path.glob("suites/*.json"):
        again = json.loads(path.read_text())
        own = next(one for one in SHIPPED if json.loads(one.read_text())["name"] == again["name"])
        assert again["expectations"] == json.loads(own.read_text())["expectations"]
    again = dq_here(ROOT / "expectations", "export", *names, "-o", str(tmp_path / "all.odcs.yaml"))
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_an_exported_contract_speaks_to_tools_that_know_nothing_of_dq() -> None:
    contract = odcs_export.exported([written(ROOT / "expectations" / "practice" / "practices.json")], odcs_export.Contract())
    (found,) = contract["schema"]
    properties = {one["name"]: one for one in found["properties"]}
    code = properties["organisation_code"]
    assert (code["logicalType"], code["classification"], code["required"]) == ("string", "public", True)
    assert {"metric": "nullValues", "mustBe": 0}.items() <= code["quality"][0].items()
    assert code["quality"][0]["severity"] == "error"
    assert contract["team"]["name"]


def test_a_severity_that_somebody_changed_in_the_contract_counts() -> None:
    contract = odcs_export.exported([written(SHIPPED[0])], odcs_export.Contract())
    rule = next(
        rule for one in contract["schema"][0]["properties"] for rule in one.get("quality", []) if rule["severity"] == "error"
    )
    rule["severity"] = "info"
    (suite,) = suites_in(contract).values()
    changed = next(entry for entry in json.loads(suite.text)["expectations"] if entry["meta"]["dq"]["rule"] == rule["name"])
    assert changed["severity"] == "info"


# ------------------------------------------------------------------------------------------------------ contracts of others


def test_a_contract_is_judged_as_it_says(worker: WorkerProcess) -> None:
    for path in CONTRACT.parent.glob("*.odcs.yaml"):
        valid(document.read(path.read_text(), path.name))
    suites = suites_of(CONTRACT)
    practices = pa.table({"code": ["Y90001", "Y90002"], "name": ["Road", "Lane"]})
    lists = pa.table(
        {
            "practice_code": ["Y90001", "Y90001", "Y90009", None],
            "snapshot": pa.array([19723, 19723, 19754, 19754], pa.date32()),
            "registered": [5120, 5120, -1, 7],
            "SRC": ["GPES", "", "FAX", None],
        }
    )
    found = outcomes(suites["list_sizes"], lists, worker, {"practices": practices})
    statuses = {
        path.removeprefix("$.schema[1]"): "fail" if any(o.status == "fail" for o in of_rule) else of_rule[0].status
        for path, of_rule in found.items()
    }
    columns = ".properties"
    assert statuses == {
        ".properties": "pass",
        f"{columns}[0].logicalType": "pass",
        f"{columns}[0].required": "fail",
        f"{columns}[0].logicalTypeOptions.pattern": "pass",
        f"{columns}[0].relationships[0]": "fail",
        f"{columns}[1].logicalType": "pass",
        f"{columns}[2].logicalType": "pass",
        f"{columns}[2].logicalTypeOptions.minimum": "fail",
        f"{columns}[2].quality[0]": "pass",
        f"{columns}[2].quality[1]": "fail",
        f"{columns}[3].logicalType": "pass",
        f"{columns}[3].quality[0]": "fail",
        f"{columns}[3].quality[1]": "pass",
        f"{columns}[3].quality[2]": "pass",
        f"{columns}[*].primaryKey": "fail",
        ".quality[0]": "fail",
        ".quality[1]": "pass",
        ".quality[2]": "fail",
        "$.slaProperties[0]": "fail",
    }
    assert said(suites["list_sizes"], "not_carried_over").keys() == {"$.schema[1].quality[3]", "$.schema[1].quality[4]"}
    meta = json.loads(suites["list_sizes"].text)["meta"]["dq"]
    assert meta["owner"] == "A. Steward"
    assert meta["columns"]["practice_code"]["sensitivity"] == "public"


def test_where_data_are_and_how_to_get_at_them_is_not_taken_over(tmp_path: Path) -> None:
    done = dq_here(HERE / "odcs", "import", CONTRACT.name, "-o", str(tmp_path / "suites"), "--format", "json")
    assert done.returncode == 1
    everything = done.stdout + done.stderr + "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert "db.example" not in everything
    assert "Planted" not in everything


def rule(quality: dict[str, Any], worker: WorkerProcess, values: list[Any], *, of_object: bool = False) -> str:
    """What is said of a rule about the column x: pass, fail, or why there is none."""
    column = {"name": "x", "quality": [] if of_object else [quality]}
    raw = {"name": "t", "properties": [column], "quality": [quality] if of_object else []}
    contract = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "1", "version": "1", "status": "draft", "schema": [raw]}
    (suite,) = suites_in(contract).values()
    found = [
        one for path, of_rule in outcomes(suite, pa.table({"x": values}), worker).items() if "quality" in path for one in of_rule
    ]
    lost = [why for path, why in said(suite, "not_carried_over").items() if "quality" in path]
    return lost[0] if lost else "fail" if any(one.status == "fail" for one in found) else found[0].status


@pytest.mark.parametrize(
    ("quality", "values", "expected"),
    [
        ({"metric": "nullValues", "mustBeLessThan": 2}, [None, 1], "pass"),
        ({"metric": "nullValues", "mustBeLessThan": 1}, [None, 1], "fail"),
        ({"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent"}, [1] * 100 + [None], "pass"),
        (
            {"metric": "invalidValues", "mustBeLessThan": 1, "unit": "percent", "arguments": {"validValues": [1]}},
            [1] * 100 + [2],
            "pass",
        ),
        ({"metric": "nullValues", "mustBeLessThan": 50, "unit": "percent"}, [None, 1], "fail"),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 50, "unit": "percent"}, [None, 1], "pass"),
        ({"metric": "nullValues", "mustBeBetween": [0, 1]}, [None, 1], "fail"),
        ({"metric": "nullValues", "mustNotBeBetween": [0, 2]}, [None, 1], "fail"),
        ({"metric": "missingValues", "mustBe": 1, "arguments": {"missingValues": [None, "-"]}}, ["-", "a"], "pass"),
        ({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None, "-"]}}, [None, "a"], "fail"),
        ({"metric": "invalidValues", "mustBeLessThan": 2, "arguments": {"validValues": ["a"]}}, ["b", "a", None], "pass"),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "^a"}}, ["ab", None], "pass"),
        ({"metric": "duplicateValues", "mustBe": 0}, ["a", "a"], "fail"),
        ({"rule": "nullCheck"}, [None], "fail"),
        ({"rule": "validValues", "validValues": ["a"]}, ["b"], "fail"),
        ({"rule": "duplicateCount", "mustBeLessThan": 1}, ["b"], "pass"),
        ({"type": "sql", "query": "SELECT max({property}) FROM {object}", "mustBe": 3}, [1, 3], "pass"),
        ({"type": "sql", "query": "SELECT max(${column}) FROM ${table} WHERE FALSE", "mustBeLessThan": 3}, [1], "fail"),
        (
            {
                "type": "custom",
                "engine": "great-expectations",
                "implementation": "type: expect_column_values_to_be_between\nkwargs: {minValue: 2}",
            },
            [1],
            "fail",
        ),
    ],
)
def test_rules_of_a_property(quality: dict[str, Any], values: list[Any], expected: str, worker: WorkerProcess) -> None:
    assert rule(quality, worker, values) == expected


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        ({"metric": "rowCount", "mustBe": 2}, "pass"),
        ({"metric": "rowCount", "mustBeGreaterThan": 2}, "fail"),
        ({"metric": "rowCount", "mustBeGreaterThan": 1, "mustBeLessThan": 3}, "pass"),
        ({"metric": "rowCount", "mustNotBe": 2}, "fail"),
        ({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["x"]}}, "pass"),
        (
            {"metric": "duplicateValues", "mustBeLessThan": 5},
            "the standard does not say how many rows a repeated value counts for",
        ),
        ({"metric": "nullValues", "mustBe": 0}, 'the metric "nullValues" is one of a property'),
        ({"metric": "rowCount"}, "expected an operator"),
        ({"type": "text", "description": "Sound."}, "it is said in words only: Sound."),
        ({"type": "custom", "engine": "soda", "implementation": "x"}, 'rules of the engine "soda" are not translated'),
        ({"type": "sql", "query": "SELECT ${other} FROM ${table}", "mustBe": 1}, "{other} stands for nothing"),
    ],
)
def test_rules_of_an_object(quality: dict[str, Any], expected: str, worker: WorkerProcess) -> None:
    assert rule(quality, worker, ["a", "b"], of_object=True).startswith(expected)


def test_other_versions_and_other_faults_are_refused_together() -> None:
    raw = {"apiVersion": "v2.2.0", "kind": "DataContract", "schema": [{"properties": [{}, 3]}], "slaProperties": 4}
    with pytest.raises(SourceError) as error:
        interchange.imported(json.dumps(raw), "old.yaml")
    told = str(error.value)
    for part in (
        "$.apiVersion: expected a version 3",
        "$.schema[0].name",
        "properties[0].name",
        "properties[1]",
        "$.slaProperties",
    ):
        assert part in told


def test_a_key_is_of_columns_that_are_there() -> None:
    raw = {"name": "t", "properties": [{"name": "x", "relationships": [{"to": "elsewhere.id"}]}]}
    contract = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "1", "version": "1", "schema": [raw]}
    (suite,) = suites_in(contract).values()
    assert "$.schema[0].properties[0].relationships[0]" in said(suite, "not_carried_over")
    assert [name for name, _ in expectations(suite)] == ["expect_table_columns_to_match_set"]
