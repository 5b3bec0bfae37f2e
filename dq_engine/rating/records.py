"""Small tables that people give beside the runs: lists of organisations, samples, answers to a survey.

A CSV file is read here, a Parquet file by the worker process; all values are texts. A table may turn out to be the wrong file,
with patients in it: messages name rows by number, and show a value only where it has the form of a code (:func:`coded`).
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from dq_engine.compile import read_parquet
from dq_engine.errors import UsageError, WorkerError
from dq_engine.feeds import readable
from dq_engine.privacy import shown
from dq_engine.process import WorkerProcess
from dq_engine.sql import ident

MOST_FAULTS = 20
"""So many faults of a table are listed; of the others is said how many they are."""
MOST_ROWS = 1_000_000
"""A table with more rows is not one of these tables."""
MOST_BYTES = 200_000_000
"""A CSV file that is larger is not one of these tables."""
ROW_NUMBER = "file_row_number"
"""DuckDB's name for the place of a row in a Parquet file, counted from 0."""
_CODE = re.compile(r"[A-Z0-9]{1,3}|[A-Z][0-9]{5}|[EWSNK][0-9]{8}")


class Wanted(Struct, frozen=True):
    """A column that is read. ``required``: the table must have it; ``filled``: no row may leave it empty."""

    name: str
    required: bool = True
    filled: bool = False


class Record(Struct, frozen=True):
    """A row: its number, and its texts by the wanted names, without blanks around them; "" where there is nothing.

    In a CSV file the number is the one that a spreadsheet shows (the header is row 1); in a Parquet file the first row is 1.
    """

    number: int
    values: dict[str, str]


class Records(Struct, frozen=True):
    """A table as it was read: ``path`` as it may be shown, SHA-256 of the file, which wanted columns there are, the rows."""

    path: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[Record, ...]


def read_records(path: Path, worker: WorkerProcess, wanted: Sequence[Wanted]) -> Records:
    """The wanted columns of a ``.csv`` file (UTF-8, commas, a header) or a ``.parquet`` file; others are not looked at.

    Names of columns are found without regard to case. What the worker had open before is closed. Raises :class:`UsageError` that
    lists every fault of the table.
    """
    name = shown(str(path))
    if trouble := _trouble(path, wanted):
        raise UsageError(f"{name}: {trouble}")
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if path.suffix.lower() == ".csv":
            columns, rows = _of_csv(path, name, wanted)
        else:
            columns, rows = _of_parquet(path, name, worker, wanted)
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    if not rows:
        raise UsageError(f"{name}: has no rows; {_expected(wanted)}")
    empty = {item.name: [row.number for row in rows if not row.values[item.name]] for item in wanted if item.filled}
    faults = [(numbers[0], f'{in_rows(numbers)}: "{column}" is empty') for column, numbers in empty.items() if numbers]
    if faults:
        raise faulty(name, [text for _, text in sorted(faults)])
    return Records(name, digest, columns, rows)


def _trouble(path: Path, wanted: Sequence[Wanted]) -> str:
    """Why the file cannot be such a table, as far as is plain without opening it; else nothing."""
    ending = path.suffix.lower()
    if not path.exists():
        return f"no such file{_nearest(path)}"
    if not path.is_file():
        return f"is {'a folder' if path.is_dir() else 'not a regular file'}; give one .csv or .parquet file"
    if ending not in (".csv", ".parquet"):
        return "is neither a .csv nor a .parquet file: save the table as one of these"
    size = path.stat().st_size
    if not size:
        return f"is empty; {_expected(wanted)}"
    if ending == ".csv" and size > MOST_BYTES:
        return f"has {size:,} bytes; a table of this kind has at most {MOST_BYTES:,}"
    return ""


def faulty(path: str, faults: Sequence[str | Callable[[], str]]) -> UsageError:
    """The error that lists the faults of a table, each on a line with its file. Of very many only the first are put in words."""
    lines = [f"{path}: {fault if isinstance(fault, str) else fault()}" for fault in faults[:MOST_FAULTS]]
    more = len(faults) - MOST_FAULTS
    return UsageError("\n".join([*lines, f"{path}: and {more:,} more fault{'s' * (more > 1)}"] if more > 0 else lines))


def in_rows(numbers: Sequence[int]) -> str:
    """Rows in words: "row 3", "rows 3 and 7", "rows 2, 3, 4, 5, 6 and 12 more"."""
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    if len(numbers) <= 5:
        return f"rows {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return f"rows {', '.join(map(str, numbers[:5]))} and {len(numbers) - 5:,} more"


def coded(value: str) -> str:
    """A value in quotes if it has the form of an organisation's code; else words that say that it is not shown.

    Codes are up to three capitals and digits (5D7, RAE, 02P), a letter and five digits (A81001), or a letter and eight digits
    (E54000050). Names, dates of birth, postcodes and NHS numbers have no such form.
    """
    return f'"{value}"' if _CODE.fullmatch(value) else "(not shown: it has not the form of a code)"


def nearest(value: str, known: Iterable[str]) -> str:
    """ "; did you mean …?" for the nearest of the known names, or nothing. Shows known names only."""
    folded = {item.casefold(): item for item in sorted(known)}
    near = difflib.get_close_matches(value.casefold(), folded, n=1, cutoff=0.6)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""


# --------------------------------------------------------------------------------------------------------------- columns


def _expected(wanted: Sequence[Wanted]) -> str:
    needed = ", ".join(column.name for column in wanted if column.required)
    others = ", ".join(column.name for column in wanted if not column.required)
    return f"expected a table with the columns {needed}" + (f" (and, if there is something to say, {others})" if others else "")


def _found(header: Sequence[str], name: str, wanted: Sequence[Wanted]) -> dict[str, int]:
    """Where each wanted column is. What else the header has is not shown: it could be the first row of data."""
    places: dict[str, list[int]] = {}
    for place, title in enumerate(header):
        places.setdefault(title.strip().casefold(), []).append(place)
    faults = []
    for column in wanted:
        held = places.get(column.name.casefold(), [])
        if len(held) > 1:
            faults.append(f'has {len(held)} columns called "{column.name}": keep one')
        elif column.required and not held:
            faults.append(f'has no column "{column.name}"{_meant(column.name, header)}')
    if faults:
        hint = _separated(header)
        raise faulty(name, [*faults, f"{_expected(wanted)} in its header{hint}"])
    return {column.name: places[column.name.casefold()][0] for column in wanted if column.name.casefold() in places}


def _meant(wanted: str, header: Sequence[str]) -> str:
    """The name in the header that is nearly the wanted one."""
    folded = {column.strip().casefold(): column.strip() for column in header}
    near = difflib.get_close_matches(wanted.casefold(), folded, n=1, cutoff=0.75)
    return f'; is it "{folded[near[0]]}"? Then rename it' if near else ""


def _separated(header: Sequence[str]) -> str:
    """A hint where the header is one value that other signs than commas seem to separate."""
    if len(header) == 1:
        for sign, words in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if sign in header[0]:
                return f"; its values seem to be separated by {words}: save it with commas"
    return ""


def _nearest(path: Path) -> str:
    """ " (is it …?)" for a file of nearly the same name in the folder."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix.lower() in (".csv", ".parquet")]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1)
    return f" (is it {shown(near[0])}?)" if near else ""


# ------------------------------------------------------------------------------------------------------------------- CSV


def _of_csv(path: Path, name: str, wanted: Sequence[Wanted]) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f'{name}: is not UTF-8 text: save it as "CSV UTF-8"') from None
    lines = _lines(text, name)
    header = next((values for _, values in lines if values), [])
    places = _found(header, name, wanted)
    rows: list[Record] = []
    ragged: list[str] = []
    for number, values in lines:
        if not any(value.strip() for value in values):
            continue
        if len(values) != len(header):
            ragged.append(f"row {number} has {len(values)} values, the header {len(header)}")
        elif len(rows) == MOST_ROWS:
            raise UsageError(f"{name}: has more than {MOST_ROWS:,} rows; a table of this kind has fewer")
        else:
            picked = {column.name: values[places[column.name]].strip() if column.name in places else "" for column in wanted}
            rows.append(Record(number, picked))
    if ragged:
        raise faulty(name, ragged)
    return tuple(places), tuple(rows)


def _lines(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV text with their numbers. Raises :class:`UsageError` where the text is no CSV."""
    number = 0
    try:
        for number, values in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
            yield number, values
    except csv.Error:
        raise UsageError(
            f"{name}: row {number + 1} is not CSV: a quote is not closed, stands inside a value, or a value is too long"
        ) from None


# --------------------------------------------------------------------------------------------------------------- Parquet


def _of_parquet(
    path: Path, name: str, worker: WorkerProcess, wanted: Sequence[Wanted]
) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    [file] = readable([path.absolute()], worker.directory, "table-")
    relation = read_parquet([file], partitioned=False)
    try:
        described = worker.ask({"op": "open", "files": [file], "settings": {}, "relation": relation, "others": {}, "written": []})
        columns = [(column, stored) for column, stored, *_ in described["columns"]]
        if ROW_NUMBER in {column.casefold() for column, _ in columns}:
            raise UsageError(f'{name}: has a column "{ROW_NUMBER}", a name that dq needs for itself: rename it')
        places = _found([column for column, _ in columns], name, wanted)
        if sum(described["rows"]) > MOST_ROWS:
            raise UsageError(f"{name}: has more than {MOST_ROWS:,} rows; a table of this kind has fewer")
        chosen = ", ".join(f"CAST({ident(columns[place][1])} AS VARCHAR)" for place in places.values())
        answer = worker.ask({"op": "query", "sql": f"SELECT {chosen} FROM {relation} ORDER BY {ROW_NUMBER}"})
    except WorkerError as error:
        raise UsageError(f"{name}: {error}") from None
    return tuple(places), tuple(_records(answer["rows"], tuple(places), wanted))


def _records(rows: Sequence[Sequence[Any]], names: Sequence[str], wanted: Sequence[Wanted]) -> Iterator[Record]:
    absent = {column.name: "" for column in wanted}
    for number, values in enumerate(rows, 1):
        texts = {name: "" if value is None else value.strip() for name, value in zip(names, values, strict=True)}
        yield Record(number, absent | texts)
