"""Reads of personal links: whom they may be given to, how they stand, what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.employment.models import FollowUpAnswer
from trainmgr.employment.queries import GRADUATED, PRESENT
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.rules import WindowKind
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel import by_link
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, like, paginate
from trainmgr.links.models import MentorLink
from trainmgr.links.rules import Holder
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may

FOUND = 30
EVENTS_SHOWN = 30
# A graduate's link opens the follow-up evaluation and no other.
by_link.narrow_further(by_link.GRADUATE, Window, lambda cls: cls.kind == WindowKind.FOLLOW_UP)
OWN_PASSWORD = sa.and_(User.password_hash != "", User.password_hash.not_like("first:%"))


def homes_for(program: Program, viewer: User) -> list[Organization]:
    """Return the parties whose mentors the viewer may give links in a programme: their own.

    Where an enterprise has no coordinator with an account, the lead college's people stand in for it.
    """
    if not may(program, viewer, Permission.LINK_ISSUE):
        return []
    own = viewer.organizations_where(Permission.LINK_ISSUE)
    parties = [party for party in program.parties if party.role.side]
    homes = [party.organization for party in parties if party.organization_id in own]
    if program.lead_college_id in own:
        others = [party.organization for party in parties if party.organization_id not in own]
        led = _with_coordinator([home.id for home in others if home.kind == "enterprise"])
        homes += [home for home in others if home.kind == "enterprise" and home.id not in led]
    return homes


def _with_coordinator(organization_ids: Sequence[int]) -> set[int]:
    return set(
        db.session.scalars(
            sa.select(Membership.organization_id)
            .join(User, User.id == Membership.user_id)
            .where(
                Membership.organization_id.in_(organization_ids),
                Membership.role == Role.ENTERPRISE_COORDINATOR,
                Membership.ended_on.is_(None),
                User.active,
            )
        )
    )


def list_links(program: Program, homes: Sequence[Organization], listing: Listing) -> Page[MentorLink]:
    """Return a page of the links of some parties' mentors in a programme, the latest first."""
    statement = (
        sa.select(MentorLink)
        .join(MentorLink.user)
        .where(
            MentorLink.program_id == program.id,
            MentorLink.organization_id.in_([home.id for home in homes]),
            MentorLink.for_graduate.is_(False),
        )
        .options(joinedload(MentorLink.user), joinedload(MentorLink.organization))
    )
    if listing.q:
        statement = statement.where(User.name.ilike(like(listing.q), escape="\\"))
    orders: dict[str, Sequence[Any]] = {
        "issued": [MentorLink.issued_at.desc(), MentorLink.id.desc()],
        "name": [User.name, MentorLink.id],
        "expires": [MentorLink.expires_at, MentorLink.id],
        "used": [MentorLink.last_used_at, MentorLink.id],
    }
    if listing.sort in ("", "issued"):
        orders["issued"] = [sa.desc(MentorLink.id)] if listing.direction == "asc" else [MentorLink.id]
    return paginate(statement, listing, orders=orders, default="issued")


def link_or_404(program: Program, homes: Sequence[Organization], link_id: int) -> MentorLink:
    """Return a link of a mentor whom the viewer may give one, or answer 404."""
    link: MentorLink | None = db.session.scalar(
        sa.select(MentorLink)
        .where(
            MentorLink.id == link_id,
            MentorLink.program_id == program.id,
            MentorLink.organization_id.in_([home.id for home in homes]),
        )
        .options(
            joinedload(MentorLink.user), joinedload(MentorLink.organization), joinedload(MentorLink.issued_by)
        )
    )
    return link if link is not None else abort(404)


def uses_of(link: MentorLink) -> Sequence[AuditEvent]:
    """Return what became of a link, the latest first."""
    return db.session.scalars(
        sa.select(AuditEvent)
        .where(AuditEvent.subject_kind == MentorLink.__tablename__, AuditEvent.subject_id == link.id)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(EVENTS_SHOWN)
    ).all()


# --- whom a link may be given to -------------------------------------------------------------------


def candidates(
    program: Program, homes: Sequence[Organization], q: str, chosen: int | None = None
) -> Sequence[Any]:
    """Return some mentors of the programme who have no password of their own: (ProgramMentor, Mentor, Organization)."""
    wanted: sa.ColumnElement[bool] = sa.true()
    if chosen:
        wanted = ProgramMentor.id == chosen
    elif q:
        wanted = Mentor.name.ilike(like(q), escape="\\")
    return db.session.execute(
        _named(program, homes)
        .where(sa.not_(OWN_PASSWORD), User.active, wanted)
        .order_by(Mentor.name, ProgramMentor.id)
        .limit(FOUND)
    ).all()


def named_or_404(program: Program, homes: Sequence[Organization], program_mentor_id: int) -> Any:
    """Return one of the programme's mentors of these parties: (ProgramMentor, Mentor, Organization); or answer 404."""
    row = db.session.execute(
        _named(program, homes).where(ProgramMentor.id == program_mentor_id)
    ).one_or_none()
    return row if row is not None else abort(404)


def _named(program: Program, homes: Sequence[Organization]) -> Any:
    return (
        sa.select(ProgramMentor, Mentor, Organization)
        .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
        .join(User, User.id == Mentor.user_id)
        .join(Organization, Organization.id == Mentor.organization_id)
        .where(
            ProgramMentor.program_id == program.id, Mentor.organization_id.in_([home.id for home in homes])
        )
        .options(joinedload(ProgramMentor.mentor).joinedload(Mentor.user))
    )


# --- graduates ---------------------------------------------------------------------------------------


def colleges_for(program: Program, viewer: User) -> list[Organization]:
    """Return the colleges to whose graduates the viewer may give links in a programme: the viewer's own."""
    return [home for home in homes_for(program, viewer) if home.kind == OrganizationKind.COLLEGE]


def _graduates(program: Program, colleges: Sequence[Organization]) -> Any:
    live = sa.and_(
        MentorLink.program_id == Enrolment.program_id,
        MentorLink.user_id == Enrolment.user_id,
        MentorLink.for_graduate.is_(True),
        MentorLink.ended_at.is_(None),
    )
    return (
        sa.select(Enrolment, MentorLink)
        .join(Enrolment.user)
        .outerjoin(MentorLink, live)
        .where(
            Enrolment.program_id == program.id,
            Enrolment.college_id.in_([home.id for home in colleges]),
            GRADUATED,
        )
        .options(contains_eager(Enrolment.user), joinedload(Enrolment.cohort))
    )


def list_graduates(
    program: Program,
    colleges: Sequence[Organization],
    listing: Listing,
    *,
    round_id: int | None,
    without: bool,
) -> Page[Any]:
    """Return a page of graduates with their links, (Enrolment, MentorLink or None): all, or who owes a round an answer,
    or who has no link."""
    statement = _graduates(program, colleges)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    if round_id is not None:
        answered = sa.exists().where(
            FollowUpAnswer.round_id == round_id, FollowUpAnswer.enrolment_id == Enrolment.id, PRESENT
        )
        statement = statement.where(sa.not_(answered))
    if without:
        statement = statement.where(MentorLink.id.is_(None))
    orders: dict[str, Sequence[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "used": [MentorLink.last_used_at, Enrolment.id],
        "expires": [MentorLink.expires_at, Enrolment.id],
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False)


def chosen_graduates(
    program: Program, colleges: Sequence[Organization], ids: Sequence[int]
) -> list[Enrolment]:
    """Return the graduates with these ids whom the viewer may give links, by name."""
    return list(
        db.session.scalars(
            _graduates(program, colleges)
            .with_only_columns(Enrolment)
            .where(Enrolment.id.in_(ids))
            .order_by(Enrolment.name, Enrolment.id)
        )
    )


# --- at the door -------------------------------------------------------------------------------------


def find_by_token(token: str) -> MentorLink | None:
    """Return the link of a token, locked while it is looked at; None for a token that no link has."""
    return _found(MentorLink.token_digest == digest_of(token))


def find_by_id(link_id: int) -> MentorLink | None:
    """Return a link, locked while it is looked at."""
    return _found(MentorLink.id == link_id)


def _found(condition: sa.ColumnElement[bool]) -> MentorLink | None:
    link: MentorLink | None = db.session.scalar(
        sa.select(MentorLink)
        .where(condition)
        .options(
            joinedload(MentorLink.user),
            joinedload(MentorLink.program),
            joinedload(MentorLink.issued_by),
            joinedload(MentorLink.organization),
        )
        .with_for_update(of=MentorLink)
    )
    return link


def live_link(program_id: int, user_id: int) -> MentorLink | None:
    """Return the link of a mentor in a programme that is not revoked, locked; it may have expired."""
    link: MentorLink | None = db.session.scalar(
        sa.select(MentorLink)
        .where(
            MentorLink.program_id == program_id,
            MentorLink.user_id == user_id,
            MentorLink.ended_at.is_(None),
        )
        .options(joinedload(MentorLink.user))
        .with_for_update(of=MentorLink)
    )
    return link


def holder_of(link: MentorLink) -> Holder:
    """Return what of the mentor decides whether the link opens: one statement."""
    if link.for_graduate:
        return _graduate_of(link)
    named = sa.exists().where(
        ProgramMentor.program_id == link.program_id,
        ProgramMentor.mentor_id == Mentor.id,
        Mentor.user_id == link.user_id,
        Mentor.organization_id == link.organization_id,
    )
    active, is_named, own = db.session.execute(
        sa.select(User.active, named, OWN_PASSWORD).where(User.id == link.user_id)
    ).one()
    return Holder(active=active, named=is_named, has_password=own)


def _graduate_of(link: MentorLink) -> Holder:
    """A graduate who is one still, and still known to a college; a password of one's own shuts no graduate out."""
    graduated = sa.exists().where(
        Enrolment.program_id == link.program_id, Enrolment.user_id == link.user_id, GRADUATED
    )
    known = sa.exists().where(
        Membership.user_id == link.user_id, Membership.role == Role.TRAINEE, Membership.ended_on.is_(None)
    )
    active, is_graduate = db.session.execute(
        sa.select(User.active, sa.and_(graduated, known)).where(User.id == link.user_id)
    ).one()
    return Holder(active=active, named=is_graduate, has_password=False)


def expiry_of(link_id: int) -> Any:
    """Return until when a link lasts."""
    return db.session.scalar(sa.select(MentorLink.expires_at).where(MentorLink.id == link_id))
