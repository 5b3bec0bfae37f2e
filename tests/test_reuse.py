"""An extract of which nothing changed is not scanned again; one of which anything changed is. And the results are the same."""

import datetime as dt
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import WorkerProcess, fingerprint, store
from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Case, Expectation, Scope
from dq_engine.catalog.types import kind_of
from dq_engine.engine import Observer, Options, run_checks, silent
from dq_engine.errors import NotEvaluable
from dq_engine.feeds import Extract, find_files, read_suite
from dq_engine.model import Column, Run, Table
from dq_engine.reuse import NEWEST, Earlier
from dq_engine.sql import ident
from dq_engine.suite import parse_suite
from tests import scored
from tests.command import dq_here

ROWS = {
    "org": ["5D7", "5D7", "5D8", None],
    "code": ["a", None, None, "d"],
    "n": [1, 2, 3, 4],
    "month": ["2024-10", "2024-11", "2024-10", "?"],
    "day": [dt.date(2024, 10, day) for day in (1, 2, 3, 4)],
}


def rule(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": "warning"}


RULES = [
    rule("expect_column_values_to_not_be_null", column="code"),
    rule("expect_column_values_to_be_between", column="n", min_value={"$PARAMETER": "least"}),
    rule("expect_compound_columns_to_be_unique", column_list=["org", "n"]),
    rule("expect_column_sum_to_be_between", column="n", min_value=0),
    rule("expect_column_values_to_exist_in_other_extract", column="n", other="known", other_column="n"),
    rule("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE n > 3"),
]
FEW = [RULES[0], RULES[1], RULES[4]]
FRESH = rule("expect_column_max_to_be_fresh", column="day", max_age_days=30)
CHECK = ("check", "rows.parquet", "--suite", "suite.json", "--with", "known=known.parquet", "--param", "least=1")


def write_suite(folder: Path, rules: list[dict[str, Any]], **feed: Any) -> None:
    about = {"feed": "rows", "organisation_column": "org", "period_column": "month", **feed}
    (folder / "suite.json").write_text(json.dumps({"name": "rows", "expectations": rules, "meta": {"dq": about}}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An extract of two organisations, another one, and a suite of six rules."""
    write_suite(tmp_path, RULES)
    pq.write_table(pa.table(ROWS), tmp_path / "rows.parquet")
    pq.write_table(pa.table({"n": [1, 2, 3]}), tmp_path / "known.parquet")
    return tmp_path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder as above, but with half the rules, in which one run is stored; and a copy of it."""
    folder = tmp_path_factory.mktemp("reuse") / "project"
    folder.mkdir()
    write_suite(folder, FEW)
    pq.write_table(pa.table(ROWS), folder / "rows.parquet")
    pq.write_table(pa.table({"n": [1, 2, 3]}), folder / "known.parquet")
    checked(folder)
    shutil.copytree(folder, folder.with_name("copy"))
    return folder, folder.with_name("copy")


@pytest.fixture
def project(kept: tuple[Path, Path]) -> tuple[Path, Run, Path]:
    """The folder in which one run is stored, that run, and its directory."""
    folder, copy = kept
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)
    (directory,) = runs(folder)
    return folder, store.load(directory), directory


def runs(folder: Path) -> set[Path]:
    results = folder / "dq-results"
    return {path for path in results.iterdir() if not path.name.startswith(".")} if results.is_dir() else set()


def checked(folder: Path, *arguments: str) -> tuple[Run, Path]:
    """The run that a check stores, and its directory."""
    before = runs(folder)
    done = dq_here(folder, *(arguments or CHECK))
    (directory,) = runs(folder) - before
    run = store.load(directory)
    assert done.returncode == run.exit_code
    return run, directory


def sealed(directory: Path) -> list[Any]:
    """The extracts of a stored run of which results may be taken."""
    found: list[Any] = json.loads((directory / "seal.json").read_text())["extracts"]
    return found


def reused(run: Run) -> list[str]:
    """The run in which each extract was scanned; "" for this one."""
    return [extract.reused for extract in run.extracts]


class Listening(WorkerProcess):
    """A worker that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def ask(self, request: dict[str, Any], **more: Any) -> dict[str, Any]:
        self.heard.append(json.dumps(request))
        return super().ask(request, **more)


def extract_of(folder: Path) -> Extract:
    (files,) = find_files(str(folder / "rows.parquet"))
    return Extract(files.name, files.paths, read_suite(folder / "suite.json"))


def engine_run(
    folder: Path, worker: WorkerProcess, *, observer: Observer = silent, clock: Callable[[], dt.datetime] | None = None
) -> Run:
    """A run by the engine itself, stored in the folder's results."""
    results = folder / "dq-results"
    store.prepare(results)
    with worker.folder() as counts:
        run = run_checks(
            [extract_of(folder)],
            Options(),
            worker,
            counts=Path(counts),
            earlier=Earlier(results),
            observer=observer,
            clock=clock or (lambda: dt.datetime.now(dt.UTC)),
        )
        store.save(run, results, worker, Path(counts))
    return run


# ---------------------------------------------------------------------------------------------------- nothing has changed


def plain(run: Run) -> dict[str, Any]:
    """A run but for its id, its time, and what it says of having been taken."""
    raw: dict[str, Any] = json.loads(store.encode(run))
    for key in ("id", "started", "seconds"):
        del raw[key]
    for extract in raw["extracts"]:
        extract.pop("reused", None)
        extract.pop("seconds", None)
        for query in extract["queries"]:
            del query["seconds"]
            query["sql"] = re.sub(r"TO '[^']*'", "TO 'counts'", query["sql"])
    raw["options"].pop("fresh")
    return raw


def tables(directory: Path) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for name in ("measures", "fields", "organisations"):
        table = pq.read_table(directory / f"{name}.parquet")
        rows = table.drop_columns([column for column in ("run", "started") if column in table.column_names]).to_pylist()
        found[name] = sorted((tuple(row.values()) for row in rows), key=repr)
    return found


def test_unchanged_extract_is_not_scanned_again_and_says_the_same(folder: Path) -> None:
    first, where = checked(folder)
    said = dq_here(folder, *CHECK)
    (second,) = [path for path in runs(folder) if path != where]
    again = store.load(second)
    fresh, there = checked(folder, *CHECK, "--fresh")
    assert (reused(first), reused(again), reused(fresh)) == ([""], [first.id], [""])
    assert plain(first) == plain(again) == plain(fresh)
    assert "rows" in [query.purpose for query in again.extracts[0].queries], "these are the queries of the scan"
    assert tables(where) == tables(second) == tables(there)
    assert len(tables(second)["measures"]) > 3 * len(RULES), "with the counts by organisation and period"
    assert f"unchanged since run {first.id}: not scanned again" in said.stdout
    assert {path.name for path in second.iterdir()} == {path.name for path in where.iterdir()}


def test_worker_is_asked_nothing_of_the_data(folder: Path) -> None:
    write_suite(folder, [RULES[0], RULES[2]])
    with Listening() as worker:
        first = engine_run(folder, worker)
        assert any("rows.parquet" in asked for asked in worker.heard)
        worker.heard.clear()
        second = engine_run(folder, worker)
    assert reused(second) == [first.id]
    assert worker.heard
    assert not any("rows.parquet" in asked for asked in worker.heard)


def test_reused_run_by_format(project: tuple[Path, Run, Path]) -> None:
    folder, first, _ = project
    as_json = json.loads(dq_here(folder, *CHECK, "--format", "json").stdout)
    assert as_json["extracts"][0]["reused"] == first.id
    scanned, taken = (json.loads(dq_here(folder, *CHECK, "--format", "gx", *more).stdout) for more in (("--fresh",), ()))
    assert scanned["results"] == taken["results"]


def test_reused_run_passes_or_fails_as_any_other(project: tuple[Path, Run, Path]) -> None:
    folder, first, _ = project
    assert first.exit_code == 0
    done = dq_here(folder, *CHECK, "--fail-on", "warning")
    assert "not scanned again" in done.stdout
    assert done.returncode == 1


def test_scores_and_pages_of_a_reused_run(tmp_path: Path) -> None:
    scored.write_world(tmp_path)
    asked = ("check", "trusts.parquet", "spells.parquet", "--fail-on", "never")
    first, there = checked(tmp_path, *asked)
    second, here = checked(tmp_path, *asked)
    assert reused(second) == [first.id] * 2
    assert tables(there) == tables(here)
    assert len(tables(here)["organisations"]) == len(scored.TRUSTS)
    said = [
        dq_here(tmp_path, "score", str(run), "--instrument", "small.json", "--format", "json").stdout for run in (there, here)
    ]
    told = [text.replace(run.id, "RUN").replace(run.started, "THEN") for text, run in zip(said, (first, second), strict=True)]
    assert told[0] == told[1]
    dq_here(tmp_path, "docs", str(here), "--output", "site", "--quiet")
    pages = [path.read_text() for path in (tmp_path / "site" / "runs" / second.id).rglob("*.html")]
    said_by = {
        f"2 of 2 extracts: nothing had changed since run {first.id}": 1,
        f"nothing has changed since run {first.id}": 2,
        f"These are the queries of run {first.id}": 2,
    }
    assert {words: sum(words in page for page in pages) for words in said_by} == said_by


def test_two_registers_keep_what_each_registers(tmp_path: Path) -> None:
    pages = {"practices": "practice", "trusts": "pcgt"}
    for name, level in pages.items():
        feed = {"feed": name, "level": level, "register": {"code": "code"}, "columns": {"code": {"sensitivity": "public"}}}
        suite = {"name": name, "expectations": [rule("expect_column_to_exist", column="code")], "meta": {"dq": feed}}
        (tmp_path / "expectations").mkdir(exist_ok=True)
        (tmp_path / "expectations" / f"{name}.json").write_text(json.dumps(suite))
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"code": ["A81002", "A81001"]}), tmp_path / "data" / "practices.parquet")
    pq.write_table(pa.table({"code": ["5D7"]}), tmp_path / "data" / "trusts.parquet")
    _, first = checked(tmp_path, "check", "data")
    pq.write_table(pa.table({"code": ["A81003", "A81004", "A81005"]}), tmp_path / "data" / "practices.parquet")
    run, second = checked(tmp_path, "check", "data")
    assert reused(run) == ["", first.name]
    codes = [row["code"] for row in pq.read_table(second / "organisations.parquet").to_pylist()]
    assert codes == ["A81003", "A81004", "A81005", "5D7"]


def test_taken_results_are_taken_again_from_the_run_that_scanned(project: tuple[Path, Run, Path]) -> None:
    folder, first, where = project
    second, _ = checked(folder)
    shutil.rmtree(where)
    third, _ = checked(folder)
    assert reused(second) == reused(third) == [first.id]
    assert plain(third) == plain(first)


def test_only_what_changed_is_scanned(folder: Path) -> None:
    (folder / "expectations").mkdir()
    shutil.move(folder / "suite.json", folder / "expectations" / "rows.json")
    (folder / "data").mkdir()
    for name in ("rows_a", "rows_b", "rows_c"):
        shutil.copy(folder / "rows.parquet", folder / "data" / f"{name}.parquet")
    shutil.move(folder / "known.parquet", folder / "data" / "known.parquet")
    write_suite(folder, [rule("expect_column_to_exist", column="n")], feed="known", organisation_column=None, period_column=None)
    shutil.move(folder / "suite.json", folder / "expectations" / "known.json")
    asked = ("check", "data", "--param", "least=1")
    first, _ = checked(folder, *asked)
    pq.write_table(pa.table({**ROWS, "n": [1, 2, 3, 9]}), folder / "data" / "rows_b.parquet")
    second, _ = checked(folder, *asked)
    assert {e.name: e.reused for e in second.extracts} == {
        "known": first.id, "rows_a": first.id, "rows_b": "", "rows_c": first.id,
    }  # fmt: skip
    pq.write_table(pa.table({"n": [1, 2, 3, 9]}), folder / "data" / "known.parquet")
    third, _ = checked(folder, *asked)
    assert reused(third) == [""] * 4, "rules of the others look into this one"
    exists = [o.unexpected_count for e in third.extracts for o in e.outcomes if "other_extract" in o.expectation]
    assert exists == [1, 0, 1]


# ----------------------------------------------------------------------------------------------------- something changed


def in_place(folder: Path) -> None:
    """Other bytes, and nothing that the file system tells of it but when that was."""
    path = folder / "rows.parquet"
    was = path.stat()
    raw = path.read_bytes()
    content = raw.replace(b"\x04\x00\x00\x00\x00\x00\x00\x00", b"\x05\x00\x00\x00\x00\x00\x00\x00")
    assert content != raw
    path.write_bytes(content)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    now = path.stat()
    assert (now.st_size, now.st_mtime_ns, now.st_ino) == (was.st_size, was.st_mtime_ns, was.st_ino)


def other_rows(folder: Path) -> None:
    pq.write_table(pa.table({**ROWS, "n": [1, 2, 3, 8]}), folder / "rows.parquet")


def others_changed(folder: Path) -> None:
    pq.write_table(pa.table({"n": [1, 2, 4]}), folder / "known.parquet")


def suite_worded(folder: Path) -> None:
    write_suite(folder, [{**FEW[0], "description": "there is a code"}, *FEW[1:]])


def field_described(folder: Path) -> None:
    write_suite(folder, FEW, columns={"code": {"sensitivity": "public"}})


def toml(text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "dq.toml").write_text(text)

    return write


def moved(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    shutil.copy2(folder / "rows.parquet", folder / "elsewhere" / "rows.parquet")


MOVED = ("check", "elsewhere/rows.parquet", *CHECK[2:])
CHANGES: dict[str, tuple[Callable[[Path], Any] | None, tuple[str, ...]]] = {
    "content of the same size and time": (in_place, CHECK),
    "rows": (other_rows, CHECK),
    "another extract": (others_changed, CHECK),
    "the words of the suite": (suite_worded, CHECK),
    "what the suite says of a column": (field_described, CHECK),
    "a parameter": (None, (*CHECK[:-1], "least=2")),
    "selected checks": (None, (*CHECK, "--select", "column:n")),
    "ignored checks": (None, (*CHECK, "--ignore", "column:n")),
    "values are shown": (None, (*CHECK, "--show-values")),
    "failing rows are asked for": (None, (*CHECK, "--format", "gx", "--result-format", "COMPLETE")),
    "another file": (moved, MOVED),
    "--fresh": (None, (*CHECK, "--fresh")),
    "no reuse in dq.toml": (toml("[dq]\nreuse = false\n"), CHECK),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_leads_to_a_scan(change: str, project: tuple[Path, Run, Path]) -> None:
    folder, first, _ = project
    edit, arguments = CHANGES[change]
    if edit is not None:
        edit(folder)
    second, _ = checked(folder, *arguments)
    assert reused(second) == [""]
    assert first.extracts[0].fingerprint and second.extracts[0].fingerprint, "the new one may be taken from then on"


PROJECT = '[[extracts]]\npath = "rows.parquet"\nname = "lists"\nsuite = "suite.json"\nwith = {known = "known.parquet"}\n'
SETTINGS = {
    "another name": ('name = "lists"', 'name = "list_sizes"'),
    "a column is called otherwise": ('name = "lists"', 'name = "lists"\ncolumns = {day = "seen"}'),
    "a column is read as another type": ('name = "lists"', 'name = "lists"\ntypes = {n = "decimal"}'),
    "a check is not for these files": ('name = "lists"', 'name = "lists"\nignore = ["column:n"]'),
}


def test_change_of_the_project_leads_to_a_scan(folder: Path) -> None:
    write_suite(folder, FEW)
    arguments = ("check", "--param", "least=1")
    (folder / "dq.toml").write_text(PROJECT)
    first, _ = checked(folder, *arguments)
    for change in SETTINGS.values():
        (folder / "dq.toml").write_text(PROJECT.replace(*change))
        assert reused(checked(folder, *arguments)[0]) == [""], change
    (folder / "dq.toml").write_text(PROJECT)
    assert reused(checked(folder, *arguments)[0]) == [first.id]


WITHOUT_EFFECT = {
    "time of the file": (lambda folder: os.utime(folder / "rows.parquet"), CHECK),
    "a copy in its place": (
        lambda folder: Path(shutil.copy(folder / "rows.parquet", folder / "copy")).replace(folder / "rows.parquet"), CHECK,
    ),
    "suite of the same text elsewhere": (
        lambda folder: shutil.copy(folder / "suite.json", folder / "same.json"), (*CHECK[:3], "same.json", *CHECK[4:]),
    ),
    "limits and threads": (
        None, (*CHECK, "--threads", "1", "--memory-limit", "1GB", "--timeout", "50", "--check-timeout", "9"),
    ),
    "the gate": (None, (*CHECK, "--fail-on", "never")),
    "the day, where no rule asks for it": (None, (*CHECK, "--as-of", "2024-10-05")),
    "a parameter that nothing asks for": (None, (*CHECK, "--param", "other=2")),
    "extracts beside it": (None, ("check", "rows.parquet", "known.parquet", *CHECK[2:])),
}  # fmt: skip


@pytest.mark.parametrize("change", WITHOUT_EFFECT)
def test_what_changes_no_result_leads_to_no_scan(change: str, project: tuple[Path, Run, Path]) -> None:
    folder, first, _ = project
    edit, arguments = WITHOUT_EFFECT[change]
    if edit is not None:
        edit(folder)
    second, _ = checked(folder, *arguments)
    assert reused(second)[0] == first.id
    here = folder / "rows.parquet"
    assert second.extracts[0].files[0].modified_ns == here.stat().st_mtime_ns, "the record tells of the file as it is"
    assert second.extracts[0].suite.path == arguments[arguments.index("--suite") + 1]


def test_engine_and_what_it_computes_with_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    source = tmp_path / "a" / "dq_engine"
    shutil.copytree(Path(dq_engine.__file__).parent, source, ignore=shutil.ignore_patterns("__pycache__", "report", "sample"))

    def code(*further: Path) -> str:
        path = os.pathsep.join(map(str, (source.parent, *further)))
        command = [sys.executable, "-c", "from dq_engine import fingerprint; print(fingerprint.code(), fingerprint.__file__)"]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        digest, _, origin = done.stdout.strip().partition(" ")
        assert Path(origin).is_relative_to(source)
        return digest

    first = code()
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert code() == first
    for package in ("duckdb-9.9.9", "python_dateutil-9.9"):
        (tmp_path / package / f"{package}.dist-info").mkdir(parents=True)
        assert code(tmp_path / package) != first
    found = {first}
    for module in ("results.py", "catalog/nhs.py"):
        with (source / module).open("a") as file:
            file.write("# another line\n")
        found.add(code())
    assert len(found) == 3


# ------------------------------------------------------------------------------------------------- what is never taken


def test_result_with_a_date_is_taken_on_the_same_day_only(folder: Path) -> None:
    write_suite(folder, [FRESH])
    first, _ = checked(folder, *CHECK, "--as-of", "2024-10-20")
    same, _ = checked(folder, *CHECK, "--as-of", "2024-10-20")
    later, _ = checked(folder, *CHECK, "--as-of", "2024-11-20")
    assert (reused(same), reused(later)) == ([first.id], [""])
    assert [run.outcomes[0].status for run in (first, same, later)] == ["pass", "pass", "fail"]
    skipped = ("--ignore", "type:*fresh", "--select", "*")
    write_suite(folder, [FRESH, RULES[0]])
    without, _ = checked(folder, *CHECK, *skipped, "--as-of", "2024-10-20")
    other_day, _ = checked(folder, *CHECK, *skipped, "--as-of", "2024-11-20")
    assert reused(other_day) == [without.id], "a rule that is not run does not count"


def test_query_that_may_look_at_the_clock_is_run_again(folder: Path) -> None:
    write_suite(
        folder, [RULES[0], rule("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE day > today()")]
    )
    first, directory = checked(folder)
    second, _ = checked(folder)
    assert (reused(second), first.extracts[0].fingerprint, sealed(directory)) == ([""], "", [])


@pytest.mark.parametrize(
    "arguments",
    [
        (*CHECK[:-2],),
        (*CHECK, "--no-checksums"),
        ("check", "rows.parquet", "--suite", "suite.json", "--param", "least=1"),
        (*CHECK, "--timeout", "0.001"),
        (*CHECK, "--select", "zzz"),
    ],
    ids=["parameter missing", "--no-checksums", "another extract is missing", "took too long", "nothing selected"],
)
def test_run_in_which_something_was_not_evaluated_is_never_taken(arguments: tuple[str, ...], folder: Path) -> None:
    if "--with" not in arguments:
        (folder / "known.parquet").unlink()
    first, directory = checked(folder, *arguments)
    second, _ = checked(folder, *arguments)
    assert not first.extracts[0].fingerprint
    assert second.extracts[0].reused == ""
    assert sealed(directory) == []


def test_run_without_results_takes_nothing(project: tuple[Path, Run, Path]) -> None:
    folder = project[0]
    before = runs(folder)
    assert "not scanned again" not in dq_here(folder, *CHECK, "--no-results").stdout
    assert runs(folder) == before


def test_python_api_always_scans(project: tuple[Path, Run, Path], worker: WorkerProcess) -> None:
    folder = project[0]
    run = dq_engine.check(folder / "rows.parquet", folder / "suite.json", parameters={"least": 1}, worker=worker)
    assert reused(run) == [""]


def test_content_of_an_older_run_is_known_again(folder: Path, worker: WorkerProcess) -> None:
    """Runs of the same second have no order; and files go back to what they were."""
    write_suite(folder, [rule("expect_column_max_to_be_between", column="n", max_value=4)])
    first = engine_run(folder, worker)
    was = (folder / "rows.parquet").read_bytes()
    in_place(folder)
    second = engine_run(folder, worker)
    assert reused(second) == [""]
    assert reused(engine_run(folder, worker)) == [second.id]
    (folder / "rows.parquet").write_bytes(was)
    assert reused(engine_run(folder, worker)) == [first.id]


@pytest.mark.parametrize("when", ["comparing with an earlier run", "waiting for checksums"])
def test_file_that_changes_meanwhile(when: str, folder: Path, worker: WorkerProcess) -> None:
    write_suite(folder, [rule("expect_column_max_to_be_between", column="n", max_value=4)])
    if when == "comparing with an earlier run":
        engine_run(folder, worker)

    def observer(extract: str, phase: str, fraction: float) -> None:
        if phase == when:
            in_place(folder)

    run = engine_run(folder, worker, observer=observer)
    wanted = ["error"] if when == "waiting for checksums" else ["fail"]
    assert [outcome.status for outcome in run.outcomes] == wanted
    assert reused(run) == [""]
    again = engine_run(folder, worker)
    assert [outcome.status for outcome in again.outcomes] == ["fail"]
    assert bool(again.extracts[0].reused) == (wanted == ["fail"])


# -------------------------------------------------------------------------------------------------------- damaged stores


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def count_changed(directory: Path) -> None:
    path = directory / "run.json"
    path.write_text(re.sub(r'"unexpected_count": 2', '"unexpected_count": 0', path.read_text()))


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "a count in the record": count_changed,
    "half a record": lambda run: os.truncate(run / "run.json", 1000),
    "no record": lambda run: (run / "run.json").unlink(),
    "a bit of the measures": lambda run: flip(run / "measures.parquet"),
    "a bit of the fields": lambda run: flip(run / "fields.parquet"),
    "no organisations": lambda run: (run / "organisations.parquet").unlink(),
    "no seal": lambda run: (run / "seal.json").unlink(),
    "half a seal": lambda run: os.truncate(run / "seal.json", 100),
    "a seal of nothing": lambda run: (run / "seal.json").write_text('{"extracts": [], "files": {}}'),
    "a seal with other words": lambda run: (run / "seal.json").write_text((run / "seal.json").read_text().replace("[[", "[[1,")),
    "a seal of no files": lambda run: (run / "seal.json").write_text(
        re.sub(r'"files":\{.*\}\}', '"files":{}}', (run / "seal.json").read_text())
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_run_is_not_believed(damage: str, project: tuple[Path, Run, Path]) -> None:
    folder, first, directory = project
    before = {path: path.read_bytes() for path in directory.iterdir()}
    DAMAGES[damage](directory)
    assert before != {path: path.read_bytes() for path in directory.iterdir()}
    second, _ = checked(folder)
    assert reused(second) == [""]
    assert plain(second) == plain(first)


def test_what_else_lies_in_the_results_folder_is_no_run(project: tuple[Path, Run, Path]) -> None:
    folder, first, directory = project
    results = folder / "dq-results"
    (results / "zzz" / "seal.json").mkdir(parents=True)
    (results / "zzzz").write_text("a file")
    shutil.copytree(directory, results / ".99990101T000000Z-000000.partial")
    shutil.copytree(directory, results / "zz")
    (results / "zz" / "run.json").write_text("{}")
    done = json.loads(dq_here(folder, *CHECK, "--format", "json").stdout)
    assert "reused" not in done["extracts"][0], "the newest that claims to have it was spoilt"
    shutil.rmtree(results / "zz")
    (scanned,) = [path for path in runs(folder) if path.name == done["id"]]
    shutil.rmtree(scanned)
    done = json.loads(dq_here(folder, *CHECK, "--format", "json").stdout)
    assert done["extracts"][0]["reused"] == first.id


def test_store_of_a_thousand_runs(project: tuple[Path, Run, Path]) -> None:
    folder, first, directory = project
    write_suite(folder, [FRESH])
    _, other = checked(folder)
    for number in range(1_000):
        copy = folder / "dq-results" / f"2019010{number % 9 + 1}T000000Z-{number:06}"
        copy.mkdir()
        for path in other.iterdir():
            os.link(path, copy / path.name)
    write_suite(folder, FEW)
    begun = time.process_time()
    second, _ = checked(folder)
    print(f"with 1,000 other runs: {time.process_time() - begun:.3f} s of this process")
    assert reused(second) == [first.id]
    assert directory.name > "2019", "it is among the newest"


def test_only_the_newest_runs_are_looked_at(project: tuple[Path, Run, Path]) -> None:
    """How far back a run can lie is bounded, so that a store of any size costs the same."""
    folder, _, directory = project
    for number in range(NEWEST):
        (folder / "dq-results" / f"99990101T000000Z-{number:06}").mkdir()
    second = json.loads(dq_here(folder, *CHECK, "--format", "json").stdout)
    assert "reused" not in second["extracts"][0]
    assert (directory / "seal.json").exists()


# ------------------------------------------------------------------------------------------------------ days and queries


class Watched(Scope, frozen=True, kw_only=True):
    """A scope that knows whether it was asked for the day."""

    asked: list[str]

    def __getattribute__(self, name: str) -> Any:
        if name == "today":
            super().__getattribute__("asked").append(name)
        return super().__getattribute__(name)


TYPES = {
    pa.int64(): "BIGINT", pa.string(): "VARCHAR", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN", pa.date32(): "DATE",
    pa.null(): '"NULL"', pa.timestamp("us"): "TIMESTAMP",
}  # fmt: skip


def table_of(data: dict[str, list[Any]], stated: dict[str, str], view: str = "dq_extract") -> Table:
    columns = []
    for name, values in data.items():
        kind = stated.get(name) or TYPES.get(pa.array(values).type, "VARCHAR[]")
        columns.append(Column(name, ident(name), kind, kind_of(kind), shown=True))
    return Table(tuple(columns), max(map(len, data.values())), view)


def planned(cls: type[Expectation], case: Case, day: dt.date) -> tuple[str, bool]:
    """All that an example asks of the worker on a day, and whether the day was looked at for that."""
    others = {}
    for name, data in case.others.items():
        stated = {key.partition(".")[2]: kind for key, kind in case.types.items() if key.startswith(f"{name}.")}
        others[name] = table_of(data, stated, ident(name))
    suite = parse_suite(
        json.dumps({"name": "s", "expectations": [{"type": cls.name, "kwargs": case.arguments}]}, default=str), "s"
    )
    (check,) = suite.checks
    scope = Watched(table_of(case.data, case.types), None, others, None, day, None, asked=[])
    expectation = check.expectation
    try:
        asked = repr((expectation.metrics(scope), expectation.aids(scope), expectation.observed(scope)))
    except NotEvaluable as error:
        pytest.fail(f"{cls.name}: {case.title}: {error}")
    return asked, bool(scope.asked)


@pytest.mark.parametrize("name", CATALOG)
def test_expectation_says_whether_it_looks_at_the_day(name: str) -> None:
    cls = CATALOG[name]
    days = dt.date(2024, 3, 1), dt.date(2026, 11, 22)
    answers = [[planned(cls, case, day) for day in days] for case in cls.examples]
    assert any(looked for both in answers for _, looked in both) == cls.dated
    assert any(first[0] != second[0] for first, second in answers) == cls.dated


STEADY_QUERIES = [
    "SELECT * FROM {batch} WHERE total <> quantity * items",
    "SELECT a, count(*) FROM {batch} WHERE a IN ('x') GROUP BY ALL HAVING count(DISTINCT b) > 1",
    "WITH t AS (SELECT max(n) AS m FROM {batch}) SELECT * FROM t WHERE m > coalesce(NULL, 1) -- all of them",
    "SELECT unnest(range(4 - count(DISTINCT g) FILTER (g IN ('GP')))) AS missing FROM {batch} GROUP BY p",
]
UNSTEADY_QUERIES = [
    "SELECT * FROM {batch} WHERE day > now()",
    "SELECT * FROM {batch} WHERE day > NOW ()",
    'SELECT * FROM {batch} WHERE day > "now"()',
    "SELECT * FROM {batch} WHERE day > now -- a comment\n ()",
    "SELECT * FROM {batch} WHERE day > now/* a comment */()",
    "SELECT * FROM {batch} WHERE day > now\u00a0()",
    "SELECT '--', now() AS then FROM {batch}",
    "SELECT * FROM {batch} WHERE day > current_date",
    "SELECT * FROM {batch} WHERE day > CURRENT_TIMESTAMP",
    "SELECT * FROM {batch} WHERE t > localtime",
    "SELECT * FROM {batch} WHERE age(day) > INTERVAL 1 YEAR",
    "SELECT * FROM {batch} WHERE random() < 0.5",
    "SELECT * FROM {batch} USING SAMPLE 10",
    "SELECT * FROM {batch} TABLESAMPLE 10%",
    "SELECT * FROM query('SELECT no' || 'w()')",
    "SELECT * FROM duckdb_settings",
    "SELECT name FROM pg_catalog.pg_class",
    "SELECT current_setting('threads')",
    "SELECT user",
    "SELECT nextval('s')",
    "SELECT what_comes_later(n) FROM {batch}",
]


@pytest.mark.parametrize("query", STEADY_QUERIES)
def test_steady_query(query: str) -> None:
    assert fingerprint.steady(query)


@pytest.mark.parametrize("query", UNSTEADY_QUERIES)
def test_query_that_may_give_something_else(query: str) -> None:
    assert not fingerprint.steady(query)


def test_functions_of_duckdb_that_are_not_steady_are_not_among_ours() -> None:
    with duckdb.connect() as connection:
        said = connection.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
        ).fetchall()
        tables = connection.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro', 'pragma')"
        ).fetchall()
        macros = connection.execute("SELECT function_name, macro_definition FROM duckdb_functions() WHERE macro_definition <> ''")
        bodies = {name: body for name, body in macros.fetchall() if name in fingerprint.STEADY}
        known = {name for (name,) in connection.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    assert not fingerprint.STEADY & {name for (name,) in said}
    assert fingerprint.STEADY & {name for (name,) in tables} <= {"generate_series", "range", "repeat", "unnest"}
    assert all(fingerprint.steady(body) for body in bodies.values()), bodies
    assert len(fingerprint.STEADY & known) > 100


def test_suites_that_come_with_dq_can_be_taken() -> None:
    root = Path(__file__).resolve().parents[1] / "expectations"
    queries = [q for path in root.rglob("*.json") if path.name != "schema.json" for q in _queries(json.loads(path.read_text()))]
    assert len(queries) > 10
    assert [query for query in queries if not fingerprint.steady(query)] == []


def _queries(suite: dict[str, Any]) -> list[str]:
    kwargs = [entry["kwargs"] for entry in suite.get("expectations", [])]
    return list(itertools.chain.from_iterable([k["unexpected_rows_query"]] for k in kwargs if "unexpected_rows_query" in k))
