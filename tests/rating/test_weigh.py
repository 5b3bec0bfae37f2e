"""What is counted of organisations is added up rightly: by hand, and against plain Python for runs of all shapes."""

import tempfile
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dq_engine import WorkerProcess
from dq_engine.model import FieldMeasure, Level, Measure, Organisation, Run
from dq_engine.rating.dqmi import item_score
from dq_engine.rating.rate import parts_of, rate
from dq_engine.scores import MEASURES, DimensionScore, Part, Scores, Tally, TermRule
from dq_engine.scoring import Asked, Scorer
from tests.rating.runs import (
    NOVEMBER,
    OCTOBER,
    SOME,
    Column,
    Extract,
    Rule,
    instrument,
    item,
    made,
    pcgts,
    practices,
    some_runs,
    stored,
    written,
)

ONE = instrument(item("commission", TermRule("validity", 1.0)))


def scored(worker: WorkerProcess, folder: Path, *runs: Run, **asked: Any) -> Scores:
    """The scores of runs, by an instrument with one item, the validity of all hospital feeds."""
    path = written(asked.pop("by", ONE), folder)
    return Scorer(stored(folder / "runs", *runs), worker, Asked(instrument=path, **asked)).scores()


def found(scores: Scores, feed: str = "spells") -> dict[tuple[str, str], DimensionScore]:
    """The scores of dimensions in a feed, by organisation and measure."""
    return {(one.organisation, one.measure): one for one in scores.dimensions if one.feed == feed}


def tally(one: DimensionScore) -> tuple[float, float, int | None, int, int]:
    return one.numerator, one.denominator, one.records, one.kept, one.judged


# --------------------------------------------------------------------------------------------------------------- by hand


def test_a_score_is_the_mean_of_the_shares_by_the_weights_of_the_rules(worker: WorkerProcess, tmp_path: Path) -> None:
    """9 of 10, twice as heavy as 50 of 100: (2 x 0.9 + 0.5) / 3 = 0.7667, however many rows each judged."""
    rules = [
        Rule("nhs_number", "validity", [("5A1", None, 10, 1)], {"weight": 2.0}),
        Rule("sex", "validity", [("5A1", None, 100, 50)]),
        Rule("age", "validity", [("5A1", None, 0, 0)]),
    ]
    one = found(scored(worker, tmp_path, made(Extract("spells", rules))))["5A1", "validity"]
    assert tally(one) == (pytest.approx(2.3), 3.0, 100, 59, 110)
    assert one.score == pytest.approx(2.3 / 3)


def test_the_item_score_is_the_mean_of_those_of_the_fields(worker: WorkerProcess, tmp_path: Path) -> None:
    """90 of 100 are valid or other, 5 are default of which 2 are tolerated: (95 - 3) / 100. And 20 of 40, without tolerance."""
    columns = [
        Column("ethnic_category", [("5A1", OCTOBER, 80, 10, 5, 3, 2)], {"tolerance": 0.02}),
        Column("postcode", [("5A1", OCTOBER, 10, 0, 10, 10, 10)]),
        Column("on_trial", [("5A1", OCTOBER, 0, 0, 0, 10, 0)], {"item": "experimental"}),
        Column("no_item", [("5A1", OCTOBER, 0, 0, 0, 10, 0)], {"item": None}),
    ]
    scores = scored(worker, tmp_path, made(Extract("spells", columns=columns)))
    assert tally(found(scores)["5A1", "item_score"]) == (pytest.approx(0.92 + 0.5), 2.0, 100, 115, 140)
    indices = {(index.feed, index.experimental): (index.items, index.mean_item_score) for index in scores.dqmi}
    assert indices["spells", False] == (2, pytest.approx(0.71))
    assert indices["spells", True] == (3, pytest.approx(1.42 / 3))


def test_defaults_far_beyond_what_is_tolerated_score_0_and_not_less(worker: WorkerProcess, tmp_path: Path) -> None:
    """60 defaults, none tolerated, and 10 others: (70 - 60) / 100; and 90 of 100, of which 90 are in excess: 0."""
    columns = [
        Column("a", [("5A1", OCTOBER, 10, 0, 60, 30, 0)], {"tolerance": 0.0}),
        Column("b", [("5A1", OCTOBER, 0, 0, 90, 10, 0)], {"tolerance": 0.0}),
    ]
    one = found(scored(worker, tmp_path, made(Extract("spells", columns=columns))))["5A1", "item_score"]
    assert (one.numerator, one.denominator) == (pytest.approx(0.1), 2.0)


def test_what_practices_sent_is_added_up_for_their_pcgt_rule_by_rule(worker: WorkerProcess, tmp_path: Path) -> None:
    """9 of 10 and 10 of 90 are wrong: 81 of 100 are right, not the mean of 0.1 and 0.889. Tolerance is of the PCG/T's records."""
    rules = [Rule("sex", "validity", [("A81001", OCTOBER, 10, 9), ("A81002", OCTOBER, 90, 10), ("A81003", OCTOBER, 50, 0)])]
    columns = [
        Column("sex", [("A81001", OCTOBER, 0, 0, 10, 0, 0), ("A81002", OCTOBER, 90, 0, 0, 0, 0)], {"tolerance": 0.05}),
    ]
    register = [*pcgts("5A1", "5A2"), *practices(A81001="5A1", A81002="5A1", A81003="5A2")]
    run = made(Extract("spells", rules, columns, level="practice"), organisations=register)
    of_pcgts = found(scored(worker, tmp_path, run))
    assert tally(of_pcgts["5A1", "validity"]) == (pytest.approx(0.81), 1.0, 100, 81, 100)
    assert of_pcgts["5A1", "item_score"].score == pytest.approx((100 - 5) / 100)
    assert tally(of_pcgts["5A2", "validity"]) == (1.0, 1.0, 50, 50, 50)
    assert {code for code, _ in of_pcgts} == {"5A1", "5A2"}
    of_practices = found(
        scored(worker, tmp_path / "runs", made(*made_parts(run), organisations=register, id="r2"), level="practice")
    )
    assert of_practices["A81001", "validity"].score == pytest.approx(0.1)
    assert of_practices["A81001", "item_score"].score == pytest.approx(0.05)


def made_parts(run: Run) -> list[Extract]:
    """The extracts of a run of one extract, once more."""
    (one,) = run.extracts
    rules = [
        Rule(
            o.check, o.dimension, [(str(m.organisation), m.period, m.element_count - 3, m.unexpected_count) for m in run.measures]
        )
        for o in one.outcomes
    ]
    columns = [
        Column(
            f.column,
            [(str(m.organisation), m.period, m.valid, m.other, m.default, m.invalid, m.missing) for m in run.fields],
            {"tolerance": f.tolerance},
        )
        for f in one.fields
    ]
    return [Extract(one.feed, rules, columns, level=one.level)]


def test_coverage_is_a_fact_and_not_a_sample(worker: WorkerProcess, tmp_path: Path) -> None:
    """Three of four periods came: 0.75, without an interval, whatever its checks count; a rule about totals is no record either."""
    rules = [
        Rule("sent", "coverage", [("5A1", None, 4, 1)], {"unit": "expected submissions"}),
        Rule("all_there", "coverage", [("5A1", None, 20, 5)]),
        Rule("totals", "accuracy", [("5A1", None, 2, 1)], {"unit": "totals"}),
        Rule("rows", "timeliness", [("5A1", None, 2, 1)]),
    ]
    by_measure = found(scored(worker, tmp_path, made(Extract("spells", rules))))
    covered, totals, rows = (by_measure["5A1", measure] for measure in ("coverage", "accuracy", "timeliness"))
    assert (covered.score, covered.low, covered.high, covered.records) == (0.75, 0.75, 0.75, None)
    assert (totals.low, totals.high, totals.records) == (0.5, 0.5, None)
    assert rows.records == 2 and rows.low < 0.5 < rows.high


def test_what_is_counted_for_nobody_in_particular_counts_for_nobody(worker: WorkerProcess, tmp_path: Path) -> None:
    counts = [("(none)", OCTOBER, 10, 5), ("(not a code)", OCTOBER, 10, 5), ("5A1", OCTOBER, 10, 0)]
    only = Rule("other", "validity", counts[:2])
    scores = scored(worker, tmp_path, made(Extract("spells", [Rule("sex", "validity", counts), only])))
    assert {one.organisation for one in scores.dimensions} == {"5A1"}
    assert tally(found(scores)["5A1", "validity"]) == (1.0, 1.0, 10, 10, 10)
    assert [one.check for one in scores.not_counted] == ["other"]


def test_checks_that_add_nothing_are_listed_each_with_the_reason(worker: WorkerProcess, tmp_path: Path) -> None:
    counts = [("5A1", OCTOBER, 10, 10)]
    rules = [
        Rule("counts", "validity", [("5A1", OCTOBER, 10, 1)], {"status": "fail"}),
        Rule("weightless", "validity", counts, {"status": "fail", "weight": 0.0}),
        Rule("vacuous", "validity", counts, {"status": "vacuous", "message": "no rows to judge"}),
        Rule("broken", "validity", counts, {"status": "error", "message": "no such column"}),
        Rule("skipped", "validity", counts, {"status": "skipped", "message": "not selected"}),
        Rule("silent", "validity", counts, {"status": "vacuous"}),
        Rule("of_the_whole", "validity"),
    ]
    columns = [
        Column("unread", more={"problem": "the column is nested"}),
        Column("unsplit"),
        Column("read", [("5A1", OCTOBER, 1, 0, 0, 0, 0)]),
        Column("no_item", more={"item": None, "problem": "the column is nested"}),
    ]
    scores = scored(worker, tmp_path, made(Extract("spells", rules, columns)))
    assert tally(found(scores)["5A1", "validity"]) == (pytest.approx(0.9), 1.0, 10, 9, 10)
    whole = "was judged for the extract as a whole, and says nothing of single organisations"
    assert [(one.check, one.dimension, one.status, one.reason) for one in scores.not_counted] == [
        ("weightless", "validity", "fail", "has a weight of 0"),
        ("vacuous", "validity", "vacuous", "no rows to judge"),
        ("broken", "validity", "error", "no such column"),
        ("skipped", "validity", "skipped", "not selected"),
        ("silent", "validity", "vacuous", "had nothing to judge"),
        ("of_the_whole", "validity", "pass", whole),
        ("unread", "item_score", "error", "the column is nested"),
        ("unsplit", "item_score", "vacuous", whole),
    ]


def test_suites_about_targets_never_count(worker: WorkerProcess, tmp_path: Path) -> None:
    wrong = Rule("reached", "validity", [("5A1", OCTOBER, 10, 10)], {"status": "fail"})
    targets = Extract(
        "spells", [wrong], [Column("sex", [("5A1", OCTOBER, 0, 0, 0, 9, 0)])], more={"name": "t", "purpose": "targets"}
    )
    right = Extract("spells", [Rule("sex", "validity", [("5A1", OCTOBER, 10, 0)])])
    scores = scored(worker, tmp_path, made(right, targets))
    assert {key: one.score for key, one in found(scores).items()} == {("5A1", "validity"): 1.0}
    assert scores.not_counted == ()


def test_what_one_check_judges_in_several_extracts_is_added_up(worker: WorkerProcess, tmp_path: Path) -> None:
    """One file for each month, of 90 and of 10 rows, or one file for both: the same scores and the same index."""
    months = [(OCTOBER, 90, 9), (NOVEMBER, 10, 10)]
    apart = [
        Extract(
            "spells",
            [Rule("sex", "validity", [("5A1", period, judged, wrong)])],
            [Column("sex", [("5A1", period, judged - wrong, 0, wrong, 0, 0)], {"tolerance": 0.1})],
            more={"name": f"spells_{period[:7]}"},
        )
        for period, judged, wrong in months
    ]
    together = Extract(
        "spells",
        [Rule("sex", "validity", [("5A1", period, judged, wrong) for period, judged, wrong in months])],
        [
            Column(
                "sex", [("5A1", period, judged - wrong, 0, wrong, 0, 0) for period, judged, wrong in months], {"tolerance": 0.1}
            )
        ],
    )
    one, other = (scored(worker, tmp_path, made(*parts, id=id)) for parts, id in ((apart, "r1"), ([together], "r2")))
    assert one.dimensions == other.dimensions
    assert one.ratings == other.ratings
    assert one.dqmi == other.dqmi
    assert tally(found(one)["5A1", "validity"]) == (pytest.approx(0.81), 1.0, 100, 81, 100)
    assert found(one)["5A1", "item_score"].score == pytest.approx((100 - (19 - 10)) / 100)


@pytest.mark.parametrize(("light", "heavy"), [(1e-300, 1.0), (1.0, 1e300), (1e-9, 3e-9), (3.0, 4.0)])
def test_weights_may_be_as_small_or_large_as_numbers_are(
    light: float, heavy: float, worker: WorkerProcess, tmp_path: Path
) -> None:
    rules = [
        Rule("a", "validity", [("5A1", None, 10, 10)], {"weight": light}),
        Rule("b", "validity", [("5A1", None, 10, 5)], {"weight": heavy}),
        Rule("a_alone", "completeness", [("5A1", None, 10, 5)], {"weight": light}),
        Rule("b_judges_nothing", "completeness", [("5A1", None, 0, 0)], {"weight": heavy}),
    ]
    by = instrument(item("commission", TermRule("validity", 0.5), TermRule("completeness", 0.5)))
    by_measure = found(scored(worker, tmp_path, made(Extract("spells", rules)), by=by))
    assert by_measure["5A1", "validity"].score == pytest.approx(0.5 * heavy / (light + heavy))
    assert isclose(by_measure["5A1", "validity"].denominator, light + heavy)


def test_practices_that_are_in_no_pcgt_count_for_nobody(worker: WorkerProcess, tmp_path: Path) -> None:
    rule = Rule("sex", "validity", [(code, OCTOBER, 10, 1) for code in ("A81001", "A81002", "A81009")])
    here = Extract("spells", [rule], level="practice")
    register = [*pcgts("5A1"), *practices(A81001="5A1", A81002="")]
    scores = scored(worker, tmp_path, made(here, organisations=register))
    assert {one.organisation: one.judged for one in scores.dimensions if one.feed} == {"5A1": 10}
    assert scores.notes == ("1 of 2 practices are in no PCG/T by the registers: their data count for nobody.",)


def test_a_register_is_needed_to_add_up_practices(worker: WorkerProcess, tmp_path: Path) -> None:
    here = Extract("spells", [Rule("sex", "validity", [("A81001", OCTOBER, 10, 1)])], level="practice")
    scores = scored(worker, tmp_path, made(here))
    assert scores.ratings == ()
    assert scores.notes == (
        "No register says which organisations there are: those that sent something are taken for all.",
        "There is nobody to rate.",
        "No register says which PCG/T a practice belongs to: data of practices count for nobody.",
    )
    scores = scored(worker, tmp_path, made(here, id="r2"), level="practice")
    assert {one.organisation for one in scores.ratings} == {"A81001"}
    assert scores.notes == ("No register says which organisations there are: those that sent something are taken for all.",)


def test_codes_that_are_in_no_register_are_not_rated_and_the_notes_say_so(worker: WorkerProcess, tmp_path: Path) -> None:
    rule = Rule("sex", "validity", [(f"9Z{n}", OCTOBER, 10, 1) for n in range(7)])
    scores = scored(worker, tmp_path, made(Extract("spells", [rule]), organisations=pcgts("5A1")))
    assert {(one.organisation, one.rating, one.reason) for one in scores.ratings if one.item != "overall"} == {
        ("5A1", None, "no data came")
    }
    assert scores.notes == ("7 codes in the data are in no register, and are not rated: 9Z0, 9Z1, 9Z2, 9Z3, 9Z4, …",)


def test_a_rule_of_a_pcgt_feed_may_count_practices(worker: WorkerProcess, tmp_path: Path) -> None:
    """Which practices of a PCG/T are in what it sends: by PCG/T together, by practice each for itself."""
    present = [("A81001", OCTOBER, 1, 0), ("A81002", OCTOBER, 1, 1), ("A81003", OCTOBER, 1, 0)]
    rules = [
        Rule("practices_present", "coverage", present, {"unit": "expected submissions"}),
        Rule("fte", "validity", [("5A1", OCTOBER, 10, 0)]),
    ]
    register = [*pcgts("5A1", "5A2"), *practices(A81001="5A1", A81002="5A1", A81003="5A2")]
    workforce = Extract("workforce", rules)
    by_pcgt = found(scored(worker, tmp_path, made(workforce, organisations=register)), "workforce")
    assert {code: one.score for (code, measure), one in by_pcgt.items() if measure == "coverage"} == {"5A1": 0.5, "5A2": 1.0}
    by_practice = found(scored(worker, tmp_path, made(workforce, organisations=register, id="r2"), level="practice"), "workforce")
    assert {key: one.score for key, one in by_practice.items()} == {
        ("A81001", "coverage"): 1.0,
        ("A81002", "coverage"): 0.0,
        ("A81003", "coverage"): 1.0,
    }
    unknown = scored(worker, tmp_path, made(workforce, id="r3"))
    assert {one.organisation for one in unknown.ratings} == {"5A1"}


def test_a_term_may_be_about_some_columns_only(worker: WorkerProcess, tmp_path: Path) -> None:
    """What a rule speaks about is what its statement names: a key through which it looks into another extract, too."""
    on = {"column": "pcgt_code", "on": {"gp_practice_code": "code"}, "other": "practices", "other_column": "commissioner"}
    rules = [
        Rule("sex_known", "validity", [("5A1", OCTOBER, 10, 5)], {"kwargs": {"column": "sex"}}),
        Rule("age_known", "validity", [("5A1", OCTOBER, 10, 1)], {"kwargs": {"column": "AGE"}}),
        Rule(
            "agrees",
            "validity",
            [("5A1", OCTOBER, 10, 10)],
            {"expectation": "expect_column_values_to_agree_with_other_extract", "kwargs": on},
        ),
        Rule("unheard_of", "validity", [("5A1", OCTOBER, 10, 10)], {"expectation": "expect_what_a_later_dq_can", "kwargs": on}),
    ]
    columns = [
        Column("sex", [("5A1", OCTOBER, 4, 0, 0, 6, 0)]),
        Column("Age", [("5A1", OCTOBER, 8, 0, 0, 2, 0)], {"item": None}),
    ]
    some = instrument(
        item("a", TermRule("validity", 1.0, columns=("sex", "age"))),
        item("b", TermRule("validity", 1.0, columns=("gp_practice_code",))),
        item("c", TermRule("item_score", 1.0, columns=("age",))),
        item("d", TermRule("validity", 1.0)),
        item("e", TermRule("validity", 1.0, columns=("postcode",))),
    )
    scores = scored(worker, tmp_path, made(Extract("spells", rules, columns)), by=some)
    assert {one.item: one.score for one in scores.ratings if one.item != "overall"} == {
        "hospital.a": pytest.approx(0.7),
        "hospital.b": pytest.approx(0.0),
        "hospital.c": pytest.approx(0.8),
        "hospital.d": pytest.approx((0.5 + 0.9) / 4),
        "hospital.e": None,
    }


# ------------------------------------------------------------------------------------------------------- by plain Python

WAVES: dict[tuple[str, ...], dict[str, tuple[str, str]]] = {
    (): {"all": ("", "")},
    ("quarter=2024-10..2024-12",): {"quarter": ("2024-10-01", "2024-12-31")},
    ("o=2024-10..2024-10", "n=2024-11..2025-03"): {"o": ("2024-10-01", "2024-10-31"), "n": ("2024-11-01", "2025-03-31")},
}


def plainly(runs: Iterable[Run], level: Level, waves: tuple[str, ...]) -> dict[tuple[str, str], dict[Part, Tally]]:
    """The tallies of all parts of the instrument and of whole feeds, worked out one by one with exact fractions."""
    ordered = sorted(runs, key=lambda run: (run.started, run.id))
    feeds = {extract.feed: extract for run in ordered for extract in run.extracts}
    wanted = {part for terms in parts_of(SOME, {feed: one.source for feed, one in feeds.items()}).values() for part, _ in terms}
    wanted |= {Part(feed, measure) for feed in feeds for measure in MEASURES}
    known = {one.code: one for run in ordered for one in run.organisations}
    stretches = {run.id: ("", "") for run in ordered} if len(ordered) > 1 and not waves else WAVES[waves]
    result: dict[tuple[str, str], dict[Part, Tally]] = {}
    for wave, (first, last) in stretches.items():
        chosen = [run for run in ordered if run.id == wave] if wave in {run.id for run in ordered} else ordered
        for part in wanted:
            for code, sums in of_part(part, chosen, known, level, first, last).items():
                total = sum((Fraction(weight) for (_, weight), _ in sums.items()), Fraction())
                shares = sum((Fraction(weight) * share_of(judged) for (_, weight), judged in sums.items()), Fraction())
                records = [n for judged in sums.values() if (n := judged["records"]) is not None]
                most = max(records) if records and part.measure != "coverage" else None
                kept, judged = (sum(one[name] for one in sums.values()) for name in ("kept", "judged"))
                result.setdefault((wave, code), {})[part] = Tally(float(shares), float(total), most, kept, judged)
    return result


def share_of(sums: Mapping[str, Any]) -> Fraction:
    if "defaults" in sums:
        return Fraction(item_score(sums["judged"], sums["kept"], sums["defaults"], sums["tolerance"]))
    return Fraction(sums["kept"], sums["judged"])


def of_part(
    part: Part, runs: list[Run], known: Mapping[str, Organisation], level: Level, first: str, last: str
) -> dict[str, dict[tuple[str, float], dict[str, Any]]]:
    """What each rule behind a part found for each organisation."""
    counting = newest(part.feed, runs, first, last)
    found: dict[str, dict[tuple[str, float], dict[str, Any]]] = {}
    for run in runs:
        for extract in run.extracts:
            if extract.feed != part.feed or extract.purpose != "quality":
                continue
            checks = {
                o.check: o
                for o in extract.outcomes
                if o.dimension == part.measure
                and o.status in ("pass", "fail")
                and o.weight > 0
                and (not part.columns or o.kwargs["column"] in part.columns)
            }
            fields = {
                f.column: f
                for f in extract.fields
                if part.measure == "item_score" and (f.column in part.columns if part.columns else f.item == "current")
            }
            for one in (*run.measures, *run.fields):
                name = one.check if isinstance(one, Measure) else one.column
                whose = belongs(one.organisation, extract.level, known, level)
                if one.extract != extract.name or whose is None or (run.id, one.period) not in counting:
                    continue
                if isinstance(one, Measure) and name in checks:
                    judged = one.element_count - one.missing_count
                    sums = found.setdefault(whose, {}).setdefault(
                        (name, checks[name].weight), {"judged": 0, "kept": 0, "records": None}
                    )
                    if checks[name].unit == "rows":
                        sums["records"] = (sums["records"] or 0) + judged
                    sums["judged"] += judged
                    sums["kept"] += judged - one.unexpected_count
                elif isinstance(one, FieldMeasure) and name in fields:
                    nothing = {"judged": 0, "kept": 0, "records": 0, "defaults": 0, "tolerance": fields[name].tolerance}
                    sums = found.setdefault(whose, {}).setdefault((name, 1.0), nothing)
                    sums["judged"] += one.records
                    sums["records"] += one.records
                    sums["kept"] += one.valid + one.other + one.default
                    sums["defaults"] += one.default
    judged = {code: {key: sums for key, sums in rules.items() if sums["judged"]} for code, rules in found.items()}
    return {code: rules for code, rules in judged.items() if rules}


def belongs(code: str | None, of: Level, known: Mapping[str, Organisation], level: Level) -> str | None:
    if code in (None, "(none)", "(not a code)"):
        return None
    if (organisation := known.get(str(code))) is not None:
        return code if organisation.level == level else (organisation.parent or None) if level == "pcgt" else None
    return code if of == level else None


def newest(feed: str, runs: list[Run], first: str, last: str) -> set[tuple[str, str | None]]:
    """Which periods of which runs count for a feed in a wave."""
    told: dict[str | None, list[Run]] = {}
    for run in runs:
        names = {extract.name for extract in run.extracts if extract.feed == feed}
        for one in (*run.measures, *run.fields):
            if one.extract in names and one.organisation not in (None, "(none)", "(not a code)"):
                told.setdefault(one.period, []).append(run)
    dated = {period: told_by[-1].id for period, told_by in told.items() if period is not None}
    if not dated:
        return {(told_by[-1].id, None) for told_by in told.values()}
    counting = {
        (run, period)
        for period, run in dated.items()
        if not first or (period != "(none)" and first <= str(period).rpartition("/")[2] <= last)
    }
    return counting | {(run, None) for run, _ in counting}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_runs(), st.sampled_from(("pcgt", "practice")), st.sampled_from(sorted(WAVES)))
def test_scores_are_those_that_plain_python_works_out(
    worker: WorkerProcess, some: list[Run], level: Level, waves: tuple[str, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scores = scored(worker, Path(folder), *some, by=SOME, level=level, waves=waves)
    tallies = plainly(some, level, waves)
    expected = {
        (wave, code, part.feed, part.measure): tally
        for (wave, code), own in tallies.items()
        for part, tally in own.items()
        if not part.columns
    }
    feeds = {extract.feed: extract.source for run in some for extract in run.extracts}
    rated = {(one.wave, one.organisation) for one in scores.ratings}
    shown = {(one.wave, one.organisation, one.feed, one.measure): one for one in scores.dimensions if one.feed}
    assert shown.keys() == {key for key in expected if key[:2] in rated}
    for key, one in shown.items():
        wanted = expected[key]
        assert (one.numerator, one.denominator) == pytest.approx((wanted.numerator, wanted.denominator))
        assert (one.records, one.kept, one.judged) == (wanted.records, wanted.kept, wanted.judged)
    for wave, code in rated:
        ratings = {one.item: one for one in scores.ratings if (one.wave, one.organisation) == (wave, code)}
        for one in rate(SOME, parts_of(SOME, feeds), tallies.get((wave, code), {}), wave, code, feeds):
            other = ratings[one.item]
            assert (other.rating, other.reason, other.measured) == (one.rating, one.reason, one.measured)
            assert (other.score, other.low, other.high) == pytest.approx((one.score, one.low, one.high), abs=1e-9)
