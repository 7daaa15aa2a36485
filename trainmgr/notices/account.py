"""Word of changes to how one signs in: planned in the transaction of the change, sent at once, quiet hours or not."""

from __future__ import annotations

import sqlalchemy as sa

from trainmgr.identity.models import User
from trainmgr.kernel.audit import AuditEvent, follow
from trainmgr.kernel.db import db
from trainmgr.notices.models import NoticeSetting
from trainmgr.notices.outbox import Plan, plan
from trainmgr.notices.rules import Topic
from trainmgr.notices.wording import DEEDS


def _tell(event: AuditEvent, person: User) -> None:
    """Plan a mail to the person, where an address is confirmed."""
    db.session.flush()
    address = sa.select(NoticeSetting.user_id).where(
        NoticeSetting.user_id == person.id, NoticeSetting.confirmed_at.is_not(None)
    )
    if db.session.scalar(address) is None:
        return
    message = Plan(
        f"account:e{event.id}",
        Topic.ACCOUNT,
        user_id=person.id,
        params={"deed": event.action, "at": event.at.isoformat()},
    )
    plan([message], now=event.at)


for _action in DEEDS:
    follow(_action, _tell)
