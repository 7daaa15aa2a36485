"""Admitting: the place that an applicant is given, and the waiting list that moves up when one is free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.hooks import Joining, tell_joined
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.places import STEPS, lock_places
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import among, db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, Work
from trainmgr.programs.thread import refresh
from trainmgr.recruitment import owed
from trainmgr.recruitment.models import Application, ApplicationState
from trainmgr.recruitment.room import room_of
from trainmgr.recruitment.rules import Room, moving_up

ADMITTED = audit.sentence("application.admit", _l("%(what)s was admitted"))
MOVED_UP = audit.sentence("application.moved_up", _l("%(what)s came in from the waiting list"))


def promote(program: Program, *, now: datetime, today: date) -> int:
    """Admit from the waiting list in its order as long as places are free; returns how many came in."""
    lock_places(program.id)
    room = room_of(program)
    ids = moving_up(_waiting(program.id, room), room)
    if not ids:
        return 0
    statement = (
        sa.select(Application)
        .where(Application.id.in_(ids))
        .options(joinedload(Application.post))
        .order_by(Application.applied_at, Application.id)
    )
    admitted = list(db.session.scalars(statement))
    admit(program, admitted, now=now, today=today, action=MOVED_UP)
    owed.ask_to_confirm(program.id, admitted, today=today)
    return len(admitted)


def _waiting(program_id: int, room: Room) -> list[tuple[int, int | None]]:
    """Return who waits for a place that is free, in order; no more than could come in."""
    if room.total == 0:
        return []
    statement = (
        sa.select(Application.id, Application.post_id)
        .where(Application.program_id == program_id, Application.state == ApplicationState.WAITLISTED)
        .order_by(Application.applied_at, Application.id)
    )
    if room.by_post is not None:
        free = [post_id for post_id, left in room.by_post.items() if left > 0]
        statement = statement.where(sa.or_(Application.post_id.in_(free), Application.post_id.is_(None)))
    elif room.total is not None:
        statement = statement.limit(room.total)
    return [(row[0], row[1]) for row in db.session.execute(statement)]


def admit_waiting(program: Program, *, by: User, now: datetime, today: date) -> int:
    """Fill places that became free otherwise (the planned size was raised) from the waiting list."""
    require_open(program, Work.ENROLMENT)
    admitted = promote(program, now=now, today=today)
    if not admitted:
        raise RuleBroken(_("No place is free, or nobody is waiting."))
    owed.put_dues(program, today=today)
    refresh(program.id, *STEPS, now=now)
    return admitted


def admit(
    program: Program,
    applications: Sequence[Application],
    *,
    now: datetime,
    today: date,
    action: str = ADMITTED,
) -> None:
    """Make applicants trainees of the programme; places must be free, and the posts be loaded.

    Takes the same statements for one as for hundreds.
    """
    ids = [application.user_id for application in applications]
    people = {person.id: person for person in db.session.scalars(sa.select(User).where(among(User.id, ids)))}
    known = _known(program.id, ids)
    numbers = _memberships(applications, ids, now)
    only = _only_enterprise(program.id)
    joining = []
    for application in applications:
        application.state = ApplicationState.ADMITTED
        if application.user_id not in known:  # else the roster brought the person in meanwhile
            number = numbers[application.user_id, application.college_id]
            joining.append(_enrolment(program, application, people[application.user_id], number, only, today))
            known.add(application.user_id)
        audit.record(action, application, by=None, now=now, program_id=program.id, name=application.name)
    db.session.add_all(joining)
    _relate(program.id, joining, today)
    db.session.flush()
    if joining:
        tell_joined(Joining(program.id, [enrolment.id for enrolment in joining], now))
    db.session.flush()


def _known(program_id: int, user_ids: Sequence[int]) -> set[int]:
    """Return which people are in the programme already, whatever became of them."""
    return set(
        db.session.scalars(
            sa.select(Enrolment.user_id).where(
                Enrolment.program_id == program_id, among(Enrolment.user_id, user_ids)
            )
        )
    )


def _memberships(
    applications: Sequence[Application], user_ids: Sequence[int], now: datetime
) -> dict[tuple[int, int], str]:
    """Return the student number by person and college; who is no trainee of the college yet becomes one."""
    members = {
        (member.user_id, member.organization_id): member
        for member in db.session.scalars(
            sa.select(Membership).where(among(Membership.user_id, user_ids), Membership.role == Role.TRAINEE)
        )
    }
    for application in applications:
        key = (application.user_id, application.college_id)
        if key not in members:
            members[key] = Membership(
                user_id=key[0], organization_id=key[1], role=Role.TRAINEE, number="", created_at=now
            )
            db.session.add(members[key])
        members[key].ended_on = None
    return {key: member.number for key, member in members.items()}


def _enrolment(
    program: Program, application: Application, person: User, number: str, only: int | None, today: date
) -> Enrolment:
    post = application.post
    return Enrolment(
        program_id=program.id,
        user_id=person.id,
        college_id=application.college_id,
        enterprise_id=application.enterprise_id or only,
        state=EnrolmentState.TRAINING,
        name=person.name,
        student_number=number,
        id_number_masked=person.id_number_masked,
        id_number_tail=person.id_number_tail,
        field=post.major if post else application.field,
        post=post.name if post else "",
        enrolled_on=today,
        planned_minutes=program.planned_minutes or 0,
    )


def _relate(program_id: int, joining: Sequence[Enrolment], today: date) -> None:
    """Say that people take part in the programme as its trainees."""
    ids = [enrolment.user_id for enrolment in joining]
    present = {
        relation.user_id: relation
        for relation in db.session.scalars(
            sa.select(ProgramPerson).where(
                ProgramPerson.program_id == program_id,
                among(ProgramPerson.user_id, ids),
                ProgramPerson.role == Role.TRAINEE,
            )
        )
    }
    for enrolment in joining:
        relation = present.get(enrolment.user_id)
        if relation is not None:
            relation.until = None
            continue
        db.session.add(
            ProgramPerson(
                program_id=program_id,
                user_id=enrolment.user_id,
                organization_id=enrolment.college_id,
                role=Role.TRAINEE,
                since=today,
            )
        )


def _only_enterprise(program_id: int) -> int | None:
    found = db.session.scalars(
        sa.select(ProgramParty.organization_id)
        .where(ProgramParty.program_id == program_id, ProgramParty.role == PartyRole.ENTERPRISE)
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None
