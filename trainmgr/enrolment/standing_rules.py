"""Standing (学籍): what may happen to a trainee in which state, on which days, and how long somebody was away."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.kernel.msgids import N_

DAYS_BACK = 180  # a change that nobody entered for longer is not entered as if it were known
DAYS_AHEAD = 366


class StandingKind(enum.StrEnum):
    """What can happen to a trainee's standing in a programme."""

    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    READMIT = "readmit"
    ENTERPRISE = "enterprise"  # to another enterprise of the programme
    PROGRAM = "program"  # to another programme


class StandingState(enum.StrEnum):
    """A change is planned for a day to come, takes effect, or is called off; what took effect stays."""

    PLANNED = "planned"
    DONE = "done"
    CALLED_OFF = "called_off"


S, K = EnrolmentState, StandingKind

# The whole machine: what is not here cannot happen. Resuming leads back into a remedial loop where one is open;
# practice sees to that (see its listener), because it keeps the gates.
TABLE: Mapping[tuple[EnrolmentState, StandingKind], EnrolmentState] = {
    (S.TRAINING, K.SUSPEND): S.SUSPENDED,
    (S.TRAINING, K.WITHDRAW): S.WITHDRAWN,
    (S.TRAINING, K.ENTERPRISE): S.TRAINING,
    (S.TRAINING, K.PROGRAM): S.WITHDRAWN,
    (S.REMEDIAL, K.SUSPEND): S.SUSPENDED,
    (S.REMEDIAL, K.WITHDRAW): S.WITHDRAWN,
    (S.REMEDIAL, K.ENTERPRISE): S.REMEDIAL,
    (S.REMEDIAL, K.PROGRAM): S.WITHDRAWN,
    (S.SUSPENDED, K.RESUME): S.TRAINING,
    (S.SUSPENDED, K.WITHDRAW): S.WITHDRAWN,
    (S.WITHDRAWN, K.READMIT): S.TRAINING,
}


def after(state: EnrolmentState, kind: StandingKind) -> EnrolmentState | None:
    """Return the state that a change leads to, or None when it cannot happen in this state."""
    return TABLE.get((state, kind))


def possible(state: EnrolmentState) -> list[StandingKind]:
    """Return what can happen in a state, in the order in which it is offered."""
    return [kind for kind in StandingKind if (state, kind) in TABLE]


def day_fault(day: date, today: date, *, first: date) -> str | None:
    """Return the msgid of why a change cannot be of a day, or None.

    `first` is the first possible day: that of enrolment, or of the last change.
    """
    if day < first:
        return N_("This day lies before the enrolment or before the last change.")
    if day < today - timedelta(days=DAYS_BACK):
        return N_("This day is too long ago.")
    if day > today + timedelta(days=DAYS_AHEAD):
        return N_("A change can be planned for at most a year ahead.")
    return None


@dataclass(frozen=True)
class Happening:
    """One change that took effect: its kind and its day."""

    kind: StandingKind
    day: date


@dataclass(frozen=True)
class Pause:
    """A time of suspension: from its first day up to, not including, `until` (None: it lasts)."""

    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether a day lies in it."""
        return self.since <= day and (self.until is None or day < self.until)


def pauses(changes: Iterable[Happening]) -> list[Pause]:
    """Return the suspensions from changes in the order in which they took effect; leaving ends one too."""
    found: list[Pause] = []
    for change in changes:
        if found and found[-1].until is None:
            found[-1] = Pause(found[-1].since, change.day)
        if change.kind is StandingKind.SUSPEND:
            found.append(Pause(change.day))
    return found


def is_paused(found: Sequence[Pause], day: date) -> bool:
    """Tell whether a day lies in one of the suspensions."""
    return any(pause.covers(day) for pause in found)


def days_paused(found: Sequence[Pause], first: date, last: date) -> int:
    """Return how many days from `first` to `last` (both counted) lie in suspensions; 0 when there are none.

    These days count neither as late nor as missed: what is expected by a day is reckoned without them.
    """
    total = 0
    for pause in found:
        begin, end = (
            max(pause.since, first),
            last if pause.until is None else min(last, pause.until - timedelta(days=1)),
        )
        total += max(0, (end - begin).days + 1)
    return total


def recognised(minutes: int, verified: int, planned: int) -> int:
    """Return the minutes that a new programme recognises: no more than were verified, no more than it plans."""
    return max(0, min(minutes, verified, planned))
