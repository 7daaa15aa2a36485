"""A college's OneRoster 1.2 files: what it owns and nothing else, page by page, written by a job into one archive.

No ID number, no phone, no mail. A programme is a course, its classes are classes, a school year has two terms; mentors
of enterprises are not the college's people and stay out.
"""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.exchange import keeping
from trainmgr.exchange.ids import own_id, person_ids, thing_ids
from trainmgr.exchange.kinds import Thing
from trainmgr.exchange.rules import (
    HEADERS,
    IN_MANIFEST,
    VERSION,
    Session,
    sessions_between,
    split_name,
    terms_of,
)
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobRun, enqueue
from trainmgr.kernel.sheets.writer import harmless
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

TAKEN = audit.sentence("exchange.roster_out", _l("%(who)s had the OneRoster files of %(what)s written"))
PAGE = 2_000
GONE = (State.DRAFT, State.CANCELLED, State.CLOSED)
ZIP = "application/zip"
# What a role of ours is in the standard's words. Staff is an aide, so that no receiver makes an administrator of it.
ROLES = {
    Role.TRAINEE: "student",
    Role.SCHOOL_TEACHER: "teacher",
    Role.COLLEGE_COUNSELLOR: "counselor",
    Role.STAFF: "aide",
    Role.DEPARTMENT_STAFF: "aide",
    Role.ADMINISTRATOR: "siteAdministrator",
}
Row = Sequence[Any]


def start_export(college: Organization, *, by: User, now: datetime) -> Job:
    """Plan the writing of a college's files."""
    audit.record(TAKEN, college, by=by, now=now, name=college.name)
    return enqueue(
        keeping.ROSTER_OUT, title=_("OneRoster files of %(name)s", name=college.short),
        params={"college": college.id}, by=by, program_id=None, now=now,
    )  # fmt: skip


def write_archive(run: JobRun, college: Organization, *, today: date) -> bytes | None:
    """Return the archive of a college's files; None when somebody stopped the job."""
    run.progress(0, count_of(college.id))
    with tempfile.TemporaryFile() as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _write(archive, "manifest", ("propertyName", "value"), manifest(college))
            for name, rows in files_of(college, today):
                run.count(**{name: _write(archive, name, HEADERS[name], _watched(rows, run))})
                if run.stopped:
                    return None
        out.seek(0)
        return out.read()


def _watched(rows: Iterable[Row], run: JobRun) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        yield row
        if number % PAGE == 0:
            run.progress(min(run.done + PAGE, (run.total or 1) - 1))
            if run.should_stop():
                return


def count_of(college_id: int) -> int:
    """Return about how many lines a college's files have, to tell how far the writing is."""
    people = _count(Membership, Membership.organization_id == college_id, Membership.ended_on.is_(None))
    return 1 + 2 * people + _count(Enrolment, Enrolment.college_id == college_id)


def _count(model: Any, *which: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*which)) or 0


def _write(archive: zipfile.ZipFile, name: str, header: Row, rows: Iterable[Row]) -> int:
    """Write one file into the archive, row by row; returns how many."""
    count = 0
    with archive.open(f"{name}.csv", "w", force_zip64=True) as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow([harmless(str(cell)) if cell is not None else "" for cell in row])
            count += 1
        text.flush()
        text.detach()
    return count


def manifest(college: Organization) -> list[Row]:
    """Return the lines of manifest.csv: what is in the archive, and from where."""
    files = [
        (f"file.{one}", "bulk" if one in HEADERS and one != "demographics" else "absent")
        for one in IN_MANIFEST
    ]
    return [
        ("manifest.version", "1.0"), ("oneroster.version", VERSION), *files,
        ("source.systemName", "trainmgr"), ("source.systemCode", college.code or ""),
    ]  # fmt: skip


def files_of(college: Organization, today: date) -> Iterator[tuple[str, Iterator[Row]]]:
    """Yield the files of a college by name, each with its rows, which are read as they are asked for."""
    sessions = sessions_of(college.id, today)
    yield "academicSessions", _sessions(college.id, sessions)
    yield "orgs", _orgs(college)
    yield "courses", _courses(college.id)
    yield "classes", _classes(college.id, sessions, today)
    yield "users", _users(college.id)
    yield "roles", _roles(college.id)
    yield "enrollments", _enrollments(college.id)


# --- what belongs to the college -----------------------------------------------------------------------------


def own_programs(college_id: int) -> sa.ColumnElement[bool]:
    """Return the condition on Program that leaves what a college leads and that is neither a draft nor over."""
    return sa.and_(Program.lead_college_id == college_id, Program.state.not_in(GONE))


def sessions_of(college_id: int, today: date) -> list[Session]:
    """Return the school years of a college's programmes and the present one, with their terms."""
    first, last = db.session.execute(
        sa.select(sa.func.min(Program.starts_on), sa.func.max(Program.ends_on)).where(
            own_programs(college_id)
        )
    ).one()
    days = [today, *(day for day in (first, last) if day is not None)]
    return sessions_between(min(days), max(days))


def _sessions(college_id: int, sessions: Sequence[Session]) -> Iterator[Row]:
    names = {0: _("School year %(begin)s–%(end)s"), 1: _("First term %(begin)s–%(end)s"),
             2: _("Second term %(begin)s–%(end)s")}  # fmt: skip
    for one in sessions:
        parent = own_id(college_id, "session", one.year) if one.term else ""
        yield (
            own_id(college_id, "session", one.key), "", "",
            names[one.term] % {"begin": one.year - 1, "end": one.year}, one.kind,
            one.begins_on.isoformat(), one.ends_on.isoformat(), parent, one.year,
        )  # fmt: skip


def _orgs(college: Organization) -> Iterator[Row]:
    departments = db.session.scalars(
        sa.select(Organization)
        .where(Organization.parent_id == college.id, Organization.kind == OrganizationKind.DEPARTMENT)
        .order_by(Organization.id)
    ).all()
    known = thing_ids(college.id, Thing.ORG, [college.id, *(one.id for one in departments)])
    yield known[college.id], "", "", college.name, "school", college.code, ""
    for one in departments:
        yield known[one.id], "", "", one.name, "department", one.code, known[college.id]


def _paged(statement: sa.Select[*tuple[Any, ...]], *keys: Any) -> Iterator[Sequence[Any]]:
    """Yield pages of a select, whose first columns are its order (`keys`), each from where the last ended."""
    last: tuple[Any, ...] | None = None
    while True:
        page = statement.order_by(*keys).limit(PAGE)
        if last is not None:
            page = page.where(sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, last)))
        rows = db.session.execute(page).all()
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        last = tuple(rows[-1][: len(keys)])


def _courses(college_id: int) -> Iterator[Row]:
    found = sa.select(Program.id, Program.name, Program.code, Program.department_id).where(
        own_programs(college_id)
    )
    school = _school_id(college_id)
    for rows in _paged(found, Program.id):
        known = thing_ids(college_id, Thing.COURSE, [row.id for row in rows])
        for row in rows:
            yield known[row.id], "", "", "", row.name, row.code, "", school, "", ""


def _school_id(college_id: int) -> str:
    return thing_ids(college_id, Thing.ORG, [college_id])[college_id]


def _classes(college_id: int, sessions: Sequence[Session], today: date) -> Iterator[Row]:
    found = (
        sa.select(Cohort.id, Cohort.name, Program.id, Program.starts_on, Program.ends_on, Program.name)
        .join(Program, Program.id == Cohort.program_id)
        .where(own_programs(college_id), Cohort.closed_on.is_(None))
    )
    school = _school_id(college_id)
    for rows in _paged(found, Cohort.id):
        known = thing_ids(college_id, Thing.CLASS, [row[0] for row in rows])
        courses = thing_ids(college_id, Thing.COURSE, [row[2] for row in rows])
        for key, name, program_id, starts_on, ends_on, _program in rows:
            first, last = starts_on or today, ends_on or starts_on or today
            terms = terms_of(sessions, first, max(first, last))
            listed = ",".join(own_id(college_id, "session", one.key) for one in terms)
            yield (
                known[key],
                "",
                "",
                name,
                "",
                courses[program_id],
                "",
                "scheduled",
                "",
                school,
                listed,
                "",
                "",
                "",
            )


def _members(college_id: int) -> Iterator[tuple[Any, list[Any], str]]:
    """Yield each of a college's people with the present roles there, and the person's sourcedId."""
    found = (
        sa.select(
            Membership.user_id, Membership.id, Membership.role, Membership.number, Membership.department_id,
            Membership.created_at, User.username, User.name, User.active,
        )
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organization_id == college_id, Membership.ended_on.is_(None), Membership.role.in_(list(ROLES))
        )
    )  # fmt: skip

    def with_ids() -> Iterator[tuple[Any, str]]:
        for rows in _paged(found, Membership.user_id, Membership.id):
            known = person_ids(college_id, list({row.user_id for row in rows}))
            yield from ((row, known[row.user_id]) for row in rows)

    for _user_id, pairs in groupby(with_ids(), key=lambda pair: pair[0].user_id):
        group = list(pairs)
        yield group[0][0], [row for row, _key in group], group[0][1]


def _users(college_id: int) -> Iterator[Row]:
    school = _school_id(college_id)
    for person, roles, key in _members(college_id):
        family, given = split_name(person.name)
        number = next((row.number for row in roles if row.number), "")
        yield (
            key, "", "", "true" if person.active else "false", person.username, "", given, family, "", number,
            "", "", "", "", "", "", "", "", "", "", school, "",
        )  # fmt: skip


def _roles(college_id: int) -> Iterator[Row]:
    school = _school_id(college_id)
    for _person, roles, key in _members(college_id):
        told = set[str]()
        for row in roles:
            role = ROLES[row.role]
            if role not in told:
                kind = "secondary" if told else "primary"
                told.add(role)
                yield own_id(college_id, "role", row.id), "", "", key, kind, role, "", "", school, ""


def _enrollments(college_id: int) -> Iterator[Row]:
    """Yield the college's trainees in its classes, then the teachers who guide them there."""
    school = _school_id(college_id)
    here = sa.and_(own_programs(college_id), Enrolment.college_id == college_id, Cohort.closed_on.is_(None))
    trainees = (
        sa.select(Enrolment.id, Enrolment.cohort_id, Enrolment.user_id, Enrolment.enrolled_on)
        .join(Program, Program.id == Enrolment.program_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(here, Enrolment.state != EnrolmentState.WITHDRAWN, _belongs(college_id, Enrolment.user_id))
    )
    for rows in _paged(trainees, Enrolment.id):
        people, classes = _known(college_id, rows)
        for row in rows:
            yield (
                own_id(college_id, "enrolment", row.id), "", "", classes[row.cohort_id], school, people[row.user_id],
                "student", "", row.enrolled_on.isoformat(), "",
            )  # fmt: skip
    teachers = (
        sa.select(Enrolment.cohort_id, Enrolment.school_teacher_id.label("user_id"))
        .join(Program, Program.id == Enrolment.program_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(
            here,
            Enrolment.state != EnrolmentState.WITHDRAWN,
            _belongs(college_id, Enrolment.school_teacher_id),
        )
        .distinct()
    )
    for rows in _paged(teachers, Enrolment.cohort_id, Enrolment.school_teacher_id):
        people, classes = _known(college_id, rows)
        for row in rows:
            yield (
                own_id(college_id, "guides", f"{row.cohort_id}/{row.user_id}"), "", "", classes[row.cohort_id], school,
                people[row.user_id], "teacher", "false", "", "",
            )  # fmt: skip


def _known(college_id: int, rows: Sequence[Any]) -> tuple[dict[int, str], dict[int, str]]:
    return (
        person_ids(college_id, list({row.user_id for row in rows})),
        thing_ids(college_id, Thing.CLASS, list({row.cohort_id for row in rows})),
    )


def _belongs(college_id: int, user_id: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Membership.user_id == user_id, Membership.organization_id == college_id, Membership.ended_on.is_(None),
        Membership.role.in_(list(ROLES)),
    )  # fmt: skip


__all__ = ["ROLES", "TAKEN", "files_of", "manifest", "start_export", "write_archive"]
