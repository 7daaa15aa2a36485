"""What is due around lessons: a plan that sessions are to be taught by, and that is not finished yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from trainmgr.curriculum.models import Edition, EditionState, Module
from trainmgr.identity.models import User
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.lessons.models import LessonPlan, LessonUse
from trainmgr.programs import dues
from trainmgr.programs.rules import Step
from trainmgr.timetable.hooks import after_change
from trainmgr.timetable.models import SessionState, TeachingSession

FINISH = dues.code(
    "finish-lesson-plan",
    dues.DueCode(
        step=Step.CURRICULUM,
        title=N_("Finish the lesson plan “%(title)s”"),
        hint=N_("class on %(first)s"),
        verb=N_("Write"),
        endpoint="lessons.show_lesson",
        subject_arg="plan_id",
    ),
)
DAYS_BEFORE = 7


def put_dues(plan_ids: Collection[int], program_id: int, *, now: datetime) -> None:
    """Ask whoever leads the module (else who wrote last) for plans that have a coming session and no version.

    One line a plan, seen from a week before its first session: nobody's inbox fills with a term's lessons.
    """
    db.session.flush()
    lead = (
        sa.select(Module.lead_teacher_id)
        .join(Edition, Edition.id == Module.edition_id)
        .where(
            Edition.program_id == program_id,
            Edition.state == EditionState.SIGNED,
            Module.lineage == LessonPlan.lineage,
        )
        .correlate(LessonPlan)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(
            LessonPlan.id,
            LessonPlan.title,
            sa.func.coalesce(lead, LessonPlan.changed_by_id),
            sa.func.min(TeachingSession.day),
        )
        .join(LessonUse, LessonUse.plan_id == LessonPlan.id)
        .join(TeachingSession, TeachingSession.id == LessonUse.session_id)
        .where(
            LessonPlan.id.in_(plan_ids),
            LessonPlan.published == 0,
            TeachingSession.state == SessionState.PLANNED,
            TeachingSession.day >= local_day(now),
        )
        .group_by(LessonPlan.id, LessonPlan.title, LessonPlan.lineage, LessonPlan.changed_by_id)
    ).all()
    dues.drop(FINISH, program_id=program_id, subject_ids=plan_ids)
    for plan_id, title, user_id, first in rows:
        dues.put(
            FINISH, program_id=program_id, user_id=user_id, subject_id=plan_id, due_on=first,
            visible_from=first - timedelta(days=DAYS_BEFORE), title=title, first={"day": first.isoformat()},
        )  # fmt: skip


@after_change
def follow_timetable(sessions: Sequence[TeachingSession], by: User, now: datetime) -> None:
    """When sessions move or are called off, the dates of what is due move with them."""
    moved = [session.id for session in sessions]
    plans = db.session.scalars(
        sa.select(LessonUse.plan_id).where(LessonUse.session_id.in_(moved)).distinct()
    ).all()
    if plans:
        put_dues(plans, sessions[0].program_id, now=now)
