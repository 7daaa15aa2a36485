"""What the public pages show: a programme with its posts, and where one's own application stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import abort
from flask_babel import gettext as _

from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State
from trainmgr.recruitment import applications, applying, interviews, room
from trainmgr.recruitment.interview_models import InterviewBooking, InterviewSlot
from trainmgr.recruitment.models import Application, RecruitmentPage, RecruitmentPlan, Verdict
from trainmgr.recruitment.rules import WAITING, ApplicationState


@dataclass(frozen=True)
class PostView:
    """A post as applicants see it: places, and how many are left (None: not told, the page is closed)."""

    enterprise: str
    post: str
    major: str
    quota: int
    left: int


@dataclass(frozen=True)
class DoorView:
    """A programme as anybody sees it."""

    page: RecruitmentPage
    plan: RecruitmentPlan
    posts: Sequence[PostView]
    closed: str | None

    @property
    def program(self) -> Any:
        """The programme."""
        return self.page.program


def door_view(page: RecruitmentPage, *, today: date) -> DoorView:
    """Return what the public page shows: four statements; a page without a plan in force is not there."""
    plan = room.plan_in_force(page.program_id)
    if plan is None:
        return abort(404)
    left = room.room_of(page.program, plan)
    posts = [
        PostView(
            line.post.enterprise.name,
            line.post.name,
            line.post.major,
            line.quota,
            left.left_for(line.post_id) or 0,
        )
        for line in plan.quotas
    ]
    closed = applying.closed_because(plan, today)
    if page.program.state is not State.RECRUITING:
        closed = _("This programme takes no applications at the moment.")
    return DoorView(page, plan, posts, closed)


@dataclass(frozen=True)
class StateView:
    """Where an application stands, and what its owner may do."""

    given: dict[Side, Verdict]
    place: int
    booking: InterviewBooking | None
    slots: Sequence[InterviewSlot]
    may_draw_back: bool
    may_confirm: bool
    may_give_up: bool
    may_book: bool


def state_view(application: Application, program: Program, *, now: datetime) -> StateView:
    """Return what the owner of an application sees: three statements at most."""
    is_pending = application.state is ApplicationState.PENDING
    booking = interviews.find_booking(application.id)
    admitted = application.state is ApplicationState.ADMITTED
    waits = application.state is ApplicationState.WAITLISTED
    slots = interviews.open_slots(application, now=now) if is_pending else []
    return StateView(
        given={verdict.side: verdict for verdict in application.verdicts},
        place=applications.place_in_line(application) if waits else 0,
        booking=booking,
        slots=[slot for slot in slots if booking is None or slot.id != booking.slot_id],
        may_draw_back=application.state in WAITING,
        may_confirm=admitted and application.confirmed_at is None,
        may_give_up=admitted and program.state is State.RECRUITING,
        may_book=is_pending,
    )
