"""The Quality and Outcomes Framework: for each practice, invented indicators of twelve disease groups.

The list is that of a publication in which ``list_sizes`` has it and has it right: the last one, or for even practices the first.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

INDICATORS = 12
"""Indicators of each practice at scale 1: one of each group."""
MOST_INDICATORS = 12 * 99
"""The numbers of a group's indicators begin with 901."""
GROUPS = (
    ("AF", "TOTAL", 100, 22),
    ("AST", "06OV", 94, 65),
    ("CHD", "TOTAL", 100, 30),
    ("CKD", "18OV", 80, 42),
    ("COPD", "TOTAL", 100, 19),
    ("DM", "17OV", 81, 73),
    ("EP", "18OV", 80, 8),
    ("HF", "TOTAL", 100, 10),
    ("HYP", "TOTAL", 100, 140),
    ("MH", "TOTAL", 100, 10),
    ("OST", "50OV", 38, 7),
    ("STIA", "TOTAL", 100, 18),
)
"""Letters of a group, its list type, the per cent of a list that are of these ages, and how many of 1,000 of them have it."""


def listed(place: int) -> str:
    """SQL of one of the four facts of the groups, in their order."""
    values = (group[place] for group in GROUPS)
    return "[" + ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values) + "][1 + indicator % 12]"


def absent(organisation: str = "own_code") -> Breaks:
    """An indicator less than most have, at the practice or at the code that it has after the defect."""
    return Breaks("indicators_complete", organisation=organisation, once=True)


OPEN = Breaks("practice_open_in_year")
ALL_AGES, SOME_AGES = "patient_list_type = 'TOTAL'", "patient_list_type <> 'TOTAL'"
PAID_BY_RATIO = "denominator IS NOT NULL"

FEED = Feed(
    name="qof",
    level="practice",
    source="primary_care",
    organisation="practice_code",
    pcgt="own_pcgt",
    relation=f"""(
SELECT *, greatest(1, of_register * (82 + draw('achieved|' || own_code || '|' || indicator, 18)) // 100) AS achieved
FROM (SELECT *, if(asks_for_register, NULL,
                   greatest(1, on_register * (80 + draw('asked|' || own_code || '|' || indicator, 15)) // 100)) AS of_register
      FROM (SELECT *, greatest(1, of_ages * {listed(3)} * (85 + draw('register|' || own_code || '|' || group_code, 31)) // 100000)
                      AS on_register,
                   5 + 2 * draw('points|' || group_code || '|' || indicator, 6) AS points
            FROM (SELECT *, {listed(0)} AS group_code, {listed(1)} AS list_type, patients * {listed(2)} // 100 AS of_ages,
                         (indicator + indicator // 12) % 6 = 3 AS asks_for_register
                  FROM (SELECT practice_code AS own_code, practice.pcgt_code AS own_pcgt, other.pcgt_code AS other_pcgt, patients,
                               unnest(range(least(per({INDICATORS}), {MOST_INDICATORS}))) AS indicator
                        FROM practice_total
                        JOIN practice USING (practice_no, practice_code)
                        JOIN pcgt AS other ON other.pcgt_no = (practice.pcgt_no + 1) % (SELECT count(*) FROM pcgt)
                        WHERE period_no = if(practice_no % 2 = 1, periods(), 1))))))""",
    key="own_code || '|' || indicator",
    columns=(
        Column("reporting_year", "VARCHAR", "'2023/24'"),
        Column("practice_code", "VARCHAR", "own_code"),
        Column("pcgt_code", "VARCHAR", "own_pcgt"),
        Column("indicator_group_code", "VARCHAR", "group_code"),
        Column("indicator_code", "VARCHAR", "group_code || (901 + indicator // 12)"),
        Column("patient_list_type", "VARCHAR", "list_type"),
        Column("patient_list_size", "INTEGER", "of_ages"),
        Column("register", "INTEGER", "on_register"),
        Column("numerator", "INTEGER", "if(of_register IS NULL, NULL, achieved)"),
        Column("denominator", "INTEGER", "of_register"),
        Column("exceptions", "INTEGER", "(on_register - of_register) // 3"),
        Column("achieved_points", "DOUBLE", "if(of_register IS NULL, points, round(points * achieved / of_register, 2))"),
        Column("indicator_point_value", "DOUBLE", "points"),
    ),
    defects=(
        Defect(
            "practice_absent",
            "The practice has no row in the year.",
            "drop",
            (Breaks("practices_covered", organisation="own_code", once=True),),
            per_10_000=40,
            together="own_code",
        ),
        Defect("absent", "An indicator of the practice is missing.", "drop", (absent(),), per_10_000=15),
        Defect("twice", "An indicator of the practice stands twice.", "repeat", (Breaks("indicator_once", rows=2),)),
        Defect(
            "without_year",
            "There is no year.",
            {"reporting_year": "NULL"},
            (Breaks("year_present"), absent()),
            per_10_000=10,
        ),
        Defect(
            "long_year",
            "The year is written in another form.",
            {"reporting_year": "'2023/2024'"},
            (Breaks("year_form"), absent()),
            per_10_000=10,
        ),
        Defect(
            "without_code",
            "There is no code of the practice.",
            {"practice_code": "NULL"},
            (Breaks("practice_code_present"), absent()),
            per_10_000=10,
        ),
        Defect(
            "lower_case_code",
            "The code of the practice is in small letters.",
            {"practice_code": "lower(practice_code)"},
            (Breaks("practice_code_form"), Breaks("practice_known"), OPEN, absent(), absent("practice_code")),
            per_10_000=10,
        ),
        Defect(
            "unknown_practice",
            "The code of the practice is well formed, but nobody has it.",
            {"practice_code": "'T8' || right(practice_code, 4)"},
            (Breaks("practice_known"), OPEN, absent(), absent("practice_code")),
            per_10_000=10,
        ),
        Defect("without_pcgt", "There is no code of the PCG/T.", {"pcgt_code": "NULL"}, (Breaks("pcgt_code_present"),)),
        Defect(
            "of_another_pcgt",
            "The practice stands under a PCG/T that does not commission it.",
            {"pcgt_code": "other_pcgt"},
            (Breaks("pcgt_of_practice"),),
        ),
        Defect("without_group", "There is no code of the group.", {"indicator_group_code": "NULL"}, (Breaks("group_present"),)),
        Defect(
            "of_another_group",
            "The letters of the group are not those of the indicator.",
            {"indicator_group_code": "indicator_group_code || 'X'"},
            (Breaks("indicator_of_group"),),
        ),
        Defect(
            "without_indicator",
            "There is no code of the indicator.",
            {"indicator_code": "NULL"},
            (Breaks("indicator_present"), absent()),
            per_10_000=10,
        ),
        Defect(
            "indicator_with_hyphen",
            "The code of the indicator has a hyphen after the letters.",
            {"indicator_code": "group_code || '-' || right(indicator_code, 3)"},
            (Breaks("indicator_form"),),
        ),
        Defect(
            "diabetes_of_adults",
            "Diabetes is counted of people of 18 and over.",
            {"patient_list_type": "'18OV'"},
            (Breaks("list_type_diabetes"), Breaks("list_type_same_in_group")),
            "indicator_group_code = 'DM'",
            per_10_000=100,
        ),
        Defect(
            "adults_from_17",
            "Epilepsy or chronic kidney disease is counted of people of 17 and over.",
            {"patient_list_type": "'17OV'"},
            (Breaks("list_type_adults"), Breaks("list_type_same_in_group")),
            "indicator_group_code IN ('CKD', 'EP')",
            per_10_000=60,
        ),
        Defect(
            "other_ages",
            "Osteoporosis is counted of people of 49 and over.",
            {"patient_list_type": "'49OV'"},
            (Breaks("list_type_same_in_group"),),
            "indicator_group_code = 'OST'",
            per_10_000=60,
        ),
        Defect("without_list", "There is no list.", {"patient_list_size": "NULL"}, (Breaks("list_size_present"),)),
        Defect(
            "list_of_nobody",
            "The list has no patients.",
            {"patient_list_size": "0"},
            (Breaks("list_size_positive"), Breaks("register_within_list")),
            SOME_AGES,
        ),
        Defect(
            "other_list",
            "The list is another than the one that was published.",
            {"patient_list_size": "3 * patient_list_size"},
            (Breaks("list_size_agrees"),),
            ALL_AGES,
        ),
        Defect(
            "list_of_some_ages_too_long",
            "The patients of some ages are more than those of all ages.",
            {"patient_list_size": "10 * patient_list_size"},
            (Breaks("list_size_of_ages"),),
            SOME_AGES,
        ),
        Defect("without_register", "There is no register.", {"register": "NULL"}, (Breaks("register_present"),)),
        Defect(
            "negative_register",
            "The register has fewer than no patients.",
            {"register": "-1"},
            (Breaks("register_not_negative"), Breaks("patients_within_register", where=PAID_BY_RATIO)),
        ),
        Defect(
            "register_longer_than_list",
            "More patients are on the register than on the list.",
            {"register": "patient_list_size + 1"},
            (Breaks("register_within_list"),),
        ),
        Defect(
            "without_numerator", "There is no numerator.", {"numerator": "NULL"}, (Breaks("numerator_present"),), PAID_BY_RATIO
        ),
        Defect(
            "negative_numerator",
            "The numerator has fewer than no patients.",
            {"numerator": "-1"},
            (Breaks("numerator_not_negative"),),
            PAID_BY_RATIO,
        ),
        Defect(
            "numerator_above_denominator",
            "The numerator is greater than the denominator.",
            {"numerator": "denominator + 1"},
            (Breaks("numerator_within_denominator"),),
            PAID_BY_RATIO,
        ),
        Defect(
            "exceptions_beyond_register",
            "More patients are excepted than are on the register.",
            {"exceptions": "register + 1"},
            (Breaks("patients_within_register"),),
            PAID_BY_RATIO,
        ),
        Defect("without_points", "There are no points.", {"achieved_points": "NULL"}, (Breaks("points_present"),)),
        Defect(
            "points_above_value",
            "The practice was given more points than the indicator is worth.",
            {"achieved_points": "indicator_point_value + 1"},
            (Breaks("points_within_value"),),
        ),
        Defect(
            "points_for_nobody",
            "There are points, but the indicator was achieved for nobody.",
            {"numerator": "0"},
            (Breaks("points_need_patients"),),
            PAID_BY_RATIO,
        ),
        Defect(
            "worth_more",
            "The indicator is worth more points than elsewhere.",
            {"indicator_point_value": "indicator_point_value + 5"},
            (Breaks("point_value_same"),),
        ),
    ),
    order="practice_code, indicator_code",
)
