"""First passwords: random, good until the first sign-in and for some days at most, never stored.

What stands in `password_hash` is a mark and a random salt. The password itself is computed from the salt, the
person and the installation's data key, so it can be printed once and checked in microseconds, while a stolen
database without the key holds nothing to guess from. See docs/decisions, "First passwords".
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from trainmgr.identity.models import Membership, User
from trainmgr.identity.rules import first_password_ends
from trainmgr.identity.sign_on_models import SignInRule
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import db

UNSEEN = "first:unseen:"  # made, not yet handed to anybody
HANDED_OUT = "first:given:"
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are mistaken for another: 31 of them
LENGTH = 12  # 59 bits
GROUP = 4


class Account(Protocol):
    """What of an account a first password hangs on."""

    id: int
    password_hash: str
    must_change_password: bool


def new_mark() -> str:
    """Return what goes into `password_hash` of a new account that must change its password."""
    return UNSEEN + secrets.token_hex(16)


def is_first(password_hash: str) -> bool:
    """Tell whether an account still has its first password."""
    return password_hash.startswith((UNSEEN, HANDED_OUT))


def password_of(user_id: int, password_hash: str) -> str:
    """Return the first password that belongs to a mark, as it is printed: xxxx-xxxx-xxxx."""
    salt = password_hash.rpartition(":")[2]
    number = int(blind_index(f"first password:{user_id}:{salt}"), 16)
    letters = []
    for _position in range(LENGTH):
        number, place = divmod(number, len(LETTERS))
        letters.append(LETTERS[place])
    return "-".join("".join(letters[at : at + GROUP]) for at in range(0, LENGTH, GROUP))


def fits(account: Account, typed: str) -> bool:
    """Tell whether somebody typed the first password of an account that must still change it."""
    if not (account.must_change_password and is_first(account.password_hash)):
        return False
    plain = typed.strip().lower().replace("-", "").replace(" ", "")
    expected = password_of(account.id, account.password_hash).replace("-", "")
    return hmac.compare_digest(plain.encode(), expected.encode())


def unseen() -> sa.ColumnElement[bool]:
    """Return the condition on User that leaves accounts whose first password nobody has been given."""
    return sa.and_(User.must_change_password, User.password_hash.startswith(UNSEEN))


def waiting() -> sa.ColumnElement[bool]:
    """Return the condition on User that leaves accounts that have not been used since they were made."""
    return sa.and_(
        User.must_change_password,
        sa.or_(User.password_hash.startswith(UNSEEN), User.password_hash.startswith(HANDED_OUT)),
    )


def give_new(account: User, *, now: datetime) -> None:
    """Give an account a first password that is handed over at once; the former password is void."""
    account.password_hash = handed_out(new_mark())
    account.must_change_password = True
    account.first_password_at = now


def ends_at(account: User) -> datetime | None:
    """Return when an account's first password ends: None where it has none, or nobody has been given it yet."""
    if not is_first(account.password_hash) or account.first_password_at is None:
        return None
    days = db.session.scalars(
        sa.select(SignInRule.first_password_days)
        .join(Membership, Membership.organization_id == SignInRule.organization_id)
        .where(Membership.user_id == account.id, Membership.ended_on.is_(None))
    )
    return first_password_ends(account.first_password_at, days)


def handed_out(password_hash: str) -> str:
    """Return the mark of a first password that was printed."""
    return HANDED_OUT + password_hash.rpartition(":")[2]
