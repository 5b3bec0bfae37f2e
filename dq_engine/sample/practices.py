"""The register of practices: twelve monthly snapshots of the sixty practices and forty other cost centres."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dq_engine.sample.world import (
    HEIRS,
    REGION_CODE,
    STREETS,
    Feed,
    Practice,
    Row,
    draw,
    fictional_postcode,
    fictional_telephone,
    general_practices,
    overwrite,
    repeat,
    rewrite,
    rows_where,
)

SCHEMA = {
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
}


# ------------------------------------------------------------------------------------------------------- the clean rows

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


# ---------------------------------------------------------------------------------------------------------- the defects


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


# ------------------------------------------------------------------------------------------------------------- the feed

FEED = Feed(
    SCHEMA,
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
)
