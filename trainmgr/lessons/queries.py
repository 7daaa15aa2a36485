"""Reads of lesson plans, and who may read and write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.models import Edition, EditionState, Module
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.lessons.models import LessonPlan, LessonUse, LessonVersion
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, visible_to
from trainmgr.timetable.models import SessionState, TeachingSession
from trainmgr.timetable.queries import own_sessions

# --- who may ---------------------------------------------------------------------------------------------


def edits_all(program: Program, viewer: User) -> bool:
    """Tell whether somebody writes all lesson plans of a programme: whoever makes its timetable does."""
    return may(program, viewer, Permission.TIMETABLE_EDIT)


def led_by(program: Program, viewer: User) -> sa.Select[Any]:
    """Return a select of the lineages of the modules in force that somebody leads."""
    return (
        sa.select(Module.lineage)
        .join(Edition, Edition.id == Module.edition_id)
        .where(
            Edition.program_id == program.id,
            Edition.state == EditionState.SIGNED,
            Module.lead_teacher_id == viewer.id,
        )
    )


def modules_to_write(program: Program, viewer: User) -> Sequence[Module]:
    """Return the modules in force whose lesson plans somebody may write: all, or those that are led."""
    statement = (
        sa.select(Module)
        .join(Edition, Edition.id == Module.edition_id)
        .where(Edition.program_id == program.id, Edition.state == EditionState.SIGNED)
        .order_by(Module.stage_number, Module.position, Module.id)
    )
    if not edits_all(program, viewer):
        statement = statement.where(Module.lead_teacher_id == viewer.id)
    return db.session.scalars(statement).all()


def seen_by(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on LessonPlan that leaves what the viewer may read.

    The parties' staff read all, whoever leads a module its plans; others finished ones: a trainee those of the own
    class's sessions, everybody else all.
    """
    inside = LessonPlan.program_id == program.id
    if edits_all(program, viewer) or may(program, viewer, Permission.PROGRAM_VIEW_MONEY):
        return inside
    finished = LessonPlan.published > 0
    if Permission.LESSON_LEARN in viewer.permissions:
        attended = (
            sa.select(LessonUse.plan_id)
            .join(TeachingSession, TeachingSession.id == LessonUse.session_id)
            .where(own_sessions(viewer))
        )
        finished = sa.and_(finished, LessonPlan.id.in_(attended))
    return sa.and_(inside, sa.or_(finished, LessonPlan.lineage.in_(led_by(program, viewer))))


# --- plans -----------------------------------------------------------------------------------------------


def list_plans(program: Program, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of (plan, module or None, number of sessions): two statements."""
    uses = (
        sa.select(sa.func.count())
        .where(LessonUse.plan_id == LessonPlan.id)
        .correlate(LessonPlan)
        .scalar_subquery()
    )
    in_force = (
        sa.select(Edition.id)
        .where(Edition.program_id == program.id, Edition.state == EditionState.SIGNED)
        .scalar_subquery()
    )
    module = sa.and_(Module.lineage == LessonPlan.lineage, Module.edition_id == in_force)
    statement = (
        sa.select(LessonPlan, Module, uses)
        .outerjoin(Module, module)
        .where(seen_by(program, viewer))
        .options(joinedload(LessonPlan.changed_by))
    )
    if listing.q:
        statement = statement.where(
            sa.or_(contains(LessonPlan.title, listing.q), contains(Module.name, listing.q))
        )
    orders = {
        "module": (Module.stage_number, Module.position, LessonPlan.title, LessonPlan.id),
        "title": (LessonPlan.title, LessonPlan.id),
        "changed": (LessonPlan.changed_at, LessonPlan.id),
    }
    return paginate(statement, listing, orders=orders, default="module", scalars=False)


@dataclass(frozen=True)
class Reading:
    """A plan before a reader: its module as the newest signed edition has it, and whether the reader may write it."""

    plan: LessonPlan
    module: Module | None
    may_edit: bool


def reading_or_404(program: Program, plan_id: int, viewer: User) -> Reading:
    """Return a plan with its rings that the viewer may read, or answer 404: one statement.

    Whoever makes the timetable writes all plans of a programme, others those of the modules that they lead.
    """
    newest = (
        sa.select(Module.id)
        .join(Edition, Edition.id == Module.edition_id)
        .where(
            Edition.program_id == LessonPlan.program_id,
            Module.lineage == LessonPlan.lineage,
            Edition.signed_at.is_not(None),
        )
        .order_by(Edition.number.desc())
        .limit(1)
        .correlate(LessonPlan)
        .scalar_subquery()
    )
    row = (
        db.session.execute(
            sa.select(LessonPlan, Module, LessonPlan.lineage.in_(led_by(program, viewer)))
            .outerjoin(Module, Module.id == newest)
            .where(LessonPlan.id == plan_id, seen_by(program, viewer))
            .options(joinedload(LessonPlan.rings), joinedload(LessonPlan.changed_by))
        )
        .unique()
        .one_or_none()
    )
    if row is None:
        abort(404)
    plan, module, is_led = row
    writes = may(program, viewer, Permission.LESSON_EDIT) and (edits_all(program, viewer) or bool(is_led))
    return Reading(plan, module, writes)


def versions_of(plan: LessonPlan) -> Sequence[LessonVersion]:
    """Return the finished versions of a plan, newest first."""
    return db.session.scalars(
        sa.select(LessonVersion)
        .where(LessonVersion.plan_id == plan.id)
        .options(joinedload(LessonVersion.finished_by))
        .order_by(LessonVersion.number.desc())
        .limit(50)
    ).all()


def sessions_for(
    plan: LessonPlan, since: date, limit: int = 100
) -> Sequence[tuple[TeachingSession, int | None]]:
    """Return the coming sessions of a plan's module and length, each with the plan that it has now."""
    rows = db.session.execute(
        sa.select(TeachingSession, LessonUse.plan_id)
        .outerjoin(LessonUse, LessonUse.session_id == TeachingSession.id)
        .where(
            TeachingSession.program_id == plan.program_id,
            TeachingSession.lineage == plan.lineage,
            TeachingSession.units == plan.units,
            TeachingSession.state == SessionState.PLANNED,
            TeachingSession.day >= since,
        )
        .options(joinedload(TeachingSession.cohort), joinedload(TeachingSession.module))
        .order_by(TeachingSession.day, TeachingSession.first_unit, TeachingSession.id)
        .limit(limit)
    )
    return [(session, plan_id) for session, plan_id in rows]


def programs_to_copy_into(viewer: User, limit: int = 50) -> Sequence[Program]:
    """Return the programmes in whose plans in force the viewer may write lessons."""
    if Permission.TIMETABLE_EDIT in viewer.permissions:
        whose = visible_to(viewer)
    else:
        whose = sa.and_(
            visible_to(viewer), Program.id.in_(sa.select(Edition.program_id).join(Module).where(
                Module.lead_teacher_id == viewer.id, Edition.state == EditionState.SIGNED))
        )  # fmt: skip
    return db.session.scalars(sa.select(Program).where(whose).order_by(Program.id.desc()).limit(limit)).all()
