"""Services of social care in each period: one for most active patients who are grown up."""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.people import Wrong, heavy_defects, identity_defects, people

SERVICES = (
    ("Long Term Support: Community", 120, 500),
    ("Long Term Support: Community", 120, 500),
    ("Long Term Support: Community", 120, 500),
    ("Long Term Support: Residential Care", 650, 500),
    ("Long Term Support: Nursing Care", 850, 600),
    ("Short Term Support: ST-Max", 200, 300),
    ("Short Term Support: Other Short Term", 150, 300),
)
"""Type of service, the least it costs in pounds a week, and how much more it may cost."""
ADULT = "date_of_birth < DATE '2002-01-01'"
"""Who was 18 when the first services began, in 2020."""
SERVICE = "patient_no || '|' || period_no"
ACTIVE = "service_active_in_period"


def struct(service: tuple[str, int, int]) -> str:
    """SQL of a service."""
    kind, least, more = service
    return f"{{'type': '{kind}', 'least': {least}, 'more': {more}}}"


COLUMNS = (
    Column("period", "VARCHAR", "month"),
    Column("pcgt_code", "VARCHAR", "home"),
    Column("council_code", "VARCHAR", "'0' || region_no || (pcgt_no % 5)"),
    Column("person_id", "VARCHAR", "'P' || lpad(patient_no::VARCHAR, 8, '0')"),
    Column("nhs_number", "VARCHAR", "nhs_number"),
    Column("date_of_birth", "DATE", "date_of_birth"),
    Column("gender", "VARCHAR", "gender"),
    Column("ethnic_category", "VARCHAR", "ethnic_category"),
    Column("postcode", "VARCHAR", "postcode"),
    Column("service_type", "VARCHAR", "service.type"),
    Column("service_start_date", "DATE", "began"),
    Column("service_end_date", "DATE", f"if(short, began + draw('weeks|' || {SERVICE}, 14)::INTEGER, NULL)"),
    Column("weekly_cost", "DECIMAL(8, 2)", f"service.least + draw('cost|' || {SERVICE}, 100 * service.more) / 100"),
)
NAMES = [column.name for column in COLUMNS]
NOT_JUDGED = ("gender_known", "gp_practice_open", "gp_practice_commissioner_agrees")
"""Rules about who a record is about that the suite has not."""
SENTENCE_CASE = "left(service_type, 1) || lower(substr(service_type, 2))"
NO_NUMBER = Wrong("person_id", "NULL", (Breaks("person_id_present"),))
SPELT_LATER = Wrong("service_type", SENTENCE_CASE, (Breaks("service_type_listed"),))

FEED = Feed(
    name="social_care",
    level="pcgt",
    source="social_care",
    organisation="pcgt_code",
    pcgt="home",
    relation=f"""(SELECT *, if(short, first_day + draw('began|' || {SERVICE}, 14)::INTEGER,
                   DATE '2024-09-30' - draw('began|' || patient_no, 1600)::INTEGER) AS began
FROM (SELECT *, service.type LIKE 'Short%' AS short
      FROM (SELECT * RENAME (pcgt_code AS home),
                   chosen('service|' || patient_no, [{", ".join(map(struct, SERVICES))}]) AS service
            FROM {people("social_care", 78, ADULT)})))""",
    key=SERVICE,
    columns=COLUMNS,
    defects=(
        *identity_defects(
            NAMES,
            "service_start_date",
            nothing_sent=20,
            without=NOT_JUDGED,
        ),
        Defect(
            "without_council", "The code of the council is missing.", {"council_code": "NULL"}, (Breaks("council_code_present"),)
        ),
        Defect(
            "council_in_letters",
            "The council is given in letters.",
            {"council_code": "'LBX'"},
            (Breaks("council_code_form"),),
            per_10_000=10,
        ),
        Defect(
            "without_person_number",
            "The council's number of the person is missing.",
            {"person_id": "NULL"},
            (Breaks("person_id_present"),),
        ),
        Defect(
            "sent_twice",
            "The service stands twice.",
            "repeat",
            (Breaks("service_unique", rows=2),),
            per_10_000=10,
        ),
        Defect(
            "child",
            "The person was 15 years old when the service began.",
            {"date_of_birth": "service_start_date - INTERVAL 15 YEAR"},
            (Breaks("adult_at_start"), Breaks("patient_in_gp_record")),
            per_10_000=10,
        ),
        Defect(
            "later_spelling",
            "The type of service is spelt in sentence case.",
            {"service_type": SENTENCE_CASE},
            (Breaks("service_type_listed"),),
        ),
        Defect(
            "without_start",
            "The start of the service is missing.",
            {"service_start_date": "NULL"},
            (Breaks("service_start_date_present"),),
            per_10_000=10,
        ),
        Defect(
            "ended_before_start",
            "The service ended before it began.",
            {"service_end_date": "service_start_date - INTERVAL 10 DAY"},
            (Breaks("service_end_not_before_start"), Breaks(ACTIVE, where="service_end_date < first_day")),
            per_10_000=10,
        ),
        Defect(
            "long_ended",
            "The service had ended before the period.",
            {"service_end_date": "first_day - INTERVAL 1 DAY"},
            (Breaks(ACTIVE),),
            where="service_start_date < first_day",
            per_10_000=10,
        ),
        Defect(
            "not_yet_begun",
            "The service began after the period.",
            {"service_start_date": "last_day + INTERVAL 7 DAY", "service_end_date": "NULL"},
            (Breaks(ACTIVE),),
            per_10_000=10,
        ),
        Defect("without_cost", "The cost is missing.", {"weekly_cost": "NULL"}, (Breaks("weekly_cost_present"),), per_10_000=30),
        Defect(
            "negative_cost",
            "The cost is below nothing.",
            {"weekly_cost": "-weekly_cost"},
            (Breaks("weekly_cost_not_negative"),),
            per_10_000=10,
        ),
        Defect(
            "slipped_decimal",
            "The cost is ten times too high.",
            {"weekly_cost": "10 * weekly_cost"},
            (Breaks("weekly_cost_plausible"),),
            where="weekly_cost > 500",
            per_10_000=10,
        ),
        *heavy_defects(
            NAMES,
            empty=(
                Wrong("council_code", "NULL", (Breaks("council_code_present"),)),
                NO_NUMBER,
                SPELT_LATER,
                Wrong("service_start_date", "NULL", (Breaks("service_start_date_present"),)),
                Wrong("weekly_cost", "NULL", (Breaks("weekly_cost_present"),)),
            ),
            garbled=(
                NO_NUMBER,
                Wrong("council_code", "'LBX'", (Breaks("council_code_form"),)),
                Wrong("date_of_birth", "last_day + INTERVAL 8 DAY", (Breaks("age_plausible"), Breaks("adult_at_start"))),
                SPELT_LATER,
                Wrong("service_start_date", "last_day + INTERVAL 7 DAY", (Breaks(ACTIVE),)),
                Wrong("service_end_date", "last_day", (Breaks("service_end_not_before_start"),)),
                Wrong("weekly_cost", "9999.99", (Breaks("weekly_cost_plausible"),)),
            ),
            without=NOT_JUDGED,
        ),
    ),
    order="period, pcgt_code, person_id",
)
