"""Synthetic extracts of four practice-level feeds: clean rows of an invented world, then planted, counted defects.

The world has four heirs of primary care groups and trusts with fifteen general practices each; the same codes stand
in all four feeds. Every organisation, address, drug and number is invented: practice codes begin with T9, postcodes lie
in the area ZZ, telephone numbers in the range that Ofcom keeps for fiction (01632 960000 to 960999).

Each number is a hash of what it describes (:func:`draw`), so that the same rows come out on every machine and a new
column moves no other. A defect is one small function: its docstring says what it breaks, it returns how many rows.
Only :func:`write_samples` needs pyarrow.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

__all__ = ["SCHEMAS", "Defect", "Planted", "Row", "build_samples", "planted_defects", "write_samples"]

Value = str | int | float | date | None
Row = dict[str, Value]
Defect = Callable[[list[Row]], int]
Counts = dict[tuple[str, str], int]


class Planted(NamedTuple):
    """One planted defect: in which feed, the function's name, its docstring, and how many rows it broke or added."""

    feed: str
    name: str
    what: str
    rows: int


SCHEMAS: dict[str, dict[str, str]] = {
    "practices": {
        "snapshot_month": "DATE",
        "organisation_code": "VARCHAR",
        "name": "VARCHAR",
        "national_grouping": "VARCHAR",
        "high_level_health_geography": "VARCHAR",
        "address_1": "VARCHAR",
        "address_2": "VARCHAR",
        "address_3": "VARCHAR",
        "address_4": "VARCHAR",
        "postcode": "VARCHAR",
        "open_date": "DATE",
        "close_date": "DATE",
        "status_code": "VARCHAR",
        "organisation_sub_type_code": "VARCHAR",
        "commissioner": "VARCHAR",
        "join_provider_purchaser_date": "DATE",
        "left_provider_purchaser_date": "DATE",
        "contact_telephone": "VARCHAR",
        "amended_record_indicator": "INTEGER",
        "provider_purchaser": "VARCHAR",
        "prescribing_setting": "VARCHAR",
    },
    "list_sizes": {
        "publication": "VARCHAR",
        "extract_date": "DATE",
        "org_type": "VARCHAR",
        "org_code": "VARCHAR",
        "ons_code": "VARCHAR",
        "postcode": "VARCHAR",
        "sex": "VARCHAR",
        "age_group_5": "VARCHAR",
        "number_of_patients": "INTEGER",
    },
    "prescribing": {
        "year_month": "VARCHAR",
        "regional_office_name": "VARCHAR",
        "regional_office_code": "VARCHAR",
        "area_team_name": "VARCHAR",
        "area_team_code": "VARCHAR",
        "pco_name": "VARCHAR",
        "pco_code": "VARCHAR",
        "practice_name": "VARCHAR",
        "practice_code": "VARCHAR",
        "address_1": "VARCHAR",
        "address_2": "VARCHAR",
        "address_3": "VARCHAR",
        "address_4": "VARCHAR",
        "postcode": "VARCHAR",
        "bnf_chemical_substance": "VARCHAR",
        "chemical_substance_bnf_descr": "VARCHAR",
        "bnf_code": "VARCHAR",
        "bnf_description": "VARCHAR",
        "bnf_chapter_plus_code": "VARCHAR",
        "quantity": "DOUBLE",
        "items": "INTEGER",
        "total_quantity": "DOUBLE",
        "adqusage": "DOUBLE",
        "nic": "DOUBLE",
        "actual_cost": "DOUBLE",
        "unidentified": "VARCHAR",
    },
    "appointments": {
        "appointment_month_start_date": "DATE",
        "gp_code": "VARCHAR",
        "gp_name": "VARCHAR",
        "supplier": "VARCHAR",
        "pcn_code": "VARCHAR",
        "pcn_name": "VARCHAR",
        "sub_icb_location_code": "VARCHAR",
        "sub_icb_location_name": "VARCHAR",
        "hcp_type": "VARCHAR",
        "appt_mode": "VARCHAR",
        "national_category": "VARCHAR",
        "time_between_book_and_appt": "VARCHAR",
        "count_of_appointments": "BIGINT",
        "appt_status": "VARCHAR",
    },
}
"""The columns of each feed, in file order, with DuckDB's names of their types."""


def draw(below: int, *key: object) -> int:
    """Return a whole number from 0 to ``below`` - 1 that depends on ``key`` alone."""
    digest = blake2b("|".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


# ----------------------------------------------------------------------------------------------------------- the world


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


# ----------------------------------------------------------------------------------------------- practices, clean rows

SNAPSHOTS = tuple(date(2024, month, 1) for month in range(1, 13))
OTHER_SETTINGS = ("0", "9", "10", "8", "2", "13", "1", "14")
OTHER_NAMES = {
    "0": "SAMPLE COST CENTRE",
    "9": "SAMPLE COMMUNITY HEALTH SERVICE",
    "10": "SAMPLE COMMUNITY CLINIC",
    "8": "SAMPLE PUBLIC HEALTH SERVICE",
    "2": "SAMPLE OUT OF HOURS SERVICE",
    "13": "SAMPLE HOSPICE",
    "1": "SAMPLE WALK-IN CENTRE",
    "14": "SAMPLE PRISON",
}
OTHERS, FIRST_CLOSED, FIRST_DORMANT = 40, 22, 34
"""Besides the practices: 22 other cost centres, 12 practices that close (some during the year), 6 dormant ones."""


def register_row(month: date, practice: Practice) -> Row:
    """Return one general practice as the register of ``month`` has it."""
    return {
        "snapshot_month": month,
        "organisation_code": practice.code,
        "name": practice.name,
        "national_grouping": REGION_CODE,
        "high_level_health_geography": practice.heir.area_code,
        "address_1": practice.house,
        "address_2": practice.street,
        "address_3": practice.heir.town,
        "address_4": None if draw(4, practice.code, "county") == 0 else practice.heir.area_name,
        "postcode": practice.postcode,
        "open_date": practice.opened,
        "close_date": None,
        "status_code": "A",
        "organisation_sub_type_code": "B",
        "commissioner": practice.heir.code,
        "join_provider_purchaser_date": date(2013, 4, 1),
        "left_provider_purchaser_date": None,
        "contact_telephone": practice.telephone,
        "amended_record_indicator": int(draw(50, practice.code, month, "amended") == 0),
        "provider_purchaser": practice.heir.code,
        "prescribing_setting": "4",
    }


def other_register_rows(month: date) -> Iterator[Row]:
    """Yield the other cost centres, the closing and the dormant practices as the register of ``month`` has them."""
    for number in range(OTHERS):
        heir = HEIRS[number % len(HEIRS)]
        code = f"T{95001 + number}"
        setting = "4" if number >= FIRST_CLOSED else OTHER_SETTINGS[number % len(OTHER_SETTINGS)]
        closed = date(2019 + number % 6, 6, 30) if FIRST_CLOSED <= number < FIRST_DORMANT else None
        if closed is not None and closed >= month:
            closed = None
        row = register_row(month, general_practices()[0])
        row |= {
            "organisation_code": code,
            "name": f"{OTHER_NAMES.get(setting, 'SAMPLE FORMER PRACTICE')} {number + 1}",
            "high_level_health_geography": heir.area_code,
            "address_1": f"UNIT {number + 1}",
            "address_2": f"{1 + draw(90, code)} {STREETS[draw(len(STREETS), code)]}",
            "address_3": heir.town,
            "address_4": None,
            "postcode": fictional_postcode(code),
            "open_date": date(2002 + number % 15, 10, 1),
            "close_date": closed,
            "status_code": "D" if number >= FIRST_DORMANT else "C" if closed else "A",
            "commissioner": heir.code,
            "join_provider_purchaser_date": date(2017, 4, 1),
            "left_provider_purchaser_date": closed,
            "contact_telephone": fictional_telephone(code),
            "amended_record_indicator": 0,
            "provider_purchaser": f"RZ{number % 4 + 1}" if setting != "4" else heir.code,
            "prescribing_setting": setting,
        }
        yield row


def practices_rows() -> list[Row]:
    """Return twelve monthly registers of one hundred organisations."""
    rows: list[Row] = []
    for month in SNAPSHOTS:
        rows += [register_row(month, practice) for practice in general_practices()]
        rows += other_register_rows(month)
    return rows


# ---------------------------------------------------------------------------------------------- list sizes, clean rows

EXTRACT_DATE = date(2024, 12, 1)
AGE_BANDS = (*(f"{start}_{start + 4}" for start in range(0, 95, 5)), "95+")
BAND_WEIGHTS = (52, 56, 59, 57, 58, 66, 71, 70, 67, 61, 65, 67, 61, 51, 43, 41, 27, 16, 8, 4)


def practice_counts(practice: Practice) -> Counts:
    """Return the patients of one practice by sex and age band, each sex's total, and the grand total."""
    counts: Counts = {}
    for sex, percent in (("FEMALE", 100 - practice.male_percent), ("MALE", practice.male_percent)):
        for band, weight in zip(AGE_BANDS, BAND_WEIGHTS, strict=True):
            share = weight * (900 + draw(200, practice.code, sex, band))
            counts[sex, band] = practice.patients * percent * share // (sum(BAND_WEIGHTS) * 100_000)
        counts[sex, "ALL"] = sum(counts[sex, band] for band in AGE_BANDS)
    counts["ALL", "ALL"] = counts["FEMALE", "ALL"] + counts["MALE", "ALL"]
    return counts


def list_sizes_rows() -> list[Row]:
    """Return one monthly publication: 43 rows for each practice, then 43 for each sub-ICB."""
    rows: list[Row] = []
    totals: dict[Heir, Counts] = {heir: {} for heir in HEIRS}

    def add(org_type: str, code: str, ons_code: str | None, postcode: str | None, counts: Counts) -> None:
        for (sex, band), patients in counts.items():
            rows.append(
                {
                    "publication": "GP_PRAC_PAT_LIST",
                    "extract_date": EXTRACT_DATE,
                    "org_type": org_type,
                    "org_code": code,
                    "ons_code": ons_code,
                    "postcode": postcode,
                    "sex": sex,
                    "age_group_5": band,
                    "number_of_patients": patients,
                }
            )

    for practice in general_practices():
        counts = practice_counts(practice)
        add("GP", practice.code, None, practice.postcode, counts)
        total = totals[practice.heir]
        for key, patients in counts.items():
            total[key] = total.get(key, 0) + patients
    for heir, total in totals.items():
        add("SUB_ICB_LOCATION_CODE", heir.code, heir.ons_code, None, total)
    return rows


# --------------------------------------------------------------------------------------------- prescribing, clean rows

MONTHS = ("202410", "202411", "202412")
SUBSTANCES = (
    ("01: Gastro-Intestinal System", "Fictazole"),
    ("02: Cardiovascular System", "Fictastatin"),
    ("03: Respiratory System", "Fictaterol"),
    ("04: Central Nervous System", "Fictazepam"),
    ("05: Infections", "Fictacillin"),
    ("06: Endocrine System", "Fictaformin"),
    ("07: Obstetrics, Gynaecology and Urinary Tract Disorders", "Fictabladin"),
    ("08: Malignant Disease and Immunosuppression", "Fictatrexate"),
    ("09: Nutrition and Blood", "Fictavitamin"),
    ("10: Musculoskeletal and Joint Diseases", "Fictaprofen"),
    ("13: Skin", "Fictacort"),
)
STRENGTHS = ("5mg", "10mg", "20mg", "40mg")
APPLIANCES = (
    ("20: Dressings", "Ficta dressing"),
    ("21: Appliances", "Ficta stocking"),
    ("22: Incontinence Appliances", "Ficta sheath"),
    ("23: Stoma Appliances", "Ficta pouch"),
)
SIZES = ("small", "large")
QUANTITIES = (7, 14, 28, 56, 84, 100)


class Presentation(NamedTuple):
    """Something that can be prescribed: its codes, its names, and its price in pence for each unit."""

    substance_code: str
    substance: str
    code: str
    description: str
    chapter: str
    pence: int


def presentations() -> list[Presentation]:
    """Return the invented drugs (BNF section 99, which no chapter has) and appliances (codes of 11 characters)."""
    found = []
    for chapter, name in SUBSTANCES:
        for number, strength in enumerate(STRENGTHS):
            substance = f"{chapter[:2]}99010Z0"
            strength_code = f"A{'ABCD'[number]}"
            code = f"{substance}AA{strength_code}{strength_code}"
            pence = 2 + draw(40, code)
            found.append(Presentation(substance, name, code, f"{name} {strength} tablets", chapter, pence))
    for chapter, name in APPLIANCES:
        for number, size in enumerate(SIZES):
            code = f"{chapter[:2]}99010010{number}"
            found.append(Presentation(f"{chapter[:2]}99", name, code, f"{name} {size}", chapter, 150 + draw(400, code)))
    return found


def prescription_row(month: str, practice: Practice, drug: Presentation, quantity: int) -> Row:
    """Return what one practice prescribed of one presentation in one pack size in one month.

    The cost is 93 % of the price and a little for each item; one row in forty bears expenses that lift it above the
    price, as in real data.
    """
    key = (practice.code, month, drug.code, quantity)
    items = 1 + draw(2 + practice.patients // 400, *key, "items")
    nic_pence = items * quantity * drug.pence
    cost = nic_pence * 1200 if draw(40, *key, "expenses") == 0 else nic_pence * 930 + items * 13
    return {
        "year_month": month,
        "regional_office_name": REGION_NAME,
        "regional_office_code": REGION_CODE,
        "area_team_name": practice.heir.area_name,
        "area_team_code": practice.heir.area_code,
        "pco_name": practice.heir.name,
        "pco_code": f"{practice.heir.code}00",
        "practice_name": practice.name,
        "practice_code": practice.code,
        "address_1": practice.house,
        "address_2": practice.street,
        "address_3": practice.heir.town,
        "address_4": practice.heir.area_name,
        "postcode": practice.postcode,
        "bnf_chemical_substance": drug.substance_code,
        "chemical_substance_bnf_descr": drug.substance,
        "bnf_code": drug.code,
        "bnf_description": drug.description,
        "bnf_chapter_plus_code": drug.chapter,
        "quantity": float(quantity),
        "items": items,
        "total_quantity": float(quantity * items),
        "adqusage": float(quantity * items) / 2 if drug.substance_code[:2] in ("02", "05", "06") else 0.0,
        "nic": nic_pence / 100,
        "actual_cost": cost / 100_000,
        "unidentified": "N",
    }


def prescribing_rows() -> list[Row]:
    """Return three months of prescribing."""
    rows = []
    for month in MONTHS:
        for practice in general_practices():
            for drug in presentations():
                first = draw(len(QUANTITIES), practice.code, drug.code)
                if draw(5, practice.code, month, drug.code, "prescribed"):
                    rows.append(prescription_row(month, practice, drug, QUANTITIES[first]))
                if draw(5, practice.code, month, drug.code, "second pack") == 0:
                    rows.append(prescription_row(month, practice, drug, QUANTITIES[first - 1]))
    return rows


# -------------------------------------------------------------------------------------------- appointments, clean rows

APPOINTMENT_MONTHS = (date(2024, 11, 1), date(2024, 12, 1))
ATTEMPTS = 90
"""So many draws of a cell of the crosstab for each practice and month; equal cells are added up."""
HCP_TYPES = ("GP",) * 14 + ("Other Practice staff",) * 15 + ("Unknown",)
APPT_MODES = ("Face-to-Face",) * 12 + ("Telephone",) * 5 + ("Video Conference/Online", "Home Visit", "Unknown")
CATEGORIES = (
    *("General Consultation Routine",) * 10,
    *("Planned Clinics",) * 7,
    *("Inconsistent Mapping",) * 4,
    *("General Consultation Acute",) * 6,
    *("Planned Clinical Procedure",) * 5,
    *("Clinical Triage",) * 3,
    *("Home Visit",) * 2,
    "Unmapped",
    "Care Related Encounter but does not fit into any other category",
    "Structured Medication Review",
    "Social Prescribing Service",
    "Unplanned Clinical Activity",
    "Patient contact during Care Home Round",
    "Service provided by organisation external to the practice",
    "Care Home Visit",
    "Non-contractual chargeable work",
    "Care Home Needs Assessment & Personalised Care and Support Planning",
    "Walk-in",
    "Group Consultation and Group Education",
)
WAITS = (
    *("Same Day",) * 7,
    *("1 Day",) * 5,
    *("2 to 7 Days",) * 7,
    *("8  to 14 Days",) * 6,
    *("15  to 21 Days",) * 5,
    *("22  to 28 Days",) * 4,
    *("More than 28 Days",) * 4,
)
"""The publisher's own spelling: three of them have a double blank."""
STATUSES = ("Attended",) * 7 + ("DNA",) * 3 + ("Unknown",) * 3


def appointments_rows() -> list[Row]:
    """Return two months of the practice crosstab."""
    rows: list[Row] = []
    for month in APPOINTMENT_MONTHS:
        for practice in general_practices():
            cells: dict[tuple[str, ...], int] = {}
            for attempt in range(ATTEMPTS):
                key = (practice.code, month, attempt)
                choices = (HCP_TYPES, APPT_MODES, CATEGORIES, WAITS, STATUSES)
                cell = tuple(options[draw(len(options), place, *key)] for place, options in enumerate(choices))
                cells[cell] = cells.get(cell, 0) + 1 + draw(practice.patients // 100, "count", *key)
            for (hcp_type, mode, category, wait, status), appointments in cells.items():
                rows.append(
                    {
                        "appointment_month_start_date": month,
                        "gp_code": practice.code,
                        "gp_name": practice.name,
                        "supplier": practice.supplier,
                        "pcn_code": practice.pcn_code,
                        "pcn_name": practice.pcn_name,
                        "sub_icb_location_code": practice.heir.code,
                        "sub_icb_location_name": f"{practice.heir.name} ICB - {practice.heir.code}",
                        "hcp_type": hcp_type,
                        "appt_mode": mode,
                        "national_category": category,
                        "time_between_book_and_appt": wait,
                        "count_of_appointments": appointments,
                        "appt_status": status,
                    }
                )
    return rows


# ------------------------------------------------------------------------------------------------ planting, in general


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


# -------------------------------------------------------------------------------------------------- practices, defects


def practices_without_code(rows: list[Row]) -> int:
    """T90031 has no organisation code in its first 6 months."""
    return overwrite(rows_where(rows, organisation_code="T90031")[:6], organisation_code=None)


def practices_lower_case_code(rows: list[Row]) -> int:
    """T90011 is written t90011 in all 12 months."""
    return rewrite(rows_where(rows, organisation_code="T90011"), "organisation_code", str.lower)


def practices_blank_after_code(rows: list[Row]) -> int:
    """T90012 has a blank after its code in 3 months."""
    return overwrite(rows_where(rows, organisation_code="T90012")[:3], organisation_code="T90012 ")


def practices_twice(rows: list[Row]) -> int:
    """T90021 stands twice in each of the last 3 months."""
    return repeat(rows, rows_where(rows, organisation_code="T90021")[-3:])


def practices_next_schema(rows: list[Row]) -> int:
    """4 cost centres have the words of a later layout in December: status ACTIVE, setting RO76."""
    late = [row for code in range(95001, 95005) for row in rows_where(rows, organisation_code=f"T{code}")[-1:]]
    return overwrite(late, status_code="ACTIVE", prescribing_setting="RO76")


def practices_unknown_status(rows: list[Row]) -> int:
    """T95010 has the status U (unknown) in 2 months."""
    return overwrite(rows_where(rows, organisation_code="T95010")[:2], status_code="U")


def practices_close_before_open(rows: list[Row]) -> int:
    """T95023 closed before it opened, in 5 months."""
    closed = [row for row in rows_where(rows, organisation_code="T95023") if row["close_date"]]
    return overwrite(closed[:5], open_date=date(2023, 10, 1))


def practices_active_but_closed(rows: list[Row]) -> int:
    """T90041 is active in all 12 months though it has a close date."""
    return overwrite(rows_where(rows, organisation_code="T90041"), close_date=date(2023, 9, 30))


def practices_future_opening(rows: list[Row]) -> int:
    """T90042 opens in 2098 by the last 3 registers."""
    return overwrite(rows_where(rows, organisation_code="T90042")[-3:], open_date=date(2098, 4, 1))


def practices_bad_postcode(rows: list[Row]) -> int:
    """T90015 has no blank in its postcode, in all 12 months."""
    return rewrite(rows_where(rows, organisation_code="T90015"), "postcode", lambda text: text.replace(" ", ""))


def practices_without_postcode(rows: list[Row]) -> int:
    """T90016 has no postcode in 5 months."""
    return overwrite(rows_where(rows, organisation_code="T90016")[:5], postcode=None)


def practices_untidy_name(rows: list[Row]) -> int:
    """T90022 has a blank after its name in all 12 months."""
    return rewrite(rows_where(rows, organisation_code="T90022"), "name", lambda text: f"{text} ")


def practices_telephone_without_zero(rows: list[Row]) -> int:
    """T90023 has lost the first 0 of its telephone number in all 12 months."""
    return rewrite(rows_where(rows, organisation_code="T90023"), "contact_telephone", lambda text: text[1:])


def practices_without_commissioner(rows: list[Row]) -> int:
    """T90044 has no commissioner in 7 months."""
    return overwrite(rows_where(rows, organisation_code="T90044")[:7], commissioner=None)


# ------------------------------------------------------------------------------------------------- list sizes, defects


def list_sizes_missing_practice(rows: list[Row]) -> int:
    """T90058 is missing from the publication (its sub-ICB still counts its patients): 43 rows."""
    return remove(rows, rows_where(rows, org_code="T90058"))


def list_sizes_without_code(rows: list[Row]) -> int:
    """T90031 has no code in 5 rows."""
    return overwrite(rows_where(rows, org_code="T90031")[:5], org_code=None)


def list_sizes_lower_case_code(rows: list[Row]) -> int:
    """T90011 is written t90011 in all 43 rows."""
    return rewrite(rows_where(rows, org_code="T90011"), "org_code", str.lower)


def list_sizes_blank_after_code(rows: list[Row]) -> int:
    """T90012 has a blank after its code in all 43 rows."""
    return overwrite(rows_where(rows, org_code="T90012"), org_code="T90012 ")


def list_sizes_twice(rows: list[Row]) -> int:
    """T90017 was loaded twice: 43 rows more."""
    return repeat(rows, rows_where(rows, org_code="T90017"))


def list_sizes_empty_list(rows: list[Row]) -> int:
    """T90051 has a list of 0 patients, in all 43 rows."""
    return overwrite(rows_where(rows, org_code="T90051"), number_of_patients=0)


def list_sizes_negative(rows: list[Row]) -> int:
    """T90024 has negative numbers of women in 4 age bands."""
    return overwrite(rows_where(rows, org_code="T90024", sex="FEMALE")[:4], number_of_patients=-9)


def list_sizes_other_sex_code(rows: list[Row]) -> int:
    """T90025 has M for MALE in 21 rows."""
    return overwrite(rows_where(rows, org_code="T90025", sex="MALE"), sex="M")


def list_sizes_without_number(rows: list[Row]) -> int:
    """T90027 has no number of patients in 3 rows."""
    return overwrite(rows_where(rows, org_code="T90027", sex="MALE")[:3], number_of_patients=None)


def list_sizes_wrong_total(rows: list[Row]) -> int:
    """T90028 has a grand total with 1,000 patients too many: 1 row."""
    chosen = rows_where(rows, org_code="T90028", sex="ALL")
    for row in chosen:
        row["number_of_patients"] = number_of(row, "number_of_patients") + 1000
    return len(chosen)


def list_sizes_bad_postcode(rows: list[Row]) -> int:
    """T90015 has no blank in its postcode, in all 43 rows."""
    return rewrite(rows_where(rows, org_code="T90015"), "postcode", lambda text: text.replace(" ", ""))


def list_sizes_future_date(rows: list[Row]) -> int:
    """T90042 was extracted in 2098, by all 43 rows."""
    return overwrite(rows_where(rows, org_code="T90042"), extract_date=date(2098, 12, 1))


# ------------------------------------------------------------------------------------------------ prescribing, defects


def prescribing_missing_practice(rows: list[Row]) -> int:
    """T90057 is missing in all three months."""
    return remove(rows, rows_where(rows, practice_code="T90057"))


def prescribing_without_code(rows: list[Row]) -> int:
    """T90031 has no code in 9 rows."""
    return overwrite(rows_where(rows, practice_code="T90031")[:9], practice_code=None)


def prescribing_lower_case_code(rows: list[Row]) -> int:
    """T90011 is written t90011 in every row."""
    return rewrite(rows_where(rows, practice_code="T90011"), "practice_code", str.lower)


def prescribing_blank_after_code(rows: list[Row]) -> int:
    """T90012 has a blank after its code in 10 rows."""
    return overwrite(rows_where(rows, practice_code="T90012")[:10], practice_code="T90012 ")


def prescribing_twice(rows: list[Row]) -> int:
    """T90021 has 12 rows twice."""
    return repeat(rows, rows_where(rows, practice_code="T90021")[:12])


def prescribing_bad_postcode(rows: list[Row]) -> int:
    """T90015 has no blank in its postcode in the rows of October."""
    october = rows_where(rows, practice_code="T90015", year_month="202410")
    return rewrite(october, "postcode", lambda text: text.replace(" ", ""))


def prescribing_lost_zero(rows: list[Row]) -> int:
    """T90032 has lost the first 0 of 8 BNF codes, as a spreadsheet does: 14 characters."""
    drugs = [row for row in rows_where(rows, practice_code="T90032") if str(row["bnf_code"]).startswith("0")]
    return rewrite(drugs[:8], "bnf_code", lambda text: text[1:])


def prescribing_cut_code(rows: list[Row]) -> int:
    """T90032 has 3 drugs whose BNF code was cut to 11 characters."""
    drugs = [row for row in rows_where(rows, practice_code="T90032") if len(str(row["bnf_code"])) == 15]
    return rewrite(drugs[-3:], "bnf_code", lambda text: text[:11])


def prescribing_wrong_total(rows: list[Row]) -> int:
    """T90033 has a total quantity that is not quantity times items, in 15 rows."""
    chosen = rows_where(rows, practice_code="T90033")[:15]
    for row in chosen:
        row["total_quantity"] = number_of(row, "total_quantity") + 1
    return len(chosen)


def prescribing_negative_items(rows: list[Row]) -> int:
    """T90034 has -1 items in 2 rows."""
    return overwrite(rows_where(rows, practice_code="T90034")[:2], items=-1)


def prescribing_nan(rows: list[Row]) -> int:
    """T90035 has NaN as its ADQ usage in every row."""
    return overwrite(rows_where(rows, practice_code="T90035"), adqusage=float("nan"))


def prescribing_short_pco(rows: list[Row]) -> int:
    """T90037 has its sub-ICB code without the two zeros in 30 rows."""
    return rewrite(rows_where(rows, practice_code="T90037")[:30], "pco_code", lambda text: text[:3])


def prescribing_untidy_description(rows: list[Row]) -> int:
    """T90038 has a blank after 12 descriptions."""
    return rewrite(rows_where(rows, practice_code="T90038")[:12], "bnf_description", lambda text: f"{text} ")


def prescribing_future_month(rows: list[Row]) -> int:
    """T90042 prescribed in November 2098, by 7 rows."""
    return overwrite(rows_where(rows, practice_code="T90042")[:7], year_month="209811")


def prescribing_thirteenth_month(rows: list[Row]) -> int:
    """T90043 prescribed in the thirteenth month of 2024, by 4 rows."""
    return overwrite(rows_where(rows, practice_code="T90043")[:4], year_month="202413")


def prescribing_pence(rows: list[Row]) -> int:
    """T90044 has its actual cost in pence, not pounds, in 10 rows."""
    chosen = rows_where(rows, practice_code="T90044")[:10]
    for row in chosen:
        row["actual_cost"] = number_of(row, "actual_cost") * 100
    return len(chosen)


# ----------------------------------------------------------------------------------------------- appointments, defects


def appointments_missing_practice(rows: list[Row]) -> int:
    """T90059 is missing in both months."""
    return remove(rows, rows_where(rows, gp_code="T90059"))


def appointments_without_code(rows: list[Row]) -> int:
    """T90031 has no code in 8 rows."""
    return overwrite(rows_where(rows, gp_code="T90031")[:8], gp_code=None)


def appointments_lower_case_code(rows: list[Row]) -> int:
    """T90011 is written t90011 in every row."""
    return rewrite(rows_where(rows, gp_code="T90011"), "gp_code", str.lower)


def appointments_blank_after_code(rows: list[Row]) -> int:
    """T90012 has a blank after its code in 20 rows."""
    return overwrite(rows_where(rows, gp_code="T90012")[:20], gp_code="T90012 ")


def appointments_twice(rows: list[Row]) -> int:
    """T90017 was loaded twice for November."""
    return repeat(rows, rows_where(rows, gp_code="T90017", appointment_month_start_date=date(2024, 11, 1)))


def appointments_unknown_wait(rows: list[Row]) -> int:
    """T90019 has "Unknown / Data Issue" as its waiting time in 100 rows, no two of them of one cell."""
    cell = ("appointment_month_start_date", "hcp_type", "appt_mode", "national_category", "appt_status")
    cells = {tuple(row[column] for column in cell): row for row in rows_where(rows, gp_code="T90019")}
    return overwrite(list(cells.values())[:100], time_between_book_and_appt="Unknown / Data Issue")


def appointments_negative(rows: list[Row]) -> int:
    """T90024 has -1 appointments in 6 rows."""
    return overwrite(rows_where(rows, gp_code="T90024")[:6], count_of_appointments=-1)


def appointments_zero(rows: list[Row]) -> int:
    """T90026 has 0 appointments in 3 rows."""
    return overwrite(rows_where(rows, gp_code="T90026")[:3], count_of_appointments=0)


def appointments_other_mode(rows: list[Row]) -> int:
    """T90028 writes "Face to Face" without hyphens."""
    return overwrite(rows_where(rows, gp_code="T90028", appt_mode="Face-to-Face"), appt_mode="Face to Face")


def appointments_other_supplier(rows: list[Row]) -> int:
    """T90030 writes its supplier in small letters in November."""
    november = rows_where(rows, gp_code="T90030", appointment_month_start_date=date(2024, 11, 1))
    return rewrite(november, "supplier", str.lower)


def appointments_two_sub_icbs(rows: list[Row]) -> int:
    """T90033 is under another sub-ICB in 10 rows of November."""
    return overwrite(rows_where(rows, gp_code="T90033")[:10], sub_icb_location_code="98Z")


def appointments_untidy_name(rows: list[Row]) -> int:
    """T90022 has a blank after its name in every row."""
    return rewrite(rows_where(rows, gp_code="T90022"), "gp_name", lambda text: f"{text} ")


def appointments_future_month(rows: list[Row]) -> int:
    """T90042 has appointments in December 2098, in 5 rows."""
    return overwrite(rows_where(rows, gp_code="T90042")[:5], appointment_month_start_date=date(2098, 12, 1))


def appointments_without_status(rows: list[Row]) -> int:
    """T90045 has no appointment status in 25 rows."""
    return overwrite(rows_where(rows, gp_code="T90045")[:25], appt_status=None)


# ----------------------------------------------------------------------------------------------------------- the feeds

FEEDS: dict[str, tuple[Callable[[], list[Row]], tuple[Defect, ...]]] = {
    "practices": (
        practices_rows,
        (
            practices_without_code,
            practices_lower_case_code,
            practices_blank_after_code,
            practices_twice,
            practices_next_schema,
            practices_unknown_status,
            practices_close_before_open,
            practices_active_but_closed,
            practices_future_opening,
            practices_bad_postcode,
            practices_without_postcode,
            practices_untidy_name,
            practices_telephone_without_zero,
            practices_without_commissioner,
        ),
    ),
    "list_sizes": (
        list_sizes_rows,
        (
            list_sizes_missing_practice,
            list_sizes_without_code,
            list_sizes_lower_case_code,
            list_sizes_blank_after_code,
            list_sizes_twice,
            list_sizes_empty_list,
            list_sizes_negative,
            list_sizes_other_sex_code,
            list_sizes_without_number,
            list_sizes_wrong_total,
            list_sizes_bad_postcode,
            list_sizes_future_date,
        ),
    ),
    "prescribing": (
        prescribing_rows,
        (
            prescribing_missing_practice,
            prescribing_without_code,
            prescribing_lower_case_code,
            prescribing_blank_after_code,
            prescribing_twice,
            prescribing_bad_postcode,
            prescribing_lost_zero,
            prescribing_cut_code,
            prescribing_wrong_total,
            prescribing_negative_items,
            prescribing_nan,
            prescribing_short_pco,
            prescribing_untidy_description,
            prescribing_future_month,
            prescribing_thirteenth_month,
            prescribing_pence,
        ),
    ),
    "appointments": (
        appointments_rows,
        (
            appointments_missing_practice,
            appointments_without_code,
            appointments_lower_case_code,
            appointments_blank_after_code,
            appointments_twice,
            appointments_unknown_wait,
            appointments_negative,
            appointments_zero,
            appointments_other_mode,
            appointments_other_supplier,
            appointments_two_sub_icbs,
            appointments_untidy_name,
            appointments_future_month,
            appointments_without_status,
        ),
    ),
}


def build_feed(feed: str) -> tuple[list[Row], list[Planted]]:
    """Return the rows of one feed with its defects planted, and what was planted."""
    make_rows, defects = FEEDS[feed]
    rows = make_rows()
    planted = [Planted(feed, defect.__name__, defect.__doc__ or "", defect(rows)) for defect in defects]
    return rows, planted


def build_samples() -> dict[str, list[Row]]:
    """Return the rows of every feed, defects included."""
    return {feed: build_feed(feed)[0] for feed in FEEDS}


def planted_defects() -> list[Planted]:
    """Return every planted defect with the number of rows it broke, removed or added."""
    return [planted for feed in FEEDS for planted in build_feed(feed)[1]]


def write_samples(directory: Path) -> None:
    """Write ``<feed>.parquet`` for every feed into ``directory``, which is made where it does not exist."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import, and needed here alone
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
    }
    directory.mkdir(parents=True, exist_ok=True)
    for feed, rows in build_samples().items():
        schema = pa.schema([(column, types[name]) for column, name in SCHEMAS[feed].items()])
        table = pa.Table.from_pylist(rows, schema=schema)
        pq.write_table(table, directory / f"{feed}.parquet", compression="zstd", compression_level=9)


def main(arguments: list[str]) -> int:
    """Write the samples into the one directory named in ``arguments``; return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m dq_engine.sample DIRECTORY", file=sys.stderr)
        return 2
    write_samples(Path(arguments[0]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
