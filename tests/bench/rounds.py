"""Commands in interleaved rounds (A B C A B C …): what each took, and whether all say the same."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import processes
from tests.bench.commands import Command, Report, environment
from tests.bench.peers.hand import COUNTABLE
from tests.bench.peers.rules import Answer
from tests.bench.record import Line, Turn

Tell = Callable[[str], None]


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class _Kept:
    """What is known of a command so far."""

    def __init__(self, command: Command) -> None:
        self.command, self.problem = command, ""
        self.turns: list[Turn] = []
        self.reports: list[Report] = []

    def take(self, timeout: float) -> None:
        with tempfile.TemporaryDirectory(prefix="dq-bench-") as place:
            folder = Path(place)
            used = processes.run(self.command.words, folder, environment(), timeout)
            if used.code is None:
                self.problem = f"not done after {timeout:g} s"
                return
            report = None
            if self.command.report:
                try:
                    report = self.command.report(used.said, folder)
                except (ValueError, KeyError, TypeError) as error:
                    tell(used.said[-2000:])
                    self.problem = f"gave no answer (exit code {used.code}, {type(error).__name__})"
                    return
                self.reports.append(report)
            elif used.code:
                tell(used.said[-2000:])
                self.problem = f"failed with exit code {used.code}"
                return
        laps = report.laps if report else {}
        self.turns.append(Turn(round(used.wall, 3), round(used.cpu, 3), round(used.memory, 1), laps))

    def took(self) -> str:
        """What the last turn took, in words."""
        last = self.turns[-1]
        return f"{last.wall:.2f} s, CPU {last.cpu:.2f} s, {last.memory:.0f} MB"

    def line(self, kinds: Sequence[str]) -> Line:
        """What was measured; ``kinds`` are the types of the rules."""
        command = self.command
        if not self.reports:
            return Line(command.name, command.title, turns=tuple(self.turns), problem=self.problem)
        version, answers, _ = self.reports[-1]
        verdicts = [answer.verdict for answer in answers if answer.verdict is not None]
        rows = [answer for answer, kind in zip(answers, kinds, strict=False) if kind.removeprefix("expect_") in COUNTABLE]
        counted = sum(answer.failing is not None for answer in rows)
        return Line(command.name, command.title, version, tuple(self.turns), len(verdicts), sum(verdicts), counted, self.problem)


def measure(
    commands: Sequence[Command], kinds: dict[str, Sequence[str]], rounds: int, timeout: float, once_over: float
) -> tuple[list[Line], list[str]]:
    """Runs the commands in turn, ``rounds`` times each; those that take longer than ``once_over`` seconds, or fail, no more.

    ``kinds`` are the types of the rules by group, for messages. Returns what was measured, and every difference between answers of a
    group: each is held against those of the first command of it that judges.
    """
    kept = [_Kept(command) for command in commands]
    for number in range(rounds):
        for one in kept:
            again = not one.problem and not (one.turns and (one.command.once or one.turns[0].wall > once_over))
            if number and not again:
                continue
            one.take(timeout)
            tell(f"  round {number + 1}: {one.command.name}: {one.problem or one.took()}")
    return [one.line(kinds.get(one.command.group, ())) for one in kept], list(dict.fromkeys(_disagreements(kept, kinds)))


def _disagreements(kept: Sequence[_Kept], kinds: dict[str, Sequence[str]]) -> list[str]:
    found: list[str] = []
    standards: dict[str, _Kept] = {}
    for one in kept:
        if not one.reports or not one.command.judges:
            continue
        standard = standards.setdefault(one.command.group, one)
        for report in one.reports:
            names = kinds[one.command.group]
            if len(report.answers) != len(names):
                found.append(f"{one.command.name} answers {len(report.answers)} rules of {len(names)}")
            else:
                judged = sum(answer.verdict is not None for answer in report.answers)
                if not judged or (one.command.complete and judged < len(names)):
                    found.append(f"{one.command.name} judges {judged} rules of {len(names)}")
                pairs = zip(names, report.answers, standard.reports[0].answers, strict=True)
                for place, (name, answer, wanted) in enumerate(pairs):
                    for says, said in _differences(answer, wanted):
                        words = f"{one.command.name} says {says}, {standard.command.name} {said}"
                        found.append(f"rule {place} ({name}): {words}")
    return found


def _differences(answer: Answer, wanted: Answer) -> list[tuple[str, str]]:
    """What two answers say in words, where both say something and not the same."""
    found: list[tuple[str, str]] = []
    if None not in (answer.verdict, wanted.verdict) and answer.verdict != wanted.verdict:
        found.append(("pass", "fail") if answer.verdict else ("fail", "pass"))
    if None not in (answer.failing, wanted.failing) and answer.failing != wanted.failing:
        found.append((f"{answer.failing} rows", f"{wanted.failing}"))
    return found
