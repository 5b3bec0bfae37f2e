"""A run as annotations of GitHub: workflow commands, one a line, which a runner finds in what a step prints.

Each points to the expectation in the file of its suite. A failure is an error, a warning or a notice by its severity; what could
not be evaluated is an error; what had nothing to judge a warning, or an error where the exit code is due to it; what somebody
accepted, or fails as it did in the baseline, a notice. What passed or was not selected is not annotated.

GitHub keeps ten errors, ten warnings and ten notices of a step, and fifty annotations of a job, and drops the others without a
word. So no more than ten of each kind are written, those first to which the exit code is due, and the last notice counts what was
left out. The commands and their escapes: "Workflow commands for GitHub Actions" in GitHub's documentation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from dq_engine.model import Run
from dq_engine.report import words
from dq_engine.report.entries import Entry, Level, entries
from dq_engine.report.origins import Origin

MOST = 10
"""Annotations of a kind that GitHub keeps of a step."""
COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
LABELS = {"fail": "failed", "error": "not evaluated", "vacuous": "nothing to judge", "waived": "waived", "note": "note"}
DATA = MappingProxyType({"%": "%25", "\r": "%0D", "\n": "%0A"})
"""What a message of a command escapes."""
PROPERTY = MappingProxyType({**DATA, ":": "%3A", ",": "%2C"})
"""What the value of a property of a command escapes."""


def render(run: Run, origin: Origin) -> bytes:
    """The annotations of a run, worst first; nothing for one in which all passed."""
    told = sorted(
        (entry for entry in entries(run) if entry.level in COMMANDS),
        key=lambda entry: (not entry.held, list(COMMANDS).index(entry.level)),
    )
    of_level = Counter(entry.level for entry in told)
    room = dict.fromkeys(COMMANDS, MOST)
    if any(of_level[level] > MOST for level in COMMANDS):
        room["note"] = MOST - 1  # the last one is for what is left out
    written: list[str] = []
    left: Counter[Level] = Counter()
    for entry in told:
        if room[entry.level]:
            room[entry.level] -= 1
            written.append(_annotation(entry, origin))
        else:
            left[entry.level] += 1
    if left:
        counted = ", ".join(f"{count} {COMMANDS[level]}{'' if count == 1 else 's'}" for level, count in left.items())
        said = f"GitHub keeps {MOST} annotations of a kind for each step. Not annotated here: {counted}"
        written.append(command("notice", {"title": "More was found"}, said))
    return "".join(f"{line}\n" for line in written).encode()


def _annotation(entry: Entry, origin: Origin) -> str:
    properties = {}
    if entry.extract is not None:
        properties["file"] = origin.path(entry.extract.suite.path)
        if entry.outcome is not None and entry.outcome.at is not None:
            properties |= {"line": str(entry.outcome.at.line), "col": str(entry.outcome.at.column)}
    label = "failed as in the baseline" if entry.known else LABELS[entry.mark] if entry.outcome is not None else ""
    properties["title"] = ": ".join(filter(None, (entry.about, entry.key, label)))
    return command(COMMANDS[entry.level], properties, ": ".join(filter(None, (entry.title, entry.found))))


def command(name: str, properties: Mapping[str, str], message: str) -> str:
    """A workflow command; nothing in its texts can end it, or begin another."""
    given = ",".join(f"{key}={escaped(value, PROPERTY)}" for key, value in properties.items())
    return f"::{name} {given}::{escaped(message, DATA)}"


def escaped(text: str, escapes: Mapping[str, str]) -> str:
    """The text on one line, with the escapes of GitHub."""
    return "".join(escapes.get(character, character) for character in words.clean(text))
