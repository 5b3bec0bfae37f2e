"""Queries: a rule that SQL of the suite's own states."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog.base import Case, Expectation, Fault, Mostly, Scope, number
from dq_engine.catalog.shapes import QueryExpectation, share
from dq_engine.catalog.types import INTEGERS
from dq_engine.model import EXTRACT, Dimension, Figure, Judgement, Kahn, Metric, Number


def batch_faults(argument: str, query: str) -> Iterator[Fault]:
    """Faults of a query in which ``{batch}`` stands for the extract."""
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(query) if name is not None}
    except ValueError as error:
        yield Fault(argument, f"{error}: write braces of your own twice, {{{{ and }}}}")
        return
    if foreign := sorted(fields - {"batch"}):
        advice = f"only {{batch}} can stand for something; write braces of your own twice: {{{{{foreign[0]}}}}}"
        yield Fault(argument, f"{{{foreign[0]}}} is unknown: {advice}")
    elif "batch" not in fields:
        yield Fault(argument, "does not speak of {batch}, so it cannot find a row of the extract")


def of_extract(query: str) -> str:
    """The query with the extract's view for ``{batch}``."""
    pieces = string.Formatter().parse(ended(query))
    return "".join(text + (EXTRACT if name is not None else "") for text, name, _, _ in pieces)


def ended(query: str) -> str:
    """The query without blanks around it and semicolons at its end."""
    return query.strip().rstrip("; \t\r\n\v\f")


def on_one_line(query: str) -> str:
    """The query as part of a sentence."""
    return " ".join(query.split())


def _contents(query: str, own: str) -> str:
    """SELECT of the rows of a query, each as the list of its values, with ``own`` beside it."""
    return f"SELECT list_value(*COLUMNS(*)) AS content, {own} AS own\nFROM (SELECT {_CONTENT} FROM (\n{query}\n))"


def _beyond(query: str, other: str) -> str:
    """SELECT of the rows of a query, as JSON objects, that have no counterpart among those of the other."""
    content = _CONTENT.replace("COLUMNS(*)", "COLUMNS(q.*)")
    rows = f'SELECT to_json(q) AS "dq row", {content}\nFROM (\n{query}\n) AS q'
    told = f'SELECT CAST("dq row" AS VARCHAR) AS told, list_value(*COLUMNS(* EXCLUDE ("dq row"))) AS content\nFROM ({rows})'
    numbered = f"SELECT *, row_number() OVER (PARTITION BY content) AS place\nFROM ({told})"
    there = f"SELECT content, count(*) AS counterparts\nFROM ({_contents(other, 'FALSE')})\nGROUP BY content"
    both = f"({numbered})\nLEFT JOIN ({there}) USING (content)"
    return f"SELECT told\nFROM {both}\nWHERE place > coalesce(counterparts, 0)\nORDER BY told"


_VALUE, _TYPE = "CAST(COLUMNS(*) AS VARCHAR)", "typeof(COLUMNS(*))"
_DOUBLE = f"TRY_CAST({_VALUE} AS DOUBLE)"
_FLOAT = (  # DuckDB spells 3 as 3.0, and what is below 0.0001 or very large with an exponent
    f"CASE WHEN {_VALUE} LIKE '%e%' AND trunc({_DOUBLE}) = {_DOUBLE} "
    f"THEN coalesce(CAST(TRY_CAST({_DOUBLE} AS HUGEINT) AS VARCHAR), {_VALUE}) "
    f"WHEN {_VALUE} IN ('nan', '-nan') THEN NULL WHEN {_VALUE} = '-0.0' THEN '0' "
    f"WHEN {_VALUE} LIKE '%.0' THEN {_VALUE}[:-3] ELSE {_VALUE} END"
)
_PLAIN = f"CASE WHEN contains({_VALUE}, '.') THEN rtrim(rtrim({_VALUE}, '0'), '.') ELSE {_VALUE} END"
_TINY = f"starts_with(ltrim({_VALUE}, '-'), '0.0000') AND length(ltrim({_VALUE}, '-0.')) <= 15 AND {_DOUBLE} <> 0"
_DECIMAL = f"CASE WHEN {_TINY} THEN CAST({_DOUBLE} AS VARCHAR) ELSE {_PLAIN} END"
_CONTENT = (
    f"CASE WHEN {_TYPE} IN ('VARCHAR', 'JSON') OR {_TYPE} LIKE 'ENUM%' THEN 'text ' || {_VALUE} "
    f"WHEN {_TYPE} IN ({', '.join(map(sql.text, INTEGERS))}) THEN 'number ' || {_VALUE} "
    f"WHEN {_TYPE} LIKE 'DECIMAL%' THEN 'number ' || {_DECIMAL} "
    f"WHEN {_TYPE} IN ('DOUBLE', 'FLOAT') THEN 'number ' || {_FLOAT} "
    f"WHEN {_TYPE} = 'BOOLEAN' THEN 'number ' || CASE {_VALUE} WHEN 'true' THEN '1' ELSE '0' END "
    f"WHEN {_TYPE} = 'DATE' THEN 'moment ' || {_VALUE} || ' 00:00:00' "
    f"WHEN {_TYPE} LIKE 'TIMESTAMP%' THEN 'moment ' || regexp_replace({_VALUE}, '\\+00(:00)?$', '') "
    f"ELSE {_TYPE} || ' ' || {_VALUE} END"
)
"""SQL of each value of a query as a text that equal values have in common: 1, 1.0 and 1.00 are one number, '1' is a text.

Numbers are spelled as DuckDB spells doubles: what is short enough to be one is, and what is not keeps all of its digits.
"""


class UnexpectedRowsExpectation(QueryExpectation, frozen=True, kw_only=True):
    """The SELECT gives no row.

    Why: some rules are easier said in SQL: totals that must agree within a group, periods that must not overlap.
    NULLs: as the SELECT says. `{batch}` stands for the extract (braces of your own are doubled); one SELECT of DuckDB's SQL,
    run with no access to files, network or settings. The number of rows that it gives is the number of failures. Another
    extract is reached by its name, if `--with`, `dq.toml` or `meta.dq.others` of the expectation names it.
    See also: expect_column_pair_values_a_to_be_greater_than_b, expect_compound_columns_to_be_unique.
    """

    name = "unexpected_rows_expectation"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "plausibility.atemporal"
    examples = (
        Case(
            "totals agree",
            {"quantity": [2, 3], "items": [1, 2], "total": [2, 6]},
            {"unexpected_rows_query": "SELECT * FROM {batch} WHERE total <> quantity * items"},
            True,
            0,
        ),
        Case(
            "one does not",
            {"quantity": [2, 3], "items": [1, 2], "total": [2, 5]},
            {"unexpected_rows_query": "SELECT * FROM {batch} WHERE total <> quantity * items"},
            False,
            1,
        ),
        Case(
            "practices that another extract does not have",
            {"practice": ["A81001", "Y99999"]},
            {
                "unexpected_rows_query": "SELECT b.practice FROM {batch} AS b LEFT JOIN practices AS p ON b.practice = p.code "
                "WHERE b.practice IS NOT NULL AND p.code IS NULL"
            },
            False,
            1,
            others={"practices": {"code": ["A81001", "A81002"]}},
        ),
    )
    unexpected_rows_query: Annotated[str, Meta(description="One SELECT of the failing rows from {batch}.", min_length=1)]

    def faults(self) -> Iterator[Fault]:
        return batch_faults("unexpected_rows_query", self.unexpected_rows_query)

    def statement(self) -> str:
        return f"No row is given by: {on_one_line(self.unexpected_rows_query)}"

    def queries(self) -> tuple[str, ...]:
        return (self.query(),)

    def query(self) -> str:
        return of_extract(self.unexpected_rows_query)

    def listings(self) -> dict[str, str]:
        return {"unexpected_rows": f"SELECT CAST(to_json(q) AS VARCHAR)\nFROM (\n{self.query()}\n) AS q"}


class ExpectQueryResultsToMatchComparison(Expectation, frozen=True, kw_only=True):
    """Two SELECTs, one of the extract and one of another, give the same rows.

    Why: what was added up here must be what the sender, or the last run, added up there.
    NULLs: NULL equals NULL, and NaN is NULL. Rows are compared as a whole, by the position of their columns and in any order; one
    that a side gives twice must be there twice. Numbers compare as numbers, dates and times as moments, text with text only. All
    rows count (Great Expectations cuts each side after 200). Unexpected are the rows of the longer result without a
    counterpart. `{batch}` in `base_query` stands for the extract; `comparison_query` reads other extracts by their names, which
    `--with`, `dq.toml` or `meta.dq.others` give them. `comparison_data_source_name` is kept and changes nothing.
    See also: unexpected_rows_expectation, expect_table_row_count_to_equal_other_table.
    """

    name = "expect_query_results_to_match_comparison"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.computational"
    conditional: ClassVar[bool] = False
    examples = (
        Case(
            "the same totals",
            {"practice": ["A81001", "A81001", "B81002"], "patients": [10, 5, 7]},
            {
                "base_query": "SELECT practice, sum(patients) FROM {batch} GROUP BY practice",
                "comparison_data_source_name": "returns",
                "comparison_query": "SELECT practice, total FROM totals",
            },
            True,
            0,
            others={"totals": {"practice": ["B81002", "A81001"], "total": [7.0, 15.0]}},
        ),
        Case(
            "one total differs",
            {"practice": ["A81001", "B81002"], "patients": [15, 7]},
            {
                "base_query": "SELECT practice, patients FROM {batch}",
                "comparison_data_source_name": "returns",
                "comparison_query": "SELECT practice, total FROM totals",
            },
            False,
            1,
            others={"totals": {"practice": ["A81001", "B81002"], "total": [15, 8]}},
        ),
        Case(
            "one in four may differ",
            {"practice": ["A81001", "A81002", "B81002", None]},
            {
                "base_query": "SELECT practice FROM {batch}",
                "comparison_data_source_name": "returns",
                "comparison_query": "SELECT practice FROM totals",
                "mostly": 0.75,
            },
            True,
            1,
            others={"totals": {"practice": ["A81001", "A81002", None]}},
        ),
        Case(
            "a number is not its text",
            {"beds": [12]},
            {
                "base_query": "SELECT beds FROM {batch}",
                "comparison_data_source_name": "returns",
                "comparison_query": "SELECT '12' AS beds",
            },
            False,
            1,
        ),
    )
    base_query: Annotated[str, Meta(description="One SELECT from {batch}.", min_length=1)]
    comparison_data_source_name: Annotated[str, Meta(description="Kept for Great Expectations; it changes nothing here.")]
    comparison_query: Annotated[str, Meta(description="One SELECT of the rows that there should be.", min_length=1)]
    mostly: Mostly = 1.0

    def faults(self) -> Iterator[Fault]:
        return batch_faults("base_query", self.base_query)

    def statement(self) -> str:
        base, comparison = on_one_line(self.base_query), on_one_line(self.comparison_query)
        return f"{share(self.mostly, 'row')} of ({base}) {'is' if self.mostly >= 1 else 'are'} in ({comparison}), and vice versa"

    def queries(self) -> tuple[str, ...]:
        return (of_extract(self.base_query), ended(self.comparison_query))

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        base, comparison = self.queries()
        select = (
            "SELECT sum(base) AS base, sum(comparison) AS comparison, sum(least(base, comparison)) AS matches\n"
            "FROM (SELECT content, count_if(own) AS base, count_if(NOT own) AS comparison\n"
            f"FROM ({_contents(base, 'TRUE')}\nUNION ALL\n{_contents(comparison, 'FALSE')})\nGROUP BY content)"
        )
        return {name: Figure(select, name, (base, comparison)) for name in ("base", "comparison", "matches")}

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        base, comparison, matches = (number(numbers[name]) for name in ("base", "comparison", "matches"))
        most = max(base, comparison)
        if most == 0:
            return Judgement(None, "rows", 0, 0, 0, True, message="neither query gives a row: there is nothing to compare")
        unexpected = most - matches
        success = 100 - _percent(matches, most) >= self.mostly * 100
        details = {
            "base": base,
            "comparison": comparison,
            "missing_rows": comparison - matches,
            "unexpected_rows": base - matches,
        }
        return Judgement(success, "rows", most, 0, unexpected, success, details=details)

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        most, unexpected = judgement.element_count, judgement.unexpected_count
        return {"unexpected_count": unexpected, "unexpected_percent": _percent(most - unexpected, most) if most else 0.0}

    def listings(self) -> dict[str, str]:
        base, comparison = self.queries()
        return {"missing_rows": _beyond(comparison, base), "unexpected_rows": _beyond(base, comparison)}


def _percent(matches: int, most: int) -> float:
    """How many of the rows have no counterpart, in per cent."""
    return (1 - matches / most) * 100
