"""Makes the project's virtual environment and prints the path of its Python: ``python3 .ci/environment.py run`` or ``… test``.

``run`` holds what the engine needs, ``test`` also what its tests need. Everything comes by version and hash from the lock files
beside this one. Standard library only. Nothing is done again when nothing has changed.

For the tests, a browser and the checkers of pages are provided too (system.py; ``checkers`` in the virtual environment).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from system import provide, say

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / ".ci"
PLACE = ROOT / ".venv"
CHECKERS = PLACE / "checkers"
LOCKS = {"run": ("build.lock", "run.lock"), "test": ("build.lock", "run.lock", "test.lock")}


def main(kind: str) -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"dq needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    python = PLACE / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    locks = [HERE / name for name in LOCKS[kind]]
    stamp = PLACE / f".dq-{kind}"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in [*locks, ROOT / "pyproject.toml"])).hexdigest()
    if not (python.exists() and stamp.exists() and stamp.read_text() == wanted):
        if not python.exists():
            create()
        say(f"installing into {PLACE.name} (once)")
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        pip += ["--no-compile"] if kind == "test" else []  # of what tests install they import a small part
        subprocess.run([*pip, "--require-hashes", *(f"--requirement={lock}" for lock in locks)], check=True, stdout=sys.stderr)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT], check=True, stdout=sys.stderr)
        subprocess.run([python, "-m", "compileall", "-q", ROOT / "dq_engine"], check=True, stdout=sys.stderr)
        stamp.write_text(wanted)
    if kind == "test":
        provide()
        fetch_checkers()
    print(python)


def create() -> None:
    say(f"making the virtual environment {PLACE.name}")
    try:
        venv.create(PLACE, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit("this Python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv")


def fetch_checkers() -> None:
    """The validator of HTML and the checker of accessibility, from npm: the newest come from nowhere else."""
    npm = shutil.which("npm")
    stamp = CHECKERS / ".dq"
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if npm is None or (stamp.exists() and stamp.read_text() == wanted):
        return
    say(f"installing into {CHECKERS.relative_to(ROOT)} (once)")
    CHECKERS.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, CHECKERS)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command = [npm, "--prefix", CHECKERS, "ci", *quiet]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode:
        say("npm could not fetch the checkers of pages; tests that need them are skipped")
    else:
        stamp.write_text(wanted)


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] and sys.argv[1] in LOCKS else sys.exit(f"usage: environment.py {'|'.join(LOCKS)}"))
