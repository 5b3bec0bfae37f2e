"""The benchmark of dq: ``python -m tests.bench`` makes the data and the peers' environments, measures, compares, and prints tables.

Everything runs as whole processes, in interleaved rounds. It ends with 1 if two answers differ, or a command fails or takes too long.
``--output FILE`` keeps what was measured, beside what is there of other sizes; ``--document`` writes BENCHMARKS.md from that.
"""

from __future__ import annotations

import argparse
import compileall
import signal
import sys
from pathlib import Path

from tests.bench import document, environments, record, scenarios
from tests.bench.commands import PEERS, ROOT
from tests.bench.rounds import tell

MEASURED = Path(__file__).parent / "measured.json"
PAGE = ROOT / "BENCHMARKS.md"


def main() -> None:
    names = [one.name for one in PEERS]
    cache = environments.default_folder()
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure dq against others.")
    parser.add_argument("--scenarios", nargs="+", choices=scenarios.KINDS, default=list(scenarios.KINDS), help="default: all")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=46)
    parser.add_argument("--peers", nargs="*", choices=names, default=names, help="default: all")
    parser.add_argument("--pairs", type=int, default=3, help="rounds, at least (default: 3)")
    parser.add_argument(
        "--sizes", type=int, nargs="+", help="rows of the scenario about rows (default: a tenth of --rows, and --rows)"
    )
    parser.add_argument("--data", type=Path, default=cache / "data", help="where the extracts are kept")
    parser.add_argument("--environments", type=Path, default=cache, help="where the peers' environments are kept")
    parser.add_argument("--timeout", type=float, default=900, help="seconds that one command may take (default: 900)")
    parser.add_argument("--once-over", type=float, default=300, help="a command that takes longer runs in the first round only")
    parser.add_argument("--output", type=Path, help="keep what was measured in this file (JSON)")
    parser.add_argument(
        "--document",
        action="store_true",
        help=f"measure nothing; write {PAGE.name} from {MEASURED.relative_to(ROOT)} or --output",
    )
    asked = parser.parse_args()
    if asked.document:
        PAGE.write_text(document.page(record.stored(asked.output or MEASURED)), encoding="utf-8")
        return
    wanted = scenarios.Asked(
        asked.rows,
        asked.rules,
        asked.peers,
        asked.pairs,
        asked.sizes or (asked.rows // 10, asked.rows),
        asked.data.absolute(),
        asked.environments.absolute(),
        asked.timeout,
        asked.once_over,
    )
    benchmark = kept(asked.output)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that commands end, and temporary folders go
    sound = True
    compileall.compile_dir(ROOT / "dq_engine", quiet=2)  # as the installation of the peers did with theirs
    for name in asked.scenarios:
        found = scenarios.run(name, wanted)
        benchmark = benchmark.with_scenario(found)
        if asked.output:
            record.write(asked.output, benchmark)
        print(document.scenario(found), flush=True)
        for words in found.disagreements:
            tell(f"DIFFERENT ANSWERS: {words}")
        sound = sound and not found.disagreements and not any(line.problem for line in found.lines)
    sys.exit(0 if sound else 1)


def kept(output: Path | None) -> record.Benchmark:
    """What was measured before, unless that was on another machine: figures of two are not shown together."""
    machine = record.this_machine()
    if output and output.exists():
        found = record.stored(output)
        if found.machine == machine:
            return found
        tell(f"{output} was measured on another machine: what it holds is replaced")
    return record.Benchmark(machine)


if __name__ == "__main__":
    main()
