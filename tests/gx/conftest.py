"""One Great Expectations for all tests of this folder: importing it takes seconds."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

gx = pytest.importorskip("great_expectations", reason="great_expectations is not installed: it is an extra (dq-engine[gx])")

PATIENTS = pa.table(
    {
        "nhs_number": ["9434765919", "9434765870", "1234567890", None, "9434765919"],
        "practice": ["A81001", "A81002", "A81001", "Dr Jones", "A81002"],
        "age": pa.array([34, None, 151, 7, 88], pa.int64()),
        "weight": [70.5, 81.25, float("nan"), None, 62.0],
        "born": pa.array([dt.date(1990, 1, 1), None, dt.date(1873, 5, 5), dt.date(2018, 2, 3), dt.date(1937, 9, 9)]),
    }
)


@pytest.fixture(scope="session")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gx") / "patients.parquet"
    pq.write_table(PATIENTS, path)
    return path


def quiet(context: Any) -> Any:
    context.variables.progress_bars = {"globally": False}
    return context


@pytest.fixture
def ephemeral() -> Any:
    return quiet(gx.get_context(mode="ephemeral"))


@pytest.fixture
def project(tmp_path: Path) -> Any:
    return quiet(gx.get_context(mode="file", project_root_dir=tmp_path))
