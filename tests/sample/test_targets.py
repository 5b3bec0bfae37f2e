"""Targets of the samples, worked out again in plain Python: for England, for each PCG/T, and by each PCG/T's own plan."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import Run, WorkerProcess
from dq_engine.sample import write_samples

SUITES = Path(__file__).parents[2] / "expectations" / "targets"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, worker: WorkerProcess) -> Path:
    folder = tmp_path_factory.mktemp("targets")
    write_samples(folder, worker, seed=1, scale=4, feeds=["gp_it", "hospital_activity", "pcgts"])
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path, worker: WorkerProcess) -> dict[str, Run]:
    return {
        feed: dq_engine.check(folder / f"{feed}.parquet", SUITES / f"{feed}.json", worker=worker)
        for feed in ("gp_it", "hospital_activity")
    }


def rows(folder: Path, feed: str) -> list[Row]:
    found: list[Row] = pq.read_table(folder / f"{feed}.parquet").to_pylist()
    return found


def shares(units: dict[tuple[Any, Any], bool]) -> dict[Any, float]:
    """The share of units that meet the condition, by organisation; ``units`` maps (organisation, unit) to whether it does."""
    found: dict[Any, list[bool]] = defaultdict(list)
    for (organisation, _), meets in units.items():
        found[organisation].append(meets)
    return {organisation: sum(meets) / len(meets) for organisation, meets in found.items()}


def practices(folder: Path, column: str, *, by_pcgt: bool) -> dict[Any, float]:
    answered = [row for row in rows(folder, "gp_it") if row[column] is not None]
    return shares({(row["pcgt_code"] if by_pcgt else None, n): row[column] for n, row in enumerate(answered)})


def trusts(folder: Path, *, by_pcgt: bool) -> dict[Any, float]:
    units: dict[tuple[Any, Any], bool] = defaultdict(bool)
    for row in rows(folder, "hospital_activity"):
        if row["provider_epr_level"] is not None:
            units[row["pcgt_code"] if by_pcgt else None, row["provider_code"]] |= row["provider_epr_level"] >= 3
    return shares(units)


def missed(run: Run, rule: str) -> tuple[str, set[Any]]:
    """The status of a rule, and the PCG/Ts that miss its target."""
    (outcome,) = (outcome for outcome in run.outcomes if outcome.check == rule)
    found = {m.organisation for m in run.measures if m.check == rule and m.organisation is not None and m.unexpected_count}
    return outcome.status, found


@pytest.mark.parametrize(
    ("column", "rule", "target"), [("nhsnet_connected", "nhsnet", 0.95), ("path_messages_capable", "path_messages", 0.6)]
)
def test_targets_of_practices(folder: Path, runs: dict[str, Run], column: str, rule: str, target: float) -> None:
    national, each = practices(folder, column, by_pcgt=False)[None], practices(folder, column, by_pcgt=True)
    status, _ = missed(runs["gp_it"], f"{rule}_national")
    assert status == ("pass" if national >= target else "fail")
    (outcome,) = (outcome for outcome in runs["gp_it"].outcomes if outcome.check == f"{rule}_national")
    assert outcome.observed_value == pytest.approx(national, abs=1e-6)
    below = {code or "(none)" for code, share in each.items() if share < target}
    assert missed(runs["gp_it"], f"{rule}_national_per_pcgt") == ("fail", below)


@pytest.mark.parametrize(
    ("column", "rule", "plan"),
    [
        ("nhsnet_connected", "nhsnet_local", "nhsnet_local_target"),
        ("path_messages_capable", "path_messages_local", "path_messages_local_target"),
    ],
)
def test_local_targets_are_those_of_each_pcgt(folder: Path, runs: dict[str, Run], column: str, rule: str, plan: str) -> None:
    plans: dict[str, float] = {}
    for row in rows(folder, "pcgts"):
        if row[plan] is not None and row["pcgt_code"] is not None:
            plans[row["pcgt_code"]] = max(row[plan], plans.get(row["pcgt_code"], 0))
    each = practices(folder, column, by_pcgt=True)
    below = {code for code, share in each.items() if code in plans and share < plans[code]}
    assert below
    assert missed(runs["gp_it"], rule) == ("fail", below)
    national_only = missed(runs["gp_it"], f"{rule.removesuffix('_local')}_national_per_pcgt")[1] - below
    assert national_only, "some PCG/Ts keep their own plan and miss the national target: the two are kept apart"


def test_targets_of_hospitals_count_each_hospital_once(folder: Path, runs: dict[str, Run]) -> None:
    national, each = trusts(folder, by_pcgt=False)[None], trusts(folder, by_pcgt=True)
    status, _ = missed(runs["hospital_activity"], "epr_level_3_national")
    assert status == ("pass" if national >= 0.35 else "fail")
    below = {code or "(none)" for code, share in each.items() if share < 0.35}
    assert missed(runs["hospital_activity"], "epr_level_3_per_pcgt")[1] == below
