"""The help: all commands with what they do, and suggestions; and completion by the shell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dq_engine.cli import COMMANDS
from tests.command import dq_here


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_help_says_of_each_command_all_that_its_own_help_begins_with(tmp_path: Path) -> None:
    listed = dq_here(tmp_path, "--help").stdout
    for command in COMMANDS:
        own = dq_here(tmp_path, command, "--help").stdout
        begins = own.split("\n\n")[1]
        assert f"{command} {words(begins)}" in words(listed)
        assert "Options:" in own and "Example: dq" in own


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("chek",), "No such command 'chek'. Did you mean 'check'?"),
        (("check", "--suit", "a"), "No such option: --suit (Possible options: "),
        (
            ("check", "--fail-on", "nobody"),
            "Invalid value for '--fail-on': 'nobody' is not one of 'critical', 'warning', 'info', 'never'.",
        ),
    ],
)
def test_a_fault_of_usage_is_plain_text_that_says_what_is_possible(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = dq_here(tmp_path, *arguments)
    assert done.returncode == 2
    assert says in words(done.stderr)
    assert done.stderr.isascii()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("dq c", ["check", "convert", "calibrate"]),
        ("dq check --fail", ["--fail-on"]),
        ("dq score --strata region --al", ["--allocation"]),
        ("dq check --fail-on ", ["critical", "warning", "info", "never"]),
    ],
)
def test_the_shell_completes_commands_options_and_choices(typed: str, offered: list[str], tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("dq")
    if not command.exists():
        pytest.skip("dq is not installed as a command beside this Python")
    asked = {"_DQ_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split(" ")) - 1)}
    done = subprocess.run(
        [command], cwd=tmp_path, env={**os.environ, **asked}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == offered
