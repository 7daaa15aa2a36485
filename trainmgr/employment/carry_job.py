"""Making the records of a class beside the request, twenty at a time; started again it goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from trainmgr.employment import carrying, record_queries
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import jobs
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job
from trainmgr.programs.models import Program

KIND = "training-records"
PIECE = 20
MOST = 5_000


def request_records(
    program: Program, firm: Organization, ids: Sequence[int], *, root: str, by: User, now: datetime
) -> Job:
    """Plan the making of the records of trainees who agreed."""
    require(ids, _("Nobody of these has agreed to it yet."))
    require(len(ids) <= MOST, _("At most %(most)s at once.", most=MOST))
    return jobs.enqueue(
        KIND, title=_("Training records for %(firm)s", firm=firm.name),
        params={"firm": firm.id, "ids": list(ids), "root": root}, by=by, program_id=program.id, now=now,
    )  # fmt: skip


def find_job(program: Program, viewer: User) -> Job | None:
    """Return the last such job of somebody in a programme."""
    found: Job | None = db.session.scalars(
        sa.select(Job)
        .where(Job.program_id == program.id, Job.kind == KIND, Job.created_by == viewer.id)
        .order_by(Job.id.desc())
        .limit(1)
    ).one_or_none()
    return found


@jobs.job(KIND)
def make_records(run: jobs.JobRun) -> None:
    """Make the records of those who still agree when their turn comes."""
    run.progress(run.done, len(run.params["ids"]))
    for ids in run.batches(run.params["ids"], PIECE):
        program = db.session.get_one(Program, run.program_id, options=[joinedload(Program.parties)])
        firm = db.session.get_one(Organization, run.params["firm"])
        people = record_queries.agreed(program.id, firm.id, ids)
        by = db.session.get_one(User, run.created_by)
        carrying.hand_over(program, firm, people, root=run.params["root"], by=by, by_id=by.id, now=utcnow())
        run.count(made=len(people), withdrawn=len(ids) - len(people))
