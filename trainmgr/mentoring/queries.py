"""Reads of mentors, assignments and proposals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.mentoring.matching import Guide, Trainee
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor, Proposal, ProposalState, ProposedPair
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Side, State

PRESENT = Enrolment.state.in_([EnrolmentState.TRAINING, EnrolmentState.REMEDIAL])
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


def counts(program: Program, viewer: User) -> dict[str, int]:
    """Return how many visible trainees there are, how many have a teacher, a mentor, and both: one statement."""
    teacher, mentor = Enrolment.school_teacher_id.is_not(None), Enrolment.enterprise_mentor_id.is_not(None)
    row = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(Enrolment.school_teacher_id),
            sa.func.count(Enrolment.enterprise_mentor_id),
            sa.func.count(sa.case((sa.and_(teacher, mentor), 1))),
        ).where(visible_in(program, viewer), PRESENT)
    ).one()
    return dict(zip(("people", "college", "enterprise", "both"), row, strict=True))


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
    """Return a person who was found among the candidates."""
    return db.session.get_one(User, user_id)


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


# --- proposals ------------------------------------------------------------------------------------


def find_proposal(program: Program, side: Side) -> Proposal | None:
    """Return the open proposal of a side."""
    return db.session.scalar(
        sa.select(Proposal).where(
            Proposal.program_id == program.id, Proposal.side == side, Proposal.state == ProposalState.OPEN
        )
    )


def proposal_or_404(program: Program, side: Side) -> Proposal:
    """Return the open proposal of a side, or answer 404."""
    return find_proposal(program, side) or abort(404)


def list_pairs(program: Program, proposal: Proposal, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of a proposal's pairs, weakest fit first: (pair, trainee, mentor's name, next best's name)."""
    best, other = aliased(Mentor), aliased(Mentor)
    statement = (
        sa.select(ProposedPair, Enrolment, best.name, other.name)
        .join(Enrolment, Enrolment.id == ProposedPair.enrolment_id)
        .outerjoin(best, best.id == ProposedPair.mentor_id)
        .outerjoin(other, other.id == ProposedPair.next_best_id)
        .where(ProposedPair.proposal_id == proposal.id, visible_in(program, viewer))
    )
    if listing.q:
        pattern = like(listing.q)
        statement = statement.where(
            sa.or_(Enrolment.name.ilike(pattern, escape="\\"), best.name.ilike(pattern, escape="\\"))
        )
    orders: dict[str, Sequence[Any]] = {
        "fit": [sa.case((ProposedPair.mentor_id.is_(None), 0), else_=1), ProposedPair.fit, ProposedPair.id],
        "name": [Enrolment.name, ProposedPair.id],
        "mentor": [best.name, Enrolment.name, ProposedPair.id],
    }
    return paginate(statement, listing, orders=orders, default="fit", scalars=False)


def pair_or_404(proposal: Proposal, pair_id: int) -> ProposedPair:
    """Return one line of a proposal, or answer 404."""
    row = db.session.scalar(
        sa.select(ProposedPair)
        .where(ProposedPair.id == pair_id, ProposedPair.proposal_id == proposal.id)
        .options(joinedload(ProposedPair.enrolment), joinedload(ProposedPair.mentor))
    )
    return row or abort(404)


def loads_of(proposal: Proposal, limit: int = 30) -> Sequence[Any]:
    """Return the load of each mentor under a proposal: (mentor, pairs, locked pairs), fullest first."""
    pairs = (
        sa.select(
            ProposedPair.mentor_id,
            sa.func.count().label("pairs"),
            sa.func.count(sa.case((ProposedPair.locked, 1))).label("locked"),
        )
        .where(ProposedPair.proposal_id == proposal.id, ProposedPair.mentor_id.is_not(None))
        .group_by(ProposedPair.mentor_id)
        .subquery()
    )
    return db.session.execute(
        sa.select(Mentor, sa.func.coalesce(pairs.c.pairs, 0), sa.func.coalesce(pairs.c.locked, 0))
        .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
        .outerjoin(pairs, pairs.c.mentor_id == Mentor.id)
        .where(ProgramMentor.program_id == proposal.program_id, ProgramMentor.side == proposal.side)
        .order_by(sa.func.coalesce(pairs.c.pairs, 0).desc(), Mentor.name, Mentor.id)
        .limit(limit)
    ).all()


def trainees_for(program: Program, side: Side, viewer: User) -> list[Trainee]:
    """Return everybody who needs a mentor on a side, as the matching takes them."""
    present = aliased(Assignment)
    rows = db.session.execute(
        sa.select(Enrolment.id, home_column(side), Enrolment.field, present.mentor_id, present.locked)
        .outerjoin(
            present,
            sa.and_(present.enrolment_id == Enrolment.id, present.side == side, present.ends_on.is_(None)),
        )
        .where(visible_in(program, viewer), PRESENT)
        .order_by(Enrolment.id)
    )
    return [
        Trainee(id=row[0], organization_id=row[1], field=row[2], present_id=row[3],
                locked_id=row[3] if row[4] else None)
        for row in rows
    ]  # fmt: skip


def guides_for(program: Program, side: Side, on: date) -> list[Guide]:
    """Return the programme's mentors on a side, as the matching takes them."""
    elsewhere = (
        sa.select(Assignment.mentor_id, sa.func.count().label("taken"))
        .join(Program, Program.id == Assignment.program_id)
        .where(
            Assignment.ends_on.is_(None),
            Assignment.program_id != program.id,
            Program.state.not_in((State.CLOSED, State.CANCELLED)),
        )
        .group_by(Assignment.mentor_id)
        .subquery()
    )
    before = (
        sa.select(Assignment.mentor_id, sa.func.count().label("guided"))
        .where(Assignment.ends_on <= on)
        .group_by(Assignment.mentor_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Mentor, sa.func.coalesce(elsewhere.c.taken, 0), sa.func.coalesce(before.c.guided, 0))
        .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
        .outerjoin(elsewhere, elsewhere.c.mentor_id == Mentor.id)
        .outerjoin(before, before.c.mentor_id == Mentor.id)
        .where(ProgramMentor.program_id == program.id, ProgramMentor.side == side, Mentor.active)
        .order_by(Mentor.id)
    )
    return [
        Guide(
            id=mentor.id,
            organization_id=mentor.organization_id,
            capacity=mentor.capacity,
            fields=fields_of(mentor.fields),
            qualified_until=mentor.qualified_until,
            taken=taken,
            guided_before=guided,
        )
        for mentor, taken, guided in rows
    ]


def fields_of(text: str) -> frozenset[str]:
    """Return the fields that a mentor's line names, parted by commas of either script."""
    return frozenset(
        part.strip() for part in text.replace("，", ",").replace("、", ",").split(",") if part.strip()
    )
