"""Situations of ``dq check``, the exit code of each, and a piece of what it says."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import dq, dq_here

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "code"}}
SHORT = {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "code", "value": 1}}
ABSENT = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "cod"}}
COUNTED = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}


def write_suite(folder: Path, *expectations: dict[str, Any], name: str = "rows.json", **dq_meta: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": "rows", "expectations": expectations, "meta": {"dq": {"feed": "rows", **dq_meta}}}))
    return path


def write_rows(folder: Path, codes: list[str | None] | None = None, name: str = "rows.parquet") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"code": pa.array(["A81001", "A81002"] if codes is None else codes, pa.string())}), path)
    return path


def with_rows(*expectations: dict[str, Any], codes: list[str | None] | None = None) -> Callable[[Path], None]:
    """Prepares a folder with an extract and, in its own place, the suite that claims it."""

    def prepare(folder: Path) -> None:
        write_suite(folder, *expectations, name="expectations/rows.json")
        write_rows(folder, codes)

    return prepare


def with_suite_text(text: str | bytes) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        write_rows(folder)
        (folder / "bad.json").write_bytes(text.encode() if isinstance(text, str) else text)

    return prepare


def with_toml(text: str) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        with_rows(NOT_NULL)(folder)
        (folder / "dq.toml").write_text(text)

    return prepare


def not_parquet(folder: Path) -> None:
    with_rows(NOT_NULL)(folder)
    (folder / "rows.parquet").write_text("code\nA81001\n")


def unknown_organisations(folder: Path) -> None:
    write_suite(folder, NOT_NULL, name="expectations/rows.json", organisation_column="practice")
    write_rows(folder)


def failing_and_broken(folder: Path) -> None:
    with_rows(SHORT, ABSENT)(folder)


def one_empty_of_two(folder: Path) -> None:
    with_rows(NOT_NULL)(folder)
    write_rows(folder, [], "rows_2.parquet")


def broken_beside_good(folder: Path) -> None:
    with_rows(NOT_NULL)(folder)
    (folder / "rows_2.parquet").write_bytes(b"PAR1")


def empty_folder(folder: Path) -> None:
    with_rows(NOT_NULL)(folder)
    (folder / "empty").mkdir()
    (folder / "empty" / "readme.txt").write_text("nothing here")


def foreign(folder: Path) -> None:
    with_rows(NOT_NULL)(folder)
    write_rows(folder, name="leavers.parquet")


def two_suites(folder: Path) -> None:
    with_rows(NOT_NULL)(folder)
    write_suite(folder, SHORT, name="expectations/other.json")


def warning(expectation: dict[str, Any]) -> dict[str, Any]:
    return {**expectation, "severity": "warning"}


def suite_text(*expectations: Any, **keys: Any) -> str:
    return json.dumps({"name": "rows", "expectations": expectations, **keys})


class Situation(NamedTuple):
    name: str
    prepare: Callable[[Path], None]
    arguments: str
    code: int
    says: tuple[str, ...]


BAD = "rows.parquet --suite bad.json"
SITUATIONS = [
    # 0 and 1: the gate
    Situation("passed", with_rows(NOT_NULL), "rows.parquet", 0, ("passed: 1 of 1 check passed",)),
    Situation("passed in a folder", with_rows(NOT_NULL), ".", 0, ("1 of 1 check passed",)),
    Situation("a glob", with_rows(NOT_NULL), "rows*.parquet", 0, ("1 of 1 check passed",)),
    Situation("a glob for one file", with_rows(NOT_NULL), "row*.parquet", 0, ("1 of 1 check passed",)),
    Situation("failed, critical", with_rows(SHORT), "rows.parquet", 1, ("FAIL", "2 of 2 (100 %) rows", "failed: 1 of")),
    Situation("failed, quiet", with_rows(SHORT), "rows.parquet --quiet", 1, ("FAIL",)),
    Situation("failed, a warning", with_rows(warning(SHORT)), "rows.parquet", 0, ("FAIL", "passed")),
    Situation("a warning that counts", with_rows(warning(SHORT)), "rows.parquet --fail-on warning", 1, ("severity warning",)),
    Situation("a critical one with --fail-on info", with_rows(SHORT), "rows.parquet --fail-on info", 1, ("FAIL",)),
    Situation("no gate", with_rows(SHORT), "rows.parquet --fail-on never", 0, ("FAIL",)),
    Situation(
        "the gate of dq.toml",
        with_toml('[dq]\nfail_on = "never"\n[[extracts]]\npath = "rows.parquet"\n'),
        "",
        0,
        ("passed",),
    ),
    # 2: wrong usage
    Situation("no such file", with_rows(NOT_NULL), "rovs.parquet", 2, ("no such file", "is it rows.parquet?")),
    Situation("no file of a like name", with_rows(NOT_NULL), "zzz.parquet", 2, ("zzz.parquet: no such file",)),
    Situation("no such folder", with_rows(NOT_NULL), "none/rows.parquet", 2, ("no such file or folder",)),
    Situation("no such file among others", with_rows(NOT_NULL), "rows.parquet a.parquet b.parquet", 2, ("a.par", "b.par")),
    Situation("unknown option", with_rows(NOT_NULL), "rows.parquet --fail-no never", 2, ("--fail-no", "--fail-on")),
    Situation("unknown command", with_rows(NOT_NULL), "chek", 2, ("chek",)),
    Situation("unknown severity", with_rows(NOT_NULL), "rows.parquet --fail-on fatal", 2, ("fatal", "critical")),
    Situation("unknown format", with_rows(NOT_NULL), "rows.parquet --format yaml", 2, ("yaml", "json")),
    Situation("no threads", with_rows(NOT_NULL), "rows.parquet --threads 0", 2, ("--threads",)),
    Situation("no time", with_rows(NOT_NULL), "rows.parquet --timeout 0", 2, ("--timeout",)),
    Situation("no time, in words", with_rows(NOT_NULL), "rows.parquet --timeout soon", 2, ("--timeout",)),
    Situation("a memory limit in words", with_rows(NOT_NULL), "rows.parquet --memory-limit much", 2, ("much", "512MB")),
    Situation("unknown key of a selection", with_rows(NOT_NULL), "rows.parquet --select colum:code", 2, ("column",)),
    Situation("nothing given", with_rows(NOT_NULL), "", 2, ("give a path",)),
    # 2: suites
    Situation("no such suite", with_rows(NOT_NULL), "rows.parquet --suite expectations/row.json", 2, ("rows.json?",)),
    Situation("a folder for a suite", with_rows(NOT_NULL), "rows.parquet --suite expectations", 2, ("is a folder",)),
    Situation("not JSON", with_suite_text("{'name': 1}"), BAD, 2, ("bad.json", "not JSON", "line 1, column 2")),
    Situation("an empty suite file", with_suite_text(""), BAD, 2, ("bad.json", "not JSON")),
    Situation("not UTF-8", with_suite_text(b"\xff\xfe{}"), BAD, 2, ("bad.json", "UTF-8")),
    Situation("nested too deeply", with_suite_text("[" * 100_000), BAD, 2, ("bad.json", "nested")),
    Situation("a list for a suite", with_suite_text("[]"), BAD, 2, ("a JSON object; got a list",)),
    Situation("no expectation", with_suite_text(suite_text()), BAD, 2, ("$.expectations", "is empty")),
    Situation(
        "expectations of a wrong kind",
        with_suite_text('{"name": "rows", "expectations": {}}'),
        BAD,
        2,
        ("$.expectations", "expected a list"),
    ),
    Situation("a key twice", with_suite_text('{"name": "a", "name": "b", "expectations": []}'), BAD, 2, ("twice",)),
    Situation(
        "the same id twice",
        with_suite_text(suite_text({**NOT_NULL, "id": "x1"}, {**SHORT, "id": "x1"})),
        BAD,
        2,
        ("$.expectations[1]", "same id", "x1"),
    ),
    Situation("the same rule twice", with_suite_text(suite_text(NOT_NULL, NOT_NULL)), BAD, 2, ("says the same as $.exp",)),
    Situation(
        "unknown type",
        with_suite_text(suite_text({"type": "expect_column_values_to_be_nul", "kwargs": {"column": "code"}})),
        BAD,
        2,
        ("$.expectations[0].type", 'did you mean "expect_column_values_to_be_null"?'),
    ),
    Situation(
        "unknown argument",
        with_suite_text(suite_text({**NOT_NULL, "kwargs": {"column": "code", "mostley": 0.9}})),
        BAD,
        2,
        ("$.expectations[0].kwargs.mostley", 'did you mean "mostly"?'),
    ),
    Situation(
        "an argument missing",
        with_suite_text(suite_text({**SHORT, "kwargs": {}})),
        BAD,
        2,
        ("kwargs.column: is missing", "kwargs.value: is missing"),
    ),
    Situation(
        "all faults at once",
        with_suite_text(suite_text({"type": "nonsense", "kwargs": {}}, {**NOT_NULL, "severity": "fatal"}, 7)),
        BAD,
        2,
        ("$.expectations[0].type", "$.expectations[1].severity", "$.expectations[2]"),
    ),
    Situation("40 MB of suite", with_suite_text(suite_text(NOT_NULL, notes="x" * 40_000_000)), BAD, 2, ("too large", "40,000,")),
    Situation("10 MB of suite", with_suite_text(suite_text(NOT_NULL, notes="x" * 10_000_000)), BAD, 0, ("passed",)),
    Situation("no suite for it", foreign, "leavers.parquet", 2, ("leavers.parquet: no suite claims it", "rows")),
    Situation("no suite for one of them", foreign, ".", 2, ("leavers.parquet: no suite claims it",)),
    Situation("two suites for it", two_suites, "rows.parquet", 2, ("more than one suite", "rows.json", "other.json")),
    # 2: configuration
    Situation("dq.toml is not TOML", with_toml("[dq\n"), "rows.parquet", 2, ("dq.toml", "not TOML")),
    Situation(
        "dq.toml with faults",
        with_toml('[dq]\nfail_on = "fatal"\n[dk]\n[[extracts]]\npath = 7\n[[extracts]]\npaht = "rows.parquet"\n'),
        "",
        2,
        ("dk", "fail_on", "extracts[0]", "extracts[1]"),
    ),
    Situation(
        "two faults in one table",
        with_toml("[dq]\nthreads = 0\ntimeout = 0\nmemory_limit = 5\n"),
        "rows.parquet",
        2,
        ("threads", "timeout", "memory_limit"),
    ),
    Situation("one table for a list of tables", with_toml('[extracts]\npath = "rows.parquet"\n'), "", 2, ("extracts",)),
    Situation("a value for a table", with_toml("dq = 3\n"), "rows.parquet", 2, ("dq", "table")),
    Situation("dq.toml without extracts", with_toml("[dq]\nthreads = 1\n"), "", 2, ("give a path",)),
    Situation("dq.toml names no file", with_toml('[[extracts]]\npath = "gone.parquet"\n'), "", 2, ("no such file",)),
    # 3: what could not be evaluated
    Situation("not Parquet", not_parquet, "rows.parquet", 3, ("is not a Parquet file", "not complete")),
    Situation("missing column", with_rows(ABSENT), "rows.parquet", 3, ('no column "cod"', 'did you mean "code"?')),
    Situation("no column of organisations", unknown_organisations, "rows.parquet", 3, ('no column "practice"',)),
    Situation("broken and failed", failing_and_broken, "rows.parquet", 3, ("FAIL", "ERROR", "1 of 2 checks could not")),
    Situation("broken, no gate", failing_and_broken, "rows.parquet --fail-on never", 3, ("could not be evaluated",)),
    Situation("broken, quiet", failing_and_broken, "rows.parquet --quiet", 3, ("could not be evaluated",)),
    Situation("broken beside good", broken_beside_good, ".", 3, ("1 passed", "1 of 2 checks could not be evaluated")),
    # 4: nothing was checked
    Situation("empty folder", empty_folder, "empty", 4, ("empty: the folder holds no Parquet file",)),
    Situation("no match", with_rows(NOT_NULL), "none*.parquet", 4, ("none*.parquet: no file matches",)),
    Situation("no rows", with_rows(NOT_NULL, SHORT, codes=[]), "rows.parquet", 4, ("vacuous", "no rows to judge")),
    Situation("no values", with_rows(SHORT, codes=[None, None]), "rows.parquet", 4, ("none of the 2 rows has a value",)),
    Situation("one of two is empty", one_empty_of_two, ".", 4, ("nothing was checked in rows_2",)),
    Situation("nothing selected", with_rows(NOT_NULL), "rows.parquet --select zzz", 4, ("not selected", "nothing was")),
    Situation("all ignored", with_rows(NOT_NULL), "rows.parquet --ignore *", 4, ("nothing was checked",)),
    # a rule about the number of rows does judge an extract without rows
    Situation("no rows, as expected not", with_rows(NOT_NULL, COUNTED, codes=[]), "rows.parquet", 1, ("FAIL",)),
    Situation(
        "no rows, as expected",
        with_rows(NOT_NULL, {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 0}}, codes=[]),
        "rows.parquet",
        0,
        ("1 of 2 checks passed", "1 had nothing to judge"),
    ),
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_check(situation: Situation, tmp_path: Path) -> None:
    situation.prepare(tmp_path)
    done = dq_here(tmp_path, "check", *situation.arguments.split())
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == situation.code, said
    for piece in situation.says:
        assert piece in said


@pytest.mark.parametrize(
    "situation", [s for s in SITUATIONS if s.code in (0, 1, 3) and "--quiet" not in s.arguments], ids=lambda s: s.name
)
def test_json_says_the_same(situation: Situation, tmp_path: Path) -> None:
    situation.prepare(tmp_path)
    done = dq_here(tmp_path, "check", *situation.arguments.split(), "--format", "json", "--no-results")
    run = json.loads(done.stdout)
    assert done.returncode == run["exit_code"] == situation.code
    outcomes = [outcome for extract in run["extracts"] for outcome in extract["outcomes"]]
    assert run["planned"] == len(outcomes) > 0
    assert all(outcome["message"] for outcome in outcomes if outcome["status"] in ("error", "vacuous", "skipped"))


def test_usage_errors_say_nothing_on_standard_output_and_store_nothing(tmp_path: Path) -> None:
    with_suite_text("{}")(tmp_path)
    done = dq_here(tmp_path, "check", *BAD.split())
    assert done.stdout == ""
    assert not (tmp_path / "dq-results").exists()


def test_a_pass_in_silence(tmp_path: Path) -> None:
    with_rows(NOT_NULL)(tmp_path)
    done = dq_here(tmp_path, "check", "rows.parquet", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_set_of_a_hundred_thousand(tmp_path: Path) -> None:
    """A suite may be large in what it says, not in its notes alone."""
    members = [f"A{number:09}" for number in range(100_000)]
    rule = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "code", "value_set": members}}
    write_suite(tmp_path, rule)
    write_rows(tmp_path, ["A000000001", "A81001"])
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "rows.json", "--no-results")
    assert done.returncode == 1
    assert "1 of 2 (50 %) rows" in done.stdout
    assert len(done.stdout) < 10_000


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "check"),
        (("--help",), 0, "check"),
        (("--version",), 0, "dq "),
        (("check", "--help"), 0, "Exit codes"),
        (("lint", "bad.json"), 2, "bad.json"),
        (("lint", "gone.json"), 2, "no such suite"),
        (("lint", "expectations"), 0, "1 expectations, all right"),
        (("lint", "."), 2, "1 fault in 2 suites"),
        (("lint", "empty"), 4, "no suite was found"),
        (("explain",), 0, "expect_column_values_to_be_in_set"),
        (("explain", "expect_column_values_to_be_in_sett"), 2, "expect_column_values_to_be_in_set"),
        (("explain", "--schema", "suite"), 0, "$schema"),
        (("plan", "expectations/rows.json", "rows.parquet"), 0, "SELECT"),
        (("plan", "bad.json", "rows.parquet"), 2, "bad.json"),
        (("plan", "expectations/rows.json", "bad.json"), 3, "not a Parquet file"),
        (("plan", "expectations/rows.json", "gone.parquet"), 2, "no such file"),
        (("plan", "expectations/rows.json", "empty"), 4, "no Parquet file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_other_commands(arguments: tuple[str, ...], code: int, says: str, tmp_path: Path) -> None:
    with_rows(NOT_NULL)(tmp_path)
    (tmp_path / "bad.json").write_text('{"expectations": [1], "name": "bad"}')
    (tmp_path / "empty").mkdir()
    done = dq_here(tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        "check rows.parquet --no-results --no-checksums",
        "check rows.parquet --no-results --no-checksums --select *length* --format json",
        "check rovs.parquet",
        "check bad.json --suite expectations/rows.json --no-results",
        "check empty",
        "lint .",
        "plan expectations/rows.json rows.parquet",
        "explain expect_column_values_to_not_be_null",
        "score",
        "--version",
        "--nonsense",
    ],
)
def test_a_command_does_the_same_in_a_process_of_its_own(arguments: str, tmp_path: Path) -> None:
    """Most tests run commands inside their own process, which is faster: this is why they may."""
    with_rows(NOT_NULL, warning(SHORT))(tmp_path)
    (tmp_path / "bad.json").write_text('{"expectations": [1], "name": "bad"}')
    (tmp_path / "empty").mkdir()
    alone, here = (run(tmp_path, *arguments.split()) for run in (dq, dq_here))
    assert alone.returncode == here.returncode
    assert told(alone.stdout) == told(here.stdout)
    assert told(alone.stderr) == told(here.stderr)


def told(text: str) -> str:
    """What a command says, but for the time, how long it took, and how it was called."""
    for changing in (
        r"\d+(\.\d+)? s\b",
        r'"(seconds|id|started|observed)": ?("[^"]*"|[\d.e-]+)',
        r"\d{4}-\d\d-\d\dT[\d:.+]+",
        r"\d{8}T\d{6}Z-\w+",
    ):
        text = re.sub(changing, "…", text)
    return re.sub(r"python -m \S+", "dq", text)
