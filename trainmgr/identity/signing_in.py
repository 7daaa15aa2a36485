"""Signing in: who is meant, whether they must wait, whether it is their password.

Failures are counted for all hosts per account and per address (kernel/tally). A wrong password and an unknown account
are answered alike, after the same work.
"""

from __future__ import annotations

import contextlib
import enum
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from trainmgr.identity import first_passwords, passwords
from trainmgr.identity.models import Membership, SignInAttempt, SignInSession, User
from trainmgr.identity.rules import PER_ACCOUNT, PER_ADDRESS, free_again_at, network_of
from trainmgr.kernel.crypto import IdFault, blind_index, check_phone
from trainmgr.kernel.db import db
from trainmgr.kernel.tally import Tally

MOST_CANDIDATES = 3
FAILURES = Tally(SignInAttempt, PER_ACCOUNT.within)


class Why(enum.Enum):
    """Why a sign-in was refused."""

    WRONG = enum.auto()  # no such account, or not its password
    WAIT = enum.auto()  # too many failures, see `until`
    SEVERAL = enum.auto()  # the number and the password fit several people: take the user name
    CLOSED = enum.auto()  # the right password of an account that is closed
    ENDED = enum.auto()  # a first password that came too late; `until` is when it ended


@dataclass(frozen=True)
class Refusal:
    """A sign-in that was refused; `until` says from when on another try is taken.

    `person` is told only where the password was theirs: whom to ask for a new one hangs on it.
    """

    why: Why
    until: datetime | None = None
    person: User | None = None


def sign_in(typed: str, password: str, *, address: str | None, now: datetime) -> User | Refusal:
    """Return who may come in, or why not; a failure is counted."""
    people = candidates(typed)
    keys = _account_keys(typed, people)
    if (until := waiting_until(keys, address, now=now)) and until > now:
        return Refusal(Why.WAIT, until)
    meant: Sequence[User | None] = people or [None]
    fitting = [person for person in meant if passwords.matches(person, password)]
    if not fitting:
        return _failed(keys, address, now)
    _forget(keys, now)
    if len(fitting) > 1:
        return Refusal(Why.SEVERAL)
    person = fitting[0]
    assert person is not None
    if not person.active:
        return Refusal(Why.CLOSED)
    if (ended := first_passwords.ends_at(person)) and ended <= now:
        return Refusal(Why.ENDED, ended, person)
    if passwords.is_outdated(person):
        person.password_hash = passwords.hash_password(password)
    return person


def confirm(person: User, password: str, *, address: str | None, now: datetime) -> Refusal | None:
    """Check the password of somebody who is signed in before something grave; a failure is counted alike."""
    keys = _account_keys("", [person])
    if (until := waiting_until(keys, address, now=now)) and until > now:
        return Refusal(Why.WAIT, until)
    if not passwords.matches(person, password):
        return _failed(keys, address, now)
    _forget(keys, now)
    return None


def candidates(typed: str) -> list[User]:
    """Return whom a user name, a staff or student number, or a phone number may mean; locked while we look.

    A number that more than a few organisations use decides nothing: then only the user name and the phone count.
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    if not text or len(text) > 60:
        return []
    spellings = {text, text.lower(), text.upper()}
    named: list[sa.ColumnElement[bool]] = [User.username.in_(spellings)]
    with contextlib.suppress(IdFault):
        named.append(User.phone_digest == blind_index(check_phone(text)))
    numbered = sa.select(Membership.user_id).where(
        Membership.number.in_(spellings), Membership.ended_on.is_(None)
    )
    people = _locked(sa.or_(*named, User.id.in_(numbered)))
    if len(people) > MOST_CANDIDATES:
        return _locked(sa.or_(*named))
    return people


def _locked(condition: sa.ColumnElement[bool]) -> list[User]:
    """Two guesses at one account come one after the other, so that both are counted."""
    return list(
        db.session.scalars(
            sa.select(User).where(condition).order_by(User.id).limit(MOST_CANDIDATES + 1).with_for_update()
        )
    )


# --- counting -----------------------------------------------------------------------------------


def _account_keys(typed: str, people: Sequence[User]) -> list[str]:
    """Return under which keys a try counts: the people meant, or the name that means nobody."""
    if people:
        return [blind_index(f"sign-in user {person.id}") for person in people]
    name = unicodedata.normalize("NFKC", typed).strip().casefold()
    return [blind_index(f"sign-in name {name}")]


def _address_key(address: str | None) -> str:
    return blind_index(f"sign-in address {network_of(address)}")


def waiting_until(keys: Iterable[str], address: str | None, *, now: datetime) -> datetime | None:
    """Return until when tries at these accounts or from this address are refused: two statements."""
    by_account = FAILURES.counted("account_key", keys, since=now - PER_ACCOUNT.within)
    by_address = FAILURES.counted("address_key", [_address_key(address)], since=now - PER_ADDRESS.within)
    moments = [free_again_at(PER_ACCOUNT, count, last) for count, last in by_account]
    moments += [free_again_at(PER_ADDRESS, count, last) for count, last in by_address]
    return max((moment for moment in moments if moment), default=None)


def _failed(keys: Sequence[str], address: str | None, now: datetime) -> Refusal:
    """Count a failure once per account that was meant, and once for the address."""
    for place, key in enumerate(keys):
        where = _address_key(address) if place == 0 else ""
        FAILURES.note(now, account_key=key, address_key=where)
    until = waiting_until(keys, address, now=now)
    return Refusal(Why.WRONG, until if until and until > now else None)


def count_failure(key: str, address: str | None, *, now: datetime) -> datetime | None:
    """Count a failure at another door and return until when to wait, if at all.

    `key` is a digest of what was tried; an empty one counts for the address alone.
    """
    FAILURES.note(now, account_key=key, address_key=_address_key(address))
    until = waiting_until([key] if key else [], address, now=now)
    return until if until and until > now else None


def forget_failures(key: str, *, now: datetime) -> None:
    """Drop what was counted for a key after the right try; the address's failures stay."""
    _forget([key], now)


def _forget(keys: Sequence[str], now: datetime) -> None:
    """After the right password: drop the account's failures (not the address's), and what is out of date anyway."""
    FAILURES.forget("account_key", keys)
    FAILURES.sweep(now)
    db.session.execute(sa.delete(SignInSession).where(SignInSession.expires_at <= now))
