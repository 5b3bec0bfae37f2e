"""Runs as Great Expectations Data Docs: what a reader finds on the pages, and what must not be there."""

import html.parser
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import Run, StoreError, UsageError, WorkerProcess
from dq_engine.gx_docs import write_data_docs
from tests.command import dq_here

reason = "great_expectations is not installed: it is an extra (dq-engine[gx])"
pytest.importorskip("great_expectations", reason=reason)
ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_data" / "social_care.parquet"
ATTACK = "<script>alert(1)</script>"
TABLE = pa.table(
    {
        "code": [ATTACK, "5A1", "5A2", "5A2"],
        "secret<b>": ["Ann", "Bob", "Cyd", "x1"],
        "day": ["1", "2", None, "4"],
    }
)
RULES: list[dict[str, Any]] = [
    {
        "type": "expect_column_values_to_match_regex",
        "kwargs": {"column": "code", "regex": r"^(?:<!--)?[0-9A-Z]{3}$"},
        "notes": f"Why: {ATTACK}",
    },
    {"type": "expect_column_distinct_values_to_be_in_set", "kwargs": {"column": "code", "value_set": ["5A1", "5A2"]}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "secret<b>", "regex": r"^\D+$"}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "gone"}},
    {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "day", "row_condition": 'col("code") == "none"', "condition_parser": "great_expectations"},
    },
    {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "code", "value_set": ["5A1"]},
        "description": f"Costs $$5 & {ATTACK}.",
    },
    {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["code", "secret<b>", "day"]}},
    {"type": "expect_column_values_to_be_valid_ods_code", "kwargs": {"column": "code", "kind": "practice"}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "day"}},
]
SUITE = {
    "name": "made",
    "expectations": RULES,
    "meta": {"dq": {"feed": "made", "columns": {"code": {"sensitivity": "public"}}}},
}


class _Text(html.parser.HTMLParser):
    """The text of a page as a browser shows it, and its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.within, self.said, self.scripts, self.tags = "", [""], [""], set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within = tag
        self.tags |= {tag, *(f"@{name}" for name, _ in attrs)}

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within == "script":
            self.scripts.append(data)
        elif self.within != "style":
            self.said.append(data)


def look(page: Path) -> _Text:
    """The page, read."""
    found = _Text()
    found.feed(page.read_text(encoding="utf-8"))
    found.close()
    return found


def text(page: Path) -> str:
    """What a page says, with single blanks."""
    return " ".join(" ".join(look(page).said).split())


def row(said: str, statement: str) -> str:
    """What a page says from a statement on, as far as the next rules."""
    assert statement in said
    return said.partition(statement)[2][:400]


def changed(run: Run, change: Callable[[Any], Any], **fields: Any) -> Run:
    """The run with other outcomes, and other fields of its only extract."""
    [extract] = run.extracts
    outcomes = tuple(change(outcome) for outcome in extract.outcomes)
    return msgspec.structs.replace(run, extracts=(msgspec.structs.replace(extract, outcomes=outcomes, **fields),))


@pytest.fixture(scope="module")
def made(worker: WorkerProcess) -> Run:
    """A run of a table and a suite that mean harm, with every status that there is."""
    name = f"a/b {ATTACK}"
    run = dq_engine.check(TABLE, SUITE, name=name, ignore=["expect_column_values_to_be_unique"], worker=worker)
    assert {outcome.status for outcome in run.outcomes} == {"pass", "fail", "error", "vacuous", "skipped"}
    return run


@pytest.fixture(scope="module")
def sample(worker: WorkerProcess) -> Run:
    return dq_engine.check(SAMPLE, ROOT / "expectations" / "pcgt" / "social_care.json", worker=worker)


@pytest.fixture(scope="module")
def site(made: Run, sample: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "deep" / "site"
    assert write_data_docs([sample, made], folder) == folder / "index.html"
    return folder


def page_of(site: Path, suite: str) -> Path:
    [page] = (site / "validations" / suite).rglob("*.html")
    return page


def test_every_check_of_the_sample_is_on_its_page_with_counts_and_denominators(site: Path, sample: Run) -> None:
    said = text(page_of(site, "social_care"))
    for outcome in sample.outcomes:
        if outcome.status == "fail" and outcome.unit == "rows":
            assert f"{outcome.unexpected_count:,} of {outcome.denominator:,} (" in said, outcome.statement
    nhs = row(said, "Every value of nhs_number is an NHS number with a right check digit")
    assert "53 unexpected values found. ≈1.189% of 4605 total rows." in nhs
    assert "fail, critical 53 of 4,459 (1.2 %) rows, in 49 organisations failing values: 9999999999 (×53)" in nhs
    assert "values must be less than or equal to 5000" in said, "Great Expectations' own words for its own types"
    assert "Every service began by the end of its month and did not end before the month" in said, "the suite's own words"
    assert "33 checks: 11 passed, 22 failed (12 critical, 10 warning)" in said
    assert sample.verdict in said


def test_the_page_of_the_suite_says_its_rules_and_notes(site: Path, sample: Run) -> None:
    said = text(site / "expectations" / "social_care.html")
    assert "Every value of nhs_number is an NHS number that can be a patient's" in said
    assert "Every value of gender is a code of current gender" in said
    assert "currently contains 33 total Expectations" in said
    assert any(isinstance(outcome.notes, str) and outcome.notes[:40] in said for outcome in sample.outcomes if outcome.notes)


def test_no_rule_is_shown_as_a_python_dict(site: Path) -> None:
    """That is how Great Expectations shows what it cannot show."""
    for page in site.rglob("*.html"):
        assert "(**" not in text(page), page


def test_no_value_of_a_sensitive_column_is_on_a_page(site: Path) -> None:
    table = pq.read_table(SAMPLE, columns=["nhs_number", "person_id"])
    secrets = {str(value) for column in table.columns for value in column.to_pylist() if value}
    assert len(secrets) > 1000
    words = {word for page in site.rglob("*.html") for word in re.findall(r"\w+", page.read_text(encoding="utf-8"))}
    assert secrets & words == set()
    assert "x1" not in text(page_of(site, "made")).split()
    assert "failing values: a9 (×1)" in text(page_of(site, "made"))


def test_a_check_without_a_verdict_says_why(site: Path) -> None:
    said = text(page_of(site, "made"))
    assert "values must never be null. -- vacuous, critical Nothing was judged: this is not a pass. no rows to judge" in said
    assert 'raised an exception: the extract has no column "gone"' in said
    assert "9 checks: 1 passed, 5 failed (5 critical), 1 could not be evaluated, 1 had nothing to judge, 1 not selected" in said
    marks = page_of(site, "made").read_text(encoding="utf-8")
    assert marks.count("fa-minus-circle") == 1
    assert marks.count("fa-check-circle") == 1, "the one that passed"


def test_a_run_that_judged_nothing_is_not_shown_as_a_success(made: Run, tmp_path: Path) -> None:
    nothing = [
        changed(made, lambda outcome: msgspec.structs.replace(outcome, status="vacuous", gx_success=True)),
        changed(made, lambda outcome: msgspec.structs.replace(outcome, status="skipped"), name="left out"),
    ]
    write_data_docs(nothing, tmp_path / "site")
    for page in (tmp_path / "site" / "validations").rglob("*.html"):
        assert "Status: Failed" in text(page)
    assert "'_validation_success_text': 'Success'" not in (tmp_path / "site" / "index.html").read_text()


def test_hostile_text_stays_text(site: Path) -> None:
    for page in site.rglob("*.html"):
        found = look(page)
        assert not any("alert(1)" in script and ATTACK in script for script in found.scripts), page
        assert "alert(1)" not in {script.strip() for script in found.scripts}, page
    said = text(page_of(site, "made"))
    assert f"Unexpected Value Count {ATTACK} 1" in said
    assert f"Costs $$5 & {ATTACK}" in said
    assert r"^(?:<!--)?[0-9A-Z]{3}$" in said
    assert f"Data asset: a/b {ATTACK}" in said
    assert "secret<b>" in said
    assert "b" not in look(page_of(site, "made")).tags
    assert f"Why: {ATTACK}" in text(site / "expectations" / "made.html")


def test_links_lead_somewhere(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    for page in (*(site / "validations").rglob("*.html"), *(site / "expectations").rglob("*.html")):
        assert page.relative_to(site).as_posix() in index
    page = page_of(site, "made")
    assert 'href="../../../../expectations/made.html"' in page.read_text(encoding="utf-8")
    assert (page.parent / "../../../../expectations/made.html").resolve() == site / "expectations" / "made.html"


def test_what_great_expectations_would_refuse_is_shown_in_our_words(made: Run, tmp_path: Path) -> None:
    def of_later(outcome: Any) -> Any:
        if outcome.expectation == "expect_table_columns_to_match_ordered_list":
            return msgspec.structs.replace(outcome, status="error", message="the file is torn", gx_success=False)
        if outcome.expectation == "expect_column_values_to_be_unique":
            return msgspec.structs.replace(outcome, expectation="expect_columns_of_a_later_dq", kwargs={"column": "day"})
        return msgspec.structs.replace(outcome, kwargs={**outcome.kwargs, "of_later": 1})

    later = changed(made, of_later, name="later", problem="the file is torn")
    write_data_docs([later], tmp_path / "site")
    said = text(page_of(tmp_path / "site", "made"))
    suite = text(tmp_path / "site" / "expectations" / "made.html")
    for outcome in made.outcomes:
        if outcome.expectation == "expect_table_columns_to_match_ordered_list":
            continue  # which Great Expectations takes, and says in its own words
        assert outcome.statement in suite
        assert (outcome.statement in said) == (outcome.status != "skipped")
    assert "raised an exception: the file is torn" in said
    assert "Problem the file is torn" in said


def test_suites_of_one_name_that_differ_have_pages_of_their_own(made: Run, tmp_path: Path) -> None:
    suite = msgspec.structs.replace(made.extracts[0].suite, sha256="ab" * 32)
    older = msgspec.structs.replace(
        changed(made, lambda outcome: outcome, suite=suite), id="older", started="2020-01-01T00:00:00+00:00"
    )
    write_data_docs([older, made], tmp_path / "site")
    pages = sorted(page.name for page in (tmp_path / "site" / "expectations").iterdir())
    assert pages == ["made-abababab.html", "made.html"]
    assert "older" in page_of(tmp_path / "site", "made-abababab").parts


def test_a_second_build_replaces_the_first_and_leaves_nothing_else(site: Path, made: Run, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    write_data_docs([made], folder)
    (folder / "validations" / "old.html").write_text("old")
    write_data_docs([made], folder)
    assert not (folder / "validations" / "old.html").exists()
    assert page_of(folder, "made").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_a_folder_that_holds_something_else_is_left_alone(made: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds something that is no Data Docs of dq: name a new or an empty folder"):
        write_data_docs([made], tmp_path)
    with pytest.raises(UsageError, match=r"thesis\.txt: is a file"):
        write_data_docs([made], tmp_path / "thesis.txt")
    with pytest.raises(StoreError, match="could not be written: a part of the path is a file"):
        write_data_docs([made], tmp_path / "thesis.txt" / "site")
    with pytest.raises(UsageError, match="no run to show"):
        write_data_docs([], tmp_path / "site")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


WRITE = """
import sys
from pathlib import Path
from dq_engine import UsageError, gx_docs, store
try:
    gx_docs.write_data_docs([store.decode(Path("run.json").read_bytes(), "run.json")], Path("site"))
except UsageError as error:
    sys.exit(str(error))
"""


def write(folder: Path, made: Run, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Writes the site in a process of its own."""
    (folder / "run.json").write_bytes(msgspec.json.encode(made))
    known = {name: value for name, value in os.environ.items() if not name.startswith("GX_")}
    known["PYTHONPATH"] = os.pathsep.join([str(folder / "lacking"), str(ROOT)])
    command = [sys.executable, "-c", WRITE]
    return subprocess.run(
        command, cwd=folder, env={**known, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def test_nothing_is_said_and_nothing_is_left_elsewhere(made: Run, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    home = str(tmp_path / "home")
    done = write(tmp_path, made, {"HOME": home, "TMPDIR": home, "XDG_CACHE_HOME": home})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((tmp_path / "home").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "run.json", "site"]


def test_without_great_expectations_the_way_to_get_it_is_named(made: Run, tmp_path: Path) -> None:
    (tmp_path / "lacking" / "great_expectations").mkdir(parents=True)
    (tmp_path / "lacking" / "great_expectations" / "__init__.py").write_text("raise ImportError\n")
    done = write(tmp_path, made, {})
    assert 'writing Data Docs needs great_expectations, which is not installed: pip install "dq-engine[gx]"' in done.stderr
    assert not (tmp_path / "site").exists()


def test_the_command_writes_them_instead_of_pages_of_its_own(tmp_path: Path) -> None:
    assert dq_here(tmp_path, "check", str(SAMPLE), "--quiet").returncode == 1
    done = dq_here(tmp_path, "docs", "--gx", "data-docs")
    assert done.returncode == 0
    assert re.search(
        r"run \S+ as Data Docs of Great Expectations: open data-docs/index.html|open .*data-docs/index.html", done.stderr
    )
    assert (tmp_path / "data-docs" / "index.html").is_file()
    assert not (tmp_path / "dq-docs").exists()
    both = dq_here(tmp_path, "docs", "--gx", "data-docs", "--output", "site", "--quiet")
    assert (both.returncode, both.stderr) == (0, "") and (tmp_path / "site" / "index.html").is_file()
