"""The sample data of the repository are what the generator makes."""

from pathlib import Path
from typing import Any

import duckdb

from dq_engine.sample import ANSWER_KEY, feed_names
from tests.sample.conftest import Samples

SAMPLES = Path(__file__).parents[2] / "sample_data"


def table(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[Any], list[Any]]:
    """The columns with their types, and the rows, of a file."""
    columns = connection.execute(f"DESCRIBE FROM '{path}'").fetchall()
    return columns, list(map(repr, connection.execute(f"FROM '{path}'").fetchall()))  # NaN equals itself as text


def test_sample_data_are_those_of_seed_1_and_scale_1(samples: Samples) -> None:
    anew = samples(1, 1)
    names = [ANSWER_KEY, *(f"{feed}.parquet" for feed in feed_names())]
    assert sorted(path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*.parquet")) == sorted(names)
    with duckdb.connect() as connection:
        for name in names:
            committed, made = (table(connection, folder / name) for folder in (SAMPLES, anew))
            assert committed == made, name
