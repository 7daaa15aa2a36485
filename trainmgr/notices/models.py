"""What people and organisations want sent, their group robots, and the outbox."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.notices import labels
from trainmgr.notices.rules import QUIET_BEGINS, QUIET_ENDS, Channel, Outcome, Quiet, RobotKind, Topic


class NoticeSetting(Model):
    """What one person wants by mail. Nothing is sent to an address before its owner typed the code sent there.

    Hours of one's own take the place of the organisation's.
    """

    __tablename__ = "notice_setting"
    __table_args__ = (
        sa.CheckConstraint("(quiet_begins IS NULL) = (quiet_ends IS NULL)", name="hours"),
        sa.CheckConstraint("confirmed_at IS NULL OR mail_sealed IS NOT NULL", name="confirmed"),
        sa.Index("ix_notice_setting_confirmed_at", "confirmed_at", "user_id"),
    )

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True)
    mail_sealed: Mapped[str | None] = mapped_column(sa.Text)
    mail_masked: Mapped[str] = mapped_column(sa.String(120), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    code_digest: Mapped[str] = mapped_column(sa.String(64), default="")
    code_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    code_tries: Mapped[int] = mapped_column(default=0)
    digest: Mapped[bool] = mapped_column(default=True)
    reminders: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(sa.String(5), default="zh")
    quiet_begins: Mapped[time | None]
    quiet_ends: Mapped[time | None]
    closed_days: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class NoticeHours(Model):
    """An organisation's quiet hours: of its robots, and of its people who set none of their own."""

    __tablename__ = "notice_hours"

    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    quiet_begins: Mapped[time] = mapped_column(default=QUIET_BEGINS)
    quiet_ends: Mapped[time] = mapped_column(default=QUIET_ENDS)
    closed_days: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def quiet(self) -> Quiet:
        """The hours as a value."""
        return Quiet(self.quiet_begins, self.quiet_ends, self.closed_days)


class NoticeRobot(Model):
    """A group robot of an organisation. Its address holds the key to the group, so it is sealed like the secret."""

    __tablename__ = "notice_robot"
    __table_args__ = (
        sa.CheckConstraint("name <> ''", name="name"),
        sa.Index("ix_notice_robot_organization_id_active", "organization_id", "active", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[RobotKind] = mapped_column(choice(RobotKind))
    name: Mapped[str] = mapped_column(sa.String(80))
    url_sealed: Mapped[str] = mapped_column(sa.Text)
    host: Mapped[str] = mapped_column(sa.String(255))
    secret_sealed: Mapped[str | None] = mapped_column(sa.Text)
    topics: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    language: Mapped[str] = mapped_column(sa.String(5), default="zh")
    active: Mapped[bool] = mapped_column(default=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def kind_label(self) -> Any:
        """Whose robot it is, in words."""
        return labels.ROBOTS[self.kind]


class NoticeMessage(Model):
    """One message of the outbox; `key` says what it is, so that the same is never planned twice.

    `params` are counts and ids only: words, names and addresses are looked up when it is sent.
    """

    __tablename__ = "notice_message"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("(user_id IS NULL) <> (robot_id IS NULL)", name="whom"),
        sa.CheckConstraint("attempts >= 0", name="attempts"),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent"),
        sa.Index("ix_notice_message_state_not_before", "state", "not_before", "id"),
        sa.Index("ix_notice_message_user_id", "user_id", "id"),
        sa.Index("ix_notice_message_robot_id", "robot_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(120))
    channel: Mapped[Channel] = mapped_column(choice(Channel))
    topic: Mapped[Topic] = mapped_column(choice(Topic))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    robot_id: Mapped[int | None] = mapped_column(sa.ForeignKey("notice_robot.id"))
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    not_before: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[Outcome] = mapped_column(choice(Outcome), default=Outcome.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fault: Mapped[str] = mapped_column(sa.String(200), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def topic_label(self) -> Any:
        """What it is about, in words."""
        return labels.TOPICS[self.topic]

    @property
    def state_label(self) -> Any:
        """Where it stands, in words."""
        return labels.OUTCOMES[self.state]
