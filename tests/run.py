"""Runs the tests: makes a virtual environment, installs dq and all that its tests need into it, runs pytest. Asks nothing.

Arguments are passed on to pytest.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder")
"""A file's tests run in one process, so that what they share is made once; files in the order of tests/conftest.py."""


def main() -> int:
    made = subprocess.run(
        [sys.executable, ROOT / ".ci" / "environment.py", "test"], stdout=subprocess.PIPE, text=True, check=False
    )
    if made.returncode:
        return made.returncode
    python = made.stdout.strip()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled = [python, "-m", "compileall", "-q", "dq_engine", "tests"]  # else each of hundreds of commands would do it
    subprocess.run(compiled, cwd=ROOT, env=environment, check=True)
    workers = str(min((os.cpu_count() or 1) + 1, 8))  # tests also wait, for processes and disks
    command = [python, "-m", "pytest", "-n", workers, *BY_FILE, *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
