"""The suites of the benchmark, in the format of Great Expectations 1: 46 hand-written rules of 16 types, or any number of them.

Further ones repeat the 46 places over other columns with other parameters, so that few of them are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Expectation = dict[str, Any]
Block = Callable[[int, int], Iterator[Expectation]]

SETS = {
    "gender": ["0", "1", "2", "9"],
    "ethnic_code": list("ABCDEFGHJKLMNPRSZ"),
    "status": ["Attended", "DNA", "Cancelled", "Unknown"],
    "hcp_type": ["GP", "Nurse", "Pharmacist", "HCA", "Physio", "Paramedic", "Other Practice staff", "Unknown"],
    "appt_mode": ["Face-to-Face", "Telephone", "Video/Online", "Home Visit", "Unknown"],
}
PATTERNS = {
    "practice_code": "[A-HJ-NPVWY][0-9]{5}",
    "nhs_number": "[0-9]{10}",
    "postcode": "[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}",
    "lsoa_code": "E01[0-9]{6}",
    "snomed_code": "[0-9]{6,18}",
    "bnf_code": "[0-9]{7}[0-9A-Z]{8}",
}
NUMBERS = {
    "age": (0, 120),
    "quantity": (0, 10000),
    "cost": (0, 5000),
    "duration_mins": (1, 240),
    "slots_f2f": (0, 12),
    "slots_tel": (0, 12),
    "slots_onl": (0, 12),
}
DAYS = {
    "event_date": ("2023-04-01", "2024-03-31"),
    "dob": ("1900-01-01", "2024-03-31"),
    "booked_date": ("2022-01-01", "2024-12-31"),
}
RANGED = (*list(NUMBERS)[:4], "event_date", "dob", *list(NUMBERS)[4:], "booked_date")
COLUMNS = (
    *("patient_pid", "practice_code", "nhs_number", "dob", "event_date", "booked_date", "event_datetime", "gender", "age"),
    *("ethnic_code", "postcode", "lsoa_code", "snomed_code", "bnf_code", "quantity", "cost", "status", "hcp_type", "appt_mode"),
    *("duration_mins", "slots_f2f", "slots_tel", "slots_onl", "notes"),
)
PRESENT: dict[str, float | None] = {
    "patient_pid": None,
    "practice_code": None,
    "nhs_number": 0.99,
    "dob": 0.999,
    "event_date": None,
    "booked_date": 0.95,
    "event_datetime": None,
    "gender": None,
    "age": None,
    "status": None,
    "snomed_code": 0.999,
    "cost": 0.999,
}
UNIQUE = (
    *("patient_pid", "nhs_number", "event_datetime", "postcode", "lsoa_code", "snomed_code", "bnf_code", "cost", "dob", "notes"),
    *("practice_code", "quantity"),
)
KEYS = (
    ("practice_code", "nhs_number", "event_datetime"),
    ("nhs_number", "event_date"),
    ("practice_code", "patient_pid"),
    ("nhs_number", "snomed_code"),
    ("postcode", "dob"),
    ("lsoa_code", "dob", "gender"),
    ("practice_code", "event_datetime"),
    ("nhs_number", "bnf_code", "event_date"),
    ("patient_pid", "event_date"),
    ("snomed_code", "bnf_code"),
)
LENGTHS = {"nhs_number": (10, 10), "bnf_code": (15, 15), "postcode": (6, 8)}
TEXTS = ("nhs_number", "bnf_code", "postcode", "lsoa_code", "snomed_code", "practice_code", "status", "hcp_type", "notes")
STATISTICS: tuple[tuple[str, str, float, float], ...] = (
    ("mean", "cost", 1, 100),
    ("min", "age", 0, 5),
    ("max", "age", 50, 120),
    ("stdev", "quantity", 10, 500),
    ("sum", "cost", 0, 1e12),
    ("median", "duration_mins", 5, 60),
)
FIGURES = ("cost", "age", "quantity", "duration_mins", "slots_f2f", "slots_tel", "slots_onl")
PAIRS = (
    ("event_date", "booked_date"),
    ("event_date", "dob"),
    ("booked_date", "dob"),
    ("slots_onl", "slots_f2f"),
    ("slots_onl", "slots_tel"),
    ("quantity", "cost"),
)
COUNTED = (
    *("practice_code", "nhs_number", "gender", "snomed_code", "bnf_code", "lsoa_code", "postcode", "age", "event_date"),
    "status",
)


def suite(rules: int, rows: int, organisations: bool = False) -> dict[str, Any]:
    """A suite of ``rules`` rules for an extract of ``rows`` rows, each with its place as id; counted by practice if ``organisations``."""
    listed: list[Expectation] = []
    number = 0
    while len(listed) < rules:
        for block in BLOCKS:
            listed.extend(block(number, rows))
        number += 1
    feed = {"meta": {"dq": {"organisation_column": "practice_code"}}} if organisations else {}
    named = [{**one, "id": f"r{place}"} for place, one in enumerate(listed[:rules])]  # some of a large suite say the same
    return {"name": f"bench_{rules}", "expectations": named, **feed}


def short(number: int) -> str:
    """A number as people write it in file names: 1m, 10k, 300."""
    for size, letter in ((1_000_000, "m"), (1_000, "k")):
        if number >= size and number % size == 0:
            return f"{number // size}{letter}"
    return str(number)


def _rule(kind: str, mostly: float | None = None, **arguments: Any) -> Expectation:
    share = {} if mostly is None else {"mostly": mostly}
    return {"type": f"expect_{kind}", "kwargs": {**arguments, **share}}


def _present(number: int, rows: int) -> Iterator[Expectation]:
    first = PRESENT.items()
    others = ((COLUMNS[(12 * number + place) % 24], round(0.5 + number % 400 * 0.001, 4)) for place in range(len(PRESENT)))
    for column, mostly in others if number else first:
        yield _rule("column_values_to_not_be_null", mostly, column=column)


def _members(number: int, rows: int) -> Iterator[Expectation]:
    more = [f"extra{number}"] if number else []
    for (column, values), mostly in zip(SETS.items(), (0.999, 0.99, None, 0.999, None), strict=True):
        yield _rule("column_values_to_be_in_set", mostly, column=column, value_set=values + more)


def _ranges(number: int, rows: int) -> Iterator[Expectation]:
    for place, mostly in enumerate((0.999, None, 0.999, None, None, 0.999)):
        column = RANGED[(place + 6 * number) % len(RANGED)]
        low: int | str
        high: int | str
        if column in NUMBERS:
            low, high = NUMBERS[column][0], NUMBERS[column][1] + number
        else:
            low, high = DAYS[column]
            high = f"{2024 + number}-{high[5:]}" if number else high
        yield _rule("column_values_to_be_between", mostly, column=column, min_value=low, max_value=high)


def _patterns(number: int, rows: int) -> Iterator[Expectation]:
    for place, (column, pattern) in enumerate(PATTERNS.items()):
        regex = f"^({pattern}|T{number})$" if number else f"^{pattern}$"
        yield _rule("column_values_to_match_regex", 0.99 if place else None, column=column, regex=regex)


def _keys(number: int, rows: int) -> Iterator[Expectation]:
    yield _rule("column_values_to_be_unique", column=UNIQUE[number % len(UNIQUE)])
    yield _rule("compound_columns_to_be_unique", column_list=list(KEYS[number % len(KEYS)]))


def _lengths(number: int, rows: int) -> Iterator[Expectation]:
    for place, (first, (low, high)) in enumerate(LENGTHS.items()):
        column = TEXTS[(3 * number + place) % len(TEXTS)] if number else first
        shortest, longest = max(low - number % 5, 0), high + number
        yield _rule("column_value_lengths_to_be_between", 0.99, column=column, min_value=shortest, max_value=longest)


def _statistics(number: int, rows: int) -> Iterator[Expectation]:
    for place, (name, first, low, high) in enumerate(STATISTICS):
        column = FIGURES[(number + place) % len(FIGURES)] if number else first
        yield _rule(f"column_{name}_to_be_between", column=column, min_value=low - number, max_value=high + number)


def _table(number: int, rows: int) -> Iterator[Expectation]:
    yield _rule("table_row_count_to_be_between", min_value=1, max_value=rows * 2 + number)
    columns = list(COLUMNS if number % 2 == 0 else COLUMNS[:20])
    yield _rule("table_columns_to_match_set", column_set=columns, exact_match=number % 2 == 0)


def _pairs(number: int, rows: int) -> Iterator[Expectation]:
    first, second = PAIRS[number % len(PAIRS)]
    columns = {"column_A": first, "column_B": second}
    skipped = "either_value_is_missing"
    yield _rule("column_pair_values_a_to_be_greater_than_b", 0.99, **columns, or_equal=True, ignore_row_if=skipped)
    slots = ["slots_f2f", "slots_tel", "slots_onl"]
    yield _rule("multicolumn_sum_to_equal", 0.99, column_list=slots, sum_total=12 + number)


def _counted(number: int, rows: int) -> Iterator[Expectation]:
    count, share = "column_unique_value_count_to_be_between", "column_proportion_of_unique_values_to_be_between"
    if number:
        yield _rule(count, column=COUNTED[number % 10], min_value=1, max_value=7000 + number)
        yield _rule(share, column=COUNTED[(number + 3) % 10], min_value=0, max_value=0.5)
    else:
        yield _rule(count, column="practice_code", min_value=10, max_value=7000)
        yield _rule(share, column="nhs_number", min_value=0.2, max_value=0.5)


BLOCKS: tuple[Block, ...] = (*(_present, _members, _ranges, _patterns, _keys, _lengths, _statistics, _table, _pairs, _counted),)
