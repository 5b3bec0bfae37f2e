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
    workers = str(min((os.cpu_count() or 1) + 1, 8))  # tests also wait, for processes and disks
    return subprocess.run([python, "-m", "pytest", "-n", workers, *BY_FILE, *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
