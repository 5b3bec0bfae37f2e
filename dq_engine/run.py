"""Plan -> numbers: asks the worker, keeps one failing check from spoiling the others, and loses none.

The only module that drives a whole extract: open, plan, scan, judge, and ask once more about what failed.
"""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import compile as phrase
from dq_engine import privacy, results
from dq_engine.catalog import conditions
from dq_engine.catalog.base import Scope, find_column
from dq_engine.catalog.periods import spans_table
from dq_engine.catalog.shapes import KeyExpectation, RowExpectation
from dq_engine.errors import ExtractError, NotEvaluable, UsageError, WorkerDied, WorkerError
from dq_engine.feeds import Extract
from dq_engine.model import (
    Column,
    Count,
    ExtractRun,
    File,
    GroupScalar,
    ItemNumber,
    Items,
    Measure,
    Metric,
    Number,
    OtherExtract,
    Outcome,
    Query,
    QueryCount,
    Scalar,
    SuiteReference,
    Table,
)
from dq_engine.opening import Changed, Opened, open_extract, unchanged
from dq_engine.plan import COUNTS, Plan, Planned, Scans, footer_questions, in_groups, make_plan, scans, with_known
from dq_engine.process import WorkerProcess
from dq_engine.suite import Check

Progress = Callable[[str, float], None]
"""Hears what is done on an extract (a phase in words) and how far it is (0 to 1)."""
Hear = Callable[[float], None]
"""Hears how far a query is, in per cent."""


class Limits(Struct, frozen=True):
    """What a scan may use: threads, memory (DuckDB's spelling, "512MB"), seconds per extract; None leaves it to the machine."""

    threads: int | None = None
    memory_limit: str | None = None
    timeout: float | None = None


def check_extract(
    worker: WorkerProcess,
    extract: Extract,
    selected: Callable[[Check], bool],
    limits: Limits,
    *,
    today: dt.date,
    show_values: bool,
    progress: Progress,
) -> tuple[ExtractRun, list[Measure]]:
    """Everything about one extract: its outcomes, one for each check of its suite, and its measures. Raises no DqError.

    ``today`` is the day on which the data are looked at, for rules about their age.
    """
    return _Scan(worker, extract, selected, limits, today=today, show_values=show_values, progress=progress).run()


def explain_plan(worker: WorkerProcess, extract: Extract) -> str:
    """The SQL that checking the extract would run, and how many numbers the footers give. Reads footers only.

    Raises :class:`ExtractError` if the extract cannot be opened.
    """
    quiet: Progress = lambda phase, fraction: None  # noqa: E731
    scan = _Scan(worker, extract, lambda check: True, Limits(), today=dt.date.today(), show_values=False, progress=quiet)
    try:
        plan = scan.ask_footer(scan.plan())
    except (WorkerError, UsageError, OSError) as error:
        raise ExtractError(f"{extract.name}: {scan.words(error)}") from None
    needed = {metric for planned in plan.checks for metric in planned.metrics.values()}
    lines = [
        f"-- {extract.name}: {len(plan.table.columns)} columns, {scan.rows:,} rows",
        f"-- {len(plan.checks)} checks need {len(needed)} numbers",
        f"-- the footers give {len(plan.known)} of these numbers without a scan",
        *(f"-- cannot be evaluated: {planned.check.statement}: {planned.problem}" for planned in plan.checks if planned.problem),
    ]
    for purpose, sql in [*(("view", view) for view in scan.opened.views), *phrase.written(plan)]:
        lines += ["", f"-- {' '.join(purpose.split())}", f"{scan.redacted(sql)};"]
    return "\n".join(lines)


NOT_YET = Opened(Table((), 0), {}, [], [], (), (), ())


class _Scan:
    """The state of one extract while it is checked."""

    def __init__(
        self,
        worker: WorkerProcess,
        extract: Extract,
        selected: Callable[[Check], bool],
        limits: Limits,
        *,
        today: dt.date,
        show_values: bool,
        progress: Progress,
    ) -> None:
        self.worker, self.extract, self.limits, self.progress = worker, extract, limits, progress
        self.today, self.show_values = today, show_values
        self.started = time.monotonic()
        self.deadline = None if limits.timeout is None else self.started + limits.timeout
        self.wanted = [check for check in extract.suite.checks if selected(check)]
        self.queries: list[Query] = []
        self.opened: Opened = NOT_YET
        self.problem = ""
        self.death: WorkerDied | None = None
        self.rows: int | None = None
        self.numbers: dict[Metric, Number] = {}
        self.failures: dict[Metric, str] = {}
        self.organisations: list[str] = []
        self.counts: dict[Metric, list[int]] = {}
        self.item_counts: dict[Metric, dict[str, int]] = {}

    # ------------------------------------------------------------------------------------------------------- the course

    def run(self) -> tuple[ExtractRun, list[Measure]]:
        judged: dict[str, Outcome] = {}
        measures: list[Measure] = []
        if self.wanted:
            try:
                judged, measures = self.judged()
            except (WorkerError, UsageError, Changed, OSError) as error:
                judged = {check.id: self.error(check, self.words(error)) for check in self.wanted}
                measures = []
                self.problem = self.words(error)
        outcomes = tuple(
            judged.get(check.id) or results.unjudged(check, self.extract.name, "skipped", "not selected")
            for check in self.extract.suite.checks
        )
        return self.record(outcomes), measures

    def judged(self) -> tuple[dict[str, Outcome], list[Measure]]:
        self.progress("opening", 0.0)
        plan = self.plan()
        plan = self.ask_footer(plan)
        wanted = scans(plan)
        self.numbers.update(plan.known)
        self.scan(plan, wanted)
        outcomes = {p.check.id: results.judge(p, self.numbers, self.failures, self.extract.name) for p in plan.checks}
        self.progress("looking at failures", 0.9)
        self.split_duplicates(plan)
        outcomes = self.with_examples(plan, outcomes)
        measures = self.measures(plan, outcomes)
        outcomes = self.with_organisations(outcomes, measures)
        self.progress("done", 1.0)
        unchanged(self.extract, self.opened)
        return outcomes, measures

    def plan(self) -> Plan:
        settings: dict[str, Any] = {"temp_directory": str(self.worker.directory / "spill")}
        settings |= {} if self.limits.threads is None else {"threads": self.limits.threads}
        settings |= {} if self.limits.memory_limit is None else {"memory_limit": self.limits.memory_limit}
        needed = [name for check in self.wanted for name in check.others]
        self.opened = open_extract(self.ask, self.extract, needed, self.worker.directory, settings, show=self.show_values)
        table = self.opened.table
        self.rows = table.rows
        for view in self.opened.views:
            self.query("view", view)
        scope = Scope(table, None, self.opened.others, self.organisation(table), self.today)
        return make_plan(self.wanted, scope)

    def organisation(self, table: Table) -> Column | None:
        name = self.extract.suite.feed.organisation_column
        if name is None:
            return None
        try:
            column = find_column(table, name)
            if privacy.sensitivity(column.name, self.extract.suite.feed) == "identifying":
                raise NotEvaluable(f'column "{column.name}" identifies people')
            return column
        except NotEvaluable as error:
            self.problem = f"{error}, which the suite names as its organisation column: nothing is counted per organisation"
            return None

    def ask_footer(self, plan: Plan) -> Plan:
        questions = footer_questions(plan)
        if not questions:
            return plan
        try:
            (answers,) = self.query("footer", phrase.footer_scan(questions, plan.table, self.opened.paths))
        except WorkerDied:
            raise
        except WorkerError:
            return plan
        return with_known(plan, _footer_answers(questions, answers))

    def scan(self, plan: Plan, wanted: Scans) -> None:
        """Runs the scans; what fails is noted in ``failures``, metric by metric."""
        tasks: list[tuple[str, Callable[[Hear], None]]] = []
        for column in plan.periods:
            tasks.append(("reading periods", functools.partial(self.read_periods, column)))
        for metrics in wanted.rows:
            tasks.append((f"scanning {self.rows:,} rows", functools.partial(self.scan_rows, plan, metrics)))
        for key, numbers in wanted.keys.items():
            tasks.append(("comparing keys", functools.partial(self.scan_group, numbers, "key", phrase.key_scan(key, numbers))))
        for items, found in wanted.items.items():
            tasks.append(("comparing with other extracts", functools.partial(self.scan_items, items, found)))
        for query in wanted.queries:
            tasks.append(("running queries of the suite", functools.partial(self.scan_query, query)))
        try:
            for place, (words, task) in enumerate(tasks):
                task(self.hear(words, 0.05 + 0.85 * place / len(tasks), 0.85 / len(tasks)))
        except WorkerDied as error:
            pending = (metric for metric in plan.pending() if metric not in self.numbers)
            self.failures |= dict.fromkeys(pending, self.words(error))

    def hear(self, words: str, start: float, share: float) -> Hear:
        """Hears the per cents of one query, which is ``share`` of the whole, from ``start`` on."""
        self.progress(words, start)
        return lambda percent: self.progress(words, start + share * percent / 100)

    def read_periods(self, column: Column, hear: Hear) -> None:
        """Makes the table of a column's periods; without it, the checks that need it say what is missing."""
        try:
            self.query("periods", spans_table(column, self.opened.table.view), hear)
        except WorkerDied:
            raise
        except WorkerError as error:
            self.problem = self.problem or f'column "{column.name}" could not be read as periods: {error}'

    def scan_rows(self, plan: Plan, metrics: Sequence[Count | Scalar], hear: Hear) -> None:
        try:
            rows = self.query("rows", phrase.row_scan(metrics, plan.organisation), hear)
        except WorkerDied:
            raise
        except WorkerError:
            self.scan_one_by_one(plan, set(metrics))
            return
        self.keep_rows(plan, metrics, rows)

    def scan_one_by_one(self, plan: Plan, metrics: set[Count | Scalar]) -> None:
        """The row scan failed as a whole: each check gets a scan of its own, so that a bad one costs itself alone."""
        for planned in plan.checks:
            needed = [m for m in dict.fromkeys(planned.metrics.values()) if isinstance(m, Count | Scalar) and m in metrics]
            if own := [metric for metric in needed if metric not in self.numbers or metric not in self.counts]:
                self.scan_one(plan, own)

    def scan_one(self, plan: Plan, metrics: Sequence[Count | Scalar]) -> None:
        try:
            rows = self.query("rows of one check", phrase.row_scan(metrics, plan.organisation))
        except WorkerDied:
            raise
        except WorkerError as error:
            self.failures |= dict.fromkeys(metrics, str(error))
            return
        self.keep_rows(plan, metrics, rows)

    def scan_group(self, metrics: Sequence[Metric], purpose: str, sql: str, hear: Hear) -> None:
        try:
            (row,) = self.query(purpose, sql, hear)
        except WorkerDied:
            raise
        except WorkerError as error:
            self.failures |= dict.fromkeys(metrics, str(error))
            return
        self.numbers |= dict(zip(metrics, row, strict=True))

    def scan_items(self, items: Items, metrics: Sequence[ItemNumber], hear: Hear) -> None:
        try:
            rows = self.query("items", phrase.item_scan(items, metrics), hear)
        except WorkerDied:
            raise
        except WorkerError as error:
            self.failures |= dict.fromkeys(metrics, str(error))
            return
        if not items.split:
            self.numbers |= dict(zip(metrics, rows[0], strict=True))
            return
        self.numbers |= dict(zip(metrics, rows[0][1:], strict=True))
        for place, metric in enumerate(metrics, 1):
            self.item_counts[metric] = {row[0]: row[place] for row in rows[1:]}

    def scan_query(self, metric: QueryCount, hear: Hear) -> None:
        sql = phrase.query_scan(metric)
        request = {"op": "suite_query", "query": metric.query, "sql": sql}
        try:
            ((count,),) = self.timed("query of the suite", sql, request, hear)["rows"]
        except WorkerDied:
            raise
        except WorkerError as error:
            self.failures[metric] = f"the query of the suite failed: {error}"
            return
        self.numbers[metric] = count

    def keep_rows(self, plan: Plan, metrics: Sequence[Count | Scalar], rows: list[list[Any]]) -> None:
        if plan.organisation is None:
            (total,) = rows
            self.numbers |= dict(zip(metrics, total, strict=True))
            return
        if len(rows) > phrase.MOST_ORGANISATIONS:
            raise WorkerError(
                f'column "{plan.organisation.name}" has more than {phrase.MOST_ORGANISATIONS:,} different values: '
                "it cannot be the column of organisations that the suite calls it"
            )
        (total,) = (row[1:] for row in rows if row[0] is None)
        self.numbers |= {m: n for m, n in zip(metrics, total, strict=True) if m not in plan.known}
        split = sorted(row for row in rows if row[0] is not None)
        self.organisations = [row[0] for row in split]
        for place, metric in enumerate(metrics, 1):
            if isinstance(metric, Count):
                self.counts[metric] = [row[place] for row in split]

    # --------------------------------------------------------------------------------------------- what failed, once more

    def split_duplicates(self, plan: Plan) -> None:
        """Counts repeated keys per organisation, for those keys that have any."""
        if plan.organisation is None or not self.organisations:
            return
        for planned in plan.checks:
            metric = planned.metrics.get("unexpected")
            if isinstance(metric, GroupScalar) and self.numbers.get(metric) and metric not in self.counts:
                try:
                    rows = self.query("repeated keys", phrase.duplicates_by_organisation(metric.key, plan.organisation))
                except WorkerError as error:
                    self.problem = self.problem or f"repeated keys could not be counted per organisation: {error}"
                    continue
                found = {organisation: int(count) for organisation, count in rows}
                self.counts[metric] = [found.get(organisation, 0) for organisation in self.organisations]

    def with_examples(self, plan: Plan, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        failed = [p for p in plan.checks if self.worth_examples(outcomes[p.check.id])]
        by_row = [p for p in failed if isinstance(p.check.expectation, RowExpectation) and p.check.expectation.exemplary]
        found: dict[str, Outcome] = {}
        alone = [planned for planned in by_row if not planned.check.others]
        for group in in_groups(alone, [planned for planned in by_row if planned.check.others]):
            found |= self.exemplified(group, phrase.row_examples([_failing(planned) for planned in group]), outcomes)
        for planned in failed:
            expectation = planned.check.expectation
            if isinstance(expectation, KeyExpectation) and (violation := expectation.violation(planned.scope)):
                key, columns = expectation.key(planned.scope), _columns(planned.check, planned.scope)
                query = phrase.key_examples(key, columns, violation, by_rows=expectation.by_rows)
                found |= self.exemplified([planned], query, outcomes)
            if isinstance(metric := planned.metrics.get("unexpected"), ItemNumber):
                found |= self.exemplified([planned], phrase.item_examples(metric.items), outcomes)
        return outcomes | found

    def worth_examples(self, outcome: Outcome) -> bool:
        """Failing values are looked at for failed checks; on request of values, also for failures that ``mostly`` allows."""
        return outcome.status == "fail" or (self.show_values and outcome.status == "pass" and bool(outcome.unexpected_count))

    def exemplified(self, checks: Sequence[Planned], sql: str, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        try:
            found = results.examples(self.query("failing values", sql))
        except WorkerError as error:
            note = f"failing values could not be looked at: {error}"
            return {p.check.id: msgspec.structs.replace(outcomes[p.check.id], examples_note=note) for p in checks}
        exemplified = {}
        for place, planned in enumerate(checks):
            shown, kinds = found.get(place, ((), 0))
            note = f"{kinds - len(shown):,} further kinds of failing values are not listed" if kinds > len(shown) else ""
            exemplified[planned.check.id] = msgspec.structs.replace(
                outcomes[planned.check.id], examples=shown, examples_note=note
            )
        return exemplified

    # ----------------------------------------------------------------------------------------------------------- records

    def measures(self, plan: Plan, outcomes: dict[str, Outcome]) -> list[Measure]:
        found: list[Measure] = []
        for planned in plan.checks:
            outcome = outcomes[planned.check.id]
            if outcome.element_count is None or outcome.missing_count is None or outcome.unexpected_count is None:
                continue
            name, check = self.extract.name, planned.check.id
            found.append(Measure(name, check, None, outcome.element_count, outcome.missing_count, outcome.unexpected_count))
            if isinstance(planned.metrics.get("unexpected"), ItemNumber):
                found.extend(Measure(name, check, *row) for row in self.split_items(planned))
                continue
            split = [self.split(planned.metrics.get(count)) for count in COUNTS]
            if self.organisations and all(column is not None for column in split):
                rows = zip(self.organisations, *(column or [] for column in split), strict=True)
                found.extend(Measure(name, check, *row) for row in rows)
        return found

    def split_items(self, planned: Planned) -> list[tuple[str, int, int, int]]:
        """The counts of items by organisation; none where they do not belong to organisations."""
        element, missing, unexpected = (self.item_counts.get(planned.metrics[count], {}) for count in COUNTS)
        return [(name, element[name], missing[name], unexpected[name]) for name in sorted(element)]

    def split(self, metric: Metric | None) -> list[int] | None:
        """A count by organisation, in the order of ``organisations``; None where it is not known."""
        if metric is None:
            return None
        if metric in self.counts:
            return self.counts[metric]
        return [0] * len(self.organisations) if self.numbers.get(metric) == 0 else None

    @staticmethod
    def with_organisations(outcomes: dict[str, Outcome], measures: list[Measure]) -> dict[str, Outcome]:
        failing: dict[str, int] = {}
        for measure in measures:
            if measure.organisation is not None:
                failing[measure.check] = failing.get(measure.check, 0) + (measure.unexpected_count > 0)
        return {
            check: msgspec.structs.replace(outcome, failing_organisations=failing[check]) if check in failing else outcome
            for check, outcome in outcomes.items()
        }

    def record(self, outcomes: tuple[Outcome, ...]) -> ExtractRun:
        suite = self.extract.suite
        return ExtractRun(
            name=self.extract.name,
            feed=suite.feed.feed,
            title=suite.feed.title or suite.feed.feed,
            level=suite.feed.level,
            source=suite.feed.source,
            suite=SuiteReference(suite.name, suite.origin, suite.sha256),
            planned=len(suite.checks),
            outcomes=outcomes,
            purpose=suite.feed.purpose,
            files=_shown(self.opened.files),
            others=tuple(OtherExtract(other.name, _shown(other.files)) for other in self.opened.other_files),
            rows=self.rows,
            organisation_column=suite.feed.organisation_column,
            organisations=len(self.organisations) if self.organisations else None,
            problem=self.problem,
            queries=tuple(self.queries),
            seconds=round(time.monotonic() - self.started, 3),
        )

    # ------------------------------------------------------------------------------------------------------- small things

    def ask(self, request: dict[str, Any], hear: Hear | None = None) -> dict[str, Any]:
        if self.death is not None:
            raise self.death
        try:
            return self.worker.ask(request, deadline=self.deadline, progress=hear)
        except WorkerDied as death:
            self.death = death  # the extract was open in that worker: a new one cannot go on with it
            raise

    def query(self, purpose: str, sql: str, hear: Hear | None = None) -> list[list[Any]]:
        rows: list[list[Any]] = self.timed(purpose, sql, {"op": "query", "sql": sql}, hear)["rows"]
        return rows

    def timed(self, purpose: str, sql: str, request: dict[str, Any], hear: Hear | None = None) -> dict[str, Any]:
        before = time.monotonic()
        try:
            return self.ask(request, hear)
        finally:
            self.queries.append(Query(purpose, self.redacted(sql), round(time.monotonic() - before, 4)))

    def redacted(self, sql: str) -> str:
        """The query as it may be stored: without the folders of the files, which may hold values of partitions."""
        for number, path in enumerate([*self.opened.paths, *self.opened.other_paths], 1):
            sql = sql.replace(path.replace("'", "''"), f"file {number}")
        return sql

    def error(self, check: Check, message: str) -> Outcome:
        return results.unjudged(check, self.extract.name, "error", message)

    def words(self, error: Exception) -> str:
        """Why the extract, or what is left of it, could not be evaluated."""
        place = error.place if isinstance(error, WorkerError) else None
        message = str(error)
        if isinstance(error, OSError):
            paths = [str(path) for path in self.extract.files]
            place = paths.index(error.filename) if error.filename in paths else None
            gone = isinstance(error, FileNotFoundError)
            message = "does not exist any more" if gone else f"cannot be read: {(error.strerror or 'unknown reason').lower()}"
        if place is None or len(self.extract.files) == 1:
            return message
        return f"{privacy.shown(self.extract.files[place].name)} {message}"


def _shown(files: Sequence[File]) -> tuple[File, ...]:
    return tuple(msgspec.structs.replace(file, path=privacy.shown(file.path)) for file in files)


def _footer_answers(questions: Sequence[Count | Scalar], answers: Sequence[Number]) -> dict[Metric, Number]:
    """What the footer knows: a proof that no row fails is a count of 0; anything else that it does not know is left open."""
    known: dict[Metric, Number] = {}
    for metric, answer in zip(questions, answers, strict=True):
        if isinstance(metric, Count):
            if answer is True:
                known[metric] = 0
        elif answer is not None:
            known[metric] = answer
    return known


def _failing(planned: Planned) -> phrase.Failing:
    metric = planned.metrics["unexpected"]
    assert isinstance(metric, Count) and metric.predicate is not None
    subject = _columns(planned.check, planned.scope)
    condition = [planned.scope.column(name) for name in conditions.columns(planned.check.condition)]
    read = tuple(sorted({column.sql for column in (*subject, *condition)}))
    return phrase.Failing(metric.predicate, tuple(subject), read)


def _columns(check: Check, scope: Scope) -> list[Column]:
    return [scope.column(name) for name in check.columns]
