"""The real command, as a user starts it."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest


def dq(
    folder: Path,
    *arguments: str,
    before: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    deadline: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Runs ``dq`` in ``folder``; whatever happens, it ends, says something (unless told not to), and shows no traceback.

    ``before`` are words of the command line before it, ``environment`` is added to that of the tests.
    """
    try:
        done = subprocess.run(
            [*before, sys.executable, "-m", "dq_engine", *arguments],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"dq {' '.join(arguments)} does not end")
    said = done.stdout + done.stderr
    assert said.strip() or "--quiet" in arguments
    assert "Traceback" not in said, said
    assert "a fault of dq itself" not in said, said
    return done
