"""Who judges, on which levels, when, and what each may see of the others: pure decisions."""

from __future__ import annotations

import enum
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from trainmgr.kernel.msgids import N_

_Member = TypeVar("_Member")


class Grade(enum.StrEnum):
    """Where a composite lies by the marks that the scheme set beforehand, whatever others reached."""

    BELOW = "below"
    MEETS = "meets"
    GOOD = "good"


class Party(enum.StrEnum):
    """Who judges, in their fixed order: the trainee, the enterprise, the teacher, and whoever a scheme adds to them."""

    TRAINEE = "trainee"
    ENTERPRISE = "enterprise"
    TEACHER = "teacher"
    PEER = "peer"
    COUNSELLOR = "counsellor"
    ASSESSOR = "assessor"


# The three that every scheme knows: one person of each rates a trainee.
THREE = (Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER)
# Those that a scheme may add: several people of each may rate one trainee.
MANY = (Party.PEER, Party.COUNSELLOR, Party.ASSESSOR)
# Fewer peers than these are not counted at all: their mean would tell what one of them gave.
LEAST_PEERS = 3
MOST_PEERS = 10


class Level(enum.StrEnum):
    """The four levels: learning experience, learning behaviour, ability gain, enterprise satisfaction."""

    REACTION = "reaction"
    BEHAVIOUR = "behaviour"
    LEARNING = "learning"
    RESULTS = "results"


def is_survey(level: Level, party: Party) -> bool:
    """Tell whether marks are answers to a survey: what trainees say of the training, and all that peers say.

    A mentor's or teacher's mark of a trainee is a named judgement and no survey.
    """
    return party is Party.PEER or (party is Party.TRAINEE and level in (Level.REACTION, Level.RESULTS))


class SchemeState(enum.StrEnum):
    """A scheme is a draft until its first window opens; then it is frozen and edits make a new version."""

    DRAFT = "draft"
    FROZEN = "frozen"


class WindowKind(enum.StrEnum):
    """A window judges stages on the way (process), the whole training (terminal) or what stayed of it (follow-up)."""

    PROCESS = "process"
    TERMINAL = "terminal"
    FOLLOW_UP = "follow_up"


# Whom a follow-up asks about what, unless somebody says otherwise.
FOLLOW_UP_PARTIES = (Party.TRAINEE, Party.ENTERPRISE)
FOLLOW_UP_LEVELS = (Level.BEHAVIOUR, Level.RESULTS)
FOLLOW_UP_MONTHS = (3, 6)
MOST_MONTHS = 60


class RatingState(enum.StrEnum):
    """A draft is its author's; a submitted rating never changes; a corrected one is kept but no longer counts."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CORRECTED = "corrected"


class Phase(enum.StrEnum):
    """Where a window stands on the clock."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


def phase_of(opens_at: datetime, closes_at: datetime, now: datetime) -> Phase:
    """Return where a window stands: open from the first moment named until just before the second."""
    if now < opens_at:
        return Phase.PLANNED
    return Phase.OPEN if now < closes_at else Phase.CLOSED


# --- the weights ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LevelWeight:
    """What a level weighs in the whole (percent) and each party's share in it (percent of the level)."""

    level: Level
    weight: float
    shares: Mapping[Party, float]

    def points(self, party: Party) -> float:
        """What a party's judgement on this level weighs in the whole, in percent."""
        return self.weight * self.shares.get(party, 0.0) / 100


def party_weights(levels: Iterable[LevelWeight]) -> dict[Party, float]:
    """Return what each party weighs in the whole in percent: the sum of its points over the levels."""
    levels = tuple(levels)
    return {party: sum(level.points(party) for level in levels) for party in Party}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a scheme: a msgid, and the level and party that it speaks of."""

    msgid: str
    level: Level | None = None
    party: Party | None = None
    total: float | None = None


WEIGHTS_SUM = N_("The weights of the four levels add up to %(total)s; they must add up to 100.")
SHARES_SUM = N_("%(level)s: the shares add up to %(total)s; they must add up to 100.")
SHARE_UNUSED = N_("%(level)s: %(party)s has a share but no criterion to rate.")
SHARE_MISSING = N_("%(level)s: %(party)s rates a criterion but has no share.")
_TOLERANCE = 0.005


def scheme_faults(levels: Iterable[LevelWeight], rated: Collection[tuple[Level, Party]]) -> tuple[Fault, ...]:
    """Return everything that keeps a scheme from being used; `rated` holds who rates a criterion on which level."""
    levels = tuple(levels)
    total = sum(level.weight for level in levels)
    faults = [] if abs(total - 100) <= _TOLERANCE else [Fault(WEIGHTS_SUM, total=total)]
    for level in levels:
        if level.weight <= 0:
            continue
        shared = sum(level.shares.values())
        if abs(shared - 100) > _TOLERANCE:
            faults.append(Fault(SHARES_SUM, level.level, total=shared))
        for party in Party:
            has_share, rates = level.shares.get(party, 0) > 0, (level.level, party) in rated
            if has_share and not rates:
                faults.append(Fault(SHARE_UNUSED, level.level, party))
            if rates and not has_share:
                faults.append(Fault(SHARE_MISSING, level.level, party))
    return tuple(faults)


# --- who rates for a party of several -----------------------------------------------------------------


def ring(members: Sequence[_Member], raters: int) -> list[tuple[_Member, _Member]]:
    """Return (rater, rated) pairs of a class in which everybody rates so many others and is rated by as many.

    In a class with fewer others than that everybody rates everybody else; with fewer others than LEAST_PEERS nobody
    rates, since what one of them gave could not stay theirs. `members` come in an order that nobody can guess.
    """
    size = len(members)
    reach = min(raters, size - 1)
    if reach < LEAST_PEERS:
        return []
    return [(members[i], members[(i + step) % size]) for i in range(size) for step in range(1, reach + 1)]


# --- what a party may see of the others -----------------------------------------------------------


def sees_scores(
    *, phase: Phase, is_trainee: bool, owes: bool, expected: Collection[Party], submitted: Collection[Party]
) -> bool:
    """Tell whether somebody sees what the other parties gave a trainee.

    Judgements are to be independent of each other, so while a window is open a mentor or teacher sees the others'
    scores of a trainee only once their own rating of that trainee is in (`owes` says that it is not), and the trainee
    only once all expected parties have rated. When the window has closed everybody entitled sees them.
    """
    if phase is Phase.CLOSED:
        return True
    if is_trainee:
        return set(expected) <= set(submitted)
    return not owes


# --- when people are reminded ---------------------------------------------------------------------------


class NoticeKind(enum.StrEnum):
    """What a rater was sent about a window: told that it is open, reminded twice by the clock, or by hand."""

    INVITATION = "invitation"
    FIRST_REMINDER = "first_reminder"
    SECOND_REMINDER = "second_reminder"
    BY_HAND = "by_hand"


# In the order in which the clock sends them.
BY_CLOCK = (NoticeKind.INVITATION, NoticeKind.FIRST_REMINDER, NoticeKind.SECOND_REMINDER)
LAST_CALL = timedelta(days=2)


def reminder_times(opens_at: datetime, closes_at: datetime) -> tuple[datetime, datetime | None]:
    """Return when people are reminded unless somebody says otherwise: half-way, and two days before the end.

    A window so short that the second would not come after the first has the first alone.
    """
    half = opens_at + (closes_at - opens_at) / 2
    last = closes_at - LAST_CALL
    return half, last if last > half else None


def notice_due(
    phase: Phase, now: datetime, first: datetime | None, second: datetime | None
) -> NoticeKind | None:
    """Return the last notice that is due of a window by the clock; earlier ones that were missed are not sent late."""
    if phase is not Phase.OPEN:
        return None
    if second is not None and now >= second:
        return NoticeKind.SECOND_REMINDER
    if first is not None and now >= first:
        return NoticeKind.FIRST_REMINDER
    return NoticeKind.INVITATION


# --- when a planned window opens ------------------------------------------------------------------


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, the last of the month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def stage_end(starts_on: date, weeks: Iterable[float]) -> date:
    """Return the day after the last of some consecutive stages, lengths in weeks, rounded to whole days."""
    return starts_on + timedelta(days=round(sum(weeks) * 7))
