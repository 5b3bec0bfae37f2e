"""One expectation, tried as ``dq lint`` would: what is carried over can be checked. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dq_engine.errors import SuiteError
from dq_engine.suite import parse_suite


def faults_of(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What ``dq lint`` says of an expectation: the place below it, and what is wrong."""
    suite = {"name": "one", "expectations": [entry], "meta": {"dq": {"feed": "one"}}}
    try:
        parse_suite(json.dumps(suite), "")
    except SuiteError as error:
        for problem in error.problems:
            yield problem.path.removeprefix("$.expectations[0]"), said(problem.message, problem.hint)


def said(message: str, hint: str) -> str:
    """A fault and what to do, without a full stop."""
    return f"{message} {hint}".strip().rstrip(".")
