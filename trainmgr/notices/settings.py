"""One's own choices, the confirmation of one's address, the hours of an organisation, its robots."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import abort
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, mail
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.crypto import blind_index, encrypt
from trainmgr.kernel.db import db, step_aside
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.links.rules import masked_mail
from trainmgr.notices import wording
from trainmgr.notices.dialing import NotTaken
from trainmgr.notices.models import NoticeHours, NoticeMessage, NoticeRobot, NoticeSetting
from trainmgr.notices.outbox import tell, to_robot
from trainmgr.notices.rules import Channel, RobotKind, Topic, address_fault

CHOSEN = audit.sentence("notices.choose", _l("%(who)s chose what is sent by mail, and when"))
CONFIRMED = audit.sentence("notices.confirm", _l("%(who)s confirmed an address for notices"))
HOURS = audit.sentence("notices.hours", _l("%(who)s set the quiet hours of %(what)s"))
ADDED = audit.sentence("notices.robot.add", _l("%(who)s set up the group robot %(what)s"))
CHANGED = audit.sentence("notices.robot.change", _l("%(who)s changed the group robot %(what)s"))
TRIED = audit.sentence("notices.robot.try", _l("%(who)s tried the group robot %(what)s out"))
CODE_GOOD_FOR = timedelta(minutes=30)
CODE_AGAIN = timedelta(minutes=1)
MOST_TRIES = 5
MOST_ROBOTS = 20


# --- one's own -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choices:
    """What a person wants, and when not; hours None are the organisation's."""

    digest: bool
    reminders: bool
    language: str
    quiet: tuple[time, time] | None
    closed_days: bool


def setting_of(user: User) -> NoticeSetting | None:
    """Return a person's own choices, where there are any."""
    return db.session.get(NoticeSetting, user.id)


def _own(user: User) -> NoticeSetting:
    """Return a person's choices locked, made when there are none."""
    found = db.session.get(NoticeSetting, user.id, with_for_update=True)
    if found is None:
        found = NoticeSetting(user_id=user.id, language=user.language or "zh")
        db.session.add(found)
        db.session.flush()
    return found


def choose(user: User, choices: Choices, *, version: int, now: datetime) -> None:
    """Keep what a person wants by mail."""
    own = _own(user)
    if version and version != own.version:
        raise Conflict(_("You have changed this in another window meanwhile. Look at it again."))
    own.digest, own.reminders, own.language = choices.digest, choices.reminders, choices.language
    own.quiet_begins, own.quiet_ends = choices.quiet or (None, None)
    own.closed_days = choices.closed_days
    audit.record(CHOSEN, "notice_setting", by=user, now=now)


def ask_for_code(user: User, address: str, *, now: datetime) -> None:
    """Keep an address that is not confirmed yet, and send it a code; at most one a minute."""
    require(
        mail.is_configured(), _("This installation sends no mail yet. Its administrator can set that up.")
    )
    own = _own(user)
    if own.code_until is not None and own.code_until - CODE_GOOD_FOR + CODE_AGAIN > now:
        raise RuleBroken(_("A code was sent a moment ago. Wait a minute before you ask for another one."))
    code = f"{secrets.randbelow(10**6):06}"
    own.mail_sealed, own.mail_masked, own.confirmed_at = encrypt(address), masked_mail(address), None
    own.code_digest, own.code_until, own.code_tries = _digest(user, code), now + CODE_GOOD_FOR, 0
    language = own.language
    step_aside()  # nobody waits for us while the server answers
    with force_locale(language):
        words = wording.code_mail(code)
    try:
        mail.send(address, words.title, words.text)
    except mail.NotSent as refusal:
        raise RuleBroken(_("The mail was not taken. Look whether the address is right.")) from refusal


def confirm(user: User, code: str, *, now: datetime) -> bool:
    """Tell whether a code is the one that was sent; then mail goes to the address. Five tries for each."""
    own = _own(user)
    if own.code_until is None or own.code_until < now or own.code_tries >= MOST_TRIES:
        raise RuleBroken(_("This code is no longer good. Ask for a new one."))
    own.code_tries += 1
    if not hmac.compare_digest(own.code_digest, _digest(user, code)):
        return False
    own.confirmed_at, own.code_digest, own.code_until = now, "", None
    audit.record(CONFIRMED, "notice_setting", by=user, now=now)
    return True


def _digest(user: User, code: str) -> str:
    return blind_index(f"notice code {user.id} {code}")


def forget_address(user: User, *, now: datetime) -> None:
    """Send nothing any more, and forget the address."""
    own = _own(user)
    own.mail_sealed = own.confirmed_at = own.code_until = None
    own.mail_masked = own.code_digest = ""
    audit.record(CHOSEN, "notice_setting", by=user, now=now)


def sent_lately(user: User) -> Sequence[NoticeMessage]:
    """Return the last twenty messages to a person."""
    return db.session.scalars(
        sa.select(NoticeMessage)
        .where(NoticeMessage.user_id == user.id, NoticeMessage.channel == Channel.MAIL)
        .order_by(NoticeMessage.id.desc())
        .limit(20)
    ).all()


# --- an organisation's ---------------------------------------------------------------------------------------


def organizations_of(user: User) -> Sequence[Organization]:
    """Return the organisations whose notices a person manages."""
    ids = user.organizations_where(Permission.NOTICE_MANAGE)
    return db.session.scalars(
        sa.select(Organization).where(Organization.id.in_(ids)).order_by(Organization.name)
    ).all()


def organization_or_404(organization_id: int, user: User) -> Organization:
    """Return an organisation whose notices a person manages, or answer 404."""
    if organization_id not in user.organizations_where(Permission.NOTICE_MANAGE):
        abort(404)
    return db.session.get(Organization, organization_id) or abort(404)


def hours_of(organization: Organization) -> NoticeHours | None:
    """Return an organisation's own hours, where it has set any."""
    return db.session.get(NoticeHours, organization.id)


def set_hours(
    organization: Organization, begins: time, ends: time, *, closed_days: bool, by: User, now: datetime
) -> None:
    """Set an organisation's quiet hours."""
    row = db.session.get(NoticeHours, organization.id, with_for_update=True)
    if row is None:
        row = NoticeHours(organization_id=organization.id)
        db.session.add(row)
    row.quiet_begins, row.quiet_ends, row.closed_days = begins, ends, closed_days
    audit.record(HOURS, organization, by=by, now=now, name=organization.name)


@dataclass(frozen=True)
class RobotFacts:
    """What is typed of a robot; an empty address or secret leaves the present one."""

    kind: RobotKind
    name: str
    topics: Sequence[Topic]
    language: str
    address: str = ""
    secret: str = ""
    without_secret: bool = False
    active: bool = True


def robots_of(organization: Organization) -> Sequence[Any]:
    """Return an organisation's robots, each with its last message."""
    last = (
        sa.select(sa.func.max(NoticeMessage.id))
        .where(NoticeMessage.robot_id == NoticeRobot.id)
        .correlate(NoticeRobot)
        .scalar_subquery()
    )
    return db.session.execute(
        sa.select(NoticeRobot, NoticeMessage)
        .outerjoin(NoticeMessage, NoticeMessage.id == last)
        .where(NoticeRobot.organization_id == organization.id)
        .order_by(NoticeRobot.active.desc(), NoticeRobot.id)
        .limit(MOST_ROBOTS)
    ).all()


def robot_or_404(organization: Organization, robot_id: int) -> NoticeRobot:
    """Return a robot of an organisation, or answer 404."""
    found: NoticeRobot | None = db.session.scalars(
        sa.select(NoticeRobot).where(
            NoticeRobot.id == robot_id, NoticeRobot.organization_id == organization.id
        )
    ).one_or_none()
    return found if found is not None else abort(404)


def add_robot(organization: Organization, facts: RobotFacts, *, by: User, now: datetime) -> NoticeRobot:
    """Set a group robot up; address and secret are sealed."""
    db.session.execute(
        sa.select(Organization.id).where(Organization.id == organization.id).with_for_update(key_share=True)
    )
    count = db.session.scalar(
        sa.select(sa.func.count()).where(NoticeRobot.organization_id == organization.id)
    )
    require((count or 0) < MOST_ROBOTS, _("An organisation has at most twenty robots."))
    require(facts.address, _("Copy the robot's address from its group."))
    robot = NoticeRobot(organization_id=organization.id, by_id=by.id, by_name=by.name, at=now)
    _write(robot, facts)
    db.session.add(robot)
    audit.record(ADDED, robot, by=by, now=now, name=facts.name, host=robot.host)
    return robot


def change_robot(robot: NoticeRobot, facts: RobotFacts, *, version: int, by: User, now: datetime) -> None:
    """Change a robot, or switch it off; what waits for one that is off is dropped."""
    if robot.version != version:
        raise Conflict(_("Somebody changed this robot meanwhile. Look at it again."))
    _write(robot, facts)
    robot.by_id, robot.by_name, robot.at = by.id, by.name, now
    audit.record(CHANGED, robot, by=by, now=now, name=facts.name, active=facts.active)


def _write(robot: NoticeRobot, facts: RobotFacts) -> None:
    robot.kind, robot.name, robot.language, robot.active = (
        facts.kind,
        facts.name,
        facts.language,
        facts.active,
    )
    robot.topics = [one.value for one in facts.topics]
    if facts.address:
        if fault := address_fault(facts.address):
            raise RuleBroken(_(fault))
        robot.url_sealed, robot.host = encrypt(facts.address), (urlsplit(facts.address).hostname or "")[:255]
    if facts.secret:
        robot.secret_sealed = encrypt(facts.secret)
    elif facts.without_secret or facts.kind is not RobotKind.DINGTALK:
        robot.secret_sealed = None


def try_out(robot: NoticeRobot, *, by: User, now: datetime) -> str:
    """Say a word in the robot's group now; returns why it was not taken, or nothing."""
    audit.record(TRIED, robot, by=by, now=now, name=robot.name)
    with force_locale(robot.language):
        delivery = to_robot(robot, wording.trial(), now)
    step_aside()  # nobody waits for us while the robot answers
    try:
        tell(delivery)
    except NotTaken as refusal:
        return str(refusal)
    return ""
