"""HTTP of organisations: colleges with their departments, enterprises, outside houses."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.identity import alliances, managing, queries
from trainmgr.identity.models import OrganizationKind
from trainmgr.identity.people_forms import OrganizationForm
from trainmgr.kernel.access import Permission, Role, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing

bp = Blueprint("organizations", __name__)


@bp.get("/organizations")
@requires(Permission.PEOPLE_VIEW)
def list_organizations():
    """Show one's own organisation with its departments, and the enterprises that all colleges share."""
    asked = request.args.get("kind", "")
    kind = OrganizationKind(asked) if asked in set(OrganizationKind) else None
    page = queries.list_organizations(current_user, Listing.from_request(), kind)
    kinds = [(each.value, each.label) for each in OrganizationKind]
    return render_template("people/organizations.html", page=page, kinds=kinds, kind=kind)


@bp.get("/organizations/new")
@requires(Permission.ORGANISATION_REGISTER)
def new_organization():
    """Offer the form for an organisation that is not entered yet."""
    kinds = _kinds()
    kind = request.args.get("kind", "")
    form = OrganizationForm(formdata=None, kind=kind if kind in set(kinds) else kinds[0].value)
    return _form_page(form)


@bp.post("/organizations/new")
@requires(Permission.ORGANISATION_REGISTER)
def create_organization():
    """Enter a department, an enterprise, an outside house, or (for the operator) a college."""
    form = OrganizationForm()
    _offer(form)
    if not form.validate():
        return _form_page(form, status=422)
    parent = (
        queries.organization_or_404(form.parent.data, current_user, to_manage=True)
        if form.parent.data
        else None
    )
    try:
        organization = managing.register_organization(
            OrganizationKind(form.kind.data),
            form.facts(),
            parent=parent,
            registered_by=_own_house(),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _form_page(form, broken=broken, status=409)
    flash(_("%(name)s is registered.", name=organization.name), "success")
    return redirect(url_for(".show_organization", organization_id=organization.id))


@bp.get("/organizations/<int:organization_id>")
@requires(Permission.PEOPLE_VIEW)
def show_organization(organization_id):
    """Show an organisation: names, code, departments, and for its own people how many hold which role."""
    organization = queries.organization_or_404(organization_id, current_user)
    managed = queries.manages(current_user, organization)
    own = current_user.organizations_where(Permission.PEOPLE_VIEW)
    inside = managed or not own.isdisjoint({organization.id, organization.parent_id})
    return render_template(
        "people/organization.html",
        organization=organization,
        managed=managed and Permission.ORGANISATION_MANAGE in current_user.permissions,
        inside=inside,
        departments=queries.departments_of(organization)
        if organization.kind is OrganizationKind.COLLEGE
        else (),
        counts=queries.counts_by_role(organization) if inside else {},
        keeps=organization.kind in queries.SHARED_KINDS and alliances.keeps(organization, current_user),
        base=alliances.base_of(organization),
        units=alliances.count_units(organization) if organization.kind in alliances.WITH_UNITS else None,
        memberships=alliances.belongs_to(organization, current_user),
    )


@bp.get("/organizations/<int:organization_id>/edit")
@requires(Permission.ORGANISATION_MANAGE)
def edit_organization(organization_id):
    """Offer the form for names and code."""
    organization = _managed_or_404(organization_id)
    form = OrganizationForm(formdata=None, obj=organization, kind=organization.kind.value)
    return _form_page(form, organization=organization)


@bp.post("/organizations/<int:organization_id>/edit")
@requires(Permission.ORGANISATION_MANAGE)
def update_organization(organization_id):
    """Change names and code."""
    organization = _managed_or_404(organization_id)
    form = OrganizationForm()
    form.kind.data, form.parent.data = organization.kind.value, organization.parent_id
    _offer(form, organization)
    if not form.validate():
        return _form_page(form, organization=organization, status=422)
    if form.version.data != str(organization.version):
        form.version.data = str(organization.version)
        return _form_page(form, organization=organization, changed=True, status=409)
    try:
        managing.edit_organization(organization, form.facts(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _form_page(form, organization=organization, broken=broken, status=409)
    flash(_("%(name)s is changed.", name=organization.name), "success")
    return redirect(url_for(".show_organization", organization_id=organization.id))


# --- what several of them need ------------------------------------------------------------------


def _managed_or_404(organization_id: int):
    organization = queries.organization_or_404(organization_id, current_user)
    if not queries.manages(current_user, organization):
        abort(403)
    return organization


def _own_house() -> int | None:
    """Return the organisation on whose behalf the reader enters another one."""
    return min(current_user.organizations_as(Role.ADMINISTRATOR, Role.STAFF), default=None)


def _kinds() -> list[OrganizationKind]:
    if queries.is_operator(current_user):
        return [OrganizationKind.COLLEGE, OrganizationKind.DEPARTMENT, *queries.SHARED_KINDS]
    if Permission.ORGANISATION_MANAGE in current_user.permissions:
        return [OrganizationKind.DEPARTMENT, *queries.SHARED_KINDS]
    return list(queries.SHARED_KINDS)


def _offer(form: OrganizationForm, organization=None) -> None:
    colleges = [
        each
        for each in queries.organizations_to_staff(current_user)
        if each.kind is OrganizationKind.COLLEGE
        and (organization is None or each.id == organization.parent_id)
    ]
    form.offer([organization.kind] if organization else _kinds(), colleges)


def _form_page(form, *, organization=None, broken=None, changed=False, status: int = 200):
    _offer(form, organization)
    page = render_template(
        "people/organization_form.html", form=form, organization=organization, broken=broken, changed=changed
    )
    return page, status
