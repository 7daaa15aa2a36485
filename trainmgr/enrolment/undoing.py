"""Taking an import of a roster back: whom it enrolled leaves no trace, until somebody has worked on the records.

Enrolments, memberships and places in the programme that the import made are deleted. An account that it made is emptied
and closed: other tables may refer to an account by so many columns that deleting fifty thousand would read them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment import queries
from trainmgr.enrolment.hooks import fill_places
from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.enrolment.places import STEPS, lock_places
from trainmgr.enrolment.roster_models import RosterEntry
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import Membership, SignInSession, User
from trainmgr.kernel import audit, intake, jobs
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import Model, among, db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.msgids import N_
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.rules import Work
from trainmgr.programs.thread import refresh

KIND = queries.UNDO
BATCH = 1_000
OWN = frozenset({EntryLevel.__tablename__, RosterEntry.__tablename__})  # what goes with an enrolment

UNDONE = audit.sentence(
    "roster.undo",
    _l("%(who)s took the import of “%(what)s” back: %(people)s people, %(accounts)s new accounts closed"),
)

# What somebody has worked on, by the table that refers to an enrolment; anything else is "other records".
WORK: dict[str, str] = {
    "practice_log": N_("Practice logs"),
    "rating": N_("Ratings"),
    "result": N_("Results"),
    "assignment": N_("Assigned mentors"),
    "placement": N_("Placements"),
    "gate_decision": N_("Gate decisions"),
    "test_participant": N_("Tests that they take part in"),
    "class_move": N_("Moves between classes"),
    "standing_change": N_("Changes of standing"),
    "attendance_mark": N_("Attendance marks"),
    "attendance_leave": N_("Leave"),
    "study_plan": N_("Individual plans"),
    "counsel": N_("Assigned counsellors"),
    "attainment": N_("Certificates and other results"),
    "choice_wish": N_("Wishes for mentors"),
    "proposed_pair": N_("Proposed mentors"),
    "trainee_site": N_("Places of work"),
}
OTHER = N_("Other records")
CHANGED, SIGNED_IN, ELSEWHERE = (
    N_("Enrolments changed since"),
    N_("People who have signed in"),
    N_("People who are in another programme as well"),
)


@dataclass(frozen=True)
class Hindrance:
    """What was worked on since an import, as a msgid, and how many records."""

    msgid: str
    count: int


@dataclass(frozen=True)
class Reach:
    """Whom an import enrolled, and for how many of them it made an account."""

    people: int
    accounts: int


def reach_of(job_id: int) -> Reach:
    """Count what taking an import back would remove: one statement."""
    accounts = sa.func.coalesce(sa.func.sum(sa.case((RosterEntry.account, 1), else_=0)), 0)
    row = db.session.execute(sa.select(sa.func.count(), accounts).where(RosterEntry.job_id == job_id)).one()
    return Reach(int(row[0]), int(row[1]))


def hindrances(job: jobs.Job) -> list[Hindrance]:
    """Return what was worked on since an import, the most first: one statement, whatever refers to an enrolment."""
    assert job.program_id is not None
    counts: dict[str, int] = {}
    asked = [*_references(job.id), *_people(job.id, job.program_id)]
    for msgid, count in db.session.execute(sa.union_all(*asked)):
        counts[msgid] = counts.get(msgid, 0) + count
    found = [Hindrance(msgid, count) for msgid, count in counts.items() if count]
    return sorted(found, key=lambda one: (-one.count, one.msgid))


def _references(job_id: int) -> list[Any]:
    """Count, table by table, the rows that refer to an enrolment of the import.

    What goes with an enrolment (ON DELETE CASCADE: the record of its first class) counts where somebody wrote it.
    """
    asked = []
    for table in Model.metadata.sorted_tables:
        for column in table.columns if table.name not in OWN else ():
            for key in column.foreign_keys:
                if key.column is not Enrolment.__table__.c.id:
                    continue
                mine: Any = sa.exists().where(
                    RosterEntry.enrolment_id == column, RosterEntry.job_id == job_id
                )
                if key.ondelete == "CASCADE" and "by_id" in table.c:
                    mine = sa.and_(mine, table.c.by_id.is_not(None))
                asked.append(_count(WORK.get(table.name, OTHER), table, mine))
    return asked


def _people(job_id: int, program_id: int) -> list[Any]:
    """Count enrolments that changed, people who signed in, and people who joined another programme since."""
    entry = sa.and_(RosterEntry.job_id == job_id, RosterEntry.enrolment_id == Enrolment.id)
    changed = sa.or_(Enrolment.version > 1, Enrolment.state != EnrolmentState.TRAINING)

    def made(user_id: Any) -> sa.ColumnElement[bool]:
        inner = sa.orm.aliased(Enrolment)
        return sa.exists().where(
            RosterEntry.job_id == job_id, RosterEntry.account, RosterEntry.enrolment_id == inner.id,
            inner.user_id == user_id,
        )  # fmt: skip

    return [
        _count(CHANGED, Enrolment, sa.and_(sa.exists().where(entry), changed)),
        _count(SIGNED_IN, User, sa.and_(User.must_change_password.is_(False), made(User.id))),
        _count(SIGNED_IN, SignInSession, made(SignInSession.user_id)),
        _count(ELSEWHERE, Enrolment, sa.and_(Enrolment.program_id != program_id, made(Enrolment.user_id))),
    ]


def _count(msgid: str, source: Any, condition: sa.ColumnElement[bool]) -> Any:
    return sa.select(sa.literal(msgid), sa.func.count()).select_from(source).where(condition)


def require_undoable(job: jobs.Job) -> None:
    """Refuse to take back an import that runs, made nothing (any more), or was worked on since."""
    require(not job.is_live, _("The import is still running. Stop it first."))
    require(reach_of(job.id).people, _("Nothing that this import made is left."))
    if found := hindrances(job):
        told = _(", ").join(f"{_(one.msgid)} {one.count}" for one in found)
        raise RuleBroken(
            _("The import cannot be taken back any more, its records were worked on: %(what)s.", what=told)
        )


def start_undo(program: Program, job: jobs.Job, *, by: User, now: datetime) -> jobs.Job:
    """Plan the job that takes an import back."""
    require_open(program, Work.ENROLMENT)
    require_undoable(job)
    params = {"import": job.id, "name": job.params["name"], "college": job.params["college"]}
    title = _("Taking “%(name)s” back", name=job.params["name"])
    return jobs.enqueue(KIND, title=title, params=params, by=by, program_id=program.id, now=now)


@jobs.job(KIND)
def undo_import(run: jobs.JobRun) -> None:
    """Take an import back, a thousand people at a time; it ends where somebody has begun to work meanwhile."""
    job = db.session.get_one(jobs.Job, run.params["import"])
    left = reach_of(job.id).people
    run.progress(run.done, run.done + left)
    while True:
        require_open(db.session.get_one(Program, run.program_id), Work.ENROLMENT)
        entries = db.session.scalars(
            sa.select(RosterEntry).where(RosterEntry.job_id == job.id).order_by(RosterEntry.row).limit(BATCH)
        ).all()
        if not entries or run.should_stop():
            break
        lock_places(job.program_id or 0)
        if hindrances(job):
            require_undoable(job)
        accounts = _take_back(entries, college_id=job.params["college"])
        run.progress(run.done + len(entries), written=len(entries), accounts=accounts)
    if not run.stopped:
        _close(run, job)


def _take_back(entries: Sequence[RosterEntry], *, college_id: int) -> int:
    """Delete what the rows of an import made; returns how many accounts were emptied and closed."""
    ids = [entry.enrolment_id for entry in entries]
    found = db.session.execute(
        sa.select(Enrolment.id, Enrolment.user_id, Enrolment.program_id).where(among(Enrolment.id, ids))
    ).all()
    users, program_id = {row[0]: row[1] for row in found}, found[0][2]

    def those(flag: str) -> list[int]:
        return [users[entry.enrolment_id] for entry in entries if getattr(entry, flag)]

    _delete(RosterEntry, among(RosterEntry.enrolment_id, ids))
    _delete(EntryLevel, among(EntryLevel.enrolment_id, ids))
    _delete(Enrolment, among(Enrolment.id, ids))
    own = (ProgramPerson.program_id == program_id, ProgramPerson.role == Role.TRAINEE)
    _delete(ProgramPerson, *own, among(ProgramPerson.user_id, those("related")))
    member = (Membership.organization_id == college_id, Membership.role == Role.TRAINEE)
    _delete(Membership, *member, among(Membership.user_id, those("membership")))
    _empty(those("account"))
    return len(those("account"))


def _delete(model: Any, *which: sa.ColumnElement[bool]) -> None:
    db.session.execute(sa.delete(model).where(*which).execution_options(synchronize_session=False))


def _empty(user_ids: Sequence[int]) -> None:
    """Close accounts and take from them whatever tells who they were for."""
    values = {
        "username": sa.literal("gone-") + sa.cast(User.id, sa.String), "name": "–", "password_hash": "", "gender": "",
        "active": False, "phone_encrypted": None, "phone_digest": None, "phone_masked": "",
        "id_number_encrypted": None, "id_number_digest": None, "id_number_masked": "", "id_number_tail": "",
        "version": User.version + 1,
    }  # fmt: skip
    change = sa.update(User).where(among(User.id, user_ids)).values(values)
    db.session.execute(change.execution_options(synchronize_session=False))


def _close(run: jobs.JobRun, job: jobs.Job) -> None:
    """Delete classes that only the import needed, let the waiting list move up, and tell the audit trail."""
    program, now = db.session.get_one(Program, run.program_id), utcnow()
    by = db.session.get(User, run.created_by) if run.created_by else None
    for cohort_id in job.checkpoint.get("classes", ()):
        try:
            with db.session.begin_nested():
                _delete(Cohort, Cohort.id == cohort_id)
        except sa.exc.IntegrityError:
            continue  # somebody else is in it, or something is planned for it: it stays
    audit.record(
        UNDONE, program, by=by, now=now, program_id=program.id, name=job.params["name"],
        people=run.counts.get("written", 0), accounts=run.counts.get("accounts", 0),
    )  # fmt: skip
    if not job.params.get("away"):
        intake.put_away(job)
    job.params = job.params | {"undone": True}
    fill_places(program, now=now, today=local_day(now))
    refresh(program.id, *STEPS, now=now)
