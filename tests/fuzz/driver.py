"""Coverage-guided fuzzing by atheris, and the corpora that it leaves. The parent; :func:`child` is what runs under atheris.

A target is a module of this package with ``judge(data)`` (raises for what should not be), ``seeds()`` (first inputs) and
``mutated(data, most, chance, change)`` (another input; ``change`` changes bytes as libFuzzer does). What it raises is written down
once for each place and kind, and the fuzzing goes on. A process that dies, hangs or eats memory is a finding, too, and is started anew.

``tests/fuzz/corpus/TARGET.zip`` holds what is left of a corpus after minimising: inputs, each under its SHA-1.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import os
import random
import re
import shlex
import subprocess
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).resolve().parent / "corpus"
LONGEST = 16_384
"""Bytes of an input."""
PATIENCE = 30
"""Seconds for one input."""
MOST = 150_000
"""Bytes of a packed corpus."""


def corpus(target: str) -> dict[str, bytes]:
    """The stored inputs of a target, by name."""
    path = CORPUS / f"{target}.zip"
    if not path.is_file():
        return {}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(inputs: Mapping[str, bytes]) -> bytes:
    """Inputs in one file: the same ones always make the same file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(inputs):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), inputs[name], zipfile.ZIP_DEFLATED, 9)
    return file.getvalue()


def main(target: str) -> None:
    """The command of a target."""
    parser = argparse.ArgumentParser(description=f"Fuzzes {target} by atheris; see tests/fuzz/requirements.txt.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--folder", type=Path, required=True, help="for the growing corpus, findings and the log; may be there")
    parser.add_argument("--merge", action="store_true", help="at the end, minimise the corpus and store it in the repository")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    growing, findings = options.folder / "corpus", options.folder / "findings"
    for folder in (growing, findings):
        folder.mkdir(parents=True, exist_ok=True)
    first = {hashlib.sha1(data).hexdigest(): data for data in importlib.import_module(f"tests.fuzz.{target}").seeds()}
    for name, data in {**first, **corpus(target)}.items():
        (growing / name).write_bytes(data)
    ends = time.monotonic() + 60 * options.minutes
    runs = 0
    with (options.folder / "log").open("a") as log:
        while (left := ends - time.monotonic()) > 5:
            flags = [f"-max_total_time={left:.0f}", f"-seed={options.seed + runs}", f"-artifact_prefix={findings}/"]
            _start(target, findings, [*flags, str(growing)], log)
            runs += 1
        if options.merge:
            merged = options.folder / "merged"
            merged.mkdir(exist_ok=True)
            for old in merged.iterdir():
                old.unlink()
            _start(target, findings, ["-merge=1", str(merged), str(growing)], log)
            inputs = _small({path.name: path.read_bytes() for path in merged.iterdir()})
            (CORPUS / f"{target}.zip").write_bytes(packed(inputs))
    print((options.folder / "log").read_text().rpartition("#")[2].strip())
    print(f"{runs} processes; findings: {sorted(path.name for path in findings.iterdir())}")


def _small(inputs: Mapping[str, bytes]) -> dict[str, bytes]:
    """As many of the inputs, the shortest first, as may be stored."""
    kept: dict[str, bytes] = {}
    size = 0
    for name, data in sorted(inputs.items(), key=lambda item: (len(item[1]), item[0])):
        size += 130 + len(data) // 2
        if size <= MOST:
            kept[name] = data
    return kept


def _start(target: str, findings: Path, flags: list[str], log: Any) -> None:
    limits = [f"-max_len={LONGEST}", f"-timeout={PATIENCE}", "-rss_limit_mb=3000", "-close_fd_mask=0", "-reload=0"]
    again = findings.parent / "again"  # what libFuzzer starts for each step of a merge
    words = [sys.executable, "-m", "tests.fuzz.driver", target, str(findings), str(again)]
    again.write_text(f'#!/bin/sh\ncd {shlex.quote(str(ROOT))} && exec {shlex.join(words)} "$@"\n')
    again.chmod(0o755)
    subprocess.run(
        [*words, *limits, *flags],
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


# ------------------------------------------------------------------------------------------------------------- the child


def child(target: str, findings: Path, again: str, flags: list[str]) -> None:
    """Fuzzes in this process; ``again`` is a command that does the same with other flags."""
    import atheris

    with atheris.instrument_imports(include=["dq_engine"]):
        module = importlib.import_module(f"tests.fuzz.{target}")
    features = _Features(atheris.instrument_func)

    def one(data: bytes) -> None:
        try:
            for said in module.judge(data) or ():
                features.met(said)
        except Exception as error:
            note(findings, data, error)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        made: bytes = module.mutated(data, most, random.Random(seed), atheris.Mutate)
        return made[:most]

    atheris.Setup([again, *flags], one, custom_mutator=mutated)
    atheris.Fuzz()


class _Features:
    """Turns what a target says of an input into coverage: each text of the same form is a place of its own."""

    def __init__(self, instrumented: Callable[[Any], Any]) -> None:
        made: dict[str, Any] = {}
        exec("\n".join(f"def place{n}(): return {n}" for n in range(1024)), made)
        self.places = [instrumented(made[f"place{n}"]) for n in range(1024)]

    def met(self, said: str) -> None:
        form = re.sub(r"\d+", "9", re.sub(r'"[^"]*"|\'[^\']*\'', "''", said))[:200]
        self.places[int(hashlib.sha1(form.encode("utf-8", "replace")).hexdigest()[:8], 16) % 1024]()


def note(findings: Path, data: bytes, error: BaseException) -> None:
    """Writes down an input and what it brought about, once for each kind of error and place in the code."""
    name = f"{type(error).__name__}-{'-'.join(_frames(error))}"[:150]
    if not (findings / name).exists():
        (findings / name).write_bytes(data)
        (findings / f"{name}.txt").write_text(
            "".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace"
        )


def _frames(error: BaseException) -> Iterator[str]:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/tests/fuzz/driver" not in frame.filename]
    for frame in frames[-2:]:
        yield f"{Path(frame.filename).stem}.{re.sub(r'[^a-z_]', '', frame.name)}.{frame.lineno}"


if __name__ == "__main__":
    child(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
