"""People, enrolments, assignments and logs as resources."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from marshmallow import fields

from trainmgr.api.fields import Base, Id, Line, choice, described, names_of
from trainmgr.api.reading import Asked, Resource, by_choice, by_days, by_id
from trainmgr.api.rules import Area
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.roster import Guide, Teacher
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity import queries as identity
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.mentoring.models import Assignment, Mentor
from trainmgr.needs.models import Competency
from trainmgr.practice.models import LogCompetency, LogKind, LogState, PracticeLog
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Side

P = Permission


class PostSchema(Base):
    """What a person is in an organisation today."""

    id = Id()
    organization_id = Id()
    department_id = Id(allow_none=True)
    role = choice(Role)
    number = fields.String()
    title = fields.String()


class PersonSchema(Base):
    """A person with an account whom the asker may see; the phone is masked as on the page."""

    id = Id()
    username = fields.String()
    name = fields.String()
    phone_masked = fields.String()
    created_at = fields.DateTime()
    posts = fields.List(fields.Nested(PostSchema))
    version = fields.String(metadata=described("Other with each change of the account or of a post."))


def _people(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(User, name) for name in names_of(PersonSchema) if name != "posts"]
    return sa.select(*columns).where(identity.visible_to(asked.viewer), User.active)


def _with_posts(asked: Asked, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Add what the people are: one statement for any number."""
    posts = _posts_of([row.id for row in rows])
    return [_person(dict(row._mapping), posts.get(row.id, [])) for row in rows]


def _posts_of(user_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    columns = [getattr(Membership, name) for name in names_of(PostSchema)]
    found: dict[int, list[dict[str, Any]]] = {}
    for user_id, *values in db.session.execute(
        sa.select(Membership.user_id, *columns)
        .where(Membership.user_id.in_(user_ids), Membership.ended_on.is_(None))
        .order_by(Membership.id)
    ):
        found.setdefault(user_id, []).append(dict(zip(names_of(PostSchema), values, strict=True)))
    return found


def _person(plain: dict[str, Any], posts: list[dict[str, Any]]) -> dict[str, Any]:
    told = json.dumps(posts, sort_keys=True).encode()
    version = f"{plain['version']}-{hashlib.sha256(told).hexdigest()[:12]}"
    return plain | {"posts": posts, "version": version}


def person_version(user_id: int) -> str:
    """Return the version of a person's account and posts, which their ETag holds."""
    number = db.session.scalar(sa.select(User.version).where(User.id == user_id))
    return str(_person({"version": number}, _posts_of([user_id]).get(user_id, []))["version"])


def _has_role(role: Role) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Membership.user_id == User.id, Membership.role == role, Membership.ended_on.is_(None)
    )


class EnrolmentSchema(Base):
    """A trainee in a programme. ID number and employee number are shown to whom the roster shows them."""

    id = Id()
    user_id = Id()
    name = fields.String()
    student_number = fields.String()
    employee_number = fields.String(allow_none=True)
    id_number_masked = fields.String(allow_none=True)
    college_id = Id()
    enterprise_id = Id(allow_none=True)
    cohort_id = Id(allow_none=True)
    cohort = fields.String(allow_none=True)
    state = choice(EnrolmentState)
    field = fields.String()
    level = fields.String()
    post = fields.String()
    enrolled_on = fields.Date()
    left_on = fields.Date(allow_none=True)
    school_teacher = fields.String(allow_none=True)
    enterprise_mentor = fields.String(allow_none=True)
    planned_minutes = fields.Integer()
    submitted_minutes = fields.Integer()
    verified_minutes = fields.Integer()
    version = fields.Integer()


class NumbersSchema(Base):
    """What a partial update of an enrolment may change: what is not named stays."""

    student_number = Line(40, metadata=described("Set by the college."))
    employee_number = Line(40, metadata=described("Set by either side."))


def _enrolments(asked: Asked) -> sa.Select[Any]:
    is_full = may(asked.place, asked.viewer, P.PEOPLE_VIEW)
    special: dict[str, Any] = {
        "cohort": Cohort.name,
        "school_teacher": Teacher.name,
        "enterprise_mentor": Guide.name,
    }
    if not is_full:
        for name in ("employee_number", "id_number_masked"):
            special[name] = sa.case((Enrolment.user_id == asked.viewer.id, getattr(Enrolment, name)))
    names = names_of(EnrolmentSchema)
    columns = [special[name].label(name) if name in special else getattr(Enrolment, name) for name in names]
    return (
        sa.select(*columns)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Teacher, Teacher.id == Enrolment.school_teacher_id)
        .outerjoin(Guide, Guide.id == Enrolment.enterprise_mentor_id)
        .where(visible_in(asked.place, asked.viewer))
    )


class AssignmentSchema(Base):
    """A trainee under a mentor from a day to a day; without an end it is the present one."""

    id = Id()
    enrolment_id = Id()
    side = choice(Side)
    mentor_id = Id()
    mentor_user_id = Id()
    mentor_name = fields.String()
    starts_on = fields.Date()
    ends_on = fields.Date(allow_none=True)
    reason = fields.String()
    approved_at = fields.DateTime()


def _assignments(asked: Asked) -> sa.Select[Any]:
    special = {"mentor_user_id": Mentor.user_id, "mentor_name": Mentor.name}
    columns = [
        special[name].label(name) if name in special else getattr(Assignment, name)
        for name in names_of(AssignmentSchema)
    ]
    return (
        sa.select(*columns)
        .join(Mentor, Mentor.id == Assignment.mentor_id)
        .join(Enrolment, Enrolment.id == Assignment.enrolment_id)
        .where(Assignment.program_id == asked.place.id, visible_in(asked.place, asked.viewer))
    )


class LogSchema(Base):
    """A practice log; a draft is its writer's alone."""

    id = Id()
    enrolment_id = Id()
    stage_number = fields.Integer()
    module_id = Id(allow_none=True)
    day = fields.Date()
    until = fields.Date(allow_none=True)
    minutes = fields.Integer()
    kind = choice(LogKind)
    task = fields.String()
    learned = fields.String()
    state = choice(LogState)
    side = choice(Side, "The side that signs it.")
    signer_id = Id(allow_none=True)
    submitted_at = fields.DateTime(allow_none=True)
    replaces_id = Id(allow_none=True)
    competency_ids = fields.List(Id())
    version = fields.Integer()


def _logs(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(PracticeLog, name) for name in names_of(LogSchema) if name != "competency_ids"]
    return (
        sa.select(*columns)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .where(
            PracticeLog.program_id == asked.place.id,
            visible_in(asked.place, asked.viewer),
            sa.or_(PracticeLog.state != LogState.DRAFT, Enrolment.user_id == asked.viewer.id),
        )
    )


def _with_competencies(asked: Asked, rows: Sequence[Any]) -> list[dict[str, Any]]:
    logs: dict[int, dict[str, Any]] = {row.id: dict(row._mapping) | {"competency_ids": []} for row in rows}
    links = db.session.execute(
        sa.select(LogCompetency.log_id, LogCompetency.competency_id)
        .where(LogCompetency.log_id.in_(logs))
        .order_by(LogCompetency.competency_id)
    )
    for log_id, competency_id in links:
        logs[log_id]["competency_ids"].append(competency_id)
    return list(logs.values())


class LogCompetencySchema(Base):
    """A competency that a log may name as practised, as the log's form offers it."""

    id = Id()
    name = fields.String()
    name_en = fields.String()


def _offered(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Competency, name) for name in names_of(LogCompetencySchema)]
    return sa.select(*columns).where(Competency.program_id == asked.place.id)


_OF = "Only of this trainee."
_ROLE = by_choice("role", User.id, Role, "Only people who hold this role somewhere.")
_ROLE = {name: type(one)(one.field, lambda value: _has_role(Role(value))) for name, one in _ROLE.items()}
RESOURCES = (
    Resource(
        "people", "person", Area.PEOPLE, P.PEOPLE_VIEW, PersonSchema, N_("People"), [User.id], _people, _with_posts,
        filters=_ROLE, in_program=False, has_version=True,
    ),
    Resource(
        "enrolments", "enrolment", Area.ENROLMENTS, P.PROGRAM_VIEW, EnrolmentSchema, N_("Trainees of a programme"),
        [Enrolment.id], _enrolments,
        filters=by_choice("state", Enrolment.state, EnrolmentState, "The trainee's state.")
        | by_id("cohort_id", Enrolment.cohort_id, "Only of this class.")
        | by_id("user_id", Enrolment.user_id, "Only of this person."),
        has_version=True,
    ),
    Resource(
        "assignments", "assignment", Area.ASSIGNMENTS, P.MENTOR_VIEW, AssignmentSchema, N_("Who guides whom, and when"),
        [Assignment.id], _assignments,
        filters=by_choice("side", Assignment.side, Side, "Of the college or of the enterprise.")
        | by_id("enrolment_id", Assignment.enrolment_id, _OF),
    ),
    Resource(
        "logs", "log", Area.LOGS, P.PRACTICE_VIEW, LogSchema, N_("Practice logs"), [PracticeLog.day, PracticeLog.id],
        _logs,
        _with_competencies,
        filters=by_choice("state", PracticeLog.state, LogState, "The log's state.")
        | by_id("enrolment_id", PracticeLog.enrolment_id, _OF) | by_days(PracticeLog.day),
        has_version=True,
    ),
    Resource(
        "log-competencies", "log_competency", Area.LOGS, P.LOG_WRITE, LogCompetencySchema,
        N_("What a log may name as practised"), [Competency.id], _offered, has_one=False,
    ),
)  # fmt: skip
