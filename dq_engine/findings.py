"""What the counts of a stored run say of organisations: SQL over its Parquet files, carried out by the worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from dq_engine import run_tables
from dq_engine.disclosure import Disclosure, hidden_sql
from dq_engine.errors import StoreError, WorkerDied, WorkerError
from dq_engine.model import FieldMeasure
from dq_engine.run_tables import Worker
from dq_engine.sql import ident, text

WORST = 10
"""Organisations that a check names."""
LEAST_RECORDS = 100
"""Of an organisation with fewer records no count is published. Patients Registered at a GP Practice is the precedent, which
suppresses practices with up to 100 patients:
https://www.gov.uk/government/statistics/numbers-of-patients-registered-at-a-gp-practice-october-2015
"""
FOUND, HIDDEN = "dq_found", "dq_hidden"
"""Tables of the worker."""
AT_A_TIME = 2_000
"""Organisations whose findings are in memory at a time."""


class Finding(Struct, frozen=True):
    """What a check found at an organisation, over all periods: ``unexpected`` of ``judged``; None where that is not told."""

    extract: str
    check: str
    unexpected: int | None
    judged: int | None


class Findings:
    """The findings of one run.

    With a ``rule`` of disclosure only what may be published: which organisations a check names is not told, of counts of
    organisations only the unexpected, and these are None where the rule hides them or fewer than ``LEAST_RECORDS`` were judged.
    Raises :class:`dq_engine.errors.StoreError` if its files cannot be read.
    """

    def __init__(self, directory: Path, worker: Worker, rule: Disclosure | None = None) -> None:
        self.directory, self.worker, self.rule = directory.resolve(), worker, rule

    def worst(self) -> dict[tuple[str, str], list[tuple[str, int, int]]]:
        """For each extract and check, the organisations with the most that is unexpected, with what was judged there."""
        if self.rule is not None:
            return {}
        self._open()
        place = 'row_number() OVER (PARTITION BY extract, "check" ORDER BY unexpected DESC, organisation)'
        rows = self._query(
            f'SELECT extract, "check", organisation, unexpected, judged FROM {FOUND} WHERE unexpected > 0 '
            f'QUALIFY {place} <= {WORST} ORDER BY extract, "check", unexpected DESC, organisation'
        )
        found: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
        for extract, check, organisation, unexpected, judged in rows:
            found.setdefault((extract, check), []).append((organisation, unexpected, judged))
        return found

    def levels(self) -> dict[str, str]:
        """The organisations that anything was counted for, with their level."""
        return dict(
            self._rows(
                run_tables.MEASURES,
                f"SELECT organisation, min(level) FROM {self._table(run_tables.MEASURES)} "
                "WHERE organisation IS NOT NULL GROUP BY ALL ORDER BY ALL",
            )
        )

    def by_organisation(self, codes: Sequence[str]) -> Iterator[tuple[str, list[Finding], int]]:
        """For each organisation: what was found there, and how many checks judged anything there.

        What was found comes with the largest shares first; with a rule, in the order of names. The worker must not open anything
        else until all are told.
        """
        self._open()
        told, order = self._told()
        judging = dict(self._query(f"SELECT organisation, count(*) FROM {FOUND} WHERE judged > 0 GROUP BY organisation"))
        for start in range(0, len(codes), AT_A_TIME):
            some = codes[start : start + AT_A_TIME]
            rows = self._query(
                f'SELECT organisation, extract, "check", {told} '
                f'AND organisation IN ({", ".join(map(text, some))}) ORDER BY organisation, {order}extract, "check"'
            )
            found: dict[str, list[Finding]] = {code: [] for code in some}
            for organisation, *finding in rows:
                found[organisation].append(Finding(*finding))
            for code in some:
                yield code, found[code], judging.get(code, 0)

    def fields(self) -> list[FieldMeasure]:
        """The classes of the values of each column, over each whole extract."""
        named = ", ".join(map(ident, run_tables.CLASSES))
        rows = self._rows(
            run_tables.FIELDS,
            f'SELECT extract, "column", {named} FROM {self._table(run_tables.FIELDS)} WHERE organisation IS NULL ORDER BY ALL',
        )
        return [FieldMeasure(extract, column, None, None, *counts) for extract, column, *counts in rows]

    def _open(self) -> None:
        """Adds up, in a table of the worker, what each check found at each organisation."""
        summed = (
            'SELECT organisation, extract, "check", sum(unexpected_count)::BIGINT AS unexpected, '
            f"sum(element_count - missing_count)::BIGINT AS judged FROM {self._table(run_tables.MEASURES)} "
            "WHERE organisation IS NOT NULL GROUP BY ALL"
        )
        self._rows(run_tables.MEASURES, f"CREATE TEMP TABLE {FOUND} AS {summed}")
        if self.rule is not None:
            pairs = f'(SELECT extract || chr(31) || "check" AS "check", organisation, unexpected AS n FROM {FOUND})'
            self._query(f"CREATE TEMP TABLE {HIDDEN} AS {hidden_sql(pairs, self.rule)}")
            self._query(
                f"CREATE OR REPLACE TEMP TABLE {FOUND} AS "
                "SELECT f.*, h.hidden, max(judged) OVER (PARTITION BY f.organisation) AS most "
                f"FROM {FOUND} f JOIN {HIDDEN} h "
                'ON h."check" = f.extract || chr(31) || f."check" AND h.organisation = f.organisation'
            )

    def _told(self) -> tuple[str, str]:
        """SQL of what is told of a finding, from where; and of its order.

        Where counts may be hidden, so is whether there is any: else one that is not told of would be known to be 0.
        """
        if self.rule is None:
            return f"unexpected, judged FROM {FOUND} WHERE unexpected > 0", "unexpected / greatest(judged, 1) DESC, "
        told = f"CASE WHEN NOT hidden AND most >= {LEAST_RECORDS} THEN unexpected END, NULL"
        return f"{told} FROM {FOUND} WHERE (unexpected > 0 OR hidden)", ""

    def _rows(self, table: str, sql: str) -> list[list[Any]]:
        try:
            return run_tables.rows(self.directory / table, sql, self.worker)
        except WorkerDied:
            raise
        except WorkerError as error:
            raise StoreError(f"{self.directory / table}: {error}") from None

    def _query(self, sql: str) -> list[list[Any]]:
        rows: list[list[Any]] = self.worker.ask({"op": "query", "sql": sql})["rows"]
        return rows

    def _table(self, name: str) -> str:
        return run_tables.parquet(self.directory / name)
