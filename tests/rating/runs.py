"""Runs made by hand, as if something had been checked: extracts, what was counted of them, and registers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from msgspec.structs import asdict

from dq_engine import store
from dq_engine.model import (
    RUN_VERSION,
    Dimension,
    ExtractRun,
    FieldMeasure,
    FieldRun,
    Level,
    Measure,
    Organisation,
    Outcome,
    Run,
    Source,
    SuiteReference,
)
from dq_engine.rating import instrument as instruments
from dq_engine.run_tables import CHECK, CLASSES, COUNTED, FIELD, GROUP, MEASURES, ORGANISATION, ORGANISATIONS
from dq_engine.run_tables import FIELDS as FIELD_FILE
from dq_engine.scores import RATINGS, Band, Instrument, ItemRule, Provenance, Scale, TermRule

OCTOBER, NOVEMBER, YEAR = "2024-10-01/2024-10-31", "2024-11-01/2024-11-30", "2024-04-01/2025-03-31"
MADE = Provenance("assumed", "tests")


class Rule(NamedTuple):
    """A check of an extract, and what it counted: organisation, period, judged, unexpected."""

    id: str
    dimension: Dimension
    counts: Sequence[tuple[str, str | None, int, int]] = ()
    more: Mapping[str, Any] = MappingProxyType({})


class Column(NamedTuple):
    """A field of an extract, and its classes: organisation, period, valid, other, default, invalid, missing."""

    name: str
    counts: Sequence[tuple[str, str | None, int, int, int, int, int]] = ()
    more: Mapping[str, Any] = MappingProxyType({})


class Extract(NamedTuple):
    """An extract with its rules and columns."""

    feed: str
    rules: Sequence[Rule] = ()
    columns: Sequence[Column] = ()
    level: Level = "pcgt"
    source: Source = "hospital"
    more: Mapping[str, Any] = MappingProxyType({})


def outcome(rule: Rule, extract: str) -> Outcome:
    settings: dict[str, Any] = {
        "expectation": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "any"},
        "statement": f"The rule {rule.id} is kept",
        "status": "pass",
        "severity": "critical",
        "kahn": "completeness, verification",
        **rule.more,
    }
    return Outcome(check=rule.id, extract=extract, dimension=rule.dimension, **settings)


def made(
    *parts: Extract, organisations: Iterable[Organisation] = (), id: str = "r1", started: str = "2025-01-01T00:00:00+00:00"
) -> Run:
    """The run of these extracts; counts may be none, for an organisation of which a check judged nothing."""
    extracts, measures, fields = [], [], []
    for part in parts:
        settings = {"name": part.feed, "title": part.feed, "suite": SuiteReference(part.feed, "", ""), "planned": 0, **part.more}
        name = settings["name"]
        extracts.append(
            ExtractRun(
                feed=part.feed,
                level=part.level,
                source=part.source,
                outcomes=tuple(outcome(rule, name) for rule in part.rules),
                fields=tuple(FieldRun(column.name, **{"item": "current", **column.more}) for column in part.columns),
                **settings,
            )
        )
        for rule in part.rules:
            measures += [
                Measure(name, rule.id, code, judged + 3, 3, wrong, period) for code, period, judged, wrong in rule.counts
            ]
        for column in part.columns:
            fields += [FieldMeasure(name, column.name, code, period, sum(n), *n) for code, period, *n in column.counts]
    return Run(
        version=RUN_VERSION,
        id=id,
        started=started,
        seconds=0.0,
        engine={},
        options={},
        extracts=tuple(extracts),
        planned=0,
        exit_code=0,
        verdict="made for a test",
        measures=tuple(measures),
        fields=tuple(fields),
        organisations=tuple(organisations),
    )


def stored(folder: Path, *runs: Run) -> list[Path]:
    """The directories of runs, in the shape in which ``dq check`` stores them, but written faster."""
    for run in runs:
        (folder / run.id).mkdir(parents=True)
        (folder / run.id / store.RUN).write_bytes(store.encode(run))
        for name, rows, columns in (
            (MEASURES, _of_checks(run), {**CHECK, **GROUP, **COUNTED, "denominator": "BIGINT"}),
            (FIELD_FILE, _of_fields(run), {**FIELD, **GROUP, **CLASSES}),
            (ORGANISATIONS, [{"run": run.id, **asdict(one)} for one in run.organisations], ORGANISATION),
        ):
            types = {"started": pa.timestamp("us", "UTC")}
            schema = pa.schema([(column, types.get(column, ARROW[kind])) for column, kind in columns.items()])
            pq.write_table(pa.Table.from_pylist(list(rows), schema), folder / run.id / name)
    return [folder / run.id for run in runs]


ARROW = {"VARCHAR": pa.string(), "DOUBLE": pa.float64(), "BIGINT": pa.int64()}


def _extract(run: Run, name: str) -> tuple[ExtractRun, dict[str, Any]]:
    (one,) = (extract for extract in run.extracts if extract.name == name)
    shared = {key: getattr(one, key) for key in ("feed", "level", "source", "purpose")}
    return one, {"run": run.id, "started": dt.datetime.fromisoformat(run.started), "extract": name, **shared}


def _of_checks(run: Run) -> Iterator[dict[str, Any]]:
    for one in run.measures:
        extract, shared = _extract(run, one.extract)
        (said,) = (asdict(outcome) for outcome in extract.outcomes if outcome.check == one.check)
        yield {**said, **shared, **asdict(one), "columns": "", "denominator": one.element_count - one.missing_count}


def _of_fields(run: Run) -> Iterator[dict[str, Any]]:
    for one in run.fields:
        extract, shared = _extract(run, one.extract)
        (said,) = (asdict(field) for field in extract.fields if field.column == one.column)
        yield {**said, **shared, **asdict(one)}


def pcgts(*codes: str, **more: str) -> list[Organisation]:
    return [Organisation(code, "pcgt", **more) for code in codes]


def practices(**parents: str) -> list[Organisation]:
    return [Organisation(code, "practice", parent) for code, parent in parents.items()]


# ------------------------------------------------------------------------------------------------------------ instrument


def bands(*cuts: float) -> tuple[Band, ...]:
    edges = (0.0, *cuts, 1.0)
    return tuple(Band(rating, *edges[place : place + 2]) for place, rating in enumerate(RATINGS))


def item(function: str, *terms: TermRule, source: str = "hospital", **more: Any) -> ItemRule:
    return ItemRule(f"{source}.{function}", source, function, f"How good is {source} for {function}?", terms, MADE, **more)


def instrument(*items: ItemRule, **more: Any) -> Instrument:
    """An instrument with a rating for each fifth of the score."""
    settings: dict[str, Any] = {
        "sources": {one.source: one.source.title() for one in items},
        "functions": {one.function: one.function.title() for one in items},
        "scale": Scale(bands(0.2, 0.4, 0.6, 0.8), MADE),
        **more,
    }
    return Instrument("made", "1.0.0", "Made for tests", MADE, items=items, **settings)


def written(made: Instrument, folder: Path) -> Path:
    """The file of an instrument."""
    path = folder / "instrument.json"
    path.write_bytes(instruments.dump(made))
    return path


# -------------------------------------------------------------------------------------------------------------- any runs

CODES = ("5A1", "5A2", "5A3", "A81001", "A81002", "A81003", "A81004", "9Z9", "(none)", "(not a code)")
REGISTER = [*pcgts("5A1", "5A2", "5A3"), *practices(A81001="5A1", A81002="5A1", A81003="5A3", A81004="")]
PERIODS = (None, "(none)", OCTOBER, NOVEMBER, YEAR)
CHECKS: dict[str, tuple[Dimension, dict[str, Any]]] = {
    "v1": ("validity", {"weight": 0.1, "kwargs": {"column": "sex"}}),
    "v2": ("validity", {"weight": 3.0, "kwargs": {"column": "age"}}),
    "v3": ("validity", {"status": "error", "message": "broken"}),
    "c1": ("completeness", {"status": "fail", "kwargs": {"column": "sex"}}),
    "c2": ("completeness", {"weight": 0.0}),
    "t1": ("accuracy", {"weight": 2.0, "unit": "totals"}),
    "s1": ("coverage", {"unit": "expected submissions"}),
}
FIELDS: dict[str, dict[str, Any]] = {
    "sex": {"tolerance": 0.1},
    "age": {},
    "postcode": {"tolerance": 0.0, "item": "experimental"},
    "note": {"item": None},
}
SOME = instrument(
    item("a", TermRule("item_score", 0.5), TermRule("coverage", 0.2), TermRule("validity", 0.3, columns=("sex",))),
    item("b", TermRule("validity", 0.6, "spells"), TermRule("accuracy", 0.4)),
    item(
        "a",
        TermRule("completeness", 0.4),
        TermRule("item_score", 0.6, columns=("note", "age")),
        source="primary_care",
        weight=3.0,
    ),
    item("b", TermRule("coverage", 0.5, "patients"), TermRule("validity", 0.5, "list_sizes"), source="primary_care"),
)
FEEDS: dict[str, dict[str, Any]] = {
    "spells": {"level": "pcgt", "source": "hospital"},
    "visits": {"level": "pcgt", "source": "hospital"},
    "patients": {"level": "practice", "source": "primary_care"},
}


@st.composite
def some_extracts(draw: st.DrawFn, name: str, feed: str) -> Extract:
    keys = st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from(PERIODS)), unique=True, max_size=6)
    rules, columns = [], []
    for check in draw(st.sets(st.sampled_from(sorted(CHECKS)))):
        counts = []
        for code, period in draw(keys):
            judged = draw(st.integers(0, 30))
            counts.append((code, period, judged, draw(st.integers(0, judged))))
        dimension, more = CHECKS[check]
        rules.append(Rule(check, dimension, counts, more))
    for column in draw(st.sets(st.sampled_from(sorted(FIELDS)))):
        numbers = [(code, period, *draw(st.tuples(*[st.integers(0, 9)] * 5))) for code, period in draw(keys)]
        columns.append(Column(column, numbers, FIELDS[column]))
    return Extract(feed, rules, columns, **FEEDS[feed], more={"name": name})


@st.composite
def some_runs(draw: st.DrawFn) -> list[Run]:
    """One to three runs; an extract may be of the feed of another one, and a feed of several runs."""
    found = []
    registered = draw(st.booleans())
    for number in range(draw(st.integers(1, 3))):
        named = draw(st.lists(st.sampled_from(sorted(FEEDS)), min_size=1, max_size=3))
        parts = [draw(some_extracts(f"{feed}_{place}", feed)) for place, feed in enumerate(named)]
        started = f"2025-0{draw(st.integers(1, 3))}-01T00:00:00+00:00"
        found.append(made(*parts, organisations=REGISTER if registered else (), id=f"r{number}", started=started))
    return found
