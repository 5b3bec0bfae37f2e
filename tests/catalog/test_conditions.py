"""``row_condition`` in every language: which rows it chooses, how it reads, and what is refused."""

import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import WorkerProcess, sql
from dq_engine.catalog import conditions
from dq_engine.catalog.conditions import InvalidCondition
from dq_engine.model import Column, Kind

KINDS: dict[str, Kind] = {
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "float",
    "DECIMAL(10,2)": "decimal",
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
FULL = pd.DataFrame(
    {
        "x": [1, 2, 3, -4, 5],
        "y": [3, 2, 1, 7, 5],
        "f": [1.5, -2.5, 0.1, float("inf"), 5.0],
        "s": ["a", "b", "ab", "it's", "日本"],
        "flag": [True, False, True, True, False],
        "d": pd.to_datetime(["2020-01-01", "2021-01-01", "2021-06-01 12:00", "1999-12-31", "2024-02-29"], format="ISO8601"),
        "list size": [10, 20, 30, 40, 50],
    }
)
SPARSE = """
    SELECT * FROM (VALUES
        (0, 1, 3, 1.5::DOUBLE, 1.10::DECIMAL(10,2), 'a', TRUE, DATE '2020-01-01', 10),
        (1, 2, 2, -2.5, 2.20, 'b', FALSE, DATE '2021-01-01', 20),
        (2, NULL, 1, NULL, NULL, 'a%b', TRUE, DATE '2021-06-01', 30),
        (3, -3, NULL, 0.5, 3.30, NULL, NULL, NULL, NULL),
        (4, 5, 5, 5.0, 5.00, 'Ab', FALSE, DATE '2024-02-29', 50)
    ) rows(dq_row, x, y, f, dec, s, flag, d, "list size")"""

Choose = Callable[..., list[int]]


class Rows:
    """A table in DuckDB, and which of its rows a condition chooses."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self.connection, self.name = connection, name
        described = connection.execute(f"DESCRIBE {name}").fetchall()
        self.columns = {row[0]: Column(row[0], sql.ident(row[0]), row[1], KINDS[row[1]]) for row in described}

    def where(self, predicate: str) -> list[int]:
        query = f"SELECT dq_row FROM {self.name} WHERE ({predicate}\n) ORDER BY 1"
        return [row[0] for row in self.connection.execute(query).fetchall()]

    def chosen(self, raw: dict[str, Any] | str, parser: str | None = "pandas") -> list[int]:
        return self.where(conditions.predicate(conditions.read(raw, parser), self.columns.__getitem__))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.register("frame", FULL)
        names = ", ".join(sql.ident(name) for name in FULL.columns)
        opened.execute(f"CREATE TABLE full_rows AS SELECT row_number() OVER () - 1 AS dq_row, {names} FROM frame")
        opened.execute('ALTER TABLE full_rows ALTER "d" TYPE TIMESTAMP')
        opened.execute(
            f'CREATE TABLE sparse AS SELECT * REPLACE (x::BIGINT AS x, y::BIGINT AS y, dq_row::BIGINT AS dq_row, "list size"::BIGINT AS "list size") FROM ({SPARSE})'
        )
        yield opened


@pytest.fixture(scope="module")
def full(connection: duckdb.DuckDBPyConnection) -> Rows:
    return Rows(connection, "full_rows")


@pytest.fixture(scope="module")
def sparse(connection: duckdb.DuckDBPyConnection) -> Rows:
    return Rows(connection, "sparse")


def chosen_by_pandas(text: str) -> list[int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [int(row) for row in FULL.query(text).index]


def refusal(raw: Any, parser: str | None = "pandas") -> str:
    with pytest.raises(InvalidCondition) as caught:
        conditions.read(raw, parser)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------------- pandas

PANDAS = [
    ("x == 1", [0]),
    ("x != 1", [1, 2, 3, 4]),
    ("x > 1", [1, 2, 4]),
    ("x >= 2.0", [1, 2, 4]),
    ("1 < x", [1, 2, 4]),
    ("1 < x <= 3", [1, 2]),
    ("5 > x > y", [2]),
    ("x == -4", [3]),
    ("x == +1", [0]),
    ("x == 1 + 1", [1]),
    ("x > 1_0", []),
    ("x < inf", [0, 1, 2, 3, 4]),
    ("f == inf", [3]),
    ("f > -inf", [0, 1, 2, 3, 4]),
    ("f == 0.1", [2]),
    # texts
    ('s == "a"', [0]),
    ("'a' == s", [0]),
    ("s == 'it\\'s'", [3]),
    ('s == "it\'s"', [3]),
    ('s == "a" "b"', [2]),
    ("s == '日本'", [4]),
    ("'a' <= s < 'b'", [0, 2]),
    # lists
    ("x in [1, 2]", [0, 1]),
    ("x not in [1, 2]", [2, 3, 4]),
    ("x in (1, 2,)", [0, 1]),
    ("x == [1, 2]", [0, 1]),
    ("[1, 2] == x", [0, 1]),
    ("x != [1, 2]", [2, 3, 4]),
    ("x in []", []),
    ("x not in []", [0, 1, 2, 3, 4]),
    ("s in ['a', 'b']", [0, 1]),
    ("s in 'ab'", [2]),
    ("s in ('a')", [0]),
    ("x.isin([1, -4])", [0, 3]),
    ("~x.isin([1, -4])", [1, 2, 4]),
    # a number equals no text
    ("x == '1'", []),
    ("x != '1'", [0, 1, 2, 3, 4]),
    ("s == 1", []),
    ("s != 1", [0, 1, 2, 3, 4]),
    ("x in ['1', 2]", [1]),
    ("flag == 'True'", []),
    ("flag == 7", []),
    # yes and no
    ("flag", [0, 2, 3]),
    ("not flag", [1, 4]),
    ("~flag", [1, 4]),
    ("flag == True", [0, 2, 3]),
    ("flag != True", [1, 4]),
    ("flag == 1", [0, 2, 3]),
    ("flag in [False]", [1, 4]),
    ("x == True", [0]),
    ("flag == flag", [0, 1, 2, 3, 4]),
    # joined: & and | bind as and and or do
    ("x != 1 & y != 2", [2, 3, 4]),
    ("x == 1 | y == 1", [0, 2]),
    ("x == 1 and y == 3 or s == 'b'", [0, 1]),
    ("x == 1 and (y == 3 or s == 'b')", [0]),
    ("(x == 2) & (s == 'b')", [1]),
    ("not x == 1 and y > 1", [1, 3, 4]),
    ("not (x == 1 or y > 1)", [2]),
    ("~(x > 2) & flag", [0, 3]),
    ("not x > 2 & flag", [0, 3]),
    ("not not flag", [0, 2, 3]),
    ("x > 1 == flag", [2]),
    ("(x > 1) == True", [1, 2, 4]),
    ("(x > 1) != True", [0, 3]),
    ("s.isnull() == False", [0, 1, 2, 3, 4]),
    # values that are there
    ("x.isnull()", []),
    ("x.isna() or flag", [0, 2, 3]),
    ("s.notnull() and s.notna()", [0, 1, 2, 3, 4]),
    ("x == x", [0, 1, 2, 3, 4]),
    ("f != f", []),
    # columns
    ("x == y", [1, 4]),
    ("x < y", [0, 3]),
    ("f > x", [0, 3]),
    ("`list size` > 25", [2, 3, 4]),
    ("`list size` / 10 == `x`", [0, 1, 2, 4]),
    ("s == '`list size`'", []),
    # arithmetic
    ("x + y == 4", [0, 1, 2]),
    ("x - y > 0", [2]),
    ("x * y * 2 > 6", [1, 4]),
    ("-x > 3", [3]),
    ("+x > 3", [4]),
    ("x / 2 > 1", [2, 4]),
    ("x // 2 == -2", [3]),
    ("x // -2 == -1", [0, 1]),
    ("x % 3 == 2", [1, 3, 4]),
    ("x % -3 == -1", [1, 3, 4]),
    ("x ** 2 == 16", [3]),
    ("x ** 3 < 0", [3]),
    ("f * 2 == 3", [0]),
    ("f + 0.2 > 0.3", [0, 2, 3, 4]),
    ("x * 0.1 == 0.3", []),
    ("x + 2 * y >= 7", [0, 3, 4]),
    # methods
    ("x.between(1, 3)", [0, 1, 2]),
    ("x.between(1, 3, inclusive='neither')", [1]),
    ("x.between(1, 3, inclusive='left')", [0, 1]),
    ("x.between(1, right=3, inclusive='right')", [1, 2]),
    ("s.str.contains('b')", [1, 2]),
    ("s.str.contains('^a|^b$')", [0, 1, 2]),
    ("s.str.contains('A', case=False)", [0, 2]),
    ("s.str.contains('.', regex=False)", []),
    ("s.str.contains('B', regex=False, case=False, na=False)", [1, 2]),
    ("~s.str.contains('b')", [0, 3, 4]),
    ("s.str.startswith('a')", [0, 2]),
    ("s.str.endswith('b')", [1, 2]),
    ("s.str.match('a')", [0, 2]),
    ("s.str.fullmatch('a|b')", [0, 1]),
    ("s.str.len() == 2", [2, 4]),
    ("s.str.len() + 1 > x", [0, 3]),
    # dates
    ("d > '2020-06-01'", [1, 2, 4]),
    ("'2020-01-01' <= d < '2021-06-01'", [0, 1]),
    ("d.between('2020-01-01', '2021-01-01')", [0, 1]),
    ("d.dt.year == 2021 and d.dt.month < 6", [1]),
    ("d.dt.day + d.dt.quarter == 2", [0, 1]),
    # white space and comments
    ("  x>1 # grown-ups", [1, 2, 4]),
    ("\nx > 1\n", [1, 2, 4]),
    ("x>1and y<2", [2]),
]


@pytest.mark.parametrize(("text", "rows"), PANDAS, ids=[text for text, _ in PANDAS])
def test_a_pandas_query_chooses_the_rows_that_pandas_chooses(text: str, rows: list[int], full: Rows) -> None:
    assert full.chosen(text) == rows == chosen_by_pandas(text)


@pytest.mark.parametrize("parser", ["pandas", None])
def test_a_text_without_a_parser_is_a_pandas_query_as_in_great_expectations(parser: str | None, full: Rows) -> None:
    assert full.chosen("x % 2 == 1", parser) == [0, 2, 4]
    assert full.chosen({"type": "pass_through", "pass_through_filter": "x % 2 == 1"}, parser) == [0, 2, 4]


DATES = [
    ("d == '2020-01-01'", [0]),
    ("d != '2020-01-01'", [1, 2, 3, 4]),
    ("d in ['2020-01-01', '2021-01-01']", [0, 1]),
    ("d > datetime.date(2020, 6, 1)", [1, 2, 4]),
    ("d == datetime.datetime(2021, 6, 1, 12)", [2]),
    ("d == datetime.datetime(2021, 6, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)", [2]),
    ("d >= Timestamp('2021-06-01 12:00')", [2, 4]),
    ("d >= @pd.Timestamp('2021-06-01')", [2, 4]),
]


@pytest.mark.parametrize(("text", "rows"), DATES, ids=[text for text, _ in DATES])
def test_a_date_is_read_as_its_column_holds_it(text: str, rows: list[int], full: Rows) -> None:
    assert full.chosen(text) == rows


INTEGERS = st.sampled_from(["x", "y", "`list size`"])
CONSTANTS = st.integers(-6, 9).map(str)
WHOLE = st.recursive(
    INTEGERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), st.one_of(inner, CONSTANTS)).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, st.sampled_from(["//", "%"]), st.sampled_from(["2", "3", "-2", "-7"])).map(
            lambda parts: f"{' '.join(parts)}"
        ),
        inner.map(lambda term: f"-{term}"),
        st.sampled_from(["x ** 2", "y**3", "s.str.len()"]),
    ),
    max_leaves=3,
)
NUMBERS = st.one_of(WHOLE, st.tuples(WHOLE, st.sampled_from([" / y", " / 4 + 1", " / -3"])).map("".join))
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


@st.composite
def questions(draw: st.DrawFn) -> str:
    """A comparison, or something else that is true or false."""
    kind = draw(st.sampled_from(["numbers", "numbers", "chain", "text", "list", "flag", "pattern"]))
    if kind == "numbers":
        return f"{draw(NUMBERS)} {draw(SIGNS)} {draw(st.one_of(NUMBERS, CONSTANTS))}"
    if kind == "chain":
        return f"{draw(CONSTANTS)} {draw(SIGNS)} {draw(INTEGERS)} {draw(SIGNS)} {draw(st.one_of(INTEGERS, CONSTANTS))}"
    if kind == "text":
        return f"s {draw(SIGNS)} {draw(st.sampled_from(['a', 'b', 'it', '日本', '%', '']))!r}"
    if kind == "list":
        values = draw(st.lists(st.sampled_from([1, 2, -4, "a", "ab", 2.0]), max_size=3))
        return f"{draw(st.sampled_from(['x', 's', 'y']))} {draw(st.sampled_from(['in', 'not in', '==', '!=']))} {values!r}"
    if kind == "flag":
        return draw(st.sampled_from(["flag", "flag == True", "flag != 1", "x.notnull()", "s.isna()"]))
    return f"s.str.{draw(st.sampled_from(['contains', 'startswith', 'endswith', 'match']))}('{draw(st.sampled_from(['a', 'b', 'ab']))}')"


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Questions joined in all ways, with brackets and without."""
    text = draw(questions())
    for _ in range(draw(st.integers(0, 4))):
        way = draw(st.sampled_from(["and", "or", "&", "|", "not", "~", "brackets"]))
        if way == "not":
            text = f"not {text}"
        elif way == "~":
            text = f"~({text})"
        elif way == "brackets":
            text = f"({text})"
        else:
            other = draw(questions())
            text = f"{text} {way} {other}" if draw(st.booleans()) else f"{other} {way} {text}"
    return text


@given(queries())
@example("x == 1 | not y > 2 & flag")
@settings(max_examples=100, deadline=None)
def test_any_pandas_query_chooses_the_rows_that_pandas_chooses(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    try:
        expected = chosen_by_pandas(text)
    except SyntaxError:  # `x and ~ not y` and its like
        assert refusal(text)
        return
    assert Rows(connection, "full_rows").chosen(text) == expected


TRANSLATED = "comparisons, in, and, or, not, isnull(), notnull(), isin(), between(), str.contains() and arithmetic are translated"
NOT_PANDAS = [
    ("x = 1", "is no pandas query: a single = compares nothing in Python, == does"),
    ("x >", "is no pandas query: it is no expression of Python"),
    ("x > 1; y > 1", "is no pandas query: it is no expression of Python"),
    ("x > 1\ny > 1", "is no pandas query: that is one line"),
    ("x > `y", "is no pandas query: it is no expression of Python"),
]
REFUSED_BY_PANDAS = [
    ("x > @limit", "@limit", "there are no variables; write the value itself"),
    ("abs(x) > 1", "abs(x)", f"functions are not; {TRANSLATED}"),
    ("x.abs() > 1", "x.abs()", f"functions are not; {TRANSLATED}"),
    ("x == x.max()", "x.max()", f"functions are not; {TRANSLATED}"),
    ("`list size`.abs() > 1", "`list size`.abs()", f"functions are not; {TRANSLATED}"),
    ("__import__('os').system('true')", "__import__('os').system('true')", f"functions are not; {TRANSLATED}"),
    ("x.isnull(1)", "x.isnull(1)", f"functions are not; {TRANSLATED}"),
    ("x.isin(y)", "x.isin(y)", f"functions are not; {TRANSLATED}"),
    ("index > 3", "index", "rows are chosen by their values, not by their place; a column of that name is written `index`"),
    ("x[0] == 1", "x[0]", "rows are chosen by their values, not by their place"),
    ("table.x == 1", "table.x", f"a column whose name has a dot is written in backticks, as in `a.b`; {TRANSLATED}"),
    ("x == None", "x == None", "nothing equals None; write x.isnull() or x.notnull()"),
    ("x is None", "x is None", "write x.isnull() or x.notnull() for None, and == otherwise"),
    ("x in [1, None]", "None", "None is no value of a list; add: or x.isnull()"),
    ("x in [1, y]", "y", "a list holds values only; compare columns one by one, joined with or"),
    ("x in y", "x in y", "in needs a list of values, as in x in [1, 2]; a part of a text is found by x.str.contains()"),
    ("'a' in s", "'a' in s", "in needs a list of values, as in x in [1, 2]; a part of a text is found by x.str.contains()"),
    ("x + 1 in [1]", "x + 1 in [1]", "before in stands a column"),
    ("x < [1, 2]", "x < [1, 2]", "a list goes with ==, !=, in and not in"),
    ("1 == 1", "1 == 1", "1 and 1 are compared, and neither is a column"),
    ("True", "True", f"it is neither true nor false; {TRANSLATED}"),
    ("x if flag else y", "x if flag else y", f"it is neither true nor false; {TRANSLATED}"),
    ("lambda: 1", "lambda: 1", f"it is neither true nor false; {TRANSLATED}"),
    ("[x for x in y]", "[x for x in y]", f"it is neither true nor false; {TRANSLATED}"),
    ("(x > 1) == flag", "x > 1", "a condition is compared with True or False only"),
    ("x == 1j", "1j", TRANSLATED),
    ("s == b'a'", "b'a'", TRANSLATED),
    ("s == f'{x}'", "f'{x}'", TRANSLATED),
    ("s + 'b' == 'ab'", "s + 'b'", "'b' is no number, and only numbers can be calculated with"),
    ("x // y == 1", "x // y", "// is translated only with a whole number other than 0 behind it, as in x // 2"),
    ("x % 0 == 1", "x % 0", "% is translated only with a whole number other than 0 behind it, as in x % 2"),
    ("x ** y == 1", "x ** y", "** is translated only with 2 or 3 behind it; write x * x"),
    ("x > 1 / 0", "1 / 0", "1 / 0 has no result"),
    ("x > 9 ** 9 ** 9", "9 ** 9", "** is not calculated between two numbers: write the result"),
    (
        "s.str.contains('(')",
        "s.str.contains('(')",
        "The pattern '(' is not a valid regular expression: missing ), unterminated subpattern at position 0.",
    ),
    ("s.str.contains(s)", "s.str.contains(s)", "it needs a text in quotes"),
    (
        "s.str.contains('a', na=True)",
        "s.str.contains('a', na=True)",
        "na is False: rows without a value are chosen by: or x.isnull()",
    ),
    ("s.str.contains('a', False)", "s.str.contains('a', False)", "write case with its name"),
    ("s.str.contains('a', flags=2)", "s.str.contains('a', flags=2)", "its argument flags is not translated"),
    ("s.str.contains('a', case=flag)", "s.str.contains('a', case=flag)", "case and regex are True or False"),
    ("s.str.contains()", "s.str.contains()", "pat must be given"),
    ("s.str.startswith(('a', 'b'))", "s.str.startswith(('a', 'b'))", "it needs a text in quotes"),
    ("x.between(1)", "x.between(1)", "left and right must be given"),
    ("x.between(1, 2, 'both')", "x.between(1, 2, 'both')", "write inclusive with its name"),
    ("x.between(1, 2, inclusive='no')", "x.between(1, 2, inclusive='no')", "inclusive is one of both, left, right, neither"),
    ("(x + 1).isnull()", "x + 1", "a method is called on a column"),
    ("d > datetime.date(2024, 2, 30)", "datetime.date(2024, 2, 30)", "it is no date: day is out of range for month"),
    (
        "d > datetime.datetime(2024, 1, 1, tzinfo=zone)",
        "datetime.datetime(2024, 1, 1, tzinfo=zone)",
        f"functions are not; {TRANSLATED}",
    ),
    ("s == b'" + "1" * 70 + "'", "b'" + "1" * 57 + "…", TRANSLATED),
]


@pytest.mark.parametrize(("text", "message"), NOT_PANDAS, ids=[text for text, _ in NOT_PANDAS])
def test_what_is_no_pandas_query_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(("text", "part", "why"), REFUSED_BY_PANDAS, ids=[text for text, *_ in REFUSED_BY_PANDAS])
def test_what_is_not_translated_from_pandas_is_named_with_what_to_write(text: str, part: str, why: str) -> None:
    assert refusal(text) == f"this part of a pandas query is not translated: {part} ({why})"


# ---------------------------------------------------------------------------------------------------------------- SQL

SQL = [
    ("x = 1", [0]),
    ("x == 1", [0]),
    ("x <> 1", [1, 3, 4]),
    ("x != 1 AND y > 2", [4]),
    ("x = 1 OR x = 2 AND y = 1", [0]),
    ("(x = 1 OR x = 2) AND y = 2", [1]),
    ("NOT x = 1", [1, 3, 4]),
    ("NOT (x = 1 OR y = 2)", [4]),
    ("not x > 1 and y is null", [3]),
    ("x IN (1, 2, 7)", [0, 1]),
    ("x NOT IN (1, 2, 7)", [3, 4]),
    ("s IN ('a', 'b')", [0, 1]),
    ("x BETWEEN 1 AND 2", [0, 1]),
    ("x NOT BETWEEN 1 AND 2", [3, 4]),
    ("x BETWEEN 1 AND 2 AND y = 3", [0]),
    ("x IS NULL", [2]),
    ("x IS NOT NULL", [0, 1, 3, 4]),
    ("NOT x IS NULL AND y IS NOT NULL", [0, 1, 4]),
    ("s LIKE 'a%'", [0, 2]),
    ("s LIKE '_b'", [4]),
    ("s NOT LIKE 'a%'", [1, 4]),
    ("s LIKE 'a!%b' ESCAPE '!'", [2]),
    ("s NOT LIKE 'a!%b' ESCAPE '!'", [0, 1, 4]),
    ("flag", [0, 2]),
    ("NOT flag", [1, 4]),
    ("flag = TRUE AND x > 0", [0]),
    ("x > y", []),
    ("x = y OR x < y", [0, 1, 4]),
    ('"list size" > 20', [2, 4]),
    ("x > -2.5e0", [0, 1, 4]),
    ("x = .5e1", [4]),
    ("f > 0.5 AND f < 5.", [0]),
    ("dec = 1.1", [0]),
    ("dec + 1.1 = 2.2", [0]),
    ("dec * 3 = 3.3", [0]),
    ("dec > f", [1, 3]),
    ("x + y * 2 > 5", [0, 1, 4]),
    ("(x + y) * 2 > 5", [0, 1, 4]),
    ("-x = 3", [3]),
    ("x % 2 = -1", [3]),
    ("LENGTH(s) = 1", [0, 1]),
    ("d = '2020-01-01'", [0]),
    ("d >= DATE '2021-01-01'", [1, 2, 4]),
    ("d < TIMESTAMP '2021-01-01 00:00:01'", [0, 1]),
    ("d > CAST('2021-01-01' AS DATE)", [2, 4]),
    ("date('2021-01-01') < d", [2, 4]),
    ("s = 'it''s'", []),
    ("s >= 'a' AND s < 'b'", [0, 2]),
    ("x = 1 -- one", [0]),
    ("x /* of */ = 1", [0]),
]


@pytest.mark.parametrize("parser", ["sqlalchemy", "spark"])
@pytest.mark.parametrize(("text", "rows"), SQL, ids=[text for text, _ in SQL])
def test_a_text_of_sql_chooses_the_rows_that_a_database_chooses(text: str, rows: list[int], parser: str, sparse: Rows) -> None:
    if parser == "spark":
        if "''" in text:
            return
        text = text.replace('"list size"', "`list size`")
    assert sparse.chosen(text, parser) == rows
    assert sparse.where(text.replace("`", '"').replace("==", "=")) == rows


SQL_NUMBERS = st.sampled_from(["x", "y", '"list size"', "x + y", "x * (y - 2)", "-x", "x % 3", "-(y + 1) * 2", "LENGTH(s)"])


@st.composite
def sql_questions(draw: st.DrawFn) -> str:
    number, other = draw(SQL_NUMBERS), draw(st.one_of(SQL_NUMBERS, st.integers(-4, 9).map(str)))
    sign = draw(st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "!="]))
    return draw(
        st.sampled_from(
            [
                f"{number} {sign} {other}",
                f"{draw(st.integers(-4, 9))} {sign} {number}",
                f"{number} BETWEEN {draw(st.integers(-4, 2))} AND {other}",
                f"x NOT IN (1, {draw(st.integers(-4, 9))})",
                "s IN ('a', 'Ab')",
                f"s LIKE '{draw(st.sampled_from(['a%', '%b', '_', 'a_b', '%']))}'",
                "s NOT LIKE 'a!%_' ESCAPE '!'",
                "d >= DATE '2021-01-01'",
                "dec * 2 > f",
                "flag",
                f"{draw(st.sampled_from(['x', 's', 'd', 'flag']))} IS {draw(st.sampled_from(['', 'NOT ']))}NULL",
            ]
        )
    )


SQL_TEXTS = st.recursive(
    sql_questions(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map("".join),
        inner.map("NOT {}".format),
        inner.map("({})".format),
    ),
    max_leaves=6,
)


@given(SQL_TEXTS)
@settings(max_examples=100, deadline=None)
def test_any_text_of_sql_chooses_the_rows_that_a_database_chooses(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    rows = Rows(connection, "sparse")
    assert rows.chosen(text, "sqlalchemy") == rows.where(text)


def test_sql_without_a_parser_is_read_where_pandas_cannot_read_it(sparse: Rows) -> None:
    assert sparse.chosen("x = 1 OR y IS NULL", None) == [0, 3]
    assert sparse.chosen("x IN (1, 2) AND s LIKE 'a'", None) == [0]
    assert sparse.chosen("`list size` BETWEEN 10 AND 20", None) == [0, 1]
    assert sparse.chosen('"list size" BETWEEN 10 AND 20', None) == [0, 1]
    assert sparse.chosen("x = 1\n  OR x = 2", None) == [0, 1]


def test_spark_has_texts_in_double_quotes_and_names_in_backticks(sparse: Rows) -> None:
    assert sparse.chosen('s = "a" or `list size` = 20', "spark") == [0, 1]
    assert sparse.chosen({"type": "pass_through", "pass_through_filter": 's = "a"'}, "spark") == [0]


def test_other_sql_has_names_in_double_quotes_and_in_backticks(sparse: Rows) -> None:
    assert sparse.chosen('"x" = `y`', "sqlalchemy") == [1, 4]


IN_SQL = "comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, LIKE, LENGTH, +, -, * and % are translated"
REFUSED_IN_SQL = [
    ("x IN (SELECT 1)", "x IN (SELECT 1)", "IN needs a column before it and a list of values behind it, as in x IN (1, 2)"),
    ("x = (SELECT 1)", "(SELECT 1)", IN_SQL),
    ("EXISTS (SELECT 1)", "EXISTS(SELECT 1)", IN_SQL),
    ("CASE WHEN x = 1 THEN flag END", "CASE WHEN x = 1 THEN flag END", IN_SQL),
    ("upper(s) = 'A'", "UPPER(s)", IN_SQL),
    ("d > current_date", "CURRENT_DATE", IN_SQL),
    ("x / 2 = 1", "x / 2", IN_SQL),
    ("s || 'b' = 'ab'", "s || 'b'", IN_SQL),
    ("s ILIKE 'a'", "s ILIKE 'a'", IN_SQL),
    ("s RLIKE 'a'", "s RLIKE 'a'", IN_SQL),
    ("CAST(x AS TEXT) = '1'", "CAST(x AS STRING)", IN_SQL),
    ("x BETWEEN SYMMETRIC 2 AND 1", "(x BETWEEN 2 AND 1 OR x BETWEEN 1 AND 2)", IN_SQL),
    ("x = ?", "?", IN_SQL),
    ("x = :limit", ":limit", IN_SQL),
    ("*", "*", IN_SQL),
    ("x < 1 < 2", "x < 1", IN_SQL),
    ("(x, y) = (1, 2)", "(x, y)", IN_SQL),
    ("x IS DISTINCT FROM 1", "x IS DISTINCT FROM 1", IN_SQL),
    ("other.x = 1", "other.x", "a name with a dot is written in quotes, as in `a.b`; other tables are not at hand"),
    ("x = NULL", "x = NULL", "nothing equals NULL; write x IS NULL or x IS NOT NULL"),
    ("x IN (1, NULL)", "x IN (1, NULL)", "NULL is no value of a list; add: OR x IS NULL"),
    ("x IN (1, y)", "x IN (1, y)", "a list holds values only, and texts stand in single quotes"),
    ("flag IS TRUE", "flag IS TRUE", "of IS only x IS NULL and x IS NOT NULL are translated"),
    ("1 = 1", "1 = 1", "1 and 1 are compared, and neither is a column"),
    ("s LIKE y", "s LIKE y", "LIKE needs a column before it and a text in single quotes behind it"),
    ("s LIKE 'a!' ESCAPE '!'", "s LIKE 'a!'", "the pattern ends with its escape character"),
    ("s LIKE 'a' ESCAPE '!!'", "s LIKE 'a' ESCAPE '!!'", "ESCAPE goes with LIKE, and is one character in single quotes"),
    ("x % y = 1", "x % y", "% is translated only with a whole number other than 0 behind it, as in x % 2"),
    ("x + 'a' = 1", "x + 'a'", "'a' is no number, and only numbers can be calculated with"),
    ("d > DATE 'soon'", "CAST('soon' AS DATE)", "write DATE '2024-03-31' or TIMESTAMP '2024-03-31 12:00:00'"),
]


@pytest.mark.parametrize(("text", "part", "why"), REFUSED_IN_SQL, ids=[text for text, *_ in REFUSED_IN_SQL])
def test_what_is_not_translated_from_sql_is_named_with_what_to_write(text: str, part: str, why: str) -> None:
    assert refusal(text, "spark") == f"this part of SQL is not translated: {part} ({why})"


@pytest.mark.parametrize(
    ("text", "parser", "message"),
    [
        ("x = 1; DROP TABLE rows", "sqlalchemy", "is no SQL that could follow WHERE"),
        ("x = 1 rows", "sqlalchemy", "is no SQL that could follow WHERE"),
        ("SELECT 1 FROM rows", "sqlalchemy", "is no SQL that could follow WHERE"),
        ("-- nothing", "sqlalchemy", "is no SQL that could follow WHERE"),
        ("if x = 1", "sqlalchemy", "this part of SQL is not translated: if x = 1 (" + IN_SQL + ")"),
        (
            "s = 'a\\_'",
            "spark",
            "this part of SQL is not translated: \\ (Spark reads it in ways of its own; write a Condition object)",
        ),
        (
            "x = 1 rows",
            None,
            "is no pandas query: a single = compares nothing in Python, == does; and is no SQL that could follow WHERE",
        ),
        ("x > 1 rows", None, "is no pandas query: it is no expression of Python; and is no SQL that could follow WHERE"),
        (
            'x = "a"',
            None,
            'this part of SQL is not translated: x = "a" (\'x\' is a text and `x` a column; "x" may be either)',
        ),
    ],
)
def test_what_is_no_sql_is_refused(text: str, parser: str | None, message: str) -> None:
    assert refusal(text, parser) == message


# --------------------------------------------------------------------------------- the language of Great Expectations

COL = [
    'col("x") > 1',
    'col("x")>=1',
    'col("x y.z") != -1.5e-3',
    'col("x") == 1.',
    'col("x") == +5',
    'col("x") == 01',
    'col("x") == "a"',
    "col(\"x\") == 'a b'",
    'col("x") == "  a b "',
    'col("x") == "é`~%"',
    'col("x") < date("2020-01-01")',
    "col(\"x\") < date ( '2020-01-01' )",
    ' col("x").notnull() ',
    'col("x") .NOTNULL()',
    'col("x")\n> 1',
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_text_is_read_as_great_expectations_reads_it() -> None:
    expectations = pytest.importorskip("great_expectations.expectations")
    for text in COL:
        said = {"column": "x", "row_condition": text, "condition_parser": "great_expectations"}
        theirs = expectations.ExpectColumnValuesToNotBeNull(**said).row_condition.dict()
        assert conditions.read(text, "great_expectations") == conditions.read(theirs, None), text


@pytest.mark.parametrize("parser", [None, "great_expectations", "great_expectations__experimental__"])
@pytest.mark.parametrize(
    ("text", "surplus", "read"),
    [
        ('col("x") > 1 and col("y") < 2', "'and col(\"y\") < 2'", 'col("x") > 1'),
        ('col("x") == "a" # or "b"', "'# or \"b\"'", 'col("x") == "a"'),
        ('col("x").notnull() | True', "'| True'", 'col("x").notnull()'),
        ('col("x") == "a" "b"', "'\"b\"'", 'col("x") == "a"'),
    ],
)
def test_what_great_expectations_would_leave_unread_is_refused(text: str, surplus: str, read: str, parser: str | None) -> None:
    message = f"{surplus} is too much: one comparison is read, such as {read}. Join several as Condition objects"
    assert refusal(text, parser) == message


FORMS = 'col("x") == "y", col("x") > 1, or col("x").notnull(); or use a Condition object'


@pytest.mark.parametrize(
    "text",
    [
        'col("x") = 1',
        'col("x") > 1_000',
        'col("x") > 1abc',
        'col("x") > y',
        "col(x) > 1",
        'col("x") in [1]',
        'col("")==1',
        'col("x")',
    ],
)
def test_what_is_not_the_language_of_great_expectations_is_refused(text: str) -> None:
    assert refusal(text, "great_expectations") == f"text must read like {FORMS}"
    assert refusal(text, None) == f"text must read like {FORMS}"


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_a_text_must_say_something(text: str) -> None:
    assert refusal(text) == refusal(text, None) == f"is empty: text must read like {FORMS}"


# ------------------------------------------------------------------------------------------------------------ objects


def comparison(name: str, operator: str, parameter: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


def test_objects_are_joined_nested_and_mixed_with_text(sparse: Rows) -> None:
    text = {"type": "pass_through", "pass_through_filter": "y == 2"}
    either = {"type": "or", "conditions": [comparison("x", "==", 1), text]}
    assert sparse.chosen(either) == [0, 1]
    assert sparse.chosen({"type": "and", "conditions": [either, comparison("flag", "==", True)]}) == [0]
    assert sparse.chosen({"type": "or", "conditions": [either, comparison("s", "IN", ["Ab"])]}) == [0, 1, 4]
    assert sparse.chosen({"type": "and", "conditions": [comparison("d", ">", "2020-01-01T00:00:00"), text]}) == [1]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (comparison("x", "IN", [1, "a"]), 'the list of "IN" has texts and numbers: give values of one kind'),
        (comparison("x", "NOT_IN", 1), 'a list goes with IN and NOT_IN, and only with them; not with "NOT_IN"'),
        (
            comparison("x", "==", None),
            "expected true or false or a number or text or a list; null is not allowed here; "
            'a condition of type "nullity" chooses rows without a value',
        ),
        ({"type": "or", "conditions": []}, '"conditions" is empty: give at least one'),
        ({"type": "or", "conditions": [comparison("x", "==", 1)] * 101}, "has more than 100 comparisons"),
        ({"type": "pass_through", "pass_through_filter": " "}, f"is empty: text must read like {FORMS}"),
        ({"type": "pass_through"}, '"pass_through_filter" is missing'),
        ({"type": "pass_through", "pass_through_filter": 1}, "expected text; got a whole number"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_objects_that_great_expectations_refuses_are_refused(raw: dict[str, Any], message: str) -> None:
    assert refusal(raw, None) == message


def test_an_unknown_parser_is_refused_with_those_that_there_are() -> None:
    known = "great_expectations, great_expectations__experimental__, pandas, spark, sqlalchemy"
    assert refusal("x > 1", "bad_parser") == f'the parser "bad_parser" is unknown: expected one of {known}'
    assert refusal(comparison("x", ">", 1), "bad_parser") == f'the parser "bad_parser" is unknown: expected one of {known}'


@pytest.mark.parametrize(
    ("text", "parser", "message"),
    [
        ("x" + " + y" * 100 + " > 1", "pandas", "is nested more than 60 deep"),
        ("x" + " + y" * 100 + " > 1", "spark", "is nested more than 60 deep"),
        ("not " * 20_000 + "flag", "pandas", "is nested too deeply for a pandas query"),
        ("-" * 90_000 + "x > 1", "pandas", "is nested too deeply for a pandas query"),
        ("NOT " * 20_000 + "flag", "spark", "is nested too deeply for SQL"),
        ("(" * 5_000 + "flag" + ")" * 5_000, "spark", "is nested too deeply for SQL"),
        ("flag and " * 1_000 + "flag", "pandas", "has more than 1,000 comparisons"),
        ("flag and " * 1_000 + "flag", "spark", "has more than 1,000 comparisons"),
        ("x > 1" + " " * 100_000, "pandas", "is longer than 100,000 characters"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_would_overtax_the_reader_is_refused(text: str, parser: str, message: str) -> None:
    assert refusal(text, parser) == message


# --------------------------------------------------------------------------------------------------- missing values

THREE_VALUED = [
    ("x != 1", [1, 3, 4]),
    ("not x == 1", [1, 3, 4]),
    ("not (x > 1)", [0, 3]),
    ("x not in [1, 2]", [3, 4]),
    ("x != '1'", [0, 1, 3, 4]),
    ("not (x > 1 or y > 2)", []),
    ("not s.str.contains('a')", [1, 4]),
    ("not flag", [1, 4]),
    ("x == 1 or y == 1", [0, 2]),
    ("x == x", [0, 1, 3, 4]),
    ("x != x", [2]),
    ("x + y != 4", [4]),
    ("f / 0 > 0", [0, 3, 4]),
    ("not (f - f > 0)", [0, 1, 3, 4]),
    ("x.isnull() or not x > 1", [0, 2, 3]),
]


@pytest.mark.parametrize(("text", "rows"), THREE_VALUED, ids=[text for text, _ in THREE_VALUED])
def test_a_comparison_with_a_missing_value_chooses_no_row_nor_does_its_opposite(text: str, rows: list[int], sparse: Rows) -> None:
    assert sparse.chosen(text) == rows


@given(queries())
@settings(max_examples=100, deadline=None)
def test_the_opposite_chooses_the_other_rows_unless_something_is_missing(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    try:
        conditions.read(text, "pandas")
    except InvalidCondition:
        return
    rows = Rows(connection, "full_rows")
    assert sorted(rows.chosen(text) + rows.chosen(f"not ({text})")) == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------------------------------------- names and literals

HOSTILE = [
    "'",
    '"',
    "`",
    "\\",
    "'; DROP TABLE hostile; --",
    '" OR TRUE --',
    "') OR TRUE --",
    "\x00",
    "a\nb",
    "𝒳",
    "' OR ''='",
    "%",
    "$$",
]


@pytest.mark.parametrize("value", HOSTILE, ids=[repr(value) for value in HOSTILE])
def test_a_literal_is_only_ever_a_value(value: str, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE hostile AS SELECT i AS dq_row, v AS s FROM (SELECT unnest([0, 1]) AS i, unnest([?, 'other']) AS v)",
        [value],
    )
    column = Column("s", '"s"', "VARCHAR", "text")
    texts = [(f"s == {value!r}", "pandas"), (f"s in [{value!r}]", "pandas"), (f"s.str.startswith({value!r})", "pandas")]
    if "\x00" not in value:
        texts.append((f"s = {sql.text(value)}", "sqlalchemy"))
    for text, parser in texts:
        predicate = conditions.predicate(conditions.read(text, parser), lambda name: column)
        assert connection.execute(f"SELECT dq_row FROM hostile WHERE {predicate}").fetchall() == [(0,)], text
    assert connection.execute("SELECT count(*) FROM hostile").fetchall() == [(2,)]


@pytest.mark.parametrize("name", ["'", '"', "\\", '"; DROP TABLE named; --', '" OR TRUE --', "a b", "a\tb", "select", "𝒳 1"])
def test_a_name_is_only_ever_a_column(name: str, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE named AS SELECT unnest([0, 1]) AS dq_row, unnest([1, 2]) AS {sql.ident(name)}")
    column = Column(name, sql.ident(name), "BIGINT", "integer")
    texts = [
        (f"`{name}` == 2", "pandas"),
        (f"`{name}` * 2 > 3 & `{name}` in [2, 3]", "pandas"),
        (f"{sql.ident(name)} = 2", "sqlalchemy"),
    ]
    for text, parser in texts:
        condition = conditions.read(text, parser)
        assert set(conditions.columns(condition)) == {name}
        predicate = conditions.predicate(condition, {name: column}.__getitem__)
        assert connection.execute(f"SELECT dq_row FROM named WHERE {predicate}").fetchall() == [(1,)], text
    assert connection.execute("SELECT count(*) FROM named").fetchall() == [(2,)]


# -------------------------------------------------------------------------------------------------------------- types


@pytest.mark.parametrize(
    ("text", "parser", "message"),
    [
        ("x > 'a'", "pandas", "'a' cannot be compared with a column of type BIGINT"),
        ("x = '1'", "sqlalchemy", "'1' cannot be compared with a column of type BIGINT"),
        ("s > 1", "pandas", "1 cannot be compared with a column of type VARCHAR"),
        ("x", "pandas", 'column "x" of type BIGINT is neither true nor false: compare it with a value'),
        ("s == x", "pandas", 'columns "s" (VARCHAR) and "x" (BIGINT) cannot be compared: their types differ'),
        ("s + 1 > x", "pandas", 'column "s" of type VARCHAR cannot be calculated with'),
        ("d - d == 0", "pandas", 'column "d" of type DATE cannot be calculated with'),
        ("x + 1 == 'a'", "pandas", "'a' is no number, and cannot be compared with one"),
        ("f // 2 == 1", "pandas", "// is translated only for whole numbers"),
        ("x.str.contains('1')", "pandas", 'column "x" of type BIGINT has no text to search'),
        ("x.str.len() > 1", "pandas", 'column "x" of type BIGINT has no length'),
        ("x.dt.year == 2024", "pandas", 'column "x" of type BIGINT has no year'),
        ("d == 'soon'", "pandas", "'soon' is not an ISO 8601 date or time"),
        ("d > 5", "pandas", "5 cannot be compared with a column of type DATE"),
        ("s > datetime.date(2024, 1, 1)", "pandas", 'the date 2024-01-01 cannot be compared with column "s" of type VARCHAR'),
        ("x == datetime.date(2024, 1, 1)", "pandas", 'the date 2024-01-01 cannot be compared with column "x" of type BIGINT'),
    ],
)
def test_values_that_do_not_fit_their_column_are_named(text: str, parser: str, message: str, sparse: Rows) -> None:
    with pytest.raises(sql.Incomparable) as caught:
        sparse.chosen(text, parser)
    assert str(caught.value) == message


def test_whole_numbers_do_not_overflow_and_decimals_are_exact(connection: duckdb.DuckDBPyConnection) -> None:
    big = 2**63 - 1
    connection.execute(
        f"CREATE OR REPLACE TABLE big AS SELECT 0 AS dq_row, {big}::BIGINT AS x, {big}::BIGINT AS y, 0.1::DECIMAL(10,2) AS dec"
    )
    rows = Rows(connection, "big")
    assert rows.chosen(f"x + y == {2 * big}") == [0]
    assert rows.chosen(f"x * y == {big * big}") == [0]
    assert rows.chosen("dec + 0.2 == 0.3") == [0]
    assert rows.chosen("dec * 3 == 0.3") == [0]


# -------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "parser", "words"),
    [
        ("x > 1 and (s == 'a' or flag)", "pandas", "x is above 1 and (s is 'a' or flag is true)"),
        ("not (x > 1 and flag)", "pandas", "not (x is above 1 and flag is true)"),
        ("x in [1, 2] or x.isnull()", "pandas", "x is one of 1, 2 or x has no value"),
        ("x not in ['a']", "pandas", "x is not 'a'"),
        ("x == []", "pandas", "x is one of nothing"),
        ("x + 2 * y <= `list size` % 3", "pandas", "x + (2 * y) is at most list size % 3"),
        ("-x < s.str.len()", "pandas", "-x is below the length of s"),
        ("s.str.contains('^a') & s.str.endswith('b')", "pandas", "s fits the pattern '^a' and s ends with 'b'"),
        ("d >= datetime.date(2024, 3, 31)", "pandas", "d is at least 2024-03-31"),
        ("s NOT LIKE 'a%' AND x % 2 = 1", "spark", "not (s is like 'a%') and x % 2 is 1"),
    ],
)
def test_a_condition_reads_as_part_of_a_sentence(text: str, parser: str, words: str) -> None:
    assert conditions.spoken(conditions.read(text, parser)) == words


# ------------------------------------------------------------------------------------------------------------- checks


def test_a_check_judges_the_rows_that_its_text_chooses(make_suite: Any, worker: WorkerProcess) -> None:
    table = pd.DataFrame(
        {"practice": ["A81001", None, "A81002"], "age": [17, 30, 64], "seen": [dt.date(2024, 1, day) for day in (1, 2, 3)]}
    )
    not_null = "expect_column_values_to_not_be_null"
    given = [
        {"row_condition": "age >= 18 and age <= 30", "condition_parser": "pandas"},
        {"row_condition": "age BETWEEN 60 AND 70", "condition_parser": "spark"},
        {"row_condition": {"type": "pass_through", "pass_through_filter": "seen > datetime.date(2024, 1, 2)"}},
        {"row_condition": "age > 100"},
        {"row_condition": "age > 'a'"},
        {"row_condition": "height > 100"},
    ]
    suite = make_suite(*[(not_null, {"column": "practice", **row_condition}) for row_condition in given])
    found = [result["result"].get("element_count") for result in dq_engine.check(table, suite, worker=worker).to_gx()["results"]]
    assert found == [1, 1, 1, 0, None, None]
    outcomes = dq_engine.check(table, suite, worker=worker).extracts[0].outcomes
    assert [outcome.status for outcome in outcomes] == ["fail", "pass", "pass", "vacuous", "error", "error"]


def test_many_spaces_before_what_is_no_python_are_read_at_once() -> None:
    """Python's tokenizer takes a time that grows with their square."""
    with pytest.raises(InvalidCondition, match="no expression of Python"):
        conditions.read(f"n > 1{' ' * 30_000}?", "pandas")
