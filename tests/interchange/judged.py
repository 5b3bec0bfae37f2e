"""What dq says of each rule of a file that it imported: the outcomes on a table, by the place of the rule in the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

import dq_engine
from dq_engine import WorkerProcess, interchange
from dq_engine.interchange import Form, ImportedSuite
from dq_engine.model import Outcome

HERE = Path(__file__).parent


def suites_of(path: Path, form: Form | None = None) -> dict[str, ImportedSuite]:
    return {suite.name: suite for suite in interchange.imported(path.read_text(encoding="utf-8"), path.name, form).suites}


def suites_in(raw: Any, form: Form | None = None) -> dict[str, ImportedSuite]:
    return {suite.name: suite for suite in interchange.imported(json.dumps(raw), "given.json", form).suites}


def outcomes(
    suite: ImportedSuite, table: pa.Table, worker: WorkerProcess, others: Mapping[str, pa.Table] | None = None
) -> dict[str, list[Outcome]]:
    """The outcomes of the expectations that each rule became, by its path in the source."""
    run = dq_engine.check(table, json.loads(suite.text), others=others or {}, worker=worker)
    (extract,) = run.extracts
    found: dict[str, list[Outcome]] = {}
    for change in suite.changes:
        if change.kind == "carried_over":
            place = int((change.to or "").removeprefix("$.expectations[").rstrip("]"))
            found.setdefault(change.path, []).append(extract.outcomes[place])
    return found


def expectations(suite: ImportedSuite) -> list[tuple[str, dict[str, Any]]]:
    return [(entry["type"], entry["kwargs"]) for entry in json.loads(suite.text)["expectations"]]


def said(suite: ImportedSuite, kind: str) -> dict[str, str]:
    """What the report says of parts of one kind, by their paths."""
    return {change.path: change.why for change in suite.changes if change.kind == kind}
