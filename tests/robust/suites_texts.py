"""The texts that are mutated, each with data that it is about: shipped suites, examples of the catalogue, suites with faults, old
suites, recorded cases of Great Expectations, ``dq.toml``, an instrument.

All data is made up or recorded for tests; every extract has columns of many types beside those of its suite.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from dq_engine import config
from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Case

ROOT = Path(__file__).resolve().parents[2]
ROWS = 60
"""Rows of a sample that are kept."""
MOST_CHECKS = 6
"""More checks of a suite are not tried at once."""


class Start(Struct, frozen=True):
    """A text to begin with. ``data`` are the columns of its extract, ``others`` those of other extracts, by name."""

    name: str
    kind: Literal["suite", "toml", "instrument"]
    text: str
    data: Any = None
    others: Mapping[str, Any] = {}


def starts(*, recorded: bool = True) -> list[Start]:
    """All texts, always in the same order; without those ``recorded`` they are the same on every machine."""
    return [*_shipped(), *_examples(), *_faulty(), *(_recorded() if recorded else ()), *_settings()]


def _shipped() -> Iterator[Start]:
    for path in sorted((ROOT / "expectations").glob("*/*.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        if "expectations" in raw:
            yield Start(str(path.relative_to(ROOT)), "suite", path.read_text(encoding="utf-8"), raw["meta"]["dq"]["feed"])


def _examples() -> Iterator[Start]:
    for name, cls in CATALOG.items():
        for case in cls.examples:
            raw = {"name": "example", "expectations": [{"type": name, "kwargs": case.arguments}]}
            yield Start(f"{name}: {case.title}", "suite", json.dumps(raw), case, {other: (case, other) for other in case.others})


def _faulty() -> Iterator[Start]:
    for folder in ("suite/invalid", "convert"):
        for path in sorted((ROOT / "tests" / folder).glob("*.json")):
            yield Start(f"{folder}/{path.name}", "suite", path.read_text(encoding="utf-8"))


def _recorded() -> Iterator[Start]:
    """Every tenth case, where ``DQ_CONFORMANCE`` names the folder with them."""
    folder = os.environ.get("DQ_CONFORMANCE")
    lines = (Path(folder) / "cases.jsonl").read_text(encoding="utf-8").splitlines() if folder else []
    for line in lines[::10]:
        case = json.loads(line)
        raw = {"name": "case", "expectations": [{"type": case["expectation_type"], "kwargs": case["kwargs"]}]}
        yield Start(case["id"], "suite", json.dumps(raw), case["data"])


def _settings() -> Iterator[Start]:
    whole = "\n".join(line.strip() for line in (config.__doc__ or "").splitlines()[4:])
    yield Start("dq.toml", "toml", whole)
    yield Start("realdata/dq.toml", "toml", (ROOT / "tests/realdata/dq.toml").read_text(encoding="utf-8")[:4000])
    instrument = ROOT / "expectations/instruments/tracker-imt.json"
    yield Start("instrument", "instrument", instrument.read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------------------------------- data


def table(data: Any) -> pa.Table:
    """The extract that belongs to data: a feed's name, an example, one of its others, columns, or nothing."""
    if isinstance(data, str):
        found = pq.read_table(ROOT / "sample_data" / f"{data}.parquet")
        places = Random(data).sample(range(found.num_rows), min(ROWS, found.num_rows))
        own = {name: found[name].combine_chunks() for name in found.column_names}
        own = {name: column.take(pa.array(sorted(places))) for name, column in own.items()}
    elif isinstance(data, Case | tuple):
        own = _of_example(data)
    else:
        own = {name: _array(values) for name, values in (data or {}).items()}
    rows = max([len(column) for column in own.values()], default=ROWS // 3)
    return pa.table({**wide(rows), **own})


def _of_example(data: Any) -> dict[str, Any]:
    case, other = data if isinstance(data, tuple) else (data, "")
    made = {}
    for name, values in (case.others[other] if other else case.data).items():
        stated = case.types.get(f"{other}.{name}" if other else name)
        dates = [dt.date.fromisoformat(value) if stated == "DATE" and value else value for value in values]
        made[name] = pa.array(dates, type={"DATE": pa.date32(), "VARCHAR": pa.string()}.get(stated or ""), from_pandas=False)
    return made


def _array(values: list[Any]) -> Any:
    try:
        return pa.array(values, from_pandas=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values])


def wide(rows: int) -> dict[str, Any]:
    """Columns of many types, each of so many rows."""
    day, moment = dt.date(2024, 1, 31), dt.datetime(2024, 3, 31, 1, 30)
    cycles: dict[str, tuple[list[Any], Any]] = {
        "n_int": ([1, 2, 3, 3, None, 0, -5], pa.int64()),
        "n_tiny": ([0, 127, -128, None], pa.int8()),
        "n_big": ([0, 2**64 - 1, 7], pa.uint64()),
        "n_dec": ([Decimal("0.100"), Decimal("1.250"), None, Decimal("-3.000")], pa.decimal128(18, 3)),
        "n_wide": ([Decimal(10**30), Decimal(1), None], pa.decimal128(38, 0)),
        "n_float": ([0.1, float("nan"), float("inf"), None, -0.0, 2.5], pa.float64()),
        "t": (["a", "b", None, "", "A1", "Ünï ß", "2024-01-31", "12", " x "], pa.string()),
        "code": (["A81001", "B82002", "A81001", "Y00001", "x"], pa.string()),
        "period": (["2024-01", "2024-02", "2024-03", None, "2024-01"], pa.string()),
        "b": ([True, False, None], pa.bool_()),
        "d": ([day, day + dt.timedelta(days=40), None, dt.date(1900, 1, 1)], pa.date32()),
        "ts": ([moment, None, moment + dt.timedelta(microseconds=1)], pa.timestamp("us")),
        "tz": ([moment.replace(tzinfo=dt.UTC), None], pa.timestamp("us", tz="UTC")),
        "tm": ([dt.time(12, 0), dt.time(0, 0), None], pa.time64("us")),
        "raw": ([b"\x00\xff", b"a", None], pa.binary()),
        "l": ([[1, 2], [], None], pa.list_(pa.int64())),
        "s": ([{"a": 1}, None], pa.struct([("a", pa.int32())])),
        "m": ([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        "nil": ([None], pa.null()),
        "nil_t": ([None], pa.string()),
        "uniq": (list(range(rows)), pa.int32()),
        "same": ([7], pa.int32()),
        "sel ect": ([1, 2], pa.int32()),
        'we "ird': (["x", "y'"], pa.string()),
        "a.b": ([1, None], pa.int64()),
        "it's": (["x"], pa.string()),
        "Case": ([1, 2], pa.int32()),
        "case": ([2, 1], pa.int32()),
    }
    return {
        name: pa.array([values[row % len(values)] for row in range(rows)], type=kind) for name, (values, kind) in cycles.items()
    }


@functools.cache
def wide_names() -> tuple[str, ...]:
    """The names of the columns of many types."""
    return tuple(wide(1))
