"""A long run of the differential test: ``python -m tests.differential.deep --examples 100000 --seed 1 --minutes 60 --folder FOLDER``.

It works in chunks and can be stopped and started again. A chunk is drawn from its number; what Great Expectations says of it is kept in
the folder, because that takes most of the time and does not change with the engine; ``--ask-only`` does no more. Comparisons are kept
with a fingerprint of the engine and made again for another. It prints, for each type, how many were compared, how many agreed, and
how many differ for which reason; what nothing explains is written to ``unexplained.json`` in the folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

import dq_engine
from dq_engine import WorkerProcess
from tests.differential import gx_side
from tests.differential.answers import Answer, Asked
from tests.differential.arguments import ARGUMENTS, SQL_ONLY, examples
from tests.differential.compare import Example, compare
from tests.differential.tables import Table

TABLES, SIZE = 25, 20
"""Of a chunk: tables, and expectations for each."""


Drawn = tuple[Table, Table, list[Asked]]


def drawn(chunk: int) -> list[Drawn]:
    """The examples of a chunk, each pair of table and expectation once."""
    found: list[Drawn] = []
    seen: set[bytes] = set()

    @seed(chunk)
    @settings(max_examples=TABLES, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
    @given(examples(tuple(ARGUMENTS), SIZE))
    def collect(example: Drawn) -> None:
        table, other, asked = example
        new = [one for one in asked if not (_key(table, one) in seen or seen.add(_key(table, one)))]  # type: ignore[func-returns-value]
        found.append((table, other, new))

    collect()
    return found


def _key(table: Table, asked: Asked) -> bytes:
    return hashlib.sha256(f"{table} {asked.type} {asked.kwargs}".encode("utf-8", "surrogatepass")).digest()


def kept(path: Path, chunk: int) -> list[Example]:
    """The examples of a chunk, with what Great Expectations says of them: from the folder, or asked and put there."""
    made = drawn(chunk)
    if path.exists():
        theirs = [_answers(listed) for listed in json.loads(path.read_text())]
    else:
        theirs = [gx_side.ask(table.frame(), [one for one in asked if one.type not in SQL_ONLY]) for table, _, asked in made]
        path.with_suffix(".new").write_text(json.dumps([_listed(answers) for answers in theirs]))
        path.with_suffix(".new").rename(path)
    return [Example(*example, answers) for example, answers in zip(made, theirs, strict=True)]


def _listed(answers: Mapping[str, Answer]) -> dict[str, Any]:
    return {key: asdict(answer) for key, answer in answers.items()}


def _answers(listed: Mapping[str, Any]) -> dict[str, Answer]:
    return {key: Answer(**answer) for key, answer in listed.items()}


def fingerprint() -> str:
    """Of the engine and of the reasons: a comparison holds for one of each."""
    digest = hashlib.sha256()
    for folder in (Path(dq_engine.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--ask-only", action="store_true", help="only draw, and ask Great Expectations")
    parser.add_argument("--compare-only", action="store_true", help="only compare what was drawn before")
    parser.add_argument("--part", default="0/1", help="0/2 and 1/2: what two processes do that share the work")
    parser.add_argument("--first", type=int, default=0, help="the number of the chunk to begin with")
    parser.add_argument("--types", default="", help="compare only types whose name has this in it; keeps nothing")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    gx_side.quicken()
    end = time.monotonic() + options.minutes * 60
    if options.ask_only:
        total = 0
        for path, chunk in _chunks(options):
            if total >= options.examples or time.monotonic() > end:
                break
            total += sum(len(example.asked) for example in kept(path, chunk))
            print(f"{path.name}: {total:,} examples", flush=True)
        return
    tally = Tally()
    mark = fingerprint()
    with WorkerProcess() as worker:
        for path, chunk in _chunks(options):
            if tally.compared >= options.examples or time.monotonic() > end or (options.compare_only and not path.exists()):
                break
            result = path.with_suffix(".json")
            stored = json.loads(result.read_text()) if result.exists() else {}
            if stored.get("fingerprint") != mark or options.types:
                chosen = kept(path, chunk)
                stored = {"fingerprint": mark, "findings": _findings(chosen, path, worker, options.types)}
                if not options.types:
                    result.write_text(json.dumps(stored, default=str))
            tally.add(path.stem, stored["findings"])
            print(f"{path.name}: {tally.compared:,} compared, {len(tally.unexplained)} unexplained", flush=True)
    (options.folder / "unexplained.json").write_text(json.dumps(tally.unexplained, indent=1, ensure_ascii=False, default=str))
    print(tally)


def _chunks(options: argparse.Namespace) -> Iterator[tuple[Path, int]]:
    part, parts = map(int, options.part.split("/"))
    for number in range(options.first + part, 1_000_000, parts):
        yield options.folder / f"{options.seed}-{number:04}.theirs", options.seed * 1_000_000 + number


def _findings(chosen: list[Example], path: Path, worker: WorkerProcess, types: str) -> list[dict[str, Any]]:
    """What was found in a chunk. Answers to questions that a reason put to GX are kept beside it."""
    beside = path.with_suffix(".asked")
    known = _answers(json.loads(beside.read_text())) if beside.exists() else {}
    size = len(known)
    found = []
    for place, example in enumerate(chosen):
        if types:
            asked = [one for one in example.asked if types in one.type]
            example = Example(example.table, example.other, asked, example.theirs)  # noqa: PLW2901
        found += [finding.record(place) for finding in compare(example, worker, known)]
    if len(known) > size:
        beside.write_text(json.dumps(_listed(known)))
    return found


class Tally:
    """What is printed at the end."""

    def __init__(self) -> None:
        self.types: dict[str, Counter[str]] = defaultdict(Counter)
        self.reasons: dict[str, Counter[str]] = defaultdict(Counter)
        self.unexplained: list[dict[str, Any]] = []
        self.compared = 0

    def add(self, chunk: str, findings: list[dict[str, Any]]) -> None:
        for finding in findings:
            counts = self.types[finding["type"]]
            self.compared += finding["verdict"] != "skipped"
            counts[finding["verdict"]] += 1
            counts["passed"] += finding["passed"]
            counts["unanswered"] += finding["end"] != "answered"
            for reason in finding["reasons"]:
                self.reasons[finding["type"]][reason] += 1
            if finding["verdict"] == "unexplained":
                self.unexplained.append({"chunk": chunk, **finding})

    def __str__(self) -> str:
        lines = [f"{self.compared:,} compared, {len(self.unexplained)} unexplained", ""]
        lines.append(f"{'type':60} compared  agreed explained unexplained   pass  no answer")
        for name, counts in sorted(self.types.items()):
            if counts["skipped"]:
                lines.append(f"{name:60} skipped: the catalogue has it not")
                continue
            whole = counts["agreed"] + counts["explained"] + counts["unexplained"]
            answered = max(1, whole - counts["unanswered"])
            lines.append(
                f"{name:60} {whole:8} {counts['agreed']:7} {counts['explained']:9} {counts['unexplained']:11}"
                f" {100 * counts['passed'] / answered:5.0f}% {100 * counts['unanswered'] / whole:5.0f}%"
            )
            lines += [f"    {count:6} {reason}" for reason, count in self.reasons[name].most_common()]
        totals: Counter[str] = sum(self.reasons.values(), Counter())
        return "\n".join(
            [*lines, "", "Reasons over all types:", *(f"{count:8} {reason}" for reason, count in totals.most_common())]
        )


if __name__ == "__main__":
    main()
