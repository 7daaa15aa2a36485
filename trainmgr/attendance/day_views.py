"""HTTP of days of work: the grid of those whom the reader guides or runs."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.attendance import days, page_queries
from trainmgr.attendance.frame import PROGRAM, asked_day, bp, mark_in, page_of, program_for, typed_cells
from trainmgr.attendance.rules import Mark
from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.rules import Work, is_open

TAKE = Permission.ATTENDANCE_TAKE


def _day_page(program, day, status=200, **context):
    cohort = whole(request.values.get("cohort"))
    page = page_queries.list_day(program, current_user, day, Listing.from_request(), cohort)
    context = {"typed": {}, "conflicts": {}, "broken": None} | context
    return page_of("day", program, status, day=day, page=page, cohort=cohort, cohorts=cohorts(program.id),
                   marks=list(Mark), today=today(), writes=is_open(Work.PRACTICE, program.state) and day <= today(),
                   **context)  # fmt: skip


@bp.get(f"{PROGRAM}/days")
@requires(TAKE)
def show_day(program_id):
    """Show the trainees without a session on a day, to note who was at work."""
    return _day_page(program_for(program_id, TAKE), asked_day())


@bp.post(f"{PROGRAM}/days")
@requires(TAKE)
def save_day(program_id):
    """Write who was at work on a day, of the trainees whom the reader may see."""
    program, day = program_for(program_id, TAKE), asked_day()
    cells = page_queries.of_the_visible(program, current_user, typed_cells())
    try:
        plan = days.note_day(
            program, day, cells, rest=mark_in(request.form.get("rest")), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _day_page(program, day, broken.status, broken=broken, typed=cells)
    if plan.conflicts:
        return _day_page(program, day, 409, typed=cells, conflicts=plan.conflicts)
    count = len(plan.changes)
    flash(ngettext("%(num)s trainee noted.", "%(num)s trainees noted.", count), "success")
    cohort = whole(request.form.get("cohort"))
    return redirect(url_for(".show_day", program_id=program_id, day=day.isoformat(), cohort=cohort))
