"""The job that writes a college's annual report: chapter by chapter, taken up anew when its worker dies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import jobs
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.files import store_bytes
from trainmgr.kernel.i18n import language
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.word import DOCX
from trainmgr.reporting import annual, annual_word, templating, yearbook
from trainmgr.reporting.blocks import missing_in
from trainmgr.reporting.models import AnnualReport
from trainmgr.reporting.rules import Chapter, safe_name

STEPS = 3 + len(Chapter) + 2  # definitions, figures of two years, chapters, annex, the file


def start(college: Organization, year: int, *, by: User) -> Job:
    """Plan the writing; one that is under way for the same year is not begun twice."""
    for job in db.session.scalars(
        sa.select(Job).where(Job.kind == yearbook.KIND, Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
    ):
        require(
            (job.params["college"], job.params["year"]) != (college.id, year),
            _("This report is being written already."),
        )
    title = _("Annual report %(year)s: %(college)s", year=year, college=college.name)
    return jobs.enqueue(
        yearbook.KIND,
        title=title,
        params={"college": college.id, "year": year},
        by=by,
        program_id=None,
        now=utcnow(),
    )


@jobs.job(yearbook.KIND)
def write_report(run: jobs.JobRun) -> None:
    """Read the year, write the chapters, keep the file as a new version; a run that is cut off begins anew."""
    by = db.session.get_one(User, run.created_by, options=[selectinload(User.memberships)])
    college = db.session.get_one(Organization, run.params["college"])
    require(
        college.id in by.organizations_where(Permission.REPORT_MAKE),
        _("You may not write this report any more."),
    )
    steps = iter(range(1, STEPS))
    run.progress(0, STEPS)
    report = make(
        college, run.params["year"], by=by, now=utcnow(), told=lambda what: run.progress(next(steps)),
        stops=run.should_stop,
    )  # fmt: skip
    if report is not None:
        run.result_file_id = report.file_id
        run.progress(STEPS, version=report.number)


def make(
    college: Organization, year: int, *, by: User, now: datetime, told: annual.Told = lambda what: None,
    stops: Callable[[], bool] = lambda: False,
) -> AnnualReport | None:  # fmt: skip
    """Write and keep a version of a report; None when it was stopped. `told` may commit: what is read are values."""
    college_id, name = college.id, college.name
    texts = {chapter: row.text for chapter, row in yearbook.texts_of(college_id, year).items()}
    facts = annual.gather(college_id, name, year, texts, now, told)
    written = annual.all_blocks(facts, told)
    if stops():
        return None
    own = templating.present_of(college_id)
    if own is None:
        data = annual_word.own_file(facts, written)
    else:
        data = templating.fill(own, templating.context_of(facts, written))
    title = safe_name(_("Annual report %(year)s: %(college)s", year=year, college=name), "report")
    stored = store_bytes(
        data, name=f"{title}.docx", media_type=DOCX, purpose=yearbook.PURPOSE, by=by, program_id=None, now=now
    )
    missing = [text for _title, blocks in written for text in missing_in(blocks)]
    return yearbook.keep_report(
        college, year, stored, language=language(), template_number=own.number if own else None, missing=missing,
        by=by, now=now,
    )  # fmt: skip
