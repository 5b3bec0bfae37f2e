"""The values of scoring, from an instrument to the tables of the study. Frozen, without files, clock or database.

A run's measures are added up to a :class:`Tally` per organisation and :class:`Part`; an :class:`Instrument` makes a
:class:`Rating` of these; ratings of many organisations make the rows of a table. Everything together is :class:`Scores`.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct, field

from dq_engine.model import Level, Organisation, Rated, Status

RATINGS: tuple[Rated, ...] = get_args(Rated)
"""The five ratings, worst first."""
STEPS: dict[Rated | None, int] = {None: 0} | {rating: step for step, rating in enumerate(RATINGS, 1)}
"""The numeral of each rating, from 1 for the worst; 0 not rated."""
NOT_RATED = "not rated"
POOR_OR_WORSE = "poor or worse"
OVERALL = "overall"
"""The item of the rating that sums up all items of an instrument."""
NOTICE = "modelled rating, not a survey response"
"""What every output says of a rating."""

MeasureName = Literal["item_score", "completeness", "validity", "uniqueness", "consistency", "timeliness", "accuracy", "coverage"]
MEASURES: tuple[MeasureName, ...] = get_args(MeasureName)
"""What an item can be made of: the DQMI's item score, the six dimensions, and coverage."""


# ------------------------------------------------------------------------------------------------------------ instrument


class Provenance(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where numbers come from: whether they are assumed, published or fitted to answers; the source; notes."""

    status: Literal["assumed", "published", "calibrated"]
    source: str
    notes: str = ""


class Band(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The scores, from 0 to 1, that have one rating: ``from_`` <= score < ``to``; the best one also has ``to``."""

    rating: Rated
    from_: float
    to: float


class Scale(Struct, frozen=True, forbid_unknown_fields=True):
    """The bands of all ratings, worst first."""

    bands: tuple[Band, ...]
    provenance: Provenance


class TermRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A measure that feeds an item, with its share of the item's weight.

    ``feed``: of this feed; None: of all feeds of the item's source, each with an equal share. ``columns``: only what is about
    these columns; (): everything.
    """

    measure: MeasureName
    weight: float
    feed: str | None = None
    columns: tuple[str, ...] = ()


class ItemRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that is rated: a record source as it serves a core function.

    ``weight`` is its share in the overall rating, relative to those of the other items. ``bands``: its own, else the scale's.
    """

    id: str
    source: str
    function: str
    question: str
    terms: tuple[TermRule, ...]
    provenance: Provenance
    weight: float = 1.0
    bands: tuple[Band, ...] = ()


class Instrument(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is rated, and how measures become ratings; the shape of an instrument's file.

    ``sources`` and ``functions`` map ids to titles; there is one item for each pair. ``non_submission``: what it means that an
    organisation sent nothing for a term: the term is left out, or its score is 0. ``least_weight``: an item of which less than
    this share of the weight was measured is not rated.
    """

    name: str
    version: str
    title: str
    provenance: Provenance
    sources: dict[str, str]
    functions: dict[str, str]
    scale: Scale
    items: tuple[ItemRule, ...]
    description: str = ""
    level: Level = "pcgt"
    non_submission: Literal["not_rated", "zero"] = "not_rated"
    least_weight: float = 0.5


class InstrumentReference(Struct, frozen=True):
    """Which instrument was used: name, version, provenance, file and SHA-256 of its text."""

    name: str
    version: str
    provenance: Provenance
    path: str
    sha256: str


# --------------------------------------------------------------------------------------------------------------- tallies


class Part(Struct, frozen=True, gc=False, order=True):
    """Something that has a score: one measure of one feed, over all columns or some."""

    feed: str
    measure: MeasureName
    columns: tuple[str, ...] = ()


class Rule(Struct, frozen=True):
    """A check, or (``check`` "") the classes of the field ``column``, that is behind a part.

    ``extract``: where it was judged (the same check in several extracts of a feed is one rule); ``kahn``: the category of
    Kahn et al. 2016 and its context.
    """

    run: str
    extract: str
    check: str
    column: str
    weight: float
    kahn: str


class PartRules(Struct, frozen=True):
    """The rules behind a part: of which feed's level and source, and each rule."""

    part: Part
    level: Level
    source: str
    rules: tuple[Rule, ...]


class Tally(Struct, frozen=True, gc=False):
    """What the rules of a part say of an organisation: the mean of the shares of values that keep each, by their weights.

    ``numerator``: the shares times the weights, added up; ``denominator``: the weights of the rules that judged anything; the
    score is the one by the other. ``records``: the most records that a rule judged; None where nothing was sampled (coverage).
    ``kept`` of ``judged``: how many judgements went well, over all rules; in the item score, values that are valid and complete.
    A part of which nothing came, where that counts as 0, has a denominator of 0.
    """

    numerator: float
    denominator: float
    records: int | None
    kept: int = 0
    judged: int = 0


class Wave(Struct, frozen=True):
    """A stretch of time whose data are scored together: first and last day (ISO 8601; "": open)."""

    name: str
    first: str = ""
    last: str = ""


# --------------------------------------------------------------------------------------------------------------- ratings


class Term(Struct, frozen=True, gc=False):
    """What one measure did to a rating.

    ``weight``: its share of what was measured of the item, 0 to 1; ``pull``: by how much it lowers the item's score below 1.
    """

    part: Part
    weight: float
    score: float
    low: float
    high: float
    pull: float
    tally: Tally


class Lift(Struct, frozen=True, gc=False):
    """A change that would help a rating one step up: this part's score, from ``now`` to ``needed``."""

    part: Part
    now: float
    needed: float


class Rating(Struct, frozen=True, gc=False):
    """The rating of one item for one organisation.

    ``rating`` is None where it is not rated; ``reason`` says why. ``low`` and ``high`` are the 95 % interval of ``score``;
    ``between``: the ratings at its ends, where they differ. ``measured``: the share of the item's weight that has data.
    ``why``: the terms that pull it down most; ``lift``: the fewest changes by which it would reach the rating ``next``.
    """

    wave: str
    organisation: str
    item: str
    rating: Rated | None
    score: float | None = None
    low: float | None = None
    high: float | None = None
    between: tuple[Rated, Rated] | None = None
    measured: float = 0.0
    reason: str = ""
    why: tuple[Term, ...] = ()
    next: Rated | None = None
    lift: tuple[Lift, ...] = ()


class DimensionScore(Struct, frozen=True, gc=False):
    """The score of one measure for an organisation, in a feed or (``feed`` "") in all feeds of a source.

    ``numerator`` and ``denominator`` as in :class:`Tally`; ``kept`` of ``judged``, too.
    """

    wave: str
    organisation: str
    source: str
    feed: str
    measure: MeasureName
    score: float
    low: float
    high: float
    numerator: float
    denominator: float
    records: int | None
    kept: int
    judged: int


class Dqmi(Struct, frozen=True):
    """The Data Quality Maturity Index of an organisation, 0 to 100, for a feed or (``feed`` "") over all.

    ``items``: how many data items; None as ``dqmi`` where coverage is not known. ``experimental``: with the items on trial, too.
    """

    wave: str
    organisation: str
    feed: str
    experimental: bool
    items: int
    mean_item_score: float
    mean_coverage: float | None
    dqmi: float | None


class NotCounted(Struct, frozen=True):
    """A check or field that adds nothing to any score, and why."""

    extract: str
    check: str
    dimension: str
    status: Status
    reason: str


# ---------------------------------------------------------------------------------------------------------------- tables


class Share(Struct, frozen=True):
    """How many organisations have a rating: ``count`` of ``of`` that are rated, and the share of all that this estimates.

    ``share`` is None where nobody is rated. ``low`` and ``high`` are its 95 % interval; None where everybody was asked.
    """

    rating: str
    count: int
    of: int
    share: float | None
    low: float | None = None
    high: float | None = None


class TableRow(Struct, frozen=True):
    """A row of the study's tables: one item, in one wave, for all organisations or a group of them.

    ``by`` names what the group is of ("": all organisations). ``population``: organisations there are; ``sampled``: that were
    looked at; ``rated``: that have a rating. ``shares``: the five ratings, then "poor or worse".
    """

    wave: str
    item: str
    by: str
    group: str
    population: int
    sampled: int
    rated: int
    shares: tuple[Share, ...]
    note: str = ""


class Change(Struct, frozen=True):
    """The change of a share from one wave to the next, with its 95 % interval (None where it cannot be told)."""

    item: str
    by: str
    group: str
    rating: str
    earlier: str
    later: str
    both: int
    change: float | None
    low: float | None = None
    high: float | None = None


class FieldClasses(Struct, frozen=True):
    """How many values of a field are in each class; the score follows by the DQMI's formula."""

    valid: int
    other: int
    default: int
    invalid: int
    missing: int
    tolerance: float | None


class RuleScore(Struct, frozen=True):
    """What one rule found for an organisation: ``kept`` of ``judged``; its ``share`` enters the score with its weight.

    ``statement`` is the rule in words; ``classes`` are set for the item score of a field.
    """

    rule: Rule
    statement: str
    share: float
    kept: int
    judged: int
    classes: FieldClasses | None = None


class TermExplained(Struct, frozen=True):
    """A term of an item with the rules behind it; ``term`` is None where nothing came for it, and ``weight`` its whole weight."""

    part: Part
    weight: float
    term: Term | None
    rules: tuple[RuleScore, ...]


class Explanation(Struct, frozen=True, kw_only=True):
    """The way from a rating down to the counts."""

    instrument: InstrumentReference
    organisation: Organisation
    question: str
    provenance: Provenance
    bands: tuple[Band, ...]
    rating: Rating
    terms: tuple[TermExplained, ...]
    items: tuple[Rating, ...] = ()
    not_counted: tuple[NotCounted, ...] = ()
    notice: str = NOTICE


class SampleReference(Struct, frozen=True):
    """The sample whose organisations were looked at: how it was drawn, and its strata (name, population, sampled)."""

    design: str
    seed: int | None
    strata: tuple[tuple[str, int, int], ...]
    members: tuple[str, ...] = ()


class RunReference(Struct, frozen=True):
    """A run that was scored."""

    id: str
    started: str
    path: str


class Scores(Struct, frozen=True, kw_only=True):
    """Everything that ``dq score`` found; the shape of its JSON.

    ``organisations``: what registers say of those that were rated. ``titles``: of the items, by id.
    """

    version: int
    instrument: InstrumentReference
    level: Level
    runs: tuple[RunReference, ...]
    waves: tuple[Wave, ...]
    ratings: tuple[Rating, ...]
    tables: tuple[TableRow, ...]
    changes: tuple[Change, ...] = ()
    dimensions: tuple[DimensionScore, ...] = ()
    parts: tuple[PartRules, ...] = ()
    dqmi: tuple[Dqmi, ...] = ()
    not_counted: tuple[NotCounted, ...] = ()
    sample: SampleReference | None = None
    notes: tuple[str, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)
    notice: str = NOTICE
