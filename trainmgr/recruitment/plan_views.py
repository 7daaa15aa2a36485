"""HTTP of the joint recruitment plan: reading, writing, signing, and the public page's switch."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.signing import public_address
from trainmgr.programs.queries import may, sides_of
from trainmgr.programs.rules import Side
from trainmgr.recruitment import agreeing, door, plan_pages, plans
from trainmgr.recruitment.frame import PROGRAM, bp, page_of, program_for
from trainmgr.recruitment.models import PlanState
from trainmgr.recruitment.plan_forms import LineForm, PageForm, QuotaForm, ReasonForm, TermsForm, terms_values
from trainmgr.recruitment.room import find_plan

P = Permission
DRAFT = f"{PROGRAM}/draft"


def _plan_page(program, status=200, **context):
    view = plan_pages.plan_view(program, current_user)
    line = context.get("line") or LineForm(formdata=None)
    line.offer(program)
    given = {"reason": ReasonForm(formdata=None), "broken": None, "wrong_line": 0, "quota": None} | context
    given["line"] = line
    return page_of("plan", program, status, view=view, **given)


def _draft(program, *states):
    plan = find_plan(program.id, *(states or (PlanState.DRAFT, PlanState.OFFERED)))
    return plans.require_draft_there(plan)


@bp.get(PROGRAM)
@requires(P.RECRUITMENT_VIEW)
def show_plan(program_id):
    """Show the joint recruitment plan: what is in force, what is being written, who has signed."""
    return _plan_page(program_for(program_id, P.RECRUITMENT_VIEW))


@bp.get(f"{PROGRAM}/editions/<int:edition_number>")
@requires(P.RECRUITMENT_VIEW)
def show_edition(program_id, edition_number):
    """Show one edition of the plan as it was."""
    program = program_for(program_id, P.RECRUITMENT_VIEW)
    shown = plan_pages.edition_or_404(program, edition_number)
    return page_of("edition", program, shown=shown)


@bp.post(f"{PROGRAM}/editions")
@requires(P.RECRUITMENT_EDIT)
def open_edition(program_id):
    """Begin the first edition of the plan, or the next."""
    program, form = program_for(program_id, P.RECRUITMENT_EDIT), ReasonForm()
    has_signed = find_plan(program.id, PlanState.SIGNED) is not None
    if has_signed and not form.validate():
        return _plan_page(program, 422, reason=form)
    reason = form.reason.data or "" if has_signed else ""
    plans.open_edition(program, reason=reason, by=current_user, now=utcnow())
    return redirect(url_for(".show_plan", program_id=program_id))


@bp.get(f"{DRAFT}/terms")
@requires(P.RECRUITMENT_EDIT)
def edit_terms(program_id):
    """Show the period of applying and the promises of the draft, to change them."""
    program = program_for(program_id, P.RECRUITMENT_EDIT)
    plan = _draft(program)
    form = TermsForm(formdata=None, data=terms_values(plan))
    return page_of("terms", program, form=form, version=plan.version, broken=None)


@bp.post(f"{DRAFT}/terms")
@requires(P.RECRUITMENT_EDIT)
def save_terms(program_id):
    """Change the period of applying and the promises of the draft."""
    program, form, version = program_for(program_id, P.RECRUITMENT_EDIT), TermsForm(), typed_version()
    if not form.validate():
        return page_of("terms", program, 422, form=form, version=version, broken=None)
    try:
        plans.set_terms(
            program, _draft(program), form.terms(), version=version, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return page_of("terms", program, broken.status, form=form, version=version, broken=broken)
    flash(_("The terms of the plan are saved."), "success")
    return redirect(url_for(".show_plan", program_id=program_id))


@bp.post(f"{DRAFT}/lines")
@requires(P.RECRUITMENT_EDIT)
def add_line(program_id):
    """Add a post with its places to the draft."""
    program, form = program_for(program_id, P.RECRUITMENT_EDIT), LineForm()
    form.offer(program)
    if not form.validate():
        return _plan_page(program, 422, line=form)
    try:
        plans.set_line(program, _draft(program), form.line(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _plan_page(program, broken.status, line=form, broken=broken)
    return redirect(url_for(".show_plan", program_id=program_id, _anchor="lines-h"))


@bp.post(f"{DRAFT}/lines/<int:line_id>")
@requires(P.RECRUITMENT_EDIT)
def set_quota(program_id, line_id):
    """Change the places of a post in the draft, or take it out."""
    program, form = program_for(program_id, P.RECRUITMENT_EDIT), QuotaForm()
    plan = _draft(program)
    line = plans.line_or_none(plan, line_id) or abort(404)
    if not form.validate():
        return _plan_page(program, 422, quota=form, wrong_line=line_id)
    try:
        plans.set_quota(program, plan, line, form.quota.data or 0, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _plan_page(program, broken.status, broken=broken)
    return redirect(url_for(".show_plan", program_id=program_id, _anchor="lines-h"))


@bp.post(f"{DRAFT}/offer")
@requires(P.RECRUITMENT_EDIT)
def offer_plan(program_id):
    """Offer the draft to both sides for signing."""
    program = program_for(program_id, P.RECRUITMENT_EDIT)
    try:
        agreeing.offer(program, _draft(program), by=current_user, now=utcnow(), today=today())
    except RuleBroken as broken:
        return _plan_page(program, broken.status, broken=broken)
    flash(_("The plan is offered to both sides for signing."), "success")
    return redirect(url_for(".show_plan", program_id=program_id))


@bp.post(f"{DRAFT}/take-back")
@requires(P.RECRUITMENT_EDIT)
def take_back(program_id):
    """Take the offered plan back to edit it."""
    program, form = program_for(program_id, P.RECRUITMENT_EDIT), ReasonForm()
    if not form.validate():
        return _plan_page(program, 422, reason=form)
    agreeing.take_back(program, _draft(program), reason=form.reason.data, by=current_user, now=utcnow())
    flash(_("The plan is a draft again; signatures under it are gone."), "success")
    return redirect(url_for(".show_plan", program_id=program_id))


@bp.post(f"{DRAFT}/discard")
@requires(P.RECRUITMENT_EDIT)
def discard_draft(program_id):
    """Throw the draft away."""
    program = program_for(program_id, P.RECRUITMENT_EDIT)
    plans.discard(program, _draft(program), by=current_user, now=utcnow())
    flash(_("The draft is discarded; what was signed stays."), "success")
    return redirect(url_for(".show_plan", program_id=program_id))


@bp.post(f"{DRAFT}/sign")
@requires(P.PROGRAM_SIGN)
def sign_plan(program_id):
    """Sign the plan for one side; with both signatures it is in force."""
    program = program_for(program_id, P.PROGRAM_SIGN)
    sides = sides_of(program, current_user, P.PROGRAM_SIGN)
    wanted = request.form.get("side", "")
    if wanted not in sides:
        abort(403)
    try:
        admitted = agreeing.sign(
            program, _draft(program), Side(wanted), digest=request.form.get("digest", ""),
            by=current_user, now=utcnow(), today=today(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _plan_page(program, broken.status, broken=broken)
    _tell_signed(admitted)
    return redirect(url_for(".show_plan", program_id=program_id))


def _tell_signed(admitted):
    if admitted is None:
        flash(_("Signed. The plan holds once the other side has signed as well."), "success")
        return
    flash(_("Both sides have signed: the plan is in force."), "success")
    if admitted:
        flash(
            ngettext(
                "%(num)s person came in from the waiting list.",
                "%(num)s people came in from the waiting list.",
                admitted,
            ),
            "info",
        )


# --- the public page -----------------------------------------------------------------------------


@bp.get(f"{PROGRAM}/page")
@requires(P.RECRUITMENT_VIEW)
def show_page_settings(program_id):
    """Show the address under which anybody may apply, whether it is open, and how to hand it on."""
    program = program_for(program_id, P.RECRUITMENT_VIEW)
    page = door.find_page(program.id)
    form = PageForm(formdata=None, obj=page, **({} if page else {"lowest_age": 16}))
    return _settings_page(program, page, form)


def _settings_page(program, page, form, status=200, broken=None):
    return page_of(
        "page_settings", program, status, page=page, form=form, broken=broken,
        version=page.version if page else 0, may_edit=may(program, current_user, P.RECRUITMENT_EDIT),
        has_plan=find_plan(program.id, PlanState.SIGNED) is not None,
        address=public_address("door.show_door", code=page.code) if page else "",
    )  # fmt: skip


@bp.post(f"{PROGRAM}/page")
@requires(P.RECRUITMENT_EDIT)
def save_page_settings(program_id):
    """Open or close the public page, and say who may apply there."""
    program, form = program_for(program_id, P.RECRUITMENT_EDIT), PageForm()
    page = door.find_page(program.id)
    if not form.validate():
        return _settings_page(program, page, form, 422)
    try:
        door.set_page(program, page, form.data, version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _settings_page(program, page, form, broken.status, broken)
    flash(_("The page is saved."), "success")
    return redirect(url_for(".show_page_settings", program_id=program_id))
