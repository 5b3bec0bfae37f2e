"""Stored runs become scores: what must not change them, what must not make them better, how they are explained, what is refused."""

import itertools
import json
import shutil
import tempfile
from collections.abc import Callable
from math import isclose
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import dq_engine
from dq_engine import WorkerProcess, store
from dq_engine._version import __version__
from dq_engine.errors import InstrumentError, StoreError, UsageError
from dq_engine.model import FieldMeasure, Measure, Run
from dq_engine.scores import OVERALL, RATINGS, Rating, TermRule
from dq_engine.scoring import Asked, Scorer
from tests.rating.looks import comparable, consistent
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
from tests.scored import INSTRUMENT, ITEM, REGISTER, SPELLS, TRUSTS, spells

# ------------------------------------------------------------------------------------------- worse data never look better


@st.composite
def worse(draw: st.DrawFn, run: Run) -> Run:
    """The run with worse counts: more unexpected ones, and valid or other values that are defaults, invalid or missing."""

    def spoiled(one: Measure) -> Measure:
        judged = one.element_count - one.missing_count
        return replace(one, unexpected_count=draw(st.integers(one.unexpected_count, judged)))

    def moved(one: FieldMeasure) -> FieldMeasure:
        valid, other = draw(st.integers(0, one.valid)), draw(st.integers(0, one.other))
        default = draw(st.integers(0, valid + other))
        invalid = draw(st.integers(0, valid + other - default))
        return replace(
            one,
            valid=one.valid - valid,
            other=one.other - other,
            default=one.default + default,
            invalid=one.invalid + invalid,
            missing=one.missing + valid + other - default - invalid,
        )

    return replace(
        run,
        measures=tuple(spoiled(one) if one.unexpected_count is not None else one for one in run.measures),
        fields=tuple(moved(one) for one in run.fields),
    )


@st.composite
def twice(draw: st.DrawFn) -> tuple[list[Run], list[Run]]:
    before = draw(some_runs())
    return before, [draw(worse(run)) for run in before]


NEVER = tuple(
    instrument(*SOME.items, scale=SOME.scale, non_submission=meaning, least_weight=least)
    for meaning, least in (("not_rated", 0.5), ("zero", 0.2))
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(twice(), st.sampled_from(NEVER), st.sampled_from(((), ("a=2024-10..2024-10", "b=2024-11..2025-03"))))
def test_worse_measures_never_improve_a_rating(
    worker: WorkerProcess, both: tuple[list[Run], list[Run]], by: Any, waves: tuple[str, ...]
) -> None:
    """With the same denominators no score, limit or rating rises, neither of an item nor overall.

    It is not claimed for what is no longer judged at all: a bad measure that is left out takes its weight with it.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(instrument=written(by, Path(folder)), waves=waves, dimensions=False)
        before, after = (
            Scorer(stored(Path(folder, str(place)), *runs), worker, asked).scores().ratings for place, runs in enumerate(both)
        )
    for one, other in zip(before, after, strict=True):
        assert (one.wave, one.organisation, one.item, one.measured) == (
            other.wave,
            other.organisation,
            other.item,
            other.measured,
        )
        assert (one.rating is None) == (other.rating is None)
        if one.rating is not None and other.rating is not None:
            assert RATINGS.index(other.rating) <= RATINGS.index(one.rating)
            assert all(b <= a for a, b in zip(numbers(one), numbers(other), strict=True))


def numbers(rating: Rating) -> list[float]:
    assert rating.score is not None and rating.low is not None and rating.high is not None
    return [rating.score, rating.low, rating.high]


def test_a_period_that_is_no_longer_covered_lowers_the_rating(worker: WorkerProcess, tmp_path: Path) -> None:
    def score(missed: int) -> float | None:
        rules = [Rule("sent", "coverage", [("5A1", OCTOBER, 4, missed)]), Rule("sex", "validity", [("5A1", OCTOBER, 9, 0)])]
        by = written(instrument(item("a", TermRule("coverage", 0.5), TermRule("validity", 0.5))), tmp_path)
        run = stored(tmp_path / "runs", made(Extract("spells", rules), id=f"r{missed}"))
        return Scorer(run, worker, Asked(instrument=by)).scores().ratings[0].score

    assert [score(missed) for missed in range(5)] == [1.0, 0.875, 0.75, 0.625, 0.5]


# ------------------------------------------------------------------------------------------ what must not change anything


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the small world's instrument."""
    path = tmp_path_factory.mktemp("small") / "small.json"
    path.write_text(json.dumps(INSTRUMENT))
    return path


def trusts() -> pa.Table:
    regions, kinds = ([trust[place] for trust in TRUSTS.values()] for place in (0, 1))
    return pa.table({"code": list(TRUSTS), "region": regions, "kind": kinds})


def in_files(folder: Path, table: pa.Table, files: int) -> list[Path]:
    """A table in so many files, the rows dealt out in turn."""
    folder.mkdir()
    places = range(table.num_rows)
    paths = [folder / f"spells_{place}.parquet" for place in range(files)]
    for place, path in enumerate(paths):
        pq.write_table(table.take([row for row in places if row % files == place]), path)
    return paths


def checked(folder: Path, table: pa.Table, files: int, worker: WorkerProcess) -> Path:
    """The stored run over the small world's spells, in so many files, and its register."""
    run = dq_engine.check(in_files(folder, table, files), SPELLS, name="spells", worker=worker)
    register = dq_engine.check(trusts(), REGISTER, name="trusts", worker=worker)
    together = replace(
        run,
        extracts=(*run.extracts, *register.extracts),
        measures=(*run.measures, *register.measures),
        organisations=register.organisations,
    )
    return store.save(together, folder, worker)


ORDERS: dict[str, tuple[Callable[[int], list[int]], int]] = {
    "backwards": (lambda rows: list(range(rows))[::-1], 1),
    "in three files": (lambda rows: list(range(rows)), 3),
    "shuffled, in seven files": (lambda rows: sorted(range(rows), key=lambda row: (row * 7919) % 101), 7),
}


@pytest.mark.parametrize("order", ORDERS)
def test_neither_files_nor_the_order_of_rows_change_anything(
    order: str, small: Path, tmp_path: Path, worker: WorkerProcess
) -> None:
    shuffled, files = ORDERS[order]
    table = spells()
    plain = checked(tmp_path / "plain", table, 1, worker)
    other = checked(tmp_path / "other", table.take(shuffled(table.num_rows)), files, worker)
    for waves in ((), ("month",)):
        asked = Asked(instrument=small, by=("region", "kind"), sample=4, strata=("kind",), waves=waves)
        first, second = (comparable(Scorer([path], worker, asked).scores()) for path in (plain, other))
        assert first == second
        assert len(first.ratings) == (8, 16)[bool(waves)]


def test_the_order_in_which_runs_are_given_changes_nothing(worker: WorkerProcess, tmp_path: Path) -> None:
    runs = [
        made(Extract("spells", [Rule("sex", "validity", [("5A1", period, 7, place)])]), id=f"r{place}")
        for place, period in enumerate((OCTOBER, NOVEMBER, "2024-12-01/2024-12-31"))
    ]
    paths, by = stored(tmp_path / "runs", *runs), written(SOME, tmp_path)
    for waves in ((), ("month",), ("quarter",)):
        asked = Asked(instrument=by, waves=waves)
        found = [Scorer(order, worker, asked).scores() for order in (paths, paths[::-1], [*paths[1:], *paths])]
        assert found[0] == found[1] == found[2]


# ------------------------------------------------------------------------------------------------- the scan is not repeated


def test_extracts_are_not_needed_any_more(small: Path, tmp_path: Path, worker: WorkerProcess) -> None:
    run = checked(tmp_path / "data", spells(), 2, worker)
    kept = Path(shutil.copytree(run, tmp_path / "kept"))
    shutil.rmtree(tmp_path / "data")
    scorer = Scorer([kept], worker, Asked(instrument=small))
    assert {one.organisation for one in scorer.scores().ratings if one.rating} == {"5A1", "5A2", "5B1", "5B2", "5C1"}
    assert scorer.explain("5B1", ITEM).rating.rating == "very poor"


def test_two_scorers_and_a_check_may_share_a_worker(small: Path, tmp_path: Path, worker: WorkerProcess) -> None:
    """As when two instruments are compared: each keeps to its own runs, whatever the worker does in between."""
    one = Scorer([checked(tmp_path / "one", spells(), 1, worker)], worker, Asked(instrument=small))
    expected, explained = one.scores(), one.explain("5B2", ITEM)
    run = made(Extract("visits", [Rule("sex", "validity", [("5A1", OCTOBER, 9, 3)])]))
    other = Scorer(stored(tmp_path / "runs", run), worker, Asked(instrument=written(SOME, tmp_path)))
    assert one.explain("5B2", ITEM) == explained
    assert {rating.organisation for rating in other.scores().ratings} == {"5A1"}
    assert one.scores() == expected
    dq_engine.check(trusts(), REGISTER, worker=worker)
    assert one.scores() == expected


def test_a_worker_that_died_is_replaced_and_the_runs_opened_again(small: Path, tmp_path: Path, worker: WorkerProcess) -> None:
    path = checked(tmp_path / "one", spells(), 1, worker)
    with WorkerProcess() as own:
        scorer = Scorer([path], own, Asked(instrument=small))
        expected = scorer.scores()
        own.close()
        assert scorer.scores() == expected


# --------------------------------------------------------------------------------------------------------------- explained


WEIGHTS = {one.id: one.weight for one in SOME.items}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_runs(), st.sampled_from(NEVER), st.data())
def test_the_way_from_a_rating_to_the_counts_adds_up(
    worker: WorkerProcess, some: list[Run], by: Any, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(instrument=written(by, Path(folder)), dimensions=False)
        scorer = Scorer(stored(Path(folder, "runs"), *some), worker, asked)
        ratings = scorer.scores().ratings
        if not ratings:
            return
        for one in data.draw(st.lists(st.sampled_from(ratings), min_size=1, max_size=6)):
            explained = scorer.explain(one.organisation, one.item, one.wave)
            assert explained.rating == one
            consistent(explained, WEIGHTS)


def test_everything_about_a_rating_is_explained(worker: WorkerProcess, tmp_path: Path) -> None:
    """Two months in an extract each: 12 of 20 valid, 5 default of which 2 are tolerated, so (17 - 3) / 20; 30 of 40."""
    months = [(OCTOBER, (4, 1, 3, 1, 1), 5), (NOVEMBER, (7, 0, 2, 1, 0), 5)]
    parts = [
        Extract(
            "spells",
            [
                Rule(
                    "age_known", "validity", [("5A1", period, 20, wrong)], {"status": "fail", "statement": "Every age is known"}
                ),
                Rule("of_the_whole", "validity", more={"statement": "There are rows"}),
            ],
            [Column("sex", [("5A1", period, *classes)], {"tolerance": 0.1})],
            more={"name": f"spells_{period[:7]}"},
        )
        for period, classes, wrong in months
    ]
    terms = (TermRule("item_score", 0.5), TermRule("validity", 0.3), TermRule("coverage", 0.2))
    by = written(instrument(item("a", *terms), item("b", TermRule("validity", 1.0))), tmp_path)
    run = made(*parts, organisations=pcgts("5A1", region="North", kind="PCT"))
    scorer = Scorer(stored(tmp_path / "runs", run), worker, Asked(instrument=by))
    found = scorer.explain("5A1", "hospital.a")
    consistent(found, WEIGHTS)
    assert (found.rating.score, found.rating.rating) == (pytest.approx((0.5 * 0.7 + 0.3 * 0.75) / 0.8), "good")
    assert (found.organisation.region, found.organisation.kind, found.question) == ("North", "PCT", "How good is hospital for a?")
    coverage, items, validity = found.terms
    assert (coverage.part.measure, coverage.weight, coverage.term, coverage.rules) == ("coverage", 0.2, None, ())
    (sex,), (age,) = items.rules, validity.rules
    assert sex.statement == "The values of sex, as a data item"
    assert sex.rule.extract == "spells_2024-10, spells_2024-11"
    assert sex.classes is not None
    assert msgspec.structs.astuple(sex.classes) == (11, 1, 5, 2, 1, 0.1)
    assert (age.statement, age.kept, age.judged, age.share, age.rule.check) == ("Every age is known", 30, 40, 0.75, "age_known")
    assert [one.check for one in found.not_counted] == ["of_the_whole", "of_the_whole"]
    whole = scorer.explain("5A1", OVERALL)
    consistent(whole, WEIGHTS)
    assert [one.item for one in whole.items] == ["hospital.a", "hospital.b"]


def test_what_was_not_sent_is_explained_as_0_where_it_counts_so(worker: WorkerProcess, tmp_path: Path) -> None:
    """A term of a feed that the run has not is left out: 0.6 and 0 with the weights 0.6 and 0.2, so 0.45."""
    terms = (TermRule("validity", 0.6), TermRule("coverage", 0.2), TermRule("validity", 0.2, "visits"))
    by = instrument(item("a", *terms), non_submission="zero")
    run = made(Extract("spells", [Rule("sex", "validity", [("5A1", OCTOBER, 10, 4)])]))
    found = Scorer(stored(tmp_path / "runs", run), worker, Asked(instrument=written(by, tmp_path))).explain("5A1", "hospital.a")
    consistent(found, WEIGHTS)
    assert found.rating.score == pytest.approx(0.45)
    assert [(one.term.weight, one.term.score, one.term.tally.denominator) for one in found.terms if one.term] == [
        (pytest.approx(0.25), 0.0, 0.0),
        (pytest.approx(0.75), pytest.approx(0.6), 1.0),
    ]


def test_who_or_what_is_not_known_cannot_be_explained(worker: WorkerProcess, tmp_path: Path) -> None:
    register = [*pcgts("5A1", "5A2"), *practices(A81001="5A1")]
    run = made(Extract("spells", [Rule("sex", "validity", [("5A1", OCTOBER, 9, 3)])]), organisations=register)
    scorer = Scorer(stored(tmp_path / "runs", run), worker, Asked(instrument=written(SOME, tmp_path), waves=("month",)))
    with pytest.raises(UsageError) as refused:
        scorer.explain("5A9", "hospital.A", "2024-11")
    assert str(refused.value).splitlines() == [
        'the instrument has no item "hospital.A"; did you mean "hospital.a"?; it has hospital.a, hospital.b, primary_care.a, '
        "primary_care.b, overall",
        "there is no organisation 5A9 among the 2 of this level",
        'there is no wave "2024-11"; there are 2024-10',
    ]
    with pytest.raises(UsageError) as refused:
        scorer.explain("A81001", "hospital.a")
    assert str(refused.value) == (
        "there is no organisation A81001 among those that are rated: it is a practice in 5A1, and ratings are of PCG/Ts"
    )
    nothing = scorer.explain("5A2", "hospital.a")
    assert (nothing.rating.rating, nothing.rating.reason, nothing.terms[0].term) == (None, "no data came", None)


# ------------------------------------------------------------------------------------------------------------------ lists


def five(worker: WorkerProcess, folder: Path, **asked: Any) -> Scorer:
    """A scorer of five PCG/Ts, two in the North and three in the South."""
    register = [*pcgts("5A1", "5A2", region="North"), *pcgts("5B1", "5B2", "5B3", region="South")]
    counts = [(one.code, OCTOBER, 10, place) for place, one in enumerate(register)]
    run = made(Extract("spells", [Rule("sex", "validity", counts)]), organisations=register, id=f"r{next(_NUMBERS)}")
    return Scorer(stored(folder / "runs", run), worker, Asked(instrument=written(SOME, folder), **asked))


_NUMBERS = itertools.count()


def table(folder: Path, text: str) -> Path:
    path = folder / "list.csv"
    path.write_text(text)
    return path


def test_a_sample_may_come_from_a_file_with_strata_and_their_sizes(worker: WorkerProcess, tmp_path: Path) -> None:
    path = table(tmp_path, "organisation,stratum,stratum_size,responded\n5A1,a,30,yes\n5A2,a,30,\n5B1,b,2,no\n5B2,b,2,Y\n")
    found = five(worker, tmp_path, sample=path).scores()
    assert found.sample is not None
    assert found.sample.strata == (("a", 30, 2), ("b", 2, 2))
    assert found.sample.design == "4 of 32 organisations from 2 strata of its own, drawn elsewhere"
    assert {one.organisation for one in found.ratings} == {"5A1", "5A2", "5B1", "5B2"}
    row = next(row for row in found.tables if row.item == "hospital.b")
    assert (row.population, row.sampled, row.rated) == (32, 4, 3)
    with pytest.raises(UsageError, match="--by region: the sample has strata of its own, which say nothing of groups"):
        five(worker, tmp_path, sample=path, by=("region",))


SAMPLES: dict[str, tuple[str | int, list[str]]] = {
    "strangers, twice, answers": (
        "organisation,responded\n5A1,yes\n9Z9,no\nA Name,no\n5A1,perhaps\n5B1,yes\n5A1,yes\n",
        [
            '{}: row 3: organisation "9Z9" is not in the population',
            "{}: row 4: organisation (not shown: it has not the form of a code) is not in the population",
            "{}: row 5: responded must be yes or no",
            '{}: row 7: organisation "5A1" is named more than once: also in rows 2 and 5',
        ],
    ),
    "sizes": (
        "organisation,stratum,stratum_size\n5A1,a,9\n5A2,a,8\n5B1,b,\n5B2,b,many\n5B3,b,-1\n",
        [
            "{}: row 3: stratum_size is not as in the row above of the same stratum",
            "{}: row 4: stratum_size must be a whole number",
            "{}: row 5: stratum_size must be a whole number",
            "{}: row 6: stratum_size must be a whole number",
        ],
    ),
    "a size that is too small": (
        "organisation,stratum,stratum_size\n5A1,a,2\n5A2,a,2\n5B1,a,2\n",
        ["stratum a: 3 in the sample, of 2 that it is said to have"],
    ),
    "a stratum of one": (
        "organisation\n5A1\n5A2\n5B1\n",
        [
            "stratum South: only one of its 3 organisations is in the sample, which cannot tell how they vary; sample two or more of "
            "them, or join the stratum with another"
        ],
    ),
    "another stratum": (
        "organisation,stratum\n5A1,South\n5A2,North\n5B1,South\n5B2,South\n",
        ["the sample has organisations in another stratum than the population: 5A1 (South instead of North)"],
    ),
    "nothing": ("organisation\n", ["{}: has no rows; expected a table with the columns organisation (and, if there is something to say, stratum, stratum_size, responded)"]),
    "too many": (6, ["a sample of 6 cannot be drawn: there are 5 organisations"]),
    "too few": (3, ["a sample of 3 is too small for 2 strata: at least 4 are needed, two from each stratum or all that it has; draw more, or join strata"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_that_cannot_be_is_refused(name: str, worker: WorkerProcess, tmp_path: Path) -> None:
    given, said = SAMPLES[name]
    sample: Any = given if isinstance(given, int) else table(tmp_path, given)
    with pytest.raises(UsageError) as refused:
        five(worker, tmp_path, sample=sample)
    assert str(refused.value).splitlines() == [line.format(sample) for line in said]


def test_there_is_no_sample_of_an_unknown_population(worker: WorkerProcess, tmp_path: Path) -> None:
    run = made(Extract("spells", [Rule("sex", "validity", [("5A1", OCTOBER, 9, 3)])]))
    with pytest.raises(UsageError) as refused:
        Scorer(stored(tmp_path / "runs", run), worker, Asked(instrument=written(SOME, tmp_path), sample=2))
    assert str(refused.value) == (
        "--sample: no register among the runs says which organisations there are; check one with the others, or give "
        "--organisations"
    )


def test_a_stratum_of_one_organisation_is_sampled_whole(worker: WorkerProcess, tmp_path: Path) -> None:
    register = [*pcgts("5A1", region="North"), *pcgts("5B1", "5B2", "5B3", region="South")]
    run = made(Extract("spells", [Rule("sex", "validity", [("5A1", OCTOBER, 9, 3)])]), organisations=register)
    paths, by = stored(tmp_path / "runs", run), written(SOME, tmp_path)
    sample = Scorer(paths, worker, Asked(instrument=by, sample=3)).scores().sample
    assert sample is not None and sample.strata == (("North", 1, 1), ("South", 3, 2))


def test_a_list_of_organisations_says_what_registers_do_not(worker: WorkerProcess, tmp_path: Path) -> None:
    """Regions for those that are known, practices with their PCG/Ts, and PCG/Ts that sent nothing."""
    counts = [("A81001", OCTOBER, 10, 5), ("A81002", OCTOBER, 10, 0), ("5A1", OCTOBER, 10, 0)]
    run = made(
        Extract("patients", [Rule("sex", "completeness", counts)], level="practice", source="primary_care"),
        organisations=pcgts("5A1"),
    )
    paths, by = stored(tmp_path / "runs", run), written(SOME, tmp_path)
    rows = "5A1,,,North,PCT\n5A2,pcgt,,,\nA81001,practice,5A1,,\nA81002,practice,5A2,,\n"
    given = table(tmp_path, f"Organisation,level,parent,region,kind\n{rows}")
    found = Scorer(paths, worker, Asked(instrument=by, organisations=given, by=("region",), dimensions=False)).scores()
    assert {one.organisation: one.score for one in found.ratings if one.item == "primary_care.a"} == {"5A1": None, "5A2": None}
    assert [(row.group, row.population) for row in found.tables if row.item == OVERALL] == [
        ("", 2),
        ("North", 1),
        ("(not known)", 1),
    ]
    assert found.notes == ()


def test_a_faulty_list_of_organisations_is_refused_with_every_fault(worker: WorkerProcess, tmp_path: Path) -> None:
    path = table(
        tmp_path, "organisation,level,parent\n5A1,trust,\nA81001,practice,A81001\n5A1,pcgt,\n,,\nJ Smith,,\nJ Smith,ward,\n"
    )
    with pytest.raises(UsageError) as refused:
        five(worker, tmp_path, organisations=path)
    assert str(refused.value).splitlines() == [
        f"{path}: row 2: level must be practice or pcgt",
        f"{path}: row 3: an organisation cannot be its own parent",
        f'{path}: row 4: organisation "5A1" is named more than once: also in row 2',
        f"{path}: row 7: level must be practice or pcgt",
        f"{path}: row 7: organisation (not shown: it has not the form of a code) is named more than once: also in row 6",
    ]


# ------------------------------------------------------------------------------------------------------------------- runs

RUN = made(
    Extract("spells", [Rule("sex", "validity", [("5A1", OCTOBER, 9, 3)])], [Column("sex", [("5A1", OCTOBER, 1, 2, 3, 4, 5)])])
)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def spoil(path: Path) -> None:
    """Damages the pages, and leaves the footer as it is."""
    raw = bytearray(path.read_bytes())
    raw[4:64] = bytes(60)
    path.write_bytes(raw)


def other_table(path: Path) -> None:
    pq.write_table(pa.table({"run": ["r1"]}), path)


DAMAGES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "no record": (lambda run: (run / "run.json").write_text("[]"), "run.json: is not the record of a run", "run.json"),
    "of an older dq": (
        lambda run: (run / "fields.parquet").unlink(),
        "lacks fields.parquet: it is of an older dq, or damaged",
        "",
    ),
    "measures cut off": (
        lambda run: cut(run / "measures.parquet"),
        "measures.parquet: is not a Parquet file, or it is cut off: its end is missing: the run is damaged",
        "",
    ),
    "fields cut off": (
        lambda run: cut(run / "fields.parquet"),
        "fields.parquet: is not a Parquet file, or it is cut off: its end is missing: the run is damaged",
        "",
    ),
    "register cut off": (
        lambda run: cut(run / "organisations.parquet"),
        "organisations.parquet: is not a Parquet file, or it is cut off: its end is missing: the run is damaged",
        "",
    ),
    "pages": (lambda run: spoil(run / "measures.parquet"), "the run is damaged, or of another version of dq; check again", ""),
    "another table": (lambda run: other_table(run / "measures.parquet"), "the run is damaged, or of another version of dq", ""),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_run_that_cannot_be_read_is_refused(name: str, worker: WorkerProcess, tmp_path: Path) -> None:
    (path,) = stored(tmp_path / "runs", RUN)
    damage, said, _ = DAMAGES[name]
    damage(path)
    with pytest.raises(StoreError) as refused:
        Scorer([path], worker, Asked()).scores()
    assert str(path) in str(refused.value)
    assert said in str(refused.value)
    assert refused.value.exit_code == 3


@pytest.mark.parametrize(("version", "says"), [(1, "reads version 2: check again"), (3, "knows versions up to 2: upgrade dq")])
def test_a_run_of_another_version_is_refused(version: int, says: str, worker: WorkerProcess, tmp_path: Path) -> None:
    (path,) = stored(tmp_path / "runs", replace(RUN, version=version))
    with pytest.raises(StoreError) as refused:
        Scorer([path], worker, Asked())
    assert str(refused.value) == (
        f"{path / 'run.json'}: was written by dq of an unknown version, as version {version} of a run's record; "
        f"this is dq {__version__}, which {says}"
    )


def test_a_run_counts_once_however_often_it_is_given(worker: WorkerProcess, tmp_path: Path) -> None:
    (path,) = stored(tmp_path / "runs", RUN)
    (tmp_path / "link").symlink_to(path)
    assert len(Scorer([path, tmp_path / "runs", tmp_path / "link"], worker, Asked()).runs) == 1
    copy = Path(shutil.copytree(path, tmp_path / "copy"))
    with pytest.raises(UsageError) as refused:
        Scorer([path, copy], worker, Asked())
    assert str(refused.value) == f"a run is given more than once, and would count so: r1: {path}, {copy}"


def test_all_runs_that_are_not_there_are_named(worker: WorkerProcess, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as refused:
        Scorer([tmp_path / name for name in ("gone", "empty", "file")], worker, Asked())
    assert str(refused.value).splitlines() == [
        f"{tmp_path / 'gone'}: is not there: check something first",
        f"{tmp_path / 'empty'}: holds no run: check something first",
        f"{tmp_path / 'file'}: is not the directory of a run: check something first",
    ]
    with pytest.raises(UsageError, match="there is no run to score"):
        Scorer([], worker, Asked())


def test_faults_of_an_instrument_are_passed_on(small: Path, worker: WorkerProcess, tmp_path: Path) -> None:
    (path,) = stored(tmp_path / "runs", RUN)
    (tmp_path / "faulty.json").write_text(json.dumps({**INSTRUMENT, "version": "one", "least_weight": 2}))
    with pytest.raises(InstrumentError) as refused:
        Scorer([path], worker, Asked(instrument=tmp_path / "faulty.json"))
    assert [problem.path for problem in refused.value.problems] == ["$.version", "$.least_weight"]
    with pytest.raises(UsageError, match=r"no such instrument; did you mean \"faulty.json\"\?"):
        Scorer([path], worker, Asked(instrument=tmp_path / "fault.json"))


def test_a_run_in_which_nothing_was_counted_rates_nobody(worker: WorkerProcess, tmp_path: Path) -> None:
    (path,) = stored(tmp_path / "runs", made(Extract("spells", [Rule("sex", "validity")])))
    found = Scorer([path], worker, Asked()).scores()
    assert (found.ratings, found.tables, found.dimensions, found.dqmi) == ((), (), (), ())
    assert [one.check for one in found.not_counted] == ["sex"]
    assert "There is nobody to rate." in found.notes


def test_scores_are_told_how_far_they_are(worker: WorkerProcess, tmp_path: Path) -> None:
    heard: list[tuple[str, float]] = []
    five(worker, tmp_path).scores(lambda phase, fraction: heard.append((phase, fraction)))
    assert [phase for phase, _ in heard] == ["adding up", "rating", "making tables", "done"]
    assert all(isclose(a, b) or a < b for (_, a), (_, b) in itertools.pairwise(heard))
    assert (heard[0][1], heard[-1][1]) == (0.0, 1.0)
