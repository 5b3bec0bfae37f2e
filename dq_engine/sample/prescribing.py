"""The prescribing: three months of invented drugs and appliances, by practice, presentation and pack size."""

from __future__ import annotations

from typing import NamedTuple

from dq_engine.sample.world import (
    REGION_CODE,
    REGION_NAME,
    Feed,
    Practice,
    Row,
    draw,
    general_practices,
    number_of,
    overwrite,
    remove,
    repeat,
    rewrite,
    rows_where,
)

SCHEMA = {
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
}


# ------------------------------------------------------------------------------------------------------- the clean rows

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


# ---------------------------------------------------------------------------------------------------------- the defects


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


# ------------------------------------------------------------------------------------------------------------- the feed

FEED = Feed(
    SCHEMA,
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
)
