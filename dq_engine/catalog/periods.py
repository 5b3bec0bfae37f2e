"""Periods: the SQL of the first and the last day of the period that a value names. Pure.

==================================== ===========================================================
a value                              names
==================================== ===========================================================
a date or time                       that day
2024-10-01, 20241001, 01/10/2024     a day; so do 01OCT2024 and 01-Oct-2024
2024-10, 2024/10, 202410             a month; so do OCT-24, Oct 2024 and October 2024
2024                                 a calendar year
2024/25, 2024-25                     an NHS financial year, 1 April to 31 March
2024Q3, 2024-Q3                      a calendar quarter
2016_01-03                           the months of one year from the first to the second number
==================================== ===========================================================

From 2000 to 2011 a year with the number after it may be a month or a financial year. With a hyphen it is the month (2009-10,
as ISO 8601 has it), with a stroke the financial year (2009/10, as the NHS writes it). Two digits alone are of this century.

A value is understood if it is written to the letter in one of these ways. The SQL keeps to what DuckDB evaluates once per
different value of a dictionary (substr, left, || and casts of one column), and has no regular expression: these take the time
of each row.
"""

from __future__ import annotations

from dq_engine.errors import NotEvaluable
from dq_engine.model import EXTRACT, Column
from dq_engine.sql import TEMPORAL, ident

MONTHS: tuple[str, ...] = ("january", "february", "march", "april", "may", "june")
MONTHS += ("july", "august", "september", "october", "november", "december")

YEARS = "/".join(f"{year % 100:02}" for year in range(101))
"""00/01/02/…/99/00: of two numbers with a stroke between them, those found in it are of a year and the year after it."""


def first_day(column: Column, sql: str) -> str:
    """SQL of type DATE: the first day of the period that ``sql``, a value of ``column``, names; NULL where it names none.

    Raises :class:`NotEvaluable` for a column of a type that names no periods.
    """
    return _day(column, sql, last=False)


def last_day(column: Column, sql: str) -> str:
    """SQL of type DATE: the last day of the period; otherwise as :func:`first_day`."""
    return _day(column, sql, last=True)


def _day(column: Column, sql: str, *, last: bool) -> str:
    if column.kind == "null":
        return "CAST(NULL AS DATE)"
    if column.kind in TEMPORAL:
        return f"CAST({sql} AS DATE)"
    if column.kind not in ("text", "integer"):
        raise NotEvaluable(
            f'column "{column.name}" is of type {column.type}, which names no period: it must be a date, text or a whole number'
        )
    value = sql if column.kind == "text" else f"CAST({sql} AS VARCHAR)"
    year = _exact(f"{value} || '-{'12-31' if last else '01-01'}'")
    return (
        f"CASE WHEN {value} >= 'A' THEN {_month_in_words(value, last=last)} ELSE CASE length({value})"
        f" WHEN 4 THEN {year}"
        f" WHEN 6 THEN {_six(value, last=last)}"
        f" WHEN 7 THEN {_seven(value, last=last)}"
        f" WHEN 8 THEN {_digits(value)}"
        f" WHEN 9 THEN {_day_in_words(value)}"
        f" WHEN 10 THEN {_ten(value, last=last)}"
        f" WHEN 11 THEN CASE WHEN substr({value}, 3, 1) = '-' AND substr({value}, 7, 1) = '-' THEN {_day_in_words(value)} END"
        f" END END"
    )


def _exact(text: str) -> str:
    """The date that a text in the form of ISO 8601 spells to the letter, else NULL."""
    return f"CASE {text} WHEN CAST(TRY_CAST({text} AS DATE) AS VARCHAR) THEN TRY_CAST({text} AS DATE) END"


def _month(text: str, *, last: bool) -> str:
    """The first (or last) day of the month of a text like 2024-10, else NULL."""
    day = _exact(f"{text} || '-01'")
    return f"last_day({day})" if last else day


def _digits(text: str) -> str:
    """The date of eight digits, of which the first is not 0."""
    return f"CASE {text} WHEN CAST(TRY_CAST({text} AS INTEGER) AS VARCHAR) THEN CAST(try_strptime({text}, '%Y%m%d') AS DATE) END"


def _six(value: str, *, last: bool) -> str:
    """202410 and 2024Q3."""
    first = _digits(f"{value} || '01'")
    month = f"last_day({first})" if last else first
    return f"CASE substr({value}, 5, 1) WHEN 'Q' THEN {_quarter(value, last=last)} ELSE {month} END"


def _seven(value: str, *, last: bool) -> str:
    """2024-10, 2024/25, 2024/10, 2024-25 and 2024-Q3."""
    ending = f"substr({value}, 6)"
    april = _exact(f"left({value}, 4) || '-04-01'")
    financial_year = f"last_day({april} + INTERVAL 11 MONTH)" if last else april
    is_financial_year = f"contains('{YEARS}', replace(substr({value}, 3), '-', '/'))"
    with_stroke = _month(f"replace({value}, '/', '-')", last=last)
    return (
        f"CASE substr({value}, 5, 1)"
        f" WHEN '-' THEN CASE WHEN {ending} BETWEEN '01' AND '12' THEN {_month(value, last=last)}"
        f" WHEN {is_financial_year} THEN {financial_year}"
        f" WHEN {ending} BETWEEN 'Q1' AND 'Q4' THEN {_quarter(value, last=last)} END"
        f" WHEN '/' THEN CASE WHEN {is_financial_year} THEN {financial_year}"
        f" ELSE {with_stroke} END END"
    )


def _quarter(value: str, *, last: bool) -> str:
    """The first (or last) day of the quarter that the last character numbers."""
    months = ("03", "06", "09", "12") if last else ("01", "04", "07", "10")
    cases = " ".join(f"WHEN '{number}' THEN '-{month}'" for number, month in enumerate(months, 1))
    return _month(f"left({value}, 4) || CASE substr({value}, -1) {cases} END", last=last)


def _ten(value: str, *, last: bool) -> str:
    """2024-10-01, 01/10/2024 and 2016_01-03."""
    start, end = f"substr({value}, 6, 2)", f"substr({value}, 9)"
    in_order = f"{start} BETWEEN '01' AND {end} AND {end} <= '12'"
    months = _month(f"left({value}, 4) || '-' || {end if last else start}", last=last)
    british = _exact(f"substr({value}, 7) || '-' || substr({value}, 4, 2) || '-' || left({value}, 2)")
    return (
        f"CASE substr({value}, 5, 1) WHEN '-' THEN {_exact(value)}"
        f" WHEN '_' THEN CASE WHEN substr({value}, 8, 1) = '-' AND {in_order} THEN {months} END"
        f" ELSE CASE WHEN substr({value}, 3, 1) = '/' AND substr({value}, 6, 1) = '/' THEN {british} END END"
    )


def _day_in_words(value: str) -> str:
    """01OCT2024 and 01-Oct-2024."""
    month = _month_number(f"substr(replace({value}, '-', ''), 3, 3)")
    return _exact(f"substr({value}, -4) || '-' || {month} || '-' || left({value}, 2)")


def _month_in_words(value: str, *, last: bool) -> str:
    """OCT-24, Oct 2024 and October 2024."""
    long_year, short_year = f"substr({value}, -4)", f"'20' || substr({value}, -2)"
    before_long, before_short = (_month_number(f"left({value}, length({value}) - {size})") for size in (5, 3))
    with_long = _month(f"{long_year} || '-' || {before_long}", last=last)
    with_short = _month(f"{short_year} || '-' || {before_short}", last=last)
    return (
        f"CASE WHEN substr({value}, -5, 1) IN (' ', '-') THEN {with_long}"
        f" WHEN substr({value}, -3, 1) IN (' ', '-') THEN {with_short} END"
    )


def _month_number(name: str) -> str:
    """The text 01 to 12 of the name of a month, whole or by three letters; NULL for another text."""
    names = ", ".join(f"'{month}'" for month in (*(month[:3] for month in MONTHS), *MONTHS))
    return f"lpad(CAST((list_position([{names}], lower({name})) - 1) % 12 + 1 AS VARCHAR), 2, '0')"


# ------------------------------------------------------------------------------------------------- once per different value


def spans(column: Column) -> str | None:
    """The table that holds the first and the last day of each different value of an own column that names periods.

    Its columns are ``value``, ``first``, ``last`` and ``span``, the interval by which the period is reported. None for dates and
    times, whose days need no table. A rule that names the column in ``periods()`` finds the table there.
    """
    return ident(f"dq periods of {column.sql}") if column.kind in ("text", "integer") else None


def spans_table(column: Column, view: str) -> str:
    """The statement that makes that table. What a text names is worked out once for each, and stands once in the plan."""
    values = f"SELECT DISTINCT {column.sql} AS value FROM {view} WHERE {column.sql} IS NOT NULL"
    days = f"{first_day(column, 'value')} AS first, {last_day(column, 'value')} AS last"
    read = f"SELECT value, {days} FROM ({values})"
    select = f"SELECT *, {reported(column, 'first', 'last')} AS span\nFROM ({read})"
    return f"CREATE OR REPLACE TEMP TABLE {spans(column)} AS {select}"


def reported(column: Column, first: str, last: str) -> str:
    """SQL of the interval by which the period from the first to the last day is reported, as ISO 8601 text; NULL where one is.

    That is 2024-10-01/2024-10-31. A day is reported by its month, whether the column has dates or texts.
    """
    month = of_month(last_of_month(first))
    if spans(column) is None:
        return month
    return f"CASE WHEN {first} = {last} THEN {month} ELSE CAST({first} AS VARCHAR) || '/' || CAST({last} AS VARCHAR) END"


def last_of_month(day: str) -> str:
    """SQL of the last day of the month of a date or time; NULL where the year has not four digits: ISO 8601 cannot write it."""
    date = f"CAST({day} AS DATE)"
    return f"CASE WHEN {date} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN last_day({date}) END"


def of_month(last: str) -> str:
    """SQL of the interval of a month by its last day."""
    return f"strftime({last}, '%Y-%m-01/%Y-%m-%d')"


def own_interval(column: Column) -> str:
    """SQL of the interval of a row's own period, from that table, which the column must have."""
    return f"(SELECT span FROM {spans(column)} WHERE value = {EXTRACT}.{column.sql})"


def own_days(column: Column) -> tuple[str, str]:
    """SQL of the first and the last day of a row's own period, from that table where the column has one."""
    table = spans(column)
    if table is None:
        return first_day(column, column.sql), last_day(column, column.sql)
    first, last = (f"(SELECT {day} FROM {table} WHERE value = {EXTRACT}.{column.sql})" for day in ("first", "last"))
    return first, last
