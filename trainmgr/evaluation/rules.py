"""Who judges, on which levels, when, and what each may see of the others: pure decisions."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trainmgr.kernel.msgids import N_


class Party(enum.StrEnum):
    """Who judges, in their fixed order: the trainee, the enterprise, the teacher."""

    TRAINEE = "trainee"
    ENTERPRISE = "enterprise"
    TEACHER = "teacher"


class Level(enum.StrEnum):
    """The four levels: learning experience, learning behaviour, ability gain, enterprise satisfaction."""

    REACTION = "reaction"
    BEHAVIOUR = "behaviour"
    LEARNING = "learning"
    RESULTS = "results"


class SchemeState(enum.StrEnum):
    """A scheme is a draft until its first window opens; then it is frozen and edits make a new version."""

    DRAFT = "draft"
    FROZEN = "frozen"


class WindowKind(enum.StrEnum):
    """A window judges stages on the way (process) or the whole training (terminal)."""

    PROCESS = "process"
    TERMINAL = "terminal"


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


# --- when a planned window opens ------------------------------------------------------------------


def stage_end(starts_on: date, weeks: Iterable[float]) -> date:
    """Return the day after the last of some consecutive stages, lengths in weeks, rounded to whole days."""
    return starts_on + timedelta(days=round(sum(weeks) * 7))
