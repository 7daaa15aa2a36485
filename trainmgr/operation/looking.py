"""The trail and the jobs as an administrator sees them: the operator's sees all, a college's its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import abort, current_app, request

from trainmgr.identity.models import User
from trainmgr.identity.queries import is_operator
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import AuditEvent, tell
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.operation.models import AuditSeal
from trainmgr.programs.models import Program

MOST_EXPORTED = 100_000  # rows; a longer time is exported in parts


@dataclass(frozen=True)
class Asked:
    """What a reader looks for in the trail: words, an action, a programme's code, days."""

    q: str = ""
    action: str = ""
    program: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def from_request(cls) -> Asked:
        """Read it from the address; nonsense counts as nothing."""
        return cls(
            q=Listing.from_request().q,
            action=request.args.get("action", "").strip()[:60],
            program=request.args.get("program", "").strip()[:40],
            since=_day(request.args.get("since", "")),
            until=_day(request.args.get("until", "")),
        )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # At the very first and last day no moment of it can be told in another time zone.
    return found if date.min < found < date.max else None


def _own_programs(viewer: User, permission: Permission) -> sa.Select[Any]:
    return sa.select(Program.id).where(Program.lead_college_id.in_(viewer.organizations_where(permission)))


# --- the trail ----------------------------------------------------------------------------------


def select_events(viewer: User, asked: Asked) -> sa.Select[Any]:
    """Return a select of events with the numbers of their seals; a college's people find their programmes'."""
    statement: Any = (
        sa.select(AuditEvent, AuditSeal.number, Program.code)
        .outerjoin(AuditSeal, AuditSeal.event_id == AuditEvent.id)
        .outerjoin(Program, Program.id == AuditEvent.program_id)
    )
    if not is_operator(viewer):
        own = AuditEvent.lead_college_id.in_(viewer.organizations_where(Permission.AUDIT_VIEW))
        statement = statement.where(sa.or_(own, AuditEvent.actor_id == viewer.id))
    if asked.q:
        texts = (AuditEvent.actor_name, AuditEvent.subject_name, AuditEvent.reason)
        statement = statement.where(sa.or_(*(contains(text, asked.q) for text in texts)))
    if asked.action:
        statement = statement.where(contains(AuditEvent.action, asked.action))
    if asked.program:
        statement = statement.where(Program.code == asked.program)
    if asked.since:
        statement = statement.where(AuditEvent.at >= _midnight(asked.since))
    if asked.until:
        statement = statement.where(AuditEvent.at < _midnight(asked.until + timedelta(days=1)))
    return statement


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(current_app.config["TIMEZONE"]))


def page_of_events(viewer: User, asked: Asked, listing: Listing) -> Page[Any]:
    """Return a page of events, newest first: two statements."""
    orders = {"when": (AuditEvent.id.desc(),)}
    return paginate(select_events(viewer, asked), listing, orders=orders, default="when", scalars=False)


def lines_of_events(viewer: User, asked: Asked) -> Iterator[list[Any]]:
    """Yield the events as rows of a sheet, newest first, at most a hundred thousand."""
    statement = select_events(viewer, asked).order_by(AuditEvent.id.desc()).limit(MOST_EXPORTED)
    for event, number, code in db.session.execute(statement.execution_options(yield_per=1000)):
        told = [event.at, event.actor_name or "trainmgr", tell(event), event.reason, code or "", event.action]
        yield [*told, f"{event.subject_kind} {event.subject_id or ''}".strip(), number]


# --- jobs ---------------------------------------------------------------------------------------


def select_jobs(viewer: User, state: JobState | None) -> sa.Select[Any]:
    """Return a select of jobs with their programmes' codes and who asked for them."""
    statement: Any = (
        sa.select(Job, Program.code, User.name)
        .outerjoin(Program, Program.id == Job.program_id)
        .outerjoin(User, User.id == Job.created_by)
    )
    if not is_operator(viewer):
        own = Job.program_id.in_(_own_programs(viewer, Permission.INSTALLATION_RUN))
        statement = statement.where(sa.or_(own, Job.created_by == viewer.id))
    return statement if state is None else statement.where(Job.state == state)


def page_of_jobs(viewer: User, state: JobState | None, listing: Listing) -> Page[Any]:
    """Return a page of jobs, newest first: two statements."""
    orders = {"when": (Job.id.desc(),)}
    return paginate(select_jobs(viewer, state), listing, orders=orders, default="when", scalars=False)


def counts_of_jobs(viewer: User) -> dict[JobState, int]:
    """Return how many jobs are in each state: one statement."""
    found = select_jobs(viewer, None).with_only_columns(Job.state, sa.func.count()).group_by(Job.state)
    counted = {state: number for state, number in db.session.execute(found)}  # noqa: C416  rows, not pairs
    return {state: counted.get(state, 0) for state in JobState}


def job_or_404(job_id: int, viewer: User) -> Job:
    """Return a job that the viewer may see, or answer 404."""
    row = db.session.execute(select_jobs(viewer, None).where(Job.id == job_id)).first()
    if row is None:
        abort(404)
    return row[0]


def chosen_state() -> JobState | None:
    """Return the state that the address asks for."""
    try:
        return JobState(request.args.get("state", ""))
    except ValueError:
        return None
