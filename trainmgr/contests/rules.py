"""Contests: kinds, levels, states, grades of awards; how scores become a ranking. Pure decisions."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

LEAST_TO_DROP = 3  # of fewer judges, nobody's score is left out
CENT = Decimal("0.01")


class ContestKind(enum.StrEnum):
    """What a contest shows: one person's skill, a line's team work, the solving of a problem, or something else."""

    SKILL = "skill"
    TEAMWORK = "teamwork"
    SOLUTION = "solution"
    OTHER = "other"


class Level(enum.StrEnum):
    """Who holds a contest, from the college up."""

    COLLEGE = "college"
    CITY = "city"
    PROVINCE = "province"
    NATION = "nation"
    INTERNATIONAL = "international"


class ContestState(enum.StrEnum):
    """A contest is prepared, open to entries, judged, and published; then nothing in it changes."""

    DRAFT = "draft"
    OPEN = "open"
    JUDGING = "judging"
    PUBLISHED = "published"


FORWARD = {
    ContestState.DRAFT: ContestState.OPEN,
    ContestState.OPEN: ContestState.JUDGING,
    ContestState.JUDGING: ContestState.PUBLISHED,
}


class SheetState(enum.StrEnum):
    """A scoring sheet that was handed in counts; one that was corrected is kept beside the new one."""

    SUBMITTED = "submitted"
    CORRECTED = "corrected"


class Grade(enum.StrEnum):
    """The grade of an award."""

    GRAND = "grand"
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    MERIT = "merit"


class PrizeKind(enum.StrEnum):
    """A prize of a contest, or a scholarship that an enterprise gives for it."""

    PRIZE = "prize"
    SCHOLARSHIP = "scholarship"


@dataclass(frozen=True, slots=True)
class Measure:
    """A criterion of a scoring sheet: points from 0 to `most`, weighed among the others."""

    id: int
    most: Decimal
    weight: Decimal


def total(points: Mapping[int, Decimal], measures: Iterable[Measure]) -> Decimal:
    """Return what one judge's points come to, from 0 to 100: the weighted mean of the shares of each maximum."""
    measures = tuple(measures)
    whole = sum((measure.weight for measure in measures), Decimal(0))
    reached = sum((m.weight * points[m.id] / m.most for m in measures), Decimal(0))
    return (reached * 100 / whole).quantize(CENT, ROUND_HALF_UP)


def final(totals: Sequence[Decimal], *, drop_extremes: bool) -> Decimal | None:
    """Return the mean of the judges' totals, the highest and the lowest left out where that was agreed.

    Of fewer than three judges nobody is left out. None without any judge.
    """
    kept = sorted(totals)
    if drop_extremes and len(kept) >= LEAST_TO_DROP:
        kept = kept[1:-1]
    if not kept:
        return None
    return (sum(kept, Decimal(0)) / len(kept)).quantize(CENT, ROUND_HALF_UP)


def places(scores: Mapping[int, Decimal]) -> dict[int, int]:
    """Return the place of each entry, the highest score first; equal scores share a place (1, 2, 2, 4)."""
    ranked = sorted(scores.values(), reverse=True)
    return {entry: ranked.index(score) + 1 for entry, score in scores.items()}


@dataclass(frozen=True, slots=True)
class Prize:
    """What the places from one to another win."""

    id: int
    first: int
    last: int


def won(prizes: Iterable[Prize], placed: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return the pairs of prize and entry: whoever holds a place within a prize's places wins it, ties included."""
    return [
        (prize.id, entry)
        for prize in prizes
        for entry, place in sorted(placed.items(), key=lambda item: (item[1], item[0]))
        if prize.first <= place <= prize.last
    ]
