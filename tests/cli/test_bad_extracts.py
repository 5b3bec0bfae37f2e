"""Broken, odd and hostile extracts: an answer or a reason, never a traceback, a hang or a silence."""

import contextlib
import json
import os
import random
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_engine.engine import Options, run_checks
from dq_engine.feeds import Extract, find_files, read_suite
from dq_engine.model import Run
from dq_engine.process import WorkerProcess
from tests import command

DEADLINE = 30
"""Seconds after which a command that does not end is taken to hang."""
dq = partial(command.dq, deadline=DEADLINE)
dq_here = partial(command.dq_here, deadline=DEADLINE)


def rule(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": name, "kwargs": kwargs}


def not_null(column: str) -> dict[str, Any]:
    return rule("expect_column_values_to_not_be_null", column=column)


def write_suite(folder: Path, *expectations: dict[str, Any], **meta: Any) -> Path:
    path = folder / "suite.json"
    text = {"name": "rows", "expectations": expectations, "meta": {"dq": {"feed": "rows", **meta}}}
    path.write_text(json.dumps(text), encoding="utf-8")
    return path


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)
    return path


def checked(folder: Path, *paths: Path | str, options: Sequence[str] = ()) -> dict[str, Any]:
    """The run of ``dq check`` on ``paths`` with the suite of ``folder``; exit code and outcomes agree with each other."""
    fixed = ("--suite", "suite.json", "--format", "json", "--no-results")
    done = dq_here(folder, "check", *fixed, *options, "--", *map(str, paths))
    assert done.stdout, done.stderr
    run: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == run["exit_code"]
    outcomes = [outcome for extract in run["extracts"] for outcome in extract["outcomes"]]
    assert len(outcomes) == run["planned"]
    if any(outcome["status"] == "error" for outcome in outcomes):
        assert run["exit_code"] == 3
    assert all(outcome["message"] for outcome in outcomes if outcome["status"] == "error")
    return run


def statuses(extract: dict[str, Any]) -> list[str]:
    return [outcome["status"] for outcome in extract["outcomes"]]


# ---------------------------------------------------------------------------------------------------------- no Parquet


NOT_PARQUET: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"P",
    "the magic alone": b"PAR1",
    "the magic twice": b"PAR1PAR1",
    "the magic and a length of nothing": b"PAR1\x00\x00\x00\x00PAR1",
    "a footer longer than the file": b"PAR1\xff\xff\xff\x7fPAR1",
    "a footer of noise": b"PAR1" + bytes(range(256)) + b"\x00\x01\x00\x00PAR1",
    "an encrypted footer": b"PAR1" + bytes(64) + b"\x40\x00\x00\x00PARE",
    "text": b"code,list_size\nA81001,7000\n" * 100,
    "JSON": b'{"code": "A81001"}',
    "a spreadsheet": b"PK\x03\x04" + bytes(1000),
    "zeros": bytes(100_000),
}


@pytest.mark.parametrize("content", NOT_PARQUET.values(), ids=NOT_PARQUET)
def test_not_parquet(content: bytes, tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    (tmp_path / "rows.parquet").write_bytes(content)
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json")
    assert done.returncode == 3
    assert "arquet" in done.stdout or "is encrypted" in done.stdout


def test_cut_off_anywhere(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"), not_null("n"))
    whole = write(tmp_path / "whole.parquet", {"code": [f"A{n:05}" for n in range(2000)], "n": list(range(2000))})
    content = whole.read_bytes()
    lengths = sorted({*range(0, 16), *range(16, len(content), len(content) // 40), *range(len(content) - 12, len(content))})
    paths = []
    for length in lengths:
        paths.append(tmp_path / f"cut_{length}.parquet")
        paths[-1].write_bytes(content[:length])
    run = checked(tmp_path, *paths, whole)
    *cut, last = run["extracts"]
    assert [statuses(extract) for extract in cut] == [["error", "error"]] * len(lengths)
    assert all("arquet" in extract["problem"] for extract in cut)
    assert statuses(last) == ["pass", "pass"]


# ---------------------------------------------------------------------------------------------------- empty in some way


def test_no_rows(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"), rule("expect_column_to_exist", column="code"))
    write(tmp_path / "rows.parquet", {"code": pa.array([], pa.string())})
    (extract,) = checked(tmp_path, "rows.parquet")["extracts"]
    assert statuses(extract) == ["vacuous", "pass"]


def test_a_row_group_without_rows(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"), rule("expect_table_row_count_to_equal", value=1))
    schema = pa.schema([("code", pa.string())])
    with pq.ParquetWriter(tmp_path / "rows.parquet", schema) as writer:
        for codes in ([], ["A81001"], []):
            writer.write_table(pa.table({"code": pa.array(codes, pa.string())}, schema))
    (extract,) = checked(tmp_path, "rows.parquet")["extracts"]
    assert statuses(extract) == ["pass", "pass"]


def test_no_columns(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"), rule("expect_column_to_exist", column="code"))
    write(tmp_path / "rows.parquet", {})
    done = dq_here(tmp_path, "check", "rows.parquet", "--suite", "suite.json")
    assert done.returncode == 3
    assert "has no columns" in done.stdout


def test_values_of_nothing(tmp_path: Path) -> None:
    """pyarrow writes a column that it knows no type of: all NULL."""
    write_suite(
        tmp_path,
        not_null("x"),
        rule("expect_column_values_to_be_null", column="x"),
        rule("expect_column_values_to_be_between", column="x", min_value=1),
        rule("expect_column_values_to_be_unique", column="x"),
    )
    write(tmp_path / "rows.parquet", {"x": pa.nulls(3)})
    (extract,) = checked(tmp_path, "rows.parquet")["extracts"]
    assert statuses(extract) == ["fail", "pass", "vacuous", "vacuous"]


# -------------------------------------------------------------------------------------------------------------- nested


def test_nested_columns(tmp_path: Path) -> None:
    columns = {
        "list": pa.array([[1, 2], None, []]),
        "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}]),
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        "deep": pa.array([[{"a": [1]}], None, []]),
        "plain": [1, 2, 3],
    }
    nested = ("list", "struct", "map", "deep")
    types = {"list": "BIGINT[]", "struct": "STRUCT(a BIGINT, b VARCHAR)", "map": "MAP(VARCHAR, BIGINT)"}
    write_suite(
        tmp_path,
        *(not_null(name) for name in nested),
        *(rule("expect_column_to_exist", column=name) for name in nested),
        *(rule("expect_column_values_to_be_of_type", column=name, type_=type_) for name, type_ in types.items()),
        *(rule("expect_column_values_to_be_in_set", column=name, value_set=[1]) for name in nested),
        *(rule("expect_column_values_to_be_unique", column=name) for name in nested),
        *(rule("expect_column_values_to_match_regex", column=name, regex="1") for name in nested),
        *(rule("expect_column_max_to_be_between", column=name, max_value=9) for name in nested),
        not_null("plain"),
    )
    write(tmp_path / "rows.parquet", columns)
    (extract,) = checked(tmp_path, "rows.parquet")["extracts"]
    assert statuses(extract) == ["fail"] * 4 + ["pass"] * 7 + ["error"] * 16 + ["pass"]
    assert [outcome["unexpected_count"] for outcome in extract["outcomes"][:4]] == [1] * 4
    assert all("is nested" in o["message"] for o in extract["outcomes"] if o["status"] == "error")


# --------------------------------------------------------------------------------------------------------------- names


COLUMN_NAMES = [
    'with "double" quotes',
    "with 'single' quotes",
    "with.dots",
    "with spaces ",
    " leading",
    "🏥 emoji",
    "SELECT",
    "select * from x; --",
    "two\nlines",
    "tab\tbed",
    "back\\slash",
    "{batch}",
    "%s",
    "$1",
    "?",
    "*",
    "a,b",
    "(none)",
    "x" * 500,
    "Straße",
    "e\u0301",
    "\u202eevil",
    "\x1b[31mred",
    "dq_extract",
    "dq_organisation",
    "organisation",
    "k1",
    "k2",
    "n",
    "o",
    "s",
    "v",
    "e",
    "c",
    "total",
    "place",
    "kinds",
    "lo",
    "hi",
    "low",
    "high",
    "nulls",
    "path_in_schema",
    "filename",
    "file_row_number",
    "rowid",
    "count(*)",
    "NULL",
    "true",
]


def rules_of_every_shape(column: str) -> list[dict[str, Any]]:
    """Rules that fail on the values "a", "b", "b", NULL: footer, rows, keys, sets and pairs."""
    return [
        not_null(column),
        rule("expect_column_values_to_be_unique", column=column),
        rule("expect_column_values_to_be_in_set", column=column, value_set=["a"]),
        rule("expect_column_distinct_values_to_equal_set", column=column, value_set=["a", "c"]),
        rule("expect_column_pair_values_to_be_equal", column_A=column, column_B="other"),
        rule("expect_compound_columns_to_be_unique", column_list=[column, "other"]),
        rule(
            "expect_column_value_lengths_to_equal",
            column=column,
            value=2,
            row_condition={"type": "comparison", "column": {"name": column}, "operator": "==", "parameter": "b"},
        ),
    ]


FAILED = [1, 2, 2, 2, 3, 2, 2]
"""How many fail :func:`rules_of_every_shape`."""


@pytest.mark.parametrize("options", [(), ("--show-values",)], ids=["plain", "with values"])
def test_odd_column_names(options: tuple[str, ...], tmp_path: Path) -> None:
    values, other = ["a", "b", "b", None], ["a", "x", "x", "y"]
    expectations = [rule for name in COLUMN_NAMES for rule in rules_of_every_shape(name)]
    write_suite(tmp_path, *expectations)
    write(tmp_path / "rows.parquet", {**dict.fromkeys(COLUMN_NAMES, values), "other": other})
    (extract,) = checked(tmp_path, "rows.parquet", options=options)["extracts"]
    found = [
        (o["status"], o.get("unexpected_count"), o.get("message", "") or o.get("examples_note", "")) for o in extract["outcomes"]
    ]
    for place, name in enumerate(COLUMN_NAMES):
        own = found[place * len(FAILED) : (place + 1) * len(FAILED)]
        assert own == [("fail", count, "") for count in FAILED], name


@pytest.mark.parametrize("name", [*COLUMN_NAMES, "org"])
def test_odd_names_of_the_organisation_column(name: str, tmp_path: Path) -> None:
    write_suite(
        tmp_path,
        not_null("other"),
        rule("expect_compound_columns_to_be_unique", column_list=[name, "other"]),
        organisation_column=name,
    )
    write(tmp_path / "rows.parquet", {"k3": [0, 0, 0], name: ["5D7", "5D8", "5D8"], "other": ["x", None, None]})
    (extract,) = checked(tmp_path, "rows.parquet")["extracts"]
    assert extract["organisations"] == 2, extract.get("problem")
    assert [(o["status"], o["unexpected_count"], o["failing_organisations"]) for o in extract["outcomes"]] == [
        ("fail", 2, 1),
        ("fail", 2, 1),
    ]


def test_names_that_differ_by_case_alone(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"), not_null("Code"), not_null("CODE"), not_null("cODE"))
    columns = [pa.array(["a", "a"]), pa.array(["a", None]), pa.array(["a", "a"])]
    pq.write_table(pa.Table.from_arrays(columns, names=["code", "Code", "CODE"]), tmp_path / "rows.parquet")
    (extract,) = checked(tmp_path, "rows.parquet")["extracts"]
    assert statuses(extract) == ["pass", "fail", "pass", "error"]
    assert "could be any of code, Code, CODE" in extract["outcomes"][3]["message"]


def test_a_column_twice(tmp_path: Path) -> None:
    """Nobody can say which of the two is meant: an answer must not be taken from one of them in silence."""
    write_suite(tmp_path, not_null("code"))
    columns = [pa.array(["a", "a"]), pa.array(["a", None])]
    pq.write_table(pa.Table.from_arrays(columns, names=["code", "code"]), tmp_path / "rows.parquet")
    (extract,) = checked(tmp_path, "rows.parquet")["extracts"]
    assert statuses(extract) == ["error"]


def test_a_column_without_a_name(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"), rule("expect_table_columns_to_match_ordered_list", column_list=["", "code"]))
    write(tmp_path / "rows.parquet", {"": [1, None], "code": ["a", "b"]})
    run = checked(tmp_path, "rows.parquet")
    assert run["exit_code"] in (0, 3)
    assert statuses(run["extracts"][0]) in (["pass", "pass"], ["error", "error"])


FILE_NAMES = [
    "it's.parquet",
    'say "x".parquet',
    "two words.parquet",
    "rows[1].parquet",
    "rows*.parquet",
    "rows?.parquet",
    "{a,b}.parquet",
    "🏥.parquet",
    "-x.parquet",
    "--suite.parquet",
    "line\nbreak.parquet",
    "%41.parquet",
    "a=b.parquet",
    "ROWS.PARQUET",
    "rows.pq",
    "x;y#z.parquet",
    "back\\slash.parquet",
    "\x1b[31mred.parquet",
    "http:x.parquet",
    "x" * 240 + ".parquet",
]


@pytest.mark.parametrize("how", ["one by one", "as a folder"])
def test_odd_file_names(how: str, tmp_path: Path) -> None:
    write_suite(tmp_path, rule("expect_table_row_count_to_equal", value=1), not_null("code"))
    for name in FILE_NAMES:
        write(tmp_path / "in" / name, {"code": ["a"]})
    names = [f"in/{name}" for name in FILE_NAMES] if how == "one by one" else ["in"]
    run = checked(tmp_path, *names)
    if how == "one by one":
        assert [statuses(extract) for extract in run["extracts"]] == [["pass", "pass"]] * len(FILE_NAMES)
        assert len({extract["name"] for extract in run["extracts"]}) == len(FILE_NAMES)
    else:
        (extract,) = run["extracts"]
        assert extract["rows"] == len(FILE_NAMES)
        assert statuses(extract) == ["fail", "pass"]


def test_a_file_in_the_working_folder_whose_name_begins_with_a_dash(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    write(tmp_path / "-x.parquet", {"code": ["a"]})
    assert statuses(checked(tmp_path, "-x.parquet")["extracts"][0]) == ["pass"]


def test_a_file_name_that_is_a_pattern_stands_for_itself_alone(tmp_path: Path) -> None:
    write_suite(tmp_path, rule("expect_table_row_count_to_equal", value=1))
    write(tmp_path / "rows[1].parquet", {"code": ["a"]})
    write(tmp_path / "rows1.parquet", {"code": ["a", "b", "c"]})
    (extract,) = checked(tmp_path, "rows[1].parquet")["extracts"]
    assert extract["rows"] == 1


def test_bytes_that_are_no_text_in_a_file_name(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    write(tmp_path / "rows.parquet", {"code": ["a"]})
    odd = os.fsencode(tmp_path) + b"/in/caf\xe9.parquet"
    (tmp_path / "in").mkdir()
    shutil.copy(os.fsencode(tmp_path / "rows.parquet"), odd)
    done = dq_here(tmp_path, "check", "in", "--suite", "suite.json")
    assert done.returncode in (0, 2, 3)


def test_two_extracts_of_one_name(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    write(tmp_path / "north" / "rows.parquet", {"code": ["a"]})
    write(tmp_path / "south" / "rows.parquet", {"code": [None, "b"]})
    first, second = checked(tmp_path, "north/rows.parquet", "south/rows.parquet")["extracts"]
    assert (first["name"], statuses(first)) == ("north/rows", ["pass"])
    assert (second["name"], statuses(second)) == ("south/rows", ["fail"])
    assert second["outcomes"][0]["extract"] == "south/rows"


def test_one_extract_twice_is_told_apart(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    write(tmp_path / "rows.parquet", {"code": ["a"]})
    extracts = checked(tmp_path, "rows.parquet", "rows.parquet")["extracts"]
    assert len({extract["name"] for extract in extracts}) == len(extracts)


# ------------------------------------------------------------------------------------------------------- several files


DIFFERENT: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "a column is absent": ({"code": ["c"]}, ('lacks "size"',)),
    "a column is foreign": ({"code": ["c"], "size": [3], "sex": ["1"]}, ('in addition "sex"',)),
    "another type": ({"code": ["c"], "size": ["3"]}, ('"size"', "INT64")),
    "another size of a number": ({"code": ["c"], "size": pa.array([3], pa.int32())}, ('"size"', "INT32")),
    "another order": ({"size": [3], "code": ["c"]}, ("another order",)),
    "another case": ({"code": ["c"], "Size": [3]}, ('lacks "size"', 'in addition "Size"')),
}


@pytest.mark.parametrize(("columns", "says"), DIFFERENT.values(), ids=DIFFERENT)
def test_files_of_different_shapes(columns: dict[str, Any], says: tuple[str, ...], tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"), not_null("size"))
    write(tmp_path / "in" / "a.parquet", {"code": ["a"], "size": [1]})
    write(tmp_path / "in" / "b.parquet", {"code": ["b"], "size": [2]})
    write(tmp_path / "in" / "c.parquet", columns)
    run = checked(tmp_path, "in")
    (extract,) = run["extracts"]
    assert statuses(extract) == ["error", "error"]
    for piece in (*says, "c.parquet"):
        assert piece in extract["problem"]


def test_the_file_of_another_shape_is_named(tmp_path: Path) -> None:
    """Nobody finds the 173rd file of a folder by counting."""
    write_suite(tmp_path, not_null("code"))
    write(tmp_path / "in" / "a.parquet", {"code": ["a"]})
    write(tmp_path / "in" / "b.parquet", {"cod": ["b"]})
    (extract,) = checked(tmp_path, "in")["extracts"]
    assert "b.parquet" in extract["problem"]


def test_one_broken_file_among_several_is_named(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    write(tmp_path / "in" / "a.parquet", {"code": ["a"]})
    (tmp_path / "in" / "b.parquet").write_bytes(b"PAR1 nothing PAR1")
    (extract,) = checked(tmp_path, "in")["extracts"]
    assert "b.parquet" in extract["problem"]
    assert "b.parquet" in extract["problem"]


def test_partitioned_folders(tmp_path: Path) -> None:
    """The keys of the folders are columns: as text, with leading zeros, and usable in every rule."""
    write_suite(
        tmp_path,
        rule("expect_table_row_count_to_equal", value=3),
        rule("expect_column_values_to_be_in_set", column="month", value_set=["01", "02"]),
        rule("expect_column_values_to_be_in_set", column="month", value_set=["01"]),
        rule("expect_column_values_to_be_of_type", column="month", type_="VARCHAR"),
        rule("expect_compound_columns_to_be_unique", column_list=["org", "month", "code"]),
        rule("expect_column_distinct_values_to_equal_set", column="org", value_set=["5D7", "5D8"]),
        rule("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE month = '02'"),
        not_null("month"),
        not_null("code"),
        rule("expect_table_columns_to_match_set", column_set=["code", "org", "month"]),
        organisation_column="org",
    )
    write(tmp_path / "in" / "org=5D7" / "month=01" / "a.parquet", {"code": ["a"]})
    write(tmp_path / "in" / "org=5D7" / "month=02" / "a.parquet", {"code": ["a"]})
    write(tmp_path / "in" / "org=5D8" / "month=01" / "b.parquet", {"code": pa.array([None], pa.string())})
    (extract,) = checked(tmp_path, "in")["extracts"]
    assert statuses(extract) == ["pass", "pass", "fail", "pass", "pass", "pass", "fail", "pass", "fail", "pass"]
    assert extract["organisations"] == 2
    assert extract["outcomes"][8]["failing_organisations"] == 1


def test_a_column_both_in_the_file_and_in_the_folder(tmp_path: Path) -> None:
    """Which of the two is meant is not known: the folder's value must not pass for the file's in silence."""
    write_suite(tmp_path, not_null("month"), not_null("code"))
    write(tmp_path / "in" / "month=01" / "a.parquet", {"month": [None, "01"], "code": ["a", "b"]})
    run = checked(tmp_path, "in")
    assert statuses(run["extracts"][0])[0] in ("fail", "error")


def test_folders_that_are_partitioned_in_part(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("month"))
    write(tmp_path / "in" / "month=01" / "a.parquet", {"code": ["a"]})
    write(tmp_path / "in" / "b.parquet", {"code": ["a"]})
    run = checked(tmp_path, "in")
    assert statuses(run["extracts"][0]) in (["error"], ["fail"])


# -------------------------------------------------------------------------------------------------------------- damage


def damaged(path: Path, to: Path, column: int, seed: int) -> Path:
    """A copy with bytes flipped in the middle of a column's pages."""
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(column)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(1 + seed % 8):
        content[start + chance.randrange(chunk.total_compressed_size)] ^= 1 << chance.randrange(8)
    to.write_bytes(content)
    return to


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_flipped_bits(compression: str, tmp_path: Path) -> None:
    write_suite(
        tmp_path,
        rule("expect_column_values_to_match_regex", column="code", regex=r"^A\d{5}$"),
        rule("expect_column_values_to_be_unique", column="code"),
        rule("expect_column_values_to_be_between", column="size", min_value=0, max_value=6),
        rule("expect_column_values_to_match_regex", column="name", regex="^practice"),
        rule("expect_column_values_to_be_unique", column="name"),
        rule("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE length(name) > 99"),
    )
    count = 3000
    columns = {
        "code": [f"A{n:05}" for n in range(count)],
        "size": [n % 7 for n in range(count)],
        "name": [f"practice {n * 7919 % 10007}" for n in range(count)],
    }
    whole = write(tmp_path / "whole.parquet", columns, compression=compression, write_statistics=False)
    copies = [damaged(whole, tmp_path / f"copy_{seed}.parquet", 2, seed) for seed in range(30)]
    run = checked(tmp_path, *copies, whole)
    *broken, last = run["extracts"]
    assert statuses(last) == ["pass"] * 6
    for extract in broken:
        assert set(statuses(extract)) <= {"pass", "fail", "error"}
        if "worker" not in json.dumps([o.get("message", "") for o in extract["outcomes"]]):
            assert statuses(extract)[:3] == ["pass"] * 3, extract["name"]


def test_flipped_bits_in_the_footer(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"), rule("expect_column_values_to_be_unique", column="n"))
    whole = write(tmp_path / "whole.parquet", {"code": [f"A{n:05}" for n in range(99)], "n": list(range(99))})
    content = whole.read_bytes()
    length = int.from_bytes(content[-8:-4], "little")
    paths = []
    for seed in range(40):
        chance, copy = random.Random(seed), bytearray(content)
        for _ in range(1 + seed % 3):
            copy[-9 - chance.randrange(length)] ^= 1 << chance.randrange(8)
        paths.append(tmp_path / f"copy_{seed}.parquet")
        paths[-1].write_bytes(copy)
    run = checked(tmp_path, *paths, whole, options=("--memory-limit", "1GB", "--timeout", "20"))
    assert statuses(run["extracts"][-1]) == ["pass", "pass"]


# --------------------------------------------------------------------------------------------- changed while it is read


def checked_while(folder: Path, happens: Callable[[], object], phase: str = "scanning") -> Run:
    """The run of two extracts, a.parquet and b.parquet, while something happens once the first is being scanned."""
    suite = read_suite(write_suite(folder, not_null("code"), rule("expect_column_values_to_be_unique", column="code")))
    extracts = []
    for name in ("a", "b"):
        path = write(folder / f"{name}.parquet", {"code": [f"A{n}" for n in range(50_000)]}, write_statistics=False)
        (files,) = find_files(str(path))
        extracts.append(Extract(files.name, files.paths, suite))
    happened: list[str] = []

    def observe(extract: str, doing: str, fraction: float) -> None:
        if extract == "a" and doing.startswith(phase) and not happened:
            happened.append(doing)
            happens()

    with WorkerProcess() as worker:
        run = run_checks(extracts, Options(), worker, observer=observe)
    assert happened
    return run


@pytest.mark.parametrize("phase", ["scanning", "comparing", "looking at failures"])
def test_an_extract_that_is_replaced_while_it_is_read(phase: str, tmp_path: Path) -> None:
    def replace() -> None:
        write(tmp_path / "new.parquet", {"code": [None, "b"]}).replace(tmp_path / "a.parquet")

    run = checked_while(tmp_path, replace, phase)
    first, second = run.extracts
    assert {o.status for o in first.outcomes} == {"error"}
    assert "changed while it was being read" in first.problem
    assert {o.status for o in second.outcomes} == {"pass"}
    assert run.exit_code == 3


def test_an_extract_that_is_overwritten_in_place_while_it_is_read(tmp_path: Path) -> None:
    def overwrite() -> None:
        path = tmp_path / "a.parquet"
        path.write_bytes(b"\0" * path.stat().st_size)

    run = checked_while(tmp_path, overwrite)
    assert {o.status for o in run.extracts[0].outcomes} == {"error"}
    assert {o.status for o in run.extracts[1].outcomes} == {"pass"}


def test_an_extract_that_is_cut_off_while_it_is_read(tmp_path: Path) -> None:
    run = checked_while(tmp_path, lambda: os.truncate(tmp_path / "a.parquet", 100))
    assert {o.status for o in run.extracts[0].outcomes} == {"error"}
    assert {o.status for o in run.extracts[1].outcomes} == {"pass"}


@pytest.mark.parametrize("phase", ["opening", "scanning", "looking at failures"])
def test_an_extract_that_is_removed_while_it_is_read(phase: str, tmp_path: Path) -> None:
    run = checked_while(tmp_path, (tmp_path / "a.parquet").unlink, phase)
    assert {o.status for o in run.extracts[0].outcomes} == {"error"}
    assert "does not exist any more" in run.extracts[0].problem
    assert {o.status for o in run.extracts[1].outcomes} == {"pass"}


# -------------------------------------------------------------------------------------------------- not a file to read


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    before: list[str] = []
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("permissions do not bind root, and there is no setpriv to give up its privileges")
        before = [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--"]
    write_suite(tmp_path, not_null("code"))
    write(tmp_path / "rows.parquet", {"code": ["a"]}).chmod(0)
    done = dq(tmp_path, "check", "rows.parquet", "--suite", "suite.json", before=before)
    assert done.returncode == 3
    assert "permission denied" in done.stdout


def test_a_folder_that_is_called_like_a_file(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    (tmp_path / "x.parquet").mkdir()
    done = dq_here(tmp_path, "check", "x.parquet", "--suite", "suite.json")
    assert done.returncode == 4
    write(tmp_path / "x.parquet" / "part-0.parquet", {"code": ["a"]})
    assert statuses(checked(tmp_path, "x.parquet")["extracts"][0]) == ["pass"]


def test_a_link_to_itself(tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    (tmp_path / "loop.parquet").symlink_to("loop.parquet")
    assert dq_here(tmp_path, "check", "loop.parquet", "--suite", "suite.json").returncode == 2


@pytest.mark.parametrize("target", ["loop.parquet", "gone.parquet"], ids=["a loop", "a link to nothing"])
def test_a_dead_link_in_a_folder(target: str, tmp_path: Path) -> None:
    """A file that the folder promises and does not have is no silence."""
    write_suite(tmp_path, not_null("code"))
    write(tmp_path / "in" / "a.parquet", {"code": ["a"]})
    (tmp_path / "in" / "loop.parquet").symlink_to(target)
    done = dq_here(tmp_path, "check", "in", "--suite", "suite.json")
    assert done.returncode in (2, 3)
    assert "loop.parquet" in done.stdout + done.stderr


def test_a_folder_that_holds_itself(tmp_path: Path) -> None:
    write_suite(tmp_path, rule("expect_table_row_count_to_equal", value=1))
    write(tmp_path / "in" / "a.parquet", {"code": ["a"]})
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    assert statuses(checked(tmp_path, "in")["extracts"][0]) == ["pass"]


@pytest.mark.parametrize("argument", ["pipe.parquet", "in", "in/*.parquet"])
def test_a_pipe_is_refused(argument: str, tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "pipe.parquet")
    os.mkfifo(tmp_path / "in" / "pipe.parquet")
    done = dq(tmp_path, "check", argument, "--suite", "suite.json")
    assert done.returncode in (2, 3, 4)


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_refused(device: str, tmp_path: Path) -> None:
    write_suite(tmp_path, not_null("code"))
    if not Path(device).exists():
        pytest.skip(f"this system has no {device}")
    done = dq(tmp_path, "check", device, "--suite", "suite.json")
    assert done.returncode in (2, 3)


def test_a_pipe_for_a_suite_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "rows.parquet", {"code": ["a"]})
    os.mkfifo(tmp_path / "suite.json")
    done = dq(tmp_path, "check", "rows.parquet", "--suite", "suite.json")
    assert done.returncode == 2


def test_many_files_are_one_extract(tmp_path: Path) -> None:
    write_suite(tmp_path, rule("expect_table_row_count_to_equal", value=300), not_null("code"))
    first = write(tmp_path / "in" / "0.parquet", {"code": ["a"]})
    for number in range(1, 300):
        with contextlib.suppress(FileExistsError):
            os.link(first, tmp_path / "in" / f"{number}.parquet")
    (extract,) = checked(tmp_path, "in")["extracts"]
    assert statuses(extract) == ["pass", "pass"]
