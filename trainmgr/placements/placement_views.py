"""HTTP of one placement: its terms, signatures, history, what the rules say; changing, ending, starting it."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.placements import actions, agreement, beginning, compliance, hosts, queries, weekly
from trainmgr.placements.forms import ChangeForm, EndForm, OverrideForm, terms_values
from trainmgr.placements.frame import ONE, bp, page_of, program_for, rule_or_404, sees_pay
from trainmgr.placements.models import PlacementState
from trainmgr.placements.rules import OPEN, Signatory, standing_in_the_way
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open

P = Permission


def _load(program_id, placement_id, permission=None, *, steps=True):
    program = program_for(program_id, permission, steps=steps)
    return program, queries.placement_or_404(program, placement_id, current_user)


def _back(placement):
    return redirect(url_for(".show_placement", program_id=placement.program_id, placement_id=placement.id))


def _show(program, placement, status=200, **context):
    panel, applies = compliance.panel_of(program.lead_college_id), compliance.applies_to(program)
    findings = compliance.findings_of([placement], panel)[placement.id] if applies else []
    lifted = {one.code: one for one in placement.overrides}
    present = {one.signatory: one for one in placement.signatures if one.number == placement.number}
    is_at_work = placement.state in OPEN and is_open(Work.MENTORING, program.state)
    waiting = [one for one in queries.signatories_of(placement, current_user) if one not in present]
    return page_of(
        "show", program, status, placement=placement, findings=findings, lifted=lifted, applies=applies,
        in_the_way=standing_in_the_way(findings, lifted), present=present, signatories=list(Signatory),
        waiting=waiting if is_at_work else [],
        history=[(one, weekly.differences(one, with_pay=sees_pay(program, placement)))
                 for one in queries.history_of(placement)],
        mentors=queries.mentors_during(placement), with_pay=sees_pay(program, placement), today=today(),
        may_edit=is_at_work and may(program, current_user, P.PLACEMENT_EDIT),
        may_lift=is_at_work and placement.state is PlacementState.PLANNED
        and may(program, current_user, P.PLACEMENT_OVERRIDE),
        is_own=placement.enrolment.user_id == current_user.id, **context,
    )  # fmt: skip


@bp.get(ONE)
@requires(P.PLACEMENT_VIEW)
def show_placement(program_id, placement_id):
    """Show a placement with everything that is known of it."""
    return _show(*_load(program_id, placement_id))


@bp.get(f"{ONE}/agreement.docx")
@requires(P.PLACEMENT_VIEW)
def export_agreement(program_id, placement_id):
    """Hand the three-party agreement out as a Word document."""
    program, placement = _load(program_id, placement_id, steps=False)
    return agreement.send_agreement(program, placement, with_pay=sees_pay(program, placement))


@bp.post(f"{ONE}/sign")
@requires(P.PLACEMENT_SIGN)
def sign_placement(program_id, placement_id):
    """Sign the terms that the reader saw."""
    program, placement = _load(program_id, placement_id)
    try:
        beginning.sign(
            program, placement, queries.signatories_of(placement, current_user),
            number=whole(request.form.get("number")) or 0, by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _show(program, placement, broken.status, broken=broken)
    left = len(Signatory) - placement.signed
    flash(
        _("Signed. All three have signed.") if not left else _("Signed. %(left)s more to sign.", left=left),
        "success",
    )
    return _back(placement)


@bp.post(f"{ONE}/start")
@requires(P.PLACEMENT_EDIT)
def start_placement(program_id, placement_id):
    """Start the placement, or say which rule stands in the way."""
    program, placement = _load(program_id, placement_id, P.PLACEMENT_EDIT)
    panel = compliance.panel_of(program.lead_college_id)
    try:
        done = beginning.start(program, [placement], panel, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _show(program, placement, broken.status, broken=broken)
    if done.held_up:
        text = _("Not begun: %(why)s.", why=done.held_up[0][1])
        return _show(program, placement, 409, broken=text)
    flash(_("The placement of %(name)s has begun.", name=placement.enrolment.name), "success")
    return _back(placement)


# --- other terms, the end ---------------------------------------------------------------------------


def _change_form(program, placement, **values):
    posts = hosts.posts_of(program.lead_college_id, [placement.post.organization_id])
    form = ChangeForm(data=terms_values(placement) | values)
    form.offer(posts)
    return form, {post.id: post for post in posts}


@bp.get(f"{ONE}/change")
@requires(P.PLACEMENT_EDIT)
def edit_terms(program_id, placement_id):
    """Show the terms to agree others from a day on."""
    program, placement = _load(program_id, placement_id, P.PLACEMENT_EDIT)
    form, _posts = _change_form(program, placement, effective_on=max(today(), placement.starts_on))
    return page_of("change", program, placement=placement, form=form, version=placement.version)


@bp.post(f"{ONE}/change")
@requires(P.PLACEMENT_EDIT)
def change_terms(program_id, placement_id):
    """Agree other terms from a day on."""
    program, placement = _load(program_id, placement_id, P.PLACEMENT_EDIT)
    form, posts = _change_form(program, placement)
    context = {"placement": placement, "form": form, "version": typed_version()}
    if not form.validate():
        return page_of("change", program, 422, **context)
    try:
        actions.change(
            program, placement, posts[form.post.data], form.terms(), effective_on=form.effective_on.data,
            reason=form.reason.data, version=typed_version(), by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return page_of("change", program, broken.status, broken=broken, **context)
    flash(_("The new terms are recorded. All three sign them again."), "success")
    return _back(placement)


@bp.get(f"{ONE}/end")
@requires(P.PLACEMENT_EDIT)
def confirm_end(program_id, placement_id):
    """Ask when and why a placement ends."""
    program, placement = _load(program_id, placement_id, P.PLACEMENT_EDIT)
    form = EndForm(formdata=None, day=min(today(), placement.ends_on))
    return page_of("end", program, placement=placement, form=form, version=placement.version)


@bp.post(f"{ONE}/end")
@requires(P.PLACEMENT_EDIT)
def end_placement(program_id, placement_id):
    """End a placement, or call off one that has not begun."""
    program, placement = _load(program_id, placement_id, P.PLACEMENT_EDIT)
    form, version = EndForm(), typed_version()
    context = {"placement": placement, "form": form, "version": version}
    if not form.validate():
        return page_of("end", program, 422, **context)
    try:
        actions.end(
            program, placement, day=form.day.data, reason=form.reason.data, version=version,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return page_of("end", program, broken.status, broken=broken, **context)
    flash(_("The placement of %(name)s is over.", name=placement.enrolment.name), "success")
    return _back(placement)


# --- lifting a rule ---------------------------------------------------------------------------------


def _override_page(program, placement, rule, form, status=200, **context):
    panel = compliance.panel_of(program.lead_college_id)
    findings = compliance.findings_of([placement], panel)[placement.id]
    finding = next(one for one in findings if one.code is rule)
    return page_of("override", program, status, placement=placement, finding=finding, form=form, **context)


@bp.get(f"{ONE}/override/<rule>")
@requires(P.PLACEMENT_OVERRIDE)
def confirm_override(program_id, placement_id, rule):
    """Ask why a rule is lifted for this placement."""
    program, placement = _load(program_id, placement_id, P.PLACEMENT_OVERRIDE)
    return _override_page(program, placement, rule_or_404(rule), OverrideForm(formdata=None))


@bp.post(f"{ONE}/override/<rule>")
@requires(P.PLACEMENT_OVERRIDE)
def override_rule(program_id, placement_id, rule):
    """Lift a blocking rule for this placement; who did it and why stays on the page and in the trail."""
    program, placement = _load(program_id, placement_id, P.PLACEMENT_OVERRIDE)
    rule, form = rule_or_404(rule), OverrideForm()
    if not form.validate():
        return _override_page(program, placement, rule, form, 422)
    panel = compliance.panel_of(program.lead_college_id)
    try:
        beginning.lift(
            program, placement, rule, panel, reason=form.reason.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _override_page(program, placement, rule, form, broken.status, broken=broken)
    flash(
        _("The rule is lifted for %(name)s; your name and the reason stay.", name=placement.enrolment.name),
        "success",
    )
    return _back(placement)
