"""Cut-points from the answers that people gave: answers beside modelled scores -> where each rating should begin. Pure.

The cut-points are fitted by ordinal regression of the answer on the score (:mod:`dq_engine.rating.ordinal`). The cut-point
between two ratings is the score at which half the answers are the lower rating or worse; so the rating of a score is the median
of the answers that the model expects beside it. Nothing is fitted unless there are

- ten answers of each rating, and so fifty in all: ten events for a predictor is the usual least in logistic regression
  (Peduzzi and others, Journal of Clinical Epidemiology 1996;49:1373–1379), and a cut-point has no more events than there are
  answers on the smaller of its two sides;
- answers of twenty organisations: with few, intervals that allow for several answers of one organisation come out too narrow
  (Cameron and Miller, Journal of Human Resources 2015;50:317–372);
- answers that rise with the scores: the 95 % interval of the slope lies above 0;
- cut-points that lie between 0 and 1, and do not coincide.

These are least numbers, not good ones: the interval of a cut-point says how sure it is. Scores are taken as known; where few
records make them unsure, fitted cut-points lie somewhat further apart than they should.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath

import msgspec
from msgspec import Struct

from dq_engine.errors import DqError, UsageError
from dq_engine.model import Rated
from dq_engine.rating.agreement import Agreement, agreement
from dq_engine.rating.answers import Answer
from dq_engine.rating.ordinal import NoFit, Regression, proportional_odds
from dq_engine.rating.records import Records
from dq_engine.rating.waves import EVERYTHING
from dq_engine.scores import RATINGS, Band, Instrument, ItemRule, Provenance, Rating, Scale

LEAST_ANSWERS = 10
"""So many answers of each rating are needed."""
LEAST_ORGANISATIONS = 20
"""Answers of so many organisations are needed."""
DIGITS = 6
"""Decimals of a cut-point in an instrument."""
FOLDS = 5
"""Into so many parts the organisations are dealt for cross-validation."""
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")


class CannotCalibrate(DqError):
    """The answers do not allow cut-points to be fitted; the message says why, and how many answers are lacking."""


class CutPoint(Struct, frozen=True):
    """Where ``above`` begins and ``below`` ends, as fitted; with its 95 % interval, as far as that lies within 0 to 1."""

    below: Rated
    above: Rated
    score: float
    low: float
    high: float


class Fit(Struct, frozen=True):
    """A fitted model, of one item or (``item`` "") of all together.

    ``counts``: answers of each rating, worst first. ``slope``: log odds of a better answer per 1 of score, then its 95 %
    interval; ``thresholds``: the log odds, at score 0, of an answer at or below each rating but the best.
    """

    item: str
    answers: int
    organisations: int
    counts: tuple[int, ...]
    slope: tuple[float, float, float]
    thresholds: tuple[float, ...]
    cut_points: tuple[CutPoint, ...]


class Calibration(Struct, frozen=True):
    """What was fitted, to what, and how far ratings agree with the answers.

    ``left_out``: answers that could not be used, by reason. ``scale``: the fit of all items together; ``items``: those that have
    cut-points of their own; ``pooled``: why each other item has not, where they were asked for. ``before``: agreement of the
    answers with the ratings as they were; ``after``: with the fitted cut-points, on the same answers, which flatters them;
    ``validated``: with cut-points that were fitted without the organisation that answered (None: ``not_validated`` says why).
    """

    instrument: str
    version: str
    given: int
    used: int
    left_out: tuple[tuple[str, int], ...]
    answered: tuple[str, ...]
    waves: tuple[str, ...]
    scale: Fit
    items: tuple[Fit, ...]
    pooled: tuple[tuple[str, str], ...]
    before: Agreement
    after: Agreement
    validated: Agreement | None
    not_validated: str
    folds: int
    seed: int


# ------------------------------------------------------------------------------------------------------------------- fit


class _Point(Struct, frozen=True):
    """An answer beside the score and the rating of the same thing; both as places in RATINGS."""

    wave: str
    organisation: str
    item: str
    score: float
    rating: int
    answer: int


def calibrate(
    answers: Sequence[Answer], ratings: Sequence[Rating], instrument: Instrument, *, per_item: bool = False, seed: int = 0
) -> Calibration:
    """Fits cut-points to the answers, and says how far ratings agree with them before and after.

    One scale is fitted to all items together; with ``per_item``, items with enough answers get cut-points of their own, too.
    ``seed`` decides which organisations are left out together in cross-validation. Answers are taken as equally important,
    whatever the chance of each organisation to be asked. Raises :class:`CannotCalibrate`.
    """
    points, left_out = _matched(answers, ratings)
    scale = _fit("", points, f" of {len(answers)} given" + _reasons(left_out))
    own: dict[str, Fit] = {}
    pooled: dict[str, str] = {}
    for item in instrument.items if per_item else ():
        try:
            own[item.id] = _fit(item.id, [point for point in points if point.item == item.id])
        except CannotCalibrate as refused:
            pooled[item.id] = str(refused)
    starts = {item: _starts(fit) for item, fit in {"": scale, **own}.items()}
    validated, not_validated = _cross_validated(points, own, seed)
    return Calibration(
        instrument=instrument.name,
        version=instrument.version,
        given=len(answers),
        used=len(points),
        left_out=left_out,
        answered=tuple(item.id for item in instrument.items if item.id in {point.item for point in points}),
        waves=tuple(sorted({point.wave for point in points})),
        scale=scale,
        items=tuple(own.values()),
        pooled=tuple(pooled.items()),
        before=agreement([(point.organisation, point.answer, point.rating) for point in points]),
        after=agreement([(point.organisation, point.answer, _rated(point, starts)) for point in points]),
        validated=validated,
        not_validated=not_validated,
        folds=FOLDS,
        seed=seed,
    )


def _matched(answers: Sequence[Answer], ratings: Sequence[Rating]) -> tuple[list[_Point], tuple[tuple[str, int], ...]]:
    """Each answer beside its score, where both are there; and how many are left out, by reason."""
    known = {(rating.wave, rating.organisation, rating.item): rating for rating in ratings}
    points: list[_Point] = []
    left_out: Counter[str] = Counter()
    for answer in answers:
        rating = known.get((answer.wave, answer.organisation, answer.item))
        if answer.answer is None:
            left_out["the answer is blank"] += 1
        elif rating is None or rating.rating is None or rating.score is None:
            left_out["the organisation is not rated for the item"] += 1
        else:
            places = RATINGS.index(rating.rating), RATINGS.index(answer.answer)
            points.append(_Point(answer.wave, answer.organisation, answer.item, rating.score, *places))
    return points, tuple(sorted(left_out.items()))


def _fit(item: str, points: Sequence[_Point], found: str = "") -> Fit:
    """The fit of an item's answers; ``found`` says what they were taken from. Raises :class:`CannotCalibrate`."""
    counts = Counter(point.answer for point in points)
    organisations = len({point.organisation for point in points})
    if lacking := _lacking(counts, organisations):
        raise CannotCalibrate(f"too few answers to fit cut-points: {len(points)} can be used{found}. Lacking are {lacking}")
    try:
        model = _model(points)
    except NoFit as reason:
        raise CannotCalibrate(f"no cut-points can be fitted: {reason}") from None
    low, high = model.slope_interval()
    if low <= 0:
        turned = f". Is 1 the best answer of the survey? Here it is {RATINGS[0]}" if high < 0 else ""
        raise CannotCalibrate(
            f"no cut-points can be fitted: answers do not rise with the scores. The slope is {model.slopes[0]:.2f}, with a 95 % "
            f"interval from {low:.2f} to {high:.2f}, and would have to lie above 0{turned}"
        )
    cut_points = tuple(_cut_point(model, step) for step in range(len(RATINGS) - 1))
    if refused := _misplaced(cut_points):
        raise CannotCalibrate(f"no cut-points can be fitted: {refused}")
    spread = tuple(counts[place] for place in range(len(RATINGS)))
    return Fit(item, len(points), organisations, spread, (model.slopes[0], low, high), model.thresholds, cut_points)


def _lacking(counts: Mapping[int, int], organisations: int) -> str:
    """What there is too little of, in words; nothing if there is enough."""
    lacks = [
        f'{LEAST_ANSWERS - counts.get(place, 0)} more answers "{rating}" ({counts.get(place, 0)} of at least {LEAST_ANSWERS})'
        for place, rating in enumerate(RATINGS)
        if counts.get(place, 0) < LEAST_ANSWERS
    ]
    if organisations < LEAST_ORGANISATIONS:
        more = LEAST_ORGANISATIONS - organisations
        lacks.append(f"answers of {more} more organisations ({organisations} of at least {LEAST_ORGANISATIONS})")
    return "; ".join(lacks)


def _reasons(left_out: Sequence[tuple[str, int]]) -> str:
    listed = "; ".join(f"of {count} {reason}" for reason, count in left_out)
    return f" ({listed})" if listed else ""


def _model(points: Sequence[_Point]) -> Regression:
    return proportional_odds(
        [(point.score,) for point in points], [point.answer for point in points], [point.organisation for point in points]
    )


def _cut_point(model: Regression, step: int) -> CutPoint:
    score, low, high = model.crossing(step)
    return CutPoint(RATINGS[step], RATINGS[step + 1], score, min(1.0, max(0.0, low)), max(0.0, min(1.0, high)))


def _misplaced(cut_points: Sequence[CutPoint]) -> str:
    """Why the cut-points cannot be bands of a scale; nothing if they can."""
    outside = [
        f'"{cut.below}" and "{cut.above}" at {cut.score:.3f}' for cut in cut_points if not 0 < round(cut.score, DIGITS) < 1
    ]
    if outside:
        return (
            f"the answers put the cut-point between {'; between '.join(outside)}, outside the scores that there can be (0 to 1): "
            "people with the same score answer too differently, or use one end of the scale only"
        )
    same = [f'"{two.below}"' for one, two in pairwise(cut_points) if round(one.score, DIGITS) == round(two.score, DIGITS)]
    return f"there is no score at which {' or '.join(same)} would be the rating: its two cut-points coincide" if same else ""


def _starts(fit: Fit) -> list[float]:
    """Where the ratings but the worst begin, as the instrument has it."""
    return [round(cut.score, DIGITS) for cut in fit.cut_points]


def _rated(point: _Point, starts: Mapping[str, Sequence[float]]) -> int:
    return bisect_right(starts.get(point.item, starts[""]), point.score)


def _cross_validated(points: Sequence[_Point], own: Collection[str], seed: int) -> tuple[Agreement | None, str]:
    """Agreement with ratings by cut-points that others' answers gave; or None, and why.

    Organisations are dealt into parts; the answers of each part meet cut-points that were fitted to the other parts.
    """
    organisations = sorted({point.organisation for point in points})
    random.Random(seed).shuffle(organisations)  # noqa: S311  no secret
    part = {organisation: place % FOLDS for place, organisation in enumerate(organisations)}
    pairs = []
    for fold in range(FOLDS):
        others = [point for point in points if part[point.organisation] != fold]
        starts = {item: cuts for item in ("", *own) if (cuts := _crossings([p for p in others if item in ("", p.item)]))}
        if "" not in starts:
            return None, "without some of the organisations, the answers of the others do not suffice to fit cut-points"
        pairs += [(p.organisation, p.answer, _rated(p, starts)) for p in points if part[p.organisation] == fold]
    return agreement(pairs), ""


def _crossings(points: Sequence[_Point]) -> list[float] | None:
    """The cut-points of a model, wherever they lie; None if there is no model in which answers rise with scores."""
    if {point.answer for point in points} != set(range(len(RATINGS))):
        return None
    try:
        model = _model(points)
    except NoFit:
        return None
    return [threshold / model.slopes[0] for threshold in model.thresholds] if model.slopes[0] > 0 else None


# ------------------------------------------------------------------------------------------------------------ instrument


def new_instrument(instrument: Instrument, calibration: Calibration, survey: Records, on: dt.date) -> Instrument:
    """The instrument with the fitted cut-points, the next minor version, and a record of where they come from.

    Items that were answered follow the new scale or have new cut-points of their own; an item without answers keeps cut-points
    of its own, if it has any. ``on``: the day of the calibration. Raises :class:`UsageError` if the calibration is of another
    instrument, or the version has no numbers.
    """
    if (calibration.instrument, calibration.version) != (instrument.name, instrument.version):
        raise UsageError(
            f"the calibration is of {calibration.instrument} {calibration.version}, not of {instrument.name} {instrument.version}"
        )
    numbered = _VERSION.fullmatch(instrument.version)
    if numbered is None:
        raise UsageError(f'{instrument.name}: the version "{instrument.version}" must be three numbers, such as 1.2.0')
    version = f"{numbered[1]}.{int(numbered[2]) + 1}.0"
    source = f"{PurePath(survey.path).name}, SHA-256 {survey.sha256}"
    own = {fit.item: fit for fit in calibration.items}
    before = instrument.provenance
    kept = f"Cut-points only; weights and the rest as in version {instrument.version} ({before.status}: {before.source})"
    return msgspec.structs.replace(
        instrument,
        version=version,
        provenance=Provenance("calibrated", source, f"{kept}. {_note(calibration.scale, calibration, on)}"),
        scale=Scale(_bands(calibration.scale), Provenance("calibrated", source, _note(calibration.scale, calibration, on))),
        items=tuple(_new_item(item, own.get(item.id), calibration, source, on) for item in instrument.items),
    )


def _new_item(item: ItemRule, own: Fit | None, calibration: Calibration, source: str, on: dt.date) -> ItemRule:
    if own is None:
        return msgspec.structs.replace(item, bands=()) if item.id in calibration.answered else item
    said = item.provenance.notes
    note = f"Own cut-points calibrated on {source}. {_note(own, calibration, on)}"
    noted = msgspec.structs.replace(item.provenance, notes=f"{said.rstrip('. ')}. {note}" if said else note)
    return msgspec.structs.replace(item, bands=_bands(own), provenance=noted)


def _bands(fit: Fit) -> tuple[Band, ...]:
    ends = [0.0, *_starts(fit), 1.0]
    return tuple(Band(rating, low, high) for rating, (low, high) in zip(RATINGS, pairwise(ends), strict=True))


def _note(fit: Fit, calibration: Calibration, on: dt.date) -> str:
    split = calibration.waves != (EVERYTHING.name,)
    about = f", of {', '.join(calibration.waves)}" if split else ""
    counts = ", ".join(f"{rating} {count}" for rating, count in zip(RATINGS, fit.counts, strict=True))
    cuts = "; ".join(f"{cut.above} from {cut.score:.4f} ({cut.low:.4f} to {cut.high:.4f})" for cut in fit.cut_points)
    return (
        f"Proportional odds regression of {fit.answers} answers of {fit.organisations} organisations ({counts}){about}; "
        f"fitted on {on.isoformat()}. 95 % intervals: {cuts}"
    )
