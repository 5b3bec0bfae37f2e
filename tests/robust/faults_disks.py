"""The disk is full: whatever is on it, and after however many bytes."""

import json
import random
import shutil
import subprocess
from pathlib import Path

from dq_engine import store
from tests.robust.faults import Tally, World, whole

STEP = 4096
"""Bytes by which disks differ: the least that a file takes."""


def mounting() -> list[str] | None:
    """The beginning of a command that may mount file systems that nobody else sees; None where that is not allowed."""
    unshare = shutil.which("unshare")
    for rights in ("-m", "-rm"):
        trial = [str(unshare), rights, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        if unshare and subprocess.run(trial, capture_output=True, check=False).returncode == 0:
            return [unshare, rights, "sh", "-c"]
    return None


def on_a_disk(world: World, before: list[str], size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs ``dq check`` where ``disk`` is a file system of so many bytes, of which a copy is kept."""
    disk, copy = world.folder / "disk", world.folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    disk.mkdir(exist_ok=True)
    script = f'mount -t tmpfs -o size={size} tmpfs disk || exit 99; "$@"; code=$?; cp -r disk copy; exit $code'
    done = world.done([*before, script, "sh", *world.check(*arguments)])
    assert done.returncode != 99, done.stderr
    world.nobody()
    return done


def full(folder: Path, chance: random.Random, count: int) -> Tally:
    """Disks of growing sizes for each thing that is written, and some of any size."""
    world, tally = World(folder, 60_000), Tally()
    before = mounting()
    if before is None:
        tally["left out: this system does not let anybody mount a file system"] += 1
        return tally
    places = {
        "results": ("--results", "disk/results"),
        "results and temporary": ("--results", "disk/results"),
        "json": ("--format", "json", "--output", "disk/out.json", "--no-results"),
        "gx": ("--format", "gx", "--output", "disk/out.json", "--no-results"),
        "temporary": ("--no-results",),
        "spill": ("--no-results", "--memory-limit", "20MB"),
        "pages": ("--docs", "disk/site"),
    }
    usual = world.temporary
    for trial in range(count):
        place = list(places)[trial % len(places)]
        step = trial // len(places)
        most = {"pages": 700, "json": 5, "gx": 8, "results": 40, "spill": 2000}.get(place, 60)
        size = STEP * (step + 1 if step < 10 and most < 100 else chance.randint(1, most))
        if "temporary" in place or place == "spill":
            world.temporary = world.folder / "disk"
        try:
            done = on_a_disk(world, before, size, *places[place])
        finally:
            world.temporary = usual
        code, said = done.returncode, done.stdout + done.stderr
        assert code in (1, 2, 3), said
        assert code == 1 or "disk is full" in said or "no folder for temporary files" in said or "cannot be made" in said, said
        left = [path for path in (world.folder / "copy").rglob("*") if path.is_file()]
        if code == 1 and place.startswith("results"):
            (run,) = (world.folder / "copy/results").iterdir()
            whole(run)
        if place == "pages":
            assert (code == 1) == (world.folder / "copy/site/site.json").is_file() or code == 3
            assert not [path for path in left if "partial" in path.name or ".new" in path.parts or ".old" in path.name]
        elif code != 1 and place == "results":
            assert not left, left
            assert "6 passed, 1 failed" in said or code == 2
        elif place in ("json", "gx"):
            assert len(left) == (code == 1), left
            for path in left:
                json.loads(path.read_bytes())
                assert place == "gx" or store.decode(path.read_bytes(), "").planned == 7
        elif place in ("temporary", "spill"):
            assert not left, left
        world.no_temporary_file()
        for run in world.runs():
            shutil.rmtree(run)
        tally[f"{place}: {'enough room' if code == 1 else 'full, and said so'}"] += 1
    return tally
