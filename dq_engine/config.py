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

    [gate]                           # what a release must be like: see dq_engine.policy
    [[notify]]                       # who is told of a run: see dq_engine.notify
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from dq_engine import parameters, tables
from dq_engine.catalog.wording import brief
from dq_engine.errors import ConfigError, UsageError
from dq_engine.model import FailOn, FieldType

if TYPE_CHECKING:
    from dq_engine.notify import Notify
    from dq_engine.policy import Policy

NAME = "dq.toml"
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
    """A project's settings; ``root`` is the folder of ``dq.toml``, to which its paths are relative; ``gate`` its policy.

    ``notify`` are those who are told of its runs.
    """

    root: Path
    dq: Settings = Settings()
    extracts: tuple[ConfiguredExtract, ...] = ()
    gate: Policy | None = None
    notify: tuple[Notify, ...] = ()


def find(start: Path) -> Path | None:
    """The ``dq.toml`` of ``start`` or of the nearest folder above it."""
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return folder / NAME
    return None


def parse(text: str, origin: Path) -> Config:
    """The settings that ``text`` makes. Raises :class:`ConfigError`."""
    raw = tables.parsed(text, str(origin))
    faults = tables.unknown(raw, ("dq", "extracts", "gate", "notify"))
    table = raw.get("dq", {})
    settings = tables.converted(table, Settings, "dq", faults)
    if settings is not None:
        try:
            settings = msgspec.structs.replace(settings, parameters=parameters.from_values(settings.parameters))
        except UsageError as error:
            faults.append(f"dq.parameters: {error}")
    limit = table.get("memory_limit") if isinstance(table, dict) else None
    if isinstance(limit, str) and not MEMORY.fullmatch(limit):
        faults.append(f'dq.memory_limit: expected a size such as "512MB"; got {limit!r}')
    listed = enumerate(_listed(raw, "extracts", faults))
    extracts = [tables.converted(item, ConfiguredExtract, f"extracts[{n}]", faults) for n, item in listed]
    notify = _notify(raw, faults) if "notify" in raw else ()
    gate = _policy(raw["gate"], faults) if "gate" in raw else None
    if faults or settings is None:
        raise ConfigError("\n".join(f"{origin}: {brief(fault)}" for fault in faults))
    return Config(origin.parent, settings, tuple(extract for extract in extracts if extract is not None), gate, notify)


def _listed(raw: dict[str, Any], name: str, faults: list[str]) -> list[Any]:
    """The tables of that name."""
    listed = raw.get(name, [])
    if isinstance(listed, list):
        return listed
    faults.append(f"{name}: expected [[{name}]], with two brackets")
    return []


def _notify(raw: dict[str, Any], faults: list[str]) -> tuple[Notify, ...]:
    from dq_engine import notify  # noqa: PLC0415  most folders have none

    found = []
    for place, item in enumerate(_listed(raw, "notify", faults)):
        one = tables.converted(item, notify.Notify, f"notify[{place}]", faults)
        if one is not None:
            faults += notify.faults(one, f"notify[{place}]")
            found.append(one)
    return tuple(found)


def _policy(raw: Any, faults: list[str]) -> Policy | None:
    from dq_engine import policy  # noqa: PLC0415  most folders have no gate

    found = tables.converted(raw, policy.Policy, "gate", faults)
    faults += policy.faults(found) if found else []
    return found
