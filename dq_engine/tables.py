"""TOML -> values: ``dq.toml`` and files like it, with every fault at once."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from dq_engine.catalog.base import suggestion
from dq_engine.catalog.wording import allowed, brief, in_words
from dq_engine.errors import ConfigError

T = TypeVar("T")


def parsed(text: str, origin: str) -> dict[str, Any]:
    """The tables of a text; ``origin`` is where it is from. Raises :class:`ConfigError` if it is not TOML."""
    import tomllib  # noqa: PLC0415  many folders have no dq.toml

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: is not TOML: {brief(str(error))}") from None
    except RecursionError:
        raise ConfigError(f"{origin}: is not usable TOML: it is nested too deeply") from None
    except ValueError:
        raise ConfigError(f"{origin}: is not usable TOML: it holds a number with too many digits") from None


def unknown(raw: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    """A fault for each table that there should not be."""
    return [f"unknown table {key!r}{suggestion(key, list(known))}" for key in raw if key not in known]


def converted(raw: Any, wanted: type[T], path: str, faults: list[str]) -> T | None:
    """A table as a value of a struct; None, and every fault of it added to ``faults``, if it cannot be one."""
    if not isinstance(raw, dict):
        faults.append(f"{path}: expected a table")
        return None
    before, hints = len(faults), typing.get_type_hints(wanted, include_extras=True)
    fields = msgspec.structs.fields(wanted)  # type: ignore[arg-type]  # T stands for structs
    known = [field.encode_name for field in fields]
    faults += [
        f"{path}.{key}: unknown setting{suggestion(key, known) or '.'} Known: {', '.join(known)}"
        for key in raw
        if key not in known
    ]
    faults += [f"{path}.{field.encode_name}: is missing" for field in fields if field.required and field.encode_name not in raw]
    values: dict[str, Any] = {}
    for field in fields:
        name = field.encode_name
        try:
            values |= {field.name: msgspec.convert(raw[name], hints[field.name])} if name in raw else {}
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at `$")
            faults.append(f"{path}.{name}{place.rstrip('`')}: {in_words(message, raw[name])}{allowed(hints[field.name])}")
    return wanted(**values) if len(faults) == before else None
