"""A suite in the making: what becomes of each part of what comes from elsewhere. Pure.

Each expectation is tried as ``dq lint`` would; one that has a fault is not carried over, and the fault says why. What is not
carried over stands in ``meta.not_carried_over`` of the suite as it was, with its place in the source.
"""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct

from dq_engine.catalog.base import suggestion
from dq_engine.changes import KEPT, LOSSES, Change, as_text, step
from dq_engine.coercion import whole
from dq_engine.errors import SourceError, SuiteError
from dq_engine.model import SEVERITIES, Dimension, Problem, Severity
from dq_engine.suite import kind, parse_suite
from dq_engine.trial import PLACE, said, tried

COLUMN_TYPES: dict[str, list[str]] = {
    "text": ["VARCHAR"],
    "integer": ["INTEGER"],
    "decimal": ["DECIMAL", "FLOAT", "INTEGER"],
    "boolean": ["BOOLEAN"],
    "date": ["DATE"],
    "timestamp": ["TIMESTAMP", "TIMESTAMPTZ"],
}
"""Types of a suite, and the types of columns of Parquet that hold such values."""
DESCRIBES = "it describes, and checks nothing"


class ImportedSuite(Struct, frozen=True):
    """One suite: of ``rules`` that the source has for it, ``carried`` are in ``text`` (JSON)."""

    name: str
    rules: int
    carried: int
    changes: tuple[Change, ...]
    text: str

    @property
    def complete(self) -> bool:
        """Whether all was carried over without loss."""
        return not any(change.kind in LOSSES for change in self.changes)


class Imported(Struct, frozen=True):
    """What became of one file: its suites, and what is said of parts that belong to none of them."""

    format: str
    version: str | None
    suites: tuple[ImportedSuite, ...]
    changes: tuple[Change, ...]

    @property
    def complete(self) -> bool:
        """Whether all was carried over without loss."""
        return all(suite.complete for suite in self.suites) and not any(change.kind in LOSSES for change in self.changes)


class Part:
    """An object of the source. What is taken from it is read; what is left can be told of."""

    def __init__(self, raw: dict[str, Any], path: str, faults: Faults) -> None:
        self.raw, self.path, self.faults = raw, path, faults
        self.left = dict(raw)

    def at(self, key: str) -> str:
        """The path of a key."""
        return f"{self.path}{step(key)}"

    def value(self, key: str) -> Any:
        """The value of a key, whatever it is; None if there is none."""
        return self.left.pop(key, None)

    def text(self, key: str) -> str | None:
        """Text, or what is written like it."""
        value = self.value(key)
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        found: str | None = self._of(key, value, str, "text")
        return found

    def yes(self, key: str) -> bool:
        """Whether a key says yes; without it, no."""
        return bool(self._of(key, self.value(key), bool, "true or false"))

    def items(self, key: str) -> list[Any]:
        """A list; empty if there is none."""
        return self._of(key, self.value(key), list, "a list") or []

    def mapping(self, key: str) -> Part:
        """An object; empty if there is none."""
        return Part(self._of(key, self.value(key), dict, "an object") or {}, self.at(key), self.faults)

    def parts(self, key: str) -> list[Part]:
        """A list of objects."""
        found = []
        for place, raw in enumerate(self.items(key)):
            path = f"{self.at(key)}[{place}]"
            if isinstance(raw, dict):
                found.append(Part(raw, path, self.faults))
            else:
                self.faults.add(path, f"expected an object; got {kind(raw)}")
        return found

    def texts(self, key: str) -> list[str]:
        """A list of texts; one text alone is such a list, too."""
        value = self.value(key)
        value = [value] if isinstance(value, str) else self._of(key, value, list, "a list of texts") or []
        for place, item in enumerate(value):
            if not isinstance(item, str):
                self.faults.add(f"{self.at(key)}[{place}]", f"expected text; got {kind(item)}")
        return [item for item in value if isinstance(item, str)]

    def _of(self, key: str, value: Any, wanted: type, words: str) -> Any:
        if value is None or isinstance(value, wanted):
            return value
        self.faults.add(self.at(key), f"expected {words}; got {kind(value)}")
        return None


class Faults:
    """The faults of one source, which cannot be used if it has any."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[Problem] = []

    def add(self, path: str, message: str) -> None:
        """Adds a fault at a place of the source."""
        self.problems.append(Problem(self.origin, path, message))

    def end(self) -> None:
        """Raises :class:`SourceError` if there are any."""
        if self.problems:
            raise SourceError(self.problems)


class Rule(Struct, frozen=True, kw_only=True):
    """What an expectation says beside its type and arguments; without a severity it is critical."""

    severity: Severity | None = None
    name: str | None = None
    dimension: Dimension | None = None
    description: str | None = None
    notes: str | None = None
    condition: str | dict[str, Any] | None = None
    parser: str | None = None
    others: tuple[str, ...] = ()


PLAIN = Rule()


class Draft:
    """Collects the expectations of one suite, and what is said of its source."""

    def __init__(self, name: str, origin: dict[str, Any]) -> None:
        self.name = name
        self.origin = origin
        self.changes: list[Change] = []
        self.entries: list[dict[str, Any]] = []
        self.lost: list[dict[str, Any]] = []
        self.feed: dict[str, Any] = {"feed": slug(name)}
        self.columns: dict[str, dict[str, Any]] = {}
        self.meta: dict[str, Any] = {}
        self.top: dict[str, Any] = {}
        self.places: dict[str, int] = {}
        self.rules = self.carried = 0

    def note(self, change: Change) -> None:
        """Adds what is said of a part."""
        self.changes.append(change)

    def left_out(self, path: str, was: Any, why: str = DESCRIBES) -> None:
        """Says that a part is left out, without effect on what is checked."""
        self.note(Change("left_out", path, was, None, None, why))

    def look(self, path: str, was: Any, why: str) -> None:
        """Says that somebody should look at what became of a part."""
        self.note(Change("to_look_at", path, was, None, None, why))

    def gone(self, path: str, was: Any, why: str) -> None:
        """Says that a rule is not carried over, and keeps it."""
        self.rules += 1
        self.note(Change("not_carried_over", path, was, None, None, why))
        self.lost.append({"was": path, "why": why, "rule": was})

    def column(self, name: str, **said_of_it: Any) -> None:
        """Says something of a column, by the keys of ``meta.dq.columns``; what is empty says nothing."""
        self.columns.setdefault(name, {}).update({key: value for key, value in said_of_it.items() if value})

    def rule(self, path: str, was: Any, rules: list[tuple[str, dict[str, Any]]], said: Rule = PLAIN) -> bool:
        """Carries one rule of the source over, as one expectation or several (types and arguments); all of them or none."""
        entries = [self.entry(name, kwargs, said) for name, kwargs in rules]
        return self.takes(path, was, entries)

    def entry(self, name: str, kwargs: dict[str, Any], said: Rule) -> dict[str, Any]:
        """An expectation as a suite writes it."""
        kwargs = dict(kwargs)
        if said.condition is not None:
            kwargs["row_condition"] = said.condition
            if said.parser is not None:
                kwargs["condition_parser"] = said.parser
        own = {"rule": said.name, "dimension": said.dimension, "others": list(said.others)}
        own = {key: value for key, value in own.items() if value}
        entry: dict[str, Any] = {"type": name, "kwargs": kwargs}
        entry |= {"severity": said.severity} if said.severity else {}
        entry |= {key: text for key, text in (("description", said.description), ("notes", said.notes)) if text}
        return {**entry, "meta": {"dq": own}} if own else entry

    def takes(self, path: str, was: Any, entries: list[dict[str, Any]]) -> bool:
        """Adds expectations for one rule of the source, or says why they cannot be there."""
        sentences = []
        for entry in entries:
            try:
                sentences.append(f"{tried(entry).statement} ({entry['type']})")
            except SuiteError as error:
                faults = [f"{fault.path.removeprefix(PLACE)}: {said(fault.message, fault.hint)}" for fault in error.problems]
                self.gone(path, was, "; ".join(fault.removeprefix(".kwargs.") for fault in faults))
                return False
        self.rules += 1
        self.carried += 1
        for entry, sentence in zip(entries, sentences, strict=True):
            self.add(path, was, entry, sentence)
        return True

    def add(self, path: str, was: Any, entry: dict[str, Any], sentence: str) -> None:
        """Adds an expectation; one that says the same as another makes that as severe as itself, if it says how severe it is."""
        same = json.dumps([entry["type"], whole(entry["kwargs"])], sort_keys=True)
        if (place := self.places.setdefault(same, len(self.entries))) < len(self.entries):
            other = self.entries[place]
            if "severity" in entry and "severity" in other:
                worse = max(other["severity"], entry["severity"], key=SEVERITIES.index)
                self.entries[place] = {**other, "severity": worse}
            self.carry(path, was, place, f"the same as $.expectations[{place}]: {sentence}")
            return
        self.named_apart(path, entry)
        self.entries.append(entry)
        self.carry(path, was, len(self.entries) - 1, sentence)

    def carry(self, path: str, was: Any, place: int, why: str) -> None:
        """Says which expectation a part became."""
        entry = self.entries[place]
        became = {"type": entry["type"], "kwargs": entry["kwargs"]}
        self.note(Change("carried_over", path, was, f"$.expectations[{place}]", became, why))

    def named_apart(self, path: str, entry: dict[str, Any]) -> None:
        """Gives an expectation whose name or id is taken another name, or none."""
        own = entry.get("meta", {}).get("dq", {})
        taken = {other.get("meta", {}).get("dq", {}).get("rule") for other in self.entries}
        if (name := own.get("rule")) in taken and name is not None:
            number = 2
            while f"{name}_{number}" in taken:
                number += 1
            own["rule"] = f"{name}_{number}"
        if entry.get("id") is not None and entry["id"] in [other.get("id") for other in self.entries]:
            self.look(path, entry.pop("id"), "another expectation has the same id, so this one has none")

    def rest(self, part: Part, *, known: tuple[str, ...] = ()) -> None:
        """Tells of all keys of a part that nobody took: those that are ``known`` describe, others are not understood."""
        for key, value in part.left.items():
            if key in known or value in (None, "", [], {}):
                self.left_out(part.at(key), value)
            else:
                self.gone(part.at(key), value, f"what it says has no effect: dq does not know this key{suggestion(key, known)}")
        part.left = {}

    def finished(self) -> ImportedSuite:
        """The suite, and what is said of it."""
        columns = {"columns": self.columns} if self.columns else {}
        meta = {"dq": {**self.feed, **columns}, "imported_from": self.origin, **self.meta}
        if self.lost:
            meta[KEPT] = self.lost
        text = as_text({"name": self.name, **self.top, "expectations": self.entries, "meta": meta})
        try:
            parse_suite(text, "")
        except SuiteError as error:
            for problem in error.problems:
                why = f"dq lint says of the suite: {said(problem.message, problem.hint)}"
                self.note(Change("remains", problem.path or "$", None, problem.path or "$", None, why))
        return ImportedSuite(self.name, self.rules, self.carried, tuple(self.changes), text)


def base(origin: str) -> str:
    """The name of a file without its folders: where it was is nobody's business."""
    return re.split(r"[/\\]", origin)[-1]


def slug(name: str) -> str:
    """A name as feeds and rules are called: lower-case letters, digits and underscores."""
    found = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return found if found[:1].isalpha() else f"feed_{found}".rstrip("_")


def rule_name(text: str | None) -> str | None:
    """A name for a rule of what another tool calls it, if that is short enough to be said."""
    name = slug(text) if text and len(text) <= 120 else ""
    return name if name and name != "feed" else None
