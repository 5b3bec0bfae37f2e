"""A composite action, run as GitHub's runner runs it, without GitHub: its expressions, its steps, its outputs.

By "Metadata syntax", "Contexts" and "Workflow commands" in GitHub's documentation. An expression that is not known here is a
fault, so an action that uses more than this reads is no pass.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
STEP_OUTPUT = re.compile(r"steps\.([\w-]+)\.outputs\.([\w-]+)")


class Ran(NamedTuple):
    """What became of the action: the exit code of its last step, what was printed, its outputs, the summary of the job."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str


def read(path: Path) -> dict[str, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


class Action:
    """The action in a folder; ``given`` are outputs of steps that are not run, because another test runs them."""

    def __init__(self, folder: Path, given: Mapping[str, dict[str, str]] | None = None) -> None:
        self.folder = folder
        self.meta = read(folder / "action.yml")
        self.given = given or {}

    def run(self, workspace: Path, temporary: Path, **inputs: str) -> Ran:
        values = {name: str(each.get("default", "")) for name, each in self.meta["inputs"].items()}
        values |= {name.replace("_", "-"): value for name, value in inputs.items()}
        assert set(values) == set(self.meta["inputs"]), "an input that the action does not have"
        outputs = {name: dict(each) for name, each in self.given.items()}

        def resolved(text: str) -> str:
            return EXPRESSION.sub(lambda found: value_of(found[1]), text)

        def value_of(expression: str) -> str:
            if expression == "github.action_path":
                return str(self.folder)
            if expression.startswith("inputs."):
                return values[expression.removeprefix("inputs.")]
            found = STEP_OUTPUT.fullmatch(expression)
            assert found, f"an expression that is not known: {expression}"
            return outputs.get(found[1], {}).get(found[2], "")

        summary, code, out, err = temporary / "summary.md", 0, "", ""
        summary.touch()
        for place, step in enumerate(self.meta["runs"]["steps"]):
            assert set(step) <= {"name", "id", "shell", "env", "run", "working-directory"} and step["shell"] == "bash"
            if step["id"] in self.given:
                continue
            script, written = temporary / f"{place}.sh", temporary / f"{place}.output"
            script.write_text(resolved(step["run"]), encoding="utf-8")
            written.touch()
            ran = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
                cwd=workspace / resolved(step.get("working-directory", ".")),
                env={
                    **{name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")},
                    **{name: resolved(value) for name, value in step.get("env", {}).items()},
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_OUTPUT": str(written),
                    "GITHUB_STEP_SUMMARY": str(summary),
                    "GITHUB_WORKSPACE": str(workspace),
                    "RUNNER_TEMP": str(temporary),
                },
                capture_output=True,
                encoding="utf-8",
                timeout=300,
                check=False,
            )
            outputs[step["id"]] = outputs_in(written.read_text(encoding="utf-8"))
            code, out, err = ran.returncode, out + ran.stdout, err + ran.stderr
            if code:
                break
        told = {name: resolved(each["value"]) for name, each in self.meta["outputs"].items()}
        return Ran(code, out, err, told, summary.read_text(encoding="utf-8"))


def outputs_in(text: str) -> dict[str, str]:
    """``NAME=VALUE`` on a line, or ``NAME<<END``, lines of the value, and ``END``; of a name that comes twice the last."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        name, sign, rest = re.match(r"([^=<]*)(=|<<|)(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]
        if sign == "=":
            found[name] = rest
        elif sign:
            value = []
            for part in lines:
                if part == rest:
                    break
                value.append(part)
            else:
                raise AssertionError("a value that has no end")
            found[name] = "\n".join(value)
        else:
            assert line == "", f"neither of the two forms: {line}"
    return found
