"""Suites -> one contract of the Open Data Contract Standard 3.1, as YAML. Pure.

A rule is a metric of the standard's library where that means exactly the same, and else an expectation of Great Expectations as
a ``custom`` rule, so that nothing is lost. What the standard has no place for (ids, notes, weights, feeds, default codes)
stands in custom properties called ``dq``: :mod:`~dq_engine.interchange.odcs` makes the same suites of the contract again. Tools
that know nothing of dq see types, descriptions, who may see values (``classification``), ``required``, ``unique`` and the
primary key where rules without a condition say so.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from dq_engine.interchange.odcs_quality import OWN
from dq_engine.model import Field
from dq_engine.suite import Check, Suite

VERSION = "v3.1.0"
"""The version of the standard that is written."""
TYPES = {
    "text": "string",
    "integer": "integer",
    "decimal": "number",
    "float": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
SEVERITIES = {"critical": "error", "warning": "warning", "info": "info"}
"""Severities by the words that the standard has as examples."""
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
NULLS, UNIQUE = "expect_column_values_to_not_be_null", "expect_column_values_to_be_unique"
COMPOUND = "expect_compound_columns_to_be_unique"


class Written(Struct, frozen=True):
    """A suite, and the value of its JSON text."""

    suite: Suite
    raw: dict[str, Any]


class Contract(Struct, frozen=True):
    """What a contract says beside its suites; without an ``id`` it is one that the names of the suites always give."""

    name: str = ""
    id: str = ""
    version: str = "1.0.0"
    status: str = "draft"


def as_yaml(suites: list[Written], contract: Contract) -> str:
    """The contract as YAML."""
    plain = json.loads(json.dumps(exported(suites, contract)))  # nothing in it is there twice, so YAML needs no aliases
    text: str = yaml.dump(plain, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=120)
    return text


def exported(suites: list[Written], contract: Contract) -> dict[str, Any]:
    """The contract as JSON values."""
    names = [written.suite.name for written in suites]
    made = str(uuid.uuid5(uuid.NAMESPACE_URL, "dq:contract:" + json.dumps(names)))
    owners = {written.suite.feed.owner for written in suites}
    team = {"team": {"name": owners.pop()}} if len(owners) == 1 and "" not in owners else {}
    return {
        "apiVersion": VERSION,
        "kind": "DataContract",
        "id": contract.id or made,
        "name": contract.name or ", ".join(names),
        "version": contract.version,
        "status": contract.status,
        "schema": [_object(written) for written in suites],
        **team,
    }


def _object(written: Written) -> dict[str, Any]:
    suite, feed = written.suite, written.suite.feed
    entries = list(zip(suite.checks, written.raw["expectations"], strict=True))
    of_column: dict[str | None, list[dict[str, Any]]] = {}
    for place, (check, entry) in enumerate(entries):
        of_column.setdefault(_place(check), []).append(_quality(place, check, entry, suite))
    columns = dict.fromkeys([*feed.columns, *(column for column in of_column if column is not None)])
    key = _primary_key(suite)
    properties = [_property(column, feed.columns.get(column), suite, of_column.get(column, []), key) for column in columns]
    described = {"businessName": feed.title, "description": feed.description}
    return {
        "name": suite.name,
        "logicalType": "object",
        **{name: text for name, text in described.items() if text},
        "properties": properties,
        **({"quality": of_column[None]} if None in of_column else {}),
        "customProperties": [{"property": OWN, "value": _rest(written)}],
    }


def _rest(written: Written) -> dict[str, Any]:
    """What the standard has no place for."""
    meta = dict(written.raw.get("meta") or {})
    own = {key: value for key, value in (meta.pop("dq", None) or {}).items() if key != "columns"}
    top = {key: value for key, value in written.raw.items() if key not in ("name", "expectations", "meta") and value is not None}
    return {
        "feed": {"feed": written.suite.feed.feed, **own},
        **({"suite": top} if top else {}),
        **({"meta": meta} if meta else {}),
    }


def _property(column: str, field: Field | None, suite: Suite, quality: list[dict[str, Any]], key: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": column}
    if field is not None:
        if field.type is not None:
            found["logicalType"] = TYPES[field.type]
        if field.description:
            found["description"] = field.description
        found["classification"] = field.sensitivity
    if any(_plain(check, NULLS, column) for check in suite.checks):
        found["required"] = True
    if any(_plain(check, UNIQUE, column) for check in suite.checks):
        found["unique"] = True
    if column in key:
        found |= {"primaryKey": True, "primaryKeyPosition": key.index(column) + 1}
    if quality:
        found["quality"] = quality
    if field is not None:
        said = msgspec.to_builtins(field)
        plain = msgspec.to_builtins(Field())
        more = {
            name: value for name, value in said.items() if value != plain[name] and name not in ("description", "sensitivity")
        }
        if more.get("type") != "float":
            more.pop("type", None)
        found["customProperties"] = [{"property": OWN, "value": more}] if more else []
    return {name: value for name, value in found.items() if value != []}


def _place(check: Check) -> str | None:
    """The column at which a rule stands: its own, if it is about one alone."""
    column = check.kwargs.get("column")
    return column if isinstance(column, str) and check.columns == (column,) else None


def _plain(check: Check, name: str, column: str) -> bool:
    """Whether a check is this rule for all rows of a column."""
    return check.expectation.name == name and check.kwargs == {"column": column}


def _primary_key(suite: Suite) -> list[str]:
    """The columns of the first rule that says that a key is unique, if each of them has a value in every row."""
    there = {check.kwargs["column"] for check in suite.checks if _plain(check, NULLS, check.kwargs.get("column", ""))}
    for check in suite.checks:
        unique = check.expectation.name == COMPOUND and set(check.kwargs) == {"column_list"}
        single = check.expectation.name == UNIQUE and set(check.kwargs) == {"column"}
        columns = list(check.columns)
        if (unique or single) and set(columns) <= there:
            return columns
    return []


def _quality(place: int, check: Check, entry: dict[str, Any], suite: Suite) -> dict[str, Any]:
    """One rule; ``place`` is its number in the suite."""
    dimension = "conformity" if check.dimension == "validity" else check.dimension
    common = {"name": check.id, "description": check.statement, "dimension": dimension, "severity": SEVERITIES[check.severity]}
    metric = next(_metric(check, suite), None)
    if metric is None:
        rule = {"type": "custom", "engine": "greatExpectations", "implementation": entry}
        own: dict[str, Any] = {"place": place}
    else:
        rule = {"type": "library", **metric}
        own = {"place": place, "entry": {key: value for key, value in entry.items() if key not in ("type", "kwargs")}}
    return {**common, **rule, "customProperties": [{"property": OWN, "value": own}]}


def _metric(check: Check, suite: Suite) -> Iterator[dict[str, Any]]:
    """The metric of the standard that means exactly what a check does, if there is one."""
    name, kwargs, keys = check.expectation.name, check.kwargs, set(check.kwargs)
    if keys == {"column"} and name in (NULLS, UNIQUE):
        yield {"metric": "nullValues" if name == NULLS else "duplicateValues", "mustBe": 0}
    elif keys == {"column_list"} and name == COMPOUND and set(check.columns) <= set(_primary_key(suite)):
        yield {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": list(check.columns)}}
    elif keys == {"column", "value_set"} and name == "expect_column_values_to_be_in_set":
        if isinstance(kwargs["value_set"], list) and kwargs["value_set"] and None not in kwargs["value_set"]:
            yield {"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": kwargs["value_set"]}}
    elif name == "expect_table_row_count_to_equal" and isinstance(kwargs.get("value"), int) and keys == {"value"}:
        yield {"metric": "rowCount", "mustBe": kwargs["value"]}
    elif name == "expect_table_row_count_to_be_between" and len(keys) == 1:
        sign = {"min_value": "mustBeGreaterOrEqualTo", "max_value": "mustBeLessOrEqualTo"}.get(*keys)
        if sign and all(isinstance(value, int) for value in kwargs.values()):
            yield {"metric": "rowCount", sign: next(iter(kwargs.values()))}
