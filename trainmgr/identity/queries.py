"""Reads of people and organisations; every one that takes an id starts from what the viewer may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload, selectinload, undefer

from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.roles import ROLES_IN
from trainmgr.identity.sign_on_models import ProviderAccount, SignInProvider
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.kernel.shared import kept

# Entered by one college, seen by all of them.
SHARED_KINDS = (
    OrganizationKind.ENTERPRISE,
    OrganizationKind.OUTSIDE,
    OrganizationKind.ALLIANCE,
    OrganizationKind.INDUSTRY_COLLEGE,
    OrganizationKind.BASE,
)
# Of these, alliances and places are known to whoever may see people at all.
PUBLIC_KINDS = SHARED_KINDS[2:]
MOST_CHOICES = 500

# Other features' reasons to see people: each returns selects of the ids of those whom the viewer sees for it.
Reason = Callable[[User], "Sequence[sa.Select[Any]]"]
_reasons: list[Reason] = []
FEW_PEOPLE = (
    5_000  # up to here PostgreSQL is quicker to sort all that a viewer sees than to look person by person
)


def also_sees(reason: Reason) -> Reason:
    """Register a feature's own reason why a viewer sees people (a programme that brings them together)."""
    _reasons.append(reason)
    return reason


def is_operator(viewer: User) -> bool:
    """Tell whether the signed-in person administers the whole installation."""
    return any(
        membership.role is Role.ADMINISTRATOR and membership.organization.kind is OrganizationKind.OPERATOR
        for membership in viewer.memberships
    )


# --- organisations ------------------------------------------------------------------------------


def manageable_by(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Organization that leaves those that the viewer administers.

    An administrator's own organisation and its departments, and shared ones that it registered as long as they have
    no administrator of their own; the operator's administrator has all.
    """
    if is_operator(viewer):
        return sa.true()
    own = viewer.organizations_as(Role.ADMINISTRATOR)
    if not own:
        return sa.false()
    administered = sa.exists().where(
        Membership.organization_id == Organization.id,
        Membership.role == Role.ADMINISTRATOR,
        Membership.ended_on.is_(None),
    )
    return sa.or_(
        Organization.id.in_(own),
        Organization.parent_id.in_(own),
        sa.and_(Organization.registered_by_id.in_(own), Organization.kind.in_(SHARED_KINDS), ~administered),
    )


def visible_organizations(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Organization that leaves those that the viewer may see.

    One's own with its departments; whoever sees people somewhere sees alliances and practice bases; whoever registers
    enterprises sees the shared ones of all colleges.
    """
    if is_operator(viewer):
        return sa.true()
    own = viewer.organizations_where(Permission.PEOPLE_VIEW)
    seen = [Organization.id.in_(own), Organization.parent_id.in_(own), manageable_by(viewer)]
    if own:
        seen.append(Organization.kind.in_(PUBLIC_KINDS))
    if Permission.ORGANISATION_REGISTER in viewer.permissions:
        seen.append(Organization.kind.in_(SHARED_KINDS))
    return sa.or_(*seen)


def organization_or_404(organization_id: int, viewer: User, *, to_manage: bool = False) -> Organization:
    """Return an organisation that the viewer may see (administer), or answer 404."""
    condition = manageable_by(viewer) if to_manage else visible_organizations(viewer)
    organization: Organization | None = db.session.scalar(
        sa.select(Organization)
        .where(Organization.id == organization_id, condition)
        .options(joinedload(Organization.parent))
    )
    return organization if organization is not None else abort(404)


def manages(viewer: User, organization: Organization) -> bool:
    """Tell whether the viewer administers an organisation."""
    return bool(
        db.session.scalar(
            sa.select(Organization.id).where(Organization.id == organization.id, manageable_by(viewer))
        )
    )


def list_organizations(viewer: User, listing: Listing, kind: OrganizationKind | None) -> Page[Any]:
    """Return a page of organisations with how many people each has: rows of (organisation, parent's name, people)."""
    parent = aliased(Organization)
    people = (
        sa.select(sa.func.count(sa.distinct(Membership.user_id)))
        .where(
            sa.or_(
                Membership.organization_id == Organization.id, Membership.department_id == Organization.id
            ),
            Membership.ended_on.is_(None),
        )
        .scalar_subquery()
    )
    own = sa.true() if is_operator(viewer) else _own_or_managed(viewer)
    statement = (
        sa.select(Organization, parent.name.label("parent_name"), sa.case((own, people)).label("people"))
        .outerjoin(parent, parent.id == Organization.parent_id)
        .where(visible_organizations(viewer))
    )
    if kind is not None:
        statement = statement.where(Organization.kind == kind)
    if listing.q:
        columns = (Organization.name, Organization.short_name, Organization.name_en, Organization.code)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in columns)))
    orders = {
        "name": (Organization.name, Organization.id),
        "kind": (Organization.kind, Organization.name, Organization.id),
        "code": (Organization.code, Organization.id),
    }
    filters = {"kind": kind.value} if kind else {}
    return paginate(statement, listing, orders=orders, default="name", scalars=False, filters=filters)


def _own_or_managed(viewer: User) -> sa.ColumnElement[bool]:
    own = viewer.organizations_where(Permission.PEOPLE_VIEW)
    return sa.or_(Organization.id.in_(own), Organization.parent_id.in_(own), manageable_by(viewer))


def counts_by_role(organization: Organization) -> dict[Role, int]:
    """Return how many people hold each role in an organisation (or in a department) today."""
    place = sa.or_(Membership.organization_id == organization.id, Membership.department_id == organization.id)
    rows = db.session.execute(
        sa.select(Membership.role, sa.func.count())
        .where(place, Membership.ended_on.is_(None))
        .group_by(Membership.role)
    )
    return {row[0]: row[1] for row in rows}


def departments_of(organization: Organization) -> Sequence[Organization]:
    """Return a college's departments."""
    return db.session.scalars(
        sa.select(Organization)
        .where(Organization.parent_id == organization.id, Organization.kind == OrganizationKind.DEPARTMENT)
        .order_by(Organization.name, Organization.id)
        .limit(MOST_CHOICES)
    ).all()


def organizations_to_staff(viewer: User) -> Sequence[Organization]:
    """Return the organisations in which the viewer may give people a role, departments among them."""
    return db.session.scalars(
        sa.select(Organization)
        .where(manageable_by(viewer))
        .order_by(Organization.kind, Organization.name, Organization.id)
        .limit(MOST_CHOICES)
    ).all()


def find_namesake(organization: Organization) -> Organization | None:
    """Return another organisation with the same code, or of the same kind and name in the same place."""
    same = sa.and_(
        Organization.kind == organization.kind,
        Organization.name == organization.name,
        Organization.parent_id.is_not_distinct_from(organization.parent_id),
    )
    if organization.code:
        same = sa.or_(same, Organization.code == organization.code)
    with db.session.no_autoflush:
        return db.session.scalar(
            sa.select(Organization).where(same, Organization.id.is_distinct_from(organization.id)).limit(1)
        )


# --- people -------------------------------------------------------------------------------------


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on User that leaves the people whom the viewer may see.

    Those of the viewer's own organisations (where the role lets one see people), those whom the viewer administers,
    newcomers to whom the viewer gives the first role, and those whom other features bring together with the viewer.
    """
    if is_operator(viewer):
        return sa.true()
    # Person by person: of 50,000 people sorted by name, a page then looks at fifty.
    return sa.or_(*(ids.where(ids.selected_columns[0] == User.id).exists() for ids in _seen_by(viewer)))


def _seen_by(viewer: User) -> list[sa.Select[Any]]:
    own = viewer.organizations_where(Permission.PEOPLE_VIEW)
    seen: list[sa.Select[Any]] = [sa.select(Membership.user_id).where(Membership.organization_id.in_(own))]
    if viewer.organizations_as(Role.ADMINISTRATOR):
        managed = sa.select(Organization.id).where(manageable_by(viewer))
        seen.append(sa.select(Membership.user_id).where(Membership.organization_id.in_(managed)))
        seen.append(_newcomers_of(viewer))
    return [*seen, *(ids for reason in _reasons for ids in reason(viewer))]


def _newcomers_of(viewer: User) -> sa.Select[Any]:
    """Return a select of who came through the own system of an organisation that the viewer administers, and has had
    no role anywhere yet."""
    role = aliased(Membership)
    return (
        sa.select(ProviderAccount.user_id)
        .join(SignInProvider, SignInProvider.id == ProviderAccount.provider_id)
        .where(
            SignInProvider.organization_id.in_(viewer.organizations_as(Role.ADMINISTRATOR)),
            ~sa.exists().where(role.user_id == ProviderAccount.user_id),
        )
    )


def _listed_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the same condition for counting, and for the page of a list that is short.

    Person by person PostgreSQL looks at everybody of the installation to count the people of one college; asked for
    their ids first, it looks at those alone. (The operator sees everybody either way.)
    """
    return User.id.in_(sa.union(*_seen_by(viewer)))


def _belongs(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Ask person by person: of 50,000 people sorted by name, a page then looks at fifty and not at all."""
    return sa.exists().where(Membership.user_id == User.id, *conditions)


def person_or_404(user_id: int, viewer: User) -> User:
    """Return a person whom the viewer may see, with every membership's organisation, or answer 404."""
    person: User | None = db.session.scalar(
        sa.select(User)
        .where(User.id == user_id, visible_to(viewer))
        .options(undefer(User.phone_encrypted), undefer(User.id_number_encrypted))
    )
    return person if person is not None else abort(404)


def memberships_of(person: User) -> Sequence[Membership]:
    """Return what a person is and was, the present first."""
    return db.session.scalars(
        sa.select(Membership)
        .where(Membership.user_id == person.id)
        .options(joinedload(Membership.organization), joinedload(Membership.department))
        .order_by(Membership.ended_on.is_not(None), Membership.id)
    ).all()


def manages_person(viewer: User, memberships: Sequence[Membership], newcomer: User | None = None) -> bool:
    """Tell whether the viewer administers a person: every organisation that the person belongs to is the viewer's.

    Whoever belongs to several houses is in the hands of none of them alone, only of the operator's administrator;
    otherwise one college could take over an account that works for another. A `newcomer` without any is the one's
    through whose own system they came.
    """
    if is_operator(viewer):
        return True
    places = {membership.organization_id for membership in memberships if membership.ended_on is None}
    places = places or {membership.organization_id for membership in memberships}
    if not places:
        return newcomer is not None and _is_newcomer_of(viewer, newcomer)
    count = sa.select(sa.func.count(Organization.id)).where(
        Organization.id.in_(places), manageable_by(viewer)
    )
    return db.session.scalar(count) == len(places)


def _is_newcomer_of(viewer: User, person: User) -> bool:
    found = _newcomers_of(viewer).where(ProviderAccount.user_id == person.id)
    return db.session.scalar(found.limit(1)) is not None


def administrators_of(person: User) -> Sequence[tuple[str, str]]:
    """Return name and organisation of some who can give a person a new first password."""
    own, theirs = aliased(Membership), aliased(Membership)
    found = db.session.execute(
        sa.select(User.name, Organization.name)
        .select_from(own)
        .join(theirs, theirs.organization_id == own.organization_id)
        .join(User, User.id == theirs.user_id)
        .join(Organization, Organization.id == own.organization_id)
        .where(
            own.user_id == person.id,
            own.ended_on.is_(None),
            theirs.ended_on.is_(None),
            theirs.role == Role.ADMINISTRATOR,
            User.active,
            User.id != person.id,
        )
        .distinct()
        .order_by(Organization.name, User.name)
        .limit(3)
    )
    return [(name, organization) for name, organization in found]


@dataclass(frozen=True)
class PeopleFilter:
    """Which people a list is about: a role, an organisation (or department), present, left, or closed accounts."""

    role: Role | None = None
    organization_id: int | None = None
    state: str = ""

    def arguments(self) -> dict[str, str]:
        """Return the filter as query arguments."""
        values = {"role": self.role, "organization": self.organization_id, "state": self.state}
        return {key: str(value) for key, value in values.items() if value}


def list_people(viewer: User, listing: Listing, wanted: PeopleFilter) -> Page[User]:
    """Return a page of people with their present memberships: three statements for any number of people."""
    by_person = db.engine.dialect.name == "sqlite" or is_operator(viewer)
    seen = visible_to(viewer) if by_person else _listed_to(viewer)
    few = select_people(viewer, listing.q, seen=seen).where(_is_wanted(wanted))

    def count() -> int:
        ids = few.with_only_columns(User.id).subquery()
        return db.session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0

    # To count tens of thousands takes longer than all else on the page; one more or less is told a minute later.
    parts = [viewer.id, listing.q, wanted.arguments()]
    total = kept("people", parts, 60, count, worth=lambda found: found > FEW_PEOPLE)
    statement = few if total <= FEW_PEOPLE else select_people(viewer, listing.q).where(_is_wanted(wanted))
    orders = {
        "name": (User.name, User.id),
        "username": (User.username, User.id),
        "added": (User.created_at, User.id),
    }
    filters = wanted.arguments()
    return paginate(statement, listing, orders=orders, default="name", total=total, filters=filters)


def select_people(viewer: User, text: str, *, seen: sa.ColumnElement[bool] | None = None) -> sa.Select[Any]:
    """Return a select of the people whom the viewer may see and whose name, user name or number fits a text.

    `seen` is that condition where the caller has it in another form.
    """
    statement = sa.select(User).where(visible_to(viewer) if seen is None else seen)
    statement = statement.options(selectinload(User.memberships).joinedload(Membership.organization))
    if not text:
        return statement
    fits = (
        contains(User.name, text),
        contains(User.username, text),
        _belongs(contains(Membership.number, text)),
    )
    return statement.where(sa.or_(*fits))


def _is_wanted(wanted: PeopleFilter) -> sa.ColumnElement[bool]:
    membership: list[sa.ColumnElement[bool]] = [
        Membership.ended_on.is_not(None) if wanted.state == "left" else Membership.ended_on.is_(None)
    ]
    if wanted.role:
        membership.append(Membership.role == wanted.role)
    if wanted.organization_id:
        place = wanted.organization_id
        membership.append(sa.or_(Membership.organization_id == place, Membership.department_id == place))
    conditions: list[sa.ColumnElement[bool]] = [User.active.is_(wanted.state != "closed")]
    if wanted.role or wanted.organization_id or wanted.state == "left":
        conditions.append(_belongs(*membership))
    return sa.and_(*conditions)


def organizations_to_filter(viewer: User) -> Sequence[Organization]:
    """Return the organisations by which the viewer may filter people."""
    condition = sa.true() if is_operator(viewer) else _own_or_managed(viewer)
    return db.session.scalars(
        sa.select(Organization)
        .where(condition)
        .order_by(Organization.name, Organization.id)
        .limit(MOST_CHOICES)
    ).all()


def events_about(person: User, limit: int = 10) -> Sequence[AuditEvent]:
    """Return what the trail says about a person, newest first."""
    return db.session.scalars(
        sa.select(AuditEvent)
        .where(AuditEvent.subject_kind == User.__tablename__, AuditEvent.subject_id == person.id)
        .order_by(AuditEvent.id.desc())
        .limit(limit)
    ).all()


def roles_for(organizations: Sequence[Organization]) -> list[Role]:
    """Return the roles that some of these organisations have, the administrator last: nobody is one by chance."""
    possible = {role for organization in organizations for role in ROLES_IN[organization.kind]}
    ordered = [role for role in Role if role in possible and role is not Role.ADMINISTRATOR]
    return ordered + [role for role in (Role.ADMINISTRATOR,) if role in possible]
