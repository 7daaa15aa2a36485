"""Giving personal links, codes for them, longer life, and taking them back. Token and code are returned once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity import first_passwords, managing
from trainmgr.identity.managing import Place
from trainmgr.identity.models import Organization, OrganizationKind, SignInSession, User
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel.audit import record, require, sentence
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import db
from trainmgr.links import owed, queries
from trainmgr.links.models import MentorLink
from trainmgr.links.rules import (
    CODE_DIGITS,
    CODE_LIFE,
    GRADUATE_CODE_LIFE,
    TOKEN_BYTES,
    LinkState,
    last_moment,
)
from trainmgr.mentoring.actions import name_mentor
from trainmgr.mentoring.models import ProgramMentor
from trainmgr.mentoring.queries import SIDE_ROLE, get_person
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

ISSUED = sentence("link.issued", _l("%(who)s gave %(what)s a personal link for %(days)s days"))
CODE_GIVEN = sentence("link.code_given", _l("%(who)s gave a code for the personal link of %(what)s"))
RENEWED = sentence("link.renewed", _l("%(who)s renewed the personal link of %(what)s for %(days)s days"))
REVOKED = sentence("link.revoked", _l("%(who)s revoked the personal link of %(what)s"))
REPLACED = sentence("link.replaced", _l("%(who)s replaced the personal link of %(what)s with a new one"))


@dataclass(frozen=True)
class Issued:
    """A new link with what is shown once: its token and the first code."""

    link: MentorLink
    token: str
    code: str


def issue_link(program: Program, named: ProgramMentor, *, days: int, by: User, now: datetime) -> Issued:
    """Give a mentor of the programme a link of so many days (1 to 180); one given before is revoked."""
    mentor = named.mentor
    person = mentor.user
    require(person.active, _("The account of %(name)s is closed.", name=person.name))
    require(
        not _has_own_password(person),
        _(
            "%(name)s has an own password and signs in with it; a link would open a second door.",
            name=person.name,
        ),
    )
    return _issue(program, person, mentor.organization_id, named.side, days=days, by=by, now=now)


def issue_to_graduates(
    program: Program, graduates: Sequence[Enrolment], *, days: int, by: User, now: datetime
) -> list[Issued]:
    """Give graduates (with their users) links that open their own follow-up and nothing else.

    A password of their own is no hindrance, many have forgotten it; a link given before is revoked.
    """
    require(graduates, _("Nobody is chosen."))
    shut = [one.name for one in graduates if not one.user.active]
    require(not shut, _("The account of %(name)s is closed.", name=shut[0] if shut else ""))
    return [
        _issue(program, one.user, one.college_id, Side.COLLEGE, days=days, by=by, now=now, for_graduate=True)
        for one in graduates
    ]


def _issue(
    program: Program,
    person: User,
    organization_id: int,
    side: Side,
    *,
    days: int,
    by: User,
    now: datetime,
    for_graduate: bool = False,
) -> Issued:
    if (old := queries.live_link(program.id, person.id)) is not None:
        _end(old, by=by, now=now)
        record(REPLACED, old, by=by, now=now, program_id=program.id, name=person.name)
        db.session.flush()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = MentorLink(
        program_id=program.id,
        user_id=person.id,
        user=person,
        organization_id=organization_id,
        side=side,
        for_graduate=for_graduate,
        token_digest=digest_of(token),
        issued_by_id=by.id,
        issued_at=now,
        expires_at=last_moment(now, days),
    )
    db.session.add(link)
    db.session.flush()
    record(ISSUED, link, by=by, now=now, program_id=program.id, name=person.name, days=days)
    return Issued(link, token, _new_code(link, now))


def issue_to_new_mentor(
    program: Program,
    home: Organization,
    *,
    name: str,
    phone: str,
    capacity: int,
    days: int,
    by: User,
    now: datetime,
) -> Issued:
    """Enter somebody without an account as a mentor of a party, name them for the programme and give the link."""
    side = Side.ENTERPRISE if home.kind is OrganizationKind.ENTERPRISE else Side.COLLEGE
    person = managing.create_person(
        name=name,
        username=f"m-{secrets.token_hex(4)}",
        phone=phone,
        place=Place(home, SIDE_ROLE[side]),
        by=by,
        now=now,
    )
    person.password_hash = ""  # nobody signs in with a password until an administrator gives one
    db.session.flush()
    named = name_mentor(
        program,
        get_person(person.id),
        organization_id=home.id,
        side=side,
        values={"capacity": capacity},
        by=by,
        now=now,
    )
    named.mentor.user = person
    return issue_link(program, named, days=days, by=by, now=now)


def _has_own_password(person: User) -> bool:
    return bool(person.password_hash) and not first_passwords.is_first(person.password_hash)


def give_code(link: MentorLink, *, by: User, now: datetime) -> str:
    """Return a new code, for a first opening or for another browser; the one before it is void."""
    require(
        link.state_at(now) is LinkState.LIVE,
        _("This link does not open any more: renew it, or give a new one."),
    )
    record(CODE_GIVEN, link, by=by, now=now, program_id=link.program_id, name=link.user.name)
    owed.have_code(link, now=now)
    return _new_code(link, now)


def _new_code(link: MentorLink, now: datetime) -> str:
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    life = GRADUATE_CODE_LIFE if link.for_graduate else CODE_LIFE
    link.code_digest, link.code_until, link.code_tries = digest_of_code(link.id, code), now + life, 0
    return code


def digest_of_code(link_id: int, code: str) -> str:
    """Return what is stored of a code: keyed, because six digits alone are guessed from any digest at once."""
    return blind_index(f"link code:{link_id}:{code}")


def renew_link(link: MentorLink, *, days: int, by: User, now: datetime) -> None:
    """Let a link last so many days from now (1 to 180), also one that has expired; its browser stays bound."""
    require(
        link.ended_at is None,
        _("A revoked link is not renewed. Give %(name)s a new one.", name=link.user.name),
    )
    link.expires_at = last_moment(now, days)
    # What was opened before does not outlast a link that was made shorter.
    db.session.execute(
        sa.update(SignInSession)
        .where(SignInSession.link_id == link.id, SignInSession.expires_at > link.expires_at)
        .values(expires_at=link.expires_at),
        execution_options={"synchronize_session": False},
    )
    record(RENEWED, link, by=by, now=now, program_id=link.program_id, name=link.user.name, days=days)


def revoke_link(link: MentorLink, *, by: User, now: datetime) -> None:
    """Take a link back: it opens nothing any more, and whoever is inside by it is out at once."""
    require(link.ended_at is None, _("This link was revoked already."))
    _end(link, by=by, now=now)
    record(REVOKED, link, by=by, now=now, program_id=link.program_id, name=link.user.name)


def _end(link: MentorLink, *, by: User, now: datetime) -> None:
    link.ended_at, link.ended_by_id = now, by.id
    link.code_digest = link.code_until = link.browser_digest = link.bound_at = link.mail_sealed = None
    db.session.execute(sa.delete(SignInSession).where(SignInSession.link_id == link.id))
    owed.have_code(link, now=now)
