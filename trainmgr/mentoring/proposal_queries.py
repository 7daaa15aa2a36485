"""Reads of proposals: the open one, its pairs and loads, the job that computes it, and what it is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.mentoring.matching import Guide, Trainee
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor, Proposal, ProposalState, ProposedPair
from trainmgr.mentoring.queries import PRESENT, home_column
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State

PROPOSING = "mentor-proposal"


def find_proposing(program: Program, side: Side) -> Job | None:
    """Return the last job that computed, or computes, a side's proposal."""
    return db.session.scalar(sa.select(Job).where(Job.id == _newest_job(program, side)))


def _newest_job(program: Program, side: Side) -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.max(Job.id))
        .where(
            Job.program_id == program.id,
            Job.kind == PROPOSING,
            Job.params["side"].as_string() == side.value,
        )
        .scalar_subquery()
    )


def proposal_and_job(program: Program, side: Side, now: datetime) -> tuple[Proposal | None, Job | None]:
    """Return a side's open proposal, and the job at work on it or broken off within a day: one statement."""
    open_here = sa.and_(
        Proposal.program_id == program.id, Proposal.side == side, Proposal.state == ProposalState.OPEN
    )
    row: Any = db.session.execute(
        sa.select(Proposal, Job)
        .select_from(Program)
        .outerjoin(Proposal, open_here)
        .outerjoin(Job, Job.id == _newest_job(program, side))
        .where(Program.id == program.id)
    ).one()
    proposal, job = row
    if job is None or job.is_live:
        return proposal, job
    broken_off = (
        job.state is JobState.FAILED and job.finished_at and job.finished_at > now - timedelta(days=1)
    )
    return proposal, job if broken_off else None


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
