"""An organisation's webhooks: set up, changed, replayed; and the outbox, filled in the transaction of each deed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from trainmgr.api.models import Webhook, WebhookDelivery, WebhookTopic
from trainmgr.api.rules import DeliveryState, Event
from trainmgr.certificates.issuing import ISSUED, REISSUED
from trainmgr.certificates.models import Certificate
from trainmgr.enrolment.hooks import Joining, after_joining
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.ratings import CORRECTED, SUBMITTED
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import AuditEvent, require
from trainmgr.kernel.crypto import encrypt
from trainmgr.kernel.db import among, db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.kernel.tenancy import COLLEGE
from trainmgr.practice.actions import SIGNED, SIGNED_MANY
from trainmgr.practice.models import LogDecision, LogDecisionKind, PracticeLog
from trainmgr.programs.models import Program

ADDED = audit.sentence("webhook.add", _l("%(who)s set up the webhook “%(what)s”"))
CHANGED = audit.sentence("webhook.change", _l("%(who)s changed the webhook “%(what)s”"))
REPLAYED = audit.sentence("webhook.replay", _l("%(who)s sent events to “%(what)s” again"))
RENEWED = audit.sentence("webhook.secret", _l("%(who)s gave the webhook “%(what)s” a new secret"))
MOST_WEBHOOKS = 20


@dataclass(frozen=True)
class WebhookFacts:
    """What is typed of a webhook."""

    name: str
    url: str
    events: Sequence[Event]
    active: bool = True


def webhooks_of(organization: Organization) -> Sequence[Webhook]:
    """Return an organisation's webhooks with what they are told of: two statements."""
    return db.session.scalars(
        sa.select(Webhook)
        .where(Webhook.organization_id == organization.id)
        .options(selectinload(Webhook.topics))
        .order_by(Webhook.active.desc(), Webhook.id)
        .limit(MOST_WEBHOOKS)
    ).all()


def webhook_or_404(organization: Organization, webhook_id: int) -> Webhook:
    """Return a webhook of an organisation, or answer 404."""
    found: Webhook | None = db.session.scalars(
        sa.select(Webhook)
        .where(Webhook.id == webhook_id, Webhook.organization_id == organization.id)
        .options(selectinload(Webhook.topics))
    ).one_or_none()
    return found if found is not None else abort(404)


def add(organization: Organization, facts: WebhookFacts, *, by: User, now: datetime) -> tuple[Webhook, str]:
    """Set a webhook up; returns it with the secret that signs what it is sent, which is shown this once."""
    count = db.session.scalar(sa.select(sa.func.count()).where(Webhook.organization_id == organization.id))
    require((count or 0) < MOST_WEBHOOKS, _("An organisation has at most twenty webhooks."))
    secret = secrets.token_urlsafe(32)
    webhook = Webhook(
        organization_id=organization.id,
        secret_sealed=encrypt(secret),
        by_id=by.id,
        by_name=by.name,
        at=now,
        topics=[],
    )
    _write(webhook, facts)
    db.session.add(webhook)
    audit.record(ADDED, webhook, by=by, now=now, name=facts.name)
    return webhook, secret


def change(webhook: Webhook, facts: WebhookFacts, *, version: int, by: User, now: datetime) -> None:
    """Change a webhook, or switch it off; what waits for one that is off is dropped when its time comes."""
    if webhook.version != version:
        raise Conflict(_("Somebody changed this webhook meanwhile. Look at it again."))
    _write(webhook, facts)
    webhook.by_id, webhook.by_name, webhook.at = by.id, by.name, now
    audit.record(CHANGED, webhook, by=by, now=now, name=facts.name, active=facts.active)


def _write(webhook: Webhook, facts: WebhookFacts) -> None:
    webhook.name, webhook.url, webhook.active = facts.name, facts.url, facts.active
    kept = {topic.event: topic for topic in webhook.topics}
    webhook.topics = [kept.get(event) or WebhookTopic(event=event) for event in dict.fromkeys(facts.events)]


def renew_secret(webhook: Webhook, *, by: User, now: datetime) -> str:
    """Give a webhook a new secret, and return it to be shown once; the old one signs nothing any more."""
    secret = secrets.token_urlsafe(32)
    webhook.secret_sealed = encrypt(secret)
    audit.record(RENEWED, webhook, by=by, now=now, name=webhook.name)
    return secret


# --- deliveries ----------------------------------------------------------------------------------------------


def list_deliveries(webhook: Webhook, listing: Listing, state: str = "") -> Page[WebhookDelivery]:
    """Return a page of what was sent to a webhook, the latest first."""
    statement = sa.select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    if state in set(DeliveryState):
        statement = statement.where(WebhookDelivery.state == DeliveryState(state))
    orders = {"id": (sa.desc(WebhookDelivery.id),)}
    return paginate(statement, Listing(listing.number), orders=orders, default="id", filters={"state": state})


def replay(webhook: Webhook, delivery_ids: Sequence[int], *, by: User, now: datetime) -> int:
    """Send events again that were sent or given up; their ids stay, so that the receiver knows them."""
    again = (
        sa.update(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == webhook.id,
            WebhookDelivery.id.in_(delivery_ids),
            WebhookDelivery.state.in_((DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.DROPPED)),
        )
        .values(state=DeliveryState.WAITING, attempts=0, not_before=now, fault="")
    )
    count = int(db.session.execute(again, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[attr-defined]
    if count:
        audit.record(REPLAYED, webhook, by=by, now=now, name=webhook.name, count=count)
    return count


# --- the outbox ----------------------------------------------------------------------------------------------


def publish(event: Event, subjects: sa.Select[int, int], now: datetime) -> None:
    """Put an event into the outbox for every webhook that is told of it and whose organisation sees the trainee.

    `subjects` selects (subject's id, enrolment's id). One statement for any number of them.
    """
    about = subjects.subquery()
    subject_id, enrolment_id = about.c
    sees = sa.or_(
        Program.lead_college_id == Webhook.organization_id,
        Enrolment.college_id == Webhook.organization_id,
        Enrolment.enterprise_id == Webhook.organization_id,
    )
    rows = (
        sa.select(
            Enrolment.lead_college_id,
            Webhook.id, sa.literal(event, WebhookDelivery.event.type), Enrolment.program_id, Enrolment.id, subject_id,
            sa.literal(now, WebhookDelivery.at.type), sa.literal(now, WebhookDelivery.at.type),
            sa.literal(DeliveryState.WAITING, WebhookDelivery.state.type), sa.literal(0), sa.literal(""),
        )
        .select_from(about)
        .join(Enrolment, Enrolment.id == enrolment_id)
        .join(Program, Program.id == Enrolment.program_id)
        .join(Webhook, sees)
        .join(WebhookTopic, WebhookTopic.webhook_id == Webhook.id)
        .where(Webhook.active, WebhookTopic.event == event)
    )  # fmt: skip
    columns = (COLLEGE, "webhook_id", "event", "program_id", "enrolment_id", "subject_id", "at", "not_before", "state",
               "attempts", "fault")  # fmt: skip
    db.session.execute(sa.insert(WebhookDelivery).from_select(columns, rows, include_defaults=False))


def _one(event: Event) -> audit.Follower:
    def tell(deed: AuditEvent, subject: Any) -> None:
        db.session.flush()
        one = sa.select(
            sa.literal(subject.id).label("subject"), sa.literal(subject.enrolment_id).label("enrolment")
        )
        publish(event, one, deed.at)

    return tell


def _signed_many(deed: AuditEvent, _program: Any) -> None:
    db.session.flush()
    signed = (
        sa.select(PracticeLog.id, PracticeLog.enrolment_id)
        .join(LogDecision, LogDecision.log_id == PracticeLog.id)
        .where(
            LogDecision.by_id == deed.actor_id,
            LogDecision.at == deed.at,
            LogDecision.kind == LogDecisionKind.SIGN,
            PracticeLog.program_id == deed.program_id,
        )
    )
    publish(Event.LOG_SIGNED, signed, deed.at)


def _issued(deed: AuditEvent, first: Certificate) -> None:
    db.session.flush()
    issued = sa.select(Certificate.id, Certificate.enrolment_id).where(
        Certificate.program_id == first.program_id, Certificate.issued_at == deed.at, Certificate.is_present
    )
    publish(Event.CERTIFICATE_ISSUED, issued, deed.at)


@after_joining
def _joined(joining: Joining) -> None:
    came = sa.select(Enrolment.id, Enrolment.id.label("enrolment")).where(
        among(Enrolment.id, joining.enrolment_ids)
    )
    publish(Event.ENROLMENT_ADMITTED, came, joining.now)


audit.follow(SIGNED, _one(Event.LOG_SIGNED))
audit.follow(SIGNED_MANY, _signed_many)
audit.follow(SUBMITTED, _one(Event.RATING_SUBMITTED))
audit.follow(CORRECTED, _one(Event.RATING_SUBMITTED))
audit.follow(ISSUED, _issued)
audit.follow(REISSUED, _issued)
