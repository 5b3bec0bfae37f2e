"""Small tables that people give: what is read, and what is said of tables that cannot be."""

import csv
import hashlib
import io
import os
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dq_engine.errors import UsageError
from dq_engine.process import WorkerProcess
from dq_engine.rating.records import Records, Wanted, coded, in_rows, read_records

WANTED = (Wanted("organisation", filled=True), Wanted("answer"), Wanted("wave", required=False))
EXPECTED = "expected a table with the columns organisation, answer (and, if there is something to say, wave)"


def read(path: Path, worker: WorkerProcess, content: str | bytes | None = None) -> Records:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_records(path, worker, WANTED)


def refusal(path: Path, worker: WorkerProcess, content: str | bytes | None = None) -> str:
    """What is said of a table that cannot be read, without the path in front of each line."""
    with pytest.raises(UsageError) as error:
        read(path, worker, content)
    assert error.value.exit_code == 2
    lines = str(error.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return "\n".join(line.removeprefix(f"{path}: ") for line in lines)


def values(records: Records) -> list[tuple[int, str, str, str]]:
    return [(row.number, *(row.values[column.name] for column in WANTED)) for row in records.rows]


# ------------------------------------------------------------------------------------------------------- what is read


def test_a_csv_file_is_read_whatever_the_order_and_capitals_of_its_columns(tmp_path: Path, worker: WorkerProcess) -> None:
    content = 'Answer,note, ORGANISATION \r\n good ,x,5D7\r\n\r\n"",y,"5C1"\r\n'
    records = read(tmp_path / "survey.CSV", worker, content)
    assert values(records) == [(2, "5D7", "good", ""), (4, "5C1", "", "")]  # row 3 is blank, as a spreadsheet shows it
    assert records.columns == ("organisation", "answer")
    assert records.sha256 == hashlib.sha256(content.encode()).hexdigest()


def test_a_mark_of_utf_8_at_the_beginning_is_no_part_of_the_first_name(tmp_path: Path, worker: WorkerProcess) -> None:
    assert values(read(tmp_path / "t.csv", worker, b"\xef\xbb\xbforganisation,answer\n5D7,good\n")) == [(2, "5D7", "good", "")]


def test_a_line_break_inside_quotes_is_part_of_the_value_and_counts_no_row(tmp_path: Path, worker: WorkerProcess) -> None:
    records = read(tmp_path / "t.csv", worker, 'organisation,answer,note\n5D7,good,"two\nlines"\n5C1,fair,\n')
    assert [row.number for row in records.rows] == [2, 3]


def test_a_parquet_file_is_read_as_text_in_the_order_of_its_rows(tmp_path: Path, worker: WorkerProcess) -> None:
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame({"Wave": [1999, None, 2002], "answer": [3.0, None, 5.0], "organisation": ["5D7", "5C1 ", "5A2"]})
    frame.write_parquet(path, row_group_size=1)
    assert values(read(path, worker)) == [(1, "5D7", "3.0", "1999"), (2, "5C1", "", ""), (3, "5A2", "5.0", "2002")]


def test_a_parquet_file_of_many_row_groups_keeps_its_order(tmp_path: Path, worker: WorkerProcess) -> None:
    path = tmp_path / "t.parquet"
    codes = [f"A{number:05}" for number in range(30_000, 0, -1)]
    pl.DataFrame({"organisation": codes, "answer": ["1"] * 30_000}).write_parquet(path, row_group_size=1_000)
    assert [row.values["organisation"] for row in read(path, worker).rows] == codes


@pytest.mark.parametrize("name", ["a[1]*.parquet", "it's.parquet", "répondants 2002.parquet"])
def test_the_name_of_a_parquet_file_is_no_pattern(name: str, tmp_path: Path, worker: WorkerProcess) -> None:
    pl.DataFrame({"organisation": ["5D7"], "answer": ["1"]}).write_parquet(tmp_path / name)
    pl.DataFrame({"organisation": ["XXX"], "answer": ["1"]}).write_parquet(tmp_path / "a1b.parquet")
    assert values(read(tmp_path / name, worker)) == [(1, "5D7", "1", "")]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS.filter(str.strip), TEXTS, TEXTS), min_size=1, max_size=6), order=st.permutations(range(3)))
def test_whatever_a_csv_writer_wrote_is_read_again(
    rows: list[tuple[str, str, str]], order: list[int], tmp_path: Path, worker: WorkerProcess
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in [("organisation", "answer", "wave"), *rows]:
        writer.writerow([row[place] for place in order])
    records = read(tmp_path / "t.csv", worker, text.getvalue())
    assert values(records) == [(number, *(value.strip() for value in row)) for number, row in enumerate(rows, 2)]


# ---------------------------------------------------------------------------------------------------- what is refused


def test_a_file_that_is_not_there(tmp_path: Path, worker: WorkerProcess) -> None:
    (tmp_path / "survey_2002.csv").write_text("")
    assert refusal(tmp_path / "survey-2002.csv", worker) == "no such file (is it survey_2002.csv?)"
    assert refusal(tmp_path / "no" / "such.csv", worker) == "no such file"


def test_what_is_no_file(tmp_path: Path, worker: WorkerProcess) -> None:
    assert refusal(tmp_path, worker) == "is a folder; give one .csv or .parquet file"
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(tmp_path / "pipe.csv", worker) == "is not a regular file; give one .csv or .parquet file"


def test_another_kind_of_file(tmp_path: Path, worker: WorkerProcess) -> None:
    said = "is neither a .csv nor a .parquet file: save the table as one of these"
    assert refusal(tmp_path / "survey.xlsx", worker, b"PK") == said


def test_a_file_without_rows(tmp_path: Path, worker: WorkerProcess) -> None:
    assert refusal(tmp_path / "a.csv", worker, "") == f"is empty; {EXPECTED}"
    assert refusal(tmp_path / "b.csv", worker, "organisation,answer\n\n,\n") == f"has no rows; {EXPECTED}"
    pl.DataFrame({"organisation": [], "answer": []}, schema={"organisation": pl.String, "answer": pl.String}).write_parquet(
        tmp_path / "c.parquet"
    )
    assert refusal(tmp_path / "c.parquet", worker) == f"has no rows; {EXPECTED}"


def test_text_that_is_not_utf_8(tmp_path: Path, worker: WorkerProcess) -> None:
    for text in ("organisation,answer\nZoë,good\n".encode("latin-1"), "organisation,answer\n5D7,good\n".encode("utf-16")):
        assert refusal(tmp_path / "t.csv", worker, text) == 'is not UTF-8 text: save it as "CSV UTF-8"'


def test_text_that_is_no_csv(tmp_path: Path, worker: WorkerProcess) -> None:
    said = "is not CSV: a quote is not closed, stands inside a value, or a value is too long"
    assert refusal(tmp_path / "t.csv", worker, 'organisation,answer\n5D7,"good\n5C1,fair\n') == f"row 2 {said}"
    assert refusal(tmp_path / "t.csv", worker, 'organisation,answer\n5D7,good\n"5C1"x,fair\n') == f"row 3 {said}"


def test_a_file_that_is_no_parquet(tmp_path: Path, worker: WorkerProcess) -> None:
    said = refusal(tmp_path / "t.parquet", worker, "organisation,answer\n5D7,good\n")
    assert said == "is not a Parquet file, or it is cut off: its end is missing"


def test_every_column_that_is_missing_is_named_with_the_nearest_that_there_is(tmp_path: Path, worker: WorkerProcess) -> None:
    said = refusal(tmp_path / "t.csv", worker, "organization,rating\n5D7,good\n")
    assert said.splitlines() == [
        'has no column "organisation"; is it "organization"? Then rename it',
        'has no column "answer"',
        f"{EXPECTED} in its header",
    ]
    pl.DataFrame({"organisations": ["5D7"], "answer": ["1"]}).write_parquet(tmp_path / "t.parquet")
    said = refusal(tmp_path / "t.parquet", worker)
    assert 'has no column "organisation"; is it "organisations"? Then rename it' in said


def test_two_columns_of_one_name(tmp_path: Path, worker: WorkerProcess) -> None:
    said = refusal(tmp_path / "t.csv", worker, "organisation,answer,Answer\n5D7,good,fair\n")
    assert said.splitlines()[0] == 'has 2 columns called "answer": keep one'


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_signs_than_commas(sign: str, name: str, tmp_path: Path, worker: WorkerProcess) -> None:
    said = refusal(tmp_path / "t.csv", worker, f"organisation{sign}answer\n5D7{sign}good\n")
    assert said.endswith(f"its values seem to be separated by {name}: save it with commas")


def test_rows_that_are_not_as_long_as_the_header(tmp_path: Path, worker: WorkerProcess) -> None:
    said = refusal(tmp_path / "t.csv", worker, "organisation,answer\n5D7\n5C1,good\n5C1,good,3\n")
    assert said.splitlines() == ["row 2 has 1 values, the header 2", "row 4 has 3 values, the header 2"]


def test_a_column_that_must_be_filled(tmp_path: Path, worker: WorkerProcess) -> None:
    rows = "".join(f"{code},good\n" for code in ["5D7", "", " ", "5C1", "", "", "", "", ""])
    said = refusal(tmp_path / "t.csv", worker, f"organisation,answer\n{rows}")
    assert said == 'rows 3, 4, 6, 7, 8 and 2 more: "organisation" is empty'


def test_of_very_many_faults_twenty_are_told_and_the_rest_counted(tmp_path: Path, worker: WorkerProcess) -> None:
    said = refusal(tmp_path / "t.csv", worker, "organisation,answer\n" + "5D7\n" * 25).splitlines()
    assert len(said) == 21
    assert said[19:] == ["row 21 has 1 values, the header 2", "and 5 more faults"]


def test_a_name_that_the_reader_needs_for_itself(tmp_path: Path, worker: WorkerProcess) -> None:
    pl.DataFrame({"organisation": ["5D7"], "answer": ["1"], "file_row_number": [7]}).write_parquet(tmp_path / "t.parquet")
    said = refusal(tmp_path / "t.parquet", worker)
    assert said == 'has a column "file_row_number", a name that dq needs for itself: rename it'


def test_a_file_of_patients_without_a_header_is_refused_without_a_word_of_it(tmp_path: Path, worker: WorkerProcess) -> None:
    said = refusal(
        tmp_path / "t.csv", worker, "Ann Bell,9434765919,1970-01-31,M13 9PL\nCarl Dunn,4010232137,1981-12-01,OL1 1AA\n"
    )
    assert said.splitlines() == ['has no column "organisation"', 'has no column "answer"', f"{EXPECTED} in its header"]


# ---------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize("code", ["5D7", "RAE", "02P", "QE1", "A81001", "E54000050", "W06000015", "6"])
def test_codes_are_shown(code: str) -> None:
    assert coded(code) == f'"{code}"'


@pytest.mark.parametrize(
    "value",
    ["Smith", "SMITH", "Ann", "9434765919", "943 476 5919", "010170", "31011970", "1970-01-31", "M139PL", "M13 9PL", "5d7", ""],
)
def test_what_could_be_somebodys_is_not_shown(value: str) -> None:
    assert coded(value) == "(not shown: it has not the form of a code)"


@given(st.text(max_size=12))
def test_only_what_has_the_form_of_a_code_is_ever_shown(value: str) -> None:
    is_code = re.fullmatch(r"[A-Z0-9]{1,3}|[A-Z][0-9]{5}|[A-Z][0-9]{8}", value) is not None
    assert coded(value) in ([f'"{value}"'] if is_code else []) + [coded("")]


def test_rows_in_words() -> None:
    assert in_rows([3]) == "row 3"
    assert in_rows([3, 7]) == "rows 3 and 7"
    assert in_rows([1, 2, 3, 4, 5]) == "rows 1, 2, 3, 4 and 5"
    assert in_rows(list(range(1, 1_007))) == "rows 1, 2, 3, 4, 5 and 1,001 more"
