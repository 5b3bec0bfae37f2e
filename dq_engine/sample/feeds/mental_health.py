"""Referrals to mental health services in each period: one for most active patients."""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.people import SEEN_LATER, Wrong, heavy_defects, identity_defects, people

DIAGNOSES = ("F320", "F321", "F411", "F412", "F431", "F200", "F319", "F102", "F900", "F500")
REFERRAL = "patient_no || '|' || period_no"

COLUMNS = (
    Column("period", "VARCHAR", "month"),
    Column("pcgt_code", "VARCHAR", "home"),
    Column("provider_code", "VARCHAR", "mental_health_trust_code"),
    Column("referral_id", "VARCHAR", "'R' || lpad(patient_no::VARCHAR, 8, '0') || lpad(period_no::VARCHAR, 3, '0')"),
    Column("nhs_number", "VARCHAR", "nhs_number"),
    Column("date_of_birth", "DATE", "date_of_birth"),
    Column("gender", "VARCHAR", "gender"),
    Column("ethnic_category", "VARCHAR", "ethnic_category"),
    Column("postcode", "VARCHAR", "postcode"),
    Column("gp_practice_code", "VARCHAR", "practice_code"),
    Column("referral_date", "DATE", "referred_on"),
    Column("first_contact_date", "DATE", "seen_on"),
    Column(
        "discharge_date",
        "DATE",
        f"if(draw('left|' || {REFERRAL}, 3) = 0, seen_on + draw('care|' || {REFERRAL}, 60)::INTEGER, NULL)",
    ),
    Column(
        "primary_diagnosis",
        "VARCHAR",
        f"if(draw('coded|' || {REFERRAL}, 3) > 0, chosen('diagnosis|' || {REFERRAL}, {list(DIAGNOSES)}), NULL)",
    ),
)
NAMES = [column.name for column in COLUMNS]
NOT_JUDGED = ("gender_agrees_with_gp_record", "adult_at_start")
"""Rules about who a record is about that the suite has not."""
NOT_STATED = "X"
"""The code of a gender that is not known."""
NO_NUMBER = Wrong("referral_id", "NULL", (Breaks("referral_id_present"),))
IN_WORDS = Wrong("primary_diagnosis", "'Low mood'", (Breaks("primary_diagnosis_form"), Breaks("primary_diagnosis_in_chapter_f")))

FEED = Feed(
    name="mental_health",
    level="pcgt",
    source="mental_health",
    organisation="pcgt_code",
    pcgt="home",
    relation=f"""(SELECT *,
       if(draw('seen|' || {REFERRAL}, 5) > 0, referred_on + draw('wait|' || {REFERRAL}, 50)::INTEGER, NULL) AS seen_on
FROM (SELECT * RENAME (pcgt_code AS home), first_day + draw('referred|' || {REFERRAL}, 28)::INTEGER AS referred_on
      FROM {people("mental_health", 72)}))""",
    key=REFERRAL,
    columns=COLUMNS,
    defects=(
        *identity_defects(
            NAMES,
            "referral_date",
            nothing_sent=30,
            dated="referral_in_period",
            default_gender=NOT_STATED,
            without=NOT_JUDGED,
        ),
        Defect(
            "without_referral_number",
            "The number of the referral is missing.",
            {"referral_id": "NULL"},
            (Breaks("referral_id_present"),),
        ),
        Defect("sent_twice", "The referral stands twice.", "repeat", (Breaks("referral_unique", rows=2),)),
        Defect(
            "without_referral_date",
            "The date of the referral is missing.",
            {"referral_date": "NULL"},
            (Breaks("referral_date_present"),),
        ),
        Defect(
            "sent_too_early",
            "The referral was received in a later period.",
            {
                "referral_date": f"referral_date + {SEEN_LATER}",
                "first_contact_date": f"first_contact_date + {SEEN_LATER}",
                "discharge_date": f"discharge_date + {SEEN_LATER}",
            },
            (Breaks("referral_in_period"),),
        ),
        Defect(
            "seen_before_referral",
            "The first contact was before the referral.",
            {"first_contact_date": "referral_date - INTERVAL 3 DAY"},
            (Breaks("first_contact_not_before_referral"), Breaks("wait_plausible")),
        ),
        Defect(
            "waited_for_years",
            "The first contact was three years after the referral.",
            {"first_contact_date": "referral_date + INTERVAL 3 YEAR"},
            (Breaks("wait_plausible"),),
            where="discharge_date IS NULL",
        ),
        Defect(
            "discharged_before_seen",
            "The person was discharged before the first contact.",
            {"discharge_date": "first_contact_date - INTERVAL 1 DAY"},
            (Breaks("discharge_not_before_first_contact"),),
            where="first_contact_date IS NOT NULL",
        ),
        Defect(
            "diagnosis_in_words",
            "The diagnosis is in words.",
            {"primary_diagnosis": "'Fear'"},
            (Breaks("primary_diagnosis_form"),),
        ),
        Defect(
            "symptom_for_diagnosis",
            "The diagnosis is a symptom, of another chapter.",
            {"primary_diagnosis": "'R458'"},
            (Breaks("primary_diagnosis_in_chapter_f"),),
            per_10_000=100,
        ),
        *heavy_defects(
            NAMES,
            empty=(
                NO_NUMBER,
                Wrong("referral_date", "NULL", (Breaks("referral_date_present"),)),
                IN_WORDS,
            ),
            garbled=(
                NO_NUMBER,
                Wrong("date_of_birth", f"referral_date + {SEEN_LATER} + INTERVAL 1 DAY", (Breaks("age_plausible"),)),
                Wrong("referral_date", f"referral_date + {SEEN_LATER}", (Breaks("referral_in_period"),)),
                Wrong(
                    "first_contact_date",
                    f"if(first_contact_date IS NULL, NULL, referral_date + {SEEN_LATER} - INTERVAL 3 DAY)",
                    (
                        Breaks("first_contact_not_before_referral", where="first_contact_date IS NOT NULL"),
                        Breaks("wait_plausible", where="first_contact_date IS NOT NULL"),
                    ),
                ),
                Wrong(
                    "discharge_date",
                    f"if(discharge_date IS NULL, NULL, referral_date + {SEEN_LATER} - INTERVAL 9 DAY)",
                    (Breaks("discharge_not_before_first_contact", where="discharge_date IS NOT NULL"),),
                ),
                IN_WORDS,
            ),
            default_gender=NOT_STATED,
            without=NOT_JUDGED,
        ),
    ),
    order="period, pcgt_code, referral_id",
)
