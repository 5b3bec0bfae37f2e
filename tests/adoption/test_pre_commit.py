"""The hooks, by the real pre-commit: its reading of the manifest, its environment, its choice of files."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.generated import ROOT

from .source import copied

GOOD = {
    "name": "lists",
    "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "code"}}],
    "meta": {"dq": {"feed": "lists"}},
}
BAD = GOOD | {"expectations": [{"type": "expect_column_values_to_be_nul", "kwargs": {"column": "code"}}]}


def ran(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a repository, with no settings of the user, and with an environment for hooks that downloads nothing.

    The hooks' repository is cloned and installed as ever, but for its dependencies: these are those of the tests.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(folder.parent / "pre-commit"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip takes "no" for the value of the option: there is no isolation
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False)


def committed(folder: Path) -> None:
    for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "all")):
        done = ran(folder, "git", *words)
        assert done.returncode == 0, done.stderr


def pre_commit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return ran(folder, sys.executable, "-m", "pre_commit", *words)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with suites and other files, and the hooks in their own environment."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed: pre-commit needs it")
    hooks, folder = copied(tmp_path / "hooks"), tmp_path / "project"
    committed(hooks)
    (folder / "expectations" / "instruments").mkdir(parents=True)
    (folder / "expectations" / "lists.json").write_text(json.dumps(GOOD, indent=2), encoding="utf-8")
    (folder / "expectations" / "old.json").write_text(json.dumps(BAD, indent=2), encoding="utf-8")
    for other in ("package.json", "expectations/instruments/ours.json", "expectations/notes.md"):
        (folder / other).write_text("{no suite", encoding="utf-8")
    (folder / "dq.toml").write_text('[[extracts]]\npath = "lists.parquet"\nsuite = "expectations/lists.json"\n', encoding="utf-8")
    duckdb.sql("SELECT 'A81001' AS code").write_parquet(str(folder / "lists.parquet"))
    (block,) = re.findall(r"```yaml\n(repos:.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    config = yaml.safe_load(block)
    config["repos"][0] |= {"repo": str(hooks), "rev": ran(hooks, "git", "rev-parse", "HEAD").stdout.strip()}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    committed(folder)
    return folder


def test_the_manifest_is_valid() -> None:
    done = ran(ROOT, sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")
    assert done.returncode == 0, done.stdout


def test_the_hooks_stop_what_is_wrong_and_look_at_nothing_else(repository: Path) -> None:
    everything = pre_commit(repository, "run", "--all-files")
    assert everything.returncode == 1, everything.stdout + everything.stderr
    assert "dq: expectations/old.json:4:5: $.expectations[0].type: unknown expectation" in everything.stdout
    assert "instruments" not in everything.stdout
    assert "package.json" not in everything.stdout
    assert re.search(r"^dq check\.+Passed$", everything.stdout, re.MULTILINE)

    (repository / "expectations" / "lists.json").write_text(json.dumps(GOOD), encoding="utf-8")
    (repository / "package.json").write_text("{still none", encoding="utf-8")
    ran(repository, "git", "add", "-A")
    changed = pre_commit(repository, "run")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert re.findall(r"^dq (\w+)\.+(\w+)$", changed.stdout, re.MULTILINE) == [("lint", "Passed"), ("check", "Passed")]

    duckdb.sql("SELECT NULL::VARCHAR AS code").write_parquet(str(repository / "lists.parquet"))
    ran(repository, "git", "add", "-A")
    failing = pre_commit(repository, "run", "dq-check")
    assert failing.returncode == 1
    assert "1 of 1 (100 %) rows" in failing.stdout
    assert not (repository / "dq-results").exists()
