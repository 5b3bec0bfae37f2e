"""What pages are made of: a run with what was before it, and the site that its newest run makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from dq_engine.findings import Finding
from dq_engine.history import RunState
from dq_engine.model import FieldMeasure, Organisation, Run
from dq_engine.reference import RulePage
from dq_engine.report.html.figures import Figures
from dq_engine.scores import Instrument, Scores


class RunAbout(Struct, frozen=True, kw_only=True):
    """A run and what its pages say besides.

    ``earlier``: the runs before it, oldest first. ``rules``: the expectations that have a page, ``organisations``: the codes that
    have one. ``worst``: by extract and check, organisations with their counts of unexpected and judged. ``fields``: the classes
    of each column over the whole extract. ``scores`` are None where nothing could be rated; ``no_ratings`` says why.
    """

    run: Run
    earlier: tuple[RunState, ...]
    figures: Figures
    rules: frozenset[str]
    organisations: frozenset[str]
    worst: Mapping[tuple[str, str], Sequence[tuple[str, int, int]]]
    fields: Sequence[FieldMeasure] = ()
    scores: Scores | None = None
    instrument: Instrument | None = None
    no_ratings: str = ""


class Past(Struct, frozen=True):
    """The ratings of a run: ``items`` that were rated, and of each organisation a digit for each item (1 very poor … 5 very
    good, 0 not rated).
    """

    run: str
    started: str
    items: tuple[str, ...]
    ratings: Mapping[str, str]


class SiteAbout(Struct, frozen=True, kw_only=True):
    """What the pages tell that are of the newest run and of no other.

    ``past``: the ratings of all runs, oldest first, the newest last. ``waves``: its ratings wave by wave, if it has several.
    ``rules``: the catalogue. ``levels``: the organisations that anything was counted for, with their level. ``found`` gives for
    codes what was found at each (most first) and how many checks judged anything there. ``places``: the page of each check.
    ``registered``: the organisations that registers of the run know, of all levels.
    """

    run: RunAbout
    past: tuple[Past, ...]
    rules: tuple[RulePage, ...]
    levels: Mapping[str, str]
    found: Callable[[Sequence[str]], Iterable[tuple[str, list[Finding], int]]]
    places: Mapping[tuple[str, str], str]
    waves: Scores | None = None
    registered: tuple[Organisation, ...] = ()
