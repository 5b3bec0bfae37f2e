"""An extract -> what its rows say in short: numbers of values, how many are different, shapes. Asks the worker.

One scan counts all columns together; shapes come from a few rows. How many values are different is an estimate (HyperLogLog,
within some per cent): it only says which rules are worth a look, and each of these is then counted exactly by the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from dq_engine.errors import ExtractError, UsageError, WorkerDied, WorkerError
from dq_engine.feeds import Extract
from dq_engine.model import EXTRACT, ORDERED, Column
from dq_engine.opening import Opened, open_extract
from dq_engine.process import WorkerProcess
from dq_engine.sql import as_text, masked, text

PREVIEWED = 2000
"""Rows whose shapes are looked at."""
SHAPES = 30
"""Shapes of a column that are looked at, the most frequent ones."""
MOST_VALUES = 30
"""Different values that may be proposed as the set of all."""
PREVIEW = "dq_preview"
AT_ONCE = 100
"""Columns that are counted by one query."""


class ColumnProfile(Struct, frozen=True):
    """One column: how many values there are among the rows read, and about how many different ones.

    ``all_values`` is how many there are in all rows, by the footers (None: they do not say). ``shapes`` are the most frequent
    ones in the preview with their counts, ``previewed`` the values there. ``listed`` are all different values, only of a column
    that somebody calls public, and only if they are few.
    """

    column: Column
    values: int
    different: int
    all_values: int | None = None
    shapes: tuple[tuple[str, int], ...] = ()
    previewed: int = 0
    listed: tuple[str | int | float | bool, ...] = ()
    least: str | int | float | None = None
    most: str | int | float | None = None

    @property
    def name(self) -> str:
        """What rules call the column."""
        return self.column.name

    def share(self, *fitting: str) -> float:
        """The share of the previewed values whose shape is one of those."""
        return sum(count for shape, count in self.shapes if shape in fitting) / self.previewed if self.previewed else 0.0


class Profile(Struct, frozen=True):
    """An extract in short. ``rows`` it has, of which ``read`` were read: fewer where a sample was drawn.

    ``names`` are those of all columns; ``columns`` those whose values can be counted.
    """

    names: tuple[str, ...]
    columns: tuple[ColumnProfile, ...]
    rows: int
    read: int

    @property
    def sampled(self) -> bool:
        """Whether a sample was read, and not all rows."""
        return self.read < self.rows

    def column(self, name: str) -> ColumnProfile:
        """The profile of a column."""
        return next(column for column in self.columns if column.name == name)


class Profiler:
    """An extract that is open in the worker. Raises :class:`ExtractError` if it cannot be, or a query fails."""

    def __init__(
        self, worker: WorkerProcess, extract: Extract, settings: Mapping[str, str], written: Sequence[Path] = ()
    ) -> None:
        self.worker, self.extract = worker, extract
        asked: dict[str, Any] = {"temp_directory": str(worker.spill), **settings}
        try:
            self.opened: Opened = open_extract(
                worker.ask, extract, [], worker.directory, asked, show=False, written=[str(path) for path in written]
            )
        except (WorkerError, UsageError) as error:
            raise ExtractError(f"{extract.name}: {error}") from None
        except OSError as error:
            raise ExtractError(f"{extract.name}: cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
        for view in self.opened.views:
            self.query(view)

    def query(self, sql: str) -> list[list[Any]]:
        """The rows of one query."""
        try:
            rows: list[list[Any]] = self.worker.ask({"op": "query", "sql": sql})["rows"]
        except (WorkerError, WorkerDied) as error:
            raise ExtractError(f"{self.extract.name}: {error}") from None
        return rows

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that can be profiled: lists, structs and maps are left out."""
        return tuple(column for column in self.opened.table.columns if column.kind not in ("nested", "null"))

    def write_sample(self, path: Path, rows: int, seed: int) -> None:
        """Writes about that many of the rows to a Parquet file: each is drawn by itself, by a hash of its place.

        The same rows are drawn each time. Where columns leave no room for places, DuckDB draws them (Bernoulli).
        """
        share = rows / max(1, self.opened.table.rows)
        names = ", ".join(column.sql for column in self.opened.table.columns)
        if self.opened.ordered:
            self.query(self.opened.ordered)
            drawn = (
                f"SELECT {names} FROM {ORDERED} WHERE hash(dq_row, {seed}) < CAST({share!r} * 18446744073709551615 AS UBIGINT)"
            )
        else:
            drawn = f"SELECT {names} FROM {EXTRACT} USING SAMPLE {100 * share!r} PERCENT (bernoulli, {seed})"
        self.query(f"COPY ({drawn}) TO {text(str(path))} (FORMAT parquet)")

    def profile(self, rows: int, public: Sequence[str], footers: Mapping[str, int | None]) -> Profile:
        """The profile of the rows that are open, of ``rows`` in all; ``footers`` say how many values columns have in these."""
        self.query(
            f"CREATE OR REPLACE TEMP TABLE {PREVIEW} AS SELECT * FROM {EXTRACT} "
            f"USING SAMPLE reservoir({PREVIEWED} ROWS) REPEATABLE (1)"
        )
        counted = dict(self.counted())
        profiles = []
        for column in self.columns:
            values, different = counted[column.name]
            shapes = self.shapes(column) if column.kind in ("text", "integer") else []
            listed, least, most = self.public(column, different) if column.name in public else ((), None, None)
            profiles.append(
                ColumnProfile(
                    column,
                    values,
                    min(different, values),
                    footers.get(column.name),
                    tuple((shape, count) for shape, count in shapes[:SHAPES]),
                    sum(count for _, count in shapes),
                    listed,
                    least,
                    most,
                )
            )
        names = tuple(column.name for column in self.opened.table.columns)
        return Profile(names, tuple(profiles), rows, self.opened.table.rows)

    def counted(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Values and different values of each column."""
        for start in range(0, len(self.columns), AT_ONCE):
            portion = self.columns[start : start + AT_ONCE]
            numbers = [f"count({column.sql}), approx_count_distinct({column.sql})" for column in portion]
            ((*found,),) = self.query(f"SELECT {', '.join(numbers)} FROM {EXTRACT}")
            for place, column in enumerate(portion):
                yield column.name, (found[2 * place], found[2 * place + 1])

    def shapes(self, column: Column) -> list[list[Any]]:
        """The shapes of a column in the preview, the most frequent first."""
        value = as_text(column)
        return self.query(
            f"SELECT {masked(value)} AS shape, count(*) AS n FROM {PREVIEW} WHERE {column.sql} IS NOT NULL "
            "GROUP BY shape ORDER BY n DESC, shape"
        )

    def public(self, column: Column, different: int) -> tuple[tuple[Any, ...], Any, Any]:
        """The different values of a column that is public, if they are few; and its least and greatest value."""
        least, most, listed = None, None, []
        if column.kind in ("integer", "decimal", "float", "date"):
            ((least, most),) = self.query(f"SELECT min({column.sql}), max({column.sql}) FROM {EXTRACT}")
        if different <= 2 * MOST_VALUES and column.kind in ("text", "integer", "boolean"):
            query = (
                f"SELECT DISTINCT {column.sql} FROM {EXTRACT} WHERE {column.sql} IS NOT NULL ORDER BY 1 LIMIT {MOST_VALUES + 1}"
            )
            listed = [value for (value,) in self.query(query)]
        return tuple(listed) if len(listed) <= MOST_VALUES else (), least, most

    def different_together(self, combinations: Sequence[tuple[Column, ...]]) -> list[int]:
        """About how many different combinations of values columns have, for each of the ``combinations``; by one scan."""
        if not combinations:
            return []
        hashed = [f"approx_count_distinct(hash({', '.join(column.sql for column in each)}))" for each in combinations]
        ((*found,),) = self.query(f"SELECT {', '.join(hashed)} FROM {EXTRACT}")
        return found
