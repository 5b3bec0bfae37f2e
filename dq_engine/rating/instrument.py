"""Instruments: the files that say what is rated, and how measures become ratings. Text -> :class:`Instrument`, or every fault.

An instrument is strict JSON in the shape of :class:`dq_engine.scores.Instrument`. :func:`parse` refuses one that has a fault, and
names all faults at once, each with its JSON path; :func:`faults` gives those of an instrument that was made otherwise. Only
:func:`read` opens a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dq_engine.catalog.base import suggestion
from dq_engine.errors import InstrumentError, UsageError
from dq_engine.feeds import shipped
from dq_engine.model import Problem
from dq_engine.privacy import shown
from dq_engine.rating.faults import Fault, Feeds, faults_of, number
from dq_engine.scores import Band, Instrument, InstrumentReference, ItemRule, Provenance, TermRule
from dq_engine.suite import read_json

T = TypeVar("T")
DEFAULT = "tracker-imt"
"""The name of the instrument that is used where none is given."""
FOLDER = "instruments"
LARGEST = 4 * 1024 * 1024
"""An instrument's text longer than this (characters) is refused."""
WIDTH = 130
"""How long a line of a written instrument may be before it is broken."""
ORDER = (
    *("name", "version", "title", "description", "provenance", "level", "non_submission", "least_weight"),
    *("sources", "functions", "scale", "items"),
)
"""The keys of an instrument as they stand in its file: what is short first."""


def default() -> Path:
    """The file of the instrument that comes with the engine."""
    return shipped() / FOLDER / f"{DEFAULT}.json"


def read(path: Path, feeds: Feeds | None = None) -> tuple[Instrument, InstrumentReference]:
    """The instrument in a file, and what results say of it; ``feeds`` as :func:`faults` takes them.

    Raises :class:`dq_engine.errors.UsageError` if the file cannot be read, and its subclass ``InstrumentError`` with every fault
    if the instrument is not valid.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UsageError(f"{path}: is not a regular file")
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such instrument{_near(path)}") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: is a folder; an instrument is a JSON file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not an instrument: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    origin = shown(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
    instrument = parse(text, origin, feeds)
    digest = hashlib.sha256(data).hexdigest()
    return instrument, InstrumentReference(instrument.name, instrument.version, instrument.provenance, origin, digest)


def _near(path: Path) -> str:
    beside = sorted(entry.name for entry in path.parent.glob("*.json")) if path.parent.is_dir() else []
    return suggestion(path.name, beside)


def parse(text: str, origin: str, feeds: Feeds | None = None) -> Instrument:
    """The instrument that ``text`` (JSON) describes; ``origin`` is a file's name for messages, ``feeds`` as in :func:`faults`.

    Raises :class:`dq_engine.errors.InstrumentError` with every fault that it has.
    """
    try:
        raw = _document(text)
    except ValueError as error:
        raise InstrumentError([Problem(origin, "", str(error))]) from None
    if found := faults_of(raw, feeds):
        raise InstrumentError(Problem(origin, *fault) for fault in found)
    return msgspec.convert(raw, Instrument)


def _document(text: str) -> Any:
    """The value of a text. Raises ValueError, which says why there is none."""
    if len(text) > LARGEST:
        raise ValueError(f"is too large for an instrument: {len(text):,} characters, of at most {LARGEST:,}")
    return read_json(text)


def faults(instrument: Instrument, feeds: Feeds | None = None) -> list[Fault]:
    """What is wrong with an instrument; nothing where all is right.

    With ``feeds``, a feed that is not among them is a fault, and so is a column that the feed has not. An instrument can be
    valid and speak of feeds that are not there, so without ``feeds`` none is looked for.
    """
    return faults_of(msgspec.to_builtins(instrument), feeds)


def dump(instrument: Instrument) -> bytes:
    """The file of an instrument: indented JSON, UTF-8, always the same for the same instrument; :func:`parse` reads it again.

    It says of the instrument itself what is left to its default, too: a reader need not know what non-submission means then.
    """
    whole = {name: msgspec.to_builtins(getattr(instrument, name)) for name in ORDER}
    return (_json(whole, 0) + "\n").encode()


def _json(value: Any, indent: int, lead: str = "") -> str:
    """JSON in which what fits on one line stands on one; ``lead`` is what stands before it on its line."""
    line = lead + json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list | tuple) or not value or (indent and indent + len(line) < WIDTH):
        return line
    inner = indent + 2
    if isinstance(value, dict):
        begin, end = "{}"
        parts = [_json(item, inner, f"{json.dumps(key, ensure_ascii=False)}: ") for key, item in value.items()]
    else:
        begin, end = "[]"
        parts = [_json(item, inner) for item in value]
    body = ",\n".join(" " * inner + part for part in parts)
    return f"{lead}{begin}\n{body}\n{' ' * indent}{end}"


# --------------------------------------------------------------------------------------------------------------- compare


def compare(a: Instrument, b: Instrument) -> list[str]:
    """In what ``b`` differs from ``a``, one difference a line, in words; nothing where they rate alike.

    The order of items, terms and columns is no difference.
    """
    plain = ("name", "version", "title", "description", "level", "non_submission", "least_weight")
    return [
        *_changes("", a, b, plain),
        *_provenance("", a.provenance, b.provenance),
        *_named("source", a.sources, b.sources),
        *_named("function", a.functions, b.functions),
        *_bands("scale", a.scale.bands, b.scale.bands),
        *_provenance("scale: ", a.scale.provenance, b.scale.provenance),
        *_matched("item", _by(a.items, _item_name), _by(b.items, _item_name), _item),
    ]


def _by(values: Iterable[T], name: Callable[[T], str]) -> dict[str, T]:
    return {name(value): value for value in values}


def _matched(
    what: str, a: Mapping[str, T], b: Mapping[str, T], differences: Callable[[str, T, T], Iterable[str]]
) -> Iterator[str]:
    """What was removed, what changed, what was added."""
    for name, value in a.items():
        if name in b:
            yield from differences(f"{what} {name}: ", value, b[name])
        else:
            yield f"{what} {name}: removed"
    yield from (f"{what} {name}: added" for name in b if name not in a)


def _changes(where: str, a: Struct, b: Struct, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if (before := getattr(a, name)) != (after := getattr(b, name)):
            yield f"{where}{name}: from {_worded(before)} to {_worded(after)}"


def _worded(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else f'"{value}"'


def _provenance(where: str, a: Provenance, b: Provenance) -> Iterator[str]:
    return _changes(f"{where}provenance: ", a, b, Provenance.__struct_fields__)


def _named(what: str, a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[str]:
    return _matched(what, a, b, lambda where, x, y: [] if x == y else [f"{where}from {_worded(x)} to {_worded(y)}"])


def _bands(where: str, a: Sequence[Band], b: Sequence[Band]) -> Iterator[str]:
    if bool(a) != bool(b):
        yield f"{where}: {'bands of its own' if b else 'no bands of its own'} now"
    else:
        yield from _matched(f"{where}: band", _by(a, _rating), _by(b, _rating), _band)


def _rating(band: Band) -> str:
    return f'"{band.rating}"'


def _band(where: str, a: Band, b: Band) -> Iterator[str]:
    if a != b:
        yield f"{where}from {_stretch(a)} to {_stretch(b)}"


def _stretch(band: Band) -> str:
    return f"{number(band.from_)}–{number(band.to)}"


def _item_name(item: ItemRule) -> str:
    return item.id


def _item(where: str, a: ItemRule, b: ItemRule) -> Iterator[str]:
    yield from _changes(where, a, b, ("source", "function", "question", "weight"))
    yield from _bands(where.removesuffix(": "), a.bands, b.bands)
    yield from _matched(f"{where}term", _by(a.terms, _term_name), _by(b.terms, _term_name), _term)
    yield from _provenance(where, a.provenance, b.provenance)


def _term_name(term: TermRule) -> str:
    columns = f" ({', '.join(sorted(term.columns))})" if term.columns else ""
    return f"{term.measure} of {term.feed or 'all feeds of the source'}{columns}"


def _term(where: str, a: TermRule, b: TermRule) -> Iterator[str]:
    return _changes(where, a, b, ("weight",))
