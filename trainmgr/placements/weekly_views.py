"""HTTP of the weekly change report: page, numbers alone, Word, Excel."""

from __future__ import annotations

from datetime import date, timedelta

from flask import redirect, render_template, request, url_for
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today
from trainmgr.kernel.paging import Listing
from trainmgr.placements import labels, weekly
from trainmgr.placements.frame import PROGRAM, bp, page_of, program_for, sees_pay
from trainmgr.placements.rules import week_of

P = Permission
EARLIEST, LATEST = date(2000, 1, 10), date(2100, 12, 20)


def _week():
    """The week around the day in the address; without one, or with nonsense, this week."""
    try:
        wanted = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        wanted = today()
    return weekly.Week(*week_of(min(max(wanted, EARLIEST), LATEST)))


@bp.get(f"{PROGRAM}/weekly")
@requires(P.PLACEMENT_OVERSEE)
def show_weekly(program_id):
    """Show which placements began, changed and ended in a week."""
    program, week = program_for(program_id, P.PLACEMENT_OVERSEE), _week()
    counts = weekly.counts_of(program, current_user, week)
    page = weekly.list_changes(program, current_user, week, Listing.from_request(), sum(counts.values()))
    with_pay = sees_pay(program)
    return page_of(
        "weekly", program, week=week, counts=counts, page=page, today=today(),
        before=week.monday - timedelta(days=7), after=week.monday + timedelta(days=7),
        differences={one.id: weekly.differences(one, with_pay=with_pay) for one in page.items},
    )  # fmt: skip


@bp.get(f"{PROGRAM}/weekly.docx")
@requires(P.PLACEMENT_OVERSEE)
def export_weekly_word(program_id):
    """Hand the week out as a Word document."""
    program = program_for(program_id, P.PLACEMENT_OVERSEE, steps=False)
    return weekly.send_word(program, current_user, _week(), with_pay=sees_pay(program))


@bp.get(f"{PROGRAM}/weekly.xlsx")
@requires(P.PLACEMENT_OVERSEE)
def export_weekly_excel(program_id):
    """Hand the week out as a workbook."""
    program = program_for(program_id, P.PLACEMENT_OVERSEE, steps=False)
    return weekly.send_excel(program, current_user, _week(), with_pay=sees_pay(program))


@bp.get(f"{PROGRAM}/weekly/numbers")
@requires(P.PLACEMENT_OVERSEE)
def show_week(program_id):
    """Show this week in numbers: the line alone for the page that asks for it, else the report."""
    program = program_for(program_id, P.PLACEMENT_OVERSEE, steps=False)
    if not request.headers.get("HX-Request"):
        return redirect(url_for(".show_weekly", program_id=program_id))
    brief = weekly.brief_of(program, current_user, weekly.Week(*week_of(today())), today())
    return render_template("placements/_week.html", program=program, brief=brief, labels=labels)
