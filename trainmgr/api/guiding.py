"""Mentors of a programme, proposals of who guides whom and their pairs as resources."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort
from marshmallow import fields

from trainmgr.api.fields import Base, Id, choice, described, names_of
from trainmgr.api.reading import Asked, Resource, by_choice, by_id
from trainmgr.api.rules import Area
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.mentoring.models import Mentor, ProgramMentor, Proposal, ProposalState, ProposedPair
from trainmgr.mentoring.rules import Way
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

P = Permission


class MentorSchema(Base):
    """A mentor named for a programme: how many trainees there are places for, and how many there are."""

    id = Id()
    mentor_id = Id()
    user_id = Id()
    organization_id = Id()
    side = choice(Side)
    name = fields.String()
    capacity = fields.Integer()
    trainees = fields.Integer(metadata=described("How many of this programme there are now."))


def _mentors(asked: Asked) -> sa.Select[Any]:
    own = ("id", "mentor_id", "side")
    columns = [
        getattr(ProgramMentor if name in own else Mentor, name)
        for name in names_of(MentorSchema)
        if name != "trainees"
    ]
    return (
        sa.select(*columns, ProgramMentor.load.label("trainees"))
        .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
        .where(ProgramMentor.program_id == asked.place.id)
    )


class ProposalSchema(Base):
    """Pairs computed for one side in one way; open until it is approved or put aside."""

    id = Id()
    side = choice(Side)
    way = choice(Way)
    state = choice(ProposalState)
    computed_at = fields.DateTime()
    decided_at = fields.DateTime(allow_none=True)
    version = fields.Integer()


def _proposals(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Proposal, name) for name in names_of(ProposalSchema)]
    return sa.select(*columns).where(Proposal.program_id == asked.place.id)


def proposal_or_404(program: Program, proposal_id: int) -> Proposal:
    """Return a proposal of this very programme, or answer 404."""
    found: Proposal | None = db.session.scalars(
        sa.select(Proposal).where(Proposal.id == proposal_id, Proposal.program_id == program.id)
    ).one_or_none()
    return found if found is not None else abort(404)


class ProposedPairSchema(Base):
    """A trainee and the mentor who is proposed; without one, the obstacle says what stands in the way."""

    id = Id()
    proposal_id = Id()
    enrolment_id = Id()
    mentor_id = Id(allow_none=True)
    next_best_id = Id(allow_none=True)
    fit = fields.Float(metadata=described("0 to 1."))
    locked = fields.Boolean()
    obstacle = fields.String()


def _pairs(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(ProposedPair, name) for name in names_of(ProposedPairSchema)]
    return (
        sa.select(*columns)
        .join(Proposal, Proposal.id == ProposedPair.proposal_id)
        .join(Enrolment, Enrolment.id == ProposedPair.enrolment_id)
        .where(Proposal.program_id == asked.place.id, visible_in(asked.place, asked.viewer))
    )


def side_of_pair_or_404(program: Program, pair_id: int, viewer: User) -> Side:
    """Return the side of a pair whose trainee the viewer may see, or answer 404."""
    side: Side | None = db.session.scalar(
        sa.select(Proposal.side)
        .join(ProposedPair, ProposedPair.proposal_id == Proposal.id)
        .join(Enrolment, Enrolment.id == ProposedPair.enrolment_id)
        .where(ProposedPair.id == pair_id, Proposal.program_id == program.id, visible_in(program, viewer))
    )
    return side if side is not None else abort(404)


_SIDE = "Of the college or of the enterprise."
RESOURCES = (
    Resource(
        "mentors", "mentor", Area.ASSIGNMENTS, P.MENTOR_VIEW, MentorSchema, N_("Mentors of a programme"),
        [ProgramMentor.id], _mentors, filters=by_choice("side", ProgramMentor.side, Side, _SIDE),
    ),
    Resource(
        "proposals", "proposal", Area.ASSIGNMENTS, P.MENTOR_VIEW, ProposalSchema, N_("Proposals of who guides whom"),
        [Proposal.id], _proposals,
        filters=by_choice("side", Proposal.side, Side, _SIDE)
        | by_choice("state", Proposal.state, ProposalState, "The proposal's state."),
        has_version=True,
    ),
    Resource(
        "proposed-pairs", "proposed_pair", Area.ASSIGNMENTS, P.MENTOR_VIEW, ProposedPairSchema,
        N_("Pairs of proposals"), [ProposedPair.id], _pairs,
        filters=by_id("proposal_id", ProposedPair.proposal_id, "Only of this proposal."),
    ),
)  # fmt: skip
