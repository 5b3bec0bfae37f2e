"""``dq score``: situations with the exit code of each and a piece of what it says; what is written, and where.

The ratings of the small world are worked out by hand in :mod:`tests.scored`.
"""

import csv
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow.parquet as pq
import pytest

from dq_engine.rating.comparison import Comparison
from dq_engine.scores import NOTICE, Explanation, Scores
from tests.command import dq, dq_here
from tests.scored import INSTRUMENT, ITEM, RATINGS, TRUSTS, write_world

SMALL = ("score", "--instrument", "small.json")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world, and a run over it."""
    folder = tmp_path_factory.mktemp("checked")
    write_world(folder / "world")
    done = dq_here(folder / "world", "check", ".", "--fail-on", "never")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "world"


@pytest.fixture
def world(checked: Path, tmp_path: Path) -> Path:
    """A copy of the small world and its run, to do anything with."""
    return Path(shutil.copytree(checked, tmp_path / "world"))


def the_run(world: Path) -> Path:
    (directory,) = (world / "dq-results").iterdir()
    return directory


# ------------------------------------------------------------------------------------------------------------ exit codes


def untouched(world: Path) -> None:
    pass


def without_runs(world: Path) -> None:
    shutil.rmtree(world / "dq-results")


def without_measures(world: Path) -> None:
    (the_run(world) / "measures.parquet").unlink()


def damaged_record(world: Path) -> None:
    (the_run(world) / "run.json").write_text("{")


def damaged_measures(world: Path) -> None:
    (the_run(world) / "measures.parquet").write_bytes(b"PAR1 and nothing more")


def faulty_instrument(world: Path) -> None:
    bands = [{**INSTRUMENT["scale"]["bands"][0], "to": 0.4}, *INSTRUMENT["scale"]["bands"][1:]]
    faulty = {**INSTRUMENT, "version": "one", "scale": {**INSTRUMENT["scale"], "bands": bands}}
    (world / "faulty.json").write_text(json.dumps(faulty))


def sample_files(world: Path) -> None:
    (world / "members.csv").write_text("organisation\n5A1\n5A2\n5B1\n5B2\n5C1\n")
    (world / "strangers.csv").write_text("organisation\n5A1\n9Z9\n5A1\n")


def practice_instrument(world: Path) -> None:
    (world / "practices.json").write_text(json.dumps({**INSTRUMENT, "level": "practice"}))


class Situation(NamedTuple):
    name: str
    prepare: Callable[[Path], None]
    arguments: str
    code: int
    says: tuple[str, ...]


SITUATIONS = [
    Situation("scores", untouched, "", 0, ("Modelled rating, not a survey response", "small 1.0.0", "assumed", "all 6 PCG/Ts")),
    Situation("the folder of runs", untouched, "dq-results", 0, ("2 of 5 (40.0 %)", "1 of 6")),
    Situation("by region", untouched, "--by region", 0, ("by region", "North", "South", "(not known)")),
    Situation("by both", untouched, "--by region --by kind", 0, ("by region", "by kind", "PCT")),
    Situation("by month", untouched, "--waves month", 0, ("Wave 2024-10", "from 2024-10 to 2024-11", "+20.0")),
    Situation("by named waves", untouched, "--waves a=2024-10..2024-10 --waves b=2024-11..2024-11", 0, ("Wave a:", "Wave b:")),
    Situation("a sample", untouched, "--sample 4 --strata kind", 0, ("4 of 6", "2 strata", "seed 1", "95 % intervals")),
    Situation("a sample, equal", untouched, "--sample 4 --strata kind --allocation equal --seed 7", 0, ("equal", "seed 7")),
    Situation("a sample of one stratum", untouched, "--sample 4 --strata none", 0, ("1 stratum",)),
    Situation("a sample from a file", sample_files, "--sample members.csv --strata none", 0, ("5 of 6", "drawn elsewhere")),
    Situation("one rating explained", untouched, f"--explain 5B1 {ITEM}", 0, ("VERY POOR", "0.4500", "4 of 20 (20 %)", "10 % D")),
    Situation("all items explained", untouched, "--explain 5B1 overall", 0, ("VERY POOR", ITEM)),
    Situation("a wave explained", untouched, f"--explain 5A2 {ITEM} --waves month --wave 2024-10", 0, ("VERY GOOD", "2024-10")),
    Situation("the last wave explained", untouched, f"--explain 5A2 {ITEM} --waves month", 0, ("POOR", "2024-11")),
    Situation("not rated explained", untouched, f"--explain 5C2 {ITEM}", 0, ("not rated: no data came", "nothing came")),
    Situation("by itself", untouched, "--instrument small.json", 0, ("do not differ", "5 of 5 (100 %)", "kappa 1.00")),
    # 2: wrong usage
    Situation("no run", without_runs, "", 2, ("dq-results: is not there", "check something first")),
    Situation("no such run", untouched, "dq-result", 2, ("dq-result: is not there",)),
    Situation("a file for a run", untouched, "trusts.parquet", 2, ("not the directory of a run",)),
    Situation("a folder without runs", untouched, "expectations", 2, ("holds no run",)),
    Situation("three instruments", untouched, "--instrument a --instrument b", 2, ("two can be compared",)),
    Situation("no such group", untouched, "--by county", 2, ("county", "region")),
    Situation("no such strata", untouched, "--sample 4 --strata region,kinds", 2, ('"kinds"', "region, kind")),
    Situation("no such allocation", untouched, "--sample 4 --allocation square", 2, ("square",)),
    Situation("no such level", untouched, "--level ward", 2, ("ward",)),
    Situation("no such wave", untouched, "--waves autumn", 2, ("--waves autumn", "tracker")),
    Situation("waves overlap", untouched, "--waves a=2024-10..2024-11 --waves b=2024-11..2024-12", 2, ("overlap",)),
    Situation("a sample of more than all", untouched, "--sample 7 --strata none", 2, ("a sample of 7", "6 organisations")),
    Situation("a sample too small", untouched, "--sample 3", 2, ("a sample of 3 is too small",)),
    Situation("a sample of none", untouched, "--sample 0", 2, ("at least 1", "got 0")),
    Situation("a sample of less than none", untouched, "--sample -3", 2, ("at least 1", "got -3")),
    Situation("no such sample", untouched, "--sample members.csv", 2, ("members.csv: no such file",)),
    Situation(
        "strangers in the sample", sample_files, "--sample strangers.csv", 2, ("9Z9", "not in the population", "more than once")
    ),
    Situation("no such organisations", untouched, "--organisations list.csv", 2, ("list.csv: no such file",)),
    Situation("no such item", untouched, "--explain 5B1 hospital", 2, ('no item "hospital"', ITEM)),
    Situation("no such organisation", untouched, f"--explain 9Z9 {ITEM}", 2, ("no organisation 9Z9",)),
    Situation("both unknown", untouched, "--explain 9Z9 hospital", 2, ("no organisation 9Z9", 'no item "hospital"')),
    Situation("no such wave to explain", untouched, f"--explain 5B1 {ITEM} --waves month --wave x", 2, ('"x"', "2024-10")),
    Situation("explained without an item", untouched, "--explain 5B1", 2, ("--explain",)),
    Situation("a wave of nothing", untouched, "--wave 2024-10", 2, ("--wave", "--explain")),
    Situation("explained as a table", untouched, f"--explain 5B1 {ITEM} --format csv", 2, ("--explain is written as",)),
    Situation("explained by two", untouched, f"--explain 5B1 {ITEM} --instrument small.json", 2, ("about one instrument",)),
    Situation("a table as text", untouched, "--table study", 2, ("--table", "csv or parquet")),
    Situation("a table of two", untouched, "--instrument small.json --table study --format csv", 2, ("one table",)),
    Situation("groups of two", untouched, "--instrument small.json --by kind", 2, ("--by", "all organisations together")),
    Situation("no such table", untouched, "--table scores --format csv", 2, ("scores", "ratings")),
    Situation("Parquet to nowhere", untouched, "--format parquet", 2, ("--format parquet needs --output",)),
    Situation("several of these", untouched, "--table study --wave x", 2, ("--table", "--wave")),
    # 3: what cannot be read
    Situation("a record that is none", damaged_record, "", 3, ("run.json", "not the record of a run")),
    Situation("a run without measures", without_measures, "", 3, ("lacks measures.parquet", "check again")),
    Situation("measures that are none", damaged_measures, "", 3, ("dq-results", "the run is damaged", "check again")),
    # 4: nobody
    Situation("waves without data", untouched, "--waves tracker", 4, ("nobody is rated", "Oct-Dec 1999")),
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_score(situation: Situation, world: Path) -> None:
    situation.prepare(world)
    done = dq_here(world, *SMALL, *situation.arguments.split())
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == situation.code, said
    for piece in situation.says:
        assert piece in said
    if situation.code in (2, 3):
        assert done.stdout == ""


def test_the_instrument_that_comes_with_dq_is_the_default(checked: Path) -> None:
    done = dq_here(checked, "score")
    assert "tracker-imt" in done.stdout
    assert done.returncode == 4
    assert "nobody is rated" in done.stderr


def test_an_instrument_with_faults_is_refused_with_all_of_them(world: Path) -> None:
    faulty_instrument(world)
    done = dq_here(world, "score", "--instrument", "faulty.json")
    assert done.returncode == 2
    assert "$.version" in done.stderr and "$.scale" in done.stderr
    assert dq_here(world, "score", "--instrument", "smal.json").stderr.strip().endswith('did you mean "small.json"?')


def test_instruments_of_two_levels_are_compared_at_one(world: Path) -> None:
    practice_instrument(world)
    arguments = (*SMALL, "--instrument", "practices.json")
    done = dq_here(world, *arguments)
    assert done.returncode == 2
    assert "--level" in done.stderr
    assert dq_here(world, *arguments, "--level", "pcgt").returncode == 0


def test_several_runs_are_a_wave_each(world: Path) -> None:
    first = the_run(world)
    assert dq_here(world, "check", "trusts.parquet", "spells.parquet", "--fail-on", "never", "--quiet").returncode == 0
    runs = sorted((world / "dq-results").iterdir())
    done = dq_here(world, *SMALL, *(str(run) for run in runs))
    assert done.returncode == 0, done.stderr
    assert [f"Run {run.name}" in done.stdout for run in runs] == [True, True]
    assert f"from {first.name} to" in done.stdout


def test_the_results_of_dq_toml_are_where_runs_are_looked_for(world: Path) -> None:
    (world / "dq-results").rename(world / "elsewhere")
    (world / "dq.toml").write_text('[dq]\nresults = "elsewhere"\n')
    assert dq_here(world, *SMALL).returncode == 0


# --------------------------------------------------------------------------------------------------------------- formats


def test_json_has_the_ratings_that_were_worked_out_by_hand(checked: Path) -> None:
    done = dq_here(checked, *SMALL, "--format", "json")
    scores = msgspec.json.decode(done.stdout, type=Scores)
    assert {rating.organisation: rating.rating for rating in scores.ratings if rating.item == ITEM} == RATINGS
    assert {rating.organisation: rating.score for rating in scores.ratings if rating.item == ITEM} == pytest.approx(
        {"5A1": 1.0, "5A2": 0.8, "5B1": 0.45, "5B2": 0.6, "5C1": 0.9, "5C2": None}
    )
    assert scores.notice == NOTICE
    assert (scores.instrument.name, scores.instrument.version, scores.instrument.provenance.status) == (
        "small",
        "1.0.0",
        "assumed",
    )
    assert {score.measure for score in scores.dimensions} >= {"completeness", "item_score"}


def test_json_of_an_explanation_and_of_a_comparison(checked: Path) -> None:
    explained = msgspec.json.decode(
        dq_here(checked, *SMALL, "--explain", "5B1", ITEM, "--format", "json").stdout, type=Explanation
    )
    assert (explained.rating.rating, explained.organisation.region) == ("very poor", "South")
    compared = dq_here(checked, *SMALL, "--instrument", "small.json", "--format", "json").stdout
    assert [item.agreement.exact for item in msgspec.json.decode(compared, type=Comparison).items] == [5, 5]


def test_csv_has_a_row_for_each_rating(checked: Path) -> None:
    done = dq_here(checked, *SMALL, "--format", "csv")
    rows = [row for row in csv.DictReader(io.StringIO(done.stdout)) if row["item"] == ITEM]
    assert {row["organisation"]: row["rating"] for row in rows} == {
        code: rating or "not rated" for code, rating in RATINGS.items()
    }
    assert {row["organisation"]: (row["region"], row["kind"]) for row in rows} == {
        code: (region or "", kind) for code, (region, kind) in TRUSTS.items()
    }
    assert {row["notice"] for row in rows} == {NOTICE}


@pytest.mark.parametrize("table", ["ratings", "study", "changes", "dimensions", "dqmi", "not-counted"])
def test_every_table_is_the_same_as_csv_and_as_parquet(table: str, checked: Path, tmp_path: Path) -> None:
    arguments = (*SMALL, "--table", table, "--waves", "month")
    shown = list(csv.reader(io.StringIO(dq_here(checked, *arguments, "--format", "csv").stdout)))
    path = tmp_path / "out.parquet"
    done = dq_here(checked, *arguments, "--format", "parquet", "--output", str(path), "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    stored = pq.read_table(path)
    assert shown[0] == stored.column_names
    assert len(shown) - 1 == stored.num_rows > 0


def test_csv_of_a_comparison(checked: Path) -> None:
    done = dq_here(checked, *SMALL, "--instrument", "small.json", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert sum(int(row["organisations"]) for row in rows if row["item"] == ITEM) == 5


@pytest.mark.parametrize("format", ["text", "json", "csv"])
def test_a_file_holds_what_would_be_printed(format: str, world: Path) -> None:
    printed = dq_here(world, *SMALL, "--format", format).stdout
    (world / "out").mkdir()
    (world / "out" / "scores").write_text("the scores of yesterday")
    done = dq_here(world, *SMALL, "--format", format, "--output", "out/scores")
    assert done.stdout == ""
    assert (world / "out" / "scores").read_text() == printed
    assert [path.name for path in (world / "out").iterdir()] == ["scores"]


@pytest.mark.parametrize("format", ["text", "parquet"])
def test_an_output_that_cannot_be_written(format: str, world: Path) -> None:
    done = dq_here(world, *SMALL, "--format", format, "--output", "small.json/out")
    assert done.returncode == 3
    assert "small.json/out: the results could not be written" in done.stderr


def test_the_same_seed_draws_the_same_sample(checked: Path) -> None:
    def members(*arguments: str) -> tuple[str, ...]:
        done = dq_here(checked, *SMALL, "--sample", "4", "--strata", "kind", "--format", "json", *arguments)
        sample = msgspec.json.decode(done.stdout, type=Scores).sample
        assert sample is not None
        return sample.members

    assert members() == members()
    assert len({members("--seed", str(seed)) for seed in range(2, 8)}) > 1


# ------------------------------------------------------------------------------------------------------------- libraries


def lacking(world: Path, library: str) -> dict[str, str]:
    """An environment in which a library cannot be loaded."""
    (world / "lacking" / library).mkdir(parents=True)
    (world / "lacking" / library / "__init__.py").write_text("raise ImportError\n")
    known = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(world / "lacking"), *([known] if known else [])])}


@pytest.mark.parametrize(
    ("library", "arguments"),
    [("scipy", ("--sample", "4")), ("statsmodels", ("--instrument", "small.json"))],
    ids=["sample", "comparison"],
)
def test_a_library_that_is_lacking_is_named_with_the_way_to_get_it(library: str, arguments: tuple[str, ...], world: Path) -> None:
    done = dq(world, *SMALL, *arguments, environment=lacking(world, library))
    assert done.returncode == 2
    assert f'needs {library}, which is not installed: pip install "dq-engine[survey]"' in done.stderr


def test_scores_without_a_sample_need_no_library(world: Path) -> None:
    assert dq(world, *SMALL, "--by", "region", environment=lacking(world, "scipy")).returncode == 0


# --------------------------------------------------------------------------------------------------------------- schemas


@pytest.mark.parametrize("name", ["scores", "instrument"])
def test_schemas_are_printed(name: str, tmp_path: Path) -> None:
    done = dq_here(tmp_path, "explain", "--schema", name)
    assert done.returncode == 0
    assert json.loads(done.stdout)["$schema"]
