"""Many commands at once, into one folder of results and one site."""

import random
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.robust.faults import Tally, World
from tests.robust.faults_parents import site_is_whole

AT_ONCE = 25
"""How many commands run at any time."""


def _at_once(world: World, command: list[str], count: int, at_once: int) -> list["subprocess.CompletedProcess[str]"]:
    start = threading.Barrier(at_once)

    def one(place: int) -> "subprocess.CompletedProcess[str]":
        if place < at_once:
            start.wait()
        return world.done(command)

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, range(count)))


def checks(folder: Path, chance: random.Random, count: int) -> Tally:
    """All runs are there, each of its own name."""
    world, tally = World(folder, 600), Tally()
    for done in _at_once(world, world.check(), count, min(count, AT_ONCE)):
        assert done.returncode == 1, done.stderr
        tally["stored"] += 1
    assert len(world.runs()) == count
    world.nobody()
    world.no_temporary_file()
    return tally


def pages(folder: Path, chance: random.Random, count: int) -> Tally:
    """One site at the end, of all runs."""
    world, tally = World(folder, 600), Tally()
    for done in _at_once(world, world.check("--docs", "site"), count, count):
        assert done.returncode == 1, done.stderr
        tally["stored, with pages"] += 1
    runs = world.runs()
    assert len(runs) == count
    site_is_whole(world.folder / "site", [run.name for run in runs])
    world.nobody()
    world.no_temporary_file()
    return tally
