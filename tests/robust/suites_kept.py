"""What must hold for any text that somebody gives as a suite, a ``dq.toml`` or an instrument; and for the run of one that loads."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pyarrow.parquet as pq

import dq_engine
from dq_engine import WorkerProcess, config, convert, feed_page, parameters, store
from dq_engine.catalog import CATALOG
from dq_engine.catalog.shapes import RowExpectation
from dq_engine.errors import ConfigError, InstrumentError, SuiteError, UsageError
from dq_engine.feeds import read_suite
from dq_engine.model import Outcome, Problem, Run
from dq_engine.rating import instrument
from dq_engine.report import text as text_report
from dq_engine.report.words import clean
from dq_engine.suite import NotUsable, Suite, parse_suite, with_parameters
from tests.robust import suites_texts

PATIENCE = 5.0
"""Seconds of processor time for reading a text."""
LONGEST = 3_500
"""Characters that may be said of one fault."""
TIMEOUT = 40.0
"""Seconds for a run on some sixty rows."""
JUDGING = 1.5
"""Seconds for a test in Python."""
AS_OF = dt.date(2026, 1, 2)
PARAMETERS = {"x": 3, "y": "2024-01-01", "least": 0.5}
GIVEN = parameters.given(PARAMETERS, AS_OF, dt.datetime(2026, 1, 2, tzinfo=dt.UTC))


class Wrong(AssertionError):
    """What must not be."""


class TooSlow(Wrong):
    """Reading a text takes too long."""


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    """Raises :class:`TooSlow` where what is done takes more processor time than reading a text may."""

    def late(number: int, frame: object) -> None:
        raise TooSlow(f"still reading after {3 * PATIENCE:.0f} seconds")

    before, handler = time.process_time(), signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, 3 * PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
    if (taken := time.process_time() - before) > PATIENCE:
        raise TooSlow(f"reading took {taken:.1f} seconds")


def words(message: str, what: str = "an error") -> None:
    """Raises :class:`Wrong` for a message that people can do nothing with."""
    if not message.strip() or "Traceback (most" in message:
        raise Wrong(f"{what} has no words for people: {message[:200]!r}")
    if len(message) > LONGEST:
        raise Wrong(f"{what} has {len(message):,} characters: {message[:200]!r}")


# ------------------------------------------------------------------------------------------------------------ what is read


def suite_in(path: Path) -> Suite | None:
    """The suite in a file, or None if it is refused as it must be."""
    try:
        with in_time():
            return read_suite(path)
    except SuiteError as error:
        if not error.problems:
            raise Wrong("a suite is refused without a fault") from None
        for problem in error.problems:
            stated(problem, path.name)
        return None
    except UsageError as error:
        with contextlib.suppress(UnicodeDecodeError):
            path.read_bytes().decode("utf-8-sig")
            raise Wrong(f"a text is refused as none: {error}") from None
        words(str(error))
        return None


def stated(problem: Problem, file: str) -> None:
    """Raises :class:`Wrong` where a fault does not say what is wrong, and where."""
    words(str(problem), "a fault")
    words(problem.message, "a fault")
    whole = any(sign in problem.message for sign in ("JSON", "too large", "occurs twice"))
    if not problem.file.endswith(file) or not (problem.path.startswith("$") or (problem.path == "" and whole)):
        raise Wrong(f"a fault without a place: {problem}")


def without_faults(text: str) -> str:
    """A suite that was refused without the expectations that are at fault, if that leaves some; else "".

    Raises :class:`Wrong` where it is refused all the same: then a fault was told too late, or of the wrong place.
    """
    try:
        parse_suite(text, "suite.json")
        return text
    except SuiteError as error:
        found = [re.match(r"\$\.expectations\[(\d+)\]", problem.path) for problem in error.problems]
    if not all(found):
        return ""
    raw = json.loads(text)
    at_fault = {int(match[1]) for match in found if match}
    raw["expectations"] = [entry for place, entry in enumerate(raw["expectations"]) if place not in at_fault]
    if not raw["expectations"]:
        return ""
    left = json.dumps(raw)
    try:
        parse_suite(left, "suite.json")
    except SuiteError as error:
        raise Wrong(f"without the expectations at fault there are further faults: {error}") from None
    return left


def converted(text: str, suite: Suite | None) -> None:
    """What ``dq convert`` makes of the text: a refusal in words, or a text with every fault that is left named."""
    try:
        with in_time():
            found = convert.convert(text, "old")
    except NotUsable as error:
        return words(str(error))
    try:
        again = parse_suite(found.text, "converted.json")
    except SuiteError:
        again = None
    if (again is None) != any(change.kind == "remains" for change in found.changes):
        raise Wrong("the converted suite has faults, or none, and its report says otherwise")
    if suite is not None and (again is None or len(again.checks) != len(suite.checks)):
        raise Wrong("a suite that was valid has lost checks by conversion, or is not valid")
    return None


def settings_in(text: str) -> None:
    """What comes of a ``dq.toml``: settings, or faults in words, each of which names it."""
    try:
        with in_time():
            config.parse(text, Path("dq.toml"))
    except ConfigError as error:
        for line in str(error).splitlines():
            words(line)
        if not str(error).startswith("dq.toml: "):
            raise Wrong("a fault that does not name its file") from None


def instrument_in(text: str) -> None:
    """What comes of an instrument: one that is written and read again as it was, or faults with their places."""
    try:
        with in_time():
            found = instrument.parse(text, "instrument.json")
    except InstrumentError as error:
        if not error.problems:
            raise Wrong("an instrument is refused without a fault") from None
        for problem in error.problems:
            stated(problem, "instrument.json")
        return
    if instrument.parse(instrument.dump(found).decode(), "again.json") != found:
        raise Wrong("an instrument is not the same after it was written")


# ------------------------------------------------------------------------------------------------------------- what is run


class Bench:
    """Where suites are run: a folder, a worker that lives on, and the extracts that are written already."""

    def __init__(self, folder: Path, worker: WorkerProcess) -> None:
        self.folder, self.worker = folder, worker
        self.written: dict[int, Path] = {}

    def path(self, data: Any, name: str = "") -> Path:
        """The extract of data."""
        if id(data) not in self.written:
            self.written[id(data)] = path = self.folder / f"{name or 'extract'}_{len(self.written)}.parquet"
            pq.write_table(suites_texts.table(data), path, row_group_size=25)
        return self.written[id(data)]

    def doubled(self, data: Any) -> list[Path]:
        """The extract of data, twice."""
        path = self.path(data)
        again = path.with_name(f"again_{path.name}")
        if not again.exists():
            again.write_bytes(path.read_bytes())
        return [path, again]

    def run(self, start: suites_texts.Start, suite: Suite, source: Any = None, **options: Any) -> Run:
        """Runs a suite on the extract of its text."""
        others = {name: str(self.path(data, name)) for name, data in start.others.items()}
        chosen = {"threads": 1, "timeout": TIMEOUT, "check_timeout": JUDGING, "checksums": False, **options}
        files = [str(path) for path in source or [self.path(start.data)]]
        return dq_engine.check(files, suite, others=others, worker=self.worker, as_of=AS_OF, parameters=PARAMETERS, **chosen)


def run_kept(bench: Bench, start: suites_texts.Start, suite: Suite, chance: Random) -> Run:
    """A run of a suite that loads, after all that must hold of it was looked at."""
    options: dict[str, Any] = {"show_values": chance.random() < 0.5}
    if chance.random() < 0.5:
        options["result_format"] = chance.choice(("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"))
    run = bench.run(start, suite, **options)
    if died(run):
        raise Wrong(f"the worker did not survive: {next((o.message for o in run.outcomes if o.status == 'error'), '')}")
    told(run, suite)
    feed_page.page(with_parameters(suite, GIVEN))
    return run


def died(run: Run) -> bool:
    """Whether the worker died in a run."""
    return any(
        sign in outcome.message
        for outcome in run.outcomes
        for sign in ("the worker ended", "the worker crashed", "the worker was killed", "no sign of life")
    )


def told(run: Run, suite: Suite) -> None:
    """Raises :class:`Wrong` where a run is not what a run must be."""
    if [outcome.check for outcome in run.outcomes] != [check.id for check in suite.checks]:
        raise Wrong(f"{len(suite.checks)} checks were asked for, and there are {len(run.outcomes)} outcomes")
    if run.exit_code != exit_code(run):
        raise Wrong(f"exit code {run.exit_code}, not {exit_code(run)}")
    for outcome in run.outcomes:
        sound(outcome)
    stored = store.decode(store.encode(run), "run.json")
    if _apart(stored) != _apart(run):
        raise Wrong(f"a run is not the same after it was written: {_difference(run, stored)}")
    if clean(run.verdict) not in clean(said := text_report.plain(run, verbose=True)):
        raise Wrong("the report does not say the verdict")
    if len(said) > 5_000_000:
        raise Wrong(f"a report of {len(said):,} characters")
    for form in ("BOOLEAN_ONLY", "SUMMARY", "COMPLETE"):
        document = run.to_gx(form)
        json.dumps(document)
        if len(document["results"]) != len(run.outcomes):
            raise Wrong("the result for Great Expectations lacks a check")


def _apart(run: Run) -> Any:
    """A run without what is stored beside its record; infinities among its failing values by their names, as they are stored."""
    plain = msgspec.structs.replace(run, measures=(), fields=(), organisations=())
    return json.loads(json.dumps(msgspec.to_builtins(plain)), parse_constant=str)


def _difference(one: Run, other: Run) -> str:
    for a, b in zip(one.outcomes, other.outcomes, strict=True):
        for name in Outcome.__struct_fields__:
            if getattr(a, name) != getattr(b, name):
                return f"{a.expectation}.{name}: {getattr(a, name)!r:.200} and {getattr(b, name)!r:.200}"
    return ", ".join(name for name in Run.__struct_fields__ if getattr(one, name) != getattr(other, name))


def exit_code(run: Run) -> int:
    """The exit code that the outcomes of a run make, said once more in other words."""
    if any(outcome.status == "error" for outcome in run.outcomes) or any(extract.problem for extract in run.extracts):
        return 3
    if any(outcome.status == "fail" and outcome.severity == "critical" for outcome in run.outcomes):
        return 1
    return 0 if any(outcome.status in ("pass", "fail") for outcome in run.outcomes) else 4


def sound(outcome: Outcome) -> None:
    """Raises :class:`Wrong` where the parts of an outcome contradict each other."""
    what = f"{outcome.expectation} {json.dumps(outcome.kwargs, default=str)[:300]}"
    if outcome.status in ("error", "skipped"):
        return words(outcome.message, what)
    elements, missing, unexpected = outcome.element_count, outcome.missing_count, outcome.unexpected_count
    if elements is None or missing is None or unexpected is None:
        raise Wrong(f"a {outcome.status} without counts: {what}")
    of_rows = issubclass(CATALOG[outcome.expectation], RowExpectation)
    most = elements - missing if of_rows else unexpected  # what is absent, or a query's own row, is no element
    if not (0 <= missing <= elements and 0 <= unexpected <= most):
        raise Wrong(f"{unexpected} of {elements} unexpected, {missing} missing: {what}")
    mostly = outcome.kwargs.get("mostly", 1)
    if outcome.status == "pass" and unexpected and mostly in (1, None):
        raise Wrong(f"a pass with {unexpected} unexpected: {what}")
    return None


# ------------------------------------------------------------------------------------------------------- what stays the same

Told = tuple[Any, ...]


def answer(outcome: Outcome) -> Told:
    """What an outcome says of the data."""
    counts = (outcome.element_count, outcome.missing_count, outcome.unexpected_count)
    return (outcome.status, *counts, _rounded(outcome.observed_value), outcome.message)


def _rounded(value: Any) -> Any:
    return f"{value:.9g}" if isinstance(value, float) else value


def same(one: dict[str, Told], other: dict[str, Told], what: str) -> None:
    """Raises :class:`Wrong` where two runs should say the same and do not. What took too long says nothing."""
    for key in one.keys() & other.keys():
        if one[key] != other[key] and not any("time" in str(told[-1]) for told in (one[key], other[key])):
            raise Wrong(f"{what}: {key} is {one[key]!r:.300} and {other[key]!r:.300}")


def _as(run: Run) -> dict[str, Any]:
    """The options that decide what is shown of values."""
    return {"show_values": run.options["show_values"]}


def answers(run: Run) -> dict[str, Told]:
    """What the outcomes of a run say, by check."""
    return {outcome.check: answer(outcome) for outcome in run.outcomes}


def again(bench: Bench, start: suites_texts.Start, suite: Suite, text: str, run: Run, chance: Random) -> str:
    """Runs the suite in another way that must give the same answers, or fewer passes; gives the name of the way."""
    name = chance.choice(list(WAYS))
    return name if WAYS[name](bench, start, suite, text, run, chance) else ""


def _written_again(bench: Bench, start: Any, suite: Suite, text: str, run: Run, chance: Random) -> bool:
    raw = json.loads(text)
    other = json.dumps(raw, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, 1)))
    try:
        found = parse_suite(other, suite.origin)
    except SuiteError as error:
        raise Wrong(f"a suite is refused when it is written again: {error}") from None
    same(answers(run), answers(bench.run(start, found, **_as(run))), "written again")
    return True


def _one_alone(bench: Bench, start: Any, suite: Suite, text: str, run: Run, chance: Random) -> bool:
    check = chance.choice(suite.checks)
    alone = bench.run(start, msgspec.structs.replace(suite, checks=(check,)), **_as(run))
    same({check.id: answers(run)[check.id]}, answers(alone), "alone")
    return True


def _turned_round(bench: Bench, start: Any, suite: Suite, text: str, run: Run, chance: Random) -> bool:
    turned = msgspec.structs.replace(suite, checks=suite.checks[::-1])
    same(answers(run), answers(bench.run(start, turned, **_as(run))), "in another order")
    return len(suite.checks) > 1


def _without_groups(bench: Bench, start: Any, suite: Suite, text: str, run: Run, chance: Random) -> bool:
    feed = msgspec.structs.replace(suite.feed, organisation_column=None, period_column=None, register=None)
    if feed == suite.feed:
        feed = msgspec.structs.replace(suite.feed, organisation_column="code", period_column=chance.choice(("period", "d", None)))
    grouped = bench.run(start, msgspec.structs.replace(suite, feed=feed), **_as(run))
    by_rows = {check.id for check in suite.checks if isinstance(check.expectation, RowExpectation)}
    one, other = ({key: told for key, told in answers(each).items() if key in by_rows} for each in (run, grouped))
    same(one, other, "counted with and without organisations")
    return True


def _with_less(bench: Bench, start: Any, suite: Suite, text: str, run: Run, chance: Random) -> bool:
    """A lower ``mostly`` turns no pass into a fail."""
    raw, found = json.loads(text), {outcome.check: outcome for outcome in run.outcomes}
    changed = False
    for entry in raw["expectations"]:
        mostly = entry["kwargs"].get("mostly", 1) if isinstance(entry.get("kwargs"), dict) else None
        if isinstance(mostly, int | float) and 0 < mostly <= 1 and entry.get("id") != "":
            entry["kwargs"]["mostly"] = mostly * chance.choice((0, 0.5, 0.99))
            changed = True
    try:
        lower = parse_suite(json.dumps(raw), suite.origin)
    except SuiteError:  # some types take no mostly
        return False
    for check, outcome in zip(suite.checks, bench.run(start, lower, **_as(run)).outcomes, strict=True):
        if found[check.id].status == "pass" and outcome.status != "pass" and "time" not in outcome.message:
            raise Wrong(
                f"with a lower mostly a pass became {outcome.status}: {outcome.expectation} {outcome.kwargs} {outcome.message}"
            )
    return changed


def _on_twice_the_rows(bench: Bench, start: Any, suite: Suite, text: str, run: Run, chance: Random) -> bool:
    """Of rules that judge each row by itself all counts double."""
    rows = [check for check in suite.checks if isinstance(check.expectation, RowExpectation) and not check.others]
    alone = [check for check in rows if "_zscore" not in check.expectation.name and "order" not in check.expectation.name]
    alone = [check for check in alone if not re.search("creasing|unique|outlier|iqr|deviation", check.expectation.name)]
    if not alone:
        return False
    found = answers(run)
    twice = answers(bench.run(start, msgspec.structs.replace(suite, checks=tuple(alone)), bench.doubled(start.data), **_as(run)))
    expected = {
        check.id: tuple(
            2 * part if isinstance(part, int) and 1 <= place <= 3 else part for place, part in enumerate(found[check.id])
        )
        for check in alone
    }
    one, other = ({key: told[:4] for key, told in each.items()} for each in (expected, twice))
    same(one, other, "on twice the rows")
    return True


WAYS = {
    "written again": _written_again,
    "alone": _one_alone,
    "turned round": _turned_round,
    "grouped": _without_groups,
    "lower mostly": _with_less,
    "twice the rows": _on_twice_the_rows,
}
