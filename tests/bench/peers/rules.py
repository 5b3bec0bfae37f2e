"""What every runner has in common: the rules it is given, a watch, and the line of JSON in which it answers. Standard library only.

A runner is started as ``python -m tests.bench.peers.NAME DATA SUITE [VARIANT]`` in an environment that need not have dq.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

NULLABLE = frozenset(
    [
        "nhs_number",
        "dob",
        "booked_date",
        "ethnic_code",
        "postcode",
        "lsoa_code",
        "snomed_code",
        "cost",
        "hcp_type",
        "duration_mins",
    ]
)
"""The columns with NULLs of which rules speak, for peers that count NULL among what breaks a rule."""


class Rule(NamedTuple):
    """An expectation of a suite: its type without ``expect_``, and its arguments."""

    kind: str
    kwargs: dict[str, Any]

    @property
    def column(self) -> str:
        return str(self.kwargs["column"])

    @property
    def columns(self) -> list[str]:
        """The columns that it looks at together."""
        if self.kind == PAIR:
            return [self.kwargs["column_A"], self.kwargs["column_B"]]
        return list(self.kwargs.get("column_list") or [self.column])

    @property
    def mostly(self) -> float:
        return float(self.kwargs.get("mostly", 1.0))

    @property
    def low(self) -> Any:
        return self.kwargs["min_value"]

    @property
    def high(self) -> Any:
        return self.kwargs["max_value"]

    @property
    def statistic(self) -> str:
        """Of a rule about one statistic of a column: its name ("mean")."""
        return self.kind.removeprefix("column_").removesuffix("_to_be_between")


PRESENT, MEMBER, RANGE = "column_values_to_not_be_null", "column_values_to_be_in_set", "column_values_to_be_between"
PATTERN, LENGTH = "column_values_to_match_regex", "column_value_lengths_to_be_between"
UNIQUE, KEY = "column_values_to_be_unique", "compound_columns_to_be_unique"
PAIR, SUM = "column_pair_values_a_to_be_greater_than_b", "multicolumn_sum_to_equal"
ROWS, COLUMNS = "table_row_count_to_be_between", "table_columns_to_match_set"
DISTINCT, PROPORTION = "column_unique_value_count_to_be_between", "column_proportion_of_unique_values_to_be_between"
STATISTICS = tuple(f"column_{name}_to_be_between" for name in ("mean", "min", "max", "stdev", "sum", "median"))


class Answer(NamedTuple):
    """Whether a rule holds, and how many rows break it; None where the peer does not say."""

    verdict: bool | None = None
    failing: int | None = None


NO_RULE = Answer()


class Watch:
    """Seconds since the last lap, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now


def asked() -> tuple[str, str, str]:
    """From the command line: the path or glob of the data, the text of the suite, and the variant ("" if none)."""
    _, data, suite, *variant = sys.argv
    return data, Path(suite).read_text(encoding="utf-8"), "".join(variant)


def rules_of(suite: str) -> list[Rule]:
    """The rules of a suite, in its order."""
    return [Rule(one["type"].removeprefix("expect_"), one["kwargs"]) for one in json.loads(suite)["expectations"]]


def say(engine: str, package: str, watch: Watch, answers: list[Answer]) -> None:
    """Prints the answer: one line of JSON. ``package`` is the one whose version it is."""
    verdicts, counts = [one.verdict for one in answers], [one.failing for one in answers]
    print(
        json.dumps({"engine": engine, "version": version(package), "seconds": watch.laps, "verdicts": verdicts, "counts": counts})
    )
