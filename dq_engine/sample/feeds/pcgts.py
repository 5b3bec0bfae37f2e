"""The register of PCG/Ts: one row for each and month.

Other feeds refer to it. So every PCG/T keeps a sound row in the first month: what would hide it, or change its population,
befalls later months, and wrong codes and dates stand in rows of their own, of organisations that closed long ago.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

LATER_MONTHS = "period_no % 2 = 0"
"""A defect of every second month has sound months beside it, so that what it does to changes between months is known."""
OF_AN_OLD_ONE = {"gss_code": "'E388' || substr(gss_code, 5)", "close_date": "DATE '2001-03-31'"}
NOT_IN_PRACTICES = Breaks("practices_reconcile", once=True, item="register_date")
NOT_IN_LISTS = Breaks("population_reconciles", once=True, item="register_date")
UNLIKE_LAST_MONTH = Breaks("population_steady", once=True, item="period_no")
UNLIKE_NEXT_MONTH = Breaks("population_steady", once=True, item="period_no + 1", where="period_no < periods()")
UNLIKE_LISTS = Breaks("sub_icb_agrees", feed="list_sizes", once=True, item="register_date")

DEFECTS = (
    Defect("no_name", "The name is missing.", {"name": "NULL"}, (Breaks("name_present"),), per_10_000=50),
    Defect("untidy_name", "The name has a blank at its end.", {"name": "name || ' '"}, (Breaks("name_tidy"),), per_10_000=50),
    Defect(
        "no_kind", "It is not said whether it is a group or a trust.", {"kind": "NULL"}, (Breaks("kind_present"),), per_10_000=50
    ),
    Defect("later_kind", "The kind is one of a later time.", {"kind": "'CCG'"}, (Breaks("kind_known"),), per_10_000=50),
    Defect("no_gss_code", "The ONS code is missing.", {"gss_code": "NULL"}, (Breaks("gss_present"),), per_10_000=50),
    Defect(
        "gss_code_without_letter",
        "The ONS code has lost its letter.",
        {"gss_code": "substr(gss_code, 2)"},
        (Breaks("gss_form"),),
        per_10_000=50,
    ),
    Defect("no_region", "The region is missing.", {"region_code": "NULL"}, (Breaks("region_code_present"),), per_10_000=50),
    Defect(
        "area_for_region",
        "The region has the letter of an area.",
        {"region_code": "'Q' || substr(region_code, 2)"},
        (Breaks("region_code_form"),),
        per_10_000=50,
    ),
    Defect(
        "region_renamed",
        "The region has another name than in the other rows.",
        {"region_name": "region_name || ' (NEW)'"},
        (Breaks("region_name_one", organisation="region_code", once=True, item="register_date"),),
        per_10_000=50,
    ),
    Defect(
        "open_too_early",
        "It was established before there were any.",
        {"open_date": "DATE '1989-04-01'"},
        (Breaks("open_date_plausible"),),
        per_10_000=50,
    ),
    Defect(
        "opens_after_the_register",
        "It is established after the month of the register.",
        {"open_date": "register_date + 45"},
        (Breaks("open_by_the_register"),),
        where=LATER_MONTHS,
        per_10_000=100,
    ),
    Defect(
        "closes_before_opening",
        "It closed on the day before it was established.",
        {"close_date": "open_date - 1"},
        (Breaks("closes_after_opening"), UNLIKE_LAST_MONTH),
        where=LATER_MONTHS,
        per_10_000=100,
    ),
    Defect(
        "no_number_of_practices",
        "The number of practices is missing.",
        {"practices": "NULL"},
        (Breaks("practices_present"), NOT_IN_PRACTICES),
        per_10_000=50,
    ),
    Defect(
        "without_practices",
        "It commissions no practice.",
        {"practices": "0"},
        (Breaks("practices_plausible"), NOT_IN_PRACTICES),
        per_10_000=50,
    ),
    Defect(
        "no_population",
        "The registered population is missing.",
        {"registered_population": "NULL"},
        (Breaks("population_present"), NOT_IN_LISTS, UNLIKE_LAST_MONTH),
        where=LATER_MONTHS,
        per_10_000=100,
    ),
    Defect(
        "population_of_a_region",
        "The registered population is that of a whole region.",
        {"registered_population": "9000000"},
        (Breaks("population_plausible"), NOT_IN_LISTS, UNLIKE_LISTS, UNLIKE_LAST_MONTH, UNLIKE_NEXT_MONTH),
        where=LATER_MONTHS,
        per_10_000=100,
    ),
    Defect(
        "population_a_hundred_too_large",
        "The registered population has a hundred patients more than the lists.",
        {"registered_population": "registered_population + 100"},
        (NOT_IN_LISTS, UNLIKE_LISTS),
        where=LATER_MONTHS,
        per_10_000=100,
    ),
    Defect(
        "target_in_per_cent",
        "The local targets are per cents where shares are due.",
        {
            "nhsnet_local_target": "100 * nhsnet_local_target",
            "path_messages_local_target": "100 * path_messages_local_target",
        },
        (
            Breaks("nhsnet_target_is_share", where="nhsnet_local_target IS NOT NULL"),
            Breaks("path_messages_target_is_share", where="path_messages_local_target IS NOT NULL"),
        ),
        per_10_000=50,
    ),
    Defect(
        "stands_twice",
        "The row stands twice.",
        "repeat",
        (
            Breaks("code_once_a_register", rows=2),
            Breaks("gss_once_a_register", rows=2),
            NOT_IN_PRACTICES,
            NOT_IN_LISTS,
            UNLIKE_LAST_MONTH,
            UNLIKE_NEXT_MONTH,
        ),
        where=LATER_MONTHS,
        per_10_000=100,
    ),
    Defect(
        "old_one_without_code",
        "There is also a row without a code, of an organisation that closed long ago.",
        {"pcgt_code": "NULL", **OF_AN_OLD_ONE},
        (Breaks("code_present"),),
        per_10_000=50,
        extra=True,
    ),
    Defect(
        "old_one_in_lower_case",
        "There is also a row whose code is in lower case, of an organisation that closed long ago.",
        {"pcgt_code": "lower(pcgt_code)", **OF_AN_OLD_ONE},
        (Breaks("code_form"), NOT_IN_PRACTICES, NOT_IN_LISTS),
        per_10_000=50,
        extra=True,
    ),
    Defect(
        "old_one_with_default_code",
        "There is also a row with the code for 'not known', of an organisation that closed long ago.",
        {"pcgt_code": "'Q99'", **OF_AN_OLD_ONE},
        (Breaks("code_no_default"), Breaks("code_form"), NOT_IN_PRACTICES, NOT_IN_LISTS),
        per_10_000=50,
        extra=True,
    ),
    Defect(
        "old_one_without_date",
        "There is also a row without the month of the register, of an organisation that closed long ago.",
        {"register_date": "NULL", **OF_AN_OLD_ONE},
        (Breaks("date_present"),),
        per_10_000=50,
        extra=True,
    ),
    Defect(
        "old_one_without_open_date",
        "There is also a row that says when it closed, long ago, and not when it was established.",
        {"open_date": "NULL", **OF_AN_OLD_ONE},
        (Breaks("open_date_present"), Breaks("code_once_a_register", rows=2), NOT_IN_PRACTICES, NOT_IN_LISTS),
        where=LATER_MONTHS,
        per_10_000=100,
        extra=True,
    ),
    Defect(
        "old_one_in_2098",
        "There is also a row of a register of 2098, of an organisation that closed long ago.",
        {"register_date": "register_date + INTERVAL 74 YEAR", **OF_AN_OLD_ONE},
        (Breaks("date_plausible"), NOT_IN_PRACTICES, NOT_IN_LISTS),
        per_10_000=50,
        extra=True,
    ),
    Defect(
        "old_one_in_mid_month",
        "There is also a row of a register of the 15th, of an organisation that closed long ago.",
        {"register_date": "register_date + 14", **OF_AN_OLD_ONE},
        (Breaks("date_first_of_month"), NOT_IN_PRACTICES, NOT_IN_LISTS),
        per_10_000=50,
        extra=True,
    ),
)

FEED = Feed(
    name="pcgts",
    level="pcgt",
    source="primary_care",
    organisation="pcgt_code",
    pcgt="pcgt.pcgt_code",
    relation="period JOIN pcgt_total USING (period_no) JOIN pcgt USING (pcgt_no)",
    key="pcgt.pcgt_code || '|' || period_no",
    columns=(
        Column("register_date", "DATE", "first_day"),
        Column("pcgt_code", "VARCHAR", "pcgt.pcgt_code"),
        Column("name", "VARCHAR", "pcgt.name"),
        Column("kind", "VARCHAR", "kind"),
        Column("gss_code", "VARCHAR", "gss_code"),
        Column("region_code", "VARCHAR", "region_code"),
        Column("region_name", "VARCHAR", "region_name"),
        Column("open_date", "DATE", "DATE '1999-04-01'"),
        Column("close_date", "DATE", "NULL"),
        Column("practices", "INTEGER", "practices"),
        Column("registered_population", "INTEGER", "patients"),
        Column("nhsnet_local_target", "DOUBLE", "nhsnet_local_target"),
        Column("path_messages_local_target", "DOUBLE", "path_messages_local_target"),
    ),
    defects=DEFECTS,
    order="register_date, pcgt_code",
)
