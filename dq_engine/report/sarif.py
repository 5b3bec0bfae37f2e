"""A run as SARIF 2.1.0 (OASIS), as GitHub code scanning, Azure DevOps and editors read it.

Each check is a rule, called by the name of its suite and its id. A failure is a result at the level of its severity, and points
to the expectation in the file of the suite. What the exit code is due to besides is a result, too: a check that could not be
evaluated, an extract that could not be opened, a finding of the gate; so that nobody sees less who reads results only. What could
not be evaluated is also a notification of the invocation, as the standard wants it. A check that had nothing to judge is
"notApplicable", or fails where the exit code is due to it. A failure that somebody accepted is a result with a suppression; one
that is known from the baseline has the state "unchanged". What passed or was not selected is left out, unless it is asked for:
the invocation counts it.

GitHub follows an alert by its rule, file and ``primaryLocationLineHash``; that is made of the names of extract, suite and check,
so that an edit of the suite opens no second alert.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

from dq_engine.model import Run
from dq_engine.report import words
from dq_engine.report.entries import LEVELS, Entry, entries
from dq_engine.report.origins import Origin

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""The base of addresses within the repository."""
LONGEST = 80
"""Characters of the names of extracts by which runs are told apart."""
POLICY = "dq.toml"
UNTOLD = ("pass", "skipped")


def render(run: Run, origin: Origin, *, verbose: bool = False) -> bytes:
    """The run as SARIF, UTF-8; with ``verbose``, what passed and what was not selected is among its results."""
    told = entries(run)
    rules: dict[str, dict[str, Any]] = {}
    for entry in told:
        rules.setdefault(rule_id(entry), _rule(entry))
    places = {rule: place for place, rule in enumerate(rules)}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "dq", "version": run.engine.get("dq", ""), "rules": list(rules.values())}},
                "automationDetails": {"id": f"{category(run)}/{_uri(run.id)}"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository that holds the suites."}}},
                "invocations": [_invocation(run, told, origin)],
                "results": [
                    _result(entry, places[rule_id(entry)], origin) for entry in told if verbose or entry.mark not in UNTOLD
                ],
            }
        ],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def rule_id(entry: Entry) -> str:
    """The name of a rule, the same in every run: its suite and the id of the check, or what else it is about."""
    return words.clean(f"{entry.extract.suite.name}/{entry.key}" if entry.outcome and entry.extract else f"dq/{entry.key}")


def category(run: Run) -> str:
    """By what GitHub tells the results of one analysis from those of another: which extracts were looked at."""
    names = "+".join(sorted({extract.name.replace("/", ".") for extract in run.extracts})) or "nothing"
    return "dq/" + (_uri(names) if len(names) <= LONGEST else hashlib.sha256(names.encode()).hexdigest()[:16])


def _rule(entry: Entry) -> dict[str, Any]:
    outcome = entry.outcome
    rule: dict[str, Any] = {"id": rule_id(entry), "shortDescription": {"text": _message(entry.title)}}
    rule["name"] = words.clean(entry.key)
    if outcome is None:
        rule["defaultConfiguration"] = {"level": "error"}
        rule["help"] = {"text": "This is no rule about data: it says why a run does not pass."}
        return rule
    notes = [outcome.notes] if isinstance(outcome.notes, str) else list(outcome.notes)
    described = [entry.title, *(words.clean(note) for note in notes), f"Expectation: {outcome.expectation}"]
    rule["fullDescription"] = {"text": _message(entry.title)}
    rule["help"] = {"text": "\n\n".join(_message(text) for text in described if text)}
    rule["defaultConfiguration"] = {"level": LEVELS[outcome.severity]}
    rule["properties"] = {"tags": ["data-quality", outcome.dimension], "severity": outcome.severity}
    return rule


def _result(entry: Entry, rule: int, origin: Origin) -> dict[str, Any]:
    kind, level = _kind(entry)
    said = [f"{entry.title}: {entry.found}" if entry.found else entry.title]
    if entry.about:
        said.insert(0, entry.about)
    outcome = entry.outcome
    if outcome is not None and (outcome.examples or outcome.examples_note):
        said.append(f"failing values: {words.kinds(outcome.examples, outcome.examples_note)}")
    mark = hashlib.sha256("\0".join((entry.about, rule_id(entry))).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    result: dict[str, Any] = {
        "ruleId": rule_id(entry),
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": _message(". ".join(said))},
        "locations": _locations(entry, origin),
        "partialFingerprints": {"dqCheck/v1": mark, "primaryLocationLineHash": f"{mark[:16]}:1"},
        "properties": {"outcome": entry.mark, "extract": words.clean(entry.about)},
    }
    if outcome is not None and outcome.unexpected_count is not None and outcome.denominator is not None:
        result["properties"] |= {"unexpected": outcome.unexpected_count, "of": outcome.denominator, "unit": outcome.unit}
    if entry.known:
        result["baselineState"] = "unchanged"
    if entry.mark == "waived":
        suppression = {"kind": "external", "status": "accepted", "justification": _message(entry.found)}
        result["suppressions"] = [suppression]
    return result


def _kind(entry: Entry) -> tuple[str, str]:
    """Kind and level of a result; whatever is not of the kind "fail" has no level."""
    if entry.mark == "waived":
        return "fail", LEVELS[entry.severity]
    if entry.mark in ("vacuous", "skipped") and not entry.held:
        return "notApplicable", "none"
    return {"pass": ("pass", "none"), "note": ("informational", "none")}.get(entry.mark, ("fail", entry.level))


def _locations(entry: Entry, origin: Origin) -> list[dict[str, Any]]:
    """Where an entry stands. What is about no extract stands where the policy does: GitHub takes no result without a place."""
    path = origin.path(entry.extract.suite.path if entry.extract is not None else POLICY)
    file = {"uri": f"file://{_uri(path)}"} if path.startswith("/") else {"uri": _uri(path), "uriBaseId": ROOT}
    at = entry.outcome.at if entry.outcome is not None else None
    region = {"startLine": at.line, "startColumn": at.column} if at is not None else {"startLine": 1}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": file, "region": region}}
    if entry.about:
        location["logicalLocations"] = [{"name": words.clean(entry.about), "kind": "module"}]
    return [location]


def _uri(path: str) -> str:
    """A path as an address: percent-encoded, with nothing that could be taken for a scheme."""
    return quote(path, safe="/._-~", errors="surrogatepass")


def _invocation(run: Run, told: list[Entry], origin: Origin) -> dict[str, Any]:
    counts = Counter(entry.mark for entry in told if entry.outcome is not None)
    failed = [entry for entry in told if entry.mark == "error"]
    return {
        "executionSuccessful": not failed and run.exit_code in (0, 1),
        "exitCode": run.exit_code,
        "exitCodeDescription": words.clean(run.verdict),
        "startTimeUtc": re.sub(r"\+00:00$", "Z", run.started),
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": _message(f"{entry.title}: {entry.found}")},
                "associatedRule": {"id": rule_id(entry)},
                "locations": _locations(entry, origin),
            }
            for entry in failed
        ],
        "properties": {"planned": run.planned, "outcomes": dict(counts), "run": run.id},
    }


def _message(text: str) -> str:
    """A text as SARIF 2.1.0 (3.11) writes it: braces are doubled, and nothing in it is a link, or steers what shows it."""
    plain = "\n".join(words.clean(line) for line in text.split("\n"))
    return re.sub(r"([{}])", r"\1\1", plain).replace("](", "] (")
