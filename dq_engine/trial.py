"""One expectation, tried as ``dq lint`` would: what is carried over can be checked. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dq_engine.errors import SuiteError
from dq_engine.suite import Check, parse_suite

PLACE = "$.expectations[0]"


def tried(entry: dict[str, Any]) -> Check:
    """The check that an expectation is. Raises :class:`SuiteError`."""
    suite = {"name": "one", "expectations": [entry], "meta": {"dq": {"feed": "one"}}}
    (check,) = parse_suite(json.dumps(suite), "").checks
    return check


def faults_of(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What ``dq lint`` says of an expectation: the place below it, and what is wrong."""
    try:
        tried(entry)
    except SuiteError as error:
        for problem in error.problems:
            yield problem.path.removeprefix(PLACE), said(problem.message, problem.hint)


def said(message: str, hint: str) -> str:
    """A fault and what to do, without a full stop."""
    return f"{message} {hint}".strip().rstrip(".")
