"""What a log may say, who signs it, and when a stage gate is to be judged."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from trainmgr.kernel.hours import ledger_minutes
from trainmgr.kernel.msgids import N_
from trainmgr.pathways.rules import Venue
from trainmgr.programs.rules import Side

QUARTER = 15
MOST_COMPETENCIES = 3
MOST_PHOTOS = 6
DAYS_TO_SIGN = 7
DAYS_TO_JUDGE = 7


class LogState(enum.StrEnum):
    """A log is a draft until handed in; then it waits, is signed, or comes back and is replaced by a new one."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SIGNED = "signed"
    RETURNED = "returned"
    REPLACED = "replaced"


COUNTED = (LogState.SUBMITTED, LogState.SIGNED)  # these hours are the day's and the trainee's


class LogDecisionKind(enum.StrEnum):
    """What a mentor did with a log."""

    SIGN = "sign"
    RETURN = "return"


class GateOutcome(enum.StrEnum):
    """A trainee passes a stage gate or goes into a remedial loop."""

    PASSED = "passed"
    REMEDIAL = "remedial"


# --- logs ------------------------------------------------------------------------------------------


class HoursFault(ValueError):
    """Typed hours cannot be taken; the argument is the msgid of the reason."""


def minutes_of(text: str) -> int:
    """Return the minutes of hours typed in quarter steps, above 0 and at most 24; raises HoursFault.

    Full-width digits and a comma for the point are taken as they are meant.
    """
    tidy = unicodedata.normalize("NFKC", text).strip().replace(",", ".").replace("。", ".")
    try:
        hours = Decimal(tidy)
    except InvalidOperation:
        raise HoursFault(N_("Type a number of hours, such as 7.5.")) from None
    if not hours.is_finite() or hours <= 0:
        raise HoursFault(N_("The hours must be above 0."))
    if hours > 24:
        raise HoursFault(N_("A day has 24 hours."))
    if hours * 4 != int(hours * 4):
        raise HoursFault(N_("Hours go in quarters: 0.25, 0.5, 0.75."))
    return ledger_minutes(hours)


@dataclass(frozen=True)
class Span:
    """The days on which a trainee may have worked: from enrolment, within the programme, not after leaving."""

    enrolled_on: date
    starts_on: date | None = None
    ends_on: date | None = None
    left_on: date | None = None

    @property
    def first(self) -> date:
        """The first day that a log may be of."""
        return max(self.enrolled_on, self.starts_on) if self.starts_on else self.enrolled_on

    def last(self, today: date) -> date:
        """The last day that a log may be of."""
        return min(day for day in (today, self.ends_on, self.left_on) if day is not None)


def day_fault(day: date, span: Span, today: date) -> str | None:
    """Return the msgid of why no log can be of a day, or None."""
    if day > today:
        return N_("This day is still to come. Write it when the work is done.")
    if day < span.enrolled_on:
        return N_("You were not enrolled yet on this day.")
    if span.starts_on and day < span.starts_on:
        return N_("The programme had not begun on this day.")
    if span.ends_on and day > span.ends_on:
        return N_("The programme was over on this day.")
    if span.left_on and day > span.left_on:
        return N_("You had left the programme on this day.")
    return None


def side_of(venue: Venue) -> Side:
    """Return the side that signs the logs of a stage: the enterprise where it is the place, else the college."""
    return Side.ENTERPRISE if venue is Venue.ENTERPRISE else Side.COLLEGE


@dataclass(frozen=True)
class Stage:
    """A stage as these rules need it; `gated` says that a gate stands at its end."""

    number: int
    gated: bool = False
    remedial: bool = False
    starts_on: date | None = None
    ends_on: date | None = None


def stage_on(day: date, stages: Sequence[Stage], current: int) -> int | None:
    """Return the number of the stage that a day falls into: by its dates, else the programme's present stage."""
    for stage in stages:
        if (
            not stage.remedial
            and stage.starts_on
            and stage.ends_on
            and stage.starts_on <= day <= stage.ends_on
        ):
            return stage.number
    numbers = [stage.number for stage in stages if not stage.remedial]
    return current if current in numbers else next(iter(numbers), None)


def next_stage(stages: Sequence[Stage], current: int) -> int | None:
    """Return the number of the stage that comes after the present one, or None after the last."""
    return min((s.number for s in stages if not s.remedial and s.number > current), default=None)


# --- gates -----------------------------------------------------------------------------------------


class Standing(enum.StrEnum):
    """How a trainee stands before a gate."""

    AHEAD = "ahead"  # the stage has not begun
    BLOCKED = "blocked"  # an earlier gate is not passed
    OPEN = "open"  # to be judged
    REMEDIAL = "remedial"  # in the loop, the task is not done yet
    READY = "ready"  # the task is done, to be judged again
    PASSED = "passed"


JUDGEABLE = (Standing.OPEN, Standing.READY)


@dataclass(frozen=True)
class Judgement:
    """The latest judgement of a trainee at a gate."""

    outcome: GateOutcome
    done: bool = False
    attempt: int = 1


def gates_in(stages: Iterable[Stage]) -> list[int]:
    """Return the numbers of the stages that end in a gate for everybody, in order."""
    return sorted(stage.number for stage in stages if stage.gated and not stage.remedial)


def standing_at(number: int, gates: Sequence[int], current: int, latest: Mapping[int, Judgement]) -> Standing:
    """Tell how a trainee stands before a gate, from the latest judgement at each gate and the present stage."""
    own = latest.get(number)
    if own is not None:
        if own.outcome is GateOutcome.PASSED:
            return Standing.PASSED
        return Standing.READY if own.done else Standing.REMEDIAL
    if number > current:
        return Standing.AHEAD
    earlier = [gate for gate in gates if gate < number]
    if earlier and not _passed(latest.get(earlier[-1])):
        return Standing.BLOCKED
    return Standing.OPEN


def _passed(judgement: Judgement | None) -> bool:
    return judgement is not None and judgement.outcome is GateOutcome.PASSED
