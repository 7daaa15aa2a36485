"""The alternating calendar of a class: which stage is at which place from when to when, and what does not fit."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trainmgr.pathways.rules import Venue

Span = tuple[date, date]
DAYS_OF_A_MONTH = 365.2425 / 12  # the mean of the Gregorian calendar
LONGEST_GAP = 7  # days between two blocks that need no remark: a weekend and a few days of travel


class Origin(enum.StrEnum):
    """Where the days of a block come from."""

    PLAN = "plan"  # the signed plan has them, for every class
    CLASS = "class"  # set for this class, where the plan leaves them open
    RECKONED = "reckoned"  # counted on from the block before, by the plan's weeks


@dataclass(frozen=True, slots=True)
class StageDays:
    """What a plan says of a stage: its place, its weeks, its days where it has them."""

    number: int
    name: str
    name_en: str
    venue: Venue
    weeks: int
    gate: str = ""
    gate_en: str = ""
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def span(self) -> Span | None:
        """Its days, when the plan has both."""
        return (self.starts_on, self.ends_on) if self.starts_on and self.ends_on else None


@dataclass(frozen=True, slots=True)
class Block:
    """A stage of one class on the calendar, both days counted."""

    stage: StageDays
    starts_on: date
    ends_on: date
    origin: Origin

    @property
    def days(self) -> int:
        """How many days it lasts, rest days among them."""
        return (self.ends_on - self.starts_on).days + 1

    @property
    def months(self) -> float:
        """How long it is in months, to the half: 91 days are 3, 183 are 6."""
        return round(self.days / DAYS_OF_A_MONTH * 2) / 2

    def meets(self, other: Block) -> bool:
        """Tell whether two blocks share a day."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on


def blocks_of(stages: Iterable[StageDays], own: Mapping[int, Span], first: date | None) -> list[Block]:
    """Return the blocks of a class in the order of its stages; a stage without days and weeks has none.

    The plan's days come before the class's own, which come before those reckoned from the block before by the plan's
    weeks; the first is reckoned from `first`, the programme's first day.
    """
    blocks: list[Block] = []
    for stage in sorted(stages, key=lambda one: one.number):
        found = _block(stage, own.get(stage.number), first)
        if found is not None:
            blocks.append(found)
            first = found.ends_on + timedelta(days=1)
    return blocks


def _block(stage: StageDays, own: Span | None, first: date | None) -> Block | None:
    if stage.span is not None:
        return Block(stage, *stage.span, Origin.PLAN)
    if own is not None:
        return Block(stage, *own, Origin.CLASS)
    if first is not None and stage.weeks > 0:
        return Block(stage, first, first + timedelta(weeks=stage.weeks, days=-1), Origin.RECKONED)
    return None


class Flaw(enum.StrEnum):
    """What does not fit in a calendar."""

    TWO_PLACES = "two_places"
    ORDER = "order"
    OUTSIDE = "outside"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that does not fit: the block, the one before it where two are concerned, days of a gap."""

    flaw: Flaw
    block: Block
    before: Block | None = None
    days: int = 0


def remarks_on(blocks: Sequence[Block], first: date | None, last: date | None) -> list[Remark]:
    """Return what does not fit: a class in two places, stages out of order, days outside the programme, long gaps."""
    found: list[Remark] = []
    for place, block in enumerate(blocks):
        too_early = first is not None and block.starts_on < first
        if too_early or (last is not None and block.ends_on > last):
            found.append(Remark(Flaw.OUTSIDE, block))
        found += [Remark(Flaw.TWO_PLACES, block, other) for other in blocks[:place] if block.meets(other)]
        if place and not block.meets(blocks[place - 1]):
            found += _between(blocks[place - 1], block)
    return found


def _between(before: Block, block: Block) -> list[Remark]:
    if block.ends_on < before.starts_on:
        return [Remark(Flaw.ORDER, block, before)]
    gap = (block.starts_on - before.ends_on).days - 1
    return [Remark(Flaw.GAP, block, before, gap)] if gap > LONGEST_GAP else []


# --- the drawing ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scale:
    """Days laid out from left to right over a width."""

    first: date
    last: date
    width: float
    left: float = 0.0

    def x(self, day: date) -> float:
        """Return where a day begins."""
        whole = (self.last - self.first).days + 1
        return round(self.left + (day - self.first).days / whole * self.width, 1)

    def span(self, starts_on: date, ends_on: date) -> tuple[float, float]:
        """Return where a stretch of days begins and how wide it is, cut off where the scale ends."""
        starts, ends = max(starts_on, self.first), min(ends_on, self.last)
        begin = self.x(starts)
        return begin, round(max(1.5, self.x(ends + timedelta(days=1)) - begin), 1)

    def months(self) -> list[tuple[date, float]]:
        """Return the first day of each month with its place; every third where they stand close."""
        days, day = [], self.first.replace(day=1)
        while day <= self.last:
            if day >= self.first:
                days.append(day)
            day = (day + timedelta(days=32)).replace(day=1)
        every = 1 if not days or self.width / len(days) >= 46 else 3 if self.width / len(days) >= 16 else 6
        return [(day, self.x(day)) for place, day in enumerate(days) if place % every == 0]


def scale_of(
    blocks: Sequence[Block], first: date | None, last: date | None, *, width: float, left: float
) -> Scale | None:
    """Return the scale that holds a programme and all of a class's blocks; None without any day."""
    starts = [block.starts_on for block in blocks] + ([first] if first else [])
    ends = [block.ends_on for block in blocks] + ([last] if last else [])
    if not starts or not ends or max(ends) < min(starts):
        return None
    return Scale(min(starts), max(ends), width, left)
