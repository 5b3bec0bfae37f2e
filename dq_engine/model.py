"""The values that flow through the engine. Frozen, comparable, without files, clock or database.

Left to right: a :class:`Table` (what the footers of an extract say) and a suite make metrics; the worker turns metrics into
numbers; numbers become :class:`Outcome` and :class:`Measure`; together they are a :class:`Run`.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, field

Severity = Literal["critical", "warning", "info"]
Status = Literal["pass", "fail", "error", "vacuous", "skipped"]
Dimension = Literal["completeness", "uniqueness", "consistency", "timeliness", "validity", "accuracy", "coverage"]
Kahn = Literal[
    "conformance.value",
    "conformance.relational",
    "conformance.computational",
    "completeness",
    "plausibility.uniqueness",
    "plausibility.atemporal",
    "plausibility.temporal",
]
"""The categories of Kahn et al. 2016 (eGEMs 4(1):1244), with their subcategories."""
Level = Literal["practice", "pcgt"]
Source = Literal["primary_care", "hospital", "community", "mental_health", "social_care"]
Purpose = Literal["quality", "targets"]
Rated = Literal["very poor", "poor", "fair", "good", "very good"]
Sensitivity = Literal["public", "sensitive", "identifying"]
Kind = Literal[
    "integer", "decimal", "float", "text", "boolean", "date", "timestamp", "timestamptz", "time", "other", "nested", "null"
]
Number = int | float | str | bool | None
"""What a metric can give: a count, a statistic, a yes or no, or a masked text."""

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
"""What suites of one feed are for; the first is what they are for if they do not say."""
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""Severities, least first."""
FailOn = Literal["critical", "warning", "info", "never"]
FAIL_ON: tuple[FailOn, ...] = get_args(FailOn)
"""From which severity on a failed check may fail a run."""


def at_or_above(severity: Severity, fail_on: str) -> bool:
    """Whether a failure of that severity may fail a run."""
    return fail_on in SEVERITIES and SEVERITIES.index(severity) >= SEVERITIES.index(fail_on)


class Place(Struct, frozen=True):
    """A place in a text: its line, and its column in characters (code points), both from 1."""

    line: int
    column: int


class Problem(Struct, frozen=True):
    """One fault of a suite or a configuration: ``file`` and JSON ``path`` say where, ``message`` what, ``hint`` what to do.

    ``at`` is the place in the file, or of the expectation that has the fault; None where that is not known.
    """

    file: str
    path: str
    message: str
    hint: str = ""
    at: Place | None = None

    def __str__(self) -> str:
        file = f"{self.file}:{self.at.line}:{self.at.column}" if self.at else self.file
        where = f"{file}: {self.path}: " if self.path else f"{file}: "
        return where + self.message + (f" {self.hint}" if self.hint else "")


# ---------------------------------------------------------------------------------------------------------------- feeds


FieldType = Literal["text", "integer", "decimal", "float", "boolean", "date", "timestamp"]


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite says of one column: its type, may its values be shown, and which codes stand for "not known".

    ``other_codes`` are codes that are valid and say little ("other", "not stated"); ``tolerance`` is the share of the records
    that may have a default code before that lowers the item score, 0 to 1; ``item`` says whether the column is a data item of the
    Data Quality Maturity Index: of the current set, on trial in the experimental set, or (None) of neither.
    """

    description: str = ""
    type: FieldType | None = None
    sensitivity: Sensitivity = "sensitive"
    default_codes: tuple[str | int | float, ...] = ()
    other_codes: tuple[str | int | float, ...] = ()
    tolerance: Annotated[float, Meta(ge=0, le=1)] = 0.0
    item: Literal["current", "experimental"] | None = None


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """The columns of a register of organisations: ``code`` its own; the organisation that it belongs to, its region, its kind."""

    code: str
    parent: str | None = None
    region: str | None = None
    kind: str | None = None


class Feed(Struct, frozen=True, forbid_unknown_fields=True):
    """``meta.dq`` of a suite: the kind of data that the suite is for.

    ``owner`` says who answers for the data and what they do about a failure. ``purpose`` tells suites of one feed apart: whether
    the data are good, or whether the targets that they tell of are reached.
    """

    feed: str
    title: str = ""
    description: str = ""
    owner: str = ""
    purpose: Purpose = "quality"
    level: Level = "practice"
    source: Source = "primary_care"
    organisation_column: str | None = None
    period_column: str | None = None
    register: Register | None = None
    columns: dict[str, Field] = field(default_factory=dict)


# -------------------------------------------------------------------------------------------------------------- extracts


class Column(Struct, frozen=True):
    """One column of an extract.

    ``name`` is what rules call it, ``sql`` the quoted identifier that reaches it in the extract's view, ``type`` DuckDB's name of
    its type, ``nulls`` the number of NULLs by the footer (None where the footer does not say), ``shown`` whether its values may
    leave. ``stored`` is the SQL that reads it from the files, ``footer`` the name in their footers; "" where it is the same.
    ``bounded``: whether the footers' minima and maxima are those of the values as they are read. ``width`` are the bytes that a
    value takes in the files before compression, by their footers (None where they do not say): few where values are repeated.
    """

    name: str
    sql: str
    type: str
    kind: Kind
    nulls: int | None = None
    shown: bool = False
    stored: str = ""
    footer: str = ""
    bounded: bool = True
    width: float | None = None


EXTRACT = "dq_extract"
"""The view of the extract that is checked."""
ORDERED = "dq_extract_in_order"
"""The same with a further column ``dq_row``: the place of the row in the extract, from 0 on, over its files in their order."""


class Table(Struct, frozen=True):
    """What the footers of an extract say: its columns, in file order, and its number of rows; ``view`` is where SQL finds it.

    ``trusting``: whether what footers say of values may answer anything. Without it, no column has ``nulls`` or is ``bounded``,
    and the rows were counted.
    """

    columns: tuple[Column, ...]
    rows: int
    view: str = EXTRACT
    trusting: bool = True


class File(Struct, frozen=True):
    """One file of an extract as it was when it was opened: bytes, modification time (ns since 1970), rows.

    ``sha256`` is what ``sha256sum`` says of it, "" where that was not worked out. Of a file from elsewhere, ``path`` is its
    address, and ``etag`` and ``version`` are what its store called that state of it, "" where it did not say.
    """

    path: str
    bytes: int
    modified_ns: int
    rows: int | None = None
    sha256: str = ""
    etag: str = ""
    version: str = ""


# --------------------------------------------------------------------------------------------------------------- metrics


class NullsFact(Struct, frozen=True, tag="nulls"):
    """The footer may know how many NULLs a column has; ``negate`` asks for the others."""

    column: str
    negate: bool = False


class JointNullsFact(Struct, frozen=True, tag="joint_nulls"):
    """The footer may know how many rows have NULL in all of the ``columns``; or in ``any`` of them."""

    columns: tuple[str, ...]
    any: bool = False


class RowsFact(Struct, frozen=True, tag="rows"):
    """The footer knows the number of rows."""


class AidFact(Struct, frozen=True, tag="aid"):
    """No row counts if the :class:`WrongValues` of this name are none."""

    name: str


class BoundsFact(Struct, frozen=True, tag="bounds"):
    """The footer's minimum and maximum may prove that no value lies outside.

    ``proof`` is SQL over ``lo`` and ``hi``, the column's minimum and maximum: true proves that the count is 0.
    """

    column: str
    proof: str


class ExtremumFact(Struct, frozen=True, tag="extremum"):
    """The footer may know the smallest or largest value; ``sql`` reads it from ``lo`` or ``hi``."""

    column: str
    sql: str


class MiddleFact(Struct, frozen=True, tag="middle"):
    """The number needs no other values than those in the middle: ``sql`` aggregates these, ``x``, of the SQL ``value``."""

    value: str
    sql: str


class Classes(Struct, frozen=True):
    """Several classes of rows, each row in the first of which a condition is true, or in none.

    ``conditions`` are those of each class, any of which suffices, as SQL; ``of_value`` are those where each different value of
    the column is judged once.
    """

    conditions: tuple[tuple[str, ...], ...]
    of_value: tuple[tuple[str, ...], ...]


class InClass(Struct, frozen=True):
    """True of the rows in the class at that place. Counts about the same classes evaluate them once."""

    classes: Classes
    place: int


class Count(Struct, frozen=True, tag="count"):
    """The number of rows for which ``predicate`` (SQL, or a class) is true; of all rows if it is None. Kept by organisation, too.

    ``relation`` is what is read: the extract, or a :class:`Derived` view with the same rows. ``of_value`` is the predicate where
    each different value of its column is judged once, if it is another one there.
    """

    predicate: str | InClass | None = None
    fact: NullsFact | JointNullsFact | RowsFact | BoundsFact | AidFact | None = None
    relation: str = EXTRACT
    of_value: str = ""

    @property
    def implied(self) -> tuple[str, ...]:
        """Conditions, one of which is true of each row that is counted; none if all rows are."""
        if isinstance(self.predicate, InClass):
            return self.predicate.classes.conditions[self.predicate.place]
        return () if self.predicate is None else (self.predicate,)

    def reads(self, *, of_value: bool = False) -> str:
        """All SQL by which rows are counted, or their different values, as one text in which names can be found."""
        if isinstance(self.predicate, InClass):
            classes = self.predicate.classes
            return " ".join(itertools.chain.from_iterable(classes.of_value if of_value else classes.conditions))
        return (of_value and self.of_value) or self.predicate or ""


class Scalar(Struct, frozen=True, tag="scalar"):
    """One number over the whole extract: ``sql`` is an aggregate expression over its rows."""

    sql: str
    fact: ExtremumFact | MiddleFact | None = None


class Key(Struct, frozen=True):
    """Groups of equal values: SQL expressions of the key's columns, and which rows take part (None: all)."""

    columns: tuple[str, ...]
    where: str | None = None


class GroupScalar(Struct, frozen=True, tag="group"):
    """One number over the groups of a key: ``sql`` aggregates over ``k1``, ``k2`` … (the key) and ``n`` (rows in the group).

    ``repeated``: it is the number of rows whose key occurs more than once. ``summed``: of all groups it is the sum of what it is
    of some of them and of the others.
    """

    key: Key
    sql: str
    repeated: bool = False
    summed: bool = False


class Figure(Struct, frozen=True, tag="figure"):
    """One number of a SELECT of its own: the column ``name`` of the single row that ``select`` gives.

    ``queries`` are the texts in it that are a suite's own; each must be one SELECT.
    """

    select: str
    name: str
    queries: tuple[str, ...] = ()


class Items(Struct, frozen=True):
    """Things that are judged one by one and are no rows: organisations, periods, keys.

    ``sql`` is a SELECT with the columns ``organisation`` (text or NULL), ``missing`` (not judged) and ``unexpected`` (true or
    false), and those that ``shown`` names, by which a failing item is shown. ``split``: items belong to organisations; ``coded``:
    whether the organisations' codes may be shown as they are. ``period``: SQL over these columns of the interval that an item
    is of, as text, or NULL.
    """

    sql: str
    shown: tuple[Column, ...]
    split: bool
    coded: bool
    period: str = "NULL"


class ItemNumber(Struct, frozen=True, tag="item"):
    """One number over items: ``sql`` aggregates over the columns of their SELECT. Counts are also kept per organisation."""

    items: Items
    sql: str


Metric = Count | Scalar | GroupScalar | Figure | ItemNumber


class Derived(Struct, frozen=True, tag="derived"):
    """A table, or with ``view`` a view, that ``sql`` (a SELECT) makes before the scans, for metrics to read."""

    sql: str
    view: bool = False

    @property
    def name(self) -> str:
        """The name by which metrics read it."""
        return f"dq_derived_{_digest(self.sql)}"


class WrongValues(Struct, frozen=True, tag="wrong"):
    """A table with the one column ``value``: those different values that a test in Python finds wrong.

    ``values`` is a SELECT of them with that column, text without NULL; ``test`` a test of :mod:`dq_engine.judging`, and
    ``arguments`` those of the test, as JSON.
    """

    values: str
    test: str
    arguments: str = "{}"

    @property
    def name(self) -> str:
        """The name by which metrics read it."""
        return f"dq_wrong_{_digest(self.values, self.test, self.arguments)}"


Aid = Derived | WrongValues
"""What metrics read beside the extract, made before the scans."""


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Judgement(Struct, frozen=True):
    """What the numbers of one check mean.

    ``success`` is None where there was nothing to judge. ``unit`` names what is counted. ``gx_success`` is what Great
    Expectations would answer, which differs where there was nothing to judge.
    """

    success: bool | None
    unit: str
    element_count: int
    missing_count: int
    unexpected_count: int
    gx_success: bool
    observed: Number = None
    details: dict[str, Any] = {}
    message: str = ""


# --------------------------------------------------------------------------------------------------------------- results


class Example(Struct, frozen=True, omit_defaults=True):
    """A kind of failing value and how many rows (or distinct values) have it.

    ``shape`` is the masked form (letters ``A``/``a``, digits ``9``). ``value`` is set only where values may be shown: one
    value, or one per column for a rule over several columns.
    """

    shape: str
    count: int
    value: Any = None


class Unexpected(Struct, frozen=True, omit_defaults=True):
    """Failing rows one by one, in the order of the extract: the ``places`` of rows, counted from 0 over all its files.

    Each row is its values by column: ``values`` those that the rule is about, ``index`` those by which rows are named, ``rows``
    all that may be shown; None where they were not asked for or may not be shown.
    """

    places: tuple[int, ...]
    values: tuple[dict[str, Any], ...] | None = None
    index: tuple[dict[str, Any], ...] | None = None
    rows: tuple[dict[str, Any], ...] | None = None


class Waiver(Struct, frozen=True, omit_defaults=True):
    """Somebody's decision, in a reviewed file, to accept that a check fails, or has nothing to judge (``accepts``), until a day.

    ``check`` is the id of the check, ``extract`` the name of the extract or of its feed ("" for every one); ``organisations`` are
    those whose failures are accepted (none: all); ``at_most`` how many failures. ``expires`` is the last day on which it
    holds, as ISO 8601 writes it.
    """

    check: str
    owner: str
    reason: str
    expires: str
    extract: str = ""
    organisations: tuple[str, ...] = ()
    at_most: int | None = None
    accepts: Literal["fail", "vacuous"] = "fail"


WaiverState = Literal["applied", "partly", "expired", "unused"]
"""What became of a waiver in a run: ``partly`` if a check fails beyond what it accepts, so that the failure counts."""


class WaiverUse(Struct, frozen=True, omit_defaults=True):
    """What became of a waiver in a run, and ``words`` for people that say it."""

    waiver: Waiver
    state: WaiverState
    words: str


class GateFinding(Struct, frozen=True, omit_defaults=True):
    """One thing that the gate holds against a release, or wants somebody to know (``exit_code`` 0).

    ``rule`` is the setting of the policy that it is of, such as ``fail_on`` or ``required.feeds``; ``extract``, ``check`` and
    ``organisation`` say what it is about, "" where it is about more.
    """

    rule: str
    exit_code: int
    words: str
    extract: str = ""
    check: str = ""
    organisation: str = ""


class Gate(Struct, frozen=True, omit_defaults=True):
    """What the gate's policy made of a run: ``words`` say it in one paragraph; ``baseline`` is the run it was held against."""

    exit_code: int
    words: str
    findings: tuple[GateFinding, ...] = ()
    baseline: str = ""


class Outcome(Struct, frozen=True, omit_defaults=True):
    """The result of one check.

    ``element_count`` are the rows considered, ``missing_count`` those of them that the rule does not judge (NULLs), so
    ``denominator`` = element_count - missing_count were judged and ``unexpected_count`` of these break the rule.
    ``message`` says why a check is ``error``, ``vacuous`` or ``skipped``. ``kahn`` is the category of Kahn et al. 2016, and
    its context. ``rows_sql`` is a SELECT for DuckDB: it gives what breaks the rule (rows, keys or items, ``unexpected_count`` of
    them), or the observed value of a rule about one; it reads the ``views`` of the extract, and "" says that there is none.
    ``gx_result`` is what Great Expectations' result holds, None for a rule about rows: that is made of the counts; ``unexpected``
    are its failing rows, if they were asked for. A ``waiver`` changes no status: what fails still fails, and is accepted. ``at``
    is where the expectation stands in the file of its suite, None if that is no file.
    """

    check: str
    extract: str
    expectation: str
    kwargs: dict[str, Any]
    statement: str
    status: Status
    severity: Severity
    dimension: Dimension
    kahn: str = ""
    weight: float = 1.0
    unit: str = "rows"
    element_count: int | None = None
    missing_count: int | None = None
    unexpected_count: int | None = None
    denominator: int | None = None
    observed_value: Number = None
    message: str = ""
    examples: tuple[Example, ...] = ()
    examples_note: str = ""
    failing_organisations: int | None = None
    details: dict[str, Any] = {}
    notes: str | list[str] = ""
    description: str = ""
    meta: dict[str, Any] = {}
    gx_id: str | None = None
    gx_success: bool | None = None
    gx_result: dict[str, Any] | None = None
    rows_sql: str = ""
    unexpected: Unexpected | None = None
    waiver: Waiver | None = None
    at: Place | None = None


NO_PERIOD = "(none)"
"""What stands for rows whose period is missing or cannot be read."""


class Measure(Struct, frozen=True):
    """Counts of one check for one organisation in one period; ``organisation`` is None for the whole extract.

    ``period`` is an interval as ISO 8601 writes it (``2024-10-01/2024-10-31``), ``(none)``, or None where the check or the
    extract has no periods.
    """

    extract: str
    check: str
    organisation: str | None
    element_count: int
    missing_count: int
    unexpected_count: int
    period: str | None = None


class FieldMeasure(Struct, frozen=True):
    """The values of one column for one organisation in one period, each in exactly one of five classes.

    Missing: NULL or blank. Default: a default code of the field. Invalid: breaks a rule of validity about the column. Other: a
    code for "other". Valid: all others. ``organisation`` and ``period`` as in :class:`Measure`.

    Raises ArithmeticError if the classes do not add up to the ``records``: then a figure of the engine is wrong.
    """

    extract: str
    column: str
    organisation: str | None
    period: str | None
    records: int
    valid: int
    other: int
    default: int
    invalid: int
    missing: int

    def __post_init__(self) -> None:
        classes = (self.valid, self.other, self.default, self.invalid, self.missing)
        if sum(classes) != self.records or min(classes) < 0:
            raise ArithmeticError(f"the classes of {self.column} in {self.extract} do not add up to {self.records} records")


class FieldRun(Struct, frozen=True, omit_defaults=True):
    """What was measured of one column: as which data item, with which tolerance of default codes, by which checks of validity.

    ``problem`` says why nothing was measured, if nothing was.
    """

    column: str
    checks: tuple[str, ...] = ()
    item: Literal["current", "experimental"] | None = None
    tolerance: float | None = None
    problem: str = ""


class Organisation(Struct, frozen=True):
    """An organisation as a register knows it; "" where that does not say."""

    code: str
    level: Level
    parent: str = ""
    region: str = ""
    kind: str = ""


class SuiteReference(Struct, frozen=True):
    """Which suite was run: its name, file and the SHA-256 of its text."""

    name: str
    path: str
    sha256: str


class Query(Struct, frozen=True):
    """A query that was run on an extract: what for, its SQL, seconds."""

    purpose: str
    sql: str
    seconds: float


class OtherExtract(Struct, frozen=True):
    """Another extract that checks of this one were held against: what rules call it, and its files as they were."""

    name: str
    files: tuple[File, ...]


class SplitFile(Struct, frozen=True):
    """A file of rows that was written: where, how many rows and bytes, and its SHA-256."""

    path: str
    rows: int
    bytes: int = 0
    sha256: str = ""


class Split(Struct, frozen=True, omit_defaults=True):
    """What became of the rows of an extract that were to be split: the files of rows, with values, that were written.

    ``columns`` are those of the extract; failing rows have a further one, ``ids_column``, with the ids of the checks that they
    fail. ``unmarked`` are the ids of failed checks that are about no single row, and mark none. ``reason`` says why nothing was
    written, if nothing was.
    """

    passing: SplitFile | None = None
    failing: SplitFile | None = None
    columns: tuple[str, ...] = ()
    ids_column: str = ""
    unmarked: tuple[str, ...] = ()
    reason: str = ""


_CREATED = re.compile(r'CREATE OR REPLACE (?:VIEW|TEMP TABLE) (\w+|"(?:[^"]|"")+") AS ')


class ExtractRun(Struct, frozen=True, omit_defaults=True):
    """Everything that was found about one extract. ``problem`` says why it could not be opened, if it could not.

    ``registered`` is how many organisations it registers. ``fingerprint`` is a SHA-256 of all that the results depend on besides
    the bytes of the ``files`` and ``others``; "" says that they may not be taken for those of a later run. ``reused`` is the run
    that scanned the extract, if this one did not because nothing had changed: the ``queries`` and their seconds are of that run.
    ``views`` are the statements for DuckDB that make what the ``rows_sql`` of its outcomes read. They name the files by paths or
    patterns that hold no value of a partition; "file 1" stands for a file that cannot be named so. ``split`` says which of its
    rows were written where, if that was asked for.
    """

    name: str
    feed: str
    title: str
    level: Level
    source: Source
    suite: SuiteReference
    planned: int
    outcomes: tuple[Outcome, ...]
    fields: tuple[FieldRun, ...] = ()
    purpose: Purpose = "quality"
    files: tuple[File, ...] = ()
    others: tuple[OtherExtract, ...] = ()
    rows: int | None = None
    organisation_column: str | None = None
    organisations: int | None = None
    period_column: str | None = None
    problem: str = ""
    queries: tuple[Query, ...] = ()
    views: tuple[str, ...] = ()
    seconds: float = 0.0
    registered: int = 0
    fingerprint: str = ""
    reused: str = ""
    split: Split | None = None

    def script(self, outcome: Outcome) -> str:
        """What somebody pastes into DuckDB to see what breaks a check: the ``views`` that its ``rows_sql`` reads, and that.

        A statement is taken for needed where the SELECT holds the name that it makes; "" is for a check without a SELECT.
        """
        if not outcome.rows_sql:
            return ""
        select = outcome.rows_sql.casefold()
        needed = [view for view in self.views if (name := _made(view)) in ("", EXTRACT) or name.casefold() in select]
        end = "\n;" if "--" in outcome.rows_sql.rpartition("\n")[2] else ";"
        return "".join(f"{statement};\n" for statement in needed) + outcome.rows_sql + end + "\n"


def _made(statement: str) -> str:
    """The name that a statement makes, as a SELECT may spell it, with or without quotes; "" if it makes none."""
    found = _CREATED.match(statement)
    return found[1].strip('"') if found else ""


RUN_VERSION = 2
"""The version of the shape of ``run.json``."""


class Run(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that one ``dq check`` did; the shape of ``run.json``.

    ``version`` is the version of this shape. ``exit_code`` is what ``dq check`` ends with, ``verdict`` says it in words.
    ``waivers`` say what became of each waiver. ``gate`` is there if a policy decided: ``exit_code`` and ``verdict`` are its.
    ``measures``, ``fields`` and ``organisations`` (what registers among the extracts say) are stored beside ``run.json``, as
    Parquet.
    """

    version: int
    id: str
    started: str
    seconds: float
    engine: dict[str, str]
    options: dict[str, Any]
    extracts: tuple[ExtractRun, ...]
    planned: int
    exit_code: int
    verdict: str
    waivers: tuple[WaiverUse, ...] = ()
    gate: Gate | None = None
    measures: tuple[Measure, ...] = ()
    fields: tuple[FieldMeasure, ...] = ()
    organisations: tuple[Organisation, ...] = ()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of all extracts, in the order of the suites."""
        return tuple(outcome for extract in self.extracts for outcome in extract.outcomes)

    @property
    def public_verdict(self) -> str:
        """The verdict without what is not for everybody: a gate's names organisations, and says how much fails there."""
        if self.gate is None:
            return self.verdict
        return f"the gate is closed (exit code {self.exit_code})" if self.exit_code else "the gate is open"

    @property
    def success(self) -> bool:
        """True only if something was checked, everything planned was evaluated, and the gate passed (exit code 0)."""
        return self.exit_code == 0

    def to_gx(self, result_format: str | Mapping[str, Any] = "COMPLETE") -> dict[str, Any]:
        """The run as Great Expectations writes a validation result, in one of its result formats (a level, or a dict).

        Failing rows one by one are in it only if the run was made for that: ``check(…, result_format=…)``. See
        :mod:`dq_engine.report.gx`. Raises :class:`dq_engine.UsageError` for a format that there is not.
        """
        from dq_engine.report.gx import validation_results  # noqa: PLC0415  the model stays free of reports until one is asked for

        return validation_results(self, result_format)
