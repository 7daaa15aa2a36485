"""Sending what waits for webhooks, by the worker's clock: each delivery claimed, sent, noted, and tried again later.

A delivery is claimed (committed), sent while nothing is locked, and noted (committed). A worker that dies in between
leaves it claimed; after ten minutes it goes again under the same id, by which the receiver knows it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.api.models import Webhook, WebhookDelivery
from trainmgr.api.rules import LOST_AFTER, DeliveryState, next_try, signature
from trainmgr.kernel import dialing, outbox
from trainmgr.kernel.crypto import DataKeyMissing, decrypt
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute

log = logging.getLogger(__name__)
_EACH = 50  # of one receiver: a long backlog of one that is down stands in nobody's way


@each_minute
def send_webhooks(now: datetime) -> Iterator[None]:
    """Send what is due; a receiver that refuses is left until the next minute."""
    return outbox.send_each(
        outbox.in_turn(WebhookDelivery, WebhookDelivery.webhook_id, _ready(now), _EACH),
        claim=lambda key: outbox.claim(WebhookDelivery, key, _ready(now), DeliveryState.SENDING, now),
        prepare=lambda key: _packed(key, now),
        deliver=_send,
        note=lambda key, refusal: _note(key, refusal, now),
        is_down=lambda _refusal: True,
    )


def _ready(now: datetime) -> sa.ColumnElement[bool]:
    d = WebhookDelivery
    lost = sa.and_(d.state == DeliveryState.SENDING, d.claimed_at < now - LOST_AFTER)
    return sa.or_(sa.and_(d.state == DeliveryState.WAITING, d.not_before <= now), lost)


@dataclass(frozen=True)
class Parcel:
    """A delivery with all that is needed to send it, the database aside."""

    url: str
    body: bytes
    headers: dict[str, str]


def _packed(delivery_id: int, now: datetime) -> Parcel | None:
    """Return a claimed delivery ready to go; None when its webhook is off, which is noted."""
    delivery = db.session.get_one(WebhookDelivery, delivery_id, populate_existing=True)
    webhook = db.session.get_one(Webhook, delivery.webhook_id, populate_existing=True)
    if not webhook.active:
        delivery.state = DeliveryState.DROPPED
        return None
    try:
        secret = decrypt(webhook.secret_sealed)
    except DataKeyMissing:
        delivery.state, delivery.fault = DeliveryState.FAILED, "the key that sealed the secret is missing"
        return None
    body = json.dumps(told_of(delivery), separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "trainmgr-webhook/1",
        "Trainmgr-Event": delivery.event.value,
        "Trainmgr-Delivery": str(delivery.id),
        "Trainmgr-Signature": signature(secret, body, int(now.timestamp())),
    }
    return Parcel(webhook.url, body, headers)


def told_of(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return what a receiver is told: ids only; it reads the rest over the API, as far as its token may."""
    subject = delivery.event.value.partition(".")[0]
    return {
        "id": delivery.id,
        "event": delivery.event.value,
        "at": delivery.at.isoformat(),
        "program_id": delivery.program_id,
        "enrolment_id": delivery.enrolment_id,
        f"{subject}_id": delivery.subject_id,
    }


def _send(parcel: Parcel) -> dialing.NotTaken | None:
    """Send a parcel; returns why it was not taken. Asks nothing of the database."""
    try:
        status, _text = dialing.post(parcel.url, parcel.body, parcel.headers)
    except dialing.NotTaken as refusal:
        return refusal
    return None if 200 <= status < 300 else dialing.refusal_of(status)


def _note(delivery_id: int, refusal: dialing.NotTaken | None, now: datetime) -> None:
    """Write down what came of a delivery; whatever was the reason, it is tried again, as receivers get mended."""
    delivery = db.session.get_one(WebhookDelivery, delivery_id, populate_existing=True)
    if refusal is None:
        delivery.state, delivery.sent_at, delivery.fault = DeliveryState.SENT, now, ""
        return
    again = next_try(delivery.attempts, now)
    delivery.state = DeliveryState.WAITING if again else DeliveryState.FAILED
    delivery.fault, delivery.not_before = str(refusal)[:200], again or delivery.not_before
    log.warning("webhook delivery %s was not taken: %s", delivery.id, refusal)
