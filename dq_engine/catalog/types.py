"""Types: what kind of value does a column hold? The vocabulary of type names is DuckDB's, SQL's and pandas'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from dq_engine.catalog.base import Case, ColumnName, Fault, Mostly, find_column, suggestion
from dq_engine.catalog.shapes import SchemaExpectation
from dq_engine.model import Judgement, Kind, Table

INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMP_NS WITH TIME ZONE", "TIMESTAMPTZ_NS")

ALIASES: dict[str, tuple[str, ...]] = {
    **{name.lower(): (name,) for name in (*INTEGERS, *TIMESTAMPS, "VARCHAR", "BOOLEAN", "DATE", "TIME", "FLOAT", "DOUBLE")},
    **{name.lower(): (name,) for name in ("BLOB", "UUID", "INTERVAL", "BIT", "JSON")},
    "decimal": ("DECIMAL",),
    "numeric": ("DECIMAL",),
    **dict.fromkeys(("text", "char", "string", "str", "str_", "object", "object_", "o"), ("VARCHAR",)),
    **dict.fromkeys(("int", "int_", "integer"), INTEGERS),
    "int8": ("TINYINT",),
    "int16": ("SMALLINT",),
    "int32": ("INTEGER",),
    "int64": ("BIGINT",),
    "uint8": ("UTINYINT",),
    "uint16": ("USMALLINT",),
    "uint32": ("UINTEGER",),
    "uint64": ("UBIGINT",),
    "float32": ("FLOAT",),
    "real": ("FLOAT",),
    **dict.fromkeys(("float64", "double", "double_precision"), ("DOUBLE",)),
    "float": ("FLOAT", "DOUBLE"),
    **dict.fromkeys(("bool", "bool_"), ("BOOLEAN",)),
    **dict.fromkeys(
        ("datetime", "datetime64", "datetime64[ns]", "datetime64[us]", "datetime64[ms]", "datetime64[s]"), TIMESTAMPS
    ),
    **dict.fromkeys(("timestamp", "timestamp_ntz"), TIMESTAMPS),
    **dict.fromkeys(("timestamptz", "timestamp with time zone", "datetime64[ns, utc]", "datetime64[us, utc]"), ZONED),
    "binary": ("BLOB",),
    "bytes": ("BLOB",),
}
_PARAMETERS = re.compile(r"^(\w+)\s*\(.*\)$")


def kind_of(type_name: str) -> Kind:
    """The kind of a DuckDB type name: what its values can be compared with."""
    base = base_of(type_name)
    if type_name.endswith("]") or base in ("STRUCT", "MAP", "UNION", "LIST", "VARIANT"):
        return "nested"
    kinds: dict[str, Kind] = {
        **dict.fromkeys(INTEGERS, "integer"),
        **dict.fromkeys(TIMESTAMPS, "timestamp"),
        **dict.fromkeys(ZONED, "timestamptz"),
        "DECIMAL": "decimal",
        "FLOAT": "float",
        "DOUBLE": "float",
        "VARCHAR": "text",
        "JSON": "text",
        "ENUM": "text",
        "BOOLEAN": "boolean",
        "DATE": "date",
        "TIME": "time",
        '"NULL"': "null",
    }
    return kinds.get(base, "other")


def base_of(type_name: str) -> str:
    """A type name without its parameters: DECIMAL for DECIMAL(10,2)."""
    match = _PARAMETERS.match(type_name)
    return (match[1] if match else type_name).upper()


def is_of(actual: str, wanted: str) -> bool:
    """Whether the DuckDB type ``actual`` is what ``wanted`` names; parameters count only where ``wanted`` has them."""
    if _PARAMETERS.match(wanted):
        return actual.replace(" ", "").upper() == wanted.replace(" ", "").upper()
    return base_of(actual) in ALIASES.get(wanted.lower(), (wanted.upper(),))


class ExpectColumnValuesToBeOfType(SchemaExpectation, frozen=True, kw_only=True):
    """The column has the given type.

    Why: a code stored as a number loses its leading and trailing zeros; a date stored as text sorts wrongly.
    NULLs: a column of NULLs still has its type. Names are DuckDB's (`VARCHAR`, `BIGINT`, `DECIMAL(10,2)`), SQL's or pandas'
    (`str`, `int64`, `datetime64[ns]`); the columns of Parquet have one type, so `mostly` and `row_condition` change nothing.
    See also: expect_table_columns_to_match_set, expect_column_to_exist.
    """

    name = "expect_column_values_to_be_of_type"
    conditional = True
    examples = (
        Case("text", {"snomed": ["22298006"]}, {"column": "snomed", "type_": "VARCHAR"}, True),
        Case("pandas' name", {"items": [1]}, {"column": "items", "type_": "int64"}, True),
        Case("a number", {"snomed": [22298006]}, {"column": "snomed", "type_": "str"}, False, 1),
    )
    column: ColumnName
    type_: Annotated[str, Meta(description="The name of the type.", min_length=1)]
    mostly: Mostly = 1.0

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def faults(self) -> Iterator[Fault]:
        if self.type_.lower() not in ALIASES and not _PARAMETERS.match(self.type_) and not self.type_.endswith("]"):
            yield Fault("type_", f'unknown type name "{self.type_}"{suggestion(self.type_, sorted(ALIASES))}')

    def statement(self) -> str:
        return f"{self.column} is of type {self.type_}"

    def judge_columns(self, table: Table) -> Judgement:
        actual = find_column(table, self.column).type
        success = is_of(actual, self.type_)
        return Judgement(success, "columns", 1, 0, 0 if success else 1, success, actual)
