"""What the feeds share: the hash behind every number, the invented places and practices, and the means of planting defects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import blake2b
from typing import NamedTuple

Value = str | int | float | date | None
Row = dict[str, Value]
Defect = Callable[[list[Row]], int]


class Feed(NamedTuple):
    """One feed: its columns, in file order, with DuckDB's names of their types; its clean rows; its defects, in order."""

    schema: dict[str, str]
    clean_rows: Callable[[], list[Row]]
    defects: tuple[Defect, ...]


def draw(below: int, *key: object) -> int:
    """Return a whole number from 0 to ``below`` - 1 that depends on ``key`` alone."""
    digest = blake2b("|".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


# ------------------------------------------------------------------------------------------------- places and practices


class Heir(NamedTuple):
    """A sub-ICB: what became of a primary care group or trust."""

    code: str
    name: str
    area_code: str
    area_name: str
    ons_code: str
    town: str


class Practice(NamedTuple):
    """A general practice that is open throughout."""

    code: str
    name: str
    heir: Heir
    pcn_code: str
    pcn_name: str
    house: str
    street: str
    postcode: str
    telephone: str
    opened: date
    patients: int
    male_percent: int
    supplier: str


REGION_CODE, REGION_NAME = "Y97", "SAMPLE REGION"
HEIRS = (
    Heir("95Z", "NHS NORTH SAMPLESHIRE", "QZ8", "SAMPLESHIRE", "E38999901", "NORTH SAMPLETON"),
    Heir("96Z", "NHS SOUTH SAMPLESHIRE", "QZ8", "SAMPLESHIRE", "E38999902", "SOUTH SAMPLETON"),
    Heir("97Z", "NHS WEST MOCKLAND", "QZ9", "MOCKLAND", "E38999903", "WEST MOCKFORD"),
    Heir("98Z", "NHS EAST MOCKLAND", "QZ9", "MOCKLAND", "E38999904", "EAST MOCKFORD"),
)
PRACTICES_PER_HEIR = 15
MALE_PERCENT = {"T90029": 82}
"""T90029 stands beside a barracks: a true outlier, no defect."""

STEMS = ("LARK", "FERN", "OAKEN", "BRINDLE", "WILLOW", "AMBER", "HOLLOW", "MARSH", "THISTLE", "HERON")
ENDINGS = ("MOOR", "WICK", "STEAD", "COMBE", "HOLME", "GARTH")
KINDS = ("SURGERY", "MEDICAL CENTRE", "HEALTH CENTRE", "PRACTICE")
STREETS = ("HIGH STREET", "STATION ROAD", "CHURCH LANE", "MILL ROAD", "PARK AVENUE")
SUPPLIERS = ("EMIS", "TPP", "EMIS", "TPP", "EMIS", "TPP", "EMIS/EVERGREENLIFE")
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


def fictional_postcode(*key: object) -> str:
    """Return a well-formed postcode in the area ZZ, which Royal Mail does not use; never ZZ99, which the NHS does."""
    inward = LETTERS[draw(20, "first", *key)] + LETTERS[draw(20, "second", *key)]
    return f"ZZ{1 + draw(19, 'district', *key)} {draw(10, 'sector', *key)}{inward}"


def fictional_telephone(*key: object) -> str:
    """Return a number of the range that Ofcom keeps for fiction."""
    return f"01632 960{draw(1000, 'telephone', *key):03d}"


def general_practices() -> list[Practice]:
    """Return the sixty general practices, fifteen for each heir."""
    practices = []
    for number in range(1, PRACTICES_PER_HEIR * len(HEIRS) + 1):
        code = f"T{90000 + number}"
        place = STEMS[number % len(STEMS)] + ENDINGS[number % len(ENDINGS)]
        heir = HEIRS[(number - 1) // PRACTICES_PER_HEIR]
        network = 1 + (number - 1) // 8
        practices.append(
            Practice(
                code=code,
                name=f"{place} SAMPLE {KINDS[number % len(KINDS)]}",
                heir=heir,
                pcn_code=f"U99{network:03d}",
                pcn_name=f"SAMPLE NETWORK {network} PCN",
                house=f"{place} HOUSE",
                street=f"{1 + draw(90, code, 'house')} {STREETS[draw(len(STREETS), code, 'street')]}",
                postcode=fictional_postcode(code),
                telephone=fictional_telephone(code),
                opened=date(1974 + draw(40, code, "year"), 4, 1),
                patients=2500 + draw(14000, code, "patients"),
                male_percent=MALE_PERCENT.get(code, 47 + draw(6, code, "male")),
                supplier=SUPPLIERS[draw(len(SUPPLIERS), code, "supplier")],
            )
        )
    return practices


# ------------------------------------------------------------------------------------------------------------- planting


def rows_where(rows: list[Row], **wanted: Value) -> list[Row]:
    """Return the rows whose columns have the ``wanted`` values, in file order."""
    return [row for row in rows if all(row[column] == value for column, value in wanted.items())]


def overwrite(rows: list[Row], **values: Value) -> int:
    """Put ``values`` into all of ``rows``; return how many rows that were."""
    for row in rows:
        row.update(values)
    return len(rows)


def rewrite(rows: list[Row], column: str, change: Callable[[str], str]) -> int:
    """Pass the texts of one column of ``rows`` through ``change``; return how many rows that were."""
    for row in rows:
        row[column] = change(str(row[column]))
    return len(rows)


def number_of(row: Row, column: str) -> int | float:
    """Return the number that stands in ``column``."""
    value = row[column]
    assert isinstance(value, int | float)
    return value


def repeat(rows: list[Row], again: list[Row]) -> int:
    """Append copies of ``again`` to ``rows``, as a file that was loaded twice does; return how many rows that were."""
    rows += [dict(row) for row in again]
    return len(again)


def remove(rows: list[Row], unwanted: list[Row]) -> int:
    """Take ``unwanted`` out of ``rows``; return how many rows that were."""
    identities = set(map(id, unwanted))
    rows[:] = [row for row in rows if id(row) not in identities]
    return len(unwanted)
