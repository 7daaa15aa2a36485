"""HTTP of a trainee's own attendance: coming in by the code, the own rates."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.attendance import labels, page_queries, queries, registers
from trainmgr.attendance.forms import CodeForm
from trainmgr.attendance.frame import bp
from trainmgr.attendance.rules import Mark
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.timetable import labels as timetable

SIGN_IN = Permission.ATTENDANCE_SIGN_IN


def _my_page(status=200, form=None):
    enrolments = page_queries.own_enrolments(current_user)
    return render_template(
        "attendance/mine.html", enrolments=enrolments, form=form or CodeForm(formdata=None), labels=labels,
        rates=queries.rates_of([one.id for one in enrolments]), timetable=timetable,
        arrivals=registers.arrivals_now(current_user, utcnow()),
    ), status  # fmt: skip


@bp.get("/my-attendance")
@requires(SIGN_IN)
def show_my_attendance():
    """Show where the reader can come in now, and how they attended in each programme."""
    return _my_page()


def _welcome(arrival, mark):
    name = timetable.module_name(arrival.session.module)
    if mark is Mark.PRESENT:
        flash(_("You are in: “%(name)s”, present.", name=name), "success")
    else:
        flash(_("“%(name)s”: you are noted as “%(mark)s”.", name=name, mark=labels.MARKS[mark]), "warning")
    return redirect(url_for(".show_my_attendance"))


def _too_many():
    return render_template("attendance/arrival.html", arrival=None, code="", broken=_(
        "Too many wrong codes. Wait five minutes, or ask your teacher to note you by hand."
    )), 429  # fmt: skip


@bp.post("/my-attendance")
@requires(SIGN_IN)
def come_in_by_code():
    """Come in by a code typed off the screen, into whichever of the reader's sessions it belongs to."""
    form, now = CodeForm(), utcnow()
    if not form.validate():
        return _my_page(422, form)
    if registers.must_wait(current_user, now):
        return _too_many()
    for arrival in registers.arrivals_now(current_user, now):
        if registers.is_code_of(arrival, form.code.data, now=now):
            return _welcome(arrival, registers.come_in(arrival, by=current_user, now=now))
    registers.count_try(current_user, now)
    keep_writes()
    form.code.errors = [
        _(
            "This is not the code of a session of yours now. It changes every 15 seconds: type the one on the screen."
        )
    ]
    return _my_page(422, form)


@bp.get("/attendance/in/<int:session_id>")
@requires(SIGN_IN)
def show_arrival(session_id):
    """Show the session whose code was scanned; where scripts run, the page sends the code on by itself."""
    arrival = registers.find_arrival(session_id, current_user)
    code = request.args.get("c", "")[:20]
    return render_template("attendance/arrival.html", arrival=arrival, code=code, broken=None,
                           timetable=timetable), 200 if arrival else 404  # fmt: skip


@bp.post("/attendance/in/<int:session_id>")
@requires(SIGN_IN)
def come_in(session_id):
    """Take the scanned code: it lets the signed-in trainee into this one session, once."""
    now = utcnow()
    arrival = registers.find_arrival(session_id, current_user)
    if arrival is None:
        return render_template("attendance/arrival.html", arrival=None, code="", broken=None), 404
    if registers.must_wait(current_user, now):
        return _too_many()
    try:
        registers.check_code(arrival, request.form.get("c", ""), now=now)
        mark = registers.come_in(arrival, by=current_user, now=now)
    except RuleBroken as broken:
        registers.count_try(current_user, now)
        keep_writes()
        return render_template("attendance/arrival.html", arrival=arrival, code="", broken=broken,
                               timetable=timetable), broken.status  # fmt: skip
    return _welcome(arrival, mark)
