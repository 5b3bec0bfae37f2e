"""What Great Expectations wrote otherwise before 1.0: names, arguments and spellings, each with the reason for its change. Pure.

Sources: its guide for the migration from V0 to V1, and its code from 0.8 to 0.18 and of 1.24.1.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import uuid
from collections.abc import Container, Iterable, Iterator
from typing import Any

VERSIONS = ("great_expectations_version", "great_expectations.__version__")
"""The keys of ``meta`` under which a suite says which version wrote it, the newest first."""
NAMES = ("name", "expectation_suite_name", "data_asset_name", "dataset_name")
"""Where a suite may have its name, the newest first."""
SUITE_KEYS = (*NAMES[1:], "data_asset_type", "evaluation_parameters", "ge_cloud_id")
"""Keys of a suite that 1.x does not have."""
_RENAMED = {
    "expect_column_pair_values_A_to_be_greater_than_B": (
        "expect_column_pair_values_a_to_be_greater_than_b",
        "1.x writes its name in lower case",
    ),
    "expect_multicolumn_values_to_be_unique": (
        "expect_select_column_values_to_be_unique_within_record",
        "it was renamed in 0.13; the rule is the same: the values of a row all differ",
    ),
    **{
        f"_{name}__{shape}": (name, "this was the inner name of the rule before 0.13")
        for name in ("expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list")
        for shape in ("map", "aggregate")
    },
}
STEERING = {
    "result_format": "it says how a run answers, not what is checked",
    "catch_exceptions": "it says how a run answers, not what is checked",
    "include_config": "it says how a run answers, not what is checked",
    "batch_id": "it named the data of one run",
    "target_datasource": "it said whose names of types are meant; dq knows those of Python, pandas and SQL",
    "auto": "a profiler found the other arguments once; these are kept",
    "profiler_config": "a profiler found the other arguments once; these are kept",
    "output_strftime_format": "it said how results write dates; dq and 1.x write them as ISO 8601",
}
"""Arguments that never said anything about the data."""
REMOVED = {
    "parse_strings_as_datetimes": (
        "since 1.0 no text is read as a date. On a column of type date or timestamp the rule is the same; on a column of text, "
        "sets are compared as text, and all else cannot be evaluated"
    ),
    "allow_cross_type_comparisons": (
        "since 1.0 values of unlike types are not compared: where a column mixes them, the rule cannot be evaluated"
    ),
}
"""Arguments that 1.x does not have any more, and what follows."""
PARTITION = ("values", "weights", "bins", "tail_weights")
"""The parts of a ``partition_object`` that are compared."""
PARSERS = ("great_expectations", "great_expectations__experimental__")
"""What older suites call the language of :func:`condition_of`."""
_GONE = (
    (
        r"expect_column_(chisquare_test|bootstrapped_ks_test|parameterized_distribution_ks_test)_p_value_to_be_greater_than"
        r"|expect_column_pair_cramers_phi_value_to_be_less_than",
        "Great Expectations 1.x has no statistical tests; expect_column_kl_divergence_to_be_less_than is the nearest rule",
    ),
    (r"expect_file_\w+", "Great Expectations 1.x has no rules about files and their lines"),
)
_NOT_KNOWN = (
    "it is no expectation of Great Expectations 1.x, but came from a package or a project of its own. State it anew, for "
    "instance with expect_column_values_to_match_regex or unexpected_rows_expectation"
)
_IGNORING = {
    True: {
        "never": "neither",
        "all_values_are_missing": "both_values_are_missing",
        "any_value_is_missing": "either_value_is_missing",
    },
    False: {
        "neither": "never",
        "both_values_are_missing": "all_values_are_missing",
        "either_value_is_missing": "any_value_is_missing",
    },
}
_DATES = ("%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d %Y", "%B %d %Y", "%b %d, %Y", "%B %d, %Y")
_CONDITION = re.compile(
    r"""\s*col\(\s*(?P<quote>["'])(?P<name>(?:(?!(?P=quote)).)+)(?P=quote)\s*\)\s*
    (?:\.\s*(?P<null>notnull|isnull)\(\s*\)
    |(?P<operator>==|!=|<=|>=|<|>)\s*(?:(?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
        |(?P<date>date\(\s*)?(?P<q>["'])(?P<text>(?:(?!(?P=q)).)*)(?P=q)(?(date)\s*\))))\s*""",
    re.VERBOSE | re.IGNORECASE,
)


def renamed(name: str, known: Container[str]) -> tuple[str, str]:
    """What 1.x calls a type of expectations, and why; ``known`` are those that there are."""
    spelled = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    if name not in known and name.startswith("Expect") and spelled in known:
        return spelled, "this is the name of its class; a suite has it in lower case"
    return _RENAMED.get(name, (name, ""))


def why_unknown(name: str, known: Iterable[str]) -> str:
    """Why there is no expectation of that name (any more); ``known`` are those that there are."""
    if found := next((reason for pattern, reason in _GONE if re.fullmatch(pattern, name)), None):
        return found
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.95)
    return f'there is no expectation of that name; did you mean "{near[0]}"?' if near else _NOT_KNOWN


def ignored(value: Any, *, pair: bool) -> Any:
    """``ignore_row_if`` as 1.x spells it, for two columns or for a list of them; what is unknown stays."""
    return _IGNORING[pair].get(value, value) if isinstance(value, str) else value


def iso(value: Any) -> Any:
    """A date in a spelling that can be read in one way only, as ISO 8601, and so each in a list; anything else as it is."""
    if isinstance(value, list):
        return [iso(item) for item in value]
    if not isinstance(value, str):
        return value
    for form in _DATES:
        for more in ("", " %H:%M:%S"):
            try:
                found = dt.datetime.strptime(value.strip(), form + more)
            except ValueError:
                continue
            return found.isoformat() if more else found.date().isoformat()
    return value


def condition_of(text: str) -> dict[str, Any] | None:
    """The object of 1.x that a row condition in the language of Great Expectations means; None if it is not in that language."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        return None
    column = {"name": match["name"]}
    if match["null"]:
        return {"type": "nullity", "column": column, "is_null": match["null"].lower() == "isnull"}
    parameter: Any = match["text"]
    if (number := match["number"]) is not None:
        parameter = int(number) if re.fullmatch(r"[+-]?\d{1,300}", number) else float(number)
    elif match["date"]:
        parameter = iso(parameter)
    return {"type": "comparison", "column": column, "operator": match["operator"], "parameter": parameter}


def parameter_texts(value: Any) -> Iterator[str]:
    """The expressions of all parameters in a value."""
    if isinstance(value, dict):
        if isinstance(text := value.get("$PARAMETER"), str):
            yield text
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from parameter_texts(item)


def is_uuid(value: Any) -> bool:
    """Whether a value is a UUID as Great Expectations stores it."""
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def notes_in(value: Any) -> str | list[str] | None:
    """The notes of 1.x, text or a list of texts, in a value that is such, or an object of such content and its format."""
    if isinstance(value, dict) and set(value) <= {"content", "format"}:
        value = value.get("content")
    if isinstance(value, str):
        return value
    return [*value] if isinstance(value, list) and all(isinstance(item, str) for item in value) else None
