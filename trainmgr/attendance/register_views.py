"""HTTP of registers: which sessions there are, the grid of one, its code on the screen, opening and closing."""

from __future__ import annotations

import io

import segno
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from markupsafe import Markup

from trainmgr.attendance import codes, page_queries, registers
from trainmgr.attendance.frame import (
    PROGRAM,
    SESSION,
    bp,
    mark_in,
    page_of,
    program_for,
    session_to_take,
    typed_cells,
)
from trainmgr.attendance.models import AttendanceRegister
from trainmgr.attendance.queries import registers_of
from trainmgr.attendance.rules import Mark, takes_codes
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.signing import public_address
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open
from trainmgr.timetable.queries import cohorts_for, session_or_404

P = Permission


@bp.get(PROGRAM)
@requires(P.ATTENDANCE_VIEW)
def list_registers(program_id):
    """Show the sessions up to today with their registers, the reader's own first where the reader teaches."""
    program = program_for(program_id)
    takes = may(program, current_user, P.ATTENDANCE_TAKE)
    runs = may(program, current_user, P.TIMETABLE_EDIT)
    own = takes and not runs and request.args.get("all") != "1"
    cohort, missing = whole(request.args.get("cohort")), request.args.get("missing") == "1"
    page = page_queries.list_sessions(
        program, current_user, Listing.from_request(), until=today(), cohort=cohort, own=own, missing=missing
    )
    return page_of(
        "registers", program, page=page, cohorts=cohorts_for(program, current_user), cohort=cohort, own=own,
        missing=missing, takes=takes, runs=runs, state_text=registers.state_text,
    )  # fmt: skip


def _register_page(program, session, status=200, **context):
    register = registers_of([session.id]).get(session.id)
    lines = page_queries.grid_of(session)
    context = {"typed": {}, "conflicts": {}, "broken": None} | context
    return page_of(
        "register", program, status, session=session, register=register, lines=lines, marks=list(Mark),
        rate=registers.rate_of_lines(lines), writes=is_open(Work.PRACTICE, program.state),
        shows_code=register is not None and register.is_open
        and takes_codes(utcnow(), register.begins_at, register.ends_at), **context,
    )  # fmt: skip


@bp.get(SESSION)
@requires(P.ATTENDANCE_TAKE)
def show_register(program_id, session_id):
    """Show the class of a session with what was noted, to note the rest."""
    return _register_page(*session_to_take(program_id, session_id))


def _to_register(session, endpoint=".show_register"):
    return redirect(url_for(endpoint, program_id=session.program_id, session_id=session.id))


@bp.post(f"{SESSION}/open")
@requires(P.ATTENDANCE_TAKE)
def open_register(program_id, session_id):
    """Open the register and show the code."""
    program, session = session_to_take(program_id, session_id)
    now = utcnow()
    try:
        register = registers.open_register(program, session, by=current_user, now=now)
    except RuleBroken as broken:
        return _register_page(program, session, broken.status, broken=broken)
    shows = takes_codes(now, register.begins_at, register.ends_at)
    return _to_register(session, ".show_code" if shows else ".show_register")


@bp.post(SESSION)
@requires(P.ATTENDANCE_TAKE)
def save_register(program_id, session_id):
    """Write what was changed in the grid; what others changed meanwhile is shown beside."""
    program, session = session_to_take(program_id, session_id)
    cells, rest = typed_cells(), mark_in(request.form.get("rest"))
    try:
        plan = registers.note_by_hand(program, session, cells, rest=rest, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _register_page(program, session, broken.status, broken=broken, typed=cells)
    if plan.conflicts:
        # What had no conflict would be lost with the refusal; so the whole grid comes back as it was sent.
        return _register_page(program, session, 409, typed=cells, conflicts=plan.conflicts)
    count = len(plan.changes)
    flash(ngettext("%(num)s trainee noted.", "%(num)s trainees noted.", count), "success")
    return _to_register(session)


@bp.post(f"{SESSION}/close")
@requires(P.ATTENDANCE_TAKE)
def close_register(program_id, session_id):
    """Close the register: whoever was not noted is absent, or excused by leave."""
    program, session = session_to_take(program_id, session_id)
    register = registers_of([session.id]).get(session.id)
    try:
        registers.require_open(program)
        absent = registers.close(_opened(register), session, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _register_page(program, session, broken.status, broken=broken)
    flash(ngettext("The register is closed: %(num)s absent.", "The register is closed: %(num)s absent.", absent),
          "success")  # fmt: skip
    return _to_register(session)


def _opened(register: AttendanceRegister | None) -> AttendanceRegister:
    if register is None:
        raise RuleBroken(_("Nobody opened this register yet."))
    return register


# --- the screen -------------------------------------------------------------------------------------


def _code_now(session, register, now):
    rate, expected = page_queries.count_noted(session.id, session.cohort_id, session.day)
    shows = register is not None and register.is_open
    shows = shows and takes_codes(now, register.begins_at, register.ends_at)
    code = registers.code_now(register, now) if shows else None
    address = public_address(".show_arrival", session_id=session.id, c=code) if code else None
    left = codes.left_of_step(now.timestamp())
    return {
        "code": code, "picture": _picture(address) if address else None, "left": round(left),
        "again": round(min(3.0, left + 0.2), 1), "rate": rate, "expected": expected, "address": address,
    }  # fmt: skip


def _picture(address):
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4, dark="#000", light="#fff",
        svgclass="qr", lineclass=None,
    )  # fmt: skip
    return Markup(out.getvalue().decode())  # noqa: S704 - a picture that we drew ourselves


@bp.get(f"{SESSION}/code")
@requires(P.ATTENDANCE_TAKE)
def show_code(program_id, session_id):
    """Show the code large, for the room to scan; it renews itself."""
    program, session = session_to_take(program_id, session_id)
    register = registers_of([session.id]).get(session.id)
    return page_of(
        "code", program, session=session, register=register, **_code_now(session, register, utcnow())
    )


@bp.get(f"{SESSION}/code/now")
@requires(P.ATTENDANCE_TAKE)
def show_code_now(program_id, session_id):
    """Show the code of this moment, for the page that asks again."""
    _program, session = session_to_take(program_id, session_id)
    if not request.headers.get("HX-Request"):
        return redirect(url_for(".show_code", program_id=program_id, session_id=session_id))
    register = registers_of([session.id]).get(session.id)
    html = render_template(
        "attendance/_code.html", session=session, register=register, **_code_now(session, register, utcnow())
    )
    return html, 200, {"Cache-Control": "no-store"}


@bp.get(f"{SESSION}/result")
@requires(P.ATTENDANCE_VIEW)
def show_session(program_id, session_id):
    """Show who was noted how in a session, of the trainees whom the reader may see."""
    program = program_for(program_id)
    session = session_or_404(program, session_id, current_user)
    lines = page_queries.seen_in(program, session, current_user)
    return page_of(
        "session", program, session=session, lines=lines, rate=registers.rate_of_lines(lines),
        register=registers_of([session.id]).get(session.id), state_text=registers.state_text,
        takes=page_queries.may_take(program, session, current_user),
    )  # fmt: skip
