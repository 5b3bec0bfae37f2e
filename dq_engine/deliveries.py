"""Who sent how much for which period, by what stored runs counted: SQL over their Parquet files, carried out by the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dq_engine import run_tables
from dq_engine.compile import NO_CODE, NO_ORGANISATION
from dq_engine.control_charts import MOST
from dq_engine.errors import StoreError, WorkerDied, WorkerError
from dq_engine.run_tables import Worker
from dq_engine.sql import text
from dq_engine.trends import Gone, Sent, Visit

NAMED = 10
"""Organisations that are gone, by name."""
CAME, PLACES = "dq_came", "dq_places"
"""Tables of the worker: rows by run, extract, organisation and period; the deliveries of each extract, in order."""
_NOBODY = f"({text(NO_ORGANISATION)}, {text(NO_CODE)})"


class Deliveries:
    """Stored runs that are open in a worker, which must not open anything else meanwhile.

    ``runs`` are their directories. Raises :class:`dq_engine.errors.StoreError` if their files cannot be read.
    """

    def __init__(self, runs: Sequence[Path], worker: Worker) -> None:
        self.worker = worker
        measures, fields = ([str(path.resolve() / name) for path in runs] for name in (run_tables.MEASURES, run_tables.FIELDS))
        self.measures = _reading(measures)
        others = {"fields": {"files": fields, "relation": _reading(fields)}}
        asked = {"files": measures, "relation": self.measures, "settings": {}, "others": others, "written": []}
        opened = self._ask({"op": "open", **asked}, measures)
        if trouble := opened["others"]["fields"].get("trouble"):
            raise StoreError(f"{fields[opened['others']['fields']['place']]}: {trouble}: the run is damaged; check again")
        shared = "run, extract, organisation, period"
        each = (
            f"SELECT {shared}, records AS n FROM {_reading(fields)} "
            f"UNION ALL SELECT {shared}, element_count FROM {self.measures} WHERE unit = 'rows'"
        )
        self._query(
            f"CREATE TEMP TABLE {CAME} AS SELECT {shared}, max(n)::BIGINT AS n FROM ({each}) "
            "WHERE organisation IS NOT NULL GROUP BY ALL HAVING max(n) > 0"
        )

    def sent(self) -> list[Sent]:
        """What came for each period. Rows without a code of an organisation count, and are nobody's."""
        counted = f"count(*) FILTER (organisation NOT IN {_NOBODY})"
        rows = self._query(f"SELECT run, extract, period, {counted}, sum(n)::BIGINT FROM {CAME} GROUP BY ALL ORDER BY ALL")
        return [Sent(*row) for row in rows]

    def gone(self, visited: Mapping[str, Sequence[Visit]]) -> dict[str, list[Gone]]:
        """For each extract and each delivery after the first, which organisations sent nothing any more."""
        compared = {
            extract: [visit for visit in some if not visit.again and visit.record.rows is not None]
            for extract, some in visited.items()
        }
        places = ", ".join(
            f"({text(extract)}, {place}, {text(visit.run)}, {text(visit.newest) if visit.newest else 'NULL'})"
            for extract, some in compared.items()
            for place, visit in enumerate(some)
        )
        if not places:
            return {}
        self._query(f"CREATE OR REPLACE TEMP TABLE {PLACES} AS SELECT * FROM (VALUES {places}) t(extract, place, run, period)")
        there = (
            f"SELECT DISTINCT p.extract, p.place, c.organisation FROM {PLACES} p JOIN {CAME} c ON c.run = p.run AND "
            "c.extract = p.extract AND (p.period IS NULL OR c.period = p.period) "
            f"WHERE c.organisation NOT IN {_NOBODY}"
        )
        self._query(f"CREATE OR REPLACE TEMP TABLE dq_there AS {there}")
        counted = self._query(
            "SELECT a.extract, a.place + 1, count(*), count(*) FILTER (b.organisation IS NULL) FROM dq_there a "
            "LEFT JOIN dq_there b ON b.extract = a.extract AND b.place = a.place + 1 AND b.organisation = a.organisation "
            "GROUP BY ALL ORDER BY ALL"
        )
        found: dict[str, list[Gone]] = {}
        for extract, place, before, gone in counted:
            if place < len(compared[extract]):
                found.setdefault(extract, []).append(Gone(compared[extract][place].run, before, gone))
        for extract, some in found.items():
            if some[-1].run == compared[extract][-1].run:
                some[-1] = self._latest(extract, len(compared[extract]) - 1, some[-1])
        return found

    def _latest(self, extract: str, last: int, gone: Gone) -> Gone:
        """The same of the newest delivery, with who is gone, and who was always there."""
        past = min(last, MOST)
        absent = (
            f"SELECT organisation, count(*) FILTER (place >= {last - past} AND place < {last}) = {past} AS always, "
            f"bool_or(place = {last - 1}) AS before, bool_or(place = {last}) AS now FROM dq_there "
            f"WHERE extract = {text(extract)} GROUP BY organisation"
        )
        first = f"ORDER BY organisation LIMIT {NAMED}"
        regulars, missing = self._query(f"SELECT count(*), count(*) FILTER (NOT now) FROM ({absent}) WHERE always")[0]
        some, named = (
            tuple(code for (code,) in self._query(f"SELECT organisation FROM ({absent}) WHERE NOT now AND {which} {first}"))
            for which in ("before", "always")
        )
        return Gone(gone.run, gone.there, gone.gone, some, past, regulars, missing, named)

    def of(self, organisation: str) -> tuple[dict[str, dict[str, int]], dict[str, dict[tuple[str, str], tuple[int, int]]]]:
        """By extract: the rows of an organisation by run, and its unexpected of what was judged by run and check."""
        rows: dict[str, dict[str, int]] = {}
        found: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
        whose = f"WHERE organisation = {text(organisation)}"
        for extract, run, n in self._query(f"SELECT extract, run, sum(n)::BIGINT FROM {CAME} {whose} GROUP BY ALL"):
            rows.setdefault(extract, {})[run] = n
        summed = "sum(unexpected_count)::BIGINT, sum(element_count - missing_count)::BIGINT"
        for extract, run, check, unexpected, of in self._query(
            f'SELECT extract, run, "check", {summed} FROM {self.measures} {whose} GROUP BY ALL'
        ):
            found.setdefault(extract, {})[run, check] = (unexpected, of)
        return rows, found

    def _query(self, sql: str) -> list[list[Any]]:
        rows: list[list[Any]] = self._ask({"op": "query", "sql": sql}, ())["rows"]
        return rows

    def _ask(self, request: dict[str, Any], files: Sequence[str]) -> dict[str, Any]:
        try:
            return self.worker.ask(request)
        except WorkerError as error:
            if isinstance(error, WorkerDied) or error.kind == "OutOfMemoryException":
                raise
            where = f"{files[error.place or 0]}: " if files else ""
            raise StoreError(f"{where}{error}: a run is damaged, or of another version of dq; check again") from None


def _reading(files: Sequence[str]) -> str:
    return f"read_parquet([{', '.join(map(text, files))}])"
