"""The outbox: planned in the transaction of its cause, sent by the worker's clock, each message once.

A message is claimed (committed), sent, and noted as sent (committed). A worker that dies in between leaves it claimed;
after ten minutes it is tried again, a mail with the same Message-ID, which mail systems show once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import selectinload

from trainmgr.identity.models import User
from trainmgr.kernel import mail, outbox
from trainmgr.kernel.crypto import DataKeyMissing, decrypt
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.notices import dialing, wording
from trainmgr.notices.models import NoticeMessage, NoticeRobot, NoticeSetting
from trainmgr.notices.quiet import Hours, homes_of
from trainmgr.notices.rules import (
    GIVEN_UP_AFTER,
    Channel,
    Outcome,
    RobotKind,
    Topic,
    answer_fault,
    body_of,
    next_try,
    signed,
)

log = logging.getLogger(__name__)
_BATCH = 300


@dataclass(frozen=True)
class Plan:
    """A message to be planned; whom it goes to is a person or a robot."""

    key: str
    topic: Topic
    user_id: int | None = None
    robot_id: int | None = None
    not_before: datetime | None = None
    params: dict[str, Any] = field(default_factory=dict)
    state: Outcome = Outcome.WAITING


def plan(messages: Sequence[Plan], *, now: datetime) -> None:
    """Put messages into the outbox; what is there under the same key stays as it is."""
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(NoticeMessage.__table__).on_conflict_do_nothing(index_elements=["key"])
    for start in range(0, len(messages), _BATCH):
        rows = [_row(one, now) for one in messages[start : start + _BATCH]]
        db.session.execute(statement, rows)


def _row(one: Plan, now: datetime) -> dict[str, Any]:
    return {
        "key": one.key,
        "channel": Channel.MAIL if one.user_id else Channel.ROBOT,
        "topic": one.topic,
        "user_id": one.user_id,
        "robot_id": one.robot_id,
        "params": one.params,
        "not_before": one.not_before or now,
        "state": one.state,
        "attempts": 0,
        "fault": "",
        "made_at": now,
    }


# --- sending -------------------------------------------------------------------------------------------------


@each_minute
def send_waiting(now: datetime) -> Iterator[None]:
    """Send what is due; a channel that is down is left until the next minute."""
    return outbox.send_each(
        _due(now),
        claim=lambda key: outbox.claim(NoticeMessage, key, _ready(now), Outcome.SENDING, now),
        prepare=lambda key: _prepared(key, now),
        deliver=_deliver,
        note=lambda key, refusal: _note(key, refusal, now),
        is_down=lambda refusal: not refusal.final,
    )


def _ready(now: datetime) -> sa.ColumnElement[bool]:
    lost = sa.and_(NoticeMessage.state == Outcome.SENDING, NoticeMessage.claimed_at < now - GIVEN_UP_AFTER)
    due = sa.and_(NoticeMessage.state == Outcome.WAITING, NoticeMessage.not_before <= now)
    return sa.or_(due, lost)


def _due(now: datetime) -> list[tuple[int, int | None]]:
    """Return what may be sent now with the robot that takes it, None for the mail server."""
    ready = _ready(now)
    if not mail.is_configured():
        ready = sa.and_(ready, NoticeMessage.robot_id.is_not(None))
    return outbox.in_turn(NoticeMessage, NoticeMessage.robot_id, ready, _BATCH)


@dataclass(frozen=True)
class Delivery:
    """A message with all that is needed to send it, the database aside."""

    words: wording.Words
    address: str
    secret: str = ""
    robot: RobotKind | None = None
    key: str = ""
    at: datetime | None = None


def _prepared(message_id: int, now: datetime) -> Delivery | None:
    """Return a claimed message ready to go; None when it is dropped or has to wait, which is noted."""
    message = db.session.get_one(NoticeMessage, message_id, populate_existing=True)
    try:
        found = _for_robot(message, now) if message.robot_id else _for_person(message, now)
    except DataKeyMissing:
        message.state, message.fault = Outcome.FAILED, "the key that sealed the address is missing"
        return None
    if isinstance(found, datetime):
        message.state, message.not_before = Outcome.WAITING, found
        message.attempts -= 1
        return None
    if found is None:
        message.state = Outcome.DROPPED
    return found


def _for_person(message: NoticeMessage, now: datetime) -> Delivery | datetime | None:
    """Return a mail, or from when on it may go; None when its person no longer wants it or nothing is due."""
    setting = db.session.get(NoticeSetting, message.user_id)
    user = db.session.scalars(
        sa.select(User).where(User.id == message.user_id).options(selectinload(User.memberships))
    ).one()
    if setting is None or setting.confirmed_at is None or not setting.mail_sealed or not user.active:
        return None
    home = homes_of([user.id]).get(user.id)
    allowed = Hours([home] if home else [], now).next_for(home, now, setting)
    if allowed > now and message.topic is not Topic.ACCOUNT:
        return allowed
    with force_locale(setting.language):
        words = wording.mail_of(message, user, setting, now)
    key = f"notice-{message.id}.{message.made_at:%Y%m%d%H%M%S}"
    return Delivery(words, decrypt(setting.mail_sealed), key=key) if words else None


def _for_robot(message: NoticeMessage, now: datetime) -> Delivery | datetime | None:
    robot = db.session.get_one(NoticeRobot, message.robot_id)
    if not robot.active:
        return None
    home = robot.organization_id
    if (allowed := Hours([home], now).next_for(home, now)) > now:
        return allowed
    with force_locale(robot.language):
        words = wording.robot_words(message, robot, now)
    return to_robot(robot, words, now) if words else None


def to_robot(robot: NoticeRobot, words: wording.Words, now: datetime) -> Delivery:
    """Return words for a robot's group, with its address and secret opened."""
    secret = decrypt(robot.secret_sealed) if robot.secret_sealed else ""
    return Delivery(words, decrypt(robot.url_sealed), secret, robot.kind, at=now)


def _deliver(delivery: Delivery) -> mail.NotSent | dialing.NotTaken | None:
    """Send a message; returns why it was not taken. Asks nothing of the database."""
    try:
        if delivery.robot is None:
            mail.send(delivery.address, delivery.words.title, delivery.words.text, key=delivery.key)
        else:
            tell(delivery)
    except (mail.NotSent, dialing.NotTaken) as refusal:
        return refusal
    return None


def tell(delivery: Delivery) -> None:
    """Say something in a robot's group; raises NotTaken."""
    assert delivery.robot is not None
    assert delivery.at is not None
    address = delivery.address
    if delivery.robot is RobotKind.DINGTALK:
        address = signed(address, delivery.secret, int(delivery.at.timestamp() * 1000))
    body = body_of(delivery.robot, delivery.words.title, delivery.words.lines)
    fault = answer_fault(dialing.post_json(address, body))
    if fault is not None:
        raise dialing.NotTaken(fault[0], final=fault[1])


def _note(message_id: int, refusal: mail.NotSent | dialing.NotTaken | None, now: datetime) -> None:
    """Write down what came of a message."""
    message = db.session.get_one(NoticeMessage, message_id, populate_existing=True)
    if refusal is None:
        message.state, message.sent_at, message.fault = Outcome.SENT, now, ""
        return
    again = None if refusal.final else next_try(message.attempts, now)
    message.state = Outcome.WAITING if again else Outcome.FAILED
    message.fault, message.not_before = str(refusal)[:200], again or message.not_before
    log.warning("message %s (%s) was not taken: %s", message.id, message.topic.value, refusal)
