"""What is measured: each scenario is a few commands that run in turn."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench import environments, processes, suites
from tests.bench.commands import FLOOR, FUSED, GX, PEERS, ROOT, Command, dq, peer, peer_of
from tests.bench.record import Line, Scenario
from tests.bench.rounds import measure, tell

LIMIT = "512MB"
"""Of the scenario about memory."""
REFERENCE = 46
"""Rules of the reference suite."""
CHECKS = (REFERENCE, 450, 1000)


PIECES = {
    "patterns and lengths": ("expect_column_values_to_match_regex", "expect_column_value_lengths_to_be_between"),
    "a unique column and a unique key": ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"),
    "numbers of different values": (
        "expect_column_unique_value_count_to_be_between",
        "expect_column_proportion_of_unique_values_to_be_between",
    ),
}
"""Types of rules that take most of the time, by what they are called together."""
REST = "all other rules"


def of_piece(expectations: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The expectations of a piece, or those of none."""
    named = {kind for kinds in PIECES.values() for kind in kinds}
    return [one for one in expectations if (one["type"] not in named if name == REST else one["type"] in PIECES[name])]


class Asked(NamedTuple):
    """What to measure: rows, rules, peers by name, rounds, rows of the scenario about rows; where data and environments are kept; the
    time limit of a command, and from how many seconds on it runs only once."""

    rows: int
    rules: int
    peers: Sequence[str]
    pairs: int
    sizes: Sequence[int]
    data: Path
    environments: Path
    timeout: float
    once_over: float


class Plan(NamedTuple):
    """The commands of a scenario, the types of the rules by group, and lines of commands that cannot run."""

    commands: list[Command]
    kinds: dict[str, Sequence[str]]
    missing: list[Line]


class _Builder:
    """Gathers a plan; suites are written into ``folder``."""

    def __init__(self, asked: Asked, folder: Path) -> None:
        self.asked, self.folder = asked, folder
        self.plan = Plan([], {}, [])

    def data(self, rows: int, clean: bool = False) -> str:
        """The path of the extract. It is made, by a process of its own, if it is not there; and read once, so that it is in memory."""
        words = [sys.executable, "-m", "tests.bench.extract", str(rows), str(self.asked.data), *(["--clean"] if clean else [])]
        done = subprocess.run(words, check=True, capture_output=True, encoding="utf-8", cwd=ROOT)
        place = Path(done.stdout.strip())
        for path in place.parent.glob(place.name):
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass
        return str(place)

    def suite(self, rules: int, rows: int, organisations: bool = False) -> Path:
        made = suites.suite(rules, rows, organisations)
        path = self.folder / f"{rules}_{rows}_{organisations}.json"
        path.write_text(json.dumps(made))
        return path

    def piece(self, rules: int, rows: int, name: str) -> tuple[Path, str]:
        """The suite of a piece of the reference suite, and its group."""
        made = suites.suite(rules, rows)
        wanted = of_piece(made["expectations"], name)
        path, group = self.folder / f"{name}.json", f"{rules} {rows} {name}"
        path.write_text(json.dumps({**made, "expectations": wanted}))
        self.plan.kinds[group] = [one["type"] for one in wanted]
        return path, group

    def group(self, rules: int, rows: int, name: str = "") -> str:
        """A name for answers to so many rules on so many rows, which are the same."""
        group = f"{rules} {rows} {name}"
        self.plan.kinds[group] = [one["type"] for one in suites.suite(rules, rows)["expectations"]]
        return group

    def dq(self, name: str, title: str, data: str, suite: Path, *options: str, group: str) -> None:
        self.plan.commands.append(dq(name, title, data, suite, *options, group=group))

    def peer(
        self, wanted: str, data: str, suite: Path, *, group: str, name: str = "", about: str = "", once: bool = False
    ) -> None:
        one, place = peer_of(wanted), self.asked.environments
        try:
            self.plan.commands.append(peer(one, place, data, suite, name=name, about=about, group=group, once=once))
        except environments.Unavailable as problem:
            self.plan.missing.append(Line(name or one.name, one.title + about, problem=str(problem)))


def peers(asked: Asked, build: _Builder) -> None:
    data, suite, group = build.data(asked.rows), build.suite(asked.rules, asked.rows), build.group(asked.rules, asked.rows)
    build.dq("dq", "dq check", data, suite, group=group)
    for one in PEERS:
        if one.name in asked.peers and (one.larger or asked.rules <= REFERENCE):
            build.peer(one.name, data, suite, group=group)


def checks(asked: Asked, build: _Builder) -> None:
    data = build.data(asked.rows)
    for rules in CHECKS:
        suite, group = build.suite(rules, asked.rows), build.group(rules, asked.rows)
        build.dq(f"dq_{rules}", f"dq check, {rules} checks", data, suite, group=group)
        build.peer(FUSED, data, suite, group=group, name=f"{FUSED}_{rules}", about=f", {rules} checks", once=True)


def organisations(asked: Asked, build: _Builder) -> None:
    data, group = build.data(asked.rows), build.group(asked.rules, asked.rows)
    build.dq("dq", "dq check, totals alone", data, build.suite(asked.rules, asked.rows), group=group)
    split = build.suite(asked.rules, asked.rows, organisations=True)
    build.dq("dq_organisations", "dq check, counts for 6,500 practices, too", data, split, group=group)


def rows(asked: Asked, build: _Builder) -> None:
    for size in asked.sizes:
        data, suite, group = build.data(size), build.suite(asked.rules, size), build.group(asked.rules, size)
        build.dq(f"dq_{size}", f"dq check, {size:,} rows", data, suite, group=group)
        build.dq(
            f"dq_{size}_limit",
            f"dq check --memory-limit {LIMIT}, {size:,} rows",
            data,
            suite,
            "--memory-limit",
            LIMIT,
            group=group,
        )
        build.peer(FLOOR, data, suite, group=group, name=f"{FLOOR}_{size}", about=f", {size:,} rows")


def clean(asked: Asked, build: _Builder) -> None:
    suite = build.suite(asked.rules, asked.rows)
    dirty, spotless = build.data(asked.rows), build.data(asked.rows, clean=True)
    build.dq("dq", "dq check, with defects", dirty, suite, group=build.group(asked.rules, asked.rows))
    group = build.group(asked.rules, asked.rows, "clean")
    build.dq("dq_clean", "dq check, clean", spotless, suite, group=group)
    build.peer(FUSED, spotless, suite, group=group, name=f"{FUSED}_clean", about=", clean")
    build.peer(FLOOR, spotless, suite, group=group, name=f"{FLOOR}_clean", about=", clean")


def pieces(asked: Asked, build: _Builder) -> None:
    """What the time goes to: parts of the suite by themselves, by dq and by DuckDB alone."""
    data, suite, group = build.data(asked.rows), build.suite(asked.rules, asked.rows), build.group(asked.rules, asked.rows)
    build.dq("dq", "dq check, all rules", data, suite, group=group)
    build.dq("dq_unsigned", "dq check --no-checksums, all rules", data, suite, "--no-checksums", group=group)
    build.peer(FLOOR, data, suite, group=group)
    for place, name in enumerate((*PIECES, REST)):
        part, own = build.piece(asked.rules, asked.rows, name)
        build.dq(f"dq_{place}", f"dq check: {name}", data, part, group=own)
        build.peer(FLOOR, data, part, group=own, name=f"{FLOOR}_{place}", about=f": {name}")
        build.peer(FUSED, data, part, group=own, name=f"{FUSED}_{place}", about=f": {name}")


def memory(asked: Asked, build: _Builder) -> None:
    data, suite, group = build.data(asked.rows), build.suite(asked.rules, asked.rows), build.group(asked.rules, asked.rows)
    build.dq("dq", "dq check", data, suite, group=group)
    build.dq("dq_limit", f"dq check --memory-limit {LIMIT}", data, suite, "--memory-limit", LIMIT, group=group)
    build.dq("dq_256", "dq check --memory-limit 256MB", data, suite, "--memory-limit", "256MB", group=group)


def start(asked: Asked, build: _Builder) -> None:
    """A tiny extract, and what starting costs alone."""
    data, suite, group = build.data(100), build.suite(2, 100), build.group(2, 100)
    dq_alone = [sys.executable, "-m", "dq_engine"]
    build.dq("dq", "dq check, 100 rows, 2 checks", data, suite, group=group)
    words = {
        "dq_help": ("dq --help", [*dq_alone, "--help"]),
        "python": ("python -c pass", [sys.executable, "-c", "pass"]),
        "import_duckdb": ("python -c 'import duckdb'", [sys.executable, "-c", "import duckdb"]),
        "import_both": ("python -c 'import typer, duckdb'", [sys.executable, "-c", "import typer, duckdb"]),
    }
    one = peer_of(GX)
    try:
        python = environments.python(one.environment, asked.environments)
        words["import_gx"] = ("python -c 'import great_expectations'", [python, "-c", "import great_expectations"])
    except environments.Unavailable as problem:
        build.plan.missing.append(Line("import_gx", "python -c 'import great_expectations'", problem=str(problem)))
    build.plan.commands.extend(Command(name, title, line) for name, (title, line) in words.items())


class Kind(NamedTuple):
    """A scenario: what it measures, its title, the command that others are held against, and at least so many rounds."""

    build: Callable[[Asked, _Builder], None]
    title: str
    base: str = "dq"
    rounds: int = 1


KINDS: dict[str, Kind] = {
    "peers": Kind(peers, "The same suite by others"),
    "checks": Kind(checks, "Number of checks", "dq_46"),
    "organisations": Kind(organisations, "Counts by organisation"),
    "clean": Kind(clean, "A clean extract"),
    "pieces": Kind(pieces, "What the time goes to"),
    "memory": Kind(memory, "Limited memory"),
    "rows": Kind(rows, "Number of rows", ""),
    "start": Kind(start, "Starting", rounds=7),
}


def run(name: str, asked: Asked) -> Scenario:
    """Measures one scenario."""
    kind = KINDS[name]
    tell(f"{kind.title} ({name}): {asked.rows:,} rows, {asked.rules} rules")
    with tempfile.TemporaryDirectory(prefix="dq-bench-") as folder:
        build = _Builder(asked, Path(folder))
        kind.build(asked, build)
        plan = build.plan
        before, busy, own = dt.datetime.now(dt.UTC), processes.busy(), processes.own()
        lines, disagreements = measure(plan.commands, plan.kinds, max(asked.pairs, kind.rounds), asked.timeout, asked.once_over)
        seconds = (dt.datetime.now(dt.UTC) - before).total_seconds() * (os.cpu_count() or 1)
        others = max(0.0, (processes.busy() - busy) - (processes.own() - own)) / seconds
    rows_of, rules_of = (100, 2) if name == "start" else (asked.rows, asked.rules)
    base = kind.base or f"dq_{asked.sizes[0]}"
    lines.extend(plan.missing)
    return Scenario(
        name, rows_of, rules_of, before.date().isoformat(), base, round(others, 3), tuple(lines), tuple(disagreements)
    )
