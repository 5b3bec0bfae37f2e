"""The commands that are measured: dq, the peers, and DuckDB by hand. Each as a whole process, with what it answered."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from tests.bench import environments
from tests.bench.peers.rules import Answer

ROOT = Path(__file__).resolve().parents[2]


class Report(NamedTuple):
    """What a command answered: its version, an answer for each rule of the suite in order, and seconds by what it did."""

    version: str
    answers: list[Answer]
    laps: dict[str, float]


class Command(NamedTuple):
    """A command to measure.

    ``group``: answers of the same group are about the same rules and rows, and must agree. ``words`` are the command line.
    ``report`` reads from what it said, and from the folder that it ran in, what it answered. ``complete``: it must judge every rule.
    ``once``: one turn will do, as it is there for its answers.
    """

    name: str
    title: str
    words: Sequence[str]
    report: Callable[[str, Path], Report] | None = None
    group: str = ""
    judges: bool = True
    complete: bool = False
    once: bool = False


class Peer(NamedTuple):
    """A runner in ``peers``: its name, what it is, its environment ("" is ours), its module and variant; what it cannot say; and whether
    it takes larger suites than the reference, too, in which rules are repeated with other parameters."""

    name: str
    title: str
    environment: str
    module: str
    variant: str = ""
    lacks: str = ""
    larger: bool = True


FLOOR, NAIVE, FUSED = "duckdb_floor", "duckdb_naive", "duckdb_fused"
POLARS, DATAFUSION = "polars", "datafusion"
GX, GX_VERDICTS, GX_SQL = "gx_summary", "gx_boolean", "gx_sql"
_CUALLEE = (
    "row count, set of columns; statistics and numbers of different values only by equality (computed, not compared); a key of "
    "several columns (taken one by one); NULL breaks its rules (not compared on columns with NULLs)"
)
_POINTBLANK = "minimum, maximum, median; numbers and share of different values (it has no such steps: not computed)"
PEERS = (
    Peer(FLOOR, "floor: DuckDB decodes the needed columns once", "", "duckdb_sql", "floor", "it judges nothing"),
    Peer(NAIVE, "DuckDB by hand, a query for each rule", "", "duckdb_sql", "naive"),
    Peer(FUSED, "DuckDB by hand, one SELECT", "", "duckdb_sql", "fused"),
    Peer(DATAFUSION, "DataFusion by hand, one SELECT", "hand", "datafusion_sql"),
    Peer(POLARS, "polars by hand, one lazy select", "hand", "polars_frame"),
    Peer("cuallee_duckdb", "cuallee on DuckDB", "cuallee", "cuallee_check", "duckdb", _CUALLEE, larger=False),
    Peer("cuallee_polars", "cuallee on polars", "cuallee", "cuallee_check", "polars", _CUALLEE, larger=False),
    Peer(
        "pandera",
        "pandera on polars",
        "pandera",
        "pandera_schema",
        "",
        "tolerances (`mostly`): it counts, and a verdict is compared only where there is none, or nothing fails; rows of a key",
        larger=False,
    ),
    Peer(
        "pointblank_polars",
        "Pointblank on polars, without extracts",
        "pointblank",
        "pointblank_steps",
        "polars",
        _POINTBLANK,
        larger=False,
    ),
    Peer(
        "pointblank_duckdb",
        "Pointblank on DuckDB, without extracts",
        "pointblank",
        "pointblank_steps",
        "duckdb",
        _POINTBLANK,
        larger=False,
    ),
    Peer(
        "soda",
        "Soda Core 4 on DuckDB",
        "soda",
        "soda_contract",
        "",
        "ranges of days, rules over two columns, median, deviation, different values: written as SQL expressions; it counts "
        "duplicates otherwise (not compared)",
        larger=False,
    ),
    Peer(
        GX_SQL,
        "Great Expectations, SQL engine on DuckDB",
        "great_expectations",
        "great_expectations_suite",
        "sql",
        "does not run on DuckDB as it is; the runner mends two places of it",
    ),
    Peer(
        GX_VERDICTS,
        "Great Expectations, pandas, BOOLEAN_ONLY",
        "great_expectations",
        "great_expectations_suite",
        "BOOLEAN_ONLY",
        "counts (by choice of the result format)",
    ),
    Peer(GX, "Great Expectations, pandas, SUMMARY (its default)", "great_expectations", "great_expectations_suite", "SUMMARY"),
)


def peer_of(name: str) -> Peer:
    """The peer of that name."""
    return next(one for one in PEERS if one.name == name)


def dq(name: str, title: str, data: str, suite: Path, *options: str, group: str = "") -> Command:
    """``dq check`` as users start it: with checksums, and storing the run, in a store in which there is no other."""
    words = [environments.python("", Path()), "-m", "dq_engine", "check", data, "--suite", str(suite), *options]
    return Command(name, title, words, _stored, group, complete=True)


def peer(
    one: Peer, folder: Path, data: str, suite: Path, *, name: str = "", about: str = "", group: str = "", once: bool = False
) -> Command:
    """A runner, in its environment below ``folder``; ``about`` goes on with its title. Raises Unavailable where that cannot be made."""
    python = environments.python(one.environment, folder)
    words = [python, "-m", f"tests.bench.peers.{one.module}", data, str(suite), *([one.variant] if one.variant else [])]
    return Command(name or one.name, one.title + about, words, _said, group, one.name != FLOOR, not one.lacks, once)


def environment() -> Mapping[str, str]:
    """The environment variables of all commands. Compiled modules are kept, as those of an installation are."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def _said(said: str, folder: Path) -> Report:
    (line,) = [line for line in said.splitlines() if line.startswith('{"engine"')]
    found = json.loads(line)
    answers = [Answer(*pair) for pair in zip(found["verdicts"], found["counts"], strict=True)]
    return Report(found["version"], answers, found["seconds"])


def _stored(said: str, folder: Path) -> Report:
    (path,) = folder.glob("dq-results/*/run.json")
    (extract,) = json.loads(path.read_bytes())["extracts"]
    verdicts = {"pass": True, "fail": False}
    answers = [Answer(verdicts.get(one["status"]), one.get("unexpected_count")) for one in extract["outcomes"]]
    return Report(f"{version('dq-engine')} (duckdb {version('duckdb')})", answers, {"extract": extract["seconds"]})
