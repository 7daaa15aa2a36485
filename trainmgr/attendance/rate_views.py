"""HTTP of rates: a programme's trainees and classes, one trainee's history, the sheet; the programme's limits."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.attendance import rate_queries, settings, sheet
from trainmgr.attendance.forms import SettingsForm
from trainmgr.attendance.frame import PROGRAM, bp, mark_in, page_of, program_for
from trainmgr.attendance.queries import rates_of
from trainmgr.attendance.rules import Mark, add_up
from trainmgr.enrolment.queries import enrolment_or_404
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import send_rows

P = Permission


@bp.get(f"{PROGRAM}/rates")
@requires(P.ATTENDANCE_VIEW)
def list_rates(program_id):
    """Show how trainees and classes attended, as far as the reader sees them, the lowest rate first."""
    program, cohort = program_for(program_id), whole(request.args.get("cohort"))
    classes = rate_queries.rates_of_classes(program, current_user)
    page = rate_queries.list_rates(program, current_user, Listing.from_request(), cohort)
    return page_of("rates", program, page=page, classes=classes, cohort=cohort,
                   total=add_up(line.rate for line in classes))  # fmt: skip


@bp.get(f"{PROGRAM}/rates.xlsx")
@requires(P.ATTENDANCE_VIEW)
def export_rates(program_id):
    """Hand out every visible trainee's counts and rate as a sheet."""
    program, cohort = program_for(program_id), whole(request.args.get("cohort"))
    rows = sheet.rate_rows(rate_queries.rows_of_rates(program, current_user, cohort))
    name = _("Attendance rates %(code)s %(day)s.xlsx", code=program.code, day=today().isoformat())
    return send_rows(sheet.RATE_COLUMNS, rows, name, title=_("Attendance rates"))


@bp.get(f"{PROGRAM}/trainees/<int:enrolment_id>")
@requires(P.ATTENDANCE_VIEW)
def show_trainee(program_id, enrolment_id):
    """Show what was noted of one trainee, every correction with who made it."""
    program = program_for(program_id)
    enrolment = enrolment_or_404(program, enrolment_id, current_user)
    mark = mark_in(request.args.get("mark"))
    page = rate_queries.history_of(enrolment, Listing.from_request(), mark.value if mark else "")
    return page_of("trainee", program, enrolment=enrolment, page=page, mark=mark, marks=list(Mark),
                   rate=rates_of([enrolment.id])[enrolment.id],
                   is_own=enrolment.user_id == current_user.id)  # fmt: skip


def _settings_page(program, form, version, status=200, broken=None):
    return page_of("settings", program, status, form=form, version=version, broken=broken)


@bp.get(f"{PROGRAM}/settings")
@requires(P.TIMETABLE_EDIT)
def edit_settings(program_id):
    """Show the programme's limits to change them."""
    program = program_for(program_id, P.TIMETABLE_EDIT)
    late_after, within, version = settings.limits_with_version(program.id)
    form = SettingsForm(formdata=None, late_after=late_after, excuse_within=within)
    return _settings_page(program, form, version)


@bp.post(f"{PROGRAM}/settings")
@requires(P.TIMETABLE_EDIT)
def save_settings(program_id):
    """Change the programme's limits; registers that are open keep theirs."""
    program, form = program_for(program_id, P.TIMETABLE_EDIT), SettingsForm()
    if not form.validate():
        return _settings_page(program, form, typed_version(), 422)
    try:
        settings.set_limits(
            program, late_after=form.late_after.data or 0, excuse_within=form.excuse_within.data or 0,
            version=typed_version(), by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _settings_page(program, form, typed_version(), broken.status, broken)
    flash(_("The limits are set; they hold for registers opened from now on."), "success")
    return redirect(url_for(".list_rates", program_id=program_id))
