"""The register of practices: a snapshot for each period, of the general practices and of other cost centres.

Other feeds refer to the general practices by code, dates, status and setting. So what is wrong with these befalls the others:
one running cost centre for each PCG/T, and one former practice, closed or dormant.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

SETTINGS = "['0', '9', '10', '8', '2', '13', '1', '14']"
NAMES = (
    "['COST CENTRE', 'COMMUNITY HEALTH SERVICE', 'COMMUNITY CLINIC', 'PUBLIC HEALTH SERVICE', 'OUT OF HOURS SERVICE', "
    "'HOSPICE', 'WALK-IN CENTRE', 'PRISON']"
)
"""In the order of ``SETTINGS``."""
FIRST_CENTRE, FIRST_FORMER = 99001, 99501
PROPOSED_IN, DORMANT_IN = 12, 4
"""One running cost centre in 12 is only proposed; one former practice in 4 is dormant, the others are closed."""

PRACTICES = """SELECT period_no, first_day, practice_code, pcgt_code, pcgt_no, region_code, region_no, name, house, street, town,
       if(draw('county|' || practice_code, 4) = 0, NULL, county) AS county, postcode, telephone, opened, NULL::DATE AS closed,
       'A' AS status, '4' AS setting, DATE '2013-04-01' AS joined, NULL::DATE AS left_on
FROM practice JOIN (SELECT pcgt_no, region_no FROM pcgt) USING (pcgt_no), period"""
CENTRES = f"""SELECT period_no, first_day, code AS practice_code, pcgt_code, pcgt_no, region_code, region_no,
       'SAMPLE ' || {NAMES}[1 + pcgt_no % 8] || ' ' || pcgt_no AS name, 'UNIT ' || pcgt_no AS house,
       (1 + draw('house|' || code, 90)) || ' HIGH STREET' AS street, town, NULL AS county, postcode(code) AS postcode,
       telephone(code) AS telephone, if(proposed, DATE '2030-04-01', make_date(2002 + pcgt_no % 15, 10, 1)) AS opened,
       NULL::DATE AS closed, if(proposed, 'P', 'A') AS status, {SETTINGS}[1 + pcgt_no % 8] AS setting,
       DATE '2017-04-01' AS joined, NULL::DATE AS left_on
FROM (SELECT *, 'T' || ({FIRST_CENTRE} + pcgt_no) AS code, pcgt_no % {PROPOSED_IN} = 5 AS proposed FROM pcgt), period"""
FORMER = f"""SELECT period_no, first_day, code AS practice_code, pcgt_code, pcgt_no, region_code, region_no,
       'SAMPLE FORMER PRACTICE ' || pcgt_no AS name, 'UNIT ' || pcgt_no AS house,
       (1 + draw('house|' || code, 90)) || ' MILL ROAD' AS street, town, NULL AS county, postcode(code) AS postcode,
       telephone(code) AS telephone, make_date(1980 + pcgt_no % 15, 4, 1) AS opened,
       if(dormant, NULL, make_date(2019 + pcgt_no % 5, 6, 30)) AS closed, if(dormant, 'D', 'C') AS status, '4' AS setting,
       DATE '2013-04-01' AS joined, if(dormant, NULL, make_date(2019 + pcgt_no % 5, 6, 30)) AS left_on
FROM (SELECT *, 'T' || ({FIRST_FORMER} + pcgt_no) AS code, pcgt_no % {DORMANT_IN} = 3 AS dormant FROM pcgt), period"""

GENERAL, CENTRE, CLOSED = "setting = '4' AND status = 'A'", "setting <> '4' AND status = 'A'", "status = 'C'"
PROPOSED = "status = 'P'"
UNKNOWN_COMMISSIONER = (
    Breaks("commissioner_known"),
    Breaks("commissioner_is_purchaser"),
)

DEFECTS = (
    Defect("no_postcode", "The postcode is missing.", {"postcode": "NULL"}, (Breaks("postcode_present"),)),
    Defect(
        "no_blank_in_postcode",
        "The postcode has lost its blank.",
        {"postcode": "replace(postcode, ' ', '')"},
        (Breaks("postcode_form"),),
        where="NOT starts_with(postcode, 'ZZ9 9')",  # that would read as ZZ99, a pseudo-postcode
    ),
    Defect(
        "pseudo_postcode",
        "The postcode is that for 'no fixed abode'.",
        {"postcode": "'ZZ99 3VZ'"},
        (Breaks("postcode_not_pseudo"),),
    ),
    Defect("no_name", "The name is missing.", {"name": "NULL"}, (Breaks("name_present"),)),
    Defect("untidy_name", "The name has a blank at its end.", {"name": "name || ' '"}, (Breaks("name_tidy"),)),
    Defect(
        "telephone_without_zero",
        "The telephone number has lost its first 0, as in a spreadsheet.",
        {"contact_telephone": "substr(contact_telephone, 2)"},
        (Breaks("telephone_form"),),
    ),
    Defect(
        "amended_in_words",
        "The mark of an amended record is 2.",
        {"amended_record_indicator": "2"},
        (Breaks("amended_0_or_1"),),
    ),
    Defect(
        "area_for_region",
        "The region has the letter of an area.",
        {"national_grouping": "'Q' || substr(national_grouping, 2)"},
        (Breaks("region_form"),),
    ),
    Defect(
        "no_commissioner",
        "A general practice has no commissioner.",
        {"commissioner": "NULL"},
        (
            Breaks("commissioner_present"),
            Breaks("practices_reconcile", feed="pcgts", organisation="pcgt_code", once=True, item="snapshot_month"),
        ),
        where=f"{GENERAL} AND period_no % 2 = 0",
        per_10_000=40,
    ),
    Defect(
        "run_by_a_trust",
        "A trust runs the cost centre: no fault, and one that the rule tolerates.",
        {"provider_purchaser": "'RZ' || pcgt_no % 10"},
        (Breaks("commissioner_is_purchaser"),),
        where=CENTRE,
        per_10_000=200,
    ),
    Defect(
        "commissioner_without_digit",
        "The commissioner's code has lost its last character.",
        {"commissioner": "left(commissioner, 2)"},
        (Breaks("commissioner_form"), *UNKNOWN_COMMISSIONER),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "commissioner_of_nowhere",
        "Nobody knows the commissioner.",
        {"commissioner": "'0' || substr(commissioner, 2)"},
        UNKNOWN_COMMISSIONER,
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "no_snapshot_month",
        "The month of the register is missing.",
        {"snapshot_month": "NULL"},
        (Breaks("snapshot_present"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "snapshot_in_mid_month",
        "The register is dated the 15th.",
        {"snapshot_month": "snapshot_month + 14"},
        (Breaks("snapshot_first_of_month"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "snapshot_of_2124",
        "The year of the register is a hundred years too late.",
        {"snapshot_month": "snapshot_month + INTERVAL 100 YEAR"},
        (Breaks("snapshot_plausible"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "no_code",
        "The organisation code is missing.",
        {"organisation_code": "NULL"},
        (Breaks("code_present"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "lower_case_code",
        "The organisation code is in lower case.",
        {"organisation_code": "lower(organisation_code)"},
        (Breaks("code_form"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "blank_after_code",
        "There is a blank after the organisation code.",
        {"organisation_code": "organisation_code || ' '"},
        (Breaks("code_form"), Breaks("code_length")),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "default_code",
        "The organisation code is the one for 'not known'.",
        {"organisation_code": "'V81999'"},
        (Breaks("code_no_default"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "stands_twice",
        "The row stands twice.",
        "repeat",
        (Breaks("code_once_a_register", rows=2),),
        where="setting <> '4'",
        per_10_000=60,
    ),
    Defect(
        "words_for_codes",
        "Status and setting are words and no codes.",
        {"status_code": "'OPEN'", "prescribing_setting": "'GP'"},
        (Breaks("status_known"), Breaks("setting_known")),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "unknown_status",
        "The status is the one for 'unknown'.",
        {"status_code": "'U'"},
        (Breaks("status_not_unknown"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "active_and_closed",
        "It is active, and has a date of closing.",
        {"close_date": "snapshot_month - 100"},
        (Breaks("active_has_no_close_date"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "opens_in_2098",
        "It opens in 2098.",
        {"open_date": "DATE '2098-04-01'"},
        (Breaks("open_date_plausible"), Breaks("open_by_the_register")),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "no_open_date",
        "The date of opening is missing.",
        {"open_date": "NULL"},
        (Breaks("open_date_present"),),
        where="setting <> '4'",
        per_10_000=60,
    ),
    Defect(
        "leaves_before_joining",
        "It left its purchaser before it joined it.",
        {"left_provider_purchaser_date": "join_provider_purchaser_date - 1"},
        (Breaks("leaves_after_joining"),),
        where=CENTRE,
        per_10_000=60,
    ),
    Defect(
        "closes_before_opening",
        "It closed before it opened.",
        {"open_date": "close_date + 30"},
        (Breaks("closes_after_opening"),),
        where=CLOSED,
        per_10_000=60,
    ),
    Defect(
        "closed_without_date",
        "It is closed, and has no date of closing.",
        {"close_date": "NULL"},
        (Breaks("closed_has_close_date"),),
        where=CLOSED,
        per_10_000=60,
    ),
    Defect(
        "proposed_and_closed",
        "It is only proposed, and has a date of closing.",
        {"close_date": "open_date + 30"},
        (Breaks("proposed_has_no_close_date"),),
        where=PROPOSED,
        per_10_000=300,
    ),
    Defect(
        "reopened",
        "It is active, and was closed a month before.",
        {"status_code": "'A'", "close_date": "NULL", "left_provider_purchaser_date": "NULL", "prescribing_setting": "'0'"},
        (Breaks("not_reopened"),),
        where=f"{CLOSED} AND period_no = 2",
        per_10_000=150,
    ),
)

FEED = Feed(
    name="practices",
    level="practice",
    source="primary_care",
    organisation="organisation_code",
    pcgt="pcgt_code",
    relation=f"({PRACTICES}\nUNION ALL {CENTRES}\nUNION ALL {FORMER})",
    key="practice_code || '|' || period_no",
    columns=(
        Column("snapshot_month", "DATE", "first_day"),
        Column("organisation_code", "VARCHAR", "practice_code"),
        Column("name", "VARCHAR", "name"),
        Column("national_grouping", "VARCHAR", "region_code"),
        Column("high_level_health_geography", "VARCHAR", "'QZ' || region_no"),
        Column("address_1", "VARCHAR", "house"),
        Column("address_2", "VARCHAR", "street"),
        Column("address_3", "VARCHAR", "town"),
        Column("address_4", "VARCHAR", "county"),
        Column("postcode", "VARCHAR", "postcode"),
        Column("open_date", "DATE", "opened"),
        Column("close_date", "DATE", "closed"),
        Column("status_code", "VARCHAR", "status"),
        Column("organisation_sub_type_code", "VARCHAR", "'B'"),
        Column("commissioner", "VARCHAR", "pcgt_code"),
        Column("join_provider_purchaser_date", "DATE", "joined"),
        Column("left_provider_purchaser_date", "DATE", "left_on"),
        Column("contact_telephone", "VARCHAR", "telephone"),
        Column("amended_record_indicator", "INTEGER", "if(draw('amended|' || practice_code || '|' || period_no, 50) = 0, 1, 0)"),
        Column("provider_purchaser", "VARCHAR", "pcgt_code"),
        Column("prescribing_setting", "VARCHAR", "setting"),
    ),
    defects=DEFECTS,
    order="snapshot_month, organisation_code",
)
