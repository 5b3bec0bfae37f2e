"""Tests in Python of what SQL cannot say: they mean what Python means, keep their limits, and tell no value."""

import datetime as dt
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine.judging import BATCH, CHARACTERS, ISO, TESTS, Judge, JudgeFailed, JudgeProcess, in_batches
from tests.waiting import until

SECRET = "Mrs Smith, 943 476 5919"
ENDLESS = {"patterns": ["(a+)+$"]}
STUBBORN = "a" * 40 + "b"
"""A value on which Python searches for the pattern above for years."""
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc, which Linux has")


def wrong(test: str, values: list[str], *, seconds: float = 60, memory: int = 1_000_000_000, **arguments: Any) -> list[str]:
    with Judge(test, json.dumps(arguments), seconds, memory) as judge:
        return judge.wrong(values)


def failure(test: str, values: list[str], *, seconds: float = 60, memory: int = 1_000_000_000, **arguments: Any) -> str:
    with pytest.raises(JudgeFailed) as failed:
        wrong(test, values, seconds=seconds, memory=memory, **arguments)
    return str(failed.value)


def judges_of(parent: int) -> list[int]:
    """The processes that judge values for another one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            judging = b"dq_engine.judging" in (folder / "cmdline").read_bytes()
            own = int((folder / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        if judging and own == parent:
            found.append(int(folder.name))
    return found


def gone(pid: int) -> bool:
    """The process is no more, or is a zombie that nobody has asked for."""
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True


@pytest.mark.parametrize(
    ("test", "arguments", "right", "expected"),
    [
        ("regex", {"patterns": [r"^(?!0000)\d{4}$"]}, ["1234", "0001", "1234\n"], ["0000", "12345", ""]),
        ("regex", {"patterns": [r"(.)\1"], "negate": True}, ["abc", ""], ["abb", "éé"]),
        ("regex", {"patterns": ["(?=a)", "b"]}, ["a", "b", "ab"], ["c", ""]),
        ("regex", {"patterns": ["(?=a)", "b"], "match_on": "all"}, ["ab"], ["a", "b", "c"]),
        ("regex", {"patterns": ["(?=a)", "b"], "negate": True}, ["c", ""], ["a", "b", "ab"]),
        ("strftime", {"format": "%Y-%m-%d"}, ["2024-02-29", "2024-2-9"], ["2023-02-29", "29/02/2024", "2024-02-29 ", ""]),
        ("strftime", {"format": "%d %B %Y %H:%M %z"}, ["1 June 2024 10:30 +0100"], ["1 juni 2024 10:30 +0100"]),
        (
            "dateutil",
            {"today": "2024-02-10"},
            ["10", "Jan 5", "2024-01-05T10:30:00Z", "5 Jan 2024", "10:30 XYZ", "31 Jan"],
            ["", "abc", "31 Feb 2024", "99999999999999999999", "9" * 40 + "h", "2024-13-45"],
        ),
        ("json", {}, ["{}", "1", "NaN", '"\\ud800"', " [1] "], ["", "{", "{'a': 1}", "1 2", "[" * 100_000, "9" * 5000]),
        (
            "json_schema",
            {"schema": {"required": ["a"], "properties": {"a": {"type": "integer"}}}},
            ['{"a": 1}', '{"a": 1.0}', "[]"],
            ["{}", '{"a": "1"}'],
        ),
        ("json_schema", {"schema": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}, ["{}"], ['{"type": "text"}']),
        (
            "json_schema",
            {"schema": {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 5, "exclusiveMinimum": True}},
            ["6"],
            ["5", "4"],
        ),
    ],
)
def test_a_test_tells_wrong_values_from_right_ones(
    test: str, arguments: dict[str, Any], right: list[str], expected: list[str]
) -> None:
    assert wrong(test, [*right, *expected, *right], **arguments) == expected


def test_what_a_date_leaves_out_is_of_the_day_of_the_run() -> None:
    assert wrong("dateutil", ["29 Feb"], today="2024-11-22") == []
    assert wrong("dateutil", ["29 Feb"], today="2025-11-22") == ["29 Feb"]


MOMENTS = st.builds(
    "{:04}-{:02}-{:02}{}{:02}:{:02}{}{}".format,
    st.integers(0, 9999),
    st.integers(0, 13),
    st.integers(0, 32),
    st.sampled_from("T "),
    st.integers(0, 25),
    st.integers(0, 61),
    st.sampled_from(["", ":00", ":59.5", ":60", ":05.123456", ":05.1234567", ":05,5"]),
    st.sampled_from(["", "Z", "z", "+01:00", "-2359", "+24:00", "+00", " +0100"]),
)


@settings(max_examples=300, deadline=None)
@given(text=MOMENTS | MOMENTS.map(lambda text: text[:10]) | st.from_regex(ISO, fullmatch=True))
def test_dates_as_most_are_written_are_read_as_dateutil_reads_them(text: str) -> None:
    from dateutil.parser import parse

    try:
        parse(text, default=dt.datetime(2024, 1, 10))
        readable = True
    except (ValueError, OverflowError):
        readable = False
    assert TESTS["dateutil"]({"today": "2024-01-10"})(text) is not readable


def test_any_text_reaches_the_test_unchanged() -> None:
    with Judge("regex", json.dumps({"patterns": [r"(.)\1"]}), seconds=600) as judge:

        @settings(max_examples=100, deadline=None)
        @given(values=st.lists(st.text(st.characters(exclude_categories=()), max_size=8), max_size=30))
        def same(values: list[str]) -> None:
            assert judge.wrong(values) == [value for value in values if not re.search(r"(.)\1", value)]

        same()


def test_many_and_long_values_keep_their_order() -> None:
    values = [f"{number:09}" if number % 2 else "-" for number in range(2 * BATCH + 3)]
    assert wrong("regex", values, patterns=[r"(.)\1"]) == ["-"] * (BATCH + 2)
    long = ["ab" * CHARACTERS, "-", "aa" * CHARACTERS, "\n" * 1000]
    assert wrong("regex", long, patterns=[r"(.)\1"]) == ["ab" * CHARACTERS, "-", "\n" * 1000]


@given(sizes=st.lists(st.integers(0, CHARACTERS + 1), max_size=12))
def test_values_are_sent_in_parts_that_are_not_too_large(sizes: list[int]) -> None:
    values = ["x" * size for size in sizes]
    parts = [list(part) for part in in_batches(values)]
    assert [value for part in parts for value in part] == values
    assert all(part for part in parts)
    assert all(len(part) == 1 or sum(map(len, part)) <= CHARACTERS for part in parts)


# ---------------------------------------------------------------------------------------------------------------- limits


@needs_proc
def test_a_pattern_that_takes_for_ever_is_stopped_and_the_process_is_gone() -> None:
    advice = "The pattern '(a+)+$' could be written as 'a+$'."
    said: list[str] = []
    asking = threading.Thread(target=lambda: said.append(failure("regex", [STUBBORN], seconds=1.5, **ENDLESS, advice=advice)))
    asking.start()
    (pid,) = until(lambda: judges_of(os.getpid()))
    asking.join()
    assert said == [f"took longer than 1.5 seconds in Python: give more with --check-timeout. {advice}"]
    assert gone(pid)


def test_a_pattern_of_a_json_schema_is_stopped_too() -> None:
    text = failure("json_schema", [json.dumps(STUBBORN)], seconds=1, schema={"pattern": ENDLESS["patterns"][0]})
    assert text == "took longer than 1 second in Python: give more with --check-timeout"


def test_the_time_limit_is_for_all_values_together() -> None:
    with (
        Judge("regex", json.dumps({"patterns": ["(?=a)(a?){18}a{18}b"]}), seconds=2) as judge,
        pytest.raises(JudgeFailed, match="took"),
    ):
        for _ in range(100_000):
            judge.wrong(["a" * 18])


def test_too_much_memory_is_refused() -> None:
    values = ["[" + "1," * 10_000_000 + "1]"]
    assert failure("json", values, memory=50_000_000) == "needs more than 50 MB of memory in Python"


@needs_proc
def test_a_process_that_is_killed_is_an_error() -> None:
    with Judge("regex", json.dumps(ENDLESS)) as judge:
        judge.wrong(["a"])
        (pid,) = judges_of(os.getpid())
        killer = threading.Timer(0.2, os.kill, (pid, signal.SIGKILL))
        killer.start()
        with pytest.raises(JudgeFailed, match="was killed"):
            judge.wrong([STUBBORN])
        killer.join()


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_does_not_outlive_the_one_that_asked(how: signal.Signals) -> None:
    script = (
        "import json; from dq_engine.judging import Judge\n"
        f"with Judge('regex', json.dumps({ENDLESS})) as judge:\n"
        f"    judge.wrong(['a']); print('ready', flush=True); judge.wrong([{STUBBORN!r}])"
    )
    parent = subprocess.Popen([sys.executable, "-P", "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout as said:
        assert said.readline() == b"ready\n"
        (pid,) = until(lambda: judges_of(parent.pid))
        parent.send_signal(how)
        parent.wait()
        until(lambda: gone(pid))


@needs_proc
def test_a_process_ends_with_its_input() -> None:
    child = subprocess.Popen([sys.executable, "-P", "-m", "dq_engine.judging"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    first = {"test": "json", "arguments": {}, "seconds": 60, "memory": 1_000_000_000, "parent": os.getpid()}
    said, _ = child.communicate((json.dumps(first) + '\n["1", "{"]\n').encode())
    assert said == b"[1]\n"
    assert child.returncode == 0


# ------------------------------------------------------------------------------------------------ one child, many tests

QUESTIONS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("regex", {"patterns": [r"^(?!0)\d+$"]}, ["1", "01"]),
    ("dateutil", {"today": "2024-01-10"}, ["Jan 5", "5 Ajn"]),
    ("json_schema", {"schema": {"type": "object"}}, ["{}", "[]"]),
    ("strftime", {"format": "%Y-%m-%d"}, ["2024-01-01", "2024-13-01"]),
    ("json", {}, ["{}", "{"]),
    ("regex", {"patterns": [r"^(?!0)\d+$"], "negate": True}, ["01", "1"]),
]


def judged(child: JudgeProcess, test: str, arguments: dict[str, Any], values: list[str], **limits: Any) -> list[str]:
    with Judge(test, json.dumps(arguments), child=child, **limits) as judge:
        return judge.wrong(values)


@needs_proc
def test_one_child_carries_out_one_test_after_another() -> None:
    with JudgeProcess() as child:
        found, pids = [], set()
        for test, arguments, values in [*QUESTIONS, *reversed(QUESTIONS)]:
            found.append(judged(child, test, arguments, values))
            pids |= set(judges_of(os.getpid()))
        (pid,) = pids
    assert found == [values[1:] for _, _, values in [*QUESTIONS, *reversed(QUESTIONS)]]
    assert gone(pid)


@needs_proc
@pytest.mark.parametrize("trouble", ["takes for ever", "is no test", "fails"])
def test_a_test_that_fails_costs_itself_alone(trouble: str) -> None:
    failing: dict[str, tuple[str, dict[str, Any], list[str]]] = {
        "takes for ever": ("regex", ENDLESS, [STUBBORN]),
        "is no test": ("nothing", {}, ["a"]),
        "fails": ("json_schema", {"schema": {}}, ["no JSON"]),
    }
    with JudgeProcess() as child:
        assert judged(child, *QUESTIONS[0]) == ["01"]
        (first,) = judges_of(os.getpid())
        with pytest.raises(JudgeFailed):
            judged(child, *failing[trouble], seconds=1 if trouble == "takes for ever" else 60)
        assert gone(first)
        assert [judged(child, *question) for question in QUESTIONS] == [values[1:] for _, _, values in QUESTIONS]


@needs_proc
def test_a_child_that_died_between_two_tests_is_replaced() -> None:
    with JudgeProcess() as child:
        judged(child, *QUESTIONS[0])
        (pid,) = judges_of(os.getpid())
        os.kill(pid, signal.SIGKILL)
        until(lambda: gone(pid))
        assert judged(child, *QUESTIONS[0]) == ["01"]


@needs_proc
def test_a_child_that_was_given_much_is_replaced() -> None:
    with JudgeProcess() as child:
        assert judged(child, "regex", {"patterns": [r"(.)\1"]}, ["ab" * CHARACTERS]) == ["ab" * CHARACTERS]
        (pid,) = judges_of(os.getpid())
        assert judged(child, *QUESTIONS[0]) == ["01"]
        assert gone(pid)


def test_each_test_has_the_memory_that_it_is_given() -> None:
    long = "[" + "1," * 5_000_000 + "1]"
    with JudgeProcess() as child:
        assert judged(child, "json", {}, ["1"], memory=50_000_000) == []
        assert judged(child, "json", {}, [long]) == []
    with JudgeProcess() as child:
        assert judged(child, "json", {}, ["1"]) == []
        with pytest.raises(JudgeFailed, match="more than 50 MB"):
            judged(child, "json", {}, [long], memory=50_000_000)


@needs_proc
def test_each_test_has_the_processor_time_that_it_is_given() -> None:
    """A second or two more than its time, beyond what tests before it took."""
    with JudgeProcess() as child:
        for seconds in (100, 10, 1000):
            judged(child, *QUESTIONS[0], seconds=seconds)
            (pid,) = judges_of(os.getpid())
            limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
            (soft,) = re.findall(r"^Max cpu time +(\d+) ", limits, re.MULTILINE)
            assert seconds < int(soft) < seconds + 10


@needs_proc
def test_a_worker_keeps_one_child_for_all_its_checks_and_leaves_none(tmp_path: Path) -> None:
    pq.write_table(pa.table({"code": ["1234", "0000"], "name": ["a", STUBBORN]}), tmp_path / "rows.parquet")
    rules = [
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": column, "regex": pattern}}
        for column, pattern in [("code", r"^(?!0000)\d{4}$"), ("name", "(?=a)(a+)+$"), ("code", r"^(?!1)\d{4}$")]
    ]
    found = []
    with dq_engine.WorkerProcess() as worker:
        for wanted in (rules, rules[::2]):
            suite = {"name": "judged", "expectations": wanted}
            run = dq_engine.check(tmp_path / "rows.parquet", suite, worker=worker, check_timeout=3)
            found.append([(outcome.status, outcome.unexpected_count) for outcome in run.extracts[0].outcomes])
            children = judges_of(worker.pid)
            assert len(children) == 1
    assert found == [[("fail", 1), ("error", None), ("fail", 1)], [("fail", 1), ("fail", 1)]]
    until(lambda: all(gone(pid) for pid in children))


# --------------------------------------------------------------------------------------------------------------- privacy


@pytest.mark.parametrize(
    ("test", "arguments", "said"),
    [
        ("json_schema", {"schema": {}}, "a value is not JSON"),
        ("json_schema", {"schema": {"$ref": "#/nowhere"}}, "the schema refers to"),
        ("json_schema", {"schema": {"$ref": "#"}}, "nested too deeply"),
        ("json_schema", {"schema": {"type": "nothing"}}, "the test in Python failed (SchemaError)"),
        ("regex", {"patterns": ["("]}, "the test in Python failed (error)"),
        ("nothing", {}, "the test in Python failed (KeyError)"),
    ],
)
def test_a_failure_tells_no_value(test: str, arguments: dict[str, Any], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    values = [SECRET] if "not JSON" in said else [json.dumps(SECRET)]
    message = failure(test, values, **arguments)
    assert said in message
    assert not re.search("Smith|943|5919", message)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_printed_about_values_that_a_library_warns_of(capfd: pytest.CaptureFixture[str]) -> None:
    assert wrong("dateutil", ["10:30 SMITH"], today="2024-01-01") == []
    assert capfd.readouterr() == ("", "")


def test_no_schema_is_loaded_from_elsewhere() -> None:
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            reference = f"http://127.0.0.1:{server.server_port}/schema.json"
            message = failure("json_schema", ["{}"], schema={"$ref": reference})
        finally:
            server.shutdown()
            thread.join()
    assert message == f"the schema refers to {reference}, which it does not have"
    assert asked == []


def test_the_process_loads_no_more_than_its_test_needs() -> None:
    script = (
        "import sys, dq_engine.judging; print([m for m in ('duckdb', 'msgspec', 'jsonschema', 'dateutil') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
