"""The list sizes: a publication for each period, 43 rows for each practice, then 43 for each PCG/T.

Most rules compare the rows of one list with each other. So at most one row of a list is befallen, and it is known what that
does to the others: a *candidate*, drawn for each list. Grand totals are befallen in some months only, with sound ones beside
them: those of practices in odd months but not the last, which other feeds are held against; those of PCG/Ts in even months.
For the same reason practices with an odd number are never missing, and the totals of the others are always right. No date is
wrong: it would be a publication of its own, from which every practice is missing.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

GRAND_TOTAL = 43
"""The place of the grand total among the 43 rows."""
LISTS = """SELECT 'GP' AS list_type, practice_code AS code, pcgt_code, period_no, cell_no, sex AS cell_sex, age_band, patients,
       NULL AS gss_code, postcode(practice_code) AS practice_postcode,
       practice_no % 2 = 1 AND period_no % 2 = 1 AND period_no < periods() AS total_may_break,
       practice_no % 2 = 0 AND period_no % 2 = 0 AS may_be_missing
FROM practice_cell
UNION ALL
SELECT 'SUB_ICB_LOCATION_CODE', pcgt_code, pcgt_code, period_no, cell_no, sex, age_band, patients, gss_code, NULL,
       period_no % 2 = 0, FALSE
FROM (SELECT pcgt_code, period_no, cell_no, sex, age_band, sum(patients) AS patients FROM practice_cell GROUP BY ALL
      ORDER BY period_no, pcgt_code, cell_no)
JOIN (SELECT pcgt_code, gss_code FROM pcgt) USING (pcgt_code)"""
CANDIDATE = (
    f"if(total_may_break AND draw('total|' || code || '|' || period_no, 2) = 0, {GRAND_TOTAL}, "
    f"1 + draw('cell|' || code || '|' || period_no, {GRAND_TOTAL - 1}))"
)

BAND = "cell_no = candidate AND age_band <> 'ALL'"
SEX_TOTAL = "cell_no = candidate AND age_band = 'ALL' AND cell_sex <> 'ALL'"
TOTAL = "cell_no = candidate AND cell_sex = 'ALL'"
PRACTICE, PCGT = "list_type = 'GP'", "list_type <> 'GP'"
NOT_WHOLE = Breaks("organisation_whole", organisation="code")
BANDS_UNLIKE_SEX = Breaks("bands_add_up", organisation="code")
SEXES_UNLIKE_TOTAL = Breaks("sexes_add_up", organisation="code")
UNSTEADY = (Breaks("list_steady", where="period_no > 1"), Breaks("list_steady", where="period_no < periods()"))
UNLIKE_REGISTER = (
    Breaks("sub_icb_agrees", once=True, item="extract_date"),
    Breaks("population_reconciles", feed="pcgts", once=True, item="extract_date"),
)
NOT_BY_ORGANISATION = "'(all)'"
"""The organisation in the key for rules about the whole extract."""

DEFECTS = (
    Defect(
        "practice_missing",
        "A practice is missing from a publication; its PCG/T still counts its patients.",
        "drop",
        (
            Breaks("practices_covered", once=True, item="extract_date"),
            Breaks("list_steady", once=True, item="extract_date", where="period_no > 1"),
        ),
        where="may_be_missing",
        per_10_000=150,
        together="code || '|' || period_no",
    ),
    Defect(
        "row_missing",
        "The row of an age band is missing.",
        "drop",
        (NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=BAND,
        per_10_000=50,
    ),
    Defect(
        "stands_twice",
        "The row of an age band stands twice.",
        "repeat",
        (Breaks("cell_once", rows=2), NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=BAND,
        per_10_000=50,
    ),
    Defect(
        "total_stands_twice",
        "The grand total of a practice stands twice.",
        "repeat",
        (
            Breaks("cell_once", rows=2),
            Breaks("list_total_once", rows=2),
            Breaks("organisation_whole", rows=2),
            *UNSTEADY,
        ),
        where=f"{TOTAL} AND {PRACTICE}",
        per_10_000=100,
    ),
    Defect(
        "other_publication",
        "The publication is another.",
        {"publication": "'GP_PRAC_PAT_LIST_OLD'"},
        (Breaks("publication_known", organisation=NOT_BY_ORGANISATION, once=True),),
        where="cell_no = candidate",
        per_10_000=20,
    ),
    Defect(
        "no_date",
        "The date is missing.",
        {"extract_date": "NULL"},
        (Breaks("date_present"), NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=BAND,
        per_10_000=50,
    ),
    Defect(
        "unknown_type",
        "The kind of organisation is one that there is not.",
        {"org_type": "'PRACTICE'"},
        (Breaks("org_type_known"), NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=f"{BAND} AND {PRACTICE}",
        per_10_000=50,
    ),
    Defect(
        "no_code",
        "The code is missing.",
        {"org_code": "NULL"},
        (Breaks("code_present"), NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=BAND,
        per_10_000=50,
    ),
    Defect(
        "lower_case_code",
        "The code of a practice is in lower case.",
        {"org_code": "lower(org_code)"},
        (Breaks("practice_code_form"), Breaks("practice_known"), NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=f"{BAND} AND {PRACTICE}",
        per_10_000=50,
    ),
    Defect(
        "blank_after_code",
        "There is a blank after the code of a practice.",
        {"org_code": "org_code || ' '"},
        (Breaks("practice_code_form"), Breaks("practice_known"), NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=f"{BAND} AND {PRACTICE}",
        per_10_000=50,
    ),
    Defect(
        "practice_of_nowhere",
        "Nobody knows the practice.",
        {"org_code": "'Y0' || substr(org_code, 3)"},
        (Breaks("practice_known"), NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=f"{BAND} AND {PRACTICE}",
        per_10_000=50,
    ),
    Defect(
        "long_code_of_pcgt",
        "The code of a PCG/T has the two digits that prescribing data put after it.",
        {"org_code": "org_code || '00'"},
        (Breaks("sub_icb_code_form"), Breaks("sub_icb_known"), NOT_WHOLE, BANDS_UNLIKE_SEX),
        where=f"{BAND} AND {PCGT}",
        per_10_000=100,
    ),
    Defect(
        "no_ons_code",
        "A PCG/T has no ONS code.",
        {"ons_code": "NULL"},
        (Breaks("sub_icb_has_ons_code"),),
        where=f"cell_no = candidate AND {PCGT}",
        per_10_000=100,
    ),
    Defect(
        "ons_code_without_letter",
        "The ONS code of a PCG/T has lost its letter.",
        {"ons_code": "substr(ons_code, 2)"},
        (Breaks("ons_code_form"),),
        where=f"cell_no = candidate AND {PCGT}",
        per_10_000=100,
    ),
    Defect(
        "ons_code_of_practice",
        "A practice has an ONS code.",
        {"ons_code": "'E38900000'"},
        (Breaks("practice_has_no_ons_code"),),
        where=f"cell_no = candidate AND {PRACTICE}",
        per_10_000=50,
    ),
    Defect(
        "no_postcode",
        "The postcode of a practice is missing.",
        {"postcode": "NULL"},
        (Breaks("postcode_present"),),
        where=f"cell_no = candidate AND {PRACTICE}",
        per_10_000=50,
    ),
    Defect(
        "no_blank_in_postcode",
        "The postcode of a practice has lost its blank.",
        {"postcode": "replace(postcode, ' ', '')"},
        (Breaks("postcode_form"),),
        where=f"cell_no = candidate AND {PRACTICE}",
        per_10_000=50,
    ),
    Defect(
        "letter_for_sex",
        "The sex is M or F.",
        {"sex": "left(sex, 1)"},
        (Breaks("sex_known"), BANDS_UNLIKE_SEX),
        where=BAND,
        per_10_000=50,
    ),
    Defect(
        "unknown_band",
        "The age band is one that there is not.",
        {"age_group_5": "'95_99'"},
        (Breaks("band_known"), Breaks("bands_all_there", organisation=NOT_BY_ORGANISATION, once=True)),
        where=BAND,
        per_10_000=50,
    ),
    Defect(
        "both_sexes_with_band",
        "The grand total of a practice has an age band.",
        {"age_group_5": "'0_4'"},
        (Breaks("both_sexes_all_ages"),),
        where=f"{TOTAL} AND {PRACTICE}",
        per_10_000=100,
    ),
    Defect(
        "no_number",
        "The number of patients is missing.",
        {"number_of_patients": "NULL"},
        (Breaks("patients_present"), BANDS_UNLIKE_SEX),
        where=BAND,
        per_10_000=50,
    ),
    Defect(
        "negative_number",
        "The number of patients is negative.",
        {"number_of_patients": "-9"},
        (Breaks("patients_not_negative"), BANDS_UNLIKE_SEX),
        where=BAND,
        per_10_000=50,
    ),
    Defect(
        "number_of_a_town",
        "An age band of a practice has as many patients as a town.",
        {"number_of_patients": "160000"},
        (Breaks("list_not_too_long"), BANDS_UNLIKE_SEX),
        where=f"{BAND} AND {PRACTICE}",
        per_10_000=50,
    ),
    Defect(
        "wrong_total_of_women",
        "The total of women is wrong by a hundred.",
        {"number_of_patients": "number_of_patients + 100"},
        (BANDS_UNLIKE_SEX, SEXES_UNLIKE_TOTAL),
        where=f"{SEX_TOTAL} AND cell_sex = 'FEMALE'",
        per_10_000=300,
    ),
    Defect(
        "hardly_any_men",
        "The total of men has lost its last digit.",
        {"number_of_patients": "number_of_patients // 10"},
        (BANDS_UNLIKE_SEX, SEXES_UNLIKE_TOTAL, Breaks("share_of_men", organisation="code")),
        where=f"{SEX_TOTAL} AND cell_sex = 'MALE'",
        per_10_000=300,
    ),
    Defect(
        "total_half_too_large",
        "The grand total of a practice is too large by half.",
        {"number_of_patients": "number_of_patients + number_of_patients // 2"},
        (SEXES_UNLIKE_TOTAL, *UNSTEADY),
        where=f"{TOTAL} AND {PRACTICE}",
        per_10_000=150,
    ),
    Defect(
        "empty_list",
        "The grand total of a practice is 0.",
        {"number_of_patients": "0"},
        (Breaks("list_not_empty"), SEXES_UNLIKE_TOTAL, UNSTEADY[0]),
        where=f"{TOTAL} AND {PRACTICE}",
        per_10_000=150,
    ),
    Defect(
        "total_of_pcgt_too_large",
        "The grand total of a PCG/T is too large by half.",
        {"number_of_patients": "number_of_patients + number_of_patients // 2"},
        (SEXES_UNLIKE_TOTAL, *UNSTEADY, *UNLIKE_REGISTER),
        where=f"{TOTAL} AND {PCGT}",
        per_10_000=100,
    ),
)

FEED = Feed(
    name="list_sizes",
    level="practice",
    source="primary_care",
    organisation="org_code",
    pcgt="pcgt_code",
    relation=f"(SELECT *, {CANDIDATE} AS candidate FROM ({LISTS}))",
    key="code || '|' || period_no || '|' || cell_no",
    columns=(
        Column("publication", "VARCHAR", "'GP_PRAC_PAT_LIST'"),
        Column("extract_date", "DATE", "first_day_of(period_no)"),
        Column("org_type", "VARCHAR", "list_type"),
        Column("org_code", "VARCHAR", "code"),
        Column("ons_code", "VARCHAR", "gss_code"),
        Column("postcode", "VARCHAR", "practice_postcode"),
        Column("sex", "VARCHAR", "cell_sex"),
        Column("age_group_5", "VARCHAR", "age_band"),
        Column("number_of_patients", "INTEGER", "patients"),
    ),
    defects=DEFECTS,
    order="",
)
