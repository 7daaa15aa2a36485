"""HTTP of closed days and rooms, which each side enters for its own house."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.blueprint import program_for
from trainmgr.programs.queries import program_or_404
from trainmgr.timetable import places, queries
from trainmgr.timetable.forms import ClosedForm, RoomForm, options
from trainmgr.timetable.frame import asked_day, bp, head_of, page_of
from trainmgr.timetable.holidays import unknown_years
from trainmgr.timetable.rules import month_of

VIEW, EDIT = Permission.TIMETABLE_VIEW, Permission.CALENDAR_EDIT


def _houses(form, program, room=None):
    own = places.own_parties(program, current_user)
    form.house.choices = options([(party.organization_id, party.short_label) for party in own])
    if isinstance(form, RoomForm):
        bases = places.bases_of(program, room.base_id if room else None)
        form.base_id.choices = options([(0, _("none")), *bases])
    return {party.organization_id: party for party in own}


# --- calendar ---------------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/calendar")
@requires(VIEW)
def show_calendar(program_id):
    """Show a month of both sides: teaching days, holidays, moved working days, closed days, sessions."""
    return _calendar_page(program_or_404(program_id, current_user))


def _calendar_page(program, form=None, status=200):
    first = asked_day("month").replace(day=1)
    weeks = month_of(first)
    closed = places.closed_between(program, weeks[0][0], weeks[-1][-1])
    form = form or ClosedForm(formdata=None, starts_on=max(first, today()))
    own = _houses(form, program)
    return page_of(
        "calendar",
        program,
        status,
        first=first,
        before=first - timedelta(days=1),
        after=first + timedelta(days=32),
        weeks=[[head_of(day, closed) for day in week] for week in weeks],
        closed=closed,
        counts=queries.count_by_day(program, current_user, weeks[0][0], weeks[-1][-1]),
        unknown=unknown_years([weeks[0][-1], weeks[-1][0]]),
        form=form,
        own=own,
    )


@bp.post("/programs/<int:program_id>/calendar")
@requires(EDIT)
def close_days(program_id):
    """Enter days on which one's own organisation is closed."""
    program = program_for(program_id, EDIT)
    form = ClosedForm()
    own = _houses(form, program)
    if not form.validate():
        return _calendar_page(program, form, 422)
    first, last = form.starts_on.data, form.ends_on.data
    standing = places.close(
        program, own[form.house.data], first, last, reason=form.reason.data, by=current_user, now=utcnow()
    )
    flash(_("%(name)s is closed then.", name=own[form.house.data].short_label), "success")
    if standing:
        flash(ngettext("%(num)s session stands on these days and has to be moved.",
                       "%(num)s sessions stand on these days and have to be moved.", standing), "warning")  # fmt: skip
    return redirect(url_for(".show_calendar", program_id=program_id, month=first.isoformat()))


@bp.post("/programs/<int:program_id>/calendar/<int:period_id>/remove")
@requires(EDIT)
def reopen_days(program_id, period_id):
    """Take back that one's own organisation is closed."""
    program = program_for(program_id, EDIT)
    period = places.period_or_404(program, period_id, current_user)
    first = period.starts_on
    places.reopen(program, period, by=current_user, now=utcnow())
    flash(_("%(name)s is open again on these days.", name=period.organization.short), "success")
    return redirect(url_for(".show_calendar", program_id=program_id, month=first.isoformat()))


# --- rooms ------------------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/rooms")
@requires(VIEW)
def list_rooms(program_id):
    """Show the rooms and places of both sides."""
    program = program_or_404(program_id, current_user)
    own = {party.organization_id for party in places.own_parties(program, current_user)}
    return page_of("rooms", program, page=places.list_rooms(program, Listing.from_request()), own=own)


def _room_page(program, form, status=200, room=None, broken=None):
    return page_of("room_form", program, status, form=form, room=room, broken=broken)


@bp.get("/programs/<int:program_id>/rooms/new")
@requires(EDIT)
def new_room(program_id):
    """Show the form of a new room."""
    program = program_for(program_id, EDIT)
    form = RoomForm(formdata=None)
    _houses(form, program)
    return _room_page(program, form)


@bp.post("/programs/<int:program_id>/rooms")
@requires(EDIT)
def add_room(program_id):
    """Enter a room of one's own organisation."""
    program = program_for(program_id, EDIT)
    form = RoomForm()
    _houses(form, program)
    if not form.validate():
        return _room_page(program, form, 422)
    try:
        room = places.add_room(program, form.house.data, form.values(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _room_page(program, form, broken.status, broken=str(broken))
    flash(_("The room “%(name)s” is entered.", name=room.name), "success")
    return redirect(url_for(".list_rooms", program_id=program_id))


def _own_room(program, room_id):
    room = places.room_or_404(program, room_id)
    if room.organization_id not in {
        party.organization_id for party in places.own_parties(program, current_user)
    }:
        abort(403)
    return room


@bp.get("/programs/<int:program_id>/rooms/<int:room_id>/edit")
@requires(EDIT)
def edit_room(program_id, room_id):
    """Show the form of a room of one's own organisation."""
    program = program_for(program_id, EDIT)
    room = _own_room(program, room_id)
    form = RoomForm(formdata=None, obj=room, house=room.organization_id)
    _houses(form, program, room)
    return _room_page(program, form, room=room)


@bp.post("/programs/<int:program_id>/rooms/<int:room_id>")
@requires(EDIT)
def change_room(program_id, room_id):
    """Change a room of one's own organisation."""
    program = program_for(program_id, EDIT)
    room = _own_room(program, room_id)
    form = RoomForm()
    _houses(form, program, room)
    form.house.data = room.organization_id
    if not form.validate():
        return _room_page(program, form, 422, room)
    version = whole(form.version.data) or -1
    try:
        places.change_room(program, room, form.values(), version=version, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _room_page(program, form, broken.status, room, str(broken))
    flash(_("The room “%(name)s” is saved.", name=room.name), "success")
    return redirect(url_for(".list_rooms", program_id=program_id))
