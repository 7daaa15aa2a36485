"""Whose account of another system belongs to whom here: by the provider's rule, by the persons themselves, never else.

Whoever runs a provider could say that somebody is anybody. So a provider reaches its own organisation's people only,
and by a rule only those who are nothing elsewhere (but a trainee): the others link their account themselves.
"""

from __future__ import annotations

import enum
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, undefer

from trainmgr.identity.asserted import Identity
from trainmgr.identity.managing import CREATED
from trainmgr.identity.models import Membership, Organization, OrganizationKind, SignInSession, User
from trainmgr.identity.sign_on_models import (
    LinkRule,
    ProviderAccount,
    ProviderKind,
    ProviderVisit,
    SignInProvider,
)
from trainmgr.identity.workplaces import PRESETS
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import record, require, sentence
from trainmgr.kernel.crypto import IdFault, blind_index, check_phone
from trainmgr.kernel.db import db
from trainmgr.kernel.inputs import tidy
from trainmgr.kernel.paging import Listing, Page, contains, paginate

LINKED = sentence("sign_on.linked", _l("%(who)s can sign in through %(provider)s from now on"))
UNLINKED = sentence("sign_on.unlinked", _l("%(who)s can sign in through %(provider)s no longer"))
AT_THE_DOOR = 3  # more ways than these are behind a link
CHECKED = "phone_number_verified"


class Why(enum.Enum):
    """Why nobody was let in although the other system said who it was."""

    UNKNOWN = enum.auto()  # the rule finds nobody
    SEVERAL = enum.auto()  # it finds several
    ELSEWHERE = enum.auto()  # the person works for another organisation too
    OTHER = enum.auto()  # the person is linked to another account there
    LEFT = enum.auto()  # the person belongs to the organisation no longer
    CLOSED = enum.auto()


@dataclass(frozen=True)
class Unknown:
    """Nobody is let in, and why."""

    why: Why


# --- which ways there are ------------------------------------------------------------------------


def _ways() -> sa.Select[Any]:
    return (
        sa.select(SignInProvider)
        .options(joinedload(SignInProvider.organization))
        .where(SignInProvider.active)
    )


def ways_at_the_door() -> list[SignInProvider]:
    """Return the other systems that the door names; one more than fits says that there are more."""
    return list(
        db.session.scalars(_ways().order_by(SignInProvider.name, SignInProvider.id).limit(AT_THE_DOOR + 1))
    )


def list_ways(listing: Listing) -> Page[SignInProvider]:
    """Return a page of all systems through which people sign in, found by their or their organisation's name."""
    statement = _ways().join(Organization, Organization.id == SignInProvider.organization_id)
    if listing.q:
        named = (SignInProvider.name, Organization.name, Organization.short_name)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in named)))
    orders = {"name": (Organization.name, SignInProvider.name, SignInProvider.id)}
    return paginate(statement, listing, orders=orders, default="name")


def find_way(provider_id: int) -> SignInProvider | None:
    """Return a system that people may sign in through now."""
    statement = _ways().where(SignInProvider.id == provider_id).options(undefer(SignInProvider.secret_sealed))
    provider: SignInProvider | None = db.session.scalar(statement)
    return provider


def ways_of(user: User) -> list[tuple[SignInProvider, ProviderAccount | None]]:
    """Return the systems of a person's organisations (and the operator's), each with the person's account there."""
    mine = sa.and_(ProviderAccount.provider_id == SignInProvider.id, ProviderAccount.user_id == user.id)
    rows = db.session.execute(
        sa.select(SignInProvider, ProviderAccount)
        .outerjoin(ProviderAccount, mine)
        .join(Organization, Organization.id == SignInProvider.organization_id)
        .where(
            sa.or_(
                ProviderAccount.id.is_not(None),
                sa.and_(
                    SignInProvider.active,
                    sa.or_(
                        SignInProvider.organization_id.in_({post.organization_id for post in user.posts}),
                        Organization.kind == OrganizationKind.OPERATOR,
                    ),
                ),
            )
        )
        .options(joinedload(SignInProvider.organization))
        .order_by(SignInProvider.name, SignInProvider.id)
        .limit(50)
    )
    return [(row[0], row[1]) for row in rows]


# --- who comes -----------------------------------------------------------------------------------


def person_of(provider: SignInProvider, identity: Identity, *, now: datetime) -> User | Unknown:
    """Return who came, linked by the provider's rule where it is the first time, or why nobody is let in."""
    account = db.session.scalar(
        sa.select(ProviderAccount)
        .options(joinedload(ProviderAccount.user))
        .where(
            ProviderAccount.provider_id == provider.id,
            ProviderAccount.issuer == identity.issuer,
            ProviderAccount.subject == identity.subject[:255],
        )
    )
    if account is None:
        return _first_time(provider, identity, now)
    if not account.user.active:
        return Unknown(Why.CLOSED)
    if not _may_come(provider, account.user):
        return Unknown(Why.LEFT)
    account.last_at = now
    return account.user


def _first_time(provider: SignInProvider, identity: Identity, now: datetime) -> User | Unknown:
    if provider.link_rule is LinkRule.SELF:
        return Unknown(Why.UNKNOWN)
    people = _matching(provider, identity)
    if len(people) > 1:
        return Unknown(Why.SEVERAL)
    if not people:
        return _newcomer(provider, identity, now) if provider.creates else Unknown(Why.UNKNOWN)
    person = people[0]
    if not person.active:
        return Unknown(Why.CLOSED)
    if not _is_whole(provider) and _works_elsewhere(provider, person):
        return Unknown(Why.ELSEWHERE)
    return person if _tie(provider, identity, person, now) else Unknown(Why.OTHER)


def _matching(provider: SignInProvider, identity: Identity) -> list[User]:
    """Return the (at most two) people of the provider's organisation whom its rule means."""
    value = unicodedata.normalize("NFKC", identity.text(claim_of(provider)))
    statement = sa.select(User).order_by(User.id).limit(2).with_for_update()
    of_here = sa.select(Membership.user_id).where(Membership.ended_on.is_(None))
    if not _is_whole(provider):
        of_here = of_here.where(Membership.organization_id == provider.organization_id)
    if not value or len(value) > 60:
        return []
    if provider.link_rule is LinkRule.NUMBER:
        spellings = {value, value.lower(), value.upper()}
        return list(
            db.session.scalars(statement.where(User.id.in_(of_here.where(Membership.number.in_(spellings)))))
        )
    if provider.kind is ProviderKind.OIDC and identity.claims.get(CHECKED) is not True:
        return []
    try:
        digest = blind_index(check_phone(value))
    except IdFault:
        return []
    return list(db.session.scalars(statement.where(User.phone_digest == digest, User.id.in_(of_here))))


def claim_of(provider: SignInProvider) -> str:
    """Return the name of what is compared."""
    if provider.claim:
        return provider.claim
    if provider.kind is ProviderKind.CAS:
        return "user"
    if provider.kind in PRESETS:
        return PRESETS[provider.kind]["claim"]
    return "phone_number" if provider.link_rule is LinkRule.PHONE else "preferred_username"


def _is_whole(provider: SignInProvider) -> bool:
    """Tell whether the provider is the whole installation's."""
    return provider.organization.kind is OrganizationKind.OPERATOR


def _works_elsewhere(provider: SignInProvider, person: User) -> bool:
    statement = sa.select(Membership.id).where(
        Membership.user_id == person.id,
        Membership.ended_on.is_(None),
        Membership.organization_id != provider.organization_id,
        Membership.role != Role.TRAINEE,
    )
    return db.session.scalar(statement.limit(1)) is not None


def _may_come(provider: SignInProvider, person: User) -> bool:
    """Tell whether a linked person still belongs to the provider's organisation, or has no role at all yet."""
    if _is_whole(provider):
        return True
    held = set(
        db.session.scalars(
            sa.select(Membership.organization_id).where(
                Membership.user_id == person.id, Membership.ended_on.is_(None)
            )
        )
    )
    return not held or provider.organization_id in held


def _newcomer(provider: SignInProvider, identity: Identity, now: datetime) -> User:
    """Open an account without any role; whoever administers the organisation gives one."""
    name = (tidy(identity.name) or identity.text(claim_of(provider)) or identity.subject)[:80]
    person = User(name=name, username=f"x-{secrets.token_hex(6)}", must_change_password=False, created_at=now)
    db.session.add(person)
    db.session.flush()
    record(CREATED, person, by=None, now=now, name=name)
    _tie(provider, identity, person, now)
    return person


def _tie(provider: SignInProvider, identity: Identity, person: User, now: datetime) -> bool:
    """Link an account to a person; tells whether it is so. One of a former issuer is replaced."""
    account = db.session.scalar(
        sa.select(ProviderAccount).where(
            ProviderAccount.provider_id == provider.id, ProviderAccount.user_id == person.id
        )
    )
    if account is not None and account.issuer == identity.issuer:
        return account.subject == identity.subject[:255]
    if account is None:
        account = ProviderAccount(provider_id=provider.id, user_id=person.id)
        db.session.add(account)
    account.issuer, account.subject = identity.issuer[:255], identity.subject[:255]
    account.linked_at = account.last_at = now
    record(LINKED, person, by=person, now=now, name=person.name, provider=provider.name)
    return True


# --- by the persons themselves -------------------------------------------------------------------


def link(provider: SignInProvider, identity: Identity, user: User, *, now: datetime) -> None:
    """Link an account to the person who is signed in and has just signed in there, too."""
    require(_may_come(provider, user), _("You do not belong to %(name)s.", name=provider.organization.name))
    holder = db.session.scalar(
        sa.select(ProviderAccount.user_id).where(
            ProviderAccount.provider_id == provider.id,
            ProviderAccount.issuer == identity.issuer,
            ProviderAccount.subject == identity.subject[:255],
        )
    )
    require(holder in (None, user.id), _("That account there belongs to somebody else here."))
    require(
        holder == user.id or _tie(provider, identity, db.session.get_one(User, user.id), now),
        _("You are linked to another account there. Unlink it first."),
    )


def unlink(user: User, provider_id: int, *, now: datetime) -> None:
    """Unlink a person's account of another system."""
    require(user.password_hash, _("You have no password here: without this link you could not come in."))
    account = db.session.scalar(
        sa.select(ProviderAccount)
        .options(joinedload(ProviderAccount.provider))
        .where(ProviderAccount.provider_id == provider_id, ProviderAccount.user_id == user.id)
    )
    require(account is not None, _("You are not linked there."))
    assert account is not None
    name = account.provider.name
    db.session.delete(account)
    record(UNLINKED, db.session.get_one(User, user.id), by=user, now=now, name=user.name, provider=name)


# --- signing out ---------------------------------------------------------------------------------


def visit_of(token_digest: str) -> tuple[int, str] | None:
    """Return through which other system a browser was signed in, with its ticket's fingerprint, if through any."""
    row = db.session.execute(
        sa.select(ProviderVisit.provider_id, ProviderVisit.ticket_digest)
        .join(SignInSession, SignInSession.id == ProviderVisit.session_id)
        .where(SignInSession.token_digest == token_digest)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def keep_visit(row: SignInSession, provider_id: int, ticket_digest: str) -> None:
    """Remember through which other system a browser was signed in."""
    db.session.flush()
    db.session.add(ProviderVisit(session_id=row.id, provider_id=provider_id, ticket_digest=ticket_digest))


def ticket_digest(provider_id: int, ticket: str) -> str:
    """Return what is kept of a service ticket."""
    return blind_index(f"service ticket:{provider_id}:{ticket}")


def end_by_ticket(provider_id: int, ticket: str) -> int:
    """Sign out the browsers that came with a ticket; returns how many."""
    wanted = sa.select(ProviderVisit.session_id).where(
        ProviderVisit.provider_id == provider_id,
        ProviderVisit.ticket_digest == ticket_digest(provider_id, ticket),
    )
    done = db.session.execute(sa.delete(SignInSession).where(SignInSession.id.in_(wanted)))
    return int(getattr(done, "rowcount", 0))
