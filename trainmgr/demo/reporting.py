"""The annual report of a college in the demo: chapters that people wrote, cases, one version."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import selectinload

from trainmgr.demo.cast import Cast, read
from trainmgr.demo.days import Days
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.quality.rules import Period
from trainmgr.reporting import annual_job, annual_queries, yearbook
from trainmgr.reporting.rules import Chapter

CASES = 2


def write(days: Days, cast: Cast) -> None:
    """Write this year's report as far as it goes: one chapter is left to be written."""
    data, now = read("report"), days.now
    college = cast.home(data["college"])
    by = db.session.get_one(User, cast[data["by"]].id, options=[selectinload(User.memberships)])
    for chapter, text in data["texts"].items():
        yearbook.write_text(
            college, now.year, Chapter(chapter), text.strip(), seen=0, by=by, now=now - timedelta(days=2)
        )
    known = annual_queries.choosable(college.id, Period.of_year(now.year).last, CASES)
    chosen = {row[0]: Chapter.TALENT for row in known}
    if chosen:
        yearbook.choose_cases(college, now.year, chosen, by=by, now=now - timedelta(days=1))
    annual_job.make(college, now.year, by=by, now=now)
