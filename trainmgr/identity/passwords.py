"""Passwords: hashed with argon2, checked in the same time whether or not there is an account."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trainmgr.identity import first_passwords
from trainmgr.identity.models import User
from trainmgr.identity.rules import LONGEST, normal

# 42 ms on the two cores that this was measured on; see docs/decisions.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    return _hasher.hash(normal(password))


def matches(user: User | None, typed: str) -> bool:
    """Tell whether this is the person's password; for nobody it takes as long and says no."""
    typed = normal(typed)[:LONGEST]
    if user is None or first_passwords.is_first(user.password_hash) or not user.password_hash:
        _verify(_nobodys(), typed)
        return user is not None and first_passwords.fits(user, typed)
    return _verify(user.password_hash, typed)


def is_outdated(user: User) -> bool:
    """Tell whether the stored hash was made with other parameters than today's."""
    return user.password_hash.startswith("$argon2") and _hasher.check_needs_rehash(user.password_hash)


def _verify(stored: str, typed: str) -> bool:
    try:
        return _hasher.verify(stored, typed)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe())
