"""The allocations of one year: a row for each PCG/T, whose money follows the population of the first period."""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Column, Defect, Feed

HOME = "home"
"""The PCG/T of the clean row, whatever the defect made of its code."""
EACH = 60
"""Of 10,000 rows; there are 481."""
MAY_BE_LOST = "pcgt_no % 2 = 1"
"""The PCG/Ts whose row may be lost. In the others population_needs may break the rule that holds it against this feed."""


def for_home(*rules: str) -> tuple[Breaks, ...]:
    """Rules that the PCG/T of the clean row breaks once, by whatever stands in its code."""
    return tuple(Breaks(rule, organisation=HOME, once=True) for rule in rules)


COUNTED = """SELECT pcgt_code AS home, pcgt_no, first_day AS counted_on, patients
FROM pcgt_total JOIN period USING (period_no) WHERE period_no = 1"""
SHARES = f"""SELECT *, patients * 2.60 AS revenue, patients * (20 + draw('transitional|' || home, 13)) * 0.01 AS transitional,
       patients * (60 + draw('capital|' || home, 61)) * 0.01 AS capital
FROM ({COUNTED})"""
"""Up to 32 pence a head of the transitional fund and 1.20 pounds of capital, as £20m and £66m are to £140m at 2.60."""
NEEDS_DISAGREE = Breaks("population_near_registered_population", feed="population_needs", organisation=HOME, once=True)

FEED = Feed(
    name="allocations",
    level="pcgt",
    source="primary_care",
    organisation="pcgt_code",
    pcgt=HOME,
    relation=f"({SHARES})",
    key=HOME,
    columns=(
        Column("financial_year", "VARCHAR", "'2024/25'"),
        Column("pcgt_code", "VARCHAR", HOME),
        Column("population_date", "DATE", "counted_on"),
        Column("registered_population", "INTEGER", "patients"),
        Column("pounds_per_head", "DECIMAL(6, 2)", "2.60"),
        Column("revenue_allocation", "DECIMAL(14, 2)", "revenue"),
        Column("transitional_funding", "DECIMAL(14, 2)", "transitional"),
        Column("capital_allocation", "DECIMAL(14, 2)", "capital"),
        Column("total_allocation", "DECIMAL(14, 2)", "revenue + transitional + capital"),
    ),
    defects=(
        Defect(
            "without_year",
            "The financial year is missing.",
            {"financial_year": "NULL"},
            (Breaks("financial_year_present"), *for_home("pcgts_all_present")),
            per_10_000=EACH,
        ),
        Defect(
            "short_year",
            "The financial year is written 24/25.",
            {"financial_year": "'24/25'"},
            (Breaks("financial_year_valid"), *for_home("pcgts_all_present")),
            per_10_000=EACH,
        ),
        Defect(
            "without_code",
            "The code of the PCG/T is missing.",
            {"pcgt_code": "NULL"},
            (Breaks("pcgt_code_present"), *for_home("pcgts_all_present")),
            where=MAY_BE_LOST,
            per_10_000=2 * EACH,
        ),
        Defect(
            "lower_case_code",
            "The code of the PCG/T is in small letters.",
            {"pcgt_code": "lower(pcgt_code)"},
            (Breaks("pcgt_code_form"), Breaks("pcgt_in_register"), *for_home("pcgts_all_present")),
            where=MAY_BE_LOST,
            per_10_000=2 * EACH,
        ),
        Defect(
            "twice",
            "The row stands twice, and pays twice.",
            "repeat",
            (
                Breaks("one_row_per_pcgt_and_year", rows=2),
                *for_home("population_reconciles_with_lists", "revenue_reconciles_with_register"),
                NEEDS_DISAGREE,
            ),
            per_10_000=EACH,
        ),
        Defect(
            "left_out",
            "The PCG/T is left out.",
            "drop",
            for_home("pcgts_all_present"),
            where=MAY_BE_LOST,
            per_10_000=2 * EACH,
        ),
        Defect(
            "without_population_date",
            "Nobody knows of which day the population is.",
            {"population_date": "NULL"},
            (Breaks("population_date_present"),),
            per_10_000=EACH,
        ),
        Defect(
            "old_population",
            "The population is said to be of three years before.",
            {"population_date": "population_date - INTERVAL 3 YEAR"},
            (Breaks("population_date_near_year"),),
            per_10_000=EACH,
        ),
        Defect(
            "without_population",
            "The population is missing.",
            {"registered_population": "NULL"},
            (Breaks("registered_population_present"), *for_home("population_reconciles_with_lists"), NEEDS_DISAGREE),
            per_10_000=EACH,
        ),
        Defect(
            "inflated_population",
            "The population has 900 patients too many, and the money follows them.",
            {
                "registered_population": "registered_population + 900",
                "revenue_allocation": "revenue_allocation + 2340",
                "total_allocation": "total_allocation + 2340",
            },
            (
                Breaks("population_agrees_with_register"),
                *for_home("population_reconciles_with_lists", "revenue_reconciles_with_register"),
            ),
            where="registered_population > 9000",
            per_10_000=EACH,
        ),
        Defect(
            "population_in_thousands",
            "The population is given in thousands.",
            {"registered_population": "registered_population // 1000"},
            (
                Breaks("registered_population_plausible"),
                Breaks("population_agrees_with_register"),
                Breaks("revenue_follows_population"),
                *for_home("population_reconciles_with_lists"),
                NEEDS_DISAGREE,
            ),
            per_10_000=EACH,
        ),
        Defect(
            "without_rate",
            "The pounds per head are missing.",
            {"pounds_per_head": "NULL"},
            (Breaks("pounds_per_head_present"),),
            per_10_000=EACH,
        ),
        Defect(
            "slipped_rate",
            "The pounds per head have a slipped decimal.",
            {"pounds_per_head": "10 * pounds_per_head"},
            (Breaks("pounds_per_head_as_announced"), Breaks("one_rate_a_year"), Breaks("revenue_follows_population")),
            per_10_000=EACH,
        ),
        Defect(
            "without_revenue",
            "The revenue is missing.",
            {"revenue_allocation": "NULL"},
            (Breaks("revenue_present"), Breaks("total_is_sum_of_parts"), *for_home("revenue_reconciles_with_register")),
            per_10_000=EACH,
        ),
        Defect(
            "generous_revenue",
            "The revenue is 5,000 pounds more than the population gives.",
            {"revenue_allocation": "revenue_allocation + 5000", "total_allocation": "total_allocation + 5000"},
            (Breaks("revenue_follows_population"), *for_home("revenue_reconciles_with_register")),
            per_10_000=EACH,
        ),
        Defect(
            "negative_revenue",
            "The revenue is negative.",
            {"revenue_allocation": "-revenue_allocation", "total_allocation": "total_allocation - 2 * revenue_allocation"},
            (
                Breaks("revenue_not_negative"),
                Breaks("revenue_follows_population"),
                *for_home("revenue_reconciles_with_register"),
            ),
            per_10_000=EACH,
        ),
        Defect(
            "negative_transitional",
            "The transitional funding is negative.",
            {
                "transitional_funding": "-transitional_funding",
                "total_allocation": "total_allocation - 2 * transitional_funding",
            },
            (Breaks("transitional_not_negative"),),
            per_10_000=EACH,
        ),
        Defect(
            "negative_capital",
            "The capital is negative.",
            {"capital_allocation": "-capital_allocation", "total_allocation": "total_allocation - 2 * capital_allocation"},
            (Breaks("capital_not_negative"),),
            per_10_000=EACH,
        ),
        Defect(
            "without_total",
            "The total is missing.",
            {"total_allocation": "NULL"},
            (Breaks("total_present"),),
            per_10_000=EACH,
        ),
        Defect(
            "wrong_total",
            "The total is 1,000 pounds more than its parts.",
            {"total_allocation": "total_allocation + 1000"},
            (Breaks("total_is_sum_of_parts"),),
            per_10_000=EACH,
        ),
    ),
    order=HOME,
)
