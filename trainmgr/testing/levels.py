"""The levels that a test before the training has measured: taken into the needs analysis, and into each trainee's
own level before the training, for those who are enrolled already and for those who join later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from trainmgr.enrolment.hooks import Joining, after_joining
from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.needs import adopting
from trainmgr.needs.adopting import TestedLevel
from trainmgr.needs.keeping import opened
from trainmgr.needs.models import AnalysisState, Competency
from trainmgr.needs.queries import analysis_of
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work, is_open
from trainmgr.testing.models import Attempt, Participant, Score, Sitting
from trainmgr.testing.rules import Purpose
from trainmgr.testing.settling import insert_into


class MarksAwaited(RuleBroken):
    """Answers still wait for a mark and nobody has confirmed to take the levels without them."""


def take_levels(
    program: Program, sitting: Sitting, *, version: int, without_marks: int | None, by: Actor, now: datetime
) -> int:
    """Let what a closed test before the training measured be the current levels; returns how many competencies fit.

    The people of other tests of this programme that were taken in before count too, each with the latest score.
    `without_marks` is how many waiting answers somebody has seen and goes without; `version` is that of the sitting.
    """
    _lock(sitting, version)
    require(
        sitting.purpose is Purpose.ENTRY,
        _("Only a test before the training tells the levels before the training."),
    )
    require(sitting.cancelled_at is None, _("This test was called off."))
    require(
        sitting.closed_at is not None,
        _("The test is not closed yet. Its levels are taken once nobody can answer any more."),
    )
    _require_marked(sitting, without_marks)
    opened(program)
    lines = measured(program.id, also=sitting.id)
    found = {line.competency_id: line.tested for line in lines if line.standing_in}
    require(
        found,
        _("None of the competencies that this test measures is in the needs analysis. Take them first."),
    )
    sitting.taken_at = now  # before the lanes look
    taken = adopting.take_test(program, found, test=sitting.name, by=by, now=now)
    write_entry_levels(program.id)
    return taken


def why_closed(program: Program) -> str:
    """Say why the needs analysis takes no levels any more, or nothing."""
    analysis = analysis_of(program.id)
    if analysis is not None and analysis.state is AnalysisState.FROZEN:
        return _("Both sides have signed the needs analysis; its levels are fixed.")
    if not is_open(Work.NEEDS, program.state):
        return _("The programme is past its needs analysis; levels are not taken any more.")
    return ""


def _lock(sitting: Sitting, version: int) -> None:
    db.session.refresh(sitting, ["version", "closed_at", "cancelled_at", "taken_at"], with_for_update=True)
    if sitting.version != version:
        raise Conflict(_("Somebody has changed this test meanwhile. Look at it, then take its levels."))


def waiting_in(sitting: Sitting) -> int:
    """Return how many answers of the attempts that count wait for a mark."""
    total = sa.func.coalesce(sa.func.sum(Attempt.waiting), 0)
    return int(
        db.session.scalar(sa.select(total).where(Attempt.sitting_id == sitting.id, Attempt.counts)) or 0
    )


def _require_marked(sitting: Sitting, without_marks: int | None) -> None:
    waiting = waiting_in(sitting)
    if waiting and without_marks != waiting:
        raise MarksAwaited(
            ngettext(
                "%(num)d answer still waits for a mark. Mark it first, or confirm that the levels are taken "
                "without it.",
                "%(num)d answers still wait for a mark. Mark them first, or confirm that the levels are taken "
                "without them.",
                waiting,
            )
        )  # fmt: skip


# --- what was measured ----------------------------------------------------------------------------


def latest_scores(program_id: int, *, also: int = 0) -> sa.Subquery:
    """Return a subquery of (user_id, competency_id, level): each person's latest score in each competency.

    It reads the entry sittings whose levels are taken, and one more (`also`) that may follow them.
    """
    place = sa.func.row_number().over(
        partition_by=(Participant.user_id, Score.competency_id),
        order_by=(Attempt.ended_at.desc(), Attempt.id.desc()),
    )
    numbered = (
        sa.select(Participant.user_id, Score.competency_id, Score.level, place.label("place"))
        .join(Attempt, Attempt.id == Score.attempt_id)
        .join(Participant, Participant.id == Attempt.participant_id)
        .join(Sitting, Sitting.id == Participant.sitting_id)
        .where(
            Sitting.program_id == program_id,
            Sitting.purpose == Purpose.ENTRY,
            Sitting.cancelled_at.is_(None),
            Attempt.counts,
            sa.or_(Sitting.taken_at.is_not(None), Sitting.id == also),
        )
        .subquery()
    )
    return (
        sa.select(numbered.c.user_id, numbered.c.competency_id, numbered.c.level)
        .where(numbered.c.place == 1)
        .subquery()
    )


@dataclass(frozen=True)
class Measured:
    """A competency of the programme's analysis (or one that it does not name), and what the tests say of it."""

    competency_id: int
    standing_in: Competency | None
    tested: TestedLevel


def measured(program_id: int, also: int = 0) -> list[Measured]:
    """Return the mean level of each competency measured before the training: one statement."""
    scores = latest_scores(program_id, also=also)
    rows = db.session.execute(
        sa.select(
            scores.c.competency_id,
            Competency,
            sa.func.avg(sa.cast(scores.c.level, sa.Float)),
            sa.func.count(),
            sa.func.count(sa.case((scores.c.level < Competency.required_level, 1))),
            sa.func.count(sa.case((scores.c.level > Competency.required_level, 1))),
        )
        .outerjoin(
            Competency,
            sa.and_(
                Competency.standard_competency_id == scores.c.competency_id,
                Competency.program_id == program_id,
            ),
        )
        .group_by(scores.c.competency_id, Competency.id)
        .order_by(Competency.id.is_(None), Competency.position, scores.c.competency_id)
    )
    return [
        Measured(key, competency, TestedLevel(float(mean), people, below, above))
        for key, competency, mean, people, below, above in rows
    ]


# --- each trainee's own level before the training ---------------------------------------------------


def write_entry_levels(program_id: int, enrolment_ids: Sequence[int] | None = None) -> None:
    """Let what the tests measured be the entry levels of trainees (of some, or of all): one statement.

    What was typed before gives way to what was measured.
    """
    scores = latest_scores(program_id)
    chosen: list[Any] = [Enrolment.program_id == program_id]
    if enrolment_ids is not None:
        chosen.append(Enrolment.id.in_(enrolment_ids))
    rows = (
        sa.select(
            Enrolment.lead_college_id, Enrolment.id, Competency.id, sa.cast(scores.c.level, sa.Numeric(4, 2))
        )
        .join(scores, scores.c.user_id == Enrolment.user_id)
        .join(
            Competency,
            sa.and_(
                Competency.program_id == Enrolment.program_id,
                Competency.standard_competency_id == scores.c.competency_id,
            ),
        )
        .where(*chosen)
    )
    insert = insert_into(EntryLevel.__table__).from_select(
        ["lead_college_id", "enrolment_id", "competency_id", "level"], rows
    )
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=["enrolment_id", "competency_id"], set_={"level": insert.excluded.level}
        )
    )
    for thing in list(db.session.identity_map.values()):
        if isinstance(thing, EntryLevel):
            db.session.expire(thing)


@after_joining
def _take_levels_along(joining: Joining) -> None:
    """Whoever joins and was tested before starts with the level that was measured."""
    taken = sa.select(Sitting.id).where(
        Sitting.program_id == joining.program_id, Sitting.taken_at.is_not(None)
    )
    if db.session.scalar(taken.limit(1)) is not None:
        write_entry_levels(joining.program_id, joining.enrolment_ids)
