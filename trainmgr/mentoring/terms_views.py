"""HTTP of what assigning keeps to: a programme's limits, sites and distances; leaves of its mentors."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.mentoring import terms_actions as actions
from trainmgr.mentoring import terms_queries as queries
from trainmgr.mentoring.forms import DistanceForm, LeaveForm, SiteForm, TermsForm, options
from trainmgr.mentoring.frame import bp, page_of
from trainmgr.mentoring.queries import homes_for, named_or_404
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404

P = Permission
FIGURES = ("typical_enterprise", "typical_college", "most_km", "most_leave")


def _program(program_id: int) -> Program:
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, P.MENTOR_ASSIGN):
        abort(403)
    return program


def _page(program: Program, status: int = 200, broken: str = "", **forms: Any) -> Any:
    terms = queries.find_terms(program) or queries.defaults(program)
    shown = forms.get("form") or TermsForm(formdata=None, obj=terms, version=terms.version, **terms.weights)
    return page_of(
        "terms.html",
        program,
        status,
        form=shown,
        site_form=forms.get("site_form") or _site_form(program, formdata=None),
        distance_form=forms.get("distance_form") or DistanceForm(formdata=None),
        sites=queries.sites_of(program),
        distances=queries.list_distances(program),
        broken=broken,
    )


def _site_form(program: Program, **values: Any) -> SiteForm:
    form = SiteForm(**values)
    form.groups = queries.groups_of(program, current_user)
    form.group.choices = options(
        [
            (
                f"{group.cohort_id or 0}:{group.enterprise_id or 0}",
                f"{group.cohort or _('without a class')} · {group.enterprise or _('without an enterprise')}",
            )
            for group in form.groups
        ]
    )
    return form


@bp.get("/programs/<int:program_id>/mentoring/terms")
@requires(P.MENTOR_ASSIGN)
def edit_terms(program_id):
    """Show what assigning mentors keeps to in this programme: usual numbers, limits, weights, sites, distances."""
    return _page(_program(program_id))


@bp.post("/programs/<int:program_id>/mentoring/terms")
@requires(P.MENTOR_ASSIGN)
def change_terms(program_id):
    """Change the limits and weights."""
    program = _program(program_id)
    form = TermsForm()
    if not form.validate():
        return _page(program, 422, form=form)
    values = {name: form[name].data for name in FIGURES} | {"weights": form.weights}
    version = whole(form.version.data) or 0
    try:
        actions.change_terms(program, values, version=version, by=current_user, now=utcnow())
    except RuleBroken as broken:
        stored = queries.find_terms(program)
        form.version.data = str(stored.version if stored else 0)  # seen now, so that saving again is meant
        return _page(program, broken.status, str(broken), form=form)
    flash(_("The limits are saved. Proposals that are computed from now on keep to them."), "success")
    return redirect(url_for(".edit_terms", program_id=program.id))


@bp.post("/programs/<int:program_id>/mentoring/sites")
@requires(P.MENTOR_ASSIGN)
def set_sites(program_id):
    """Set where the trainees of a class work."""
    program = _program(program_id)
    form = _site_form(program)
    if not form.validate():
        return _page(program, 422, site_form=form)
    cohort_id, enterprise_id = (int(part) or None for part in form.group.data.split(":"))
    count = actions.set_sites(
        program,
        cohort_id=cohort_id,
        enterprise_id=enterprise_id,
        site=(form.site.data or "").strip(),
        by=current_user,
        now=utcnow(),
    )
    flash(ngettext("Site of %(num)d trainee set.", "Site of %(num)d trainees set.", count), "success")
    return redirect(url_for(".edit_terms", program_id=program.id))


@bp.post("/programs/<int:program_id>/mentoring/distances")
@requires(P.MENTOR_ASSIGN)
def state_distance(program_id):
    """State how far two sites are apart."""
    program = _program(program_id)
    form = DistanceForm()
    if not form.validate():
        return _page(program, 422, distance_form=form)
    one, other = form.one.data.strip(), form.other.data.strip()
    actions.state_distance(program, one, other, form.km.data, by=current_user, now=utcnow())
    flash(_("%(one)s – %(other)s: %(km)s km.", one=one, other=other, km=form.km.data), "success")
    return redirect(url_for(".edit_terms", program_id=program.id))


@bp.post("/programs/<int:program_id>/mentoring/distances/<int:distance_id>/remove")
@requires(P.MENTOR_ASSIGN)
def forget_distance(program_id, distance_id):
    """Take a distance off."""
    program = _program(program_id)
    distance = queries.distance_or_404(program, distance_id)
    actions.forget_distance(program, distance, by=current_user, now=utcnow())
    return redirect(url_for(".edit_terms", program_id=program.id))


# --- leaves -----------------------------------------------------------------------------------------


def _mentor(program_id: int, program_mentor_id: int) -> tuple[Program, Any]:
    program = program_or_404(program_id, current_user)
    named = named_or_404(program, program_mentor_id)
    if named.mentor.organization_id not in homes_for(program, current_user):
        abort(403)
    return program, named


@bp.get("/programs/<int:program_id>/mentors/<int:program_mentor_id>/leaves")
@requires(P.MENTOR_EDIT)
def edit_leaves(program_id, program_mentor_id):
    """Show when a mentor is away, and the form that records a leave."""
    program, named = _mentor(program_id, program_mentor_id)
    return _leaves(program, named, LeaveForm(formdata=None))


def _leaves(program: Program, named: Any, form: LeaveForm, status: int = 200, broken: str = "") -> Any:
    terms = queries.find_terms(program) or queries.defaults(program)
    leaves = queries.list_leaves(named.mentor)
    return page_of(
        "leaves.html", program, status, named=named, side=named.side, form=form, leaves=leaves, terms=terms,
        broken=broken,
    )  # fmt: skip


@bp.post("/programs/<int:program_id>/mentors/<int:program_mentor_id>/leaves")
@requires(P.MENTOR_EDIT)
def record_leave(program_id, program_mentor_id):
    """Record that a mentor is away."""
    program, named = _mentor(program_id, program_mentor_id)
    form = LeaveForm()
    if not form.validate():
        return _leaves(program, named, form, 422)
    try:
        actions.record_leave(
            program,
            named.mentor,
            form.starts_on.data,
            form.ends_on.data,
            (form.leave_reason.data or "").strip(),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _leaves(program, named, form, broken.status, str(broken))
    flash(_("The leave of %(name)s is recorded.", name=named.mentor.name), "success")
    return redirect(url_for(".edit_leaves", program_id=program.id, program_mentor_id=named.id))


@bp.post("/programs/<int:program_id>/mentors/<int:program_mentor_id>/leaves/<int:leave_id>/remove")
@requires(P.MENTOR_EDIT)
def take_off_leave(program_id, program_mentor_id, leave_id):
    """Take a leave off."""
    program, named = _mentor(program_id, program_mentor_id)
    leave = queries.leave_or_404(named.mentor, leave_id)
    actions.take_off_leave(program, named.mentor, leave, by=current_user, now=utcnow())
    return redirect(url_for(".edit_leaves", program_id=program.id, program_mentor_id=named.id))
