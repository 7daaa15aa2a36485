"""How a request of the API comes in: by `Authorization: Bearer`, never by the session's cookie.

The token's row is read and its pace counted first; then the person is read with the roles of the token.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import g, request
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from trainmgr.api import pace
from trainmgr.api.models import ApiIntegration, ApiToken
from trainmgr.api.problems import Problem
from trainmgr.api.rules import digest_of, token_in
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import own_door
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.db import db, reading


def _scope_of(view: Any) -> str:
    scope: str | None = getattr(view, "scope", None)
    if scope is None:
        raise RuntimeError(f"view {request.endpoint} of the API has no scope")
    return scope


def enter(view: Any) -> None:
    """Put the token's person in as who asks, or refuse: 401 without a good token, 403 without the scope, 429."""
    g.heeds_headers = True
    token = _token()
    if not pace.takes(token.id, token.per_minute, utcnow()):
        seconds = 60 - int(utcnow().timestamp()) % 60
        raise Problem(
            429,
            _("This token may ask %(count)s times a minute.", count=token.per_minute),
            headers={"Retry-After": str(seconds)},
        )
    if _scope_of(view) not in token.scopes:
        raise Problem(403, _("The token lacks the scope %(scope)s.", scope=_scope_of(view)))
    g.api_token_id = token.id
    g._login_user = _integration(token) if token.integration_id else _person(token.user_id)
    g._login_user.token_id = token.id


def _token() -> Any:
    """Return the token's row as plain values; its transaction ends here, so that a write begins afresh after it."""
    typed = token_in(request.headers.get("Authorization"))
    if typed is None:
        raise _unknown()
    statement = sa.select(
        ApiToken.id,
        ApiToken.user_id,
        ApiToken.integration_id,
        ApiToken.scopes,
        ApiToken.per_minute,
    ).where(
        ApiToken.digest == digest_of(typed), ApiToken.revoked_at.is_(None), ApiToken.expires_at > utcnow()
    )
    with reading():  # and give the connection back: the count takes one of its own
        found = db.session.execute(statement).one_or_none()
    if found is None:
        raise _unknown()
    return found


def _unknown() -> Problem:
    return Problem(
        401,
        _("Send a token that is neither expired nor revoked as “Authorization: Bearer …”."),
        headers={"WWW-Authenticate": "Bearer"},
    )


def _person(user_id: int) -> User:
    user: User | None = (
        db.session.scalars(
            sa.select(User)
            .where(User.id == user_id, User.active)
            .options(joinedload(User.memberships).joinedload(Membership.organization))
        )
        .unique()
        .one_or_none()
    )
    if user is None or user.must_change_password:
        raise Problem(403, _("The person of this token has to sign in and set a password first."))
    return _ready(user)


def _integration(token: Any) -> User:
    """Return an integration's account, with its role in its organisation as if it were a member."""
    row = db.session.execute(
        sa.select(User, ApiIntegration, Organization)
        .join(ApiIntegration, ApiIntegration.user_id == User.id)
        .join(Organization, Organization.id == ApiIntegration.organization_id)
        .where(ApiIntegration.id == token.integration_id, ApiIntegration.active, User.active)
    ).one_or_none()
    if row is None:
        raise Problem(403, _("This integration is switched off."))
    user, integration, organization = row
    post = Membership(
        user_id=user.id, organization_id=organization.id, role=integration.role, created_at=integration.at
    )
    set_committed_value(post, "organization", organization)
    set_committed_value(user, "memberships", [post])
    return _ready(user)


def _ready(user: User) -> User:
    user.asked_on = today()  # type: ignore[misc]
    user.posts  # noqa: B018  # read now: a refused request rolls back
    return user


own_door("api", enter)
