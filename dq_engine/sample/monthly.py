"""What the feeds of a row per practice, month and more have in common: which rows a defect may befall, and spoilt codes. Pure.

Their rows have the columns ``own_code`` (of the practice) and ``period_no``.
"""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Defect

EVEN, PRACTICE_AND_MONTH = "period_no % 2 = 0", "own_code || '|' || period_no"
"""What befalls a whole month of a practice befalls even ones, so that the months beside it are sound."""
LATEST = "period_no = periods()"
"""Rows of the last month."""
OPEN = Breaks("practice_open_in_month")


def listed(values: tuple[str, ...]) -> str:
    """SQL of a list of texts."""
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def uneven(rule: str) -> tuple[Breaks, Breaks]:
    """What a month that is not as it should be breaks: it differs from the one before, and the next from it."""
    return (
        Breaks(rule, organisation="own_code", once=True, item="period_no"),
        Breaks(rule, organisation="own_code", once=True, item="period_no + 1", where="period_no < periods()"),
    )


def practice_absent(differs: Breaks) -> Defect:
    """A practice that sent nothing for a month; ``differs``: what says that the month differs from the one before."""
    return Defect(
        "practice_absent",
        "The practice has no row in the month.",
        "drop",
        (Breaks("practices_covered", organisation="own_code", once=True, item="period_no"), differs),
        EVEN,
        per_10_000=30,
        together=PRACTICE_AND_MONTH,
    )


def spoilt_codes(column: str, where: str, per_10_000: int) -> tuple[Defect, ...]:
    """Codes of practices that are absent, misspelt or nobody's; ``column`` holds them, in the rows of ``where``."""
    present, form, known = Breaks("practice_code_present"), Breaks("practice_code_form"), Breaks("practice_known")
    return (
        Defect("without_code", "There is no code of the practice.", {column: "NULL"}, (present,), where, per_10_000),
        Defect(
            "lower_case_code",
            "The code of the practice is in small letters.",
            {column: f"lower({column})"},
            (form, known, OPEN),
            where,
            per_10_000,
        ),
        Defect(
            "blank_after_code",
            "There is a blank after the code of the practice.",
            {column: f"{column} || ' '"},
            (form, known, OPEN),
            where,
            per_10_000,
        ),
        Defect(
            "unknown_practice",
            "The code of the practice is well formed, but nobody has it.",
            {column: f"'T8' || right({column}, 4)"},
            (known, OPEN),
            where,
            per_10_000,
        ),
    )
