"""What a policy says of a run: may the data be released? Pure: what was found in, :class:`dq_engine.model.Gate` out.

Nothing passes that was not checked: an error, a check or an extract with nothing to judge, checks that were left out and feeds
that are not there close the gate unless the policy says otherwise; what it lets pass is said all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from dq_engine.differences import Change, CheckDifference, Differences
from dq_engine.model import ExtractRun, Gate, GateFinding, Outcome, Run, Waiver, at_or_above
from dq_engine.policy import FailingOrganisations, Minimum, Policy
from dq_engine.report.words import clean, finding, share
from dq_engine.significance import Counts
from dq_engine.waivers import speaks_of

NAMED = 3
"""Findings of one kind that the paragraph spells out; the list has them all."""
Key = tuple[str, str]
"""An extract and a check."""


class Reached(Struct, frozen=True):
    """How many organisations reach a minimum, of those that it is about and that are rated; ``what`` it is, in words.

    ``unrated``: how many more there are, of which nothing is known. ``short`` names some that do not reach it.
    """

    minimum: Minimum
    what: str
    reached: int
    rated: int
    unrated: int
    short: tuple[str, ...] = ()


class Facts(Struct, frozen=True, kw_only=True):
    """What the policy needs to know besides the record of the run.

    ``failing``: for each check, at which organisations how much is unexpected; ``present``: for each extract, the organisations
    that have rows in it; ``required``: the organisations of each ``required`` of the policy; ``reached``: what became of each
    ``minimum``; ``differences``: from the baseline, if there is one.
    """

    failing: Mapping[Key, Mapping[str, int]] = {}
    present: Mapping[str, Collection[str]] = {}
    required: Sequence[Collection[str]] = ()
    reached: Sequence[Reached] = ()
    differences: Differences | None = None


def judged(run: Run, policy: Policy, facts: Facts, fail_on: str) -> Gate:
    """The gate's verdict on a run whose waivers are applied; ``fail_on``: the severity from which failures count."""
    findings = [
        *_incomplete(run, policy),
        *(_failures(run, fail_on) if facts.differences is None else _since(run, facts, policy, fail_on)),
        *_unjudged(run, policy, facts, fail_on),
        *_required(run, policy, facts),
        *_organisations(run, policy, facts),
        *map(_minimum, facts.reached),
        *_waivers(run, policy),
    ]
    codes = {found.exit_code for found in findings}
    code = next((code for code in (3, 1, 4) if code in codes), 0)
    baseline = facts.differences.earlier if facts.differences else ""
    return Gate(code, _paragraph(run, findings, facts.differences, code), tuple(findings), baseline)


# -------------------------------------------------------------------------------------------------------------- its rules


def _incomplete(run: Run, policy: Policy) -> Iterator[GateFinding]:
    if run.planned != len(run.outcomes):
        words = f"{run.planned:,} checks were planned and {len(run.outcomes):,} reported"
        yield GateFinding("complete", 3, words)
    for extract in run.extracts:
        if extract.problem:
            yield GateFinding("complete", 3, f"{extract.name}: {extract.problem}", extract.name)
    meant = 3 if policy.error == "fail" else 0
    for outcome in run.outcomes:
        if outcome.status == "error":
            yield _about(outcome, "error", meant, f"could not be evaluated: {outcome.message}")


def _failures(run: Run, fail_on: str) -> Iterator[GateFinding]:
    for outcome in run.outcomes:
        if outcome.status == "fail" and at_or_above(outcome.severity, fail_on):
            if outcome.waiver is not None:
                yield _waived(outcome, outcome.waiver)
            else:
                yield _about(outcome, "fail_on", 1, f"fails: {finding(outcome)}")


def _since(run: Run, facts: Facts, policy: Policy, fail_on: str) -> Iterator[GateFinding]:
    """What got worse since the baseline, and what cannot be compared with it."""
    assert facts.differences is not None
    found = {(difference.extract, difference.check): difference for difference in facts.differences.checks}
    for outcome in run.outcomes:
        difference = found.pop((outcome.extract, outcome.check), None)
        if not at_or_above(outcome.severity, fail_on):
            continue
        if difference is not None and difference.kind == "compared":
            yield from _worse(outcome, difference, run, policy)
        elif outcome.status == "fail":
            why = {
                "another rule": "the baseline has another rule of this name",
                "not compared": "the baseline did not judge it",
            }.get(difference.kind if difference else "", "the baseline does not have it")
            words = f"fails, and {why}: {finding(outcome)}"
            yield _waived(outcome, outcome.waiver) if outcome.waiver else _about(outcome, "baseline", 1, words)
    for difference in found.values():
        if at_or_above(difference.severity, fail_on) and difference.kind == "left out":
            words = f"{difference.extract}: {difference.check} was checked in the baseline, and is not any more"
            yield GateFinding("baseline", 4, words, difference.extract, difference.check)
    for extract in facts.differences.extracts:
        if extract.later is None:
            words = f"{extract.extract} was checked in the baseline, and is not any more"
            yield GateFinding("baseline", 4, words, extract.extract)


def _worse(outcome: Outcome, difference: CheckDifference, run: Run, policy: Policy) -> Iterator[GateFinding]:
    for change in difference.worse:
        place = f"at {change.organisation}" if change.organisation else _elsewhere(difference)
        words = f"got worse {place}: {_rise(change.counts)}"
        accepted = outcome.waiver or _waiver_there(run, outcome, change)
        if accepted is not None:
            yield _waived(outcome, accepted, words, change.organisation)
        else:
            yield _about(outcome, "baseline", 1, words, change.organisation)
    if difference.newly_failing and not difference.worse:
        if outcome.waiver is not None:
            yield _waived(outcome, outcome.waiver)
        elif difference.counts is None or policy.no_new_failures:
            rule = "no_new_failures" if difference.counts else "baseline"
            yield _about(outcome, rule, 1, f"fails, and passed before: {finding(outcome)}")
        else:
            yield _about(outcome, "baseline", 0, f"fails, and passed before, within chance: {_rise(difference.counts)}")


def _waiver_there(run: Run, outcome: Outcome, change: Change) -> Waiver | None:
    """A waiver of the failures at one organisation, whether or not it suffices for all failures of the check."""
    extract = next(extract for extract in run.extracts if extract.name == outcome.extract)
    for use in run.waivers:
        waiver = use.waiver
        if use.state != "expired" and waiver.accepts == "fail" and speaks_of(waiver, extract, outcome.check):
            there = change.organisation in waiver.organisations
            if there and (waiver.at_most is None or change.counts.after <= waiver.at_most):
                return waiver
    return None


def _unjudged(run: Run, policy: Policy, facts: Facts, fail_on: str) -> Iterator[GateFinding]:
    if not run.extracts:
        yield GateFinding("complete", 4, "no extract was checked")
    before = {(d.extract, d.check): d.earlier for d in facts.differences.checks} if facts.differences else {}
    for extract in run.extracts:
        if not extract.problem and not any(outcome.status in ("pass", "fail", "error") for outcome in extract.outcomes):
            words = f"{extract.name}: no check had anything to judge"
            yield GateFinding("complete", 4, words, extract.name)
        for outcome in extract.outcomes:
            if outcome.status == "vacuous" and at_or_above(outcome.severity, fail_on):
                if outcome.waiver is not None:
                    yield _waived(outcome, outcome.waiver)
                elif before.get((extract.name, outcome.check)) == "vacuous":
                    yield _about(outcome, "vacuous", 0, f"had nothing to judge, as in the baseline: {outcome.message}")
                else:
                    meant = 4 if policy.vacuous == "fail" else 0
                    yield _about(outcome, "vacuous", meant, f"had nothing to judge: {outcome.message}")
    left_out = sum(outcome.status == "skipped" for outcome in run.outcomes)
    if left_out and (run.options.get("select") or run.options.get("ignore")):
        meant = 4 if policy.skipped == "fail" else 0
        words = f"{share(left_out, len(run.outcomes))} checks were left out by --select or --ignore"
        yield GateFinding("skipped", meant, words)


def _required(run: Run, policy: Policy, facts: Facts) -> Iterator[GateFinding]:
    for required, codes in zip(policy.required, facts.required, strict=True):
        extracts = [extract for extract in run.extracts if extract.feed == required.feed]
        if not extracts:
            yield GateFinding("required", 4, f"{required.feed}: no extract of this feed was checked, and one is required")
            continue
        there = {code for extract in extracts for code in facts.present.get(extract.name, ())}
        absent = sorted(set(codes) - there)
        for code in absent:
            words = f"{required.feed}: {code} has no rows, and is required"
            yield GateFinding("required", 1, words, extracts[0].name, organisation=code)


def _organisations(run: Run, policy: Policy, facts: Facts) -> Iterator[GateFinding]:
    for place, limit in enumerate(policy.failing_organisations):
        extracts = [extract for extract in run.extracts if limit.feed in (None, extract.feed)]
        counted = [extract for extract in extracts if extract.organisations]
        if not counted:
            of = limit.feed or "any feed"
            words = f"the share of failing organisations is limited, and no organisation of {of} was counted"
            yield GateFinding("failing_organisations", 4, words)
        for extract in counted:
            yield from _limited(extract, limit, facts, place)


def _limited(extract: ExtractRun, limit: FailingOrganisations, facts: Facts, place: int) -> Iterator[GateFinding]:
    failing: set[str] = set()
    concerned = [o for o in extract.outcomes if limit.check in (None, o.check) and at_or_above(o.severity, limit.severity)]
    for outcome in concerned:
        if outcome.status == "fail" and outcome.waiver is None:
            failing |= set(facts.failing.get((extract.name, outcome.check), ()))
    assert extract.organisations is not None
    known = max(extract.organisations, len(failing))
    what = limit.check or f"checks of severity {limit.severity} or above"
    if limit.check is not None and not concerned:
        words = f"{extract.name}: {limit.check} limits the failing organisations, and no such check was run"
        yield GateFinding("failing_organisations", 4, words, extract.name, limit.check)
    elif len(failing) > limit.at_most * known:
        words = f"{extract.name}: {share(len(failing), known)} organisations fail {what}; at most {limit.at_most:.4g} are allowed"
        yield GateFinding("failing_organisations", 1, words, extract.name, limit.check or "")


def _minimum(reached: Reached) -> GateFinding:
    wanted = f"at least {100 * reached.minimum.organisations:.4g} % must"
    if not reached.rated:
        return GateFinding("minimum", 4, f"{reached.what}: no organisation is rated, and {wanted} reach it")
    unrated = f"; {reached.unrated:,} more are not rated" if reached.unrated else ""
    short = f" (not {_list(reached.short, reached.rated - reached.reached)})" if reached.short else ""
    words = f"{reached.what}: {share(reached.reached, reached.rated)} organisations reach it{short}, and {wanted}{unrated}"
    return GateFinding("minimum", int(reached.reached < reached.minimum.organisations * reached.rated), words)


def _waivers(run: Run, policy: Policy) -> Iterator[GateFinding]:
    for use in run.waivers:
        meant = int(policy.unused_waivers == "fail" and use.state in ("unused", "expired"))
        if use.state != "applied":
            yield GateFinding("waivers", meant, use.words, use.waiver.extract, use.waiver.check)


# -------------------------------------------------------------------------------------------------------------- its words


def _about(outcome: Outcome, rule: str, code: int, what: str, organisation: str = "") -> GateFinding:
    words = f"{outcome.extract}: {outcome.check} ({outcome.severity}) {what}"
    return GateFinding(rule, code, words, outcome.extract, outcome.check, organisation)


def _waived(outcome: Outcome, waiver: Waiver, what: str = "", organisation: str = "") -> GateFinding:
    what = what or ("fails" if outcome.status == "fail" else "has nothing to judge")
    words = f"{what}; waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
    return _about(outcome, "waivers", 0, words, organisation)


def _elsewhere(difference: CheckDifference) -> str:
    return "elsewhere, too" if len(difference.worse) > 1 else "over all organisations"


def _rise(counts: Counts) -> str:
    return f"from {share(counts.before, counts.judged_before)} to {share(counts.after, counts.judged_after)}"


def _list(names: Sequence[str], of: int) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {of - NAMED:,} more" if of > NAMED else shown


def _paragraph(run: Run, findings: Sequence[GateFinding], differences: Differences | None, code: int) -> str:
    """The verdict in one paragraph: whether it passes and why, what was accepted, what it was held against."""
    against = [found for found in findings if found.exit_code]
    known = [found for found in findings if not found.exit_code]
    said = _tally(run)
    if against:
        reasons = f"{len(against):,} reason{'' if len(against) == 1 else 's'}"
        sentences = [f"The gate is closed to run {run.id} (exit code {code}), for {reasons}: {_some(against)}"]
        sentences.append(said[0].upper() + said[1:])
    else:
        sentences = [f"The gate is open to run {run.id}: {said}"]
    if known:
        sentences.append(f"To know: {_some(known)}")
    if differences is not None:
        compared = sum(difference.kind == "compared" for difference in differences.checks)
        shares = f"{compared:,} checks were compared, by {differences.comparisons:,} shares"
        sentences.append(
            f"Held against run {differences.earlier}: {shares}; where nothing but chance is at work, at most "
            f"{100 * differences.false_alarms:.4g} % of releases are said to be worse, more where failures come in batches"
        )
    return clean(". ".join(sentence.rstrip(".") for sentence in sentences) + ".")


def _tally(run: Run) -> str:
    """How many checks passed, of how many, and what became of the others."""
    outcomes = run.outcomes
    waived = sum(outcome.waiver is not None for outcome in outcomes)
    counts = Counter(outcome.status for outcome in outcomes if outcome.waiver is None)
    words = {
        f"{counts['fail']:,} failed": counts["fail"],
        f"{waived:,} {'is' if waived == 1 else 'are'} waived": waived,
        f"{counts['error']:,} could not be evaluated": counts["error"],
        f"{counts['vacuous']:,} had nothing to judge": counts["vacuous"],
        f"{counts['skipped']:,} {'was' if counts['skipped'] == 1 else 'were'} not selected": counts["skipped"],
    }
    checks = f"{len(outcomes):,} check{'' if len(outcomes) == 1 else 's'}"
    extracts = f"{len(run.extracts):,} extract{'' if len(run.extracts) == 1 else 's'}"
    others = [said for said, count in words.items() if count]
    return ", ".join([f"of {checks} in {extracts}, {counts['pass']:,} passed", *others])


def _some(findings: Sequence[GateFinding]) -> str:
    """Findings, the first few of each rule spelled out."""
    rules = dict.fromkeys(found.rule for found in findings)
    told = []
    for rule in rules:
        of_rule = [found.words.rstrip(".") for found in findings if found.rule == rule]
        more = f", and {len(of_rule) - NAMED:,} more of this kind ({rule})" if len(of_rule) > NAMED else ""
        told.append("; ".join(of_rule[:NAMED]) + more)
    return "; ".join(told)
