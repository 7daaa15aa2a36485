"""What administrators do with people and organisations; each deed stands in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity import first_passwords, queries, sessions
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.roles import ROLES_IN
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import Actor, record, require, sentence
from trainmgr.kernel.db import db

CREATED = sentence("person.created", _l("%(who)s opened an account for %(what)s"))
EDITED = sentence("person.edited", _l("%(who)s edited the account of %(what)s"))
CLOSED = sentence("person.closed", _l("%(who)s closed the account of %(what)s"))
REOPENED = sentence("person.reopened", _l("%(who)s opened the account of %(what)s again"))
RESET = sentence("person.password_reset", _l("%(who)s gave %(what)s a new first password"))
PHONE_SHOWN = sentence("person.phone_shown", _l("%(who)s looked at the phone number of %(what)s"))
ID_SHOWN = sentence("person.id_shown", _l("%(who)s looked at the ID number of %(what)s"))
JOINED = sentence("membership.added", _l("%(who)s gave %(what)s a role in %(organization)s"))
CHANGED = sentence(
    "membership.edited", _l("%(who)s changed the number or title of %(what)s in %(organization)s")
)
LEFT = sentence("membership.ended", _l("%(who)s ended a role of %(what)s in %(organization)s"))
ORGANIZATION_CREATED = sentence("organization.created", _l("%(who)s registered %(what)s"))
ORGANIZATION_EDITED = sentence("organization.edited", _l("%(who)s edited the organisation %(what)s"))


@dataclass(frozen=True)
class Place:
    """A role that a person is to have: where, as what, under which number."""

    organization: Organization
    role: Role
    department: Organization | None = None
    number: str = ""
    title: str = ""

    def fault(self) -> str | None:
        """Return a sentence about what does not go together, or None."""
        if self.role not in ROLES_IN[self.organization.kind]:
            return _(
                "%(role)s is no role in %(organization)s.",
                role=self.role.label,
                organization=self.organization.name,
            )
        if self.role is Role.DEPARTMENT_STAFF and self.department is None:
            return _("Department staff belong to a department: choose it.")
        if self.department is not None and self.department.parent_id != self.organization.id:
            return _("%(department)s is no department of %(organization)s.", department=self.department.name,
                     organization=self.organization.name)  # fmt: skip
        return None


# --- accounts -----------------------------------------------------------------------------------


def create_person(
    *, name: str, username: str, phone: str, place: Place, by: Actor | None, now: datetime
) -> User:
    """Open an account with one role and a first password (see first_passwords)."""
    _check_names(username, phone, besides=None)
    person = User(name=name, username=username, created_at=now)
    first_passwords.give_new(person, now=now)
    _set_phone(person, phone)
    db.session.add(person)
    db.session.flush()
    record(CREATED, person, by=by, now=now, name=name)
    add_membership(person, place, by=by, now=now)
    return person


def edit_person(
    person: User, *, name: str, username: str, phone: str | None, by: Actor, now: datetime
) -> None:
    """Change a person's name and user name, and the phone unless it is None."""
    _check_names(username, phone or "", besides=person.id)
    person.name, person.username = name, username
    if phone is not None:
        _set_phone(person, phone)
    record(EDITED, person, by=by, now=now, name=name)


def _check_names(username: str, phone: str, *, besides: int | None) -> None:
    def taken(condition: sa.ColumnElement[bool]) -> bool:
        return bool(
            db.session.scalar(sa.select(sa.exists().where(condition, User.id.is_distinct_from(besides))))
        )

    require(
        not taken(User.username == username), _("Another account has this user name. Choose a different one.")
    )
    require(
        not phone or not taken(User.phone_digest == crypto.blind_index(phone)),
        _("Another account has this phone number. A number belongs to one person."),
    )


def _set_phone(person: User, phone: str) -> None:
    person.phone_digest = crypto.blind_index(phone) if phone else None
    person.phone_encrypted = crypto.encrypt(phone) if phone else None
    person.phone_masked = crypto.mask_phone(phone)


def close_account(person: User, *, by: Actor, now: datetime) -> None:
    """Let a person in no more; what the person did stays."""
    require(person.id != by.id, _("You cannot close your own account. Another administrator can."))
    require(person.active, _("This account is closed already."))
    person.active = False
    sessions.end_all_sessions(person)
    record(CLOSED, person, by=by, now=now, name=person.name)


def reopen_account(person: User, *, by: Actor, now: datetime) -> None:
    """Let a person in again."""
    require(not person.active, _("This account is open already."))
    person.active = True
    record(REOPENED, person, by=by, now=now, name=person.name)


def reset_password(person: User, *, by: Actor, now: datetime) -> None:
    """Give a person a new first password (see first_passwords), and sign the person out everywhere."""
    require(person.id != by.id, _("Change your own password on your account page."))
    first_passwords.give_new(person, now=now)
    sessions.end_all_sessions(person)
    record(RESET, person, by=by, now=now, name=person.name)


def show_number(person: User, kind: str, *, by: Actor, now: datetime) -> str:
    """Return a person's phone or ID number in clear; that somebody looked stands in the trail."""
    encrypted = person.phone_encrypted if kind == "phone" else person.id_number_encrypted
    require(encrypted, _("There is no such number with this account."))
    record(PHONE_SHOWN if kind == "phone" else ID_SHOWN, person, by=by, now=now, name=person.name)
    return crypto.decrypt(encrypted or "")


# --- roles --------------------------------------------------------------------------------------


def add_membership(person: User, place: Place, *, by: Actor | None, now: datetime) -> Membership:
    """Give a person a role in an organisation; one that had ended begins again."""
    require(not (fault := place.fault()), fault)
    _check_number(place, besides=person.id)
    membership = db.session.scalar(
        sa.select(Membership).where(
            Membership.user_id == person.id,
            Membership.organization_id == place.organization.id,
            Membership.role == place.role,
        )
    )
    require(
        membership is None or membership.ended_on is not None,
        _("%(name)s has this role there already.", name=person.name),
    )
    if membership is None:
        membership = Membership(
            user_id=person.id, organization_id=place.organization.id, role=place.role, created_at=now
        )
        db.session.add(membership)
    membership.ended_on = None
    _fill(membership, place)
    record(
        JOINED,
        person,
        by=by,
        now=now,
        name=person.name,
        organization=place.organization.name,
        role=place.role,
    )
    return membership


def edit_membership(membership: Membership, person: User, place: Place, *, by: Actor, now: datetime) -> None:
    """Change number, title and department of a role; the role itself and its place stay."""
    require(not (fault := place.fault()), fault)
    _check_number(place, besides=person.id)
    _fill(membership, place)
    record(CHANGED, person, by=by, now=now, name=person.name, organization=place.organization.name)


def end_membership(membership: Membership, person: User, *, by: Actor, today: date, now: datetime) -> None:
    """End a role today; what was done in it stays."""
    require(membership.ended_on is None, _("This role has ended already."))
    require(
        person.id != by.id or membership.role is not Role.ADMINISTRATOR,
        _("You cannot end your own role as administrator. Another administrator can."),
    )
    membership.ended_on = today
    name = membership.organization.name
    record(LEFT, person, by=by, now=now, name=person.name, organization=name, role=membership.role)


def _fill(membership: Membership, place: Place) -> None:
    membership.department_id = place.department.id if place.department else None
    membership.number = place.number
    membership.title = place.title


def _check_number(place: Place, *, besides: int) -> None:
    if not place.number:
        return
    holder = db.session.scalar(
        sa.select(User.name)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.organization_id == place.organization.id,
            Membership.role == place.role,
            Membership.number == place.number,
            Membership.user_id != besides,
        )
        .limit(1)
    )
    require(
        holder is None,
        _(
            "The number %(number)s belongs to %(holder)s in %(organization)s.",
            number=place.number,
            holder=holder,
            organization=place.organization.name,
        ),
    )


# --- organisations ------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrganizationFacts:
    """What is known of an organisation apart from its kind and place."""

    name: str
    name_en: str = ""
    short_name: str = ""
    code: str | None = None


def register_organization(
    kind: OrganizationKind,
    facts: OrganizationFacts,
    *,
    parent: Organization | None,
    registered_by: int | None,
    by: Actor | None,
    now: datetime,
) -> Organization:
    """Enter an organisation; a shared one remembers which college entered it."""
    organization = Organization(kind=kind, created_at=now, registered_by_id=registered_by)
    organization.parent_id = parent.id if parent else None
    _apply(organization, facts)
    db.session.add(organization)
    db.session.flush()
    record(ORGANIZATION_CREATED, organization, by=by, now=now, name=organization.name)
    return organization


def edit_organization(
    organization: Organization, facts: OrganizationFacts, *, by: Actor, now: datetime
) -> None:
    """Change names and code of an organisation."""
    _apply(organization, facts)
    record(ORGANIZATION_EDITED, organization, by=by, now=now, name=organization.name)


def _apply(organization: Organization, facts: OrganizationFacts) -> None:
    wanted = Organization(id=organization.id, kind=organization.kind, parent_id=organization.parent_id)
    wanted.name, wanted.code = facts.name, facts.code
    other = queries.find_namesake(wanted)
    if other is not None and facts.code and other.code == facts.code:
        require(False, _("This code is registered already, for %(name)s.", name=other.name))
    require(other is None, _("%(name)s is registered already.", name=facts.name))
    organization.name, organization.name_en = facts.name, facts.name_en
    organization.short_name, organization.code = facts.short_name, facts.code
