"""The guard of signed plans: whatever asks for it, a change of a signed edition does not reach the database.

Actions refuse long before; this is what holds when one forgets to. `with lifted():` is for removing whole programmes
(the demo cases) and for arranging tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from trainmgr.curriculum.models import Edition, EditionState, Module, ModuleCompetency, PlanStage
from trainmgr.kernel.errors import RuleBroken

FROZEN = frozenset({EditionState.AGREED, EditionState.SIGNED, EditionState.SUPERSEDED})
PARTS = (PlanStage, Module, ModuleCompetency)

_lifted: ContextVar[bool] = ContextVar("frozen plans may change", default=False)


@contextmanager
def lifted() -> Iterator[None]:
    """Let signed plans be written and removed inside the block."""
    token = _lifted.set(True)
    try:
        yield
    finally:
        _lifted.reset(token)


def _refuse() -> None:
    raise RuleBroken(
        _("Both sides have signed this edition. It never changes; open the next edition instead.")
    )


def _before_flush(session: Session, context: Any, instances: Any) -> None:
    if _lifted.get():
        return
    dirty = [thing for thing in session.dirty if isinstance(thing, PARTS) and session.is_modified(thing)]
    touched = dirty + [thing for thing in (*session.new, *session.deleted) if isinstance(thing, PARTS)]
    if not touched:
        return
    with session.no_autoflush:
        editions = {_edition_id(session, thing) for thing in touched} - {None}
        frozen = sa.select(Edition.id).where(Edition.id.in_(editions), Edition.state.in_(FROZEN))
        if editions and session.scalars(frozen).first() is not None:
            _refuse()


def _edition_id(session: Session, thing: Any) -> int | None:
    if isinstance(thing, ModuleCompetency):
        module = session.get(Module, thing.module_id) if thing.module_id else None
        return module.edition_id if module else None
    # Where a part was moved to another edition, the one that it leaves counts.
    before = sa.inspect(thing).attrs.edition_id.history.deleted
    edition_id: int | None = before[0] if before else thing.edition_id
    return edition_id


def _before_statement(state: ORMExecuteState) -> None:
    """Statements over many rows go past the objects; they are refused as long as one row is of a signed edition."""
    if (
        _lifted.get()
        or not (state.is_update or state.is_delete or state.is_insert)
        or state.bind_mapper is None
    ):
        return
    kind = state.bind_mapper.class_
    if kind not in PARTS or state.is_insert:
        return
    statement: Any = state.statement
    modules = (
        sa.select(Module.id).join(Edition, Edition.id == Module.edition_id).where(Edition.state.in_(FROZEN))
    )
    editions = sa.select(Edition.id).where(Edition.state.in_(FROZEN))
    of_frozen = (
        ModuleCompetency.module_id.in_(modules) if kind is ModuleCompetency else kind.edition_id.in_(editions)
    )
    touched = sa.select(sa.literal(1)).select_from(kind).where(of_frozen, *statement._where_criteria).limit(1)
    if state.session.execute(touched).first() is not None:
        _refuse()


event.listen(Session, "before_flush", _before_flush)
event.listen(Session, "do_orm_execute", _before_statement)
