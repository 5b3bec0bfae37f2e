"""A small world whose ratings can be worked out by hand: six trusts, one feed, one item.

Each month a trust sends ten rows. What counts is the day (may not be missing) and the code (99 means "not known", of which one in
ten is tolerated). The item's score is the mean of the share of days that are there and the item score of the codes:

=====  ======  ====  ========================  ============================================  =====  =========
trust  region  kind  days missing, Oct and Nov  codes of ten, each month                      score  rating
=====  ======  ====  ========================  ============================================  =====  =========
5A1    North   PCT   0, 0                      10 valid: 1                                   1      very good
5A2    North   PCG   0, 8                      10 valid: 1                                   0.8    good
5B1    South   PCT   8, 8                      6 valid, 2 default, 1 wrong, 1 missing: 0.7   0.45   very poor
5B2    South   PCG   5, 5                      the same: 0.7                                 0.6    poor
5C1            PCG   2, 2                      10 valid: 1                                   0.9    very good
5C2    North   PCT   sends nothing                                                           –      not rated
=====  ======  ====  ========================  ============================================  =====  =========

In October 5A2 is very good (1), in November poor (0.6): of the five that are rated, poor or worse are two, then three.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TRUSTS = {
    "5A1": ("North", "PCT"),
    "5A2": ("North", "PCG"),
    "5B1": ("South", "PCT"),
    "5B2": ("South", "PCG"),
    "5C1": (None, "PCG"),
    "5C2": ("North", "PCT"),
}
MISSING_DAYS = {"5A1": (0, 0), "5A2": (0, 8), "5B1": (8, 8), "5B2": (5, 5), "5C1": (2, 2)}
CLEAN = ["A"] * 10
FAULTY = ["A"] * 6 + ["99", "99", "wrong", None]
CODES = {"5A1": CLEAN, "5A2": CLEAN, "5B1": FAULTY, "5B2": FAULTY, "5C1": CLEAN}
MONTHS = ("2024-10", "2024-11")
ITEM = "hospital.commission"
RATINGS = {"5A1": "very good", "5A2": "good", "5B1": "very poor", "5B2": "poor", "5C1": "very good", "5C2": None}

REGISTER: dict[str, Any] = {
    "name": "trusts",
    "meta": {
        "dq": {
            "feed": "trusts",
            "level": "pcgt",
            "organisation_column": "code",
            "register": {"code": "code", "region": "region", "kind": "kind"},
            "columns": {name: {"sensitivity": "public"} for name in ("code", "region", "kind")},
        }
    },
    "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "code"}, "id": "code_there"}],
}
SPELLS: dict[str, Any] = {
    "name": "spells",
    "meta": {
        "dq": {
            "feed": "spells",
            "level": "pcgt",
            "source": "hospital",
            "organisation_column": "trust",
            "period_column": "month",
            "columns": {
                "trust": {"sensitivity": "public"},
                "code": {"default_codes": ["99"], "tolerance": 0.1, "item": "current"},
            },
        }
    },
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "day"}, "id": "day_there"},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "code", "value_set": ["A", "99"]}, "id": "code_known"},
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}, "id": "rows_there"},
    ],
}
INSTRUMENT: dict[str, Any] = {
    "name": "small",
    "version": "1.0.0",
    "title": "A small instrument",
    "provenance": {"status": "assumed", "source": "This test"},
    "level": "pcgt",
    "non_submission": "not_rated",
    "least_weight": 0.5,
    "sources": {"hospital": "Hospital records"},
    "functions": {"commission": "Commission services"},
    "scale": {
        "bands": [
            {"rating": "very poor", "from": 0.0, "to": 0.5},
            {"rating": "poor", "from": 0.5, "to": 0.7},
            {"rating": "fair", "from": 0.7, "to": 0.8},
            {"rating": "good", "from": 0.8, "to": 0.9},
            {"rating": "very good", "from": 0.9, "to": 1.0},
        ],
        "provenance": {"status": "assumed", "source": "This test"},
    },
    "items": [
        {
            "id": ITEM,
            "source": "hospital",
            "function": "commission",
            "question": "How good are the data from hospital records?",
            "terms": [
                {"measure": "completeness", "weight": 0.5, "feed": "spells", "columns": ["day"]},
                {"measure": "item_score", "weight": 0.5, "feed": "spells", "columns": ["code"]},
            ],
            "provenance": {"status": "assumed", "source": "This test"},
        }
    ],
}


def write_world(folder: Path) -> None:
    """Writes the extracts, their suites and the instrument (``small.json``)."""
    (folder / "expectations").mkdir(parents=True)
    for suite in (REGISTER, SPELLS):
        (folder / "expectations" / f"{suite['name']}.json").write_text(json.dumps(suite), encoding="utf-8")
    (folder / "small.json").write_text(json.dumps(INSTRUMENT), encoding="utf-8")
    regions, kinds = ([trust[place] for trust in TRUSTS.values()] for place in (0, 1))
    pq.write_table(pa.table({"code": list(TRUSTS), "region": regions, "kind": kinds}), folder / "trusts.parquet")
    pq.write_table(spells(), folder / "spells.parquet")


def spells() -> pa.Table:
    """The rows that the trusts sent."""
    rows = [
        {"trust": trust, "month": month, "day": None if place < missing else f"{month}-{place + 1:02}", "code": code}
        for trust, absent in MISSING_DAYS.items()
        for month, missing in zip(MONTHS, absent, strict=True)
        for place, code in enumerate(CODES[trust])
    ]
    return pa.Table.from_pylist(rows)
