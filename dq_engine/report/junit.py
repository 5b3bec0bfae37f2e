"""A run as JUnit XML, as Jenkins, GitLab, Azure DevOps and the like read it: a test suite per extract, a test case per check.

- A check that failed is a ``failure``, whatever its severity, which JUnit does not know: it is the type of the failure.
- A check that could not be evaluated is an ``error``, as is an extract that could not be opened.
- A check that had nothing to judge (vacuous) must not look green. It is an ``error`` of the type "vacuous" where the exit code is
  due to it (nothing at all was judged of the extract, or the gate's policy says so), and else ``skipped``, with the reason: what
  most CI shows as neither good nor bad.
- A failure that somebody accepted is ``skipped``: "waived by …"; so is one that is known from the baseline, and a check that was
  not selected.
- What the gate holds against the run besides is a test case of the suite "gate"; where nothing else says why a run does not
  pass (there was nothing to check), its verdict is one. So a file without failure and error belongs to exit code 0.

``classname`` (the extract) and ``name`` (the id of the check) stay the same from run to run, so that CI can follow a check.
XML 1.0 has no place for most control characters: they are spelled out.
"""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree as ET

from dq_engine.model import Run
from dq_engine.report import words
from dq_engine.report.entries import Entry, entries
from dq_engine.report.origins import Origin

NO_CHARACTERS = re.compile("[\ufffe\uffff]")
"""What is no character of XML, beside those that no output has."""
TAGS = {"fail": "failure", "error": "error", "vacuous": "skipped", "waived": "skipped", "skipped": "skipped", "note": "skipped"}
REASONS = {"skipped": "not selected", "vacuous": "nothing to judge"}
"""Why a check is skipped, where it does not say so itself."""


def render(run: Run, origin: Origin) -> bytes:
    """The run as JUnit XML, UTF-8."""
    top = ET.Element("testsuites", name="dq")
    for name, group in groupby(entries(run), key=_suite):
        suite = ET.SubElement(top, "testsuite", name=_text(name), timestamp=run.started[:19])
        cases = list(group)
        for entry in cases:
            _case(suite, entry, origin)
        seconds = next((extract.seconds for extract in run.extracts if extract.name == name), 0.0)
        suite.set("time", f"{seconds:.3f}")
        _count(suite, suite)
    top.set("time", f"{run.seconds:.3f}")
    _count(top, top)
    ET.indent(top)
    whole: bytes = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return whole + b"\n"


def _suite(entry: Entry) -> str:
    """The test suite of an entry: its extract, or the gate."""
    return entry.about if entry.outcome is not None or entry.key == "extract" else "gate"


def _count(element: ET.Element, within: ET.Element) -> None:
    counted = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    for name, tag in counted.items():
        element.set(name, str(sum(1 for _ in within.iter(tag))))


def _case(suite: ET.Element, entry: Entry, origin: Origin) -> None:
    case = ET.SubElement(suite, "testcase", classname=_text(entry.about) or "dq", name=_text(entry.key), time="0")
    if entry.extract is not None:
        case.set("file", _text(origin.path(entry.extract.suite.path)))
        if entry.outcome is not None and entry.outcome.at is not None:
            case.set("line", str(entry.outcome.at.line))
    if entry.mark == "pass":
        return
    held = entry.mark == "vacuous" and entry.held
    told = ET.SubElement(case, "error" if held else "skipped" if entry.known else TAGS[entry.mark])
    found = _text(entry.found) or REASONS.get(entry.mark, "")
    found = f"fails as in the baseline: {found}" if entry.known else found
    told.set("message", found if told.tag == "skipped" else f"{_text(entry.title)}: {found}")
    if told.tag != "skipped":
        told.set("type", entry.severity if entry.mark == "fail" else entry.mark)
    told.text = "\n".join(_text(line) for line in lines(entry))


def lines(entry: Entry) -> list[str]:
    """All that is said of an entry: the rule, what was found, failing values as shapes, and where the rule stands."""
    said = [entry.title, entry.found]
    outcome, extract = entry.outcome, entry.extract
    if outcome is not None:
        if words.waived(outcome):
            said.append(words.finding(outcome))
        if outcome.examples or outcome.examples_note:
            said.append(f"failing values: {words.kinds(outcome.examples, outcome.examples_note)}")
        said.append(f"severity {outcome.severity}, {outcome.dimension}, {outcome.expectation}")
    if extract is not None:
        at = f":{outcome.at.line}:{outcome.at.column}" if outcome is not None and outcome.at is not None else ""
        said.append(f"suite {extract.suite.path}{at}")
    return [words.clean(line) for line in said if line]


def _text(given: str) -> str:
    return NO_CHARACTERS.sub("\ufffd", words.clean(given))
