"""Hospital spells that ended in each period: one or two for each active patient."""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.people import SEEN_LATER, Wrong, heavy_defects, identity_defects, people

SPELLS = (
    ("110", "M161", "W371", "11", 6),
    ("110", "M171", "W401", "12", 5),
    ("100", "K409", "T202", "11", 1),
    ("100", "K358", "H011", "21", 4),
    ("100", "K802", "J183", "12", 2),
    ("130", "H269", "C712", "12", 1),
    ("300", "J189", "-", "21", 9),
    ("300", "N390", "-", "22", 7),
    ("300", "I10X", "-", "24", 3),
    ("320", "I219", "-", "21", 6),
    ("340", "J441", "-", "2A", 8),
    ("420", "J459", "-", "21", 2),
)
"""Treatment function, diagnosis, procedure (- for none), admission method, and the days that a stay is shorter than."""
BIRTH = ("501", "O809", "R249", "31", 4)
"""The same of a delivery."""
LEVELS = (0, 1, 1, 1, 2, 2, 2, 3, 3, 4)
"""Levels of the electronic patient records of trusts; an invented mixture."""
CHILDBEARING = "gender = '2' AND age_on(first_day, date_of_birth) BETWEEN 16 AND 44"

SPELL = "patient_no || '|' || period_no || '|' || spell_no"


def struct(spell: tuple[str, str, str, str, int]) -> str:
    """SQL of a kind of spell."""
    function, diagnosis, procedure, method, days = spell
    coded = f"'treated': '{function}', 'diagnosis': '{diagnosis}', 'procedure': '{procedure}'"
    return f"{{{coded}, 'method': '{method}', 'days': {days}}}"


COLUMNS = (
    Column("period", "VARCHAR", "month"),
    Column("pcgt_code", "VARCHAR", "home"),
    Column("provider_code", "VARCHAR", "acute_trust_code"),
    Column("provider_epr_level", "INTEGER", f"chosen('epr|' || acute_trust_code, {list(LEVELS)})"),
    Column("spell_id", "VARCHAR", "'S' || lpad(patient_no::VARCHAR, 7, '0') || lpad(period_no::VARCHAR, 3, '0') || spell_no"),
    Column("nhs_number", "VARCHAR", "nhs_number"),
    Column("date_of_birth", "DATE", "date_of_birth"),
    Column("gender", "VARCHAR", "gender"),
    Column("ethnic_category", "VARCHAR", "ethnic_category"),
    Column("postcode", "VARCHAR", "postcode"),
    Column("gp_practice_code", "VARCHAR", "practice_code"),
    Column("admission_method", "VARCHAR", "spell.method"),
    Column("admission_date", "DATE", "left_on - stay"),
    Column("discharge_date", "DATE", "left_on"),
    Column("treatment_function_code", "VARCHAR", "spell.treated"),
    Column("primary_diagnosis", "VARCHAR", "spell.diagnosis"),
    Column("primary_procedure", "VARCHAR", "spell.procedure"),
)
NAMES = [column.name for column in COLUMNS]
NOT_JUDGED = ("gender_known", "gender_agrees_with_gp_record", "adult_at_start")
"""Rules about who a record is about that the suite has not."""
WITH_FULL_STOP = "left(primary_diagnosis, 3) || '.' || substr(primary_diagnosis, 4)"
NO_NUMBER = Wrong("spell_id", "NULL", (Breaks("spell_id_present"),))
UNKNOWN_METHOD = Wrong("admission_method", "'29'", (Breaks("admission_method_listed"),))
IN_LETTERS = Wrong("treatment_function_code", "'GEN'", (Breaks("treatment_function_form"),))
CUT_PROCEDURE = Wrong(
    "primary_procedure",
    "if(primary_procedure = '-', '-', left(primary_procedure, 3))",
    (Breaks("primary_procedure_form", where="primary_procedure <> '-'"),),
)
SAME_LEVEL = Breaks("epr_level_same_within_provider")

FEED = Feed(
    name="hospital_activity",
    level="pcgt",
    source="hospital",
    organisation="pcgt_code",
    pcgt="home",
    relation=f"""(SELECT * RENAME (pcgt_code AS home),
       first_day + draw('day|' || {SPELL}, 28)::INTEGER AS left_on, draw('stay|' || {SPELL}, spell.days)::INTEGER AS stay
FROM (SELECT *, if({CHILDBEARING} AND draw('birth|' || {SPELL}, 8) = 0, {struct(BIRTH)},
                   chosen('spell|' || {SPELL}, [{", ".join(map(struct, SPELLS))}])) AS spell
      FROM (SELECT *, unnest(if(draw('spells|' || patient_no || '|' || period_no, 10) < 8, [1, 2], [1])) AS spell_no
            FROM {people("hospital_activity", 100)})))""",
    key=SPELL,
    columns=COLUMNS,
    defects=(
        *identity_defects(
            NAMES,
            "admission_date",
            nothing_sent=100,
            dated="discharge_in_period",
            without=NOT_JUDGED,
        ),
        Defect(
            "without_spell_number", "The number of the spell is missing.", {"spell_id": "NULL"}, (Breaks("spell_id_present"),)
        ),
        Defect("sent_twice", "The spell stands twice.", "repeat", (Breaks("spell_unique", rows=2),)),
        Defect(
            "other_level",
            "The level of the electronic patient record is not that of the trust's other rows.",
            {"provider_epr_level": "provider_epr_level + 1"},
            (SAME_LEVEL,),
        ),
        Defect(
            "level_out_of_range",
            "The level of the electronic patient record is 9.",
            {"provider_epr_level": "9"},
            (Breaks("epr_level_in_range"), SAME_LEVEL),
        ),
        Defect(
            "unknown_method",
            "The admission method is 29, which is none.",
            {"admission_method": "'29'"},
            (Breaks("admission_method_listed"),),
        ),
        Defect(
            "discharged_before_admission",
            "The patient left before being admitted.",
            {"admission_date": "discharge_date + INTERVAL 3 DAY"},
            (Breaks("discharge_not_before_admission"),),
        ),
        Defect(
            "sent_too_early",
            "The spell ended in a later period.",
            {"discharge_date": f"discharge_date + {SEEN_LATER}"},
            (Breaks("discharge_in_period"),),
        ),
        Defect(
            "function_in_letters",
            "The treatment function is given in letters.",
            {"treatment_function_code": "'GEN'"},
            (Breaks("treatment_function_form"),),
        ),
        Defect(
            "not_coded",
            "The primary diagnosis is missing.",
            {"primary_diagnosis": "NULL"},
            (Breaks("primary_diagnosis_present"),),
            per_10_000=100,
        ),
        Defect(
            "full_stop_in_diagnosis",
            "The diagnosis has a full stop before its fourth character.",
            {"primary_diagnosis": WITH_FULL_STOP},
            (Breaks("primary_diagnosis_form"),),
        ),
        Defect(
            "cut_procedure",
            "The procedure has lost its fourth character.",
            {"primary_procedure": "left(primary_procedure, 3)"},
            (Breaks("primary_procedure_form"),),
            where="primary_procedure <> '-'",
            per_10_000=40,
        ),
        *heavy_defects(
            NAMES,
            empty=(
                NO_NUMBER,
                UNKNOWN_METHOD,
                IN_LETTERS,
                Wrong("primary_diagnosis", "NULL", (Breaks("primary_diagnosis_present"),)),
                CUT_PROCEDURE,
            ),
            garbled=(
                Wrong("date_of_birth", f"discharge_date + {SEEN_LATER} + INTERVAL 4 DAY", (Breaks("age_plausible"),)),
                NO_NUMBER,
                UNKNOWN_METHOD,
                Wrong(
                    "admission_date",
                    f"discharge_date + {SEEN_LATER} + INTERVAL 3 DAY",
                    (Breaks("discharge_not_before_admission"),),
                ),
                Wrong("discharge_date", f"discharge_date + {SEEN_LATER}", (Breaks("discharge_in_period"),)),
                IN_LETTERS,
                Wrong("primary_diagnosis", WITH_FULL_STOP, (Breaks("primary_diagnosis_form"),)),
                CUT_PROCEDURE,
            ),
            without=NOT_JUDGED,
        ),
    ),
    order="period, pcgt_code, spell_id",
)
