"""``--split``: the rows that pass and those that fail, each with the ids of its checks, are together the rows that were sent."""

import datetime as dt
import decimal
import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import WorkerProcess, store
from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Expectation
from dq_engine.catalog.shapes import KeyExpectation, RowExpectation
from dq_engine.engine import Options, run_checks
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract
from dq_engine.model import ExtractRun, Run
from dq_engine.suite import parse_suite
from tests import test_privacy as privacy
from tests.catalog.test_examples import table_of
from tests.command import dq_here
from tests.conftest import MakeSuite
from tests.robust import faults_disks
from tests.robust.faults import World
from tests.waiting import until

IDS = "dq_failed_checks"
Rule = tuple[str, dict[str, Any]]


def write(path: Path, columns: Any, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path, **options)
    return path


def as_input(files: Sequence[Path], *, partitioned: bool = False) -> str:
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{listed}], hive_partitioning = {partitioned}, hive_types_autocast = false)"


def rows_written(extract: ExtractRun) -> tuple[str, str]:
    """SQL of the rows that pass and of those that fail, once the record of what was written is held against the files."""
    assert extract.split is not None and extract.split.passing is not None and extract.split.failing is not None
    for file in (extract.split.passing, extract.split.failing):
        path = Path(file.path)
        assert file.rows == pq.ParquetFile(path).metadata.num_rows
        assert file.bytes == path.stat().st_size
        assert file.sha256 == store.digest(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    return as_input([Path(extract.split.passing.path)]), as_input([Path(extract.split.failing.path)])


def told(connection: duckdb.DuckDBPyConnection, extract: ExtractRun) -> dict[str, int]:
    """How many failing rows name each check."""
    assert extract.split is not None
    _, failing = rows_written(extract)
    ids = f"unnest({extract.split.ids_column})"
    return dict(connection.execute(f"SELECT {ids} AS id, count(*) FROM {failing} GROUP BY id").fetchall())


def equals(extract: ExtractRun, given: str) -> None:
    """The rows in the files are those of the extract, with the same columns of the same types; and ids count what was found."""
    assert extract.split is not None
    passing, failing = rows_written(extract)
    split = extract.split
    ids = split.ids_column.replace('"', '""')
    with duckdb.connect() as connection:
        joined = f'(SELECT * FROM {passing} UNION ALL SELECT * EXCLUDE ("{ids}") FROM {failing})'
        for first, second in ((f"FROM {given}", f"FROM {joined}"), (f"FROM {joined}", f"FROM {given}")):
            assert connection.execute(f"SELECT count(*) FROM ({first} EXCEPT ALL {second})").fetchall() == [(0,)]
        shapes = [
            [row[:2] for row in connection.execute(f"DESCRIBE FROM {rows}").fetchall()] for rows in (given, passing, failing)
        ]
        assert shapes[1] == shapes[0]
        assert shapes[2] == [*shapes[0], (split.ids_column, "VARCHAR[]")]
        assert list(split.columns) == [name for name, _ in shapes[0]]
        assert connection.execute(f'SELECT count(*) FROM {failing} WHERE len("{ids}") = 0').fetchall() == [(0,)]
        found = told(connection, extract)
    failed = {outcome.check: outcome.unexpected_count for outcome in extract.outcomes if outcome.status == "fail"}
    assert found == {check: count for check, count in failed.items() if check not in split.unmarked}


def only(run: Run) -> ExtractRun:
    (extract,) = run.extracts
    return extract


# --------------------------------------------------------------------------------------------------------- which rows fail


MARKING = [
    pytest.param(cls, id=name)
    for name, cls in CATALOG.items()
    if issubclass(cls, RowExpectation) or (issubclass(cls, KeyExpectation) and cls.by_rows)
]


@pytest.mark.parametrize("cls", MARKING)
def test_every_rule_about_rows_marks_as_many_as_it_finds(
    cls: type[Expectation], make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path
) -> None:
    case = next(case for case in cls.examples if not case.passes)
    for name in ("", *case.others):
        write(tmp_path / f"{name or 'table'}.parquet", table_of(case, name))
    others = {name: tmp_path / f"{name}.parquet" for name in case.others}
    split = tmp_path / "_split"
    run = dq_engine.check(
        tmp_path / "table.parquet", make_suite((cls.name, case.arguments)), others=others, split=split, worker=worker
    )
    assert run.exit_code == 1
    assert only(run).split.failing.rows == only(run).outcomes[0].unexpected_count  # type: ignore[union-attr]
    equals(only(run), as_input([tmp_path / "table.parquet"]))


LAW: list[Rule] = [
    ("expect_column_values_to_not_be_null", {"column": "n"}),
    ("expect_column_values_to_be_between", {"column": "f", "min_value": 0, "mostly": 0.5}),
    (
        "expect_column_values_to_be_in_set",
        {"column": "t", "value_set": ["a", "b"], "row_condition": 'col("n") > 0', "condition_parser": "great_expectations"},
    ),
    ("expect_column_values_to_be_unique", {"column": "n"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["t", "f"]}),
    ("expect_column_values_to_match_regex", {"column": "t", "regex": "(?=a)a"}),
    ("expect_column_values_to_be_increasing", {"column": "n"}),
]
"""What the row says, a condition, a tolerance, keys, a test in Python, and the row before."""
Row = tuple[int | None, float | None, str | None]


def naively(rows: list[Row]) -> list[set[str]]:
    """The ids of the checks that each row breaks, worked out row by row."""
    numbers = [None if f is None or f != f else f + 0.0 for _, f, _ in rows]
    one, both = Counter(n for n, _, _ in rows), Counter((t, f) for (_, _, t), f in zip(rows, numbers, strict=True))
    found: list[set[str]] = []
    before = None
    for (n, _, t), f in zip(rows, numbers, strict=True):
        broken = {
            "0": n is None,
            "1": f is not None and f < 0,
            "2": n is not None and n > 0 and t is not None and t not in ("a", "b"),
            "3": n is not None and one[n] > 1,
            "4": (t is not None or f is not None) and both[t, f] > 1,
            "5": t is not None and "a" not in t,
            "6": n is not None and before is not None and n < before,
        }
        before = before if n is None else n
        found.append({check for check, is_broken in broken.items() if is_broken})
    judged, wrong = sum(f is not None for f in numbers), sum("1" in ids for ids in found)
    if judged and (judged - wrong) / judged >= 0.5:  # the tolerance lets the check pass, and with it its rows
        found = [ids - {"1"} for ids in found]
    return found


VALUES = st.tuples(
    st.none() | st.integers(-1, 3),
    st.none() | st.sampled_from([0.5, -1.0, 0.0, -0.0, float("nan"), float("inf"), float("-inf")]),
    st.none() | st.sampled_from(["a", "b", "ba", "x", ""]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(VALUES, max_size=6), min_size=1, max_size=3))
def test_each_row_is_where_a_naive_look_at_it_says(
    files: list[list[Row]], make_suite: MakeSuite, worker: WorkerProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("law")
    schema = pa.schema([("n", pa.int32()), ("f", pa.float64()), ("t", pa.string()), ("place", pa.int64())])
    rows = [row for file in files for row in file]
    paths, place = [], 0
    for number, file in enumerate(files):
        told = [{"n": n, "f": f, "t": t, "place": place + at} for at, (n, f, t) in enumerate(file)]
        paths.append(write(folder / f"{number}.parquet", pa.Table.from_pylist(told, schema)))
        place += len(file)
    run = dq_engine.check(paths, make_suite(*LAW), split=folder / "_split", checksums=False, worker=worker)
    split = only(run).split
    assert split is not None
    expected = naively(rows)
    if rows and all(outcome.status == "vacuous" for outcome in run.outcomes):
        assert split.passing is None and "no check judged" in split.reason
        return
    equals(only(run), as_input(paths))
    assert split.passing is not None and split.failing is not None
    passing, failing = pq.read_table(split.passing.path), pq.read_table(split.failing.path)
    assert passing["place"].to_pylist() == [at for at, ids in enumerate(expected) if not ids]
    assert failing["place"].to_pylist() == [at for at, ids in enumerate(expected) if ids]
    assert [set(ids) for ids in failing[IDS].to_pylist()] == [ids for ids in expected if ids]


def test_what_mostly_tolerates_passes(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", {"n": [1, 2, 3, None]})
    rules: list[Rule] = [
        ("expect_column_values_to_not_be_null", {"column": "n", "mostly": 0.5}),
        ("expect_column_values_to_be_between", {"column": "n", "max_value": 2}),
        ("expect_column_mean_to_be_between", {"column": "n", "max_value": 0}),
    ]
    run = dq_engine.check(path, make_suite(*rules), split=tmp_path / "_split", worker=worker)
    equals(only(run), as_input([path]))
    split = only(run).split
    assert split is not None and split.failing is not None
    assert pq.read_table(split.failing.path).to_pylist() == [{"n": 3, IDS: ["1"]}]
    assert split.unmarked == ("2",)


# ------------------------------------------------------------------------------------------------------ rows stay as they are


def test_values_and_types_stay_as_they_are(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    nan, inf = float("nan"), float("inf")
    moments = pa.array([1, -1, None], pa.timestamp("us", tz="Europe/London"))
    columns = {
        "key": [1, 2, 2],
        "wrong": [1, 0, 1],
        "price": pa.array([decimal.Decimal("1.10"), decimal.Decimal("-99999999999999999999999999999999999.99"), None]),
        "share": pa.array([nan, -inf, -0.0], from_pandas=False),
        "small": pa.array([nan, inf, 0.1], pa.float32(), from_pandas=False),
        "seen": moments,
        "day": [dt.date(1850, 1, 1), dt.date(9999, 12, 31), None],
        "exact": pa.array([1, 2, None], pa.timestamp("ns")),
        "time": pa.array([1, 86_399_999_999, None], pa.time64("us")),
        "raw": [b"\x00\xff", b"", None],
        "big": pa.array([2**64 - 1, 0, None], pa.uint64()),
        "list": [[1, None], [], None],
        "nested": [{"a": [{"b": "x"}]}, {"a": None}, None],
        "map": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "void": pa.nulls(3),
        "a\"b'; DROP VIEW dq_extract --": ["it's", "", None],
        "dq_row": [3, 2, 1],
        "dq:place": [3, 2, 1],
        "dq_extract": ["\n", "*", "?"],
        "id": [True, False, None],
    }
    path = write(tmp_path / "it's [1]*" / "rows.parquet", columns)
    rules: list[Rule] = [
        ("expect_column_values_to_be_in_set", {"column": "wrong", "value_set": [1]}),
        ("expect_column_values_to_not_be_null", {"column": "share"}),
        ("expect_column_values_to_not_be_null", {"column": "dq_extract"}),
    ]
    run = dq_engine.check(path, make_suite(*rules), split=tmp_path / "it's [2]*", worker=worker)
    assert run.exit_code == 1
    split = only(run).split
    assert split is not None and split.passing is not None and split.failing is not None
    sent, passing, failing = (pq.read_table(file) for file in (path, split.passing.path, split.failing.path))
    assert passing.num_rows == 1 and failing.num_rows == 2
    assert [str(column) for column in passing["share"]] == ["-0.0"]
    assert [str(value) for value in failing["share"]] == ["nan", "-inf"]
    assert failing[IDS].to_pylist() == [["1"], ["0"]]
    for name in columns:
        kind, own = sent.schema.field(name).type, passing.schema.field(name).type
        both = pa.concat_arrays([*failing[name].chunks, *passing[name].chunks])
        if name == "seen":  # one moment is spelled in London's time and in Greenwich's
            assert (both.type.unit, both.type.tz) == ("us", "UTC")
            both = both.cast(kind)
        assert [str(value) for value in both.to_pylist()] == [str(value) for value in sent[name].to_pylist()], name
        assert own.equals(kind) or pa.types.is_nested(kind) or name == "seen", (name, kind, own)


def test_names_and_types_that_dq_toml_gives_columns_change_no_row(tmp_path: Path) -> None:
    path = write(tmp_path / "data" / "rows.parquet", {"LIST SIZE": ["1", "-2"], "share": [0.5, float("nan")]})
    rules = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "size", "min_value": 0}, "id": "size"}]
    (tmp_path / "suite.json").write_text(json.dumps({"name": "s", "meta": {"dq": {"feed": "f"}}, "expectations": rules}))
    (tmp_path / "dq.toml").write_text(
        '[[extracts]]\npath = "data/rows.parquet"\nsuite = "suite.json"\n'
        'columns = {"LIST SIZE" = "size", "share" = "LIST SIZE"}\ntypes = {size = "integer"}\n'
    )
    done = dq_here(tmp_path, "check", "--split", "out", "--format", "json", "--no-results")
    assert done.returncode == 1, done.stderr
    run = store.decode(done.stdout.encode(), "the output")
    equals(only(run), as_input([path]))
    assert pq.read_table(tmp_path / "out/rows/failing.parquet").column_names == ["LIST SIZE", "share", IDS]


def test_partitions_are_columns_and_several_files_keep_their_order(
    make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path
) -> None:
    """Many row groups, two threads, and rules that join: rows are in the order of the files all the same."""
    rows, paths = 200_000, []
    for place, folder in enumerate(("region=B/month=1", "region=B/month=2", "region=A's/month=1")):
        numbers = range(place * rows, (place + 1) * rows)
        columns = {"n": list(numbers), "key": [n // 2 if n % 1000 == 1 else n for n in numbers], "code": [n % 7 for n in numbers]}
        paths.append(write(tmp_path / "rows" / folder / "part.parquet", columns, row_group_size=20_000))
    rules: list[Rule] = [
        ("expect_column_values_to_be_unique", {"column": "key"}),
        ("expect_column_values_to_be_in_set", {"column": "code", "value_set": [0, 1, 2, 3, 4, 5]}),
        ("expect_column_values_to_exist_in_other_extract", {"column": "code", "other": "known", "other_column": "code"}),
    ]
    known = write(tmp_path / "known.parquet", {"code": [0, 2, 3, 4, 5, 6]})
    split = tmp_path / "_split"
    run = dq_engine.check(
        tmp_path / "rows", make_suite(*rules), others={"known": known}, split=split, threads=2, checksums=False, worker=worker
    )
    extract = only(run)
    assert [outcome.status for outcome in extract.outcomes] == ["fail"] * 3
    ordered = [paths[2], paths[0], paths[1]]  # the files of a folder are in the order of their names
    equals(extract, as_input(ordered, partitioned=True))
    split = extract.split
    assert split is not None and split.passing is not None and split.failing is not None
    for file in (split.passing, split.failing):
        places = [(n + rows) % (3 * rows) for n in pq.read_table(file.path)["n"].to_pylist()]
        assert places == sorted(places)


def test_a_column_that_is_called_like_that_of_the_ids(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", {"DQ_failed_checks": ["mine", None], "dq_failed_checks_2": [1, 2]})
    suite = make_suite(("expect_column_values_to_not_be_null", {"column": "DQ_failed_checks"}))
    run = dq_engine.check(path, suite, split=tmp_path / "_split", worker=worker)
    split = only(run).split
    assert split is not None and split.ids_column == "dq_failed_checks_3"
    equals(only(run), as_input([path]))


UNWRITABLE: dict[str, tuple[dict[str, Any], str]] = {
    "a name twice": ({"a": [1], "A": [2], "n": [None]}, "cannot be written under its name"),
    "no name": ({"": [1], "n": [None]}, "cannot be written under its name"),
    "wide decimals": (
        {"d": pa.array([decimal.Decimal(1)], pa.decimal256(60, 2)), "n": pa.nulls(1, pa.int64())},
        "which DuckDB rounds",
    ),
    "no room for places": ({"file_row_number": [1, 2], "n": [1, 1]}, "the order of its rows cannot be read"),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_rows_that_cannot_be_written_as_they_are_are_not_written(
    case: str, make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path
) -> None:
    columns, words = UNWRITABLE[case]
    path = write(tmp_path / "rows.parquet", columns)
    rules: list[Rule] = [
        ("expect_column_values_to_not_be_null", {"column": "n"}),
        ("expect_column_values_to_be_unique", {"column": "n"}),
    ]
    run = dq_engine.check(path, make_suite(*rules), split=tmp_path / "_split", worker=worker)
    extract = only(run)
    assert run.exit_code == 3 and words in extract.problem
    assert extract.split is not None and extract.split.passing is None and words in extract.split.reason
    assert not (tmp_path / "_split").exists()


def test_a_partition_that_is_a_column_of_the_file_too(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    write(tmp_path / "rows/k=1/a.parquet", {"k": ["inner"], "n": [1]})
    suite = make_suite(("expect_column_values_to_not_be_null", {"column": "n"}))
    run = dq_engine.check(tmp_path / "rows", suite, split=tmp_path / "_split", worker=worker)
    assert run.exit_code == 3 and '"k" is a column of its files and a key of their folders' in only(run).problem


# -------------------------------------------------------------------------------------------------- nothing that was not judged


NO_NULL: Rule = ("expect_column_values_to_not_be_null", {"column": "n"})
NO_SUCH: Rule = ("expect_column_values_to_not_be_null", {"column": "absent"})
MEAN: Rule = ("expect_column_mean_to_be_between", {"column": "n", "max_value": 0})
LENGTH: Rule = ("expect_column_value_lengths_to_equal", {"column": "t", "value": 1})
REASONS: dict[str, tuple[list[Rule], list[str], int, str]] = {
    "an error": ([NO_NULL, NO_SUCH], [], 3, "the check 1 about its rows could not be evaluated"),
    "no rule about rows": ([MEAN], [], 1, "no check judged any single row"),
    "nothing to judge": ([LENGTH, MEAN], ["1"], 4, "no check judged any single row"),
    "nothing selected": ([NO_NULL], ["0"], 4, "none of its checks was selected"),
}


@pytest.mark.parametrize("case", REASONS)
def test_rows_that_nobody_judged_do_not_pass(case: str, make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    """Those of an earlier run go: nobody shall take old rows for new ones."""
    rules, ignored, code, words = REASONS[case]
    path = write(tmp_path / "rows.parquet", {"n": [1, None], "t": pa.nulls(2, pa.string())})
    split = tmp_path / "_split"
    dq_engine.check(path, make_suite(NO_NULL), split=split, worker=worker)
    assert (split / "rows" / "passing.parquet").is_file()
    run = dq_engine.check(path, make_suite(*rules), split=split, ignore=ignored, worker=worker)
    assert run.exit_code == code
    extract = only(run)
    assert extract.split is not None and words in extract.split.reason
    assert list(split.iterdir()) == []


def test_an_error_of_a_rule_about_no_single_row_does_not_matter(
    make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path
) -> None:
    path = write(tmp_path / "rows.parquet", {"n": [1, None]})
    suite = make_suite(NO_NULL, ("expect_column_mean_to_be_between", {"column": "absent"}))
    run = dq_engine.check(path, suite, split=tmp_path / "_split", worker=worker)
    assert run.exit_code == 3
    equals(only(run), as_input([path]))


def test_an_extract_without_rows(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    columns = {"n": pa.array([], pa.int64()), "l": pa.array([], pa.list_(pa.string())), "void": pa.nulls(0)}
    path = write(tmp_path / "rows.parquet", columns)
    run = dq_engine.check(path, make_suite(NO_NULL), split=tmp_path / "_split", worker=worker)
    assert run.exit_code == 4
    equals(only(run), as_input([path]))


def test_a_file_that_cannot_be_read(make_suite: MakeSuite, worker: WorkerProcess, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1")
    run = dq_engine.check(path, make_suite(NO_NULL), split=tmp_path / "_split", worker=worker)
    assert run.exit_code == 3
    assert only(run).split is not None and only(run).split.reason == "it could not be evaluated"  # type: ignore[union-attr]
    assert not (tmp_path / "_split").exists()


# ----------------------------------------------------------------------------------------------------------- where they go


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an extract in ``data``, of which a row fails, and two suites for it."""
    write(tmp_path / "data" / "rows.parquet", {"n": [1, None, 3], "who": ["Ann Other", "Bea Sample", "Cy Example"]})
    rule = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}, "id": "n_there"}
    target = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 2}, "id": "n_small"}
    (tmp_path / "expectations").mkdir()
    for name, rules, more in (("rows", [rule], {}), ("targets", [target], {"purpose": "targets"})):
        suite = {"name": name, "meta": {"dq": {"feed": "rows", **more}}, "expectations": rules}
        (tmp_path / f"expectations/{name}.json").write_text(json.dumps(suite))
    return tmp_path


def test_the_command_tells_what_was_written_where(project: Path) -> None:
    done = dq_here(project, "check", "data", "--split", "out")
    assert done.returncode == 1
    folder = project / "out"
    assert f"  rows of the extract, with the values of patients, were written to {folder}/rows\n" in done.stdout
    said = "2 of 3 rows pass (passing.parquet), 1 fail (failing.parquet, with the ids of the checks that they fail in dq_failed_checks)"
    assert f"    {said}\n" in done.stdout
    assert pq.read_table(folder / "rows/failing.parquet").to_pylist() == [{"n": None, "who": "Bea Sample", IDS: ["n_there"]}]
    assert pq.read_table(folder / "rows+targets/failing.parquet")["who"].to_pylist() == ["Cy Example"]
    assert sorted(path.name for path in folder.iterdir()) == ["rows", "rows+targets"]
    (record,) = project.glob("dq-results/*/run.json")
    run = json.loads(record.read_text())
    assert run["options"]["split"] == "out"
    written = run["extracts"][0]["split"]
    assert written["passing"]["path"] == str(folder / "rows/passing.parquet") and written["passing"]["rows"] == 2
    assert written["columns"] == ["n", "who"]
    assert "Sample" not in done.stdout + done.stderr + record.read_text()
    assert "split" not in dq_here(project, "check", "data", "--format", "json", "--no-results").stdout.replace(
        '"split": null', ""
    )


def test_an_unchanged_extract_is_split_all_the_same_and_its_results_are_taken_by_others(project: Path) -> None:
    dq_here(project, "check", "data/rows.parquet")
    done = dq_here(project, "check", "data/rows.parquet", "--split", "out")
    assert "not scanned again" not in done.stdout and (project / "out/rows/passing.parquet").is_file()
    again = dq_here(project, "check", "data/rows.parquet", "--format", "json")
    run = store.decode(again.stdout.encode(), "the output")
    assert all(extract.reused and extract.split is None for extract in run.extracts)


def test_rows_of_an_earlier_run_are_replaced_extract_by_extract(project: Path) -> None:
    dq_here(project, "check", "data", "--split", "out", "--no-results")
    before = (project / "out/rows+targets/failing.parquet").stat()
    write(project / "data" / "rows.parquet", {"n": [None], "who": ["Di New"]})
    done = dq_here(project, "check", "data", "--suite", "expectations/rows.json", "--split", "out", "--no-results")
    assert done.returncode == 1, done.stderr
    assert pq.read_table(project / "out/data/failing.parquet")["who"].to_pylist() == ["Di New"]
    assert (project / "out/rows+targets/failing.parquet").stat() == before
    dq_here(project, "check", "data/rows.parquet", "--split", "out", "--no-results")
    assert pq.read_table(project / "out/rows/failing.parquet")["who"].to_pylist() == ["Di New"]
    assert pq.read_table(project / "out/rows/passing.parquet").num_rows == 0


def test_where_a_later_check_would_take_rows_for_extracts_none_are_written(project: Path) -> None:
    for paths, place in (
        (["data/rows.parquet"], "data"),
        (["data/rows.parquet"], "data/out"),
        (["data"], "data/out"),
        (["."], "out"),
        (["*/rows.parquet"], "out"),
    ):
        done = dq_here(project, "check", *paths, "--suite", "expectations/rows.json", "--split", place, "--no-results")
        assert done.returncode == 2 and "would take the rows for extracts" in done.stderr, (paths, place, done.stderr)
        assert not (project / "out").exists() and not (project / "data/out").exists()
    done = dq_here(project, "check", "data", "--split", "data/_out", "--no-results")
    assert done.returncode == 1 and (project / "data/_out/rows/failing.parquet").is_file()
    again = dq_here(project, "check", "data", "--no-results")
    assert "_out" not in again.stdout and "3 rows" in again.stdout


def test_what_is_no_folder_of_rows_is_not_replaced(project: Path) -> None:
    mine = project / "out/rows/notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    done = dq_here(project, "check", "data", "--split", "out", "--no-results")
    assert done.returncode == 2 and "notes.txt is there" in done.stderr
    assert mine.read_text() == "mine"
    (project / "file").write_text("")
    done = dq_here(project, "check", "data", "--split", "file", "--no-results")
    assert done.returncode == 2 and "no rows can be written here" in done.stderr


def test_two_extracts_whose_folders_some_systems_take_for_one(project: Path) -> None:
    for name in ("a/rows", "b/ROWS"):
        write(project / f"more/{name}.parquet", {"n": [1]})
    done = dq_here(project, "check", "more", "--split", "out", "--no-results")
    assert done.returncode == 2 and "check them one by one" in done.stderr


def test_pages_name_it(project: Path) -> None:
    pytest.importorskip("jinja2")
    dq_here(project, "check", "data", "--split", "out", "--docs", "site")
    pages = "".join(path.read_text() for path in project.glob("site/runs/*/run.html"))
    assert "Of 2 of 2 extracts all rows, with the values of patients, were written to files." in pages
    dq_here(project, "docs", "--audience", "public", "-o", "public")
    public = "".join(path.read_text() for path in project.glob("public/**/*.html"))
    assert "were written to files" in public and "passing.parquet" not in public


# ------------------------------------------------------------------------------------------------------------ what befalls it


def struck(project: Path, strike: Callable[[WorkerProcess], None]) -> Run:
    """A run in which something happens as the rows are about to be split."""
    suite = parse_suite((project / "expectations/rows.json").read_text(), "rows.json")
    extract = Extract("rows", (project / "data/rows.parquet",), suite)
    with WorkerProcess() as worker:
        done: list[str] = []

        def observe(name: str, doing: str, fraction: float) -> None:
            if doing == "splitting rows" and not done:
                done.append(doing)
                strike(worker)

        return run_checks([extract], Options(split=str(project / "out")), worker, observer=observe)


def test_a_worker_that_dies_leaves_the_rows_of_the_earlier_run_or_none(project: Path) -> None:
    run = struck(project, lambda worker: os.kill(worker.pid, 9))
    assert run.exit_code == 3 and "its rows could not be split: the worker was killed" in run.extracts[0].problem
    assert [outcome.status for outcome in run.outcomes] == ["fail"]
    assert run.extracts[0].split is not None and "killed" in run.extracts[0].split.reason
    assert not (project / "out").exists()


def test_an_interrupt_leaves_nothing_half_written(project: Path) -> None:
    dq_here(project, "check", "data", "--split", "out", "--no-results")
    before = {path: path.read_bytes() for path in (project / "out").rglob("*") if path.is_file()}

    def interrupt(worker: WorkerProcess) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        struck(project, interrupt)
    assert {path: path.read_bytes() for path in (project / "out").rglob("*") if path.is_file()} == before
    assert len(before) == 4


def test_a_file_that_changes_meanwhile_is_not_split(project: Path) -> None:
    path = project / "data/rows.parquet"
    run = struck(project, lambda worker: path.write_bytes(path.read_bytes()) and None)
    assert run.exit_code == 3 and "changed while it was being read" in run.extracts[0].problem
    assert not (project / "out").exists()


def test_a_folder_that_is_taken_meanwhile_is_not_replaced(project: Path) -> None:
    mine = project / "out/rows/mine"
    run = struck(project, lambda worker: mine.mkdir(parents=True))
    assert run.exit_code == 3 and "could not be put in place: a file of that name is in the way" in run.extracts[0].problem
    assert list((project / "out").iterdir()) == [mine.parent]


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    world, before = World(tmp_path / "world", 60_000), faults_disks.mounting()
    if before is None:
        pytest.skip("this system does not let anybody mount a file system")
    done = faults_disks.on_a_disk(world, before, 65_536, "--no-results", "--split", "disk/_out")
    assert done.returncode == 3 and "its rows could not be split: the disk is full" in done.stdout
    assert "6 passed, 1 failed" in done.stdout
    assert list((world.folder / "copy").iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at processes in /proc, which Linux has")
def test_a_command_that_is_killed_leaves_no_row_and_the_next_one_sweeps_up(tmp_path: Path) -> None:
    """It may have done all its work before it is met; then its rows are there."""
    world = World(tmp_path / "world", 60_000)
    command = world.check("--no-results", "--split", "_out")
    process = world.begin(command)
    until(lambda: process.poll() is not None or any(path.stat().st_size for path in (world.folder / "_out").rglob("*.parquet")))
    process.kill()
    process.communicate()
    world.nobody()
    left = list((world.folder / "_out").rglob("*.parquet"))
    assert all("rows" in path.parts or path.stat().st_size == 0 for path in left), left
    assert world.done(command).returncode == 1
    assert [path.name for path in (world.folder / "_out").iterdir()] == ["rows"]
    world.no_temporary_file()


def test_options_that_cannot_be_used_are_said_before_anything_is_read(make_suite: MakeSuite, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", {"n": [1]})
    with pytest.raises(UsageError, match="would take the rows for extracts"):
        dq_engine.check(path, make_suite(NO_NULL), split=tmp_path)


def test_values_are_in_the_files_of_rows_and_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    rules = [{"type": "expect_column_values_to_be_null", "kwargs": {"column": name}} for name in privacy.COLUMNS]
    privacy.write_suite(folder, rules, period="month")
    privacy.write_rows(folder / "rows" / f"month={privacy.MONTH}" / privacy.FILE, 3)
    options = ("--split", "../out", "--with", "other=rows", "--fail-on", "never", "--verbose")
    done = dq_here(folder, "check", "rows", "--suite", "suite.json", *options)
    assert "were written to" in done.stdout, done.stdout + done.stderr
    assert privacy.leaks(privacy.artefacts(folder, done)) == []
    assert privacy.leaks(privacy.contents(tmp_path / "out")) != []


# ------------------------------------------------------------------------------------------------------------------ real data


def test_real_data(worker: WorkerProcess, real_data: Path, tmp_path: Path) -> None:
    suite = Path(__file__).parent / "realdata/gp_list_size_quarterly_2013_2016_raw.json"
    path = real_data / f"{suite.stem}.parquet"
    run = dq_engine.check(path, suite, split=tmp_path / "out", checksums=False, worker=worker)
    assert run.exit_code == 1
    equals(only(run), as_input([path]))
