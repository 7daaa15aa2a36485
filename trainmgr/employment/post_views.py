"""HTTP of the way from trial to employee: the list with each enterprise's figures, one trainee's steps."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.employment import converting, labels, post_queries, queries
from trainmgr.employment.course import Conversions, PostStep, next_steps
from trainmgr.employment.forms import CancelForm, StepForm
from trainmgr.employment.frame import PROGRAM, TRAINEE, bp, page_of, program_for, runs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing

P = Permission


def _enterprises(program):
    """Return the enterprises for which the reader notes steps: the college all, an enterprise itself."""
    found = queries.employers_for(program)
    own = current_user.organizations_where(P.EMPLOYMENT_EDIT)
    return found if runs(program) else [one for one in found if one.id in own]


@bp.get(f"{PROGRAM}/conversions")
@requires(P.EMPLOYMENT_VIEW)
def list_conversions(program_id):
    """Show who is on trial, confirmed, promoted, gone, and how many of each enterprise."""
    program = program_for(program_id, P.EMPLOYMENT_VIEW)
    chosen = {key: request.args.get(key, "")[:20] for key in ("step", "enterprise")}
    found = post_queries.by_enterprise(program, current_user, today())
    return page_of(
        "conversions", program, chosen=chosen, found=found, whole=sum(found.values(), Conversions()),
        enterprises=queries.employers_for(program),
        page=post_queries.list_posts(program, current_user, Listing.from_request(), chosen),
    )  # fmt: skip


def _page(program, enrolment, form=None, status=200, broken=None):
    events = post_queries.events_of(enrolment.id)
    standing = post_queries.standing(events)
    offered = _enterprises(program)
    if form is None:
        form = StepForm(
            formdata=None, on=today(), organization=str(standing[-1].organization_id) if standing else None
        )
        form.offer(next_steps(standing[-1].kind if standing else None), offered)
    own = {one.id for one in offered}
    last = standing[-1] if standing else None
    return page_of(
        "steps", program, status, enrolment=enrolment, events=events, form=form, broken=broken, last=last,
        standing={event.id for event in standing}, cancels=last is not None and last.organization_id in own,
        notes=bool(offered), sees_pay=own, cancel=CancelForm(formdata=None),
    )  # fmt: skip


def _loaded(program_id, enrolment_id, permission):
    program = program_for(program_id, permission)
    return program, post_queries.trainee_or_404(program, enrolment_id, current_user)


@bp.get(f"{TRAINEE}/steps")
@requires(P.EMPLOYMENT_VIEW)
def show_steps(program_id, enrolment_id):
    """Show a trainee's steps at the enterprise."""
    return _page(*_loaded(program_id, enrolment_id, P.EMPLOYMENT_VIEW))


@bp.post(f"{TRAINEE}/steps")
@requires(P.EMPLOYMENT_EDIT)
def note_step(program_id, enrolment_id):
    """Note a trainee's next step."""
    program, enrolment = _loaded(program_id, enrolment_id, P.EMPLOYMENT_EDIT)
    form = StepForm()
    form.offer(list(PostStep), _enterprises(program))
    if not form.validate():
        return _page(program, enrolment, form, 422)
    try:
        converting.note_step(program, enrolment, form.step(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, enrolment, form, broken.status, broken)
    flash(_("%(name)s: %(step)s.", name=enrolment.name, step=labels.STEPS[form.step().kind]), "success")
    return redirect(url_for(".show_steps", program_id=program.id, enrolment_id=enrolment.id))


@bp.post(f"{PROGRAM}/steps/<int:event_id>/cancel")
@requires(P.EMPLOYMENT_EDIT)
def cancel_step(program_id, event_id):
    """Cancel the last step of one's own side, with the reason."""
    program, form = program_for(program_id, P.EMPLOYMENT_EDIT), CancelForm()
    event = post_queries.event_or_404(program, event_id, current_user)
    if event.organization_id not in {one.id for one in _enterprises(program)}:
        abort(403)
    converting.cancel_step(program, event, reason=form.reason.data or "", by=current_user, now=utcnow())
    flash(_("Cancelled, with its reason."), "success")
    return redirect(url_for(".show_steps", program_id=program.id, enrolment_id=event.enrolment_id))
