"""What the tests need of the system: a browser, Java for the validator of HTML, npm to fetch it. Standard library only.

On Debian as root, what is missing is installed; elsewhere it is said. Tests that need what is not there are skipped, and say why;
where ``CI=true`` they fail.
"""

import os
import shutil
import subprocess
import sys

PACKAGES = {
    "chromium": ["chromium", "fonts-dejavu-core", "fonts-liberation"],
    "java": ["default-jre-headless"],
    "npm": ["npm"],
}


def provide() -> None:
    missing = [program for program in PACKAGES if not shutil.which(program)]
    if not missing:
        return
    packages = [package for program in missing for package in PACKAGES[program]]
    skipped = f"not on the PATH: {', '.join(missing)}. Tests that need them are skipped"
    if not shutil.which("apt-get"):
        say(skipped)
    elif os.geteuid():
        say(f"{skipped} until: sudo apt-get install {' '.join(packages)}")
    else:
        say(f"installing Debian's {', '.join(packages)} for the tests of pages (once)")
        get("update")
        for program in missing:
            get("install", "--yes", "--no-install-recommends", *PACKAGES[program])


def get(*arguments: str) -> None:
    """One command of apt-get: it asks nothing, and is heard only if it fails."""
    done = subprocess.run(
        ["apt-get", "--quiet=2", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        say(f"apt-get {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")


def say(message: str) -> None:
    print(f"dq: {message}", file=sys.stderr, flush=True)
