"""A suite can read the extract that it checks, and do nothing else: every attack here works without the lock, and not with it."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import WorkerProcess
from dq_engine.sources import connect
from tests.command import dq_here
from tests.robust.hostile import (
    ATTACKS,
    CONDITIONS,
    ENDLESS,
    EXPRESSIONS,
    GREEDY,
    HARMLESS,
    REFUSED_BY_DUCKDB,
    SCHEMAS,
    SECRET,
    TEXTS,
    Attack,
)

ROWS = {"a": [1, 2, 3], "org": ["A81001", "A81002", "A81001"]}


def rule(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": name if name.startswith("un") else f"expect_{name}", "kwargs": kwargs}


def suite(*rules: dict[str, Any], **feed: Any) -> dict[str, Any]:
    return {"name": "hostile", "expectations": list(rules), "meta": {"dq": {"feed": "rows", **feed}}}


def in_query(query: str) -> str:
    """The query as a suite writes it: braces twice, and a word about the extract."""
    return "-- {batch}\n" + query.replace("{", "{{").replace("}", "}}")


def by_every_query(query: str) -> list[dict[str, Any]]:
    """The query in each place where a suite can have one."""
    own = in_query(query)
    return [
        rule("unexpected_rows_expectation", unexpected_rows_query=own),
        rule("query_results_to_match_comparison", base_query=own, comparison_data_source_name="x", comparison_query="SELECT 1"),
        rule(
            "query_results_to_match_comparison",
            base_query="SELECT 1 FROM {batch}",
            comparison_data_source_name="x",
            comparison_query=query,
        ),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An extract, and files of somebody else beside it."""
    pq.write_table(pa.table(ROWS), tmp_path / "rows.parquet")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "secret.csv").write_text(f"a,b\n1,{SECRET}\n")
    (tmp_path / "foreign" / "secret.json").write_text(json.dumps({"a": 1, "b": SECRET}))
    pq.write_table(pa.table({"a": [1], "b": [SECRET]}), tmp_path / "foreign" / "secret.parquet")
    return tmp_path


def filled_in(attack: Attack, folder: Path) -> str:
    names = {"secret": folder / "foreign" / "secret", "own": folder / "rows.parquet", "out": folder / "out"}
    return re.sub(r"\{(secret|own|out)\}", lambda found: str(names[found[1]]), attack.sql)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def checked(folder: Path, expectations: dict[str, Any], worker: WorkerProcess, **options: Any) -> list[dq_engine.Outcome]:
    run = dq_engine.check(folder / "rows.parquet", expectations, worker=worker, checksums=False, **options)
    assert SECRET not in msgspec.json.encode(run).decode()
    return list(run.extracts[0].outcomes)


# ------------------------------------------------------------------------------------------------------------- the queries


@pytest.mark.parametrize("place", range(3), ids=["unexpected rows", "base query", "comparison query"])
def test_no_query_gets_out(place: int, folder: Path, worker: WorkerProcess) -> None:
    before = contents(folder)
    rules = [by_every_query(filled_in(attack, folder))[place] for attack in ATTACKS]
    honest = [rule("column_values_to_be_unique", column="a"), rule("column_values_to_be_between", column="a", max_value=2)]
    found = checked(folder, suite(*rules, *honest, organisation_column="org"), worker, result_format="COMPLETE")
    passed = [attack.name for attack, outcome in zip(ATTACKS, found, strict=False) if outcome.status != "error"]
    assert passed == []
    assert all(outcome.message for outcome in found[:-2])
    assert [(outcome.status, outcome.unexpected_count) for outcome in found[-2:]] == [("pass", 0), ("fail", 1)]
    assert contents(folder) == before


def test_no_query_gets_out_of_its_own_connection(folder: Path, worker: WorkerProcess) -> None:
    """What one extract's suite tried changes nothing for the next one."""
    queries = [query for attack in ATTACKS for query in by_every_query(filled_in(attack, folder))[:1]]
    checked(folder, suite(*queries), worker)
    counted = checked(folder, suite(rule("column_values_to_be_between", column="a", max_value=2)), worker)
    assert [(outcome.status, outcome.unexpected_count) for outcome in counted] == [("fail", 1)]


def test_the_lock_alone_keeps_queries_in(folder: Path) -> None:
    """If one of these got past the look at its text: it finds no file but its own, no network, no setting."""
    before = contents(folder)
    outside = [
        attack for attack in ATTACKS if attack.network or re.search(r"\{secret\}|\{out\}|/proc/|^(SET|RESET) ", attack.sql)
    ]
    assert len(outside) > 60
    done = []
    for attack in outside:
        with connect([str(folder / "rows.parquet")], {"threads": "1"}) as connection:
            try:
                connection.execute(attack.before or "SELECT 1")
                connection.execute(filled_in(attack, folder)).fetchall()
            except duckdb.Error:
                continue
            done.append(attack.sql)
    assert [sql for sql in done if "VARIABLE" not in sql and "search_path" not in sql] == []
    assert contents(folder) == before


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if not attack.network], ids=lambda attack: attack.name)
def test_each_attack_works_without_the_lock(attack: Attack, folder: Path) -> None:
    """Or the tests above would show nothing."""
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(attack.before or "SELECT 1")
        try:
            connection.execute(filled_in(attack, folder)).fetchall()
        except duckdb.Error as error:
            assert ALMOST.search(str(error).splitlines()[0]), error


ALMOST = re.compile(
    r"CHECKPOINT: the current transaction"  # a checkpoint in a SELECT
    r"|deleter function"  # the file was read, but nothing deleted
    r"|Required module 'pytz'"  # the moment of a file was read, but Python has no zone for it
)
"""What goes wrong with some of them even without the lock, after they were let do what they do."""


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack.network], ids=lambda attack: attack.name)
def test_each_attack_on_the_network_starts_without_the_lock(attack: Attack, folder: Path) -> None:
    """No host is asked: DuckDB has not the extension for it, and says so before it looks for the network."""
    settings: dict[str, Any] = {"autoinstall_known_extensions": "false", "extension_directory": str(folder / "none")}
    with duckdb.connect(":memory:", config=settings) as connection:
        connection.execute("SET custom_extension_repository = '" + str(folder / "none") + "'")
        with pytest.raises(duckdb.Error) as raised:
            connection.execute(attack.sql).fetchall()
        assert "disabled by configuration" not in str(raised.value)


@pytest.mark.parametrize("query", HARMLESS)
def test_harmless_query_runs(query: str, folder: Path, worker: WorkerProcess) -> None:
    before = contents(folder)
    (outcome,) = checked(folder, suite(by_every_query(query)[0]), worker)
    assert (outcome.status, outcome.unexpected_count, outcome.message) == ("pass", 0, "")
    assert contents(folder) == before


@pytest.mark.parametrize("query", ENDLESS, ids=lambda query: query[:50])
def test_query_without_end_ends_at_the_time_limit(query: str, folder: Path, worker: WorkerProcess) -> None:
    before = contents(folder)
    found = checked(folder, suite(by_every_query(query)[0]), worker, timeout=0.5, threads=1)
    assert [(outcome.status, "time limit" in outcome.message) for outcome in found] == [("error", True)]
    assert contents(folder) == before


def test_queries_that_take_all_memory_end_at_the_memory_limit(folder: Path, worker: WorkerProcess) -> None:
    """Texts and lists, too, of which DuckDB does not count the memory."""
    queries = [by_every_query(query)[0] for query in GREEDY]
    honest = rule("column_values_to_be_between", column="a", max_value=2)
    found = checked(folder, suite(*queries, honest), worker, memory_limit="100MB", threads=1)
    said = [(outcome.status, outcome.message) for outcome in found[:-1]]
    assert said == [("error", said[0][1])] * len(GREEDY) and "--memory-limit" in said[0][1], said
    assert (found[-1].status, found[-1].unexpected_count) == ("fail", 1)
    assert peak(worker.pid) < 2_000_000_000


def peak(process: int) -> int:
    """The most memory that a process had, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1]) * 1000


def test_what_duckdb_does_not_take_is_an_error(folder: Path, worker: WorkerProcess) -> None:
    found = checked(folder, suite(*(by_every_query(query)[0] for query in REFUSED_BY_DUCKDB)), worker)
    assert {outcome.status for outcome in found} == {"error"}
    assert all(outcome.message for outcome in found)


# --------------------------------------------------------------------------------------------------------- names and values


PLAIN = "plain"


def quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark


def about(text: str) -> list[dict[str, Any]]:
    """Rules in which the text stands wherever a suite can have a text: as name of columns and extracts, and as value."""
    pattern, like = re.escape(text), re.sub(r"([!%_])", r"!\1", text)
    is_it = {"type": "comparison", "column": {"name": text}, "operator": "==", "parameter": text}
    among = {"type": "comparison", "column": {"name": text}, "operator": "IN", "parameter": [text, "no"]}
    name, literal = quoted(text, '"'), quoted(text, "'")
    other = {"other": "elsewhere", "other_column": text}
    rules = [
        rule("column_to_exist", column=text),
        rule("column_values_to_be_in_set", column=text, value_set=[text, "other"]),
        rule("column_values_to_be_in_set", column=text, value_set=["neither"]),
        rule("column_values_to_not_be_in_set", column=text, value_set=[text]),
        rule("column_values_to_be_in_set", column=text, value_set=[text], row_condition=is_it),
        rule("column_values_to_be_in_set", column=text, value_set=["neither"], row_condition=among),
        rule("column_values_to_be_in_set", column=text, value_set={"$PARAMETER": f"p{(PLAIN, *TEXTS).index(text)}"}),
        rule("column_distinct_values_to_equal_set", column=text, value_set=[text, "other"]),
        rule("column_distinct_values_to_contain_set", column=text, value_set=[text, "neither"]),
        rule("column_most_common_value_to_be_in_set", column=text, value_set=[text]),
        rule("column_values_to_match_regex", column=text, regex=f"^{pattern}$"),
        rule("column_values_to_match_regex_list", column=text, regex_list=[f"(?<!x)^{pattern}$", "^other$"]),
        rule("column_values_to_not_match_regex", column=text, regex=pattern),
        rule("column_values_to_match_like_pattern", column=text, like_pattern=like, escape="!"),
        rule("column_values_to_not_match_like_pattern_list", column=text, like_pattern_list=[like, "none"], escape="!"),
        rule("column_values_to_match_json_schema", column=f"json of {text}", json_schema={"const": text}),
        rule("column_values_to_be_null", column=text),
        rule("compound_columns_to_be_unique", column_list=[text, "n"]),
        rule("column_values_to_be_unique", column=text),
        rule("column_pair_values_to_be_equal", column_A=text, column_B="n"),
        rule("column_pair_values_to_be_in_set", column_A=text, column_B="org", value_pairs_set=[[text, "A81001"]]),
        rule("table_columns_to_match_set", column_set=[text, "n", "json", "org"], exact_match=False),
        rule("column_values_to_exist_in_other_extract", column=text, **other),
        rule("column_values_to_not_exist_in_other_extract", column=text, **other, other_condition=is_it),
        rule("column_values_to_agree_with_other_extract", column="n", other="elsewhere", other_column="n", on={text: text}),
        rule("column_sum_to_reconcile_with_other_extract", other="elsewhere", column="n", other_column="n", on={text: text}),
        rule("share_to_reach_target", column=text, value_set=[text], min_share=0.9, per=[text], by="org"),
        rule("table_row_count_to_equal_other_table", other_table_name=text),
        rule("unexpected_rows_expectation", unexpected_rows_query=in_query(f"SELECT * FROM dq_extract WHERE {name} = {literal}")),
        rule("unexpected_rows_expectation", unexpected_rows_query=in_query(f"SELECT * FROM {name} WHERE {name} = {literal}")),
    ]
    return [{**item, "id": str(place), "notes": text, "description": text} for place, item in enumerate(rules)]


Found = list[tuple[str, int | None, int | None]]


@pytest.fixture(scope="module")
def found_about(tmp_path_factory: pytest.TempPathFactory, worker: WorkerProcess) -> dict[str, Found]:
    """What the rules about each text find in an extract in which the texts are names of columns, of other extracts, and values."""
    folder, texts = tmp_path_factory.mktemp("texts"), (PLAIN, *TEXTS)
    rows: dict[str, list[Any]] = {text: [text, text, "other", None] for text in texts}
    rows |= {f"json of {text}": [json.dumps(text)] * 4 for text in texts}
    pq.write_table(pa.table({**rows, "n": [1, 2, 1, 2], "org": ["A81001"] * 4}), folder / "rows.parquet")
    pq.write_table(pa.table({**{text: [text, "x"] for text in texts}, "n": [1, 2]}), folder / "other.parquet")
    columns = {text: {"sensitivity": "public"} for text in texts}
    feed = {
        "title": TEXTS[0],
        "description": TEXTS[1],
        "owner": TEXTS[2],
        "organisation_column": "org",
        "period_column": TEXTS[3],
    }
    rules = [{**item, "id": f"{text} {place}"} for text in texts for place, item in enumerate(about(text))]
    hostile = {**suite(*rules, **feed, columns=columns), "name": TEXTS[0]}
    run = dq_engine.check(
        folder / "rows.parquet",
        hostile,
        name=TEXTS[4],
        others=dict.fromkeys(("elsewhere", *texts), folder / "other.parquet"),
        worker=worker,
        parameters={f"p{place}": [text, "other"] for place, text in enumerate(texts)},
        result_format="COMPLETE",
        show_values=True,
    )
    assert sorted(path.name for path in folder.iterdir()) == ["other.parquet", "rows.parquet"]
    each = iter(run.extracts[0].outcomes)
    return {
        text: [
            (outcome.status, outcome.element_count, outcome.unexpected_count)
            for _, outcome in zip(about(text), each, strict=False)
        ]
        for text in texts
    }


def test_rules_about_a_plain_text_pass_fail_and_count(found_about: dict[str, Found]) -> None:
    """Or it would mean nothing that those about a hostile text say the same."""
    statuses = [status for status, _, _ in found_about[PLAIN]]
    assert {"pass", "fail"} <= set(statuses)
    assert [about(PLAIN)[place]["type"] for place, status in enumerate(statuses) if status == "error"] == [
        "expect_column_pair_values_to_be_equal"
    ]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_text_is_a_text(text: str, found_about: dict[str, Found]) -> None:
    pairs = zip(about(text), found_about[text], found_about[PLAIN], strict=True)
    assert [pair for pair in pairs if pair[1] != pair[2]] == []


LANGUAGES = {
    "great_expectations": lambda name, value: f"col({json.dumps(name)}) == {json.dumps(value)}",
    "pandas": lambda name, value: f"`{name}` == {value!r}",
    "sqlalchemy": lambda name, value: f"{quoted(name, chr(34))} = {quoted(value, chr(39))}",
    "spark": lambda name, value: f"`{name}` = {quoted(value, chr(39))}",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_condition_in_words_means_what_it_says_or_is_refused(language: str, tmp_path: Path, worker: WorkerProcess) -> None:
    """What cannot be spelled in a language is refused, most of it when the suite is read; nothing is read as something else."""
    rules = {text: rule("column_values_to_be_in_set", column="n", value_set=[1], condition_parser=language,
                        row_condition=LANGUAGES[language](text, text)) for text in (PLAIN, *TEXTS)}  # fmt: skip
    readable = {text: own for text, own in rules.items() if is_readable(own)}
    assert PLAIN in readable and len(readable) > len(TEXTS) / 3
    pq.write_table(
        pa.table({**{text: [text, text, "other", None] for text in rules}, "n": [1, 2, 3, 4]}), tmp_path / "rows.parquet"
    )
    for text, outcome in zip(readable, checked(tmp_path, suite(*readable.values()), worker), strict=True):
        found = (outcome.status, outcome.element_count, outcome.unexpected_count)
        assert found == ("fail", 2, 1) or (found[0] == "error" and "has no column" in outcome.message), (text, outcome.message)


def is_readable(own: dict[str, Any]) -> bool:
    try:
        dq_engine.load_suite(suite(own))
    except dq_engine.SuiteError:
        return False
    return True


def test_a_text_in_the_project_file_is_a_text(tmp_path: Path) -> None:
    """As the name of a file, of a column in it and of an extract, and as what a column is called instead."""
    tables, names = [], []
    for place, text in enumerate(TEXTS):
        folder = tmp_path / f"data{place}"
        folder.mkdir()
        names.append(text.replace("/", "|") + "*?[a]'.parquet")
        pq.write_table(pa.table({text: ["1", "2", "x"], "org": ["A81001"] * 3}), folder / names[-1])
        own = suite(
            rule("column_values_to_be_in_set", column=f"is {text}", value_set=["1"]), rule("column_to_exist", column=text)
        )
        (folder / "suite.json").write_text(json.dumps(own))
        pattern, column, called = map(in_toml, (re.sub(r"[*?[]", r"[\g<0>]", names[-1]), text, f"is {text}"))
        tables.append(
            f"[[extracts]]\npath = {in_toml(folder.name + '/')[:-1]}{pattern[1:]}\nname = {column}\n"
            f'suite = "{folder.name}/suite.json"\ncolumns = {{ {column} = {called} }}\ntypes = {{ {called} = "text" }}\n'
        )
    (tmp_path / "dq.toml").write_text("\n".join(tables), encoding="utf-8")
    before = contents(tmp_path)
    done = dq_here(tmp_path, "check", "--format", "json", "--fail-on", "never", "--no-results")
    extracts = json.loads(done.stdout)["extracts"]
    assert [extract["name"] for extract in extracts] == list(TEXTS)
    found = [[(o["status"], o.get("unexpected_count")) for o in extract["outcomes"]] for extract in extracts]
    assert found == [[("fail", 2), ("fail", 1)]] * len(TEXTS)
    assert contents(tmp_path) == before


def in_toml(text: str) -> str:
    return json.dumps(text).replace("\x7f", "\\u007f")


# ------------------------------------------------------------------------------------------------------------------- bombs


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_long_or_deep_condition_is_refused_or_read(name: str, folder: Path, worker: WorkerProcess) -> None:
    parser, text = CONDITIONS[name]
    own = suite(rule("column_values_to_be_unique", column="a", row_condition=text, condition_parser=parser))
    try:
        loaded = dq_engine.load_suite(own)
    except dq_engine.SuiteError as error:
        assert "row_condition" in str(error)
        assert len(str(error)) < 2000
        return
    (outcome,) = checked(folder, own, worker)
    assert (outcome.status, len(loaded.checks)) == ("vacuous" if "long" in name or name == "sum" else "pass", 1), outcome.message


def test_no_expression_of_parameters_takes_long_or_passes(folder: Path, worker: WorkerProcess) -> None:
    for text in EXPRESSIONS:
        own = suite(rule("column_max_to_be_between", column="a", max_value={"$PARAMETER": text}))
        try:
            outcomes = checked(folder, own, worker)
        except dq_engine.SuiteError as error:
            assert len(str(error)) < 2000
        else:
            assert [outcome.status for outcome in outcomes] in (["error"], ["fail"], ["pass"] if text.startswith("9") else [])


@pytest.mark.parametrize(
    "regex", [r"^(a+)+$", r"((a*)*)*b", r"(a|a)*$", r"^(?:a{1,30}){1,30}x$", "(" * 90 + "a" + ")+" * 90 + "$"]
)
def test_a_regex_of_re2_is_linear(regex: str, tmp_path: Path, worker: WorkerProcess) -> None:
    pq.write_table(pa.table({"a": ["a" * 5000 + "!"]}), tmp_path / "rows.parquet")
    own = suite(rule("column_values_to_match_regex", column="a", regex=regex))
    run = dq_engine.check(tmp_path / "rows.parquet", own, worker=worker, check_timeout=1)
    assert [outcome.status for outcome in run.extracts[0].outcomes] in (["fail"], ["error"], ["pass"])


@pytest.mark.parametrize("regex", [r"^(?=(a+)+$)a", r"^(a+)+\1\1$(?<!b)", r"(?=(.*a){25}.*b)"])
def test_a_regex_that_python_judges_ends_at_the_time_limit(regex: str, tmp_path: Path, worker: WorkerProcess) -> None:
    pq.write_table(pa.table({"a": ["a" * 60 + "!"]}), tmp_path / "rows.parquet")
    own = suite(rule("column_values_to_match_regex", column="a", regex=regex), rule("column_values_to_be_unique", column="a"))
    run = dq_engine.check(tmp_path / "rows.parquet", own, worker=worker, check_timeout=0.3)
    judged, honest = run.extracts[0].outcomes
    assert (judged.status, honest.status) == ("error", "pass")
    assert "--check-timeout" in judged.message and "aaa" not in judged.message


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_that_takes_for_ever_ends_at_the_time_limit(name: str, tmp_path: Path, worker: WorkerProcess) -> None:
    schema, value = SCHEMAS[name]
    pq.write_table(pa.table({"a": [value]}), tmp_path / "rows.parquet")
    own = suite(rule("column_values_to_match_json_schema", column="a", json_schema=schema))
    run = dq_engine.check(tmp_path / "rows.parquet", own, worker=worker, check_timeout=0.3)
    (outcome,) = run.extracts[0].outcomes
    assert outcome.status == "error"
    assert "--check-timeout" in outcome.message and value[:10] not in outcome.message


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "https://dq.invalid/schema.json"}, {"$ref": "file:///etc/passwd"}])
def test_a_schema_that_refers_in_circles_or_elsewhere(schema: dict[str, Any], tmp_path: Path, worker: WorkerProcess) -> None:
    pq.write_table(pa.table({"a": ["1"]}), tmp_path / "rows.parquet")
    own = suite(rule("column_values_to_match_json_schema", column="a", json_schema=schema))
    try:
        run = dq_engine.check(tmp_path / "rows.parquet", own, worker=worker)
    except dq_engine.SuiteError as error:
        assert "json_schema" in str(error)
    else:
        assert [outcome.status for outcome in run.extracts[0].outcomes] == ["error"]


def test_values_that_no_reader_likes_are_wrong_and_no_more(tmp_path: Path, worker: WorkerProcess) -> None:
    """Deep JSON, numbers of a million digits, formats without end."""
    values = ["[" * 100_000, "9" * 100_000, "Jan " * 10_000, "1e" + "9" * 1000, "{" + '"a":{' * 5_000]
    pq.write_table(pa.table({"a": values}), tmp_path / "rows.parquet")
    rules = [
        rule("column_values_to_be_json_parseable", column="a"),
        rule("column_values_to_be_dateutil_parseable", column="a"),
        rule("column_values_to_match_strftime_format", column="a", strftime_format="%Y" * 1),
        rule("column_values_to_match_strftime_format", column="a", strftime_format="x" * 50_000 + "%d"),
    ]
    run = dq_engine.check(tmp_path / "rows.parquet", suite(*rules), worker=worker)
    assert {outcome.status for outcome in run.extracts[0].outcomes} <= {"fail", "error"}
    assert "9" * 50 not in msgspec.json.encode(run).decode()
