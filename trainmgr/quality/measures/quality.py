"""What evaluation, tests, gates, attendance and plans say: passes, satisfaction, gaps closed, hours of practice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trainmgr.attendance.models import AttendanceStanding, Mark
from trainmgr.curriculum.models import AlignmentCheck, AlignmentVerdict, Edition, EditionState, Module
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Criterion, Rating, RatingScore, Result, Window
from trainmgr.evaluation.rules import Level, Party, Phase, RatingState, WindowKind
from trainmgr.needs.models import Competency
from trainmgr.outcomes.models import GapClosure, PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.practice.models import GateDecision, GateOutcome
from trainmgr.programs.models import Program
from trainmgr.quality.measures.base import (
    Ask,
    ByEnterprise,
    RecordKind,
    Rows,
    hit,
    measure,
    of_program,
    person,
    ran,
)
from trainmgr.quality.rules import Unit

SATISFIED = 4  # of the five marks: from here on somebody is satisfied
HUNDRED = 20  # what a point of the five is of a hundred (evaluation.scoring)


def _in_training(ask: Ask, *columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(Enrolment)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Program.lead_college_id == ask.college_id)
    )


@measure("pass_rate", Unit.SHARE, RecordKind.PERSON)
def _pass_rate(ask: Ask) -> sa.Select[Any]:
    """Passed, of those decided on within the days."""
    return (
        _in_training(ask, *person(amount=hit(PassDecision.kind == PassKind.PASSED)))
        .join(PassDecision, PassDecision.enrolment_id == Enrolment.id)
        .where(PassDecision.is_present.is_(True), PassDecision.at >= ask.begins, PassDecision.at < ask.ends)
    )


@measure("gate_first_pass", Unit.SHARE, RecordKind.PERSON)
def _gate_first_pass(ask: Ask) -> sa.Select[Any]:
    """Passed at the first attempt, of all first attempts at a stage gate within the days."""
    return (
        _in_training(ask, *person(amount=hit(GateDecision.outcome == GateOutcome.PASSED)))
        .join(GateDecision, GateDecision.enrolment_id == Enrolment.id)
        .where(GateDecision.attempt == 1, GateDecision.at >= ask.begins, GateDecision.at < ask.ends)
    )


@measure("attendance", Unit.SHARE, RecordKind.PERSON)
def _attendance(ask: Ask) -> sa.Select[Any]:
    """Present or late, of all expected; who was excused counts neither way."""
    return (
        _in_training(
            ask,
            *person(
                detail=sa.cast(AttendanceStanding.day, sa.String),
                amount=hit(AttendanceStanding.mark.in_((Mark.PRESENT, Mark.LATE))),
            ),
        )
        .join(AttendanceStanding, AttendanceStanding.enrolment_id == Enrolment.id)
        .where(
            AttendanceStanding.day.between(ask.first, ask.last),
            AttendanceStanding.mark.in_((Mark.PRESENT, Mark.LATE, Mark.ABSENT)),
        )
    )


@measure("judged_complete", Unit.SHARE, RecordKind.PERSON)
def _judged_complete(ask: Ask) -> sa.Select[Any]:
    """Results of the whole training that no party is missing from, of all whose window closed within the days."""
    return _results(ask, amount=hit(Result.is_provisional.is_(False)))


@measure("composite", Unit.MEAN, RecordKind.PERSON)
def _composite(ask: Ask) -> sa.Select[Any]:
    """The composite of 100 of the whole training, over trainees who have one."""
    return _results(ask, amount=Result.composite * HUNDRED).where(Result.composite.is_not(None))


@measure("level_gain", Unit.MEAN, RecordKind.PERSON)
def _level_gain(ask: Ask) -> sa.Select[Any]:
    """Level after minus level before, over trainees who have both."""
    return _results(ask, amount=Result.exit_level - Result.entry_level).where(
        Result.exit_level.is_not(None), Result.entry_level.is_not(None)
    )


def _results(ask: Ask, amount: Any) -> sa.Select[Any]:
    return (
        _in_training(ask, *person(amount=amount))
        .join(Result, Result.enrolment_id == Enrolment.id)
        .join(Window, Window.id == Result.window_id)
        .where(
            # A window of whole days closes at the midnight after its last one, and belongs to that day.
            Window.kind == WindowKind.TERMINAL,
            Window.closes_at > ask.begins,
            Window.closes_at <= ask.ends,
        )
    )


@measure("gaps_closed", Unit.SHARE, RecordKind.PROGRAM, by_enterprise=ByEnterprise.PARTY)
def _gaps_closed(ask: Ask) -> sa.Select[Any]:
    """Priorities whose required level was reached, of all that were looked at within the days."""
    return (
        sa.select(
            *of_program(
                id=GapClosure.id,
                name=Competency.name,
                detail=Program.name,
                amount=hit(GapClosure.after >= GapClosure.required),
            )
        )
        .select_from(GapClosure)
        .join(Program, Program.id == GapClosure.program_id)
        .join(Competency, Competency.id == GapClosure.competency_id)
        .where(
            Program.lead_college_id == ask.college_id,
            GapClosure.cohort_id.is_(None),
            GapClosure.computed_at >= ask.begins,
            GapClosure.computed_at < ask.ends,
        )
    )


# --- satisfaction: answers of people, never told apart --------------------------------------------------


def _satisfied(level: Level, party: Party) -> Rows:
    def rows(ask: Ask) -> sa.Select[Any]:
        return (
            _in_training(ask, *person(respondent=Rating.rater_id, amount=hit(RatingScore.score >= SATISFIED)))
            .join(Rating, Rating.enrolment_id == Enrolment.id)
            .join(RatingScore, RatingScore.rating_id == Rating.id)
            .join(Criterion, Criterion.id == RatingScore.criterion_id)
            .join(Window, Window.id == Rating.window_id)
            .where(
                Rating.state == RatingState.SUBMITTED,
                Window.phase_seen
                == Phase.CLOSED,  # while one is open, tomorrow less today would be one person
                Rating.party == party,
                Criterion.level == level,
                RatingScore.score.is_not(None),
                Rating.submitted_at >= ask.begins,
                Rating.submitted_at < ask.ends,
            )
        )

    return rows


measure("satisfaction_trainee", Unit.SHARE, RecordKind.PERSON, is_survey=True)(
    _satisfied(Level.REACTION, Party.TRAINEE)
)
measure("satisfaction_enterprise", Unit.SHARE, RecordKind.PERSON, is_survey=True)(
    _satisfied(Level.RESULTS, Party.ENTERPRISE)
)


# --- plans -------------------------------------------------------------------------------------------------


def _modules(ask: Ask, **more: Any) -> sa.Select[Any]:
    """Select the modules of the newest signed edition of each programme that ran."""
    newest = (
        sa.select(Edition.program_id, sa.func.max(Edition.number).label("number"))
        .where(Edition.state == EditionState.SIGNED)
        .group_by(Edition.program_id)
        .subquery()
    )
    return (
        sa.select(*of_program(id=Module.id, name=Module.name, detail=Program.name, **more))
        .select_from(Module)
        .join(Edition, Edition.id == Module.edition_id)
        .join(newest, sa.and_(newest.c.program_id == Edition.program_id, newest.c.number == Edition.number))
        .join(Program, Program.id == Edition.program_id)
        .where(ran(ask))
    )


_ALL_HOURS = Module.theory_hours + Module.practice_hours
_PARTY = {"by_enterprise": ByEnterprise.PARTY}


@measure("practice_ratio", Unit.SHARE, RecordKind.PROGRAM, **_PARTY)
def _practice_ratio(ask: Ask) -> sa.Select[Any]:
    """Practice hours, of all hours of the plans in force."""
    return _modules(ask, amount=Module.practice_hours, whole=_ALL_HOURS)


@measure("enterprise_hours", Unit.SHARE, RecordKind.PROGRAM, **_PARTY)
def _enterprise_hours(ask: Ask) -> sa.Select[Any]:
    """Hours taught by the enterprise, of all hours."""
    return _modules(
        ask, amount=sa.case((Module.taught_by_enterprise.is_(True), _ALL_HOURS), else_=0), whole=_ALL_HOURS
    )


@measure("joint_courses", Unit.COUNT, RecordKind.PROGRAM, **_PARTY)
def _joint_courses(ask: Ask) -> sa.Select[Any]:
    """Courses that both sides developed."""
    return _modules(ask).where(Module.jointly_developed.is_(True))


@measure("courses", Unit.COUNT, RecordKind.PROGRAM, **_PARTY)
def _courses(ask: Ask) -> sa.Select[Any]:
    """Courses, projects and workplace tasks of the plans in force."""
    return _modules(ask)


@measure("in_step", Unit.SHARE, RecordKind.PROGRAM, **_PARTY)
def _in_step(ask: Ask) -> sa.Select[Any]:
    """Alignments of courses found in step and still holding on the last day, of all that were ever looked at."""
    newest = (
        sa.select(sa.func.max(AlignmentCheck.id).label("id"))
        .where(AlignmentCheck.checked_on <= ask.last)
        .group_by(AlignmentCheck.program_id, AlignmentCheck.lineage, AlignmentCheck.alignment)
        .subquery()
    )
    holds = sa.and_(
        AlignmentCheck.verdict == AlignmentVerdict.IN_STEP, AlignmentCheck.valid_until >= ask.last
    )
    return (
        sa.select(
            *of_program(
                id=AlignmentCheck.id,
                name=sa.func.substr(AlignmentCheck.evidence, 1, 80),
                detail=Program.name,
                amount=hit(holds),
            )
        )
        .select_from(AlignmentCheck)
        .join(newest, newest.c.id == AlignmentCheck.id)
        .join(Program, Program.id == AlignmentCheck.program_id)
        .where(ran(ask))
    )
