"""How often ``dq diff`` says that something got worse where nothing did: every pair of worlds that differ by chance alone.

``python -m tests.gate.alarms FOLDER [--worlds 8]`` makes worlds of different seeds, checks them, and compares each with each other.
What targets tell is left out: worlds differ in how far they have come with them, as a whole.
"""

import argparse
import itertools
import json
from pathlib import Path

from tests.command import dq_here

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", type=int, default=8)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    (asked.folder / "dq.toml").write_text(f'[dq]\nsuites = ["{ROOT / "expectations"}"]\n')
    for seed in range(asked.worlds):
        dq_here(asked.folder, "sample", f"world{seed}", "--seed", str(seed), "--scale", "2", "--quiet", deadline=900)
        dq_here(asked.folder, "check", f"world{seed}", "--results", f"results{seed}", "--quiet", deadline=900)
    pairs = alarms = 0
    for before, after in itertools.permutations(range(asked.worlds), 2):
        said = dq_here(asked.folder, "diff", f"results{before}", f"results{after}", "--format", "json", deadline=300).stdout
        worse = [check for check in json.loads(said)["checks"] if check.get("worse") and "/targets" not in check["extract"]]
        pairs, alarms = pairs + 1, alarms + bool(worse)
        for check in worse:
            print(f"{before} -> {after}: {check['extract']}: {check['check']}: {check['worse'][0]}")
    print(f"{alarms} of {pairs} pairs of worlds name something that got worse")


if __name__ == "__main__":
    main()
