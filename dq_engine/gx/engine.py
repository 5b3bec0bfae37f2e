"""The execution engine of the data source ``dq_duckdb``: Great Expectations' answers, of which dq finds most by one scan.

Great Expectations asks its engine for metrics, level by level: all that do not depend on others, then those that depend on
these. Of each level dq takes the conditions that rows can break (``column_values.in_set.condition``) and checks all of them
at once, in its worker. Where it proves that no row breaks one, what depends on that condition is known, and no row is loaded.
All other metrics, and the conditions that some row breaks, are computed by Great Expectations' own code for pandas, on the
columns that they need and no others. So a verdict, and every field of a result, is the one of Great Expectations' pandas
engine; what differs is the time.

A condition is only given to dq where its types and arguments leave no doubt that "no row breaks it" means the same to both
(:mod:`dq_engine.gx.proofs`). Only expectations that are ours are dq's alone to judge.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from great_expectations.core.batch import BatchMarkers
from great_expectations.core.batch_spec import BatchSpec
from great_expectations.exceptions import MetricResolutionError
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.execution_engine.pandas_batch_data import PandasBatchData
from great_expectations.expectations.metrics.metric_provider import MetricProvider, metric_value
from great_expectations.expectations.registry import get_metric_provider

from dq_engine.api import check
from dq_engine.errors import DqError
from dq_engine.gx import proofs
from dq_engine.gx.types import OUTCOME
from dq_engine.model import Run
from dq_engine.process import WorkerProcess

PLAIN = {"column.mean": pd.Series.mean, "column.sum": pd.Series.sum, "column.standard_deviation": pd.Series.std}
"""What Great Expectations computes of numbers, after it has asked of each whether it is a Decimal, which takes far longer."""
NO_ROWS = "df.filter(items=[], axis=0)"
"""How Great Expectations writes that no row is unexpected."""
COUNTS = ("column_values.nonnull.condition", "column_values.null.condition")
"""Conditions of which dq's count is as good as its proof: NULL is NULL to both."""


class ParquetBatchSpec(BatchSpec):  # type: ignore[misc]
    """The files of a batch: ``paths``."""


class Unmade:
    """Stands for a metric that is computed if another needs it. Of a condition: how many rows dq judged, how many break it."""

    def __init__(self, metric: Any, judged: int = 0, unexpected: int | None = None) -> None:
        self.metric = metric
        self.judged = judged
        self.unexpected = unexpected


class ParquetBatchData(PandasBatchData):  # type: ignore[misc]
    """Parquet files that are one table. Columns become pandas' when they are asked for, and stay.

    ``found`` holds the metrics that were computed of it and the errors that they raised, ``made`` those that were put off at
    first. ``focus`` are the columns that :attr:`dataframe` shows, None for all.
    """

    def __init__(self, engine: Any, paths: list[str]) -> None:
        super().__init__(engine, None)
        self.paths = paths
        self.dataset = pq.ParquetDataset(paths)
        self.found: dict[Any, Any] = {}
        self.made: dict[Any, Any] = {}
        self.focus: list[str] | None = None
        self._columns: dict[str, pd.Series] = {}
        self._whole: pd.DataFrame | None = None
        self._nulls: dict[str, int | None] | None = None

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self.dataset.schema

    @property
    def rows(self) -> int:
        """The number of rows, by the footers."""
        return sum(fragment.count_rows() for fragment in self.dataset.fragments)

    def nulls(self, column: str) -> int | None:
        """How many values of a column are NULL, by the footers; None if these do not say."""
        if self._nulls is None:
            self._nulls = _nulls(self.dataset)
        return self._nulls.get(column)

    @property
    def dataframe(self) -> pd.DataFrame:
        """The columns in focus, as they are in the whole table; all, if one of them is not a column of the files."""
        if not self.focus or not set(self.focus) <= set(self.schema.names):
            if self._whole is None:
                self._whole = self._read(None)
            return self._whole
        if self._whole is not None:
            return self._whole[self.focus]
        if missing := [name for name in self.focus if name not in self._columns]:
            read = self._read(missing)
            self._columns |= {name: read[name] for name in missing}
        return pd.DataFrame({name: self._columns[name] for name in self.focus}, copy=False)

    def types(self) -> list[dict[str, Any]]:
        """Name and pandas type of each column, without reading a row where the footers say which columns have NULLs."""
        schema = pa.schema([field.with_nullable(True) for field in self.schema], metadata=self.schema.metadata)
        known = {name: self.nulls(name) for name in schema.names}
        doubtful = any(pa.types.is_dictionary(field.type) or known[field.name] is None for field in schema)
        if self._whole is not None or doubtful or len(set(schema.names)) < len(schema.names):
            return [{"name": name, "type": kind} for name, kind in self.dataframe.dtypes.items()]
        empty, null = (_as_pandas(pa.table([pa.nulls(rows, field.type) for field in schema], schema)) for rows in (0, 1))
        return [{"name": name, "type": (null if known[name] else empty)[name].dtype} for name in empty.columns]

    def _read(self, columns: list[str] | None) -> pd.DataFrame:
        path: Any = self.paths[0] if len(self.paths) == 1 else self.paths
        return pd.read_parquet(path, columns=columns)


def _nulls(dataset: Any) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for fragment in dataset.fragments:
        metadata = fragment.metadata
        for group in range(metadata.num_row_groups):
            row_group = metadata.row_group(group)
            for place in range(row_group.num_columns):
                column = row_group.column(place)
                counted = column.statistics.null_count if column.statistics and column.statistics.has_null_count else None
                before = found.get(column.path_in_schema, 0)
                found[column.path_in_schema] = None if before is None or counted is None else before + counted
        if not metadata.num_row_groups:
            found = {**dict.fromkeys(dataset.schema.names, 0), **found}
    return found


def _as_pandas(table: pa.Table) -> pd.DataFrame:
    """The table as pandas reads it from a file."""
    file = io.BytesIO()
    pq.write_table(table, file)
    file.seek(0)
    return pd.read_parquet(file)


class Helper:
    """The worker of an engine, started with the first question and ended with the engine; a copy of the engine has its own."""

    def __init__(self) -> None:
        self.turn = threading.RLock()
        self._worker: WorkerProcess | None = None

    def worker(self) -> WorkerProcess:
        """The process that answers."""
        if self._worker is None:
            self._worker = WorkerProcess()
            weakref.finalize(self, self._worker.close)
        return self._worker

    def __deepcopy__(self, memo: dict[int, Any]) -> Helper:
        return Helper()


class DqDuckdbExecutionEngine(PandasExecutionEngine):  # type: ignore[misc]
    """Computes the metrics of Parquet files for Great Expectations: by dq where that is proof, else as its pandas engine does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._helper = Helper()

    def get_batch_data_and_markers(self, batch_spec: Any) -> tuple[ParquetBatchData, BatchMarkers]:
        """The files of a batch, of which nothing is read yet but the footers."""
        loaded = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        return ParquetBatchData(self, list(batch_spec["paths"])), BatchMarkers({"ge_load_time": loaded})

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[Any],
        metrics: dict[Any, Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """The values of the metrics of one level. Raises ``MetricResolutionError`` for the first that cannot be computed."""
        with self._helper.turn:
            return self._resolved(list(metrics_to_resolve), metrics or {}, runtime_configuration)

    def _resolved(self, asked: list[Any], metrics: dict[Any, Any], runtime: Any) -> dict[Any, Any]:
        for batch in {id(batch): batch for batch in map(self._batch, asked)}.values():
            new = [metric for metric in asked if self._batch(metric) is batch and metric.id not in batch.found]
            self._prove(batch, new)
            self._judge(batch, new)
        failed = None
        for metric in asked:
            batch = self._batch(metric)
            if metric.id not in batch.found:
                try:
                    batch.found[metric.id] = self._value(batch, metric, metrics, runtime)
                except Exception as error:
                    batch.found[metric.id] = error
            if isinstance(batch.found[metric.id], Exception):
                failed = failed or (metric, batch.found[metric.id])
        if failed:
            raise MetricResolutionError(message=str(failed[1]), failed_metrics=(failed[0],)) from failed[1]
        return {metric.id: self._batch(metric).found[metric.id] for metric in asked}

    def _batch(self, metric: Any) -> ParquetBatchData:
        named = metric.metric_domain_kwargs.get("batch_id")
        batch: ParquetBatchData = self.batch_manager.batch_data_cache.get(named) or self.batch_manager.active_batch_data
        return batch

    def _prove(self, batch: ParquetBatchData, metrics: list[Any]) -> None:
        """Puts off the conditions that no row breaks, or of which only the count matters."""
        kinds = _kinds(batch)
        rules = []
        for metric in metrics:
            rule = proofs.rule(metric.metric_name, metric.metric_domain_kwargs, metric.metric_value_kwargs, kinds.get)
            if rule is not None:
                rules.append((metric, rule))
        run = self._check(batch, [rule for _, rule in rules]) if rules else None
        if run is None:
            return
        for (metric, _), outcome in zip(rules, run.outcomes, strict=True):
            if outcome.status == "error" or outcome.unexpected_count is None:
                continue
            if outcome.unexpected_count == 0 or metric.metric_name in COUNTS:
                judged = (outcome.element_count or 0) - (outcome.missing_count or 0)
                batch.found[metric.id] = Unmade(metric, judged, outcome.unexpected_count)

    def _judge(self, batch: ParquetBatchData, metrics: list[Any]) -> None:
        """The outcomes of expectations that are ours, of all with one result format by one run."""
        asked = [metric for metric in metrics if metric.metric_name == OUTCOME]
        for form in dict.fromkeys(metric.metric_value_kwargs["result_format"] for metric in asked):
            alike = [metric for metric in asked if metric.metric_value_kwargs["result_format"] == form]
            for metric, result in zip(alike, self._results(batch, alike, json.loads(form)), strict=True):
                batch.found[metric.id] = result

    def _results(self, batch: ParquetBatchData, metrics: list[Any], form: Any) -> list[Any]:
        """A result of Great Expectations' shape for each metric, or the error of a rule that is not valid."""
        rules = [json.loads(metric.metric_value_kwargs["rule"]) for metric in metrics]
        try:
            run = self._run(batch, rules, show_values=True, result_format=form)
            return list(run.to_gx(form)["results"])
        except DqError as error:
            return [error] if len(metrics) == 1 else [self._results(batch, [metric], form)[0] for metric in metrics]

    def _check(self, batch: ParquetBatchData, rules: list[dict[str, Any]]) -> Run | None:
        """What dq says of rules; None if it cannot."""
        try:
            return self._run(batch, rules)
        except DqError:
            return None

    def _run(self, batch: ParquetBatchData, rules: list[dict[str, Any]], **options: Any) -> Run:
        numbered = [{**rule, "id": str(place)} for place, rule in enumerate(rules)]
        suite = {"name": "level", "expectations": numbered, "meta": {"dq": {"feed": "batch"}}}
        return check(batch.paths, suite, worker=self._helper.worker(), checksums=False, **options)

    def _value(self, batch: ParquetBatchData, metric: Any, metrics: dict[Any, Any], runtime: Any) -> Any:
        """The value of a metric, or what stands for it."""
        name = metric.metric_name
        whole = metric.metric_domain_kwargs.get("row_condition") is None
        if whole and name in TABLE:
            return TABLE[name](batch)
        if name.endswith(".map"):
            return Unmade(metric)
        condition = metric.metric_dependencies.get("unexpected_condition")
        proved = metrics.get(condition.id) if condition is not None else None
        if isinstance(proved, Unmade):
            known = _known(proved, metric.metric_value_kwargs.get("result_format") or {})
            part = name.rpartition(".")[2]
            if part in known:
                return known[part]
        return self._computed(batch, metric, metrics, runtime)

    def _computed(self, batch: ParquetBatchData, metric: Any, metrics: dict[Any, Any], runtime: Any) -> Any:
        """What Great Expectations' own code for pandas makes of a metric."""
        needed = {}
        for name, dependency in metric.metric_dependencies.items():
            value = metrics[dependency.id]
            if isinstance(value, Unmade):
                if dependency.id not in batch.made:
                    batch.made[dependency.id] = self._computed(batch, value.metric, metrics, runtime)
                value = batch.made[dependency.id]
            needed[name] = value
        provider, function = get_metric_provider(metric.metric_name, self)
        batch.focus = _columns(metric, provider)
        try:
            if metric.metric_name in PLAIN and provider.__module__.startswith("great_expectations."):
                [column] = batch.focus or [""]
                if metric.metric_domain_kwargs.get("row_condition") is None and column in batch.schema.names:
                    series = batch.dataframe[column]
                    if series.dtype.kind in "iuf":
                        return PLAIN[metric.metric_name](series[series.notnull()])
            return function(
                cls=provider,
                execution_engine=self,
                metric_domain_kwargs=metric.metric_domain_kwargs,
                metric_value_kwargs=metric.metric_value_kwargs,
                metrics=needed,
                runtime_configuration=runtime,
            )
        finally:
            batch.focus = None


class DqOutcome(MetricProvider):  # type: ignore[misc]
    """What dq says of an expectation that is ours; the engine asks for all of them at once."""

    metric_name = OUTCOME
    domain_keys = ("batch_id", "table")
    value_keys = ("rule", "result_format")

    @metric_value(engine=DqDuckdbExecutionEngine)  # type: ignore[untyped-decorator]
    def _judged(cls, **asked: Any) -> None:  # noqa: N805
        raise NotImplementedError("the engine judges expectations of dq together")


TABLE: dict[str, Callable[[ParquetBatchData], Any]] = {
    "table.row_count": lambda batch: batch.rows,
    "table.column_types": lambda batch: batch.types(),
}
"""What the footers say."""


def _known(proved: Unmade, form: dict[str, Any]) -> dict[str, Any]:
    """What follows from the proof of a condition, by the last part of the metric's name."""
    known: dict[str, Any] = {"unexpected_count": proved.unexpected, "filtered_row_count": proved.judged}
    if proved.unexpected or form.get("unexpected_index_column_names") or form.get("exclude_unexpected_values"):
        return known
    query = None if form.get("return_unexpected_index_query") is False else NO_ROWS
    return {**known, "unexpected_values": [], "unexpected_index_list": [], "unexpected_index_query": query}


def _columns(metric: Any, provider: Any) -> list[str] | None:
    """The columns that a metric of Great Expectations' own looks at; None if that may be any."""
    domain = metric.metric_domain_kwargs
    form = metric.metric_value_kwargs.get("result_format") or {}
    condition = domain.get("row_condition")
    if not provider.__module__.startswith("great_expectations.") or isinstance(condition, str):
        return None
    if metric.metric_name.endswith(".unexpected_rows") or form.get("include_unexpected_rows"):
        return None
    named = proofs.columns_of(domain)
    asked = (
        _spoken(json.loads(json.dumps(condition if isinstance(condition, dict) else condition.dict(), default=str)))
        if condition
        else []
    )
    if not named or None in asked:
        return None
    return list(dict.fromkeys([*named, *asked, *(form.get("unexpected_index_column_names") or [])]))


def _spoken(condition: dict[str, Any]) -> list[str | None]:
    """The columns that a row condition speaks of; None stands for any."""
    if condition["type"] in ("and", "or"):
        return [name for part in condition["conditions"] for name in _spoken(part)]
    return [condition["column"]["name"] if "column" in condition else None]


def _kinds(batch: ParquetBatchData) -> dict[str, proofs.Kind]:
    """What the columns hold, as :func:`proofs.rule` tells them apart; without those that pandas may change."""
    found: dict[str, proofs.Kind] = {}
    names = batch.schema.names
    for field in batch.schema:
        kind = _kind(field.type, batch.nulls(field.name))
        if kind is not None and [name.lower() for name in names].count(field.name.lower()) == 1:
            found[field.name] = kind
    return found


def _kind(held: pa.DataType, nulls: int | None) -> proofs.Kind | None:
    if pa.types.is_string(held) or pa.types.is_large_string(held):
        return "text"
    if pa.types.is_integer(held):
        return "small" if held.bit_width <= 32 else "whole" if nulls == 0 else "other"
    if pa.types.is_float64(held):
        return "double"
    if pa.types.is_boolean(held) or pa.types.is_temporal(held) or pa.types.is_decimal(held) or pa.types.is_floating(held):
        return "other"
    return None
