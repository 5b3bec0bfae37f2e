"""The list sizes: one publication of the registered patients by sex and age band, for each practice and each sub-ICB."""

from __future__ import annotations

from datetime import date

from dq_engine.sample.world import (
    HEIRS,
    Feed,
    Heir,
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
    "publication": "VARCHAR",
    "extract_date": "DATE",
    "org_type": "VARCHAR",
    "org_code": "VARCHAR",
    "ons_code": "VARCHAR",
    "postcode": "VARCHAR",
    "sex": "VARCHAR",
    "age_group_5": "VARCHAR",
    "number_of_patients": "INTEGER",
}


# ------------------------------------------------------------------------------------------------------- the clean rows

Counts = dict[tuple[str, str], int]
"""Patients by sex and age band."""

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


# ---------------------------------------------------------------------------------------------------------- the defects


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


# ------------------------------------------------------------------------------------------------------------- the feed

FEED = Feed(
    SCHEMA,
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
)
