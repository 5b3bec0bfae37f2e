"""Prescribing: invented drugs and appliances, one row for each practice, month, presentation and pack."""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.monthly import EVEN, LATEST, OPEN, PRACTICE_AND_MONTH, listed, practice_absent, spoilt_codes, uneven

ROWS = 12
"""Rows of each practice and month at scale 1."""
DRUGS = (
    ("01: Gastro-Intestinal System", "Fictazole"),
    ("02: Cardiovascular System", "Fictastatin"),
    ("03: Respiratory System", "Fictaterol"),
    ("04: Central Nervous System", "Fictazepam"),
    ("05: Infections", "Fictacillin"),
    ("06: Endocrine System", "Fictaformin"),
    ("07: Obstetrics, Gynaecology and Urinary Tract Disorders", "Fictabladin"),
    ("08: Malignant Disease and Immunosuppression", "Fictatrexate"),
    ("09: Nutrition and Blood", "Fictavitamin"),
    ("10: Musculoskeletal and Joint Diseases", "Fictaprofen"),
    ("13: Skin", "Fictacort"),
)
STRENGTHS = ("5mg", "10mg", "20mg", "40mg")
APPLIANCES = (
    ("20: Dressings", "Ficta dressing"),
    ("21: Appliances", "Ficta stocking"),
    ("22: Incontinence Appliances", "Ficta sheath"),
    ("23: Stoma Appliances", "Ficta pouch"),
)
SIZES = ("small", "medium", "large", "very large")
PRESENTATIONS = len(STRENGTHS) * (len(DRUGS) + len(APPLIANCES))
PACKS = 12
"""The packs of 7, 14, 21 … units that a presentation comes in, until a practice has more rows than presentations."""


CHAPTERS = listed(tuple(chapter for chapter, _ in (*DRUGS, *APPLIANCES)))
NAMES = listed(tuple(name for _, name in (*DRUGS, *APPLIANCES)))

DRUG = "bnf_chapter_plus_code < '2'"
"""Where a row is that of a drug."""
SOME, LAST = "row_no % 4 = 0", f"row_no % 4 = 0 AND {LATEST}"
"""One in four of the rows of a practice, so that no month loses half; these in the last month."""
UNEVEN = uneven("items_steady")

FEED = Feed(
    name="prescribing",
    level="practice",
    source="primary_care",
    organisation="practice_code",
    pcgt="own_pcgt",
    relation=f"""(
SELECT *, {CHAPTERS}[1 + line] AS chapter, {NAMES}[1 + line] AS substance,
       left({CHAPTERS}[1 + line], 2) || if(line < {len(DRUGS)}, '99010Z0', '99') AS substance_code,
       items_of_month * pack AS units, 2 + draw('pence|' || presentation, 40) AS pence
FROM (SELECT *, presentation // {len(STRENGTHS)} AS line, presentation % {len(STRENGTHS)} AS variant,
             7 * (1 + {PACKS} * (row_no // {PRESENTATIONS}) + draw('pack|' || own_code || '|' || row_no, {PACKS})) AS pack
      FROM (SELECT *, (first + row_no) % {PRESENTATIONS} AS presentation,
                   8 + list_size // 1000 + draw('items|' || own_code || '|' || period_no || '|' || row_no, 4) AS items_of_month
            FROM (SELECT *, unnest(range(per({ROWS}))) AS row_no
                  FROM (SELECT period_no, year_month AS month_text, own.region_name,
                               practice.region_code, practice.county, practice.town, house, street, list_size, pcgt_name,
                               practice.name, practice.postcode AS own_postcode, practice_code AS own_code,
                               practice.pcgt_code AS own_pcgt, other.pcgt_code AS other_pcgt,
                               draw('first|' || practice_code, {PRESENTATIONS}) AS first
                        FROM practice_total
                        JOIN period USING (period_no)
                        JOIN practice USING (practice_no, practice_code)
                        JOIN pcgt AS own ON own.pcgt_no = practice.pcgt_no
                        JOIN pcgt AS other ON other.pcgt_no = (practice.pcgt_no + 1) % (SELECT count(*) FROM pcgt))))))""",
    key="own_code || '|' || period_no || '|' || row_no",
    columns=(
        Column("year_month", "VARCHAR", "month_text"),
        Column("regional_office_name", "VARCHAR", "region_name"),
        Column("regional_office_code", "VARCHAR", "region_code"),
        Column("area_team_name", "VARCHAR", "county"),
        Column("area_team_code", "VARCHAR", "'QZ' || right(region_code, 1)"),
        Column("pco_name", "VARCHAR", "'NHS ' || pcgt_name"),
        Column("pco_code", "VARCHAR", "own_pcgt || '00'"),
        Column("practice_name", "VARCHAR", "name"),
        Column("practice_code", "VARCHAR", "own_code"),
        Column("address_1", "VARCHAR", "house"),
        Column("address_2", "VARCHAR", "street"),
        Column("address_3", "VARCHAR", "town"),
        Column("address_4", "VARCHAR", "county"),
        Column("postcode", "VARCHAR", "own_postcode"),
        Column("bnf_chemical_substance", "VARCHAR", "substance_code"),
        Column("chemical_substance_bnf_descr", "VARCHAR", "substance"),
        Column(
            "bnf_code",
            "VARCHAR",
            f"if(line < {len(DRUGS)}, substance_code || 'AAA' || ['A', 'B', 'C', 'D'][1 + variant] || 'A' || "
            "['A', 'B', 'C', 'D'][1 + variant], substance_code || '010010' || variant)",
        ),
        Column(
            "bnf_description",
            "VARCHAR",
            f"substance || ' ' || if(line < {len(DRUGS)}, {listed(STRENGTHS)}[1 + variant] || ' tablets', "
            f"{listed(SIZES)}[1 + variant])",
        ),
        Column("bnf_chapter_plus_code", "VARCHAR", "chapter"),
        Column("quantity", "DOUBLE", "pack"),
        Column("items", "INTEGER", "items_of_month"),
        Column("total_quantity", "DOUBLE", "units"),
        Column("adqusage", "DOUBLE", "if(line IN (1, 4, 5), units / 2, 0)"),
        Column("nic", "DOUBLE", "units * pence / 100"),
        Column("actual_cost", "DOUBLE", "(units * pence * 930 + items_of_month * 13) / 100000"),
        Column("unidentified", "VARCHAR", "'N'"),
    ),
    defects=(
        practice_absent(UNEVEN[0]),
        Defect(
            "ten_times_as_much",
            "Everything was counted ten times.",
            {
                "items": "10 * items",
                "total_quantity": "10 * total_quantity",
                "nic": "10 * nic",
                "actual_cost": "10 * actual_cost",
            },
            UNEVEN,
            EVEN,
            per_10_000=30,
            together=PRACTICE_AND_MONTH,
        ),
        Defect("twice", "The row stands twice.", "repeat", (Breaks("row_once", rows=2),), SOME),
        Defect("without_month", "There is no month.", {"year_month": "NULL"}, (Breaks("month_present"),), SOME),
        Defect(
            "month_above_12",
            "The number of the month is above 12.",
            {"year_month": "(year_month::INTEGER + 12)::VARCHAR"},
            (Breaks("month_form"),),
            SOME,
        ),
        Defect(
            "digit_too_many",
            "The month has a digit too many, so that its year is 2202.",
            {"year_month": "'2' || year_month"},
            (Breaks("month_form"), Breaks("month_not_future")),
            SOME,
        ),
        Defect(
            "month_of_1973",
            "The month is of 1973, before the practice opened.",
            {"year_month": "'1973' || right(year_month, 2)"},
            (OPEN,),
            SOME,
        ),
        *spoilt_codes("practice_code", LAST, per_10_000=20),
        Defect(
            "unidentified_with_code",
            "The prescriber could not be identified, but has the code of a practice.",
            {"unidentified": "'Y'"},
            (Breaks("unidentified_practice_code"),),
        ),
        Defect(
            "unidentified_in_words",
            "Whether the prescriber was identified is written in a word.",
            {"unidentified": "'No'"},
            (Breaks("unidentified_known"),),
        ),
        Defect(
            "without_name",
            "There is no name of the practice.",
            {"practice_name": "NULL"},
            (Breaks("practice_name_present"),),
        ),
        Defect("without_pco", "There is no code of the sub-ICB.", {"pco_code": "NULL"}, (Breaks("pco_code_present"),)),
        Defect(
            "short_pco",
            "The code of the sub-ICB has lost its two zeros.",
            {"pco_code": "left(pco_code, 3)"},
            (Breaks("pco_code_length"),),
        ),
        Defect(
            "unknown_pco",
            "The code of the sub-ICB is one that nobody has.",
            {"pco_code": "'7' || substr(pco_code, 2)"},
            (Breaks("pco_known"), Breaks("pco_of_practice")),
        ),
        Defect(
            "of_another_pco",
            "The prescribing is charged to a sub-ICB that does not commission the practice.",
            {"pco_code": "other_pcgt || '00'"},
            (Breaks("pco_of_practice"),),
        ),
        Defect(
            "region_in_small_letters",
            "The code of the region is in small letters.",
            {"regional_office_code": "lower(regional_office_code)"},
            (Breaks("region_code_form"),),
        ),
        Defect(
            "postcode_without_blank",
            "The postcode has no blank.",
            {"postcode": "replace(postcode, ' ', '')"},
            (Breaks("postcode_form"),),
        ),
        Defect(
            "pseudo_postcode",
            "The postcode is the one of people whose address is not known.",
            {"postcode": "'ZZ99 3WZ'"},
            (Breaks("postcode_form"),),
            per_10_000=10,
        ),
        Defect("without_bnf_code", "There is no BNF code.", {"bnf_code": "NULL"}, (Breaks("bnf_code_present"),)),
        Defect(
            "lost_zero",
            "The BNF code has lost its first 0, as in a spreadsheet.",
            {"bnf_code": "substr(bnf_code, 2)"},
            (Breaks("bnf_code_form"), Breaks("substance_of_code"), Breaks("chapter_of_code")),
            "bnf_chapter_plus_code < '1'",
        ),
        Defect(
            "cut_code",
            "The BNF code of a drug was cut to 13 characters.",
            {"bnf_code": "left(bnf_code, 13)"},
            (Breaks("bnf_code_form"),),
            DRUG,
        ),
        Defect(
            "cut_substance",
            "The code of the substance was cut to 7 characters.",
            {"bnf_chemical_substance": "left(bnf_chemical_substance, 7)"},
            (Breaks("substance_form"),),
            DRUG,
        ),
        Defect(
            "of_another_substance",
            "The substance is not that of the BNF code.",
            {"bnf_chemical_substance": "left(bnf_chemical_substance, 8) || '1'"},
            (Breaks("substance_of_code"),),
            DRUG,
        ),
        Defect(
            "of_another_chapter",
            "The chapter is not that of the BNF code.",
            {"bnf_chapter_plus_code": "'15: Anaesthesia'"},
            (Breaks("chapter_of_code"),),
            DRUG,
        ),
        Defect(
            "untidy_description",
            "The description has a blank at its end.",
            {"bnf_description": "bnf_description || ' '"},
            (Breaks("description_tidy"),),
        ),
        Defect("without_items", "There is no number of items.", {"items": "NULL"}, (Breaks("items_present"),), SOME),
        Defect(
            "negative_items",
            "There are fewer than no items.",
            {"items": "-1"},
            (Breaks("items_positive"), Breaks("total_quantity_agrees")),
            SOME,
        ),
        Defect(
            "no_quantity",
            "An item holds nothing.",
            {"quantity": "0"},
            (Breaks("quantity_positive"), Breaks("total_quantity_agrees")),
            f"row_no < {PRESENTATIONS}",
        ),
        Defect(
            "wrong_total",
            "The total quantity is not quantity times items.",
            {"total_quantity": "total_quantity + 1"},
            (Breaks("total_quantity_agrees"),),
        ),
        Defect("usage_not_a_number", "The usage is no number.", {"adqusage": "'NaN'"}, (Breaks("adq_present"),)),
        Defect(
            "negative_price",
            "The price is negative.",
            {"nic": "-nic"},
            (Breaks("nic_not_negative"), Breaks("cost_below_price")),
        ),
        Defect(
            "negative_cost",
            "The cost is negative.",
            {"actual_cost": "-actual_cost"},
            (Breaks("cost_not_negative"), Breaks("cost_of_price")),
        ),
        Defect(
            "expenses",
            "Expenses lift the cost above the price: no fault, and one that the rule tolerates.",
            {"actual_cost": "1.2 * nic"},
            (Breaks("cost_below_price"),),
            per_10_000=200,
        ),
        Defect(
            "pence",
            "The cost is in pence, not in pounds.",
            {"actual_cost": "100 * actual_cost"},
            (Breaks("cost_of_price"), Breaks("cost_below_price")),
        ),
    ),
    order="year_month, practice_code, bnf_code",
)
