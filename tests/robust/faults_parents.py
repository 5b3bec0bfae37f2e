"""The command itself is killed, ended or interrupted at some moment of its life."""

import os
import random
import re
import shutil
import signal
import threading
import time
from pathlib import Path

from dq_engine import store
from tests.robust.faults import Tally, World

SIGNALS: tuple[tuple[str, int, bool], ...] = (
    ("SIGKILL", signal.SIGKILL, False),
    ("SIGTERM", signal.SIGTERM, False),
    ("SIGINT", signal.SIGINT, False),
    ("SIGHUP", signal.SIGHUP, False),
    ("Ctrl-C", signal.SIGINT, True),
)
"""Their names, their numbers, whether they go to the whole process group."""
CODES = {"SIGKILL": {-9}, "SIGTERM": {143, -15}, "SIGINT": {130, -2}, "SIGHUP": {129, -1}, "Ctrl-C": {130, -2}}
"""How a command ends that is stopped; one that Python has not begun yet, by the signal itself."""


def before_dq(said: str) -> bool:
    """Whether an interrupt met Python while it started itself, before any of dq was running."""
    return "KeyboardInterrupt" in said and not re.search(r'dq_engine/(?!__init__|__main__)\w+\.py", line', said)


def stopped(folder: Path, chance: random.Random, count: int) -> Tally:
    """``dq check`` with results, and the results in a file besides."""
    return _stopped(World(folder, 60_000), chance, count, ("--format", "json", "--output", "out.json"))


def stopped_in_pages(folder: Path, chance: random.Random, count: int) -> Tally:
    """The same, with pages."""
    return _stopped(World(folder, 600), chance, count, ("--format", "json", "--output", "out.json", "--docs", "site"))


def _stopped(world: World, chance: random.Random, count: int, more: tuple[str, ...]) -> Tally:
    command, tally, output = world.check(*more), Tally(), world.folder / "out.json"
    life = 0.0
    for _ in range(2):
        began = time.monotonic()
        assert world.done(command).returncode == 1
        life = time.monotonic() - began
    while tally.total() < count:
        name, number, group = SIGNALS[tally.total() % len(SIGNALS)]
        moment = chance.random() * life
        shutil.rmtree(world.results, ignore_errors=True)
        output.unlink(missing_ok=True)
        process = world.begin(command)
        threading.Event().wait(moment)
        if process.poll() is None:
            (os.killpg if group else os.kill)(process.pid, number)
            if number == signal.SIGINT and chance.random() < 0.3:
                (os.killpg if group else os.kill)(process.pid, number)  # the impatient
        began = time.monotonic()
        _, err = process.communicate(timeout=120)
        assert time.monotonic() - began < 60
        world.nobody()
        code = process.returncode
        early = before_dq(err)
        lost = (
            "Exception ignored in" in err and code == 1
        )  # the signal met a callback of Python's own, which drops what is raised
        assert early or lost or "Traceback" not in err, err
        assert "a fault of dq itself" not in err, err
        assert code in CODES[name] | {1}, (name, code, err)
        runs = world.runs(hidden=name == "SIGKILL")
        if code == 1 and not early:  # Python itself ends with 1 where it is interrupted before it has begun
            assert len(runs) == 1 and output.exists(), "what ended by itself did all its work"
        if code > 1:
            assert "interrupted" in err
            assert ("stored in" in err) == bool(runs) or "nothing was stored" not in err, err
        if output.exists():
            store.decode(output.read_bytes(), "out.json")
        try:
            world.no_temporary_file()
        except AssertionError as error:
            raise AssertionError(f"{name} after {moment:.3f} of {life:.3f} s, code {code}, {err}: {error}") from None
        hidden = sorted(path.name for path in (*world.folder.glob(".*"), *world.results.glob(".*")))
        assert name == "SIGKILL" or not hidden, hidden
        if hidden or (world.folder / "site").exists():
            assert world.done(command).returncode == 1
            assert len(world.runs()) == len(runs) + 1
            assert not list(world.folder.glob(".*"))
            if (world.folder / "site").exists():
                site_is_whole(world.folder / "site", [run.name for run in world.runs()])
            shutil.rmtree(world.folder / "site", ignore_errors=True)
        early = early or (code < 0 and name != "SIGKILL")
        what = "before dq began" if early else "dropped by Python" if lost else "had done" if code == 1 else "stopped"
        after = ", run stored" if runs and code != 1 else ""
        tally[f"{name}: {what}{after}{', something hidden was left, and swept' if hidden else ''}"] += 1
    return tally


def site_is_whole(site: Path, runs: list[str]) -> None:
    """Every link of a site leads to a page, and it tells of the newest run."""
    assert not [path for path in site.rglob("*") if path.name.startswith(".")]
    for page in site.rglob("*.html"):
        for address in re.findall(r' (?:href|src)="([^"#]+)', page.read_text(encoding="utf-8")):
            assert (page.parent / address.replace("&amp;", "&")).exists(), f"{page.relative_to(site)}: {address}"
    assert max(runs) in (site / "site.json").read_text()
    for run in runs:
        assert (site / "runs" / run / "index.html").is_file(), run
