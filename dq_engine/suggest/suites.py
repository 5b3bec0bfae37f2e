"""Accepted proposals -> a suite, each rule with its reason and who accepted it. Pure."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dq_engine.suggest.confidence import METHOD
from dq_engine.suggest.proposals import ExtractProposals, entry
from dq_engine.suggest.propose import Proposal
from dq_engine.suite import parse_suite

NOBODY = "nobody: proposed by dq init"
"""Who accepted what ``dq init`` writes."""


def suite(extract: ExtractProposals, made: dt.date, existing: Mapping[str, Any] | None = None) -> bytes:
    """The suite of the accepted proposals, as a file; added to ``existing``, the JSON of a suite, if there is one.

    Raises :class:`dq_engine.errors.SuiteError` if what comes of it is no suite, such as one without a rule.
    """
    accepted = [one for one in extract.proposals if one.accepted]
    before = list(existing["expectations"]) if existing else []
    taken = {rule for each in before if (rule := _rule_of(each))}
    added = [_named(entry(one, _notes(one, extract, made)), taken) for one in accepted]
    own = dict(existing) if existing else {"name": extract.feed["feed"], "meta": {"dq": extract.feed}}
    meta = {**(own.get("meta") or {}), "dq_suggest": _provenance(extract, accepted, made)}
    whole = {**own, "meta": meta, "expectations": [*before, *added]}
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    parse_suite(text, f"the suite of {extract.extract}")
    return text.encode("utf-8", "backslashreplace")


def _rule_of(raw: Any) -> str | None:
    meta = raw.get("meta") if isinstance(raw, dict) else None
    own = meta.get("dq") if isinstance(meta, dict) else None
    return own.get("rule") if isinstance(own, dict) else None


def _named(made: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    """The expectation with a name that none before it has."""
    own = made["meta"]["dq"]
    names = itertools.chain([own["rule"]], (f"{own['rule']}_{place}" for place in itertools.count(2)))
    own["rule"] = next(name for name in names if name not in taken)
    taken.add(own["rule"])
    return made


def _notes(one: Proposal, extract: ExtractProposals, made: dt.date) -> str:
    files = extract.files[0] if len(extract.files) == 1 else f"{len(extract.files)} files of {extract.extract}"
    read = f"{extract.read:,} rows" if extract.read == extract.rows else f"a sample of {extract.read:,} of {extract.rows:,} rows"
    return f"{one.reason}. Proposed by dq suggest from {read} of {files} on {made.isoformat()}; accepted by {_who(one)}"


def _who(one: Proposal) -> str:
    if one.accepted_by is None:
        return "a person"
    return one.accepted_by if one.accepted_by == NOBODY else f"the rule {one.accepted_by}, not by a person"


def _provenance(extract: ExtractProposals, accepted: Sequence[Proposal], made: dt.date) -> dict[str, Any]:
    """What a reader must know of how the suite came to be."""
    who = Counter(_who(one) for one in accepted)
    return {
        "files": extract.files,
        "rows": extract.rows,
        "rows_read": extract.read,
        "made": made.isoformat(),
        "proposed": len(extract.proposals),
        "accepted": dict(who),
        "method": METHOD,
    }
