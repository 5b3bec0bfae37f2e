"""Thousands of mutated suites: ``python -m tests.robust.suites --count 10000 --seed 1 [--minutes 30] [--folder FOLDER]``.

Each is read by the real readers; one that loads is run by the real engine on a small extract with columns of many types; some are given
to the command. :mod:`tests.robust.suites_kept` says what must hold. What does not hold is written to the folder, by its number;
``--only NUMBER`` tries that one again and shows where it comes from. CI runs a small part (``test_suites.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct

from dq_engine import WorkerProcess
from dq_engine.suite import parse_suite
from tests.robust import suites_kept as kept
from tests.robust import suites_mutants as mutants
from tests.robust import suites_texts as texts

LEVELS = ("bytes", "meaning", "structure", "meaning")
BY_COMMAND = 100
"""Of so many mutants one is given to the command as well."""


class Mutant(Struct, frozen=True):
    """A text that was changed, where it comes from, and how it was changed."""

    number: int
    start: texts.Start
    level: str
    content: bytes


class Tally:
    """What came of the mutants."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.ways: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()
        self.findings: list[str] = []

    def __str__(self) -> str:
        lines = [f"{sum(self.tried.values()):,} mutants, {len(self.findings)} findings"]
        for what in ("tried", "outcomes", "ways", "commands"):
            lines.append(f"{what}: " + ", ".join(f"{name} {count:,}" for name, count in sorted(getattr(self, what).items())))
        return "\n".join([*lines, *self.findings])


def mutant(number: int, seed: int, starts: list[texts.Start]) -> Mutant:
    """The mutant of a number: always the same for the same seed and texts."""
    chance = Random(f"{seed}/{number}")
    level = LEVELS[number % len(LEVELS)]
    start = _start(starts, chance)
    if level == "bytes" or start.kind == "toml":
        donor = chance.choice(starts).text.encode()
        return Mutant(number, start, "bytes", mutants.by_bytes(_few(start, chance).encode(), chance, donor))
    raw = json.loads(_few(start, chance)) if _is_json(start.text) else start.text
    columns = (*_columns(raw), *texts.wide_names())
    if level == "meaning":
        _more(raw)
    changed = mutants.by_structure(raw, chance) if level == "structure" else mutants.by_meaning(raw, chance, columns)
    if level == "meaning" and chance.random() < 0.2:
        changed = mutants.by_structure(changed, chance)
    return Mutant(number, start, level, json.dumps(changed, ensure_ascii=chance.random() < 0.8).encode("utf-8", "surrogatepass"))


def _start(starts: list[texts.Start], chance: Random) -> texts.Start:
    """One of the texts; of the kinds that are few more often than of the others."""
    kind = chance.choices(("suite", "toml", "instrument"), (92, 4, 4))[0]
    return chance.choice([start for start in starts if start.kind == kind])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def _few(start: texts.Start, chance: Random) -> str:
    """The text, with some of its checks if it has many."""
    if start.kind != "suite" or not _is_json(start.text):
        return start.text
    raw = json.loads(start.text)
    listed = raw.get("expectations") if isinstance(raw, dict) else None
    if not isinstance(listed, list) or len(listed) <= texts.MOST_CHECKS:
        return start.text
    raw["expectations"] = chance.sample(listed, chance.randrange(1, texts.MOST_CHECKS + 1))
    return json.dumps(raw, ensure_ascii=False, indent=chance.choice((None, 2)))


def _more(raw: Any) -> None:
    """Makes three checks of one or two, so that some are left when others are refused."""
    listed = raw.get("expectations") if isinstance(raw, dict) else None
    if isinstance(listed, list) and listed and all(isinstance(entry, dict) for entry in listed):
        while len(listed) < 3:
            listed.append({**json.loads(json.dumps(listed[0])), "id": f"more{len(listed)}"})


def _columns(raw: object) -> list[str]:
    """The names that a suite gives as columns."""
    found = re.findall(r'"column(?:_[AB])?": "([^"\\]+)"', json.dumps(raw))
    return list(dict.fromkeys(found)) * 2


def tried(one: Mutant, seed: int, bench: kept.Bench, tally: Tally, *, commands: bool = True) -> None:
    """Looks at everything that must hold of a mutant. Raises :class:`kept.Wrong`, or whatever an engine should not raise."""
    chance = Random(f"{seed}/{one.number}/after")
    if one.start.kind == "toml":
        kept.settings_in(one.content.decode("utf-8", "replace"))
        tally.tried[f"{one.level} toml"] += 1
        return
    if one.start.kind == "instrument":
        kept.instrument_in(one.content.decode("utf-8", "replace"))
        tally.tried[f"{one.level} instrument"] += 1
        return
    path = bench.folder / "suite.json"
    path.write_bytes(one.content)
    suite = kept.suite_in(path)
    text = one.content.decode("utf-8-sig", "replace")
    if chance.random() < 0.25:
        kept.converted(text, suite)
    code = 2
    if suite is None and (text := kept.without_faults(text)):
        suite = parse_suite(text, "suite.json")
        tally.tried[f"{one.level} run without what was refused"] += 1
    else:
        tally.tried[f"{one.level} {'refused' if suite is None else 'run'}"] += 1
        code = 2 if suite is None else 0
    if suite is not None:
        run = kept.run_kept(bench, one.start, suite, chance)
        tally.outcomes.update(outcome.status for outcome in run.outcomes)
        code = code or run.exit_code
        if len(suite.checks) <= 40:
            tally.ways[kept.again(bench, one.start, suite, text, run, chance) or "none"] += 1
    if commands and one.number % BY_COMMAND == 0:
        by_command(one, bench, path, code, tally, chance)


def by_command(one: Mutant, bench: kept.Bench, path: Path, code: int, tally: Tally, chance: Random) -> None:
    """Gives a suite to the command, which says the same as the engine, without a traceback."""
    extract = bench.path(one.start.data)
    what = chance.choice(("check", "check", "lint", "convert", "plan"))
    known = [f"--with={name}={bench.path(data, name)}" for name, data in one.start.others.items()]
    words = {
        "check": [
            "check",
            str(extract),
            "--suite",
            str(path),
            "--no-results",
            f"--as-of={kept.AS_OF}",
            *_given(),
            *known,
            "--check-timeout=2",
        ],
        "lint": ["lint", str(path)],
        "convert": ["convert", str(path)],
        "plan": ["plan", str(extract), "--suite", str(path), *known],
    }[what]
    done = subprocess.run(
        [sys.executable, "-m", "dq_engine", *words],
        cwd=bench.folder,
        env={**os.environ, "PYTHONPATH": str(texts.ROOT)},
        capture_output=True,
        timeout=300,
        check=False,
    )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    tally.commands[f"{what} {done.returncode}"] += 1
    if "Traceback (most" in said or "a fault of dq itself" in said or not said.strip():
        raise kept.Wrong(f"dq {what} ends with {done.returncode} and says {said[-600:]!r}")
    expected = {"check": {code}, "lint": {2 if code == 2 else 0}}.get(what, {0, 1, 2, 3})
    if done.returncode not in expected and "time" not in said:
        raise kept.Wrong(f"dq {what} ends with {done.returncode}, not {expected}: {said[-600:]!r}")


def _given() -> list[str]:
    return [f"--param={name}={value}" for name, value in kept.PARAMETERS.items()]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "dq-mutated-suites")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    starts, tally, ends = texts.starts(), Tally(), time.monotonic() + 60 * options.minutes
    numbers = range(options.first, options.first + options.count) if options.only is None else [options.only]
    with tempfile.TemporaryDirectory() as folder, WorkerProcess() as worker:
        bench = kept.Bench(Path(folder), worker)
        for number in numbers:
            if time.monotonic() > ends:
                break
            one = mutant(number, options.seed, starts)
            try:
                tried(one, options.seed, bench, tally)
            except Exception as error:
                if options.only is not None:
                    print(one.start.name, one.level, one.content[:3000].decode("utf-8", "backslashreplace"))
                    raise
                tally.findings.append(f"{number} ({one.start.name}, {one.level}): {type(error).__name__}: {str(error)[:400]}")
                (options.folder / f"{options.seed}-{number}.json").write_bytes(one.content)
                said = "".join(traceback.format_exception(error))
                (options.folder / f"{options.seed}-{number}.txt").write_text(said, encoding="utf-8", errors="backslashreplace")
            if (number + 1) % 500 == 0:
                print(f"{number + 1:,}: {len(tally.findings)} findings, {time.process_time():.0f} s", flush=True)
    print(tally)
    sys.exit(1 if tally.findings else 0)


if __name__ == "__main__":
    main()
