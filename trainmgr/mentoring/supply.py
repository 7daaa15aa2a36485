"""Who is to be assigned, as the matching takes them: trainees with those whom they know, mentors with their limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor
from trainmgr.mentoring.queries import PRESENT, home_column
from trainmgr.mentoring.rules import Guide, Trainee
from trainmgr.mentoring.terms_models import TraineeSite
from trainmgr.mentoring.terms_queries import leaves_from, parted
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State
from trainmgr.timetable.models import SessionState, TeachingSession

NOBODY: frozenset[int] = frozenset()


def trainees_for(program: Program, side: Side, viewer: User, on: date) -> list[Trainee]:
    """Return everybody who needs a mentor on a side, with the mentors known from earlier stages and programmes."""
    present = aliased(Assignment)
    rows = db.session.execute(
        sa.select(
            Enrolment.id,
            home_column(side),
            Enrolment.field,
            present.mentor_id,
            present.locked,
            Enrolment.cohort_id,
            Enrolment.user_id,
            TraineeSite.site,
        )
        .outerjoin(
            present,
            sa.and_(present.enrolment_id == Enrolment.id, present.side == side, present.ends_on.is_(None)),
        )
        .outerjoin(TraineeSite, TraineeSite.enrolment_id == Enrolment.id)
        .where(visible_in(program, viewer), PRESENT)
        .order_by(Enrolment.id)
    )
    taught, guided = _who_taught(program, side, on), _who_guided(program, side)
    return [
        Trainee(
            id=key,
            organization_id=home,
            field=field,
            present_id=mentor_id,
            locked_id=mentor_id if locked else None,
            site=site or "",
            known_ids=taught.get(cohort_id, NOBODY) | guided.get(user_id, NOBODY),
        )
        for key, home, field, mentor_id, locked, cohort_id, user_id, site in rows
    ]


def _who_taught(program: Program, side: Side, on: date) -> Mapping[int, frozenset[int]]:
    """Return for each class the named mentors who taught it by a day: masters follow from the school stage."""
    rows = db.session.execute(
        sa.select(TeachingSession.cohort_id, Mentor.id)
        .join(Mentor, Mentor.user_id == TeachingSession.teacher_id)
        .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
        .where(
            TeachingSession.program_id == program.id,
            TeachingSession.state != SessionState.CANCELLED,
            TeachingSession.day <= on,
            ProgramMentor.program_id == program.id,
            ProgramMentor.side == side,
        )
        .distinct()
    )
    return _gathered(rows)


def _who_guided(program: Program, side: Side) -> Mapping[int, frozenset[int]]:
    """Return for each person the named mentors who guided him or her in another programme."""
    here, elsewhere = aliased(Enrolment), aliased(Enrolment)
    rows = db.session.execute(
        sa.select(here.user_id, Assignment.mentor_id)
        .join(elsewhere, elsewhere.user_id == here.user_id)
        .join(Assignment, Assignment.enrolment_id == elsewhere.id)
        .join(ProgramMentor, ProgramMentor.mentor_id == Assignment.mentor_id)
        .where(
            here.program_id == program.id,
            elsewhere.program_id != program.id,
            Assignment.side == side,
            ProgramMentor.program_id == program.id,
            ProgramMentor.side == side,
        )
        .distinct()
    )
    return _gathered(rows)


def _gathered(rows: Iterable[Any]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for key, mentor_id in rows:
        found.setdefault(key, set()).add(mentor_id)
    return {key: frozenset(ids) for key, ids in found.items()}


def chooser(enrolment: Enrolment, side: Side) -> Trainee:
    """Return one trainee who has no mentor yet, without those known from before: what the hard limits look at."""
    site = db.session.scalar(sa.select(TraineeSite.site).where(TraineeSite.enrolment_id == enrolment.id))
    home = enrolment.college_id if side is Side.COLLEGE else enrolment.enterprise_id
    return Trainee(id=enrolment.id, organization_id=home, field=enrolment.field, site=site or "")


def guides_for(program: Program, side: Side, on: date) -> list[Guide]:
    """Return the programme's mentors on a side, as the matching takes them."""
    return [guide for _mentor, guide, _load in mentors_for(program, side, on)]


def mentors_for(program: Program, side: Side, on: date) -> list[tuple[Mentor, Guide, int]]:
    """Return the programme's mentors on a side: profile, as the matching takes them, trainees whom they guide here."""
    elsewhere = (
        sa.select(Assignment.mentor_id, sa.func.count().label("taken"))
        .join(Program, Program.id == Assignment.program_id)
        .where(
            Assignment.ends_on.is_(None),
            Assignment.program_id != program.id,
            Program.state.not_in((State.CLOSED, State.CANCELLED)),
        )
        .group_by(Assignment.mentor_id)
        .subquery()
    )
    before = (
        sa.select(Assignment.mentor_id, sa.func.count().label("guided"))
        .where(Assignment.ends_on <= on)
        .group_by(Assignment.mentor_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            Mentor,
            sa.func.coalesce(elsewhere.c.taken, 0),
            sa.func.coalesce(before.c.guided, 0),
            ProgramMentor.load,
        )
        .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
        .outerjoin(elsewhere, elsewhere.c.mentor_id == Mentor.id)
        .outerjoin(before, before.c.mentor_id == Mentor.id)
        .where(ProgramMentor.program_id == program.id, ProgramMentor.side == side, Mentor.active)
        .order_by(Mentor.id)
    ).all()
    leaves = leaves_from(program, on)
    return [
        (
            mentor,
            Guide(
                id=mentor.id,
                organization_id=mentor.organization_id,
                capacity=mentor.capacity,
                fields=parted(mentor.fields),
                qualified_until=mentor.qualified_until,
                taken=taken,
                guided_before=guided,
                sites=parted(mentor.site),
                leaves=leaves.get(mentor.id, ()),
            ),
            load,
        )
        for mentor, taken, guided, load in rows
    ]
