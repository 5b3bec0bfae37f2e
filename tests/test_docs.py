"""The documentation says what is so: generated pages are fresh, the commands of the README run, and print what it shows."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dq_engine import config, waivers
from dq_engine.cli import COMMANDS
from tests.command import dq, dq_here
from tests.generated import PAGES, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_fresh(name: str) -> None:
    written = (ROOT / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), f"{name} is stale: run .venv/bin/python -m tests.generated"


def consoles() -> list[tuple[str, str]]:
    """The commands of the README's console blocks, each with the output that it shows."""
    blocks = re.findall(r"```console\n\$ (.+?)\n(.*?)```", README, re.DOTALL)
    assert blocks, "the README shows no output"
    return blocks


def without_times(text: str) -> str:
    text = re.sub(r"\d+\.\d\d s\b", "0.00 s", text)
    return re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{6} of \d+ \w+ \d{4}", "RUN of DAY", text).strip()


@pytest.mark.parametrize(("command", "shown"), [(command, shown) for command, shown in consoles() if "score" not in command])
def test_the_output_in_the_readme_is_real(command: str, shown: str) -> None:
    program, *arguments = command.split()
    assert program == "dq"
    ran = dq(ROOT, *arguments)
    assert without_times(ran.stdout) == without_times(shown), ran.stderr


def test_the_scores_in_the_readme_are_real(checked_samples: Path) -> None:
    """They are those of the samples, after the check that the README names; "…" stands for lines that are left out."""
    assert "After `dq check sample_data`" in README
    blocks = [(command, shown) for command, shown in consoles() if "score" in command]
    assert blocks
    for command, shown in blocks:
        ran = dq(checked_samples, *command.split()[1:])
        left = without_times(ran.stdout).splitlines()
        for piece in without_times(shown).split("\n…"):
            lines = piece.strip("\n").splitlines()
            starts = (place for place in range(len(left)) if left[place : place + len(lines)] == lines)
            place = next(starts, None)
            assert place is not None, f"{command} does not print\n{piece}\nbut\n{ran.stdout}{ran.stderr}"
            left = left[place + len(lines) :]


def test_the_two_commands_of_the_readme_exist() -> None:
    commands = re.findall(r"^python3 (\S+)", README, re.MULTILINE)
    assert commands == ["sample_data/demo.py", "tests/run.py"]
    for command in commands:
        assert (ROOT / command).is_file(), command


def test_the_configuration_in_the_readme_is_understood(tmp_path: Path) -> None:
    block, gate, accepted, telling = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    parsed = config.parse(block, tmp_path / "dq.toml")
    assert parsed.dq.timeout == tomllib.loads(block)["dq"]["timeout"]
    assert parsed.extracts[0].name == "list_sizes"
    policy = config.parse(gate, tmp_path / "dq.toml").gate
    assert policy is not None
    told = set(tomllib.loads(gate)["gate"])
    assert told == set(policy.__struct_fields__), "every setting is told of"
    (waiver,) = waivers.parse(accepted, "waivers.toml")
    assert waiver.organisations == ("9A5", "8J0")
    (told,) = config.parse(telling, tmp_path / "dq.toml").notify
    assert told.required


def test_the_expectation_and_the_suite_in_the_readme_are_valid(tmp_path: Path) -> None:
    expectation, suite, asking = map(json.loads, re.findall(r"```json\n(.*?)```", README, re.DOTALL))
    (tmp_path / "one.json").write_text(json.dumps({"name": "one", "expectations": [expectation, *asking]}), encoding="utf-8")
    (tmp_path / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
    ran = dq_here(tmp_path, "lint", "one.json", "suite.json")
    assert ran.returncode == 0, ran.stderr


def test_the_python_in_the_readme_runs(tmp_path: Path) -> None:
    """All of it, one block after the other, but for the one inside Great Expectations where that is not installed."""
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 3
    if importlib.util.find_spec("great_expectations") is None:
        blocks = [block for block in blocks if "great_expectations" not in block and "context" not in block]
    (tmp_path / "example.py").write_text("\n".join(blocks), encoding="utf-8")
    for name in ("sample_data", "expectations"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "project").mkdir()
    quiet = {**os.environ, "GX_ANALYTICS_ENABLED": "false", "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, check=False, env={**quiet, "PYTHONPATH": ""}
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_is_in_the_readme_and_has_help_with_an_example(command: str) -> None:
    assert f"`dq {command}" in README
    ran = dq_here(ROOT, command, "--help")
    assert ran.returncode == 0
    assert f"Example: dq {command}" in " ".join(ran.stdout.split())


def test_no_file_of_the_project_holds_a_path_of_a_machine_or_the_address_of_a_registry() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of the project's files")
    names = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    forbidden = re.compile("((?<![a-z0-9])/(?:wo" + "rk|fa" + "rm|ho" + "me)/|pypi" + r"\.org|python" + r"hosted)")
    found = []
    for name in names:
        path = ROOT / name
        if path.is_file() and path.suffix not in (".parquet", ".lock", ".zip") and name not in (".ci/lock", "LICENSE"):
            found += [f"{name}: {hit.group()}" for hit in forbidden.finditer(path.read_text(encoding="utf-8"))]
    assert not found
