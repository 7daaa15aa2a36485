"""What is done with items: written, changed (a drawn one by a successor), put in use, retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank.content import digest_of
from trainmgr.bank.models import Item
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.files import StoredFile

WRITTEN = audit.sentence("bank.write-item", _l("%(who)s wrote item %(number)s “%(what)s”"))
CHANGED = audit.sentence("bank.change-item", _l("%(who)s changed item %(number)s “%(what)s”"))
REPLACED = audit.sentence(
    "bank.replace-item",
    _l("%(who)s replaced item %(old)s by %(number)s “%(what)s”, since it was drawn before"),
)
MOVED = {
    ItemState.IN_USE: audit.sentence("bank.use-items", _l("%(who)s put %(count)s items in use: %(what)s")),
    ItemState.RETIRED: audit.sentence("bank.retire-items", _l("%(who)s retired %(count)s items: %(what)s")),
    ItemState.DRAFT: audit.sentence("bank.withdraw-items", _l("%(who)s took %(count)s items back: %(what)s")),
}
SHOWN = 40  # characters of a stem in the trail


@dataclass(frozen=True)
class ItemFacts:
    """What an author says of an item; `content` is the checked document of its kind."""

    competency_id: int
    kind: ItemKind
    difficulty: Difficulty
    points: Decimal
    stem: str
    content: Mapping[str, Any]
    explanation: str = ""

    def columns(self) -> dict[str, Any]:
        """Return the facts as columns of an item."""
        return {
            "competency_id": self.competency_id,
            "kind": self.kind,
            "difficulty": self.difficulty,
            "points": self.points,
            "stem": self.stem,
            "content": dict(self.content),
            "explanation": self.explanation,
        }

    def digest(self, picture: StoredFile | None = None) -> str:
        """Return what tells the item when it comes again."""
        sha256 = picture.sha256 if picture is not None else ""
        return digest_of(self.competency_id, self.kind, self.stem, self.content, sha256)


def write_item(
    college_id: int,
    facts: ItemFacts,
    *,
    state: ItemState = ItemState.DRAFT,
    picture: StoredFile | None = None,
    by: Actor,
    now: datetime,
) -> Item:
    """Write a new item; refused when the college's bank holds the same one already."""
    item = _new(college_id, facts, state, picture, by, now)
    _require_unique(college_id, item.digest)
    db.session.add(item)
    db.session.flush()
    audit.record(WRITTEN, item, by=by, now=now, name=facts.stem[:SHOWN], number=item.id)
    return item


def _new(
    college_id: int,
    facts: ItemFacts,
    state: ItemState,
    picture: StoredFile | None,
    by: Actor | None,
    now: datetime,
) -> Item:
    who = by.id if by else None
    return Item(
        college_id=college_id,
        state=state,
        picture_id=picture.id if picture else None,
        digest=facts.digest(picture),
        created_by_id=who,
        created_at=now,
        changed_by_id=who,
        changed_at=now,
        **facts.columns(),
    )


def _require_unique(college_id: int, digest: str, but: Sequence[int] = ()) -> None:
    twin = db.session.scalar(
        sa.select(Item.id)
        .where(Item.college_id == college_id, Item.digest == digest, Item.state != ItemState.RETIRED)
        .where(Item.id.not_in(but))
        .limit(1)
    )
    require(twin is None, _("The bank holds this item already: it is item %(number)s.", number=twin))


def change_item(
    item: Item, facts: ItemFacts, *, picture: StoredFile | None, version: int, by: Actor, now: datetime
) -> Item:
    """Change an item and return it; one that was drawn stays as it was, and its successor is returned.

    The successor takes the place and state of the old item, which is retired.
    """
    if version != item.version:
        raise Conflict(
            _("Somebody has changed this item meanwhile. Theirs is shown beside yours; save it again.")
        )
    require(
        item.state is not ItemState.RETIRED, _("A retired item does not change. Put it in use again first.")
    )
    _require_unique(item.college_id, facts.digest(picture), [item.id])
    if item.drawn_at is not None:
        return _succeed(item, facts, picture, by, now)
    for name, value in facts.columns().items():
        setattr(item, name, value)
    item.picture_id = picture.id if picture else None
    item.digest = facts.digest(picture)
    item.changed_by_id, item.changed_at = by.id, now
    audit.record(CHANGED, item, by=by, now=now, name=facts.stem[:SHOWN], number=item.id)
    return item


def _succeed(item: Item, facts: ItemFacts, picture: StoredFile | None, by: Actor, now: datetime) -> Item:
    successor = _new(item.college_id, facts, item.state, picture, by, now)
    successor.replaces_id = item.id
    item.state, item.changed_by_id, item.changed_at = ItemState.RETIRED, by.id, now
    db.session.flush()  # the old one makes room before the new one comes
    db.session.add(successor)
    db.session.flush()
    audit.record(
        REPLACED, successor, by=by, now=now, name=facts.stem[:SHOWN], number=successor.id, old=item.id
    )
    return successor


def move_items(items: Sequence[Item], state: ItemState, *, by: Actor, now: datetime) -> int:
    """Put items in use, retire them, or take them back into draft; returns how many moved.

    A replaced item stays retired, and what was drawn is no draft any more.
    """
    moving = [item for item in items if item.state is not state]
    if state is ItemState.DRAFT:
        require(
            not any(item.drawn_at for item in moving),
            _("An item that was drawn into a paper is no draft any more. Retire it instead."),
        )
    if state is not ItemState.RETIRED:
        _require_not_replaced(moving)
    for item in moving:
        if item.state is ItemState.RETIRED:
            _require_unique(item.college_id, item.digest, [item.id])
        item.state, item.changed_by_id, item.changed_at = state, by.id, now
    if moving:
        numbers = ", ".join(str(item.id) for item in moving[:10]) + ("…" if len(moving) > 10 else "")
        audit.record(MOVED[state], moving[0], by=by, now=now, name=numbers, count=len(moving))
    return len(moving)


def _require_not_replaced(items: Sequence[Item]) -> None:
    replaced = db.session.scalar(
        sa.select(Item.replaces_id).where(Item.replaces_id.in_([item.id for item in items])).limit(1)
    )
    require(
        replaced is None,
        _("Item %(number)s was replaced by a newer one and stays retired.", number=replaced),
    )


def note_drawn(item_ids: Sequence[int], *, now: datetime) -> None:
    """Note that items stand in a paper: from now on they never change."""
    db.session.execute(
        sa.update(Item)
        .where(Item.id.in_(item_ids), Item.drawn_at.is_(None))
        .values(drawn_at=now, version=Item.version + 1)
    )


@dataclass(frozen=True)
class Statistics:
    """What a test says of an item: how many answered, difficulty p (0–1), discrimination (−1 to 1), option counts."""

    times_answered: int
    p_value: Decimal | None = None
    discrimination: Decimal | None = None
    distractors: Mapping[str, int] | None = None


def note_statistics(found: Mapping[int, Statistics]) -> None:
    """Keep what testing computed over all answers to these items (by id) for the bank's lists."""
    rows = [
        {
            "id": item_id,
            "times_answered": one.times_answered,
            "p_value": one.p_value,
            "discrimination": one.discrimination,
            "distractors": dict(one.distractors) if one.distractors is not None else None,
        }
        for item_id, one in found.items()
    ]
    if rows:
        table: Any = Item.__table__
        values: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name != "id"}
        statement = sa.update(table).where(table.c.id == sa.bindparam("item_id")).values(values)
        db.session.connection().execute(statement, [row | {"item_id": row["id"]} for row in rows])
        db.session.expire_all()
