"""``dq.toml``: the settings of a project. Text in, :class:`Config` out; every fault at once.

::

    [dq]
    suites = ["expectations"]        # folders with suites, relative to dq.toml
    results = "dq-results"           # where runs are stored
    fail_on = "critical"             # critical, warning, info or never
    threads = 2
    memory_limit = "2GB"
    timeout = 600                    # seconds per extract
    check_timeout = 60               # seconds per check that is judged in Python
    checksums = false                # no SHA-256 of the files in the record of a run, for very large ones
    verify_statistics = true         # believe nothing that footers say of values, for files from untrusted senders
    reuse = false                    # scan all extracts, as --fresh, also those of which nothing changed

    [dq.parameters]                  # values of {"$PARAMETER": ...} in suites; those of --param come before them
    least_share = 0.95
    first_day = 2024-04-01

    [dq.remote]
    anonymous = true                 # s3:// is read without credentials: data that are open to all

    [[extracts]]
    path = "data/lists/*.parquet"    # a file, a folder, a glob, here or at s3://, or a list of them: together one extract
    suite = "expectations/practice/list_sizes.json"   # else found by place and name
    name = "list_sizes"              # else made from the path
    columns = { LIST_SIZE = "number_of_patients" }   # what the file calls a column = what the suite calls it
    types = { number_of_patients = "integer" }       # text that is read as another type
    ignore = ["column:ons_code"]                     # checks that are not for these files, as --ignore
    verify_statistics = true                         # only for these files
    with = { practices = "data/practices.parquet" }  # the other extracts that rules speak of: a path, or the name of an extract
"""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from dq_engine import parameters
from dq_engine.catalog.base import suggestion
from dq_engine.catalog.wording import allowed, brief, in_words
from dq_engine.errors import ConfigError, UsageError
from dq_engine.model import FieldType

T = TypeVar("T")
NAME = "dq.toml"
FailOn = Literal["critical", "warning", "info", "never"]
FAIL_ON: tuple[str, ...] = get_args(FailOn)
"""From which severity on a failed check may fail a run."""
MEMORY = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B|B)", re.IGNORECASE)


class ConfiguredExtract(Struct, frozen=True, forbid_unknown_fields=True):
    """One extract that the project always checks."""

    path: str | list[str]
    suite: str | None = None
    name: str | None = None
    columns: dict[str, str] = {}
    types: dict[str, FieldType] = {}
    ignore: list[str] = []
    verify_statistics: bool = False
    with_: Annotated[dict[str, str], Meta(description="Other extracts by name.")] = msgspec.field(default={}, name="with")


class RemoteSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[dq.remote]``: how extracts are read that lie elsewhere."""

    anonymous: bool = False


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[dq]``."""

    suites: list[str] = []
    results: str | None = None
    fail_on: FailOn | None = None
    threads: Annotated[int, Meta(ge=1)] | None = None
    memory_limit: str | None = None
    timeout: Annotated[float, Meta(gt=0)] | None = None
    check_timeout: Annotated[float, Meta(gt=0)] | None = None
    checksums: bool = True
    verify_statistics: bool = False
    reuse: bool = True
    parameters: dict[str, Any] = {}
    remote: RemoteSettings = RemoteSettings()


class Config(Struct, frozen=True):
    """A project's settings; ``root`` is the folder of ``dq.toml``, to which its paths are relative."""

    root: Path
    dq: Settings = Settings()
    extracts: tuple[ConfiguredExtract, ...] = ()


def find(start: Path) -> Path | None:
    """The ``dq.toml`` of ``start`` or of the nearest folder above it."""
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return folder / NAME
    return None


def parse(text: str, origin: Path) -> Config:
    """The settings that ``text`` makes. Raises :class:`ConfigError`."""
    import tomllib  # noqa: PLC0415  many folders have no dq.toml

    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: is not TOML: {brief(str(error))}") from None
    except RecursionError:
        raise ConfigError(f"{origin}: is not usable TOML: it is nested too deeply") from None
    except ValueError:
        raise ConfigError(f"{origin}: is not usable TOML: it holds a number with too many digits") from None
    faults = [f"unknown table {key!r}{suggestion(key, ['dq', 'extracts'])}" for key in raw if key not in ("dq", "extracts")]
    table, listed = raw.get("dq", {}), raw.get("extracts", [])
    settings = _convert(table, Settings, "dq", faults)
    if settings is not None:
        try:
            settings = msgspec.structs.replace(settings, parameters=parameters.from_values(settings.parameters))
        except UsageError as error:
            faults.append(f"dq.parameters: {error}")
    limit = table.get("memory_limit") if isinstance(table, dict) else None
    if isinstance(limit, str) and not MEMORY.fullmatch(limit):
        faults.append(f'dq.memory_limit: expected a size such as "512MB"; got {limit!r}')
    if not isinstance(listed, list):
        faults.append("extracts: expected [[extracts]], with two brackets")
        listed = []
    extracts = [_convert(item, ConfiguredExtract, f"extracts[{n}]", faults) for n, item in enumerate(listed)]
    if faults or settings is None:
        raise ConfigError("\n".join(f"{origin}: {brief(fault)}" for fault in faults))
    return Config(origin.parent, settings, tuple(extract for extract in extracts if extract is not None))


def _convert(raw: Any, wanted: type[T], path: str, faults: list[str]) -> T | None:
    """A table as a value; None, and every fault of it, if it cannot be one."""
    if not isinstance(raw, dict):
        faults.append(f"{path}: expected a table")
        return None
    before, hints = len(faults), typing.get_type_hints(wanted, include_extras=True)
    fields = msgspec.structs.fields(wanted)  # type: ignore[arg-type]  # T stands for the two structs of this module
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
