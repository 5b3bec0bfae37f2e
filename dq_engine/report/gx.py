"""A run in the shape of Great Expectations' validation results (result format COMPLETE). No import of GX.

One document per extract, as ``ExpectationSuiteValidationResult.to_json_dict()`` writes it. It says what GX would say: a check
that had nothing to judge is a success where GX calls it one. Failing values are there only where values may be shown.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from dq_engine.model import Example, ExtractRun, Outcome, Run

GX_VERSION = "1.24.1"
"""The version of Great Expectations whose shape this is."""
PARTIAL, COMPLETE = 20, 200
"""GX's own caps on the failing values that it lists."""
NOT_NULL = "expect_column_values_to_not_be_null"
NULL_RULES = (NOT_NULL, "expect_column_values_to_be_null")


def validation_results(run: Run) -> dict[str, Any]:
    """The validation result of a run with one extract; for several, ``{"success", "results": [one per extract]}``."""
    documents = [validation_result(run, extract) for extract in run.extracts]
    if len(documents) == 1:
        return documents[0]
    return {"success": all(document["success"] for document in documents), "results": documents}


def validation_result(run: Run, extract: ExtractRun) -> dict[str, Any]:
    """The validation result of one extract. Checks that were not selected are not in it."""
    results = [_result(outcome) for outcome in extract.outcomes if outcome.status != "skipped"]
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


def _result(outcome: Outcome) -> dict[str, Any]:
    config: dict[str, Any] = {
        "type": outcome.expectation,
        "kwargs": outcome.kwargs,
        "meta": outcome.meta,
        "severity": outcome.severity,
    }
    if outcome.gx_id and is_uuid(outcome.gx_id):
        config["id"] = outcome.gx_id
    elif outcome.gx_id:
        config["meta"] = {**outcome.meta, "id": outcome.gx_id}
    if outcome.notes:
        config["notes"] = outcome.notes
    raised = outcome.status == "error"
    return {
        "success": bool(outcome.gx_success),
        "expectation_config": config,
        "result": {} if raised else _details(outcome),
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


def _details(outcome: Outcome) -> dict[str, Any]:
    if outcome.expectation == "expect_column_to_exist":
        return {}
    if outcome.unit == "rows" and "unexpected_rows_query" not in outcome.kwargs and "proportion" not in outcome.expectation:
        return _map_result(outcome)
    if "distinct_values" in outcome.expectation:
        values = [_native(example) for example in outcome.examples if example.value is not None]
        absent = outcome.details.get("absent_members")
        missing = {} if absent is None else {"missing_count": len(absent), "partial_missing_list": absent[:PARTIAL]}
        if "contain_set" in outcome.expectation:
            return {"observed_value": None, **missing}
        unexpected = (outcome.unexpected_count or 0) - len(absent or ())
        return {
            "observed_value": None,
            "unexpected_count": unexpected,
            "partial_unexpected_list": values[:PARTIAL],
            **missing,
        }
    if "columns_to_match" in outcome.expectation:
        mismatched = outcome.details.get("mismatched")
        return {
            "observed_value": outcome.details["columns"],
            **({"details": {"mismatched": mismatched}} if mismatched else {}),
        }
    return {"observed_value": outcome.observed_value}


def _map_result(outcome: Outcome) -> dict[str, Any]:
    element, missing, unexpected = outcome.element_count or 0, outcome.missing_count or 0, outcome.unexpected_count or 0
    judged = element - missing
    pair = "column_A" in outcome.kwargs
    natives = [(_native(example, pair=pair), example.count) for example in outcome.examples if example.value is not None]
    values = [value for value, count in natives for _ in range(min(count, COMPLETE))]
    counted = [{"value": value, "count": count} for value, count in natives]
    if outcome.expectation == NOT_NULL and unexpected:
        values, counted = [None] * min(unexpected, COMPLETE), [{"value": None, "count": unexpected}]
    result: dict[str, Any] = {
        "element_count": element,
        "unexpected_count": unexpected,
        "unexpected_percent": percent(unexpected, judged),
        "partial_unexpected_list": values[:PARTIAL],
        "partial_unexpected_counts": counted[:PARTIAL],
        "unexpected_list": values[:COMPLETE],
    }
    if outcome.expectation not in NULL_RULES:
        result |= {
            "missing_count": missing,
            "missing_percent": percent(missing, element),
            "unexpected_percent_total": percent(unexpected, element),
            "unexpected_percent_nonmissing": percent(unexpected, judged),
        }
    return result


def percent(part: int, whole: int) -> float | None:
    """0 to 100; None of nothing."""
    return 100 * part / whole if whole else None


def _native(example: Example, *, pair: bool = False) -> Any:
    """The failing value, from the JSON text in which it was read; of a pair, a list of the two."""
    value = json.loads(example.value)
    return list(value.values()) if pair and isinstance(value, dict) else value
