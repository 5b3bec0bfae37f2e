"""What the suites must find in the sample data, counted by plain Python over the generated rows.

No DuckDB, no data frame and no part of the engine but the generator: a second opinion. Written for clarity; every rule
is a sentence over a list of dicts. ``python tests/sample_answers.py`` rewrites ``sample_data/answer_key.json``.

NULL and NaN are both "missing". A missing value is not judged by a rule on one column, except by the two on NULLs, which
have no ``missing_count``. A rule on the distinct values counts these: ``element_count`` is how many there are, ``unexpected_count``
how many of them are foreign to the set, and how many members of the set are absent. In ``by_organisation`` the key "" holds the
rows without an organisation code.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import sys
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dq_engine.sample import SCHEMAS, Row, build_samples  # noqa: E402

SUITES = ROOT / "expectations" / "practice"
ANSWER_KEY = ROOT / "sample_data" / "answer_key.json"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "dq_engine/expectations/practice")

Answer = dict[str, Any]


# ----------------------------------------------------------------------------------------------- values and conditions


def is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def as_type_of(value: Any, literal: Any) -> Any:
    """A date written as text in a suite is a date where the column holds dates."""
    return date.fromisoformat(literal) if isinstance(value, date) and isinstance(literal, str) else literal


def outside(value: Any, kwargs: dict[str, Any]) -> bool:
    low, high = (as_type_of(value, kwargs.get(bound)) for bound in ("min_value", "max_value"))
    too_low = low is not None and (value <= low if kwargs.get("strict_min") else value < low)
    too_high = high is not None and (value >= high if kwargs.get("strict_max") else value > high)
    return too_low or too_high


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda value, other: value == other,
    "!=": lambda value, other: value != other,
    "<": lambda value, other: value < other,
    "<=": lambda value, other: value <= other,
    ">": lambda value, other: value > other,
    ">=": lambda value, other: value >= other,
    "IN": lambda value, other: value in other,
    "NOT_IN": lambda value, other: value not in other,
}


def holds(condition: dict[str, Any] | None, row: Row) -> bool | None:
    """Whether a row meets a ``row_condition``; None is SQL's "unknown", which does not select the row."""
    match condition:
        case None:
            return True
        case {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}:
            return None if is_missing(row[name]) else COMPARISONS[operator](row[name], parameter)
        case {"type": "nullity", "column": {"name": name}, "is_null": is_null}:
            return is_missing(row[name]) == is_null
        case {"type": "and", "conditions": conditions}:
            results = [holds(one, row) for one in conditions]
            return False if False in results else None if None in results else True
        case {"type": "or", "conditions": conditions}:
            results = [holds(one, row) for one in conditions]
            return True if True in results else None if None in results else False
    raise ValueError(f"condition {condition}")


# ------------------------------------------------------------------------------------------------ rules on single rows


def repeated(keys: list[Any]) -> list[bool]:
    """For each key, whether it occurs more than once."""
    counts = Counter(keys)
    return [counts[key] > 1 for key in keys]


def is_bad_value(type_: str, value: Any, kwargs: dict[str, Any]) -> bool:
    """Whether one value that is not missing breaks a rule on one column."""
    match type_:
        case "expect_column_values_to_be_in_set":
            return value not in kwargs["value_set"]
        case "expect_column_values_to_not_be_in_set":
            return value in kwargs["value_set"]
        case "expect_column_values_to_be_between":
            return outside(value, kwargs)
        case "expect_column_values_to_match_regex":
            return re.search(kwargs["regex"], str(value)) is None
        case "expect_column_values_to_not_match_regex":
            return re.search(kwargs["regex"], str(value)) is not None
        case "expect_column_value_lengths_to_be_between":
            return outside(len(str(value)), kwargs)
        case "expect_column_value_lengths_to_equal":
            return len(str(value)) != kwargs["value"]
    raise ValueError(type_)


def is_bad_pair(type_: str, a: Any, b: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a pair breaks its rule; a pair with one side missing always does."""
    if is_missing(a) or is_missing(b):
        return True
    if type_ == "expect_column_pair_values_to_be_equal":
        return bool(a != b)
    if type_ == "expect_column_pair_values_a_to_be_greater_than_b":
        return not (a >= b if kwargs.get("or_equal") else a > b)
    raise ValueError(type_)


def judge_rows(type_: str, kwargs: dict[str, Any], rows: list[Row]) -> tuple[list[Row], list[bool]]:
    """The rows that are judged, and for each whether it is unexpected."""
    if type_ == "expect_column_values_to_not_be_null":
        return rows, [is_missing(row[kwargs["column"]]) for row in rows]
    if type_ == "expect_column_values_to_be_null":
        return rows, [not is_missing(row[kwargs["column"]]) for row in rows]
    if "column_A" in kwargs:
        names = (kwargs["column_A"], kwargs["column_B"])
        either = kwargs.get("ignore_row_if", "both_values_are_missing") == "either_value_is_missing"
        skip = any if either else all
        judged = [row for row in rows if not skip(is_missing(row[name]) for name in names)]
        return judged, [is_bad_pair(type_, row[names[0]], row[names[1]], kwargs) for row in judged]
    if "column_list" in kwargs:
        keys = kwargs["column_list"]
        judged = [row for row in rows if not all(is_missing(row[name]) for name in keys)]
        return judged, repeated([tuple(row[name] for name in keys) for row in judged])
    judged = [row for row in rows if not is_missing(row[kwargs["column"]])]
    values = [row[kwargs["column"]] for row in judged]
    if type_ == "expect_column_values_to_be_unique":
        return judged, repeated(values)
    return judged, [is_bad_value(type_, value, kwargs) for value in values]


def answer_rows(type_: str, kwargs: dict[str, Any], rows: list[Row], organisation: str) -> Answer:
    judged, unexpected = judge_rows(type_, kwargs, rows)
    bad = sum(unexpected)
    organisations = Counter(str(row[organisation] or "") for row, is_bad in zip(judged, unexpected, strict=True) if is_bad)
    enough = bool(judged) and (len(judged) - bad) / len(judged) >= kwargs.get("mostly", 1)
    on_nulls = type_ in ("expect_column_values_to_not_be_null", "expect_column_values_to_be_null")
    missing = {} if on_nulls else {"missing_count": len(rows) - len(judged)}
    return {
        "element_count": len(rows),
        **missing,
        "unexpected_count": bad,
        "verdict": "vacuous" if not judged else "pass" if enough else "fail",
        "by_organisation": dict(sorted(organisations.items())),
    }


# ----------------------------------------------------------------------------------- rules on columns and on the table

AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "expect_column_min_to_be_between": min,
    "expect_column_max_to_be_between": max,
    "expect_column_mean_to_be_between": statistics.fmean,
    "expect_column_median_to_be_between": statistics.median,
    "expect_column_stdev_to_be_between": statistics.stdev,
    "expect_column_sum_to_be_between": sum,
    "expect_column_unique_value_count_to_be_between": lambda values: len(set(values)),
    "expect_column_proportion_of_unique_values_to_be_between": lambda values: len(set(values)) / len(values),
}
SETS: dict[str, Callable[[set[Any], set[Any]], set[Any]]] = {
    "expect_column_distinct_values_to_be_in_set": lambda found, wanted: found - wanted,
    "expect_column_distinct_values_to_contain_set": lambda found, wanted: wanted - found,
    "expect_column_distinct_values_to_equal_set": lambda found, wanted: found ^ wanted,
}
"""The foreign values, the absent members of the set, or both."""


def answer_set(type_: str, kwargs: dict[str, Any], rows: list[Row]) -> Answer:
    """A rule on the distinct values of one column. Without any value there is nothing to judge, unless members are absent."""
    found = {row[kwargs["column"]] for row in rows if not is_missing(row[kwargs["column"]])}
    unexpected = len(SETS[type_](found, set(kwargs["value_set"])))
    verdict = "fail" if unexpected else "pass" if found else "vacuous"
    return {"element_count": len(found), "unexpected_count": unexpected, "verdict": verdict}


def answer_column(type_: str, kwargs: dict[str, Any], rows: list[Row]) -> Answer:
    """An aggregate of one column."""
    values = [row[kwargs["column"]] for row in rows if not is_missing(row[kwargs["column"]])]
    counts = {"element_count": len(rows), "missing_count": len(rows) - len(values)}
    if type_ == "expect_column_proportion_of_non_null_values_to_be_between":
        share = len(values) / len(rows) if rows else None
        verdict = "vacuous" if share is None else "fail" if outside(share, kwargs) else "pass"
        return counts | {"observed_value": share, "verdict": verdict}
    if not values:
        return counts | {"observed_value": None, "verdict": "vacuous"}
    observed = AGGREGATES[type_](values)
    verdict = "fail" if outside(observed, kwargs) else "pass"
    return counts | {
        "observed_value": observed.isoformat() if isinstance(observed, date) else observed,
        "verdict": verdict,
    }


def answer_table(type_: str, kwargs: dict[str, Any], rows: list[Row], schema: dict[str, str]) -> Answer:
    """A rule on the number of rows, the columns, or the type of a column."""
    columns = list(schema)
    observed: Any = None
    match type_:
        case "expect_table_row_count_to_be_between":
            observed, passed = len(rows), not outside(len(rows), kwargs)
        case "expect_table_row_count_to_equal":
            observed, passed = len(rows), len(rows) == kwargs["value"]
        case "expect_table_columns_to_match_ordered_list":
            passed = columns == kwargs["column_list"]
        case "expect_table_columns_to_match_set":
            wanted = set(kwargs["column_set"])
            passed = set(columns) == wanted if kwargs.get("exact_match", True) else set(columns) >= wanted
        case "expect_column_to_exist":
            passed = kwargs["column"] in columns
        case "expect_column_values_to_be_of_type":
            observed = schema[kwargs["column"]]
            passed = observed == kwargs["type_"]
        case _:
            raise ValueError(type_)
    value = {} if observed is None else {"observed_value": observed}
    return {**value, "verdict": "pass" if passed else "fail"}


# ---------------------------------------------------------------------------------- the rules that suites state in SQL


def groups(rows: list[Row], *columns: str) -> Iterable[list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[column] for column in columns)].append(row)
    return found.values()


def total(rows: Iterable[Row]) -> int | None:
    """The sum of the numbers of patients that are there; of none, None."""
    numbers: list[Any] = [row["number_of_patients"] for row in rows if row["number_of_patients"] is not None]
    return sum(numbers) if numbers else None


def not_reopened(rows: list[Row]) -> int:
    found = 0
    for register in groups([row for row in rows if row["organisation_code"]], "organisation_code"):
        statuses = [row["status_code"] for row in sorted(register, key=lambda row: str(row["snapshot_month"]))]
        found += sum(pair == ("C", "A") for pair in pairwise(statuses))
    return found


def not_first_of_month(column: str) -> Callable[[list[Row]], int]:
    return lambda rows: sum(isinstance(day := row[column], date) and day.day != 1 for row in rows)


def practice_whole(rows: list[Row]) -> int:
    coded = [row for row in rows if row["org_code"] is not None]
    return sum(
        row["sex"] == "ALL"
        for group in groups(coded, "extract_date", "org_type", "org_code")
        if len(group) != 43
        for row in group
    )


def bands_add_up(rows: list[Row]) -> int:
    found = 0
    for group in groups(rows, "extract_date", "org_type", "org_code", "sex"):
        bands = total(row for row in group if row["age_group_5"] != "ALL")
        for row in group:
            shown = row["number_of_patients"]
            is_total = row["age_group_5"] == "ALL" and row["sex"] != "ALL"
            found += is_total and bands is not None and shown is not None and shown != bands
    return found


def sexes_add_up(rows: list[Row]) -> int:
    found = 0
    for group in groups(rows, "extract_date", "org_type", "org_code"):
        both = total(row for row in group if row["sex"] != "ALL" and row["age_group_5"] == "ALL")
        for row in group:
            shown = row["number_of_patients"]
            found += row["sex"] == "ALL" and both is not None and shown is not None and shown != both
    return found


def share_of_men(rows: list[Row]) -> int:
    found = 0
    for group in groups(rows, "extract_date", "org_type", "org_code"):
        men = total(row for row in group if row["sex"] == "MALE" and row["age_group_5"] == "ALL")
        for row in group:
            patients: Any = row["number_of_patients"]
            if row["sex"] == "ALL" and patients is not None and patients >= 1000 and men is not None:
                found += not 0.25 * patients <= men <= 0.75 * patients
    return found


def bnf_of_substance(rows: list[Row]) -> int:
    return sum(not str(row["bnf_code"]).startswith(str(row["bnf_chemical_substance"])) for row in rows)


def wrong_total_quantity(rows: list[Row]) -> int:
    found = 0
    for row in rows:
        shown, quantity, items = (row[name] for name in ("total_quantity", "quantity", "items"))
        assert isinstance(shown, float)
        assert isinstance(quantity, float)
        assert isinstance(items, int)
        found += abs(shown - quantity * items) > 0.001
    return found


def cost_ratio(rows: list[Row]) -> int:
    prices: list[Any] = [(row["nic"], row["actual_cost"]) for row in rows]
    return sum(nic > 0 and not 0.8 * nic <= cost <= 10 * nic for nic, cost in prices)


def sub_icb_one(rows: list[Row]) -> int:
    coded = [row for row in rows if row["gp_code"] is not None]
    months = groups(coded, "appointment_month_start_date", "gp_code")
    return sum(len(group) for group in months if len({row["sub_icb_location_code"] for row in group}) > 1)


QUERIES: dict[str, Callable[[list[Row]], int]] = {
    "practices/not_reopened": not_reopened,
    "list_sizes/date_first_of_month": not_first_of_month("extract_date"),
    "list_sizes/practice_whole": practice_whole,
    "list_sizes/bands_add_up": bands_add_up,
    "list_sizes/sexes_add_up": sexes_add_up,
    "list_sizes/share_of_men": share_of_men,
    "prescribing/bnf_of_substance": bnf_of_substance,
    "prescribing/total_quantity": wrong_total_quantity,
    "prescribing/cost_ratio": cost_ratio,
    "appointments/month_first_day": not_first_of_month("appointment_month_start_date"),
    "appointments/sub_icb_one": sub_icb_one,
}
QUERIES_BY_ID = {str(uuid.uuid5(NAMESPACE, name)): rule for name, rule in QUERIES.items()}


def answer_query(identity: str, rows: list[Row]) -> Answer:
    unexpected = QUERIES_BY_ID[identity](rows)
    return {"element_count": len(rows), "unexpected_count": unexpected, "verdict": "fail" if unexpected else "pass"}


# ----------------------------------------------------------------------------------------------------------- the whole


def answer(expectation: dict[str, Any], rows: list[Row], schema: dict[str, str], organisation: str) -> Answer:
    """The answer to one expectation of a suite."""
    type_, kwargs = expectation["type"], expectation["kwargs"]
    chosen = [row for row in rows if holds(kwargs.get("row_condition"), row)]
    if type_ == "unexpected_rows_expectation":
        found = answer_query(expectation["id"], chosen)
    elif type_.startswith("expect_table_") or type_ in ("expect_column_to_exist", "expect_column_values_to_be_of_type"):
        found = answer_table(type_, kwargs, chosen, schema)
    elif type_ in SETS:
        found = answer_set(type_, kwargs, chosen)
    elif type_ in AGGREGATES or type_.startswith("expect_column_proportion_of_non_null"):
        found = answer_column(type_, kwargs, chosen)
    else:
        found = answer_rows(type_, kwargs, chosen, organisation)
    return {"type": type_} | found


def answer_key() -> dict[str, dict[str, Answer]]:
    """Every answer, by extract and expectation id."""
    key = {}
    for feed, rows in build_samples().items():
        suite = json.loads((SUITES / f"{feed}.json").read_text(encoding="utf-8"))
        organisation = suite["meta"]["dq"]["organisation_column"]
        key[feed] = {one["id"]: answer(one, rows, SCHEMAS[feed], organisation) for one in suite["expectations"]}
    return key


def answer_text() -> str:
    return json.dumps(answer_key(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    ANSWER_KEY.write_text(answer_text(), encoding="utf-8")
