"""What the engine says, in the words of Great Expectations. Several expectations are checked as one suite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

import dq_engine
from dq_engine import SuiteError, WorkerProcess
from tests.differential.answers import Answer, Asked

PLACE = re.compile(r"\$\.expectations\[(\d+)\]")


def ask(
    table: pa.Table, asked: Iterable[Asked], worker: WorkerProcess, others: Mapping[str, pa.Table] | None = None
) -> dict[str, Answer]:
    """Its answer to each expectation, by id. ``others`` are the other tables that expectations speak of."""
    answers: dict[str, Answer] = {}
    waiting = list(asked)
    while waiting:
        try:
            run = dq_engine.check(
                table, _suite(waiting), worker=worker, show_values=True, checksums=False, threads=1, others=others
            )
        except SuiteError as error:
            refused = _refused(error, waiting)
            answers |= refused
            waiting = [one for one in waiting if one.id not in refused]
            continue
        results = run.to_gx()["results"]
        assert len(results) == len(waiting)
        return answers | {one.id: _answer(result) for one, result in zip(waiting, results, strict=True)}
    return answers


def _suite(asked: list[Asked]) -> dict[str, Any]:
    listed = [{"type": one.type, "kwargs": one.kwargs, "id": one.id} for one in asked]
    return {"name": "differential", "expectations": listed, "meta": {"dq": {"feed": "differential"}}}


def _refused(error: SuiteError, asked: list[Asked]) -> dict[str, Answer]:
    messages: dict[str, str] = {}
    for problem in error.problems:
        place = PLACE.match(problem.path)
        assert place is not None, f"the suite as a whole was refused: {problem}"
        messages.setdefault(asked[int(place[1])].id, str(problem.message))
    return {key: Answer("refused", message=message) for key, message in messages.items()}


def _answer(result: dict[str, Any]) -> Answer:
    raised = result["exception_info"]
    if raised["raised_exception"]:
        return Answer("raised", message=str(raised["exception_message"]))
    return Answer("answered", result["success"], result["result"])
