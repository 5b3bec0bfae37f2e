"""The patients of each practice: a small sample of its register, once in each month.

Events, activity and contacts of other feeds are those of active patients, and find them here. So what is wrong with an identifier
befalls others only. One patient of each practice is never lost to it: the *anchor*, the first without a Type 1 opt-out.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

ANCHORS = "SELECT practice_no, min(patient_no) AS anchor_no FROM patient WHERE NOT opted_out GROUP BY practice_no"
"""SELECT of the anchor of each practice; a practice of which everybody opted out has none."""
PLACEHOLDER = "chosen('placeholder|' || dq_key, ['0000000000', '9999999999', '1111111111', '0123456789'])"
"""NHS numbers that pass Modulus 11 and are nobody's: https://github.com/NHSDigital/data-validation-engine"""


def objectors(*, odd: bool) -> str:
    """SELECT of the patients with a Type 1 opt-out and an odd (or even) number, so that two feeds send different ones."""
    return f"""SELECT patient_no AS objector_no, practice_no AS objector_practice, nhs_number AS objector_nhs_number,
       date_of_birth AS objector_birth, gender AS objector_gender, postcode AS objector_postcode,
       registration_date AS objector_registration FROM patient WHERE opted_out AND patient_no % 2 = {int(odd)}"""


LOOSE = "NOT active AND patient_no <> anchor_no"
"""The patients whose identifiers, practice and dates may be wrong: no other feed is about them."""

RELATION = f"""(SELECT *, first_day_of(period_no) AS first_day
FROM (SELECT *, unnest(range(1, periods() + 1)) AS period_no
      FROM (SELECT patient.*, anchor_no, objector.*,
                   {LOOSE} AND draw('left|' || patient_no, 8) = 0 AS left_list,
                   draw('died|' || patient_no, 3) = 0 AS died,
                   DATE '2024-09-01' + draw('last day|' || patient_no, 18)::INTEGER AS last_day_here
            FROM patient JOIN ({ANCHORS}) AS anchor USING (practice_no)
            LEFT JOIN ({objectors(odd=False)}) AS objector ON objector_no = patient_no + 1 AND objector_practice = practice_no
            WHERE NOT opted_out)))"""

PRACTICE_DEFECTS = (
    Defect(
        "practice_code_missing",
        "The practice code is missing.",
        {"practice_code": "NULL"},
        (Breaks("practice_code_present"),),
        LOOSE,
        80,
    ),
    Defect(
        "practice_code_in_small_letters",
        "The practice code is written in small letters.",
        {"practice_code": "lower(practice_code)"},
        (Breaks("practice_code_valid"), Breaks("practice_open")),
        LOOSE,
        80,
    ),
    Defect(
        "practice_code_default",
        "The practice is V81998, not applicable.",
        {"practice_code": "'V81998'"},
        (Breaks("practice_code_valid"), Breaks("practice_open")),
        LOOSE,
        80,
    ),
    Defect(
        "practice_unknown",
        "The practice code has the right form, and no practice has it.",
        {"practice_code": "'T8' || substr(practice_code, 3)"},
        (Breaks("practice_open"),),
        LOOSE,
        80,
    ),
)

FEED = Feed(
    name="patients",
    level="practice",
    source="primary_care",
    organisation="practice_code",
    pcgt="pcgt_code",
    relation=RELATION,
    key="patient_no || '|' || period_no",
    columns=(
        Column("extract_date", "DATE", "first_day"),
        Column("practice_code", "VARCHAR", "practice_code"),
        Column("pcgt_code", "VARCHAR", "pcgt_code"),
        Column("patient_id", "VARCHAR", "left(md5('pseudonym|' || nhs_number), 16)"),
        Column("nhs_number", "VARCHAR", "nhs_number"),
        Column("date_of_birth", "DATE", "date_of_birth"),
        Column("gender", "VARCHAR", "gender"),
        Column("ethnic_category", "VARCHAR", "ethnic_category"),
        Column("postcode", "VARCHAR", "postcode"),
        Column("lsoa_code", "VARCHAR", "lsoa_code"),
        Column("registration_date", "DATE", "registration_date"),
        Column("deregistration_date", "DATE", "if(left_list, last_day_here + 12, NULL)"),
        Column("death_date", "DATE", "if(left_list AND died, last_day_here, NULL)"),
    ),
    defects=(
        Defect(
            "practice_absent",
            "The practice sent nothing in the last month.",
            "drop",
            (Breaks("practices_all_present", once=True, item="extract_date"),),
            "period_no = periods() AND periods() > 1",
            together="practice_code || '|' || period_no",
        ),
        Defect(
            "extract_date_missing",
            "The day of the extract is missing.",
            {"extract_date": "NULL"},
            (Breaks("extract_date_present"), Breaks("registered_by_extract")),
            LOOSE,
            80,
        ),
        *PRACTICE_DEFECTS,
        Defect(
            "pcgt_code_missing",
            "The PCG/T code is missing.",
            {"pcgt_code": "NULL"},
            (Breaks("pcgt_code_present"),),
        ),
        Defect(
            "pcgt_code_in_small_letters",
            "The PCG/T code is written in small letters.",
            {"pcgt_code": "lower(pcgt_code)"},
            (Breaks("pcgt_code_valid"), Breaks("pcgt_open"), Breaks("pcgt_commissions_practice")),
        ),
        Defect(
            "pcgt_code_default",
            "The PCG/T is Q99, not known.",
            {"pcgt_code": "'Q99'"},
            (Breaks("pcgt_code_valid"), Breaks("pcgt_open"), Breaks("pcgt_commissions_practice")),
        ),
        Defect(
            "pcgt_unknown",
            "The PCG/T code has the right form, and no PCG/T has it.",
            {"pcgt_code": "'9Z9'"},
            (Breaks("pcgt_open"), Breaks("pcgt_commissions_practice")),
        ),
        Defect(
            "pcgt_of_another_practice",
            "The PCG/T is a neighbour, which does not commission the practice.",
            {"pcgt_code": "left(pcgt_code, 2) || (substr(pcgt_code, 3)::INTEGER + 1) % 10"},
            (Breaks("pcgt_commissions_practice"),),
            "pcgt_code <> '9Y0'",
        ),
        Defect("patient_id_missing", "The pseudonym is missing.", {"patient_id": "NULL"}, (Breaks("patient_id_present"),)),
        Defect(
            "nhs_number_as_patient_id",
            "The pseudonym is the NHS number.",
            {"patient_id": "nhs_number"},
            (Breaks("patient_id_no_nhs_number"),),
        ),
        Defect(
            "sent_twice",
            "The patient is in the extract twice.",
            "repeat",
            (Breaks("patient_id_once", rows=2), Breaks("nhs_number_once", rows=2)),
        ),
        Defect(
            "registered_twice",
            "The patient is registered twice, under two pseudonyms.",
            {"patient_id": "left(md5('again|' || nhs_number), 16)"},
            (Breaks("nhs_number_once", rows=2),),
            extra=True,
        ),
        Defect(
            "opted_out_and_sent",
            "Somebody with a Type 1 opt-out is in the extract all the same.",
            {
                "patient_id": "left(md5('pseudonym|' || objector_nhs_number), 16)",
                "nhs_number": "objector_nhs_number",
                "date_of_birth": "objector_birth",
                "gender": "objector_gender",
                "postcode": "objector_postcode",
                "registration_date": "objector_registration",
                "deregistration_date": "NULL",
                "death_date": "NULL",
            },
            (Breaks("not_opted_out"),),
            "objector_no IS NOT NULL",
            300,
            extra=True,
        ),
        Defect(
            "nhs_number_missing",
            "The NHS number is missing.",
            {"nhs_number": "NULL"},
            (Breaks("nhs_number_present"), Breaks("linkage_ready")),
            LOOSE,
            120,
        ),
        Defect(
            "nhs_number_mistyped",
            "The check digit of the NHS number is wrong.",
            {"nhs_number": "wrong_check_digit(nhs_number)"},
            (Breaks("nhs_number_valid"), Breaks("linkage_ready")),
            LOOSE,
            100,
        ),
        Defect(
            "nhs_number_placeholder",
            "The NHS number is a placeholder.",
            {"nhs_number": PLACEHOLDER},
            (Breaks("nhs_number_not_reserved"), Breaks("linkage_ready")),
            LOOSE,
            100,
        ),
        Defect(
            "date_of_birth_missing",
            "The date of birth is missing.",
            {"date_of_birth": "NULL"},
            (Breaks("date_of_birth_present"), Breaks("linkage_ready")),
            LOOSE,
            80,
        ),
        Defect(
            "date_of_birth_in_the_future",
            "The date of birth is after the day of the extract.",
            {"date_of_birth": "extract_date + 30"},
            (
                Breaks("born_by_extract"),
                Breaks("age_at_most_120", where="death_date IS NULL"),
                Breaks("registered_since_birth"),
            ),
            LOOSE,
            80,
        ),
        Defect(
            "date_of_birth_default",
            "The date of birth is 1 January 1900, which stands for a day that nobody knew.",
            {"date_of_birth": "DATE '1900-01-01'"},
            (Breaks("age_at_most_120", where="death_date IS NULL"),),
            LOOSE,
            80,
        ),
        Defect(
            "gender_missing",
            "The gender is missing.",
            {"gender": "NULL"},
            (Breaks("gender_present"), Breaks("linkage_ready")),
            LOOSE,
            80,
        ),
        Defect(
            "gender_in_letters",
            "The gender is a letter, not a code.",
            {"gender": "if(gender = '1', 'M', 'F')"},
            (Breaks("gender_valid"), Breaks("linkage_ready")),
            LOOSE,
            80,
        ),
        Defect("gender_not_known", "The gender is 0, not known.", {"gender": "'0'"}, (Breaks("gender_known"),), LOOSE, 150),
        Defect(
            "ethnic_category_withdrawn",
            "The ethnic category is 9, which was withdrawn in 2004.",
            {"ethnic_category": "'9'"},
            (Breaks("ethnic_category_valid"),),
        ),
        Defect(
            "postcode_missing",
            "The postcode is missing.",
            {"postcode": "NULL"},
            (Breaks("postcode_present"), Breaks("linkage_ready")),
            LOOSE,
            100,
        ),
        Defect(
            "postcode_without_blank",
            "The postcode has no blank.",
            {"postcode": "replace(postcode, ' ', '')"},
            (Breaks("postcode_valid"), Breaks("linkage_ready")),
            f"{LOOSE} AND postcode NOT LIKE 'ZZ9 9%'",
            80,
        ),
        Defect(
            "postcode_of_no_place",
            "The postcode is ZZ99 3WZ, not known.",
            {"postcode": "'ZZ99 3WZ'"},
            (Breaks("postcode_of_a_place"), Breaks("linkage_ready")),
            LOOSE,
            150,
        ),
        Defect(
            "lsoa_of_another_level",
            "The code of the area is one of the level above, E02.",
            {"lsoa_code": "'E02' || substr(lsoa_code, 4)"},
            (Breaks("lsoa_code_valid"),),
        ),
        Defect(
            "registered_before_birth",
            "The patient joined the list 40 days before birth.",
            {"registration_date": "date_of_birth - 40"},
            (Breaks("registered_since_birth"),),
        ),
        Defect(
            "registered_after_extract",
            "The patient joined the list after the day of the extract.",
            {"registration_date": "extract_date + 30"},
            (Breaks("registered_by_extract"),),
            "deregistration_date IS NULL",
        ),
        Defect(
            "registration_date_missing",
            "The day on which the patient joined the list is missing.",
            {"registration_date": "NULL"},
            (Breaks("registered_by_extract"),),
        ),
        Defect(
            "deregistered_before_registration",
            "The patient left the list before joining it.",
            {"deregistration_date": "registration_date - 30"},
            (Breaks("deregistered_in_order"),),
            f"{LOOSE} AND death_date IS NULL",
            60,
        ),
        Defect(
            "death_in_the_future",
            "The date of death is after the day of the extract.",
            {"death_date": "extract_date + 60", "deregistration_date": "extract_date"},
            (Breaks("died_by_extract"),),
            LOOSE,
            60,
        ),
        Defect(
            "dead_and_on_the_list",
            "The patient died a month before, and is still on the list.",
            {"death_date": "extract_date - 30", "deregistration_date": "NULL"},
            (Breaks("dead_leave_the_list"),),
            LOOSE,
            60,
        ),
    ),
    order="extract_date, practice_code, patient_id, nhs_number",
)
