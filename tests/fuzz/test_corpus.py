"""The stored corpora of the fuzzers, once more and without atheris: what was found out stays mended, and no input is forgotten."""

import importlib
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from tests.fuzz import driver, footer_reader
from tests.robust import footer

TARGETS = ("suite_reader", "footer_reader")
MOST = 300_000
"""Bytes of all corpora together."""
MANY_ROW_GROUPS = bytes.fromhex("1500192c350218046c69737415020015022504180178001600 19f8d7ffff")
"""Thirty bytes of a footer, by which there are 65 million row groups: DuckDB makes room for all of them before it reads one."""


@pytest.mark.parametrize("target", TARGETS)
def test_every_input_of_the_corpus_is_read_or_refused_in_words(target: str) -> None:
    judge = importlib.import_module(f"tests.fuzz.{target}").judge
    inputs = driver.corpus(target)
    assert len(inputs) > 50
    wrong = []
    for name, data in inputs.items():
        try:
            judge(data)
        except Exception as error:
            wrong.append(f"{name} {data[:300]!r}: {type(error).__name__}: {str(error)[:300]}")
    assert wrong == []


@pytest.mark.parametrize("target", TARGETS)
def test_target_tells_what_it_must_not_accept(target: str, tmp_path: Path) -> None:
    module = importlib.import_module(f"tests.fuzz.{target}")
    with pytest.raises(module.Wrong):
        module.refused("") if target == "footer_reader" else module.said(ValueError("x" * 10_000))
    try:
        raise KeyError("what no reader may raise")
    except KeyError as error:
        driver.note(tmp_path, b"input", error)
        driver.note(tmp_path, b"another input", error)
    found = sorted(tmp_path.iterdir())
    assert len(found) == 2, "a finding of one kind is written down once, with where it came from"
    assert found[0].read_bytes() == b"input"
    assert "what no reader may raise" in found[1].read_text(encoding="utf-8")


def test_corpora_are_small_and_the_same_inputs_make_the_same_file() -> None:
    assert sum((driver.CORPUS / f"{target}.zip").stat().st_size for target in TARGETS) <= MOST
    for target in TARGETS:
        inputs = driver.corpus(target)
        assert driver.packed(dict(reversed(inputs.items()))) == driver.packed(inputs)


def test_footer_that_claims_a_huge_list_is_refused_before_the_memory_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "list_sizes.parquet"
    path.write_bytes(footer_reader.content(b"footer\n" + MANY_ROW_GROUPS))
    suite = {"name": "one", "expectations": [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}}]}
    with dq_engine.WorkerProcess() as worker:
        run = dq_engine.check(path, suite, worker=worker)
        peak = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii"))
    assert (run.exit_code, [outcome.status for outcome in run.outcomes]) == (3, ["error"])
    assert "has a footer that needs more memory than there is" in run.outcomes[0].message
    assert peak is not None
    assert int(peak[1]) < 1_500_000


def test_footer_with_more_nulls_than_rows_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "list_sizes.parquet"
    pq.write_table(pa.table({"n": [1, None, 3]}), path)

    def more(fields: footer.Fields) -> None:
        for meta in footer.chunks(fields):
            statistics = meta[footer.STATISTICS].value
            statistics[footer.NULLS] = statistics[footer.NULLS]._replace(value=4)

    path.write_bytes(footer.changed(path.read_bytes(), more))
    suite = {"name": "one", "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}]}
    (outcome,) = dq_engine.check(path, suite).outcomes
    assert (outcome.status, outcome.element_count, outcome.unexpected_count) == ("fail", 3, 1)
