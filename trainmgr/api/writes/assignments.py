"""Who guides whom: pairs proposed, locked or changed by hand, approved or put aside; trainees handed over."""

from __future__ import annotations

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from marshmallow import fields, validate

from trainmgr.api import guiding
from trainmgr.api.deeds import Deed, Done, Write, fault
from trainmgr.api.fields import Base, Day, Flag, Line, NothingSchema, Ref, choice, described
from trainmgr.api.rules import Area
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.msgids import N_
from trainmgr.mentoring import actions, deciding, proposing, queries
from trainmgr.mentoring import proposal_queries as proposals
from trainmgr.mentoring.models import Assignment, Proposal, ProposalState, ProposedPair
from trainmgr.mentoring.rules import Way
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

P = Permission
WAYS = tuple(way for way in Way if way is not Way.TWO_WAY)  # that one is found when its round is over


class NewProposalSchema(Base):
    """Pairs to be computed for everybody on one side; locked ones stay."""

    side = choice(Side, required=True)
    way = choice(WAYS, "best_fit unless told.")


class LockSchema(Base):
    """Whether computing anew keeps a pair."""

    locked = Flag(required=True)


class MoveSchema(Base):
    """Another mentor for the trainee of a pair, which is locked then."""

    mentor_id = Ref(required=True)


class HandoverSchema(Base):
    """Who goes to whom, from when on and why."""

    successor_id = Ref(
        required=True, metadata=described("Another of /mentors, of the same side and organisation.")
    )
    enrolment_ids = fields.List(
        Ref(), required=True, validate=validate.Length(1, 500), metadata=described("Trainees of the mentor.")
    )
    day = Day(required=True, metadata=described("Today or before."))
    reason = Line(200, least=1, required=True)


def propose(deed: Deed) -> Done:
    """Compute pairs for the whole class; more than three hundred trainees are a job."""
    program = deed.program(P.MENTOR_ASSIGN)
    side, way = Side(deed.data["side"]), Way(deed.data.get("way", Way.BEST_FIT))
    job = proposing.request_proposal(program, side, by=deed.by, now=deed.now, way=way)
    if job is not None:
        db.session.flush()
        return Done(job_id=job.id)
    db.session.flush()
    proposal = proposals.find_proposal(program, side, way)
    assert proposal is not None
    return Done(proposal.id, made=True)


def _proposal(deed: Deed) -> tuple[Program, Proposal]:
    """Return a proposal to decide on; whoever decides a second time hears that it is done."""
    program = deed.program(P.MENTOR_ASSIGN)
    proposal = guiding.proposal_or_404(program, deed.row_id)
    deed.require_present(proposal.version)
    if proposal.state is not ProposalState.OPEN:
        raise Conflict(_("The proposal is approved or put aside already. Nothing was done a second time."))
    return program, proposal


def approve(deed: Deed) -> Done:
    """Make the proposed pairs real from today on."""
    program, proposal = _proposal(deed)
    deciding.approve_proposal(program, proposal, version=proposal.version, by=deed.by, now=deed.now)
    db.session.flush()
    return Done(proposal.id)


def drop(deed: Deed) -> Done:
    """Put a proposal aside; nobody's mentor changes."""
    program, proposal = _proposal(deed)
    deciding.drop_proposal(program, proposal, by=deed.by, now=deed.now)
    db.session.flush()
    return Done(proposal.id)


def _pair(deed: Deed) -> tuple[Program, Proposal, ProposedPair]:
    program = deed.program(P.MENTOR_ASSIGN)
    side = guiding.side_of_pair_or_404(program, deed.row_id, deed.by)
    return program, *proposals.proposal_of_pair_or_404(program, side, deed.row_id)


def lock(deed: Deed) -> Done:
    """Lock a pair, or let it go."""
    _program, proposal, pair = _pair(deed)
    deciding.set_lock(proposal, pair, deed.data["locked"])
    db.session.flush()
    return Done(pair.id)


def move(deed: Deed) -> Done:
    """Give a trainee another mentor by hand."""
    program, proposal, pair = _pair(deed)
    deciding.change_pair(program, proposal, pair, deed.data["mentor_id"], by=deed.by, now=deed.now)
    db.session.flush()
    return Done(pair.id)


def hand_over(deed: Deed) -> Done:
    """Hand trainees of one mentor over to another; answers with their present assignments."""
    program = deed.program()
    named = queries.named_or_404(program, deed.row_id)
    if named.mentor.organization_id not in queries.homes_for(program, deed.by):
        abort(403)
    wanted = list(dict.fromkeys(deed.data["enrolment_ids"]))
    guided = {one.id for one in queries.guided_by(program, named.mentor, deed.by)}
    for place, key in enumerate(deed.data["enrolment_ids"]):
        if key not in guided:
            raise fault(f"enrolment_ids.{place}", _("This trainee is not under this mentor."))
    others = {
        one.id: one
        for one in queries.named_mentors(program, named.side)
        if one.id != named.id and one.mentor.organization_id == named.mentor.organization_id
    }
    successor = others.get(deed.data["successor_id"])
    if successor is None:
        raise fault("successor_id", _("Choose another mentor of the same side."))
    actions.hand_over(
        program, named, wanted, successor, day=deed.data["day"], reason=deed.data["reason"], by=deed.by, now=deed.now
    )  # fmt: skip
    present = sa.select(Assignment.id).where(
        Assignment.enrolment_id.in_(wanted), Assignment.side == named.side, Assignment.ends_on.is_(None)
    )
    return Done(row_ids=db.session.scalars(present).all())


_PLACE = "/programs/<int:program_id>"
_PROPOSAL = f"{_PLACE}/proposals/<int:row_id>"
_PAIR = f"{_PLACE}/proposed-pairs/<int:row_id>"
WRITES = {
    "create_proposal": Write(
        "POST", f"{_PLACE}/proposals", Area.ASSIGNMENTS, P.MENTOR_ASSIGN, NewProposalSchema, "proposals",
        N_("Have pairs of mentors and trainees proposed"), propose, made=True, later=True,
    ),
    "approve_proposal": Write(
        "POST", f"{_PROPOSAL}/approve", Area.ASSIGNMENTS, P.MENTOR_ASSIGN, NothingSchema, "proposals",
        N_("Make the proposed pairs real"), approve, needs_etag=True,
    ),
    "drop_proposal": Write(
        "POST", f"{_PROPOSAL}/drop", Area.ASSIGNMENTS, P.MENTOR_ASSIGN, NothingSchema, "proposals",
        N_("Put a proposal aside"), drop, needs_etag=True,
    ),
    "lock_pair": Write(
        "POST", f"{_PAIR}/lock", Area.ASSIGNMENTS, P.MENTOR_ASSIGN, LockSchema, "proposed-pairs",
        N_("Lock a proposed pair, or let it go"), lock,
    ),
    "move_pair": Write(
        "POST", f"{_PAIR}/move", Area.ASSIGNMENTS, P.MENTOR_ASSIGN, MoveSchema, "proposed-pairs",
        N_("Give the trainee of a pair another mentor"), move,
    ),
    "hand_over": Write(
        "POST", f"{_PLACE}/mentors/<int:row_id>/hand-over", Area.ASSIGNMENTS, P.MENTOR_EDIT, HandoverSchema,
        "assignments", N_("Hand a mentor's trainees over"), hand_over, many=True,
    ),
}  # fmt: skip
