"""What recruitment does when trainees come and go elsewhere: settle applications, keep quotas, move the list up."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.enrolment.hooks import (
    Change,
    Joining,
    after_joining,
    after_return,
    after_transfer,
    fills_places,
)
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.programs import dues
from trainmgr.programs.hooks import Move, after_entering
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State
from trainmgr.recruitment import admitting, owed
from trainmgr.recruitment.models import Application
from trainmgr.recruitment.room import plan_in_force, taken_by_post
from trainmgr.recruitment.rules import WAITING, ApplicationState


@after_joining
def settle_enrolled(joining: Joining) -> None:
    """Close the applications of people whom the roster brought in."""
    joined = sa.select(Enrolment.user_id).where(Enrolment.id.in_(joining.enrolment_ids))
    waiting = sa.select(Application).where(
        Application.program_id == joining.program_id,
        Application.state.in_(WAITING),
        Application.user_id.in_(joined),
    )
    settled = list(db.session.scalars(waiting))
    for application in settled:
        application.state = ApplicationState.ADMITTED
    if settled:
        program = db.session.get_one(Program, joining.program_id)
        owed.put_dues(program, today=local_day(joining.now))


@fills_places
def move_up(program: Program, now: datetime, today: date) -> int:
    """Admit from the waiting list when trainees have left."""
    return admitting.promote(program, now=now, today=today)


@after_return
def keep_the_quota(change: Change) -> None:
    """Refuse to bring somebody back to a post whose places have been given to others meanwhile."""
    plan = plan_in_force(change.program_id)
    if plan is None:
        return
    db.session.flush()
    posts = set(
        db.session.scalars(
            sa.select(Application.post_id)
            .join(Enrolment, Enrolment.user_id == Application.user_id)
            .where(Application.program_id == change.program_id, Enrolment.id.in_(change.enrolment_ids))
        )
    )
    taken = taken_by_post(change.program_id)
    for line in plan.quotas:
        require(
            line.post_id not in posts or taken.get(line.post_id, 0) <= line.quota,
            _("All %(quota)s places of %(name)s are taken.", quota=line.quota, name=line.post.label),
        )


@after_transfer
def move_up_after_a_transfer(change: Change) -> None:
    """Give the places at the enterprise that trainees came from to those who wait for them."""
    program = db.session.get_one(Program, change.program_id)
    db.session.flush()
    if admitting.promote(program, now=change.now, today=local_day(change.now)):
        owed.put_dues(program, today=local_day(change.now))


@after_entering(State.RUNNING)
def ask_no_more_who_comes(move: Move) -> None:
    """Once the training runs, nobody is asked any more to say that they come."""
    dues.drop(owed.TO_CONFIRM, program_id=move.program.id)
