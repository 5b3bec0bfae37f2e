"""Queries: a rule that a SELECT of the failing rows states."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from dq_engine.catalog.base import Case, Fault
from dq_engine.catalog.shapes import QueryExpectation
from dq_engine.model import EXTRACT, Dimension, Kahn


class UnexpectedRowsExpectation(QueryExpectation, frozen=True, kw_only=True):
    """The SELECT gives no row.

    Why: some rules are easier said in SQL: totals that must agree within a group, periods that must not overlap.
    NULLs: as the SELECT says. `{batch}` stands for the extract (braces of your own are doubled); one SELECT of DuckDB's SQL,
    run with no access to files, network or settings. The number of rows that it gives is the number of failures. Another
    extract is reached by its name, if `meta.dq.others` of the expectation names it.
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
    )
    unexpected_rows_query: Annotated[str, Meta(description="One SELECT of the failing rows from {batch}.", min_length=1)]

    def faults(self) -> Iterator[Fault]:
        try:
            fields = {name for _, name, _, _ in string.Formatter().parse(self.unexpected_rows_query) if name is not None}
        except ValueError as error:
            yield Fault("unexpected_rows_query", f"{error}: write braces of your own twice, {{{{ and }}}}")
            return
        if foreign := sorted(fields - {"batch"}):
            advice = f"only {{batch}} can stand for something; write braces of your own twice: {{{{{foreign[0]}}}}}"
            yield Fault("unexpected_rows_query", f"{{{foreign[0]}}} is unknown: {advice}")
        elif "batch" not in fields:
            yield Fault("unexpected_rows_query", "does not speak of {batch}, so it cannot find a row of the extract")

    def statement(self) -> str:
        return f"No row is given by: {' '.join(self.unexpected_rows_query.split())}"

    def query(self) -> str:
        pieces = string.Formatter().parse(self.unexpected_rows_query.strip().rstrip("; \n\t"))
        return "".join(text + (EXTRACT if name is not None else "") for text, name, _, _ in pieces)
