"""What was measured, as Markdown: the table of a scenario, and the page of all."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.bench.commands import FLOOR, FUSED, GX, GX_SQL, GX_VERDICTS, NAIVE, PEERS
from tests.bench.record import Benchmark, Line, Scenario, ratios
from tests.bench.scenarios import KINDS, PIECES

BUSY = 0.05
"""The share of the processors that others may take before a scenario counts as measured beside other work."""
INTRODUCTION = """\
# Benchmarks

How fast dq is, how much memory it takes, and how that compares. Written by `python -m tests.bench --document` from
`tests/bench/measured.json`; to measure anew:

```sh
python -m tests.bench --rows 10000000 --output tests/bench/measured.json    # about an hour; --rows 1000000: some minutes
python -m tests.bench --document
```

It makes the data (10 million rows: 402 MB, and 390 MB clean) and the peers' virtual environments (3 GB) once, in a cache folder
(`--data`, `--environments`). `--scenarios peers --peers soda polars` measures only these; `--help` has the rest.

**The data** are made-up events of primary care in 24 columns, a pure function of the row number, written by DuckDB (zstd, row groups of
122,880 rows). `tests/bench/extract.py` says how often what is wrong in each column: an NHS number of nine digits in one row of 2,000, say.
**The suite** has 46 rules of 19 types: 12 columns without NULLs, 5 value sets, 6 ranges, 6 patterns, 3 lengths, 6 statistics, a unique
column, a unique key of three columns, a comparison and a sum of columns, different values, row count, columns. Larger suites repeat these
over other columns with other parameters.

**Each figure is of a whole process**, from its start to its end, with the files in the page cache. Commands run in turn (A B C A B C …);
a table shows medians, and "× base" is the median of the ratios of each round, with the lowest and the highest. dq runs as users start it:
`dq check DATA --suite SUITE`, with SHA-256 of the files, failing values, and the run stored with its counts; the others only judge.
CPU is user and system time of all processes of a command, and memory the most that they held together (resident, polled; pages that two
of them share count twice). **All give the same answers**: the command ends with an error if two differ in whether a rule holds or in how
many rows break it. "rules" says of how many a command tells whether they hold, "counts" of how many it tells how
many rows break them (the others are statistics, and rules about the table)."""


def page(benchmark: Benchmark) -> str:
    """The page of all that was measured."""
    machine = benchmark.machine
    order = list(KINDS)
    listed = sorted(benchmark.scenarios, key=lambda one: (order.index(one.name), one.rows, one.rules))
    parts = [
        INTRODUCTION,
        f"**The machine**: {machine.cores} cores ({machine.processor}), {machine.memory_gb} GB of memory, {machine.system}, "
        f"Python {machine.python}. Peers run in the versions of `tests/bench/peers/*.txt`.",
        targets(benchmark),
        *(scenario(one) for one in listed),
        lacks(),
    ]
    return "\n\n".join(parts) + "\n"


def scenario(one: Scenario) -> str:
    """The table of a scenario."""
    base = one.line(one.base)
    rows = [
        [
            line.title,
            line.version,
            *(f"{count}" if line.judged else "" for count in (line.judged, line.counted)),
            *(f"{line.median(figure):{digits}}" if line.turns else "" for figure, digits in FIGURES),
            *((spread(ratios(line, base, figure)) if line.turns and base else "") for figure in ("wall", "cpu")),
        ]
        for line in one.lines
    ]
    head = ["command", "version", "rules", "counts", "wall s", "CPU s", "peak MB", "wall × base", "CPU × base"]
    size = "" if one.name == "start" else f", {one.rows:,} rows, {one.rules} rules"
    text = f"## {KINDS[one.name].title}{size}\n\n{when(one)}\n\n{table(head, rows, {2, 3, 4, 5, 6, 7, 8})}"
    if said := bound(one):
        text += f"\n\n{said}"
    for line in one.lines:
        if line.problem:
            text += f"\n\n{line.title}: {line.problem}."
    if one.disagreements:
        text += "\n\n**Answers differ:**\n\n" + "\n".join(f"- {words}" for words in one.disagreements)
    return text


def bound(one: Scenario) -> str:
    """What the pieces of the suite say of how near to the floor all of it can come; "" of other scenarios."""
    floor, whole = one.line(FLOOR), one.line("dq")
    pieces = [line for place in range(len(PIECES) + 1) if (line := one.line(f"{FUSED}_{place}"))]
    if not floor or not whole or len(pieces) <= len(PIECES):
        return ""
    each = [(line.median("cpu") / floor.median("cpu"), line.title.rpartition(": ")[2]) for line in pieces]
    listed = ", ".join(f"{ratio:.1f} × for {words}" for ratio, words in each)
    return (
        f"What keeps dq from the floor: in CPU, DuckDB takes {listed}; together {sum(ratio for ratio, _ in each):.1f} ×, where dq takes "
        f"{whole.median('cpu') / floor.median('cpu'):.1f} × for all of it, with checksums and what it stores."
    )


FIGURES = (("wall", ",.2f"), ("cpu", ",.2f"), ("memory", ",.0f"))


def when(one: Scenario) -> str:
    """When it was measured, in how many rounds, and beside what."""
    rounds = max((len(line.turns) for line in one.lines), default=0)
    base = next((line.title for line in one.lines if line.name == one.base), one.base)
    words = f"{one.date}, {rounds} round{'s' if rounds != 1 else ''}; base: {base}."
    if one.busy > BUSY:
        words += f" **Measured beside other work**, which took {one.busy:.0%} of the processors: CPU is more reliable than wall time here."
    return words


def spread(values: list[float]) -> str:
    """The median of ratios, with the lowest and the highest if there are several."""
    if not values:
        return ""
    middle = f"{statistics.median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f}–{max(values):.2f})"


def table(head: list[str], rows: Iterable[list[str]], right: set[int]) -> str:
    """A table of Markdown; ``right`` are the columns of figures."""
    rule = ["---:" if place in right else "---" for place in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def lacks() -> str:
    """What the peers cannot express."""
    rows = [[one.title, one.lacks] for one in PEERS if one.lacks]
    return "## What the peers cannot say\n\n" + table(["peer", "of these 46 rules"], rows, set())


# --------------------------------------------------------------------------------------------------------------- targets


class Target(NamedTuple):
    """A target: in words, the scenario and figure that it is about, the bound, and how the measured value is found."""

    words: str
    scenario: str
    bound: float
    at_least: bool
    value: Callable[[Scenario, str], float | None]
    figure: str = "time"


OTHERS = [one.name for one in PEERS if one.name not in (FLOOR, NAIVE, FUSED)]
TOOLS = [name for name in OTHERS if name not in (GX, GX_VERDICTS, GX_SQL)]


def _ratio(one: str, other: str) -> Callable[[Scenario, str], float | None]:
    def found(scenario: Scenario, figure: str) -> float | None:
        first, second = scenario.line(one), scenario.line(other)
        values = ratios(first, second, figure) if first and second else []
        return statistics.median(values) if values else None

    return found


def _lowest(names: list[str]) -> Callable[[Scenario, str], float | None]:
    """The lowest ratio to dq among some commands."""

    def found(scenario: Scenario, figure: str) -> float | None:
        values = [value for name in names if (value := _ratio(name, "dq")(scenario, figure)) is not None]
        return min(values) if values else None

    return found


def _seconds(name: str) -> Callable[[Scenario, str], float | None]:
    def found(scenario: Scenario, figure: str) -> float | None:
        line = scenario.line(name)
        return line.median(figure) if line else None

    return found


def _by_rows(scenario: Scenario, suffix: str) -> list[tuple[int, Line]]:
    """The lines of dq for so many rows, from few to many; those with a limit of memory for the suffix "_limit"."""
    found = []
    for line in scenario.lines:
        rows = line.name.removeprefix("dq_").removesuffix(suffix)
        if line.turns and line.name == f"dq_{rows}{suffix}" and rows.isdigit():
            found.append((int(rows), line))
    return sorted(found, key=lambda pair: pair[0])


def _per_row(scenario: Scenario, figure: str) -> float | None:
    """How long a row takes where there are most, by how long it takes where there are fewest."""
    found = _by_rows(scenario, "")
    if len(found) < 2:
        return None
    (fewest, first), *_, (most, last) = found
    return last.median(figure) / first.median(figure) / (most / fewest)


def _most_memory(scenario: Scenario, figure: str) -> float | None:
    found = _by_rows(scenario, "_limit")
    return found[-1][1].median(figure) if found else None


TARGETS = (
    Target("dq takes at most 3 × what DuckDB needs to decode the needed columns once", "peers", 3, False, _ratio("dq", FLOOR)),
    Target(
        "others but Great Expectations, and polars and DataFusion by hand, take at least 2.5 ×",
        "peers",
        2.5,
        True,
        _lowest(TOOLS),
    ),
    Target("Great Expectations (pandas, its default) takes at least 50 ×", "peers", 50, True, _ratio(GX, "dq")),
    Target("Great Expectations' SQL engine takes at least 6 ×", "peers", 6, True, _ratio(GX_SQL, "dq")),
    Target("the next best of these needs at least 5 × the memory", "peers", 5, True, _lowest(OTHERS), "memory"),
    Target("1,000 checks take at most 2.5 × as long as 46", "checks", 2.5, False, _ratio("dq_1000", "dq_46")),
    Target(
        "counts for 6,500 practices take at most 1.5 × as long as none",
        "organisations",
        1.5,
        False,
        _ratio("dq_organisations", "dq"),
    ),
    Target("a row takes no longer where there are many: at most 1.1 ×", "rows", 1.1, False, _per_row),
    Target(
        "with `--memory-limit 512MB` the most rows need at most 700 MB, Python's included",
        "rows",
        700,
        False,
        _most_memory,
        "memory",
    ),
    Target("`dq check` on a tiny file takes at most 0.35 s", "start", 0.35, False, _seconds("dq")),
    Target("importing Great Expectations takes at least 10 × as long", "start", 10, True, _ratio("import_gx", "dq")),
    Target("`dq --help` takes at most 0.15 s", "start", 0.15, False, _seconds("dq_help")),
)


def targets(benchmark: Benchmark) -> str:
    """What was aimed at, and what was reached: with the most rows for which it was measured."""
    rows = []
    for target in TARGETS:
        figures = ("memory",) if target.figure == "memory" else ("wall", "cpu")
        some = [one for one in benchmark.scenarios if one.name == target.scenario]
        found = [(one, [target.value(one, figure) for figure in figures]) for one in some]
        told = [(one, values) for one, values in found if values[0] is not None]
        if not told:
            continue
        one, values = max(told, key=lambda pair: pair[0].rows)
        assert values[0] is not None
        met = "yes" if (values[0] >= target.bound if target.at_least else values[0] <= target.bound) else "no"
        cells = [f"{value:,.2f}" if value is not None else "" for value in values]
        size = "" if target.scenario == "start" else f"{one.rows:,}"
        rows.append(
            [
                target.words,
                size,
                cells[0],
                cells[1] if len(cells) > 1 else "",
                f"{met}{' (beside other work)' if one.busy > BUSY else ''}",
            ]
        )
    return "## Targets\n\n" + table(["target", "rows", "measured", "by CPU", "met"], rows, {1, 2, 3})
