"""A pattern must find the same values in DuckDB as it does in Python, or be refused with a reason."""

import re
import unicodedata
from collections.abc import Iterable

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_engine.regex import InvalidPattern, UnsupportedPattern, to_re2

CODE_POINTS = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]


@pytest.fixture(scope="module")
def database() -> Iterable[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def found_by_duckdb(database: duckdb.DuckDBPyConnection, pattern: str, values: list[str]) -> dict[str, bool]:
    """Match all values in one query, with the pattern as a constant and as a column: DuckDB plans these differently."""
    literal = "'" + to_re2(pattern).replace("'", "''") + "'"
    rows = database.execute(
        f"""select value, regexp_matches(value, {literal}),
                   regexp_matches(value, case when length(value) >= 0 then {literal} end)
            from (select unnest(?) as value)""",
        [values],
    ).fetchall()
    assert all(constant == column for _, constant, column in rows), f"{pattern!r} depends on how the query is planned"
    return {value: constant for value, constant, _ in rows}


EXAMPLES = [
    # GP practice code, postcode, NHS number, ICD-10 code, date
    (r"^[A-Z]\d{5}$", ["A81001", "Z00000", "A81001\n"], ["a81001", "A8100", "A810011", " A81001", "A81001\n\n", ""]),
    (r"\A[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}\Z", ["SW1A 1AA", "M1 1AE"], ["SW1A1AA", "M1 1AE\n", "m1 1ae", ""]),
    (r"(?a)^\d{3}[ -]?\d{3}[ -]?\d{4}\Z", ["943 476 5919", "9434765919"], ["943 476 591", "٩434765919", "94347659190"]),
    (r"^[A-TV-Z]\d{2}(?:\.\d{1,2})?$", ["E11", "E11.9", "J45.90"], ["U07", "E1", "E11.", "E11.900"]),
    (r"^(?P<year>\d{4})-(0[1-9]|1[0-2])$", ["2024-01", "2024-12"], ["2024-13", "2024-1", "24-01"]),
    # ends and lines
    (r"a$", ["a", "a\n", "ba"], ["a\n\n", "ab", "a\nb"]),
    (r"a\n$", ["a\n", "a\n\n"], ["a", "a\n\n\n"]),
    (r"a\Z", ["a"], ["a\n"]),
    (r"^$", ["", "\n"], ["\n\n", " "]),
    (r"^(yes$|no)", ["yes", "yes\n", "no", "nobody"], ["yesterday"]),
    (r"^(a$)?", ["", "a", "b"], []),
    (r"(?m)^b$", ["b", "a\nb", "b\nc", "a\nb\n"], ["ab", "a\nbc"]),
    (r"a.b", ["a b", "a😀b", "a\rb"], ["a\nb", "ab"]),
    (r"(?s)^.\Z", ["\n", "😀", "\x00"], ["", "ab"]),
    (r"(?s).*", ["", "a\nb"], []),
    ("", ["", "a"], []),
    # case
    (r"(?i)^nhs$", ["nhs", "NHS", "nhſ"], ["nh", "nhß"]),
    (r"(?i)^k\Z", ["k", "K", "\u212a"], ["x"]),
    (r"(?i)^i\Z", ["i", "I", "İ", "ı"], ["l"]),
    (r"(?i)^ß\Z", ["ß", "ẞ"], ["ss", "SS"]),
    (r"(?i)^[a-z]+\Z", ["aZ", "ſ", "\u212a"], ["é", "1"]),
    (r"(?i)^[^k]\Z", ["l"], ["k", "K", "\u212a"]),
    (r"a(?i:b)(?-i:c)", ["abc", "aBc"], ["Abc", "abC"]),
    (r"(?ai)^((k)|-)\Z", ["k", "K", "-"], ["\u212a"]),
    (r"^(([Kk])|([Ss])|-)\Z", ["K", "s", "-"], ["\u212a", "ſ"]),  # RE2 alone would match these two
    # characters and classes
    (r"^\d+\Z", ["12", "٣", "१२"], ["²", "½", "a"]),
    (r"^\w+\Z", ["a_1", "é", "²", "漢"], ["e\u0301", "-", "€"]),
    (r"^\s\Z", [" ", "\t", "\xa0", "\u2028", "\x1c"], ["\u200b", "\ufeff", "a"]),
    (r"^[\D5]\Z", ["a", "5"], ["4", "٣"]),
    (r"^[]^-]+\Z", ["]", "^", "-", "-^]"], ["[", "\\"]),
    (r"^[^]\\]\Z", ["[", "a"], ["]", "\\"]),
    (r"^[+-\-]\Z", ["+", ",", "-"], [".", "*"]),
    (r"[^\s\S]", [], ["", "a", "\n"]),
    (r"a{b}|x{}", ["a{b}", "x{}"], ["ab", "x"]),
    (r"^\$1\.50 \(%_'\"#&~\)\Z", ["$1.50 (%_'\"#&~)"], ["$1x50 (%_'\"#&~)"]),
    ("\x00", ["a\x00b"], ["ab", "0"]),
    ("\ud800", [], ["", "a"]),
    # repeats and alternatives
    (r"^(cat|dog|)s\Z", ["cats", "dogs", "s"], ["catdogs", "cat"]),
    (r"^a+?b*?\Z", ["a", "aab"], ["", "b"]),
    (r"^(?:ab){2,3}?\Z", ["abab", "ababab"], ["ab", "abababab"]),
    (r"^a{0}b{2,}\Z", ["bb", "bbb"], ["b", "abb"]),
    (r"""(?x) ^ \d [ ] \d \Z  # two digits""", ["1 2"], ["12"]),
    # word boundaries
    (r"\b(?:mr|dr)\b", ["mr", "a dr.", "«dr»"], ["amr", "émr", "drß", "m r"]),
    (r"\b\w+t\b", ["cat!", "«ét»"], ["cats", ""]),
    (r"(?a)caf\b.", ["café", "caf "], ["cafe", "caf"]),
    (r"(?a)\Bs", ["cats"], ["s", "a s", "és"]),
]


@pytest.mark.parametrize(("pattern", "matching", "other"), EXAMPLES)
def test_pattern_finds_the_values_it_should(
    database: duckdb.DuckDBPyConnection, pattern: str, matching: list[str], other: list[str]
) -> None:
    expected = dict.fromkeys(matching, True) | dict.fromkeys(other, False)
    in_python = {value: re.search(pattern, value) is not None for value in expected}
    assert in_python == expected, "the example itself is wrong"
    assert found_by_duckdb(database, pattern, list(expected)) == expected, f"written as {to_re2(pattern)[:200]}"


def test_written_pattern_is_readable_printable_ascii() -> None:
    assert to_re2(r"^[A-Z]{2}[^,é\n]+(x|yz)\Z") == r"\A[A-Z]{2}[^\x{a},\x{e9}]+(?:(?:x|yz))\z"


@pytest.mark.parametrize(
    ("pattern", "what", "advice"),
    [
        (r"a(?=b)", "a lookahead, (?=...)", "two checks"),
        (r"^(?!0000)\d{4}", "a negative lookahead, (?!...)", "two checks"),
        (r"(?<=a)b", "a lookbehind, (?<=...)", "two checks"),
        (r"(?<!a)b", "a negative lookbehind, (?<!...)", "two checks"),
        (r"(a|b)\1", r"a backreference, \1", "Write out"),
        (r"(?P<x>a|b)(?P=x)", r"a backreference, \1", "Write out"),
        (r"(a)?(?(1)b|c)", "a conditional group", "alternatives"),
        (r"(?>a+)b", "an atomic group", "plain group"),
        (r"a++b", "a possessive repeat", "plain repeat"),
        (r"a{1001}", "a repeat of more than 1000", "lower count"),
        (r"(?:a{40}){40}", "a repeat of more than 1000", "lower count"),
        (r"(?:a{1001,})?", "a repeat of more than 1000", "lower count"),
        (r"\w{900}", "too large", "narrower classes"),
        (r"a$b", "a $ with something after it", r"\Z"),
        (r"(a$)+", "a $ with something after it or inside a repeat", r"\Z"),
        (r"$\Z", "a $ with something after it", r"\Z"),
        (r"a\b.", r"a word boundary, \b", "(?a)"),
        (r"^\ba", r"a word boundary, \b", "(?a)"),
        (r"\b-", r"a word boundary, \b", "(?a)"),
        (r"(?:\ba)+", r"a word boundary, \b", "(?a)"),
        (r"\Ba", r"\B", "(?a)"),
        (r"(?a)\B", r"\B", "match some character"),
        (r"x(?a:\d)", "a group that switches between ASCII and Unicode", "(?a)"),
    ],
)
def test_pattern_without_an_equivalent_is_refused_with_advice(pattern: str, what: str, advice: str) -> None:
    with pytest.raises(UnsupportedPattern) as refusal:
        to_re2(pattern)
    message = str(refusal.value)
    assert repr(pattern) in message, "the user must see which pattern it is about"
    assert "in Python" in message, "the user must see where it is searched for instead"
    assert what in message, "the user must see which part DuckDB does not have"
    assert advice in message, "the user must see how else to write it"
    re.compile(pattern)


def test_very_deep_nesting_is_refused() -> None:
    with pytest.raises(InvalidPattern, match="nested too deeply"):
        to_re2("(" * 5000 + ")" * 5000)


def test_pattern_that_python_warns_of_is_read_without_a_word(database: duckdb.DuckDBPyConnection) -> None:
    assert found_by_duckdb(database, "[[a]b", ["[b", "ab", "b"]) == {"[b": True, "ab": True, "b": False}


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a(b", "missing ), unterminated subpattern at position 1"),
        ("ab[z-a]", "bad character range z-a at position 3"),
        ("*", "nothing to repeat at position 0"),
        (r"a\q", r"bad escape \q at position 1"),
        ("a(?i)", "global flags not at the start of the expression at position 1"),
        ("a{9999999999}", "the repetition number is too large"),
        (r"(?<=a+)b", "look-behind requires fixed-width pattern"),
        (r"(?<!a|bc)d", "look-behind requires fixed-width pattern"),
    ],
)
def test_invalid_pattern_is_refused_with_pythons_reason(pattern: str, reason: str) -> None:
    with pytest.raises(InvalidPattern) as refusal:
        to_re2(pattern)
    assert repr(pattern) in str(refusal.value)
    assert reason in str(refusal.value)


def test_what_is_said_of_a_long_pattern_is_short() -> None:
    with pytest.raises(InvalidPattern, match="bad character in group name") as refusal:
        to_re2("(?(" + "[" * 9_000 + ")a)")
    assert len(str(refusal.value)) < 700  # Python quotes all of it


@pytest.mark.parametrize("pattern", ["a{1000}", "(?:a{40}){25}", "(?:a{1000}){0,1}", r"^\w{1,255}$", r"(?:.{100}){10}"])
def test_pattern_just_inside_the_limits_is_accepted_by_duckdb(database: duckdb.DuckDBPyConnection, pattern: str) -> None:
    values = ["a" * 249, "a" * 1000]
    in_python = {value: re.search(pattern, value) is not None for value in values}
    assert found_by_duckdb(database, pattern, values) == in_python


# --- Any pattern made of supported pieces, on values chosen to collide -----------------------------------------------

PIECES = [" ", "\u212a"]
PIECES += (  # noqa: SIM905 - a list literal would be far longer
    r"a b K s 1 é ß İ ı ſ ٣ 😀 \n . - \. \x00 \d \w \s \D \W \S [a-c] [^a] [^\W1] [k-s] [^é-ſ] []^-] [\d\n] [Kk] "
    r"^ \A \Z (?:) (?m:^) (?m:$) (?s:.) (?i:k) (?i:[^k]) (?i:ß)"
).split()
REPEATS = ["?", "*", "+", "{2}", "{0,2}", "{1,3}", "{2,}", "{0}", "??", "*?", "+?", "{0,2}?"]
GROUPS = ["(", "(?:", "(?i:", "(?m:", "(?s:"]


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner | st.just(""), min_size=2, max_size=3).map(lambda branches: f"(?:{'|'.join(branches)})"),
        st.tuples(inner, st.sampled_from(REPEATS)).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        st.tuples(st.sampled_from(GROUPS), inner).map(lambda pair: f"{pair[0]}{pair[1]})"),
    )


WHOLE = st.builds(
    lambda flags, start, middle, end: flags + start + middle + end,
    st.sampled_from(["", "(?i)", "(?m)", "(?s)", "(?a)", "(?im)", "(?ai)"]),
    st.sampled_from(["", "", "^", r"\bk", r"\b[a-c]"]),
    st.recursive(st.sampled_from(PIECES), larger, max_leaves=6),
    st.sampled_from(["", "", "$", r"s\b", r"\w+\b", r"\Z", "(b$|s)"]),
)
VALUES = st.lists(st.text("aAbkKsS1 \n_-.éÉßẞİıſ\u212a٣😀\x00\u2028", max_size=6), min_size=12, max_size=12)


@settings(max_examples=150, deadline=None)
@given(pattern=WHOLE, values=VALUES)
def test_any_supported_pattern_finds_the_same_values_as_python(
    database: duckdb.DuckDBPyConnection, pattern: str, values: list[str]
) -> None:
    values = ["", "\n", "a\n", *values]
    in_python = {value: re.search(pattern, value) is not None for value in values}
    assert found_by_duckdb(database, pattern, values) == in_python, f"written as {to_re2(pattern)[:200]}"


# --- All characters -------------------------------------------------------------------------------------------------


def test_classes_hold_the_same_characters_as_in_python(database: duckdb.DuckDBPyConnection) -> None:
    classes = [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"(?a)\d", r"(?a)\w", r"(?a)\s", r"(?i)\w", "."]
    classes += ["(?i)[a-z]", "(?i)[^k]", "(?i)[\\u0100-\\U00010450]"]
    columns = ", ".join(
        f"string_agg(chr(code), '' order by code) filter (where regexp_matches(chr(code), '{to_re2(pattern)}'))"
        for pattern in classes
    )
    in_duckdb = database.execute(
        f"""select {columns} from (select range::int as code from range({0x110000}))
            where code not between {0xD800} and {0xDFFF}"""
    ).fetchall()[0]
    everything = "".join(map(chr, CODE_POINTS))
    for pattern, found in zip(classes, in_duckdb, strict=True):
        differing = set() if found == (wanted := "".join(re.findall(pattern, everything))) else set(found) ^ set(wanted)
        # DuckDB's Unicode tables may be newer than this Python's: characters that Python does not know may differ.
        differing = {character for character in differing if unicodedata.category(character) != "Cn"}
        assert not differing, f"{pattern} differs for {len(differing)} characters: {sorted(differing)[:10]!a}"


def test_ignoring_case_pairs_the_same_letters_as_in_python(database: duckdb.DuckDBPyConnection) -> None:
    cased = [
        character
        for character in map(chr, CODE_POINTS)
        if {character.lower(), character.upper(), character.title(), character.casefold()} != {character}
    ]
    alphabet = "".join(cased)
    sample = [character for character in cased if ord(character) < 0x250 or ord(character) % 16 == 0]
    rows = []
    for character in sample:
        partners = set(re.findall(f"(?i){character}", alphabet))
        pattern = to_re2(f"(?i){character}")
        rows += [(character, pattern, partner, True) for partner in sorted(partners)]
        rows.append((character, pattern, "".join(other for other in cased if other not in partners), False))
    characters, patterns, values, expected = (list(column) for column in zip(*rows, strict=True))
    differing = database.execute(
        """select character, value[:5] from (
               select unnest(?) as character, unnest(?) as pattern, unnest(?) as value, unnest(?) as expected)
           where regexp_matches(value, pattern) <> expected""",
        [characters, patterns, values, expected],
    ).fetchall()
    assert not differing, f"(?i) pairs other letters than Python does: {differing[:10]}"
