"""The extract of the benchmark: made-up events of primary care in 24 columns, a pure function of the row number, with known defects.

``python -m tests.bench.extract ROWS FOLDER [--clean]``. :data:`COLUMNS` says what stands in each column, and how often what is wrong
with it. A clean extract has no row that a rule of the reference suite finds wrong.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import NamedTuple

import duckdb

from tests.bench import suites
from tests.bench.peers.hand import ROW_RULES
from tests.bench.peers.hand_sql import wrong
from tests.bench.peers.rules import rules_of

PART = 10_000_000
"""Rows of one file at most: a larger extract is a folder of such files."""
ROW_GROUP = 122_880
CONCEPTS, MEDICINES = 20_000, 15_000
"""How many codes of SNOMED CT and of the BNF there are."""


class Defect(NamedTuple):
    """What is wrong in a column: in which share of the rows, what stands there (SQL), and SQL that finds it, if that is possible."""

    rate: float
    value: str
    found: str


class Column(NamedTuple):
    """A column: its name and type, the SQL of its sound values, the draw from 0 to 1 that decides on defects, and these."""

    name: str
    type: str
    sound: str
    draw: str = ""
    defects: tuple[Defect, ...] = ()

    def sql(self) -> str:
        """The column as it is selected."""
        cases, below = "", 0.0
        for defect in self.defects:
            below = round(below + defect.rate, 9)
            cases += f" WHEN {self.draw} < {below:.9f} THEN {defect.value}"
        value = f"CASE{cases} ELSE {self.sound} END" if cases else self.sound
        return f"CAST({value} AS {self.type}) AS {self.name}"


def _one_of(values: list[str], place: str) -> str:
    return f"{values!r}[({place} + 1)::INTEGER]"


def _letter(letters: str, place: str) -> str:
    return f"substr('{letters}', (1 + {place} % {len(letters)})::INTEGER, 1)"


AREAS = ["LS", "B", "M", "SW", "NE", "E", "S", "BS", "L", "N", "CB", "PL", "EX", "NR", "YO", "DH", "CA", "LA", "OX", "GL"]
UNIT = "ABDEFGHJLNPQRSTUWXYZ"
FIRST_PID = 10_000_000_000
COLUMNS = (
    Column(
        "patient_pid",
        "BIGINT",
        f"{FIRST_PID} + i",
        "u(i, 13)",
        (Defect(0.00001, f"{FIRST_PID} + i - 1", f"patient_pid <> {FIRST_PID} + file_row_number"),),
    ),
    Column(
        "practice_code",
        "VARCHAR",
        f"{_letter('ABCDEFGHJKLMNPVWY', 'practice')} || lpad((80000 + practice)::VARCHAR, 5, '0')",
        "u(i, 14)",
        (Defect(0.0005, "'XX' || practice % 20", "practice_code LIKE 'XX%'"),),
    ),
    Column(
        "nhs_number",
        "VARCHAR",
        "nhs",
        "u(i, 15)",
        (Defect(0.003, "NULL", "nhs_number IS NULL"), Defect(0.0005, "substr(nhs, 1, 9)", "length(nhs_number) = 9")),
    ),
    Column(
        "dob",
        "DATE",
        "day - (years * 365.25)::INTEGER - (h(i, 17) % 365)::INTEGER",
        "u(i, 16)",
        (Defect(0.0002, "NULL", "dob IS NULL"), Defect(0.0001, "DATE '1850-01-01'", "dob < DATE '1900-01-01'")),
    ),
    Column("event_date", "DATE", "day"),
    Column(
        "booked_date",
        "DATE",
        "day - (21 * u(i, 5) * u(i, 5))::INTEGER",
        "u(i, 18)",
        (Defect(0.01, "NULL", "booked_date IS NULL"), Defect(0.0005, "day + 5", "booked_date > event_date")),
    ),
    Column("event_datetime", "TIMESTAMP", "day::TIMESTAMP + INTERVAL (28800 + (h(i, 19) % 36000)) SECOND"),
    Column(
        "gender",
        "VARCHAR",
        "CASE WHEN u(i, 6) < 0.47 THEN '1' WHEN u(i, 6) < 0.99 THEN '2' WHEN u(i, 6) < 0.995 THEN '9' ELSE '0' END",
        "u(i, 6)",
        (Defect(0.0005, "'X'", "gender = 'X'"),),
    ),
    Column(
        "age",
        "INTEGER",
        "years",
        "u(i, 20)",
        (Defect(0.0002, "999", "age > 120"), Defect(0.0001, "-1", "age < 0")),
    ),
    Column(
        "ethnic_code",
        "VARCHAR",
        f"CASE WHEN u(i, 7) < 0.6 THEN 'A' ELSE {_letter('ABCDEFGHJKLMNPRSZ', 'h(i, 21)')} END",
        "u(i, 7)",
        (Defect(0.03, "NULL", "ethnic_code IS NULL"), Defect(0.001, "'?'", "ethnic_code = '?'")),
    ),
    Column(
        "postcode",
        "VARCHAR",
        f"{_one_of(AREAS, 'h(practice, 23) % 20')} || (1 + h(practice, 24) % 28)::VARCHAR || ' ' || "
        f"(h(i, 25) % 9 + 1)::VARCHAR || {_letter(UNIT, 'h(i, 26)')} || {_letter(UNIT, 'h(i, 27)')}",
        "u(i, 22)",
        (
            Defect(0.01, "NULL", "postcode IS NULL"),
            Defect(0.003, f"lower({_one_of(AREAS[:10], 'h(practice, 23) % 10')}) || '99'", "postcode LIKE '%99'"),
        ),
    ),
    Column(
        "lsoa_code",
        "VARCHAR",
        "'E01' || lpad((h(practice * 100 + h(i, 29) % 12, 30) % 34000)::VARCHAR, 6, '0')",
        "u(i, 28)",
        (
            Defect(0.01, "NULL", "lsoa_code IS NULL"),
            Defect(0.001, "'W01' || lpad((h(i, 29) % 34000)::VARCHAR, 6, '0')", "lsoa_code LIKE 'W%'"),
        ),
    ),
    Column(
        "snomed_code",
        "VARCHAR",
        "concept.code",
        "u(i, 31)",
        (
            Defect(0.0005, "NULL", "snomed_code IS NULL"),
            Defect(0.0015, "'S' || concept.code", "snomed_code LIKE 'S%'"),
            Defect(0.003, "(concept.code::BIGINT + 1)::VARCHAR", ""),
        ),
    ),
    Column(
        "bnf_code",
        "VARCHAR",
        "medicine.code",
        "u(i, 32)",
        (Defect(0.002, "substr(medicine.code, 1, 9)", "length(bnf_code) = 9"),),
    ),
    Column(
        "quantity",
        "DOUBLE",
        "round(28 * (1 + h(i, 33) % 8) * (0.25 + u(i, 34)), 1)",
        "u(i, 8)",
        (Defect(0.0003, "-5.0", "quantity < 0"),),
    ),
    Column(
        "cost",
        "DOUBLE",
        "round(exp(0.5 + 1.6 * (u(i, 35) + u(i, 36) + u(i, 37) - 1.5)) * 5, 2)",
        "u(i, 9)",
        (Defect(0.0002, "NULL", "cost IS NULL"), Defect(0.0002, "99999.0", "cost > 5000")),
    ),
    Column(
        "status",
        "VARCHAR",
        "CASE WHEN u(i, 38) < 0.90 THEN 'Attended' WHEN u(i, 38) < 0.95 THEN 'DNA' WHEN u(i, 38) < 0.98 THEN 'Cancelled' ELSE 'Unknown' END",
        "u(i, 38)",
        (Defect(0.0004, "'attended'", "status = 'attended'"),),
    ),
    Column(
        "hcp_type",
        "VARCHAR",
        _one_of(suites.SETS["hcp_type"], "h(i, 40) % 8"),
        "u(i, 39)",
        (Defect(0.02, "NULL", "hcp_type IS NULL"), Defect(0.0003, "'Dentist'", "hcp_type = 'Dentist'")),
    ),
    Column("appt_mode", "VARCHAR", _one_of(suites.SETS["appt_mode"], "h(i, 41) % 5")),
    Column(
        "duration_mins",
        "INTEGER",
        "1 + (60 * pow(u(i, 43), 2))::INTEGER",
        "u(i, 42)",
        (Defect(0.15, "NULL", "duration_mins IS NULL"), Defect(0.001, "0", "duration_mins = 0")),
    ),
    Column("slots_f2f", "INTEGER", "h(i, 44) % 5"),
    Column("slots_tel", "INTEGER", "h(i, 45) % 5"),
    Column(
        "slots_onl",
        "INTEGER",
        "12 - h(i, 44) % 5 - h(i, 45) % 5",
        "u(i, 46)",
        (Defect(0.0001, "13 - h(i, 44) % 5 - h(i, 45) % 5", "slots_f2f + slots_tel + slots_onl = 13"),),
    ),
    Column(
        "notes",
        "VARCHAR",
        "CASE WHEN u(i, 47) < 0.7 THEN NULL ELSE "
        "'note ' || (h(i, 48) % 1000000)::VARCHAR || ' review in ' || (h(i, 49) % 52)::VARCHAR || ' weeks' END",
    ),
)
WRONG_CHECK_DIGITS = 0.004
"""The share of NHS numbers whose check digit is wrong; no rule of the suites looks at it."""


def place(folder: Path, rows: int, clean: bool = False) -> str:
    """The path or glob of the extract with ``rows`` rows in ``folder``; made there if it is not there yet."""
    name = f"d{suites.short(rows)}"
    if rows > PART:
        return str(folder / name / "*.parquet") if (folder / name).is_dir() else _made_in_parts(folder / name, rows)
    path = folder / f"{name}{'_clean' if clean else ''}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        if clean:
            write_clean(place(folder, rows), unfinished)
        else:
            write(unfinished, rows)
        unfinished.rename(path)
    return str(path)


def _made_in_parts(folder: Path, rows: int) -> str:
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    for number, first in enumerate(range(0, rows, PART)):
        write(unfinished / f"part{number:03}.parquet", rows, range(first, min(first + PART, rows)))
    unfinished.rename(folder)
    return str(folder / "*.parquet")


def write(path: Path, rows: int, part: range | None = None) -> None:
    """Writes the extract with ``rows`` rows, or those of ``part``, as one Parquet file."""
    with _connected() as connection:
        for statement in _macros(rows):
            connection.execute(statement)
        for name, codes in zip(("concept", "medicine"), _codes(), strict=True):
            connection.execute(f"CREATE TABLE {name} AS SELECT unnest(range({len(codes)})) AS k, unnest($1) AS code", [codes])
        connection.execute(f"COPY ({_select(rows, part or range(rows))}) TO '{path}' ({_format()})")


def write_clean(source: str, path: Path) -> None:
    """Writes the rows of an extract in which no rule of the reference suite finds anything wrong, with ids of their own."""
    with _connected() as connection:
        types = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE FROM '{source}'").fetchall()}
        predicates = [
            wrong(rule, types, "regexp_matches") for rule in rules_of(json.dumps(suites.suite(46, 1))) if rule.kind in ROW_RULES
        ]
        sound = " AND ".join(f"NOT coalesce({predicate}, false)" for predicate in predicates)
        ids = f"CAST({FIRST_PID} + row_number() OVER () - 1 AS BIGINT) AS patient_pid"
        connection.execute(f"COPY (SELECT * REPLACE ({ids}) FROM '{source}' WHERE {sound}) TO '{path}' ({_format()})")


def _connected() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    return connection


def _format() -> str:
    return f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"


def _macros(rows: int) -> list[str]:
    """``h(i, s)``: a whole number of 53 bits drawn from row and stream; ``u(i, s)``: the same from 0 to 1."""
    weighted = " + ".join(f"{10 - place} * ((nine // {10 ** (8 - place)}) % 10)" for place in range(9))
    return [
        "CREATE MACRO h(i, s) AS (hash(i * 1000003 + s) >> 11)::BIGINT",
        "CREATE MACRO u(i, s) AS h(i, s) / 9007199254740992.0",
        f"CREATE MACRO check_digit(nine) AS (11 - ({weighted}) % 11) % 11",
        # of two neighbours at most one has the check digit 10, which no NHS number has
        "CREATE MACRO usable(nine) AS if(check_digit(nine) = 10, (nine // 10) * 10 + (nine % 10 + 1) % 10, nine)",
        f"CREATE MACRO patient(i) AS usable(400000000 + h(h(i, 2) % greatest({rows} // 3, 1), 3) % 99999999)",
    ]


def _select(rows: int, part: range) -> str:
    digit = f"(check_digit(nine) + if(u(i, 11) < {WRONG_CHECK_DIGITS}, 1, 0)) % 10"
    return f"""
        WITH drawn AS (
            SELECT i, h(i, 1) % 6500 AS practice, patient(i) AS nine, (100 * pow(u(i, 10), 0.8))::INTEGER AS years,
                DATE '2023-04-01' + ((i * 365) // {rows})::INTEGER + ((h(i, 12) % 3)::INTEGER) AS day
            FROM range({part.start}, {part.stop}) t(i)
        ), event AS (SELECT *, nine::VARCHAR || ({digit})::VARCHAR AS nhs FROM drawn)
        SELECT {", ".join(column.sql() for column in COLUMNS)}
        FROM event
        LEFT JOIN concept ON concept.k = ({CONCEPTS} * pow(u(i, 50), 2.2))::BIGINT % {CONCEPTS}
        LEFT JOIN medicine ON medicine.k = ({MEDICINES} * pow(u(i, 51), 2.0))::BIGINT % {MEDICINES}
        ORDER BY i"""


def _codes() -> tuple[list[str], list[str]]:
    """Codes like those of SNOMED CT (7 to 17 digits, of a concept, with Verhoeff's check digit), and like those of the BNF."""
    draw = random.Random(42)

    def digits(count: int) -> str:
        return "".join(str(draw.randint(0, 9)) for _ in range(count))

    def concept() -> str:
        length = draw.choice([7, 8, 8, 9, 9, 15, 16, 17])
        body = f"{draw.randint(1, 9)}{digits(length - 4)}00"
        return f"{body}{_verhoeff(body)}"

    def medicine() -> str:
        chapter = f"{draw.randint(1, 15):02}{draw.randint(1, 9):02}{draw.randint(1, 9):02}{digits(1)}"
        return chapter + "".join(draw.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _ in range(8))

    return [concept() for _ in range(CONCEPTS)], [medicine() for _ in range(MEDICINES)]


def _verhoeff(number: str) -> int:
    """Verhoeff's check digit: the digits, permuted by their place, multiplied in the dihedral group of order ten."""
    total = 0
    for place, character in enumerate(reversed(number), start=1):
        digit = int(character)
        for _ in range(place % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        turned = digit if total < 5 else -digit
        total = (total + turned) % 5 + (0 if (total < 5) == (digit < 5) else 5)
    return -total % 5 if total < 5 else total


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.extract", description="Write the extract of the benchmark.")
    parser.add_argument("rows", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clean", action="store_true", help="without the rows that the reference suite finds wrong")
    asked = parser.parse_args()
    print(place(asked.folder, asked.rows, asked.clean))


if __name__ == "__main__":
    main()
