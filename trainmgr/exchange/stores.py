"""A college's learning record stores: set up, changed; what was sent to them, sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.exchange.kinds import StatementState
from trainmgr.exchange.models import LearningStatement, LearningStore
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.crypto import encrypt
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.paging import Listing, Page, paginate

ADDED = audit.sentence("exchange.store", _l("%(who)s set up the learning record store “%(what)s”"))
CHANGED = audit.sentence("exchange.store_change", _l("%(who)s changed the learning record store “%(what)s”"))
AGAIN = audit.sentence(
    "exchange.store_again", _l("%(who)s had %(count)s statements sent to “%(what)s” again")
)
MOST_STORES = 10


@dataclass(frozen=True)
class StoreFacts:
    """What is typed of a store; a password of None leaves the one that is kept."""

    name: str
    url: str
    username: str
    password: str | None
    tells_names: bool
    active: bool
    since: datetime


def stores_of(college: Organization) -> Sequence[LearningStore]:
    """Return a college's stores, those in use first."""
    return db.session.scalars(
        sa.select(LearningStore)
        .where(LearningStore.college_id == college.id)
        .order_by(LearningStore.active.desc(), LearningStore.id)
        .limit(MOST_STORES)
    ).all()


def store_or_404(college: Organization, store_id: int) -> LearningStore:
    """Return a store of a college, or answer 404."""
    found: LearningStore | None = db.session.scalars(
        sa.select(LearningStore).where(LearningStore.id == store_id, LearningStore.college_id == college.id)
    ).one_or_none()
    return found if found is not None else abort(404)


def add(college: Organization, facts: StoreFacts, root: str, *, by: User, now: datetime) -> LearningStore:
    """Set a store up. Its password is sealed and never shown again."""
    count = db.session.scalar(sa.select(sa.func.count()).where(LearningStore.college_id == college.id))
    require((count or 0) < MOST_STORES, _("A college has at most ten learning record stores."))
    store = LearningStore(
        college_id=college.id, root=root[:200], password_sealed=encrypt(facts.password or ""), by_id=by.id,
        by_name=by.name, at=now, since=facts.since,
    )  # fmt: skip
    _write(store, facts)
    db.session.add(store)
    audit.record(ADDED, store, by=by, now=now, name=facts.name, names=facts.tells_names)
    return store


def change(store: LearningStore, facts: StoreFacts, *, version: int, by: User, now: datetime) -> None:
    """Change a store; what waits for one that is off is dropped when its time comes."""
    if store.version != version:
        raise Conflict(_("Somebody changed this learning record store meanwhile. Look at it again."))
    if facts.since != store.since:
        store.filled_at = None
    _write(store, facts)
    if facts.password is not None:
        store.password_sealed = encrypt(facts.password)
    store.by_id, store.by_name, store.at = by.id, by.name, now
    audit.record(
        CHANGED, store, by=by, now=now, name=facts.name, active=facts.active, names=facts.tells_names
    )


def _write(store: LearningStore, facts: StoreFacts) -> None:
    store.name, store.url, store.username = facts.name, facts.url, facts.username
    store.tells_names, store.active, store.since = facts.tells_names, facts.active, facts.since


def list_statements(store: LearningStore, listing: Listing, state: str = "") -> Page[LearningStatement]:
    """Return a page of what was, or waits to be, sent to a store, the latest first."""
    found = sa.select(LearningStatement).where(
        LearningStatement.college_id == store.college_id, LearningStatement.store_id == store.id
    )
    if state in set(StatementState):
        found = found.where(LearningStatement.state == StatementState(state))
    orders = {"id": (sa.desc(LearningStatement.id),)}
    return paginate(found, Listing(listing.number), orders=orders, default="id", filters={"state": state})


def counts_of(store: LearningStore) -> dict[StatementState, int]:
    """Return how many statements of a store stand where."""
    rows = db.session.execute(
        sa.select(LearningStatement.state, sa.func.count())
        .where(LearningStatement.college_id == store.college_id, LearningStatement.store_id == store.id)
        .group_by(LearningStatement.state)
    )
    return {row[0]: row[1] for row in rows}


def send_again(store: LearningStore, *, by: User, now: datetime) -> int:
    """Send what was given up or dropped once more; the ids stay, so that nothing is doubled."""
    again = (
        sa.update(LearningStatement)
        .where(
            LearningStatement.store_id == store.id,
            LearningStatement.state.in_((StatementState.FAILED, StatementState.DROPPED)),
        )
        .values(state=StatementState.WAITING, attempts=0, not_before=now, fault="")
    )
    count = int(db.session.execute(again, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[attr-defined]
    if count:
        audit.record(AGAIN, store, by=by, now=now, name=store.name, count=count)
    return count
