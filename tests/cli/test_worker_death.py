"""The worker dies, hangs or is refused memory; the user interrupts: each check has an outcome, and nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract, find_files, read_suite
from dq_engine.model import Run
from dq_engine.process import WorkerProcess
from tests.waiting import until

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
MATCH = {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "n", "regex": r"^\d+$"}}
UNIQUE = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}}
ENDLESS = {
    "type": "unexpected_rows_expectation",
    "kwargs": {
        "unexpected_rows_query": "SELECT a.n FROM {batch} a, {batch} b, {batch} c, {batch} d "
        "WHERE a.n + b.n + c.n + d.n + random() < 0"
    },
}
"""Runs for years."""
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc, which Linux has")


def ended_threads(pid: int) -> bool:
    """Whether nothing of a process is left but that its parent is told of its end."""
    process = Path(f"/proc/{pid}")
    return len(list((process / "task").iterdir())) == 1 and (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def write_suite(folder: Path, *expectations: dict[str, Any], **feed: Any) -> Path:
    path = folder / "suite.json"
    meta = {"dq": {"feed": "rows", **feed}} if feed else {}
    path.write_text(json.dumps({"name": "rows", "expectations": expectations, "meta": meta}))
    return path


def write_rows(path: Path, count: int = 1000) -> Path:
    pq.write_table(pa.table({"n": range(count)}), path, write_statistics=False)
    return path


def children(pid: int) -> list[int]:
    """The processes below ``pid``, near and far."""
    below = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent == pid:
                below += [int(entry.name), *children(int(entry.name))]
    return below


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def busy(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --------------------------------------------------------------------------------------------------- by the Python API


def checked_while(
    folder: Path,
    happens: Callable[[WorkerProcess], None],
    phase: str,
    *rules: dict[str, Any],
    feed: dict[str, str] | None = None,
    **options: Any,
) -> Run:
    """The run of a.parquet by ``rules`` and of b.parquet by one; something happens to the worker while it works on the first."""
    suite = read_suite(write_suite(folder, *rules, **(feed or {})))
    other = read_suite(write_suite(folder, NOT_NULL, **(feed or {})))
    extracts = []
    for name, own in (("a", suite), ("b", other)):
        (files,) = find_files(str(write_rows(folder / f"{name}.parquet")))
        extracts.append(Extract(files.name, files.paths, own))
    happened: list[str] = []

    with WorkerProcess() as worker:

        def observe(extract: str, doing: str, fraction: float) -> None:
            if extract == "a" and doing.startswith(phase) and not happened:
                happened.append(doing)
                happens(worker)

        run = run_checks(extracts, Options(**options), worker, observer=observe)
        first = worker.directory
    assert happened
    assert not first.exists()
    assert run.planned == len(run.outcomes) == len(rules) + 1
    return run


def kill_with(number: int) -> Callable[[WorkerProcess], None]:
    return lambda worker: os.kill(worker.pid, number)


def kill_in_the_middle_with(number: int) -> Callable[[WorkerProcess], None]:
    """Kills the worker once the query that comes next has kept it busy for a while."""

    def happens(worker: WorkerProcess) -> None:
        pid, before = worker.pid, busy(worker.pid)

        def wait_and_kill() -> None:
            until(lambda: busy(pid) > before + 0.3)
            os.kill(pid, number)

        threading.Thread(target=wait_and_kill).start()

    return happens


SIGNALS = {signal.SIGKILL: "killed (SIGKILL)", signal.SIGSEGV: "crashed (SIGSEGV)", signal.SIGABRT: "crashed (SIGABRT)"}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("phase", ["opening", "scanning", "comparing keys", "looking at failures"])
def test_the_worker_dies_before_it_can_answer(number: signal.Signals, phase: str, tmp_path: Path) -> None:
    failing = {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "n", "regex": "^x"}}
    run = checked_while(tmp_path, kill_with(number), phase, NOT_NULL, MATCH, failing, UNIQUE)
    first, second = run.extracts
    errors = [outcome for outcome in first.outcomes if outcome.status == "error"]
    if phase == "looking at failures":
        assert [outcome.status for outcome in first.outcomes] == ["pass", "pass", "fail", "pass"]
        assert SIGNALS[number] in first.outcomes[2].examples_note
    elif phase == "comparing keys":
        assert [outcome.status for outcome in first.outcomes] == ["pass", "pass", "fail", "error"]
    elif phase == "opening" and not errors:  # it was dead before it was asked: another opened the extract in its place
        assert [outcome.status for outcome in first.outcomes] == ["pass", "pass", "fail", "pass"]
    else:
        assert len(errors) == (3 if phase == "scanning" and first.outcomes[0].status == "pass" else 4)
    assert all(SIGNALS[number] in outcome.message for outcome in errors)
    assert [outcome.status for outcome in second.outcomes] == ["pass"]
    assert run.exit_code == (3 if errors else 1)


@needs_proc
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_worker_dies_in_the_middle_of_a_query(number: signal.Signals, tmp_path: Path) -> None:
    run = checked_while(tmp_path, kill_in_the_middle_with(number), "running queries", NOT_NULL, UNIQUE, ENDLESS)
    first, second = run.extracts
    assert [outcome.status for outcome in first.outcomes] == ["pass", "pass", "error"]
    assert SIGNALS[number] in first.outcomes[2].message
    assert [outcome.status for outcome in second.outcomes] == ["pass"]
    assert run.exit_code == 3
    assert "1 of 4 checks could not be evaluated" in run.verdict


BY_ORGANISATION = {"organisation_column": "n"}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_worker_dies_before_it_has_written_counts(number: signal.Signals, tmp_path: Path) -> None:
    """What was found of the whole extract is kept; that nothing is known of organisations makes the run incomplete."""
    run = checked_while(tmp_path, kill_with(number), "writing counts", NOT_NULL, MATCH, UNIQUE, feed=BY_ORGANISATION)
    first, second = run.extracts
    assert [outcome.status for outcome in first.outcomes] == ["pass"] * 3
    assert first.problem.startswith("what was counted per organisation could not be written: the worker")
    assert SIGNALS[number] in first.problem
    assert {measure.organisation for measure in run.measures if measure.extract == "a"} == {None}
    assert {field.organisation for field in run.fields if field.extract == "a"} == {None}
    assert len({measure.organisation for measure in run.measures if measure.extract == "b"}) > 1
    assert (second.problem, run.exit_code) == ("", 3)


def test_counts_of_the_extracts_before_survive_a_worker_that_is_stuck(tmp_path: Path) -> None:
    """The worker is ended and replaced, and what the first has written is still there."""
    write_suite(tmp_path, NOT_NULL, **BY_ORGANISATION)
    first = Extract("first", (write_rows(tmp_path / "first.parquet", 50),), read_suite(tmp_path / "suite.json"))
    write_suite(tmp_path, ENDLESS)
    second = Extract("second", (write_rows(tmp_path / "second.parquet"),), read_suite(tmp_path / "suite.json"))
    with WorkerProcess() as worker:
        run = run_checks([first, second], Options(timeout=2.0), worker)
        assert "--timeout" in run.extracts[1].outcomes[0].message
        assert len({m.organisation for m in run.measures if m.extract == "first"}) > 1


@pytest.mark.parametrize("phase", ["opening", "scanning", "comparing keys"])
def test_the_worker_is_stuck(phase: str, tmp_path: Path) -> None:
    run = checked_while(tmp_path, kill_with(signal.SIGSTOP), phase, NOT_NULL, MATCH, UNIQUE, timeout=5.0)
    first, second = run.extracts
    errors = [outcome for outcome in first.outcomes if outcome.status == "error"]
    assert errors
    assert all("--timeout" in outcome.message for outcome in errors)
    assert [outcome.status for outcome in second.outcomes] == ["pass"]
    assert run.exit_code == 3


def test_a_worker_that_is_stuck_while_it_is_ended_does_not_hold_up_anybody() -> None:
    with WorkerProcess() as worker:
        os.kill(worker.pid, signal.SIGSTOP)
        directory = worker.directory
    assert not directory.exists()


@needs_proc
def test_a_worker_that_was_killed_between_two_extracts_costs_nothing(tmp_path: Path) -> None:
    source, suite = write_rows(tmp_path / "rows.parquet"), read_suite(write_suite(tmp_path, NOT_NULL))
    with WorkerProcess() as worker:
        pids = []
        for _ in range(2):
            run = run_checks([Extract("rows", (source,), suite)], Options(), worker)
            assert [outcome.status for outcome in run.outcomes] == ["pass"], run.outcomes
            pids.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)
            until(lambda: ended_threads(pids[-1]))
    assert pids[0] != pids[1]


def test_no_worker_outlives_its_use() -> None:
    with WorkerProcess() as worker:
        first = worker.pid
        os.kill(first, signal.SIGKILL)
        with pytest.raises(Exception, match="SIGKILL"):
            worker.ask({"op": "query", "sql": "SELECT 1"})
        assert worker.ask({"op": "write", "directory": str(worker.directory), "sql": "SELECT 1"}) == {"rows": []}
        second = worker.pid
    for pid in (first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


# ------------------------------------------------------------------------------------------------------ by the command


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``dq`` with temporary files below ``tmp_path``; ends what is still there after the test."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "temporary").mkdir()

    def begin(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "dq_engine.cli", *arguments]
        environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in out + err
    assert "a fault of dq itself" not in err
    return process.returncode, out, err


def left_behind(folder: Path) -> list[str]:
    """What is still in the folder for temporary files, and in that of results."""
    return sorted(str(path.relative_to(folder)) for name in ("temporary", "dq-results") for path in (folder / name).rglob("*"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--timeout", "0.001"), "--timeout"),
        (("--timeout", "2"), "--timeout"),
        (("--memory-limit", "1MB"), "--memory-limit"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_limits(options: tuple[str, ...], says: str, begun: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    rules = [UNIQUE, MATCH] if "--memory-limit" in options else [ENDLESS]
    write_suite(tmp_path, *rules)
    write_rows(tmp_path / "rows.parquet", 1_000_000)
    fixed = ("--suite", "suite.json", "--format", "json", "--no-results", "--threads", "1")
    code, out, _ = ended(begun("check", "rows.parquet", *fixed, *options))
    run = json.loads(out)
    (extract,) = run["extracts"]
    assert code == run["exit_code"] == 3
    assert len(extract["outcomes"]) == run["planned"] == len(rules)
    assert extract["outcomes"][0]["status"] == "error"
    assert says in extract["outcomes"][0]["message"]
    assert left_behind(tmp_path) == []


def test_little_memory_costs_one_extract_alone(begun: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    write_suite(
        tmp_path,
        {
            "type": "expect_column_most_common_value_to_be_in_set",
            "kwargs": {"column": "n", "value_set": list(range(10)), "ties_okay": True},
        },
    )
    write_rows(tmp_path / "large.parquet", 2_000_000)
    write_rows(tmp_path / "small.parquet", 10)
    fixed = ("--suite", "suite.json", "--format", "json", "--no-results", "--threads", "1", "--memory-limit", "12MB")
    code, out, _ = ended(begun("check", "large.parquet", "small.parquet", *fixed))
    large, small = json.loads(out)["extracts"]
    assert code == 3
    assert large["outcomes"][0]["status"] == "error"
    assert "--memory-limit" in large["outcomes"][0]["message"]
    assert small["outcomes"][0]["status"] == "pass"
    assert left_behind(tmp_path) == []


def scanning(process: subprocess.Popen[str]) -> int:
    """The worker's process id, once it has had to work for a while."""

    def worker() -> int:
        assert process.poll() is None, process.communicate()
        return next((pid for pid in children(process.pid) if busy(pid) > 1.0), 0)

    found: int = until(worker)
    return found


@needs_proc
@pytest.mark.parametrize(
    ("number", "codes", "says"),
    [
        (signal.SIGINT, (130,), "interrupted"),
        (signal.SIGTERM, (143, -signal.SIGTERM), ""),
        (signal.SIGHUP, (129, -signal.SIGHUP), ""),
    ],
    ids=["Ctrl-C", "SIGTERM", "the terminal is closed"],
)
def test_the_user_stops_it(
    number: signal.Signals,
    codes: tuple[int, ...],
    says: str,
    begun: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    write_suite(tmp_path, NOT_NULL, ENDLESS)
    write_rows(tmp_path / "rows.parquet")
    process = begun("check", "rows.parquet", "--suite", "suite.json")
    worker = scanning(process)
    process.send_signal(number)
    code, out, err = ended(process)
    assert code in codes
    assert says in err
    assert out == ""
    until(lambda: not alive(worker))
    assert left_behind(tmp_path) == []


@needs_proc
def test_the_command_is_killed(begun: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """It cannot clean up; but the worker ends by itself, and no half of a run is to be seen."""
    write_suite(tmp_path, ENDLESS)
    write_rows(tmp_path / "rows.parquet")
    process = begun("check", "rows.parquet", "--suite", "suite.json")
    worker = scanning(process)
    process.kill()
    process.communicate()
    until(lambda: not alive(worker))
    assert left_behind(tmp_path) == []


@needs_proc
def test_the_worker_of_a_command_is_killed(begun: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    write_suite(tmp_path, NOT_NULL, ENDLESS)
    write_rows(tmp_path / "rows.parquet")
    process = begun("check", "rows.parquet", "--suite", "suite.json")
    os.kill(scanning(process), signal.SIGKILL)
    code, out, err = ended(process)
    assert code == 3
    assert "SIGKILL" in out
    assert "1 passed, 1 could not be evaluated" in out
    assert "stored in" in err
    assert len(list((tmp_path / "dq-results").glob("*/run.json"))) == 1
    assert list((tmp_path / "temporary").iterdir()) == []


@needs_proc
def test_a_run_that_is_interrupted_twice(begun: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """Impatient people press Ctrl-C more than once."""
    write_suite(tmp_path, ENDLESS)
    write_rows(tmp_path / "rows.parquet")
    process = begun("check", "rows.parquet", "--suite", "suite.json")
    worker = scanning(process)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
    code, _, _ = ended(process)
    assert code in (130, -signal.SIGINT)
    until(lambda: not alive(worker))


# ------------------------------------------------------------------------------------------------- nobody reads output


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize("rules", [3, 1000], ids=["little output", "much output"])
def test_nobody_reads_the_results(format: str, rules: int, begun: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    checks = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": -place}} for place in range(rules)
    ]
    write_suite(tmp_path, *checks)
    write_rows(tmp_path / "rows.parquet", 10)
    process = begun("check", "rows.parquet", "--suite", "suite.json", "--format", format, "--verbose")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.wait(timeout=120)
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert "a fault of dq itself" not in said
    assert len(list((tmp_path / "dq-results").glob("*/run.json"))) == 1
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"], ids=["a full disk", "no standard output"])
def test_the_results_cannot_be_written_out(format: str, redirection: str, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    write_suite(tmp_path, NOT_NULL)
    write_rows(tmp_path / "rows.parquet", 10)
    script = f'"$0" -m dq_engine.cli check rows.parquet --suite suite.json --format {format} {redirection}'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 3, "a result that nobody could get is no success"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "a fault of dq itself" not in done.stderr
    assert done.stderr.strip()
