"""Signed-in browsers: one row each, found by the digest of the token that the cookie carries."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from flask import Flask, session
from flask_login import LoginManager, login_user, logout_user
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from trainmgr.identity.models import Confinement, Membership, SignInSession, User
from trainmgr.identity.roles import ASKED_FOR_FACTOR
from trainmgr.identity.sign_on_models import SecondFactor, SignInRule
from trainmgr.kernel import by_link
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.db import UTCDateTime, db

AT_THE_DESK = timedelta(hours=12)
ON_MY_PHONE = timedelta(days=30)

login_manager = LoginManager()
login_manager.session_protection = None  # the row in the database is the session


def digest_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def start_session(
    user: User,
    *,
    now: datetime,
    browser: str = "",
    stay: bool = False,
    confinement: Confinement | None = None,
    until: datetime | None = None,
) -> SignInSession:
    """Sign a person in on this browser under a new token; whatever the cookie carried before is dropped.

    A personal link's visit is confined, and ends with the link (`until`).
    """
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    token = secrets.token_urlsafe(32)
    life = ON_MY_PHONE if stay else AT_THE_DESK
    row = SignInSession(
        token_digest=digest_of(token),
        user_id=user.id,
        created_at=now,
        expires_at=min(now + life, until or now + life),
        browser=browser[:120],
        link_id=confinement and confinement.link_id,
        link_program_id=confinement and confinement.program_id,
        link_role=confinement and confinement.role,
    )
    db.session.add(row)
    user.session_token = token  # type: ignore[attr-defined]
    session.permanent = stay
    login_user(user)
    return row


def end_session(token: str) -> None:
    """Sign this browser out."""
    db.session.execute(sa.delete(SignInSession).where(SignInSession.token_digest == digest_of(token)))
    forget_this_browser()


def forget_this_browser() -> None:
    """Take the sign-in out of this browser's cookie; the language stays."""
    language = session.get("language")
    logout_user()
    session.clear()
    if language:
        session["language"] = language


def end_all_sessions(user: User) -> int:
    """Sign a person out everywhere; returns how many browsers that were."""
    done = db.session.execute(sa.delete(SignInSession).where(SignInSession.user_id == user.id))
    return int(getattr(done, "rowcount", 0))


def must_set_up() -> sa.ColumnElement[bool]:
    """Return the condition on User that leaves staff of organisations that ask for a second factor, who have none."""
    asked = sa.exists().where(
        SignInRule.factor_required,
        Membership.organization_id == SignInRule.organization_id,
        Membership.user_id == User.id,
        Membership.ended_on.is_(None),
        Membership.role.in_(ASKED_FOR_FACTOR),
    )
    has = sa.exists().where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
    return sa.and_(asked, ~has)


@cache
def _whose() -> sa.Select[User, SignInSession, bool]:
    """Return the select that finds a session's person; built once, for every request runs it."""
    return (
        sa.select(User, SignInSession, must_set_up().label("must_set_up"))
        .join(SignInSession, SignInSession.user_id == User.id)
        .where(
            SignInSession.token_digest == sa.bindparam("digest"),
            SignInSession.expires_at > sa.bindparam("now", type_=UTCDateTime()),
            User.active,
        )
        .options(joinedload(User.memberships).joinedload(Membership.organization))
    )


@login_manager.user_loader
def load_user(token: str) -> User | None:
    """Return who is signed in under a token with what they are in their organisations: one statement."""
    found = db.session.execute(_whose(), {"digest": digest_of(token), "now": utcnow()})
    row = found.unique().one_or_none()
    if row is None:
        return None
    user: User = row[0]
    user.session_token = token  # type: ignore[attr-defined]
    user.asked_on = today()  # type: ignore[misc]
    user.must_set_up_factor = bool(row.must_set_up)  # type: ignore[misc]
    if (confinement := row[1].confinement) and not _confine(user, confinement):
        return None
    user.posts  # noqa: B018  # read now: a refused request rolls back, and its page still asks for the roles
    return user


def _confine(user: User, confinement: Confinement) -> bool:
    """Leave a person who came by a link only the link's role and programme; tells whether the role is held still."""
    held = [membership for membership in user.memberships if membership.role is confinement.role]
    set_committed_value(user, "memberships", held)
    user.confinement = confinement  # type: ignore[misc]
    by_link.confine_reads(confinement.program_id, confinement.role)
    return bool(held)


def init_app(app: Flask) -> None:
    """Let Flask-Login find people by their session's token."""
    login_manager.init_app(app)
    app.permanent_session_lifetime = ON_MY_PHONE
