"""What Great Expectations' pandas engine says. Several expectations are validated as one suite, as its users would."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import io
import logging
import os
import uuid
import warnings
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from tests.differential.answers import Answer, Asked

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")


@functools.cache
def _batches() -> Any:
    """The definition of batches in a context of its own: it lives in memory and touches no file."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("tables").add_dataframe_asset("table")
    return asset.add_batch_definition_whole_dataframe("all")


def quicken() -> None:
    """Makes Great Expectations twice as fast, for long runs; changes no answer.

    It looks through the whole call stack for each decimal, only to decide whether to log a warning, spells out the same arguments
    and the same class name a hundred times for each expectation, and selects the same rows for each number. Here these are remembered.
    """
    import great_expectations.util as gx_util
    from great_expectations.core.id_dict import IDDict
    from great_expectations.expectations import expectation as gx_expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    gx_util.stack = list  # type: ignore[attr-defined]
    gx_expectation.camel_to_snake = functools.cache(gx_util.camel_to_snake)
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    whole = gx_expectation.Expectation.dict

    def remembered(self: Any, **options: Any) -> dict[str, Any]:
        if options != {"exclude_defaults": True}:
            return whole(self, **options)
        kept = _spelled.get(id(self))
        if kept is None or kept[0] is not self:
            kept = _spelled[id(self)] = (self, whole(self, **options))
        return dict(kept[1])

    gx_expectation.Expectation.dict = remembered  # type: ignore[method-assign]
    query = pd.DataFrame.query

    def queried(self: pd.DataFrame, expr: str, **options: Any) -> Any:
        kept = _queried.get((id(self), expr))
        if kept is None or kept[0] is not self:
            kept = _queried[id(self), expr] = (self, query(self, expr, **options))
        return kept[1]

    pd.DataFrame.query = queried  # type: ignore[assignment,method-assign]
    IDDict.to_id = _quick_id  # type: ignore[method-assign]
    made = ExpectationConfiguration.to_domain_obj

    def configured(self: Any) -> Any:
        kept = _configured.get(id(self))
        if kept is None or kept[0] is not self:
            kept = _configured[id(self)] = (self, made(self))
        return kept[1]

    ExpectationConfiguration.to_domain_obj = configured  # type: ignore[method-assign]


def _quick_id(self: Any, id_keys: Any = None, id_ignore_keys: Any = None) -> Any:
    """What a metric is remembered by."""
    keys = set(self if id_keys is None else id_keys) - set(self._id_ignore_keys if id_ignore_keys is None else id_ignore_keys)
    return repr([(key, self[key]) for key in sorted(keys)]) if keys else ()


_spelled: dict[int, tuple[Any, dict[str, Any]]] = {}
_configured: dict[int, tuple[Any, Any]] = {}
_queried: dict[tuple[int, str], tuple[pd.DataFrame, Any]] = {}


def ask(frame: pd.DataFrame, asked: Iterable[Asked]) -> dict[str, Answer]:
    """Its answer to each expectation, by id."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):  # some rules draw bars of progress
        warnings.simplefilter("ignore")
        _spelled.clear()
        _queried.clear()
        _configured.clear()
        answers: dict[str, Answer] = {}
        expectations = {}
        for one in asked:
            try:
                expectations[one.id] = _expectation(one)
            except Exception as error:
                answers[one.id] = Answer("refused", message=f"{type(error).__name__}: {error}")
        return answers | _validated(frame, expectations)


def _expectation(asked: Asked) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    config = ExpectationConfiguration(
        type=asked.type, kwargs=dict(asked.kwargs), id=str(uuid.uuid5(uuid.NAMESPACE_OID, asked.id))
    )
    return config.to_domain_obj()


def _validated(frame: pd.DataFrame, expectations: dict[str, Any]) -> dict[str, Answer]:
    """The answers; what ends the run of a whole suite is found by asking for one after the other."""
    import great_expectations as gx

    if not expectations:
        return {}
    suite = gx.ExpectationSuite(name="suite")
    suite.expectations = list(expectations.values())
    try:
        run = _batches().get_batch({"dataframe": frame.copy()}).validate(suite, result_format="COMPLETE")
        results = {result.expectation_config.id: result for result in run.results}
        return {key: _answer(results[expectation.id]) for key, expectation in expectations.items()}
    except Exception as error:
        if len(expectations) == 1:
            return dict.fromkeys(expectations, Answer("raised", message=f"{type(error).__name__}: {error}"))
        halves = list(expectations.items())
        middle = len(halves) // 2
        return _validated(frame, dict(halves[:middle])) | _validated(frame, dict(halves[middle:]))


def _answer(result: Any) -> Answer:
    raised = result.exception_info
    if raised.get("raised_exception") or any(isinstance(part, dict) and part.get("raised_exception") for part in raised.values()):
        messages = [raised, *(part for part in raised.values() if isinstance(part, dict))]
        return Answer(
            "raised", message="; ".join(str(part["exception_message"]) for part in messages if part.get("exception_message"))
        )
    return Answer("answered", bool(result.success), jsonable(result.result))


def jsonable(value: Any) -> Any:
    """A value of a result as JSON has it. (GX's own way looks through the whole call stack for each decimal.)"""
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [jsonable(item) for item in value]
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
