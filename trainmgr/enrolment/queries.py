"""Reads of enrolments, rosters and applications; rows start from what the viewer may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity import first_passwords
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program, ProgramPerson

IMPORT, UNDO, EXPORT = "roster-import", "roster-undo", "roster-export"


def visible_in(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves a programme's trainees whom the viewer may see.

    The lead college and the responsible department see all, a partner college and an enterprise their own,
    counsellors those of their side in programmes that name them, teachers and mentors those they guide now,
    an outside assessor named for the programme all, a trainee himself or herself.
    """
    inside = Enrolment.program_id == program.id
    colleges = viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF)
    if program.lead_college_id in colleges:
        return inside
    if program.department_id and program.department_id in viewer.departments_as(Role.DEPARTMENT_STAFF):
        return inside
    seen: list[sa.ColumnElement[bool]] = [Enrolment.user_id == viewer.id]
    if colleges:
        seen.append(Enrolment.college_id.in_(colleges))
    if enterprises := viewer.organizations_as(Role.ENTERPRISE_COORDINATOR):
        seen.append(Enrolment.enterprise_id.in_(enterprises))
    if Role.SCHOOL_TEACHER in viewer.roles:
        seen.append(Enrolment.school_teacher_id == viewer.id)
    if Role.ENTERPRISE_MENTOR in viewer.roles:
        seen.append(Enrolment.enterprise_mentor_id == viewer.id)
    seen += _as_relation(program, viewer)
    return sa.and_(inside, sa.or_(*seen))


def _as_relation(program: Program, viewer: User) -> list[sa.ColumnElement[bool]]:
    def named(role: Role) -> Any:
        return sa.exists().where(
            ProgramPerson.program_id == program.id,
            ProgramPerson.user_id == viewer.id,
            ProgramPerson.role == role,
        )

    seen: list[sa.ColumnElement[bool]] = []
    if own := viewer.organizations_as(Role.COLLEGE_COUNSELLOR):
        seen.append(sa.and_(Enrolment.college_id.in_(own), named(Role.COLLEGE_COUNSELLOR)))
    if own := viewer.organizations_as(Role.ENTERPRISE_COUNSELLOR):
        seen.append(sa.and_(Enrolment.enterprise_id.in_(own), named(Role.ENTERPRISE_COUNSELLOR)))
    if Role.OUTSIDE_ASSESSOR in viewer.roles:
        seen.append(named(Role.OUTSIDE_ASSESSOR))
    return seen


# --- one trainee ---------------------------------------------------------------------------------


def select_one(program: Program, enrolment_id: int, viewer: User) -> sa.Select[Enrolment]:
    """Select a trainee of a programme with class, parties and mentors, if the viewer may see them."""
    return (
        sa.select(Enrolment)
        .where(Enrolment.id == enrolment_id, visible_in(program, viewer))
        .options(
            joinedload(Enrolment.user),
            joinedload(Enrolment.cohort),
            joinedload(Enrolment.college),
            joinedload(Enrolment.enterprise),
            joinedload(Enrolment.school_teacher),
            joinedload(Enrolment.enterprise_mentor),
        )
    )


def enrolment_or_404(program: Program, enrolment_id: int, viewer: User) -> Enrolment:
    """Return a trainee of a programme with class, parties and mentors, or answer 404: one statement."""
    enrolment = db.session.scalars(select_one(program, enrolment_id, viewer)).one_or_none()
    return enrolment if enrolment is not None else abort(404)


def chosen(program: Program, viewer: User, ids: Sequence[int]) -> list[Enrolment]:
    """Return the trainees with these ids whom the viewer may see, by name."""
    return list(
        db.session.scalars(
            sa.select(Enrolment)
            .where(visible_in(program, viewer), Enrolment.id.in_(ids))
            .options(joinedload(Enrolment.cohort))
            .order_by(Enrolment.name, Enrolment.id)
        )
    )


@dataclass(frozen=True)
class LevelLine:
    """A competency and a trainee's level in it before the training (None: not assessed)."""

    competency_id: int
    name: str
    name_en: str
    required: Decimal
    level: Decimal | None


def entry_levels(program_id: int, enrolment_id: int) -> list[LevelLine]:
    """Return a programme's competencies with a trainee's entry levels: one statement."""
    mine = sa.and_(EntryLevel.competency_id == Competency.id, EntryLevel.enrolment_id == enrolment_id)
    rows = db.session.execute(
        sa.select(
            Competency.id, Competency.name, Competency.name_en, Competency.required_level, EntryLevel.level
        )
        .outerjoin(EntryLevel, mine)
        .where(Competency.program_id == program_id)
        .order_by(Competency.position, Competency.id)
    )
    return [LevelLine(*row) for row in rows]


# --- classes -------------------------------------------------------------------------------------


def cohorts(program_id: int) -> list[Cohort]:
    """Return the classes of a programme by name."""
    return list(
        db.session.scalars(
            sa.select(Cohort).where(Cohort.program_id == program_id).order_by(Cohort.name, Cohort.id)
        )
    )


def cohort_or_404(program_id: int, cohort_id: int) -> Cohort:
    """Return a class of a programme, or answer 404."""
    cohort: Cohort | None = db.session.scalars(
        sa.select(Cohort).where(Cohort.id == cohort_id, Cohort.program_id == program_id)
    ).one_or_none()
    return cohort if cohort is not None else abort(404)


def college_name(college_id: int) -> str:
    """Return what a college is called."""
    return db.session.scalar(sa.select(Organization.name).where(Organization.id == college_id)) or ""


# --- imports -------------------------------------------------------------------------------------


def latest_jobs(program: Program, viewer: User) -> tuple[Job | None, Job | None]:
    """Return the last import of a roster or its undoing for the viewer's college, and the viewer's own last export.

    What was put away is None.
    """
    here = Job.program_id == program.id
    runs = (
        sa.select(Job.id)
        .where(here, Job.kind.in_((IMPORT, UNDO)))
        .order_by(Job.id.desc())
        .limit(5)
        .subquery()
    )
    export = sa.select(sa.func.max(Job.id)).where(here, Job.kind == EXPORT, Job.created_by == viewer.id)
    either = sa.or_(Job.id.in_(sa.select(runs.c.id)), Job.id == export.scalar_subquery())
    jobs = db.session.scalars(sa.select(Job).where(either).order_by(Job.id.desc())).all()
    colleges = viewer.organizations_where(Permission.ENROLMENT_EDIT)
    run = next((job for job in jobs if job.kind != EXPORT and job.params.get("college") in colleges), None)
    sent = next((job for job in jobs if job.kind == EXPORT), None)
    return _in_sight(run), _in_sight(sent)


def _in_sight(job: Job | None) -> Job | None:
    return None if job is None or job.params.get("away") else job


def imports_of(program: Program, viewer: User) -> list[Job]:
    """Return the last imports of rosters for colleges of the viewer, the newest first, at most twenty."""
    colleges = viewer.organizations_where(Permission.ENROLMENT_EDIT)
    jobs = db.session.scalars(
        sa.select(Job)
        .where(Job.program_id == program.id, Job.kind == IMPORT)
        .order_by(Job.id.desc())
        .limit(20)
    )
    return [job for job in jobs if job.params.get("college") in colleges]


def import_or_404(program: Program, job_id: int, viewer: User, kinds: Sequence[str] = (IMPORT, UNDO)) -> Job:
    """Return a roster import of a programme (or its taking back) made for a college of the viewer, or answer 404."""
    job: Job | None = db.session.scalars(
        sa.select(Job).where(Job.id == job_id, Job.program_id == program.id, Job.kind.in_(kinds))
    ).one_or_none()
    colleges = viewer.organizations_where(Permission.ENROLMENT_EDIT)
    if job is None or job.params.get("college") not in colleges:
        abort(404)
    return job


def unseen_passwords(program: Program, viewer: User) -> int:
    """Return how many of the viewer's trainees have a first password that nobody was given yet."""
    count = sa.select(sa.func.count()).select_from(Enrolment).join(User, User.id == Enrolment.user_id)
    own = Enrolment.college_id.in_(viewer.organizations_where(Permission.ENROLMENT_EDIT))
    return db.session.scalar(count.where(visible_in(program, viewer), own, first_passwords.unseen())) or 0


def password_counts(program: Program, viewer: User) -> tuple[int, int]:
    """Return how many of the viewer's trainees have a first password nobody has seen, and how many one not yet used."""
    own = Enrolment.college_id.in_(viewer.organizations_where(Permission.ENROLMENT_EDIT))
    unseen = sa.func.coalesce(sa.func.sum(sa.case((first_passwords.unseen(), 1), else_=0)), 0)
    row = db.session.execute(
        sa.select(unseen, sa.func.count())
        .select_from(Enrolment)
        .join(User, User.id == Enrolment.user_id)
        .where(visible_in(program, viewer), own, first_passwords.waiting())
    ).one()
    return int(row[0]), int(row[1])


def level_rows(program: Program, viewer: User, competency_ids: Sequence[int]) -> Iterator[list[Any]]:
    """Yield name, student number, employee number, enterprise and entry levels of each present trainee."""
    rows = db.session.execute(
        sa.select(
            Enrolment.id,
            Enrolment.name,
            Enrolment.student_number,
            Enrolment.employee_number,
            Organization.name,
            EntryLevel.competency_id,
            EntryLevel.level,
        )
        .outerjoin(Organization, Organization.id == Enrolment.enterprise_id)
        .outerjoin(EntryLevel, EntryLevel.enrolment_id == Enrolment.id)
        .where(visible_in(program, viewer), Enrolment.state != EnrolmentState.WITHDRAWN)
        .order_by(Enrolment.cohort_id, Enrolment.name, Enrolment.id)
        .execution_options(yield_per=5_000)
    )
    for _enrolment_id, lines in groupby(rows, key=lambda row: row[0]):
        of_one = list(lines)
        known = {competency_id: float(level) for *_person, competency_id, level in of_one if competency_id}
        yield [*of_one[0][1:5], *(known.get(competency_id) for competency_id in competency_ids)]
