"""Reads of logs and gates; every row starts from the trainees whom the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from trainmgr.curriculum.models import Module, PlanStage
from trainmgr.curriculum.queries import edition_in_force
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.needs.models import Competency
from trainmgr.practice.log_models import LogOpening, LogReading
from trainmgr.practice.models import GateDecision, LogCompetency, LogKind, LogPhoto, LogState, PracticeLog
from trainmgr.practice.owed import IN_TRAINING
from trainmgr.practice.periods import WEEK, Terms, monday_of, open_until
from trainmgr.practice.rules import COUNTED, Span
from trainmgr.programs.models import Program
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import State

AT_WORK = (State.RUNNING, State.EVALUATING)
RECENT = 5


# --- a trainee's own -------------------------------------------------------------------------------


def own_enrolments(trainee: User) -> list[Enrolment]:
    """Return a person's own trainings with their programmes: those under way first, the latest first."""
    under_way = sa.case((sa.and_(Program.state.in_(AT_WORK), IN_TRAINING), 0), else_=1)
    return list(
        db.session.scalars(
            sa.select(Enrolment)
            .join(Enrolment.program)
            .where(Enrolment.user_id == trainee.id)
            .options(contains_eager(Enrolment.program), joinedload(Enrolment.school_teacher),
                     joinedload(Enrolment.enterprise_mentor))
            .order_by(under_way, Enrolment.id.desc())
        )
    )  # fmt: skip


def pick_own(enrolments: Sequence[Enrolment], program_id: int | None) -> Enrolment | None:
    """Return the training in a programme, or the first when none is named."""
    if program_id is None:
        return next(iter(enrolments), None)
    return next((one for one in enrolments if one.program_id == program_id), None)


def is_writing(enrolment: Enrolment) -> bool:
    """Tell whether logs can be written in a training now."""
    return enrolment.program.state in AT_WORK and enrolment.state is not EnrolmentState.WITHDRAWN


def recent_logs(enrolment: Enrolment) -> list[PracticeLog]:
    """Return a trainee's last logs with the decisions on them: one statement."""
    return list(
        db.session.scalars(
            sa.select(PracticeLog)
            .where(PracticeLog.enrolment_id == enrolment.id, PracticeLog.state != LogState.DRAFT)
            .options(joinedload(PracticeLog.decision))
            .order_by(PracticeLog.day.desc(), PracticeLog.id.desc())
            .limit(RECENT)
        )
    )


def open_draft(enrolment: Enrolment, *, is_case: bool = False) -> PracticeLog | None:
    """Return the draft of a new log (or of a case) that was begun last."""
    log: PracticeLog | None = db.session.scalars(
        sa.select(PracticeLog)
        .where(
            PracticeLog.enrolment_id == enrolment.id,
            PracticeLog.state == LogState.DRAFT,
            PracticeLog.kind == (LogKind.CASE if is_case else LogKind.PRACTICE),
            # Not "IS NULL": SQLite takes the unique index for that, in which nearly every log has none.
            sa.func.coalesce(PracticeLog.replaces_id, 0) == 0,
        )
        .options(
            selectinload(PracticeLog.photos),
            selectinload(PracticeLog.competencies),
            joinedload(PracticeLog.case),
        )
        .order_by(PracticeLog.id.desc())
        .limit(1)
    ).one_or_none()
    return log


@dataclass(frozen=True)
class WeekChoice:
    """A week that may be written of: its Monday, and whether it has a log already."""

    monday: date
    told: bool

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=WEEK - 1)


def weeks_for(
    enrolment: Enrolment, span: Span, terms: Terms, today: date, on: date
) -> tuple[WeekChoice, ...]:
    """Return the weeks of which a trainee may write now, the latest first: one statement.

    These are the weeks still in time, those that somebody opened again, and that of a day (a draft's).
    """
    first, last = span.first, span.last(today)
    days = {today - timedelta(days=number) for number in range(terms.back_days + WEEK)}
    in_time = {day for day in days if first <= day <= last and open_until(day, terms) >= today}
    opened, told = _opened_and_told(enrolment, today)
    again = {day for day in opened if first <= day <= last}
    mondays = {monday_of(day) for day in in_time | again} | {monday_of(on)}
    return tuple(WeekChoice(monday, monday in told) for monday in sorted(mondays, reverse=True))


def _opened_and_told(enrolment: Enrolment, today: date) -> tuple[set[date], set[date]]:
    """Return the days that are open again for a trainee today, and the Mondays of the weeks that have a log."""
    opened = sa.select(sa.literal(True), LogOpening.starts_on, LogOpening.ends_on).where(
        LogOpening.enrolment_id == enrolment.id, LogOpening.until >= today
    )
    told = sa.select(sa.literal(False), PracticeLog.day, PracticeLog.day).where(
        PracticeLog.enrolment_id == enrolment.id,
        PracticeLog.kind == LogKind.PRACTICE,
        PracticeLog.state.in_(COUNTED),
    )
    days, mondays = set[date](), set[date]()
    for is_opened, start, end in db.session.execute(opened.union_all(told)):
        if is_opened:
            days |= {start + timedelta(days=number) for number in range((end - start).days + 1)}
        else:
            mondays.add(monday_of(start))
    return days, mondays


def week_to_write(weeks: Sequence[WeekChoice], today: date) -> date:
    """Return the Monday of the oldest week without a log, else of this week."""
    return next((week.monday for week in reversed(weeks) if not week.told), monday_of(today))


def own_log_or_404(log_id: int, trainee: User) -> PracticeLog:
    """Return one of a trainee's own logs with everything on it, or answer 404."""
    trained = contains_eager(PracticeLog.enrolment)
    log: PracticeLog | None = (
        db.session.scalars(
            sa.select(PracticeLog)
            .join(PracticeLog.enrolment)
            .where(PracticeLog.id == log_id, Enrolment.user_id == trainee.id)
            .options(
                trained.joinedload(Enrolment.program),
                trained.joinedload(Enrolment.school_teacher),
                trained.joinedload(Enrolment.enterprise_mentor),
                joinedload(PracticeLog.decision),
                joinedload(PracticeLog.photos),  # a handful: no statement of their own
                selectinload(PracticeLog.competencies),
                joinedload(PracticeLog.case),
            )
        )
        .unique()
        .one_or_none()
    )
    return log if log is not None else abort(404)


def rewriting_of(log: PracticeLog) -> PracticeLog | None:
    """Return the log that was begun in place of a returned one."""
    follower: PracticeLog | None = db.session.scalars(
        sa.select(PracticeLog)
        .where(PracticeLog.replaces_id == log.id)
        .options(
            selectinload(PracticeLog.photos),
            selectinload(PracticeLog.competencies),
            joinedload(PracticeLog.case),
        )
    ).one_or_none()
    return follower


def competencies_of(program_id: int) -> list[Competency]:
    """Return a programme's competencies, the most pressing first."""
    unranked = sa.case((Competency.rank == 0, 1), else_=0)
    return list(
        db.session.scalars(
            sa.select(Competency)
            .where(Competency.program_id == program_id)
            .order_by(unranked, Competency.rank, Competency.position, Competency.id)
        )
    )


# --- one log ---------------------------------------------------------------------------------------


def log_or_404(log_id: int, viewer: User) -> tuple[PracticeLog, Program]:
    """Return a log with its programme when the viewer may see the trainee; drafts are the trainee's alone."""
    program_id = db.session.scalar(sa.select(PracticeLog.program_id).where(PracticeLog.id == log_id))
    if program_id is None:
        abort(404)
    program = program_or_404(program_id, viewer, steps=False)
    log: PracticeLog | None = (
        db.session.scalars(
            sa.select(PracticeLog)
            .join(PracticeLog.enrolment)
            .where(
                PracticeLog.id == log_id,
                visible_in(program, viewer),
                sa.or_(PracticeLog.state != LogState.DRAFT, Enrolment.user_id == viewer.id),
            )
            .options(
                contains_eager(PracticeLog.enrolment),
                joinedload(PracticeLog.decision),
                joinedload(PracticeLog.signer),
                joinedload(PracticeLog.case),
                joinedload(PracticeLog.photos),
            )
        )
        .unique()
        .one_or_none()
    )
    return (log, program) if log is not None else abort(404)


@dataclass(frozen=True)
class Words:
    """What a log refers to, in names: its stage and module (or None) and its competencies."""

    stage: PlanStage | None
    module: Module | None
    competencies: Sequence[Competency]


def words_of(log: PracticeLog) -> Words:
    """Return the names of what a log refers to, the stage's from the plan of its day: one statement."""
    of_stage = sa.and_(
        PlanStage.edition_id == edition_in_force(log.program_id, log.day),
        PlanStage.number == PracticeLog.stage_number,
    )
    rows = db.session.execute(
        sa.select(PlanStage, Module, Competency)
        .select_from(PracticeLog)
        .outerjoin(PlanStage, of_stage)
        .outerjoin(Module, Module.id == PracticeLog.module_id)
        .outerjoin(LogCompetency, LogCompetency.log_id == PracticeLog.id)
        .outerjoin(Competency, Competency.id == LogCompetency.competency_id)
        .where(PracticeLog.id == log.id)
        .order_by(Competency.position, Competency.id)
    ).all()
    stage, module = (rows[0][0], rows[0][1]) if rows else (None, None)
    return Words(stage, module, [one for one in (row[2] for row in rows) if one])


def photo_or_404(log_id: int, position: int, viewer: User) -> LogPhoto:
    """Return a photo of a log that the viewer may see, or answer 404."""
    log, _program = log_or_404(log_id, viewer)
    photo = db.session.scalar(
        sa.select(LogPhoto)
        .where(LogPhoto.log_id == log.id, LogPhoto.position == position)
        .options(joinedload(LogPhoto.file))
    )
    return photo if photo is not None else abort(404)


# --- waiting for a signature -------------------------------------------------------------------------


def _waiting_for(signer: User) -> sa.ColumnElement[bool]:
    """Logs that wait for a person who guides the trainee now."""
    return sa.and_(
        PracticeLog.signer_id == signer.id,
        PracticeLog.state == LogState.SUBMITTED,
        sa.or_(Enrolment.school_teacher_id == signer.id, Enrolment.enterprise_mentor_id == signer.id),
        Enrolment.state != EnrolmentState.WITHDRAWN,
        Program.state.in_(AT_WORK),
    )


def _waiting() -> sa.Select[Any]:
    return (
        sa.select(PracticeLog)
        .join(PracticeLog.enrolment)
        .join(Enrolment.program)
        .options(contains_eager(PracticeLog.enrolment).contains_eager(Enrolment.program))
    )


def list_waiting(
    signer: User, listing: Listing, enrolment_id: int | None, program_id: int | None
) -> Page[Any]:
    """Return a page of the logs that wait for a person's signature, the oldest first."""
    statement = _waiting().where(_waiting_for(signer))
    if enrolment_id is not None:
        statement = statement.where(PracticeLog.enrolment_id == enrolment_id)
    if program_id is not None:
        statement = statement.where(PracticeLog.program_id == program_id)
    if listing.q:
        pattern = like(listing.q)
        statement = statement.where(
            sa.or_(Enrolment.name.ilike(pattern, escape="\\"), PracticeLog.task.ilike(pattern, escape="\\"))
        )
    orders: dict[str, list[Any]] = {
        "day": [PracticeLog.day, PracticeLog.id],
        "name": [Enrolment.name, PracticeLog.day, PracticeLog.id],
        "hours": [PracticeLog.minutes, PracticeLog.day, PracticeLog.id],
        "submitted": [PracticeLog.submitted_at, PracticeLog.id],
    }
    return paginate(statement, listing, orders=orders, default="submitted")


def chosen_waiting(signer: User, ids: Sequence[int]) -> list[PracticeLog]:
    """Return those of the chosen logs that still wait for the person, by trainee and day."""
    statement = _waiting().where(_waiting_for(signer), PracticeLog.id.in_(ids))
    return list(
        db.session.scalars(statement.order_by(Enrolment.name, Enrolment.id, PracticeLog.day, PracticeLog.id))
    )


def waiting_people(signer: User) -> list[tuple[int, str, int]]:
    """Return whose logs wait for a person: (enrolment, name, logs)."""
    rows = db.session.execute(
        sa.select(Enrolment.id, Enrolment.name, sa.func.count())
        .select_from(PracticeLog)
        .join(PracticeLog.enrolment)
        .join(Enrolment.program)
        .where(_waiting_for(signer))
        .group_by(Enrolment.id, Enrolment.name)
        .order_by(Enrolment.name, Enrolment.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def next_waiting(signer: User) -> int | None:
    """Return the log that has waited longest for a person."""
    return db.session.scalar(
        sa.select(PracticeLog.id)
        .join(PracticeLog.enrolment)
        .join(Enrolment.program)
        .where(_waiting_for(signer))
        .order_by(PracticeLog.submitted_at, PracticeLog.id)
        .limit(1)
    )


def programs_of(ids: Sequence[int], signer: User) -> dict[int, list[int]]:
    """Return chosen logs by programme, whoever they wait for now, of trainees whom the signer guides."""
    rows = db.session.execute(
        sa.select(PracticeLog.program_id, PracticeLog.id)
        .join(PracticeLog.enrolment)
        .where(
            PracticeLog.id.in_(ids),
            sa.or_(Enrolment.school_teacher_id == signer.id, Enrolment.enterprise_mentor_id == signer.id),
        )
        .order_by(PracticeLog.program_id)
    )
    found: dict[int, list[int]] = {}
    for program_id, log_id in rows:
        found.setdefault(program_id, []).append(log_id)
    return found


# --- the talk ----------------------------------------------------------------------------------------


def list_unread(reader: User, listing: Listing) -> Page[Any]:
    """Return a page of the logs with comments that a person has not read, those waiting longest first."""
    statement = (
        _waiting()
        .join(LogReading, LogReading.log_id == PracticeLog.id)
        .where(
            LogReading.user_id == reader.id,
            LogReading.unread > 0,
            Enrolment.state != EnrolmentState.WITHDRAWN,
        )
    )
    orders: dict[str, list[Any]] = {
        "since": [LogReading.since, PracticeLog.id],
        "name": [Enrolment.name, PracticeLog.id],
    }
    return paginate(statement, listing, orders=orders, default="since")


# --- the logs and gates of one trainee ---------------------------------------------------------------


def list_logs(
    enrolment: Enrolment, listing: Listing, state: LogState | None, *, with_drafts: bool
) -> Page[Any]:
    """Return a page of a trainee's logs with the decisions, the latest first; drafts only to the trainee."""
    statement = (
        sa.select(PracticeLog)
        .where(PracticeLog.enrolment_id == enrolment.id)
        .options(joinedload(PracticeLog.decision))
    )
    if not with_drafts:
        statement = statement.where(PracticeLog.state != LogState.DRAFT)
    if state is not None:
        statement = statement.where(PracticeLog.state == state)
    if listing.q:
        statement = statement.where(PracticeLog.task.ilike(like(listing.q), escape="\\"))
    orders: dict[str, list[Any]] = {
        "day": [PracticeLog.day, PracticeLog.id],
        "hours": [PracticeLog.minutes, PracticeLog.day, PracticeLog.id],
        "stage": [PracticeLog.stage_number, PracticeLog.day, PracticeLog.id],
    }
    if listing.sort not in orders:
        listing = replace(listing, sort="day", direction="desc")
    return paginate(statement, listing, orders=orders, default="day")


def gates_of(enrolment: Enrolment) -> list[GateDecision]:
    """Return every judgement on a trainee, first attempts first."""
    return list(
        db.session.scalars(
            sa.select(GateDecision)
            .where(GateDecision.enrolment_id == enrolment.id)
            .order_by(GateDecision.stage_number, GateDecision.attempt)
        )
    )
