"""Where the other extracts are that rules speak of, what is said when they are not there, and columns that go by other names."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from dq_engine import WorkerProcess
from tests.command import dq_here


def rule(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{name}", "kwargs": kwargs}


EXISTS = rule("column_values_to_exist_in_other_extract", column="practice", other="practices", other_column="code")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with suites for lists and practices, whose data are in ``data``: one practice of three is unknown."""
    write_suite(tmp_path, "lists", EXISTS, organisation_column="practice")
    write_suite(tmp_path, "practices", rule("column_values_to_not_be_null", column="code"))
    write(tmp_path / "data" / "lists.parquet", practice=["A81001", "A81002", "Y99999"])
    write(tmp_path / "data" / "practices.parquet", code=["A81001", "A81002"])
    return tmp_path


def write_suite(folder: Path, feed: str, *rules: dict[str, Any], **meta: Any) -> None:
    (folder / "expectations").mkdir(exist_ok=True)
    suite = {"name": feed, "expectations": list(rules), "meta": {"dq": {"feed": feed, **meta}}}
    name = f"{feed}_{meta['purpose']}" if "purpose" in meta else feed
    (folder / "expectations" / f"{name}.json").write_text(json.dumps(suite))


def write(path: Path, **columns: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def outcomes(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    done = dq_here(folder, "check", *arguments, "--format", "json", "--no-results")
    assert done.stdout, done.stderr
    return [outcome for extract in json.loads(done.stdout)["extracts"] for outcome in extract["outcomes"]]


def lists_outcome(folder: Path, *arguments: str) -> tuple[str, Any, str]:
    (found,) = (o for o in outcomes(folder, *arguments) if o["expectation"] == EXISTS["type"])
    return found["status"], found.get("unexpected_count"), found.get("message", "")


# ----------------------------------------------------------------------------------------------------------- where it is


def test_other_extract_of_the_same_run_is_used(project: Path) -> None:
    assert lists_outcome(project, "data") == ("fail", 1, "")


def test_other_extract_beside_the_file_is_used(project: Path) -> None:
    assert lists_outcome(project, "data/lists.parquet") == ("fail", 1, "")


def test_other_extract_beside_a_folder_of_partitions_is_used(project: Path) -> None:
    (project / "data" / "lists.parquet").unlink()
    write(project / "data" / "lists" / "month=2024-10" / "part.parquet", practice=["A81001", "Y99999"])
    assert lists_outcome(project, "data/lists") == ("fail", 1, "")


def test_other_extract_of_the_same_folder_comes_before_those_of_other_folders(project: Path) -> None:
    for month, code in (("october", "A81001"), ("november", "Y99999")):
        write(project / month / "lists.parquet", practice=["Y99999"])
        write(project / month / "practices.parquet", code=[code])
    found = [o["status"] for o in outcomes(project, "october", "november") if o["expectation"] == EXISTS["type"]]
    assert found == ["fail", "pass"]


def test_path_that_somebody_gives_comes_first(project: Path) -> None:
    write(project / "elsewhere" / "register.parquet", code=["A81001", "A81002", "Y99999"])
    assert lists_outcome(project, "data", "--with", "practices=elsewhere/register.parquet") == ("pass", 0, "")


def test_path_of_the_project_file_is_used(project: Path) -> None:
    write(project / "elsewhere" / "register.parquet", code=["Y99999"])
    (project / "dq.toml").write_text(
        '[[extracts]]\npath = "data/lists.parquet"\nwith = { practices = "elsewhere/register.parquet" }\n'
    )
    assert lists_outcome(project) == ("fail", 2, "")


def test_extract_of_the_project_is_used_by_its_name_with_its_names_of_columns(project: Path) -> None:
    write(project / "elsewhere" / "epraccur.parquet", ORG=["A81001", "A81002", "Y99999"])
    (project / "dq.toml").write_text(
        '[[extracts]]\npath = "data/lists.parquet"\nwith = { practices = "register" }\n'
        '[[extracts]]\npath = "elsewhere/epraccur.parquet"\nname = "register"\nsuite = "expectations/practices.json"\n'
        'columns = { ORG = "code" }\n'
    )
    assert lists_outcome(project) == ("pass", 0, "")


# ------------------------------------------------------------------------------------------------------ when it is not there


def test_missing_extract_is_an_error_that_names_it_and_says_what_to_do(project: Path) -> None:
    (project / "data" / "practices.parquet").unlink()
    status, _, message = lists_outcome(project, "data")
    assert status == "error"
    assert (
        message
        == 'needs the extract "practices", which is neither in this run nor beside the file: say which it is: --with practices=PATH'
    )
    assert dq_here(project, "check", "data", "--no-results").returncode == 3


def test_two_extracts_that_could_be_meant_are_an_error_that_names_them(project: Path) -> None:
    write(project / "data" / "practices_2024-11.parquet", code=["Y99999"])
    status, _, message = lists_outcome(project, "data")
    assert status == "error"
    assert "there are 2 of them (practices.parquet, practices_2024-11.parquet): say which it is: --with practices=PATH" in message


def test_extract_that_cannot_be_read_costs_the_rules_that_need_it_and_no_more(project: Path) -> None:
    write_suite(project, "lists", EXISTS, rule("column_values_to_not_be_null", column="practice"))
    (project / "data" / "practices.parquet").write_bytes(b"PAR1 this is no Parquet file PAR1")
    found = {o["expectation"]: o for o in outcomes(project, "data/lists.parquet")}
    assert found[EXISTS["type"]]["status"] == "error"
    assert found[EXISTS["type"]]["message"].startswith('the extract "practices", practices.parquet, ')
    assert found["expect_column_values_to_not_be_null"]["status"] == "pass"


def test_column_that_the_other_lacks_is_named_with_a_suggestion(project: Path) -> None:
    write(project / "data" / "practices.parquet", codes=["A81001"])
    status, _, message = lists_outcome(project, "data/lists.parquet")
    assert (status, message) == ("error", 'the other extract, "practices", has no column "code"; did you mean "codes"?')


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("practices", "--with practices: expected NAME=PATH, such as practices=data/practices.parquet"),
        ("practices=nowhere.parquet", "nowhere.parquet: no such file or folder"),
    ],
)
def test_with_that_cannot_be_used_is_wrong_usage(project: Path, argument: str, said: str) -> None:
    done = dq_here(project, "check", "data", "--with", argument)
    assert done.returncode == 2
    assert said in done.stderr


def test_project_file_that_renames_a_column_that_is_not_there_says_so(project: Path) -> None:
    (project / "dq.toml").write_text('[[extracts]]\npath = "data/lists.parquet"\ncolumns = { PRACTISE = "practice" }\n')
    (found,) = outcomes(project)
    assert found["status"] == "error"
    assert found["message"] == 'dq.toml calls the column "PRACTISE" "practice", but the extract has no such column'


def test_project_file_that_gives_two_columns_one_name_says_so(project: Path) -> None:
    write(project / "data" / "lists.parquet", practice=["A81001"], GP=["A81001"])
    (project / "dq.toml").write_text('[[extracts]]\npath = "data/lists.parquet"\ncolumns = { GP = "practice" }\n')
    (found,) = outcomes(project)
    assert found["message"] == 'dq.toml calls the column "GP" "practice", but that name is taken'


# -------------------------------------------------------------------------------------------------------- what it is used for


def test_renamed_columns_are_judged_counted_and_looked_up_in_the_footer_by_their_new_names(project: Path) -> None:
    write_suite(
        project,
        "lists",
        EXISTS,
        rule("column_values_to_be_between", column="patients", min_value=0),
        rule("column_values_to_not_be_null", column="patients"),
        rule("column_to_exist", column="practice"),
        organisation_column="practice",
        columns={"practice": {"sensitivity": "public"}},
    )
    write(project / "data" / "lists.parquet", **{"ORG CODE": ["A81001", "Y99999"], "LIST SIZE": [5, -1]})
    (project / "dq.toml").write_text(
        '[[extracts]]\npath = "data/lists.parquet"\ncolumns = { "ORG CODE" = "practice", "LIST SIZE" = "patients" }\n'
    )
    found = [(o["status"], o.get("unexpected_count")) for o in outcomes(project)]
    assert found == [("fail", 1), ("fail", 1), ("pass", 0), ("pass", 0)]


def test_text_can_be_read_as_another_type(project: Path) -> None:
    rules = [rule("column_sum_to_be_between", column="patients", min_value=15, max_value=15)]
    rules += [rule("column_max_to_be_between", column="patients", max_value=10), EXISTS]
    write_suite(project, "lists", *rules)
    write(project / "data" / "lists.parquet", practice=["A81001", "A81002"], patients=["5", "10"])
    settings = '[[extracts]]\npath = "data/lists.parquet"\ntypes = { patients = "integer" }\nignore = ["column:practice"]\n'
    (project / "dq.toml").write_text(settings)
    assert [o["status"] for o in outcomes(project)] == ["pass", "pass", "skipped"]


def test_text_that_cannot_be_read_as_that_type_is_an_error_of_the_checks_of_its_column(project: Path) -> None:
    write_suite(project, "lists", rule("column_values_to_be_between", column="patients", min_value=0), EXISTS)
    write(project / "data" / "lists.parquet", practice=["A81001", "A81002"], patients=["5", "NA"])
    (project / "dq.toml").write_text('[[extracts]]\npath = "data/lists.parquet"\ntypes = { patients = "integer" }\n')
    found = outcomes(project)
    assert [o["status"] for o in found] == ["error", "pass"]
    assert found[0]["message"] == "a value cannot be converted to the type that the rule needs"


def test_ignored_term_that_fits_no_check_is_told(project: Path) -> None:
    (project / "dq.toml").write_text('[[extracts]]\npath = "data/lists.parquet"\nignore = ["id:practise_known"]\n')
    done = dq_here(project, "check", "--no-results")
    assert done.returncode == 2
    assert 'ignore of the extract lists: no check fits "id:practise_known"' in done.stderr


def test_run_says_which_files_the_other_extract_was(project: Path, worker: WorkerProcess) -> None:
    suite = project / "expectations" / "lists.json"
    run = dq_engine.check(project / "data" / "lists.parquet", suite, worker=worker)
    (other,) = run.extracts[0].others
    assert (other.name, [Path(file.path).name for file in other.files]) == ("practices", ["practices.parquet"])


def test_rows_are_counted_for_the_organisations_that_break_the_rule(project: Path, worker: WorkerProcess) -> None:
    suite = project / "expectations" / "lists.json"
    run = dq_engine.check(project / "data" / "lists.parquet", suite, worker=worker)
    assert {m.organisation: m.unexpected_count for m in run.measures} == {None: 1, "A81001": 0, "A81002": 0, "Y99999": 1}


def test_query_of_a_suite_reaches_the_extracts_that_it_names(project: Path) -> None:
    query = "SELECT * FROM {batch} AS l WHERE NOT EXISTS (SELECT 1 FROM practices AS p WHERE p.code = l.practice)"
    named = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}
    write_suite(project, "lists", {**named, "meta": {"dq": {"others": ["practices"]}}})
    (found,) = outcomes(project, "data/lists.parquet")
    assert (found["status"], found["unexpected_count"]) == ("fail", 1)
    write_suite(project, "lists", named)
    (found,) = outcomes(project, "data/lists.parquet")
    assert found["status"] == "error"
    assert "practices" in found["message"]


def test_organisation_that_sent_nothing_has_a_measure_of_its_own(worker: WorkerProcess, make_suite: Any) -> None:
    suite = make_suite(
        ("expect_organisations_to_be_present", {"column": "practice", "other": "practices", "other_column": "code"}),
        organisation_column="practice",
        columns={"practice": {"sensitivity": "public"}},
    )
    sent, expected = pa.table({"practice": ["A81001"]}), pa.table({"code": ["A81001", "A81002"]})
    run = dq_engine.check(sent, suite, others={"practices": expected}, worker=worker)
    assert {m.organisation: m.unexpected_count for m in run.measures} == {None: 1, "A81001": 0, "A81002": 1}
    assert [(e.value, e.count) for e in run.outcomes[0].examples] == [('"A81002"', 1)]


def test_freshness_is_judged_on_the_day_that_is_given(worker: WorkerProcess, make_suite: Any) -> None:
    suite = make_suite(("expect_column_max_to_be_fresh", {"column": "day", "max_age_days": 31}))
    table = pa.table({"day": [dt.date(2024, 10, 1)]})
    statuses = [
        dq_engine.check(table, suite, as_of=day, worker=worker).outcomes[0].status
        for day in (dt.date(2024, 11, 1), dt.date(2024, 11, 2))
    ]
    assert statuses == ["pass", "fail"]


def test_suites_for_two_purposes_are_both_run(project: Path) -> None:
    write_suite(project, "lists", rule("column_values_to_be_in_set", column="practice", value_set=["A81001"]), purpose="targets")
    done = dq_here(project, "check", "data/lists.parquet", "--format", "json", "--no-results")
    extracts = json.loads(done.stdout)["extracts"]
    assert [(e["name"], e.get("purpose", "quality")) for e in extracts] == [("lists", "quality"), ("lists/targets", "targets")]


def test_two_suites_for_one_purpose_are_an_error_that_names_both(project: Path) -> None:
    text = (project / "expectations" / "lists.json").read_text()
    (project / "expectations" / "lists_again.json").write_text(text)
    done = dq_here(project, "check", "data/lists.parquet")
    assert done.returncode == 2
    assert "more than one suite is for lists" in done.stderr and "lists_again.json" in done.stderr


def test_two_spellings_of_a_month_are_one_period_of_coverage(worker: WorkerProcess, make_suite: Any) -> None:
    arguments = {"column": "practice", "other": "practices", "other_column": "code", "period_column": "month"}
    suite = make_suite(("expect_organisations_to_be_present", arguments))
    sent = pa.table({"practice": ["A81001", "A81002", "A81001"], "month": ["2024-10", "202410", "nonsense"]})
    expected = pa.table({"code": ["A81001", "A81002"], "period": ["x", "y"], "first": [1, 2]})
    (outcome,) = dq_engine.check(sent, suite, others={"practices": expected}, worker=worker).outcomes
    assert (outcome.status, outcome.element_count) == ("pass", 2), outcome.message
