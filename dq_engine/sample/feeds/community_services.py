"""Contacts of community health services in each period: one for most active patients."""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.people import SEEN_LATER, Wrong, heavy_defects, identity_defects, people

SERVICES = (
    ("12", "Nurse"),
    ("12", "Nurse"),
    ("12", "Support worker"),
    ("04", "Nurse"),
    ("51", "Nurse"),
    ("51", "Doctor"),
    ("23", "Allied health professional"),
    ("26", "Allied health professional"),
    ("33", "Allied health professional"),
    ("58", "Allied health professional"),
)
"""Type of service and who gives it."""
STATUSES = "55555555556667234"
"""Whether people attended, as often as they did."""
SEEN = "attendance_status IN ('5', '6')"
CONTACT = "patient_no || '|' || period_no"


def struct(service: tuple[str, str]) -> str:
    """SQL of a service."""
    kind, staff = service
    return f"{{'type': '{kind}', 'staff': '{staff}'}}"


COLUMNS = (
    Column("period", "VARCHAR", "month"),
    Column("pcgt_code", "VARCHAR", "home"),
    Column("provider_code", "VARCHAR", "if(kind = 'PCT', home, community_trust_code)"),
    Column("contact_id", "VARCHAR", "'C' || lpad(patient_no::VARCHAR, 8, '0') || lpad(period_no::VARCHAR, 3, '0')"),
    Column("nhs_number", "VARCHAR", "nhs_number"),
    Column("date_of_birth", "DATE", "date_of_birth"),
    Column("gender", "VARCHAR", "gender"),
    Column("gp_practice_code", "VARCHAR", "practice_code"),
    Column("service_type", "VARCHAR", "service.type"),
    Column("staff_group", "VARCHAR", "service.staff"),
    Column("referral_date", "DATE", f"seen_on - draw('wait|' || {CONTACT}, 120)::INTEGER"),
    Column("contact_date", "DATE", "seen_on"),
    Column("attendance_status", "VARCHAR", "status"),
    Column("duration_minutes", "INTEGER", f"if(status IN ('5', '6'), 10 + 5 * draw('minutes|' || {CONTACT}, 17), NULL)"),
)
NAMES = [column.name for column in COLUMNS]
NOT_JUDGED = ("gender_known", "linkage_identifiers_usable", "adult_at_start")
"""Rules about who a record is about that the suite has not."""
NO_NUMBER = Wrong("contact_id", "NULL", (Breaks("contact_id_present"),))
LOCAL_STAFF_GROUP = Wrong("staff_group", "'HCA'", (Breaks("staff_group_listed"),))

FEED = Feed(
    name="community_services",
    level="pcgt",
    source="community",
    organisation="pcgt_code",
    pcgt="home",
    relation=f"""(SELECT * RENAME (pcgt_code AS home), first_day + draw('day|' || {CONTACT}, 28)::INTEGER AS seen_on,
       chosen('service|' || {CONTACT}, [{", ".join(map(struct, SERVICES))}]) AS service,
       substr('{STATUSES}', 1 + draw('status|' || {CONTACT}, {len(STATUSES)}), 1) AS status
FROM {people("community_services", 72)})""",
    key=CONTACT,
    columns=COLUMNS,
    defects=(
        *identity_defects(
            NAMES,
            "contact_date",
            nothing_sent=30,
            dated="contact_in_period",
            without=NOT_JUDGED,
        ),
        Defect(
            "without_contact_number",
            "The number of the contact is missing.",
            {"contact_id": "NULL"},
            (Breaks("contact_id_present"),),
        ),
        Defect("sent_twice", "The contact stands twice.", "repeat", (Breaks("contact_unique", rows=2),)),
        Defect(
            "service_in_letters",
            "The type of service is given in letters.",
            {"service_type": "'DN'"},
            (Breaks("service_type_form"),),
        ),
        Defect("without_service", "The type of service is missing.", {"service_type": "NULL"}, (Breaks("service_type_present"),)),
        Defect(
            "local_staff_group",
            "The staff group is a local abbreviation.",
            {"staff_group": "'HCA'"},
            (Breaks("staff_group_listed"),),
        ),
        Defect(
            "without_date", "The date of the contact is missing.", {"contact_date": "NULL"}, (Breaks("contact_date_present"),)
        ),
        Defect(
            "sent_too_early",
            "The contact was held in a later period.",
            {"contact_date": f"contact_date + {SEEN_LATER}"},
            (Breaks("contact_in_period"),),
        ),
        Defect(
            "seen_before_referral",
            "The contact was held before the referral.",
            {"referral_date": "contact_date + INTERVAL 7 DAY"},
            (Breaks("contact_not_before_referral"),),
        ),
        Defect(
            "without_referral_date",
            "The date of the referral is missing.",
            {"referral_date": "NULL"},
            (Breaks("referral_date_present"),),
        ),
        Defect(
            "future_appointment",
            "The appointment is said to be in the future.",
            {"attendance_status": "'0'"},
            (Breaks("attendance_status_listed"),),
        ),
        Defect(
            "without_minutes",
            "The minutes are missing though the person was seen.",
            {"duration_minutes": "NULL"},
            (Breaks("duration_present_where_seen"),),
            where=SEEN,
        ),
        Defect(
            "whole_shift",
            "The minutes are those of a whole shift and more.",
            {"duration_minutes": "600"},
            (Breaks("duration_plausible"),),
            where=SEEN,
        ),
        Defect(
            "minutes_of_nobody",
            "There are minutes though nobody was seen.",
            {"duration_minutes": "20"},
            (Breaks("no_duration_where_not_seen"),),
            where=f"NOT {SEEN}",
            per_10_000=60,
        ),
        *heavy_defects(
            NAMES,
            empty=(
                NO_NUMBER,
                Wrong("service_type", "NULL", (Breaks("service_type_present"),)),
                LOCAL_STAFF_GROUP,
                Wrong("referral_date", "NULL", (Breaks("referral_date_present"),)),
                Wrong("contact_date", "NULL", (Breaks("contact_date_present"),)),
                Wrong("duration_minutes", "NULL", (Breaks("duration_present_where_seen", where=SEEN),)),
            ),
            garbled=(
                NO_NUMBER,
                Wrong("date_of_birth", f"contact_date + {SEEN_LATER} + INTERVAL 1 DAY", (Breaks("age_plausible"),)),
                Wrong("service_type", "'DN'", (Breaks("service_type_form"),)),
                LOCAL_STAFF_GROUP,
                Wrong("referral_date", f"contact_date + {SEEN_LATER} + INTERVAL 7 DAY", (Breaks("contact_not_before_referral"),)),
                Wrong("contact_date", f"contact_date + {SEEN_LATER}", (Breaks("contact_in_period"),)),
                Wrong("attendance_status", "'0'", (Breaks("attendance_status_listed"),)),
                Wrong("duration_minutes", "600", (Breaks("duration_plausible"),)),
            ),
            without=NOT_JUDGED,
        ),
    ),
    order="period, pcgt_code, contact_id",
)
