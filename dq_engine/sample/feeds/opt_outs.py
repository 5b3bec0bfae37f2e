"""The opt-outs: Type 1 of the patients of whom no other feed may speak, Type 2 of some others; the whole list in each month.

Other feeds are held against the Type 1 rows, so that what hides a person befalls Type 2 rows only. The *anchor* of a PCG/T, a
Type 2 row, stays with it, so that no PCG/T is absent by chance.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.feeds.clinical_events import CODE_SYSTEM, TYPE_1, TYPE_2
from dq_engine.sample.feeds.patients import PLACEHOLDER

RELATION = """(SELECT *, first_day_of(period_no) AS first_day
FROM (SELECT *, unnest(range(1, periods() + 1)) AS period_no,
             since + draw('noted|' || patient_no || '|' || kind, until - since)::INTEGER AS noted
      FROM (SELECT patient_no, practice_code, pcgt_code, nhs_number, '1' AS kind, FALSE AS anchored,
                   greatest(date_of_birth, DATE '2013-10-01') AS since, DATE '2024-09-01' AS until
            FROM patient WHERE opted_out
            UNION ALL
            SELECT patient_no, practice_code, pcgt_code, nhs_number, '2', patient_no = anchor_no,
                   DATE '2014-01-01', DATE '2018-10-11'
            FROM patient JOIN (SELECT pcgt_no, min(patient_no) AS anchor_no FROM patient
                               WHERE date_of_birth < DATE '2014-01-01' GROUP BY pcgt_no) AS anchor USING (pcgt_no)
            WHERE date_of_birth < DATE '2014-01-01' AND (patient_no = anchor_no OR draw('type 2|' || patient_no, 1000) < 60))))"""

FREE = "NOT anchored"
"""The rows whose loss leaves their PCG/T with another."""
EVEN = "right(pcgt_code, 1) IN ('0', '2', '4', '6', '8')"
"""A row goes from one of these to its neighbour, and only these are absent: so that none comes back by another's row."""
OF_TYPE_2 = "opt_out_type = '2'"

FEED = Feed(
    name="opt_outs",
    level="pcgt",
    source="primary_care",
    organisation="pcgt_code",
    pcgt="pcgt_code",
    relation=RELATION,
    key="patient_no || '|' || kind || '|' || period_no",
    columns=(
        Column("extract_date", "DATE", "first_day"),
        Column("pcgt_code", "VARCHAR", "pcgt_code"),
        Column("practice_code", "VARCHAR", "practice_code"),
        Column("nhs_number", "VARCHAR", "nhs_number"),
        Column("opt_out_type", "VARCHAR", "kind"),
        Column("code_system", "VARCHAR", CODE_SYSTEM),
        Column("code", "VARCHAR", f"(SELECT if(kind = '1', {TYPE_1}, {TYPE_2}) FROM (SELECT {CODE_SYSTEM} AS code_system))"),
        Column("recorded_date", "DATE", "noted"),
    ),
    defects=(
        Defect(
            "extract_date_missing",
            "The day of the extract is missing.",
            {"extract_date": "NULL"},
            (Breaks("extract_date_present"),),
            FREE,
            40,
        ),
        Defect(
            "pcgt_code_missing",
            "The PCG/T code is missing.",
            {"pcgt_code": "NULL"},
            (Breaks("pcgt_code_present"),),
            FREE,
            60,
        ),
        Defect(
            "pcgt_code_in_small_letters",
            "The PCG/T code is written in small letters.",
            {"pcgt_code": "lower(pcgt_code)"},
            (Breaks("pcgt_code_valid"), Breaks("pcgt_open"), Breaks("pcgt_commissions_practice")),
            FREE,
            60,
        ),
        Defect(
            "pcgt_unknown",
            "The PCG/T code has the right form, and no PCG/T has it.",
            {"pcgt_code": "'9Z9'"},
            (Breaks("pcgt_open"), Breaks("pcgt_commissions_practice")),
            FREE,
            60,
        ),
        Defect(
            "pcgt_of_another_practice",
            "The PCG/T is a neighbour, which does not commission the practice.",
            {"pcgt_code": "left(pcgt_code, 2) || (substr(pcgt_code, 3)::INTEGER + 1) % 10"},
            (Breaks("pcgt_commissions_practice"),),
            f"{EVEN} AND pcgt_code <> '9Y0' AND {FREE}",
            60,
        ),
        Defect(
            "pcgt_absent",
            "The PCG/T sent nothing in the last month.",
            "drop",
            (Breaks("pcgts_all_present", once=True, item="extract_date"),),
            f"{EVEN} AND period_no = periods() AND periods() > 1",
            160,
            together="pcgt_code || '|' || period_no",
        ),
        Defect(
            "practice_code_missing",
            "The practice code is missing.",
            {"practice_code": "NULL"},
            (Breaks("practice_code_present"),),
            per_10_000=40,
        ),
        Defect(
            "practice_code_in_small_letters",
            "The practice code is written in small letters.",
            {"practice_code": "lower(practice_code)"},
            (Breaks("practice_code_valid"), Breaks("practice_open")),
            per_10_000=40,
        ),
        Defect(
            "practice_unknown",
            "The practice code has the right form, and no practice has it.",
            {"practice_code": "'T8' || substr(practice_code, 3)"},
            (Breaks("practice_open"),),
            per_10_000=40,
        ),
        Defect(
            "nhs_number_missing",
            "The NHS number is missing.",
            {"nhs_number": "NULL"},
            (Breaks("nhs_number_present"),),
            OF_TYPE_2,
            60,
        ),
        Defect(
            "nhs_number_mistyped",
            "The check digit of the NHS number is wrong.",
            {"nhs_number": "wrong_check_digit(nhs_number)"},
            (Breaks("nhs_number_valid"),),
            OF_TYPE_2,
            60,
        ),
        Defect(
            "nhs_number_placeholder",
            "The NHS number is a placeholder.",
            {"nhs_number": PLACEHOLDER},
            (Breaks("nhs_number_not_reserved"),),
            OF_TYPE_2,
            60,
        ),
        Defect("listed_twice", "The opt-out is in the list twice.", "repeat", (Breaks("opt_out_once", rows=2),), per_10_000=40),
        Defect(
            "opt_out_type_missing",
            "The type is missing.",
            {"opt_out_type": "NULL"},
            (Breaks("opt_out_type_present"),),
            OF_TYPE_2,
            60,
        ),
        Defect(
            "opt_out_type_in_words",
            "The type is written as Type 2.",
            {"opt_out_type": "'Type 2'"},
            (Breaks("opt_out_type_valid"),),
            OF_TYPE_2,
            60,
        ),
        Defect(
            "code_system_missing",
            "The terminology is missing.",
            {"code_system": "NULL"},
            (Breaks("code_system_present"),),
            per_10_000=40,
        ),
        Defect(
            "code_system_of_no_version",
            "The terminology is Read, without its version.",
            {"code_system": "'READ'"},
            (Breaks("code_system_valid"),),
            "code_system <> 'SNOMED_CT'",
            60,
        ),
        Defect("code_missing", "The code is missing.", {"code": "NULL"}, (Breaks("code_present"),), per_10_000=40),
        Defect(
            "code_of_the_other_type",
            "The code is that of the other type of opt-out.",
            {"code": f"if(opt_out_type = '1', {TYPE_2}, {TYPE_1})"},
            tuple(
                Breaks(f"type_{kind}_code_in_{rule}", where=f"opt_out_type = '{kind}' AND code_system = '{system}'")
                for kind in ("1", "2")
                for rule, system in (("read_v2", "READ_V2"), ("ctv3", "CTV3"), ("snomed_ct", "SNOMED_CT"))
            ),
            per_10_000=300,
        ),
        Defect(
            "recorded_date_missing",
            "The day of recording is missing.",
            {"recorded_date": "NULL"},
            (Breaks("recorded_date_present"),),
            per_10_000=40,
        ),
        Defect(
            "recorded_after_extract",
            "The opt-out was recorded after the day of the extract.",
            {"recorded_date": "extract_date + 9"},
            (Breaks("recorded_by_extract"),),
            "opt_out_type = '1'",
            80,
        ),
        Defect(
            "recorded_date_default",
            "The day of recording is 1 January 1900, which stands for a day that nobody knew.",
            {"recorded_date": "DATE '1900-01-01'"},
            (Breaks("recorded_date_no_default"),),
            per_10_000=40,
        ),
        Defect(
            "type_2_after_its_end",
            "The Type 2 opt-out was recorded after these were withdrawn.",
            {"recorded_date": "DATE '2018-10-11' + draw('after|' || dq_key, 400)::INTEGER"},
            (Breaks("type_2_not_from_october_2018"),),
            OF_TYPE_2,
            80,
        ),
    ),
    order="extract_date, pcgt_code, nhs_number, opt_out_type, practice_code, code_system, code, recorded_date",
)
