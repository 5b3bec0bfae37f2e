"""What the feeds of records about people share: who is in them, and what is wrong with who they are said to be. Pure.

The people are the active patients of the world, so that their GP record is among ``patients``; each feed takes some of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from dq_engine.sample.feed import Breaks, Defect

LATER_NUMBER = "nhs_number(patient_no + 25000000)"
"""A valid NHS number that no patient of the world has."""
OTHER_PRACTICE = "'T' || (90001 + (practice_no - 1 + practices) % (481 * practices))"
"""The practice in the same place of the next PCG/T."""
SEEN_LATER = "INTERVAL 40 DAY"
"""Longer than a month: a date so much later lies in another period."""


def people(feed: str, of_100: int, eligible: str = "TRUE") -> str:
    """SQL of the people of a feed in each period: a table with the columns of ``patient`` and ``period``, and most of ``pcgt``.

    About ``of_100`` in a hundred of the active patients who are ``eligible`` (SQL over ``patient``) are in it. One person of each
    PCG/T, the ``representative``, always is, so that no PCG/T is absent by chance.
    """
    return f"""(SELECT patient.*, period.*, kind, region_no, practices, acute_trust_code, community_trust_code,
       mental_health_trust_code, patient_no = first_patient AS representative
FROM patient
JOIN (SELECT pcgt_no, arg_min(patient_no, patient_no + if(active AND {eligible}, 0, 1000000000)) AS first_patient
      FROM patient WHERE NOT opted_out GROUP BY pcgt_no) USING (pcgt_no)
JOIN pcgt USING (pcgt_no)
CROSS JOIN period
WHERE patient_no = first_patient
   OR (active AND {eligible} AND draw('{feed}|' || patient_no || '|' || period_no, 100) < {of_100}))"""


def identity_defects(
    columns: Collection[str],
    event: str,
    *,
    nothing_sent: int,
    dated: str = "",
    default_gender: str = "9",
    without: Collection[str] = (),
) -> tuple[Defect, ...]:
    """The defects of who a record is about and who is responsible, as far as a feed with these columns can have them.

    ``event`` is the column of the day by which age is told, ``nothing_sent`` how often in 10,000 a PCG/T sends nothing for a
    period, ``dated`` the rule that a date lies in the period, ``default_gender`` the code of a gender that is not known. Rules
    that the suite has not are in ``without``.
    """
    chosen = []
    for defect in _defects(event, nothing_sent, dated, default_gender):
        breaks = tuple(each for each in defect.breaks if each.rule not in without)
        if breaks and (isinstance(defect.change, str) or set(defect.change) <= set(columns)):
            chosen.append(defect._replace(breaks=breaks))
    return tuple(chosen)


class Wrong(NamedTuple):
    """What is wrong with one column of a record: SQL of what stands there, and the rules that this breaks."""

    column: str
    sql: str
    breaks: tuple[Breaks, ...] = ()


def heavy_defects(
    columns: Collection[str],
    *,
    empty: tuple[Wrong, ...],
    garbled: tuple[Wrong, ...],
    default_gender: str = "",
    without: Collection[str] = (),
) -> tuple[Defect, Defect]:
    """The defects that spoil most of a record: what is wrong with who it is about, as far as a feed has these columns, and more.

    The period and the PCG/T stay, so that it is known whose record it is. ``empty`` and ``garbled`` are about the other columns.
    ``default_gender`` is the code of a gender that is not known, where the suite has a rule about it; rules that the suite has
    not are in ``without``.
    """
    linkage, match = Breaks("linkage_identifiers_usable"), Breaks("patient_in_gp_record")
    provider = Wrong("provider_code", "lower(provider_code)", (Breaks("provider_code_form"),))
    in_letters = Wrong("gender", "if(gender = '1', 'M', 'F')", (Breaks("gender_valid"),))
    not_known = Wrong("gender", f"'{default_gender}'", (Breaks("gender_known"),))
    nobody = (
        provider,
        Wrong("nhs_number", "NULL", (Breaks("nhs_number_present"), linkage)),
        Wrong("date_of_birth", "NULL"),
        not_known if default_gender else in_letters,
        Wrong("ethnic_category", "'99'", (Breaks("ethnic_category_known"),)),
        Wrong("postcode", "'ZZ99 3VZ'", (Breaks("postcode_not_pseudo"),)),
        Wrong("gp_practice_code", "'V81999'", (Breaks("gp_practice_known"),)),
    )
    another_form = (
        provider,
        Wrong("nhs_number", "wrong_check_digit(nhs_number)", (Breaks("nhs_number_valid"), linkage, match)),
        in_letters,
        Wrong("ethnic_category", "'9'", (Breaks("ethnic_category_valid"),)),
        Wrong("postcode", "split_part(postcode, ' ', 1)", (Breaks("postcode_form"),)),
        Wrong(
            "gp_practice_code",
            "left(gp_practice_code, 2) || 'O' || substr(gp_practice_code, 4)",
            (Breaks("gp_practice_form"), Breaks("gp_practice_open")),
        ),
    )

    def spoilt(name: str, what: str, everything: tuple[Wrong, ...]) -> Defect:
        wrong = [each for each in everything if each.column in columns]
        breaks = tuple(one for each in wrong for one in each.breaks if one.rule not in without)
        return Defect(name, what, {each.column: each.sql for each in wrong}, breaks, per_10_000=5, heavy=True)

    return (
        spoilt("nearly_empty", "Most that can be missing is, and what is there is in local codes.", nobody + empty),
        spoilt(
            "garbled",
            "Codes and dates are those of another system, and the number of the record is missing.",
            another_form + garbled,
        ),
    )


def _defects(event: str, nothing_sent: int, dated: str, default_gender: str) -> tuple[Defect, ...]:
    linkage, match = Breaks("linkage_identifiers_usable"), Breaks("patient_in_gp_record")
    agrees, age = Breaks("gender_agrees_with_gp_record"), Breaks("age_plausible")
    register, belongs = Breaks("pcgt_in_register"), Breaks("gp_practice_commissioner_agrees")
    practice_open = Breaks("gp_practice_open")
    others = "NOT representative"
    return (
        Defect(
            "nothing_sent",
            "The PCG/T sent nothing for the period.",
            "drop",
            (Breaks("pcgts_all_present", once=True, item="period"),),
            per_10_000=nothing_sent,
            together="pcgt_code || '|' || period",
        ),
        Defect(
            "without_period",
            "The period is missing.",
            {"period": "NULL"},
            (Breaks("period_present"),),
            where=others,
            per_10_000=10,
        ),
        Defect(
            "period_spelt_otherwise",
            "The period is written as M10 2024.",
            {"period": "'M' || right(period, 2) || ' ' || left(period, 4)"},
            (Breaks("period_form"), *([Breaks(dated)] if dated else [])),
            where=others,
            per_10_000=10,
        ),
        Defect(
            "without_pcgt", "The code of the PCG/T is missing.", {"pcgt_code": "NULL"}, (Breaks("pcgt_code_present"),), others
        ),
        Defect(
            "default_pcgt",
            "The code of the PCG/T is that for not known.",
            {"pcgt_code": "'Q99'"},
            (Breaks("pcgt_code_form"), register, belongs),
            others,
        ),
        Defect(
            "unknown_pcgt",
            "The code of the PCG/T has the right form and belongs to none.",
            {"pcgt_code": "'7' || substr(pcgt_code, 2)"},
            (register, belongs),
            others,
        ),
        Defect(
            "lower_case_provider",
            "The code of the provider is in small letters.",
            {"provider_code": "lower(provider_code)"},
            (Breaks("provider_code_form"),),
        ),
        Defect(
            "without_nhs_number",
            "The NHS number is missing.",
            {"nhs_number": "NULL"},
            (Breaks("nhs_number_present"), linkage),
            per_10_000=60,
        ),
        Defect(
            "wrong_check_digit",
            "The last digit of the NHS number is wrong.",
            {"nhs_number": "wrong_check_digit(nhs_number)"},
            (Breaks("nhs_number_valid"), linkage, match),
        ),
        Defect(
            "test_number",
            "The NHS number is one of the range that is kept for tests.",
            {"nhs_number": "'9990000018'"},
            (Breaks("nhs_number_not_reserved"), linkage, match),
            per_10_000=10,
        ),
        Defect(
            "visitor",
            "The person has a valid NHS number and is registered with no practice.",
            {"nhs_number": LATER_NUMBER},
            (match,),
            per_10_000=60,
        ),
        Defect(
            "day_for_month",
            "Day and month of birth are exchanged.",
            {"date_of_birth": "make_date(year(date_of_birth), day(date_of_birth), month(date_of_birth))"},
            (match,),
            where="day(date_of_birth) <= 12 AND day(date_of_birth) <> month(date_of_birth) AND date_of_birth < DATE '2002-01-01'",
            per_10_000=40,
        ),
        Defect("without_date_of_birth", "The date of birth is missing.", {"date_of_birth": "NULL"}, (linkage,)),
        Defect(
            "born_in_1801",
            "The date of birth is 1 January 1801, which stands for none.",
            {"date_of_birth": "DATE '1801-01-01'"},
            (age, match),
            per_10_000=10,
        ),
        Defect(
            "born_later",
            "The person is born after being seen.",
            {"date_of_birth": f"{event} + INTERVAL 1 DAY"},
            (age, match, Breaks("adult_at_start")),
            per_10_000=10,
        ),
        Defect(
            "gender_in_letters",
            "The gender is written M or F.",
            {"gender": "if(gender = '1', 'M', 'F')"},
            (Breaks("gender_valid"), linkage, agrees),
        ),
        Defect(
            "gender_not_known",
            "The gender is given as not known.",
            {"gender": f"'{default_gender}'"},
            (Breaks("gender_known"), agrees),
        ),
        Defect(
            "old_ethnic_category",
            "The ethnic category is 9, which was withdrawn.",
            {"ethnic_category": "'9'"},
            (Breaks("ethnic_category_valid"),),
        ),
        Defect(
            "ethnic_category_not_known",
            "The ethnic category is that for not known.",
            {"ethnic_category": "'99'"},
            (Breaks("ethnic_category_known"),),
            per_10_000=60,
        ),
        Defect(
            "half_a_postcode",
            "The postcode is cut off after its first part.",
            {"postcode": "split_part(postcode, ' ', 1)"},
            (Breaks("postcode_form"), linkage),
        ),
        Defect(
            "no_fixed_abode",
            "The postcode is that for people without a fixed abode.",
            {"postcode": "'ZZ99 3VZ'"},
            (Breaks("postcode_not_pseudo"), linkage),
            per_10_000=30,
        ),
        Defect(
            "practice_not_known",
            "The practice is that for not known.",
            {"gp_practice_code": "'V81999'"},
            (Breaks("gp_practice_known"),),
            per_10_000=40,
        ),
        Defect(
            "letter_in_practice",
            "The code of the practice has the letter O for its nought.",
            {"gp_practice_code": "left(gp_practice_code, 2) || 'O' || substr(gp_practice_code, 4)"},
            (Breaks("gp_practice_form"), practice_open),
        ),
        Defect(
            "unknown_practice",
            "The code has the form of a practice and belongs to none.",
            {"gp_practice_code": "'T8' || substr(gp_practice_code, 3)"},
            (practice_open,),
        ),
        Defect(
            "practice_elsewhere",
            "The practice belongs to another PCG/T than the one that pays.",
            {"gp_practice_code": OTHER_PRACTICE},
            (belongs,),
            per_10_000=40,
        ),
    )
