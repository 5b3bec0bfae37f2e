"""``--verify-statistics``: footers, indexes and page headers that lie prove nothing, and files that do not lie are not accused."""

import functools
import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_engine import WorkerProcess, check
from dq_engine.model import Run
from dq_engine.thrift import I32, I64, STRUCT, Fields, Value
from tests.command import dq_here
from tests.robust import footer, lies

Rule = tuple[str, dict[str, Any]]


def _rules() -> Iterator[Rule]:
    for column in ("n", "code", "yes", "gone", "list", "pair"):
        yield "expect_column_values_to_not_be_null", {"column": column}
    yield "expect_column_values_to_be_null", {"column": "gone"}
    for column, low, high in (
        ("n", 0, 390),
        ("d", 0, 99),
        ("sum", 0, 3.99),
        ("day", "2024-01-01", "2024-05-01"),
    ):
        yield "expect_column_values_to_be_between", {"column": column, "min_value": low, "max_value": high}
    for column, low, high in (("n", 0, 390), ("day", "2024-01-01", "2024-05-01")):
        yield "expect_column_min_to_be_between", {"column": column, "min_value": low, "max_value": low}
        yield "expect_column_max_to_be_between", {"column": column, "max_value": high}
    yield "expect_column_values_to_be_unique", {"column": "n"}
    yield "expect_column_values_to_be_unique", {"column": "code"}
    yield "expect_column_values_to_be_in_set", {"column": "kind", "value_set": ["a", "b"]}
    yield "expect_column_values_to_not_be_in_set", {"column": "code", "value_set": ["A00450", "A00001"]}
    yield "expect_column_values_to_match_regex", {"column": "code", "regex": "^A00[0-3]"}
    yield "expect_column_values_to_match_like_pattern", {"column": "code", "like_pattern": "A00%"}
    yield "expect_column_values_to_be_increasing", {"column": "day", "strictly": True}
    yield "expect_column_mean_to_be_between", {"column": "n", "max_value": 100}
    yield "expect_column_sum_to_be_between", {"column": "sum", "max_value": 10}
    yield "expect_table_row_count_to_equal", {"value": 599}
    yield "expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "n", "column_B": "d"}
    for condition in ("n > 450", "n != 7 and gone >= 0", "d > 100 and yes == True"):
        rule = {"column": "n", "max_value": 100, "row_condition": condition, "condition_parser": "pandas"}
        yield "expect_column_values_to_be_between", rule
    query = "SELECT * FROM {batch} WHERE n > 500 OR code = 'A00499' ORDER BY n DESC LIMIT 3"
    yield "unexpected_rows_expectation", {"unexpected_rows_query": query}


RULES = tuple(_rules())
WAYS: dict[str, dict[str, Any]] = {
    "whole": {},
    "by organisation": {"organisation_column": "practice", "period_column": "day"},
}


@functools.cache
def honest(version: str) -> bytes:
    """A file with all kinds of claims, all true."""
    blooms = {column: {"ndv": lies.GROUP} for column in ("n", "code", "kind")}
    return lies.written(lies.table(), data_page_version=version, write_page_index=True, bloom_filter_options=blooms)


def found(run: Run) -> list[Any]:
    """What a run says of the data: the outcomes, and the counts of organisations."""
    (extract,) = run.extracts
    outcomes = [
        (o.expectation, o.kwargs, o.status, o.element_count, o.missing_count, o.unexpected_count, o.observed_value, o.details)
        for o in extract.outcomes
    ]
    examples = [sorted((example.shape, example.count) for example in o.examples) for o in extract.outcomes]
    measures = sorted(run.measures, key=lambda m: (m.check, m.organisation or "", m.period or ""))
    fields = sorted(run.fields, key=lambda m: (m.column, m.organisation or "", m.period or ""))
    return [outcomes, examples, measures, fields, extract.rows]


class Asked:
    """Runs of one worker over files in one folder."""

    def __init__(self, worker: WorkerProcess, folder: Path, make_suite: Any) -> None:
        self.worker, self.folder, self.make_suite = worker, folder, make_suite
        self.kept: dict[tuple[str, str], list[Any]] = {}

    def run(self, content: bytes, way: str, *, verify: bool) -> Run:
        path = self.folder / "rows.parquet"
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        suite = self.make_suite(*RULES, **WAYS[way])
        return check(path, suite, worker=self.worker, checksums=False, threads=1, verify_statistics=verify)

    def truth(self, version: str, way: str) -> list[Any]:
        """What is found in the pages, where no claim can say anything else."""
        if (version, way) not in self.kept:
            self.kept[version, way] = found(self.run(lies.without_claims(honest(version)), way, verify=False))
        return self.kept[version, way]


@pytest.fixture(scope="module")
def asked(worker: WorkerProcess, tmp_path_factory: pytest.TempPathFactory, make_suite: Any) -> Asked:
    return Asked(worker, tmp_path_factory.mktemp("lies"), make_suite)


in_both_ways = pytest.mark.parametrize("way", WAYS)


@in_both_ways
def test_the_rules_can_tell_lies_from_truth(way: str, asked: Asked) -> None:
    (outcomes, *_) = asked.truth("1.0", way)
    statuses = [status for _, _, status, *_ in outcomes]
    assert set(statuses) == {"pass", "fail"}
    assert statuses.count("fail") > 20


@in_both_ways
@pytest.mark.parametrize("verify", [False, True])
def test_true_claims_change_nothing(verify: bool, way: str, asked: Asked) -> None:
    assert found(asked.run(honest("1.0"), way, verify=verify)) == asked.truth("1.0", way)


BELIEVED = (
    "no NULLs",
    "the maximum is the minimum",
    "the minimum is the maximum",
    "minimum and maximum are swapped",
    "one value alone",
)


@pytest.mark.parametrize(
    ("lie", "way"), [*((lie, "whole") for lie in lies.STATISTICS), *((lie, "by organisation") for lie in BELIEVED)]
)
def test_a_lie_of_the_footer_changes_nothing(lie: str, way: str, asked: Asked) -> None:
    content = footer.changed(honest("1.0"), lies.STATISTICS[lie])
    assert found(asked.run(content, way, verify=True)) == asked.truth("1.0", way)


@pytest.mark.parametrize(
    ("lie", "version"), [*((lie, "2.0") for lie in lies.PAGES), *((lie, "1.0") for lie in lies.PAGES if "page headers" in lie)]
)
def test_a_lie_outside_the_footer_changes_nothing(version: str, lie: str, asked: Asked) -> None:
    content = lies.PAGES[lie](honest(version))
    assert found(asked.run(content, "whole", verify=True)) == asked.truth(version, "whole")


@pytest.mark.parametrize("lie", lies.REFUSED)
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_lie_that_cannot_be_ignored_is_an_error(version: str, lie: str, asked: Asked) -> None:
    run = asked.run(footer.changed(honest(version), lies.REFUSED[lie]), "whole", verify=True)
    assert {outcome.status for outcome in run.extracts[0].outcomes} == {"error"}
    assert run.exit_code == 3
    assert "footer" in run.extracts[0].problem


@pytest.mark.parametrize("lie", [*BELIEVED, "all NULL in one column", "fewer rows"])
def test_what_is_believed_without_the_option(lie: str, asked: Asked) -> None:
    """ARCHITECTURE.md says so under the known limits."""
    content = footer.changed(honest("1.0"), (lies.STATISTICS | lies.REFUSED)[lie])
    assert found(asked.run(content, "whole", verify=False)) != asked.truth("1.0", "whole")


@pytest.mark.parametrize(
    "lie",
    [lie for lie in lies.REFUSED if "in the chunks" in lie or "than in" in lie or "in the file" in lie or "values than" in lie],
)
def test_a_footer_that_contradicts_itself_is_found_without_the_option(lie: str, asked: Asked) -> None:
    run = asked.run(footer.changed(honest("1.0"), lies.REFUSED[lie]), "whole", verify=False)
    assert not [outcome for outcome in run.extracts[0].outcomes if outcome.status == "pass"]
    assert run.exit_code == 3


# ------------------------------------------------------------------------------------------------------- files that are true


OPTIONS: dict[str, dict[str, Any]] = {
    "pyarrow 1": {},
    "pyarrow 2": {"data_page_version": "2.0"},
    "gzip": {"compression": "gzip", "use_dictionary": False},
    "gzip 2 with checksums": {"compression": "gzip", "data_page_version": "2.0", "write_page_checksum": True},
    "not compressed, with checksums": {"compression": "none", "write_page_checksum": True},
    "brotli": {"compression": "brotli"},
    "lz4": {"compression": "lz4", "data_page_version": "2.0"},
}


def _frames() -> dict[str, pa.Table]:
    empty = lies.table().slice(0, 0)
    nothing = pa.table({name: pa.nulls(300, column.type) for name, column in zip(empty.column_names, empty.columns, strict=True)})
    lists = pa.table({"list": pa.array([[1, 2], None, [], [None]] * 100, pa.list_(pa.int32()))})
    deep = pa.array([{"a": [{"b": None, "c": row}], "d": None} for row in range(300)])
    return {
        "rows": lies.table(),
        "no rows": empty,
        "NULLs alone": nothing,
        "lists alone": lists,
        "deep": pa.table({"deep": deep}),
    }


@pytest.mark.parametrize("frame", _frames())
@pytest.mark.parametrize("writer", [*OPTIONS, "polars"])
def test_files_of_all_writers_are_believed_to_have_their_rows(
    writer: str, frame: str, worker: WorkerProcess, tmp_path: Path
) -> None:
    content, path = _frames()[frame], tmp_path / "rows.parquet"
    if writer == "polars":
        pl.DataFrame(content).write_parquet(path, row_group_size=150)
    else:
        path.write_bytes(lies.written(content, **OPTIONS[writer]))
    rule = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": content.num_rows}}
    null = {"type": "expect_column_values_to_be_null", "kwargs": {"column": content.column_names[-1]}}
    suite = {"name": "rows", "expectations": [rule, null]}
    believing, verifying = (
        check(path, suite, worker=worker, checksums=False, verify_statistics=verify).extracts[0].outcomes
        for verify in (False, True)
    )
    if frame == "lists alone" and OPTIONS.get(writer, {}).get("data_page_version") != "2.0":
        assert [outcome.status for outcome in verifying] == ["error", "error"]
        assert "number of rows" in verifying[0].message
    else:
        assert verifying[0].status == "pass"
        assert [(o.status, o.unexpected_count) for o in verifying] == [(o.status, o.unexpected_count) for o in believing]


def _longer(header: Fields, content: bytes) -> tuple[Fields, bytes]:
    return {**header, footer.PAGE_SIZE: Value(I32, header[footer.PAGE_SIZE].value + 1)}, content


def _levels(header: Fields, content: bytes) -> tuple[Fields, bytes]:
    if footer.PAGE_V2 not in header:
        return header, content
    own = {**header[footer.PAGE_V2].value, 5: Value(I32, len(content) + 1)}
    return {**header, footer.PAGE_V2: Value(STRUCT, own)}, content


DAMAGES: dict[str, tuple[str, Callable[[Fields, bytes], tuple[Fields, bytes]]]] = {
    "empty": ("pyarrow 1", lambda header, _: (header, b"")),
    "empty, packed by gzip": ("gzip", lambda header, _: (header, b"")),
    "cut short": ("gzip", lambda header, content: (header, content[: len(content) // 2])),
    "another, shorter": ("gzip", lambda header, _: (header, gzip.compress(b"1"))),
    "another, longer": ("gzip", lambda header, _: (header, gzip.compress(bytes(1 << 22)))),
    "no gzip": ("gzip", lambda header, content: (header, b"x" + content[1:])),
    "one bit": ("not compressed, with checksums", lambda header, content: (header, content[:-1] + bytes([content[-1] ^ 1]))),
    "shorter than it says": ("not compressed, with checksums", _longer),
    "levels longer than it": ("pyarrow 2", _levels),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_page_that_is_not_whole_is_an_error(damage: str, asked: Asked) -> None:
    """DuckDB would read what memory happens to hold, and that could be right."""
    writer, change = DAMAGES[damage]
    sound = lies.written(lies.table(), **OPTIONS[writer])
    same = footer.with_pages(sound, lambda header, content: (header, content), "code")
    assert not asked.run(same, "whole", verify=True).extracts[0].problem
    run = asked.run(footer.with_pages(sound, change, "code"), "whole", verify=True)
    assert 'a page of column "code" is damaged' in run.extracts[0].problem
    assert {outcome.status for outcome in run.outcomes} == {"error"}


def test_the_chunks_of_a_footer_may_not_share_bytes(asked: Asked) -> None:
    """Else a small file could keep its reader busy for ever."""

    def share(written: Fields) -> None:
        (group, *_) = footer.groups(written)
        written[footer.ROW_GROUPS].value.items[:] = [group] * 50
        written[footer.NUM_ROWS] = Value(I64, lies.GROUP * 50)

    run = asked.run(footer.changed(honest("1.0"), share), "whole", verify=True)
    assert "more bytes" in run.extracts[0].problem


# ------------------------------------------------------------------------------------------------------------ where it is said

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
SUITE = {"name": "rows", "expectations": [NOT_NULL], "meta": {"dq": {"feed": "rows"}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows.parquet").write_bytes(footer.changed(honest("1.0"), lies.STATISTICS["no NULLs"]))
    (tmp_path / "suite.json").write_text(json.dumps(SUITE))
    return tmp_path


@pytest.mark.parametrize(
    ("flags", "settings", "of_extract", "verifies"),
    [
        ([], "", "", False),
        (["--verify-statistics"], "", "", True),
        ([], "verify_statistics = true", "", True),
        ([], "", "verify_statistics = true", True),
        ([], "verify_statistics = false", "verify_statistics = false", False),
    ],
)
def test_how_it_is_asked_for(flags: list[str], settings: str, of_extract: str, verifies: bool, folder: Path) -> None:
    extract = f'[[extracts]]\npath = "rows.parquet"\nsuite = "suite.json"\n{of_extract}\n'
    (folder / "dq.toml").write_text(f"[dq]\n{settings}\n{extract}")
    done = dq_here(folder, "check", *flags, "--format", "json", "--no-results")
    run = json.loads(done.stdout)
    assert run["extracts"][0]["outcomes"][0]["status"] == ("fail" if verifies else "pass")
    assert run["options"]["verify_statistics"] is (bool(flags) or settings.endswith("true"))


def test_a_lie_of_another_extract(worker: WorkerProcess, tmp_path: Path) -> None:
    """The codes exist in the other extract, whose footer says that they are too small to be among them."""
    content = lies.table()
    pq.write_table(content.select(["practice"]), tmp_path / "rows.parquet")
    practices = pa.table({"code": [f"P{row:05}" for row in range(lies.ROWS)]})
    lie = footer.changed(lies.written(practices), lies.STATISTICS["the minimum is the maximum"])
    (tmp_path / "practices.parquet").write_bytes(lie)
    kwargs = {"column": "practice", "other": "practices", "other_column": "code"}
    suite = {"name": "rows", "expectations": [{"type": "expect_column_values_to_exist_in_other_extract", "kwargs": kwargs}]}
    others = {"practices": tmp_path / "practices.parquet"}
    run = check(tmp_path / "rows.parquet", suite, others=others, worker=worker, verify_statistics=True)
    assert run.extracts[0].outcomes[0].status == "pass"
    (tmp_path / "practices.parquet").write_bytes(footer.changed(lies.written(practices), lies.REFUSED["fewer rows"]))
    run = check(tmp_path / "rows.parquet", suite, others=others, worker=worker, verify_statistics=True)
    assert run.extracts[0].outcomes[0].status == "error"
    assert "practices" in run.extracts[0].outcomes[0].message


def test_what_is_read_again_is_the_same_to_the_byte() -> None:
    content = honest("2.0")
    body, end = footer.parted(content)
    assert footer.joined(body, end) == content
    again = footer.with_pages(content, lambda header, inside: (header, inside))
    assert pq.read_table(io.BytesIO(again)).equals(pq.read_table(io.BytesIO(content)))
