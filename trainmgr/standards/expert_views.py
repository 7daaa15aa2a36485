"""HTTP of the expert pool and of certificates' standards."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.standards import certificates, experts, queries
from trainmgr.standards.evidence_forms import CertificateForm, ExpertForm
from trainmgr.standards.pages import bp


def _form_page(template, form, *, status=200, **context):
    if not form.organization_id.choices:
        abort(403)
    return render_template(f"standards/{template}.html", form=form, **context), status


def _editable(thing, may_edit):
    return thing if may_edit(thing, current_user) else abort(403)


# --- experts ------------------------------------------------------------------------------------


@bp.get("/experts/")
@requires(Permission.EXPERT_VIEW)
def list_experts():
    """Show the experts of the reader's houses and of their partners."""
    occupation = request.args.get("occupation", "")[:80]
    return render_template(
        "standards/experts.html",
        page=experts.list_experts(current_user, Listing.from_request(), occupation),
        occupation=occupation,
        occupations=experts.occupations(current_user),
    )


@bp.get("/experts/<int:expert_id>")
@requires(Permission.EXPERT_VIEW)
def show_expert(expert_id):
    """Show an expert and the interviews that they gave."""
    expert = experts.expert_or_404(expert_id, current_user)
    return render_template(
        "standards/expert.html",
        expert=expert,
        interviews=experts.interviews_of(expert, current_user),
        may_edit=experts.may_edit(expert, current_user),
    )


@bp.get("/experts/new")
@requires(Permission.STANDARD_EDIT)
def new_expert():
    """Show the form for one more expert."""
    return _form_page("expert_form", ExpertForm(houses=queries.houses_of(current_user)))


@bp.post("/experts/")
@requires(Permission.STANDARD_EDIT)
def create_expert():
    """Enter an expert in the pool."""
    form = ExpertForm(houses=queries.houses_of(current_user))
    if not form.validate() or _expert_is_taken(form):
        return _form_page("expert_form", form, status=422)
    expert = experts.create_expert(form.organization_id.data, form.facts(), by=current_user, now=utcnow())
    flash(_("“%(name)s” is added.", name=expert.name), "success")
    return redirect(url_for(".list_experts"))


@bp.get("/experts/<int:expert_id>/edit")
@requires(Permission.STANDARD_EDIT)
def edit_expert(expert_id):
    """Show the form of an expert."""
    expert = _editable(experts.expert_or_404(expert_id, current_user), experts.may_edit)
    form = ExpertForm(obj=expert, houses=[expert.organization])
    return _form_page("expert_form", form, expert=expert, version=expert.version)


@bp.post("/experts/<int:expert_id>/edit")
@requires(Permission.STANDARD_EDIT)
def update_expert(expert_id):
    """Take the changed entry of an expert."""
    expert, seen = experts.expert_or_404(expert_id, current_user), typed_version()
    form = ExpertForm(houses=[_editable(expert, experts.may_edit).organization])
    if not form.validate() or _expert_is_taken(form, expert.id):
        return _form_page("expert_form", form, status=422, expert=expert, version=seen)
    try:
        experts.change_expert(expert, form.facts(), version=seen, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        context = {"expert": expert, "version": expert.version, "refusal": refusal}
        return _form_page("expert_form", form, status=409, **context)
    flash(_("“%(name)s” is saved.", name=expert.name), "success")
    return redirect(url_for(".show_expert", expert_id=expert.id))


def _expert_is_taken(form, but=None):
    taken = experts.is_taken(form.organization_id.data, form.name.data, form.employer.data, but=but)
    if taken:
        form.name.errors = [_("The pool holds somebody of this name and employer already.")]
    return taken


# --- certificates -------------------------------------------------------------------------------


@bp.get("/certificates/")
@requires(Permission.STANDARD_VIEW)
def list_certificates():
    """Show the certificates' standards that competencies are mapped to."""
    page = certificates.list_certificates(current_user, Listing.from_request())
    return render_template("standards/certificates.html", page=page)


@bp.get("/certificates/<int:certificate_id>")
@requires(Permission.STANDARD_VIEW)
def show_certificate(certificate_id):
    """Show a certificate's standard with its units, and which standards map to it."""
    certificate = certificates.certificate_or_404(certificate_id, current_user)
    return render_template(
        "standards/certificate.html",
        certificate=certificate,
        uses=certificates.uses_of(certificate, current_user),
        is_used=certificates.is_used(certificate),
        may_edit=certificates.may_edit(certificate, current_user),
    )


@bp.get("/certificates/new")
@requires(Permission.STANDARD_EDIT)
def new_certificate():
    """Show the form for one more certificate."""
    return _form_page("certificate_form", CertificateForm(houses=queries.houses_of(current_user)))


@bp.post("/certificates/")
@requires(Permission.STANDARD_EDIT)
def create_certificate():
    """Enter a certificate's standard."""
    form = CertificateForm(houses=queries.houses_of(current_user))
    if not form.validate() or _certificate_is_taken(form):
        return _form_page("certificate_form", form, status=422)
    made = certificates.create_certificate(
        form.organization_id.data, form.facts(), by=current_user, now=utcnow()
    )
    flash(_("“%(name)s” is added.", name=made.name), "success")
    return redirect(url_for(".show_certificate", certificate_id=made.id))


@bp.get("/certificates/<int:certificate_id>/edit")
@requires(Permission.STANDARD_EDIT)
def edit_certificate(certificate_id):
    """Show the form of a certificate's standard."""
    certificate = _certificate_to_edit(certificate_id)
    units = "\n".join(f"{unit.code} {unit.name}" for unit in certificate.units)
    form = CertificateForm(obj=certificate, data={"units": units}, houses=_keeper(certificate))
    form.units.data = form.units.data if request.method == "POST" else units
    return _form_page("certificate_form", form, certificate=certificate, version=certificate.version)


@bp.post("/certificates/<int:certificate_id>/edit")
@requires(Permission.STANDARD_EDIT)
def update_certificate(certificate_id):
    """Take the changed certificate's standard."""
    certificate, seen = _certificate_to_edit(certificate_id), typed_version()
    form = CertificateForm(houses=_keeper(certificate))
    if not form.validate() or _certificate_is_taken(form, certificate.id):
        return _form_page("certificate_form", form, status=422, certificate=certificate, version=seen)
    try:
        certificates.change_certificate(
            certificate, form.facts(), version=seen, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        context = {"certificate": certificate, "version": certificate.version, "refusal": refusal}
        return _form_page("certificate_form", form, status=409, **context)
    flash(_("“%(name)s” is saved.", name=certificate.name), "success")
    return redirect(url_for(".show_certificate", certificate_id=certificate.id))


def _certificate_to_edit(certificate_id):
    return _editable(certificates.certificate_or_404(certificate_id, current_user), certificates.may_edit)


def _keeper(certificate):
    return [one for one in queries.houses_of(current_user) if one.id == certificate.organization_id]


def _certificate_is_taken(form, but=None):
    home, name, grade = form.organization_id.data, form.name.data, form.level.data or ""
    taken = certificates.is_taken(home, name, grade, but=but)
    if taken:
        form.name.errors = [_("This certificate of this grade is there already.")]
    return taken
