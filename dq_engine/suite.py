"""Text of a Great Expectations 1.x ExpectationSuite -> :class:`Suite`.

Takes the text and its origin (a file name for messages); gives a suite, or raises :class:`SuiteError` with every fault at once,
each with its JSON path. Reads no file and no data. Ours is only ``meta.dq``: of the suite (:class:`dq_engine.model.Feed`), and of
an expectation (:class:`ExpectationMeta`).
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import re
import typing
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import coercion, parameters, positions, sql
from dq_engine.catalog import CATALOG, conditions
from dq_engine.catalog.base import Expectation, suggestion
from dq_engine.catalog.others import OtherName
from dq_engine.catalog.wording import allowed, brief, in_words
from dq_engine.coercion import whole
from dq_engine.errors import SuiteError
from dq_engine.model import Dimension, Feed, Field, Place, Problem, Severity
from dq_engine.parameters import Expression, Given, is_parameter
from dq_engine.privacy import sensitivity
from dq_engine.unresolved import unresolved, why_unresolved

SUITE_KEYS = ("name", "id", "expectations", "meta", "notes", "suite_parameters")
ENTRY_KEYS = ("type", "kwargs", "meta", "id", "severity", "notes", "description", "rendered_content", "windows")
OLD_KEYS = frozenset({"expectation_suite_name", "data_asset_name", "dataset_name", "evaluation_parameters"})
"""Keys of a suite of Great Expectations before 1.0."""
RUN_OPTIONS = ("batch_id", "result_format", "catch_exceptions", "library_metadata", "meta", "rendered_content", "windows")
"""Arguments by which GX steers a run, or describes a rule; they say nothing about the data and are accepted without effect."""
CONDITION_KEYS = ("row_condition", "condition_parser")
LARGEST = 32 * 1024 * 1024
"""A suite text longer than this (characters) is refused."""
DEEPEST = 250
"""Objects and lists of JSON that are nested more deeply are refused: what reads them calls itself for each."""


class ExpectationMeta(Struct, frozen=True, forbid_unknown_fields=True):
    """``meta.dq`` of one expectation.

    ``rule``: a short name, by which results call it; ``dimension``: of data quality, else the class's own; ``weight`` in scores;
    ``others``: the other extracts that a query of the suite speaks of, by name.
    """

    rule: str | None = None
    dimension: Dimension | None = None
    weight: float = 1.0
    others: tuple[OtherName, ...] = ()


class Check(Struct, frozen=True):
    """One expectation of a suite, ready to be planned.

    ``place`` is its JSON path, ``at`` where it stands in the file of the suite; ``others`` names the other extracts that it
    needs. ``kwargs`` are its arguments as written, but for single values that were read as another type. After
    :func:`with_parameters` the values of parameters stand in their places; before, such a check can be spoken of, not evaluated.
    """

    id: str
    place: str
    expectation: Expectation
    kwargs: dict[str, Any]
    severity: Severity
    dimension: Dimension
    weight: float
    condition: conditions.Condition | None
    notes: str | list[str]
    description: str
    meta: dict[str, Any]
    gx_id: str | None
    others: tuple[str, ...] = ()
    at: Place | None = None

    @property
    def statement(self) -> str:
        """The rule in one English sentence without a full stop: the suite's own description, or the catalogue's."""
        if self.description:
            return self.description.rstrip(".")
        sentence = self.expectation.statement()
        return sentence if self.condition is None else f"{sentence}, where {conditions.spoken(self.condition)}"

    @property
    def asked(self) -> dict[str, Expression]:
        """The arguments that are parameters still."""
        return {name: parameters.expression_of(value) for name, value in self.kwargs.items() if _is_asked(name, value)}

    @property
    def kahn(self) -> str:
        """The category of Kahn et al. 2016, and its context: validation by another extract, or else verification in this one."""
        return f"{self.expectation.kahn}, {'validation' if self.others else 'verification'}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule speaks about."""
        return self.expectation.subject()


class Suite(Struct, frozen=True):
    """A suite for one feed. ``origin`` is where its text came from, ``sha256`` the hash of that text."""

    name: str
    feed: Feed
    checks: tuple[Check, ...]
    origin: str
    sha256: str
    meta: dict[str, Any]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that its checks need and have not got, each once."""
        return tuple(dict.fromkeys(name for check in self.checks for asked in check.asked.values() for name in asked.names))


def parse_suite(text: str, origin: str, *, file: bool = True) -> Suite:
    """The suite that ``text`` (JSON) describes. Raises :class:`SuiteError` with every fault that it has.

    ``file``: whether the text is that of the file ``origin``, in which checks and faults have a place.
    """
    reader = _Reader(origin, file=file)
    suite = reader.suite(text)
    if reader.problems or suite is None:
        raise SuiteError(reader.problems)
    return suite


def with_parameters(suite: Suite, given: Given) -> Suite:
    """The suite with the values of its parameters.

    A check of which a parameter has no value, or one that the argument does not take, stays one that cannot be evaluated, and
    says why. Values that no check asks for do no harm.
    """
    return msgspec.structs.replace(suite, checks=tuple(_with_parameters(check, given) for check in suite.checks))


def checked_with(suite: Suite, given: Given) -> Suite:
    """The suite with the values of its parameters. Raises :class:`SuiteError` where a value, if there is one, cannot be used."""
    filled = with_parameters(suite, given)
    unusable = [
        Problem(suite.origin, f"{check.place}.kwargs", reason, at=check.at)
        for check in filled.checks
        if (reason := why_unresolved(check.expectation))
        and not any(name not in given.values for asked in check.asked.values() for name in asked.names)
    ]
    if unusable:
        raise SuiteError(unusable)
    return filled


def _with_parameters(check: Check, given: Given) -> Check:
    asked, cls = check.asked, CATALOG[check.expectation.name]
    if not asked:
        return check
    kwargs, troubles = dict(check.kwargs), []
    for name, expression in asked.items():
        own = f"{parameters.KEY}.{expression.text}"
        try:
            written = check.kwargs[name]
            kwargs[name] = written[own] if own in written else parameters.evaluated(expression, given)
        except parameters.NotAnswered as error:
            troubles.append(f"{name}: {error}")
    arguments, faults = read_arguments(cls, kwargs)
    troubles += [f"{fault.argument}: {fault.message}" for fault in faults]
    if not troubles:
        expectation = cls(**arguments)
        troubles = [f"{fault.argument}: {fault.message}" if fault.argument else fault.message for fault in expectation.faults()]
    if troubles:
        known = {name: value for name, value in arguments.items() if name not in asked}
        expectation = unresolved(cls, known, asked, "; ".join(troubles))
        return msgspec.structs.replace(check, expectation=expectation, kwargs=kwargs)
    others = tuple(dict.fromkeys([*expectation.others(), *check.others]))
    return msgspec.structs.replace(check, expectation=expectation, kwargs=_as_read(kwargs, arguments), others=others)


def _as_read(kwargs: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as written, with single values that were read as another type as they were read, as GX tells them."""
    read = {name: value for name, value in arguments.items() if isinstance(value, bool | int | float | str)}
    changed = {name: value for name, value in read.items() if value != kwargs[name] or isinstance(kwargs[name], bool)}
    return {**kwargs, **changed}


def _is_asked(name: str, value: object) -> bool:
    return is_parameter(value) and name not in (*RUN_OPTIONS, *CONDITION_KEYS)


class ArgumentFault(Struct, frozen=True):
    """What is wrong with one argument: which (with the place within it), what, and what to do."""

    argument: str
    message: str
    hint: str = ""


def read_arguments(cls: type[Expectation], kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], list[ArgumentFault]]:
    """The arguments of an expectation as their own types, without those that are parameters; and every fault of one of them."""
    hints, fields = arguments_of(cls)
    given = {name: value for name, value in kwargs.items() if name not in (*RUN_OPTIONS, *CONDITION_KEYS)}
    faults = [
        ArgumentFault(
            name,
            f"unknown argument{suggestion(name, list(fields))}",
            f"Known: {', '.join(fields)}." if fields else "None is known.",
        )
        for name in given
        if name not in fields
    ]
    faults += [ArgumentFault(name, "is missing") for name, field in fields.items() if field.required and name not in given]
    arguments: dict[str, Any] = {}
    for name in fields:
        try:
            if name in given and is_parameter(given[name]):
                parameters.expression_of(given[name])
            elif name in given:
                arguments[name] = coercion.argument(given[name], hints[name])
        except parameters.InvalidExpression as error:
            faults.append(ArgumentFault(name, str(error)))
        except coercion.Refused as error:
            faults.append(ArgumentFault(name + error.place, str(error)))
    return arguments, faults


class NotUsable(ValueError):
    """Text that is no JSON, or JSON that could be read in more than one way; the message says why."""


def read_json(text: str, *, infinite: bool = False, halves: bool = False) -> Any:
    """The value of a JSON text: strictly JSON, without repeated keys. Raises :class:`NotUsable`.

    ``infinite`` allows Infinity and -Infinity, which GX writes into suites where the bins of a partition have no end;
    ``halves`` allows those of surrogate pairs, which are no characters.
    """
    if len(text) > LARGEST:
        raise NotUsable(f"is too large for a suite: {len(text):,} characters, of at most {LARGEST:,}")
    if not text.strip():
        raise NotUsable("is not JSON: it is empty")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_infinity if infinite else _constant)
        if not halves and _HALF.search(text):
            json.dumps(value, ensure_ascii=False).encode()
        if conditions.depth(value) > DEEPEST:
            raise RecursionError
        return value
    except UnicodeEncodeError as error:
        half = rf"\u{ord(error.object[error.start]):04x}"
        line = text[: max(0, text.lower().find(half))].count("\n") + 1
        raise NotUsable(f"is not usable JSON: {half} (line {line}) is half of a surrogate pair, which is no character") from None
    except json.JSONDecodeError as error:
        raise NotUsable(f"is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise NotUsable("is not usable JSON: it is nested too deeply") from None
    except NotUsable:
        raise
    except ValueError:
        raise NotUsable("is not usable JSON: it holds a number with too many digits") from None


_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""What spells a half of a surrogate pair; two of them may make a character."""


def _constant(name: str) -> Any:
    raise NotUsable(f"is not JSON: {name} is not a number that JSON knows")


def _infinity(name: str) -> float:
    return _constant(name) if name == "NaN" else float(name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise NotUsable(f'is not clear: the key "{key}" occurs twice in one object')
        found[key] = value
    return found


class _Reader:
    """Collects the faults of one suite while reading it."""

    def __init__(self, origin: str, *, file: bool) -> None:
        self.origin = origin
        self.file = file
        self.problems: list[Problem] = []
        self.at: Place | None = None  # of the expectation that is read

    def fault(self, path: str, message: str, hint: str = "") -> None:
        end = "." if hint and not message.endswith(("?", ".")) else ""
        self.problems.append(Problem(self.origin, brief(path), brief(message) + end, brief(hint), self.at))

    def suite(self, text: str) -> Suite | None:
        raw = self.document(text)
        if raw is None:
            return None
        if OLD_KEYS & raw.keys() and "name" not in raw:
            self.fault("$", "is a suite of Great Expectations before 1.0", f"Convert it with dq convert {self.origin}.")
            return None
        self.keys("$", raw, SUITE_KEYS)
        name = raw.get("name")
        if not isinstance(name, str) or not name.strip():
            blank = isinstance(name, str)
            self.fault("$.name", "is blank" if blank else f"expected the name of the suite, as text; got {kind(name)}")
            name = "unnamed"
        entries = raw.get("expectations")
        if not isinstance(entries, list):
            self.fault("$.expectations", f"expected a list of expectations; got {kind(entries)}")
            entries = []
        elif not entries:
            self.fault("$.expectations", "is empty", "A suite without an expectation checks nothing.")
        meta = self.mapping("$.meta", raw.get("meta"))
        feed = self.feed(meta.get("dq"), name)
        checks = self.checks(entries, positions.of_expectations(text) if self.file and entries else [])
        self.unique(checks)
        return Suite(name, feed, tuple(checks), self.origin, hashlib.sha256(text.encode()).hexdigest(), meta)

    def document(self, text: str) -> dict[str, Any] | None:
        try:
            raw = read_json(text, infinite=True)
        except ValueError as error:
            self.fault("", str(error))
            return None
        if not isinstance(raw, dict):
            self.fault("$", f"expected an expectation suite, a JSON object; got {kind(raw)}")
            return None
        return raw

    def feed(self, raw: Any, name: str) -> Feed:
        own = self.mapping("$.meta.dq", raw)
        slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        slug = slug if slug[:1].isalpha() else f"feed_{slug}".rstrip("_")
        values = self.struct("$.meta.dq", {"feed": slug, **{k: v for k, v in own.items() if k != "columns"}}, Feed, "key")
        fields: dict[str, Field] = {}
        for column, described in self.mapping("$.meta.dq.columns", own.get("columns")).items():
            path = f"$.meta.dq.columns.{column}"
            before = len(self.problems)
            fields[column] = Field(**self.struct(path, self.mapping(path, described), Field, "key"))
            if len(self.problems) == before:
                self.codes(path, fields[column])
        given = str(values.get("feed", slug))
        if not re.fullmatch(r"[a-z][a-z0-9_]*", given):
            wanted = "expected lower-case letters, digits and underscores, such as list_sizes"
            self.fault("$.meta.dq.feed", f"{wanted}; got {sql.spoken(given)}")
        feed = Feed(**{"feed": slug, **values, "columns": fields})
        if feed.organisation_column == "":
            self.fault("$.meta.dq.organisation_column", "is empty")
        elif feed.organisation_column and sensitivity(feed.organisation_column, feed) == "identifying":
            what = f'column "{feed.organisation_column}" identifies people, so it cannot name organisations'
            self.fault("$.meta.dq.organisation_column", what)
        self.register(feed)
        return feed

    def codes(self, path: str, field: Field) -> None:
        default = {str(code) for code in field.default_codes}
        if both := [code for code in field.other_codes if str(code) in default]:
            listed = ", ".join(map(sql.spoken, both))
            self.fault(f"{path}.other_codes", f"{listed} stands in default_codes too", "Keep each code in one of the two.")
        if field.tolerance > 0 and not default:
            self.fault(f"{path}.tolerance", "says nothing: the column has no default_codes that could be tolerated")

    def register(self, feed: Feed) -> None:
        for key, column in msgspec.structs.asdict(feed.register).items() if feed.register else ():
            path = f"$.meta.dq.register.{key}"
            if column is None:
                continue
            if feed.columns and column not in feed.columns:
                self.fault(path, f'column "{column}" is not among meta.dq.columns{suggestion(column, list(feed.columns))}')
            elif sensitivity(column, feed) != "public":
                what = f'column "{column}" is not marked public in meta.dq.columns, and what a register says is shown'
                self.fault(path, what, "Mark it public, or leave it out of the register.")

    def checks(self, entries: list[Any], places: list[Place]) -> list[Check]:
        found = []
        for number, entry in enumerate(entries):
            self.at = places[number] if places else None
            found.append(self.check(f"$.expectations[{number}]", entry))
        self.at = None
        return [check for check in found if check is not None]

    def check(self, path: str, raw: Any) -> Check | None:
        if not isinstance(raw, dict):
            self.fault(path, f"expected an expectation, a JSON object with type and kwargs; got {kind(raw)}")
            return None
        before = len(self.problems)
        self.keys(path, raw, ENTRY_KEYS)
        kwargs = self.mapping(f"{path}.kwargs", raw.get("kwargs"))
        cls = self.expectation_class(path, raw)
        severity = self.convert(f"{path}.severity", raw.get("severity", "critical"), Severity)
        meta = self.mapping(f"{path}.meta", raw.get("meta"))
        own = ExpectationMeta(
            **self.struct(f"{path}.meta.dq", self.mapping(f"{path}.meta.dq", meta.get("dq")), ExpectationMeta, "key")
        )
        if not 0 <= own.weight < math.inf:
            wanted = "a finite number" if own.weight > 0 else "a number of at least 0"
            self.fault(f"{path}.meta.dq.weight", f"expected {wanted}; got {sql.spoken(own.weight)}")
        if own.rule is not None and not re.fullmatch(r"[a-z][a-z0-9_]*", own.rule):
            wanted = "expected lower-case letters, digits and underscores, such as list_size_present"
            self.fault(f"{path}.meta.dq.rule", f"{wanted}; got {sql.spoken(own.rule)}")
        notes = self.convert(f"{path}.notes", raw.get("notes") or "", str | list[str])
        description = (self.convert(f"{path}.description", raw.get("description") or "", str) or "").strip()
        gx_id = self.convert(f"{path}.id", raw.get("id"), str | None)
        if cls is None:
            return None
        condition = self.condition(f"{path}.kwargs", cls, kwargs)
        if len(self.problems) > before and not isinstance(raw.get("kwargs", {}), dict):
            return None
        arguments, faults = read_arguments(cls, kwargs)
        for fault in faults:
            self.fault(f"{path}.kwargs.{fault.argument}", fault.message, fault.hint)
        if len(self.problems) > before:
            return None
        expectation = self.expectation(f"{path}.kwargs", cls, kwargs, arguments)
        return Check(
            id=own.rule or gx_id or derived_id(expectation, kwargs),
            place=path,
            expectation=expectation,
            kwargs=_as_read(kwargs, arguments),
            severity=severity,
            dimension=own.dimension or cls.dimension,
            weight=own.weight,
            condition=condition,
            notes=notes,
            description=description,
            meta=meta,
            gx_id=gx_id,
            others=tuple(dict.fromkeys([*expectation.others(), *own.others])),
            at=self.at,
        )

    def expectation(self, path: str, cls: type[Expectation], kwargs: dict[str, Any], arguments: dict[str, Any]) -> Expectation:
        """The expectation that arguments make; with those that are parameters left open, one that cannot be evaluated yet."""
        asked = {name: parameters.expression_of(value) for name, value in kwargs.items() if _is_asked(name, value)}
        _, fields = arguments_of(cls)
        if not any(fields[name].required for name in asked):
            for fault in cls(**arguments).faults():
                if not asked or fault.argument.partition(".")[0] in arguments:
                    self.fault(f"{path}.{fault.argument}".rstrip("."), fault.message)
        if not asked:
            return cls(**arguments)
        names = list(dict.fromkeys(name for expression in asked.values() for name in expression.names))
        return unresolved(cls, arguments, asked, parameters.wanting(names) if names else "has not been given the time")

    def expectation_class(self, path: str, raw: dict[str, Any]) -> type[Expectation] | None:
        name = raw.get("type")
        if name is None and "expectation_type" in raw:
            convert = f"Convert the suite with dq convert {self.origin}."
            self.fault(f"{path}.expectation_type", "is how Great Expectations before 1.0 wrote it", convert)
        elif not isinstance(name, str):
            self.fault(f"{path}.type", f"expected the type of an expectation, as text; got {kind(name)}")
        elif name not in CATALOG:
            self.fault(
                f"{path}.type",
                f'unknown expectation type "{name}"{suggestion(name, list(CATALOG))}',
                "dq explain lists all.",
            )
        else:
            return CATALOG[name]
        return None

    def condition(self, path: str, cls: type[Expectation], kwargs: dict[str, Any]) -> conditions.Condition | None:
        raw, parser = kwargs.get("row_condition"), kwargs.get("condition_parser")
        if raw is None:
            return None
        if not cls.conditional:
            self.fault(f"{path}.row_condition", f"{cls.name} takes no row condition", "It does not judge rows one by one.")
            return None
        if (place := coercion.parameter_within(raw)) is not None:
            self.fault(f"{path}.row_condition{place}", "a row condition takes no parameter", "Write the value itself.")
            return None
        try:
            return conditions.read(raw, parser)
        except conditions.InvalidCondition as error:
            self.fault(f"{path}.row_condition{error.path}", str(error))
            return None

    def unique(self, checks: list[Check]) -> None:
        seen: dict[str, Check] = {}
        for check in checks:
            if first := seen.get(check.id):
                derived = check.gx_id is None and "rule" not in (check.meta.get("dq") or {})
                what = f"says the same as {first.place}" if derived else f'has the same id as {first.place}, "{check.id}"'
                self.at = check.at
                self.fault(check.place, what, "Remove one of the two, or give it an id of its own.")
            seen.setdefault(check.id, check)

    # ------------------------------------------------------------------------------------------------- small readers

    def keys(self, path: str, raw: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in raw:
            if key not in known and (key != "expectation_type" or "type" in raw or known is SUITE_KEYS):
                self.fault(f"{path}.{key}", f"unknown key{suggestion(key, known)}", f"Known: {', '.join(known)}.")

    def mapping(self, path: str, raw: Any) -> dict[str, Any]:
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self.fault(path, f"expected a JSON object; got {kind(raw)}")
            return {}
        return raw

    def convert(self, path: str, value: Any, wanted: Any) -> Any:
        try:
            return msgspec.convert(value, wanted)
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at `$")
            self.fault(path + place.rstrip("`"), in_words(message, value) + allowed(wanted))
            return None

    def struct(self, path: str, raw: dict[str, Any], cls: type[Struct], what: str) -> dict[str, Any]:
        """The fields of ``cls`` among ``raw``, converted; faults for unknown, missing and unusable ones."""
        hints, fields = arguments_of(cls)
        for key in [key for key in raw if key not in fields]:
            known = f"Known: {', '.join(fields)}." if fields else "None is known."
            self.fault(f"{path}.{key}", f"unknown {what}{suggestion(key, list(fields))}", known)
        for name, field in fields.items():
            if field.required and name not in raw:
                self.fault(f"{path}.{name}", "is missing")
        before = len(self.problems)
        values = {name: self.convert(f"{path}.{name}", raw[name], hints[name]) for name in fields if name in raw}
        return values if len(self.problems) == before else {n: v for n, v in values.items() if v is not None}


@functools.cache
def arguments_of(cls: type[Struct]) -> tuple[dict[str, Any], dict[str, msgspec.structs.FieldInfo]]:
    """The types and the fields of a class, by name."""
    return typing.get_type_hints(cls, include_extras=True), {field.name: field for field in msgspec.structs.fields(cls)}


def derived_id(expectation: Expectation, kwargs: dict[str, Any]) -> str:
    """An id for an expectation that has none: what it is, of which columns, and a hash of its type and arguments."""
    canonical = json.dumps([expectation.name, whole(kwargs)], sort_keys=True, ensure_ascii=False, default=str)
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    columns = re.sub(r"\W+", "_", "+".join(expectation.subject()))[:40]
    return ".".join(part for part in (expectation.name.removeprefix("expect_"), columns, digest) if part)


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "nothing"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
