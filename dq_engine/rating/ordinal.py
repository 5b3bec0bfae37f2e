"""Ordinal regression: the odds of an answer at or below each step, by a score. Pure; statsmodels does the fitting.

The proportional odds model (McCullagh, Journal of the Royal Statistical Society B 1980;42:109–142): the log odds that the answer
is step k or below are threshold k less slope × score. The covariance allows for answers of one organisation that resemble each
other: it is the sandwich estimate over organisations (Cameron and Miller, Journal of Human Resources 2015;50:317–372).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Sequence

from msgspec import Struct

from dq_engine.rating.agreement import students_t


class NoFit(Exception):
    """The model cannot be fitted; the message says why, as the end of a sentence."""


class Regression(Struct, frozen=True):
    """A fitted model: log odds per unit of each predictor, thresholds in rising order, and the covariance of all of these."""

    slopes: tuple[float, ...]
    thresholds: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    clusters: int

    def slope_interval(self) -> tuple[float, float]:
        """The 95 % interval of the first slope."""
        wide = students_t(self.clusters - 1) * math.sqrt(self.covariance[0][0])
        return self.slopes[0] - wide, self.slopes[0] + wide

    def crossing(self, step: int) -> tuple[float, float, float]:
        """The score at which answers at or below ``step`` are as frequent as those above, with its 95 % interval.

        It is threshold / slope, for a model of one predictor. The interval is Fieller's (Journal of the Royal Statistical
        Society B 1954;16:175–185), bounded where the interval of the slope does not include 0; else this raises :class:`NoFit`.
        """
        slope, threshold = self.slopes[0], self.thresholds[step]
        squared = students_t(self.clusters - 1) ** 2
        place = step + 1
        of_slope, of_threshold, joint = self.covariance[0][0], self.covariance[place][place], self.covariance[0][place]
        first = slope**2 - squared * of_slope
        if first <= 0:
            raise NoFit("the interval of the slope includes 0")
        middle = slope * threshold - squared * joint
        reach = math.sqrt(max(middle**2 - first * (threshold**2 - squared * of_threshold), 0.0))
        return threshold / slope, (middle - reach) / first, (middle + reach) / first


def proportional_odds(predictors: Sequence[Sequence[float]], answers: Sequence[int], clusters: Sequence[Hashable]) -> Regression:
    """The model of ``answers`` (steps from 0, every step used) by ``predictors``, one row for each answer.

    ``clusters`` says who answered. Raises :class:`NoFit` if a predictor has one value only, answers follow a single predictor
    without exception, or the likelihood has no maximum that can be found.
    """
    import numpy as np  # noqa: PLC0415  heavy, and so are the next two
    from statsmodels.miscmodels.ordinal_model import OrderedModel  # noqa: PLC0415
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning  # noqa: PLC0415

    places = {cluster: place for place, cluster in enumerate(dict.fromkeys(clusters))}
    given = np.asarray(predictors, dtype=float)
    centre, spread = given.mean(axis=0), given.std(axis=0)
    if not (spread > 1e-9).all():
        raise NoFit("all answers stand beside the same score")
    if given.shape[1] == 1 and not _crossed(given[:, 0].tolist(), answers):
        raise NoFit("the answers follow the scores without a single exception, so that the slope has no limit")
    groups = np.asarray([places[cluster] for cluster in clusters])
    model = OrderedModel(np.asarray(answers), (given - centre) / spread, distr="logit")
    doubts = (ConvergenceWarning, HessianInversionWarning, RuntimeWarning)
    with warnings.catch_warnings():
        for doubt in doubts:
            warnings.simplefilter("ignore", doubt)  # the first search only comes near: Newton's alone gets lost on steep slopes
        near = model.fit(method="bfgs", maxiter=500, disp=False, skip_hessian=True).params
        for doubt in doubts:
            warnings.simplefilter("error", doubt)  # a fit that is in doubt is none
        try:
            fitted = model.fit(near, method="newton", disp=False, cov_type="cluster", cov_kwds={"groups": groups})
            covariance = np.asarray(fitted.cov_params())
        except (*doubts, np.linalg.LinAlgError):
            raise NoFit("the likelihood has no maximum that can be found") from None
    many = given.shape[1]
    rises = np.exp(fitted.params[many + 1 :])
    # statsmodels has the first threshold and the logarithms of the rises to the others, and here of standardised predictors
    back = np.zeros((len(fitted.params), len(fitted.params)))
    back[:many, :many] = np.diag(1 / spread)
    back[many:, :many] = centre / spread
    back[many:, many] = 1
    back[many + 1 :, many + 1 :] = np.tril(np.ones((len(rises), len(rises)))) * rises
    values = np.concatenate([fitted.params[: many + 1], np.ones(len(rises))])
    found = back @ values
    covariance = back @ covariance @ back.T
    if not (np.isfinite(found).all() and np.isfinite(covariance).all() and (np.diag(covariance) > 0).all()):
        raise NoFit("the likelihood has no maximum that can be found")
    return Regression(
        tuple(found[:many].tolist()), tuple(found[many:].tolist()), tuple(map(tuple, covariance.tolist())), len(places)
    )


def _crossed(scores: Sequence[float], answers: Sequence[int]) -> bool:
    """Whether some answer is better than one beside a higher score; and some is not, or the slope has no limit either."""

    def inverted(pairs: Sequence[tuple[float, int]]) -> bool:
        best_below, best, last = -1, -1, None
        for score, answer in sorted(pairs):
            if score != last:
                best_below, last = best, score
            if answer < best_below:
                return True
            best = max(best, answer)
        return False

    return inverted(list(zip(scores, answers, strict=True))) and inverted([(-s, a) for s, a in zip(scores, answers, strict=True)])
