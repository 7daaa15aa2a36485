"""The guard of published standards: whatever asks for it, a change of a published version does not reach the database.

Actions refuse long before; this is what holds when one forgets to. Every part of a version names it in `version_id`.
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

from trainmgr.kernel.errors import RuleBroken
from trainmgr.standards.evidence import DelphiPanelist, DelphiRound, Interview, TaskRating
from trainmgr.standards.models import (
    CertificateMapping,
    StandardTask,
    StandardVersion,
    TaskCompetency,
    TaskSource,
    VersionCompetency,
)
from trainmgr.standards.rules import VersionState

PARTS = (
    VersionCompetency, StandardTask, TaskSource, TaskCompetency, CertificateMapping,
    Interview, TaskRating, DelphiPanelist, DelphiRound,
)  # fmt: skip

_lifted: ContextVar[bool] = ContextVar("published standards may change", default=False)


@contextmanager
def lifted() -> Iterator[None]:
    """Let published versions be written inside the block (tests arrange with it)."""
    token = _lifted.set(True)
    try:
        yield
    finally:
        _lifted.reset(token)


def _guard(session: Session, versions: Any) -> None:
    frozen = sa.select(StandardVersion.id).where(
        StandardVersion.id.in_(versions), StandardVersion.state != VersionState.DRAFT
    )
    with session.no_autoflush:
        if session.scalar(frozen.limit(1)) is not None:
            raise RuleBroken(
                _("This version is published. It never changes; open a draft of the next version instead.")
            )


def _before_flush(session: Session, context: Any, instances: Any) -> None:
    changed = [thing for thing in session.dirty if session.is_modified(thing)]
    touched = [thing for thing in (*changed, *session.new, *session.deleted) if isinstance(thing, PARTS)]
    if touched and not _lifted.get():
        _guard(session, {number for thing in touched for number in _versions_of(thing)})


def _versions_of(thing: Any) -> list[int]:
    """Return the version of a part, and the one that it leaves when it is moved to another."""
    return [*sa.inspect(thing).attrs.version_id.history.deleted, thing.version_id]


def _before_statement(state: ORMExecuteState) -> None:
    """Statements over many rows go past the objects; they are refused as long as one row is of a published version."""
    kind = state.bind_mapper.class_ if state.bind_mapper is not None else None
    if _lifted.get() or not (state.is_update or state.is_delete) or kind not in PARTS:
        return
    statement: Any = state.statement
    _guard(state.session, sa.select(kind.version_id).where(*statement._where_criteria))


event.listen(Session, "before_flush", _before_flush)
event.listen(Session, "do_orm_execute", _before_statement)
