"""Patterns of SQL's LIKE: has a value the right form, said with ``%`` and ``_``?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import Case, Fault, Scope, scalar_column
from dq_engine.catalog.shapes import ColumnRowExpectation

WILDCARDS = "%_"
MARK = "\\"
"""What stands before a character that means itself, in the patterns that DuckDB gets."""

LikePattern = Annotated[
    str, Meta(description="% stands for any characters or none, _ for exactly one; upper and lower case are told apart.")
]
Escape = Annotated[
    str | None, Meta(description="One character: what follows it in the pattern means itself. null: there is none.")
]
LikePatterns = Annotated[list[LikePattern], Meta(description="The patterns, one or more.", min_length=1)]


class Unfinished(ValueError):
    """A pattern ends with its escape character, so that nothing is left for it to stand before."""


def matches(text: str, pattern: str, escape: str | None) -> str:
    """SQL: ``text`` is LIKE the pattern. Any one character can be ``escape``, where DuckDB takes ASCII only.

    Raises :class:`Unfinished`.
    """
    pieces = list(_pieces(pattern, escape))
    plain = all(wild or piece not in WILDCARDS for piece, wild in pieces)
    if plain:  # the commonest patterns need no mark, and DuckDB is faster without
        return f"{text} LIKE {sql.text(''.join(piece for piece, _ in pieces))}"
    marked = "".join(piece if wild or piece not in (*WILDCARDS, MARK) else MARK + piece for piece, wild in pieces)
    return f"{text} LIKE {sql.text(marked)} ESCAPE {sql.text(MARK)}"


def _pieces(pattern: str, escape: str | None) -> Iterator[tuple[str, bool]]:
    """The characters of a pattern that count, each with whether it is a wildcard."""
    characters = iter(pattern)
    for character in characters:
        if character != escape:
            yield character, character in WILDCARDS
            continue
        literal = next(characters, None)
        if literal is None:
            raise Unfinished
        yield literal, False


class LikeExpectation(ColumnRowExpectation, frozen=True, kw_only=True):
    """A rule about LIKE patterns. (A shape: it has no name.)"""

    escape: Escape = None

    def given(self) -> dict[str, str]:
        """The patterns, each by its place among the arguments."""
        raise NotImplementedError

    def faults(self) -> Iterator[Fault]:
        if self.escape is not None and len(self.escape) != 1:
            yield Fault("escape", f"expected one character, or null for none; got {sql.spoken(self.escape)}")
            return
        for argument, pattern in self.given().items():
            try:
                matches("", pattern, self.escape)
            except Unfinished:
                advice = f"to mean the character itself, write it twice: {self.escape}{self.escape}"
                yield Fault(argument, f"{sql.spoken(pattern)} ends with the escape character; {advice}")

    def like(self, scope: Scope) -> list[str]:
        """SQL for each pattern: the value, as text, matches it."""
        text = sql.as_text(scalar_column(scope, self.column))
        return [matches(text, pattern, self.escape) for pattern in self.given().values()]


def any_of(predicates: Sequence[str]) -> str:
    """SQL that is true where one of the predicates is."""
    return predicates[0] if len(predicates) == 1 else "(" + " OR ".join(predicates) + ")"


class ExpectColumnValuesToMatchLikePattern(LikeExpectation, frozen=True, kw_only=True):
    """Every value matches the LIKE pattern.

    Why: a code has a form; where `%` and `_` say it, no regular expression is needed.
    NULLs: not judged. The whole value must match. Upper and lower case differ, and a backslash is a character like any other
    unless `escape` names it. Values that are not text are matched as text.
    See also: expect_column_values_to_match_regex, expect_column_values_to_match_like_pattern_list.
    """

    name = "expect_column_values_to_match_like_pattern"
    examples = (
        Case("practice codes", {"code": ["A81001", "A82006", None]}, {"column": "code", "like_pattern": "A_____"}, True, 0),
        Case("one of another region", {"code": ["A81001", "B81002"]}, {"column": "code", "like_pattern": "A%"}, False, 1),
        Case("case matters", {"code": ["a81001"]}, {"column": "code", "like_pattern": "A%"}, False, 1),
        Case(
            "a real underscore",
            {"file": ["gp_2024", "gp-2024"]},
            {"column": "file", "like_pattern": "gp!_%", "escape": "!"},
            False,
            1,
        ),
    )
    like_pattern: LikePattern

    def given(self) -> dict[str, str]:
        return {"like_pattern": self.like_pattern}

    def statement(self) -> str:
        return self.every(f"is like {self.like_pattern}")

    def violation(self, scope: Scope) -> str:
        return f"NOT {self.like(scope)[0]}"


class ExpectColumnValuesToNotMatchLikePattern(LikeExpectation, frozen=True, kw_only=True):
    """No value matches the LIKE pattern.

    Why: test records and placeholders have a form too.
    NULLs: not judged. As for expect_column_values_to_match_like_pattern, case matters and the whole value must match.
    See also: expect_column_values_to_match_like_pattern, expect_column_values_to_not_match_regex.
    """

    name = "expect_column_values_to_not_match_like_pattern"
    examples = (
        Case("no test practice", {"name": ["The Surgery"]}, {"column": "name", "like_pattern": "%TEST%"}, True, 0),
        Case("one test practice", {"name": ["TEST Surgery", None]}, {"column": "name", "like_pattern": "%TEST%"}, False, 1),
    )
    like_pattern: LikePattern

    def given(self) -> dict[str, str]:
        return {"like_pattern": self.like_pattern}

    def statement(self) -> str:
        return self.every(f"is not like {self.like_pattern}")

    def violation(self, scope: Scope) -> str:
        return self.like(scope)[0]


class LikeListExpectation(LikeExpectation, frozen=True, kw_only=True):
    """A rule about several LIKE patterns. (A shape: it has no name.)"""

    like_pattern_list: LikePatterns

    def given(self) -> dict[str, str]:
        return {f"like_pattern_list[{place}]": pattern for place, pattern in enumerate(self.like_pattern_list)}


class ExpectColumnValuesToMatchLikePatternList(LikeListExpectation, frozen=True, kw_only=True):
    """Every value matches one of the LIKE patterns, or all of them.

    Why: a column may hold codes of several kinds, each with its own form.
    NULLs: not judged. `match_on` says whether one pattern is enough (`any`) or all must match (`all`).
    See also: expect_column_values_to_match_like_pattern, expect_column_values_to_match_regex_list.
    """

    name = "expect_column_values_to_match_like_pattern_list"
    examples = (
        Case(
            "practices and trusts",
            {"org": ["A81001", "RAE", None]},
            {"column": "org", "like_pattern_list": ["A_____", "R__"]},
            True,
            0,
        ),
        Case("one of neither", {"org": ["A81001", "5D7"]}, {"column": "org", "like_pattern_list": ["A_____", "R__"]}, False, 1),
        Case(
            "both must match",
            {"bnf": ["0501013B0", "0501021L0"]},
            {"column": "bnf", "like_pattern_list": ["05%", "%B0"], "match_on": "all"},
            False,
            1,
        ),
    )
    match_on: Annotated[Literal["any", "all"], Meta(description="Whether a value must match one of the patterns, or all.")] = (
        "any"
    )

    def statement(self) -> str:
        which = "all" if self.match_on == "all" else "one"
        return self.every(f"is like {which} of {', '.join(self.like_pattern_list)}")

    def violation(self, scope: Scope) -> str:
        predicates = self.like(scope)
        return f"NOT ({' AND '.join(predicates)})" if self.match_on == "all" else f"NOT {any_of(predicates)}"


class ExpectColumnValuesToNotMatchLikePatternList(LikeListExpectation, frozen=True, kw_only=True):
    """No value matches any of the LIKE patterns.

    Why: markers of test records and of redaction come in several forms.
    NULLs: not judged.
    See also: expect_column_values_to_not_match_like_pattern, expect_column_values_to_match_like_pattern_list.
    """

    name = "expect_column_values_to_not_match_like_pattern_list"
    examples = (
        Case("none", {"name": ["The Surgery"]}, {"column": "name", "like_pattern_list": ["%TEST%", "ZZZ%"]}, True, 0),
        Case("one", {"name": ["ZZZ Smith", "Dr Ali"]}, {"column": "name", "like_pattern_list": ["%TEST%", "ZZZ%"]}, False, 1),
    )

    def statement(self) -> str:
        return self.every(f"is like none of {', '.join(self.like_pattern_list)}")

    def violation(self, scope: Scope) -> str:
        return any_of(self.like(scope))
