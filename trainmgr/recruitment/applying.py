"""What applicants do: apply for a place, withdraw, say that they come, give a place up."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.standing import withdraw
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import day
from trainmgr.programs import dues
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, Step
from trainmgr.programs.thread import refresh
from trainmgr.recruitment import interviews, owed
from trainmgr.recruitment.models import Application, RecruitmentPlan, RecruitmentPost
from trainmgr.recruitment.room import plan_in_force
from trainmgr.recruitment.rules import WAITING, ApplicationState, takes_applications

APPLIED = audit.sentence("application.new", _l("%(who)s applied"))
DRAWN_BACK = audit.sentence("application.withdraw", _l("%(who)s withdrew the application"))
CONFIRMED = audit.sentence("application.confirm", _l("%(who)s confirmed the place"))
GIVEN_UP = audit.sentence("application.give_up", _l("%(who)s gave the place up"))


def apply(
    program: Program,
    *,
    college_id: int,
    enterprise_id: int | None = None,
    field: str = "",
    statement: str,
    post_id: int | None = None,
    by: User,
    now: datetime,
    today: date,
) -> Application:
    """Apply for a place; one application a person and programme (made again after it was withdrawn unjudged).

    Where a plan is signed, the post names enterprise and major.
    """
    post = require_taking(program, post_id, today)
    enrolled = sa.select(Enrolment.id).where(Enrolment.program_id == program.id, Enrolment.user_id == by.id)
    if db.session.scalar(enrolled) is not None:
        raise RuleBroken(_("You are in this programme already."))
    application = find_application(program.id, by.id)
    if application is None:
        application = Application(program_id=program.id, user_id=by.id, college_id=college_id, name=by.name)
        db.session.add(application)
    elif application.state is not ApplicationState.WITHDRAWN or application.verdicts:
        raise RuleBroken(
            _("You have applied already; your application is: %(state)s.", state=application.state_label)
        )
    application.post_id = post.id if post else None
    application.enterprise_id = post.enterprise_id if post else enterprise_id
    application.field, application.statement = post.major if post else field, statement
    application.state, application.applied_at = ApplicationState.PENDING, now
    audit.record(APPLIED, application, by=by, now=now, program_id=program.id, name=application.name)
    settle_dues(program, now=now, today=today)
    return application


def require_taking(program: Program, post_id: int | None, today: date) -> RecruitmentPost | None:
    """Return the post applied for (None where no plan is signed), or refuse: not recruiting, not yet, not any more."""
    if program.state is not State.RECRUITING:
        raise RuleBroken(_("This programme takes no applications at the moment."))
    plan = plan_in_force(program.id)
    if plan is None:
        return None
    if fault := closed_because(plan, today):
        raise RuleBroken(fault)
    posts = {line.post_id: line.post for line in plan.quotas}
    if post_id not in posts:
        raise RuleBroken(_("Choose one of the posts that the plan names."))
    return posts[post_id]


def closed_because(plan: RecruitmentPlan, today: date) -> str | None:
    """Return the sentence why a signed plan takes no applications on a day, or None when it does."""
    if takes_applications(today, plan.opens_on, plan.closes_on):
        return None
    if plan.opens_on is not None and today < plan.opens_on:
        return _("Applications are taken from %(day)s on.", day=day(plan.opens_on))
    return _("Applications were taken until %(day)s.", day=day(plan.closes_on))


def find_application(program_id: int, user_id: int) -> Application | None:
    """Return somebody's application to a programme with its verdicts, if there is one."""
    found: Application | None = db.session.scalars(
        sa.select(Application)
        .where(Application.program_id == program_id, Application.user_id == user_id)
        .options(
            selectinload(Application.verdicts),
            joinedload(Application.post).joinedload(RecruitmentPost.enterprise),
        )
    ).one_or_none()
    return found


def draw_back(program: Program, application: Application, *, by: User, now: datetime, today: date) -> None:
    """Withdraw one's own application while nothing is settled."""
    if application.state not in WAITING:
        raise RuleBroken(_("The application is settled: %(state)s.", state=application.state_label))
    application.state = ApplicationState.WITHDRAWN
    interviews.release([application], now=now)
    audit.record(DRAWN_BACK, application, by=by, now=now, program_id=program.id, name=application.name)
    settle_dues(program, now=now, today=today)


def confirm_place(application: Application, *, by: User, now: datetime) -> None:
    """Say that one comes, after having been admitted."""
    if application.state is not ApplicationState.ADMITTED:
        raise RuleBroken(_("The application is settled: %(state)s.", state=application.state_label))
    if application.confirmed_at is None:
        application.confirmed_at = now
        audit.record(
            CONFIRMED, application, by=by, now=now, program_id=application.program_id, name=application.name
        )
    dues.drop(owed.TO_CONFIRM, program_id=application.program_id, subject_ids=[application.id])


def give_up(program: Program, application: Application, *, by: User, now: datetime, today: date) -> int:
    """Give the place up before the training runs; returns how many came in from the waiting list for it."""
    if application.state is not ApplicationState.ADMITTED or program.state is not State.RECRUITING:
        raise RuleBroken(_("The training has begun or the place is gone; speak with the college."))
    enrolments = list(
        db.session.scalars(
            sa.select(Enrolment).where(
                Enrolment.program_id == program.id,
                Enrolment.user_id == application.user_id,
                Enrolment.state != EnrolmentState.WITHDRAWN,
            )
        )
    )
    application.state = ApplicationState.WITHDRAWN
    audit.record(GIVEN_UP, application, by=by, now=now, program_id=program.id, name=application.name)
    if not enrolments:
        return 0
    reason = _("Gave the place up before the training")
    _left, admitted = withdraw(
        program, enrolments, day=max(today, enrolments[0].enrolled_on), reason=reason, by=by, now=now
    )
    return admitted


def leave(program: Program, application: Application, *, by: User, now: datetime, today: date) -> str:
    """Withdraw an application, or give the place up after admission; returns the sentence that tells it."""
    if application.state in WAITING:
        draw_back(program, application, by=by, now=now, today=today)
        return _("Your application is withdrawn.")
    moved = give_up(program, application, by=by, now=now, today=today)
    if moved:
        return _("You have given the place up; the next on the list has it.")
    return _("You have given the place up.")


def settle_dues(program: Program, *, now: datetime, today: date) -> None:
    """Bring the inboxes of those who judge and the step up to date."""
    owed.put_dues(program, today=today)
    refresh(program.id, Step.ENROLMENT, now=now)
