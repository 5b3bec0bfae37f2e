"""Stored runs as Great Expectations Data Docs: its renderers, its templates, its index, written without a project of its own.

A project (a "data context") would write to the home folder and loses a page that it cannot render, with a line in its log. So the
renderers are called directly: what goes wrong is an error, and nothing is written but the site.
"""

from __future__ import annotations

import copy
import hashlib
import html
import logging
import os
import re
import shutil
import urllib.parse
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dq_engine import gx, libraries, locks
from dq_engine.errors import StoreError, UsageError
from dq_engine.model import ExtractRun, Outcome, Run
from dq_engine.report.gx import validation_result
from dq_engine.report.words import clean, finding, kinds, tally
from dq_engine.result_format import ResultFormat
from dq_engine.store import words

INDEX = "index.html"
OURS = ".dq-gx-docs"
"""The file that tells a site of ours from other folders."""
STAND_IN = "expect_rule_to_be_kept"
COLUMNS_IN_ORDER = "expect_table_columns_to_match_ordered_list"
LONGEST = 60
"""Characters of a name in the path of a page."""


def write_data_docs(runs: Sequence[Run], directory: Path) -> Path:
    """Writes the runs as a Data Docs site into ``directory``, whole or not at all; gives the path of its first page.

    Each extract of each run is a validation result. A page of a suite shows it as the newest of the runs had it. A site that an
    earlier call wrote is replaced. Great Expectations' pages load their style and scripts from public servers.

    Raises :class:`UsageError` if Great Expectations is not installed or ``directory`` holds something else, and
    :class:`StoreError` if it cannot be written.
    """
    if not runs:
        raise UsageError("there is no run to show: check something first")
    libraries.needed(("great_expectations",), "writing Data Docs", "gx")
    site = directory.resolve()
    _free(site, directory)
    with _quiet():
        gx.register()
        _write(_pages(sorted(runs, key=lambda run: (run.started, run.id), reverse=True)), site, directory)
    return directory / INDEX


def _pages(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """The path and the HTML of every page; the newest of the ``runs`` is first."""
    from great_expectations.render.renderer.page_renderer import ExpectationSuitePageRenderer  # noqa: PLC0415
    from great_expectations.render.renderer.site_index_page_renderer import SiteIndexPageRenderer  # noqa: PLC0415

    from dq_engine import gx_pages  # noqa: PLC0415

    view, results, suites = gx_pages.Page(), gx_pages.ResultsPage(), ExpectationSuitePageRenderer()
    names: dict[tuple[str, str], str] = {}
    suite_links, result_links = [], []
    for run in runs:
        for extract in run.extracts:
            key = (extract.suite.name, extract.suite.sha256)
            configurations = [_configuration(outcome) for outcome in extract.outcomes]
            if key not in names:
                names[key] = _suite_name(extract, set(names.values()))
                yield _suite_path(names[key]), view.render(suites.render(_suite(names[key], configurations)))
                suite_links.append({"expectation_suite_name": names[key], "filepath": _suite_path(names[key])})
            result = _result(run, extract, names[key], configurations)
            identifier = result.meta["run_id"]
            path = "/".join(("validations", names[key], *identifier.to_tuple(), f"{_slug(extract.name)}.html"))
            yield path, view.render(results.render(result), show_how_to_buttons=False)
            result_links.append(
                {
                    "expectation_suite_name": names[key],
                    "expectation_suite_filepath": _suite_path(names[key]),
                    "filepath": urllib.parse.quote(path),
                    "batch_identifier": _slug(extract.name),
                    "validation_success": result.success,
                    "run_time": identifier.run_time,
                    "run_name": identifier.run_name,
                    "asset_name": extract.name,
                    "batch_spec": result.meta["batch_spec"],
                }
            )
    links = {"site_name": "dq", "expectations_links": suite_links, "validations_links": result_links}
    yield INDEX, gx_pages.IndexPage().render(SiteIndexPageRenderer.render(links), show_how_to_buttons=False)


def _suite(name: str, configurations: Sequence[Any]) -> Any:
    from great_expectations import ExpectationSuite  # noqa: PLC0415

    return ExpectationSuite(name=name, expectations=[configuration.to_domain_obj() for configuration in configurations])


def _configuration(outcome: Outcome) -> Any:
    """The expectation of a check as Great Expectations takes it; if it does not, a rule in words that stands for it."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration  # noqa: PLC0415
    from great_expectations.expectations.registry import get_renderer_impl  # noqa: PLC0415
    from great_expectations.render import LegacyRendererType  # noqa: PLC0415

    said = html.escape(clean(outcome.statement))  # Great Expectations takes it for HTML
    own: dict[str, Any] = {"meta": {}, "notes": outcome.notes or None, "severity": outcome.severity}
    if gx.statement(outcome.expectation, outcome.kwargs) != outcome.statement:
        own["description"] = said  # the suite's own words, which Great Expectations also puts before its own
    given = {name: copy.deepcopy(value) for name, value in outcome.kwargs.items() if value is not None}
    try:
        taken = ExpectationConfiguration(type=outcome.expectation, kwargs=given, **own)
        taken.to_domain_obj()
        get_renderer_impl(outcome.expectation, LegacyRendererType.PRESCRIPTIVE).renderer(
            configuration=taken, runtime_configuration={"include_column_name": False}
        )
    except Exception:  # whatever Great Expectations raises, the check must be on the page
        column = {"column": given["column"]} if isinstance(given.get("column"), str) else {}
        return ExpectationConfiguration(type=STAND_IN, kwargs=column, **{**own, "description": said})
    return taken


def _result(run: Run, extract: ExtractRun, suite: str, configurations: Sequence[Any]) -> Any:
    """The validation result of an extract, with what dq found in the ``meta`` of each result."""
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult  # noqa: PLC0415
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415

    document = validation_result(run, extract, ResultFormat("COMPLETE"))
    judged = any(outcome.status in ("pass", "fail") for outcome in extract.outcomes)
    evaluated = [
        (outcome, configuration)
        for outcome, configuration in zip(extract.outcomes, configurations, strict=True)
        if outcome.status != "skipped"
    ]
    return ExpectationSuiteValidationResult(
        success=document["success"] and judged,  # Great Expectations calls it a success that nothing was judged
        results=[
            ExpectationValidationResult(**_shown(outcome, raw, configuration))
            for (outcome, configuration), raw in zip(evaluated, document["results"], strict=True)
        ],
        suite_name=suite,
        statistics=document["statistics"],
        meta={
            "great_expectations_version": document["meta"]["great_expectations_version"],
            "run_id": RunIdentifier(run_name=_slug(run.id), run_time=run.started),
            "batch_spec": {"data_asset_name": clean(extract.name), "suite": clean(extract.suite.path)},
            "dq": {
                "Checks": tally(extract.outcomes),
                **({"Problem": clean(extract.problem)} if extract.problem else {}),
                "Verdict of the whole run": clean(run.verdict),
            },
        },
    )


def _shown(outcome: Outcome, raw: dict[str, Any], configuration: Any) -> dict[str, Any]:
    """One result, such that Great Expectations' renderers can show it, and what dq found, in lines."""
    details, failed = raw["result"], raw["exception_info"]["raised_exception"]
    if "unexpected_count" in details and "unexpected_percent" not in details:  # its renderers ask for the share of rows
        details = {name: value for name, value in details.items() if "unexpected" not in name}
    if failed and outcome.expectation == COLUMNS_IN_ORDER:  # from it they take the order of the columns, unasked
        details = {"observed_value": []}
    found = [f"{outcome.status}, {outcome.severity}"]
    if outcome.status == "vacuous":
        found.append("Nothing was judged: this is not a pass.")
    if not failed:
        found.append(finding(outcome))
    if outcome.examples and not details.get("partial_unexpected_counts"):
        found.append(f"failing values: {kinds(outcome.examples, outcome.examples_note)}")
    return {
        "success": raw["success"],
        "expectation_config": configuration,
        "result": details,
        "meta": {"dq": {"status": outcome.status, "found": [line for line in found if line]}},
        "exception_info": {
            "raised_exception": failed,
            "exception_message": clean(outcome.message) if failed else None,
            "exception_traceback": "There is none: the check was evaluated by dq." if failed else None,
        },
    }


def _suite_name(extract: ExtractRun, taken: set[str]) -> str:
    """What the site calls a suite: its name, and a part of its hash where the runs had suites of that name that differ."""
    name = _slug(extract.suite.name)
    return name if name not in taken else f"{name}-{extract.suite.sha256[:8]}"


def _suite_path(name: str) -> str:
    return f"expectations/{name}.html"


def _slug(name: str) -> str:
    """The name, if it can be a part of a path; else what can be, and a part of its hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:LONGEST]
    return name if plain == name and name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Great Expectations' warnings and log from the user: what they tell of is handled here."""
    log = logging.getLogger("great_expectations")
    before = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            log.setLevel(before)


def _free(site: Path, named: Path) -> None:
    """Raises :class:`UsageError` if something is there that is no site of ours."""
    if not site.exists():
        return
    if not site.is_dir():
        raise UsageError(f"{named}: is a file: name a folder for the Data Docs")
    try:
        if any(site.iterdir()) and not (site / OURS).is_file():
            raise UsageError(f"{named}: holds something that is no Data Docs of dq: name a new or an empty folder")
    except OSError as error:
        raise UsageError(f"{named}: cannot be read: {words(error)}") from None


def _write(pages: Iterable[tuple[str, str]], site: Path, named: Path) -> None:
    """Writes the pages beside the site's place, then puts them there. Raises :class:`StoreError`."""
    staging, old = (site.with_name(f".{site.name}.{os.getpid()}.{what}") for what in ("partial", "old"))
    lock = -1
    try:
        if not site.parent.exists():
            site.parent.mkdir(parents=True, exist_ok=True)
        locks.sweep(site.parent, re.compile(rf"\.{re.escape(site.name)}\.\d+\.(partial|old)"))
        lock = locks.make(staging)
        for path, text in pages:
            file = staging / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        (staging / OURS).write_text("Great Expectations Data Docs, written by dq\n", encoding="utf-8")
        if site.exists():
            site.rename(old)
        try:
            staging.rename(site)
        except OSError:
            if old.exists():
                old.rename(site)
            raise
    except OSError as error:
        raise StoreError(f"{named}: the Data Docs could not be written: {words(error)}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if lock >= 0:
            os.close(lock)
    shutil.rmtree(old, ignore_errors=True)
