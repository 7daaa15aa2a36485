"""What counts as a survey, and how a comparison of two classes is told: pure decisions."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from trainmgr.evaluation.closing import Difference, Sample, apart

# Fewer in a class than this say little, whatever the interval.
FEW = 5


def shows_others(*, is_own: bool, is_over: bool, others: int) -> bool:
    """Tell whether a rater's figures are shown beside the others'.

    Those who rate see the others' only once the window is over, so that nobody's judgement leans on another's, and only
    where enough trainees were judged by others to tell of no single one. Who runs the programme sees both at any time.
    """
    return not is_own or (is_over and others >= FEW)


class Verdict(enum.StrEnum):
    """What two classes beside each other say."""

    NOBODY = "nobody"
    FEW = "few"
    CHANCE = "chance"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True)
class Comparison:
    """Two classes measured alike: their figures, how far they are apart, and what that says."""

    one: Sample
    other: Sample
    difference: Difference | None
    verdict: Verdict


def compare(one: Sample, other: Sample) -> Comparison:
    """Compare two classes by the same measure; chance is left out only where Welch's interval leaves zero out."""
    found = apart(one, other)
    if found is None:
        return Comparison(one, other, None, Verdict.NOBODY)
    if min(one.n, other.n) < FEW:
        return Comparison(one, other, found, Verdict.FEW)
    if not found.is_clear:
        return Comparison(one, other, found, Verdict.CHANCE)
    return Comparison(one, other, found, Verdict.FIRST if found.value > 0 else Verdict.SECOND)
