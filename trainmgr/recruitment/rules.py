"""Who gets a place: what the two sides' verdicts and the free places make of an application."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from trainmgr.kernel.msgids import N_
from trainmgr.programs.rules import Side


class ApplicationState(enum.StrEnum):
    """What became of an application so far."""

    PENDING = "pending"
    ADMITTED = "admitted"
    WAITLISTED = "waitlisted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class VerdictKind(enum.StrEnum):
    """One side's verdict on an applicant."""

    ADMIT = "admit"
    REJECT = "reject"


WAITING = frozenset({ApplicationState.PENDING, ApplicationState.WAITLISTED})


def settle(verdicts: Mapping[Side, VerdictKind], places_left: int | None) -> ApplicationState:
    """Settle an application from the verdicts given so far; `places_left` None means without limit.

    One side is enough to reject; admitting takes both sides and a free place.
    """
    if VerdictKind.REJECT in verdicts.values():
        return ApplicationState.REJECTED
    if verdicts.keys() != set(Side):
        return ApplicationState.PENDING
    if places_left is None or places_left > 0:
        return ApplicationState.ADMITTED
    return ApplicationState.WAITLISTED


# --- places by enterprise, post and major --------------------------------------------------------


@dataclass(frozen=True)
class Room:
    """How many places are free now: in the whole programme, and in each post of the signed plan.

    `total` None: the programme sets no limit; `by_post` None: no plan is signed, so only the total counts. A post that
    the plan in force does not name has no place; who names no post counts against the total alone.
    """

    total: int | None
    by_post: Mapping[int, int] | None = None

    def left_for(self, post_id: int | None) -> int | None:
        """Return how many places an applicant for a post may still be given, never less than 0; None: no limit."""
        limits = [] if self.total is None else [self.total]
        if self.by_post is not None and post_id is not None:
            limits.append(self.by_post.get(post_id, 0))
        return max(0, min(limits)) if limits else None

    def without_one(self, post_id: int | None) -> Room:
        """Return the room after a place was given to an applicant for a post."""
        by_post = self.by_post
        if by_post is not None and post_id is not None and post_id in by_post:
            by_post = {**by_post, post_id: by_post[post_id] - 1}
        return Room(None if self.total is None else self.total - 1, by_post)


def room_in(total: int | None, quotas: Mapping[int, int] | None, taken: Mapping[int, int]) -> Room:
    """Return the room that quotas leave beside the places that are taken; a post over its quota has none, not less."""
    if quotas is None:
        return Room(total)
    return Room(total, {post: max(0, quota - taken.get(post, 0)) for post, quota in quotas.items()})


def moving_up(waiting: Iterable[tuple[int, int | None]], room: Room) -> list[int]:
    """Return who comes in from the waiting list: (application, post) pairs in the order in which people applied.

    Nobody is passed over by somebody who waits for the same post, and no post gets more people than it has places.
    """
    admitted = []
    for application_id, post_id in waiting:
        if room.total == 0:
            break
        left = room.left_for(post_id)
        if left is None or left > 0:
            admitted.append(application_id)
            room = room.without_one(post_id)
    return admitted


# --- the joint plan ------------------------------------------------------------------------------


class PlanState(enum.StrEnum):
    """Draft while written, offered while signatures are awaited, signed (in force), superseded by a later one."""

    DRAFT = "draft"
    OFFERED = "offered"
    SIGNED = "signed"
    SUPERSEDED = "superseded"


class Relation(enum.StrEnum):
    """What joins the trainee to the enterprise while training (招生即招工, 入学即入职)."""

    LABOUR_CONTRACT = "labour_contract"
    APPRENTICE_AGREEMENT = "apprentice_agreement"
    JOB_PROMISE = "job_promise"


@dataclass(frozen=True)
class Line:
    """One line of a plan: enterprise, post and major in words, its quota, and how many places are taken already."""

    name: str
    quota: int
    taken: int = 0


Fault = tuple[str, dict[str, Any]]


def plan_faults(
    lines: Sequence[Line], planned_size: int | None, opens_on: date | None, closes_on: date | None
) -> list[Fault]:
    """Return what keeps a plan from being signed, as msgids with values; an empty list means nothing does."""
    faults: list[Fault] = []
    if not lines:
        faults.append((N_("The plan names no post yet."), {}))
    if opens_on is None or closes_on is None:
        faults.append((N_("The days on which people may apply are not set."), {}))
    total = sum(line.quota for line in lines)
    if planned_size is not None and total > planned_size:
        faults.append(
            (
                N_("%(total)s places are shared out, but the programme is planned for %(planned)s."),
                {"total": total, "planned": planned_size},
            )
        )
    faults += [
        (
            N_("%(name)s: %(taken)s places are taken already, so %(quota)s are too few."),
            {"name": line.name, "taken": line.taken, "quota": line.quota},
        )
        for line in lines
        if line.quota < line.taken
    ]
    return faults


def takes_applications(day: date, opens_on: date | None, closes_on: date | None) -> bool:
    """Tell whether a day lies in the time of applying, its first and last day included."""
    return opens_on is not None and closes_on is not None and opens_on <= day <= closes_on


# --- interviews ----------------------------------------------------------------------------------


class InterviewOutcome(enum.StrEnum):
    """Whether the applicant came to the interview."""

    CAME = "came"
    NO_SHOW = "no_show"


def slot_starts(begins: datetime, minutes: int, amount: int) -> list[datetime]:
    """Return when each of several interviews one after the other begins; `minutes` is the length of one."""
    return [begins + timedelta(minutes=minutes * place) for place in range(amount)]
