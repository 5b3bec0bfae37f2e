"""The file of proposals, in which a person decides: written, read with every fault, decided by rule. Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dq_engine.catalog.base import suggestion
from dq_engine.catalog.wording import brief, in_words
from dq_engine.errors import SuiteError, UsageError
from dq_engine.model import Feed, Problem
from dq_engine.privacy import shown
from dq_engine.selection import selection
from dq_engine.suggest import confidence
from dq_engine.suggest.propose import Proposal
from dq_engine.suggest.study import Studied
from dq_engine.suite import NotUsable, parse_suite, read_json

T = TypeVar("T")
VERSION = 1
"""The version of the shape of the file."""
HOW = 'Set "accepted" to true or false, and "severity" as it should be; then: dq suggest --apply THIS --output SUITE'
_AT_LEAST = re.compile(r"confidence\s*>=\s*(0(?:\.\d+)?|1(?:\.0+)?|\.\d+)")


class ExtractProposals(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The proposals for one extract: its name, files and rows, how many were read, what its feed is, and what was left out."""

    extract: str
    files: list[str]
    rows: int
    read: int
    feed: dict[str, Any]
    notes: list[str]
    proposals: list[Proposal]


class Document(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of proposals. ``made`` is the day on which it was made, ``method`` what a confidence is."""

    dq_proposals: int
    made: dt.date
    method: str
    how: str
    extracts: list[ExtractProposals]

    def undecided(self) -> list[Proposal]:
        """The proposals about which nobody has decided."""
        return [one for extract in self.extracts for one in extract.proposals if one.accepted is None]


def document(studied: Sequence[Studied], made: dt.date) -> Document:
    """The proposals for extracts, none of them decided."""
    extracts = [
        ExtractProposals(
            extract=one.files.name,
            files=[shown(path.name) for path in one.files.paths],
            rows=one.rows,
            read=one.read,
            feed=_described(one.feed),
            notes=list(one.proposed.notes),
            proposals=list(one.proposed.proposals),
        )
        for one in studied
    ]
    return Document(dq_proposals=VERSION, made=made, method=confidence.METHOD, how=HOW, extracts=extracts)


def _described(feed: Feed) -> dict[str, Any]:
    """``meta.dq`` of a suite, without what says nothing."""
    plain: dict[str, Any] = msgspec.to_builtins(feed)
    kept = {key: value for key, value in plain.items() if value not in (None, "", {}) and key != "purpose"}
    columns = {name: {key: said for key, said in field.items() if said} for name, field in plain["columns"].items()}
    return {**kept, "columns": columns}


def written(found: Document) -> bytes:
    """The file."""
    plain = msgspec.to_builtins(found)
    return (json.dumps(plain, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def read(text: str, origin: str) -> Document:
    """The proposals in the text of a file. Raises :class:`SuiteError` with every fault, each with its JSON path."""
    try:
        raw = read_json(text)
    except NotUsable as error:
        raise SuiteError([Problem(origin, "", str(error))]) from None
    if not isinstance(raw, dict) or "dq_proposals" not in raw:
        what = (
            "is a suite, not a file of proposals"
            if isinstance(raw, dict) and "expectations" in raw
            else "is no file of proposals"
        )
        raise SuiteError([Problem(origin, "$", what, "dq suggest EXTRACT --output FILE writes one.")])
    if raw["dq_proposals"] != VERSION:
        raise SuiteError([Problem(origin, "$.dq_proposals", f"expected {VERSION}, the version that this dq reads")])
    problems: list[Problem] = []
    extracts = raw.get("extracts")
    listed = extracts if isinstance(extracts, list) else []
    if not isinstance(extracts, list):
        problems.append(Problem(origin, "$.extracts", "expected a list of extracts"))
    found = [_extract(each, f"$.extracts[{place}]", origin, problems) for place, each in enumerate(listed)]
    rest = _converted({**raw, "extracts": []}, Document, "$", origin, problems)
    if problems or rest is None:
        raise SuiteError(problems)
    return msgspec.structs.replace(rest, extracts=[one for one in found if one is not None])


def _extract(raw: Any, path: str, origin: str, problems: list[Problem]) -> ExtractProposals | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("proposals"), list):
        problems.append(Problem(origin, path, "expected an object with a list of proposals"))
        return None
    proposals = []
    for place, each in enumerate(raw["proposals"]):
        at = f"{path}.proposals[{place}]"
        one = _converted(each, Proposal, at, origin, problems)
        if one is not None:
            problems += _as_rule(one, raw.get("feed"), at, origin)
            proposals.append(one)
    rest = _converted({**raw, "proposals": []}, ExtractProposals, path, origin, problems)
    return None if rest is None else msgspec.structs.replace(rest, proposals=proposals)


def _as_rule(one: Proposal, feed: Any, path: str, origin: str) -> Iterator[Problem]:
    """The faults of a proposal as an expectation of a suite: somebody may have changed it."""
    try:
        parse_suite(json.dumps({"name": "proposals", "meta": {"dq": feed}, "expectations": [entry(one)]}), origin, file=False)
    except SuiteError as error:
        for problem in error.problems:
            place = problem.path.replace("$.meta.dq", path.rpartition(".proposals")[0] + ".feed")
            yield msgspec.structs.replace(problem, path=place.replace("$.expectations[0]", path))


def entry(one: Proposal, notes: str = "") -> dict[str, Any]:
    """The proposal as an expectation of a suite."""
    made: dict[str, Any] = {"type": one.type, "kwargs": one.kwargs, "severity": one.severity}
    made["meta"] = {"dq": {"rule": one.rule, "dimension": one.dimension}}
    return {**made, "notes": notes} if notes else made


def _converted(raw: Any, wanted: type[T], path: str, origin: str, problems: list[Problem]) -> T | None:
    try:
        return msgspec.convert(raw, wanted)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        key = re.search(r"unknown field `(.*)`", message)
        hint = suggestion(key[1], list(getattr(wanted, "__struct_fields__", ()))) if key else ""
        problems.append(Problem(origin, brief(path + place.rstrip("`")), brief(in_words(message, raw)) + hint))
        return None


# ------------------------------------------------------------------------------------------------------------- deciding


def decided(found: Document, terms: Sequence[str], *, by: str | None = None) -> Document:
    """The proposals with those accepted by rule that nobody decided and that fit a term.

    A term is ``all``, ``confidence>=0.99``, or one of ``--select`` of ``dq check``; it says who accepted, unless ``by`` does.
    Raises :class:`UsageError` for any other.
    """
    fits = [_term(term) for term in terms]

    def judged(one: Proposal, feed: dict[str, Any]) -> Proposal:
        fitting = next((term for term, fit in zip(terms, fits, strict=True) if one.accepted is None and fit(one, feed)), None)
        return one if fitting is None else msgspec.structs.replace(one, accepted=True, accepted_by=by or fitting)

    extracts = [
        msgspec.structs.replace(extract, proposals=[judged(one, extract.feed) for one in extract.proposals])
        for extract in found.extracts
    ]
    return msgspec.structs.replace(found, extracts=extracts)


def _term(term: str) -> Callable[[Proposal, dict[str, Any]], bool]:
    if term == "all":
        return lambda one, feed: True
    if bound := _AT_LEAST.fullmatch(term.strip()):
        least = float(bound[1])
        return lambda one, feed: one.confidence is not None and one.confidence >= least
    if term.startswith("confidence"):
        raise UsageError(f'--accept "{term}": expected a number from 0 to 1, such as confidence>=0.99')
    fits = selection([term], [])

    def fitting(one: Proposal, feed: dict[str, Any]) -> bool:
        suite = parse_suite(json.dumps({"name": "proposals", "meta": {"dq": feed}, "expectations": [entry(one)]}), "proposals")
        return fits(suite.checks[0])

    return fitting
