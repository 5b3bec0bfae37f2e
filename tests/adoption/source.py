"""The files of dq that somebody gets who uses its action or its hooks, as they are in the working folder."""

import shutil
from pathlib import Path

from tests.generated import ROOT


def copied(folder: Path) -> Path:
    """The folder, with what dq is installed from."""
    folder.mkdir()
    for name in ("action.yml", ".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("action", ".ci", "dq_engine", "expectations"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder
