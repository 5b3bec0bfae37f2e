"""Text of an old or foreign Great Expectations suite -> text of a 1.x suite, and a list of every change. Pure.

Old are the suites of all generations before 1.0: ``expectation_suite_name``, ``expectation_type``, ``evaluation_parameters``,
``ge_cloud_id`` (0.13 to 0.18), ``data_asset_name`` (0.4 to 0.8), ``dataset_name`` before. Foreign are those like 1.x with keys or
arguments that 1.x does not know, and the record of a suite as Great Expectations Cloud answers with it.

What 1.x cannot say is never dropped in silence: it is a change of the kind ``not_carried_over``, which names the consequence, and
an expectation that is lost stands as it was in ``meta.not_carried_over`` of the converted suite. Each converted expectation is
tried as ``dq lint`` would, so what is carried over can be checked.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import FieldInfo

from dq_engine import old_suites
from dq_engine.catalog import CATALOG, conditions
from dq_engine.catalog.base import Expectation, suggestion
from dq_engine.changes import KEPT, LOSSES, Change, Kind, as_text, step
from dq_engine.coercion import whole
from dq_engine.errors import SuiteError
from dq_engine.suite import (
    CONDITION_KEYS,
    ENTRY_KEYS,
    SUITE_KEYS,
    NotUsable,
    arguments_of,
    kind,
    parse_suite,
    read_json,
)
from dq_engine.trial import faults_of, said

DEEPEST = 100
"""Objects and lists that are nested more deeply are refused."""
PARAMETER = "$PARAMETER"


class Conversion(Struct, frozen=True):
    """A converted suite.

    ``version`` is what the suite said of the Great Expectations that wrote it, ``old`` whether it is one from before 1.0. Of
    ``expectations`` there were, ``carried`` are in ``text``; one that is there twice counts twice.
    """

    name: str
    version: str | None
    old: bool
    expectations: int
    carried: int
    changes: tuple[Change, ...]
    text: str

    @property
    def complete(self) -> bool:
        """Whether all was carried over without loss."""
        return not any(change.kind in LOSSES for change in self.changes)


class NoSuite(NotUsable):
    """JSON that is something else than a suite; the message says what."""


def convert(text: str, name: str) -> Conversion:
    """The 1.x suite that a suite of any generation means; ``name`` is the name of one that has none.

    Raises :class:`dq_engine.suite.NotUsable` where the text is no JSON, :class:`NoSuite` where it is no suite.
    """
    raw = read_json(text, halves=True)
    if conditions.depth(raw) > DEEPEST:
        raise NotUsable(f"is not usable JSON: it is nested more than {DEEPEST} deep")
    converter = _Converter()
    base, found = converter.unwrapped(raw)
    return converter.suite(base, found, name)


class _Gone(Exception):
    """An expectation cannot be carried over; the reason is among the changes."""


class _Converter:
    """Collects what changes while one suite is converted."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.lost: list[dict[str, Any]] = []
        self.parameters: dict[str, Any] = {}
        self.places: dict[str, str] = {}
        self.old = False

    def note(self, kind: Kind, path: str, was: Any, why: str, *, to: str | None = None, became: Any = None) -> None:
        self.changes.append(Change(kind, path, was, to, became, why))

    def moved(self, path: str, value: Any, to: str, why: str) -> None:
        self.note("changed", path, value, why, to=to, became=value)

    def gone(self, path: str, was: Any, why: str) -> NoReturn:
        self.note("not_carried_over", path, was, f"this rule is no longer checked: {why}")
        raise _Gone

    # ----------------------------------------------------------------------------------------------------- the suite

    def unwrapped(self, raw: Any) -> tuple[str, dict[str, Any]]:
        """The suite in a document, and its JSON path; Great Expectations Cloud answers with ``data``, and a suite in it."""
        base = "$"
        if isinstance(raw, dict) and "data" in raw and "expectations" not in raw:
            base, raw = self.within(base, raw, "data")
            if isinstance(raw, list):
                if len(raw) != 1:
                    raise NoSuite(f"holds {len(raw)} suites in $.data: write each into a file of its own")
                base, raw = "$.data[0]", raw[0]
            if isinstance(raw, dict) and isinstance(raw.get("attributes"), dict) and "suite" in raw["attributes"]:
                base, raw = self.within(*self.within(base, raw, "attributes"), "suite")
        if not isinstance(raw, dict):
            raise NoSuite(f"is no suite: expected a JSON object with expectations; got {kind(raw)}")
        if "results" in raw and "expectations" not in raw:
            raise NoSuite("is a result of Great Expectations, not a suite: convert the suite by which it was made")
        if not isinstance(raw.get("expectations"), list):
            raise NoSuite("is no suite: it has no list of expectations")
        return base, raw

    def within(self, base: str, raw: dict[str, Any], wanted: str) -> tuple[str, Any]:
        """What an envelope holds, and its path; what else stands there is noted."""
        for key, value in raw.items():
            if key != wanted:
                why = "it belongs to the record of Great Expectations Cloud, not to the suite"
                self.note("left_out", f"{base}{step(key)}", value, why)
        return f"{base}.{wanted}", raw[wanted]

    def suite(self, base: str, raw: dict[str, Any], fallback: str) -> Conversion:
        entries: list[Any] = raw["expectations"]
        written = [entry for entry in entries if isinstance(entry, dict)]
        self.old = any(key in raw for key in old_suites.SUITE_KEYS) or any("expectation_type" in entry for entry in written)
        meta = self.mapping(f"{base}.meta", raw.get("meta"))
        version = self.version(f"{base}.meta", meta)
        name = self.name(base, raw, meta, fallback)
        suite: dict[str, Any] = {"name": name}
        if gx_id := self.identity(base, raw, meta, "$"):
            suite["id"] = gx_id
        if (notes := self.notes(base, raw, meta, "$", f"{base}.meta.notes")) is not None:
            suite["notes"] = notes
        self.parameters = self.suite_parameters(base, raw)
        for key, value in raw.items():
            if key == "execution_engine_type":
                self.note("left_out", f"{base}.{key}", value, "a 1.x suite fits any engine")
            elif key not in (*SUITE_KEYS, *old_suites.SUITE_KEYS):
                self.unknown(f"{base}{step(key)}", key, value, meta, "$")
        suite["expectations"] = self.expectations(f"{base}.expectations", entries)
        if self.parameters:
            suite["suite_parameters"] = self.parameters
            self.needed(suite["expectations"])
        if self.lost:
            meta[free(KEPT, meta)] = self.lost
        suite["meta"] = meta
        if self.old and written and not any("severity" in entry for entry in written):
            why = (
                "there was no severity before 1.0, and without one an expectation is critical. Others can be given: warning, info"
            )
            self.note("to_look_at", f"{base}.expectations", None, why, to="$.expectations")
        self.remaining(suite)
        return Conversion(
            name=name,
            version=version,
            old=self.old,
            expectations=len(entries),
            carried=len(entries) - len(self.lost),
            changes=tuple(self.changes),
            text=as_text(suite),
        )

    def mapping(self, path: str, raw: Any) -> dict[str, Any]:
        """An object of the suite, to be changed; what is none is left out."""
        if isinstance(raw, dict):
            return dict(raw)
        if raw is not None:
            self.note("not_carried_over", path, raw, f"what it says is lost: expected a JSON object; got {kind(raw)}")
        return {}

    def version(self, path: str, meta: dict[str, Any]) -> str | None:
        found: str | None = None
        for key in old_suites.VERSIONS:
            if isinstance(meta.get(key), str):
                found = found or meta[key]
            if self.old and key in meta:
                was = meta.pop(key)
                self.kept(f"{path}{step(key)}", "converted_from", was, meta, "$", "the suite is one of 1.x now")
        return found

    def kept(self, path: str, key: str, value: Any, meta: dict[str, Any], to: str, why: str) -> None:
        """Puts a value into ``meta``, under its key or one that is free."""
        place = free(key, meta)
        meta[place] = value
        self.moved(path, value, f"{to}.meta{step(place)}", why)

    def name(self, base: str, raw: dict[str, Any], meta: dict[str, Any], fallback: str) -> str:
        given = {key: raw[key] for key in old_suites.NAMES if key in raw}
        usable = [key for key, value in given.items() if isinstance(value, str) and value.strip()]
        for key, value in given.items():
            if key == "name" and (key in usable or not usable):
                continue
            why = "a 1.x suite has one name, and belongs to no data asset"
            if key in usable[:1]:
                self.moved(f"{base}.{key}", value, "$.name", "1.x calls it name")
            elif value is None or (usable and value == given[usable[0]]):
                self.note("left_out", f"{base}.{key}", value, why)
            else:
                self.kept(f"{base}.{key}", key, value, meta, "$", f"{why}; kept for people")
        if "data_asset_type" in raw:
            self.note("left_out", f"{base}.data_asset_type", raw["data_asset_type"], "a 1.x suite fits assets of any type")
        if not usable:
            why = "it has no name: it is called as its file"
            self.note("changed", f"{base}.name", raw.get("name"), why, to="$.name", became=fallback)
        return given[usable[0]] if usable else fallback

    def suite_parameters(self, base: str, raw: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in ("suite_parameters", "evaluation_parameters"):
            path = f"{base}.{key}"
            for name, value in self.mapping(path, raw.get(key)).items():
                if name in found and found[name] != value:
                    self.note("not_carried_over", f"{path}{step(name)}", value, "there is another value of that name")
                elif key == "evaluation_parameters":
                    self.moved(f"{path}{step(name)}", value, f"$.suite_parameters{step(name)}", "1.x calls it a suite parameter")
                found.setdefault(name, value)
                self.places.setdefault(name, f"{path}{step(name)}")
            if key == "evaluation_parameters" and key in raw and not raw[key]:
                self.note("left_out", path, raw[key], "there are none")
        return found

    def needed(self, entries: list[dict[str, Any]]) -> None:
        """Says of each value of ``suite_parameters`` that an expectation needs how to give it: 1.x takes values from the run."""
        texts = " ".join(text for entry in entries for text in old_suites.parameter_texts(entry["kwargs"]))
        for name, value in self.parameters.items():
            if re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", texts):
                why = (
                    "this value is not used by itself: since 1.0 values of parameters come from the run. "
                    f"Give it there: --param {name}={as_argument(value)}"
                )
                to = f"$.suite_parameters{step(name)}"
                self.note("not_carried_over", self.places[name], value, why, to=to, became=value)

    def remaining(self, suite: dict[str, Any]) -> None:
        try:
            parse_suite(as_text(suite), "")
        except SuiteError as error:
            for problem in error.problems:
                why = f"dq lint says of the converted suite: {said(problem.message, problem.hint)}"
                self.note("remains", problem.path or "$", None, why, to=problem.path or "$")

    # ---------------------------------------------------------------------------------------------- parts of both

    def identity(self, path: str, raw: dict[str, Any], meta: dict[str, Any], to: str) -> str | None:
        """The UUID by which the suite or the expectation is known. Anything else becomes its rule, or is kept in ``meta``."""
        found: str | None = None
        for key in ("id", "ge_cloud_id"):
            value = raw.get(key)
            where = f"{path}.{key}"
            if key not in raw:
                continue
            if value is None:
                self.note("left_out", where, value, "there is none")
            elif old_suites.is_uuid(value) and found is None:
                found = str(value)
                if key == "ge_cloud_id":
                    self.moved(where, value, f"{to}.id", "1.x calls it id")
            elif to != "$" and is_rule(value, meta):
                meta["dq"] = {**meta.get("dq", {}), "rule": value}
                self.moved(where, value, f"{to}.meta.dq.rule", "an id is a UUID in 1.x; to dq this is the name of the rule")
            elif value != found:
                place = "old_id" if key == "id" else key
                self.kept(where, place, value, meta, to, "an id is one UUID in 1.x; kept for people")
        return found

    def notes(self, path: str, raw: dict[str, Any], meta: dict[str, Any], to: str, before: str) -> str | list[str] | None:
        """The notes of 1.x, from there or from ``meta.notes``, where older suites have them; ``before`` says where that was."""
        given = raw.get("notes")
        if given is not None and old_suites.notes_in(given) != given:
            self.kept(f"{path}.notes", "notes", given, meta, to, "notes are text or a list of texts in 1.x; kept for people")
            return None
        found = old_suites.notes_in(given)
        if found is None and (content := old_suites.notes_in(meta.get("notes"))) is not None:
            was = meta.pop("notes")
            why = "1.x has notes beside meta" + (", without a format" if isinstance(was, dict) else "")
            self.note("changed", before, was, why, to=f"{to}.notes", became=content)
            return content
        return found

    def unknown(self, path: str, key: str, value: Any, meta: dict[str, Any], to: str) -> None:
        if value is None:
            self.note("left_out", path, value, "1.x has no such key")
            return
        place = free(key, meta)
        meta[place] = value
        why = "neither 1.x nor dq has such a key: it has no effect, and is kept for people"
        self.note("not_carried_over", path, value, why, to=f"{to}.meta{step(place)}", became=value)

    # ----------------------------------------------------------------------------------------------- the expectations

    def expectations(self, base: str, entries: list[Any]) -> list[dict[str, Any]]:
        done: list[dict[str, Any]] = []
        seen: dict[str, tuple[str, dict[str, Any]]] = {}
        for place, raw in enumerate(entries):
            path = f"{base}[{place}]"
            before = len(self.changes)
            try:
                entry = self.entry(path, raw, f"$.expectations[{len(done)}]")
                if self.is_new(path, raw, entry, seen):
                    done.append(entry)
            except _Gone:
                self.changes[before:] = [change for change in self.changes[before:] if change.kind == "not_carried_over"]
                self.lost.append({"was": path, "why": [change.why for change in self.changes[before:]], "expectation": raw})
        return done

    def is_new(self, path: str, raw: Any, entry: dict[str, Any], seen: dict[str, tuple[str, dict[str, Any]]]) -> bool:
        """Whether no earlier expectation is the same; an id that an earlier one has is taken away."""
        if first := seen.get(entry.get("id", "")):
            self.note("left_out", f"{path}.id", entry.pop("id"), f"{first[0]} has the same id")
        rule = entry.get("meta", {}).get("dq", {}).get("rule")
        key = rule or entry.get("id") or json.dumps([entry["type"], whole(entry["kwargs"])], sort_keys=True)
        if first := seen.get(key):
            if entry == first[1]:
                self.note("left_out", path, raw, f"it is the same as {first[0]}")
                return False
            same = not rule or (entry["type"], entry["kwargs"]) == (first[1]["type"], first[1]["kwargs"])
            told = f"{first[0]} checks the same, but says other things beside it" if same else f"{first[0]} has the same name"
            self.gone(path, raw, told)
        seen[key] = (path, entry)
        return True

    def entry(self, path: str, raw: Any, to: str) -> dict[str, Any]:
        """The expectation in 1.x. Raises :class:`_Gone`."""
        if not isinstance(raw, dict):
            self.gone(path, raw, f"expected an expectation, a JSON object; got {kind(raw)}")
        name = self.type_of(path, raw, to)
        given = {} if raw.get("kwargs") is None else raw["kwargs"]
        if not isinstance(given, dict):
            self.gone(f"{path}.kwargs", given, f"expected the arguments, a JSON object; got {kind(given)}")
        meta, notes_at = self.meta(path, raw, given, to)
        kwargs = self.arguments(f"{path}.kwargs", CATALOG[name], given, f"{to}.kwargs")
        entry = {
            "type": name,
            "kwargs": kwargs,
            "id": self.identity(path, raw, meta, to),
            "severity": raw.get("severity"),
            "description": self.description(path, raw, meta, to),
            "notes": self.notes(path, raw, meta, to, notes_at),
            "windows": raw.get("windows"),
            "rendered_content": self.rendered(f"{path}.rendered_content", raw),
        }
        self.other_keys(path, raw, meta, to)
        if "severity" in meta and entry["severity"] is None:
            why = "this stays a remark: 1.x has a severity beside meta (critical, warning or info), and it is not set"
            said_there = meta["severity"]
            self.note("to_look_at", f"{path}.meta.severity", said_there, why, to=f"{to}.meta.severity", became=said_there)
        entry = {key: value for key, value in {**entry, "meta": meta or None}.items() if value is not None}
        if faults := list(faults_of(entry)):
            *others, (place, message) = faults
            for other, why in others:
                self.note("not_carried_over", path + other, value_at(raw, other), f"this rule is no longer checked: {why}")
            self.gone(path + place, value_at(raw, place), message)
        return entry

    def meta(self, path: str, raw: dict[str, Any], given: dict[str, Any], to: str) -> tuple[dict[str, Any], str]:
        """``meta``, with what stands under that name among the arguments; and where the notes were that are in it."""
        meta = self.mapping(f"{path}.meta", raw.get("meta"))
        notes_at = f"{path}.meta.notes"
        for key, value in self.mapping(f"{path}.kwargs.meta", given.get("meta")).items():
            where = f"{path}.kwargs.meta{step(key)}"
            if key == "notes" and "notes" not in meta and raw.get("notes") is None and old_suites.notes_in(value) is not None:
                meta[key], notes_at = value, where
            else:
                self.kept(where, key, value, meta, to, "meta stands beside the arguments")
        return meta, notes_at

    def type_of(self, path: str, raw: dict[str, Any], to: str) -> str:
        key = "type" if "type" in raw else "expectation_type"
        name = raw.get(key)
        if not isinstance(name, str):
            self.gone(f"{path}.{key}", name, f"expected the type of an expectation, as text; got {kind(name)}")
        new, why = old_suites.renamed(name, CATALOG)
        if new not in CATALOG:
            self.gone(f"{path}.{key}", name, old_suites.why_unknown(name, CATALOG))
        if new != name:
            self.note("changed", f"{path}.{key}", name, why, to=f"{to}.type", became=new)
        elif key != "type":
            self.moved(f"{path}.{key}", name, f"{to}.type", "1.x calls it type")
        return new

    def description(self, path: str, raw: dict[str, Any], meta: dict[str, Any], to: str) -> str | None:
        found: str | None = raw["description"] if isinstance(raw.get("description"), str) else None
        if found is None and "description" in raw:
            self.unknown(f"{path}.description", "description", raw["description"], meta, to)
        if "expectation_context" not in raw:
            return found
        context, where = raw["expectation_context"], f"{path}.expectation_context"
        text = context.get("description") if isinstance(context, dict) and set(context) <= {"description"} else context
        if isinstance(text, str) and text.strip() and found is None:
            self.moved(f"{where}.description" if text is not context else where, text, f"{to}.description", "1.x calls it so")
            return text
        if text in (None, "", found):
            self.note("left_out", where, context, "it says nothing more")
        else:
            self.unknown(where, "expectation_context", context, meta, to)
        return found

    def rendered(self, path: str, raw: dict[str, Any]) -> Any:
        content = raw.get("rendered_content")
        if "rendered_content" in raw and (self.old or content is None):
            self.note("left_out", path, content, "it is made anew from the expectation when it is shown")
            return None
        return content

    def other_keys(self, path: str, raw: dict[str, Any], meta: dict[str, Any], to: str) -> None:
        for key, value in raw.items():
            if key == "success_on_last_run":
                self.note("left_out", f"{path}.{key}", value, "it told of one run")
            elif key not in (*ENTRY_KEYS, "expectation_type", "ge_cloud_id", "expectation_context"):
                self.unknown(f"{path}{step(key)}", key, value, meta, to)

    # -------------------------------------------------------------------------------------------------- the arguments

    def arguments(self, path: str, cls: type[Expectation], given: dict[str, Any], to: str) -> dict[str, Any]:
        """The arguments in 1.x, by those that the class takes. Raises :class:`_Gone`."""
        _, fields = arguments_of(cls)
        dates = given.get("parse_strings_as_datetimes") is True
        kwargs: dict[str, Any] = {}
        for key, value in given.items():
            where, there = f"{path}{step(key)}", f"{to}{step(key)}"
            if key in (*CONDITION_KEYS, "meta"):
                continue
            if key in fields and (value is not None or fields[key].required):
                kwargs[key] = self.value(where, key, value, there, pair="column_A" in fields, dates=dates)
            elif key in ("result_format", "catch_exceptions") and value is not None and not self.old:
                kwargs[key] = value
            else:
                self.without(where, key, value, cls, fields)
        if "double_sided" in fields and "double_sided" not in kwargs:
            why = "both sides were judged by default; 1.x wants it said"
            self.note("changed", f"{path}.double_sided", None, why, to=f"{to}.double_sided", became=True)
            kwargs["double_sided"] = True
        if kwargs.get("column_index") == 0 and self.old:
            why = "0 is the first column to dq; Great Expectations takes it for no place at all"
            self.note("to_look_at", f"{path}.column_index", 0, why, to=f"{to}.column_index", became=0)
        self.row_condition(path, cls, given, kwargs, to)
        return kwargs

    def without(self, path: str, key: str, value: Any, cls: type[Expectation], fields: dict[str, FieldInfo]) -> None:
        """Notes an argument that 1.x has not, or that says nothing."""
        if key in fields:
            self.note("left_out", path, value, "null stood for the default")
        elif key in old_suites.STEERING:
            self.note("left_out", path, value, old_suites.STEERING[key])
        elif key in old_suites.REMOVED and value:
            self.note("not_carried_over", path, value, old_suites.REMOVED[key])
        elif key in old_suites.REMOVED:
            self.note("left_out", path, value, "it was not asked for, and 1.x has no such argument")
        else:
            why = f"what it says has no effect: {cls.name} has no such argument{suggestion(key, list(fields))}"
            self.note("left_out" if value is None else "not_carried_over", path, value, why)

    def value(self, path: str, key: str, value: Any, to: str, *, pair: bool, dates: bool) -> Any:
        """An argument that 1.x has, as it writes it."""
        if isinstance(value, dict) and PARAMETER in value:
            return self.parameter(path, value)
        if key == "partition_object" and isinstance(value, dict):
            for part in value:
                if part not in old_suites.PARTITION:
                    self.note("left_out", f"{path}{step(part)}", value[part], "it described the distribution; it is not compared")
            return {part: value[part] for part in value if part in old_suites.PARTITION}
        became, why = value, ""
        if key == "ignore_row_if":
            became, why = old_suites.ignored(value, pair=pair), "1.x has one spelling for it"
        elif dates:
            became, why = old_suites.iso(value), "1.x reads dates in ISO 8601 only"
        if became != value:
            self.note("changed", path, value, why, to=to, became=became)
        return became

    def parameter(self, path: str, value: dict[str, Any]) -> dict[str, Any]:
        """The parameter that an argument is; a value for it that stands beside goes to those of the suite."""
        name = value[PARAMETER]
        if isinstance(name, str) and "urn:great_expectations:" in name:
            why = (
                "its value came from a stored result, of which 1.x knows nothing. Name a parameter instead, such as "
                '{"$PARAMETER": "rows"}, and give its value with --param'
            )
            self.gone(path, value, why)
        for key, held in value.items():
            short = key.removeprefix(f"{PARAMETER}.")
            if key != short and short not in self.parameters:
                self.parameters[short] = held
                self.places[short] = f"{path}{step(key)}"
                why = "it was a value for the time of writing; it stands with the other values of parameters"
                self.moved(f"{path}{step(key)}", held, f"$.suite_parameters{step(short)}", why)
            elif key != PARAMETER:
                why = "a parameter has a name, and nothing beside it: what this says has no effect"
                self.note("not_carried_over", f"{path}{step(key)}", held, why)
        return {PARAMETER: name}

    def row_condition(self, path: str, cls: type[Expectation], given: dict[str, Any], kwargs: dict[str, Any], to: str) -> None:
        """``row_condition`` with its parser; the language of Great Expectations becomes an object, as 1.9 and later write it."""
        raw, parser = given.get("row_condition"), given.get("condition_parser")
        where, there = f"{path}.row_condition", f"{to}.row_condition"
        if raw is None or (self.old and cls.name == "expect_column_to_exist"):
            for key in CONDITION_KEYS:
                if key in given:
                    self.note("left_out", f"{path}.{key}", given[key], "it had no effect")
            return
        kwargs["row_condition"] = raw
        condition = old_suites.condition_of(raw) if isinstance(raw, str) and parser in old_suites.PARSERS else None
        if condition is not None:
            kwargs["row_condition"] = condition
            why = "text in this language is deprecated since 1.9; the object means the same"
            self.note("changed", where, raw, why, to=there, became=condition)
        elif isinstance(raw, str):
            if parser is not None:
                kwargs["condition_parser"] = parser
            why = "conditions as text are deprecated since 1.9; this one is kept as it is"
            self.note("to_look_at", where, raw, why, to=there, became=raw)
            return
        if "condition_parser" in given:
            self.note("left_out", f"{path}.condition_parser", parser, "an object needs no parser")


# ------------------------------------------------------------------------------------------------------------ small parts


def free(key: str, meta: dict[str, Any]) -> str:
    """The key, or with a number after it where ``meta`` has it already."""
    number, found = 1, key
    while found in meta:
        number += 1
        found = f"{key}_{number}"
    return found


def is_rule(value: Any, meta: dict[str, Any]) -> bool:
    """Whether a value can be ``meta.dq.rule`` of an expectation that has none."""
    own = meta.get("dq", {})
    return isinstance(value, str) and bool(re.fullmatch("[a-z][a-z0-9_]*", value)) and isinstance(own, dict) and "rule" not in own


def as_argument(value: Any) -> str:
    """A value as the command line takes it."""
    return shlex.quote(value if isinstance(value, str) else json.dumps(value))


def value_at(raw: Any, place: str) -> Any:
    """The value at a place such as ``.kwargs.mostly``, or nothing."""
    for key in re.findall(r"[^.\[\]]+", place):
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw
