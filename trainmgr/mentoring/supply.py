"""Who is to be assigned, as the matching takes them: trainees with those whom they know, mentors with their limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.faculty.models import Profile, Qualification
from trainmgr.faculty.queries import COUNTS, times_of
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor, ProposedPair
from trainmgr.mentoring.queries import PRESENT, home_column
from trainmgr.mentoring.rules import Guide, Time, Trainee
from trainmgr.mentoring.terms_models import MentorLeave, TraineeSite
from trainmgr.mentoring.terms_queries import parted
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State
from trainmgr.timetable.models import SessionState, TeachingSession

NOBODY: frozenset[int] = frozenset()
NEVER: frozenset[Time] = frozenset()
UNLIMITED = date.max


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
    before = _known_and_busy(program, side, on)
    return [
        Trainee(
            id=key,
            organization_id=home,
            field=field,
            present_id=mentor_id,
            locked_id=mentor_id if locked else None,
            site=site or "",
            known_ids=before.taught.get(cohort_id, NOBODY) | before.guided.get(user_id, NOBODY),
            times=before.times.get(cohort_id, NEVER),
        )
        for key, home, field, mentor_id, locked, cohort_id, user_id, site in rows
    ]


@dataclass(frozen=True)
class _Before:
    """Who taught which class, who guided whom elsewhere, and when each class is taught from now on."""

    taught: Mapping[int, frozenset[int]]
    guided: Mapping[int, frozenset[int]]
    times: Mapping[int, frozenset[Time]]


def _known_and_busy(program: Program, side: Side, on: date) -> _Before:
    """Return what classes and people bring along: one statement, whatever their number."""
    found: dict[str, dict[int, set[Any]]] = {"taught": {}, "guided": {}, "times": {}}
    # The one whose columns are all there comes first: their types are taken from it.
    parts = (_when_taught(program, on), _who_taught(program, side, on), _who_guided(program, side))
    for kind, key, first, units, day in db.session.execute(sa.union_all(*parts)):
        of_one = found[kind].setdefault(key, set())
        if kind == "times":
            of_one |= {(day.isoweekday(), unit) for unit in range(first, first + units)}
        else:
            of_one.add(first)
    return _Before(**{kind: {key: frozenset(ids) for key, ids in of.items()} for kind, of in found.items()})


def _line(kind: str, key: Any, first: Any, units: Any = None, day: Any = None) -> tuple[Any, ...]:
    """Return the columns of one line; a column that says nothing is cast, as PostgreSQL wants to know its type."""
    return (
        sa.literal(kind).label("kind"),
        key.label("key"),
        first.label("first"),
        (sa.cast(sa.null(), sa.Integer) if units is None else units).label("units"),
        (sa.cast(sa.null(), sa.Date) if day is None else day).label("day"),
    )


def _who_taught(program: Program, side: Side, on: date) -> sa.Select[Any]:
    """Select for each class the named mentors who taught it by a day: masters follow from the school stage."""
    return (
        sa.select(*_line("taught", TeachingSession.cohort_id, Mentor.id))
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


def _who_guided(program: Program, side: Side) -> sa.Select[Any]:
    """Select for each person the named mentors who guided him or her in another programme."""
    here, elsewhere = aliased(Enrolment), aliased(Enrolment)
    return (
        sa.select(*_line("guided", here.user_id, Assignment.mentor_id))
        .select_from(here)
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


def _when_taught(program: Program, on: date) -> sa.Select[Any]:
    """Select the days and units of each class from a day on, as far as the timetable is planned."""
    session = TeachingSession
    return sa.select(
        *_line("times", session.cohort_id, session.first_unit, session.units, session.day)
    ).where(session.program_id == program.id, session.state != SessionState.CANCELLED, session.day > on)


def chooser(enrolment: Enrolment, side: Side, site: str) -> Trainee:
    """Return one trainee who has no mentor yet, without those known from before: what the hard limits look at."""
    home = enrolment.college_id if side is Side.COLLEGE else enrolment.enterprise_id
    return Trainee(id=enrolment.id, organization_id=home, field=enrolment.field, site=site)


def guides_for(program: Program, side: Side, on: date) -> list[Guide]:
    """Return the programme's mentors on a side, as the matching takes them."""
    return [guide for _mentor, guide, _load in mentors_for(program, side, on)]


def mentors_for(
    program: Program, side: Side, on: date, proposal_id: int | None = None
) -> list[tuple[Mentor, Guide, int]]:
    """Return the programme's mentors on a side: profile, as the matching takes them, trainees whom they guide here.

    With a proposal it is the pairs that they have in it. One statement, whatever their number.
    """
    elsewhere, before, ends = _taken_elsewhere(program), _guided_before(on), _needed_until()
    load: Any = ProgramMentor.load
    if proposal_id is not None:
        load = (
            sa.select(sa.func.count())
            .where(ProposedPair.proposal_id == proposal_id, ProposedPair.mentor_id == Mentor.id)
            .scalar_subquery()
        )
    away = sa.and_(MentorLeave.mentor_id == Mentor.id, MentorLeave.ends_on >= on)
    own = sa.and_(Profile.user_id == Mentor.user_id, Profile.organization_id == Mentor.organization_id)
    rows = db.session.execute(
        sa.select(
            Mentor,
            sa.func.coalesce(elsewhere.c.taken, 0).label("taken"),
            sa.func.coalesce(before.c.guided, 0).label("guided"),
            load.label("load"),
            Profile.fields,
            Profile.sites,
            Profile.working_time,
            ends.c.until,
            MentorLeave.starts_on,
            MentorLeave.ends_on,
        )
        .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
        .outerjoin(elsewhere, elsewhere.c.mentor_id == Mentor.id)
        .outerjoin(before, before.c.mentor_id == Mentor.id)
        .outerjoin(Profile, own)
        .outerjoin(ends, ends.c.profile_id == Profile.id)
        .outerjoin(MentorLeave, away)
        .where(ProgramMentor.program_id == program.id, ProgramMentor.side == side, Mentor.active)
        .order_by(Mentor.id, MentorLeave.starts_on, MentorLeave.id)
    ).all()
    return [_mentor_of(list(lines)) for _id, lines in groupby(rows, key=lambda row: row[0].id)]


def _mentor_of(lines: Sequence[Any]) -> tuple[Mentor, Guide, int]:
    """Put together a mentor from one line a leave; what the profile says completes what is stated as a mentor."""
    row = lines[0]
    mentor: Mentor = row[0]
    until = None if row.until in (None, UNLIMITED) else row.until
    guide = Guide(
        id=mentor.id,
        organization_id=mentor.organization_id,
        capacity=mentor.capacity,
        fields=parted(mentor.fields) or parted(row.fields or ""),
        qualified_until=min((day for day in (mentor.qualified_until, until) if day), default=None),
        taken=row.taken,
        guided_before=row.guided,
        sites=parted(mentor.site) | parted(row.sites or ""),
        leaves=tuple((line.starts_on, line.ends_on) for line in lines if line.starts_on),
        times=times_of(row.working_time or {}),
    )
    return mentor, guide, row.load


def _taken_elsewhere(program: Program) -> sa.Subquery:
    return (
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


def _guided_before(on: date) -> sa.Subquery:
    return (
        sa.select(Assignment.mentor_id, sa.func.count().label("guided"))
        .where(Assignment.ends_on <= on)
        .group_by(Assignment.mentor_id)
        .subquery()
    )


def _needed_until() -> sa.Subquery:
    """Select on which day the first needed qualification of a profile ends (as faculty.rules.binding_until says)."""
    until = sa.func.coalesce(Qualification.valid_until, UNLIMITED)
    latest = (
        sa.select(Qualification.profile_id, sa.func.max(until).label("until"))
        .where(Qualification.needed, COUNTS)
        .group_by(Qualification.profile_id, Qualification.name)
        .subquery()
    )
    first = sa.type_coerce(sa.func.min(latest.c.until), sa.Date).label("until")
    return sa.select(latest.c.profile_id, first).group_by(latest.c.profile_id).subquery()
