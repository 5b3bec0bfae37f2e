"""A calibration for people: which answers were used, where the cut-points lie now, and how far ratings agree with answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dq_engine.report.score_words import aligned, counted, kappa, labelled, notice, number, wrapped
from dq_engine.scores import RATINGS, Band, Instrument

if TYPE_CHECKING:
    from dq_engine.rating.agreement import Agreement, Kappa
    from dq_engine.rating.calibrate import Calibration, Fit

KAPPA = "Kappa: weighted kappa with linear weights, and its 95 % interval; 1 is perfect agreement, 0 what chance gives."


def plain(calibration: Calibration, before: Instrument, after: Instrument) -> str:
    """The calibration as lines of text; ``before`` and ``after`` are the instrument without and with the new cut-points."""
    items = {item.id: item for item in before.items}
    blocks = [
        [notice()],
        [*_head(calibration, after)],
        [*_cut_points("All items", calibration.scale, before.scale.bands)],
        *([*_cut_points(fit.item, fit, items[fit.item].bands or before.scale.bands)] for fit in calibration.items),
        [*_pooled(dict(calibration.pooled))],
        [*_agreement(calibration)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(calibration: Calibration, after: Instrument) -> Iterator[str]:
    yield from labelled("Instrument", f"{calibration.instrument} {calibration.version}, calibrated as {after.version}")
    yield from labelled("Source", f"{after.provenance.source}")
    yield from labelled("Answers", f"{counted(calibration.used, calibration.given, None)} are used")
    for reason, count in calibration.left_out:
        yield from labelled("", f"{count:,} are left out: {reason}")
    items = len(calibration.answered)
    yield from labelled("", f"{calibration.scale.organisations:,} organisations, {items:,} item{'' if items == 1 else 's'}")
    spread = ", ".join(f"{rating} {count:,}" for rating, count in zip(RATINGS, calibration.scale.counts, strict=True))
    yield from labelled("", spread)


def _cut_points(name: str, fit: Fit, before: Sequence[Band]) -> Iterator[str]:
    starts = {band.rating: band.from_ for band in before}
    rows = [["", "from", "before", "95 % interval"]]
    for cut in fit.cut_points:
        rows.append([f"  {cut.above}", f"{cut.score:.4f}", number(starts[cut.above]), f"{cut.low:.4f}–{cut.high:.4f}"])
    yield f"Cut-points, {name}: from {fit.answers:,} answers of {fit.organisations:,} organisations"
    yield from aligned(rows)


def _pooled(reasons: Mapping[str, str]) -> Iterator[str]:
    if reasons:
        yield "Items without cut-points of their own, which follow those of all items"
    for item, reason in reasons.items():
        yield from wrapped(f"{item}: {reason}", indent=2, hanging=2)


def _agreement(calibration: Calibration) -> Iterator[str]:
    yield "Agreement of the ratings with the answers"
    rows = [["", "the same", "same or next", "kappa", "95 % interval"], ["  before", *_agreed(calibration.before)]]
    rows.append(["  after, on the same answers", *_agreed(calibration.after)])
    if calibration.validated is not None:
        rows.append(["  after, cross-validated", *_agreed(calibration.validated)])
    yield from aligned(rows)
    if calibration.validated is None:
        yield from wrapped(f"Not cross-validated: {calibration.not_validated}.", indent=2, hanging=2)
    else:
        yield from wrapped(
            f"Cross-validated: with cut-points fitted without the organisation that answered, in {calibration.folds} parts "
            f"(seed {calibration.seed}). On the same answers agreement looks better than it is.",
            indent=2,
        )
    yield from wrapped(KAPPA, indent=2)


def _agreed(found: Agreement) -> list[str]:
    return [
        counted(found.exact, found.answers, found.exact / found.answers),
        counted(found.near, found.answers, found.near / found.answers),
        *_kappa(found.linear),
    ]


def _kappa(found: Kappa) -> list[str]:
    if found.value is None:
        return ["–", ""]
    limits = "" if found.low is None or found.high is None else f"{kappa(found.low)} to {kappa(found.high)}"
    return [kappa(found.value), limits]
