"""Plan -> numbers: asks the worker, keeps one failing check from spoiling the others, and loses none.

The only module that drives a whole extract: open, plan, scan, judge, and ask once more about what failed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import itertools
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dq_engine import compile as phrase
from dq_engine import drilldown, examples, judging, keys, privacy, quarantine, results, splits, unexpected, vodim
from dq_engine.catalog.base import Scope, find_column, number
from dq_engine.catalog.periods import first_day, spans_table
from dq_engine.checksums import Checksums
from dq_engine.errors import ExtractError, NotEvaluable, UsageError, WorkerDied, WorkerError
from dq_engine.feeds import Extract, Origin
from dq_engine.model import (
    ORDERED,
    Aid,
    Column,
    Count,
    Derived,
    ExtractRun,
    FieldMeasure,
    FieldRun,
    Figure,
    File,
    GroupScalar,
    ItemNumber,
    Items,
    Key,
    Measure,
    Metric,
    MiddleFact,
    Number,
    Organisation,
    OtherExtract,
    Outcome,
    Query,
    Scalar,
    Split,
    SplitFile,
    SuiteReference,
    Table,
)
from dq_engine.opening import Opened, open_extract, told, unchanged
from dq_engine.plan import (
    ALL_ROWS,
    Plan,
    Planned,
    PlannedField,
    footer_questions,
    make_plan,
    refined,
    with_known,
    without_wrong_values,
)
from dq_engine.process import WorkerProcess
from dq_engine.result_format import ResultFormat
from dq_engine.run_tables import CLASSES, COUNTED, CountFiles
from dq_engine.scans import MEASURED, ByValue, Scans, Tuning, explained, has_few_values, scans
from dq_engine.suite import Check
from dq_engine.versions import Changed

Progress = Callable[[str, float], None]
"""Hears what is done on an extract (a phase in words) and how far it is (0 to 1)."""
Hear = Callable[[float], None]
"""Hears how far a query is, in per cent."""
Answer = TypeVar("Answer")


class Limits(Struct, frozen=True):
    """What a scan may use: threads, memory (DuckDB's spelling, "512MB"), seconds per extract; None leaves it to the machine.

    ``check_timeout`` are the seconds for one check that DuckDB cannot do: its values are judged in Python. With
    ``verify_statistics`` nothing is believed that footers say of values.
    """

    threads: int | None = None
    memory_limit: str | None = None
    timeout: float | None = None
    check_timeout: float = judging.SECONDS
    verify_statistics: bool = False
    tuning: Tuning = MEASURED


class RowFiles(Struct, frozen=True):
    """The files into which the rows of an extract are split, empty so far."""

    passing: Path
    failing: Path


class Checked(Struct, frozen=True):
    """What was found about one extract: its record, the counts as a whole, and what it registers.

    ``smooth``: the worker could answer all that it was asked.
    """

    run: ExtractRun
    measures: Sequence[Measure] = ()
    fields: Sequence[FieldMeasure] = ()
    organisations: Sequence[Organisation] = ()
    smooth: bool = False


def check_extract(
    worker: WorkerProcess,
    extract: Extract,
    selected: Callable[[Check], bool],
    limits: Limits,
    *,
    today: dt.date,
    show_values: bool,
    progress: Progress,
    files: CountFiles,
    checksums: Checksums | None = None,
    form: ResultFormat | None = None,
    rows_to: RowFiles | None = None,
) -> Checked:
    """Everything about one extract: its outcomes, one for each check of its suite, and its measures. Raises no DqError.

    ``today`` is the day on which the data are looked at, for rules about their age. ``files`` are those to be written,
    with the counts by organisation and period: they are there only if something was counted so. ``checksums`` gives those of
    the extract's files; None leaves them out. ``form`` asks for failing rows one by one, ``rows_to`` for all rows in two files.
    """
    return _Scan(
        worker,
        extract,
        selected,
        limits,
        today=today,
        show_values=show_values,
        progress=progress,
        files=files,
        checksums=checksums,
        form=form,
        rows_to=rows_to,
    ).run()


def explain_plan(worker: WorkerProcess, extract: Extract) -> str:
    """The SQL that checking the extract would run, and what answers which numbers, and why. Reads footers only.

    Raises :class:`ExtractError` if the extract cannot be opened.
    """
    quiet: Progress = lambda phase, fraction: None  # noqa: E731
    scan = _Scan(worker, extract, lambda check: True, Limits(), today=dt.date.today(), show_values=False, progress=quiet)
    if extract.problem:
        raise ExtractError(f"{extract.name}: {extract.problem}")
    try:
        plan = scan.ask_footer(scan.plan())
    except (WorkerError, UsageError, OSError) as error:
        raise ExtractError(f"{extract.name}: {scan.words(error)}") from None
    needed = plan.needed()
    lines = [
        f"-- {extract.name}: {len(plan.table.columns)} columns, {scan.rows:,} rows",
        f"-- {len(plan.checks)} checks and {len(plan.fields)} fields need {len(needed)} numbers",
        *(f"-- {line}" for line in explained(plan, scans(plan))),
        *(f"-- cannot be evaluated: {planned.check.statement}: {planned.problem}" for planned in plan.checks if planned.problem),
    ]
    for purpose, sql in [*(("view", view) for view in scan.opened.views), *phrase.written(plan)]:
        lines += ["", f"-- {' '.join(purpose.split())}", f"{scan.redacted(sql)};"]
    return "\n".join(lines)


ORDER_SEEN = 10_000
"""Rows by which it is seen whether a column may be in order."""
PORTIONS = (1, 4, 16, 64)
"""In how many portions the groups of a key are counted, if memory does not suffice for fewer."""
MOST_READ = 1.5
"""How many times the rows may be read to compare keys in parts."""
NO_ORDER = "the extract has a column called file_index, file_row_number or dq_row, so that the order of its rows cannot be read"
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
        files: CountFiles | None = None,
        checksums: Checksums | None = None,
        form: ResultFormat | None = None,
        rows_to: RowFiles | None = None,
    ) -> None:
        self.worker, self.extract, self.limits, self.progress = worker, extract, limits, progress
        self.today, self.show_values, self.files, self.checksums = today, show_values, files, checksums
        self.form, self.rows_to = form, rows_to
        self.split = None if rows_to is None else Split(reason="it could not be evaluated")
        self.started = time.monotonic()
        self.deadline = None if limits.timeout is None else self.started + limits.timeout
        self.wanted = [check for check in extract.suite.checks if selected(check)]
        self.queries: list[Query] = []
        self.views: tuple[str, ...] = ()
        self.digests: dict[str, str] = {}
        self.fields: list[FieldRun] = []
        self.opened: Opened = NOT_YET
        self.problem = ""
        self.death: WorkerDied | None = None
        self.rows: int | None = None
        self.numbers: dict[Metric, Number] = {}
        self.failures: dict[Metric, str] = {}
        self.organisation: Column | None = None
        self.period: Column | None = None
        self.groups_tried = False
        self.ordered = False
        self.to_split: list[Count] = []
        self.hashes: dict[Key, str] = {}
        self.counted = splits.Counted()
        self.organisations = 0
        self.registers = 0
        self.smooth = True

    # ------------------------------------------------------------------------------------------------------- the course

    def run(self) -> Checked:
        judged: dict[str, Outcome] = {}
        found: Callable[[ExtractRun], Checked] = Checked
        if self.extract.problem:
            judged = {check.id: self.error(check, self.extract.problem) for check in self.wanted}
            self.problem = self.extract.problem
        elif self.wanted:
            try:
                judged, found = self.judged()
            except (WorkerError, UsageError, Changed, OSError) as error:
                judged = {check.id: self.error(check, self.words(error)) for check in self.wanted}
                self.problem = self.words(error)
            except ArithmeticError as error:  # numbers of the engine that do not add up
                self.problem = (
                    f"{error}: does a footer lie? --verify-statistics believes none. If it fails, too, please report it"
                )
                judged = {check.id: self.error(check, self.problem) for check in self.wanted}
        elif self.rows_to is not None:
            self.split = Split(reason="none of its checks was selected")
        outcomes = tuple(
            judged.get(check.id) or results.unjudged(check, self.extract.name, "skipped", "not selected")
            for check in self.extract.suite.checks
        )
        return found(self.record(outcomes))

    def judged(self) -> tuple[dict[str, Outcome], Callable[[ExtractRun], Checked]]:
        self.progress("opening", 0.0)
        plan = self.plan()
        if self.checksums is not None:
            self.checksums.begin(self.opened.versions)
        plan = self.ask_footer(plan)
        self.organisation, self.period = plan.organisation, plan.period
        plan = self.make_aids(plan)
        wanted = scans(plan, self.failures, self.limits.tuning)
        self.numbers.update(plan.known)
        self.scan(plan, wanted)
        outcomes = {p.check.id: self.outcome(p) for p in plan.checks}
        asked = [planned for planned in plan.checks if outcomes[planned.check.id].rows_sql]
        self.views = drilldown.views(asked, self.opened.shared_views)
        self.progress("looking at failures", 0.9)
        self.split_duplicates(plan)
        outcomes = self.with_rows(plan, self.with_examples(plan, outcomes))
        registered = self.registered()
        self.registers = len(registered)
        unchanged(self.opened)
        self.progress("writing counts", 0.95)
        self.fields = [self.field_run(field) for field in plan.fields]
        measures, fields = self.measures(outcomes), self.field_measures(plan)
        outcomes = self.written(plan, outcomes)
        split = self.divided(plan, outcomes)
        self.progress("waiting for checksums", 0.98)
        self.add_digests()
        self.progress("done", 1.0)
        unchanged(self.opened)
        self.split = split
        return outcomes, lambda record: Checked(record, measures, fields, registered, self.smooth)

    def outcome(self, planned: Planned) -> Outcome:
        judged = results.judge(planned, self.numbers, self.failures, self.extract.name)
        return msgspec.structs.replace(judged, rows_sql=drilldown.rows_sql(planned))

    def plan(self) -> Plan:
        settings: dict[str, Any] = {"temp_directory": str(self.worker.spill)}
        settings |= {} if self.limits.threads is None else {"threads": self.limits.threads}
        settings |= {} if self.limits.memory_limit is None else {"memory_limit": self.limits.memory_limit}
        needed = [name for check in self.wanted for name in check.others]
        written = [] if self.files is None else [str(self.files.measures), str(self.files.fields)]
        written += [] if self.rows_to is None else [str(self.rows_to.passing), str(self.rows_to.failing)]
        self.opened = open_extract(
            self.ask,
            self.extract,
            needed,
            self.worker.directory,
            settings,
            show=self.show_values,
            written=written,
            verify=self.limits.verify_statistics,
            in_order=self.rows_to is not None,
        )
        table = self.opened.table
        self.rows = table.rows
        for view in self.opened.views:
            self.query("view", view)
        feed = self.extract.suite.feed
        organisation = self.splitting(table, feed.organisation_column, "organisation")
        period = self.splitting(table, feed.period_column, "period")
        scope = Scope(table, None, self.opened.others, organisation, self.today, period)
        skipped = [check for check in self.extract.suite.checks if check not in self.wanted]
        return make_plan(self.wanted, scope, feed, skipped)

    def splitting(self, table: Table, name: str | None, what: str) -> Column | None:
        """The column of organisations or periods, by which counts are split; None where there is none that can be used."""
        if name is None:
            return None
        try:
            column = find_column(table, name)
            if privacy.sensitivity(column.name, self.extract.suite.feed) == "identifying":
                raise NotEvaluable(f'column "{column.name}" identifies people')
            if what == "period":
                first_day(column, column.sql)
            return column
        except NotEvaluable as error:
            self.not_counted_per(what, f"{error} (the suite names it as its {what} column)")
            return None

    def not_counted_per(self, what: str, why: str) -> None:
        self.problem = self.problem or f"nothing is counted per {what}: {why}"

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
        return refined(with_known(plan, _footer_answers(questions, answers)))

    def make_aids(self, plan: Plan) -> Plan:
        """Makes what metrics read beside the extract; what cannot be made is noted in ``failures``, metric by metric.

        Gives the plan with the counts that are 0 because no value is wrong.
        """
        aids = plan.aids()
        if any(ORDERED in aid.sql for aid in aids if isinstance(aid, Derived)):
            self.order_rows()
        for place, (aid, metrics) in enumerate(aids.items()):
            hear = self.hear("preparing", 0.05 * place / len(aids), 0.05 / len(aids))
            try:
                wrong = self.answered(metrics, functools.partial(self.make, aid, hear))
            except WorkerDied as error:
                pending = (metric for metric in plan.pending() if metric not in self.numbers)
                self.failures |= dict.fromkeys(pending, self.words(error))
                break
            if wrong == 0:
                plan = without_wrong_values(plan, aid.name)
        return plan

    def order_rows(self) -> None:
        """Makes the view in which rows know their place, if there can be one and it is not there yet."""
        if self.opened.ordered and not self.ordered:
            self.query("view", self.opened.ordered)
            self.ordered = True

    def make(self, aid: Aid, hear: Hear) -> int:
        """Makes a table or view for metrics to read; gives the number of its rows, or -1 for one that is not counted."""
        if isinstance(aid, Derived):
            if ORDERED in aid.sql and not self.ordered:
                raise WorkerError(NO_ORDER, "Order")
            self.query("derived", phrase.made(aid), hear)
            return -1
        request = {
            "op": "judge",
            "sql": aid.values,
            "table": aid.name,
            "test": aid.test,
            "arguments": aid.arguments,
            "seconds": self.limits.check_timeout,
        }
        wrong: int = self.timed(f"values for the test {aid.test}", aid.values, request, hear)["wrong"]
        return wrong

    def scan(self, plan: Plan, wanted: Scans) -> None:
        """Runs the scans; what fails is noted in ``failures``, metric by metric."""
        tasks: list[tuple[str, Callable[[Hear], None]]] = []
        for column in plan.periods:
            tasks.append(("reading periods", functools.partial(self.read_periods, column)))
        for metrics in wanted.rows:
            tasks.append((f"scanning {self.rows:,} rows", functools.partial(self.scan_rows, plan, metrics)))
        for each in wanted.values:
            tasks.append(("judging different values", functools.partial(self.scan_values, plan, each)))
        if wanted.suspects or wanted.values:
            tasks.append((f"scanning {self.rows:,} rows", functools.partial(self.scan_suspects, plan, wanted.suspects)))
        for key, numbers in wanted.keys.items():
            tasks.append(("comparing keys", functools.partial(self.scan_key, key, numbers)))
        for items, found in wanted.items.items():
            tasks.append(("comparing with other extracts", functools.partial(self.scan_items, items, found)))
        for select, figures in wanted.figures.items():
            words = "running queries of the suite" if any(figure.queries for figure in figures) else "computing figures"
            tasks.append((words, functools.partial(self.scan_figures, select, figures)))
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

    def answered(self, metrics: Sequence[Metric], ask: Callable[[], Answer]) -> Answer | None:
        """What a scan answers; None where it failed, which is noted for the metrics. Raises :class:`WorkerDied`."""
        try:
            return ask()
        except WorkerDied:
            raise
        except WorkerError as error:
            self.failures |= dict.fromkeys(metrics, str(error))
            return None

    def read_periods(self, column: Column, hear: Hear) -> None:
        """Makes the table of a column's periods; without it, the checks that need it say what is missing."""
        try:
            self.query("periods", spans_table(column, self.opened.table.view), hear)
        except WorkerDied:
            raise
        except WorkerError as error:
            self.problem = self.problem or f'column "{column.name}" could not be read as periods: {error}'
            if self.period == column:
                self.period = None

    def scan_rows(self, plan: Plan, metrics: Sequence[Count | Scalar], hear: Hear) -> None:
        self.or_one_by_one(plan, metrics, lambda: self.count_rows(plan, metrics, "rows", hear))

    def scan_suspects(self, plan: Plan, counts: Sequence[Count], hear: Hear) -> None:
        if wanted := [*counts, *self.to_split]:
            self.or_one_by_one(plan, wanted, lambda: self.count_rows(plan, wanted, "suspect rows", hear, suspects=True))

    def or_one_by_one(self, plan: Plan, metrics: Sequence[Count | Scalar], scan: Callable[[], None]) -> None:
        """Scans for several checks at once; if that fails, for each of them."""
        try:
            scan()
        except WorkerDied:
            raise
        except WorkerError:
            if not self.groups_tried:
                self.try_groups()
            self.scan_one_by_one(plan, set(metrics))

    def scan_values(self, plan: Plan, each: ByValue, hear: Hear) -> None:
        """Judges the different values of a column; what is wrong with some is then counted by organisation and period."""
        self.or_one_by_one(plan, each.counts, lambda: self.count_values(plan, each, hear))
        missed = [metric for metric in each.groups if metric not in self.numbers]
        if each.key is not None and missed:
            self.scan_groups(each.key, missed, hear)

    def count_values(self, plan: Plan, each: ByValue, hear: Hear) -> None:
        (found,) = self.query("different values", phrase.value_scan(each, plan.table), hear)
        totals: dict[Metric, Number] = dict(zip((*each.counts, *each.groups), found, strict=True))
        broken = [count for count in each.counts if totals[count]]
        by_value = has_few_values(each.column, self.limits.tuning) or any(count.of_value for count in broken)
        if broken and self.organisation is not None and by_value:
            name = splits.table("counts", len(self.counted.rows) + 1)
            sql = phrase.value_split(each.column, broken, plan.table, self.organisation, self.period)
            self.query("rows of values", splits.kept(name, sql))
            self.counted = msgspec.structs.replace(self.counted, rows=(*self.counted.rows, (name, splits.numbered(broken))))
        elif self.organisation is not None:
            self.to_split += broken
        self.numbers |= totals

    def try_groups(self) -> None:
        """The row scan failed: if organisations or periods cannot be read, they are given up, for they fail with any check."""
        self.groups_tried = True
        for what in ("period", "organisation"):
            column: Column | None = getattr(self, what)
            try:
                if column is not None:
                    self.query(f"{what}s", phrase.readable(column, what))
            except WorkerDied:
                raise
            except WorkerError as error:
                self.not_counted_per(what, f'column "{column and column.name}" could not be read: {error}')
                setattr(self, what, None)

    def scan_one_by_one(self, plan: Plan, metrics: set[Count | Scalar]) -> None:
        """The row scan failed as a whole: each check gets a scan of its own, so that a bad one costs itself alone.

        A median that fails, as of values that do not fit into memory, is looked for among different values.
        """
        for wanted in plan.wanted():
            done = {metric for _, columns in self.counted.rows for metric in columns}
            own = [metric for metric in dict.fromkeys(wanted) if isinstance(metric, Count | Scalar) and metric in metrics]
            if any(metric not in done and (self.organisation or metric not in self.numbers) for metric in own):
                self.answered(own, functools.partial(self.count_rows, plan, own, "rows of one check"))
            middle = [m for m in own if isinstance(m, Scalar) and isinstance(m.fact, MiddleFact) and m not in self.numbers]
            if middle:
                self.scan_group(middle, "middle values", phrase.middle_scan(middle))

    def count_rows(
        self,
        plan: Plan,
        metrics: Sequence[Count | Scalar],
        purpose: str,
        hear: Hear | None = None,
        *,
        suspects: bool = False,
    ) -> None:
        """Scans the rows. Counts by organisation and period stay in a table of the worker; the totals come here."""
        counts = [metric for metric in metrics if isinstance(metric, Count) and self.organisation is not None]
        if counts and self.organisation is not None:
            sql = phrase.split_scan(counts, plan.table, self.organisation, self.period, suspects=suspects)
            name, columns = splits.table("counts", len(self.counted.rows) + 1), splits.numbered(counts)
            self.query(purpose, splits.kept(name, sql), hear)
            ((groups, organisations, *total),) = self.query("totals", splits.totals(name, list(columns.values())))
            if suspects or self.can_be_counted(groups, organisations):
                self.organisations = max(self.organisations, organisations)
                self.counted = msgspec.structs.replace(self.counted, rows=(*self.counted.rows, (name, columns)))
            if not suspects and any(plan.known.get(metric, n) != n for metric, n in zip(counts, total, strict=True)):
                raise ArithmeticError("there are not as many rows or NULLs as a footer says")
            self.numbers |= {m: n for m, n in zip(counts, total, strict=True) if m not in plan.known}
        if others := [metric for metric in metrics if metric not in set(counts)]:
            (total,) = self.query(purpose, phrase.row_scan(others, plan.table, suspects=suspects), hear)
            self.numbers |= {m: n for m, n in zip(others, total, strict=True) if m not in plan.known}

    def can_be_counted(self, groups: int, organisations: int) -> bool:
        """Whether there are as many organisations and periods as there can be; if there are more, they are given up."""
        assert self.organisation is not None
        if organisations > phrase.MOST_ORGANISATIONS:
            why = f'column "{self.organisation.name}" has more than {phrase.MOST_ORGANISATIONS:,} different values'
            self.not_counted_per("organisation", f"{why}: it cannot be the column of organisations that the suite calls it")
        elif groups > phrase.MOST_GROUPS:
            why = f"there are more than {phrase.MOST_GROUPS:,} pairs of an organisation and a period"
            self.not_counted_per("organisation", f"{why}: check fewer periods at once, or fewer organisations")
        else:
            return True
        self.organisation = None
        return False

    def scan_group(self, metrics: Sequence[Metric], purpose: str, sql: str, hear: Hear | None = None) -> None:
        if rows := self.answered(metrics, lambda: self.query(purpose, sql, hear)):
            self.numbers |= dict(zip(metrics, rows[0], strict=True))

    def scan_key(self, key: Key, metrics: Sequence[GroupScalar], hear: Hear) -> None:
        """Numbers over the groups of a key. Whether keys of a large extract are repeated is seen without making all groups."""
        tuned = self.rows is not None and self.rows > self.limits.tuning.rows and all(metric.repeated for metric in metrics)
        if not tuned:
            self.scan_groups(key, metrics, hear)
        elif found := self.answered(metrics, lambda: [self.repeated_rows(key, metrics, hear)]):
            self.numbers |= dict.fromkeys(metrics, found[0])

    def scan_groups(self, key: Key, metrics: Sequence[GroupScalar], hear: Hear) -> None:
        """Numbers over all groups of a key, or the sums of those over portions of them."""

        def numbers(portions: Sequence[Key]) -> list[list[Any]]:
            return [self.query("key", phrase.key_scan(portion, metrics), hear)[0] for portion in portions]

        summed = all(metric.summed for metric in metrics)
        found = self.answered(metrics, lambda: self.fitting(key, numbers) if summed else numbers([key]))
        if found:
            each = zip(metrics, *found, strict=True)
            self.numbers |= {m: one[0] if len(one) == 1 else sum(n or 0 for n in one) for m, *one in each}

    def fitting(self, key: Key, ask: Callable[[Sequence[Key]], Answer]) -> Answer:
        """What ``ask`` answers about as few portions of a key as fit into memory. Raises :class:`WorkerError` if none do."""
        *others, last = PORTIONS
        for portions in others:
            try:
                return ask(keys.in_portions(key, portions))
            except WorkerError as error:
                if error.kind != "OutOfMemoryException":
                    raise
        return ask(keys.in_portions(key, last))

    def repeated_rows(self, key: Key, metrics: Sequence[GroupScalar], hear: Hear) -> Number:
        """The number of rows whose key is repeated. Hashes of the repeated keys are kept, by which these are found again."""
        possible, name = self.possible(key), splits.table("keys", len(self.hashes) + 1)
        repeated: Number
        if len(key.columns) == 1 and self.query("key", keys.ascending(possible, ORDER_SEEN))[0][0] == 0:
            ((falls, repeated),) = self.query("key", keys.ascending(possible), hear)
            if falls == 0:
                self.query("key", splits.kept(name, keys.repeated_in_order(possible)))
                self.hashes[key] = name
                return repeated

        def keep(portions: Sequence[Key]) -> None:
            parts = self.in_parts(possible) if len(portions) == 1 else portions
            for place, part in enumerate(parts):
                put = splits.added if place else splits.kept
                self.query("key", put(name, keys.repeated(part)), functools.partial(_hear_part, hear, place, len(parts)))

        self.fitting(possible, keep)
        self.hashes[key] = name
        ((repeated, *_),) = self.query("key", phrase.key_scan(self.possible(key), metrics))
        return repeated

    def in_parts(self, key: Key) -> list[Key]:
        """The key on parts of its rows, where that reads hardly more than all of them at once; else as it is."""
        table, rows = self.opened.table, self.limits.tuning.part
        if not table.trusting or table.rows < 2 * rows:
            return [key]
        found: list[tuple[int, Column, int]] = []
        for column in table.columns:
            if column.sql in key.columns and keys.can_part(column):
                self.query("key", keys.cut(column, rows, self.opened.paths))
                for cuts, read, largest in self.query("key", keys.reading(column, self.opened.paths)):
                    if cuts and read <= MOST_READ * table.rows:
                        found.append((largest, column, cuts))
        if not found:
            return [key]
        largest, column, cuts = min(found, key=lambda one: one[0])
        if largest > table.rows / 2:
            return [key]
        self.query("key", keys.cut(column, rows, self.opened.paths))
        return list(keys.in_parts(key, column, cuts))

    def possible(self, key: Key) -> Key:
        """The key on the rows that can have it repeated, as far as that is known: no others than have a column of it repeated."""
        narrow = key
        for other, name in self.hashes.items():
            whole = other.columns[0] in key.columns and other == Key(other.columns[:1], f"{other.columns[0]} IS NOT NULL")
            if other == key or whole:
                narrow = keys.narrowed(narrow, other, name)
        return narrow

    def scan_items(self, items: Items, metrics: Sequence[ItemNumber], hear: Hear) -> None:
        sql = phrase.item_scan(items, metrics)
        if not items.split:
            self.scan_group(metrics, "items", sql, hear)
            return
        name, columns = splits.table("items", len(self.counted.items) + 1), splits.numbered(metrics)

        def count() -> list[list[Any]]:
            self.query("items", splits.kept(name, sql), hear)
            return self.query("totals", splits.item_totals(name, list(columns.values())))

        if rows := self.answered(metrics, count):
            self.numbers |= dict(zip(metrics, rows[0], strict=True))
            self.counted = msgspec.structs.replace(self.counted, items={**self.counted.items, items: (name, columns)})

    def scan_figures(self, select: str, metrics: Sequence[Figure], hear: Hear) -> None:
        sql, queries = phrase.figure_scan(select, metrics), [query for metric in metrics for query in metric.queries]
        request = {"op": "suite_query", "queries": list(dict.fromkeys(queries)), "sql": sql}
        rows = self.answered(metrics, lambda: self.timed(phrase.purpose_of(metrics), sql, request, hear)["rows"])
        if rows:
            self.numbers |= dict(zip(metrics, rows[0], strict=True))
        elif queries:
            self.failures |= dict.fromkeys(metrics, f"the query of the suite failed: {self.failures[metrics[0]]}")

    # --------------------------------------------------------------------------------------------- what failed, once more

    def split_duplicates(self, plan: Plan) -> None:
        """Counts repeated keys by organisation and period, for those keys that have any."""
        if self.organisation is None or not self.counted.rows:
            return
        metrics = [planned.metrics.get("unexpected") for planned in plan.checks]
        for metric in dict.fromkeys(metrics):
            if not isinstance(metric, GroupScalar) or not self.numbers.get(metric):
                continue
            name = splits.table("repeated", len(self.counted.repeated) + 1)
            sql = phrase.duplicates_by_organisation(self.possible(metric.key), self.organisation, self.period)
            try:
                self.query("repeated keys", splits.kept(name, sql))
            except WorkerError as error:
                self.problem = self.problem or f"repeated keys could not be counted per organisation: {error}"
                continue
            self.counted = msgspec.structs.replace(self.counted, repeated=(*self.counted.repeated, (name, metric)))

    def with_examples(self, plan: Plan, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        failed = [planned for planned in plan.checks if self.worth_examples(outcomes[planned.check.id])]
        tuning, found = self.limits.tuning, dict(outcomes)
        likely: dict[str, list[str]] = {}
        if samples := examples.samples(failed, outcomes, tuning.masked):
            with contextlib.suppress(WorkerError):  # they only spare time
                for name, shape in self.query("likely shapes of failing values", examples.likely_shapes(samples)):
                    likely.setdefault(name, []).append(shape)
        for checks, query in examples.questions(failed, likely, self.possible, tuning, self.rows or 0):
            found |= self.exemplified(checks, query, outcomes)
        return found

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

    def with_rows(self, plan: Plan, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """The outcomes with their failing rows one by one, if a result format asks for them."""
        if self.form is None:
            return outcomes
        found: dict[str, Outcome] = {}
        for planned in plan.checks:
            outcome = outcomes[planned.check.id]
            try:
                if self.form.result_format == "COMPLETE" and outcome.gx_result is not None:
                    found[planned.check.id] = self.with_listings(planned, outcome)
                if outcome.unexpected_count is None or not (asked := unexpected.asked(planned, self.form)):
                    continue
                rows = unexpected.read(asked, [])
                if outcome.unexpected_count:
                    self.order_rows()
                    if not self.ordered:
                        raise NotEvaluable(NO_ORDER)
                    rows = unexpected.read(asked, self.query("failing rows", asked.select))
                found[planned.check.id] = msgspec.structs.replace(outcome, unexpected=rows)
            except (NotEvaluable, WorkerError) as error:
                note = f"failing rows could not be listed: {error}"
                found[planned.check.id] = msgspec.structs.replace(outcome, examples_note=note)
        return outcomes | found

    def with_listings(self, planned: Planned, outcome: Outcome) -> Outcome:
        """The outcome with what its rule lists by itself."""
        result = dict(outcome.gx_result or {})
        for key, select in unexpected.listings(planned).items():
            request = {"op": "suite_query", "queries": list(planned.check.expectation.queries()), "sql": select}
            rows = self.timed("failing rows", select, request)["rows"]
            result["details"] = {**result.get("details", {}), key: [json.loads(row) for (row,) in rows]}
        return msgspec.structs.replace(outcome, gx_result=result)

    # ------------------------------------------------------------------------------------------------------- rows in files

    def divided(self, plan: Plan, outcomes: dict[str, Outcome]) -> Split | None:
        """Writes the rows that pass and those that fail, if that was asked for, and says what was written, or why nothing was."""
        if self.rows_to is None:
            return None
        self.progress("splitting rows", 0.95)
        if why := quarantine.unsplit(plan.checks, outcomes, plan.table.rows):
            return Split(reason=why)
        files = (str(self.rows_to.passing), str(self.rows_to.failing))
        ask = functools.partial(self.query, "rows that were written")
        try:
            quarantine.readable_as_they_are(self.opened, ask)
            rows = quarantine.rows_of(self.opened, plan.checks, outcomes)
            for mark in rows.marks:
                self.find_rows(mark)
            if rows.marks:
                self.query("failing rows", quarantine.marked(rows), self.hear("splitting rows", 0.95, 0.02))
            writing = (quarantine.passing(rows, files[0]), quarantine.failing(rows, files[1]))
            counts = [self.query("rows in files", sql, self.hear("splitting rows", 0.95, 0.02))[0][0] for sql in writing]
            quarantine.verify(rows, ask, files, (counts[0], counts[1]))
        except (NotEvaluable, WorkerError) as error:
            self.problem = self.problem or f"its rows could not be split: {error}"
            return Split(reason=str(error))
        passing, failing = (SplitFile(path, count) for path, count in zip(files, counts, strict=True))
        unmarked = quarantine.unmarked(plan.checks, outcomes)
        return Split(passing, failing, rows.columns, rows.ids_column, unmarked)

    def find_rows(self, mark: quarantine.Mark) -> None:
        """Keeps in the worker which rows a mark finds, if that cannot be seen from each row by itself."""
        if not mark.bits:
            return
        self.order_rows()
        if not self.ordered:
            raise NotEvaluable(NO_ORDER)

        def keep(found: Sequence[str]) -> None:
            for statement in quarantine.kept(mark, found, self.opened.table.rows):
                self.query("failing rows", statement)

        if mark.key is None:
            keep([mark.rows])
        else:
            self.fitting(self.possible(mark.key), lambda portions: keep([unexpected.repeated(key) for key in portions]))

    # ----------------------------------------------------------------------------------------------------------- records

    def add_digests(self) -> None:
        """Waits for the checksums of the files, as long as there is time. Raises OSError if one cannot be read."""
        if self.checksums is None:
            return
        for version in self.opened.versions:
            left = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
            digest = self.checksums.of(version, left)
            if digest is None:
                raise WorkerError("checksums took longer than the time limit allows: give more with --timeout, or --no-checksums")
            self.digests[version.path] = digest

    def measures(self, outcomes: dict[str, Outcome]) -> list[Measure]:
        """The counts of checks over the whole extract."""
        return [
            Measure(self.extract.name, o.check, None, o.element_count, o.missing_count, o.unexpected_count)
            for o in outcomes.values()
            if o.element_count is not None and o.missing_count is not None and o.unexpected_count is not None
        ]

    def field_run(self, planned: PlannedField) -> FieldRun:
        """What was measured of a field; if it could not be, why."""
        missed = [self.failures.get(metric, "") for metric in planned.metrics.values() if metric not in self.numbers]
        problem = planned.problem or (missed[0] or "a number that is needed was not found out" if missed else "")
        tolerance = planned.field.tolerance if planned.field.default_codes else None
        return FieldRun(planned.column, planned.checks, planned.field.item, tolerance, problem)

    def field_measures(self, plan: Plan) -> list[FieldMeasure]:
        """The classes of the values of fields over the whole extract."""
        found = []
        for planned, said in zip(plan.fields, self.fields, strict=True):
            if not said.problem:
                counts = {name: number(self.numbers[metric]) for name, metric in planned.metrics.items()}
                classes = vodim.in_classes(plan.table.rows, counts)
                found.append(FieldMeasure(self.extract.name, planned.column, None, None, plan.table.rows, **classes))
        return found

    def written(self, plan: Plan, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """Writes the counts by organisation and period; gives the outcomes with how many organisations fail them."""
        if self.files is None or not (self.counted.rows or self.counted.items):
            return outcomes
        places = {check.id: place for place, check in enumerate(self.extract.suite.checks)}
        found = {p.check.id: splits.of_check(p.metrics, self.counted, self.numbers) for p in plan.checks}
        judged = {check for check, outcome in outcomes.items() if outcome.unexpected_count is not None}
        split = {places[check]: counts for check, counts in found.items() if counts is not None and check in judged}
        try:
            self.write_fields(plan, self.files.fields)
            if not split:
                return outcomes
            failing = dict(self.query("failing organisations", splits.failing(split)))
            self.query("counts", splits.written(split, tuple(COUNTED), str(self.files.measures), plan.table.rows))
        except WorkerError as error:
            self.problem = self.problem or f"what was counted per organisation could not be written: {error}"
            for half_written in (self.files.fields, self.files.measures):
                half_written.unlink(missing_ok=True)
            return outcomes
        told = {
            check: msgspec.structs.replace(outcome, failing_organisations=failing[places[check]])
            for check, outcome in outcomes.items()
            if places[check] in failing
        }
        return {**outcomes, **told}

    def write_fields(self, plan: Plan, path: Path) -> None:
        """Writes the classes of fields by organisation and period. Raises ArithmeticError if they do not add up."""
        split: dict[int, splits.Found] = {}
        for place, (planned, said) in enumerate(zip(plan.fields, self.fields, strict=True)):
            if not said.problem:
                parts = [ALL_ROWS, *(planned.metrics[name] for name in vodim.PARTS)]
                if found := splits.of_rows(parts, self.counted, self.numbers):
                    split[place] = splits.in_classes(found)
        if not split:
            return
        for place, groups in self.query("classes of fields", splits.unequal(split)):
            if groups:
                raise ArithmeticError(f"the classes of {plan.fields[place].column} do not add up in {groups} groups of rows")
        self.query("counts", splits.written(split, tuple(CLASSES), str(path), plan.table.rows))

    def registered(self) -> list[Organisation]:
        """What the extract registers of organisations, if it is a register. Only columns that are public are read."""
        feed, table = self.extract.suite.feed, self.opened.table
        if feed.register is None or feed.purpose != "quality":
            return []
        try:
            named = (feed.register.code, feed.register.parent, feed.register.region, feed.register.kind)
            code, parent, region, kind = (None if name is None else find_column(table, name) for name in named)
            assert code is not None
            said = {"parent": parent, "region": region, "kind": kind}
            public = {name: column for name, column in said.items() if column is not None and column.shown}
            rows = self.query("register", phrase.register(code, public, self.period))
            if len(rows) > phrase.MOST_ORGANISATIONS:
                raise NotEvaluable(f'column "{code.name}" has more than {phrase.MOST_ORGANISATIONS:,} different values')
        except (NotEvaluable, WorkerError) as error:
            self.problem = self.problem or f"the organisations that the extract registers could not be read: {error}"
            return []
        return [Organisation(code, feed.level, *texts) for code, *texts in rows]

    def record(self, outcomes: tuple[Outcome, ...]) -> ExtractRun:
        suite = self.extract.suite
        origins = {other.name: other.origins for other in self.extract.others}
        return ExtractRun(
            name=self.extract.name,
            feed=suite.feed.feed,
            title=suite.feed.title or suite.feed.feed,
            level=suite.feed.level,
            source=suite.feed.source,
            suite=SuiteReference(suite.name, suite.origin, suite.sha256),
            planned=len(suite.checks),
            outcomes=outcomes,
            fields=tuple(self.fields),
            purpose=suite.feed.purpose,
            files=self.told(self.opened.files, self.extract.origins),
            others=tuple(
                OtherExtract(other.name, self.told(other.files, origins[other.name])) for other in self.opened.other_files
            ),
            rows=self.rows,
            organisation_column=suite.feed.organisation_column,
            organisations=self.organisations or None,
            period_column=suite.feed.period_column,
            problem=self.problem,
            queries=tuple(self.queries),
            views=self.views,
            seconds=round(time.monotonic() - self.started, 3),
            registered=self.registers,
            split=self.split,
        )

    def told(self, files: Sequence[File], origins: Sequence[Origin | None]) -> tuple[File, ...]:
        return tuple(
            told(msgspec.structs.replace(file, sha256=self.digests.get(file.path, "")), origin)
            for file, origin in zip(files, origins or itertools.repeat(None), strict=False)
        )

    # ------------------------------------------------------------------------------------------------------- small things

    def ask(self, request: dict[str, Any], hear: Hear | None = None) -> dict[str, Any]:
        if self.death is not None:
            raise self.death
        try:
            return self.worker.ask(request, deadline=self.deadline, progress=hear)
        except WorkerError as error:
            self.smooth = False
            if isinstance(error, WorkerDied):
                self.death = error  # the extract was open in that worker: a new one cannot go on with it
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
        for place, path in enumerate([*self.opened.paths, *self.opened.other_paths], 1):
            sql = sql.replace(path.replace("'", "''"), f"file {place}")
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


def _hear_part(hear: Hear, place: int, parts: int, percent: float) -> None:
    """Hears the per cents of one of several queries that are one step."""
    hear((100 * place + percent) / parts)


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
