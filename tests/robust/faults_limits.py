"""Limits of the system and of dq: memory, files, processes, closed streams, folders that are not there or may not be written."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from dq_engine import store
from dq_engine.model import Run
from tests.robust.faults import Tally, World
from tests.robust.faults_disks import mounting

Case = Callable[[World], str]
"""Tries one thing and says in few words what came of it."""
JSON = ("--format", "json", "--output", "out.json")


def evaluated(world: World, done: "subprocess.CompletedProcess[str]") -> tuple[Run | None, str]:
    """The record of a run that was made, or None; and what came of it."""
    path = world.folder / "out.json"
    said = done.stdout + done.stderr
    assert done.returncode in (1, 2, 3), (done.returncode, said)
    world.nobody()
    world.no_temporary_file()
    world.runs()
    run = store.decode(path.read_bytes(), "out.json") if path.exists() else None
    path.unlink(missing_ok=True)
    assert not list(world.folder.glob(".*"))
    if run is None:
        assert done.returncode in (2, 3) and "dq: " in said, said
        return None, "refused, with words"
    errors = [outcome for outcome in run.outcomes if outcome.status == "error"]
    assert run.planned == len(run.outcomes) == 7
    assert all(outcome.message for outcome in errors)
    assert done.returncode in ({3} if errors or run.extracts[0].problem else {1, 3}), said
    return run, f"{len(errors)} of 7 checks could not be evaluated" if errors else "checked"


def memory(limit: str) -> Case:
    def case(world: World) -> str:
        run, came = evaluated(world, world.done(world.check(*JSON, "--memory-limit", limit)))
        for outcome in run.outcomes if run else ():
            assert outcome.status != "error" or "--memory-limit" in outcome.message, outcome.message
        return came

    return case


def under(script: str) -> Case:
    """The command below a shell that was told ``script`` first."""

    def case(world: World) -> str:
        return evaluated(world, world.done(["bash", "-c", f'{script}; exec "$@"', "bash", *world.check(*JSON)]))[1]

    return case


def with_few_processes(count: int) -> Case:
    """As another user, who may have no more processes and threads than so many."""

    def case(world: World) -> str:
        setpriv = shutil.which("setpriv")
        if os.geteuid() != 0 or setpriv is None:
            return "left out: only root can become a user who has no other process"
        for path in (world.folder, *world.folder.rglob("*")):
            os.chown(path, 54321, 54321)
        user = [setpriv, "--reuid=54321", "--regid=54321", "--clear-groups", "--"]
        trial = subprocess.run([*user, sys.executable, "-c", "import dq_engine"], capture_output=True, check=False)
        if trial.returncode:
            return "left out: another user may not read this installation"
        limited = ["bash", "-c", f'ulimit -u {count}; exec "$@"', "bash", *user, *world.check(*JSON)]
        return evaluated(world, world.done(limited))[1]

    return case


def streams(closed: str) -> Case:
    """Standard streams are closed, or nobody can be told anything by them."""

    def case(world: World) -> str:
        script = f'exec {closed}; exec "$@"'
        done = world.done(["bash", "-c", script, "bash", *world.check("--format", "json")])
        world.nobody()
        world.no_temporary_file()
        (run,) = world.runs()
        record = store.load(run)
        assert [outcome.status for outcome in record.outcomes].count("pass") == 6, "what cannot be said spoils no check"
        shutil.rmtree(run)
        out_is_gone = "1>" in closed
        assert done.returncode == (3 if out_is_gone else 1), (done.returncode, done.stderr)
        if not out_is_gone:
            store.decode(done.stdout.encode(), "standard output")
        return "stored, and the results could not be written" if out_is_gone else "checked"

    return case


def mounted(script: str, says: str, codes: tuple[int, ...]) -> Case:
    def case(world: World) -> str:
        before = mounting()
        if before is None:
            return "left out: this system does not let anybody mount a file system"
        (world.folder / "results").mkdir(exist_ok=True)
        (world.folder / "place").mkdir(exist_ok=True)
        done = world.done(
            [*before, f'{script}; exec "$@"', "sh", *world.check("--no-results" if "results" not in script else "-q")]
        )
        assert done.returncode in codes, (done.returncode, done.stderr)
        assert says in done.stderr, done.stderr
        world.nobody()
        world.no_temporary_file()
        return "checked" if done.returncode == 1 else "refused, with words"

    return case


NO_PLACE = "; ".join(f"mount -t tmpfs -o ro tmpfs {place}" for place in ("/tmp", "/var/tmp", "$PWD/place"))
CASES: dict[str, Case] = {
    **{f"--memory-limit {limit}": memory(limit) for limit in ("1MB", "2MB", "4MB", "8MB", "16MB", "64MB")},
    **{f"ulimit -v {kilobytes}": under(f"ulimit -v {kilobytes}") for kilobytes in (60_000, 150_000, 400_000, 800_000, 1_500_000)},
    **{f"ulimit -n {count}": under(f"ulimit -n {count}") for count in (6, 8, 10, 12, 16, 24, 64)},
    **{f"ulimit -f {blocks}": under(f"ulimit -f {blocks}") for blocks in (0, 1, 4, 16)},
    **{f"ulimit -t {seconds}": under(f"ulimit -t {seconds}") for seconds in (1,)},
    **{f"ulimit -u {count}": with_few_processes(count) for count in (1, 2, 3, 4, 5, 6, 8, 12, 64)},
    "no standard input": streams("0<&-"),
    "no standard output": streams("1>&-"),
    "no standard error": streams("2>&-"),
    "no standard stream": streams("0<&- 1>&- 2>&-"),
    "standard error is full": streams("2>/dev/full"),
    "standard output is full": streams("1>/dev/full"),
    "results are read-only": mounted("mount -t tmpfs -o ro tmpfs results", "read-only", (2,)),
}


def alone(folder: Path, name: str) -> str:
    """Tries one of the cases in a new folder, and says what came of it."""
    place = Path(tempfile.mkdtemp()) if "ulimit -u" in name else folder  # another user must get there
    place.chmod(0o755)
    world = World(place / name.replace("/", " "), 6000)
    world.results.mkdir()
    try:
        return CASES[name](world)
    except AssertionError as error:
        raise AssertionError(f"{name}: {error}") from error
    finally:
        shutil.rmtree(place if place != folder else world.folder, ignore_errors=True)


def all_of_them(folder: Path, chance: random.Random, count: int) -> Tally:
    """Every case, ``count`` times."""
    tally = Tally()
    for _ in range(count):
        for name in CASES:
            tally[f"{name}: {alone(folder, name)}"] += 1
    return tally
