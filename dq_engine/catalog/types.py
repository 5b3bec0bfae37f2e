"""Types: what kind of value does a column hold?

Vocabulary. A rule may call a type by its name in DuckDB or SQL, in pandas, in SQLAlchemy or in Spark; ``PANDAS`` and ``SQL`` say
which types of DuckDB a name means. Upper and lower case are the same, but where pandas' own spelling means something else.

- SQL: ``VARCHAR``, ``TEXT``, ``BIGINT``, ``DOUBLE PRECISION``, ``TIMESTAMP WITH TIME ZONE`` … ``DECIMAL(10,2)`` is that one type,
  ``DECIMAL`` any decimal. ``INT`` and ``INTEGER`` are any whole number, ``FLOAT`` any binary fraction, as in Python.
- pandas: ``int64``, ``float64``, ``bool``, ``str``, ``datetime64[us]`` … ``object`` is what numpy has no type for: text (before
  pandas 3), dates, decimals, times, bytes, lists. ``Int64``, ``Float64`` and so on, pandas' types for whole columns with NULLs,
  are known, but no column of a file has them.
- ``expect_column_type_to_be`` is as exact as pandas: there ``int`` is ``int64``, ``float`` is ``float64``, and ``datetime64[us]``
  is not ``datetime64[ns]``.

What is observed is told in the language of the rule: ``int64`` to one that says ``str``, ``BIGINT`` to one that says ``VARCHAR``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from dq_engine.catalog.base import Case, ColumnName, Fault, Mostly, find_column, suggestion
from dq_engine.catalog.shapes import SchemaExpectation
from dq_engine.model import Dimension, Judgement, Kahn, Kind, Table

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
FRACTIONS = ("FLOAT", "DOUBLE")
WITHOUT_TYPE = (
    "VARCHAR",
    "JSON",
    "DATE",
    "DECIMAL",
    "TIME",
    "TIME WITH TIME ZONE",
    "BLOB",
    "UUID",
    "ENUM",
    "LIST",
    "STRUCT",
    "MAP",
)
"""What pandas holds as objects, since numpy has no type for it."""
UNITS = {"s": "TIMESTAMP_S", "ms": "TIMESTAMP_MS", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}
OBJECTS = ("object", "object_", "O")

PANDAS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(OBJECTS, WITHOUT_TYPE),
    **dict.fromkeys(("str", "str_", "string_", "unicode"), ("VARCHAR",)),
    **dict.fromkeys(("int", "int_", "integer"), INTEGERS),
    **dict.fromkeys(("float", "float_", "floating"), FRACTIONS),
    **dict.fromkeys(("bool", "bool_"), ("BOOLEAN",)),
    **dict.fromkeys(("bytes", "bytes_"), ("BLOB",)),
    "int8": ("TINYINT",),
    "int16": ("SMALLINT",),
    "int32": ("INTEGER",),
    "int64": ("BIGINT",),
    "uint8": ("UTINYINT",),
    "uint16": ("USMALLINT",),
    "uint32": ("UINTEGER",),
    "uint64": ("UBIGINT",),
    "float16": (),
    "float32": ("FLOAT",),
    "float64": ("DOUBLE",),
    **dict.fromkeys(("datetime64", *(f"datetime64[{unit}]" for unit in UNITS)), TIMESTAMPS),
    **dict.fromkeys(("Timestamp", "datetime"), (*TIMESTAMPS, *ZONED)),
    **dict.fromkeys(("DatetimeTZDtype", "DatetimeTZDtypeType", *(f"datetime64[{unit}, UTC]" for unit in UNITS)), ZONED),
    **dict.fromkeys(("timedelta64", "timedelta", "Timedelta", *(f"timedelta64[{unit}]" for unit in UNITS)), ("INTERVAL",)),
    **dict.fromkeys(("list", "tuple"), ("LIST",)),
    "dict": ("STRUCT", "MAP"),
    "Decimal": ("DECIMAL",),
    **dict.fromkeys(("category", "CategoricalDtype", "CategoricalDtypeType"), ("ENUM",)),
    **{f"{prefix}Int{bits}": () for prefix in ("", "U") for bits in (8, 16, 32, 64)},
    **{f"Float{bits}": () for bits in (32, 64)},
}
"""pandas', numpy's and Python's names; to a rule with one of them, what is observed is told so too."""

NUMPY = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
"""numpy's names of single types."""

SQL: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in (*INTEGERS, *TIMESTAMPS, "VARCHAR", "BOOLEAN", "DATE", "TIME", "DOUBLE", "DECIMAL")},
    **{name: (name,) for name in ("BLOB", "UUID", "INTERVAL", "BIT", "JSON", "ENUM", "STRUCT", "MAP", "TIME WITH TIME ZONE")},
    **dict.fromkeys(
        ("TEXT", "CHAR", "STRING", "BPCHAR", "CHARACTER", "CHARACTER VARYING", "NVARCHAR", "NCHAR", "CLOB"), ("VARCHAR",)
    ),
    **dict.fromkeys(("UNICODE", "UNICODETEXT", "STRINGTYPE", "VARCHARTYPE", "CHARTYPE"), ("VARCHAR",)),
    **dict.fromkeys(("INT", "INTEGER", "SIGNED"), INTEGERS),
    **dict.fromkeys(("INT1", "BYTETYPE"), ("TINYINT",)),
    **dict.fromkeys(("INT2", "SHORT", "SMALLINTEGER", "SHORTTYPE"), ("SMALLINT",)),
    **dict.fromkeys(("INT4", "INTEGERTYPE"), ("INTEGER",)),
    **dict.fromkeys(("INT8", "LONG", "BIGINTEGER", "LONGTYPE"), ("BIGINT",)),
    "FLOAT": FRACTIONS,
    **dict.fromkeys(("REAL", "FLOAT4", "FLOATTYPE"), ("FLOAT",)),
    **dict.fromkeys(("FLOAT8", "DOUBLE PRECISION", "DOUBLE_PRECISION", "DOUBLETYPE"), ("DOUBLE",)),
    **dict.fromkeys(("NUMERIC", "DEC", "NUMBER", "DECIMALTYPE"), ("DECIMAL",)),
    **dict.fromkeys(("LOGICAL", "BOOLEANTYPE"), ("BOOLEAN",)),
    **dict.fromkeys(("BINARY", "VARBINARY", "BYTEA", "LARGEBINARY", "BINARYTYPE"), ("BLOB",)),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMPNTZTYPE"), TIMESTAMPS),
    **dict.fromkeys(("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_TZ", "TIMESTAMP_LTZ", "TIMESTAMPTZ_NS"), ZONED),
    **dict.fromkeys(("DATETIME", "TIMESTAMPTYPE"), (*TIMESTAMPS, *ZONED)),
    "DATETYPE": ("DATE",),
    "ARRAY": ("LIST",),
    "ARRAYTYPE": ("LIST",),
    "STRUCTTYPE": ("STRUCT",),
    "MAPTYPE": ("MAP",),
}
"""Names of DuckDB, of SQL elsewhere, of SQLAlchemy and of Spark, in capitals."""

EXACT_PANDAS: dict[str, tuple[str, ...]] = {
    **PANDAS,
    **dict.fromkeys(("int", "int_"), ("BIGINT",)),
    **dict.fromkeys(("float", "float_"), ("DOUBLE",)),
    **{f"datetime64[{unit}]": (name,) for unit, name in UNITS.items()},
    "datetime64[us, UTC]": ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
    "datetime64[ns, UTC]": ("TIMESTAMP_NS WITH TIME ZONE", "TIMESTAMPTZ_NS"),
}
"""What pandas' names mean where one type is asked for and not one of its kind."""

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


def meant(name: str, *, exact: bool = False) -> tuple[str, ...] | None:
    """The types of DuckDB that a name means, some of them perhaps none that a file can have; None for an unknown name.

    A name that both pandas and SQL know is pandas' in its own spelling ("int8") and SQL's in any other ("INT8").
    """
    names = EXACT_PANDAS if exact else PANDAS
    if name in names:
        return names[name]
    if name.upper() in SQL:
        return SQL[name.upper()]
    folded = {known.casefold(): types for known, types in names.items() if types}
    if name.casefold() in folded:
        return folded[name.casefold()]
    return (name,) if _PARAMETERS.match(name) or name.endswith("]") else None


def is_of(actual: str, wanted: str, *, exact: bool = False) -> bool:
    """Whether the DuckDB type ``actual`` is what ``wanted`` names; parameters count only where ``wanted`` has them."""
    base = "LIST" if actual.endswith("]") else base_of(actual)
    types = meant(wanted, exact=exact) or ()
    return base in types or _plain(actual) in map(_plain, types)


def _plain(name: str) -> str:
    return re.sub(r"\bNUMERIC\b", "DECIMAL", name.replace(" ", "").upper())


def observed(actual: str, wanted: str, *, exact: bool = False) -> str:
    """What the DuckDB type ``actual`` is called in the language of ``wanted``."""
    if wanted not in PANDAS:
        return actual
    base = "LIST" if actual.endswith("]") else base_of(actual)
    kind = kind_of(actual)
    if kind == "timestamptz":
        return "datetime64[us, UTC]" if exact else "Timestamp"
    if kind == "timestamp":
        unit = next((unit for unit, name in UNITS.items() if name == base), "us")
        return f"datetime64[{unit}]" if exact else "datetime64"
    if base == "VARCHAR" and wanted not in OBJECTS:
        return "str"
    if base in WITHOUT_TYPE:
        return "object" if exact else "object_"
    return next((name for name in NUMPY if PANDAS[name] == (base,)), actual)


def unknown_type(name: str) -> str:
    """What is said of a name that is not in the vocabulary."""
    return f'unknown type name "{name}"{suggestion(name, sorted({*PANDAS, *SQL}))}'


TypeNames = Annotated[list[str], Meta(min_length=1)]


class ColumnTypeExpectation(SchemaExpectation, frozen=True, kw_only=True):
    """A rule about the type of a column. (A shape: it has no name.)"""

    exact: ClassVar[bool] = False
    column: ColumnName

    def subject(self) -> tuple[str, ...]:
        return (self.column,)

    def wanted(self) -> list[str]:
        """The names of the types that are right."""
        raise NotImplementedError

    def judge_columns(self, table: Table) -> Judgement:
        actual, names = find_column(table, self.column).type, self.wanted()
        success = any(is_of(actual, name, exact=self.exact) for name in names)
        told = observed(actual, next((name for name in names if name in PANDAS), names[0]), exact=self.exact)
        return Judgement(success, "columns", 1, 0, 0 if success else 1, success, told)


class ExpectColumnValuesToBeOfType(ColumnTypeExpectation, frozen=True, kw_only=True):
    """The column has the given type.

    Why: a code stored as a number loses its leading and trailing zeros; a date stored as text sorts wrongly.
    NULLs: a column of NULLs still has its type. The columns of Parquet have one type, so `mostly` and `row_condition` change
    nothing.
    Names: those of SQL, in any case: `VARCHAR`, `TEXT`, `STRING`, `BIGINT`, `INT8`, `DOUBLE PRECISION`, `REAL`, `BOOLEAN`,
    `DATE`, `TIMESTAMP`, `TIMESTAMPTZ`, `DATETIME` (either of the two), `DECIMAL` (any), `DECIMAL(10,2)` (that one), `BLOB`,
    `BIGINT[]` …; `INT` and `INTEGER` are any whole number, `FLOAT` is any binary fraction. Those of pandas: `int64`, `uint8`,
    `float32`, `bool`, `str`, `datetime64[ns]` (any unit), `Timestamp`, `bytes`, `list`, `dict` …; `int` and `float` are any
    size, `object` is text, a date, a decimal or another type that numpy lacks; `Int64` and the like are known, but no column
    has them. Those of SQLAlchemy (`String`, `BigInteger`) and Spark (`StringType`, `LongType`). What is observed is told in
    pandas' words if the rule uses them.
    See also: expect_column_values_to_be_in_type_list, expect_column_type_to_be, expect_column_to_exist.
    """

    name = "expect_column_values_to_be_of_type"
    conditional = True
    examples = (
        Case("text", {"snomed": ["22298006"]}, {"column": "snomed", "type_": "VARCHAR"}, True),
        Case("pandas' name", {"items": [1]}, {"column": "items", "type_": "int64"}, True),
        Case("a number", {"snomed": [22298006]}, {"column": "snomed", "type_": "str"}, False, 1),
    )
    type_: Annotated[str, Meta(description="The name of the type.", min_length=1)]
    mostly: Mostly = 1.0

    def faults(self) -> Iterator[Fault]:
        if meant(self.type_) is None:
            yield Fault("type_", unknown_type(self.type_))

    def statement(self) -> str:
        return f"{self.column} is of type {self.type_}"

    def wanted(self) -> list[str]:
        return [self.type_]


class ExpectColumnValuesToBeInTypeList(ColumnTypeExpectation, frozen=True, kw_only=True):
    """The column has one of the given types.

    Why: the same field comes as a whole number from one system and as a decimal from another; as text it can be added by none.
    NULLs: a column of NULLs still has its type. Names as in expect_column_values_to_be_of_type. A name that no vocabulary has is
    passed over if another one is known: lists are often written for several databases. `mostly` and `row_condition` change
    nothing.
    See also: expect_column_values_to_be_of_type, expect_column_type_to_be.
    """

    name = "expect_column_values_to_be_in_type_list"
    conditional = True
    examples = (
        Case("any number", {"patients": [4012]}, {"column": "patients", "type_list": ["BIGINT", "DECIMAL", "DOUBLE"]}, True),
        Case(
            "pandas' and Spark's names", {"name": ["The Surgery"]}, {"column": "name", "type_list": ["str", "StringType"]}, True
        ),
        Case("text", {"patients": ["4012"]}, {"column": "patients", "type_list": ["int", "float"]}, False, 1),
    )
    type_list: Annotated[TypeNames | None, Meta(description="The names of the types that are right.")] = None
    mostly: Mostly = 1.0

    def faults(self) -> Iterator[Fault]:
        if self.type_list is None:
            yield Fault("type_list", "is missing: without it any type would pass")
        elif all(meant(name) is None for name in self.type_list):
            yield Fault("type_list", f"{unknown_type(self.type_list[0])}, and no other name in the list is known")

    def statement(self) -> str:
        return f"{self.column} is of one of the types {', '.join(self.wanted())}"

    def wanted(self) -> list[str]:
        return [] if self.type_list is None else self.type_list


class ExpectColumnTypeToBe(ColumnTypeExpectation, frozen=True, kw_only=True):
    """The type of the column is exactly the given one.

    Why: a timestamp in nanoseconds that was one in microseconds breaks readers that go by the type.
    NULLs: a column of NULLs still has its type. Names as in expect_column_values_to_be_of_type, but pandas' names are exact:
    `int` is `int64`, `float` is `float64`, and `datetime64[us]` is not `datetime64[ns]`.
    See also: expect_column_values_to_be_of_type, expect_column_values_to_be_in_type_list.
    """

    name = "expect_column_type_to_be"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    exact = True
    examples = (
        Case("DuckDB's name", {"day": ["2024-03-31"]}, {"column": "day", "type_": "DATE"}, True, types={"day": "DATE"}),
        Case("pandas' name", {"patients": [4012]}, {"column": "patients", "type_": "int64"}, True),
        Case("of another size", {"patients": [4012]}, {"column": "patients", "type_": "int32"}, False, 1),
    )
    type_: Annotated[str, Meta(description="The name of the type.", min_length=1)]

    def faults(self) -> Iterator[Fault]:
        if meant(self.type_, exact=True) is None:
            yield Fault("type_", unknown_type(self.type_))

    def statement(self) -> str:
        return f"The type of {self.column} is {self.type_}"

    def wanted(self) -> list[str]:
        return [self.type_]
