"""Run directories: ``RESULTS/RUN_ID/run.json`` and ``measures.parquet``, written whole or not at all.

A run is first written to a hidden folder beside its place, synced to disk, and then renamed: a reader sees all of it or nothing.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from dq_engine.errors import StoreError, UsageError, WorkerError
from dq_engine.model import Run
from dq_engine.sql import text

STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Characters that steer a terminal or hide what they are; JSON text spells them as escapes, which mean the same."""
RUN, MEASURES = "run.json", "measures.parquet"


class Writer(Protocol):
    """What writes Parquet: the worker."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carries out one request."""


def encode(run: Run) -> bytes:
    """The text of ``run.json``: the run without its measures, indented."""
    raw = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(run, measures=())), indent=2) + b"\n"
    return raw if raw.isascii() else STEERING.sub(_escaped, raw.decode()).encode()


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def decode(raw: bytes, origin: str) -> Run:
    """The run in the text of a ``run.json``, without measures. Raises :class:`StoreError`."""
    try:
        return msgspec.json.decode(raw, type=Run)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise StoreError(f"{origin}: is not the record of a run: {error}") from None


def prepare(results: Path) -> None:
    """Makes the results folder and tries to write in it, before any work is done. Raises :class:`UsageError`."""
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results):
            pass
    except OSError as error:
        raise UsageError(
            f"{results}: no results can be written here: {words(error)}. Choose another folder with --results"
        ) from None


def save(run: Run, results: Path, writer: Writer) -> Path:
    """Writes the run below ``results`` and gives its directory. Raises :class:`StoreError`; then nothing is left behind."""
    final, staging = results / run.id, results / f".{run.id}.partial"
    try:
        staging.mkdir()
        _write(staging / RUN, encode(run))
        _write_measures(run, staging, writer)
        for folder in (staging, results):
            _sync(folder)
        staging.rename(final)
        _sync(results)
    except (OSError, WorkerError) as error:
        shutil.rmtree(staging, ignore_errors=True)
        reason = words(error) if isinstance(error, OSError) else str(error)
        raise StoreError(f"{final}: the run could not be stored: {reason}. Its results are complete as printed") from None
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return final


def words(error: OSError) -> str:
    """An error of the operating system, for people."""
    known = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "permission denied",
        errno.ENOTDIR: "a part of the path is a file, not a folder",
        errno.EEXIST: "a file of that name is in the way",
    }
    return known.get(error.errno or 0, (error.strerror or "unknown reason").lower())


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _write(staging, content)
        staging.replace(path)
    except OSError:
        staging.unlink(missing_ok=True)
        raise


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_measures(run: Run, folder: Path, writer: Writer) -> None:
    """``measures.parquet`` by way of three small text files, which the writer joins."""
    checks = {(extract.name, outcome.check): (extract, outcome) for extract in run.extracts for outcome in extract.outcomes}
    check_numbers = {key: number for number, key in enumerate(checks)}
    organisations = dict.fromkeys(m.organisation for m in run.measures if m.organisation is not None)
    organisation_numbers = {organisation: number for number, organisation in enumerate(organisations)}
    _json_lines(
        folder / "checks.json",
        (
            {
                "number": number,
                "run": run.id,
                "started": run.started,
                "extract": extract.name,
                "feed": extract.feed,
                "level": extract.level,
                "source": extract.source,
                "check": outcome.check,
                "expectation": outcome.expectation,
                "columns": ", ".join(_columns(outcome.kwargs)),
                "dimension": outcome.dimension,
                "severity": outcome.severity,
                "weight": outcome.weight,
                "unit": outcome.unit,
            }
            for number, (extract, outcome) in enumerate(checks.values())
        ),
    )
    _json_lines(folder / "organisations.json", ({"number": n, "organisation": o} for n, o in enumerate(organisations)))
    with (folder / "counts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            (
                check_numbers[(m.extract, m.check)],
                "" if m.organisation is None else organisation_numbers[m.organisation],
                m.element_count,
                m.missing_count,
                m.unexpected_count,
            )
            for m in run.measures
        )
    writer.ask({"op": "write", "directory": str(folder.resolve()), "sql": _join(folder.resolve())})
    for name in ("checks.json", "organisations.json", "counts.csv"):
        (folder / name).unlink()
    _sync(folder / MEASURES)


def _columns(kwargs: dict[str, Any]) -> Iterable[str]:
    for name in ("column", "column_A", "column_B"):
        if isinstance(kwargs.get(name), str):
            yield kwargs[name]
    if isinstance(kwargs.get("column_list"), list):
        yield from map(str, kwargs["column_list"])


def _json_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def _join(folder: Path) -> str:
    counts = (
        f"read_csv({text(str(folder / 'counts.csv'))}, header = false, auto_detect = false, delim = ',', nullstr = '', columns = "
        "{'number': 'INTEGER', 'organisation': 'INTEGER', 'element_count': 'BIGINT', 'missing_count': 'BIGINT', "
        "'unexpected_count': 'BIGINT'})"
    )
    names = (
        "run",
        "started",
        "extract",
        "feed",
        "level",
        "source",
        "check",
        "expectation",
        "columns",
        "dimension",
        "severity",
        "unit",
    )
    described = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    checks = (
        f"read_json({text(str(folder / 'checks.json'))}, format = 'newline_delimited', "
        f"columns = {{'number': 'INTEGER', 'weight': 'DOUBLE', {described}}})"
    )
    organisations = (
        f"read_json({text(str(folder / 'organisations.json'))}, format = 'newline_delimited', "
        "columns = {'number': 'INTEGER', 'organisation': 'VARCHAR'})"
    )
    return (
        "COPY (SELECT c.run, CAST(c.started AS TIMESTAMPTZ) AS started, c.extract, c.feed, c.level, c.source, c.check, "
        "c.expectation, c.columns, c.dimension, c.severity, c.weight, c.unit, o.organisation, "
        "n.element_count, n.missing_count, n.unexpected_count, "
        "n.element_count - n.missing_count AS denominator "
        f"FROM {counts} n JOIN {checks} c ON c.number = n.number LEFT JOIN {organisations} o ON o.number = n.organisation "
        f"ORDER BY c.number, o.number NULLS FIRST) TO {text(str(folder / MEASURES))} (FORMAT parquet, COMPRESSION zstd)"
    )
