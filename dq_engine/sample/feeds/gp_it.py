"""The census of information technology in general practices: one row for each practice, on the first day of the last month.

PCG/Ts differ in how far they have come: in some, one practice in three is not connected, in others all receive messages.
Even practices may be missing from ``list_sizes``, so that lists that disagree with it are those of odd ones.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

LEVELS = "['repeat_prescribing', 'some_diagnoses', 'some_diagnoses', 'most_diagnoses', 'most_diagnoses', 'all_diagnoses']"
ABSENT = Breaks("practices_covered", organisation="own_code", once=True)
"""Without this row the census lacks the practice."""
COMPUTER, NO_COMPUTER = "computerised", "NOT computerised"

FEED = Feed(
    name="gp_it",
    level="practice",
    source="primary_care",
    organisation="practice_code",
    pcgt="own_pcgt",
    relation=f"""(
SELECT *, if(computer, system_supplier, NULL) AS own_supplier,
       if(computer, chosen('level|' || own_code, {LEVELS}), 'none') AS level,
       connected AND draw('messages|' || own_code, 100) < [45, 65, 85, 100][1 + draw('messages|' || own_pcgt, 4)] AS capable
FROM (SELECT *, computer AND draw('nhsnet|' || own_code, 100) < [70, 97, 99, 100][1 + draw('nhsnet|' || own_pcgt, 4)] AS connected
      FROM (SELECT practice_no, practice_code AS own_code, practice.pcgt_code AS own_pcgt, other.pcgt_code AS other_pcgt,
                   first_day, patients, practice.supplier AS system_supplier,
                   draw('computer|' || practice_code, 100) < 94 AS computer
            FROM practice_total
            JOIN period USING (period_no)
            JOIN practice USING (practice_no, practice_code)
            JOIN pcgt AS other ON other.pcgt_no = (practice.pcgt_no + 1) % (SELECT count(*) FROM pcgt)
            WHERE period_no = periods())))""",
    key="own_code",
    columns=(
        Column("census_date", "DATE", "first_day"),
        Column("practice_code", "VARCHAR", "own_code"),
        Column("pcgt_code", "VARCHAR", "own_pcgt"),
        Column("computerised", "BOOLEAN", "computer"),
        Column("supplier", "VARCHAR", "own_supplier"),
        Column(
            "clinical_system", "VARCHAR", "'FICTA RECORD ' || list_position(['EMIS', 'TPP', 'EMIS/EVERGREENLIFE'], own_supplier)"
        ),
        Column("nhsnet_connected", "BOOLEAN", "connected"),
        Column("path_messages_capable", "BOOLEAN", "capable"),
        Column("path_messages_received", "INTEGER", "if(capable, 20 + patients // 50 + draw('received|' || own_code, 100), 0)"),
        Column("coding_level", "VARCHAR", "level"),
        Column(
            "coding_scheme",
            "VARCHAR",
            "CASE WHEN level = 'none' THEN NULL WHEN own_supplier = 'TPP' THEN 'CTV3' "
            "ELSE chosen('scheme|' || own_code, ['READ_V2', 'SNOMED_CT']) END",
        ),
        Column("patients_registered", "INTEGER", "patients"),
    ),
    defects=(
        Defect("absent", "The practice is missing from the census.", "drop", (ABSENT,), per_10_000=40),
        Defect("twice", "The practice stands in the census twice.", "repeat", (Breaks("practice_once", rows=2),), per_10_000=40),
        Defect(
            "without_date",
            "There is no day of the census.",
            {"census_date": "NULL"},
            (Breaks("census_date_present"), ABSENT),
        ),
        Defect(
            "of_another_century",
            "The census is of 1924.",
            {"census_date": "census_date - INTERVAL 100 YEAR"},
            (Breaks("census_date_plausible"), Breaks("practice_open_at_census"), ABSENT),
        ),
        Defect(
            "without_code",
            "There is no code of the practice.",
            {"practice_code": "NULL"},
            (Breaks("practice_code_present"), ABSENT),
        ),
        Defect(
            "lower_case_code",
            "The code of the practice is in small letters.",
            {"practice_code": "lower(practice_code)"},
            (Breaks("practice_code_form"), Breaks("practice_open_at_census"), ABSENT),
            per_10_000=40,
        ),
        Defect(
            "unknown_practice",
            "The code of the practice is well formed, but nobody has it.",
            {"practice_code": "'T8' || right(practice_code, 4)"},
            (Breaks("practice_open_at_census"), ABSENT),
        ),
        Defect(
            "without_pcgt", "There is no code of the PCG/T.", {"pcgt_code": "NULL"}, (Breaks("pcgt_code_present"),), per_10_000=40
        ),
        Defect(
            "unknown_pcgt",
            "The code of the PCG/T is one that nobody has.",
            {"pcgt_code": "'7' || substr(pcgt_code, 2)"},
            (Breaks("pcgt_known"), Breaks("pcgt_of_practice")),
            per_10_000=50,
        ),
        Defect(
            "of_another_pcgt",
            "The practice stands under a PCG/T that does not commission it.",
            {"pcgt_code": "other_pcgt"},
            (Breaks("pcgt_of_practice"),),
            per_10_000=40,
        ),
        Defect(
            "supplier_in_small_letters",
            "The supplier is in small letters.",
            {"supplier": "lower(supplier)"},
            (Breaks("supplier_known"), Breaks("system_of_supplier")),
            COMPUTER,
        ),
        Defect(
            "without_supplier",
            "The system has no supplier.",
            {"supplier": "NULL"},
            (Breaks("supplier_present"),),
            COMPUTER,
            per_10_000=40,
        ),
        Defect(
            "supplier_without_computer",
            "There is a supplier of a system, but no computer.",
            {"supplier": "'EMIS'"},
            (Breaks("supplier_absent"),),
            NO_COMPUTER,
            per_10_000=350,
        ),
        Defect(
            "without_system",
            "There is a computer, but no clinical system.",
            {"clinical_system": "NULL"},
            (Breaks("system_present"),),
            COMPUTER,
            per_10_000=60,
        ),
        Defect(
            "system_of_another_supplier",
            "The system is that of another supplier.",
            {"supplier": "if(supplier = 'TPP', 'EMIS', 'TPP')"},
            (Breaks("system_of_supplier"),),
            COMPUTER,
            per_10_000=40,
        ),
        Defect(
            "nhsnet_not_answered",
            "Whether the practice is connected to NHSnet was not answered.",
            {"nhsnet_connected": "NULL"},
            (Breaks("nhsnet_present"),),
            per_10_000=40,
        ),
        Defect(
            "connected_without_computer",
            "The practice is connected to NHSnet without a computer.",
            {"nhsnet_connected": "TRUE"},
            (Breaks("nhsnet_needs_computer"),),
            NO_COMPUTER,
            per_10_000=350,
        ),
        Defect(
            "messages_not_answered",
            "Whether the practice can receive laboratory results was not answered.",
            {"path_messages_capable": "NULL"},
            (Breaks("path_capable_present"),),
            per_10_000=40,
        ),
        Defect(
            "messages_without_nhsnet",
            "The practice receives laboratory results without NHSnet.",
            {"path_messages_capable": "TRUE", "path_messages_received": "40"},
            (Breaks("path_capable_needs_nhsnet"),),
            "NOT nhsnet_connected",
            per_10_000=150,
        ),
        Defect(
            "negative_messages",
            "Fewer than no messages were received.",
            {"path_messages_received": "-1"},
            (Breaks("path_received_not_negative"), Breaks("path_capability_used")),
            "path_messages_capable",
            per_10_000=60,
        ),
        Defect(
            "messages_without_capability",
            "Messages were received that cannot be received.",
            {"path_messages_received": "40"},
            (Breaks("path_received_needs_capability"),),
            "NOT path_messages_capable",
            per_10_000=80,
        ),
        Defect(
            "capability_not_used",
            "No message was received, though they could be.",
            {"path_messages_received": "0"},
            (Breaks("path_capability_used"),),
            "path_messages_capable",
            per_10_000=60,
        ),
        Defect(
            "coding_not_answered",
            "How much is coded was not answered.",
            {"coding_level": "NULL"},
            (Breaks("coding_level_present"),),
            COMPUTER,
            per_10_000=40,
        ),
        Defect(
            "another_word_for_coding",
            "How much is coded was answered in another word.",
            {"coding_level": "'partly'"},
            (Breaks("coding_level_known"),),
            COMPUTER,
            per_10_000=40,
        ),
        Defect(
            "coding_without_computer",
            "Diagnoses are coded without a computer.",
            {"coding_level": "'some_diagnoses'", "coding_scheme": "'READ_V2'"},
            (Breaks("coding_level_none_without_computer"),),
            NO_COMPUTER,
            per_10_000=350,
        ),
        Defect(
            "another_spelling_of_scheme",
            "The scheme of the codes is spelt otherwise.",
            {"coding_scheme": "'Read 2'"},
            (Breaks("coding_scheme_known"),),
            COMPUTER,
            per_10_000=40,
        ),
        Defect(
            "without_scheme",
            "Diagnoses are coded, in no scheme.",
            {"coding_scheme": "NULL"},
            (Breaks("coding_scheme_present"),),
            COMPUTER,
            per_10_000=40,
        ),
        Defect(
            "without_patients",
            "There is no number of patients.",
            {"patients_registered": "NULL"},
            (Breaks("patients_present"),),
            per_10_000=40,
        ),
        Defect(
            "other_list",
            "The list is longer than the one that was published, by 100 patients.",
            {"patients_registered": "patients_registered + 100"},
            (Breaks("patients_agree"),),
            "practice_no % 2 = 1",
            per_10_000=120,
        ),
    ),
    order="practice_code, census_date",
)
