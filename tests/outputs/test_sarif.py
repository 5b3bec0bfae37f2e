"""SARIF 2.1.0: valid by its official schema, and pointing to the right places."""

import functools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import msgspec
import pytest

from dq_engine.model import Run
from dq_engine.report import sarif
from dq_engine.report.origins import Origin
from tests.docs.means import CHECKERS, needed

from .conftest import BY_NAME, FILE, SUITE, MakeRun, each_kind

PACKAGE = CHECKERS / "@microsoft" / "jest-sarif" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"
"""The schema of the standard, as a package of npm that its makers publish holds it."""


@functools.cache
def schema() -> jsonschema.Draft4Validator:
    held = json.loads(needed(PACKAGE, "the schema of SARIF 2.1.0").read_text(encoding="utf-8"))
    assert "2.1.0-rtm.5" in held["title"]
    return jsonschema.Draft4Validator(held, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def read(run: Run, origin: Origin, *, verbose: bool = False) -> dict[str, Any]:
    document = json.loads(sarif.render(run, origin, verbose=verbose))
    (found,) = document["runs"]
    assert isinstance(found, dict)
    return found


def results(run: Run, origin: Origin, *, verbose: bool = False) -> dict[str, dict[str, Any]]:
    return {one["ruleId"]: one for one in read(run, origin, verbose=verbose)["results"]}


@each_kind
@pytest.mark.parametrize("verbose", [False, True])
def test_it_is_valid(kind: str, verbose: bool, runs: dict[str, Run], origin: Origin) -> None:
    document = json.loads(sarif.render(runs[kind], origin, verbose=verbose))
    assert [f"{error.json_path}: {error.message}" for error in schema().iter_errors(document)] == []
    assert document["version"] == "2.1.0"


@each_kind
def test_a_run_that_does_not_pass_has_a_result_that_says_so(kind: str, runs: dict[str, Run], origin: Origin) -> None:
    found = read(runs[kind], origin)
    loud = [one for one in found["results"] if one["kind"] == "fail" and "suppressions" not in one]
    assert loud or not runs[kind].exit_code
    (invocation,) = found["invocations"]
    assert invocation["exitCode"] == runs[kind].exit_code
    assert invocation["executionSuccessful"] == (runs[kind].exit_code in (0, 1))
    assert all(one["level"] == "none" for one in found["results"] if one["kind"] != "fail")


@each_kind
def test_rules_and_places_are_complete(kind: str, runs: dict[str, Run], origin: Origin) -> None:
    found = read(runs[kind], origin, verbose=True)
    rules = found["tool"]["driver"]["rules"]
    assert len({one["id"] for one in rules}) == len(rules)
    for one in found["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["locations"], "GitHub takes no result without a place"


def test_levels_and_kinds(runs: dict[str, Run], origin: Origin) -> None:
    found = {rule: (one["kind"], one["level"]) for rule, one in results(runs["error"], origin, verbose=True).items()}
    assert found == {
        "rows/code_present": ("fail", "error"),
        "rows/sex_known": ("fail", "error"),
        "rows/sex_valid": ("fail", "warning"),
        "rows/code_listed": ("fail", "note"),
        "rows/nowhere_known": ("fail", "error"),
        "rows/empty_valid": ("notApplicable", "none"),
    }
    assert results(runs["no rows"], origin)["rows/sex_known"]["kind"] == "fail", "nothing at all was judged"
    assert results(runs["passing"], origin) == {}
    assert results(runs["passing"], origin, verbose=True)["rows/sex_known"]["kind"] == "pass"
    assert set(results(runs["gate"], origin)) >= {"dq/gate.required.feeds", "dq/gate.rows.A81001"}


def test_what_could_not_be_evaluated_is_also_a_notification(runs: dict[str, Run], origin: Origin) -> None:
    (invocation,) = read(runs["error"], origin)["invocations"]
    assert [one["associatedRule"]["id"] for one in invocation["toolExecutionNotifications"]] == ["rows/nowhere_known"]
    (invocation,) = read(runs["torn"], origin)["invocations"]
    assert invocation["toolExecutionNotifications"][0]["associatedRule"]["id"] == "dq/extract"


def test_what_was_accepted_is_suppressed(runs: dict[str, Run], origin: Origin) -> None:
    found = results(runs["waived"], origin)
    (suppression,) = found["rows/sex_known"]["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "waived by A. Lead until 2030-05-31: the sender mends it | in May"
    assert "suppressions" not in found["rows/sex_valid"]


def test_places_are_those_of_the_expectations(runs: dict[str, Run], origin: Origin, world: Path) -> None:
    for kind in ("error", "hostile"):
        file = runs[kind].extracts[0].suite.path
        assert kind != "hostile" or file == SUITE
        lines = (world / file).read_text(encoding="utf-8").split("\n")
        for one in read(runs[kind], origin)["results"]:
            (place,) = (location["physicalLocation"] for location in one["locations"])
            assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
            address = place["artifactLocation"]["uri"]
            assert unquote(address) == file
            assert re.fullmatch(r"[\w./~%-]+", address, re.ASCII)
            assert lines[place["region"]["startLine"] - 1][place["region"]["startColumn"] - 1 :] == "{"


def test_a_suite_elsewhere_has_an_absolute_address(runs: dict[str, Run], tmp_path: Path, world: Path) -> None:
    (place,) = results(runs["tolerated"], Origin(str(world), str(tmp_path)))["rows/sex_valid"]["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": f"file://{world}/{runs['tolerated'].extracts[0].suite.path}"}
    (place,) = results(runs["tolerated"], Origin(str(world), str(world.parent)))["rows/sex_valid"]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].startswith(f"{world.name}/suite")


def test_an_edited_suite_opens_no_second_alert(make_run: MakeRun, origin: Origin) -> None:
    rules = [BY_NAME["sex_known"], BY_NAME["sex_valid"]]
    before, after = (
        results(make_run("rows.parquet", listed, "edited.json", indent), origin)
        for listed, indent in ((rules, 2), (rules[::-1], 8))
    )
    for rule, one in before.items():
        assert one["partialFingerprints"] == after[rule]["partialFingerprints"]
        assert one["locations"] != after[rule]["locations"]
    assert before["rows/sex_known"]["partialFingerprints"] != before["rows/sex_valid"]["partialFingerprints"]


def test_hostile_texts_make_no_link_and_steer_nothing(runs: dict[str, Run], origin: Origin) -> None:
    raw = sarif.render(runs["hostile"], origin).decode()
    assert not [text for text in texts(json.loads(raw)) if "](" in text]
    assert not set("\x1b\u202e\ufeff\x00") & set(raw)
    placeholders = re.findall(r"(?<!\{)\{(?!\{)|(?<!\})\}(?!\})", " ".join(texts(json.loads(raw))))
    assert placeholders == [], "braces are doubled"


def texts(value: Any) -> list[str]:
    """The texts of all messages in a document."""
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in ([item] if key == "text" else texts(item))]
    return []


def test_analyses_of_other_extracts_are_told_apart(runs: dict[str, Run], origin: Origin) -> None:
    again = msgspec.structs.replace(runs["failing"], id="20300101T000000Z-ffffff")
    ids = [read(run, origin)["automationDetails"]["id"] for run in (runs["failing"], again, runs["passing"], runs["hostile"])]
    categories = [one.rpartition("/")[0] for one in ids]
    assert categories[:3] == ["dq/rows", "dq/rows", "dq/good"]
    assert ids[0] != ids[1]
    assert FILE not in ids[3]
