"""A run in the shape of Great Expectations' validation results, in each of its result formats. No import of GX.

One document per extract, as ``ExpectationSuiteValidationResult.to_json_dict()`` writes it. It says what GX would say: a check
that had nothing to judge is a success where GX calls it one. Failing values are there only where values may be shown; elsewhere
they are left out, as GX leaves them out for ``exclude_unexpected_values``.
"""

from __future__ import annotations

import json
import math
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from dq_engine.model import Example, ExtractRun, Outcome, Run, Unexpected
from dq_engine.result_format import COMPLETE, ResultFormat, read

GX_VERSION = "1.24.1"
"""The version of Great Expectations whose shape this is."""
NOT_NULL, NULL = "expect_column_values_to_not_be_null", "expect_column_values_to_be_null"
"""The two rules that judge NULLs: GX tells no missing values of them."""


NOT_FINITE = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": None}
"""How an observed number that JSON does not know is spelled in a run, and what GX gives for it."""
INFINITE = ("Infinity", "-Infinity")
"""Those of them that are spelled so among numbers, too; see :func:`dq_engine.results.storable`."""


def validation_results(run: Run, result_format: str | Mapping[str, Any]) -> dict[str, Any]:
    """The validation result of a run with one extract; for several, ``{"success", "results": [one per extract]}``."""
    form = read(result_format)
    documents = [validation_result(run, extract, form) for extract in run.extracts]
    if len(documents) == 1:
        return documents[0]
    return {"success": all(document["success"] for document in documents), "results": documents}


def validation_result(run: Run, extract: ExtractRun, form: ResultFormat) -> dict[str, Any]:
    """The validation result of one extract. Checks that were not selected are not in it."""
    results = [_result(outcome, form) for outcome in extract.outcomes if outcome.status != "skipped"]
    successful = sum(result["success"] for result in results)
    return {
        "success": successful == len(results) and not extract.problem,
        "results": results,
        "suite_name": extract.suite.name,
        "suite_parameters": {},
        "statistics": {
            "evaluated_expectations": len(results),
            "successful_expectations": successful,
            "unsuccessful_expectations": len(results) - successful,
            "success_percent": 100 * successful / len(results) if results else None,
        },
        "meta": {
            "great_expectations_version": GX_VERSION,
            "batch_spec": {},
            "batch_markers": {"ge_load_time": run.started},
            "active_batch_definition": {
                "datasource_name": "dq",
                "data_connector_name": "dq",
                "data_asset_name": extract.name,
                "batch_identifiers": {},
            },
            "validation_time": run.started,
            "dq": {"run": run.id, "engine": run.engine, "extract": extract.name},
        },
        "id": None,
    }


def _result(outcome: Outcome, form: ResultFormat) -> dict[str, Any]:
    config: dict[str, Any] = {
        "type": outcome.expectation,
        "kwargs": {name: value for name, value in outcome.kwargs.items() if value is not None},
        "meta": outcome.meta,
        "severity": outcome.severity,
    }
    if outcome.gx_id and is_uuid(outcome.gx_id):
        config["id"] = outcome.gx_id
    elif outcome.gx_id:
        config["meta"] = {**outcome.meta, "id": outcome.gx_id}
    for key, text in (("notes", outcome.notes), ("description", outcome.description)):
        if text:
            config[key] = text
    raised = outcome.status == "error"
    return {
        "success": bool(outcome.gx_success),
        "expectation_config": config,
        "result": {} if raised else _details(outcome, form),
        "meta": {},
        "exception_info": {
            "raised_exception": raised,
            "exception_traceback": None,
            "exception_message": outcome.message if raised else None,
        },
    }


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID, the only kind of id that GX loads."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _details(outcome: Outcome, form: ResultFormat) -> dict[str, Any]:
    """``result``, by the format that was asked for."""
    if outcome.gx_result is None:
        return _map_result(outcome, form)
    if form.result_format == "BOOLEAN_ONLY":
        return {}
    result = {key: _numbers(value, key) for key, value in outcome.gx_result.items()}
    if "observed_value" in result and "unexpected_count" in result:
        result["partial_unexpected_list"] = [value for value, _ in _kinds(outcome)]
    for listed in ("partial_unexpected_list", "partial_missing_list"):
        if listed in result:
            result[listed] = result[listed][: form.partial_unexpected_count]
            if not result[listed] and form.partial_unexpected_count == 0:
                del result[listed]
    return result


def _numbers(value: Any, key: str) -> Any:
    """What a rule found with infinities as numbers again, which a stored run names: as the value observed, and among numbers."""
    if isinstance(value, dict):
        return {name: _numbers(item, name) for name, item in value.items()}
    if isinstance(value, list) and any(isinstance(item, int | float) for item in value):
        return [NOT_FINITE[item] if item in INFINITE else item for item in value]
    return NOT_FINITE.get(value, value) if key == "observed_value" and isinstance(value, str) else value


def _map_result(outcome: Outcome, form: ResultFormat) -> dict[str, Any]:
    """The result of a rule about rows, as GX's ``_format_map_output`` puts it together."""
    query = {"unexpected_index_query": outcome.rows_sql} if outcome.rows_sql else {}
    names = form.unexpected_index_column_names
    named = {} if names is None or outcome.expectation == NULL else {"unexpected_index_column_names": list(names)}
    if form.result_format == "BOOLEAN_ONLY":
        return {**query, **named} if form.return_unexpected_index_query and query else {}
    rows = outcome.unexpected
    values, counted = _values(outcome)
    most = form.partial_unexpected_count
    if form.exclude_unexpected_values:
        values = None
    result = {**_counts(outcome), **named}
    if values is not None:
        result["partial_unexpected_list"] = values[:most]
    if rows is not None and rows.rows is not None:
        result["unexpected_rows"] = list(rows.rows[:most])
    index = None if rows is None else _index(rows, form)
    if form.result_format in ("SUMMARY", "COMPLETE") and most > 0:
        if values is not None:
            result["partial_unexpected_counts"] = counted[:most]
        if index is not None:
            result["partial_unexpected_index_list"] = index[:most]
    if form.result_format == "COMPLETE":
        if values is not None:
            result["unexpected_list"] = values
        if index is not None:
            result["unexpected_index_list"] = index
    default = form.result_format == "COMPLETE"
    wanted = default if form.return_unexpected_index_query is None else form.return_unexpected_index_query
    return {**result, **query} if wanted else result


def _counts(outcome: Outcome) -> dict[str, Any]:
    element, missing, unexpected = outcome.element_count or 0, outcome.missing_count or 0, outcome.unexpected_count or 0
    judged = element - missing
    result = {"element_count": element, "unexpected_count": unexpected, "unexpected_percent": percent(unexpected, judged)}
    if outcome.expectation not in (NULL, NOT_NULL):
        result |= {
            "missing_count": missing,
            "missing_percent": percent(missing, element),
            "unexpected_percent_total": percent(unexpected, element),
            "unexpected_percent_nonmissing": percent(unexpected, judged),
        }
    return result


def _values(outcome: Outcome) -> tuple[list[Any] | None, list[dict[str, Any]]]:
    """The failing values, None where they may not be shown; and how many of those that are listed are alike.

    They are the failing rows, if these were asked for, and else as many as there are of each kind that was kept.
    """
    unexpected = outcome.unexpected_count or 0
    if outcome.unexpected is None:
        kinds = _kinds(outcome)
        if outcome.expectation == NOT_NULL:
            kinds = [(None, unexpected)] if unexpected else []
        counted = [{"value": _plain(value), "count": count} for value, count in kinds]
        listed = [value for value, count in kinds for _ in range(min(count, COMPLETE))]
        return (listed[:COMPLETE] if listed or not unexpected else None), counted
    if outcome.unexpected.values is None:
        return None, []
    listed = [_shaped(outcome, row) for row in outcome.unexpected.values[:COMPLETE]]
    alike = Counter(json.dumps(_plain(value)) for value in listed)
    counted = [{"value": json.loads(text), "count": count} for text, count in alike.items()]
    return listed, sorted(counted, key=lambda kind: (-kind["count"], _sortable(kind["value"])))


def _shaped(outcome: Outcome, row: dict[str, Any]) -> Any:
    """The value of one column as it is, that of a pair as a list, that of several as an object."""
    if "column_A" in outcome.kwargs:
        return [*row.values()] * (2 if len(row) == 1 else 1)
    return next(iter(row.values())) if len(row) == 1 else row


def _plain(value: Any) -> Any:
    """A value as counts of values call it: of several columns, without their names."""
    return list(value.values()) if isinstance(value, dict) else value


def _sortable(value: Any) -> tuple[object, ...]:
    parts = value if isinstance(value, list) else [value]
    return tuple((isinstance(part, str), part is not None, str(part) if isinstance(part, str | None) else part) for part in parts)


def _index(rows: Unexpected, form: ResultFormat) -> list[Any] | None:
    """Failing rows by their places; or by the columns that name them, with the values that the rule is about."""
    if form.unexpected_index_column_names is None:
        return list(rows.places)
    if rows.index is None:
        return None
    if form.exclude_unexpected_values or rows.values is None:
        names = list(rows.index[0]) if rows.index else []
        return [{name: [row[name] for row in rows.index] for name in names}] if rows.index else []
    return [{**values, **named} for values, named in zip(rows.values, rows.index, strict=True)]


def percent(part: int, whole: int) -> float | None:
    """0 to 100; None of nothing."""
    return 100 * part / whole if whole else None


def _kinds(outcome: Outcome) -> list[tuple[Any, int]]:
    """The kinds of failing values that may be shown, each with its count."""
    pair = "column_A" in outcome.kwargs
    return [(_native(example, pair=pair), example.count) for example in outcome.examples if example.value is not None]


def _native(example: Example, *, pair: bool = False) -> Any:
    """The failing value, from the JSON text in which it was read; of a pair, a list of the two."""
    value = json.loads(example.value)
    return list(value.values()) if pair and isinstance(value, dict) else value
