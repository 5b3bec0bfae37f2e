"""The entry point of ``dq``: starts the worker first, so that it loads DuckDB while the command line is loaded."""

from __future__ import annotations

import sys

WITH_WORKER = ("check", "plan", "score", "calibrate")
"""The commands that read extracts or runs."""


def main() -> None:
    """Runs the command line, with a worker that is already on its way if the command needs one."""
    from dq_engine.process import WorkerProcess  # noqa: PLC0415  light, unlike the command line

    arguments = sys.argv[1:]
    early = WorkerProcess() if arguments[:1] and arguments[0] in WITH_WORKER and not {"-h", "--help"} & {*arguments} else None
    try:
        from dq_engine.cli import main as command  # noqa: PLC0415

        command(early)
    finally:
        if early is not None:
            early.close()


if __name__ == "__main__":
    main()
