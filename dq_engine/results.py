"""Numbers -> outcomes. Pure.

An outcome is ``pass`` only if something was judged and every judged row, value or column kept the rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from dq_engine.catalog.wording import brief
from dq_engine.errors import NotEvaluable
from dq_engine.model import SEVERITIES, Example, ExtractRun, Judgement, Metric, Number, Outcome, Status
from dq_engine.plan import Planned
from dq_engine.suite import Check


def judge(planned: Planned, numbers: Mapping[Metric, Number], failures: Mapping[Metric, str], extract: str) -> Outcome:
    """The outcome of one check. ``failures`` says why metrics are not among ``numbers``."""
    if planned.problem:
        return unjudged(planned.check, extract, "error", planned.problem)
    for metric in planned.metrics.values():
        if metric not in numbers:
            return unjudged(
                planned.check, extract, "error", failures.get(metric, "a number that the check needs was not found out")
            )
    try:
        found = {name: numbers[metric] for name, metric in planned.metrics.items()}
        judgement = planned.check.expectation.judge(planned.scope, found)
    except NotEvaluable as error:
        return unjudged(planned.check, extract, "error", str(error))
    return outcome(planned.check, extract, judgement)


def outcome(check: Check, extract: str, judgement: Judgement) -> Outcome:
    """The outcome that a judgement makes."""
    status: Status = "vacuous" if judgement.success is None else "pass" if judgement.success else "fail"
    return msgspec.structs.replace(
        unjudged(check, extract, status, judgement.message),
        unit=judgement.unit,
        element_count=judgement.element_count,
        missing_count=judgement.missing_count,
        unexpected_count=judgement.unexpected_count,
        denominator=judgement.element_count - judgement.missing_count,
        observed_value=judgement.observed,
        details=storable(judgement.details),
        gx_success=judgement.gx_success,
        gx_result=check.expectation.gx_result(judgement),
    )


def unjudged(check: Check, extract: str, status: Status, message: str) -> Outcome:
    """The outcome of a check without any number: what was checked, and why there is none."""
    return Outcome(
        check=check.id,
        extract=extract,
        expectation=check.expectation.name,
        kwargs=storable(check.kwargs),
        statement=check.statement,
        status=status,
        severity=check.severity,
        dimension=check.dimension,
        kahn=check.kahn,
        weight=check.weight,
        message=brief(message),
        notes=check.notes,
        description=check.description,
        meta=storable(check.meta),
        gx_id=check.gx_id,
        at=check.at,
    )


def storable(value: Any) -> Any:
    """What a suite says, or what was found with its values, as JSON can hold it: infinities become their names."""
    if isinstance(value, dict):
        return {key: storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    infinite = isinstance(value, float) and math.isinf(value)
    return ("Infinity" if value > 0 else "-Infinity") if infinite else value


def examples(rows: Sequence[Sequence[object]]) -> dict[int, tuple[tuple[Example, ...], int]]:
    """Rows of the example queries -> per place of a check its examples, and how many kinds there are in all."""
    found: dict[int, list[Example]] = {}
    kinds: dict[int, int] = {}
    for place, shape, value, count, total in rows:
        found.setdefault(int(str(place)), []).append(Example(str(shape), int(str(count)), value))
        kinds[int(str(place))] = int(str(total))
    return {place: (tuple(items), kinds[place]) for place, items in found.items()}


def conclude(extracts: Sequence[ExtractRun], fail_on: str) -> tuple[int, str]:
    """The exit code of a run and its verdict in one sentence.

    0 passed; 1 a check failed at ``fail_on`` or above; 3 something could not be evaluated; 4 nothing was checked, in the run or
    in one of its extracts. 3 wins over 1, and 1 over 4. A failure that is waived does not fail a run.
    """
    outcomes = [outcome for extract in extracts for outcome in extract.outcomes]
    planned, reported = sum(extract.planned for extract in extracts), len(outcomes)
    errors = [outcome for outcome in outcomes if outcome.status == "error"]
    gate = SEVERITIES[SEVERITIES.index(fail_on) :] if fail_on in SEVERITIES else ()
    failing = [outcome for outcome in outcomes if outcome.status == "fail" and outcome.severity in gate]
    failed = [outcome for outcome in failing if outcome.waiver is None]
    judged = [outcome for outcome in outcomes if outcome.status in ("pass", "fail")]
    empty = [extract.name for extract in extracts if not any(o.status in ("pass", "fail") for o in extract.outcomes)]
    if planned != reported:
        return 3, f"not complete: {planned} checks were planned and {reported} reported"
    if errors:
        return 3, f"not complete: {_of(len(errors), planned, 'could not be evaluated')}"
    if problems := [extract for extract in extracts if extract.problem]:
        return 3, f"not complete: {problems[0].name}: {problems[0].problem}"
    if failed:
        return 1, f"failed: {_of(len(failed), len(judged), f'failed at severity {fail_on} or above')}"
    if empty or not extracts:
        where = f" in {', '.join(empty)}" if len(empty) < len(extracts) else ""
        return 4, f"nothing was checked{where}: no check had anything to judge"
    lower = sum(outcome.status == "fail" for outcome in outcomes) - len(failing)
    return 0, _passed(planned, len(judged), lower, len(failing), fail_on if gate else "")


def _passed(planned: int, judged: int, tolerated: int, waived: int, gate: str) -> str:
    words = [f"{_of(judged - tolerated - waived, planned, 'passed')}"]
    if waived:
        words.append(f"{waived} failed and {'is' if waived == 1 else 'are'} waived")
    if tolerated:
        words.append(f"{tolerated} failed at a lower severity" if gate else f"{tolerated} failed, which does not count")
    if planned > judged:
        words.append(f"{planned - judged} not judged")
    return f"passed{f' (nothing failed at {gate} or above)' if tolerated and gate else ''}: {', '.join(words)}"


def _of(part: int, whole: int, what: str) -> str:
    return f"{part} of {whole} check{'' if whole == 1 else 's'} {what}"
