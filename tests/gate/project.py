"""A small project with a gate: practices that send lists, a suite, a policy; and the commands on it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dq_engine.model import Run
from dq_engine.store import load
from tests.command import dq_here

PRESENT = {
    "type": "expect_column_values_to_not_be_null",
    "kwargs": {"column": "patients"},
    "meta": {"dq": {"rule": "patients_present"}},
}
POSITIVE = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "patients", "min_value": 1},
    "severity": "warning",
    "meta": {"dq": {"rule": "patients_positive"}},
}
LARGEST = {
    "type": "expect_column_max_to_be_between",
    "kwargs": {"column": "patients", "max_value": 50_000},
    "meta": {"dq": {"rule": "largest_list"}},
}
OF_CLOSED = {
    "type": "expect_column_values_to_not_be_null",
    "kwargs": {"column": "patients", "row_condition": "practice_code == 'Y99999'", "condition_parser": "pandas"},
    "meta": {"dq": {"rule": "closed_list"}},
}
SEVENTY = {f"A8{number:04}": 80 for number in range(1000, 1070)}
"""Practices, and how many rows each sends."""


def write_suite(folder: Path, *rules: dict[str, Any], feed: str = "lists") -> None:
    columns = {"practice_code": {"type": "text", "sensitivity": "public"}, "patients": {"type": "integer"}}
    meta = {"feed": feed, "organisation_column": "practice_code", "columns": columns}
    path = folder / "expectations" / f"{feed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": feed, "expectations": rules, "meta": {"dq": meta}}, indent=1))


def write_lists(
    folder: Path, practices: Mapping[str, int] = SEVENTY, missing: Mapping[str, int] | None = None, name: str = "lists"
) -> None:
    """``missing``: for how many of its rows a practice does not say how many patients it has."""
    codes = [code for code, rows in practices.items() for _ in range(rows)]
    patients = [
        None if row < (missing or {}).get(code, 0) else 9_000 + row for code, rows in practices.items() for row in range(rows)
    ]
    table = pa.table({"practice_code": pa.array(codes, pa.string()), "patients": pa.array(patients, pa.int64())})
    pq.write_table(table, folder / f"{name}.parquet")


def write_toml(folder: Path, gate: str = "") -> None:
    (folder / "dq.toml").write_text(
        f'[dq]\nsuites = ["expectations"]\nreuse = false\n\n[[extracts]]\npath = "lists.parquet"\n\n[gate]\n{gate}'
    )


def write_waiver(folder: Path, check: str = "patients_present", expires: str = "2099-12-31", more: str = "") -> None:
    (folder / "waivers.toml").write_text(
        f'[[waivers]]\ncheck = "{check}"\nowner = "J. Smith"\nreason = "Moved to another system"\nexpires = {expires}\n{more}\n'
    )


def project(folder: Path, *rules: dict[str, Any], gate: str = "", missing: Mapping[str, int] | None = None) -> Path:
    write_suite(folder, *(rules or (PRESENT, POSITIVE, LARGEST)))
    write_lists(folder, missing=missing)
    write_toml(folder, gate)
    return folder


def gated(folder: Path, *options: str) -> tuple[int, str]:
    """The exit code of ``dq check --gate`` and its verdict; what it stored is the newest run."""
    done = dq_here(folder, "check", "--gate", *options)
    return done.returncode, next(line for line in reversed(done.stdout.splitlines()) if line.startswith("The gate is "))


def newest(folder: Path) -> Run:
    return load(max((folder / "dq-results").glob("*Z-*"), key=lambda path: path.stat().st_mtime_ns))
