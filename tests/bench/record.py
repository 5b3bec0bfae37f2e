"""The values of a benchmark, as they are kept in JSON."""

from __future__ import annotations

import os
import platform
import statistics
from pathlib import Path

import msgspec


class Turn(msgspec.Struct, frozen=True):
    """One whole process: seconds of wall and processor time, MB at most, and seconds within by what was done."""

    wall: float
    cpu: float
    memory: float
    laps: dict[str, float] = {}


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was measured of one command, round by round.

    ``judged``: of how many rules it said whether they hold; ``passed``: how many did; ``counted``: of how many it said how many rows
    break them. ``problem``: why there are no more turns, "" if there are all.
    """

    name: str
    title: str
    version: str = ""
    turns: tuple[Turn, ...] = ()
    judged: int = 0
    passed: int = 0
    counted: int = 0
    problem: str = ""

    def median(self, figure: str) -> float:
        """The median of a figure ("wall") over the turns."""
        return float(statistics.median(getattr(turn, figure) for turn in self.turns))


class Scenario(msgspec.Struct, frozen=True):
    """Commands that ran in turn. ``base`` names the one that others are held against; ``busy`` is the share of the processors that
    other programs took meanwhile; ``disagreements`` say where two answers differ."""

    name: str
    rows: int
    rules: int
    date: str
    base: str
    busy: float
    lines: tuple[Line, ...]
    disagreements: tuple[str, ...] = ()

    def line(self, name: str) -> Line | None:
        """The line of that name, if it has figures."""
        return next((line for line in self.lines if line.name == name and line.turns), None)


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured."""

    processor: str
    cores: int
    memory_gb: int
    system: str
    python: str


class Benchmark(msgspec.Struct, frozen=True):
    """All that was measured on one machine."""

    machine: Machine
    scenarios: tuple[Scenario, ...] = ()

    def with_scenario(self, new: Scenario) -> Benchmark:
        """The same with a scenario added, or put in the place of one of the same name and size."""
        key = (new.name, new.rows, new.rules)
        others = [old for old in self.scenarios if (old.name, old.rows, old.rules) != key]
        return Benchmark(self.machine, (*others, new))


def ratios(line: Line, base: Line, figure: str) -> list[float]:
    """A figure of a command divided by that of another, round by round."""
    pairs = zip(line.turns, base.turns, strict=False)
    return [getattr(one, figure) / getattr(other, figure) for one, other in pairs if getattr(other, figure)]


def this_machine() -> Machine:
    """The machine that this runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Machine(_processor(), os.cpu_count() or 1, round(memory), platform.system(), platform.python_version())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def stored(path: Path) -> Benchmark:
    """What a file holds."""
    return msgspec.json.decode(path.read_bytes(), type=Benchmark)


def write(path: Path, benchmark: Benchmark) -> None:
    """Writes it, for people to read and compare."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(benchmark), indent=1) + b"\n")
