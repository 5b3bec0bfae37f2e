"""Real runs of every kind, on small files, for the outputs to tell of."""

import contextlib
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

import dq_engine
from dq_engine import WorkerProcess
from dq_engine.model import Gate, GateFinding, Run, Waiver, WaiverUse
from dq_engine.report.origins import Origin

NOT_NULL, IN_SET = "expect_column_values_to_not_be_null", "expect_column_values_to_be_in_set"
BAD = "]]>&<b>[x](http://evil.example)|::error::%0A%\r\n\t\x1b[31m\x00\u202e\ufeff\ufffe=cmd`*_~ @everyone #1 {0} www.evil.example 'x' \\| 🦆"
FILE = "rows ]]>&[x](y)|::add-mask::a%0A\u202e=1+1.parquet"
SUITE = "a suite, 100% : ünïcode.json"
WAIVER = Waiver("sex_known", "A. Lead", "the sender mends it | in May", "2030-05-31")

MakeRun = Callable[..., Run]


def rule(kind: str, column: str, name: str, severity: str = "critical", **more: Any) -> dict[str, Any]:
    kwargs = {"column": column, **more.pop("kwargs", {})}
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": {"dq": {"rule": name}}, **more}


RULES = [
    rule(NOT_NULL, "code", "code_present"),
    rule(NOT_NULL, "sex", "sex_known"),
    rule(IN_SET, "sex", "sex_valid", "warning", kwargs={"value_set": ["1", "2"]}),
    rule(IN_SET, "code", "code_listed", "info", kwargs={"value_set": ["A81001"]}),
    rule(NOT_NULL, "nowhere", "nowhere_known"),
    rule(IN_SET, "empty", "empty_valid", kwargs={"value_set": ["1"]}),
]
BY_NAME = {each["meta"]["dq"]["rule"]: each for each in RULES}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT * FROM (VALUES ('A81001', '1', NULL), ('A81002', NULL, NULL), ('A81003', '9', NULL), "
            "(NULL, '2', NULL)) v(code, sex, empty)"
        )
        for name, select in {
            "rows.parquet": "SELECT code, sex, empty::VARCHAR AS empty FROM t",
            "good.parquet": "SELECT 'A81001' AS code, '1' AS sex, NULL::VARCHAR AS empty",
            "none.parquet": "SELECT code, sex, empty::VARCHAR AS empty FROM t LIMIT 0",
            FILE: 'SELECT code, sex AS "' + BAD.replace("\0", "").replace('"', '""') + '" FROM t',
        }.items():
            connection.execute(f"COPY ({select}) TO '" + str(folder / name).replace("'", "''") + "' (FORMAT parquet)")
    (folder / "torn.parquet").write_bytes(b"PAR1 this is no extract")
    return folder


@pytest.fixture(scope="session")
def make_run(world: Path, worker: WorkerProcess) -> MakeRun:
    """``make_run("rows.parquet", [rules], …)``: a run from the folder of the files; the options are those of ``dq_engine.check``."""

    names = (f"suite{number}.json" for number in itertools.count())

    def made(file: str, rules: list[dict[str, Any]], suite: str = "", indent: int | None = 2, **options: Any) -> Run:
        suite = suite or next(names)
        feed = {"feed": "rows", "organisation_column": "code", "columns": {"code": {"sensitivity": "public"}}}
        text = json.dumps({"name": options.pop("called", "rows"), "meta": {"dq": feed}, "expectations": rules}, indent=indent)
        (world / suite).write_text(text, encoding="utf-8")
        with contextlib.chdir(world):
            return dq_engine.check(file, suite, worker=worker, **options)

    return made


@pytest.fixture(scope="session")
def origin(world: Path) -> Origin:
    return Origin(str(world), str(world))


def hostile_rules() -> list[dict[str, Any]]:
    column = BAD.replace("\0", "")
    return [
        {"type": IN_SET, "kwargs": {"column": column, "value_set": ["1", BAD]}, "id": f"id {BAD}", "description": f"says {BAD}", "notes": [BAD]},
        {"type": IN_SET, "kwargs": {"column": column, "value_set": [1]}, "id": "=2+3", "description": f"=cmd {BAD}", "severity": "warning"},
        {"type": NOT_NULL, "kwargs": {"column": BAD}, "id": "@x", "notes": BAD},
    ]  # fmt: skip


def accepted(run: Run, *waivers: Waiver) -> Run:
    """The run, with outcomes of which each waiver was applied."""
    named = {waiver.check: waiver for waiver in waivers}
    replace = msgspec.structs.replace
    extracts = tuple(
        replace(e, outcomes=tuple(replace(o, waiver=named.get(o.check, o.waiver)) for o in e.outcomes)) for e in run.extracts
    )
    uses = tuple(WaiverUse(waiver, "applied", f"{waiver.check}: accepted") for waiver in waivers)
    return replace(run, extracts=extracts, waivers=uses)


def gated(run: Run, exit_code: int, *findings: GateFinding) -> Run:
    words = f"held: {len(findings)} findings, at T90064"
    return msgspec.structs.replace(run, exit_code=exit_code, verdict=words, gate=Gate(exit_code, words, findings))


@pytest.fixture(scope="session")
def runs(make_run: MakeRun) -> dict[str, Run]:
    """A run of each kind, by what is special about it."""
    failing = [BY_NAME[name] for name in ("sex_known", "sex_valid", "code_listed")]
    bad = make_run("rows.parquet", failing)
    made = {
        "passing": make_run("good.parquet", [BY_NAME["sex_known"]]),
        "failing": bad,
        "tolerated": make_run("rows.parquet", [BY_NAME["sex_valid"], BY_NAME["code_listed"]]),
        "error": make_run("rows.parquet", RULES),
        "vacuous": make_run("good.parquet", [BY_NAME["empty_valid"], BY_NAME["code_present"]]),
        "skipped": make_run("good.parquet", [BY_NAME["sex_known"], BY_NAME["code_present"]], select=["id:sex_known"]),
        "no rows": make_run("none.parquet", [BY_NAME["sex_known"], BY_NAME["sex_valid"]]),
        "torn": make_run("torn.parquet", failing),
        "hostile": make_run(FILE, hostile_rules(), SUITE, called=BAD),
        "waived": accepted(msgspec.structs.replace(bad, exit_code=0, verdict="passed, with one waiver"), WAIVER),
        "gate": gated(
            bad,
            3,
            GateFinding("fail_on", 1, "sex_known failed", "rows", "sex_known"),
            GateFinding("required.feeds", 3, "no extract of the feed list_sizes came"),
            GateFinding("waivers", 0, "a waiver expires in 3 days", "rows"),
            GateFinding("rows", 1, "half as many rows as last time", "rows", organisation="A81001"),
        ),
        "nothing": msgspec.structs.replace(bad, extracts=(), planned=0, exit_code=4, verdict="nothing was checked: no check had anything to judge"),
    }  # fmt: skip
    codes = {
        "passing": 0,
        "failing": 1,
        "tolerated": 0,
        "error": 3,
        "vacuous": 0,
        "skipped": 0,
        "no rows": 4,
        "torn": 3,
        "hostile": 3,
    }
    assert {name: made[name].exit_code for name in codes} == codes
    return made


KINDS = (
    "passing",
    "failing",
    "tolerated",
    "error",
    "vacuous",
    "skipped",
    "no rows",
    "torn",
    "hostile",
    "waived",
    "gate",
    "nothing",
)
each_kind = pytest.mark.parametrize("kind", KINDS)
