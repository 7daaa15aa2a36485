"""Making and revoking tokens, one's own and those of an organisation's integrations."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.api.models import ApiIntegration, ApiToken
from trainmgr.api.rules import LONGEST_LIFE, digest_of, known_scopes, new_token
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db

MADE = audit.sentence("api.token", _l("%(who)s made the token “%(what)s” for the interface of programs"))
REVOKED = audit.sentence("api.revoke", _l("%(who)s revoked the token “%(what)s”"))
CONNECTED = audit.sentence("api.integration", _l("%(who)s connected the system “%(what)s” as %(role)s"))
SWITCHED = audit.sentence("api.switch", _l("%(who)s switched the system “%(what)s” off"))
MOST_TOKENS, MOST_INTEGRATIONS = 20, 50
# What another system can be: whoever acts for a whole house.
ROLES = {
    OrganizationKind.COLLEGE: (Role.STAFF,),
    OrganizationKind.ENTERPRISE: (Role.ENTERPRISE_COORDINATOR,),
}


@dataclass(frozen=True)
class TokenFacts:
    """What is typed of a token."""

    name: str
    scopes: Sequence[str]
    days: int


# --- one's own -----------------------------------------------------------------------------------------------


def tokens_of(user: User) -> Sequence[ApiToken]:
    """Return a person's own tokens, the latest first."""
    return db.session.scalars(
        sa.select(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.integration_id.is_(None))
        .order_by(ApiToken.id.desc())
        .limit(50)
    ).all()


def own_token_or_404(token_id: int, user: User) -> ApiToken:
    """Return one of a person's own tokens, or answer 404."""
    found: ApiToken | None = db.session.scalars(
        sa.select(ApiToken).where(
            ApiToken.id == token_id, ApiToken.user_id == user.id, ApiToken.integration_id.is_(None)
        )
    ).one_or_none()
    return found if found is not None else abort(404)


def make_own(user: User, facts: TokenFacts, *, now: datetime) -> tuple[ApiToken, str]:
    """Make a token with the person's own rights; returns it with its text, which is shown this once."""
    good = sum(token.is_good(now) for token in tokens_of(user))
    require(good < MOST_TOKENS, _("You have twenty tokens. Revoke one first."))
    return _make(facts, user_id=user.id, integration_id=None, by=user, now=now)


def _make(
    facts: TokenFacts, *, user_id: int, integration_id: int | None, by: User, now: datetime
) -> tuple[ApiToken, str]:
    scopes = known_scopes(facts.scopes)
    require(scopes, _("Choose what the token may do."))
    text = new_token()
    token = ApiToken(
        user_id=user_id,
        integration_id=integration_id,
        name=facts.name,
        digest=digest_of(text),
        beginning=text[:8],
        scopes=scopes,
        created_at=now,
        expires_at=now + min(timedelta(days=facts.days), LONGEST_LIFE),
    )
    db.session.add(token)
    audit.record(MADE, token, by=by, now=now, name=facts.name, scopes=len(scopes), days=facts.days)
    return token, text


def revoke(token: ApiToken, *, by: User, now: datetime) -> None:
    """Take a token's rights away at once; who does so twice changes nothing."""
    if token.revoked_at is None:
        token.revoked_at = now
        audit.record(REVOKED, token, by=by, now=now, name=token.name)


# --- an organisation's ---------------------------------------------------------------------------------------


def organization_or_404(organization_id: int, user: User) -> Organization:
    """Return an organisation whose integrations a person manages, or answer 404."""
    if organization_id not in user.organizations_where(Permission.INTEGRATION_MANAGE):
        abort(404)
    return db.session.get(Organization, organization_id) or abort(404)


def organizations_of(user: User) -> Sequence[Organization]:
    """Return the organisations whose integrations a person manages."""
    ids = user.organizations_where(Permission.INTEGRATION_MANAGE)
    return db.session.scalars(
        sa.select(Organization).where(Organization.id.in_(ids)).order_by(Organization.name)
    ).all()


def integrations_of(organization: Organization) -> Sequence[ApiIntegration]:
    """Return an organisation's integrations with their tokens: two statements."""
    return db.session.scalars(
        sa.select(ApiIntegration)
        .where(ApiIntegration.organization_id == organization.id)
        .options(selectinload(ApiIntegration.tokens))
        .order_by(ApiIntegration.active.desc(), ApiIntegration.id)
        .limit(MOST_INTEGRATIONS)
    ).all()


def integration_or_404(organization: Organization, integration_id: int) -> ApiIntegration:
    """Return an integration of an organisation, or answer 404."""
    found: ApiIntegration | None = db.session.scalars(
        sa.select(ApiIntegration)
        .where(ApiIntegration.id == integration_id, ApiIntegration.organization_id == organization.id)
        .options(joinedload(ApiIntegration.organization))
    ).one_or_none()
    return found if found is not None else abort(404)


def token_or_404(integration: ApiIntegration, token_id: int) -> ApiToken:
    """Return a token of an integration, or answer 404."""
    found: ApiToken | None = db.session.scalars(
        sa.select(ApiToken).where(ApiToken.id == token_id, ApiToken.integration_id == integration.id)
    ).one_or_none()
    return found if found is not None else abort(404)


def tokens_for(integration: ApiIntegration) -> Sequence[ApiToken]:
    """Return an integration's tokens, the latest first."""
    return db.session.scalars(
        sa.select(ApiToken)
        .where(ApiToken.integration_id == integration.id)
        .order_by(ApiToken.id.desc())
        .limit(50)
    ).all()


def connect(organization: Organization, name: str, role: Role, *, by: User, now: datetime) -> ApiIntegration:
    """Connect another system of an organisation, under an account of its own."""
    require(role in ROLES.get(organization.kind, ()), _("A system of this organisation cannot be that."))
    count = db.session.scalar(
        sa.select(sa.func.count()).where(ApiIntegration.organization_id == organization.id)
    )
    require((count or 0) < MOST_INTEGRATIONS, _("An organisation connects at most fifty systems."))
    account = User(
        username=f"system-{secrets.token_hex(8)}", name=name, must_change_password=False, created_at=now
    )
    db.session.add(account)
    db.session.flush()
    made = ApiIntegration(
        organization_id=organization.id, user_id=account.id, role=role, name=name, by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(made)
    audit.record(CONNECTED, made, by=by, now=now, name=name, role=str(role.value))
    return made


def switch_off(integration: ApiIntegration, *, by: User, now: datetime) -> None:
    """Let none of an integration's tokens open anything any more."""
    require(integration.active, _("This system is switched off already."))
    integration.active = False
    audit.record(SWITCHED, integration, by=by, now=now, name=integration.name)


def make_for(
    integration: ApiIntegration, facts: TokenFacts, *, by: User, now: datetime
) -> tuple[ApiToken, str]:
    """Make a token of an integration; returns it with its text, which is shown this once."""
    require(integration.active, _("This system is switched off already."))
    good = sa.select(sa.func.count()).where(
        ApiToken.integration_id == integration.id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    require(
        (db.session.scalar(good) or 0) < MOST_TOKENS, _("This system has twenty tokens. Revoke one first.")
    )
    return _make(facts, user_id=integration.user_id, integration_id=integration.id, by=by, now=now)
