"""Reads of proposals: the open one, its pairs and loads, the job that computes it, and what it is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
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
from trainmgr.mentoring.models import Mentor, ProgramMentor, Proposal, ProposalState, ProposedPair
from trainmgr.mentoring.rules import Way
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

PROPOSING = "mentor-proposal"
MATCHING = "choice-matching"


def find_proposing(program: Program, side: Side) -> Job | None:
    """Return the last job that computed, or computes, a side's proposal."""
    return db.session.scalar(sa.select(Job).where(Job.id == _newest_job(program, side)))


def _newest_job(program: Program, side: Side) -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.max(Job.id))
        .where(
            Job.program_id == program.id,
            Job.kind.in_((PROPOSING, MATCHING)),
            Job.params["side"].as_string() == side.value,
        )
        .scalar_subquery()
    )


def proposals_and_job(program: Program, side: Side, now: datetime) -> tuple[list[Proposal], Job | None]:
    """Return a side's open proposals, and the job at work on one or broken off within a day: one statement."""
    open_here = sa.and_(
        Proposal.program_id == program.id, Proposal.side == side, Proposal.state == ProposalState.OPEN
    )
    rows: Sequence[Any] = db.session.execute(
        sa.select(Proposal, Job)
        .select_from(Program)
        .outerjoin(Proposal, open_here)
        .outerjoin(Job, Job.id == _newest_job(program, side))
        .where(Program.id == program.id)
        .order_by(Proposal.computed_at.desc(), Proposal.id.desc())
    ).all()
    proposals = [row[0] for row in rows if row[0] is not None]
    job = rows[0][1]
    if job is None or job.is_live:
        return proposals, job
    broken_off = (
        job.state is JobState.FAILED and job.finished_at and job.finished_at > now - timedelta(days=1)
    )
    return proposals, job if broken_off else None


def open_proposals(program: Program, side: Side) -> Sequence[Proposal]:
    """Return a side's open proposals, the newest first: at most one of each way."""
    return db.session.scalars(
        sa.select(Proposal)
        .where(Proposal.program_id == program.id, Proposal.side == side, Proposal.state == ProposalState.OPEN)
        .order_by(Proposal.computed_at.desc(), Proposal.id.desc())
    ).all()


def find_proposal(program: Program, side: Side, way: Way | None = None) -> Proposal | None:
    """Return a side's open proposal of a way, or the newest of any way."""
    return next((one for one in open_proposals(program, side) if way in (None, one.way)), None)


def proposal_of_pair_or_404(program: Program, side: Side, pair_id: int) -> tuple[Proposal, ProposedPair]:
    """Return one line of an open proposal with the proposal, or answer 404."""
    row: Any = db.session.execute(
        sa.select(Proposal, ProposedPair)
        .join(ProposedPair, ProposedPair.proposal_id == Proposal.id)
        .where(
            ProposedPair.id == pair_id,
            Proposal.program_id == program.id,
            Proposal.side == side,
            Proposal.state == ProposalState.OPEN,
        )
        .options(joinedload(ProposedPair.enrolment), joinedload(ProposedPair.mentor))
    ).one_or_none()
    return (row[0], row[1]) if row else abort(404)


def list_pairs(program: Program, proposal: Proposal, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of a proposal's pairs, weakest fit first.

    Each is (pair, trainee, mentor's name, next best's name, that one's number in the programme).
    """
    best, other = aliased(Mentor), aliased(Mentor)
    statement = (
        sa.select(ProposedPair, Enrolment, best.name, other.name, ProgramMentor.id)
        .join(Enrolment, Enrolment.id == ProposedPair.enrolment_id)
        .outerjoin(best, best.id == ProposedPair.mentor_id)
        .outerjoin(other, other.id == ProposedPair.next_best_id)
        .outerjoin(
            ProgramMentor,
            sa.and_(ProgramMentor.mentor_id == other.id, ProgramMentor.program_id == program.id),
        )
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
