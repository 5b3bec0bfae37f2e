"""What holds of any scores and explanations."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from dq_engine.rating.dqmi import item_score
from dq_engine.scores import OVERALL, Explanation, Scores


def comparable(scores: Scores) -> Scores:
    """The scores without the names of the runs and their folders."""
    parts = tuple(replace(part, rules=tuple(replace(rule, run="") for rule in part.rules)) for part in scores.parts)
    return replace(scores, runs=(), parts=parts)


def consistent(found: Explanation, weights: Mapping[str, float]) -> None:
    """From the counts of each rule up to the rating, by the arithmetic that the explanation shows.

    ``weights``: those of the items in the overall rating; others have a weight of 1.
    """
    rating = found.rating
    terms = [one.term for one in found.terms if one.term]
    for explained in found.terms:
        shares = sum(one.rule.weight * one.share for one in explained.rules)
        whole = sum(one.rule.weight for one in explained.rules)
        for one in explained.rules:
            if one.classes is None:
                assert one.share == pytest.approx(one.kept / one.judged)
                continue
            classes = one.classes
            assert one.judged == classes.valid + classes.other + classes.default + classes.invalid + classes.missing
            assert one.kept == classes.valid + classes.other + classes.default
            assert one.share == pytest.approx(item_score(one.judged, one.kept, classes.default, classes.tolerance))
        if explained.term is None:
            assert explained.rules == ()
            continue
        tally = explained.term.tally
        assert (tally.numerator, tally.denominator) == pytest.approx((shares, whole))
        assert (tally.kept, tally.judged) == (
            sum(one.kept for one in explained.rules),
            sum(one.judged for one in explained.rules),
        )
        assert explained.term.score == pytest.approx(shares / whole if whole else 0.0)
        assert explained.term.pull == pytest.approx(explained.term.weight * (1 - explained.term.score))
    if rating.rating is None:
        return
    assert rating.score is not None and rating.low is not None and rating.high is not None
    if rating.item == OVERALL:
        scores = [(one.score, weights.get(one.item, 1.0)) for one in found.items if one.score is not None]
        assert rating.score == pytest.approx(sum(score * weight for score, weight in scores) / sum(w for _, w in scores))
        assert not found.terms
    else:
        assert sum(term.weight for term in terms) == pytest.approx(1)
        assert rating.score == pytest.approx(sum(term.weight * term.score for term in terms))
        pulls = sorted((term for term in terms if term.score < 1), key=lambda term: -term.pull)
        assert [one.pull for one in rating.why] == pytest.approx([term.pull for term in pulls[:3]])
    (band,) = (one for one in found.bands if one.from_ <= rating.score < one.to or rating.score == one.to == 1)
    assert rating.rating == band.rating
    assert rating.low <= rating.score <= rating.high
