"""The workforce of the practices: four staff groups of each, at the last day of the last period."""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

GROUPS = (("GP", 1900, 1), ("Nurses", 3200, 1), ("DPC", 4500, 0), ("Admin", 1000, 2))
"""Each staff group with the patients for whom it has one person, and the people that each practice has beside these."""
STAFF = f"""SELECT *, practice_code || '|' || staff_group AS staff_key
FROM practice, (VALUES {", ".join(str((place, *group)) for place, group in enumerate(GROUPS))})
     groups(group_no, staff_group, patients_for_one, at_least)"""
EMPLOYED = f"""SELECT *, (list_size // patients_for_one + at_least + draw('people|' || staff_key, 2))::INTEGER AS people
FROM ({STAFF})"""
WORKING = f"""SELECT practice_no, practice_code, pcgt_code AS home, last_day AS census_date, group_no, staff_group, staff_key,
       people, people * (45 + draw('fte|' || staff_key, 51)) * 0.01 AS hours, draw('age|' || staff_key, 10) = 0 AS age_unknown
FROM ({EMPLOYED}), world"""
"""Nobody works more than 0.95 of full time; of one group in ten the age of half of them is not known."""
DAY_ZERO = "DATE '1899-12-30'"
"""What a spreadsheet makes of an empty date. No practice was open then, so that none is missed."""
NO_NUMBERS = {"headcount": "NULL", "fte": "NULL", "fte_unknown_age": "NULL"}
"""What a group without data has."""
NOT_PROVIDED = Breaks("most_groups_have_data")


def group_moved(other: int) -> Breaks:
    """A row left its practice: that lacks a group, and what the row was moved to lacks ``other``."""
    return Breaks("practice_has_every_staff_group", rows=1 + other)


FEED = Feed(
    name="workforce",
    level="pcgt",
    source="primary_care",
    organisation="pcgt_code",
    pcgt="home",
    relation=f"({WORKING})",
    key="staff_key",
    columns=(
        Column("census_date", "DATE", "census_date"),
        Column("pcgt_code", "VARCHAR", "home"),
        Column("practice_code", "VARCHAR", "practice_code"),
        Column("staff_group", "VARCHAR", "staff_group"),
        Column("headcount", "INTEGER", "people"),
        Column("fte", "DECIMAL(8, 2)", "hours"),
        Column("fte_unknown_age", "DECIMAL(8, 2)", "if(age_unknown, hours * 0.5, 0)"),
        Column("data_source", "VARCHAR", "'Provided'"),
    ),
    defects=(
        Defect(
            "without_census_date",
            "The GPs have no census date.",
            {"census_date": "NULL"},
            (Breaks("census_date_present"), group_moved(3)),
            where="staff_group = 'GP'",
            per_10_000=40,
        ),
        Defect(
            "day_zero",
            "The nurses have no data, and the day zero of a spreadsheet as their census date.",
            {"census_date": DAY_ZERO, "data_source": "'NA'", **NO_NUMBERS},
            (
                Breaks("census_date_in_range"),
                Breaks("census_date_ends_month"),
                Breaks("na_from_january_2023"),
                NOT_PROVIDED,
                group_moved(3),
            ),
            where="staff_group = 'Nurses'",
            per_10_000=40,
        ),
        Defect("without_pcgt", "The code of the PCG/T is missing.", {"pcgt_code": "NULL"}, (Breaks("pcgt_code_present"),)),
        Defect(
            "lower_case_pcgt",
            "The code of the PCG/T is in small letters.",
            {"pcgt_code": "lower(pcgt_code)"},
            (Breaks("pcgt_code_form"), Breaks("pcgt_in_register"), Breaks("practice_belongs_to_pcgt")),
        ),
        Defect(
            "other_pcgt",
            "The row stands under another PCG/T.",
            {"pcgt_code": "if(pcgt_code = '8A0', '8A1', '8A0')"},
            (Breaks("practice_belongs_to_pcgt"),),
        ),
        Defect(
            "without_practice",
            "The code of the practice is missing.",
            {"practice_code": "NULL"},
            (Breaks("practice_code_present"), group_moved(0)),
        ),
        Defect(
            "lower_case_practice",
            "The code of the practice is in small letters, for its administrative staff.",
            {"practice_code": "lower(practice_code)"},
            (Breaks("practice_code_form"), Breaks("practice_open"), Breaks("practice_belongs_to_pcgt"), group_moved(3)),
            where="staff_group = 'Admin'",
            per_10_000=40,
        ),
        Defect(
            "unknown_practice",
            "The code of the practice, for its staff in direct patient care, is of no practice.",
            {"practice_code": "'T8' || substr(practice_code, 3)"},
            (Breaks("practice_open"), Breaks("practice_belongs_to_pcgt"), group_moved(3)),
            where="staff_group = 'DPC'",
            per_10_000=40,
        ),
        Defect("twice", "The row stands twice.", "repeat", (Breaks("one_row_per_practice_and_group", rows=2),)),
        Defect(
            "left_out",
            "A staff group of the practice is left out.",
            "drop",
            (group_moved(0),),
            where="staff_group IN ('DPC', 'Admin')",
        ),
        Defect(
            "other_group",
            "The staff group is written Nurse.",
            {"staff_group": "'Nurse'"},
            (Breaks("staff_group_valid"), group_moved(0)),
            where="staff_group = 'Nurses'",
            per_10_000=40,
        ),
        Defect("without_data_source", "The data source is missing.", {"data_source": "NULL"}, (Breaks("data_source_present"),)),
        Defect(
            "other_data_source",
            "The data source is Y.",
            {"data_source": "'Y'"},
            (Breaks("data_source_valid"), NOT_PROVIDED),
        ),
        Defect(
            "no_data",
            "The practice sent nothing about the group, and says so.",
            {"data_source": "'NA'", **NO_NUMBERS},
            (NOT_PROVIDED,),
            per_10_000=100,
        ),
        Defect("estimated", "The figures are estimates.", {"data_source": "'Estimated'"}, (NOT_PROVIDED,), per_10_000=60),
        Defect(
            "old_no_data_code",
            "No data has the code that was used until January 2023.",
            {"data_source": "'ND'", **NO_NUMBERS},
            (Breaks("nd_until_january_2023"), NOT_PROVIDED),
        ),
        Defect(
            "zero_for_no_data",
            "No data is counted as nobody.",
            {"data_source": "'NA'", "headcount": "0", "fte": "0", "fte_unknown_age": "0"},
            (Breaks("headcount_empty_without_data"), Breaks("fte_empty_without_data"), NOT_PROVIDED),
        ),
        Defect("without_headcount", "The people are missing.", {"headcount": "NULL"}, (Breaks("headcount_present"),)),
        Defect("without_fte", "The full-time equivalents are missing.", {"fte": "NULL"}, (Breaks("fte_present"),)),
        Defect(
            "negative_headcount",
            "The people are fewer than none.",
            {"headcount": "-headcount"},
            (Breaks("headcount_not_negative"), Breaks("fte_within_headcount")),
            where="staff_group <> 'GP' AND headcount > 0",
        ),
        Defect(
            "negative_fte",
            "The full-time equivalents are fewer than none.",
            {"fte": "-fte"},
            (Breaks("fte_not_negative"), Breaks("unknown_age_within_fte")),
            where="fte > 0",
        ),
        Defect(
            "hours_for_fte",
            "The hours of a week stand where full-time equivalents should.",
            {"fte": "37.5 * fte"},
            (Breaks("fte_within_headcount"),),
            where="fte > 0",
        ),
        Defect(
            "more_of_unknown_age",
            "More full-time equivalents are of unknown age than there are.",
            {"fte_unknown_age": "fte + 1"},
            (Breaks("unknown_age_within_fte"),),
        ),
        Defect(
            "no_gp",
            "The practice says that it has no GP.",
            {"headcount": "0", "fte": "0", "fte_unknown_age": "0"},
            (Breaks("practice_has_a_gp"),),
            where="staff_group = 'GP'",
            per_10_000=40,
        ),
    ),
    order="practice_no, group_no",
)
