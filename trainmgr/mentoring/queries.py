"""Reads of mentors and assignments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor
from trainmgr.mentoring.terms_models import MentoringTerms
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Side

PRESENT = Enrolment.state.in_([EnrolmentState.TRAINING, EnrolmentState.REMEDIAL])
# How many trainees a mentor usually has, until a programme says otherwise.
TYPICAL = {Side.ENTERPRISE: 5, Side.COLLEGE: 15}
SIDE_ROLE = {Side.COLLEGE: Role.SCHOOL_TEACHER, Side.ENTERPRISE: Role.ENTERPRISE_MENTOR}


def mentor_column(side: Side) -> Any:
    """Return the enrolment's column that holds the present mentor's person on a side."""
    return Enrolment.school_teacher_id if side is Side.COLLEGE else Enrolment.enterprise_mentor_id


def home_column(side: Side) -> Any:
    """Return the enrolment's column that holds the trainee's own organisation on a side."""
    return Enrolment.college_id if side is Side.COLLEGE else Enrolment.enterprise_id


def homes_for(program: Program, viewer: User) -> list[int]:
    """Return the parties whose mentors the viewer may edit here: all for the lead college, else one's own."""
    if not may(program, viewer, Permission.MENTOR_EDIT):
        return []
    parties = [party.organization_id for party in program.parties if party.role.side]
    own = viewer.organizations_where(Permission.MENTOR_EDIT)
    return parties if program.lead_college_id in own else [party for party in parties if party in own]


def list_mentors(program: Program, side: Side, listing: Listing) -> Page[Any]:
    """Return a page of a programme's mentors on one side, with their organisation's name."""
    statement = (
        sa.select(ProgramMentor, Mentor, Organization.name)
        .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
        .join(Organization, Organization.id == Mentor.organization_id)
        .where(ProgramMentor.program_id == program.id, ProgramMentor.side == side)
    )
    if listing.q:
        pattern = like(listing.q)
        statement = statement.where(
            sa.or_(Mentor.name.ilike(pattern, escape="\\"), Mentor.fields.ilike(pattern, escape="\\"))
        )
    orders = {
        "name": [Mentor.name, Mentor.id],
        "organization": [Organization.name, Mentor.name, Mentor.id],
        "load": [ProgramMentor.load, Mentor.name, Mentor.id],
        "capacity": [Mentor.capacity, Mentor.name, Mentor.id],
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False)


def counts(program: Program, viewer: User, side: Side) -> dict[str, int]:
    """Return how many visible trainees there are, how many have a teacher, a mentor, and both: one statement.

    With them how many trainees a mentor of the side usually has, and how many of its mentors have more (`over`).
    """
    teacher, mentor = Enrolment.school_teacher_id.is_not(None), Enrolment.enterprise_mentor_id.is_not(None)
    own = MentoringTerms.typical_enterprise if side is Side.ENTERPRISE else MentoringTerms.typical_college
    stored = sa.select(own).where(MentoringTerms.program_id == program.id).scalar_subquery()
    typical = sa.func.coalesce(stored, TYPICAL[side])
    over = (
        sa.select(sa.func.count())
        .select_from(ProgramMentor)
        .where(
            ProgramMentor.program_id == program.id, ProgramMentor.side == side, ProgramMentor.load > typical
        )
        .scalar_subquery()
    )
    row = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(Enrolment.school_teacher_id),
            sa.func.count(Enrolment.enterprise_mentor_id),
            sa.func.count(sa.case((sa.and_(teacher, mentor), 1))),
            typical,
            over,
        ).where(visible_in(program, viewer), PRESENT)
    ).one()
    names = ("people", "college", "enterprise", "both", "typical", "over")
    return dict(zip(names, row, strict=True))


def lacking(program: Program, viewer: User, limit: int = 20) -> Sequence[Enrolment]:
    """Return the first visible trainees who lack a mentor on either side."""
    return db.session.scalars(
        sa.select(Enrolment)
        .where(
            visible_in(program, viewer),
            PRESENT,
            sa.or_(Enrolment.school_teacher_id.is_(None), Enrolment.enterprise_mentor_id.is_(None)),
        )
        .options(joinedload(Enrolment.cohort))
        .order_by(Enrolment.name, Enrolment.id)
        .limit(limit)
    ).all()


def my_enrolments(program: Program, viewer: User) -> Sequence[Enrolment]:
    """Return the viewer's own enrolment or trainees in a programme, with their mentors' names (at most 200)."""
    return db.session.scalars(
        sa.select(Enrolment)
        .where(visible_in(program, viewer), PRESENT)
        .options(
            joinedload(Enrolment.school_teacher),
            joinedload(Enrolment.enterprise_mentor),
            joinedload(Enrolment.cohort),
        )
        .order_by(Enrolment.name, Enrolment.id)
        .limit(200)
    ).all()


def list_trainees_of(viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of everybody whom the viewer guides now, over all programmes."""
    statement = (
        sa.select(Enrolment)
        .where(
            sa.or_(Enrolment.school_teacher_id == viewer.id, Enrolment.enterprise_mentor_id == viewer.id),
            PRESENT,
        )
        .options(joinedload(Enrolment.program), joinedload(Enrolment.cohort))
    )
    if listing.q:
        statement = statement.where(Enrolment.name.ilike(like(listing.q), escape="\\"))
    orders = {
        "name": [Enrolment.name, Enrolment.id],
        "verified": [Enrolment.verified_minutes, Enrolment.name, Enrolment.id],
        "program": [Enrolment.program_id, Enrolment.name, Enrolment.id],
    }
    return paginate(statement, listing, orders=orders, default="name")


def history_of(enrolment_id: int) -> Sequence[Assignment]:
    """Return who guided a trainee when, oldest first."""
    return db.session.scalars(
        sa.select(Assignment)
        .where(Assignment.enrolment_id == enrolment_id)
        .options(joinedload(Assignment.mentor))
        .order_by(Assignment.starts_on, Assignment.id)
    ).all()


def candidates(program: Program, side: Side, homes: Sequence[int], q: str, limit: int = 30) -> Sequence[Any]:
    """Return people who could be named as mentors: (user, organisation), by name or number, not named yet."""
    named = (
        sa.select(Mentor.user_id)
        .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
        .where(ProgramMentor.program_id == program.id, ProgramMentor.side == side)
    )
    statement = (
        sa.select(User, Organization)
        .join(Membership, Membership.user_id == User.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(
            Membership.role == SIDE_ROLE[side],
            Membership.ended_on.is_(None),
            Membership.organization_id.in_(homes),
            User.active,
            User.id.not_in(named),
        )
    )
    if q:
        pattern = like(q)
        statement = statement.where(
            sa.or_(User.name.ilike(pattern, escape="\\"), Membership.number.ilike(pattern, escape="\\"))
        )
    return db.session.execute(statement.order_by(User.name, User.id).limit(limit)).all()


def get_person(user_id: int) -> User:
    """Return a person with what they are in their organisations."""
    return db.session.get_one(User, user_id, options=[selectinload(User.memberships)])


def named_or_404(program: Program, program_mentor_id: int) -> ProgramMentor:
    """Return a programme's mentor with the profile, or answer 404."""
    row = db.session.scalar(
        sa.select(ProgramMentor)
        .where(ProgramMentor.id == program_mentor_id, ProgramMentor.program_id == program.id)
        .options(joinedload(ProgramMentor.mentor).joinedload(Mentor.organization))
    )
    return row or abort(404)


def named_mentors(program: Program, side: Side) -> Sequence[ProgramMentor]:
    """Return all of a programme's active mentors on a side, by name."""
    return db.session.scalars(
        sa.select(ProgramMentor)
        .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
        .where(ProgramMentor.program_id == program.id, ProgramMentor.side == side, Mentor.active)
        .options(joinedload(ProgramMentor.mentor))
        .order_by(Mentor.name, Mentor.id)
    ).all()


def guided_by(program: Program, mentor: Mentor, viewer: User) -> Sequence[Enrolment]:
    """Return the visible trainees whom a mentor guides in a programme now."""
    return db.session.scalars(
        sa.select(Enrolment)
        .where(visible_in(program, viewer), PRESENT, mentor_column(mentor.side) == mentor.user_id)
        .order_by(Enrolment.name, Enrolment.id)
    ).all()


def names_of(mentor_ids: Sequence[int], limit: int = 5) -> Sequence[str]:
    """Return the names of the first few of some mentors."""
    names = sa.select(Mentor.name).where(Mentor.id.in_(mentor_ids)).order_by(Mentor.name, Mentor.id)
    return db.session.scalars(names.limit(limit)).all()


def last_editor(mentor: Mentor) -> str:
    """Return the name of who changed a mentor's profile last."""
    return (
        db.session.scalar(
            sa.select(AuditEvent.actor_name)
            .where(AuditEvent.subject_kind == "mentor", AuditEvent.subject_id == mentor.id)
            .order_by(AuditEvent.id.desc())
            .limit(1)
        )
        or ""
    )
