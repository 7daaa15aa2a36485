"""The guard of what was drawn or answered: whatever asks for it, a change of it does not reach the database.

Actions refuse long before; this is what holds when one forgets to.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from trainmgr.bank.models import BlueprintRow, InstrumentVersion, Item, PaperItem
from trainmgr.bank.rules import InstrumentState
from trainmgr.kernel.errors import RuleBroken

ASKED = ("competency_id", "kind", "difficulty", "points", "stem", "picture_id", "content", "explanation")
PARTS = (BlueprintRow, PaperItem)


def _refuse_item() -> None:
    raise RuleBroken(_("This item was drawn into a paper and stays as it was. Write a new one in its place."))


def _refuse_version() -> None:
    raise RuleBroken(
        _("This version was answered and never changes. Open the next version, then change that.")
    )


def _before_flush(session: Session, context: Any, instances: Any) -> None:
    for thing in session.dirty:
        if isinstance(thing, Item) and _was_drawn(thing) and _changes(thing, ASKED):
            _refuse_item()
        if isinstance(thing, InstrumentVersion) and _was_frozen(thing) and session.is_modified(thing):
            _refuse_version()
    if any(isinstance(thing, Item) and _was_drawn(thing) for thing in session.deleted):
        _refuse_item()
    touched = [*(one for one in session.dirty if session.is_modified(one)), *session.new, *session.deleted]
    parts = {thing.version_id for thing in touched if isinstance(thing, BlueprintRow)}
    if parts and _any_frozen(session, parts):
        _refuse_version()


def _changes(thing: Any, names: tuple[str, ...]) -> bool:
    attributes = sa.inspect(thing).attrs
    return any(attributes[name].history.has_changes() for name in names)


def _was_drawn(item: Item) -> bool:
    history = sa.inspect(item).attrs.drawn_at.history
    return any(moment is not None for moment in (*history.unchanged, *history.deleted))


def _was_frozen(version: InstrumentVersion) -> bool:
    history = sa.inspect(version).attrs.state.history
    return InstrumentState.FROZEN in (*history.unchanged, *history.deleted)


def _any_frozen(session: Session, versions: Any) -> bool:
    frozen = sa.select(InstrumentVersion.id).where(
        InstrumentVersion.id.in_(versions), InstrumentVersion.state == InstrumentState.FROZEN
    )
    with session.no_autoflush:
        return session.scalar(frozen.limit(1)) is not None


def _before_statement(state: ORMExecuteState) -> None:
    """Statements over many rows go past the objects; they are refused as long as one row is of a frozen version."""
    kind = state.bind_mapper.class_ if state.bind_mapper is not None else None
    if not (state.is_update or state.is_delete) or kind not in PARTS:
        return
    statement: Any = state.statement
    if _any_frozen(state.session, sa.select(kind.version_id).where(*statement._where_criteria)):
        _refuse_version()


event.listen(Session, "before_flush", _before_flush)
event.listen(Session, "do_orm_execute", _before_statement)
