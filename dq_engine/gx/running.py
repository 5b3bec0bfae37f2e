"""A native run of dq as Great Expectations' own objects: results, their place in a context, the actions of a Checkpoint."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dq_engine import libraries
from dq_engine.api import check, load_suite
from dq_engine.errors import UsageError
from dq_engine.gx.types import register
from dq_engine.model import Run
from dq_engine.suite import Suite

SUMMARY = "SUMMARY"
"""The result format of Great Expectations' own runs."""
NO_TRACEBACK = "There is none: dq evaluated the expectation."
LONGEST = 60
"""Characters of a name in the key under which a result is stored."""


def run_suite(
    context: Any,
    suite: Any,
    source: Any,
    *,
    result_format: Any = None,
    show_values: bool = False,
    parameters: Mapping[str, Any] | None = None,
    checkpoint: Any = None,
    actions: Sequence[Any] = (),
    name: str | None = None,
    others: Mapping[str, Any] | None = None,
    run_name: str | None = None,
    include_rendered_content: bool = False,
    **options: Any,
) -> Any:
    """Checks ``source`` by a suite of Great Expectations, as dq does it, and gives Great Expectations' own result.

    ``context`` is an ephemeral or a file context. ``suite`` is an ``ExpectationSuite``, a dict of its shape, the path of one,
    or the name of one in the context; ``source`` is what :func:`dq_engine.check` takes: a path, a glob, several paths, or a
    table. The result, an ``ExpectationSuiteValidationResult``, is stored in the context's validation results, so that
    ``context.build_data_docs()`` shows it: under ``run_name``, the time of the run, and ``name``, else the name of the files.

    ``result_format`` is what Great Expectations takes: a name or a dict; else that of the checkpoint, else SUMMARY. Failing
    values are in the result, and so in what is stored and what actions see, only with ``show_values``. ``parameters`` are the
    values of ``{"$PARAMETER": ...}``. With ``include_rendered_content`` each result also holds its sentences, as Great
    Expectations Cloud has them.

    ``actions`` are run as a Checkpoint does, with a ``CheckpointResult`` that holds this one result: those that update Data
    Docs first. ``checkpoint`` is a ``Checkpoint``, or the name of one in the context: its actions come first, and if one of
    its validation definitions has this suite, the result carries its id. Its other validation definitions are not run.

    ``others`` and ``options`` (``as_of``, ``threads``, ``worker`` ...) are those of :func:`dq_engine.check`.

    The answers are dq's: those of Great Expectations' pandas engine but for the documented deviations. An expectation that cannot
    be evaluated has a result with ``exception_info``. Raises :class:`dq_engine.SuiteError` for a suite that is not valid,
    :class:`dq_engine.UsageError` for a source that is not there or a Cloud context, and what an action raises.
    """
    libraries.needed(("great_expectations",), "running a suite in a context of Great Expectations", "gx")
    register()
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415

    if context.validation_results_store.cloud_mode:
        raise UsageError("a Cloud context stores its results elsewhere: give an ephemeral or a file context")
    if isinstance(checkpoint, str):
        checkpoint = context.checkpoints.get(checkpoint)
    wanted = result_format or (checkpoint.result_format if checkpoint is not None else SUMMARY)
    wanted = str(wanted.value) if isinstance(wanted, enum.Enum) else wanted
    run_id = RunIdentifier(run_name=run_name, run_time=dt.datetime.now(dt.UTC))
    run = check(
        source,
        _suite(context, suite),
        name=name,
        others=others,
        show_values=show_values,
        parameters=parameters,
        result_format=wanted,
        **options,
    )
    result = _result(run, wanted, run_id)
    if include_rendered_content:
        for one in result.results:
            one.render()
    if checkpoint is not None:
        _assign(result, checkpoint)
    key = _store(context, result)
    _act(context, key, result, checkpoint, actions, wanted)
    return result


def _suite(context: Any, suite: Any) -> Suite:
    """The suite as dq reads it. Raises :class:`SuiteError`, and :class:`UsageError` if there is no such suite."""
    from great_expectations import ExpectationSuite  # noqa: PLC0415
    from great_expectations.exceptions import DataContextError  # noqa: PLC0415

    if isinstance(suite, str) and not Path(suite).is_file():
        try:
            suite = context.suites.get(suite)
        except DataContextError:
            raise UsageError(f"{suite}: is neither a file nor a suite of the context") from None
    return load_suite(suite.to_json_dict() if isinstance(suite, ExpectationSuite) else suite)


def _result(run: Run, result_format: Any, run_id: Any) -> Any:
    """The run's only extract as a validation result, such that Great Expectations can store and show it."""
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema  # noqa: PLC0415

    document = run.to_gx(result_format)
    for one in document["results"]:
        _showable(one)
    result = expectationSuiteValidationResultSchema.load(document)
    (extract,) = run.extracts
    result.batch_id = f"dq-{_plain(extract.name)}"
    result.meta |= {
        "run_id": run_id,
        "validation_time": run_id.run_time,
        "validation_id": None,
        "checkpoint_id": None,
        "batch_parameters": None,
    }
    return result


def _showable(result: dict[str, Any]) -> None:
    """Makes a result such that Data Docs can show it: a page that they cannot show is left out of the site without a word."""
    config, raised = result["expectation_config"], result["exception_info"]
    config["kwargs"] = {name: value for name, value in config["kwargs"].items() if value is not None}
    if raised.get("raised_exception") and raised.get("exception_traceback") is None:
        raised["exception_traceback"] = NO_TRACEBACK


def _assign(result: Any, checkpoint: Any) -> None:
    """Says in the result of which checkpoint it is, and of which of its validation definitions, if one has this suite."""
    result.meta["checkpoint_id"] = checkpoint.id
    for definition in checkpoint.validation_definitions:
        if definition.suite.name == result.suite_name:
            result.meta["validation_id"] = definition.id


def _store(context: Any, result: Any) -> Any:
    """Puts the result where the context keeps its own; gives the key."""
    from great_expectations.data_context.types.resource_identifiers import (  # noqa: PLC0415
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    suite = ExpectationSuiteIdentifier(name=result.suite_name)
    key = ValidationResultIdentifier(suite, result.meta["run_id"], result.batch_id)
    context.validation_results_store.store_validation_results(
        suite_validation_result=result, suite_validation_result_identifier=key, expectation_suite_identifier=suite
    )
    return key


def _act(context: Any, key: Any, result: Any, checkpoint: Any, actions: Sequence[Any], result_format: Any) -> None:
    """Runs the actions of the checkpoint and those that were given, those that update Data Docs first, as a Checkpoint does."""
    from great_expectations import Checkpoint  # noqa: PLC0415
    from great_expectations.checkpoint import UpdateDataDocsAction  # noqa: PLC0415
    from great_expectations.checkpoint.actions import ActionContext  # noqa: PLC0415
    from great_expectations.checkpoint.checkpoint import CheckpointResult  # noqa: PLC0415

    if checkpoint is None:
        checkpoint = Checkpoint(
            name=f"dq {result.suite_name}", validation_definitions=[], actions=list(actions), result_format=result_format
        )
        due = list(actions)
    else:
        due = [*checkpoint.actions, *actions]
    told = CheckpointResult(run_id=result.meta["run_id"], run_results={key: result}, checkpoint_config=checkpoint)
    done = ActionContext()
    for action in sorted(due, key=lambda one: not isinstance(one, UpdateDataDocsAction)):
        action._data_context = context  # as Checkpoint does: an action knows its context from nowhere else
        done.update(action=action, action_result=action.run(checkpoint_result=told, action_context=done))


def _plain(name: str) -> str:
    """The name, if it can be a part of a path; else what can be, and a part of its hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:LONGEST]
    return name if plain == name and name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
