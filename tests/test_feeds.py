"""Which files are one extract, what it is called, and which suite checks it."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dq_engine.errors import SuiteError, UsageError
from dq_engine.feeds import Extract, Shelf, find_files, find_together, named_apart, readable, shipped, suite_files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty working folder."""
    (tmp_path / "work").mkdir()
    with contextlib.chdir(tmp_path / "work"):
        yield tmp_path / "work"


def make(*names: str) -> None:
    """Files of those names: what they hold does not matter here."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"PAR1")


def found(argument: str, *, whole: bool = False) -> dict[str, list[str]]:
    """The extracts of an argument: the name of each with its files, seen from the working folder."""
    extracts = find_files(argument, whole=whole)
    listed = {files.name: [str(path.relative_to(Path.cwd())) for path in files.paths] for files in extracts}
    assert len(listed) == len(extracts), "two extracts have one name"
    return listed


# ----------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("name", ["lists.parquet", "lists.pq", "lists.PARQUET", "lists.dat", "lists"])
def test_file_that_is_named_is_an_extract_whatever_its_ending(name: str) -> None:
    make(name)
    assert found(name) == {"lists": [name]}


def test_each_file_of_a_folder_is_an_extract() -> None:
    make("in/b.parquet", "in/a.pq", "in/deep/er/c.parquet", "in/notes.txt", "in/lists.csv", "in/old.parquet.bak")
    assert found("in") == {"a": ["in/a.pq"], "b": ["in/b.parquet"], "c": ["in/deep/er/c.parquet"]}


def test_folder_is_one_extract_on_request() -> None:
    make("in/b.parquet", "in/a.parquet", "in/deep/c.parquet")
    assert found("in", whole=True) == {"in": ["in/a.parquet", "in/b.parquet", "in/deep/c.parquet"]}


def test_folder_of_partitions_is_one_extract() -> None:
    make("in/lists/month=2024-03/x.parquet", "in/lists/month=2024-04/y.parquet", "in/other.parquet")
    assert found("in") == {
        "lists": ["in/lists/month=2024-03/x.parquet", "in/lists/month=2024-04/y.parquet"],
        "other": ["in/other.parquet"],
    }
    assert [files.partitioned for files in find_files("in")] == [True, False]
    (named,) = find_files("in/lists")
    assert (named.name, named.partitioned, len(named.paths)) == ("lists", True, 2)


def test_glob_is_one_extract() -> None:
    make("in/lists_1.parquet", "in/lists_2.parquet", "in/deep/lists_3.parquet", "in/other.parquet")
    assert found("in/lists_*.parquet") == {"lists": ["in/lists_1.parquet", "in/lists_2.parquet"]}
    assert found("in/lists_[2-9].parquet") == {"lists_2": ["in/lists_2.parquet"]}
    assert len(found("in/**/lists_*.parquet")["lists"]) == 3
    assert found("in/*") == {"in": ["in/lists_1.parquet", "in/lists_2.parquet", "in/other.parquet"]}


def test_several_paths_are_one_extract_called_after_the_first() -> None:
    make("in/lists_1.parquet", "in/lists_2.parquet", "more/month=2024-03/x.parquet", "late.parquet")
    files = find_together(["late.parquet", "in/*.parquet", "more"])
    assert files.name == "late"
    assert [path.name for path in files.paths] == ["late.parquet", "lists_1.parquet", "lists_2.parquet", "x.parquet"]
    assert files.partitioned
    assert not find_together(["in", "late.parquet"]).partitioned


def test_no_path_at_all_is_no_extract() -> None:
    with pytest.raises(UsageError, match="no path is given"):
        find_together([])


def test_glob_over_partitions_is_partitioned() -> None:
    make("lists/month=2024-03/x.parquet", "lists/month=2024-04/y.parquet")
    (files,) = find_files("lists/*/*.parquet")
    assert files.partitioned


def test_name_that_looks_like_a_glob_is_a_file_first() -> None:
    make("lists[1].parquet", "lists1.parquet")
    assert found("lists[1].parquet") == {"lists[1]": ["lists[1].parquet"]}


def test_hidden_and_unfinished_files_are_passed_over() -> None:
    make("in/a.parquet", "in/.b.parquet", "in/_c.parquet", "in/.hidden/d.parquet", "in/_temporary/e.parquet", "in/_SUCCESS")
    assert found("in") == {"a": ["in/a.parquet"]}
    assert found("in", whole=True) == {"in": ["in/a.parquet"]}
    assert found("in/_c.parquet") == {"_c": ["in/_c.parquet"]}, "who names it means it"


def test_links_are_followed_but_not_in_circles() -> None:
    make("store/a.parquet", "store/deep/b.parquet", "in/c.parquet")
    Path("in/linked").symlink_to(Path("store").absolute())
    Path("in/a_link.parquet").symlink_to(Path("store/a.parquet").absolute())
    Path("store/deep/around").symlink_to(Path("store").absolute())
    Path("in/self").symlink_to(Path("in").absolute())
    assert found("in") == {
        "a_link": ["in/a_link.parquet"],
        "c": ["in/c.parquet"],
        "a": ["in/linked/a.parquet"],
        "b": ["in/linked/deep/b.parquet"],
    }


def test_what_cannot_be_read_like_a_file_is_refused() -> None:
    make("in/a.parquet")
    Path("in/b.parquet").symlink_to("gone.parquet")
    with pytest.raises(UsageError, match=r"^in/b\.parquet: is a link to nothing$"):
        find_files("in")
    with pytest.raises(UsageError, match=r"^in/b\.parquet: is a link to nothing$"):
        find_files("in/b.parquet")
    os.mkfifo("pipe.parquet")
    with pytest.raises(UsageError, match=r"^pipe\.parquet: is not a regular file$"):
        find_files("pipe.parquet")


@pytest.mark.parametrize(
    ("argument", "message", "code"),
    [
        ("empty", "empty: the folder holds no Parquet file (looked for .parquet and .pq)", 4),
        ("in/*.pq", "in/*.pq: no file matches", 4),
        ("in/list.parquet", "in/list.parquet: no such file or folder (is it in/lists.parquet?)", 2),
        ("nowhere/x", "nowhere/x: no such file or folder", 2),
        ("nothing", "nothing: no such file or folder", 2),
    ],
)
def test_where_nothing_is_found_it_says_so(argument: str, message: str, code: int) -> None:
    make("in/lists.parquet", "empty/readme.txt")
    with pytest.raises(UsageError) as refused:
        find_files(argument)
    assert (str(refused.value), refused.value.exit_code) == (message, code)


def test_long_numbers_and_values_of_partitions_are_not_in_names() -> None:
    make("9434765919.parquet", "lists/nhs=9434765919/x.parquet")
    assert list(found("9434765919.parquet")) == ["…"]
    assert list(found("lists/nhs=9434765919")) == ["x"]
    assert list(found("lists/nhs=9434765919", whole=True)) == ["nhs=…"]


def test_extracts_of_one_name_are_told_apart_by_their_folders() -> None:
    make("in/2023/lists.parquet", "in/2024/lists.parquet", "in/2024/other.parquet", "out/2024/lists.parquet")
    names = [files.name for files in named_apart([*find_files("in"), *find_files("out")])]
    assert names == ["2023/lists", "in/2024/lists", "other", "out/2024/lists"]


def test_the_same_file_twice_is_numbered() -> None:
    make("lists.parquet")
    assert [files.name for files in named_apart(find_files("lists.parquet") * 3)][1:] != ["lists", "lists"]
    assert len({files.name for files in named_apart(find_files("lists.parquet") * 3)}) == 3


def test_file_whose_name_duckdb_would_misread_is_reached_by_a_link(tmp_path: Path) -> None:
    make("a[1].parquet", "b*.parquet", "new\nline.parquet", "plain.parquet")
    suite = Shelf([]).read(write_suite("suite.json", "lists"))
    paths = tuple(Path(name).absolute() for name in ("a[1].parquet", "b*.parquet", "new\nline.parquet", "plain.parquet"))
    spelled = readable(Extract("lists", paths, suite).files, tmp_path)
    assert [Path(path).resolve() for path in spelled] == [path.resolve() for path in paths]
    assert spelled[3] == str(paths[3])
    assert not [path for path in spelled if set(path) & set("*[]\n")]


# ---------------------------------------------------------------------------------------------------------------- suites


def write_suite(path: str, feed: str | None, **top: Any) -> Path:
    """A suite that claims ``feed`` (None: it does not say which)."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    rule = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}
    meta = {} if feed is None else {"dq": {"feed": feed}}
    Path(path).write_text(json.dumps({"name": path, "expectations": [rule], "meta": meta, **top}), encoding="utf-8")
    return Path(path)


def claimed(file: str, *folders: str) -> str:
    """The name of the suite (here its path) that claims the file."""
    make(file)
    (files,) = find_files(file)
    return Shelf([Path(folder) for folder in folders]).claim(files)[0].name


@pytest.mark.parametrize(
    "file",
    [
        "list_sizes.parquet",
        "LIST_SIZES.parquet",
        "List Sizes.parquet",
        "list-sizes.parquet",
        "list_sizes_2024-03.parquet",
        "list-sizes-2024-03.parquet",
        "list_sizes 2024.parquet",
        "list_sizes.2024.parquet",
        "list_sizes/part-0.parquet",
        "list_sizes/2024/03/part-0.parquet",
        "list_sizes/month=2024-03/part-0.parquet",
        "List-Sizes/x.parquet",
    ],
)
def test_suite_claims_files_and_folders_called_after_its_feed(file: str) -> None:
    write_suite("expectations/any name.json", "list_sizes")
    assert claimed(file) == "expectations/any name.json"


@pytest.mark.parametrize(
    "file",
    [
        "list_sizesx.parquet",
        "list.parquet",
        "my_list_sizes.parquet",
        "listsizes.parquet",
        "list_sizes_old/part-0.parquet",
        "in/feed=list_sizes/part-0.parquet",
    ],
)
def test_suite_does_not_claim_what_is_called_otherwise(file: str) -> None:
    write_suite("expectations/a.json", "list_sizes")
    with pytest.raises(UsageError, match="no suite claims it"):
        claimed(file)


def test_suite_that_names_no_feed_claims_by_its_file_name() -> None:
    write_suite("expectations/practice/list_sizes.json", None, name="list_sizes")
    assert claimed("list_sizes_1.parquet") == "list_sizes"


def test_longest_feed_wins() -> None:
    for feed in ("list", "list_sizes", "list_sizes_quarterly"):
        write_suite(f"expectations/{feed}.json", feed)
    assert claimed("list_2024.parquet") == "expectations/list.json"
    assert claimed("list_sizes_2024.parquet") == "expectations/list_sizes.json"
    assert claimed("list_sizes_quarterly.parquet") == "expectations/list_sizes_quarterly.json"


def test_name_of_the_file_comes_before_its_folder_and_the_near_folder_before_the_far() -> None:
    for feed in ("payments", "list_sizes", "appointments"):
        write_suite(f"expectations/{feed}.json", feed)
    assert claimed("payments/list_sizes.parquet") == "expectations/list_sizes.json"
    assert claimed("payments/appointments/x.parquet") == "expectations/appointments.json"


def test_project_comes_before_working_folder_before_side_of_the_extract_before_shipped() -> None:
    feed = "list_sizes"
    inside = write_suite("../data/in/expectations/a.json", feed)
    beside = write_suite("../data/expectations/b.json", feed)
    working = write_suite("expectations/c.json", feed)
    above = write_suite("../expectations/d.json", feed)
    project = write_suite("project/suites/e.json", feed)
    order = [project, working, above, inside, beside]
    for path in order:
        assert claimed(f"../data/in/{feed}.parquet", "project/suites") == str(path)
        path.unlink()
    (files,) = find_files(f"../data/in/{feed}.parquet")
    assert Path(Shelf([]).claim(files)[0].origin).is_relative_to(shipped())


def test_two_suites_for_one_feed_are_an_error() -> None:
    write_suite("expectations/a.json", "lists")
    write_suite("expectations/deep/b.json", "lists")
    with pytest.raises(UsageError, match=r"more than one suite is for lists: .*a\.json and .*b\.json\. Choose one with --suite"):
        claimed("lists.parquet")


def test_two_suites_for_one_feed_do_not_matter_where_another_comes_first() -> None:
    write_suite("expectations/a.json", "lists")
    write_suite("expectations/b.json", "lists")
    write_suite("project/c.json", "lists")
    assert claimed("lists.parquet", "project") == "project/c.json"


def test_extract_that_no_suite_claims_is_an_error_that_says_what_there_is() -> None:
    write_suite("expectations/a.json", "payments_made")
    with pytest.raises(UsageError) as refused:
        claimed("lists.parquet")
    message = str(refused.value)
    assert message.startswith("lists.parquet: no suite claims it. Name the suite with --suite, or call the file after a feed (")
    assert "payments_made" in message
    assert str(Path("expectations").absolute()) in message


def test_suite_with_faults_claims_and_is_refused_with_them() -> None:
    write_suite("expectations/lists.json", "lists", sevrity="info")
    with pytest.raises(SuiteError, match="sevrity"):
        claimed("lists.parquet")


def test_suite_that_is_not_json_claims_by_its_file_name_and_is_refused() -> None:
    write_suite("expectations/lists.json", "lists").write_text("{", encoding="utf-8")
    with pytest.raises(SuiteError, match="is not JSON"):
        claimed("lists.parquet")


def test_other_json_files_are_no_suites() -> None:
    write_suite("suites/a.json", "lists")
    write_suite("suites/deep/b.json", "payments")
    for name, text in {"schema": '{"type": "object"}', "list": "[1]", "broken": "{"}.items():
        Path(f"suites/{name}.json").write_text(text, encoding="utf-8")
    assert [path.name for path in suite_files(Path("suites"))] == ["a.json", "broken.json", "b.json"]
