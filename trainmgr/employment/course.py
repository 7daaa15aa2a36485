"""From trial to employee, as pure decisions: which step follows which, how far people went, months counted."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from trainmgr.employment.rules import Rate
from trainmgr.kernel.msgids import N_

PROMOTED_WITHIN = 36  # months


class PostStep(enum.StrEnum):
    """A step of somebody's employment at the enterprise."""

    TRIAL = "trial"
    CONFIRMED = "confirmed"
    PROMOTED = "promoted"
    LEFT = "left"


# What may follow what; None is the beginning.
_FOLLOWS: dict[PostStep | None, frozenset[PostStep]] = {
    None: frozenset({PostStep.TRIAL, PostStep.CONFIRMED}),
    PostStep.TRIAL: frozenset({PostStep.CONFIRMED, PostStep.LEFT}),
    PostStep.CONFIRMED: frozenset({PostStep.PROMOTED, PostStep.LEFT}),
    PostStep.PROMOTED: frozenset({PostStep.PROMOTED, PostStep.LEFT}),
    PostStep.LEFT: frozenset({PostStep.TRIAL, PostStep.CONFIRMED}),
}


@dataclass(frozen=True)
class Step:
    """One step with its day, at an enterprise."""

    kind: PostStep
    on: date
    organization_id: int


def next_steps(last: PostStep | None) -> Sequence[PostStep]:
    """Return the steps that may follow, in their order."""
    return [step for step in PostStep if step in _FOLLOWS[last]]


def step_fault(history: Sequence[Step], new: Step, today: date) -> str | None:
    """Return the msgid of why a step cannot follow a history (oldest first), or None when it may."""
    last = history[-1] if history else None
    if new.on > today:
        return N_("A step is noted when it has happened, not before.")
    if new.kind not in _FOLLOWS[last.kind if last else None]:
        return N_("This step does not follow the one before it.")
    if last is None:
        return None
    if new.on < last.on:
        return N_("It lies before the step that was noted last.")
    if new.organization_id != last.organization_id and last.kind is not PostStep.LEFT:
        return N_("Leaving the one enterprise comes before a beginning at another.")
    return None


@dataclass(frozen=True)
class Conversions:
    """How many of a group went how far: began (on trial or at once), were confirmed, are on trial, were promoted, left.

    `undecided` are on trial and were never confirmed; `kept` were confirmed and are so still; `promoted_soon` were
    promoted within 36 months of being confirmed, and `confirmed_long` were confirmed at least 36 months ago.
    """

    began: int = 0
    on_trial: int = 0
    undecided: int = 0
    confirmed: int = 0
    kept: int = 0
    promoted: int = 0
    promoted_soon: int = 0
    confirmed_long: int = 0
    left: int = 0

    def __add__(self, other: Conversions) -> Conversions:
        """Both groups together."""
        return Conversions(**{key: value + getattr(other, key) for key, value in self.__dict__.items()})

    @property
    def conversion(self) -> Rate:
        """Who was confirmed, of those whose trial is over; who is on trial anew after having been confirmed is."""
        return Rate(self.confirmed, self.began - self.undecided, self.undecided)

    @property
    def retention(self) -> Rate:
        """Who is still there, of those confirmed."""
        return Rate(self.kept, self.confirmed)

    @property
    def promotion(self) -> Rate:
        """Who was promoted within three years, of those confirmed three years ago or earlier."""
        return Rate(self.promoted_soon, self.confirmed_long, self.confirmed - self.confirmed_long)


def course_of(steps: Sequence[Step], today: date) -> Conversions:
    """Return how far one person went, by the steps that stand, oldest first."""
    if not steps:
        return Conversions()
    first: dict[PostStep, date] = {}
    for step in steps:
        first.setdefault(step.kind, step.on)
    confirmed, promoted, last = first.get(PostStep.CONFIRMED), first.get(PostStep.PROMOTED), steps[-1].kind
    long = confirmed is not None and months_between(confirmed, today) >= PROMOTED_WITHIN
    soon = bool(long and confirmed and promoted and promoted <= add_months(confirmed, PROMOTED_WITHIN))
    return Conversions(
        began=1,
        on_trial=int(last is PostStep.TRIAL),
        undecided=int(last is PostStep.TRIAL and confirmed is None),
        confirmed=int(confirmed is not None),
        kept=int(last in (PostStep.CONFIRMED, PostStep.PROMOTED)),
        promoted=int(promoted is not None),
        promoted_soon=int(soon),
        confirmed_long=int(long),
        left=int(last is PostStep.LEFT),
    )


def months_between(begin: date, end: date) -> int:
    """Return the whole months from a day to another; negative when it lies before."""
    months = (end.year - begin.year) * 12 + end.month - begin.month
    return months - 1 if end.day < begin.day else months


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, the last of the month where there is none such."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")
