"""The benchmark: its data have the declared defects, its runners say the same, and a difference would be seen. No time is judged."""

import json
import os
import sys
from math import sqrt
from pathlib import Path

import duckdb
import pytest

from tests.bench import document, extract, processes, record, suites
from tests.bench.__main__ import MEASURED, PAGE
from tests.bench.commands import FLOOR, FUSED, NAIVE, ROOT, Command, dq, peer, peer_of
from tests.bench.peers.rules import NULLABLE, PATTERN
from tests.bench.rounds import measure
from tests.bench.scenarios import PIECES, REST, of_piece

ROWS = 1_000
KINDS = [one["type"] for one in suites.suite(46, ROWS)["expectations"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bench")
    (place / "suite.json").write_text(json.dumps(suites.suite(46, ROWS)))
    return place


@pytest.fixture(scope="module")
def data(folder: Path) -> str:
    return extract.place(folder, ROWS)


@pytest.fixture(scope="module")
def clean(folder: Path) -> str:
    return extract.place(folder, ROWS, clean=True)


def runner(name: str, folder: Path, data: str, group: str = "") -> Command:
    return peer(peer_of(name), folder, data, folder / "suite.json", group=group)


def test_the_pieces_make_up_the_suite() -> None:
    whole = suites.suite(46, ROWS)["expectations"]
    pieces = [of_piece(whole, name) for name in (*PIECES, REST)]
    assert all(pieces)
    assert sorted(map(str, whole)) == sorted(str(one) for piece in pieces for one in piece)


def test_dq_and_duckdb_by_hand_say_the_same_with_defects_and_without(folder: Path, data: str, clean: str) -> None:
    commands = [
        dq("dq", "dq", data, folder / "suite.json"),
        *(runner(name, folder, data) for name in (FLOOR, NAIVE, FUSED)),
        dq("dq_clean", "dq", clean, folder / "suite.json", group="clean"),
        runner(FUSED, folder, clean, "clean"),
    ]
    lines, disagreements = measure(commands, {"": KINDS, "clean": KINDS}, rounds=1, timeout=120, once_over=120)
    assert disagreements == []
    assert [(line.name, line.problem, line.judged, line.passed) for line in lines] == [
        ("dq", "", 46, 42),
        (FLOOR, "", 0, 0),
        (NAIVE, "", 46, 42),
        (FUSED, "", 46, 42),
        ("dq_clean", "", 46, 46),
        (FUSED, "", 46, 46),
    ]
    for line in lines:
        (turn,) = line.turns
        assert turn.wall > 0 and turn.cpu > 0 and turn.memory > 1


def test_different_answers_are_named(folder: Path, data: str, clean: str) -> None:
    commands = [runner(FUSED, folder, data), runner(FUSED, folder, clean)._replace(name="other")]
    _, disagreements = measure(commands, {"": KINDS}, rounds=1, timeout=120, once_over=120)
    place = KINDS.index(f"expect_{PATTERN}")
    assert f"rule {place} (expect_{PATTERN}): other says pass, duckdb_fused fail" in disagreements
    assert any(words.startswith(f"rule {place} (expect_{PATTERN}): other says 0 rows, duckdb_fused ") for words in disagreements)


def test_a_command_that_gives_no_answer_or_does_not_end_is_a_problem_and_not_a_figure(folder: Path) -> None:
    nothing = runner(FUSED, folder, str(folder / "missing.parquet"))
    endless = Command("endless", "", [sys.executable, "-c", "import threading; threading.Event().wait()"])
    (without_answer,), _ = measure([nothing], {"": KINDS}, rounds=2, timeout=120, once_over=120)
    (without_end,), _ = measure([endless], {"": KINDS}, rounds=2, timeout=0.5, once_over=120)
    assert without_answer.turns == without_end.turns == ()
    assert without_answer.problem.startswith("gave no answer (exit code 1")
    assert without_end.problem == "not done after 0.5 s"


def test_processor_time_and_memory_are_those_of_the_whole_tree(tmp_path: Path) -> None:
    work = "held = bytearray(b'x') * 150_000_000; sum(range(15_000_000))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    used = processes.run([sys.executable, "-c", parent], tmp_path, dict(os.environ), timeout=120)
    assert used.code == 0
    assert used.memory > 150
    assert used.cpu > 0.1


def test_the_extract_has_the_declared_defects(tmp_path: Path) -> None:
    rows = 20_000
    path = extract.place(tmp_path, rows)
    declared = [(column.name, defect) for column in extract.COLUMNS for defect in column.defects if defect.found]
    counts = ", ".join(f"count_if({defect.found})" for _, defect in declared)
    found = duckdb.execute(f"SELECT {counts} FROM read_parquet('{path}', file_row_number = true)").fetchall()[0]
    assert found is not None
    for (column, defect), count in zip(declared, found, strict=True):
        expected = rows * defect.rate
        assert abs(count - expected) <= 4 * sqrt(expected) + 1, f"{column}: {defect.found}: {count}, declared {expected}"
    assert sum(found) > 0.2 * rows
    empty = {column for column, defect in declared if defect.found.endswith("IS NULL")}
    assert empty == NULLABLE


def test_parts_of_an_extract_are_the_whole(tmp_path: Path, data: str) -> None:
    for number, part in enumerate((range(400), range(400, ROWS))):
        extract.write(tmp_path / f"part{number}.parquet", ROWS, part)
    parts = f"FROM '{tmp_path}/*.parquet'"
    for one, other in ((f"FROM '{data}'", parts), (parts, f"FROM '{data}'")):
        assert duckdb.execute(f"SELECT count(*) FROM ({one} EXCEPT ALL {other})").fetchall() == [(0,)]


@pytest.mark.parametrize("rules", [46, 450, 1000])
def test_a_suite_has_as_many_rules_as_asked_and_begins_with_the_reference(rules: int) -> None:
    listed = suites.suite(rules, ROWS)["expectations"]
    assert len(listed) == rules
    assert listed[:46] == suites.suite(46, ROWS)["expectations"]
    assert len({json.dumps([one["type"], one["kwargs"]]) for one in listed}) > 0.9 * rules


def test_the_page_is_what_was_measured() -> None:
    measured = record.stored(MEASURED)
    assert PAGE.read_text(encoding="utf-8") == document.page(measured), "python -m tests.bench --document writes it anew"
    assert not [words for one in measured.scenarios for words in one.disagreements]
    assert f"]({PAGE.name})" in (ROOT / "README.md").read_text(encoding="utf-8")
