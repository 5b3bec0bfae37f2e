"""A native run inside Great Expectations: its result, where it is kept and shown, and the actions that follow it."""

import html
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

import dq_engine
import dq_engine.gx
from dq_engine import UsageError, WorkerProcess
from tests.gx.conftest import PATIENTS, gx

from great_expectations.checkpoint import SlackNotificationAction, UpdateDataDocsAction  # isort: skip
from great_expectations.checkpoint.actions import ValidationAction  # isort: skip
from great_expectations.checkpoint.checkpoint import CheckpointResult  # isort: skip
from great_expectations.core import ExpectationSuiteValidationResult  # isort: skip

pytestmark = pytest.mark.filterwarnings("ignore:The condition_parser parameter is deprecated:DeprecationWarning")
RULES: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_valid_nhs_number", "kwargs": {"column": "nhs_number"}, "severity": "warning"},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "practice", "regex": "^[A-Z][0-9]{5}$"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "min_value": 0, "max_value": 120, "mostly": 0.5}},
    {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 5}, "notes": "One row for each patient."},
]
RAISING = [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "gone"}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "practice", "min_value": 0}},
]
WRONG = "Dr Jones"
"""A value of the extract that breaks a rule."""


class Hear(ValidationAction):  # type: ignore[misc]
    type: Literal["hear"] = "hear"
    heard: list[Any] = []  # noqa: RUF012

    def run(self, checkpoint_result: Any, action_context: Any = None) -> dict[str, Any]:
        self.heard.append(
            (checkpoint_result, action_context.filter_results(UpdateDataDocsAction), self._resolve_context().context)
        )
        return {}


def suite_of(rules: list[dict[str, Any]], name: str = "patients") -> Any:
    return gx.ExpectationSuite(name=name, expectations=[dict(rule) for rule in rules])


def by_type(result: Any) -> dict[str, Any]:
    return {one.expectation_config.type: one for one in result.results}


def stored(context: Any) -> dict[Any, Any]:
    store = context.validation_results_store
    return {key.to_tuple(): store.get(key) for key in store.list_keys()}


def page(project: Any) -> str:
    """The text of the only page of a result."""
    [path] = Path(project.root_directory).glob("uncommitted/data_docs/local_site/validations/**/*.html")
    return path.read_text(encoding="utf-8")


def test_result_is_great_expectations_own_and_says_what_dq_found(ephemeral: Any, extract: Path, worker: WorkerProcess) -> None:
    suite = ephemeral.suites.add(suite_of(RULES))
    result = dq_engine.gx.run_suite(ephemeral, suite, extract, run_name="nightly", worker=worker)
    assert isinstance(result, ExpectationSuiteValidationResult)
    assert (result.success, result.statistics["successful_expectations"]) == (False, 2)
    found = by_type(result)
    assert [one.success for one in found.values()] == [False, False, True, True]
    numbers = found["expect_column_values_to_be_valid_nhs_number"]
    assert (numbers.result["element_count"], numbers.result["missing_count"], numbers.result["unexpected_count"]) == (5, 1, 1)
    assert [one.expectation_config.id for one in result.results] == [expectation.id for expectation in suite.expectations]
    assert numbers.expectation_config.severity == "warning"
    assert result.get_max_severity_failure() == "critical"


def test_result_is_kept_in_the_context_under_its_run(ephemeral: Any, extract: Path, worker: WorkerProcess) -> None:
    for _ in range(2):
        result = dq_engine.gx.run_suite(ephemeral, suite_of(RULES), extract, run_name="nightly", worker=worker)
    kept = stored(ephemeral)
    assert {key[:2] for key in kept} == {("patients", "nightly")}
    assert len(kept) == 2, "two runs within a second are two results"
    [again] = [one for key, one in kept.items() if key[2] == result.meta["run_id"].to_tuple()[1]]
    assert again.to_json_dict()["results"] == result.to_json_dict()["results"]
    assert again.meta["run_id"]["run_name"] == "nightly"


def test_data_docs_of_a_project_show_it(project: Any, extract: Path, worker: WorkerProcess) -> None:
    dq_engine.gx.run_suite(project, suite_of(RULES + RAISING), extract, run_name="nightly", worker=worker)
    project.build_data_docs()
    shown = html.unescape(page(project))
    assert "is an NHS number with a right check digit" in shown
    assert 'the extract has no column "gone"' in shown
    assert WRONG not in shown


def test_expectation_that_raises_costs_itself_alone(ephemeral: Any, extract: Path, worker: WorkerProcess) -> None:
    result = dq_engine.gx.run_suite(ephemeral, suite_of(RULES + RAISING), extract, worker=worker)
    raised = [one for one in result.results if one.exception_info["raised_exception"]]
    assert [one.expectation_config.type for one in raised] == [rule["type"] for rule in RAISING]
    assert all(one.exception_info["exception_message"] and one.result == {} and not one.success for one in raised)
    assert result.statistics["evaluated_expectations"] == len(RULES) + len(RAISING)


def test_values_are_kept_told_and_shown_only_where_that_was_asked(project: Any, extract: Path, worker: WorkerProcess) -> None:
    hear = Hear(name="hear")
    masked = dq_engine.gx.run_suite(
        project,
        suite_of(RULES),
        extract,
        result_format="COMPLETE",
        actions=[hear, UpdateDataDocsAction(name="docs")],
        worker=worker,
    )
    told = json.dumps([one.to_json_dict() for one in stored(project).values()]) + str(hear.heard) + page(project)
    assert WRONG not in told + str(masked)
    shown = dq_engine.gx.run_suite(project, suite_of(RULES), extract, result_format="COMPLETE", show_values=True, worker=worker)
    assert by_type(shown)["expect_column_values_to_match_regex"].result["unexpected_list"] == [WRONG]


def test_actions_hear_a_checkpoint_result_after_data_docs_were_updated(
    project: Any, extract: Path, worker: WorkerProcess
) -> None:
    hear = Hear(name="hear")
    actions = [hear, UpdateDataDocsAction(name="docs")]
    result = dq_engine.gx.run_suite(project, suite_of(RULES), extract, run_name="nightly", actions=actions, worker=worker)
    [(told, [docs], context)] = hear.heard[-1:]
    assert isinstance(told, CheckpointResult)
    [(key, heard)] = told.run_results.items()
    assert heard is result and told.success is False and told.run_id is result.meta["run_id"]
    assert context is project
    [address] = docs[key].values()
    assert Path(address.removeprefix("file://")).is_file()
    assert told.describe_dict()["statistics"]["unsuccessful_validations"] == 1


def test_run_for_a_checkpoint_runs_its_actions_and_bears_its_ids(project: Any, extract: Path, worker: WorkerProcess) -> None:
    suite = project.suites.add(suite_of(RULES))
    batch = project.data_sources.add_pandas("files").add_parquet_asset("patients", path=extract)
    definition = project.validation_definitions.add(
        gx.ValidationDefinition(name="all", data=batch.add_batch_definition_whole_dataframe("all"), suite=suite)
    )
    actions = [UpdateDataDocsAction(name="docs")]
    checkpoint = project.checkpoints.add(
        gx.Checkpoint(name="nightly", validation_definitions=[definition], actions=actions, result_format="BOOLEAN_ONLY")
    )
    hear = Hear(name="hear")
    result = dq_engine.gx.run_suite(project, suite, extract, checkpoint="nightly", actions=[hear], worker=worker)
    assert (result.meta["checkpoint_id"], result.meta["validation_id"]) == (checkpoint.id, definition.id)
    assert [one.result for one in result.results] == [{}] * len(RULES), "the checkpoint asks for verdicts only"
    told, docs, _ = hear.heard[-1]
    assert len(docs) == 1, "the checkpoint's own action came first"
    assert told.name == "nightly" and told.checkpoint_config.id == checkpoint.id
    assert "patients" in page(project)
    [kept] = stored(project).values()
    assert kept.meta["checkpoint_id"] == checkpoint.id


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[Any]]]:
    posted: list[Any] = []

    class Listen(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Listen) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", posted
        server.shutdown()


def test_slack_hears_how_many_rules_failed_and_no_value(
    ephemeral: Any, extract: Path, worker: WorkerProcess, webhook: tuple[str, list[Any]]
) -> None:
    address, posted = webhook
    action = SlackNotificationAction(name="slack", slack_webhook=address, notify_on="failure", show_failed_expectations=True)
    dq_engine.gx.run_suite(ephemeral, suite_of(RULES), extract, actions=[action], worker=worker)
    [message] = posted
    assert "dq patients - Failure" in str(message) and "*2* of *4* Expectations were met" in str(message)
    assert WRONG not in str(message)


def test_suite_may_be_an_object_a_dict_a_file_or_a_name(
    project: Any, extract: Path, tmp_path: Path, worker: WorkerProcess
) -> None:
    suite = project.suites.add(suite_of(RULES))
    document = suite.to_json_dict()
    path = tmp_path / "suite.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    runs = [
        dq_engine.gx.run_suite(project, given, extract, worker=worker) for given in (suite, document, path, str(path), "patients")
    ]
    assert [run.to_json_dict()["results"] for run in runs[1:]] == [runs[0].to_json_dict()["results"]] * 4
    assert suite.to_json_dict() == document
    with pytest.raises(UsageError, match=r"^nobody: is neither a file nor a suite of the context$"):
        dq_engine.gx.run_suite(project, "nobody", extract, worker=worker)


def test_source_may_be_a_table_and_parameters_are_given(ephemeral: Any, worker: WorkerProcess) -> None:
    rules = [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": {"$PARAMETER": "patients"}}}]
    result = dq_engine.gx.run_suite(ephemeral, suite_of(rules), PATIENTS, name="list", parameters={"patients": 5}, worker=worker)
    assert result.success and result.asset_name == "list"
    assert result.results[0].expectation_config.kwargs["value"] == 5


def test_results_hold_their_sentences_if_that_is_asked(ephemeral: Any, extract: Path, worker: WorkerProcess) -> None:
    plain = dq_engine.gx.run_suite(ephemeral, suite_of(RULES), extract, worker=worker)
    assert [one.rendered_content for one in plain.results] == [None] * len(RULES)
    told = dq_engine.gx.run_suite(ephemeral, suite_of(RULES), extract, include_rendered_content=True, worker=worker)
    assert all(one.rendered_content for one in told.results)


def test_name_that_is_no_part_of_a_path_is_written_as_one(project: Any, extract: Path, worker: WorkerProcess) -> None:
    result = dq_engine.gx.run_suite(project, suite_of(RULES), extract, name="../north & west/patients", worker=worker)
    [key] = stored(project)
    assert result.asset_name == "../north & west/patients"
    assert "/" not in key[-1] and ".." not in key[-1]
