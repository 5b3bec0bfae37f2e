"""The appointments: two months of the practice crosstab."""

from __future__ import annotations

from datetime import date

from dq_engine.sample.world import Feed, Row, draw, general_practices, overwrite, remove, repeat, rewrite, rows_where

SCHEMA = {
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
}


# ------------------------------------------------------------------------------------------------------- the clean rows

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


# ---------------------------------------------------------------------------------------------------------- the defects


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


# ------------------------------------------------------------------------------------------------------------- the feed

FEED = Feed(
    SCHEMA,
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
)
