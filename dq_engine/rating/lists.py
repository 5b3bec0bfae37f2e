"""Lists that people give beside the runs: of organisations, and of a sample of these.

As these may turn out to be other files, messages show a value only where it has the form of a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_args

import msgspec

from dq_engine.model import Level, Organisation
from dq_engine.process import WorkerProcess
from dq_engine.rating.records import Record, Wanted, coded, faulty, in_rows, read_records
from dq_engine.rating.sampling import Member

LEVELS: tuple[Level, ...] = get_args(Level)


def organisations_in(path: Path, worker: WorkerProcess, level: Level, known: Mapping[str, Organisation]) -> list[Organisation]:
    """The organisations that a file lists: ``organisation``, and ``level``, ``parent``, ``region``, ``kind`` where it has them.

    What the file leaves out stays as it is ``known``; a level that it leaves out is ``level``. Raises :class:`UsageError` with
    every fault of the file.
    """
    names = ("level", "parent", "region", "kind")
    wanted = [Wanted("organisation", filled=True), *(Wanted(name, required=False) for name in names)]
    table = read_records(path, worker, wanted)
    found: dict[str, Organisation] = {}
    faults = _twice(table.rows)
    for record in table.rows:
        code = record.values["organisation"]
        said = {name: record.values[name] for name in names if record.values[name]}
        if said.get("level", level) not in LEVELS:
            faults.append((record.number, f"level must be {' or '.join(LEVELS)}"))
        elif said.get("parent") == code:
            faults.append((record.number, "an organisation cannot be its own parent"))
        found[code] = msgspec.structs.replace(known.get(code, Organisation(code, level)), **said)
    _refuse(table.path, faults)
    return list(found.values())


def members_in(path: Path, worker: WorkerProcess, population: Mapping[str, str]) -> tuple[list[Member], dict[str, int]]:
    """The members of a sample in a file, and how many organisations their strata have, if the file says.

    Its columns are ``organisation`` and, where it has them, ``stratum``, ``stratum_size`` (how many organisations the stratum
    has) and ``responded`` (yes, no). Raises :class:`UsageError` with every fault of the file; one is an organisation that is not
    in the ``population``.
    """
    names = ("stratum", "stratum_size", "responded")
    wanted = [Wanted("organisation", filled=True), *(Wanted(name, required=False) for name in names)]
    table = read_records(path, worker, wanted)
    faults = _twice(table.rows)
    sized = "stratum_size" in table.columns
    sizes: dict[str, str] = {}
    for record in table.rows:
        values = record.values
        size, stratum = values["stratum_size"], values["stratum"]
        if values["organisation"] not in population:
            faults.append((record.number, f"organisation {coded(values['organisation'])} is not in the population"))
        if values["responded"].lower() not in _RESPONDED:
            faults.append((record.number, "responded must be yes or no"))
        if sized and not _WHOLE.fullmatch(size):
            faults.append((record.number, "stratum_size must be a whole number"))
        elif sizes.setdefault(stratum, size) != size:
            faults.append((record.number, "stratum_size is not as in the row above of the same stratum"))
    _refuse(table.path, faults)
    members = [
        Member(values["organisation"], values["stratum"] or None, _RESPONDED[values["responded"].lower()])
        for values in (record.values for record in table.rows)
    ]
    return members, {stratum: int(size) for stratum, size in sizes.items()} if sized else {}


_WHOLE = re.compile("[0-9]{1,9}")
_RESPONDED = {"": True, "yes": True, "true": True, "1": True, "y": True, "no": False, "false": False, "0": False, "n": False}


def _twice(rows: Iterable[Record]) -> list[tuple[int, str]]:
    """A fault for each organisation that stands in several rows: the last of them, and the words."""
    numbers: dict[str, list[int]] = {}
    for record in rows:
        numbers.setdefault(record.values["organisation"], []).append(record.number)
    return [
        (places[-1], f"organisation {coded(code)} is named more than once: also in {in_rows(places[:-1])}")
        for code, places in numbers.items()
        if len(places) > 1
    ]


def _refuse(path: str, faults: Iterable[tuple[int, str]]) -> None:
    if found := [f"row {number}: {words}" for number, words in sorted(faults)]:
        raise faulty(path, found)
