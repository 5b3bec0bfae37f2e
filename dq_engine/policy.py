"""The table ``[gate]`` of ``dq.toml``: what a release must be like. Values only.

::

    [gate]
    fail_on = "critical"             # failures of this severity and above fail the gate; default: that of [dq]
    error = "fail"                   # a check that could not be evaluated: fail, or report
    vacuous = "fail"                 # a check of that severity that had nothing to judge: fail, or report
    skipped = "fail"                 # checks left out on the command line, by --select or --ignore: fail, or report
    waivers = "waivers.toml"         # failures that somebody accepted
    unused_waivers = "report"        # waivers that nothing needed, or that expired: report, or fail
    baseline = "baseline"            # a stored run: only what got worse since then fails
    no_new_failures = false          # with a baseline: a check that passed then must pass, chance or not
    false_alarms = 0.01              # with a baseline: how often a gate may say "worse" where nothing but chance is at work
    least_rise = 0.0                 # with a baseline: rises of the failing share by less than this are let be, 0 to 1

    [[gate.required]]                # what must be there
    feed = "list_sizes"              # a feed that must have been checked
    organisations = ["8G1", "8A3"]   # who must have rows in it; or a CSV or Parquet file with a column organisation

    [[gate.failing_organisations]]   # how many organisations may fail
    feed = "list_sizes"              # of this feed; default: of any
    check = "practice_code_known"    # this check; default: any of that severity
    severity = "critical"
    at_most = 0.05                   # the share of the organisations, 0 to 1

    [[gate.minimum]]                 # how good the data must be
    feed = "list_sizes"              # the DQMI of this feed; default: over all feeds
    dqmi = 90                        # 0 to 100
    organisations = 0.95             # the share of the organisations that must reach it; default: all

    [[gate.minimum]]
    source = "primary_care"          # ratings of the items of this source; default: all items together
    rating = "fair"
    level = "pcgt"                   # of these organisations; default: the instrument's
    instrument = "ours.json"         # default: the one that comes with dq
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dq_engine.model import FailOn, Level, Rated, Severity, Source

Meaning = Literal["fail", "report"]
Share = Annotated[float, Meta(ge=0, le=1)]


class Required(Struct, frozen=True, forbid_unknown_fields=True):
    """A feed that must have been checked, and organisations (codes, or the path of a file of them) that must have rows in it."""

    feed: str
    organisations: list[str] | str = []


class FailingOrganisations(Struct, frozen=True, forbid_unknown_fields=True):
    """The share of organisations at which a check of the severity, or the one named, may fail."""

    at_most: Share
    feed: str | None = None
    check: str | None = None
    severity: Severity = "critical"


class Minimum(Struct, frozen=True, forbid_unknown_fields=True):
    """What a share of the ``organisations`` must reach: a Data Quality Maturity Index, or a rating."""

    feed: str | None = None
    source: Source | None = None
    dqmi: Annotated[float, Meta(ge=0, le=100)] | None = None
    rating: Rated | None = None
    organisations: Share = 1.0
    level: Level | None = None
    instrument: str | None = None


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """What a release must be like. What it does not say means what is safe: an error or a vacuous check fails."""

    fail_on: FailOn | None = None
    error: Meaning = "fail"
    vacuous: Meaning = "fail"
    skipped: Meaning = "fail"
    waivers: str | None = None
    unused_waivers: Meaning = "report"
    baseline: str | None = None
    no_new_failures: bool = False
    false_alarms: Annotated[float, Meta(gt=0, lt=1)] = 0.01
    least_rise: Share = 0.0
    required: list[Required] = []
    failing_organisations: list[FailingOrganisations] = []
    minimum: list[Minimum] = []


def faults(policy: Policy) -> list[str]:
    """What is wrong with a policy besides the types of its values."""
    found = []
    for place, minimum in enumerate(policy.minimum):
        at = f"gate.minimum[{place}]"
        if (minimum.dqmi is None) == (minimum.rating is None):
            found.append(f"{at}: expected one of dqmi and rating, and not both")
        elif minimum.dqmi is not None and minimum.instrument is not None:
            found.append(f"{at}: the DQMI needs no instrument")
        elif minimum.rating is not None and minimum.feed is not None:
            found.append(f'{at}: items of an instrument are rated by source, not by feed: say source = "..." instead')
        if minimum.feed is not None and minimum.source is not None:
            found.append(f"{at}: expected a feed or a source, not both")
    return found
