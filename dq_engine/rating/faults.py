"""A value of JSON -> what is wrong with it as an instrument. Pure; every fault at once, each with its JSON path."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, get_args
from unicodedata import category

import msgspec
from msgspec import Struct

from dq_engine.catalog.base import suggestion
from dq_engine.catalog.wording import choices, in_words
from dq_engine.model import Source
from dq_engine.scores import OVERALL, RATINGS, Band, Instrument, ItemRule, Provenance, Scale, TermRule
from dq_engine.suite import arguments_of, kind

TOLERANCE = 1e-9
"""By how much the weights of an item's terms may miss 1: sums of decimal fractions are not exact."""
SOURCES: tuple[str, ...] = get_args(Source)
"""The record sources that suites can name."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ITEM = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)

Feeds = Mapping[str, Collection[str]]
"""The feeds that suites are for, each with the columns that its suite describes."""


class Fault(NamedTuple):
    """Something that is wrong with an instrument: where (a JSON path), what, and what to do ("" where the message says it)."""

    path: str
    message: str
    hint: str = ""


def faults_of(raw: Any, feeds: Feeds | None = None) -> list[Fault]:
    """What is wrong with ``raw``, the value of an instrument's JSON.

    With ``feeds``, a feed that is not among them is a fault, and so is a column that the feed has not.
    """
    reader = _Reader(feeds)
    reader.instrument(raw)
    return reader.found


class _Reader:
    """Collects the faults of one instrument, a value of JSON.

    What follows from another fault is not reported: the gaps between bands of which one cannot be read, for instance.
    """

    def __init__(self, feeds: Feeds | None) -> None:
        self.feeds = feeds
        self.found: list[Fault] = []

    def fault(self, path: str, message: str, hint: str = "") -> None:
        end = "." if hint and not message.endswith(("?", ".")) else ""
        self.found.append(Fault(path, message + end, hint))

    def instrument(self, raw: Any) -> None:
        if isinstance(raw, dict) and "expectations" in raw and "items" not in raw:
            self.fault("$", "is a suite of expectations", "An instrument has items, and a scale.")
            return
        values = self.fields("$", raw, Instrument, inner=("provenance", "scale", "items"))
        if not isinstance(raw, dict):
            return
        self.not_blank("$", values, "name", "title")
        if "version" in values and not _VERSION.fullmatch(values["version"]):
            wanted = "expected a version of three numbers, such as 1.0.0"
            self.fault("$.version", f"{wanted}; got {_quoted(values['version'])}")
        if not 0 <= values.get("least_weight", 0) <= 1:
            self.fault("$.least_weight", f"expected a number from 0 to 1; got {number(values['least_weight'])}")
        self.provenance("$.provenance", raw)
        titles: dict[str, Collection[str]] = {}
        for name in ("sources", "functions"):
            if name in values:
                self.titles(f"$.{name}", values[name])
                titles[name] = values[name]
        if "scale" in raw:
            self.scale("$.scale", raw["scale"])
        if "items" in raw:
            self.items("$.items", raw["items"], titles)

    def provenance(self, path: str, owner: Mapping[str, Any]) -> None:
        if "provenance" in owner:
            values = self.fields(path, owner["provenance"], Provenance)
            self.not_blank(path, values, "source", hint="Say where the numbers come from, or whose judgement they are.")

    def titles(self, path: str, titles: Mapping[str, str]) -> None:
        if not titles:
            self.fault(path, "is empty", "There is an item for each source and function, so there must be one of each.")
        for name, title in titles.items():
            if not _NAME.fullmatch(name):
                self.fault(path, f"expected a name of lower-case letters, digits and underscores; got {_quoted(name)}")
            self.printable(f"{path}.{_said(name)}", title)
            if not title.strip():
                self.fault(f"{path}.{_said(name)}", "is blank", "Give it a title.")

    # ----------------------------------------------------------------------------------------------------------- bands

    def scale(self, path: str, raw: Any) -> None:
        self.fields(path, raw, Scale, inner=("bands", "provenance"))
        if isinstance(raw, dict):
            self.provenance(f"{path}.provenance", raw)
            if "bands" in raw:
                self.bands(f"{path}.bands", raw["bands"])

    def bands(self, path: str, raw: Any) -> None:
        entries = self.entries(path, raw, "bands")
        if entries == []:
            self.fault(path, "is empty", f"Each rating has a band: {', '.join(RATINGS)}.")
        bands: list[tuple[str, Band]] = []
        sound = entries is not None and len(entries) >= len(RATINGS)
        for place, entry in enumerate(entries or ()):
            at = f"{path}[{place}]"
            values = self.fields(at, entry, Band)
            if len(values) == len(Band.__struct_fields__):
                bands.append((at, Band(values["rating"], values["from"], values["to"])))
                sound &= self.extent(at, bands[-1][1])
            else:
                sound = False
        self.ratings(path, bands, whole=len(bands) == len(entries or ()))
        if sound:
            self.joints(path, bands)

    def extent(self, path: str, band: Band) -> bool:
        """Whether a band is a stretch of scores, by itself."""
        before = len(self.found)
        for name, value in (("from", band.from_), ("to", band.to)):
            if not 0 <= value <= 1:
                hint = f"Write {number(value)} % as {value / 100:.10g}." if 1 < value <= 100 else ""
                self.fault(f"{path}.{name}", f"expected a number from 0 to 1; got {number(value)}", hint)
        if band.from_ >= band.to:
            here = f"is from {number(band.from_)} to {number(band.to)}"
            self.fault(path, here, "A band must end above the score that it begins with.")
        return len(self.found) == before

    def ratings(self, path: str, bands: Sequence[tuple[str, Band]], *, whole: bool) -> None:
        """Each rating has one band, and they stand in order."""
        seen: dict[str, str] = {}
        for at, band in bands:
            if first := seen.get(band.rating):
                self.fault(f"{at}.rating", f'"{band.rating}" has a band already, {first}', "Remove one of the two.")
            seen.setdefault(band.rating, at)
        if missing := [rating for rating in RATINGS if rating not in seen]:
            if whole and seen:
                self.fault(path, f"have no band for {', '.join(map(_quoted, missing))}", "Each of the five ratings has one.")
            return
        firsts = [band.rating for at, band in bands if seen[band.rating] == at]
        if firsts != list(RATINGS):
            self.fault(path, f"are out of order: {', '.join(firsts)}", f"Expected: {', '.join(RATINGS)}.")
        else:
            for (_, below), (at, above) in itertools.pairwise(bands):
                if above.from_ < below.from_:
                    what = f'"{above.rating}" begins at {number(above.from_)}, below "{below.rating}"'
                    self.fault(f"{at}.from", f"{what} ({number(below.from_)})", "Better ratings take better scores.")

    def joints(self, path: str, bands: Sequence[tuple[str, Band]]) -> None:
        """The bands cover the scores from 0 to 1, each once."""
        reached, hint = 0.0, "The first band begins at 0."
        for at, band in sorted(bands, key=lambda each: (each[1].from_, each[1].to)):
            if band.from_ > reached:
                stretch = f"scores from {number(reached)} to {number(band.from_)} have no rating"
                self.fault(f"{at}.from", f"leaves a gap: {stretch}", hint)
            elif band.from_ < reached:
                stretch = f"scores from {number(band.from_)} to {number(min(band.to, reached))} have two ratings"
                self.fault(f"{at}.from", f"overlaps: {stretch}", hint)
            if band.to > reached:
                reached, hint = band.to, f"Begin it at {number(band.to)}, where {at} ends."
        if reached < 1:
            self.fault(path, f"leave a gap: scores from {number(reached)} to 1 have no rating", "The last band ends at 1.")

    # ----------------------------------------------------------------------------------------------------------- items

    def items(self, path: str, raw: Any, titles: Mapping[str, Collection[str]]) -> None:
        entries = self.entries(path, raw, "items")
        if entries == []:
            self.fault(path, "is empty", "There is an item for each source and function.")
        ids: dict[str, str] = {}
        pairs: dict[Hashable, str] = {}
        whole = len(titles) == 2 and bool(entries)
        for place, entry in enumerate(entries or ()):
            at = f"{path}[{place}]"
            values = self.item(at, entry, titles)
            if name := values.get("id"):
                if first := ids.get(name):
                    self.fault(f"{at}.id", f'{first} has the id "{_said(name)}" too', "Give each item an id of its own.")
                ids.setdefault(name, at)
            source, function = values.get("source"), values.get("function")
            if source not in titles.get("sources", ()) or function not in titles.get("functions", ()):
                whole = False
                continue
            if first := pairs.get((source, function)):
                self.fault(at, f'rates "{source}" for "{function}", as {first} does', "Remove one of the two.")
            pairs.setdefault((source, function), at)
        if whole:
            for source in titles["sources"]:
                for function in titles["functions"]:
                    if (source, function) not in pairs:
                        self.fault(path, f'no item rates "{source}" for "{function}"', "Add one, or take one of the two out.")

    def item(self, path: str, raw: Any, titles: Mapping[str, Collection[str]]) -> dict[str, Any]:
        values = self.fields(path, raw, ItemRule, inner=("terms", "provenance", "bands"))
        if not isinstance(raw, dict):
            return values
        name = values.get("id")
        if name == OVERALL:
            self.fault(f"{path}.id", f'"{OVERALL}" is what the rating over all items is called', "Give the item another id.")
        elif name is not None and not _ITEM.fullmatch(name):
            wanted = "expected lower-case letters, digits and underscores, such as hospital.commission"
            self.fault(f"{path}.id", f"{wanted}; got {_quoted(name)}")
        for what in ("source", "function"):
            known = titles.get(f"{what}s")
            if what in values and known is not None and values[what] not in known:
                self.unknown(f"{path}.{what}", what, values[what], known)
        self.not_blank(path, values, "question")
        if "weight" in values and not 0 < values["weight"] < math.inf:
            wanted = "expected a number above 0"
            self.fault(f"{path}.weight", f"{wanted}; got {number(values['weight'])}", "Leave an item out by removing it.")
        if "terms" in raw:
            self.terms(f"{path}.terms", raw["terms"], values.get("source"))
        self.provenance(f"{path}.provenance", raw)
        if raw.get("bands", []) not in ([], ()):
            self.bands(f"{path}.bands", raw["bands"])
        return values

    # ----------------------------------------------------------------------------------------------------------- terms

    def terms(self, path: str, raw: Any, source: str | None) -> None:
        entries = self.entries(path, raw, "terms")
        if entries == []:
            self.fault(path, "is empty", "Name at least one measure that feeds the item.")
        weights: list[float] = []
        seen: dict[Hashable, str] = {}
        for place, entry in enumerate(entries or ()):
            at = f"{path}[{place}]"
            values = self.term(at, entry, source)
            if "weight" in values:
                weights.append(values["weight"])
            if "measure" not in values or not entry.keys() <= values.keys():
                continue
            key = (values.get("feed"), values["measure"], frozenset(values.get("columns", ())))
            if first := seen.get(key):
                self.fault(at, f"is the same measure of the same data as {first}", "Make one of the two, with both weights.")
            seen.setdefault(key, at)
        if entries and len(weights) == len(entries) and all(map(math.isfinite, weights)):
            self.sum(path, math.fsum(weights))

    def sum(self, path: str, total: float) -> None:
        if abs(total - 1) > TOLERANCE:
            change = f"{'Raise' if total < 1 else 'Lower'} them by {abs(1 - total):.6g} in all."
            self.fault(path, f"the weights sum to {total:.10g}; expected 1", change)

    def term(self, path: str, raw: Any, source: str | None) -> dict[str, Any]:
        values = self.fields(path, raw, TermRule)
        if "weight" in values and not 0 < values["weight"] <= 1:
            self.fault(f"{path}.weight", f"expected a number above 0 and at most 1; got {number(values['weight'])}")
        columns: tuple[str, ...] = values.get("columns", ())
        for place, column in enumerate(columns):
            self.printable(f"{path}.columns[{place}]", column)
            if not column.strip():
                self.fault(f"{path}.columns[{place}]", "is blank", "Name a column, or leave columns out: then all count.")
            elif column in columns[:place]:
                self.fault(f"{path}.columns[{place}]", f"{_quoted(column)} is named twice", "Name each column once.")
        feed = values.get("feed")
        if feed is not None and not _NAME.fullmatch(feed):
            wanted = "expected lower-case letters, digits and underscores, such as list_sizes"
            self.fault(f"{path}.feed", f"{wanted}; got {_quoted(feed)}")
        elif feed is None and isinstance(raw, dict) and raw.get("feed") is None and source not in (None, *SOURCES):
            what = f"is missing: no suite can be of the source {_quoted(str(source))}"
            self.fault(f"{path}.feed", what, f"Name a feed. Sources of suites: {', '.join(SOURCES)}.")
        if self.feeds is not None:
            self.known(path, feed, columns, self.feeds)
        return values

    def known(self, path: str, feed: str | None, columns: Iterable[str], feeds: Feeds) -> None:
        """The feed and the columns are among those that are known."""
        if feed is not None and feed not in feeds:
            if _NAME.fullmatch(feed):
                self.unknown(f"{path}.feed", "feed", feed, sorted(feeds))
            return
        there = feeds[feed] if feed is not None else {column for of in feeds.values() for column in of}
        for place, column in enumerate(columns):
            if column not in there:
                self.unknown(f"{path}.columns[{place}]", "column", column, list(there))

    # --------------------------------------------------------------------------------------------------- small readers

    def fields(self, path: str, raw: Any, cls: type[Struct], inner: Collection[str] = ()) -> dict[str, Any]:
        """The readable fields of ``cls`` among ``raw``, by their names in JSON; ``inner`` ones are left to be read apart."""
        if not isinstance(raw, dict):
            self.fault(path, f"expected an object; got {kind(raw)}")
            return {}
        hints, described = arguments_of(cls)
        names = {field.encode_name: field for field in described.values()}
        for key in raw:
            if key not in names:
                known = f"Known: {', '.join(names)}."
                self.fault(f"{path}.{_said(key)}", f"unknown key{suggestion(key, list(names))}", known)
        values: dict[str, Any] = {}
        for name, field in names.items():
            if name in raw and name not in inner:
                self.convert(f"{path}.{name}", raw[name], hints[field.name], values, name)
            elif name not in raw and field.required:
                self.fault(f"{path}.{name}", "is missing")
        return values

    def convert(self, path: str, raw: Any, wanted: Any, values: dict[str, Any], name: str) -> None:
        """Puts ``raw`` among ``values`` if it is of the type that is wanted."""
        options = choices(wanted)
        if options and isinstance(raw, str) and raw not in options:
            self.unknown(path, name, raw, options)
            return
        try:
            values[name] = msgspec.convert(raw, wanted)
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at `$")
            self.fault(path + place.rstrip("`").replace("[...]", ""), in_words(message, raw))
            return
        if isinstance(raw, str):
            self.printable(path, raw)

    def entries(self, path: str, raw: Any, what: str) -> list[Any] | None:
        """The entries of a list; None, and a fault, where it is none."""
        if isinstance(raw, list | tuple):
            return list(raw)
        self.fault(path, f"expected a list of {what}; got {kind(raw)}")
        return None

    def unknown(self, path: str, what: str, name: str, known: Iterable[str]) -> None:
        options = list(known)
        self.fault(path, f"unknown {what} {_quoted(name)}{suggestion(name, options)}", f"Known: {', '.join(options)}.")

    def not_blank(self, path: str, values: Mapping[str, Any], *names: str, hint: str = "") -> None:
        for name in names:
            if name in values and not values[name].strip():
                self.fault(f"{path}.{name}", "is blank", hint)

    def printable(self, path: str, text: str) -> None:
        """No control characters, which a terminal would obey, and no half characters, which no file can hold."""
        for character in text:
            if category(character) in ("Cc", "Cs") and character not in "\n\t":
                self.fault(path, f"holds a character that cannot be shown (U+{ord(character):04X})", "Remove it.")
                return


def _said(text: str) -> str:
    """A text of an instrument as it can stand in a message: at most 60 characters, all of which can be printed."""
    plain = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text[:61])
    return plain if len(plain) <= 60 else plain[:59] + "…"


def _quoted(text: str) -> str:
    return f'"{_said(text)}"'


def number(value: float) -> str:
    """A number as it is written in an instrument."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
