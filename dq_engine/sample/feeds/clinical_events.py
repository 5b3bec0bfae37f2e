"""The coded events of active patients: one to three for each and month, diagnoses and measurements.

Each practice codes in one terminology. A diagnosis takes the next code of its terminology, so that a patient meets each code
once before any comes again, and only the first meeting may be a First episode. The anchor of a practice
(:mod:`dq_engine.sample.feeds.patients`) has events too, and its first of each month is never lost to the practice, so that no
practice is absent by chance.
"""

from __future__ import annotations

from collections.abc import Mapping

from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.feeds.patients import ANCHORS, objectors

CODE_SYSTEM = "['READ_V2', 'CTV3', 'SNOMED_CT'][1 + draw('terminology|' || practice_code, 3)]"
"""SQL of the terminology in which a practice codes."""
TYPE_1 = "CASE code_system WHEN 'READ_V2' THEN '9Nu0.' WHEN 'CTV3' THEN 'XaZ89' ELSE '827241000000103' END"
"""SQL of the code of a Type 1 opt-out: https://www.thegoodpractice.london/type-1-opt-out"""
TYPE_2 = "CASE code_system WHEN 'READ_V2' THEN '9Nu4.' WHEN 'CTV3' THEN 'XaaVL' ELSE '881561000000100' END"
"""SQL of the code of a Type 2 opt-out: https://www.doncasterlmc.co.uk/guidance/national-patient-data-opt-out"""
DIAGNOSES = {
    "READ_V2": ("G20..", "C10F.", "H33..", "H3...", "G30..", "F25..", "G573.", "E2B..", "1Z12.", "N05..", "J10..", "M11.."),
    "CTV3": ("XE0Ub", "X40J5", "H33..", "H3...", "X200E", "F25..", "G5730", "X00SO", "X30In", "N05..", "XE0af", "X505K"),
    "SNOMED_CT": (
        *("38341003", "44054006", "195967001", "13645005", "22298006", "84757009"),
        *("49436004", "35489007", "709044004", "396275006", "235595009", "43116000"),
    ),
}
MEASUREMENTS = {
    "READ_V2": ("246..", "22K..", "42W5.", "242.."),
    "CTV3": ("X773t", "22K..", "XaPbt", "X773s"),
    "SNOMED_CT": ("75367002", "60621009", "43396009", "78564009"),
}
"""In each terminology one code for each unit of a value. All codes have the right form; no rule depends on what they mean."""
CODES = 12
"""Diagnoses in each terminology."""
EVENTS = "if(patient_no = anchor_no, 1, 1 + patient_no % 3)"
"""SQL of how many events a patient has in each month."""


def in_system(codes: Mapping[str, tuple[str, ...]], place: str) -> str:
    """SQL of the code at a place, from 1, of the list of the row's terminology."""
    lists = " ".join(f"WHEN {system!r} THEN {list(of_system)}" for system, of_system in codes.items())
    return f"(CASE terminology {lists} END)[{place}]"


EVENTFUL = "(active OR patient_no = anchor_no)"
PRACTICES = f"""SELECT *, sum(practice_events) OVER (PARTITION BY pcgt_no) AS pcgt_events
FROM (SELECT practice_no, pcgt_no, anchor_no, sum({EVENTS}) AS practice_events
      FROM patient JOIN ({ANCHORS}) AS anchor USING (practice_no) WHERE {EVENTFUL} GROUP BY ALL)"""
"""SELECT of the anchor of each practice, and of how many events it and its PCG/T have in each month."""
RELATION = f"""(SELECT *, if(slice(kind, 0, 5) < 3, 1 + slice(kind, 20, 4), NULL) AS measured,
       1 + (start + met) % {CODES} AS diagnosed,
       ['First', 'New', 'Ongoing'][if(met < {CODES}, 1 + slice(what, 40, 3), 3)] AS episode,
       (first_day + slice(kind, 40, 28)::INTEGER)::DATE AS happened,
       (first_day + slice(kind, 40, 28)::INTEGER + slice(what, 20, 21)::INTEGER)::DATE AS noted
FROM (SELECT *, bits('kind|' || event) AS kind, bits('what|' || event) AS what, first_day_of(period_no) AS first_day,
             (period_no - 1) * {EVENTS} + event_no - 1 AS met, patient_no = anchor_no AND event_no = 1 AS anchored
      FROM (SELECT *, patient_no || '|' || period_no || '|' || event_no AS event
            FROM (SELECT *, unnest(range(1, {EVENTS} + 1)) AS event_no
                  FROM (SELECT *, unnest(range(1, periods() + 1)) AS period_no, {CODE_SYSTEM} AS terminology,
                               draw('start|' || patient_no, {CODES}) AS start
                        FROM patient JOIN ({PRACTICES}) AS counted USING (practice_no)
                        LEFT JOIN ({objectors(odd=True)}) AS objector
                          ON objector_no = patient_no + 1 AND objector_practice = practice_no
                        WHERE {EVENTFUL})))))"""

FREE = "NOT anchored"
"""The events whose loss leaves their practice with another in the month."""
NOT_FIRST = "episode_type IS DISTINCT FROM 'First'"
"""A First episode that gets another code or patient might meet one that is there."""
UNKNOWN_PATIENT = Breaks("patient_registered")
STRAY = "patient_no % 3 = 0 AND NOT anchored"
"""Events that may leave the total of their PCG/T and month: about one in six, so that the total never changes by half."""
ONE_MONTH = f"{STRAY} AND period_no = 1"
"""A code of a PCG/T that is none makes a total of its own: in the first month alone, so that it is missing in the next."""
GONE_NEXT_MONTH = Breaks("events_as_many_as_last_month", organisation="pcgt_code", once=True, where="periods() > 1")

FEED = Feed(
    name="clinical_events",
    level="practice",
    source="primary_care",
    organisation="practice_code",
    pcgt="pcgt_code",
    relation=RELATION,
    key="event",
    columns=(
        Column("period", "VARCHAR", "strftime(first_day, '%Y-%m')"),
        Column("practice_code", "VARCHAR", "practice_code"),
        Column("pcgt_code", "VARCHAR", "pcgt_code"),
        Column("event_id", "VARCHAR", "'E' || replace(event, '|', '-')"),
        Column("nhs_number", "VARCHAR", "nhs_number"),
        Column("event_date", "DATE", "happened"),
        Column("recorded_date", "DATE", "noted"),
        Column("code_system", "VARCHAR", "terminology"),
        Column(
            "code",
            "VARCHAR",
            f"if(measured IS NULL, {in_system(DIAGNOSES, 'diagnosed')}, {in_system(MEASUREMENTS, 'measured')})",
        ),
        Column("episode_type", "VARCHAR", "if(measured IS NULL, episode, NULL)"),
        Column(
            "value",
            "DOUBLE",
            "[100 + slice(what, 0, 60), 18 + slice(what, 0, 200) / 10, 30 + slice(what, 0, 50), 55 + slice(what, 0, 40)]"
            "[measured]",
        ),
        Column("unit", "VARCHAR", "['mmHg', 'kg/m2', 'mmol/mol', '/min'][measured]"),
    ),
    defects=(
        Defect(
            "period_missing",
            "The month is missing.",
            {"period": "NULL"},
            (Breaks("period_present"),),
            STRAY,
            80,
        ),
        Defect(
            "period_without_century",
            "The month is written as 10/24, which no reader can be sure of.",
            {"period": "strftime(first_day, '%m/%y')"},
            (Breaks("event_date_in_period"),),
            STRAY,
            80,
        ),
        Defect(
            "practice_code_missing",
            "The practice code is missing.",
            {"practice_code": "NULL"},
            (Breaks("practice_code_present"),),
            FREE,
        ),
        Defect(
            "practice_code_in_small_letters",
            "The practice code is written in small letters.",
            {"practice_code": "lower(practice_code)"},
            (Breaks("practice_code_valid"), Breaks("practice_open"), UNKNOWN_PATIENT),
            FREE,
        ),
        Defect(
            "practice_code_default",
            "The practice is V81998, not applicable.",
            {"practice_code": "'V81998'"},
            (Breaks("practice_code_valid"), Breaks("practice_open"), UNKNOWN_PATIENT),
            FREE,
        ),
        Defect(
            "practice_unknown",
            "The practice code has the right form, and no practice has it.",
            {"practice_code": "'T8' || substr(practice_code, 3)"},
            (Breaks("practice_open"), UNKNOWN_PATIENT),
            FREE,
        ),
        Defect(
            "practice_absent",
            "The practice, which has less than two in five of the events of its PCG/T, sent nothing in the last month.",
            "drop",
            (Breaks("practices_all_present", once=True, item="period"),),
            "period_no = periods() AND 5 * practice_events < 2 * pcgt_events",
            60,
            together="practice_code || '|' || period_no",
        ),
        Defect(
            "pcgt_code_missing", "The PCG/T code is missing.", {"pcgt_code": "NULL"}, (Breaks("pcgt_code_present"),), STRAY, 80
        ),
        Defect(
            "pcgt_code_in_small_letters",
            "The PCG/T code is written in small letters.",
            {"pcgt_code": "lower(pcgt_code)"},
            (Breaks("pcgt_code_valid"), Breaks("pcgt_open"), Breaks("pcgt_commissions_practice"), GONE_NEXT_MONTH),
            ONE_MONTH,
            160,
        ),
        Defect(
            "pcgt_code_default",
            "The PCG/T is Q99, not known.",
            {"pcgt_code": "'Q99'"},
            (Breaks("pcgt_code_valid"), Breaks("pcgt_open"), Breaks("pcgt_commissions_practice"), GONE_NEXT_MONTH),
            ONE_MONTH,
            160,
        ),
        Defect(
            "pcgt_unknown",
            "The PCG/T code has the right form, and no PCG/T has it.",
            {"pcgt_code": "'9Z9'"},
            (Breaks("pcgt_open"), Breaks("pcgt_commissions_practice"), GONE_NEXT_MONTH),
            ONE_MONTH,
            160,
        ),
        Defect(
            "pcgt_of_another_practice",
            "The PCG/T is a neighbour, which does not commission the practice.",
            {"pcgt_code": "left(pcgt_code, 2) || (substr(pcgt_code, 3)::INTEGER + 1) % 10"},
            (Breaks("pcgt_commissions_practice"),),
            f"{STRAY} AND pcgt_code <> '9Y0'",
            80,
        ),
        Defect("event_id_missing", "The identifier is missing.", {"event_id": "NULL"}, (Breaks("event_id_present"),)),
        Defect(
            "sent_twice",
            "The event is in the extract twice.",
            "repeat",
            (Breaks("event_id_once", rows=2), Breaks("one_first_episode", rows=2, where="episode_type = 'First'")),
        ),
        Defect("nhs_number_missing", "The NHS number is missing.", {"nhs_number": "NULL"}, (Breaks("nhs_number_present"),)),
        Defect(
            "nhs_number_mistyped",
            "The check digit of the NHS number is wrong.",
            {"nhs_number": "wrong_check_digit(nhs_number)"},
            (Breaks("nhs_number_valid"), UNKNOWN_PATIENT),
        ),
        Defect(
            "nhs_number_for_tests",
            "The NHS number is one of those that are for tests only.",
            {"nhs_number": "with_pair(99900000 + draw('test|' || dq_key, 100000), draw('pair|' || dq_key, 5))"},
            (Breaks("nhs_number_not_reserved"), UNKNOWN_PATIENT),
            NOT_FIRST,
        ),
        Defect(
            "nhs_number_unknown",
            "The NHS number is valid, and nobody on the list of the practice has it.",
            {"nhs_number": "nhs_number(patient_no + 10000000)"},
            (UNKNOWN_PATIENT,),
        ),
        Defect(
            "opted_out_and_sent",
            "An event of somebody with a Type 1 opt-out was sent all the same.",
            {"event_id": "event_id || '-O'", "nhs_number": "objector_nhs_number"},
            (Breaks("not_opted_out"), UNKNOWN_PATIENT),
            f"objector_no IS NOT NULL AND {NOT_FIRST}",
            200,
            extra=True,
        ),
        Defect(
            "type_1_opt_out_as_event",
            "The event is itself a Type 1 opt-out.",
            {"code": TYPE_1},
            (Breaks("no_type_1_code"),),
            NOT_FIRST,
        ),
        Defect(
            "type_2_opt_out_as_event",
            "The event is a Type 2 opt-out, years after these were withdrawn.",
            {"code": TYPE_2},
            (Breaks("no_type_2_code_from_october_2018"),),
            NOT_FIRST,
        ),
        Defect(
            "event_date_missing",
            "The day of the event is missing.",
            {"event_date": "NULL"},
            (Breaks("recorded_in_order"),),
        ),
        Defect(
            "event_of_another_month",
            "The event happened in the month before.",
            {"event_date": "first_day - 9", "recorded_date": "first_day - 2"},
            (Breaks("event_date_in_period"),),
        ),
        Defect(
            "recorded_date_missing",
            "The day of recording is missing.",
            {"recorded_date": "NULL"},
            (Breaks("recorded_in_order"),),
        ),
        Defect(
            "recorded_before_event",
            "The event was recorded three days before it happened.",
            {"recorded_date": "event_date - 3"},
            (Breaks("recorded_in_order"),),
        ),
        Defect(
            "recorded_late",
            "The event was recorded after four months.",
            {"recorded_date": "event_date + 120"},
            (Breaks("recorded_within_30_days"),),
            per_10_000=60,
        ),
        Defect("code_system_missing", "The terminology is missing.", {"code_system": "NULL"}, (Breaks("code_system_present"),)),
        Defect(
            "code_system_of_no_version",
            "The terminology is Read, without its version.",
            {"code_system": "'READ'"},
            (Breaks("code_system_valid"),),
            "code_system <> 'SNOMED_CT'",
            30,
        ),
        Defect("code_missing", "The code is missing.", {"code": "NULL"}, (Breaks("code_present"),)),
        Defect(
            "read_code_cut",
            "The Read code lost what stands after its first two characters.",
            {"code": "left(code, 2)"},
            (
                Breaks("read_v2_code_valid", where="code_system = 'READ_V2'"),
                Breaks("ctv3_code_valid", where="code_system = 'CTV3'"),
            ),
            f"code_system <> 'SNOMED_CT' AND {NOT_FIRST}",
            40,
        ),
        Defect(
            "snomed_ct_code_mistyped",
            "The last digit of the SNOMED CT code is wrong.",
            {"code": "left(code, -1) || (right(code, 1)::INTEGER + 1) % 10"},
            (Breaks("snomed_ct_code_valid"),),
            f"code_system = 'SNOMED_CT' AND {NOT_FIRST}",
            60,
        ),
        Defect(
            "episode_type_of_another_scheme",
            "The type of the episode is Review.",
            {"episode_type": "'Review'"},
            (Breaks("episode_type_valid"),),
            "episode_type IS NOT NULL",
            30,
        ),
        Defect(
            "first_episode_again",
            "The patient has a second First episode of the same code.",
            {"event_id": "event_id || '-F'"},
            (Breaks("one_first_episode", rows=2),),
            "episode_type = 'First'",
            60,
            extra=True,
        ),
        Defect(
            "unit_in_another_spelling",
            "The unit of a blood pressure has a blank.",
            {"unit": "'mm Hg'"},
            (Breaks("unit_valid"),),
            "unit = 'mmHg'",
            60,
        ),
        Defect("unit_missing", "The value has no unit.", {"unit": "NULL"}, (Breaks("value_has_unit"),), "unit IS NOT NULL", 30),
        Defect(
            "blood_pressure_with_a_zero_more",
            "The blood pressure has a zero too many.",
            {"value": "value * 10"},
            (Breaks("blood_pressure_plausible"),),
            "unit = 'mmHg'",
            60,
        ),
        Defect(
            "hba1c_in_per_cent",
            "The HbA1c is a percentage, under the newer unit.",
            {"value": "round(2.15 + 0.0915 * value, 1)"},
            (Breaks("hba1c_plausible"),),
            "unit = 'mmol/mol'",
            60,
        ),
    ),
    order="period, practice_code, event_id, nhs_number",
)
