"""dq: a data-quality engine for NHS primary-care feeds.

>>> import dq_engine
>>> run = dq_engine.check("list_sizes.parquet", "expectations/practice/list_sizes.json")  # doctest: +SKIP
>>> run.success, len(run.outcomes)  # doctest: +SKIP
(True, 30)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dq_engine._version import __version__

if TYPE_CHECKING:
    from dq_engine.api import check, load_suite
    from dq_engine.errors import DqError, InstrumentError, StoreError, SuiteError, UsageError
    from dq_engine.model import Example, ExtractRun, Measure, Outcome, Run
    from dq_engine.process import WorkerProcess
    from dq_engine.score_api import explain_rating, score
    from dq_engine.scores import Explanation, Rating, Scores
    from dq_engine.suite import Suite

_HOMES = {
    "api": ("check", "load_suite"),
    "errors": ("DqError", "InstrumentError", "StoreError", "SuiteError", "UsageError"),
    "model": ("Example", "ExtractRun", "Measure", "Outcome", "Run"),
    "process": ("WorkerProcess",),
    "score_api": ("explain_rating", "score"),
    "scores": ("Explanation", "Rating", "Scores"),
    "suite": ("Suite",),
}

__all__ = [
    "DqError",
    "Example",
    "Explanation",
    "ExtractRun",
    "InstrumentError",
    "Measure",
    "Outcome",
    "Rating",
    "Run",
    "Scores",
    "StoreError",
    "Suite",
    "SuiteError",
    "UsageError",
    "WorkerProcess",
    "__version__",
    "check",
    "explain_rating",
    "load_suite",
    "score",
]


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used: the worker process starts faster without them."""
    import importlib  # noqa: PLC0415

    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"dq_engine.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
