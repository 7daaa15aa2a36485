"""Tokens, other systems, kept answers, counts of requests; webhooks and what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.api.rules import PER_MINUTE, DeliveryState, Event
from trainmgr.identity.models import Organization
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege


class ApiIntegration(Model):
    """Another system of an organisation. It acts under an account of its own (`user_id`) that nobody signs in with.

    The account has no membership, so that it stands in no list of people; what it may do is what `role` may do in the
    organisation, narrowed by its tokens' scopes.
    """

    __tablename__ = "api_integration"
    __table_args__ = (
        sa.UniqueConstraint("user_id"),
        sa.CheckConstraint("name <> ''", name="name"),
        sa.Index("ix_api_integration_organization_id", "organization_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    role: Mapped[Role] = mapped_column(choice(Role, "integrationrole"))
    name: Mapped[str] = mapped_column(sa.String(80))
    active: Mapped[bool] = mapped_column(default=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")
    tokens: Mapped[list[ApiToken]] = relationship(
        order_by="ApiToken.id.desc()", lazy="raise_on_sql", viewonly=True
    )


class ApiToken(Model):
    """A token: of a person, with the person's own rights, or of an integration. Only its digest is kept."""

    __tablename__ = "api_token"
    __table_args__ = (
        sa.UniqueConstraint("digest"),
        sa.CheckConstraint("name <> ''", name="name"),
        sa.CheckConstraint("per_minute > 0", name="pace"),
        sa.Index("ix_api_token_user_id", "user_id", "id"),
        sa.Index("ix_api_token_integration_id", "integration_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    integration_id: Mapped[int | None] = mapped_column(sa.ForeignKey("api_integration.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    digest: Mapped[str] = mapped_column(sa.String(64))
    beginning: Mapped[str] = mapped_column(sa.String(12))
    scopes: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    per_minute: Mapped[int] = mapped_column(default=PER_MINUTE)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def is_good(self, now: datetime) -> bool:
        """Tell whether it opens anything at a moment."""
        return self.revoked_at is None and self.expires_at > now


class ApiUse(Model):
    """How many requests of a minute were given out to a token; processes take them ten at a time."""

    __tablename__ = "api_use"

    token_id: Mapped[int] = mapped_column(sa.ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True)
    minute: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    given: Mapped[int] = mapped_column(default=0)


class ApiAnswer(Model):
    """The answer to a write, kept for its idempotency key in the write's own transaction."""

    __tablename__ = "api_answer"
    __table_args__ = (sa.Index("ix_api_answer_at", "at"),)

    token_id: Mapped[int] = mapped_column(sa.ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    request_digest: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    body: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Webhook(Model):
    """An address of an organisation's that is told of events. Its secret is sealed."""

    __tablename__ = "webhook"
    __table_args__ = (
        sa.CheckConstraint("name <> ''", name="name"),
        sa.Index("ix_webhook_organization_id", "organization_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    url: Mapped[str] = mapped_column(sa.String(500))
    secret_sealed: Mapped[str] = mapped_column(sa.Text)
    active: Mapped[bool] = mapped_column(default=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")
    topics: Mapped[list[WebhookTopic]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}

    @property
    def events(self) -> list[Event]:
        """What it is told of."""
        return sorted(topic.event for topic in self.topics)


class WebhookTopic(Model):
    """One kind of event that a webhook is told of."""

    __tablename__ = "webhook_topic"

    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True)
    event: Mapped[Event] = mapped_column(choice(Event, "webhookevent"), primary_key=True)


class WebhookDelivery(OfCollege, Model, ondelete="CASCADE"):
    """One event on its way to one webhook: the outbox, written in the transaction of the deed. It holds ids only."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        sa.CheckConstraint("attempts >= 0", name="attempts"),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent"),
        sa.Index("ix_webhook_delivery_state_not_before", "state", "not_before", "id"),
        sa.Index("ix_webhook_delivery_webhook_id", "webhook_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook.id", ondelete="CASCADE"))
    event: Mapped[Event] = mapped_column(choice(Event, "deliveryevent"))
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id", ondelete="CASCADE"), index=True)
    subject_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[DeliveryState] = mapped_column(choice(DeliveryState), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fault: Mapped[str] = mapped_column(sa.String(200), default="")
