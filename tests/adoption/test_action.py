"""The GitHub Action, without GitHub: its steps are run as a runner runs them, on projects that pass, fail and cannot be checked."""

import csv
import importlib.resources
import json
import re
import shutil
import sys
from pathlib import Path

import duckdb
import jsonschema
import pytest
import yaml
from junitparser import JUnitXml

from tests.generated import ROOT

from .runner import EXPRESSION, Action, read
from .source import copied

ACTION = read(ROOT / "action.yml")
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALLED = {"install": {"command": str(Path(sys.executable).with_name("dq"))}}
"""What the first step says, where another test runs it: the command of the environment of the tests."""
REPORTS = ["measures.csv", "report.json", "report.sarif", "report.xml"]
SUITE = {
    "name": "lists",
    "meta": {"dq": {"feed": "lists"}},
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "code"}, "meta": {"dq": {"rule": "there"}}}
    ],
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work space; $(touch pwned)"
    (folder / "expectations").mkdir(parents=True)
    (folder / "expectations" / "lists.json").write_text(json.dumps(SUITE, indent=2), encoding="utf-8")
    (folder / "dq.toml").write_text('[dq]\nsuites = ["expectations"]\n[[extracts]]\npath = "lists.parquet"\n[gate]\n', "utf-8")
    for name, select in {"lists": "SELECT 'A81001' AS code", "bad/lists": "SELECT NULL::VARCHAR AS code FROM range(2)"}.items():
        path = (folder / name).with_suffix(".parquet")
        path.parent.mkdir(exist_ok=True)
        duckdb.sql(select).write_parquet(str(path))
    return folder


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "runner temp"
    folder.mkdir()
    return folder


def schema(name: str) -> dict[str, object]:
    """The schema of GitHub's files from the collection of SchemaStore, as check-jsonschema brings it."""
    text = (importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{name}.json").read_text("utf-8")
    loaded = json.loads(text)
    assert isinstance(loaded, dict)
    return loaded


# -------------------------------------------------------------------------------------------------------------- metadata


def test_the_metadata_keep_githubs_schema() -> None:
    jsonschema.Draft7Validator(schema("github-actions")).validate(ACTION)


def test_what_users_write_reaches_no_script_but_by_the_environment() -> None:
    for step in ACTION["runs"]["steps"]:
        assert not EXPRESSION.search(step["run"]), "an expression in a script is code of whoever wrote the input"
    used = {found for step in ACTION["runs"]["steps"] for found in EXPRESSION.findall(json.dumps(step))}
    assert {f"inputs.{name}" for name in ACTION["inputs"]} <= used, "an input that does nothing"


def test_the_workflow_in_the_readme_keeps_githubs_schema_and_names_inputs_and_outputs_that_there_are() -> None:
    (block,) = re.findall(r"```yaml\n(on:.*?)```", README, re.DOTALL)
    workflow = {"on" if key is True else key: value for key, value in yaml.safe_load(block).items()}  # YAML 1.1 takes on for true
    jsonschema.Draft7Validator(schema("github-workflows")).validate(workflow)
    (job,) = workflow["jobs"].values()
    (own,) = [step for step in job["steps"] if step.get("id") == "dq"]
    assert set(own["with"]) <= set(ACTION["inputs"])
    assert set(re.findall(r"steps\.dq\.outputs\.([\w-]+)", block)) <= set(ACTION["outputs"])


# ----------------------------------------------------------------------------------------------------------------- steps


def test_the_action_installs_itself_and_checks(workspace: Path, temporary: Path) -> None:
    """All its steps. Packages come from where pip gets them, by the hashes of the lock files."""
    source = copied(temporary.parent / "the action")
    ran = Action(source).run(workspace, temporary, python=sys.executable, docs="pages")
    assert ran.code == 0, ran.err
    assert (temporary / "dq" / "bin" / "dq").is_file()
    assert ran.outputs["exit-code"] == "0"
    assert ran.outputs["verdict"].startswith("The gate is open")
    assert sorted(path.name for path in (workspace / ran.outputs["reports"]).iterdir()) == REPORTS
    assert (workspace / ran.outputs["run"] / "run.json").is_file()
    assert (workspace / "pages" / "index.html").is_file()


def test_a_python_that_is_too_old_is_said(workspace: Path, temporary: Path) -> None:
    old = temporary / "python"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    ran = Action(ROOT).run(workspace, temporary, python=str(old))
    assert ran.code == 2
    assert ran.out.startswith("::error title=dq::dq needs Python 3.11 or newer")
    assert ran.outputs["exit-code"] == ""


def test_failures_are_annotated_and_every_report_is_there(workspace: Path, temporary: Path) -> None:
    ran = Action(ROOT, INSTALLED).run(workspace, temporary, paths="bad/lists.parquet\n", gate="false")
    assert (ran.code, ran.outputs["exit-code"]) == (1, "1")
    assert ran.outputs["verdict"] == "failed: 1 of 1 check failed at severity critical or above"
    assert ran.out.splitlines() == [
        "::error file=expectations/lists.json,line=9,col=5,title=lists%3A there%3A failed::code has a value in every row: 2 of 2 (100 %25) rows"
    ]
    assert "Failed: 1 of 1 check" in ran.summary
    reports = workspace / ran.outputs["reports"]
    assert json.loads((reports / "report.json").read_bytes())["exit_code"] == 1
    assert len(json.loads((reports / "report.sarif").read_bytes())["runs"][0]["results"]) == 1
    assert JUnitXml.fromfile(str(reports / "report.xml")).failures == 1
    with (reports / "measures.csv").open(newline="") as file:
        assert [row["unexpected_count"] for row in csv.DictReader(file)] == ["2"]
    assert not list(workspace.rglob("pwned"))


def test_what_could_not_be_evaluated_is_exit_code_3(workspace: Path, temporary: Path) -> None:
    (workspace / "bad" / "lists.parquet").write_bytes(b"PAR1 no extract")
    ran = Action(ROOT, INSTALLED).run(workspace, temporary, paths="bad/lists.parquet\r\nlists.parquet")
    assert (ran.code, ran.outputs["exit-code"]) == (3, "3")
    assert "::error " in ran.out


def test_no_report_of_an_earlier_run_passes_for_that_of_this_one(workspace: Path, temporary: Path) -> None:
    action = Action(ROOT, INSTALLED)
    good = action.run(workspace, temporary)
    assert (good.code, good.outputs["run"][:11]) == (0, "dq-results/")
    assert good.outputs["verdict"].startswith("The gate is open"), good.outputs
    for wrong in ({"arguments": "--no-such-option"}, {"gate": "yes"}, {"suite": "nowhere.json", "paths": "lists.parquet"}):
        reports = workspace / "dq-reports"
        (reports / "report.json").write_text(json.dumps({"id": "x", "verdict": "passed"}), encoding="utf-8")
        ran = action.run(workspace, temporary, **wrong)
        assert ran.code == 2, wrong
        assert list(reports.iterdir()) == []
        assert "passed" not in ran.outputs["verdict"]
        assert ran.outputs["run"] == ""


def test_names_are_never_commands_options_or_outputs(workspace: Path, temporary: Path) -> None:
    """Blanks, quotes, substitutions, options and lines in what users write are parts of names, and nothing else."""
    nasty = """-q "a'b`touch pwned` $(touch pwned); touch pwned & *"""
    (workspace / nasty).mkdir()
    shutil.copy(workspace / "lists.parquet", workspace / nasty / "lists.parquet")
    shutil.copy(workspace / "expectations" / "lists.json", workspace / f"{nasty}.json")
    reports = f"{nasty} reports\nexit-code=0\nverdict=passed"
    ran = Action(ROOT, INSTALLED).run(
        workspace,
        temporary,
        working_directory=".",
        paths=f"\n{nasty}/lists.parquet\nbad/lists.parquet\n",
        suite=f"{nasty}.json",
        results=f"{nasty} results",
        reports=reports,
        arguments="--fail-on=warning\n--param\na=b c",
    )
    assert (ran.code, ran.outputs["exit-code"]) == (1, "1"), ran.err
    assert ran.outputs["reports"] == reports
    assert sorted(path.name for path in (workspace / reports).iterdir()) == REPORTS
    assert (workspace / ran.outputs["run"] / "run.json").is_file()
    assert ran.outputs["verdict"] != "passed"
    assert not list(workspace.parent.rglob("pwned"))
