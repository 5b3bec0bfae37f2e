"""The people who live in the small areas of each PCG/T, by sex and four age bands, with the deprivation of the area.

Fewer people live there than are registered. The areas of a PCG/T are kept apart by ``lsoa_no % 4``, so that no defect hides
what another one breaks: in the first the rows' keys are wrong, in the second deprivation, in the third single counts, in the
fourth the grand total; that of PCG/Ts only of which ``allocations``, against which it is held, does not lose the row.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

BANDS = (("0_14", 4), ("15_44", 9), ("45_64", 22), ("65+", 48))
"""Each age band with the percentage of its people who have a limiting illness, in an area of average deprivation."""
REGISTERED = """SELECT pcgt_code, sex AS sex_of, patients, split_part(replace(age_band, '+', ''), '_', 1)::INTEGER AS from_age
FROM practice_list WHERE period_no = 1"""
BROADER = f"""SELECT pcgt_code, sex_of, sum(patients)::BIGINT AS patients,
       CASE WHEN from_age < 15 THEN '0_14' WHEN from_age < 45 THEN '15_44' WHEN from_age < 65 THEN '45_64' ELSE '65+' END
       AS band_of
FROM ({REGISTERED}) GROUP BY ALL"""
RESIDENT = f"""SELECT pcgt_code AS home, pcgt_no, lsoa_code AS area, lsoa_no, deprivation_decile, sex_of, band_of, per_cent_ill,
       patients * (86 + draw('needs|' || lsoa_code, 9)) // (100 * areas) AS people
FROM lsoa JOIN ({BROADER}) USING (pcgt_code)
     JOIN (SELECT pcgt_code, count(*) AS areas FROM lsoa GROUP BY ALL) USING (pcgt_code)
     JOIN (VALUES {", ".join(map(str, BANDS))}) bands(band_of, per_cent_ill) USING (band_of)"""
"""From 86 to 94 % of those who are registered: lists hold people who moved away. Each area has the same part of them."""
CELLS = f"""SELECT home, pcgt_no, area, lsoa_no, deprivation_decile, coalesce(sex_of, 'ALL') AS sex,
       coalesce(band_of, 'ALL') AS age_band, sum(people)::INTEGER AS people,
       sum(people * per_cent_ill * (130 - 6 * deprivation_decile) // 10000)::INTEGER AS ill,
       6.5 * (10 - deprivation_decile) + 2 + draw('score|' || area, 600) * 0.01 AS score
FROM ({RESIDENT})
GROUP BY home, pcgt_no, area, lsoa_no, deprivation_decile, GROUPING SETS ((sex_of, band_of), (sex_of), ())"""
RARELY, OFTEN = 10, 90
"""Of 10,000 rows: for defects that befall any row, and for those of one row in an area at most."""
KEYS, DEPRIVATION, COUNTS, TOTALS = (f"lsoa_no % 4 = {place}" for place in range(4))


def cell(area: str, sex: str, age_band: str) -> str:
    """Which rows are of that sex and age band in those areas."""
    return f"{area} AND sex = '{sex}' AND age_band = '{age_band}'"


def cells_missing(rows: int) -> Breaks:
    """So many rows that an LSOA should have are not there, in the area that a row left and in the one that it was moved to."""
    return Breaks("lsoa_has_every_cell", rows=rows)


def of_area(rule: str) -> Breaks:
    """A rule that an area breaks once."""
    return Breaks(rule, organisation="home", once=True, item="area")


FEED = Feed(
    name="population_needs",
    level="pcgt",
    source="primary_care",
    organisation="pcgt_code",
    pcgt="home",
    relation=f"({CELLS})",
    key="area || '|' || sex || '|' || age_band",
    columns=(
        Column("year", "VARCHAR", "'2024'"),
        Column("pcgt_code", "VARCHAR", "home"),
        Column("lsoa_code", "VARCHAR", "area"),
        Column("sex", "VARCHAR", "sex"),
        Column("age_band", "VARCHAR", "age_band"),
        Column("population", "INTEGER", "people"),
        Column("deprivation_score", "DECIMAL(5, 2)", "score"),
        Column("deprivation_decile", "INTEGER", "deprivation_decile"),
        Column("limiting_illness", "INTEGER", "ill"),
    ),
    defects=(
        Defect(
            "without_year",
            "The year is missing.",
            {"year": "NULL"},
            (Breaks("year_present"), cells_missing(11)),
            where=cell(KEYS, "MALE", "0_14"),
            per_10_000=OFTEN,
        ),
        Defect(
            "short_year",
            "The year is written 24.",
            {"year": "'24'"},
            (Breaks("year_valid"), cells_missing(11)),
            where=cell(KEYS, "MALE", "15_44"),
            per_10_000=OFTEN,
        ),
        Defect(
            "without_pcgt",
            "The code of the PCG/T is missing.",
            {"pcgt_code": "NULL"},
            (Breaks("pcgt_code_present"),),
            where=f"{KEYS} AND sex <> 'ALL'",
            per_10_000=RARELY,
        ),
        Defect(
            "lower_case_pcgt",
            "The code of the PCG/T is in small letters.",
            {"pcgt_code": "lower(pcgt_code)"},
            (Breaks("pcgt_code_form"), Breaks("pcgt_in_register"), of_area("one_pcgt_per_lsoa")),
            where=f"{KEYS} AND sex <> 'ALL'",
            per_10_000=RARELY,
        ),
        Defect(
            "other_pcgt",
            "The area stands under another PCG/T too.",
            {"pcgt_code": "if(pcgt_code = '8A0', '8A1', '8A0')"},
            (of_area("one_pcgt_per_lsoa"),),
            where=f"{KEYS} AND sex <> 'ALL'",
            per_10_000=RARELY,
        ),
        Defect(
            "without_lsoa",
            "The code of the area is missing.",
            {"lsoa_code": "NULL"},
            (Breaks("lsoa_code_present"), cells_missing(1)),
            where=f"{KEYS} AND sex <> 'ALL'",
            per_10_000=RARELY,
        ),
        Defect(
            "lower_case_lsoa",
            "The code of the area is in small letters.",
            {"lsoa_code": "lower(lsoa_code)"},
            (Breaks("lsoa_code_valid"), cells_missing(11)),
            where=cell(KEYS, "FEMALE", "0_14"),
            per_10_000=OFTEN,
        ),
        Defect(
            "larger_area",
            "The code is of a larger area.",
            {"lsoa_code": "'E02' || substr(lsoa_code, 4)"},
            (Breaks("lsoa_code_valid"), cells_missing(11)),
            where=cell(KEYS, "FEMALE", "15_44"),
            per_10_000=OFTEN,
        ),
        Defect(
            "other_sex_code",
            "The sex is written M.",
            {"sex": "'M'"},
            (Breaks("sex_valid"), cells_missing(1)),
            where=cell(KEYS, "MALE", "45_64"),
            per_10_000=OFTEN,
        ),
        Defect(
            "other_age_band",
            "The age band is written 65_PLUS.",
            {"age_band": "'65_PLUS'"},
            (Breaks("age_band_valid"), cells_missing(1)),
            where=cell(KEYS, "FEMALE", "65+"),
            per_10_000=OFTEN,
        ),
        Defect(
            "both_sexes_of_one_age",
            "Men of one age band are given as both sexes.",
            {"sex": "'ALL'"},
            (Breaks("both_sexes_together_for_all_ages"), cells_missing(1)),
            where=cell(KEYS, "MALE", "65+"),
            per_10_000=OFTEN,
        ),
        Defect(
            "twice",
            "The row stands twice.",
            "repeat",
            (Breaks("one_row_per_cell", rows=2),),
            where=f"{KEYS} AND sex <> 'ALL'",
            per_10_000=RARELY,
        ),
        Defect(
            "left_out",
            "The row is left out.",
            "drop",
            (cells_missing(1),),
            where=f"{KEYS} AND sex <> 'ALL'",
            per_10_000=RARELY,
        ),
        Defect(
            "score_on_other_scale",
            "The score is on another scale.",
            {"deprivation_score": "100 + deprivation_score"},
            (
                Breaks("deprivation_score_in_range"),
                of_area("one_deprivation_per_lsoa"),
                Breaks("decile_follows_score"),
            ),
            where=f"{cell(DEPRIVATION, 'FEMALE', 'ALL')} AND deprivation_decile > 1",
            per_10_000=OFTEN,
        ),
        Defect(
            "without_decile",
            "The decile is missing.",
            {"deprivation_decile": "NULL"},
            (Breaks("deprivation_decile_present"),),
            where=f"{DEPRIVATION} AND age_band <> 'ALL'",
            per_10_000=RARELY,
        ),
        Defect(
            "decile_zero",
            "The decile is 0.",
            {"deprivation_decile": "0"},
            (Breaks("deprivation_decile_in_range"), of_area("one_deprivation_per_lsoa")),
            where=cell(DEPRIVATION, "MALE", "0_14"),
            per_10_000=OFTEN,
        ),
        Defect(
            "decile_turned_round",
            "The decile is counted from the least deprived.",
            {"deprivation_decile": "11 - deprivation_decile"},
            (of_area("one_deprivation_per_lsoa"), Breaks("decile_follows_score")),
            where=f"{cell(DEPRIVATION, 'MALE', 'ALL')} AND deprivation_decile NOT IN (5, 6)",
            per_10_000=OFTEN,
        ),
        Defect(
            "without_population",
            "The people are missing.",
            {"population": "NULL"},
            (Breaks("population_present"),),
            where=f"{DEPRIVATION} AND sex <> 'ALL'",
            per_10_000=RARELY,
        ),
        Defect(
            "negative_population",
            "The people are fewer than none.",
            {"population": "-population"},
            (
                Breaks("population_not_negative"),
                Breaks("limiting_illness_within_population"),
                Breaks("age_bands_add_up"),
            ),
            where=cell(COUNTS, "FEMALE", "45_64"),
            per_10_000=OFTEN,
        ),
        Defect(
            "band_wrong",
            "An age band has 40 people too many.",
            {"population": "population + 40"},
            (Breaks("age_bands_add_up"),),
            where=cell(COUNTS, "MALE", "15_44"),
            per_10_000=OFTEN,
        ),
        Defect(
            "total_with_two_zeros",
            "The grand total has two zeros too many.",
            {"population": "100 * population"},
            (
                Breaks("lsoa_population_plausible"),
                Breaks("sexes_add_up"),
                Breaks("population_near_registered_population", once=True),
            ),
            where=f"{cell(TOTALS, 'ALL', 'ALL')} AND pcgt_no % 2 = 0",
            per_10_000=2 * OFTEN,
        ),
        Defect(
            "without_illness",
            "The people with a limiting illness are missing.",
            {"limiting_illness": "NULL"},
            (Breaks("limiting_illness_present"),),
            where=TOTALS,
            per_10_000=RARELY,
        ),
        Defect(
            "negative_illness",
            "The people with a limiting illness are fewer than none.",
            {"limiting_illness": "-1 - limiting_illness"},
            (Breaks("limiting_illness_not_negative"),),
            where=TOTALS,
            per_10_000=RARELY,
        ),
        Defect(
            "more_ill_than_there_are",
            "More people have a limiting illness than live there.",
            {"limiting_illness": "population + 1"},
            (Breaks("limiting_illness_within_population"),),
            where=TOTALS,
            per_10_000=RARELY,
        ),
    ),
    order="area, sex, age_band",
)
