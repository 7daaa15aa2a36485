"""What people put into a college's annual report (texts in versions, cases) and the versions that were written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.reporting.labels import TITLE_MSGIDS
from trainmgr.reporting.models import AnnualReport, ReportCase, ReportText
from trainmgr.reporting.rules import FIRST_YEAR, LAST_YEAR, Chapter

KIND, PURPOSE = "annual-report", "annual-report"
MOST_CASES = 40
WROTE = audit.sentence(
    "reporting.text", _l("%(who)s wrote a chapter of the annual report %(year)s: %(chapter)s")
)
CHOSE = audit.sentence("reporting.cases", _l("%(who)s chose %(count)s cases for the annual report %(year)s"))
MADE = audit.sentence(
    "reporting.annual", _l("%(who)s had the annual report %(year)s written, version %(number)s")
)


# --- whose -----------------------------------------------------------------------------------------


def colleges_of(viewer: User, permission: Permission = Permission.REPORT_VIEW) -> list[Organization]:
    """Return the colleges whose annual report the viewer may read."""
    return list(
        db.session.scalars(
            sa.select(Organization)
            .where(
                Organization.id.in_(viewer.organizations_where(permission)),
                Organization.kind == OrganizationKind.COLLEGE,
            )
            .order_by(Organization.name)
        )
    )


def college_or_404(
    college_id: int, viewer: User, permission: Permission = Permission.REPORT_VIEW
) -> Organization:
    """Return a college for whose report the viewer holds a permission; 403 for who may only read, else 404."""
    college = db.session.get(Organization, college_id)
    seen = viewer.organizations_where(Permission.REPORT_VIEW)
    if college is None or college.kind is not OrganizationKind.COLLEGE or college.id not in seen:
        abort(404)
    if college.id not in viewer.organizations_where(permission):
        abort(403)
    return college


def year_or_404(year: int) -> int:
    """Return a year of which there can be a report."""
    return year if FIRST_YEAR <= year <= LAST_YEAR else abort(404)


class YearLine(NamedTuple):
    """A year of a college: how many chapters have text, how many versions were written, and when last."""

    year: int
    chapters: int
    versions: int
    last_at: datetime | None


def years_of(college: Organization, this_year: int) -> list[YearLine]:
    """Return this year, the last one, and every year of which there is something, the newest first (two statements)."""
    texts = {
        row[0]: row[1]
        for row in db.session.execute(
            sa.select(ReportText.year, sa.func.count(sa.distinct(ReportText.chapter)))
            .where(ReportText.college_id == college.id)
            .group_by(ReportText.year)
        )
    }
    made = {
        row[0]: (row[1], row[2])
        for row in db.session.execute(
            sa.select(AnnualReport.year, sa.func.count(), sa.func.max(AnnualReport.at))
            .where(AnnualReport.college_id == college.id)
            .group_by(AnnualReport.year)
        )
    }
    years = sorted({this_year, this_year - 1, *texts, *made}, reverse=True)
    return [YearLine(year, texts.get(year, 0), *made.get(year, (0, None))) for year in years]


# --- texts -----------------------------------------------------------------------------------------


def texts_of(college_id: int, year: int) -> dict[Chapter, ReportText]:
    """Return the texts of a year's report that count: the newest of each chapter (one statement)."""
    newest = (
        sa.select(ReportText.chapter, sa.func.max(ReportText.number).label("number"))
        .where(ReportText.college_id == college_id, ReportText.year == year)
        .group_by(ReportText.chapter)
        .subquery()
    )
    rows = db.session.scalars(
        sa.select(ReportText)
        .join(newest, sa.and_(ReportText.chapter == newest.c.chapter, ReportText.number == newest.c.number))
        .where(ReportText.college_id == college_id, ReportText.year == year)
    )
    return {row.chapter: row for row in rows}


def versions_of(college_id: int, year: int, chapter: Chapter, limit: int = 20) -> Sequence[ReportText]:
    """Return what was written for a chapter, the newest first."""
    return db.session.scalars(
        sa.select(ReportText)
        .where(ReportText.college_id == college_id, ReportText.year == year, ReportText.chapter == chapter)
        .order_by(ReportText.number.desc())
        .limit(limit)
    ).all()


def write_text(
    college: Organization, year: int, chapter: Chapter, text: str, *, seen: int, by: User, now: datetime
) -> ReportText | None:
    """Keep a new version of a chapter's text; None when nothing changed. `seen` is the version that was edited.

    Raises Conflict when somebody else wrote one meanwhile.
    """
    _lock(college)
    versions = versions_of(college.id, year, chapter, 1)
    last = versions[0] if versions else None
    if last is not None and last.number != seen:
        raise Conflict(
            _(
                "%(name)s wrote version %(number)s meanwhile. "
                "Yours is still below: take over what is missing, then keep it.",
                name=last.by_name,
                number=last.number,
            )
        )
    if text == (last.text if last else ""):
        return None
    row = ReportText(college_id=college.id, year=year, chapter=chapter, number=last.number + 1 if last else 1,
                     text=text, by_id=by.id, by_name=by.name, at=now)  # fmt: skip
    db.session.add(row)
    audit.record(WROTE, row, by=by, now=now, name=college.name, year=year,
                 chapter={"msgid": TITLE_MSGIDS[chapter]})  # fmt: skip
    return row


def _lock(college: Organization) -> None:
    """Let those who write into a college's report do so one after the other."""
    db.session.execute(
        sa.select(Organization.id).where(Organization.id == college.id).with_for_update(key_share=True)
    )


# --- cases -----------------------------------------------------------------------------------------


def chosen_cases(college_id: int, year: int) -> dict[int, Chapter]:
    """Return the cases of a year's report with their chapters."""
    rows = db.session.execute(
        sa.select(ReportCase.material_id, ReportCase.chapter).where(
            ReportCase.college_id == college_id, ReportCase.year == year
        )
    )
    return {row[0]: row[1] for row in rows}


def choose_cases(
    college: Organization, year: int, chosen: dict[int, Chapter], *, by: User, now: datetime
) -> int:
    """Set which cases stand in which chapter; returns how many."""
    require(len(chosen) <= MOST_CASES, _("A report holds at most %(most)s cases.", most=MOST_CASES))
    _lock(college)
    db.session.execute(
        sa.delete(ReportCase).where(ReportCase.college_id == college.id, ReportCase.year == year)
    )
    db.session.add_all(
        ReportCase(college_id=college.id, year=year, material_id=key, chapter=chapter)
        for key, chapter in chosen.items()
    )
    audit.record(CHOSE, college, by=by, now=now, name=college.name, year=year, count=len(chosen))
    return len(chosen)


# --- versions of the report ------------------------------------------------------------------------


def reports_of(college_id: int, year: int, limit: int = 50) -> Sequence[AnnualReport]:
    """Return the versions of a year's report, the newest first."""
    return db.session.scalars(
        sa.select(AnnualReport)
        .where(AnnualReport.college_id == college_id, AnnualReport.year == year)
        .options(joinedload(AnnualReport.file))
        .order_by(AnnualReport.number.desc())
        .limit(limit)
    ).all()


def report_or_404(report_id: int, viewer: User) -> AnnualReport:
    """Return a version of a report of one of the viewer's colleges, or answer 404."""
    report: AnnualReport | None = db.session.scalars(
        sa.select(AnnualReport)
        .where(
            AnnualReport.id == report_id,
            AnnualReport.college_id.in_(viewer.organizations_where(Permission.REPORT_VIEW)),
        )
        .options(joinedload(AnnualReport.file))
    ).one_or_none()
    return report if report is not None else abort(404)


def keep_report(
    college: Organization, year: int, file: StoredFile, *, language: str, template_number: int | None,
    missing: Sequence[str], by: User, now: datetime,
) -> AnnualReport:  # fmt: skip
    """Keep a version that was written."""
    _lock(college)
    last = db.session.scalar(
        sa.select(sa.func.max(AnnualReport.number)).where(
            AnnualReport.college_id == college.id, AnnualReport.year == year
        )
    )
    report = AnnualReport(
        college_id=college.id, year=year, number=(last or 0) + 1, language=language, file_id=file.id,
        template_number=template_number, missing=list(missing), by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(report)
    audit.record(MADE, report, by=by, now=now, name=college.name, year=year, number=report.number)
    return report


def job_of(college_id: int, year: int, viewer: User) -> Job | None:
    """Return the job that writes a year's report and is under way, or that ended badly as the viewer's last one."""
    rows = db.session.scalars(
        sa.select(Job)
        .where(
            Job.kind == KIND,
            sa.or_(Job.created_by == viewer.id, Job.state.in_((JobState.QUEUED, JobState.RUNNING))),
        )
        .order_by(Job.id.desc())
        .limit(50)
    )
    for job in rows:
        if (job.params["college"], job.params["year"]) == (college_id, year):
            return job if job.state is not JobState.DONE else None
    return None


def job_or_404(job_id: int, viewer: User) -> Job:
    """Return a job that writes a report of one of the viewer's colleges, or answer 404."""
    job = db.session.get(Job, job_id)
    if job is None or job.kind != KIND:
        abort(404)
    if job.params["college"] not in viewer.organizations_where(Permission.REPORT_MAKE):
        abort(404)
    return job
