"""Texts that a parser must be able to read: dates by a format, dates of any form, JSON. Python judges their different values."""

from __future__ import annotations

import datetime as dt
import json
import re
import warnings
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from dq_engine import judging, sql
from dq_engine.catalog.base import Case, Fault, Scope, scalar_column
from dq_engine.catalog.shapes import ColumnRowExpectation
from dq_engine.errors import NotEvaluable
from dq_engine.model import AidFact, Column, WrongValues

MOMENT = dt.datetime(2024, 1, 15, 10, 30, 5, 123456, tzinfo=dt.UTC)
"""The time by which formats are tried: any would do, and it is always the same."""
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
"""The keywords of JSON Schema by which a schema names another."""


class JudgedInPython(ColumnRowExpectation, frozen=True, kw_only=True):
    """A rule about the text of a value that SQL may be unable to say: then Python judges each different value. (A shape.)"""

    def wrong(self, scope: Scope) -> WrongValues | None:
        """The different values that break the rule, as Python finds them; None where ``violation`` does without."""
        raise NotImplementedError

    def text(self, scope: Scope) -> Column:
        """The column whose values are judged as text. Raises :class:`NotEvaluable` where they cannot be."""
        return scalar_column(scope, self.column)

    def judged(self, scope: Scope, test: str, **arguments: Any) -> WrongValues:
        """The different values of the column, in the rows considered, that the test finds wrong."""
        column = self.text(scope)
        where = sql.all_of(f"{column.sql} IS NOT NULL", scope.where)
        values = f"SELECT DISTINCT {sql.as_text(column)} AS value\nFROM {scope.table.view}\nWHERE {where}"
        return WrongValues(values, test, json.dumps(arguments, sort_keys=True))

    def aids(self, scope: Scope) -> tuple[WrongValues, ...]:
        aid = self.wrong(scope)
        return () if aid is None else (aid,)

    def proof(self, scope: Scope) -> AidFact | None:
        aid = self.wrong(scope)
        return None if aid is None else AidFact(aid.name)

    def violation(self, scope: Scope) -> str:
        aid = self.wrong(scope)
        assert aid is not None
        return f"{sql.as_text(self.text(scope))} IN (SELECT value FROM {aid.name})"


class TextExpectation(JudgedInPython, frozen=True, kw_only=True):
    """A rule about a column of text that a test in Python judges. (A shape: it has no name.)"""

    test: ClassVar[str]
    otherwise: ClassVar[str] = "expect_column_values_to_be_of_type"

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The arguments of the test."""
        return {}

    def text(self, scope: Scope) -> Column:
        column = scope.column(self.column)
        if not is_text(column):
            raise NotEvaluable(
                f'column "{self.column}" has the type {column.type}, and the rule is about texts: '
                f"to check the type itself, use {self.otherwise}"
            )
        return column

    def wrong(self, scope: Scope) -> WrongValues | None:
        return self.judged(scope, self.test, **self.arguments(scope))


def is_text(column: Column) -> bool:
    """The values of the column are texts, or there is none."""
    return column.kind in ("text", "null") or column.type == "JSON"


class ExpectColumnValuesToMatchStrftimeFormat(TextExpectation, frozen=True, kw_only=True):
    """Every text can be read as a date or time by the format.

    Why: a day that came as 31/12/2024 in one month and as 2024-12-31 in the next is read wrongly, or not at all.
    NULLs: not judged. The format is that of Python's `datetime.strptime`, which takes `2024-1-5` for `%Y-%m-%d` too. A column
    that is not text is an error: its values were read before.
    See also: expect_column_values_to_be_dateutil_parseable, expect_column_values_to_match_regex.
    """

    name = "expect_column_values_to_match_strftime_format"
    test = "strftime"
    examples = (
        Case(
            "days as the NHS writes them",
            {"discharged": ["31/12/2024", "1/1/2025", None]},
            {"column": "discharged", "strftime_format": "%d/%m/%Y"},
            True,
            0,
        ),
        Case(
            "one day that does not exist, one of another form",
            {"discharged": ["31/12/2024", "31/02/2025", "2025-01-01"]},
            {"column": "discharged", "strftime_format": "%d/%m/%Y"},
            False,
            2,
        ),
        Case(
            "most are",
            {"month": ["2024-10", "2024-11", "2024-12", "soon"]},
            {"column": "month", "strftime_format": "%Y-%m", "mostly": 0.7},
            True,
            1,
        ),
    )
    strftime_format: Annotated[str, Meta(description="A format of Python's strptime, such as %d/%m/%Y.")]

    def faults(self) -> Iterator[Fault]:
        try:
            with warnings.catch_warnings():  # of a day without its year, which later Pythons refuse in leap years
                warnings.simplefilter("ignore")
                dt.datetime.strptime(MOMENT.strftime(self.strftime_format), self.strftime_format)
        except (ValueError, re.error, KeyError, IndexError) as error:
            yield Fault("strftime_format", f"no date can be written and read by {sql.spoken(self.strftime_format)}: {error}")

    def statement(self) -> str:
        return self.every(f"is a date or time of the format {self.strftime_format}")

    def arguments(self, scope: Scope) -> dict[str, Any]:
        return {"format": self.strftime_format}


class ExpectColumnValuesToBeDateutilParseable(TextExpectation, frozen=True, kw_only=True):
    """Every text can be read as a date or time, whatever its form.

    Why: free dates ("5 Jan 2024", "2024-01-05T10:30") can be used only if a program can read them.
    NULLs: not judged. Python's `dateutil` reads very much: "10" and "Jan" too, and it may take day for month. Where the form is
    known, expect_column_values_to_match_strftime_format says more. A column that is not text is an error.
    See also: expect_column_values_to_match_strftime_format.
    """

    name = "expect_column_values_to_be_dateutil_parseable"
    test = "dateutil"
    dated = True
    examples = (
        Case("of any form", {"seen": ["5 Jan 2024", "2024-01-05T10:30", "05/01/2024", None]}, {"column": "seen"}, True, 0),
        Case("no date", {"seen": ["5 Jan 2024", "not known", "31 Feb 2024"]}, {"column": "seen"}, False, 2),
    )

    def statement(self) -> str:
        return self.every("can be read as a date or time")

    def arguments(self, scope: Scope) -> dict[str, Any]:
        return {"today": scope.today.isoformat()}


class ExpectColumnValuesToBeJsonParseable(TextExpectation, frozen=True, kw_only=True):
    """Every text is JSON.

    Why: a message or a list of codes that was stored as text and cut off cannot be read back.
    NULLs: not judged. JSON is what Python's `json.loads` reads: single numbers, `NaN` and `Infinity` too. No value of a column
    that is not text is JSON.
    See also: expect_column_values_to_match_json_schema.
    """

    name = "expect_column_values_to_be_json_parseable"
    test = "json"
    examples = (
        Case("lists and objects", {"codes": ['["E11", "I10"]', '{"main": "E11"}', "[]", None]}, {"column": "codes"}, True, 0),
        Case("one cut off", {"codes": ['["E11", "I10"]', '["E11", "I1']}, {"column": "codes"}, False, 1),
        Case("numbers are no text", {"codes": [1, 2, None]}, {"column": "codes"}, False, 2),
    )

    def statement(self) -> str:
        return self.every("is JSON")

    def wrong(self, scope: Scope) -> WrongValues | None:
        return super().wrong(scope) if is_text(scope.column(self.column)) else None

    def violation(self, scope: Scope) -> str:
        column = scope.column(self.column)
        return super().violation(scope) if is_text(column) else f"{column.sql} IS NOT NULL"


class ExpectColumnValuesToMatchJsonSchema(TextExpectation, frozen=True, kw_only=True):
    """Every text is JSON that matches a JSON Schema.

    Why: what a system reads from JSON (a code, a list of diagnoses) must be there, with the right type.
    NULLs: not judged. A value that is no JSON at all makes the check an error: find such values with
    expect_column_values_to_be_json_parseable. The draft is the one that `$schema` names, else the latest. Nothing is loaded from
    elsewhere: a reference must be to a part of the schema itself, or to a draft of JSON Schema. A column that is not text is an
    error.
    See also: expect_column_values_to_be_json_parseable.
    """

    name = "expect_column_values_to_match_json_schema"
    test = "json_schema"
    examples = (
        Case(
            "a code is there",
            {"diagnosis": ['{"code": "E11"}', '{"code": "I10", "main": true}', None]},
            {"column": "diagnosis", "json_schema": {"type": "object", "required": ["code"]}},
            True,
            0,
        ),
        Case(
            "without a code, or with one that is a number",
            {"diagnosis": ['{"code": "E11"}', '{"main": true}', '{"code": 11}']},
            {
                "column": "diagnosis",
                "json_schema": {"required": ["code"], "properties": {"code": {"type": "string"}}},
            },
            False,
            2,
        ),
        Case("any JSON", {"diagnosis": ["null", "[1]"]}, {"column": "diagnosis", "json_schema": {}}, True, 0),
    )
    json_schema: Annotated[dict[str, Any], Meta(description="The JSON Schema.")]

    def faults(self) -> Iterator[Fault]:
        for fault in schema_faults(self.json_schema):
            yield Fault("json_schema", fault)

    def statement(self) -> str:
        title = self.json_schema.get("title")
        named = title if isinstance(title, str) and title else json.dumps(self.json_schema, ensure_ascii=False)
        return self.every(f"matches the JSON Schema {named if len(named) <= 100 else named[:99] + '…'}")

    def arguments(self, scope: Scope) -> dict[str, Any]:
        return {"schema": self.json_schema}


def schema_faults(schema: dict[str, Any]) -> Iterator[str]:
    """Why a JSON Schema cannot be used: it is not valid, or refers to what it does not have."""
    from jsonschema import SchemaError  # noqa: PLC0415  few suites need it, and loading it takes as long as reading them

    try:
        missing = dict.fromkeys(unresolved(judging.validator_of(schema)))
    except SchemaError as error:
        message = error.message if len(error.message) <= 200 else error.message[:199] + "…"
        yield f"this is not a valid JSON Schema: at {error.json_path}: {message}"
    except (RecursionError, TypeError, AttributeError) as error:  # of a $schema that is no text, for example
        yield f"this cannot be read as a JSON Schema ({type(error).__name__})"
    else:
        for reference in missing:
            yield f"it refers to {sql.spoken(reference)}, which it does not have; schemas from elsewhere are not loaded"


def unresolved(validator: Any) -> Iterator[str]:
    """The references of a validator's schema that lead nowhere."""
    from jsonschema_specifications import REGISTRY  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415
    from referencing.jsonschema import specification_with  # noqa: PLC0415

    root = specification_with(validator.ID_OF(validator.META_SCHEMA)).create_resource(validator.schema)
    pending = [(root, REGISTRY.resolver_with_root(root))]
    while pending:
        schema, resolver = pending.pop()
        for keyword in REFERENCES if isinstance(schema.contents, dict) else ():
            reference = schema.contents.get(keyword)
            try:
                if isinstance(reference, str):
                    resolver.lookup(reference)
            except Unresolvable:
                yield reference
        pending += [(part, resolver.in_subresource(part)) for part in schema.subresources()]
