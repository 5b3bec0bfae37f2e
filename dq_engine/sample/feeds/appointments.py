"""Appointments: cells of the practice crosstab, for each practice and month.

Cells of a practice differ in waiting time or staff first, then in mode, category and status. What changes one of these befalls
only cells of which no two differ in nothing else, so that two changed cells never become one.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.monthly import EVEN, LATEST, OPEN, PRACTICE_AND_MONTH, listed, practice_absent, spoilt_codes, uneven

ROWS = 8
"""Cells of each practice and month at scale 1."""
WAITS = ("Same Day", "1 Day", "2 to 7 Days", "More than 28 Days")
"""Those that the publisher spells without two blanks together."""
STAFF = ("GP", "Other Practice staff")
MODES = ("Face-to-Face", "Telephone", "Video Conference/Online", "Home Visit")
CATEGORIES = (
    "General Consultation Routine",
    "Planned Clinics",
    "General Consultation Acute",
    "Planned Clinical Procedure",
    "Clinical Triage",
    "Home Visit",
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
STATUSES = ("Attended", "DNA")
COARSE = len(WAITS) * len(STAFF)
"""Cells that differ in waiting time or staff."""
MOST_ROWS = COARSE * len(MODES) * len(CATEGORIES) * len(STATUSES)

SOME, LAST = "cell % 4 = 0", f"cell % 4 = 0 AND {LATEST}"
"""One in four of the rows of a practice, so that no month loses half; these in the last month."""
ONE_WAIT, ONE_STAFF = f"cell % {len(WAITS)} = 1", f"cell // {len(WAITS)} % {len(STAFF)} = 1"
ONE_MODE, ONE_CATEGORY = f"cell // {COARSE} % {len(MODES)} = 0", f"cell // {COARSE * len(MODES)} % {len(CATEGORIES)} = 0"
ONE_STATUS = f"cell // {COARSE * len(MODES) * len(CATEGORIES)} = 0"
"""Cells of which no two differ in nothing but waiting time (staff, mode, category, status)."""
UNEVEN = uneven("appointments_steady")


def shifted(values: tuple[str, ...], width: int, name: str) -> str:
    """SQL of the value of a cell: every ``width`` cells the next one, from a first one that is drawn for each coarse cell."""
    first = f"draw('{name}|' || own_code || '|' || cell % {COARSE}, {len(values)})"
    return f"{listed(values)}[1 + (cell // {width} + {first}) % {len(values)}]"


FEED = Feed(
    name="appointments",
    level="practice",
    source="primary_care",
    organisation="gp_code",
    pcgt="own_pcgt",
    relation=f"""(
SELECT *, unnest(range(cells)) AS cell
FROM (SELECT *, least(per({ROWS}), {MOST_ROWS}) AS cells
      FROM (SELECT period_no, first_day, practice_code AS own_code, practice.name,
                   patients, practice.supplier AS own_supplier, practice.pcn_code AS own_network,
                   practice.pcn_name AS network_name, pcgt_name,
                   practice.pcgt_code AS own_pcgt, other.pcgt_code AS other_pcgt
            FROM practice_total
            JOIN period USING (period_no)
            JOIN practice USING (practice_no, practice_code)
            JOIN pcgt AS other ON other.pcgt_no = (practice.pcgt_no + 1) % (SELECT count(*) FROM pcgt))))""",
    key="own_code || '|' || period_no || '|' || cell",
    columns=(
        Column("appointment_month_start_date", "DATE", "first_day"),
        Column("gp_code", "VARCHAR", "own_code"),
        Column("gp_name", "VARCHAR", "name"),
        Column("supplier", "VARCHAR", "own_supplier"),
        Column("pcn_code", "VARCHAR", "own_network"),
        Column("pcn_name", "VARCHAR", "network_name"),
        Column("sub_icb_location_code", "VARCHAR", "own_pcgt"),
        Column("sub_icb_location_name", "VARCHAR", "pcgt_name || ' ICB - ' || own_pcgt"),
        Column("hcp_type", "VARCHAR", f"{listed(STAFF)}[1 + cell // {len(WAITS)} % {len(STAFF)}]"),
        Column("appt_mode", "VARCHAR", shifted(MODES, COARSE, "mode")),
        Column("national_category", "VARCHAR", shifted(CATEGORIES, COARSE * len(MODES), "category")),
        Column("time_between_book_and_appt", "VARCHAR", f"{listed(WAITS)}[1 + cell % {len(WAITS)}]"),
        Column(
            "count_of_appointments",
            "BIGINT",
            "greatest(1, patients * (45 + draw('held|' || own_code || '|' || period_no || '|' || cell, 11)) // (100 * cells))",
        ),
        Column("appt_status", "VARCHAR", shifted(STATUSES, COARSE * len(MODES) * len(CATEGORIES), "status")),
    ),
    defects=(
        practice_absent(UNEVEN[0]),
        Defect(
            "nearly_all_missing",
            "Nearly all appointments of the practice in the month are missing.",
            {"count_of_appointments": "greatest(1, count_of_appointments // 40)"},
            (*UNEVEN, Breaks("appointments_for_patients", organisation="own_code", once=True, item="period_no")),
            EVEN,
            per_10_000=30,
            together=PRACTICE_AND_MONTH,
        ),
        Defect("twice", "The cell stands twice.", "repeat", (Breaks("cell_once", rows=2),), SOME, per_10_000=10),
        Defect(
            "without_month",
            "There is no month.",
            {"appointment_month_start_date": "NULL"},
            (Breaks("month_present"),),
            SOME,
            per_10_000=10,
        ),
        Defect(
            "day_of_1924",
            "The month is a day of 1924, like somebody's date of birth.",
            {"appointment_month_start_date": "appointment_month_start_date - INTERVAL 100 YEAR + INTERVAL 14 DAY"},
            (Breaks("month_plausible"), Breaks("month_first_day"), OPEN),
            SOME,
            per_10_000=10,
        ),
        *spoilt_codes("gp_code", LAST, per_10_000=40),
        Defect(
            "untidy_name",
            "The name of the practice has a blank at its end.",
            {"gp_name": "gp_name || ' '"},
            (Breaks("practice_name_tidy"),),
        ),
        Defect(
            "supplier_in_small_letters",
            "The supplier is in small letters.",
            {"supplier": "lower(supplier)"},
            (Breaks("supplier_known"),),
        ),
        Defect(
            "without_network",
            "There is no code of the network: tolerated for one row in twenty.",
            {"pcn_code": "NULL"},
            (Breaks("network_code_present"),),
        ),
        Defect(
            "short_network",
            "The code of the network was cut to three characters.",
            {"pcn_code": "left(pcn_code, 3)"},
            (Breaks("network_code_form"),),
        ),
        Defect(
            "no_network_with_a_name",
            "The practice is in no network, but the network has a name.",
            {"pcn_code": "'U'"},
            (Breaks("network_none_name"),),
        ),
        Defect(
            "without_sub_icb",
            "There is no code of the sub-ICB.",
            {"sub_icb_location_code": "NULL"},
            (Breaks("sub_icb_present"),),
        ),
        Defect(
            "cut_sub_icb",
            "The code of the sub-ICB was cut to two characters.",
            {"sub_icb_location_code": "left(sub_icb_location_code, 2)"},
            (
                Breaks("sub_icb_form"),
                Breaks("sub_icb_known"),
                Breaks("sub_icb_of_practice"),
                Breaks("sub_icb_one_per_practice"),
            ),
        ),
        Defect(
            "unknown_sub_icb",
            "The code of the sub-ICB is one that nobody has.",
            {"sub_icb_location_code": "'7' || substr(sub_icb_location_code, 2)"},
            (Breaks("sub_icb_known"), Breaks("sub_icb_of_practice"), Breaks("sub_icb_one_per_practice")),
        ),
        Defect(
            "of_another_sub_icb",
            "The cell stands under a sub-ICB that does not commission the practice.",
            {"sub_icb_location_code": "other_pcgt"},
            (Breaks("sub_icb_of_practice"), Breaks("sub_icb_one_per_practice")),
        ),
        Defect(
            "other_staff",
            "The staff is not one of the publication's.",
            {"hcp_type": "'Nurse'"},
            (Breaks("staff_known"),),
            ONE_STAFF,
        ),
        Defect(
            "unknown_staff", "The staff is unknown.", {"hcp_type": "'Unknown'"}, (Breaks("staff_not_unknown"),), ONE_STAFF, 100
        ),
        Defect(
            "mode_without_hyphens",
            "The mode is written without hyphens.",
            {"appt_mode": "'Face to Face'"},
            (Breaks("mode_known"),),
            ONE_MODE,
        ),
        Defect(
            "other_category",
            "The category is not one of the publication's.",
            {"national_category": "'Routine'"},
            (Breaks("category_known"),),
            ONE_CATEGORY,
        ),
        Defect(
            "category_not_mapped",
            "The category was not mapped.",
            {"national_category": "'Unmapped'"},
            (Breaks("category_mapped"),),
            ONE_CATEGORY,
            per_10_000=200,
        ),
        Defect(
            "wait_in_other_words",
            "The waiting time is spelt as nowhere in the publication: with one blank.",
            {"time_between_book_and_appt": "'8 to 14 Days'"},
            (Breaks("wait_known"),),
            ONE_WAIT,
        ),
        Defect(
            "two_blanks_in_wait",
            "The waiting time has two blanks together, as the publisher writes it.",
            {"time_between_book_and_appt": "'8  to 14 Days'"},
            (Breaks("wait_tidy"),),
            ONE_WAIT,
            per_10_000=100,
        ),
        Defect(
            "unknown_wait",
            "The waiting time is unknown.",
            {"time_between_book_and_appt": "'Unknown / Data Issue'"},
            (Breaks("wait_not_unknown"),),
            ONE_WAIT,
        ),
        Defect("without_status", "There is no status.", {"appt_status": "NULL"}, (Breaks("status_present"),), ONE_STATUS),
        Defect(
            "other_status",
            "The status is not one of the publication's.",
            {"appt_status": "'Cancelled'"},
            (Breaks("status_known"),),
            ONE_STATUS,
        ),
        Defect("without_count", "There is no count.", {"count_of_appointments": "NULL"}, (Breaks("count_present"),), SOME, 10),
        Defect(
            "nothing_held", "The cell has no appointments.", {"count_of_appointments": "0"}, (Breaks("count_positive"),), SOME, 10
        ),
        Defect(
            "too_many_held",
            "The cell has more appointments than anybody can hold.",
            {"count_of_appointments": "500000"},
            (Breaks("count_plausible"), *UNEVEN),
            EVEN,
            per_10_000=5,
        ),
    ),
    order="appointment_month_start_date, gp_code",
)
