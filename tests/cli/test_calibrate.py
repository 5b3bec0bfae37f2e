"""``dq calibrate``: a new instrument from answers, or the reason why there is none.

Sixty trusts, of which trust n lacks n mod 10 of its ten days a month: their scores are 1, 0.95 … 0.55, six trusts each.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_engine.rating import instrument
from dq_engine.rating.calibrate import CannotCalibrate
from dq_engine.scores import RATINGS
from tests.cli.test_score import lacking
from tests.command import dq, dq_here
from tests.scored import ITEM, write_world

CODES = [f"5{letter}{number}" for letter in "ABCDEF" for number in range(10)]
ARGUMENTS = ("calibrate", "--instrument", "small.json", "--survey", "answers.csv", "--output", "new.json")


def answer(code: str) -> str:
    """What somebody of the trust says: the better the fewer days are lacking; trusts 5A… a step worse, 5F… a step better.

    So there are twelve answers of each rating.
    """
    step = 4 - int(code[2]) // 2 + {"A": -1, "F": 1}.get(code[1], 0)
    return RATINGS[min(max(step, 0), 4)]


def write_answers(world: Path, codes: list[str] = CODES) -> None:
    rows = [f"{code},{ITEM},{answer(code)}" for code in codes]
    (world / "answers.csv").write_text("\n".join(["organisation,item,answer", *rows]) + "\n")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty trusts, a run over them, and their answers."""
    world = tmp_path_factory.mktemp("calibrate") / "world"
    write_world(world)
    rows: list[dict[str, Any]] = [
        {"trust": code, "month": "2024-10", "day": None if day < int(code[2]) else f"2024-10-{day + 1:02}", "code": "A"}
        for code in CODES
        for day in range(10)
    ]
    pq.write_table(pa.Table.from_pylist(rows), world / "spells.parquet")
    register = {"code": CODES, "region": ["North"] * len(CODES), "kind": ["PCT"] * len(CODES)}
    pq.write_table(pa.table(register), world / "trusts.parquet")
    done = dq_here(world, "check", ".", "--fail-on", "never", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    write_answers(world)
    return world


@pytest.fixture
def world(checked: Path, tmp_path: Path) -> Path:
    """A copy of it, to do anything with."""
    return Path(shutil.copytree(checked, tmp_path / "world"))


def test_the_new_instrument_is_valid_says_where_it_comes_from_and_rates(world: Path) -> None:
    done = dq_here(world, *ARGUMENTS, "--per-item")
    assert done.returncode == 0, done.stderr
    made, reference = instrument.read(world / "new.json")
    assert (reference.version, reference.provenance.status) == ("1.1.0", "calibrated")
    assert "answers.csv" in reference.provenance.source
    assert [band.rating for band in made.scale.bands] == list(RATINGS)
    rated = dq_here(world, "score", "--instrument", "new.json")
    assert "small 1.1.0. Its numbers are calibrated: answers.csv" in rated.stdout


def test_the_report_says_what_was_used_and_how_far_ratings_agree(world: Path) -> None:
    said = dq_here(world, *ARGUMENTS).stdout
    assert said.startswith("Modelled rating, not a survey response")
    for piece in ("60 of 60 are used", "60 organisations", "before", "on the same answers", "cross-validated", "95 % interval"):
        assert piece in said


def test_an_instrument_that_is_there_is_replaced_only_on_demand(world: Path) -> None:
    (world / "new.json").write_text("the work of years")
    done = dq_here(world, *ARGUMENTS)
    assert done.returncode == 2
    assert "new.json: is there already; --force replaces it" in done.stderr
    assert (world / "new.json").read_text() == "the work of years"
    assert dq_here(world, *ARGUMENTS, "--force", "--quiet").returncode == 0
    assert json.loads((world / "new.json").read_text())["version"] == "1.1.0"


def test_too_few_answers_are_refused_with_how_many_are_lacking(world: Path) -> None:
    write_answers(world, CODES[:12])
    done = dq_here(world, *ARGUMENTS)
    assert done.returncode == CannotCalibrate.exit_code
    assert "too few answers" in done.stderr and "8 more organisations (12 of at least 20)" in done.stderr
    assert done.stdout == ""
    assert not (world / "new.json").exists()


def test_every_fault_of_a_survey_is_said(world: Path) -> None:
    rows = [
        "organisation,item,answer",
        f"9Z9,{ITEM},good",
        f"5A1,{ITEM},superb",
        f"5A2,{ITEM},fair",
        f"5A2,{ITEM},good",
        "5A3,x,fair",
    ]
    (world / "answers.csv").write_text("\n".join(rows))
    done = dq_here(world, *ARGUMENTS)
    assert done.returncode == 2
    for piece in ("row 2", '"9Z9"', "row 3", "not on the scale", "rows 4 and 5", "row 6"):
        assert piece in done.stderr
    assert not (world / "new.json").exists()


@pytest.mark.parametrize(("lacks", "says"), [("--survey", "--survey"), ("--output", "--output")])
def test_survey_and_output_must_be_given(lacks: str, says: str, world: Path) -> None:
    place = ARGUMENTS.index(lacks)
    done = dq_here(world, *ARGUMENTS[:place], *ARGUMENTS[place + 2 :])
    assert done.returncode == 2
    assert says in done.stderr


def test_no_such_survey(world: Path) -> None:
    done = dq_here(world, *ARGUMENTS, "--survey", "answer.csv")
    assert done.returncode == 2
    assert "answer.csv: no such file" in done.stderr and "answers.csv" in done.stderr


def test_a_library_that_is_lacking_is_named(world: Path) -> None:
    done = dq(world, *ARGUMENTS, environment=lacking(world, "statsmodels"))
    assert done.returncode == 2
    assert 'needs statsmodels, which is not installed: pip install "dq-engine[survey]"' in done.stderr
