"""The worker's part of statements: those of a period as a file."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.exchange import keeping, telling
from trainmgr.exchange.roster_jobs import asked_by
from trainmgr.exchange.statements import Telling
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, jobs
from trainmgr.kernel.clock import utcnow

TAKEN = audit.sentence(
    "exchange.statements",
    _l("%(who)s had the learning records of %(what)s from %(first)s to %(last)s written"),
)


def start_file(
    college: Organization, first: date, last: date, *, root: str, names: bool, by: User, now: datetime
) -> jobs.Job:
    """Plan the writing of a period's statements; `root` is the installation's address, both days count."""
    days: dict[str, Any] = {"first": first.isoformat(), "last": last.isoformat()}
    audit.record(TAKEN, college, by=by, now=now, name=college.name, names=names, **days)
    return jobs.enqueue(
        keeping.STATEMENTS, title=_("Learning records from %(first)s to %(last)s", **days),
        params={"college": college.id, "root": root, "names": names, **days}, by=by, program_id=None, now=now,
    )  # fmt: skip


@jobs.job(keeping.STATEMENTS)
def write_statements(run: jobs.JobRun) -> None:
    """Write the statements of a period."""
    college, by = asked_by(run)
    first, last = (date.fromisoformat(run.params[name]) for name in ("first", "last"))
    to = Telling(college.id, run.params["root"], bool(run.params["names"]))
    data = telling.write_file(run, to, begin_of(first), begin_of(last + timedelta(days=1)))
    if data is None:
        return
    name = (
        _("Learning records %(name)s %(first)s–%(last)s", name=college.short, first=first, last=last)
        + ".json"
    )
    keeping.keep_result(run, data, name, "application/json", by=by, now=utcnow())
    run.progress(run.done)


def begin_of(day: date) -> datetime:
    """Return the moment at which a day begins where the installation stands."""
    return datetime.combine(day, time(), ZoneInfo(current_app.config["TIMEZONE"]))
