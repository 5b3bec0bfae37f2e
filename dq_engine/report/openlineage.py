"""A run as events of OpenLineage: that it began and how it ended. Each extract is an input, with what was found there as facets.

What passed is an assertion with success; what failed (accepted by somebody or not), could not be evaluated or had nothing to
judge is one without, and ``actual`` says which of these. What was not selected is none. Of values there are only counts.
COMPLETE means that all was evaluated, whatever was found; FAIL that something was not. Names of datasets are those of
OpenLineage's "Naming conventions".
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from openlineage.client.event_v2 import InputDataset, Job, RunEvent, RunState
from openlineage.client.event_v2 import Run as LineageRun
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    error_message_run,
    job_type_job,
    processing_engine_run,
)
from openlineage.client.generated.base import InputDatasetFacet
from openlineage.client.uuid import generate_static_uuid

from dq_engine.model import ExtractRun, Outcome, Run
from dq_engine.report import words

NOT_NULL = "expect_column_values_to_not_be_null"
NAMESPACE = "dq"
"""The namespace of jobs, where nobody says another one."""
SEVERITIES = {"critical": "error", "warning": "warn", "info": "warn"}


def events(run: Run, folder: PurePosixPath, namespace: str = NAMESPACE) -> list[RunEvent]:
    """The first and the last event of a run; ``folder`` is what its paths are relative to, and names its job."""
    started = datetime.fromisoformat(run.started)
    version = run.engine.get("dq", "")
    producer = f"urn:dq-engine:{version}"
    facets: dict[str, RunFacet] = {
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
            version=run.engine.get("duckdb", ""), name="DuckDB", openlineageAdapterVersion=version, producer=producer
        )
    }
    kind: dict[str, JobFacet] = {
        "jobType": job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="DQ", jobType="DATA_QUALITY", producer=producer
        )
    }
    evaluated = run.exit_code in (0, 1)
    if not evaluated:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=words.clean(run.verdict), programmingLanguage="Python", producer=producer
        )
    job = Job(namespace, f"{folder.name or 'dq'}.check", kind)
    identity = str(generate_static_uuid(started, run.id.encode()))
    grouped: dict[tuple[str, str], list[ExtractRun]] = {}
    for extract in run.extracts:
        grouped.setdefault(_name(extract, folder, namespace), []).append(extract)
    bare = [InputDataset(*name) for name in grouped]
    told = [InputDataset(*name, inputFacets=_facets(extracts, producer)) for name, extracts in grouped.items()]
    return [
        RunEvent(
            eventTime=started.isoformat(),
            eventType=RunState.START,
            run=LineageRun(identity),
            job=job,
            inputs=bare,
            producer=producer,
        ),
        RunEvent(
            eventTime=(started + timedelta(seconds=run.seconds)).isoformat(),
            eventType=RunState.COMPLETE if evaluated else RunState.FAIL,
            run=LineageRun(identity, facets),
            job=job,
            inputs=told,
            producer=producer,
        ),
    ]


def _name(extract: ExtractRun, folder: PurePosixPath, namespace: str) -> tuple[str, str]:
    """The namespace and the name of an extract: those of its file, or of the folder that all its files are in."""
    paths = [file.path for file in extract.files]
    if not paths:
        return namespace, extract.name
    scheme, elsewhere, _ = paths[0].partition("://")
    if not elsewhere:
        return "file", _common([posixpath.normpath(posixpath.join(folder, path)) for path in paths])
    host = paths[0].removeprefix(f"{scheme}://").partition("/")[0]
    return f"{scheme}://{host}", _common([path.removeprefix(f"{scheme}://{host}/") for path in paths]) or "/"


def _common(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else posixpath.commonpath(paths)


def _facets(extracts: Sequence[ExtractRun], producer: str) -> dict[str, InputDatasetFacet]:
    """What was found in one extract, which several suites may be about."""
    outcomes = [outcome for extract in extracts for outcome in extract.outcomes]
    first = extracts[0]
    columns = {
        outcome.kwargs["column"]: data_quality_metrics_input_dataset.ColumnMetrics(nullCount=outcome.unexpected_count)
        for outcome in outcomes
        if outcome.expectation == NOT_NULL
        and outcome.status in ("pass", "fail")
        and outcome.element_count == first.rows
        and not outcome.kwargs.get("row_condition")
    }
    return {
        "dataQualityMetrics": data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
            columnMetrics=columns,
            rowCount=first.rows,
            bytes=sum(file.bytes for file in first.files) if first.files else None,
            fileCount=len(first.files) or None,
            producer=producer,
        ),
        "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=[_assertion(outcome) for outcome in outcomes if outcome.status != "skipped"], producer=producer
        ),
    }


def _assertion(outcome: Outcome) -> data_quality_assertions_dataset.Assertion:
    column = outcome.kwargs.get("column")
    mark = words.mark(outcome)
    said = "" if mark in ("pass", "fail") else {"error": "could not be evaluated", "vacuous": "nothing to judge"}.get(mark, mark)
    return data_quality_assertions_dataset.Assertion(
        assertion=outcome.expectation,
        success=outcome.status == "pass",
        column=column if isinstance(column, str) else None,
        severity=SEVERITIES[outcome.severity],
        name=words.clean(outcome.check),
        description=words.clean(outcome.statement),
        actual=": ".join(filter(None, (said, words.in_counts(outcome)))) or None,
    )
