"""The engine's errors, each with the exit code that ``dq`` gives for it.

::

    DqError
    ├── Refused             1   a run is not released
    ├── UsageError          2   wrong arguments, an unusable option, a results folder that cannot be written
    │   ├── ConfigError     2   dq.toml cannot be read, or says something that it may not say
    │   ├── SuiteError      2   a suite is not valid; carries every problem found, not the first alone
    │   └── InstrumentError 2   an instrument is not valid; carries every problem found, as SuiteError does
    ├── ExtractError        3   an extract cannot be opened: its checks become outcomes with status ``error``
    ├── NotEvaluable        3   one check cannot be evaluated: it becomes an outcome with status ``error``
    ├── WorkerError         3   a query failed in the worker
    │   └── WorkerDied      3   the worker process ended, was stopped at its time limit, or ran out of memory
    └── StoreError          3   a run or a bundle could not be written to its directory, or read

Messages are for people: what is wrong, where, what was expected, what to do. They never hold a value of an extract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command starts the worker first of all, and needs these classes for it, but not the model
    from collections.abc import Iterable

    from dq_engine.model import Problem


class DqError(Exception):
    """Base of all errors that the engine raises on purpose."""

    exit_code = 3


class Refused(DqError):
    """A run is not released, for what it found."""

    exit_code = 1


class UsageError(DqError):
    """The command or the call cannot be carried out as it was written."""

    exit_code = 2


class ConfigError(UsageError):
    """``dq.toml`` cannot be used."""


class SuiteError(UsageError):
    """A suite is not valid. ``problems`` holds every fault, each with its file and JSON path."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InstrumentError(UsageError):
    """An instrument is not valid. ``problems`` holds every fault, each with its file and JSON path."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ExtractError(DqError):
    """An extract cannot be opened or read."""


class NotEvaluable(DqError):
    """One check cannot be evaluated on this extract."""


class WorkerError(DqError):
    """A query failed in the worker; ``kind`` is DuckDB's name for it, ``place`` the file that it is about, if one is."""

    def __init__(self, message: str, kind: str = "", place: int | None = None) -> None:
        self.kind = kind
        self.place = place
        super().__init__(message)


class WorkerDied(WorkerError):
    """The worker is gone; nothing more can be asked of it."""


class StoreError(DqError):
    """A run directory or a bundle could not be written or read."""
