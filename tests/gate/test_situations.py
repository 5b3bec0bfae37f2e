"""Situations, the exit code of each, and what every output says of it: none may look better than the exit code is.

Each row of the table is a project in some state. ``dq check --gate`` is run on it with all formats at once, and then ``dq gate`` on
what was stored; ``dq check`` without the gate says what it says to an analyst.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from tests.cli.test_worker_death import ENDLESS, busy, children
from tests.command import dq_here
from tests.gate.project import (
    LARGEST,
    OF_CLOSED,
    POSITIVE,
    PRESENT,
    SEVENTY,
    project,
    write_lists,
    write_suite,
    write_toml,
    write_waiver,
)
from tests.waiting import until

WAIVERS = 'waivers = "waivers.toml"\n'
BASELINE = 'baseline = "baseline"\n'
ABSENT = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "absent"}}
OUTPUTS = {"junit": "report.xml", "sarif": "report.sarif", "github": "report.github", "markdown": "report.md"}
OUTPUTS |= {"json": "report.json", "csv": "measures.csv", "gx": "gx.json"}
FORMATS = [word for form, file in OUTPUTS.items() for word in ("--format", form, "--output", file)]


class Situation(NamedTuple):
    """What is the matter, the exit codes of ``dq check``, ``dq check --gate`` and ``dq gate``, and a piece of what is said.

    ``dq gate`` is None where nothing is judged, and so nothing stored. ``options`` are those of ``dq check``.
    """

    name: str
    prepare: Callable[[Path], Any]
    check: int
    gated: int
    gate: int | None
    says: str
    options: tuple[str, ...] = ()


def passing(folder: Path) -> None:
    project(folder)


def failing(folder: Path) -> None:
    project(folder, missing={"A81001": 3})


def no_extract(folder: Path) -> None:
    project(folder)
    (folder / "lists.parquet").unlink()


def no_suite(folder: Path) -> None:
    project(folder)
    (folder / "expectations" / "lists.json").unlink()


def no_rows(folder: Path) -> None:
    project(folder, PRESENT, POSITIVE)
    write_lists(folder, {})


def all_vacuous(folder: Path) -> None:
    project(folder, OF_CLOSED)


def one_vacuous(folder: Path) -> None:
    project(folder, PRESENT, OF_CLOSED)


def one_error(folder: Path) -> None:
    project(folder, PRESENT, ABSENT)


def no_parquet(folder: Path) -> None:
    project(folder)
    (folder / "lists.parquet").write_bytes(b"PAR1 and no more")


def time_is_up(folder: Path) -> None:
    project(
        folder,
        PRESENT,
        {**ENDLESS, "kwargs": {"unexpected_rows_query": ENDLESS["kwargs"]["unexpected_rows_query"].replace(".n", ".patients")}},
    )


def waived(folder: Path) -> None:
    project(folder, gate=WAIVERS, missing={"A81001": 3})
    write_waiver(folder)


def expired(folder: Path) -> None:
    project(folder, gate=WAIVERS, missing={"A81001": 3})
    write_waiver(folder, expires="2024-12-31")


def no_waivers(folder: Path) -> None:
    project(folder, gate=WAIVERS, missing={"A81001": 3})


def with_baseline(version: int | None) -> Callable[[Path], None]:
    """The project with a baseline of another version of dq, or of this one; one practice got worse since then."""

    def prepare(folder: Path) -> None:
        project(folder, gate=BASELINE)
        assert dq_here(folder, "check", "--update-baseline").returncode == 0
        record = folder / "baseline/run.json"
        if version is not None:
            record.write_text(json.dumps({**json.loads(record.read_text()), "version": version}))
        write_lists(folder, missing={"A81033": 30})

    return prepare


def known(folder: Path) -> None:
    """What fails failed in the baseline, too."""
    project(folder, gate=BASELINE, missing={"A81001": 3})
    assert dq_here(folder, "check", "--update-baseline").returncode == 0


def newer_store(folder: Path) -> None:
    """A newer version of dq has stored a run in the folder."""
    project(folder)
    later = folder / "dq-results/29990101T000000Z-aaaaaa"
    later.mkdir(parents=True)
    (later / "run.json").write_text('{"version": 99, "engine": {"dq": "9.0"}, "id": "29990101T000000Z-aaaaaa"}')


def required_feed(folder: Path) -> None:
    project(folder, gate='[[gate.required]]\nfeed = "practices"\n')


SITUATIONS = [
    Situation("all passes", passing, 0, 0, 0, "The gate is open"),
    Situation("a failure", failing, 1, 1, 1, "patients_present (critical) fails"),
    Situation("no extract", no_extract, 2, 2, None, "lists.parquet: no such file"),
    Situation("no suite claims it", no_suite, 2, 2, None, "no suite"),
    Situation("zero rows", no_rows, 4, 4, 4, "no check had anything to judge"),
    Situation("all checks left out", passing, 4, 4, 4, "3 of 3 (100 %) checks were left out", ("--ignore", "id:*")),
    Situation("some checks left out", passing, 0, 4, 4, "1 of 3 (33.3 %) checks were left out", ("--ignore", "id:largest_list")),
    Situation("all vacuous", all_vacuous, 4, 4, 4, "no check had anything to judge"),
    Situation("one vacuous", one_vacuous, 0, 4, 4, "closed_list (critical) had nothing to judge"),
    Situation("one error", one_error, 3, 3, 3, "could not be evaluated"),
    Situation("no Parquet", no_parquet, 3, 3, 3, "lists"),
    Situation("time is up", time_is_up, 3, 3, 3, "took longer than the time limit", ("--timeout", "1.5")),
    Situation("waived failure", waived, 0, 0, 0, "waived by J. Smith until 2099-12-31"),
    Situation("expired waiver", expired, 1, 1, 1, "expired on 2024-12-31"),
    Situation("waivers that are not there", no_waivers, 2, 2, None, "there is no such file of waivers"),
    Situation("known from the baseline", known, 1, 0, 0, "The gate is open"),
    Situation("worse than the baseline", with_baseline(None), 1, 1, 1, "got worse at A81033"),
    Situation("baseline of an older version", with_baseline(1), 1, 3, None, "as version 1 of a run's record"),
    Situation("baseline of a newer version", with_baseline(99), 1, 3, None, "upgrade dq"),
    Situation("results of a newer version", newer_store, 0, 0, 3, "The gate is open"),
    Situation("a required feed is not there", required_feed, 0, 4, 4, "practices: no extract of this feed was checked"),
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_every_output_of_a_situation_says_what_its_exit_code_says(situation: Situation, tmp_path: Path) -> None:
    situation.prepare(tmp_path)
    assert dq_here(tmp_path, "check", "--no-results", *situation.options).returncode == situation.check
    done = dq_here(tmp_path, "check", "--gate", *situation.options, *FORMATS)
    assert done.returncode == situation.gated, done.stdout + done.stderr
    assert situation.says in " ".join((done.stdout + done.stderr).split())
    written = {form for form, file in OUTPUTS.items() if (tmp_path / file).exists()}
    assert written == (set(OUTPUTS) if situation.gate is not None else set()), "no output speaks of what was not checked"
    if situation.gate is not None:
        agree(tmp_path, situation.gated)
        again = dq_here(tmp_path, "gate")
        assert again.returncode == situation.gate, again.stdout + again.stderr


def agree(folder: Path, code: int) -> None:
    """All outputs in a folder say what the exit code says: red if it is not 0, and nothing red if it is."""
    run = json.loads((folder / "report.json").read_text())
    assert run["exit_code"] == run["gate"]["exit_code"] == code
    statuses = [outcome for extract in run["extracts"] for outcome in extract["outcomes"]]
    cases = [case for suite in JUnitXml.fromfile(str(folder / "report.xml")) for case in suite]
    assert cases, "an empty file would look green"
    red = [case for case in cases for result in case.result if isinstance(result, Failure | Error)]
    assert bool(red) == (code != 0)
    green = [case for case in cases if not case.result]
    assert len(green) == sum(outcome["status"] == "pass" for outcome in statuses), "only what passed is green"
    assert all(isinstance(result, Failure | Error | Skipped) for case in cases for result in case.result)

    (analysis,) = json.loads((folder / "report.sarif").read_text())["runs"]
    (invocation,) = analysis["invocations"]
    assert invocation["exitCode"] == code
    assert invocation["executionSuccessful"] == (code in (0, 1))
    held = [
        result
        for result in analysis["results"]
        if result["kind"] == "fail" and not result.get("suppressions") and result.get("baselineState") != "unchanged"
    ]
    assert bool(held) == (code != 0)

    commands = (folder / "report.github").read_text().splitlines()
    assert any(line.startswith("::error ") for line in commands) == (code != 0)
    heading = (folder / "report.md").read_text().splitlines()[0]
    assert ("CROSS MARK" if code else "CHECK MARK") in {"\N{CROSS MARK}": "CROSS MARK", "\N{CHECK MARK}": "CHECK MARK"}[
        heading.split()[1]
    ]
    gx = json.loads((folder / "gx.json").read_text())
    whole = gx if isinstance(gx, dict) else {"success": all(result["success"] for result in gx)}
    failed = any(outcome["status"] in ("fail", "error") for outcome in statuses)
    assert not (failed and whole["success"]), "Great Expectations knows no waivers: what fails fails"
    counted = sum(outcome.get("element_count") is not None for outcome in statuses)
    assert (len((folder / "measures.csv").read_text().splitlines()) > 1) == bool(counted)


def test_the_worker_is_killed(tmp_path: Path) -> None:
    query = ENDLESS["kwargs"]["unexpected_rows_query"].replace(".n", ".patients")
    project(tmp_path, PRESENT, {**ENDLESS, "kwargs": {"unexpected_rows_query": query}})
    command = [sys.executable, "-m", "dq_engine", "check", "--gate", *FORMATS]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        until(lambda: any(busy(child) > 0.6 for child in children(running.pid)))
        os.kill(max(children(running.pid), key=busy), signal.SIGKILL)
        said = "".join(running.communicate(timeout=60))
    assert running.returncode == 3
    assert "Traceback" not in said
    assert re.search(r"was killed \(SIGKILL\)", " ".join(said.split()))
    agree(tmp_path, 3)
    assert dq_here(tmp_path, "gate").returncode == 3


def test_a_run_without_any_rule_about_the_gate_is_judged_like_all_others(tmp_path: Path) -> None:
    """Without ``--gate`` the same run ends by the severity of its failures; the gate is strict about what was not judged."""
    project(tmp_path, PRESENT, LARGEST, OF_CLOSED)
    write_lists(tmp_path, SEVENTY)
    write_toml(tmp_path, 'vacuous = "report"')
    assert dq_here(tmp_path, "check", "--gate").returncode == 0
    write_suite(tmp_path, OF_CLOSED)
    assert dq_here(tmp_path, "check", "--gate").returncode == 4, "an extract in which nothing was judged never passes"
