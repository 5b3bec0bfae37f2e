"""Compares both engines on one example, and looks for the reason where they differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from dq_engine import WorkerProcess
from dq_engine.catalog import CATALOG
from tests.differential import gx_side, oracle, our_side, reasons
from tests.differential.answers import Answer, Asked, columns_of, differences
from tests.differential.arguments import OTHER, SQL_ONLY
from tests.differential.tables import Table

Verdict = Literal["agreed", "explained", "unexplained", "skipped"]


@dataclass(frozen=True)
class Example:
    """A table, another of its rows, expectations, and what Great Expectations says of those that it knows."""

    table: Table
    other: Table
    asked: list[Asked]
    theirs: dict[str, Answer]


@dataclass(frozen=True)
class Finding:
    """What came of one expectation. ``differing`` names what differs, ``reasons`` explain it."""

    asked: Asked
    verdict: Verdict
    theirs: Answer
    ours: Answer
    differing: list[str]
    reasons: tuple[str, ...]
    table: Table

    def record(self, place: int) -> dict[str, Any]:
        """As JSON; with the table only where nothing explains the difference."""
        kept: dict[str, Any] = {
            "place": place,
            "type": self.asked.type,
            "verdict": self.verdict,
            "passed": self.theirs.success,
            "end": self.theirs.end,
            "reasons": self.reasons,
        }
        return kept | self.shown() if self.verdict == "unexplained" else kept

    def shown(self) -> dict[str, Any]:
        """What somebody needs to see why the engines differ."""
        named = {*columns_of(self.asked), *reasons.condition_columns(self.asked)}
        return {
            "kwargs": self.asked.kwargs,
            "table": {
                c.name: {"kind": c.kind, "values": list(map(repr, c.values))} for c in self.table.columns if c.name in named
            },
            "differing": self.differing,
            "theirs": _shown(self.theirs, self.differing),
            "ours": _shown(self.ours, self.differing),
        }


def _shown(answer: Answer, keys: list[str]) -> dict[str, Any]:
    told = {key: answer.result[key] for key in keys if key in answer.result}
    return {"end": answer.end, "success": answer.success, "result": told, "message": answer.message[:300]}


def compare(example: Example, worker: WorkerProcess, known: dict[str, Answer]) -> Iterator[Finding]:
    """A finding for each expectation. ``known`` remembers what Great Expectations said to questions of the reasons."""
    table = example.table
    asked = [one for one in example.asked if one.type in CATALOG]
    ours = our_side.ask(table.arrow(), asked, worker, {OTHER: example.other.arrow()})

    def ask(frame: pd.DataFrame, one: Asked) -> Answer:
        content = f"{frame.dtypes.to_dict()} {frame.to_dict(orient='list')} {one.type} {one.kwargs}"
        key = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
        if key not in known:
            known[key] = gx_side.ask(frame, [one])[one.id]
        return known[key]

    for one in example.asked:
        if one.type not in CATALOG:
            yield Finding(one, "skipped", Answer("refused"), Answer("refused"), [], (), table)
            continue
        theirs = oracle.answer(table, example.other, one) if one.type in SQL_ONLY else example.theirs[one.id]
        differing = differences(theirs, ours[one.id])
        found = reasons.explain(table, one, theirs, ours[one.id], ask) if differing else ()
        verdict: Verdict = "agreed" if not differing else "explained" if found else "unexplained"
        yield Finding(one, verdict, theirs, ours[one.id], differing, tuple(found), table)
