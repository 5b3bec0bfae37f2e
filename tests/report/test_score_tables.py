"""Scores as tables: what each row says, and that a spreadsheet takes no text of it for a formula."""

import csv
import io
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dq_engine import WorkerProcess
from dq_engine.errors import StoreError
from dq_engine.model import Organisation
from dq_engine.report.score_tables import TABLES, Table, as_csv, comparison, table
from dq_engine.score_files import write_parquet
from dq_engine.scores import NOTICE
from tests.report import made

FIRST = {"notice": NOTICE, "instrument": "small", "instrument_version": "1.2.0", "provenance": "assumed"}


def rows(found: Table) -> list[dict[str, object]]:
    return [dict(zip(found.columns, cells, strict=True)) for cells in found.rows]


def read(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))


@pytest.mark.parametrize("name", TABLES)
def test_every_row_says_that_it_is_modelled_and_by_which_instrument(name: str) -> None:
    found = rows(table(name, made.CENSUS, made.ORGANISATIONS))
    assert found
    assert all({key: row[key] for key in FIRST} == FIRST for row in found)
    assert list(found[0])[:5] == [*FIRST, "wave"]


def test_a_rating_is_a_row_with_its_organisation() -> None:
    found = rows(table("ratings", made.CENSUS, made.ORGANISATIONS))
    assert len(found) == len(made.CENSUS.ratings)
    names = ("wave", "organisation", "region", "kind", "item", "title", "rating", "score", "between_low", "reason")
    assert [found[0][name] for name in names] == [
        *("autumn", "5A1", "North", "PCT", made.HOSPITAL, made.TITLES[made.HOSPITAL], "very good", 0.99, "good", "")
    ]
    assert [found[1][name] for name in names] == [
        *("autumn", "5A2", "", "", made.HOSPITAL, made.TITLES[made.HOSPITAL], "not rated", None, "", "no data came")
    ]


def test_why_and_what_would_lift_it_are_in_words() -> None:
    scores = msgspec.structs.replace(made.CENSUS, ratings=(made.EXPLANATION.rating,))
    (found,) = rows(table("ratings", scores, {}))
    assert (found["why"], found["next"], found["lift"]) == ("coverage of spells: 0.5", "fair", "coverage of spells: to 0.5001")


def test_a_share_is_a_row_with_its_denominator_and_interval() -> None:
    found = rows(table("study", made.SAMPLE, {}))
    names = ("rating", "count", "of", "share", "low", "high", "population", "sampled", "rated")
    assert [found[5][name] for name in names] == ["poor or worse", 14, 71, 0.1843, 0.1041, 0.2861, 6500, 72, 71]
    assert "72 of 6500" in str(found[5]["sample"])
    assert len(found) == 6


def test_the_other_tables_have_a_row_for_each_thing() -> None:
    names = {"changes": "changes", "dimensions": "dimensions", "dqmi": "dqmi", "not-counted": "not_counted"}
    for name, of in names.items():
        assert len(table(name, made.CENSUS, {}).rows) == len(getattr(made.CENSUS, of)) > 0


def test_a_comparison_is_a_row_for_each_pair_of_ratings() -> None:
    found = rows(comparison(made.COMPARISON))
    assert len(found) == 3 * 25
    pairs = {(row["item"], row["first_rating"], row["second_rating"]): row["organisations"] for row in found}
    assert pairs[made.HOSPITAL, "fair", "good"] == 2
    assert {row["second_version"] for row in found} == {"1.3.0"}


# ------------------------------------------------------------------------------------------------------------------- CSV

TEXTS = Table({"text": "VARCHAR"}, ())


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("=1+1")
@example("+1")
@example("-1")
@example("@SUM(A1)")
@example("\t=1")
@example("\r=1")
@example("  =1")
@example('=HYPERLINK("http://example.com", "x")')
def test_no_text_is_a_formula_to_a_spreadsheet(text: str) -> None:
    raw = as_csv(msgspec.structs.replace(TEXTS, rows=((text,), ("next",))))
    (cell, after) = [row["text"] for row in read(raw)] if text else ("", "next")
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert "\t" not in cell and "\r" not in cell
    assert after == "next"


def test_numbers_and_plain_texts_are_as_they_are() -> None:
    columns = {"text": "VARCHAR", "number": "DOUBLE", "whole": "BIGINT", "yes": "BOOLEAN", "nothing": "DOUBLE"}
    raw = as_csv(Table(columns, (('Hospital, "EPR"', -0.1, -1, True, None),)))  # type: ignore[arg-type]
    assert raw == b'text,number,whole,yes,nothing\n"Hospital, ""EPR""",-0.1,-1,true,\n'


# --------------------------------------------------------------------------------------------------------------- Parquet


@pytest.mark.parametrize("name", TABLES)
def test_parquet_holds_what_the_table_has(name: str, tmp_path: Path, worker: WorkerProcess) -> None:
    path = tmp_path / "deep" / f"{name}.parquet"
    found = table(name, made.CENSUS, made.ORGANISATIONS)
    write_parquet(found, path, worker)
    assert pq.read_table(path).to_pylist() == rows(found)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_parquet_holds_any_text_and_a_table_without_rows(tmp_path: Path, worker: WorkerProcess) -> None:
    odd = ["it's", 'a "b", c', "two\nlines", "", "NULL", "🏥", "\\N", "=1", "x" * 70_000]
    write_parquet(msgspec.structs.replace(TEXTS, rows=tuple((text,) for text in odd)), tmp_path / "odd.parquet", worker)
    assert pq.read_table(tmp_path / "odd.parquet")["text"].to_pylist() == odd
    write_parquet(TEXTS, tmp_path / "none.parquet", worker)
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0


def test_parquet_replaces_a_file_whole_and_leaves_nothing_where_it_cannot(tmp_path: Path, worker: WorkerProcess) -> None:
    old = tmp_path / "old.parquet"
    old.write_bytes(b"the results of yesterday")
    with old.open("rb") as reader:
        write_parquet(TEXTS, old, worker)
        assert reader.read() == b"the results of yesterday"
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(StoreError, match=r"folder\.parquet: the results could not be written"):
        write_parquet(TEXTS, tmp_path / "folder.parquet", worker)
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]


def test_what_no_register_says_of_an_organisation_is_empty() -> None:
    (found,) = rows(table("dqmi", made.CENSUS, {"5A1": Organisation("5A1", "pcgt")}))
    assert (found["organisation"], found["region"], found["kind"]) == ("5A1", "", "")
    assert (found["experimental"], found["mean_coverage"]) == (True, None)
