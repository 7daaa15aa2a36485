"""HTTP of a trainee's standing: what a change will bring about, making it, calling a planned one off."""

from __future__ import annotations

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from trainmgr.enrolment import hooks, labels, queries, standing, standing_queries
from trainmgr.enrolment.forms import ReasonForm, StandingForm
from trainmgr.enrolment.frame import bp, page_of, program_for
from trainmgr.enrolment.standing_rules import StandingKind, after
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.hours import ledger_minutes
from trainmgr.programs.queries import enterprises_of


def _load(program_id, enrolment_id, text):
    program = program_for(program_id, Permission.CLASS_EDIT)
    enrolment = queries.enrolment_or_404(program, enrolment_id, current_user)
    return program, enrolment, StandingKind(text) if text in set(StandingKind) else abort(404)


def _form(program, enrolment, kind, **values):
    form = StandingForm(**values)
    form.enterprise.choices = [
        SelectChoice(str(party.organization_id), party.organization.name)
        for party in enterprises_of(program)
        if party.organization_id != enrolment.enterprise_id
    ]
    others = standing_queries.programs_to_go_to(program, current_user) if kind is StandingKind.PROGRAM else ()
    form.to_program.choices = [SelectChoice(str(key), name) for key, name in others]
    return form


def _page(program, enrolment, kind, form, status=200, broken=None):
    told = hooks.foretell(program.id, [enrolment.id], kind)
    return page_of(
        "standing", program, status, enrolment=enrolment, kind=kind, form=form, told=told, broken=broken,
        kind_label=labels.STANDING_KINDS[kind], possible=after(enrolment.state, kind) is not None,
    )  # fmt: skip


@bp.get("/trainees/<int:enrolment_id>/standing/<kind>")
@requires(Permission.CLASS_EDIT)
def new_standing(program_id, enrolment_id, kind):
    """Show what a change of a trainee's standing will bring about, and ask from which day and why."""
    program, enrolment, kind = _load(program_id, enrolment_id, kind)
    return _page(program, enrolment, kind, _form(program, enrolment, kind, formdata=None, day=today()))


@bp.post("/trainees/<int:enrolment_id>/standing/<kind>")
@requires(Permission.CLASS_EDIT)
def change_standing(program_id, enrolment_id, kind):
    """Change a trainee's standing, at once or on a day to come."""
    program, enrolment, kind = _load(program_id, enrolment_id, kind)
    form = _form(program, enrolment, kind)
    if not form.validate():
        return _page(program, enrolment, kind, form, 422)
    try:
        outcome = standing.change(
            program, [enrolment], _wanted(program, form, kind), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _page(program, enrolment, kind, form, broken.status, broken)
    _tell(outcome, enrolment, form.day.data)
    return redirect(url_for(".show_trainee", program_id=program_id, enrolment_id=enrolment_id))


def _wanted(program, form, kind):
    to_program = form.key(form.to_program) if kind is StandingKind.PROGRAM else None
    if to_program and to_program not in dict(standing_queries.programs_to_go_to(program, current_user)):
        abort(404)
    return standing.Wanted(
        kind, form.day.data, form.reason.data,
        expected_on=form.expected_on.data if kind is StandingKind.SUSPEND else None,
        enterprise_id=form.key(form.enterprise) if kind is StandingKind.ENTERPRISE else None,
        to_program_id=to_program,
        recognised_minutes=ledger_minutes(form.hours.data or 0) if to_program else 0,
    )  # fmt: skip


def _tell(outcome, enrolment, day):
    if outcome.planned:
        flash(
            _("Planned: it takes effect for %(name)s on %(day)s.", name=enrolment.name, day=day.isoformat()),
            "success",
        )
    else:
        flash(_("%(name)s: now %(state)s.", name=enrolment.name, state=enrolment.state_label), "success")
    if outcome.admitted:
        text = ngettext(
            "%(num)s person came in from the waiting list.", "%(num)s people came in from the waiting list.",
            outcome.admitted,
        )  # fmt: skip
        flash(text, "info")


@bp.post("/standing/<int:change_id>/call-off")
@requires(Permission.CLASS_EDIT)
def call_off_change(program_id, change_id):
    """Call a planned change off, with the reason."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    change = standing_queries.planned_change_or_404(program, change_id, current_user)
    form = ReasonForm()
    to_trainee = redirect(url_for(".show_trainee", program_id=program_id, enrolment_id=change.enrolment_id))
    if not form.validate():
        flash(_("Say why it is called off; it stays in the record."), "warning")
        return to_trainee
    try:
        standing.call_off(program, change, form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        flash(str(broken), "warning")
        return to_trainee
    flash(_("The planned change is called off."), "success")
    return to_trainee
