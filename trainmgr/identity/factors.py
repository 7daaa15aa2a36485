"""What people and administrators do with second factors: set one up, use it, replace it; each deed is in the trail."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity import sessions, signing_in, totp
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.identity.roles import ASKED_FOR_FACTOR
from trainmgr.identity.rules import FIRST_PASSWORD_DAYS
from trainmgr.identity.sign_on_models import RecoveryCode, SecondFactor, SignInRule
from trainmgr.identity.signing_in import Refusal, Why
from trainmgr.kernel import crypto
from trainmgr.kernel.audit import Actor, record, require, sentence
from trainmgr.kernel.db import db

SET_UP = sentence("factor.set_up", _l("%(who)s set up a second factor"))
GIVEN_UP = sentence("factor.given_up", _l("%(who)s gave the second factor up"))
CODES_MADE = sentence("factor.codes", _l("%(who)s made new recovery codes"))
CODE_USED = sentence("factor.code_used", _l("%(who)s signed in with a recovery code; %(left)s are left"))
RESET = sentence("factor.reset", _l("%(who)s took the second factor of %(what)s away: %(reason)s"))
REQUIRED = sentence("factor.required", _l("%(who)s asks the staff of %(what)s for a second factor"))
NOT_REQUIRED = sentence(
    "factor.not_required", _l("%(who)s asks the staff of %(what)s for a second factor no longer")
)
DAYS = sentence(
    "sign_in.first_password_days", _l("%(who)s lets first passwords of %(what)s last %(days)s days")
)

HOUSE = "trainmgr"
TIME_TO_CONFIRM = timedelta(hours=1)


# --- who has one, who must -----------------------------------------------------------------------


def find_factor(user_id: int, *, to_use: bool = False) -> SecondFactor | None:
    """Return a person's second factor, confirmed or not; `to_use` locks it, so that a code is taken once."""
    statement = sa.select(SecondFactor).where(SecondFactor.user_id == user_id)
    return db.session.scalar(statement.with_for_update() if to_use else statement)


def has_factor(user_id: int) -> bool:
    """Tell whether a person is asked for a code at the door."""
    factor = find_factor(user_id)
    return factor is not None and factor.confirmed_at is not None


def codes_left(user_id: int) -> int:
    """Return how many recovery codes a person has not used."""
    statement = sa.select(sa.func.count(RecoveryCode.id)).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return int(db.session.scalar(statement) or 0)


# --- one's own -----------------------------------------------------------------------------------


def begin(user: User, *, now: datetime) -> None:
    """Make a secret that waits for its first code; one that waited before is dropped."""
    factor = find_factor(user.id, to_use=True)
    require(factor is None or factor.confirmed_at is None, _("You have a second factor already."))
    if factor is None:
        factor = SecondFactor(user_id=user.id)
        db.session.add(factor)
    factor.secret_sealed = crypto.encrypt(totp.new_secret())
    factor.started_at, factor.last_step = now, 0


def waiting_secret(user: User, *, now: datetime) -> str | None:
    """Return the secret that waits for its first code, for an hour."""
    factor = find_factor(user.id)
    if factor is None or factor.confirmed_at is not None or now - factor.started_at > TIME_TO_CONFIRM:
        return None
    return crypto.decrypt(factor.secret_sealed)


def set_up(user: User, typed: str, *, address: str | None, now: datetime) -> list[str] | Refusal:
    """Take the first code: the factor counts from now on; returns the recovery codes, shown this once."""
    factor = find_factor(user.id, to_use=True)
    require(
        factor is not None and factor.confirmed_at is None and now - factor.started_at <= TIME_TO_CONFIRM,
        _("Begin again: this code belongs to no set-up that is waiting."),
    )
    assert factor is not None
    if refusal := _waits(user.id, address, now):
        return refusal
    step = totp.matching_step(crypto.decrypt(factor.secret_sealed), typed, now.timestamp(), after=0)
    if step is None:
        return _failed(user.id, address, now)
    factor.confirmed_at, factor.last_step = now, step
    record(SET_UP, db.session.get_one(User, user.id), by=user, now=now, name=user.name)
    return _replace_codes(user.id)


def renew_codes(user: User, *, now: datetime) -> list[str]:
    """Replace a person's recovery codes; returns them, shown this once."""
    require(has_factor(user.id), _("You have no second factor."))
    record(CODES_MADE, db.session.get_one(User, user.id), by=user, now=now, name=user.name)
    return _replace_codes(user.id)


def give_up(user: User, *, now: datetime) -> None:
    """Take one's own factor away (the password was asked before)."""
    require(has_factor(user.id), _("You have no second factor."))
    _drop(user.id)
    record(GIVEN_UP, db.session.get_one(User, user.id), by=user, now=now, name=user.name)


def _replace_codes(user_id: int) -> list[str]:
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = totp.new_recovery_codes()
    db.session.add_all(RecoveryCode(user_id=user_id, digest=_digest(user_id, code)) for code in codes)
    return codes


def _digest(user_id: int, code: str) -> str:
    return crypto.blind_index(f"recovery code:{user_id}:{totp.recovery_form(code)}")


def _drop(user_id: int) -> None:
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.session.execute(sa.delete(SecondFactor).where(SecondFactor.user_id == user_id))


# --- at the door ---------------------------------------------------------------------------------


def check(user: User, typed: str, *, address: str | None, now: datetime) -> Refusal | None:
    """Take a code of the generator or a recovery code; a failure is counted as a failed sign-in is.

    The right password does not forget these failures (only the right code does): whoever knows the password could
    otherwise guess on for ever.
    """
    factor = find_factor(user.id, to_use=True)
    if refusal := _waits(user.id, address, now):
        return refusal
    if factor is None or factor.confirmed_at is None or not _fits(factor, user, typed, now):
        return _failed(user.id, address, now)
    signing_in.forget_failures(_key(user.id), now=now)
    return None


def _fits(factor: SecondFactor, user: User, typed: str, now: datetime) -> bool:
    secret = crypto.decrypt(factor.secret_sealed)
    step = totp.matching_step(secret, typed, now.timestamp(), after=factor.last_step)
    if step is not None:
        factor.last_step = step
        return True
    return bool(totp.recovery_form(typed)) and _use_recovery_code(user, typed, now)


def _use_recovery_code(user: User, typed: str, now: datetime) -> bool:
    done = db.session.execute(
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.digest == _digest(user.id, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if not getattr(done, "rowcount", 0):
        return False
    record(CODE_USED, user, by=user, now=now, name=user.name, left=codes_left(user.id))
    return True


def _key(user_id: int) -> str:
    return crypto.blind_index(f"second factor of {user_id}")


def _waits(user_id: int, address: str | None, now: datetime) -> Refusal | None:
    until = signing_in.waiting_until([_key(user_id)], address, now=now)
    return Refusal(Why.WAIT, until) if until and until > now else None


def _failed(user_id: int, address: str | None, now: datetime) -> Refusal:
    return Refusal(Why.WRONG, signing_in.count_failure(_key(user_id), address, now=now))


# --- administrators ------------------------------------------------------------------------------


def reset(person: User, *, reason: str, by: Actor | None, now: datetime) -> None:
    """Take a person's factor away (a lost phone), and sign the person out everywhere."""
    require(by is None or person.id != by.id, _("Give your own second factor up on your account page."))
    require(has_factor(person.id), _("%(name)s has no second factor.", name=person.name))
    _drop(person.id)
    sessions.end_all_sessions(person)
    record(RESET, person, by=by, now=now, name=person.name, reason=reason)


def is_required(organization: Organization) -> bool:
    """Tell whether an organisation asks its staff for a second factor."""
    rule = db.session.get(SignInRule, organization.id)
    return rule is not None and rule.factor_required


def set_rule(organization: Organization, *, required: bool, by: Actor, now: datetime) -> None:
    """Ask an organisation's staff for a second factor, or no longer; who has none is led to set one up."""
    if is_required(organization) == required:
        return
    _rule_of(organization).factor_required = required
    record(REQUIRED if required else NOT_REQUIRED, organization, by=by, now=now, name=organization.name)


def choices_of(organization: Organization) -> tuple[bool, int]:
    """Return whether staff need a second factor and how many days a first password lasts: one statement."""
    rule = db.session.get(SignInRule, organization.id)
    return (False, FIRST_PASSWORD_DAYS) if rule is None else (rule.factor_required, rule.first_password_days)


def first_password_days(organization: Organization) -> int:
    """Return how many days a first password of an organisation's people lasts."""
    rule = db.session.get(SignInRule, organization.id)
    return FIRST_PASSWORD_DAYS if rule is None else rule.first_password_days


def set_first_password_days(organization: Organization, days: int, *, by: Actor, now: datetime) -> None:
    """Let first passwords last for so many days (1 to 365); it holds for those that are handed out already."""
    if first_password_days(organization) == days:
        return
    _rule_of(organization).first_password_days = days
    record(DAYS, organization, by=by, now=now, name=organization.name, days=days)


def _rule_of(organization: Organization) -> SignInRule:
    rule = db.session.get(SignInRule, organization.id)
    if rule is None:
        rule = SignInRule(
            organization_id=organization.id, factor_required=False, first_password_days=FIRST_PASSWORD_DAYS
        )
        db.session.add(rule)
    return rule


def staff_without(organization: Organization) -> tuple[int, int]:
    """Return how many of an organisation's staff have no second factor, and how many staff there are."""
    staff = (
        sa.select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organization_id == organization.id,
            Membership.ended_on.is_(None),
            Membership.role.in_(ASKED_FOR_FACTOR),
            User.active,
        )
        .distinct()
        .subquery()
    )
    row = db.session.execute(
        sa.select(sa.func.count(staff.c.user_id), sa.func.count(SecondFactor.user_id))
        .select_from(staff)
        .outerjoin(
            SecondFactor,
            sa.and_(SecondFactor.user_id == staff.c.user_id, SecondFactor.confirmed_at.is_not(None)),
        )
    ).one()
    return int(row[0]) - int(row[1]), int(row[0])
