"""``python -m dq_engine.sample DIRECTORY`` writes the sample extracts into a directory."""

from __future__ import annotations

import sys
from pathlib import Path

from dq_engine.sample import write_samples


def main(arguments: list[str]) -> int:
    """Write the samples into the one directory named in ``arguments``; return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m dq_engine.sample DIRECTORY", file=sys.stderr)
        return 2
    write_samples(Path(arguments[0]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
