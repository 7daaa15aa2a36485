"""At the door: what happens when a link is shown and when a code is typed. Every use and every refusal is recorded.

A link opens by itself only in the browser it is bound to. Anywhere else it asks for a code that only who gave the link
can make, so a link that was passed on, overheard or found in a log opens nothing.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from trainmgr.identity import signing_in
from trainmgr.identity.models import Confinement, SignInSession
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import record, sentence
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import db
from trainmgr.links import owed, queries
from trainmgr.links.actions import digest_of_code
from trainmgr.links.labels import WHY_SHORT
from trainmgr.links.models import MentorLink
from trainmgr.links.rules import Shut, judge_code, plain_code, why_shut
from trainmgr.mentoring.queries import SIDE_ROLE

OPENED = sentence("link.opened", _l("%(what)s came in by the personal link (%(browser)s)"))
BOUND = sentence(
    "link.bound", _l("The personal link of %(what)s was bound to a browser by its code: %(browser)s")
)
ASKED = sentence(
    "link.asked", _l("The personal link of %(what)s was shown in an unknown browser: %(browser)s")
)
REFUSED = sentence("link.refused", _l("The personal link of %(what)s was refused: %(why)s (%(browser)s)"))

ANY_LINK = "personal link"


@dataclass(frozen=True)
class Refused:
    """The door stays shut; `until` says from when on another try is taken, `link` whom to ask (None: unknown)."""

    why: Shut
    until: datetime | None = None
    link: MentorLink | None = None


@dataclass(frozen=True)
class Asked:
    """This browser is not the link's: it needs a code."""

    link: MentorLink


@dataclass(frozen=True)
class Entered:
    """The mentor or graduate is in; `secret` is what the browser keeps from now on (None: it has it already)."""

    link: MentorLink
    secret: str | None = None

    @property
    def confinement(self) -> Confinement:
        """What the visit may see."""
        role = Role.TRAINEE if self.link.for_graduate else SIDE_ROLE[self.link.side]
        return Confinement(self.link.id, self.link.program_id, role)


@dataclass(frozen=True)
class Visitor:
    """The browser before the door: what people call it, its address, and the secret it keeps for a link."""

    browser: str
    address: str | None
    secret_of: Callable[[int], str | None]


def show_link(token: str, visitor: Visitor, *, now: datetime) -> Refused | Asked | Entered:
    """Open a link in its own browser, or ask for a code in any other."""
    if until := _must_wait(ANY_LINK, visitor, now):
        return Refused(Shut.WAIT, until)
    link = queries.find_by_token(token)
    if link is None:
        signing_in.count_failure(_key(ANY_LINK), visitor.address, now=now)
        return Refused(Shut.UNKNOWN)
    if why := why_shut(link.state_at(now), queries.holder_of(link)):
        return _refuse(link, why, visitor, now)
    if _is_bound_to(link, visitor):
        return _enter(link, visitor, now)
    signing_in.count_failure(
        "", visitor.address, now=now
    )  # a door that is tried over and over is slowed down
    record(
        ASKED,
        link,
        by=None,
        now=now,
        program_id=link.program_id,
        name=link.user.name,
        browser=visitor.browser,
    )
    owed.want_code(link, now=now)
    return Asked(link)


def enter_code(link_id: int, typed: str, visitor: Visitor, *, now: datetime) -> Refused | Entered:
    """Take a code for a link that this browser has shown; the right one binds the link to the browser."""
    link = queries.find_by_id(link_id)
    if link is None:
        return Refused(Shut.NOT_ASKED)
    key = f"{ANY_LINK} {link.id}"
    if until := _must_wait(key, visitor, now):
        return Refused(Shut.WAIT, until, link)
    if why := why_shut(link.state_at(now), queries.holder_of(link)):
        return _refuse(link, why, visitor, now)
    fits = link.code_digest is not None and hmac.compare_digest(
        link.code_digest, digest_of_code(link.id, plain_code(typed))
    )
    given = link.code_digest is not None
    if why := judge_code(given=given, fits=fits, tries=link.code_tries, until=link.code_until, now=now):
        return _wrong_code(link, why, key, visitor, now)
    signing_in.forget_failures(_key(key), now=now)
    return _enter(link, visitor, now, secret=_bind(link, visitor, now))


def _wrong_code(link: MentorLink, why: Shut, key: str, visitor: Visitor, now: datetime) -> Refused:
    until = None
    if why is Shut.CODE_WRONG:
        link.code_tries += 1
        until = signing_in.count_failure(_key(key), visitor.address, now=now)
    else:
        owed.want_code(link, now=now)
    _refuse(link, why, visitor, now)
    return Refused(why, until, link)


def _refuse(link: MentorLink, why: Shut, visitor: Visitor, now: datetime) -> Refused:
    record(
        REFUSED,
        link,
        by=None,
        now=now,
        program_id=link.program_id,
        name=link.user.name,
        why={"msgid": WHY_SHORT[why]},
        browser=visitor.browser,
    )
    return Refused(why, None, link)


def _bind(link: MentorLink, visitor: Visitor, now: datetime) -> str:
    """Bind a link to this browser; whoever was inside by it elsewhere is out."""
    secret = secrets.token_urlsafe(32)
    link.browser_digest, link.browser, link.bound_at = digest_of(secret), visitor.browser[:120], now
    link.code_digest = link.code_until = None
    link.code_tries = 0
    db.session.execute(sa.delete(SignInSession).where(SignInSession.link_id == link.id))
    record(
        BOUND,
        link,
        by=None,
        now=now,
        program_id=link.program_id,
        name=link.user.name,
        browser=visitor.browser,
    )
    owed.have_code(link, now=now)
    return secret


def _enter(link: MentorLink, visitor: Visitor, now: datetime, secret: str | None = None) -> Entered:
    link.last_used_at, link.uses = now, link.uses + 1
    record(
        OPENED,
        link,
        by=link.user,
        now=now,
        program_id=link.program_id,
        name=link.user.name,
        browser=visitor.browser,
    )
    return Entered(link, secret)


def _is_bound_to(link: MentorLink, visitor: Visitor) -> bool:
    kept = visitor.secret_of(link.id)
    return bool(kept and link.browser_digest and hmac.compare_digest(link.browser_digest, digest_of(kept)))


def _must_wait(key: str, visitor: Visitor, now: datetime) -> datetime | None:
    """Return until when tries are refused: for one link by whoever tries it, for all links only by address."""
    keys = [] if key == ANY_LINK else [_key(key)]
    until = signing_in.waiting_until(keys, visitor.address, now=now)
    return until if until and until > now else None


def _key(key: str) -> str:
    return blind_index(f"sign-in {key}") if key != ANY_LINK else ""
