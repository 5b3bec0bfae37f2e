"""What a run leaves in its directory: all of it or nothing, in the documented shape."""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_engine import store
from dq_engine.engine import Options, run_checks
from dq_engine.errors import StoreError, WorkerDied
from dq_engine.feeds import Extract, find_files, read_suite
from dq_engine.process import WorkerProcess
from tests.command import dq, dq_here

CHECK = ("check", "rows.parquet", "--suite", "suite.json")
ROWS = {
    "org": ["5D7", "5D7", "5D8", None],
    "code": ["a", None, None, "d"],
    "n": [1, 2, 3, 4],
    "month": ["2024-10", "202410", "OCT-24", "?"],
}
OCTOBER = "2024-10-01/2024-10-31"
TABLES = ["fields.parquet", "measures.parquet", "organisations.parquet"]
FILES = sorted([*TABLES, "run.json", "seal.json"])
OF_EXTRACT = ["run", "started", "extract", "feed", "level", "source", "purpose"]
MEASURES = [
    *OF_EXTRACT, "check", "expectation", "columns", "dimension", "kahn", "severity", "weight", "unit",
    "organisation", "period", "element_count", "missing_count", "unexpected_count", "denominator",
]  # fmt: skip
FIELDS = [
    *OF_EXTRACT, "column", "item", "tolerance", "organisation", "period",
    "records", "valid", "other", "default", "invalid", "missing",
]  # fmt: skip
ORGANISATIONS = ["run", "code", "level", "parent", "region", "kind"]
COLUMNS = {"fields.parquet": FIELDS, "measures.parquet": MEASURES, "organisations.parquet": ORGANISATIONS}


def rule(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": name, "kwargs": kwargs, "id": f"{name}.{kwargs.get('column', '')}", "severity": "warning"}


RULES = [
    rule("expect_column_values_to_not_be_null", column="code"),
    rule("expect_column_values_to_be_unique", column="code"),
    rule("expect_column_values_to_be_between", column="n", min_value=0),
    rule("expect_compound_columns_to_be_unique", column_list=["org", "n"]),
    rule("expect_column_sum_to_be_between", column="n", min_value=0),
    rule("expect_table_row_count_to_be_between", min_value=1),
    rule("expect_column_to_exist", column="code"),
    rule("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE n > 9"),
]
BY_ROW = {check["id"] for check in RULES[:4]}
"""Rules that can be split by organisation."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An extract of two organisations and a suite of eight rules, one of which fails as a warning."""
    feed = {"feed": "rows", "organisation_column": "org", "period_column": "month"}
    suite = {"name": "rows", "expectations": RULES, "meta": {"dq": feed}}
    (tmp_path / "suite.json").write_text(json.dumps(suite))
    pq.write_table(pa.table(ROWS), tmp_path / "rows.parquet")
    return tmp_path


def runs(results: Path) -> list[Path]:
    """The runs that a reader sees."""
    return sorted(path for path in results.iterdir() if not path.name.startswith("."))


# --------------------------------------------------------------------------------------------------------------- shape


def test_a_run_directory(folder: Path) -> None:
    done = dq_here(folder, *CHECK)
    assert done.returncode == 0
    (directory,) = runs(folder / "dq-results")
    assert list((folder / "dq-results").iterdir()) == [directory]
    assert f"stored in dq-results/{directory.name}" in done.stderr
    assert sorted(path.name for path in directory.iterdir()) == FILES
    for name, columns in COLUMNS.items():
        assert pq.read_table(directory / name).column_names == columns


@pytest.mark.parametrize("arguments", [(), ("--select", "zzz"), ("--timeout", "0.001"), ("--show-values",)], ids=" ".join)
def test_run_json_keeps_its_published_schema(arguments: tuple[str, ...], folder: Path) -> None:
    schema = json.loads(dq_here(folder, "explain", "--schema", "run").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    dq_here(folder, *CHECK, *arguments)
    (directory,) = runs(folder / "dq-results")
    run = json.loads((directory / "run.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(run)
    assert run["id"] == directory.name
    assert run["planned"] == len(RULES) == sum(len(extract["outcomes"]) for extract in run["extracts"])


def test_measures(folder: Path) -> None:
    dq_here(folder, *CHECK)
    (directory,) = runs(folder / "dq-results")
    run = json.loads((directory / "run.json").read_bytes())
    table = pq.read_table(directory / "measures.parquet")
    kinds = {name: str(kind) for name, kind in zip(table.schema.names, table.schema.types, strict=True)}
    counted = dict.fromkeys(("element_count", "missing_count", "unexpected_count", "denominator"), "int64")
    assert kinds == dict.fromkeys(MEASURES, "string") | counted | {"started": "timestamp[us, tz=UTC]", "weight": "double"}
    rows = table.to_pylist()
    assert {(row["run"], row["extract"], row["feed"]) for row in rows} == {(directory.name, "rows", "rows")}
    assert {(row["purpose"], row["started"].isoformat()) for row in rows} == {("quality", run["started"])}
    assert {(row["check"], row["kahn"]) for row in rows} == {(o["check"], o["kahn"]) for o in run["extracts"][0]["outcomes"]}
    totals = {row["check"]: row for row in rows if row["organisation"] is None}
    outcomes = {outcome["check"]: outcome for outcome in run["extracts"][0]["outcomes"]}
    assert totals.keys() == outcomes.keys() == {check["id"] for check in RULES}
    assert len(rows) == len(totals) + 3 * len(BY_ROW)
    for check, total in totals.items():
        for name in ("element_count", "missing_count", "unexpected_count", "denominator"):
            assert total[name] == outcomes[check][name], check
            split = [row[name] for row in rows if row["check"] == check and row["organisation"] is not None]
            assert sum(split) == total[name] if check in BY_ROW else not split, (check, name)
    own = {
        (row["organisation"], row["period"]): (row["element_count"], row["missing_count"], row["unexpected_count"])
        for row in rows
        if row["check"] == RULES[0]["id"] and row["organisation"] is not None
    }
    assert own == {("5D7", OCTOBER): (2, 0, 1), ("5D8", OCTOBER): (1, 0, 1), ("(none)", "(none)"): (1, 0, 0)}
    assert {row["period"] for row in totals.values()} == {None}


def test_fields(folder: Path) -> None:
    suite = json.loads((folder / "suite.json").read_text())
    suite["meta"]["dq"]["columns"] = {
        "code": {"default_codes": ["d"], "tolerance": 0.25, "item": "current"},
        "n": {"other_codes": [4]},
    }
    (folder / "suite.json").write_text(json.dumps(suite))
    dq_here(folder, *CHECK)
    (directory,) = runs(folder / "dq-results")
    run = json.loads((directory / "run.json").read_bytes())
    assert run["extracts"][0]["fields"] == [
        {"column": "code", "item": "current", "tolerance": 0.25},
        {"column": "n", "checks": [RULES[2]["id"]]},
    ]
    table = pq.read_table(directory / "fields.parquet")
    kinds = {name: str(kind) for name, kind in zip(table.schema.names, table.schema.types, strict=True)}
    counted = dict.fromkeys(("records", "valid", "other", "default", "invalid", "missing"), "int64")
    assert kinds == dict.fromkeys(FIELDS, "string") | counted | {"started": "timestamp[us, tz=UTC]", "tolerance": "double"}
    rows = table.to_pylist()
    assert {(row["run"], row["extract"], row["feed"], row["purpose"]) for row in rows} == {
        (directory.name, "rows", "rows", "quality")
    }
    assert {(row["column"], row["item"], row["tolerance"]) for row in rows} == {("code", "current", 0.25), ("n", None, None)}
    found = {(row["column"], row["organisation"], row["period"]): [row[name] for name in counted] for row in rows}
    assert found == {
        ("code", None, None): [4, 1, 0, 1, 0, 2],
        ("code", "5D7", OCTOBER): [2, 1, 0, 0, 0, 1],
        ("code", "5D8", OCTOBER): [1, 0, 0, 0, 0, 1],
        ("code", "(none)", "(none)"): [1, 0, 0, 1, 0, 0],
        ("n", None, None): [4, 3, 1, 0, 0, 0],
        ("n", "5D7", OCTOBER): [2, 2, 0, 0, 0, 0],
        ("n", "5D8", OCTOBER): [1, 1, 0, 0, 0, 0],
        ("n", "(none)", "(none)"): [1, 0, 1, 0, 0, 0],
    }


def test_organisations(folder: Path) -> None:
    suite = json.loads((folder / "suite.json").read_text())
    public = {"org": {"sensitivity": "public"}, "code": {"sensitivity": "public"}}
    suite["meta"]["dq"] |= {"register": {"code": "org", "kind": "code"}, "columns": public}
    (folder / "suite.json").write_text(json.dumps(suite))
    dq_here(folder, *CHECK)
    (directory,) = runs(folder / "dq-results")
    rows = pq.read_table(directory / "organisations.parquet").to_pylist()
    shared = {"run": directory.name, "level": "practice", "parent": "", "region": ""}
    assert rows == [{**shared, "code": "5D7", "kind": "a"}, {**shared, "code": "5D8", "kind": ""}]


def test_measures_without_an_organisation(folder: Path) -> None:
    suite = json.loads((folder / "suite.json").read_text())
    (folder / "suite.json").write_text(json.dumps({**suite, "meta": {}}))
    dq_here(folder, *CHECK)
    (directory,) = runs(folder / "dq-results")
    rows = pq.read_table(directory / "measures.parquet").to_pylist()
    assert [(row["organisation"], row["period"]) for row in rows] == [(None, None)] * len(RULES)


def test_a_run_in_which_nothing_could_be_measured(folder: Path) -> None:
    (folder / "rows.parquet").write_bytes(b"no Parquet")
    assert dq_here(folder, *CHECK).returncode == 3
    (directory,) = runs(folder / "dq-results")
    for name, columns in COLUMNS.items():
        table = pq.read_table(directory / name)
        assert (table.num_rows, table.column_names) == (0, columns)


def test_measures_of_odd_names(folder: Path) -> None:
    """Text of a suite reaches the measures as it is, whatever quotes, commas, NULs and line ends it has."""
    odd = ["it's", 'a "b", c', "two\nlines", "null\0", "", "NULL", "🏥", "\\N", "x" * 70_000]
    rules = [{**RULES[5], "id": f"{name} ", "kwargs": {"min_value": -place}} for place, name in enumerate(odd)]
    (folder / "suite.json").write_text(json.dumps({"name": odd[0] + odd[2], "expectations": rules}))
    assert dq_here(folder, *CHECK).returncode == 0
    (directory,) = runs(folder / "dq-results")
    assert pq.read_table(directory / "measures.parquet")["check"].to_pylist() == [f"{name} " for name in odd]


# ------------------------------------------------------------------------------------------------------------- choices


def test_json_prints_what_is_stored(folder: Path) -> None:
    done = dq_here(folder, *CHECK, "--format", "json")
    (directory,) = runs(folder / "dq-results")
    assert done.stdout.encode() == (directory / "run.json").read_bytes()


def test_json_in_a_file_is_what_is_stored(folder: Path) -> None:
    done = dq_here(folder, *CHECK, "--format", "json", "--output", "deep/er/out.json")
    (directory,) = runs(folder / "dq-results")
    assert done.stdout == ""
    assert (folder / "deep/er/out.json").read_bytes() == (directory / "run.json").read_bytes()


def test_nothing_is_stored_if_so_asked(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    assert dq_here(folder, *CHECK, "--no-results").returncode == 0
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("how", ["option", "dq.toml"])
def test_another_folder(how: str, folder: Path) -> None:
    if how == "dq.toml":
        (folder / "dq.toml").write_text('[dq]\nresults = "deep/er"\n')
    done = dq_here(folder, *CHECK, *(("--results", "deep/er") if how == "option" else ()))
    assert done.returncode == 0
    assert len(runs(folder / "deep" / "er")) == 1
    assert not (folder / "dq-results").exists()


def test_runs_of_one_second_lie_side_by_side(folder: Path) -> None:
    suite, (files,) = read_suite(folder / "suite.json"), find_files(str(folder / "rows.parquet"))
    extract = Extract(files.name, files.paths, suite)
    moment = dt.datetime(2024, 3, 31, 12, tzinfo=dt.UTC)
    with WorkerProcess() as worker:
        for _ in range(5):
            store.save(run_checks([extract], Options(), worker, clock=lambda: moment), folder, worker)
    assert len(list(folder.glob("20240331T120000Z-*/run.json"))) == 5


def test_commands_at_the_same_time(folder: Path) -> None:
    command = [sys.executable, "-m", "dq_engine.cli", *CHECK, "--quiet"]
    processes = [subprocess.Popen(command, cwd=folder) for _ in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert len(list((folder / "dq-results").glob("*/measures.parquet"))) == 4


def test_the_output_is_replaced_whole(folder: Path) -> None:
    """Who reads the old results while new ones are written goes on reading the old ones."""
    path = folder / "out.txt"
    path.write_text("the results of yesterday")
    with path.open() as reader:
        assert dq_here(folder, *CHECK, "--output", "out.txt").returncode == 0
        assert reader.read() == "the results of yesterday"
    assert "passed" in path.read_text()
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("place", ["in the way", "file/out.txt"])
def test_an_output_that_cannot_be_written(place: str, folder: Path) -> None:
    (folder / "in the way").mkdir()
    (folder / "file").write_text("a file")
    done = dq_here(folder, *CHECK, "--output", place)
    assert done.returncode in (2, 3)
    assert place in done.stderr
    assert not [path for path in folder.rglob("*") if "partial" in path.name]


# ------------------------------------------------------------------------------------------- where nothing can be stored


@pytest.mark.parametrize("results", ["file", "file/below"], ids=["a file", "below a file"])
def test_a_file_in_the_way_is_noticed_before_any_scan(results: str, folder: Path) -> None:
    (folder / "file").write_text("a file")
    (folder / "rows.parquet").write_bytes(b"no Parquet: to be noticed by a scan")
    done = dq_here(folder, *CHECK, "--results", results)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"{results}: no results can be written here" in done.stderr
    assert "--results" in done.stderr


def test_a_folder_that_may_not_be_written(folder: Path) -> None:
    before: list[str] = []
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("permissions do not bind root, and there is no setpriv to give up its privileges")
        before = [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--"]
    (folder / "locked").mkdir(mode=0o555)
    done = dq(folder, *CHECK, "--results", "locked", before=before)
    assert done.returncode == 2
    assert "permission denied" in done.stderr


def mounted(options: str, script: str) -> list[str]:
    """The beginning of a command for which ``results`` is a file system of its own; ``script`` runs after it. Skips if it cannot be."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare to mount a file system with")
    for rights in ("-m", "-rm"):
        trial = subprocess.run([unshare, rights, "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False)
        if trial.returncode == 0:
            mount = f'mount -t tmpfs -o {options} tmpfs results || exit 99; "$@"; code=$?; {script}; exit $code'
            return [unshare, rights, "sh", "-c", mount, "sh"]
    pytest.skip("this system does not let a test mount a file system")


def test_a_read_only_file_system(folder: Path) -> None:
    (folder / "results").mkdir()
    (folder / "rows.parquet").write_bytes(b"no Parquet: to be noticed by a scan")
    done = dq(folder, *CHECK, "--results", "results", before=mounted("ro", "true"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "results: no results can be written here: the file system is read-only" in done.stderr


@pytest.mark.parametrize("kilobytes", [4, 8, 12, 16, 20, 24, 32, 40, 64])
def test_a_full_disk(kilobytes: int, folder: Path) -> None:
    """Wherever it gets full, the results are printed, the run is stored whole or not at all, and the command says so."""
    (folder / "results").mkdir()
    listing = "find results -mindepth 1 | sort > listing; cp -r results copy"
    before = mounted(f"size={kilobytes}k", listing)
    done = dq(folder, *CHECK, "--results", "results", before=before)
    assert "7 passed, 1 failed" in done.stdout
    listed = (folder / "listing").read_text().split()
    said = done.stderr
    if done.returncode == 0:
        directory, *files = listed
        assert files == [f"{directory}/{name}" for name in FILES]
        copy = folder / directory.replace("results", "copy", 1)
        json.loads((copy / "run.json").read_bytes())
        for name, columns in COLUMNS.items():
            table = pq.read_table(copy / name)
            assert table.column_names == columns
            assert (table.num_rows > 0) == (name != "organisations.parquet")
    else:
        assert done.returncode == 3
        assert listed == []
        assert "the disk is full" in said
        assert "could not be stored" in said


@pytest.mark.parametrize("kilobytes", [8, 16, 32, 64])
def test_a_full_disk_for_temporary_files(kilobytes: int, folder: Path) -> None:
    """Counts by organisation wait there to be stored. Without room for them the checks are judged, and the run is not complete."""
    count = 40_000
    columns = {"org": [f"O{n * 7919 % 99991:05}" for n in range(count)], "n": [n % 9 for n in range(count)]}
    pq.write_table(pa.table({**columns, "code": ["a"] * count, "month": ["2024-10"] * count}), folder / "rows.parquet")
    (folder / "results").mkdir()
    before = mounted(f"size={kilobytes}k", "find results -mindepth 1 > listing")
    done = dq(folder, *CHECK, before=before, environment={"TMPDIR": str(folder / "results")})
    assert done.returncode == 3
    assert "7 passed, 1 failed" in done.stdout
    assert "what was counted per organisation could not be written: the disk is full" in done.stdout
    (directory,) = runs(folder / "dq-results")
    for name in ("measures.parquet", "fields.parquet"):
        rows = pq.read_table(directory / name).to_pylist()
        assert rows
        assert {row["organisation"] for row in rows} == {None}
    assert (folder / "listing").read_text() == ""


def test_a_full_disk_for_the_output(folder: Path) -> None:
    (folder / "results").mkdir()
    before = mounted("size=4k", "ls -A results > listing")
    done = dq(folder, *CHECK, "--no-results", "--format", "json", "--output", "results/out.json", before=before)
    assert done.returncode == 3
    assert "the disk is full" in done.stderr
    assert (folder / "listing").read_text() == ""


def test_the_folder_for_temporary_files_cannot_be_written(folder: Path) -> None:
    before = mounted("ro", "true")
    (folder / "results").mkdir()
    environment = {"TMPDIR": str(folder / "results")}
    done = dq(folder, *CHECK, before=before, environment=environment)
    assert done.returncode in (0, 2, 3)


# -------------------------------------------------------------------------------------------------- ended while storing


class DeadWriter:
    """A worker that is gone when it is asked to write."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        raise WorkerDied("the worker was killed")


def test_the_worker_is_gone_when_the_run_is_to_be_stored(folder: Path) -> None:
    suite, (files,) = read_suite(folder / "suite.json"), find_files(str(folder / "rows.parquet"))
    with WorkerProcess() as worker:
        run = run_checks([Extract(files.name, files.paths, suite)], Options(), worker)
    (folder / "results").mkdir()
    with pytest.raises(StoreError, match="could not be stored: the worker was killed"):
        store.save(run, folder / "results", DeadWriter())
    assert list((folder / "results").iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from dq_engine import check, store

class Killer:
    def ask(self, request):
        os.kill(os.getpid(), signal.SIGKILL)

store.save(check("rows.parquet", "suite.json"), Path("results"), Killer())
"""


def test_killed_while_storing(folder: Path) -> None:
    (folder / "results").mkdir()
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=folder, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert runs(folder / "results") == []
    assert dq_here(folder, *CHECK, "--results", "results").returncode == 0
    assert len(runs(folder / "results")) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_stopped_while_storing_much(number: signal.Signals, folder: Path) -> None:
    """Many organisations take a while to store: a reader sees a whole run or none, and who can clean up does."""
    count = 40_000
    pq.write_table(
        pa.table({"org": [f"O{n:05}" for n in range(count)], "code": ["a"] * count, "n": range(count), "month": ["x"] * count}),
        folder / "rows.parquet",
    )
    command = [sys.executable, "-m", "dq_engine.cli", *CHECK, "--quiet"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not list((folder / "dq-results").glob(".*.partial")) and process.poll() is None:
        assert time.monotonic() < deadline
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert b"Traceback" not in said
    for directory in runs(folder / "dq-results"):
        assert sorted(path.name for path in directory.iterdir()) == FILES
        json.loads((directory / "run.json").read_bytes())
        for name in ("measures.parquet", "fields.parquet"):
            assert pq.ParquetFile(directory / name).metadata.num_rows > count
    if number is not signal.SIGKILL:
        assert not list((folder / "dq-results").glob(".*"))
