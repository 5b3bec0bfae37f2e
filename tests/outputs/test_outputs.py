"""The formats that ``dq check`` writes: which goes where, what is said to people, and what is left when one cannot be written."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import duckdb
import msgspec
import pytest
from junitparser import JUnitXml

from dq_engine import WorkerProcess, outputs, store
from dq_engine.model import Run
from dq_engine.outputs import Format
from dq_engine.report import markdown
from tests.command import dq_here

from .conftest import BY_NAME

CHECK = ("check", "rows.parquet", "--suite", "suite.json")
BOTH = ("--format", "junit", "--output", "out/a.xml", "--format", "sarif", "--output", "a.sarif")
VERDICT = "failed: 1 of 2 checks failed at severity critical or above"


@pytest.fixture(autouse=True)
def _outside_github(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, world: Path) -> Path:
    shutil.copy(world / "rows.parquet", tmp_path)
    shutil.copy(world / "good.parquet", tmp_path)
    suite = {
        "name": "rows",
        "meta": {"dq": {"feed": "rows", "organisation_column": "code", "columns": {"code": {"sensitivity": "public"}}}},
        "expectations": [BY_NAME["sex_known"], BY_NAME["sex_valid"]],
    }
    (tmp_path / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
    return tmp_path


# ------------------------------------------------------------------------------------------------------- which goes where


def test_the_nth_output_is_that_of_the_nth_format(folder: Path) -> None:
    done = dq_here(folder, *CHECK, *BOTH)
    assert done.returncode == 1
    assert JUnitXml.fromstring((folder / "out/a.xml").read_bytes()).failures == 2
    assert json.loads((folder / "a.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert VERDICT in done.stdout, "people are told, too"


def test_standard_output_holds_nothing_but_the_format_for_machines(folder: Path) -> None:
    done = dq_here(folder, *CHECK, *BOTH, "--format", "json", "--output", "-")
    assert json.loads(done.stdout)["exit_code"] == 1
    assert VERDICT in done.stderr
    assert (folder / "a.sarif").exists()
    alone = dq_here(folder, *CHECK, "--format", "junit")
    assert JUnitXml.fromstring(alone.stdout.encode()).failures == 2
    assert VERDICT in alone.stderr
    assert dq_here(folder, *CHECK, "--format", "junit", "--quiet").stderr == ""


def test_text_that_is_asked_for_is_not_said_twice(folder: Path) -> None:
    done = dq_here(folder, *CHECK, *BOTH, "--format", "text", "--output", "a.txt")
    assert (done.stdout, done.stderr.count(VERDICT)) == ("", 0)
    assert VERDICT in (folder / "a.txt").read_text(encoding="utf-8")
    assert dq_here(folder, *CHECK, *BOTH, "--format", "text", "--output", "-").stdout.count(VERDICT) == 1


def test_quiet_says_nothing_of_a_run_that_passes(folder: Path) -> None:
    done = dq_here(folder, "check", "good.parquet", "--suite", "suite.json", *BOTH, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert VERDICT in dq_here(folder, *CHECK, *BOTH, "--quiet").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--format json --format junit", "2 times --format and 0 times --output"),
        ("--format json --output a --output b", "1 times --format and 2 times --output"),
        ("--format json --format junit --output a", "each --format needs an --output of its own"),
        ("--format json --format junit --output - --output -", "only one format can go to standard output"),
        ("--format json --format junit --output a --output a", "--output a is given twice"),
        ("--format yaml", "'yaml' is not one of"),
        ("--format junit --result-format BASIC", "it needs --format gx"),
    ],
)
def test_what_is_not_clear_is_refused_before_any_work(arguments: str, says: str, folder: Path) -> None:
    done = dq_here(folder, *CHECK, *arguments.split())
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert not (folder / "dq-results").exists()


def test_a_file_that_cannot_be_written_is_told_and_all_others_are_written(folder: Path) -> None:
    (folder / "file").touch()
    asked = ("--format", "sarif", "--output", "file/a.sarif", "--format", "csv", "--output", "file/a.csv", *BOTH)
    done = dq_here(folder, *CHECK, *asked, "--format", "json", "--output", "-")
    assert done.returncode == 3
    assert "dq: file/a.sarif: the results could not be written" in done.stderr
    assert "dq: file/a.csv: the results could not be written" in done.stderr
    assert (folder / "out/a.xml").exists()
    assert (folder / "a.sarif").exists()
    assert json.loads(done.stdout)["exit_code"] == 1
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


# ------------------------------------------------------------------------------------------------------------------ counts

FIELDS = ("extract", "check", "organisation", "period", "element_count", "missing_count", "unexpected_count", "denominator")
COLUMNS = ", ".join(f'"{name}"' for name in FIELDS)


def stored(folder: Path) -> list[tuple[object, ...]]:
    select = f"SELECT {COLUMNS} FROM '{folder}/dq-results/*/measures.parquet' ORDER BY ALL"
    return duckdb.sql(select).fetchall()


@pytest.mark.parametrize("kept", [True, False])
def test_counts_as_csv_are_those_of_the_store(kept: bool, folder: Path) -> None:
    done = dq_here(folder, *CHECK, "--format", "csv", "--output", "a.csv", "--quiet", *([] if kept else ["--no-results"]))
    assert done.returncode == 1, done.stderr
    if not kept:
        assert not (folder / "dq-results").exists()
        assert dq_here(folder, *CHECK).returncode == 1
    rows = duckdb.sql(f"SELECT {COLUMNS} FROM read_csv('{folder}/a.csv') ORDER BY ALL").fetchall()
    assert rows == stored(folder)
    assert ("rows", "sex_known", "A81002", None, 1, 0, 1, 1) in rows
    assert {organisation for _, _, organisation, *_ in rows} == {None, "A81001", "A81002", "A81003", "(none)"}


def test_counts_on_standard_output(folder: Path) -> None:
    done = dq_here(folder, *CHECK, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == len(stored(folder))
    assert VERDICT in done.stderr


@pytest.mark.parametrize("start", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", " =1", "\t=1"])
def test_no_text_in_a_table_is_a_formula(start: str, folder: Path) -> None:
    suite = json.loads((folder / "suite.json").read_text(encoding="utf-8"))
    for place, entry in enumerate(suite["expectations"]):
        entry |= {"meta": {}, "id": f'{start}"\n,\u202e{place}'}
    (folder / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
    done = dq_here(folder, *CHECK, "--format", "csv", "--quiet")
    assert not set("\u202e\t\x1b") & set(done.stdout)
    checks = {row["check"] for row in csv.DictReader(io.StringIO(done.stdout))}
    assert len(checks) == 2
    assert all(check.startswith("'") and not check.endswith("\n") for check in checks)


# ----------------------------------------------------------------------------------------------------------- on GitHub


def test_annotations_come_with_the_summary_of_the_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = folder / "summary.md"
    summary.write_text("# Before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder.parent))
    done = dq_here(folder, *CHECK, "--format", "github")
    assert re.fullmatch(rf"::error file={folder.name}/suite.json,line=1,col=\d+,title=.*\n::warning .*\n", done.stdout)
    assert VERDICT in done.stderr
    told = summary.read_text(encoding="utf-8")
    assert told.startswith("# Before\n## ")
    assert "| ❌ FAIL | critical | sex has a value in every row |" in told


def test_the_summary_stays_within_what_github_takes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = folder / "summary.md"
    summary.write_bytes(b"x" * (markdown.LARGEST - 300))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert dq_here(folder, *CHECK, "--format", "github").returncode == 1
    assert markdown.LARGEST - 300 < summary.stat().st_size <= markdown.LARGEST
    assert summary.read_text(encoding="utf-8").endswith("More was found than there is room for here.\n")


def test_a_summary_that_cannot_be_written_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "no" / "where.md"))
    done = dq_here(folder, *CHECK, "--format", "github")
    assert done.returncode == 3
    assert "the summary could not be written" in done.stderr
    assert done.stdout.startswith("::error ")


# ------------------------------------------------------------------------------------------------------------ stored runs


def test_a_stored_run_is_written_like_a_new_one(folder: Path, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    wanted = [(form, f"new.{form.value}") for form in Format if form is not Format.GX]
    asked = [word for form, name in wanted for word in ("--format", form.value, "--output", name)]
    assert dq_here(folder, *CHECK, *asked).returncode == 1
    (directory,) = (folder / "dq-results").iterdir()
    again = outputs.wanted([form for form, _ in wanted], [Path(f"again.{form.value}") for form, _ in wanted])
    assert outputs.write_outputs(store.load(directory), again, lambda: directory, worker, quiet=True) == []
    for form, name in wanted:
        assert (folder / f"again.{form.value}").read_bytes() == (folder / name).read_bytes(), form


def test_counts_that_are_not_there_are_told(worker: WorkerProcess, tmp_path: Path, runs: dict[str, Run]) -> None:
    asked = outputs.wanted([Format.CSV, Format.JSON], [tmp_path / "a.csv", tmp_path / "a.json"])
    (trouble,) = outputs.write_outputs(runs["failing"], asked, lambda: tmp_path, worker, quiet=True)
    assert "could not be written as CSV" in trouble
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_text_tells_of_waivers_and_of_the_gate(runs: dict[str, Run], worker: WorkerProcess, tmp_path: Path) -> None:
    def text(kind: str) -> str:
        asked = outputs.wanted([Format.TEXT], [tmp_path / "a.txt"])
        assert outputs.write_outputs(runs[kind], asked, lambda: tmp_path, worker) == []
        return (tmp_path / "a.txt").read_text(encoding="utf-8")

    waived = text("waived")
    assert "  WAIVED   critical  sex has a value in every row\n" in waived
    assert "\n                     waived by A. Lead until 2030-05-31: the sender mends it | in May\n" in waived
    assert "3 checks: 3 failed (1 critical, 1 warning, 1 info; 1 waived)" in waived
    assert "waiver applied: sex_known: accepted" in waived
    assert "required.feeds: no extract of the feed list_sizes came\n" in text("gate")
    assert msgspec.json.decode(store.encode(runs["waived"]))["extracts"][0]["outcomes"][0]["waiver"]["owner"] == "A. Lead"
