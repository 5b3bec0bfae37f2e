"""Rewrite a Python regular expression for DuckDB, keeping its meaning.

Checks are written with Python's ``re`` syntax and run inside DuckDB, whose regular expressions are RE2. The two
differ in many small ways: ``$`` and a final newline, Unicode ``\\d``, ``\\w`` and ``\\b``, ignoring case. So the
pattern is read with Python's own parser and a new RE2 pattern is written from the parse tree; no text is edited. What RE2 cannot
say (lookaround, backreferences) is refused here, and searched for by Python, on the different values (:mod:`dq_engine.judging`).

``\\d``, ``\\w`` and ``\\s`` become RE2's own Unicode classes. RE2's tables may be newer than those of the running Python, so
the two may differ on characters that this Python does not know yet; on all others they agree. For other questions (ignoring
case, rare classes) Python's ``re`` is asked, over all code points: that takes up to half a second, once.
"""

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

# The parse tree has no public interface: `re._parser` is the only way to read a pattern exactly as `re` reads it.
# This is the one place that imports it. Everything below goes by the names of its operations ("LITERAL", "IN", ...),
# and an operation that is not known here is refused.
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_MAX_CODE = 0x10FFFF
_MAX_REPEAT = 1000  # RE2 refuses a count, or a product of nested counts, above this
_MAX_SIZE = 650_000  # DuckDB 2.0 refuses a compiled pattern ("pattern too large") from about 699,000 instructions
_LONGEST = 300  # of a pattern, and of Python's reason, in a message
_TYPE_FLAGS = re.ASCII | re.UNICODE
_META = frozenset("\\.+*?()|[]{}^$-")
_NEVER = r"[^\x{0}-\x{10ffff}]"  # a set without characters: matches nowhere
# RE2 reads [Kk] and [Ss] as (?i:k) and (?i:s), and inside a|b these then match the Kelvin sign and the long s too.
# A surrogate in the class prevents that; it matches nothing, since no valid text holds one.
_MISREAD_BY_RE2 = {((75, 75), (107, 107)): r"[Kk\x{d800}]", ((83, 83), (115, 115)): r"[Ss\x{d800}]"}
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}

_SPACE = r"\x{9}-\x{d}\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_UNICODE_CLASSES = {
    "CATEGORY_DIGIT": r"\p{Nd}",
    "CATEGORY_NOT_DIGIT": r"\P{Nd}",
    "CATEGORY_SPACE": _SPACE,
    "CATEGORY_WORD": r"\p{L}\p{N}_",
}
_UNICODE_COMPLEMENTS = {"CATEGORY_NOT_WORD": r"\p{L}\p{N}_", "CATEGORY_NOT_SPACE": _SPACE}

Ranges = tuple[tuple[int, int], ...]  # code points, both ends included, ascending and apart
Item = tuple[Any, Any]  # one node of the parse tree: (operation, argument)


class UnsupportedPattern(ValueError):
    """The pattern is valid in Python but nothing in RE2 means the same. The message says why, and how else to write it."""


class InvalidPattern(ValueError):
    """Python's ``re`` rejects the pattern. The message has its reason and the position."""


class _Piece(NamedTuple):
    """RE2 text, with what RE2's limits are measured on."""

    text: str
    size: int  # estimate of RE2's compiled instructions: above the truth for all but very scattered classes
    repeat: int = 1  # the largest product of nested repeat counts


@dataclass(frozen=True)
class _Scope:
    """What holds at a place in the pattern."""

    flags: int
    head: bool  # nothing whatever comes before this place
    tail: bool  # nothing whatever comes after it
    nonempty: bool  # the whole pattern matches at least one character


@lru_cache(maxsize=1024)  # a check asks when it is read, planned, phrased and explained
def to_re2(pattern: str) -> str:
    """Give the RE2 pattern for which DuckDB's ``regexp_matches(value, re2)`` equals ``re.search(pattern, value)``.

    In: a pattern in Python's syntax, with inline flags if wanted. Out: RE2 syntax, printable ASCII only.
    They agree on whether there is a match, for every value that is valid Unicode text; not on groups or positions.

    Raises InvalidPattern if Python rejects the pattern, UnsupportedPattern if RE2 has no equivalent: then only Python can search
    for it.
    """
    try:
        with warnings.catch_warnings():  # of sets such as [[a], which later Pythons may read in another way
            warnings.simplefilter("ignore")
            re.compile(pattern)
            tree = _parser.parse(pattern)
    except RecursionError:
        raise InvalidPattern("The pattern cannot be used: its groups are nested too deeply.") from None
    except (re.error, ValueError, OverflowError) as error:
        why = _cut(str(error), "…")  # it may quote all of the pattern
        raise InvalidPattern(f"The pattern {_shown(pattern)} is not a valid regular expression: {why}.") from error
    try:
        scope = _Scope(tree.state.flags, head=True, tail=True, nonempty=tree.getwidth()[0] > 0)
        piece = _sequence(tree, scope)
        if piece.size > _MAX_SIZE:
            raise _unsupported(
                "repeat counts that make it too large", r"Lower the counts, or use narrower classes: [A-Za-z] for \w."
            )
    except UnsupportedPattern as error:
        raise UnsupportedPattern(f"The pattern {_shown(pattern)} is searched for in Python, as {error}") from None
    except RecursionError:
        raise UnsupportedPattern("The pattern is searched for in Python, as its groups are nested very deeply.") from None
    return piece.text


def _shown(pattern: str) -> str:
    return _cut(repr(pattern), "…'")


def _cut(text: str, end: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - len(end)]}{end}"


def _unsupported(what: str, advice: str) -> UnsupportedPattern:
    return UnsupportedPattern(f"it has {what}, and DuckDB's regular expressions (RE2) have no equivalent. {advice}")


# --- The parse tree -------------------------------------------------------------------------------------------------


def _sequence(items: Sequence[Item], scope: _Scope) -> _Piece:
    """Write the items one after another."""
    pieces = []
    last = len(items) - 1
    inner = replace(scope, head=False, tail=False)
    for index, item in enumerate(items):
        edge = index in (0, last)
        here = replace(scope, head=scope.head and index == 0, tail=scope.tail and index == last) if edge else inner
        if str(item[0]) == "AT" and str(item[1]) == "AT_BOUNDARY":
            pieces.append(_boundary(items[max(0, index - 1) : index], items[index + 1 : index + 2], here))
        else:
            pieces.append(_item(item, here))
    return _joined("".join(piece.text for piece in pieces), pieces)


def _joined(text: str, pieces: list[_Piece]) -> _Piece:
    return _Piece(text, 1 + sum(piece.size for piece in pieces), max([1, *(piece.repeat for piece in pieces)]))


def _item(item: Item, scope: _Scope) -> _Piece:
    """Write one item, by the name of its operation."""
    name, argument = str(item[0]), item[1]
    if name == "IN" and not scope.flags & (re.ASCII | re.IGNORECASE) and (text := _named_class(argument)):
        return _Piece(text, 1000)
    if name in _CHARACTER_ITEMS:
        return _set(_characters(item, scope.flags))
    if name not in _WRITERS:
        raise _refusal(name, argument)
    return _WRITERS[name](argument, scope)


def _branch(argument: Any, scope: _Scope) -> _Piece:
    pieces = [_sequence(items, scope) for items in argument[1]]
    return _joined("(?:" + "|".join(piece.text for piece in pieces) + ")", pieces)


def _subpattern(argument: Any, scope: _Scope) -> _Piece:
    """Write a group. Whether there is a match does not depend on capturing, so no group captures."""
    _, add, remove, items = argument
    piece = _sequence(items, replace(scope, flags=_scoped_flags(scope.flags, add, remove)))
    return piece._replace(text=f"(?:{piece.text})")


def _scoped_flags(flags: int, add: int, remove: int) -> int:
    """Give the flags inside a group such as (?i-s:...).

    A group that switches between ASCII and Unicode is refused: ``re.search`` itself errs there. For example
    ``re.match`` finds (?a:\\S) in a U+2028 and ``re.search`` does not (seen in Python 3.11).
    """
    if add & _TYPE_FLAGS & ~flags:
        raise _unsupported(
            "a group that switches between ASCII and Unicode, (?a:...) or (?u:...)",
            "Start the whole pattern with (?a), or write the characters out: [0-9] for an ASCII \\d.",
        )
    return (flags | add) & ~remove


def _max_repeat(argument: Any, scope: _Scope) -> _Piece:
    low, high, items = argument
    top = None if high is _parser.MAXREPEAT else int(high)
    once = top is not None and top <= 1
    body = _sequence(items, scope if once else replace(scope, head=False, tail=False))
    suffix = {(0, 1): "?", (0, None): "*", (1, None): "+"}.get((low, top)) or _count(low, top)
    repeat = body.repeat * (max(1, low if top is None else top) if suffix.startswith("{") else 1)
    if repeat > _MAX_REPEAT:
        raise _unsupported(
            f"a repeat of more than {_MAX_REPEAT}, such as x{{{_MAX_REPEAT + 1}}} (nested repeats multiply)",
            "Use a lower count, or check the length separately.",
        )
    copies = low + 1 if top is None else top
    atom = len(items) == 1 and str(items[0][0]) in {"SUBPATTERN", *_CHARACTER_ITEMS}
    return _Piece((body.text if atom else f"(?:{body.text})") + suffix, copies * (body.size + 1) + 1, repeat)


def _min_repeat(argument: Any, scope: _Scope) -> _Piece:
    piece = _max_repeat(argument, scope)
    return piece._replace(text=piece.text + "?")


def _count(low: int, top: int | None) -> str:
    if low == top:
        return f"{{{low}}}"
    return f"{{{low},{'' if top is None else top}}}"


def _at(argument: Any, scope: _Scope) -> _Piece:
    """Write an anchor, all but \\b."""
    name = str(argument)
    multiline = scope.flags & re.MULTILINE
    if name == "AT_BEGINNING_STRING" or (name == "AT_BEGINNING" and not multiline):
        return _Piece(r"\A", 1)
    if name == "AT_BEGINNING":
        return _Piece("(?m:^)", 1)
    if name == "AT_END_STRING":
        return _Piece(r"\z", 1)
    if name == "AT_END" and multiline:
        return _Piece("(?m:$)", 1)
    if name == "AT_END" and scope.tail:  # nothing follows, so the final newline may be taken as part of the match
        return _Piece(r"(?:\x{a}?\z)", 3)
    if name == "AT_END":
        raise _unsupported(
            "a $ with something after it or inside a repeat", r"Move the $ to the very end, or use \Z for the end."
        )
    if name == "AT_NON_BOUNDARY" and scope.flags & re.ASCII and scope.nonempty:
        # On an empty value RE2's \B holds and Python's (before 3.14) does not, hence `nonempty`.
        return _Piece(r"\B", 1)
    raise _refusal(name, argument)


def _boundary(before: Sequence[Item], after: Sequence[Item], scope: _Scope) -> _Piece:
    """Write \\b. RE2's is ASCII only, so a Unicode one is written as the non-word character on its outer side.

    That takes a character, which is harmless only at the very start or end of the pattern; and it is the whole
    meaning only when the pattern's own character beside the \\b is surely a word character.
    """
    if scope.flags & re.ASCII:
        return _Piece(r"\b", 1)
    outside = _set(_ask_python(r"[\W]", 0))
    if scope.head and _word_at_edge(after, 0, scope.flags):
        return outside._replace(text=rf"(?:\A|{outside.text})")
    if scope.tail and _word_at_edge(before, -1, scope.flags):
        return outside._replace(text=rf"(?:{outside.text}|\z)")
    raise _unsupported(
        r"a word boundary, \b, other than next to a word character at the very start or end of the pattern",
        r"If ASCII letters and digits are enough, start the pattern with (?a).",
    )


def _word_at_edge(items: Sequence[Item], edge: int, flags: int) -> bool:
    """Say whether every match of the items has a word character at its edge: 0 for the first, -1 for the last."""
    if not items:
        return False
    name, argument = str(items[edge][0]), items[edge][1]
    if name in _CHARACTER_ITEMS:
        word = _ask_python(r"[\w]", 0)
        return all(any(a <= low and high <= b for a, b in word) for low, high in _characters(items[edge], flags))
    if name == "SUBPATTERN":
        return _word_at_edge(argument[3], edge, _scoped_flags(flags, argument[1], argument[2]))
    if name == "BRANCH":
        return all(_word_at_edge(branch, edge, flags) for branch in argument[1])
    if name in {"MAX_REPEAT", "MIN_REPEAT"}:
        return argument[0] > 0 and _word_at_edge(argument[2], edge, flags)
    return False


def _refusal(name: str, argument: Any) -> UnsupportedPattern:
    """Give the error for an operation that RE2 does not have."""
    split = "Rewrite the pattern without it, for example as two checks."
    behind = name in {"ASSERT", "ASSERT_NOT"} and argument[0] < 0
    what, advice = {
        "ASSERT": ("a lookbehind, (?<=...)" if behind else "a lookahead, (?=...)", split),
        "ASSERT_NOT": ("a negative lookbehind, (?<!...)" if behind else "a negative lookahead, (?!...)", split),
        "FAILURE": ("an empty negative lookahead, (?!)", split),  # what later Pythons make of (?!)
        "GROUPREF": (f"a backreference, \\{argument}", "Write out what it may repeat."),
        "GROUPREF_EXISTS": ("a conditional group, (?(1)...|...)", "Write the two cases as alternatives, a|b."),
        "ATOMIC_GROUP": ("an atomic group, (?>...)", "Use a plain group, (?:...), if it means the same here."),
        "POSSESSIVE_REPEAT": ("a possessive repeat, such as x++", "Use a plain repeat, x+, if it means the same here."),
        "AT_NON_BOUNDARY": (r"a Unicode or empty \B", "Start the pattern with (?a) and let it match some character."),
    }.get(name, (f"the operation {name}", "Rewrite the pattern without it."))
    return _unsupported(what, advice)


_CHARACTER_ITEMS = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
_WRITERS: dict[str, Callable[[Any, _Scope], _Piece]] = {
    "AT": _at,
    "BRANCH": _branch,
    "MAX_REPEAT": _max_repeat,
    "MIN_REPEAT": _min_repeat,
    "SUBPATTERN": _subpattern,
}


# --- Sets of characters ---------------------------------------------------------------------------------------------


def _characters(item: Item, flags: int) -> Ranges:
    """Give the code points that an item of one character matches."""
    name, argument = str(item[0]), item[1]
    if name == "ANY":
        return ((0, _MAX_CODE),) if flags & re.DOTALL else ((0, 9), (11, _MAX_CODE))
    ask_flags = flags & (re.ASCII | re.IGNORECASE)
    if name == "IN" and not ask_flags & re.IGNORECASE and all(str(m[0]) in ("NEGATE", "LITERAL", "RANGE") for m in argument):
        negated = str(argument[0][0]) == "NEGATE"
        return _complement(_merged(argument[1:])) if negated else _merged(argument)
    if name == "IN":
        return _ask_python("[" + "".join(_class_text(member) for member in argument) + "]", ask_flags)
    same = _case_partners(argument, ask_flags) if flags & re.IGNORECASE else ((argument, argument),)
    return same if name == "LITERAL" else _complement(same)


def _named_class(members: Sequence[Item]) -> str | None:
    """Write a [...] with \\d, \\w or \\s in it by RE2's Unicode classes; None for a class without them, or one RE2 cannot say."""
    negated = bool(members) and str(members[0][0]) == "NEGATE"
    inside = members[1:] if negated else members
    categories = [str(argument) for name, argument in inside if str(name) == "CATEGORY"]
    if not categories:
        return None
    if len(inside) == 1 and categories[0] in _UNICODE_COMPLEMENTS:
        return f"[{'' if negated else '^'}{_UNICODE_COMPLEMENTS[categories[0]]}]"
    if any(category not in _UNICODE_CLASSES for category in categories):
        return None
    plain = _range_text(_merged([member for member in inside if str(member[0]) != "CATEGORY"]))
    return f"[{'^' if negated else ''}{plain}{''.join(_UNICODE_CLASSES[category] for category in categories)}]"


def _merged(members: Sequence[Item]) -> Ranges:
    """Give the code points of literals and ranges, ascending and apart."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted((a, a) if str(name) == "LITERAL" else a for name, a in members):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _class_text(member: Item) -> str:
    """Write one member of a parsed [...] back in Python's syntax."""
    name, argument = str(member[0]), member[1]
    if name == "NEGATE":
        return "^"
    if name == "LITERAL":
        return _python_escape(argument)
    if name == "RANGE":
        return f"{_python_escape(argument[0])}-{_python_escape(argument[1])}"
    return _CATEGORIES[str(argument)]


def _python_escape(code: int) -> str:
    return f"\\U{code:08x}"


@lru_cache(maxsize=4096)
def _ask_python(text: str, flags: int) -> Ranges:
    """Give the code points that a [...] in Python's syntax matches, as Python's ``re`` itself finds them."""
    return tuple((found.start(), found.end() - 1) for found in re.finditer(f"{text}+", _all_characters(), flags))


@lru_cache(maxsize=4096)
def _case_partners(code: int, flags: int) -> Ranges:
    """Give the code points that one character matches when case is ignored, again as ``re`` itself finds them."""
    found = re.findall(_python_escape(code), _cased_characters(), flags)
    return tuple((other, other) for other in sorted({code, *map(ord, found)}))


@lru_cache(maxsize=1)
def _cased_characters() -> str:
    """Give every character that has another case: a letter's partners are among these, and asking is then quick."""
    return "".join(c for c in _all_characters() if not c == c.lower() == c.upper() == c.title() == c.casefold())


@lru_cache(maxsize=1)
def _all_characters() -> str:
    """Give every code point in order, so that a position in the text is a code point."""
    return "".join(map(chr, range(_MAX_CODE + 1)))


def _complement(ranges: Ranges) -> Ranges:
    """Give the code points that are not in the ranges."""
    starts = [0, *(high + 1 for _, high in ranges)]
    ends = [*(low - 1 for low, _ in ranges), _MAX_CODE]
    return tuple((low, high) for low, high in zip(starts, ends, strict=True) if low <= high)


def _set(ranges: Ranges) -> _Piece:
    """Write a set of characters: as itself, or as [^...] where that is shorter."""
    if ranges in _MISREAD_BY_RE2:
        return _Piece(_MISREAD_BY_RE2[ranges], 15)
    size = min(20 * len(ranges), 200 + 3 * len(ranges))
    outside = _complement(ranges)
    if not ranges:
        return _Piece(_NEVER, 1)
    if not outside:
        return _Piece("(?s:.)", 15)
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _Piece(_escape(ranges[0][0]), 4)
    if len(outside) < len(ranges):
        return _Piece(f"[^{_range_text(outside)}]", size)
    return _Piece(f"[{_range_text(ranges)}]", size)


def _range_text(ranges: Ranges) -> str:
    return "".join(_escape(low) if low == high else f"{_escape(low)}-{_escape(high)}" for low, high in ranges)


def _escape(code: int) -> str:
    """Write one character in RE2's syntax: printable ASCII as it is or behind a backslash, the rest as \\x{...}."""
    character = chr(code)
    if character in _META:
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\x{{{code:x}}}"
