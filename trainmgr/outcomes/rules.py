"""What counts as passed, and how far a gap is closed."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from trainmgr.evaluation.scoring import NOISE


class PassKind(enum.StrEnum):
    """Passed, or not passed."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class Standing:
    """What a pass is judged on: the composite on the 1–5 scale with the range it may still take.

    A complete composite has low = high = composite.
    """

    composite: float | None
    low: float | None
    high: float | None


def proposal(standing: Standing, pass_mark: float) -> PassKind | None:
    """Propose passed or failed when nothing that is still missing could change it; else None: people decide.

    A provisional composite whose whole possible range lies on one side of the mark is as good as a final one.
    """
    if standing.composite is None:
        return None
    low = standing.composite if standing.low is None else standing.low
    high = standing.composite if standing.high is None else standing.high
    if low >= pass_mark - NOISE:
        return PassKind.PASSED
    return PassKind.FAILED if high < pass_mark - NOISE else None


def closed_share(before: float, after: float, required: float) -> float | None:
    """Return the share of a gap that was closed: (after − before) / (required − before).

    Levels lie on the 1–5 scale. 1 is closed wholly, above 1 more than asked, below 0 a loss; None when the level
    required had been reached before, since there was no gap.
    """
    gap = required - before
    return None if gap <= NOISE else (after - before) / gap
