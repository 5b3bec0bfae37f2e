"""Rules that may hold -> how many rows break each. The engine counts them as it counts those of a suite."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from dq_engine.catalog import CATALOG
from dq_engine.engine import Options, run_checks
from dq_engine.errors import ExtractError
from dq_engine.feeds import Extract
from dq_engine.process import WorkerProcess
from dq_engine.suggest.candidates import Rule
from dq_engine.suite import arguments_of, parse_suite

Basis = Literal["all rows", "a sample", "this file"]
"""What a count is of; "this file" is said of what one file shows once, such as its columns."""
Hear = Callable[[str, float], None]
"""Hears what is done, and how far it is (0 to 1)."""
NO_FIELD: dict[str, dict[str, str]] = {"(none)": {}}
"""Without a field that is there, the engine puts no values into classes."""


class Counted(Struct, frozen=True):
    """A rule, and how many of the rows that it judges break it."""

    rule: Rule
    judged: int
    exceptions: int
    basis: Basis


def counted(
    worker: WorkerProcess,
    extract: Extract,
    rules: Sequence[Rule],
    basis: Basis,
    settings: Mapping[str, str],
    today: dt.date,
    hear: Hear,
) -> list[Counted]:
    """How many rows of the extract break each rule. Rules that cannot be evaluated on it are left out.

    Raises :class:`ExtractError` if the extract cannot be read.
    """
    if not rules:
        return []
    entries = [
        {"type": rule.type, "kwargs": _measured(rule), "meta": {"dq": {"rule": f"rule_{place}"}}}
        for place, rule in enumerate(rules)
    ]
    suite = parse_suite(json.dumps({"name": "candidates", "expectations": entries, "meta": {"dq": {"columns": NO_FIELD}}}), "dq")
    threads = settings.get("threads")
    options = Options(
        fail_on="never",
        checksums=False,
        as_of=today,
        threads=int(threads) if threads else None,
        memory_limit=settings.get("memory_limit"),
    )
    wanted = msgspec.structs.replace(extract, suite=suite)
    run = run_checks([wanted], options, worker, observer=lambda name, phase, fraction: hear(phase, fraction))
    (done,) = run.extracts
    if done.problem:
        raise ExtractError(f"{extract.name}: {done.problem}")
    return [
        Counted(rule, outcome.denominator or 0, outcome.unexpected_count or 0, basis)
        for rule, outcome in zip(rules, done.outcomes, strict=True)
        if outcome.status == "pass"
    ]


def _measured(rule: Rule) -> dict[str, object]:
    """The arguments with which every row may break the rule, so that it is counted and nothing else."""
    _, fields = arguments_of(CATALOG[rule.type])
    return {**rule.kwargs, "mostly": 0} if "mostly" in fields else rule.kwargs
