"""Events of OpenLineage: sent by its own client to a real server, and read back by its own classes."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
from openlineage.client import event_v2
from openlineage.client.facet_v2 import data_quality_assertions_dataset as assertions
from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics

from tests.command import dq_here

from .servers import serving

VALUE = "QUOKKA7"
NOT_NULL, IN_SET = "expect_column_values_to_not_be_null", "expect_column_values_to_be_in_set"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    def rule(kind: str, name: str, column: str = "code", **more: Any) -> dict[str, Any]:
        return {"type": kind, "kwargs": {"column": column, **more}, "meta": {"dq": {"rule": name}}}

    rules = [
        rule(NOT_NULL, "there"),
        rule(IN_SET, "known", value_set=["A"]),
        rule(IN_SET, "nothing", "empty", value_set=["A"]),
        rule(NOT_NULL, "some", row_condition='code=="A"', condition_parser="pandas"),
        rule(NOT_NULL, "left_out", "empty"),
    ]
    folder = tmp_path / "releases"
    folder.mkdir()
    for name, listed in {"suite": rules, "broken": [*rules, rule(NOT_NULL, "nowhere", "nowhere")]}.items():
        suite = {"name": name, "meta": {"dq": {"feed": name}}, "expectations": listed}
        (folder / f"{name}.json").write_text(json.dumps(suite), encoding="utf-8")
    rows = f"('A', NULL), (NULL, NULL), ('{VALUE}', NULL)"
    duckdb.sql(f"SELECT code, empty::VARCHAR AS empty FROM (VALUES {rows}) t(code, empty)").write_parquet(
        str(folder / "lists.parquet")
    )
    return folder


def check(project: Path, suite: str = "suite.json") -> tuple[int, str]:
    done = dq_here(
        project,
        "check",
        "lists.parquet",
        "--suite",
        suite,
        "--ignore",
        "id:left_out",
        "--quiet",
        "--show-values",
        "--openlineage",
    )
    return done.returncode, done.stderr


def test_a_run_is_an_event_at_its_beginning_and_one_at_its_end(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(201) as server:
        monkeypatch.setenv("OPENLINEAGE_URL", server.url)
        monkeypatch.setenv("OPENLINEAGE_API_KEY", "S3CR3T")
        monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "warehouse")
        assert check(project) == (1, "")
    assert not [name for name in os.environ if name.startswith("OPENLINEAGE__")], "the environment is as it was"
    assert {request.path for request in server.requests} == {"/api/v1/lineage"}
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer S3CR3T"}
    start, end = (json.loads(request.body) for request in server.requests)
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE"), "all was evaluated, and failures were found"
    assert start["run"]["runId"] == end["run"]["runId"]
    assert UUID(end["run"]["runId"]).version == 7
    assert start["eventTime"] <= end["eventTime"]
    assert (end["job"]["namespace"], end["job"]["name"]) == ("warehouse", "releases.check")
    (dataset,) = end["inputs"]
    assert (dataset["namespace"], dataset["name"]) == ("file", str(project / "lists.parquet"))
    assert (start["inputs"][0]["namespace"], start["inputs"][0]["name"]) == ("file", dataset["name"])

    facets = {
        name: {key: value for key, value in facet.items() if key[0] != "_"} for name, facet in dataset["inputFacets"].items()
    }
    quality = metrics.DataQualityMetricsInputDatasetFacet(**facets["dataQualityMetrics"])
    assert (quality.rowCount, quality.fileCount, quality.bytes) == (3, 1, (project / "lists.parquet").stat().st_size)
    assert {name: column["nullCount"] for name, column in quality.columnMetrics.items()} == {"code": 1}, "not that of some rows"  # type: ignore[index]
    found = [assertions.Assertion(**each) for each in facets["dataQualityAssertions"]["assertions"]]
    assert [(each.name, each.success, each.column, each.severity, each.actual) for each in found] == [
        ("there", False, "code", "error", "1 of 3 (33.3 %) rows"),
        ("known", False, "code", "error", "1 of 2 (50 %) rows"),
        ("nothing", False, "empty", "error", "nothing to judge: 0 of 0 rows"),
        ("some", True, "code", "error", "0 of 1 (0 %) rows"),
    ]
    assert found[0].assertion == NOT_NULL
    sent = b"".join(request.body for request in server.requests)
    assert VALUE.encode() not in sent
    assert b"S3CR3T" not in sent
    assert event_v2.RunEvent._get_schema() == end["schemaURL"]
    assert all(
        dataset["inputFacets"][name]["_schemaURL"] == kind._get_schema()
        for name, kind in {
            "dataQualityMetrics": metrics.DataQualityMetricsInputDatasetFacet,
            "dataQualityAssertions": assertions.DataQualityAssertionsDatasetFacet,
        }.items()
    )


def test_what_could_not_be_evaluated_is_a_failed_run_and_never_a_success(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(201) as server:
        monkeypatch.setenv("OPENLINEAGE_URL", server.url)
        assert check(project, "broken.json")[0] == 3
        (project / "lists.parquet").write_bytes(b"PAR1 torn")
        assert check(project)[0] == 3
    _, end, _, torn = (json.loads(request.body) for request in server.requests)
    assert (end["eventType"], torn["eventType"]) == ("FAIL", "FAIL")
    (first, _) = sorted((project / "dq-results").glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns)
    assert end["run"]["facets"]["errorMessage"]["message"] == json.loads(first.read_bytes())["verdict"]
    (nowhere,) = [
        each for each in end["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"] if each["name"] == "nowhere"
    ]
    assert nowhere["success"] is False
    assert nowhere["actual"].startswith("could not be evaluated: ")
    listed = torn["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert listed
    assert not any(each["success"] for each in listed)


def test_events_go_to_a_file_if_openlineage_yml_says_so(project: Path) -> None:
    (project / "openlineage.yml").write_text(
        "transport: {type: file, log_file_path: events.ndjson, append: true}\n", encoding="utf-8"
    )
    assert check(project) == (1, "")
    text = (project / "events.ndjson").read_text(encoding="utf-8")
    assert [json.loads(line)["eventType"] for line in text.splitlines()] == ["START", "COMPLETE"]


def test_events_that_cannot_be_sent_are_no_silence_and_no_secret(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(403) as server:
        monkeypatch.setenv("OPENLINEAGE_URL", f"{server.url}/T0K3N/")
        monkeypatch.setenv("OPENLINEAGE_API_KEY", "S3CR3T")
        assert check(project) == (3, "dq: the events of OpenLineage could not be sent (the answer was 403)\n")
    assert len(list((project / "dq-results").glob("*/run.json"))) == 1, "the run is stored"


@pytest.mark.parametrize(
    "settings", ["", "transport: {type: console}", "transport: {type: T0K3N}", "transport: {type: http}", "{T0K3N"]
)
def test_settings_that_say_nothing_of_use_are_said_before_any_work(settings: str, project: Path) -> None:
    (project / "openlineage.yml").write_text(settings, encoding="utf-8")
    code, said = check(project)
    assert code == 2
    assert "set OPENLINEAGE_URL, or write openlineage.yml" in said
    assert "T0K3N" not in said
    assert not (project / "dq-results").exists()
