"""What is built when: run after run, for whom, and what is refused. Files only; the browser is elsewhere."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import dq, dq_here
from tests.docs.conftest import BuiltOnce
from tests.docs.sites import two_runs


@pytest.fixture(scope="module")
def runs(built_once: BuiltOnce) -> list[Path]:
    """Two runs, oldest first."""
    folder = built_once("two_runs", two_runs) / "results"
    return sorted(folder.iterdir(), key=lambda run: run.name)


@pytest.fixture(scope="module")
def both(built_once: BuiltOnce, runs: list[Path]) -> Path:
    """The site of both runs, built in two steps."""

    def build(folder: Path) -> None:
        for number in (1, 2):
            done = dq_here(folder, "docs", *map(str, runs[:number]), "--output", "site")
            assert done.returncode == 0, done.stderr

    return built_once("two_steps", build) / "site"


def text_of(page: Path) -> str:
    bare = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(bare.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&amp;", "&").split())


def pages(site: Path) -> dict[str, bytes]:
    return {str(path.relative_to(site)): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}


def test_the_overview_says_the_verdict_what_was_not_checked_and_what_changed(both: Path) -> None:
    text = text_of(both / "index.html")
    assert "Some of the data could not be checked" in text
    assert "checks could not be evaluated." in text
    assert "Workforce of general practices : not in this run; last checked on" in text
    assert "Newly failing: 1" in text and "The columns are, in this order" in text
    assert "Mended: 1" in text and "revenue_allocation has a value in every row" in text
    assert "6 of 480 (1.2 %) rows → 0 of 480 (0 %) rows" in text
    assert "Compared: 4 of 4 extracts" in text


def test_an_extract_tells_of_each_check_its_sql_and_its_history(both: Path, runs: list[Path]) -> None:
    page = both / "runs" / runs[1].name / "extracts" / "allocations.html"
    text = text_of(page)
    record = json.loads((runs[1] / "run.json").read_text(encoding="utf-8"))
    extract = next(extract for extract in record["extracts"] if extract["name"] == "allocations")
    for outcome in extract["outcomes"]:
        assert f'id="check-{outcome["check"]}"' in page.read_text(encoding="utf-8")
        assert " ".join(outcome["statement"].split()) in text
    assert "QUALIFY" in text and "CREATE OR REPLACE VIEW dq_extract" in text
    assert "In earlier runs" in text and "6 of 480 (1.2 %) rows" in text
    assert "mended" in text


def test_the_run_page_has_the_checksums_that_sha256sum_prints(both: Path, runs: list[Path]) -> None:
    import hashlib

    text = text_of(both / "runs" / runs[1].name / "run.html")
    for name in ("allocations", "pcgts"):
        assert hashlib.sha256((runs[1].parents[1] / "second" / f"{name}.parquet").read_bytes()).hexdigest() in text


def test_every_link_leads_to_a_page_and_an_anchor_that_are_there(both: Path) -> None:
    anchors = {path: set(re.findall(r' id="([^"]*)"', path.read_text(encoding="utf-8"))) for path in both.rglob("*.html")}
    for page in anchors:
        for address in re.findall(r' (?:href|src)="([^"]*)"', page.read_text(encoding="utf-8")):
            place, _, anchor = address.replace("&amp;", "&").partition("#")
            target = (page.parent / place).resolve() if place else page
            assert target.is_file(), f"{page.relative_to(both)}: {address}"
            if anchor and "=" not in anchor:
                assert anchor in anchors[target], f"{page.relative_to(both)}: {address}"


def test_ids_are_unique_and_pages_are_small(both: Path) -> None:
    for page in both.rglob("*.html"):
        raw = page.read_bytes()
        ids = re.findall(rb' id="([^"]*)"', raw)
        assert len(ids) == len(set(ids)), page
        assert len(raw) < 1_000_000, page


def test_one_more_run_leaves_the_pages_of_the_others_as_they_were(both: Path, runs: list[Path], tmp_path: Path) -> None:
    dq_here(tmp_path, "docs", str(runs[0]), "--output", "site", "--quiet")
    before = {path: page for path, page in pages(tmp_path / "site").items() if path.startswith(f"runs/{runs[0].name}")}
    assert len(before) > 5
    after = pages(both)
    assert {path: after[path] for path in before} == before
    rebuilt = dq_here(tmp_path, "docs", str(runs[0]), str(runs[1]), "--output", "site")
    assert pages(tmp_path / "site") == after, "in one step or in two, the pages are the same"
    assert re.search(r"2 runs, \d+ pages made", rebuilt.stderr)
    again = dq_here(tmp_path, "docs", str(runs[0].parent), "--output", "site")
    assert "nothing has changed" in again.stderr


def test_pages_of_a_run_that_is_gone_from_the_store_stay(both: Path, runs: list[Path], tmp_path: Path) -> None:
    shutil.copytree(both, tmp_path / "site")
    done = dq_here(tmp_path, "docs", str(runs[1]), "--output", "site")
    assert done.returncode == 0 and "2 runs" in done.stderr
    assert (tmp_path / "site" / "runs" / runs[0].name / "index.html").is_file()


@pytest.fixture(scope="module")
def public(built_once: BuiltOnce, both: Path, runs: list[Path]) -> Iterator[Path]:
    """The site for the public, built where one for those who work with the data was."""

    def build(folder: Path) -> None:
        shutil.copytree(both, folder / "site")
        done = dq_here(folder, "docs", str(runs[1]), "--output", "site", "--audience", "public")
        assert done.returncode == 0, done.stderr

    return built_once("public", build) / "site"  # type: ignore[return-value]


def test_for_the_public_no_page_of_another_audience_is_left(public: Path, runs: list[Path]) -> None:
    assert [run.name for run in (public / "runs").glob("*/")] == [runs[1].name]
    assert not list(public.rglob("queries"))
    for path in public.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "For the public. Counts from 1 to 7 are not shown" in text, path
        if path.parent.name == "rules":
            continue  # the catalogue is the same for everybody
        assert "SELECT" not in text and "dq-shapes" not in text, path
        assert "/second/" not in text, path


def test_for_the_public_no_small_count_of_rows_is_anywhere(public: Path) -> None:
    """Counts of rows, values and keys; what is counted of organisations, checks, submissions and columns is exact."""
    counted = re.compile(r"([\d,]+|\*) of ([\d,]+|\*)(?: \([^)]*\))? (rows|values|keys|totals|different)")
    found = 0
    for path in set(public.rglob("*.html")) - {public / "help.html"}:
        for part, whole, _ in counted.findall(text_of(path)):
            found += 1
            for figure in (part, whole):
                number = None if figure == "*" else int(figure.replace(",", ""))
                assert number is None or (number % 5 == 0 and (number == 0 or number >= 8)), (path, part, whole)
    assert found > 30
    for path in public.rglob("summary.json"):
        states = json.loads(path.read_text(encoding="utf-8"))["state"]["extracts"]
        assert {check[6] for extract in states for check in extract["checks"]} <= {None}


def test_what_holds_something_else_is_left_alone(tmp_path: Path, runs: list[Path]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    absent = dq_here(tmp_path, "docs", str(runs[1]), "--instrument", "none.json")
    assert absent.returncode == 2 and "none.json" in absent.stderr
    for place, said in {"mine": "holds something else", "file": "is a file"}.items():
        done = dq_here(tmp_path, "docs", str(runs[1]), "--output", place)
        assert done.returncode == 2 and said in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: is not there: check something first"),
        (["--gx", "x", "--audience", "public"], "--gx shows all counts as they are"),
        (["--level", "street"], "Invalid value for '--level'"),
    ],
)
def test_wrong_usage_is_said_and_ends_with_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = dq_here(tmp_path, "docs", *arguments)
    assert done.returncode == 2 and said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_first_page_is_shown_in_the_browser_of_the_user(tmp_path: Path, runs: list[Path]) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/shown\n', encoding="utf-8")
    browser.chmod(0o755)
    done = dq(tmp_path, "docs", str(runs[0]), "--output", "site", "--open", environment={"BROWSER": str(browser)})
    assert done.returncode == 0
    assert (tmp_path / "shown").read_text(encoding="utf-8").strip() == (tmp_path / "site" / "index.html").as_uri()


def test_a_damaged_run_is_said_and_leaves_the_site_as_it_was(tmp_path: Path, runs: list[Path], both: Path) -> None:
    shutil.copytree(both, tmp_path / "site")
    shutil.copytree(runs[1], tmp_path / "results" / "20991231T000000Z-aaaaaa")
    record = tmp_path / "results" / "20991231T000000Z-aaaaaa" / "run.json"
    text = (
        record.read_text(encoding="utf-8")
        .replace(runs[1].name, "20991231T000000Z-aaaaaa")
        .replace('"started": "20', '"started": "29')
    )
    record.write_text(text, encoding="utf-8")
    (record.parent / "measures.parquet").write_bytes(b"PAR1 torn")
    done = dq_here(tmp_path, "docs", "results", "--output", "site")
    assert done.returncode == 3 and "measures.parquet" in done.stderr
    assert pages(tmp_path / "site") == pages(both)


def test_a_damaged_run_before_the_newest_is_left_out_and_that_is_said(tmp_path: Path, runs: list[Path]) -> None:
    for run in runs:
        shutil.copytree(run, tmp_path / "results" / run.name)
    (tmp_path / "results" / runs[0].name / "fields.parquet").unlink()
    done = dq_here(tmp_path, "docs", "results", "--output", "site")
    assert done.returncode == 0
    assert f"a run is left out: results/{runs[0].name}: lacks fields.parquet" in done.stderr
    assert [run.name for run in (tmp_path / "site" / "runs").glob("*/")] == [runs[1].name]


def test_what_a_killed_build_left_is_taken_away(tmp_path: Path, runs: list[Path]) -> None:
    for left in (".new/index.html", ".organisations.old/8G1.html", "runs/.r.old/index.html"):
        path = tmp_path / "site" / left
        path.parent.mkdir(parents=True)
        path.write_text("left", encoding="utf-8")
        if left.startswith(".new"):
            assert dq_here(tmp_path, "docs", str(runs[0]), "--output", "site").returncode == 0, "that is no site of others"
    assert dq_here(tmp_path, "docs", str(runs[0]), "--output", "site").returncode == 0
    assert not [path for path in (tmp_path / "site").rglob("*") if path.name.startswith(".")]


def test_check_makes_the_pages_of_its_run(tmp_path: Path, runs: list[Path]) -> None:
    extract = runs[1].parents[1] / "second" / "allocations.parquet"
    done = dq_here(tmp_path, "check", str(extract), "--docs", "site", "--select", "column:financial_year")
    assert done.returncode == 1
    assert "open site/index.html" in done.stderr
    text = text_of(tmp_path / "site" / "index.html")
    assert "The data failed" in text and "not selected" in text
    refused = dq_here(tmp_path, "check", str(extract), "--docs", "site", "--no-results")
    assert refused.returncode == 2 and "leave --no-results out" in refused.stderr
