"""The rows of files with column maps, read page by page: who is placed in a month, who is trained with subsidy.

ID numbers and phones are masked unless the caller asks for them in full, and has told the trail.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import aliased

from trainmgr.enrolment.actions import EXPORTED
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.real_names import SOURCES, Facts
from trainmgr.enrolment.rules import EnrolmentState, gender_in
from trainmgr.exchange.kinds import FileKind
from trainmgr.exchange.maps import MapColumn, Present
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, crypto
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import ledger_hours
from trainmgr.placements import labels as placement_labels
from trainmgr.placements.models import Placement, PlacementPost
from trainmgr.placements.rules import PlacementState
from trainmgr.practice.models import PracticeLog
from trainmgr.practice.rules import LogState
from trainmgr.programs.models import Program
from trainmgr.programs.queries import visible_to

PAGE = 1_000
PREVIEWED = 5


@dataclass(frozen=True)
class Wanted:
    """Which rows: a college's trainees as far as the reader sees their programmes; in a month, of a programme."""

    college_id: int
    college_name: str
    college_code: str
    viewer: User
    kind: FileKind
    month: date | None = None
    program_id: int | None = None
    unmask: bool = False

    @classmethod
    def of(cls, college: Organization, viewer: User, kind: FileKind, **which: Any) -> Wanted:
        """Return what is wanted of a college."""
        return cls(college.id, college.name, college.code or "", viewer, kind, **which)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        assert self.month is not None
        return self.month.replace(day=calendar.monthrange(self.month.year, self.month.month)[1])


def month_of(text: str, today: date) -> date:
    """Return the first day of a month written as 2026-11; the present month for anything else."""
    try:
        year, month = text.split("-")
        return date(int(year), int(month), 1)
    except (ValueError, OverflowError):
        return today.replace(day=1)


def programs_to_choose(college: Organization, viewer: User) -> Sequence[Any]:
    """Return the programmes (id, name) in which a college has trainees, as far as the reader sees them."""
    there = sa.exists().where(Enrolment.program_id == Program.id, Enrolment.college_id == college.id)
    return db.session.execute(
        sa.select(Program.id, Program.name)
        .where(visible_to(viewer), there)
        .order_by(Program.id.desc())
        .limit(200)
    ).all()


def cells(wanted: Wanted, present: Present, most: int | None = None) -> Iterator[list[Any]]:
    """Return the rows of a file in the columns of its map; they are read when they are asked for."""
    statement = _internships(wanted) if wanted.kind is FileKind.INTERNSHIP else _trainees(wanted)
    return _cells(wanted, statement, present.columns, present.day_format, most)


def _cells(
    wanted: Wanted,
    statement: sa.Select[*tuple[Any, ...]],
    columns: Sequence[MapColumn],
    day_format: str,
    most: int | None,
) -> Iterator[list[Any]]:
    for number, facts in enumerate(_facts(wanted, statement, most), start=1):
        facts["serial"] = number
        yield [column.cell(facts, day_format) for column in columns]


def _facts(
    wanted: Wanted, statement: sa.Select[*tuple[Any, ...]], most: int | None
) -> Iterator[dict[str, Any]]:
    key = Placement.id if wanted.kind is FileKind.INTERNSHIP else Enrolment.id
    last, size = 0, min(PAGE, most or PAGE)
    while True:
        rows = db.session.execute(statement.where(key > last).order_by(key).limit(size)).all()
        for row in rows:
            yield _internship(row, wanted) if wanted.kind is FileKind.INTERNSHIP else _trainee(row, wanted)
        if most is not None or len(rows) < size:
            return
        last = rows[-1].key


def count_of(wanted: Wanted) -> int:
    """Return how many rows a file has."""
    statement = _internships(wanted) if wanted.kind is FileKind.INTERNSHIP else _trainees(wanted)
    inner = statement.with_only_columns(sa.literal(1)).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(inner)) or 0


def note_full(
    college: Organization, wanted: Wanted, *, file: str, reason: str, by: User, now: datetime
) -> int:
    """Write into the trail that a file with full numbers is taken, by whom and why; returns how many rows it has."""
    count = count_of(wanted)
    require(count, _("Nobody is in this list; there is nothing to export."))
    audit.record(
        EXPORTED, college, by=by, now=now, name=college.name, reason=reason, count=count, file=file,
        program_id=wanted.program_id,
    )  # fmt: skip
    return count


# --- trainees of a programme ---------------------------------------------------------------------------------


def _trainees(wanted: Wanted) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Enrolment.id.label("key"), Enrolment.name, User.gender, User.id_number_encrypted, User.id_number_masked,
            User.phone_encrypted, User.phone_masked, Enrolment.student_number, Enrolment.employee_number,
            Cohort.name.label("cohort"), Organization.name.label("enterprise"), Enrolment.field, Enrolment.level,
            Enrolment.post, Enrolment.planned_minutes, Program.starts_on, Program.ends_on,
        )
        .select_from(Enrolment)
        .join(Program, Program.id == Enrolment.program_id)
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Organization, Organization.id == Enrolment.enterprise_id)
        .where(
            Enrolment.college_id == wanted.college_id, Enrolment.program_id == wanted.program_id,
            Enrolment.state != EnrolmentState.WITHDRAWN, visible_to(wanted.viewer),
        )
    )  # fmt: skip


def _trainee(row: Any, wanted: Wanted) -> dict[str, Any]:
    facts = Facts(
        0, row.name, row.gender, _number(row, wanted), _phone(row, wanted), row.student_number, row.employee_number,
        row.cohort or "", row.enterprise or "", row.field, row.level, row.post, row.planned_minutes, row.starts_on,
        row.ends_on,
    )  # fmt: skip
    return {key: read(facts) for key, (_about, read) in SOURCES.items()}


def _number(row: Any, wanted: Wanted) -> str:
    if not wanted.unmask:
        return str(row.id_number_masked)
    return crypto.decrypt(row.id_number_encrypted) if row.id_number_encrypted else ""


def _phone(row: Any, wanted: Wanted) -> str:
    if not wanted.unmask:
        return str(row.phone_masked)
    return crypto.decrypt(row.phone_encrypted) if row.phone_encrypted else ""


# --- internships of a month ----------------------------------------------------------------------------------


def _internships(wanted: Wanted) -> sa.Select[*tuple[Any, ...]]:
    teacher, mentor = aliased(User), aliased(User)
    signed = (
        PracticeLog.enrolment_id == Enrolment.id, PracticeLog.state == LogState.SIGNED,
        PracticeLog.day >= wanted.month, PracticeLog.day <= wanted.last_day,
    )  # fmt: skip
    days = (
        sa.select(sa.func.count(PracticeLog.day.distinct()))
        .where(*signed)
        .correlate(Enrolment)
        .scalar_subquery()
    )
    minutes = (
        sa.select(sa.func.sum(PracticeLog.minutes)).where(*signed).correlate(Enrolment).scalar_subquery()
    )
    return (
        sa.select(
            Placement.id.label("key"), Enrolment.name, User.gender, User.id_number_encrypted, User.id_number_masked,
            Enrolment.student_number, Cohort.name.label("cohort"), Enrolment.field, Program.name.label("program"),
            Organization.name.label("enterprise"), Organization.code.label("enterprise_code"),
            PlacementPost.name.label("post"), Placement.site, PlacementPost.site.label("post_site"),
            Placement.starts_on, Placement.ends_on, Placement.pay_cents, Placement.signed, Placement.insured_until,
            Placement.state, teacher.name.label("teacher"), mentor.name.label("mentor"), days.label("days"),
            minutes.label("minutes"),
        )
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(Program, Program.id == Enrolment.program_id)
        .join(User, User.id == Enrolment.user_id)
        .join(PlacementPost, PlacementPost.id == Placement.post_id)
        .join(Organization, Organization.id == PlacementPost.organization_id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(teacher, teacher.id == Enrolment.school_teacher_id)
        .outerjoin(mentor, mentor.id == Enrolment.enterprise_mentor_id)
        .where(
            Enrolment.college_id == wanted.college_id, visible_to(wanted.viewer),
            Placement.state.in_((PlacementState.RUNNING, PlacementState.ENDED)),
            Placement.starts_on <= wanted.last_day, Placement.ends_on >= wanted.month,
        )
    )  # fmt: skip


def _internship(row: Any, wanted: Wanted) -> dict[str, Any]:
    number = _number(row, wanted)
    gender = {"M": _("male"), "F": _("female")}.get(row.gender or gender_in(number), "")
    assert wanted.month is not None
    return {
        "month": wanted.month.strftime("%Y-%m"), "school": wanted.college_name, "school_code": wanted.college_code,
        "program": row.program, "field": row.field, "cohort": row.cohort, "name": row.name, "gender": gender,
        "id_number": number, "student_number": row.student_number, "enterprise": row.enterprise,
        "enterprise_code": row.enterprise_code, "post": row.post, "site": row.site or row.post_site,
        "starts_on": row.starts_on, "ends_on": row.ends_on,
        "pay": None if row.pay_cents is None else row.pay_cents / 100, "agreement": row.signed == 3,
        "insured_until": row.insured_until, "teacher": row.teacher, "mentor": row.mentor, "days": row.days,
        "hours": ledger_hours(row.minutes or 0), "state": str(placement_labels.STATES[row.state]),
    }  # fmt: skip
