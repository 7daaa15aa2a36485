"""What people do with their own account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity import passwords
from trainmgr.identity.guessing import is_soon_found
from trainmgr.identity.models import Membership, SignInSession, User
from trainmgr.identity.rules import TRIED_FIRST, password_fault
from trainmgr.kernel import crypto
from trainmgr.kernel.audit import AuditEvent, record, require, sentence
from trainmgr.kernel.db import db

PASSWORD_CHANGED = sentence("account.password", _l("%(who)s set a new password"))
PHONE_CHANGED = sentence("account.phone", _l("%(who)s changed the phone number to %(phone)s"))
PHONE_REMOVED = sentence("account.phone_removed", _l("%(who)s removed the phone number"))
SIGNED_OUT_EVERYWHERE = sentence("account.signed_out", _l("%(who)s signed out of %(count)s browsers"))


def account_of(user_id: int) -> User:
    """Return a person's account, to be changed."""
    return db.session.get_one(User, user_id)


def fault_of_password(user: User, password: str) -> str | None:
    """Return the msgid of why a password will not do for this person, or None."""
    numbers = db.session.scalars(sa.select(Membership.number).where(Membership.user_id == user.id))
    own_words = [user.username, user.name, *filter(None, numbers)]
    if fault := password_fault(password, own_words):
        return fault
    return TRIED_FIRST if is_soon_found(password, own_words) else None


def change_password(user: User, password: str, *, now: datetime) -> None:
    """Give a person the password that they chose (its faults are checked before)."""
    account = account_of(user.id)
    account.password_hash = passwords.hash_password(password)
    account.must_change_password = False
    account.first_password_at = None
    record(PASSWORD_CHANGED, account, by=account, now=now, name=account.name)


def choose_language(user: User, language: str) -> None:
    """Remember a person's language with the account."""
    account_of(user.id).language = language


def change_phone(user: User, phone: str, *, by: User, now: datetime) -> None:
    """Set the phone number that a person may sign in with (already checked), or remove it with an empty one."""
    account = account_of(user.id)
    digest = crypto.blind_index(phone) if phone else None
    require(
        not digest or not _is_taken(User.phone_digest == digest, account.id),
        _("Another account has this phone number. A number belongs to one person."),
    )
    account.phone_digest = digest
    account.phone_encrypted = crypto.encrypt(phone) if phone else None
    account.phone_masked = crypto.mask_phone(phone)
    if phone:
        record(PHONE_CHANGED, account, by=by, now=now, name=account.name, phone=account.phone_masked)
    else:
        record(PHONE_REMOVED, account, by=by, now=now, name=account.name)


def _is_taken(condition: sa.ColumnElement[bool], besides: int | None) -> bool:
    statement = sa.select(sa.exists().where(condition, User.id.is_distinct_from(besides)))
    return bool(db.session.scalar(statement))


def end_one_session(user: User, session_id: int) -> bool:
    """Sign one of a person's browsers out; tells whether there was one."""
    done = db.session.execute(
        sa.delete(SignInSession).where(SignInSession.id == session_id, SignInSession.user_id == user.id)
    )
    return bool(getattr(done, "rowcount", 0))


def record_sign_out_everywhere(user: User, count: int, *, now: datetime) -> None:
    """Keep in the trail that a person signed out of every browser."""
    record(SIGNED_OUT_EVERYWHERE, account_of(user.id), by=user, now=now, name=user.name, count=count)


def deeds_of_sign_in(user: User) -> Sequence[AuditEvent]:
    """Return what was last done to how a person signs in: passwords, phone, factors, links; by whomever."""
    kinds = ("account.password", "account.phone%", "person.password_reset", "factor.%", "sign_on.%linked")
    return db.session.scalars(
        sa.select(AuditEvent)
        .where(
            AuditEvent.subject_kind == User.__tablename__,
            AuditEvent.subject_id == user.id,
            sa.or_(*(AuditEvent.action.like(kind) for kind in kinds)),
        )
        .order_by(AuditEvent.id.desc())
        .limit(5)
    ).all()


def browsers_of(user: User, *, now: datetime) -> Iterable[SignInSession]:
    """Return the browsers in which a person is signed in, the latest first."""
    return db.session.scalars(
        sa.select(SignInSession)
        .where(SignInSession.user_id == user.id, SignInSession.expires_at > now)
        .order_by(SignInSession.created_at.desc(), SignInSession.id.desc())
        .limit(50)
    ).all()
