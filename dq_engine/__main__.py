"""The entry point of ``dq``: starts the worker first, so that it loads DuckDB while the command line is loaded."""

from __future__ import annotations

import contextlib
import os
import sys

WITH_WORKER = ("check", "plan", "score", "history", "calibrate")
"""The commands that read extracts or runs."""


def main() -> None:
    """Runs the command line, with a worker that is already on its way if the command needs one."""
    try:
        from dq_engine import terminal  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.stderr.write("dq: interrupted\n")
        sys.exit(130)

    early, begun = None, False
    try:
        terminal.stop_on_signals()
        _open_standard_streams()
        _no_core_file()
        arguments = sys.argv[1:]
        if arguments[:1] and arguments[0] in WITH_WORKER and not {"-h", "--help"} & {*arguments}:
            from dq_engine.errors import WorkerError  # noqa: PLC0415
            from dq_engine.process import WorkerProcess  # noqa: PLC0415  light, unlike the command line

            with contextlib.suppress(WorkerError):  # the command tries again, and says why there is none
                early = WorkerProcess()
        from dq_engine.cli import main as command  # noqa: PLC0415

        begun = True  # from here on the command says that it is interrupted
        command(early)
    except KeyboardInterrupt:
        terminal.say("interrupted")
        sys.exit(130)
    except SystemExit:
        if not begun:
            terminal.say("interrupted")
        raise
    finally:
        terminal.end_undisturbed()
        if early is not None:
            early.close()


def _open_standard_streams() -> None:
    """Where a standard stream is closed, its number must not become that of a file of ours."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _no_core_file() -> None:
    """Paths may hold values of partitions, and results values that somebody asked for; no core file keeps them."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
