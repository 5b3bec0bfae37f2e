"""Checks the sample extracts: makes a virtual environment, installs dq into it, runs ``dq check sample_data``, and makes
pages of what it found, in ``dq-docs``. Asks nothing.

The extracts have known defects, so that there is something to see: the check says "failed", and this script ends with 0 then.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    made = subprocess.run(
        [sys.executable, ROOT / ".ci" / "environment.py", "run"], stdout=subprocess.PIPE, text=True, check=False
    )
    if made.returncode:
        return made.returncode
    python = made.stdout.strip()
    print("$ dq check sample_data --docs dq-docs", flush=True)
    check = [python, "-m", "dq_engine", "check", "sample_data", "--docs", "dq-docs", *sys.argv[1:]]
    code = subprocess.run(check, cwd=ROOT, check=False).returncode
    if code != 1:
        return code or 3  # the samples have planted defects: to pass would be wrong
    print("\nThe samples have planted defects (sample_data/README.md lists them), and dq found them: it ended with 1.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
