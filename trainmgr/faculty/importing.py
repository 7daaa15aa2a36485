"""Profiles from a sheet and into one: a background job that goes batch by batch and takes up where it was left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import contains_eager

from trainmgr.faculty import actions, labels, queries
from trainmgr.faculty.forms import EARLIEST, LATEST
from trainmgr.faculty.models import Profile
from trainmgr.faculty.rules import DualLevel
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel import audit, intake, jobs
from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Column, Kind, Record, read_records

KIND = "faculty-import"
PURPOSE = "faculty-import"
BATCH = 200

STARTED = audit.sentence("faculty.import", _l("%(who)s uploaded the profiles “%(what)s”"))
FINISHED = audit.sentence(
    "faculty.imported",
    _l(
        "The profiles “%(what)s” were read: %(written)s written, %(already)s as they were, %(wrong)s rows wrong"
    ),
)
TEXTS = {"post": 80, "title": 60, "education": 60, "fields": 200, "sites": 200, "dual_number": 60}
FIGURES = {"enterprise_years": 60, "capacity": 500}
DAYS = ("since", "dual_on")


def columns() -> list[Column]:
    """Return the columns of the sheet, in the order of the form."""
    levels = {key.value: label for key, label in labels.DUAL.items()}
    return [
        Column("number", N_("Staff number"), ("工号", "教工号", "编号"), True, "GQ0142", width=14),
        Column("name", N_("Name"), ("姓名",), True, width=12),
        Column("post", N_("Post"), ("岗位", "职务"), width=16),
        Column("title", N_("Professional title"), ("职称",), width=14),
        Column("education", N_("Highest education"), ("学历",), width=12),
        Column("fields", N_("Fields"), ("方向", "专业方向"), width=24),
        Column("since", N_("Teacher or master since"), ("从教时间", "入职时间"), kind=Kind.DATE, width=14),
        Column("enterprise_years", N_("Years of work at enterprises"), ("企业工作年限",), kind=Kind.NUMBER, width=12),
        Column("dual_level", N_("Dual-qualification level"), ("双师型", "双师等级"), kind=Kind.CHOICE,
               choices=levels, width=16),
        Column("dual_on", N_("Recognised on"), ("认定时间",), kind=Kind.DATE, width=14),
        Column("dual_number", N_("Number of its certificate"), ("证书号",), width=18),
        Column("capacity", N_("Most trainees at once"), ("带教名额",), kind=Kind.NUMBER, width=12),
        Column("sites", N_("Sites"), ("地点", "校区"), width=20),
    ]  # fmt: skip


def notes() -> list[str]:
    """Return how the sheet is filled in."""
    return [
        _("A person is known by the staff number; the name must be the one in the account."),
        _(
            "Who has no profile yet gets one. Empty cells change nothing. The same file twice changes nothing."
        ),
    ]


@dataclass
class Understood:
    """One row: whom it means, the facts that it states, or what is wrong with it."""

    number: int
    staff_number: str
    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def understand(record: Record) -> Understood:
    """Understand one row by itself; who it means is asked of the database later."""
    values = record.values
    row = Understood(record.number, values["number"], values["name"], faults=list(record.faults))
    for key, most in TEXTS.items():
        if len(values[key]) > most:
            row.faults.append(_("“%(text)s…”: at most %(most)s characters", text=values[key][:20], most=most))
        elif values[key]:
            row.facts[key] = values[key]
    if row.faults:
        return row
    for key, most in FIGURES.items():
        if values[key]:
            row.facts[key] = _whole(values[key], most, row.faults)
    row.facts |= {key: _day(values[key], row.faults) for key in DAYS if values[key]}
    if values["dual_level"]:
        row.facts["dual_level"] = DualLevel(values["dual_level"])
    return row


def _whole(text: str, most: int, faults: list[str]) -> int | None:
    number = float(text)
    if number != int(number) or not 0 <= number <= most:
        faults.append(_("“%(text)s” is no whole number from 0 to %(most)s", text=text, most=most))
        return None
    return int(number)


def _day(text: str, faults: list[str]) -> date:
    day = date.fromisoformat(text)
    if not EARLIEST <= day <= LATEST:
        first, last = EARLIEST.year, LATEST.year
        faults.append(
            _("“%(text)s” is no day between %(first)s and %(last)s", text=text, first=first, last=last)
        )
    return day


# --- the job --------------------------------------------------------------------------------------


def latest_import(viewer: User) -> jobs.Job | None:
    """Return the viewer's last import, unless it was put away."""
    newest = sa.select(jobs.Job).where(jobs.Job.kind == KIND, jobs.Job.created_by == viewer.id)
    job: jobs.Job | None = db.session.scalar(newest.order_by(jobs.Job.id.desc()).limit(1))
    return None if job is None or job.params.get("away") else job


def import_or_404(job_id: int, viewer: User) -> jobs.Job:
    """Return an import into an organisation whose profiles the viewer keeps, or answer 404."""
    job: jobs.Job | None = db.session.scalar(
        sa.select(jobs.Job).where(jobs.Job.id == job_id, jobs.Job.kind == KIND)
    )
    kept = viewer.organizations_where(Permission.FACULTY_EDIT)
    return job if job is not None and job.params.get("organization") in kept else abort(404)


def start_import(home: Organization, data: bytes, *, filename: str, by: User, now: datetime) -> jobs.Job:
    """Look at an uploaded sheet without parsing it, keep it encrypted, and plan the job."""
    intake.put_old_away(jobs.Job.kind == KIND, jobs.Job.created_by == by.id, now=now)
    stored = intake.keep_upload(data, filename=filename, purpose=PURPOSE, by=by, program_id=None, now=now)
    audit.record(STARTED, stored, by=by, now=now, name=stored.name)
    return jobs.enqueue(
        KIND,
        title=_("Import of “%(name)s”", name=stored.name),
        params={"file": stored.id, "name": stored.name, "organization": home.id},
        by=by,
        program_id=None,
        now=now,
    )


@jobs.job(KIND)
def import_profiles(run: jobs.JobRun) -> None:
    """Read an uploaded sheet and write its profiles; wrong rows are noted with their reasons."""
    run.progress()  # nothing is locked while the file is read
    rows = [understand(record) for record in read_records(intake.read_sheet_of(run.params), columns())]
    _note_doubles(rows)
    run.progress(run.done, len(rows))
    for batch in run.batches(rows, BATCH):
        _write_batch(run, batch)
    by = db.session.get(User, run.created_by) if run.created_by else None
    home = db.session.get_one(Organization, run.params["organization"])
    figures: dict[str, Any] = {name: run.counts.get(name, 0) for name in ("written", "already", "wrong")}
    audit.record(FINISHED, home, by=by, now=utcnow(), name=run.params["name"], **figures)
    intake.finish(run)


def _note_doubles(rows: Sequence[Understood]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if first.setdefault(row.staff_number, row.number) != row.number:
            row.faults.append(_("stands in row %(row)s already", row=first[row.staff_number]))


def _write_batch(run: jobs.JobRun, batch: Sequence[Understood]) -> None:
    home = db.session.scalars(
        sa.select(Organization).where(Organization.id == run.params["organization"]).with_for_update()
    ).one()
    people = _people(home.id, [row.staff_number for row in batch])
    profiles = _profiles(home.id, [person.id for person in people.values()])
    by = db.session.get(User, run.created_by) if run.created_by else None
    counts = {"written": 0, "already": 0}
    for row in batch:
        person = people.get(row.staff_number)
        row.faults += _who_fault(row, person)
        if row.faults or person is None:
            continue
        profile = profiles.get(person.id)
        fresh = profile is None
        if profile is None:
            profile = actions.create_profile(person, home, by=by, now=utcnow())
        changed = actions.state_facts(profile, row.facts, by=by, now=utcnow())
        counts["written" if fresh or changed else "already"] += 1
    faults = {row.number: _("; ").join(row.faults) for row in batch if row.faults}
    intake.note_faults(run.id, faults)
    run.count(wrong=len(faults), **counts)


def _who_fault(row: Understood, person: User | None) -> list[str]:
    if person is None:
        return [_("nobody here has the number %(number)s", number=row.staff_number)]
    if person.name != row.name:
        return [_("the number %(number)s belongs to %(name)s", number=row.staff_number, name=person.name)]
    return []


def _people(home: int, numbers: Sequence[str]) -> dict[str, User]:
    rows = db.session.execute(
        sa.select(Membership.number, User)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organization_id == home,
            Membership.number.in_(numbers),
            Membership.number != "",
            Membership.role.in_(queries.FACULTY_ROLES),
            Membership.ended_on.is_(None),
        )
    )
    return dict(iter(rows))


def _profiles(home: int, ids: Sequence[int]) -> dict[int, Profile]:
    rows = db.session.scalars(
        sa.select(Profile)
        .join(User, User.id == Profile.user_id)
        .where(Profile.organization_id == home, Profile.user_id.in_(ids))
        .options(contains_eager(Profile.user))
    )
    return {one.user_id: one for one in rows}


# --- out ------------------------------------------------------------------------------------------


def export_rows(statement: sa.Select[Any]) -> Iterator[list[Any]]:
    """Yield profiles in the form of the template, a thousand read at a time."""
    number = (
        sa.select(sa.func.max(Membership.number))
        .where(Membership.user_id == Profile.user_id, Membership.organization_id == Profile.organization_id)
        .correlate(Profile)
        .scalar_subquery()
    )
    rows = db.session.execute(
        statement.add_columns(number).order_by(User.name, Profile.id).execution_options(yield_per=1000)
    )
    keys = [column.key for column in columns()]
    for profile, staff_number in rows:
        values: Mapping[str, Any] = {
            "number": staff_number or "",
            "name": profile.user.name,
            "dual_level": str(labels.DUAL[profile.dual_level]) if profile.dual_level else "",
        }
        yield [values[key] if key in values else getattr(profile, key) for key in keys]
