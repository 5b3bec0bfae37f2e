"""Scores, an explanation, a comparison and a calibration that are made by hand, to be shown."""

from itertools import pairwise

from dq_engine.model import Organisation
from dq_engine.rating.agreement import Agreement, Kappa
from dq_engine.rating.calibrate import Calibration, CutPoint, Fit
from dq_engine.rating.comparison import Compared, Comparison
from dq_engine.scores import (
    OVERALL,
    POOR_OR_WORSE,
    RATINGS,
    Band,
    Change,
    DimensionScore,
    Dqmi,
    Explanation,
    FieldClasses,
    Instrument,
    InstrumentReference,
    ItemRule,
    Lift,
    NotCounted,
    Part,
    Provenance,
    Rated,
    Rating,
    Rule,
    RuleScore,
    RunReference,
    SampleReference,
    Scale,
    Scores,
    Share,
    TableRow,
    Tally,
    Term,
    TermExplained,
    TermRule,
    Wave,
)

ASSUMED = Provenance("assumed", "Judgement of those who made it")
REFERENCE = InstrumentReference("small", "1.2.0", ASSUMED, "small.json", "0" * 64)
OTHER = InstrumentReference("small", "1.3.0", Provenance("calibrated", "answers.csv, SHA-256 ab12"), "other.json", "1" * 64)
RUN = RunReference("20240102T030405Z-abcdef", "2024-01-02T03:04:05+00:00", "/results/20240102T030405Z-abcdef")
HOSPITAL, CARE = "hospital.commission", "social_care.commission"
TITLES = {HOSPITAL: "Hospital records: Commission services", CARE: "Social care records: Commission services"}
BANDS = tuple(
    Band(rating, start, end)
    for rating, start, end in zip(RATINGS, (0.0, 0.5, 0.7, 0.8, 0.9), (0.5, 0.7, 0.8, 0.9, 1.0), strict=True)
)
COVERAGE = Part("spells", "coverage")
CODES = Part("spells", "item_score", ("code", "treatment_function_code"))
DAYS = Part("spells", "completeness", ("day",))
ORGANISATIONS = {"5A1": Organisation("5A1", "pcgt", region="North", kind="PCT")}


def counted(*counts: int) -> tuple[Share, ...]:
    """The shares of five counts, where everybody was looked at."""
    of = sum(counts)
    both = [*zip(RATINGS, counts, strict=True), (POOR_OR_WORSE, counts[0] + counts[1])]
    return tuple(Share(name, count, of, count / of if of else None) for name, count in both)


def row(wave: str, item: str, *counts: int, by: str = "", group: str = "", population: int = 487, note: str = "") -> TableRow:
    return TableRow(wave, item, by, group, population, population, sum(counts), counted(*counts), note)


def unrated(wave: str, organisation: str, item: str, reason: str = "no data came") -> Rating:
    return Rating(wave, organisation, item, None, reason=reason)


NOT_COUNTED = (
    NotCounted("spells", "rows_there", "completeness", "pass", "was judged for the extract as a whole"),
    NotCounted("spells", "columns_in_order", "consistency", "fail", "was judged for the extract as a whole"),
    NotCounted("lists", "pcn_form", "validity", "vacuous", "no rows to judge"),
)
CENSUS = Scores(
    version=1,
    instrument=REFERENCE,
    level="pcgt",
    runs=(RUN,),
    waves=(Wave("autumn", "2024-10-01", "2024-11-30"), Wave("winter", "2024-12-01", "2025-01-31"), Wave("spring", "2025-02-01")),
    ratings=(
        Rating("autumn", "5A1", HOSPITAL, "very good", 0.99, 0.9, 1.0, ("good", "very good"), 1.0),
        *(unrated("autumn", code, HOSPITAL) for code in ("5A2", "5A3", "5A4", "5A5")),
        unrated("winter", "5A1", CARE, "only 30 % of the weight was measured, and 50 % is needed: no care.coverage"),
    ),
    tables=(
        row("autumn", HOSPITAL, 0, 6, 12, 120, 345),
        row("autumn", HOSPITAL, 0, 6, 0, 0, 0, by="region", group="North", population=10),
        row("autumn", HOSPITAL, 0, 0, 12, 120, 345, by="region", group="A region with a very long name", population=477),
        row("autumn", CARE, 24, 62, 103, 78, 216),
        row("autumn", CARE, 0, 0, 0, 0, 0, by="region", group="North", population=10, note="Nobody is rated."),
        row("autumn", CARE, 24, 62, 103, 78, 216, by="region", group="A region with a very long name", population=477),
        row("autumn", OVERALL, 0, 1, 72, 140, 274),
        row("winter", HOSPITAL, 0, 0, 0, 0, 487, note="1 rated organisation that is not in the population does not count."),
        row("winter", CARE, 0, 0, 0, 1, 485),
        row("winter", OVERALL, 0, 0, 0, 1, 486),
        *(row("spring", item, 0, 0, 0, 0, 0, note="Nobody is rated.") for item in (HOSPITAL, CARE, OVERALL)),
    ),
    changes=(
        Change(HOSPITAL, "", "", POOR_OR_WORSE, "autumn", "winter", 483, -6 / 483),
        Change(HOSPITAL, "region", "North", POOR_OR_WORSE, "autumn", "winter", 6, -1.0, -1.0, -0.4),
        Change(CARE, "", "", POOR_OR_WORSE, "autumn", "winter", 482, 0.00004, -0.03, 0.0312),
        Change(OVERALL, "", "", POOR_OR_WORSE, "autumn", "winter", 487, 0.0, 0.0, 0.0),
        *(Change(item, "", "", POOR_OR_WORSE, "winter", "spring", 0, None) for item in (HOSPITAL, CARE, OVERALL)),
    ),
    dimensions=(DimensionScore("autumn", "5A1", "hospital", "spells", "coverage", 0.5, 0.5, 0.5, 0.5, 1.0, None, 1, 2),),
    dqmi=(Dqmi("autumn", "5A1", "", True, 3, 0.9, None, None),),
    not_counted=NOT_COUNTED,
    notes=("128 codes in the data are in no register, and are not rated: 0A4, 0G8, …",),
    titles=TITLES,
)


def estimated(*shares: tuple[int, float, float, float]) -> tuple[Share, ...]:
    """Shares of a sample: count, estimate and its limits."""
    of = sum(count for count, *_ in shares[:-1])
    return tuple(
        Share(name, count, of, share, low, high)
        for name, (count, share, low, high) in zip((*RATINGS, POOR_OR_WORSE), shares, strict=True)
    )


SAMPLE = Scores(
    version=1,
    instrument=REFERENCE,
    level="practice",
    runs=(RUN,),
    waves=(Wave("all"),),
    ratings=(),
    tables=(
        TableRow(
            "all",
            HOSPITAL,
            "",
            "",
            6500,
            72,
            71,
            estimated(
                (0, 0.0, 0.0, 0.0497),
                (14, 0.1843, 0.1041, 0.2861),
                (20, 0.2999, 0.2, 0.4),
                (8, 0.1, 0.05, 0.2),
                (29, 0.4158, 0.308, 0.534),
                (14, 0.1843, 0.1041, 0.2861),
            ),
            "Nobody answered of South: the other strata stand for them.",
        ),
    ),
    sample=SampleReference("72 of 6500 organisations, drawn at random from 8 strata, equal allocation, seed 7", 7, ()),
    titles=TITLES,
)

FULL = Term(CODES, 0.25, 1.0, 0.7411, 1.0, 0.0, Tally(2.0, 2.0, 11, 22, 22))
HALF = Term(COVERAGE, 0.5, 0.5, 0.5, 0.5, 0.25, Tally(0.5, 1.0, None, 1, 2))


def behind(check: str, column: str = "", weight: float = 1.0) -> Rule:
    return Rule(RUN.id, "spells", check, column, weight, "")


def fields(*counts: int, tolerance: float | None) -> FieldClasses:
    return FieldClasses(*counts, tolerance)


EXPLANATION = Explanation(
    instrument=REFERENCE,
    organisation=Organisation("5A1", "pcgt", region="North", kind="PCT"),
    question="How good are the data from hospital records that you have to commission services?",
    provenance=Provenance("assumed", "Judgement.", "What is paid for."),
    bands=BANDS,
    rating=Rating(
        "autumn",
        "5A1",
        HOSPITAL,
        "poor",
        0.69999,
        0.49991,
        0.70001,
        ("very poor", "fair"),
        0.75,
        "",
        (HALF,),
        "fair",
        (Lift(COVERAGE, 0.5, 0.50002),),
    ),
    terms=(
        TermExplained(DAYS, 0.25, None, ()),
        TermExplained(
            CODES,
            0.25,
            FULL,
            (
                RuleScore(behind("", "code"), "", 9 / 11, 11, 11, fields(8, 1, 2, 0, 0, tolerance=0.0)),
                RuleScore(behind("", "treatment_function_code", 2.0), "", 0.91, 95, 100, fields(85, 5, 7, 2, 1, tolerance=0.01)),
                RuleScore(behind("", "ward"), "", 1.0, 11, 11, fields(11, 0, 0, 0, 0, tolerance=None)),
            ),
        ),
        TermExplained(
            COVERAGE,
            0.5,
            HALF,
            (RuleScore(behind("all_present", weight=2.0), "Every trust has rows here in each month", 0.5, 1, 2),),
        ),
    ),
    not_counted=NOT_COUNTED[:2],
)
OVERALL_EXPLANATION = Explanation(
    instrument=REFERENCE,
    organisation=Organisation("5A1", "practice"),
    question="The mean of all items that are rated, by their weights.",
    provenance=ASSUMED,
    bands=BANDS,
    rating=Rating("all", "5A1", OVERALL, "very good", 1.0, 1.0, 1.0, None, 0.5),
    terms=(),
    items=(unrated("all", "5A1", HOSPITAL), Rating("all", "5A1", CARE, "very good", 1.0, 1.0, 1.0, None, 1.0)),
)
NOTHING = Explanation(
    instrument=REFERENCE,
    organisation=Organisation("5A1", "pcgt"),
    question="How good?",
    provenance=ASSUMED,
    bands=BANDS,
    rating=Rating(
        "all", "5A1", HOSPITAL, "very poor", 0.0, 0.0, 0.0, None, 0.0, "",
        (Term(DAYS, 1.0, 0.0, 0.0, 0.0, 1.0, Tally(0.0, 0.0, 0)),), "poor", (Lift(DAYS, 0.0, 0.5),),
    ),
    terms=(TermExplained(DAYS, 1.0, Term(DAYS, 1.0, 0.0, 0.0, 0.0, 1.0, Tally(0.0, 0.0, 0)), ()),),
)  # fmt: skip

TABLE = ((5, 1, 0, 0, 0), (0, 4, 0, 0, 0), (0, 0, 3, 2, 0), (0, 0, 0, 9, 0), (0, 0, 0, 0, 26))
AGREEMENT = Agreement(50, 50, 47, 50, Kappa(0.9599, 0.91, 0.9999), Kappa(0.98, 0.95, 1.0), TABLE)
ALIKE = Agreement(2, 2, 2, 2, Kappa(None, None, None), Kappa(None, None, None), ((0,) * 5,) * 4 + ((0, 0, 0, 0, 2),))
NO_PAIRS = Agreement(0, 0, 0, 0, Kappa(None, None, None), Kappa(None, None, None), ((0,) * 5,) * 5)
COMPARISON = Comparison(
    version=1,
    first=REFERENCE,
    second=OTHER,
    differences=('version: from "1.2.0" to "1.3.0"', 'scale: band "poor": from 0.5–0.7 to 0.55–0.7'),
    level="pcgt",
    runs=(RUN,),
    waves=(Wave("all"),),
    items=(
        Compared("all", HOSPITAL, AGREEMENT, 1, 2, 3),
        Compared("all", CARE, ALIKE, 0, 0, 0),
        Compared("all", OVERALL, NO_PAIRS, 0, 0, 56),
    ),
    second_items=("hospital.improve_health",),
    titles=TITLES,
)


def instrument(version: str, provenance: Provenance, bands: tuple[Band, ...] = BANDS) -> Instrument:
    item = ItemRule(HOSPITAL, "hospital", "commission", "How good?", (TermRule("coverage", 1.0, "spells"),), ASSUMED)
    return Instrument(
        "small",
        version,
        "Small",
        provenance,
        {"hospital": "Hospital"},
        {"commission": "Commission"},
        Scale(bands, ASSUMED),
        (item,),
    )


def fit(item: str, answers: int) -> Fit:
    named: list[tuple[Rated, Rated]] = list(pairwise(RATINGS))
    cuts = tuple(
        CutPoint(below, above, score, score - 0.01, score + 0.02)
        for (below, above), score in zip(named, (0.51, 0.69, 0.81, 0.92), strict=True)
    )
    return Fit(item, answers, 40, (10, 12, 20, 30, 28), (20.0, 15.0, 25.0), (10.0, 14.0, 16.0, 18.0), cuts)


BEFORE, AFTER = instrument("1.2.0", ASSUMED), instrument("1.3.0", Provenance("calibrated", "answers.csv, SHA-256 ab12", "…"))
CALIBRATION = Calibration(
    "small", "1.2.0", 120, 100, (("the answer is blank", 20),), (HOSPITAL,), ("all",), fit("", 100), (fit(HOSPITAL, 60),),
    ((CARE, "too few answers to fit cut-points: 9 can be used"),), AGREEMENT, AGREEMENT, AGREEMENT, "", 5, 0,
)  # fmt: skip
NOT_VALIDATED = Calibration(
    "small", "1.2.0", 100, 100, (), (HOSPITAL,), ("all",), fit("", 100), (), (), AGREEMENT, ALIKE, None,
    "without some of the organisations, the answers of the others do not suffice to fit cut-points", 5, 0,
)  # fmt: skip
