"""HTTP of trainees: the roster and what is done with the ticked rows."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.enrolment import (
    exporting,
    labels,
    number_views,
    queries,
    roster,
    sending,
    standing,
    standing_views,
    trainee_views,
)
from trainmgr.enrolment.export_views import exports_bp
from trainmgr.enrolment.forms import (
    LeaveForm,
    ReasonForm,
    chosen_ids,
    roster_filter,
)
from trainmgr.enrolment.frame import bp, page_of, program_for, to_roster
from trainmgr.enrolment.import_views import imports_bp
from trainmgr.enrolment.rules import numbers_needed
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import enterprises_of, may

blueprints = (bp, imports_bp, exports_bp)

# They register the other routes.
assert number_views
assert standing_views
assert trainee_views


# --- the roster ----------------------------------------------------------------------------------


@bp.get("/roster")
@requires(Permission.PROGRAM_VIEW)
def show_roster(program_id):
    """Show the trainees whom the reader may see, fifty at a time."""
    program = program_for(program_id)
    is_full = may(program, current_user, Permission.PEOPLE_VIEW)
    may_edit = may(program, current_user, Permission.ENROLMENT_EDIT)
    chosen, summary = roster_filter(), roster.summary_of(program, current_user)
    page = roster.roster_page(
        program, current_user, Listing.from_request(), chosen, by_id_tail=is_full, total=summary.total
    )
    classes, fields = roster.choices_in(program, current_user)
    run, export = queries.latest_jobs(program, current_user) if is_full else (None, None)
    return page_of(
        "roster", program, page=page, summary=summary, chosen=chosen, classes=classes, is_full=is_full,
        field_options=[(name, name) for name in fields],
        may_edit=may_edit, may_judge=may(program, current_user, Permission.ENROLMENT_JUDGE),
        may_number=may(program, current_user, Permission.ENROLMENT_NUMBER),
        may_unmask=may(program, current_user, Permission.ENROLMENT_UNMASK),
        job=run, export=export,
        states=list(labels.ENROLMENT_STATES.items()),
        state_words={state: str(label) for state, label in labels.ENROLMENT_STATES.items()},
        needed=numbers_needed(program.kind), several_enterprises=len(enterprises_of(program)) > 1,
    )  # fmt: skip


@bp.get("/roster.xlsx")
@requires(Permission.PEOPLE_VIEW)
def export_roster(program_id):
    """Download the roster as it is narrowed, ID numbers masked; a long one is written in the background."""
    program = program_for(program_id, Permission.PEOPLE_VIEW, steps=False)
    if sending.is_long(program, current_user, q=Listing.from_request().q, chosen=roster_filter()):
        narrowed: dict[str, Any] = {
            name: request.args[name]
            for name in ("q", "class", "field", "state", "lacking")
            if name in request.args
        }
        return redirect(url_for("exports.confirm_long_export", program_id=program_id, **narrowed))
    return exporting.send_roster(program, current_user, q=Listing.from_request().q, chosen=roster_filter())


@bp.get("/roster/full")
@requires(Permission.ENROLMENT_UNMASK)
def confirm_full_export(program_id):
    """Ask why the roster is needed with full ID numbers."""
    program = program_for(program_id, Permission.ENROLMENT_UNMASK)
    return page_of(
        "full_export", program, form=ReasonForm(), chosen=roster_filter(), q=Listing.from_request().q
    )


@bp.post("/roster/full")
@requires(Permission.ENROLMENT_UNMASK)
def export_full_roster(program_id):
    """Download the roster with full ID numbers; who took it and why is recorded."""
    program = program_for(program_id, Permission.ENROLMENT_UNMASK)
    form, chosen, q = ReasonForm(), roster_filter(), request.form.get("q", "")[:100]
    if not form.validate():
        return page_of("full_export", program, 422, form=form, chosen=chosen, q=q)
    if sending.is_long(program, current_user, q=q, chosen=chosen):
        sending.start_export(
            program, sending.FULL, chosen, q=q, reason=form.reason.data, by=current_user, now=utcnow()
        )
        return to_roster(program_id)
    return exporting.send_full_roster(
        program, current_user, q=q, chosen=chosen, reason=form.reason.data, now=utcnow()
    )


# --- what is done with the ticked rows -----------------------------------------------------------


@bp.post("/roster/chosen")
@requires(Permission.PEOPLE_VIEW)
def handle_chosen(program_id):
    """Lead the ticked trainees to what is to be done with them."""
    deed, ids = request.form.get("do"), chosen_ids()
    if deed == "export":
        program = program_for(program_id, Permission.PEOPLE_VIEW, steps=False)
        return exporting.send_roster(program, current_user, ids=ids or [0])
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    people = queries.chosen(program, current_user, ids)
    if not people:
        flash(_("Tick at least one person first."), "warning")
        return to_roster(program_id)
    if deed == "leave":
        return page_of("leave", program, people=people, form=LeaveForm(formdata=None, day=today()))
    return abort(400)


@bp.post("/roster/leave")
@requires(Permission.ENROLMENT_EDIT)
def withdraw_chosen(program_id):
    """Record that the chosen trainees left."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    people, form = queries.chosen(program, current_user, chosen_ids()), LeaveForm()
    if not people:
        abort(404)
    if not form.validate():
        return page_of("leave", program, 422, people=people, form=form)
    try:
        left, admitted = standing.withdraw(
            program, people, day=form.day.data, reason=form.reason.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return page_of("leave", program, broken.status, people=people, form=form, broken=broken)
    flash(ngettext("%(num)s person has left.", "%(num)s people have left.", left), "success")
    if admitted:
        flash(
            ngettext(
                "%(num)s person came in from the waiting list.",
                "%(num)s people came in from the waiting list.",
                admitted,
            ),
            "info",
        )
    return to_roster(program_id)
