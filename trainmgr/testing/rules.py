"""What a sitting of a test goes by: purposes, states by the clock, deadlines, who takes which form. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trainmgr.bank.rules import level_of
from trainmgr.programs.rules import Work

SMALL_GROUP = 5
MOST_EXTRA_MINUTES = 300
MOST_ATTEMPTS = 10
# An answer sent in time may be under way for as long as this; what the person sees is the deadline itself.
ON_THE_WAY = timedelta(seconds=10)
NOTHING = Decimal(0)


class Purpose(enum.StrEnum):
    """What a sitting measures: before the training, in between, or the gain at its end."""

    ENTRY = "entry"
    INTERIM = "interim"
    END = "end"

    @property
    def form(self) -> int:
        """The form of the instrument that it takes: 1 before and in between, 2 at the end."""
        return 2 if self is Purpose.END else 1

    @property
    def work(self) -> Work:
        """The kind of work that a programme must be open for: before the training, or while it runs and is judged."""
        return Work.ENTRY_TEST if self is Purpose.ENTRY else Work.TEST


class SittingState(enum.StrEnum):
    """Planned until it opens; closed once the clock or a person ended it and nobody can answer any more."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class AttemptEnd(enum.StrEnum):
    """How an attempt ended: handed in, by the clock, or called off by staff (it counts for nothing)."""

    HANDED_IN = "handed_in"
    TIMED_OUT = "timed_out"
    CALLED_OFF = "called_off"


def state_by_clock(
    opens_at: datetime, closes_at: datetime, now: datetime, *, closed: bool = False, cancelled: bool = False
) -> SittingState:
    """Return the state of a sitting at a moment; it is open from `opens_at` until just before `closes_at`."""
    if cancelled:
        return SittingState.CANCELLED
    if closed or now >= closes_at:
        return SittingState.CLOSED
    return SittingState.OPEN if now >= opens_at else SittingState.PLANNED


def deadline(started_at: datetime, minutes: int, extra_minutes: int, closes_at: datetime) -> datetime:
    """Return when an attempt ends: after its minutes and the person's extra ones, at the latest with the sitting."""
    return min(started_at + timedelta(minutes=minutes + extra_minutes), closes_at)


def is_in_time(deadline_at: datetime, now: datetime) -> bool:
    """Tell whether an answer that arrives now still counts; the deadline itself and what was on its way do."""
    return now <= deadline_at + ON_THE_WAY


def may_begin(taken: int, granted: int) -> bool:
    """Tell whether another attempt may begin: one, unless more were granted."""
    return taken < granted


# --- from points to levels -----------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemPoints:
    """The points of one item of a paper that an attempt reached; None while a person has to mark it."""

    competency_id: int
    possible: Decimal
    points: Decimal | None


@dataclass(frozen=True)
class Score:
    """What an attempt reached in one competency: points of those possible, and the level (1–5) of that share."""

    points: Decimal
    possible: Decimal
    level: int

    @property
    def share(self) -> Decimal:
        """The share of points, 0–1."""
        return self.points / self.possible if self.possible else NOTHING


def scores_of(items: Iterable[ItemPoints], thresholds: Sequence[int]) -> Mapping[int, Score]:
    """Return the score of each competency whose items are all marked; one that waits for a marker is left out."""
    points: dict[int, Decimal] = {}
    possible: dict[int, Decimal] = {}
    waiting: set[int] = set()
    for item in items:
        possible[item.competency_id] = possible.get(item.competency_id, NOTHING) + item.possible
        if item.points is None:
            waiting.add(item.competency_id)
        else:
            points[item.competency_id] = points.get(item.competency_id, NOTHING) + item.points
    return {
        competency: Score(got, possible[competency], level_of(got / possible[competency], thresholds))
        for competency, got in sorted(points.items())
        if competency not in waiting
    }


def has_passed(points: Decimal, possible: Decimal, pass_percent: int) -> bool:
    """Tell whether a share of points reaches the per cent to pass."""
    return bool(possible) and points * 100 >= possible * pass_percent
