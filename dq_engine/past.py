"""Stored runs -> :class:`~dq_engine.trends.History`: reads what runs recorded, lets the worker count. No extract is looked at."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dq_engine import store, trends
from dq_engine.deliveries import Deliveries
from dq_engine.errors import StoreError, UsageError
from dq_engine.process import WorkerProcess
from dq_engine.rating import instrument as instruments
from dq_engine.rating.records import nearest
from dq_engine.scores import OVERALL, POOR_OR_WORSE
from dq_engine.scoring import Asked, Scorer
from dq_engine.trends import HISTORY_VERSION, History, Judged, RatingPoint, RunRecord, Seen, Series


class Past:
    """Stored runs in the order of the days that they are of, the newest ``last`` of them. Those that cannot be read are left out.

    ``given`` are directories of runs, or folders of runs. Raises :class:`dq_engine.errors.UsageError` for what is neither.
    """

    def __init__(self, given: Iterable[Path], last: int | None = None) -> None:
        self.left_out: list[str] = []
        found: dict[str, tuple[RunRecord, Path]] = {}
        for directory in _directories(given):
            try:
                record = store.read(directory, RunRecord)
                store.complete(directory)
                dt.date.fromisoformat(record.day)
            except StoreError as error:
                self.left_out.append(str(error))
            except ValueError:
                self.left_out.append(f"{directory / store.RUN}: does not say when the run was started")
            else:
                found[record.id] = record, directory
        ordered = trends.in_order(record for record, _ in found.values())
        self.runs = ordered[-last:] if last else ordered
        self.directories = [found[run.id][1] for run in self.runs]

    def history(
        self, worker: WorkerProcess, extracts: Sequence[str] = (), checks: Sequence[str] = (), organisation: str = ""
    ) -> History:
        """The series of extracts and checks (patterns; none: of all), or those of one organisation, and what is unusual.

        Raises :class:`dq_engine.errors.UsageError` for what no run knows, :class:`dq_engine.errors.StoreError` for damaged runs.
        """
        if not self.runs:
            return self._of(())
        deliveries = Deliveries(self.directories, worker)
        sent = deliveries.sent()
        visited = trends.visits(self.runs, sent)
        chosen = {name: some for name, some in visited.items() if _matches(name, extracts)}
        if extracts and not chosen:
            raise UsageError(f"no stored run has an extract {' or '.join(extracts)}{nearest(extracts[0], visited)}")
        gone = {} if organisation else deliveries.gone(chosen)
        rows, found = deliveries.of(organisation) if organisation else ({}, {})
        series: list[Series] = []
        for name, some in chosen.items():
            if organisation:
                series += trends.of_organisation(some, organisation, rows.get(name, {}), found.get(name, {}))
            else:
                series += trends.of_extract(some, sent, gone.get(name, ()))
        if organisation and not series:
            raise UsageError(f"no stored run counted anything of an organisation {organisation}")
        if checks:
            known = sorted({one.check for one in series if one.check})
            series = [one for one in series if one.check and _matches(one.check, checks)]
            if not series:
                raise UsageError(f"no stored run has a check {' or '.join(checks)}{nearest(checks[0], known)}")
        return self._of(series, organisation)

    def ratings(self, item: str, worker: WorkerProcess, instrument: Path | None = None, organisation: str = "") -> History:
        """How an item was rated by each run, alone: of all organisations, or of one.

        Raises :class:`dq_engine.errors.UsageError` for an item or organisation that is not known.
        """
        rules = instruments.read(instrument or instruments.default())[0]
        known = [*(rule.id for rule in rules.items), OVERALL]
        if item not in known:
            raise UsageError(f'the instrument has no item "{item}"{nearest(item, known)}; it has {", ".join(known)}')
        points = list(self._rated(item, worker, instrument, organisation)) if self.runs else []
        if organisation and self.runs and not points:
            raise UsageError(f"no stored run rates an organisation {organisation}")
        return History(
            HISTORY_VERSION, self._seen(), tuple(self.left_out), (), (), Judged(0, 0, 0, 0), "", item, organisation, tuple(points)
        )

    def _rated(self, item: str, worker: WorkerProcess, instrument: Path | None, organisation: str) -> Iterator[RatingPoint]:
        for run, directory in zip(self.runs, self.directories, strict=True):
            scores = Scorer([directory], worker, Asked(instrument=instrument, dimensions=False)).scores()
            table = next(row for row in scores.tables if row.item == item and not row.by)
            shares = {share.rating: share.count for share in table.shares}
            worse = shares.pop(POOR_OR_WORSE)
            own = next((one for one in scores.ratings if (one.item, one.organisation) == (item, organisation)), None)
            if not organisation or own is not None:
                told = (own.rating, own.score) if own else (None, None)
                yield RatingPoint(run.id, run.day, table.rated, table.population, shares, worse, *told)

    def _of(self, series: Sequence[Series], organisation: str = "") -> History:
        return History(
            HISTORY_VERSION,
            self._seen(),
            tuple(self.left_out),
            tuple(series),
            trends.anomalies(series),
            trends.judged(series),
            organisation=organisation,
        )

    def _seen(self) -> tuple[Seen, ...]:
        return tuple(Seen(run.id, run.started, run.day) for run in self.runs)


def _directories(given: Iterable[Path]) -> list[Path]:
    """The directories of runs: those that are given, and all in folders, of which one may hold none."""
    found: list[Path] = []
    for path in given:
        if not path.is_dir():
            raise UsageError(f"{path}: is {'not the directory of a run' if path.exists() else 'not there'}")
        found += [path] if (path / store.RUN).is_file() else store.directories(path)
    return found


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
