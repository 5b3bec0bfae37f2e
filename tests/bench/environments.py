"""The virtual environments of the peers: made where there are none, from the versions in ``peers/*.txt``."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

PEERS = Path(__file__).parent / "peers"


class Unavailable(Exception):
    """An environment that could not be made. The message is for people."""


def default_folder() -> Path:
    """Where the environments are kept if nobody says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dq-bench"


def python(name: str, folder: Path) -> str:
    """The Python of an environment: this one's for "", else one with what ``peers/NAME.txt`` lists. Raises Unavailable."""
    if not name:
        return sys.executable
    place, listed = folder / name, PEERS / f"{name}.txt"
    inside, stamp = place / "bin" / "python", place / ".dq-bench"
    wanted = hashlib.sha256(listed.read_bytes()).hexdigest()
    if not (inside.exists() and stamp.exists() and stamp.read_text() == wanted):
        print(f"making the environment {name} (once)", file=sys.stderr, flush=True)
        try:
            venv.create(place, with_pip=True, clear=True)
            pip = [str(inside), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
            subprocess.run([*pip, "--requirement", str(listed)], check=True, stdout=sys.stderr)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(f"the environment {name} could not be made ({type(error).__name__})") from error
        stamp.write_text(wanted)
    return str(inside)
