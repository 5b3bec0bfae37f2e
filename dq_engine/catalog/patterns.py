"""Patterns: does a value have the right form?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from dq_engine import regex, sql
from dq_engine.catalog.base import Case, Fault, Scope, scalar_column
from dq_engine.catalog.bounds import Bounded, StrictMax, StrictMin
from dq_engine.catalog.shapes import ColumnRowExpectation, share
from dq_engine.catalog.texts import JudgedInPython
from dq_engine.model import Column, WrongValues

LENGTH = Column("length", "length", "BIGINT", "integer")

Length = Annotated[int, Meta(ge=0)]
MatchOn = Literal["any", "all"]
Pattern = Annotated[str, Meta(description="A regular expression of Python's re, searched anywhere in the value.")]


class PatternExpectation(JudgedInPython, frozen=True, kw_only=True):
    """A rule about regular expressions: in DuckDB if it can search for all of them, else in Python. (A shape: it has no name.)"""

    forbidden: ClassVar[bool] = False

    def given(self) -> dict[str, str]:
        """The patterns, each by its place among the arguments."""
        raise NotImplementedError

    def together(self) -> MatchOn:
        """Whether one of the patterns is enough for a match, or all are needed."""
        return "any"

    def faults(self) -> Iterator[Fault]:
        for argument, pattern in self.given().items():
            try:
                regex.to_re2(pattern)
            except regex.UnsupportedPattern:
                continue
            except regex.InvalidPattern as error:
                yield Fault(argument, str(error))

    def searches(self, scope: Scope) -> list[str]:
        """SQL for each pattern: the value, as text, matches it as Python's ``re.search`` would say."""
        text = sql.as_text(self.text(scope))
        return [f"regexp_matches({text}, {sql.text(regex.to_re2(pattern))})" for pattern in self.given().values()]

    def wrong(self, scope: Scope) -> WrongValues | None:
        try:
            self.searches(scope)
        except regex.UnsupportedPattern as reason:
            return self.judged(
                scope,
                "regex",
                patterns=list(self.given().values()),
                match_on=self.together(),
                negate=self.forbidden,
                advice=str(reason),
            )
        return None

    def violation(self, scope: Scope) -> str:
        if self.wrong(scope) is not None:
            return super().violation(scope)
        searches = self.searches(scope)
        matched = (" OR " if self.together() == "any" else " AND ").join(searches)
        if not self.forbidden:
            return f"NOT {matched}" if len(searches) == 1 else f"NOT ({matched})"
        return matched


class ExpectColumnValuesToMatchRegex(PatternExpectation, frozen=True, kw_only=True):
    """Every value matches the pattern.

    Why: codes have a form (a practice code, a postcode), and a value without it cannot be looked up.
    NULLs: not judged. The pattern means what Python's `re.search` means: anchor it with `^` and `$` (or `\\A` and `\\Z`) to
    speak of the whole value. Values that are not text are matched as text. Patterns with lookaround or backreferences are
    searched for by Python, value by value, which takes longer; a check that takes too long is an error.
    See also: expect_column_values_to_not_match_regex, expect_column_values_to_match_regex_list.
    """

    name = "expect_column_values_to_match_regex"
    examples = (
        Case("practice codes", {"code": ["A81001", "Y02498"]}, {"column": "code", "regex": r"^[A-Z]\d{5}$"}, True),
        Case("one malformed", {"code": ["A81001", "a8100", None]}, {"column": "code", "regex": r"^[A-Z]\d{5}$"}, False, 1),
        Case(
            "no code of zeros (a lookahead)",
            {"code": ["A81001", "A00000", None]},
            {"column": "code", "regex": r"^[A-Z](?!0+$)\d{5}$"},
            False,
            1,
        ),
    )
    regex: Pattern = "(?s).*"

    def given(self) -> dict[str, str]:
        return {"regex": self.regex}

    def statement(self) -> str:
        return self.every(f"matches {self.regex}")


class ExpectColumnValuesToNotMatchRegex(PatternExpectation, frozen=True, kw_only=True):
    """No value matches the pattern.

    Why: what must not be there has a form too: double blanks, trailing blanks, test markers, an NHS number in free text.
    NULLs: not judged. Patterns are those of expect_column_values_to_match_regex.
    See also: expect_column_values_to_match_regex, expect_column_values_to_not_match_regex_list.
    """

    name = "expect_column_values_to_not_match_regex"
    examples = (
        Case("no double blanks", {"band": ["8 to 14 Days"]}, {"column": "band", "regex": "  "}, True),
        Case("one double blank", {"band": ["8  to 14 Days", "1 Day"]}, {"column": "band", "regex": "  "}, False, 1),
        Case(
            "a digit seven times over (a backreference)",
            {"phone": ["01132 434343", "0000000", None]},
            {"column": "phone", "regex": r"(\d)\1{6}"},
            False,
            1,
        ),
    )
    forbidden = True
    regex: Pattern

    def given(self) -> dict[str, str]:
        return {"regex": self.regex}

    def statement(self) -> str:
        return self.every(f"does not match {self.regex}")


class PatternListExpectation(PatternExpectation, frozen=True, kw_only=True):
    """A rule about several regular expressions. (A shape: it has no name.)"""

    regex_list: Annotated[list[Pattern], Meta(description="The patterns, one or more.", min_length=1)]

    def given(self) -> dict[str, str]:
        return {f"regex_list[{place}]": pattern for place, pattern in enumerate(self.regex_list)}


class ExpectColumnValuesToMatchRegexList(PatternListExpectation, frozen=True, kw_only=True):
    """Every value matches one of the patterns, or all of them.

    Why: a column may hold codes of several kinds, each with its own form.
    NULLs: not judged. `match_on` says whether one pattern is enough (`any`) or all must match (`all`). Patterns are those of
    expect_column_values_to_match_regex.
    See also: expect_column_values_to_match_regex, expect_column_values_to_match_like_pattern_list.
    """

    name = "expect_column_values_to_match_regex_list"
    examples = (
        Case(
            "practices and trusts",
            {"org": ["A81001", "RAE", None]},
            {"column": "org", "regex_list": [r"^[A-Z]\d{5}$", "^R[A-Z0-9]{2}$"]},
            True,
            0,
        ),
        Case("one of neither", {"org": ["A81001", "5D7"]}, {"column": "org", "regex_list": [r"^[A-Z]\d{5}$", "^R"]}, False, 1),
        Case(
            "all must match, one by a lookahead",
            {"org": ["A81001", "A00000", "81001"]},
            {"column": "org", "regex_list": ["^[A-Z]", r"^.(?!0+$)\d+$"], "match_on": "all"},
            False,
            2,
        ),
    )
    match_on: Annotated[MatchOn, Meta(description="Whether a value must match one of the patterns, or all.")] = "any"

    def together(self) -> MatchOn:
        return self.match_on

    def statement(self) -> str:
        which = "all" if self.match_on == "all" else "one"
        return self.every(f"matches {which} of {', '.join(self.regex_list)}")


class ExpectColumnValuesToNotMatchRegexList(PatternListExpectation, frozen=True, kw_only=True):
    """No value matches any of the patterns.

    Why: markers of test records and of redaction come in several forms.
    NULLs: not judged. Patterns are those of expect_column_values_to_match_regex.
    See also: expect_column_values_to_not_match_regex, expect_column_values_to_match_regex_list.
    """

    name = "expect_column_values_to_not_match_regex_list"
    examples = (
        Case("none", {"name": ["Dr Ali", None]}, {"column": "name", "regex_list": ["(?i)^test", "^ZZ"]}, True, 0),
        Case(
            "a test and a dummy", {"name": ["Test One", "ZZZ"]}, {"column": "name", "regex_list": ["(?i)^test", "^ZZ"]}, False, 2
        ),
    )
    forbidden = True

    def statement(self) -> str:
        return self.every(f"matches none of {', '.join(self.regex_list)}")


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
