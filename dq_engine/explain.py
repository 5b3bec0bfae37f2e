"""The catalogue -> pages for people, as values and as Markdown, and JSON Schemas for editors. Pure: no files."""

from __future__ import annotations

import inspect
import json
import math
import re
import typing
from typing import Any

import msgspec

from dq_engine.catalog import CATALOG, conditions
from dq_engine.catalog.base import Case, Expectation, suggestion
from dq_engine.catalog.shapes import QueryExpectation
from dq_engine.errors import UsageError
from dq_engine.model import Feed, Field, Run, Severity
from dq_engine.parameters import KEY
from dq_engine.reference import (
    EVERY_RULE_TAKES,
    Argument,
    ExampleCase,
    ExampleColumn,
    ExampleExtract,
    RulePage,
    Section,
)
from dq_engine.scores import Band, Instrument, ItemRule, Scores, TermRule
from dq_engine.suite import RUN_OPTIONS, ExpectationMeta

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def find(name: str) -> type[Expectation]:
    """The class of that name; ``expect_`` may be left out. Raises :class:`UsageError`."""
    for candidate in (name, f"expect_{name}"):
        if candidate in CATALOG:
            return CATALOG[candidate]
    raise UsageError(f'there is no expectation "{name}"{suggestion(name, list(CATALOG))}. dq explain lists all')


def listing() -> str:
    """Every expectation with its dimension and first sentence, one a line."""
    width = max(map(len, CATALOG))
    return "\n".join(f"{name:<{width}}  {cls.dimension:<12}  {summary(cls)}" for name, cls in CATALOG.items())


def summary(cls: type[Expectation]) -> str:
    """The first sentence of the documentation of an expectation."""
    return inspect.getdoc(cls).partition("\n")[0]  # type: ignore[union-attr]


def rule_page(cls: type[Expectation]) -> RulePage:
    """The reference of one expectation as values: what, why, NULLs, arguments, examples."""
    return RulePage(
        name=cls.name,
        summary=summary(cls),
        sections=_sections(inspect.getdoc(cls) or ""),
        dimension=cls.dimension,
        kahn=cls.kahn,
        context=_context(cls),
        arguments=_arguments(cls),
        examples=tuple(_example(case) for case in cls.examples),
    )


def rule_pages() -> tuple[RulePage, ...]:
    """The reference of all expectations as values, in the order of the catalogue."""
    return tuple(rule_page(cls) for cls in CATALOG.values())


def page(cls: type[Expectation]) -> str:
    """The reference of one expectation, in Markdown."""
    return _markdown(rule_page(cls))


def reference() -> str:
    """The reference of all expectations, in Markdown."""
    pages = rule_pages()
    index = "\n".join(f"- [{rule.name}](#{rule.name}): {rule.summary}" for rule in pages)
    intro = f"# Expectations\n\nGenerated from the catalogue by `dq explain --markdown`; do not edit. {EVERY_RULE_TAKES}"
    return "\n\n".join([intro, index, *map(_markdown, pages)]) + "\n"


# ---------------------------------------------------------------------------------------------------- the catalogue -> values


def _context(cls: type[Expectation]) -> str:
    """The context of Kahn et al. 2016: verification in the extract itself, or validation by another one."""
    other = [field.required for field in msgspec.structs.fields(cls) if field.name == "other"]
    if any(other):
        return "validation"
    return "verification" + ", or validation where it looks into another extract" * bool(
        other or issubclass(cls, QueryExpectation)
    )


def _sections(doc: str) -> tuple[Section, ...]:
    """The labelled parts of a docstring (Why, NULLs, See also), each as one paragraph."""
    _, _, rest = doc.partition("\n")
    found = (part.partition(": ") for part in re.split(r"\n(?=[A-Z][A-Za-z ]{2,12}: )", rest.strip()))
    return tuple(Section(label, " ".join(text.split())) for label, _, text in found)


def _arguments(cls: type[Expectation]) -> tuple[Argument, ...]:
    schema = arguments_schema(cls)
    return tuple(
        Argument(
            name=name,
            type=_type(described),
            default="" if name in schema["required"] else json.dumps(described["default"]),
            required=name in schema["required"],
            meaning=described.get("description", ""),
        )
        for name, described in schema["properties"].items()
    )


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(option) for option in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    names = {
        "string": "text",
        "number": "number",
        "integer": "whole number",
        "boolean": "true or false",
        "array": "list",
        "null": "null",
    }
    return names.get(schema.get("type", ""), "any")


def _example(case: Case) -> ExampleCase:
    return ExampleCase(
        title=case.title,
        arguments=case.arguments,
        data=_columns(case.data),
        passes=case.passes,
        unexpected=case.unexpected,
        others=tuple(ExampleExtract(name, _columns(data)) for name, data in case.others.items()),
    )


def _columns(data: dict[str, list[Any]]) -> tuple[ExampleColumn, ...]:
    return tuple(
        ExampleColumn(name, tuple(None if isinstance(value, float) and math.isnan(value) else value for value in values))
        for name, values in data.items()
    )


# ------------------------------------------------------------------------------------------------------ values -> Markdown


def _markdown(rule: RulePage) -> str:
    return "\n\n".join(
        [
            f"## {rule.name}",
            rule.summary,
            *(f"{section.label}: {section.text}" for section in rule.sections),
            f"Dimension: {rule.dimension}, unless `meta.dq.dimension` says otherwise.",
            f"Kahn et al. 2016: {rule.kahn}; {rule.context}.",
            "\n".join(["| argument | type | default | meaning |", "|---|---|---|---|", *map(_argument_row, rule.arguments)]),
            "\n".join(["Examples:", "", *(f"- {_example_line(case)}" for case in rule.examples)]),
        ]
    )


def _argument_row(argument: Argument) -> str:
    default = "required" if argument.required else f"`{argument.default}`"
    return f"| `{argument.name}` | {argument.type} | {default} | {argument.meaning} |"


def _example_line(case: ExampleCase) -> str:
    arguments = json.dumps(case.arguments, ensure_ascii=False)
    data = json.dumps({column.name: column.values for column in case.data}, ensure_ascii=False)
    counted = "" if case.unexpected in (None, 0) else f", {case.unexpected} unexpected"
    return f"{case.title}: `{arguments}` on `{data}` {'passes' if case.passes else 'fails'}{counted}"


# --------------------------------------------------------------------------------------------------------------- schemas


def arguments_schema(cls: type[Expectation]) -> dict[str, Any]:
    """The JSON Schema of the arguments of one expectation, closed against unknown ones."""
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = msgspec.structs.fields(cls)
    properties: dict[str, Any] = {}
    for field in sorted(fields, key=lambda field: not field.required):
        properties[field.name] = _with_null(msgspec.json.schema(hints[field.name]))
        if not field.required:
            properties[field.name]["default"] = field.default
    required = [field.name for field in fields if field.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "$defs"}


def suite_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a suite: GX's own keys, ``meta.dq``, and for each type its arguments."""
    (feed, field, own), definitions = msgspec.json.schema_components(
        [Feed, Field, ExpectationMeta], ref_template="#/$defs/{name}"
    )
    (condition,), condition_definitions = msgspec.json.schema_components([conditions.Written], ref_template="#/$defs/{name}")
    definitions = {**definitions, **condition_definitions, "Condition": condition}
    definitions["Feed"]["additionalProperties"] = definitions["Field"]["additionalProperties"] = False
    del feed, field, own
    steering = {
        "row_condition": {"anyOf": [{"$ref": "#/$defs/Condition"}, {"type": "string"}, {"type": "null"}]},
        "condition_parser": {"type": ["string", "null"]},
        **{option: {} for option in RUN_OPTIONS},
    }
    entries = []
    for name, cls in CATALOG.items():
        arguments = arguments_schema(cls)
        extra = {key: value for key, value in steering.items() if cls.conditional or not key.startswith(("row_", "condition_"))}
        own = {name: {"anyOf": [wanted, {"$ref": "#/$defs/Parameter"}]} for name, wanted in arguments["properties"].items()}
        arguments["properties"] = {**own, **extra}
        entries.append(
            {
                "if": {"properties": {"type": {"const": name}}},
                "then": {"description": summary(cls), "properties": {"kwargs": arguments}},
            }
        )
    notes = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}]}
    entry = {
        "type": "object",
        "required": ["type", "kwargs"],
        "additionalProperties": False,
        "properties": {
            "type": {"enum": list(CATALOG)},
            "kwargs": {"type": "object"},
            "id": {"type": ["string", "null"]},
            "severity": {"enum": list(typing.get_args(Severity))},
            "description": {"type": ["string", "null"]},
            "notes": notes,
            "meta": {"type": ["object", "null"], "properties": {"dq": {"$ref": "#/$defs/ExpectationMeta"}}},
            "rendered_content": {},
            "windows": {},
        },
        "allOf": entries,
    }
    parameter = {
        "description": "The name of a parameter, or an expression: its value comes from --param or dq.toml.",
        "type": "object",
        "required": [KEY],
        "properties": {KEY: {"type": "string"}},
        "patternProperties": {f"^{re.escape(KEY)}\\.": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": DRAFT,
        "title": "Expectation suite of dq (Great Expectations 1.x)",
        "type": "object",
        "required": ["name", "expectations"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "id": {"type": ["string", "null"]},
            "expectations": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Expectation"}},
            "meta": {"type": ["object", "null"], "properties": {"dq": {"$ref": "#/$defs/Feed"}}},
            "notes": notes,
            "suite_parameters": {},
        },
        "$defs": {**definitions, "Expectation": entry, "Parameter": parameter},
    }


def run_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``run.json``."""
    return {"$schema": DRAFT, "title": "Run of dq, version 1", **msgspec.json.schema(Run)}


def instrument_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an instrument; sums, gaps and overlaps are beyond what a schema can say."""
    schema = msgspec.json.schema(Instrument)
    band, term, item, whole = (schema["$defs"][cls.__name__]["properties"] for cls in (Band, TermRule, ItemRule, Instrument))
    for share in (band["from"], band["to"], whole["least_weight"]):
        share |= {"minimum": 0, "maximum": 1}
    term["weight"] |= {"exclusiveMinimum": 0, "maximum": 1}
    item["weight"] |= {"exclusiveMinimum": 0}
    item["terms"] |= {"minItems": 1}
    whole["items"] |= {"minItems": 1}
    whole["version"] |= {"pattern": r"^\d+\.\d+\.\d+$"}
    return {"$schema": DRAFT, "title": "Instrument of dq", **schema}


def scores_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what ``dq score --format json`` writes."""
    return {"$schema": DRAFT, "title": "Scores of dq, version 1", **msgspec.json.schema(Scores)}


SCHEMAS = {"suite": suite_schema, "run": run_schema, "instrument": instrument_schema, "scores": scores_schema}
"""The schemas by the names that ``dq explain --schema`` takes."""


def as_text(schema: dict[str, Any]) -> str:
    """A schema as it is published."""
    return json.dumps(schema, indent=1, ensure_ascii=False, default=list) + "\n"
