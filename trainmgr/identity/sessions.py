"""Signed-in browsers: one row each, found by the digest of the token that the cookie carries."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask, session
from flask_login import LoginManager, login_user, logout_user
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import Membership, SignInSession, User
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db

AT_THE_DESK = timedelta(hours=12)
ON_MY_PHONE = timedelta(days=30)

login_manager = LoginManager()
login_manager.session_protection = None  # the row in the database is the session


def digest_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def start_session(user: User, *, now: datetime, browser: str = "", stay: bool = False) -> None:
    """Sign a person in on this browser under a new token; whatever the cookie carried before is dropped."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    token = secrets.token_urlsafe(32)
    life = ON_MY_PHONE if stay else AT_THE_DESK
    db.session.add(
        SignInSession(
            token_digest=digest_of(token),
            user_id=user.id,
            created_at=now,
            expires_at=now + life,
            browser=browser[:120],
        )
    )
    user.session_token = token  # type: ignore[attr-defined]
    session.permanent = stay
    login_user(user)


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


@login_manager.user_loader
def load_user(token: str) -> User | None:
    """Return who is signed in under a token with what they are in their organisations: one statement."""
    user: User | None = (
        db.session.scalars(
            sa.select(User)
            .join(SignInSession, SignInSession.user_id == User.id)
            .where(
                SignInSession.token_digest == digest_of(token),
                SignInSession.expires_at > utcnow(),
                User.active,
            )
            .options(joinedload(User.memberships).joinedload(Membership.organization))
        )
        .unique()
        .one_or_none()
    )
    if user is not None:
        user.session_token = token  # type: ignore[attr-defined]
        user.posts  # noqa: B018  # read now: a refused request rolls back, and its page still asks for the roles
    return user


def init_app(app: Flask) -> None:
    """Let Flask-Login find people by their session's token."""
    login_manager.init_app(app)
    app.permanent_session_lifetime = ON_MY_PHONE
