"""The samples that the tests of this folder share, written once a session."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dq_engine import WorkerProcess
from dq_engine.sample import world, write_samples

MakeWorld = Callable[..., duckdb.DuckDBPyConnection]
Samples = Callable[..., Path]


@pytest.fixture(scope="session")
def make_world() -> MakeWorld:
    """``make_world(seed, scale, periods)``: a connection with that world."""

    def make(seed: int = 1, scale: int = 1, periods: int = 2) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        for statement in world.statements(seed, scale, periods):
            connection.execute(statement)
        return connection

    return make


@pytest.fixture(scope="session")
def samples(worker: WorkerProcess, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """``samples(seed, scale)``: the folder with all feeds of that seed and scale, and their answer key."""
    folders: dict[tuple[int, int], Path] = {}

    def folder(seed: int, scale: int) -> Path:
        if (seed, scale) not in folders:
            folders[seed, scale] = tmp_path_factory.mktemp(f"samples_{seed}_{scale}_")
            write_samples(folders[seed, scale], worker, seed=seed, scale=scale)
        return folders[seed, scale]

    return folder
