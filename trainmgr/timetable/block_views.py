"""HTTP of the alternating calendar of a class, its own days, and the beginnings of the units in a house."""

from __future__ import annotations

from datetime import date

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.curriculum.units import unit_minutes
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.days import EARLIEST, LATEST
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.programs.blueprint import program_for
from trainmgr.programs.queries import program_or_404
from trainmgr.timetable import bells, block_labels, blocks, places, queries
from trainmgr.timetable.alternating import scale_of
from trainmgr.timetable.frame import bp, may_write, page_of
from trainmgr.timetable.holidays import unknown_years
from trainmgr.timetable.rules import STARTS, UNITS, faulty_bells

P = Permission
WIDTH, LEFT = 980, 84


def _cohort(program):
    """Return the classes whose calendar the reader sees, and the one that the address asks for."""
    cohorts = queries.cohorts_for(program, current_user)
    wanted = whole(request.values.get("cohort"))
    if wanted is None:
        return cohorts, (cohorts[0] if cohorts else None)
    return cohorts, next((one for one in cohorts if one.id == wanted), None) or abort(404)


@bp.get("/programs/<int:program_id>/alternation")
@requires(P.TIMETABLE_VIEW)
def show_alternation(program_id):
    """Show a class's blocks at school and at the enterprise on one line of time, for both sides."""
    program = program_or_404(program_id, current_user)
    cohorts, cohort = _cohort(program)
    return _alternation_page(program, cohorts, cohort)


def _alternation_page(program, cohorts, cohort, status=200, typed=None, broken=None):
    if cohort is None:
        return page_of("alternation", program, cohorts=cohorts, cohort=None)
    calendar = blocks.calendar_of(program, cohort)
    scale = scale_of(calendar.blocks, program.starts_on, program.ends_on, width=WIDTH - LEFT, left=LEFT)
    closed = places.closed_between(program, scale.first, scale.last) if scale else ()
    return page_of(
        "alternation", program, status, cohorts=cohorts, cohort=cohort, calendar=calendar, scale=scale,
        width=WIDTH, closed=closed, today=today(), words=block_labels, typed=typed or {}, broken=broken,
        holidays=blocks.holidays_between(scale.first, scale.last) if scale else (),
        unknown=unknown_years([scale.first, scale.last]) if scale else (), writes=may_write(program),
    )  # fmt: skip


def _day(text):
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def _typed_spans():
    """Return what was typed by stage: days or nothing; and the stages whose days make no sense."""
    spans: dict[int, tuple[date, date] | None] = {}
    faults = []
    for name in request.form:
        number = whole(name.removeprefix("first-")) if name.startswith("first-") else None
        if number is None:
            continue
        texts = request.form[name].strip(), request.form.get(f"last-{number}", "").strip()
        first, last = (_day(text) for text in texts)
        if not any(texts):
            spans[number] = None
        elif first and last and first <= last:
            spans[number] = (first, last)
        else:
            faults.append(number)
    return spans, faults


@bp.post("/programs/<int:program_id>/alternation")
@requires(P.TIMETABLE_EDIT)
def set_alternation(program_id):
    """Set a class's own days of the stages whose days the plan leaves open."""
    program = program_for(program_id, P.TIMETABLE_EDIT)
    cohorts, cohort = _cohort(program)
    if cohort is None:
        abort(404)
    spans, faults = _typed_spans()
    if faults:
        text = _("Stage %(numbers)s: both days, the last not before the first; or neither.",
                 numbers=_(", ").join(str(number) for number in faults))  # fmt: skip
        return _alternation_page(program, cohorts, cohort, 422, request.form, text)
    versions = {number: whole(request.form.get(f"version-{number}")) or 0 for number in spans}
    try:
        changed = blocks.set_blocks(program, cohort, spans, versions=versions, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _alternation_page(program, cohorts, cohort, broken.status, request.form, broken)
    flash(
        ngettext("The days of %(num)s stage are set.", "The days of %(num)s stages are set.", changed),
        "success",
    )
    return redirect(url_for(".show_alternation", program_id=program_id, cohort=cohort.id))


# --- bells ------------------------------------------------------------------------------------------


def _house(program, organization_id):
    own = {party.organization_id: party for party in places.own_parties(program, current_user)}
    return own.get(organization_id) or abort(404)


def _bells_page(program, party, starts, version, status=200, faults=(), broken=None):
    return page_of("bells", program, status, party=party, starts=starts, version=version, faults=faults,
                   broken=broken, minutes=unit_minutes(program), usual=STARTS)  # fmt: skip


@bp.get("/programs/<int:program_id>/bells/<int:organization_id>")
@requires(P.CALENDAR_EDIT)
def edit_bells(program_id, organization_id):
    """Show when the units of the day begin in one's own house, to change it."""
    program = program_for(program_id, P.CALENDAR_EDIT)
    party, row = _house(program, organization_id), bells.find_bells(organization_id)
    return _bells_page(program, party, row.starts if row else STARTS, row.version if row else 0)


@bp.post("/programs/<int:program_id>/bells/<int:organization_id>")
@requires(P.CALENDAR_EDIT)
def set_bells(program_id, organization_id):
    """Set when the units of the day begin in one's own house."""
    program = program_for(program_id, P.CALENDAR_EDIT)
    party = _house(program, organization_id)
    starts = [request.form.get(f"unit-{unit}", "").strip()[:5] for unit in range(1, UNITS + 1)]
    if faults := faulty_bells(starts):
        return _bells_page(program, party, starts, typed_version(), 422, faults)
    try:
        bells.set_bells(
            program, party.organization, starts, version=typed_version(), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _bells_page(program, party, starts, typed_version(), broken.status, broken=broken)
    flash(_("The units of %(name)s are set.", name=party.short_label), "success")
    return redirect(url_for(".show_calendar", program_id=program_id))
