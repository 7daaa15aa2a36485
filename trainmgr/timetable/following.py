"""A timetable follows its plan: which module a class hour belongs to depends on the edition in force on its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.hooks import on_amended
from trainmgr.curriculum.models import Edition, Module, PlanStage
from trainmgr.curriculum.queries import holds_on
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.timetable.models import SessionState, TeachingSession


@dataclass(frozen=True)
class Frame:
    """What an edition says of a module from a day on: the module itself (None: it has none), and its stage."""

    number: int
    first: date | None
    module: Module | None
    stage: PlanStage | None


def frames_of(program_id: int, lineage: str) -> list[Frame]:
    """Return what each signed edition of a programme says of a module, the oldest first: one statement."""
    same = sa.and_(Module.edition_id == Edition.id, Module.lineage == lineage)
    stage = sa.and_(PlanStage.edition_id == Edition.id, PlanStage.number == Module.stage_number)
    rows = db.session.execute(
        sa.select(Edition.number, Edition.in_force_from, Module, PlanStage)
        .select_from(Edition)
        .outerjoin(Module, same)
        .outerjoin(PlanStage, stage)
        .where(Edition.program_id == program_id, Edition.state.in_(FROZEN))
        .order_by(Edition.number)
    )
    return [Frame(*row) for row in rows]


def frame_on(frames: Sequence[Frame], day: date) -> Frame | None:
    """Return the frame of the edition in force on a day; None while no edition is signed."""
    return next((each for each in reversed(frames) if each.first is None or each.first <= day), None)


def edition_on(program_id: int, day: date) -> sa.ScalarSelect[int]:
    """Return the id of the signed edition in force on a day; none while nothing is signed."""
    return (
        sa.select(Edition.id)
        .where(Edition.program_id == program_id, holds_on(day))
        .order_by(Edition.number.desc())
        .limit(1)
        .scalar_subquery()
    )


@on_amended
def follow(program: Program, edition: Edition, first_day: date) -> None:
    """Let the sessions from an amendment's first day on be of its modules; where it has none they stay as they are."""
    new = sa.select(Module.id).where(
        Module.edition_id == edition.id, Module.lineage == TeachingSession.lineage
    )
    db.session.execute(
        sa.update(TeachingSession)
        .where(
            TeachingSession.program_id == program.id,
            TeachingSession.day >= first_day,
            TeachingSession.state == SessionState.PLANNED,
            new.correlate(TeachingSession).exists(),
        )
        .values(module_id=new.correlate(TeachingSession).scalar_subquery()),
        execution_options={"synchronize_session": False},
    )


def is_stray(program_id: int, today: date) -> sa.ColumnElement[bool]:
    """Return the condition on TeachingSession that leaves those to come whose module an amendment has taken away."""
    newest = (
        sa.select(Edition.id)
        .where(Edition.program_id == program_id, Edition.state.in_(FROZEN))
        .order_by(Edition.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    first = sa.select(Edition.in_force_from).where(Edition.id == newest).scalar_subquery()
    return sa.and_(
        TeachingSession.program_id == program_id,
        TeachingSession.state == SessionState.PLANNED,
        TeachingSession.day >= today,
        TeachingSession.day >= first,
        TeachingSession.lineage.not_in(sa.select(Module.lineage).where(Module.edition_id == newest)),
    )
