"""Two proposals beside each other: the trainees whose mentors differ."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.mentoring.models import Mentor, Proposal, ProposedPair
from trainmgr.programs.models import Program


def list_differences(
    program: Program, first: Proposal, second: Proposal, viewer: User, listing: Listing
) -> Page[Any]:
    """Return a page of the trainees who have another mentor in each: (trainee, name, fit, name, fit)."""
    one, other = aliased(ProposedPair), aliased(ProposedPair)
    left, right = aliased(Mentor), aliased(Mentor)
    statement = (
        sa.select(Enrolment, left.name, one.fit, right.name, other.fit)
        .join(one, sa.and_(one.enrolment_id == Enrolment.id, one.proposal_id == first.id))
        .join(other, sa.and_(other.enrolment_id == Enrolment.id, other.proposal_id == second.id))
        .outerjoin(left, left.id == one.mentor_id)
        .outerjoin(right, right.id == other.mentor_id)
        .where(
            visible_in(program, viewer),
            sa.func.coalesce(one.mentor_id, 0) != sa.func.coalesce(other.mentor_id, 0),
        )
    )
    if listing.q:
        pattern = like(listing.q)
        statement = statement.where(
            sa.or_(*(name.ilike(pattern, escape="\\") for name in (Enrolment.name, left.name, right.name)))
        )
    orders = {
        "name": [Enrolment.name, Enrolment.id],
        "first": [left.name, Enrolment.name, Enrolment.id],
        "second": [right.name, Enrolment.name, Enrolment.id],
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False)
