"""Which waves data are scored in: what may be asked for, what is refused, and which data belong where."""

from pathlib import Path
from typing import Any

import pytest

from dq_engine import WorkerProcess
from dq_engine.errors import UsageError
from dq_engine.model import Run
from dq_engine.rating.waves import EVERYTHING, waves
from dq_engine.scores import Scores, TermRule, Wave
from dq_engine.scoring import Asked, Scorer
from tests.rating.runs import NOVEMBER, OCTOBER, YEAR, Column, Extract, Rule, instrument, item, made, pcgts, stored, written

PERIODS = {OCTOBER: 480, NOVEMBER: 481, YEAR: 470, "2023-04-01/2024-03-31": 440, "(none)": 30}


def asked(*texts: str, periods: dict[str, int] = PERIODS) -> list[tuple[str, str, str]]:
    found, _ = waves(texts, periods)
    return [(wave.name, wave.first, wave.last) for wave in found]


def refused(*texts: str, periods: dict[str, int] = PERIODS) -> list[str]:
    with pytest.raises(UsageError) as error:
        waves(texts, periods)
    return str(error.value).splitlines()


# ---------------------------------------------------------------------------------------------------------- what is asked


def test_all_data_are_one_wave_if_nothing_is_asked() -> None:
    assert waves((), PERIODS) == ([EVERYTHING], [])


def test_the_waves_of_the_tracker_survey() -> None:
    """October to December 1999, October to December 2000, January to March 2002."""
    assert asked("tracker") == [
        ("Oct-Dec 1999", "1999-10-01", "1999-12-31"),
        ("Oct-Dec 2000", "2000-10-01", "2000-12-31"),
        ("Jan-Mar 2002", "2002-01-01", "2002-03-31"),
    ]


def test_a_month_a_quarter_or_a_year_for_each_that_has_data() -> None:
    """What has a longer period belongs where its last day lies. The NHS's year is from April to March."""
    assert asked("month") == [
        ("2024-03", "2024-03-01", "2024-03-31"),
        ("2024-10", "2024-10-01", "2024-10-31"),
        ("2024-11", "2024-11-01", "2024-11-30"),
        ("2025-03", "2025-03-01", "2025-03-31"),
    ]
    assert asked("quarter") == [
        ("2024Q1", "2024-01-01", "2024-03-31"),
        ("2024Q4", "2024-10-01", "2024-12-31"),
        ("2025Q1", "2025-01-01", "2025-03-31"),
    ]
    assert asked("year") == [("2023/24", "2023-04-01", "2024-03-31"), ("2024/25", "2024-04-01", "2025-03-31")]


def test_a_wave_may_be_named_and_bounded_by_days_or_months() -> None:
    texts = ("winter=2024-12..2025-02", "leap=2024-02-01..2024-02", "day=2024-03-01..2024-03-01")
    assert asked(*texts) == [
        ("leap", "2024-02-01", "2024-02-29"),
        ("day", "2024-03-01", "2024-03-01"),
        ("winter", "2024-12-01", "2025-02-28"),
    ]
    assert asked("new=2003-04..2003-06", "tracker")[-1] == ("new", "2003-04-01", "2003-06-30")


def test_a_wave_that_is_asked_for_twice_is_one() -> None:
    assert asked("a=2024-01..2024-02", "a=2024-01-01..2024-02-29", "a=2024-01..2024-02") == [("a", "2024-01-01", "2024-02-29")]


def test_mistyped_dates_make_no_wave() -> None:
    """Fewer than one in twenty of the organisations that the fullest wave has: 24 of 481, but not 25."""
    mistyped = {"1924-10-01/1924-10-31": 24, "1873-10-01/1873-10-31": 25, "2124-11-01/2124-11-30": 1}
    found, left_out = waves(("month",), {OCTOBER: 481, **mistyped})
    assert [wave.name for wave in found] == ["1873-10", "2024-10"]
    assert [wave.name for wave in left_out] == ["1924-10", "2124-11"]
    assert asked("month", periods={OCTOBER: 1}) == [("2024-10", "2024-10-01", "2024-10-31")]


def test_the_ends_of_the_calendar_are_no_trouble() -> None:
    periods = {"9999-12-01/9999-12-31": 1, "0001-01-01/0001-01-31": 1, "10000-01-01/10000-01-31": 1, "2024-02-30/2024-02-31": 1}
    assert asked("month", periods=periods) == [("0001-01", "0001-01-01", "0001-01-31"), ("9999-12", "9999-12-01", "9999-12-31")]
    assert asked("quarter", periods=periods) == [("0001Q1", "0001-01-01", "0001-03-31"), ("9999Q4", "9999-10-01", "9999-12-31")]
    assert asked("year", periods=periods) == [("0000/01", "0001-01-01", "0001-03-31"), ("9999/00", "9999-04-01", "9999-12-31")]


def test_waves_that_overlap_are_refused_pair_by_pair() -> None:
    texts = ("long=2024-01..2024-12", "spring=2024-03..2024-05", "autumn=2024-09..2024-11", "next=2025-01..2025-02")
    assert refused(*texts) == [
        '--waves: "long" and "spring" overlap: a period can belong to one wave only',
        '--waves: "long" and "autumn" overlap: a period can belong to one wave only',
    ]
    assert len(refused("month", "year")) == 4
    assert len(refused("a=2024-01-01..2024-01-15", "b=2024-01-15..2024-01-31")) == 1
    assert len(asked("a=2024-01-01..2024-01-15", "b=2024-01-16..2024-01-31")) == 2


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("autumn", "expected tracker, month, quarter, year, or NAME=FIRST..LAST such as spring=2024-03..2024-05"),
        ("Month", "expected tracker"),
        ("", "expected tracker"),
        ("=2024-03..2024-05", "expected tracker"),
        ("spring=2024-03", "expected tracker"),
        ("spring=2024-03..", "expected tracker"),
        ("spring=2024..2025", "expected tracker"),
        ("spring=2024-3..2024-5", "expected tracker"),
        ("spring=２０２４-03..2024-05", "expected tracker"),
        ("spring=2024-02-30..2024-03", "there is no such day"),
        ("spring=2024-13..2025-01", "there is no such day"),
        ("spring=0000-01..0000-02", "there is no such day"),
        ("spring=2024-05..2024-03", "ends before it begins"),
    ],
)
def test_what_is_no_wave_is_refused(text: str, trouble: str) -> None:
    (said,) = refused(text)
    assert said.startswith(f"--waves {text}: {trouble}")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    said = refused("autumn", "a=2024-05..2024-03", "b=2024-01..2024-03", "b=2024-01..2024-04", "c=2024-02..2024-06")
    assert [line.partition(":")[0] for line in said] == ["--waves autumn", "--waves a=2024-05..2024-03", "--waves", "--waves"]
    assert 'two waves are called "b"' in said[2]
    assert '"b" and "c" overlap' in said[3]
    many = refused(*(f"w{n}=2024-01..2024-02" for n in range(30)))
    assert len(many) == 21
    assert many[-1] == "--waves: and 9 more faults"


def test_data_without_periods_have_no_months() -> None:
    assert refused("month", periods={"(none)": 9}) == ["--waves: no data have a period, so that there are no waves"]


# --------------------------------------------------------------------------------------------------- which data belong where

SPELLS = instrument(item("commission", TermRule("validity", 1.0)))


def feed(*counts: tuple[str, str | None, int, int], name: str = "spells", **more: Any) -> Extract:
    return Extract(name, [Rule("sex", "validity", counts)], more=more)


def scored(worker: WorkerProcess, folder: Path, runs: list[Run], *texts: str, **more: Any) -> Scores:
    return Scorer(stored(folder / "runs", *runs), worker, Asked(instrument=written(SPELLS, folder), waves=texts, **more)).scores()


def judged(scores: Scores, name: str = "spells") -> dict[str, int]:
    """How much of a feed was judged in each wave in which anything was."""
    return {one.wave: one.judged for one in scores.dimensions if one.feed == name}


def test_a_period_belongs_to_the_wave_of_its_last_day(worker: WorkerProcess, tmp_path: Path) -> None:
    run = made(feed(("5A1", OCTOBER, 1, 0), ("5A1", NOVEMBER, 2, 0), ("5A1", YEAR, 4, 0), ("5A1", "(none)", 8, 0)))
    paths = stored(tmp_path / "runs", run)
    path = written(SPELLS, tmp_path)

    def told(*texts: str) -> dict[str, int]:
        return judged(Scorer(paths, worker, Asked(instrument=path, waves=texts)).scores())

    assert told() == {"all": 15}
    assert told("month") == {"2024-10": 1, "2024-11": 2, "2025-03": 4}
    assert told("quarter") == {"2024Q4": 3, "2025Q1": 4}
    assert told("year") == {"2024/25": 7}
    assert told("a=2024-10-31..2024-11-29") == {"a": 1}
    assert told("tracker") == {}


def test_several_runs_are_a_wave_each_with_all_that_they_tell(worker: WorkerProcess, tmp_path: Path) -> None:
    later = made(feed(("5A1", OCTOBER, 4, 0), ("5A1", "(none)", 8, 0)), id="a", started="2025-03-01T00:00:00+00:00")
    earlier = made(feed(("5A1", OCTOBER, 1, 0), ("5A1", None, 2, 0)), id="b", started="2025-02-01T00:00:00+00:00")
    scores = scored(worker, tmp_path, [later, earlier])
    assert scores.waves == (Wave("b"), Wave("a"))
    assert judged(scores) == {"b": 3, "a": 12}
    assert [(change.earlier, change.later) for change in scores.changes] == [("b", "a")] * 2
    assert [run.id for run in scores.runs] == ["b", "a"]


def test_of_a_period_in_two_runs_the_newer_run_counts(worker: WorkerProcess, tmp_path: Path) -> None:
    older = made(
        feed(("5A1", OCTOBER, 1, 0), ("5A1", NOVEMBER, 2, 0), ("5A1", None, 100, 0)), id="z", started="2025-01-01T00:00:00Z"
    )
    newer = made(
        feed(("5A1", NOVEMBER, 4, 0), ("5A1", None, 200, 0)),
        feed(("5A1", OCTOBER, 8, 0), name="visits"),
        id="a",
        started="2025-02-01T00:00:00+00:00",
    )
    scores = scored(worker, tmp_path, [older, newer], "month")
    assert judged(scores) == {"2024-10": 1 + 100, "2024-11": 4 + 200}
    assert judged(scores, "visits") == {"2024-10": 8}


def test_a_newer_run_that_held_a_feed_against_targets_only_tells_nothing_of_its_quality(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    older = made(feed(("5A1", OCTOBER, 1, 0)), id="o", started="2025-01-01T00:00:00Z")
    newer = made(feed(("5A1", OCTOBER, 2, 0), purpose="targets"), id="n", started="2025-02-01T00:00:00Z")
    assert judged(scored(worker, tmp_path, [older, newer], "month")) == {"2024-10": 1}


def test_what_has_no_period_belongs_to_the_waves_that_the_run_tells_of(worker: WorkerProcess, tmp_path: Path) -> None:
    """Whether keys are unique is judged for the whole extract: for its months, and for no other."""
    october = made(feed(("5A1", OCTOBER, 1, 0), ("5A1", None, 2, 0)), id="o", started="2025-01-01T00:00:00Z")
    november = made(
        feed(("5A1", NOVEMBER, 4, 0), ("5A1", None, 8, 0)),
        feed(("5A1", "2024-12-01/2024-12-31", 1, 0), name="visits"),
        id="n",
        started="2025-02-01T00:00:00Z",
    )
    scores = scored(worker, tmp_path, [october, november], "month")
    assert [wave.name for wave in scores.waves] == ["2024-10", "2024-11", "2024-12"]
    assert judged(scores) == {"2024-10": 3, "2024-11": 12}


def test_a_feed_without_periods_is_a_snapshot_and_belongs_to_all_waves(worker: WorkerProcess, tmp_path: Path) -> None:
    older = made(feed(("5A1", None, 1, 0), name="snapshot"), feed(("5A1", OCTOBER, 1, 0)), id="o", started="2025-01-01T00:00:00Z")
    newer = made(
        feed(("5A1", None, 2, 0), name="snapshot"), feed(("5A1", NOVEMBER, 1, 0)), id="n", started="2025-02-01T00:00:00Z"
    )
    scores = scored(worker, tmp_path, [older, newer], "month")
    assert judged(scores, "snapshot") == {"2024-10": 2, "2024-11": 2}


def test_too_few_data_for_a_wave_are_told_in_a_note(worker: WorkerProcess, tmp_path: Path) -> None:
    codes = [f"5{place:02}" for place in range(40)]
    counts = [(code, OCTOBER, 1, 0) for code in codes]
    run = made(feed(*counts, ("500", "1924-10-01/1924-10-31", 1, 1)), organisations=pcgts(*codes))
    scores = scored(worker, tmp_path, [run], "month")
    assert [wave.name for wave in scores.waves] == ["2024-10"]
    assert scores.notes == (
        "Fewer than one in 20 organisations have data of 1924-10, which is taken for a mistake and is no wave; NAME=FIRST..LAST "
        "asks for one in spite of that.",
    )


def test_what_is_wrong_with_waves_is_told_of_runs_too(worker: WorkerProcess, tmp_path: Path) -> None:
    run = made(Extract("spells", columns=[Column("sex", [("5A1", None, 1, 0, 0, 0, 0)])]))
    with pytest.raises(UsageError, match="--waves: no data have a period"):
        scored(worker, tmp_path, [run], "month")
