"""Patterns: does a value have the right form?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from dq_engine import regex, sql
from dq_engine.catalog.base import Case, Fault, Scope, scalar_column
from dq_engine.catalog.bounds import Bounded, StrictMax, StrictMin
from dq_engine.catalog.shapes import ColumnRowExpectation, share
from dq_engine.model import Column

LENGTH = Column("length", "length", "BIGINT", "integer")

Length = Annotated[int, Meta(ge=0)]
Pattern = Annotated[str, Meta(description="A regular expression of Python's re, searched anywhere in the value.")]


def matches(scope: Scope, column: str, pattern: str) -> str:
    """SQL: the value, as text, matches the pattern as Python's ``re.search`` would."""
    return f"regexp_matches({sql.as_text(scalar_column(scope, column))}, {sql.text(regex.to_re2(pattern))})"


def pattern_faults(pattern: str) -> Iterator[Fault]:
    """The faults of a pattern: not valid, or without an equivalent that runs in linear time."""
    try:
        regex.to_re2(pattern)
    except ValueError as error:
        yield Fault("regex", str(error))


class ExpectColumnValuesToMatchRegex(ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value matches the pattern.

    Why: codes have a form (a practice code, a postcode), and a value without it cannot be looked up.
    NULLs: not judged. The pattern means what Python's `re.search` means: anchor it with `^` and `$` (or `\\A` and `\\Z`) to
    speak of the whole value. Values that are not text are matched as text. Lookaround and backreferences are refused.
    See also: expect_column_values_to_not_match_regex, expect_column_value_lengths_to_equal.
    """

    name = "expect_column_values_to_match_regex"
    examples = (
        Case("practice codes", {"code": ["A81001", "Y02498"]}, {"column": "code", "regex": r"^[A-Z]\d{5}$"}, True),
        Case("one malformed", {"code": ["A81001", "a8100", None]}, {"column": "code", "regex": r"^[A-Z]\d{5}$"}, False, 1),
    )
    regex: Pattern = "(?s).*"

    def faults(self) -> Iterator[Fault]:
        return pattern_faults(self.regex)

    def statement(self) -> str:
        return self.every(f"matches {self.regex}")

    def violation(self, scope: Scope) -> str:
        return f"NOT {matches(scope, self.column, self.regex)}"


class ExpectColumnValuesToNotMatchRegex(ColumnRowExpectation, frozen=True, kw_only=True):
    """No value matches the pattern.

    Why: what must not be there has a form too: double blanks, trailing blanks, test markers, an NHS number in free text.
    NULLs: not judged. The pattern means what Python's `re.search` means.
    See also: expect_column_values_to_match_regex.
    """

    name = "expect_column_values_to_not_match_regex"
    examples = (
        Case("no double blanks", {"band": ["8 to 14 Days"]}, {"column": "band", "regex": "  "}, True),
        Case("one double blank", {"band": ["8  to 14 Days", "1 Day"]}, {"column": "band", "regex": "  "}, False, 1),
    )
    regex: Pattern

    def faults(self) -> Iterator[Fault]:
        return pattern_faults(self.regex)

    def statement(self) -> str:
        return self.every(f"does not match {self.regex}")

    def violation(self, scope: Scope) -> str:
        return matches(scope, self.column, self.regex)


class ExpectColumnValueLengthsToBeBetween(Bounded, ColumnRowExpectation, frozen=True, kw_only=True):
    """The length of every value lies between two bounds.

    Why: cut-off names and padded codes show in their length first.
    NULLs: not judged. Length is counted in characters (code points) of the value as text.
    See also: expect_column_value_lengths_to_equal.
    """

    name = "expect_column_value_lengths_to_be_between"
    examples = (
        Case("three to six", {"org": ["5D7", "A81001"]}, {"column": "org", "min_value": 3, "max_value": 6}, True),
        Case("one too long", {"org": ["5D7", "A810019"]}, {"column": "org", "min_value": 3, "max_value": 6}, False, 1),
    )
    min_value: Annotated[Length | None, Meta(description="The smallest length allowed; null for none.")] = None
    max_value: Annotated[Length | None, Meta(description="The largest length allowed; null for none.")] = None
    strict_min: StrictMin = False
    strict_max: StrictMax = False

    def faults(self) -> Iterator[Fault]:
        return self.bound_faults(needed=True)

    def statement(self) -> str:
        return f"The length of {share(self.mostly).lower()} of {self.column} {self.between()}"

    def violation(self, scope: Scope) -> str:
        return self.outside(f"length({sql.as_text(scalar_column(scope, self.column))})", LENGTH)


class ExpectColumnValueLengthsToEqual(ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value has exactly the given length.

    Why: an NHS number has 10 digits, a BNF code 15 characters, an ODS practice code 6.
    NULLs: not judged. Length is counted in characters (code points) of the value as text.
    See also: expect_column_value_lengths_to_be_between.
    """

    name = "expect_column_value_lengths_to_equal"
    examples = (
        Case("fifteen", {"bnf": ["0501013B0AAAAAA"]}, {"column": "bnf", "value": 15}, True),
        Case("one short", {"bnf": ["0501013B0AAAAAA", "05010"]}, {"column": "bnf", "value": 15}, False, 1),
    )
    value: Annotated[float, Meta(description="The length, in characters.", ge=0)]

    def statement(self) -> str:
        return self.every(f"has {self.value:g} characters")

    def violation(self, scope: Scope) -> str:
        return f"length({sql.as_text(scalar_column(scope, self.column))}) <> {sql.number(self.value)}"
