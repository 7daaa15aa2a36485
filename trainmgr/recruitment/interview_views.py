"""HTTP of interviews: offering times, the list of a day, what was seen."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import moment
from trainmgr.programs.queries import may
from trainmgr.recruitment import interview_pages, interviews, room
from trainmgr.recruitment.frame import PROGRAM, bp, page_of, program_for
from trainmgr.recruitment.interview_forms import NoteForm, SlotForm, usual_slot
from trainmgr.recruitment.rules import InterviewOutcome

P = Permission
INTERVIEWS = f"{PROGRAM}/interviews"


@bp.get(INTERVIEWS)
@requires(P.RECRUITMENT_VIEW)
def list_interviews(program_id):
    """Show the days of interviews, and one day with who comes when; it prints as a list."""
    program = program_for(program_id, P.RECRUITMENT_VIEW)
    days = interview_pages.days_of(program)
    day = _asked_day(days)
    slots = interview_pages.day_view(program, current_user, day, now=utcnow()) if day else []
    return page_of(
        "interviews", program, days=days, day=day, slots=slots,
        may_judge=may(program, current_user, P.ENROLMENT_JUDGE),
    )  # fmt: skip


def _asked_day(days):
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        coming = [line.day for line in days if line.day >= today()]
        return min(coming) if coming else days[0].day if days else None


def _slot_page(program, form, status=200, broken=None):
    form.offer(program, room.plan_in_force(program.id))
    return page_of("slot", program, status, form=form, broken=broken)


@bp.get(f"{INTERVIEWS}/new")
@requires(P.ENROLMENT_JUDGE)
def new_slots(program_id):
    """Show the form for interview times."""
    program = program_for(program_id, P.ENROLMENT_JUDGE)
    return _slot_page(program, SlotForm(formdata=None, data=usual_slot(today() + timedelta(days=7))))


@bp.post(f"{INTERVIEWS}/new")
@requires(P.ENROLMENT_JUDGE)
def offer_slots(program_id):
    """Offer interview times; who interviews elsewhere at the time is told."""
    program, form = program_for(program_id, P.ENROLMENT_JUDGE), SlotForm()
    form.offer(program, room.plan_in_force(program.id))
    if not form.validate():
        return _slot_page(program, form, 422)
    try:
        slots, clashes = interviews.offer_slots(
            program,
            form.facts(),
            zone=ZoneInfo(current_app.config["TIMEZONE"]),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _slot_page(program, form, broken.status, broken)
    flash(
        ngettext("%(num)s interview time is offered.", "%(num)s interview times are offered.", len(slots)),
        "success",
    )
    for clash in clashes:
        told = _(
            "%(name)s has another interview then, at %(time)s.", name=clash.name, time=moment(clash.starts_at)
        )
        flash(told, "warning")
    return redirect(url_for(".list_interviews", program_id=program_id, day=form.day.data.isoformat()))


@bp.post(f"{INTERVIEWS}/slots/<int:slot_id>/cancel")
@requires(P.ENROLMENT_JUDGE)
def cancel_slot(program_id, slot_id):
    """Cancel an interview time; its applicants book another."""
    program = program_for(program_id, P.ENROLMENT_JUDGE)
    slot = interview_pages.slot_or_404(program, slot_id)
    freed = interviews.cancel_slot(program, slot, by=current_user, now=utcnow())
    flash(
        ngettext(
            "The interview time is cancelled. %(num)s applicant has to book another.",
            "The interview time is cancelled. %(num)s applicants have to book another.",
            freed,
        ),
        "success",
    )
    return redirect(url_for(".list_interviews", program_id=program_id, day=slot.day.isoformat()))


@bp.get(f"{INTERVIEWS}/bookings/<int:booking_id>/note")
@requires(P.ENROLMENT_JUDGE)
def new_note(program_id, booking_id):
    """Show the form for what was seen at an interview."""
    program = program_for(program_id, P.ENROLMENT_JUDGE)
    booking = interview_pages.booking_or_404(program, booking_id, current_user)
    return _note_page(program, booking, NoteForm(formdata=None))


def _note_page(program, booking, form, status=200, broken=None):
    notes = interviews.notes_on(booking.application_id)
    return page_of("note", program, status, booking=booking, form=form, notes=notes, broken=broken)


@bp.post(f"{INTERVIEWS}/bookings/<int:booking_id>/note")
@requires(P.ENROLMENT_JUDGE)
def record_note(program_id, booking_id):
    """Note whether the applicant came and what was seen."""
    program, form = program_for(program_id, P.ENROLMENT_JUDGE), NoteForm()
    booking = interview_pages.booking_or_404(program, booking_id, current_user)
    if not form.validate():
        return _note_page(program, booking, form, 422)
    try:
        interviews.note(
            program,
            booking,
            InterviewOutcome(form.outcome.data),
            form.text.data,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _note_page(program, booking, form, broken.status, broken)
    flash(_("Noted for %(name)s.", name=booking.application.name), "success")
    return redirect(url_for(".list_interviews", program_id=program_id, day=booking.slot.day.isoformat()))
